"""How often simpler ways of reckoning "within six months" go wrong.

Counted before this module was written, on every day of 1,460 from the day on which identity checks became a duty
(2024-05-20) with the visits of the same day and the 365 days after: 534,360 pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import pytest

from donghaeng.civil_calendar.arithmetic import within
from donghaeng.civil_calendar.sql import age_in_months_sql, days_between_sql, last_day_sql, within_sql, year_sql

FIRST_CHECK = date(2024, 5, 20)
CHECKS = 1_460
GAPS = 366

MONTHS_APART = f"({year_sql('visit', 'duckdb')} - {year_sql('checked', 'duckdb')}) * 12 + month(visit) - month(checked)"
#: Simpler ways, as a query would have them, and on how many of the pairs each is wrong.
WRONG_ON = {
    f"{MONTHS_APART} < 6": 22_952,
    f"{days_between_sql('checked', 'visit', 'duckdb')} <= 180": 3_845,
    f"{days_between_sql('checked', 'visit', 'duckdb')} <= 183": 1_511,
    # whole months elapsed
    "visit < checked + INTERVAL 6 MONTH": 1_487,
    "visit <= checked + INTERVAL 6 MONTH": 27,
}


@pytest.fixture(scope="module")
def pairs() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            CREATE TABLE pairs AS
            SELECT DATE '{FIRST_CHECK}' + c.range::INT AS checked, checked + g.range::INT AS visit
            FROM range({CHECKS}) c, range({GAPS}) g
            """
        )
        yield connection


def within_six_months() -> str:
    return within_sql("checked", "visit", last_day_sql("checked", "duckdb", months=6))


def test_there_are_as_many_pairs_as_were_counted(pairs: duckdb.DuckDBPyConnection) -> None:
    assert pairs.execute("SELECT count(*), count(DISTINCT checked) FROM pairs").fetchone() == (534_360, 1_460)


@pytest.mark.parametrize(("simpler", "wrong_on"), WRONG_ON.items(), ids=[str(count) for count in WRONG_ON.values()])
def test_simpler_ways_are_wrong_as_often_as_was_counted(
    pairs: duckdb.DuckDBPyConnection, simpler: str, wrong_on: int
) -> None:
    counted = pairs.execute(
        f"SELECT count(*) FROM pairs WHERE ({simpler}) IS DISTINCT FROM {within_six_months()}"
    ).fetchone()
    assert counted == (wrong_on,)


def test_full_months_of_age_are_no_measure_of_a_period_either(pairs: duckdb.DuckDBPyConnection) -> None:
    """Age counts the day of birth, a period not its first day: they differ once for every check."""
    months = age_in_months_sql("checked", "visit", "duckdb")
    counted = pairs.execute(f"SELECT count(*) FROM pairs WHERE ({months} < 6) <> {within_six_months()}").fetchone()
    assert counted == (1_460,)


def test_single_case_and_query_agree_on_every_pair(pairs: duckdb.DuckDBPyConnection) -> None:
    rows = pairs.execute(f"SELECT checked, visit, {within_six_months()} FROM pairs").fetchall()
    assert len(rows) == CHECKS * GAPS
    wrong = [row for row in rows if within(row[0], row[1], months=6) != row[2]]
    assert wrong == []


def test_the_pairs_that_only_the_ends_of_months_tell_apart_are_all_ends_of_months(
    pairs: duckdb.DuckDBPyConnection,
) -> None:
    rows = pairs.execute(
        f"SELECT DISTINCT checked FROM pairs WHERE {within_six_months()} AND visit > checked + INTERVAL 6 MONTH"
    ).fetchall()
    assert (date(2025, 2, 28),) in rows
    assert all((checked + timedelta(days=1)).day == 1 for (checked,) in rows)
