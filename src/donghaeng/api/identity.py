"""The routes of the identity check under ``/v1/identity``: visits and what follows them, lists, slips, evidence.

What records something takes the header ``Idempotency-Key``: the same request made again answers the same. Chart numbers
stand in bodies only. There is no route by which a desk could record that it suspects somebody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from donghaeng.api import identity_bodies as bodies
from donghaeng.api.access import Caller, KeyedRoute, needs
from donghaeng.api.problems import Problem, Refused, Wrong, invalid
from donghaeng.api.service_routes import not_recordable, refusal, request_key, wrong_values
from donghaeng.errors import InputError, UsageError
from donghaeng.identifiers import refuse_identifiers
from donghaeng.ledger.faults import ConflictError, RefusedError
from donghaeng.services.identity import insurer, patients, recording
from donghaeng.services.identity.evidence import evidence, recorded_visit
from donghaeng.services.identity.open_visits import open_visits
from donghaeng.services.identity.refusal import IdentityRefusedError
from donghaeng.services.identity.service import LONGEST_KEY, IdentityService, Patient, Who, ledger_key
from donghaeng.services.identity.views import Views

T = TypeVar("T")

Desk = Annotated[Caller, Depends(needs("identity:desk"))]
Insurer = Annotated[Caller, Depends(needs("identity:insurer"))]
DeskOrAuditor = Annotated[Caller, Depends(needs("identity:desk", "auditor"))]
Key = Annotated[str, request_key(LONGEST_KEY)]
VisitId = Annotated[str, Path(min_length=1, max_length=40, pattern=r"^[a-z]+$", description="Id of the visit")]

#: So many eligibility lookups are waited for at a time.
MOST_LOOKUPS = 16


def told(work: Callable[[], Any], status: int = 200) -> Response:
    """Run what the service does and answer in JSON; what it refuses becomes a problem.

    Raises:
        Refused: with the code of the refusal, or the faults of what was given; no value is repeated.
    """
    try:
        return Response(msgspec.json.encode(work()), status, media_type="application/json")
    except IdentityRefusedError as error:
        raise refusal(error.status, str(error), error.code) from None
    except InputError as error:
        raise wrong_values(error) from None
    except UsageError as error:
        raise Refused(invalid([Wrong("facts", str(error), "", "", "unknown-fact")])) from None
    except ConflictError:
        detail = "the idempotency key stands for another request; send this one with a new key"
        raise Refused(Problem("conflict", detail)) from None
    except RefusedError:
        raise not_recordable() from None


def make_identity_router(service: IdentityService, prefix: str = "/v1") -> APIRouter:
    """Make the routes.

    Args:
        service: the service of one pack.
        prefix: what every path begins with.
    """
    router = APIRouter(prefix=f"{prefix}/identity", route_class=KeyedRoute, tags=["identity"])
    views = Views(service.policy)
    _visits(router, service, views)
    _after(router, service, views)
    _lists(router, service, views)
    _of_the_insurer(router, service, views)
    return router


def _who(caller: Caller) -> Who:
    return Who(caller.organisation, caller.key_id)


def _patient(asked: bodies.OfPatient) -> Patient:
    return Patient(asked.chart_number, asked.person)


def _visits(router: APIRouter, service: IdentityService, views: Views) -> None:
    @router.post("/visits", operation_id="record_visit", status_code=201, response_model=bodies.VisitShown)
    def visit(asked: bodies.VisitAsked, key: Key, caller: Desk) -> Response:
        """Decide a visit with the institution's own records, and record it."""
        return told(
            lambda: views.visit(
                recording.record_visit(
                    service,
                    _who(caller),
                    key,
                    _patient(asked),
                    at=asked.at,
                    facts=asked.facts,
                    total_charge=asked.total_charge,
                    insurer_share=asked.insurer_share,
                    complete=asked.memory_is_complete,
                    look_up=asked.lookup,
                )
            ),
            201,
        )

    @router.post("/preview", operation_id="preview_visit", response_model=bodies.Ruled)
    def preview(asked: bodies.PreviewAsked, caller: Desk) -> Response:
        """Say what a visit would be decided as now; nothing is recorded."""

        def work() -> Any:
            patient = _patient(asked) if asked.chart_number is not None or asked.person is not None else None
            known = recording.preview(
                service,
                _who(caller),
                patient,
                at=asked.at,
                facts=asked.facts,
                complete=asked.memory_is_complete,
            )
            return views.known(known, service.day(asked.at))

        return told(work)

    @router.get("/visits/{visit}", operation_id="show_visit", response_model=bodies.VisitWithTimeline)
    def show(visit: VisitId, caller: Desk) -> Response:
        """Show a visit as it stands, with what was recorded of it."""

        def work() -> Any:
            found = recorded_visit(service, _who(caller), visit)
            return {**views.visit(found), "timeline": views.timeline(found.history, found.visit)}

        return told(work)


