"""Tables of the identity check."""

from alembic import op

from donghaeng.services.identity.schema import TABLES

revision = "identity_1"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    for table in TABLES:
        table.create(op.get_bind())
