"""``groups.csv``: how many of each group are served, and how many are in need."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from donghaeng.diagnosis.cells import Cells
from donghaeng.diagnosis.document import Identities
from donghaeng.sources import Kind
from donghaeng.table import read_rows

REQUIRED = ("place", "period", "group", "served", "need", "kind", "source")
OPTIONAL = ("node", "served_error", "need_error", "note")


@dataclass(frozen=True)
class Group:
    """One group in one place and period.

    Attributes:
        node: node that it is about; empty for the programmes as a whole.
        place: the place.
        period: the period.
        group: code of the group, or of a place below.
        served: how many are served.
        need: how many are in need.
        served_error: standard error of the served; NaN where none is stated, then that of a count.
        need_error: standard error of the need; NaN where none is stated, then it is taken as exact.
        kind: how the numbers are known.
        source: ids of sources.
        note: what a reader should know.
        line: line in the file.
    """

    node: str
    place: str
    period: str
    group: str
    served: float
    need: float
    served_error: float
    need_error: float
    kind: Kind
    source: str
    note: str
    line: int


@dataclass(frozen=True)
class Groups:
    """All rows of ``groups.csv``."""

    rows: tuple[Group, ...]

    @staticmethod
    def empty() -> Groups:
        """Give none."""
        return Groups(())


def read_groups(
    path: Path, label: str, model: Identities, nodes: Collection[str], places: Collection[str], cells: Cells
) -> Groups:
    """Read ``groups.csv``.

    Args:
        path: the file.
        label: how faults name it.
        model: ``identities.yaml``, for the names of groups.
        nodes: codes of the tree.
        places: codes of places, which may be groups too.
        cells: what places and sources there are, and where faults go.
    """
    found = []
    known = [*model.groups, *sorted(places)]
    first: dict[tuple[str, str, str, str], int] = {}
    for row in read_rows(path, label, REQUIRED, OPTIONAL, cells.faults):
        before = len(cells.faults.errors)
        group = cells.code(row, "group", known, "groups of identities.yaml")
        if row["node"]:
            cells.code(row, "node", nodes, "structure.csv")
        key = (row["node"], cells.place(row), cells.period(row), group)
        if key in first:
            what = f"a second row for {', '.join(key)}; the first is in line {first[key]}"
            row.fault(cells.faults, "group", what, "one row for a group", "remove one", "duplicate")
        first.setdefault(key, row.line)
        kind = cells.kind(row)
        served = cells.amount(row, "served", "0 or more", or_zero=True)
        need = cells.amount(row, "need", "a number above 0")
        served_error, need_error = (cells.optional_amount(row, name) for name in ("served_error", "need_error"))
        if len(cells.faults.errors) == before and kind is not None:
            numbers = (served, need, served_error, need_error)
            found.append(Group(*key, *numbers, kind, row["source"], row["note"], row.line))
    return Groups(tuple(found))
