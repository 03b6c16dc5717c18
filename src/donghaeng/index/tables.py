"""Raw tables of a pack: values beside ``observations.csv``, and what is known of places; named in ``tables.yaml``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from donghaeng import periods
from donghaeng.documents import Document, Model, formed
from donghaeng.errors import Faults, nearest
from donghaeng.index.observations import (
    ACCURACY,
    Observations,
    read_accuracy,
    read_count,
    read_imputed,
    source_fault,
)
from donghaeng.index.structure import Structure
from donghaeng.panel import Floats, Mask
from donghaeng.periods import Period
from donghaeng.sources import KIND_WORDS, Kind, Source
from donghaeng.table import Row, decimals, is_number, number, read_rows

Layout = Literal["long", "wide"]
PackPath = Annotated[str, formed(r"^[^\x00-\x1f]{1,200}$", "a path in the pack")]
SourceIds = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]


class ValuesTable(Model):
    """A table of raw values.

    Attributes:
        file: CSV file in the pack.
        layout: ``long`` with the columns place, period, node, value and perhaps count, standard_error, cases and
            imputed; ``wide`` with place, period and a column a node, where an empty cell is missing.
        kind: kind of all its values.
        source: ids of the sources of all its values.
    """

    file: PackPath
    layout: Layout
    kind: Literal["published", "second_hand", "derived", "inferred", "simulated", "unknown"]
    source: SourceIds


class AttributesTable(Model):
    """A table of attributes of places: words (a group) or numbers (a population).

    Attributes:
        file: CSV file in the pack.
        layout: ``long`` with the columns place, period, attribute, value; ``wide`` with place, period and a
            column an attribute. A period may be empty: the value then holds in all periods.
        source: ids of its sources.
    """

    file: PackPath
    layout: Layout
    source: SourceIds


class Tables(Model):
    """The content of ``tables.yaml``."""

    values: Annotated[tuple[ValuesTable, ...], Field(strict=False)] = ()
    attributes: Annotated[tuple[AttributesTable, ...], Field(strict=False)] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it names."""
        return (*(table.file for table in self.values), *(table.file for table in self.attributes))


@dataclass(frozen=True)
class Attributes:
    """What is known of places.

    Attributes:
        values: text by attribute, place and period; the period is empty where it holds in all.
        breakdowns: breakdown of each place, from ``places.csv``; a place that is not here has none.
    """

    values: Mapping[str, Mapping[tuple[str, str], str]] = field(default_factory=dict)
    breakdowns: Mapping[str, str] = field(default_factory=dict)

    def of_breakdown(self, name: str, places: Collection[str]) -> Mask:
        """Say of each place whether it belongs to a breakdown; the empty name is that of places without one."""
        return np.array([self.breakdowns.get(place, "") == name for place in places], bool)

    def text(self, name: str, place: str, period: str) -> str:
        """Give an attribute of a place in a period; empty where it is not known."""
        of_attribute = self.values.get(name, {})
        return of_attribute.get((place, period)) or of_attribute.get((place, ""), "")

    def numbers(self, name: str, places: Collection[str], panel_periods: Collection[Period]) -> Floats:
        """Give an attribute as numbers of shape places x periods; NaN where it is not known.

        Raises:
            ValueError: when a value is not a number.
        """
        result = np.full((len(places), len(panel_periods)), np.nan)
        for at, place in enumerate(places):
            for when, period in enumerate(panel_periods):
                text = self.text(name, place, period.text)
                if text and not is_number(text):
                    raise ValueError(f'"{text}" of {place} is not a number')
                if text:
                    result[at, when] = float(text)
        return result

    def labels(self, name: str, places: Collection[str], period: str) -> list[str]:
        """Give an attribute of each place as text."""
        return [self.text(name, place, period) for place in places]


def read_values(
    folder: Path,
    label: str,
    tables: Tables,
    document: Document,
    structure: Structure,
    places: Collection[str] | None,
    sources: Mapping[str, Source] | None,
    faults: Faults,
) -> Observations:
    """Read the tables of raw values as statements that are used and never compared.

    Args:
        folder: the pack.
        label: how faults name it.
        tables: ``tables.yaml``.
        document: the same with places, for faults.
        structure: the tree.
        places: known place codes; None when the pack lists none.
        sources: the sources of the pack; None when they could not be read.
        faults: where faults go.
    """
    columns: dict[str, list[Any]] = Observations.empty_columns()
    for index, table in enumerate(tables.values):
        path = ("values", index)
        if not is_inside(folder, table.file, document, (*path, "file"), faults):
            continue
        check_sources(table.source, KIND_WORDS[table.kind], document, (*path, "source"), sources, faults)
        first = len(columns["node"])
        for row, node, column in _cells(folder, label, table, structure.codes, ("node", "value"), faults):
            _value(row, node, column, table, f"{label}/{table.file}", structure, places, columns, faults)
        _share_decimals(columns, first)
    return Observations(document.label, columns)


def _share_decimals(columns: dict[str, list[Any]], first: int) -> None:
    """Give all values of an indicator in a table the rounding of the one with the most decimals.

    Tables that a program wrote drop trailing zeros, so that a single cell does not say how it was rounded.
    """
    finest: dict[str, float] = {}
    for row in range(first, len(columns["node"])):
        node, half = columns["node"][row], columns["half_digit"][row]
        finest[node] = min(half, finest.get(node, half))
    for row in range(first, len(columns["node"])):
        columns["half_digit"][row] = finest[columns["node"][row]]


