"""What could tell of a patient's health is in no clear text; and requests that once broke the service do not."""

from __future__ import annotations

from typing import Any

import pytest

from donghaeng.errors import InputError
from donghaeng.ledger.faults import ErasedError, KeyReusedError
from donghaeng.services.identity.recording import (
    complete_lookup,
    correct_visit,
    present_identity,
    record_visit,
    report_stay,
)
from donghaeng.services.identity.service import IdentityService, Patient
from tests.identity.desks import CARD, CLINIC, NO_ID, SHOWN, at, came, policy

#: Codes of what is shown that tell of a disability, a pregnancy or a detention.
TELLING = (
    *("disability_card", "disability_credit_card", "mobile_disability_card"),
    *("crisis_pregnancy_certificate", "detention_certificate"),
)


def clear_text(service: IdentityService) -> str:
    """All bodies as they stand in the ledger, and the rows of visits."""
    return " ".join(entry.body.decode() if isinstance(entry.body, bytes) else entry.body for entry in _entries(service))


def _entries(service: IdentityService) -> list[Any]:
    return list(service.ledger.entries())


@pytest.mark.parametrize("code", TELLING)
def test_a_document_that_tells_of_health_is_encrypted_with_the_reasons_that_read_it(
    service: IdentityService, code: str
) -> None:
    recorded = came(service, "1", "2026-05-20", {**NO_ID, **SHOWN, "identity_means": code})
    later = came(service, "2", "2024-05-21", NO_ID, chart="B-1", total_charge=50_000, insurer_share=35_000)
    facts = {**SHOWN, "identity_means": code}
    present_identity(service, CLINIC, "3", later.visit.id, at=at("2024-05-22"), facts=facts, receipt_shown=True)
    correct_visit(service, CLINIC, "4", later.visit.id, at=at("2024-05-23"), why="seen again", facts=facts)
    text = clear_text(service)
    rows = {row.id for role in ("visit", "document") for row in policy().tables[role].table.rows}  # type: ignore[index]
    tells = {row for row in rows if any(word in row for word in ("disab", "crisis", "notice", "verified", "accepted_"))}
    assert [word for word in (code, *tells - {"covered_verified"}) if f'"{word}"' in text] == []
    # The desk still sees what it told, and why.
    history = service.history("clinic-a", recorded.visit.person)
    facts_known = history.facts(history.visits[recorded.visit.id])
    assert facts_known is not None
    assert facts_known["identity_means"] == code
    assert recorded.decision is not None
    assert history.reason(history.visits[recorded.visit.id]) == recorded.decision.reason


def test_the_commonest_visits_need_no_key_of_a_person(service: IdentityService) -> None:
    for number, means in enumerate(("none", "resident_card", "drivers_licence", "mobile_nhi_card")):
        facts = {"payer": "nhi", "service_covered": True, "identity_means": means, "medium": "original"}
        came(service, f"{number}", "2026-05-20", facts, chart=f"A-{number}")
    assert [entry.kind for entry in _entries(service)] == ["visit-recorded"] * 4


def test_codes_that_tell_nothing_are_among_the_encrypted_ones() -> None:
    codes = set(policy().tables["visit"].table.all_inputs["identity_means"].type.codes)
    sealed = codes - set(policy().settings.facts.plain_codes["identity_means"])
    assert sealed > set(TELLING)
    assert len(sealed - set(TELLING)) > len(TELLING)


