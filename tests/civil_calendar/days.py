"""Days and periods that the three forms of the calendar are compared on."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies

from donghaeng.civil_calendar.arithmetic import EARLIEST, LATEST

DAYS = strategies.dates(EARLIEST, LATEST)

#: Lengths that ask every branch of the printers.
PERIODS: tuple[dict[str, Any], ...] = tuple(
    {unit: number, "first_day": first_day}
    for first_day in ("excluded", "included")
    for unit, number in (
        ("days", 1),
        ("days", 14),
        ("weeks", 2),
        ("months", 1),
        ("months", 6),
        ("months", 13),
        ("years", 1),
        ("years", 19),
    )
)


def random_days(count: int, seed: int) -> list[date]:
    """Days of all years, a third of them at the turn of a month, where calendars differ."""
    chance = random.Random(seed)
    span = (LATEST - EARLIEST).days
    days = []
    for _ in range(count):
        day = EARLIEST + timedelta(days=chance.randint(0, span))
        if chance.random() < 1 / 3:
            day = max(EARLIEST, min(LATEST, day.replace(day=1) + timedelta(days=chance.choice((-3, -2, -1, 0, 1)))))
        days.append(day)
    return days
