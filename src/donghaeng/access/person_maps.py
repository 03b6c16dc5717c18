"""Reading which numbers lead to a person: only one's own, and never without an entry."""

from __future__ import annotations

from dataclasses import dataclass

from donghaeng.ledger.entry import Entry, NewEntry
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.own_kinds import PERSONS_STREAM


@dataclass(frozen=True)
class PersonMap:
    """The numbers of one organisation that lead to a person, and the entry that tells that they were read.

    Attributes:
        person: the pseudonym.
        numbers: the organisation's own numbers of the person, by namespace.
        entry: the entry of this reading.
    """

    person: str
    numbers: tuple[tuple[str, str], ...]
    entry: Entry


def read_person_map(
    ledger: Ledger, person: str, *, organisation: str, key: str, reason: str, request: str
) -> PersonMap | None:
    """Read the numbers that lead to a person. They are given only once the entry of the reading is durable.

    Args:
        ledger: it has the keys of persons.
        person: the pseudonym.
        organisation: who reads: shown are the namespaces ``ORGANISATION`` and ``ORGANISATION/…``.
        key: id of the key that is used.
        reason: why; it is recorded, so it names nobody.
        request: names this request.

    Returns:
        The numbers, or None where no number of the organisation leads to the person. That is not told from a person
        who is not there, and no number was shown, so nothing is recorded.

    Raises:
        LedgerError: the reading cannot be recorded.
    """
    if ledger.persons is None:
        return None
    numbers = tuple(
        (namespace, number)
        for namespace, number in ledger.persons.numbers(person)
        if namespace == organisation or namespace.startswith(f"{organisation}/")
    )
    if not numbers:
        return None
    (entry,) = ledger.append(
        NewEntry(
            stream=PERSONS_STREAM,
            kind="person-map-read",
            body={
                "person": person,
                "key": key,
                "organisation": organisation,
                "numbers": len(numbers),
                "reason": reason,
            },
            effective_at=ledger.clock(),
            idempotency_key=f"person-map-read {request}",
        )
    )
    return PersonMap(person, numbers, entry)
