"""The two tables as rows whose cells know their place: from a workbook, or from two CSV files."""

from __future__ import annotations

import csv
import warnings
import zipfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from donghaeng.errors import Faults, UsageError, listed, nearest
from donghaeng.table import Row, read_rows
from donghaeng.textfile import lines, size_fault

#: Sizes beyond these are not an index in two tables.
LARGEST_WORKBOOK = 64_000_000
LARGEST_UNPACKED = 512_000_000
MOST_CELLS = 5_000_000
MOST_ROWS = 1_048_576

DATA, META = "iData", "iMeta"
#: Columns without which a table says nothing.
REQUIRED = {DATA: ("uCode",), META: ("iCode", "Direction", "Weight", "Parent", "Type")}
WORKBOOKS = (".xlsx", ".xlsm")

#: Stands in the cell of a formula that was never calculated; no text of a workbook holds this character.
_NOT_CALCULATED = "\0"


class SheetRow(Row):
    """A row of a sheet: faults name the cell as a spreadsheet does, such as ``iMeta!C7``."""

    __slots__ = ("_sheet", "_texts")

    def __init__(
        self, label: str, sheet: str, line: int, columns: dict[str, int], cells: list[str], texts: frozenset[int]
    ) -> None:
        """Keep the cells; `texts` are the positions of those that hold text, and no number."""
        super().__init__(label, line, "", columns, cells)
        self._sheet = sheet
        self._texts = texts

    def below(self, line: int, values: Sequence[Any]) -> SheetRow:
        """Give another row of the sheet whose header this is."""
        texts = frozenset(index for index, value in enumerate(values) if isinstance(value, str))
        return SheetRow(self._label, self._sheet, line, self._columns, [_text(value) for value in values], texts)

    @property
    def positions(self) -> dict[str, int]:
        """Position of each column, counted from 0."""
        return self._columns

    def is_text(self, column: str) -> bool:
        """Say whether a cell holds text."""
        return self._columns.get(column, -1) in self._texts

    def place(self, column: str) -> tuple[int, int]:
        """Give row and column of a cell, counted from 1."""
        return self.line, self._columns.get(column, 0) + 1

    def fault(self, faults: Faults, column: str, what: str, expected: str, remedy: str, code: str) -> None:
        """Report a fault at a cell."""
        super().fault(faults, column, f"{self._cell(column)}: {what}", expected, remedy, code)

    def warn(self, faults: Faults, column: str, what: str, expected: str, remedy: str, code: str) -> None:
        """Report something implausible at a cell."""
        super().warn(faults, column, f"{self._cell(column)}: {what}", expected, remedy, code)

    def _cell(self, column: str) -> str:
        line, number = self.place(column)
        return f"{self._sheet}!{column_letters(number)}{line}"


@dataclass(frozen=True)
class Table:
    """One of the two tables.

    Attributes:
        label: how faults name its file.
        header: the header as a row, for faults of whole columns.
        rows: the rows below it that are not empty.
    """

    label: str
    header: Row
    rows: tuple[Row, ...]

    @property
    def columns(self) -> Collection[str]:
        """Names of the columns, without those that have none."""
        return [name for name in self.header.columns() if name]


def read_tables(files: Sequence[Path], faults: Faults) -> tuple[Table | None, Table | None]:
    """Read iData and iMeta.

    Args:
        files: one workbook, or two CSV files: iData, iMeta.
        faults: where faults go.

    Returns:
        The two tables; None for one that cannot be read.

    Raises:
        UsageError: neither one workbook nor two CSV files.
    """
    suffixes = [file.suffix.lower() for file in files]
    if len(files) == 1 and suffixes[0] in WORKBOOKS:
        return _read_workbook(files[0], str(files[0]), faults)
    if suffixes == [".csv", ".csv"]:
        return _read_csv(files[0], DATA, faults), _read_csv(files[1], META, faults)
    given = listed([file.name for file in files])
    raise UsageError(f"{given}: give one workbook (.xlsx with the sheets iData and iMeta), or iData.csv and iMeta.csv")


