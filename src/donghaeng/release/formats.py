"""Tables as CSV, JSON and Parquet: the same rows in each, the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

FORMATS = ("csv", "json", "parquet")


def as_csv(table: pa.Table) -> bytes:
    """Write a table as CSV (RFC 4180, UTF-8): empty for null, true and false, numbers with all their digits."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.column_names)
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        writer.writerow([_cell(value) for value in row])
    return text.getvalue().encode("utf-8")


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else value


def as_json(value: Any) -> bytes:
    """Write plain values as JSON with two spaces, in the order given."""
    return (json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode("utf-8")


def table_as_json(table: pa.Table) -> bytes:
    """Write a table as a JSON list of objects, one a line."""
    rows = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in table.to_pylist())
    body = ",\n".join(rows)
    return f"[\n{body}\n]\n".encode() if body else b"[]\n"


def as_parquet(table: pa.Table) -> bytes:
    """Write a table as Parquet."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def in_all_formats(name: str, table: pa.Table) -> dict[str, bytes]:
    """Give the files of a table by path."""
    return {
        f"{name}.csv": as_csv(table),
        f"{name}.json": table_as_json(table),
        f"{name}.parquet": as_parquet(table),
    }
