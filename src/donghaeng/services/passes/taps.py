"""Receiving taps: each file becomes one entry, and its taps rows of day files, each tap once.

A tap is known by its device and that device's own count. What comes twice changes nothing. If two taps of one device
have the same number and different contents, one of them is false and nobody can say which: the number is disputed,
neither counts, and the file's entry says so. A tap whose time lies after its arrival, or too long before, comes from a
clock that is off: it is held until the clock is found (`correct_clock`). So what counts in the end does not depend on
the order in which files arrived, or on how taps were spread over them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, select

from donghaeng.errors import Fault, UsageError
from donghaeng.ledger.canonical import moment
from donghaeng.ledger.entry import NewEntry
from donghaeng.ledger.faults import ConflictError
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.statement import Statement, Transaction
from donghaeng.services.passes.day_files import HELD, DayFiles, Part, quoted, timestamp
from donghaeng.services.passes.tap_reading import read_taps
from donghaeng.services.passes.tap_schema import TAP_COLUMNS, tap_clocks, tap_devices, tap_files

if TYPE_CHECKING:
    import duckdb

#: How often a change is made again when somebody else was faster.
MOST_ROUNDS = 8
#: A tap that is older than this when it arrives comes from a clock that is off.
OLDEST = timedelta(days=400)

_FILE = Statement(select(tap_files).where(tap_files.c.file == bindparam("file")))
_ADD_FILE = Statement(insert(tap_files).values({column.name: bindparam(column.name) for column in tap_files.columns}))
_DEVICES_OF_DAY = Statement(
    select(tap_devices).where(tap_devices.c.day == bindparam("day")).order_by(tap_devices.c.device)
)
_DAYS_WITH = Statement(
    select(tap_devices.c.day).where(
        tap_devices.c.device == bindparam("device"),
        tap_devices.c.first_sequence <= bindparam("last"),
        tap_devices.c.last_sequence >= bindparam("first"),
    )
)
_CLOCKS = Statement(select(tap_clocks).order_by(tap_clocks.c.device, tap_clocks.c.first_sequence))
_ADD_CLOCK = Statement(
    insert(tap_clocks).values({column.name: bindparam(column.name) for column in tap_clocks.columns})
)


def _devices_text() -> Statement:
    from sqlalchemy import text

    # The functions of two values have different names on the two stores; CASE has one.
    return Statement(
        text(
            f"INSERT INTO {tap_devices.name} (device, day, first_sequence, last_sequence, taps) "  # noqa: S608, a name
            "VALUES (:device, :day, :first_sequence, :last_sequence, :taps) ON CONFLICT (device, day) DO UPDATE SET "
            f"first_sequence = CASE WHEN excluded.first_sequence < {tap_devices.name}.first_sequence "
            f"THEN excluded.first_sequence ELSE {tap_devices.name}.first_sequence END, "
            f"last_sequence = CASE WHEN excluded.last_sequence > {tap_devices.name}.last_sequence "
            f"THEN excluded.last_sequence ELSE {tap_devices.name}.last_sequence END, "
            f"taps = {tap_devices.name}.taps + excluded.taps"
        )
    )


_COUNT_DEVICE = _devices_text()


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a file.

    Attributes:
        file: SHA-256 of its bytes, hexadecimal.
        source: who sent it.
        rows: rows in it.
        new: taps that were not known.
        repeated: taps that were, in this file or another.
        disputed: rows whose device had given the same number to something else.
        refused: rows that are no taps, by reason.
        held: new taps that wait until the clock of their device is found.
        known: whether the file itself had been received before; nothing was changed then.
        days: service days to which taps were added, or on which one was taken off.
        shown: the first rows that are no taps, with their places.
    """

    file: str
    source: str
    rows: int
    new: int
    repeated: int
    disputed: int
    refused: Mapping[str, int]
    held: int
    known: bool
    days: tuple[str, ...]
    shown: tuple[Fault, ...] = ()


