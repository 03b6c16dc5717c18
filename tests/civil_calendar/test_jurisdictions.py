"""Working days of jurisdictions, and periods that move past holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donghaeng.civil_calendar import arithmetic
from donghaeng.civil_calendar.jurisdictions import calendar_of
from donghaeng.errors import InputError, UsageError
from tests.civil_calendar.days import DAYS

KOREA = calendar_of("KR-11")
KNOWN = st.dates(date(2009, 1, 1), date(2027, 12, 1))


@pytest.mark.parametrize(
    "holiday",
    [
        "2024-02-12",  # in place of the second day of the lunar new year, a Sunday
        "2024-04-10",  # election of the National Assembly
        "2024-05-06",  # in place of Children's Day, a Sunday
        "2024-10-01",  # temporary
        "2025-01-27",  # temporary
        "2025-03-03",  # in place of 1 March, a Saturday
        "2025-06-03",  # election of the President
        "2025-10-08",  # in place of Chuseok
        "2026-05-01",  # a public holiday since 2026
        "2026-07-17",  # a public holiday again since 2026
        "2027-10-11",  # in place of Hangul Day, a Saturday
    ],
)
def test_a_public_holiday_of_korea_is_no_working_day(holiday: str) -> None:
    day = date.fromisoformat(holiday)
    assert day.weekday() < 5
    assert not KOREA.is_working_day(day)


def test_1_may_and_17_july_were_working_days_before_2026() -> None:
    assert KOREA.is_working_day(date(2025, 5, 1))
    assert KOREA.is_working_day(date(2025, 7, 17))


@given(KNOWN)
def test_the_next_working_day_is_the_first_one(day: date) -> None:
    following = KOREA.next_working_day(day)
    assert KOREA.is_working_day(following)
    assert following.weekday() < 5
    assert not any(KOREA.is_working_day(day + timedelta(days=n)) for n in range((following - day).days))
    assert (following - day).days <= 10


@given(st.dates(date(2009, 1, 1), date(2027, 5, 1)), st.integers(1, 6), st.sampled_from(["excluded", "included"]))
def test_a_period_moves_to_the_next_working_day_or_stays(start: date, months: int, first_day: Any) -> None:
    stays = KOREA.last_day(start, months=months, first_day=first_day, holidays="stay")
    moves = KOREA.last_day(start, months=months, first_day=first_day, holidays="move")
    assert stays == arithmetic.last_day(start, months=months, first_day=first_day)
    assert moves == KOREA.next_working_day(stays)
    assert KOREA.within(start, moves, months=months, first_day=first_day, holidays="move")
    after = moves + timedelta(days=1)
    assert not KOREA.within(start, after, months=months, first_day=first_day, holidays="move")
    assert KOREA.within(start, moves, months=months, first_day=first_day, holidays="stay") == (moves == stays)


def test_a_period_that_would_end_at_chuseok_ends_after_it() -> None:
    # 14 days from 22 September 2025 end on 6 October, Chuseok; 5 to 9 October are holidays.
    assert KOREA.last_day(date(2025, 9, 22), days=14, holidays="stay") == date(2025, 10, 6)
    assert KOREA.last_day(date(2025, 9, 22), days=14, holidays="move") == date(2025, 10, 10)


def test_holidays_are_refused_where_the_list_is_not_known() -> None:
    for day in (date(2008, 12, 31), date(2028, 1, 1)):
        with pytest.raises(InputError, match="known from 2009-01-01 to 2027-12-31"):
            KOREA.is_working_day(day)
    with pytest.raises(InputError, match="stay"):
        KOREA.last_day(date(2027, 12, 1), months=6, holidays="move")
    assert KOREA.last_day(date(2027, 12, 1), months=6, holidays="stay") == date(2028, 6, 1)
    with pytest.raises(InputError):
        KOREA.moved_days(2027, 2028)


@given(DAYS, DAYS)
def test_ages_need_no_list_of_holidays(birth: date, on: date) -> None:
    unknown = calendar_of("XX")
    assert unknown.age(birth, on) == KOREA.age(birth, on) == arithmetic.age(birth, on)
    assert KOREA.age_in_months(birth, on) == arithmetic.age_in_months(birth, on)
    assert KOREA.age_by_year(birth, on) == arithmetic.age_by_year(birth, on)
    assert KOREA.days_between(birth, on) == arithmetic.days_between(birth, on)
    assert KOREA.month_end(on) == arithmetic.month_end(on)
    assert KOREA.year(on) == on.year


def test_a_day_that_the_government_adds_is_no_working_day() -> None:
    monday = date(2026, 11, 30)
    longer = KOREA.closed_also_on([monday])
    assert KOREA.is_working_day(monday)
    assert longer.next_working_day(monday) == date(2026, 12, 1)
    assert longer.moved_days(2026, 2026).to[date(2026, 11, 28)] == date(2026, 12, 1)
    with pytest.raises(InputError):
        KOREA.closed_also_on([date(1800, 1, 1)])


def test_moved_days_are_the_days_that_are_no_working_days() -> None:
    moved = KOREA.moved_days(2024, 2027)
    assert (moved.first, moved.last) == (date(2024, 1, 1), date(2027, 12, 31))
    day = moved.first
    while day <= moved.last:
        assert moved.to.get(day, day) == KOREA.next_working_day(day)
        assert (day in moved.to) != KOREA.is_working_day(day)
        day += timedelta(days=1)
    as_json = moved.as_json()
    assert as_json["first"] == "2024-01-01"
    assert as_json["days"]["2024-02-09"] == "2024-02-13"  # type: ignore[index]


def test_moved_days_stop_at_the_last_working_day_that_is_known() -> None:
    nowhere = calendar_of("none")
    moved = nowhere.moved_days(2100, 2100)  # 31 December 2100 is a Friday
    assert moved.last == date(2100, 12, 31)
    closed = nowhere.closed_also_on([date(2100, 12, 31)]).moved_days(2100, 2100)
    assert closed.last == date(2100, 12, 30)
    with pytest.raises(UsageError):
        nowhere.moved_days(2025, 2024)
    with pytest.raises(InputError):
        nowhere.moved_days(1899, 1900)


@pytest.mark.parametrize(
    ("code", "holidays_of", "has_law"),
    [
        ("KR", "KR", True),
        ("KR-11", "KR", True),
        ("DE-BY", "DE-BY", False),
        ("US-ZZ", "US", False),
        ("none", "", False),
        ("world", "", False),
        ("XX", "", False),
    ],
)
def test_a_calendar_says_whose_holidays_and_which_law_it_uses(code: str, holidays_of: str, has_law: bool) -> None:
    calendar = calendar_of(code)
    assert calendar.jurisdiction == code
    assert calendar.holidays_of == holidays_of
    assert bool(calendar.law) == has_law
    assert calendar.last_day(date(2025, 2, 28), months=6, holidays="stay") == date(2025, 8, 31)


def test_a_part_of_a_country_has_its_own_holidays() -> None:
    corpus_christi = date(2026, 6, 4)
    assert not calendar_of("DE-BY").is_working_day(corpus_christi)
    assert calendar_of("DE-BE").is_working_day(corpus_christi)


def test_weekends_are_those_of_the_country() -> None:
    friday = date(2026, 7, 3)
    assert not calendar_of("IR").is_working_day(friday)
    assert calendar_of("none").is_working_day(friday)


def test_without_a_country_only_weekends_are_no_working_days() -> None:
    nowhere = calendar_of("none")
    assert nowhere.is_working_day(date(2024, 12, 25))
    assert nowhere.next_working_day(date(2024, 12, 28)) == date(2024, 12, 30)
    assert nowhere.last_day(date(2024, 12, 21), days=7, holidays="move") == date(2024, 12, 30)


def test_a_country_without_a_list_moves_nothing() -> None:
    with pytest.raises(InputError, match="not known here"):
        calendar_of("XX").last_day(date(2024, 1, 1), days=1, holidays="move")


@pytest.mark.parametrize("code", ["", "kr", "KOR", "KR-", "KR-1111", "Korea", "KR-11\n"])
def test_what_is_no_code_of_a_place_is_refused(code: str) -> None:
    with pytest.raises(InputError, match="ISO 3166"):
        calendar_of(code)


def test_another_word_for_holidays_is_refused() -> None:
    with pytest.raises(UsageError, match="stay"):
        KOREA.last_day(date(2024, 1, 1), days=1, holidays="jump")  # type: ignore[arg-type]


def test_service_days_of_korea_are_by_its_clocks() -> None:
    moment = datetime(2024, 1, 27, 18, 59, tzinfo=UTC)
    assert KOREA.service_day(moment) == date(2024, 1, 27)
    assert KOREA.service_day(moment, zone=UTC) == date(2024, 1, 27)
    with pytest.raises(UsageError, match="give the zone"):
        calendar_of("none").service_day(moment)
    assert calendar_of("none").service_day(moment, zone="Asia/Tokyo") == date(2024, 1, 27)
