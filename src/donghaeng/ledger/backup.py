"""Backup and restore of a ledger while it runs.

A backup is a folder: ``ledger.db`` and ``persons.db``, both files of SQLite whatever the store, the files beside the
ledger that its copied tables name (``files``), and ``backup.json`` with all their hashes. So a backup of one store can
be restored into the other. Files beside the ledger never change, so they are copied after the tables.

Who was erased stays erased. A backup that can be reached is erased in (`erase_in`); for one that cannot, the list of
erasures is kept elsewhere and done again on what a restore brings back, before anybody can read it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Table

from donghaeng.errors import InputError, UsageError
from donghaeng.ledger.canonical import canonical_json
from donghaeng.ledger.faults import DamagedError, UnavailableError
from donghaeng.ledger.files import CopiedTables, NamedFile, Names, Naming, copy_files, settle_folder, sha256_of
from donghaeng.ledger.migrate import TableSet
from donghaeng.ledger.open import make_tables, open_persons, open_store, persons_path, sqlalchemy_url, sqlite_path
from donghaeng.ledger.persons import Erasure, destroy
from donghaeng.ledger.schema import ENTRIES, PERSONS
from donghaeng.ledger.seals import Seal
from donghaeng.ledger.sqlite import SqliteDatabase
from donghaeng.ledger.verify import Report, verify

if TYPE_CHECKING:
    from sqlalchemy import Connection

FORMAT = "donghaeng backup 1"
LEDGER_FILE, PERSONS_FILE, MANIFEST = "ledger.db", "persons.db", "backup.json"
#: The folder of the files beside the ledger.
FILES = "files"
ROWS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Backup:
    """A backup.

    Attributes:
        folder: where it is.
        made_at: when, UTC.
        entries: number of entries in it.
        files: the files beside the ledger that are in it.
        left_out: how many the ledger names beyond these: no folder was given.
        copied: how many of them were copied just now, and not taken from an earlier backup.
    """

    folder: Path
    made_at: str
    entries: int
    files: tuple[NamedFile, ...] = ()
    left_out: int = 0
    copied: int = 0


def back_up(
    url: str,
    folder: Path,
    made_at: str,
    *,
    more: Sequence[TableSet] = (),
    names: Names | None = None,
    files: Path | None = None,
    earlier: Path | None = None,
) -> Backup:
    """Copy a ledger, its persons and the files beside it into a folder, while it is written to.

    Args:
        url: address of the ledger.
        folder: where to; must not exist.
        made_at: the time now, UTC.
        more: tables of services beside those of the ledger. From a file all tables are copied.
        names: says which files the tables name.
        files: where these are; without it they are left out, and the backup says how many.
        earlier: an earlier backup on the same disk; files that are whole there are not copied again, but shared.

    Raises:
        UsageError: the folder exists, or the earlier backup is none.
        DamagedError: a file beside the ledger is missing or was altered.
        UnavailableError: the ledger cannot be read, or the folder cannot be written.
    """
    if folder.exists():
        raise UsageError(f"{folder} exists; give a folder that does not")
    if earlier is not None and not (earlier / MANIFEST).is_file():
        raise UsageError(f"{earlier} is no backup; give an earlier one, or none")
    path = sqlite_path(url)
    half = folder.with_name(f".{folder.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    try:
        # Entries before persons: whoever an entry speaks of is then in the copy.
        if path is not None:
            _copy_file(path, half / LEDGER_FILE)
            _copy_file(persons_path(path), half / PERSONS_FILE)
        else:
            _copy_from_server(url, half / LEDGER_FILE, (ENTRIES, *more))
            _copy_from_server(url, half / PERSONS_FILE, (PERSONS,))
        with closing(sqlite3.connect(half / LEDGER_FILE)) as connection:
            (entries,) = connection.execute("SELECT count(*) FROM entries").fetchone()
        named = _named(half / LEDGER_FILE, names)
        made = Backup(folder, made_at, entries, (), len(named.files))
        if files is not None and named.files:
            copied = copy_files(named.files, files, half / FILES, earlier / FILES if earlier is not None else None)
            made = Backup(folder, made_at, entries, named.files, 0, copied)
        _write_manifest(half, made)
        settle_folder(half)
        half.rename(folder)
        settle_folder(folder.parent)
    except sqlite3.Error as error:
        raise UnavailableError(f"the backup failed: {error}") from error
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return made


def restore(
    folder: Path,
    url: str,
    erased: Iterable[Erasure] = (),
    *,
    seals: Sequence[Seal] = (),
    more: Sequence[TableSet] = (),
    files: Path | None = None,
    erase: Callable[[str, list[Erasure]], object] | None = None,
) -> Report:
    """Bring a backup back, erase again who was erased since, check it, and only then let it be seen.

    Files beside the ledger come first: until the ledger is there, nobody names them. A restore that was interrupted is
    simply made again.

    Args:
        folder: the backup.
        url: where to; it must hold no ledger yet.
        erased: the list of erasures.
        seals: seals that were held outside.
        more: tables of services that the backup has beside those of the ledger.
        files: where the files beside the ledger go; what is whole there already stays.
        erase: carries out the erasures at an address; `erase_at` unless given.

    Returns:
        What the check found. A ledger that does not hold is not put in place.

    Raises:
        InputError: the folder is no backup, or was altered.
        UsageError: there is a ledger already, or nobody says where the files beside it go.
        DamagedError: the ledger in the backup does not hold.
    """
    backup = check_backup(folder)
    if backup.files and files is None:
        raise UsageError(f"the backup has {len(backup.files):,} files beside the ledger; say where they go")
    todo = list(erased)
    path = sqlite_path(url)
    carry_out = erase or erase_at
    if path is None:
        return _restore_to_server(backup, url, todo, seals, more, carry_out, files)
    for target in (path, persons_path(path)):
        if target.exists():
            raise UsageError(f"{target} exists; move it away, or give another address")
    half = path.with_name(f".{path.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    try:
        copy = half / path.name
        shutil.copyfile(folder / LEDGER_FILE, copy)
        shutil.copyfile(folder / PERSONS_FILE, persons_path(copy))
        for tables in (ENTRIES, *more):
            make_tables(f"sqlite:///{copy}", tables)
        make_tables(f"sqlite:///{persons_path(copy)}", PERSONS)
        carry_out(f"sqlite:///{copy}", todo)
        report = _verified(f"sqlite:///{copy}", seals)
        for file in (copy, persons_path(copy)):
            _settle(file)
        _put_files(backup, files)
        # The ledger comes last: where it is, its persons are.
        persons_path(copy).rename(persons_path(path))
        copy.rename(path)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return report


def check_backup(folder: Path) -> Backup:
    """Check the files of a backup against their hashes.

    Raises:
        InputError: they are not as they were written.
    """
    try:
        plain = msgspec.json.decode((folder / MANIFEST).read_bytes())
        if plain["format"] != FORMAT:
            raise ValueError
        for name, expected in plain["files"].items():
            if name not in {LEDGER_FILE, PERSONS_FILE} or sha256_of(folder / name) != expected:
                raise InputError(f"{folder / name}: not as it was written; take another backup")
        beside = tuple(NamedFile(path, digest) for path, digest in sorted(plain.get("beside", {}).items()))
        for file in beside:
            if sha256_of(file.at(folder / FILES)) != file.sha256:
                raise InputError(f"{file.at(folder / FILES)}: missing, or not as it was written; take another backup")
        return Backup(folder, plain["made_at"], plain["entries"], beside, plain.get("left_out", 0))
    except (OSError, msgspec.MsgspecError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{folder}: not a backup, or parts of it are missing ({error})") from None


def erase_in(folder: Path, erased: Iterable[Erasure]) -> None:
    """Carry out erasures in a backup, so that it holds no key and no map of who was erased.

    Raises:
        InputError: the folder is no backup.
    """
    backup = check_backup(folder)
    # Not in place: until the new file is whole, the old one and its hash stay.
    copy = folder / f".{PERSONS_FILE}.half"
    shutil.copyfile(folder / PERSONS_FILE, copy)
    make_tables(f"sqlite:///{copy}", PERSONS)
    database = SqliteDatabase(copy, PERSONS)
    try:
        destroy(database, erased)
    finally:
        database.close()
    _settle(copy)
    copy.replace(folder / PERSONS_FILE)
    _write_manifest(folder, backup)


def erase_at(url: str, erased: list[Erasure]) -> None:
    """Carry out erasures in the tables of persons at an address; no key is needed to destroy keys."""
    database = open_persons(url)
    try:
        destroy(database, erased)
    finally:
        database.close()


def _copy_file(source: Path, target: Path) -> None:
    """Copy a file of SQLite as it is at one moment."""
    if not source.exists():
        raise UnavailableError(f"{source} is not there")
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True)) as reading,
        closing(sqlite3.connect(target)) as writing,
    ):
        reading.backup(writing)
    _settle(target)


def _settle(file: Path) -> None:
    """Leave all of a file in itself, with no log beside it, and on the disk."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


