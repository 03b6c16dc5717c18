"""The tables of the pass service, as SQLAlchemy knows them; `migrations/` makes them.

Entries of the ledger are the truth; these tables are what they come to, and `projection` makes them anew. Days are
texts in ISO 8601, moments too, with their zone; truth values are 0 and 1; money is whole units.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import CheckConstraint, Column, Integer, Table

from donghaeng.ledger.migrate import TableSet
from donghaeng.ledger.schema import Counter, Exact
from donghaeng.services.passes.tables import metadata
from donghaeng.services.passes.tap_schema import TAP_TABLES

FOLDER = Path(__file__).parent / "migrations"

#: Cards: an account that a medium carries. What the card may do follows from its periods and blocks.
cards = Table(
    "pass_cards",
    metadata,
    Column("card", Exact, primary_key=True),
    Column("medium", Exact, nullable=False),  # the present one
    Column("pays", Exact, nullable=False),  # prepaid or postpaid
    Column("state", Exact, nullable=False),  # active or closed
    Column("organisation", Exact, nullable=False),  # who issued it
    Column("agent", Exact),
    Column("issued_at", Exact, nullable=False),
    Column("person", Exact, index=True),  # pseudonym; null while it is not registered
    Column("registered_on", Exact),  # service day
    Column("category", Exact, nullable=False),
    Column("verified_on", Exact),
    Column("verify_by", Exact),
    Column("discount_holder", Exact, unique=True),  # pseudonym of who has the discount: one such card a person
)

#: Media: what is held to a gate. A medium that is denied stays denied; lists are made from this table.
media = Table(
    "pass_media",
    metadata,
    Column("medium", Exact, primary_key=True),
    Column("number", Counter, nullable=False, unique=True),  # what gates know it by; see `medium.medium_number`
    Column("card", Exact, nullable=False, index=True),
    Column("kind", Exact, nullable=False),  # code of the pack, such as physical
    Column("issued_at", Exact, nullable=False),
    Column("state", Exact, nullable=False),  # active, replaced, blocked (lost, stolen, defective, misuse) or stopped
    Column("cause", Exact),
    Column("denied_at", Exact),  # when it was denied; null while it is not
    Column("denied_sequence", Counter, index=True),  # sequence of the entry that changed `denied_at` last
)

#: Periods that charges gave. `state` is active, stopped or refunded; whether one is over follows from the day.
periods = Table(
    "pass_periods",
    metadata,
    Column("charge", Exact, primary_key=True),
    Column("card", Exact, nullable=False, index=True),
    Column("medium", Exact, nullable=False),
    Column("product", Exact, nullable=False),
    Column("category", Exact, nullable=False),
    Column("starts", Exact, nullable=False),
    Column("ends", Exact, nullable=False),
    Column("charged_at", Exact, nullable=False),
    Column("charged_on", Exact, nullable=False),  # service day of the charge
    Column("price", Counter, nullable=False),
    Column("rights", Exact, nullable=False),
    Column("state", Exact, nullable=False),
    Column("stopped_at", Exact),
    Column("refunded", Counter, nullable=False),
    Column("later_refunded", Counter, nullable=False),  # paid back afterwards for a period run to its end
    Column("sequence", Counter, nullable=False, index=True),  # of the entry that charged it
    CheckConstraint("refunded >= 0 AND refunded + later_refunded <= price", name="pass_periods_refunded"),
)

#: Blocks of cards for a time, by missing alight tags or by hand. Times are UTC with microseconds.
blocks = Table(
    "pass_blocks",
    metadata,
    Column("block", Exact, primary_key=True),
    Column("card", Exact, nullable=False, index=True),
    Column("medium", Exact),  # null: every medium of the card
    Column("cause", Exact, nullable=False),
    Column("starts", Exact, nullable=False),
    Column("ends", Exact),  # null: until it is lifted
    Column("lifted_at", Exact),
    Column("sequence", Counter, nullable=False, index=True),  # of the entry that changed it last
)

#: Orders: what somebody chose and has to pay, until when.
orders = Table(
    "pass_orders",
    metadata,
    Column("order_id", Exact, primary_key=True),
    Column("organisation", Exact, nullable=False),
    Column("card", Exact, nullable=False, index=True),
    Column("medium", Exact, nullable=False),
    Column("product", Exact, nullable=False),
    Column("category", Exact, nullable=False),
    Column("starts", Exact),  # chosen; null for none
    Column("amount", Counter, nullable=False),
    Column("channel", Exact, nullable=False),
    Column("payment", Exact, nullable=False),
    Column("agent", Exact),
    Column("state", Exact, nullable=False),  # open, paid, held or cancelled
    Column("placed_at", Exact, nullable=False),
    Column("expires_at", Exact, nullable=False),
    Column("paid_by", Exact),  # id of the payment that charged it
)

#: Payments as they were told. `disposition`: charged, held (to be given back) or returned.
payments = Table(
    "pass_payments",
    metadata,
    Column("payment", Exact, primary_key=True),
    Column("organisation", Exact, nullable=False),
    Column("order_id", Exact, nullable=False, index=True),
    Column("amount", Counter, nullable=False),
    Column("means", Exact, nullable=False),
    Column("paid_at", Exact, nullable=False),
    Column("disposition", Exact, nullable=False),
    Column("reason", Exact, nullable=False),
    Column("returned_at", Exact),
    CheckConstraint("amount > 0", name="pass_payments_amount"),
)

#: Refunds that were asked for: the whole of a period by the rule, or a part by a claim.
refunds = Table(
    "pass_refunds",
    metadata,
    Column("refund", Exact, primary_key=True),
    Column("card", Exact, nullable=False, index=True),
    Column("charge", Exact, nullable=False),
    Column("kind", Exact, nullable=False),  # whole, part or later
    Column("cause", Exact, nullable=False),
    Column("rule", Exact, nullable=False),  # role/row of the rule
    Column("least", Counter, nullable=False),
    Column("most", Counter, nullable=False),
    Column("state", Exact, nullable=False),  # asked, paid or refused
    Column("asked_by", Exact, nullable=False),
    Column("asked_at", Exact, nullable=False),
    Column("paid_by", Exact),
    Column("paid_at", Exact),
    Column("paid", Counter),
    Column("whole_of", Exact, unique=True),  # the charge, for a refund of the whole: there is one
    CheckConstraint("0 <= least AND least <= most", name="pass_refunds_range"),
)

#: Claims at the desk, and what came of them.
claims = Table(
    "pass_claims",
    metadata,
    Column("claim", Exact, primary_key=True),
    Column("card", Exact, nullable=False, index=True),
    Column("subject", Exact, nullable=False),
    Column("charge", Exact),
    Column("disputes", Exact),  # the claim whose decision is disputed
    Column("state", Exact, nullable=False),  # open, upheld or rejected
    Column("amount", Counter, nullable=False),
    Column("opened_by", Exact, nullable=False),
    Column("opened_at", Exact, nullable=False),
    Column("decided_by", Exact),
    Column("decided_at", Exact),
    Column("refund", Exact),
)

#: Agents who sell for the service: what they hold, took, earned and handed over.
agents = Table(
    "pass_agents",
    metadata,
    Column("agent", Exact, primary_key=True),
    Column("organisation", Exact, nullable=False),
    Column("state", Exact, nullable=False),  # active or closed
    Column("per_mille", Integer, nullable=False),  # commission on what is charged
    Column("per_card", Counter, nullable=False),  # commission on a card sold
    Column("stock", Counter, nullable=False),
    Column("taken", Counter, nullable=False),
    Column("commission", Counter, nullable=False),
    Column("remitted", Counter, nullable=False),
    CheckConstraint("stock >= 0", name="pass_agents_stock"),
)

#: What a named role fixed where a rule is unknown or only inferred, from a service day on.
settings = Table(
    "pass_settings",
    metadata,
    Column("setting", Exact, primary_key=True),  # role of the table / id of the row
    Column("starts", Exact, primary_key=True),
    Column("choose", Exact, nullable=False),  # least, most, amount or a code
    Column("amount", Counter),
    Column("fixed_by", Exact, nullable=False),  # the role, such as head of passes
    Column("fixed_at", Exact, nullable=False),
)

TABLES: tuple[Table, ...] = (
    cards,
    media,
    periods,
    blocks,
    orders,
    payments,
    refunds,
    claims,
    agents,
    settings,
    *TAP_TABLES,
)

TABLE_SET = TableSet("passes", FOLDER, "passes_1", TABLES)
