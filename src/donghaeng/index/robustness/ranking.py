"""Ranks in the compiled evaluation, and what is counted of them and of scores.

The scores of `LANES` replications are sorted side by side: each becomes a whole number that grows as the score falls,
with the number of its unit in the lowest bits, and a network of comparisons (Batcher's odd-even merge sort) sorts all
lanes at once. Scores that fall on one whole number are put in order, or found to be equal, one by one.

Source: K. E. Batcher, "Sorting networks and their applications", 1968; as in D. E. Knuth, The Art of Computer
Programming, vol. 3, 5.2.2, algorithm M.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from donghaeng.index.robustness.lanes import (
    all_lanes,
    as_kind,
    compiled,
    highest,
    inlined,
    lane_bits,
    load,
    lowest,
    sort_lanes,
    store,
    where,
    whole,
)
from donghaeng.index.robustness.tables import LANES

#: Bits of a key: the sign is not used.
_BITS = 31

#: Keeps rounded products below the largest key.
_MARGIN = 1 - 2.0**-20


@inlined
def sort_group(
    scores: Any, everyone: Any, masked: Any, start: Any, n: Any, pairs: Any, first: Any, stop: Any, keys: Any
) -> Any:
    """Sort the units of one group by falling score, in every lane.

    Writes the keys from row 0 on: the number of the unit inside the group in the lowest bits; who has no score comes
    last. Gives the number of these bits, and a number whose bits say in which lanes scores fall on one key.
    """
    kind = scores.dtype.type
    zero, one = all_lanes(kind(0)), all_lanes(kind(1))
    of_unit = 1
    while (1 << of_unit) < n:
        of_unit += 1
    size = 1 << (_BITS - of_unit)
    if masked:
        high, low = all_lanes(kind(-1e38)), all_lanes(kind(1e38))
        for u in range(start, start + n):
            s, known = load(scores, u * LANES), load(everyone, u * LANES) > zero
            high, low = where(known, highest(s, high), high), where(known, lowest(s, low), low)
    else:
        high, low = load(scores, start * LANES), load(scores, start * LANES)
        for u in range(start + 1, start + n):
            s = load(scores, u * LANES)
            high, low = highest(s, high), lowest(s, low)
    span = high - low
    wide = span > all_lanes(kind(1e-30))
    factor = where(wide, all_lanes(kind(_MARGIN * size - 2)) / where(wide, span, one), zero)
    last = all_lanes(np.int32(size - 1))
    shift = all_lanes(np.int32(of_unit))
    for i in range(n):
        key = whole((high - load(scores, (start + i) * LANES)) * factor)
        if masked:
            key = where(load(everyone, (start + i) * LANES) > zero, key, last)
        store(keys, i * LANES, (key << shift) | all_lanes(np.int32(i)))
    sort_lanes(keys, 0, pairs, first, stop)
    alike = shift < shift
    before = load(keys, 0)
    for i in range(1, n):
        key = load(keys, i * LANES)
        alike = alike | ((before ^ key) < all_lanes(np.int32(1 << of_unit)))
        before = key
    return of_unit, lane_bits(alike)


@compiled
def part_alike(scores: Any, start: Any, n: Any, keys: Any, lane: Any, of_unit: Any, ranks: Any) -> None:
    """Rank one lane in which scores fall on one key: in the order of the scores themselves, ties with one rank."""
    mask = (1 << of_unit) - 1
    longest, run = 1, 1
    for i in range(1, n):
        run = run + 1 if (keys[i - 1, lane] ^ keys[i, lane]) <= mask else 1
        longest = max(longest, run)
    # Shell's sort; most often two scores are alike, and one pass over neighbours is all.
    gap = 1
    while 3 * gap + 1 < longest:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(gap, n):
            key = keys[i, lane]
            if (keys[i - gap, lane] ^ key) > mask:
                continue
            own = scores[start + (key & mask), lane]
            j = i
            while j >= gap:
                other = keys[j - gap, lane]
                if (other ^ key) > mask or scores[start + (other & mask), lane] >= own:
                    break
                keys[j, lane] = other
                j -= gap
            keys[j, lane] = key
        gap //= 3
    rank = 1
    for i in range(n):
        key = keys[i, lane]
        unit = start + (key & mask)
        if i > 0:
            other = keys[i - 1, lane]
            if (other ^ key) > mask or scores[unit, lane] != scores[start + (other & mask), lane]:
                rank = i + 1
        ranks[unit] = rank


@inlined
def count_places(by_rank: Any, keys: Any, lane: Any, begin: Any, n: Any, mask: Any, more: Any) -> None:
    """Count in which place of the order each unit of a group stands in one lane."""
    first, bits = np.uint64(begin), np.uint32(mask)
    for i in range(n):
        # Numbers without sign need no look at whether they count from the end.
        by_rank[first + np.uint64(np.uint32(keys[i, lane]) & bits), np.uint64(i)] += more


@compiled
def rank_and_count(
    scores: Any,
    everyone: Any,
    masked: Any,
    size: Any,
    numbers: Any,
    masses: Any,
    live: Any,
    groups: Any,
    pairs: Any,
    pair_starts: Any,
    keys: Any,
    ranks: Any,
    by_rank: Any,
    scored: Any,
    positions: Any,
    waiting: Any,
    count_waiting: Any,
) -> None:
    """Rank the units of each group in the first `size` lanes, and count or keep the ranks of those that are live.

    Arrays are those of `Room`, `Totals` and `Output`; ranks wait from row `count_waiting` on where there is room to.
    Without a mask who has a score is not counted here.
    """
    later = by_rank.size > 0 and waiting.shape[0] > 0
    one_by_one = positions.size > 0 or later
    for g in range(groups.shape[0] - 1):
        begin, n = groups[g], groups[g + 1] - groups[g]
        of_unit, alike = sort_group(scores, everyone, masked, begin, n, pairs, pair_starts[g], pair_starts[g + 1], keys)
        mask, slot = (1 << of_unit) - 1, count_waiting - 1
        for r in range(size):
            if live[r] <= 0:
                continue
            slot += 1
            number = numbers[r]
            more = by_rank.dtype.type(masses[number])
            if one_by_one or (alike >> r) & 1:
                if (alike >> r) & 1:
                    part_alike(scores, begin, n, keys, r, of_unit, ranks)
                else:
                    for i in range(n):
                        ranks[begin + (keys[i, r] & mask)] = i + 1
                if masked:
                    for u in range(begin, begin + n):
                        if everyone[u, r] <= 0:
                            ranks[u] = 0
                if by_rank.size > 0 and not later:
                    for u in range(begin, begin + n):
                        if ranks[u] > 0:
                            by_rank[u, ranks[u] - 1] += more
                            if masked:
                                scored[u] += more
                if later:
                    for u in range(begin, begin + n):
                        waiting[slot, u] = ranks[u]
                if positions.size > 0:
                    for u in range(begin, begin + n):
                        positions[number, u] = ranks[u]
            elif masked:
                for i in range(n):
                    u = begin + (keys[i, r] & mask)
                    if everyone[u, r] > 0:
                        by_rank[u, i] += more
                        scored[u] += more
            else:
                count_places(by_rank, keys, r, begin, n, mask, more)


@inlined
def add_scores(scores: Any, everyone: Any, masked: Any, units: Any, mass: Any, live: Any, sums: Any) -> None:
    """Add mass x score and mass x score squared; lanes that are not live count nothing, whatever they hold."""
    kind = scores.dtype.type
    zero, none = all_lanes(kind(0)), all_lanes(0.0)
    masses, on = load(mass, 0), load(live, 0) > zero
    for u in range(units):
        s = where(on, load(scores, u * LANES), zero)
        if masked:
            s = s * load(everyone, u * LANES)
        wide = as_kind(s, none)
        part = masses * wide
        store(sums, u * LANES, load(sums, u * LANES) + part)
        store(sums, (units + u) * LANES, load(sums, (units + u) * LANES) + part * wide)


@compiled
def add_to_histograms(
    scores: Any,
    everyone: Any,
    units: Any,
    size: Any,
    masses: Any,
    numbers: Any,
    live: Any,
    histogram: Any,
    bounds: Any,
    extremes: Any,
) -> None:
    """Add the scores of the live lanes to the histograms, and to the lowest and highest of each lane."""
    kind = scores.dtype.type
    zero, last = all_lanes(kind(0)), np.float64(histogram.shape[1] - 1)
    on, far = load(live, 0) > zero, all_lanes(kind(1e38))
    for u in range(units):
        s = load(scores, u * LANES)
        known = on & (load(everyone, u * LANES) > zero)
        store(extremes, u * LANES, lowest(where(known, s, far), load(extremes, u * LANES)))
        store(extremes, (units + u) * LANES, highest(where(known, s, zero - far), load(extremes, (units + u) * LANES)))
        for r in range(size):
            if live[r] > 0 and everyone[u, r] > 0:
                place = (np.float64(scores[u, r]) - bounds[u, 0]) * bounds[u, 1]
                histogram[u, np.int64(min(max(place, 0.0), last))] += histogram.dtype.type(masses[numbers[r]])


@compiled
def add_pairs(score: Any, start: Any, stop: Any, mass: Any, ahead: Any) -> None:
    """Add who is ahead of whom in one group; a unit without a score is ahead of nobody."""
    more, none = ahead.dtype.type(mass), ahead.dtype.type(0)
    own = score[start:stop]
    for i in range(stop - start):
        a = own[i]
        if a > -1e37:
            for j in range(stop - start):
                ahead[start + i, j] = ahead.dtype.type(ahead[start + i, j] + (more if a > own[j] else none))


@compiled
def add_waiting(waiting: Any, masses: Any, count: Any, units: Any, by_rank: Any, scored: Any) -> None:
    """Add the ranks of replications that waited, unit by unit; rank 0 is none."""
    for u in range(units):
        for i in range(count):
            rank = waiting[i, u]
            if rank > 0:
                more = by_rank.dtype.type(masses[i])
                by_rank[u, rank - 1] += more
                scored[u] += more
