"""What is recorded of one person at one institution, read from the entries of their stream in order.

The answer of a visit is the one that was recorded last; nothing is decided here. Where reports arrive in another order
than things happened, they are put in the order of what they say: by their time, then by their key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import msgspec

from donghaeng.ledger.canonical import encoded, moment
from donghaeng.ledger.entry import Entry, NewEntry
from donghaeng.ledger.faults import ErasedError
from donghaeng.services.identity.kinds import PERSONAL_PART, Facts
from donghaeng.services.identity.policy import Ruling

#: Opens the personal part in an entry; raises `ErasedError`.
Opener = Callable[[Entry], Mapping[str, Any]]
Body = Mapping[str, Any]


@dataclass(frozen=True)
class Correction:
    """A correction of a visit: when it was made, its key, the right facts in clear text, the right time."""

    at: str
    key: str
    facts: Facts
    visit_at: str | None
    personal: bool


@dataclass(frozen=True)
class Late:
    """A lookup that was made after the visit."""

    at: str
    key: str
    answer: str


@dataclass(frozen=True)
class Presented:
    """Identity that was shown after a visit, with the answer of the refund as it was recorded last.

    Attributes:
        at: when, UTC.
        key: idempotency key of the entry.
        on: day.
        facts: what was shown, without what is personal; see `History.shown_facts`.
        personal: whether facts of it stand in a personal part.
        accepted: whether it is accepted; None where that is not known.
        receipt: whether the receipt was shown.
        total: the whole charge, None where it is not known.
        share: the insurer's share.
        ruling: the answer.
    """

    at: str
    key: str
    on: date
    facts: Facts
    personal: bool
    accepted: bool | None
    receipt: bool | None
    total: int | None
    share: int | None
    ruling: Ruling


@dataclass(frozen=True)
class Stay:
    """An admission or discharge: its day, and which; read from a personal part."""

    day: date
    at: str
    report: str
    event: str


@dataclass
class Visit:
    """One visit, as its entries come to."""

    id: str
    institution: str
    person: str
    key: str
    first_at: str
    told: Facts
    complete: bool
    lookup_by: str
    first_total: int | None
    first_share: int | None
    by: str
    personal: bool
    ruling: Ruling
    first_result: str
    corrections: list[Correction] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)
    presented: list[Presented] = field(default_factory=list)
    redecided: int = 0

    @property
    def at(self) -> str:
        """When it was, ISO 8601 in UTC, corrections included."""
        found = self.first_at
        for one in sorted(self.corrections, key=lambda one: (one.at, one.key)):
            found = one.visit_at or found
        return found

    def on(self, zone: ZoneInfo) -> date:
        """The day of it in a zone."""
        return datetime.fromisoformat(self.at).astimezone(zone).date()

    @property
    def place(self) -> tuple[str, str]:
        """What visits are ordered by."""
        return (self.at, self.key)

    @property
    def later(self) -> list[Correction | Late]:
        """Corrections and late lookups, in the order of time."""
        return sorted([*self.corrections, *self.late], key=_time_of)

    @property
    def shown(self) -> list[Presented]:
        """What was shown after it, in the order of time."""
        return sorted(self.presented, key=lambda one: (one.at, one.key))

    @property
    def total(self) -> int | None:
        """The whole charge, as it was told last."""
        return next((one.total for one in reversed(self.shown) if one.total is not None), self.first_total)

    @property
    def share(self) -> int | None:
        """The insurer's share, as it was told last."""
        return next((one.share for one in reversed(self.shown) if one.share is not None), self.first_share)


def _time_of(one: Correction | Late) -> tuple[str, str]:
    return (one.at, one.key)


