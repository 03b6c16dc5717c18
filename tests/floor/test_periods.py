"""Periods are read strictly and ordered by time."""

import contextlib
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donghaeng import periods


@pytest.mark.parametrize(
    ("text", "first_day", "year_before"),
    [
        ("2024", date(2024, 1, 1), "2023"),
        ("2024-H2", date(2024, 7, 1), "2023-H2"),
        ("2024-Q3", date(2024, 7, 1), "2023-Q3"),
        ("2024-03", date(2024, 3, 1), "2023-03"),
        ("2024-W01", date(2024, 1, 1), "2023-W01"),
        ("2020-W53", date(2020, 12, 28), "2019-W53"),
        ("2024-02-29", date(2024, 2, 29), "2023-02-29"),
        ("0001", date(1, 1, 1), "0000"),
    ],
)
def test_each_form_is_read(text: str, first_day: date, year_before: str) -> None:
    period = periods.parse(text)
    assert (period.first_day, period.year_before, str(period)) == (first_day, year_before, text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "24",
            "02024",
            "2024 ",
            " 2024",
            "2024-",
            "2024-Q5",
            "2024-Q0",
            "2024-H3",
            "2024-13",
            "2024-00",
            "2024-1",
        ),
        *("2023-02-29", "2024-W54", "2023-W53", "2024-W00", "2024-q1", "2024/03", "0000", "-2024", "２０２４"),
        *("2024\n", "2024-03-01T00"),
    ],
)
def test_anything_else_is_refused_and_named(text: str) -> None:
    with pytest.raises(ValueError, match="is not a period") as error:
        periods.parse(text)
    assert f'"{text}"' in str(error.value)


def test_periods_are_ordered_by_their_first_day_then_by_text() -> None:
    texts = ["2024-Q2", "2024-12", "2023", "2024-04-01", "2024", "2024-H1", "2024-01"]
    assert [str(period) for period in sorted(map(periods.parse, texts))] == [
        "2023",
        "2024",
        "2024-01",
        "2024-H1",
        "2024-04-01",
        "2024-Q2",
        "2024-12",
    ]


@given(st.dates())
def test_every_day_is_a_period_that_starts_on_itself(day: date) -> None:
    assert periods.parse(day.isoformat()).first_day == day


@given(st.dates(date(2, 1, 1)))
def test_every_iso_week_starts_on_its_monday(day: date) -> None:
    year, week, _ = day.isocalendar()
    monday = periods.parse(f"{year:04d}-W{week:02d}").first_day
    assert monday.isoweekday() == 1
    assert 0 <= (day - monday).days < 7


@given(st.text(max_size=12))
def test_no_text_does_anything_else_than_be_read_or_be_refused(text: str) -> None:
    if re.fullmatch(r"[0-9]{4}", text) and text != "0000":
        assert periods.parse(text).text == text
    else:
        with contextlib.suppress(ValueError):
            assert periods.parse(text).text == text


@pytest.mark.parametrize(
    ("text", "is_date"),
    [("2024", True), ("2024-06", True), ("2024-06-19", True), ("2024-06-31", False), ("2024-Q2", False), ("", False)],
)
def test_a_date_of_publication_is_a_day_month_or_year(text: str, is_date: bool) -> None:
    assert periods.is_date(text) is is_date
