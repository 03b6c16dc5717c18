"""What the pass service is sent: closed shapes, money as whole units, days and moments as ISO texts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Id = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9_./:-]*$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]
Money = Annotated[int, Field(strict=True, ge=-(10**15), le=10**15)]
#: Days and moments are held to those that calendars and zones can reckon with.
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 31))]
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2099, 12, 31, tzinfo=UTC))]
Facts = dict[Code, bool | int | float | str | list[str] | None]
Cause = Literal["lost", "stolen", "defective", "misuse", "refund"]
RefundCause = Literal["lost", "stolen", "defective", "other"]


class Closed(BaseModel):
    """A closed shape."""

    model_config = ConfigDict(extra="forbid")


class QuoteAsked(Closed):
    """What a product costs, for a card if one is given, on the service day `on` or at the moment `at`; now without.

    `facts` are what the table of channels asks beside.
    """

    product: Code
    category: Code | None = None
    card: Id | None = None
    on: Day | None = None
    at: Moment | None = None
    start: Day | None = None
    channel: Code | None = None
    payment: Code | None = None
    facts: Facts = {}


class CardAsked(Closed):
    """A card to be given out."""

    medium: Code
    channel: Code
    pays: Literal["prepaid", "postpaid"] = "prepaid"
    agent: Id | None = None


class Registration(Closed):
    """The account that a card is registered to; never a number that the state gave."""

    namespace: Code = "account"
    account: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class CategoryAsked(Closed):
    """The category that a person proves; the facts are used and not kept."""

    category: Code
    facts: Facts = {}


class StopAsked(Closed):
    """Why a medium is stopped, and at which machine."""

    cause: Cause
    place: Line | None = None


class Reason(Closed):
    """Why, in a few words, without names or numbers of persons."""

    reason: Line


class ReplacementAsked(Closed):
    """The kind of the new medium, and why."""

    medium: Code
    cause: Cause
    agent: Id | None = None


class BlockAsked(Closed):
    """A block of a card."""

    cause: Line
    starts: Moment | None = None
    ends: Moment | None = None


class LiftAsked(Closed):
    """The block that is lifted, and why."""

    block: Id
    reason: Line


class PostpaidAsked(Closed):
    """The product that a postpaid card is registered for."""

    product: Code


class OrderAsked(Closed):
    """What is chosen for a card."""

    card: Id
    product: Code
    channel: Code
    payment: Code
    category: Code | None = None
    start: Day | None = None
    agent: Id | None = None
    facts: Facts = {}


class PaymentTold(Closed):
    """What a payment provider tells. Told again, it answers again."""

    payment: Id
    order: Id
    amount: Money
    means: Code | None = None
    paid_at: Moment | None = None


class PaymentNamed(Closed):
    """The payment that is given back."""

    payment: Id


class RefundOf(Closed):
    """A period, and what it was used for where the service does not know it."""

    charge: Id
    cause: RefundCause = "other"
    used_transit: Money | None = None
    bike_days: Annotated[int, Field(strict=True, ge=-1000, le=1000)] | None = None


class LaterRefundOf(Closed):
    """A registered card, and what the table asks of the person; it is used and not kept."""

    card: Id
    facts: Facts = {}


class ClaimAsked(Closed):
    """What went wrong, or the decided claim that is disputed."""

    card: Id
    subject: Line
    charge: Id | None = None
    disputes: Id | None = None


class ClaimResult(Closed):
    """How a claim is decided, and what is granted."""

    upheld: bool
    reason: Line
    amount: Money = 0


class SettingAsked(Closed):
    """What holds where a rule is open: `setting` is the role and row that a refusal named."""

    setting: Annotated[str, StringConstraints(min_length=3, max_length=120, pattern=r"^[a-z_]+/[A-Za-z0-9_.-]+$")]
    choose: Code
    fixed_by: Line
    reason: Line
    amount: Money | None = None
    starts: Day | None = None


class SurchargeAsked(Closed):
    """Misuse that a person has looked at. The answer is a proposal."""

    card: Id
    misuse: Code
    fares: Money
    proven: bool
    rides: Annotated[list[Id], Field(max_length=1000)] = []


class FacilityAsked(Closed):
    """A card that is shown at a facility."""

    card: Id
    facility: Code


class AgentAsked(Closed):
    """An agent and the commission."""

    agent: Id
    per_mille: Annotated[int, Field(strict=True, ge=0, le=1000)] = 0
    per_card: Money = 0


class StockAsked(Closed):
    """Cards handed over, or taken back where negative."""

    cards: Annotated[int, Field(strict=True, ge=-(10**6), le=10**6)]


class RemittanceAsked(Closed):
    """Money handed over."""

    amount: Money


Answer = dict[str, Any]
