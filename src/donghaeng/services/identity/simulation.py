"""Made-up visits to play the service with: ``service/identity-simulation.yaml``, and the visits drawn from it.

Nothing drawn says anything about a real person or institution. The visits go through the service as real ones would,
in the order of time, with what follows them: lookups that fail, identity shown later, corrections, stays, recoveries.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from donghaeng.documents import Day, Document, Model, read_model
from donghaeng.errors import Faults
from donghaeng.rules.document import Code, Name
from donghaeng.rules.types import FactError
from donghaeng.services.identity.insurer import record_recovery
from donghaeng.services.identity.lookup import EligibilityLookup, LookupFailedError, StandInLookup
from donghaeng.services.identity.policy import Policy
from donghaeng.services.identity.recording import (
    complete_lookup,
    correct_visit,
    present_identity,
    record_visit,
    report_stay,
)
from donghaeng.services.identity.refusal import IdentityRefusedError
from donghaeng.services.identity.section import FactValue
from donghaeng.services.identity.service import IdentityService, Patient, Who
from donghaeng.wording import Text

if TYPE_CHECKING:
    from numpy.random import Generator

FILE = "service/identity-simulation.yaml"
#: What the names of made-up institutions and patients begin with.
MADE_UP = "simulated"

Weight = Annotated[int, Field(ge=0, le=1_000_000)]
Share = Annotated[float, Field(ge=0, le=1)]


class DrawnCase(Model):
    """What a made-up patient brings, and how often.

    Attributes:
        weight: how often, among all cases.
        facts: what is true of the visit.
    """

    weight: Weight
    facts: dict[Name, FactValue]


class Days(Model):
    """Days, of which each is as likely as any other."""

    first: Day = Field(alias="from")
    last: Day = Field(alias="to")


class Charges(Model):
    """What a visit costs: a multiple of `step`, and the insurer's percent of it."""

    least: Annotated[int, Field(ge=0)]
    most: Annotated[int, Field(ge=0)]
    step: Annotated[int, Field(ge=1)]
    insurer_percent: Annotated[int, Field(ge=0, le=100)]


class Later(Model):
    """Identity that is shown after a visit that was paid in full.

    Attributes:
        share: of such visits.
        days: most days after the visit.
        receipt: share that brings the receipt.
        facts: what is shown.
    """

    share: Share
    days: Annotated[int, Field(ge=0, le=365)]
    receipt: Share
    facts: dict[Name, FactValue]


class Mended(Model):
    """What is found to be wrong afterwards: the share of visits, why, and the right facts."""

    share: Share
    why: str
    facts: dict[Name, FactValue]


class Outage(Model):
    """Days on which the lookup gives no answer from one hour to another; it is completed in the evening."""

    every_days: Annotated[int, Field(ge=1)]
    from_hour: Annotated[int, Field(ge=0, le=23)]
    to_hour: Annotated[int, Field(ge=1, le=24)]


class Recoveries(Model):
    """Orders to pay a benefit back: one in so many visits, and the codes of who pays."""

    one_in: Annotated[int, Field(ge=1)]
    liable: Annotated[tuple[Code, ...], Field(strict=False, min_length=1)]


class SimulationModel(Model):
    """The content of ``service/identity-simulation.yaml``.

    Attributes:
        note: says that it is made up, and from what.
        institutions: how many.
        days: how many days are played, when the call does not say.
        returning: share of visits by somebody who was there before.
        opens: hour at which desks open.
        closes: hour at which they close.
        persons: facts of a person, drawn once from days.
        lookup: answers of the lookup with their weights.
        cases: what patients bring.
        charges: what visits cost.
        later: identity shown later.
        stays: share of visits after which a stay is reported.
        mended: corrections.
        outage: when the lookup fails.
        recoveries: orders of the insurer.
    """

    note: Text
    institutions: Annotated[int, Field(ge=1, le=10_000)]
    days: Annotated[int, Field(ge=1, le=3_660)]
    returning: Share
    opens: Annotated[int, Field(ge=0, le=23)]
    closes: Annotated[int, Field(ge=1, le=24)]
    persons: Annotated[dict[Name, Days], Field(default_factory=dict)]
    lookup: Annotated[dict[Code, Weight], Field(min_length=1)]
    cases: Annotated[dict[Name, DrawnCase], Field(min_length=1)]
    charges: Charges
    later: Later
    stays: Share
    mended: Mended
    outage: Outage
    recoveries: Recoveries