def _after(router: APIRouter, service: IdentityService, views: Views) -> None:
    @router.post("/visits/{visit}/identity", operation_id="present_identity", response_model=bodies.PresentedShown)
    def present(visit: VisitId, asked: bodies.IdentityShown, key: Key, caller: Desk) -> Response:
        """Record that identity was shown after the visit; what is paid back follows by the rule."""

        def work() -> Any:
            found = recording.present_identity(
                service,
                _who(caller),
                key,
                visit,
                at=asked.at,
                facts=asked.facts,
                receipt_shown=asked.receipt_shown,
                total_charge=asked.total_charge,
                insurer_share=asked.insurer_share,
            )
            name = ledger_key(service, _who(caller), key)
            return views.shown(found, next(one for one in found.visit.presented if one.key == name))

        return told(work)

    @router.post("/visits/{visit}/correction", operation_id="correct_visit", response_model=bodies.VisitShown)
    def correct(visit: VisitId, asked: bodies.CorrectionAsked, key: Key, caller: Desk) -> Response:
        """Correct what was told of a visit; what rests on it is decided again, visibly."""
        return told(
            lambda: views.visit(
                recording.correct_visit(
                    service,
                    _who(caller),
                    key,
                    visit,
                    at=asked.at,
                    why=asked.why,
                    facts=asked.facts,
                    visit_at=asked.visit_at,
                )
            )
        )

    @router.post("/visits/{visit}/lookup", operation_id="complete_lookup", response_model=bodies.VisitShown)
    def lookup(visit: VisitId, asked: bodies.LookupAsked, key: Key, caller: Desk) -> Response:
        """Record what the eligibility lookup said after the visit, or ask it now."""
        return told(
            lambda: views.visit(
                recording.complete_lookup(service, _who(caller), key, visit, at=asked.at, answer=asked.result)
            )
        )

    @router.post("/stays", operation_id="report_stay", status_code=201, response_model=bodies.StayShown)
    def stay(asked: bodies.StayAsked, key: Key, caller: Desk) -> Response:
        """Record an admission or discharge; visits that rest on it are decided again."""

        def work() -> Any:
            found = recording.report_stay(
                service,
                _who(caller),
                key,
                _patient(asked),
                at=asked.at,
                event=asked.event,
                day=asked.day,
                replaces=asked.corrects,
            )
            return {"report": found.report, "person": found.person, "redecided": list(found.redecided)}

        return told(work, 201)

    @router.get("/visits/{visit}/slip", operation_id="visit_slip", response_model=bodies.SlipShown)
    def slip(visit: VisitId, caller: Desk) -> Response:
        """Give what a patient who paid in full takes home: paid what, bring what, by when, where."""

        def work() -> Any:
            found = recorded_visit(service, _who(caller), visit)
            made = patients.slips(service.policy, found.history, found.visit) or {}
            return {
                "visit": visit,
                "needed": bool(made),
                "unofficial": service.policy.section.unofficial,
                "texts": {language: one.text for language, one in made.items()},
                "pages": {
                    language: {
                        "title": one.title,
                        "lines": [{"label": label, "value": value} for label, value in one.lines],
                        "note": one.note,
                    }
                    for language, one in made.items()
                },
            }

        return told(work)

    @router.get("/visits/{visit}/evidence", operation_id="visit_evidence", response_model=bodies.Anything)
    def show_evidence(visit: VisitId, caller: DeskOrAuditor) -> Response:
        """Give the evidence of a visit; facts about the person only to a desk key."""
        personal = "identity:desk" in caller.scopes
        return told(lambda: evidence(service, views, _who(caller), visit, personal=personal))


