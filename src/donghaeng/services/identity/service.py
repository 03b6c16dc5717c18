"""The identity service: its parts, its streams, and how a report is recorded with all that it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from donghaeng.identifiers import refuse_identifiers
from donghaeng.ledger.entry import Entry, NewEntry
from donghaeng.ledger.faults import KeyReusedError, PositionError, UnavailableError
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.statement import Statement, Transaction
from donghaeng.services.identity.deciding import Changed, Place, decided_again
from donghaeng.services.identity.history import History
from donghaeng.services.identity.kinds import PERSONAL_PART, PersonalPart
from donghaeng.services.identity.lookup import EligibilityLookup
from donghaeng.services.identity.policy import Policy
from donghaeng.services.identity.projection import project
from donghaeng.services.identity.projection import rebuild as make_tables_anew
from donghaeng.services.identity.refusal import IdentityRefusedError, no_person, no_visit
from donghaeng.services.identity.schema import visits

#: What the names of the streams of patients begin with.
PREFIX = "patient/"
LONGEST_KEY = 80
ID_LENGTH = 20
#: Times that a report is made again while others write to the same stream.
MOST_ROUNDS = 20
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

_VISIT = Statement(
    select(visits.c.person).where(
        visits.c.visit == bindparam("visit"), visits.c.institution == bindparam("institution")
    )
)


@dataclass(frozen=True)
class Who:
    """Who asks: an institution, by one of its keys."""

    institution: str
    key: str


@dataclass(frozen=True)
class Patient:
    """Who a request is about: the institution's own number of the person, or a pseudonym that it was given before."""

    chart_number: str | None = None
    person: str | None = None


class Report(NamedTuple):
    """What is to be recorded, before what it changes is known.

    Attributes:
        kind: kind of entry.
        body: its body.
        at: when it happened.
        facts: personal facts of it; None for none.
        reason: the reason of its answer where it is personal.
        why: why it was made, for the personal part; None where nobody is asked.
    """

    kind: str
    body: Mapping[str, Any]
    at: datetime
    facts: Mapping[str, Any] | None = None
    reason: str | None = None
    why: str | None = None


@dataclass(frozen=True)
class IdentityService:
    """The service of one pack on one ledger.

    Attributes:
        policy: the tables and settings of the pack.
        ledger: the entries, with persons.
        chance: gives so many random bytes, fit for ids.
        threads: where the eligibility is looked up.
        lookup: the interface to the insurer's system; None where there is none.
    """

    policy: Policy
    ledger: Ledger
    chance: Callable[[int], bytes]
    threads: Executor
    lookup: EligibilityLookup | None = None

    def new_id(self) -> str:
        """Draw an id: letters only, so that it is never taken for a number of a person."""
        letters = ""
        while len(letters) < ID_LENGTH:
            letters += "".join(_LETTERS[byte % 26] for byte in self.chance(ID_LENGTH) if byte < 234)
        return letters[:ID_LENGTH]

    def day(self, at: datetime) -> date:
        """Give the day of a moment in the zone of the pack."""
        return at.astimezone(self.policy.section.zone).date()

    def person(self, institution: str, patient: Patient, *, make: bool = True) -> str | None:
        """Give the pseudonym of a patient; None for an unknown one that is not to be made.

        Raises:
            IdentityRefusedError: neither or both of number and pseudonym were given, or the pseudonym is not known.
            InputError: the number is one that the state gave.
        """
        if (patient.chart_number is None) == (patient.person is None):
            raise IdentityRefusedError("patient", "give either the chart number or the pseudonym", 422)
        persons = self.ledger.persons
        if persons is None:
            raise IdentityRefusedError("no-persons", "the service runs without keys of persons")
        if patient.person is not None:
            if not self.history(institution, patient.person).position:
                raise no_person()
            return patient.person
        number = str(patient.chart_number)
        refuse_identifiers(number, "chart_number")
        return persons.person(institution, number) if make else persons.find(institution, number)

    def stream(self, institution: str, person: str) -> str:
        """Give the name of the stream of a person at an institution."""
        return f"{PREFIX}{institution}/{person}"

    def history(self, institution: str, person: str) -> History:
        """Read what is recorded of a person at an institution."""
        return self.read(self.stream(institution, person))

    def read(self, stream: str) -> History:
        """Read a stream of a patient."""
        return History(
            self.policy.section.zone, self._opened, self.policy.settings.facts.lookup, self.ledger.stream(stream)
        )

    def of_visit(self, institution: str, visit: str) -> History:
        """Read what is recorded of the person of a visit.

        Raises:
            IdentityRefusedError: the visit is not there, or not the institution's.
        """
        found = list(self.ledger.store.query(_VISIT, {"visit": visit, "institution": institution}))
        if not found:
            raise no_visit()
        return self.history(institution, found[0][0])

    def rebuild(self) -> int:
        """Make the tables anew from the entries; gives how many visits there are."""
        return make_tables_anew(self.ledger, self.policy, PREFIX, self.read)

    def _opened(self, entry: Entry) -> Mapping[str, Any]:
        body = self.ledger.body(entry)
        assert isinstance(body, PersonalPart)  # noqa: S101, only such entries are handed here
        return {"facts": body.facts, "reason": body.reason, "why": body.why}