def read_simulation(folder: Path, label: str, policy: Policy, faults: Faults) -> SimulationModel | None:
    """Read ``service/identity-simulation.yaml``.

    Args:
        folder: folder of the pack.
        label: how faults name the folder.
        policy: the tables that its facts are held against.
        faults: where faults go.

    Returns:
        What it says; None where it has faults.
    """
    before = len(faults.errors)
    model, document = read_model(folder / FILE, f"{label}/{FILE}", SimulationModel, faults)
    if model is None:
        return None
    visit, shown = policy.tables["visit"].table.all_inputs, policy.tables["document"].table.all_inputs

    def check(path: tuple[str, ...], facts: Mapping[str, FactValue], inputs: Mapping[str, Any]) -> None:
        for name, value in facts.items():
            if name not in inputs:
                what = f'unknown fact "{name}"'
                _fault(faults, document, (*path, name), what, "an input of the table", "see donghaeng describe")
                continue
            try:
                inputs[name].type.from_json(value)
            except FactError as error:
                _fault(faults, document, (*path, name), error.what, error.expected, error.remedy)

    for name, case in model.cases.items():
        check(("cases", name, "facts"), case.facts, visit)
    check(("later", "facts"), model.later.facts, shown)
    check(("mended", "facts"), model.mended.facts, visit)
    check(("persons",), {name: days.first.isoformat() for name, days in model.persons.items()}, visit)
    for name, days in model.persons.items():
        if days.last < days.first:
            _fault(
                faults, document, ("persons", name, "to"), "the days end before they begin", "a later day", "change it"
            )
    for code in model.lookup:
        check(("lookup",), {policy.settings.facts.lookup: code}, visit)
    if model.closes <= model.opens or model.outage.to_hour <= model.outage.from_hour:
        _fault(faults, document, ("closes",), "hours end before they begin", "later hours", "change them")
    if not sum(case.weight for case in model.cases.values()) or not sum(model.lookup.values()):
        _fault(faults, document, ("cases",), "all weights are 0", "weights above 0", "change them")
    return None if len(faults.errors) > before else model


def _fault(faults: Faults, document: Document, path: tuple[str, ...], what: str, expected: str, remedy: str) -> None:
    line, column = document.place(path)
    faults.add(document.label, line, column, what, expected, remedy, "wrong-value")


@dataclass(frozen=True)
class Played:
    """What was played.

    Attributes:
        visits: visits recorded.
        results: how many of each result, as first decided.
        settled: identity shown later.
        mended: corrections.
        completed: lookups that were completed later.
        stays: stays reported.
        recoveries: orders to pay back.
        last: moment of the last report.
    """

    visits: int
    results: Mapping[str, int]
    settled: int
    mended: int
    completed: int
    stays: int
    recoveries: int
    last: datetime


class OutageLookup:
    """A stand-in that gives no answer while its clock says that the system is down."""

    def __init__(self, stand_in: EligibilityLookup, is_down: Callable[[], bool]) -> None:
        """Take the stand-in and what tells whether the system is down."""
        self._stand_in, self._is_down = stand_in, is_down

    @property
    def name(self) -> str:
        """What it is called in the records."""
        return self._stand_in.name

    def look_up(self, person: str, on: date) -> str:
        """Give the answer that is made up, or none.

        Raises:
            LookupFailedError: the system is down.
        """
        if self._is_down():
            raise LookupFailedError("down, as played")
        return self._stand_in.look_up(person, on)


