"""What is open of one patient: who brings the document is known by the chart number, not by the number of a visit."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, StringConstraints

from donghaeng.api.access import Caller, KeyedRoute, needs
from donghaeng.api.problems import Refused, Wrong, invalid
from donghaeng.identifiers import check_value
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.statement import Statement

Desk = Annotated[Caller, Depends(needs("identity:desk"))]


class OpenOfPatient(BaseModel):
    """Whose visits are asked for, by the institution's own number."""

    model_config = ConfigDict(extra="forbid")

    chart_number: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class OpenVisit(BaseModel):
    """A visit that is open; `bring_by` and `over` stand where a document may still be brought."""

    visit: str
    on: str
    bring_by: str | None = None
    over: bool | None = None


class OpenVisits(BaseModel):
    """Open visits of one patient at the caller's institution."""

    deadlines: list[OpenVisit]
    lookups: list[OpenVisit]


def make_patient_router(prefix: str, ledger: Ledger, zone: str) -> APIRouter:
    """Make the route ``/desk/open``.

    Args:
        prefix: what every path of the API begins with.
        ledger: the ledger whose tables of visits are read.
        zone: time zone in which a visit has its day.
    """
    from zoneinfo import ZoneInfo

    router = APIRouter(prefix=prefix, route_class=KeyedRoute)
    of_patient = _statement()
    here = ZoneInfo(zone)

    @router.post("/desk/open", operation_id="open_visits_of_patient")
    def open_of(asked: OpenOfPatient, caller: Desk) -> OpenVisits:
        """List the visits of one patient for which a document may still be brought, or a lookup is to be made."""
        if check_value(asked.chart_number):
            raise Refused(
                invalid(
                    [
                        Wrong(
                            "chart_number",
                            "it holds what looks like a number of a person",
                            "the institution's own number",
                            "leave it out",
                            "identifier-of-a-person",
                        )
                    ]
                )
            )
        found = OpenVisits(deadlines=[], lookups=[])
        person = ledger.persons.find(caller.organisation, asked.chart_number) if ledger.persons else None
        if person is None:
            return found
        today = ledger.clock().astimezone(here).date().isoformat()
        given = {"institution": caller.organisation, "person": person}
        for visit, on, bring_by, lookup_pending in ledger.store.query(of_patient, given):
            if bring_by is not None:
                found.deadlines.append(OpenVisit(visit=visit, on=on, bring_by=bring_by, over=bring_by < today))
            if lookup_pending:
                found.lookups.append(OpenVisit(visit=visit, on=on))
        return found

    return router


def _statement() -> Statement:
    from sqlalchemy import bindparam, or_, select

    from donghaeng.services.identity.schema import deadlines, visits

    columns: tuple[Any, ...] = (visits.c.visit, visits.c.on_day, deadlines.c.bring_by, visits.c.lookup_pending)
    return Statement(
        select(*columns)
        .outerjoin_from(visits, deadlines, visits.c.visit == deadlines.c.visit)
        .where(visits.c.institution == bindparam("institution"), visits.c.person == bindparam("person"))
        .where(or_(deadlines.c.bring_by.is_not(None), visits.c.lookup_pending == 1))
        .order_by(visits.c.on_day.desc(), visits.c.visit)
        .limit(100)
    )
