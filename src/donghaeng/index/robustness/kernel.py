"""The compiled evaluation: weights, means, scores, ranks and counts of one replication after another.

Everything of a replication stays in the first caches. Values lie indicator by unit, so that the inner loops run over
neighbouring units; nothing tests for NaN (missing cells are 0 with a mask, and weights are spread over what is there);
ranks are counted, or sorted by digits where units are many. Functions of a number's kind are chosen when the kernel is
compiled for single or double precision.

Sources: `log` and `exp` in single precision after Cephes (S. Moshier), `logf` and `expf`: largest error 2e-7.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, overload
from numba.np.arrayobj import make_array

from donghaeng.index.robustness import noise
from donghaeng.index.robustness.tables import LANES

#: All freedom of fastmath except to assume that there are no NaN and no infinities.
_FAST = {"contract", "reassoc", "nsz", "arcp"}

_FLAGS = tuple(sorted(_FAST))

_GEOMETRIC, _HARMONIC = 1, 2
_NORMAL_SCALE, _NORMAL_LINEAR, _NORMAL_CUBIC = noise.NORMAL_SCALE, noise.NORMAL_LINEAR, noise.NORMAL_CUBIC


def _compiled(function: Any) -> Any:
    return njit(nogil=True, cache=True, fastmath=_FAST, error_model="numpy")(function)


def _inlined(function: Any) -> Any:
    # A call hands over every array as some ten words: on 51 units that is a good part of the time.
    return njit(nogil=True, cache=True, fastmath=_FAST, error_model="numpy", forceinline=True)(function)


def _one_by_one(function: Any) -> Any:
    # Without leave to reorder, a sum is not turned into vectors, which do not pay for the few children of a composite.
    return njit(nogil=True, cache=True, fastmath=_FAST - {"reassoc"}, error_model="numpy", forceinline=True)(function)


_mix32 = _inlined(noise.mix32)


@_inlined
def _bits(low: Any, high: Any, number: Any) -> Any:
    return _mix32(np.uint32(_mix32(np.uint32(low + np.uint32(number * np.uint32(0x9E3779B9)))) + high))


_symmetric = _inlined(noise.symmetric)
_four_halves = _compiled(noise.four_halves)


@_inlined
def _log_single(x: Any) -> Any:
    whole = np.float32(x).view(np.int32)
    exponent = np.int32((whole - np.int32(0x3F3504F3)) >> np.int32(23))
    m = np.int32(whole - np.int32(exponent << np.int32(23))).view(np.float32) - np.float32(1)
    p = np.float32(7.0376836292e-2)
    p = p * m - np.float32(1.1514610310e-1)
    p = p * m + np.float32(1.1676998740e-1)
    p = p * m - np.float32(1.2420140846e-1)
    p = p * m + np.float32(1.4249322787e-1)
    p = p * m - np.float32(1.6668057665e-1)
    p = p * m + np.float32(2.0000714765e-1)
    p = p * m - np.float32(2.4999993993e-1)
    p = p * m + np.float32(3.3333331174e-1)
    z = m * m
    e = np.float32(exponent)
    return (m + (p * m * z - np.float32(2.12194440e-4) * e - np.float32(0.5) * z)) + np.float32(0.693359375) * e


@_inlined
def _exp_single(x: Any) -> Any:
    # Adding 1.5 * 2**23 rounds to a whole number in the lower bits; its own bits carry the exponent.
    shifted = np.float32(x * np.float32(1.44269504088896341)) + np.float32(12582912.0)
    exponent = np.int32(np.float32(shifted).view(np.int32) - np.int32(0x4B400000))
    n = np.float32(exponent)
    r = x - n * np.float32(0.693359375) + n * np.float32(2.12194440e-4)
    p = np.float32(1.9875691500e-4)
    p = p * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    p = p * r * r + r + np.float32(1)
    return p * np.int32(np.int32(exponent + np.int32(127)) << np.int32(23)).view(np.float32)


def _log(x: Any) -> Any:
    return math.log(x)


def _exp(x: Any) -> Any:
    return math.exp(x)


def _sort_key(x: Any) -> Any:
    return x


@overload(_log, strict=False)
def _log_for(x: Any) -> Any:
    if x == types.float32:
        return lambda x: _log_single(x)
    return lambda x: math.log(x)


@overload(_exp, strict=False)
def _exp_for(x: Any) -> Any:
    if x == types.float32:
        return lambda x: _exp_single(x)
    return lambda x: math.exp(x)


@_compiled
def _key_single(x: Any) -> Any:
    whole = np.float32(-x).view(np.int32)
    return np.uint64(np.uint32(whole ^ np.int32((whole >> np.int32(31)) | np.int32(-2147483648))))


@_compiled
def _key_double(x: Any) -> Any:
    whole = np.float64(-x).view(np.int64)
    return np.uint64(whole ^ ((whole >> 63) | np.int64(-9223372036854775808)))


@overload(_sort_key, strict=False)
def _sort_key_for(x: Any) -> Any:
    """A whole number that grows as x falls."""
    if x == types.float32:
        return lambda x: _key_single(x)
    return lambda x: _key_double(x)


# The functions below take arrays one by one and index them in place, and `run` gives them arrays without owner: to
# count references, as numba does when an array is handed on or a row taken, costs more than the work on 51 units, and
# makes threads that share the array wait for each other.


_build: Any = cgutils  # it and numba's own parts below say nothing of their types
_ir: Any = _build.ir
_make_array: Any = make_array
_null: Any = _build.get_null_value


def _without_owner(_: Any, array: Any) -> Any:
    """The same array without an owner: whoever calls must hold the array itself as long."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bare = _make_array(signature.args[0])(context, builder, arguments[0])
        bare.meminfo = _null(bare.meminfo.type)
        bare.parent = _null(bare.parent.type)
        return bare._getvalue()

    return array(array), code


