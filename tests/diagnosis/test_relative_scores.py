"""Scores that are relative to other places, or of values that were treated: what a value's own factors brought."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.diagnosis.worlds import DISTRICTS, YEARS, World

RELATIVE = {
    "ratio": "{method: ratio, to: mean, over: period, size: 100, lower_is_better: mirror}",
    "z_score": "{method: z_score, over: period, mean: 100, deviation: 10}",
    "min_max": "{method: min_max, over: period}",
}
TREATED = """format: 1
treat: {method: log}
normalise: {method: goalposts, to: [0, 100]}
aggregate: {method: arithmetic, over: children}
"""


def relative(folder: Path, normalise: str) -> World:
    """A town whose districts start from different values, scored within each year."""
    world = World(folder, town_has_values=False)
    world.files["recipe.yaml"] = (
        f"format: 1\nnormalise: {normalise}\naggregate: {{method: arithmetic, over: children}}\n"
    )
    for series in ("served",):
        world.change("meals", series, {"north": 1.1, "west": 0.8}, YEARS)
    world.change("visits", "delivered", {"north": 0.9, "west": 0.8}, YEARS)
    for place, value in zip(DISTRICTS, (30.0, 31.0, 32.0), strict=True):
        for year in YEARS:
            world.others["giving", place, year] = world.others["waiting", place, year] = value
    return world


@pytest.mark.parametrize("method", RELATIVE)
def test_a_place_that_is_overtaken_has_no_cause_of_its_own(tmp_path: Path, method: str) -> None:
    """North's budget grows by 2 % and that of the others by much more: its relative score falls, and nobody cut it."""
    world = relative(tmp_path / "pack", RELATIVE[method])
    for series in ("voted", "spent", "served"):
        world.change("meals", series, {"north": 1.02, "south": 1.4, "west": 1.6})
    [fall] = world.diagnose().of(place="north", node="meals", period="2023", comparison="year")
    assert (fall.cause, fall.reason) == ("undetermined", "moving_yardstick")
    assert fall.causes["funding"] > 0
    assert sum(fall.causes.values()) == pytest.approx(fall.points, abs=1e-9)


@pytest.mark.parametrize("method", RELATIVE)
def test_a_cut_in_one_place_is_still_named_where_scores_are_relative(tmp_path: Path, method: str) -> None:
    world = relative(tmp_path / "pack", RELATIVE[method])
    for series in ("voted", "spent", "served"):
        world.change("meals", series, {"south": 0.75})
    [fall] = world.diagnose().of(place="south", node="meals", period="2023", comparison="year")
    assert fall.cause == "funding"
    assert sum(fall.causes.values()) == pytest.approx(fall.points, abs=1e-9)


def test_the_score_of_a_rank_falls_without_a_cause_of_its_own(tmp_path: Path) -> None:
    world = relative(tmp_path / "pack", "{method: rank, over: period}")
    for series in ("voted", "spent", "served"):
        world.change("meals", series, {"north": 1.02, "south": 1.9, "west": 2.5})
    [fall] = world.diagnose().of(place="north", node="meals", period="2023", comparison="year")
    assert (fall.cause, fall.reason) == ("undetermined", "moving_yardstick")


def test_causes_of_a_treated_value_are_in_points_of_its_score(tmp_path: Path) -> None:
    """A logarithm is taken before scaling: the factors still bring the fall and not many times as much."""
    world = World(tmp_path / "pack", town_has_values=False)
    world.files["recipe.yaml"] = TREATED
    world.files["structure.csv"] = """code,parent,name_ko,name_en,unit,direction,weight,lower,upper
town,,도시,Town,,,,,
care,town,돌봄,Care,,,,,
trust,town,신뢰,Trust,,,,,
meals,care,급식,Meals,%,higher,,0,5
visits,care,방문,Visits,%,higher,,0,5
giving,trust,기부,Giving,%,higher,,0,5
waiting,trust,대기,Waiting,days,lower,,0,5
"""
    world.cut_budget(0.7)
    [fall] = world.diagnose().of(place="north", node="meals", period="2023", comparison="year")
    assert fall.cause == "funding"
    assert fall.causes == {"funding": pytest.approx(fall.points, abs=1e-6)}
