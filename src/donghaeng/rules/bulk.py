"""Many cases at once: Parquet, CSV, Arrow and data frames in, answers with reasons out.

DuckDB computes the code of the answer of each row (see `donghaeng.rules.sql`); what a code stands for is put beside
it here, as dictionary columns. The answers are those of `donghaeng.rules.decide`, case by case. An empty or absent
column is an unknown fact. Values are held to the declared types before anything is decided; a message says where a
value is wrong and never repeats it.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from donghaeng.errors import Fault, InputError, UsageError, listed, nearest
from donghaeng.rules.case_files import kind_of_file, writing
from donghaeng.rules.rows_as_data import RULES_PER_FACT, RulesAsBits, as_bits
from donghaeng.rules.sql import (
    FIRST_ANSWER,
    GAPS,
    OPEN,
    REFUSED,
    AnswerOfRow,
    Given,
    Query,
    Target,
    facts_query,
    given_by_column,
    given_by_text,
    identifier,
    nothing_given,
    query,
    text_literal,
)
from donghaeng.rules.table import ENGINE_REASONS, ON, UNDETERMINED, Segment, Table, answer_fields, field_type
from donghaeng.rules.types import DATE, FIRST_DAY, LAST_DAY, FactError, Type

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

Engine = Literal["duckdb", "spark"]

#: Rows of one batch of a file; a batch is all that is in memory beside what DuckDB keeps within its limit.
ROWS_OF_BATCH = 500_000
#: A fault is shown for so many rows of a column, and counted for all.
SHOWN_FAULTS = 3


def decide_bulk(
    table: Table,
    data: Any,
    *,
    on: date | str = ON,
    known_on: date | None = None,
    engine: Engine = "duckdb",
    keep: Sequence[str] = (),
    missing: bool = False,
    threads: int = 2,
) -> Any:
    """Decide every row of a file or data frame.

    Args:
        table: the table.
        data: path of a Parquet, CSV or Arrow file, a data frame that narwhals knows (pandas, Polars, pyarrow), or with
            ``engine="spark"`` a data frame of Spark.
        on: the day of the decision, or the name of a column of days.
        known_on: the day whose knowledge is used; None for all that is known.
        engine: ``duckdb``, or ``spark``, which needs the extra of that name.
        keep: columns that are copied to the result, such as keys.
        missing: whether to add the column ``missing``, the list of facts that are still needed.
        threads: how many threads DuckDB may use.

    Returns:
        A frame of the same kind, of a file a `pyarrow.Table`, in the order of the rows: what is kept, the fields of the
        answer (``result`` is ``undetermined`` where the table cannot say), ``reason`` and ``missing``. Of a table that
        collects, every field is a list.

    Raises:
        UsageError: a column is unknown or wanted twice, the day is no day of the calendar, or the kind of file or frame
            is not known.
        InputError: values do not have the type of their fact.
    """
    if engine == "spark":
        from donghaeng.rules.spark import decide_with_spark

        return decide_with_spark(table, data, on=on, known_on=known_on, keep=keep, missing=missing)
    _check_engine(engine)
    with _shared_database(threads).cursor() as connection:
        if isinstance(data, str | Path):
            source = _file(connection, Path(data))
            back = None
        else:
            source, back = _frame(connection, data)
        decided = _Decision.of(table, source, on, known_on, keep, missing, threads)
        found = decided.table()
    return found if back is None else back(found)


def decide_file(
    table: Table,
    source: Path,
    out: Path,
    *,
    on: date | str = ON,
    known_on: date | None = None,
    engine: Engine = "duckdb",
    keep: Sequence[str] = (),
    missing: bool = False,
    threads: int = 2,
    memory: str = "1GiB",
) -> dict[str, int]:
    """Decide every row of a file into another file, which may be larger than memory.

    The result appears under its name when it is complete.

    Args:
        table: the table.
        source: a Parquet, CSV or Arrow file.
        out: the file to write; its ending says its kind.
        on: as for `decide_bulk`.
        known_on: as for `decide_bulk`.
        engine: as for `decide_bulk`.
        keep: as for `decide_bulk`.
        missing: as for `decide_bulk`.
        threads: as for `decide_bulk`.
        memory: how much memory DuckDB may use, such as ``1GiB``.

    Returns:
        The number of rows by result, most first.

    Raises:
        UsageError: as for `decide_bulk`.
        InputError: as for `decide_bulk`.
    """
    source, out = Path(source), Path(out)
    kind_of_file(out)
    if source.exists() and out.exists() and source.samefile(out):
        raise UsageError(f"{out} is read and written: give another name with --out")
    if engine == "spark":
        from donghaeng.rules.spark import decide_file_with_spark

        return decide_file_with_spark(table, source, out, on=on, known_on=known_on, keep=keep, missing=missing)
    _check_engine(engine)
    counts: Counter[str] = Counter()
    with writing(out) as write, _connection(threads, memory, out.parent) as connection:
        decided = _Decision.of(table, _file(connection, source), on, known_on, keep, missing, threads)
        for batch in decided.batches():
            write(batch)
            _count(counts, batch)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def columns_of(path: Path) -> tuple[str, ...]:
    """Give the names of the columns of a file of cases.

    Raises:
        UsageError: there is no such file, or its ending is not known.
        InputError: it cannot be read.
    """
    with _connection(1) as connection:
        return tuple(_file(connection, path).types)


def _count(counts: Counter[str], batch: pa.Table) -> None:
    import pyarrow.compute as pc

    results = batch["result"]
    if results.type.__class__.__name__ == "ListType":
        results = pc.list_flatten(results)
    for pair in pc.value_counts(results.combine_chunks()).to_pylist():
        counts[str(pair["values"])] += pair["counts"]


def _check_engine(engine: str) -> None:
    if engine != "duckdb":
        raise UsageError(f'the engine "{engine}" is not known; expected duckdb or spark')


def _connection(threads: int, memory: str = "", folder: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Open a database in memory that reaches for nothing beyond the files it is given."""
    import duckdb

    settings: dict[str, Any] = {
        "threads": threads,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        # It makes a join of a list of constants, after which rows come in another order.
        "disabled_optimizers": "in_clause",
    }
    if memory:
        settings["memory_limit"] = memory
    if folder is not None:
        settings["temp_directory"] = str(folder / ".decide-spill")
    return duckdb.connect(":memory:", config=settings)


