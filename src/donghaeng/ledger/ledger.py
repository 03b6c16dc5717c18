"""The ledger as services use it: entries are checked by their kind, recorded once, and read as the newest version."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec
from pydantic import BaseModel

from donghaeng.ledger.canonical import Content, content_hash, encoded, moment
from donghaeng.ledger.entry import Draft, Entry, NewEntry
from donghaeng.ledger.faults import BodyError, RefusedError
from donghaeng.ledger.kinds import SEALED, Kind, Kinds
from donghaeng.ledger.store import LAST_OF_ALL, StateChange, Store, read_all, read_stream

if TYPE_CHECKING:
    from donghaeng.ledger.persons import Persons

LONGEST_NAME = 200
#: Sixteen letters for the sixteen digits.
_IN_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
LONGEST_BODY = 1_000_000

#: Refuses a value in which it finds the number of a person; called with the value and with where it stands.
Check = Callable[[Any, str], object]


class Ledger:
    """A store with its kinds, its clock and the persons that its entries are about."""

    def __init__(
        self,
        store: Store,
        kinds: Kinds,
        clock: Callable[[], datetime],
        *,
        persons: Persons | None = None,
        check: Check | None = None,
    ) -> None:
        """Put a ledger together.

        Args:
            store: where entries stand.
            kinds: what may be recorded.
            clock: gives the time now, with zone.
            persons: keys of facts about persons; needed for kinds that have facts.
            check: raises where a value holds a personal number; called before anything is written or encrypted.
        """
        self.store = store
        self.kinds = kinds
        self.clock = clock
        self.persons = persons
        self._check = check

    def append(self, entries: NewEntry | Sequence[NewEntry], state_change: StateChange | None = None) -> list[Entry]:
        """Record entries, and what they change, in one durable transaction, all or nothing.

        A request that is made again, with the same keys and contents, gives the entries that were recorded first,
        and changes nothing.

        Args:
            entries: what happened, in order.
            state_change: writes a service's own tables in the same transaction; see `StateChange`.

        Returns:
            An entry for each that was asked for.

        Raises:
            UnknownKindError: a kind is not registered.
            BodyError: a body does not fit its kind, or names a person.
            RefusedError: a name or key is not fit, or there is no entry to correct.
            PositionError: a stream has moved on.
            KeyReusedError: a key stands for another content.
            ErasedError: facts are about a person who was erased.
            UnavailableError: the store failed; nothing was acknowledged, so make the same call again.
        """
        asked = [entries] if isinstance(entries, NewEntry) else entries
        drafts = [self.draft(entry) for entry in asked]
        return self.store.append(drafts, moment(self.clock()), state_change) if drafts else []

    def draft(self, new: NewEntry) -> Draft:
        """Check an entry and write its body, without recording it; raises as `append` does."""
        kind = self.kinds.get(new.kind, new.kind_version)
        plain = kind.plain(new.body)
        stream, key, decision_id, effective = new.stream, new.idempotency_key, new.decision_id, new.effective_at
        if not (_is_name(stream) and _is_name(key) and (decision_id is None or _is_name(decision_id))):
            raise RefusedError(
                f"a stream, key or decision id of {kind.name} is empty, longer than {LONGEST_NAME} characters or not "
                "printable; write it otherwise"
            )
        if effective.tzinfo is None:
            raise RefusedError(f"{kind.name} in {stream} is effective at a time without zone; give its zone")
        if new.corrects is not None and new.corrects < 1:
            raise RefusedError(f"{kind.name} in {stream} corrects entry {new.corrects}; positions start at 1")
        if self._check is not None:
            self._check(plain, f"body of {kind.name}")
            self._check([stream, key, decision_id], f"names of {kind.name}")
        effective_at = effective.isoformat()
        if kind.facts:
            plain = self._sealed(kind, plain, new, effective_at)
        try:
            body = encoded(plain)
        except ValueError as error:
            raise BodyError(f"body of {kind.name} version {kind.version}: {error}") from None
        if len(body) > LONGEST_BODY:
            raise BodyError(f"body of {kind.name} is longer than {LONGEST_BODY:,} characters; keep documents elsewhere")
        content = Content(stream, kind.name, kind.version, effective_at, key, body, decision_id, new.corrects)
        return Draft(content, content_hash(content), new.expected_position)

    def request_name(self, organisation: str, act: str, key: str) -> str:
        """Give a name for a request of a client, for use in an idempotency key: the same for the same request.

        Clients write what they like into their keys, such as the number of a chart, and entries stay for ever. So the
        ledger keeps a keyed hash of it, which nobody who lacks the master key can try numbers against. Without keys of
        persons it is a plain SHA-256. It is written in letters, so that it is never taken for a number of a person.

        Args:
            organisation: whose request it is; each has keys of its own.
            act: what is asked for.
            key: what the client named it.

        Raises:
            InputError: the key holds a number of a person.
        """
        if self._check is not None:
            self._check(key, "key of the request")
        text = encoded([organisation, act, key]).encode()
        digest = sha256(text).digest() if self.persons is None else self.persons.digest(text)
        return digest[:16].hex().translate(_IN_LETTERS)

    def stream(self, stream: str, after: int = 0) -> Iterator[Entry]:
        """Give the entries of a stream after a position, in order."""
        return read_stream(self.store, stream, after)

    def entries(self, after: int = 0, last: int = LAST_OF_ALL) -> Iterator[Entry]:
        """Give the entries of all streams in the order of recording, after one sequence number and up to another."""
        return read_all(self.store, after, last)

    def body(self, entry: Entry) -> BaseModel:
        """Read the body of an entry with its facts, in the newest version of its kind.

        Raises:
            UnknownKindError: its kind is not registered.
            BodyError: it does not fit its kind.
            ErasedError: its facts were erased; `clear` gives the rest.
        """
        plain = msgspec.json.decode(entry.body)
        if SEALED in plain:
            sealed = plain.pop(SEALED)
            kind = self.kinds.get(entry.kind, entry.kind_version)
            persons = self._persons(kind)
            facts = persons.open_facts(
                plain[kind.person], kind.name, entry.effective_at[:10], _bound(kind, entry, plain[kind.person]), sealed
            )
            plain |= facts
        return self.kinds.upcast(entry.kind, entry.kind_version, plain)

    def clear(self, entry: Entry) -> dict[str, Any]:
        """Read the part of a body that is not encrypted, in the version it was written in."""
        plain: dict[str, Any] = msgspec.json.decode(entry.body)
        plain.pop(SEALED, None)
        return plain

    def close(self) -> None:
        """Close the stores of entries and persons."""
        self.store.close()
        if self.persons is not None:
            self.persons.close()

    def _sealed(self, kind: Kind, plain: dict[str, Any], new: NewEntry, effective_at: str) -> dict[str, Any]:
        person = plain[kind.person]
        facts = {key: value for key, value in plain.items() if key in kind.fact_keys}
        clear = {key: value for key, value in plain.items() if key not in kind.fact_keys}
        bound = _bound(kind, _Names(new.stream, effective_at, new.idempotency_key), person)
        sealed = self._persons(kind).seal_facts(person, kind.name, effective_at[:10], bound, encoded(facts))
        return clear | {SEALED: sealed}

    def _persons(self, kind: Kind) -> Persons:
        if self.persons is None:
            raise RefusedError(f"{kind.name} has facts about persons, and no keys of persons were given")
        return self.persons


def _is_name(text: str) -> bool:
    return 0 < len(text) <= LONGEST_NAME and text.isprintable()


class _Names:
    """What facts are bound to, before there is an entry."""

    __slots__ = ("effective_at", "idempotency_key", "stream")

    def __init__(self, stream: str, effective_at: str, idempotency_key: str) -> None:
        self.stream, self.effective_at, self.idempotency_key = stream, effective_at, idempotency_key


def _bound(kind: Kind, names: Entry | _Names, person: str) -> bytes:
    """What encrypted facts are bound to: moved into another entry, they do not open."""
    parts: Mapping[str, Any] = {
        "effective_at": names.effective_at,
        "idempotency_key": names.idempotency_key,
        "kind": kind.name,
        "kind_version": kind.version,
        "person": person,
        "stream": names.stream,
    }
    return encoded(parts).encode()
