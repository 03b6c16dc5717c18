"""Means: several scores to one, over what is available.

Every function takes values ``x[..., k]`` and gives one score for each row ``x[...]``. Weights are ``w[k]`` or
anything that broadcasts with ``x`` (``w[replications, 1, k]`` with ``x[units, k]`` gives ``score[replications,
units]``); without weights all columns count the same. A missing value (NaN) is skipped and the weights of the others
are scaled to sum to 1 again; `available` says how much of a row was there and `withhold` takes away scores that rest on
too little. A column of weight 0 takes no part. A row without anything to average is missing. Nothing that is given is
changed.

The means that are homogeneous (twice the values, twice the score) have a gradient. By Euler's theorem the products of
each value and its partial derivative then sum to the score, so `contributions` of a row sum to its score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from donghaeng.index.methods import MethodError
from donghaeng.panel import Floats, Mask

#: The scale the Mazziotta-Pareto index is defined on: z-scores with this mean and standard deviation.
MAZZIOTTA_PARETO_SCALE = (100.0, 10.0)
#: The scale the adjusted Mazziotta-Pareto index is defined on: constant goalposts to this range.
ADJUSTED_MAZZIOTTA_PARETO_SCALE = (70.0, 130.0)

Penalty = Literal["down", "up"]

#: Shares are sums of rounded numbers: a half and a threshold are met if they are met to this.
_ROUNDING = 1e-12

_REMEDY = "use another mean, such as arithmetic, or shift the scale, such as min-max to 1-100"


# What is available


@dataclass(frozen=True, eq=False)
class Available:
    """What there is to average in each row; every array has the shape of the scores.

    Attributes:
        count: number of values of a weight above 0 that are there.
        count_share: that number as a share of all columns of a weight above 0.
        weight_share: share of the weight that is there.
    """

    count: Floats
    count_share: Floats
    weight_share: Floats


def available(x: Floats, weights: Floats | None = None) -> Available:
    """Count the values behind each score.

    Args:
        x: values, shape (..., k), NaN where missing.
        weights: weights that broadcast with x; absent for equal weights.

    Raises:
        MethodError: weights are negative, missing, infinite or sum to 0, or a value is infinite.
    """
    x, w = _checked(x, weights)
    there = np.isfinite(x) & (w > 0)
    count = there.sum(axis=-1).astype(np.float64)
    weight_share = np.where(there, w, 0.0).sum(axis=-1) / w.sum(axis=-1)
    return Available(count, count / (w > 0).sum(axis=-1), weight_share)


def withhold(
    scores: Floats,
    x: Floats,
    weights: Floats | None = None,
    *,
    least_weight_share: float = 0.0,
    least_count_share: float = 0.0,
    least_count: int = 0,
) -> Floats:
    """Take away scores that rest on too little data.

    A score stays if each threshold is reached; reaching it exactly is enough.

    Args:
        scores: scores of the rows of x.
        x: the values they were computed from, shape (..., k).
        weights: the weights they were computed with.
        least_weight_share: least share of the weight that must be there, 0 to 1.
        least_count_share: least share of the number of columns that must be there, 0 to 1.
        least_count: least number of values that must be there.

    Returns:
        The scores, NaN where a threshold is missed.

    Raises:
        MethodError: a share is outside 0 to 1; or as in `available`.
    """
    for name, share in (("least_weight_share", least_weight_share), ("least_count_share", least_count_share)):
        if not 0 <= share <= 1:
            raise MethodError(
                what=f"{name} is {share:g}", expected="a share from 0 to 1", remedy="write two thirds as 0.6667"
            )
    there = available(x, weights)
    enough = (
        (there.weight_share >= least_weight_share - _ROUNDING)
        & (there.count_share >= least_count_share - _ROUNDING)
        & (there.count >= least_count)
    )
    return np.where(enough, scores, np.nan)


# Arithmetic, geometric, harmonic and generalised


def arithmetic(x: Floats, weights: Floats | None = None) -> Floats:
    """Weighted arithmetic mean, sum w x / sum w.

    Args:
        x: values, shape (..., k), NaN where missing.
        weights: weights that broadcast with x; absent for equal weights.

    Returns:
        Scores, shape (...).

    Raises:
        MethodError: weights are negative, missing, infinite or sum to 0, or a value is infinite.
    """
    values, shares = _values_and_shares(x, weights)
    return _or_missing((shares * values).sum(axis=-1), shares)


def arithmetic_gradient(x: Floats, weights: Floats | None = None) -> Floats:
    """Partial derivatives of `arithmetic`, shape (..., k): the shares of weight; 0 for a missing value."""
    return _values_and_shares(x, weights)[1]


def geometric(x: Floats, weights: Floats | None = None) -> Floats:
    """Weighted geometric mean, exp(sum w ln x / sum w).

    Args:
        x: values above 0, shape (..., k), NaN where missing.
        weights: weights that broadcast with x; absent for equal weights.

    Returns:
        Scores, shape (...).

    Raises:
        MethodError: a value of a weight above 0 is zero or negative (row and column say which); or as in `arithmetic`.
    """
    values, shares = _values_and_shares(x, weights, filling=1.0)
    _refuse(values, (values <= 0) & (shares > 0), "geometric", "values above 0")
    logs = np.log(np.where(shares > 0, values, 1.0))
    return _or_missing(np.exp((shares * logs).sum(axis=-1)), shares)


def geometric_gradient(x: Floats, weights: Floats | None = None) -> Floats:
    """Partial derivatives of `geometric`, share x score / x, shape (..., k); 0 for a missing value."""
    score = geometric(x, weights)
    values, shares = _values_and_shares(x, weights, filling=1.0)
    return _partial(shares, np.where(shares > 0, score[..., None] / np.where(shares > 0, values, 1.0), 0.0))


def harmonic(x: Floats, weights: Floats | None = None) -> Floats:
    """Weighted harmonic mean, sum w / sum (w / x).

    Args:
        x: values above 0, shape (..., k), NaN where missing.
        weights: weights that broadcast with x; absent for equal weights.

    Returns:
        Scores, shape (...).

    Raises:
        MethodError: a value of a weight above 0 is zero or negative (row and column say which): at 0 it is not defined,
            and over both signs the result may lie outside the range of the values; or as in `arithmetic`.
    """
    values, shares = _values_and_shares(x, weights, filling=1.0)
    _refuse(values, (values <= 0) & (shares > 0), "harmonic", "values above 0")
    inverse = (shares / np.where(shares > 0, values, 1.0)).sum(axis=-1)
    return _or_missing(1.0 / np.where(inverse > 0, inverse, 1.0), shares)


def harmonic_gradient(x: Floats, weights: Floats | None = None) -> Floats:
    """Partial derivatives of `harmonic`, share x (score / x)^2, shape (..., k); 0 for a missing value."""
    score = harmonic(x, weights)
    values, shares = _values_and_shares(x, weights, filling=1.0)
    ratio = np.where(shares > 0, score[..., None] / np.where(shares > 0, values, 1.0), 0.0)
    return _partial(shares, ratio**2)


def generalised(x: Floats, weights: Floats | None = None, *, power: float) -> Floats:
    """Weighted generalised (power, Hoelder) mean, (sum w x^p / sum w)^(1/p).

    The power 1 gives the arithmetic, 0 (as the limit) the geometric, -1 the harmonic mean, minus infinity the minimum
    and infinity the maximum. The higher the power, the higher the mean (Hardy, Littlewood and Polya 1934, theorem 16).

    Args:
        x: values, shape (..., k), NaN where missing: above 0 for powers of 0 and less, not negative for others except 1
            and the infinite ones, which take any.
        weights: weights that broadcast with x; absent for equal weights.
        power: the power p.

    Returns:
        Scores, shape (...).

    Raises:
        MethodError: the power is not a number, or a value of a weight above 0 is outside the range (row and column say
            which); or as in `arithmetic`.
    """
    if np.isnan(power):
        raise MethodError(what="the power is not a number", expected="a power", remedy="write power: 0.5, say")
    if np.isneginf(power):
        return minimum(x, weights)
    if np.isposinf(power):
        return -minimum(-np.asarray(x, np.float64), weights)
    if power == 1:
        return arithmetic(x, weights)
    if power == 0:
        return geometric(x, weights)
    values, shares = _values_and_shares(x, weights, filling=1.0)
    used = shares > 0
    if power < 0:
        _refuse(values, (values <= 0) & used, f"generalised (power {power:g})", "values above 0")
    else:
        _refuse(values, (values < 0) & used, f"generalised (power {power:g})", "values of 0 or more")
    # Relative to the largest value (the smallest for a negative power) nothing overflows, and with expm1 and log1p the
    # powers next to 0 keep their digits.
    bound = np.where(used, values, -np.inf).max(axis=-1) if power > 0 else np.where(used, values, np.inf).min(axis=-1)
    scale = np.where(np.isfinite(bound) & (bound > 0), bound, 1.0)
    with np.errstate(divide="ignore"):
        logs = np.log(np.where(used, values, 1.0) / scale[..., None])
    excess = (shares * np.expm1(power * np.where(used, logs, 0.0))).sum(axis=-1)
    with np.errstate(divide="ignore"):
        result = scale * np.exp(np.log1p(np.maximum(excess, -1.0)) / power)
    return _or_missing(result, shares)


def generalised_gradient(x: Floats, weights: Floats | None = None, *, power: float) -> Floats:
    """Partial derivatives of `generalised`, share x (score / x)^(1 - p), shape (..., k); 0 for a missing value.

    At a value of 0 and a power between 0 and 1 the derivative is infinite.
    """
    if np.isneginf(power):
        return minimum_gradient(x, weights)
    if np.isposinf(power):
        return minimum_gradient(-np.asarray(x, np.float64), weights)
    if power == 1:
        return arithmetic_gradient(x, weights)
    if power == 0:
        return geometric_gradient(x, weights)
    score = generalised(x, weights, power=power)
    values, shares = _values_and_shares(x, weights, filling=1.0)
    used = shares > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(used, score[..., None] / np.where(used, values, 1.0), 1.0)
        # All values 0: the mean is flat along them only in equal steps, where its derivative is the share.
        ratio = np.where(np.isnan(ratio), 1.0, ratio)
        return _partial(shares, np.where(used, ratio ** (1.0 - power), 0.0))


# Order statistics


def median(x: Floats, weights: Floats | None = None) -> Floats:
    """Median; with weights the value at which half of the weight is reached.

    Sorted upwards, it is the first value at which the weights sum to more than half; where they sum to half exactly it
    is halfway to the next one. With equal weights this is the ordinary median (Edgeworth 1888 for the weighted one).

    Args:
        x: values, shape (..., k), NaN where missing.
        weights: weights that broadcast with x; absent for the unweighted median.

    Returns:
        Scores, shape (...).

    Raises:
        MethodError: as in `arithmetic`.
    """
    values, shares = _values_and_shares(x, weights)
    return _or_missing((_middle(values, shares) * values).sum(axis=-1), shares)


def median_gradient(x: Floats, weights: Floats | None = None) -> Floats:
    """Partial derivatives of `median`, shape (..., k): 1 for the middle value, or 1/2 for each of the two."""
    return _middle(*_values_and_shares(x, weights))


def _middle(values: Floats, shares: Floats) -> Floats:
    order = np.argsort(np.where(shares > 0, values, np.inf), axis=-1, kind="stable")
    reached = np.cumsum(np.take_along_axis(shares, order, axis=-1), axis=-1)
    lower = (reached >= 0.5 - _ROUNDING).argmax(axis=-1)
    upper = (reached > 0.5 + _ROUNDING).argmax(axis=-1)
    parts = np.zeros(values.shape)
    position = np.arange(values.shape[-1])
    sorted_parts = 0.5 * (position == lower[..., None]) + 0.5 * (position == upper[..., None])
    np.put_along_axis(parts, order, sorted_parts, axis=-1)
    return np.where(shares.sum(axis=-1, keepdims=True) > 0, parts, 0.0)


def minimum(x: Floats, weights: Floats | None = None) -> Floats:
    """Smallest value among the columns of a weight above 0; how much weight does not matter.

    Args:
        x: values, shape (..., k), NaN where missing.
        weights: weights that broadcast with x; absent to take all columns.

    Returns:
        Scores, shape (...).

    Raises:
        MethodError: as in `arithmetic`.
    """
    values, shares = _values_and_shares(x, weights)
    return _or_missing(np.where(shares > 0, values, np.inf).min(axis=-1), shares)


def minimum_gradient(x: Floats, weights: Floats | None = None) -> Floats:
    """Partial derivatives of `minimum`, shape (..., k): 1 for the smallest value; tied ones share it equally."""
    values, shares = _values_and_shares(x, weights)
    used = shares > 0
    smallest = used & (values == np.where(used, values, np.inf).min(axis=-1, keepdims=True))
    return np.asarray(smallest / np.maximum(smallest.sum(axis=-1, keepdims=True), 1))


def ordered_weighted(x: Floats, order_weights: Floats) -> Floats:
    """Ordered weighted average (OWA): weights belong to positions, from the largest value to the smallest.

    Weights (1, 0, ..., 0) give the maximum, (0, ..., 0, 1) the minimum, equal ones the arithmetic mean
    (Yager 1988). With m of k values available, the weight of position j is Q(j/m) - Q((j-1)/m), where Q joins the
    running sums of the k weights by straight lines, so that the attitude (`orness`) is kept: the weights of a
    regular quantifier Q (Yager 1996).

    Args:
        x: values, shape (..., k), NaN where missing.
        order_weights: weight of each position, shape (k,), the largest value first.

    Returns:
        Scores, shape (...).

    Raises:
        MethodError: order weights are negative, missing, infinite, sum to 0 or are not k; or a value is infinite.
    """
    values, parts = _ordered(x, order_weights)
    return np.where(np.isfinite(values).any(axis=-1), (parts * np.nan_to_num(values)).sum(axis=-1), np.nan)


def ordered_weighted_gradient(x: Floats, order_weights: Floats) -> Floats:
    """Partial derivatives of `ordered_weighted`, shape (..., k): the weight of each value's position."""
    return _ordered(x, order_weights)[1]