@lru_cache(maxsize=4)
def _shared_database(threads: int) -> duckdb.DuckDBPyConnection:
    """A database that is opened once; each call has a connection of its own, with its own names."""
    return _connection(threads)


# --- where the rows come from -----------------------------------------------------------------------------------


@dataclass
class _Source:
    """Rows that can be read more than once.

    Attributes:
        connection: where they are read.
        sql: what stands after FROM.
        types: SQL type by column; the columns of a CSV file are text.
        label: how faults name it.
        csv: the CSV file, if it is one.
        filled: the columns without an empty cell, as far as that is known without reading them.
    """

    connection: duckdb.DuckDBPyConnection
    sql: str
    types: Mapping[str, str]
    label: str
    csv: Path | None = None
    filled: frozenset[str] = frozenset()


def _described(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    label: str,
    file: Path | None = None,
    filled: frozenset[str] = frozenset(),
) -> _Source:
    import duckdb

    try:
        found = connection.execute(f"DESCRIBE SELECT * FROM {sql}").fetchall()  # noqa: S608
    except duckdb.Error as error:
        raise InputError(f"{label} cannot be read: {str(error).splitlines()[0]}") from None
    return _Source(connection, sql, {row[0]: row[1] for row in found}, label, file, filled)


def _file(connection: duckdb.DuckDBPyConnection, path: Path) -> _Source:
    kind = kind_of_file(path)
    if not path.is_file():
        raise UsageError(f"{path} is not there: expected a file")
    name = str(path)
    if any(mark in name for mark in "*?["):
        raise UsageError(f"{path} has a mark in its name that stands for other names: rename it without * ? [")
    if kind == "parquet":
        return _described(
            connection, f"read_parquet({text_literal(name, 'duckdb')})", name, filled=_filled_columns(path)
        )
    if kind == "csv":
        options = "delim = ',', quote = '\"', escape = '\"', header = true, all_varchar = true, nullstr = ''"
        return _described(connection, f"read_csv({text_literal(name, 'duckdb')}, {options})", name, path)
    import pyarrow as pa

    with pa.memory_map(name) as file:
        try:
            rows = pa.ipc.open_file(file).read_all()
        except pa.ArrowInvalid:
            file.seek(0)
            try:
                rows = pa.ipc.open_stream(file).read_all()
            except pa.ArrowInvalid:
                raise InputError(f"{path} is no Arrow file: expected the file or stream form of Arrow IPC") from None
    connection.register("given_rows", rows)
    return _described(connection, "given_rows", name, filled=_without_gaps(rows))


