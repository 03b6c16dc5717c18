"""The smallest and largest value that a formula can have, found without computing it for any case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from donghaeng.rules.table import DatedSeries
from donghaeng.rules.tree import Arithmetic, Constant, Expression, Name
from donghaeng.rules.types import Type


def bounds(node: Expression) -> tuple[Any, Any]:
    """Give the smallest and the largest number that a formula can have."""
    if isinstance(node, Constant):
        return node.value, node.value
    if isinstance(node, Name):
        return node.type.lowest, node.type.highest
    if not isinstance(node, Arithmetic):
        return 0, 1
    left, right = bounds(node.left), bounds(node.right)
    if None in left or None in right:
        return 0, 0
    if node.operator == "+":
        return left[0] + right[0], left[1] + right[1]
    if node.operator == "-":
        return left[0] - right[1], left[1] - right[0]
    products = [one * other for one in left for other in right]
    return min(products), max(products)


def bounded(kind: Type, nodes: Sequence[Expression]) -> Type:
    """Give a type of numbers the limits of what is calculated."""
    if not kind.is_number:
        return kind
    found = [bounds(node) for node in nodes]
    return replace(kind, least=min(low for low, _ in found), most=max(high for _, high in found))


def type_of_series(series: DatedSeries) -> Type:
    """Give the type of a dated value, its numbers held to those it has."""
    known = [one.value for one in series.dated if one.value is not None]
    if not (series.type.is_number and known):
        return series.type
    return replace(series.type, least=min(known), most=max(known))


def is_reversed(least: Expression, most: Expression) -> bool:
    """Say whether a range ends below its start, whatever its facts are."""
    lowest, highest = bounds(least)[0], bounds(most)[1]
    return lowest is not None and highest is not None and bool(lowest > highest)


def overflows(node: Arithmetic) -> bool:
    """Say whether a calculation may have more digits than every engine computes exactly."""
    low, high = bounds(node)
    places = node.type.places if node.type.kind == "decimal" else 0
    # Python's decimals keep 28 digits; every engine computes as many exactly.
    return bool(max(abs(low), abs(high)) > min(10**18, 10 ** (28 - places)))
