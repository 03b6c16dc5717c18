import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from donghaeng.index.methods import MethodError, impute
from donghaeng.panel import Floats
from tests.reference.asem import tables

NAN = float("nan")
PROPERTY = settings(max_examples=50, deadline=None)


def test_group_means_are_those_of_the_reference() -> None:
    denominated = tables.step("Denominated")
    names = [row["EurAsia_group"] for row in tables.rows("iData.csv")]
    groups = [sorted(set(names)).index(name) for name in names]
    got = impute.group_mean(denominated, groups)
    assert (np.isnan(denominated) & ~np.isnan(got)).sum() == 65
    assert tables.largest_error(got, tables.step("Imputed")) < 1e-14


def small_panel() -> Floats:
    """LPI and Goods of AUT and NZL with the reference's gaps: places x periods x indicators."""
    wanted = {(row["uCode"], row["Time"]): row for row in tables.rows("iData_panel.csv")}
    years = [str(year) for year in range(2018, 2023)]
    panel = np.array(
        [[[float(wanted[unit, year][code]) for code in ("LPI", "Goods")] for year in years] for unit in ("AUT", "NZL")]
    )
    panel[1, 4, 0] = panel[0, 1, 1] = panel[0, 2, 1] = NAN
    return panel


def small_reference(name: str) -> Floats:
    result = np.empty((2, 5, 2))
    for row in tables.rows(name):
        place, period = ("AUT", "NZL").index(row["uCode"]), int(row["Time"]) - 2018
        result[place, period] = float(row["LPI"]), float(row["Goods"])
    return result


def test_panel_imputations_are_those_of_the_reference() -> None:
    panel = small_panel()
    latest, linear = impute.panel_latest(panel), impute.panel_linear(panel)
    np.testing.assert_array_equal(latest, small_reference("panel_impute_latest_small.csv"))
    np.testing.assert_allclose(linear, small_reference("panel_impute_linear_small.csv"), rtol=1e-15)


SERIES = np.array([[[NAN], [2.0], [NAN], [NAN], [8.0], [NAN]]])


def series(x: Floats) -> list[float]:
    return x[0, :, 0].tolist()


def test_the_latest_value_is_carried_forward_up_to_its_greatest_age() -> None:
    np.testing.assert_array_equal(series(impute.panel_latest(SERIES)), [NAN, 2, 2, 2, 8, 8])
    np.testing.assert_array_equal(series(impute.panel_latest(SERIES, most_age=1)), [NAN, 2, 2, NAN, 8, 8])
    years = [2000, 2001, 2003, 2004, 2010, 2012]
    np.testing.assert_array_equal(series(impute.panel_latest(SERIES, years, most_age=2)), [NAN, 2, 2, NAN, 8, 8])


def test_linear_interpolation_knows_the_time_between_periods() -> None:
    assert series(impute.panel_linear(SERIES)) == [2, 2, 4, 6, 8, 8]
    assert series(impute.panel_linear(SERIES, [2000, 2001, 2002, 2006, 2007, 2009])) == [2, 2, 3, 7, 8, 8]


def test_the_constant_panel_imputation_reaches_back_to_the_start() -> None:
    assert series(impute.panel_constant(SERIES)) == [2, 2, 2, 2, 8, 8]


def test_a_series_without_values_stays_missing() -> None:
    empty = np.full((1, 3, 1), NAN)
    for filled in (impute.panel_latest(empty), impute.panel_linear(empty), impute.panel_constant(empty)):
        assert np.isnan(filled).all()


@pytest.mark.parametrize("times", [[0, 1], [0, 1, 1, 2, 3, 4], [0, 1, 2, 3, 4, NAN]])
def test_times_that_do_not_rise_are_told(times: list[float]) -> None:
    with pytest.raises(MethodError, match="the times do not fit"):
        impute.panel_linear(SERIES, times)
    with pytest.raises(MethodError, match="the times do not fit"):
        impute.panel_latest(SERIES, times)


def test_a_negative_age_is_told() -> None:
    with pytest.raises(MethodError, match="greatest age is -1"):
        impute.panel_latest(SERIES, most_age=-1)


X = np.array([[1.0, NAN], [2.0, 10.0], [NAN, 20.0], [6.0, NAN]])


def test_columns_are_filled_with_mean_median_or_a_constant() -> None:
    assert impute.mean(X).tolist() == [[1, 15], [2, 10], [3, 20], [6, 15]]
    assert impute.median(X).tolist() == [[1, 15], [2, 10], [2, 20], [6, 15]]
    assert impute.constant(X, 0).tolist() == [[1, 0], [2, 10], [0, 20], [6, 0]]
    assert impute.constant(X, [7, 9]).tolist() == [[1, 9], [2, 10], [7, 20], [6, 9]]
    np.testing.assert_array_equal(impute.none(X), X)


