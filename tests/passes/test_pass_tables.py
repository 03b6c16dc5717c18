"""The migration makes the tables that the code knows, in both stores."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, inspect

from donghaeng.ledger.open import make_tables, sqlalchemy_url
from donghaeng.ledger.schema import ENTRIES
from donghaeng.services.passes.schema import TABLE_SET


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_the_migration_makes_the_tables_that_the_code_knows(store: str, new_url: Callable[[str], str]) -> None:
    url = new_url(store)
    for tables in (ENTRIES, TABLE_SET):
        make_tables(url, tables)
    engine = create_engine(sqlalchemy_url(url))
    found = inspect(engine)
    for table in TABLE_SET.tables:
        made = {column["name"]: column for column in found.get_columns(table.name)}
        assert list(made) == [column.name for column in table.columns], table.name
        for column in table.columns:
            same = str(made[column.name]["type"].compile(engine.dialect)) == str(column.type.compile(engine.dialect))
            assert same, f"{table.name}.{column.name}"
            assert made[column.name]["nullable"] == (column.nullable and not column.primary_key), column
        assert found.get_pk_constraint(table.name)["constrained_columns"] == [one.name for one in table.primary_key]
        checks = {one["name"] for one in found.get_check_constraints(table.name)}
        assert checks == {one.name for one in table.constraints if one.name and "CheckConstraint" in repr(type(one))}
        unique = {tuple(one["column_names"]) for one in found.get_unique_constraints(table.name)}
        wanted = {(column.name,) for column in table.columns if column.unique}
        wanted |= {
            tuple(column.name for column in one.columns)
            for one in table.constraints
            if "UniqueConstraint" in repr(type(one))
        }
        assert unique == wanted, table.name
        indexed = {tuple(one["column_names"]) for one in found.get_indexes(table.name) if not one["unique"]}
        assert indexed == {(column.name,) for column in table.columns if column.index}, table.name
    engine.dispose()
