"""Ages and periods by the Civil Act of Korea, articles 155-161."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donghaeng.civil_calendar import arithmetic
from donghaeng.civil_calendar.arithmetic import (
    EARLIEST,
    LATEST,
    age,
    age_by_year,
    age_in_months,
    days_between,
    last_day,
    length,
    month_end,
    service_day,
    when_known,
    within,
    year,
)
from donghaeng.errors import InputError, UsageError
from tests.civil_calendar.days import DAYS

A_DAY = timedelta(days=1)
MONTHS = st.integers(1, 600)


@pytest.mark.parametrize(
    ("birth", "on", "years"),
    [
        ("2005-05-20", "2024-05-19", 18),
        ("2005-05-20", "2024-05-20", 19),
        ("2004-02-29", "2023-02-28", 18),
        ("2004-02-29", "2023-03-01", 19),
        ("2004-02-29", "2024-02-28", 19),
        ("2004-02-29", "2024-02-29", 20),
        ("2024-05-20", "2024-05-20", 0),
        ("2024-05-20", "2024-05-19", -1),
    ],
)
def test_a_year_of_age_is_full_on_the_birthday(birth: str, on: str, years: int) -> None:
    assert age(date.fromisoformat(birth), date.fromisoformat(on)) == years


@given(DAYS, DAYS, st.integers(1, 120))
def test_an_age_is_reached_when_a_period_that_counts_the_day_of_birth_has_ended(
    birth: date, on: date, years: int
) -> None:
    ended = last_day(birth, years=years, first_day="included")
    assert (age(birth, on) >= years) == (on > ended)


@given(DAYS, DAYS, MONTHS)
def test_months_of_age_are_such_periods_too(birth: date, on: date, months: int) -> None:
    assert (age_in_months(birth, on) >= months) == (on > last_day(birth, months=months, first_day="included"))


@given(DAYS, DAYS)
def test_the_ages_agree_with_each_other(birth: date, on: date) -> None:
    assert age(birth, on) == age_in_months(birth, on) // 12
    assert age_by_year(birth, on) - age(birth, on) in (0, 1)


@pytest.mark.parametrize(
    ("start", "period", "end"),
    [
        ("2024-05-20", {"months": 6}, "2024-11-20"),
        ("2025-02-28", {"months": 6}, "2025-08-31"),  # from 1 March, so to the end of August
        ("2025-08-31", {"months": 6}, "2026-02-28"),
        ("2025-08-28", {"months": 6}, "2026-02-28"),  # from the 29th, which February 2026 does not have
        ("2025-08-27", {"months": 6}, "2026-02-27"),
        ("2024-01-30", {"months": 1}, "2024-02-29"),
        ("2024-01-31", {"months": 1}, "2024-02-29"),
        ("2024-02-29", {"years": 1}, "2025-02-28"),
        ("2023-12-31", {"years": 1}, "2024-12-31"),
        ("2024-05-20", {"days": 14}, "2024-06-03"),
        ("2024-05-20", {"weeks": 2}, "2024-06-03"),
        ("2024-01-27", {"days": 30, "first_day": "included"}, "2024-02-25"),  # the first Climate Cards
        ("2024-01-23", {"days": 5, "first_day": "included"}, "2024-01-27"),  # the latest start after a charge
        ("2024-01-31", {"months": 1, "first_day": "included"}, "2024-02-29"),
        ("2024-03-01", {"months": 1, "first_day": "included"}, "2024-03-31"),
        ("2024-03-15", {"months": 1, "first_day": "included"}, "2024-04-14"),
    ],
)
def test_a_period_ends_on_the_day_that_can_be_counted_out_by_hand(start: str, period: dict[str, Any], end: str) -> None:
    assert last_day(date.fromisoformat(start), **period) == date.fromisoformat(end)


@given(DAYS.filter(lambda day: day < LATEST), MONTHS)
def test_a_period_without_its_first_day_is_one_that_counts_the_next_day(start: date, months: int) -> None:
    assert last_day(start, months=months) == last_day(start + A_DAY, months=months, first_day="included")


@given(DAYS, MONTHS)
def test_a_period_from_the_first_of_a_month_ends_with_a_month(day: date, months: int) -> None:
    end = last_day(day.replace(day=1), months=months, first_day="included")
    assert (end + A_DAY).day == 1
    assert (end.year - day.year) * 12 + end.month - day.month == months - 1


@given(DAYS, MONTHS)
def test_a_period_ends_in_the_month_it_should_and_never_later_than_a_longer_one(start: date, months: int) -> None:
    end = last_day(start, months=months)
    assert (end.year - start.year) * 12 + end.month - start.month == months
    assert end < last_day(start, months=months + 1)
    if months % 12 == 0:
        assert end == last_day(start, years=months // 12)


@given(DAYS, DAYS, MONTHS)
def test_a_day_lies_within_a_period_from_its_start_to_its_last_day(start: date, on: date, months: int) -> None:
    assert within(start, on, months=months) == (start <= on <= last_day(start, months=months))
    assert within(start, start, months=months)


@given(DAYS, DAYS)
def test_days_between_is_what_a_period_of_days_adds(first: date, second: date) -> None:
    days = days_between(first, second)
    assert days == -days_between(second, first)
    if 1 <= days <= arithmetic.LONGEST["days"]:
        assert last_day(first, days=days) == second


@given(DAYS)
def test_a_month_ends_before_the_first_of_the_next(day: date) -> None:
    assert month_end(day).month == day.month
    assert (month_end(day) + A_DAY).day == 1
    assert year(day) == day.year


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2024-01-28T03:59:59+09:00", "2024-01-27"),
        ("2024-01-28T04:00:00+09:00", "2024-01-28"),
        ("2024-01-27T18:59:59.999999+00:00", "2024-01-27"),
        ("2024-01-27T19:00:00+00:00", "2024-01-28"),
        ("2024-03-01T01:00:00+09:00", "2024-02-29"),
        ("1988-05-08T04:30:00+10:00", "1988-05-08"),  # Korea had summer time
    ],
)
def test_a_service_day_turns_at_four_on_the_clocks_of_the_place(moment: str, day: str) -> None:
    assert service_day(datetime.fromisoformat(moment), "Asia/Seoul") == date.fromisoformat(day)


@given(st.datetimes(datetime(1950, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC)), st.times())
def test_a_service_day_is_the_day_of_the_clock_or_the_one_before(moment: datetime, turns_at: time) -> None:
    local = moment.astimezone(timezone(timedelta(hours=9)))
    day = service_day(moment, timezone(timedelta(hours=9)), turns_at)
    assert day == (local.date() if local.time() >= turns_at else local.date() - A_DAY)
    assert service_day(moment, timezone(timedelta(hours=9)), time(0)) == local.date()


def test_a_moment_without_a_zone_has_no_service_day() -> None:
    with pytest.raises(UsageError, match="zone"):
        service_day(datetime(2024, 1, 1), "Asia/Seoul")
    with pytest.raises(UsageError, match="Asia/Seol"):
        service_day(datetime(2024, 1, 1, tzinfo=UTC), "Asia/Seol")
    with pytest.raises(InputError, match="outside"):
        service_day(datetime.max.replace(tzinfo=UTC), "Asia/Seoul")


OF_ONE_DAY: list[Callable[[date], Any]] = [
    year,
    month_end,
    lambda day: age(day, LATEST),
    lambda day: age(EARLIEST, day),
    lambda day: age_in_months(day, LATEST),
    lambda day: age_by_year(EARLIEST, day),
    lambda day: days_between(day, EARLIEST),
    lambda day: days_between(EARLIEST, day),
    lambda day: last_day(day, days=1),
    lambda day: within(day, EARLIEST, days=1),
    lambda day: within(EARLIEST, day, days=1),
]


@pytest.mark.parametrize("function", OF_ONE_DAY)
@pytest.mark.parametrize("day", [EARLIEST - A_DAY, LATEST + A_DAY, date.min, date.max])
def test_days_outside_two_centuries_are_refused_and_not_repeated(function: Callable[[date], Any], day: date) -> None:
    with pytest.raises(InputError, match="outside 1900-01-01 to 2100-12-31") as refused:
        function(day)
    assert str(day) not in str(refused.value)


@pytest.mark.parametrize("function", OF_ONE_DAY)
def test_the_first_and_the_last_day_are_accepted(function: Callable[[date], Any]) -> None:
    function(EARLIEST)
    function(LATEST)


@pytest.mark.parametrize("function", OF_ONE_DAY)
@pytest.mark.parametrize("wrong", [datetime(2024, 1, 1), "2024-01-01", None, 20240101])
def test_what_is_no_plain_day_is_refused(function: Callable[[date], Any], wrong: Any) -> None:
    with pytest.raises(UsageError, match="not a date"):
        function(wrong)


@pytest.mark.parametrize(
    "period",
    [
        {},
        {"days": 1, "months": 1},
        {"days": 0},
        {"months": -1},
        {"years": 201},
        {"months": 2_401},
        {"weeks": 10_436},
        {"days": 73_051},
        {"days": True},
        {"days": 1.0},
        {"days": "1"},
        {"days": 1, "first_day": "yes"},
    ],
)
def test_a_period_has_one_length_of_at_least_one(period: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="period"):
        last_day(date(2024, 1, 1), **period)


@pytest.mark.parametrize("unit", list(arithmetic.LONGEST))
def test_the_longest_periods_are_reckoned(unit: str) -> None:
    assert last_day(LATEST, **{unit: arithmetic.LONGEST[unit]}).year in (2300, 2301)  # type: ignore[arg-type]
    assert length(**{unit: 1}) != (0, 0)


def test_an_unknown_day_makes_the_answer_unknown() -> None:
    day = date(2024, 1, 1)
    assert when_known(age, None, day) is None
    assert when_known(age, day, None) is None  # type: ignore[arg-type]
    assert when_known(within, day, None, months=6) is None  # type: ignore[arg-type]
    assert when_known(last_day, None, months=6) is None
    assert when_known(age, day, day) == 0
    assert when_known(last_day, day, months=6) == date(2024, 7, 1)
