"""Internal consistency of a group of indicators: Cronbach's alpha and principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from donghaeng.index.methods import MethodError
from donghaeng.index.study.values import checked
from donghaeng.panel import Floats


@dataclass(frozen=True, eq=False)
class Consistency:
    """Cronbach's alpha of a group.

    Attributes:
        alpha: 1 when all indicators move together; may be negative when they move against each other.
        without: alpha with each indicator left out, shape indicators; NaN in a group of two.
        fewest_units: smallest number of units behind a covariance.
    """

    alpha: float
    without: Floats
    fewest_units: int


def cronbach_alpha(values: npt.ArrayLike) -> Consistency:
    """Measure how far indicators of a group measure one thing.

    alpha = k / (k - 1) * (1 - sum of variances / sum of all covariances), with k indicators (Cronbach 1951,
    Psychometrika 16(3)). Each covariance is taken over the units that have both indicators, with n - 1.

    Args:
        values: shape units x indicators of one group, directions made equal; NaN where missing.

    Raises:
        MethodError: fewer than two indicators, a table of another shape, an infinite value, a pair with fewer
            than two units in common, or covariances that do not sum to more than 0. (COINr leaves out a pair
            without a covariance in silence, which gives the alpha of another group.)
    """
    table = checked(values)
    count = table.shape[1]
    if count < 2:
        raise MethodError("a group of one indicator", "two or more for Cronbach's alpha", "leave the group out")
    covariances, fewest = _pairwise_covariances(table)
    without = np.full(count, np.nan)
    for left_out in range(count if count > 2 else 0):
        kept = np.delete(np.arange(count), left_out)
        without[left_out] = _alpha(covariances[np.ix_(kept, kept)])
    alpha = _alpha(covariances)
    if np.isnan(alpha):
        raise MethodError(
            "the covariances of the group do not sum to more than 0",
            "indicators that vary",
            "check the directions, or use units with all indicators only",
        )
    return Consistency(alpha, without, fewest)


def _pairwise_covariances(table: Floats) -> tuple[Floats, int]:
    count = table.shape[1]
    covariances, fewest = np.empty((count, count)), len(table)
    for first in range(count):
        for second in range(first, count):
            both = np.isfinite(table[:, first]) & np.isfinite(table[:, second])
            number = int(both.sum())
            if number < 2:
                what = f"only {number} units have both indicator {first} and indicator {second}"
                raise MethodError(what, "two or more", "impute, or leave one of the two out", column=second)
            one, other = table[both, first], table[both, second]
            covariance = ((one - one.mean()) * (other - other.mean())).sum() / (number - 1)
            covariances[first, second] = covariances[second, first] = covariance
            fewest = min(fewest, number)
    return covariances, fewest


def _alpha(covariances: Floats) -> float:
    count, total = len(covariances), covariances.sum()
    if total <= 0:
        return float("nan")
    return float(count / (count - 1) * (1 - np.trace(covariances) / total))


@dataclass(frozen=True, eq=False)
class Components:
    """Principal components of a group, the strongest first.

    Attributes:
        deviations: standard deviation of each component, shape components.
        shares: share of the total variance, shape components; they sum to 1.
        loadings: weight of each indicator in each component, shape indicators x components, columns of length 1.
            A component has no sign of its own: the indicator with the largest weight gets a positive one.
        units: number of units used.
        left_out: number of units left out, since they lack an indicator.
    """

    deviations: Floats
    shares: Floats
    loadings: Floats
    units: int
    left_out: int

    @property
    def cumulative(self) -> Floats:
        """Share of the variance of each component and those before it."""
        return np.cumsum(self.shares)


def principal_components(values: npt.ArrayLike) -> Components:
    """Find the principal components of standardised indicators (Pearson 1901; Hotelling 1933).

    Indicators are centred and divided by their standard deviation (n - 1), so this is the analysis of their
    correlation matrix. Only units with all indicators are used. There are as many components as the smaller of
    the numbers of units and indicators.

    Args:
        values: shape units x indicators of one group; NaN where missing.

    Raises:
        MethodError: a table of another shape, an infinite value, fewer than two complete units, or an indicator
            that is constant among them.
    """
    table = checked(values)
    complete = table[np.isfinite(table).all(axis=1)]
    if len(complete) < 2:
        raise MethodError(f"{len(complete)} units have all indicators", "two or more", "impute or use fewer indicators")
    constant = np.flatnonzero(complete.min(axis=0) == complete.max(axis=0))
    if len(constant):
        column = int(constant[0])
        raise MethodError(f"indicator {column} is constant", "values that differ", "leave it out", column=column)
    standardised = (complete - complete.mean(axis=0)) / complete.std(axis=0, ddof=1)
    _, singular, directions = np.linalg.svd(standardised, full_matrices=False)
    variances = singular**2
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1)
    loadings = (directions * np.where(largest < 0, -1.0, 1.0)).T
    deviations = singular / np.sqrt(len(complete) - 1)
    return Components(deviations, variances / variances.sum(), loadings, len(complete), len(table) - len(complete))