def _lists(router: APIRouter, service: IdentityService, views: Views) -> None:
    @router.get("/desk", operation_id="describe_desk", response_model=bodies.Anything)
    def desk(_caller: Desk) -> Response:
        """Give what a desk page is made from: questions, the commonest cases, what to look at."""
        return told(views.desk)

    @router.get("/open", operation_id="open_visits", response_model=bodies.OpenShown)
    def open_(caller: Desk) -> Response:
        """List what is open at the institution: documents to be brought, lookups to be made, visits to look at."""

        def work() -> Any:
            today = service.day(service.ledger.clock())
            return open_visits(service.ledger.store, caller.organisation, today)

        return told(work)

    @router.post("/appointments", operation_id="expect_patients", response_model=bodies.Anything)
    def appointments(asked: bodies.AppointmentsAsked, caller: Desk) -> Response:
        """Say who of tomorrow's patients must bring ID, and the text to send them."""

        def work() -> Any:
            who = _who(caller)
            given = [patients.Appointment(_patient(one), one.facts) for one in asked.appointments]
            found = patients.expected(service, who, asked.on, given, complete=asked.memory_is_complete)
            listed = []
            for index, one in enumerate(found):
                shown = views.decision("visit", one.decision)
                listed.append(
                    {
                        "index": index,
                        "time": asked.appointments[index].time,
                        "bring": one.bring,
                        **{name: shown[name] for name in ("result", "reason", "because", "missing")},
                        "messages": one.messages,
                    }
                )
            return {"on": asked.on.isoformat(), "list": listed}

        return told(work)


def _of_the_insurer(router: APIRouter, service: IdentityService, views: Views) -> None:
    @router.post("/insurer/fine", operation_id="ask_fine", response_model=bodies.FineShown)
    def fine(asked: bodies.InsurerAsked, _caller: Insurer) -> Response:
        """Say what the fine for a breach is; undetermined where it is not known how many earlier breaches count."""

        def work() -> Any:
            found = insurer.fine(service, asked.on, asked.facts)
            return {**views.decision("fine", found.decision), "counting": found.counting}

        return told(work)

    @router.post("/insurer/consequences", operation_id="ask_consequences", response_model=bodies.Anything)
    def consequences(asked: bodies.InsurerAsked, _caller: Insurer) -> Response:
        """Say what follows a breach, and for whom."""
        return told(lambda: views.decision("consequences", insurer.consequences(service, asked.on, asked.facts)))

    @router.post("/insurer/breaches", operation_id="record_breach", status_code=201, response_model=bodies.Anything)
    def breach(asked: bodies.BreachAsked, key: Key, caller: Insurer) -> Response:
        """Record that an institution gave benefits without the check, with the fine that follows."""

        def work() -> Any:
            refuse_identifiers(asked.institution, "institution")
            made, found = insurer.record_breach(
                service, _who(caller), key, asked.institution, at=asked.at, on=asked.on, facts=asked.facts
            )
            return {
                "breach": made,
                "ruling": {**views.decision("fine", found.decision), "counting": found.counting},
            }

        return told(work, 201)

    @router.post("/insurer/recoveries", operation_id="record_recovery", status_code=201, response_model=bodies.Anything)
    def recovery(asked: bodies.RecoveryAsked, key: Key, caller: Insurer) -> Response:
        """Record that a benefit is to be paid back."""

        def work() -> Any:
            refuse_identifiers(asked.institution, "institution")
            made = insurer.record_recovery(
                service,
                _who(caller),
                key,
                asked.institution,
                at=asked.at,
                amount=asked.amount,
                liable=asked.liable,
            )
            return {"recovery": made}

        return told(work, 201)
