import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from donghaeng.index.methods import MethodError, treat
from donghaeng.index.methods import normalise as nm
from donghaeng.index.normalise import base_period_ratio
from donghaeng.index.recipe import BasePeriodRatio
from donghaeng.index.structure import Node, Structure
from donghaeng.panel import Floats, Panel
from donghaeng.periods import parse
from tests.reference.asem import tables

NAN = float("nan")
PROPERTY = settings(max_examples=50, deadline=None)

# --- COINr ----------------------------------------------------------------------------------------------------------

ALTERNATIVES = {
    "minmax_0_100": lambda x: nm.fit_min_max(x),
    "minmax_1_100": lambda x: nm.fit_min_max(x, (1, 100)),
    "zscore_0_1": lambda x: nm.fit_z_score(x),
    "zscore_10_2": lambda x: nm.fit_z_score(x, 10, 2),
    "dist2max": nm.fit_distance_to_best,
    "prank": lambda x: nm.fit_rank(x, "percentile_rank"),
    "rank": nm.fit_rank,
}


@pytest.mark.parametrize("method", list(ALTERNATIVES))
def test_the_alternatives_are_those_of_the_reference(method: str) -> None:
    x = nm.directed(tables.step("Treated"), tables.directions())
    got = nm.apply(x, ALTERNATIVES[method](x))
    expected = tables.long("normalised_alternatives.csv", tables.indicators(), method=method)
    if method in ("rank", "prank"):
        np.testing.assert_array_equal(got, expected)
    assert tables.largest_error(got, expected) < 1e-9


def test_the_example_is_normalised_as_in_the_reference() -> None:
    x = nm.directed(tables.step("Treated"), tables.directions())
    assert tables.largest_error(nm.apply(x, nm.fit_min_max(x)), tables.step("Normalised")) < 1e-9


def test_one_scale_for_all_years_of_the_panel_is_that_of_the_reference() -> None:
    years = [str(year) for year in range(2018, 2023)]
    treated, expected = [], []
    for year in years:
        kept = tuple(dict.fromkeys(row["uCode"] for row in tables.rows("panel_treated.csv") if row["Time"] == year))
        treated.append(tables.long("panel_treated.csv", tables.indicators(), kept, Time=year))
        expected.append(tables.long("panel_normalised_global.csv", tables.indicators(), kept, Time=year))
    stacked = nm.directed(np.vstack(treated), tables.directions())
    parameters = nm.fit_min_max(stacked)
    assert tables.largest_error(nm.apply(stacked, parameters), np.vstack(expected)) < 1e-9
    one_year = nm.apply(nm.directed(treated[2], tables.directions()), parameters)
    assert tables.largest_error(one_year, expected[2]) < 1e-9


def test_published_ranks_are_those_of_the_reference() -> None:
    nodes = tuple(dict.fromkeys(row["iCode"] for row in tables.rows("ranks.csv")))
    scores = tables.long("steps.csv", nodes, dset="Aggregated")
    np.testing.assert_array_equal(nm.ranking(scores), tables.long("ranks.csv", nodes))


# --- OECD/JRC Handbook ----------------------------------------------------------------------------------------------

