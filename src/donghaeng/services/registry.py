"""What the services, and the keys of their callers, bring to one ledger: kinds of entry and tables."""

from __future__ import annotations

from donghaeng.access.kinds import KINDS as ACCESS_KINDS
from donghaeng.access.schema import TABLE_SET as ACCESS_TABLES
from donghaeng.ledger.kinds import Kind, Kinds
from donghaeng.ledger.migrate import TableSet
from donghaeng.ledger.own_kinds import OWN_KINDS
from donghaeng.services.identity.kinds import KINDS as IDENTITY_KINDS
from donghaeng.services.identity.schema import TABLE_SET as IDENTITY_TABLES
from donghaeng.services.passes.kinds import KINDS as PASSES_KINDS
from donghaeng.services.passes.schema import TABLE_SET as PASSES_TABLES

#: Kinds of all services.
KINDS: tuple[Kind, ...] = (*ACCESS_KINDS, *IDENTITY_KINDS, *PASSES_KINDS)
#: Tables of all services, beside the entries.
TABLE_SETS: tuple[TableSet, ...] = (ACCESS_TABLES, IDENTITY_TABLES, PASSES_TABLES)


def all_kinds() -> Kinds:
    """Give every kind that may stand in a ledger."""
    return Kinds((*OWN_KINDS, *KINDS))
