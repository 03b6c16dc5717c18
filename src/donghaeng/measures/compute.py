"""Computing measures over an extract: expressions of ibis, run by DuckDB inside this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from donghaeng.errors import InputError, UsageError, listed
from donghaeng.measures.expression import SUPERSEDED, UNKNOWN, aggregate, column_types, counted_rows, unknowns
from donghaeng.measures.measure import MeasuresSection, RowMeasure
from donghaeng.measures.shape import (
    CORRECTS,
    EFFECTIVE,
    PERIOD_LENGTH,
    PERIODS,
    SEQUENCE,
    Column,
    Extracted,
    Period,
    TableShape,
)
from donghaeng.rules.tree import evaluate

if TYPE_CHECKING:
    import duckdb
    import ibis.expr.types as ir

#: Stands for all values of a column together.
TOTAL = "_T"

#: A period, and a code for each group of the measure: one of its values, `UNKNOWN` or `TOTAL`.
Key = tuple[str, ...]

#: What the engine may use; it takes to disk beyond.
MEMORY = "1GB"
_SQL_TYPES = {"boolean": "BOOLEAN", "int64": "BIGINT", "date": "DATE", "string": "VARCHAR"}


@dataclass(frozen=True)
class Figure:
    """One number of a measure.

    Attributes:
        rows: entries, or rows of a table of a service, that it is made of.
        value: the number; None where no entry has a value to add up.
        incomplete: some of the entries have no value, so that a sum or a count of distinct values lacks them.
        persons: whom the rows are about; None where the table does not tell.
    """

    rows: int
    value: int | None
    incomplete: bool = False
    persons: int | None = None

    @property
    def contributors(self) -> int:
        """Rows, or whom they are about where these are fewer: below a threshold it tells of few."""
        return self.rows if self.persons is None else min(self.rows, self.persons)


NOTHING = Figure(0, 0)


@dataclass(frozen=True)
class Computed:
    """The measures of a pack, computed; not yet safe to publish.

    Attributes:
        section: the measures.
        figures: by measure of rows, the number of each period and group, in order.
        always_known: by table, the columns with a list of values in which every entry has one of them.
        first_day: day of the earliest entry that was read; None where there is none.
        last_day: day of the latest.
        last_sequence: number of the last entry; 0 where there is none.
        simulated: whether all entries are made up.
    """

    section: MeasuresSection
    figures: Mapping[str, Mapping[Key, Figure]]
    always_known: Mapping[str, frozenset[str]]
    first_day: date | None
    last_day: date | None
    last_sequence: int
    simulated: bool


def compute(section: MeasuresSection, extracted: Extracted) -> Computed:
    """Compute all measures of a pack.

    Every combination of values has a figure in every period from the first to the last in which something was
    recorded, whether there are entries or not: what is left out would be known to be nothing.

    Args:
        section: the measures.
        extracted: the entries.

    Raises:
        UsageError: a measure needs facts, or names that hold longer, and the entries were extracted without.
        InputError: a file cannot be read, or lacks a column.
    """
    _check_fit(section, extracted)
    with _connected() as connection:
        _open_tables(connection, section, extracted)
        first, last, last_sequence = _span(connection, section)
        figures = {}
        for measure in section.of_rows:
            shape = section.tables[measure.table]
            periods = periods_between(first, last, measure.period)
            figures[measure.id] = _figures(connection, measure, shape, periods)
        known = {name: _always_known(connection, section, shape) for name, shape in section.tables.items()}
    return Computed(section, figures, known, first, last, last_sequence, extracted.simulated)


def _check_fit(section: MeasuresSection, extracted: Extracted) -> None:
    if section.needs_facts and not extracted.facts:
        facts = {column.name for measure in section.of_rows for column in section.columns_of(measure) if column.is_fact}
        what = f"measures read facts about persons ({listed(sorted(facts))}), and these entries are without"
        raise UsageError(f"{what}; make the release from the ledger, with --master-key")
    if PERIODS.index(section.names_hold) > PERIODS.index(extracted.period):
        what = f"a measure counts persons in a {section.names_hold}, and here they keep their names for a"
        raise UsageError(f"{what} {extracted.period}; extract with --period {section.names_hold}")

    if missing := sorted(set(section.of_services) - extracted.of_services):
        what = f"measures read {listed(missing)}, which this extract is without"
        raise UsageError(f"{what}; make it with --days and --pack, or make the release from the ledger")


@contextmanager
def _connected() -> Iterator[duckdb.DuckDBPyConnection]:
    """Lend an engine whose memory has a bound; beyond it, it takes to disk."""
    import duckdb

    with TemporaryDirectory(prefix="donghaeng-measure-") as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": MEMORY,
            "temp_directory": folder,
        }
        with duckdb.connect(":memory:", config=settings) as connection:
            yield connection


def _open_tables(connection: duckdb.DuckDBPyConnection, section: MeasuresSection, extracted: Extracted) -> None:
    """Give each table its files, and find the entries that were corrected."""
    import pyarrow

    for name, shape in section.tables.items():
        columns = sql_columns(shape)
        parts = [_part(connection, section, shape, kind, extracted) for kind in shape.sources]
        nothing = ", ".join(f"NULL::{kind} AS {_quoted(column)}" for column, kind in columns.items())
        union = " UNION ALL ".join([*filter(None, parts), f"SELECT {nothing} WHERE false"])
        connection.execute(f"CREATE VIEW {_quoted(name)} AS {union}")
    corrections: list[tuple[int, int]] = []
    for name, files in extracted.files.items():
        if name in extracted.of_services:
            continue
        query = f"SELECT {SEQUENCE}, {CORRECTS} FROM {_read(files)} WHERE {CORRECTS} IS NOT NULL"  # noqa: S608
        corrections += connection.execute(query).fetchall()
    numbers = pyarrow.array(sorted(superseded(corrections)), pyarrow.int64())
    connection.register(SUPERSEDED, pyarrow.table({SEQUENCE: numbers}))


def _part(
    connection: duckdb.DuckDBPyConnection,
    section: MeasuresSection,
    shape: TableShape,
    kind: str,
    extracted: Extracted,
) -> str:
    """Give the query of one kind of a table; empty where it has no entries."""
    files = extracted.files.get(kind, ())
    if not files:
        return ""
    there = _columns(connection, files)
    if missing := [column for column in _needed(section, shape) if column not in there]:
        what = f"{kind} has no column {listed(missing)} in this extract"
        raise InputError(f"{what}; make it anew with this version of Donghaeng")
    kept = ", ".join(
        _quoted(column) if column in there else f"NULL::{type_} AS {_quoted(column)}"
        for column, type_ in sql_columns(shape).items()
    )
    return f"SELECT {kept} FROM {_read(files)}"  # noqa: S608


def _needed(section: MeasuresSection, shape: TableShape) -> list[str]:
    """Columns that the measures of a table read."""
    read = [column.name for one in section.of_rows if one.table == shape.name for column in section.columns_of(one)]
    own = (SEQUENCE, EFFECTIVE, CORRECTS) if shape.is_entries else ()
    return list(dict.fromkeys((*own, *read)))


def sql_columns(shape: TableShape) -> dict[str, str]:
    """Give the columns of a table with their types in SQL."""
    return {name: _SQL_TYPES[kind] for name, kind in column_types(shape).items()}


def _columns(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> set[str]:
    import duckdb

    try:
        rows = connection.execute(f"DESCRIBE SELECT * FROM {_read(files)}").fetchall()  # noqa: S608
    except duckdb.Error as error:
        raise InputError(f"{files[0]} cannot be read: {str(error).splitlines()[0]}; make the extract anew") from None
    return {row[0] for row in rows}


def _read(files: Sequence[Path]) -> str:
    names = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    return f"read_parquet([{names}], union_by_name = true)"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def superseded(corrections: Sequence[tuple[int, int]]) -> set[int]:
    """Find the entries that do not count: all but the last of each chain of corrections.

    Args:
        corrections: number of each entry that corrects another, and of the one that it corrects.

    >>> sorted(superseded([(5, 2), (9, 5), (7, 2), (8, 6)]))
    [2, 5, 6, 7]
    """
    first_of: dict[int, int] = {}
    last_of: dict[int, int] = {}
    numbers: set[int] = set()
    for sequence, corrected in sorted(corrections):  # what is corrected was recorded before
        first = first_of.get(corrected, corrected)
        first_of[sequence] = first
        last_of[first] = sequence
        numbers |= {sequence, corrected}
    return numbers - set(last_of.values())


def _span(connection: duckdb.DuckDBPyConnection, section: MeasuresSection) -> tuple[date | None, date | None, int]:
    """Give the first and the last day of the entries that count, and the number of the last."""
    days: list[date] = []
    sequences = [0]
    for shape in section.tables.values():
        rows = counted_rows(shape)
        query = rows.aggregate(first=rows[shape.day].min(), last=rows[shape.day].max())
        first, last = _rows(connection, query)[0]
        if isinstance(first, date) and isinstance(last, date):
            days += [first, last]
            if shape.is_entries:
                sequences += [_whole(number) for (number,) in _rows(connection, rows.aggregate(rows[SEQUENCE].max()))]
    return min(days, default=None), max(days, default=None), max(sequences)


def _rows(connection: duckdb.DuckDBPyConnection, expression: ir.Table) -> list[tuple[object, ...]]:
    import ibis

    return connection.execute(str(ibis.to_sql(expression, dialect="duckdb"))).fetchall()


def periods_between(first: date | None, last: date | None, length: Period) -> tuple[str, ...]:
    """Give all periods from one day to another, in order.

    >>> periods_between(date(2025, 12, 31), date(2026, 2, 1), "month")
    ('2025-12', '2026-01', '2026-02')
    """
    if first is None or last is None:
        return ()
    found = dict.fromkeys(
        (first + timedelta(days=number)).isoformat()[: PERIOD_LENGTH[length]]
        for number in range((last - first).days + 1)
    )
    return tuple(found)


def subsets(groups: Sequence[Column]) -> Iterator[tuple[Column, ...]]:
    """Give every choice of some of the groups of a measure, none of them first."""
    for size in range(len(groups) + 1):
        yield from combinations(groups, size)


def _figures(
    connection: duckdb.DuckDBPyConnection, measure: RowMeasure, shape: TableShape, periods: Sequence[str]
) -> dict[Key, Figure]:
    found: dict[Key, Figure] = {}
    unknown: set[str] = set()
    for chosen in subsets(measure.groups):
        for period, *rest in _rows(connection, aggregate(measure, shape, chosen)):
            codes = dict(zip((column.name for column in chosen), rest, strict=False))
            unknown |= {name for name, code in codes.items() if code == UNKNOWN}
            rows, known, value, persons = rest[len(chosen) :]
            key = (str(period), *(str(codes.get(column.name, TOTAL)) for column in measure.groups))
            number = None if value is None else _whole(value)
            found[key] = Figure(_whole(rows), number, known != rows, None if persons is None else _whole(persons))
    values = [(TOTAL, *column.codes, *((UNKNOWN,) if column.name in unknown else ())) for column in measure.groups]
    possible = (codes for codes in product(*values) if is_possible(measure, codes))
    return {(period, *codes): found.get((period, *codes), NOTHING) for codes in list(possible) for period in periods}


def is_possible(measure: RowMeasure, codes: Sequence[str]) -> bool:
    """Say whether entries of some groups can count at all, whatever else is recorded of them."""
    return measure.filter is None or evaluate(measure.filter, group_facts(measure, codes)) is not False


def group_facts(measure: RowMeasure, codes: Sequence[str]) -> dict[str, object]:
    """Give what is known of entries of some groups: the values of the columns that these are."""
    pairs = zip(measure.groups, codes, strict=True)
    known = {column.name: (column, code) for column, code in pairs if code not in (TOTAL, UNKNOWN)}
    return {
        name: code == "true" if column.type is not None and column.type.kind == "boolean" else code
        for name, (column, code) in known.items()
    }


def _always_known(connection: duckdb.DuckDBPyConnection, section: MeasuresSection, shape: TableShape) -> frozenset[str]:
    read = [column for one in section.of_rows if one.table == shape.name for column in section.columns_of(one)]
    columns = list({column.name: column for column in read if column.codes}.values())
    if not columns:
        return frozenset()
    [counts] = _rows(connection, unknowns(shape, columns))
    return frozenset(column.name for column, count in zip(columns, counts, strict=True) if not count)


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{type(value).__name__} where a whole number is computed")
    return value
