"""What can go wrong, and how it is told.

The family::

    DonghaengError
    ├── InputError     faults in what was given: a pack, a release, a recipe (exit code 1)
    └── UsageError     a command or function was called in a way it does not take (exit code 2)

Mistakes in data are collected as `Fault` values, each with its place, and raised together in one
`InputError`; mistakes in code stay ordinary exceptions (exit code 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

Severity = Literal["error", "warning"]

#: After this many errors in one file the rest of the file is not read: a file that is wrong in a
#: thousand places is wrong in one way. Warnings are counted apart, so that they never hide an error.
MOST_FAULTS_PER_FILE = 1_000


LONGEST_PHRASE = 1_000


@dataclass(frozen=True, order=True)
class Fault:
    """One mistake in data, with its place.

    Attributes:
        file: path as the reader would type it.
        line: line number, counted from 1.
        column: column in characters, counted from 1.
        what: what is wrong, as a phrase.
        expected: what was expected, as a phrase.
        remedy: what to do.
        code: a word for programs, such as ``unknown-key``.
        severity: an ``error`` stops the work, a ``warning`` is only shown.
    """

    file: str
    line: int
    column: int
    what: str
    expected: str = ""
    remedy: str = ""
    code: str = "fault"
    severity: Severity = "error"

    def __str__(self) -> str:
        """Give the one-line form ``file:line:column: what, expected, what to do``."""
        parts = [self.what]
        if self.expected:
            parts.append(f"expected {self.expected}")
        if self.remedy:
            parts.append(self.remedy)
        mark = "warning: " if self.severity == "warning" else ""
        return _on_one_line(f"{self.file}:{self.line}:{self.column}: {mark}{'; '.join(parts)}")


def _on_one_line(text: str) -> str:
    """Escape what a terminal would act on: line ends, control characters, halves of characters."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


class Faults:
    """Collects the faults of one or more files, in order, with a limit per file."""

    def __init__(self) -> None:
        """Start with no faults."""
        self._faults: list[Fault] = []
        self._per_file: dict[tuple[str, Severity], int] = {}

    def add(
        self,
        file: str,
        line: int,
        column: int,
        what: str,
        expected: str = "",
        remedy: str = "",
        code: str = "fault",
        severity: Severity = "error",
    ) -> None:
        """Keep one fault, unless its file already has `MOST_FAULTS_PER_FILE` of its severity."""
        count = self._per_file.get((file, severity), 0) + 1
        self._per_file[file, severity] = count
        what, expected = _short(what), _short(expected)
        if count < MOST_FAULTS_PER_FILE:
            self._faults.append(Fault(file, line, column, what, expected, remedy, code, severity))
        elif count == MOST_FAULTS_PER_FILE:
            what = f"more than {count - 1} {severity}s in this file"
            self._faults.append(Fault(file, line, column, what, "fewer", "mend these first", "many", severity))

    def is_full(self, file: str) -> bool:
        """Say whether a file has so many errors that reading on is pointless."""
        return self._per_file.get((file, "error"), 0) >= MOST_FAULTS_PER_FILE

    def extend(self, faults: Iterable[Fault]) -> None:
        """Keep several faults."""
        for fault in faults:
            self.add(
                fault.file,
                fault.line,
                fault.column,
                fault.what,
                fault.expected,
                fault.remedy,
                fault.code,
                fault.severity,
            )

    def __iter__(self) -> Iterator[Fault]:
        """Give the faults in the order of file, line and column."""
        return iter(sorted(self._faults))

    def __len__(self) -> int:
        """Count errors and warnings."""
        return len(self._faults)

    @property
    def errors(self) -> tuple[Fault, ...]:
        """The faults that stop the work."""
        return tuple(fault for fault in self if fault.severity == "error")

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """The faults that are only shown."""
        return tuple(fault for fault in self if fault.severity == "warning")

    def raise_errors(self) -> None:
        """Raise `InputError` with all errors, if there are any."""
        if errors := self.errors:
            raise InputError(errors)


class DonghaengError(Exception):
    """Base of everything Donghaeng raises on purpose."""


class InputError(DonghaengError):
    """What was given has faults; `faults` holds all of them."""

    def __init__(self, faults: Iterable[Fault] | str) -> None:
        """Take the located faults, or one sentence where there is no place to point to."""
        if isinstance(faults, str):
            self.faults: tuple[Fault, ...] = ()
            super().__init__(faults)
        else:
            self.faults = tuple(faults)
            super().__init__("\n".join(str(fault) for fault in self.faults))


class UsageError(DonghaengError):
    """A command or function was called in a way it does not take."""


def _short(text: str) -> str:
    """Cut a phrase that quotes very much of a file."""
    return text if len(text) <= LONGEST_PHRASE else f"{text[: LONGEST_PHRASE - 1]}…"


def nearest(word: str, known: Iterable[str]) -> str:
    """Offer the likely word for a mistyped one, as a phrase to append, or an empty string.

    >>> nearest("weigth", ["weight", "unit"])
    'did you mean "weight"?'
    """
    matches = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f'did you mean "{matches[0]}"?' if matches else ""


def listed(words: Iterable[str], limit: int = 12) -> str:
    """Write words as a short list in prose.

    >>> listed(["a", "b"])
    'a, b'
    """
    given = list(words)
    shown = ", ".join(given[:limit])
    return f"{shown} and {len(given) - limit} more" if len(given) > limit else shown
