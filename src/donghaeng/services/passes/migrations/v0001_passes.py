"""Tables of the pass service: of counter and desk, and of gates and taps."""

import sqlalchemy as sa
from alembic import op

revision = "passes_1"
down_revision = None
branch_labels = None
depends_on = None

EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "pass_cards",
        sa.Column("card", EXACT, primary_key=True),
        sa.Column("medium", EXACT, nullable=False),
        sa.Column("pays", EXACT, nullable=False),
        sa.Column("state", EXACT, nullable=False),
        sa.Column("organisation", EXACT, nullable=False),
        sa.Column("agent", EXACT),
        sa.Column("issued_at", EXACT, nullable=False),
        sa.Column("person", EXACT, index=True),
        sa.Column("registered_on", EXACT),
        sa.Column("category", EXACT, nullable=False),
        sa.Column("verified_on", EXACT),
        sa.Column("verify_by", EXACT),
        sa.Column("discount_holder", EXACT, unique=True),
    )
    op.create_table(
        "pass_media",
        sa.Column("medium", EXACT, primary_key=True),
        sa.Column("number", COUNTER, nullable=False, unique=True),
        sa.Column("card", EXACT, nullable=False, index=True),
        sa.Column("kind", EXACT, nullable=False),
        sa.Column("issued_at", EXACT, nullable=False),
        sa.Column("state", EXACT, nullable=False),
        sa.Column("cause", EXACT),
        sa.Column("denied_at", EXACT),
        sa.Column("denied_sequence", COUNTER, index=True),
    )
    op.create_table(
        "pass_periods",
        sa.Column("charge", EXACT, primary_key=True),
        sa.Column("card", EXACT, nullable=False, index=True),
        sa.Column("medium", EXACT, nullable=False),
        sa.Column("product", EXACT, nullable=False),
        sa.Column("category", EXACT, nullable=False),
        sa.Column("starts", EXACT, nullable=False),
        sa.Column("ends", EXACT, nullable=False),
        sa.Column("charged_at", EXACT, nullable=False),
        sa.Column("charged_on", EXACT, nullable=False),
        sa.Column("price", COUNTER, nullable=False),
        sa.Column("rights", EXACT, nullable=False),
        sa.Column("state", EXACT, nullable=False),
        sa.Column("stopped_at", EXACT),
        sa.Column("refunded", COUNTER, nullable=False),
        sa.Column("later_refunded", COUNTER, nullable=False),
        sa.Column("sequence", COUNTER, nullable=False, index=True),
        sa.CheckConstraint("refunded >= 0 AND refunded + later_refunded <= price", name="pass_periods_refunded"),
    )
    op.create_table(
        "pass_blocks",
        sa.Column("block", EXACT, primary_key=True),
        sa.Column("card", EXACT, nullable=False, index=True),
        sa.Column("medium", EXACT),
        sa.Column("cause", EXACT, nullable=False),
        sa.Column("starts", EXACT, nullable=False),
        sa.Column("ends", EXACT),
        sa.Column("lifted_at", EXACT),
        sa.Column("sequence", COUNTER, nullable=False, index=True),
    )
    op.create_table(
        "pass_orders",
        sa.Column("order_id", EXACT, primary_key=True),
        sa.Column("organisation", EXACT, nullable=False),
        sa.Column("card", EXACT, nullable=False, index=True),
        sa.Column("medium", EXACT, nullable=False),
        sa.Column("product", EXACT, nullable=False),
        sa.Column("category", EXACT, nullable=False),
        sa.Column("starts", EXACT),
        sa.Column("amount", COUNTER, nullable=False),
        sa.Column("channel", EXACT, nullable=False),
        sa.Column("payment", EXACT, nullable=False),
        sa.Column("agent", EXACT),
        sa.Column("state", EXACT, nullable=False),
        sa.Column("placed_at", EXACT, nullable=False),
        sa.Column("expires_at", EXACT, nullable=False),
        sa.Column("paid_by", EXACT),
    )
    op.create_table(
        "pass_payments",
        sa.Column("payment", EXACT, primary_key=True),
        sa.Column("organisation", EXACT, nullable=False),
        sa.Column("order_id", EXACT, nullable=False, index=True),
        sa.Column("amount", COUNTER, nullable=False),
        sa.Column("means", EXACT, nullable=False),
        sa.Column("paid_at", EXACT, nullable=False),
        sa.Column("disposition", EXACT, nullable=False),
        sa.Column("reason", EXACT, nullable=False),
        sa.Column("returned_at", EXACT),
        sa.CheckConstraint("amount > 0", name="pass_payments_amount"),
    )
    op.create_table(
        "pass_refunds",
        sa.Column("refund", EXACT, primary_key=True),
        sa.Column("card", EXACT, nullable=False, index=True),
        sa.Column("charge", EXACT, nullable=False),
        sa.Column("kind", EXACT, nullable=False),
        sa.Column("cause", EXACT, nullable=False),
        sa.Column("rule", EXACT, nullable=False),
        sa.Column("least", COUNTER, nullable=False),
        sa.Column("most", COUNTER, nullable=False),
        sa.Column("state", EXACT, nullable=False),
        sa.Column("asked_by", EXACT, nullable=False),
        sa.Column("asked_at", EXACT, nullable=False),
        sa.Column("paid_by", EXACT),
        sa.Column("paid_at", EXACT),
        sa.Column("paid", COUNTER),
        sa.Column("whole_of", EXACT, unique=True),
        sa.CheckConstraint("0 <= least AND least <= most", name="pass_refunds_range"),
    )
    op.create_table(
        "pass_claims",
        sa.Column("claim", EXACT, primary_key=True),
        sa.Column("card", EXACT, nullable=False, index=True),
        sa.Column("subject", EXACT, nullable=False),
        sa.Column("charge", EXACT),
        sa.Column("disputes", EXACT),
        sa.Column("state", EXACT, nullable=False),
        sa.Column("amount", COUNTER, nullable=False),
        sa.Column("opened_by", EXACT, nullable=False),
        sa.Column("opened_at", EXACT, nullable=False),
        sa.Column("decided_by", EXACT),
        sa.Column("decided_at", EXACT),
        sa.Column("refund", EXACT),
    )
    op.create_table(
        "pass_agents",
        sa.Column("agent", EXACT, primary_key=True),
        sa.Column("organisation", EXACT, nullable=False),
        sa.Column("state", EXACT, nullable=False),
        sa.Column("per_mille", sa.Integer, nullable=False),
        sa.Column("per_card", COUNTER, nullable=False),
        sa.Column("stock", COUNTER, nullable=False),
        sa.Column("taken", COUNTER, nullable=False),
        sa.Column("commission", COUNTER, nullable=False),
        sa.Column("remitted", COUNTER, nullable=False),
        sa.CheckConstraint("stock >= 0", name="pass_agents_stock"),
    )
    op.create_table(
        "pass_settings",
        sa.Column("setting", EXACT, primary_key=True),
        sa.Column("starts", EXACT, primary_key=True),
        sa.Column("choose", EXACT, nullable=False),
        sa.Column("amount", COUNTER),
        sa.Column("fixed_by", EXACT, nullable=False),
        sa.Column("fixed_at", EXACT, nullable=False),
    )
    op.create_table(
        "pass_tap_changes",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("made_at", EXACT, nullable=False),
    )
    op.create_table(
        "pass_tap_files",
        sa.Column("file", EXACT, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("source", EXACT, nullable=False),
        sa.Column("received_at", EXACT, nullable=False),
        sa.Column("rows", COUNTER, nullable=False),
        sa.Column("new", COUNTER, nullable=False),
        sa.Column("repeated", COUNTER, nullable=False),
        sa.Column("disputed", COUNTER, nullable=False),
        sa.Column("refused", COUNTER, nullable=False),
        sa.Column("held", COUNTER, nullable=False),
    )
    op.create_table(
        "pass_tap_parts",
        sa.Column("part", EXACT, primary_key=True),
        sa.Column("kind", EXACT, nullable=False),
        sa.Column("day", EXACT, nullable=False, index=True),
        sa.Column("rows", COUNTER, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("ended", sa.Integer),
        sa.Column("as_of", EXACT),
        sa.Column("counted", sa.Integer),
    )
    op.create_table(
        "pass_tap_devices",
        sa.Column("device", EXACT, primary_key=True),
        sa.Column("day", EXACT, primary_key=True),
        sa.Column("first_sequence", COUNTER, nullable=False),
        sa.Column("last_sequence", COUNTER, nullable=False),
        sa.Column("taps", COUNTER, nullable=False),
    )
    op.create_table(
        "pass_tap_clocks",
        sa.Column("device", EXACT, primary_key=True),
        sa.Column("first_sequence", COUNTER, primary_key=True, autoincrement=False),
        sa.Column("last_sequence", COUNTER, nullable=False),
        sa.Column("ahead_seconds", COUNTER, nullable=False),
    )
    op.create_table(
        "pass_missing_alights",
        sa.Column("device", EXACT, primary_key=True),
        sa.Column("sequence", COUNTER, primary_key=True, autoincrement=False),
        sa.Column("medium", COUNTER, nullable=False, index=True),
        sa.Column("boarded_at", EXACT, nullable=False),
        sa.Column("day", EXACT, nullable=False),
        sa.Column("place", EXACT, nullable=False),
        sa.Column("line", EXACT, nullable=False),
        sa.Column("waived", EXACT),
    )
    op.create_table(
        "pass_tap_waivers",
        sa.Column("waiver", EXACT, primary_key=True),
        sa.Column("place", EXACT),
        sa.Column("line", EXACT),
        sa.Column("starts", EXACT, nullable=False),
        sa.Column("ends", EXACT, nullable=False),
        sa.Column("match", EXACT, nullable=False),
    )
    op.create_table(
        "pass_gate_lists",
        sa.Column("kind", EXACT, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("rules", EXACT, nullable=False),
        sa.Column("issued_at", EXACT, nullable=False),
        sa.Column("file", EXACT, nullable=False),
        sa.Column("media", COUNTER, nullable=False),
        sa.Column("share", sa.Integer, nullable=False),
        sa.Column("withdrawn", sa.Integer, nullable=False),
    )
    op.create_table(
        "pass_gates",
        sa.Column("device", EXACT, primary_key=True),
        sa.Column("place", EXACT, nullable=False),
        sa.Column("list", sa.Integer, nullable=False),
        sa.Column("rules", EXACT, nullable=False),
        sa.Column("reported_at", EXACT, nullable=False),
    )
