"""The store for a server: PostgreSQL by psycopg.

One entry is one call of one function of the database, which finds the head of the stream and computes the hash (see
`migrations/entries/v0001_entries_and_seals.py`). Several entries are three set-based statements in a transaction.
Who loses a race for a position, or is chosen to end a deadlock, goes round again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg
from psycopg import errors

from donghaeng.ledger.entry import EMPTY, Draft, Entry, Head, follow
from donghaeng.ledger.faults import ConflictError, DamagedError, PositionError, StoreError, UnavailableError
from donghaeng.ledger.migrate import TableSet
from donghaeng.ledger.schema import ENTRIES
from donghaeng.ledger.statement import DialectName, Row, Statement, Transaction
from donghaeng.ledger.store import BY_KEY, StateChange, nothing_to_correct, same

T = TypeVar("T")
Connection = psycopg.Connection[tuple[Any, ...]]

#: Durable means after fsync, whatever the server's own setting.
OPTIONS = "-c synchronous_commit=on -c default_transaction_isolation=read\\ committed"
MOST_ROUNDS = 10
#: Waits until nobody is appending, and lets nobody append until the transaction ends; reading goes on.
ALONE = "LOCK TABLE entries IN SHARE ROW EXCLUSIVE MODE"
#: Rows that come at once; libpq before 17 gives them one by one.
CHUNK = 500 if psycopg.pq.version() >= 170_000 else 1

APPEND = "SELECT * FROM ledger_append(%s, %s, %s, %s, %s, %s, %s, %s, %b, %s, %s)"
HEADS = """
SELECT s.stream, h.position, h.recorded_at, h.hash FROM unnest(%s::text[]) AS s(stream) CROSS JOIN LATERAL (
    SELECT position, recorded_at, hash FROM entries e WHERE e.stream = s.stream ORDER BY position DESC LIMIT 1) AS h
"""
KNOWN = "SELECT * FROM entries WHERE idempotency_key = ANY(%s::text[])"
INSERT = """
INSERT INTO entries (stream, position, kind, kind_version, effective_at, recorded_at, idempotency_key, body,
    decision_id, corrects, previous_hash, hash)
SELECT u.* FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::integer[], %s::text[], %s::text[], %s::text[],
    %s::text[], %s::text[], %s::bigint[], %b::bytea[], %b::bytea[]) AS u
ON CONFLICT DO NOTHING RETURNING idempotency_key, sequence
"""


class _Transaction:
    """An open transaction, as a service sees it."""

    def __init__(self, connection: Connection, entries: Sequence[Entry] = ()) -> None:
        self._connection = connection
        self.entries = entries

    def execute(self, statement: Statement, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Run a statement and give its rows."""
        given = statement.parameters("postgresql", parameters or {})
        try:
            cursor = self._connection.execute(statement.text("postgresql"), given)
        except psycopg.IntegrityError as error:
            # The detail of the message would repeat the values.
            raise ConflictError(f"a table does not allow it: {error.diag.message_primary}") from error
        return cursor.fetchall() if cursor.description else []


class _AgainError(Exception):
    """Somebody else was faster; the transaction is undone and made again."""