def _ordered(x: Floats, order_weights: Floats) -> tuple[Floats, Floats]:
    values = np.asarray(x, np.float64)
    columns = values.shape[-1]
    w = np.asarray(order_weights, np.float64)
    if w.shape != (columns,):
        raise MethodError(
            what=f"there are {w.size} order weights for {columns} values",
            expected="one weight for each position",
            remedy=f"give {columns} weights, the one of the largest value first",
        )
    _checked(values, w)
    w = w / w.sum()
    running = np.concatenate([[0.0], np.cumsum(w)])
    # Row m of the table holds the weights of the positions when m values are there.
    table = np.zeros((columns + 1, columns))
    for count in range(1, columns):
        steps = np.interp(np.arange(count + 1) / count, np.arange(columns + 1) / columns, running)
        table[count, :count] = np.diff(steps)
    table[columns] = w
    order = np.argsort(-values, axis=-1, kind="stable")  # NaN goes last
    parts = np.zeros(values.shape)
    np.put_along_axis(parts, order, table[np.isfinite(values).sum(axis=-1)], axis=-1)
    return values, parts


def orness(order_weights: Floats) -> float:
    """How near order weights are to the maximum: sum (k - j) w_j / (k - 1), from 0 (minimum) to 1 (Yager 1988).

    Args:
        order_weights: weight of each position, shape (k,), the largest value first.
    """
    w = np.asarray(order_weights, np.float64)
    if w.size == 1:
        return 0.5
    return float((np.arange(w.size - 1, -1, -1) * w).sum() / (w.sum() * (w.size - 1)))


