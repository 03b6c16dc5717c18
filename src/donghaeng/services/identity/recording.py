"""What a desk reports: visits, corrections, late lookups, stays, and identity that is shown after a visit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from donghaeng.ledger.canonical import moment
from donghaeng.ledger.entry import Entry
from donghaeng.rules.decision import Decision, DecisionTable
from donghaeng.rules.types import as_json
from donghaeng.services.identity.deciding import Known, known_facts, known_of, refund_facts
from donghaeng.services.identity.history import History, Presented, Visit
from donghaeng.services.identity.lookup import answer_in_time
from donghaeng.services.identity.policy import Policy
from donghaeng.services.identity.projection import OPEN, REVIEW, state_of
from donghaeng.services.identity.refusal import IdentityRefusedError, no_person, no_visit
from donghaeng.services.identity.service import IdentityService, Patient, Report, Who, ledger_key, record

DESK, NOBODY = "desk", "nobody"
MOST_MONEY = 10**15


@dataclass(frozen=True)
class Recorded:
    """What came of a report.

    Attributes:
        history: what is recorded now.
        visit: the visit that it is about.
        known: what the visit was decided with; None where facts were erased.
        redecided: ids of the visits that have another answer because of it.
        decision: the decision of the visit, where it was just made.
    """

    history: History
    visit: Visit
    known: Known | None
    redecided: tuple[str, ...] = ()
    decision: Decision | None = None


def plain_facts(table: DecisionTable, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Check facts by the types of a table; give them in the form of JSON, sets as tuples, unknown ones left out.

    Raises:
        InputError: values that are not of the declared types; all of them.
        UsageError: an unknown name.
    """
    checked = table.facts_from_json(facts)
    return {name: tuple(sorted(one)) if isinstance(one, frozenset) else as_json(one) for name, one in checked.items()}


def preview(
    service: IdentityService,
    who: Who,
    patient: Patient | None,
    *,
    at: datetime,
    facts: Mapping[str, Any],
    complete: bool = False,
) -> Known:
    """Give what a visit would be decided with now; nothing is recorded.

    Args:
        service: the service.
        who: who asks.
        patient: whose visit; None for nobody in particular.
        at: time of the visit.
        facts: what is known of it.
        complete: whether all earlier checks of the institution stand in the ledger.

    Raises:
        InputError: facts that the table does not take.
        IdentityRefusedError: the patient is not known by the pseudonym.
    """
    own = plain_facts(service.policy.tables["visit"], facts)
    found = service.person(who.institution, patient, make=False) if patient else None
    history = service.history(who.institution, found) if found else service.read("")
    place = (moment(at), "~")  # after everything of the same moment
    return known_facts(service.policy, history, own, place=place, on=service.day(at), complete=complete)


