"""The keys of a ledger: made, listed, revoked, and checked when they are presented.

Each change of a key is an entry of the ledger, recorded in the transaction that changes the table. Answers that a key
is valid are remembered for `REMEMBERED` seconds: so long a key that another process has revoked may still be taken. In
the process that revokes it, it ends at once. That a key is not valid is never remembered.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import bindparam, insert, select, update

from donghaeng.access.keys import Key, make_key, read_key
from donghaeng.access.schema import access_keys
from donghaeng.access.scopes import known_scopes
from donghaeng.errors import DonghaengError, InputError, UsageError
from donghaeng.identifiers import find_identifier
from donghaeng.ledger.canonical import moment
from donghaeng.ledger.entry import NewEntry
from donghaeng.ledger.faults import KeyReusedError
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.statement import Statement, Transaction

#: Seconds.
REMEMBERED = 5.0
MOST_REMEMBERED = 10_000
LONGEST_NOTE = 200

_ORGANISATION = re.compile("[a-z0-9][a-z0-9._-]{0,63}")
_COLUMNS = [column for column in access_keys.c if column.name != "hash"]
_FIND = Statement(select(access_keys.c.hash, *_COLUMNS).where(access_keys.c.id == bindparam("wanted")))
_ALL = Statement(select(*_COLUMNS).order_by(access_keys.c.created_at, access_keys.c.id))
_ADD = Statement(insert(access_keys))
_REVOKE = Statement(
    update(access_keys).where(access_keys.c.id == bindparam("wanted")).values(revoked_at=bindparam("at"))
)

Why = Literal["unknown", "expired", "revoked"]
State = Literal["valid", "expired", "revoked"]


class KeyRejectedError(DonghaengError):
    """A key is not, or no longer, valid. The message does not repeat it.

    Attributes:
        why: ``unknown``, ``expired`` or ``revoked``.
    """

    def __init__(self, why: Why) -> None:
        """Take the reason."""
        self.why = why
        super().__init__("the key is not known" if why == "unknown" else f"the key is {why}")


@dataclass(frozen=True)
class KeyRecord:
    """What is kept of a key; never its secret.

    Attributes:
        id: names it.
        organisation: whose it is; what is recorded with it belongs to them.
        scopes: what it may be used for.
        created_at: when it was made.
        expires_at: from when on it is not valid; None for never.
        revoked_at: when it was taken back; None if it was not.
        note: what it is for.
    """

    id: str
    organisation: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    note: str

    def state(self, now: datetime) -> State:
        """Say whether it is valid at a time."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "valid"


