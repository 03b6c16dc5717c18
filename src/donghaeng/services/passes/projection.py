"""What entries come to in the tables of the pass service, one function a kind.

The same functions run in the transaction that records an entry and when the tables are made anew, so tables can
never say anything that entries do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Table, bindparam, delete, func, insert, null, select, update

from donghaeng.ledger.entry import Entry
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.statement import Statement, Transaction
from donghaeng.services.passes.medium import medium_number
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

Body = Mapping[str, Any]
Projection = Callable[[Transaction, Entry, Body], None]

#: Tables of this module, in an order in which they can be made anew.
OWN_TABLES: tuple[Table, ...] = (agents, cards, media, periods, blocks, orders, payments, refunds, claims, settings)


def _insert(table: Table) -> Statement:
    return Statement(insert(table).values({column.name: bindparam(column.name) for column in table.columns}))


def _update(table: Table, key: str, *names: str) -> Statement:
    changed: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    return Statement(update(table).where(table.c[key] == bindparam(f"of_{key}")).values(changed))


_ADD: dict[str, Statement] = {str(table.name): _insert(table) for table in OWN_TABLES}


def _add(transaction: Transaction, table: Table, **values: Any) -> None:
    transaction.execute(_ADD[table.name], dict.fromkeys(column.name for column in table.columns) | values)


_CHANGES: dict[tuple[str, str, tuple[str, ...]], Statement] = {}


def _change(transaction: Transaction, table: Table, key: str, value: str, **values: Any) -> None:
    names = tuple(values)
    statement = _CHANGES.get((table.name, key, names))
    if statement is None:
        statement = _CHANGES[table.name, key, names] = _update(table, key, *names)
    transaction.execute(statement, {f"of_{key}": value} | {f"new_{name}": one for name, one in values.items()})


_SELL = Statement(
    update(agents)
    .where(agents.c.agent == bindparam("of_agent"))
    .values(
        stock=agents.c.stock - bindparam("cards"),
        taken=agents.c.taken + bindparam("taken"),
        commission=agents.c.commission + bindparam("commission"),
    )
)
_REMIT = Statement(
    update(agents)
    .where(agents.c.agent == bindparam("of_agent"))
    .values(remitted=agents.c.remitted + bindparam("remitted"))
)
_STOP_PERIODS = Statement(
    update(periods)
    .where(
        periods.c.medium == bindparam("of_medium"),
        periods.c.state == "active",
        periods.c.ends >= bindparam("today"),
    )
    .values(state="stopped", stopped_at=bindparam("new_stopped_at"))
)
_RESUME_PERIODS = Statement(
    update(periods)
    .where(
        periods.c.medium == bindparam("of_medium"),
        periods.c.state == "stopped",
        periods.c.charge.not_in(select(refunds.c.charge).where(refunds.c.state != "refused")),
    )
    .values(state="active", stopped_at=null())
)
_REFUND_PERIOD = Statement(
    update(periods)
    .where(periods.c.charge == bindparam("of_charge"))
    .values(refunded=periods.c.refunded + bindparam("amount"))
)
_LATER_REFUND = Statement(
    update(periods)
    .where(periods.c.charge == bindparam("of_charge"))
    .values(later_refunded=periods.c.later_refunded + bindparam("amount"))
)
_DROP_SETTING = Statement(
    delete(settings).where(settings.c.setting == bindparam("of_setting"), settings.c.starts == bindparam("of_starts"))
)


def _sold_by(transaction: Transaction, body: Body, cards_sold: int, taken: int, commission: int) -> None:
    if body.get("agent"):
        values = {"of_agent": body["agent"], "cards": cards_sold, "taken": taken, "commission": commission}
        transaction.execute(_SELL, values)


def _card_issued(transaction: Transaction, entry: Entry, body: Body) -> None:
    at = entry.effective_at
    _add(
        transaction,
        cards,
        card=body["card"],
        medium=body["medium"],
        pays=body["pays"],
        state="active",
        organisation=body["organisation"],
        agent=body["agent"],
        issued_at=at,
        category=body["category"],
    )
    _add_medium(transaction, entry, body["card"], body["medium"], body["medium_kind"])
    _sold_by(transaction, body, 1, body["price"], body["commission"])


def _add_medium(transaction: Transaction, entry: Entry, card: str, medium: str, kind: str) -> None:
    values = {"medium": medium, "number": medium_number(medium), "card": card, "kind": kind, "state": "active"}
    _add(transaction, media, issued_at=entry.effective_at, **values)


def _card_registered(transaction: Transaction, entry: Entry, body: Body) -> None:  # noqa: ARG001
    _change(transaction, cards, "card", body["card"], person=body["person"], registered_on=body["on"])


def _card_closed(transaction: Transaction, entry: Entry, body: Body) -> None:
    _change(transaction, cards, "card", body["card"], state="closed", discount_holder=None)
    _deny(transaction, entry, body, "stopped", "closed")


def _category_verified(transaction: Transaction, entry: Entry, body: Body) -> None:  # noqa: ARG001
    _change(
        transaction,
        cards,
        "card",
        body["card"],
        category=body["category"],
        verified_on=body["on"],
        verify_by=body["verify_by"],
        discount_holder=body["person"] if body["discount"] else None,
    )


def _category_left(transaction: Transaction, entry: Entry, body: Body) -> None:  # noqa: ARG001
    values = {"category": body["category"], "verified_on": None, "verify_by": None, "discount_holder": None}
    _change(transaction, cards, "card", body["card"], **values)


def _medium_stopped(transaction: Transaction, entry: Entry, body: Body) -> None:
    _deny(transaction, entry, body, "stopped", body["cause"])


def _deny(transaction: Transaction, entry: Entry, body: Body, state: str, cause: str) -> None:
    """Deny a medium from now on, with those of its periods that are not over."""
    at = entry.effective_at
    values = {"state": state, "cause": cause, "denied_at": at, "denied_sequence": entry.sequence}
    _change(transaction, media, "medium", body["medium"], **values)
    stopped = {"of_medium": body["medium"], "today": body["on"], "new_stopped_at": at}
    transaction.execute(_STOP_PERIODS, stopped)


def _medium_reinstated(transaction: Transaction, entry: Entry, body: Body) -> None:
    values = {"state": "active", "cause": None, "denied_at": None, "denied_sequence": entry.sequence}
    _change(transaction, media, "medium", body["medium"], **values)
    if body["resumes"]:
        transaction.execute(_RESUME_PERIODS, {"of_medium": body["medium"]})


def _medium_replaced(transaction: Transaction, entry: Entry, body: Body) -> None:
    _deny(transaction, entry, body, "replaced", body["cause"])
    _add_medium(transaction, entry, body["card"], body["new_medium"], body["medium_kind"])
    _change(transaction, cards, "card", body["card"], medium=body["new_medium"])
    _sold_by(transaction, body, 1, body["price"], 0)


def _card_blocked(transaction: Transaction, entry: Entry, body: Body) -> None:
    values = {name: body.get(name) for name in ("block", "card", "medium", "cause", "starts", "ends")}
    _add(transaction, blocks, sequence=entry.sequence, **values)


def _card_block_lifted(transaction: Transaction, entry: Entry, body: Body) -> None:
    _change(transaction, blocks, "block", body["block"], lifted_at=entry.effective_at, sequence=entry.sequence)


def _order_placed(transaction: Transaction, entry: Entry, body: Body) -> None:
    names = ("order_id", "organisation", "card", "medium", "product", "category", "starts", "amount", "channel")
    values = {name: body[name] for name in (*names, "payment", "agent", "expires_at")}
    _add(transaction, orders, state="open", placed_at=entry.effective_at, **values)


def _order_cancelled(transaction: Transaction, entry: Entry, body: Body) -> None:  # noqa: ARG001
    _change(transaction, orders, "order_id", body["order_id"], state="cancelled")


def _payment_received(transaction: Transaction, entry: Entry, body: Body) -> None:  # noqa: ARG001
    _add(transaction, payments, **body)
    if body["disposition"] == "charged":
        _change(transaction, orders, "order_id", body["order_id"], state="paid", paid_by=body["payment"])


def _payment_returned(transaction: Transaction, entry: Entry, body: Body) -> None:
    _change(transaction, payments, "payment", body["payment"], disposition="returned", returned_at=entry.effective_at)


def _charged(transaction: Transaction, entry: Entry, body: Body) -> None:
    names = ("charge", "card", "medium", "product", "category", "starts", "ends", "price", "rights")
    _add(
        transaction,
        periods,
        charged_at=entry.effective_at,
        charged_on=body["on"],
        state="active",
        refunded=0,
        later_refunded=0,
        sequence=entry.sequence,
        **{name: body[name] for name in names},
    )
    _sold_by(transaction, body, 0, body["price"], body["commission"])


def _refund_asked(transaction: Transaction, entry: Entry, body: Body) -> None:
    names = ("refund", "card", "charge", "kind", "cause", "rule", "least", "most", "asked_by")
    whole_of = body["charge"] if body["kind"] == "whole" else None
    values = {name: body[name] for name in names}
    _add(transaction, refunds, state="asked", asked_at=entry.effective_at, whole_of=whole_of, **values)


def _refund_paid(transaction: Transaction, entry: Entry, body: Body) -> None:
    paid = {"state": "paid", "paid_by": body["paid_by"], "paid_at": entry.effective_at, "paid": body["amount"]}
    _change(transaction, refunds, "refund", body["refund"], **paid)
    if body["kind"] == "later":
        share, rest = divmod(body["amount"], max(1, len(body["charges"])))
        for place, charge in enumerate(body["charges"]):
            values = {"of_charge": charge, "amount": share + (1 if place < rest else 0)}
            transaction.execute(_LATER_REFUND, values)
        return
    transaction.execute(_REFUND_PERIOD, {"of_charge": body["charge"], "amount": body["amount"]})
    _sold_by(transaction, body, 0, 0, -body.get("commission_back", 0))
    if body["kind"] == "whole":
        _change(transaction, periods, "charge", body["charge"], state="refunded")


def _refund_refused(transaction: Transaction, entry: Entry, body: Body) -> None:  # noqa: ARG001
    _change(transaction, refunds, "refund", body["refund"], state="refused", whole_of=None)


def _claim_opened(transaction: Transaction, entry: Entry, body: Body) -> None:
    values = {name: body[name] for name in ("claim", "card", "subject", "charge", "disputes", "opened_by")}
    _add(transaction, claims, state="open", amount=0, opened_at=entry.effective_at, **values)


def _claim_decided(transaction: Transaction, entry: Entry, body: Body) -> None:
    decided = {"state": body["result"], "amount": body["amount"], "refund": body["refund"]}
    decided |= {"decided_by": body["decided_by"], "decided_at": entry.effective_at}
    _change(transaction, claims, "claim", body["claim"], **decided)


def _rule_fixed(transaction: Transaction, entry: Entry, body: Body) -> None:
    transaction.execute(_DROP_SETTING, {"of_setting": body["setting"], "of_starts": body["starts"]})
    values = {name: body[name] for name in ("setting", "starts", "choose", "amount", "fixed_by")}
    _add(transaction, settings, fixed_at=entry.effective_at, **values)


def _agent_enrolled(transaction: Transaction, entry: Entry, body: Body) -> None:  # noqa: ARG001
    _add(transaction, agents, state="active", stock=0, taken=0, commission=0, remitted=0, **body)


def _agent_stocked(transaction: Transaction, entry: Entry, body: Body) -> None:  # noqa: ARG001
    values = {"of_agent": body["agent"], "cards": -body["cards"], "taken": 0, "commission": 0}
    transaction.execute(_SELL, values)


def _agent_remitted(transaction: Transaction, entry: Entry, body: Body) -> None:  # noqa: ARG001
    transaction.execute(_REMIT, {"of_agent": body["agent"], "remitted": body["amount"]})


def _agent_closed(transaction: Transaction, entry: Entry, body: Body) -> None:  # noqa: ARG001
    _change(transaction, agents, "agent", body["agent"], state="closed")


PROJECTIONS: Mapping[str, Projection] = {
    "card-issued": _card_issued,
    "card-registered": _card_registered,
    "card-closed": _card_closed,
    "category-verified": _category_verified,
    "category-left": _category_left,
    "medium-stopped": _medium_stopped,
    "medium-reinstated": _medium_reinstated,
    "medium-replaced": _medium_replaced,
    "card-blocked": _card_blocked,
    "card-block-lifted": _card_block_lifted,
    "order-placed": _order_placed,
    "order-cancelled": _order_cancelled,
    "payment-received": _payment_received,
    "payment-returned": _payment_returned,
    "charged": _charged,
    "refund-asked": _refund_asked,
    "refund-paid": _refund_paid,
    "refund-refused": _refund_refused,
    "claim-opened": _claim_opened,
    "claim-decided": _claim_decided,
    "rule-fixed": _rule_fixed,
    "agent-enrolled": _agent_enrolled,
    "agent-stocked": _agent_stocked,
    "agent-remitted": _agent_remitted,
    "agent-closed": _agent_closed,
}


def project(transaction: Transaction) -> None:
    """Write what the new entries of a transaction come to; the state change of what the pass service appends."""
    for entry in transaction.entries:
        project_one(transaction, entry)


def project_one(transaction: Transaction, entry: Entry) -> None:
    """Write what one entry comes to; an entry of another service, or without effect on the tables, to nothing."""
    projection = PROJECTIONS.get(entry.kind)
    if projection is not None:
        projection(transaction, entry, msgspec.json.decode(entry.body))


def rebuild(ledger: Ledger) -> int:
    """Make the tables anew from the entries, while nobody appends.

    Returns:
        How many entries were read.
    """
    found = list(ledger.entries())

    def work(transaction: Transaction) -> None:
        for table in reversed(OWN_TABLES):
            transaction.execute(Statement(delete(table)))
        for entry in found:
            project_one(transaction, entry)

    ledger.store.write(work, alone=True)
    return len(found)


def count(ledger: Ledger, table: Table) -> int:
    """Count the rows of a table."""
    return int(next(ledger.store.query(Statement(select(func.count()).select_from(table))))[0])
