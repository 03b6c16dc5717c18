"""Methods that a recipe names, in packs: what they give, and how they fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from donghaeng.index.weights import consistencies
from tests.index import packs

STRUCTURE = """code,parent,name_ko,name_en,unit,direction,weight,target
t,,,T,,,,
a,t,,A,x,higher,,50
b,t,,B,x,lower,,5
"""
PLACES = "place,parent,name_ko,name_en\nx,,,X\ny,,,Y\nz,,,Z\n"
OBSERVATIONS = """node,place,period,value,count,used,kind,source,note
a,x,2022,10,,yes,published,s,
a,x,2023,20,,yes,published,s,
a,x,2024,30,,yes,published,s,
a,y,2022,40,,yes,published,s,
a,y,2023,20,,yes,published,s,
a,y,2024,10,,yes,published,s,
b,x,2022,5,,yes,published,s,
b,x,2023,4,,yes,published,s,
b,x,2024,2,,yes,published,s,
b,y,2022,10,,yes,published,s,
b,y,2023,10,,yes,published,s,
b,y,2024,5,,yes,published,s,
"""
FILES = {"structure": STRUCTURE, "observations": OBSERVATIONS}
MEAN = {"aggregate": {"method": "arithmetic"}}


def scores(tmp_path: Path, node: str, normalise: dict[str, Any]) -> list[float | None]:
    """Scores of x in 2022, 2023, 2024, then of y."""
    pack = packs.load(tmp_path, {"normalise": normalise} | MEAN, **FILES)
    return list(packs.scores_of(pack, node).values())


def test_a_neutral_band_lies_around_the_mean(tmp_path: Path) -> None:
    """The mean of a is 130 / 6; 20 lies within a fifth of it, and belongs to the band."""
    band = {"method": "around_mean"}
    assert scores(tmp_path, "a", band) == [-1, 0, 1, 1, 0, -1]
    assert scores(tmp_path, "b", band) == [0, 1, 1, -1, -1, 0]  # mean 6
    assert scores(tmp_path, "a", {"method": "around_mean", "threshold": 0.9}) == [0, 0, 0, 0, 0, 0]


def test_cyclical_scores_stand_around_the_mean_of_each_series(tmp_path: Path) -> None:
    """x: mean 20, mean absolute deviation 20 / 3; lower is better for b: 5, 4, 2 with mean 11 / 3, deviation 10 / 9."""
    assert scores(tmp_path, "a", {"method": "cyclical"})[:3] == pytest.approx([98.5, 100, 101.5])
    expected = [100 - (value - 11 / 3) / (10 / 9) for value in (5, 4, 2)]
    assert scores(tmp_path, "b", {"method": "cyclical", "start": 100})[:3] == pytest.approx(expected)


def test_a_series_that_does_not_move_is_told_by_name(tmp_path: Path) -> None:
    still = OBSERVATIONS.replace("b,y,2024,5", "b,y,2024,10")
    (fault,) = packs.faults(
        tmp_path, {"normalise": {"method": "cyclical"}} | MEAN, structure=STRUCTURE, observations=still
    )
    assert "normalise of b, y: the series does not move; expected at least two different values" in fault


def test_annual_changes_are_on_the_same_period_of_the_year_before(tmp_path: Path) -> None:
    assert scores(tmp_path, "a", {"method": "annual_change"}) == [None, 100, 50, None, -50, -50]
    assert scores(tmp_path, "b", {"method": "annual_change"}) == [None, 20, 50, None, 0, 50]
    halves = OBSERVATIONS.replace(",2023,", ",2022-H1,").replace(",2024,", ",2023-H1,")
    pack = packs.load(
        tmp_path, {"normalise": {"method": "annual_change"}} | MEAN, structure=STRUCTURE, observations=halves
    )
    assert packs.scores_of(pack, "a")["x", "2023-H1"] == 50
    assert packs.scores_of(pack, "a")["x", "2022-H1"] is None


@pytest.mark.parametrize(
    ("setting", "a", "b"),
    [
        ({"to": "mean"}, 10 / (130 / 6), 6 / 5),
        ({"to": "best"}, 10 / 40, 2 / 5),
        ({"to": "worst"}, 1, 2),
        ({"to": "target"}, 10 / 50, 1),
        ({"to": "target", "size": 100, "difference": True}, -80, 0),
        ({"to": "place", "place": "y", "over": "period"}, 10 / 40, 2),
        ({"to": "place", "place": "y", "over": "period", "lower_is_better": "mirror"}, 10 / 40, 2 - 5 / 10),
        ({"to": "worst", "most": 1.5}, 1, 1.5),
        ({"to": "target", "least": 0.5}, 0.5, 1),
    ],
)
def test_ratios_to_a_reference(tmp_path: Path, setting: dict[str, Any], a: float, b: float) -> None:
    """Of x in 2022: a is 10, b is 5 and less is better."""
    normalise = {"method": "ratio", "lower_is_better": "inverted_ratio"} | setting
    assert scores(tmp_path, "a", normalise)[0] == pytest.approx(a)
    assert scores(tmp_path, "b", normalise)[0] == pytest.approx(b)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"to": "place"}, "to: place without a place"),
        ({"to": "mean", "place": "x"}, "to: mean with a place"),
        ({"to": "mean", "least": 2, "most": 1}, "least 2 is not below most 1"),
        ({"to": "place", "place": "w", "over": "period"}, 'unknown place "w"'),
        ({"to": "place", "place": "x"}, "a reference place has a value in each period"),
    ],
)
def test_a_ratio_that_cannot_be_formed_says_why(tmp_path: Path, setting: dict[str, Any], message: str) -> None:
    normalise = {"method": "ratio", "lower_is_better": "inverted_ratio"} | setting
    assert message in packs.faults(tmp_path, {"normalise": normalise} | MEAN, **FILES)[0]


def test_an_inverted_ratio_of_0_names_the_cell(tmp_path: Path) -> None:
    normalise = {"method": "ratio", "to": "mean", "lower_is_better": "inverted_ratio"}
    zero = OBSERVATIONS.replace("b,x,2024,2", "b,x,2024,0")
    (fault,) = packs.faults(tmp_path, {"normalise": normalise} | MEAN, structure=STRUCTURE, observations=zero)
    assert fault.startswith("observations.csv:10:1: normalise of b, x, 2024: the value is 0 and lower is better")


def test_gaps_are_filled_with_the_last_value_and_before_the_first_with_that(tmp_path: Path) -> None:
    gaps = "".join(line for line in OBSERVATIONS.splitlines(keepends=True) if not line.startswith(("a,x,2022", "a,y,")))
    gaps += "a,y,2023,20,,yes,published,s,\n"
    recipe = {"impute": [{"method": "panel_constant"}], "normalise": {"method": "none"}} | MEAN
    pack = packs.load(tmp_path, recipe, structure=STRUCTURE, observations=gaps)
    assert list(packs.scores_of(pack, "a").values()) == [20, 20, 30, 20, 20, 20]
    assert pack.score().imputed()[:, :, 0].tolist() == [[1, 0, 0], [1, 0, 1]]


# Weights


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("pca", "the weights below t fail at a: a is constant over the units that have every indicator"),
        ("critic", "the weights below t fail at a: a is constant"),
        ("factor_ml", "the weights below t fail at a: a is constant"),
        ("entropy", "observations.csv:10:1: the weights below t fail at b, x, 2024: the value is -2"),
    ],
)
def test_faults_of_estimated_weights_name_the_indicator(tmp_path: Path, method: str, message: str) -> None:
    cells = [line.split(",") for line in OBSERVATIONS.replace("b,x,2024,2", "b,x,2024,-2").splitlines()]
    constant = "".join(",".join([*row[:3], "7" if row[0] == "a" else row[3], *row[4:]]) + "\n" for row in cells)
    recipe = {"normalise": {"method": "none"}, "weigh": {"method": method}} | MEAN
    (fault,) = packs.faults(tmp_path, recipe, structure=STRUCTURE, observations=constant)
    assert message in fault


def test_an_indicator_that_runs_against_the_others_is_named(tmp_path: Path) -> None:
    structure = STRUCTURE + "c,t,,C,x,higher,,1\n"
    more = OBSERVATIONS + "".join(
        f"c,{place},{year},{value},,yes,published,s,\n"
        for place, year, value in [("x", 2022, 9), ("x", 2023, 6), ("x", 2024, 4), ("y", 2022, 3), ("y", 2023, 6),
                                   ("y", 2024, 10)]
    )  # fmt: skip
    recipe = {"normalise": {"method": "none"}, "weigh": {"method": "pca"}} | MEAN
    (fault,) = packs.faults(tmp_path, recipe, structure=structure, observations=more)
    assert "the weights below t fail at c: c has the loading" in fault


COMPARED = "code,parent,name_ko,name_en,unit,direction,weight\nt,,,T,,,\n" + "".join(
    f"{code},t,,{code},x,higher,\n" for code in "abc"
)
ONE = "node,place,period,value,count,used,kind,source,note\n" + "".join(
    f"{code},x,2024,{value},,yes,published,s,\n" for code, value in (("a", 10), ("b", 20), ("c", 30))
)


def ahp(*comparisons: list[Any], **settings: Any) -> dict[str, Any]:
    weigh = {"method": "ahp", "comparisons": list(comparisons)} | settings
    return {"normalise": {"method": "none"}, "weigh": weigh} | MEAN


def test_comparisons_in_pairs_give_weights_and_say_how_consistent_they_are(tmp_path: Path) -> None:
    """T. L. Saaty's scale; 3, 5, 3: weights 0.637, 0.258, 0.105 and a consistency ratio of 0.033."""
    pack = packs.load(
        tmp_path,
        ahp(["a", "b", 3], ["a", "c", 5], ["b", "c", 3], most_inconsistent=0.1),
        structure=COMPARED,
        observations=ONE,
    )
    assert pack.score().shares[0, 0, 1:].round(3).tolist() == [0.637, 0.258, 0.105]
    (found,) = consistencies(pack.score().structure, pack.score().recipe.weigh)
    assert found.composite == 0
    assert round(found.ratio, 3) == 0.033
    assert found.index == pytest.approx(found.ratio * 0.58)


