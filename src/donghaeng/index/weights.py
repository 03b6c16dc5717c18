"""Weigh: the weights of the children of each composite, as the recipe says."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from donghaeng.index.aggregate import AggregationError, Weigher
from donghaeng.index.methods import MethodError, weigh
from donghaeng.index.recipe import AnalyticHierarchy, AnyWeigh, BudgetAllocation, TopWeigh, WeighChildren
from donghaeng.index.structure import Structure
from donghaeng.panel import Floats, Mask

#: Methods that look at the scores of the children, pooled over all places and periods.
_FROM_SCORES: dict[str, Callable[[Floats], Floats]] = {
    "pca": weigh.first_component,
    "pca_varimax": lambda x: weigh.rotated_components(x).weights,
    "factor_ml": lambda x: weigh.one_factor(x).weights,
    "entropy": weigh.entropy,
    "critic": weigh.critic,
    "correlation_balanced": lambda x: weigh.balanced(x).weights,
}


@dataclass(frozen=True)
class Consistency:
    """How well the comparisons in pairs of one node agree with each other.

    Attributes:
        composite: position of the node whose children were compared.
        index: (largest eigenvalue - children) / (children - 1); 0 when each comparison agrees with all others.
        ratio: that over the index of random comparisons; up to 0.1 is usually accepted. NaN for more than 15 children.
    """

    composite: int
    index: float
    ratio: float


def weigher(structure: Structure, method: TopWeigh, main: Mask | None = None, left_out: Mask | None = None) -> Weigher:
    """Give the function that weighs the children of a composite.

    Args:
        structure: the tree with its given weights.
        method: the method of each level.
        main: places that weights are estimated from; default, all.
        left_out: nodes that are left out by choice; weights are estimated from the children that are left. Weights by
            judgement stay what they are.

    Returns:
        A function that raises `AggregationError` where a method cannot be applied.
    """
    gone = np.zeros(len(structure.nodes), bool) if left_out is None else left_out

    def weigh_children(composite: int, scores: Floats) -> Floats:
        rule = _rule(structure, method, composite)
        children = structure.children[composite]
        codes = [structure.codes[child] for child in children]
        try:
            if isinstance(rule, BudgetAllocation):
                return _budget_allocation(rule, codes)
            if isinstance(rule, AnalyticHierarchy):
                return _analytic_hierarchy(rule, codes).weights
            if rule.method == "given":
                return np.array([structure.nodes[child].weight for child in children])
            if rule.method == "equal":
                return np.ones(len(children))
            known = scores if main is None else np.where(main[:, None, None], scores, np.nan)
            stay = [at for at, child in enumerate(children) if not gone[child]]
            weights = np.zeros(len(children))
            if len(stay) < min(2, len(children)):
                weights[stay] = 1.0
            else:
                weights[stay] = _FROM_SCORES[rule.method](known.reshape(-1, len(children))[:, stay])
            return weights
        except MethodError as error:
            cell, column = None, error.column
            if column is not None and isinstance(rule, WeighChildren):
                column = [at for at, child in enumerate(children) if not gone[child]][column]
            if error.row is not None and column is not None:
                place, period = np.unravel_index(error.row, scores.shape[:-1])
                cell = (int(place), int(period), column)
            # Of a cell the locator says where it stands; a column is one of the children.
            named_codes = [code for code, child in zip(codes, children, strict=True) if not gone[child]]
            what = error.what if cell is not None else _with_codes(error.what, named_codes)
            named = MethodError(what, error.expected, error.remedy, column, error.row)
            raise AggregationError(composite, cell, named, "weights", column) from None

    return weigh_children


def consistencies(structure: Structure, method: TopWeigh) -> tuple[Consistency, ...]:
    """Say of every node whose children were compared in pairs how consistent the comparisons are.

    Args:
        structure: the tree.
        method: the method of each level.

    Raises:
        MethodError: a pair that is not compared.
    """
    found = []
    for composite in structure.bottom_up:
        rule = _rule(structure, method, composite)
        if structure.children[composite] and isinstance(rule, AnalyticHierarchy):
            unlimited = rule.model_copy(update={"most_inconsistent": None})
            result = _analytic_hierarchy(unlimited, [structure.codes[child] for child in structure.children[composite]])
            found.append(Consistency(composite, result.consistency_index, result.consistency_ratio))
    return tuple(found)


def _rule(structure: Structure, method: TopWeigh, composite: int) -> AnyWeigh:
    return method.levels.get(str(structure.levels[composite]), method)


def _with_codes(text: str, codes: list[str]) -> str:
    """Name the children that a method knows by their column."""
    return re.sub(r"\bcolumn (\d+)\b", lambda match: codes[int(match[1])], text)


def _budget_allocation(method: BudgetAllocation, codes: list[str]) -> Floats:
    missing = [code for code in codes if code not in method.points]
    if missing:
        raise MethodError(f"no points for {', '.join(missing)}", "points for every child", "add them to weigh.points")
    rows = [method.points[code] for code in codes]
    odd = next((at for at, row in enumerate(rows) if len(row) != len(rows[0])), None)
    if odd is not None:
        what = f"{len(rows[odd])} experts gave points to {codes[odd]}, {len(rows[0])} to {codes[0]}"
        raise MethodError(what, "one number an expert for every code", "add the missing ones", column=odd)
    try:
        return weigh.budget_allocation(np.array(rows).T)
    except MethodError as error:
        # Its rows are experts, which no cell of the data stands for.
        what = re.sub(r"\bitem (\d+)\b", lambda match: codes[int(match[1])], error.what)
        what = re.sub(r"\bexpert (\d+)\b", lambda match: f"expert {int(match[1]) + 1}", what)
        raise MethodError(what, error.expected, error.remedy, error.column) from None


def _analytic_hierarchy(method: AnalyticHierarchy, codes: list[str]) -> weigh.AnalyticHierarchy:
    matrix = np.full((len(codes), len(codes)), np.nan)
    np.fill_diagonal(matrix, 1.0)
    position = {code: index for index, code in enumerate(codes)}
    for first, second, times in method.comparisons:
        if first in position and second in position:
            at, other = position[first], position[second]
            if np.isfinite(matrix[at, other]) and not np.isclose(matrix[at, other], times):
                what = f"{first} and {second} are compared twice, with {matrix[at, other]:g} and {times:g}"
                raise MethodError(what, "one comparison of each pair", "remove one of them", column=at)
            matrix[at, other] = times
            matrix[other, at] = 1 / times
    open_pairs = np.argwhere(np.isnan(matrix))
    if len(open_pairs):
        first, second = (codes[index] for index in open_pairs[0])
        column = int(open_pairs[0][0])
        what, remedy = f"{first} and {second} are not compared", "add it to comparisons"
        raise MethodError(what, "every pair of children", remedy, column=column)
    result = weigh.analytic_hierarchy(matrix)
    limit = method.most_inconsistent
    if limit is not None and result.consistency_ratio > limit:
        what = f"the comparisons have the consistency ratio {result.consistency_ratio:.3f}"
        raise MethodError(what, f"at most {limit:g}", "look at the comparisons again, or raise most_inconsistent")
    return result
