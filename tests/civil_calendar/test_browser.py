"""The calendar in a browser gives what it gives in Python."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from donghaeng.civil_calendar import arithmetic
from donghaeng.civil_calendar.javascript import calendar_script
from donghaeng.civil_calendar.jurisdictions import calendar_of
from donghaeng.errors import InputError
from tests.civil_calendar.days import random_days

pytestmark = pytest.mark.browser

CASES = 10_000
NAMES = {
    "age": "age",
    "ageInMonths": "age_in_months",
    "ageByYear": "age_by_year",
    "daysBetween": "days_between",
    "year": "year",
    "monthEnd": "month_end",
    "lastDay": "last_day",
    "within": "within",
}
OF_ONE_DAY = {"year", "monthEnd", "lastDay"}
WITH_A_PERIOD = {"lastDay", "within"}
KOREA = calendar_of("KR")
FIRST_YEAR, LAST_YEAR = 2009, 2027

ANSWER_ALL = """
(cases) => cases.map(([name, days, period]) => {
  if (period !== null && period.holidays === "move") period.moved = window.moved;
  const given = period === null ? days : [...days, period];
  try {
    return donghaengCalendar[name](...given);
  } catch (error) {
    return error.name;
  }
})
"""


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(timezone_id="America/Sao_Paulo")  # a day must not depend on the reader's clock
    page = context.new_page()
    page.set_content("<!doctype html><title>calendar</title>")
    page.add_script_tag(content=calendar_script())
    page.evaluate("(moved) => { window.moved = moved; }", KOREA.moved_days(FIRST_YEAR, LAST_YEAR).as_json())
    yield page
    context.close()


def random_cases(seed: int) -> list[tuple[str, list[date | None], dict[str, Any] | None]]:
    chance = random.Random(seed)
    days = iter(random_days(2 * CASES, seed))
    cases: list[tuple[str, list[date | None], dict[str, Any] | None]] = []
    for _ in range(CASES):
        name = chance.choice(list(NAMES))
        given: list[date | None] = [next(days) for _ in range(1 if name in OF_ONE_DAY else 2)]
        period = None
        if name in WITH_A_PERIOD:
            unit = chance.choice(list(arithmetic.LONGEST))
            longest = arithmetic.LONGEST[unit] if chance.random() < 0.2 else 24
            period = {
                unit: chance.randint(1, longest),
                "first_day": chance.choice(["excluded", "included"]),
                "holidays": chance.choice(["stay", "move"]),
            }
            if period["holidays"] == "move":
                given[0] = date(chance.randint(FIRST_YEAR, LAST_YEAR), chance.randint(1, 12), chance.randint(1, 28))
            if len(given) == 2 and given[0] and chance.random() < 0.5:
                near = arithmetic.last_day(
                    given[0], **{key: value for key, value in period.items() if key != "holidays"}
                )
                given[1] = min(near, arithmetic.LATEST)
        cases.append((name, [None if chance.random() < 0.1 else day for day in given], period))
    return cases


def in_python(name: str, days: list[date | None], period: dict[str, Any] | None) -> Any:
    if None in days:
        return None
    function = getattr(KOREA, NAMES[name])
    try:
        answer = function(*days, **(period or {}))
    except InputError:
        return "RangeError"
    return answer.isoformat() if isinstance(answer, date) else answer


def in_javascript(period: dict[str, Any] | None) -> dict[str, Any] | None:
    if period is None:
        return None
    return {("firstDay" if key == "first_day" else key): value for key, value in period.items()}


def test_ten_thousand_random_cases_are_answered_as_in_python(page: Any) -> None:
    cases = random_cases(seed=20240520)
    sent = [[name, [day and day.isoformat() for day in days], in_javascript(period)] for name, days, period in cases]
    answers = page.evaluate(ANSWER_ALL, sent)
    expected = [in_python(*case) for case in cases]
    wrong = [row for row in zip(sent, answers, expected, strict=True) if row[1] != row[2]]
    assert wrong == []
    assert len(answers) == CASES
    for kind in (None, "RangeError", True, False):
        assert sum(answer is kind or answer == kind for answer in expected) > 20, f"{kind} is hardly tried"


@pytest.mark.parametrize(
    "day",
    [
        "2023-02-29",
        "1899-12-31",
        "2101-01-01",
        "2024-13-01",
        "2024-00-10",
        "2024-01-00",
        "2024-1-1",
        "0050-01-01",
        "2024-01-01T00:00",
        "2024-01-01\n",
        "",
        20240101,
        True,
    ],
)
def test_what_is_no_day_is_refused(page: Any, day: Any) -> None:
    assert page.evaluate(ANSWER_ALL, [["year", [day], None]]) == ["RangeError"]
    assert page.evaluate(ANSWER_ALL, [["age", [None, day], None]]) == ["RangeError"]


@pytest.mark.parametrize(
    "period",
    [
        {},
        {"days": 1, "months": 1},
        {"days": 0},
        {"days": 1.5},
        {"days": "1"},
        {"years": 201},
        {"days": 1, "firstDay": "yes"},
        {"days": 1, "holidays": "jump"},
    ],
)
def test_what_is_no_period_is_refused(page: Any, period: dict[str, Any]) -> None:
    assert page.evaluate(ANSWER_ALL, [["lastDay", ["2024-01-01"], period]]) == ["TypeError"]


def test_the_script_defines_one_object_and_nothing_else(page: Any) -> None:
    before = "Object.getOwnPropertyNames(window).filter((name) => name.startsWith('donghaeng'))"
    assert page.evaluate(before) == []  # a constant of the page, not a property of its window
    assert page.evaluate("Object.isFrozen(donghaengCalendar)")
    assert set(page.evaluate("Object.keys(donghaengCalendar)")) == set(NAMES)