def test_comparisons_that_contradict_each_other_are_refused_where_a_limit_is_set(tmp_path: Path) -> None:
    circle = (["a", "b", 3], ["b", "c", 3], ["c", "a", 3])
    (fault,) = packs.faults(tmp_path, ahp(*circle, most_inconsistent=0.1), structure=COMPARED, observations=ONE)
    assert "the weights below t: the comparisons have the consistency ratio 1.149; expected at most 0.1" in fault
    assert packs.faults(tmp_path, ahp(*circle), structure=COMPARED, observations=ONE) == []


@pytest.mark.parametrize(
    ("weigh", "message"),
    [
        (ahp(["a", "b", 3], ["b", "c", 3]), "the weights below t fail at a: a and c are not compared"),
        (ahp(["a", "b", 3], ["b", "a", 3]), "b and a are compared twice, with 0.333333 and 3"),
        (
            {"weigh": {"method": "budget_allocation", "points": {"a": [50, 50], "b": [50], "c": [0, 50]}}},
            "the weights below t fail at b: 1 experts gave points to b, 2 to a",
        ),
        (
            {"weigh": {"method": "budget_allocation", "points": {"a": [50, 50], "b": [50, 20], "c": [0, 20]}}},
            "expert 2 gave 90 points, expert 1 gave 100",
        ),
    ],
)
def test_judgements_that_cannot_be_used_are_told_by_name(tmp_path: Path, weigh: dict[str, Any], message: str) -> None:
    recipe = {"normalise": {"method": "none"}} | MEAN | weigh
    assert message in packs.faults(tmp_path, recipe, structure=COMPARED, observations=ONE)[0]


