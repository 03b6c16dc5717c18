"""What must hold for any data, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from donghaeng.index import study
from donghaeng.index.methods import MethodError
from donghaeng.panel import Floats

numbers = st.integers(-50, 50).map(float)


def tables(least_columns: int = 2, least_rows: int = 4) -> st.SearchStrategy[Floats]:
    shapes = st.tuples(st.integers(least_rows, 12), st.integers(least_columns, 5))
    return shapes.flatmap(lambda shape: arrays.arrays(np.float64, shape, elements=numbers))


def with_gaps(seed: int, rows: int = 40, columns: int = 5, share: float = 0.15) -> Floats:
    random = np.random.default_rng(seed)
    table = random.normal(size=(rows, columns)) + random.normal(size=(rows, 1))
    table[random.random(table.shape) < share] = np.nan
    return table


@pytest.mark.parametrize("coefficient", ["pearson", "spearman", "kendall"])
def test_pairwise_correlations_and_p_values_agree_with_scipy(coefficient: study.correlation.Coefficient) -> None:
    # Rounding makes ties; scipy sees only the units that have both.
    table = np.round(with_gaps(1), 1)
    found = study.correlate(table, coefficient=coefficient)
    theirs = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}[coefficient]
    for first in range(5):
        for second in range(5):
            both = np.isfinite(table[:, first]) & np.isfinite(table[:, second])
            if first != second:
                wanted = theirs(table[both, first], table[both, second])
                assert found.values[first, second] == pytest.approx(wanted[0], rel=1e-12)
                assert found.p_values[first, second] == pytest.approx(wanted[1], rel=1e-9)
            assert found.counts[first, second] == both.sum()


def kendall_by_hand(one: Floats, other: Floats) -> float:
    first, second = (np.sign(values[:, None] - values[None, :]) for values in (one, other))
    return float((first * second).sum() / np.sqrt((first != 0).sum() * (second != 0).sum()))


def test_kendall_is_tau_b() -> None:
    one, other = np.array([1.0, 1, 2, 3, 3, 4]), np.array([2.0, 1, 1, 3, 5, 5])
    found = study.correlate(one[:, None], other[:, None], "kendall")
    assert found.values[0, 0] == pytest.approx(kendall_by_hand(one, other), rel=1e-12)


@given(tables(), st.floats(0.5, 20), st.floats(-100, 100))
@settings(max_examples=60, deadline=None)
def test_correlations_do_not_see_scale_or_shift(table: Floats, scale: float, shift: float) -> None:
    found, moved = study.correlate(table), study.correlate(table * scale + shift)
    np.testing.assert_allclose(found.values, moved.values, atol=1e-9)
    np.testing.assert_allclose(found.values, found.values.T)
    assert np.nanmax(np.abs(found.values), initial=0) <= 1


@given(tables(), st.floats(0.5, 20), st.floats(-100, 100))
@settings(max_examples=60, deadline=None)
def test_alpha_does_not_see_scale_shift_or_order(table: Floats, scale: float, shift: float) -> None:
    try:
        alpha = study.cronbach_alpha(table).alpha
    except MethodError:
        assert np.cov(table.T).sum() <= 1e-9
        return
    if np.cov(table.T).sum() > 1e-6:
        assert study.cronbach_alpha(table * scale + shift).alpha == pytest.approx(alpha, rel=1e-6, abs=1e-6)
        assert study.cronbach_alpha(table[:, ::-1]).alpha == pytest.approx(alpha, rel=1e-9, abs=1e-9)


def test_alpha_of_parallel_indicators_follows_spearman_and_brown() -> None:
    """k indicators of equal variance that correlate by r have alpha = k r / (1 + (k - 1) r)."""
    unit = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    table = np.column_stack([unit[:, 0], 0.6 * unit[:, 0] + 0.8 * unit[:, 1]])
    assert study.cronbach_alpha(table).alpha == pytest.approx(2 * 0.6 / 1.6, rel=1e-12)
    assert study.cronbach_alpha(np.column_stack([table[:, 0]] * 3)).alpha == pytest.approx(1, rel=1e-12)
    assert np.isnan(study.cronbach_alpha(table).without).all()


@given(tables(least_rows=6))
@settings(max_examples=60, deadline=None)
def test_components_share_the_whole_variance(table: Floats) -> None:
    if (table.min(axis=0) == table.max(axis=0)).any():
        with pytest.raises(MethodError, match="constant"):
            study.principal_components(table)
        return
    found = study.principal_components(table)
    correlations = np.corrcoef(table.T)
    wanted = np.sort(np.linalg.eigvalsh(correlations))[::-1]
    np.testing.assert_allclose(found.deviations**2, wanted, atol=1e-9)
    assert found.shares.sum() == pytest.approx(1)
    assert found.cumulative[-1] == pytest.approx(1)
    np.testing.assert_allclose((found.loadings**2).sum(axis=0), 1)


def test_components_count_the_units_they_leave_out() -> None:
    table = with_gaps(2)
    found = study.principal_components(table)
    complete = np.isfinite(table).all(axis=1)
    assert (found.units, found.left_out) == (complete.sum(), (~complete).sum())
    np.testing.assert_allclose(found.shares, study.principal_components(table[complete]).shares)


@given(st.lists(numbers, min_size=1, max_size=12))
def test_ranks_count_those_above(scores: list[float]) -> None:
    ranks = study.ranked(np.array(scores))
    assert ranks.tolist() == [1 + sum(other > score for other in scores) for score in scores]


def test_skew_and_kurtosis_are_those_of_spreadsheets() -> None:
    """The example of Microsoft's pages for SKEW (0.359543) and KURT (-0.1518)."""
    values = [3, 4, 5, 2, 3, 4, 5, 6, 4, 7]
    assert study.skew(values) == pytest.approx(0.359543, abs=5e-7)
    assert study.kurtosis(values) == pytest.approx(-0.151799637, abs=5e-10)
    assert np.isnan(study.skew([1.0, 2.0]))
    assert np.isnan(study.kurtosis([0.1] * 7))