class History:
    """The visits and stays of one person at one institution.

    Attributes:
        entries: what it was read from, in order.
        visits: visit by id.
        position: where the stream stands.
    """

    def __init__(self, zone: ZoneInfo, opener: Opener, lookup_fact: str, entries: Iterable[Entry] = ()) -> None:
        """Read entries.

        Args:
            zone: zone in which a visit has its day.
            opener: opens personal parts; it is called only for those that are asked for.
            lookup_fact: name of the fact that a late lookup gives.
            entries: the entries of the stream.
        """
        self.zone, self._opener, self._lookup_fact = zone, opener, lookup_fact
        self.entries: list[Entry] = []
        self.visits: dict[str, Visit] = {}
        self.position = 0
        self._by_key: dict[str, Entry] = {}
        self._parts: dict[str, Entry] = {}
        self._opened: dict[str, Mapping[str, Any] | None] = {}
        self._stays: list[tuple[Entry, Body]] = []
        self.add(entries)

    def add(self, entries: Iterable[Entry]) -> None:
        """Read further entries."""
        for entry in entries:
            self.entries.append(entry)
            self.position = entry.position
            self._by_key[entry.idempotency_key] = entry
            body = msgspec.json.decode(entry.body)
            read = _READERS.get(entry.kind)
            if read is not None:
                read(self, entry, body)

    def foresee(self, entries: Iterable[NewEntry]) -> None:
        """Read entries that are about to be recorded."""
        for new in entries:
            body: Mapping[str, Any] = new.body if isinstance(new.body, Mapping) else new.body.model_dump()
            if new.kind == PERSONAL_PART:
                self.position += 1
                self._opened[body["of"]] = {name: body.get(name) for name in ("facts", "reason", "why")}
                continue
            at = new.effective_at.isoformat()
            text = encoded(body)
            here = (self.position + 1, new.kind, 1, at, "", new.idempotency_key, text, None, new.corrects, b"", b"")
            self.add([Entry(0, new.stream, *here)])

    def by_key(self, key: str) -> Entry | None:
        """Give the entry that was recorded under an idempotency key."""
        return self._by_key.get(key)

    def in_order(self) -> list[Visit]:
        """Give the visits in the order in which they were."""
        return sorted(self.visits.values(), key=lambda visit: visit.place)

    def part(self, key: str) -> Mapping[str, Any] | None:
        """Open the personal part of an entry; empty where it has none, None where it was erased."""
        if key not in self._opened:
            entry = self._parts.get(key)
            try:
                self._opened[key] = self._opener(entry) if entry is not None else {}
            except ErasedError:
                self._opened[key] = None
        return self._opened[key]

    def facts(self, visit: Visit) -> dict[str, Any] | None:
        """Give all that was told of a visit, corrections and late lookups included; None where part was erased."""
        facts: dict[str, Any] = dict(visit.told)
        if visit.personal:
            part = self.part(visit.key)
            if part is None:
                return None
            facts |= part.get("facts") or {}
        for one in visit.later:
            if isinstance(one, Late):
                facts[self._lookup_fact] = one.answer
                continue
            facts |= one.facts
            if one.personal:
                part = self.part(one.key)
                if part is None:
                    return None
                facts |= part.get("facts") or {}
        return {name: value for name, value in facts.items() if value is not None}

    def shown_facts(self, shown: Presented) -> dict[str, Any] | None:
        """Give all that was told of what was shown after a visit; None where part was erased."""
        part = self.part(shown.key) if shown.personal else {}
        return None if part is None else {**shown.facts, **(part.get("facts") or {})}

    def clear_fact(self, visit: Visit, name: str) -> Any:
        """Give one fact of a visit that is not personal, corrections and late lookups included."""
        found = visit.told.get(name)
        for one in visit.later:
            if isinstance(one, Correction):
                found = one.facts.get(name, found)
            elif name == self._lookup_fact:
                found = one.answer
        return found

    def reason(self, visit: Visit) -> str | None:
        """Give the reason of a visit's answer; None where it was erased."""
        if not visit.ruling.personal:
            return visit.ruling.reason
        for entry in reversed(self.entries):
            if entry.kind in ("visit-recorded", "visit-redecided"):
                body = msgspec.json.decode(entry.body)
                if body["visit"] == visit.id:
                    part = self.part(entry.idempotency_key)
                    return None if part is None else cast("str | None", part.get("reason"))
        return None

    def stays(self) -> list[Stay]:
        """Give admissions and discharges in the order in which they were; corrected and erased ones left out."""
        found: list[tuple[Entry, Body]] = sorted(
            self._stays, key=lambda one: (moment(datetime.fromisoformat(one[0].effective_at)), one[0].idempotency_key)
        )
        replaced = {body["replaces"] for _, body in found if body["replaces"]}
        before = {body["report"]: body["replaces"] for _, body in found}
        # Of several corrections of one report, the one that was made last counts.
        last = {_first(before, body["report"]): body["report"] for _, body in found if body["report"] not in replaced}
        stays = []
        for entry, body in found:
            if last.get(_first(before, body["report"])) != body["report"]:
                continue
            part = self.part(entry.idempotency_key)
            told = (part or {}).get("facts") or {}
            if told:
                at = moment(datetime.fromisoformat(entry.effective_at))
                stays.append(Stay(date.fromisoformat(told["day"]), at, body["report"], told["event"]))
        # On one day an admission comes before a discharge.
        return sorted(stays, key=lambda one: (one.day, one.event, one.at, one.report))

    def stay_reports(self) -> list[str]:
        """Give the ids of all reports of stays."""
        return [body["report"] for _, body in self._stays]

    def _part(self, entry: Entry, body: Body) -> None:
        self._parts[body["of"]] = entry

    def _recorded(self, entry: Entry, body: Body) -> None:
        self.visits[body["visit"]] = Visit(
            id=body["visit"],
            institution=body["institution"],
            person=body["person"],
            key=entry.idempotency_key,
            first_at=moment(datetime.fromisoformat(entry.effective_at)),
            told=body["facts"],
            complete=body["complete"],
            lookup_by=body["lookup_by"],
            first_total=body["total_charge"],
            first_share=body["insurer_share"],
            by=body["key"],
            personal=body["personal"],
            ruling=_ruling(body, body["checked"]),
            first_result=body["result"],
        )

    def _corrected(self, entry: Entry, body: Body) -> None:
        at = moment(datetime.fromisoformat(entry.effective_at))
        visit_at = body["visit_at"] and moment(datetime.fromisoformat(body["visit_at"]))
        correction = Correction(at, entry.idempotency_key, body["facts"], visit_at, body["personal"])
        self.visits[body["visit"]].corrections.append(correction)

    def _completed(self, entry: Entry, body: Body) -> None:
        at = moment(datetime.fromisoformat(entry.effective_at))
        self.visits[body["visit"]].late.append(Late(at, entry.idempotency_key, body["answer"]))

    def _stayed(self, entry: Entry, body: Body) -> None:
        self._stays.append((entry, body))

    def _presented(self, entry: Entry, body: Body) -> None:
        self.visits[body["visit"]].presented.append(
            Presented(
                at=moment(datetime.fromisoformat(entry.effective_at)),
                key=entry.idempotency_key,
                on=date.fromisoformat(body["on"]),
                facts=body["facts"],
                personal=body["personal"],
                accepted=body["accepted"],
                receipt=body["receipt_shown"],
                total=body["total_charge"],
                share=body["insurer_share"],
                ruling=_ruling(body, checked=False),
            )
        )

    def _redecided(self, entry: Entry, body: Body) -> None:  # noqa: ARG002, each takes both
        visit = self.visits[body["visit"]]
        visit.ruling = _ruling(body, body["checked"])
        visit.redecided += 1

    def _refund_redecided(self, entry: Entry, body: Body) -> None:  # noqa: ARG002, each takes both
        visit = self.visits[body["visit"]]
        visit.presented = [
            Presented(**{**vars(one), "ruling": _ruling(body, checked=False)}) if one.key == body["presented"] else one
            for one in visit.presented
        ]