class KeyRing:
    """The keys of a ledger."""

    def __init__(self, ledger: Ledger, chance: Callable[[int], bytes], timer: Callable[[], float]) -> None:
        """Take the ledger, whose database has the table of keys.

        Args:
            ledger: it knows the kinds of `donghaeng.access.kinds`.
            chance: gives so many random bytes, fit for keys.
            timer: gives seconds that never go back.
        """
        self.ledger = ledger
        self._chance, self._timer = chance, timer
        #: By a hash of the whole key, so that no secret stays in memory: the record, and until when it is remembered.
        self._remembered: dict[bytes, tuple[KeyRecord, float]] = {}
        self._revocations = 0

    def create(
        self, organisation: str, scopes: Iterable[str], *, expires_at: datetime | None = None, note: str = ""
    ) -> tuple[Key, KeyRecord]:
        """Make a key. The secret is in the answer and nowhere else.

        Args:
            organisation: whose it is: lower-case letters, digits and ``.``, ``_``, ``-``.
            scopes: what it may be used for.
            expires_at: from when on it is not valid, with zone; None for never.
            note: what it is for; nobody's name.

        Raises:
            UsageError: one of them is not fit.
            LedgerError: it cannot be recorded; see `Ledger.append`.
        """
        wanted = known_scopes(scopes)
        now = self.ledger.clock()
        if not _ORGANISATION.fullmatch(organisation) or find_identifier(organisation):
            raise UsageError(
                'an organisation is up to 64 lower-case letters, digits and ".", "_", "-", and no number of a person'
            )
        if len(note) > LONGEST_NOTE or not (note.isprintable() and find_identifier(note) is None):
            raise UsageError(f"a note is one line of up to {LONGEST_NOTE} characters without numbers of persons")
        if expires_at is not None and expires_at <= now:
            raise UsageError("the key would end before it begins; give a later end")
        key = make_key(self._chance)
        row: dict[str, Any] = {
            "id": key.id,
            "hash": key.hash,
            "organisation": organisation,
            "scopes": " ".join(wanted),
            "created_at": moment(now),
            "expires_at": moment(expires_at) if expires_at is not None else None,
            "revoked_at": None,
            "note": note,
        }
        entry = NewEntry(
            stream=_stream(key.id),
            kind="key-created",
            body={
                "key": key.id,
                "organisation": organisation,
                "scopes": wanted,
                "expires_at": expires_at,
                "note": note,
            },
            effective_at=now,
            idempotency_key=f"key-created {key.id}",
            expected_position=0,
        )
        self.ledger.append(entry, lambda transaction: transaction.execute(_ADD, row))
        return key, _record([row[column.name] for column in _COLUMNS])

    def revoke(self, key_id: str, reason: str = "") -> KeyRecord:
        """Take a key back; one that was taken back stays as it is.

        Args:
            key_id: the key.
            reason: why, in a word or two; it is recorded.

        Raises:
            InputError: there is no such key.
            LedgerError: it cannot be recorded; see `Ledger.append`.
        """
        record = self._known(key_id)
        if record.revoked_at is None:
            now = self.ledger.clock()

            def change(transaction: Transaction) -> None:
                transaction.execute(_REVOKE, {"wanted": key_id, "at": moment(now)})

            entry = NewEntry(
                stream=_stream(key_id),
                kind="key-revoked",
                body={"key": key_id, "organisation": record.organisation, "reason": reason},
                effective_at=now,
                idempotency_key=f"key-revoked {key_id}",
            )
            with contextlib.suppress(KeyReusedError):  # somebody else has just revoked it
                self.ledger.append(entry, change)
            record = self._known(key_id)
        self._revocations += 1
        self._remembered.clear()
        return record

    def records(self) -> list[KeyRecord]:
        """Give all keys, the oldest first.

        Raises:
            UnavailableError: the store cannot be reached.
        """
        return [_record(row) for row in self.ledger.store.query(_ALL)]

    def check(self, presented: str) -> KeyRecord:
        """Give the record of a key that is presented.

        Args:
            presented: the text of the key.

        Raises:
            KeyRejectedError: it is not valid now.
            UnavailableError: the store cannot be reached.
        """
        if (found := self.remembered(presented)) is not None:
            return found
        key = read_key(presented)
        if key is None:
            raise KeyRejectedError("unknown")
        revocations = self._revocations
        row = next(iter(list(self.ledger.store.query(_FIND, {"wanted": key.id}))), None)
        if row is None or not key.has(row[0]):
            raise KeyRejectedError("unknown")
        record = _valid(_record(row[1:]), self.ledger.clock())
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        # What was read before somebody revoked a key, here, is not remembered after it.
        if revocations == self._revocations:
            self._remembered[_digest(presented)] = record, self._timer() + REMEMBERED
        return record

    def remembered(self, presented: str) -> KeyRecord | None:
        """Give the record of a key that was checked a moment ago, without asking the store; None for all others.

        Raises:
            KeyRejectedError: it has expired since.
        """
        digest = _digest(presented)
        record, until = self._remembered.get(digest, (None, 0.0))
        if record is None:
            return None
        if self._timer() >= until:
            self._remembered.pop(digest, None)
            return None
        return _valid(record, self.ledger.clock())

    def _known(self, key_id: str) -> KeyRecord:
        row = next(iter(list(self.ledger.store.query(_FIND, {"wanted": key_id}))), None)
        if row is None:
            raise InputError(f"there is no key {key_id[:80]!r}; `donghaeng keys list` shows the ids")
        return _record(row[1:])


def _valid(record: KeyRecord, now: datetime) -> KeyRecord:
    state = record.state(now)
    if state != "valid":
        raise KeyRejectedError(state)
    return record


def _stream(key_id: str) -> str:
    return f"keys/{key_id}"


def _digest(presented: str) -> bytes:
    return sha256(presented.encode("utf-8", "surrogatepass")).digest()


def _record(row: Iterable[Any]) -> KeyRecord:
    key_id, organisation, scopes, created_at, expires_at, revoked_at, note = row
    return KeyRecord(
        key_id,
        organisation,
        frozenset(scopes.split()),
        _time(created_at),
        _or_none(expires_at),
        _or_none(revoked_at),
        note,
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _or_none(text: str | None) -> datetime | None:
    return None if text is None else _time(text)