#: Table 15, p. 87: mean years of school; rank, z-score, min-max, ratio to mean, best and worst, difference to mean and
#: worst, above or below the mean (20 %), percentile, categorical scale.
HANDBOOK = """
Finland        10   15  0.26 0.59 1.04 0.83 1.41  0.04 0.41  0  65.2  60
United_States  12   23  1.52 1.00 1.25 1.00 1.69  0.25 0.69  1 100   100
Sweden         11.4 19  1.14 0.88 1.19 0.95 1.61  0.19 0.61  0  82.6  60
Japan           9.5 12 -0.06 0.49 0.99 0.79 1.34 -0.01 0.34  0  52.2  50
Korea          10.8 17  0.76 0.76 1.13 0.90 1.52  0.13 0.52  0  73.9  60
Netherlands     9.4  9 -0.12 0.47 0.98 0.78 1.32 -0.02 0.32  0  39.1  50
UK              9.4  9 -0.12 0.47 0.98 0.78 1.32 -0.02 0.32  0  39.1  50
Canada         11.6 20  1.27 0.92 1.21 0.97 1.63  0.21 0.63  1  87.0  80
Australia      10.9 18  0.83 0.78 1.14 0.91 1.54  0.14 0.54  0  78.3  60
Singapore       7.1  1 -1.58 0.00 0.74 0.59 1.00 -0.26 0.00 -1   4.3   0
Germany        10.2 16  0.38 0.63 1.06 0.85 1.44  0.06 0.44  0  69.6  60
Norway         11.9 22  1.46 0.98 1.24 0.99 1.68  0.24 0.68  1  95.7 100
Ireland         9.4  9 -0.12 0.47 0.98 0.78 1.32 -0.02 0.32  0  39.1  50
Belgium         9.3  8 -0.19 0.45 0.97 0.78 1.31 -0.03 0.31  0  34.8  40
New_Zealand    11.7 21  1.33 0.94 1.22 0.98 1.65  0.22 0.65  1  91.3  80
Austria         8.4  6 -0.76 0.27 0.88 0.70 1.18 -0.12 0.18  0  26.1  40
France          7.9  5 -1.08 0.16 0.82 0.66 1.11 -0.18 0.11  0  21.7  40
Israel          9.6 14  0.00 0.51 1.00 0.80 1.35  0.00 0.35  0  60.9  50
Spain           7.3  4 -1.46 0.04 0.76 0.61 1.03 -0.24 0.03 -1  17.4  40
Italy           7.2  3 -1.52 0.02 0.75 0.60 1.01 -0.25 0.01 -1  13.0  20
Czech_Rep       9.5 12 -0.06 0.49 0.99 0.79 1.34 -0.01 0.34  0  52.2  50
Hungary         9.1  7 -0.31 0.41 0.95 0.76 1.28 -0.05 0.28  0  30.4  40
Slovenia        7.1  1 -1.58 0.00 0.74 0.59 1.00 -0.26 0.00 -1   4.3   0
"""


def test_the_handbooks_table_of_normalisations_is_reproduced() -> None:
    table = np.array([[float(cell) for cell in line.split()[1:]] for line in HANDBOOK.split("\n") if line])
    x, published = table[:, :1], table[:, 1:]
    mean, best, worst = x.mean(axis=0), x.max(axis=0), x.min(axis=0)
    ranks = nm.fit_rank(x)
    fits = [
        (ranks, 1, 0.0),
        (nm.fit_z_score(x), 1, 0.005),
        (nm.fit_min_max(x, (0, 1)), 1, 0.005),
        (nm.fit_ratio(mean), 1, 0.005),
        (nm.fit_fraction_of_best(x), 1, 0.005),
        (nm.fit_ratio(worst), 1, 0.005),
        (nm.fit_ratio(mean, difference=True), 1, 0.005),
        (nm.fit_ratio(worst, difference=True), 1, 0.005),
        (nm.fit_around_mean(x, 0.2), 1, 0.0),
        (nm.fit_rank(x, "share"), 100, 0.05),
        (nm.fit_bands(x), 1, 0.0),
    ]
    for column, (parameters, factor, tolerance) in enumerate(fits):
        got = factor * nm.apply(x, parameters)[:, 0]
        np.testing.assert_allclose(got, published[:, column], rtol=0, atol=tolerance + 1e-9, err_msg=str(column))
    np.testing.assert_allclose(nm.apply(x, nm.fit_ratio(best)), nm.apply(x, nm.fit_fraction_of_best(x)))


def test_the_handbooks_leader_depends_on_the_scale_of_temperature() -> None:
    # Table 14, p. 83: temperature and humidity of two countries in two years, divided by the leader, plain mean.
    for celsius, published in ((True, ([0.949, 0.833], [0.949, 0.821])), (False, ([0.965, 0.833], [0.965, 0.821]))):
        for (a, b, humid_a, humid_b), expected in zip(((35, 39, 75, 50), (35.9, 40, 70, 45)), published, strict=True):
            heat = np.array([a, b]) if celsius else np.array([a, b]) * 9 / 5 + 32
            x = np.column_stack([heat, [humid_a, humid_b]])
            got = nm.apply(x, nm.fit_fraction_of_best(x)).mean(axis=1)
            np.testing.assert_allclose(got, expected, atol=6e-4)


# --- Human Development Index ----------------------------------------------------------------------------------------

