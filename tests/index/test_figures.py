"""Published figures that belong to no index: each thing counted has its own definition, each value its source."""

from __future__ import annotations

from pathlib import Path

import pytest

import donghaeng
from donghaeng.catalogue.find import Found
from donghaeng.catalogue.outcome import outcome
from donghaeng.catalogue.read import read_pack
from donghaeng.release.content import Label
from donghaeng.release.read import read_release
from donghaeng.release.write import write_release
from donghaeng.site.build import site_files
from tests.policy_pack import policy_pack

DEFINITIONS = """\
format: 1
groups:
  riders: {ko: 승객, en: Riders}
figures:
  riders_a_night:
    group: riders
    title: {ko: 하룻밤 승객, en: Riders a night}
    unit: {ko: 명, en: persons}
    definition: {ko: 그 밤에 탄 사람., en: Who rode on the night.}
  tickets:
    group: riders
    title: {ko: 판 표, en: Tickets sold}
    unit: {ko: 장, en: tickets}
    definition: {ko: 승객의 수가 아님., en: Not the number of riders.}
"""
VALUES = """\
node,place,period,value,used,kind,source,note
riders_a_night,riverton,2025-01-02,91,yes,simulated,notice,
riders_a_night,riverton,2025-01-01,120,yes,simulated,notice,약 / About
riders_a_night,riverton,2025-01-01,130.5,no,simulated,notice,
tickets,riverton,2025-01,3400,yes,simulated,notice,
"""


def pack_with(folder: Path, definitions: str = DEFINITIONS, values: str | None = VALUES) -> Found:
    policy_pack(folder)
    (folder / "figures.yaml").write_text(definitions, "utf-8")
    if values is not None:
        (folder / "figures.csv").write_text(values, "utf-8")
    return Found(folder, "night-bus")


def test_each_figure_has_its_own_table_with_what_others_say_beside(tmp_path: Path) -> None:
    found = pack_with(tmp_path / "pack")
    pack, faults = read_pack(found)
    assert pack is not None, "\n".join(map(str, faults))
    write_release(tmp_path / "release", Label("r", "2025-03-01", "draft", "", ""), [outcome(pack)], "0")
    files = dict(site_files(read_release(tmp_path / "release")))
    page = files["en/riverton/night-bus/figures.html"].decode()
    assert page.index("Riders a night") < page.index("120") < page.index("91") < page.index("Tickets sold")
    assert "Also reported:" in page
    assert "130.5" in page
    assert "Not the number of riders." in page
    assert page.count("<table>") == 2
    # Made-up values never stand in a file without the word.
    assert b"3400" in files["en/riverton/night-bus/figures-simulated.csv"]
    assert b"3400" not in files["en/riverton/night-bus/figures.csv"]


WRONG = [
    (DEFINITIONS.replace("group: riders", "group: ridders", 1), VALUES, 'figures.yaml:6:12: unknown group "ridders"'),
    (DEFINITIONS.replace(", en: Tickets sold", ""), VALUES, "title is missing in en"),
    (
        DEFINITIONS,
        VALUES.replace("tickets,", "tikets,"),
        'figures.csv:5:1: unknown node "tikets"; expected a code of figures.yaml',
    ),
    (DEFINITIONS, VALUES.replace("2025-01,", "January,"), "figures.csv:5:18"),
    (DEFINITIONS, VALUES.replace("riverton,2025-01-02", "rivertown,2025-01-02"), 'unknown place "rivertown"'),
    (DEFINITIONS, VALUES.replace("91,yes", "91,no"), "no used statement for riders_a_night, riverton, 2025-01-02"),
    (DEFINITIONS, VALUES.replace("yes,simulated,notice,\n", "yes,published,notice,\n", 1), "in an invented pack"),
    (DEFINITIONS, None, "figures.csv"),
]


@pytest.mark.parametrize(("definitions", "values", "what"), WRONG, ids=[what for _, _, what in WRONG])
def test_a_fault_says_where_it_is(definitions: str, values: str | None, what: str, tmp_path: Path) -> None:
    pack, faults = read_pack(pack_with(tmp_path / "pack", definitions, values))
    assert pack is None
    assert any(what in str(error) for error in faults.errors), "\n".join(map(str, faults))


def test_what_was_sold_charged_and_ridden_stays_apart_in_the_shipped_figures() -> None:
    section = donghaeng.load("seoul/climate-card").figures
    assert section is not None
    rows = section.values_table().to_pylist()
    value = {(row["node"], row["period"]): row["value"] for row in rows if row["used"]}
    # The published counters of 2024 that cannot be one: each is a figure of its own.
    assert value["sold_with_recharges", "2024-04-05"] == 1_008_000
    assert value["sold_half_year", "2024-06"] == 1_600_000
    assert value["charges", "2024-09-30"] == 5_030_000
    assert value["users_day_average", "2024-09"] == 509_877
    parts = sum(value[f"short_sold_{days}", "2024-07"] for days in (1, 2, 3, 5, 7))
    assert parts == value["short_sold", "2024-07"] == 43_454
    assert (
        value["sold_with_recharges_mobile", "2024-04-05"] + value["sold_with_recharges_physical", "2024-04-05"]
        == 1_008_000
    )
    share = value["users_day_average", "2024-09"] / value["transit_users_day_average", "2024-09"]
    assert round(100 * share, 1) == value["share_of_transit_users", "2024-09"]
    assert {row["kind"] for row in rows} == {"published", "second_hand"}
    titles = [one.title["ko"] for one in section.model.figures.values()]
    assert len(set(titles)) == len(titles)
