"""Whatever the order in which reports arrive, and however often, what is recorded comes to the same."""

from __future__ import annotations

import itertools
import tempfile
import threading
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from donghaeng.ledger.faults import ConflictError
from donghaeng.ledger.verify import verify
from donghaeng.services.identity.recording import correct_visit, present_identity, report_stay
from donghaeng.services.identity.refusal import IdentityRefusedError
from donghaeng.services.identity.service import IdentityService, Patient
from tests.identity.desks import CARD, CLINIC, NO_ID, SHOWN, at, came, opened

_numbers = itertools.count(1)

DAYS = ["2026-01-31", "2026-05-20", "2026-07-30", "2026-07-31", "2026-08-01", "2026-11-20"]
VISIT = st.tuples(
    st.just("visit"),
    st.sampled_from(DAYS),
    st.integers(8, 18),
    st.sampled_from(
        [
            NO_ID,
            CARD,
            {**NO_ID, **SHOWN, "medium": "capture"},
            {key: value for key, value in NO_ID.items() if key != "birth_date"},
            {**NO_ID, "eligibility_lookup": "no_answer"},
            {**NO_ID, "patient_status": ["long_term_care"]},
        ]
    ),
)
STAY = st.tuples(
    st.just("stay"), st.sampled_from(DAYS), st.integers(8, 18), st.sampled_from(["admitted", "discharged"])
)


def report(service: IdentityService, number: int, one: tuple[str, str, int, Any]) -> None:
    kind, day, hour, what = one
    if kind == "visit":
        came(service, f"r{number}", day, what, hour=hour, total_charge=50_000, insurer_share=35_000)
    else:
        report_stay(service, CLINIC, f"r{number}", Patient("A-1"), at=at(day, hour), event=what, day=at(day).date())


def state(service: IdentityService) -> list[Any]:
    """What is recorded, without ids that were drawn."""
    assert service.ledger.persons is not None
    person = service.ledger.persons.find("clinic-a", "A-1")
    history = service.history("clinic-a", str(person))
    return [
        (visit.key, visit.at, history.reason(visit), visit.ruling.result, visit.ruling.missing, visit.ruling.outcome)
        for visit in history.in_order()
    ]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(VISIT, VISIT, STAY), min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_any_order_of_arrival_comes_to_what_the_right_order_comes_to(reports: list[Any], chance: Any) -> None:
    numbered = list(enumerate(reports))
    shuffled = numbered[:]
    chance.shuffle(shuffled)
    # Some are sent again.
    sent = shuffled + [one for one in shuffled if chance.random() < 0.3]
    with tempfile.TemporaryDirectory() as folder:
        states = []
        for order in (sorted(numbered, key=lambda one: (one[1][1], one[1][2], one[0])), sent):
            service = opened(f"sqlite:///{Path(folder)}/{next(_numbers)}.db")
            for number, one in order:
                report(service, number, one)
            assert verify(service.ledger.store).holds
            states.append(state(service))
            service.ledger.close()
    assert states[0] == states[1]


def at_once(works: list[Any]) -> list[Any]:
    """Run all at the same time; gives what they give or raise."""
    results: list[Any] = [None] * len(works)
    barrier = threading.Barrier(len(works))

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = works[number]()
        except (IdentityRefusedError, ConflictError) as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_two_desks_that_settle_one_visit_one_wins(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", NO_ID, total_charge=50_000, insurer_share=35_000)

    def settle(key: str) -> Any:
        return present_identity(
            service, CLINIC, key, recorded.visit.id, at=at("2026-05-27"), facts=SHOWN, receipt_shown=True
        )

    results = at_once([lambda key=f"k{number}": settle(key) for number in range(4)])
    refused = [one for one in results if isinstance(one, Exception)]
    assert [error.code for error in refused if isinstance(error, IdentityRefusedError)] == ["settled"] * 3
    history = service.history("clinic-a", recorded.visit.person)
    assert [one.ruling.result for one in history.visits[recorded.visit.id].presented] == ["refundable"]
    assert verify(service.ledger.store).holds


def test_one_request_sent_by_several_at_once_is_recorded_once(service: IdentityService) -> None:
    results = at_once([lambda: came(service, "1", "2026-05-20", NO_ID)] * 4)
    assert len({one.visit.id for one in results}) == 1
    assert [entry.kind for entry in service.ledger.entries()].count("visit-recorded") == 1


def test_visits_at_several_desks_are_all_there_and_see_one_another(service: IdentityService) -> None:
    works = [
        lambda day=day, facts=facts: came(service, day, day, facts)
        for day, facts in (
            ("2026-05-18", CARD),
            ("2026-05-19", NO_ID),
            ("2026-05-20", NO_ID),
            ("2026-05-21", NO_ID),
        )
    ]
    results = at_once(works)
    history = service.history("clinic-a", results[0].visit.person)
    assert [history.reason(visit) for visit in history.in_order()] == [
        "card_verified",
        *["checked_within_six_months"] * 3,
    ]
    assert verify(service.ledger.store).holds


def test_corrections_in_any_order_come_to_the_one_that_was_made_last(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", NO_ID)
    for key, day, means in (
        ("late", "2026-05-23", "resident_card"),
        ("early", "2026-05-22", "qualification_certificate"),
    ):
        done = correct_visit(
            service,
            CLINIC,
            key,
            recorded.visit.id,
            at=at(day),
            why="it was looked at again",
            facts={**SHOWN, "identity_means": means},
        )
    assert done.visit.ruling.reason == "card_verified"
