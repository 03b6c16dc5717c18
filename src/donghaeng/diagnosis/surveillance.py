"""Surveillance of counts: what is expected next from what has been, and how far off a count is.

Of the kind of C. P. Farrington and others, "A statistical algorithm for the early detection of outbreaks", JRSS A
159(3), 1996, as changed by A. Noufaily and others, Statistics in Medicine 32(7), 2013: a regression on the past with
level and season, and a trend where there are three years; past peaks are weighed down; the latest periods are left out,
so that a slow rise does not hide itself; a count rings when it passes what the regression allows for a new one.

The regression is one of square roots of counts plus 3/8 (F. J. Anscombe, Biometrika 35, 1948), which vary alike
whatever their mean: with variance 1/4 for Poisson counts, and dispersion / 4 for others. It has a closed form, so that
the same rule can be tried on many simulated paths at once. The season is a sine and cosine of the year.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from donghaeng.panel import Floats

#: Counts before the first that is watched, in years; a trend is fitted from `TREND_YEARS` on.
FIRST_YEARS, TREND_YEARS, MOST_YEARS = 2, 3, 6
#: The latest part of a year that is left out of what is expected.
GUARD = 0.25
#: Past counts that are further off than so many deviations are drawn in to that.
PEAK = 2.58
_ANSCOMBE = 3.0 / 8.0


@dataclass(frozen=True, eq=False)
class Expected:
    """What was expected of the watched counts; arrays are paths x watched periods.

    Attributes:
        root: expected root of a count, see `roots`.
        deviation: standard deviation of the root of a new count around it, that of the estimate included.
        dispersion: variance of counts over their mean, at least 1.
    """

    root: Floats
    deviation: Floats
    dispersion: Floats

    @property
    def count(self) -> Floats:
        """Expected count."""
        return counts_of(self.root) + self.dispersion / 4


def roots(counts: Floats) -> Floats:
    """Give the square roots of counts plus 3/8."""
    return np.asarray(np.sqrt(counts + _ANSCOMBE))


def counts_of(root: Floats) -> Floats:
    """Give the counts that roots belong to, 0 at least."""
    return np.asarray(np.maximum(np.maximum(root, 0.0) ** 2 - _ANSCOMBE, 0.0))


def design(count: int, per_year: int, with_trend: bool) -> Floats:
    """Give level, season and trend for so many periods, periods x terms."""
    time = np.arange(count) / per_year
    terms = [np.ones(count), np.sin(2 * np.pi * time), np.cos(2 * np.pi * time)]
    return np.stack([*terms, time - time.mean()] if with_trend else terms, axis=1)


@lru_cache(maxsize=1_000)
def _plan(past: int, guard: int, per_year: int) -> tuple[Floats, Floats, Floats, float]:
    """Give the terms of so many past periods, what solves for their coefficients, the terms of now, its leverage."""
    terms = design(past + 1, per_year, past >= TREND_YEARS * per_year)
    known, now = terms[: past - guard], terms[-1]
    leverage = float(now @ np.linalg.pinv(known.T @ known) @ now)
    return known, np.asarray(np.linalg.pinv(known).T, np.float64), now, leverage


def fit(root: Floats, terms: Floats, solve: Floats | None = None) -> tuple[Floats, Floats]:
    """Fit a regression to roots, with past peaks drawn in.

    Args:
        root: paths x periods.
        terms: periods x terms.
        solve: the transposed pseudo-inverse of the terms, where it is at hand.

    Returns:
        Coefficients (paths x terms) and the deviation of the roots around them (paths), at least that of Poisson
        counts.
    """
    if solve is None:
        solve = np.asarray(np.linalg.pinv(terms).T, np.float64)
    coefficients = root @ solve
    free = max(terms.shape[0] - terms.shape[1], 1)
    for _ in range(2):
        residual = root - coefficients @ terms.T
        deviation = np.maximum(np.sqrt((residual**2).sum(axis=1) / free), 0.5)
        drawn_in = np.clip(residual, -PEAK * deviation[:, None], PEAK * deviation[:, None])
        root = root - residual + drawn_in
        coefficients = root @ solve
    residual = root - coefficients @ terms.T
    return coefficients, np.maximum(np.sqrt((residual**2).sum(axis=1) / free), 0.5)


def first_watched(per_year: int) -> int:
    """Give how many counts come before the first that is watched."""
    return FIRST_YEARS * per_year


def expected(counts: Floats, per_year: int) -> Expected:
    """Give what was to be expected of each watched count from those before it.

    Args:
        counts: paths x periods.
        per_year: periods a year.
    """
    paths, count = counts.shape
    start, guard = first_watched(per_year), round(GUARD * per_year)
    root, deviations = np.zeros((paths, count - start)), np.zeros((paths, count - start))
    dispersion = np.zeros((paths, count - start))
    of_counts = roots(counts)
    for at in range(start, count):
        since = max(0, at - MOST_YEARS * per_year)
        known, solve, now, leverage = _plan(at - since, guard, per_year)
        coefficients, deviation = fit(of_counts[:, since : at - guard], known, solve)
        root[:, at - start] = coefficients @ now
        deviations[:, at - start] = deviation * np.sqrt(1.0 + leverage)
        dispersion[:, at - start] = 4.0 * deviation**2
    return Expected(root, deviations, dispersion)


def standardised(counts: Floats, of: Expected) -> Floats:
    """Give how far watched counts are off what was expected, in standard deviations of their roots."""
    return np.asarray((roots(counts) - of.root) / of.deviation)


def limit(of: Expected, deviations: float) -> Floats:
    """Give the count that lies so many deviations above (or below) what is expected."""
    return counts_of(of.root + deviations * of.deviation)


def cusum(deviations: Floats, allowance: float, decision: float) -> tuple[Floats, Floats]:
    """Give the cumulative sums above an allowance, and where they pass a limit and begin anew.

    (E. S. Page, "Continuous inspection schemes", Biometrika 41, 1954.)

    Args:
        deviations: paths x periods, in standard deviations.
        allowance: what is taken off each deviation, usually 0.5.
        decision: the limit.

    Returns:
        Sums and alarms (0 or 1), both paths x periods.
    """
    sums, raised = np.zeros(deviations.shape), np.zeros(deviations.shape)
    now = np.zeros(len(deviations))
    for at in range(deviations.shape[1]):
        now = np.maximum(0.0, now + deviations[:, at] - allowance)
        sums[:, at] = now
        over = now > decision
        raised[:, at] = over
        now = np.where(over, 0.0, now)
    return sums, raised
