"""Retention periods from a file: how long facts of each kind are kept, from when on, and where that is laid down."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from donghaeng.dated import Dates
from donghaeng.documents import Day, Model, read_model
from donghaeng.errors import Faults
from donghaeng.ledger.persons import Retention


class Period(Model):
    """One period of one kind.

    Attributes:
        kind: kind of entry.
        months: calendar months, counted from the day after the entry is effective.
        start: first day on which this period is in force (``from``).
        end: last day on which it is in force (``to``).
        source: where it is laid down.
    """

    kind: str = Field(min_length=1)
    months: int = Field(ge=1, le=1200)
    start: Day = Field(alias="from")
    end: Day | None = Field(None, alias="to")
    source: str = Field(min_length=1)


class RetentionFile(Model):
    """A file of periods."""

    retention: list[Period] = Field(min_length=1)


def read_retention(path: Path) -> tuple[Retention, ...]:
    """Read retention periods from a YAML file.

    Raises:
        InputError: the file has faults.
    """
    faults = Faults()
    found, document = read_model(path, str(path), RetentionFile, faults)
    periods = found.retention if found else []
    made = []
    for at, period in enumerate(periods):
        dates = Dates(period.start, period.end)
        for key, what, expected in dates.faults():
            faults.add(str(path), *document.place(("retention", at, key)), what, expected, "mend the days")
        made.append(Retention(period.kind, dates, period.months, period.source))
    faults.raise_errors()
    return tuple(made)
