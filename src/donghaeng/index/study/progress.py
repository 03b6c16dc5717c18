"""Progress: growth over time, and the way to a target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from donghaeng.index.methods import MethodError
from donghaeng.index.study.values import checked
from donghaeng.panel import Floats, Mask


@dataclass(frozen=True, eq=False)
class Growth:
    """Growth of each series; arrays have one entry for each series.

    Attributes:
        rate: growth for each year as a share (0.02 is 2 %); NaN where it is not defined.
        available: share of the periods with a value.
        first: time of the first value; NaN below two values.
        latest: time of the latest value; NaN below two values.
        undefined: there are two values, and their sign allows no rate.
    """

    rate: Floats
    available: Floats
    first: Floats
    latest: Floats
    undefined: Mask


def compound_growth(values: npt.ArrayLike, times: npt.ArrayLike) -> Growth:
    """Give the compound annual growth rate: (latest / first)^(1 / years) - 1, between the first and latest value.

    Two equal values give 0, also two zeros. A first value of zero, or a negative value, allows no rate: it is
    undefined and says so. (COINr 1.1 returns Inf, NaN or a number without meaning there, by the number of years.)

    Args:
        values: shape series x periods; NaN where missing.
        times: time of each period in years, increasing, shape periods.

    Raises:
        MethodError: a table of another shape, an infinite value, or times that do not increase.
    """
    table, years = checked(values), checked(times, "times", 1)
    if len(years) != table.shape[1] or np.isnan(years).any() or (np.diff(years) <= 0).any():
        raise MethodError("the times do not fit", "one for each period, increasing", "order the periods")
    given = np.isfinite(table)
    enough = given.sum(axis=1) >= 2
    rows = np.arange(len(table))
    start, end = given.argmax(axis=1), len(years) - 1 - given[:, ::-1].argmax(axis=1)
    first, latest = table[rows, start], table[rows, end]
    equal = enough & (first == latest)
    usable = enough & ~equal & (first > 0) & (latest >= 0)
    rate = np.where(equal, 0.0, np.nan)
    rate[usable] = (latest[usable] / first[usable]) ** (1 / (years[end] - years[start])[usable]) - 1
    return Growth(
        rate,
        given.mean(axis=1),
        np.where(enough, years[start], np.nan),
        np.where(enough, years[end], np.nan),
        enough & ~equal & ~usable,
    )


@dataclass(frozen=True, eq=False)
class Progress:
    """The way to a target; arrays in the shape of the values.

    Attributes:
        gap: what is left, in the unit of the values: positive before the target, 0 or negative once it is met.
        met: the target is met; False where the value or the target is missing.
        covered: share of the way from the start that is covered: 0 at the start, 1 at the target, negative when
            moving away, above 1 beyond; NaN where the start is missing or was at the target or beyond.
        met_at_start: the start already met the target, so there was no way to cover.
        needed: change for each year from now on that meets the target in time, in the unit of the values; 0 once
            it is met; NaN without years left.
    """

    gap: Floats
    met: Mask
    covered: Floats
    met_at_start: Mask
    needed: Floats


def progress_to_targets(
    values: npt.ArrayLike,
    targets: npt.ArrayLike,
    starts: npt.ArrayLike | None = None,
    lower_is_better: npt.ArrayLike = False,
    years_left: npt.ArrayLike = np.nan,
) -> Progress:
    """Measure how far values are on the way to their targets.

    covered = (value - start) / (target - start), as in the distance-to-target reports of the OECD (2019,
    Measuring Distance to the SDG Targets).

    Args:
        values: values now, shape units x indicators or any other; NaN where missing.
        targets: target of each value; of a shape that spreads over the values, such as indicators.
        starts: values at the start, in the shape of the values or one that spreads; default, unknown.
        lower_is_better: whether a value at or below the target meets it; spreads over the values.
        years_left: years until the target is due; spreads over the values.

    Raises:
        MethodError: infinite values, or shapes that do not fit.
    """
    now = np.asarray(values, np.float64)
    try:
        goal, start, left = (
            np.broadcast_to(np.asarray(array, np.float64), now.shape)
            for array in (targets, np.nan if starts is None else starts, years_left)
        )
        sign = np.where(np.broadcast_to(np.asarray(lower_is_better, bool), now.shape), -1.0, 1.0)
    except ValueError as error:
        what = "targets, starts, directions or years do not fit the values"
        raise MethodError(what, f"shapes that spread over {now.shape}", "give one for each indicator") from error
    if np.isinf(now).any() or np.isinf(goal).any() or np.isinf(start).any():
        raise MethodError("a value, target or start is infinite", "finite numbers", "correct it or mark it as missing")
    gap = sign * (goal - now)
    met = gap <= 0
    way = sign * (goal - start)
    with np.errstate(divide="ignore", invalid="ignore"):
        covered = np.where(way > 0, sign * (now - start) / way, np.nan)
        needed = np.where(met, 0.0, np.where(left > 0, (goal - now) / left, np.nan))
    needed = np.where(np.isnan(left) | np.isnan(gap), np.nan, needed)
    return Progress(gap, met, covered, way <= 0, needed)
