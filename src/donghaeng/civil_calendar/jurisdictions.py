"""The calendar of a jurisdiction: which days are no working days, and which law its periods go by.

The holidays come from the library `holidays` (https://holidays.readthedocs.io), temporary holidays, election
days and substitute days included. A list is trusted only between two days, which ``jurisdictions.toml`` holds:

- Korea from 2009-01-01. Article 161 of the Civil Act names Saturdays since its amendment of 2007-12-21;
  periods that ended under the earlier text are refused rather than reckoned by the later one.
- All to the end of 2027, since the law changes: Korea made 1 May and 17 July public holidays in 2026. The day is
  raised with the library, by hand, after a look at the list of the new year. A day that a government adds in
  between, such as a temporary holiday, is given by `Calendar.closed_also_on`.

Outside these days a question about holidays is refused. Ages and periods whose end does not move need no list.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

from donghaeng.civil_calendar import arithmetic
from donghaeng.civil_calendar.arithmetic import EARLIEST, LATEST, SERVICE_DAY_TURNS_AT, FirstDay
from donghaeng.errors import InputError, UsageError

Holidays = Literal["stay", "move"]

#: Jurisdictions without a country: weekends only.
NO_COUNTRY = ("none", "world")

_CODE = re.compile(r"(?P<country>[A-Z]{2})(?:-(?P<subdivision>[A-Z0-9]{1,3}))?", re.ASCII)


@dataclass(frozen=True)
class MovedDays:
    """Where a period ends that would end on a day that is no working day.

    Attributes:
        first: the first day that the table covers.
        last: the last day that the table covers.
        to: for each day between them that is no working day, the next working day.
    """

    first: date
    last: date
    to: Mapping[date, date]

    def as_json(self) -> dict[str, str | dict[str, str]]:
        """Give the form that ``calendar.js`` takes: days as ISO texts."""
        days = {day.isoformat(): moved.isoformat() for day, moved in self.to.items()}
        return {"first": self.first.isoformat(), "last": self.last.isoformat(), "days": days}


@dataclass(frozen=True)
class Calendar:
    """The calendar of one jurisdiction.

    Attributes:
        jurisdiction: its code: ISO 3166, "none" or "world".
        law: the law whose text the arithmetic follows; empty where no text was read, and the arithmetic of
            the Civil Act of Korea is used in its place.
        holidays_of: the area whose holidays are used, such as "KR" for "KR-11" or "US-CA"; empty for weekends
            only.
        known_from: first day for which working days are known; None when the country's holidays are unknown.
        known_to: last day for which working days are known; None when the country's holidays are unknown.
        zone: time zone of service days; empty when it must be given.
        added: days that are no working days beside the list.
    """

    jurisdiction: str
    law: str
    holidays_of: str
    known_from: date | None
    known_to: date | None
    zone: str = ""
    added: frozenset[date] = frozenset()

    def closed_also_on(self, days: Iterable[date]) -> Calendar:
        """Give the same calendar with days added that are no working days, such as a temporary holiday.

        Raises:
            InputError: a day lies outside `arithmetic.EARLIEST` to `LATEST`.
        """
        more = frozenset(days)
        for day in more:
            arithmetic.year(day)
        return replace(self, added=self.added | more)

    def is_working_day(self, day: date) -> bool:
        """Say whether a day is neither of the weekend nor a public holiday.

        Raises:
            InputError: the working days are not known for that day.

        >>> calendar_of("KR").is_working_day(date(2025, 6, 3))  # an election
        False
        """
        arithmetic.year(day)
        if self.known_from is None or self.known_to is None:
            raise InputError(
                f"the public holidays of {self.jurisdiction} are not known here: "
                "expected a country whose holidays are; let the period end where it falls (holidays: stay)"
            )
        if not self.known_from <= day <= self.known_to:
            raise InputError(
                f"the public holidays of {self.jurisdiction} are known from {self.known_from} to {self.known_to}, "
                "and a day outside was asked for: let the period end where it falls (holidays: stay), "
                "or ask again when they are known"
            )
        return day not in self.added and day not in _closed_days(self.holidays_of, day.year)

    def next_working_day(self, day: date) -> date:
        """Give the first working day that is not before a day: the day itself, if it is one.

        Raises:
            InputError: the working days are not known so far.

        >>> calendar_of("KR").next_working_day(date(2025, 10, 3))  # Friday, a holiday; Chuseok follows
        datetime.date(2025, 10, 10)
        """
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day

    def last_day(
        self,
        start: date,
        *,
        holidays: Holidays,
        days: int | None = None,
        weeks: int | None = None,
        months: int | None = None,
        years: int | None = None,
        first_day: FirstDay = "excluded",
    ) -> date:
        """Give the day with whose end a period ends.

        Args:
            start: the day of the event from which the period runs.
            holidays: whether a period that would end on a day that is no working day ends there ("stay") or on
                the next working day ("move", article 161). There is no usual value: statutes differ. The
                General Act on Public Administration, article 6, lets a period that limits rights stay.
            days: as for `arithmetic.last_day`.
            weeks: as for `arithmetic.last_day`.
            months: as for `arithmetic.last_day`.
            years: as for `arithmetic.last_day`.
            first_day: as for `arithmetic.last_day`.

        Raises:
            InputError: `start` is outside the calendar, or the end outside the known holidays.
            UsageError: as for `arithmetic.last_day`, or `holidays` is another word.

        >>> calendar_of("KR").last_day(date(2024, 12, 1), months=6, holidays="move")  # 1 June is a Sunday
        datetime.date(2025, 6, 2)
        """
        end = arithmetic.last_day(start, days=days, weeks=weeks, months=months, years=years, first_day=first_day)
        if holidays not in ("stay", "move"):
            raise UsageError('holidays of a period are "stay" or "move"')
        return end if holidays == "stay" else self.next_working_day(end)

    def within(
        self,
        start: date,
        on: date,
        *,
        holidays: Holidays,
        days: int | None = None,
        weeks: int | None = None,
        months: int | None = None,
        years: int | None = None,
        first_day: FirstDay = "excluded",
    ) -> bool:
        """Say whether a day lies in a period: not before its start, not after its last day.

        Args:
            start: the day of the event from which the period runs.
            on: the day asked about.
            holidays: as for `last_day`.
            days: as for `arithmetic.last_day`.
            weeks: as for `arithmetic.last_day`.
            months: as for `arithmetic.last_day`.
            years: as for `arithmetic.last_day`.
            first_day: as for `arithmetic.last_day`.

        Raises:
            InputError: as for `last_day`.
            UsageError: as for `last_day`.
        """
        arithmetic.year(on)
        end = self.last_day(
            start, holidays=holidays, days=days, weeks=weeks, months=months, years=years, first_day=first_day
        )
        return start <= on <= end

    def age(self, birth: date, on: date) -> int:
        """Give the age in full years: `arithmetic.age`."""
        return arithmetic.age(birth, on)

    def age_in_months(self, birth: date, on: date) -> int:
        """Give the age in full months: `arithmetic.age_in_months`."""
        return arithmetic.age_in_months(birth, on)

    def age_by_year(self, birth: date, on: date) -> int:
        """Give the difference of the calendar years: `arithmetic.age_by_year`."""
        return arithmetic.age_by_year(birth, on)

    def days_between(self, first: date, second: date) -> int:
        """Count the days from one day to another: `arithmetic.days_between`."""
        return arithmetic.days_between(first, second)

    def month_end(self, day: date) -> date:
        """Give the last day of a month: `arithmetic.month_end`."""
        return arithmetic.month_end(day)

    def year(self, day: date) -> int:
        """Give the calendar year: `arithmetic.year`."""
        return arithmetic.year(day)

    def service_day(
        self, moment: datetime, turns_at: time = SERVICE_DAY_TURNS_AT, zone: str | tzinfo | None = None
    ) -> date:
        """Give the service day of a moment: `arithmetic.service_day`, by default in the zone of the jurisdiction.

        Raises:
            InputError: as for `arithmetic.service_day`.
            UsageError: as for `arithmetic.service_day`, or no zone is known.
        """
        if zone is None and not self.zone:
            raise UsageError(f"no time zone is known for {self.jurisdiction}: give the zone")
        return arithmetic.service_day(moment, self.zone if zone is None else zone, turns_at)

    def moved_days(self, first_year: int, last_year: int) -> MovedDays:
        """List the days of some years that are no working days, each with the next working day.

        A bulk query joins this table, and a page of the site carries it.

        Args:
            first_year: the first of the years.
            last_year: the last of the years; days at its end that would move beyond what is known are left out.

        Raises:
            InputError: the working days of these years are not known.
            UsageError: the years are in the wrong order.
        """
        if first_year > last_year:
            raise UsageError("the first year comes after the last")
        if not EARLIEST.year <= first_year <= last_year <= LATEST.year:
            raise InputError(f"expected years from {EARLIEST.year} to {LATEST.year}")
        first, last = date(first_year, 1, 1), date(last_year, 12, 31)
        if last == self.known_to:
            while not self.is_working_day(last):
                last -= timedelta(days=1)
        days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        moved = {day: self.next_working_day(day) for day in days if not self.is_working_day(day)}
        return MovedDays(first, last, MappingProxyType(moved))


@lru_cache(maxsize=256)
def calendar_of(jurisdiction: str) -> Calendar:
    """Give the calendar of a jurisdiction.

    Args:
        jurisdiction: a code of ISO 3166 for a country or a part of it, such as "KR" or "KR-11"; "none" or
            "world" for a calendar with weekends only.

    Raises:
        InputError: the code is none of these.

    >>> calendar_of("KR-11").holidays_of, calendar_of("DE-BY").holidays_of
    ('KR', 'DE-BY')
    >>> bool(calendar_of("KR-11").law), bool(calendar_of("DE-BY").law)
    (True, False)
    """
    if jurisdiction in NO_COUNTRY:
        return Calendar(jurisdiction, "", "", EARLIEST, LATEST)
    if not (match := _CODE.fullmatch(jurisdiction)):
        raise InputError(
            f'"{jurisdiction}" is not a jurisdiction: expected a code of ISO 3166 such as KR-11, or none or world'
        )
    country = match["country"]
    settings = _settings()
    own = settings["countries"].get(country, {})
    law, zone = own.get("law", ""), own.get("zone", "")
    if (years := _years_of(country)) is None:
        return Calendar(jurisdiction, law, "", None, None, zone)
    first_year, last_year, subdivisions = years
    known_from = max(own.get("holidays_known_from", settings["holidays_known_from"]), date(first_year, 1, 1))
    known_to = min(settings["holidays_known_to"], date(last_year, 12, 31))
    holidays_of = jurisdiction if match["subdivision"] in subdivisions else country
    return Calendar(jurisdiction, law, holidays_of, known_from, known_to, zone)


@lru_cache(maxsize=1)
def _settings() -> dict[str, Any]:
    """What is known of countries beside the library."""
    return tomllib.loads(files("donghaeng.civil_calendar").joinpath("jurisdictions.toml").read_text("utf-8"))


def _years_of(country: str) -> tuple[int, int, tuple[str, ...]] | None:
    """The years and subdivisions that the library has for a country, or None when it has not the country."""
    from holidays import country_holidays

    try:
        found = country_holidays(country)
    except NotImplementedError:  # so the library says that it has not the country
        return None
    return found.start_year, found.end_year, tuple(found.subdivisions)


@lru_cache(maxsize=4_096)
def _closed_days(area: str, year: int) -> frozenset[date]:
    """The days of a year that are of the weekend or public holidays; only weekends where there is no area."""
    first = date(year, 1, 1)
    days = [first + timedelta(days=number) for number in range((date(year, 12, 31) - first).days + 1)]
    if not area:
        return frozenset(day for day in days if day.weekday() >= 5)
    from holidays import country_holidays

    country, _, subdivision = area.partition("-")
    known = country_holidays(country, subdiv=subdivision or None, years=[year])
    return frozenset(day for day in days if not known.is_working_day(day))
