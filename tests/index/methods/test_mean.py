from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from donghaeng.index.methods import MethodError, mean
from donghaeng.index.methods.outrank import copeland, outranking
from donghaeng.panel import Floats

REFERENCE = Path(__file__).parents[2] / "reference" / "asem_weights"

#: Handbook, table 23: countries in the order of the table.
ORDER = [
    *("Finland", "United States", "Sweden", "Japan", "Korea", "Netherlands", "United Kingdom", "Singapore", "Canada"),
    *("Australia", "Germany", "Norway", "Ireland", "Belgium", "New Zealand", "Austria", "France", "Israel", "Spain"),
    *("Italy", "Czech Republic", "Hungary", "Slovenia"),
]


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(newline="") as file:
        return list(csv.DictReader(file))


def ranks(scores: Floats) -> list[int]:
    """Highest is 1, ties get the smallest rank."""
    return [int((scores > score + 1e-9).sum()) + 1 for score in scores]


# The reference index


class Example:
    """The ASEM example on min-max 1-100, level by level."""

    def __init__(self) -> None:
        self.structure = rows("structure.csv")
        treated: dict[str, dict[str, float]] = defaultdict(dict)
        for row in rows("treated.csv"):
            treated[row["iCode"]][row["uCode"]] = float(row["value"])
        self.units = sorted(next(iter(treated.values())))
        direction = {row["iCode"]: float(row["Direction"]) for row in self.structure}
        self.indicators: dict[str, Floats] = {}
        for code, values in treated.items():
            y = direction[code] * np.array([values[unit] for unit in self.units])
            self.indicators[code] = 1 + 99 * (y - y.min()) / (y.max() - y.min())

    def aggregate(self, functions: list[Callable[[Floats, Floats], Floats]]) -> dict[str, Floats]:
        values = dict(self.indicators)
        for level, function in zip((2, 3, 4), functions, strict=True):
            for row in self.structure:
                if int(row["Level"]) == level:
                    children = [child for child in self.structure if child["Parent"] == row["iCode"]]
                    table = np.column_stack([values[child["iCode"]] for child in children])
                    values[row["iCode"]] = function(table, np.array([float(child["Weight"]) for child in children]))
        return values


def copeland_of(x: Floats, w: Floats) -> Floats:
    return copeland(outranking(x, w))


CONFIGURATIONS: dict[str, list[Callable[[Floats, Floats], Floats]]] = {
    "amean": [mean.arithmetic] * 3,
    "gmean": [mean.geometric] * 3,
    "hmean": [mean.harmonic] * 3,
    "genmean_p2": [lambda x, w: mean.generalised(x, w, power=2)] * 3,
    "genmean_pm1": [lambda x, w: mean.generalised(x, w, power=-1)] * 3,
    "median": [lambda x, w: mean.median(x)] * 3,
    "amean_amean_gmean": [mean.arithmetic, mean.arithmetic, mean.geometric],
    "amean_gmean_hmean": [mean.arithmetic, mean.geometric, mean.harmonic],
    "copeland_all": [copeland_of] * 3,
    "amean_amean_copeland": [mean.arithmetic, mean.arithmetic, copeland_of],
    "amean_copeland_amean": [mean.arithmetic, copeland_of, mean.arithmetic],
}


@pytest.fixture(scope="module")
def example() -> Example:
    return Example()


