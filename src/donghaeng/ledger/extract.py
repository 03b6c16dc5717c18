"""What statistics are made of: entries as Parquet, without facts and without what joins a person across periods.

An extract is a folder: ``KIND/PERIOD/NUMBER.parquet``. The entries are cut by `sequence` into parts of `PART`
numbers each, so that a later run writes only the last part anew and what came since, and gives, byte for byte, the
files that one run over everything gives. Persons and streams have other names in each period (a keyed hash), so that a
life cannot be followed from one period into the next; an extract of one period may be joined within it. Kinds about an
earlier thing, such as a visit, have its id and neither person nor stream. The order of entries (`sequence`) can still
suggest which of them came together, so an extract is kept as the ledger is, and not published.

A column is a field of the newest model of its kind. What has no simple type is JSON text. Facts, which are encrypted
in the ledger, are left out unless they are asked for; those that were erased are null.

A service may add tables of what it keeps beside its entries (`donghaeng.ledger.service_tables`). They are made anew as
a whole by each run, as what came late changes what stood there before.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

import msgspec
from pydantic import BaseModel
from sqlalchemy import bindparam, select

from donghaeng.errors import UsageError
from donghaeng.ledger.canonical import canonical_json
from donghaeng.ledger.entry import Entry
from donghaeng.ledger.faults import ErasedError
from donghaeng.ledger.kinds import Kind
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.schema import entries
from donghaeng.ledger.service_tables import ServiceTables
from donghaeng.ledger.statement import Statement
from donghaeng.ledger.store import LAST_OF_ALL, LAST_SEQUENCE

if TYPE_CHECKING:
    import pyarrow

FORMAT = "donghaeng extract 1"
MANIFEST = "extract.json"
#: Numbers of `sequence` in one part.
PART = 100_000
Period = Literal["day", "month", "year"]
PERIOD_LENGTH: Mapping[str, int] = {"day": 10, "month": 7, "year": 4}

_CORRECTED = Statement(
    select(entries.c.sequence).where(
        entries.c.stream == bindparam("stream"), entries.c.position == bindparam("position")
    )
)


@dataclass(frozen=True)
class Extract:
    """What a run has written.

    Attributes:
        folder: where.
        last_sequence: `sequence` of the last entry in it.
        rows: rows in all files.
        written: files that were written or written anew, relative to the folder.
    """

    folder: Path
    last_sequence: int
    rows: int
    written: tuple[str, ...]


def extract(
    ledger: Ledger,
    folder: Path,
    key: bytes,
    *,
    period: Period = "month",
    facts: bool = False,
    part: int = PART,
    tables: ServiceTables | None = None,
) -> Extract:
    """Write an extract, or bring one up to date.

    Args:
        ledger: the ledger; each kind in it must be registered.
        folder: where to; one that exists must be an extract with the same key, period and choice of facts.
        key: at least 16 random bytes from which the names of persons are made; who has it can join periods.
        period: within which persons keep their names, by the day on which an entry is effective.
        facts: give encrypted facts too.
        part: numbers of `sequence` in one part.
        tables: tables of a service beside the entries; None for none, then those of an earlier run are removed.

    Raises:
        UsageError: the folder holds something else, or the key is short.
        UnknownKindError: a kind is not registered.
    """
    if len(key) < 16:
        raise UsageError("a key of an extract has at least 16 bytes; make one with `donghaeng ledger keygen`")
    choice = {
        "format": FORMAT,
        "period": period,
        "facts": facts,
        "part": part,
        "key_check": hmac.new(key, b"donghaeng extract", hashlib.sha256).hexdigest()[:16],
    }
    files = _files(folder, choice)
    last = next(iter(list(ledger.store.query(LAST_SEQUENCE))))[0] or 0
    # All parts before the last one in the folder are complete: entries only come after it.
    first = max((int(name[-16:-8]) for name in files), default=0)
    written = []
    for number in range(first, last // part + 1):
        for name in [name for name in files if int(name[-16:-8]) == number]:
            del files[name]
        for name, table in _tables(ledger, number, key, period, facts, part):
            data = _parquet(table)
            digest = hashlib.sha256(data).hexdigest()
            path = folder / name
            if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
                path.parent.mkdir(parents=True, exist_ok=True)
                half = path.with_name(f".{path.name}.half")
                half.write_bytes(data)
                half.replace(path)
                written.append(name)
            files[name] = {"rows": table.num_rows, "sha256": digest}
    folder.mkdir(parents=True, exist_ok=True)
    of_service = _service_tables(folder, key, period, tables)
    manifest = choice | {"last_sequence": last, "files": dict(sorted(files.items())), "tables": of_service}
    half = folder / f".{MANIFEST}.half"
    half.write_text(canonical_json(manifest) + "\n", "utf-8")
    half.replace(folder / MANIFEST)
    added = {name: file for table in of_service.values() for name, file in table.items()}
    rows = sum(file["rows"] for file in (*files.values(), *added.values()))
    return Extract(folder, last, rows, (*written, *added))


def _service_tables(
    folder: Path, key: bytes, period: Period, tables: ServiceTables | None
) -> dict[str, dict[str, dict[str, Any]]]:
    """Write the tables of a service, and take away those of an earlier run; gives their files, table by table."""
    from pyarrow import parquet

    manifest = folder / MANIFEST
    before = msgspec.json.decode(manifest.read_bytes()).get("tables", {}) if manifest.exists() else {}
    half = folder / ".tables.half"
    shutil.rmtree(half, ignore_errors=True)
    if tables is not None:
        half.mkdir()
        tables.write(half, lambda own: period_key(key, own), PERIOD_LENGTH[period])
    for name in before:
        shutil.rmtree(folder / _file_name(name), ignore_errors=True)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name in [] if tables is None else [one.name for one in tables.tables]:
        if (half / name).exists():
            (half / name).replace(folder / name)
        found[name] = {}
        for path in sorted((folder / name).rglob("*.parquet")):
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            count = parquet.read_metadata(path).num_rows
            found[name][path.relative_to(folder).as_posix()] = {"rows": count, "sha256": digest}
    shutil.rmtree(half, ignore_errors=True)
    return found


def _files(folder: Path, choice: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Give the files of an extract that is there already, by name."""
    manifest = folder / MANIFEST
    if not manifest.exists():
        if folder.exists() and any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty and no extract; give another folder")
        return {}
    plain: dict[str, Any] = msgspec.json.decode(manifest.read_bytes())
    for name, value in choice.items():
        if plain.get(name) != value:
            raise UsageError(f"{folder} was made with another {name.replace('_', ' ')}; give another folder")
    files: dict[str, dict[str, Any]] = plain["files"]
    return files


