import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from donghaeng.index.methods import MethodError
from donghaeng.index.methods.denominate import correlations, denominate
from tests.reference.asem import tables

NAN = float("nan")
PROPERTY = settings(max_examples=50, deadline=None)


def test_denominated_values_are_those_of_the_reference() -> None:
    sizes = tables.wide("iData.csv", tables.DENOMINATORS)
    of = [tables.DENOMINATORS.index(name) if name else -1 for name in tables.of_indicators("Denominator")]
    raw = tables.step("Raw")
    before = raw.copy()
    got = denominate(raw, sizes, of)
    assert np.isnan(raw).sum() == 63
    assert np.isnan(got).sum() == 65
    assert tables.largest_error(got, tables.step("Denominated")) < 1e-15
    np.testing.assert_array_equal(raw, before)


def test_correlations_with_denominators_are_those_of_the_reference() -> None:
    got = correlations(tables.step("Raw"), tables.wide("iData.csv", tables.DENOMINATORS))
    strong = {
        (tables.indicators()[row], tables.DENOMINATORS[column]): got[row, column]
        for row, column in np.argwhere(np.abs(got) > 0.7)
    }
    expected = {(row["Ind"], row["Denom"]): float(row["Corr"]) for row in tables.rows("denominator_corr_07.csv")}
    assert strong.keys() == expected.keys()
    assert all(abs(strong[pair] - expected[pair]) <= 0.005 + 1e-12 for pair in expected)


def test_correlation_needs_three_pairs_and_spread() -> None:
    x = [[1.0, 5.0, 1.0], [2.0, 5.0, 2.0], [4.0, 5.0, NAN], [NAN, 5.0, NAN]]
    got = correlations(x, [[1.0], [2.0], [4.0], [9.0]])[:, 0]
    assert got[0] == pytest.approx(1)
    assert np.isnan(got[1:]).all()


def test_a_missing_denominator_gives_a_missing_value() -> None:
    got = denominate([[10.0, 3.0], [NAN, 4.0]], [[NAN], [0.0]], [0, -1])
    np.testing.assert_array_equal(got, [[NAN, 3.0], [NAN, 4.0]])


@pytest.mark.parametrize("size", [0.0, -2.0])
def test_a_denominator_that_is_not_positive_names_its_cell(size: float) -> None:
    with pytest.raises(MethodError, match="the denominator is") as caught:
        denominate([[1.0, 1.0], [1.0, 1.0]], [[1.0], [size]], [-1, 0])
    assert (caught.value.row, caught.value.column) == (1, 1)


def test_scales_multiply_divided_indicators_only() -> None:
    got = denominate([[6.0, 6.0]], [[3.0]], [0, -1], [1000.0, 1000.0])
    assert got.tolist() == [[2000.0, 6.0]]


@pytest.mark.parametrize(
    ("sizes", "of", "scale", "message"),
    [
        ([[1.0]], [0, 0], None, "denominators for 1 units and values for 2"),
        ([[1.0], [1.0]], [0], None, "1 indicators have a denominator stated"),
        ([[1.0], [1.0]], [0, 1], None, "no denominator at position 1; expected 0 to 0, or -1"),
        ([[1.0], [1.0]], [0, 0], [1.0], "the scales do not fit"),
        ([[1.0], [1.0]], [0, 0], [1.0, -1.0], "the scales do not fit"),
        ([[1.0], [1.0]], [0, 0], [1.0, NAN], "the scales do not fit"),
    ],
)
def test_what_does_not_fit_is_told(sizes: list, of: list, scale: list | None, message: str) -> None:
    with pytest.raises(MethodError, match=message):
        denominate([[1.0, 2.0], [3.0, 4.0]], sizes, of, scale)


numbers = st.floats(1e-3, 1e6)


@PROPERTY
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=8), numbers)
def test_the_unit_of_the_denominator_is_a_matter_of_scale(cells: list[tuple[float, float]], factor: float) -> None:
    x, sizes = np.array([[value] for value, _ in cells]), np.array([[size] for _, size in cells])
    np.testing.assert_allclose(denominate(x, sizes * factor, [0], [factor]), denominate(x, sizes, [0]), rtol=1e-12)
