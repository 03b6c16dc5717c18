"""The tables that measures read: their columns, and what type each has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from donghaeng.rules.types import BOOLEAN, Type
from donghaeng.wording import Text

Period = Literal["day", "month", "year"]
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
    """

    name: str
    type: Type | None
    is_name: bool = False
    is_fact: bool = False

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
    """A table that measures may read: entries of one kind or of several.

    Attributes:
        name: what measures call it: the name of a kind, or one that a pack gives.
        columns: columns by name; of several kinds those that all of them have with one type.
        kinds: kinds of entry; empty for the one of its name.
        last_of: column by which entries are about one thing, of which the last recorded one counts; empty for none.
        day: column of the day that puts an entry into a period.
    """

    name: str
    columns: Mapping[str, Column]
    kinds: tuple[str, ...] = ()
    last_of: str = ""
    day: str = EFFECTIVE

    @property
    def sources(self) -> tuple[str, ...]:
        """The kinds of entry that it is made of."""
        return self.kinds or (self.name,)


@dataclass(frozen=True)
class Extracted:
    """Entries as files, as `donghaeng.ledger.extract` writes them.

    Attributes:
        files: Parquet files by the name of the table; a table without entries has none.
        period: within which persons keep their names.
        facts: whether facts about persons are in them.
        simulated: whether all entries are made up.
    """

    files: Mapping[str, tuple[Path, ...]]
    period: Period
    facts: bool
    simulated: bool
