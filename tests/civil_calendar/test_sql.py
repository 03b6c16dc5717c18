"""The calendar as SQL gives what it gives in Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from donghaeng.civil_calendar import arithmetic, sql
from donghaeng.civil_calendar.arithmetic import LATEST, FirstDay, last_day, when_known, within
from donghaeng.civil_calendar.jurisdictions import calendar_of
from donghaeng.errors import UsageError
from tests.civil_calendar.days import DAYS, PERIODS, random_days

OF_TWO_DAYS: list[tuple[Callable[[str, str, Any], str], Callable[[date, date], Any]]] = [
    (sql.age_sql, arithmetic.age),
    (sql.age_in_months_sql, arithmetic.age_in_months),
    (sql.age_by_year_sql, arithmetic.age_by_year),
    (sql.days_between_sql, arithmetic.days_between),
]
OF_ONE_DAY: list[tuple[Callable[[str, Any], str], Callable[[date], Any]]] = [
    (sql.year_sql, arithmetic.year),
    (sql.month_end_sql, arithmetic.month_end),
]


@pytest.fixture(scope="module")
def days() -> Iterator[duckdb.DuckDBPyConnection]:
    """20,000 random pairs of days, with each of the two unknown now and then."""
    first, second = random_days(20_000, 1), random_days(20_000, 2)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE days (id INTEGER, first DATE, second DATE)")
        rows = [
            [number, None if number % 17 == 0 else one, None if number % 13 == 0 else other]
            for number, (one, other) in enumerate(zip(first, second, strict=True))
        ]
        columns = zip(("id", "first", "second"), zip(*rows, strict=True), strict=True)
        connection.register("given", pa.table({name: pa.array(column) for name, column in columns}))
        connection.execute("INSERT INTO days FROM given")
        yield connection


def answers(days: duckdb.DuckDBPyConnection, expression: str) -> list[tuple[date | None, date | None, Any]]:
    return days.execute(f"SELECT first, second, {expression} FROM days ORDER BY id").fetchall()


@pytest.mark.parametrize(("printer", "function"), OF_TWO_DAYS)
def test_a_function_of_two_days_is_the_same_in_a_query(
    days: duckdb.DuckDBPyConnection, printer: Callable[..., str], function: Callable[..., Any]
) -> None:
    rows = answers(days, printer("first", "second", "duckdb"))
    assert [row for row in rows if row[2] != when_known(function, row[0], row[1])] == []


@pytest.mark.parametrize(("printer", "function"), OF_ONE_DAY)
def test_a_function_of_one_day_is_the_same_in_a_query(
    days: duckdb.DuckDBPyConnection, printer: Callable[..., str], function: Callable[..., Any]
) -> None:
    rows = answers(days, printer("first", "duckdb"))
    assert [row for row in rows if row[2] != when_known(function, row[0])] == []


@pytest.mark.parametrize("period", PERIODS, ids=str)
def test_a_last_day_is_the_same_in_a_query(days: duckdb.DuckDBPyConnection, period: dict[str, Any]) -> None:
    rows = answers(days, sql.last_day_sql("first", "duckdb", **period))
    assert [row for row in rows if row[2] != when_known(last_day, row[0], **period)] == []


@pytest.mark.parametrize("period", PERIODS, ids=str)
def test_a_day_lies_within_a_period_in_a_query_too(days: duckdb.DuckDBPyConnection, period: dict[str, Any]) -> None:
    rows = answers(days, sql.within_sql("first", "second", sql.last_day_sql("first", "duckdb", **period)))
    assert [row for row in rows if row[2] != when_known(within, row[0], row[1], **period)] == []  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(
    DAYS, st.sampled_from(["days", "weeks", "months", "years"]), st.data(), st.sampled_from(["excluded", "included"])
)
def test_any_period_ends_the_same_in_a_query(start: date, unit: str, data: st.DataObject, first_day: FirstDay) -> None:
    period: dict[str, Any] = {unit: data.draw(st.integers(1, arithmetic.LONGEST[unit]))}
    expression = sql.last_day_sql(f"DATE '{start}'", "duckdb", first_day=first_day, **period)
    found = duckdb.execute(f"SELECT {expression}").fetchone()
    assert found == (last_day(start, first_day=first_day, **period),)


def test_the_last_days_of_the_calendar_are_the_same_in_a_query() -> None:
    for first_day in ("excluded", "included"):
        expression = sql.last_day_sql(f"DATE '{LATEST}'", "duckdb", years=200, first_day=first_day)  # type: ignore[arg-type]
        found = duckdb.execute(f"SELECT {expression}").fetchone()
        assert found == (last_day(LATEST, years=200, first_day=first_day),)  # type: ignore[arg-type]


def test_a_last_day_moves_past_holidays_in_a_query_as_it_does_for_one_case() -> None:
    korea = calendar_of("KR-11")
    moved = korea.moved_days(2024, 2027)
    starts = [date(2023, 7, 1) + timedelta(days=number) for number in range(1_700)]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE starts (start DATE)")
        connection.executemany("INSERT INTO starts VALUES (?)", [[start] for start in starts])
        connection.execute("CREATE TABLE moved (day DATE, moved_to DATE)")
        connection.executemany("INSERT INTO moved VALUES (?, ?)", [list(pair) for pair in moved.to.items()])
        end = sql.last_day_sql("start", "duckdb", months=6)
        rows = connection.execute(
            f"""
            SELECT start, {sql.moved_sql("ends", "moved_to", moved.first, moved.last)}
            FROM (SELECT start, {end} AS ends FROM starts UNION ALL SELECT NULL, NULL)
            LEFT JOIN moved ON moved.day = ends
            """
        ).fetchall()
    assert len(rows) == len(starts) + 1
    unknown = 0
    for start, found in rows:
        if start is None or not moved.first <= last_day(start, months=6) <= moved.last:
            assert found is None
            unknown += 1
        else:
            assert found == korea.last_day(start, months=6, holidays="move")
    assert unknown > 1


def test_a_query_can_keep_to_the_days_that_python_accepts() -> None:
    rows = duckdb.execute(
        f"""
        SELECT day, {sql.day_is_accepted_sql("day")}
        FROM (VALUES (DATE '1899-12-31'), (DATE '1900-01-01'), (DATE '2100-12-31'), (DATE '2101-01-01'), (NULL)) d(day)
        """
    ).fetchall()
    assert [row[1] for row in rows] == [False, True, True, False, None]


@pytest.mark.parametrize("dialect", sql.DIALECTS)
def test_what_is_printed_is_sql_of_its_dialect_and_takes_any_expression(dialect: Any) -> None:
    inner = "COALESCE(a, b)"
    for text in (
        sql.age_sql(inner, inner, dialect),
        sql.age_in_months_sql(inner, inner, dialect),
        sql.age_by_year_sql(inner, inner, dialect),
        sql.days_between_sql(inner, inner, dialect),
        sql.month_end_sql(inner, dialect),
        sql.within_sql(inner, inner, sql.last_day_sql(inner, dialect, months=6)),
        sql.moved_sql("ends", "moved.moved_to", date(2024, 1, 1), date(2024, 12, 31)),
        *(sql.last_day_sql(inner, dialect, **period) for period in PERIODS),
    ):
        sqlglot.parse_one(f"SELECT {text} AS answer FROM t", dialect=dialect)


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(UsageError, match="duckdb, spark"):
        sql.age_sql("a", "b", "oracle")  # type: ignore[arg-type]
