"""Day files: Parquet files of one service day each, whose names hold their hash and which the database counts.

A file is written under another name, forced to disk and renamed, and counts from the moment at which a transaction of
the ledger names it. What a crash leaves behind is a file that nobody names. Files never change.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import bindparam, func, insert, null, select, update

from donghaeng.errors import InputError
from donghaeng.ledger.files import check_files, settle_folder
from donghaeng.ledger.statement import Statement, Transaction
from donghaeng.ledger.store import Database
from donghaeng.services.passes.named_files import files_of_passes, part_path
from donghaeng.services.passes.service_day import ServiceDays
from donghaeng.services.passes.tap_schema import ADDED_COLUMNS, RIDE_COLUMNS, TAP_COLUMNS, tap_changes, tap_parts

if TYPE_CHECKING:
    import duckdb

PartKind = Literal["taps", "excluded", "rides"]
#: The folder of taps of devices whose clock is off, as they have no service day yet.
HELD = "held"
#: Columns of the files that name taps which do not count, though they stand in a file of taps.
EXCLUDED_COLUMNS: Mapping[str, str] = {
    "device": "VARCHAR",
    "sequence": "BIGINT",
    "true_at": "TIMESTAMP",
    "reason": "VARCHAR",  # disputed, or moved to another time
}
COLUMNS: Mapping[PartKind, Mapping[str, str]] = {
    "taps": {**TAP_COLUMNS, **ADDED_COLUMNS},
    "excluded": EXCLUDED_COLUMNS,
    "rides": RIDE_COLUMNS,
}

_PARTS = Statement(
    select(tap_parts.c.part, tap_parts.c.kind, tap_parts.c.day, tap_parts.c.rows, tap_parts.c.number, tap_parts.c.as_of)
    .where(
        tap_parts.c.kind == bindparam("kind"),
        tap_parts.c.day >= bindparam("first"),
        tap_parts.c.day <= bindparam("last"),
        tap_parts.c.ended.is_(None),
    )
    .order_by(tap_parts.c.day, tap_parts.c.number, tap_parts.c.part)
)
_LAST_CHANGE = Statement(select(func.max(tap_changes.c.number)))
_ADD_CHANGE = Statement(insert(tap_changes).values(number=bindparam("number"), made_at=bindparam("made_at")))
_ADD_PART = Statement(
    insert(tap_parts).values(
        {column.name: bindparam(column.name) for column in tap_parts.columns if column.name not in {"ended", "counted"}}
    )
)
_END_RIDES = Statement(
    update(tap_parts)
    .where(
        tap_parts.c.kind == "rides",
        tap_parts.c.day == bindparam("of_day"),
        tap_parts.c.ended.is_(None),
        tap_parts.c.part != bindparam("but"),
    )
    .values(ended=bindparam("new_ended"))
)
_REVIVE = Statement(
    update(tap_parts)
    .where(tap_parts.c.part == bindparam("of_part"))
    .values(ended=null(), counted=null(), number=bindparam("new_number"), as_of=bindparam("new_as_of"))
)
_HAS = Statement(select(tap_parts.c.part).where(tap_parts.c.part == bindparam("part")))


class DayFileError(InputError):
    """A day file is missing or is not what the ledger says; restore it from a copy."""


@dataclass(frozen=True, slots=True)
class Part:
    """A day file.

    Attributes:
        part: its name: kind, service day and SHA-256 of its bytes.
        kind: what its rows are.
        day: service day, or ``held``.
        rows: how many.
        number: the change that made it; 0 while it does not count.
        as_of: of rides: when they were looked at; empty otherwise.
    """

    part: str
    kind: PartKind
    day: str
    rows: int
    number: int = 0
    as_of: str = ""


class DayFiles:
    """The folder of day files, with the tables that say which of them count.

    Attributes:
        folder: where they are.
        store: the database of the ledger.
        days: how moments become service days.
    """

    def __init__(
        self, folder: Path, store: Database, days: ServiceDays, *, memory: str = "1GB", threads: int = 2
    ) -> None:
        """Take the folder and the database.

        Args:
            folder: where day files are; made if it is not there.
            store: the database of the ledger, with the tables of the passes.
            days: how moments become service days.
            memory: what the engine may use, in the words of DuckDB; it goes to disk beyond.
            threads: how many it uses.
        """
        self.folder, self.store, self.days = folder, store, days
        self._memory, self._threads = memory, threads
        self._opening = threading.Lock()
        self._database: duckdb.DuckDBPyConnection | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def engine(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend an engine in which times are UTC and nothing stays; all that are lent share their memory."""
        with self._opening:
            if self._database is None:
                self._database = self._opened()
        connection = self._database.cursor()
        try:
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
        finally:
            connection.close()

    def _opened(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        settings: dict[str, Any] = {
            "threads": self._threads,
            "memory_limit": self._memory,
            "temp_directory": str(self.folder / ".spill"),
        }
        return duckdb.connect(":memory:", config=settings)

    def close(self) -> None:
        """Let go of the engine; the next one that is asked for opens another."""
        with self._opening:
            if self._database is not None:
                self._database.close()
                self._database = None

    def path(self, part: Part) -> Path:
        """Give the path of a part."""
        return self.folder / part_path(part.part, part.day)

    def parts(self, kind: PartKind, first: str, last: str) -> list[Part]:
        """Give the parts of a kind that count, from one service day to another."""
        rows = self.store.query(_PARTS, {"kind": kind, "first": first, "last": last})
        return [Part(part, kind, day, count, number, as_of or "") for part, _, day, count, number, as_of in rows]

    def last_change(self) -> int:
        """Give the number of the last change of the day files; 0 for none."""
        return next(iter(list(self.store.query(_LAST_CHANGE))))[0] or 0

    def relation(self, parts: Sequence[Part], kind: PartKind) -> str:
        """Give the text of what stands in parts, for a query; without parts, of no rows.

        Raises:
            DayFileError: a file is missing.
        """
        if not parts:
            columns = ", ".join(f"NULL::{kind_} AS {name}" for name, kind_ in COLUMNS[kind].items())
            return f"(SELECT {columns} WHERE false)"
        paths = [self.path(part) for part in parts]
        for path in paths:
            if not path.is_file():
                raise DayFileError(f"the day file {path.name} is missing; restore it from a copy")
        names = ", ".join(quoted(str(path)) for path in paths)
        return f"read_parquet([{names}])"

    def taps(self, first: date | str, last: date | str) -> str:
        """Give the text of a query for the taps that count, of service days: columns as in `tap_schema`.

        Raises:
            DayFileError: a file is missing.
        """
        one, other = str(first), str(last)
        taps = self.relation(self.parts("taps", one, other), "taps")
        excluded = self.parts("excluded", one, other)
        if not excluded:
            return f"SELECT * FROM {taps}"  # noqa: S608, names of own files
        gone = self.relation(excluded, "excluded")
        return f"SELECT t.* FROM {taps} AS t ANTI JOIN {gone} AS e USING (device, sequence, true_at)"  # noqa: S608, own files

    def rides(self, first: date | str, last: date | str) -> str:
        """Give the text of a query for rides, of service days: columns as in `tap_schema`.

        Raises:
            DayFileError: a file is missing.
        """
        return f"SELECT * FROM {self.relation(self.parts('rides', str(first), str(last)), 'rides')}"  # noqa: S608

    def write(
        self, engine: duckdb.DuckDBPyConnection, query: str, kind: PartKind, day: str, *, empty: bool = False
    ) -> Part | None:
        """Write a day file from a query whose rows have an order; None when it gives none.

        The file does not count before `add` has named it. `empty` writes one without rows too.
        """
        folder = self.folder / day
        folder.mkdir(exist_ok=True)
        half = folder / f".{kind}.{os.getpid()}.{id(engine)}.half"
        names = ", ".join(f"{name}::{type_} AS {name}" for name, type_ in COLUMNS[kind].items())
        options = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 122880"
        try:
            copy = f"COPY (SELECT {names} FROM ({query})) TO {quoted(str(half))} ({options})"  # noqa: S608, own text
            copied = engine.execute(copy).fetchone()
            rows = int(copied[0]) if copied else 0
            if not rows and not empty:
                return None
            with half.open("rb+") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                os.fsync(file.fileno())
            part = Part(f"{kind}-{day}-{digest}", kind, day, rows)
            half.replace(self.path(part))
        finally:
            half.unlink(missing_ok=True)
        return part

    def settle(self, parts: Iterable[Part]) -> None:
        """Force the names of new files to disk."""
        for day in {part.day for part in parts}:
            settle_folder(self.folder / day)

    def add(self, transaction: Transaction, number: int, made_at: str, parts: Iterable[Part]) -> None:
        """Let parts count, in a transaction.

        Args:
            transaction: of the entries that say so.
            number: one more than `last_change` when the parts were made.
            made_at: the time now, UTC.
            parts: the parts; rides replace those of their day.

        Raises:
            ConflictError: somebody else has changed the day files since.
        """
        transaction.execute(_ADD_CHANGE, {"number": number, "made_at": made_at})
        for part in parts:
            if part.kind == "rides":
                ended = {"of_day": part.day, "new_ended": number, "but": part.part}
                transaction.execute(_END_RIDES, ended)
            as_of = part.as_of or None
            if transaction.execute(_HAS, {"part": part.part}):
                transaction.execute(_REVIVE, {"of_part": part.part, "new_number": number, "new_as_of": as_of})
                continue
            values = {"part": part.part, "kind": part.kind, "day": part.day, "rows": part.rows}
            transaction.execute(_ADD_PART, values | {"number": number, "as_of": as_of})

    def damage(self) -> list[str]:
        """Say of each day file what is wrong with it: missing, or not the bytes that it was named for."""
        return list(check_files(self.store, files_of_passes, self.folder).findings)

    def service_day(self, column: str, first: datetime, last: datetime) -> str:
        """Give the text of an expression for the service day of a time in UTC.

        Args:
            column: the column with the time.
            first: the earliest time there is in it, with zone.
            last: the latest.
        """
        shifts: list[tuple[datetime, timedelta]] = []
        day, end = self.days.day(first) - timedelta(days=1), self.days.day(last)
        while day <= end:
            start = self.days.start(day)
            shift = timedelta(hours=start.hour, minutes=start.minute) - (start.utcoffset() or timedelta())
            if not shifts or shifts[-1][1] != shift:
                shifts.append((start, shift))
            day += timedelta(days=1)
        texts = [
            f"({column} - INTERVAL {quoted(f'{int(shift.total_seconds())} seconds')})::DATE" for _, shift in shifts
        ]
        if len(texts) == 1:
            return texts[0]
        # Where clocks change, the shift changes at the start of a service day.
        cases = [
            f"WHEN {column} < {timestamp(start)} THEN {text}"
            for (start, _), text in zip(shifts[1:], texts, strict=False)
        ]
        return f"CASE {' '.join(cases)} ELSE {texts[-1]} END"


def quoted(text: str) -> str:
    """Write a text as SQL.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def timestamp(moment: datetime) -> str:
    """Write a moment as a time of DuckDB in UTC.

    >>> from datetime import UTC
    >>> timestamp(datetime(2026, 5, 20, 9, tzinfo=UTC))
    "TIMESTAMP '2026-05-20 09:00:00'"
    """
    from datetime import UTC

    return f"TIMESTAMP '{moment.astimezone(UTC).replace(tzinfo=None).isoformat(' ')}'"
