"""Measures over a table of a service: rows of one person are as telling as few rows, and ends of ranges say so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from donghaeng.catalogue.ledger_tables import table_of_service
from donghaeng.catalogue.outcome import outcome
from donghaeng.catalogue.read import load
from donghaeng.errors import Faults
from donghaeng.ledger.service_tables import ServiceColumn, ServiceTable
from donghaeng.measures.compute import Computed, compute
from donghaeng.measures.measure import MeasuresSection
from donghaeng.measures.publish import definitions_table, statistics_table
from donghaeng.measures.reading import read_measures
from donghaeng.measures.shape import Extracted
from donghaeng.release.content import Label
from donghaeng.release.read import read_release
from donghaeng.release.write import write_release
from donghaeng.site.build import site_files
from tests.measures.clinic import TABLES, measure, measures_yaml
from tests.policy_pack import policy_pack

TRIPS = ServiceTable(
    "ferry-trips",
    (
        ServiceColumn("on", "date"),
        ServiceColumn("pier", "text"),
        ServiceColumn("worth_least", "integer", bound="least"),
        ServiceColumn("worth_most", "integer", bound="most"),
        ServiceColumn("rider", "name"),
    ),
    day="on",
    person="rider",
)
TYPES = {
    "on": pa.date32(),
    "pier": pa.string(),
    "worth_least": pa.int64(),
    "worth_most": pa.int64(),
    "rider": pa.string(),
}
COLUMNS = """\
format: 1
tables:
  trips:
    kinds: [ferry-trips]
    columns:
      pier:
        title: {ko: 부두, en: Pier}
        codes: {north: {ko: 북쪽, en: North}, south: {ko: 남쪽, en: South}, west: {ko: 서쪽, en: West}}
