"""Sobol indices: how much of the variance of a result each factor explains, alone, in pairs, and in all.

Targets are vectors: the score or rank of every unit, say, each with its own indices. They are exact where the space is
enumerated; else they are estimated from a Saltelli design, block by block of base points, with a half-width of their
own.

Sources: Sobol' 2001 (decomposition of the variance); Saltelli et al. 2010, Computer Physics Communications 181(2),
259-270 (first-order and total estimators); Saltelli 2002, CPC 145(2), 280-297 (second order). Estimates agree with
`SALib.analyze.sobol.analyze`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from donghaeng.errors import UsageError, listed
from donghaeng.index.robustness.design import Design, Enumeration, Saltelli, require_complete
from donghaeng.index.robustness.factors import Choice
from donghaeng.index.robustness.model import Model, Precision, Reason
from donghaeng.index.robustness.run import (
    Engine,
    Failure,
    Progress,
    Spread,
    replicate,
    require_no_failures,
    settled,
)
from donghaeng.index.robustness.tables import Array

Floats = npt.NDArray[np.float64]

#: Half-widths are for 95 %.
_Z = 1.959963984540054

#: Values of targets that are held at once, in numbers of 8 bytes.
_HELD = 24_000_000

#: A variance below this share of the squared mean is rounding, not variance.
_NOTHING = 1e-24


@dataclass(frozen=True)
class Target:
    """What the indices are about: a result of each replication, or several side by side.

    Attributes:
        name: its name.
        labels: what each column is about, such as the codes of units; one empty label for a single column.
        of: gives replications x labels from scores and ranks, both replications x units.
    """

    name: str
    labels: tuple[str, ...]
    of: Callable[[Array, Array], Array]


def score_of_units(units: Sequence[str]) -> Target:
    """The score of every unit."""
    return Target("score", tuple(units), lambda scores, _: scores)


def rank_of_units(units: Sequence[str]) -> Target:
    """The rank of every unit."""
    return Target("rank", tuple(units), lambda _, ranks: ranks.astype(np.float64))


def mean_rank_change(nominal: npt.ArrayLike) -> Target:
    """The mean over all units of the absolute change of rank against the nominal index.

    Args:
        nominal: rank of each unit in the nominal index.
    """
    before = np.asarray(nominal, np.float64)
    return Target("mean rank change", ("",), lambda _, ranks: np.abs(ranks - before).mean(axis=1, keepdims=True))


def level(unit: int) -> Target:
    """The score of one unit; for a place over time, of one period."""
    return Target("level", ("",), lambda scores, _: scores[:, [unit]])


def change(before: int, after: int) -> Target:
    """The difference of the scores of two units: of a place, from one period to another."""
    return Target("change", ("",), lambda scores, _: scores[:, [after]] - scores[:, [before]])


def sign(before: int, after: int) -> Target:
    """The direction of the change between two units: -1, 0 or 1."""
    return Target("sign", ("",), lambda scores, _: np.sign(scores[:, [after]] - scores[:, [before]]))


def below(unit: int, threshold: float = 100.0) -> Target:
    """Whether the score of one unit lies below a threshold: 1 or 0."""
    return Target("below", ("",), lambda scores, _: (scores[:, [unit]] < threshold).astype(np.float64))


@dataclass(frozen=True, eq=False)
class Indices:
    """Sobol indices of one target. An index is NaN where the target does not vary.

    Attributes:
        target: name of the target.
        labels: what the columns are about.
        factors: names of the factors.
        first: share of the variance that a factor explains alone; factors x labels.
        total: share with all its interactions, same shape.
        second: share that the interaction of two factors explains; pairs x labels, none where not estimated.
        pairs: the pairs, by position in `factors`.
        mean: mean of the target; labels.
        variance: its variance.
        half_first: half-width of the 95 % interval of `first`; 0 for exact indices.
        half_total: the same of `total`.
        half_second: the same of `second`.
        exact: whether every combination was run.
        replications: number of replications behind them.
    """

    target: str
    labels: tuple[str, ...]
    factors: tuple[str, ...]
    first: Floats
    total: Floats
    second: Floats
    pairs: tuple[tuple[int, int], ...]
    mean: Floats
    variance: Floats
    half_first: Floats
    half_total: Floats
    half_second: Floats
    exact: bool
    replications: int

    @property
    def widest(self) -> float:
        """The largest half-width of all indices."""
        halves = [self.half_first, self.half_total, self.half_second]
        known = np.concatenate([half.ravel() for half in halves])
        known = known[~np.isnan(known)]
        return float(known.max(initial=0.0))


def exact_indices(
    model: Model,
    targets: Sequence[Target],
    *,
    threads: int = 1,
    precision: Precision = "double",
    engine: Engine = "auto",
    progress: Progress | None = None,
) -> tuple[Indices, ...]:
    """Run every combination of choices and give the exact indices, with population variances.

    Raises:
        UsageError: a factor that is not a choice, too many combinations, or combinations that a rule excludes.
        InputError: replications that failed, with their reasons.
    """
    require_complete(model.space)
    design = Enumeration(model.space)
    columns = [len(target.labels) for target in targets]
    found: list[list[Indices]] = [[] for _ in targets]
    width = max(1, _HELD // design.size)
    # Large spaces are run again for every block of columns instead of being kept.
    blocks = list(_blocks(columns, width))
    for number, block in enumerate(blocks):
        values = np.empty((design.size, sum(stop - start for _, start, stop in block)))

        def taken(scores: Array, ranks: Array, block: list[tuple[int, int, int]] = block) -> Array:
            return np.concatenate([targets[at].of(scores, ranks)[:, start:stop] for at, start, stop in block], axis=1)

        for start, part in _evaluated(model, design, taken, threads, precision, engine):
            values[start : start + len(part)] = part
        if progress is not None:
            progress(number + 1, len(blocks))
        at = 0
        for target, start, stop in block:
            labels = targets[target].labels[start:stop]
            own = values[:, at : at + stop - start]
            found[target].append(indices_of_grid(design, targets[target].name, labels, own))
            at += stop - start
    return tuple(_joined(parts) for parts in found)


def _blocks(columns: list[int], width: int) -> Iterator[list[tuple[int, int, int]]]:
    """Cut the columns of all targets into blocks: target, first column, behind the last."""
    block: list[tuple[int, int, int]] = []
    room = width
    for target, count in enumerate(columns):
        start = 0
        while start < count:
            stop = min(count, start + room)
            block.append((target, start, stop))
            room -= stop - start
            start = stop
            if room == 0:
                yield block
                block, room = [], width
    if block:
        yield block


def _joined(parts: list[Indices]) -> Indices:
    first = parts[0]
    if len(parts) == 1:
        return first

    def beside(name: str) -> Floats:
        return np.concatenate([getattr(part, name) for part in parts], axis=-1)

    return replace(
        first,
        labels=tuple(label for part in parts for label in part.labels),
        first=beside("first"),
        total=beside("total"),
        second=beside("second"),
        mean=beside("mean"),
        variance=beside("variance"),
        half_first=beside("half_first"),
        half_total=beside("half_total"),
        half_second=beside("half_second"),
    )


@dataclass(frozen=True, eq=False)
class _Chunk:
    """Targets of one chunk of replications; it can travel to another process."""

    model: Model
    design: Design
    taken: Callable[[Array, Array], Array]
    precision: Precision
    engine: Engine

    def __call__(self, numbers: range) -> Array | dict[int, Reason]:
        """Give what is taken of the replications, or the reasons of those that failed."""
        scores, ranks, reasons = replicate(
            self.model, self.design, np.array(numbers), precision=self.precision, engine=self.engine
        )
        if reasons:
            return {numbers[position]: reason for position, reason in reasons.items()}
        return self.taken(scores, ranks)


def _evaluated(
    model: Model,
    design: Design,
    taken: Callable[[Array, Array], Array],
    threads: int,
    precision: Precision,
    engine: Engine,
    start: int = 0,
    stop: int | None = None,
    rows: int = 1,
    spread: Spread | None = None,
) -> Iterator[tuple[int, Array]]:
    """Targets of the replications of a design, chunk by chunk in order; whole groups of `rows` replications."""
    stop = design.size if stop is None else stop
    length = max(1, 400_000 // len(model.units) // rows) * rows
    model.prepared.tables(precision)
    work = _Chunk(model, design, taken, precision, settled(engine))
    spans = [range(at, min(at + length, stop)) for at in range(start, stop, length)]
    failed: dict[int, Reason] = {}
    with ThreadPoolExecutor(threads) as pool:
        # A few chunks at a time: finished ones are not to pile up.
        together = 8 * spread.tasks if spread else 4 * threads
        for first in range(0, len(spans), together):
            group = spans[first : first + together]
            for numbers, found in zip(group, spread.map(work, group) if spread else pool.map(work, group), strict=True):
                if isinstance(found, dict):
                    failed |= found
                else:
                    yield numbers.start, found
    if failed:
        require_no_failures(_by_reason(failed))


def _by_reason(failed: dict[int, Reason]) -> tuple[Failure, ...]:
    numbers: dict[Reason, list[int]] = {}
    for number in sorted(failed):
        numbers.setdefault(failed[number], []).append(number)
    return tuple(Failure(reason, len(found), tuple(found[:1_000])) for reason, found in numbers.items())


def indices_of_grid(design: Enumeration, target: str, labels: tuple[str, ...], values: Floats) -> Indices:
    """Decompose the variance of a target that is known at every combination.

    Args:
        design: the combinations.
        target: name of the target.
        labels: what its columns are about.
        values: combinations x labels, in the order of the design.
    """
    factors = design.space.factors
    shares = [factor.shares for factor in factors if isinstance(factor, Choice)]
    mean, deviations, variance = _centred(values, shares)
    grid = deviations.reshape(*design.space.shape, values.shape[1])
    count = len(factors)
    without = [_averaged(grid, shares, [at]) for at in range(count)]
    varies = variance > _NOTHING * np.maximum(mean**2, 1e-300)

    def share(explained: Floats) -> Floats:
        return np.divide(explained, variance, out=np.full_like(variance, np.nan), where=varies)

    def explained_by(kept: tuple[int, ...]) -> Floats:
        # Start from the smallest table there is: without the first factor that is averaged anyway.
        others = [at for at in range(count) if at not in kept]
        if not others:
            return variance
        means = _averaged(without[others[0]], shares, others[1:])
        return _weighted(means**2, [shares[at] if at in kept else np.ones(1) for at in range(count)])

    first = [explained_by((at,)) for at in range(count)]
    total = [
        variance - _weighted(without[at] ** 2, [*shares[:at], np.ones(1), *shares[at + 1 :]]) for at in range(count)
    ]
    pairs = tuple(combinations(range(count), 2))
    second = [explained_by(pair) - first[pair[0]] - first[pair[1]] for pair in pairs]
    shape = (len(pairs), len(labels))
    return Indices(
        target=target,
        labels=labels,
        factors=design.space.names,
        first=np.array([share(one) for one in first]),
        total=np.array([share(one) for one in total]),
        second=np.array([share(one) for one in second]).reshape(shape),
        pairs=pairs,
        mean=mean,
        variance=variance,
        half_first=np.zeros((count, len(labels))),
        half_total=np.zeros((count, len(labels))),
        half_second=np.zeros(shape),
        exact=True,
        replications=design.size,
    )


def _centred(values: Floats, shares: list[Floats]) -> tuple[Floats, Floats, Floats]:
    """Mean, deviations from it, and population variance."""
    weights = np.ones(1)
    for one in shares:
        weights = np.multiply.outer(weights, one).ravel()
    mean = weights @ values
    deviations = values - mean
    return mean, deviations, weights @ deviations**2


def _averaged(grid: Floats, shares: list[Floats], axes: Sequence[int]) -> Floats:
    """Average a grid over some factors; their axes stay with length 1."""
    for axis in axes:
        shape = grid.shape
        flat = grid.reshape(math.prod(shape[:axis]), shape[axis], -1)
        grid = np.matmul(shares[axis], flat).reshape(*shape[:axis], 1, *shape[axis + 1 :])
    return grid


def _weighted(grid: Floats, shares: list[Floats]) -> Floats:
    """Average a grid over all factors; an axis of length 1 counts once."""
    result = _averaged(grid, shares, range(len(shares)))
    return np.asarray(result.reshape(-1))


def estimated_indices(
    model: Model,
    targets: Sequence[Target],
    *,
    base: int = 4_096,
    seed: int | None = None,
    half_width: float | None = None,
    most: int = 2**20,
    second_order: bool = True,
    sequence: bool = True,
    threads: int = 1,
    precision: Precision = "single",
    engine: Engine = "auto",
    progress: Progress | None = None,
    spread: Spread | None = None,
) -> tuple[Indices, ...]:
    """Estimate the indices from a Saltelli design.

    Args:
        model: the index and what varies.
        targets: what the indices are about.
        base: number of base points; the design has (2 factors + 2) times as many replications.
        seed: any whole number, 0 too; None for a random one.
        half_width: double the base points until every half-width is at most this.
        most: largest number of base points for that.
        second_order: estimate interactions of two factors too.
        sequence: take SALib's scrambled Sobol' sequence, else independent points.
        threads: how many to use; the result does not depend on it.
        precision: of the scores.
        engine: ``numba``, ``numpy`` or ``auto``.
        progress: called with base points done and wanted.
        spread: where to run the replications instead of on threads here; the result is the same.

    Raises:
        UsageError: a rule excludes combinations.
        InputError: replications that failed, with their reasons.
    """
    design = Saltelli(model.space, base, seed, second_order, sequence)
    sums = _Sums(design, targets)
    while True:
        sums.add(model, design, threads, precision, engine, progress, spread)
        result = sums.indices()
        if half_width is None or max(one.widest for one in result) <= half_width or design.base * 2 > most:
            return result
        design = Saltelli(model.space, design.base * 2, design.used_seed, second_order, sequence)


class _Sums:
    """Sums over base points, a row for each block, from which indices and their errors follow.

    The products are taken of values shifted by the first mean; the estimators' own centre is put in afterwards, since
    they only need sums of single values and of products.
    """

    def __init__(self, design: Saltelli, targets: Sequence[Target]) -> None:
        self.targets = targets
        self.factors = design.space.names
        self.second_order = design.second_order
        self.count = len(self.factors)
        self.pairs = tuple(combinations(range(self.count), 2)) if design.second_order else ()
        self.shift: Floats | None = None
        self.done = 0
        self.rows = design.rows
        self.blocks: list[Floats] = []

    def add(
        self,
        model: Model,
        design: Saltelli,
        threads: int,
        precision: Precision,
        engine: Engine,
        progress: Progress | None,
        spread: Spread | None,
    ) -> None:
        """Run the base points that are not done yet."""
        # They may travel, so they hold nothing of what has been summed before.
        targets, rows, count, pairs = self.targets, self.rows, self.count, self.pairs

        def taken(scores: Array, ranks: Array) -> Array:
            return np.concatenate([target.of(scores, ranks) for target in targets], axis=1)

        if self.shift is None:
            scores, ranks, reasons = replicate(
                model, design, np.arange(min(design.size, 8 * self.rows)), precision=precision, engine=engine
            )
            if reasons:
                require_no_failures(_by_reason(reasons))
            self.shift = taken(scores, ranks).mean(axis=0)
        shift = self.shift

        def summed(scores: Array, ranks: Array) -> Array:
            return _block(taken(scores, ranks) - shift, rows, count, pairs)

        span = design.size - self.done * self.rows
        if span:
            start = self.done * self.rows
            for at, sums in _evaluated(
                model, design, summed, threads, precision, engine, start, None, self.rows, spread
            ):
                self.blocks.append(sums)
                if progress is not None:
                    progress(at // self.rows, design.base)
        self.done = design.base

    def block(self, values: Floats) -> Floats:
        """Sums of one chunk of values: sub-blocks x terms x columns."""
        if self.shift is None:
            raise UsageError("the shift is set before the first block")
        return _block(values - self.shift, self.rows, self.count, self.pairs)

    def indices(self) -> tuple[Indices, ...]:
        """Estimate from all blocks; errors by leaving out one of 64 groups of blocks at a time (jackknife)."""
        blocks = np.concatenate(self.blocks)
        whole = self._estimates(blocks.sum(axis=0))
        groups = min(64, len(blocks))
        if groups > 1:
            joined = np.add.reduceat(blocks, np.arange(groups) * len(blocks) // groups, axis=0)
            without = np.array([self._estimates(blocks.sum(axis=0) - one) for one in joined])
            spread = ((without - without.mean(axis=0)) ** 2).sum(axis=0)
            half = _Z * np.sqrt((groups - 1) / groups * spread)
        else:
            half = np.full(whole.shape, np.nan)
        return tuple(self._parted(blocks.sum(axis=0), whole, half))

    def _parted(self, sums: Floats, whole: Floats, half: Floats) -> Iterator[Indices]:
        count = self.count
        mean = (sums[1] + sums[2]) / (2 * sums[0])
        variance = sums[3] / (2 * sums[0]) - mean**2
        if self.shift is None:
            raise UsageError("nothing has been run")
        start = 0
        for target in self.targets:
            columns = slice(start, start + len(target.labels))
            start += len(target.labels)
            yield Indices(
                target=target.name,
                labels=target.labels,
                factors=self.factors,
                first=whole[:count, columns],
                total=whole[count : 2 * count, columns],
                second=whole[2 * count :, columns],
                pairs=self.pairs,
                mean=(mean + self.shift)[columns],
                variance=variance[columns],
                half_first=half[:count, columns],
                half_total=half[count : 2 * count, columns],
                half_second=half[2 * count :, columns],
                exact=False,
                replications=int(sums[0, 0]) * self.rows,
            )

    def _estimates(self, sums: Floats) -> Floats:
        """First-order, total and second-order indices, one below the other, from sums over base points."""
        count = self.count
        n, a, b, squares, product = sums[0], sums[1] / sums[0], sums[2] / sums[0], sums[3] / sums[0], sums[4] / sums[0]
        own = sums[5 : 5 + 3 * count].reshape(count, 3, -1) / n
        ab, b_ab, difference = own[:, 0], own[:, 1], own[:, 2]
        ba = sums[5 + 3 * count : 5 + 4 * count] / n if self.second_order else np.zeros((0, len(n)))
        centre = (a + b + ab.sum(axis=0) + ba.sum(axis=0)) / self.rows
        variance = squares / 2 - ((a + b) / 2) ** 2
        varies = variance > 1e-12 * np.maximum(squares / 2, 1e-300)
        safe = np.where(varies, variance, np.nan)
        first = (b_ab - product - centre * (ab - a)) / safe
        total = difference / 2 / safe
        parts = [first, total]
        if self.pairs:
            crossed = sums[5 + 4 * count :] / n
            j, k = np.array(self.pairs).T
            # mean((BA_j - c)(AB_k - c) - (A - c)(B - c)); the squares of c cancel.
            closed = (crossed - product - centre * (ba[j] + ab[k] - a - b)) / safe
            parts.append(closed - first[j] - first[k])
        return np.concatenate(parts)


def _block(values: Floats, rows: int, count: int, pairs: tuple[tuple[int, int], ...]) -> Floats:
    """Sums of one chunk of shifted values, for each sub-block of base points: sub-blocks x terms x columns."""
    points = len(values) // rows
    y = values.reshape(points, rows, -1)
    size = max(1, points // 8)
    edges = np.arange(0, points, size)
    a, b = y[:, 0], y[:, -1]
    ab = y[:, 1 : 1 + count]
    terms = [np.ones_like(a), a, b, a * a + b * b, a * b]
    terms += [part for at in range(count) for part in (ab[:, at], b * ab[:, at], (a - ab[:, at]) ** 2)]
    if rows > 2 + count:  # the second order too
        ba = y[:, 1 + count : 1 + 2 * count]
        terms += [ba[:, at] for at in range(count)]
        terms += [ba[:, j] * ab[:, k] for j, k in pairs]
    return np.stack([np.add.reduceat(term, edges, axis=0) for term in terms], axis=1)


def estimate(
    a: npt.ArrayLike, b: npt.ArrayLike, ab: npt.ArrayLike, *, centred: bool = True, ddof: int = 0
) -> tuple[Floats, Floats]:
    """Estimate first-order and total indices from values somebody else computed.

    Args:
        a: values at the base points A.
        b: values at the base points B.
        ab: values at A with one column of B, factors x base points.
        centred: centre the values first, as SALib does: estimates are biased for values far from 0. COINr does not.
        ddof: degrees of freedom taken off in the variance: 0 as in SALib, 1 as in COINr.

    Returns:
        First-order and total index of each factor.

    Raises:
        UsageError: lengths that differ.
    """
    y_a, y_b, y_ab = (np.asarray(values, np.float64) for values in (a, b, ab))
    if y_a.shape != y_b.shape or y_ab.shape[1:] != y_a.shape:
        raise UsageError(f"values of shapes {listed(str(one.shape) for one in (y_a, y_b, y_ab))} do not fit together")
    centre = np.concatenate([y_a, y_b, y_ab.ravel()]).mean() if centred else 0.0
    variance = np.concatenate([y_a, y_b]).var(ddof=ddof)
    first = ((y_b - centre) * (y_ab - y_a)).mean(axis=1) / variance
    total = ((y_a - y_ab) ** 2).mean(axis=1) / (2 * variance)
    return first, total
