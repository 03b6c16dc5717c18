"""Visits are decided with the institution's own records, and what follows them is recorded with its reason."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from donghaeng.errors import InputError
from donghaeng.ledger.faults import KeyReusedError
from donghaeng.ledger.statement import Statement
from donghaeng.ledger.verify import verify
from donghaeng.services.identity.history import History
from donghaeng.services.identity.open_visits import open_visits
from donghaeng.services.identity.projection import state_of
from donghaeng.services.identity.recording import (
    Recorded,
    complete_lookup,
    correct_visit,
    present_identity,
    preview,
    record_visit,
    report_stay,
)
from donghaeng.services.identity.refusal import IdentityRefusedError
from donghaeng.services.identity.schema import TABLES
from donghaeng.services.identity.service import IdentityService, Patient
from tests.identity.desks import CARD, CLINIC, NO_ID, OTHER, SHOWN, at, came, policy

#: What a desk tells of a patient who was there before: two keys.
RETURNING: dict[str, Any] = {
    "payer": "nhi",
    "service_covered": True,
    "eligibility_lookup": "eligible",
    "identity_means": "none",
}
PAID = {"total_charge": 50_000, "insurer_share": 35_000}


def answer(recorded: Recorded) -> tuple[str, str | None]:
    return recorded.visit.ruling.result, recorded.history.reason(recorded.visit)


def tables(service: IdentityService) -> list[list[Any]]:
    """Every row of the tables of the service."""
    return [
        list(service.ledger.store.query(Statement(select(table).order_by(*table.primary_key.columns))))
        for table in TABLES
    ]


def now(service: IdentityService, recorded: Recorded) -> Recorded:
    """A visit as it stands now."""
    history: History = service.history(recorded.visit.institution, recorded.visit.person)
    return Recorded(history, history.visits[recorded.visit.id], None)


def test_who_shows_nothing_pays_in_full_and_may_bring_a_document(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", NO_ID, **PAID)
    assert answer(recorded) == ("self_pay_refundable", "nothing_shown")
    assert recorded.visit.ruling.outcome == {"bring_by": "2026-06-03"}
    assert open_visits(service.ledger.store, "clinic-a", at("2026-06-04").date())["deadlines"] == [
        {"visit": recorded.visit.id, "on": "2026-05-20", "bring_by": "2026-06-03", "over": True}
    ]


@pytest.mark.parametrize(
    ("day", "reason"), [("2026-08-31", "checked_within_six_months"), ("2026-09-01", "nothing_shown")]
)
def test_an_earlier_check_here_holds_for_six_months_by_the_calendar(
    service: IdentityService, day: str, reason: str
) -> None:
    came(service, "1", "2026-02-28", CARD)
    assert answer(came(service, "2", day, NO_ID))[1] == reason


def test_a_returning_patient_takes_four_facts_that_do_not_change_with_the_patient(service: IdentityService) -> None:
    came(service, "1", "2026-02-28", CARD)
    recorded = came(service, "2", "2026-05-20", RETURNING)
    assert answer(recorded) == ("covered_exempt", "checked_within_six_months")
    # No personal fact was told, so no key had to be made for it.
    assert not recorded.visit.personal


def test_the_day_of_birth_is_told_once(service: IdentityService) -> None:
    came(service, "1", "2025-02-28", {**CARD, "birth_date": "2010-01-01"})
    recorded = came(service, "2", "2026-05-20", RETURNING)
    assert answer(recorded) == ("covered_exempt", "under_19")


def test_a_check_elsewhere_does_not_count(service: IdentityService) -> None:
    came(service, "1", "2026-05-01", CARD, who=OTHER)
    assert answer(came(service, "2", "2026-05-20", NO_ID))[1] == "nothing_shown"


def test_a_check_without_eligibility_is_none(service: IdentityService) -> None:
    came(service, "1", "2026-05-01", {**CARD, "eligibility_lookup": "suspended"})
    assert answer(came(service, "2", "2026-05-20", NO_ID))[1] == "nothing_shown"


def test_a_check_of_a_child_counts_though_none_was_needed(service: IdentityService) -> None:
    came(service, "1", "2026-05-01", {**CARD, "birth_date": "2015-01-01"})
    recorded = came(service, "2", "2026-05-20", RETURNING)
    assert recorded.known is not None
    assert recorded.known.memory["last_check_date"] == "2026-05-01"


def test_where_the_records_may_not_be_complete_no_record_is_no_fact(service: IdentityService) -> None:
    def visit(key: str, **facts: Any) -> Recorded:
        patient = Patient("A-1")
        return record_visit(service, CLINIC, key, patient, at=at("2026-05-20"), facts={**NO_ID, **facts})

    recorded = visit("1")
    assert recorded.visit.ruling.result == "undetermined"
    assert recorded.visit.ruling.missing == (
        "checked_here_before",
        "last_check_date",
        "inpatient_stay",
        "discharge_date",
    )
    told = visit("2", checked_here_before=True, last_check_date="2026-05-01")
    assert answer(told)[1] == "checked_within_six_months"


def test_a_document_in_time_is_refunded_to_the_won_and_counts_as_a_check(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", NO_ID, total_charge=50_003, insurer_share=35_001)
    later = came(service, "2", "2026-06-01", NO_ID)
    assert later.visit.ruling.result == "self_pay_refundable"

    shown = present_identity(
        service, CLINIC, "3", recorded.visit.id, at=at("2026-05-27"), facts=SHOWN, receipt_shown=True
    )

    assert shown.visit.shown[0].ruling.outcome == {
        "amount": 35_001,
        "own_share": 15_002,
        "bring_by": "2026-06-03",
    }
    assert state_of(policy(), shown.visit) == "settled"
    # The visit in between is decided again, visibly: the report came late, the check was before it.
    assert answer(now(service, later)) == ("covered_exempt", "checked_within_six_months")
    assert shown.redecided == (later.visit.id,)
    assert [entry.kind for entry in service.history("clinic-a", later.visit.person).entries][-1] == "visit-redecided"
    # What was shown on that day already holds for the days after it, and not for those before.
    assert answer(came(service, "4", "2026-05-26", NO_ID))[1] == "nothing_shown"


def test_after_the_deadline_nothing_is_refused_and_nothing_is_promised(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", NO_ID, **PAID)
    shown = present_identity(
        service, CLINIC, "2", recorded.visit.id, at=at("2026-06-04"), facts=SHOWN, receipt_shown=True
    )
    ruling = shown.visit.shown[0].ruling
    assert (ruling.result, ruling.reason) == ("ask_institution_or_insurer", "after_the_deadline")
    assert state_of(policy(), shown.visit) == "open"


def test_without_the_amounts_a_refund_is_undetermined_and_says_what_is_needed(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", NO_ID)
    shown = present_identity(
        service, CLINIC, "2", recorded.visit.id, at=at("2026-05-27"), facts=SHOWN, receipt_shown=True
    )
    ruling = shown.visit.shown[0].ruling
    assert (ruling.result, ruling.missing) == ("undetermined", ("total_charge", "insurer_share"))
    again = present_identity(
        service, CLINIC, "3", recorded.visit.id, at=at("2026-05-27", 11), facts=SHOWN, receipt_shown=True, **PAID
    )
    assert again.visit.shown[1].ruling.outcome["amount"] == 35_000


def test_a_document_whose_acceptance_is_disputed_gives_no_refund_and_no_refusal(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", NO_ID, **PAID)
    disputed = {**SHOWN, "identity_means": "disability_credit_card"}
    shown = present_identity(
        service, CLINIC, "2", recorded.visit.id, at=at("2026-05-27"), facts=disputed, receipt_shown=True
    )
    assert shown.visit.shown[0].accepted is None
    assert shown.visit.shown[0].ruling.missing == ("identity_accepted",)


def test_a_settled_visit_is_not_settled_twice(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", NO_ID, **PAID)
    for key in ("2", "2"):  # the same request again is no second one
        present_identity(service, CLINIC, key, recorded.visit.id, at=at("2026-05-27"), facts=SHOWN, receipt_shown=True)
    with pytest.raises(IdentityRefusedError) as refused:
        present_identity(service, CLINIC, "3", recorded.visit.id, at=at("2026-05-28"), facts=SHOWN, receipt_shown=True)
    assert (refused.value.code, refused.value.status) == ("settled", 409)


def test_a_lookup_without_answer_is_completed_later_and_the_refund_with_it(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", {**NO_ID, "eligibility_lookup": "no_answer"}, **PAID)
    assert answer(recorded) == ("undetermined", "unknown_rule")
    waiting = open_visits(service.ledger.store, "clinic-a", at("2026-05-21").date())
    assert [one["visit"] for one in waiting["lookups"]] == [recorded.visit.id]

    done = complete_lookup(service, CLINIC, "2", recorded.visit.id, at=at("2026-05-21"), answer="eligible")

    assert answer(now(service, done)) == ("self_pay_refundable", "nothing_shown")
    assert done.redecided == (recorded.visit.id,)
    assert open_visits(service.ledger.store, "clinic-a", at("2026-05-21").date())["lookups"] == []


def test_a_lookup_that_was_wrong_changes_the_refund_that_was_told(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", NO_ID, **PAID)
    present_identity(service, CLINIC, "2", recorded.visit.id, at=at("2026-05-27"), facts=SHOWN, receipt_shown=True)
    done = complete_lookup(service, CLINIC, "3", recorded.visit.id, at=at("2026-05-28"), answer="not_insured")
    assert now(service, done).visit.shown[0].ruling.result == "nothing_to_refund"
    kinds = [entry.kind for entry in service.history("clinic-a", done.visit.person).entries]
    assert kinds[-2:] == ["visit-redecided", "refund-redecided"]


def test_a_correction_changes_what_rests_on_the_visit_and_keeps_what_was_said(service: IdentityService) -> None:
    first = came(service, "1", "2026-05-01", {**NO_ID, **SHOWN})
    second = came(service, "2", "2026-05-20", NO_ID)
    done = correct_visit(
        service,
        CLINIC,
        "3",
        first.visit.id,
        at=at("2026-05-21"),
        why="the card was a photo",
        facts={"medium": "capture"},
    )
    assert answer(now(service, done)) == ("self_pay_refundable", "copy_shown")
    assert answer(now(service, second)) == ("self_pay_refundable", "nothing_shown")
    assert set(done.redecided) == {first.visit.id, second.visit.id}
    entries = service.history("clinic-a", first.visit.person).entries
    assert [entry.kind for entry in entries].count("visit-recorded") == 2


def test_a_corrected_time_moves_a_visit(service: IdentityService) -> None:
    first = came(service, "1", "2026-05-21", CARD)
    second = came(service, "2", "2026-05-20", NO_ID)
    assert second.visit.ruling.result == "self_pay_refundable"
    correct_visit(
        service, CLINIC, "3", first.visit.id, at=at("2026-05-22"), why="a slip", facts={}, visit_at=at("2026-05-19")
    )
    assert answer(now(service, second)) == ("covered_exempt", "checked_within_six_months")


def test_who_paid_in_full_and_need_not_have_is_to_be_looked_at(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", NO_ID, **PAID)
    came(service, "2", "2026-05-01", CARD)  # a report that comes late
    assert state_of(policy(), now(service, recorded).visit) == "review"
    assert [
        one["visit"] for one in open_visits(service.ledger.store, "clinic-a", at("2026-06-01").date())["review"]
    ] == [recorded.visit.id]


def test_stays_count_from_the_discharge(service: IdentityService) -> None:
    came(service, "1", "2025-06-01", CARD)
    recorded = came(service, "2", "2026-05-20", NO_ID)
    assert answer(recorded)[1] == "nothing_shown"
    admitted = report_stay(
        service, CLINIC, "3", Patient("A-1"), at=at("2026-05-21"), event="admitted", day=at("2025-10-01").date()
    )
    assert admitted.redecided == (recorded.visit.id,)
    assert answer(now(service, recorded)) == ("covered_exempt", "inpatient_checked")
    wrong = report_stay(
        service, CLINIC, "4", Patient("A-1"), at=at("2026-05-22"), event="discharged", day=at("2025-10-02").date()
    )
    assert answer(now(service, recorded))[1] == "nothing_shown"
    report_stay(
        service,
        CLINIC,
        "5",
        Patient("A-1"),
        at=at("2026-05-23"),
        event="discharged",
        day=at("2025-12-31").date(),
        replaces=wrong.report,
    )
    assert answer(now(service, recorded)) == ("covered_exempt", "inpatient_checked")


def test_a_request_made_again_answers_the_same_and_another_under_its_key_is_refused(service: IdentityService) -> None:
    first = came(service, "1", "2026-05-20", NO_ID, **PAID)
    came(service, "2", "2026-05-10", CARD)  # the answer of the first has changed since
    again = came(service, "1", "2026-05-20", NO_ID, **PAID)
    assert again.visit.id == first.visit.id
    for changed in ({**NO_ID, "facility": "hospital"}, {**NO_ID, "patient_status": ["long_term_care"]}):
        with pytest.raises(KeyReusedError):
            came(service, "1", "2026-05-20", changed, **PAID)
    with pytest.raises(KeyReusedError):
        came(service, "1", "2026-05-20", NO_ID, chart="A-2", **PAID)
    # Another institution has keys of its own.
    assert came(service, "1", "2026-05-20", NO_ID, who=OTHER).visit.id != first.visit.id


def test_what_is_another_institutions_is_not_there(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", NO_ID)
    for work in (
        lambda: service.of_visit("clinic-b", recorded.visit.id),
        lambda: preview(service, OTHER, Patient(person=recorded.visit.person), at=at("2026-05-20"), facts={}),
        lambda: complete_lookup(service, OTHER, "2", recorded.visit.id, at=at("2026-05-21"), answer="eligible"),
    ):
        with pytest.raises(IdentityRefusedError) as refused:
            work()
        assert refused.value.status == 404


def test_a_preview_records_nothing(service: IdentityService) -> None:
    known = preview(service, CLINIC, Patient("A-9"), at=at("2026-05-20"), facts=NO_ID, complete=True)
    assert known.facts["checked_here_before"] is False
    assert list(service.ledger.entries()) == []
    assert service.ledger.persons is not None
    assert service.ledger.persons.find("clinic-a", "A-9") is None


def test_facts_that_the_table_does_not_take_are_told_together(service: IdentityService) -> None:
    with pytest.raises(InputError) as refused:
        came(service, "1", "2026-05-20", {**NO_ID, "payer": "nobody", "birth_date": "yesterday"})
    assert {fault.file for fault in refused.value.faults} == {"payer", "birth_date"}


def test_the_tables_made_anew_are_those_that_were_written(service: IdentityService) -> None:
    first = came(service, "1", "2026-05-20", NO_ID, **PAID)
    came(service, "2", "2026-06-10", RETURNING)
    came(service, "3", "2026-05-10", {**CARD, "eligibility_lookup": "no_answer"})
    came(service, "4", "2026-05-20", {**NO_ID, "patient_status": ["long_term_care"]}, chart="B-1")
    came(service, "5", "2026-05-20", NO_ID, chart="C-1")
    present_identity(service, CLINIC, "6", first.visit.id, at=at("2026-05-27"), facts=SHOWN, receipt_shown=True)
    written = tables(service)
    assert service.rebuild() == 5
    assert tables(service) == written
    assert verify(service.ledger.store).holds


def test_an_erased_person_keeps_no_fact_and_the_ledger_verifies(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", {**NO_ID, "patient_status": ["long_term_care"]})
    assert service.ledger.persons is not None
    service.ledger.persons.erase(recorded.visit.person, "asked for")
    history = service.history("clinic-a", recorded.visit.person)
    assert history.facts(history.visits[recorded.visit.id]) is None
    assert history.reason(history.visits[recorded.visit.id]) is None
    assert service.rebuild() == 1
    assert verify(service.ledger.store).holds
