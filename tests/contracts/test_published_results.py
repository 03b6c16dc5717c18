"""What packs were published to say comes out of their data."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import donghaeng
from donghaeng.index.published import published_table
from donghaeng.index.scores import Scores

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="module")
def health_index() -> Scores:
    return donghaeng.load("uk/ons-health-index").score()


def test_every_published_figure_of_the_health_index_comes_out_of_its_raw_values(health_index: Scores) -> None:
    rows = published_table(health_index).to_pylist()
    differences = [abs(row["computed"] - row["published"]) for row in rows]

    assert len(rows) == 25_359
    # One tie, Birmingham 2016 Li.4, turns on the sixth decimal of a factor weight.
    assert max(differences) <= 0.0501
    assert sum(difference > 0.05 for difference in differences) <= 1


def test_the_tolerance_of_the_health_index_is_its_printed_digit_and_little_more(health_index: Scores) -> None:
    tolerances = np.array([row["tolerance"] for row in published_table(health_index).to_pylist()])

    assert np.quantile(tolerances, 0.9) < 0.06


def test_england_in_the_base_year_is_100_at_every_node(health_index: Scores) -> None:
    england = health_index.places.index("E92000001")

    assert health_index.values[england, 0] == pytest.approx(np.full(len(health_index.structure.nodes), 100), abs=1e-9)


def test_places_with_parts_have_no_rank(health_index: Scores) -> None:
    ranks = health_index.ranks()[:, -1, health_index.structure.root]

    assert np.isnan(ranks[list(health_index.parts)]).all()
    assert np.nanmax(ranks) == 149


def test_imputed_indicators_stay_marked_to_the_top(health_index: Scores) -> None:
    imputed = health_index.imputed()[..., health_index.structure.root]

    assert imputed[health_index.places.index("E06000001"), 0] == 8
    assert imputed[health_index.places.index("E92000001"), 0] >= 8


def test_the_human_development_index_is_exact_to_its_three_decimals() -> None:
    rows = published_table(donghaeng.load("undp/hdi").score()).to_pylist()

    assert len(rows) == 105
    assert [round(row["computed"], 3) for row in rows] == [row["published"] for row in rows]


def test_the_worked_example_of_connectivity_comes_out_step_by_step() -> None:
    scores = donghaeng.load("eu/asem-connectivity").score()
    with (REFERENCE / "asem" / "steps.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["dset"] == "Aggregated"]
    places = {code: index for index, code in enumerate(scores.places)}

    got = [scores.values[places[row["uCode"]], 0, scores.structure.position[row["iCode"]]] for row in rows]

    assert len(rows) == 51 * 60
    np.testing.assert_allclose(got, [float(row["value"]) for row in rows], rtol=1e-9, atol=1e-12)


def test_the_ranks_of_connectivity_are_exact() -> None:
    scores = donghaeng.load("eu/asem-connectivity").score()
    ranks = scores.ranks()
    with (REFERENCE / "asem" / "ranks.csv").open() as file:
        rows = list(csv.DictReader(file))

    for row in rows:
        place, node = scores.places.index(row["uCode"]), scores.structure.position[row["iCode"]]
        assert ranks[place, 0, node] == float(row["value"])