#: Human Development Report 2023/24, year 2022: published index, life expectancy, expected and mean years of schooling,
#: gross national income per head (2017 PPP). From the file of complete time series at hdr.undp.org.
HDI = """
BRA 0.76 73.425 15.5788002 8.278307638 14615.89235
CHL 0.86 79.519 16.76792908 11.11136804 24430.99593
CHN 0.788 78.587 15.21793605 8.106910446 18024.88747
ETH 0.492 65.645 9.938743514 2.390854081 2368.758391
IND 0.644 67.744 12.58370972 6.570700169 6950.526798
JPN 0.92 84.82 15.45631981 12.66923046 43643.86417
NGA 0.548 53.633 10.51407 7.585969925 4754.836408
NOR 0.966 83.393 18.63846016 13.06234279 69189.76165
QAT 0.875 81.559 13.26426983 10.1317219 95944.37754
SGP 0.949 84.133 16.90273094 11.92488003 88761.14559
SOM 0.38 56.107 7.647232333 1.900300026 1072.201461
CHE 0.967 84.255 16.5837307 13.90406622 69432.78669
ARE 0.937 79.196 17.20813942 12.77375031 74103.71494
USA 0.927 78.203 16.41274071 13.57549953 65564.93798
"""


def human_development(x: Floats) -> Floats:
    posts = nm.fit_goalposts([20, 0, 0, 100], [85, 18, 15, 75000], in_logs=[False, False, False, True])
    scores = nm.apply(x, posts)
    return np.cbrt(scores[:, 0] * scores[:, 1:3].mean(axis=1) * scores[:, 3])


def test_the_human_development_index_is_reproduced_to_its_three_decimals() -> None:
    table = np.array([[float(cell) for cell in line.split()[1:]] for line in HDI.split("\n") if line])
    np.testing.assert_array_equal(np.round(human_development(table[:, 1:]), 3), table[:, 0])


# --- ONS Health Index -----------------------------------------------------------------------------------------------


def test_the_published_example_of_hartlepool() -> None:
    # ONS, Health Index for England (beta), Open Government Licence v3.0: access to housing 2015, published as 111.0.
    y = nm.directed(treat.transform([[4.31, 4.324418, 3.89]], ["reciprocal", "log", "log"]), [-1, -1, -1])
    base_mean = np.array([0.157392580997, -1.49885910161, -2.03765031432])
    base_deviation = np.array([0.0718958971844, 0.876103996032, 0.349086721225])
    no_logs = np.zeros(3, dtype=np.bool_)
    scores = nm.apply(y, nm.Linear(base_mean, base_deviation, 100, 10, -np.inf, np.inf, no_logs))
    np.testing.assert_allclose(scores, [[110.3797, 100.3947, 119.4577]], atol=5e-5)
    assert (scores @ [0.3448862909, 0.2799186442, 0.3751950649])[0] == pytest.approx(110.9907, abs=5e-5)


def test_each_rule_for_the_deviation() -> None:
    x, weights = np.array([[1.0], [2.0], [4.0], [8.0], [NAN]]), [1.0, 1.0, 2.0, 0.0, 9.0]
    m, v = 11 / 4, (1 * 1.75**2 + 0.75**2 + 2 * 1.25**2) / 4
    expected = {"population": v, "sample": v * 3 / 2, "reliability": v / (1 - (1 + 1 + 4) / 16)}
    for rule, variance in expected.items():
        got = nm.fit_z_score(x, weights=weights, degrees_of_freedom=rule)  # type: ignore[arg-type]
        assert got.origin[0] == pytest.approx(m)
        assert got.length[0] == pytest.approx(np.sqrt(variance))


def test_composites_are_stretched_around_100() -> None:
    got = nm.restandardise([[101.0, 98.0], [NAN, 100.0]], [1.0, 1.5])
    np.testing.assert_array_equal(got, [[101, 97], [NAN, 100]])
    np.testing.assert_array_equal(nm.restandardise([[10.0]], 2, mean=9), [[11]])


# --- Ratios to a base period ----------------------------------------------------------------------------------------


