"""What-ifs, smallest changes and populations: what would have to be different, and for how many."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from donghaeng.errors import InputError
from donghaeng.rules.asking import smallest_changes
from donghaeng.rules.decision import DecisionTable
from donghaeng.rules.difference import State, differences
from donghaeng.rules.population import population_differences
from donghaeng.rules.what_if import read_what_if
from tests.rules.packs import VISIT, row, simple, table_of

DAY = date(2024, 6, 1)

GRANT = simple(
    "income: {type: money, least: 0, question: {en: q}}",
    row("poor", "result: yes, amount: grant", "income <= ceiling") + row("rest", "result: no"),
    outcomes="amount: {type: money}",
)
VALUES = """
values:
  ceiling: {title: {en: Ceiling}, type: money, dated: [{value: 100}]}
  grant: {title: {en: Grant}, type: money, dated: [{value: 40}]}
"""


def what_if(folder: Path, table: DecisionTable, text: str):
    path = folder / "what-if.yaml"
    path.write_text(text, "utf-8")
    return read_what_if(path, "what-if.yaml", table.table)


def test_a_what_if_changes_a_copy_and_says_that_it_is_simulated(tmp_path: Path) -> None:
    table = table_of(tmp_path, GRANT, VALUES)
    tried = what_if(tmp_path, table, "title: {en: Higher ceiling}\nvalues: {ceiling: 150}\n")
    changed = DecisionTable(tried.table)
    assert (table.decide(DAY, income=120).result, changed.decide(DAY, income=120).result) == ("no", "yes")
    assert changed.decide(DAY, income=120).kind == "simulated"


def test_a_what_if_may_change_and_take_out_rows(tmp_path: Path) -> None:
    table = table_of(tmp_path, VISIT)
    tried = what_if(tmp_path, table, "title: {en: Older}\nrows:\n  under_19: {when: age < 25}\n  emergency:\n")
    changed = DecisionTable(tried.table)
    assert changed.decide(DAY, birth_date=date(2001, 1, 1)).reason == "under_19"
    facts = {"emergency": True, "birth_date": date(1990, 1, 1), "checked": False, "total": 1}
    assert (table.decide(DAY, **facts).reason, changed.decide(DAY, **facts).reason) == ("emergency", "pays")


def test_faults_of_a_what_if_are_told_together(tmp_path: Path) -> None:
    table = table_of(tmp_path, GRANT, VALUES)
    text = "title: {en: x}\nvalues: {celing: 1, grant: much}\nrows: {poor: {when: incom < 3}, por:}\n"
    with pytest.raises(InputError) as refused:
        what_if(tmp_path, table, text)
    assert len(refused.value.faults) == 4
    assert 'did you mean "ceiling"' in str(refused.value)


@pytest.mark.parametrize(
    ("amount", "fault"),
    [
        ("{from: 50, to: 40}", "the range ends below its start"),
        ("income * income_limit", 'unknown name "income_limit"'),
        ("income * 999999999999", "more than 15 digits"),
    ],
)
def test_an_answer_that_is_tried_is_held_to_what_a_pack_may_say(tmp_path: Path, amount: str, fault: str) -> None:
    table = table_of(tmp_path, GRANT, VALUES)
    with pytest.raises(InputError, match=fault):
        what_if(tmp_path, table, f"title: {{en: x}}\nrows: {{poor: {{then: {{amount: {amount}}}}}}}\n")


def test_a_range_is_not_tried_in_a_table_that_sums(tmp_path: Path) -> None:
    rows = row("poor", "result: sum, amount: 5", "income < 100")
    inputs, outcomes = "income: {type: money, question: {en: q}}", "amount: {type: money}"
    table = table_of(tmp_path, simple(inputs, rows, hit="sum", outcomes=outcomes))
    with pytest.raises(InputError, match="a table that sums"):
        what_if(tmp_path, table, "title: {en: x}\nrows: {poor: {then: {amount: {from: 1, to: 2}}}}\n")


def test_a_population_says_who_wins_who_loses_and_what_it_costs(tmp_path: Path) -> None:
    table = table_of(tmp_path, GRANT, VALUES)
    tried = what_if(tmp_path, table, "title: {en: More for fewer}\nvalues: {ceiling: 60, grant: 70}\n")
    people = pa.table({"income": [10, 50, 60, 61, 100, 101, None]})
    counted = population_differences(State(table.table, DAY), State(tried.table, DAY), people)
    assert (counted.cases, counted.changed, counted.sums) == (7, 5, ("amount",))
    by_kind = {(one["before"], one["after"]): one for one in counted.changes}
    assert by_kind["yes", "yes"]["amount"] == 90
    assert by_kind["yes", "yes"]["amount_gain"] == 3
    assert (by_kind["yes", "no"]["cases"], by_kind["yes", "no"]["amount"]) == (2, -80)


def test_the_smallest_change_changes_one_fact_where_one_is_enough(tmp_path: Path) -> None:
    table = table_of(tmp_path, VISIT).table
    facts = {"emergency": False, "birth_date": date(2000, 1, 1), "checked": False, "total": 9}
    changes = smallest_changes(table.segment(DAY), DAY, facts)
    assert {tuple(change.facts) for change in changes} == {("emergency",), ("birth_date",)}
    assert all(change.outcome["result"] == "exempt" for change in changes)


def test_a_retroactive_change_shows_which_decisions_are_to_be_redone(tmp_path: Path) -> None:
    values = """
values:
  oldest:
    title: {en: Oldest}
    type: integer
    dated:
      - {from: 2024-02-26, announced: 2024-02-01, withdrawn: 2024-04-28, value: 34}
      - {from: 2024-02-26, announced: 2024-04-28, value: 39}
"""
    rows = row("young", "result: yes", "age <= oldest") + row("rest", "result: no")
    table = table_of(tmp_path, simple("age: {type: integer, least: 0, question: {en: q}}", rows), values).table
    march = date(2024, 3, 10)
    found = differences(State(table, march, date(2024, 4, 1)), State(table, march))
    assert [(one.before.outcome["result"], one.after.outcome["result"]) for one in found.found] == [("no", "yes")]
    assert 34 < found.found[0].facts["age"] <= 39
    assert found.values_changed == {"oldest": (34, 39)}
    people = pa.table({"age": list(range(30, 45))})
    before, after = State(table, march, date(2024, 4, 1)), State(table, march)
    assert population_differences(before, after, people).redo["was_result"].to_pylist() == ["no"] * 5


def test_recorded_decisions_are_redone_each_on_its_own_day(tmp_path: Path) -> None:
    table = table_of(tmp_path, GRANT, VALUES)
    tried = what_if(tmp_path, table, "title: {en: Higher ceiling}\nvalues: {ceiling: 150}\n")
    days = pa.array([DAY, date(2024, 6, 2), DAY], pa.date32())
    cases = pa.table({"case": ["a", "b", "c"], "day": days, "income": [90, 120, 150]})
    found = population_differences(State(table.table, DAY), State(tried.table, DAY), cases, ["case"], "day")
    assert found.redo["case"].to_pylist() == ["b", "c"]
    assert found.redo["now_amount"].to_pylist() == [40, 40]
