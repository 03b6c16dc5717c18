"""Shapley values of products: the definition, its properties, and a worked example."""

from __future__ import annotations

from itertools import combinations
from math import factorial, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from donghaeng.diagnosis.shapley import MOST_FACTORS, lmdi_of_product, log_mean, shapley_by_orders, shapley_of_product

factor = st.floats(0.01, 100.0)
pairs = st.integers(1, MOST_FACTORS).flatmap(
    lambda count: st.tuples(
        st.lists(factor, min_size=count, max_size=count), st.lists(factor, min_size=count, max_size=count)
    )
)
few_pairs = st.integers(1, 5).flatmap(
    lambda count: st.tuples(
        st.lists(st.floats(-5, 5), min_size=count, max_size=count),
        st.lists(st.floats(-5, 5), min_size=count, max_size=count),
    )
)


def by_subsets(before: list[float], after: list[float]) -> list[float]:
    """The subset form of the definition, in plain Python."""
    n = len(before)
    found = []
    for k in range(n):
        others = [j for j in range(n) if j != k]
        total = 0.0
        for size in range(n):
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            for subset in combinations(others, size):
                total += weight * prod(after[j] if j in subset else before[j] for j in others)
        found.append(total * (after[k] - before[k]))
    return found


def scale(before: list[float], after: list[float]) -> float:
    return prod(max(abs(a), abs(b), 1e-300) for a, b in zip(before, after, strict=True))


def test_two_factors_share_their_product() -> None:
    """2 x 3 to 4 x 5: each order gives the first 6 or 10 of the 14, and the other the rest."""
    assert shapley_of_product([2.0, 3.0], [4.0, 5.0]) == pytest.approx([8.0, 6.0])


@given(pairs)
@settings(deadline=None)
def test_the_parts_sum_to_the_change(pair: tuple[list[float], list[float]]) -> None:
    before, after = pair
    change = prod(after) - prod(before)
    assert shapley_of_product(before, after).sum() == pytest.approx(change, abs=1e-11 * scale(before, after))
    assert lmdi_of_product(before, after).sum() == pytest.approx(change, abs=1e-9 * scale(before, after))


@given(few_pairs)
@settings(deadline=None)
def test_the_closed_form_is_the_mean_over_all_orders(pair: tuple[list[float], list[float]]) -> None:
    """Zero and negative factors included: the definition does not mind."""
    before, after = pair
    tolerance = 1e-11 * scale(before, after) + 1e-12
    assert shapley_of_product(before, after) == pytest.approx(shapley_by_orders(before, after), abs=tolerance)
    assert shapley_of_product(before, after) == pytest.approx(by_subsets(before, after), abs=tolerance)


@given(pairs)
@settings(deadline=None)
def test_going_back_in_time_changes_the_signs_only(pair: tuple[list[float], list[float]]) -> None:
    before, after = pair
    there, back = shapley_of_product(before, after), shapley_of_product(after, before)
    assert there == pytest.approx(-back, abs=1e-11 * scale(before, after))


@given(pairs, st.lists(st.floats(0.001, 1000.0), min_size=MOST_FACTORS, max_size=MOST_FACTORS))
@settings(deadline=None)
def test_shares_do_not_depend_on_units(pair: tuple[list[float], list[float]], units: list[float]) -> None:
    before, after = (np.array(values) for values in pair)
    unit = np.array(units[: len(before)])
    plain = shapley_of_product(before, after) * unit.prod()
    assert shapley_of_product(before * unit, after * unit) == pytest.approx(
        plain, abs=1e-10 * scale(list(before * unit), list(after * unit))
    )


def test_a_factor_that_stays_brings_nothing() -> None:
    assert shapley_of_product([2.0, 3.0, 7.0], [2.0, 5.0, 1.0])[0] == 0.0


def test_a_factor_that_falls_to_zero_takes_all_with_it() -> None:
    assert shapley_of_product([2.0, 3.0], [0.0, 3.0]) == pytest.approx([-6.0, 0.0])
    assert np.isnan(lmdi_of_product([2.0, 3.0], [0.0, 3.0])).all()


def test_arrays_of_any_shape_are_done_at_once() -> None:
    generator = np.random.default_rng(3)
    before, after = generator.uniform(0.5, 2, (4, 5, 6)), generator.uniform(0.5, 2, (4, 5, 6))
    found = shapley_of_product(before, after)
    assert found[:, 2, 3] == pytest.approx(by_subsets(list(before[:, 2, 3]), list(after[:, 2, 3])))


def test_the_logarithmic_mean_is_smooth_where_both_are_the_same() -> None:
    near = log_mean(np.array([1.0, 1.0, 1.0]), np.array([1.0, 1.0 + 1e-9, 1.0 + 1e-3]))
    assert near == pytest.approx([1.0, 1.0 + 5e-10, 1e-3 / np.log1p(1e-3)], abs=1e-12)


def test_both_ways_are_close_for_changes_of_the_usual_size() -> None:
    """The synthetic check of the facts: they differ by a median of about 2 % of the largest term."""
    generator = np.random.default_rng(1)
    before = generator.uniform(0.5, 2.0, (4, 2000))
    after = before * generator.uniform(0.6, 1.4, (4, 2000))
    ours, other = shapley_of_product(before, after), lmdi_of_product(before, after)
    residual = np.abs(ours.sum(axis=0) - (after.prod(axis=0) - before.prod(axis=0))).max()
    apart = np.abs(ours - other).max(axis=0) / np.abs(ours).max(axis=0)
    assert residual < 1e-12
    assert np.median(apart) < 0.03
