"""Proofs about a table: no gap, no dead row, no contradiction, each fault with a case that shows it.

`donghaeng.rules.search` goes through every case. A fault that was found only by treating a calculation as a fact of its
own is told as possible, unless a case of real facts shows it.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from donghaeng.errors import Faults, Severity
from donghaeng.rules.decide import answer
from donghaeng.rules.partition import samples
from donghaeng.rules.search import Search
from donghaeng.rules.table import NO_RULE, UNDETERMINED, Calendar, Segment, Table
from donghaeng.rules.types import FIRST_DAY, LAST_DAY, as_json

#: A stretch of time without an end is tried on its first day and this many days later.
LATER = 3 * 366


@dataclass(frozen=True)
class Proof:
    """What the search found about one stretch of time.

    Attributes:
        segment: what is in force.
        on: the day of the cases.
        cases: how many cases were gone through.
        complete: whether all were.
        reached: ids of the rows that decide a case, or may.
        gap: facts of a case that no row decides; None when there is none.
        overlap: facts of a case that two rows of a table with hit unique decide, and their ids; None without.
        exact: whether every split was of a real fact, so that nothing found is only possible.
    """

    segment: Segment
    on: date
    cases: int
    complete: bool
    reached: frozenset[str]
    gap: Mapping[str, Any] | None
    overlap: tuple[Mapping[str, Any], tuple[str, ...]] | None
    exact: bool


def prove(segment: Segment, on: date) -> Proof:
    """Go through every case of a stretch of time, on one of its days."""
    gaps: list[Mapping[str, Any]] = []
    overlaps: list[tuple[Mapping[str, Any], tuple[str, ...]]] = []

    def leaf(assigned: Mapping[str, Any], met: tuple[tuple[int, ...], ...]) -> None:
        held = [place for place in met[0] if segment.rows[place].row.certain]
        if not met[0] and not gaps and segment.table.hit in {"first", "unique"}:
            gaps.append(search.case(assigned))
        if segment.table.hit == "unique" and len(held) > 1 and not overlaps:
            overlaps.append((search.case(assigned), tuple(segment.rows[place].row.id for place in held)))

    search = Search((segment,), on, leaf)
    search.run()
    return Proof(
        segment,
        on,
        search.cases,
        search.complete,
        frozenset(segment.rows[place].row.id for place in search.reached[0]),
        gaps[0] if gaps else None,
        overlaps[0] if overlaps else None,
        search.exact,
    )


def days_of(segment: Segment) -> tuple[date, ...]:
    """Give the days on which a stretch of time is tried.

    Its first, and its last or one some years later; where rules go by the month of the day or its length, also a day of
    each month, of leap years too.
    """
    # A stretch without a beginning is tried where people are alive: on its last day, or that of the last review.
    open_first = segment.after - timedelta(days=1) if segment.after else segment.table.reviewed
    first = min(max(segment.first, FIRST_DAY) if segment.first > date.min else open_first, LAST_DAY)
    last = segment.after - timedelta(days=1) if segment.after else min(first + timedelta(days=LATER), LAST_DAY)
    days = {first, max(first, last)}
    calendars = [one.calculation for one in segment.derived.values() if isinstance(one.calculation, Calendar)]
    if any(one.function in {"month", "days_in_month"} for one in calendars):
        met: set[tuple[int, int]] = set()
        last = segment.after - timedelta(days=1) if segment.after else LAST_DAY
        for months in range(5 * 12):
            day = date(first.year + (first.month - 1 + months) // 12, (first.month - 1 + months) % 12 + 1, 1)
            length = monthrange(day.year, day.month)[1]
            if first <= day <= last and (day.month, length) not in met:
                met.add((day.month, length))
                days.add(day)
    return tuple(sorted(days))


def check_table(table: Table, faults: Faults) -> None:
    """Report gaps, dead rows, overlaps and days without a row, each with a case that shows it.

    A gap, an overlap or a dead row that a case of real facts shows is an error; one that rests on a calculation
    treated as a fact of its own is a warning.
    """
    reached: set[str] = set()
    tried: set[str] = set()
    complete = exact = True
    told: set[tuple[str, tuple[str, ...]]] = set()
    started = False
    for segment in table.segments():
        if not segment.rows:
            if started and segment.after is not None:
                span = f"{segment.first} to {segment.after - timedelta(days=1)}"
                what, remedy = f"no row is in force from {span}", "correct from and to, or say so in a row"
                faults.add(table.label, 1, 1, what, "a row on every day", remedy, "no-row", "warning")
            continue
        started = True
        tried |= {row.row.id for row in segment.rows}
        for on in days_of(segment)[:1] if table.hit in {"collect", "sum"} else days_of(segment):
            proof = prove(segment, on)
            reached |= proof.reached
            complete &= proof.complete
            exact &= proof.exact
            _tell(table, proof, told, faults)
            if not proof.complete:
                what = f"not every case could be gone through on {on}: after {proof.cases:,} the search gave up"
                remedy = "split the table over derived tables"
                faults.add(table.label, 1, 1, what, "a smaller table", remedy, "not-proven", "warning")
    for row in table.rows if complete else ():
        if row.id in tried and row.id not in reached:
            # Where a calculation was split as a fact of its own, the search may have missed the case that reaches it.
            severity: Severity = "error" if exact else "warning"
            what = f'the row "{row.id}" {"can never apply" if exact else "may never apply"}'
            remedy = "remove it, move it up, or correct its condition"
            faults.add(table.label, row.line, 1, what, "a row that decides a case", remedy, "dead-row", severity)


def _tell(table: Table, proof: Proof, told: set[tuple[str, tuple[str, ...]]], faults: Faults) -> None:
    if proof.gap is not None:
        shown = _shown_gap(proof)
        key = ("gap", tuple(sorted(proof.gap)))
        if key not in told:
            told.add(key)
            what = f"no row decides {_told(proof.gap, proof.on)}"
            remedy = "add a last row without a condition, or widen one"
            severity: Any = "error" if shown else "warning"
            faults.add(table.label, 1, 1, what, "an answer to every case", remedy, "gap", severity)
    if proof.overlap is not None:
        facts, ids = proof.overlap
        if ("overlap", ids) not in told:
            told.add(("overlap", ids))
            line = next(row.line for row in table.rows if row.id == ids[-1])
            what = f"{' and '.join(ids)} both decide {_told(facts, proof.on)}"
            remedy = "correct a condition, or use hit: first"
            shown = proof.exact or _is_real(proof, facts)
            faults.add(table.label, line, 1, what, "one row", remedy, "overlap", "error" if shown else "warning")


def _shown_gap(proof: Proof) -> bool:
    """Say whether a case of real facts shows the gap."""
    if proof.gap is None:
        return False
    if not _is_real(proof, proof.gap):
        return False
    found = answer(proof.segment, proof.on, {**_fill(proof), **proof.gap})
    return found.outcome["result"] == UNDETERMINED and found.reason == NO_RULE


def _is_real(proof: Proof, facts: Mapping[str, Any]) -> bool:
    return facts.keys() <= proof.segment.table.all_inputs.keys()


def _fill(proof: Proof) -> dict[str, Any]:
    """Give a value to every input, for those that a case leaves open."""
    return {name: values[0] for name, values in samples(proof.segment, proof.on).items()}


def _told(facts: Mapping[str, Any], on: date) -> str:
    def shown(value: Any) -> str:
        given = as_json(value)
        if isinstance(given, bool):
            return "yes" if given else "no"
        return ",".join(given) or "none" if isinstance(given, list) else str(given)

    parts = [f"{name}={shown(value)}" for name, value in facts.items() if not name.startswith("calculated ")]
    return f"the case {', '.join(parts) or 'without any fact'} on {on}"
