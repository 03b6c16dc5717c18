"""Kinds of entry and tables of services as tables that measures read, and extracts as their rows."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast, get_args, get_origin

from donghaeng.errors import InputError
from donghaeng.measures.shape import PERIODS, SEQUENCE, Column, Extracted, Period, TableShape
from donghaeng.rules.types import BOOLEAN, DATE, INTEGER, Type
from donghaeng.wording import Text

if TYPE_CHECKING:
    from donghaeng.ledger.kinds import Kind, Kinds
    from donghaeng.ledger.service_tables import ServiceTable

#: What a code is called before a pack gives it a label.
_NO_LABEL: Text = {}


def known_tables() -> dict[str, TableShape]:
    """Give the tables of all kinds of entry that Donghaeng knows, and those of its services."""
    from donghaeng.services.registry import SERVICE_TABLES, all_kinds

    return tables_of(all_kinds()) | {one.name: table_of_service(one) for one in SERVICE_TABLES}


def table_of_service(table: ServiceTable) -> TableShape:
    """Give the columns of a table that a service adds to extracts, with their types."""
    plain = {"integer": INTEGER, "date": DATE, "boolean": BOOLEAN}
    columns = {
        one.name: Column(
            one.name,
            Type("code", dict.fromkeys(one.codes, _NO_LABEL)) if one.codes else plain.get(one.type),
            is_name=one.type == "name",
            bound=one.bound,
        )
        for one in table.columns
    }
    return TableShape(table.name, columns, day=table.day, person=table.person, is_entries=False)


def tables_of(kinds: Kinds) -> dict[str, TableShape]:
    """Give the tables of some kinds of entry, by name: the newest version of each."""
    newest: dict[str, Kind] = {}
    for kind in kinds:
        if kind.name not in newest or newest[kind.name].version < kind.version:
            newest[kind.name] = kind
    return {name: table_of(kind) for name, kind in sorted(newest.items())}


def table_of(kind: Kind) -> TableShape:
    """Give the columns that an extract has of a kind, with their types; see `donghaeng.ledger.extract.schema`."""
    own = {
        SEQUENCE: Column(SEQUENCE, INTEGER),
        "stream": Column("stream", None, is_name=True),
        "effective_on": Column("effective_on", DATE),
        "recorded_on": Column("recorded_on", DATE),
        "corrects": Column("corrects", INTEGER),
    }
    columns = dict(own)
    for field_name, field in kind.model.model_fields.items():
        if kind.about and field_name == kind.person:
            continue
        name = f"body_{field_name}" if field_name in own else field_name
        is_name = field_name == kind.person or field_name in kind.names
        columns[name] = Column(
            name, None if is_name else _type(field.annotation), is_name, field_name in kind.fact_keys
        )
    # Numbers of entries are no facts of the field: they are neither compared nor added up.
    return TableShape(kind.name, {name: one for name, one in columns.items() if name not in (SEQUENCE, "corrects")})


def _type(annotation: Any) -> Type | None:
    """Give the type of a field; None for a text, and for what stands as JSON text."""
    if get_origin(annotation) is Annotated:
        return _type(get_args(annotation)[0])
    inner = [part for part in get_args(annotation) if part is not type(None)]
    if get_origin(annotation) is Literal:
        codes = [code for code in inner if isinstance(code, str)]
        return Type("code", dict.fromkeys(codes, _NO_LABEL)) if len(codes) == len(inner) else None
    if get_origin(annotation) in {tuple, list, frozenset, set}:
        item = _type(inner[0]) if inner else None
        return Type("codes", item.codes) if item is not None and item.kind == "code" else None
    if len(inner) == 1 and len(get_args(annotation)) == 2:
        return _type(inner[0])  # X | None
    return {int: INTEGER, bool: BOOLEAN, date: DATE}.get(annotation)


def read_extract(folder: Path) -> Extracted:
    """Read which files an extract has, and hold each against its hash.

    Raises:
        InputError: the folder is no extract, a file was changed, or a ledger with made-up entries has real ones too.
    """
    from donghaeng.ledger.extract import FORMAT, MANIFEST

    path = folder / MANIFEST
    try:
        plain = json.loads(path.read_bytes())
        if plain["format"] != FORMAT or plain["period"] not in PERIODS:
            raise ValueError
        listed = {str(name): str(file["sha256"]) for name, file in plain["files"].items()}
        of_services = plain.get("tables", {})
        listed |= {str(name): str(file["sha256"]) for table in of_services.values() for name, file in table.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{folder} is no extract of a ledger; make one with `donghaeng ledger extract`") from None
    files: dict[str, list[Path]] = {}
    for name, digest in sorted(listed.items()):
        file = folder / name
        if not file.is_file() or _digest(file) != digest:
            raise InputError(f"{file} is missing or was changed; make the extract anew")
        files.setdefault(_kind_name(name.partition("/")[0]), []).append(file)
    found: Mapping[str, tuple[Path, ...]] = {name: tuple(paths) for name, paths in sorted(files.items())}
    entries = {name: paths for name, paths in found.items() if name not in of_services}
    period, facts = cast("Period", plain["period"]), bool(plain.get("facts"))
    return Extracted(found, period, facts, _is_simulated(entries), frozenset(of_services))


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _kind_name(folder: str) -> str:
    return re.sub("%([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), folder)


def _is_simulated(files: Mapping[str, Iterable[Path]]) -> bool:
    """Say whether the entries are made up: such a ledger begins by saying so.

    Raises:
        InputError: it says so later, so that it holds entries of both kinds.
    """
    from donghaeng.ledger.own_kinds import SIMULATION_STARTED

    if SIMULATION_STARTED not in files:
        return False
    first = {name: min(map(_first, paths)) for name, paths in files.items()}
    if min(first, key=lambda name: first[name]) != SIMULATION_STARTED:
        what = "the ledger has entries from before its simulation began: real and made-up entries in one"
        raise InputError(f"{what}; keep a ledger of its own for a simulation")
    return True


def _first(file: Path) -> int:
    """Give the smallest number of the entries of a file."""
    from pyarrow import compute, parquet

    return int(compute.min(parquet.read_table(file, columns=[SEQUENCE])[SEQUENCE]).as_py())
