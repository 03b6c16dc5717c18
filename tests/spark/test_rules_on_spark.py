"""Spark decides as the plain meaning does: the same layers, printed in its dialect."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from donghaeng.rules.bulk import decide_bulk
from tests.rules.random_tables import random_cases, random_table
from tests.rules.test_bulk_agrees import as_arrow, expected

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SEEDS = [(1, "first"), (4, "first"), (7, "first"), (11, "first"), (3, "unique"), (5, "collect"), (6, "sum")]


@pytest.mark.parametrize(("seed", "hit"), SEEDS)
def test_spark_says_of_random_cases_what_one_case_is_told(
    spark: SparkSession, seed: int, hit: str, tmp_path: Path
) -> None:
    table = random_table(seed, tmp_path, hit)
    cases = random_cases(seed, table, 60)
    pq.write_table(as_arrow(table, cases), tmp_path / "cases.parquet")
    frame = spark.read.parquet(str(tmp_path / "cases.parquet"))
    found = [row.asDict() for row in decide_bulk(table, frame, engine="spark", missing=True).collect()]
    assert found == [expected(table, on, facts) for on, facts in cases]