# Mazziotta-Pareto


def mazziotta_pareto(x: Floats, weights: Floats | None = None, *, penalty: Penalty = "down") -> Floats:
    """Mazziotta-Pareto index: the mean with a penalty for being uneven, M -/+ S cv with cv = S / M.

    M is the mean and S the population standard deviation (divided by the number, or by the weight) of the values of a
    row (De Muro, Mazziotta and Pareto 2011; with weights Mazziotta and Pareto 2020). The values must be
    z-scores with the mean and deviation of `MAZZIOTTA_PARETO_SCALE`; on any other scale the penalty means nothing.

    Args:
        x: z-scores, shape (..., k), NaN where missing.
        weights: weights that broadcast with x; absent for equal weights, as in the original.
        penalty: ``down`` where more is better (M - S cv), ``up`` where less is better (M + S cv).

    Returns:
        Scores, shape (...).

    Raises:
        MethodError: a mean is not above 0; or as in `arithmetic`.
    """
    mean, variance, _, shares = _moments(x, weights)
    return _or_missing(mean - _sign(penalty) * variance / mean, shares)


def mazziotta_pareto_gradient(x: Floats, weights: Floats | None = None, *, penalty: Penalty = "down") -> Floats:
    """Partial derivatives of `mazziotta_pareto`, shape (..., k); 0 for a missing value.

    share x (1 -/+ (2 (x - M) / M - S^2 / M^2)).
    """
    mean, variance, deviations, shares = _moments(x, weights)
    bent = 2 * deviations / mean[..., None] - (variance / mean**2)[..., None]
    return _partial(shares, 1 - _sign(penalty) * bent)


