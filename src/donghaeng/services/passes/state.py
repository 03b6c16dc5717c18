"""Reading the tables of the pass service as frozen values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Table, bindparam, select

from donghaeng.ledger.statement import Row, Statement
from donghaeng.ledger.store import Store
from donghaeng.services.passes.policy import Fixed
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.schema import (
    agents,
    blocks,
    cards,
    claims,
    media,
    orders,
    payments,
    periods,
    refunds,
    settings,
)
from donghaeng.services.passes.service_day import Period

#: A list for people has no more.
MOST_LISTED = 200


def _by(table: Table, key: str, *order: str) -> Statement:
    return Statement(
        select(table).where(table.c[key] == bindparam(key)).order_by(*(table.c[name] for name in order or (key,)))
    )


_CARD = _by(cards, "card")
_CARDS_OF = _by(cards, "person", "card")
_HOLDER = _by(cards, "discount_holder")
_MEDIUM = _by(media, "medium")
_MEDIUM_NUMBER = _by(media, "number")
_MEDIA_OF = _by(media, "card", "issued_at", "medium")
_PERIODS_OF = _by(periods, "card", "starts", "charge")
_PERIOD = _by(periods, "charge")
_BLOCKS_OF = _by(blocks, "card", "starts", "block")
_ORDER = _by(orders, "order_id")
_ORDERS_OF = _by(orders, "card", "placed_at", "order_id")
_PAYMENT = _by(payments, "payment")
_PAYMENTS_OF = _by(payments, "order_id", "paid_at", "payment")
_REFUND = _by(refunds, "refund")
_REFUNDS_OF = _by(refunds, "card", "asked_at", "refund")
_REFUNDS_ASKED = Statement(
    select(refunds).where(refunds.c.state == "asked").order_by(refunds.c.asked_at, refunds.c.refund).limit(MOST_LISTED)
)
_CLAIM = _by(claims, "claim")
_CLAIMS_OF = _by(claims, "card", "opened_at", "claim")
_AGENT = _by(agents, "agent")
_SETTING = Statement(
    select(settings)
    .where(settings.c.setting == bindparam("setting"), settings.c.starts <= bindparam("on"))
    .order_by(settings.c.starts.desc())
    .limit(1)
)
_SETTINGS = Statement(select(settings).order_by(settings.c.setting, settings.c.starts))
_POSTPAID = Statement(
    select(cards.c.card).where(cards.c.pays == "postpaid", cards.c.state == "active").order_by(cards.c.card)
)


def _days(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return row | {name: date.fromisoformat(row[name]) for name in names if row[name] is not None}


def _named(table: Table, row: Row) -> dict[str, Any]:
    return dict(zip((column.name for column in table.columns), row, strict=True))


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it is now.

    Attributes:
        card: its id.
        medium: id of the present medium.
        pays: ``prepaid`` or ``postpaid``.
        state: ``active`` or ``closed``.
        organisation: who issued it.
        agent: the agent who sold it.
        issued_at: when.
        person: pseudonym of who registered it; None while nobody has.
        registered_on: service day of the registration.
        category: category of the rider.
        verified_on: service day on which the category was last proved.
        verify_by: last service day before it must be proved again.
        discount_holder: pseudonym, where this is the discounted card of the person.
    """

    card: str
    medium: str
    pays: str
    state: str
    organisation: str
    agent: str | None
    issued_at: str
    person: str | None
    registered_on: date | None
    category: str
    verified_on: date | None
    verify_by: date | None
    discount_holder: str | None


@dataclass(frozen=True, slots=True)
class Medium:
    """A medium as it is now; `state` is active, replaced or stopped."""

    medium: str
    number: int
    card: str
    kind: str
    issued_at: str
    state: str
    cause: str | None
    denied_at: str | None
    denied_sequence: int | None


