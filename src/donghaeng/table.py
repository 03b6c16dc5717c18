"""CSV tables that somebody wrote by hand: read as a stream, with the place of every cell.

Comma-separated with a header, RFC 4180 quoting. Memory is that of one record, whatever the size of the file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from donghaeng.errors import Faults, listed, nearest
from donghaeng.textfile import LONGEST_LINE, lines, size_fault

#: A table written by hand or exported for a pack. More than this belongs into a columnar file.
LARGEST_TABLE = 256_000_000

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII)
_PERCENT_SIGNS = "%\uff05 "
#: Products and ratios of a few numbers of this size are still numbers.
LARGEST_EXPONENT = 100
_THOUSANDS = re.compile(
    r"[+-]?[0-9]{1,3}([, ][0-9]{3}){2,}(\.[0-9]*)?|[+-]?[0-9]{1,3}[, ][0-9]{3}(\.[0-9]+)?", re.ASCII
)
NUMBER_FORM = "a number such as 1234.5"


class Row:
    """One record of a table: its cells by column name, and the place of each."""

    __slots__ = ("_cells", "_columns", "_label", "_record", "line")

    def __init__(self, label: str, line: int, record: str, columns: dict[str, int], cells: list[str]) -> None:
        """Keep the cells; `record` is the text of the record, from which places are found when asked for."""
        self._label = label
        self._record = record
        self._columns = columns
        self._cells = cells
        self.line = line

    def __getitem__(self, column: str) -> str:
        """Give the cell of a column without surrounding spaces; empty where the column is not in the table."""
        index = self._columns.get(column)
        return self._cells[index].strip() if index is not None and index < len(self._cells) else ""

    def columns(self) -> Collection[str]:
        """Give the names of all columns of the table."""
        return self._columns.keys()

    def place(self, column: str) -> tuple[int, int]:
        """Give line and column of a cell."""
        index = self._columns.get(column, 0)
        if '"' in self._record:
            return cell_place(self._record, self.line, index)
        # Without quotes a cell stands where the lengths before it say.
        return self.line, 1 + sum(len(cell) + 1 for cell in self._cells[:index])

    def fault(self, faults: Faults, column: str, what: str, expected: str, remedy: str, code: str) -> None:
        """Report a fault at a cell."""
        line, place = self.place(column)
        faults.add(self._label, line, place, what, expected, remedy, code)

    def warn(self, faults: Faults, column: str, what: str, expected: str, remedy: str, code: str) -> None:
        """Report something implausible at a cell."""
        line, place = self.place(column)
        faults.add(self._label, line, place, what, expected, remedy, code, "warning")


class _Records:
    """Feeds lines to the csv reader and remembers those of the record being read."""

    def __init__(self, source: Iterator[str]) -> None:
        self._source = source
        self._lines: list[str] = []
        self._length = 0
        self.next_line = 1
        self.first_line = 1

    def __iter__(self) -> Iterator[str]:
        for line in self._source:
            self._lines.append(line)
            self._length += len(line)
            if self._length > LONGEST_LINE:
                raise csv.Error(f"a record of more than {LONGEST_LINE:,} characters")
            self.next_line += 1
            yield line

    @property
    def text(self) -> str:
        return "".join(self._lines)

    def start(self) -> None:
        self._lines.clear()
        self._length = 0
        self.first_line = self.next_line


def read_rows(
    path: Path,
    label: str,
    required: Sequence[str],
    optional: Collection[str] | None,
    faults: Faults,
    extra: Sequence[str] = (),
    whole: bool = False,
) -> Iterator[Row]:
    """Yield the records of a CSV file.

    Args:
        path: the file.
        label: how faults name it.
        required: columns that must be in the header, in any order.
        optional: further columns that may be; None admits any name.
        faults: where faults go; a record of the wrong width is reported and not yielded.
        extra: more columns that may be, for tables whose other columns are codes.
        whole: whether each record has a cell for every column, in tables where a cell that is left off could be any.
    """
    if size_fault(path, label, LARGEST_TABLE, faults, "give only the rows of this pack"):
        return
    before = len(faults)
    records = _Records(lines(path, label, faults))
    reader = csv.reader(iter(records), strict=True)
    columns: dict[str, int] | None = None
    found = False
    while not faults.is_full(label):
        records.start()
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            what = f"not readable as CSV: {error}"
            remedy = "close the quotes and double those inside a cell"
            faults.add(label, records.first_line, 1, what, "RFC 4180 quoting", remedy, "csv")
            return
        if columns is None:
            known = None if optional is None else [*required, *extra, *optional]
            columns = _header(cells, label, records.text, required, known, faults)
            if columns is None:
                return
            width = len(cells)
            least = width if whole else _least_width(cells, required)
            continue
        if not any(cells):
            continue
        found = True
        if not least <= len(cells) <= width:
            place = cell_place(records.text, records.first_line, min(len(cells), width) - 1)
            what = f"{len(cells)} cells in this row"
            remedy = "write numbers without separators of thousands, and quote cells that contain a comma"
            if len(cells) < width:
                remedy = "add the missing cells"
            faults.add(label, *place, what, f"{width} as in the header", remedy, "row-width")
            continue
        yield Row(label, records.first_line, records.text, columns, cells)
    if len(faults) > before:
        return
    if columns is None:
        faults.add(label, 1, 1, "the file is empty", f"the header {','.join(required)}", "write it", "empty-file")
    elif not found:
        faults.add(label, 1, 1, "the file has only its header", "at least one row", "add rows", "empty-file")


def _least_width(header: Sequence[str], required: Sequence[str]) -> int:
    """Cells a row must have: optional columns at the end may be left off."""
    return 1 + max(index for index, name in enumerate(header) if name.strip() in set(required))


def _header(
    cells: list[str], label: str, record: str, required: Sequence[str], known: Sequence[str] | None, faults: Faults
) -> dict[str, int] | None:
    for separator, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(cells) == 1 and separator in cells[0]:
            remedy = "save the table as CSV with commas"
            faults.add(label, 1, 1, f"the cells are separated by {name}", "commas", remedy, "header")
            return None
    columns: dict[str, int] = {}
    good = True
    for index, cell in enumerate(cells):
        name = cell.strip()
        place = cell_place(record, 1, index)
        if name in columns:
            faults.add(label, *place, f'the column "{name}" stands twice', "each once", "remove one", "header")
            good = False
        elif known is not None and name not in known:
            remedy = nearest(name, known) or "remove it"
            faults.add(label, *place, f'unknown column "{name}"', f"one of {listed(known, 30)}", remedy, "unknown-key")
            good = False
        else:
            columns[name] = index
    for name in required:
        if name not in columns:
            expected = f"the header {','.join(required)}"
            faults.add(label, 1, 1, f'the column "{name}" is missing', expected, "add it", "missing-key")
            good = False
    return columns if good else None


def cell_place(record: str, first_line: int, index: int) -> tuple[int, int]:
    """Find line and column of a cell in the text of its record; behind the last cell when it has fewer.

    >>> cell_place('a,"b,c",d', 7, 2)
    (7, 9)
    """
    text = record.rstrip("\r\n")
    line, column, cell = first_line, 1, 0
    fresh, enclosed, inside = True, False, False  # at the start of a cell; cell in quotes; within its quotes
    for character in text:
        if cell == index:
            break
        if character == '"' and (fresh or enclosed):
            # Doubled quotes within a cell leave it and enter it again.
            enclosed, inside, fresh = True, not inside, False
        elif character == "," and not inside:
            cell, fresh, enclosed = cell + 1, True, False
        else:
            fresh = False
        line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
    return line, column


def is_number(text: str) -> bool:
    """Say whether a text is a number in the form that tables take.

    >>> is_number("12.5"), is_number("1_0"), is_number("inf")
    (True, False, False)
    """
    return _NUMBER.fullmatch(text) is not None and abs(Decimal(text).adjusted()) <= LARGEST_EXPONENT


def number(row: Row, column: str, faults: Faults) -> Decimal | None:
    """Read a cell as a number; None, with a fault, when it is not one.

    Thousands separators, percent signs, NaN and infinities are refused, because each of them is read in two
    ways by somebody.
    """
    text = row[column]
    if _NUMBER.fullmatch(text):
        value = Decimal(text)
        if abs(value.adjusted()) <= LARGEST_EXPONENT:
            return value
        expected = f"0, or a size between 1e-{LARGEST_EXPONENT} and 1e{LARGEST_EXPONENT}"
        row.fault(faults, column, f'"{_short(text)}" is out of range', expected, "check the unit", "not-a-number")
        return None
    row.fault(faults, column, f'"{_short(text)}" is not a number', NUMBER_FORM, _number_remedy(text), "not-a-number")
    return None


def _number_remedy(text: str) -> str:
    bare = text.replace(",", "").replace(" ", "")
    if _THOUSANDS.fullmatch(text):
        return f"write {bare}"
    if _NUMBER.fullmatch(text.replace(",", ".")) and text.count(",") == 1:
        return f"write {text.replace(',', '.')} if the comma is a decimal sign, {bare} if it parts thousands"
    if text.endswith(("%", "\uff05")):
        return f'write {text.rstrip(_PERCENT_SIGNS)} and put "%" into the unit of the node'
    if text.lower() in {"nan", "na", "n/a", "-", "null", "none", "inf", "-inf", ""}:
        return "leave the row out; a value that is not there is not a number"
    return "write digits, with a point for decimals"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def decimals(value: Decimal) -> int:
    """Count the decimals a number was printed with; negative for 1e3.

    >>> decimals(Decimal("111.0"))
    1
    """
    return -int(value.as_tuple().exponent)
