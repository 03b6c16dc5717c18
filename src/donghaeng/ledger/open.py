"""A store from its address."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from donghaeng.errors import UsageError
from donghaeng.ledger.migrate import TableSet, migrate
from donghaeng.ledger.schema import ENTRIES, PERSONS

if TYPE_CHECKING:
    from donghaeng.ledger.store import Database, Store

SQLITE, POSTGRESQL = "sqlite:///", ("postgresql://", "postgres://")


def sqlite_path(url: str) -> Path | None:
    """Give the file of an address ``sqlite:///FILE``, or None for PostgreSQL.

    Raises:
        UsageError: the address is of neither.

    >>> sqlite_path("sqlite:////var/lib/ledger.db")
    PosixPath('/var/lib/ledger.db')
    """
    if url.startswith(SQLITE) and (path := url.removeprefix(SQLITE)) and "?" not in path:
        return Path(path)
    if url.startswith(POSTGRESQL):
        return None
    # The address may hold a password, so it is not repeated.
    raise UsageError("the address of a ledger is sqlite:///FILE or postgresql://USER@HOST/DATABASE")


def sqlalchemy_url(url: str) -> str:
    """Give the address as SQLAlchemy takes it."""
    path = sqlite_path(url)
    return f"sqlite:///{path}" if path is not None else f"postgresql+psycopg://{url.partition('://')[2]}"


def open_store(
    url: str,
    *,
    create: bool = False,
    more: Iterable[TableSet] = (),
    timeout: float = 10.0,
    connections: int = 8,
) -> Store:
    """Open the store at an address.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql://…``.
        create: make its tables if there are none, and bring old ones up to date.
        more: tables of services in the same database, which are made with those of the ledger.
        timeout: seconds to wait for another process, or for the server.
        connections: how many connections to a server are open at most.

    Raises:
        UsageError: the address is of no store.
        UnavailableError: it cannot be reached.
        DamagedError: it holds no ledger of this version.
    """
    path = sqlite_path(url)
    if create:
        for tables in (ENTRIES, *more):
            make_tables(url, tables)
    if path is not None:
        from donghaeng.ledger.sqlite import SqliteStore

        return SqliteStore(path, timeout=timeout)
    from donghaeng.ledger.postgresql import PostgresqlStore

    return PostgresqlStore(url, timeout=timeout, connections=connections)


def open_persons(url: str, *, create: bool = False, timeout: float = 10.0) -> Database:
    """Open the tables of persons that belong to a ledger.

    For a ledger in a file they are a file of their own beside it, ``NAME.persons.db`` for ``NAME.db``, so that they
    can be kept, copied and destroyed apart. On a server they are tables of the same database.

    Args:
        url: address of the ledger.
        create: make the tables if there are none, and bring old ones up to date.
        timeout: seconds to wait for another process, or for the server.

    Raises:
        UsageError: the address is of no store.
        UnavailableError: it cannot be reached.
        DamagedError: it does not hold these tables in this version.
    """
    path = sqlite_path(url)
    if path is not None:
        path = persons_path(path)
        url = f"{SQLITE}{path}"
    if create:
        make_tables(url, PERSONS)
    if path is not None:
        from donghaeng.ledger.sqlite import SqliteDatabase

        return SqliteDatabase(path, PERSONS, timeout=timeout)
    from donghaeng.ledger.postgresql import PostgresqlDatabase

    return PostgresqlDatabase(url, PERSONS, timeout=timeout)


def persons_path(path: Path) -> Path:
    """Give the file of persons that belongs to the file of a ledger.

    >>> persons_path(Path("city/donghaeng.db")).as_posix()
    'city/donghaeng.persons.db'
    """
    return path.with_name(f"{path.stem}.persons.db")


def files_path(path: Path) -> Path:
    """Give the folder of the files that stand beside the file of a ledger; see `donghaeng.ledger.files`.

    >>> files_path(Path("city/donghaeng.db")).as_posix()
    'city/donghaeng.days'
    """
    return path.with_name(f"{path.stem}.days")


def make_tables(url: str, tables: TableSet) -> None:
    """Make the tables at an address, or bring them up to date.

    Raises:
        UnavailableError: it cannot be reached or written.
    """
    from sqlalchemy.exc import DBAPIError

    from donghaeng.ledger.faults import UnavailableError

    try:
        migrate(sqlalchemy_url(url), tables)
    except DBAPIError as error:
        where = sqlite_path(url)
        raise UnavailableError(f"{where or 'the server'} cannot be used: {error.orig}") from error
