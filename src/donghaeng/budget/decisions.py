"""``decisions.csv``: what was advised, what was decided and why, and what came of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path

import pyarrow as pa

from donghaeng import periods
from donghaeng.budget.cells import (
    EVIDENCE,
    Context,
    amount,
    evidence,
    known_code,
    node,
    place,
    positive,
    word,
    year,
)
from donghaeng.budget.needs import Needs
from donghaeng.sources import Kind
from donghaeng.table import read_rows

OUTCOMES = ("followed", "partly", "not_followed", "open")
COLUMNS = (
    *("id", "budget_year", "option", "advised", "decided", "outcome", "reason_ko", "reason_en", "role_ko", "role_en"),
    *("decided_on", "node", "place", "expected", "actual", *EVIDENCE),
)


@dataclass(frozen=True)
class Decision:
    """A decision on advice.

    Attributes:
        id: its id.
        budget_year: the year that the money was for.
        option: what it was for.
        advised: own money that was advised.
        decided: own money that was decided; None while it is open.
        outcome: ``followed``, ``partly``, ``not_followed`` or ``open``.
        reasons: why, by language.
        roles: the role of who decided, by language; never a name.
        decided_on: day, month or year.
        node: the indicator that was to move.
        place: where.
        expected: units that were expected to be delivered in the budget year.
        actual: units that were delivered; NaN while nobody knows.
        kind: how it is known.
        source: ids of sources, separated by semicolons.
        note: what else is known.
    """

    id: str
    budget_year: str
    option: str
    advised: int
    decided: int | None
    outcome: str
    reasons: tuple[str, str]
    roles: tuple[str, str]
    decided_on: str
    node: str
    place: str
    expected: float
    actual: float
    kind: Kind
    source: str
    note: str


def decisions_table(decisions: tuple[Decision, ...]) -> pa.Table:
    """Give the decisions as a table, in the order of the file, with the difference of actual and expected units."""
    rows = [
        {
            "id": one.id,
            "budget_year": one.budget_year,
            "option": one.option,
            "advised": one.advised,
            "decided": one.decided,
            "outcome": one.outcome,
            "reason_ko": one.reasons[0],
            "reason_en": one.reasons[1],
            "role_ko": one.roles[0],
            "role_en": one.roles[1],
            "decided_on": one.decided_on,
            "node": one.node,
            "place": one.place,
            "expected": one.expected if isfinite(one.expected) else None,
            "actual": one.actual if isfinite(one.actual) else None,
            "difference": one.actual - one.expected if isfinite(one.actual - one.expected) else None,
            "kind": one.kind.word,
            "source": one.source,
            "note": one.note,
        }
        for one in decisions
    ]
    money, numbers = ("advised", "decided"), ("expected", "actual", "difference")
    names = [*COLUMNS[: COLUMNS.index("actual") + 1], "difference", "kind", "source", "note"]
    types = {**dict.fromkeys(money, pa.int64()), **dict.fromkeys(numbers, pa.float64())}
    return pa.Table.from_pylist(rows, pa.schema([(name, types.get(name, pa.string())) for name in names]))


def read_decisions(
    path: Path,
    label: str,
    languages: tuple[str, ...],
    options: Collection[str],
    needs: Needs,
    context: Context,
) -> tuple[Decision, ...]:
    """Read ``decisions.csv``. Actual units that are not written are those of ``needs.csv``, once the year is there.

    Args:
        path: the file.
        label: how faults name it.
        languages: languages in which reasons and roles are given.
        options: codes of options.
        needs: what was delivered.
        context: what cells are checked against, and where faults go.
    """
    faults, decisions = context.faults, []
    seen: set[str] = set()
    for row in read_rows(path, label, COLUMNS, (), faults):
        before = len(faults.errors)
        if not row["id"] or row["id"] in seen:
            what = f'the id "{row["id"]}" is empty or used before'
            row.fault(faults, "id", what, "each id once", "rename", "duplicate")
        seen.add(row["id"])
        when = year(row, "budget_year", faults)
        known_code(row, "option", options, "options.csv", faults)
        advised = amount(row, "advised", faults)
        outcome = word(row, "outcome", OUTCOMES, faults)
        decided = amount(row, "decided", faults) if row["decided"] or outcome != "open" else None
        for language in languages:
            for column in (f"reason_{language}", f"role_{language}"):
                if not row[column] and outcome != "open":
                    row.fault(faults, column, f"{column} is missing", "a text", "write it", "missing-value")
        if outcome != "open" and not periods.is_date(row["decided_on"]):
            what = f'"{row["decided_on"]}" is not a day, month or year'
            row.fault(faults, "decided_on", what, "2026-12-12, say", "correct it", "not-a-period")
        code, where = node(row, context), place(row, context)
        expected = positive(row, "expected", faults, zero=True) if row["expected"] else nan
        if row["actual"]:
            actual = positive(row, "actual", faults, zero=True)
        else:
            known = needs.series(code, where).get(when)
            actual = known.delivered if known else nan
        kind = evidence(row, context)
        if len(faults.errors) == before and advised is not None and expected is not None and actual is not None:
            decisions.append(
                Decision(
                    id=row["id"],
                    budget_year=when,
                    option=row["option"],
                    advised=advised,
                    decided=decided,
                    outcome=outcome,
                    reasons=(row["reason_ko"], row["reason_en"]),
                    roles=(row["role_ko"], row["role_en"]),
                    decided_on=row["decided_on"],
                    node=code,
                    place=where,
                    expected=expected,
                    actual=actual,
                    kind=kind,
                    source=row["source"],
                    note=row["note"],
                )
            )
    return tuple(decisions)
