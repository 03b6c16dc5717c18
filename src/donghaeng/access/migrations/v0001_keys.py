"""Keys of the API."""

import sqlalchemy as sa
from alembic import op

revision = "access_1"
down_revision = None
branch_labels = None
depends_on = None

EXACT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "access_keys",
        sa.Column("id", EXACT, primary_key=True),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("organisation", EXACT, nullable=False),
        sa.Column("scopes", EXACT, nullable=False),
        sa.Column("created_at", EXACT, nullable=False),
        sa.Column("expires_at", EXACT),
        sa.Column("revoked_at", EXACT),
        sa.Column("note", EXACT, nullable=False),
    )
