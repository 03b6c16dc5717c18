"""Standard errors of scores, small numbers and groups of people, in packs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from donghaeng.errors import InputError
from donghaeng.index.standard_errors import accuracy_table, standard_errors, withheld
from tests.index import packs

STRUCTURE = """code,parent,name_ko,name_en,unit,direction,weight,lower,upper
t,,,T,,,,,
a,t,,A,x,higher,3,0,50
b,t,,B,x,lower,1,0,10
"""
HEADER = "node,place,period,value,count,used,kind,source,note,standard_error,cases\n"
ROWS = [
    *[("a", "x", 2022, 10, 1, 100), ("a", "x", 2023, 20, 2, 50), ("b", "x", 2022, 5, 0.5, 30)],
    *[("b", "x", 2023, 4, 0.3, 20), ("a", "y", 2022, 12, 1, 10), ("a", "y", 2023, 30, 2, 50)],
    *[("b", "y", 2022, 5, 0.5, 3), ("b", "y", 2023, 4, 0.3, 20)],
]
OBSERVATIONS = HEADER + "".join(
    f"{node},{place},{period},{value},,yes,published,s,,{error},{cases}\n"
    for node, place, period, value, error, cases in ROWS
)
FILES = {"structure": STRUCTURE, "observations": OBSERVATIONS}
GOALPOSTS: dict[str, Any] = {"normalise": {"method": "goalposts"}, "aggregate": {"method": "arithmetic"}}


def test_the_delta_method_by_hand(tmp_path: Path) -> None:
    """a moves by 1/50 a unit, b by 1/10, with weights of 3/4 and 1/4."""
    found = standard_errors(packs.load(tmp_path, GOALPOSTS, **FILES).score())
    assert (found.method, found.draws, found.failed) == ("delta", 0, 0)
    a, b = 2 / 50, 0.3 / 10
    assert found.values[0, 1] == pytest.approx([np.hypot(0.75 * a, 0.25 * b), a, b])
    assert found.known[0, 1].tolist() == [1, 1, 1]
    assert found.cases[0, 1].tolist() == [20, 50, 20]


@pytest.mark.parametrize("lower", ["inverted_ratio", "mirror"])
def test_of_a_ratio_to_a_base_period_both_errors_count(tmp_path: Path, lower: str) -> None:
    """se(B x / b) = B x / b sqrt((e/x)^2 + (e_b/b)^2); in the base period the score is B, without error."""
    recipe = GOALPOSTS | {"normalise": {"method": "base_period_ratio", "base_period": "2022", "lower_is_better": lower}}
    found = standard_errors(packs.load(tmp_path, recipe, **FILES).score())
    assert found.method == "delta"
    assert found.values[0, 0].tolist() == [0, 0, 0]
    assert found.values[0, 1, 1] == pytest.approx(200 * np.hypot(2 / 20, 1 / 10))
    ratio = 125 if lower == "inverted_ratio" else 80
    assert found.values[0, 1, 2] == pytest.approx(ratio * np.hypot(0.3 / 4, 0.5 / 5))


@pytest.mark.parametrize(
    "steps",
    [
        {},
        {"normalise": {"method": "goalposts", "to": [0, 100], "cap": False}},
        {"normalise": {"method": "none"}, "weigh": {"method": "equal"}},
        {"normalise": {"method": "base_period_ratio", "base_period": "2022", "lower_is_better": "mirror"}},
    ],
)
def test_the_delta_method_and_draws_agree(tmp_path: Path, steps: dict[str, Any]) -> None:
    scores = packs.load(tmp_path, GOALPOSTS | steps, **FILES).score()
    delta, drawn = standard_errors(scores), standard_errors(scores, draws=600, method="replications")
    assert drawn.method == "replications"
    # A standard error from 600 draws is off by 3 %, and the ratio is not quite linear.
    assert drawn.values == pytest.approx(delta.values, rel=0.12, abs=1e-12)


@pytest.mark.parametrize(
    "steps",
    [
        {"aggregate": {"method": "geometric"}},
        {"normalise": {"method": "min_max"}, "treat": {"method": "none"}},
        {"treat": {"method": "log"}},
        {"rebase": {"period": "2022"}},
        {"weigh": {"method": "entropy"}},
    ],
)
def test_what_is_not_linear_is_drawn_and_says_so(tmp_path: Path, steps: dict[str, Any]) -> None:
    scores = packs.load(tmp_path, GOALPOSTS | steps, **FILES).score()
    found = standard_errors(scores, draws=40)
    assert (found.method, found.draws) == ("replications", 40 - found.failed)
    assert np.isfinite(found.values[0, 1, 0])
    with pytest.raises(InputError, match="the delta method does not fit"):
        standard_errors(scores, method="delta")
    again = standard_errors(scores, draws=40)
    assert np.array_equal(found.values, again.values, equal_nan=True)  # a seed gives the same draws


def test_draws_that_fail_are_counted_and_too_many_are_refused(tmp_path: Path) -> None:
    wide = OBSERVATIONS.replace(",,2,50", ",,9,50")
    scores = packs.load(
        tmp_path, {"normalise": {"method": "none"}, "aggregate": {"method": "geometric"}}, structure=STRUCTURE,
        observations=wide,
    ).score()  # fmt: skip
    found = standard_errors(scores, draws=200)
    assert 0 < found.failed < 20
    assert found.draws == 200 - found.failed
    hopeless = scores.observations.columns["standard_error"]
    hopeless[:] = [100.0] * len(hopeless)
    with pytest.raises(InputError, match="of 50 draws cannot be computed, the first because"):
        standard_errors(scores, draws=50)


def test_indicators_without_a_standard_error_count_as_exact_and_are_told(tmp_path: Path) -> None:
    partly = OBSERVATIONS.replace(",,0.3,20", ",,,")
    found = standard_errors(packs.load(tmp_path, GOALPOSTS, structure=STRUCTURE, observations=partly).score())
    assert found.values[0, 1, 0] == pytest.approx(0.75 * 2 / 50)
    assert found.known[0, 1].tolist() == [0.5, 1, 0]
    assert np.isnan(found.values[0, 1, 2])


def test_a_pack_without_standard_errors_has_none(tmp_path: Path) -> None:
    none = "".join(",".join(line.split(",")[:9]) + "\n" for line in OBSERVATIONS.splitlines())
    scores = packs.load(tmp_path, GOALPOSTS, structure=STRUCTURE, observations=none).score()
    with pytest.raises(InputError, match="no value states its standard error"):
        standard_errors(scores)
    assert accuracy_table(scores).num_rows == 0
    assert "withheld" not in scores.observations.table().column_names


# Small numbers


def test_values_on_too_few_cases_are_left_out_marked_and_not_published(tmp_path: Path) -> None:
    scores = packs.load(tmp_path, GOALPOSTS | {"small_numbers": {"least_cases": 15}}, **FILES).score()
    left_out = {(scores.places[p], scores.periods[t].text, scores.structure.codes[n]) for p, t, n in
                np.argwhere(withheld(scores))}  # fmt: skip
    assert left_out == {("y", "2022", "a"), ("y", "2022", "b")}
    assert np.isnan(scores.values[1, 0]).all()
    rows = {
        (row["place"], row["period"], row["node"]): row
        for row in scores.observations.table(scores.recipe.small_numbers).to_pylist()
    }
    hidden = rows["y", "2022", "a"]
    assert hidden["withheld"]
    assert (hidden["printed"], hidden["value"], hidden["standard_error"], hidden["cases"]) == ("", None, None, None)
    assert rows["y", "2023", "a"]["printed"] == "30"
    marked = [row for row in accuracy_table(scores).to_pylist() if row["withheld"]]
    assert {(row["place"], row["node"], row["value"], row["cases"]) for row in marked} == {
        ("y", "a", None, None),
        ("y", "b", None, None),
    }


def test_values_with_a_large_relative_error_are_left_out(tmp_path: Path) -> None:
    rule = {"small_numbers": {"most_relative_error": 0.09}}
    scores = packs.load(tmp_path, GOALPOSTS | rule, **FILES).score()
    # 1/10, 2/20 and 0.5/5 are more; 1/12, 2/30 and 0.3/4 are not.
    assert withheld(scores)[0].tolist() == [[False, True, True], [False, True, False]]
    assert withheld(scores)[1].tolist() == [[False, False, True], [False, False, False]]


def test_a_rule_says_at_least_one_limit(tmp_path: Path) -> None:
    assert "small_numbers without a limit" in packs.faults(tmp_path, GOALPOSTS | {"small_numbers": {}}, **FILES)[0]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (",,1,100", ",,-1,100", 'observations.csv:2:31: -1 is no standard error; expected 0 or more, in the unit'),
        (",,1,100", ",,1,9.5", "observations.csv:2:33: 9.5 is no cases; expected a whole number of cases"),
        (",,1,100", ",,1,many", '"many" is not a number'),
    ],
)  # fmt: skip
def test_an_impossible_accuracy_is_told_with_its_cell(tmp_path: Path, old: str, new: str, fault: str) -> None:
    found = packs.faults(tmp_path, GOALPOSTS, structure=STRUCTURE, observations=OBSERVATIONS.replace(old, new, 1))
    assert fault in found[0]


def test_long_tables_state_standard_errors_too(tmp_path: Path) -> None:
    table = "place,period,node,value,standard_error,cases\nx,2023,a,20,2,50\nx,2023,b,4,0.3,20\n"
    tables = "values:\n  - {file: values.csv, layout: long, kind: published, source: [s]}\n"
    scores = packs.load(tmp_path, GOALPOSTS, structure=STRUCTURE, values=table, tables__yaml=tables).score()
    assert standard_errors(scores).values[0, 0, 1] == pytest.approx(2 / 50)


# Groups of people

PLACES = """place,parent,name_ko,name_en,breakdown
city,,,City,
north,city,,North,
south,city,,South,
women,city,,Women,sex
men,city,,Men,sex
"""
GROUPS = "node,place,period,value,count,used,kind,source,note\n" + "".join(
    f"{node},{place},2023,{value},,yes,published,s,\n"
    for place, a, b in [("north", 10, 2), ("south", 30, 6), ("women", 50, 5), ("men", 20, 3)]
    for node, value in (("a", a), ("b", b))
)


def test_groups_are_scored_on_the_scale_of_the_districts_and_added_to_nothing(tmp_path: Path) -> None:
    recipe = {"normalise": {"method": "min_max"}, "aggregate": {"method": "arithmetic"}, "places": {}}
    pack = packs.load(tmp_path, recipe, structure=STRUCTURE, places=PLACES, observations=GROUPS)
    a = {place: value for (place, _), value in packs.scores_of(pack, "a").items()}
    assert a == {"city": 50, "north": 0, "south": 100, "women": 200, "men": 50}
    scores = pack.score()
    ranks = dict(zip(scores.places, scores.ranks()[:, 0, 1], strict=True))
    assert (ranks["north"], ranks["south"], ranks["women"], ranks["men"]) == (2, 1, 1, 2)
    assert np.isnan(ranks["city"])


def test_the_index_may_be_made_for_another_breakdown(tmp_path: Path) -> None:
    recipe = {"breakdown": "sex", "normalise": {"method": "min_max"}, "aggregate": {"method": "arithmetic"},
              "places": {}}  # fmt: skip
    pack = packs.load(tmp_path, recipe, structure=STRUCTURE, places=PLACES, observations=GROUPS)
    a = {place: value for (place, _), value in packs.scores_of(pack, "a").items()}
    assert (a["women"], a["men"], a["city"]) == (100, 0, 50)
    assert a["south"] == pytest.approx(100 * 10 / 30)
    wrong = packs.faults(
        tmp_path, recipe | {"breakdown": "age"}, structure=STRUCTURE, places=PLACES, observations=GROUPS
    )
    assert 'no place with values is of the breakdown "age"; expected one of ' in wrong[0]


@pytest.mark.parametrize("normalise", ["rank", "z_score", "categorical", "fraction_of_best", "percentile_rank"])
def test_other_breakdowns_move_no_score_of_the_districts(tmp_path: Path, normalise: str) -> None:
    way: dict[str, Any] = {"method": normalise}
    if normalise == "categorical":
        way |= {"percentiles": [50], "points": [0, 1]}
    recipe = {"normalise": way, "aggregate": {"method": "arithmetic"}, "weigh": {"method": "equal"}}
    alone = "\n".join(line for line in GROUPS.splitlines() if "men" not in line) + "\n"
    both = packs.scores_of(packs.load(tmp_path, recipe, structure=STRUCTURE, places=PLACES, observations=GROUPS), "t")
    fewer = packs.load(tmp_path, recipe, structure=STRUCTURE, places=PLACES, observations=alone)
    for cell, value in packs.scores_of(fewer, "t").items():
        assert both[cell] == pytest.approx(value)


def test_gaps_of_groups_are_not_filled_with_means_of_districts(tmp_path: Path) -> None:
    gaps = GROUPS.replace("a,men,2023,20,,yes,published,s,\n", "").replace("a,north,2023,10,,yes,published,s,\n", "")
    recipe = {"impute": [{"method": "mean"}], "normalise": {"method": "none"}, "aggregate": {"method": "arithmetic"}}
    pack = packs.load(tmp_path, recipe, structure=STRUCTURE, places=PLACES, observations=gaps)
    a = {place: value for (place, _), value in packs.scores_of(pack, "a").items()}
    assert (a["north"], a["men"]) == (30, None)


def test_means_that_compare_places_refuse_groups(tmp_path: Path) -> None:
    recipe = {"normalise": {"method": "none"}, "aggregate": {"method": "copeland"}}
    found = packs.faults(tmp_path, recipe, structure=STRUCTURE, places=PLACES, observations=GROUPS)
    assert "copeland compares places with each other, and groups of another breakdown are no peers" in found[0]


def test_treatments_that_look_at_all_places_refuse_groups(tmp_path: Path) -> None:
    recipe = {"treat": {"method": "winsorise_then_log"}, "normalise": {"method": "none"}} | {
        "aggregate": {"method": "arithmetic"}
    }
    found = packs.faults(tmp_path, recipe, structure=STRUCTURE, places=PLACES, observations=GROUPS)
    assert "winsorise_then_log does not know places of another breakdown" in found[0]