_READERS: Mapping[str, Callable[[History, Entry, Body], None]] = {
    PERSONAL_PART: History._part,
    "visit-recorded": History._recorded,
    "visit-corrected": History._corrected,
    "lookup-completed": History._completed,
    "stay-reported": History._stayed,
    "identity-presented": History._presented,
    "visit-redecided": History._redecided,
    "refund-redecided": History._refund_redecided,
}


def _first(before: Mapping[str, str | None], report: str) -> str:
    """Give the report that a chain of corrections began with."""
    while (earlier := before.get(report)) is not None:
        report = earlier
    return report


def _ruling(body: Body, checked: bool) -> Ruling:
    return Ruling(
        result=body["result"],
        reason=body["reason"] or "",
        missing=tuple(body["missing"]),
        certainty=body["certainty"],
        outcome={name: tuple(one) if isinstance(one, list) else one for name, one in body["outcome"].items()},
        version=body["version"],
        personal=body["reason"] is None,
        checked=checked,
    )


def streams_of(entries: Iterable[Entry], prefix: str) -> Iterator[str]:
    """Give the names of the streams that begin with a prefix, each once, in the order of their first entry."""
    seen = set()
    for entry in entries:
        if entry.stream.startswith(prefix) and entry.stream not in seen:
            seen.add(entry.stream)
            yield entry.stream