class PostgresqlDatabase:
    """A database of a server, and what is read and written in it whatever its tables."""

    dialect: DialectName = "postgresql"

    def __init__(self, url: str, tables: TableSet, *, timeout: float = 10.0, connections: int = 8) -> None:
        """Open a database that is there; `donghaeng.ledger.open` makes one.

        Args:
            url: ``postgresql://…``.
            tables: the tables that it must hold.
            timeout: seconds to wait for a connection.
            connections: how many are open at most; further callers wait.

        Raises:
            UnavailableError: the server cannot be reached.
            DamagedError: it does not hold those tables in this version.
        """
        self.url = url
        self._tables = tables
        self._timeout = timeout
        self._closed = False
        self._idle: list[Connection] = []
        self._free = threading.BoundedSemaphore(connections)
        with self._connected():
            pass

    def query(self, statement: Statement, parameters: Mapping[str, Any] | None = None) -> Iterator[Row]:
        """See `donghaeng.ledger.store.Database`."""
        text = statement.text("postgresql")
        with self._connected() as connection, connection.cursor() as cursor:
            yield from cursor.stream(text, statement.parameters("postgresql", parameters or {}), size=CHUNK)

    def write(self, work: Callable[[Transaction], T], *, alone: bool = False) -> T:
        """See `donghaeng.ledger.store.Database`."""
        for _ in range(MOST_ROUNDS):
            try:
                with self._connected() as connection, connection.transaction():
                    if alone and self._tables is ENTRIES:
                        connection.execute(ALONE)
                    return work(_Transaction(connection))
            except (errors.DeadlockDetected, errors.SerializationFailure):
                continue
        raise UnavailableError("other writers were faster each time; try again later")

    def shred(self) -> None:
        """Write the tables of persons anew without what was deleted; the server's own log keeps it for a while."""
        with self._connected() as connection:
            connection.execute("VACUUM FULL person_maps")
            connection.execute("VACUUM FULL fact_keys")
            connection.execute("VACUUM FULL persons")

    def damage(self) -> list[str]:
        """See `donghaeng.ledger.store.Database`; the server checks its pages as it reads them."""
        return []

    def close(self) -> None:
        """See `donghaeng.ledger.store.Database`."""
        self._closed = True
        self._drop()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """Lend a connection; one that failed, or was left in the middle of something, is not lent again."""
        if not self._free.acquire(timeout=self._timeout):
            raise UnavailableError("all connections to the server are in use; try again later")
        connection: Connection | None = None
        try:
            connection = self._take()
            yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            if isinstance(error, errors.DeadlockDetected | errors.SerializationFailure):
                raise
            self._drop()
            raise self._told(error) from error
        finally:
            if connection is not None:
                idle = connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
                if idle and not connection.closed and not self._closed:
                    self._idle.append(connection)
                else:
                    connection.close()
            self._free.release()

    def _take(self) -> Connection:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._open()
            if not _is_stale(connection):
                return connection
            connection.close()

    def _open(self) -> Connection:
        if self._closed:
            raise UnavailableError("the store was closed; open it again")
        connection = psycopg.connect(
            self.url, autocommit=True, connect_timeout=max(2, round(self._timeout)), options=OPTIONS
        )
        try:
            _check_version(connection, self._tables)
        except BaseException:
            connection.close()
            raise
        return connection

    def _drop(self) -> None:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return
            with suppress(psycopg.Error):
                connection.close()

    def _told(self, error: psycopg.Error) -> StoreError:
        # The text of a failed connection names host and user; it is kept as the cause, and not repeated.
        return UnavailableError(
            f"the server cannot be used now ({type(error).__name__}); nothing was acknowledged, so try again later"
        )


class PostgresqlStore(PostgresqlDatabase):
    """Entries in a database of a server."""

    def __init__(self, url: str, *, timeout: float = 10.0, connections: int = 8) -> None:
        """Open a ledger that is there; see `PostgresqlDatabase`."""
        super().__init__(url, ENTRIES, timeout=timeout, connections=connections)

    def append(self, drafts: Sequence[Draft], recorded_at: str, state_change: StateChange | None = None) -> list[Entry]:
        """See `donghaeng.ledger.store.Store`."""
        for turn in range(MOST_ROUNDS):
            try:
                with self._connected() as connection:
                    if len(drafts) == 1 and state_change is None:
                        return [_append_one(connection, drafts[0], recorded_at)[0]]
                    with connection.transaction():
                        if turn:
                            # Once somebody else was faster; so that it is not so for ever, all others wait now.
                            connection.execute(ALONE)
                        return _append_all(connection, drafts, recorded_at, state_change)
            except (_AgainError, errors.DeadlockDetected, errors.SerializationFailure):
                continue
        raise UnavailableError("other writers were faster each time; try again later")


