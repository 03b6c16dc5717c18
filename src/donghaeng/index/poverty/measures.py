"""Multidimensional poverty by the method of Alkire and Foster.

With weights w that sum to 1 and deprivations g (1 or 0), the deprivation score of a household is c = sum of w g. It
is poor when c >= k, the poverty cut-off. Over all households, weighted by the survey:

    headcount H               share of the poor
    intensity A               mean score of the poor
    adjusted headcount M0     mean of the censored score c(k), which is c for the poor and 0 for others; H * A
    censored headcount h(k)   share that is poor and deprived in an indicator; M0 = sum of w h(k)
    contribution              w h(k) / M0; the contributions of all indicators sum to 1

Sources: Alkire and Foster 2011, Journal of Public Economics 95(7-8), sections 3 to 6; Alkire, Foster, Seth, Santos,
Roche and Ballon 2015, Multidimensional Poverty Measurement and Analysis, chapters 5 (measures) and 8 (inference).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from donghaeng.index.methods import MethodError
from donghaeng.index.poverty.design import Estimate, SurveyDesign, numbered, survey_design
from donghaeng.panel import Floats, Mask

Missing = Literal["drop", "reweight"]

#: A score that misses the poverty cut-off by rounding meets it: 1/6 + 1/18 + 1/18 + 1/18 is a third.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Counted:
    """Households with their deprivations and scores, before anybody is called poor.

    Attributes:
        deprivations: 1, 0, or NaN for unknown; shape households x indicators.
        weights: weight of each indicator for each household, shape households x indicators. Rows of households in use
            sum to 1; others are 0. They differ between households only where missing deprivations are reweighted.
        scores: deprivation score of each household in use, from 0 to 1; NaN for the others.
        missing: the rule for missing deprivations.
        used: households in use.
        dropped: number of households not in use.
        dropped_share: their share of the survey weights.
        reweighted: number of households in use with a missing deprivation.
    """

    deprivations: Floats
    weights: Floats
    scores: Floats
    missing: Missing
    used: Mask
    dropped: int
    dropped_share: float
    reweighted: int


@dataclass(frozen=True, eq=False)
class Poverty:
    """The measures of one population at one poverty cut-off.

    Attributes:
        cutoff: poverty cut-off k, a share of the weights.
        population_share: share of the population in use that belongs here; 1 for all.
        contribution: share of M0 of the whole population that these people bear; 1 for all, NaN where nobody is poor.
        headcount: H.
        intensity: A; NaN where nobody is poor.
        adjusted_headcount: M0.
        uncensored: share deprived in each indicator, poor or not, among those whose deprivation is known.
        censored: share poor and deprived in each indicator, among those whose deprivation is known. Weighted, they sum
            to M0 where no household is reweighted.
        contributions: share of M0 that each indicator brings; NaN where nobody is poor.
        contributions_of_dimensions: the same for each dimension, by name, in the order of the indicators.
        households: number of households in use.
        clusters: number of clusters with such households.
        poor_households: number of poor households in the sample.
    """

    cutoff: float
    population_share: Estimate
    contribution: Estimate
    headcount: Estimate
    intensity: Estimate
    adjusted_headcount: Estimate
    uncensored: tuple[Estimate, ...]
    censored: tuple[Estimate, ...]
    contributions: tuple[Estimate, ...]
    contributions_of_dimensions: dict[str, Estimate]
    households: int
    clusters: int
    poor_households: int

    def rows(self) -> Iterator[tuple[str, str, Estimate]]:
        """Yield every estimate with the name of its measure and of the part it is about.

        The part is the position of an indicator, the name of a dimension, or empty.
        """
        for name in ("population_share", "contribution", "headcount", "intensity", "adjusted_headcount"):
            yield name, "", getattr(self, name)
        for name in ("uncensored", "censored", "contributions"):
            for at, estimate in enumerate(getattr(self, name)):
                yield name, str(at), estimate
        for dimension, estimate in self.contributions_of_dimensions.items():
            yield "contributions_of_dimensions", dimension, estimate


def count_deprivations(
    deprivations: npt.ArrayLike, weights: npt.ArrayLike, design: SurveyDesign, missing: Missing = "drop"
) -> Counted:
    """Weigh the deprivations of each household and sum them to its score.

    Missing deprivations follow one of two rules, and what the rule did is counted. ``drop``: a household that lacks an
    indicator with a weight is left out (the rule of the global MPI). ``reweight``: the weights of the indicators that
    are known are scaled to sum to 1 for that household; one that lacks all indicators with a weight is left out.
    Either way the design keeps its clusters.

    Args:
        deprivations: 1, 0, or NaN for unknown, shape households x indicators.
        weights: weight of each indicator, not negative; they sum to 1 within 1e-6, and are scaled to sum to it exactly.
        design: the design of the survey.
        missing: the rule for missing deprivations.

    Raises:
        MethodError: shapes that do not fit, a deprivation other than 0 and 1, weights that do not sum to 1, an unknown
            rule, or no household with a weight left.
    """
    table, mass = _checked(deprivations, weights, design, missing)
    known = ~np.isnan(table)
    given = known * mass
    complete = (known | (mass == 0)).sum(axis=1) == len(mass)
    if missing == "drop":
        used = complete
        own = np.where(used[:, None], given, 0.0)
    else:
        total = given.sum(axis=1)
        used = total > 0
        # Where all is known the weights stay as they were given, to the last digit.
        scale = np.divide(1.0, total, out=np.zeros_like(total), where=used)
        own = given * np.where(complete, 1.0, scale)[:, None]
    if not design.weights[used].sum() > 0:
        raise MethodError("no household is left", "some with known deprivations", "use missing: reweight, or impute")
    scores = np.where(used, (own * np.nan_to_num(table)).sum(axis=1), np.nan)
    share = float(design.weights[~used].sum() / design.weights.sum())
    incomplete = int((used & ~complete).sum())
    return Counted(table, own, scores, missing, used, int((~used).sum()), share, incomplete)


def _checked(
    deprivations: npt.ArrayLike, weights: npt.ArrayLike, design: SurveyDesign, missing: str
) -> tuple[Floats, Floats]:
    table, mass = np.asarray(deprivations, np.float64), np.asarray(weights, np.float64)
    if missing not in ("drop", "reweight"):
        raise MethodError(
            f'unknown rule "{missing}" for missing deprivations', "drop or reweight", "choose one of them"
        )
    if table.ndim != 2 or table.shape != (len(design.weights), len(mass)):
        what = f"deprivations of the shape {table.shape}, {len(design.weights)} households and {len(mass)} weights"
        raise MethodError(what, "households x indicators", "give a row for each household and a weight for each column")
    odd = np.argwhere(~np.isnan(table) & (table != 0) & (table != 1))
    if len(odd):
        row, column = (int(at) for at in odd[0])
        what = f"the deprivation {table[row, column]:g}"
        raise MethodError(what, "1, 0, or missing", "apply a cut-off to the values first", column=column, row=row)
    if not np.isfinite(mass).all() or (mass < 0).any():
        column = int(np.flatnonzero(~np.isfinite(mass) | (mass < 0))[0])
        raise MethodError(f"the weight {mass[column]:g}", "a number that is not negative", "correct it", column=column)
    if abs(mass.sum() - 1) > 1e-6:
        raise MethodError(f"the weights sum to {mass.sum():g}", "1", "divide each by their sum")
    return table, mass / mass.sum()


def identify_poor(counted: Counted, cutoff: float) -> Mask:
    """Tell who is poor: households in use with a score of at least the poverty cut-off.

    Args:
        counted: households with their scores.
        cutoff: poverty cut-off k above 0 and up to 1. 1 asks for all deprivations (intersection); any number up to the
            smallest weight asks for one (union).

    Raises:
        MethodError: a cut-off outside of that.
    """
    if not 0 < cutoff <= 1:
        remedy = "write 0.33 for 33 %" if cutoff > 1 else "use the smallest weight for the union of deprivations"
        raise MethodError(f"a poverty cut-off of {cutoff:g}", "a share of the weights above 0 and up to 1", remedy)
    poor: Mask = counted.used & (np.nan_to_num(counted.scores) >= cutoff - ROUNDING)
    return poor


def measure(
    counted: Counted,
    design: SurveyDesign,
    cutoff: float,
    dimensions: Sequence[str] | None = None,
    domain: Mask | None = None,
) -> Poverty:
    """Measure poverty in a population, or in a part of it.

    Every measure is a ratio of weighted totals, and so has a design-based standard error; a contribution divides by
    an M0 that is itself an estimate, and its standard error says so.

    Args:
        counted: households with their scores.
        design: the design of the survey.
        cutoff: poverty cut-off k.
        dimensions: dimension of each indicator; default, none are reported.
        domain: households to measure, shape households; default, all. The whole design stays in place.

    Raises:
        MethodError: an unusable cut-off, shapes that do not fit, or a lone cluster that the design refuses.
    """
    indicators = counted.deprivations.shape[1]
    names = [] if dimensions is None else list(dimensions)
    if names and len(names) != indicators:
        raise MethodError(f"{len(names)} dimensions for {indicators} indicators", "one for each", "add what is missing")
    if domain is not None and np.shape(domain) != counted.used.shape:
        what = f"a domain of the shape {np.shape(domain)} for {len(counted.used)} households"
        raise MethodError(what, "yes or no for each household", "add what is missing")
    here = counted.used if domain is None else np.asarray(domain, bool) & counted.used
    rows, everyone = np.flatnonzero(here), identify_poor(counted, cutoff)
    poor, scores, own = everyone[rows], counted.scores[rows], counted.weights[rows]
    deprived, known = np.nan_to_num(counted.deprivations[rows]), ~np.isnan(counted.deprivations[rows])

    def total(values: npt.ArrayLike) -> Floats:
        return design.totals(values, rows)

    members, all_poor = total(np.ones(len(rows))), np.flatnonzero(everyone)
    censored = total(np.where(poor, scores, 0.0))
    # What each indicator adds to the censored scores.
    parts = [total(own[:, at] * deprived[:, at] * poor) for at in range(indicators)]
    of_dimension = {
        name: np.sum([parts[at] for at in range(indicators) if names[at] == name], axis=0)
        for name in dict.fromkeys(names)
    }
    share = design.ratio_of_totals
    answered = [total(known[:, at]) for at in range(indicators)]
    return Poverty(
        cutoff,
        share(members, design.totals(counted.used)),
        share(censored, design.totals(counted.scores[all_poor], all_poor)),
        share(total(poor), members),
        share(censored, total(poor)),
        share(censored, members),
        tuple(share(total(deprived[:, at]), answered[at]) for at in range(indicators)),
        tuple(share(total(deprived[:, at] * poor), answered[at]) for at in range(indicators)),
        tuple(share(part, censored) for part in parts),
        {name: share(part, censored) for name, part in of_dimension.items()},
        len(rows),
        len(np.unique(design.cluster[rows])),
        int(poor.sum()),
    )


def decompose(
    counted: Counted,
    design: SurveyDesign,
    cutoff: float,
    groups: Sequence[object] | npt.NDArray[np.generic],
    dimensions: Sequence[str] | None = None,
) -> dict[object, Poverty]:
    """Measure poverty in each group of the population, such as a region.

    M0 is the mean of the M0 of the groups, weighted by their shares of the population, and so are H and the headcounts;
    ``contribution`` is population share * M0 of the group / M0, and sums to 1 over the groups.

    Args:
        counted: households with their scores.
        design: the design of the survey.
        cutoff: poverty cut-off k.
        groups: group of each household, shape households; each household belongs to one.
        dimensions: dimension of each indicator; default, none are reported.

    Returns:
        Measures by group, in the order in which groups appear.

    Raises:
        MethodError: not one group for each household, a household without one, or as `measure`.
    """
    number = numbered(groups, len(counted.scores), "group")
    names = list(dict.fromkeys(groups))
    return {name: measure(counted, design, cutoff, dimensions, number == at) for at, name in enumerate(names)}


@dataclass(frozen=True, eq=False)
class PovertyResult:
    """Poverty of a population at one or more cut-offs, and in its groups.

    Attributes:
        counted: households with their scores, and what was done about missing deprivations.
        design: the design of the survey.
        overall: measures at each cut-off, in the order given.
        groups: measures of each group at each cut-off; empty without groups.
    """

    counted: Counted
    design: SurveyDesign
    overall: tuple[Poverty, ...]
    groups: tuple[dict[object, Poverty], ...]


def measure_poverty(
    deprivations: npt.ArrayLike,
    weights: npt.ArrayLike,
    cutoffs: Sequence[float],
    design: SurveyDesign | None = None,
    missing: Missing = "drop",
    dimensions: Sequence[str] | None = None,
    groups: Sequence[object] | npt.NDArray[np.generic] | None = None,
) -> PovertyResult:
    """Measure multidimensional poverty at one or more poverty cut-offs.

    Args:
        deprivations: 1, 0, or NaN for unknown, shape households x indicators; `deprivation_matrix` makes them.
        weights: weight of each indicator, summing to 1.
        cutoffs: poverty cut-offs, such as 1/3, or 0.2, 1/3 and 0.5 for vulnerable, poor and severely poor.
        design: the design of the survey; default, a simple random sample with equal weights.
        missing: ``drop`` or ``reweight``, see `count_deprivations`.
        dimensions: dimension of each indicator; default, none are reported.
        groups: group of each household, such as its region; default, none.

    Raises:
        MethodError: as `count_deprivations`, `measure` and `decompose`; and no cut-off at all.

    Reference case (Alkire et al. 2015, box 5.5): four persons with scores of 0, 1/2, 1 and 1/4.

    >>> matrix = [[0, 0, 0, 0], [0, 1, 0, 1], [1, 1, 1, 1], [0, 0, 0, 1]]
    >>> found = measure_poverty(matrix, [0.25] * 4, [0.5]).overall[0]
    >>> found.headcount.value, found.intensity.value, found.adjusted_headcount.value
    (0.5, 0.75, 0.375)
    """
    if not len(cutoffs):
        raise MethodError("no poverty cut-off", "at least one", "state one, such as 1/3")
    plan = design or survey_design(len(np.asarray(deprivations)))
    counted = count_deprivations(deprivations, weights, plan, missing)
    overall = tuple(measure(counted, plan, cutoff, dimensions) for cutoff in cutoffs)
    parts = () if groups is None else tuple(decompose(counted, plan, k, groups, dimensions) for k in cutoffs)
    return PovertyResult(counted, plan, overall, parts)
