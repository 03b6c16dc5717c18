"""The design of a survey, and standard errors that follow it.

An estimate from a survey is a ratio of two weighted totals, R = sum w y / sum w x. Its variance is linearised
(Taylor series: Woodruff 1971, Journal of the American Statistical Association 66(334)): with the scores
u = w (y - R x) / sum w x, summed in each primary sampling unit c of each stratum h,

    V(R) = sum over h of n_h / (n_h - 1) * sum over c of (u_hc - mean of u_h)^2

which is the estimator for clusters drawn with replacement in the first stage ("ultimate clusters"): later stages
need no term of their own, and the finite population correction is ignored, which errs on the side of caution
(Wolter 2007, Introduction to Variance Estimation, chapter 6; for poverty counts Alkire et al. 2015,
Multidimensional Poverty Measurement and Analysis, chapter 8).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from donghaeng.index.methods import MethodError
from donghaeng.panel import Floats, Rows

LoneClusters = Literal["centred", "certainty", "refuse"]
Interval = Literal["symmetric", "logit"]


@dataclass(frozen=True)
class Estimate:
    """An estimate with its uncertainty.

    Attributes:
        value: the estimate; NaN where there is nobody to estimate it from.
        standard_error: design-based; NaN without degrees of freedom; 0 where the sample shows no variation, such as
            a share of none, which says nothing about the population.
        lower: lower bound of the confidence interval; NaN where there is no standard error.
        upper: upper bound.
    """

    value: float
    standard_error: float
    lower: float
    upper: float


@dataclass(frozen=True, eq=False)
class SurveyDesign:
    """Weights, strata and clusters of a sample.

    Attributes:
        weights: how many each household stands for, shape households, not negative. For shares of people,
            multiply the weight of the household by its number of members.
        stratum: number of the stratum of each household, from 0.
        cluster: number of the primary sampling unit of each household, from 0; unique over strata.
        lone_clusters: what a stratum with a single cluster adds to the variance: ``centred``, the square of the
            deviation of the cluster from the mean of all clusters, which is cautious (Stata's
            ``singleunit(centered)``, ``adjust`` in R's survey package); ``certainty``, nothing, for clusters that
            were sure to be drawn; or ``refuse``.
        level: confidence level of intervals.
        interval: ``symmetric``, estimate +- t * standard error, cut at 0 and 1; or ``logit``, the same on the
            logit scale, which stays inside of itself (Korn and Graubard 1998, Survey Methodology 24(2)).
    """

    weights: Floats
    stratum: Rows
    cluster: Rows
    lone_clusters: LoneClusters = "centred"
    level: float = 0.95
    interval: Interval = "symmetric"

    @cached_property
    def _stratum_of_cluster(self) -> Rows:
        result = np.zeros(int(self.cluster.max()) + 1, np.int64)
        result[self.cluster] = self.stratum
        return result

    @cached_property
    def _clusters_in_stratum(self) -> Rows:
        return np.bincount(self._stratum_of_cluster)

    @property
    def clusters(self) -> int:
        """Number of primary sampling units."""
        return len(self._stratum_of_cluster)

    @property
    def strata(self) -> int:
        """Number of strata."""
        return len(self._clusters_in_stratum)

    @property
    def lone(self) -> int:
        """Number of strata with a single cluster."""
        return int((self._clusters_in_stratum == 1).sum())

    @property
    def degrees_of_freedom(self) -> int:
        """Number of clusters less number of strata, of the whole design; also for a part of the sample."""
        return self.clusters - self.strata

    def ratio(self, numerator: npt.ArrayLike, denominator: npt.ArrayLike) -> Estimate:
        """Estimate sum w y / sum w x, a mean or a share.

        A part of the sample, such as a region, is estimated with y and x of zero outside of it: the whole design
        stays in place, as it must for the variance of a domain.

        Args:
            numerator: y, shape households.
            denominator: x, shape households; 1 for a mean over all.

        Raises:
            MethodError: a stratum with a single cluster where the design refuses it.
        """
        return self.ratio_of_totals(self.totals(numerator), self.totals(denominator))

    def totals(self, values: npt.ArrayLike, rows: Rows | None = None) -> Floats:
        """Sum w y in each cluster, which is all that an estimate and its standard error need.

        Args:
            values: y, shape households, or the shape of ``rows``.
            rows: households to sum, where others count as zero; default, all.

        Returns:
            Weighted totals, shape clusters.
        """
        weights, cluster = (self.weights, self.cluster) if rows is None else (self.weights[rows], self.cluster[rows])
        # Summed in the order of the rows: a matrix product would depend on the number of threads.
        weighted = weights * np.asarray(values, np.float64)
        return np.bincount(cluster, weighted, minlength=self.clusters).astype(np.float64)

    def ratio_of_totals(self, numerator: Floats, denominator: Floats) -> Estimate:
        """Estimate a ratio from the weighted totals of clusters, as `ratio` does from households.

        Args:
            numerator: totals of w y, shape clusters.
            denominator: totals of w x, shape clusters.

        Raises:
            MethodError: a stratum with a single cluster where the design refuses it.
        """
        total = float(denominator.sum())
        if total <= 0:
            return Estimate(np.nan, np.nan, np.nan, np.nan)
        value = float(numerator.sum()) / total
        variance = self._variance((numerator - value * denominator) / total)
        return self._with_interval(value, float(np.sqrt(variance)))

    def _variance(self, sums: Floats) -> float:
        if self.lone and self.lone_clusters == "refuse":
            what = f"{self.lone} of {self.strata} strata have a single cluster"
            remedy = "join them to similar strata, or choose lone_clusters: centred or certainty"
            raise MethodError(what, "two or more clusters in each stratum", remedy)
        if self.degrees_of_freedom < 1:
            return float("nan")
        number = self._clusters_in_stratum
        means = np.bincount(self._stratum_of_cluster, sums) / number
        squares = np.bincount(self._stratum_of_cluster, (sums - means[self._stratum_of_cluster]) ** 2)
        factor = np.divide(number, number - 1, out=np.zeros(self.strata), where=number > 1)
        variance = float(factor @ squares)
        if self.lone_clusters == "centred":
            # The scores of all clusters sum to zero, so their mean is what rounding left.
            variance += float(((means[number == 1] - sums.mean()) ** 2).sum())
        return variance

    def _with_interval(self, value: float, error: float) -> Estimate:
        if not np.isfinite(error):
            return Estimate(value, np.nan, np.nan, np.nan)
        reach = float(special.stdtrit(self.degrees_of_freedom, (1 + self.level) / 2)) * error
        if self.interval == "logit" and 0 < value < 1:
            centre, half = np.log(value / (1 - value)), reach / (value * (1 - value))
            return Estimate(value, error, float(special.expit(centre - half)), float(special.expit(centre + half)))
        return Estimate(value, error, max(0.0, value - reach), min(1.0, value + reach))


def survey_design(
    households: int,
    weights: npt.ArrayLike | None = None,
    strata: Sequence[object] | npt.NDArray[np.generic] | None = None,
    clusters: Sequence[object] | npt.NDArray[np.generic] | None = None,
    size: npt.ArrayLike | None = None,
    lone_clusters: LoneClusters = "centred",
    level: float = 0.95,
    interval: Interval = "symmetric",
) -> SurveyDesign:
    """Describe how a sample was drawn.

    Args:
        households: number of rows.
        weights: survey weight of each; default, all equal.
        strata: code of the stratum of each, of any type; default, one stratum.
        clusters: code of the primary sampling unit of each; default, each household is one. Equal codes in two
            strata are two clusters.
        size: number of members of each household, to estimate shares of people; default, shares of households.
        lone_clusters: rule for strata with a single cluster, see `SurveyDesign`.
        level: confidence level, between 0 and 1.
        interval: form of the confidence interval, see `SurveyDesign`.

    Raises:
        MethodError: a column of another length, a weight or size that is missing, infinite or negative, weights
            that sum to 0, a missing stratum or cluster, an unknown rule, or a level outside 0 to 1.
    """
    if households < 1:
        raise MethodError("no households", "at least one", "check what was selected")
    if lone_clusters not in ("centred", "certainty", "refuse") or interval not in ("symmetric", "logit"):
        what = f'unknown rule "{lone_clusters}" or "{interval}"'
        raise MethodError(what, "centred, certainty or refuse; symmetric or logit", "choose one of them")
    if not 0 < level < 1:
        raise MethodError(f"a confidence level of {level:g}", "a number between 0 and 1", "write 0.95 for 95 %")
    mass = _amounts(weights, households, "weight") * _amounts(size, households, "size")
    if mass.sum() <= 0:
        raise MethodError("the weights sum to 0", "a weight above 0", "check the column of weights")
    stratum = np.zeros(households, np.int64) if strata is None else numbered(strata, households, "stratum")
    cluster = np.arange(households) if clusters is None else numbered(clusters, households, "cluster")
    nested = np.unique(np.stack([stratum, cluster]), axis=1, return_inverse=True)[1]
    return SurveyDesign(mass, stratum, nested.ravel(), lone_clusters, level, interval)


def _amounts(values: npt.ArrayLike | None, households: int, what: str) -> Floats:
    if values is None:
        return np.ones(households)
    array = np.asarray(values, np.float64)
    _check_length(array.shape, households, what)
    wrong = np.flatnonzero(~np.isfinite(array) | (array < 0))
    if len(wrong):
        row = int(wrong[0])
        raise MethodError(f"the {what} {array[row]:g}", "a number that is not negative", "correct it", row=row)
    return array


def numbered(codes: Sequence[object] | npt.NDArray[np.generic], households: int, what: str) -> Rows:
    """Number codes from 0, in the order in which they appear.

    Args:
        codes: code of each household, of any type.
        households: number of rows.
        what: how to call a code in a message.

    Raises:
        MethodError: another number of codes, or a household without one (None, NaN or an empty text).
    """
    listed = list(codes)
    _check_length((len(listed),), households, what)
    # NaN is the only value that differs from itself.
    missing = next((row for row, code in enumerate(listed) if code is None or code == "" or code != code), None)
    if missing is not None:
        raise MethodError(f"a household without a {what}", "one for each", 'add it, or write "unknown"', row=missing)
    number = {code: at for at, code in enumerate(dict.fromkeys(listed))}
    return np.array([number[code] for code in listed], np.int64)


def _check_length(shape: tuple[int, ...], households: int, what: str) -> None:
    if shape != (households,):
        raise MethodError(f"a column of shape {shape} for the {what}", f"{households} rows", "one for each household")