def record_visit(
    service: IdentityService,
    who: Who,
    key: str,
    patient: Patient,
    *,
    at: datetime,
    facts: Mapping[str, Any],
    total_charge: int | None = None,
    insurer_share: int | None = None,
    complete: bool = False,
    look_up: bool = False,
) -> Recorded:
    """Decide a visit with the institution's own records, and record it.

    Args:
        service: the service.
        who: who records it.
        key: names the request: made again with the same key, it is recorded once.
        patient: who came.
        at: when, with zone.
        facts: what is known, by the inputs of the table; absent is unknown.
        total_charge: the whole charge in whole units, where it is known already.
        insurer_share: the insurer's share of it.
        complete: whether all earlier checks of the institution stand in the ledger.
        look_up: ask the insurer's system, where the facts do not have its answer.

    Raises:
        InputError: facts that the table does not take.
        IdentityRefusedError: the patient is not known, or a time or amount is not possible.
        ConflictError: the key stands for another request.
        UnavailableError: the store failed; nothing was acknowledged.
    """
    policy = service.policy
    told = plain_facts(policy.tables["visit"], facts)
    name, on = ledger_key(service, who, key), service.day(at)
    _check_money(total_charge, insurer_share)
    person = _person(service, who, patient)
    lookup_by = DESK
    if policy.settings.facts.lookup not in told:
        lookup_by = NOBODY
        if look_up and not service.history(who.institution, person).by_key(name):
            told[policy.settings.facts.lookup], lookup_by = _looked_up(service, person, on)
    clear, personal = policy.split(told)
    visit_id = service.new_id()
    decided: list[tuple[Known, Decision]] = []

    def make(history: History) -> Report:
        place = (moment(at), name)
        known = known_facts(policy, history, told, place=place, on=on, complete=complete)
        decision = policy.visit(on, known.facts)
        decided[:] = [(known, decision)]
        ruling = policy.visit_ruling(on, known.facts, decision)
        body = {
            **ruling.clear(),
            "person": person,
            "institution": who.institution,
            "visit": visit_id,
            "on": on,
            "facts": clear,
            "complete": complete,
            "lookup_by": lookup_by,
            "total_charge": total_charge,
            "insurer_share": insurer_share,
            "checked": ruling.checked,
            "key": who.key,
            "personal": personal is not None or ruling.personal,
        }
        return Report("visit-recorded", body, at, personal, ruling.reason if ruling.personal else None)

    def repeats(history: History, entry: Entry) -> bool:
        if entry.kind != "visit-recorded":
            return False
        found = history.visits[_body(entry)["visit"]]
        part = history.part(entry.idempotency_key) or {}
        before = {**found.told, **(part.get("facts") or {})}
        if look_up:  # what the insurer's system said is no part of the request
            before = {**before, policy.settings.facts.lookup: told.get(policy.settings.facts.lookup)}
        same = (found.first_at, found.complete, found.first_total, found.first_share)
        asked = (moment(at), complete, total_charge, insurer_share)
        return same == asked and _listed(before) == _listed({**told, **_lookup_of(policy, look_up, told)})

    history, known_entry, again = record(
        service,
        lambda: service.history(who.institution, person),
        lambda _: person,
        who,
        key,
        make,
        repeats=repeats,
        affects=lambda _history, report: [report.body["visit"]],
        after=lambda _: (moment(at), name),
    )
    if known_entry is not None:
        visit = history.visits[_body(known_entry)["visit"]]
        return Recorded(history, visit, known_of(policy, history, visit))
    return Recorded(history, history.visits[visit_id], decided[0][0], again, decided[0][1])


def correct_visit(
    service: IdentityService,
    who: Who,
    key: str,
    visit: str,
    *,
    at: datetime,
    why: str,
    facts: Mapping[str, Any],
    visit_at: datetime | None = None,
) -> Recorded:
    """Correct what was told of a visit, and decide again what rests on it.

    Args:
        service: the service.
        who: who corrects.
        key: names the request.
        visit: id of the visit.
        at: when it was found.
        why: why, without names.
        facts: the right values; None for one that is not known.
        visit_at: the right time of the visit.

    Raises:
        InputError: facts that the table does not take, or a reason that names somebody.
        IdentityRefusedError: the visit is not the institution's.
        ConflictError: the key stands for another request.
    """
    policy = service.policy
    given = plain_facts(policy.tables["visit"], facts)
    given |= dict.fromkeys(name for name, value in facts.items() if value is None)
    if given.keys() - policy.tables["visit"].table.all_inputs:
        raise IdentityRefusedError("unknown-fact", "the table of visits has no such input", 422)
    clear, personal = policy.split(given)

    def make(history: History) -> Report:
        found = _visit(history, visit)
        body = {
            "person": found.person,
            "institution": who.institution,
            "visit": visit,
            "facts": clear,
            "visit_at": visit_at.isoformat() if visit_at else None,
            "key": who.key,
            "personal": personal is not None,
        }
        return Report("visit-corrected", body, at, personal, why=why)

    def repeats(history: History, entry: Entry) -> bool:
        if entry.kind != "visit-corrected":
            return False
        body, part = _body(entry), history.part(entry.idempotency_key) or {}
        asked = (visit, why, visit_at.isoformat() if visit_at else None)
        same = (body["visit"], part.get("why"), body["visit_at"]) == asked
        return same and _listed({**body["facts"], **(part.get("facts") or {})}) == _listed(given)

    return _about_visit(service, who, key, visit, make, repeats)


