"""The store for one machine: a file of SQLite in WAL mode, durable at every commit.

Commits are shared. A caller puts its request into a queue. If nobody is committing, it commits all that waits there, up
to `LARGEST_COMMIT` entries, in its own thread; if somebody is, it sleeps until its request is done, or until it is its
turn to commit for the others. A single caller so never waits for another thread, and many pay for one fsync together.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import text

from donghaeng.ledger.entry import EMPTY, Draft, Entry, Head, follow
from donghaeng.ledger.faults import (
    ConflictError,
    DamagedError,
    LedgerError,
    PositionError,
    StoreError,
    UnavailableError,
)
from donghaeng.ledger.migrate import TableSet
from donghaeng.ledger.schema import ENTRIES
from donghaeng.ledger.statement import DialectName, Row, Statement, Transaction
from donghaeng.ledger.store import BY_KEY, HEAD, LAST_SEQUENCE, StateChange, nothing_to_correct, same

T = TypeVar("T")

#: Entries in one commit, if they come in requests of less.
LARGEST_COMMIT = 500
#: Bytes of the file that readers map into memory.
MAPPED = 1 << 30
#: Connections that are kept open for reading.
MOST_READERS = 4
#: Which file a path leads to: number and device.
Identity = tuple[int, int]
#: Heads of streams that are kept in memory.
MOST_HEADS = 100_000

_INTEGRITY = Statement(text("PRAGMA integrity_check(20)"))
#: Given plain tuples: the driver takes the parts of a tuple of a class one by one, which takes a third longer.
INSERT = f"INSERT INTO entries VALUES ({', '.join('?' * len(Entry._fields))})"  # noqa: S608, a constant


class _Request:
    """What one caller wants, and what came of it."""

    __slots__ = ("done", "drafts", "error", "leads", "recorded_at", "result", "state_change", "woken")

    def __init__(self, drafts: Sequence[Draft], recorded_at: str, state_change: StateChange | None) -> None:
        self.drafts = drafts
        self.recorded_at = recorded_at
        self.state_change = state_change
        self.done = False
        self.result: list[Entry] = []
        self.error: BaseException | None = None
        self.leads = False
        self.woken: threading.Lock | None = None  # held while the caller sleeps


class _Transaction:
    """The open transaction of the writer, as a service sees it."""

    def __init__(self, connection: sqlite3.Connection, entries: Sequence[Entry] = ()) -> None:
        self._connection = connection
        self.entries = entries

    def execute(self, statement: Statement, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Run a statement and give its rows."""
        given = statement.parameters("sqlite", parameters or {})
        try:
            return self._connection.execute(statement.text("sqlite"), given).fetchall()
        except sqlite3.IntegrityError as error:
            raise ConflictError(f"a table does not allow it: {error}") from error


class _NotAloneError(Exception):
    """An entry cannot be written by one statement."""


class _NotTogetherError(Exception):
    """Requests cannot be written without looking at each of them."""


