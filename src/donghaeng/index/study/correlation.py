"""Correlations between indicators, aggregates and denominators, and flags for those beyond a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from donghaeng.index.methods import MethodError
from donghaeng.index.study.values import checked
from donghaeng.panel import Floats

Coefficient = Literal["pearson", "spearman", "kendall"]


@dataclass(frozen=True, eq=False)
class Correlations:
    """Correlations of each column of one table with each column of another; all arrays first x second.

    Attributes:
        values: from -1 to 1; NaN where fewer than 2 units have both, or one of the two is constant among them.
        p_values: two-sided, for the hypothesis of no association; NaN below 3 units.
        counts: number of units that have both.
    """

    values: Floats
    p_values: Floats
    counts: Floats


@dataclass(frozen=True)
class Pair:
    """Two columns and their correlation.

    Attributes:
        first: column of the first table.
        second: column of the second table.
        value: the correlation, not rounded.
        p_value: its p-value.
        count: number of units behind it.
    """

    first: int
    second: int
    value: float
    p_value: float
    count: int


def correlate(
    first: npt.ArrayLike, second: npt.ArrayLike | None = None, coefficient: Coefficient = "pearson"
) -> Correlations:
    """Correlate columns, each pair over the units that have both (pairwise complete).

    Pearson's r; Spearman's rho (Pearson's r of the ranks among the units of the pair, ties averaged); Kendall's
    tau-b (Kendall 1945, Biometrika 33(3), with its correction for ties). p-values: t distribution with n - 2
    degrees of freedom for Pearson and Spearman; for Kendall exact for small n without ties, else the normal
    approximation with the variance for ties.

    Args:
        first: shape units x columns; NaN where missing.
        second: the same units; default, the first table with itself, whose diagonal is 1.
        coefficient: which correlation.

    Raises:
        MethodError: tables of another shape or with other units, an infinite value, an unknown coefficient.
    """
    if coefficient not in _COEFFICIENTS:
        raise MethodError(f'unknown correlation "{coefficient}"', "pearson, spearman or kendall", "choose one of them")
    left = checked(first)
    right = left if second is None else checked(second)
    if len(left) != len(right):
        raise MethodError(
            f"tables of {len(left)} and {len(right)} units", "the same units in both", "select the same units"
        )
    shape = (left.shape[1], right.shape[1])
    result = Correlations(np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape))
    for row in range(shape[0]):
        for column in range(row if second is None else 0, shape[1]):
            cells = _pair(left[:, row], right[:, column], coefficient)
            for array, cell in zip((result.values, result.p_values, result.counts), cells, strict=True):
                array[row, column] = cell
                if second is None:
                    array[column, row] = cell
    return result


def correlate_with_parents(
    values: npt.ArrayLike, parents: Sequence[int | None], coefficient: Coefficient = "pearson"
) -> tuple[Pair, ...]:
    """Correlate each node of a tree with its parent.

    Args:
        values: scores of all nodes, shape units x nodes; NaN where missing.
        parents: column of the parent of each node; None for the root.
        coefficient: which correlation.

    Raises:
        MethodError: a table of another shape, an infinite value, an unknown coefficient.
    """
    table = checked(values)
    pairs = []
    for node, parent in enumerate(parents):
        if parent is not None:
            cell = correlate(table[:, [node]], table[:, [parent]], coefficient)
            pairs.append(_as_pair(cell, node, parent, (0, 0)))
    return tuple(pairs)


def flagged_within_groups(
    correlations: Correlations, groups: Sequence[str], above: float = 0.9, below: float = -0.4
) -> tuple[Pair, ...]:
    """Find pairs of one group that correlate strongly, or against each other.

    A very high correlation may mean counting one thing twice; a negative one, that the two work against each
    other in their mean (Nardo et al. 2008, OECD/JRC Handbook, step 4). Thresholds are compared with the
    unrounded correlation.

    Args:
        correlations: of a table with itself.
        groups: group of each column, such as its parent or an ancestor.
        above: flag correlations above this.
        below: flag correlations below this.

    Returns:
        Each pair once, in the order of the columns.

    Raises:
        MethodError: not one group for each column.
    """
    if correlations.values.shape != (len(groups), len(groups)):
        raise MethodError(
            f"{len(groups)} groups for correlations of the shape {correlations.values.shape}",
            "one group for each column of a table with itself",
            "correlate the table with itself",
        )
    found = []
    for first in range(len(groups)):
        for second in range(first + 1, len(groups)):
            value = correlations.values[first, second]
            if groups[first] == groups[second] and (value > above or value < below):
                found.append(_as_pair(correlations, first, second))
    return tuple(found)


def flagged_denominators(correlations: Correlations, threshold: float = 0.6) -> tuple[Pair, ...]:
    """Find indicators that follow a denominator, and may measure size more than anything else.

    Args:
        correlations: of raw indicators (first) with denominators (second).
        threshold: flag correlations above this in size; compared with the unrounded correlation.

    Returns:
        Pairs in the order of the columns.
    """
    found = np.argwhere(np.abs(correlations.values) > threshold)
    return tuple(_as_pair(correlations, int(first), int(second)) for first, second in found)


def _as_pair(cells: Correlations, first: int, second: int, at: tuple[int, int] | None = None) -> Pair:
    place = at or (first, second)
    value, p_value = float(cells.values[place]), float(cells.p_values[place])
    return Pair(first, second, value, p_value, int(cells.counts[place]))


def _pair(first: Floats, second: Floats, coefficient: Coefficient) -> tuple[float, float, int]:
    both = np.isfinite(first) & np.isfinite(second)
    one, other, count = first[both], second[both], int(both.sum())
    # A constant has no correlation, and rounding must not give it one.
    if count < 2 or one.min() == one.max() or other.min() == other.max():
        return float("nan"), float("nan"), count
    return (*_COEFFICIENTS[coefficient](one, other), count)


def _pearson(one: Floats, other: Floats) -> tuple[float, float]:
    one, other = one - one.mean(), other - other.mean()
    # Each is scaled first, so that the squares of very large or small values stay in range.
    one, other = one / np.abs(one).max(), other / np.abs(other).max()
    value = float(np.clip((one @ other) / np.sqrt((one @ one) * (other @ other)), -1.0, 1.0))
    freedom = len(one) - 2
    if freedom < 1:
        return value, float("nan")
    # P(|t| > t0) with t0^2 = r^2 df / (1 - r^2) is the regularised incomplete beta function at 1 - r^2.
    return value, float(special.betainc(freedom / 2, 0.5, 1.0 - value**2))


def _spearman(one: Floats, other: Floats) -> tuple[float, float]:
    return _pearson(stats.rankdata(one), stats.rankdata(other))


def _kendall(one: Floats, other: Floats) -> tuple[float, float]:
    found = stats.kendalltau(one, other, variant="b")
    return float(found.statistic), float(found.pvalue) if len(one) > 2 else float("nan")


_COEFFICIENTS = {"pearson": _pearson, "spearman": _spearman, "kendall": _kendall}
