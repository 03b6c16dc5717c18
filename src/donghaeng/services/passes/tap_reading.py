"""Reading a file of taps: CSV, or Parquet with the same columns; what is no tap is counted by reason and left out."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from donghaeng.errors import Fault, InputError, listed, nearest
from donghaeng.services.passes.day_files import quoted
from donghaeng.services.passes.tap_schema import TAP_COLUMNS

if TYPE_CHECKING:
    import duckdb

OPTIONAL = ("amount",)
LONGEST_NAME = 64
#: More than this is collected from nobody.
LARGEST_AMOUNT = 10**9
#: Rows that are no taps are shown with their place up to this many a file.
MOST_SHOWN = 20

#: What must hold of a row, in this order; the first that does not is the reason why it is refused.
_MUST: tuple[tuple[str, str, str], ...] = (
    ("device", f"length(device) BETWEEN 1 AND {LONGEST_NAME}", "a name of 1 to 64 characters"),
    ("sequence", "sequence >= 0", "a whole number from 0, the device's own count"),
    ("medium", "medium >= 0", "the number of the medium, from 0 to 2^63 - 1"),
    ("direction", "direction IN ('board', 'alight')", "board or alight"),
    (
        "time",
        "tapped_at BETWEEN TIMESTAMP '1970-01-01' AND TIMESTAMP '2199-12-31'",
        "a time with zone such as 2026-05-20T09:00:00+09:00",
    ),
    ("place", f"length(place) BETWEEN 1 AND {LONGEST_NAME}", "a name of 1 to 64 characters"),
    ("line", f"length(line) <= {LONGEST_NAME}", "a name of up to 64 characters, or nothing"),
    ("answer", f"length(answer) BETWEEN 1 AND {LONGEST_NAME}", "the reason code that the gate gave"),
    ("opened", "opened IS NOT NULL", "true or false"),
    (
        "amount",
        f"amount_is_right AND coalesce(amount, 0) BETWEEN 0 AND {LARGEST_AMOUNT}",
        "nothing, or an amount from 0 to 10^9",
    ),
)


@dataclass(frozen=True)
class Arrived:
    """What a file holds.

    Attributes:
        rows: its rows.
        refused: rows that are no taps, by reason.
        shown: the first of them, with their places.
    """

    rows: int
    refused: dict[str, int]
    shown: tuple[Fault, ...]


def read_taps(engine: duckdb.DuckDBPyConnection, path: Path, label: str) -> Arrived:
    """Read a file into the table ``arrived`` of an engine, with the columns of a tap.

    Args:
        engine: the engine.
        path: the file; ``.parquet``, or CSV in UTF-8 with a header.
        label: how faults name it.

    Raises:
        InputError: it cannot be read, or has not the columns of a tap.
    """
    import duckdb

    try:
        source = _parquet(engine, path, label) if path.suffix == ".parquet" else _csv(path, label)
        must = " ".join(f"WHEN ({rule}) IS NOT TRUE THEN {quoted(name)}" for name, rule, _ in _MUST)
        engine.execute(
            f"CREATE TEMP TABLE arrived AS SELECT *, CASE {must} END AS refused FROM ({source})"  # noqa: S608, own text
        )
    except duckdb.Error as error:
        what = f"not readable: {str(error).splitlines()[0]}"
        raise InputError(
            [Fault(label, 1, 1, what, "CSV in UTF-8, or Parquet", "write the file anew", "file")]
        ) from None
    count = engine.execute("SELECT count(*), count(refused) FROM arrived").fetchone()
    rows, wrong = count if count is not None else (0, 0)
    if not wrong:
        return Arrived(rows, {}, ())
    found = engine.execute("SELECT refused, count(*) FROM arrived WHERE refused IS NOT NULL GROUP BY 1 ORDER BY 1")
    refused = dict(found.fetchall())
    expected = {name: text for name, _, text in _MUST}
    first = engine.execute(
        "SELECT row, refused FROM arrived WHERE refused IS NOT NULL ORDER BY row LIMIT ?", [MOST_SHOWN]
    ).fetchall()
    shown = tuple(
        # A CSV file has a header before its rows.
        Fault(label, row + (path.suffix != ".parquet"), 1, f"the {reason} of this tap is wrong", expected[reason])
        for row, reason in first
    )
    return Arrived(rows, refused, shown)


def _csv(path: Path, label: str) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError) as error:
        raise InputError([Fault(label, 1, 1, f"not readable: {error}", "CSV in UTF-8", "write it anew")]) from None
    _check_columns(header, label)
    types = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in header)
    form = "header=true, delim=',', quote='\"', escape='\"'"
    cells = f"read_csv({quoted(str(path))}, {form}, columns={{{types}}})"
    amount = "amount" if "amount" in header else "NULL"
    # A time without zone is no moment. Seconds and their fractions are taken as they stand.
    zoned = "right(tapped_at, 1) = 'Z' OR left(right(tapped_at, 6), 1) IN ('+', '-')"
    return f"""
