"""Alarms on monthly or weekly counts, with what they cost: false alarms a year and days of delay.

Two rules on the same expectation (`donghaeng.diagnosis.surveillance`): a limit for a single count, which sees sudden
rises, and a cumulative sum, which sees small ones that stay. How often each rings for nothing, and how late it rings,
is tried on simulated counts under the fitted null, the same for every run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from zlib import crc32

import numpy as np

from donghaeng.diagnosis.counts import Counts, CountSeries
from donghaeng.diagnosis.document import CountModel, Settings
from donghaeng.diagnosis.surveillance import (
    counts_of,
    cusum,
    design,
    expected,
    first_watched,
    fit,
    limit,
    roots,
    standardised,
)
from donghaeng.panel import Floats, Mask

Rule = Literal["limit", "cusum"]
#: Where a rule rings: true or 1, paths x watched periods.
Raised = Floats | Mask

#: Taken off each deviation in a cumulative sum: half of a rise of one standard deviation, which it is then best at.
ALLOWANCE = 0.5
#: Simulated paths of each series.
PATHS = 200
#: Counts before the first alarm, in years: two to learn from, one to watch.
LEAST_YEARS = {12: 3, 52: 2.5}


@dataclass(frozen=True)
class Alarm:
    """A count that is off what was expected.

    Attributes:
        rule: ``limit`` (a single count) or ``cusum`` (a cumulative sum).
        period: the month or week.
        value: the count.
        expected: what was expected.
        threshold: the count, or the sum, from which it rings.
        reached: the count, or the sum.
    """

    rule: Rule
    period: str
    value: float
    expected: float
    threshold: float
    reached: float


@dataclass(frozen=True)
class Performance:
    """What a rule costs, from simulated counts.

    Attributes:
        rule: the rule.
        false_alarms: false alarms a year.
        delay: days from the beginning of a rise to the end of the period in which it rings, median of those that
            rang; None where none did.
        detected: share of the rises that were found within the simulated time.
        shift: the rise, as a share.
    """

    rule: Rule
    false_alarms: float
    delay: float | None
    detected: float
    shift: float


@dataclass(frozen=True)
class Watch:
    """One series of counts in one place that is watched.

    Attributes:
        series: its name.
        place: the place.
        node: node that it warns of; empty for none.
        worse: which way is bad.
        first: the first watched period; empty where there are too few counts.
        last: the last period.
        dispersion: variance of the counts over their mean.
        alarms: the alarms, in the order of time.
        performance: what each rule costs.
        note: why it is not watched; empty where it is.
        kind: the least firm kind of the counts.
    """

    series: str
    place: str
    node: str
    worse: str
    first: str
    last: str
    dispersion: float | None
    alarms: tuple[Alarm, ...]
    performance: tuple[Performance, ...]
    note: str
    kind: str

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        own = {name: value for name, value in vars(self).items() if name not in {"alarms", "performance"}}
        alarms = [dict(vars(one)) for one in self.alarms]
        return own | {"alarms": alarms, "performance": [dict(vars(one)) for one in self.performance]}


@dataclass(frozen=True)
class Alarms:
    """All series that are watched."""

    watched: tuple[Watch, ...]

    @property
    def raised(self) -> tuple[tuple[Watch, Alarm], ...]:
        """Every alarm with the series it is of."""
        return tuple((watch, alarm) for watch in self.watched for alarm in watch.alarms)


def alarms(counts: Counts, models: Mapping[str, CountModel], settings: Settings) -> Alarms:
    """Watch all series of counts.

    Args:
        counts: the counts.
        models: what each series is.
        settings: false alarms a year, the rise that is tried, the seed.
    """
    return Alarms(tuple(watch(one, models[one.series], settings) for one in counts.series))


def watch(series: CountSeries, model: CountModel, settings: Settings) -> Watch:
    """Watch one series of counts.

    Args:
        series: the counts.
        model: what they are.
        settings: false alarms a year, the rise that is tried, the seed.
    """
    least = round(LEAST_YEARS[series.per_year] * series.per_year)
    last = series.periods[-1].text
    if len(series.values) < least:
        note = f"{len(series.values)} counts; at least {least} are needed"
        return Watch(
            series.series, series.place, model.node or "", model.worse, "", last, None, (), (), note, series.kind.word
        )
    sign = 1.0 if model.worse == "higher" else -1.0
    start = first_watched(series.per_year)
    counts = series.values[None]
    own = expected(counts, series.per_year)
    deviations = sign * standardised(counts[:, start:], own)
    null, dispersion = _null(series)
    name = crc32(f"{series.series}/{series.place}".encode())
    quiet = _simulated(null, dispersion, settings.seed, name, 0)
    of_quiet = sign * standardised(quiet[:, start:], expected(quiet, series.per_year))
    half = PATHS // 2
    rate = settings.false_alarms / series.per_year
    single = _single_limit(of_quiet[:half], rate)
    decision = _decision(of_quiet[:half], rate)
    shifted, at = _shifted(series, null, settings.shift * sign)
    loud = _simulated(shifted, dispersion, settings.seed, name, 1)
    of_loud = sign * standardised(loud[:, start:], expected(loud, series.per_year))
    rules: tuple[tuple[Rule, Raised, Raised, Raised], ...] = (
        ("limit", deviations > single, of_quiet[half:] > single, of_loud > single),
        (
            "cusum",
            cusum(deviations, ALLOWANCE, decision)[1],
            cusum(of_quiet[half:], ALLOWANCE, decision)[1],
            cusum(of_loud, ALLOWANCE, decision)[1],
        ),
    )
    thresholds = {"limit": limit(own, sign * single)[0], "cusum": np.full(deviations.shape[1], decision)}
    reached = {"limit": counts[0, start:], "cusum": cusum(deviations, ALLOWANCE, decision)[0][0]}
    found = [
        Alarm(
            rule,
            series.periods[start + int(position)].text,
            float(counts[0, start + position]),
            float(own.count[0, position]),
            float(thresholds[rule][position]),
            float(reached[rule][position]),
        )
        for rule, raised, _, _ in rules
        for position in np.flatnonzero(raised[0])
    ]
    order = {period.text: position for position, period in enumerate(series.periods)}
    performance = tuple(
        _performance(rule, quiet_alarms, loud_alarms, at - start, series, settings.shift)
        for rule, _, quiet_alarms, loud_alarms in rules
    )
    return Watch(
        series.series,
        series.place,
        model.node or "",
        model.worse,
        series.periods[start].text,
        last,
        float(own.dispersion[0, -1]),
        tuple(sorted(found, key=lambda alarm: (order[alarm.period], alarm.rule))),
        performance,
        "",
        series.kind.word,
    )


def _null(series: CountSeries) -> tuple[Floats, float]:
    """Fit level and season to the counts that are learnt from, and give the mean of every period and the dispersion.

    The first years only: what is watched may hold what is looked for.
    """
    start = first_watched(series.per_year)
    terms = design(len(series.values), series.per_year, with_trend=False)
    coefficients, deviation = fit(roots(series.values[None, :start]), terms[:start])
    # The mean of counts is the square of the mean of their roots and the variance of these.
    return counts_of(terms @ coefficients[0]) + deviation[0] ** 2, float(4.0 * deviation[0] ** 2)


def _simulated(means: Floats, dispersion: float, seed: int, name: int, which: int) -> Floats:
    """Draw counts with given means and variance = dispersion x mean, paths x periods."""
    generator = np.random.default_rng([seed, name, which])
    rates = np.broadcast_to(np.maximum(means, 1e-6), (PATHS, len(means)))
    if dispersion > 1.0 + 1e-6:
        rates = generator.gamma(rates / (dispersion - 1.0), dispersion - 1.0)
    return generator.poisson(rates).astype(np.float64)


def _shifted(series: CountSeries, null: Floats, shift: float) -> tuple[Floats, int]:
    """Give the means with a rise (or fall) in the last year, and where it begins."""
    at = max(first_watched(series.per_year), len(null) - series.per_year)
    return np.where(np.arange(len(null)) >= at, null * (1.0 + shift), null), at


def _single_limit(quiet: Floats, rate: float) -> float:
    """Give the deviation that a single count passes as often as is wanted under the null."""
    return float(np.quantile(quiet, 1.0 - min(rate, 0.5)))


def _decision(quiet: Floats, rate: float) -> float:
    """Give the limit that a cumulative sum passes as often as is wanted under the null, by halving."""
    low, high = 0.0, 50.0
    for _ in range(30):
        middle = 0.5 * (low + high)
        if cusum(quiet, ALLOWANCE, middle)[1].mean() > rate:
            low = middle
        else:
            high = middle
    return high


def _performance(rule: Rule, quiet: Raised, loud: Raised, start: int, series: CountSeries, shift: float) -> Performance:
    """Say how often a rule rings for nothing and how late it rings."""
    false_alarms = float(quiet.mean() * series.per_year)
    after = loud[:, start:] > 0
    found = after.any(axis=1)
    delays = (after.argmax(axis=1)[found] + 1) * series.days
    delay = round(float(np.median(delays)), 1) if found.any() else None
    return Performance(rule, round(false_alarms, 3), delay, round(float(found.mean()), 3), shift)