_bare: Any = intrinsic(_without_owner)


@_inlined
def _draw_weights(w: Any, weights: Any, given: Any, kept: Any, keep: Any, amplitude: Any, key: Any, scale: Any) -> None:
    nodes = w.shape[0]
    for k in range(nodes):
        w[k] = weights[given, k] * kept[keep, k]
    if scale != 0.0:
        one, step = w.dtype.type(1), w.dtype.type(scale / 8388608.0)
        low, high = np.uint32(key), np.uint32(key >> np.uint64(32))
        for k in range(nodes):
            random = w.dtype.type(_symmetric(_bits(low, high, np.uint32(k))))
            w[k] = w[k] * (one + amplitude[k] * step * random)


@_one_by_one
def _sum_between(w: Any, start: Any, stop: Any) -> Any:
    total = w.dtype.type(0)
    for k in range(start, stop):
        total += w[k]
    return total


@_inlined
def _shares(w: Any, total: Any, parents: Any, children: Any, passed: Any, partial: Any, row: Any, leaves: Any) -> bool:
    """Turn weights into the share with which each node enters its target; False where nothing has weight.

    Composites without any weight below them drop out first, then what lies below a composite of weight 0. Under a
    composite with missing cells the weights stay as they are: the sum to divide by differs from unit to unit.
    """
    inner = total.shape[0]
    root = inner - 1
    zero, one = w.dtype.type(0), w.dtype.type(1)
    w[leaves + root] = one
    for c in range(inner):
        mass = _sum_between(w, children[c, 0], children[c, 1]) + _sum_between(w, children[c, 2], children[c, 3])
        total[c] = mass
        w[leaves + c] = w[leaves + c] if mass > zero else zero
    if total[root] <= zero:
        return False
    for c in range(inner):
        total[c] = one / total[c] if total[c] > zero else zero
    for c in range(root, -1, -1):
        share = w[leaves + c]
        if c < root:
            share *= total[parents[leaves + c]]
            w[leaves + c] = share
        # What is computed starts anew with share 1; what is passed over hands its own share down.
        down = share if passed[row, c] or share <= zero else one
        total[c] = down if partial[leaves + c] else down * total[c]
    for k in range(leaves):
        w[k] *= total[parents[k]]
    return True


def _blocks(builder: Any, width: Any, one_block: Any) -> None:
    """Go over a row in blocks of four vectors of `LANES` numbers, and over the rest of it in single vectors."""
    size, start = width.type(4 * LANES), width.type(0)
    whole = builder.udiv(width, size)
    with _build.for_range(builder, whole) as loop:
        one_block(builder.mul(loop.index, size), 4)
    start = builder.mul(whole, size)
    rest = builder.udiv(builder.sub(width, start), width.type(LANES))
    with _build.for_range(builder, rest) as loop:
        one_block(builder.add(start, builder.mul(loop.index, width.type(LANES))), 1)


def _vector_at(builder: Any, data: Any, offset: Any, vector: Any) -> Any:
    """Pointer to a vector inside an array of numbers."""
    return builder.bitcast(builder.gep(data, [offset]), vector.as_pointer())


def _loaded(builder: Any, pointer: Any, itemsize: int) -> Any:
    value = builder.load(pointer)
    value.align = itemsize
    return value


