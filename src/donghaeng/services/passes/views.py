"""What the pass service answers, as plain values for JSON: the same for the command line and the API.

Money is whole units of the pack's money; days are ISO dates; moments are ISO with their zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from donghaeng.rules.types import as_json
from donghaeng.services.passes.cards import Status
from donghaeng.services.passes.charging import PaymentAnswer
from donghaeng.services.passes.policy import Ruling, sources_of
from donghaeng.services.passes.quotes import Quote
from donghaeng.services.passes.refunds import LaterRefundQuote, RefundQuote
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.section import PassesSection
from donghaeng.services.passes.state import Agent, Block, Card, Charge, Claim, Medium, Order, Payment, Refund

Plain = dict[str, Any]


def plain(value: Any) -> Any:
    """Give a value of an outcome or of details in the form of JSON."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return as_json(value)


def ruling_view(ruling: Ruling) -> Plain:
    """Give what a table said: result, reason, kind, and what was fixed."""
    basis = plain(ruling.basis)
    return {**basis, "meaning": ruling.meaning, "because": dict(ruling.because), "decision": ruling.name}


def refusal_view(refused: PassRefusedError | None) -> Plain | None:
    """Give a refusal: code, text, words by language and details."""
    if refused is None:
        return None
    shown = {"code": refused.code, "text": refused.text, "words": dict(refused.words)}
    return {**shown, **{name: plain(one) for name, one in refused.details.items()}}


def quote_view(quote: Quote, titles: Mapping[str, Any] | None = None) -> Plain:
    """Give a quote. `amount` is null where the price is a range or there is none."""
    sources = sources_of(quote.price, titles)
    amount = quote.amount
    shown: Plain = {
        "product": quote.product,
        "category": quote.category,
        "on": quote.on.isoformat(),
        "sold": quote.price.meaning == "sold",
        "result": quote.price.meaning,
        "amount": amount,
        "amount_from": quote.least if amount is None else None,
        "amount_to": quote.most if amount is None else None,
        "later_refund": quote.later_refund,
        "cap": None if quote.cap is None or quote.cap[0] != quote.cap[1] else quote.cap[0],
        "cap_from": None if quote.cap is None or quote.cap[0] == quote.cap[1] else quote.cap[0],
        "cap_to": None if quote.cap is None or quote.cap[0] == quote.cap[1] else quote.cap[1],
        "valid_from": quote.valid_from.isoformat() if quote.valid_from else None,
        "source": sources[0]["source"] if sources else None,
        "sources": sources,
        "kind": quote.price.decision.kind,
        "reason": quote.price.decision.reason,
        "because": dict(quote.price.because),
        "starts": plain(quote.starts),
        "ends": plain(quote.ends),
        "earliest_start": plain(quote.earliest),
        "latest_start": plain(quote.latest),
        "extends": quote.extends,
        "rights": quote.rights.split("+") if quote.rights else [],
        "warnings": [dict(one) for one in quote.warnings],
        "refused": refusal_view(quote.refused),
        "decisions": [ruling_view(one) for one in quote.rulings],
    }
    safe = quote.price.outcome.get("last_safe_day")
    if safe is not None:
        shown["last_safe_day"] = plain(safe)
    for one in quote.rulings:
        fee = one.outcome.get("fee_percent") if one.role == "channel" else None
        if fee is not None:
            shown["fee_percent"] = plain(fee)
    return shown


def card_view(card: Card, medium: Medium | None = None) -> Plain:
    """Give a card; whether it is registered, not to whom."""
    shown: Plain = {
        "card": card.card,
        "medium": card.medium,
        "pays": card.pays,
        "state": card.state,
        "issued_at": card.issued_at,
        "registered": card.person is not None,
        "registered_on": plain(card.registered_on),
        "category": card.category,
        "verified_on": plain(card.verified_on),
        "verify_by": plain(card.verify_by),
    }
    if medium is not None:
        shown["medium"] = medium_view(medium)
    return shown


def medium_view(medium: Medium) -> Plain:
    """Give a medium."""
    return {
        "medium": medium.medium,
        "kind": medium.kind,
        "state": medium.state,
        "cause": medium.cause,
        "denied_at": medium.denied_at,
    }


def charge_view(charge: Charge) -> Plain:
    """Give a period with what became of it."""
    period = charge.period
    return {
        "charge": period.charge,
        "product": period.product,
        "category": period.category,
        "starts": period.starts.isoformat(),
        "ends": period.ends.isoformat(),
        "charged_on": charge.charged_on.isoformat(),
        "charged_at": period.charged_at,
        "price": period.price,
        "rights": period.rights.split("+") if period.rights else [],
        "medium": period.medium,
        "state": charge.state,
        "stopped_at": charge.stopped_at,
        "refunded": charge.refunded,
        "later_refunded": charge.later_refunded,
    }


def block_view(block: Block) -> Plain:
    """Give a block."""
    names = ("block", "cause", "starts", "ends", "lifted_at")
    return {name: getattr(block, name) for name in names}


