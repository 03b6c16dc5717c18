"""Kinds of entry about keys, and about who read what leads to a person."""

from __future__ import annotations

from pydantic import AwareDatetime

from donghaeng.documents import Model
from donghaeng.ledger.kinds import Kind


class KeyCreated(Model):
    """A key was made.

    Attributes:
        key: its id; neither the secret nor its hash.
        organisation: whose it is.
        scopes: what it may be used for.
        expires_at: when it ends; None for never.
        note: what it is for, such as the place of a device; nobody's name.
    """

    key: str
    organisation: str
    scopes: tuple[str, ...]
    expires_at: AwareDatetime | None
    note: str


class KeyRevoked(Model):
    """A key was taken back.

    Attributes:
        key: its id.
        organisation: whose it was.
        reason: why, in a word or two.
    """

    key: str
    organisation: str
    reason: str


class PersonMapRead(Model):
    """Somebody read which numbers of an organisation lead to a person.

    Attributes:
        person: the pseudonym.
        key: id of the key that was used.
        organisation: whose key it was, and whose numbers were shown.
        numbers: how many.
        reason: why, as the reader gave it.
    """

    person: str
    key: str
    organisation: str
    numbers: int
    reason: str


KINDS: tuple[Kind, ...] = (
    Kind("key-created", 1, KeyCreated),
    Kind("key-revoked", 1, KeyRevoked),
    Kind("person-map-read", 1, PersonMapRead, person="person"),
)
