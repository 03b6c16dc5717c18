"""From choice to period: an order is placed, money comes, and the card gets its period, each once.

An order changes nothing on the card. What a card gets is decided again when money comes, in the order in which
payments are recorded on the stream of the card, so two machines that charge one card at once follow one another. Every
payment ends as a period or as money that is held to be given back, and says why; no answer loses or doubles it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from donghaeng.services.passes.agents import commission_on_charge, selling_agent
from donghaeng.services.passes.cards import verification
from donghaeng.services.passes.policy import Ruling
from donghaeng.services.passes.quotes import Quote, quote
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.service import PassService, Who, card_stream, order_stream, utc
from donghaeng.services.passes.service_day import Period
from donghaeng.services.passes.state import Card, Charge, Order, Payment

#: Minutes within which an order must be paid, where the pack has no setting ``order_minutes``.
ORDER_MINUTES = 30
#: A payment may be told with a clock that is so much ahead of ours.
CLOCK_AHEAD = timedelta(minutes=5)
LARGEST_PAYMENT = 100_000_000


def quote_for(
    service: PassService,
    *,
    product: str,
    category: str | None = None,
    start: date | None = None,
    card: str | None = None,
    channel: str | None = None,
    payment: str | None = None,
    told: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Quote:
    """Say what a product costs now, for a card if one is given, without changing anything.

    Without a card the category is taken as it is asked for. With one, a discount needs a verification that holds: where
    it has lapsed, the usual category is charged, as the table of verification says.

    Raises:
        PassRefusedError: no such card, or unknown codes.
    """
    moment = (at or service.clock()).astimezone(service.section.days.zone)
    day, today = service.day(moment), moment.date()
    policy = service.policy
    usual = service.section.usual_category
    if card is None:
        asked_of = category or usual
        more: dict[str, Any] = {"channel": channel, "payment": payment, "told": told}
        return quote(policy, product, asked_of, day, today=today, start=start, **more)
    found = service.state.card(card)
    asked = category or found.category
    policy.check_code("categories", asked)
    refused, lapsed = _category(service, found, product, asked, day)
    if lapsed is not None:
        asked = usual
    made = quote(
        policy,
        product,
        asked,
        day,
        today=today,
        start=start,
        present=present_period(service.state.charges_of(card), day),
        channel=channel,
        payment=payment,
        told=told,
    )
    refused = _card_refuses(service, found, product) or refused or made.refused
    rulings, warnings = made.rulings, made.warnings
    if lapsed is not None:
        rulings, warnings = (*rulings, lapsed), (lapsed.because, *warnings)
    values = {name: getattr(made, name) for name in made.__dataclass_fields__}
    return Quote(**(values | {"rulings": rulings, "warnings": warnings, "refused": refused}))


def present_period(charges: tuple[Charge, ...], day: date) -> Period | None:
    """Give the period of a card that ends last, where it is not over on a day."""
    running = [one.period for one in charges if one.state == "active" and one.period.ends >= day]
    return max(running, key=lambda period: period.ends, default=None)


def _category(
    service: PassService, card: Card, product: str, category: str, day: date
) -> tuple[PassRefusedError | None, Ruling | None]:
    """Say why a card cannot be charged in a category, or that its verification has lapsed."""
    sold = service.policy.product(product)
    if len(sold.categories) == 1 or not service.section.model.categories[category].verified:
        return None, None
    if card.category != category:
        text = f"the card is not verified for {category}; verify it first, or charge {card.category}"
        return PassRefusedError("not-eligible", text), None
    ruling = verification(service, card, day)
    if ruling is None or ruling.meaning in {"valid", "not_needed"}:
        return None, None
    if ruling.meaning == "lapsed":
        return None, ruling
    return PassRefusedError("not-eligible", "the verification of the category does not hold"), None


def _card_refuses(service: PassService, card: Card, product: str) -> PassRefusedError | None:
    """Say why a card cannot be charged at all."""
    sold = service.policy.product(product)
    if card.state == "closed":
        return PassRefusedError("card-closed", "the card was closed; give out another one")
    medium = service.state.medium(card.medium)
    if medium is None or (medium.state != "active" and medium.cause != "refund"):
        return PassRefusedError("medium-denied", "the medium was stopped; replace it, or reinstate it")
    if sold.pays != card.pays:
        return PassRefusedError(f"not-{sold.pays}", f"the product is {sold.pays}, the card {card.pays}")
    if medium.kind not in sold.media:
        return PassRefusedError("wrong-medium", f"{product} is not sold on {medium.kind}")
    return None


def place_order(
    service: PassService,
    who: Who,
    key: str,
    *,
    card: str,
    product: str,
    channel: str,
    payment: str,
    category: str | None = None,
    start: date | None = None,
    agent: str | None = None,
    told: Mapping[str, Any] | None = None,
    order: str | None = None,
) -> tuple[Order, Quote | None]:
    """Choose a product for a card; it is to be paid within some minutes.

    Args:
        service: the service.
        who: who sells.
        key: names the request.
        card: id of the card.
        product: code of the product.
        channel: where it is charged.
        payment: means of payment.
        category: category that is asked for; None for that of the card.
        start: chosen first day; None for the first possible one.
        agent: the agent who sells.
        told: what the table of channels asks beside, such as the line of the station.
        order: id of the order; None for a new one.

    Returns:
        The order, and the quote that it follows; None for a request that was made before.

    Raises:
        PassRefusedError: why it cannot be ordered.
    """
    service.policy.check_code("payments", payment)
    own_key = service.key(who, "order", key)
    asked: dict[str, Any] = {"card": card, "product": product, "channel": channel, "payment": payment, "agent": agent}
    asked |= {"starts": start} | ({"order_id": order} if order else {})
    quotes: list[Quote] = []

    def work() -> str:
        quotes.clear()
        if (known := service.earlier(own_key, asked)) is not None:
            return str(known["order_id"])
        made = quote_for(
            service,
            product=product,
            category=category,
            start=start,
            card=card,
            channel=channel,
            payment=payment,
            told=told,
        )
        if made.refused is not None:
            raise made.refused
        if made.amount is None:
            raise PassRefusedError("not-prepaid", "the product is billed after use; register the card for it")
        selling_agent(service, who, agent)
        found = service.state.card(card)
        now = service.clock()
        minutes = service.section.setting("order_minutes", ORDER_MINUTES)
        new = order or service.new_id()
        body = asked | {
            "order_id": new,
            "medium": found.medium,
            "category": made.category,
            "amount": made.amount,
            "on": made.on,
            "organisation": who.organisation,
            "expires_at": utc(now + timedelta(minutes=minutes)),
            "decisions": tuple(one.basis for one in made.rulings),
        }
        entry = service.entry(order_stream(new), "order-placed", body, own_key, position=0, rulings=made.rulings)
        service.record(entry)
        quotes.append(made)
        return new

    placed = service.serially(work)
    return service.state.order(placed, who.organisation), quotes[0] if quotes else None


def cancel_order(service: PassService, who: Who, key: str, *, order: str, reason: str) -> Order:
    """Give an order up before it is paid.

    Raises:
        PassRefusedError: no such order, or it was paid or given up.
    """
    own_key = service.key(who, "cancel", key)
    asked: dict[str, Any] = {"order_id": order, "reason": reason}

    def work() -> None:
        if service.earlier(own_key, asked) is not None:
            return
        position = service.position(order_stream(order))
        found = service.state.order(order, who.organisation)
        if found.state != "open":
            code = "order-paid" if found.state == "paid" else "order-closed"
            raise PassRefusedError(code, f"the order is {found.state}; ask for a refund if it was paid")
        service.record(service.entry(order_stream(order), "order-cancelled", asked, own_key, position=position))

    service.serially(work)
    return service.state.order(order, who.organisation)


@dataclass(frozen=True)
class PaymentAnswer:
    """What became of a payment.

    Attributes:
        payment: the payment; ``charged``, or ``held`` to be given back.
        charge: the period that it gave; None for money that is held.
        repeated: whether it was told before.
    """

    payment: Payment
    charge: Charge | None
    repeated: bool


def receive_payment(
    service: PassService,
    who: Who,
    *,
    payment: str,
    order: str,
    amount: int,
    means: str | None = None,
    paid_at: datetime | None = None,
) -> PaymentAnswer:
    """Take in that an order was paid; told again, it answers again and changes nothing.

    Args:
        service: the service.
        who: who tells it.
        payment: id of the payment with the payment provider, which names the request.
        order: the order.
        amount: what was paid, whole units of money.
        means: means of payment; None for that of the order.
        paid_at: when it was paid; None for now.

    Returns:
        What became of it. The reason of money that is held: ``unknown-order``, ``order-paid``, ``order-cancelled``,
        ``order-expired``, ``wrong-amount``, ``not-sold``, ``price-changed``, ``start-passed``, or the code for which an
        order would be refused now, such as ``too-early`` where another machine charged the card first.

    Raises:
        PassRefusedError: an amount or time that no payment has, or the id stands for another payment. Nothing is
            recorded then.
    """
    if not 0 < amount <= LARGEST_PAYMENT:
        raise PassRefusedError("amount-out-of-range", f"an amount is 1 to {LARGEST_PAYMENT:,}; correct it")
    now = service.clock()
    when = (paid_at or now).astimezone(service.section.days.zone)
    if when > now + CLOCK_AHEAD or when < now - timedelta(days=366):
        raise PassRefusedError("time-out-of-range", "paid_at lies in the future or is older than a year; correct it")
    if means is not None:
        service.policy.check_code("payments", means)
    own_key = service.key(who, "payment", payment)
    name = f"{who.organisation}:{payment}"
    asked: dict[str, Any] = {"payment": name, "order_id": order, "amount": amount}
    if means is not None:
        asked["means"] = means

    def work() -> bool:
        if service.earlier(own_key, asked) is not None:
            return True
        order_position = service.position(order_stream(order))
        found = service.state.find_order(order)
        if found is None or found.organisation != who.organisation:
            body = _payment_body(asked, who, means or "unknown", when, "held", "unknown-order")
            service.record(
                service.entry(order_stream(f"unknown/{who.organisation}"), "payment-received", body, own_key)
            )
            return False
        card_position = service.position(card_stream(found.card))
        made, reason = _what_it_pays(service, found, amount, when)
        paid_by = means or found.payment
        if made is None or reason:
            body = _payment_body(asked, who, paid_by, when, "held", reason)
            entry = service.entry(order_stream(order), "payment-received", body, own_key, position=order_position)
            service.record(entry)
            return False
        body = _payment_body(asked, who, paid_by, when, "charged", "paid")
        entries = [
            service.entry(
                order_stream(order), "payment-received", body, own_key, position=order_position, rulings=made.rulings
            )
        ]
        card = service.state.card(found.card)
        medium = service.state.medium(card.medium)
        stream = card_stream(found.card)
        after = card_position
        if medium is not None and medium.state == "stopped":
            # Its old periods were refunded or will be; the new one is written on the medium anew.
            back = {"card": card.card, "medium": card.medium, "reason": "charged anew", "on": made.on, "resumes": False}
            key = f"passes/charge/{order}/reinstated"
            entries.append(service.entry(stream, "medium-reinstated", back, key, position=after))
            after += 1
        agent = service.state.find_agent(found.agent) if found.agent else None
        charged = {
            "card": found.card,
            "medium": card.medium,
            "charge": order,
            "product": found.product,
            "category": made.category,
            "starts": made.starts,
            "ends": made.ends,
            "on": made.on,
            "price": amount,
            "rights": made.rights,
            "later_refund": made.later_refund,
            "channel": found.channel,
            "payment": paid_by,
            "organisation": who.organisation,
            "agent": found.agent,
            "commission": commission_on_charge(agent, amount),
            "decisions": tuple(one.basis for one in made.rulings),
        }
        position = after if after == card_position else None
        entries.append(
            service.entry(stream, "charged", charged, f"passes/charge/{order}", position=position, rulings=made.rulings)
        )
        service.record(*entries)
        return False

    repeated = service.serially(work)
    known = service.state.payment(name)
    assert known is not None  # noqa: S101 - it was just recorded
    charge = service.state.charge(order) if known.disposition == "charged" else None
    return PaymentAnswer(known, charge, repeated)


def _payment_body(
    asked: Mapping[str, Any], who: Who, means: str, when: datetime, disposition: str, reason: str
) -> dict[str, Any]:
    more = {"means": means, "paid_at": utc(when), "disposition": disposition, "reason": reason}
    return dict(asked) | {"organisation": who.organisation} | more


def _what_it_pays(service: PassService, order: Order, amount: int, when: datetime) -> tuple[Quote | None, str]:
    """Give the quote of the moment of payment, or why the money is held."""
    if order.state != "open":
        return None, f"order-{order.state}"
    if utc(when) > order.expires_at:
        return None, "order-expired"
    if amount != order.amount:
        return None, "wrong-amount"
    # Where it is charged was settled with the order; the price and the days are those of the moment of payment.
    made = quote_for(
        service,
        product=order.product,
        category=_category_of(service, order),
        start=order.starts,
        card=order.card,
        at=when,
    )
    if made.refused is not None:
        if made.refused.code == "start-out-of-window" and order.starts is not None and order.starts < made.on:
            return None, "start-passed"
        return None, made.refused.code
    if made.amount != order.amount or made.category != order.category:
        return None, "price-changed"
    if made.starts is None or made.ends is None or service.day() > max(made.starts, made.on):
        # The first day had passed before anybody here knew of the payment, so nobody could ride on it.
        return None, "start-passed"
    if service.state.card(order.card).medium != order.medium:
        return None, "medium-denied"
    return made, ""


def _category_of(service: PassService, order: Order) -> str:
    """Give the category to ask for anew: an order of a product with one category names that one."""
    sold = service.policy.product(order.product)
    return service.section.usual_category if len(sold.categories) == 1 else order.category


def return_payment(service: PassService, who: Who, key: str, *, payment: str) -> Payment:
    """Give back money that is held.

    Raises:
        PassRefusedError: no such payment of the organisation, or it is not held.
    """
    own_key = service.key(who, "return", key)
    name = f"{who.organisation}:{payment}"

    def work() -> None:
        if service.earlier(own_key, {"payment": name}) is not None:
            return
        found = service.state.payment(name)
        if found is None:
            raise PassRefusedError("unknown-payment", "there is no payment of this id; look at how it is written")
        stream = order_stream(found.order_id)
        if found.reason == "unknown-order":
            stream = order_stream(f"unknown/{who.organisation}")
        position = service.position(stream)
        found = service.state.payment(name)
        if found is None or found.disposition != "held":
            raise PassRefusedError("payment-settled", "the payment is not held; nothing is to be given back")
        means = service.section.model.payments.get(found.means)
        body = {"payment": name, "order_id": found.order_id, "amount": found.amount, "returned_by": who.key}
        body["way"] = means.back_to if means else "bank_account"
        service.record(service.entry(stream, "payment-returned", body, own_key, position=position))

    service.serially(work)
    found = service.state.payment(name)
    assert found is not None  # noqa: S101 - it was just returned
    return found
