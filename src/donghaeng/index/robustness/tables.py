"""What the fast evaluation reads and writes: arrays, the same for the compiled kernel and for NumPy."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from donghaeng.errors import UsageError
from donghaeng.index.robustness.tree import MEANS, Tree

Array = npt.NDArray[Any]

#: Replications that the kernel evaluates at once; rows of units are padded to a multiple of it too.
LANES = 16

#: Status of a replication: 0 is well; positive is 1 + cell, see `cell_of`; `CONSTANT` - k: indicator k is constant.
NO_WEIGHT, NOT_RUN, CONSTANT = -1, -2, -10

#: Codes of the normalisation of measured data.
MIN_MAX, Z_SCORE = 0, 1


class Tables(NamedTuple):
    """What is the same for all replications; width is the number of units rounded up to `LANES`.

    Attributes:
        values: normalised values, states x indicators x width; 0 where missing, 1 beyond the last unit.
        logs: their logarithms, or no state where no mean needs them; 0 where missing or not positive.
        inverses: their reciprocals, the same.
        present: 1 where there is a value, else 0, same shape; no state where nothing is missing.
        blocked: 1 + first unit whose value is not positive, 0 for none; states x indicators.
        partial: whether anything is missing at or below a node; nodes.
        parents: number of the composite above each node (0 for the root, which has none); unsigned, so that the
            kernel's loops know it is not negative.
        methods: mean of each composite by its position in `MEANS`; methods x composites.
        passed: whether a composite is passed over, because its parent takes up its children; methods x composites.
        children: first indicator and first composite below each composite, and behind the last of each;
            composites x 4.
        rows: runs of indicators that a computed composite takes up: first and behind the last; methods x runs x 2.
        nodes: composites that a computed composite takes up; methods x composites.
        starts: where the runs of a composite start and end in `rows`, and its composites in `nodes`;
            methods x composites x 4.
        weights: weight vectors, sets x nodes.
        kept: factors of the weights, 0 leaves a node out; sets x nodes.
        amplitude: largest relative change of each weight by noise; nodes.
        groups: bounds of the groups of units that are ranked among themselves.
        units: number of units.
    """

    values: Array
    logs: Array
    inverses: Array
    present: Array
    blocked: Array
    partial: Array
    parents: Array
    methods: Array
    passed: Array
    children: Array
    rows: Array
    nodes: Array
    starts: Array
    weights: Array
    kept: Array
    amplitude: Array
    groups: Array
    units: int


class Measured(NamedTuple):
    """Data that are treated and normalised anew in every replication; empty arrays where states are cached.

    Attributes:
        values: measured values, indicators x width; 0 where missing.
        present: 1 where there is a value, else 0.
        errors: standard deviation of each value, or half-width of its rounding.
        directions: 1 or -1 for each indicator.
        groups: group of each unit for imputation by the mean of the group.
        settings: impute (0 or 1), most points to Winsorise (negative: no treatment), normalisation, its two numbers.
        rounding: errors are uniform, not normal.
    """

    values: Array
    present: Array
    errors: Array
    directions: Array
    groups: Array
    settings: Array
    rounding: bool


class Runs(NamedTuple):
    """Replications of one chunk, all arrays of its length: rows of the tables, keys and sizes of the noise, mass.

    `order` is the order in which the kernel takes them: those with the same data and means together, since they share
    their vectors.
    """

    state: Array
    weights: Array
    kept: Array
    means: Array
    weight_key: Array
    weight_scale: Array
    data_key: Array
    data_scale: Array
    mass: Array
    order: Array


class Totals(NamedTuple):
    """Counts over replications; whole numbers, so that their order does not matter. Empty where not collected.

    Attributes:
        ranks: mass by unit and rank - 1, units x largest group.
        ahead: mass of the replications in which the row's unit is ahead of the column's, numbered inside the group.
        histogram: mass by unit and bin of the score.
        bounds: lower end of the first bin and bins per point of score, units x 2.
        extremes: lowest and highest score of each unit, units x 2.
        scored: mass of the replications in which the unit has a score.
    """

    ranks: Array
    ahead: Array
    histogram: Array
    bounds: Array
    extremes: Array
    scored: Array


class Output(NamedTuple):
    """What a chunk leaves behind.

    Attributes:
        status: what became of each replication.
        sums: sum of mass x score and of mass x score squared, units x 2.
        scores: scores, replications x units, or empty.
        positions: ranks, the same; 0 where there is no score.
    """

    status: Array
    sums: Array
    scores: Array
    positions: Array


class Room(NamedTuple):
    """Room that one thread works in; see `room_for`."""

    weights: Array
    total: Array
    acc: Array
    den: Array
    scores: Array
    everyone: Array
    sum_of: Array
    edges: Array
    numbers: Array
    status: Array
    turn: Array
    given: Array
    keep: Array
    low: Array
    high: Array
    scale: Array
    mass: Array
    live: Array
    keys: Array
    pairs: Array
    pair_starts: Array
    ranks: Array
    score: Array
    waiting: Array
    waiting_mass: Array
    full: Array
    column: Array
    original: Array
    members: Array
    group_sums: Array
    group_counts: Array
    target: Array


#: Replications whose ranks wait to be counted where a group has at least `_WAIT_FROM` units: the table of ranks then
#: exceeds the caches, and one row after the other is visited once for all of them.
_WAITING = 64
_WAIT_FROM = 700

#: Units of one tile: what is computed of them at once stays in the first caches.
_TILE = 64


def room_for(tables: Tables, measured: Measured) -> Room:
    """Make room for one thread, in the precision of the tables."""
    kind = tables.values.dtype
    _, leaves, width = tables.values.shape
    inner = tables.methods.shape[1]
    anew = measured.values.size > 0
    tile = width if anew else min(width, _TILE)
    sizes = np.diff(tables.groups)
    largest = int(sizes.max())
    groups = int(measured.groups.max(initial=0)) + 2
    column = width if anew else 0
    pairs = [_comparisons(int(size)) for size in sizes]

    def room(*shape: int, kind: Any = kind) -> Array:
        return _aligned((*shape, LANES), kind)

    return Room(
        weights=room(leaves + inner),
        total=room(inner),
        acc=room(inner, tile),
        den=room(inner, tile),
        scores=room(width),
        everyone=room(width),
        sum_of=room(2 * width, kind=np.float64),
        edges=room(2 * width),
        numbers=room(kind=np.int64),
        status=room(kind=np.int64),
        turn=room(kind=np.int64),
        given=room(kind=np.int64),
        keep=room(kind=np.int64),
        low=room(kind=np.uint32),
        high=room(kind=np.uint32),
        scale=room(),
        mass=room(kind=np.float64),
        live=room(),
        keys=room(largest, kind=np.int32),
        pairs=np.concatenate(pairs),
        pair_starts=np.cumsum([0, *map(len, pairs)]),
        ranks=np.zeros(width, np.int32),
        score=np.zeros(width, kind),
        waiting=np.zeros((_WAITING if largest >= _WAIT_FROM else 0, width), np.int32),
        waiting_mass=np.zeros(_WAITING, np.int64),
        full=room(column),
        column=room(column),
        original=room(column),
        members=np.zeros(width, np.int32),
        group_sums=room(groups),
        group_counts=np.zeros(groups, kind),
        target=np.zeros(leaves, np.int64),
    )


def _aligned(shape: tuple[int, ...], kind: Any) -> Array:
    """Ones that start at a cache line: vectors that reach over two lines take twice as long."""
    size = int(np.prod(shape)) * np.dtype(kind).itemsize
    raw = np.zeros(size + 64, np.uint8)
    start = -raw.ctypes.data % 64
    array: Array = raw[start : start + size].view(kind).reshape(shape)
    array[...] = 1
    return array


#: Vectors of keys that the first cache holds; a power of 2.
_IN_CACHE = 512


@lru_cache(maxsize=32)
def _comparisons(size: int) -> Array:
    """Give the comparisons that sort so many numbers: pairs of places, the lower number goes to the first.

    Batcher's odd-even merge sort (Knuth, The Art of Computer Programming, vol. 3, 5.2.2, algorithm M).
    """
    pairs = [np.zeros((0, 2), np.int32)]
    merged = 1
    while merged < size:
        distance = merged
        while distance >= 1:
            low = np.arange(size - distance)
            start = distance % merged
            fits = (low >= start) & ((low - start) // distance % 2 == 0)
            fits &= low // (2 * merged) == (low + distance) // (2 * merged)
            pairs.append(np.stack([low[fits], low[fits] + distance], axis=1).astype(np.int32))
            distance //= 2
        merged *= 2
        if merged == _IN_CACHE:
            # So far these parts of the list do not meet: one after the other, each in the first cache.
            found = np.concatenate(pairs)
            pairs = [found[np.argsort(found[:, 0] // _IN_CACHE, kind="stable")]]
    return np.concatenate(pairs)


def padded(units: int) -> int:
    """Round the number of units up to full lanes."""
    return -(-units // LANES) * LANES


def cell_of(status: int, units: int) -> tuple[int, int]:
    """Give node and unit of a status that names a value that is not positive where the mean needs it to be."""
    return (status - 1) // units, (status - 1) % units


class Merging(NamedTuple):
    """What is computed in one step: `passed`, `children`, `rows`, `nodes` and `starts` of `Tables`."""

    passed: Array
    children: Array
    rows: Array
    nodes: Array
    starts: Array


def merging(tree: Tree, methods: Array, partial: Array) -> Merging:
    """Find what can be computed in one step, for each row of methods.

    A composite over which nothing is missing and whose parent takes the same mean need not be computed: the product
    of shares along the path does it (under logarithms and reciprocals too).

    Args:
        tree: the tree.
        methods: mean of each composite by its position in `MEANS`; methods x composites.
        partial: whether anything is missing at or below a node.
    """
    leaves, inner = tree.indicators, len(tree.composites)
    passed = np.zeros((len(methods), inner), np.uint8)
    rows = np.zeros((len(methods), leaves, 2), np.int32)
    nodes = np.zeros((len(methods), inner), np.int32)
    starts = np.zeros((len(methods), inner, 4), np.int32)
    for number, method in enumerate(methods):
        taken = _taken(tree, method, partial)
        passed[number] = [not own for own in taken]
        row = node = 0
        for composite, own in enumerate(taken):
            runs = _runs([child for child in own if child < leaves])
            above = [child for child in own if child >= leaves]
            rows[number, row : row + len(runs)] = runs if runs else np.zeros((0, 2))
            nodes[number, node : node + len(above)] = above
            starts[number, composite] = row, row + len(runs), node, node + len(above)
            row, node = row + len(runs), node + len(above)
    return Merging(passed, _bounds(tree), rows, nodes, starts)


def _taken(tree: Tree, method: Array, partial: Array) -> list[list[int]]:
    """Nodes that each composite takes up; none for a composite that is passed over."""
    leaves = tree.indicators
    target = list(tree.parents)
    taken: list[list[int]] = [[] for _ in tree.composites]
    for node in reversed(range(len(tree.codes) - 1)):
        parent = tree.parents[node]
        if parent != len(tree.codes) - 1 and not partial[parent]:
            above = tree.parents[parent]
            if method[parent - leaves] == method[above - leaves]:
                target[node] = target[parent]
        inside = node >= leaves and not partial[node] and method[node - leaves] == method[parent - leaves]
        if not inside:
            taken[target[node] - leaves].append(node)
    return [sorted(own) for own in taken]


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Write ascending numbers as runs: first and behind the last.

    >>> _runs([0, 1, 2, 5])
    [(0, 3), (5, 6)]
    """
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number:
            runs[-1] = runs[-1][0], number + 1
        else:
            runs.append((number, number + 1))
    return runs


def _bounds(tree: Tree) -> Array:
    """Bounds of the children of each composite; they stand together (see `Tree`)."""
    bounds = np.zeros((len(tree.composites), 4), np.int32)
    for composite, node in enumerate(tree.composites):
        children = tree.children[node]
        low = [child for child in children if child < tree.indicators]
        high = [child for child in children if child >= tree.indicators]
        for at, own in ((0, low), (2, high)):
            if own:
                if own != list(range(own[0], own[-1] + 1)):
                    raise UsageError(f"the children of {tree.codes[node]} do not stand together; use Tree.of")
                bounds[composite, at : at + 2] = own[0], own[-1] + 1
    return bounds


def method_codes(means: tuple[str, ...]) -> list[int]:
    """Positions of means in `MEANS`."""
    return [MEANS.index(mean) for mean in means]
