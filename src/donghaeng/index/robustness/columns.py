"""Measured data in the compiled evaluation: an indicator of `LANES` replications with errors, imputed, treated, scaled.

A column is an array of units x lanes. Which cells are missing is the same in all lanes, and so are the settings, since
replications with one state of the data are taken together; values, and how often a column is Winsorised, differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from donghaeng.index.robustness import noise
from donghaeng.index.robustness.lanes import (
    all_lanes,
    any_lane,
    compiled,
    four_halves,
    highest,
    inlined,
    lane_bits,
    load,
    log,
    lowest,
    random_bits,
    root_of,
    size_of,
    store,
    symmetric,
    where,
)
from donghaeng.index.robustness.oracle import KURTOSIS, SKEWNESS
from donghaeng.index.robustness.tables import LANES

_NORMAL_SCALE, _NORMAL_LINEAR, _NORMAL_CUBIC = noise.NORMAL_SCALE, noise.NORMAL_LINEAR, noise.NORMAL_CUBIC
_SKEWNESS, _KURTOSIS = SKEWNESS, KURTOSIS

#: Every lane, as bits.
_ALL = 2**LANES - 1


@inlined
def _perturb(
    x: Any, raw: Any, errors: Any, k: Any, units: Any, rounding: Any, noisy: Any, low: Any, high: Any, scale: Any
) -> Any:
    """Write the values of indicator k with their errors of measurement, and give their sum.

    `scale` has the size of the errors by lane.
    """
    kind = raw.dtype.type
    total = all_lanes(kind(0))
    if not noisy:
        for u in range(units):
            value = all_lanes(raw[k, u])
            total = total + value
            store(x, u * LANES, value)
        return total
    first, width = np.uint32(k * raw.shape[1] * 2), raw.shape[1]
    lower, upper, size = load(low, 0), load(high, 0), load(scale, 0)
    if rounding:
        step = size * all_lanes(kind(1 / 8388608))
        for u in range(units):
            random = symmetric(random_bits(lower, upper, np.uint32(first + np.uint32(u))), size)
            value = all_lanes(raw[k, u]) + all_lanes(errors[k, u]) * step * random
            total = total + value
            store(x, u * LANES, value)
        return total
    unit, linear, cubic = (
        all_lanes(kind(_NORMAL_SCALE)),
        all_lanes(kind(_NORMAL_LINEAR)),
        all_lanes(kind(_NORMAL_CUBIC)),
    )
    for u in range(units):
        a = random_bits(lower, upper, np.uint32(first + np.uint32(u)))
        b = random_bits(lower, upper, np.uint32(first + np.uint32(u + width)))
        z = four_halves(a, b, size) * unit
        value = all_lanes(raw[k, u]) + all_lanes(errors[k, u]) * size * z * (linear + cubic * z * z)
        total = total + value
        store(x, u * LANES, value)
    return total


@compiled
def _fill(x: Any, known: Any, k: Any, groups: Any, units: Any, sums: Any, counts: Any) -> None:
    """Impute by the mean of the group; where a group has no value, by the mean of all."""
    kind = x.dtype.type
    zero, last = all_lanes(kind(0)), sums.shape[0] - 1
    for g in range(last + 1):
        counts[g] = kind(0)
        store(sums, g * LANES, zero)
    for u in range(units):
        if known[k, u] > 0:
            g, value = groups[u], load(x, u * LANES)
            store(sums, g * LANES, load(sums, g * LANES) + value)
            store(sums, last * LANES, load(sums, last * LANES) + value)
            counts[g] += kind(1)
            counts[last] += kind(1)
    for g in range(last + 1):
        if counts[g] > 0:
            store(sums, g * LANES, load(sums, g * LANES) * all_lanes(kind(1) / counts[g]))
    for u in range(units):
        if known[k, u] <= 0:
            g = groups[u] if counts[groups[u]] > 0 else last
            store(x, u * LANES, load(sums, g * LANES))


@inlined
def _moments(x: Any, n: Any, total: Any) -> Any:
    """What n numbers with this sum are like, in each lane.

    Gives their mean, sum of squared deviations, lowest, highest, skewness and excess kurtosis (the last two adjusted
    for sample size, as in Excel).
    """
    kind = x.dtype.type
    zero, one = all_lanes(kind(0)), all_lanes(kind(1))
    mean = total * all_lanes(kind(1.0 / n))
    second, third, fourth = zero, zero, zero
    low, high = load(x, 0), load(x, 0)
    for i in range(n):
        value = load(x, i * LANES)
        low, high = lowest(low, value), highest(high, value)
        d = value - mean
        dd = d * d
        second = second + dd
        third = third + dd * d
        fourth = fourth + dd * dd
    if n < 4:
        return mean, second, low, high, zero, zero
    size = np.float64(n)
    there = second > zero
    inverse = one / where(there, second * all_lanes(kind(1 / (size - 1))), one)
    skew = third * inverse * root_of(inverse) * all_lanes(kind(size / ((size - 1) * (size - 2))))
    by_size = size * (size + 1) / ((size - 1) * (size - 2) * (size - 3))
    kurtosis = fourth * inverse * inverse * all_lanes(kind(by_size))
    kurtosis = kurtosis - all_lanes(kind(3 * (size - 1) ** 2 / ((size - 2) * (size - 3))))
    return mean, second, low, high, where(there, skew, zero), where(there, kurtosis, zero)


@inlined
def _too_long(skew: Any, kurtosis: Any, kind: Any) -> Any:
    return (all_lanes(kind(_SKEWNESS)) <= size_of(skew)) & (all_lanes(kind(_KURTOSIS)) <= kurtosis)


@inlined
def _treat(x: Any, n: Any, most: Any, original: Any, total: Any) -> Any:
    """Winsorise point by point while skewness and kurtosis are too large, else take logarithms; in place.

    Gives mean, sum of squared deviations, lowest and highest of what comes out; `total` is the sum of what comes in.
    """
    kind = x.dtype.type
    zero, one, far = all_lanes(kind(0)), all_lanes(kind(1)), all_lanes(kind(-1e38))
    mean, second, low, high, skew, kurtosis = _moments(x, n, total)
    bad = _too_long(skew, kurtosis, kind)
    if most < 0 or not any_lane(bad):
        return mean, second, low, high
    upwards, first_low, first_high = skew > zero, low, high
    for i in range(n):
        store(original, i * LANES, load(x, i * LANES))
    for _ in range(most):
        sign = where(skew > zero, one, zero - one)
        edge, following = where(skew > zero, high, zero - low), far
        for i in range(n):
            z = load(x, i * LANES) * sign
            following = where(z < edge, highest(following, z), following)
        total = zero
        for i in range(n):
            before = load(x, i * LANES)
            after = where(bad, lowest(before * sign, following) * sign, before)
            total = total + after
            store(x, i * LANES, after)
        mean, second, low, high, skew, kurtosis = _moments(x, n, total)
        bad = bad & _too_long(skew, kurtosis, kind)
        if not any_lane(bad):
            return mean, second, low, high
    # A long lower tail is mirrored, treated, and mirrored back.
    sign = where(upwards, one, zero - one)
    edge = where(upwards, first_low, first_high)
    shift = all_lanes(kind(0.01)) * (first_high - first_low)
    total = zero
    for i in range(n):
        logged = log((load(original, i * LANES) - edge) * sign + shift) * sign
        after = where(bad, logged, load(x, i * LANES))
        total = total + after
        store(x, i * LANES, after)
    mean, second, low, high, _, _ = _moments(x, n, total)
    return mean, second, low, high


@compiled
def prepare(
    k: Any,
    raw: Any,
    known: Any,
    errors: Any,
    direction: Any,
    groups: Any,
    settings: Any,
    rounding: Any,
    state: Any,
    noisy: Any,
    low: Any,
    high: Any,
    scale: Any,
    units: Any,
    members: Any,
    full: Any,
    column: Any,
    original: Any,
    sums: Any,
    counts: Any,
) -> Any:
    """Perturb, impute and treat indicator k into `column`, whose rows are the units in `members`; find its scale.

    Returns:
        The number of these units; offset and factor of the normalisation, (x - offset) * factor + lower end; and a
        number whose bits say in which lanes the indicator is not constant.
    """
    kind = raw.dtype.type
    zero, one = all_lanes(kind(0)), all_lanes(kind(1))
    impute, most, how = settings[state, 0] > 0, np.int64(settings[state, 1]), np.int64(settings[state, 2])
    first, second = settings[state, 3], settings[state, 4]
    n = 0
    for u in range(units):
        if known[k, u] > 0:
            members[n] = u
            n += 1
    if n == 0:
        return 0, zero, zero, _ALL
    if n == units:
        total = _perturb(column, raw, errors, k, units, rounding, noisy, low, high, scale)
    else:
        total = _perturb(full, raw, errors, k, units, rounding, noisy, low, high, scale)
        if impute:
            _fill(full, known, k, groups, units, sums, counts)
            n = units
            for u in range(units):
                members[u] = u
        total = zero
        for i in range(n):
            value = load(full, members[i] * LANES)
            total = total + value
            store(column, i * LANES, value)
    mean, squares, least, most_of_all = _treat(column, n, most, original, total)
    if how == 0:
        varies = most_of_all > least
        factor = all_lanes(kind(second - first)) / where(varies, most_of_all - least, one)
        offset = least if direction > 0 else most_of_all
    else:
        varies = squares > zero
        if n < 2:
            varies = one < zero
        deviation = root_of(where(varies, squares * all_lanes(kind(1.0 / max(n - 1, 1))), one))
        factor = all_lanes(kind(second)) / deviation
        offset = mean
    if direction < 0:
        factor = zero - factor
    return n, offset, factor, lane_bits(varies)