@PROPERTY
@given(
    arrays.arrays(float, (2, 3, 4), elements=st.one_of(st.just(NAN), st.floats(0.01, 1000))),
    st.sampled_from(["inverted_ratio", "mirror"]),
    st.one_of(st.none(), st.floats(100, 300)),
    st.integers(0, 2),
)
def test_base_ratios_are_those_of_the_engine(x: np.ndarray, turned: str, cap: float | None, base: int) -> None:
    lower = [False, True, False, True]
    nodes = [Node("I", "", {}, "", "", 1.0, None, {})]
    for column, is_lower in enumerate(lower):
        nodes.append(Node(f"i{column}", "I", {}, "u", "lower" if is_lower else "higher", 1.0, None, {}))
    codes = tuple(node.code for node in nodes)
    panel = Panel.empty(("a", "b"), tuple(parse(text) for text in ("2020", "2021", "2022")), codes)
    panel.values[..., 1:] = x
    method = BasePeriodRatio(
        method="base_period_ratio",
        base_period=f"{2020 + base}",
        lower_is_better=turned,
        cap=cap,  # type: ignore[arg-type]
    )
    expected, problems = base_period_ratio(panel, Structure(tuple(nodes)), method)
    assert not problems
    got = nm.apply(x, nm.fit_base_ratio(x, base, lower, turned, cap=cap))  # type: ignore[arg-type]
    np.testing.assert_allclose(got, expected.values[..., 1:], rtol=1e-12, atol=1e-9)


def test_a_ratio_without_a_positive_base_names_place_and_indicator() -> None:
    panel = np.array([[[1.0, 5.0], [2.0, 6.0]], [[1.0, 0.0], [2.0, 6.0]]])
    with pytest.raises(MethodError, match="the base value is 0") as caught:
        nm.fit_base_ratio(panel, 0, [False, False], "mirror")
    assert (caught.value.row, caught.value.column) == (1, 1)
    fitted = nm.fit_base_ratio(panel, 1, [False, True], "inverted_ratio")
    with pytest.raises(MethodError, match="the value is 0 and lower is better") as caught:
        nm.apply(panel, fitted)
    assert (caught.value.row, caught.value.column) == (1, 1)


# --- Other scales ---------------------------------------------------------------------------------------------------

X = np.array([[1.0, -4.0], [3.0, -2.0], [NAN, -1.0], [5.0, NAN]])


def test_distances_to_a_target_and_to_a_unit() -> None:
    got = nm.apply(X, nm.fit_distance_to_target(X, [3, 0]))
    np.testing.assert_array_equal(got, [[0, 0], [1, 0.5], [NAN, 0.75], [2, NAN]])
    got = nm.apply(X, nm.fit_distance_to_target(X, [3, 0], cap=True))
    np.testing.assert_array_equal(got, [[0, 0], [1, 0.5], [NAN, 0.75], [1, NAN]])
    got = nm.apply(X, nm.fit_distance_to_reference(X, 1))
    np.testing.assert_array_equal(got, [[0, 0], [1, 1], [NAN, 1.5], [2, NAN]])
    got = nm.apply(X, nm.fit_distance_to_reference(X, 1, cap=True))
    np.testing.assert_array_equal(got, [[0, 0], [1, 1], [NAN, 1], [1, NAN]])


def test_the_fraction_of_best_keeps_the_order_where_lower_is_better() -> None:
    # Of 4, 2, 1 with lower better, the best is 1: fractions 1/4, 1/2, 1.
    got = nm.apply(X, nm.fit_fraction_of_best(X))
    np.testing.assert_allclose(got, [[0.2, 0.25], [0.6, 0.5], [NAN, 1], [1, NAN]])
    with pytest.raises(MethodError, match="where lower is better") as caught:
        nm.apply([[1.0, 0.0]], nm.fit_fraction_of_best(X))
    assert (caught.value.row, caught.value.column) == (0, 1)


def test_goalposts_know_their_direction_and_caps() -> None:
    posts = nm.fit_goalposts([0, 10], [10, 0], to=(0, 100))
    np.testing.assert_array_equal(nm.apply([[2, 2], [-5, 15], [NAN, -1]], posts), [[20, 80], [0, 0], [NAN, 100]])
    open_ended = nm.fit_goalposts([0, 10], [10, 0], to=(0, 100), cap=False)
    np.testing.assert_array_equal(nm.apply([[-5, 15]], open_ended), [[-50, -50]])


