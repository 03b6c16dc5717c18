"""Aggregate: scores of children to the score of their parent, over what is available."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from donghaeng.index.normalise import Scaled
from donghaeng.index.recipe import ArithmeticMean
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
        shares: share of each node in its parent's average; 0 where it takes no part. Over the children of a
            computed node the shares sum to 1.
        given: where the score is a given value.
    """

    values: Floats
    kinds: Kinds
    half_digits: Floats
    available: Floats
    shares: Floats
    given: Mask


def arithmetic(
    scaled: Scaled, given: Given, structure: Structure, method: ArithmeticMean, withheld: Mask | None = None
) -> Aggregated:
    """Average upwards through the tree: score = sum of mass x score / sum of mass, over what is available.

    The mass of a child is its weight, times the weight of all indicators in use below it when the recipe
    averages over indicators (a given composite counts as `counts` indicators of weight 1). A given value of a
    composite wins over its children. Values of kinds that may not stand in a total (second hand, inferred,
    unknown) keep their own score and take no part in their parent's average.

    Args:
        scaled: scores of indicators.
        given: values of composites.
        structure: the tree and its weights.
        method: what the average runs over.
        withheld: nodes to treat as having no value, whatever their children have; for comparing two periods
            on what both have.
    """
    shape = scaled.values.shape
    is_given = np.isfinite(given.values)
    shown = np.ones(shape, bool) if withheld is None else ~withheld
    values = np.where(is_given, given.values, scaled.values)
    kinds = np.where(is_given, given.kinds, scaled.kinds)
    half = np.where(is_given, given.half_digits, scaled.half_digits)
    # Weight of all indicators in use at or below a node, and their number.
    reach = np.where(is_given, np.nan_to_num(given.counts), np.isfinite(scaled.values))
    available = np.where(is_given, given.counts, np.isfinite(scaled.values))
    masses, shares = np.zeros(shape), np.zeros(shape)
    for index in structure.bottom_up:
        children = list(structure.children[index])
        if children:
            mass = masses[..., children]
            total = mass.sum(axis=-1)
            computed = (total > 0) & ~is_given[..., index]
            part = np.divide(mass, total[..., None], out=np.zeros_like(mass), where=computed[..., None])
            shares[..., children] = part
            mean = (part * np.nan_to_num(values[..., children])).sum(axis=-1)
            values[..., index] = np.where(computed, mean, values[..., index])
            kinds[..., index] = np.where(computed, _kind_of_mean(part, kinds[..., children]), kinds[..., index])
            half[..., index] = np.where(computed, (part * half[..., children]).sum(axis=-1), half[..., index])
            reach[..., index] = np.where(computed, total, reach[..., index])
            counts = np.where(part > 0, available[..., children], 0.0).sum(axis=-1)
            available[..., index] = np.where(computed, counts, available[..., index])
        values[..., index][~shown[..., index]] = np.nan
        counted = np.isfinite(values[..., index]) & np.isin(kinds[..., index], _COUNTED)
        unit = reach[..., index] if method.over == "indicators" else 1.0
        masses[..., index] = np.where(counted, structure.nodes[index].weight * unit, 0.0)
    missing = np.isnan(values)
    kinds[missing], half[missing], available[missing] = NO_KIND, 0.0, 0.0
    return Aggregated(values, kinds.astype(np.int8), half, available, shares, is_given & shown)


#: Simulated values form averages among themselves; `mixed` finds averages of simulated and other values.
_COUNTED = [*(int(kind) for kind in CITABLE), int(Kind.SIMULATED)]


def _kind_of_mean(shares: Floats, kinds: Kinds) -> Kinds:
    taking_part = np.where(shares > 0, kinds, np.int8(Kind.DERIVED))
    kind: Kinds = np.maximum(taking_part.max(axis=-1), np.int8(Kind.DERIVED)).astype(np.int8)
    return kind


def mixed(result: Aggregated, structure: Structure) -> list[tuple[int, int, int]]:
    """Find averages of simulated with other values: positions of place, period and composite."""
    found: list[tuple[int, int, int]] = []
    for index in structure.bottom_up:
        children = list(structure.children[index])
        if children:
            part, kinds = result.shares[..., children] > 0, result.kinds[..., children]
            simulated = kinds == Kind.SIMULATED
            both = (part & simulated).any(axis=-1) & (part & ~simulated).any(axis=-1)
            found += [(int(place), int(period), index) for place, period in np.argwhere(both)]
    return found
