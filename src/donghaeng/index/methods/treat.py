"""Treat: pull in outliers and straighten skewed indicators, before they are put on one scale.

Every transform here keeps the order of the units; one that would not is refused. Logs and Box-Cox are fitted to
reference data and applied to the same or other data (`fit_log`, `fit_box_cox`, `apply`), so that shifts can come
from one period and be used in another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from donghaeng.index.methods import MethodError
from donghaeng.index.methods.screen import checked, one_of
from donghaeng.panel import Floats, Mask

Transform = Literal["none", "log", "sqrt", "cbrt", "square", "cube", "reciprocal"]
Shift = Literal["hundredth", "one", "gii"]
Tail = Literal["skew", "upper", "lower"]
Fallback = Literal["log", "none"]
Done = Literal["none", "winsorised", "log"]

#: Fewer distinct values than this have a shape that no order-keeping transform can change.
LEAST_DISTINCT = 3


@dataclass(frozen=True)
class Limits:
    """When an indicator needs no treatment: absolute skewness or excess kurtosis below its limit.

    Attributes:
        skewness: limit of the absolute skewness.
        kurtosis: limit of the excess kurtosis.
    """

    skewness: float = 2.0
    kurtosis: float = 3.5


@dataclass(frozen=True)
class Report:
    """What was done to one indicator.

    Attributes:
        done: ``none``, ``winsorised`` or ``log`` (of the untreated values).
        points: number of Winsorised values; 0 after a log, which undoes Winsorising.
        tail: side on which the outliers lay: ``upper``, ``lower``, or empty where nothing was done.
        skewness_before: sample skewness before.
        kurtosis_before: sample excess kurtosis before.
        skewness_after: sample skewness of the result.
        kurtosis_after: sample excess kurtosis of the result.
        passed: whether the result is within the limits; None where it cannot be judged (fewer than four values,
            or all equal).
    """

    done: Done
    points: int
    tail: Literal["", "upper", "lower"]
    skewness_before: float
    kurtosis_before: float
    skewness_after: float
    kurtosis_after: float
    passed: bool | None


@dataclass(frozen=True, eq=False)
class Treated:
    """A treated table.

    Attributes:
        values: units x indicators.
        pulled_down: cells that were Winsorised from above.
        pulled_up: cells that were Winsorised from below.
        reports: one report for each indicator.
    """

    values: Floats
    pulled_down: Mask
    pulled_up: Mask
    reports: tuple[Report, ...]


def skewness(x: npt.ArrayLike) -> Floats:
    """Give the sample skewness of each indicator, adjusted for size.

    G1 = sqrt(n (n - 1)) / (n - 2) x m3 / m2^1.5, with central moments m (divisor n) over the n values there are.

    Args:
        x: units x indicators; NaN is missing.

    Returns:
        One number for each indicator; NaN for fewer than three values or no spread.

    Source: Joanes & Gill (1998), "type 2"; Excel SKEW.
    """
    return np.array([_shape(_there(column))[0] for column in checked(x).T])


def kurtosis(x: npt.ArrayLike) -> Floats:
    """Give the sample excess kurtosis of each indicator, adjusted for size.

    G2 = ((n + 1) (m4 / m2^2 - 3) + 6) (n - 1) / ((n - 2) (n - 3)), with central moments m (divisor n).

    Args:
        x: units x indicators; NaN is missing.

    Returns:
        One number for each indicator; NaN for fewer than four values or no spread.

    Source: Joanes & Gill (1998), "type 2"; Excel KURT.
    """
    return np.array([_shape(_there(column))[1] for column in checked(x).T])


def _there(column: Floats) -> Floats:
    return column[~np.isnan(column)]


def _shape(values: Floats) -> tuple[float, float]:
    """Give skewness and kurtosis of values without gaps; NaN where they do not exist."""
    n, nothing = len(values), float("nan")
    if n < 3 or np.ptp(values) == 0:
        return nothing, nothing
    deviations = values - values.mean()
    deviations /= np.abs(deviations).max()  # keeps the powers of very large and very small values in range
    squares = deviations * deviations
    variance = squares.mean()
    m3, m4 = (squares * deviations).mean() / variance**1.5, (squares * squares).mean() / variance**2
    skew = float(m3 * np.sqrt(n * (n - 1)) / (n - 2))
    return skew, nothing if n < 4 else float(((n + 1) * (m4 - 3) + 6) * (n - 1) / ((n - 2) * (n - 3)))


def winsorise(
    x: npt.ArrayLike, most_points: int | None = 5, limits: Limits | None = None, fallback: Fallback = "log"
) -> Treated:
    """Winsorise each indicator point by point until it is within the limits, else take the log of what it was.

    While an indicator is beyond the limits, its highest value (where the skewness is not negative) or its lowest
    gets the next value on that side. Tied values move together, so the last step may pass `most_points`. If the
    limits are not met by then, Winsorising is undone and `fallback` decides: the log of the untreated values on
    the side of their skewness (`fit_log`), or nothing further, which keeps the Winsorised values.

    Indicators with fewer than four values, or only two different ones, are left as they are; Winsorising stops
    before it would leave fewer than two different values.

    Args:
        x: units x indicators; NaN is missing and stays so.
        most_points: most values to pull in for each indicator; None for no limit.
        limits: when an indicator needs no treatment; 2 and 3.5 when absent.
        fallback: what to do when Winsorising is not enough.

    Returns:
        The treated table, the cells that were pulled in, and a report for each indicator.

    Raises:
        MethodError: on a negative number of points, limits that are not positive, an unknown fallback.

    Source: COINr 1.1.14, Treat and winsorise (which takes the log of the upper tail whatever the skewness, and
    stops with an error when all values become equal; the mirrored log is its log_CT_plus).
    """
    values = checked(x)
    one_of(fallback, get_args(Fallback), "the fallback")
    bounds = limits or Limits()
    if most_points is not None and most_points < 0:
        raise MethodError(f"the number of points is {most_points}", "0 or more", "leave it out for the default of 5")
    if not (bounds.skewness > 0 and bounds.kurtosis > 0):
        raise MethodError("a limit is not above 0", "positive limits", "the usual ones are 2 and 3.5")
    result = values.copy()
    pulled_down, pulled_up = np.zeros(values.shape, dtype=np.bool_), np.zeros(values.shape, dtype=np.bool_)
    reports = []
    for column in range(values.shape[1]):
        rows = np.flatnonzero(~np.isnan(values[:, column]))
        before = values[rows, column]
        after, report = _treated_column(before, most_points, bounds, fallback)
        result[rows, column] = after
        if report.done == "winsorised":
            pulled_down[rows, column], pulled_up[rows, column] = after < before, after > before
        reports.append(report)
    return Treated(result, pulled_down, pulled_up, tuple(reports))


def _treated_column(
    before: Floats, most_points: int | None, limits: Limits, fallback: Fallback
) -> tuple[Floats, Report]:
    shape = _shape(before)
    if np.isnan(shape).any() or _within(shape, limits) or len(np.unique(before)) < LEAST_DISTINCT:
        return before, _report(shape, shape, "none", 0, limits)
    after = _winsorised(before, most_points, limits)
    pulled = _shape(after)
    if not _within(pulled, limits) and fallback == "log":
        column = before[:, None]
        logged = apply(column, fit_log(column))[:, 0]
        return logged, _report(shape, _shape(logged), "log", 0, limits)
    points = int((after != before).sum())
    return after, _report(shape, pulled, "winsorised" if points else "none", points, limits)


def _winsorised(before: Floats, most_points: int | None, limits: Limits) -> Floats:
    distinct = np.unique(before)
    low, high = 0, len(distinct) - 1
    values = before
    while high - low >= LEAST_DISTINCT - 1:
        shape = _shape(values)
        enough = most_points is not None and (values != before).sum() >= most_points
        if _within(shape, limits) or enough:
            break
        if shape[0] >= 0:
            high -= 1
        else:
            low += 1
        values = np.clip(before, distinct[low], distinct[high])
    return values


def _within(shape: tuple[float, float], limits: Limits) -> bool:
    return abs(shape[0]) < limits.skewness or shape[1] < limits.kurtosis


def _report(before: tuple[float, float], after: tuple[float, float], done: Done, points: int, limits: Limits) -> Report:
    tail: Literal["", "upper", "lower"] = "" if done == "none" else "upper" if before[0] >= 0 else "lower"
    passed = None if np.isnan([*before, *after]).any() else _within(after, limits)
    return Report(done, points, tail, *before, *after, passed)


@dataclass(frozen=True, eq=False)
class Log:
    """A log with shifts: y = side x ln(factor x side x (x - origin) + offset); arrays of one number an indicator.

    Attributes:
        side: 1 to pull in the upper tail, -1 for the lower.
        origin: lowest value of the reference data (highest for the lower tail).
        factor: factor of the distance from the origin.
        offset: what the log is taken of at the origin.
    """

    side: Floats
    origin: Floats
    factor: Floats
    offset: Floats


@dataclass(frozen=True, eq=False)
class BoxCox:
    """A Box-Cox transform; arrays of one number an indicator.

    Attributes:
        exponent: the lambda of the transform; 0 for the log.
        shift: what is added to the values first.
    """

    exponent: Floats
    shift: Floats


def fit_log(reference: npt.ArrayLike, shift: Shift = "hundredth", tail: Tail = "skew") -> Log:
    """Find the shifts of a log from reference data.

    With lowest value a, highest b and range r = b - a of the reference data:

    - ``hundredth``: ln(x - a + 0.01 r) for the upper tail, -ln(b - x + 0.01 r) for the lower
      (COINr's log_CT and log_CT_plus);
    - ``one``: ln(x - a + 1), or -ln(b - x + 1) (COIN Tool; depends on the unit of measurement);
    - ``gii``: ln((b - 1) (x - a) / r + 1), or -ln((b - 1) (b - x) / r + 1) (Global Innovation Index), for b > 1:
      below that it would turn the order round.

    Args:
        reference: units x indicators; NaN is missing.
        shift: which of them.
        tail: ``upper``, ``lower``, or ``skew``: the lower where the skewness of the reference data is negative.

    Raises:
        MethodError: on an unknown word, an indicator without values or with one value only, and for ``gii`` an
            indicator whose highest value is not above 1.
    """
    values = checked(reference)
    one_of(shift, get_args(Shift), "the shift")
    one_of(tail, get_args(Tail), "the tail")
    lowest, highest = _range(values)
    if tail == "skew":
        side = np.where(skewness(values) < 0, -1.0, 1.0)
    else:
        side = np.full(values.shape[1], 1.0 if tail == "upper" else -1.0)
    factor, offset = np.ones_like(lowest), np.ones_like(lowest)
    if shift == "hundredth":
        offset = 0.01 * (highest - lowest)
    if shift == "gii":
        small = np.flatnonzero(highest <= 1)
        if len(small):
            what = f"the highest value is {highest[small[0]]:g}, which the log of the GII turns round"
            raise MethodError(what, "a highest value above 1", 'take the shift "hundredth"', column=int(small[0]))
        factor = (highest - 1) / (highest - lowest)
    return Log(side, np.where(side > 0, lowest, highest), factor, offset)


def fit_box_cox(reference: npt.ArrayLike, exponent: npt.ArrayLike, to_positive: bool = True) -> BoxCox:
    """Set up a Box-Cox transform: ((x + shift)^lambda - 1) / lambda, or ln(x + shift) for lambda 0.

    Args:
        reference: units x indicators; NaN is missing.
        exponent: the lambda, one for all indicators or one for each.
        to_positive: shift so that the lowest value of the reference data becomes 1; else no shift.

    Raises:
        MethodError: when the exponents do not fit, and on an indicator without values.

    Source: Box & Cox (1964); the shift as in COINr 1.1.14, boxcox.
    """
    values = checked(reference)
    power = np.asarray(exponent, dtype=np.float64)
    if power.shape not in {(), (values.shape[1],)} or not np.isfinite(power).all():
        raise MethodError("the exponents do not fit", "one finite number, or one for each indicator", "write them")
    powers = np.broadcast_to(power, values.shape[1:]).copy()
    return BoxCox(powers, 1 - _lowest(values) if to_positive else np.zeros_like(powers))


def apply(x: npt.ArrayLike, parameters: Log | BoxCox) -> Floats:
    """Transform values with fitted parameters.

    Args:
        x: units x indicators, as many indicators as the parameters were fitted to; NaN is missing and stays so.
        parameters: from `fit_log` or `fit_box_cox`.

    Raises:
        MethodError: where the log would be taken of zero or less; names the cell.
    """
    values = checked(x)
    expected = len(parameters.origin if isinstance(parameters, Log) else parameters.shift)
    if values.shape[1] != expected:
        what = f"the table has {values.shape[1]} indicators"
        raise MethodError(what, f"the {expected} that were fitted", "give the same indicators in the same order")
    if isinstance(parameters, Log):
        distance = parameters.factor * parameters.side * (values - parameters.origin) + parameters.offset
        return parameters.side * np.log(_positive(distance, "the shifted value", "fit to data that reach so far"))
    shifted = _positive(values + parameters.shift, "the shifted value", "shift to positive values")
    logs = np.log(shifted)
    zero = parameters.exponent == 0
    exponent = np.where(zero, 1.0, parameters.exponent)
    return np.where(zero, logs, np.expm1(exponent * logs) / exponent)


def transform(x: npt.ArrayLike, names: Sequence[str]) -> Floats:
    """Transform each indicator by the function that is named for it.

    ``none`` x, ``log`` ln x, ``sqrt`` x^(1/2), ``cbrt`` x^(1/3), ``square`` x^2, ``cube`` x^3, ``reciprocal`` -1/x
    (the sign keeps the order).

    Args:
        x: units x indicators; NaN is missing and stays so.
        names: one name for each indicator.

    Raises:
        MethodError: on an unknown name, or a value that the function does not take: zero or less under ``log``, a
            negative value under ``sqrt`` and ``square``, zero or both signs under ``reciprocal``. Names the cell.

    Source: Health Index for England, beta, step 2.
    """
    values = checked(x)
    if len(names) != values.shape[1]:
        what = f"{len(names)} transforms for {values.shape[1]} indicators"
        raise MethodError(what, "one for each indicator", 'write "none" where nothing is done')
    result = values.copy()
    for column, name in enumerate(names):
        try:
            one_of(name, get_args(Transform), "the transform")
            result[:, column] = _transformed(values[:, [column]], name)[:, 0]
        except MethodError as error:
            raise MethodError(error.what, error.expected, error.remedy, column, error.row) from None
    return result


def _transformed(values: Floats, name: str) -> Floats:
    if name == "log":
        return np.log(_positive(values, "the value", 'take a shifted log, or "cbrt"'))
    if name == "sqrt":
        return np.sqrt(_not_negative(values, "no square root"))
    if name == "cbrt":
        return np.cbrt(values)
    if name == "square":
        return _not_negative(values, "no place under a square, which would turn the order round") ** 2
    if name == "cube":
        return values**3
    return _reciprocal(values) if name == "reciprocal" else values


def _reciprocal(values: Floats) -> Floats:
    zero = np.argwhere(values == 0)
    if len(zero):
        raise MethodError(
            "the value is 0", "no zero under a reciprocal", 'take "log" of a shifted value', 0, _row(zero)
        )
    negative = np.argwhere(values < 0)
    if len(negative) and (values > 0).any():
        what = f"the value {values[tuple(negative[0])]:g} stands among positive ones"
        expected = "values of one sign, or the reciprocal turns the order round"
        raise MethodError(what, expected, 'take "cbrt" or "none"', 0, _row(negative))
    return -1.0 / values


def _positive(values: Floats, name: str, remedy: str) -> Floats:
    wrong = np.argwhere(values <= 0)
    if len(wrong):
        row, column = int(wrong[0][0]), int(wrong[0][1])
        what = f"{name} is {values[row, column]:g}, which has no logarithm"
        raise MethodError(what, "a value above 0", remedy, column, row)
    return values


def _not_negative(values: Floats, reason: str) -> Floats:
    wrong = np.argwhere(values < 0)
    if len(wrong):
        row, column = int(wrong[0][0]), int(wrong[0][1])
        what = f"the value is {values[row, column]:g}, which has {reason}"
        raise MethodError(what, "0 or more", 'take "cbrt", "cube" or "none"', column, row)
    return values


def _row(positions: npt.NDArray[np.intp]) -> int:
    return int(positions[0][0])


def _lowest(values: Floats) -> Floats:
    lowest: Floats = np.fmin.reduce(values, axis=0)
    empty = np.flatnonzero(np.isnan(lowest))
    if len(empty):
        raise MethodError("the indicator has no value", "at least one", "leave it out", column=int(empty[0]))
    return lowest


def _range(values: Floats) -> tuple[Floats, Floats]:
    lowest = _lowest(values)
    highest: Floats = np.fmax.reduce(values, axis=0)
    same = np.flatnonzero(lowest == highest)
    if len(same):
        what = f"all values are {lowest[same[0]]:g}"
        raise MethodError(what, "at least two different values", "leave the indicator out", column=int(same[0]))
    return lowest, highest
