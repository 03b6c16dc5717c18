import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from donghaeng.index.methods import MethodError, normalise, treat
from donghaeng.panel import Floats
from tests.reference.asem import tables

NAN = float("nan")
PROPERTY = settings(max_examples=50, deadline=None)
INDICATORS = tables.indicators()


def test_skewness_and_kurtosis_are_those_of_the_reference() -> None:
    raw = tables.step("Raw")
    expected = {row["iCode"]: row for row in tables.rows("stats_raw.csv")}
    for name, got in (("Skew", treat.skewness(raw)), ("Kurt", treat.kurtosis(raw))):
        reference = np.array([float(expected[code][name]) for code in INDICATORS])
        assert tables.largest_error(got, reference) < 1e-11  # 15 significant digits, of kurtosis as small as 0.01


def test_skewness_and_kurtosis_are_those_of_excel() -> None:
    # The worked examples of Excel's help on SKEW and KURT.
    x = np.array([[3.0], [4], [5], [2], [3], [4], [5], [6], [4], [7]])
    assert treat.skewness(x)[0] == pytest.approx(0.359543, abs=5e-7)
    assert treat.kurtosis(x)[0] == pytest.approx(-0.151800, abs=5e-7)


def test_few_or_equal_values_have_no_shape() -> None:
    x = np.array([[1.0, 2.0, 5.0], [1.0, 3.0, 6.0], [1.0, 9.0, NAN], [1.0, NAN, NAN]])
    np.testing.assert_array_equal(np.isnan(treat.skewness(x)), [True, False, True])
    np.testing.assert_array_equal(np.isnan(treat.kurtosis(x)), [True, True, True])


def test_the_example_is_treated_as_in_the_reference() -> None:
    screened = tables.step("Screened")
    got = treat.winsorise(screened, 5)
    assert tables.largest_error(got.values, tables.step("Treated")) == 0
    details = {row["iCode"]: row for row in tables.rows("treat_details.csv")}
    for code, report in zip(INDICATORS, got.reports, strict=True):
        row = details[code]
        assert report.points == int(row["winsorise.nwin"] or 0)
        assert report.done == ("winsorised" if row["winsorise.nwin"] else "none")
        assert report.passed
        end = "1" if row["winsorise.nwin"] else "0"
        got_numbers = (report.skewness_before, report.kurtosis_before, report.skewness_after, report.kurtosis_after)
        expected = [float(row[f"check_SkewKurt{at}.{name}"]) for at in ("0", end) for name in ("Skew", "Kurt")]
        assert got_numbers == pytest.approx(expected, rel=1e-11)


def test_the_treated_points_are_those_of_the_reference() -> None:
    got = treat.winsorise(tables.step("Screened"), 5)
    names = [
        (tables.units()[row], INDICATORS[column], action)
        for mask, action in ((got.pulled_down, "winhi"), (got.pulled_up, "winlo"))
        for row, column in np.argwhere(mask)
    ]
    expected = [(row["uCode"], row["iCode"], row["action"]) for row in tables.rows("treated_points.csv")]
    assert sorted(names) == sorted(expected)


def test_the_panel_is_treated_period_by_period_as_in_the_reference() -> None:
    panel = tables.rows("iData_panel.csv")
    for year in ("2018", "2019", "2020", "2021", "2022"):
        kept = tuple(dict.fromkeys(row["uCode"] for row in tables.rows("panel_treated.csv") if row["Time"] == year))
        cells = {row["uCode"]: row for row in panel if row["Time"] == year}
        raw = np.array([[tables.number(cells[unit][code]) for code in INDICATORS] for unit in kept])
        expected = tables.long("panel_treated.csv", INDICATORS, kept, Time=year)
        np.testing.assert_array_equal(treat.winsorise(raw).values, expected)


def aggregated(scores: Floats, weights: dict[str, float], geometric: bool) -> Floats:
    """The index of the reference's replications: units, from scores of indicators."""
    nodes = [row for row in tables.rows("iMeta.csv") if row["Type"] in ("Indicator", "Aggregate")]
    values = dict(zip(INDICATORS, scores.T, strict=True))
    for level in ("2", "3", "4"):
        for node in (node for node in nodes if node["Level"] == level):
            children = [child["iCode"] for child in nodes if child["Parent"] == node["iCode"]]
            part = np.array([weights.get(child, 1.0) for child in children])
            table = np.array([values[child] for child in children])
            mean = part @ (np.log(table) if geometric else table) / part.sum()
            values[node["iCode"]] = np.exp(mean) if geometric else mean
    return values["Index"]