def test_a_gap_stays_where_the_group_has_nothing_or_there_is_no_group() -> None:
    np.testing.assert_array_equal(impute.group_mean(X, [0, 0, 0, 1]), [[1, 15], [2, 10], [1.5, 20], [6, NAN]])
    np.testing.assert_array_equal(impute.group_median(X, [0, -1, -1, 0]), [[1, NAN], [2, 10], [NAN, 20], [6, NAN]])


def test_neighbours_count_with_their_own_values_only() -> None:
    got = impute.neighbours_mean(X, [[1], [], [0, 3], [0, 2]])
    np.testing.assert_array_equal(got, [[1, 10], [2, 10], [3.5, 20], [6, 20]])
    got = impute.neighbours_mean(X, [[3], [], [], [0]])
    np.testing.assert_array_equal(got, X)  # 0 and 3 both miss it, and filled values do not count


@pytest.mark.parametrize("method", [impute.mean, impute.median, lambda x: impute.group_mean(x, [0, 0])])
def test_an_indicator_without_values_is_named(method) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MethodError, match="no value") as caught:
        method([[1.0, NAN], [2.0, NAN]])
    assert caught.value.column == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: impute.constant(X, [1.0, NAN]), "the constant is not a number"),
        (lambda: impute.constant(X, [1.0, 2.0, 3.0]), "3 constants for 2 indicators"),
        (lambda: impute.group_mean(X, [0, 1]), "groups do not fit 4 units"),
        (lambda: impute.group_mean(X, [0.5, 1, 2, 3]), "groups do not fit 4 units"),
        (lambda: impute.neighbours_mean(X, [[1]]), "1 lists of neighbours for 4 units"),
        (lambda: impute.neighbours_mean(X, [[4], [], [], []]), "a neighbour is no unit"),
        (lambda: impute.neighbours_mean(X, [[], [1], [], []]), "the unit itself"),
        (lambda: impute.neighbours_mean(X, [[1, 1], [], [], []]), "named twice"),
        (lambda: impute.mean([[1.0, float("inf")]]), "infinite"),
    ],
)
def test_what_does_not_fit_is_told(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MethodError, match=message):
        call()


cells = st.one_of(st.just(NAN), st.floats(-1e6, 1e6))
tables_with_gaps = arrays.arrays(float, st.tuples(st.integers(1, 6), st.integers(1, 4)), elements=cells)
panels = arrays.arrays(float, st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 3)), elements=cells)


@PROPERTY
@given(panels)
def test_panel_imputations_keep_what_is_there_and_stay_within_the_series(panel: np.ndarray) -> None:
    before = panel.copy()
    there = ~np.isnan(panel)
    low = np.where(there, panel, np.inf).min(axis=1, keepdims=True)
    high = np.where(there, panel, -np.inf).max(axis=1, keepdims=True)
    for filled in (impute.panel_latest(panel), impute.panel_linear(panel), impute.panel_constant(panel)):
        np.testing.assert_array_equal(filled[there], panel[there])
        known = ~np.isnan(filled)
        slack = 1e-9 * np.maximum(1, np.abs(np.where(known, filled, 0)))
        assert ((filled >= low - slack) & (filled <= high + slack))[known].all()
    complete = np.broadcast_to(there.any(axis=1, keepdims=True), panel.shape)
    np.testing.assert_array_equal(~np.isnan(impute.panel_linear(panel)), complete)
    np.testing.assert_array_equal(panel, before)


@PROPERTY
@given(panels)
def test_linear_interpolation_agrees_with_numpys(panel: np.ndarray) -> None:
    got = impute.panel_linear(panel)
    times = np.arange(panel.shape[1])
    for place, indicator in np.ndindex(panel.shape[0], panel.shape[2]):
        line = panel[place, :, indicator]
        there = ~np.isnan(line)
        if there.any():
            expected = np.interp(times, times[there], line[there])
            np.testing.assert_allclose(got[place, :, indicator], expected, rtol=1e-9, atol=1e-6)


@PROPERTY
@given(tables_with_gaps)
def test_one_group_of_all_is_the_column(x: np.ndarray) -> None:
    if np.isnan(x).all(axis=0).any():
        return
    np.testing.assert_array_equal(impute.group_mean(x, np.zeros(len(x), int)), impute.mean(x))
    np.testing.assert_array_equal(impute.mean(x)[~np.isnan(x)], x[~np.isnan(x)])