def complete_lookup(
    service: IdentityService, who: Who, key: str, visit: str, *, at: datetime, answer: str | None = None
) -> Recorded:
    """Record what the eligibility lookup said after a visit, and decide again what rests on it.

    Args:
        service: the service.
        who: who records it.
        key: names the request.
        visit: id of the visit.
        at: when it was looked up.
        answer: what it said; None asks the insurer's system.

    Raises:
        InputError: an unknown answer.
        IdentityRefusedError: the visit is not the institution's, or there is still no answer.
        ConflictError: the key stands for another request.
    """
    policy = service.policy
    name = policy.settings.facts.lookup
    history = service.of_visit(who.institution, visit)
    found, by, given = _visit(history, visit), DESK, answer
    if given is None and history.by_key(ledger_key(service, who, key)) is None:
        given, by = _looked_up(service, found.person, found.on(history.zone))
    if given is not None:
        plain_facts(policy.tables["visit"], {name: given})
    if given == policy.settings.lookup.no_answer:
        raise IdentityRefusedError("no-answer", "the eligibility lookup still gives no answer; try again later")

    def make(history: History) -> Report:
        body = {
            "person": _visit(history, visit).person,
            "institution": who.institution,
            "visit": visit,
            "answer": given,
            "lookup_by": by,
            "key": who.key,
        }
        return Report("lookup-completed", body, at)

    def repeats(_history: History, entry: Entry) -> bool:
        if entry.kind != "lookup-completed":
            return False
        body = _body(entry)
        return body["visit"] == visit and answer in (None, body["answer"])

    return _about_visit(service, who, key, visit, make, repeats)


def present_identity(
    service: IdentityService,
    who: Who,
    key: str,
    visit: str,
    *,
    at: datetime,
    facts: Mapping[str, Any],
    receipt_shown: bool | None,
    total_charge: int | None = None,
    insurer_share: int | None = None,
) -> Recorded:
    """Record that identity was shown after a visit that was paid in full; what is paid back follows by the rule.

    Args:
        service: the service.
        who: who looked at it.
        key: names the request.
        visit: id of the visit.
        at: when.
        facts: what was shown, by the inputs of the table of documents.
        receipt_shown: whether the receipt was shown.
        total_charge: the whole charge in whole units; None takes what was told before.
        insurer_share: the insurer's share of it; None takes what was told before.

    Raises:
        InputError: facts that the table does not take.
        IdentityRefusedError: the visit is not the institution's, or there is nothing to settle.
        ConflictError: the key stands for another request.
    """
    policy, on = service.policy, service.day(at)
    shown = plain_facts(policy.tables["document"], facts)
    clear, personal = policy.split(shown)
    _check_money(total_charge, insurer_share)

    def make(history: History) -> Report:
        found = _visit(history, visit)
        if state_of(policy, found) not in (OPEN, REVIEW):
            raise IdentityRefusedError("settled", "this visit has nothing to settle, or was settled already")
        document = policy.document(on, shown)
        told = Presented(
            at=moment(at),
            key="",
            on=on,
            facts=clear,
            personal=personal is not None,
            accepted=policy.accepts(on, shown),
            receipt=receipt_shown,
            total=total_charge if total_charge is not None else found.total,
            share=insurer_share if insurer_share is not None else found.share,
            ruling=found.ruling,
        )
        ruling = policy.ruling(policy.refund(on, refund_facts(policy, history, found, told)))
        tells = policy.tells("document", document.reason, shown)
        body = {
            **ruling.clear(),
            "person": found.person,
            "institution": who.institution,
            "visit": visit,
            "on": on,
            "facts": clear,
            "accepted": told.accepted,
            "document_reason": None if tells else document.reason,
            "receipt_shown": receipt_shown,
            "total_charge": told.total,
            "insurer_share": told.share,
            "refund": policy.amount(ruling.outcome),
            "key": who.key,
            "personal": personal is not None,
        }
        return Report("identity-presented", body, at, personal, document.reason if tells else None)

    def repeats(history: History, entry: Entry) -> bool:
        if entry.kind != "identity-presented" or _body(entry)["visit"] != visit:
            return False
        body = _body(entry)
        before = {**body["facts"], **((history.part(entry.idempotency_key) or {}).get("facts") or {})}
        same_money = total_charge in (None, body["total_charge"]) and insurer_share in (None, body["insurer_share"])
        return same_money and body["receipt_shown"] == receipt_shown and _listed(before) == _listed(shown)

    return _about_visit(service, who, key, visit, make, repeats)


