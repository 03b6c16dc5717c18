"""What changes between two days, two states of knowledge, or two versions of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from donghaeng.errors import UsageError, listed
from donghaeng.rules import tree
from donghaeng.rules.decide import Answer, answer
from donghaeng.rules.partition import samples
from donghaeng.rules.search import Search
from donghaeng.rules.table import UNDETERMINED, LookupOf, Segment, Table, direct_reads
from donghaeng.rules.tree import Constant, Expression
from donghaeng.rules.types import Type

#: So many changes are looked for.
MOST_CHANGES = 1_000


#: So many cases in which the same rows apply before and after are compared: their amounts may differ for some only.
MOST_ALIKE = 50


#: So many points are tried for facts that no condition settles.
POINTS = 40


@dataclass(frozen=True)
class State:
    """A table on a day, with what is known on a day.

    Attributes:
        table: the table.
        on: the day of the decision.
        known_on: the day whose knowledge is used; None for all.
    """

    table: Table
    on: date
    known_on: date | None = None

    @property
    def segment(self) -> Segment:
        """What is in force."""
        return self.table.segment(self.on, self.known_on)


@dataclass(frozen=True)
class Difference:
    """A kind of case whose answer changes.

    Attributes:
        before: the answer before.
        after: the answer after.
        facts: facts of a case; what is absent does not matter.
    """

    before: Answer
    after: Answer
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Differences:
    """All kinds of cases whose answer changes.

    Attributes:
        found: one of each pair of reasons and results, in the order of the rows.
        complete: whether every case was gone through; not so where amounts come from formulas that may differ at values
            that were not tried.
        rows_added: ids of rows that are in force only after.
        rows_removed: ids of rows that are in force only before.
        values_changed: names of dated values with their value before and after.
    """

    found: tuple[Difference, ...]
    complete: bool
    rows_added: tuple[str, ...]
    rows_removed: tuple[str, ...]
    values_changed: Mapping[str, tuple[Any, Any]]


def differences(before: State, after: State) -> Differences:
    """Find for which cases the answer changes, each kind with an example.

    Every case of the boundary partition of both states is gone through. Ages and periods are those of the later day in
    both, so that only the rules differ and nobody has grown older.

    Raises:
        UsageError: the two tables ask for facts of different types.
    """
    first, second = before.segment, after.segment
    _check_alike(before.table, after.table)
    on = after.on
    points = _points(first, second, on)
    found: dict[tuple[Any, ...], Difference] = {}
    tried: Counter[object] = Counter()
    shown: set[object] = set()
    #: Pairs of rows whose answers are not the same constants before and after, so that some case may differ.
    may_differ: set[object] = set()

    def compare(assigned: Mapping[str, Any], met: tuple[tuple[int, ...], ...]) -> None:
        tried[met] += 1
        if tried[met] > MOST_ALIKE or len(found) >= MOST_CHANGES:
            return
        facts = {name: value for name, value in search.case(assigned).items() if name in points[0]}
        if tried[met] == 1 and not _alike(first, second, met):
            may_differ.add(met)
        for point in points if met in may_differ else points[:1]:
            was, now, used = _answered(first, second, on, facts, point)
            if was.outcome == now.outcome:
                if was.outcome["result"] == UNDETERMINED and not (was.missing or now.missing):
                    shown.add(met)  # no fact would settle either side
                continue
            shown.add(met)
            key = (was.outcome["result"], was.reason, now.outcome["result"], now.reason)
            case = {**used, **facts}
            if key not in found or len(case) < len(found[key].facts):
                found[key] = Difference(was, now, case)
            break

    search = Search((first, second), on, compare)
    search.run()
    complete = search.complete and search.exact and len(found) < MOST_CHANGES and may_differ <= shown
    order = {row.row.id: place for place, row in enumerate((*first.rows, *second.rows))}
    ordered = sorted(
        found.values(), key=lambda one: (order.get(one.before.reason, -1), order.get(one.after.reason, -1))
    )
    ids = [{row.row.id for row in segment.rows} for segment in (first, second)]
    return Differences(
        tuple(ordered),
        complete,
        tuple(row.row.id for row in second.rows if row.row.id not in ids[0]),
        tuple(row.row.id for row in first.rows if row.row.id not in ids[1]),
        _changed_values(first, second),
    )


def _alike(first: Segment, second: Segment, met: tuple[tuple[int, ...], ...]) -> bool:
    """Say whether the rows that may decide give constants, or the same formulas on both sides."""
    rows = [[side.rows[place] for place in places] for side, places in zip((first, second), met, strict=True)]
    formulas = [
        [_written(side, node) for row in own for node in row.then.values() if not isinstance(node, Constant)]
        for side, own in zip((first, second), rows, strict=True)
    ]
    return formulas[0] == formulas[1] or not any(formulas)


def _written(segment: Segment, node: Expression) -> str:
    """Write a formula with all that is calculated for it; equal texts give equal amounts."""
    texts = [repr(node)]
    names = list(tree.names(node))
    for name in names:
        if name in segment.derived:
            calculation = segment.derived[name].calculation
            texts.append(f"{name}: {calculation!r}")
            names += [read for read in direct_reads(calculation) if read not in names]
            if isinstance(calculation, LookupOf):
                rows = segment.lookups[calculation.table].rows
                texts += [repr((row.condition, sorted(row.then.items()))) for row in rows]
        elif name in segment.constants:
            texts.append(f"{name}: {segment.constants[name].value!r}")
    return "; ".join(texts)


def _points(first: Segment, second: Segment, on: date) -> list[dict[str, Any]]:
    """Give values for facts that no condition settles, at which amounts are compared: low, high and in between."""
    found: dict[str, list[Any]] = {}
    types: dict[str, Type] = {}
    for side in (first, second):
        for name, values in samples(side, on).items():
            found.setdefault(name, []).extend(values)
            types[name] = side.table.all_inputs[name].type
    for name, kind in types.items():
        if kind.is_number:
            more = [kind.lowest, 0, 1, 3, 7, 40, 1_000, 12_345, 1_000_000, kind.highest]
            found[name] += [one for one in more if kind.lowest <= one <= kind.highest]
        found[name] = list(dict.fromkeys(kind.check(one) for one in found[name]))
    # Different steps for different facts, so that they do not all grow together.
    return [
        {name: values[(number * (2 * place + 1)) % len(values)] for place, (name, values) in enumerate(found.items())}
        for number in range(POINTS)
    ]


def _answered(
    first: Segment, second: Segment, on: date, facts: Mapping[str, Any], point: Mapping[str, Any]
) -> tuple[Answer, Answer, dict[str, Any]]:
    """Decide on both sides with the facts that matter, and with a point for what they need beside them."""
    used: dict[str, Any] = {}
    answers = []
    for side in (first, second):
        known = {name: value for name, value in facts.items() if name in side.table.all_inputs}
        one = answer(side, on, known)
        if one.outcome["result"] == UNDETERMINED and one.missing:
            used |= {name: point[name] for name in one.missing if name in point}
            one = answer(side, on, {**known, **used})
        answers.append(one)
    return answers[0], answers[1], used


def _check_alike(one: Table, other: Table) -> None:
    odd = [
        name
        for name, item in one.all_inputs.items()
        if name in other.all_inputs and other.all_inputs[name].type.kind != item.type.kind
    ]
    if odd:
        raise UsageError(f"the two tables ask for facts of different types: {listed(odd)}; compare tables that fit")


def _changed_values(first: Segment, second: Segment) -> dict[str, tuple[Any, Any]]:
    changed = {}
    for name in dict.fromkeys([*first.table.values, *second.table.values]):
        was, now = first.constants.get(name), second.constants.get(name)
        values = (was.value if was else None, now.value if now else None)
        if values[0] != values[1]:
            changed[name] = values
    return changed