class Taps:
    """The taps of a service.

    Attributes:
        ledger: where files are recorded.
        files: the day files.
    """

    def __init__(self, ledger: Ledger, files: DayFiles, *, tolerance: timedelta = timedelta(minutes=10)) -> None:
        """Put it together.

        Args:
            ledger: with the kinds and tables of the passes.
            files: the day files, in the same database.
            tolerance: how far a tap may lie after its arrival.
        """
        self.ledger, self.files, self._tolerance = ledger, files, tolerance

    def receive(self, path: Path, source: str, *, label: str | None = None) -> Received:
        """Take a file of taps in.

        Args:
            path: CSV or ``.parquet`` with the columns of `tap_schema.TAP_COLUMNS`.
            source: who sent it, such as an operator.
            label: how faults name the file; its name if None.

        Raises:
            InputError: it cannot be read as taps at all; nothing was changed.
            UnavailableError: the store failed; send it again.
        """
        digest, size = _digest(path), path.stat().st_size
        known = self._known(digest)
        if known is not None:
            return known
        with self.files.engine() as engine:
            arrived = read_taps(engine, path, label or path.name)
            for _ in range(MOST_ROUNDS):
                try:
                    found = self._receive(engine, digest, size, source, arrived.refused)
                    return replace(found, shown=arrived.shown)
                except ConflictError:
                    # Somebody else has added taps since; what is new is to be found again.
                    known = self._known(digest)
                    if known is not None:
                        return known
        raise UsageError("others were faster each time; receive the file again later")

    def _known(self, digest: str) -> Received | None:
        rows = list(self.ledger.store.query(_FILE, {"file": digest}))
        if not rows:
            return None
        found = dict(zip((column.name for column in tap_files.columns), rows[0], strict=True))
        names = ("source", "rows", "new", "repeated", "disputed", "held")
        entry = next(self.ledger.stream(f"tap-file/{digest}"))
        refused = self.ledger.clear(entry)["refused"]
        return Received(digest, **{name: found[name] for name in names}, refused=refused, known=True, days=())

    def _receive(
        self,
        engine: duckdb.DuckDBPyConnection,
        digest: str,
        size: int,
        source: str,
        refused: Mapping[str, int],
    ) -> Received:
        now = self.ledger.clock()
        number = self.files.last_change() + 1
        self._place(engine, now)
        self._dispute_among_themselves(engine)
        affected = self._compare(engine)
        parts, devices = self._write(engine)
        counts = _one(engine, "SELECT count(*) FILTER (refused IS NULL), count(*) FROM arrived")
        new, held = _one(engine, "SELECT count(*), count(*) FILTER (day = 'held') FROM fresh")
        (disputed,) = _one(engine, "SELECT sum(rows) FROM disputes")
        sound, rows = counts
        disputed = int(disputed or 0)
        found = Received(
            digest, source, rows, new, sound - new - disputed, disputed, dict(refused), held, False, affected
        )
        device_count = len({device for device, *_ in devices})
        body = {
            **{
                name: getattr(found, name) for name in ("file", "source", "rows", "new", "repeated", "disputed", "held")
            },
            "refused": dict(refused),
            "bytes": size,
            "devices": device_count,
            "parts": [{"part": p.part, "kind": p.kind, "day": p.day, "rows": p.rows} for p in parts],
        }
        at = moment(now)

        def change(transaction: Transaction) -> None:
            self.files.add(transaction, number, at, parts)
            names = ("file", "source", "rows", "new", "repeated", "disputed", "held")
            values = {name: getattr(found, name) for name in names}
            values |= {"number": number, "received_at": at, "refused": sum(refused.values())}
            transaction.execute(_ADD_FILE, values)
            _count_devices(transaction, devices)

        self.files.settle(parts)
        entry = NewEntry(
            stream=f"tap-file/{digest}",
            kind="tap-file-received",
            body=body,
            effective_at=now,
            idempotency_key=f"tap-file/{digest}",
            expected_position=0,
        )
        self.ledger.append(entry, change)
        return found

    def _place(self, engine: duckdb.DuckDBPyConnection, now: datetime) -> None:
        """Give each tap its true time and its service day: table ``placed``."""
        clocks = list(self.ledger.store.query(_CLOCKS))
        engine.execute("CREATE OR REPLACE TEMP TABLE clocks (device VARCHAR, first BIGINT, last BIGINT, ahead BIGINT)")
        true_at, join = "a.tapped_at", ""
        if clocks:
            engine.executemany("INSERT INTO clocks VALUES (?, ?, ?, ?)", clocks)
            join = "LEFT JOIN clocks AS c ON c.device = a.device AND a.sequence BETWEEN c.first AND c.last"
            true_at = "a.tapped_at - to_seconds(coalesce(c.ahead, 0))"
        earliest, latest = now - OLDEST, now + self._tolerance
        sound = f"true_at BETWEEN {timestamp(earliest)} AND {timestamp(latest)}"
        day = self.files.service_day("true_at", earliest, latest)
        names = ", ".join(f"a.{name}" for name in TAP_COLUMNS)
        engine.execute(
            f"""
CREATE OR REPLACE TEMP VIEW placed AS
SELECT *, CASE WHEN {sound} THEN ({day})::VARCHAR ELSE {quoted(HELD)} END AS day
FROM (SELECT {names}, {true_at} AS true_at FROM arrived AS a {join} WHERE a.refused IS NULL)
"""  # noqa: S608, own text
        )

    def _dispute_among_themselves(self, engine: duckdb.DuckDBPyConnection) -> None:
        """Take each tap of the file once, into ``fresh``; numbers that were given twice go into ``disputes``."""
        columns = ", ".join(TAP_COLUMNS)
        engine.execute(
            """
CREATE OR REPLACE TEMP TABLE often AS
SELECT device, sequence, count(*) AS rows FROM placed GROUP BY device, sequence HAVING count(*) > 1
"""
        )
        engine.execute(
            f"""
CREATE OR REPLACE TEMP TABLE variants AS
SELECT p.*, o.rows, row_number() OVER (PARTITION BY p.device, p.sequence ORDER BY {columns}) AS variant,
    count(*) OVER (PARTITION BY p.device, p.sequence) AS variants
FROM (SELECT DISTINCT * FROM placed SEMI JOIN often USING (device, sequence)) AS p
JOIN often AS o USING (device, sequence)
"""  # noqa: S608, own text
        )
        engine.execute(
            """
CREATE OR REPLACE TEMP TABLE disputes AS
SELECT device, sequence, rows - 1 AS rows FROM variants WHERE variants > 1 AND variant = 1
"""
        )
        (some,) = _one(engine, "SELECT count(*) FROM often")
        once = "FROM placed ANTI JOIN often USING (device, sequence)" if some else "FROM placed"
        engine.execute(
            f"""
CREATE OR REPLACE TEMP TABLE fresh AS
SELECT * {once} UNION ALL SELECT * EXCLUDE (rows, variant, variants) FROM variants WHERE variant = 1
"""  # noqa: S608, own text
        )
        engine.execute("DROP TABLE variants")

    def _compare(self, engine: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
        """Take away from ``fresh`` what is known already, and note what disputes it; gives the days that change."""
        differ = " OR ".join(f"k.{name} IS DISTINCT FROM f.{name}" for name in TAP_COLUMNS)
        engine.execute(
            "CREATE OR REPLACE TEMP TABLE met"
            " (device VARCHAR, sequence BIGINT, true_at TIMESTAMP, day VARCHAR, differs BOOLEAN)"
        )
        for day in self._known_days(engine):
            taps = self.files.relation(self.files.parts("taps", day, day), "taps")
            engine.execute(
                f"""
INSERT INTO met SELECT f.device, f.sequence, k.true_at, {quoted(day)}, ({differ})
FROM {taps} AS k JOIN fresh AS f USING (device, sequence)
"""  # noqa: S608, own text
            )
        (met,) = _one(engine, "SELECT count(*) FROM met")
        if met:
            engine.execute(
                """
CREATE OR REPLACE TEMP TABLE met_once AS
SELECT device, sequence, bool_or(differs) AS differs FROM met GROUP BY device, sequence;
CREATE OR REPLACE TEMP TABLE disputes AS
SELECT device, sequence, d.rows + (m.device IS NOT NULL)::BIGINT AS rows
FROM disputes AS d LEFT JOIN met_once AS m USING (device, sequence)
UNION ALL
SELECT device, sequence, 1 FROM met_once AS m ANTI JOIN disputes AS d USING (device, sequence) WHERE m.differs;
CREATE OR REPLACE TEMP TABLE fresh AS SELECT * FROM fresh ANTI JOIN met_once USING (device, sequence);
"""
            )
        engine.execute(
            """
CREATE OR REPLACE TEMP TABLE off AS
SELECT device, sequence, true_at, day, 'disputed' AS reason FROM met SEMI JOIN disputes USING (device, sequence)
UNION ALL
SELECT device, sequence, true_at, day, 'disputed' FROM fresh SEMI JOIN disputes USING (device, sequence)
"""
        )
        days = engine.execute("SELECT day FROM fresh UNION SELECT day FROM off ORDER BY 1").fetchall()
        return tuple(day for (day,) in days)

    def _known_days(self, engine: duckdb.DuckDBPyConnection) -> list[str]:
        """Give the days on which a tap of ``fresh`` may be known: those with numbers of its device around its own."""
        spans = engine.execute("SELECT device, min(sequence), max(sequence) FROM fresh GROUP BY device").fetchall()
        found: set[str] = set()
        for device, first, last in spans:
            found.update(self._days_with(device, first, last))
        return sorted(found)

    def _days_with(self, device: str, first: int, last: int) -> list[str]:
        values = {"device": device, "first": first, "last": last}
        return [day for (day,) in self.ledger.store.query(_DAYS_WITH, values)]

    def _write(self, engine: duckdb.DuckDBPyConnection) -> tuple[list[Part], list[tuple[Any, ...]]]:
        parts: list[Part | None] = []
        days = [day for (day,) in engine.execute("SELECT DISTINCT day FROM fresh ORDER BY 1").fetchall()]
        for day in days:
            query = f"SELECT * FROM fresh WHERE day = {quoted(day)} ORDER BY medium, true_at, device, sequence"  # noqa: S608
            parts.append(self.files.write(engine, query, "taps", day))
        for (day,) in engine.execute("SELECT DISTINCT day FROM off ORDER BY 1").fetchall():
            excluded = self.files.relation(self.files.parts("excluded", day, day), "excluded")
            query = f"""
SELECT * FROM (SELECT DISTINCT device, sequence, true_at, reason FROM off WHERE day = {quoted(day)})
ANTI JOIN {excluded} AS e USING (device, sequence, true_at) ORDER BY device, sequence, true_at
"""  # noqa: S608, own text
            parts.append(self.files.write(engine, query, "excluded", day))
        devices = engine.execute(
            "SELECT device, day, min(sequence), max(sequence), count(*) FROM fresh GROUP BY device, day ORDER BY 1, 2"
        ).fetchall()
        return [part for part in parts if part is not None], devices

    def gaps(self, day: str) -> Mapping[str, int]:
        """Give, by device, how many numbers between the first and last of a service day have not arrived."""
        rows = self.ledger.store.query(_DEVICES_OF_DAY, {"day": day})
        return {device: last - first + 1 - taps for device, _, first, last, taps in rows if last - first + 1 > taps}

    def correct_clock(self, device: str, first: int, last: int, ahead: timedelta, *, found_by: str) -> tuple[str, ...]:
        """Give a run of taps of a device their true time; taps of the run that arrive later get it too.

        Args:
            device: the device.
            first: its number of the first tap.
            last: of the last.
            ahead: what its clock showed too much; negative where it was behind.
            found_by: the role of who found it.

        Returns:
            The service days that change.

        Raises:
            UsageError: a correction of one of these taps is known already, or the run is empty.
        """
        shift = ahead // timedelta(seconds=1)
        if not 0 <= first <= last:
            raise UsageError(f"a run of taps from {first} to {last} is empty; numbers start at 0")
        for own, one, other, known in self.ledger.store.query(_CLOCKS):
            if own == device and one <= last and first <= other:
                if (one, other, known) == (first, last, shift):
                    return ()
                raise UsageError(f"the clock of {device} was corrected for taps {one} to {other}; take another run")
        for _ in range(MOST_ROUNDS):
            try:
                with self.files.engine() as engine:
                    return self._correct(engine, device, first, last, shift, found_by)
            except ConflictError:
                continue
        raise UsageError("others were faster each time; correct the clock again later")

    def _correct(
        self, engine: duckdb.DuckDBPyConnection, device: str, first: int, last: int, shift: int, found_by: str
    ) -> tuple[str, ...]:
        now = self.ledger.clock()
        number = self.files.last_change() + 1
        nothing = self.files.relation([], "taps")
        engine.execute(f"CREATE TEMP TABLE found AS SELECT *, '' AS day FROM {nothing}")  # noqa: S608, own text
        for day in self._days_with(device, first, last):
            engine.execute(
                f"INSERT INTO found SELECT *, {quoted(day)} FROM ({self.files.taps(day, day)}) "  # noqa: S608, own text
                "WHERE device = ? AND sequence BETWEEN ? AND ?",
                [device, first, last],
            )
        earliest, latest = now - OLDEST, now + self._tolerance
        own_day = self.files.service_day("true_at", earliest, latest)
        engine.execute(
            f"""
CREATE TEMP TABLE fresh AS
SELECT * EXCLUDE (day), CASE WHEN true_at BETWEEN {timestamp(earliest)} AND {timestamp(latest)}
    THEN ({own_day})::VARCHAR ELSE {quoted(HELD)} END AS day
FROM (SELECT * REPLACE (tapped_at - to_seconds({shift}) AS true_at) FROM found);
CREATE TEMP TABLE off AS SELECT device, sequence, true_at, day, 'moved' AS reason FROM found;
"""  # noqa: S608, own text
        )
        if not shift:
            engine.execute("DELETE FROM fresh; DELETE FROM off")
        parts, devices = self._write(engine)
        body = {
            "device": device,
            "first_sequence": first,
            "last_sequence": last,
            "ahead_seconds": shift,
            "found_by": found_by,
            "parts": [{"part": p.part, "kind": p.kind, "day": p.day, "rows": p.rows} for p in parts],
        }

        def change(transaction: Transaction) -> None:
            self.files.add(transaction, number, moment(now), parts)
            names = ("device", "first_sequence", "last_sequence", "ahead_seconds")
            transaction.execute(_ADD_CLOCK, {name: body[name] for name in names})
            _count_devices(transaction, devices)

        self.files.settle(parts)
        entry = NewEntry(
            stream=f"device/{device}",
            kind="tap-clock-corrected",
            body=body,
            effective_at=now,
            idempotency_key=f"tap-clock/{device}/{first}/{last}",
        )
        self.ledger.append(entry, change)
        return tuple(sorted({part.day for part in parts}))


def _count_devices(transaction: Transaction, devices: list[tuple[Any, ...]]) -> None:
    names = ("device", "day", "first_sequence", "last_sequence", "taps")
    for row in devices:
        transaction.execute(_COUNT_DEVICE, dict(zip(names, row, strict=True)))


def _one(engine: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    found = engine.execute(query).fetchone()
    if found is None:
        raise ValueError("a query that always gives a row gave none")
    return tuple(found)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
