"""Kinds of entry that the ledger itself makes."""

from __future__ import annotations

from donghaeng.documents import Model
from donghaeng.ledger.kinds import Kind

#: Stream of what was done with persons.
PERSONS_STREAM = "persons"


class PersonErased(Model):
    """What leads to a person, and the keys of facts about them, were destroyed.

    Attributes:
        person: the pseudonym, which now leads nowhere.
        reason: why, in a word or two; no text about the person.
    """

    person: str
    reason: str


class FactsErased(Model):
    """Keys of facts were destroyed because their period was over.

    Attributes:
        on: day on which they were due, ISO 8601.
        keys: how many.
    """

    on: str
    keys: int


OWN_KINDS = (
    Kind("person-erased", 1, PersonErased, person="person"),
    Kind("facts-erased", 1, FactsErased),
)
