"""The eligibility lookup: an answer in time, none in time, none at all; and a stand-in that says what it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest

from donghaeng.services.identity.lookup import LookupFailedError, StandInLookup, answer_in_time
from donghaeng.services.identity.recording import complete_lookup
from donghaeng.services.identity.refusal import IdentityRefusedError
from donghaeng.services.identity.service import IdentityService
from tests.identity.desks import CARD, CLINIC, at, came, opened

UNASKED = {name: value for name, value in CARD.items() if name != "eligibility_lookup"}


class Insurer:
    """A system that can be made to fail and to hang."""

    name = "test"

    def __init__(self) -> None:
        self.fails, self.asked = False, 0
        self.may_answer = threading.Event()
        self.may_answer.set()

    def look_up(self, person: str, on: date) -> str:
        self.asked += 1
        assert self.may_answer.wait(20)
        if self.fails:
            raise LookupFailedError
        return "eligible" if person and on else "suspended"


@pytest.fixture
def insurer() -> Insurer:
    return Insurer()


@pytest.fixture
def service(url: str, insurer: Insurer) -> Iterator[IdentityService]:
    with ThreadPoolExecutor(2) as threads:
        service = replace(opened(url, insurer), threads=threads)
        yield service
        insurer.may_answer.set()
        service.ledger.close()


def test_an_answer_is_taken_and_the_records_say_whose_it_was(service: IdentityService) -> None:
    visit = came(service, "1", "2026-05-20", UNASKED, look_up=True).visit
    assert (visit.ruling.reason, visit.lookup_by) == ("card_verified", "test")


def test_what_the_desk_told_is_not_asked(service: IdentityService, insurer: Insurer) -> None:
    assert came(service, "1", "2026-05-20", CARD, look_up=True).visit.lookup_by == "desk"
    assert insurer.asked == 0


def test_a_system_that_fails_leaves_the_visit_open_until_it_answers(service: IdentityService, insurer: Insurer) -> None:
    insurer.fails = True
    visit = came(service, "1", "2026-05-20", UNASKED, look_up=True).visit
    assert (visit.ruling.result, visit.ruling.reason) == ("undetermined", "unknown_rule")
    with pytest.raises(IdentityRefusedError) as refused:
        complete_lookup(service, CLINIC, "2", visit.id, at=at("2026-05-20", 12))
    assert refused.value.code == "no-answer"
    insurer.fails = False
    for _ in range(2):
        done = complete_lookup(service, CLINIC, "2", visit.id, at=at("2026-05-20", 12))
        assert done.visit.ruling.reason == "card_verified"
    # The visit was a check all along, of which the answer came late: it holds from the visit on.
    later = came(service, "3", "2026-05-21", {**CARD, "identity_means": "none"})
    assert later.visit.ruling.reason == "checked_within_six_months"


def test_a_system_that_hangs_is_waited_for_so_long_and_no_longer(insurer: Insurer) -> None:
    insurer.may_answer.clear()
    with ThreadPoolExecutor(1) as threads:
        for _ in range(2):  # the second finds no free thread, and is not stuck either
            assert answer_in_time(insurer, "somebody", date(2026, 5, 20), seconds=0.02, threads=threads) is None
        insurer.may_answer.set()
    assert insurer.asked == 1


def test_the_stand_in_says_that_it_is_made_up_and_answers_the_same_each_time() -> None:
    answers = [("eligible", 8), ("suspended", 1), ("not_insured", 1)]
    stand_in = StandInLookup(answers, seed=1)
    assert "made up" in stand_in.name
    days = [date(2026, 5, day) for day in range(1, 31)]
    given = [stand_in.look_up(f"person{number}", day) for number in range(50) for day in days]
    assert given == [StandInLookup(answers, 1).look_up(f"person{number}", day) for number in range(50) for day in days]
    assert {code: round(given.count(code) / len(given), 1) for code, _ in answers} == {
        "eligible": 0.8,
        "suspended": 0.1,
        "not_insured": 0.1,
    }
    assert given != [StandInLookup(answers, 2).look_up(f"person{number}", day) for number in range(50) for day in days]
