"""One case by the plain meaning of a table: what every faster engine is held to.

The facts of a case are checked, the derived facts calculated, every rule in force gets its truth (true, false or
unknown), and the rules that may apply, the candidates, give the answer where all of them say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from donghaeng.civil_calendar.jurisdictions import Calendar as JurisdictionCalendar
from donghaeng.civil_calendar.jurisdictions import calendar_of
from donghaeng.errors import InputError
from donghaeng.rules import tree
from donghaeng.rules.table import (
    MISSING_FACTS,
    NO_RULE,
    ON,
    UNDETERMINED,
    UNKNOWN_RULE,
    UNKNOWN_VALUE,
    Calculation,
    Calendar,
    ChoiceOf,
    FormulaOf,
    LookupOf,
    RowInForce,
    Segment,
    ShareOf,
    calculation_expressions,
    direct_reads,
)
from donghaeng.rules.tree import Constant, Expression, Name
from donghaeng.rules.types import FIRST_DAY, LAST_DAY

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a table says of a case.

    Attributes:
        outcome: value by field; ``result`` is ``undetermined`` where the table cannot say, other fields are None then.
        reason: id of the row, or one of the reasons of the engine.
        rows: the rows that decided: the first that certainly applies; where it is undetermined, all candidates.
        missing: inputs that are still needed, in the order of the table.
    """

    outcome: Mapping[str, Any]
    reason: str
    rows: tuple[RowInForce, ...]
    missing: tuple[str, ...]


def answer(segment: Segment, on: date, facts: Facts) -> Answer:
    """Decide one case.

    Args:
        segment: what is in force on the day.
        on: the day of the decision.
        facts: value by input, checked; absent or None is unknown.
    """
    known = derive(segment, on, facts)
    truths = [truth(row, known) for row in segment.rows]
    hit = segment.table.hit
    if hit in {"collect", "sum"}:
        return _all_that_hold(segment, truths, known, facts)
    candidates, settled = candidates_of(segment, truths)
    outcomes = [outcome_of(segment, row, known) for row in candidates]
    first = outcomes[0] if settled else None
    if first is not None and all(one == first for one in outcomes):
        # The one that certainly applies stands last of a first hit, first of a unique one.
        certain = candidates[-1 if hit == "first" else 0]
        return Answer(first, certain.row.id, (certain,), ())
    return _undetermined(segment, candidates, outcomes, known, facts)


def truth(row: RowInForce, known: Facts) -> bool | None:
    """Say whether a rule applies; None when it is unknown, as it is of a rule whose own text is unknown."""
    holds = tree.evaluate(row.condition, known)
    if holds is False:
        return False
    return True if holds is True and row.row.certain else None


def candidates_of(segment: Segment, truths: Sequence[bool | None]) -> tuple[tuple[RowInForce, ...], bool]:
    """Give the rules that may decide the case, and whether one of them certainly applies.

    Of a table with hit first, those from the first that may apply to the first that certainly does. Of a table with
    hit unique, the one that certainly applies, with the rules of unknown text that may; all that may where none
    certainly does. Two that certainly apply contradict one another: none is settled.
    """
    rows = segment.rows
    if segment.table.hit == "unique":
        certain = [row for row, one in zip(rows, truths, strict=True) if one]
        doubtful = [row for row, one in zip(rows, truths, strict=True) if one is None]
        if len(certain) == 1:
            doubtful = [row for row in doubtful if not row.row.certain]
        return (*certain, *doubtful), len(certain) == 1
    found: list[RowInForce] = []
    for row, one in zip(rows, truths, strict=True):
        if one is not False:
            found.append(row)
        if one:
            return tuple(found), True
    return tuple(found), False


def outcome_of(segment: Segment, row: RowInForce, known: Facts) -> dict[str, Any] | None:
    """Give the answer of a rule, field by field; None when a value of it is unknown."""
    outcome: dict[str, Any] = dict.fromkeys(segment.fields)
    for name, node in row.then.items():
        value = tree.evaluate(node, known)
        if value is None:
            return None
        outcome[name] = value
    return outcome


def _undetermined(
    segment: Segment,
    candidates: Sequence[RowInForce],
    outcomes: Sequence[dict[str, Any] | None],
    known: Facts,
    facts: Facts,
) -> Answer:
    outcome: dict[str, Any] = dict.fromkeys(segment.fields)
    outcome["result"] = UNDETERMINED
    missing = missing_of(segment, candidates, known, facts)
    if missing:
        reason = MISSING_FACTS
    elif not candidates:
        reason = NO_RULE
    elif any(not row.row.certain for row in candidates):
        reason = UNKNOWN_RULE
    elif None in outcomes or any(tree.evaluate(row.condition, known) is None for row in candidates):
        reason = UNKNOWN_VALUE
    else:
        reason = NO_RULE
    return Answer(outcome, reason, tuple(candidates), missing)


def _all_that_hold(segment: Segment, truths: Sequence[bool | None], known: Facts, facts: Facts) -> Answer:
    """Answer of a table that collects the rows that hold, or sums them."""
    candidates = [row for row, one in zip(segment.rows, truths, strict=True) if one is not False]
    outcomes = [outcome_of(segment, row, known) for row in candidates]
    held = [one for one in outcomes if one is not None]
    if None in [one for one in truths if one is not False] or len(held) < len(outcomes):
        return _undetermined(segment, candidates, outcomes, known, facts)
    reason = candidates[0].row.id if candidates else NO_RULE
    if segment.table.hit == "collect":
        collected = {name: tuple(one[name] for one in held) for name in segment.fields}
        return Answer(collected, reason, tuple(candidates), ())
    summed: dict[str, Any] = {
        name: sum((one[name] for one in held if one[name] is not None), start=0)
        for name in segment.fields
        if name != "result"
    }
    result = next(iter(segment.table.outcomes["result"].type.codes))
    return Answer({"result": result, **summed}, reason, tuple(candidates), ())