def test_pie_shares_limit_what_a_child_brings_to_the_score(tmp_path: Path) -> None:
    three = ONE + "".join(
        f"{code},{place},2024,{value},,yes,published,s,\n"
        for place, row in (("y", (30, 10, 20)), ("z", (20, 25, 10)))
        for code, value in zip("abc", row, strict=True)
    )

    def parts(limits_on: str) -> Any:
        mean = {"method": "benefit_of_the_doubt", "least_share": 0.2, "most_share": 0.5, "limits_on": limits_on}
        found = packs.load(
            tmp_path, {"normalise": {"method": "none"}, "aggregate": mean}, structure=COMPARED, observations=three
        ).score()
        weights, values = found.shares[:, 0, 1:], found.values[:, 0, 1:]
        return weights / weights.sum(axis=1, keepdims=True), weights * values / found.values[:, :1, 0]

    of_weights, _ = parts("weights")
    _, of_score = parts("score")
    for shares in (of_weights, of_score):
        assert (shares > 0.2 - 1e-9).all()
        assert (shares < 0.5 + 1e-9).all()
    assert not np.allclose(of_weights, of_score)


@pytest.mark.parametrize("method", ["min_max", "z_score", "percentile_rank"])
def test_an_indicator_that_nobody_has_in_a_period_has_no_score_there(tmp_path: Path, method: str) -> None:
    gap = "".join(line for line in OBSERVATIONS.splitlines(True) if not line.startswith(("b,x,2022", "b,y,2022")))
    normalise = {"method": method, "over": "period", "indicators": {"a": {"method": "none"}}}

    pack = packs.load(tmp_path, {"normalise": normalise} | MEAN, structure=STRUCTURE, observations=gap)

    assert packs.scores_of(pack, "b")["x", "2022"] is None
    assert packs.scores_of(pack, "t")["x", "2022"] == 10
