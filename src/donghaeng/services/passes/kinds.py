"""What the pass service records: one kind of entry for each thing that changes a right, a block or money."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from donghaeng.documents import Day, Model
from donghaeng.ledger.kinds import Kind
from donghaeng.services.passes.money_kinds import MONEY_KINDS
from donghaeng.services.passes.tap_kinds import TAP_KINDS

Names = Annotated[tuple[str, ...], Field(strict=False)]
Won = Annotated[int, Field(ge=0, le=10**12)]


class Basis(Model):
    """A decision that an entry follows from.

    Attributes:
        role: what was asked.
        table: pack and table.
        version: version of the pack.
        on: service day of the decision.
        result: code of the result.
        reason: row, or reason of the engine.
        rows: rows that decided.
        kind: how firmly it is known.
        setting: what was fixed, where that made the answer.
        choose: what was chosen there.
    """

    role: str
    table: str
    version: str
    on: Day
    result: str
    reason: str
    rows: Names
    kind: str
    setting: str | None = None
    choose: str | None = None


Bases = Annotated[tuple[Basis, ...], Field(strict=False)]


class CardIssued(Model):
    """A card was given out, on a first medium. `price` is what the medium cost; `on` the service day."""

    card: str
    medium: str
    medium_kind: str
    pays: Literal["prepaid", "postpaid"]
    category: str
    price: Won
    on: Day
    channel: str
    organisation: str
    agent: str | None = None
    commission: Won = 0


class CardRegistered(Model):
    """A card was registered to a person, named by pseudonym."""

    card: str
    person: str
    on: Day


class CardClosed(Model):
    """A card ended: it is charged no more, and its medium is denied."""

    card: str
    medium: str
    reason: str
    on: Day


class CategoryVerified(Model):
    """A person proved that a category holds; what they showed is not kept."""

    card: str
    person: str
    category: str
    discount: bool
    on: Day
    verify_by: Day | None = None
    decisions: Bases = ()


class CategoryLeft(Model):
    """A card went back to the usual category."""

    card: str
    category: str
    on: Day


class MediumStopped(Model):
    """A medium is denied from now on: lost, stolen, defective, misused, or stopped for a refund."""

    card: str
    medium: str
    cause: str
    on: Day
    place: str | None = None


class MediumReinstated(Model):
    """A medium that was stopped is good again; `resumes` says whether its periods are, too."""

    card: str
    medium: str
    reason: str
    on: Day
    resumes: bool


class MediumReplaced(Model):
    """A card got another medium. The account goes over to it, periods do not."""

    card: str
    medium: str
    new_medium: str
    medium_kind: str
    cause: str
    price: Won
    on: Day
    organisation: str
    agent: str | None = None


class CardBlocked(Model):
    """A card is blocked for a time; `starts` and `ends` are moments in UTC, `rides` the taps that it rests on."""

    card: str
    block: str
    cause: str
    starts: str
    ends: str | None = None
    medium: str | None = None
    rides: Names = ()
    rows: Names = ()


class CardBlockLifted(Model):
    """A block was lifted before its end."""

    card: str
    block: str
    reason: str


class OrderPlaced(Model):
    """Somebody chose a product for a card and has to pay `amount` until `expires_at`."""

    order_id: str
    card: str
    medium: str
    product: str
    category: str
    starts: Day | None = None
    amount: Won
    on: Day
    channel: str
    payment: str
    organisation: str
    agent: str | None = None
    expires_at: str
    decisions: Bases = ()


class OrderCancelled(Model):
    """An order was given up before it was paid."""

    order_id: str
    reason: str


class PaymentReceived(Model):
    """Money came. `disposition` is ``charged``, or ``held`` to be given back; `reason` says why."""

    payment: str
    order_id: str
    organisation: str
    amount: Won
    means: str
    paid_at: str
    disposition: Literal["charged", "held"]
    reason: str


class PaymentReturned(Model):
    """Money that was held went back."""

    payment: str
    order_id: str
    amount: Won
    way: str
    returned_by: str


class Charged(Model):
    """A card got a period. Its price is what was paid; `afterwards` is true for one that is billed after use."""

    card: str
    medium: str
    charge: str
    product: str
    category: str
    starts: Day
    ends: Day
    on: Day
    price: Won
    rights: str
    later_refund: Won = 0
    afterwards: bool = False
    channel: str
    payment: str
    organisation: str
    agent: str | None = None
    commission: Won = 0
    decisions: Bases = ()


class RefundAsked(Model):
    """A refund was asked for: of the whole period by the rule, of a part by a claim, or later for a finished period."""

    refund: str
    card: str
    charge: str
    kind: Literal["whole", "part", "later"]
    cause: str
    used_transit: Won | None = None
    bike_days: int | None = None
    rule: str
    least: Won
    most: Won
    way: str
    asked_by: str
    claim: str | None = None
    charges: Names = ()
    decisions: Bases = ()


class RefundPaid(Model):
    """A refund was paid, by another than who asked for it; `commission_back` is taken back from the agent who sold."""

    refund: str
    card: str
    charge: str
    kind: Literal["whole", "part", "later"]
    amount: Won
    way: str
    paid_by: str
    setting: str | None = None
    charges: Names = ()
    agent: str | None = None
    commission_back: Won = 0


class RefundRefused(Model):
    """A refund that was asked for is not paid."""

    refund: str
    card: str
    reason: str
    refused_by: str


class ClaimOpened(Model):
    """Somebody claims that something went wrong, or disputes what was decided on a claim."""

    claim: str
    card: str
    subject: str
    charge: str | None = None
    disputes: str | None = None
    opened_by: str


class ClaimDecided(Model):
    """A claim was decided; `evidence` names stream and position of the entries that were looked at."""

    claim: str
    card: str
    result: Literal["upheld", "rejected"]
    reason: str
    amount: Won
    evidence: Names
    refund: str | None = None
    decided_by: str


class SurchargeProposed(Model):
    """A surcharge for misuse was proposed to a person; nothing was charged."""

    card: str
    proposal: str
    misuse: str
    fares: Won
    least: Won
    most: Won
    rides: Names
    proposed_by: str
    decisions: Bases


class RuleFixed(Model):
    """A named role fixed what holds where a rule is unknown or only inferred, from a service day on."""

    setting: str
    starts: Day
    choose: str
    amount: Won | None = None
    fixed_by: str
    key: str
    reason: str


class AgentEnrolled(Model):
    """An agent sells for the service; commission is per mille of charges, and an amount a card."""

    agent: str
    organisation: str
    per_mille: Annotated[int, Field(ge=0, le=1000)]
    per_card: Won


class AgentStocked(Model):
    """Cards were handed to an agent, or taken back where `cards` is negative."""

    agent: str
    cards: int


class AgentRemitted(Model):
    """An agent handed over money."""

    agent: str
    amount: Won


class AgentClosed(Model):
    """An agent sells no more."""

    agent: str
    reason: str


#: Ids that follow a card, and so its holder, from entry to entry. A `payment` is an id in two kinds, else a means.
_IDS = ("card", "medium", "new_medium", "block", "order_id", "refund", "charge", "charges", "claim", "rides")


def kind_of_passes(name: str, model: type[Model], *more: str, person: str = "") -> Kind:
    """Make a kind whose ids are named anew in each period of an extract."""
    ids = tuple(field for field in model.model_fields if field in (*_IDS, *more))
    return Kind(name, 1, model, person=person, names=ids)


KINDS: tuple[Kind, ...] = (
    kind_of_passes("card-issued", CardIssued),
    kind_of_passes("card-registered", CardRegistered, person="person"),
    kind_of_passes("card-closed", CardClosed),
    kind_of_passes("category-verified", CategoryVerified, person="person"),
    kind_of_passes("category-left", CategoryLeft),
    kind_of_passes("medium-stopped", MediumStopped),
    kind_of_passes("medium-reinstated", MediumReinstated),
    kind_of_passes("medium-replaced", MediumReplaced),
    kind_of_passes("card-blocked", CardBlocked),
    kind_of_passes("card-block-lifted", CardBlockLifted),
    kind_of_passes("order-placed", OrderPlaced),
    kind_of_passes("order-cancelled", OrderCancelled),
    kind_of_passes("payment-received", PaymentReceived, "payment"),
    kind_of_passes("payment-returned", PaymentReturned, "payment"),
    kind_of_passes("charged", Charged),
    kind_of_passes("refund-asked", RefundAsked),
    kind_of_passes("refund-paid", RefundPaid),
    kind_of_passes("refund-refused", RefundRefused),
    kind_of_passes("claim-opened", ClaimOpened),
    kind_of_passes("claim-decided", ClaimDecided),
    kind_of_passes("surcharge-proposed", SurchargeProposed),
    kind_of_passes("rule-fixed", RuleFixed),
    kind_of_passes("agent-enrolled", AgentEnrolled),
    kind_of_passes("agent-stocked", AgentStocked),
    kind_of_passes("agent-remitted", AgentRemitted),
    kind_of_passes("agent-closed", AgentClosed),
    *TAP_KINDS,
    *MONEY_KINDS,
)
