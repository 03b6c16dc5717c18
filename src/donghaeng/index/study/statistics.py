"""Descriptive statistics of indicators, with flags for what deserves a second look."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from donghaeng.index.study.values import checked
from donghaeng.panel import Floats, Mask


@dataclass(frozen=True)
class Thresholds:
    """Where a flag is raised.

    Attributes:
        skew: an indicator may have outliers when its skew is above this in size and its kurtosis above the next.
        kurtosis: see ``skew``; both as proposed by the JRC (Nardo et al. 2008, OECD/JRC Handbook; Becker et al.
            2022, COINr, Journal of Open Source Software 7(78), 4567).
        available: least share of units with a value.
        non_zero: least share of values other than zero.
        unique: least share of different values.
    """

    skew: float = 2.0
    kurtosis: float = 3.5
    available: float = 0.65
    non_zero: float = 0.5
    unique: float = 0.5


@dataclass(frozen=True, eq=False)
class Statistics:
    """Statistics of each indicator; every array has one entry for each column.

    Attributes:
        minimum: smallest value.
        maximum: largest value.
        mean: arithmetic mean.
        median: median.
        deviation: standard deviation with n - 1.
        skew: sample-adjusted skew (type 2, Excel SKEW); NaN below 3 values or for a constant.
        kurtosis: sample-adjusted excess kurtosis (type 2, Excel KURT); NaN below 4 values or for a constant.
        available: number of values.
        non_zero: number of values other than zero.
        unique: number of different values.
        same: how often the most frequent value occurs.
        share_available: available / units.
        share_non_zero: non-zero / available.
        share_unique: unique / available.
        share_same: same / available.
        flag_available: too few values.
        flag_non_zero: too many zeros.
        flag_unique: too few different values.
        flag_outliers: both skew and kurtosis beyond their thresholds.
    """

    minimum: Floats
    maximum: Floats
    mean: Floats
    median: Floats
    deviation: Floats
    skew: Floats
    kurtosis: Floats
    available: Floats
    non_zero: Floats
    unique: Floats
    same: Floats
    share_available: Floats
    share_non_zero: Floats
    share_unique: Floats
    share_same: Floats
    flag_available: Mask
    flag_non_zero: Mask
    flag_unique: Mask
    flag_outliers: Mask

    def columns(self) -> dict[str, Floats | Mask]:
        """Give the statistics by name, in order, for a table with one row for each indicator."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def skew(values: npt.ArrayLike) -> float:
    """Sample-adjusted skew: sqrt(n (n - 1)) / (n - 2) * m3 / m2^1.5, with the central moments m.

    Type 2 of Joanes and Gill (1998, The Statistician 47(1)), the SKEW of spreadsheets.

    Args:
        values: shape units; NaN where missing.

    Returns:
        The skew; NaN below 3 values or for a constant.
    """
    given = _given(np.asarray(values, np.float64))
    n = len(given)
    if n < 3 or given.min() == given.max():
        return float("nan")
    centred = given - given.mean()
    return float(np.sqrt(n * (n - 1)) / (n - 2) * np.mean(centred**3) / np.mean(centred**2) ** 1.5)


def kurtosis(values: npt.ArrayLike) -> float:
    """Sample-adjusted excess kurtosis: (n - 1) / ((n - 2)(n - 3)) * ((n + 1)(m4 / m2^2 - 3) + 6).

    Type 2 of Joanes and Gill (1998, The Statistician 47(1)), the KURT of spreadsheets.

    Args:
        values: shape units; NaN where missing.

    Returns:
        The kurtosis, 0 for a normal distribution; NaN below 4 values or for a constant.
    """
    given = _given(np.asarray(values, np.float64))
    n = len(given)
    if n < 4 or given.min() == given.max():
        return float("nan")
    centred = given - given.mean()
    excess = np.mean(centred**4) / np.mean(centred**2) ** 2 - 3
    return float((n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * excess + 6))


def describe(values: npt.ArrayLike, thresholds: Thresholds | None = None) -> Statistics:
    """Describe each indicator.

    The flags compare the shares that stand beside them. COINr 1.1 shows shares of the available values and
    compares shares of all units instead, so that a missing value counts as a zero and as no value of its own;
    both give the same flags wherever nothing is missing.

    Args:
        values: shape units x indicators; NaN where missing.
        thresholds: where flags are raised.

    Returns:
        Statistics; a column without any value has NaN and the flag for availability.

    Raises:
        MethodError: a table of another shape, or an infinite value.
    """
    table = checked(values)
    limits = thresholds or Thresholds()
    rows = np.array([_column(table[:, column]) for column in range(table.shape[1])]).T
    available, non_zero, unique, same = rows[7:11]
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = [available / len(table), non_zero / available, unique / available, same / available]
    flags = [
        shares[0] < limits.available,
        shares[1] < limits.non_zero,
        shares[2] < limits.unique,
        (np.abs(rows[5]) > limits.skew) & (rows[6] > limits.kurtosis),
    ]
    return Statistics(*rows, *shares, *flags)


def _column(column: Floats) -> list[float]:
    given = _given(column)
    if not len(given):
        return [np.nan] * 7 + [0.0] * 4
    counts = np.unique(given, return_counts=True)[1]
    deviation = float(given.std(ddof=1)) if len(given) > 1 else float("nan")
    moments = [given.min(), given.max(), given.mean(), float(np.median(given)), deviation, skew(given), kurtosis(given)]
    return [*moments, len(given), int((given != 0).sum()), len(counts), int(counts.max())]


def _given(column: Floats) -> Floats:
    return column[np.isfinite(column)]
