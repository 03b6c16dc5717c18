"""Files beside a ledger: too large for its tables, named in them by their SHA-256, and never changed once written.

A service says which files its entries and tables name (`Names`). Here they are checked, copied into a backup after the
tables, and brought back. What lies in the folder and is named by nobody does not count: a crash may have left it.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from donghaeng.errors import InputError
from donghaeng.ledger.faults import DamagedError, UnavailableError
from donghaeng.ledger.statement import Row, Statement

CHUNK = 1 << 20
_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Tables(Protocol):
    """What can be asked: a store, or the copy of one in a backup."""

    def query(self, statement: Statement, parameters: Mapping[str, Any] | None = None) -> Iterator[Row]:
        """Give rows; see `donghaeng.ledger.store.Database`."""


@dataclass(frozen=True, order=True)
class NamedFile:
    """A file that a ledger names.

    Attributes:
        path: below the folder, its parts between slashes.
        sha256: of its bytes, hexadecimal.
    """

    path: str
    sha256: str

    def __post_init__(self) -> None:
        """Refuse what leads out of the folder, or is no hash."""
        if not _PATH.fullmatch(self.path) or not _DIGEST.fullmatch(self.sha256):
            raise InputError("a name of a file beside the ledger is none; the ledger, or its backup, was altered")

    def at(self, folder: Path) -> Path:
        """Give where it is below a folder."""
        return folder / self.path


@dataclass(frozen=True)
class Naming:
    """What a ledger says of its files.

    Attributes:
        files: those that count, in order.
        ended: paths that counted once; they may be there or not.
        untrue: what tables say and entries do not, or the other way round.
    """

    files: tuple[NamedFile, ...] = ()
    ended: frozenset[str] = frozenset()
    untrue: tuple[str, ...] = ()


#: Says which files the tables of a ledger name.
Names = Callable[[Tables], Naming]


@dataclass(frozen=True)
class Checked:
    """What came of checking a folder.

    Attributes:
        files: how many are named.
        findings: what is wrong.
        extra: files in the folder that nobody names; they do not count.
    """

    files: int
    findings: tuple[str, ...]
    extra: tuple[str, ...]


class CopiedTables:
    """The tables in a file of SQLite that nobody writes to, of whatever version."""

    def __init__(self, path: Path) -> None:
        """Open the file."""
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)

    def query(self, statement: Statement, parameters: Mapping[str, Any] | None = None) -> Iterator[Row]:
        """See `Tables`."""
        given = statement.parameters("sqlite", parameters or {})
        yield from self._connection.execute(statement.text("sqlite"), given)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def check_files(tables: Tables, names: Names, folder: Path | None) -> Checked:
    """Compare a folder with what a ledger names; every file is read.

    Args:
        tables: of the ledger.
        names: says which files they name.
        folder: where these should be; without one they are only compared with the entries.
    """
    # Looked at first: what is written meanwhile is named later, and is not taken for a file of nobody.
    there = set(files_in(folder)) if folder is not None else set()
    named = names(tables)
    found = list(named.untrue)
    for file in named.files if folder is not None else ():
        digest = sha256_of(file.at(folder)) if folder is not None else None
        if digest is None:
            found.append(f"{file.path} is missing; restore it from a copy")
        elif digest != file.sha256:
            found.append(f"{file.path} was altered; restore it from a copy")
    extra = there - {file.path for file in named.files} - named.ended
    return Checked(len(named.files), tuple(found), tuple(sorted(extra)))


def files_in(folder: Path) -> Iterator[str]:
    """Give the paths of the files of a service below a folder; those on top of it, and hidden ones, are no such."""
    for path in sorted(folder.glob("*/**/*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not parts[0].startswith("."):
            yield "/".join(parts)


def copy_files(files: Iterable[NamedFile], source: Path, target: Path, earlier: Path | None = None) -> int:
    """Copy files from one folder into another, each read once, compared with its hash and forced to disk.

    Args:
        files: which ones.
        source: where they are.
        target: where to. What is whole there already stays.
        earlier: a folder that may have them too, on the same disk as the target; such a file is not copied but gets a
            second name (a hard link), so it takes no more room.

    Returns:
        How many were copied.

    Raises:
        DamagedError: a file is missing, or is not what it was named for.
        UnavailableError: the target cannot be written.
    """
    copied, folders = 0, set()
    try:
        for file in files:
            path = file.at(target)
            path.parent.mkdir(parents=True, exist_ok=True)
            folders |= {path.parent, *(parent for parent in path.parent.parents if parent.is_relative_to(target))}
            if earlier is not None and not path.exists():
                with suppress(OSError):  # it is not there, or lies on another disk
                    path.hardlink_to(file.at(earlier))
            if sha256_of(path) != file.sha256:
                _copy(file, source, path)
                copied += 1
        for folder in folders:
            settle_folder(folder)
    except OSError as error:
        raise UnavailableError(f"{target} cannot be written ({error.strerror})") from error
    return copied


def settle_folder(folder: Path) -> None:
    """Force the names in a folder to disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str | None:
    """Give the SHA-256 of a file, hexadecimal; None where there is none."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def _copy(file: NamedFile, source: Path, path: Path) -> None:
    half = path.with_name(f".{path.name}.{os.getpid()}.half")
    digest = hashlib.sha256()
    try:
        try:
            reading = file.at(source).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise DamagedError(f"{file.path} is missing in {source}; restore it from a copy") from None
        with reading, half.open("wb") as writing:
            while part := reading.read(CHUNK):
                digest.update(part)
                writing.write(part)
            writing.flush()
            os.fsync(writing.fileno())
        if digest.hexdigest() != file.sha256:
            raise DamagedError(f"{file.path} in {source} was altered; restore it from a copy")
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)