def test_why_a_visit_was_corrected_is_encrypted_and_a_repeated_request_is_still_known(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", NO_ID)

    def correct(why: str) -> Any:
        facts = {"patient_status": ["pregnant_or_postpartum"]}
        return correct_visit(service, CLINIC, "2", recorded.visit.id, at=at("2026-05-21"), why=why, facts=facts)

    done = correct("the patient is expecting")
    assert done.history.reason(done.visit) == "pregnant_or_postpartum"
    number = len(_entries(service))
    correct("the patient is expecting")
    assert len(_entries(service)) == number
    with pytest.raises(KeyReusedError):
        correct("another reason")
    assert "expecting" not in clear_text(service)


def test_that_a_day_of_discharge_is_missing_does_not_stand_in_clear_text(service: IdentityService) -> None:
    facts = {**NO_ID, "checked_here_before": True, "last_check_date": "2025-01-01", "inpatient_stay": "discharged"}
    recorded = record_visit(service, CLINIC, "1", Patient("A-1"), at=at("2026-05-20"), facts=facts)
    assert recorded.visit.ruling.result == "undetermined"
    assert recorded.decision is not None
    assert "discharge_date" in recorded.decision.missing
    assert "discharge_date" not in clear_text(service)


@pytest.mark.parametrize("kind", ["visit", "stay", "part"])
def test_a_key_that_stands_for_another_kind_of_request_is_refused(service: IdentityService, kind: str) -> None:
    recorded = came(service, "visit", "2026-05-20", NO_ID)
    patient = Patient("A-1")
    report_stay(service, CLINIC, "stay", patient, at=at("2026-05-20"), event="admitted", day=at("2026-05-20").date())
    key, visit = {"part": "visit part"}.get(kind, kind), recorded.visit.id
    others = [
        lambda: correct_visit(service, CLINIC, key, visit, at=at("2026-05-21"), why="w", facts={}),
        lambda: complete_lookup(service, CLINIC, key, visit, at=at("2026-05-21"), answer="eligible"),
        lambda: present_identity(service, CLINIC, key, visit, at=at("2026-05-21"), facts=SHOWN, receipt_shown=True),
    ]
    if kind == "part":  # what the service adds to a key of its own is no key that a request can have
        others[0]()
        return
    for other in others:
        with pytest.raises(KeyReusedError):
            other()


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_stay_on_a_day_that_no_table_knows_is_refused_and_harms_no_later_visit(
    service: IdentityService, day: str
) -> None:
    moment, wrong = at("2026-05-20"), at("2026-05-20").date().fromisoformat(day)
    with pytest.raises(InputError):
        report_stay(service, CLINIC, "1", Patient("A-1"), at=moment, event="discharged", day=wrong)
    assert came(service, "2", "2026-05-20", CARD).visit.ruling.result == "covered_verified"


def test_of_two_corrections_of_one_report_the_later_one_counts(service: IdentityService) -> None:
    def stay(key: str, day: str, hour: int, replaces: str | None = None) -> str:
        told = at(day).date()
        moment = at("2026-05-20", hour)
        done = report_stay(
            service, CLINIC, key, Patient("A-1"), at=moment, event="discharged", day=told, replaces=replaces
        )
        return done.report

    first = stay("1", "2026-05-10", 9)
    stay("2", "2026-05-15", 10, first)
    stay("3", "2026-05-05", 11, first)
    person = service.person("clinic-a", Patient("A-1"))
    assert [str(one.day) for one in service.history("clinic-a", str(person)).stays()] == ["2026-05-05"]


def test_of_an_erased_person_nothing_about_health_can_be_recorded_and_nothing_is_told(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", {**NO_ID, "patient_status": ["long_term_care"]})
    shown = came(service, "2", "2026-05-21", NO_ID, total_charge=50_000, insurer_share=35_000)
    facts = {**SHOWN, "identity_means": "disability_card"}
    person, persons = recorded.visit.person, service.ledger.persons
    assert persons is not None
    persons.erase(person, "asked for")
    with pytest.raises(ErasedError):
        correct_visit(service, CLINIC, "3", shown.visit.id, at=at("2026-05-22"), why="w", facts=facts)
    with pytest.raises(ErasedError):
        came(service, "4", "2026-05-22", NO_ID | {"patient_status": ["long_term_care"]}, patient=Patient(person=person))
    history = service.history("clinic-a", person)
    visit = history.visits[recorded.visit.id]
    assert (visit.ruling.result, history.facts(visit), history.reason(visit)) == ("covered_exempt", None, None)
    assert service.rebuild() == 2
