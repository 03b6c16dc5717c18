"""The calendar as SQL gives on Spark what it gives in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from donghaeng.civil_calendar import arithmetic, sql
from donghaeng.civil_calendar.arithmetic import last_day, when_known, within
from donghaeng.civil_calendar.jurisdictions import calendar_of
from tests.civil_calendar.days import PERIODS, random_days

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_the_calendar_is_the_same_on_spark(spark: SparkSession) -> None:
    first, second = random_days(2_000, 3), random_days(2_000, 4)
    pairs = [
        (None if number % 17 == 0 else one, None if number % 13 == 0 else other)
        for number, (one, other) in enumerate(zip(first, second, strict=True))
    ]
    functions: dict[str, Any] = {
        sql.age_sql("first", "second", "spark"): arithmetic.age,
        sql.age_in_months_sql("first", "second", "spark"): arithmetic.age_in_months,
        sql.age_by_year_sql("first", "second", "spark"): arithmetic.age_by_year,
        sql.days_between_sql("first", "second", "spark"): arithmetic.days_between,
        sql.year_sql("first", "spark"): lambda one, _: arithmetic.year(one),
        sql.month_end_sql("first", "spark"): lambda one, _: arithmetic.month_end(one),
    }
    ends = [sql.last_day_sql("first", "spark", **period) for period in PERIODS]
    withins = [sql.within_sql("first", "second", end) for end in ends]
    expressions = [*functions, *ends, *withins]
    columns = ", ".join(f"{expression} AS c{number}" for number, expression in enumerate(expressions))
    spark.createDataFrame(pairs, "first DATE, second DATE").createOrReplaceTempView("calendar_days")
    rows = spark.sql(f"SELECT first, second, {columns} FROM calendar_days").collect()
    assert len(rows) == len(pairs)
    wrong = []
    for one, other, *found in rows:
        expected = [
            (one and function(one, other)) if "second" not in expression else when_known(function, one, other)
            for expression, function in functions.items()
        ]
        expected += [when_known(last_day, one, **period) for period in PERIODS]
        expected += [when_known(within, one, other, **period) for period in PERIODS]
        wrong += [
            (expression, one, other, have, want)
            for expression, have, want in zip(expressions, found, expected, strict=True)
            if have != want
        ]
    assert wrong == []


def test_a_last_day_moves_past_holidays_on_spark(spark: SparkSession) -> None:
    korea = calendar_of("KR-11")
    moved = korea.moved_days(2025, 2026)
    days = [day for day in random_days(20_000, 5) if moved.first <= day and day.year <= 2026]
    spark.createDataFrame([(day,) for day in days], "start DATE").createOrReplaceTempView("calendar_starts")
    spark.createDataFrame(list(moved.to.items()), "day DATE, moved_to DATE").createOrReplaceTempView("calendar_moved")
    rows = spark.sql(
        f"""
        SELECT start, {sql.moved_sql("ends", "moved_to", moved.first, moved.last)}
        FROM (SELECT start, {sql.last_day_sql("start", "spark", days=14)} AS ends FROM calendar_starts)
        LEFT JOIN calendar_moved ON day = ends
        """
    ).collect()
    assert len(rows) == len(days) > 100
    for start, found in rows:
        if last_day(start, days=14) > moved.last:
            assert found is None
        else:
            assert found == korea.last_day(start, days=14, holidays="move")
