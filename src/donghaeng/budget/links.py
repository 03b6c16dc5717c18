"""``programme_links.csv``: which indicators a programme serves, in what shares, without counting money twice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from donghaeng.budget.cells import EVIDENCE, Context, evidence, known_code, node, positive, yes
from donghaeng.budget.settings import BudgetSettings
from donghaeng.sources import Kind
from donghaeng.table import Row, read_rows

COLUMNS = ("programme", "node", "share", "joint", *EVIDENCE)


@dataclass(frozen=True)
class Link:
    """A programme serves an indicator.

    Attributes:
        programme: code of the programme.
        node: code of the indicator.
        share: part of the programme's money and output that serves it.
        joint: whether the same money serves another indicator too, on purpose.
        kind: how it is known.
        source: ids of sources, separated by semicolons.
        note: what else is known.
    """

    programme: str
    node: str
    share: float
    joint: bool
    kind: Kind
    source: str
    note: str


@dataclass(frozen=True)
class Links:
    """All links of a pack, in the order of the file."""

    rows: tuple[Link, ...] = ()

    def of_programme(self, programme: str) -> tuple[Link, ...]:
        """Give the links of a programme."""
        return tuple(row for row in self.rows if row.programme == programme)

    def of_node(self, code: str) -> tuple[Link, ...]:
        """Give the links of an indicator."""
        return tuple(row for row in self.rows if row.node == code)

    def table(self) -> pa.Table:
        """Give the links as a table, in the order of the file."""
        return pa.table(
            {
                "programme": pa.array([row.programme for row in self.rows], pa.string()),
                "node": pa.array([row.node for row in self.rows], pa.string()),
                "share": pa.array([row.share for row in self.rows], pa.float64()),
                "joint": pa.array([row.joint for row in self.rows], pa.bool_()),
                "kind": pa.array([row.kind.word for row in self.rows], pa.string()),
                "source": pa.array([row.source for row in self.rows], pa.string()),
                "note": pa.array([row.note for row in self.rows], pa.string()),
            }
        )


def read_links(path: Path, label: str, settings: BudgetSettings, context: Context) -> Links:
    """Read ``programme_links.csv``; the shares of a programme that are not joint sum to at most 1.

    Args:
        path: the file.
        label: how faults name it.
        settings: the programmes.
        context: what cells are checked against, and where faults go.
    """
    faults, links = context.faults, []
    seen: set[tuple[str, str]] = set()
    sums: dict[str, float] = {}
    last: dict[str, Row] = {}
    for row in read_rows(path, label, COLUMNS, (), faults):
        before = len(faults.errors)
        programme = known_code(row, "programme", settings.programmes, "budget.yaml (programmes)", faults)
        code = node(row, context)
        share = positive(row, "share", faults)
        if share is not None and share > 1:
            row.fault(faults, "share", f"a share of {row['share']}", "1 at most", "write 0.4 for 40 %", "wrong-value")
        joint = yes(row, "joint", faults)
        kind = evidence(row, context)
        if (programme, code) in seen:
            what = f"a second link of {programme} to {code}"
            row.fault(faults, "node", what, "one row for each", "add them up, or remove one", "duplicate")
        seen.add((programme, code))
        if len(faults.errors) > before or share is None:
            continue
        links.append(Link(programme, code, share, joint, kind, row["source"], row["note"]))
        if not joint:
            sums[programme] = sums.get(programme, 0.0) + share
            last[programme] = row
    for programme, total in sums.items():
        if total > 1 + 1e-9:
            what = f"the shares of {programme} sum to {total:g}: its money is counted twice"
            remedy = "lower them, or write joint yes where one service serves both on purpose"
            last[programme].fault(faults, "share", what, "1 at most", remedy, "double-count")
    return Links(tuple(links))