def adjusted_mazziotta_pareto(x: Floats, weights: Floats | None = None, *, penalty: Penalty = "down") -> Floats:
    """Adjusted Mazziotta-Pareto index (AMPI): the formula of `mazziotta_pareto` on a scale that does not move.

    The values must be scaled by constant goalposts (`adjusted_goalposts`) to the range of
    `ADJUSTED_MAZZIOTTA_PARETO_SCALE`, so that the reference is 100 and scores of several periods compare
    (Mazziotta and Pareto 2016).

    Args:
        x: scaled values, shape (..., k), NaN where missing.
        weights: weights that broadcast with x; absent for equal weights, as in the original.
        penalty: ``down`` where more is better, ``up`` where less is better.

    Returns:
        Scores, shape (...).

    Raises:
        MethodError: a mean is not above 0; or as in `arithmetic`.
    """
    return mazziotta_pareto(x, weights, penalty=penalty)


def adjusted_goalposts(lowest: Floats, highest: Floats, reference: Floats) -> tuple[Floats, Floats]:
    """Goalposts of the adjusted index: reference -/+ (highest - lowest) / 2 (Mazziotta and Pareto 2016).

    With them 70 + 60 (x - low) / (high - low) puts the reference at 100; the units' own values may pass 70 and 130.

    Args:
        lowest: smallest value of each indicator over all units and periods.
        highest: largest value of each indicator over all units and periods.
        reference: value of each indicator that is to be 100.

    Returns:
        The low and the high goalposts.

    Raises:
        MethodError: a highest value is not above the lowest.
    """
    low, high, middle = (np.asarray(values, np.float64) for values in (lowest, highest, reference))
    if not (high > low).all():
        column = int(np.argwhere(np.atleast_1d(~(high > low)))[0][-1])
        raise MethodError(
            what=f"column {column} has no range: its highest value is not above its lowest",
            expected="values that differ",
            remedy="leave the indicator out",
            column=column,
        )
    half = (high - low) / 2
    return middle - half, middle + half