def _spread_out(builder: Any, number: Any, vector: Any) -> Any:
    """A vector that has the same number in each lane."""
    one = builder.insert_element(_ir.Constant(vector, _ir.Undefined), number, _ir.IntType(32)(0))
    lanes = _ir.Constant(_ir.VectorType(_ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, one, lanes)


def _add_rows_code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    of_acc, _, of_rows, _, of_w, *_ = signature.args
    acc, row, rows, state, w, start, stop, fresh = arguments
    acc, rows, w = (
        _make_array(kind)(context, builder, value) for kind, value in ((of_acc, acc), (of_rows, rows), (of_w, w))
    )
    number = context.get_value_type(of_acc.dtype)
    itemsize = of_acc.dtype.bitwidth // 8
    vector = _ir.VectorType(number, LANES)
    leaves, width = _build.unpack_tuple(builder, rows.shape, 3)[1:]
    target = builder.gep(acc.data, [builder.mul(row, width)])
    first = builder.gep(rows.data, [builder.mul(builder.mul(state, leaves), width)])
    two = row.type(2)
    pairs = builder.sdiv(builder.sub(stop, start), two)

    def one_block(offset: Any, vectors: int) -> None:
        # Two sums a vector: additions that wait for each other would be most of the time.
        sums = [[_build.alloca_once(builder, vector) for _ in range(vectors)] for _ in range(2)]
        for at in range(vectors):
            pointer = _vector_at(builder, target, builder.add(offset, row.type(at * LANES)), vector)
            before = _loaded(builder, pointer, itemsize)
            builder.store(builder.select(fresh, _ir.Constant(vector, None), before), sums[0][at])
            builder.store(_ir.Constant(vector, None), sums[1][at])

        def add(k: Any, own: list[Any]) -> None:
            share = _spread_out(builder, builder.load(builder.gep(w.data, [k])), vector)
            line = builder.add(builder.mul(k, width), offset)
            for at in range(vectors):
                pointer = _vector_at(builder, first, builder.add(line, row.type(at * LANES)), vector)
                part = builder.fmul(_loaded(builder, pointer, itemsize), share, flags=_FLAGS)
                builder.store(builder.fadd(builder.load(own[at]), part, flags=_FLAGS), own[at])

        with _build.for_range(builder, pairs) as loop:
            k = builder.add(start, builder.mul(loop.index, two))
            add(k, sums[0])
            add(builder.add(k, row.type(1)), sums[1])
        last = builder.add(start, builder.mul(pairs, two))
        with builder.if_then(builder.icmp_signed("<", last, stop)):
            add(last, sums[0])
        for at in range(vectors):
            whole = builder.fadd(builder.load(sums[0][at]), builder.load(sums[1][at]), flags=_FLAGS)
            pointer = _vector_at(builder, target, builder.add(offset, row.type(at * LANES)), vector)
            builder.store(whole, pointer).align = itemsize

    _blocks(builder, width, one_block)
    return context.get_dummy_value()


def _typed_add_rows(_: Any, acc: Any, c: Any, rows: Any, s: Any, w: Any, start: Any, stop: Any, fresh: Any) -> Any:  # noqa: ARG001
    """acc[c] += sum of share x row of rows[s] from start to stop; `fresh` starts acc[c] anew.

    Written in vectors, since loops over arrays that might overlap are compiled with a test before each of them.
    """
    whole = types.intp
    return types.void(acc, whole, rows, whole, w, whole, whole, types.boolean), _add_rows_code


_add_rows: Any = intrinsic(_typed_add_rows)


@_inlined
def _add_part(
    acc: Any, c: Any, child: Any, share: Any, den: Any, masked: Any, source: Any, goal: Any, spare: Any
) -> Any:
    """acc[c] += share x composite, brought from the scale of its own mean to that of c's.

    Gives 1 where a value is not positive and must be; the values are in `spare` then.
    """
    one, zero = spare.dtype.type(1), spare.dtype.type(0)
    width = spare.shape[0]
    if source == goal:
        for u in range(width):
            spare[u] = share * acc[child, u]
    elif source == _GEOMETRIC:
        sign = -one if goal == _HARMONIC else one
        for u in range(width):
            spare[u] = share * _exp(sign * acc[child, u])
    else:
        # Counted in the kind of the values themselves, so that both fit the same vectors.
        wrong: Any = zero
        if goal == _GEOMETRIC and not masked:
            part = -share if source == _HARMONIC else share
            for u in range(width):
                v = acc[child, u]
                wrong += one if v <= zero else zero
                acc[c, u] += part * _log(v)
            if wrong > zero:
                for u in range(width):
                    spare[u] = acc[child, u]
                return 1
            return 0
        for u in range(width):
            v = acc[child, u] if not masked or den[child, u] > zero else one
            wrong += one if v <= zero else zero
            spare[u] = v
        if wrong > zero:
            return 1
        if goal == _GEOMETRIC:
            part = -share if source == _HARMONIC else share
            for u in range(width):
                spare[u] = part * _log(spare[u])
        else:
            for u in range(width):
                spare[u] = share / spare[u]
    if masked:
        for u in range(width):
            acc[c, u] += spare[u] * den[child, u]
    else:
        for u in range(width):
            acc[c, u] += spare[u]
    return 0


@_compiled
def _first_bad(value: Any, units: Any) -> int:
    for u in range(units):
        if value[u] <= value.dtype.type(0):
            return u
    return 0


@_compiled
def _divide(
    acc: Any, den: Any, c: Any, row: Any, partial: Any, runs: Any, nodes: Any, starts: Any, w: Any, present: Any, s: Any
) -> None:
    """Divide a composite by the weight of what each unit has; `den` becomes 1 where it has anything, else 0."""
    zero, one = acc.dtype.type(0), acc.dtype.type(1)
    leaves, width = present.shape[1], acc.shape[1]
    full = zero
    for k in range(starts[row, c, 2], starts[row, c, 3]):
        full += zero if partial[nodes[row, k]] else w[nodes[row, k]]
    for u in range(width):
        den[c, u] = full
    for run in range(starts[row, c, 0], starts[row, c, 1]):
        _add_rows(den, c, present, s, w, runs[row, run, 0], runs[row, run, 1], False)
    for k in range(starts[row, c, 2], starts[row, c, 3]):
        node = nodes[row, k]
        if partial[node]:
            child, share = node - leaves, w[node]
            for u in range(width):
                den[c, u] += share * den[child, u]
    for u in range(width):
        there = one if den[c, u] > zero else zero
        acc[c, u] = acc[c, u] / (den[c, u] + (one - there))
        den[c, u] = there


@_inlined
def _aggregate(
    row: Any,
    s: Any,
    w: Any,
    values: Any,
    logs: Any,
    inverses: Any,
    present: Any,
    blocked: Any,
    methods: Any,
    passed: Any,
    partial: Any,
    runs: Any,
    nodes: Any,
    starts: Any,
    units: Any,
    acc: Any,
    den: Any,
    spare: Any,
) -> Any:
    """Compute all composites that need computing; the scores are left in the last row of `acc`.

    `row` is the row of methods, `s` the state of the data, `w` the share of each node in its target, `acc` receives
    the composites, each on the scale of its own mean, `den` 1 where a composite has a value, else 0; `spare` is room
    for one row; the rest are arrays of `Tables`. Gives the status of the replication.
    """
    leaves, inner, width = values.shape[1], methods.shape[1], values.shape[2]
    zero, one = values.dtype.type(0), values.dtype.type(1)
    for c in range(inner):
        if passed[row, c] or w[leaves + c] <= zero:
            continue
        method = methods[row, c]
        if starts[row, c, 0] == starts[row, c, 1]:
            for u in range(width):
                acc[c, u] = zero
        for run in range(starts[row, c, 0], starts[row, c, 1]):
            low, high = runs[row, run, 0], runs[row, run, 1]
            fresh = run == starts[row, c, 0]
            if method == 0:
                _add_rows(acc, c, values, s, w, low, high, fresh)
            else:
                for k in range(low, high):
                    if blocked[s, k] > 0 and w[k] > zero:
                        return 1 + k * units + blocked[s, k] - 1
                if method == _GEOMETRIC:
                    _add_rows(acc, c, logs, s, w, low, high, fresh)
                else:
                    _add_rows(acc, c, inverses, s, w, low, high, fresh)
        for k in range(starts[row, c, 2], starts[row, c, 3]):
            node = nodes[row, k]
            share, child = w[node], node - leaves
            if share <= zero:
                continue
            bad = _add_part(acc, c, child, share, den, partial[node] > 0, methods[row, child], method, spare)
            if bad > 0:
                return 1 + node * units + _first_bad(spare, units)
        if partial[leaves + c]:
            _divide(acc, den, c, row, partial, runs, nodes, starts, w, present, s)
    root = inner - 1
    if methods[row, root] == _GEOMETRIC:
        for u in range(width):
            acc[root, u] = _exp(acc[root, u])
    elif methods[row, root] == _HARMONIC:
        for u in range(width):
            acc[root, u] = one / acc[root, u] if acc[root, u] > zero else zero
    return 0


def _count_ranks_code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    of_score, of_ranks, *_ = signature.args
    score, ranks, start, stop = arguments
    score, ranks = (
        _make_array(kind)(context, builder, value) for kind, value in ((of_score, score), (of_ranks, ranks))
    )
    itemsize = of_score.dtype.bitwidth // 8
    vector = _ir.VectorType(context.get_value_type(of_score.dtype), LANES)
    # Counted in single precision, exact for so few: adding under a mask is one instruction then.
    counts, whole = _ir.VectorType(_ir.FloatType(), LANES), _ir.VectorType(_ir.IntType(32), LANES)
    own, rank = builder.gep(score.data, [start]), builder.gep(ranks.data, [start])
    count = builder.sub(stop, start)
    lanes = start.type(LANES)
    width = builder.mul(builder.udiv(builder.add(count, start.type(LANES - 1)), lanes), lanes)
    ones = _ir.Constant(counts, [1.0] * LANES)

    def one_block(offset: Any, vectors: int) -> None:
        places = [builder.add(offset, start.type(at * LANES)) for at in range(vectors)]
        mine = [_loaded(builder, _vector_at(builder, own, place, vector), itemsize) for place in places]
        higher = [_build.alloca_once_value(builder, ones) for _ in places]
        with _build.for_range(builder, count) as loop:
            other = _spread_out(builder, builder.load(builder.gep(own, [loop.index])), vector)
            for at in range(vectors):
                before = builder.load(higher[at])
                ahead = builder.fcmp_ordered(">", other, mine[at])
                builder.store(builder.select(ahead, builder.fadd(before, ones), before), higher[at])
        for at, place in enumerate(places):
            found = builder.fptosi(builder.load(higher[at]), whole)
            builder.store(found, _vector_at(builder, rank, place, whole)).align = 4

    _blocks(builder, width, one_block)
    return context.get_dummy_value()


def _typed_count_ranks(_: Any, score: Any, ranks: Any, start: Any, stop: Any) -> tuple[Any, Any]:  # noqa: ARG001
    """Rank = 1 + number of higher scores, counted for many units at once."""
    return types.void(score, ranks, types.intp, types.intp), _count_ranks_code


_count_ranks: Any = intrinsic(_typed_count_ranks)


@_compiled
def _sort_ranks(score: Any, ranks: Any, start: Any, stop: Any, keys: Any, order: Any, digits: Any) -> None:
    """Rank by sorting: 11 bits of the key at a time, from the lowest; ties take the smallest rank."""
    n = stop - start
    passes = 3 if score.itemsize == 4 else 6
    for i in range(n):
        keys[0, i] = _sort_key(score[start + i])
        order[0, i] = i
    side = 0
    for turn in range(passes):
        shift = np.uint64(11 * turn)
        digits[:] = 0
        for i in range(n):
            digits[(keys[side, i] >> shift) & np.uint64(2047)] += 1
        place = 0
        for d in range(2048):
            count = digits[d]
            digits[d] = place
            place += count
        for i in range(n):
            d = (keys[side, i] >> shift) & np.uint64(2047)
            at = digits[d]
            digits[d] = at + 1
            keys[1 - side, at] = keys[side, i]
            order[1 - side, at] = order[side, i]
        side = 1 - side
    rank = 1
    for i in range(n):
        if i > 0 and keys[side, i] != keys[side, i - 1]:
            rank = i + 1
        ranks[start + order[side, i]] = rank


@_inlined
def _tally(
    score: Any,
    ranks: Any,
    there: Any,
    masked: Any,
    units: Any,
    mass: Any,
    sums: Any,
    by_rank: Any,
    scored: Any,
    counting: Any,
) -> None:
    """Add one replication to the sums and, where `counting`, to the table of ranks; `there` says who has a score."""
    weight = np.float64(mass)
    if masked:
        for u in range(there.shape[0]):
            s = np.float64(score[u]) * np.float64(there[u])
            sums[0, u] += weight * s
            sums[1, u] += weight * s * s
    else:
        for u in range(there.shape[0]):
            s = np.float64(score[u])
            sums[0, u] += weight * s
            sums[1, u] += weight * s * s
    if counting:
        whole = by_rank.dtype.type(mass)
        if masked:
            for u in range(units):
                if there[u] > 0:
                    by_rank[u, ranks[u] - 1] += whole
                    scored[u] += whole
        else:
            for u in range(units):
                by_rank[u, ranks[u] - 1] += whole
            for u in range(units):
                scored[u] += whole


@_compiled
def _tally_pending(pending: Any, masses: Any, count: Any, units: Any, by_rank: Any, scored: Any) -> None:
    """Add the ranks of replications that waited, unit by unit; rank 0 is none."""
    for u in range(units):
        for i in range(count):
            rank = pending[i, u]
            if rank > 0:
                whole = by_rank.dtype.type(masses[i])
                by_rank[u, rank - 1] += whole
                scored[u] += whole


@_inlined
def _tally_scores(
    score: Any, there: Any, units: Any, mass: Any, histogram: Any, bounds: Any, extremes: Any, bins: Any
) -> None:
    """Add the scores of one replication to the histograms and extremes."""
    whole = histogram.dtype.type(mass)
    last = np.float64(histogram.shape[1] - 1)
    for u in range(units):
        s = np.float64(score[u])
        bins[u] = np.int32(min(max((s - bounds[u, 0]) * bounds[u, 1], 0.0), last))
    for u in range(units):
        if there[u] > 0:
            s = np.float64(score[u])
            histogram[u, bins[u]] += whole
            if s < extremes[u, 0]:
                extremes[u, 0] = s
            if s > extremes[u, 1]:
                extremes[u, 1] = s


@_compiled
def _tally_pairs(score: Any, start: Any, stop: Any, mass: Any, ahead: Any) -> None:
    """Add who is ahead of whom in one group; a unit without a score is ahead of nobody."""
    whole, none = ahead.dtype.type(mass), ahead.dtype.type(0)
    own = score[start:stop]
    for i in range(stop - start):
        a = own[i]
        if a > -1e37:
            for j in range(stop - start):
                ahead[start + i, j] = ahead.dtype.type(ahead[start + i, j] + (whole if a > own[j] else none))


#: Stands for "no score" when ranking: below every score, so that it is ahead of none.
_LOWEST = -1e38


@_compiled
def _moments(x: Any, n: Any) -> Any:
    """Mean, sum of squared deviations, skewness and excess kurtosis (adjusted for sample size, as in Excel)."""
    zero = x.dtype.type(0)
    total = zero
    for i in range(n):
        total += x[i]
    mean = total / x.dtype.type(n)
    second, third, fourth = zero, zero, zero
    for i in range(n):
        d = x[i] - mean
        dd = d * d
        second += dd
        third += dd * d
        fourth += dd * dd
    if second <= zero or n < 4:
        return mean, second, zero, zero
    size = np.float64(n)
    variance = np.float64(second) / (size - 1)
    skew = np.float64(third) / variance**1.5 * size / ((size - 1) * (size - 2))
    kurtosis = np.float64(fourth) / variance**2 * size * (size + 1) / ((size - 1) * (size - 2) * (size - 3))
    kurtosis -= 3 * (size - 1) ** 2 / ((size - 2) * (size - 3))
    return mean, second, x.dtype.type(skew), x.dtype.type(kurtosis)


@_compiled
def _treat(x: Any, n: Any, most: Any, spare: Any) -> None:
    """Winsorise point by point while skewness and kurtosis are too large, else take logarithms; in place."""
    skew_limit, kurtosis_limit = x.dtype.type(2.0), x.dtype.type(3.5)
    _, _, skew, kurtosis = _moments(x, n)
    if abs(skew) < skew_limit or kurtosis < kurtosis_limit:
        return
    first_skew = skew
    spare[:n] = x[:n]
    for _ in range(most):
        if skew > 0:
            edge = x[0]
            for i in range(n):
                edge = max(edge, x[i])
            following = -x.dtype.type(1e38)
            for i in range(n):
                following = max(following, x[i] if x[i] < edge else -x.dtype.type(1e38))
            for i in range(n):
                x[i] = min(x[i], following)
        else:
            edge = x[0]
            for i in range(n):
                edge = min(edge, x[i])
            following = x.dtype.type(1e38)
            for i in range(n):
                following = min(following, x[i] if x[i] > edge else x.dtype.type(1e38))
            for i in range(n):
                x[i] = max(x[i], following)
        _, _, skew, kurtosis = _moments(x, n)
        if abs(skew) < skew_limit or kurtosis < kurtosis_limit:
            return
    low, high = spare[0], spare[0]
    for i in range(n):
        low = min(low, spare[i])
        high = max(high, spare[i])
    shift = x.dtype.type(0.01) * (high - low)
    for i in range(n):
        # A long lower tail is mirrored, treated, and mirrored back.
        x[i] = _log(spare[i] - low + shift) if first_skew > 0 else -_log(high - spare[i] + shift)


@_compiled
def _perturb(x: Any, raw: Any, errors: Any, k: Any, rounding: Any, key: Any, scale: Any) -> None:
    """Values of one indicator with their errors of measurement."""
    width = x.shape[0]
    if scale == 0.0:
        for u in range(width):
            x[u] = raw[k, u]
        return
    low, high = np.uint32(key), np.uint32(key >> np.uint64(32))
    size = x.dtype.type(scale)
    first = np.uint32(k * width * 2)
    if rounding:
        step = size / x.dtype.type(8388608.0)
        for u in range(width):
            random = _symmetric(_bits(low, high, np.uint32(first + np.uint32(u))))
            x[u] = raw[k, u] + errors[k, u] * step * x.dtype.type(random)
    else:
        unit = x.dtype.type(_NORMAL_SCALE)
        linear, cubic = x.dtype.type(_NORMAL_LINEAR), x.dtype.type(_NORMAL_CUBIC)
        for u in range(width):
            a = _bits(low, high, np.uint32(first + np.uint32(u)))
            b = _bits(low, high, np.uint32(first + np.uint32(u + width)))
            z = x.dtype.type(_four_halves(a, b)) * unit
            x[u] = raw[k, u] + errors[k, u] * size * z * (linear + cubic * z * z)


@_compiled
def _fill(x: Any, there: Any, k: Any, groups: Any, units: Any, sums: Any, counts: Any) -> None:
    """Impute by the mean of the group; where a group has no value, by the mean of all."""
    zero, one = x.dtype.type(0), x.dtype.type(1)
    last = sums.shape[0] - 1
    for g in range(last + 1):
        sums[g], counts[g] = zero, zero
    for u in range(units):
        if there[0, k, u] > zero:
            sums[groups[u]] += x[u]
            counts[groups[u]] += one
            sums[last] += x[u]
            counts[last] += one
    for u in range(units):
        if there[0, k, u] <= zero and counts[last] > zero:
            g = groups[u] if counts[groups[u]] > zero else last
            x[u] = sums[g] / counts[g]


@_compiled
def _normalise(x: Any, n: Any, direction: Any, kind: Any, first: Any, second: Any) -> bool:
    """Min-max or z-score in place; False for a constant indicator."""
    zero = x.dtype.type(0)
    if kind == 0:
        low, high = x[0], x[0]
        for i in range(n):
            low = min(low, x[i])
            high = max(high, x[i])
        if not high > low:
            return False
        factor = (second - first) / (high - low)
        if direction < 0:
            low, factor = high, -factor
        for i in range(n):
            x[i] = (x[i] - low) * factor + first
        return True
    total = zero
    for i in range(n):
        total += x[i]
    mean = total / x.dtype.type(n)
    squares = zero
    for i in range(n):
        squares += (x[i] - mean) * (x[i] - mean)
    if not squares > zero or n < 2:
        return False
    factor = second / np.sqrt(squares / x.dtype.type(n - 1))
    if direction < 0:
        factor = -factor
    for i in range(n):
        x[i] = (x[i] - mean) * factor + first
    return True


@_compiled
def _prepare(
    raw: Any,
    known: Any,
    errors: Any,
    directions: Any,
    groups: Any,
    settings: Any,
    rounding: Any,
    state: Any,
    key: Any,
    scale: Any,
    units: Any,
    values: Any,
    there: Any,
    full: Any,
    column: Any,
    spare: Any,
    sums: Any,
    counts: Any,
) -> int:
    """Perturb, impute, treat and normalise into `values`; `there` says what there is. Status of the replication."""
    one, zero = values.dtype.type(1), values.dtype.type(0)
    impute, most, kind = settings[state, 0] > 0, np.int64(settings[state, 1]), np.int64(settings[state, 2])
    first, second = values.dtype.type(settings[state, 3]), values.dtype.type(settings[state, 4])
    for k in range(raw.shape[0]):
        _perturb(full, raw, errors, k, rounding, key, scale)
        n: Any = 0
        for u in range(units):
            there[0, k, u] = known[k, u]
            n += np.int64(known[k, u] > zero)
        if impute and 0 < n < units:
            _fill(full, there, k, groups, units, sums, counts)
            for u in range(units):
                there[0, k, u] = one
            n = units
        if n == 0:
            for u in range(units):
                values[0, k, u] = zero
            continue
        if n == units:
            for u in range(units):
                column[u] = full[u]
        else:
            i = 0
            for u in range(units):
                if there[0, k, u] > zero:
                    column[i] = full[u]
                    i += 1
        if most >= 0:
            _treat(column, n, most, spare)
        if not _normalise(column, n, directions[k], kind, first, second):
            return -10 - k
        if n == units:
            for u in range(units):
                values[0, k, u] = column[u]
        else:
            i = 0
            for u in range(units):
                if there[0, k, u] > zero:
                    values[0, k, u] = column[i]
                    i += 1
                else:
                    values[0, k, u] = zero
    return 0


@_compiled
def _other_scale(values: Any, there: Any, out: Any, blocked: Any, goal: Any, units: Any) -> None:
    """Logarithms or reciprocals of values just computed, and which are not positive."""
    zero, one = values.dtype.type(0), values.dtype.type(1)
    for k in range(values.shape[1]):
        blocked[0, k] = 0
        bad: Any = 0
        for u in range(units):
            v = values[0, k, u] if there[0, k, u] > zero else one
            bad += np.int64(v <= zero)
            out[0, k, u] = v
        if bad > 0:
            for u in range(units):
                if out[0, k, u] <= zero:
                    out[0, k, u] = one
                    if blocked[0, k] == 0:
                        blocked[0, k] = u + 1
        if goal == _GEOMETRIC:
            for u in range(units):
                out[0, k, u] = _log(out[0, k, u])
        else:
            for u in range(units):
                out[0, k, u] = one / out[0, k, u] * there[0, k, u]


@_compiled
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
    values, logs, inverses = _bare(tables.values), _bare(tables.logs), _bare(tables.inverses)
    present, blocked, partial = _bare(tables.present), _bare(tables.blocked), _bare(tables.partial)
    methods, passed, parents = _bare(tables.methods), _bare(tables.passed), _bare(tables.parents)
    children, runs, nodes, starts = (
        _bare(tables.children),
        _bare(tables.rows),
        _bare(tables.nodes),
        _bare(tables.starts),
    )
    weights, kept, amplitude = _bare(tables.weights), _bare(tables.kept), _bare(tables.amplitude)
    groups, units = _bare(tables.groups), tables.units
    raw, known, errors = _bare(measured.values), _bare(measured.present), _bare(measured.errors)
    directions, impute_by, settings = _bare(measured.directions), _bare(measured.groups), _bare(measured.settings)
    rounding = measured.rounding
    states, given, keep, means = _bare(chunk.state), _bare(chunk.weights), _bare(chunk.kept), _bare(chunk.means)
    weight_keys, weight_scales = _bare(chunk.weight_key), _bare(chunk.weight_scale)
    order_of = _bare(chunk.order)
    data_keys, data_scales, masses = _bare(chunk.data_key), _bare(chunk.data_scale), _bare(chunk.mass)
    by_rank, scored, ahead = _bare(totals.ranks), _bare(totals.scored), _bare(totals.ahead)
    histogram, bounds, extremes = _bare(totals.histogram), _bare(totals.bounds), _bare(totals.extremes)
    statuses, sums = _bare(output.status), _bare(output.sums)
    scores, positions = _bare(output.scores), _bare(output.positions)
    w, total, acc, den = _bare(room.weights), _bare(room.total), _bare(room.acc), _bare(room.den)
    spare, full, column = _bare(room.spare), _bare(room.full), _bare(room.column)
    score, everyone, ranks, bins = _bare(room.score), _bare(room.everyone), _bare(room.ranks), _bare(room.bins)
    keys, order, digits = _bare(room.keys), _bare(room.order), _bare(room.digits)
    group_sums, group_counts, sum_of = _bare(room.group_sums), _bare(room.group_counts), _bare(room.sum_of)

    leaves, width, inner = values.shape[1], values.shape[2], methods.shape[1]
    root, last = inner - 1, groups.shape[0] - 1
    sorting = order.shape[1] > 0
    anew = raw.size > 0
    if anew:
        values, present, logs = _bare(room.values), _bare(room.present), _bare(room.logs)
        inverses, blocked = _bare(room.inverses), _bare(room.blocked)
    for u in range(width):
        everyone[u] = values.dtype.type(1)
        sum_of[0, u] = 0.0
        sum_of[1, u] = 0.0
    ranking = by_rank.size > 0 or positions.size > 0
    waiting = by_rank.size > 0 and sorting
    counting = by_rank.size > 0 and not sorting
    pending, pending_mass = _bare(room.pending), _bare(room.pending_mass)
    count = 0
    masked = partial[leaves + root] > 0
    for turn in range(states.shape[0]):
        r = order_of[turn]
        state, row = states[r], means[r]
        if state < 0:
            statuses[r] = -2
            continue
        _draw_weights(w, weights, given[r], kept, keep[r], amplitude, weight_keys[r], weight_scales[r])
        if not _shares(w, total, parents, children, passed, partial, row, leaves):
            statuses[r] = -1
            continue
        status = 0
        if anew:
            status = _prepare(
                raw, known, errors, directions, impute_by, settings, rounding, state, data_keys[r], data_scales[r],
                units, values, present, full, column, spare, group_sums, group_counts,
            )  # fmt: skip
            state = 0
            for goal in (1, 2):
                needed = False
                for c in range(inner):
                    needed = needed or (methods[row, c] == goal and starts[row, c, 1] > starts[row, c, 0])
                if needed and status == 0:
                    _other_scale(values, present, logs if goal == 1 else inverses, blocked, goal, units)
        if status == 0:
            status = _aggregate(
                row, state, w, values, logs, inverses, present, blocked, methods, passed, partial, runs, nodes,
                starts, units, acc, den, spare,
            )  # fmt: skip
        statuses[r] = status
        if status != 0:
            continue
        for u in range(width):
            score[u] = acc[root, u]
        if masked:
            for u in range(width):
                everyone[u] = den[root, u]
                score[u] = score[u] if den[root, u] > 0 else values.dtype.type(_LOWEST)
        if ranking:
            for g in range(last):
                if sorting:
                    _sort_ranks(score, ranks, groups[g], groups[g + 1], keys, order, digits)
                else:
                    _count_ranks(score, ranks, groups[g], groups[g + 1])
        _tally(score, ranks, everyone, masked, units, masses[r], sum_of, by_rank, scored, counting)
        if waiting:
            for u in range(width):
                pending[count, u] = ranks[u] if everyone[u] > 0 else 0
            pending_mass[count] = masses[r]
            count += 1
            if count == pending.shape[0]:
                _tally_pending(pending, pending_mass, count, units, by_rank, scored)
                count = 0
        if histogram.size > 0:
            _tally_scores(score, everyone, units, masses[r], histogram, bounds, extremes, bins)
        if ahead.size > 0:
            for g in range(last):
                _tally_pairs(score, groups[g], groups[g + 1], masses[r], ahead)
        if scores.size > 0:
            for u in range(units):
                scores[r, u] = score[u] if everyone[u] > 0 else np.nan
        if positions.size > 0:
            for u in range(units):
                positions[r, u] = ranks[u] if everyone[u] > 0 else 0
    if count > 0:
        _tally_pending(pending, pending_mass, count, units, by_rank, scored)
    for u in range(units):
        sums[u, 0] += sum_of[0, u]
        sums[u, 1] += sum_of[1, u]
