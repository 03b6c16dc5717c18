"""Bulk decisions on Spark: the same layers in its dialect, for data that lies in a cluster.

The query gives the fields and the reason as texts, since a cluster writes them itself. Values are checked in a query
of their own before anything is decided.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from donghaeng.errors import Fault, InputError, UsageError
from donghaeng.rules.bulk import check_columns, segments_between, wrong_type
from donghaeng.rules.sql import (
    Given,
    Target,
    given_by_column,
    given_by_text,
    identifier,
    nothing_given,
    query,
)
from donghaeng.rules.table import Segment, Table, answer_fields
from donghaeng.rules.types import DATE, FIRST_DAY, Type

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_TYPES = {"INT": "INTEGER", "STRING": "STRING"}


def decide_with_spark(
    table: Table,
    data: Any,
    *,
    on: date | str,
    known_on: date | None = None,
    keep: Sequence[str] = (),
    missing: bool = False,
) -> DataFrame:
    """Decide every row of a data frame of Spark, or of a Parquet or CSV path that Spark reads.

    Args:
        table: the table.
        data: the frame, or a path.
        on: the day of the decision, or the name of a column of days.
        known_on: the day whose knowledge is used; None for all that is known.
        keep: columns that are copied.
        missing: whether to add the column ``missing``.

    Returns:
        A data frame of Spark with what is kept, the fields of the answer, ``reason`` and ``missing``.

    Raises:
        UsageError: as for `donghaeng.rules.bulk.decide_bulk`, or Spark is not installed.
        InputError: values do not have the type of their fact.
    """
    frame, label, is_text = _frame(data)
    target = Target.of(table, "spark")
    check_columns(table, frame.columns, on, keep, missing)
    types = {one.name: one.dataType.simpleString().upper() for one in frame.schema.fields}
    given = {
        name: _given(frame, types, name, item.type, target, label, is_text) for name, item in table.all_inputs.items()
    }
    day = _given(frame, types, on, DATE, target, label, is_text) if isinstance(on, str) else None
    _check_values(table, frame, given, on, day, label)
    segments: tuple[Segment, ...]
    if day is None and isinstance(on, date):
        segments = (table.segment(on, known_on),)
    elif day is not None:
        first, last = frame.selectExpr(f"min({day.value})", f"max({day.value})").collect()[0]
        segments = segments_between(table, first or FIRST_DAY, last or FIRST_DAY, known_on)
    view = f"decide_{id(frame):x}"
    frame.createOrReplaceTempView(view)
    try:
        printed = query(
            segments,
            given,
            day.value if day else on,
            view,
            target,
            keep=[f"{identifier(name, 'spark')} AS keep_{number}" for number, name in enumerate(keep)],
            missing=missing,
            constants=True,
        )
        decided = frame.sparkSession.sql(printed.sql)
    finally:
        frame.sparkSession.catalog.dropTempView(view)
    columns = [f"keep_{number} AS {identifier(name, 'spark')}" for number, name in enumerate(keep)]
    columns += [f"field_{name} AS {identifier(name, 'spark')}" for name in answer_fields(table)]
    columns.append("reason")
    if missing:
        names = [
            f"CASE WHEN missing_{number // 62} & {1 << number % 62} <> 0 THEN '{name}' END"
            for number, name in enumerate(printed.inputs)
        ]
        columns.append(f"filter(CAST(array({', '.join(names)}) AS ARRAY<STRING>), item -> item IS NOT NULL) AS missing")
    return decided.selectExpr(*columns)


def decide_file_with_spark(
    table: Table,
    source: Path,
    out: Path,
    *,
    on: date | str,
    known_on: date | None = None,
    keep: Sequence[str] = (),
    missing: bool = False,
) -> dict[str, int]:
    """Decide every row of a Parquet or CSV file into a Parquet folder, as Spark writes one.

    The result appears under its name when it is complete.

    Returns:
        The number of rows by result, most first.

    Raises:
        UsageError: as for `decide_with_spark`, or the result is there already or is no Parquet.
        InputError: as for `decide_with_spark`.
    """
    if out.suffix.lower() != ".parquet":
        raise UsageError(f"{out}: Spark writes a folder of Parquet files; give a name that ends in .parquet")
    if out.exists():
        raise UsageError(f"{out} is there already: give another name, or remove it")
    partial = out.with_name(f".{out.name}.partial")
    decided = decide_with_spark(table, source, on=on, known_on=known_on, keep=keep, missing=missing)
    try:
        decided.write.mode("overwrite").parquet(str(partial))
        written = decided.sparkSession.read.parquet(str(partial))
        result = "explode(result)" if table.hit == "collect" else "result"
        counted = written.selectExpr(f"{result} AS result").groupBy("result").count().collect()
        partial.replace(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return dict(sorted(((row["result"], row["count"]) for row in counted), key=lambda item: (-item[1], item[0])))


def _session() -> SparkSession:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise UsageError("Spark is not installed: install the extra spark, which needs Java 17 or newer") from None
    return SparkSession.builder.getOrCreate()


def _frame(data: Any) -> tuple[DataFrame, str, bool]:
    if not isinstance(data, str | Path):
        if not hasattr(data, "sparkSession"):
            raise UsageError(f"a {type(data).__name__} is no data frame of Spark: give one, or a path")
        return data, "the data", False
    path = Path(data)
    if not path.exists():
        raise UsageError(f"{path} is not there: expected a Parquet or CSV file, or a folder of them")
    reader = _session().read
    if path.suffix.lower() == ".csv":
        settings: dict[str, Any] = {
            "header": True,
            "inferSchema": False,
            "quote": '"',
            "escape": '"',
            "multiLine": True,
        }
        return reader.options(**settings).csv(str(path)), str(path), True
    if path.suffix.lower() == ".parquet" or path.is_dir():
        return reader.parquet(str(path)), str(path), False
    raise UsageError(f"{path} has no ending that Spark reads here: expected .parquet or .csv")


def _given(
    frame: DataFrame, types: Mapping[str, str], name: str, kind: Type, target: Target, label: str, is_text: bool
) -> Given:
    if name not in types:
        return nothing_given(kind, target)
    column = identifier(name, "spark")
    if is_text:
        return given_by_text(kind, column, target)
    sql_type = types[name]
    given = given_by_column(kind, column, _TYPES.get(sql_type, sql_type), target)
    if given is not None:
        return given
    if not frame.selectExpr(f"count({column})").collect()[0][0]:
        return nothing_given(kind, target)
    raise InputError([wrong_type(label, list(types).index(name), name, sql_type, kind)])


def _check_values(
    table: Table, frame: DataFrame, given: Mapping[str, Given], on: date | str, day: Given | None, label: str
) -> None:
    """Count what is refused in every column."""
    checks = {name: f"({one.accepted}) IS FALSE" for name, one in given.items() if one.accepted}
    kinds = {name: item.type for name, item in table.all_inputs.items()}
    if day is not None and isinstance(on, str):
        checks[on] = f"({day.accepted}) IS NOT TRUE"
        kinds[on] = DATE
    if not checks:
        return
    counted = frame.selectExpr(*(f"count_if({check})" for check in checks.values())).collect()[0]
    faults = [
        Fault(
            label,
            1,
            frame.columns.index(name) + 1,
            f'column "{name}": {number:,} rows have a value that is refused',
            kinds[name].phrase,
            "correct them",
            "wrong-type",
        )
        for name, number in zip(checks, counted, strict=True)
        if number
    ]
    if faults:
        raise InputError(faults)
