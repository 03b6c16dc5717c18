"""The compiled evaluation: weights, means, scores, ranks and counts of `LANES` replications at once.

Replications that share their data and their means are taken together, one in each lane of a vector (see `lanes`), so
that every step is the same instruction for all of them: draws, shares of weights, sums of products, logarithms, and
the comparisons that sort the scores. Units are taken in tiles that stay in the first caches. Nothing tests for NaN:
missing cells are 0 with a mask, and weights are spread over what is there.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from donghaeng.index.robustness import columns, lanes, noise, ranking, tables
from donghaeng.index.robustness.columns import prepare
from donghaeng.index.robustness.lanes import (
    FAST,
    STEP,
    add_rows,
    all_lanes,
    any_lane,
    bare,
    compiled,
    exp,
    inlined,
    lane_bits,
    load,
    log,
    random_bits,
    store,
    symmetric,
    where,
)
from donghaeng.index.robustness.ranking import add_pairs, add_scores, add_to_histograms, add_waiting, rank_and_count
from donghaeng.index.robustness.tables import CONSTANT, LANES, NO_WEIGHT, NOT_RUN

_GEOMETRIC, _HARMONIC = 1, 2
_NO_WEIGHT, _NOT_RUN, _CONSTANT = NO_WEIGHT, NOT_RUN, CONSTANT

#: Every lane, as bits.
_ALL = 2**LANES - 1

#: Stands for "no score" when ranking: below every score, so that it is ahead of none.
_LOWEST = -1e38

#: Comes before no failure.
_LATEST = 2**62


@inlined
def _draw_weights(
    w: Any, weights: Any, given: Any, kept: Any, keep: Any, amplitude: Any, low: Any, high: Any, scale: Any, noisy: Any
) -> None:
    """Write the weight of every node; `given` and `keep` are the rows of `weights` and `kept` by lane."""
    kind = w.dtype.type
    one, lower, upper = all_lanes(kind(1)), load(low, 0), load(high, 0)
    step = load(scale, 0) * all_lanes(kind(1 / 8388608))
    alike = True
    for r in range(1, LANES):
        alike = alike and given[r] == given[0] and keep[r] == keep[0]
    for k in range(w.shape[0]):
        if alike:
            own = all_lanes(weights[given[0], k] * kept[keep[0], k])
        else:
            for r in range(LANES):
                w[k, r] = weights[given[r], k] * kept[keep[r], k]
            own = load(w, k * LANES)
        if noisy and amplitude[k] != 0:
            random = symmetric(random_bits(lower, upper, np.uint32(k)), one)
            own = own * (one + all_lanes(amplitude[k]) * step * random)
        store(w, k * LANES, own)


@inlined
def _sum_of_weights(w: Any, children: Any, c: Any) -> Any:
    total = all_lanes(w.dtype.type(0))
    for k in range(children[c, 0], children[c, 1]):
        total = total + load(w, k * LANES)
    for k in range(children[c, 2], children[c, 3]):
        total = total + load(w, k * LANES)
    return total


@inlined
def _shares(w: Any, total: Any, parents: Any, children: Any, passed: Any, partial: Any, row: Any, leaves: Any) -> Any:
    """Turn weights into the share with which each node enters its target; gives the lanes in which anything has weight.

    Composites without any weight below them drop out first, then what lies below a composite of weight 0. Under a
    composite with missing cells the weights stay as they are: the sum to divide by differs from unit to unit.
    """
    inner = total.shape[0]
    root = inner - 1
    zero, one = all_lanes(w.dtype.type(0)), all_lanes(w.dtype.type(1))
    store(w, (leaves + root) * LANES, one)
    some = one > zero
    for c in range(inner):
        mass = _sum_of_weights(w, children, c)
        some = mass > zero
        node = (leaves + c) * LANES
        store(w, node, where(some, load(w, node), zero))
        store(total, c * LANES, where(some, one / where(some, mass, one), zero))
    for c in range(root, -1, -1):
        node = (leaves + c) * LANES
        share, own = load(w, node), load(total, c * LANES)
        if c < root:
            share = share * load(total, np.int64(parents[leaves + c]) * LANES)
            store(w, node, share)
        # What is computed starts anew with share 1; what is passed over hands its own share down.
        down = share if passed[row, c] else where(share > zero, one, share)
        store(total, c * LANES, down if partial[leaves + c] else down * own)
    for k in range(leaves):
        store(w, k * LANES, load(w, k * LANES) * load(total, np.int64(parents[k]) * LANES))
    return lane_bits(some)


@compiled
def _note(bits: Any, status: Any, turn: Any, place: Any, value: Any) -> None:
    """Note a failure in the lanes of `bits`, unless one that comes before it is known."""
    for r in range(LANES):
        if (bits >> r) & 1 and place < turn[r]:
            turn[r] = place
            status[r] = value


@inlined
def _add_part(
    acc: Any,
    den: Any,
    tile: Any,
    c: Any,
    child: Any,
    share: Any,
    masked: Any,
    source: Any,
    goal: Any,
    count: Any,
) -> Any:
    """acc[c] += share x composite, brought from the scale of its own mean to that of c's.

    Gives the lanes where a value is not positive and must be, and the first unit that has one in each.
    """
    kind = acc.dtype.type
    zero, one = all_lanes(kind(0)), all_lanes(kind(1))
    on = share > zero
    wrong = zero > zero
    part = zero - share if (source == _HARMONIC and goal == _GEOMETRIC) else share
    sign = zero - one if goal == _HARMONIC else one
    for u in range(count):
        v = load(acc, (child * tile + u) * LANES)
        there = load(den, (child * tile + u) * LANES) if masked else one
        if source == goal:
            own = share * v
        elif source == _GEOMETRIC:
            own = share * exp(sign * v)
        else:
            v = where(on & (there > zero), v, one)
            wrong = wrong | (v <= zero)
            own = part * log(v) if goal == _GEOMETRIC else share / v
        at = (c * tile + u) * LANES
        store(acc, at, load(acc, at) + (own * there if masked else own))
    return lane_bits(wrong)


@compiled
def _first_not_positive(
    bits: Any,
    acc: Any,
    den: Any,
    child: Any,
    masked: Any,
    count: Any,
    cell: Any,
    place: Any,
    status: Any,
    turn: Any,
) -> None:
    """Note the first unit whose composite is not positive, in the lanes of `bits`; `cell` is that of the first unit."""
    for r in range(LANES):
        if (bits >> r) & 1 and place < turn[r]:
            for u in range(count):
                if acc[child, u, r] <= 0 and (not masked or den[child, u, r] > 0):
                    turn[r] = place
                    status[r] = 1 + cell + u
                    break


@compiled
def _divide(acc: Any, den: Any, tile: Any, c: Any, count: Any) -> None:
    """Divide a composite by the weight of what each unit has; `den` becomes 1 where it has anything, else 0."""
    zero, one = all_lanes(acc.dtype.type(0)), all_lanes(acc.dtype.type(1))
    for u in range(count):
        at = (c * tile + u) * LANES
        mass = load(den, at)
        there = mass > zero
        store(acc, at, load(acc, at) / where(there, mass, one))
        store(den, at, where(there, one, zero))


@inlined
def _fill_rows(array: Any, first: Any, count: Any, value: Any) -> None:
    for u in range(count):
        store(array, (first + u) * LANES, value)


@inlined
def _add_measured(
    k: Any,
    c: Any,
    n: Any,
    members: Any,
    column: Any,
    offset: Any,
    factor: Any,
    start: Any,
    w: Any,
    method: Any,
    masked: Any,
    acc: Any,
    den: Any,
    tile: Any,
) -> Any:
    """Normalise a prepared column and add it to its composite.

    Gives the lanes in which a value that counts is not positive and must be; the values are in `column` then.
    """
    kind = acc.dtype.type
    zero, one, share = all_lanes(kind(0)), all_lanes(kind(1)), load(w, k * LANES)
    on = share > zero
    wrong = zero > zero
    for i in range(n):
        value = (load(column, i * LANES) - offset) * factor + start
        at = (c * tile + members[i]) * LANES
        if method != 0:
            value = where(on, value, one)
            wrong = wrong | (value <= zero)
            value = log(value) if method == _GEOMETRIC else one / value
        store(acc, at, load(acc, at) + share * value)
        if masked:
            store(den, at, load(den, at) + share)
    if any_lane(wrong):
        for i in range(n):
            store(column, i * LANES, (load(column, i * LANES) - offset) * factor + start)
    return lane_bits(wrong)


@compiled
def _measure(
    row: Any,
    state: Any,
    w: Any,
    methods: Any,
    partial: Any,
    starts: Any,
    rows: Any,
    raw: Any,
    known: Any,
    errors: Any,
    directions: Any,
    impute_by: Any,
    settings: Any,
    rounding: Any,
    noisy: Any,
    low: Any,
    high: Any,
    scale: Any,
    units: Any,
    members: Any,
    full: Any,
    column: Any,
    original: Any,
    group_sums: Any,
    group_counts: Any,
    target: Any,
    status: Any,
    turn: Any,
    acc: Any,
    den: Any,
) -> None:
    """Prepare measured data, one indicator after the other, and add each to the composite that takes it up.

    Arrays are those of `Tables`, `Measured` and `Room` with these names.
    """
    kind = acc.dtype.type
    zero, one = all_lanes(kind(0)), all_lanes(kind(1))
    leaves, width, inner, tile = raw.shape[0], raw.shape[1], methods.shape[1], acc.shape[1]
    masked = partial[leaves + inner - 1] > 0
    for c in range(inner):
        _fill_rows(acc, c * tile, width, zero)
        _fill_rows(acc, c * tile + units, width - units, one)
        if masked:
            _fill_rows(den, c * tile, width, zero)
        for run_of in range(starts[row, c, 0], starts[row, c, 1]):
            for k in range(rows[row, run_of, 0], rows[row, run_of, 1]):
                target[k] = c
    for k in range(leaves):
        n, offset, factor, varies = prepare(
            k, raw, known, errors, directions[k], impute_by, settings, rounding, state, noisy, low,
            high, scale, units, members, full, column, original, group_sums, group_counts,
        )  # fmt: skip
        if varies != _ALL:
            _note(varies ^ _ALL, status, turn, k - leaves, _CONSTANT - k)
        c = target[k]
        wrong = _add_measured(
            k,
            c,
            n,
            members,
            column,
            offset,
            factor,
            all_lanes(kind(settings[state, 3])),
            w,
            methods[row, c],
            partial[leaves + c] > 0,
            acc,
            den,
            tile,
        )
        if wrong != 0:
            for r in range(LANES):
                if (wrong >> r) & 1 and k + c * (leaves + inner) < turn[r]:
                    for i in range(n):
                        if column[i, r] <= 0:
                            turn[r] = k + c * (leaves + inner)
                            status[r] = 1 + k * units + members[i]
                            break


@compiled
def _combine(
    row: Any,
    state: Any,
    anew: Any,
    w: Any,
    values: Any,
    logs: Any,
    inverses: Any,
    present: Any,
    blocked: Any,
    methods: Any,
    passed: Any,
    partial: Any,
    rows: Any,
    nodes: Any,
    starts: Any,
    units: Any,
    status: Any,
    turn: Any,
    acc: Any,
    den: Any,
    scores: Any,
    everyone: Any,
) -> None:
    """Compute all composites that need computing, and the scores of the root; tile by tile.

    `row` is the row of methods, `state` that of the data, `w` the share of each node in its target. `acc` receives the
    composites of a tile, each on the scale of its own mean, `den` 1 where a composite has a value, else 0; with data
    measured `anew` both have the indicators in them already. The other arrays are those of `Tables` and `Room`.
    """
    kind = acc.dtype.type
    zero, one, lowest = all_lanes(kind(0)), all_lanes(kind(1)), all_lanes(kind(_LOWEST))
    leaves, width, inner, tile = values.shape[1], values.shape[2], methods.shape[1], acc.shape[1]
    root = inner - 1
    masked = partial[leaves + root] > 0
    for start in range(0, units, tile):
        count = min(tile, (units - start + STEP - 1) // STEP * STEP)
        for c in range(inner):
            if passed[row, c] or not any_lane(load(w, (leaves + c) * LANES) > zero):
                continue
            method, place = methods[row, c], c * (leaves + inner)
            part_masked = partial[leaves + c] > 0
            if not anew:
                on_scale = logs if method == _GEOMETRIC else inverses if method == _HARMONIC else values
                _fill_rows(acc, c * tile, count, zero)
                if part_masked:
                    _fill_rows(den, c * tile, count, zero)
                for run_of in range(starts[row, c, 0], starts[row, c, 1]):
                    begin, end = rows[row, run_of, 0], rows[row, run_of, 1]
                    at = state * leaves * width + start
                    add_rows(acc, c * tile, on_scale, at, width, w, begin, end, count)
                    if method != 0 and start == 0:
                        for k in range(begin, end):
                            if blocked[state, k] > 0:
                                _note(
                                    lane_bits(load(w, k * LANES) > zero), status, turn, place + k,
                                    k * units + blocked[state, k],
                                )  # fmt: skip
                    if part_masked:
                        add_rows(den, c * tile, present, at, width, w, begin, end, count)
            for at_node in range(starts[row, c, 2], starts[row, c, 3]):
                node = nodes[row, at_node]
                child, share = node - leaves, load(w, node * LANES)
                if any_lane(share > zero):
                    child_masked = partial[node] > 0
                    wrong = _add_part(acc, den, tile, c, child, share, child_masked, methods[row, child], method, count)
                    if wrong != 0:
                        _first_not_positive(
                            wrong, acc, den, child, child_masked, min(count, units - start),
                            node * units + start, place + node, status, turn,
                        )  # fmt: skip
                    if part_masked:
                        for u in range(count):
                            at = (c * tile + u) * LANES
                            there = load(den, (child * tile + u) * LANES) if child_masked else one
                            store(den, at, load(den, at) + share * there)
            if part_masked:
                _divide(acc, den, tile, c, count)
        method = methods[row, root]
        for u in range(count):
            own = load(acc, (root * tile + u) * LANES)
            if method == _GEOMETRIC:
                own = exp(own)
            elif method == _HARMONIC:
                own = where(own > zero, one / where(own > zero, own, one), zero)
            if masked:
                there = load(den, (root * tile + u) * LANES)
                store(everyone, (start + u) * LANES, there)
                own = where(there > zero, own, lowest)
            store(scores, (start + u) * LANES, own)


def _sources() -> int:
    """A number that changes with the code this module compiles.

    numba looks at the time of one file to see whether what it kept is old; a closure's numbers it looks at too.
    """
    found = 0
    for module in (columns, lanes, noise, ranking, tables):
        found = zlib.crc32(Path(str(module.__file__)).read_bytes(), found)
    return found


def _made(sources: int) -> Any:
    @njit(nogil=True, cache=True, fastmath=FAST, error_model="numpy")
    def run(tables: Any, measured: Any, chunk: Any, totals: Any, output: Any, room: Any) -> None:
        if sources < 0:  # never; the number is a part of what is compiled
            return
        values, logs, inverses = bare(tables.values), bare(tables.logs), bare(tables.inverses)
        present, blocked, partial = bare(tables.present), bare(tables.blocked), bare(tables.partial)
        methods, passed, parents = bare(tables.methods), bare(tables.passed), bare(tables.parents)
        children, rows, nodes, starts = (
            bare(tables.children),
            bare(tables.rows),
            bare(tables.nodes),
            bare(tables.starts),
        )
        weights, kept, amplitude = bare(tables.weights), bare(tables.kept), bare(tables.amplitude)
        groups, units = bare(tables.groups), tables.units
        raw, known, errors = bare(measured.values), bare(measured.present), bare(measured.errors)
        directions, impute_by, settings = bare(measured.directions), bare(measured.groups), bare(measured.settings)
        rounding = measured.rounding
        states, given, keep, means = bare(chunk.state), bare(chunk.weights), bare(chunk.kept), bare(chunk.means)
        weight_keys, weight_scales = bare(chunk.weight_key), bare(chunk.weight_scale)
        data_keys, data_scales = bare(chunk.data_key), bare(chunk.data_scale)
        masses, order_of = bare(chunk.mass), bare(chunk.order)
        by_rank, scored, ahead = bare(totals.ranks), bare(totals.scored), bare(totals.ahead)
        histogram, bounds, extremes = bare(totals.histogram), bare(totals.bounds), bare(totals.extremes)
        statuses, sums = bare(output.status), bare(output.sums)
        all_scores, positions = bare(output.scores), bare(output.positions)
        w, total, acc, den = bare(room.weights), bare(room.total), bare(room.acc), bare(room.den)
        scores, everyone, sum_of, edges = bare(room.scores), bare(room.everyone), bare(room.sum_of), bare(room.edges)
        numbers, status, turn, given_here, keep_here = (
            bare(room.numbers), bare(room.status), bare(room.turn), bare(room.given), bare(room.keep),
        )  # fmt: skip
        low, high, scale = bare(room.low), bare(room.high), bare(room.scale)
        mass, live = bare(room.mass), bare(room.live)
        keys, pairs, pair_starts = bare(room.keys), bare(room.pairs), bare(room.pair_starts)
        ranks, one_score = bare(room.ranks), bare(room.score)
        waiting, waiting_mass = bare(room.waiting), bare(room.waiting_mass)
        full, column, original, members = bare(room.full), bare(room.column), bare(room.original), bare(room.members)
        group_sums, group_counts, target = bare(room.group_sums), bare(room.group_counts), bare(room.target)

        kind = values.dtype.type
        zero, one, lowest = all_lanes(kind(0)), all_lanes(kind(1)), all_lanes(kind(_LOWEST))
        leaves, width, inner = values.shape[1], values.shape[2], methods.shape[1]
        root, last = inner - 1, groups.shape[0] - 1
        anew = raw.size > 0
        ranking, later = by_rank.size > 0 or positions.size > 0, by_rank.size > 0 and waiting.shape[0] > 0
        masked = partial[leaves + root] > 0
        _fill_rows(everyone, 0, width, one)
        _fill_rows(sum_of, 0, 2 * units, all_lanes(0.0))
        if histogram.size > 0:
            _fill_rows(edges, 0, units, zero - lowest)
            _fill_rows(edges, units, units, lowest)
        full_mass, count_waiting, place_in_chunk, chunk_size = np.int64(0), 0, 0, states.shape[0]
        while place_in_chunk < chunk_size:
            first = order_of[place_in_chunk]
            state, row = states[first], means[first]
            if state < 0:
                statuses[first] = _NOT_RUN
                place_in_chunk += 1
                continue
            size = 1
            while size < LANES and place_in_chunk + size < chunk_size:
                r = order_of[place_in_chunk + size]
                if states[r] != state or means[r] != row:
                    break
                size += 1
            noisy, noisy_data = False, False
            for r in range(LANES):
                # Lanes without a replication of their own repeat the last one.
                number = order_of[place_in_chunk + min(r, size - 1)]
                numbers[r] = number
                given_here[r], keep_here[r] = given[number], keep[number]
                low[r], high[r] = np.uint32(weight_keys[number]), np.uint32(weight_keys[number] >> np.uint64(32))
                scale[r] = weight_scales[number]
                noisy = noisy or weight_scales[number] != 0
                noisy_data = noisy_data or data_scales[number] != 0
                status[r], turn[r] = 0, _LATEST
            place_in_chunk += size
            _draw_weights(w, weights, given_here, kept, keep_here, amplitude, low, high, scale, noisy)
            with_weight = _shares(w, total, parents, children, passed, partial, row, leaves)
            _note(with_weight ^ _ALL, status, turn, -leaves - 1, _NO_WEIGHT)

            if anew:
                for r in range(LANES):
                    key = data_keys[numbers[r]]
                    low[r], high[r] = np.uint32(key), np.uint32(key >> np.uint64(32))
                    scale[r] = data_scales[numbers[r]]
                _measure(
                    row, state, w, methods, partial, starts, rows, raw, known, errors, directions, impute_by, settings,
                    rounding, noisy_data, low, high, scale, units, members, full, column, original, group_sums,
                    group_counts, target, status, turn, acc, den,
                )  # fmt: skip
            _combine(
                row, state, anew, w, values, logs, inverses, present, blocked, methods, passed, partial, rows, nodes,
                starts, units, status, turn, acc, den, scores, everyone,
            )  # fmt: skip

            for r in range(LANES):
                well = r < size and status[r] == 0
                live[r] = kind(well)
                mass[r] = np.float64(masses[numbers[r]]) if well else 0.0
                if r < size:
                    statuses[numbers[r]] = status[r]
                if well:
                    full_mass += masses[numbers[r]]
            add_scores(scores, everyone, masked, units, mass, live, sum_of)
            if histogram.size > 0:
                add_to_histograms(scores, everyone, units, size, masses, numbers, live, histogram, bounds, edges)
            if ranking:
                rank_and_count(
                    scores, everyone, masked, size, numbers, masses, live, groups, pairs, pair_starts, keys, ranks,
                    by_rank, scored, positions, waiting, count_waiting,
                )  # fmt: skip
            if later:
                for r in range(size):
                    if live[r] > 0:
                        waiting_mass[count_waiting] = masses[numbers[r]]
                        count_waiting += 1
                if count_waiting + LANES > waiting.shape[0]:
                    add_waiting(waiting, waiting_mass, count_waiting, units, by_rank, scored)
                    count_waiting = 0
            for r in range(size):
                if live[r] <= 0:
                    continue
                if ahead.size > 0:
                    for u in range(units):
                        one_score[u] = scores[u, r]
                    for g in range(last):
                        add_pairs(one_score, groups[g], groups[g + 1], masses[numbers[r]], ahead)
                if all_scores.size > 0:
                    for u in range(units):
                        all_scores[numbers[r], u] = scores[u, r] if everyone[u, r] > 0 else np.nan
        if count_waiting > 0:
            add_waiting(waiting, waiting_mass, count_waiting, units, by_rank, scored)
        for u in range(units):
            if by_rank.size > 0 and not later and not masked:
                scored[u] += by_rank.dtype.type(full_mass)
            for r in range(LANES):
                sums[u, 0] += sum_of[u, r]
                sums[u, 1] += sum_of[units + u, r]
                if histogram.size > 0:
                    if edges[u, r] < -_LOWEST:
                        extremes[u, 0] = min(extremes[u, 0], np.float64(edges[u, r]))
                    if edges[units + u, r] > _LOWEST:
                        extremes[u, 1] = max(extremes[u, 1], np.float64(edges[units + u, r]))

    return run


_run = _made(_sources())


def run(tables: Any, measured: Any, chunk: Any, totals: Any, output: Any, room: Any) -> None:
    """Evaluate the replications of one chunk.

    Args:
        tables: `tables.Tables`; its `values` give the precision.
        measured: `tables.Measured`, of the same precision.
        chunk: `tables.Runs`.
        totals: `tables.Totals` of this thread, added to.
        output: `tables.Output`; its sums are added to, the others written.
        room: `tables.Room` of this thread.
    """
    _run(tables, measured, chunk, totals, output, room)
