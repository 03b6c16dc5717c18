"""A release in the formats of the field: the same rows in each, readable by others' tools."""

import csv
import io
import json
import warnings
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from donghaeng.release.formats import as_csv, as_json, as_parquet, table_as_json
from donghaeng.release.read import read_release


def from_csv(content: bytes, schema: pa.Schema) -> list[dict[str, Any]]:
    """Read CSV cells back as the types of a schema; an empty text is a null, as the data package says."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""))
    kinds = {
        pa.float64(): float,
        pa.int64(): int,
        pa.bool_(): {"true": True, "false": False}.__getitem__,
        pa.string(): str,
    }
    return [
        {name: kinds[schema.field(name).type](cell) if cell else None for name, cell in row.items()} for row in rows
    ]


@pytest.mark.parametrize("release", ["seoul", "invented"])
def test_csv_json_and_parquet_hold_the_same_rows(release: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(release)
    tables = sorted(folder.glob("*/*/tables/*.parquet"))
    assert len(tables) >= 12
    for path in tables:
        table = pq.read_table(path)
        rows = table.to_pylist()
        assert json.loads(path.with_suffix(".json").read_bytes()) == rows
        without_empty = [{name: None if cell == "" else cell for name, cell in row.items()} for row in rows]
        assert from_csv(path.with_suffix(".csv").read_bytes(), table.schema) == without_empty


@pytest.mark.parametrize("release", ["seoul", "invented"])
def test_the_data_package_is_valid_for_frictionless(release: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(release)
    with warnings.catch_warnings():
        # Its own imports use what its own dependencies have deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        from frictionless import Package

        package = Package(str(folder / "datapackage.json"))
        report = package.validate()
    assert report.valid, report.flatten(["type", "message"])
    assert len(package.resources) == len(list(folder.glob("*/*/tables/*.csv")))


def test_the_data_package_gives_licence_sources_and_bytes(seoul: Path) -> None:
    package = json.loads((seoul / "datapackage.json").read_bytes())
    assert package["licenses"] == [{"name": "CC-BY-4.0", "path": "https://spdx.org/licenses/CC-BY-4.0.html"}]
    assert {"title", "path"} <= package["sources"][0].keys()
    for resource in package["resources"]:
        assert resource["bytes"] == (seoul / resource["path"]).stat().st_size


def test_unsafe_sources_have_no_address_in_a_release(seoul: Path) -> None:
    rows = json.loads((seoul / "seoul/gtsn-index/tables/sources.json").read_bytes())
    unsafe = [row for row in rows if row["grade"] == "unsafe"]
    assert unsafe
    assert {row["url"] for row in unsafe} == {""}


def test_a_release_is_read_back_as_it_was_written(invented: Path) -> None:
    release = read_release(invented)
    (pack,) = release.packs
    assert pack.id == "my-city/my-index"
    assert {row["kind"] for row in pack.tables["scores"]} == {"simulated", None}
    assert len(pack.tables["observations"]) == 11
    assert pack.articles["what-it-is", "en"].startswith("# What this index is\n\n")
    assert pack.wording["ko"]["about"]
    assert pack.recipe["aggregate"]["over"] == "indicators"


def test_there_is_a_quality_note_for_every_indicator(seoul: Path) -> None:
    rows = json.loads((seoul / "seoul/gtsn-index/tables/quality.json").read_bytes())
    assert len(rows) == 31
    h02 = next(row for row in rows if row["node"] == "H02")
    assert (h02["unit"], h02["direction"], h02["values"], h02["sources"]) == ("units", "higher", 3, 2)
    assert (h02["values_published"], h02["values_second_hand"]) == (1, 2)
    assert (h02["newest_period"], h02["age_years"]) == ("2024", 2.9)


TABLES = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8),
            "number": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "count": st.none() | st.integers(-(2**63), 2**63 - 1),
            "yes": st.none() | st.booleans(),
        }
    ),
    max_size=5,
)
SCHEMA = pa.schema([("text", pa.string()), ("number", pa.float64()), ("count", pa.int64()), ("yes", pa.bool_())])


@given(TABLES)
def test_every_table_survives_each_format(rows: list[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA)
    assert from_csv(as_csv(table), SCHEMA) == rows
    assert json.loads(table_as_json(table)) == rows
    assert pq.read_table(io.BytesIO(as_parquet(table))).to_pylist() == rows


def test_what_is_no_number_never_leaves() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        as_json({"value": float("nan")})
