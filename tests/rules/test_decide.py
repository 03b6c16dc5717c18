"""One case: what a table says, and when it says that it cannot."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from donghaeng.errors import InputError, UsageError
from tests.rules.packs import VISIT, row, simple, table_of

DAY = date(2024, 6, 1)
ADULT = date(1990, 1, 1)


@pytest.fixture
def visit(tmp_path: Path):
    return table_of(tmp_path, VISIT)


def test_the_first_row_that_holds_decides_and_gives_its_reason(visit) -> None:
    decision = visit.decide(DAY, emergency=False, birth_date=date(2010, 1, 1))
    assert (decision.result, decision.reason, decision.rows) == ("exempt", "under_19", ("under_19",))
    assert decision.determined


def test_an_unknown_fact_does_not_matter_where_every_row_that_may_hold_says_the_same(visit) -> None:
    """Whether it was an emergency is not known, but a child is exempt either way."""
    assert visit.decide(DAY, birth_date=date(2010, 1, 1)).reason == "under_19"


def test_an_unknown_fact_that_matters_leaves_the_case_open_and_is_named(visit) -> None:
    decision = visit.decide(DAY, emergency=False, birth_date=ADULT, total=9_000)
    assert (decision.result, decision.reason) == ("undetermined", "missing_facts")
    assert decision.missing == ("checked", "last_check")
    assert set(decision.outcome.values()) == {"undetermined", None}


def test_known_absence_settles_what_an_unknown_day_leaves_open(visit) -> None:
    decision = visit.decide(DAY, emergency=False, birth_date=ADULT, checked=False, total=9_000)
    assert (decision.result, decision.outcome["amount"]) == ("pays", 9_000)


def test_none_is_unknown_and_never_a_value(visit) -> None:
    given = visit.decide(DAY, emergency=None, birth_date=ADULT, checked=False, total=9_000)
    assert given.missing == ("emergency",)


def test_a_formula_of_an_unknown_fact_leaves_the_case_open(visit) -> None:
    assert visit.decide(DAY, emergency=False, birth_date=ADULT, checked=False).missing == ("total",)


def test_a_deadline_is_reckoned_from_the_day_of_the_decision(visit) -> None:
    decision = visit.decide(DAY, emergency=False, birth_date=ADULT, checked=False, total=1)
    assert decision.outcome["bring_by"] == date(2024, 6, 15)


def test_before_its_first_day_no_rule_is_in_force(visit) -> None:
    decision = visit.decide(date(2024, 5, 19), emergency=True)
    assert (decision.result, decision.reason, decision.rows) == ("undetermined", "no_rule", ())


@pytest.mark.parametrize(
    ("last_check", "on", "reason"),
    [
        # Civil Act, articles 157 and 160: a period that begins on 1 March ends on 31 August.
        (date(2025, 2, 28), date(2025, 8, 31), "back"),
        (date(2025, 2, 28), date(2025, 9, 1), "pays"),
        (date(2024, 5, 20), date(2024, 11, 20), "back"),
        (date(2024, 5, 20), date(2024, 11, 21), "pays"),
    ],
)
def test_six_months_are_those_of_the_civil_act(visit, last_check: date, on: date, reason: str) -> None:
    facts = {"emergency": False, "birth_date": ADULT, "checked": True, "total": 1}
    assert visit.decide(on, last_check=last_check, **facts).reason == reason


def test_text_is_not_a_number_and_nothing_of_it_is_repeated(visit) -> None:
    with pytest.raises(InputError) as refused:
        visit.decide(DAY, total="12345", emergency="yes")
    assert {fault.file for fault in refused.value.faults} == {"total", "emergency"}
    assert "12345" not in str(refused.value)


def test_an_unknown_name_is_refused_with_the_nearest(visit) -> None:
    with pytest.raises(UsageError, match=r'no input birthdate; .*did you mean "birth_date"'):
        visit.decide(DAY, birthdate=ADULT)


@pytest.mark.parametrize("value", [10**15 + 1, -1, True, 3.0, float("nan")])
def test_amounts_are_whole_numbers_in_their_limits(visit, value: object) -> None:
    with pytest.raises(InputError):
        visit.decide(DAY, total=value)


def test_money_of_thirteen_digits_passes(visit) -> None:
    facts = {"emergency": False, "birth_date": ADULT, "checked": False}
    assert visit.decide(DAY, total=9_001_011_234_567, **facts).outcome["amount"] == 9_001_011_234_567


def test_a_registration_number_in_text_is_refused_and_not_repeated(visit) -> None:
    number = "-".join(["900101", "1" + "234567"])
    with pytest.raises(InputError) as refused:
        visit.facts_from_text({"emergency": number})
    assert "identifies a person" in str(refused.value)
    assert number not in str(refused.value)
    with pytest.raises(UsageError) as named:
        visit.facts_from_text({number: "yes"})
    assert number not in str(named.value)


def test_every_row_is_explained_in_force_or_not(tmp_path: Path) -> None:
    rows = row("old", "result: no", "amount > 5", "to: 2023-12-31") + row("new", "result: yes", "amount > 5")
    table = table_of(tmp_path, simple("amount: {type: integer, question: {en: q}}", rows))
    old, new = table.decide(DAY, amount=7).explain()
    assert (old.in_force, old.holds) == (None, None)
    assert (new.holds, dict(new.facts)) == (True, {"amount": 7})
    assert new.as_json()["when"] == "amount > 5"


def test_a_rule_of_unknown_text_leaves_open_what_it_would_change(tmp_path: Path) -> None:
    rows = row("disputed", "result: yes", "frail", "kind: unknown, note: {en: Two texts.}") + row("rest", "result: no")
    table = table_of(tmp_path, simple("frail: {type: boolean, question: {en: q}}", rows))
    assert table.decide(DAY, frail=False).result == "no"
    assert (table.decide(DAY, frail=True).result, table.decide(DAY, frail=True).reason) == (
        "undetermined",
        "unknown_rule",
    )
    assert table.decide(DAY).missing == ("frail",)


def test_a_rule_of_unknown_text_does_not_matter_where_the_next_one_says_the_same(tmp_path: Path) -> None:
    rows = row("disputed", "result: no", "frail", "kind: unknown, note: {en: Two texts.}") + row("rest", "result: no")
    table = table_of(tmp_path, simple("frail: {type: boolean, question: {en: q}}", rows))
    assert table.decide(DAY, frail=True).reason == "rest"


def test_a_range_of_an_amount_has_no_middle(tmp_path: Path) -> None:
    rows = row("a", "result: yes, fee: {from: amount - 500, to: amount}", more="kind: inferred")
    table = table_of(tmp_path, simple("amount: {type: money, question: {en: q}}", rows, outcomes="fee: {type: money}"))
    outcome = table.decide(DAY, amount=1_200).outcome
    assert (outcome["fee"], outcome["fee_from"], outcome["fee_to"]) == (None, 700, 1_200)
    assert table.decide(DAY, amount=1_200).kind == "inferred"


def test_a_sum_adds_the_rows_that_hold_and_is_open_where_one_may_hold(tmp_path: Path) -> None:
    rows = row("base", "result: sum, fee: 1400") + row("night", "result: sum, fee: 1000", "night")
    text = simple("night: {type: boolean, question: {en: q}}", rows, hit="sum", outcomes="fee: {type: money}")
    table = table_of(tmp_path, text)
    assert table.decide(DAY, night=True).outcome == {"result": "sum", "fee": 2_400}
    assert table.decide(DAY, night=False).outcome["fee"] == 1_400
    assert table.decide(DAY).missing == ("night",)


def test_a_table_that_collects_gives_every_row_that_holds(tmp_path: Path) -> None:
    rows = row("a", "result: yes", "number > 1") + row("b", "result: maybe", "number > 2") + row("c", "result: no")
    table = table_of(tmp_path, simple("number: {type: integer, question: {en: q}}", rows, hit="collect"))
    assert table.decide(DAY, number=2).outcome["result"] == ("yes", "no")
    assert table.decide(DAY, number=3).rows == ("a", "b", "c")


def test_two_rows_of_a_unique_table_that_hold_contradict_one_another(tmp_path: Path) -> None:
    rows = row("a", "result: yes", "number > 1") + row("b", "result: no", "number < 5")
    table = table_of(tmp_path, simple("number: {type: integer, question: {en: q}}", rows, hit="unique"))
    assert table.decide(DAY, number=1).reason == "b"
    assert (table.decide(DAY, number=3).result, table.decide(DAY, number=3).rows) == ("undetermined", ("a", "b"))


def test_a_table_may_read_another_and_is_open_where_that_one_is(tmp_path: Path) -> None:
    inner = simple("old: {type: boolean, question: {en: q}}", row("o", "result: yes", "old") + row("n", "result: no"))
    rows = row("a", "result: yes", "other = 'yes'") + row("b", "result: no")
    outer = simple("old: {type: boolean, question: {en: q}}", rows, derived="other: {calculate: table, table: inner}")
    table = table_of(tmp_path, outer, inner=inner)
    assert [table.decide(DAY, old=old).result for old in (True, False)] == ["yes", "no"]
    assert table.decide(DAY).missing == ("old",)


def test_a_share_is_rounded_as_it_says_and_a_share_of_nothing_is_unknown(tmp_path: Path) -> None:
    rows = row("a", "result: yes, fee: part")
    derived = "part: {calculate: share, of: amount, part: 1, whole: number, round: half_up}"
    inputs = "amount: {type: money, question: {en: q}}\n  number: {type: integer, question: {en: q}}"
    table = table_of(tmp_path, simple(inputs, rows, outcomes="fee: {type: money}", derived=derived))
    assert [table.decide(DAY, amount=amount, number=2).outcome["fee"] for amount in (3, -3, 4)] == [2, -2, 2]
    assert table.decide(DAY, amount=5, number=0).reason == "unknown_value"


def test_decimals_are_exact(tmp_path: Path) -> None:
    rows = row("a", "result: yes", "ratio * 3 = 0.3") + row("b", "result: no")
    table = table_of(tmp_path, simple("ratio: {type: decimal, places: 2, question: {en: q}}", rows))
    assert table.decide(DAY, ratio=0.1).result == "yes"
    assert table.decide(DAY, ratio=Decimal("0.10")).result == "yes"
    with pytest.raises(InputError, match="more than 2 decimal places"):
        table.decide(DAY, ratio=0.111)


VALUES = """
values:
  age_limit:
    title: {en: Limit}
    type: integer
    dated:
      - {from: 2024-02-26, to: 2024-06-30, announced: 2024-02-01, withdrawn: 2024-04-28, value: 34}
      - {from: 2024-02-26, announced: 2024-04-28, value: 39}
