"""Periods: the stretches of time that values are for.

Accepted forms: a year ``2024``, a half ``2024-H1``, a quarter ``2024-Q3``, a month ``2024-03``, an ISO
week ``2024-W09`` and a day ``2024-03-01``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

FORMS = "a year (2024), half (2024-H1), quarter (2024-Q3), month (2024-03), ISO week (2024-W09) or day (2024-03-01)"

_FORM = re.compile(
    r"(?P<year>[0-9]{4})"
    r"(?:-(?:H(?P<half>[12])|Q(?P<quarter>[1-4])|W(?P<week>[0-9]{2})|(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?))?",
    re.ASCII,
)


@dataclass(frozen=True, order=True)
class Period:
    """A stretch of time, ordered by its first day and then by its text.

    Attributes:
        first_day: the day on which it starts.
        text: the form it was written in.
    """

    first_day: date
    text: str
    year: int = field(compare=False)

    @property
    def year_before(self) -> str:
        """The text of the same period one year earlier.

        >>> parse("2024-Q3").year_before
        '2023-Q3'
        """
        return f"{self.year - 1:04d}{self.text[4:]}"

    def __str__(self) -> str:
        """Give the text it was written in."""
        return self.text


@lru_cache(maxsize=10_000)
def parse(text: str) -> Period:
    """Read a period.

    Args:
        text: one of the forms in `FORMS`.

    Raises:
        ValueError: when the text is none of them, or names a day that does not exist.

    >>> parse("2024").first_day
    datetime.date(2024, 1, 1)
    >>> parse("2024-W01").first_day
    datetime.date(2024, 1, 1)
    >>> sorted(map(str, map(parse, ["2024-Q2", "2023", "2024-01"])))
    ['2023', '2024-01', '2024-Q2']
    """
    match = _FORM.fullmatch(text)
    if not match or int(match["year"]) < 1:
        raise ValueError(f'"{text}" is not a period')
    try:
        return Period(_first_day(match), text, int(match["year"]))
    except ValueError as error:
        raise ValueError(f'"{text}" is not a period: {error}') from None


def is_date(text: str) -> bool:
    """Say whether a text is a day, a month or a year, as dates of publication are written.

    >>> is_date("2024"), is_date("2024-06"), is_date("2024-06-31"), is_date("2024-Q2")
    (True, True, False, False)
    """
    try:
        parse(text)
    except ValueError:
        return False
    return re.fullmatch(r"[0-9-]+", text) is not None


def _first_day(match: re.Match[str]) -> date:
    year = int(match["year"])
    if match["half"]:
        return date(year, 1 + 6 * (int(match["half"]) - 1), 1)
    if match["quarter"]:
        return date(year, 1 + 3 * (int(match["quarter"]) - 1), 1)
    if match["week"]:
        return date.fromisocalendar(year, int(match["week"]), 1)
    return date(year, int(match["month"] or 1), int(match["day"] or 1))