def derive(segment: Segment, on: date, facts: Facts) -> dict[str, Any]:
    """Give the facts with the derived facts beside them, and the day of the decision."""
    known: dict[str, Any] = {**facts, ON: on}
    for one in segment.derived.values():
        known[one.name] = calculate(segment, one.calculation, known)
    return known


def calculate(segment: Segment, calculation: Calculation, known: Facts) -> Any:
    """Calculate a derived fact; None where it is unknown."""
    if isinstance(calculation, Calendar):
        return _calendar(segment, calculation, known)
    if isinstance(calculation, LookupOf):
        found = answer(segment.lookups[calculation.table], known[ON], known)
        if found.outcome["result"] == UNDETERMINED:
            return None
        return found.outcome[calculation.outcome]
    values: list[Any] = [tree.evaluate(node, known) for node in calculation_expressions(calculation)]
    if isinstance(calculation, FormulaOf):
        return values[0]
    if None in values:
        return None
    if isinstance(calculation, ChoiceOf):
        return min(values) if calculation.which == "least" else max(values)
    return share(values[0], values[1], values[2], calculation)


def share(of: int, part: int, whole: int, calculation: ShareOf) -> int | None:
    """Divide and round to a whole number; None when the whole is 0. Half rounds away from zero."""
    if whole == 0:
        return None
    product = of * part
    negative = (product < 0) != (whole < 0)
    quotient, rest = divmod(abs(product), abs(whole))
    if calculation.round == "half_up":
        quotient += 2 * rest >= abs(whole)
    elif rest and (calculation.round == "up") != negative:
        quotient += 1
    return -quotient if negative else quotient


def _calendar(segment: Segment, calculation: Calendar, known: Facts) -> Any:
    days = [
        segment.constants[name].value if name in segment.constants else known.get(name) for name in calculation.days
    ]
    if None in days:
        return None
    first: date = days[0]  # type: ignore[assignment]
    if calculation.function == "year":
        return first.year
    if calculation.function == "month":
        return first.month
    calendar = calendar_of(segment.table.jurisdiction)
    if calculation.function == "days_in_month":
        return calendar.month_end(first).day
    second: date = days[-1]  # type: ignore[assignment]
    if calculation.function == "age":
        return calendar.age(first, second)
    if calculation.function == "days_between":
        return (second - first).days
    length = None if calculation.length is None else tree.evaluate(calculation.length, known)
    last = None if length is None else period_end(calendar, calculation, first, length)
    if last is None or calculation.function == "last_day":
        return last
    return first <= second <= last


def period_end(calendar: JurisdictionCalendar, calculation: Calendar, start: date, length: Any) -> date | None:
    """Give the last day of a period; None, unknown, beyond the days and holidays that the calendar knows."""
    term: dict[str, int] = {str(calculation.unit): length}
    try:
        last = calendar.last_day(start, holidays=calculation.holidays, first_day=calculation.first_day, **term)
    except InputError:
        return None
    return last if FIRST_DAY <= last <= LAST_DAY else None


def missing_of(segment: Segment, candidates: Sequence[RowInForce], known: Facts, facts: Facts) -> tuple[str, ...]:
    """Give the inputs that the unknown parts of the candidates read, in the order of the table."""
    found: set[str] = set()
    for row in candidates:
        if tree.evaluate(row.condition, known) is None:
            _unknown_inputs(segment, row.condition, known, facts, found)
        for node in row.then.values():
            if tree.evaluate(node, known) is None:
                _unknown_inputs(segment, node, known, facts, found)
    return tuple(name for name in segment.table.all_inputs if name in found)


def _unknown_inputs(segment: Segment, node: Expression, known: Facts, facts: Facts, found: set[str]) -> None:
    """Collect the unknown inputs below a node whose value is unknown."""
    if isinstance(node, Name):
        _unknown_behind(segment, node.name, known, facts, found)
        return
    if isinstance(node, Constant):
        return
    for part in tree.children(node):
        if tree.evaluate(part, known) is None:
            _unknown_inputs(segment, part, known, facts, found)


def _unknown_behind(segment: Segment, name: str, known: Facts, facts: Facts, found: set[str]) -> None:
    """Collect the unknown inputs behind a name whose value is unknown."""
    if known.get(name) is not None:
        return
    if name in segment.table.all_inputs:
        if facts.get(name) is None:
            found.add(name)
        return
    one = segment.derived.get(name)
    if one is None:
        return
    if isinstance(one.calculation, LookupOf):
        other = segment.lookups[one.calculation.table]
        inner = answer(other, known[ON], known)
        for read in inner.missing:
            _unknown_behind(segment, read, known, facts, found)
        return
    for node in calculation_expressions(one.calculation):
        if tree.evaluate(node, known) is None:
            _unknown_inputs(segment, node, known, facts, found)
    for read in direct_reads(one.calculation):
        if isinstance(one.calculation, Calendar):
            _unknown_behind(segment, read, known, facts, found)
