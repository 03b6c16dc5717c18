"""The same evaluation in NumPy: it says what the kernel must give, and stands in for it where numba is missing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from donghaeng.index.robustness import noise
from donghaeng.index.robustness.tables import (
    CONSTANT,
    MIN_MAX,
    NO_WEIGHT,
    NOT_RUN,
    Array,
    Measured,
    Output,
    Room,
    Runs,
    Tables,
    Totals,
)

_GEOMETRIC, _HARMONIC = 1, 2

#: A treated indicator passes with a skewness or a kurtosis below these (COINr's and the JRC's convention).
SKEWNESS, KURTOSIS = 2.0, 3.5


def run(
    tables: Tables,
    measured: Measured,
    runs: Runs,
    totals: Totals,
    output: Output,
    room: Room | None = None,  # noqa: ARG001
) -> None:
    """Evaluate the replications of one chunk; arguments as for `kernel.run`."""
    output.status[:] = NOT_RUN
    weights = _drawn_weights(tables, runs)
    anew = measured.values.size > 0
    # Replications with the same data and the same means are computed together.
    alone = np.arange(len(runs.state)) if anew else np.zeros(len(runs.state), np.int64)
    labels = np.stack([runs.state, runs.means, alone], axis=1)
    for state, row, _ in np.unique(labels[runs.state >= 0], axis=0):
        chosen = np.flatnonzero((runs.state == state) & (runs.means == row))
        if not anew:
            values, present = tables.values[state], tables.present[state] if tables.present.size else None
            _evaluate(tables, int(row), values, present, weights, chosen, runs, totals, output)
            continue
        for one in chosen[output.status[chosen] == NOT_RUN]:
            values, present, status = _prepared(measured, tables, state, runs.data_key[one], runs.data_scale[one])
            output.status[one] = status
            if status == 0:
                _evaluate(tables, int(row), values, present, weights, np.array([one]), runs, totals, output)


def _drawn_weights(tables: Tables, runs: Runs) -> Array:
    """Weights of every node, replications x nodes."""
    low, high = _halves(runs.weight_key)
    numbers = np.arange(len(tables.amplitude), dtype=np.uint32)
    random = noise.symmetric(noise.bits(low[:, None], high[:, None], numbers)) / 2.0**23
    factor = 1 + tables.amplitude * runs.weight_scale[:, None] * random
    drawn: Array = tables.weights[runs.weights] * tables.kept[runs.kept] * factor
    return drawn


def _halves(keys: Array) -> tuple[Array, Array]:
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32), (keys >> np.uint64(32)).astype(np.uint32)


def _evaluate(
    tables: Tables,
    row: int,
    values: Array,
    present: Array | None,
    weights: Array,
    chosen: Array,
    runs: Runs,
    totals: Totals,
    output: Output,
) -> None:
    """Scores, ranks and counts of replications that share data and means."""
    scores, status = aggregate(tables, row, values, present, weights[chosen])
    output.status[chosen] = status
    chosen, scores = chosen[status == 0], scores[status == 0]
    if len(chosen):
        positions = rank(scores, tables.groups)
        _tally(scores, positions, runs.mass[chosen], tables.groups, totals, output.sums)
        if output.scores.size:
            output.scores[chosen] = scores
        if output.positions.size:
            output.positions[chosen] = positions


def aggregate(tables: Tables, row: int, values: Array, present: Array | None, weights: Array) -> tuple[Array, Array]:
    """Compute every composite from its children, over what is available.

    Args:
        tables: the tree, as parents, and the means of each composite.
        row: which row of methods.
        values: normalised values, indicators x width.
        present: 1 where there is a value; None for everywhere.
        weights: weight of every node, replications x nodes.

    Returns:
        Scores of the root, replications x units, NaN where there is none; and the status of each replication.
    """
    replications, nodes = weights.shape
    leaves, units = len(values), tables.units
    values = values[:, :units].astype(np.float64)
    there = np.ones_like(values) if present is None else present[:, :units].astype(np.float64)
    w = _effective(weights.astype(np.float64), tables.parents, leaves)
    status = np.where(w[:, -1] > 0, 0, NO_WEIGHT).astype(np.int64)
    score = np.zeros((nodes - leaves, replications, units))
    known = np.zeros((nodes - leaves, replications, units))
    for composite in range(leaves, nodes):
        method = int(tables.methods[row, composite - leaves])
        children = np.flatnonzero(tables.parents[:-1] == composite - leaves)
        low, high = children[children < leaves], children[children >= leaves]
        part, bad = _to_scale(values[low], there[low], method)
        counts = (w[:, low] > 0) & bad.any(axis=1)
        _mark(status, counts, low, bad.argmax(axis=1)[None, :], units)
        total, mass = w[:, low] @ (part * there[low]), w[:, low] @ there[low]
        for child in high:
            part, bad = _to_scale(score[child - leaves], known[child - leaves], method)
            counts = (w[:, child] > 0) & bad.any(axis=1)
            _mark(status, counts[:, None], np.array([child]), bad.argmax(axis=1)[:, None], units)
            share = w[:, child, None] * known[child - leaves]
            total, mass = total + share * part, mass + share
        known[composite - leaves] = mass > 0
        mean = np.divide(total, mass, out=np.ones_like(total), where=mass > 0)
        score[composite - leaves] = np.exp(mean) if method == _GEOMETRIC else 1 / mean if method == _HARMONIC else mean
    return np.where(known[-1] > 0, score[-1], np.nan), status


def _effective(w: Array, parents: Array, leaves: int) -> Array:
    """Weights without branches that have none: bottom-up where nothing is left below, then top-down."""
    nodes = w.shape[1]
    total = np.zeros((len(w), nodes))
    for node in range(nodes - 1):
        if node >= leaves:
            w[:, node] = np.where(total[:, node] > 0, w[:, node], 0)
        total[:, leaves + parents[node]] += w[:, node]
    w[:, -1] = total[:, -1] > 0
    for node in reversed(range(nodes - 1)):
        w[:, node] = np.where(w[:, leaves + parents[node]] > 0, w[:, node], 0)
    return w


def _to_scale(values: Array, there: Array, method: int) -> tuple[Array, Array]:
    """Values on the scale where the mean is a weighted sum, and where that is not defined."""
    if method == 0:
        return values, np.zeros(values.shape, bool)
    bad = (values <= 0) & (there > 0)
    safe = np.where(values > 0, values, 1.0)
    return (np.log(safe) if method == _GEOMETRIC else 1 / safe), bad


def _mark(status: Array, counts: Array, nodes: Array, first: Array, units: int) -> None:
    """Note the first cell that fails each replication."""
    if counts.any():
        child = counts.argmax(axis=1)
        unit = np.broadcast_to(first, counts.shape)[np.arange(len(status)), child]
        cell = 1 + nodes[child] * units + unit
        status[:] = np.where(counts.any(axis=1) & (status == 0), cell, status)


def rank(scores: Array, groups: Array) -> Array:
    """Rank the units of each group: highest is 1, ties share the smallest; 0 where there is no score.

    Args:
        scores: replications x units, NaN where there is none.
        groups: bounds of the groups.
    """
    ranks = np.zeros(scores.shape, np.int32)
    for start, stop in pairwise(groups.tolist()):
        descending = np.where(np.isnan(scores[:, start:stop]), np.inf, -scores[:, start:stop])
        order = np.argsort(descending, axis=1, kind="stable")
        ordered = np.take_along_axis(descending, order, axis=1)
        new = np.ones(ordered.shape, bool)
        new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
        place = np.maximum.accumulate(np.where(new, np.arange(1, stop - start + 1), 0), axis=1)
        np.put_along_axis(ranks[:, start:stop], order, place.astype(np.int32), axis=1)
    return np.where(np.isnan(scores), 0, ranks)


def _tally(scores: Array, positions: Array, mass: Array, groups: Array, totals: Totals, sums: Array) -> None:
    known = ~np.isnan(scores)
    safe = np.where(known, scores, 0.0)
    sums[:, 0] += mass @ safe
    sums[:, 1] += mass @ safe**2
    units = np.broadcast_to(np.arange(scores.shape[1]), scores.shape)
    weight = np.broadcast_to(mass[:, None], scores.shape)
    if totals.ranks.size:
        np.add.at(totals.ranks, (units[known], positions[known] - 1), weight[known].astype(totals.ranks.dtype))
        np.add.at(totals.scored, units[known], weight[known].astype(totals.scored.dtype))
    if totals.histogram.size:
        place = (safe - totals.bounds[:, 0]) * totals.bounds[:, 1]
        bins = np.clip(place, 0, totals.histogram.shape[1] - 1).astype(np.int64)
        np.add.at(totals.histogram, (units[known], bins[known]), weight[known].astype(totals.histogram.dtype))
        totals.extremes[:, 0] = np.minimum(totals.extremes[:, 0], np.where(known, scores, np.inf).min(axis=0))
        totals.extremes[:, 1] = np.maximum(totals.extremes[:, 1], np.where(known, scores, -np.inf).max(axis=0))
    if totals.ahead.size:
        lowest = np.where(known, scores, -np.inf)
        for start, stop in pairwise(groups.tolist()):
            for one in range(start, stop):
                before = lowest[:, one, None] > lowest[:, start:stop]
                totals.ahead[one, : stop - start] += (mass @ before).astype(totals.ahead.dtype)


def _prepared(measured: Measured, tables: Tables, state: int, key: np.uint64, scale: float) -> tuple[Array, Array, int]:
    """Perturb, impute, treat and normalise the data of one replication."""
    units = tables.units
    impute, most, kind, first, second = measured.settings[state]
    there = measured.present[:, :units] > 0
    data = perturbed(measured, key, scale)[:, :units]
    normalised = np.zeros(measured.values.shape)
    normalised[:, units:] = 1.0
    present = np.ones(measured.values.shape)
    for indicator in range(len(data)):
        column, known = data[indicator], there[indicator]
        if impute and known.any():
            column, known = group_mean(column, known, measured.groups[:units]), np.ones(units, bool)
        x = column[known]
        if len(x):
            x = treated(x, int(most)) if most >= 0 else x
            scaled = normalised_column(x, measured.directions[indicator], int(kind), first, second)
            if scaled is None:
                return normalised, present, CONSTANT - indicator
            normalised[indicator, :units][known] = scaled
        present[indicator, :units] = known
    return normalised, present, 0


def perturbed(measured: Measured, key: np.uint64, scale: float) -> Array:
    """Measured values with their errors, indicators x width."""
    values = measured.values.astype(np.float64)
    if scale == 0:
        return values
    indicators, width = values.shape
    low, high = _halves(np.array([key], np.uint64))
    first = np.arange(indicators, dtype=np.uint32)[:, None] * np.uint32(2 * width) + np.arange(width, dtype=np.uint32)
    a = noise.bits(low, high, first)
    if measured.rounding:
        random = noise.symmetric(a) / 2.0**23
    else:
        z = noise.four_halves(a, noise.bits(low, high, first + np.uint32(width))) * noise.NORMAL_SCALE
        random = z * (noise.NORMAL_LINEAR + noise.NORMAL_CUBIC * z * z)
    result: Array = values + measured.errors * scale * random
    return result


def group_mean(column: Array, known: Array, groups: Array) -> Array:
    """Fill by the mean of the unit's group; by the mean of all where the group has no value."""
    filled = column.copy()
    for unit in np.flatnonzero(~known):
        alike = known & (groups == groups[unit])
        filled[unit] = column[alike if alike.any() else known].mean()
    return filled