SELECT row_number() OVER () AS row, trim(device) AS device, TRY_CAST(sequence AS BIGINT) AS sequence,
    TRY_CAST(medium AS BIGINT) AS medium, trim(direction) AS direction,
    CASE WHEN {zoned} THEN make_timestamp(epoch_us(TRY_CAST(tapped_at AS TIMESTAMPTZ))) END AS tapped_at,
    trim(place) AS place, coalesce(trim(line), '') AS line, trim(answer) AS answer,
    TRY_CAST(opened AS BOOLEAN) AS opened, TRY_CAST(nullif({amount}, '') AS BIGINT) AS amount,
    nullif({amount}, '') IS NULL OR TRY_CAST({amount} AS BIGINT) IS NOT NULL AS amount_is_right
FROM {cells}
"""  # noqa: S608, own text


def _parquet(engine: duckdb.DuckDBPyConnection, path: Path, label: str) -> str:
    name = quoted(str(path))
    columns = engine.execute(f"DESCRIBE SELECT * FROM read_parquet({name})").fetchall()  # noqa: S608, a file
    types = {column[0]: str(column[1]) for column in columns}
    _check_columns(list(types), label)
    if not types["tapped_at"].startswith("TIMESTAMP WITH TIME ZONE"):
        what = f"tapped_at is {types['tapped_at']}, a time without zone"
        raise InputError([Fault(label, 1, 1, what, "a column of moments in UTC (isAdjustedToUTC)", "write it so")])
    cells = ", ".join(
        f"TRY_CAST({name} AS {kind}) AS {name}"
        for name, kind in TAP_COLUMNS.items()
        if name not in {"tapped_at", "amount", "line"}
    )
    amount = "TRY_CAST(amount AS BIGINT)" if "amount" in types else "NULL::BIGINT"
    right = "amount IS NULL OR TRY_CAST(amount AS BIGINT) = amount" if "amount" in types else "true"
    return f"""
SELECT file_row_number + 1 AS row, {cells}, make_timestamp(epoch_us(tapped_at)) AS tapped_at,
    coalesce(line, '')::VARCHAR AS line, {amount} AS amount, {right} AS amount_is_right
FROM read_parquet({name}, file_row_number=true)
"""  # noqa: S608, own text


def _check_columns(header: list[str], label: str) -> None:
    faults = []
    for name in TAP_COLUMNS:
        if name not in header and name not in OPTIONAL:
            hint = nearest(name, header)
            faults.append(
                Fault(label, 1, 1, f"no column {name}", f"the columns {listed(TAP_COLUMNS)}", hint or "add it")
            )
    for name in header:
        if name not in TAP_COLUMNS or header.count(name) > 1:
            hint = nearest(name, TAP_COLUMNS) or "remove it"
            faults.append(Fault(label, 1, 1, f"a column {name!r} that is none of a tap, or stands twice", "", hint))
    if faults:
        raise InputError(list(dict.fromkeys(faults)))
