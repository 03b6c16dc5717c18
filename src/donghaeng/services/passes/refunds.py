"""Money back: what a refund would be, who asks for it, and who pays it, which are two.

A refund of the whole ends a period by the rule of the pack. A part is granted by a claim. A later refund is paid for
periods that ran to their end. Where the rule is unknown or only inferred, the amount is a range, and nothing is paid
until a named role has fixed what holds; that is an entry of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import msgspec

from donghaeng.services.passes.agents import commission_back
from donghaeng.services.passes.policy import Ruling
from donghaeng.services.passes.quotes import needs_setting, words
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.service import VALUE_OF_USE, PassService, Use, Who, card_stream
from donghaeng.services.passes.state import Card, Charge, Refund, moment_of

#: Causes of a refund; those other than ``other`` stop the medium for themselves.
CAUSES = ("lost", "stolen", "defective", "other")


@dataclass(frozen=True)
class RefundQuote:
    """What a refund would be now.

    Attributes:
        charge: the period.
        ruling: what the table said.
        use: what the period was used for; None where it is not known.
        least: what would be paid, lower end.
        most: upper end; the same where the amount is exact.
        way: where it goes: ``bank_account`` or ``cancellation``.
        refused: why it cannot be asked for; None where it can.
    """

    charge: Charge
    ruling: Ruling
    use: Use | None
    least: int | None
    most: int | None
    way: str
    refused: PassRefusedError | None

    @property
    def amount(self) -> int | None:
        """The amount, where it is exact."""
        return self.least if self.least == self.most else None

    @property
    def setting(self) -> str:
        """What may be fixed to settle a range: the rule, or the value of use where that is a range itself."""
        return VALUE_OF_USE if self.use is not None and self.use.most > self.use.transit else self.ruling.setting


def quote_refund(
    service: PassService,
    *,
    charge: str,
    cause: str = "other",
    used_transit: int | None = None,
    bike_days: int | None = None,
) -> RefundQuote:
    """Say what a refund of a period would be now, without changing anything.

    Args:
        service: the service.
        charge: the charge that gave the period.
        cause: why: lost, stolen, defective or other.
        used_transit: value of its rides, where the service does not know it.
        bike_days: days with a bike, likewise.

    Raises:
        PassRefusedError: no such period, an unknown cause, or a pack without refunds.
    """
    if cause not in CAUSES:
        raise PassRefusedError("unknown-code", f"no such cause; expected one of {', '.join(CAUSES)}")
    policy = service.policy
    found = service.state.charge(charge)
    if not policy.has("refund"):
        raise PassRefusedError("not-refundable", "the pack has no rule for refunds")
    if any(value is not None and value < 0 for value in (used_transit, bike_days)):
        raise PassRefusedError("amount-out-of-range", "what was used is not less than nothing")
    card = service.state.card(found.period.card)
    medium = service.state.medium(found.period.medium)
    assert medium is not None  # noqa: S101 - a period is on a medium
    use = service.use_of(found, service.clock()) if service.use_of is not None else None
    if use is None and used_transit is not None:
        use = Use(used_transit, bike_days or 0)
    stopped_on = service.day(moment_of(found.stopped_at)) if found.stopped_at else None
    asked = partial(
        policy.rule,
        "refund",
        service.day(),
        product=found.period.product,
        category=found.period.category,
        medium=policy.medium(medium.kind).rule or medium.kind,
        registered=card.person is not None,
        stopped_in_period=stopped_on is not None and stopped_on <= found.period.ends,
        period_start=found.period.starts,
        period_end=found.period.ends,
        charge=found.period.price,
        bike_days=use.bike_days if use else None,
        cause=cause,
    )
    ruling = asked(used_transit=use.transit if use else None)
    least, most = _bounds(found, ruling)
    if use is not None and use.most > use.transit and least is not None and most is not None:
        # What was used is a range itself, so what is paid back is one at least as wide.
        other = _bounds(found, asked(used_transit=use.most))
        least, most = min(least, *(one or 0 for one in other)), max(most, *(one or 0 for one in other))
    refused = _refused(service, found, ruling, cause)
    return RefundQuote(found, ruling, use, least, most, _way(service, found), refused)


def _bounds(charge: Charge, ruling: Ruling) -> tuple[int | None, int | None]:
    """Give the range of what is paid: never below nothing, never more than what is left of the price."""
    if ruling.meaning == "not_refundable":
        return 0, 0
    if ruling.least is None or ruling.most is None:
        return None, None
    return tuple(min(max(amount, 0), charge.left) for amount in (ruling.least, ruling.most))  # type: ignore[return-value]


def _refused(service: PassService, charge: Charge, ruling: Ruling, cause: str) -> PassRefusedError | None:
    if charge.state == "refunded" or any(
        one.whole_of == charge.period.charge for one in service.state.refunds_of(charge.period.card)
    ):
        return PassRefusedError("refund-asked", "a refund of this period was asked for before")
    if ruling.decision.missing:
        missing = list(ruling.decision.missing)
        return PassRefusedError("missing-facts", f"facts are missing: {', '.join(missing)}", missing=missing)
    if ruling.meaning == "not_refundable":
        return PassRefusedError("not-refundable", words(ruling), reason=ruling.decision.reason)
    if ruling.least is None:
        return needs_setting(ruling)
    medium = service.state.medium(charge.period.medium)
    if medium is not None and service.policy.medium(medium.kind).stop_first:
        is_running = charge.period.ends >= service.day()
        if is_running and charge.state != "stopped" and cause == "other":
            text = "the card is stopped at a machine first, and the refund asked for then"
            return PassRefusedError("stop-first", text, act_by=charge.period.ends)
    return None


def _way(service: PassService, charge: Charge) -> str:
    """Say where money goes back to, by the means with which the period was paid."""
    order = service.state.find_order(charge.period.charge)
    means = service.section.model.payments.get(order.payment) if order else None
    return means.back_to if means else "bank_account"


def ask_refund(
    service: PassService,
    who: Who,
    key: str,
    *,
    charge: str,
    cause: str = "other",
    used_transit: int | None = None,
    bike_days: int | None = None,
    refund: str | None = None,
) -> Refund:
    """Ask for the refund of a whole period; its medium is denied from now on. It cannot be withdrawn.

    Args:
        service: the service.
        who: who asks, or takes the request in.
        key: names the request.
        charge: the charge that gave the period.
        cause: why.
        used_transit: value of its rides, where the service does not know it.
        bike_days: days with a bike, likewise.
        refund: id of the refund; None for a new one.

    Raises:
        PassRefusedError: why it cannot be asked for.
    """
    own_key = service.key(who, "refund", key)
    asked: dict[str, Any] = {"charge": charge, "cause": cause, "kind": "whole"}
    asked |= {"refund": refund} if refund else {}
    card = service.state.charge(charge).period.card

    def work() -> str:
        if (known := service.earlier(own_key, asked)) is not None:
            return str(known["refund"])
        position: int | None = service.position(card_stream(card))
        made = quote_refund(service, charge=charge, cause=cause, used_transit=used_transit, bike_days=bike_days)
        if made.refused is not None:
            raise made.refused
        entries = []
        medium = service.state.medium(made.charge.period.medium)
        if medium is not None and medium.state == "active":
            stop = {"card": card, "medium": medium.medium, "cause": "refund" if cause == "other" else cause}
            body = stop | {"on": service.day()}
            entries.append(
                service.entry(card_stream(card), "medium-stopped", body, f"{own_key}/stop", position=position)
            )
            position = None
        new = refund or service.new_id()
        body = asked | {
            "refund": new,
            "card": card,
            "used_transit": made.use.transit if made.use else None,
            "bike_days": made.use.bike_days if made.use else None,
            "rule": made.setting,
            "least": made.least,
            "most": made.most,
            "way": made.way,
            "asked_by": who.key,
            "decisions": (made.ruling.basis,),
        }
        entries.append(
            service.entry(card_stream(card), "refund-asked", body, own_key, position=position, rulings=(made.ruling,))
        )
        service.record(*entries)
        return new

    return service.state.refund(service.serially(work))


def pay_refund(service: PassService, who: Who, key: str, *, refund: str) -> Refund:
    """Pay a refund that another key asked for.

    The amount is that of the request; of a range, what a named role has fixed by today for the rule.

    Raises:
        PassRefusedError: no such refund, the same key asked for it, it was paid or refused, the amount is a range and
            nothing was fixed, or more than what is left of the price would be paid.
    """
    own_key = service.key(who, "pay", key)
    asked: dict[str, Any] = {"refund": refund}

    def work() -> None:
        if service.earlier(own_key, asked) is not None:
            return
        card = service.state.refund(refund).card
        position = service.position(card_stream(card))
        found = service.state.refund(refund)
        if found.state != "asked":
            raise PassRefusedError("refund-paid", f"the refund was {found.state} before")
        if found.asked_by == who.key:
            raise PassRefusedError("same-key", "who asked for a refund does not pay it; another key does")
        amount, setting = _to_pay(service, found)
        charges = _charges_of(service, found)
        left = sum(one.left for one in charges)
        if amount > left:
            raise PassRefusedError("range-exceeded", f"{left:,} is left of the price; pay no more", left=left)
        if amount <= 0:
            raise PassRefusedError("nothing-to-pay", "the refund comes to nothing; refuse it instead")
        body = asked | {
            "card": card,
            "charge": found.charge,
            "kind": found.kind,
            "amount": amount,
            "way": _way(service, charges[0]),
            "paid_by": who.key,
            "setting": setting,
            "charges": tuple(one.period.charge for one in charges) if found.kind == "later" else (),
        }
        if found.kind != "later":
            body["agent"], body["commission_back"] = commission_back(service, charges[0], amount)
        service.record(service.entry(card_stream(card), "refund-paid", body, own_key, position=position))

    service.serially(work)
    return service.state.refund(refund)


def _to_pay(service: PassService, refund: Refund) -> tuple[int, str | None]:
    if refund.least == refund.most:
        return refund.least, None
    fixed = service.state.fixed_on(refund.rule, service.day())
    if fixed is None or fixed.choose not in {"least", "most", "amount"}:
        text = f"the amount is {refund.least:,} to {refund.most:,}; a named role fixes {refund.rule} first"
        details: dict[str, Any] = {"setting": refund.rule, "amount_from": refund.least, "amount_to": refund.most}
        raise PassRefusedError("setting-needed", text, **details)
    chosen = {"least": refund.least, "most": refund.most}.get(fixed.choose, fixed.amount or 0)
    return min(max(chosen, refund.least), refund.most), fixed.setting


def _charges_of(service: PassService, refund: Refund) -> list[Charge]:
    """Give the periods that a refund pays back; the first is the one that it is booked on."""
    if refund.kind != "later":
        return [service.state.charge(refund.charge)]
    for entry in service.ledger.stream(card_stream(refund.card)):
        if entry.kind == "refund-asked":
            body = msgspec.json.decode(entry.body)
            if body["refund"] == refund.refund:
                return [service.state.charge(charge) for charge in body["charges"]]
    raise PassRefusedError("unknown-refund", "there is no refund of this id; look at how it is written")


def refuse_refund(service: PassService, who: Who, key: str, *, refund: str, reason: str) -> Refund:
    """Refuse a refund that was asked for; it may be asked for again.

    Raises:
        PassRefusedError: no such refund, or it was paid or refused.
    """
    own_key = service.key(who, "refuse", key)
    asked: dict[str, Any] = {"refund": refund, "reason": reason}

    def work() -> None:
        if service.earlier(own_key, asked) is not None:
            return
        card = service.state.refund(refund).card
        position = service.position(card_stream(card))
        found = service.state.refund(refund)
        if found.state != "asked":
            raise PassRefusedError("refund-paid", f"the refund was {found.state} before")
        body = asked | {"card": card, "refused_by": who.key}
        service.record(service.entry(card_stream(card), "refund-refused", body, own_key, position=position))

    service.serially(work)
    return service.state.refund(refund)


@dataclass(frozen=True)
class LaterRefundQuote:
    """What is paid back for periods that ran to their end.

    Attributes:
        ruling: what the table said.
        charges: the periods that count and were not paid back, in order of their starts.
        amount: what would be paid.
        each: what would be paid for each of the first periods.
        refused: why it cannot be asked for now; None where it can.
    """

    ruling: Ruling
    charges: tuple[Charge, ...]
    amount: int
    each: Mapping[str, int]
    refused: PassRefusedError | None = None


def quote_later_refund(service: PassService, *, card: str, facts: Mapping[str, Any]) -> LaterRefundQuote:
    """Say what is paid back for the finished periods of the person who registered a card.

    A period counts when the rule of the day of the charge, or of its first day, promised a later refund to some
    category that must be verified, it ran to its end without being stopped or refunded, and, on a medium where the
    pack says so, it began when the card was registered.

    Raises:
        PassRefusedError: the card is not registered, facts are missing, or the pack has no such refund.
    """
    policy = service.policy
    if not policy.has("later_refund"):
        raise PassRefusedError("not-refundable", "the pack has no later refund")
    found = service.state.card(card)
    if found.person is None:
        raise PassRefusedError("card-not-registered", "only registered cards count; register it first")
    day = service.day()
    paid, open_ = [], []
    for one in service.state.cards_of(found.person):
        for charge in service.state.charges_of(one.card):
            promised = _promised(service, one, charge, day)
            if promised and charge.later_refunded:
                paid.append(charge)
            elif promised:
                open_.append((charge, promised))
    open_.sort(key=lambda pair: (pair[0].period.starts, pair[0].period.charge))
    ruling = policy.rule("later_refund", day, facts, completed_periods=len(paid) + len(open_), paid_periods=len(paid))
    if ruling.decision.missing:
        missing = list(ruling.decision.missing)
        raise PassRefusedError("missing-facts", f"facts are missing: {', '.join(missing)}", missing=missing)
    amount = ruling.amount or 0 if ruling.meaning == "payable" else 0
    each: dict[str, int] = {}
    for charge, promised in open_:
        if sum(each.values()) + promised <= amount:
            each[charge.period.charge] = promised
    refused = None
    if not service.section.is_open("later_refund", service.clock()):
        refused = PassRefusedError("not-open", "it cannot be asked for at this hour; the pack has the hours")
    elif ruling.meaning != "payable" or not each:
        is_closed = ruling.meaning in {"not_open", "closed"}
        code = "not-open" if is_closed else "not-refundable"
        refused = PassRefusedError(code, words(ruling), reason=ruling.decision.reason)
    return LaterRefundQuote(ruling, tuple(charge for charge, _ in open_), sum(each.values()), each, refused)


def _promised(service: PassService, card: Card, charge: Charge, day: date) -> int:
    """Give what is paid back for a period that ran to its end; 0 for nothing."""
    period = charge.period
    if charge.state != "active" or period.ends >= day:
        return 0
    medium = service.state.medium(period.medium)
    is_before = card.registered_on is None or period.starts < card.registered_on
    if medium is not None and service.policy.medium(medium.kind).counts_registered and is_before:
        return 0
    for code in service.policy.product(period.product).categories:
        if not service.section.model.categories[code].verified:
            continue
        # Promised where it was charged, or to periods that start then: charged before, it may start in that time.
        for on in (charge.charged_on, period.starts):
            price = service.policy.rule("price", on, product=period.product, category=code)
            later = price.outcome.get("later_refund")
            # What was bought at a lower price already gets nothing more.
            if later and price.amount == period.price:
                return int(later)
    return 0


def ask_later_refund(service: PassService, who: Who, key: str, *, card: str, facts: Mapping[str, Any]) -> Refund:
    """Ask for what is paid back for finished periods; what the person says of themselves is not kept.

    Raises:
        PassRefusedError: nothing is payable now, one was asked for and not settled, or facts are missing.
    """
    own_key = service.key(who, "later-refund", key)
    asked: dict[str, Any] = {"card": card, "kind": "later"}

    def work() -> str:
        if (known := service.earlier(own_key, asked)) is not None:
            return str(known["refund"])
        position = service.position(card_stream(card))
        made = quote_later_refund(service, card=card, facts=facts)
        if made.refused is not None:
            raise made.refused
        person = service.state.card(card).person or ""
        for one in service.state.cards_of(person):
            if any(refund.kind == "later" and refund.state == "asked" for refund in service.state.refunds_of(one.card)):
                raise PassRefusedError("refund-asked", "a later refund of this person is being settled")
        refund = service.new_id()
        body = asked | {
            "refund": refund,
            "charge": next(iter(made.each)),
            "cause": "completed",
            "rule": made.ruling.setting,
            "least": made.amount,
            "most": made.amount,
            "way": "bank_account",
            "asked_by": who.key,
            "charges": tuple(made.each),
            "decisions": (made.ruling.basis,),
        }
        entry = service.entry(
            card_stream(card), "refund-asked", body, own_key, position=position, rulings=(made.ruling,)
        )
        service.record(entry)
        return refund

    return service.state.refund(service.serially(work))
