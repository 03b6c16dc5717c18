"""Bulk decisions are those of the plain meaning, case by case: every type, hit policy, date and unknown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from donghaeng.rules.bulk import decide_bulk
from donghaeng.rules.decide import answer
from donghaeng.rules.table import UNDETERMINED, Table
from donghaeng.rules.types import Type
from tests.rules.random_tables import random_cases, random_table

Cases = Sequence[tuple[date, dict[str, Any]]]


def arrow_type(kind: Type) -> pa.DataType:
    return {
        "boolean": pa.bool_(),
        "integer": pa.int64(),
        "money": pa.int64(),
        "decimal": pa.decimal128(22, kind.places),
        "date": pa.date32(),
        "code": pa.string(),
        "codes": pa.list_(pa.string()),
    }[kind.kind]


def as_arrow(table: Table, cases: Cases) -> pa.Table:
    columns: dict[str, pa.Array] = {"on": pa.array([on for on, _ in cases], pa.date32())}
    for name, item in table.all_inputs.items():
        values = [sorted(value) if isinstance(value := facts[name], frozenset) else value for _, facts in cases]
        columns[name] = pa.array(values, arrow_type(item.type))
    return pa.table(columns)


def plain(value: Any) -> Any:
    """A value as the rows of a pyarrow table have it."""
    if isinstance(value, frozenset):
        return sorted(value)
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def expected(table: Table, on: date, facts: dict[str, Any], known_on: date | None = None) -> dict[str, Any]:
    found = answer(table.segment(on, known_on), on, facts)
    row = {name: plain(value) for name, value in found.outcome.items()}
    if table.hit == "collect" and row["result"] == UNDETERMINED:
        row["result"] = [UNDETERMINED]
    return row | {"reason": found.reason, "missing": list(found.missing)}


def check(table: Table, cases: Cases, known_on: date | None = None) -> None:
    found = decide_bulk(table, as_arrow(table, cases), missing=True, known_on=known_on).to_pylist()
    assert len(found) == len(cases)
    for (on, facts), row in zip(cases, found, strict=True):
        assert row == expected(table, on, facts, known_on), (on, facts)


@pytest.mark.parametrize("hit", ["first", "unique", "collect", "sum"])
@pytest.mark.parametrize("seed", range(12))
def test_bulk_says_of_random_cases_what_one_case_is_told(seed: int, hit: str, tmp_path: Path) -> None:
    table = random_table(seed, tmp_path, hit)
    check(table, random_cases(seed, table, 60))


@pytest.mark.parametrize("seed", range(100, 112))
def test_bulk_on_one_day_says_the_same(seed: int, tmp_path: Path) -> None:
    table = random_table(seed, tmp_path)
    cases = random_cases(seed, table, 30)
    on = cases[0][0]
    rows = as_arrow(table, cases).drop_columns(["on"])
    found = decide_bulk(table, rows, on=on, missing=True).to_pylist()
    assert found == [expected(table, on, facts) for _, facts in cases]


@pytest.mark.parametrize("seed", range(200, 208))
def test_bulk_goes_by_what_was_known_on_a_day(seed: int, tmp_path: Path) -> None:
    table = random_table(seed, tmp_path)
    cases = random_cases(seed, table, 20)
    for known_on in [date(2024, 1, 1), date(2024, 9, 1)]:
        check(table, cases, known_on)
