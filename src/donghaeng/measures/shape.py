"""The tables that measures read, of entries or of a service: their columns, and what type each has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from donghaeng.rules.types import BOOLEAN, Type
from donghaeng.wording import Text

Period = Literal["day", "month", "year"]
#: The end of a range that a number is, where what it is made of is only known within bounds; empty for the number.
Bound = Literal["", "least", "most"]
#: From the shortest to the longest; a name that holds within one holds within those before it.
PERIODS: tuple[Period, ...] = ("day", "month", "year")
#: Letters of an ISO day that name the period it is in.
PERIOD_LENGTH: Mapping[Period, int] = {"day": 10, "month": 7, "year": 4}

#: Columns of every table of entries, beside the keys of its body.
SEQUENCE, EFFECTIVE, CORRECTS = "sequence", "effective_on", "corrects"

#: What an absent value is called where a pack says nothing else.
UNKNOWN_TEXT: Text = {"ko": "알 수 없음", "en": "Not known"}
YES_NO: Mapping[str, Text] = {"true": {"ko": "예", "en": "Yes"}, "false": {"ko": "아니요", "en": "No"}}


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: its name.
        type: its type; None for a text without a list of values, of which only distinct ones can be counted.
        is_name: it names a person or a thing by a pseudonym, which holds within one period of the extract only.
        is_fact: it is known only where facts about persons were extracted too.
        bound: the end of a range that its numbers are.
    """

    name: str
    type: Type | None
    is_name: bool = False
    is_fact: bool = False
    bound: Bound = ""

    @property
    def codes(self) -> tuple[str, ...]:
        """The values that rows can be grouped by; empty where they cannot."""
        if self.type is None:
            return ()
        if self.type.kind == BOOLEAN.kind:
            return tuple(YES_NO)
        return tuple(self.type.codes) if self.type.kind == "code" else ()


@dataclass(frozen=True)
class TableShape:
    """A table that measures may read: entries of one kind or of several, or a table of a service.

    Attributes:
        name: what measures call it: the name of a kind, or one that a pack gives.
        columns: columns by name; of several kinds those that all of them have with one type.
        kinds: kinds of entry, or the table of a service; empty for the one of its name.
        last_of: column by which entries are about one thing, of which the last recorded one counts; empty for none.
        day: column of the day that puts a row into a period.
        person: column with the name of whom a row is about, where few of them are as telling as few rows; empty for
            none.
        is_entries: its rows are entries, with their numbers and corrections.
    """

    name: str
    columns: Mapping[str, Column]
    kinds: tuple[str, ...] = ()
    last_of: str = ""
    day: str = EFFECTIVE
    person: str = ""
    is_entries: bool = True

    @property
    def sources(self) -> tuple[str, ...]:
        """The kinds of entry that it is made of."""
        return self.kinds or (self.name,)


@dataclass(frozen=True)
class Extracted:
    """Entries as files, as `donghaeng.ledger.extract` writes them.

    Attributes:
        files: Parquet files by the name of the table; a table without rows has none.
        period: within which persons keep their names.
        facts: whether facts about persons are in them.
        simulated: whether all entries are made up.
        of_services: the tables of services that were extracted, those without rows too.
    """

    files: Mapping[str, tuple[Path, ...]]
    period: Period
    facts: bool
    simulated: bool
    of_services: frozenset[str] = frozenset()