@dataclass(frozen=True, slots=True)
class Charge:
    """A period with what became of it.

    Attributes:
        period: the period.
        charged_on: service day on which it was charged.
        state: ``active``, ``stopped`` or ``refunded``.
        stopped_at: when it was stopped.
        refunded: what was paid back of it.
        later_refunded: what was paid back after it had run to its end.
    """

    period: Period
    charged_on: date
    state: str
    stopped_at: str | None
    refunded: int
    later_refunded: int

    @property
    def left(self) -> int:
        """What of its price was not paid back."""
        return self.period.price - self.refunded - self.later_refunded


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a card; a null end lasts until it is lifted."""

    block: str
    card: str
    medium: str | None
    cause: str
    starts: str
    ends: str | None
    lifted_at: str | None
    sequence: int

    def holds(self, at: str) -> bool:
        """Say whether it holds at a moment, UTC with microseconds."""
        return self.lifted_at is None and self.starts <= at and (self.ends is None or at < self.ends)


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it is now; `state` is open, paid or cancelled."""

    order_id: str
    organisation: str
    card: str
    medium: str
    product: str
    category: str
    starts: date | None
    amount: int
    channel: str
    payment: str
    agent: str | None
    state: str
    placed_at: str
    expires_at: str
    paid_by: str | None


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment as it is now; `disposition` is charged, held or returned."""

    payment: str
    organisation: str
    order_id: str
    amount: int
    means: str
    paid_at: str
    disposition: str
    reason: str
    returned_at: str | None


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as it is now; `state` is asked, paid or refused."""

    refund: str
    card: str
    charge: str
    kind: str
    cause: str
    rule: str
    least: int
    most: int
    state: str
    asked_by: str
    asked_at: str
    paid_by: str | None
    paid_at: str | None
    paid: int | None
    whole_of: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim as it is now; `state` is open, upheld or rejected."""

    claim: str
    card: str
    subject: str
    charge: str | None
    disputes: str | None
    state: str
    amount: int
    opened_by: str
    opened_at: str
    decided_by: str | None
    decided_at: str | None
    refund: str | None


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent as it is now.

    Attributes:
        agent: id.
        organisation: whose agent it is.
        state: ``active`` or ``closed``.
        per_mille: commission on charges.
        per_card: commission on a card sold.
        stock: cards in hand.
        taken: money taken.
        commission: commission earned.
        remitted: money handed over.
    """

    agent: str
    organisation: str
    state: str
    per_mille: int
    per_card: int
    stock: int
    taken: int
    commission: int
    remitted: int

    @property
    def owes(self) -> int:
        """What is still to be handed over."""
        return self.taken - self.commission - self.remitted


