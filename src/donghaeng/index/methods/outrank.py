"""Outrank: who beats whom on how much of the weight, and rankings that follow from it.

These methods use only the order of the values in each column, so weights mean importance, not exchange rates, and a
good value cannot make up for a bad one (Munda and Nardo 2009). Higher is better in every column.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from donghaeng.index.methods import MethodError
from donghaeng.panel import Floats

#: Shares are sums of rounded weights: they are taken as equal if they are to this.
_ROUNDING = 1e-12

#: The largest group of units in a cycle of majorities that `kemeny_young` ranks exactly.
MOST_UNITS = 20


def outranking(x: Floats, weights: Floats | None = None) -> Floats:
    """Share of the weight on which each unit beats each other one; ties count half.

    e_ij = sum_q w_q ([x_iq > x_jq] + [x_iq = x_jq] / 2) / sum_q w_q, over the columns that both units have
    (OECD/JRC 2008, equation 32; Arrow and Raynaud 1986). e_ij + e_ji = 1 for each pair.

    Args:
        x: values, shape (units, k), NaN where missing.
        weights: weights of the columns, shape (k,); absent for equal weights.

    Returns:
        Shape (units, units); 0 on the diagonal, NaN for a pair without a column in common.

    Raises:
        MethodError: x is not a table or holds an infinite value, or weights are negative, missing, infinite, too many,
            too few or sum to 0.
    """
    values = np.asarray(x, np.float64)
    if values.ndim != 2:
        raise MethodError(
            what=f"the values have {values.ndim} axes", expected="units x columns", remedy="give one table"
        )
    w = _checked_weights(values, weights)
    units = len(values)
    wins, compared = np.zeros((units, units)), np.zeros((units, units))
    for column, weight in zip(values.T, w, strict=True):
        there = np.isfinite(column)
        better = np.where(there, column, 0.0)
        both = there[:, None] & there[None, :]
        higher, same = better[:, None] > better[None, :], better[:, None] == better[None, :]
        wins += weight * np.where(both, higher + 0.5 * same, 0.0)
        compared += weight * both
    with np.errstate(invalid="ignore"):
        shares = wins / compared
    np.fill_diagonal(shares, 0.0)
    return shares


def _checked_weights(values: Floats, weights: Floats | None) -> Floats:
    columns = values.shape[1]
    w = np.ones(columns) if weights is None else np.asarray(weights, np.float64)
    if w.shape != (columns,):
        raise MethodError(
            what=f"there are {w.size} weights for {columns} columns",
            expected=f"{columns} weights",
            remedy="give one weight for each column",
        )
    bad = ~np.isfinite(w) | (w < 0)
    if bad.any() or not w.sum() > 0:
        column = int(bad.argmax()) if bad.any() else None
        raise MethodError(
            what="the weights sum to zero" if column is None else f"the weight of column {column} is {w[column]:g}",
            expected="weights of 0 or more, at least one above",
            remedy="correct the weights",
            column=column,
        )
    if np.isinf(values).any():
        row, column = (int(i) for i in np.argwhere(np.isinf(values))[0])
        raise MethodError(
            what=f"the value in row {row}, column {column} is infinite",
            expected="numbers, or nothing where a value is missing",
            remedy="correct the value or leave it empty",
            column=column,
            row=row,
        )
    return w


def copeland(shares: Floats) -> Floats:
    """Copeland score: number of units that a unit beats on more than half, minus those that beat it (Copeland 1951).

    Args:
        shares: the matrix of `outranking`, shape (units, units). Counts of votes do as well.

    Returns:
        Scores, shape (units,), from -(units - 1) to units - 1; they sum to 0. A pair that cannot be compared counts
        as a tie.

    Raises:
        MethodError: the matrix is not square.
    """
    return np.asarray(_majority(shares).sum(axis=1), np.float64)


def _majority(shares: Floats) -> npt.NDArray[np.int8]:
    """1 where the row beats the column, -1 where it is beaten, 0 for ties, the diagonal and what cannot be compared."""
    matrix = np.asarray(shares, np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise MethodError(
            what=f"the outranking matrix has shape {matrix.shape}",
            expected="as many rows as columns",
            remedy="give the matrix that `outranking` makes",
        )
    margin = np.nan_to_num(matrix - matrix.T)
    scale = max(float(np.nanmax(np.abs(matrix), initial=0.0)), np.finfo(np.float64).tiny)
    return np.where(np.abs(margin) > _ROUNDING * scale, np.sign(margin), 0).astype(np.int8)


def dominance(shares: Floats) -> tuple[npt.NDArray[np.int64], float]:
    """Find pairs in which one unit is better in every column that counts, with no tie.

    The fraction tells how far a ranking is settled whatever the weights (all above 0) and the mean: these pairs keep
    their order.

    Args:
        shares: the matrix of `outranking`, shape (units, units).

    Returns:
        The pairs, shape (pairs, 2), the dominating unit first; and their share of all pairs of units (0 for one unit).
    """
    matrix = np.asarray(shares, np.float64)
    units = len(matrix)
    pairs = np.argwhere(np.nan_to_num(matrix) >= 1 - _ROUNDING)
    return pairs, float(len(pairs) / (units * (units - 1) / 2)) if units > 1 else 0.0


# Kemeny-Young


@dataclass(frozen=True, eq=False)
class KemenyYoung:
    """The rankings with the highest support.

    Attributes:
        support: sum of shares over all pairs in the order of the ranking; the same for all of them.
        count: number of rankings with this support.
        rankings: these rankings, each as positions of units, the best first, in ascending order; the first
            `most_rankings` of them.
        complete: whether `rankings` holds all of them.
        rank_shares: share of the best rankings in which a unit (row) has a rank (column, 0 for the first).
    """

    support: float
    count: int
    rankings: tuple[tuple[int, ...], ...]
    complete: bool
    rank_shares: Floats


def kemeny_young(shares: Floats, most_rankings: int = 10_000, most_units: int = MOST_UNITS) -> KemenyYoung:
    """Find all rankings that agree with the most weight, summed over pairs (Condorcet-Kemeny-Young-Levenglick).

    Maximises sum of e_ij over all pairs with i ranked ahead of j (Kemeny 1959; Young and Levenglick 1978; OECD/JRC
    2008, equation 33). Exact: units that are not in a cycle of majorities with each other (ties included) are in the
    same order in every best ranking (Truchon 1998), so cycles are ranked one by one, each by dynamic programming over
    its subsets, 2^units of them. Ties are found, counted and listed.

    Args:
        shares: the matrix of `outranking`, shape (units, units). Counts of votes do as well. A pair that cannot be
            compared (NaN) supports both orders by nothing.
        most_rankings: how many of the best rankings to list.
        most_units: the largest cycle that is tried; each unit more doubles time and memory (20 units take some
            seconds).

    Raises:
        MethodError: a cycle has more units than that, or the matrix is not square.
    """
    majority = _majority(shares)
    matrix = np.nan_to_num(np.asarray(shares, np.float64))
    np.fill_diagonal(matrix, 0.0)
    groups = _in_order(majority)
    largest = max((len(group) for group in groups), default=0)
    if largest > most_units:
        raise MethodError(
            what=f"{largest} units beat each other in a cycle, or tie",
            expected=f"at most {most_units}, because all their orders have to be weighed",
            remedy="rank them by their Copeland score, or rank fewer units",
        )
    tolerance = _ROUNDING * max(float(np.abs(matrix).max(initial=0.0)), np.finfo(np.float64).tiny) * len(matrix) ** 2
    parts = [_Cycle(matrix[np.ix_(group, group)], tolerance) for group in groups]
    rank_shares = np.zeros(matrix.shape)
    start, count = 0, 1
    for group, part in zip(groups, parts, strict=True):
        rank_shares[np.ix_(group, np.arange(start, start + len(group)))] = part.rank_shares
        start, count = start + len(group), count * part.count
    rankings: list[tuple[int, ...]] = [()]
    # From the last group to the first, so that cutting the list short keeps the first rankings in ascending order.
    for group, part in zip(reversed(groups), reversed(parts), strict=True):
        heads = [tuple(int(group[unit]) for unit in order) for order in part.orders(most_rankings)]
        rankings = [head + tail for head in heads for tail in rankings][:most_rankings]
    support = _support(matrix, rankings[0]) if rankings else float(sum(part.support for part in parts))
    return KemenyYoung(support, count, tuple(rankings), count <= most_rankings, rank_shares)


def _support(matrix: Floats, ranking: tuple[int, ...]) -> float:
    return float(np.triu(matrix[np.ix_(ranking, ranking)], 1).sum())


def _in_order(majority: npt.NDArray[np.int8]) -> list[npt.NDArray[np.int64]]:
    """Groups of units that beat or tie each other in a cycle, the best group first."""
    reaches = majority >= 0
    for middle in range(len(majority)):  # Warshall (1962): who is reached through any chain of majorities and ties
        reaches |= reaches[:, middle, None] & reaches[None, middle, :]
    both = reaches & reaches.T
    groups = [np.flatnonzero(row) for index, row in enumerate(both) if row.argmax() == index]
    # Between groups every majority points one way: all of a better group beat everyone in the groups behind, so the
    # number that any one of a group beats outside it orders the groups.
    beaten = (majority > 0).sum(axis=1)
    return sorted(groups, key=lambda group: -int(beaten[group[0]] - (majority[group[0], group] > 0).sum()))


class _Cycle:
    """The best orders of one group of units.

    For each subset of units the best support of putting it ahead of the others is that of the subset without its last
    unit plus what supports the last one being last; subsets are worked through by size, each size at once.
    """

    def __init__(self, matrix: Floats, tolerance: float) -> None:
        self.matrix, self.tolerance = matrix, tolerance
        self.units = len(matrix)
        subsets = np.arange(1 << self.units, dtype=np.int64)
        sizes = np.bitwise_count(subsets)
        by_size = np.argsort(sizes, kind="stable")
        bounds = np.searchsorted(sizes[by_size], np.arange(self.units + 2))
        self._layers = [by_size[bounds[size] : bounds[size + 1]] for size in range(self.units + 1)]
        self._ahead = [self._sums(unit) for unit in range(self.units)]
        self.best = np.zeros(1 << self.units)
        self._fill()
        self.support = float(self.best[-1])
        self._count()

    def _sums(self, unit: int) -> tuple[Floats, Floats]:
        """What supports `unit` behind any subset: sums over the lower and over the upper half of the units."""
        half = (self.units + 1) // 2
        tables = []
        for units in (range(half), range(half, self.units)):
            table = np.zeros(1)
            for other in units:
                table = np.concatenate([table, table + self.matrix[other, unit]])
            tables.append(table)
        return tables[0], tables[1]

    def _support_as_last(self, unit: int, before: npt.NDArray[np.int64]) -> Floats:
        """Best support of the subsets `before` with `unit` put behind each of them."""
        half = (self.units + 1) // 2
        lower, upper = self._ahead[unit]
        total: Floats = self.best[before] + lower[before & ((1 << half) - 1)] + upper[before >> half]
        return total

    def _fill(self) -> None:
        self.best[1:] = -np.inf
        for layer in self._layers[1:]:
            for unit in range(self.units):
                subsets = layer[(layer >> unit) & 1 == 1]
                support = self._support_as_last(unit, subsets ^ (1 << unit))
                self.best[subsets] = np.maximum(self.best[subsets], support)

    def _last(self, unit: int, layer: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Those of the subsets of which `unit` can be the last one in a best order."""
        subsets = layer[(layer >> unit) & 1 == 1]
        chosen: npt.NDArray[np.int64] = subsets[
            self._support_as_last(unit, subsets ^ (1 << unit)) >= self.best[subsets] - self.tolerance
        ]
        return chosen

    def _count(self) -> None:
        # 20! still fits 64 bits; floats would do for shares but not for a count.
        ways_to = np.zeros(1 << self.units, np.int64)
        ways_on = np.zeros(1 << self.units, np.int64)
        ways_to[0], ways_on[-1] = 1, 1
        for layer in self._layers[1:]:
            for unit in range(self.units):
                subsets = self._last(unit, layer)
                ways_to[subsets] += ways_to[subsets ^ (1 << unit)]
        counts = np.zeros((self.units, self.units))
        for size in range(self.units, 0, -1):
            for unit in range(self.units):
                subsets = self._last(unit, self._layers[size])
                subsets = subsets[ways_on[subsets] > 0]
                before = subsets ^ (1 << unit)
                ways_on[before] += ways_on[subsets]
                counts[unit, size - 1] = (ways_to[before].astype(np.float64) * ways_on[subsets]).sum()
        self.count = int(ways_to[-1])
        self.rank_shares = counts / self.count
        self._ways_on = ways_on

    def orders(self, most: int) -> list[tuple[int, ...]]:
        """The first `most` best orders, ascending."""
        found: list[tuple[int, ...]] = []
        full = (1 << self.units) - 1
        waiting: list[tuple[tuple[int, ...], int]] = [((), 0)]
        while waiting and len(found) < most:
            order, subset = waiting.pop()
            if subset == full:
                found.append(order)
                continue
            for unit in reversed(range(self.units)):
                after = subset | (1 << unit)
                # `_ways_on` keeps to subsets that a best order passes through.
                if after != subset and self._ways_on[after] > 0 and self._is_best(unit, subset, after):
                    waiting.append(((*order, unit), after))
        return found

    def _is_best(self, unit: int, before: int, after: int) -> bool:
        support = self._support_as_last(unit, np.array([before]))[0]
        return bool(support >= self.best[after] - self.tolerance)
