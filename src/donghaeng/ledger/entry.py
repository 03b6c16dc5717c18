"""Entries: as they are asked for, and as they stand in the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel

from donghaeng.ledger.canonical import NOTHING_BEFORE, Content, content_hash, entry_hash


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """One thing that happened, as a service asks for it to be recorded.

    Attributes:
        stream: what it happened to, such as ``card/7f3a``; up to 200 printable characters.
        kind: registered name of what happened.
        body: what is to be known of it, by the model of its kind.
        effective_at: when it happened, with zone.
        idempotency_key: names this request; a request that is made again has the same key and the same content.
        kind_version: version of the kind that the body is written in; None is the newest.
        decision_id: the decision that it follows from.
        corrects: position in the same stream of the entry that it corrects.
        expected_position: where its stream must stand before it, 0 for a stream that is new; None takes any.
    """

    stream: str
    kind: str
    body: Mapping[str, Any] | BaseModel
    effective_at: datetime
    idempotency_key: str
    kind_version: int | None = None
    decision_id: str | None = None
    corrects: int | None = None
    expected_position: int | None = None


class Entry(NamedTuple):
    """One entry as it stands in the table `entries`.

    Attributes:
        sequence: order of recording in the whole ledger; grows, and may have gaps.
        stream: what it happened to.
        position: place in its stream, from 1 without gaps.
        kind: what happened.
        kind_version: version of the kind that the body is written in.
        effective_at: when it happened, ISO 8601 with the zone that was given.
        recorded_at: when it was recorded, UTC with microseconds; never before the entry it follows in its stream.
        idempotency_key: names the request; no two entries of a ledger share one.
        body: canonical JSON; facts about a person are encrypted in it.
        decision_id: the decision that it follows from.
        corrects: position in the same stream of the entry that it corrects.
        previous_hash: hash of the entry before it in its stream, or 32 zero bytes; 32 bytes.
        hash: hash over all of this save `sequence`; 32 bytes.
    """

    sequence: int
    stream: str
    position: int
    kind: str
    kind_version: int
    effective_at: str
    recorded_at: str
    idempotency_key: str
    body: str
    decision_id: str | None
    corrects: int | None
    previous_hash: bytes
    hash: bytes

    @property
    def content(self) -> Content:
        """What its writer knew."""
        return Content(
            self.stream,
            self.kind,
            self.kind_version,
            self.effective_at,
            self.idempotency_key,
            self.body,
            self.decision_id,
            self.corrects,
        )

    def recomputed_hash(self) -> bytes:
        """Give the hash that an entry with these fields has."""
        return entry_hash(self.previous_hash, self.position, self.recorded_at, content_hash(self.content))

    def shown(self) -> dict[str, Any]:
        """Give the entry as plain values, hashes in hexadecimal."""
        return self._asdict() | {"previous_hash": self.previous_hash.hex(), "hash": self.hash.hex()}


class Draft(NamedTuple):
    """An entry that is checked and ready to be recorded; a store adds the rest."""

    content: Content
    content_hash: bytes
    expected_position: int | None


class Head(NamedTuple):
    """Where a stream stands."""

    position: int
    recorded_at: str
    hash: bytes


EMPTY = Head(0, "", NOTHING_BEFORE)


def follow(head: Head, draft: Draft, sequence: int, recorded_at: str) -> Entry:
    """Make the entry that comes after the head of its stream.

    A clock that was set back does not set the ledger back: the entry is then recorded at the time of the one it
    follows.
    """
    stream, kind, kind_version, effective_at, key, body, decision_id, corrects = draft.content
    before, before_at, previous = head
    position = before + 1
    if before_at > recorded_at:
        recorded_at = before_at
    own = entry_hash(previous, position, recorded_at, draft.content_hash)
    return Entry(
        sequence,
        stream,
        position,
        kind,
        kind_version,
        effective_at,
        recorded_at,
        key,
        body,
        decision_id,
        corrects,
        previous,
        own,
    )