def _is_stale(connection: Connection) -> bool:
    """Whether a connection that lay idle was closed by the server: then there is something to be read from it."""
    import select

    if connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _check_version(connection: Connection, tables: TableSet) -> None:
    try:
        row = connection.execute(f"SELECT version_num FROM {tables.version_table}").fetchone()  # noqa: S608
    except errors.UndefinedTable:
        row = None
    if row is None:
        raise DamagedError("the database holds no ledger; make one with `donghaeng ledger migrate`")
    if row[0] != tables.newest:
        raise DamagedError(f"the database has tables of version {row[0]}; run `donghaeng ledger migrate`")


def _append_one(connection: Connection, draft: Draft, recorded_at: str) -> tuple[Entry, bool]:
    """Record one entry; gives it, and whether it is new."""
    content = draft.content
    row = connection.execute(
        APPEND, (*content, draft.content_hash, recorded_at, draft.expected_position), prepare=True
    ).fetchone()
    if row is None:
        raise DamagedError("the function ledger_append gives nothing; run `donghaeng ledger migrate`")
    outcome, sequence, position, recorded_at, previous, own = row
    if outcome == "new":
        return (
            Entry(
                sequence,
                content[0],
                position,
                content[1],
                content[2],
                content[3],
                recorded_at,
                content[4],
                content[5],
                content[6],
                content[7],
                previous,
                own,
            ),
            True,
        )
    if outcome == "moved" and draft.expected_position is not None:
        raise PositionError(content.stream, draft.expected_position, position)
    if outcome == "nothing":
        raise nothing_to_correct(draft)
    key = {"idempotency_key": content.idempotency_key}
    known = connection.execute(BY_KEY.text("postgresql"), key, prepare=True).fetchone()
    if known is None:
        raise DamagedError("an entry was taken away; run `donghaeng ledger verify`")
    return same(Entry._make(known), draft), False


def _append_all(
    connection: Connection, drafts: Sequence[Draft], recorded_at: str, state_change: StateChange | None
) -> list[Entry]:
    """Record several entries in the open transaction."""
    if len(drafts) == 1:
        entry, is_new = _append_one(connection, drafts[0], recorded_at)
        found, new = [entry], [entry] if is_new else []
    else:
        found, new = _append_set(connection, drafts, recorded_at)
    if new and state_change is not None:
        state_change(_Transaction(connection, new))
    return found


def _append_set(connection: Connection, drafts: Sequence[Draft], recorded_at: str) -> tuple[list[Entry], list[Entry]]:
    known = {
        entry.idempotency_key: entry
        for entry in map(
            Entry._make,
            connection.execute(KNOWN, ([draft.content.idempotency_key for draft in drafts],), prepare=True),
        )
    }
    streams = list({draft.content.stream for draft in drafts})
    heads = {row[0]: Head._make(row[1:]) for row in connection.execute(HEADS, (streams,), prepare=True)}
    keys: list[str] = []
    rows: dict[str, Entry] = {}
    for draft in drafts:
        content = draft.content
        key = content.idempotency_key
        keys.append(key)
        if (earlier := known.get(key) or rows.get(key)) is not None:
            same(earlier, draft)
            continue
        head = heads.get(content.stream, EMPTY)
        if draft.expected_position is not None and draft.expected_position != head.position:
            raise PositionError(content.stream, draft.expected_position, head.position)
        if (content.corrects or 0) > head.position:
            raise nothing_to_correct(draft)
        rows[key] = entry = follow(head, draft, 0, recorded_at)
        heads[content.stream] = Head(entry.position, entry.recorded_at, entry.hash)
    if rows:
        columns = [list(column) for column in zip(*rows.values(), strict=True)][1:]
        sequences: dict[str, int] = dict(connection.execute(INSERT, columns, prepare=True).fetchall())
        if len(sequences) != len(rows):
            raise _AgainError
        rows = {key: entry._replace(sequence=sequences[key]) for key, entry in rows.items()}
    recorded = known | rows
    return [recorded[key] for key in keys], list(rows.values())
