"""CSV tables: RFC 4180, every cell with its place, numbers without two readings."""

import csv
import io
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donghaeng.errors import MOST_FAULTS_PER_FILE, Faults
from donghaeng.table import Row, cell_place, decimals, number, read_rows


def read(content: str | bytes) -> tuple[list[Row], list[str]]:
    """Read a table with the columns a, b (required) and c (optional)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t.csv")
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        faults = Faults()
        rows = list(read_rows(path, "t.csv", ("a", "b"), ("c",), faults))
    return rows, [str(fault) for fault in faults]


def cells(content: str) -> list[tuple[str, str, str]]:
    rows, faults = read(content)
    assert faults == []
    return [(row["a"], row["b"], row["c"]) for row in rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n", [("1", "2", "")]),
        ("b,a\n1,2\n", [("2", "1", "")]),
        ("a,b,c\n1,2\n3,4,5\n", [("1", "2", ""), ("3", "4", "5")]),
        ("a,b\r\n1,2\r\n", [("1", "2", "")]),
        ("a,b\n1,2", [("1", "2", "")]),
        (" a , b \n 1 , 2 \n", [("1", "2", "")]),
        ('a,b\n"x,y","He said ""no"""\n', [("x,y", 'He said "no"', "")]),
        ('a,b\n"two\nlines",2\n', [("two\nlines", "2", "")]),
        ("a,b\n\n1,2\n,\n3,4\n", [("1", "2", ""), ("3", "4", "")]),
        ("\ufeffa,b\n1,2\n", [("1", "2", "")]),
    ],
)
def test_cells_are_read_by_the_name_of_their_column(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert cells(text) == expected


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "t.csv:1:1: the file is empty; expected the header a,b; write it"),
        ("a,b\n", "t.csv:1:1: the file has only its header; expected at least one row; add rows"),
        ("a,b\n,\n", "t.csv:1:1: the file has only its header; expected at least one row; add rows"),
        ("a,x,b\n1,2,3\n", 't.csv:1:3: unknown column "x"; expected one of a, b, c; remove it'),
        ("a,b,b\n1,2,3\n", 't.csv:1:5: the column "b" stands twice; expected each once; remove one'),
        ("a,c\n1,2\n", 't.csv:1:1: the column "b" is missing; expected the header a,b; add it'),
        ("a,b\n1,2,3\n", "t.csv:2:3: 3 cells in this row; expected 2 as in the header; write numbers without"),
        ("a,b\n1\n", "t.csv:2:1: 1 cells in this row; expected 2 as in the header; add the missing cells"),
        ('a,b\n1,"2\n3,4\n', "t.csv:2:1: not readable as CSV: "),
        ('a,b\n1,"2"x\n', "t.csv:2:1: not readable as CSV: "),
        ("a,b\n1,2\rx\n", "t.csv:2:1: not readable as CSV: "),
        ("a,b\n1,\0\n", "t.csv:2:3: a NUL character; expected text; save the file as UTF-8 text"),
    ],
)  # fmt: skip
def test_a_table_that_is_none_is_told_at_its_place(text: str, fault: str) -> None:
    _, faults = read(text)
    assert len(faults) == 1
    assert faults[0].startswith(fault)


def test_rows_before_a_fault_are_given_and_those_after_it_too() -> None:
    rows, faults = read("a,b\n1,2\n3\n4,5\n")
    assert [row["a"] for row in rows] == ["1", "4"]
    assert len(faults) == 1


def test_the_place_of_a_cell_after_a_cell_of_several_lines() -> None:
    rows, _ = read('a,b,c\n"one\ntwo",x,"y"\n1,2,3\n')
    assert [rows[0].place(column) for column in "abc"] == [(2, 1), (3, 6), (3, 8)]
    assert [rows[1].place(column) for column in "abc"] == [(4, 1), (4, 3), (4, 5)]


def test_a_file_with_a_thousand_faults_is_given_up() -> None:
    _, faults = read("a,b\n" + "1\n" * 5000)
    assert len(faults) == MOST_FAULTS_PER_FILE
    assert "t.csv:1001:1: more than 999 errors in this file; expected fewer; mend these first" in faults


