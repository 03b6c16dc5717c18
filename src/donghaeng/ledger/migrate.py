"""Making the tables, and bringing old ones up to date, by Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Tables = Literal["entries", "persons"]

#: The newest version of each set of tables.
NEWEST: dict[Tables, str] = {"entries": "entries_2", "persons": "persons_1"}
#: Where a database keeps the version of its tables.
VERSION_TABLE: dict[Tables, str] = {"entries": "entries_version", "persons": "persons_version"}

FOLDER = Path(__file__).parent / "migrations"


def migrate(url: str, tables: Tables, to: str = "head") -> None:
    """Bring the tables of a database to a version; a migration that fails leaves everything as it was.

    Args:
        url: address for SQLAlchemy: ``sqlite:///FILE`` or ``postgresql+psycopg://…``. A file is made if needed.
        tables: which of the tables.
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
    config.set_main_option("version_locations", str(FOLDER / tables).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        config.attributes["version_table"] = VERSION_TABLE[tables]
        command.upgrade(config, to)
    engine.dispose()
