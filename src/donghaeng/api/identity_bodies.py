"""What the identity check is sent and answers: closed shapes, moments with their zone, money as whole units."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Facts = Annotated[
    dict[Name, bool | int | float | str | list[str] | None],
    Field(description="Facts by the names that the description of the desk gives; absent is unknown", max_length=100),
]
FIRST_YEAR, LAST_YEAR = 1901, 2099


def _in_range(value: datetime) -> datetime:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    return value


#: A time with its zone, in years that the calendar knows.
Moment = Annotated[AwareDatetime, AfterValidator(_in_range)]
Money = Annotated[int, Field(strict=True, ge=0, le=10**15)]
Institution = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Words = dict[str, str]


class Closed(BaseModel):
    """A closed shape."""

    model_config = ConfigDict(extra="forbid")


class OfPatient(Closed):
    """Who it is about: the institution's own number, or a pseudonym from an earlier answer."""

    chart_number: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    person: Annotated[str, StringConstraints(pattern=r"^[a-z]{1,40}$")] | None = None


class PreviewAsked(OfPatient):
    """A visit that is not recorded; without a patient, of nobody in particular."""

    at: Moment
    facts: Facts = {}
    memory_is_complete: bool = False


class VisitAsked(OfPatient):
    """A visit. `memory_is_complete` says that all earlier checks of the institution are recorded here."""

    at: Moment
    facts: Facts
    total_charge: Money | None = None
    insurer_share: Money | None = None
    memory_is_complete: bool = False
    lookup: bool = False


class IdentityShown(Closed):
    """What was shown after a visit."""

    at: Moment
    facts: Facts
    receipt_shown: bool | None = None
    total_charge: Money | None = None
    insurer_share: Money | None = None


class CorrectionAsked(Closed):
    """What was wrong with a visit; a fact that is null is not known."""

    at: Moment
    why: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
    facts: Facts = {}
    visit_at: Moment | None = None


class LookupAsked(Closed):
    """What the eligibility lookup said; without it, it is asked."""

    at: Moment
    result: Name | None = None


class StayAsked(OfPatient):
    """An admission or discharge; `corrects` is the id of an earlier report that was wrong."""

    at: Moment
    event: Literal["admitted", "discharged"]
    day: date
    corrects: Annotated[str, StringConstraints(pattern=r"^[a-z]{1,40}$")] | None = None


class AppointmentAsked(OfPatient):
    """One appointment."""

    time: Annotated[str, StringConstraints(pattern=r"^[0-2][0-9]:[0-5][0-9]$")] | None = None
    facts: Facts = {}


class AppointmentsAsked(Closed):
    """The appointments of a day."""

    on: date
    appointments: Annotated[list[AppointmentAsked], Field(max_length=2_000)]
    memory_is_complete: bool = False


class InsurerAsked(Closed):
    """A question about a breach."""

    on: date
    facts: Facts


class BreachAsked(InsurerAsked):
    """A breach of an institution."""

    at: Moment
    institution: Institution


class RecoveryAsked(Closed):
    """A benefit that is to be paid back."""

    at: Moment
    institution: Institution
    amount: Money
    liable: Annotated[list[Name], Field(min_length=1, max_length=10)]


class Anything(BaseModel):
    """An object with the members that the route names, and those of its tables."""

    model_config = ConfigDict(extra="allow")


class Ruled(Anything):
    """An answer of a table, with its reasons."""

    result: str | list[str]
    reason: str | None
    because: Words | None
    kind: str
    bring_by: str | None
    outcome: dict[str, Any]
    pack: str
    table: str
    version: str
    on: str


class VisitShown(Anything):
    """A visit as it stands."""

    visit: str
    person: str
    institution: str
    on: str
    at: str
    ruling: Ruled
    state: Literal["settled", "open", "undetermined", "review"]
    lookup_pending: bool
    total_charge: int | None
    insurer_share: int | None
    redecided: int


class VisitWithTimeline(VisitShown):
    """A visit with what was recorded of it."""

    timeline: list[dict[str, Any]]


class PresentedShown(Closed):
    """What came of showing identity."""

    document: Ruled
    refund: Ruled
    visit: VisitShown


class StayShown(Closed):
    """What came of a report of a stay."""

    report: str
    person: str
    redecided: list[str]


class SlipShown(Closed):
    """A slip in every language; nothing in it where nothing is to be brought."""

    visit: str
    needed: bool
    unofficial: bool
    texts: Words
    pages: dict[str, Any]


class OpenVisit(Anything):
    """A visit that is open."""

    visit: str
    on: str


class OpenShown(Closed):
    """What is open at an institution."""

    deadlines: list[OpenVisit]
    lookups: list[OpenVisit]
    review: list[OpenVisit]


class FineShown(Ruled):
    """A fine, and what is known of how breaches are counted."""

    counting: dict[str, Any]