@pytest.fixture(scope="module")
def aggregations() -> dict[str, dict[str, dict[str, tuple[float, int]]]]:
    table: dict[str, dict[str, dict[str, tuple[float, int]]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows("aggregations.csv"):
        table[row["config"]][row["iCode"]][row["uCode"]] = (float(row["value"]), int(row["rank"]))
    return table


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_every_aggregation_of_the_reference_comes_out(configuration, example, aggregations):
    computed = example.aggregate(CONFIGURATIONS[configuration])
    assert len(aggregations[configuration]) == 11
    for code, expected in aggregations[configuration].items():
        values = np.array([expected[unit][0] for unit in example.units])
        np.testing.assert_allclose(computed[code], values, rtol=1e-9, atol=1e-9)
        assert ranks(computed[code]) == [expected[unit][1] for unit in example.units]


# Published cases


def technology() -> tuple[Floats, list[str]]:
    table = rows("technology_achievement_index.csv")
    return np.array([[float(row[name]) for name in list(row)[1:]] for row in table]), [row["country"] for row in table]


def in_handbook_order(values: list[int], countries: list[str]) -> list[int]:
    return [values[countries.index(country)] for country in ORDER]


@pytest.mark.parametrize(
    ("weights", "published", "apart"),
    [
        ([1] * 8, list(range(1, 24)), 0),
        (
            [0.11, 0.11, 0.11, 0.18, 0.10, 0.06, 0.15, 0.18],
            [1, 2, 3, 5, 4, 8, 7, 6, 10, 11, 9, 13, 12, 14, 17, 15, 16, 18, 19, 21, 22, 20, 23],
            0,
        ),
        (
            [0.17, 0.15, 0.11, 0.06, 0.08, 0.13, 0.13, 0.17],
            [1, 2, 3, 4, 5, 6, 8, 11, 10, 7, 12, 9, 14, 15, 13, 16, 17, 18, 19, 20, 21, 23, 22],
            1,
        ),
        (
            [0.09, 0.10, 0.07, 0.21, 0.05, 0.06, 0.18, 0.25],
            [1, 3, 4, 5, 2, 11, 7, 6, 10, 9, 8, 16, 12, 13, 18, 15, 14, 17, 19, 21, 22, 20, 23],
            2,
        ),
    ],
    ids=["equal", "budget allocation", "factor analysis", "analytic hierarchy"],
)
def test_the_handbook_ranks_of_the_technology_achievement_index_come_out(weights, published, apart):
    # OECD/JRC 2008, weights of table 22 (two decimals) and ranks of table 23. Goalposts of Saisana, Saltelli and
    # Tarantola 2005, table 1, in the logarithms of the Handbook; values above the goalpost count as the goalpost.
    # Ranks apart for the last two: neighbours closer to each other than the rounding of the weights.
    values, countries = technology()
    low = np.array([0, 0, 0, 0, 0, np.log10(22), 0.8, 0.1])
    high = np.array([994, 272.6, 232.4, 80.8, np.log10(901), np.log10(6969), 12, 27.4])
    scores = mean.arithmetic(np.clip((values - low) / (high - low), 0, 1), np.array(weights, float))
    computed = in_handbook_order(ranks(scores), countries)
    assert max(abs(ours - theirs) for ours, theirs in zip(computed, published, strict=True)) <= apart


def test_the_handbook_ranks_by_geometric_aggregation_come_out():
    # OECD/JRC 2008, table 38, column GME: the geometric mean of the data as they are.
    published = [2, 1, 3, 4, 16, 5, 6, 18, 13, 14, 8, 11, 7, 9, 17, 12, 10, 15, 19, 21, 23, 22, 20]
    values, countries = technology()
    assert in_handbook_order(ranks(mean.geometric(values)), countries) == published


def test_a_weak_point_costs_more_under_the_geometric_mean():
    # OECD/JRC 2008, section 6.11: 21, 1, 1, 1 and 6, 6, 6, 6, and the same with one unit more on the second.
    x = np.array([[21.0, 1, 1, 1], [6, 6, 6, 6], [21, 2, 1, 1], [6, 7, 6, 6]])
    np.testing.assert_allclose(mean.arithmetic(x)[:2], [6, 6])
    np.testing.assert_allclose(mean.geometric(x), [2.14, 6, 2.54, 6.23], atol=0.006)


# Missing values, weights and thresholds


MEANS: dict[str, Callable[..., Floats]] = {
    "arithmetic": mean.arithmetic,
    "geometric": mean.geometric,
    "harmonic": mean.harmonic,
    "quadratic": lambda x, w=None: mean.generalised(x, w, power=2),
    "median": mean.median,
    "minimum": mean.minimum,
    "mazziotta_pareto": mean.mazziotta_pareto,
}
GRADIENTS: dict[str, Callable[..., Floats]] = {
    "arithmetic": mean.arithmetic_gradient,
    "geometric": mean.geometric_gradient,
    "harmonic": mean.harmonic_gradient,
    "quadratic": lambda x, w=None: mean.generalised_gradient(x, w, power=2),
    "median": mean.median_gradient,
    "minimum": mean.minimum_gradient,
    "mazziotta_pareto": mean.mazziotta_pareto_gradient,
}


@pytest.mark.parametrize("name", MEANS)
def test_a_missing_value_is_skipped_and_an_empty_row_is_missing(name):
    x = np.array([[2.0, np.nan, 8.0], [np.nan] * 3])
    before = x.copy()
    scores = MEANS[name](x, np.array([1.0, 5.0, 3.0]))
    np.testing.assert_allclose(scores[0], MEANS[name](np.array([[2.0, 8.0]]), np.array([1.0, 3.0]))[0])
    assert np.isnan(scores[1])
    assert (GRADIENTS[name](x)[1] == 0).all()
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("name", MEANS)
def test_a_column_of_weight_zero_takes_no_part(name):
    x = np.array([[2.0, -7.0, 8.0], [4.0, 0.0, 1.0]])
    np.testing.assert_allclose(MEANS[name](x, np.array([1.0, 0.0, 2.0])), MEANS[name](x[:, ::2], np.array([1.0, 2.0])))


def test_many_sets_of_weights_are_averaged_at_once():
    x, w = np.arange(1.0, 13).reshape(4, 3), np.random.default_rng(1).random((5, 1, 3))
    many = mean.geometric(x, w)
    assert many.shape == (5, 4)
    for index in range(5):
        np.testing.assert_allclose(many[index], mean.geometric(x, w[index, 0]))


def test_what_is_available_is_counted():
    there = mean.available(np.array([[1.0, np.nan, 3.0, np.nan]]), np.array([1.0, 2.0, 5.0, 0.0]))
    assert (there.count[0], there.count_share[0], there.weight_share[0]) == (2, pytest.approx(2 / 3), 0.75)


def test_scores_on_too_little_data_are_withheld():
    x = np.array([[1.0, 2, 3], [1.0, 2, np.nan], [1.0, np.nan, np.nan]])
    scores = mean.arithmetic(x)
    np.testing.assert_array_equal(np.isnan(mean.withhold(scores, x, least_weight_share=2 / 3)), [False, False, True])
    np.testing.assert_array_equal(np.isnan(mean.withhold(scores, x, least_count_share=0.9)), [False, True, True])
    np.testing.assert_array_equal(np.isnan(mean.withhold(scores, x, least_count=2)), [False, False, True])
    np.testing.assert_array_equal(mean.withhold(scores, x), scores)
    with pytest.raises(MethodError, match="least_weight_share is 90"):
        mean.withhold(scores, x, least_weight_share=90)


# Errors


@pytest.mark.parametrize(
    "score",
    [mean.geometric, mean.harmonic, lambda x: mean.generalised(x, power=0), lambda x: mean.generalised(x, power=-2)],
)
@pytest.mark.parametrize("bad", [0.0, -3.0])
def test_a_value_the_mean_cannot_take_is_named(score, bad):
    x = np.full((4, 3), 5.0)
    x[2, 1] = bad
    with pytest.raises(MethodError, match="row 2, column 1") as caught:
        score(x)
    assert (caught.value.row, caught.value.column) == (2, 1)
    assert "min-max to 1-100" in caught.value.remedy


def test_a_power_above_zero_takes_zero_but_no_negative_value():
    np.testing.assert_allclose(mean.generalised(np.array([[0.0, 2.0]]), power=2), np.sqrt(2))
    np.testing.assert_allclose(mean.generalised(np.array([[0.0, 0.0]]), power=0.5), 0)
    with pytest.raises(MethodError, match="row 0, column 0"):
        mean.generalised(np.array([[-1.0, 2.0]]), power=2)


@pytest.mark.parametrize(
    ("x", "w", "what"),
    [
        ([[1.0, np.inf]], None, "row 0, column 1 is infinite"),
        ([[1.0, 2.0]], [1.0, -1.0], "weight of column 1 is -1"),
        ([[1.0, 2.0]], [1.0, np.nan], "weight of column 1 is nan"),
        ([[1.0, 2.0]], [0.0, 0.0], "sum to zero"),
        ([[1.0, 2.0]], [1.0, 1.0, 1.0], "do not fit"),
        ([[]], None, "nothing to average"),
    ],
)
def test_bad_input_is_refused(x, w, what):
    for score in MEANS.values():
        with pytest.raises(MethodError, match=what):
            score(np.array(x), None if w is None else np.array(w))


def test_the_row_of_an_error_counts_through_all_leading_axes():
    x = np.ones((2, 3, 2))
    x[1, 2, 0] = 0
    with pytest.raises(MethodError) as caught:
        mean.geometric(x)
    assert (caught.value.row, caught.value.column) == (5, 0)


# Particular means


def test_the_weighted_median_is_where_half_of_the_weight_is_reached():
    x = np.array([[1.0, 2.0, 3.0, 4.0]])
    assert mean.median(x)[0] == 2.5
    assert mean.median(x, np.array([1.0, 1.0, 1.0, 4.0]))[0] == 4
    assert mean.median(x, np.array([3.0, 1.0, 1.0, 1.0]))[0] == 1.5
    assert mean.median(x, np.array([0.0, 1.0, 0.0, 1.0]))[0] == 3


def test_ordered_weights_reach_from_minimum_to_maximum():
    x = np.array([[3.0, 1.0, 2.0], [np.nan, 5.0, 4.0]])
    np.testing.assert_allclose(mean.ordered_weighted(x, np.array([1.0, 0, 0])), [3, 5 * 2 / 3 * 1.5])
    np.testing.assert_allclose(mean.ordered_weighted(x, np.array([1.0, 1, 1])), [2, 4.5])
    np.testing.assert_allclose(mean.ordered_weighted(x, np.array([0.5, 0.3, 0.2]))[0], 0.5 * 3 + 0.3 * 2 + 0.2)
    # Two of three values: half of the positions hold 0.5 + 0.3 / 2 of the weight.
    np.testing.assert_allclose(mean.ordered_weighted(x, np.array([0.5, 0.3, 0.2]))[1], 0.65 * 5 + 0.35 * 4)
    assert mean.orness(np.array([1.0, 0, 0])) == 1
    assert mean.orness(np.array([0.0, 0, 1])) == 0
    assert mean.orness(np.array([2.0, 2, 2])) == pytest.approx(0.5)
    with pytest.raises(MethodError, match="2 order weights for 3"):
        mean.ordered_weighted(x, np.array([1.0, 0]))


def test_mazziotta_pareto_takes_off_the_unevenness():
    # M = 100, S^2 = 200 / 2 (population), so the penalty is 100 / 100 = 1.
    x = np.array([[110.0, 90.0], [100.0, 100.0]])
    np.testing.assert_allclose(mean.mazziotta_pareto(x), [99, 100])
    np.testing.assert_allclose(mean.mazziotta_pareto(x, penalty="up"), [101, 100])
    np.testing.assert_allclose(mean.adjusted_mazziotta_pareto(x), [99, 100])
    with pytest.raises(MethodError, match="mean of row 1 is 0") as caught:
        mean.mazziotta_pareto(np.array([[1.0, 2.0], [-1.0, 1.0]]))
    assert caught.value.row == 1
    with pytest.raises(MethodError, match="down or up"):
        mean.mazziotta_pareto(x, penalty="positive")  # type: ignore[arg-type]


def test_adjusted_goalposts_put_the_reference_at_100():
    low, high = mean.adjusted_goalposts(np.array([10.0]), np.array([50.0]), np.array([20.0]))
    assert (low[0], high[0]) == (0, 40)
    assert 70 + 60 * (20 - low[0]) / (high[0] - low[0]) == 100
    with pytest.raises(MethodError, match="column 0 has no range"):
        mean.adjusted_goalposts(np.array([1.0]), np.array([1.0]), np.array([1.0]))


# Properties

tables = arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 6)), elements=st.floats(0.01, 1000))


