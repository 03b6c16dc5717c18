"""The files of a pack: which there are, which of them belong to a section, and that none leads out of the folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from donghaeng.catalogue.find import Found
from donghaeng.errors import Faults, nearest

MOST_FILES = 10_000

#: Files that may lie anywhere in a pack, with any ending, and are not read.
_FREE_NAMES = ("README", "LICENCE", "LICENSE", "NOTICE", "CHANGELOG")


@dataclass(frozen=True)
class Section:
    """What a pack may describe, by the files that it is written in.

    Attributes:
        name: what messages call it.
        files: paths in the pack, or patterns such as ``rules/*.yaml``; any of them says that the pack has the section.
        beside: further files of it, which say nothing without the others.
    """

    name: str
    files: tuple[str, ...]
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class PackFiles:
    """The folder of a pack.

    Attributes:
        folder: where it lies.
        label: how faults name it.
        names: path in the pack of every file whose name does not begin with a point, folder by folder.
    """

    folder: Path
    label: str
    names: tuple[str, ...]

    def path(self, name: str) -> Path:
        """Give the place of a file."""
        return self.folder / name

    def label_of(self, name: str) -> str:
        """Give how faults name a file: text, whatever bytes its name is made of."""
        return f"{self.label}/{name.encode('utf-8', 'backslashreplace').decode()}"

    def has(self, name: str) -> bool:
        """Say whether there is such a file."""
        return self.path(name).exists()

    def of(self, patterns: Collection[str]) -> tuple[str, ...]:
        """Give the files that match one of some patterns, in the order of `names`."""
        return tuple(name for name in self.names if any(matches(name, pattern) for pattern in patterns))

    def digest(self, name: str) -> str:
        """Give the SHA-256 of a file."""
        with self.path(name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def matches(name: str, pattern: str) -> bool:
    """Say whether a path fits a pattern, folder by folder: a star stands for no slash.

    >>> matches("rules/identity.yaml", "rules/*.yaml"), matches("rules/old/identity.yaml", "rules/*.yaml")
    (True, False)
    """
    parts, wanted = name.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def list_files(found: Found, faults: Faults) -> PackFiles | None:
    """List the files of a pack.

    Returns:
        The files; None, with faults, for a folder that is no pack, has too many files or links that leave it.
    """
    before = len(faults.errors)
    names: list[str] = []
    for name in _names(found, faults):
        if len(names) == MOST_FILES:
            what, remedy = f"more than {MOST_FILES:,} files", "check that this is the right folder"
            faults.add(found.label, 1, 1, what, "the files of a pack", remedy, "too-large")
            return None
        names.append(name)
    files = PackFiles(found.folder, found.label, tuple(names))
    if not os.path.lexists(files.path("pack.yaml")):
        what, remedy = "the file is missing", "give the folder of a pack, or start one with donghaeng new"
        faults.add(files.label_of("pack.yaml"), 1, 1, what, "a file pack.yaml", remedy, "missing-file")
        return None
    return files if len(faults.errors) == before else None


def warn_of_unknown_files(files: PackFiles, patterns: Collection[str], named: Collection[str], faults: Faults) -> None:
    """Report files that nothing reads.

    Args:
        files: the files of the pack.
        patterns: paths and patterns of the files that a pack may have.
        named: files that other files name.
        faults: where warnings go.
    """
    known = {*files.of(patterns), *named}
    plain = [pattern for pattern in patterns if "*" not in pattern]
    for name in files.names:
        free = name.startswith("articles/") or name.split("/")[-1].split(".")[0].upper() in _FREE_NAMES
        if not free and name not in known:
            remedy = nearest(name, plain) or "remove it, or name it in tables.yaml"
            expected = "the files of a pack"
            faults.add(files.label_of(name), 1, 1, "unknown file", expected, remedy, "unknown-file", "warning")


def _names(found: Found, faults: Faults) -> Iterator[str]:
    for folder, folders, files in os.walk(found.folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted([*files, *folders]):
            path = Path(folder, name).relative_to(found.folder).as_posix()
            if name.startswith(".") or not _is_inside(found, path, faults) or name in folders:
                continue
            yield path


def _is_inside(found: Found, name: str, faults: Faults) -> bool:
    try:
        if (found.folder / name).resolve().is_relative_to(found.folder.resolve()):
            return True
    except (OSError, RuntimeError):  # links in a circle lead nowhere
        pass
    label = f"{found.label}/{name.encode('utf-8', 'backslashreplace').decode()}"
    what, expected = "the path leads out of the pack", "files inside the pack"
    faults.add(label, 1, 1, what, expected, "copy the file into the pack", "outside")
    return False