CELL = st.text(alphabet=st.sampled_from(list('ab,"\n 한')), max_size=6)


@given(st.lists(CELL, min_size=1, max_size=5).filter(lambda row: row != [""]))
def test_every_written_cell_stands_where_its_place_says(row: list[str]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    record = text.getvalue()
    assert next(csv.reader(io.StringIO(record))) == row
    lines = record.split("\n")
    for index in range(len(row)):
        line, column = cell_place(record, 7, index)
        rest = "\n".join(lines[line - 7 :])[column - 1 :]
        # An empty line has no cells, for csv.
        assert (next(csv.reader(io.StringIO(rest)), []) or [""]) == row[index:]


@pytest.mark.parametrize(
    ("record", "index", "place"),
    [
        ('5" pipe,x,y', 1, (1, 9)),
        ('a"b,c"d,e', 2, (1, 9)),
        ('"a""b",c', 1, (1, 8)),
        ('"",c', 1, (1, 4)),
        ('"a""",c', 1, (1, 7)),
        ("a,b\n", 9, (1, 4)),
        ("", 0, (1, 1)),
    ],
)
def test_quotes_within_a_cell_do_not_hide_its_end(record: str, index: int, place: tuple[int, int]) -> None:
    assert cell_place(record, 1, index) == place


def number_in(text: str) -> Decimal | str:
    """The number in a cell, or its fault."""
    (row,), _ = read(f'a,b\n"{text}",x\n')
    faults = Faults()
    value = number(row, "a", faults)
    (fault,) = faults if value is None else (None,)
    return value if value is not None else str(fault)


@pytest.mark.parametrize("text", ["0", "-0", "1", "+1", "-1.5", ".5", "5.", "1e3", "1E-3", "007", "1" * 50, "1e100"])
def test_numbers_are_read_as_they_are_written(text: str) -> None:
    assert number_in(text) == Decimal(text)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("1,234", "write 1234"),
        ("1 234.5", "write 1234.5"),
        ("12%", 'write 12 and put "%" into the unit of the node'),
        ("12 ％", 'write 12 and put "%" into the unit of the node'),
        ("NaN", "leave the row out; a value that is not there is not a number"),
        ("-", "leave the row out; a value that is not there is not a number"),
        ("n/a", "leave the row out; a value that is not there is not a number"),
        ("inf", "leave the row out; a value that is not there is not a number"),
        ("0x10", "write digits, with a point for decimals"),
        ("１２", "write digits, with a point for decimals"),
        ("1_000", "write digits, with a point for decimals"),
        ("약 12", "write digits, with a point for decimals"),
        ("1e5000", "write digits, with a point for decimals"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_with_what_to_write(text: str, remedy: str) -> None:
    assert number_in(text) == f't.csv:2:1: "{text}" is not a number; expected a number such as 1234.5; {remedy}'


@pytest.mark.parametrize("text", ["1e999", "-1e101", "1e-101", "1" * 500])
def test_numbers_out_of_all_proportion_are_refused(text: str) -> None:
    fault = number_in(text)
    assert "is out of range; expected 0, or a size between 1e-100 and 1e100; check the unit" in str(fault)
    assert len(str(fault)) < 150


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=4))
def test_a_number_survives_being_written_and_read(value: Decimal) -> None:
    read_back = number_in(f"{value:f}")
    assert read_back == value
    assert isinstance(read_back, Decimal)
    assert decimals(read_back) == 4


@given(st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: x == 0 or 1e-99 < abs(x) < 1e99))
def test_a_float_survives_being_written_and_read(value: float) -> None:
    read_back = number_in(repr(value))
    assert isinstance(read_back, Decimal)
    assert float(read_back) == value


@pytest.mark.parametrize(("text", "count"), [("111", 0), ("111.0", 1), ("110.957", 3), ("1e3", -3), ("1.50e1", 1)])
def test_decimals_are_counted_as_printed(text: str, count: int) -> None:
    assert decimals(Decimal(text)) == count


@given(st.binary(max_size=60))
def test_any_bytes_are_a_table_or_have_located_faults(content: bytes) -> None:
    rows, faults = read(b"a,b\n" + content)
    assert rows or faults
    assert all(fault.startswith("t.csv:") for fault in faults)