@st.composite
def tables_and_weights(draw: st.DrawFn) -> tuple[Floats, Floats]:
    x = draw(tables)
    w = draw(arrays(np.float64, x.shape[1], elements=st.floats(0.001, 100)))
    gaps = draw(arrays(np.bool_, x.shape))
    return np.where(gaps, np.nan, x), w


@given(tables_and_weights(), st.sampled_from(sorted(MEANS)))
@settings(deadline=None)
def test_contributions_sum_to_the_score(case, name):
    x, w = case
    scores = MEANS[name](x, w)
    points = mean.contributions(x, GRADIENTS[name](x, w))
    np.testing.assert_allclose(
        points.sum(axis=-1), np.nan_to_num(scores), rtol=1e-9, atol=1e-6 * np.nanmax([1, *x.flat])
    )
    assert (points[np.isnan(x)] == 0).all()


@given(tables_and_weights(), st.floats(-30, 30))
@settings(deadline=None)
def test_contributions_sum_to_the_score_at_every_power(case, power):
    x, w = case
    points = mean.contributions(x, mean.generalised_gradient(x, w, power=power))
    np.testing.assert_allclose(points.sum(axis=-1), np.nan_to_num(mean.generalised(x, w, power=power)), rtol=1e-8)


def test_contributions_at_zero_sum_to_the_score():
    x = np.array([[0.0, 4.0], [0.0, 0.0], [0.0, np.nan]])
    for power in (0.5, 2.0, np.inf, -np.inf):
        points = mean.contributions(x, mean.generalised_gradient(x, power=power))
        np.testing.assert_allclose(points.sum(axis=-1), mean.generalised(x, power=power))


