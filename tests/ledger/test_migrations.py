"""Tables of an older version are brought up to date with what stands in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

from donghaeng.ledger import schema
from donghaeng.ledger.faults import DamagedError
from donghaeng.ledger.migrate import migrate
from donghaeng.ledger.open import open_store, sqlalchemy_url
from donghaeng.ledger.schema import ENTRIES, PERSONS
from donghaeng.ledger.seals import prove_inclusion, seal
from donghaeng.ledger.statement import Statement
from donghaeng.ledger.verify import verify
from tests.ledger.conftest import STORES, execute
from tests.ledger.ledgers import charged, opened
from tests.ledger.test_verify import KEY, NOON


@pytest.fixture(params=STORES)
def empty_url(request: pytest.FixtureRequest, new_url: Callable[[str], str]) -> str:
    """The address of a place without any tables."""
    if request.param == "sqlite":
        return new_url("sqlite")
    server: Any = request.getfixturevalue("server")
    name = f"empty_{request.node.name.split('[')[0][-30:]}".lower()
    execute(server, f"CREATE DATABASE {name}")
    return str(server.get_uri(name))


def test_a_ledger_of_the_first_version_goes_on_in_the_newest(empty_url: str, new_url: Callable[[str], str]) -> None:
    """Filled by copying rows, as the code of that version is no longer there."""
    migrate(sqlalchemy_url(empty_url), ENTRIES, "entries_1")
    newest = opened(new_url("sqlite"))
    recorded = newest.append([charged(number, f"card/{number % 3}") for number in range(300)])
    held = seal(newest.store, KEY, NOON)
    engine = create_engine(sqlalchemy_url(empty_url), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(schema.entries.insert(), [entry._asdict() for entry in recorded])
        row = next(iter(list(newest.store.query(Statement(schema.seals.select())))))
        connection.execute(schema.seals.insert(), dict(zip(schema.seals.c.keys(), row, strict=True)))
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT setval('entries_sequence_seq', 300)")
    engine.dispose()
    newest.close()

    with pytest.raises(DamagedError, match="version entries_1; run `donghaeng ledger migrate`"):
        open_store(empty_url)
    migrate(sqlalchemy_url(empty_url), ENTRIES)

    ledger = opened(empty_url)
    assert list(ledger.entries()) == recorded
    assert ledger.append(charged(0, "card/0")) == recorded[:1]
    ledger.append(charged(1_000))
    assert verify(ledger.store, [held]).holds
    # The tree that the old version did not keep is made by the next seal.
    again = seal(ledger.store, KEY, NOON, since_last=True)
    assert prove_inclusion(ledger.store, "card/1", 5).holds(again)
    ledger.close()


def test_the_migrations_make_the_tables_that_the_code_knows(empty_url: str) -> None:
    migrate(sqlalchemy_url(empty_url), ENTRIES)
    migrate(sqlalchemy_url(empty_url), PERSONS)
    engine = create_engine(sqlalchemy_url(empty_url), poolclass=NullPool)
    there = inspect(engine)
    for metadata in (schema.metadata, schema.persons_metadata):
        for table in metadata.sorted_tables:
            columns = {column["name"]: column for column in there.get_columns(table.name)}
            assert list(columns) == [column.name for column in table.columns]
            for column in table.columns:
                # SQLite tells an INTEGER PRIMARY KEY, which never is null, as one that may be.
                assert columns[column.name]["nullable"] == column.nullable or column.primary_key
            keys = {tuple(key["column_names"]) for key in there.get_unique_constraints(table.name)}
            wanted = {
                tuple(key.columns.keys()) for key in table.constraints if type(key).__name__ == "UniqueConstraint"
            }
            assert keys == wanted
    engine.dispose()


def test_what_is_no_ledger_is_not_taken_for_one(empty_url: str) -> None:
    if empty_url.startswith("sqlite"):
        import sqlite3

        sqlite3.connect(empty_url.removeprefix("sqlite:///")).executescript("CREATE TABLE other (a)").connection.close()
    with pytest.raises(DamagedError, match="holds no ledger"):
        open_store(empty_url)


def test_migrating_again_changes_nothing(ledger: object, url: str) -> None:
    migrate(sqlalchemy_url(url), ENTRIES)
    migrate(sqlalchemy_url(url), PERSONS)
    assert ledger


def test_a_migration_that_fails_leaves_everything_as_it_was(
    new_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import op

    url = new_url("sqlite")
    made = op.create_table

    def fail(name: str, *columns: Any, **more: Any) -> Any:
        if name == "seals":
            raise ZeroDivisionError
        return made(name, *columns, **more)

    monkeypatch.setattr(op, "create_table", fail)
    with pytest.raises(ZeroDivisionError):
        migrate(sqlalchemy_url(url), ENTRIES)
    monkeypatch.undo()
    with pytest.raises(DamagedError, match="holds no ledger"):
        open_store(url)
    opened(url).close()


def test_the_newest_versions_are_those_of_the_files() -> None:
    for tables in (ENTRIES, PERSONS):
        last = sorted(tables.folder.glob("v*.py"))[-1]
        assert f'revision = "{tables.newest}"' in last.read_text()
        assert int(last.name[1:5]) == int(tables.newest.rpartition("_")[2])