@dataclass(frozen=True)
class StayRecorded:
    """What came of a report of a stay: its id, the pseudonym, and the visits that have another answer."""

    report: str
    person: str
    redecided: tuple[str, ...]


def report_stay(
    service: IdentityService,
    who: Who,
    key: str,
    patient: Patient,
    *,
    at: datetime,
    event: Literal["admitted", "discharged"],
    day: date,
    replaces: str | None = None,
) -> StayRecorded:
    """Record an admission or a discharge, and decide again what rests on it.

    Args:
        service: the service.
        who: who reports.
        key: names the request.
        patient: whose stay.
        at: when it is reported.
        event: which of the two.
        day: its day.
        replaces: id of an earlier report that this one corrects.

    Raises:
        InputError: the day is none that the tables can reckon with.
        IdentityRefusedError: the patient, or the report to be corrected, is not known.
        ConflictError: the key stands for another request.
    """
    # A day that no table can reckon with would make every later decision about the patient fail.
    plain_facts(service.policy.tables["visit"], {service.policy.settings.facts.discharge: day.isoformat()})
    person = _person(service, who, patient)
    report_id = service.new_id()
    facts = {"event": event, "day": day.isoformat()}

    def make(history: History) -> Report:
        if replaces is not None and replaces not in history.stay_reports():
            raise IdentityRefusedError("no-report", "there is no such report of this patient", 404)
        body = {
            "person": person,
            "institution": who.institution,
            "report": report_id,
            "replaces": replaces,
            "key": who.key,
        }
        return Report("stay-reported", body, at, facts)

    def repeats(history: History, entry: Entry) -> bool:
        same = entry.kind == "stay-reported" and _body(entry)["replaces"] == replaces
        return same and (history.part(entry.idempotency_key) or {}).get("facts") == facts

    _, known, again = record(
        service,
        lambda: service.history(who.institution, person),
        lambda _: person,
        who,
        key,
        make,
        repeats=repeats,
        affects=lambda _history, _report: (),
        after=lambda _: None,
    )
    return StayRecorded(_body(known)["report"] if known else report_id, person, again)


def _about_visit(
    service: IdentityService,
    who: Who,
    key: str,
    visit: str,
    make: Callable[[History], Report],
    repeats: Callable[[History, Entry], bool],
) -> Recorded:
    history, _, again = record(
        service,
        lambda: service.of_visit(who.institution, visit),
        lambda history: _visit(history, visit).person,
        who,
        key,
        make,
        repeats=repeats,
        affects=lambda history, _report: tuple(history.visits),
        after=lambda _: None,
    )
    found = history.visits[visit]
    return Recorded(history, found, known_of(service.policy, history, found), again)


def _person(service: IdentityService, who: Who, patient: Patient) -> str:
    person = service.person(who.institution, patient)
    if person is None:  # pragma: no cover - a pseudonym is made for an unknown number
        raise no_person()
    return person


def _looked_up(service: IdentityService, person: str, on: date) -> tuple[str, str]:
    """Ask the insurer's system; gives its answer, or that of the offline path, and who was asked."""
    settings, lookup = service.policy.settings.lookup, service.lookup
    if lookup is None:
        return settings.no_answer, NOBODY
    answer = answer_in_time(lookup, person, on, seconds=settings.seconds, threads=service.threads)
    codes = service.policy.tables["visit"].table.all_inputs[service.policy.settings.facts.lookup].type.codes
    return answer if answer in codes and answer is not None else settings.no_answer, lookup.name


def _lookup_of(policy: Policy, look_up: bool, told: Mapping[str, Any]) -> dict[str, Any]:
    return {policy.settings.facts.lookup: told.get(policy.settings.facts.lookup)} if look_up else {}


def _visit(history: History, visit: str) -> Visit:
    found = history.visits.get(visit)
    if found is None:
        raise no_visit()
    return found


def _check_money(total: int | None, share: int | None) -> None:
    for amount in (total, share):
        if amount is not None and not 0 <= amount <= MOST_MONEY:
            raise IdentityRefusedError("amount", "an amount is a whole number of 0 or more", 422)


def _body(entry: Entry) -> Any:
    return msgspec.json.decode(entry.body)


def _listed(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Give facts in one form, whether they come from a request or from an entry."""
    return {name: list(one) if isinstance(one, list | tuple) else one for name, one in sorted(facts.items())}
