"""A counter: the pass service of a pack on a new ledger, with what a test does over and over."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

import pytest

from donghaeng import load
from donghaeng.catalogue.pack import Pack
from donghaeng.identifiers import refuse_identifiers
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.open import open_persons, open_store
from donghaeng.ledger.persons import Persons
from donghaeng.services.passes.cards import issue_card, register_card, verify_category
from donghaeng.services.passes.charging import PaymentAnswer, place_order, receive_payment
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.schema import TABLE_SET
from donghaeng.services.passes.service import PassService, Who
from donghaeng.services.passes.state import Card, Order
from donghaeng.services.registry import all_kinds
from tests.ledger.ledgers import MASTER_KEY, bytes_in_a_row

PACK = "seoul/climate-card"
APP = {"channel": "mobile_app", "payment": "bank_transfer"}
MACHINE = {"channel": "station_machine", "payment": "cash", "told": {"line": "line_9"}}

SELLER = Who("machines", "key-of-the-machine")
DESK = Who("desk", "key-of-the-desk")
PAYER = Who("desk", "key-of-the-payer")


@lru_cache
def pack(name: str = PACK) -> Pack:
    """A shipped pack, read once."""
    return load(name)


def moment(text: str) -> datetime:
    """A local time in Seoul, such as ``2024-08-01 10:00``."""
    return datetime.fromisoformat(f"{text}+09:00")


class Counter:
    """The service with its clock."""

    def __init__(self, url: str, name: str = PACK, use_of: Any = None) -> None:
        self.time = moment("2024-08-01 10:00")
        chance = bytes_in_a_row()
        store = open_store(url, create=True, more=(TABLE_SET,))
        persons = Persons(open_persons(url, create=True), MASTER_KEY, chance, self.clock)
        self.ledger = Ledger(store, all_kinds(), self.clock, persons=persons, check=refuse_identifiers)
        self.service = PassService(pack(name).passes_section(), self.ledger, self.clock, chance, use_of=use_of)
        self.state = self.service.state
        self.numbers = 0

    def clock(self) -> datetime:
        return self.time

    def at(self, text: str) -> Counter:
        """Set the clock."""
        self.time = moment(text)
        return self

    def key(self) -> str:
        """A new key of a request."""
        self.numbers += 1
        return f"request {self.numbers}"

    def issue(self, medium: str = "mobile", **more: Any) -> Card:
        """Give out a card."""
        return issue_card(self.service, SELLER, self.key(), medium=medium, channel="mobile_app", **more)

    def registered(self, medium: str = "mobile", account: str = "hong") -> Card:
        """Give out a card that is registered."""
        card = self.issue(medium)
        return register_card(
            self.service, DESK, self.key(), card=card.card, namespace="passes/account", account=account
        )

    def youth(self, birth_year: int = 2000, **more: Any) -> Card:
        """Give out a registered card that is verified for youth."""
        card = self.registered(**more)
        facts = {"birth_year": birth_year}
        return verify_category(self.service, DESK, self.key(), card=card.card, category="youth", facts=facts)[0]

    def order(self, card: Card, product: str = "d30_transit", **more: Any) -> Order:
        """Place an order."""
        return place_order(self.service, SELLER, self.key(), card=card.card, product=product, **(APP | more))[0]

    def pay(self, order: Order, payment: str = "", **more: Any) -> PaymentAnswer:
        """Tell that an order was paid."""
        given = {"amount": order.amount} | more
        return receive_payment(
            self.service, SELLER, payment=payment or f"paid {order.order_id}", order=order.order_id, **given
        )

    def charge(self, card: Card, product: str = "d30_transit", **more: Any) -> PaymentAnswer:
        """Place an order and pay it."""
        return self.pay(self.order(card, product, **more))

    def refused(self, work: Any) -> str:
        """The code with which something is refused."""
        with pytest.raises(PassRefusedError) as caught:
            work()
        return caught.value.code

    def close(self) -> None:
        self.ledger.close()