def _moments(x: Floats, weights: Floats | None) -> tuple[Floats, Floats, Floats, Floats]:
    values, shares = _values_and_shares(x, weights)
    mean = (shares * values).sum(axis=-1)
    there = shares.sum(axis=-1) > 0
    low = there & (mean <= 0)
    if low.any():
        row = _row(np.argwhere(low)[0], low.shape)
        raise MethodError(
            what=f"the mean of row {row} is {mean[low].flat[0]:g}, so its coefficient of variation has no meaning",
            expected="scores around 100 (z-scores with mean 100 and deviation 10, or goalposts 70 to 130)",
            remedy="normalise that way first",
            row=row,
        )
    deviations = np.where(shares > 0, values - mean[..., None], 0.0)
    variance = (shares * deviations**2).sum(axis=-1)
    return np.where(there, mean, 1.0), variance, deviations, shares


def _sign(penalty: Penalty) -> float:
    if penalty not in ("down", "up"):
        raise MethodError(
            what=f"the penalty is {penalty!r}",
            expected="down or up",
            remedy="use down where more is better, up where less is better",
        )
    return 1.0 if penalty == "down" else -1.0


# Contributions


def contributions(x: Floats, gradient: Floats) -> Floats:
    """Points that each value brings to the score of its row: value x partial derivative.

    For the means of this module they sum to the score (Euler's theorem on homogeneous functions).

    Args:
        x: values, shape (..., k), NaN where missing.
        gradient: partial derivatives at x, shape (..., k).

    Returns:
        Points, shape (..., k); 0 for a missing value, and for a value of 0 also where its derivative is infinite.
    """
    values = np.nan_to_num(np.asarray(x, np.float64))
    return np.where(values == 0, 0.0, values * np.where(np.isfinite(gradient) | (values != 0), gradient, 0.0))


