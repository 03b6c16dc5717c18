"""Multidimensional poverty: published and hand-computed cases, and what must hold for any data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from donghaeng.index import poverty
from donghaeng.index.methods import MethodError
from donghaeng.index.poverty import Cutoff
from donghaeng.panel import Floats


def test_same_adjusted_headcount_with_different_incidence_and_intensity() -> None:
    """Alkire et al. 2015, Multidimensional Poverty Measurement and Analysis, box 5.5 (OPHI working paper 86).

    Two societies of four persons and four equally weighted dimensions have the deprivation scores
    (0, 0.5, 1, 0.25) and (0, 0.5, 0.5, 0.5); the second and third person of the one and the last three of the other
    are poor. Which dimensions make the 0.5 does not matter for H, A and M0.
    """
    first = [[0, 0, 0, 0], [0, 1, 0, 1], [1, 1, 1, 1], [0, 0, 0, 1]]
    second = [[0, 0, 0, 0], [0, 1, 0, 1], [0, 1, 1, 0], [1, 0, 0, 1]]
    weights = poverty.nested_weights(["income", "schooling", "nutrition", "sanitation"])
    one = poverty.measure_poverty(first, weights, [0.5])
    other = poverty.measure_poverty(second, weights, [0.5])
    assert one.counted.scores.tolist() == [0, 0.5, 1, 0.25]
    assert other.counted.scores.tolist() == [0, 0.5, 0.5, 0.5]
    assert poverty.identify_poor(one.counted, 0.5).tolist() == [False, True, True, False]
    assert poverty.identify_poor(other.counted, 0.5).tolist() == [False, True, True, True]
    values = [
        (found.overall[0].headcount.value, found.overall[0].intensity.value, found.overall[0].adjusted_headcount.value)
        for found in (one, other)
    ]
    assert values == [(0.5, 0.75, 0.375), (0.75, 0.5, 0.375)]


#: Four households of 4, 7, 5 and 4 members: nutrition, mortality | schooling, attendance | two assets.
MATRIX = np.array([[0, 0, 0, 1, 0, 1], [1, 0, 1, 1, 0, 1], [0, 0, 1, 0, 1, 1], [0, 1, 0, 0, 1, 0]], float)
DIMENSIONS = ["health", "health", "education", "education", "living", "living"]
SIZES = [4, 7, 5, 4]


def test_households_of_different_size_by_hand() -> None:
    """Scores are (2, 4, 3, 2) / 6; with k = 1/2 the 12 people of the second and third household are poor, of 20.

    M0 = (7 * 4 + 5 * 3) / 6 / 20 = 43/120. The poor are deprived in nutrition 7, schooling 12, attendance 7,
    first asset 5, second asset 12, of 43 deprivations in all.
    """
    design = poverty.survey_design(4, size=SIZES)
    weights = poverty.nested_weights(DIMENSIONS)
    found = poverty.measure_poverty(MATRIX, weights, [0.5], design, dimensions=DIMENSIONS).overall[0]
    assert found.headcount.value == pytest.approx(12 / 20)
    assert found.intensity.value == pytest.approx(43 / 72)
    assert found.adjusted_headcount.value == pytest.approx(43 / 120)
    assert [one.value for one in found.uncensored] == pytest.approx([7 / 20, 4 / 20, 12 / 20, 11 / 20, 9 / 20, 16 / 20])
    assert [one.value for one in found.censored] == pytest.approx([7 / 20, 0, 12 / 20, 7 / 20, 5 / 20, 12 / 20])
    assert [one.value for one in found.contributions] == pytest.approx([7 / 43, 0, 12 / 43, 7 / 43, 5 / 43, 12 / 43])
    dimensions = {name: one.value for name, one in found.contributions_of_dimensions.items()}
    assert dimensions == pytest.approx({"health": 7 / 43, "education": 19 / 43, "living": 17 / 43})
    assert (found.households, found.poor_households, found.clusters) == (4, 2, 4)


def test_groups_by_hand() -> None:
    design = poverty.survey_design(4, size=SIZES)
    found = poverty.measure_poverty(
        MATRIX, poverty.nested_weights(DIMENSIONS), [0.5], design, groups=["north", "north", "south", "south"]
    )
    north, south = found.groups[0]["north"], found.groups[0]["south"]
    assert [one.population_share.value for one in (north, south)] == pytest.approx([11 / 20, 9 / 20])
    assert [one.adjusted_headcount.value for one in (north, south)] == pytest.approx([28 / 66, 15 / 54])
    assert [one.contribution.value for one in (north, south)] == pytest.approx([28 / 43, 15 / 43])
    assert (north.households, north.poor_households) == (2, 1)


def test_a_third_of_the_weights_meets_a_cutoff_of_a_third() -> None:
    """1/6 + 3/18 is a third, and less than that in floating point."""
    weights = [1 / 6] * 4 + [1 / 18] * 6
    person = [1, 0, 0, 0, 1, 1, 1, 0, 0, 0]
    assert poverty.measure_poverty([person], weights, [1 / 3]).overall[0].headcount.value == 1
    assert poverty.measure_poverty([person], weights, [0.34]).overall[0].headcount.value == 0


def test_cutoffs_of_every_kind() -> None:
    values = [[499, 5, 1, 2], [500, 6, 2, 3], [np.nan, 7, 3, np.nan], [np.inf, 5, 4, 9]]
    cutoffs = [
        Cutoff("below", (500,)),
        Cutoff("at_or_below", (5,)),
        Cutoff("one_of", (1, 3)),
        Cutoff("none_of", (2, 9)),
    ]
    found = poverty.deprivation_matrix(values, cutoffs)
    wanted = [[1, 1, 1, 0], [0, 0, 0, 1], [np.nan, 0, 1, np.nan], [0, 1, 0, 0]]
    np.testing.assert_array_equal(found, wanted)
    above = poverty.deprivation_matrix([[3.0, 3.0]], [Cutoff("above", (3,)), Cutoff("at_or_above", (3,))])
    assert above.tolist() == [[0, 1]]


def test_missing_deprivations_are_dropped_or_reweighted_and_counted() -> None:
    matrix = [[1, 1, 0, 0], [1, np.nan, 0, 1], [0, 0, 0, 1], [np.nan] * 4]
    design = poverty.survey_design(4, weights=[1, 2, 1, 4])
    weights = [0.4, 0.2, 0.2, 0.2]
    dropped = poverty.measure_poverty(matrix, weights, [0.5], design)
    assert (dropped.counted.dropped, dropped.counted.dropped_share, dropped.counted.reweighted) == (2, 0.75, 0)
    assert dropped.overall[0].headcount.value == pytest.approx(1 / 2)
    again = poverty.measure_poverty(matrix, weights, [0.5], design, missing="reweight")
    assert (again.counted.dropped, again.counted.dropped_share, again.counted.reweighted) == (1, 0.5, 1)
    np.testing.assert_allclose(again.counted.scores, [0.6, 0.6 / 0.8, 0.2, np.nan])
    assert again.overall[0].headcount.value == pytest.approx(3 / 4)
    assert again.overall[0].adjusted_headcount.value == pytest.approx((0.6 + 2 * 0.75) / 4)
    # Among those whose deprivation is known: the second household has no answer in the second indicator.
    assert again.overall[0].censored[1].value == pytest.approx(1 / 2)
    assert sum(one.value for one in again.overall[0].contributions) == pytest.approx(1)


def test_an_indicator_without_weight_may_be_missing() -> None:
    found = poverty.measure_poverty([[1, np.nan], [0, 1]], [1, 0], [1]).counted
    assert (found.dropped, found.scores.tolist()) == (0, [1, 0])


def test_nobody_is_poor() -> None:
    found = poverty.measure_poverty([[0, 1], [0, 0]], [0.5, 0.5], [1.0], dimensions=["a", "b"]).overall[0]
    assert found.headcount.value == found.adjusted_headcount.value == 0
    assert np.isnan(found.intensity.value)
    assert np.isnan([one.value for one in found.contributions]).all()
    assert [name for name, _, _ in found.rows()].count("contributions_of_dimensions") == 2


@st.composite
def surveys(draw: st.DrawFn) -> tuple[Floats, Floats, Floats, list[str]]:
    households, indicators = draw(st.integers(2, 14)), draw(st.integers(1, 5))
    matrix = draw(arrays.arrays(np.float64, (households, indicators), elements=st.sampled_from([0.0, 1.0])))
    raw = np.array(draw(st.lists(st.integers(1, 6), min_size=indicators, max_size=indicators)), float)
    mass = np.array(draw(st.lists(st.integers(1, 9), min_size=households, max_size=households)), float)
    groups = draw(st.lists(st.sampled_from("abc"), min_size=households, max_size=households))
    return matrix, raw / raw.sum(), mass, groups


cutoffs = st.floats(0.01, 1)


@given(surveys(), cutoffs)
@settings(max_examples=150, deadline=None)
def test_identities_of_the_measures(survey: tuple[Floats, Floats, Floats, list[str]], k: float) -> None:
    matrix, weights, mass, groups = survey
    design = poverty.survey_design(len(matrix), weights=mass)
    dimensions = [str(at % 2) for at in range(len(weights))]
    result = poverty.measure_poverty(matrix, weights, [k], design, dimensions=dimensions, groups=groups)
    found = result.overall[0]
    m0 = found.adjusted_headcount.value
    censored = np.array([one.value for one in found.censored])
    assert weights @ censored == pytest.approx(m0, abs=1e-12)
    assert all(one.value <= two.value + 1e-12 for one, two in zip(found.censored, found.uncensored, strict=True))
    parts = result.groups[0].values()
    for name in ("adjusted_headcount", "headcount"):
        total = sum(part.population_share.value * getattr(part, name).value for part in parts)
        assert total == pytest.approx(getattr(found, name).value, abs=1e-12)
    assert sum(part.population_share.value for part in parts) == pytest.approx(1)
    if found.poor_households:
        assert found.headcount.value * found.intensity.value == pytest.approx(m0, abs=1e-12)
        assert sum(one.value for one in found.contributions) == pytest.approx(1)
        assert sum(one.value for one in found.contributions_of_dimensions.values()) == pytest.approx(1)
        assert sum(part.contribution.value for part in parts) == pytest.approx(1)
        assert [one.value for one in found.contributions] == pytest.approx(list(weights * censored / m0))
    else:
        assert m0 == found.headcount.value == 0
    for _, _, estimate in found.rows():
        if np.isfinite(estimate.standard_error):
            assert estimate.standard_error >= 0
            assert -1e-12 <= estimate.lower <= estimate.value + 1e-12
            assert estimate.value - 1e-12 <= estimate.upper <= 1 + 1e-12


@given(surveys(), cutoffs, st.integers(2, 4))
@settings(max_examples=60, deadline=None)
def test_replication_of_the_population_changes_nothing(
    survey: tuple[Floats, Floats, Floats, list[str]], k: float, times: int
) -> None:
    matrix, weights, mass, _ = survey
    one = poverty.measure_poverty(matrix, weights, [k], poverty.survey_design(len(matrix), mass)).overall[0]
    design = poverty.survey_design(len(matrix) * times, np.tile(mass, times))
    many = poverty.measure_poverty(np.tile(matrix, (times, 1)), weights, [k], design).overall[0]
    for (name, part, first), (_, _, second) in zip(one.rows(), many.rows(), strict=True):
        assert second.value == pytest.approx(first.value, nan_ok=True, abs=1e-12), (name, part)


@given(surveys(), cutoffs, cutoffs)
@settings(max_examples=100, deadline=None)
def test_a_higher_cutoff_finds_fewer_and_poorer_people(
    survey: tuple[Floats, Floats, Floats, list[str]], one: float, other: float
) -> None:
    matrix, weights, mass, _ = survey
    low, high = poverty.measure_poverty(
        matrix, weights, sorted([one, other]), poverty.survey_design(len(matrix), mass)
    ).overall
    assert high.headcount.value <= low.headcount.value + 1e-12
    assert high.adjusted_headcount.value <= low.adjusted_headcount.value + 1e-12
    if high.poor_households:
        assert high.intensity.value >= low.intensity.value - 1e-12


@given(surveys(), cutoffs, st.data())
@settings(max_examples=60, deadline=None)
def test_one_more_deprivation_of_a_poor_person_raises_the_adjusted_headcount(
    survey: tuple[Floats, Floats, Floats, list[str]], k: float, data: st.DataObject
) -> None:
    """Dimensional monotonicity (Alkire and Foster 2011)."""
    matrix, weights, mass, _ = survey
    design = poverty.survey_design(len(matrix), mass)
    before = poverty.measure_poverty(matrix, weights, [k], design)
    cells = np.argwhere((matrix == 0) & poverty.identify_poor(before.counted, k)[:, None])
    if len(cells):
        row, column = data.draw(st.sampled_from([tuple(cell) for cell in cells.tolist()]))
        changed = matrix.copy()
        changed[row, column] = 1
        after = poverty.measure_poverty(changed, weights, [k], design)
        assert after.overall[0].adjusted_headcount.value > before.overall[0].adjusted_headcount.value


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: poverty.measure_poverty([[1, 0]], [0.5, 0.6], [0.5]), "sum to 1.1"),
        (lambda: poverty.measure_poverty([[1, 0]], [1.5, -0.5], [0.5]), "weight -0.5"),
        (lambda: poverty.measure_poverty([[1, 0]], [0.5, 0.5], [33]), "0.33 for 33 %"),
        (lambda: poverty.measure_poverty([[1, 0]], [0.5, 0.5], [0]), "above 0"),
        (lambda: poverty.measure_poverty([[1, 0]], [0.5, 0.5], []), "no poverty cut-off"),
        (lambda: poverty.measure_poverty([[1, 0]], [1.0], [0.5]), "shape"),
        (lambda: poverty.measure_poverty([[1, np.nan]], [0.5, 0.5], [0.5]), "no household is left"),
        (lambda: poverty.measure_poverty([[1, 0]], [0.5, 0.5], [0.5], missing="guess"), "guess"),
        (lambda: poverty.measure_poverty([[1, 0]], [0.5, 0.5], [0.5], dimensions=["a"]), "1 dimensions"),
        (lambda: poverty.measure_poverty([[1, 0]], [0.5, 0.5], [0.5], groups=["a", "b"]), "group"),
        (lambda: poverty.measure_poverty([[1, 0]], [0.5, 0.5], [0.5], groups=[None]), "without a group"),
        (lambda: poverty.nested_weights([]), "no indicators"),
        (lambda: poverty.deprivation_matrix([[1.0]], []), "0 cut-offs"),
        (lambda: poverty.deprivation_matrix([[1.0]], [Cutoff("below", (1, 2))]), "2 numbers"),
        (lambda: poverty.deprivation_matrix([[1.0]], [Cutoff("under", (1,))]), "under"),
        (lambda: poverty.deprivation_matrix([[1.0]], [Cutoff("below", (np.nan,))]), "missing"),
    ],
)
def test_bad_input_is_refused(call: object, message: str) -> None:
    with pytest.raises(MethodError, match=message):
        call()  # type: ignore[operator]


def test_a_cell_that_is_no_deprivation_is_named() -> None:
    with pytest.raises(MethodError, match="deprivation 2") as caught:
        poverty.measure_poverty([[1, 0], [0, 2]], [0.5, 0.5], [0.5])
    assert (caught.value.row, caught.value.column) == (1, 1)


def test_a_domain_of_another_length_is_refused() -> None:
    design = poverty.survey_design(2)
    counted = poverty.count_deprivations([[1], [0]], [1], design)
    with pytest.raises(MethodError, match="domain"):
        poverty.measure(counted, design, 1, domain=np.array([True]))
