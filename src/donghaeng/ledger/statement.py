"""SQL that SQLAlchemy Core writes once and the driver runs.

Core gives one text for each dialect; the drivers prepare that text and keep it prepared. What Core would do at each
call costs more than the call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal, Protocol

from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.expression import ClauseElement

from donghaeng.ledger.entry import Entry

DialectName = Literal["sqlite", "postgresql"]
Row = tuple[Any, ...]


@cache
def dialect(name: DialectName) -> Dialect:
    """Give the dialect of a store, with parameters as its driver takes them."""
    if name == "sqlite":
        from sqlalchemy.dialects.sqlite import dialect as sqlite

        return sqlite(paramstyle="named")
    from sqlalchemy.dialects.postgresql.psycopg import dialect as psycopg

    return psycopg()  # type: ignore[no-untyped-call]


class Statement:
    """A Core statement with named parameters (`sqlalchemy.bindparam`); no lists of unknown length."""

    def __init__(self, clause: ClauseElement) -> None:
        """Take the statement."""
        self.clause = clause
        self._texts: dict[str, tuple[str, dict[str, Any]]] = {}

    def text(self, name: DialectName) -> str:
        """Give its text for the driver of a store."""
        return self._compiled(name)[0]

    def parameters(self, name: DialectName, given: Mapping[str, Any]) -> dict[str, Any]:
        """Give the parameters to run it with: those given, and the constants that stand in it."""
        return {**self._compiled(name)[1], **given}

    def _compiled(self, name: DialectName) -> tuple[str, dict[str, Any]]:
        found = self._texts.get(name)
        if found is None:
            compiled = self.clause.compile(dialect=dialect(name))
            constants = {key: value for key, value in (compiled.params or {}).items() if value is not None}
            found = self._texts[name] = str(compiled), constants
        return found


class Transaction(Protocol):
    """What a service writes its own tables with, in the transaction of its entries."""

    @property
    def entries(self) -> Sequence[Entry]:
        """The entries that were recorded just now; those of an earlier call are not among them."""

    def execute(self, statement: Statement, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """Run a statement and give its rows.

        Raises:
            ConflictError: a constraint of a table does not allow it.
        """
