"""Kinds of entry of the identity check.

All entries about one person at one institution stand in one stream, so that what was known when a visit was decided
is what stands before it there. Facts that a pack calls personal, and reasons that rest on them, stand encrypted in a
`personal-part`, which comes just before the entry that it belongs to; an entry without such facts has none, which
saves the commonest visits the making of a key.
"""

from __future__ import annotations

from datetime import date

from donghaeng.documents import Model
from donghaeng.ledger.kinds import Kind

#: A fact in the form of JSON.
FactValue = bool | int | str | tuple[str, ...] | None
Facts = dict[str, FactValue]
#: Kind of the entry with the personal facts of the next one.
PERSONAL_PART = "personal-part"


class Ruled(Model):
    """What a table says, as it is kept in clear text.

    Attributes:
        result: code of the answer, or ``undetermined``.
        reason: row that decided, or a reason of the engine; None where the row rests on a personal fact.
        missing: facts that are still needed, without those of which it tells something personal that they are missing.
        certainty: how firmly the answer is known.
        outcome: the other fields of the answer.
        version: version of the pack that decided.
    """

    result: str
    reason: str | None
    missing: tuple[str, ...]
    certainty: str
    outcome: Facts
    version: str


class PersonalPart(Model):
    """The facts about a person that belong to the next entry of the stream, encrypted.

    Attributes:
        person: pseudonym.
        of: idempotency key of the entry that it belongs to.
        facts: facts by name, or None where the entry has none.
        reason: row that decided, where it rests on such a fact; of identity that was shown, the row about what it was.
        why: why a correction was made, in the words of who made it.
    """

    person: str
    of: str
    facts: Facts | None = None
    reason: str | None = None
    why: str | None = None


class VisitRecorded(Ruled):
    """A patient came, and whether identity must be shown was decided; effective at the time of the visit.

    Attributes:
        person: pseudonym.
        institution: where.
        visit: id of the visit.
        on: day of the visit.
        facts: what was told, without what is personal.
        complete: whether the institution said that all its earlier checks stand in this ledger.
        lookup_by: who looked the eligibility up: ``desk``, or the name of an interface.
        total_charge: the whole charge in whole units; None where it was not told.
        insurer_share: the insurer's share of it.
        checked: whether identity and eligibility were checked now.
        key: id of the key that recorded it.
        personal: whether a personal part stands before it.
    """

    person: str
    institution: str
    visit: str
    on: date
    facts: Facts
    complete: bool
    lookup_by: str
    total_charge: int | None
    insurer_share: int | None
    checked: bool
    key: str
    personal: bool


class VisitCorrected(Model):
    """What was told of a visit was wrong; effective when that was found. Why stands in the personal part.

    Attributes:
        person: pseudonym.
        institution: where.
        visit: the visit.
        facts: the right values, None for one that is not known; without what is personal.
        visit_at: right time of the visit, ISO 8601; None where the time was right.
        key: id of the key that recorded it.
        personal: whether facts stand in the personal part, too.
    """

    person: str
    institution: str
    visit: str
    facts: Facts
    visit_at: str | None
    key: str
    personal: bool


class LookupCompleted(Model):
    """The eligibility was looked up after the visit; effective at that time.

    Attributes:
        person: pseudonym.
        institution: where.
        visit: the visit.
        answer: what the insurer's system said.
        lookup_by: ``desk``, or the name of an interface.
        key: id of the key that recorded it.
    """

    person: str
    institution: str
    visit: str
    answer: str
    lookup_by: str
    key: str


class StayReported(Model):
    """An admission or discharge; which, and the day, stand in the personal part. Effective when it was reported.

    Attributes:
        person: pseudonym.
        institution: where.
        report: id of the report.
        replaces: an earlier report that this one corrects.
        key: id of the key that recorded it.
    """

    person: str
    institution: str
    report: str
    replaces: str | None
    key: str


class IdentityPresented(Ruled):
    """Identity was shown after a visit; the answer is that of the refund. Effective when it was shown.

    Attributes:
        person: pseudonym.
        institution: where.
        visit: the visit.
        on: day on which it was shown.
        facts: what was shown, without what is personal.
        accepted: whether it is accepted; None where that is not known.
        document_reason: row that says so; None where it tells what is personal.
        receipt_shown: whether the receipt was shown.
        total_charge: the whole charge in whole units; None where it is not known.
        insurer_share: the insurer's share of it.
        refund: what is paid back, in whole units; None where the rule gives no amount.
        key: id of the key that recorded it.
        personal: whether facts stand in a personal part before it.
    """

    person: str
    institution: str
    visit: str
    on: date
    facts: Facts
    accepted: bool | None
    document_reason: str | None
    receipt_shown: bool | None
    total_charge: int | None
    insurer_share: int | None
    refund: int | None
    key: str
    personal: bool


class VisitRedecided(Ruled):
    """A visit has another answer because of what came in; effective when that came in.

    Attributes:
        person: pseudonym.
        institution: where.
        visit: the visit.
        on: its day.
        before: the answer before.
        before_reason: its reason; None where it rests on a personal fact.
        because_of: idempotency key of the entry that changed it.
        checked: whether identity and eligibility were checked at the visit.
        personal: whether a personal part stands before it.
    """

    person: str
    institution: str
    visit: str
    on: date
    before: str
    before_reason: str | None
    because_of: str
    checked: bool
    personal: bool


class RefundRedecided(Ruled):
    """A refund has another answer because of what came in.

    Attributes:
        person: pseudonym.
        institution: where.
        visit: the visit.
        presented: idempotency key of the entry about what was shown.
        before: the answer before.
        before_refund: the amount before.
        refund: the amount now, in whole units.
        because_of: idempotency key of the entry that changed it.
    """

    person: str
    institution: str
    visit: str
    presented: str
    before: str
    before_refund: int | None
    refund: int | None
    because_of: str


class BreachRecorded(Ruled):
    """The insurer recorded that an institution gave benefits without the check; the answer is that of the fine.

    Attributes:
        institution: which.
        breach: id.
        on: day of the breach.
        facts: what the table was told.
        amount: the fine in whole units; None where it is not known.
        key: id of the key that recorded it.
    """

    institution: str
    breach: str
    on: date
    facts: Facts
    amount: int | None
    key: str


class RecoveryRecorded(Model):
    """The insurer ordered that a benefit be paid back.

    Attributes:
        institution: where the benefit was given.
        recovery: id.
        amount: in whole units.
        liable: who is to pay, by codes of the pack.
        key: id of the key that recorded it.
    """

    institution: str
    recovery: str
    amount: int
    liable: tuple[str, ...]
    key: str


KINDS: tuple[Kind, ...] = (
    Kind(PERSONAL_PART, 1, PersonalPart, person="person", facts=("facts", "reason", "why"), names=("of",)),
    Kind("visit-recorded", 1, VisitRecorded, person="person"),
    Kind("visit-corrected", 1, VisitCorrected, person="person", about="visit"),
    Kind("lookup-completed", 1, LookupCompleted, person="person", about="visit"),
    Kind("stay-reported", 1, StayReported, person="person", names=("report", "replaces")),
    Kind("identity-presented", 1, IdentityPresented, person="person", about="visit"),
    Kind("visit-redecided", 1, VisitRedecided, person="person", names=("because_of",), about="visit"),
    Kind("refund-redecided", 1, RefundRedecided, person="person", names=("presented", "because_of"), about="visit"),
    Kind("breach-recorded", 1, BreachRecorded),
    Kind("recovery-recorded", 1, RecoveryRecorded),
)