def stand_in(model: SimulationModel, seed: int) -> StandInLookup:
    """Give the made-up lookup of a simulation."""
    return StandInLookup(tuple(model.lookup.items()), seed)


@dataclass(order=True)
class _Due:
    """Something that follows a visit at a moment."""

    at: datetime
    number: int
    work: Callable[[], None] = field(compare=False)


class Play:
    """Plays visits one after the other."""

    def __init__(
        self,
        model: SimulationModel,
        service: IdentityService,
        *,
        seed: int,
        last_day: date,
        days: int,
        set_clock: Callable[[datetime], object],
    ) -> None:
        """Put it together.

        Args:
            model: what is drawn.
            service: where visits are recorded.
            seed: other seeds draw other visits; the same seed the same.
            last_day: last day of visits.
            days: how many days.
            set_clock: told the time before each report, so that entries are recorded when they are said to happen.
        """
        import numpy as np

        self._model, self._service, self._set_clock = model, service, set_clock
        self._draw: Generator = np.random.default_rng(seed)
        self._first = last_day - timedelta(days=days - 1)
        self._days = days
        self._zone = service.policy.section.zone
        self._due: list[_Due] = []
        self._number = 0
        self._patients: list[tuple[Who, str, dict[str, FactValue]]] = []
        self._cases = list(model.cases.values())
        weights = np.array([case.weight for case in self._cases], dtype=float)
        self._shares = weights / weights.sum()
        self._counts = dict.fromkeys(("settled", "mended", "completed", "stays", "recoveries"), 0)
        self._results: dict[str, int] = {}
        self._now = self._moment(self._first, 0.0)

    def run(self, visits: int, progress: Callable[[int, int], object] | None = None) -> Played:
        """Play so many visits and what follows them up to the end of the last day.

        Args:
            visits: how many.
            progress: told how many of them are done.
        """
        spots = self._draw.random((visits, 2))
        hours = self._model.closes - self._model.opens
        moments = sorted(
            self._moment(self._first + timedelta(days=int(day * self._days)), self._model.opens + hour * hours)
            for day, hour in spots
        )
        end = self._moment(self._first + timedelta(days=self._days), 0.0)
        for number, at in enumerate(moments):
            self._follow(at)
            self._visit(number, at)
            if progress is not None and number % 100 == 0:
                progress(number, visits)
        self._follow(end)
        return Played(visits, dict(sorted(self._results.items())), last=self._now, **self._counts)

    def is_down(self) -> bool:
        """Say whether the lookup is down at the moment that is played."""
        outage = self._model.outage
        day = (self._now.date() - self._first).days
        return day % outage.every_days == outage.every_days - 1 and outage.from_hour <= self._now.hour < outage.to_hour

    def _moment(self, day: date, hour: float) -> datetime:
        seconds = int(hour * 3600)
        return datetime.combine(day, time(), self._zone) + timedelta(seconds=seconds)

    def _at(self, at: datetime) -> None:
        self._now = at
        self._set_clock(at)

    def _chance(self, share: float) -> bool:
        return bool(self._draw.random() < share)

    def _later(self, at: datetime, work: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._due, _Due(at, self._number, work))

    def _follow(self, until: datetime) -> None:
        while self._due and self._due[0].at < until:
            due = heapq.heappop(self._due)
            self._at(due.at)
            due.work()

    def _patient(self) -> tuple[Who, str, dict[str, FactValue]]:
        if self._patients and self._chance(self._model.returning):
            return self._patients[int(self._draw.integers(len(self._patients)))]
        institution = int(self._draw.integers(self._model.institutions)) + 1
        who = Who(f"{MADE_UP}-{institution}", f"{MADE_UP}desk")
        facts: dict[str, FactValue] = {}
        for name, days in self._model.persons.items():
            span = (days.last - days.first).days + 1
            facts[name] = (days.first + timedelta(days=int(self._draw.integers(span)))).isoformat()
        patient = (who, f"{MADE_UP}-{len(self._patients) + 1}", facts)
        self._patients.append(patient)
        return patient

    def _visit(self, number: int, at: datetime) -> None:
        self._at(at)
        who, chart, own = self._patient()
        case = self._cases[int(self._draw.choice(len(self._cases), p=self._shares))]
        charges = self._model.charges
        steps = (charges.most - charges.least) // charges.step + 1
        total = charges.least + charges.step * int(self._draw.integers(steps))
        share = total * charges.insurer_percent // 100
        patient = Patient(chart)
        recorded = record_visit(
            self._service,
            who,
            f"visit {number}",
            patient,
            at=at,
            facts={**own, **case.facts},
            total_charge=total,
            insurer_share=share,
            complete=True,
            look_up=True,
        )
        ruling = recorded.visit.ruling
        self._results[ruling.result] = self._results.get(ruling.result, 0) + 1
        visit, settings = recorded.visit.id, self._service.policy.settings
        told = recorded.known.facts.get(settings.facts.lookup) if recorded.known else None
        if told == settings.lookup.no_answer:
            self._later(self._moment(at.date(), 23.0), lambda: self._complete(who, visit, number))
        if ruling.result in settings.results.open and self._chance(self._model.later.share):
            days = int(self._draw.integers(self._model.later.days + 1))
            when = at + timedelta(days=days, minutes=7)
            self._later(when, lambda: self._show(who, visit, number))
        if self._chance(self._model.mended.share):
            self._later(at + timedelta(hours=3), lambda: self._mend(who, visit, number))
        if self._chance(self._model.stays):
            self._stay(who, patient, number, at)
        if int(self._draw.integers(self._model.recoveries.one_in)) == 0:
            self._later(at + timedelta(days=20), lambda: self._recover(who, share, number))

    def _complete(self, who: Who, visit: str, number: int) -> None:
        complete_lookup(self._service, who, f"lookup {number}", visit, at=self._now)
        self._counts["completed"] += 1

    def _show(self, who: Who, visit: str, number: int) -> None:
        later = self._model.later
        try:
            present_identity(
                self._service,
                who,
                f"shown {number}",
                visit,
                at=self._now,
                facts=later.facts,
                receipt_shown=self._chance(later.receipt),
            )
        except IdentityRefusedError:
            return  # a correction in between left nothing to settle
        self._counts["settled"] += 1

    def _mend(self, who: Who, visit: str, number: int) -> None:
        mended = self._model.mended
        correct_visit(self._service, who, f"mended {number}", visit, at=self._now, why=mended.why, facts=mended.facts)
        self._counts["mended"] += 1

    def _stay(self, who: Who, patient: Patient, number: int, at: datetime) -> None:
        admitted = at + timedelta(hours=1)
        nights = int(self._draw.integers(1, 15))

        def admit() -> None:
            report_stay(
                self._service,
                who,
                f"admitted {number}",
                patient,
                at=self._now,
                event="admitted",
                day=self._now.date(),
            )
            self._counts["stays"] += 1

        def discharge() -> None:
            report_stay(
                self._service,
                who,
                f"discharged {number}",
                patient,
                at=self._now,
                event="discharged",
                day=self._now.date(),
            )

        self._later(admitted, admit)
        self._later(admitted + timedelta(days=nights), discharge)

    def _recover(self, who: Who, amount: int, number: int) -> None:
        record_recovery(
            self._service,
            Who(f"{MADE_UP}-insurer", f"{MADE_UP}insurer"),
            f"recovery {number}",
            who.institution,
            at=self._now,
            amount=max(amount, 1),
            liable=self._model.recoveries.liable,
        )
        self._counts["recoveries"] += 1
