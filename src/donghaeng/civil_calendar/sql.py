"""The functions of `arithmetic` as SQL expressions over date columns, for DuckDB and Spark.

Each printer takes SQL texts of type DATE and gives a SQL text. An unknown day (NULL) gives NULL. The texts are
put in as they are, in parentheses: only names and expressions of one's own belong there, never input.

The printers check nothing: a query that reads days from outside keeps rows to `day_is_accepted_sql`, as
`arithmetic` refuses other days. Holidays are no part of an expression: `moved_sql` looks a last day up in a
table with the columns ``day`` and ``moved_to``, filled from `jurisdictions.Calendar.moved_days`.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from donghaeng.civil_calendar.arithmetic import EARLIEST, LATEST, FirstDay, includes_first_day, length
from donghaeng.errors import UsageError, listed

Dialect = Literal["duckdb", "spark"]

DIALECTS = ("duckdb", "spark")


def age_sql(birth_sql: str, on_sql: str, dialect: Dialect) -> str:
    """Print the age in full years: `arithmetic.age`.

    Raises:
        UsageError: the dialect is not one of `DIALECTS`.

    >>> age_sql("birth", "visit", "duckdb").startswith("(year(visit) - year(birth)")
    True
    """
    _check(dialect)
    birth, on = _operand(birth_sql), _operand(on_sql)
    not_yet = f"month({on}) * 100 + day({on}) < month({birth}) * 100 + day({birth})"
    return f"(year({on}) - year({birth}) - CASE WHEN {not_yet} THEN 1 ELSE 0 END)"


def age_in_months_sql(birth_sql: str, on_sql: str, dialect: Dialect) -> str:
    """Print the age in full months: `arithmetic.age_in_months`.

    Raises:
        UsageError: the dialect is not one of `DIALECTS`.
    """
    _check(dialect)
    birth, on = _operand(birth_sql), _operand(on_sql)
    months = f"(year({on}) - year({birth})) * 12 + month({on}) - month({birth})"
    return f"({months} - CASE WHEN day({on}) < day({birth}) THEN 1 ELSE 0 END)"


def age_by_year_sql(birth_sql: str, on_sql: str, dialect: Dialect) -> str:
    """Print the difference of the calendar years: `arithmetic.age_by_year`.

    Raises:
        UsageError: the dialect is not one of `DIALECTS`.
    """
    return f"({year_sql(on_sql, dialect)} - {year_sql(birth_sql, dialect)})"


def year_sql(day_sql: str, dialect: Dialect) -> str:
    """Print the calendar year: `arithmetic.year`.

    Raises:
        UsageError: the dialect is not one of `DIALECTS`.
    """
    _check(dialect)
    return f"year({_operand(day_sql)})"


def days_between_sql(first_sql: str, second_sql: str, dialect: Dialect) -> str:
    """Print the days from one day to another: `arithmetic.days_between`.

    Raises:
        UsageError: the dialect is not one of `DIALECTS`.
    """
    _check(dialect)
    first, second = _operand(first_sql), _operand(second_sql)
    return f"date_diff('day', {first}, {second})" if dialect == "duckdb" else f"datediff({second}, {first})"


def month_end_sql(day_sql: str, dialect: Dialect) -> str:
    """Print the last day of the month: `arithmetic.month_end`.

    Raises:
        UsageError: the dialect is not one of `DIALECTS`.
    """
    _check(dialect)
    return f"last_day({_operand(day_sql)})"


def last_day_sql(
    start_sql: str,
    dialect: Dialect,
    *,
    days: int | None = None,
    weeks: int | None = None,
    months: int | None = None,
    years: int | None = None,
    first_day: FirstDay = "excluded",
) -> str:
    """Print the last day of a period, wherever it falls in the week: `arithmetic.last_day`.

    Engines add months by keeping the day of the month, or taking the last of a shorter month. Where the first
    day does not count, that is the Civil Act's last day save for a start on the last of a month, which is
    counted from the first of the next one and so ends with a month.

    Args:
        start_sql: SQL of the day from which the period runs.
        dialect: one of `DIALECTS`.
        days: as for `arithmetic.last_day`.
        weeks: as for `arithmetic.last_day`.
        months: as for `arithmetic.last_day`.
        years: as for `arithmetic.last_day`.
        first_day: as for `arithmetic.last_day`.

    Raises:
        UsageError: the dialect is unknown, or the period is refused by `arithmetic.last_day`.

    >>> last_day_sql("visit", "duckdb", days=14)
    '(visit + 14)'
    >>> last_day_sql("visit", "spark", days=14, first_day="included")
    'date_add(visit, 13)'
    """
    _check(dialect)
    start = _operand(start_sql)
    months_long, days_long = length(days=days, weeks=weeks, months=months, years=years)
    included = includes_first_day(first_day)
    if days_long:
        return _plus_days(start, days_long - included, dialect)
    moved = (
        f"CAST({start} + INTERVAL {months_long} MONTH AS DATE)"
        if dialect == "duckdb"
        else f"add_months({start}, {months_long})"
    )
    if included:
        return f"(CASE WHEN day({moved}) < day({start}) THEN {moved} ELSE {_plus_days(moved, -1, dialect)} END)"
    return f"(CASE WHEN {start} = last_day({start}) THEN last_day({moved}) ELSE {moved} END)"


def within_sql(start_sql: str, on_sql: str, last_day_sql: str) -> str:
    """Print whether a day lies in a period, given the SQL of its last day: `arithmetic.within`.

    >>> within_sql("checked", "visit", "last_day")
    '(visit BETWEEN checked AND last_day)'
    """
    return f"({_operand(on_sql)} BETWEEN {_operand(start_sql)} AND {_operand(last_day_sql)})"


def moved_sql(last_day_sql: str, moved_to_sql: str, first: date, last: date) -> str:
    """Print the last day of a period that moves past holidays, given a joined table of moved days.

    The engine joins the table once for the column, with ``LEFT JOIN moved ON moved.day = last_day``.

    Args:
        last_day_sql: SQL of the last day before it moves.
        moved_to_sql: SQL of the joined column ``moved_to``; NULL where the day is not in the table.
        first: `jurisdictions.MovedDays.first`.
        last: `jurisdictions.MovedDays.last`.

    Returns:
        SQL of the moved day; NULL, thus unknown, outside the days that the table covers, where
        `jurisdictions.Calendar.last_day` refuses.
    """
    end = _operand(last_day_sql)
    covered = f"{end} BETWEEN DATE '{first.isoformat()}' AND DATE '{last.isoformat()}'"
    return f"(CASE WHEN {covered} THEN COALESCE({_operand(moved_to_sql)}, {end}) END)"


def day_is_accepted_sql(day_sql: str) -> str:
    """Print whether a day lies where `arithmetic` accepts it; NULL for an unknown day.

    >>> day_is_accepted_sql("birth")
    "(birth BETWEEN DATE '1900-01-01' AND DATE '2100-12-31')"
    """
    return f"({_operand(day_sql)} BETWEEN DATE '{EARLIEST.isoformat()}' AND DATE '{LATEST.isoformat()}')"


def _plus_days(day: str, number: int, dialect: Dialect) -> str:
    if dialect == "spark":
        return f"date_add({day}, {number})"
    return f"({day} {'-' if number < 0 else '+'} {abs(number)})"


def _operand(sql: str) -> str:
    """Put parentheses around all but a plain name."""
    return sql if sql.replace("_", "a").replace(".", "a").isalnum() else f"({sql})"


def _check(dialect: str) -> None:
    if dialect not in DIALECTS:
        raise UsageError(f'the dialect "{dialect}" is unknown: expected {listed(DIALECTS)}')
