"""Billing passes that are paid after use: what was used, held to the cap of the month by the table of the pack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from donghaeng.ledger.entry import NewEntry
from donghaeng.services.passes.policy import Ruling
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.service import PassService, Use, Who, card_stream


@dataclass(frozen=True)
class Bill:
    """What a period is billed.

    Attributes:
        charge: the charge that gave the period.
        card: the card.
        use: what it was used for.
        transit: what is billed for rides.
        more: what is billed beside, such as days with a bike.
        ruling: what the table said.
    """

    charge: str
    card: str
    use: Use
    transit: int
    more: int
    ruling: Ruling

    @property
    def amount(self) -> int:
        """The whole bill."""
        return self.transit + self.more


def bill_key(charge: str) -> str:
    """Name the request that bills a period; it is billed once."""
    return f"passes/bill/{charge}"


def quote_bill(service: PassService, charge: str, use: Use | None = None) -> Bill:
    """Say what a period that is over would be billed.

    Where the value of the rides is a range, the end that is settled is billed.

    Args:
        service: the service; its `use_of` counts the rides where `use` is not given.
        charge: the charge that gave the period.
        use: what it was used for, as `bills` counts it for many periods at once.

    Raises:
        PassRefusedError: the period is not billed after use, is not over, its use or its bill is not known.
    """
    found = service.state.charge(charge)
    period, policy = found.period, service.policy
    if policy.product(period.product).pays != "postpaid" or not policy.has("bill"):
        raise PassRefusedError("not-postpaid", "the period was paid beforehand; nothing is billed for it")
    if period.ends >= service.day():
        raise PassRefusedError("period-running", f"the period runs to {period.ends}; bill it from the day after")
    if use is None and service.use_of is not None:
        use = service.use_of(found, service.section.days.end(period.ends))
    if use is None:
        raise PassRefusedError("missing-facts", "what the period was used for is not known here; give the rides")
    fares = service.section.model.fares
    used = use.most if fares is not None and fares.booking.end == "most" else use.transit
    card = service.state.card(period.card)
    facts: dict[str, Any] = {
        "category": period.category,
        "registered": card.person is not None,
        "first_month": period.starts.day > 1,
        "days_before_registration": period.starts.day - 1,
        "used_transit": used,
    }
    ruling = policy.rule("bill", period.ends, bike_days=use.bike_days, **facts)
    rides_alone = policy.rule("bill", period.ends, bike_days=0, **facts) if use.bike_days else ruling
    if ruling.amount is None or rides_alone.amount is None:
        raise PassRefusedError("rule-unknown", "the bill follows from a rule that is not known", setting=ruling.setting)
    return Bill(charge, period.card, use, rides_alone.amount, ruling.amount - rides_alone.amount, ruling)


def bill_entry(service: PassService, who: Who, made: Bill, position: int | None = None) -> NewEntry:
    """Make the entry that bills a period.

    Args:
        service: the service.
        who: who bills.
        made: the bill.
        position: where the stream of the card is expected to stand; None for anywhere.
    """
    table = made.ruling.decision.segment.table
    body: dict[str, Any] = {
        "card": made.card,
        "charge": made.charge,
        "on": made.ruling.decision.on,
        "used_transit": made.use.transit,
        "used_most": made.use.most,
        "bike_days": made.use.bike_days,
        "transit": made.transit,
        "more": made.more,
        "amount": made.amount,
        "billed_by": who.key,
        "table": f"{table.pack}/{table.id}@{table.version}",
        "rows": tuple(made.ruling.decision.rows),
    }
    key = bill_key(made.charge)
    return service.entry(
        card_stream(made.card), "postpaid-billed", body, key, position=position, rulings=(made.ruling,)
    )


def bill(service: PassService, who: Who, charge: str, use: Use | None = None) -> dict[str, Any]:
    """Bill a period that is over, once; rides that arrive later are use above the bill.

    Arguments and faults are those of `quote_bill`.

    Returns:
        What the entry says; of a period that was billed before, what it said then.
    """

    def work() -> dict[str, Any]:
        known = service.earlier(bill_key(charge), {})
        if known is not None:
            return known
        position = service.position(card_stream(service.state.charge(charge).period.card))
        made = quote_bill(service, charge, use)
        service.record(bill_entry(service, who, made, position))
        return service.earlier(bill_key(charge), {}) or {}

    return service.serially(work)
