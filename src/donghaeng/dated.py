"""What holds from a day on, and what was known of it on a day.

Two times: a rule or value is in force from `start` to `end` (both days included), and it is known from the day it was
announced to the day before it was withdrawn, that is replaced by another text for the same days.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Dates:
    """When something is in force, and when it was known.

    Attributes:
        start: first day in force; None for always.
        end: last day in force; None for no known end.
        announced: first day on which it was known; None for its first day in force.
        withdrawn: first day on which another text had taken its place, for all its days; None if none has.
    """

    start: date | None = None
    end: date | None = None
    announced: date | None = None
    withdrawn: date | None = None

    def in_force(self, on: date) -> bool:
        """Say whether it is in force on a day."""
        return (self.start is None or self.start <= on) and (self.end is None or on <= self.end)

    def known(self, on: date | None) -> bool:
        """Say whether it was known on a day; on no day means as it is known now."""
        if on is None:
            return self.withdrawn is None
        first = self.announced or self.start
        return (first is None or first <= on) and (self.withdrawn is None or on < self.withdrawn)

    def faults(self) -> list[tuple[str, str, str]]:
        """Say which dates contradict one another: the key, what is wrong, what was expected."""
        found = []
        if self.start and self.end and self.end < self.start:
            found.append(("to", f"{self.end} is before {self.start}, the first day", "a day from the first day on"))
        known_from = self.announced or self.start
        if self.withdrawn and known_from and self.withdrawn <= known_from:
            expected = "a day after it was announced"
            found.append(("withdrawn", f"{self.withdrawn} is not after {known_from}, when it became known", expected))
        return found


def change_days(dates: Iterable[Dates], known_on: date | None = None) -> tuple[date, ...]:
    """Give the days on which what is in force changes, in order: first days, and days after last days.

    Args:
        dates: the dates of everything in question.
        known_on: what was known on this day; None for what is known now.
    """
    days: set[date] = set()
    for one in dates:
        if one.known(known_on):
            if one.start:
                days.add(one.start)
            if one.end and one.end < date.max:  # after the last day of all nothing changes
                days.add(one.end + timedelta(days=1))
    return tuple(sorted(days))


def knowledge_days(dates: Iterable[Dates]) -> tuple[date, ...]:
    """Give the days on which what is known changes, in order."""
    days: set[date] = set()
    for one in dates:
        if known_from := one.announced or one.start:
            days.add(known_from)
        if one.withdrawn:
            days.add(one.withdrawn)
    return tuple(sorted(days))


def only_in_force(dates: Sequence[Dates], on: date, known_on: date | None = None) -> int | None:
    """Give the index of the one in force on a day; the later in the list wins. None when there is none."""
    for index in range(len(dates) - 1, -1, -1):
        if dates[index].in_force(on) and dates[index].known(known_on):
            return index
    return None
