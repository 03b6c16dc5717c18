"""Kinds of entry that the ledger itself makes."""

from __future__ import annotations

from typing import Literal

from donghaeng.documents import Model
from donghaeng.ledger.kinds import Kind
from donghaeng.ledger.store import Store, read_stream

#: Stream of what was done with persons.
PERSONS_STREAM = "persons"
#: Stream of what says that a ledger is made up, and kind of its entries.
SIMULATION_STREAM, SIMULATION_STARTED = "simulation", "simulation-started"


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


class SimulationStarted(Model):
    """All entries of this ledger are made up. It is the first entry of such a ledger, before any other.

    What is released from a ledger with this entry is of kind ``simulated``; one in which it is not the first holds
    real entries too and gives no statistics.

    Attributes:
        seed: what the made-up entries are drawn from.
        what: what is played, in a few words.
        pack: id of the pack by which it is played.
        made_up: always true.
    """

    seed: int
    what: str
    pack: str
    made_up: Literal[True] = True


def is_simulated(store: Store) -> bool:
    """Say whether a ledger began as a simulation."""
    return next(iter(read_stream(store, SIMULATION_STREAM)), None) is not None


OWN_KINDS = (
    Kind("person-erased", 1, PersonErased, person="person"),
    Kind("facts-erased", 1, FactsErased),
    Kind(SIMULATION_STARTED, 1, SimulationStarted),
)