# Checks that all share


def _checked(x: Floats, weights: Floats | None) -> tuple[Floats, Floats]:
    """Values and weights of one shape, after the checks."""
    values = np.asarray(x, np.float64)
    if values.ndim == 0 or values.shape[-1] == 0:
        raise MethodError(
            what="there is nothing to average", expected="at least one column", remedy="give the node a child"
        )
    if np.isinf(values).any():
        at = np.argwhere(np.isinf(values))[0]
        row, column = _row(at[:-1], values.shape[:-1]), int(at[-1])
        raise MethodError(
            what=f"the value in row {row}, column {column} is infinite",
            expected="numbers, or nothing where a value is missing",
            remedy="correct the value or leave it empty",
            column=column,
            row=row,
        )
    w = np.ones(values.shape[-1]) if weights is None else np.asarray(weights, np.float64)
    bad = ~np.isfinite(w) | (w < 0)
    if bad.any():
        column = int(np.argwhere(np.atleast_1d(bad))[0][-1])
        raise MethodError(
            what=f"the weight of column {column} is {w[bad].flat[0]:g}",
            expected="weights of 0 or more",
            remedy="turn the indicator's direction instead of its weight, or set the weight to 0",
            column=column,
        )
    try:
        values, w = np.broadcast_arrays(values, w)
    except ValueError as error:
        raise MethodError(
            what=f"weights of shape {w.shape} do not fit values of shape {values.shape}",
            expected=f"{values.shape[-1]} weights",
            remedy="give one weight for each column",
        ) from error
    if not (w.sum(axis=-1) > 0).all():
        raise MethodError(
            what="the weights sum to zero", expected="a weight above 0", remedy="give at least one column a weight"
        )
    return values, w


def _values_and_shares(x: Floats, weights: Floats | None, filling: float = 0.0) -> tuple[Floats, Floats]:
    """Values with `filling` for missing ones, and the share of each in its row: 0 where missing, else summing to 1."""
    values, w = _checked(x, weights)
    there = np.isfinite(values)
    # Scaled by the largest first, so that weights next to the ends of the number range do not over- or underflow.
    kept = np.where(there, w / w.max(axis=-1, keepdims=True), 0.0)
    total = kept.sum(axis=-1, keepdims=True)
    shares = np.divide(kept, total, out=np.zeros_like(kept), where=total > 0)
    return np.where(there, values, filling), shares


def _or_missing(scores: Floats, shares: Floats) -> Floats:
    return np.where(shares.sum(axis=-1) > 0, scores, np.nan)


def _partial(shares: Floats, slope: Floats) -> Floats:
    """Share x slope, with 0 where there is no share, also at an infinite slope."""
    return np.where(shares > 0, shares * np.where(shares > 0, slope, 0.0), 0.0)


def _refuse(values: Floats, wrong: Mask, name: str, expected: str) -> None:
    if not wrong.any():
        return
    at = np.argwhere(wrong)[0]
    row, column = _row(at[:-1], wrong.shape[:-1]), int(at[-1])
    raise MethodError(
        what=f"the value in row {row}, column {column} is {values[tuple(at)]:g}, which a {name} mean cannot take",
        expected=expected,
        remedy=_REMEDY,
        column=column,
        row=row,
    )


def _row(at: Floats | np.ndarray[tuple[int], np.dtype[np.int64]], shape: tuple[int, ...]) -> int:
    """Position of a row, counted through all leading axes (with one leading axis: the row itself)."""
    return int(np.ravel_multi_index(tuple(int(i) for i in at), shape)) if shape else 0
