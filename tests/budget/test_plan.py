"""Plans of a small town: findings bind them, conflicts are named, and what is not known is not assumed."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from donghaeng.budget.document import plan_document, plan_rows, plan_tables
from donghaeng.budget.page import page_document, page_markdown, programme_page
from donghaeng.budget.plan import Plan, Refused, Request, make_plan
from donghaeng.budget.settings import OBJECTIVES
from donghaeng.budget.words import prices, timing
from donghaeng.errors import InputError, UsageError
from tests.budget.building import LINES, MORE_MEALS, MORE_VISITS, NEEDS, Fall, options_csv, section_of

MEND = MORE_MEALS | {
    "option": "mend-meals",
    "type": "mend",
    "name_ko": "급식 손보기",
    "name_en": "Mend the meals",
    "unit_cost": "",
    "current": 0,
    "floor": 0,
    "ceiling": 10_000_000,
    "absorption": "",
}
KITCHEN = MORE_MEALS | {
    "option": "kitchen",
    "type": "project",
    "name_ko": "새 주방",
    "name_en": "A new kitchen",
    "unit_cost": 60000,
    "current": 0,
    "floor": 0,
    "ceiling": 30_000_000,
    "absorption": "",
    "whole": "yes",
    "running_cost": 4_000_000,
}


def planned(folder: Path, request: Request, *findings: Fall, **files: str) -> Plan:
    made = make_plan(section_of(folder, **files), request, findings)
    assert isinstance(made, Plan)
    assert made.built.problem.broken(made.amounts.tolist()) == []
    return made


def limits(plan: Plan, code: str) -> tuple[int, str, int, str]:
    one = next(one for one in plan.built.allowances if one.option.code == code)
    return one.lower, one.lower_because, one.upper, one.upper_because


def test_money_goes_to_the_worst_off_first_and_to_the_won(tmp_path: Path) -> None:
    """Half of those who need meals get none, a fifth of those who need visits: meals rise until they are level."""
    plan = planned(tmp_path, Request(200_000_000))
    assert plan.amounts.tolist() == [153_333_333, 46_666_667]
    assert plan.coverage.tolist() == pytest.approx([0.7666667, 0.7666667], abs=1e-6)


def test_an_own_won_that_brings_another_one_buys_for_two(tmp_path: Path) -> None:
    plan = planned(tmp_path, Request(200_000_000))
    assert plan.matched(1) == {"state": Fraction(46_666_667)}
    assert plan.built.prices.tolist() == [100_000, 100_000]  # half of a visit's 200,000 is paid by the state


def test_demand_raises_a_ceiling_to_need_times_unit_cost(tmp_path: Path) -> None:
    """1,000 of 2,000 persons are not served; 100,000 won each on top of 100 million now."""
    options = options_csv(MORE_MEALS | {"ceiling": 110_000_000, "absorption": ""}, MORE_VISITS)
    lines = LINES.replace("95000000", "99000000").replace("90000000", "40000000")
    before = planned(tmp_path, Request(260_000_000), options=options, budget_lines=lines)
    after = planned(tmp_path, Request(260_000_000), Fall("A01", "demand"), options=options, budget_lines=lines)
    assert limits(before, "more-meals")[2:] == (110_000_000, "ceiling")
    assert limits(after, "more-meals")[2:] == (200_000_000, "demand")
    assert after.amounts[0] > before.amounts[0]


def test_poor_execution_caps_at_what_was_executed_and_costs_nobody_anything(tmp_path: Path) -> None:
    lines = LINES.replace("executed,city,current,95000000", "executed,city,current,85000000")
    plan = planned(tmp_path, Request(140_000_000), Fall("A01", "execution"), budget_lines=lines)
    assert limits(plan, "more-meals")[2:] == (85_000_000, "executed")
    assert plan.amounts[0] == 85_000_000
    assert plan.coverage[0] == 0.5  # what was voted and not spent bought nothing


@pytest.mark.parametrize("cause", ["productivity", "quality", "take_up"])
def test_a_fault_is_mended_before_it_grows(tmp_path: Path, cause: str) -> None:
    options = options_csv(MORE_MEALS, MORE_VISITS, MEND)
    plan = planned(tmp_path, Request(200_000_000), Fall("A01", cause), options=options)
    assert limits(plan, "more-meals")[2:] == (100_000_000, "fault")
    assert limits(plan, "mend-meals")[:2] == (10_000_000, "mend")
    assert plan.amounts.tolist()[2] == 10_000_000


def test_a_fault_that_no_option_mends_is_asked_for(tmp_path: Path) -> None:
    plan = planned(tmp_path, Request(200_000_000), Fall("A01", "quality"))
    assert plan.unmended == ("A01",)
    options = options_csv(MORE_MEALS, MORE_VISITS, MEND)
    assert planned(tmp_path, Request(200_000_000), Fall("A01", "quality"), options=options).unmended == ()


def test_an_option_where_nothing_is_needed_is_named(tmp_path: Path) -> None:
    rows = "".join(f"B01,west,{year},500,400,persons,simulated,made-up,\n" for year in ("2024", "2025"))
    options = options_csv(MORE_MEALS, MORE_VISITS | {"place": "east"})
    section = section_of(tmp_path, options=options, needs=NEEDS + rows)
    with pytest.raises(InputError, match=r"options\.csv:3:1: more-visits: nothing of what it moves is needed in east"):
        make_plan(section, Request(200_000_000))


@pytest.mark.parametrize("cause", ["funding", "measurement", "mix", "outside", "undetermined"])
def test_other_causes_bind_nothing(tmp_path: Path, cause: str) -> None:
    plain = planned(tmp_path, Request(200_000_000))
    plan = planned(tmp_path, Request(200_000_000), Fall("A01", cause))
    assert plan.amounts.tolist() == plain.amounts.tolist()


def test_a_finding_of_another_year_binds_nothing(tmp_path: Path) -> None:
    plan = planned(tmp_path, Request(200_000_000), Fall("A01", "take_up", period="2024"))
    assert limits(plan, "more-meals")[3] == "absorption"
    assert plan.findings == ()


def test_a_finding_of_a_part_binds_only_what_works_there(tmp_path: Path) -> None:
    rows = "".join(
        f"A01,{place},{year},1000,500,persons,simulated,made-up,\n"
        for place in ("east", "west")
        for year in ("2024", "2025")
    )
    options = options_csv(*(MORE_MEALS | {"option": f"meals-{place}", "place": place} for place in ("east", "west")))
    plan = planned(
        tmp_path, Request(250_000_000), Fall("A01", "quality", place="east"), options=options, needs=NEEDS + rows
    )
    assert limits(plan, "meals-east")[3] == "fault"
    assert limits(plan, "meals-west")[3] == "absorption"
    whole = planned(tmp_path, Request(250_000_000), Fall("A01", "quality"), options=options, needs=NEEDS + rows)
    assert {limits(whole, "meals-east")[3], limits(whole, "meals-west")[3]} == {"fault"}


def test_a_cut_freezes_what_is_mandatory_and_raises_nothing(tmp_path: Path) -> None:
    options = options_csv(MORE_MEALS | {"mandatory": "yes"}, MORE_VISITS)
    plan = planned(tmp_path, Request(cut=Fraction(1, 20)), options=options)
    assert plan.amount == 142_500_000
    assert plan.amounts.tolist() == [100_000_000, 42_500_000]
    assert plan_rows(plan)[1]["people"] == pytest.approx(-75)  # 7.5 million of 100,000 each


def test_a_supplementary_budget_takes_nothing_away(tmp_path: Path) -> None:
    plan = planned(tmp_path, Request(supplementary=30_000_000))
    assert plan.amounts.tolist() == [130_000_000, 50_000_000]
    assert limits(plan, "more-meals") == (100_000_000, "current", 140_000_000, "year_left")


def test_a_project_is_built_whole_and_its_running_cost_is_told(tmp_path: Path) -> None:
    plan = planned(tmp_path, Request(180_000_000), options=options_csv(MORE_MEALS, MORE_VISITS, KITCHEN))
    row = plan_rows(plan)[2]
    assert row["amount"] == 30_000_000
    assert (row["running_cost"], row["running_from"]) == (4_000_000, "2028")
    none = planned(
        tmp_path, Request(141_000_000), options=options_csv(MORE_MEALS, MORE_VISITS, KITCHEN | {"unit_cost": 9e6})
    )
    assert none.amounts[2] == 0


def test_running_cost_above_its_limit_keeps_a_project_out(tmp_path: Path) -> None:
    section = section_of(tmp_path, {"running_limit": 3_999_999}, options=options_csv(MORE_MEALS, MORE_VISITS, KITCHEN))
    plan = make_plan(section, Request(180_000_000))
    assert isinstance(plan, Plan)
    assert plan.amounts[2] == 0


def test_a_floor_above_what_can_be_absorbed_is_named_before_anything_is_solved(tmp_path: Path) -> None:
    section = section_of(tmp_path, options=options_csv(MORE_MEALS | {"floor": 190_000_000}, MORE_VISITS))
    with pytest.raises(InputError) as raised:
        make_plan(section, Request(300_000_000))
    (fault,) = raised.value.faults
    assert (fault.file, fault.line, fault.code) == ("pack/options.csv", 2, "conflict")
    assert "the floor (190,000,000) is above what can be absorbed (180,000,000)" in fault.what


def test_floors_above_the_total_are_named_with_what_is_short(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"need 120,000,000, and there is 100,000,000.*short by 20,000,000; .*more-meals"
    ):
        make_plan(section_of(tmp_path), Request(100_000_000))


def test_limits_of_bureaus_and_funds_that_cannot_be_met_are_named(tmp_path: Path) -> None:
    bureaus = {
        "welfare": {"name": {"ko": "복지과", "en": "Welfare"}, "most": 70_000_000},
        "health": {"name": {"ko": "보건과", "en": "Health"}, "least": 99_000_000},
    }
    section = section_of(tmp_path, {"bureaus": bureaus, "fund_limits": {"state": 30_000_000}})
    with pytest.raises(InputError) as raised:
        make_plan(section, Request(200_000_000))
    said = "\n".join(map(str, raised.value.faults))
    assert "the bureau welfare: the least amounts need 80,000,000, and there is 70,000,000" in said
    assert "the bureau health: at least 99,000,000 is asked for, and its options can take 70,000,000" in said
    assert "the fund state: the least amounts need 40,000,000, and there is 30,000,000" in said


def test_limits_that_hold_alone_and_not_together_are_named_together(tmp_path: Path) -> None:
    bureaus = {
        "welfare": {"name": {"ko": "복지과", "en": "Welfare"}},
        "health": {"name": {"ko": "보건과", "en": "Health"}, "least": 58_000_000},
    }
    section = section_of(tmp_path, {"bureaus": bureaus, "fund_limits": {"state": 45_000_000}})
    with pytest.raises(InputError, match="cannot be met together") as raised:
        make_plan(section, Request(200_000_000))
    assert "health" in str(raised.value)
    assert "state" in str(raised.value)


@pytest.mark.parametrize("change", [{"cost_basis": "assumed"}, {"kind": "inferred"}, {"kind": "unknown"}])
def test_there_is_no_plan_for_a_real_body_from_assumed_unit_costs(tmp_path: Path, change: dict[str, object]) -> None:
    real = {"kind": "second_hand"}
    texts = {
        "budget_lines": LINES.replace("simulated", "second_hand"),
        "needs": NEEDS.replace("simulated", "second_hand"),
        "programme_links": "programme,node,share,joint,kind,source,note\nmeals,A01,1,no,second_hand,made-up,\n"
        "visits,B01,1,no,second_hand,made-up,\n",
    }
    options = options_csv(MORE_MEALS | real | change, MORE_VISITS | real)
    made = make_plan(section_of(tmp_path, invented=False, options=options, **texts), Request(200_000_000))
    assert isinstance(made, Refused)
    assert [one.what for one in made.missing] == ["more-meals"]
    assert plan_document(made)["plan"] is None
    options = options_csv(MORE_MEALS | real, MORE_VISITS | real)
    made = make_plan(section_of(tmp_path, invented=False, options=options, **texts), Request(200_000_000))
    assert isinstance(made, Plan)


def test_an_objective_that_is_none_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='did you mean "index"'):
        make_plan(section_of(tmp_path), Request(objective="idnex"))  # type: ignore[arg-type]


def test_two_questions_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ask one at a time"):
        make_plan(section_of(tmp_path), Request(5, cut=Fraction(1, 20)))


def test_the_index_is_made_highest_only_when_asked_and_says_whom_that_favours(tmp_path: Path) -> None:
    plan = planned(tmp_path, Request(200_000_000, "index"))
    assert plan.smallest_bases is not None
    share, nodes = plan.smallest_bases
    assert nodes == ("A01",)  # 45 % were covered in 2024: a point costs less there than where 70 % were
    assert 0 <= share <= 1
    assert planned(tmp_path, Request(200_000_000)).smallest_bases is None


def test_simple_rules_stand_next_to_a_plan_and_respect_its_limits(tmp_path: Path) -> None:
    plan = planned(tmp_path, Request(200_000_000), Fall("B01", "undetermined"))
    problem = plan.built.problem
    for amounts in plan.others.values():
        assert amounts.sum() <= plan.amount
        assert (amounts >= problem.lower).all()
        assert (amounts <= problem.upper).all()
    assert plan.others["status_quo"].tolist() == [100_000_000, 50_000_000]
    assert plan.others["expand_what_fell"].tolist() == [100_000_000, 70_000_000]  # until visits reach their limit
    assert plan.others["proportional_to_need"].tolist() == [133_333_333, 66_666_667]
    rows = {(row.plan, row.measure): row for row in plan.comparison}
    assert rows["plan", "worst_unmet"].value < rows["status_quo", "worst_unmet"].value
    assert rows["status_quo", "worst_unmet"].plan_better == 1.0
    assert rows["plan", "people_unmet"].low < rows["plan", "people_unmet"].high


def test_the_same_pack_gives_the_same_bytes(tmp_path: Path) -> None:
    texts = {
        json.dumps(plan_document(planned(tmp_path / str(turn), Request(200_000_000, robust=True)))) for turn in range(2)
    }
    assert len(texts) == 1


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_plan_says_what_binds_it_in_both_languages(tmp_path: Path, objective: str) -> None:
    plan = planned(tmp_path, Request(200_000_000, objective))  # type: ignore[arg-type]
    found = prices(plan)
    assert found[0].limit == "total"
    assert found[0].gain > 0
    assert all(one.words["ko"].endswith("다.") and one.words["en"].endswith(".") for one in found)
    document = plan_document(plan)
    assert sum(row["amount"] for row in document["plan"]) == document["spent"] <= document["amount"]
    assert (document["evidence_year"], document["submission"]) == ("2025", "2026-05-31")
    json.dumps(document, allow_nan=False)
    assert {name: table.num_rows > 0 for name, table in plan_tables(plan).items()} == {
        "plan": True,
        "plan_needs": True,
        "plan_comparison": True,
        "plan_prices": True,
    }


def test_advice_names_its_years_and_its_day(tmp_path: Path) -> None:
    assert timing(planned(tmp_path, Request()))["en"] == (
        "Results of 2025, handed in by 2026-05-31, for the budget of 2027. Need is projected 2 years ahead."
    )


def test_what_a_cut_takes_away_is_counted_from_what_is_there_now(tmp_path: Path) -> None:
    """A cut to less than one programme has now: its 20 million less are 200 persons, all of them counted."""
    options = options_csv(MORE_MEALS | {"floor": 0}, MORE_VISITS | {"current": 0, "floor": 0, "ceiling": 0})
    [meals, _] = plan_rows(planned(tmp_path, Request(cut=Fraction(1, 5)), options=options))
    assert meals["change"] == -20_000_000
    assert (meals["units"], meals["people"]) == pytest.approx((-200, -200))


def real_town(folder: Path, lines: str, *options: dict[str, object]) -> Plan | Refused:
    """The town as if it were real, with lines of money of one kind."""
    texts = {
        "budget_lines": LINES.replace("simulated", lines),
        "needs": NEEDS.replace("simulated", "second_hand"),
        "programme_links": "programme,node,share,joint,kind,source,note\nmeals,A01,1,no,second_hand,made-up,\n"
        "visits,B01,1,no,second_hand,made-up,\n",
        "options": options_csv(*options),
    }
    return make_plan(section_of(folder, invented=False, **texts), Request(200_000_000))


def test_an_average_that_was_computed_from_inferred_money_is_no_measured_cost(tmp_path: Path) -> None:
    average = {"kind": "second_hand", "cost_basis": "average", "unit_cost": ""}
    options = (MORE_MEALS | average, MORE_VISITS | {"kind": "second_hand"})
    made = real_town(tmp_path / "inferred", "inferred", *options)
    assert isinstance(made, Refused)
    assert [one.what for one in made.missing] == ["more-meals"]
    assert isinstance(real_town(tmp_path / "reported", "second_hand", *options), Plan)


def test_the_cost_of_mending_a_fault_is_not_assumed_for_a_real_body_either(tmp_path: Path) -> None:
    mend = MORE_MEALS | {"option": "mend", "type": "mend", "unit_cost": "", "current": 0, "floor": 0}
    mend |= {"ceiling": 5_000_000, "absorption": "", "kind": "inferred", "cost_basis": "assumed"}
    options = (MORE_MEALS | {"kind": "second_hand"}, MORE_VISITS | {"kind": "second_hand"})
    made = real_town(tmp_path / "inferred", "second_hand", *options, mend)
    assert isinstance(made, Refused)
    assert [one.what for one in made.missing] == ["mend"]
    assert isinstance(real_town(tmp_path / "known", "second_hand", *options, mend | {"kind": "published"}), Plan)


def test_of_two_limits_that_are_the_same_a_fault_is_named(tmp_path: Path) -> None:
    """Meals can absorb what they have now, and have a fault as well: the fault is what to do something about."""
    options = options_csv(MORE_MEALS | {"absorption": 100_000_000}, MORE_VISITS)
    plan = planned(tmp_path, Request(200_000_000), Fall("A01", "quality"), options=options)
    assert plan_rows(plan)[0]["upper_because"] == "fault"


def test_a_cost_that_is_an_average_is_marked(tmp_path: Path) -> None:
    options = options_csv(MORE_MEALS, MORE_VISITS | {"cost_basis": "average", "unit_cost": ""})
    assert plan_document(planned(tmp_path, Request(200_000_000), options=options))["assumed"] == ["more-visits"]


def test_the_page_of_a_programme_says_what_fell_what_is_asked_and_what_if_it_is_refused(tmp_path: Path) -> None:
    plan = planned(tmp_path, Request(200_000_000), Fall("A01", "demand"))
    page = programme_page(plan, "meals")
    assert page.amount - page.current == 53_333_333
    assert page.people_lost == pytest.approx(533.3, abs=0.1)
    json.dumps(page_document(page), allow_nan=False)
    for language in ("ko", "en"):
        text = page_markdown(page, language, "KRW")  # type: ignore[arg-type]
        assert "2025" in text
        assert "A01" in text
    with pytest.raises(UsageError, match='did you mean "meals"'):
        programme_page(plan, "meal")


def test_money_above_what_is_there_to_buy_is_left(tmp_path: Path) -> None:
    plan = planned(tmp_path, Request(10**12))
    assert plan.amounts.tolist() == plan.built.problem.upper.tolist()
    assert plan_document(plan)["unspent"] == 10**12 - int(plan.amounts.sum())


def test_a_need_grows_until_the_year_of_the_money(tmp_path: Path) -> None:
    rows = "A01,town,2023,1600,800,persons,simulated,made-up,\n"
    needs = NEEDS.replace("A01,town,2024,2000", "A01,town,2024,1800") + rows
    plan = planned(tmp_path, Request(200_000_000), needs=needs)
    cell = next(row for row in plan_document(plan)["cells"] if row["node"] == "A01")
    assert cell["projected"] == pytest.approx(2000 * (2000 / 1600))
    assert cell["low"] < cell["projected"] < cell["high"]
    assert np.isclose(cell["unmet_now"], 1 - 1000 / 2500)
