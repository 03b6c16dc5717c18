"""The table of keys; `migrations/` makes it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, LargeBinary, MetaData, Table

from donghaeng.ledger.migrate import TableSet
from donghaeng.ledger.schema import Exact

metadata = MetaData()

#: Keys as the entries in the streams ``keys/ID`` made them; times are UTC with microseconds.
access_keys = Table(
    "access_keys",
    metadata,
    Column("id", Exact, primary_key=True),
    Column("hash", LargeBinary, nullable=False),  # of the secret, which stands nowhere
    Column("organisation", Exact, nullable=False),
    Column("scopes", Exact, nullable=False),  # with a space between them
    Column("created_at", Exact, nullable=False),
    Column("expires_at", Exact),
    Column("revoked_at", Exact),
    Column("note", Exact, nullable=False),
)

TABLES = (access_keys,)
TABLE_SET = TableSet("access", Path(__file__).parent / "migrations", "access_1", TABLES)
