"""The tables, as SQLAlchemy knows them; `migrations/` makes them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint
from sqlalchemy.types import TypeEngine

from donghaeng.ledger.migrate import FOLDER, TableSet

#: Bytewise order on PostgreSQL, whatever its locale; SQLite has no other.
Exact: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")
Counter: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()

#: What happened; see `donghaeng.ledger.entry.Entry` for the columns, which stand in the same order.
entries = Table(
    "entries",
    metadata,
    Column("sequence", Counter, primary_key=True, autoincrement=True),
    Column("stream", Exact, nullable=False),
    Column("position", Counter, nullable=False),
    Column("kind", Exact, nullable=False),
    Column("kind_version", Integer, nullable=False),
    Column("effective_at", Exact, nullable=False),
    Column("recorded_at", Exact, nullable=False),
    Column("idempotency_key", Exact, nullable=False),
    Column("body", Exact, nullable=False),
    Column("decision_id", Exact),
    Column("corrects", Counter),
    Column("previous_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("stream", "position", name="entries_stream_position"),
    UniqueConstraint("idempotency_key", name="entries_idempotency_key"),
)

#: Seals as they were given out. What counts is the copy that is held outside.
seals = Table(
    "seals",
    metadata,
    Column("size", Counter, primary_key=True, autoincrement=False),
    Column("last_sequence", Counter, nullable=False),
    Column("frontier", Exact, nullable=False),  # roots of the complete trees that make up the tree, in JSON
    Column("seal", Exact, nullable=False),  # the signed seal, in JSON
)

#: Roots of complete trees below the last seal, so that a proof reads a few hundred entries and not all.
tree_nodes = Table(
    "tree_nodes",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),  # a tree over 2**level entries
    Column("number", Counter, primary_key=True, autoincrement=False),  # from 0
    Column("last_sequence", Counter, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

persons_metadata = MetaData()

#: Persons by their pseudonym.
persons = Table(
    "persons",
    persons_metadata,
    Column("pseudonym", Exact, primary_key=True),
    Column("created_at", Exact, nullable=False),
)

#: From an institution's own number, or an account, to a person. The number stands here only encrypted.
person_maps = Table(
    "person_maps",
    persons_metadata,
    Column("lookup", LargeBinary, primary_key=True),  # keyed hash of namespace and number
    Column("pseudonym", Exact, nullable=False, index=True),
    Column("nonce", LargeBinary, nullable=False),
    Column("number", LargeBinary, nullable=False),
)

#: Keys of facts: of one person, in entries of one kind, of one day; wrapped by the master key.
fact_keys = Table(
    "fact_keys",
    persons_metadata,
    Column("pseudonym", Exact, primary_key=True),
    Column("kind", Exact, primary_key=True),
    Column("day", Exact, primary_key=True),
    Column("wrapped_key", LargeBinary, nullable=False),
)

#: Who and what was erased; holds no key and no number.
erasures = Table(
    "erasures",
    persons_metadata,
    Column("pseudonym", Exact, primary_key=True),
    Column("kind", Exact, primary_key=True),  # empty with an empty day: the whole person
    Column("day", Exact, primary_key=True),
    Column("erased_at", Exact, nullable=False),
    Column("reason", Exact, nullable=False),
)

ENTRIES = TableSet("entries", FOLDER / "entries", "entries_2", (entries, seals, tree_nodes))
PERSONS = TableSet("persons", FOLDER / "persons", "persons_1", (persons, person_maps, fact_keys, erasures))
