"""What the services bring to one ledger: their kinds of entry and their tables."""

from __future__ import annotations

from donghaeng.ledger.kinds import Kind, Kinds
from donghaeng.ledger.migrate import TableSet
from donghaeng.ledger.own_kinds import OWN_KINDS

#: Kinds of all services.
KINDS: tuple[Kind, ...] = ()
#: Tables of all services, beside the entries.
TABLE_SETS: tuple[TableSet, ...] = ()


def all_kinds() -> Kinds:
    """Give every kind that may stand in a ledger."""
    return Kinds((*OWN_KINDS, *KINDS))
