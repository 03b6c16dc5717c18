"""The boundary partition: for every fact, one value of each stretch in which no rule can tell values apart.

A condition compares a fact with constants. Between two neighbouring constants every value is treated alike, so a few
samples stand for all of them, and going through the samples is going through every case.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from donghaeng.rules import tree
from donghaeng.rules.decide import calculate, derive
from donghaeng.rules.table import (
    ON,
    Calendar,
    Derived,
    FormulaOf,
    Segment,
    calculation_expressions,
)
from donghaeng.rules.tree import Arithmetic, Compare, Constant, Contains, Expression, Name, OneOf
from donghaeng.rules.types import FIRST_DAY, LAST_DAY, Type

#: Calculations that grow with each of their days, so that a boundary of theirs is one boundary of the day.
MONOTONE = {"age", "year", "days_between", "last_day", "within"}


@dataclass(frozen=True)
class Boundaries:
    """What the conditions of a segment compare.

    Attributes:
        constants: for each input and derived fact, the constants that it is compared with.
        codes: for each set of codes, the codes that are asked for.
        together: names that are compared with one another.
        calculations: calculations that are compared with a constant, with the constant.
    """

    constants: Mapping[str, tuple[Any, ...]]
    codes: Mapping[str, tuple[str, ...]]
    together: tuple[frozenset[str], ...]
    calculations: tuple[tuple[Expression, Any], ...] = ()


def expanded(segment: Segment, node: Expression) -> Expression:
    """Put the formulas of derived facts in the place of their names."""

    def change(part: Expression) -> Expression:
        if isinstance(part, Name) and part.name in segment.derived:
            calculation = segment.derived[part.name].calculation
            if isinstance(calculation, FormulaOf):
                return expanded(segment, calculation.formula)
        return part

    return tree.rebuilt(node, change)


def conditions(segment: Segment) -> tuple[Expression, ...]:
    """Give the conditions of the rules in force, formulas of derived facts written out."""
    found: tuple[Expression, ...] | None = segment.compiled.get("conditions")
    if found is None:
        found = segment.compiled["conditions"] = tuple(expanded(segment, row.condition) for row in segment.rows)
    return found


def boundaries(segment: Segment) -> Boundaries:
    """Collect what the conditions of a segment compare, those of the tables it reads included."""
    found: Boundaries | None = segment.compiled.get("boundaries")
    if found is None:
        found = segment.compiled["boundaries"] = _boundaries(segment)
    return found


def _boundaries(segment: Segment) -> Boundaries:
    constants: dict[str, dict[Any, None]] = {}
    codes: dict[str, dict[str, None]] = {}
    together: list[frozenset[str]] = []
    calculations: list[tuple[Expression, Any]] = []
    nodes = list(conditions(segment))
    for one in segment.derived.values():
        if not isinstance(one.calculation, FormulaOf):
            nodes += [expanded(segment, node) for node in calculation_expressions(one.calculation)]
    for part in (part for node in nodes for part in tree.walk(node)):
        if isinstance(part, Contains):
            for name in tree.names(part):
                codes.setdefault(name, {})[part.code] = None
        elif isinstance(part, OneOf):
            for name in tree.names(part.item):
                constants.setdefault(name, {}).update((option.value, None) for option in part.options)
        elif isinstance(part, Compare):
            names = tree.names(part)
            sides = (part.left, part.right)
            for side, facing in (sides, sides[::-1]):
                if isinstance(side, Arithmetic) and isinstance(facing, Constant) and facing.value is not None:
                    calculations.append((side, facing.value))
            values = [node.value for node in (part.left, part.right) if isinstance(node, Constant)]
            if len(names) > 1:
                together.append(frozenset(names))
            for name in names:
                constants.setdefault(name, {}).update((value, None) for value in values if value is not None)
    for other in segment.lookups.values():
        inner = boundaries(other)
        for name, given in inner.constants.items():
            constants.setdefault(name, {}).update(dict.fromkeys(given))
        for name, given_codes in inner.codes.items():
            codes.setdefault(name, {}).update(dict.fromkeys(given_codes))
        together += inner.together
        calculations += inner.calculations
    return Boundaries(
        {name: tuple(values) for name, values in constants.items()},
        {name: tuple(values) for name, values in codes.items()},
        tuple(dict.fromkeys(together)),
        tuple(calculations),
    )


def samples(segment: Segment, on: date, facts: Mapping[str, Any] | None = None) -> dict[str, tuple[Any, ...]]:
    """Give, for every input, a value of each stretch that the rules tell apart.

    Args:
        segment: what is in force.
        on: the day of the decision; boundaries of ages and periods are counted from it.
        facts: facts that are known already; they matter for periods between two days.

    Returns:
        Values by input, in order; for a set of codes the empty set, each code that is asked for alone, and all.
    """
    found = boundaries(segment)
    known = {**(facts or {}), ON: on}
    days = _days_behind(segment, found, on, known)
    for name, values in _solved(segment, found, on, known).items():
        days.setdefault(name, []).extend(values)
    return {
        name: _of_input(item.type, name, found, days.get(name, ())) for name, item in segment.table.all_inputs.items()
    }


def _solved(segment: Segment, found: Boundaries, on: date, known: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Give the values at which a calculation of one open input comes to the constant that it is compared with."""
    solved: dict[str, list[Any]] = {}
    derived = derive(segment, on, {name: value for name, value in known.items() if name != ON})
    for calculation, constant in found.calculations:
        open_names = [name for name in tree.names(calculation) if derived.get(name) is None]
        if len(open_names) != 1 or open_names[0] not in segment.table.all_inputs:
            continue
        name = open_names[0]
        at = [tree.evaluate(calculation, {**derived, name: number}) for number in (0, 1, 2)]
        if None in at:
            continue
        start, step, next_step = Decimal(str(at[0])), at[1] - at[0], at[2] - at[1]  # type: ignore[operator]
        if step == next_step and step != 0:
            solved.setdefault(name, []).append(int((Decimal(str(constant)) - start) // Decimal(str(step))))
    return {name: [near + shift for near in values for shift in (-1, 0, 1)] for name, values in solved.items()}


def _of_input(kind: Type, name: str, found: Boundaries, days: Sequence[Any]) -> tuple[Any, ...]:
    if kind.kind == "boolean":
        return (True, False)
    if kind.kind == "codes":
        asked = [code for code in found.codes.get(name, ()) if code in kind.codes]
        sets = [frozenset[str](), *(frozenset([code]) for code in asked)]
        return tuple(dict.fromkeys([*sets, frozenset(asked)]))
    if kind.kind == "code":
        named = [code for code in kind.codes if code in found.constants.get(name, ())]
        others = [code for code in kind.codes if code not in named]
        return (*named, *others[:1]) if named else (next(iter(kind.codes)),)
    constants = [*found.constants.get(name, ()), *(() if kind.kind == "date" else days)]
    reach = 1
    for group in found.together:
        if name in group:
            constants += [value for other in group for value in found.constants.get(other, ())]
            reach = max(reach, len(group))  # so many different values between two boundaries give every order
    if kind.kind == "date":
        return between([*(one for one in constants if isinstance(one, date)), *days], kind, reach)
    return between([one for one in constants if not isinstance(one, date | str)], kind, reach)


def between(constants: Iterable[Any], kind: Type, reach: int = 1) -> tuple[Any, ...]:
    """Give each constant and values on either side of it, inside the limits of the type.

    Args:
        constants: the boundaries.
        kind: the type of the values.
        reach: how many values on each side.
    """
    if kind.kind == "date":
        steps = range(-reach, reach + 1)
        days = {day for day in constants if day is not None} or {date(2000, 1, 1)}
        near = {day + timedelta(days=step) for day in days for step in steps}
        return tuple(sorted(day for day in near if FIRST_DAY <= day <= LAST_DAY))
    step = Decimal(1).scaleb(-kind.places) if kind.kind == "decimal" else 1
    given = {value for value in constants if value is not None}
    if not given and reach == 1:
        return (_of(kind, min(max(kind.lowest, 0), kind.highest)),)
    start = given or {min(max(kind.lowest, 0) + reach * step, kind.highest)}
    found = {value + change * step for value in start for change in range(-reach, reach + 1)}
    return tuple(_of(kind, value) for value in sorted(found) if kind.lowest <= value <= kind.highest) or (kind.lowest,)


def _of(kind: Type, value: Any) -> Any:
    return Decimal(value) if kind.kind == "decimal" else int(value)


def _days_behind(segment: Segment, found: Boundaries, on: date, known: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Give the days at which a derived fact crosses one of its boundaries, by input."""
    days: dict[str, list[Any]] = {}
    segments = [segment, *segment.lookups.values()]
    for part in segments:
        for one in part.derived.values():
            for name in _free_days(part, one, known):
                constants = found.constants.get(one.name, ())
                days.setdefault(name, []).extend(_crossings(part, one, name, constants, {ON: on, **known}))
                days[name].append(on)
    return days


def _free_days(segment: Segment, one: Derived, known: Mapping[str, Any]) -> list[str]:
    calculation = one.calculation
    if not isinstance(calculation, Calendar) or calculation.function not in MONOTONE:
        return []
    unknown = [name for name in calculation.days if known.get(name) is None]
    inputs = segment.table.all_inputs
    return unknown if len(unknown) == 1 and unknown[0] in inputs else []


def _crossings(
    segment: Segment, one: Derived, name: str, constants: Sequence[Any], known: Mapping[str, Any]
) -> list[date]:
    """Find, by halving, the first day on which each comparison with a constant has its later answer."""

    def value(day: date) -> Any:
        return calculate(segment, one.calculation, {**known, name: day})

    found: list[date] = []
    if one.type.kind == "boolean":  # a period: it begins on the day, and ends with its last
        calculation = one.calculation
        if isinstance(calculation, Calendar) and name == calculation.days[0]:
            other = known.get(calculation.days[1])
            if other is not None:
                found += [other, _first(lambda day: bool(value(day)) or day > other)]
        return found
    constants = [constant for constant in constants if isinstance(constant, date) == (one.type.kind == "date")]
    rising = bool(_known(value, FIRST_DAY) <= _known(value, LAST_DAY))
    for constant in constants:
        found += [_crossing(value, constant, rising, touches) for touches in (True, False)]
    return found


def _crossing(value: Callable[[date], Any], constant: Any, rising: bool, touches: bool) -> date:
    """Find the first day on which a value has come to a constant (or gone past it)."""

    def crossed(day: date) -> bool:
        given = value(day)
        if given is None:
            return day > date(2000, 1, 1)
        above: bool = given >= constant if touches == rising else given > constant
        return above == rising

    return _first(crossed)


def _known(value: Callable[[date], Any], day: date) -> Any:
    """Give a value, at a limit of the days the last that is known."""
    step = 1 if day == FIRST_DAY else -1
    for _ in range(800):
        given = value(day)
        if given is not None:
            return given
        day += timedelta(days=step * 100)
    return 0


def _first(holds: Callable[[date], bool]) -> date:
    """Find the first day on which something holds that goes on holding."""
    low, high = FIRST_DAY.toordinal(), LAST_DAY.toordinal()
    while low < high:
        middle = (low + high) // 2
        if holds(date.fromordinal(middle)):
            high = middle
        else:
            low = middle + 1
    return date.fromordinal(low)


def crossings(
    segment: Segment, one: Derived, name: str, constants: Sequence[Any], known: Mapping[str, Any]
) -> list[date]:
    """Give the days at which a fact that rests on one day crosses constants; of a period, its first and last.

    Args:
        segment: where the fact belongs.
        one: the fact, of a function of `MONOTONE`.
        name: the input that it rests on.
        constants: what it is compared with.
        known: the day of the decision.
    """
    found = _crossings(segment, one, name, constants, known)
    calculation = one.calculation
    if isinstance(calculation, Calendar) and calculation.function == "within" and name == calculation.days[1]:
        first = known.get(calculation.days[0])
        if first is not None:
            found += [
                first,
                _first(lambda day: day > first and not calculate(segment, calculation, {**known, name: day})),
            ]
    return [*found, known[ON]]


def months_after(days: Iterable[date]) -> list[date]:
    """Give, after each day, the first day of the next month of every name and length."""
    found: dict[date, None] = {}
    for start in days:
        met: set[tuple[int, int]] = set()
        for number in range(1, 8 * 12 + 1):
            year, month = divmod(start.year * 12 + start.month - 1 + number, 12)
            if year > LAST_DAY.year:
                break
            length = monthrange(year, month + 1)[1]
            if (month, length) not in met:
                met.add((month, length))
                found[date(year, month + 1, 1)] = None
    return list(found)
