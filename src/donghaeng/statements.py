"""Statements: what somebody said, when, and what came of it; read from ``statements.csv``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from donghaeng import periods
from donghaeng.errors import Faults, listed, nearest
from donghaeng.sources import Source, source_ids
from donghaeng.table import Row, read_rows

COLUMNS = (
    "id",
    "type",
    "node",
    "period",
    "by_ko",
    "by_en",
    "said_on",
    "said_ko",
    "said_en",
    "source",
    "printed",
    "corrected",
    "status",
    "outcome_ko",
    "outcome_en",
    "outcome_on",
    "outcome_source",
)
TYPES = ("promise", "target", "claim", "figure")
STATUSES = ("kept", "late", "changed", "not_kept", "unknown")


@dataclass(frozen=True)
class Statements:
    """All statements of a pack, as the cells of their columns."""

    rows: tuple[Mapping[str, str], ...]

    def table(self) -> pa.Table:
        """Give the statements as a table, in the order of the file."""
        return pa.table({name: pa.array([row[name] for row in self.rows], pa.string()) for name in COLUMNS})


def read_statements(
    path: Path,
    label: str,
    languages: Collection[str],
    nodes: Collection[str] | None,
    sources: Mapping[str, Source] | None,
    faults: Faults,
) -> Statements:
    """Read ``statements.csv``.

    Args:
        path: the file.
        label: how faults name it.
        languages: languages in which each statement is given.
        nodes: codes that a statement may be about; None when they could not be read, then any code will do.
        sources: the sources of the pack; None when they could not be read, then any id will do.
        faults: where faults go.
    """
    rows: list[Mapping[str, str]] = []
    seen: set[str] = set()
    for row in read_rows(path, label, COLUMNS, (), faults):
        if not row["id"] or row["id"] in seen:
            row.fault(
                faults, "id", f'the id "{row["id"]}" is empty or used before', "each id once", "rename", "duplicate"
            )
        seen.add(row["id"])
        _one_of(row, "type", TYPES, faults)
        if row["status"] or row["type"] in {"promise", "target"}:
            _one_of(row, "status", STATUSES, faults)
        for language in languages:
            for column in (f"by_{language}", f"said_{language}"):
                if not row[column]:
                    row.fault(faults, column, f"{column} is missing", "a text", "write it", "missing-value")
        if row["node"] and nodes is not None and row["node"] not in nodes:
            remedy = nearest(row["node"], nodes) or "correct it"
            what = f'unknown node "{row["node"]}"'
            row.fault(faults, "node", what, "a code of structure.csv", remedy, "unknown-code")
        for column in ("said_on", "outcome_on"):
            if row[column] and not periods.is_date(row[column]):
                what = f'"{row[column]}" is not a day, month or year'
                row.fault(faults, column, what, "2024, 2024-06 or 2024-06-19", "correct it", "not-a-period")
        _check_sources(row, sources, faults)
        if bool(row["printed"]) != bool(row["corrected"]):
            column = "corrected" if row["printed"] else "printed"
            row.fault(faults, column, f"{column} is missing", "both or neither", "write both", "missing-value")
        rows.append({name: row[name] for name in COLUMNS})
    return Statements(tuple(rows))


def _one_of(row: Row, column: str, words: tuple[str, ...], faults: Faults) -> None:
    if row[column] not in words:
        remedy = nearest(row[column], words) or "choose one of them"
        what = f'"{row[column]}" is not known here'
        row.fault(faults, column, what, f"one of {listed(words)}", remedy, "wrong-value")


def _check_sources(row: Row, sources: Mapping[str, Source] | None, faults: Faults) -> None:
    for column in ("source", "outcome_source"):
        ids = source_ids(row[column])
        if column == "source" and not ids:
            row.fault(faults, column, "the source is missing", "an id of sources.yaml", "say where", "missing-value")
        if sources is None:
            continue
        if ids and all(source_id in sources and sources[source_id].grade == "unsafe" for source_id in ids):
            what, expected = "only unsafe sources", "one source that can be shown"
            row.fault(faults, column, what, expected, "add one or leave the statement out", "evidence")
        for source_id in ids:
            if source_id not in sources:
                remedy = nearest(source_id, sources) or "add it to sources.yaml"
                what = f'unknown source "{source_id}"'
                row.fault(faults, column, what, "an id of sources.yaml", remedy, "unknown-source")