def read_attributes(
    folder: Path,
    label: str,
    tables: Tables,
    document: Document,
    places: Collection[str] | None,
    sources: Mapping[str, Source] | None,
    faults: Faults,
) -> Attributes:
    """Read the attributes of places; arguments as in `read_values`."""
    values: dict[str, dict[tuple[str, str], str]] = {}
    for index, table in enumerate(tables.attributes):
        path = ("attributes", index)
        if not is_inside(folder, table.file, document, (*path, "file"), faults):
            continue
        check_sources(table.source, Kind.DERIVED, document, (*path, "source"), sources, faults)
        for row, name, column in _cells(folder, label, table, None, ("attribute", "value"), faults):
            if row["period"]:
                _check_period(row, faults)
            if places is not None and row["place"] not in places:
                remedy = nearest(row["place"], places) or "add it to places.csv"
                what = f'unknown place "{row["place"]}"'
                row.fault(faults, "place", what, "a code of places.csv", remedy, "unknown-code")
            cell = (row["place"], row["period"])
            if cell in values.setdefault(name, {}):
                what = f"a second {name} for {row['place']} {row['period']}".rstrip()
                row.fault(faults, column, what, "one value", "remove one", "duplicate")
            values[name][cell] = row[column]
    return Attributes(values)


def _cells(
    folder: Path,
    label: str,
    table: ValuesTable | AttributesTable,
    known: Collection[str] | None,
    names: tuple[str, str],
    faults: Faults,
) -> Iterator[tuple[Row, str, str]]:
    """Yield row, name (of node or attribute) and column of every cell that has a value."""
    path, shown = folder / table.file, f"{label}/{table.file}"
    if table.layout == "long":
        optional = ("count", *ACCURACY, "imputed") if isinstance(table, ValuesTable) else ()
        for row in read_rows(path, shown, ("place", "period", *names), optional, faults):
            if row[names[1]] or known is not None:
                yield row, row[names[0]], names[1]
        return
    for row in read_rows(path, shown, ("place",), known, faults, extra=("period",), whole=True):
        for column in row.columns():
            if column not in {"place", "period"} and row[column]:
                yield row, column, column


def _value(
    row: Row,
    node: str,
    column: str,
    table: ValuesTable,
    file: str,
    structure: Structure,
    places: Collection[str] | None,
    columns: dict[str, list[Any]],
    faults: Faults,
) -> None:
    before = len(faults.errors)
    if node not in structure.position:
        remedy = nearest(node, structure.codes) or "add it to structure.csv"
        row.fault(faults, "node", f'unknown node "{node}"', "a code of structure.csv", remedy, "unknown-code")
    if places is None and not row["place"]:
        row.fault(faults, "place", "the place is missing", "a code", "write one", "missing-value")
    if places is not None and row["place"] not in places:
        remedy = nearest(row["place"], places) or "add it to places.csv"
        what = f'unknown place "{row["place"]}"'
        row.fault(faults, "place", what, "a code of places.csv", remedy, "unknown-code")
    _check_period(row, faults)
    value = number(row, column, faults)
    # In a wide table such a name would be a column of a node.
    long = table.layout == "long"
    accuracy = read_accuracy(row, faults) if long else dict.fromkeys(ACCURACY, float("nan"))
    count = read_count(row, structure, faults) if long else float("nan")
    imputed = long and read_imputed(row, faults)
    if len(faults.errors) > before or value is None:
        return
    cells = {
        "node": node,
        "place": row["place"],
        "period": row["period"],
        "printed": row[column],
        "value": float(value),
        "half_digit": 0.5 * 10.0 ** -decimals(value),
        "count": count,
        "used": True,
        "kind": int(KIND_WORDS[table.kind]),
        "source": ";".join(table.source),
        "note": "",
        "count_kind": "",
        **accuracy,
        "imputed": imputed,
        "line": row.line,
        "file": file,
        "is_raw": True,
    }
    for name, cell in cells.items():
        columns[name].append(cell)


def _check_period(row: Row, faults: Faults) -> None:
    try:
        periods.parse(row["period"])
    except ValueError as error:
        row.fault(faults, "period", str(error), periods.FORMS, "correct it", "not-a-period")


def is_inside(folder: Path, file: str, document: Document, path: tuple[str | int, ...], faults: Faults) -> bool:
    """Say whether a file that a section names lies in the pack; a fault at its name where it does not."""
    parts = PurePosixPath(file).parts
    outside = PurePosixPath(file).is_absolute() or ".." in parts or "\\" in file
    if not outside and (folder / file).resolve().is_relative_to(folder.resolve()):
        return True
    line, column = document.place(path)
    what = f'the path "{file}" leads out of the pack'
    faults.add(document.label, line, column, what, "a file inside the pack", "copy the file into the pack", "outside")
    return False


def check_sources(
    ids: tuple[str, ...],
    kind: Kind,
    document: Document,
    path: tuple[str | int, ...],
    sources: Mapping[str, Source] | None,
    faults: Faults,
) -> None:
    """Report sources of a table that are unknown, or too little evidence for the kind of its values."""
    if fault := source_fault(ids, kind, used=True, sources=sources):
        line, column = document.place(path)
        faults.add(document.label, line, column, *fault)