def _filled_columns(path: Path) -> frozenset[str]:
    """Give the columns of a Parquet file of which its statistics say that no cell is empty."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(path)
    except pa.ArrowInvalid as error:
        raise InputError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None
    gaps: set[str] = set()
    names = [metadata.schema.column(at).path for at in range(metadata.num_columns)]
    for group in range(metadata.num_row_groups):
        for at, name in enumerate(names):
            if name not in gaps:
                statistics = metadata.row_group(group).column(at).statistics
                if statistics is None or not statistics.has_null_count or statistics.null_count:
                    gaps.add(name)
    return frozenset(name for name in names if name not in gaps)


def _without_gaps(rows: pa.Table) -> frozenset[str]:
    return frozenset(name for name in rows.column_names if not rows[name].null_count)


def _frame(connection: duckdb.DuckDBPyConnection, data: Any) -> tuple[_Source, Any]:
    """Register a data frame, and say how the answer becomes one of the same kind."""
    import narwhals as nw
    import pyarrow as pa

    if isinstance(data, pa.Table):
        connection.register("given_rows", data)
        return _described(connection, "given_rows", "the data", filled=_without_gaps(data)), lambda found: found
    try:
        frame = nw.from_native(data)
    except TypeError:
        raise UsageError(
            f"a {type(data).__name__} is no data frame: give a path, or a frame of pandas, Polars or pyarrow"
        ) from None
    lazy = isinstance(frame, nw.LazyFrame)
    eager = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    rows = eager.to_arrow()
    connection.register("given_rows", rows)

    def back(found: pa.Table) -> Any:
        made = nw.from_arrow(found, backend=eager.implementation)
        return made.lazy().to_native() if lazy else made.to_native()

    return _described(connection, "given_rows", "the data", filled=_without_gaps(rows)), back


# --- deciding ---------------------------------------------------------------------------------------------------


def check_columns(table: Table, columns: Sequence[str], on: date | str, keep: Sequence[str], missing: bool) -> None:
    """Refuse columns that mean nothing, and a day outside the calendar.

    Raises:
        UsageError: a column is unknown, wanted twice or not there, or the day is no day of the calendar.
    """
    if isinstance(on, str):
        if on not in columns:
            remedy = nearest(on, columns) or "give the day of the decision, or a column of days"
            raise UsageError(f'there is no column "{on}" with the day of the decision; {remedy}')
    elif not FIRST_DAY <= on <= LAST_DAY:
        raise UsageError(f"{on} is no day to decide on: expected one from {FIRST_DAY} to {LAST_DAY}")
    for name in keep:
        if name not in columns:
            remedy = nearest(name, columns) or f"expected one of {listed(columns)}"
            raise UsageError(f'there is no column "{name}" to keep; {remedy}')
    given = [*answer_fields(table), "reason", *(["missing"] if missing else [])]
    for name in keep:
        if name in given:
            raise UsageError(f'the column "{name}" to keep has the name of a column of the answer; rename it')
    known = {*table.all_inputs, *keep, *([on] if isinstance(on, str) else [ON])}
    for name in columns:
        if name not in known:
            remedy = nearest(name, table.all_inputs) or "leave it out, or keep it as a column of the result"
            raise UsageError(f'the column "{name}" is no fact of the table {table.id}; {remedy}')


def segments_between(table: Table, first: date, last: date, known_on: date | None) -> tuple[Segment, ...]:
    """Give the stretches of time that the days from one to another lie in."""
    return tuple(
        segment
        for segment in table.segments(known_on)
        if segment.first <= last and (segment.after is None or segment.after > first)
    )


def _as_bits(
    segments: Sequence[Segment], target: Target, given: Mapping[str, Given]
) -> tuple[tuple[RulesAsBits, ...], list[AnswerOfRow]] | None:
    """Bring large tables into bits; None for small ones, and those that are not of that kind."""
    told: list[AnswerOfRow] = []
    found = []
    for segment in segments:
        one = as_bits(segment, target.numbers)
        if one is None or any(given[name].absent for name in one.names):
            return None
        if len(segment.rows) < RULES_PER_FACT * len(one.names):
            return None
        found.append(one)
        told.extend(one.told)
    return tuple(found), told


@dataclass
class _Decision:
    """A table over a source, printed and ready."""

    table_: Table
    source: _Source
    target: Target
    given: Mapping[str, Given]
    on: Given | None
    on_name: str
    query: Query
    keep: tuple[str, ...]
    missing: bool
    threads: int
    segments: tuple[Segment, ...] = ()
    bits: tuple[RulesAsBits, ...] = ()

    @classmethod
    def of(
        cls,
        table: Table,
        source: _Source,
        on: date | str,
        known_on: date | None,
        keep: Sequence[str],
        missing: bool,
        threads: int = 2,
    ) -> _Decision:
        check_columns(table, list(source.types), on, keep, missing)
        target = Target.of(table, "duckdb")
        given = {name: _given(table, source, name, target) for name in table.all_inputs}
        day: Given | None = None
        if isinstance(on, str):
            day = _column(source, on, DATE, target)
            segments = segments_between(table, *_first_and_last(source, day), known_on)
        else:
            segments = (table.segment(on, known_on),)
        kept = [f"{identifier(name, 'duckdb')} AS keep_{number}" for number, name in enumerate(keep)]
        when = on if isinstance(on, date) else day.value if day else ""
        on_accepted = day.accepted if day else ""
        found = None if missing else _as_bits(segments, target, given)
        if found is not None:
            kinds = {name: item.type for name, item in table.all_inputs.items()}
            bits, told = found
            names = tuple(dict.fromkeys(name for one in bits for name in one.names))
            sql = facts_query(kinds, names, given, when, source.sql, on_accepted=on_accepted, keep=kept)
            printed = Query(sql, tuple(told), (), tuple(kinds), 1)
            return cls(
                table, source, target, given, day, str(on), printed, tuple(keep), missing, threads, segments, bits
            )
        printed = query(segments, given, when, source.sql, target, on_accepted=on_accepted, keep=kept, missing=missing)
        return cls(table, source, target, given, day, str(on), printed, tuple(keep), missing, threads)

    def _codes(self, found: pa.Table) -> Any:
        """Give the code of each row of what the query gives."""
        if not self.bits:
            return _as_numpy(found["code"])
        import numpy as np

        columns = {}
        for name in dict.fromkeys(name for one in self.bits for name in one.names):
            column = found[f"f_{name}"]
            unknown = column.is_null().to_numpy() if column.null_count else np.zeros(len(column), bool)
            columns[name] = (column.fill_null(0).to_numpy(), unknown)
        if len(self.bits) == 1:
            codes = self.bits[0].decide(columns, FIRST_ANSWER, self.threads)
        else:
            days = found["k_on"].to_numpy()
            firsts = [(segment.first - date(1970, 1, 1)).days for segment in self.segments[1:]]
            places = np.searchsorted(firsts, days, side="right")
            codes = np.empty(len(days), np.int32)
            first_code = FIRST_ANSWER
            for at, one in enumerate(self.bits):
                rows = np.flatnonzero(places == at)
                own = {name: (values[rows], unknown[rows]) for name, (values, unknown) in columns.items()}
                codes[rows] = one.decide(own, first_code, self.threads)
                first_code += len(one.told)
        refused = found["refused"].to_numpy()
        if refused.any():
            codes[refused] = REFUSED
        return codes

    def table(self) -> pa.Table:
        """Decide all rows in memory."""
        import duckdb

        connection = self.source.connection
        try:
            if self.query.fast:
                codes = _as_numpy(connection.sql(self.query.fast).to_arrow_table()["code"])
                still_open = codes == OPEN
                if still_open.any():
                    # Gathered first, so that the longer query runs over full vectors of them.
                    connection.register(GAPS, connection.sql(self.query.gaps).to_arrow_table())
                    filled = _as_numpy(connection.sql(self.query.slow).to_arrow_table()["code"])
                    codes = _filled(codes, still_open, filled)
                if codes is not None:
                    return self._finished(codes, None)
                # A code was refused, or a number has no exact value: the whole query tells which.
            found = connection.sql(self.query.sql).to_arrow_table()
        except duckdb.Error as error:
            raise self._failure(error) from error
        return self._finished(self._codes(found), found)

    def batches(self) -> Iterator[pa.Table]:
        """Decide batch by batch; one at least, so that the columns are known of no rows."""
        import duckdb
        import pyarrow as pa

        try:
            reader: Any = self.source.connection.sql(self.query.sql).to_arrow_reader(ROWS_OF_BATCH)
            schema, some = reader.schema, False
            for batch in reader:
                some = True
                found = pa.Table.from_batches([batch])
                codes = self._codes(found)
                if (codes == REFUSED).any():
                    break
                yield self._finished(codes, found)
            else:
                if not some:
                    found = schema.empty_table()
                    yield self._finished(self._codes(found), found)
                return
            reader.close()  # a connection has one open result
            del reader, batch
            raise InputError(self._faults())
        except duckdb.Error as error:
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> Exception:
        """Say what is wrong with the data when a query stops, which numbers out of range can make it do."""
        faults = self._faults()
        if faults:
            return InputError(faults)
        return InputError(f"{self.source.label} cannot be read: {str(error).splitlines()[0]}")

    def _finished(self, codes: Any, found: pa.Table | None) -> pa.Table:
        """Put beside the codes what they stand for; `found` has what the query gives besides, None for nothing."""
        import pyarrow as pa

        if (codes == REFUSED).any():
            raise InputError(self._faults())
        columns: dict[str, Any] = {}
        if found is not None:
            columns = {name: found[f"keep_{number}"] for number, name in enumerate(self.keep)}
        for name in answer_fields(self.table_):
            if found is not None and name in self.query.printed:
                kind = field_type(self.table_, name)
                columns[name] = _printed(found[f"field_{name}"], kind, self.target)
            else:
                columns[name] = _constants(codes, self.query.answers, name, field_type(self.table_, name))
        reasons = [*ENGINE_REASONS, *(one.reason for one in self.query.answers)]
        columns["reason"] = _coded(codes, reasons)
        if found is not None and self.missing:
            columns["missing"] = _missing_lists(found, self.query)
        return pa.table(columns)

    def _faults(self) -> list[Fault]:
        """Find what is wrong: for each column how many rows, and the first of them."""
        named = dict(self.given)
        kinds = {name: self.table_.all_inputs[name].type for name in named}
        if self.on is not None:
            named[self.on_name], kinds[self.on_name] = self.on, DATE
        faults: list[Fault] = []
        for name, given in named.items():
            if given.accepted:
                faults += self._faults_of(name, kinds[name], given)
        return faults

    def _faults_of(self, name: str, kind: Type, given: Given) -> list[Fault]:
        connection, column = self.source.connection, identifier(name, "duckdb")
        condition = f"({given.accepted}) IS {'NOT TRUE' if given is self.on else 'FALSE'}"
        sql = f"SELECT count(*) FILTER (WHERE {condition}) FROM {self.source.sql}"  # noqa: S608
        number = connection.execute(sql).fetchall()[0][0]
        if not number:
            return []
        sql = f"SELECT {condition} AS bad, {column} AS value FROM {self.source.sql}"  # noqa: S608
        found: list[tuple[int, Any]] = []
        before = 0
        reader: Any = connection.sql(sql).to_arrow_reader(ROWS_OF_BATCH)
        for batch in reader:
            bad = batch["bad"].to_numpy(zero_copy_only=False).nonzero()[0]
            found += [(before + int(row), batch["value"][int(row)].as_py()) for row in bad[: SHOWN_FAULTS - len(found)]]
            before += len(batch)
            if len(found) == SHOWN_FAULTS:
                break
        rows = [row for row, _ in found]
        at = list(self.source.types).index(name)
        places = _csv_places(self.source.csv, rows, at) if self.source.csv else [(row + 1, at + 1) for row in rows]
        faults = []
        for (row, value), (line, place) in zip(found, places, strict=True):
            error = _what_is_wrong(kind, value, text=self.source.csv is not None)
            more = f" (in {number:,} rows)" if number > 1 and row == rows[0] else ""
            what = f'column "{name}", row {row + 1}: {error.what}{more}'
            faults.append(
                Fault(self.source.label, line, place, what, error.expected, error.remedy or "correct it", "wrong-type")
            )
        return faults


def _what_is_wrong(kind: Type, value: Any, *, text: bool) -> FactError:
    if value is None:
        return FactError("the day of the decision is missing", kind.phrase)
    try:
        if text:
            kind.from_text(value)
        else:
            kind.check(value)
    except FactError as error:
        return error
    return FactError("the value is not read exactly", kind.phrase, "give it as a decimal")


def _given(table: Table, source: _Source, name: str, target: Target) -> Given:
    kind = table.all_inputs[name].type
    return _column(source, name, kind, target) if name in source.types else nothing_given(kind, target)


def _column(source: _Source, name: str, kind: Type, target: Target) -> Given:
    """Read a column as a fact of a type.

    Raises:
        InputError: the column has another type.
    """
    column = identifier(name, "duckdb")
    if source.csv is not None:
        return given_by_text(kind, column, target)
    given = given_by_column(kind, column, source.types[name], target)
    if given is not None:
        return replace(given, filled=name in source.filled)
    sql = f"SELECT count({column}) FROM {source.sql}"  # noqa: S608
    if not source.connection.execute(sql).fetchall()[0][0]:
        return nothing_given(kind, target)  # a column of nothing has no type of its own
    raise InputError([wrong_type(source.label, list(source.types).index(name), name, source.types[name], kind)])


def wrong_type(label: str, at: int, name: str, sql_type: str, kind: Type) -> Fault:
    """Say that a column has another type than its fact."""
    remedy = "convert the column"
    if kind.kind == "date" and sql_type.startswith("TIMESTAMP"):
        remedy = "make days of the moments, in the zone that is meant"
    elif kind.kind in {"integer", "money"} and sql_type in {"DOUBLE", "FLOAT"}:
        remedy = "make whole numbers of it, in a column that may have gaps, such as Int64 of pandas"
    what = f'the column "{name}" has the type {sql_type if len(sql_type) < 40 else sql_type[:40] + "…"}'
    return Fault(label, 1, at + 1, what, kind.phrase, remedy, "wrong-type")


def _first_and_last(source: _Source, on: Given) -> tuple[date, date]:
    accepted = on.accepted
    sql = f"SELECT min({on.value}), max({on.value}) FROM {source.sql} WHERE {accepted}"  # noqa: S608
    first, last = source.connection.execute(sql).fetchall()[0]
    return (FIRST_DAY, FIRST_DAY) if first is None else (first, last)


def _csv_places(path: Path, rows: Sequence[int], at: int) -> list[tuple[int, int]]:
    """Give line and column of the cells of a column in some rows, in order."""
    places: list[tuple[int, int]] = []
    taken: list[str] = []

    def lines() -> Iterator[str]:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line in file:
                taken.append(line)
                yield line

    wanted = list(rows)
    line = 1
    number = -1  # the header
    for record in csv.reader(lines()):
        raw, first = "".join(taken), line
        line += len(taken)
        taken.clear()
        if not record:
            continue  # DuckDB leaves empty lines out, too
        if wanted and number == wanted[0]:
            places.append(_place_in(raw, at, first))
            wanted.pop(0)
            if not wanted:
                break
        number += 1
    return places + [(1, 1)] * len(wanted)


def _place_in(raw: str, at: int, line: int) -> tuple[int, int]:
    """Give line and column of a cell in the text of a record."""
    column, quoted = 1, False
    for character in raw:
        if at == 0:
            break
        quoted ^= character == '"'
        at -= character == "," and not quoted
        line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
    return line, column


# --- what codes stand for ---------------------------------------------------------------------------------------


def _coded(codes: Any, texts: Sequence[str | None]) -> pa.DictionaryArray:
    """Put texts in the place of codes, as a dictionary column."""
    import numpy as np
    import pyarrow as pa

    words = list(dict.fromkeys(text for text in texts if text is not None))
    kind = np.int8 if len(words) <= 127 else np.int16 if len(words) <= 32_767 else np.int32
    places = {word: number for number, word in enumerate(words)}
    index = np.array([0 if text is None else places[text] for text in texts], kind)
    empty = np.array([text is None for text in texts])
    indices = pa.array(index[codes], mask=empty[codes] if empty.any() else None)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))


def _as_numpy(column: pa.ChunkedArray) -> Any:
    return column.to_numpy()


def _filled(codes: Any, still_open: Any, filled: Any) -> Any:
    """Fill the open codes in order; None where there are more of them than answers, since some was refused."""
    if int(still_open.sum()) != len(filled):
        return None
    codes = codes.copy()
    codes[still_open] = filled
    return codes


def _printed(column: pa.ChunkedArray, kind: Type, target: Target) -> Any:
    """Give a field as the query has it, with texts in the place of the numbers of codes."""
    import pyarrow as pa

    if kind.kind != "code":
        return column
    if not pa.types.is_list(column.type):
        return _coded(column.fill_null(0).to_numpy(), (None, *target.words))
    parts = [
        pa.ListArray.from_arrays(
            part.offsets,
            _coded(part.values.fill_null(0).to_numpy(), (None, *target.words)).cast(pa.string()),
            mask=part.is_null(),
        )
        for part in column.chunks
    ]
    return pa.chunked_array(parts, pa.list_(pa.string()))


def _constants(codes: Any, answers: Sequence[AnswerOfRow], name: str, kind: Type) -> Any:
    """Put the constants of a field in the place of codes."""
    import pyarrow as pa

    nothing = UNDETERMINED if name == "result" else None
    values = [nothing] * FIRST_ANSWER + [one.values.get(name) for one in answers]
    if kind.kind == "code":
        return _coded(codes, values)
    if kind.kind == "codes":
        values = [None if value is None else sorted(value) for value in values]
    places = max((_places(value) for value in values), default=0)
    types = {
        "boolean": pa.bool_(),
        "integer": pa.int64(),
        "money": pa.int64(),
        "decimal": pa.decimal128(38, places),
        "date": pa.date32(),
        "codes": pa.list_(pa.string()),
    }
    return pa.array(values, types[kind.kind]).take(pa.array(codes))


def _places(value: Any) -> int:
    exponent = getattr(value, "as_tuple", lambda: None)()
    return max(0, -int(exponent.exponent)) if exponent else 0


def _missing_lists(found: pa.Table, printed: Query) -> pa.Array:
    """Give the names of the missing facts from the words of bits."""
    import numpy as np
    import pyarrow as pa

    words = np.stack([found[f"missing_{at}"].to_numpy() for at in range(printed.words)], axis=1)
    kinds, index = np.unique(words, axis=0, return_inverse=True)
    whole = [sum(int(word) << 62 * at for at, word in enumerate(row)) for row in kinds]
    names = [[name for at, name in enumerate(printed.inputs) if one >> at & 1] for one in whole]
    return pa.array(names, pa.list_(pa.string())).take(pa.array(index.reshape(-1)))


# --- writing ----------------------------------------------------------------------------------------------------