def test_ranks_and_their_ties() -> None:
    x = np.array([[5.0], [5.0], [NAN], [1.0], [7.0]])
    for ties, expected in (
        ("lowest", [2, 2, NAN, 1, 4]),
        ("highest", [3, 3, NAN, 1, 4]),
        ("average", [2.5, 2.5, NAN, 1, 4]),
    ):
        np.testing.assert_array_equal(nm.apply(x, nm.fit_rank(x, ties=ties))[:, 0], expected)  # type: ignore[arg-type]
    np.testing.assert_array_equal(nm.apply(x, nm.fit_rank(x, "borda"))[:, 0], [1, 1, NAN, 0, 3])
    np.testing.assert_array_equal(nm.apply(x, nm.fit_rank(x, "percentile_rank"))[:, 0], [1 / 3, 1 / 3, NAN, 0, 1])
    np.testing.assert_array_equal(nm.apply([[6.0], [0.0], [9.0]], nm.fit_rank(x))[:, 0], [4, 1, 5])
    np.testing.assert_array_equal(nm.apply([[9.0]], nm.fit_rank(x, "percentile_rank")), [[1]])
    np.testing.assert_array_equal(nm.ranking(x)[:, 0], [2, 2, NAN, 4, 1])


def test_bands_from_quantiles_and_from_given_values() -> None:
    x = np.arange(1.0, 102.0)[:, None]
    handbook_example = ((15, 25, 65, 85, 95), (0, 20, 40, 60, 80, 100))  # Table 3, p. 30
    got = nm.apply(x, nm.fit_bands(x, *handbook_example, percentile="quantile"))[:, 0]
    assert [int((got == points).sum()) for points in handbook_example[1]] == [15, 10, 40, 20, 10, 6]
    given_bands = nm.fit_given_bands([[10, 20]], [0, 1, 2])
    np.testing.assert_array_equal(nm.apply([[9.9], [10.0], [20.0], [NAN]], given_bands)[:, 0], [0, 1, 2, NAN])


def test_cyclical_and_annual_changes() -> None:
    panel = np.array([[[1.0, 10.0], [3.0, 20.0], [5.0, 15.0]], [[NAN, 1.0], [NAN, 2.0], [NAN, 4.0]]])
    got = nm.apply(panel, nm.fit_cyclical(panel))
    np.testing.assert_allclose(got[0, :, 0], [98.5, 100, 101.5])
    assert np.isnan(got[1, :, 0]).all()
    changes = nm.annual_change(panel)
    np.testing.assert_array_equal(changes[1, :, 1], [NAN, 100, 100])
    np.testing.assert_array_equal(changes[0, :, 1], [NAN, 100, -25])


