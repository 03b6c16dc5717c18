"""Normalise: put indicators on one scale.

Each method is fitted to a reference (``fit_…``) and applied to values (`apply`), which may be the same: parameters
can come from a base year, a set of places or all periods stacked, and the effect of rounding can be had by applying
them to values a little higher and lower. An indicator where lower is better is multiplied by -1 first (`directed`),
targets and reference weights not forgotten; only goalposts and ratios know the direction themselves.

Almost every method is a line with limits (`Linear`). Missing values stay missing and take no part in a fit.
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

Deviation = Literal["population", "sample", "reliability"]
Ties = Literal["lowest", "average", "highest"]
RankScore = Literal["rank", "percentile_rank", "share", "borda"]
Percentile = Literal["rank", "quantile"]
LowerIsBetter = Literal["inverted_ratio", "mirror"]

#: The bands of the Handbook's Table 15: 0 below the 5th percentile, then 20, and so on to 100 from the 95th.
HANDBOOK_PERCENTILES = (5.0, 15.0, 35.0, 65.0, 85.0, 95.0)
HANDBOOK_POINTS = (0.0, 20.0, 40.0, 50.0, 60.0, 80.0, 100.0)


@dataclass(frozen=True, eq=False)
class Linear:
    """score = start + size x (value - origin) / length, held within limits; arrays of one number an indicator.

    Attributes:
        origin: the value that scores `start`.
        length: the difference of values that `size` points stand for; never 0, negative to turn the direction.
        start: score of the origin.
        size: points for one length.
        least: lowest score; minus infinity for none.
        most: highest score; infinity for none.
        in_logs: indicators of which value, origin and length are natural logs.
    """

    origin: Floats
    length: Floats
    start: float
    size: float
    least: float
    most: float
    in_logs: Mask

    def scores(self, values: Floats) -> Floats:
        """Score units x indicators."""
        scores = _logs(values, self.in_logs) - self.origin
        scores /= self.length
        scores *= self.size
        scores += self.start
        limited = self.least > -np.inf or self.most < np.inf
        return np.clip(scores, self.least, self.most) if limited else scores


@dataclass(frozen=True, eq=False)
class Fraction:
    """score = value / best; best / value for indicators turned by -1 (of negative values).

    Attributes:
        best: the best value of each indicator; never 0.
    """

    best: Floats

    def scores(self, values: Floats) -> Floats:
        """Score units x indicators."""
        turned = self.best < 0
        wrong = np.argwhere(turned & (values >= 0))
        if len(wrong):
            what = f"the value is {-values[tuple(wrong[0])] + 0.0:g} where lower is better"
            raise MethodError(what, "a value above 0, to form best / value", 'take "min_max"', *_cell(wrong))
        with np.errstate(divide="ignore", over="ignore"):
            return np.where(turned, self.best / values, values / self.best)


@dataclass(frozen=True, eq=False)
class Ranks:
    """Scores by the place of a value among the reference values.

    Attributes:
        references: the sorted values of the reference, one array an indicator.
        score: what is made of the rank.
        ties: the rank of tied values.
    """

    references: tuple[Floats, ...]
    score: RankScore
    ties: Ties

    def scores(self, values: Floats) -> Floats:
        """Score units x indicators."""
        result = np.full(values.shape, np.nan)
        for column, reference in enumerate(self.references):
            there = ~np.isnan(values[:, column])
            ranks = _ranks_among(values[there, column], reference, self.ties)
            result[there, column] = _rank_scores(ranks, len(reference), self.score)
        return result


@dataclass(frozen=True, eq=False)
class Bands:
    """Points for bands of values.

    Attributes:
        breaks: indicators x breaks, not falling: a value at or above a break is in the band above it.
        points: points of each band, one more than there are breaks.
    """

    breaks: Floats
    points: Floats

    def scores(self, values: Floats) -> Floats:
        """Score units x indicators."""
        columns = zip(values.T, self.breaks, strict=True)
        bands = [np.searchsorted(breaks, column, side="right") for column, breaks in columns]
        return np.where(np.isnan(values), np.nan, self.points[np.array(bands).T])


@dataclass(frozen=True, eq=False)
class AroundMean:
    """1 above a neutral region around the mean, 0 in it, -1 below.

    Attributes:
        mean: mean of each indicator; never 0.
        threshold: half-width of the region as a share of the mean.
    """

    mean: Floats
    threshold: float

    def scores(self, values: Floats) -> Floats:
        """Score units x indicators."""
        relative = (values - self.mean) / np.abs(self.mean)
        # The edge belongs to the neutral region, also when 1.2 comes out of a division as 1.2000000000000002.
        beyond = np.abs(relative) > self.threshold * (1 + 1e-12) + 1e-15
        return np.where(np.isnan(values), np.nan, np.where(beyond, np.sign(relative), 0.0))


@dataclass(frozen=True, eq=False)
class Ratio:
    """score = size x value / reference, or one of two ways to turn it; less `size` with `difference`.

    Attributes:
        reference: reference value of each indicator, above 0.
        lower: indicators where lower is better, whose values are given as they are and not turned.
        lower_is_better: ``inverted_ratio`` gives size x reference / value for them, ``mirror`` gives
            2 x size - size x value / reference.
        size: points for a ratio of 1.
        difference: centre on 0 instead of on `size`.
        least: lowest score; minus infinity for none.
        most: highest score; infinity for none.
    """

    reference: Floats
    lower: Mask
    lower_is_better: LowerIsBetter
    size: float
    difference: bool
    least: float
    most: float

    def scores(self, values: Floats) -> Floats:
        """Score units x indicators."""
        inverted = self.lower & (self.lower_is_better == "inverted_ratio")
        wrong = np.argwhere(inverted & (values <= 0))
        if len(wrong):
            what = f"the value is {values[tuple(wrong[0])]:g} and lower is better"
            raise MethodError(what, "a value above 0 for an inverted ratio", 'take "mirror"', *_cell(wrong))
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            score = self.size * np.where(inverted, self.reference / values, values / self.reference)
        score = np.where(self.lower & ~inverted, 2 * self.size - score, score)
        return np.clip(score - (self.size if self.difference else 0.0), self.least, self.most)


@dataclass(frozen=True, eq=False)
class BaseRatio:
    """score = base value x value / base, or one of two ways to turn it; for panels.

    Attributes:
        base: places x 1 x indicators: the values of the base period, above 0; NaN where there is none.
        base_value: score of the base period.
        lower: indicators where lower is better.
        lower_is_better: ``inverted_ratio`` gives base value x base / value for them, ``mirror`` gives
            2 x base value - base value x value / base.
        most: highest score; infinity for none.
    """

    base: Floats
    base_value: float
    lower: Mask
    lower_is_better: LowerIsBetter
    most: float

    def scores(self, values: Floats) -> Floats:
        """Score places x periods x indicators."""
        inverted = self.lower & (self.lower_is_better == "inverted_ratio")
        wrong = np.argwhere(inverted & (values <= 0) & ~np.isnan(self.base))
        if len(wrong):
            what = f"the value is {values[tuple(wrong[0])]:g} and lower is better"
            raise MethodError(what, "a value above 0 for an inverted ratio", 'take "mirror"', *_cell(wrong))
        with np.errstate(divide="ignore"):
            score = self.base_value * np.where(inverted, self.base / values, values / self.base)
        mirrored = self.lower & ~inverted
        return np.minimum(np.where(mirrored, 2 * self.base_value - score, score), self.most)


@dataclass(frozen=True, eq=False)
class Cyclical:
    """score = start + (value - mean over time) / mean absolute deviation over time; for panels.

    Attributes:
        mean: places x 1 x indicators.
        deviation: places x 1 x indicators; above 0.
        start: score of the mean.
    """

    mean: Floats
    deviation: Floats
    start: float

    def scores(self, values: Floats) -> Floats:
        """Score places x periods x indicators."""
        return self.start + (values - self.mean) / self.deviation


OfUnits = Linear | Fraction | Ratio | Ranks | Bands | AroundMean
OfPanels = BaseRatio | Cyclical
Parameters = OfUnits | OfPanels


def directed(x: npt.ArrayLike, directions: npt.ArrayLike) -> Floats:
    """Multiply indicators by their direction, so that high is good.

    Args:
        x: … x indicators: values, or one target for each indicator.
        directions: 1 or -1 for each indicator (higher or lower is better).

    Raises:
        MethodError: when a direction is neither, or there are too many or too few.
    """
    values, signs = np.asarray(x, dtype=np.float64), np.asarray(directions, dtype=np.float64)
    if signs.shape != values.shape[-1:]:
        what = f"{signs.size} directions for {values.shape[-1]} indicators"
        raise MethodError(what, "one for each indicator", "write 1 or -1 for each")
    wrong = np.flatnonzero(np.abs(signs) != 1)
    if len(wrong):
        what = f"the direction is {signs[wrong[0]]:g}"
        raise MethodError(what, "1 or -1", "say which is better, higher (1) or lower (-1)", column=int(wrong[0]))
    return values * signs


def apply(x: npt.ArrayLike, parameters: Parameters) -> Floats:
    """Score values with fitted parameters.

    Args:
        x: units x indicators, for `BaseRatio` and `Cyclical` places x periods x indicators; as many indicators as
            were fitted. NaN is missing and stays so.
        parameters: from a ``fit_…`` function.

    Returns:
        Scores of the shape of `x`.

    Raises:
        MethodError: on another number of indicators (or places), and for values that the method does not take (zero
            or less in logs, under an inverted ratio or an inverted fraction). Names the cell.
    """
    values = checked(x, 3 if isinstance(parameters, OfPanels) else 2)
    expected = _fitted(parameters)
    got = (values.shape[0], values.shape[-1]) if values.ndim == 3 else values.shape[-1:]
    if got != expected:
        names = ("places", "indicators")[-len(got) :]
        what, want = (
            " and ".join(f"{count} {name}" for count, name in zip(counts, names, strict=True))
            for counts in (got, expected)
        )
        raise MethodError(f"the table has {what}", f"the {want} that were fitted", "give the same in the same order")
    return parameters.scores(values)


def _fitted(parameters: Parameters) -> tuple[int, ...]:
    if isinstance(parameters, BaseRatio):
        return parameters.base.shape[0], parameters.base.shape[-1]
    if isinstance(parameters, Cyclical):
        return parameters.mean.shape[0], parameters.mean.shape[-1]
    if isinstance(parameters, Linear):
        return parameters.origin.shape
    if isinstance(parameters, Fraction):
        return parameters.best.shape
    if isinstance(parameters, AroundMean):
        return parameters.mean.shape
    if isinstance(parameters, Ratio):
        return parameters.reference.shape
    return (len(parameters.references if isinstance(parameters, Ranks) else parameters.breaks),)


def fit_min_max(reference: npt.ArrayLike, to: tuple[float, float] = (0.0, 100.0)) -> Linear:
    """Scale so that the lowest value of the reference scores `to[0]` and the highest `to[1]`.

    Args:
        reference: units x indicators; NaN is missing.
        to: scores of the ends, in rising order.

    Raises:
        MethodError: on an indicator without values or with one value only, and when the ends do not rise.

    Source: OECD/JRC Handbook (2008), p. 85; COINr 1.1.14, n_minmax.
    """
    values = checked(reference)
    _rising(to, "the ends of the range")
    lowest, highest = _range(values)
    with np.errstate(over="ignore"):
        return _linear(lowest, highest - lowest, to[0], to[1] - to[0])


def fit_z_score(
    reference: npt.ArrayLike,
    mean: float = 0.0,
    deviation: float = 1.0,
    weights: npt.ArrayLike | None = None,
    degrees_of_freedom: Deviation = "sample",
) -> Linear:
    """Scale by the mean m and standard deviation s of the reference: mean + deviation x (value - m) / s.

    Over the M units with a value and a weight above 0, m = sum w x / sum w and the variance is
    v = sum w (x - m)^2 / sum w for ``population``, v x M / (M - 1) for ``sample`` (with equal weights the usual
    n - 1), and v / (1 - sum (w / sum w)^2) for ``reliability``.

    Args:
        reference: units x indicators; NaN is missing.
        mean: score of the reference mean.
        deviation: points of one standard deviation, above 0.
        weights: weight of each unit, such as its population, 0 or more; equal when absent.
        degrees_of_freedom: which variance.

    Raises:
        MethodError: on an indicator without values or spread in the reference, weights that are missing, negative
            or all zero, a deviation that is not positive, an unknown word.

    Source: COINr 1.1.14, n_zscore; Health Index for England, beta, step 4 (``sample`` with population weights).
    """
    values = checked(reference)
    one_of(degrees_of_freedom, get_args(Deviation), "degrees_of_freedom")
    if not 0 < deviation < np.inf:
        remedy = "for an indicator where lower is better use its direction"
        raise MethodError(f"the deviation to scale to is {deviation:g}", "a number above 0", remedy)
    masses = np.where(np.isnan(values), 0.0, _unit_weights(weights, len(values))[:, None])
    used = np.where(masses > 0, values, np.nan)
    _range(used)
    shares = masses / masses.sum(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):
        origins = np.nansum(shares * used, axis=0)
        variances = np.nansum(shares * (used - origins) ** 2, axis=0)
    counts = (masses > 0).sum(axis=0)
    if degrees_of_freedom == "sample":
        variances *= counts / (counts - 1)
    if degrees_of_freedom == "reliability":
        variances /= 1 - (shares**2).sum(axis=0)
    return _linear(origins, np.sqrt(variances), mean, deviation)


def _unit_weights(weights: npt.ArrayLike | None, units: int) -> Floats:
    if weights is None:
        return np.ones(units)
    masses = checked(weights, 1)
    if masses.shape != (units,):
        what = f"{len(masses)} weights for {units} units"
        raise MethodError(what, "one for each unit", "give a weight for each unit in the order of the table")
    wrong = np.flatnonzero(~(masses >= 0))
    if len(wrong):
        what = f"the weight is {'missing' if np.isnan(masses[wrong[0]]) else format(masses[wrong[0]], 'g')}"
        raise MethodError(what, "0 or more", "correct it, or write 0 to leave the unit out", row=int(wrong[0]))
    if not masses.any():
        raise MethodError("all weights are 0", "a sum above 0", "give weights, or leave them out for equal ones")
    relative: Floats = masses / masses.max()  # so that no sum of weights overflows
    return relative


def restandardise(x: npt.ArrayLike, factors: npt.ArrayLike, mean: float = 100.0) -> Floats:
    """Stretch scores of composites around their mean: mean + K x (score - mean).

    Args:
        x: units x composites; NaN is missing and stays so.
        factors: K, one for all or one for each composite, above 0; 1 changes nothing.
        mean: the score that stays.

    Raises:
        MethodError: on a factor that is missing or not positive, and on too many or too few.

    Source: Health Index for England, releases of November 2022 and June 2023.
    """
    values = checked(x)
    given = np.asarray(factors, dtype=np.float64)
    if given.shape not in {(), (values.shape[1],)}:
        what = f"{given.size} factors for {values.shape[1]} composites"
        raise MethodError(what, "one for all, or one for each", "write 1 where nothing changes")
    wrong = np.flatnonzero(~((given > 0) & (given < np.inf)))
    if len(wrong):
        what = f"the factor is {given.ravel()[wrong[0]]:g}"
        raise MethodError(what, "a number above 0", "write 1 where nothing changes", column=int(wrong[0]))
    return mean + given * (values - mean)


def fit_distance_to_best(reference: npt.ArrayLike) -> Linear:
    """Score 1 - (highest - value) / (highest - lowest), over the reference.

    Args:
        reference: units x indicators; NaN is missing.

    Raises:
        MethodError: on an indicator without values or with one value only.

    Source: COINr 1.1.14, n_dist2max.
    """
    return fit_min_max(reference, (0.0, 1.0))


def fit_distance_to_target(reference: npt.ArrayLike, targets: npt.ArrayLike, cap: bool = False) -> Linear:
    """Score 1 - (target - value) / (target - lowest): 0 for the lowest value of the reference, 1 for the target.

    Args:
        reference: units x indicators, directed; NaN is missing.
        targets: one for each indicator, in its unit and directed like it.
        cap: hold scores at 1 beyond the target.

    Raises:
        MethodError: on a missing target, on one that is not above the lowest value (the score would fall with the
            value), and on an indicator without values.

    Source: COINr 1.1.14, n_dist2targ (which only warns when the target lies below the lowest value).
    """
    values = checked(reference)
    aims = _one_each(targets, values.shape[1], "target")
    lowest = _lowest(values)
    wrong = np.flatnonzero(aims <= lowest)
    if len(wrong):
        what = f"the target {aims[wrong[0]]:g} is not above the lowest value {lowest[wrong[0]]:g}"
        remedy = "correct the target; where lower is better it is turned by -1 like the values"
        raise MethodError(what, "a target above the lowest value", remedy, column=int(wrong[0]))
    return _linear(lowest, aims - lowest, 0.0, 1.0, most=1.0 if cap else np.inf)


def fit_distance_to_reference(reference: npt.ArrayLike, unit: int, cap: bool = False) -> Linear:
    """Score 1 - (r - value) / (r - lowest), where r is the value of a reference unit.

    Args:
        reference: units x indicators, directed; NaN is missing.
        unit: row of the reference unit.
        cap: hold scores at 1 for units that are better than it.

    Raises:
        MethodError: when there is no such row, the unit has no value, or it has the lowest value itself.

    Source: COINr 1.1.14, n_dist2ref.
    """
    values = checked(reference)
    row = _unit_row(unit, values)
    lowest = _lowest(values)
    wrong = np.flatnonzero(~(row > lowest))
    if len(wrong):
        missing = np.isnan(row[wrong[0]])
        what = "the reference unit has no value" if missing else "the reference unit has the lowest value itself"
        expected = "a value above the lowest one"
        raise MethodError(what, expected, "choose another unit or method for this indicator", int(wrong[0]), unit)
    return _linear(lowest, row - lowest, 0.0, 1.0, most=1.0 if cap else np.inf)


def fit_fraction_of_best(reference: npt.ArrayLike) -> Fraction:
    """Score value / highest; for an indicator turned by -1 best / value of the unturned numbers, so order is kept.

    Args:
        reference: units x indicators, directed; NaN is missing.

    Raises:
        MethodError: on an indicator without values, or with 0 as its best value.

    Source: OECD/JRC Handbook (2008), pp. 83 and 85; COINr 1.1.14, n_fracmax (which turns the order of negative
    values round).
    """
    values = checked(reference)
    _lowest(values)
    best: Floats = np.fmax.reduce(values, axis=0)
    wrong = np.flatnonzero(best == 0)
    if len(wrong):
        what = "the best value is 0"
        raise MethodError(what, "another best value to divide by", 'take "min_max"', column=int(wrong[0]))
    return Fraction(best)


def fit_ratio(reference_values: npt.ArrayLike, difference: bool = False, size: float = 1.0) -> Linear:
    """Score value / r, or (value - r) / r, for a given reference value r.

    Args:
        reference_values: one for each indicator: of a unit, the mean, the best or worst, or from elsewhere; above 0.
        difference: centre on 0 instead of on 1.
        size: points for a ratio of 1.

    Raises:
        MethodError: on a reference value that is missing or not above 0.

    Source: OECD/JRC Handbook (2008), pp. 85-86, distance to a reference.
    """
    given = checked(reference_values, 1)
    references = _one_each(given, len(given), "reference value")
    wrong = np.flatnonzero(references <= 0)
    if len(wrong):
        what = f"the reference value is {references[wrong[0]]:g}"
        raise MethodError(what, "a value above 0 to form a ratio", 'take "min_max"', column=int(wrong[0]))
    return _linear(references if difference else np.zeros_like(references), references, 0.0, size)


def fit_ratio_turned(
    reference_values: npt.ArrayLike,
    lower: npt.ArrayLike,
    lower_is_better: LowerIsBetter,
    size: float = 1.0,
    difference: bool = False,
    limits: tuple[float, float] = (-np.inf, np.inf),
) -> Ratio:
    """Score value / r for a given reference value r, with a stated way to turn indicators where lower is better.

    Args:
        reference_values: one for each indicator, in its unit and not turned; above 0.
        lower: indicators where lower is better.
        lower_is_better: how these are turned (`Ratio`).
        size: points for a ratio of 1, above 0.
        difference: centre on 0 instead of on `size`.
        limits: lowest and highest score.

    Raises:
        MethodError: on a reference value that is missing or not above 0, on an unknown word, and on marks that do not
            fit.

    Source: OECD/JRC Handbook (2008), pp. 85-86, distance to a reference; UNDP, Human Development Report 2023/24,
    technical note 4, for inverted ratios (10 / maternal mortality, 1 / adolescent births).
    """
    references = fit_ratio(reference_values).length
    one_of(lower_is_better, get_args(LowerIsBetter), "lower_is_better")
    marks = np.asarray(lower, dtype=np.bool_)
    if marks.shape != references.shape:
        raise MethodError("the directions do not fit", f"{len(references)} marks", "give one for each indicator")
    if not 0 < size < np.inf:
        raise MethodError(
            f"the points for a ratio of 1 are {size:g}", "a number above 0", "the usual ones are 1 and 100"
        )
    return Ratio(references, marks, lower_is_better, float(size), difference, *limits)


def fit_goalposts(
    worst: npt.ArrayLike,
    best: npt.ArrayLike,
    to: tuple[float, float] = (0.0, 1.0),
    in_logs: npt.ArrayLike | None = None,
    cap: bool = True,
) -> Linear:
    """Scale between fixed goalposts: (value - worst) / (best - worst).

    The direction lies in the goalposts (best may be below worst), so values are given as they are, not turned.

    Args:
        worst: for each indicator the value that scores `to[0]`.
        best: for each indicator the value that scores `to[1]`.
        to: the scores, in rising order.
        in_logs: indicators of which natural logs of value and goalposts are taken; none when absent.
        cap: hold scores within `to`.

    Raises:
        MethodError: on missing or equal goalposts, and goalposts of zero or less in logs.

    Source: UNDP, Human Development Report 2023/24, technical note 1 (life expectancy 20 to 85 years, income 100 to
    75,000 in logs, schooling 0 to 18 and 0 to 15 years, capped).
    """
    low = checked(worst, 1)
    low, high = _one_each(low, len(low), "goalpost"), _one_each(best, len(low), "goalpost")
    _rising(to, "the ends of the range")
    logs = np.zeros(len(low), np.bool_) if in_logs is None else np.asarray(in_logs, np.bool_)
    if logs.shape != low.shape:
        raise MethodError("the marks for logs do not fit", f"{len(low)} marks", "give one for each indicator")
    posts = _logs(np.array([low, high]), logs, "goalpost")
    wrong = np.flatnonzero(posts[0] == posts[1])
    if len(wrong):
        what = f"both goalposts are {low[wrong[0]]:g}"
        raise MethodError(what, "two different goalposts", "correct one", column=int(wrong[0]))
    least, most = to if cap else (-np.inf, np.inf)
    linear = _linear(posts[0], posts[1] - posts[0], to[0], to[1] - to[0], most)
    return Linear(linear.origin, linear.length, linear.start, linear.size, least, most, logs)


def fit_rank(reference: npt.ArrayLike, score: RankScore = "rank", ties: Ties = "lowest") -> Ranks:
    """Score by the rank among the n values of the reference, lowest value 1.

    ``rank``: the rank; ``percentile_rank``: (rank - 1) / (n - 1), at most 1; ``share``: rank / n, at most 1 (the
    percentile of the Handbook's Table 15, as a share); ``borda``: rank - 1. A value that is not in the reference
    has the rank it would have if it were put in.

    Args:
        reference: units x indicators, directed; NaN is missing.
        score: what is made of the rank.
        ties: rank of equal values.

    Raises:
        MethodError: on an unknown word, on an indicator without values, and for ``percentile_rank`` with one value.

    Source: COINr 1.1.14, n_rank, n_prank, n_borda; OECD/JRC Handbook (2008), p. 87.
    """
    values = checked(reference)
    one_of(score, get_args(RankScore), "the score")
    one_of(ties, get_args(Ties), "the rank of ties")
    _lowest(values)
    references = tuple(np.sort(column[~np.isnan(column)]) for column in values.T)
    if score == "percentile_rank":
        single = [column for column, reference in enumerate(references) if len(reference) < 2]
        if single:
            remedy = "leave the indicator out"
            raise MethodError("the indicator has one value", "two or more", remedy, column=single[0])
    return Ranks(references, score, ties)


def ranking(x: npt.ArrayLike) -> Floats:
    """Rank units for publication: the highest value is 1, equal values share the smallest rank, missing stays so.

    Args:
        x: units x nodes; NaN is missing.
    """
    values = -checked(x)
    result = np.full(values.shape, np.nan)
    for column in range(values.shape[1]):
        there = ~np.isnan(values[:, column])
        known = values[there, column]
        result[there, column] = _ranks_among(known, np.sort(known), "lowest")
    return result


def _ranks_among(values: Floats, reference: Floats, ties: Ties) -> Floats:
    order = np.argsort(values)  # searching in order is many times faster on long columns
    ordered = values[order]
    first = np.searchsorted(reference, ordered, side="left") + 1
    last = first if ties == "lowest" else np.maximum(np.searchsorted(reference, ordered, side="right"), first)
    ranks = np.empty(len(values))
    ranks[order] = last if ties == "highest" else (first + last) / 2
    return ranks


def _rank_scores(ranks: Floats, count: int, score: RankScore) -> Floats:
    if score == "percentile_rank":
        return np.minimum((ranks - 1) / (count - 1), 1.0)
    if score == "share":
        return np.minimum(ranks / count, 1.0)
    return ranks - 1 if score == "borda" else ranks


def fit_bands(
    reference: npt.ArrayLike,
    percentiles: Sequence[float] = HANDBOOK_PERCENTILES,
    points: Sequence[float] = HANDBOOK_POINTS,
    percentile: Percentile = "rank",
) -> Bands:
    """Give points for bands between percentiles of the reference; a value at a percentile is in the band above it.

    Args:
        reference: units x indicators, directed; NaN is missing.
        percentiles: where bands meet, rising, between 0 and 100.
        points: points of each band, not falling, one more than percentiles.
        percentile: ``rank`` takes 100 x rank / n (equal values share the lowest rank) as the percentile of a value,
            as the Handbook's Table 15 does; ``quantile`` interpolates linearly between values (type 7).

    Raises:
        MethodError: when percentiles and points do not fit, and on an indicator without values.

    Source: OECD/JRC Handbook (2008), pp. 28, 30 and 87. (Table 3 on p. 30 has other bands: 15, 25, 65, 85 and 95
    with 0, 20, 40, 60, 80 and 100.)
    """
    values = checked(reference)
    one_of(percentile, get_args(Percentile), "the percentile")
    limits = checked(percentiles, 1)
    if not ((limits >= 0) & (limits <= 100)).all():
        raise MethodError("a percentile lies outside 0 to 100", "0 to 100", "write 95 for the 95th percentile")
    _lowest(values)
    ordered = [np.sort(column[~np.isnan(column)]) for column in values.T]
    if percentile == "quantile":
        breaks = np.array([np.percentile(column, limits) for column in ordered])
    else:
        breaks = np.array([_rank_breaks(column, limits) for column in ordered])
    return fit_given_bands(breaks, points, limits)


def _rank_breaks(ordered: Floats, percentiles: Floats) -> Floats:
    """Find the lowest value whose 100 x rank / n reaches each percentile; infinity where none does."""
    ranks = np.searchsorted(ordered, ordered, side="left") + 1.0
    first = np.searchsorted(100 * ranks / len(ordered), percentiles - 1e-9, side="left")
    return np.append(ordered, np.inf)[first]


def fit_given_bands(breaks: npt.ArrayLike, points: Sequence[float], steps: npt.ArrayLike | None = None) -> Bands:
    """Give points for bands between given values; a value at a break is in the band above it.

    Args:
        breaks: indicators x breaks, in the unit of the indicator, directed and not falling.
        points: points of each band, not falling, one more than breaks.
        steps: what the breaks stand for, to be rising; the breaks themselves when absent.

    Raises:
        MethodError: when breaks are missing or fall, and when the points do not fit.
    """
    limits = np.asarray(breaks, dtype=np.float64)
    given = checked(points, 1)
    if limits.ndim != 2 or np.isnan(limits).any() or not (limits[:, 1:] >= limits[:, :-1]).all():
        raise MethodError("the breaks do not rise", "rising breaks for each indicator", "sort them")
    if steps is not None and not (np.diff(np.asarray(steps)) > 0).all():
        raise MethodError("the percentiles do not rise", "rising percentiles", "sort them and name each once")
    if given.shape != (limits.shape[1] + 1,) or not (np.diff(given) >= 0).all():
        what = f"{len(given)} points for {limits.shape[1]} breaks"
        expected = f"{limits.shape[1] + 1} points that do not fall"
        raise MethodError(what, expected, "give one for each band, the lowest band first")
    return Bands(limits, given)


def fit_around_mean(reference: npt.ArrayLike, threshold: float = 0.2) -> AroundMean:
    """Score 1 above the mean by more than a threshold, -1 below it by more, 0 between: by value / mean.

    Args:
        reference: units x indicators, directed; NaN is missing. The mean of negative values counts by its size.
        threshold: half-width of the neutral region as a share of the mean, 0 or more.

    Raises:
        MethodError: on a negative threshold, an indicator without values or with a mean of 0.

    Source: OECD/JRC Handbook (2008), pp. 28 and 86.
    """
    values = checked(reference)
    if not 0 <= threshold < np.inf:
        raise MethodError(f"the threshold is {threshold:g}", "0 or more", "write 0.2 for 20 % around the mean")
    _lowest(values)
    mean: Floats = np.nanmean(values, axis=0)
    wrong = np.flatnonzero(mean == 0)
    if len(wrong):
        raise MethodError("the mean is 0", "another mean to compare with", 'take "z_score"', column=int(wrong[0]))
    return AroundMean(mean, float(threshold))


def fit_base_ratio(
    panel: npt.ArrayLike,
    base_period: int,
    lower: npt.ArrayLike,
    lower_is_better: LowerIsBetter,
    base_value: float = 100.0,
    cap: float | None = None,
) -> BaseRatio:
    """Scale every place and indicator by its own value in the base period.

    Args:
        panel: places x periods x indicators as they are, not turned; NaN is missing.
        base_period: position of the base period.
        lower: indicators where lower is better.
        lower_is_better: how these are turned (`BaseRatio`).
        base_value: score of the base period, above 0.
        cap: highest score; None for none.

    Returns:
        Parameters; where the base period has no value, no period has a score.

    Raises:
        MethodError: on a base value of zero or less (names place and indicator), an unknown word or period.
    """
    values = checked(panel, 3)
    one_of(lower_is_better, get_args(LowerIsBetter), "lower_is_better")
    if not 0 <= base_period < values.shape[1]:
        what = f"there is no period at position {base_period}"
        raise MethodError(what, f"0 to {values.shape[1] - 1}", "choose a period of the panel")
    marks = np.asarray(lower, dtype=np.bool_)
    if marks.shape != values.shape[-1:]:
        raise MethodError("the directions do not fit", f"{values.shape[-1]} marks", "give one for each indicator")
    if not (0 < base_value < np.inf and (cap is None or cap > 0)):
        raise MethodError("the base value or the cap is not above 0", "positive numbers", "the usual base value is 100")
    base = values[:, base_period : base_period + 1, :]
    wrong = np.argwhere(base <= 0)
    if len(wrong):
        what = f"the base value is {base[tuple(wrong[0])]:g}"
        remedy = "choose another base period, or another method for this indicator"
        raise MethodError(what, "a base above 0 to form a ratio", remedy, *_cell(wrong))
    return BaseRatio(base.copy(), float(base_value), marks, lower_is_better, np.inf if cap is None else float(cap))


def fit_cyclical(panel: npt.ArrayLike, start: float = 100.0) -> Cyclical:
    """Scale every series by its mean over time and its mean absolute deviation from it.

    Args:
        panel: places x periods x indicators, directed; NaN is missing.
        start: score of the mean.

    Raises:
        MethodError: on a series that has values but does not move (names place and indicator).

    Source: OECD/JRC Handbook (2008), p. 86 (OECD leading indicators).
    """
    values = checked(panel, 3)
    counts = (~np.isnan(values)).sum(axis=1, keepdims=True)
    divisor = np.where(counts > 0, counts, np.nan)
    mean = np.nansum(values, axis=1, keepdims=True) / divisor
    deviation = np.nansum(np.abs(values - mean), axis=1, keepdims=True) / divisor
    low = np.where(np.isnan(values), np.inf, values).min(axis=1, keepdims=True)
    high = np.where(np.isnan(values), -np.inf, values).max(axis=1, keepdims=True)
    wrong = np.argwhere((counts > 0) & ((low == high) | ~(deviation > 0)))
    if len(wrong):
        what, expected = "the series does not move", "at least two different values over time"
        raise MethodError(what, expected, "leave it out or take more periods", *_cell(wrong))
    return Cyclical(mean, deviation, start)


def annual_change(panel: npt.ArrayLike) -> Floats:
    """Score the change on the period before in percent of it: 100 x (value - before) / before.

    Args:
        panel: places x periods x indicators; NaN is missing. A missing value makes two changes missing.

    Returns:
        Scores of the same shape; the first period is missing.

    Raises:
        MethodError: when a value to divide by is zero or less.

    Source: OECD/JRC Handbook (2008), p. 86 (its Table 3 on p. 30 divides by the later value, against the text).
    """
    values = checked(panel, 3)
    before, after = values[:, :-1], values[:, 1:]
    wrong = np.argwhere((before <= 0) & ~np.isnan(after))
    if len(wrong):
        what = f"the value of the period before is {before[tuple(wrong[0])]:g}"
        raise MethodError(what, "a value above 0 to form a percentage", 'take "z_score"', *_cell(wrong))
    result = np.full(values.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        result[:, 1:] = 100 * (after - before) / before
    return result


def _linear(origin: Floats, length: Floats, start: float, size: float, most: float = np.inf) -> Linear:
    """Make a line of its parts, once its length is known to be usable."""
    wrong = np.flatnonzero(~np.isfinite(origin) | ~np.isfinite(length) | (length == 0))
    if len(wrong):
        what = "the values are so large or so close together that their spread is lost in rounding"
        remedy = "state the indicator in another unit"
        raise MethodError(what, "a spread above 0", remedy, column=int(wrong[0]))
    logs = np.zeros(len(origin), dtype=np.bool_)
    return Linear(origin, length, float(start), float(size), -np.inf, float(most), logs)


def _logs(values: Floats, where: Mask, name: str = "value") -> Floats:
    if not where.any():
        return values
    wrong = np.argwhere(where & (values <= 0))
    if len(wrong):
        what = f"the {name} is {values[tuple(wrong[0])]:g}, which has no logarithm"
        raise MethodError(what, "a value above 0", f"correct the {name}, or take no logs", *_cell(wrong))
    return np.log(values, out=values.copy(), where=where)


def _cell(positions: npt.NDArray[np.intp]) -> tuple[int, int]:
    """Give column and row of the first of the positions found, in the order of `MethodError`."""
    first = positions[0]
    return int(first[-1]), int(first[0])


def _lowest(values: Floats) -> Floats:
    lowest: Floats = np.fmin.reduce(values, axis=0)
    empty = np.flatnonzero(np.isnan(lowest))
    if len(empty):
        remedy = "leave the indicator out, or impute it first"
        raise MethodError("the indicator has no value", "at least one value", remedy, column=int(empty[0]))
    return lowest


def _range(values: Floats) -> tuple[Floats, Floats]:
    lowest = _lowest(values)
    highest: Floats = np.fmax.reduce(values, axis=0)
    same = np.flatnonzero(lowest == highest)
    if len(same):
        what = f"all values of the reference are {lowest[same[0]]:g}"
        remedy = "leave the indicator out, or take another reference"
        raise MethodError(what, "at least two different values", remedy, column=int(same[0]))
    return lowest, highest


def _rising(ends: tuple[float, float], name: str) -> None:
    if not (len(ends) == 2 and np.isfinite(ends).all() and ends[0] < ends[1]):
        raise MethodError(f"{name} are {ends}", "two rising numbers", "write the score of the worst end first")


def _one_each(values: npt.ArrayLike, indicators: int, name: str) -> Floats:
    given = checked(values, 1)
    if given.shape != (indicators,):
        raise MethodError(f"there are {len(given)} {name}s", f"one for each of {indicators}", f"give every {name}")
    missing = np.flatnonzero(np.isnan(given))
    if len(missing):
        what = f"the {name} is missing"
        raise MethodError(what, f"a {name} in the unit of the indicator", "write it", column=int(missing[0]))
    return given


def _unit_row(unit: int, values: Floats) -> Floats:
    if not 0 <= unit < len(values):
        raise MethodError(f"there is no unit at row {unit}", f"0 to {len(values) - 1}", "choose another")
    row: Floats = values[unit]
    return row
