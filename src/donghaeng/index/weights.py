"""Weigh: the weights of the children of each composite, as the recipe says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from donghaeng.index.aggregate import AggregationError, Weigher
from donghaeng.index.methods import MethodError, weigh
from donghaeng.index.recipe import Weigh
from donghaeng.index.structure import Structure
from donghaeng.panel import Floats

#: Methods that look at the scores of the children, pooled over all places and periods.
_FROM_SCORES: dict[str, Callable[[Floats], Floats]] = {
    "pca": weigh.first_component,
    "pca_varimax": lambda x: weigh.rotated_components(x).weights,
    "factor_ml": lambda x: weigh.one_factor(x).weights,
    "entropy": weigh.entropy,
    "critic": weigh.critic,
    "correlation_balanced": lambda x: weigh.balanced(x).weights,
}


def weigher(structure: Structure, method: Weigh) -> Weigher:
    """Give the function that weighs the children of a composite.

    Args:
        structure: the tree with its given weights.
        method: the method of each level.

    Returns:
        A function that raises `AggregationError` where a method cannot be applied.
    """

    def weigh_children(composite: int, scores: Floats) -> Floats:
        rule = method.levels.get(str(structure.levels[composite]), method)
        chosen = rule.method
        children = structure.children[composite]
        if chosen == "given":
            return np.array([structure.nodes[child].weight for child in children])
        if chosen == "equal":
            return np.ones(len(children))
        codes = [structure.codes[child] for child in children]
        try:
            if chosen == "budget_allocation":
                return _budget_allocation(rule, codes)
            if chosen == "ahp":
                return _analytic_hierarchy(rule, codes)
            return _FROM_SCORES[chosen](scores.reshape(-1, len(children)))
        except MethodError as error:
            raise AggregationError(composite, None, error) from None

    return weigh_children


def _budget_allocation(method: Weigh, codes: list[str]) -> Floats:
    missing = [code for code in codes if code not in method.points]
    if missing:
        raise MethodError(f"no points for {', '.join(missing)}", "points for every child", "add them to weigh.points")
    rows = [method.points[code] for code in codes]
    if len({len(row) for row in rows}) > 1:
        raise MethodError("experts differ between codes", "one number an expert for every code", "add the missing ones")
    return weigh.budget_allocation(np.array(rows).T)


def _analytic_hierarchy(method: Weigh, codes: list[str]) -> Floats:
    matrix = np.full((len(codes), len(codes)), np.nan)
    np.fill_diagonal(matrix, 1.0)
    position = {code: index for index, code in enumerate(codes)}
    for first, second, times in method.comparisons:
        if first in position and second in position:
            matrix[position[first], position[second]] = times
            matrix[position[second], position[first]] = 1 / times
    open_pairs = np.argwhere(np.isnan(matrix))
    if len(open_pairs):
        first, second = (codes[index] for index in open_pairs[0])
        raise MethodError(f"{first} and {second} are not compared", "every pair of children", "add it to comparisons")
    return weigh.analytic_hierarchy(matrix).weights