def test_flags_compare_shares_of_available_values() -> None:
    column = np.array([[1.0], [2], [3], [0], [np.nan], [np.nan], [np.nan]])
    found = study.describe(column)
    assert found.share_non_zero[0] == 0.75
    assert found.flag_available[0]
    assert not found.flag_non_zero[0]
    assert not found.flag_unique[0]


def test_a_column_without_values_is_described_and_flagged() -> None:
    found = study.describe([[np.nan, 1.0], [np.nan, 2.0]])
    assert np.isnan(found.mean[0])
    assert found.available.tolist() == [0, 2]
    assert found.flag_available.tolist() == [True, False]


@given(st.lists(numbers, min_size=2, max_size=10), st.randoms(use_true_random=False))
def test_comparison_is_antisymmetric(scores: list[float], random: object) -> None:
    first = np.array(scores)
    second = first.copy()
    random.shuffle(second)  # type: ignore[attr-defined]
    there, back = study.compare(first, second), study.compare(second, first)
    assert (there.change == -back.change).all()
    assert there.mean_absolute_change == back.mean_absolute_change
    assert study.compare(first, first).mean_absolute_change == 0


def test_comparison_ranks_over_common_units_or_over_each_version() -> None:
    first, second = np.array([9.0, 8, 7, np.nan]), np.array([np.nan, 8, 7, 6])
    common, own = study.compare(first, second), study.compare(first, second, "own")
    assert common.change[1:3].tolist() == [0, 0]
    assert own.change[1:3].tolist() == [1, 1]
    assert (common.compared, common.only_first, common.only_second) == (2, 1, 1)
    assert common.kendall == pytest.approx(1)


def test_removal_counts_units_that_lose_their_score() -> None:
    values = np.array([[1.0, np.nan], [2.0, 3.0], [1.0, 5.0]])

    def score(weights: Floats) -> Floats:
        mass = np.isfinite(values) * weights
        total = mass.sum(axis=1)
        return np.divide((mass * np.nan_to_num(values)).sum(axis=1), total, out=np.full(3, np.nan), where=total > 0)

    weights = np.array([1.0, 1.0])
    found = study.effect_of_removal(score, weights, [0])[0]
    assert found.comparison.only_first == 1
    assert found.scores[1:].tolist() == [3, 5]
    assert weights.tolist() == [1, 1]
    with pytest.raises(MethodError, match="element 2"):
        study.effect_of_removal(score, weights, [2])


def test_last_places_are_weaknesses_and_no_strengths() -> None:
    # The unit is first in the last column, and shares the lowest value of the others with somebody.
    table = np.array([[0.0, 1, 9], [0, 1, 8], [5, 2, 7], [6, 3, 6]])
    found = study.strengths_and_weaknesses(table, 0, count=2)
    assert [one.column for one in found.strengths] == [2]
    assert [(one.column, one.rank, one.of) for one in found.weaknesses] == [(1, 3, 4), (0, 3, 4)]
    flipped = study.strengths_and_weaknesses(table, 0, [True, True, True], count=1)
    assert [one.column for one in flipped.strengths] == [0]
    among = study.strengths_and_weaknesses(table, 0, count=1, among=np.array([False, False, True, True]))
    assert [(one.column, one.of) for one in among.strengths] == [(2, 3)]


def test_indicators_with_few_answers_can_be_passed_over() -> None:
    table = np.array([[1.0, 4], [0, 3], [0, 2], [0, 1]])
    found = study.strengths_and_weaknesses(table, 0, least_unique=0.5)
    assert [one.column for one in found.strengths] == [1]


def test_similar_units_by_hand() -> None:
    table = np.array([[0.0, 0], [3, 4], [1, np.nan], [0, 1], [np.nan, np.nan]])
    found = study.similar_units(table, 0)
    assert [one.unit for one in found] == [3, 2, 1]
    assert [one.distance for one in found] == pytest.approx([np.sqrt(0.5), 1.0, np.sqrt(12.5)])
    assert [one.common for one in found] == [2, 1, 2]
    assert study.similar_units(table, 0, 1, metric="manhattan", weights=[1, 3])[0].distance == pytest.approx(0.75)
    assert [one.unit for one in study.similar_units(table, 0, least_common=0.6)] == [3, 1]
    by_rank = study.similar_units(np.array([[1.0], [2], [1000], [1001]]), 1, 2, by="ranks")
    assert [(one.unit, one.distance) for one in by_rank] == [(0, 1), (2, 1)]