def test_every_replication_with_fewer_points_and_logs_is_that_of_the_reference() -> None:
    screened = tables.step("Screened")
    treated = {points: treat.winsorise(screened, points) for points in range(1, 6)}
    logs = {points: sum(report.done == "log" for report in table.reports) for points, table in treated.items()}
    assert logs == {1: 11, 2: 8, 3: 1, 4: 0, 5: 0}
    weights: dict[str, dict[str, float]] = {}
    for row in tables.rows("noisy_weights_100.csv"):
        weights.setdefault(row["weight_set"], {})[row["iCode"]] = float(row["Weight"])
    expected = {(row["rep"], row["uCode"]): float(row["score"]) for row in tables.rows("ua_n100_scores.csv")}
    worst = 0.0
    for row in tables.rows("ua_n100_replications.csv"):
        x = normalise.directed(treated[int(row["winmax"])].values, tables.directions())
        min_max = row["normalisation"] == "n_minmax"
        fitted = normalise.fit_min_max(x, (1, 100)) if min_max else normalise.fit_z_score(x, 10, 2)
        got = aggregated(normalise.apply(x, fitted), weights[row["weight_set"]], row["aggregation"] == "a_gmean")
        reference = np.array([expected[row["rep"], unit] for unit in tables.units()])
        worst = max(worst, tables.largest_error(got, reference))
    assert worst < 1e-12


SKEWED = np.array([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0], [7.0], [8.0], [9.0], [10.0], [100.0], [NAN]])


def test_an_upper_outlier_gets_the_next_value() -> None:
    got = treat.winsorise(SKEWED)
    assert got.values[10, 0] == 10
    assert np.isnan(got.values[11, 0])
    assert got.pulled_down[:, 0].nonzero()[0].tolist() == [10]
    assert got.reports[0].tail == "upper"


def test_a_lower_outlier_is_the_mirror_of_an_upper_one() -> None:
    for points in (0, 1, 5):
        down, up = treat.winsorise(-SKEWED, points), treat.winsorise(SKEWED, points)
        np.testing.assert_allclose(down.values, -up.values, rtol=1e-15)
        np.testing.assert_array_equal(down.pulled_up, up.pulled_down)
        assert down.reports[0].done == up.reports[0].done == ("log" if points == 0 else "winsorised")
        assert down.reports[0].tail == "lower"


def test_the_log_is_of_the_untreated_values() -> None:
    x = np.array([[value] for value in [*range(1, 31), 500.0, 800.0]])
    got = treat.winsorise(x, 1)
    np.testing.assert_allclose(got.values, np.log(x - 1 + 7.99), rtol=1e-14)
    assert got.reports[0].done == "log"
    assert got.reports[0].points == 0
    assert not got.pulled_down.any()
    kept = treat.winsorise(x, 1, fallback="none")
    assert kept.reports[0].done == "winsorised"
    assert not kept.reports[0].passed


def test_tied_values_move_together() -> None:
    x = np.array([[value] for value in [*range(20), 500.0, 500.0, 1000.0]], dtype=float)
    got = treat.winsorise(x, 2)
    assert got.reports[0].points == 3
    assert got.values[-3:, 0].tolist() == [19, 19, 19]


def test_two_different_values_are_left_alone_and_winsorising_never_makes_all_equal() -> None:
    rare = np.array([[0.0]] * 30 + [[1.0]])
    assert treat.winsorise(rare).reports[0].done == "none"
    assert treat.winsorise(rare).reports[0].passed is False
    x = np.array([[0.0]] * 30 + [[1.0], [5.0]])
    got = treat.winsorise(x)
    assert got.reports[0].done == "log"
    assert treat.winsorise(x, None, fallback="none").values[:, 0].tolist() == [0.0] * 30 + [1.0, 1.0]


def test_what_has_no_shape_is_left_alone() -> None:
    x = np.array([[5.0, 1.0, NAN], [5.0, NAN, NAN], [5.0, 9.0, NAN], [5.0, 99.0, NAN], [5.0, NAN, NAN]])
    got = treat.winsorise(x)
    np.testing.assert_array_equal(got.values, x)
    assert [report.passed for report in got.reports] == [None, None, None]


def test_logs_take_their_shifts_from_the_reference_data() -> None:
    reference = np.array([[2.0], [4.0], [12.0]])
    fitted = treat.fit_log(reference)
    np.testing.assert_allclose(treat.apply([[7.0], [NAN]], fitted), [[np.log(5.1)], [NAN]])
    lower = treat.fit_log(reference, tail="lower")
    np.testing.assert_allclose(treat.apply([[7.0]], lower), [[-np.log(5.1)]])
    np.testing.assert_allclose(treat.apply([[7.0]], treat.fit_log(reference, "one")), [[np.log(6.0)]])
    np.testing.assert_allclose(treat.apply([[7.0]], treat.fit_log(reference, "gii")), [[np.log(11 * 5 / 10 + 1)]])
    with pytest.raises(MethodError, match=r"shifted value is -0\.9, which has no logarithm") as caught:
        treat.apply([[2.0], [1.0]], fitted)
    assert (caught.value.row, caught.value.column) == (1, 0)


def test_the_log_of_the_gii_is_refused_where_it_turns_the_order_round() -> None:
    with pytest.raises(MethodError, match="turns round") as caught:
        treat.fit_log([[2.0, 0.1], [4.0, 0.9]], "gii", "upper")
    assert caught.value.column == 1


