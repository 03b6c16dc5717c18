"""Aggregate: scores of children to the score of their parent, upwards through the tree, over what is available."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from donghaeng.index.methods import MethodError, outrank, weigh
from donghaeng.index.methods import mean as means
from donghaeng.index.normalise import Scaled
from donghaeng.index.recipe import (
    Aggregate,
    BenefitOfTheDoubt,
    Freeze,
    GeneralisedMean,
    MazziottaPareto,
    Mean,
    OrderedWeighted,
)
from donghaeng.index.structure import Structure
from donghaeng.panel import NO_KIND, Floats, Kinds, Mask
from donghaeng.sources import CITABLE, Kind


@dataclass(frozen=True, eq=False)
class Given:
    """Values of composites that are taken as they were published, shape places x periods x nodes.

    Attributes:
        values: the values; NaN where none is given.
        counts: number of indicators behind each.
        kinds: kind of each.
        half_digits: half a unit of the last printed digit.
    """

    values: Floats
    counts: Floats
    kinds: Kinds
    half_digits: Floats


@dataclass(frozen=True, eq=False)
class Aggregated:
    """Scores of all nodes, shape places x periods x nodes.

    Attributes:
        values: the scores; NaN where there is none.
        kinds: kind of each score.
        half_digits: what the rounding of the inputs allows, to first order.
        available: number of indicators behind each score; NaN where a given value does not say.
        shares: how much a point of each node moves its parent: its share in an arithmetic mean, the partial
            derivative in another (Euler's theorem: over the children of a computed node share x score sums to
            its score; a ratio, its complement and ranks have none); 0 where it takes no part.
        given: where the score is a given value.
        weights: weight of each node among its siblings.
        in_use: where the score of a node goes into that of its parent.
        held: where a composite keeps the score of the period before, so that its children have no share in it; None
            for nowhere.
    """

    values: Floats
    kinds: Kinds
    half_digits: Floats
    available: Floats
    shares: Floats
    given: Mask
    weights: Floats
    in_use: Mask
    held: Mask | None = None


def aggregate(
    scaled: Scaled,
    given: Given,
    structure: Structure,
    method: Aggregate,
    weigher: Weigher,
    withheld: Mask | None = None,
    freeze: Freeze | None = None,
    observed: Mask | None = None,
    out: Mask | None = None,
) -> Aggregated:
    """Average upwards through the tree, each composite by the mean of its level.

    The mass of a child is its weight, times the weight of all indicators in use below it when the mean runs over
    indicators (a given composite counts as `counts` indicators of weight 1). A given value of a composite wins
    over its children. Values of kinds that may not stand in a total (second hand, inferred, unknown) keep their own
    score and take no part in their parent's average.

    Args:
        scaled: scores of indicators.
        given: values of composites.
        structure: the tree.
        method: the mean of each level.
        weigher: gives the weights of the children of a composite from their scores.
        withheld: nodes to treat as having no value, whatever their children have; for comparing two periods
            on what both have.
        freeze: composites that keep their last score when their data are old.
        observed: indicators with a value of the period itself; all that have a score when absent.
        out: nodes that are left out (`left_out`). They are no missing data: they have no value and no weight, and
            thresholds count over what is left.

    Raises:
        AggregationError: a mean cannot be formed, such as a geometric one over a zero.
    """
    shape = scaled.values.shape
    is_given = np.isfinite(given.values)
    gone = np.zeros(shape[-1], bool) if out is None else out
    shown = np.broadcast_to(~gone, shape) if withheld is None else ~withheld & ~gone
    values = np.where(is_given, given.values, scaled.values)
    kinds = np.where(is_given, given.kinds, scaled.kinds)
    half = np.where(is_given, given.half_digits, scaled.half_digits)
    # Weight of all indicators in use at or below a node, and their number.
    reach = np.where(is_given, np.nan_to_num(given.counts), np.isfinite(scaled.values))
    available = np.where(is_given, given.counts, np.isfinite(scaled.values))
    shares, used, held = np.zeros(shape), np.zeros(shape, bool), np.zeros(shape, bool)
    weights = np.ones(shape[-1])
    counted = np.zeros(shape, bool)
    new_data = _share_observed(np.isfinite(scaled.values) if observed is None else observed, structure, gone)
    for index in structure.bottom_up:
        children = list(structure.children[index])
        if children:
            mean = method.of(structure.codes[index], structure.levels[index])
            taking_part = counted[..., children]
            inputs = np.where(taking_part, values[..., children], np.nan)
            weights[children] = np.where(gone[children], 0.0, weigher(index, inputs))
            unit = reach[..., children] if mean.over == "indicators" else 1.0
            mass = np.where(taking_part, weights[children] * unit, 0.0)
            score, part = _mean(mean, inputs, mass, weights[children], index)
            slopes = part
            if mean.rescale_around is not None:
                score, part, slopes = _rescaled(score, part, mean.rescale_around, structure, index)
            if freeze is not None and _may_freeze(freeze, structure, index):
                score, stays = _frozen(score, new_data[..., index], freeze.least_observed)
                held[..., index] = stays & ~is_given[..., index]
            computed = np.isfinite(score) & ~is_given[..., index]
            part = np.where((computed & ~held[..., index])[..., None], part, 0.0)
            in_use = computed[..., None] & (mass > 0)
            used[..., children] = in_use
            shares[..., children] = part
            values[..., index] = np.where(computed, score, values[..., index])
            kinds[..., index] = np.where(computed, _kind_of_mean(in_use, kinds[..., children]), kinds[..., index])
            spread = np.where(computed, (np.abs(slopes) * half[..., children]).sum(axis=-1), 0.0)
            half[..., index] = np.where(computed, spread, half[..., index])
            reach[..., index] = np.where(computed, mass.sum(axis=-1), reach[..., index])
            counts = np.where(in_use, available[..., children], 0.0).sum(axis=-1)
            available[..., index] = np.where(computed, counts, available[..., index])
        values[..., index][~shown[..., index]] = np.nan
        counted[..., index] = np.isfinite(values[..., index]) & np.isin(kinds[..., index], _COUNTED)
    missing = np.isnan(values)
    kinds[missing], half[missing], available[missing] = NO_KIND, 0.0, 0.0
    return Aggregated(values, kinds.astype(np.int8), half, available, shares, is_given & shown, weights, used, held)


def _share_observed(observed: Mask, structure: Structure, gone: Mask) -> Floats:
    """Give the share of the indicators below each node, without those left out, with a value of the period itself."""
    leaves = np.array([structure.is_leaf(index) for index in range(len(structure.nodes))])
    counts, of = (observed & ~gone).astype(np.float64), (leaves & ~gone).astype(np.float64)
    for index in structure.bottom_up:
        children = list(structure.children[index])
        if children:
            counts[..., index] = counts[..., children].sum(axis=-1)
            of[index] = of[children].sum()
    return counts / np.maximum(of, 1.0)


def left_out(structure: Structure, nodes: Iterable[int], screened: Iterable[int], given: Given) -> Mask | None:
    """Say which nodes are left out: by choice, or for too little data in the step ``screen``; None for no node.

    Args:
        structure: the tree.
        nodes: positions of the nodes that are left out by choice.
        screened: positions of the indicators that were screened out; what stands for them (``same_as``) is too.
        given: composites with values of their own stand without their children.
    """
    gone = {*screened}
    gone |= {copy for copy, origin in structure.copies if origin in gone} | {*nodes}
    if not gone:
        return None
    standing = np.flatnonzero(np.isfinite(given.values).any(axis=(0, 1))).tolist()
    return structure.without(gone, standing)


def _rescaled(
    score: Floats, part: Floats, around: float, structure: Structure, composite: int
) -> tuple[Floats, Floats, Floats]:
    """Stretch scores around a value (ONS, Health Index 2022 and 2023: around + K x (score - around)).

    Returns:
        Scores; shares, stretched so that share x score still sums to the score; and how much a point of each child
        moves the score.
    """
    factor = float(structure.nodes[composite].details.get("rescale") or 1.0)
    stretched = around + factor * (score - around)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(score != 0, stretched / score, 0.0)
    return stretched, part * np.nan_to_num(ratio)[..., None], part * factor


def _may_freeze(freeze: Freeze, structure: Structure, index: int) -> bool:
    named = freeze.nodes is None or structure.codes[index] in freeze.nodes
    return named and freeze.level == structure.levels[index]


def _frozen(score: Floats, new_data: Floats, least: float) -> tuple[Floats, Mask]:
    """Hold the score of the period before where too few indicators have new data; says where it is held."""
    result, held = score.copy(), np.zeros(score.shape, bool)
    for period in range(1, score.shape[1]):
        held[:, period] = (new_data[:, period] < least) & np.isfinite(result[:, period - 1])
        result[:, period] = np.where(held[:, period], result[:, period - 1], result[:, period])
    return result, held


class Weigher(Protocol):
    """Gives the weights of the children of a composite."""

    def __call__(self, composite: int, scores: Floats, /) -> Floats:
        """Give one weight a child.

        Args:
            composite: position of the composite.
            scores: scores of its children, shape places x periods x children; NaN where they take no part.
        """


class AggregationError(ValueError):
    """A mean cannot be formed, or the weights that it takes.

    Attributes:
        composite: position of the composite.
        cell: place, period and child (counted within the composite) that it fails at; None for no single one.
        error: what the method says.
        step: what fails: ``mean`` or ``weights``.
        child: the child it fails at (counted within the composite), where no single cell is to blame.
        unit: place and period that it fails at; None for no single ones.
    """

    def __init__(
        self,
        composite: int,
        cell: tuple[int, int, int] | None,
        error: MethodError,
        step: Literal["mean", "weights"] = "mean",
        child: int | None = None,
        unit: tuple[int, int] | None = None,
    ) -> None:
        """Keep the place of the failure."""
        super().__init__(str(error))
        self.unit = unit
        self.composite = composite
        self.cell = cell
        self.error = error
        self.step = step
        self.child = cell[2] if cell is not None else child


def _mean(method: Mean, x: Floats, mass: Floats, weights: Floats, composite: int) -> tuple[Floats, Floats]:
    """Give the mean of children and its partial derivatives, which are their shares; both 0 for no mean."""
    if not (mass > 0).any():
        return np.full(x.shape[:-1], np.nan), np.zeros(x.shape)
    inputs = np.where(mass > 0, x, np.nan)
    # The means refuse weights that sum to zero; a row with nothing to average gets any others.
    safe = np.where((mass > 0).any(axis=-1, keepdims=True), mass, 1.0)
    try:
        score, gradient = _MEANS[method.method](method, inputs, safe)
        if method.least_available > 0:
            whole = np.broadcast_to(weights, x.shape)
            score = means.withhold(score, inputs, whole, least_weight_share=method.least_available)
    except MethodError as error:
        cell, unit = None, None
        if error.row is not None:
            place, period = np.unravel_index(error.row, x.shape[:-1])
            unit = (int(place), int(period))
            cell = None if error.column is None else (*unit, int(error.column))
        raise AggregationError(composite, cell, error, unit=unit) from None
    # A power mean of power below 1 rises infinitely fast from a 0, which brings no points all the same.
    return score, np.nan_to_num(gradient, posinf=0.0, neginf=0.0)


def _generalised(method: GeneralisedMean, x: Floats, mass: Floats) -> tuple[Floats, Floats]:
    return means.generalised(x, mass, power=method.power), means.generalised_gradient(x, mass, power=method.power)


def _mazziotta_pareto(method: MazziottaPareto, x: Floats, mass: Floats) -> tuple[Floats, Floats]:
    gradient = means.mazziotta_pareto_gradient(x, mass, penalty=method.penalty)
    return means.mazziotta_pareto(x, mass, penalty=method.penalty), gradient


def _ordered_weighted(method: OrderedWeighted, x: Floats, mass: Floats) -> tuple[Floats, Floats]:
    del mass  # the weights belong to positions
    order = np.array(method.position_weights)
    return means.ordered_weighted(x, order), means.ordered_weighted_gradient(x, order)


def _kemeny_young(method: Mean, x: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """Number of places behind each place, on the mean of the best rankings of each period; no shares either."""
    del method
    scores = np.full(x.shape[:-1], np.nan)
    for period in range(x.shape[1]):
        present = np.flatnonzero(np.isfinite(x[:, period]).any(axis=-1))
        if present.size:
            shares = outrank.outranking(x[present, period], mass[present, period].max(axis=0))
            positions = outrank.kemeny_young(shares).rank_shares @ np.arange(present.size)
            scores[present, period] = present.size - 1 - positions
    return scores, np.zeros(x.shape)


def _benefit_of_the_doubt(method: BenefitOfTheDoubt, x: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """Score of each place under the weights that suit it best, period by period."""
    del mass  # every place has weights of its own
    scores, shares = np.full(x.shape[:-1], np.nan), np.zeros(x.shape)
    for period in range(x.shape[1]):
        present = np.flatnonzero(np.isfinite(x[:, period]).any(axis=-1))
        if present.size:
            try:
                best = weigh.benefit_of_the_doubt(
                    x[present, period], method.least_share, method.most_share, limits_on=method.limits_on
                )
            except MethodError as error:
                if error.row is not None:  # the row is that of the places of the period; the caller counts all cells
                    error.row = int(present[error.row]) * x.shape[1] + period
                raise
            scores[present, period], shares[present, period] = best.scores, best.weights
    return scores, shares


def _product(method: Mean, x: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """Product of the children that are there; each has an equal part in it, so that share x score sums to it."""
    del method
    there = np.isfinite(x) & (mass > 0)
    product = np.where(there.any(axis=-1), np.where(there, x, 1.0).prod(axis=-1), np.nan)
    counts = np.maximum(there.sum(axis=-1), 1)[..., None]
    shares = np.divide(product[..., None], x * counts, out=np.zeros(x.shape), where=there & (x != 0))
    return product, shares


def _ratio(method: Mean, x: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """First child over the second, or 1 less that; no child brings points of it alone, so there are no shares."""
    del mass
    if x.shape[-1] != 2:
        raise MethodError(f"a ratio of {x.shape[-1]} children", "two children", "give it a first and a second child")
    zero = np.argwhere(x[..., 1] == 0)
    if len(zero):
        row = int(np.ravel_multi_index(tuple(zero[0]), x.shape[:-1]))
        raise MethodError("the second child is 0", "a number to divide by", "choose another", column=1, row=row)
    ratio = x[..., 0] / x[..., 1]
    return (ratio if method.method == "ratio" else 1.0 - ratio), np.zeros(x.shape)


def _copeland(method: Mean, x: Floats, mass: Floats) -> tuple[Floats, Floats]:
    """Copeland scores of the places of each period; points that no child brings alone, so there are no shares."""
    del method
    scores = np.full(x.shape[:-1], np.nan)
    for period in range(x.shape[1]):
        present = np.isfinite(x[:, period]).any(axis=-1)
        if present.any():
            weights = mass[present, period].max(axis=0)
            scores[present, period] = outrank.copeland(outrank.outranking(x[present, period], weights))
    return scores, np.zeros(x.shape)


_MeanFunction = Callable[[Any, Floats, Floats], tuple[Floats, Floats]]

_MEANS: dict[str, _MeanFunction] = {
    "arithmetic": lambda _, x, mass: (means.arithmetic(x, mass), means.arithmetic_gradient(x, mass)),
    "geometric": lambda _, x, mass: (means.geometric(x, mass), means.geometric_gradient(x, mass)),
    "harmonic": lambda _, x, mass: (means.harmonic(x, mass), means.harmonic_gradient(x, mass)),
    "generalised": _generalised,
    "median": lambda _, x, mass: (means.median(x, mass), means.median_gradient(x, mass)),
    "minimum": lambda _, x, mass: (means.minimum(x, mass), means.minimum_gradient(x, mass)),
    "mazziotta_pareto": _mazziotta_pareto,
    "adjusted_mazziotta_pareto": _mazziotta_pareto,
    "ordered_weighted": _ordered_weighted,
    "copeland": _copeland,
    "kemeny_young": _kemeny_young,
    "benefit_of_the_doubt": _benefit_of_the_doubt,
    "product": _product,
    "ratio": _ratio,
    "complement_of_ratio": _ratio,
}


#: Simulated values form averages among themselves; `mixed` finds averages of simulated and other values.
_COUNTED = [*(int(kind) for kind in CITABLE), int(Kind.SIMULATED)]


def taking_part(result: Aggregated) -> Mask:
    """Say which nodes go into the mean of their parent."""
    part: Mask = np.isfinite(result.values) & np.isin(result.kinds, _COUNTED) & (result.weights > 0)
    return part


def _kind_of_mean(in_use: Mask, kinds: Kinds) -> Kinds:
    taking_part = np.where(in_use, kinds, np.int8(Kind.DERIVED))
    kind: Kinds = np.maximum(taking_part.max(axis=-1), np.int8(Kind.DERIVED)).astype(np.int8)
    return kind


def mixed(result: Aggregated, structure: Structure) -> list[tuple[int, int, int]]:
    """Find averages of simulated with other values: positions of place, period and composite."""
    found: list[tuple[int, int, int]] = []
    for index in structure.bottom_up:
        children = list(structure.children[index])
        if children:
            part, kinds = result.in_use[..., children], result.kinds[..., children]
            simulated = kinds == Kind.SIMULATED
            both = (part & simulated).any(axis=-1) & (part & ~simulated).any(axis=-1)
            found += [(int(place), int(period), index) for place, period in np.argwhere(both)]
    return found
