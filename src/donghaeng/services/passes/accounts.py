"""Accounts in double entry: what every entry that moves money comes to, and the proof that nothing is lost.

The accounts, each with what a balance (debited less credited) means:

========================  =============================================================================
``provider/MEANS``        money that the payment provider, or the machine, has taken for us
``agent/ID``              money that an agent has taken and owes
``till/CHANNEL``          prices of media sold without an agent
``billed``                what was billed for use afterwards
``billed-beside``         of it, what is not for rides, such as days with a bike (negative)
``bank``                  money that agents handed over
``held``                  prices of passes that are not used up, refunded or over (negative: we owe use)
``postpaid``              use that is billed afterwards
``suspense``              payments that bought nothing and are to be given back (negative)
``payout/WAY``            refunds and returned payments on their way (negative)
``city``                  what the city owes for use above prices
``operator/NAME``         what operators are owed (negative)
``unused``, ``fees``      what was left of passes that are over, or were refunded (negative)
``bills-not-used``        bills above the use that they are for (negative)
``later-refunds``         what was paid back for periods that ran to their end
``commission``            commission of agents, less what was taken back with refunds
``media-sales``           sales of media (negative)
========================  =============================================================================

Accounts are no table: they follow from the entries alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import func, select

from donghaeng.ledger.entry import Entry
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.statement import Statement
from donghaeng.services.passes.schema import agents, payments, periods
from donghaeng.services.passes.service import PassService
from donghaeng.services.passes.service_day import ServiceDays

#: Debited account, credited account, amount above 0.
Posted = tuple[str, str, int]

_HELD_PAYMENTS = Statement(
    select(func.coalesce(func.sum(payments.c.amount), 0)).where(payments.c.disposition == "held")
)
_PRICES = Statement(
    select(
        func.coalesce(func.sum(periods.c.price - periods.c.refunded), 0),
        func.coalesce(func.sum(periods.c.later_refunded), 0),
    )
)
_AGENTS = Statement(
    select(agents.c.agent, agents.c.taken - agents.c.commission - agents.c.remitted).order_by(agents.c.agent)
)


@dataclass(frozen=True)
class Booking:
    """What one entry comes to.

    Attributes:
        sequence: its number in the ledger.
        kind: its kind.
        on: service day on which it is booked.
        posted: its postings.
    """

    sequence: int
    kind: str
    on: date
    posted: tuple[Posted, ...]


def _medium_sold(body: Mapping[str, Any]) -> list[Posted]:
    took = f"agent/{body['agent']}" if body.get("agent") else f"till/{body.get('channel') or 'desk'}"
    return [(took, "media-sales", body["price"]), *_commission(body)]


def _paid(body: Mapping[str, Any]) -> list[Posted]:
    return [(f"provider/{body['means']}", "held" if body["disposition"] == "charged" else "suspense", body["amount"])]


def _charged(body: Mapping[str, Any]) -> list[Posted]:
    """Give the money of a charge to the agent who took it; the payment told it as the provider's."""
    if not body.get("agent"):
        return []
    return [(f"agent/{body['agent']}", f"provider/{body['payment']}", body["price"]), *_commission(body)]


def _commission(body: Mapping[str, Any]) -> list[Posted]:
    if body.get("agent") and body.get("commission"):
        return [("commission", f"agent/{body['agent']}", body["commission"])]
    return []


def _refund_paid(body: Mapping[str, Any]) -> list[Posted]:
    of = "later-refunds" if body["kind"] == "later" else "held"
    back = [(f"agent/{body['agent']}", "commission", body["commission_back"])] if body.get("agent") else []
    return [(of, f"payout/{body['way']}", body["amount"]), *back]


#: Postings of entries, by kind; what is not here moves no money.
POSTINGS: Mapping[str, Callable[[Mapping[str, Any]], list[Posted]]] = {
    "card-issued": _medium_sold,
    "medium-replaced": _medium_sold,
    "payment-received": _paid,
    "charged": _charged,
    "postpaid-billed": lambda body: [
        ("billed", "postpaid", body["transit"]),
        ("billed", "billed-beside", body["more"]),
    ],
    "payment-returned": lambda body: [("suspense", f"payout/{body['way']}", body["amount"])],
    "refund-paid": _refund_paid,
    "agent-remitted": lambda body: [("bank", f"agent/{body['agent']}", body["amount"])],
    "day-settled": lambda body: [(one["debit"], one["credit"], one["amount"]) for one in body["postings"]],
}


def bookings(ledger: Ledger, days: ServiceDays, after: int = 0) -> Iterator[Booking]:
    """Give what entries come to, in the order of the ledger.

    Args:
        ledger: the ledger.
        days: how moments become service days.
        after: number of the entry after which to begin.
    """
    for entry in ledger.entries(after):
        posted = postings_of(entry)
        if posted:
            body = msgspec.json.decode(entry.body)
            on = body.get("booked_on")
            day = date.fromisoformat(on) if on else days.day(datetime.fromisoformat(entry.effective_at))
            yield Booking(entry.sequence, entry.kind, day, tuple(posted))


def postings_of(entry: Entry) -> list[Posted]:
    """Give the postings of an entry; none for one that moves no money."""
    make = POSTINGS.get(entry.kind)
    return [one for one in make(msgspec.json.decode(entry.body)) if one[2]] if make is not None else []


def balances(booked: Iterable[Booking]) -> dict[str, int]:
    """Give the balance of each account, debited less credited, in order of their names."""
    found: Counter[str] = Counter()
    for booking in booked:
        for debit, credit, amount in booking.posted:
            found[debit] += amount
            found[credit] -= amount
    return {account: found[account] for account in sorted(found)}


@dataclass(frozen=True)
class Proof:
    """One sum that must be zero.

    Attributes:
        name: what is compared.
        accounts: what the accounts say.
        tables: what the tables, or the settlements, say.
    """

    name: str
    accounts: int
    tables: int

    @property
    def unexplained(self) -> int:
        """What is left over."""
        return self.accounts - self.tables


def prove(service: PassService) -> list[Proof]:
    """Hold the accounts, which follow from entries, to the tables and to the settlements.

    Returns:
        Every comparison; the books are right when nothing is unexplained in any.
    """
    ledger, store = service.ledger, service.ledger.store
    booked = list(bookings(ledger, service.section.days))
    found = balances(booked)
    settled = _settled(booked)
    ((held_payments,),) = store.query(_HELD_PAYMENTS)
    ((prices, later),) = store.query(_PRICES)
    proofs = [
        Proof("all accounts", sum(found.values()), 0),
        Proof("suspense and held payments", -found.get("suspense", 0), int(held_payments)),
        Proof("held, and prices less refunds less what was settled", -found.get("held", 0), int(prices) - settled),
        Proof("later refunds", found.get("later-refunds", 0), int(later)),
    ]
    for agent, owes in store.query(_AGENTS):
        proofs.append(Proof(f"agent {agent}", found.get(f"agent/{agent}", 0), int(owes)))
    return proofs


def _settled(booked: Iterable[Booking]) -> int:
    """Give what settlements took out of prices, all told."""
    found = 0
    for booking in booked:
        if booking.kind == "day-settled":
            found += sum(amount for debit, _, amount in booking.posted if debit == "held")
            found -= sum(amount for _, credit, amount in booking.posted if credit == "held")
    return found
