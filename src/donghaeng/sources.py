"""Sources, and the kinds of value that rest on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from donghaeng import periods
from donghaeng.documents import Day, Model, formed
from donghaeng.wording import Text

Grade = Literal["publisher", "report", "copy", "unsafe"]


class Kind(IntEnum):
    """How a value came to be known, from the firmest to the least firm.

    A value made from several takes the least firm kind among them.
    """

    PUBLISHED = 0
    DERIVED = 1
    SECOND_HAND = 2
    INFERRED = 3
    SIMULATED = 4
    UNKNOWN = 5

    @property
    def word(self) -> str:
        """The word used in files: ``published``, ``second_hand`` and so on."""
        return self.name.lower()


KIND_WORDS: dict[str, Kind] = {kind.word: kind for kind in Kind}

#: Kinds that may stand in a headline, a chart or a total: read at the publisher or in two independent
#: reports, or arithmetic on such values.
CITABLE: frozenset[Kind] = frozenset({Kind.PUBLISHED, Kind.DERIVED})


def _is_date(value: str) -> str:
    if not periods.is_date(value):
        raise ValueError(f'"{value}" is not a date', "a day, month or year such as 2024-06-19, 2024-06 or 2024")
    return value


class Source(Model):
    """Where something was read.

    Attributes:
        title: the title, or our own short description where the page has none.
        publisher: who published it; reports of one publisher are not independent of each other.
        url: address; absent for sources that must not be linked (grade ``unsafe``) or are not online.
        date: day, month or year of publication; absent when not known.
        read_on: a day by which it had been read.
        extent: whether the whole of it was read, or a part.
        licence: licence of the source, ``not stated`` where it says nothing.
        grade: ``publisher`` (the body responsible for the figure), ``report`` (an independent report read
            at its own publisher), ``copy`` (a re-post, blog or note that repeats another) or ``unsafe``
            (hijacked domain, spam copy, forum: never linked, never the only evidence).
        note: what a reader should know about it.
    """

    title: Text
    publisher: Text
    url: Annotated[str, formed(r"^https?://[^\s<>\"]+$", "an address with http:// or https://")] | None = None
    date: Annotated[str, Field(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"), AfterValidator(_is_date)] | None = None
    read_on: Day
    extent: Literal["whole", "part"]
    licence: str
    grade: Grade
    note: Text | None = None


class Sources(Model):
    """The content of ``sources.yaml``."""

    sources: dict[Annotated[str, formed(r"^[a-z0-9][a-z0-9-]*$", "small letters, digits and hyphens")], Source]


def supports_published(source_ids: Iterable[str], sources: Mapping[str, Source]) -> bool:
    """Say whether these sources are enough to call a value published.

    One source of grade ``publisher`` is enough; otherwise two of grade ``report`` from different publishers.
    """
    given = [sources[source_id] for source_id in source_ids if source_id in sources]
    reporters = {tuple(sorted(source.publisher.items())) for source in given if source.grade == "report"}
    return any(source.grade == "publisher" for source in given) or len(reporters) >= 2


def source_ids(cell: str) -> tuple[str, ...]:
    """Split a cell of source ids, which are separated by semicolons.

    >>> source_ids("a; b")
    ('a', 'b')
    """
    return tuple(part.strip() for part in cell.split(";") if part.strip())
