"""Persons, their maps and keys, and what was erased."""

import sqlalchemy as sa
from alembic import op

revision = "persons_1"
down_revision = None
branch_labels = None
depends_on = None

EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "persons",
        sa.Column("pseudonym", EXACT, primary_key=True),
        sa.Column("created_at", EXACT, nullable=False),
    )
    op.create_table(
        "person_maps",
        sa.Column("lookup", sa.LargeBinary, primary_key=True),
        sa.Column("pseudonym", EXACT, nullable=False, index=True),
        sa.Column("nonce", sa.LargeBinary, nullable=False),
        sa.Column("number", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "fact_keys",
        sa.Column("pseudonym", EXACT, primary_key=True),
        sa.Column("kind", EXACT, primary_key=True),
        sa.Column("day", EXACT, primary_key=True),
        sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "erasures",
        sa.Column("pseudonym", EXACT, primary_key=True),
        sa.Column("kind", EXACT, primary_key=True),
        sa.Column("day", EXACT, primary_key=True),
        sa.Column("erased_at", EXACT, nullable=False),
        sa.Column("reason", EXACT, nullable=False),
    )
