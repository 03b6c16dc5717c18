"""``budget_lines.csv``: money as it is, by programme, phase, fund and purpose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal, get_args

import pyarrow as pa

from donghaeng.budget.cells import EVIDENCE, Context, amount, evidence, known_code, word, year
from donghaeng.budget.settings import BudgetSettings
from donghaeng.sources import Kind
from donghaeng.table import Row, read_rows

#: In the order of a budget year. ``adjusted`` is what the budget office changed of the request, ``supplementary``
#: what a supplementary budget added; both may be negative.
Phase = Literal["requested", "adjusted", "voted", "supplementary", "executed", "carried_over"]
PHASES: tuple[Phase, ...] = get_args(Phase)
Purpose = Literal["current", "capital", "running"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
COLUMNS = ("year", "programme", "phase", "fund", "purpose", "amount", *EVIDENCE)

_CHANGES = {"adjusted", "supplementary"}


@dataclass(frozen=True)
class Line:
    """An amount of money.

    Attributes:
        year: budget year.
        programme: what it is for.
        phase: request, adjustment, vote, supplementary budget, execution, or what was carried over to the next year.
        fund: who pays.
        purpose: ``current`` (services), ``capital`` (building, buying) or ``running`` (what follows capital).
        amount: whole units of the currency.
        kind: how it is known.
        source: ids of sources, separated by semicolons.
        note: what else is known.
        line: line in the file.
    """

    year: str
    programme: str
    phase: str
    fund: str
    purpose: str
    amount: int
    kind: Kind
    source: str
    note: str
    line: int


@dataclass(frozen=True)
class Lines:
    """All lines of a pack, in the order of the file."""

    rows: tuple[Line, ...] = ()

    def years(self) -> tuple[str, ...]:
        """Give the years with any line, in order."""
        return tuple(sorted({row.year for row in self.rows}))

    def total(self, programme: str, year: str, phase: str, fund: str = "") -> int | None:
        """Give the money of a programme in a phase; None where no line states it.

        Args:
            programme: code of the programme.
            year: the year.
            phase: the phase.
            fund: one fund; empty for all of them.
        """
        found = [
            row.amount
            for row in self.rows
            if (row.programme, row.year, row.phase) == (programme, year, phase) and fund in ("", row.fund)
        ]
        return sum(found) if found else None

    def executed(self, programme: str, fund: str = "") -> Mapping[str, int]:
        """Give the executed money of a programme by year, in order; years without a line are left out."""
        found = {year: self.total(programme, year, "executed", fund) for year in self.years()}
        return {year: total for year, total in found.items() if total is not None}

    def available(self, programme: str, year: str, fund: str = "") -> int | None:
        """Give what could be spent: voted, supplementary and carried over from the year before; None without a vote."""
        voted = self.total(programme, year, "voted", fund)
        if voted is None:
            return None
        before = f"{int(year) - 1:04d}"
        return (
            voted
            + (self.total(programme, year, "supplementary", fund) or 0)
            + (self.total(programme, before, "carried_over", fund) or 0)
        )

    def absorbed(self, programme: str, fund: str, years: int) -> int | None:
        """Give what a programme could spend some years on: the most it ever spent, and its largest rise for each year.

        None with fewer than two years of execution: one year says nothing of how fast spending can grow.

        Args:
            programme: code of the programme.
            fund: the fund.
            years: years between the newest execution and the year wanted.
        """
        executed = list(self.executed(programme, fund).values())
        if len(executed) < 2:
            return None
        rises = [after - before for before, after in pairwise(executed)]
        return max(executed) + max(0, *rises) * years

    def table(self) -> pa.Table:
        """Give the lines as a table, in the order of the file."""
        names = ("year", "programme", "phase", "fund", "purpose")
        columns: dict[str, pa.Array] = {
            name: pa.array([getattr(row, name) for row in self.rows], pa.string()) for name in names
        }
        columns["amount"] = pa.array([row.amount for row in self.rows], pa.int64())
        columns["kind"] = pa.array([row.kind.word for row in self.rows], pa.string())
        columns["source"] = pa.array([row.source for row in self.rows], pa.string())
        columns["note"] = pa.array([row.note for row in self.rows], pa.string())
        return pa.table(columns)


def read_lines(path: Path, label: str, settings: BudgetSettings, context: Context) -> Lines:
    """Read ``budget_lines.csv``.

    Args:
        path: the file.
        label: how faults name it.
        settings: programmes and funds.
        context: what cells are checked against, and where faults go.
    """
    faults, rows = context.faults, []
    first: dict[tuple[str, ...], int] = {}
    at: dict[tuple[str, str, str], Row] = {}
    for row in read_rows(path, label, COLUMNS, (), faults):
        before = len(faults.errors)
        year(row, "year", faults)
        known_code(row, "programme", settings.programmes, "budget.yaml (programmes)", faults)
        phase = word(row, "phase", PHASES, faults)
        known_code(row, "fund", settings.funds, "budget.yaml (funds)", faults)
        word(row, "purpose", PURPOSES, faults)
        money = amount(row, "amount", faults, negative=phase in _CHANGES)
        kind = evidence(row, context)
        key = tuple(row[name] for name in COLUMNS[:5])
        if key in first:
            what = f"a second amount for {', '.join(key)}; the first is in line {first[key]}"
            row.fault(faults, "amount", what, "one row for each", "add them up, or correct one", "duplicate")
        first.setdefault(key, row.line)
        if len(faults.errors) == before and money is not None:
            rows.append(
                Line(
                    row["year"],
                    row["programme"],
                    phase,
                    row["fund"],
                    row["purpose"],
                    money,
                    kind,
                    row["source"],
                    row["note"],
                    row.line,
                )
            )
            if phase == "executed":
                at.setdefault((row["programme"], row["year"], row["fund"]), row)
    lines = Lines(tuple(rows))
    for (programme, when, fund), row in at.items():
        available = lines.available(programme, when, fund)
        spent = (lines.total(programme, when, "executed", fund) or 0) + (
            lines.total(programme, when, "carried_over", fund) or 0
        )
        if available is not None and spent > available:
            what = f"{programme} spent or carried over {spent:,} of {fund} in {when}, and had {available:,}"
            remedy = "correct it, or add the supplementary budget that paid for it"
            row.warn(faults, "amount", what, f"{available:,} at most", remedy, "implausible")
    return lines
