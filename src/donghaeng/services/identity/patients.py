"""What patients are told: tomorrow's list with its messages, and the slip for who came without ID."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from donghaeng.rules.decision import Decision
from donghaeng.services.identity.history import History, Visit
from donghaeng.services.identity.policy import Policy
from donghaeng.services.identity.projection import OPEN, bring_by_of, state_of
from donghaeng.services.identity.recording import preview
from donghaeng.services.identity.section import SPOKEN
from donghaeng.services.identity.service import IdentityService, Patient, Who

Bring = Literal["yes", "no", "ask"]
MOST_APPOINTMENTS = 2_000


@dataclass(frozen=True)
class Appointment:
    """Who is expected, and what is known of the visit beforehand.

    Attributes:
        patient: who.
        facts: facts that are known already, by the inputs of the table of visits.
    """

    patient: Patient
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Expected:
    """What an appointment needs.

    Attributes:
        bring: ``yes``, ``no``, or ``ask`` where it is not settled yet.
        decision: what the table says of a visit without any document.
        messages: text to send by language; None where nothing need be brought.
    """

    bring: Bring
    decision: Decision
    messages: Mapping[str, str] | None


def expected(
    service: IdentityService, who: Who, on: date, appointments: Sequence[Appointment], *, complete: bool = False
) -> list[Expected]:
    """Say for each appointment whether ID must be brought: the visit is decided as if nothing were shown.

    What only the day itself tells, such as the answer of the lookup, is taken as good if it was not given: the question
    is whether a document is needed, and a document does not help who is not insured.

    Args:
        service: the service.
        who: who asks.
        on: day of the appointments.
        appointments: who is expected.
        complete: whether all earlier checks of the institution stand in the ledger.

    Raises:
        InputError: facts that the table does not take.
    """
    policy = service.policy
    names = policy.settings.facts
    given = dict(policy.settings.assumed) | {names.lookup: policy.settings.lookup.eligible[0]}
    given[names.means] = names.nothing
    start = datetime(on.year, on.month, on.day, 23, 59, 59, tzinfo=policy.section.zone)
    texts = {name: message_texts(policy, name, who.institution, on) for name in ("bring", "ask")}
    found = []
    for one in appointments:
        facts = given | {name: value for name, value in one.facts.items() if name != names.means}
        known = preview(service, who, one.patient, at=start, facts=facts, complete=complete)
        decision = policy.visit(on, known.facts)
        bring: Bring = "ask"
        if decision.determined:
            bring = "yes" if decision.result in policy.settings.results.open else "no"
        messages = None if bring == "no" else texts["bring" if bring == "yes" else "ask"]
        found.append(Expected(bring, decision, messages))
    return found


def message_texts(policy: Policy, name: Literal["bring", "ask"], institution: str, on: date) -> dict[str, str]:
    """Give the text of a message in every language."""
    return {
        language: policy.settings.texts[name][language].format(  # type: ignore[index]
            institution=institution, day=on.isoformat(), phone=policy.contact(language, on)
        )
        for language in SPOKEN
    }


@dataclass(frozen=True)
class Slip:
    """What a patient who paid in full takes home, in one language.

    Attributes:
        title: heading.
        lines: label and value.
        note: what else must be known.
    """

    title: str
    lines: tuple[tuple[str, str], ...]
    note: str

    @property
    def text(self) -> str:
        """The slip as plain text."""
        return "\n".join([self.title, "", *(f"{label}: {value}" for label, value in self.lines), "", self.note, ""])


def slips(policy: Policy, history: History, visit: Visit) -> dict[str, Slip] | None:
    """Give the slip of a visit by language; None where nothing is to be brought."""
    if state_of(policy, visit) != OPEN:
        return None
    on = visit.on(history.zone)
    return {language: _slip(policy, visit, on, language) for language in SPOKEN}


def _slip(policy: Policy, visit: Visit, on: date, language: str) -> Slip:
    words: dict[str, str] = {name: text[language] for name, text in policy.settings.texts.items()}  # type: ignore[index]
    bring_by = bring_by_of(policy, visit) or words["unknown"]
    lines = [
        (words["slip_day"], on.isoformat()),
        (words["slip_paid"], _money(visit.total, words)),
        (words["slip_bring"], words["slip_what"]),
        (words["slip_by"], bring_by),
        (words["slip_where"], visit.institution),
        (words["slip_back"], _money(visit.share, words)),
    ]
    note = words["slip_note"].format(
        institution=visit.institution,
        day=on.isoformat(),
        bring_by=bring_by,
        phone=policy.contact(language, on),
    )
    return Slip(words["slip_title"].format(institution=visit.institution), tuple(lines), note)


def _money(amount: int | None, words: Mapping[str, str]) -> str:
    return words["unknown"] if amount is None else f"₩{amount:,}"