def _tables(
    ledger: Ledger, number: int, key: bytes, period: Period, facts: bool, part: int
) -> Iterator[tuple[str, pyarrow.Table]]:
    """Give the tables of a part with the names of their files, in order of the names."""
    import pyarrow

    rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for entry in ledger.entries(number * part - 1 if number else 0, min((number + 1) * part - 1, LAST_OF_ALL)):
        own = entry.effective_at[: PERIOD_LENGTH[period]]
        rows.setdefault((entry.kind, own), []).append(_row(ledger, entry, _Names(key, own), facts))
    for (name, own), found in sorted(rows.items()):
        table_schema = schema(ledger.kinds.get(name), facts=facts)
        yield (
            f"{_file_name(name)}/{own}/{number:08}.parquet",
            pyarrow.Table.from_pylist(found, schema=table_schema),
        )


def _file_name(kind: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", lambda found: f"%{ord(found[0]):04x}", kind).lstrip(".") or "%"


def schema(kind: Kind, *, facts: bool = False) -> pyarrow.Schema:
    """Give the columns of a kind's tables.

    Args:
        kind: the newest version of the kind.
        facts: with its facts.
    """
    import pyarrow

    columns = [
        ("sequence", pyarrow.int64()),
        ("stream", pyarrow.string()),
        ("effective_on", pyarrow.date32()),
        ("recorded_on", pyarrow.date32()),
        ("corrects", pyarrow.int64()),
    ]
    taken = {name for name, _ in columns}
    for name, field in kind.model.model_fields.items():
        if (facts or name not in kind.fact_keys) and not _leads_on(kind, name):
            arrow_type = pyarrow.string() if name in kind.names else _arrow_type(field.annotation)
            columns.append((f"body_{name}" if name in taken else name, arrow_type))
    return pyarrow.schema(columns)


def _leads_on(kind: Kind, name: str) -> bool:
    """Say whether a key names the person beside an id that is the same in all periods."""
    return bool(kind.about) and name == kind.person


def _arrow_type(annotation: Any) -> pyarrow.DataType:
    import pyarrow

    if get_origin(annotation) is Annotated:
        return _arrow_type(get_args(annotation)[0])
    inner = [part for part in get_args(annotation) if part is not type(None)]
    if get_origin(annotation) is not Literal and len(inner) == 1 and len(get_args(annotation)) == 2:
        return _arrow_type(inner[0])  # X | None
    simple = {int: pyarrow.int64(), bool: pyarrow.bool_(), date: pyarrow.date32()}
    return simple.get(annotation, pyarrow.string())


def period_key(key: bytes, period: str) -> bytes:
    """Give the key from which the names of a period are made: who has it knows nothing of other periods."""
    return hmac.new(key, b"period " + period.encode(), hashlib.sha256).digest()


class _Names:
    """Names of persons and streams in one period."""

    def __init__(self, key: bytes, period: str) -> None:
        self._key = period_key(key, period)

    def of(self, what: str, name: str) -> str:
        digest = hmac.new(self._key, f"{what} {name}".encode(), hashlib.sha256).digest()
        return base64.b32encode(digest[:15]).decode().lower()


def _row(ledger: Ledger, entry: Entry, names: _Names, facts: bool) -> dict[str, Any]:
    newest = ledger.kinds.get(entry.kind)
    body, stream = _body(ledger, entry, newest, facts), names.of("stream", entry.stream)
    columns: dict[str, Any] = {
        "sequence": entry.sequence,
        "stream": names.of(newest.about, str(body.get(newest.about))) if newest.about else stream,
        "effective_on": date.fromisoformat(entry.effective_at[:10]),
        "recorded_on": date.fromisoformat(entry.recorded_at[:10]),
        "corrects": _corrected(ledger, entry),
    }
    taken = set(columns)
    for name in newest.model.model_fields:
        if (name in newest.fact_keys and not facts) or _leads_on(newest, name):
            continue
        value = body.get(name)
        if name == newest.person and value is not None:
            value = names.of("person", value)
        elif name in newest.names:
            given = None if value is None else names.of(name.removeprefix("new_"), str(value))
            columns[f"body_{name}" if name in taken else name] = given
            continue
        columns[f"body_{name}" if name in taken else name] = _plain(value, newest.model.model_fields[name].annotation)
    return columns


def _body(ledger: Ledger, entry: Entry, newest: Kind, facts: bool) -> Mapping[str, Any]:
    if entry.kind_version == newest.version and not (facts and newest.facts):
        return ledger.clear(entry)
    try:
        return ledger.body(entry).model_dump()
    except ErasedError:
        return ledger.clear(entry)


def _corrected(ledger: Ledger, entry: Entry) -> int | None:
    if entry.corrects is None:
        return None
    rows = list(ledger.store.query(_CORRECTED, {"stream": entry.stream, "position": entry.corrects}))
    return rows[0][0] if rows else None


def _plain(value: Any, annotation: Any) -> Any:
    import pyarrow

    kind = _arrow_type(annotation)
    if value is None:
        return None
    if kind == pyarrow.date32():
        return value if isinstance(value, date) else date.fromisoformat(value)
    if kind in (pyarrow.int64(), pyarrow.bool_()):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str | Decimal | date):
        return str(value)
    return canonical_json(value.model_dump() if isinstance(value, BaseModel) else value)


def _parquet(table: pyarrow.Table) -> bytes:
    """Write a table; the same table gives the same bytes."""
    from pyarrow import parquet

    sink = io.BytesIO()
    parquet.write_table(table, sink, compression="zstd", version="2.6", store_schema=False, use_dictionary=True)
    return sink.getvalue()
