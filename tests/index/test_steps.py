"""Steps of a recipe, each on numbers that can be followed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import donghaeng
from donghaeng.errors import InputError
from donghaeng.index.contributions import contributions
from donghaeng.sources import Kind

NAN = float("nan")


def structure(**columns: list[Any]) -> pd.DataFrame:
    """A root over two indicators, a (higher is better) and b (lower), with further columns."""
    rows = {"code": ["t", "a", "b"], "parent": ["", "t", "t"], "direction": ["", "higher", "lower"]}
    return pd.DataFrame(rows | columns)


def recipe(**steps: Any) -> dict[str, Any]:
    return {"format": 1, "normalise": {"method": "none"}, "aggregate": {"method": "arithmetic"}} | steps


def frame(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def column(scores: Any, code: str) -> list[float]:
    """Scores of a node, place by place, period by period."""
    return [float(value) for value in scores.values[..., scores.structure.position[code]].ravel()]


def test_old_and_new_definitions_are_linked_where_both_were_measured() -> None:
    values = frame(place=["x"] * 3, period=[2022, 2023, 2024], a=[NAN, 50.0, 55.0], b=[1.0, 1.0, 1.0])
    old = frame(place=["x"] * 2, period=[2022, 2023], a_before=[80.0, 100.0])

    scores = donghaeng.compute(
        values, structure(), recipe(link=[{"indicator": "a", "old": "a_before", "at": "2023"}]), old
    )

    # The new definition gives half of the old one in 2023, so 80 of 2022 counts as 40.
    assert column(scores, "a") == [40.0, 50.0, 55.0]


def test_a_linked_value_is_of_the_kind_of_the_value_that_it_is_linked_to() -> None:
    values = frame(place=["x"] * 2, period=[2022, 2023], a=[NAN, 50.0], b=[1.0, 1.0])
    old = frame(place=["x"] * 2, period=[2022, 2023], a_before=[80.0, 100.0])
    link = [{"indicator": "a", "old": "a_before", "at": "2023"}]

    scores = donghaeng.compute(values, structure(), recipe(link=link), old, kind="simulated")

    # Made-up values form a mean among themselves, linked ones too.
    assert column(scores, "t") == [20.5, 25.5]
    assert set(scores.kinds.ravel().tolist()) == {Kind.SIMULATED}


def test_indicators_are_divided_by_the_attribute_of_their_period() -> None:
    values = frame(place=["x", "x"], period=[2023, 2024], a=[10.0, 10.0], b=[1.0, 1.0])
    people = frame(place=["x", "x"], period=[2023, 2024], people=[5.0, 4.0])

    scores = donghaeng.compute(
        values, structure(denominator=["", "people", ""]), recipe(denominate={"by": "column"}), people
    )

    assert column(scores, "a") == [2.0, 2.5]
    assert column(scores, "b") == [1.0, 1.0]


def test_gaps_are_filled_from_neighbours_and_stay_marked() -> None:
    values = frame(place=["x", "y", "z"], a=[NAN, 2.0, 4.0], b=[1.0, 1.0, 1.0])
    near = frame(place=["x", "y", "z"], near=["y z", "", ""])

    scores = donghaeng.compute(
        values, structure(), recipe(impute=[{"method": "neighbours_mean", "attribute": "near"}]), near
    )

    assert column(scores, "a") == [3.0, 2.0, 4.0]
    assert scores.imputed()[:, 0, scores.structure.root].tolist() == [1, 0, 0]
    assert scores.available[:, 0, scores.structure.root].tolist() == [2, 2, 2]


def test_places_with_too_little_data_have_no_score() -> None:
    values = frame(place=["x", "y"], a=[NAN, 2.0], b=[1.0, 1.0])

    scores = donghaeng.compute(values, structure(), recipe(screen={"places_available": 0.6}))

    assert np.isnan(scores.values[0, 0, 0])
    assert column(scores, "t")[1] == 1.5


@pytest.mark.parametrize("least", [0.0, 1.0])
def test_an_indicator_that_is_screened_out_is_left_out_and_not_missed(least: float) -> None:
    values = frame(place=["x", "y"], a=[1.0, 3.0], b=[0.0, 5.0])
    steps = {"screen": {"indicators_nonzero": 0.8}, "normalise": {"method": "min_max"}}
    mean = {"method": "arithmetic", "least_available": least}

    scores = donghaeng.compute(values, structure(weight=[1, 1, 3]), recipe(**steps, aggregate=mean))

    assert column(scores, "t") == [0, 100]
    assert scores.prepared.screened == (2,)


def test_a_zero_under_a_power_mean_brings_no_points() -> None:
    values, mean = frame(place=["x", "y"], a=[0.0, 4.0], b=[4.0, 4.0]), {"method": "generalised", "power": 0.5}

    scores = donghaeng.compute(values, structure(), recipe(aggregate=mean))

    assert column(scores, "t") == pytest.approx([1, 4])
    rows = contributions(scores).to_pylist()
    assert [row["points"] for row in rows if row["place"] == "x" and row["node"] == "t"] == pytest.approx([1])


def test_a_composite_without_new_data_keeps_its_last_score() -> None:
    values = frame(place=["x"] * 3, period=[2022, 2023, 2024], a=[1.0, NAN, 3.0], b=[1.0, 5.0, NAN])
    rule = recipe(impute=[{"method": "panel_latest"}], freeze={"level": 2, "least_observed": 0.75})

    frozen = donghaeng.compute(values, structure(), rule)
    moving = donghaeng.compute(values, structure(), rule | {"freeze": None})

    assert column(moving, "t") == [1.0, 3.0, 4.0]
    assert column(frozen, "t") == [1.0, 1.0, 1.0]  # half of the indicators is new in each later period
    assert column(frozen, "b") == [1.0, 5.0, 5.0]  # the indicators go on


def test_composites_are_stretched_around_a_value() -> None:
    values = frame(place=["x"], a=[104.0], b=[108.0])
    stretched = recipe(aggregate={"method": "arithmetic", "rescale_around": 100})

    scores = donghaeng.compute(values, structure(rescale=["1.5", "", ""]), stretched)

    assert column(scores, "t") == [109.0]
    points = scores.shares[0, 0, 1:] * scores.values[0, 0, 1:]
    assert points.sum() == pytest.approx(109.0)


def test_weights_come_from_experts_or_from_comparisons() -> None:
    values = frame(place=["x"], a=[10.0], b=[20.0])
    points = {"method": "budget_allocation", "points": {"a": [70, 50], "b": [30, 50]}}
    pairs = {"method": "ahp", "comparisons": [["a", "b", 3]]}

    assert column(donghaeng.compute(values, structure(), recipe(weigh=points)), "t") == pytest.approx([14.0])
    assert column(donghaeng.compute(values, structure(), recipe(weigh=pairs)), "t") == pytest.approx([12.5])
    with pytest.raises(InputError, match="a and b are not compared"):
        donghaeng.compute(values, structure(), recipe(weigh={"method": "ahp"}))


def test_each_place_may_have_the_weights_that_suit_it_best() -> None:
    values = frame(place=["x", "y"], a=[1.0, 4.0], b=[4.0, 1.0])

    scores = donghaeng.compute(values, structure(), recipe(aggregate={"method": "benefit_of_the_doubt"}))

    assert column(scores, "t") == pytest.approx([1.0, 1.0])


def test_places_are_weighted_means_of_their_parts_with_the_weights_of_the_period() -> None:
    from donghaeng.index.frames import attributes_of, panel_of, recipe_of, structure_of
    from donghaeng.index.score import score_panel
    from donghaeng.places import Place

    tree = structure_of(structure())
    places = (Place("land", "", "", ""), Place("x", "land", "", ""), Place("y", "land", "", ""))
    values = frame(
        place=["x", "y", "x", "y", "land"],
        period=[2023, 2023, 2024, 2024, 2024],
        a=[1.0, 2.0, 1.0, 2.0, NAN],
        b=[1.0, 2.0, 1.0, 2.0, NAN],
    )
    people = frame(place=["x", "y"] * 2, period=[2023, 2023, 2024, 2024], people=[1, 1, 3, 1])

    scores = score_panel(
        tree, recipe_of(recipe(places={"weights": "people"})), panel_of(values, tree), attributes_of(people), places
    )

    land = scores.places.index("land")
    assert scores.values[land, :, tree.root].tolist() == [1.5, 1.25]
    assert np.isnan(scores.ranks()[land]).all()


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ({"denominate": {"by": "column"}}, "no indicator has a denominator"),
        ({"impute": [{"method": "group_mean", "group": "region"}]}, 'unknown attribute "region"'),
        ({"impute": [{"method": "mean", "indicators": ["c"]}]}, "unknown indicator c"),
        ({"normalise": {"method": "goalposts"}}, "the goalpost is missing"),
        ({"normalise": {"method": "distance_to_target"}}, "the target is missing"),
        ({"normalise": {"method": "min_max"}}, "all values of the reference are"),
        ({"normalise": {"method": "z_score_reference", "period": "1999"}}, "no value in the reference period 1999"),
        ({"aggregate": {"method": "geometric"}}, "geometric"),
        ({"aggregate": {"method": "generalised"}}, "the generalised mean has no power"),
    ],
)
def test_a_step_that_cannot_be_carried_out_says_why(steps: dict[str, Any], message: str) -> None:
    values = frame(place=["x", "y"], a=[0.0, 0.0], b=[1.0, 1.0])

    with pytest.raises(InputError, match=message):
        donghaeng.compute(values, structure(), recipe(**steps))