@pytest.mark.parametrize("name", ["arithmetic", "geometric", "harmonic", "quadratic", "mazziotta_pareto"])
def test_gradients_are_the_slopes(name):
    generator = np.random.default_rng(5)
    x, w = generator.uniform(80, 120, (6, 4)), generator.random(4)
    x[2, 1] = np.nan
    for column in range(4):
        step = np.zeros(4)
        step[column] = 1e-4
        slope = (MEANS[name](x + step, w) - MEANS[name](x - step, w)) / 2e-4
        np.testing.assert_allclose(GRADIENTS[name](x, w)[:, column], slope, atol=1e-8)


@given(tables_and_weights(), st.floats(-20, 20), st.floats(-20, 20))
@settings(deadline=None)
def test_the_generalised_mean_grows_with_its_power(case, one, other):
    x, w = case
    low, high = (mean.generalised(x, w, power=power) for power in sorted((one, other)))
    assert (np.nan_to_num(low) <= np.nan_to_num(high) * (1 + 1e-12)).all()


@given(tables_and_weights())
@settings(deadline=None)
def test_geometric_is_between_harmonic_and_arithmetic(case):
    x, w = case
    harmonic, geometric, arithmetic = (np.nan_to_num(MEANS[n](x, w)) for n in ("harmonic", "geometric", "arithmetic"))
    assert (harmonic <= geometric * (1 + 1e-12)).all()
    assert (geometric <= arithmetic * (1 + 1e-12)).all()
    assert (np.nan_to_num(mean.minimum(x, w)) <= harmonic * (1 + 1e-12)).all()


