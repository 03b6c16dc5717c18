"""``revisions.csv``: from when on something is measured differently, and by how much where that is known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from donghaeng import periods
from donghaeng.diagnosis.cells import Cells
from donghaeng.diagnosis.identity import Identity
from donghaeng.errors import listed, nearest
from donghaeng.periods import Period
from donghaeng.sources import Kind
from donghaeng.table import Row, read_rows

REQUIRED = ("node", "period", "what", "kind", "source")
OPTIONAL = ("place", "series", "link", "link_error", "note_ko", "note_en")
WHATS = ("definition", "source", "coverage", "revision")


@dataclass(frozen=True)
class Revision:
    """A break in a series.

    Attributes:
        node: code of the indicator.
        place: the place; empty for all.
        series: series of its identity; empty for the indicator as a whole.
        period: the first period of the new measure.
        what: what changed.
        link: new measure divided by old, for the same period; NaN where it is not known.
        link_error: standard error of the link.
        kind: how it is known.
        source: ids of sources.
        note_ko: what a reader should know, in Korean.
        note_en: the same in English.
        line: line in the file.
    """

    node: str
    place: str
    series: str
    period: Period
    what: str
    link: float
    link_error: float
    kind: Kind
    source: str
    note_ko: str
    note_en: str
    line: int

    @property
    def is_linked(self) -> bool:
        """Whether it is known by how much the measure differs."""
        return bool(np.isfinite(self.link))

    def lies_between(self, before: Period, after: Period) -> bool:
        """Say whether a comparison of two periods goes across it."""
        return before < self.period <= after


def read_revisions(
    path: Path, label: str, leaves: Collection[str], identities: Mapping[str, Identity], cells: Cells
) -> tuple[Revision, ...]:
    """Read ``revisions.csv``.

    Args:
        path: the file.
        label: how faults name it.
        leaves: codes of the indicators.
        identities: the identities, for their series.
        cells: what places and sources there are, and where faults go.
    """
    found = []
    for row in read_rows(path, label, REQUIRED, OPTIONAL, cells.faults):
        before = len(cells.faults.errors)
        node = cells.code(row, "node", leaves, "indicators of structure.csv")
        place, period, kind = cells.place(row, or_empty=True), cells.period(row), cells.kind(row)
        _check_words(row, node, identities, cells)
        link = cells.amount(row, "link", "new measure / old measure, above 0") if row["link"] else float("nan")
        error = cells.optional_amount(row, "link_error")
        if len(cells.faults.errors) == before and kind is not None:
            found.append(
                Revision(
                    node,
                    place,
                    row["series"],
                    periods.parse(period),
                    row["what"],
                    link,
                    float(np.nan_to_num(error)),
                    kind,
                    row["source"],
                    row["note_ko"],
                    row["note_en"],
                    row.line,
                )
            )
    return tuple(found)


def _check_words(row: Row, node: str, identities: Mapping[str, Identity], cells: Cells) -> None:
    if row["what"] not in WHATS:
        remedy = nearest(row["what"], WHATS) or "choose one of them"
        what = f'"{row["what"]}" is not known here'
        row.fault(cells.faults, "what", what, f"one of {listed(WHATS)}", remedy, "wrong-value")
    if node in identities:
        series = identities[node].series
        if row["series"] not in series and (row["series"] or row["link"]):
            what = f'"{row["series"]}" is no series of {node}' if row["series"] else "the link of no series"
            remedy = nearest(row["series"], series) or "name the series that is measured differently"
            row.fault(cells.faults, "series", what, f"one of {listed(series)}", remedy, "unknown-series")
    elif row["series"]:
        what = f'{node} has no identity, and so no series "{row["series"]}"'
        row.fault(cells.faults, "series", what, "an empty cell", "empty it", "unknown-series")
