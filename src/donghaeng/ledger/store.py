"""What a store of entries does; `sqlite` and `postgresql` are the two there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import bindparam, func, select

from donghaeng.ledger.canonical import content_hash
from donghaeng.ledger.entry import Draft, Entry
from donghaeng.ledger.faults import KeyReusedError, RefusedError
from donghaeng.ledger.schema import entries
from donghaeng.ledger.statement import DialectName, Row, Statement, Transaction

T = TypeVar("T")

#: Writes a service's own tables in the transaction of its entries. It is not called when all entries were known
#: already. What it raises undoes the entries too. It must not append.
StateChange = Callable[[Transaction], object]


class Database(Protocol):
    """Tables that are durable when a call returns, and open to many threads and processes."""

    dialect: DialectName
    url: str

    def query(self, statement: Statement, parameters: Mapping[str, Any] | None = None) -> Iterator[Row]:
        """Give rows one by one, all from the moment at which the first is read, in flat memory."""

    def write(self, work: Callable[[Transaction], T], *, alone: bool = False) -> T:
        """Run a transaction of other tables.

        Args:
            work: what to do in it.
            alone: wait for entries that are being appended and keep others waiting, so that every entry with a
                smaller `sequence` than the last one can be seen.
        """

    def close(self) -> None:
        """Let go of all connections; a closed store opens none."""

    def shred(self) -> None:
        """Leave nothing in the files of what was deleted, as far as the store can."""

    def damage(self) -> list[str]:
        """Say what is wrong with the files themselves."""


class Store(Database, Protocol):
    """A table of entries that only grows."""

    def append(self, drafts: Sequence[Draft], recorded_at: str, state_change: StateChange | None = None) -> list[Entry]:
        """Record entries and what they change, all or nothing, in one durable transaction.

        Args:
            drafts: what to record, in order.
            recorded_at: the time now, UTC with microseconds.
            state_change: writes other tables in the same transaction.

        Returns:
            An entry for each draft: a new one, or the one that was recorded under the same key with the same content.

        Raises:
            PositionError: a stream is not where a draft expects it.
            KeyReusedError: a key was used for another content.
            RefusedError: a draft corrects an entry that is not there.
            UnavailableError: the store failed; nothing was acknowledged.
        """


HEAD = Statement(
    select(entries.c.position, entries.c.recorded_at, entries.c.hash)
    .where(entries.c.stream == bindparam("stream"))
    .order_by(entries.c.position.desc())
    .limit(1)
)
BY_KEY = Statement(select(entries).where(entries.c.idempotency_key == bindparam("idempotency_key")))
STREAM = Statement(
    select(entries)
    .where(entries.c.stream == bindparam("stream"), entries.c.position > bindparam("after"))
    .order_by(entries.c.position)
)
IN_ORDER = Statement(
    select(entries)
    .where(entries.c.sequence > bindparam("after"), entries.c.sequence <= bindparam("last"))
    .order_by(entries.c.sequence)
)
LAST_SEQUENCE = Statement(select(func.max(entries.c.sequence)))
LAST_OF_ALL = 2**62


def same(found: Entry, draft: Draft) -> Entry:
    """Give the entry that a draft repeats.

    Raises:
        KeyReusedError: the entry has the key of the draft and another content.
    """
    if content_hash(found.content) != draft.content_hash:
        raise KeyReusedError(draft.content.idempotency_key)
    return found


def nothing_to_correct(draft: Draft) -> RefusedError:
    """Say that the entry which a draft corrects is not there."""
    content = draft.content
    return RefusedError(f"stream {content.stream} has no entry {content.corrects} to correct; look at `ledger show`")


def read_stream(store: Store, stream: str, after: int = 0) -> Iterator[Entry]:
    """Give the entries of a stream after a position, in order."""
    yield from map(Entry._make, store.query(STREAM, {"stream": stream, "after": after}))


def read_all(store: Store, after: int = 0, last: int = LAST_OF_ALL) -> Iterator[Entry]:
    """Give the entries of all streams in the order of recording, by bounds of `sequence`: after one, up to another."""
    yield from map(Entry._make, store.query(IN_ORDER, {"after": after, "last": last}))
