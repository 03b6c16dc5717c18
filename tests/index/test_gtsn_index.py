"""The published numbers of Seoul's index, from the facts in `shared/facts/gtsn_index.md`."""

from typing import Any

import pytest

import donghaeng
from donghaeng.index.changes import changes_table
from donghaeng.index.contributions import contributions
from donghaeng.index.published import conflicts_table, published_table
from donghaeng.index.scores import Scores

AREAS = {"livelihood": 12, "housing": 6, "health": 10, "education": 8, "safety": 9, "integration": 5}
PUBLISHED_2024 = {
    "livelihood": 127.8,
    "housing": 120.3,
    "health": 156.5,
    "education": 111.3,
    "safety": 148.9,
    "integration": 95.6,
}
PUBLISHED_2023 = {
    "livelihood": 100.8,
    "housing": 125.1,
    "health": 120.1,
    "education": 98.4,
    "safety": 124.9,
    "integration": 97.9,
}


@pytest.fixture(scope="module")
def scores() -> Scores:
    return donghaeng.load("seoul/gtsn-index").score()


@pytest.fixture(scope="module")
def by_node(scores: Scores) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["node"], row["period"]): row for row in scores.table().to_pylist()}


def change_of(scores: Scores, node: str, period: str, comparison: str) -> dict[str, Any]:
    (row,) = (
        row
        for row in changes_table(scores).to_pylist()
        if (row["node"], row["period"], row["comparison"]) == (node, period, comparison)
    )
    return dict(row)


def test_2024_is_the_mean_of_50_indicators(by_node: dict[tuple[str, str], dict[str, Any]]) -> None:
    row = by_node["gtsn", "2024"]
    mean = sum(PUBLISHED_2024[area] * count for area, count in AREAS.items()) / 50
    assert row["value"] == pytest.approx(mean, abs=1e-12)
    assert row["value"] == pytest.approx(130.578, abs=1e-9)
    assert (row["available"], row["of"], row["level"]) == (50, 50, 3)


def test_2023_is_the_mean_of_49_indicators_with_housing_as_five(
    by_node: dict[tuple[str, str], dict[str, Any]],
) -> None:
    row = by_node["gtsn", "2023"]
    counts = {**AREAS, "housing": 5}
    mean = sum(PUBLISHED_2023[area] * count for area, count in counts.items()) / 49
    assert row["value"] == pytest.approx(mean, abs=1e-12)
    assert row["value"] == pytest.approx(110.957, abs=5e-4)
    assert (row["available"], row["of"]) == (49, 50)
    assert (by_node["housing", "2023"]["available"], by_node["housing", "2023"]["of"]) == (5, 6)


