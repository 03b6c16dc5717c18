"""Observations: what was stated about values, read from ``observations.csv``.

Several statements for one cell are kept; exactly one of them is used.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from donghaeng import periods
from donghaeng.errors import Faults, listed, nearest
from donghaeng.index.recipe import SmallNumbers
from donghaeng.index.structure import Structure
from donghaeng.panel import NO_KIND, Floats, Mask, Panel, Rows
from donghaeng.periods import Period
from donghaeng.sources import CITABLE, KIND_WORDS, Kind, Source, source_ids, supports_published
from donghaeng.table import Row, decimals, number, read_rows

REQUIRED = ("node", "place", "period", "value", "count", "used", "kind", "source", "note")
#: What may be known of the accuracy of a value.
ACCURACY = ("standard_error", "cases")
OPTIONAL = ("count_kind", *ACCURACY, "imputed")


@dataclass(frozen=True, eq=False)
class Observations:
    """All statements of a pack.

    Attributes:
        label: how faults name the file.
        columns: the statements, column by column: node, place, period (text), printed (the text of the value),
            value (float; NaN for none), half_digit, count (NaN for none), used (bool), kind (`Kind`), source,
            note, count_kind (word), standard_error and cases (how many persons, households or events the value
            rests on; both NaN for not stated), imputed (bool: filled in by who published it), file, line, is_raw
            (bool: from a table of raw values, so an input whatever the recipe compares).
    """

    label: str
    columns: Mapping[str, list[Any]]

    def __repr__(self) -> str:
        """Say in a line what it is; `table` has the statements."""
        return f"Observations({self.label}: {len(self)} statements)"

    @staticmethod
    def empty_columns() -> dict[str, list[Any]]:
        """Give the columns of no statements."""
        names = ("node", "place", "period", "printed", "value", "half_digit", "count", "used", "kind", "source")
        return {name: [] for name in (*names, "note", "count_kind", *ACCURACY, "imputed", "file", "line", "is_raw")}

    def __len__(self) -> int:
        """Count the statements."""
        return len(self.columns["node"])

    def joined(self, other: Observations) -> Observations:
        """Give these statements followed by others."""
        return Observations(self.label, {name: [*self.columns[name], *other.columns[name]] for name in self.columns})

    def is_input(self, row: int, compared: Collection[str]) -> bool:
        """Say whether a statement goes into the computation: it is used, and no result to compare with."""
        return self.columns["used"][row] and (self.columns["is_raw"][row] or self.columns["node"][row] not in compared)

    def check_inputs(self, compared: Collection[str], faults: Faults) -> None:
        """Report cells that two statements want to give: rows of tables, or a row of a table and an observation."""
        first: dict[tuple[str, str, str], int] = {}
        for row in range(len(self)):
            if self.is_input(row, compared):
                key = (self.columns["node"][row], self.columns["place"][row], self.columns["period"][row])
                other = first.setdefault(key, row)
                # Two used rows of observations.csv are told where they are read.
                if other != row and (self.columns["is_raw"][row] or self.columns["is_raw"][other]):
                    file, line = self.location(row)
                    before, its_line = self.location(other)
                    what = f"a second value for {', '.join(key)}; the first is at {before}:{its_line}"
                    faults.add(file, line, 1, what, "one value for a cell", "remove one", "duplicate")

    def location(self, row: int) -> tuple[str, int]:
        """Give file and line of a statement; of none, the file and line 1."""
        return (self.columns["file"][row], self.columns["line"][row]) if row >= 0 else (self.label, 1)

    def periods(self) -> tuple[Period, ...]:
        """All periods, in the order of time."""
        return tuple(sorted({periods.parse(text) for text in self.columns["period"]}))

    def places(self) -> tuple[str, ...]:
        """All places, in the order in which they first appear."""
        return tuple(dict.fromkeys(self.columns["place"]))

    def panel(
        self,
        structure: Structure,
        places: tuple[str, ...] | None = None,
        compared: Collection[str] = (),
        small_numbers: SmallNumbers | None = None,
    ) -> Panel:
        """Give the statements that go into the computation as a panel over all nodes of a structure.

        Args:
            structure: the tree whose nodes are the last dimension. A node with ``same_as`` has the values of another.
            places: places in the order wanted; default, as they appear.
            compared: nodes whose statements are results to compare with, and no input.
            small_numbers: the rule for values that rest on too little. They are left out of the values and keep
                their row, so that a row without a value is one that was left out.
        """
        panel = Panel.empty(places or self.places(), self.periods(), structure.codes)
        place_at = {code: index for index, code in enumerate(panel.places)}
        period_at = {period.text: index for index, period in enumerate(panel.periods)}
        used = [row for row in range(len(self)) if self.is_input(row, compared)]
        cells = (
            np.array([place_at[self.columns["place"][row]] for row in used], dtype=np.int64),
            np.array([period_at[self.columns["period"][row]] for row in used], dtype=np.int64),
            np.array([structure.position[self.columns["node"][row]] for row in used], dtype=np.int64),
        )
        for target, name in (
            (panel.values, "value"),
            (panel.counts, "count"),
            (panel.kinds, "kind"),
            (panel.half_digits, "half_digit"),
        ):
            target[cells] = np.array([self.columns[name][row] for row in used], dtype=target.dtype)
        panel.rows[cells] = used
        if small_numbers is not None:
            too_small = np.zeros(panel.values.shape, bool)
            too_small[cells] = self.is_small(small_numbers)[used]
            panel.values[too_small], panel.kinds[too_small] = np.nan, NO_KIND
        return copied(panel, structure)

    def is_small(self, rule: SmallNumbers) -> Mask:
        """Say of each statement whether it rests on too little, by what it states; what states nothing does not."""
        value = np.abs(np.array(self.columns["value"], np.float64))
        error, cases = (np.array(self.columns[name], np.float64) for name in ("standard_error", "cases"))
        small = np.zeros(len(self), bool)
        with np.errstate(invalid="ignore"):
            if rule.least_cases is not None:
                small |= cases < rule.least_cases
            if rule.most_relative_error is not None:
                small |= error > rule.most_relative_error * value
        return small

    def accuracy(self, rows: Rows, name: str) -> Floats:
        """Give ``standard_error`` or ``cases`` of the statements in some rows.

        Args:
            rows: rows of statements in any shape; -1 for none.
            name: one of `ACCURACY`.

        Returns:
            Numbers of the same shape; NaN where nothing is stated.
        """
        stated = np.array([*self.columns[name], np.nan], np.float64)  # the last is that of row -1
        return np.asarray(stated[rows])

    def imputed(self, rows: Rows) -> Mask:
        """Say of the statements in some rows whether who published the value had filled it in; no for row -1."""
        stated = np.array([*self.columns["imputed"], False], bool)
        return np.asarray(stated[rows])

    def table(self, small_numbers: SmallNumbers | None = None) -> pa.Table:
        """Give all statements as a table, in the order of the file.

        Where any statement gives its accuracy, or a rule for small numbers is given, there are also the columns
        standard_error, cases and withheld.

        Args:
            small_numbers: values that rest on too little by this rule are withheld: printed, value, standard_error
                and cases are empty.
        """
        small = np.zeros(len(self), bool) if small_numbers is None else self.is_small(small_numbers)
        shown: dict[str, Any] = {name: self.columns[name] for name in ("node", "place", "period", "printed", "value")}
        accuracy: dict[str, Any] = {}
        if small_numbers is not None or not all(np.isnan(self.columns[name]).all() for name in ACCURACY):
            accuracy = {name: _without(self.columns[name], small) for name in ACCURACY} | {"withheld": small}
        if small.any():
            printed = ["" if hidden else text for text, hidden in zip(shown["printed"], small, strict=True)]
            shown |= {"printed": printed, "value": _without(shown["value"], small)}
        count = [None if np.isnan(value) else int(value) for value in self.columns["count"]]
        return pa.table(
            {
                **shown,
                "count": pa.array(count, pa.int64()),
                "used": self.columns["used"],
                "kind": [Kind(kind).word for kind in self.columns["kind"]],
                "count_kind": self.columns["count_kind"],
                "source": self.columns["source"],
                "note": self.columns["note"],
                "file": [file.removeprefix(self.label.rpartition("/")[0] + "/") for file in self.columns["file"]],
                "line": self.columns["line"],
                **accuracy,
            }
        )


def _without(values: Sequence[float], hidden: Mask) -> pa.Array:
    """Give numbers with nulls where they are missing or hidden."""
    return pa.array(np.where(hidden, np.nan, np.array(values, np.float64)), from_pandas=True)


def copied(panel: Panel, structure: Structure) -> Panel:
    """Give nodes that stand in the tree for another one (``same_as``) its values.

    Args:
        panel: values of all nodes.
        structure: the tree.
    """
    if not structure.copies:
        return panel
    targets, origins = (list(positions) for positions in zip(*structure.copies, strict=True))
    arrays = {name: getattr(panel, name).copy() for name in ("values", "counts", "kinds", "half_digits", "rows")}
    for array in arrays.values():
        array[..., targets] = array[..., origins]
    return replace(panel, **arrays)


def read_observations(
    path: Path,
    label: str,
    structure: Structure,
    places: Collection[str] | None,
    sources: Mapping[str, Source] | None,
    faults: Faults,
    check_nodes: bool = True,
    columns: tuple[Sequence[str], Collection[str]] = (REQUIRED, OPTIONAL),
    codes_of: str = "structure.csv",
) -> Observations | None:
    """Read ``observations.csv``.

    Args:
        path: the file.
        label: how faults name it.
        structure: the tree whose nodes the rows are about.
        places: known place codes; None when the pack lists no places, then any code will do.
        sources: the sources of the pack; None when they could not be read, then any id will do.
        faults: where faults go.
        check_nodes: False when the structure could not be read, so that rows are checked for all else.
        columns: the columns that the file has, and those that it may have.
        codes_of: the file with the codes of the nodes.

    Returns:
        The observations, or None when there are faults.
    """
    before = len(faults.errors)
    found = Observations.empty_columns()
    cells: dict[tuple[str, str, str], _Cell] = {}
    faulty: set[tuple[str, str, str]] = set()  # cells with a row that has faults of its own
    reader = _Reader(structure if check_nodes else None, places, sources, faults, codes_of)
    for row in read_rows(path, label, *columns, faults):
        values = reader.read(row)
        if values is None:
            faulty.add((row["node"], row["place"], row["period"]))
            continue
        for name, value in values.items():
            found[name].append(value)
        found["file"].append(label)
        key = (values["node"], values["place"], values["period"])
        cell = cells.setdefault(key, _Cell(row))
        if values["used"]:
            cell.used += 1
            cell.waiting = None
            if cell.used == 2:
                what = f"a second used statement for {key[0]}, {key[1]}, {key[2]}"
                row.fault(faults, "used", what, "one row with yes for a cell", "write no for the others", "two-used")
    for key, cell in cells.items():
        if cell.waiting and key not in faulty:
            what = f"no used statement for {key[0]}, {key[1]}, {key[2]}"
            cell.waiting.fault(
                faults, "used", what, "one row with yes for a cell", "choose the one to use", "none-used"
            )
    if len(faults.errors) > before or not found["node"]:
        return None
    return Observations(label, found)


@dataclass(slots=True)
class _Cell:
    waiting: Row | None  # the first row of a cell without a used statement; dropped to keep memory small
    used: int = 0


class _Reader:
    """Checks one row at a time against the structure, the places and the sources."""

    def __init__(
        self,
        structure: Structure | None,
        places: Collection[str] | None,
        sources: Mapping[str, Source] | None,
        faults: Faults,
        codes_of: str,
    ) -> None:
        self.structure = structure
        self.codes_of = codes_of
        self.places = set(places) if places is not None else None
        self.sources = sources
        self.faults = faults
        self.checked_sources: dict[tuple[str, str, bool], tuple[str, str, str, str] | None] = {}

    def read(self, row: Row) -> dict[str, Any] | None:
        before = len(self.faults.errors)
        if self.structure:
            self._code(row, "node", self.structure.position, self.codes_of)
        self._place(row)
        self._period(row)
        value = number(row, "value", self.faults)
        count = read_count(row, self.structure, self.faults)
        used = row["used"] == "yes"
        if row["used"] not in {"yes", "no"}:
            row.fault(self.faults, "used", f'"{row["used"]}" is not yes or no', "yes or no", "choose", "wrong-value")
        accuracy = read_accuracy(row, self.faults)
        imputed = read_imputed(row, self.faults)
        kind = self._kind(row, "kind", required=True)
        self._kind(row, "count_kind", required=False)
        if kind is not None:
            self._sources(row, kind, used)
        if len(self.faults.errors) > before or value is None or kind is None:
            return None
        return {
            "node": row["node"],
            "place": row["place"],
            "period": row["period"],
            "printed": row["value"],
            "value": float(value),
            "half_digit": 0.5 * 10.0 ** -decimals(value),
            "count": count,
            "used": used,
            "kind": int(kind),
            "source": ";".join(source_ids(row["source"])),
            "note": row["note"],
            "count_kind": row["count_kind"],
            **accuracy,
            "imputed": imputed,
            "line": row.line,
            "is_raw": False,
        }

    def _code(self, row: Row, column: str, known: Collection[str], file: str) -> None:
        code = row[column]
        if code not in known:
            remedy = nearest(code, known) or f"add it to {file}"
            row.fault(self.faults, column, f'unknown {column} "{code}"', f"a code of {file}", remedy, "unknown-code")

    def _place(self, row: Row) -> None:
        if self.places is not None:
            self._code(row, "place", self.places, "places.csv")
        elif not row["place"]:
            row.fault(self.faults, "place", "the place is missing", "a code", "write one", "missing-value")

    def _period(self, row: Row) -> None:
        try:
            periods.parse(row["period"])
        except ValueError as error:
            row.fault(self.faults, "period", str(error), periods.FORMS, "correct it", "not-a-period")

    def _kind(self, row: Row, column: str, required: bool) -> Kind | None:
        word = row[column]
        if word in KIND_WORDS:
            return KIND_WORDS[word]
        if word or required:
            remedy = nearest(word, KIND_WORDS) or "choose one of them"
            what = f'"{word}" is not a kind of value'
            row.fault(self.faults, column, what, f"one of {listed(KIND_WORDS)}", remedy, "wrong-value")
        return None

    def _sources(self, row: Row, kind: Kind, used: bool) -> None:
        # The verdict depends on few distinct combinations, so it is kept over the rows of a large table.
        key = (row["source"], kind.word, used)
        if key not in self.checked_sources:
            self.checked_sources[key] = source_fault(source_ids(row["source"]), kind, used, self.sources)
        if fault := self.checked_sources[key]:
            row.fault(self.faults, "source", *fault)


def read_accuracy(row: Row, faults: Faults) -> dict[str, float]:
    """Read the cells ``standard_error`` and ``cases`` of a row; NaN where they are empty or not there.

    Args:
        row: a row with a value.
        faults: where faults go: a cell that is no number or negative, and cases that are no whole number.
    """
    found = {}
    for name in ACCURACY:
        found[name] = float("nan")
        if not row[name]:
            continue
        value = number(row, name, faults)
        if value is None:
            continue
        if value < 0 or (name == "cases" and value != value.to_integral_value()):
            expected = "a whole number of cases" if name == "cases" else "0 or more, in the unit of the value"
            row.fault(faults, name, f"{value} is no {name.replace('_', ' ')}", expected, "correct it", "wrong-value")
            continue
        found[name] = float(value)
    return found


def read_count(row: Row, structure: Structure | None, faults: Faults) -> float:
    """Read the cell ``count`` of a row: how many indicators are behind a given composite; NaN where it is empty.

    Args:
        row: a row with a value.
        structure: the tree; None when it could not be read.
        faults: where faults go: no whole number, one for an indicator, or one beyond what the structure states.
    """
    if not row["count"]:
        return float("nan")
    if not (row["count"].isascii() and row["count"].isdigit()) or len(row["count"]) > 9:
        what = f'"{row["count"]}" is not a count'
        row.fault(faults, "count", what, "a whole number of indicators", "write digits", "not-a-number")
        return float("nan")
    count = int(row["count"])
    index = structure.position.get(row["node"]) if structure else None
    if structure and index is not None:
        if structure.is_leaf(index):
            what = f'a count for the indicator "{row["node"]}"'
            row.fault(faults, "count", what, "counts for composites only", "empty it", "wrong-value")
        elif not 1 <= count <= structure.stated_counts[index]:
            what = f"a count of {count} for {row['node']}"
            expected = f"1 to {structure.stated_counts[index]} indicators"
            row.fault(faults, "count", what, expected, "correct it or structure.csv", "wrong-value")
    return float(count)


def read_imputed(row: Row, faults: Faults) -> bool:
    """Read the cell ``imputed`` of a row: yes, or empty for no.

    Args:
        row: a row with a value.
        faults: where any other word goes.
    """
    if row["imputed"] not in {"", "yes"}:
        what = f'"{row["imputed"]}" is neither yes nor empty'
        row.fault(faults, "imputed", what, "yes for a value that was filled in, or nothing", "choose", "wrong-value")
    return row["imputed"] == "yes"


def source_fault(
    ids: tuple[str, ...], kind: Kind, used: bool, sources: Mapping[str, Source] | None
) -> tuple[str, str, str, str] | None:
    """Say what is wrong with the evidence for a value: what, expected, remedy, code; None when it is enough.

    Args:
        ids: the sources named for it.
        kind: how it is said to be known.
        used: whether it goes into results.
        sources: the sources of the pack; None when they could not be read, then any id will do.
    """
    if not ids:
        return "the source is missing", "an id of sources.yaml", "say where it was read", "missing-value"
    if sources is None:
        return None
    for source_id in ids:
        if source_id not in sources:
            remedy = nearest(source_id, sources) or "add it to sources.yaml"
            return f'unknown source "{source_id}"', "an id of sources.yaml", remedy, "unknown-source"
    if used and all(sources[source_id].grade == "unsafe" for source_id in ids):
        return "only unsafe sources", "one source that can be shown", "add one or write used no", "evidence"
    if kind is Kind.PUBLISHED and not supports_published(ids, sources):
        expected = "a source of grade publisher, or two of grade report from different publishers (a;b)"
        return "too little evidence for kind published", expected, "add a source or write second_hand", "evidence"
    return None


def is_citable(kind: int) -> bool:
    """Say whether a value of this kind may stand in a headline, a chart or a total."""
    return kind >= 0 and Kind(kind) in CITABLE