def test_box_cox() -> None:
    x = np.array([[-3.0, 1.0], [0.0, 2.0], [5.0, NAN]])
    got = treat.apply(x, treat.fit_box_cox(x, [2.0, 0.0]))
    np.testing.assert_allclose(got, [[0, 0], [(16 - 1) / 2, np.log(2)], [(81 - 1) / 2, NAN]], rtol=1e-14)
    unshifted = treat.fit_box_cox(x, 0.5, to_positive=False)
    np.testing.assert_allclose(treat.apply([[4.0, 9.0]], unshifted), [[2, 4]])
    with pytest.raises(MethodError, match="no logarithm") as caught:
        treat.apply(x, unshifted)
    assert (caught.value.row, caught.value.column) == (0, 0)


def test_transforms_of_the_list() -> None:
    x = np.array([[4.0] * 6 + [-8.0]])
    names = ["none", "log", "sqrt", "square", "cube", "reciprocal", "cbrt"]
    np.testing.assert_allclose(treat.transform(x, names), [[4, np.log(4), 2, 16, 64, -0.25, -2]])


@pytest.mark.parametrize(
    ("name", "values", "row"),
    [
        ("log", [1.0, 0.0], 1),
        ("log", [-1.0, 1.0], 0),
        ("sqrt", [1.0, -1.0], 1),
        ("square", [1.0, -1.0], 1),
        ("reciprocal", [0.0, 1.0], 0),
        ("reciprocal", [1.0, -1.0], 1),
    ],
)
def test_a_value_outside_a_transform_names_its_cell(name: str, values: list[float], row: int) -> None:
    x = np.column_stack([[1.0, 2.0], values])
    with pytest.raises(MethodError) as caught:
        treat.transform(x, ["none", name])
    assert (caught.value.row, caught.value.column) == (row, 1)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: treat.transform([[1.0]], ["sqr"]), 'did you mean "sqrt"'),
        (lambda: treat.transform([[1.0]], []), "0 transforms for 1 indicators"),
        (lambda: treat.fit_log([[1.0], [2.0]], "tenth"), "the shift"),
        (lambda: treat.fit_log([[1.0], [2.0]], tail="left"), "the tail"),
        (lambda: treat.fit_log([[1.0], [1.0]]), "all values are 1"),
        (lambda: treat.fit_box_cox([[NAN]], 1.0), "the indicator has no value"),
        (lambda: treat.fit_box_cox([[1.0]], NAN), "exponents do not fit"),
        (lambda: treat.apply([[1.0, 2.0]], treat.fit_box_cox([[1.0]], 1.0)), "the table has 2 indicators"),
        (lambda: treat.winsorise(SKEWED, -1), "number of points is -1"),
        (lambda: treat.winsorise(SKEWED, limits=treat.Limits(0, 3.5)), "a limit is not above 0"),
        (lambda: treat.winsorise(SKEWED, fallback="ln"), "the fallback"),
        (lambda: treat.winsorise([[float("inf")]]), "infinite"),
    ],
)
def test_what_does_not_fit_is_told(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MethodError, match=message):
        call()


cells = st.one_of(st.just(NAN), st.integers(-50, 50).map(float), st.floats(-1e5, 1e5).map(lambda x: round(x, 3)))
columns = arrays.arrays(float, st.tuples(st.integers(4, 25), st.just(1)), elements=cells)


def order_kept(before: Floats, after: Floats) -> bool:
    there = ~np.isnan(before)
    order = np.argsort(before[there], kind="stable")
    return bool((np.diff(after[there][order]) >= 0).all())


@PROPERTY
@given(columns, st.integers(0, 6))
def test_treatment_keeps_order_and_gaps_and_its_input(x: np.ndarray, points: int) -> None:
    before = x.copy()
    got = treat.winsorise(x, points)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(np.isnan(got.values), np.isnan(x))
    assert order_kept(x, got.values)
    if got.reports[0].done == "winsorised":
        changed = (got.values != x) & ~np.isnan(x)
        np.testing.assert_array_equal(changed, got.pulled_down | got.pulled_up)
        assert changed.sum() == got.reports[0].points > 0


@PROPERTY
@given(columns, st.integers(-3, 3).map(lambda power: 10.0**power), st.integers(-100, 100))
def test_the_shape_does_not_depend_on_the_unit(x: np.ndarray, factor: float, shift: int) -> None:
    if np.isnan(x).all() or np.ptp(x[~np.isnan(x)]) < 1:
        return
    for shape in (treat.skewness, treat.kurtosis):
        np.testing.assert_allclose(shape(factor * x + shift), shape(x), rtol=1e-6, atol=1e-6)


@PROPERTY
@given(columns)
def test_transforms_keep_the_order(x: np.ndarray) -> None:
    positive = np.abs(x) + 0.5
    for name in ("none", "log", "sqrt", "cbrt", "square", "cube", "reciprocal"):
        got = treat.transform(positive, [name])
        assert order_kept(positive, got)
        np.testing.assert_array_equal(np.isnan(got), np.isnan(x))
