"""Denominate: divide indicators by the size of the unit, such as its population or area."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from donghaeng.index.methods import MethodError
from donghaeng.index.methods.screen import checked
from donghaeng.panel import Floats

#: Marks an indicator that is not divided.
NO_DENOMINATOR = -1


def denominate(
    x: npt.ArrayLike, denominators: npt.ArrayLike, of: Sequence[int], scale: npt.ArrayLike | None = None
) -> Floats:
    """Divide indicators by denominators: value / denominator x scale.

    Args:
        x: units x indicators; NaN is missing.
        denominators: units x denominators, in their units; NaN is missing.
        of: for each indicator the position of its denominator, or `NO_DENOMINATOR`.
        scale: for each indicator a factor, such as 1,000 for "per thousand"; 1 when absent. It is for divided
            indicators only.

    Returns:
        A new array like `x`; missing where the value or its denominator is.

    Raises:
        MethodError: when a value would be divided by zero or by a negative number (names its row and column), and
            when shapes or positions do not fit.

    Source: COINr 1.1.14, Denominate (which gives infinite values for zero denominators).
    """
    values, sizes = checked(x), checked(denominators)
    positions = _positions(of, values, sizes)
    factors = _factors(scale, values.shape[1])
    divided = positions != NO_DENOMINATOR
    divisors = np.where(divided, sizes[:, positions], 1.0)
    wrong = np.argwhere((divisors <= 0) & ~np.isnan(values))
    if len(wrong):
        row, column = (int(position) for position in wrong[0])
        what = f"the denominator is {divisors[row, column]:g}"
        remedy = "correct it, leave it empty if it is not known, or do not divide this indicator"
        raise MethodError(what, "a number above 0", remedy, column=column, row=row)
    with np.errstate(divide="ignore", invalid="ignore"):
        quotients = values / divisors * factors
    return np.where(divided, quotients, values)


def _positions(of: Sequence[int], values: Floats, sizes: Floats) -> npt.NDArray[np.int64]:
    if len(sizes) != len(values):
        what = f"there are denominators for {len(sizes)} units and values for {len(values)}"
        raise MethodError(what, "the same units in the same order", "give one row of denominators for each unit")
    positions = np.asarray(of, dtype=np.int64)
    if positions.shape != (values.shape[1],):
        what = f"{positions.size} indicators have a denominator stated"
        raise MethodError(what, f"a statement for each of {values.shape[1]} indicators", "write -1 where there is none")
    unknown = np.flatnonzero((positions < NO_DENOMINATOR) | (positions >= sizes.shape[1]))
    if len(unknown):
        what = f"there is no denominator at position {positions[unknown[0]]}"
        remedy = "correct the position"
        raise MethodError(what, f"0 to {sizes.shape[1] - 1}, or -1 for none", remedy, column=int(unknown[0]))
    return positions


def _factors(scale: npt.ArrayLike | None, indicators: int) -> Floats:
    if scale is None:
        return np.ones(indicators)
    factors = checked(scale, 1)
    if factors.shape != (indicators,) or not (factors > 0).all():
        remedy = "write 1 where nothing is scaled; the direction of an indicator is not a scale"
        raise MethodError("the scales do not fit", f"{indicators} numbers above 0", remedy)
    return factors


def correlations(x: npt.ArrayLike, denominators: npt.ArrayLike) -> Floats:
    """Correlate each indicator with each denominator, to see which of them grow with the size of the unit.

    Args:
        x: units x indicators; NaN is missing.
        denominators: units x denominators.

    Returns:
        Indicators x denominators: Pearson's correlation over the units that have both; NaN where fewer than three
        have both, or one of the two is constant among them.

    Raises:
        MethodError: when the numbers of units differ.

    Source: COINr 1.1.14, get_denom_corr (rounded there to two decimals).
    """
    values, sizes = checked(x), checked(denominators)
    _positions([NO_DENOMINATOR] * values.shape[1], values, sizes)
    result = np.full((values.shape[1], sizes.shape[1]), np.nan)
    for column in range(values.shape[1]):
        for size in range(sizes.shape[1]):
            result[column, size] = _pearson(values[:, column], sizes[:, size])
    return result


def _pearson(first: Floats, second: Floats) -> float:
    both = ~np.isnan(first) & ~np.isnan(second)
    a, b = first[both], second[both]
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])