def column_letters(number: int) -> str:
    """Name a column as a spreadsheet does.

    >>> column_letters(3), column_letters(28)
    ('C', 'AB')
    """
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _read_csv(path: Path, name: str, faults: Faults) -> Table | None:
    label, before = str(path), len(faults.errors)
    rows: list[Row] = []
    cells = 0
    for row in read_rows(path, label, REQUIRED[name], None, faults):
        cells += len(row.columns())
        if cells > MOST_CELLS:
            _too_many(label, f"{MOST_CELLS:,} cells", faults)
            return None
        rows.append(row)
    if not rows or any(fault.code in {"header", "missing-key"} for fault in faults.errors[before:]):
        return None
    record = next(lines(path, label, faults))
    header = next(csv.reader([record]))
    columns = {cell.strip(): index for index, cell in enumerate(header)}
    table = Table(label, Row(label, 1, record, columns, header), tuple(rows))
    _check_unnamed(table, faults)
    return table


def _read_workbook(path: Path, label: str, faults: Faults) -> tuple[Table | None, Table | None]:
    if size_fault(path, label, LARGEST_WORKBOOK, faults, "give only the tables of this index"):
        return None, None
    try:
        has_formulas = _look_inside(path, label, faults)
        if has_formulas is None:
            return None, None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions that are of no use here
            return _read_sheets(path, label, has_formulas, faults)
    except Exception as error:  # openpyxl raises whatever a broken part leads to
        if isinstance(error, OSError) and error.errno:
            raise  # of the disk, not of the workbook
        what = f"not readable as a workbook: {type(error).__name__}"
        faults.add(label, 1, 1, what, "a workbook (.xlsx)", "save it anew, or give two CSV files", "workbook")
        return None, None


def _look_inside(path: Path, label: str, faults: Faults) -> bool | None:
    """Say whether a workbook has formulas; None, with a fault, for what is no workbook or unpacks to too much."""
    if not zipfile.is_zipfile(path):
        what = "this is no workbook of the kind .xlsx"
        remedy = "save it as .xlsx, without a password, or give two CSV files"
        faults.add(label, 1, 1, what, "a workbook (.xlsx)", remedy, "workbook")
        return None
    with zipfile.ZipFile(path) as archive:
        size = sum(part.file_size for part in archive.infolist())
        if size > LARGEST_UNPACKED:
            what, expected = f"the workbook unpacks to {size:,} bytes", f"at most {LARGEST_UNPACKED:,} bytes"
            faults.add(label, 1, 1, what, expected, "give only the tables of this index", "too-large")
            return None
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        return any(_holds_formula(archive, name) for name in sheets)


def _holds_formula(archive: zipfile.ZipFile, name: str) -> bool:
    tail = b""
    with archive.open(name) as part:
        while chunk := part.read(1 << 20):
            text = tail + chunk
            if b"<f>" in text or b"<f " in text or b":f>" in text or b":f " in text:
                return True
            tail = chunk[-3:]
    return False


def _read_sheets(path: Path, label: str, has_formulas: bool, faults: Faults) -> tuple[Table | None, Table | None]:
    from openpyxl import load_workbook

    # Values as they were calculated when the file was saved. Macros and links are neither read nor run.
    values = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    formulas = load_workbook(path, read_only=True, keep_links=False) if has_formulas else None
    try:
        names = {sheet.title.casefold(): sheet.title for sheet in values.worksheets}
        tables: list[Table | None] = []
        for name in (DATA, META):
            title = names.get(name.casefold())
            if title is None:
                remedy = nearest(name, names.values()) or "name the sheet so"
                expected = f"a sheet {name} beside {listed(names.values())}"
                faults.add(label, 1, 1, f"the sheet {name} is missing", expected, remedy, "missing-sheet")
                tables.append(None)
                continue
            given = _cells(values[title], formulas[title] if formulas else None)
            tables.append(_table(given, label, title, name, faults))
    finally:
        values.close()
        if formulas:
            formulas.close()
    return tables[0], tables[1]