@pytest.mark.parametrize(
    ("call", "message", "column"),
    [
        (lambda: nm.fit_min_max([[1.0, 2.0], [3.0, 2.0]]), "all values of the reference are 2", 1),
        (lambda: nm.fit_z_score([[1.0, 2.0], [3.0, 2.0]]), "all values of the reference are 2", 1),
        (lambda: nm.fit_z_score([[1.0], [3.0]], weights=[1.0, 0.0]), "all values of the reference are 1", 0),
        (lambda: nm.fit_z_score([[1e-300], [2e-300]]), "spread is lost in rounding", 0),
        (lambda: nm.fit_min_max([[1e308], [-1e308]]), "spread is lost in rounding", 0),
        (lambda: nm.fit_min_max([[1.0, NAN], [2.0, NAN]]), "the indicator has no value", 1),
        (lambda: nm.fit_rank([[1.0, NAN], [2.0, NAN]]), "the indicator has no value", 1),
        (lambda: nm.fit_rank([[1.0, NAN], [2.0, 1.0]], "percentile_rank"), "the indicator has one value", 1),
        (lambda: nm.fit_distance_to_target(X, [3, NAN]), "the target is missing", 1),
        (lambda: nm.fit_distance_to_target(X, [3, -4]), "is not above the lowest value -4", 1),
        (lambda: nm.fit_distance_to_reference(X, 2), "the reference unit has no value", 0),
        (lambda: nm.fit_distance_to_reference(X, 0), "has the lowest value itself", 0),
        (lambda: nm.fit_fraction_of_best([[-1.0], [0.0]]), "the best value is 0", 0),
        (lambda: nm.fit_ratio([1.0, 0.0]), "the reference value is 0", 1),
        (lambda: nm.fit_goalposts([0, NAN], [1, 1]), "the goalpost is missing", 1),
        (lambda: nm.fit_goalposts([0, 1], [1, 1]), "both goalposts are 1", 1),
        (lambda: nm.fit_goalposts([0, 0], [1, 1], in_logs=[False, True]), "the goalpost is 0, which has no log", 1),
        (lambda: nm.fit_around_mean([[-1.0], [1.0]]), "the mean is 0", 0),
        (lambda: nm.fit_cyclical(np.ones((1, 3, 2))), "the series does not move", 0),
        (lambda: nm.annual_change([[[0.0], [1.0]]]), "the value of the period before is 0", 0),
        (lambda: nm.restandardise([[1.0, 2.0]], [1.0, NAN]), "the factor is nan", 1),
        (lambda: nm.directed([[1.0, 2.0]], [1, 0]), "the direction is 0", 1),
        (lambda: nm.apply([[1.0, 0.0]], nm.fit_goalposts([1, 1], [2, 2], in_logs=[0, 1])), "the value is 0, which", 1),
        (lambda: nm.apply([[1.0, float("inf")]], nm.fit_min_max([[1.0, 2.0], [2.0, 3.0]])), "infinite", 1),
    ],
)
def test_errors_name_the_column(call, message: str, column: int) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MethodError, match=message) as caught:
        call()
    assert caught.value.column == column
    assert caught.value.expected
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nm.directed([[1.0, 2.0]], [1]), "1 directions for 2 indicators"),
        (lambda: nm.apply([[1.0, 2.0]], nm.fit_min_max([[1.0], [2.0]])), "the table has 2 indicators; expected the 1"),
        (
            lambda: nm.apply(np.ones((1, 2, 1)), nm.fit_base_ratio(np.ones((2, 2, 1)), 0, [True], "mirror")),
            "the table has 1 places and 1 indicators; expected the 2 places and 1 indicators",
        ),
        (lambda: nm.apply([[1.0]], nm.fit_cyclical([[[1.0], [2.0]]])), "expected a table of places x periods"),
        (lambda: nm.fit_min_max([[1.0], [2.0]], (100, 0)), "the ends of the range"),
        (lambda: nm.fit_z_score([[1.0], [2.0]], deviation=-1), "the deviation to scale to is -1"),
        (lambda: nm.fit_z_score([[1.0], [2.0]], degrees_of_freedom="samples"), 'did you mean "sample"'),
        (lambda: nm.fit_z_score([[1.0], [2.0]], weights=[1.0]), "1 weights for 2 units"),
        (lambda: nm.fit_z_score([[1.0], [2.0]], weights=[1.0, -1.0]), "the weight is -1"),
        (lambda: nm.fit_z_score([[1.0], [2.0]], weights=[1.0, NAN]), "the weight is missing"),
        (lambda: nm.fit_z_score([[1.0], [2.0]], weights=[0.0, 0.0]), "all weights are 0"),
        (lambda: nm.fit_distance_to_target(X, [1.0]), "there are 1 targets; expected one for each of 2"),
        (lambda: nm.fit_distance_to_reference(X, 9), "there is no unit at row 9"),
        (lambda: nm.fit_goalposts([0], [1], in_logs=[True, False]), "the marks for logs do not fit"),
        (lambda: nm.fit_rank(X, "ranks"), 'did you mean "rank"'),
        (lambda: nm.fit_rank(X, ties="min"), "the rank of ties"),
        (lambda: nm.fit_bands(X, (15, 5), (0, 1, 2)), "do not rise"),
        (lambda: nm.fit_bands(X, (5, 5), (0, 1, 2)), "the percentiles do not rise"),
        (lambda: nm.fit_bands(X, (5, 150), (0, 1, 2)), "outside 0 to 100"),
        (lambda: nm.fit_bands(X, (5, 15), (0, 1)), "2 points for 2 breaks"),
        (lambda: nm.fit_given_bands([[1, NAN]], (0, 1, 2)), "the breaks do not rise"),
        (lambda: nm.fit_around_mean(X, -0.1), "the threshold is -0.1"),
        (lambda: nm.restandardise([[1.0]], [1.0, 2.0]), "2 factors for 1 composites"),
        (lambda: nm.fit_base_ratio(np.ones((1, 2, 1)), 2, [True], "mirror"), "no period at position 2"),
        (lambda: nm.fit_base_ratio(np.ones((1, 2, 1)), 0, [True, False], "mirror"), "the directions do not fit"),
        (lambda: nm.fit_base_ratio(np.ones((1, 2, 1)), 0, [True], "mirror", cap=0), "is not above 0"),
        (lambda: nm.fit_base_ratio(np.ones((1, 2, 1)), 0, [True], "inverse"), "lower_is_better"),
    ],
)
def test_what_does_not_fit_is_told(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MethodError, match=message):
        call()