@given(st.floats(-0.5, 0.5), st.floats(0.1, 1000), st.integers(1, 20))
def test_growth_gives_back_a_constant_rate(rate: float, first: float, years: int) -> None:
    series = first * (1 + rate) ** np.arange(years + 1.0)
    series[1:-1] = np.nan
    found = study.compound_growth([series], 2000.0 + np.arange(years + 1))
    assert found.rate[0] == pytest.approx(rate, rel=1e-9, abs=1e-12)
    assert (found.first[0], found.latest[0]) == (2000, 2000 + years)


def test_growth_is_undefined_where_a_rate_has_no_meaning() -> None:
    series = [[0, 0], [0, 5], [-4, -2], [-2, 5], [4, 0], [4, -1], [3, np.nan], [np.nan, np.nan]]
    found = study.compound_growth(series, [2020, 2021])
    np.testing.assert_array_equal(found.rate, [0, np.nan, np.nan, np.nan, -1, np.nan, np.nan, np.nan])
    assert found.undefined.tolist() == [False, True, True, True, False, True, False, False]


def test_progress_to_targets_of_either_direction() -> None:
    found = study.progress_to_targets(
        [60, 90, 110, 6, 20, np.nan], [100, 100, 100, 5, 5, 5], [50, 100, 50, 10, 10, 10],
        lower_is_better=[False, False, False, True, True, True], years_left=5,
    )  # fmt: skip
    np.testing.assert_allclose(found.covered, [0.2, np.nan, 1.2, 0.8, -2, np.nan])
    np.testing.assert_allclose(found.gap, [40, 10, -10, 1, 15, np.nan])
    np.testing.assert_allclose(found.needed, [8, 2, 0, -0.2, -3, np.nan])
    assert found.met.tolist() == [False, False, True, False, False, False]
    assert found.met_at_start.tolist() == [False, True, False, False, False, False]


def test_progress_without_starts_and_years() -> None:
    found = study.progress_to_targets([[1.0, 2.0], [3.0, 4.0]], [2.0, 4.0])
    assert found.gap.tolist() == [[1, 2], [-1, 0]]
    assert np.isnan(found.covered).all()
    assert np.isnan(found.needed).all()
    with pytest.raises(MethodError, match="do not fit"):
        study.progress_to_targets([[1.0, 2.0]], [1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: study.describe([1.0, 2.0]), "shape"),
        (lambda: study.describe(np.empty((0, 3))), "shape"),
        (lambda: study.correlate([[1.0], [np.inf]]), "infinite"),
        (lambda: study.correlate([[1.0], [2.0]], [[1.0]]), "2 and 1 units"),
        (lambda: study.correlate([[1.0], [2.0]], coefficient="gamma"), "gamma"),
        (lambda: study.cronbach_alpha([[1.0], [2.0]]), "one indicator"),
        (lambda: study.cronbach_alpha([[1.0, np.nan], [np.nan, 2.0], [3.0, np.nan]]), "only 0 units"),
        (lambda: study.cronbach_alpha([[1.0, 2.0], [2.0, 1.0]]), "do not sum"),
        (lambda: study.principal_components([[1.0, np.nan], [2.0, 1.0]]), "1 units"),
        (lambda: study.availability_of_groups([[1.0]], [[]]), "no indicators"),
        (lambda: study.strengths_and_weaknesses([[1.0]], 3), "unit 3"),
        (lambda: study.similar_units([[1.0], [2.0]], 0, weights=[-1.0]), "weights"),
        (lambda: study.similar_units([[1.0], [2.0]], 0, by="names"), "names"),
        (lambda: study.compare([1.0, 2.0], [1.0]), "versions"),
        (lambda: study.compound_growth([[1.0, 2.0]], [2021, 2020]), "times"),
        (lambda: study.flagged_within_groups(study.correlate([[1.0], [2.0]]), ["a", "b"]), "2 groups"),
    ],
)
def test_bad_input_is_refused(call: object, message: str) -> None:
    with pytest.raises(MethodError, match=message):
        call()  # type: ignore[operator]


def test_an_infinite_cell_is_named() -> None:
    with pytest.raises(MethodError) as caught:
        study.describe([[1.0, 2.0], [3.0, -np.inf]])
    assert (caught.value.row, caught.value.column) == (1, 1)


def test_constants_and_single_units_have_no_correlation() -> None:
    found = study.correlate([[0.1, 1.0], [0.1, 2.0], [0.1, 4.0]])
    assert np.isnan(found.values[0]).all()
    assert np.isnan(study.correlate([[1.0, np.nan], [2.0, 1.0]]).values[0, 1])
    two = study.correlate([[1.0, 3.0], [2.0, 5.0]])
    assert two.values[0, 1] == 1
    assert np.isnan(two.p_values[0, 1])
