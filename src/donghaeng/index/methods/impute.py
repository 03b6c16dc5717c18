"""Impute: fill what is missing. Every function returns a filled copy; what was filled is missing before and not after.

What a method cannot fill stays missing: a place without a single value in a panel, a group in which nobody has a
value. An indicator without any value is an error in the methods that look along a column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from donghaeng.index.methods import MethodError
from donghaeng.index.methods.screen import checked
from donghaeng.panel import Floats

Average = Callable[[Floats], np.floating]

#: Marks a unit that is in no group.
NO_GROUP = -1


def none(x: npt.ArrayLike) -> Floats:
    """Fill nothing: a copy of units x indicators."""
    return checked(x).copy()


def mean(x: npt.ArrayLike) -> Floats:
    """Fill with the mean of the indicator over the units that have it.

    Args:
        x: units x indicators; NaN is missing.

    Raises:
        MethodError: on an indicator without any value.
    """
    return _by_column(checked(x), np.mean)


def median(x: npt.ArrayLike) -> Floats:
    """Fill with the median of the indicator over the units that have it; as `mean` otherwise."""
    return _by_column(checked(x), np.median)


def group_mean(x: npt.ArrayLike, groups: npt.ArrayLike) -> Floats:
    """Fill with the mean of the indicator over the units of the same group.

    Args:
        x: units x indicators; NaN is missing.
        groups: a whole number for the group of each unit; `NO_GROUP` for none, whose gaps stay.

    Returns:
        The filled array. Where no unit of a group has the indicator, its gaps stay.

    Raises:
        MethodError: on an indicator without any value, and when the groups do not fit.

    Source: COINr 1.1.14, i_mean_grp.
    """
    return _by_group(checked(x), groups, np.mean)


def group_median(x: npt.ArrayLike, groups: npt.ArrayLike) -> Floats:
    """Fill with the median of the indicator over the units of the same group; as `group_mean` otherwise."""
    return _by_group(checked(x), groups, np.median)


def constant(x: npt.ArrayLike, values: npt.ArrayLike) -> Floats:
    """Fill with a constant.

    Args:
        x: units x indicators; NaN is missing.
        values: one number for all indicators, or one for each, in their units.

    Raises:
        MethodError: when a constant is not a finite number, or there are too many or too few.
    """
    before = checked(x)
    filling = np.asarray(values, dtype=np.float64)
    if filling.shape not in {(), (before.shape[1],)}:
        what = f"{filling.size} constants for {before.shape[1]} indicators"
        raise MethodError(what, "one number, or one for each indicator", "give as many as there are indicators")
    wrong = np.flatnonzero(~np.isfinite(np.broadcast_to(filling, before.shape[1:])))
    if len(wrong):
        raise MethodError("the constant is not a number", "a finite number", "write it", column=int(wrong[0]))
    return np.where(np.isnan(before), filling, before)


def neighbours_mean(x: npt.ArrayLike, neighbours: Sequence[Sequence[int]]) -> Floats:
    """Fill with the plain mean of given neighbours, of those that have the indicator.

    Only values of `x` count, never values filled in here.

    Args:
        x: units x indicators; NaN is missing.
        neighbours: for each unit the rows of its neighbours; empty where it has none, then its gaps stay.

    Raises:
        MethodError: when there is not one list a unit, or a neighbour is the unit itself or no row.

    Source: Health Index for England, beta: two authorities get the mean of the 12 others of their region.
    """
    before = checked(x)
    if len(neighbours) != len(before):
        what = f"{len(neighbours)} lists of neighbours for {len(before)} units"
        raise MethodError(what, "one list for each unit", "give an empty list where there are none")
    result = before.copy()
    for row, near in enumerate(neighbours):
        rows = _neighbour_rows(near, row, len(before))
        if rows.size:
            _fill(result[row], _column_averages(before[rows], np.mean))
    return result


def _neighbour_rows(near: Sequence[int], row: int, units: int) -> npt.NDArray[np.int64]:
    rows = np.asarray(near, dtype=np.int64)
    if ((rows < 0) | (rows >= units)).any():
        raise MethodError("a neighbour is no unit", f"rows from 0 to {units - 1}", "correct the list", row=row)
    if (rows == row).any() or len(np.unique(rows)) != len(rows):
        what = "a neighbour is the unit itself, or is named twice"
        raise MethodError(what, "each other unit at most once", "correct the list", row=row)
    return rows


def _by_column(before: Floats, average: Average) -> Floats:
    _need_values(before)
    result = before.copy()
    _fill(result, _column_averages(before, average))
    return result


def _by_group(before: Floats, groups: npt.ArrayLike, average: Average) -> Floats:
    labels = np.asarray(groups)
    if labels.shape != (len(before),) or labels.dtype.kind not in "iu":
        what = f"the groups do not fit {len(before)} units"
        raise MethodError(what, "a whole number for each unit", f"write {NO_GROUP} for a unit without a group")
    _need_values(before)
    result = before.copy()
    for label in np.unique(labels[labels != NO_GROUP]):
        members = labels == label
        part = result[members]
        _fill(part, _column_averages(before[members], average))
        result[members] = part
    return result


def _fill(target: Floats, filling: Floats) -> None:
    np.copyto(target, filling, where=np.isnan(target))


def _column_averages(values: Floats, average: Average) -> Floats:
    """Average each column over its values; NaN where there is none."""
    result = np.full(values.shape[1], np.nan)
    for column in range(values.shape[1]):
        there = values[~np.isnan(values[:, column]), column]
        if there.size:
            result[column] = average(there)
    return result


def _need_values(values: Floats) -> None:
    empty = np.flatnonzero(np.isnan(values).all(axis=0))
    if len(empty):
        remedy = "leave the indicator out, or fill it from other periods, neighbours or with a constant"
        raise MethodError("the indicator has no value", "at least one value", remedy, column=int(empty[0]))


def panel_latest(x: npt.ArrayLike, times: npt.ArrayLike | None = None, most_age: float | None = None) -> Floats:
    """Fill with the latest earlier value of the same place.

    Args:
        x: places x periods x indicators, periods in the order of time; NaN is missing.
        times: the time of each period, rising, such as years; positions 0, 1, 2, … when absent.
        most_age: the greatest difference of times that a value may be carried over; None for no limit.

    Returns:
        The filled array; what has no earlier value, or only an older one, stays missing.

    Raises:
        MethodError: when the times do not fit or do not rise, or the age is negative.

    Source: COINr 1.1.14, impute_panel(imp_type = "latest"); its max_time counts periods, which `times` left out does.
    """
    before = checked(x, 3)
    moments = _moments(times, before.shape[1])
    if most_age is not None and not most_age >= 0:
        raise MethodError(f"the greatest age is {most_age:g}", "0 or more", "leave it out for no limit")
    earlier, _ = _observed_around(before)
    age = moments[None, :, None] - moments[np.maximum(earlier, 0)]
    usable = (earlier >= 0) & (age <= (np.inf if most_age is None else most_age))
    return np.where(np.isnan(before) & usable, _at(before, earlier), before)


def panel_constant(x: npt.ArrayLike) -> Floats:
    """Fill with the latest earlier value of the same place, and before its first value with that.

    Args:
        x: places x periods x indicators, periods in the order of time; NaN is missing.

    Source: COINr 1.1.14, impute_panel(imp_type = "constant").
    """
    before = checked(x, 3)
    earlier, later = _observed_around(before)
    return np.where(np.isnan(before), _at(before, np.where(earlier >= 0, earlier, later)), before)


def panel_linear(x: npt.ArrayLike, times: npt.ArrayLike | None = None) -> Floats:
    """Fill by linear interpolation between the values of the same place; beyond its ends with the nearest value.

    Args:
        x: places x periods x indicators, periods in the order of time; NaN is missing.
        times: the time of each period, rising, such as years; positions 0, 1, 2, … when absent.

    Returns:
        The filled array; an indicator with a single value in a place is constant there, without any it stays missing.

    Raises:
        MethodError: when the times do not fit or do not rise.

    Source: Health Index for England, beta, step 1; COINr 1.1.14, impute_panel(imp_type = "linear").
    """
    before = checked(x, 3)
    moments = _moments(times, before.shape[1])
    earlier, later = _observed_around(before)
    left, right = np.where(earlier >= 0, earlier, later), np.where(later < len(moments), later, earlier)
    start, end = moments[np.clip(left, 0, len(moments) - 1)], moments[np.clip(right, 0, len(moments) - 1)]
    between = np.where(end > start, end - start, 1.0)
    way = np.clip((moments[None, :, None] - start) / between, 0.0, 1.0)
    low, high = _at(before, left), _at(before, right)
    return np.where(np.isnan(before), low + (high - low) * way, before)


def _moments(times: npt.ArrayLike | None, periods: int) -> Floats:
    moments = np.arange(periods, dtype=np.float64) if times is None else checked(times, 1)
    if moments.shape != (periods,) or not (np.diff(moments) > 0).all():
        remedy = "sort the periods and give one time for each"
        raise MethodError("the times do not fit the periods", f"{periods} rising numbers", remedy)
    return moments


def _observed_around(x: Floats) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Find the periods of the observed values at or before each cell (-1 for none) and at or after (count for none)."""
    periods = x.shape[1]
    position = np.arange(periods, dtype=np.int64)[None, :, None]
    there = ~np.isnan(x)
    earlier = np.maximum.accumulate(np.where(there, position, -1), axis=1)
    later = np.minimum.accumulate(np.where(there, position, periods)[:, ::-1], axis=1)[:, ::-1]
    return earlier, later


def _at(x: Floats, period: npt.NDArray[np.int64]) -> Floats:
    """Take the value of each place and indicator at a period; clipped positions are of cells without any value."""
    return np.take_along_axis(x, np.clip(period, 0, x.shape[1] - 1), axis=1)