@contextmanager
def _server(url: str) -> Iterator[Connection]:
    """Open a transaction in which everything is as at one moment."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import NullPool

    engine = create_engine(sqlalchemy_url(url), poolclass=NullPool, isolation_level="REPEATABLE READ")
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise UnavailableError(f"the server cannot be used now ({type(error.orig).__name__}); try again") from error
    finally:
        engine.dispose()


def _copy_from_server(url: str, file: Path, sets: Sequence[TableSet]) -> None:
    from sqlalchemy import create_engine, inspect
    from sqlalchemy.pool import NullPool

    for tables in sets:
        make_tables(f"sqlite:///{file}", tables)
    target = create_engine(f"sqlite:///{file}", poolclass=NullPool)
    with _server(url) as reading, target.begin() as writing:
        there = set(inspect(reading).get_table_names())
        for table in _tables(sets):
            if table.name in there:  # a service that was never used has none
                _copy_rows(reading.execution_options(stream_results=True), writing, table)
    target.dispose()


def _tables(sets: Sequence[TableSet]) -> Iterator[Table]:
    for tables in sets:
        yield from tables.tables


def _copy_rows(reading: Connection, writing: Connection, table: Table) -> None:
    from sqlalchemy import select

    rows = reading.execution_options(yield_per=ROWS_AT_ONCE).execute(select(table))
    for part in rows.mappings().partitions(ROWS_AT_ONCE):
        writing.execute(table.insert(), [dict(row) for row in part])


def _restore_to_server(
    backup: Backup,
    url: str,
    erased: list[Erasure],
    seals: Sequence[Seal],
    more: Sequence[TableSet],
    carry_out: Callable[[str, list[Erasure]], object],
    files: Path | None,
) -> Report:
    from sqlalchemy import create_engine, text
    from sqlalchemy.pool import NullPool

    folder = backup.folder
    # Checked and erased in a copy, so that the server never has what must not come back.
    half = folder.with_name(f".{folder.name}.restore")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    try:
        copy = half / LEDGER_FILE
        shutil.copyfile(folder / LEDGER_FILE, copy)
        shutil.copyfile(folder / PERSONS_FILE, persons_path(copy))
        for tables in (ENTRIES, *more):
            make_tables(f"sqlite:///{copy}", tables)
        make_tables(f"sqlite:///{persons_path(copy)}", PERSONS)
        carry_out(f"sqlite:///{copy}", erased)
        report = _verified(f"sqlite:///{copy}", seals)
        _put_files(backup, files)
        for tables in (ENTRIES, PERSONS, *more):
            make_tables(url, tables)
        with _server(url) as writing:
            if writing.execute(text("SELECT 1 FROM entries LIMIT 1")).first() is not None:
                raise UsageError("there is a ledger at this address already; give another database")
            for file, sets in ((copy, (ENTRIES, *more)), (persons_path(copy), (PERSONS,))):
                source = create_engine(f"sqlite:///{file}", poolclass=NullPool)
                with source.connect() as reading:
                    for table in _tables(sets):
                        _copy_rows(reading, writing, table)
                source.dispose()
            writing.execute(
                text(
                    "SELECT setval(pg_get_serial_sequence('entries', 'sequence'), "
                    "greatest((SELECT max(sequence) FROM entries), 1))"
                )
            )
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return report


def _verified(url: str, seals: Sequence[Seal]) -> Report:
    store = open_store(url)
    try:
        report = verify(store, seals)
    finally:
        store.close()
    if not report.holds:
        raise DamagedError("\n".join(map(str, ("the ledger in the backup does not hold", *report.findings))))
    return report


def _named(ledger: Path, names: Names | None) -> Naming:
    """Say which files the copy of a ledger names."""
    if names is None:
        return Naming()
    tables = CopiedTables(ledger)
    try:
        return names(tables)
    finally:
        tables.close()


def _put_files(backup: Backup, target: Path | None) -> None:
    if target is not None:
        copy_files(backup.files, backup.folder / FILES, target)


def _write_manifest(folder: Path, backup: Backup) -> None:
    manifest = {
        "format": FORMAT,
        "made_at": backup.made_at,
        "entries": backup.entries,
        "files": {name: sha256_of(folder / name) for name in (LEDGER_FILE, PERSONS_FILE)},
        "beside": {file.path: file.sha256 for file in backup.files},
        "left_out": backup.left_out,
    }
    half = folder / f".{MANIFEST}.half"
    with half.open("w", encoding="utf-8") as stream:
        stream.write(canonical_json(manifest) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    half.replace(folder / MANIFEST)
