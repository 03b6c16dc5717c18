"""Cells that the tables of a diagnosis have in common: places, periods, kinds, sources, numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from donghaeng import periods
from donghaeng.errors import Faults, listed, nearest
from donghaeng.index.observations import source_fault
from donghaeng.sources import KIND_WORDS, Kind, Source, source_ids
from donghaeng.table import Row, number


@dataclass
class Cells:
    """Reads cells and reports what is wrong with them.

    Attributes:
        places: known place codes; None when any will do.
        sources: the sources of the pack; None when any id will do.
        is_invented: whether the pack is about nobody real; its values are then all simulated.
        faults: where faults go.
    """

    places: Collection[str] | None
    sources: Mapping[str, Source] | None
    is_invented: bool
    faults: Faults
    _checked: dict[tuple[str, str], tuple[str, str, str, str] | None] = field(default_factory=dict)

    def code(self, row: Row, column: str, known: Collection[str], where: str) -> str:
        """Read a code that must be known."""
        code = row[column]
        if code not in known:
            remedy = nearest(code, known) or f"add it to {where}, or correct it"
            what = f'unknown {column} "{code}"'
            row.fault(self.faults, column, what, f"one of {listed(known)}" if known else where, remedy, "unknown-code")
        return code

    def place(self, row: Row, or_empty: bool = False) -> str:
        """Read a place."""
        place = row["place"]
        if or_empty and not place:
            return place
        if not place:
            row.fault(self.faults, "place", "the place is missing", "a code", "write one", "missing-value")
        elif self.places is not None and place not in self.places:
            remedy = nearest(place, self.places) or "add it to places.csv"
            what = f'unknown place "{place}"'
            row.fault(self.faults, "place", what, "a code of places.csv", remedy, "unknown-code")
        return place

    def period(self, row: Row) -> str:
        """Read a period."""
        try:
            periods.parse(row["period"])
        except ValueError as error:
            row.fault(self.faults, "period", str(error), periods.FORMS, "correct it", "not-a-period")
        return row["period"]

    def kind(self, row: Row) -> Kind | None:
        """Read how a value is known, and check the sources that stand behind it."""
        word = row["kind"]
        if word not in KIND_WORDS:
            remedy = nearest(word, KIND_WORDS) or "choose one of them"
            what = f'"{word}" is not a kind of value'
            row.fault(self.faults, "kind", what, f"one of {listed(KIND_WORDS)}", remedy, "wrong-value")
            return None
        kind = KIND_WORDS[word]
        if self.is_invented and kind not in {Kind.SIMULATED, Kind.UNKNOWN}:
            what = f"a value of kind {word} in an invented pack"
            row.fault(self.faults, "kind", what, "simulated", "write simulated", "evidence")
        key = (row["source"], word)
        if key not in self._checked:
            self._checked[key] = source_fault(source_ids(row["source"]), kind, True, self.sources)
        if fault := self._checked[key]:
            row.fault(self.faults, "source", *fault)
        return kind

    def amount(self, row: Row, column: str, expected: str, or_zero: bool = False) -> float:
        """Read a number above 0 (or 0, where that will do); NaN, with a fault, where it is none."""
        value = number(row, column, self.faults)
        if value is None:
            return float("nan")
        if value < 0 or (value == 0 and not or_zero):
            what = f"{value} is {'negative' if value < 0 else 'zero'}"
            remedy = "correct it; where nothing was there, a row of kind unknown without value says so"
            row.fault(self.faults, column, what, expected, remedy, "not-above-zero")
            return float("nan")
        return float(value)

    def optional_amount(self, row: Row, column: str) -> float:
        """Read a number of 0 or more; NaN where the cell is empty."""
        return self.amount(row, column, "0 or more", or_zero=True) if row[column] else float("nan")