@given(tables_and_weights(), st.floats(0.01, 100), st.randoms())
@settings(deadline=None)
def test_scale_and_order_of_columns_do_not_matter(case, factor, random):
    x, w = case
    order = list(range(len(w)))
    random.shuffle(order)
    for score in MEANS.values():
        expected = score(x, w)
        np.testing.assert_allclose(score(x[:, order], w[order] * factor), expected, rtol=1e-9, atol=1e-6)
        np.testing.assert_allclose(score(x * factor, w), expected * factor, rtol=1e-9, atol=1e-6 * factor)


def test_powers_next_to_zero_and_far_from_it_stay_exact():
    x = np.array([[1.0, 2.0, 40.0]])
    np.testing.assert_allclose(mean.generalised(x, power=1e-12), mean.geometric(x), rtol=1e-11)
    np.testing.assert_allclose(mean.generalised(x, power=5000.0), 40 * 3 ** (-1 / 5000), rtol=1e-12)
    np.testing.assert_allclose(mean.generalised(x, power=-5000.0), 1 * 3 ** (1 / 5000), rtol=1e-12)
    assert mean.generalised(x, power=np.inf)[0] == 40
    assert mean.generalised(x, power=-np.inf)[0] == 1
    with pytest.raises(MethodError, match="not a number"):
        mean.generalised(x, power=np.nan)
