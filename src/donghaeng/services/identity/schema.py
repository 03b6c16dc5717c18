"""The tables of the identity check, as SQLAlchemy knows them; `migrations/` makes them.

Entries of the ledger are the truth; these tables are what they come to, and `projection.rebuild` makes them anew.
They hold no fact about a person's health, and no reason that rests on one. Days and moments are texts in ISO 8601.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Index, Integer, MetaData, Table

from donghaeng.ledger.migrate import TableSet
from donghaeng.ledger.schema import Counter, Exact

FOLDER = Path(__file__).parent / "migrations"

metadata = MetaData()

#: Visits as they stand now.
visits = Table(
    "identity_visits",
    metadata,
    Column("visit", Exact, primary_key=True),
    Column("institution", Exact, nullable=False),
    Column("person", Exact, nullable=False),  # pseudonym
    Column("on_day", Exact, nullable=False),  # day of the visit in the zone of the pack
    Column("at", Exact, nullable=False),  # moment of the visit, UTC
    Column("result", Exact, nullable=False),
    Column("reason", Exact),  # null where it rests on a personal fact; it then stands encrypted in the ledger
    Column("state", Exact, nullable=False),  # settled, open, undetermined or review
    Column("lookup_pending", Integer, nullable=False),  # 1 while the eligibility is still to be looked up
    Column("refund", Counter),  # what is paid back, in whole units; null while that is not known
    Column("redecided", Integer, nullable=False),  # how often it was decided again with another answer
    Index("identity_visits_institution_day", "institution", "on_day"),
)

#: On which days an institution checked identity and eligibility of a person.
checks = Table(
    "identity_checks",
    metadata,
    Column("visit", Exact, primary_key=True),
    Column("day", Exact, primary_key=True),
    Column("institution", Exact, nullable=False),
    Column("person", Exact, nullable=False),
    Index("identity_checks_person", "institution", "person"),
)

#: Until when a document may still be brought.
deadlines = Table(
    "identity_deadlines",
    metadata,
    Column("visit", Exact, primary_key=True),
    Column("institution", Exact, nullable=False),
    Column("bring_by", Exact, nullable=False),
    Index("identity_deadlines_day", "institution", "bring_by"),
)

TABLES: tuple[Table, ...] = (visits, checks, deadlines)
TABLE_SET = TableSet("identity", FOLDER, "identity_1", TABLES)