class State:
    """The tables, read."""

    def __init__(self, store: Store) -> None:
        """Take the store in which they stand."""
        self._store = store

    def _rows(self, statement: Statement, table: Table, **parameters: Any) -> Iterator[dict[str, Any]]:
        for row in self._store.query(statement, parameters):
            yield _named(table, row)

    def find_card(self, card: str) -> Card | None:
        """Give a card, or None."""
        for row in self._rows(_CARD, cards, card=card):
            return Card(**_days(row, "registered_on", "verified_on", "verify_by"))
        return None

    def card(self, card: str) -> Card:
        """Give a card.

        Raises:
            PassRefusedError: there is none.
        """
        found = self.find_card(card)
        if found is None:
            raise PassRefusedError("unknown-card", "there is no card of this id; look at how it is written")
        return found

    def cards_of(self, person: str) -> tuple[Card, ...]:
        """Give the cards that a person registered."""
        days = ("registered_on", "verified_on", "verify_by")
        return tuple(Card(**_days(row, *days)) for row in self._rows(_CARDS_OF, cards, person=person))

    def discounted_card(self, person: str) -> str | None:
        """Give the id of a person's discounted card, or None."""
        return next((row["card"] for row in self._rows(_HOLDER, cards, discount_holder=person)), None)

    def medium(self, medium: str) -> Medium | None:
        """Give a medium, or None."""
        return next((Medium(**row) for row in self._rows(_MEDIUM, media, medium=medium)), None)

    def medium_by_number(self, number: int) -> Medium | None:
        """Give the medium that gates know by a number, or None."""
        return next((Medium(**row) for row in self._rows(_MEDIUM_NUMBER, media, number=number)), None)

    def media_of(self, card: str) -> tuple[Medium, ...]:
        """Give the media of a card, in order of time."""
        return tuple(Medium(**row) for row in self._rows(_MEDIA_OF, media, card=card))

    def charges_of(self, card: str) -> tuple[Charge, ...]:
        """Give the periods of a card, in order of their starts."""
        return tuple(_charge(row) for row in self._rows(_PERIODS_OF, periods, card=card))

    def charge(self, charge: str) -> Charge:
        """Give a period by its charge.

        Raises:
            PassRefusedError: there is none.
        """
        for row in self._rows(_PERIOD, periods, charge=charge):
            return _charge(row)
        raise PassRefusedError("unknown-period", "there is no period of this charge; look at how its id is written")

    def blocks_of(self, card: str) -> tuple[Block, ...]:
        """Give the blocks of a card, in order of their starts."""
        return tuple(Block(**row) for row in self._rows(_BLOCKS_OF, blocks, card=card))

    def find_order(self, order: str) -> Order | None:
        """Give an order, or None."""
        return next((Order(**_days(row, "starts")) for row in self._rows(_ORDER, orders, order_id=order)), None)

    def order(self, order: str, organisation: str) -> Order:
        """Give an order of an organisation.

        Raises:
            PassRefusedError: the organisation has none of this id.
        """
        found = self.find_order(order)
        if found is None or found.organisation != organisation:
            raise PassRefusedError("unknown-order", "there is no order of this id; look at how it is written")
        return found

    def orders_of(self, card: str) -> tuple[Order, ...]:
        """Give the orders for a card, in order of time."""
        return tuple(Order(**_days(row, "starts")) for row in self._rows(_ORDERS_OF, orders, card=card))

    def payment(self, payment: str) -> Payment | None:
        """Give a payment, or None."""
        return next((Payment(**row) for row in self._rows(_PAYMENT, payments, payment=payment)), None)

    def payments_of(self, order: str) -> tuple[Payment, ...]:
        """Give the payments for an order, in order of time."""
        return tuple(Payment(**row) for row in self._rows(_PAYMENTS_OF, payments, order_id=order))

    def refund(self, refund: str) -> Refund:
        """Give a refund.

        Raises:
            PassRefusedError: there is none.
        """
        for row in self._rows(_REFUND, refunds, refund=refund):
            return Refund(**row)
        raise PassRefusedError("unknown-refund", "there is no refund of this id; look at how it is written")

    def refunds_of(self, card: str) -> tuple[Refund, ...]:
        """Give the refunds of a card, in order of time."""
        return tuple(Refund(**row) for row in self._rows(_REFUNDS_OF, refunds, card=card))

    def refunds_asked(self) -> tuple[Refund, ...]:
        """Give the refunds that wait to be paid or refused, in order of time; the first 200."""
        return tuple(Refund(**row) for row in self._rows(_REFUNDS_ASKED, refunds))

    def claim(self, claim: str) -> Claim:
        """Give a claim.

        Raises:
            PassRefusedError: there is none.
        """
        for row in self._rows(_CLAIM, claims, claim=claim):
            return Claim(**row)
        raise PassRefusedError("unknown-claim", "there is no claim of this id; look at how it is written")

    def claims_of(self, card: str) -> tuple[Claim, ...]:
        """Give the claims about a card, in order of time."""
        return tuple(Claim(**row) for row in self._rows(_CLAIMS_OF, claims, card=card))

    def find_agent(self, agent: str) -> Agent | None:
        """Give an agent, or None."""
        return next((Agent(**row) for row in self._rows(_AGENT, agents, agent=agent)), None)

    def agent(self, agent: str, organisation: str) -> Agent:
        """Give an agent of an organisation.

        Raises:
            PassRefusedError: the organisation has none of this id.
        """
        found = self.find_agent(agent)
        if found is None or found.organisation != organisation:
            raise PassRefusedError("unknown-agent", "there is no agent of this id; look at how it is written")
        return found

    def fixed_on(self, setting: str, on: date) -> Fixed | None:
        """Give what was fixed for a setting, on a service day."""
        for row in self._rows(_SETTING, settings, setting=setting, on=on.isoformat()):
            return Fixed(row["setting"], row["choose"], row["amount"], row["fixed_by"])
        return None

    def fixed(self) -> tuple[dict[str, Any], ...]:
        """Give everything that was ever fixed, as plain values."""
        return tuple(self._rows(_SETTINGS, settings))

    def postpaid_cards(self) -> tuple[str, ...]:
        """Give the ids of all postpaid cards that are active."""
        return tuple(row[0] for row in self._store.query(_POSTPAID))


def _charge(row: dict[str, Any]) -> Charge:
    period = Period(
        card=row["card"],
        medium=row["medium"],
        product=row["product"],
        category=row["category"],
        starts=date.fromisoformat(row["starts"]),
        ends=date.fromisoformat(row["ends"]),
        charged_at=row["charged_at"],
        charge=row["charge"],
        price=row["price"],
        rights=row["rights"],
    )
    return Charge(
        period,
        date.fromisoformat(row["charged_on"]),
        row["state"],
        row["stopped_at"],
        row["refunded"],
        row["later_refunded"],
    )


def moment_of(text: str) -> datetime:
    """Read a moment as the tables hold it."""
    return datetime.fromisoformat(text)