def test_the_base_year_is_100_and_2025_has_no_score(by_node: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert by_node["gtsn", "2022"]["value"] == 100
    assert by_node["gtsn", "2025"]["value"] is None
    assert by_node["gtsn", "2025"]["available"] == 0


def test_published_totals_agree_and_2025_cannot_be_computed(scores: Scores) -> None:
    rows = {row["period"]: row for row in published_table(scores).to_pylist()}
    assert [(period, row["node"], row["published"], row["agrees"]) for period, row in rows.items()] == [
        ("2022", "gtsn", 100.0, True),
        ("2023", "gtsn", 111.0, True),
        ("2024", "gtsn", 130.6, True),
        ("2025", "gtsn", 150.7, None),
    ]
    assert rows["2025"]["computed"] is None
    assert rows["2025"]["kind"] == "second_hand"
    # Half a digit of the total, and half a digit of the areas, which carries over whole to their mean.
    assert rows["2024"]["tolerance"] == pytest.approx(0.05 + 0.05)


def test_50_indicators_in_2023_would_not_agree() -> None:
    """The rival reading: 111 is a rounded 111.24."""
    rival = sum(PUBLISHED_2023[area] * count for area, count in AREAS.items()) / 50
    assert rival == pytest.approx(111.24)
    assert abs(rival - 111.0) > 0.1


def test_a_given_area_is_not_compared_with_itself(scores: Scores) -> None:
    assert {row["node"] for row in published_table(scores).to_pylist()} == {"gtsn"}


def test_unused_variants_are_listed_as_conflicts(scores: Scores) -> None:
    rows = conflicts_table(scores).to_pylist()
    assert [(row["node"], row["period"], row["used"], row["variant"]) for row in rows] == [
        ("gtsn", "2023", "111.0", "111"),
        ("integration", "2023", "97.9", "97.6"),
    ]
    assert rows[1]["difference"] == pytest.approx(-0.3)
    assert rows[1]["source"] == "sedaily-2024-06-19;asiatoday-2024-06-19"


@pytest.mark.parametrize(("period", "index", "raw"), [("2023", 139.1, 2694), ("2024", 111.4, 2157)])
def test_housing_environment_improvement_has_its_own_index(
    by_node: dict[tuple[str, str], dict[str, Any]], period: str, index: float, raw: int
) -> None:
    row = by_node["H02", period]
    assert row["value"] == pytest.approx(100 * raw / 1937)
    assert round(row["value"], 1) == index
    assert (row["available"], row["of"], row["level"]) == (1, 1, 1)


def test_an_indicator_of_a_given_area_has_no_part_in_the_total(scores: Scores) -> None:
    parts = {row["part"] for row in contributions(scores).to_pylist()}
    assert parts == set(AREAS)


def test_second_hand_raw_values_make_second_hand_indices(by_node: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert by_node["H02", "2023"]["kind"] == "second_hand"
    assert by_node["gtsn", "2024"]["kind"] == "derived"


def test_contributions_of_the_areas_sum_to_the_total(scores: Scores) -> None:
    rows = [row for row in contributions(scores).to_pylist() if row["period"] == "2024" and row["node"] == "gtsn"]
    assert {row["part"]: row["share"] for row in rows} == pytest.approx({area: n / 50 for area, n in AREAS.items()})
    assert sum(row["points"] for row in rows) == pytest.approx(130.578, abs=1e-9)


def test_the_fall_of_housing_in_2024_may_be_its_sixth_indicator_alone(scores: Scores) -> None:
    row = change_of(scores, "housing", "2024", "year")
    assert row["change"] == pytest.approx(-4.8)
    assert row["comparable"] is False
    assert row["common_change"] is None
    assert (row["available_before"], row["available"]) == (5, 6)
    assert (row["value_change"], row["coverage_change"]) == pytest.approx((0.0, -4.8))
    # Six indicators at 120.3 less five at 125.1: a sixth at 96.3 alone would give the whole fall.
    assert row["newcomers"] == pytest.approx(6 * 120.3 - 5 * 125.1)
    assert round(row["newcomers"], 1) == 96.3


def test_the_rise_of_the_total_is_split_into_values_and_coverage(scores: Scores) -> None:
    row = change_of(scores, "gtsn", "2024", "year")
    others = {area: count for area, count in AREAS.items() if area != "housing"}
    rise = {area: PUBLISHED_2024[area] - PUBLISHED_2023[area] for area in others}
    value_change = sum(rise[area] * (count / 49 + count / 50) / 2 for area, count in others.items())
    common_change = sum(rise[area] * count for area, count in others.items()) / 44
    assert row["change"] == pytest.approx(130.578 - 110.957142857)
    assert row["value_change"] == pytest.approx(value_change)
    assert row["coverage_change"] == pytest.approx(row["change"] - value_change)
    assert row["common_change"] == pytest.approx(common_change)
    assert row["comparable"] is False


def test_both_comparisons_are_given_and_may_disagree_in_sign(scores: Scores) -> None:
    assert change_of(scores, "H02", "2024", "base")["change"] > 0
    assert change_of(scores, "H02", "2024", "year")["change"] < 0


def test_against_the_base_year_there_is_no_coverage_term(scores: Scores) -> None:
    for row in changes_table(scores).to_pylist():
        if row["comparison"] == "base":
            assert row["coverage_change"] == pytest.approx(0, abs=1e-12)
            assert row["comparable"] is True