def moments(x: Array) -> tuple[float, float]:
    """Skewness and excess kurtosis adjusted for sample size (Excel's SKEW and KURT, "type 2")."""
    n = len(x)
    d = x - x.mean()
    variance = (d @ d) / (n - 1) if n > 1 else 0.0
    if n < 4 or variance <= 0:
        return 0.0, 0.0
    skew = (d**3).sum() / variance**1.5 * n / ((n - 1) * (n - 2))
    kurtosis = (d**4).sum() / variance**2 * n * (n + 1) / ((n - 1) * (n - 2) * (n - 3))
    return float(skew), float(kurtosis - 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))


def treated(x: Array, most: int) -> Array:
    """Winsorise point by point, at most so many times, until the skewness or the kurtosis is small; else a logarithm.

    Each step replaces the outermost value (the highest for a positive skewness, else the lowest) by the next one.
    The logarithm is that of the untreated values, x - min + 0.01 (max - min), mirrored for a negative skewness.
    Source: COINr, `Treat`, `winsorise` and `log_CT`.
    """
    original, first = x, moments(x)[0]
    for step in range(most + 1):
        skew, kurtosis = moments(x)
        if abs(skew) < SKEWNESS or kurtosis < KURTOSIS:
            return x
        if step < most:
            x = np.minimum(x, x[x < x.max()].max()) if skew > 0 else np.maximum(x, x[x > x.min()].min())
    shift = 0.01 * (original.max() - original.min())
    logged: Array = (
        np.log(original - original.min() + shift) if first > 0 else -np.log(original.max() - original + shift)
    )
    return logged


def normalised_column(x: Array, direction: float, kind: int, first: float, second: float) -> Array | None:
    """Min-max to [first, second], or z-score with mean first and deviation second; None for a constant."""
    x = x * direction
    if kind == MIN_MAX:
        spread = x.max() - x.min()
        return (x - x.min()) / spread * (second - first) + first if spread > 0 else None
    deviation = x.std(ddof=1) if len(x) > 1 else 0.0
    return (x - x.mean()) / deviation * second + first if deviation > 0 else None
