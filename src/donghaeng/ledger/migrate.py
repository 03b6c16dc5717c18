"""Making the tables, and bringing old ones up to date, by Alembic."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Table

FOLDER = Path(__file__).parent / "migrations"


@dataclass(frozen=True)
class TableSet:
    """Tables that belong together and have a version of their own.

    Attributes:
        name: what they are called; the database keeps their version in the table ``NAME_version``.
        folder: the migrations, files ``v0001_….py`` with the revisions ``NAME_1`` and on.
        newest: the newest revision.
        tables: the tables as SQLAlchemy knows them, in an order in which their rows can be written.
    """

    name: str
    folder: Path
    newest: str
    tables: tuple[Table, ...]

    @property
    def version_table(self) -> str:
        """Where a database keeps the version of these tables."""
        return f"{self.name}_version"


def migrate(url: str, tables: TableSet, to: str = "head") -> None:
    """Bring the tables of a database to a version; a migration that fails leaves everything as it was.

    Args:
        url: address for SQLAlchemy: ``sqlite:///FILE`` or ``postgresql+psycopg://…``. A file is made if needed.
        tables: which tables.
        to: name of the version.
    """
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    engine = create_engine(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        # The driver would commit before each change of a table; so the transaction is begun by hand.
        @event.listens_for(engine, "connect")
        def _by_hand(connection: object, _record: object) -> None:
            connection.isolation_level = None  # type: ignore[attr-defined]

        @event.listens_for(engine, "begin")
        def _begin(connection: object) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # type: ignore[attr-defined]

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("version_locations", str(tables.folder).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        config.attributes["version_table"] = tables.version_table
        command.upgrade(config, to)
    engine.dispose()