"""
BY_PIER = measure("trips", calculate="count", table="trips", groups="[pier]")


def read(folder: Path, *measures: str, columns: str = COLUMNS) -> tuple[MeasuresSection | None, Faults]:
    path, faults = folder / "measures.yaml", Faults()
    path.write_text(measures_yaml(*measures, columns=columns), "utf-8")
    tables = {**TABLES, "ferry-trips": table_of_service(TRIPS)}
    return read_measures(path, "measures.yaml", tables, {}, ("ko", "en"), faults), faults


def of(folder: Path, trips: Iterable[tuple[str, str, int, int | None]], *measures: str) -> Computed:
    """Compute measures over trips: pier, rider, and the two ends of what they are worth."""
    section, faults = read(folder, *measures)
    assert section is not None, "\n".join(map(str, faults))
    rows = [
        {"on": date(2026, 5, 20), "pier": pier, "rider": rider, "worth_least": least, "worth_most": most}
        for pier, rider, least, most in trips
    ]
    pq.write_table(pa.Table.from_pylist(rows, pa.schema(list(TYPES.items()))), folder / "trips.parquet")
    files = {"ferry-trips": (folder / "trips.parquet",)}
    return compute(section, Extracted(files, "month", False, False, frozenset(files)))


def published(computed: Computed) -> dict[tuple[str, str | None], dict[str, Any]]:
    return {(row["measure"], row.get("by_pier")): row for row in statistics_table(computed).to_pylist()}


def many(pier: str, count: int, riders: int) -> list[tuple[str, str, int, int | None]]:
    return [(pier, f"{pier}-{number % riders}", 100, 150) for number in range(count)]


def test_many_trips_of_few_riders_are_left_out_with_what_would_give_them_back(tmp_path: Path) -> None:
    trips = [*many("north", 400, 90), *many("south", 300, 3), *many("west", 350, 80)]
    told = published(of(tmp_path, trips, BY_PIER))
    assert told["trips", "south"]["suppressed"]  # 300 trips of 3 riders
    hidden = {pier for (_, pier), row in told.items() if row["suppressed"]}
    assert len(hidden) == 2  # another pier, or the total, or the three would be the difference
    assert told["trips", "_T"]["value"] == 1_050


def test_the_end_of_a_range_says_so_in_every_row_and_in_its_definition(tmp_path: Path) -> None:
    least = measure("least", calculate="sum", column="worth_least", table="trips")
    most = measure("most", calculate="sum", column="worth_most", table="trips")
    each = measure("each", calculate="ratio", of="least", to="trips")
    trips = measure("trips", calculate="count", table="trips")
    computed = of(tmp_path, many("north", 400, 90), trips, least, most, each)
    told = published(computed)
    assert {name: told[name, None]["bound"] for name in ("least", "most", "each")} == {
        "least": "least",
        "most": "most",
        "each": "least",
    }
    assert (told["least", None]["value"], told["most", None]["value"]) == (40_000, 60_000)
    assert told["trips", None]["bound"] == ""
    bounds = {row["measure"]: row["bound"] for row in definitions_table(computed.section).to_pylist()}
    assert bounds == {"trips": "", "least": "least", "most": "most", "each": "least"}


def test_the_site_says_at_least_in_tables_and_charts(tmp_path: Path) -> None:
    least = measure("least", calculate="sum", column="worth_least", table="trips", groups="[pier]")
    computed = of(tmp_path, [*many("north", 400, 90), *many("west", 300, 80), *many("south", 250, 70)], least)
    pack = load(policy_pack(tmp_path / "pack"))
    content = outcome(replace(pack, measures=computed.section), computed=computed)
    write_release(tmp_path / "release", Label("r", "2025-03-01", "draft", "", ""), [content], "0")
    files = dict(site_files(read_release(tmp_path / "release")))
    folder = "riverton/night-bus/statistics"
    plain = re.sub(r"<[^>]*>", "", files[f"en/{folder}.html"].decode())
    assert "at least 40,000" in plain
    assert "only known within bounds" in plain
    (chart,) = (
        content for path, content in files.items() if path.endswith("statistics-least-groups.svg") and path[:2] == "ko"
    )
    assert "적어도 40,000" in chart.decode()


def test_an_end_of_which_a_part_is_not_known_is_no_end(tmp_path: Path) -> None:
    most = measure("most", calculate="sum", column="worth_most", table="trips")
    told = published(of(tmp_path, [*many("north", 400, 90), ("north", "guest", 100, None)], most))
    assert (told["most", None]["value"], told["most", None]["incomplete"]) == (None, True)


def test_few_days_are_no_persons(tmp_path: Path) -> None:
    days = measure("days", calculate="distinct", column="on", table="trips")
    assert published(of(tmp_path, many("north", 400, 90), days))["days", None]["value"] == 1


def test_names_hold_as_long_as_riders_are_counted(tmp_path: Path) -> None:
    section, _ = read(tmp_path, measure("trips", calculate="count", table="trips", period="year"))
    assert section is not None
    assert (section.names_hold, section.of_services) == ("year", ("ferry-trips",))


WRONG = [
    (measure("x", calculate="count", table="trips", filter="worth_least > 5"), "worth_least is the end of a range"),
    (measure("x", calculate="distinct", column="worth_most", table="trips"), "worth_most is the end of a range"),
    (
        measure("x", calculate="sum", column="worth_least", table="trips")
        + measure("y", calculate="ratio", of="trips", to="x"),
        "x is the end of a range",
    ),
    (measure("x", calculate="sum", column="rider", table="trips"), "rider is a text"),
]


@pytest.mark.parametrize(("wrong", "what"), WRONG, ids=[what for _, what in WRONG])
def test_what_would_hide_a_range_is_a_fault(wrong: str, what: str, tmp_path: Path) -> None:
    section, faults = read(tmp_path, BY_PIER, wrong)
    assert section is None
    assert [what in str(error) for error in faults.errors] == [True]


def test_a_table_of_a_service_stands_alone(tmp_path: Path) -> None:
    joined = COLUMNS.replace("[ferry-trips]", "[ferry-trips, visited]")
    _, faults = read(tmp_path, BY_PIER, columns=joined)
    assert any("a table of a service beside others" in str(error) for error in faults.errors)
    last = COLUMNS.replace("[ferry-trips]", "[ferry-trips]\n    last_of: rider")
    _, faults = read(tmp_path, BY_PIER, columns=last)
    assert any("are not recorded one after the other" in str(error) for error in faults.errors)


def test_the_rider_of_a_trip_is_never_a_group(tmp_path: Path) -> None:
    columns = COLUMNS + "      rider: {title: {ko: 승객, en: Rider}, codes: {a: {ko: 가, en: A}}}\n"
    _, faults = read(tmp_path, BY_PIER, columns=columns)
    assert any("names persons or things" in str(error) for error in faults.errors)


def test_the_sums_agree_with_a_query_by_hand(tmp_path: Path) -> None:
    trips = [(pier, f"r{number % 41}", number, number * 2) for number in range(900) for pier in ("north", "south")]
    computed = of(
        tmp_path, trips, measure("least", calculate="sum", column="worth_least", table="trips", groups="[pier]")
    )
    query = f"SELECT pier, sum(worth_least)::BIGINT FROM '{tmp_path}/trips.parquet' GROUP BY 1"
    expected = duckdb.connect().execute(query).fetchall()
    figures = computed.figures["least"]
    assert {key[1]: one.value for key, one in figures.items() if one.rows and key[1] != "_T"} == dict(expected)
    assert figures["2026-05", "north"].persons == 41


def test_rows_are_counted_in_one_table_only(tmp_path: Path) -> None:
    again = COLUMNS + "  once-more:\n    kinds: [ferry-trips]\n"
    other = measure("x", calculate="count", table="once-more", period="day")
    _, faults = read(tmp_path, BY_PIER, other, columns=again)
    assert ["ferry-trips is counted in the table trips too" in str(error) for error in faults.errors] == [True]
