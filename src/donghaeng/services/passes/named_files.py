"""Which files beside the ledger the passes name: day files of taps and rides, and lists of gates.

Day files of taps are named by entries, so that who alters one and its row in the tables is found. Those of rides are
made of them and stand in the tables alone.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import bindparam, select

from donghaeng.errors import InputError
from donghaeng.ledger.files import NamedFile, Naming, Tables
from donghaeng.ledger.schema import entries
from donghaeng.ledger.statement import Statement
from donghaeng.services.passes.tap_schema import tap_parts

#: The folder of the lists of gates, beside those of the service days.
LISTS = "lists"
#: Kinds of entry that name day files, and the one that names a list; see `tap_kinds`.
_NAME_PARTS, _NAMES_A_LIST = ("tap-file-received", "tap-clock-corrected"), "gate-list-issued"

_BODIES = Statement(select(entries.c.body).where(entries.c.kind == bindparam("kind")).order_by(entries.c.sequence))
_PARTS = Statement(select(tap_parts.c.part, tap_parts.c.kind, tap_parts.c.day, tap_parts.c.ended))


class _Part(msgspec.Struct):
    part: str
    day: str


class _Parts(msgspec.Struct):
    parts: list[_Part]


class _List(msgspec.Struct):
    file: str


def part_path(part: str, day: str) -> str:
    """Give the path of a day file below its folder."""
    return f"{day}/{part}.parquet"


def list_name(digest: str) -> str:
    """Give the name of the file of a list; it lies in the folder `LISTS` beside the service days."""
    return f"{digest}.list"


def files_of_passes(tables: Tables) -> Naming:
    """Say which files the entries and tables of the passes name; see `donghaeng.ledger.files.Names`."""
    parts, lists = msgspec.json.Decoder(_Parts), msgspec.json.Decoder(_List)
    by_entries: dict[str, str] = {}
    named: dict[str, str] = {}
    ended, in_tables, untrue = set(), set(), []
    for kind in (*_NAME_PARTS, _NAMES_A_LIST):
        for (body,) in tables.query(_BODIES, {"kind": kind}):
            try:
                if kind == _NAMES_A_LIST:
                    digest = lists.decode(body).file
                    named[f"{LISTS}/{list_name(digest)}"] = digest
                else:
                    by_entries |= {one.part: one.day for one in parts.decode(body).parts}
            except msgspec.MsgspecError:
                untrue.append(f"an entry of the kind {kind} does not say which files it names; it was altered")
    named |= {part_path(part, day): part.rpartition("-")[2] for part, day in by_entries.items()}
    # Where nothing was received there may be no tables either: not every ledger has passes.
    for part, kind, day, end in tables.query(_PARTS) if by_entries else ():
        path = part_path(part, day)
        in_tables.add(path)
        if end is not None:
            ended.add(path)
        elif kind == "rides":
            named[path] = part.rpartition("-")[2]
        elif by_entries.get(part) != day:
            untrue.append(f"{path} counts by the tables, and no entry names it; the tables were altered")
    for part, day in by_entries.items():
        path = part_path(part, day)
        if path not in in_tables or path in ended:
            untrue.append(f"{path} is named by an entry, and does not count; the tables were altered")
    files = []
    for path, digest in sorted(named.items()):
        try:
            files.append(NamedFile(path, digest))
        except InputError as error:
            untrue.append(str(error))
    return Naming(tuple(files), frozenset(ended), tuple(untrue))
