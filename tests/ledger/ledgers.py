"""What the tests of the ledger start from: kinds, a clock, persons with keys that anybody may know."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from donghaeng.documents import Model
from donghaeng.ledger.entry import NewEntry
from donghaeng.ledger.kinds import Kind, Kinds
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.open import open_persons, open_store
from donghaeng.ledger.persons import Erasure, Persons

MASTER_KEY = bytes(range(32))


class CardCharged(Model):
    """Money was put on a card."""

    card: str
    won: int


class VisitV1(Model):
    """A visit as it was recorded at first."""

    person: str
    result: str


class Visit(Model):
    """A visit to a clinic; whether the patient is pregnant is a fact about a person."""

    person: str
    outcome: str
    pregnant: bool | None = None
    note: str | None = None


KINDS = Kinds(
    [
        Kind("card-charged", 1, CardCharged),
        Kind("visit", 1, VisitV1, person="person"),
        Kind(
            "visit",
            2,
            Visit,
            upcast=lambda old: {"person": old["person"], "outcome": old["result"]},
            person="person",
            facts=("pregnant", "note"),
        ),
    ]
)


class Clock:
    """A clock that is set by hand and goes on by a second at each look."""

    def __init__(self, start: str = "2026-05-20T00:00:00+00:00") -> None:
        self.time = datetime.fromisoformat(start)

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


def bytes_in_a_row() -> Callable[[int], bytes]:
    """Give chance that is none: each call gives other bytes, the same in each run."""
    counter = itertools.count(1)

    def draw(length: int) -> bytes:
        from hashlib import shake_256

        return shake_256(str(next(counter)).encode()).digest(length)

    return draw


def charged(number: int, stream: str = "card/1", won: int = 1_000, **more: Any) -> NewEntry:
    """Give a charge of a card; its number makes its key."""
    given: Mapping[str, Any] = {
        "body": {"card": stream, "won": won},
        "effective_at": datetime(2026, 5, 20, 9, tzinfo=UTC) + timedelta(minutes=number),
        "idempotency_key": f"charge-{number}",
    } | more
    return NewEntry(stream=stream, kind="card-charged", **given)


def visit(person: str, number: int = 1, day: str = "2026-05-20", **body: Any) -> NewEntry:
    """Give a visit of a person."""
    return NewEntry(
        stream=f"visits/{number}",
        kind="visit",
        body={"person": person, "outcome": "checked"} | body,
        effective_at=datetime.fromisoformat(f"{day}T10:00:00+09:00"),
        idempotency_key=f"visit-{number}",
    )


def opened(url: str, clock: Clock | None = None, announce: Callable[[Erasure], object] | None = None) -> Ledger:
    """Open a ledger with persons at an address; tables are made if needed."""
    clock = clock or Clock()
    store = open_store(url, create=True)
    persons = Persons(open_persons(url, create=True), MASTER_KEY, bytes_in_a_row(), clock, announce)
    return Ledger(store, KINDS, clock, persons=persons)
