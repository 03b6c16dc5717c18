"""Passes that are paid after use: a card is registered for one, and its period renews itself month by month."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from donghaeng.services.passes.charging import quote_for
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.service import PassService, Who, card_stream
from donghaeng.services.passes.state import Charge


def register_postpaid(service: PassService, who: Who, key: str, *, card: str, product: str) -> Charge:
    """Register a postpaid card: its first period runs to the end of the month and is billed after use.

    Raises:
        PassRefusedError: why it cannot be registered.
    """
    own_key = service.key(who, "postpaid", key)
    return _postpaid(service, who, own_key, card, product, service.day())


def renew_postpaid(service: PassService, who: Who, *, card: str | None = None) -> tuple[Charge, ...]:
    """Give postpaid cards the periods that are due: up to this month, and on its last day that of the next.

    A card that cannot be charged, such as one whose medium was stopped, is left out until it can.

    Args:
        service: the service.
        who: who runs it.
        card: this card alone; None for all. Made twice, it changes nothing the second time.
    """
    made = []
    for one in service.state.postpaid_cards() if card is None else (card,):
        while (due := _due(service, one)) is not None:
            product, month = due
            try:
                made.append(_postpaid(service, who, f"passes/renewal/{month}/{one}", one, product, month))
            except PassRefusedError:
                break
    return tuple(made)


def _due(service: PassService, card: str) -> tuple[str, date] | None:
    """Give product and first day of the next period of a postpaid card, where the present one ends by today."""
    charges = [one for one in service.state.charges_of(card) if one.state == "active"]
    last = max(charges, key=lambda one: one.period.ends, default=None)
    if last is None or last.period.ends > service.day():
        return None
    if service.policy.product(last.period.product).pays != "postpaid":
        return None
    return last.period.product, last.period.ends + timedelta(days=1)


def _postpaid(service: PassService, who: Who, own_key: str, card: str, product: str, day: date) -> Charge:
    asked: dict[str, Any] = {"card": card, "product": product}

    def work() -> str:
        if (known := service.earlier(own_key, asked)) is not None:
            return str(known["charge"])
        position = service.position(card_stream(card))
        found = service.state.card(card)
        if service.policy.product(product).pays != "postpaid":
            raise PassRefusedError("not-postpaid", "the product is paid in advance; place an order")
        at = service.section.days.start(day)
        made = quote_for(service, product=product, card=card, at=at)
        if made.refused is not None:
            raise made.refused
        charge = service.new_id()
        body = asked | {
            "charge": charge,
            "medium": found.medium,
            "category": made.category,
            "starts": made.starts,
            "ends": made.ends,
            "on": day,
            "price": 0,
            "rights": made.rights,
            "afterwards": True,
            "channel": "none",
            "payment": "none",
            "organisation": who.organisation,
            "decisions": tuple(one.basis for one in made.rulings),
        }
        entry = service.entry(card_stream(card), "charged", body, own_key, position=position, rulings=made.rulings)
        service.record(entry)
        return charge

    return service.state.charge(service.serially(work))
