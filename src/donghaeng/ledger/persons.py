"""Persons: pseudonyms, the map that leads to them, and the keys of facts about them.

Nothing of this stands in the ledger, where a person is a random pseudonym, and a fact about one is encrypted. What
leads from an institution's own number, or an account, to the pseudonym stands in tables of its own: found by a keyed
hash, encrypted, and deletable. So do the keys of facts, one for a person, a kind of entry and a day, wrapped by the
master key. Whose map and keys are destroyed is no longer in the ledger, and the ledger still verifies.

Keys are derived from the master key by HKDF-SHA-256 (RFC 5869), wrapped by AES key wrap (RFC 3394), and used in
AES-256-GCM (NIST SP 800-38D). The nonce of facts is a keyed hash of what is encrypted and of the entry it belongs to,
as in SIV (RFC 5297): a request that is made again gives the same bytes, and no two texts share a nonce.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import TextClause, bindparam, delete, insert, select, text

from donghaeng.civil_calendar.arithmetic import last_day
from donghaeng.dated import Dates
from donghaeng.ledger.canonical import canonical_json, moment
from donghaeng.ledger.entry import Entry
from donghaeng.ledger.faults import DamagedError, ErasedError, RefusedError
from donghaeng.ledger.kinds import Kinds
from donghaeng.ledger.schema import erasures, fact_keys, person_maps, persons
from donghaeng.ledger.statement import Statement, Transaction
from donghaeng.ledger.store import Database

MASTER_KEY_LENGTH = 32
#: A pseudonym has letters only, so that it can never be taken for the number of a person: 26**24 > 2**112.
PSEUDONYM_LENGTH = 24
LETTERS = "abcdefghijklmnopqrstuvwxyz"
#: Facts are filled up to a multiple of this many bytes, since the length of a ciphertext tells a yes from a no.
PADDED_TO = 256

_IS_THERE = Statement(select(persons.c.pseudonym).where(persons.c.pseudonym == bindparam("pseudonym")))
_FIND = Statement(select(person_maps.c.pseudonym).where(person_maps.c.lookup == bindparam("lookup")))
_MAPS = Statement(
    select(person_maps.c.lookup, person_maps.c.nonce, person_maps.c.number)
    .where(person_maps.c.pseudonym == bindparam("pseudonym"))
    .order_by(person_maps.c.lookup)
)
_ADD_PERSON = Statement(insert(persons))
_KEY = Statement(
    select(fact_keys.c.wrapped_key).where(
        fact_keys.c.pseudonym == bindparam("pseudonym"),
        fact_keys.c.kind == bindparam("kind"),
        fact_keys.c.day == bindparam("day"),
    )
)
_KEYS = Statement(
    select(fact_keys.c.pseudonym, fact_keys.c.kind, fact_keys.c.day).order_by(
        fact_keys.c.kind, fact_keys.c.day, fact_keys.c.pseudonym
    )
)
_DROP_KEY = Statement(
    delete(fact_keys).where(
        fact_keys.c.pseudonym == bindparam("pseudonym"),
        fact_keys.c.kind == bindparam("kind"),
        fact_keys.c.day == bindparam("day"),
    )
)
_DROP_KEYS = Statement(delete(fact_keys).where(fact_keys.c.pseudonym == bindparam("pseudonym")))
_DROP_MAPS = Statement(delete(person_maps).where(person_maps.c.pseudonym == bindparam("pseudonym")))
_DROP_PERSON = Statement(delete(persons).where(persons.c.pseudonym == bindparam("pseudonym")))
_ERASURES = Statement(
    select(erasures).order_by(erasures.c.erased_at, erasures.c.pseudonym, erasures.c.kind, erasures.c.day)
)
_WAS_ERASED = Statement(
    select(erasures.c.kind).where(
        erasures.c.pseudonym == bindparam("pseudonym"),
        erasures.c.kind.in_([bindparam("kind"), ""]),
        erasures.c.day.in_([bindparam("day"), ""]),
    )
)


def _or_nothing(statement: str) -> Statement:
    clause: TextClause = text(statement)
    return Statement(clause)


# Both stores know ON CONFLICT; Core has it only for one or the other.
_ADD_ERASURE = _or_nothing(
    "INSERT INTO erasures (pseudonym, kind, day, erased_at, reason) "
    "VALUES (:pseudonym, :kind, :day, :erased_at, :reason) ON CONFLICT DO NOTHING"
)
# Two at once for one number or key: on SQLite a writer is alone; on PostgreSQL the first decides and the other reads.
_ADD_MAP = _or_nothing(
    "INSERT INTO person_maps (lookup, pseudonym, nonce, number) "
    "VALUES (:lookup, :pseudonym, :nonce, :number) ON CONFLICT DO NOTHING"
)
_ADD_KEY = _or_nothing(
    "INSERT INTO fact_keys (pseudonym, kind, day, wrapped_key) "
    "VALUES (:pseudonym, :kind, :day, :wrapped_key) ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, order=True)
class Erasure:
    """One thing that was destroyed, as it is listed, so that it is destroyed again where a backup brings it back.

    Attributes:
        pseudonym: the person.
        kind: kind of entry of which facts went; empty for the whole person.
        day: day of the facts, ISO 8601; empty for the whole person.
        erased_at: when, UTC.
        reason: why, such as ``asked for`` or ``retention``.
    """

    pseudonym: str
    kind: str
    day: str
    erased_at: str
    reason: str

    def line(self) -> str:
        """Give it as a line of the list of erasures."""
        return canonical_json(vars(self)) + "\n"


def read_erasures(lines: Iterable[str]) -> list[Erasure]:
    """Read a list of erasures; a last line that was cut off is left out, as what it announced was not done.

    Raises:
        DamagedError: a line is none.
    """
    found = []
    for number, line in enumerate(lines, 1):
        if not line.endswith("\n"):
            break
        try:
            found.append(Erasure(**msgspec.json.decode(line)))
        except (msgspec.MsgspecError, TypeError):
            raise DamagedError(f"line {number} of the list of erasures is none") from None
    return found


@dataclass(frozen=True)
class Retention:
    """How long the facts of one kind are kept, from a day on.

    Attributes:
        kind: kind of entry; it holds for all versions.
        dates: when this period is in force.
        months: length in calendar months, counted from the day after the entry is effective.
        source: where the period is laid down.
    """

    kind: str
    dates: Dates
    months: int
    source: str = ""

    def last_day(self, effective: date) -> date:
        """Give the last day on which facts of a day are kept."""
        return last_day(effective, months=self.months)


def last_kept_day(retention: Iterable[Retention], kind: str, effective: date, on: date) -> date | None:
    """Give the last day on which facts of a kind are kept, by the period in force on a day; None for no end."""
    in_force = [period for period in retention if period.kind == kind and period.dates.in_force(on)]
    return in_force[-1].last_day(effective) if in_force else None


class Persons:
    """The tables of persons, opened with the master key."""

    def __init__(
        self,
        database: Database,
        master_key: bytes,
        chance: Callable[[int], bytes],
        clock: Callable[[], datetime],
        announce: Callable[[Erasure], object] | None = None,
    ) -> None:
        """Open them.

        Args:
            database: the tables; see `donghaeng.ledger.open.open_persons`.
            master_key: 32 bytes.
            chance: gives so many random bytes, fit for keys.
            clock: gives the time now, with zone.
            announce: called with each erasure before it is done, to write it durably to a list held elsewhere.

        Raises:
            RefusedError: the master key has another length.
        """
        if len(master_key) != MASTER_KEY_LENGTH:
            raise RefusedError(f"a master key has {MASTER_KEY_LENGTH} bytes; make one with `donghaeng ledger keygen`")
        self._database = database
        self._chance = chance
        self._clock = clock
        self._announce = announce
        self._lookup_key = _derived(master_key, "lookup of a person")
        self._number_key = _derived(master_key, "number of a person")
        self._wrapping_key = _derived(master_key, "wrapping of fact keys")
        self._request_key = _derived(master_key, "names of requests")

    def digest(self, text: bytes) -> bytes:
        """Give 32 bytes that stand for what a client named a request: HMAC-SHA-256 under a key of their own."""
        return hmac.digest(self._request_key, text, "sha256")

    def find(self, namespace: str, number: str) -> str | None:
        """Give the pseudonym of who has a number at an institution, or None."""
        rows = list(self._database.query(_FIND, {"lookup": self._lookup(namespace, number)}))
        return rows[0][0] if rows else None

    def person(self, namespace: str, number: str) -> str:
        """Give the pseudonym of who has a number at an institution; a new one for a new number.

        Args:
            namespace: the institution, or kind of account.
            number: its own number of the person, such as a chart number; never a number that the state gave.
        """
        return self.find(namespace, number) or self._add(namespace, number, self._pseudonym())

    def link(self, namespace: str, number: str, pseudonym: str) -> None:
        """Let another number lead to a person who is there.

        Raises:
            ErasedError: there is no such person.
            RefusedError: the number leads to somebody else.
        """
        if not list(self._database.query(_IS_THERE, {"pseudonym": pseudonym})):
            raise ErasedError(f"person {pseudonym} is not there, or was erased")
        if self._add(namespace, number, pseudonym) != pseudonym:
            raise RefusedError("the number leads to somebody else")

    def numbers(self, pseudonym: str) -> list[tuple[str, str]]:
        """Give namespace and number of all that leads to a person. Who reads this belongs in the ledger."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        found = []
        for lookup, nonce, number in self._database.query(_MAPS, {"pseudonym": pseudonym}):
            namespace, own = msgspec.json.decode(AESGCM(self._number_key).decrypt(nonce, number, lookup))
            found.append((namespace, own))
        return sorted(found)

    def seal_facts(self, pseudonym: str, kind: str, day: str, bound: bytes, facts: str) -> dict[str, str]:
        """Encrypt facts about a person.

        Args:
            pseudonym: the person.
            kind: kind of entry.
            day: day on which it is effective, ISO 8601.
            bound: what else the entry is; the facts open only beside it.
            facts: canonical JSON.

        Returns:
            What stands in the body in their place.

        Raises:
            ErasedError: the person, or facts of this kind and day, were erased.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key = self._fact_key(pseudonym, kind, day) or self._new_fact_key(pseudonym, kind, day)
        plain = facts.encode()
        plain += b" " * (-len(plain) % PADDED_TO)
        digest = hmac.new(key[32:], len(bound).to_bytes(8, "big") + bound + plain, sha256).digest()
        nonce = digest[:12]
        return {"nonce": _text(nonce), "text": _text(AESGCM(key[:32]).encrypt(nonce, plain, bound))}

    def open_facts(
        self, pseudonym: str, kind: str, day: str, bound: bytes, sealed: Mapping[str, str]
    ) -> dict[str, Any]:
        """Decrypt facts about a person; see `seal_facts`.

        Raises:
            ErasedError: their key was destroyed.
            DamagedError: they are not what was encrypted, or stand in another entry.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key = self._fact_key(pseudonym, kind, day)
        if key is None:
            raise ErasedError(f"the facts of {kind} about person {pseudonym} on {day} were erased")
        try:
            plain = AESGCM(key[:32]).decrypt(_bytes(sealed["nonce"]), _bytes(sealed["text"]), bound)
        except (InvalidTag, KeyError, ValueError):
            raise DamagedError(f"the facts of {kind} about person {pseudonym} on {day} do not open") from None
        facts: dict[str, Any] = msgspec.json.decode(plain)
        return facts

    def erase(self, pseudonym: str, reason: str) -> None:
        """Destroy all that leads to a person and all keys of facts about them.

        Args:
            pseudonym: the person.
            reason: why; it is listed.

        Raises:
            ErasedError: there is no such person.
            UnavailableError: the store failed; call it again.
        """
        known = list(self._database.query(_IS_THERE, {"pseudonym": pseudonym}))
        if not known and not self.was_erased(pseudonym):
            raise ErasedError(f"person {pseudonym} is not there")
        self.apply([self._erasure(pseudonym, "", "", reason)])

    def apply(self, listed: Iterable[Erasure]) -> int:
        """Destroy what a list of erasures names, and leave nothing of it in the files.

        Used for what is due, and after a restore for what was erased since the backup. It may be done twice.

        Returns:
            How many erasures were done.
        """
        todo = list(listed)
        if self._announce is not None:
            for erasure in todo:
                self._announce(erasure)

        destroy(self._database, todo)
        return len(todo)

    def erasures(self) -> list[Erasure]:
        """Give all that was erased, the oldest first."""
        return [Erasure(*row) for row in self._database.query(_ERASURES)]

    def was_erased(self, pseudonym: str) -> bool:
        """Say whether a person was erased as a whole."""
        return bool(list(self._database.query(_WAS_ERASED, {"pseudonym": pseudonym, "kind": "", "day": ""})))

    def keys_due(self, retention: Iterable[Retention], on: date) -> list[Erasure]:
        """Say which keys of facts are past their period on a day; `apply` destroys them.

        Args:
            retention: the periods. Of a kind without one nothing is ever due.
            on: the day.
        """
        periods = list(retention)
        at = moment(self._clock())
        due = []
        for pseudonym, kind, day in self._database.query(_KEYS):
            kept = last_kept_day(periods, kind, date.fromisoformat(day), on)
            if kept is not None and kept < on:
                due.append(Erasure(pseudonym, kind, day, at, "retention"))
        return due

    def persons_due(
        self, entries: Iterable[Entry], kinds: Kinds, retention: Iterable[Retention], on: date
    ) -> list[Erasure]:
        """Say which persons are past the periods of all entries about them on a day; `apply` erases them.

        Args:
            entries: all entries of the ledger; they are read once.
            kinds: the registered kinds, which say where in a body the person stands.
            retention: the periods. A person with an entry of a kind without one is never due.
            on: the day.
        """
        periods = list(retention)
        fields = {(kind.name, kind.version): kind.person for kind in kinds if kind.person}
        kept_until: dict[str, date] = {}
        for entry in entries:
            if field := fields.get((entry.kind, entry.kind_version)):
                pseudonym = msgspec.json.decode(entry.body)[field]
                kept = last_kept_day(periods, entry.kind, date.fromisoformat(entry.effective_at[:10]), on) or date.max
                kept_until[pseudonym] = max(kept, kept_until.get(pseudonym, date.min))
        at = moment(self._clock())
        return [
            Erasure(pseudonym, "", "", at, "retention")
            for pseudonym, kept in sorted(kept_until.items())
            if kept < on and not self.was_erased(pseudonym)
        ]

    def close(self) -> None:
        """Let go of the tables."""
        self._database.close()

    def _erasure(self, pseudonym: str, kind: str, day: str, reason: str) -> Erasure:
        return Erasure(pseudonym, kind, day, moment(self._clock()), reason)

    def _lookup(self, namespace: str, number: str) -> bytes:
        return hmac.digest(self._lookup_key, canonical_json([namespace, number]).encode(), "sha256")

    def _pseudonym(self) -> str:
        letters = ""
        while len(letters) < PSEUDONYM_LENGTH:
            # Bytes from 234 on would make the first letters likelier.
            letters += "".join(LETTERS[byte % 26] for byte in self._chance(PSEUDONYM_LENGTH) if byte < 234)
        return letters[:PSEUDONYM_LENGTH]

    def _add(self, namespace: str, number: str, pseudonym: str) -> str:
        """Let a number lead to a pseudonym, unless it leads somewhere already; gives where it leads."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        lookup, nonce = self._lookup(namespace, number), self._chance(12)
        hidden = AESGCM(self._number_key).encrypt(nonce, canonical_json([namespace, number]).encode(), lookup)
        created_at = moment(self._clock())

        def add(transaction: Transaction) -> str:
            transaction.execute(_ADD_MAP, {"lookup": lookup, "pseudonym": pseudonym, "nonce": nonce, "number": hidden})
            found: str = transaction.execute(_FIND, {"lookup": lookup})[0][0]
            if found == pseudonym and not transaction.execute(_IS_THERE, {"pseudonym": pseudonym}):
                transaction.execute(_ADD_PERSON, {"pseudonym": pseudonym, "created_at": created_at})
            return found

        return self._database.write(add)

    def _fact_key(self, pseudonym: str, kind: str, day: str) -> bytes | None:
        from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

        rows = list(self._database.query(_KEY, {"pseudonym": pseudonym, "kind": kind, "day": day}))
        if not rows:
            return None
        try:
            return aes_key_unwrap(self._wrapping_key, rows[0][0])
        except InvalidUnwrap:
            raise DamagedError(
                "the master key does not open the keys of facts; give the one they were made with"
            ) from None

    def _new_fact_key(self, pseudonym: str, kind: str, day: str) -> bytes:
        from cryptography.hazmat.primitives.keywrap import aes_key_wrap

        names = {"pseudonym": pseudonym, "kind": kind, "day": day}
        wrapped = aes_key_wrap(self._wrapping_key, self._chance(64))

        def add(transaction: Transaction) -> bool:
            if not transaction.execute(_IS_THERE, {"pseudonym": pseudonym}) or transaction.execute(_WAS_ERASED, names):
                return False
            transaction.execute(_ADD_KEY, names | {"wrapped_key": wrapped})
            return True

        key = self._fact_key(pseudonym, kind, day) if self._database.write(add) else None
        if key is None:
            raise ErasedError(f"person {pseudonym} is not there, or was erased, or facts of {kind} on {day} were")
        return key


def destroy(database: Database, erased: Iterable[Erasure]) -> None:
    """Destroy what a list of erasures names, in tables of persons; no key is needed to destroy keys.

    Args:
        database: the tables.
        erased: the list; what is gone already stays gone.
    """
    todo = list(erased)

    def work(transaction: Transaction) -> None:
        for erasure in todo:
            person = {"pseudonym": erasure.pseudonym}
            transaction.execute(_ADD_ERASURE, vars(erasure))
            if erasure.kind:
                transaction.execute(_DROP_KEY, person | {"kind": erasure.kind, "day": erasure.day})
            else:
                for statement in (_DROP_KEYS, _DROP_MAPS, _DROP_PERSON):
                    transaction.execute(statement, person)

    if todo:
        database.write(work)
        database.shred()


def _derived(master_key: bytes, purpose: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt=None, info=f"donghaeng {purpose}".encode()).derive(master_key)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(value: str) -> bytes:
    return base64.b64decode(value, validate=True)


def append_line(stream: Any) -> Callable[[Erasure], None]:
    """Give what announces erasures to a list: a file that was opened for appending text.

    Each line is durable before the call returns.
    """
    import os

    def announce(erasure: Erasure) -> None:
        stream.write(erasure.line())
        stream.flush()
        os.fsync(stream.fileno())

    return announce


def merged(*lists: Iterable[Erasure]) -> Iterator[Erasure]:
    """Give the erasures of several lists, each once, the oldest first."""
    yield from sorted({erasure for given in lists for erasure in given}, key=lambda one: (one.erased_at, one))
