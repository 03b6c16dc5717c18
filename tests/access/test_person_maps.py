"""Which numbers lead to a person is shown to their own institution only, and every reading is recorded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from donghaeng.access.person_maps import PersonMap, read_person_map
from donghaeng.api.live import Live
from donghaeng.errors import DonghaengError
from donghaeng.ledger.ledger import Ledger
from tests.access.rings import opened

REGISTRATION = "920229" + "-" + "1" + "234567"


@pytest.fixture
def live(url: str) -> Iterator[Live]:
    live = opened(url)
    yield live
    live.close()


def read(live: Live, person: str, organisation: str, request: str = "1", reason: str = "a mix-up") -> PersonMap | None:
    return read_person_map(
        live.ledger, person, organisation=organisation, key="abcdefghijkl", reason=reason, request=request
    )


def person_of(live: Live) -> str:
    """A person whom two clinics know, one by a chart and by an account."""
    assert live.ledger.persons is not None
    person = live.ledger.persons.person("clinic-1", "C-17")
    live.ledger.persons.link("clinic-1/app", "user-4", person)
    live.ledger.persons.link("clinic-10", "X-99", person)
    return person


def test_each_institution_sees_its_own_numbers_and_an_entry_says_so(live: Live) -> None:
    person = person_of(live)

    first, second = read(live, person, "clinic-1"), read(live, person, "clinic-10", "2")

    assert first is not None
    assert first.numbers == (("clinic-1", "C-17"), ("clinic-1/app", "user-4"))
    assert second is not None
    assert second.numbers == (("clinic-10", "X-99"),)
    entries = list(live.ledger.stream("persons"))
    assert entries == [first.entry, second.entry]
    assert live.ledger.clear(entries[0]) == {
        "person": person,
        "key": "abcdefghijkl",
        "organisation": "clinic-1",
        "numbers": 2,
        "reason": "a mix-up",
    }
    assert "C-17" not in str([entry.shown() for entry in entries])


def test_a_stranger_an_unknown_and_an_erased_person_are_not_told_apart(live: Live) -> None:
    person = person_of(live)
    assert read(live, person, "clinic-2") is None
    assert read(live, "a" * 24, "clinic-1") is None
    assert live.ledger.persons is not None
    live.ledger.persons.erase(person, "asked")
    assert read(live, person, "clinic-1") is None
    assert list(live.ledger.entries()) == []


def test_what_cannot_be_recorded_is_not_read(live: Live) -> None:
    person = person_of(live)
    with pytest.raises(DonghaengError) as caught:
        read(live, person, "clinic-1", reason=f"of {REGISTRATION}")
    assert REGISTRATION not in str(caught.value)
    assert list(live.ledger.entries()) == []


def test_without_keys_of_persons_there_is_nothing_to_read(live: Live) -> None:
    person = person_of(live)
    blind = Ledger(live.ledger.store, live.ledger.kinds, live.ledger.clock)
    assert read_person_map(blind, person, organisation="clinic-1", key="k", reason="r", request="1") is None
