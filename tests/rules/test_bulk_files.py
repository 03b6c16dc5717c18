"""Files and frames in, answers of the same kind out; what is wrong is located and never repeated."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from donghaeng.errors import InputError, UsageError
from donghaeng.rules import bulk
from donghaeng.rules.bulk import decide_bulk, decide_file
from donghaeng.rules.table import Table
from tests.rules.random_tables import random_cases, random_table
from tests.rules.test_bulk_agrees import as_arrow, expected

ON = date(2025, 7, 1)


@pytest.fixture(scope="module")
def table() -> Table:
    from benchmarks.rules import identity

    return identity()


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    from benchmarks.rules import as_arrow as people_as_arrow
    from benchmarks.rules import people

    return people_as_arrow(people(3_000), gaps=0.1)


def test_a_file_keeps_the_order_of_its_rows_and_the_columns_that_are_asked(
    table: Table, rows: pa.Table, tmp_path: Path
) -> None:
    keyed = rows.append_column("key", pa.array(range(3_000)))
    pq.write_table(keyed, tmp_path / "in.parquet", row_group_size=100)
    counts = decide_file(table, tmp_path / "in.parquet", tmp_path / "out.parquet", on=ON, keep=["key"], missing=True)
    found = pq.read_table(tmp_path / "out.parquet")
    assert found["key"].to_pylist() == list(range(3_000))
    assert sum(counts.values()) == 3_000
    expected_rows = [expected(table, ON, facts) for facts in rows.to_pylist()]
    assert found.drop_columns(["key"]).to_pylist() == expected_rows
    assert not list(tmp_path.glob(".*"))


def test_rules_as_bits_and_as_case_say_the_same(table: Table, rows: pa.Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "RULES_PER_FACT", 0)
    as_bits = decide_bulk(table, rows, on=ON).to_pylist()
    monkeypatch.setattr(bulk, "RULES_PER_FACT", 1_000)
    assert decide_bulk(table, rows, on=ON).to_pylist() == as_bits


def test_csv_and_arrow_files_say_what_parquet_says(table: Table, rows: pa.Table, tmp_path: Path) -> None:
    pa_csv.write_csv(rows, tmp_path / "in.csv")
    with pa.ipc.new_file(str(tmp_path / "in.arrow"), rows.schema) as writer:
        writer.write_table(rows)
    wanted = decide_bulk(table, rows, on=ON).to_pylist()
    for name in ("in.csv", "in.arrow"):
        assert decide_bulk(table, tmp_path / name, on=ON).to_pylist() == wanted
    decide_file(table, tmp_path / "in.csv", tmp_path / "out.csv", on=ON)
    assert pa_csv.read_csv(tmp_path / "out.csv")["reason"].to_pylist() == [row["reason"] for row in wanted]


def test_a_frame_comes_back_as_its_own_kind(table: Table, rows: pa.Table) -> None:
    wanted = decide_bulk(table, rows, on=ON)["reason"].to_pylist()
    from_polars = decide_bulk(table, pl.from_arrow(rows), on=ON)
    assert isinstance(from_polars, pl.DataFrame)
    assert from_polars["reason"].to_list() == wanted
    frame = rows.to_pandas(types_mapper={pa.int32(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}.get)
    from_pandas = decide_bulk(table, frame, on=ON)
    assert isinstance(from_pandas, pd.DataFrame)
    assert from_pandas["reason"].tolist() == wanted


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"age": ["12"]}, "VARCHAR"),
    ({"age": [12.0]}, "Int64"),
    ({"age": [2_000]}, "out of range"),
    ({"care": ["visits"]}, "the code is not known"),
    ({"is_emergency": [1]}, "yes or no"),
]


@pytest.mark.parametrize(("columns", "words"), WRONG)
def test_a_value_of_another_type_is_refused(table: Table, columns: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        decide_bulk(table, pa.table(columns), on=ON)
    assert "2000" not in str(caught.value)
    assert '"visits"' not in str(caught.value)


def test_a_wrong_cell_of_a_csv_file_is_named_by_line_and_column(table: Table, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('care,age\n"visit",12\nvisit,twelve\nvisit,9999\n', "utf-8")
    with pytest.raises(InputError) as caught:
        decide_bulk(table, tmp_path / "in.csv", on=ON)
    assert [(fault.line, fault.column) for fault in caught.value.faults] == [(3, 7), (4, 7)]
    assert "twelve" not in str(caught.value)
    assert "(in 2 rows)" in caught.value.faults[0].what


def test_an_unknown_column_is_refused_with_the_likely_name(table: Table) -> None:
    with pytest.raises(UsageError, match='did you mean "age"'):
        decide_bulk(table, pa.table({"agee": [1]}), on=ON)


def test_a_file_with_faults_leaves_nothing_behind(table: Table, tmp_path: Path) -> None:
    pq.write_table(pa.table({"age": [1, -1]}), tmp_path / "in.parquet")
    with pytest.raises(InputError):
        decide_file(table, tmp_path / "in.parquet", tmp_path / "out.parquet", on=ON)
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_a_file_without_rows_has_its_columns(table: Table, rows: pa.Table, tmp_path: Path) -> None:
    pq.write_table(rows.slice(0, 0), tmp_path / "in.parquet")
    assert decide_file(table, tmp_path / "in.parquet", tmp_path / "out.parquet", on=ON) == {}
    assert pq.read_table(tmp_path / "out.parquet").column_names == ["result", "reason"]


@pytest.mark.parametrize("seed", range(300, 304))
def test_a_csv_file_of_random_cases_is_read_by_the_declared_types(seed: int, tmp_path: Path) -> None:
    table = random_table(seed, tmp_path, "first")
    cases = random_cases(seed, table, 30)
    lines = [",".join(["on", *table.all_inputs])]
    for on, facts in cases:
        cells = [
            ""
            if value is None
            else f'"{",".join(sorted(value)) or "none"}"'
            if isinstance(value, frozenset)
            else str(value)
            for value in facts.values()
        ]
        lines.append(",".join([on.isoformat(), *cells]))
    (tmp_path / "cases.csv").write_text("\n".join(lines) + "\n", "utf-8")
    found = decide_bulk(table, tmp_path / "cases.csv", missing=True).to_pylist()
    assert found == [expected(table, on, facts) for on, facts in cases]
    assert decide_bulk(table, as_arrow(table, cases), missing=True).to_pylist() == found