def _cells(values: Any, formulas: Any) -> Iterator[list[Any]]:
    """Yield the values of each row; a formula that was never calculated is marked."""
    values.reset_dimensions()  # what the file states may be wrong
    if formulas is None:
        for row in values.iter_rows(values_only=True):
            yield list(row)
        return
    formulas.reset_dimensions()
    for row, beside in zip(values.iter_rows(), formulas.iter_rows(values_only=True), strict=True):
        yield [
            # A formula whose result is an empty text says so in its type.
            _NOT_CALCULATED if cell.value is None and formula is not None and cell.data_type != "str" else cell.value
            for cell, formula in zip(row, beside, strict=True)
        ]


def _table(rows: Iterator[list[Any]], label: str, sheet: str, name: str, faults: Faults) -> Table | None:
    header = _sheet_header(next(rows, []), label, sheet, name, faults)
    if header is None:
        return None
    named = {index for name, index in header.positions.items() if name}
    found: list[Row] = []
    seen, is_told = 0, False
    for line, cells in enumerate(rows, start=2):
        seen += max(1, len(cells))
        if seen > MOST_CELLS or line > MOST_ROWS:
            _too_many(label, f"{MOST_CELLS:,} cells or {MOST_ROWS:,} rows in the sheet {sheet}", faults)
            return None
        outside = next((at for at, cell in enumerate(cells) if not _is_empty(cell) and at not in named), None)
        if outside is not None and not is_told:
            what = f"{sheet}!{column_letters(outside + 1)}{line}: a value in a column without a name"
            remedy = "name the column in the first row, or remove it"
            faults.add(label, line, outside + 1, what, "a name above every column", remedy, "header")
            is_told = True
        if not all(map(_is_empty, cells)):
            row = header.below(line, cells)
            _check_formulas(row, faults)
            found.append(row)
    if not found:
        what = f"{sheet}!A2: the sheet has only its header"
        faults.add(label, 2, 1, what, "at least one row", "add rows", "empty-file")
        return None
    return Table(label, header, tuple(found))


def _sheet_header(cells: list[Any], label: str, sheet: str, name: str, faults: Faults) -> SheetRow | None:
    texts = ["" if cell == _NOT_CALCULATED else _text(cell) for cell in cells]
    columns: dict[str, int] = {}
    good = True
    for index, text in enumerate(texts):
        if text and text in columns:
            what = f'{sheet}!{column_letters(index + 1)}1: the column "{text}" stands twice'
            faults.add(label, 1, index + 1, what, "each once", "remove one", "header")
            good = False
        columns.setdefault(text, index)
    for wanted in REQUIRED[name]:
        if wanted not in columns:
            what = f'{sheet}!A1: the column "{wanted}" is missing'
            remedy = nearest(wanted, columns) or "add it to the first row"
            faults.add(label, 1, 1, what, f"the columns {listed(REQUIRED[name])}", remedy, "missing-key")
            good = False
    return SheetRow(label, sheet, 1, columns, texts, frozenset()) if good else None


def _check_formulas(row: SheetRow, faults: Faults) -> None:
    for name in row.columns():
        if row[name] == _NOT_CALCULATED:
            remedy = "open the file in a spreadsheet program and save it, or write the value"
            row.fault(faults, name, "a formula without a value", "a calculated value", remedy, "formula")


def _is_empty(cell: Any) -> bool:
    return cell is None or cell == ""


def _text(cell: Any) -> str:
    r"""Write a value as it would stand in a CSV file.

    >>> _text(2018.0), _text(0.1), _text(True), _text(datetime(2018, 1, 1)), _text(" a\n b ")
    ('2018', '0.1', 'TRUE', '2018-01-01', 'a b')
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return " ".join(str(cell).split())


def _check_unnamed(table: Table, faults: Faults) -> None:
    """Report a column that has values and no name, such as the row names that R writes."""
    if "" in table.header.columns() and any(row[""] for row in table.rows):
        remedy = "name it or remove it (in R: write.csv(..., row.names = FALSE))"
        table.header.fault(faults, "", "a column without a name", "a name above every column", remedy, "header")


def _too_many(label: str, limit: str, faults: Faults) -> None:
    faults.add(label, 1, 1, f"more than {limit}", "fewer", "give only the tables of this index", "too-large")
