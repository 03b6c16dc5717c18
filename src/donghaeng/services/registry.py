"""What the services, and the keys of their callers, bring to one ledger: kinds of entry, tables and files beside it."""

from __future__ import annotations

from donghaeng.access.kinds import KINDS as ACCESS_KINDS
from donghaeng.access.schema import TABLE_SET as ACCESS_TABLES
from donghaeng.ledger.files import Naming, Tables
from donghaeng.ledger.kinds import Kind, Kinds
from donghaeng.ledger.migrate import TableSet
from donghaeng.ledger.own_kinds import OWN_KINDS
from donghaeng.ledger.service_tables import ServiceTable
from donghaeng.services.identity.kinds import KINDS as IDENTITY_KINDS
from donghaeng.services.identity.schema import TABLE_SET as IDENTITY_TABLES
from donghaeng.services.passes.extract_tables import TABLES as PASSES_EXTRACT_TABLES
from donghaeng.services.passes.kinds import KINDS as PASSES_KINDS
from donghaeng.services.passes.named_files import files_of_passes
from donghaeng.services.passes.schema import TABLE_SET as PASSES_TABLES

#: Kinds of all services.
KINDS: tuple[Kind, ...] = (*ACCESS_KINDS, *IDENTITY_KINDS, *PASSES_KINDS)
#: Tables of all services, beside the entries.
TABLE_SETS: tuple[TableSet, ...] = (ACCESS_TABLES, IDENTITY_TABLES, PASSES_TABLES)
#: Tables that services add to extracts, beside those of the entries.
SERVICE_TABLES: tuple[ServiceTable, ...] = PASSES_EXTRACT_TABLES


def all_kinds() -> Kinds:
    """Give every kind that may stand in a ledger."""
    return Kinds((*OWN_KINDS, *KINDS))


def all_files(tables: Tables) -> Naming:
    """Say which files beside a ledger its services name; see `donghaeng.ledger.files.Names`."""
    return files_of_passes(tables)