"""


def test_what_was_known_on_a_day_decides_as_it_would_have_then(tmp_path: Path) -> None:
    """The youth discount was widened on 2024-04-28 with effect from 2024-02-26."""
    rows = row("young", "result: yes", "age <= age_limit") + row("rest", "result: no")
    table = table_of(tmp_path, simple("age: {type: integer, question: {en: q}}", rows), VALUES)
    march = date(2024, 3, 10)
    assert table.decide(march, age=37).result == "yes"
    assert table.decide(march, date(2024, 4, 27), age=37).result == "no"
    assert table.decide(march, date(2024, 4, 28), age=37).result == "yes"
    assert table.decide(march, date(2024, 1, 31), age=20).reason == "unknown_value"
    assert table.decide(date(2024, 2, 25), age=20).reason == "unknown_value"


def test_a_dated_list_of_codes_admits_what_was_on_it_that_day(tmp_path: Path) -> None:
    values = """
values:
  accepted:
    title: {en: Accepted}
    type: codes
    codes: {card: {en: Card}, app: {en: App}}
    dated: [{from: 2024-01-01, value: [card]}, {from: 2024-12-27, value: [card, app]}]
"""
    rows = row("in", "result: yes", "means IN accepted") + row("out", "result: no")
    table = table_of(tmp_path, simple("means: {type: code, codes_of: accepted, question: {en: q}}", rows), values)
    assert [table.decide(day, means="app").result for day in (DAY, date(2024, 12, 27))] == ["no", "yes"]


def test_the_fact_that_settles_most_cases_is_asked_first(tmp_path: Path) -> None:
    rows = row("a", "result: yes", "rare = 7 AND flag") + row("b", "result: no", "common") + row("c", "result: maybe")
    inputs = "\n  ".join(
        [
            "rare: {type: integer, question: {en: q}}",
            "flag: {type: boolean, question: {en: q}}",
            "common: {type: boolean, question: {en: q}}",
        ]
    )
    table = table_of(tmp_path, simple(inputs, rows))
    assert table.decide(DAY, common=True).missing == ("rare", "flag")
    assert table.decide(DAY, rare=7).missing == ("flag", "common")


def test_what_is_personal_is_asked_after_what_is_not_where_both_settle_alike(tmp_path: Path) -> None:
    rows = row("a", "result: yes", "ill OR member") + row("b", "result: no")
    inputs = "ill: {type: boolean, personal: health, question: {en: q}}\n  member: {type: boolean, question: {en: q}}"
    assert table_of(tmp_path, simple(inputs, rows)).decide(DAY).missing == ("member", "ill")


@pytest.mark.parametrize("name", ["class", "state", "found", "f_on", "unknown", "checked", "pass", "self"])
def test_a_fact_may_have_any_name_that_the_language_does_not_need(tmp_path: Path, name: str) -> None:
    rows = row("a", "result: yes", f"{name} > 3") + row("b", "result: no")
    table = table_of(tmp_path, simple(f"{name}: {{type: integer, question: {{en: q}}}}", rows))
    assert table.decide(DAY, **{name: 4}).result == "yes"
    assert table.decide(DAY).missing == (name,)
    with pytest.raises(InputError):
        table.decide(DAY, **{name: "4"})
