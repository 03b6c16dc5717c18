"""Roots of complete trees, for proofs that need not read every entry."""

import sqlalchemy as sa
from alembic import op

revision = "entries_2"
down_revision = "entries_1"
branch_labels = None
depends_on = None

COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table; the next seal fills it."""
    op.create_table(
        "tree_nodes",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", COUNTER, primary_key=True, autoincrement=False),
        sa.Column("last_sequence", COUNTER, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