# --- Properties -----------------------------------------------------------------------------------------------------

FITS = {
    "min_max": nm.fit_min_max,
    "z_score": nm.fit_z_score,
    "weighted": lambda x: nm.fit_z_score(x, 100, 10, np.arange(1.0, len(x) + 1)),
    "best": nm.fit_distance_to_best,
    "target": lambda x: nm.fit_distance_to_target(x, [np.nanmax(x) + 1]),
    "rank": nm.fit_rank,
    "percentile_rank": lambda x: nm.fit_rank(x, "percentile_rank"),
    "bands": nm.fit_bands,
    "quantiles": lambda x: nm.fit_bands(x, percentile="quantile"),
    "goalposts": lambda x: nm.fit_goalposts([-10], [10]),
}
columns = arrays.arrays(
    float,
    st.tuples(st.integers(2, 15), st.just(1)),
    elements=st.one_of(st.just(NAN), st.integers(-1000, 1000).map(lambda x: x / 10)),
)


def spread(x: Floats) -> bool:
    return len(np.unique(x[~np.isnan(x)])) > 1


@pytest.mark.parametrize("method", list(FITS))
@PROPERTY
@given(x=columns)
def test_scores_keep_order_and_gaps_and_their_input(method: str, x: np.ndarray) -> None:
    assume(spread(x))
    before = x.copy()
    got = nm.apply(x, FITS[method](x))
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(x))
    there = ~np.isnan(x[:, 0])
    order = np.argsort(x[there, 0])
    assert (np.diff(got[there, 0][order]) >= 0).all()


@PROPERTY
@given(columns, st.integers(-5, 5), st.integers(1, 100))
def test_min_max_reaches_both_ends(x: np.ndarray, low: int, length: int) -> None:
    assume(spread(x))
    got = nm.apply(x, nm.fit_min_max(x, (low, low + length)))
    assert np.nanmin(got) == low
    assert np.nanmax(got) == pytest.approx(low + length, rel=1e-14)


@pytest.mark.parametrize("method", ["min_max", "z_score", "weighted", "best", "rank", "percentile_rank", "bands"])
@PROPERTY
@given(x=columns, factor=st.integers(1, 1000), shift=st.integers(-1000, 1000))
def test_scores_do_not_depend_on_the_unit(method: str, x: np.ndarray, factor: int, shift: int) -> None:
    assume(spread(x))
    other = np.round(x * 10) * factor + shift  # whole numbers, so that ties stay ties
    got, expected = nm.apply(other, FITS[method](other)), nm.apply(x, FITS[method](x))
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)


@PROPERTY
@given(columns)
def test_z_scores_have_the_mean_and_deviation_asked_for(x: np.ndarray) -> None:
    assume(spread(x))
    got = nm.apply(x, nm.fit_z_score(x, 100, 10))
    assert np.nanmean(got) == pytest.approx(100)
    assert np.nanstd(got, ddof=1) == pytest.approx(10)


@PROPERTY
@given(columns)
def test_turning_the_direction_turns_the_scale(x: np.ndarray) -> None:
    assume(spread(x))
    turned = nm.directed(x, [-1])
    np.testing.assert_allclose(
        nm.apply(turned, nm.fit_min_max(turned)), 100 - nm.apply(x, nm.fit_min_max(x)), atol=1e-9
    )
    goalposts = nm.fit_goalposts([10], [-10])
    np.testing.assert_allclose(nm.apply(x, goalposts), 1 - nm.apply(x, nm.fit_goalposts([-10], [10])), atol=1e-12)


@PROPERTY
@given(columns, st.floats(0, 0.5))
def test_rounding_is_bracketed_by_applying_the_same_parameters(x: np.ndarray, half: float) -> None:
    assume(spread(x))
    for method in ("min_max", "z_score", "rank", "bands", "goalposts"):
        fitted = FITS[method](x)
        low, middle, high = (nm.apply(x + step, fitted) for step in (-half, 0, half))
        there = ~np.isnan(x)
        assert (low <= middle)[there].all()
        assert (middle <= high)[there].all()
