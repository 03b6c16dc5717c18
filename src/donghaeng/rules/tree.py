"""The checked form of a condition or formula: one tree that every engine prints or compiles.

Three-valued logic of Kleene: a name whose value is unknown makes a comparison unknown; AND and OR know their
answer when the other side settles it. BETWEEN is written as two comparisons, so no engine needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from donghaeng.rules.types import Type

Comparison = Literal["=", "<>", "<", "<=", ">", ">="]
Operator = Literal["+", "-", "*"]
Value = bool | int | Decimal | str | date | frozenset[str]


@dataclass(frozen=True, slots=True)
class Name:
    """A fact, a derived fact or a dated value."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Constant:
    """A value; None is a value that nobody knows."""

    value: Value | None
    type: Type


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison of two numbers, days, codes or truth values."""

    operator: Comparison
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class OneOf:
    """Whether a value is one of several constants."""

    item: Expression
    options: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class Contains:
    """Whether a set of codes has a code."""

    codes: Expression
    code: str


@dataclass(frozen=True, slots=True)
class Member:
    """Whether a code is in a dated list of codes; of a day it is a `OneOf` of the list of that day."""

    item: Expression
    codes: Name


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """A part holds."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Expression


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A sum, difference or product of two numbers; the difference of nothing and a number is its negative."""

    operator: Operator
    left: Expression
    right: Expression
    type: Type


Expression = Name | Constant | Compare | OneOf | Contains | Member | And | Or | Not | Arithmetic

TRUE = And(())


def children(node: Expression) -> tuple[Expression, ...]:
    """Give the parts of a node."""
    if isinstance(node, Compare | Arithmetic):
        return (node.left, node.right)
    if isinstance(node, And | Or):
        return node.parts
    if isinstance(node, OneOf):
        return (node.item,)
    if isinstance(node, Contains):
        return (node.codes,)
    if isinstance(node, Member):
        return (node.item, node.codes)
    if isinstance(node, Not):
        return (node.part,)
    return ()


def walk(node: Expression) -> Iterator[Expression]:
    """Give a node and everything below it, parents first."""
    yield node
    for part in children(node):
        yield from walk(part)


def names(node: Expression) -> tuple[str, ...]:
    """Give the names that a tree reads, each once, in order."""
    return tuple(dict.fromkeys(part.name for part in walk(node) if isinstance(part, Name)))


def rebuilt(node: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """Give the tree with `change` applied to each node, children first."""
    if isinstance(node, Compare | Arithmetic):
        node = replace(node, left=rebuilt(node.left, change), right=rebuilt(node.right, change))
    elif isinstance(node, And | Or):
        node = replace(node, parts=tuple(rebuilt(part, change) for part in node.parts))
    elif isinstance(node, OneOf | Member):
        node = replace(node, item=rebuilt(node.item, change))
    elif isinstance(node, Contains):
        node = replace(node, codes=rebuilt(node.codes, change))
    elif isinstance(node, Not):
        node = replace(node, part=rebuilt(node.part, change))
    return change(node)


def substituted(node: Expression, constants: Mapping[str, Constant]) -> Expression:
    """Put constants in the place of names; a dated list becomes its codes, or unknown where it is not known."""

    def change(part: Expression) -> Expression:
        if isinstance(part, Name):
            return constants.get(part.name, part)
        if isinstance(part, Member) and part.codes.name in constants:
            codes = constants[part.codes.name].value
            if not isinstance(codes, frozenset):
                return Constant(None, Type("boolean"))
            kind = Type("code", part.codes.type.codes)
            return OneOf(part.item, tuple(Constant(code, kind) for code in sorted(codes)))
        return part

    return rebuilt(node, change)


def evaluate(node: Expression, facts: Mapping[str, object]) -> object:
    """Compute a tree on facts; None is unknown. The plain meaning that every engine is tested against.

    Args:
        node: the tree.
        facts: value by name, as `donghaeng.rules.types.Type.check` gives them; an absent name is unknown.
    """
    if isinstance(node, Name):
        return facts.get(node.name)
    if isinstance(node, Constant):
        return node.value
    if isinstance(node, And | Or):
        settles = isinstance(node, Or)
        values = [evaluate(part, facts) for part in node.parts]
        if settles in values:
            return settles
        return None if None in values else not settles
    if isinstance(node, Not):
        value = evaluate(node.part, facts)
        return None if value is None else not value
    values = [evaluate(part, facts) for part in children(node)]
    if None in values:
        return None
    if isinstance(node, OneOf):
        return values[0] in [option.value for option in node.options]
    if isinstance(node, Contains):
        return node.code in values[0]  # type: ignore[operator]
    if isinstance(node, Member):
        return values[0] in values[1]  # type: ignore[operator]
    return OPERATIONS[node.operator](*values)


OPERATIONS: Mapping[str, Callable[..., object]] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
}