class SqliteDatabase:
    """A file of SQLite, and what is read and written in it whatever its tables.

    A process that forks must not use a database of its parent.
    """

    dialect: DialectName = "sqlite"

    def __init__(self, path: Path, tables: TableSet, *, timeout: float = 10.0) -> None:
        """Open a file that is there; `donghaeng.ledger.open` makes one.

        Args:
            path: the file.
            tables: the tables that it must hold.
            timeout: seconds to wait for another process that writes.

        Raises:
            UnavailableError: it cannot be opened.
            DamagedError: it does not hold those tables in this version.
        """
        self._tables = tables
        self.path = path.absolute()
        self.url = f"sqlite:///{path}"
        self._timeout = timeout
        self._closed = False
        self._lock = threading.Lock()
        self._readers: list[tuple[sqlite3.Connection, Identity]] = []
        self._connection: sqlite3.Connection | None = None
        self._identity: Identity | None = None
        with self._lock:
            self._writer()

    def query(self, statement: Statement, parameters: Mapping[str, Any] | None = None) -> Iterator[Row]:
        """See `donghaeng.ledger.store.Database`."""
        connection, identity = self._reader()
        try:
            cursor = connection.execute(statement.text("sqlite"), statement.parameters("sqlite", parameters or {}))
            try:
                yield from cursor
            finally:
                cursor.close()
        except sqlite3.Error as error:
            identity = None
            raise self._told(error) from error
        finally:
            if identity is None or self._closed or len(self._readers) >= MOST_READERS:
                connection.close()
            else:
                self._readers.append((connection, identity))

    def write(self, work: Callable[[Transaction], T], *, alone: bool = False) -> T:  # noqa: ARG002
        """See `donghaeng.ledger.store.Database`; on SQLite a writer is always alone."""
        with self._lock:
            connection = self._begin()
            try:
                result = work(_Transaction(connection))
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._undo(connection)
                raise self._told(error) from error
            except BaseException:
                self._undo(connection)
                raise
        return result

    def shred(self) -> None:
        """See `donghaeng.ledger.store.Database`: what was deleted is overwritten in the file, and the log is emptied.

        Raises:
            UnavailableError: somebody reads an older state for longer than the time out.
        """
        with self._lock:
            try:
                ((busy, _, _),) = self._writer().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            except sqlite3.Error as error:
                raise self._told(error) from error
        if busy:
            raise UnavailableError(
                f"{self.path.name} is being read, so its log still holds what was deleted; try again"
            )

    def damage(self) -> list[str]:
        """See `donghaeng.ledger.store.Database`."""
        return [line for (line,) in self.query(_INTEGRITY) if line != "ok"]

    def close(self) -> None:
        """See `donghaeng.ledger.store.Database`."""
        with self._lock:
            self._closed = True
            self._drop()
            while self._readers:
                self._readers.pop()[0].close()

    # The writer: what follows, up to `_open`, is called by who has the lock.

    def _begin(self) -> sqlite3.Connection:
        """Start a transaction of the writer."""
        connection = self._writer()
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self._undo(connection)
            raise self._told(error) from error
        return connection

    def _undo(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._drop()

    def _writer(self) -> sqlite3.Connection:
        now = self._now_there()
        if self._connection is not None:
            # SQLite would go on writing to a file in WAL mode that was taken away, and lose what it acknowledged.
            if now is not None and now == self._identity:
                return self._connection
            self._drop()
        self._connection = self._open()
        self._identity = self._now_there()
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _open(self) -> sqlite3.Connection:
        if self._closed:
            raise UnavailableError(f"{self.path.name} was closed; open it again")
        try:
            # Mode rw: a file that is not there is an error, and not a new, empty ledger.
            connection = sqlite3.connect(
                f"{self.path.as_uri()}?mode=rw",
                uri=True,
                timeout=self._timeout,
                isolation_level=None,
                check_same_thread=False,
            )
        except sqlite3.Error as error:
            raise self._told(error) from error
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA cache_size = -65536")  # 64 MiB
            connection.execute("PRAGMA secure_delete = ON").fetchone()
            check_version(connection, self._tables, self.path.name)
        except sqlite3.Error as error:
            connection.close()
            raise self._told(error) from error
        except BaseException:
            connection.close()
            raise
        return connection

    def _reader(self) -> tuple[sqlite3.Connection, Identity | None]:
        now = self._now_there()
        while self._readers:
            try:
                connection, identity = self._readers.pop()
            except IndexError:
                break  # another thread took the last one
            if identity == now:
                return connection, identity
            connection.close()
        connection = self._open()
        # Pages that are not in the cache are then not copied, which halves what a large file costs a reader.
        connection.execute(f"PRAGMA mmap_size = {MAPPED}").fetchone()
        return connection, now

    def _now_there(self) -> Identity | None:
        """Say which file is at the path."""
        try:
            status = os.stat(self.path)  # noqa: PTH116, twice as fast as Path.stat, at every commit
        except OSError:
            return None
        return status.st_ino, status.st_dev

    def _told(self, error: sqlite3.Error) -> StoreError:
        name = self.path.name
        code = getattr(error, "sqlite_errorname", "")
        if isinstance(error, sqlite3.DatabaseError) and code.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            return DamagedError(f"{name} is damaged: {error}; restore a backup")
        return UnavailableError(f"{name} cannot be used now: {error}; nothing was acknowledged, so try again later")


class SqliteStore(SqliteDatabase):
    """Entries in a file."""

    def __init__(self, path: Path, *, timeout: float = 10.0) -> None:
        """Open a ledger that is there; see `SqliteDatabase`."""
        self._queue: deque[_Request] = deque()
        self._turn = threading.Lock()  # held for moments: who is in the queue, and whether somebody commits
        self._is_led = False
        # What is known of the file as the last transaction of this store left it.
        self._heads: dict[str, Head] = {}
        self._last_sequence = 0
        self._data_version = -1
        super().__init__(path, ENTRIES, timeout=timeout)

    def append(self, drafts: Sequence[Draft], recorded_at: str, state_change: StateChange | None = None) -> list[Entry]:
        """See `donghaeng.ledger.store.Store`."""
        request = _Request(drafts, recorded_at, state_change)
        with self._turn:
            self._queue.append(request)
            sleeps = self._is_led
            self._is_led = True
            if sleeps:
                request.woken = threading.Lock()
                request.woken.acquire()
        if request.woken is not None:
            try:
                request.woken.acquire()
            except BaseException:
                self._give_up(request)
                raise
        if not request.done:
            self._lead(request)
        if request.error is not None:
            raise request.error
        return request.result

    def _lead(self, request: _Request) -> None:
        """Commit what waits, this request first; wake those whose requests are done, and let the next one lead."""
        group: list[_Request] = []
        try:
            with self._lock:
                with self._turn:
                    group = self._take()
                self._commit(group)
        finally:
            for done in group:
                if done.woken is not None and done is not request:
                    done.woken.release()
            request.leads = True
            self._give_up(request)

    def _give_up(self, request: _Request) -> None:
        """Leave the queue, and let the next one lead if it was this one's turn."""
        with self._turn:
            if request in self._queue:
                self._queue.remove(request)
            if request.leads:
                following = self._queue[0] if self._queue else None
                self._is_led = following is not None
                if following is not None:
                    following.leads = True
                    if following.woken is not None:
                        following.woken.release()

    # What follows is called by who has the lock.

    def _take(self) -> list[_Request]:
        """Take waiting requests: one at least, and more while they are small."""
        group = [self._queue.popleft()]
        size = len(group[0].drafts)
        while self._queue and size + len(self._queue[0].drafts) <= LARGEST_COMMIT:
            group.append(self._queue.popleft())
            size += len(group[-1].drafts)
        return group

    def _commit(self, group: list[_Request]) -> None:
        try:
            self._write(group)
        except sqlite3.Error as error:
            self._fail(group, self._told(error))
        except LedgerError as error:
            self._fail(group, error)
        except BaseException as error:
            # Nobody waits for ever for a leader that was interrupted.
            self._fail(group, error if len(group) == 1 else UnavailableError("a shared commit was interrupted"))
            if not isinstance(error, Exception):
                raise
        for request in group:
            request.done = True

    def _write(self, group: list[_Request]) -> None:
        """Write requests in the quickest way that does for them."""
        first = group[0]
        if len(group) == 1 and first.state_change is None and len(first.drafts) == 1:
            try:
                return self._write_one(first)
            except _NotAloneError:
                pass
        try:
            self._write_together(group)
        except _NotTogetherError:
            self._write_each(group)

    def _fail(self, group: list[_Request], error: BaseException) -> None:
        for request in group:
            request.error = request.error or error
            request.done = True

    def _write_one(self, request: _Request) -> None:
        """Write one entry by one statement, which is a transaction of its own.

        What is kept in memory need not be compared with the file: had somebody else written since, the number of the
        entry would be taken, and the statement fail.
        """
        (draft,) = request.drafts
        stream = draft.content.stream
        connection = self._writer()
        head = self._heads.get(stream)
        if self._data_version < 0 or head is None:
            raise _NotAloneError
        expected, corrects = draft.expected_position, draft.content.corrects
        if (expected is not None and expected != head.position) or (corrects or 0) > head.position:
            raise _NotAloneError
        entry = follow(head, draft, self._last_sequence + 1, request.recorded_at)
        try:
            connection.execute(INSERT, tuple(entry))
        except sqlite3.IntegrityError:
            raise _NotAloneError from None
        except BaseException:
            self._undo(connection)
            raise
        self._heads[stream] = Head(entry.position, entry.recorded_at, entry.hash)
        self._last_sequence = entry.sequence
        request.result = [entry]

    def _write_together(self, group: list[_Request]) -> None:
        """Write requests of which none is special: no known key, no position that is wrong."""
        if len(group) > 1 and any(request.state_change for request in group):
            raise _NotTogetherError
        connection = self._begin()
        try:
            heads: dict[str, Head] = {}
            sequence = self._last_sequence
            rows: list[Entry] = []
            for request in group:
                start, recorded_at = len(rows), request.recorded_at
                for draft in request.drafts:
                    content, _, expected = draft
                    stream, corrects = content[0], content[7]
                    head = heads.get(stream) or self._head(connection, stream)
                    if (expected is not None and expected != head[0]) or (corrects is not None and corrects > head[0]):
                        raise _NotTogetherError
                    sequence += 1
                    entry = follow(head, draft, sequence, recorded_at)
                    heads[stream] = Head(entry[2], entry[6], entry[12])
                    rows.append(entry)
                request.result = rows[start:]
            try:
                if len(rows) == 1:
                    connection.execute(INSERT, tuple(rows[0]))
                else:
                    connection.executemany(INSERT, map(tuple, rows))
            except sqlite3.IntegrityError:
                raise _NotTogetherError from None
            if group[0].state_change is not None and rows:
                group[0].state_change(_Transaction(connection, rows))
            connection.execute("COMMIT")
        except BaseException:
            self._undo(connection)
            raise
        self._heads.update(heads)
        self._last_sequence = sequence

    def _write_each(self, group: list[_Request]) -> None:
        """Write requests one after the other, so that what is wrong with one leaves the others as they are."""
        connection = self._begin()
        try:
            for request in group:
                connection.execute("SAVEPOINT request")
                heads, sequence = dict[str, Head](), self._last_sequence
                try:
                    request.result = self._write_carefully(connection, request, heads)
                except sqlite3.Error:
                    raise
                except Exception as error:
                    connection.execute("ROLLBACK TO request")
                    request.error = error
                    self._last_sequence = sequence
                else:
                    self._heads.update(heads)
                connection.execute("RELEASE request")
            connection.execute("COMMIT")
        except BaseException:
            self._undo(connection)
            raise

    def _write_carefully(
        self, connection: sqlite3.Connection, request: _Request, heads: dict[str, Head]
    ) -> list[Entry]:
        found: list[Entry] = []
        new: list[Entry] = []
        for draft in request.drafts:
            content = draft.content
            known = connection.execute(BY_KEY.text("sqlite"), {"idempotency_key": content.idempotency_key}).fetchone()
            if known is not None:
                found.append(same(Entry._make(known), draft))
                continue
            head = heads.get(content.stream) or self._head(connection, content.stream)
            if draft.expected_position is not None and draft.expected_position != head.position:
                raise PositionError(content.stream, draft.expected_position, head.position)
            if (content.corrects or 0) > head.position:
                raise nothing_to_correct(draft)
            self._last_sequence += 1
            entry = follow(head, draft, self._last_sequence, request.recorded_at)
            connection.execute(INSERT, entry)
            heads[content.stream] = Head(entry.position, entry.recorded_at, entry.hash)
            found.append(entry)
            new.append(entry)
        if new and request.state_change is not None:
            request.state_change(_Transaction(connection, new))
        return found

    def _head(self, connection: sqlite3.Connection, stream: str) -> Head:
        head = self._heads.get(stream)
        if head is None:
            row = connection.execute(HEAD.text("sqlite"), HEAD.parameters("sqlite", {"stream": stream})).fetchone()
            head = EMPTY if row is None else Head._make(row)
            if len(self._heads) >= MOST_HEADS:
                self._heads.clear()
            self._heads[stream] = head
        return head

    def _begin(self) -> sqlite3.Connection:
        """Start a transaction; what was kept in memory holds only if nobody else has written."""
        connection = super()._begin()
        try:
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            if version != self._data_version:
                self._heads.clear()
                self._last_sequence = connection.execute(LAST_SEQUENCE.text("sqlite")).fetchone()[0] or 0
                self._data_version = version
        except sqlite3.Error as error:
            self._undo(connection)
            raise self._told(error) from error
        return connection

    def _undo(self, connection: sqlite3.Connection) -> None:
        self._data_version = -1
        super()._undo(connection)

    def _drop(self) -> None:
        self._data_version = -1
        super()._drop()


def check_version(connection: sqlite3.Connection, tables: TableSet, name: str) -> None:
    """Refuse a file that holds no ledger of this version.

    Raises:
        DamagedError: it does not.
    """
    try:
        row = connection.execute(f"SELECT version_num FROM {tables.version_table}").fetchone()  # noqa: S608
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        row = None
    if row is None:
        raise DamagedError(f"{name} holds no ledger; make one with `donghaeng ledger migrate`")
    if row[0] != tables.newest:
        raise DamagedError(f"{name} has tables of version {row[0]}; run `donghaeng ledger migrate`")