def ledger_key(service: IdentityService, who: Who, key: str) -> str:
    """Give the idempotency key in the ledger of a request: each institution has its own, and none can be read there.

    Raises:
        IdentityRefusedError: the key is empty, too long or not printable.
    """
    if not 0 < len(key) <= LONGEST_KEY or not key.isprintable():
        raise IdentityRefusedError("key", f"a key has 1 to {LONGEST_KEY} printable characters", 422)
    return f"identity {who.institution} {service.ledger.request_name(who.institution, 'identity', key)}"


Draw = Callable[[History], Report]


def record(
    service: IdentityService,
    read: Callable[[], History],
    person: Callable[[History], str],
    who: Who,
    key: str,
    make: Draw,
    *,
    repeats: Callable[[History, Entry], bool],
    affects: Callable[[History, Report], Iterable[str]],
    after: Callable[[History], Place | None],
) -> tuple[History, Entry | None, tuple[str, ...]]:
    """Record a report and every answer that it changes, in one transaction.

    Whoever else writes to the stream meanwhile wins; the report is then made again with what they wrote.

    Args:
        service: the service.
        read: reads the stream.
        person: gives the pseudonym.
        who: who reports.
        key: key of the request.
        make: makes the report from what is recorded; it is called again in each round.
        repeats: says whether an entry that is there under the key is this very request.
        affects: gives the ids of the visits whose rows change whatever is decided.
        after: gives the place after which visits can have another answer by the report; None for all of them.

    Returns:
        The history with the report in it, the entry that was there already under the key (None for a new one), and the
        ids of the visits with another answer.

    Raises:
        ConflictError: the key stands for another request.
    """
    name = ledger_key(service, who, key)
    for _ in range(MOST_ROUNDS):
        history = read()
        known = history.by_key(name)
        if known is not None:
            if not repeats(history, known):
                raise KeyReusedError(key)
            return history, known, ()
        start, stream = history.position, service.stream(who.institution, person(history))
        report = make(history)
        own = _entries(stream, name, report, start)
        history.foresee(own)
        changed = decided_again(service.policy, history, after(history))
        more: list[NewEntry] = []
        for one in changed:
            made = _changed(service.policy, one, history, name, report)
            more += _entries(stream, f"{_name_of(one)} by {name}", made, start + len(own) + len(more))
        history.foresee(more)
        again = tuple(dict.fromkeys(one.visit.id for one in changed))
        ids = tuple(dict.fromkeys([*affects(history, report), *again]))
        try:
            service.ledger.append([*own, *more], _writer(service, history, ids, is_new=report.kind == "visit-recorded"))
        except PositionError:
            continue
        except KeyReusedError:
            # Either the same request was faster by another way, which the next round finds, or the key is taken.
            if read().by_key(name) is None:
                raise
            continue
        return history, None, again
    raise UnavailableError("others were faster each time; try again later")


def _writer(
    service: IdentityService, history: History, ids: tuple[str, ...], *, is_new: bool
) -> Callable[[Transaction], None]:
    def write(transaction: Transaction) -> None:
        project(transaction, service.policy, history, ids, new=is_new and len(ids) == 1)

    return write


def _name_of(changed: Changed) -> str:
    if changed.shown is None:
        return f"again {changed.visit.id}"
    number = next(number for number, one in enumerate(changed.visit.presented) if one.key == changed.shown.key)
    return f"refund {number} {changed.visit.id}"


def _changed(policy: Policy, one: Changed, history: History, because: str, report: Report) -> Report:
    visit = one.visit
    body: dict[str, Any] = {
        **one.after.clear(),
        "person": visit.person,
        "institution": visit.institution,
        "visit": visit.id,
        "before": one.before.result,
        "because_of": because,
    }
    if one.shown is not None:
        return Report(
            "refund-redecided",
            {
                **body,
                "presented": one.shown.key,
                "before_refund": policy.amount(one.before.outcome),
                "refund": policy.amount(one.after.outcome),
            },
            report.at,
        )
    body |= {
        "on": visit.on(history.zone),
        "before_reason": None if one.before.personal else one.before.reason,
        "checked": one.after.checked,
        "personal": one.after.personal,
    }
    return Report("visit-redecided", body, report.at, None, one.after.reason if one.after.personal else None)


def _entries(stream: str, key: str, report: Report, position: int) -> list[NewEntry]:
    """Give the entries of a report: its personal part, if it has one, and itself."""
    entries = []
    sealed = {"facts": report.facts, "reason": report.reason, "why": report.why}
    if any(one is not None for one in sealed.values()):
        part = {"person": report.body["person"], "of": key, **sealed}
        # Such keys begin with other words than those of requests, so that no request can have one.
        entries.append(_new(stream, PERSONAL_PART, part, report.at, f"part of {key}", position))
    body = report.body
    entries.append(_new(stream, report.kind, body, report.at, key, position + len(entries)))
    return entries


def _new(stream: str, kind: str, body: Mapping[str, Any], at: datetime, key: str, position: int) -> NewEntry:
    return NewEntry(
        stream=stream, kind=kind, body=body, effective_at=at, idempotency_key=key, expected_position=position
    )
