"""Series over time: chained from period to period, and scaled to one value in a base period.

Both multiply the scores of a node by a factor for each place and period. The share of a child is multiplied by the
factor of its parent over its own, so that share x score still sums to the score of the parent.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from donghaeng.errors import nearest
from donghaeng.index.aggregate import Aggregated, Given, aggregate
from donghaeng.index.methods import MethodError
from donghaeng.index.normalise import Scaled
from donghaeng.index.prepare import StepError
from donghaeng.index.recipe import Aggregate, Chain, Rebase
from donghaeng.index.structure import Structure
from donghaeng.panel import NO_KIND, Floats, Mask, Panel


def chained(
    result: Aggregated, scaled: Scaled, given: Given, structure: Structure, mean: Aggregate, method: Chain, panel: Panel
) -> Aggregated:
    """Give composites as chained series.

    In the period `at` a series has the score as it was computed. From there on, and backwards,

        s(t) = s(r) x A(t) / A(r)

    where r is the last period with a score before t (the first one after it, going backwards), and A(r) and A(t) are
    the scores over only those indicators and given values that the place has in both, with the weights of the result.
    What comes or goes does not move the series. Where a period has nothing in common with the one before, the series of
    the root ends, and that of another composite starts anew with the factor of its parent.

    Args:
        result: scores of all nodes.
        scaled: scores of indicators.
        given: values of composites that were taken as published.
        structure: the tree.
        mean: the means of the recipe.
        method: the period to start at.
        panel: for the names of periods.

    Raises:
        StepError: no such period, or a score of 0 or less, which has no ratio.
        AggregationError: a mean cannot be formed.

    Source: ILO and others, Consumer Price Index Manual: Theory and Practice, 2004, chapter 9 (linking and chaining).
    """
    at = _position(panel, method.at, "chain")
    inner = np.array([not structure.is_leaf(index) for index in range(len(structure.nodes))])
    series = np.full(result.values.shape, np.nan)
    series[:, at] = result.values[:, at]
    for step in (1, -1):
        periods = list(range(at, result.values.shape[1] if step > 0 else -1, step))
        last = np.where(np.isfinite(series[:, at]), at, -1)
        for period in periods[1:]:
            for before in sorted(set(last[:, inner].ravel().tolist()) - {-1}):
                base, value = _on_common(scaled, given, structure, mean, result, before, period)
                here = (last == before) & inner & np.isfinite(base) & np.isfinite(value)
                _refuse_below_zero(here, base, value, before, period)
                with np.errstate(divide="ignore", invalid="ignore"):
                    linked = series[:, before] * value / base
                series[:, period] = np.where(here, linked, series[:, period])
            last = np.where(np.isfinite(series[:, period]), period, last)
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = np.where(inner, np.where(result.values != 0, series / result.values, np.nan), 1.0)
    for index in reversed(structure.bottom_up):
        for child in structure.children[index]:
            alone = np.isnan(factors[..., child]) & np.isfinite(result.values[..., child])
            factors[..., child] = np.where(alone, factors[..., index], factors[..., child])
    return multiplied(result, factors, structure)


def _refuse_below_zero(here: Mask, base: Floats, value: Floats, before: int, period: int) -> None:
    for scores, at in ((base, before), (value, period)):
        wrong = np.argwhere(here & (scores <= 0))
        if len(wrong):
            place, node = (int(position) for position in wrong[0])
            what = f"the score on what both periods have is {scores[place, node]:g}"
            error = MethodError(what, "scores above 0 to form a ratio", "take a scale with positive scores")
            raise StepError("chain", error, place, at, node)


def _on_common(
    scaled: Scaled,
    given: Given,
    structure: Structure,
    mean: Aggregate,
    result: Aggregated,
    before: int,
    period: int,
) -> tuple[Floats, Floats]:
    """Compute two periods on what both have; places x nodes of the earlier and the later one."""
    pair = [before, period]
    leaves = np.array([structure.is_leaf(index) for index in range(len(structure.nodes))])
    there, is_given = np.isfinite(scaled.values[:, pair]), result.given[:, pair]
    same_leaf = there.all(axis=1)
    same_given = is_given.all(axis=1) & (given.counts[:, before] == given.counts[:, period])
    withheld = np.where(leaves, ~same_leaf, is_given.any(axis=1) & ~same_given)
    common = aggregate(
        Scaled(scaled.values[:, pair], scaled.kinds[:, pair], scaled.half_digits[:, pair]),
        Given(given.values[:, pair], given.counts[:, pair], given.kinds[:, pair], given.half_digits[:, pair]),
        structure,
        mean,
        lambda composite, _: result.weights[list(structure.children[composite])],
        np.repeat(withheld[:, None, :], 2, axis=1),
    )
    return common.values[:, 0], common.values[:, 1]


def rebased(result: Aggregated, structure: Structure, method: Rebase, panel: Panel) -> Aggregated:
    """Scale series so that each has the value of the recipe in its base period: s(t) x value / s(base period).

    Each place has its own factor, or all places that of one. A node below the root without a score above 0 in the base
    period takes the factor of its parent. A place whose root has no score then has no scores at all.

    Args:
        result: scores of all nodes.
        structure: the tree.
        method: base period, value and place.
        panel: for the names of places and periods.

    Raises:
        StepError: no such period or place, no score of the root in the base period, or one of 0 or less.
    """
    at = _position(panel, method.period, "rebase")
    base, half = result.values[:, at], result.half_digits[:, at]
    if method.place is not None:
        if method.place not in panel.places:
            remedy = nearest(method.place, panel.places) or "correct it in recipe.yaml"
            error = MethodError(f'unknown place "{method.place}"', "a place with scores", remedy)
            raise StepError("rebase", error)
        one = panel.places.index(method.place)
        base, half = np.broadcast_to(base[one], base.shape), np.broadcast_to(half[one], half.shape)
    root = base[:, structure.root]
    if not np.isfinite(root).any():
        what = f"{structure.codes[structure.root]} has no score in {method.period}"
        raise StepError("rebase", MethodError(what, "a score to divide by", "choose another period or place"))
    if (root <= 0).any():
        place = int(np.flatnonzero(root <= 0)[0])
        error = MethodError(f"the score is {root[place]:g}", "a score above 0 to divide by", "take another scale")
        raise StepError("rebase", error, place, at, structure.root)
    factors, relative = np.full(base.shape, np.nan), np.zeros(base.shape)
    factors[:, structure.root] = method.value / root
    relative[:, structure.root] = half[:, structure.root] / root
    for index in reversed(structure.bottom_up):
        for child in structure.children[index]:
            own = base[:, child] > 0
            quotient = np.divide(method.value, base[:, child], out=np.ones(len(base)), where=own)
            factors[:, child] = np.where(
                own, np.where(np.isnan(factors[:, index]), np.nan, quotient), factors[:, index]
            )
            share = np.divide(half[:, child], base[:, child], out=np.zeros(len(base)), where=own)
            relative[:, child] = np.where(own, share, relative[:, index])
    done = multiplied(result, np.broadcast_to(factors[:, None], result.values.shape), structure)
    # The base is rounded too; in its own period a series has the value by definition.
    allowed = done.half_digits + np.nan_to_num(np.abs(done.values) * relative[:, None])
    by_definition = np.abs(done.values - method.value) <= 1e-12 * method.value
    by_definition[:, [period for period in range(allowed.shape[1]) if period != at]] = False
    done.values[by_definition] = method.value
    return replace(done, half_digits=np.where(by_definition, 0.0, allowed))


def multiplied(result: Aggregated, factors: Floats, structure: Structure) -> Aggregated:
    """Multiply scores by factors above 0; where a factor is missing there is no score.

    Args:
        result: scores of all nodes.
        factors: shape places x periods x nodes; NaN takes the score away.
        structure: the tree.
    """
    values = result.values * factors
    shares = result.shares.copy()
    for index in range(len(structure.nodes)):
        children = list(structure.children[index])
        if children:
            with np.errstate(invalid="ignore", divide="ignore"):
                shares[..., children] *= factors[..., [index]] / factors[..., children]
    gone = np.isnan(values)
    taken = gone & np.isfinite(result.values)
    parents = [structure.position.get(node.parent, structure.root) for node in structure.nodes]
    unused = gone | taken[..., parents]
    return replace(
        result,
        values=values,
        kinds=np.where(gone, np.int8(NO_KIND), result.kinds).astype(np.int8),
        half_digits=np.where(gone, 0.0, np.nan_to_num(result.half_digits * np.abs(factors))),
        available=np.where(gone, 0.0, result.available),
        shares=np.where(unused, 0.0, np.nan_to_num(shares)),
        in_use=result.in_use & ~unused,
    )


def _position(panel: Panel, period: str, step: str) -> int:
    texts = [one.text for one in panel.periods]
    if period not in texts:
        raise StepError(step, MethodError(f"no values in {period}", "a period of the data", "choose another period"))
    return texts.index(period)
