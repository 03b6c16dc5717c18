import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from donghaeng.index.methods import MethodError
from donghaeng.index.methods.screen import checked, indicator_availability, kept, unit_availability
from tests.reference.asem import tables

NAN = float("nan")
PROPERTY = settings(max_examples=50, deadline=None)


def test_availability_of_units_is_that_of_the_reference() -> None:
    got = unit_availability(tables.step("Raw"))
    expected = {row["uCode"]: row for row in tables.rows("data_avail_units.csv")}
    for row, unit in enumerate(tables.units()):
        assert got.missing[row] == int(expected[unit]["N_missing"])
        assert got.zeros[row] == int(expected[unit]["N_zero"])
        assert got.available[row] == pytest.approx(float(expected[unit]["Dat_Avail"]), rel=1e-14)
        assert got.nonzero[row] == pytest.approx(float(expected[unit]["Non_Zero"]), rel=1e-14)


def test_availability_within_groups_is_that_of_the_reference() -> None:
    raw, parents = tables.step("Raw"), tables.of_indicators("Parent")
    expected = {row["uCode"]: row for row in tables.rows("data_avail_groups.csv")}
    for group in dict.fromkeys(parents):
        columns = [column for column, parent in enumerate(parents) if parent == group]
        shares = unit_availability(raw[:, columns]).available
        reference = [float(expected[unit][group]) for unit in tables.units()]
        np.testing.assert_allclose(shares, reference, rtol=1e-14)


def test_the_example_keeps_every_unit_and_each_year_of_the_panel_46() -> None:
    assert kept(unit_availability(tables.step("Imputed")), least_available=0.9).all()
    panel, codes = tables.wide("iData_panel.csv", tables.indicators()), tables.rows("iData_panel.csv")
    treated = tables.rows("panel_treated.csv")
    for year in ("2018", "2019", "2020", "2021", "2022"):
        at = [row for row, unit in enumerate(codes) if unit["Time"] == year]
        keep = kept(unit_availability(panel[at]), least_available=0.9)
        names = {codes[row]["uCode"] for row, wanted in zip(at, keep, strict=True) if wanted}
        assert names == {row["uCode"] for row in treated if row["Time"] == year}
        assert len(names) == 46


X = np.array([[1.0, NAN, 0.0], [0.0, 0.0, 0.0], [NAN, NAN, NAN], [1.0, 2.0, 3.0]])


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("missing", [True, True, False, True]),
        ("zeros", [True, False, False, True]),
        ("missing_or_zeros", [True, False, False, True]),
    ],
)
def test_a_unit_at_the_threshold_is_kept(by: str, expected: list[bool]) -> None:
    got = kept(unit_availability(X), by, least_available=2 / 3, least_nonzero=0.5)  # type: ignore[arg-type]
    assert got.tolist() == expected


def test_a_fifth_reaches_a_fifth() -> None:
    # COINr computes 1 - 8/10 = 0.19999999999999996 and drops the unit.
    x = np.array([[1.0, 2.0, *[NAN] * 8]])
    assert kept(unit_availability(x), least_available=0.2).all()


def test_indicators_are_screened_alike() -> None:
    got = indicator_availability(X)
    assert got.missing.tolist() == [1, 2, 1]
    assert got.available.tolist() == [0.75, 0.5, 0.75]
    assert kept(got, least_available=0.75).tolist() == [True, False, True]


def test_units_can_be_forced_in_and_out() -> None:
    include, exclude = np.array([False, False, True, False]), np.array([True, False, False, False])
    assert kept(unit_availability(X), include=include, exclude=exclude).tolist() == [False, True, True, True]
    with pytest.raises(MethodError, match="both included and excluded") as caught:
        kept(unit_availability(X), include=include, exclude=include)
    assert caught.value.row == 2
    with pytest.raises(MethodError, match="another length"):
        kept(unit_availability(X), include=include[:2])


def test_bad_parameters_are_told() -> None:
    with pytest.raises(MethodError, match='did you mean "zeros"'):
        kept(unit_availability(X), "zeroes")  # type: ignore[arg-type]
    with pytest.raises(MethodError, match="least_available is 90; expected a share"):
        kept(unit_availability(X), least_available=90)


def test_an_infinite_value_names_its_cell() -> None:
    with pytest.raises(MethodError, match="infinite") as caught:
        checked([[1.0, 2.0], [3.0, float("inf")]])
    assert (caught.value.row, caught.value.column) == (1, 1)
    with pytest.raises(MethodError, match="position 1") as caught:
        checked([[[1.0], [-float("inf")]]], 3)
    assert (caught.value.row, caught.value.column) == (0, 0)


@pytest.mark.parametrize("wrong", [[1.0, 2.0], [[[1.0]]], np.empty((0, 3)), 5.0])
def test_another_shape_is_told(wrong: object) -> None:
    with pytest.raises(MethodError, match="expected a table of units x indicators"):
        checked(wrong)  # type: ignore[arg-type]


@PROPERTY
@given(
    arrays.arrays(float, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.sampled_from([0.0, 1.0, NAN])),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_higher_threshold_keeps_no_more(x: np.ndarray, one: float, other: float) -> None:
    low, high = sorted((one, other))
    availability = unit_availability(x)
    for by in ("missing", "zeros", "missing_or_zeros"):
        many = kept(availability, by, low, low)  # type: ignore[arg-type]
        few = kept(availability, by, high, high)  # type: ignore[arg-type]
        assert not (few & ~many).any()