def status_view(section: PassesSection, status: Status) -> Plain:
    """Give what a card may do at a moment."""
    current = status.current
    closes = section.days.end(current.period.ends).isoformat() if current else None
    return {
        "card": status.card.card,
        "at": status.at.isoformat(),
        "day": status.day.isoformat(),
        "usable": status.usable,
        "reason": status.reason,
        "days_left": status.days_left,
        "words": dict(section.model.gates.words.get(status.reason, {})),
        "state": status.card.state,
        "pays": status.card.pays,
        "category": status.card.category,
        "category_verified": status.verified,
        "verify_by": plain(status.card.verify_by),
        "registered": status.card.person is not None,
        "medium": medium_view(status.medium),
        "period": {**charge_view(current), "closes_at": closes} if current else None,
        "periods": [charge_view(one) for one in status.charges],
        "blocks": [block_view(one) for one in status.blocks],
    }


def order_view(order: Order) -> Plain:
    """Give an order."""
    return {
        "order": order.order_id,
        "card": order.card,
        "product": order.product,
        "category": order.category,
        "starts": plain(order.starts),
        "amount": order.amount,
        "channel": order.channel,
        "payment": order.payment,
        "agent": order.agent,
        "state": order.state,
        "placed_at": order.placed_at,
        "expires_at": order.expires_at,
    }


def payment_view(payment: Payment) -> Plain:
    """Give a payment, by the id that the payment provider gave it."""
    return {
        "payment": payment.payment.partition(":")[2],
        "order": payment.order_id,
        "amount": payment.amount,
        "means": payment.means,
        "paid_at": payment.paid_at,
        "disposition": payment.disposition,
        "reason": payment.reason,
        "returned_at": payment.returned_at,
    }


def payment_answer_view(answer: PaymentAnswer) -> Plain:
    """Give what became of a payment."""
    period = charge_view(answer.charge) if answer.charge else None
    return {**payment_view(answer.payment), "repeated": answer.repeated, "period": period}


def refund_quote_view(quote: RefundQuote) -> Plain:
    """Give what a refund would be now."""
    amount = quote.amount
    dates = {name: plain(quote.ruling.outcome.get(name)) for name in ("act_by", "web_claim_by")}
    return {
        "charge": quote.charge.period.charge,
        "result": quote.ruling.meaning,
        "amount": amount,
        "amount_from": quote.least if amount is None else None,
        "amount_to": quote.most if amount is None else None,
        "used_transit": quote.use.transit if quote.use else None,
        "used_transit_to": quote.use.most if quote.use else None,
        "bike_days": quote.use.bike_days if quote.use else None,
        "way": quote.way,
        "reason": quote.ruling.decision.reason,
        "kind": quote.ruling.decision.kind,
        "because": dict(quote.ruling.because),
        "setting": quote.setting,
        **dates,
        "refused": refusal_view(quote.refused),
        "decisions": [ruling_view(quote.ruling)],
    }


def refund_view(refund: Refund) -> Plain:
    """Give a refund that was asked for."""
    exact = refund.least == refund.most
    return {
        "refund": refund.refund,
        "card": refund.card,
        "charge": refund.charge,
        "kind": refund.kind,
        "cause": refund.cause,
        "rule": refund.rule,
        "amount": refund.least if exact else None,
        "amount_from": None if exact else refund.least,
        "amount_to": None if exact else refund.most,
        "state": refund.state,
        "asked_at": refund.asked_at,
        "paid_at": refund.paid_at,
        "paid": refund.paid,
    }


def later_refund_view(quote: LaterRefundQuote) -> Plain:
    """Give what is paid back for finished periods."""
    return {
        "result": quote.ruling.meaning,
        "amount": quote.amount,
        "periods": [charge_view(one) for one in quote.charges],
        "each": dict(quote.each),
        "because": dict(quote.ruling.because),
        "reason": quote.ruling.decision.reason,
        "refused": refusal_view(quote.refused),
        "decisions": [ruling_view(quote.ruling)],
    }


def claim_view(claim: Claim) -> Plain:
    """Give a claim."""
    return asdict(claim)


def agent_view(agent: Agent) -> Plain:
    """Give an agent with what is owed."""
    return {**asdict(agent), "owes": agent.owes}


def surcharge_view(ruling: Ruling) -> Plain:
    """Give a proposed surcharge: a proposal and never a charge."""
    return {
        "result": ruling.meaning,
        "amount_from": ruling.least,
        "amount_to": ruling.most,
        "because": dict(ruling.because),
        "decisions": [ruling_view(ruling)],
    }


def facility_view(ruling: Ruling) -> Plain:
    """Give the discount at a facility."""
    return {
        "result": ruling.meaning,
        "percent": plain(ruling.outcome.get("percent")),
        "because": dict(ruling.because),
        "decisions": [ruling_view(ruling)],
    }


def catalogue_view(section: PassesSection) -> Plain:
    """Give what is sold, and where: what a counter or a machine shows."""
    model = section.model
    return {
        "pack": section.pack,
        "version": section.version,
        "title": dict(model.title),
        "timezone": model.timezone,
        "service_day_starts": model.service_day.value,
        "products": {code: one.model_dump(mode="json") for code, one in model.products.items()},
        "categories": {code: one.model_dump(mode="json") for code, one in model.categories.items()},
        "media": {code: one.model_dump(mode="json") for code, one in model.media.items()},
        "channels": {code: one.model_dump(mode="json") for code, one in model.channels.items()},
        "payments": {code: one.model_dump(mode="json") for code, one in model.payments.items()},
        "rights": {code: one.model_dump(mode="json") for code, one in model.rights.items()},
    }
