"""Tables that a service adds to an extract: what it keeps beside its entries, such as the rides of a pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

#: Gives the key from which the names of a period are made, by the first letters of its days (`2026-05`).
KeyOf = Callable[[str], bytes]
#: Writes the tables of a service into a new folder, as ``TABLE/PERIOD/NUMBER.parquet``; takes the folder, the keys and
#: how many letters of a day name its period.
WriteTables = Callable[[Path, KeyOf, int], None]
Bound = Literal["", "least", "most"]


@dataclass(frozen=True)
class ServiceColumn:
    """A column of a table of a service.

    Attributes:
        name: its name.
        type: ``name`` is a pseudonym, which is another one in each period.
        codes: of a text whose values the service knows: all of them.
        bound: the end of a range that its numbers are, where what they are made of is only known within bounds.
    """

    name: str
    type: Literal["integer", "date", "boolean", "text", "name"]
    codes: tuple[str, ...] = ()
    bound: Bound = ""


@dataclass(frozen=True)
class ServiceTable:
    """A table that a service adds to extracts.

    Attributes:
        name: its name, which no kind of entry has.
        columns: its columns.
        day: the column of the day that puts a row into a period.
        person: the column with the name of whom a row is about: few of them are as telling as few rows.
    """

    name: str
    columns: tuple[ServiceColumn, ...]
    day: str
    person: str


@dataclass(frozen=True)
class ServiceTables:
    """What a service adds to an extract.

    Attributes:
        tables: the tables, those without rows too.
        write: writes them.
    """

    tables: tuple[ServiceTable, ...]
    write: WriteTables
