"""The packs and tables that are served, made ready once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from donghaeng.api.problems import refused
from donghaeng.catalogue.pack import Pack
from donghaeng.errors import UsageError, nearest
from donghaeng.rules.decision import DecisionTable


class Served:
    """What an API serves.

    Attributes:
        packs: the packs by id.
    """

    def __init__(self, packs: Sequence[Pack]) -> None:
        """Make the tables of packs ready.

        Raises:
            UsageError: two packs have the same id.
        """
        self.packs: Mapping[str, Pack] = {pack.id: pack for pack in packs}
        if len(self.packs) < len(packs):
            raise UsageError("two of the packs have the same id; serve one of them")
        self._tables: dict[str, dict[str, DecisionTable]] = {
            pack.id: {name: pack.table(name) for name in (pack.rules.tables if pack.rules else ())} for pack in packs
        }

    def pack(self, owner: str, pack: str) -> Pack:
        """Find a pack.

        Raises:
            Refused: it is not served.
        """
        found = self.packs.get(f"{owner}/{pack}")
        if found is None:
            hint = nearest(f"{owner}/{pack}"[:200], self.packs)
            raise refused("unknown-pack", f"{hint + ' ' if hint else ''}GET /v1/packs lists the packs")
        return found

    def table(self, owner: str, pack: str, table: str) -> DecisionTable:
        """Find a table.

        Raises:
            Refused: the pack is not served or has no such table.
        """
        tables = self._tables.get(f"{owner}/{pack}")
        found = tables.get(table) if tables else None
        if found is None:
            known = self.pack(owner, pack)
            hint = nearest(table[:200], self._tables[known.id])
            raise refused("unknown-table", f"{hint + ' ' if hint else ''}GET /v1/packs/{known.id} lists its tables")
        return found
