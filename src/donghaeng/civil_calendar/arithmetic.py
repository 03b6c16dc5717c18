"""Ages and periods in days, weeks, months and years, reckoned as the Civil Act of Korea reckons them.

Source: Civil Act of the Republic of Korea, articles 155-161, https://www.law.go.kr/법령/민법. A statute
may say otherwise (article 155), so that what differs between statutes is an argument: whether the first day
counts (article 157), and in `jurisdictions` whether a Saturday or holiday moves the last day (article 161).
Periods in hours run from moment to moment (article 156) and are not reckoned here.

Nothing here knows of holidays. `sql` and ``calendar.js`` hold the same functions; tests compare the three.
Messages never quote a day, since a day of birth is a fact about a person.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Concatenate, Literal, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from donghaeng.errors import InputError, UsageError

FirstDay = Literal["excluded", "included"]

#: Days outside are refused: they are slips of the pen more often than facts.
EARLIEST = date(1900, 1, 1)
LATEST = date(2100, 12, 31)

#: The longest period, for each unit: 200 years.
LONGEST = {"days": 73_050, "weeks": 10_435, "months": 2_400, "years": 200}

#: A service day of Seoul's public transport runs from 04:00 to 04:00.
SERVICE_DAY_TURNS_AT = time(4)

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def age(birth: date, on: date) -> int:
    """Give the age in full years on a day.

    The day of birth counts (article 158), so that a year of age is full when the day before the birthday
    ends. Somebody born on 29 February turns a year older on 1 March of a common year, since the year of age
    ends with the last day of February (article 160 (3)).

    Args:
        birth: day of birth.
        on: the day for which the age is wanted.

    Returns:
        Full years; below zero before birth.

    Raises:
        InputError: a day lies outside `EARLIEST` to `LATEST`.

    >>> age(date(2004, 2, 29), date(2023, 2, 28)), age(date(2004, 2, 29), date(2023, 3, 1))
    (18, 19)
    """
    _check(birth, "the day of birth")
    _check(on, "the day of the age")
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def age_in_months(birth: date, on: date) -> int:
    """Give the age in full months, as it is told before the first birthday (article 158).

    Raises:
        InputError: a day lies outside `EARLIEST` to `LATEST`.

    >>> age_in_months(date(2024, 1, 31), date(2024, 2, 29)), age_in_months(date(2024, 1, 31), date(2024, 3, 1))
    (0, 1)
    """
    _check(birth, "the day of birth")
    _check(on, "the day of the age")
    return (on.year - birth.year) * 12 + on.month - birth.month - (on.day < birth.day)


def age_by_year(birth: date, on: date) -> int:
    """Give the difference of the calendar years, the "year age" that some statutes ask for.

    Raises:
        InputError: a day lies outside `EARLIEST` to `LATEST`.

    >>> age_by_year(date(2005, 12, 31), date(2024, 1, 1))
    19
    """
    return year(on) - year(birth)


def year(day: date) -> int:
    """Give the calendar year of a day.

    Raises:
        InputError: the day lies outside `EARLIEST` to `LATEST`.
    """
    _check(day, "the day")
    return day.year


def days_between(first: date, second: date) -> int:
    """Count the days from one day to another; below zero when the second comes first.

    Raises:
        InputError: a day lies outside `EARLIEST` to `LATEST`.

    >>> days_between(date(2024, 2, 28), date(2024, 3, 1))
    2
    """
    _check(first, "the first day")
    _check(second, "the second day")
    return (second - first).days


def month_end(day: date) -> date:
    """Give the last day of the month of a day.

    Raises:
        InputError: the day lies outside `EARLIEST` to `LATEST`.

    >>> month_end(date(2024, 2, 3))
    datetime.date(2024, 2, 29)
    """
    _check(day, "the day")
    return day.replace(day=monthrange(day.year, day.month)[1])


def last_day(
    start: date,
    *,
    days: int | None = None,
    weeks: int | None = None,
    months: int | None = None,
    years: int | None = None,
    first_day: FirstDay = "excluded",
) -> date:
    """Give the day with whose end a period ends (article 159), wherever it falls in the week.

    Months and years go by the calendar: the period ends on the day before the one that corresponds to the
    first day counted (article 160 (2)), and with the month where that month has no such day (160 (3)).

    Args:
        start: the day of the event from which the period runs.
        days: length in days; one unit of the four is given.
        weeks: length in weeks.
        months: length in calendar months.
        years: length in calendar years.
        first_day: whether the day `start` itself counts. It does not (article 157), unless the period
            begins at midnight or a statute counts it.

    Returns:
        The last day. It may lie after `LATEST`.

    Raises:
        InputError: `start` lies outside `EARLIEST` to `LATEST`.
        UsageError: not one unit is given, or its number is below 1 or over `LONGEST`.

    >>> last_day(date(2025, 2, 28), months=6)  # counted from 1 March
    datetime.date(2025, 8, 31)
    >>> last_day(date(2024, 8, 30), months=6)  # counted from the 31st, which February does not have
    datetime.date(2025, 2, 28)
    >>> last_day(date(2024, 1, 27), days=30, first_day="included")
    datetime.date(2024, 2, 25)
    """
    _check(start, "the start of the period")
    months_long, days_long = length(days=days, weeks=weeks, months=months, years=years)
    counted_from = start if includes_first_day(first_day) else start + timedelta(days=1)
    if days_long:
        return counted_from + timedelta(days=days_long - 1)
    in_years, month = divmod(counted_from.month - 1 + months_long, 12)
    last_year, last_month = counted_from.year + in_years, month + 1
    days_of_month = monthrange(last_year, last_month)[1]
    if counted_from.day > days_of_month:
        return date(last_year, last_month, days_of_month)
    return date(last_year, last_month, counted_from.day) - timedelta(days=1)


def within(
    start: date,
    on: date,
    *,
    days: int | None = None,
    weeks: int | None = None,
    months: int | None = None,
    years: int | None = None,
    first_day: FirstDay = "excluded",
) -> bool:
    """Say whether a day lies in a period: not before its start, not after its last day.

    The day `start` itself lies in the period, whether or not it counts in the length.

    Args:
        start: the day of the event from which the period runs.
        on: the day asked about.
        days: as for `last_day`.
        weeks: as for `last_day`.
        months: as for `last_day`.
        years: as for `last_day`.
        first_day: as for `last_day`.

    Raises:
        InputError: a day lies outside `EARLIEST` to `LATEST`.
        UsageError: as for `last_day`.

    >>> within(date(2025, 2, 28), date(2025, 8, 31), months=6)
    True
    """
    _check(on, "the day asked about")
    end = last_day(start, days=days, weeks=weeks, months=months, years=years, first_day=first_day)
    return start <= on <= end


def service_day(moment: datetime, zone: str | tzinfo, turns_at: time = SERVICE_DAY_TURNS_AT) -> date:
    """Give the service day of a moment: a clock time before `turns_at` belongs to the day before.

    Args:
        moment: a time with its zone or offset.
        zone: the zone whose clocks count, such as "Asia/Seoul".
        turns_at: clock time at which a service day begins.

    Raises:
        InputError: the service day lies outside `EARLIEST` to `LATEST`.
        UsageError: the moment has no zone, or the zone is unknown.

    >>> service_day(datetime.fromisoformat("2024-01-27T18:59:59Z"), "Asia/Seoul")
    datetime.date(2024, 1, 27)
    """
    if moment.utcoffset() is None:
        raise UsageError("a moment without a zone has no service day: give its zone or its offset from UTC")
    try:
        local = moment.astimezone(zone_of(zone))
        day = local.date() - timedelta(days=local.time() < turns_at)
    except OverflowError:
        raise InputError(_outside("the service day")) from None
    _check(day, "the service day")
    return day


def when_known(
    function: Callable[Concatenate[date, Parameters], Result],
    day: date | None,
    *arguments: Parameters.args,
    **settings: Parameters.kwargs,
) -> Result | None:
    """Call a function of this module, or give None (unknown) when one of the given days is None.

    >>> when_known(age, None, date(2024, 1, 1)) is None
    True
    >>> when_known(last_day, date(2024, 1, 1), days=1)
    datetime.date(2024, 1, 2)
    """
    if day is None or any(argument is None for argument in arguments):
        return None
    return function(day, *arguments, **settings)


def length(
    *, days: int | None = None, weeks: int | None = None, months: int | None = None, years: int | None = None
) -> tuple[int, int]:
    """Give the length of a period as months and days, of which one is zero.

    Raises:
        UsageError: not one unit is given, or its number is below 1 or over `LONGEST`.

    >>> length(years=2), length(weeks=2)
    ((24, 0), (0, 14))
    """
    units = {"days": days, "weeks": weeks, "months": months, "years": years}
    given = [(unit, number) for unit, number in units.items() if number is not None]
    if len(given) != 1:
        raise UsageError("a period has one length: give one of days, weeks, months, years")
    unit, number = given[0]
    if type(number) is not int or not 1 <= number <= LONGEST[unit]:
        raise UsageError(f"a period is a whole number of {unit} from 1 to {LONGEST[unit]}")
    if unit in ("days", "weeks"):
        return 0, number * (7 if unit == "weeks" else 1)
    return number * (12 if unit == "years" else 1), 0


def includes_first_day(first_day: str) -> bool:
    """Say whether the first day counts.

    Raises:
        UsageError: the word is neither "excluded" nor "included".
    """
    if first_day not in ("excluded", "included"):
        raise UsageError('the first day of a period is "excluded" or "included"')
    return first_day == "included"


def zone_of(zone: str | tzinfo) -> tzinfo:
    """Give the zone of a name.

    Raises:
        UsageError: there is no zone of that name.
    """
    if isinstance(zone, tzinfo):
        return zone
    try:
        return ZoneInfo(zone)
    except (OSError, ValueError, KeyError):
        raise UsageError(f'"{zone}" is not a time zone: give a name such as Asia/Seoul') from None


def _check(day: date, name: str) -> None:
    """Refuse what is no plain day between `EARLIEST` and `LATEST`."""
    if isinstance(day, datetime) or not isinstance(day, date):
        raise UsageError(f"{name} is not a date: give a day without a time (service_day gives the day of a moment)")
    if not EARLIEST <= day <= LATEST:
        raise InputError(_outside(name))


def _outside(name: str) -> str:
    return f"{name} lies outside {EARLIEST} to {LATEST}: expected a day between them; check the year"
