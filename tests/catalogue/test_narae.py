"""The invented city: what is planted in it shows, and nothing else does."""

import csv
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

import donghaeng
from donghaeng.catalogue.check import check
from donghaeng.catalogue.find import shipped_folder
from donghaeng.catalogue.pack import Pack
from donghaeng.diagnosis.alarms import watch
from donghaeng.diagnosis.counts import Counts
from donghaeng.diagnosis.diagnose import Diagnosis, diagnose
from tools.make_narae import write
from tools.narae.write import pack_files

FOLDER = shipped_folder() / "example" / "narae"
REFERENCE = Path(__file__).parents[1] / "reference"
#: Files of the pack that are written by hand.
BY_HAND = {
    *("pack.yaml", "sources.yaml", "recipe.yaml", "wording/ko.yaml", "wording/en.yaml"),
    *(f"articles/{slug}.{language}.md" for slug in ("what-it-is", "from-fall-to-money") for language in ("ko", "en")),
}
CAUSES = {"demand", "funding", "execution", "productivity", "quality", "take_up", "measurement", "mix", "outside"}

Cell = tuple[str, str, str, str]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@lru_cache
def pack() -> Pack:
    return donghaeng.load("example/narae")


@lru_cache
def planted() -> Mapping[Cell, str]:
    """The planted causes by place, node, period and comparison."""
    rows = rows_of(REFERENCE / "narae_causes.csv")
    return {(row["place"], row["node"], row["period"], row["comparison"]): row["cause"] for row in rows}


@lru_cache
def diagnosis() -> Diagnosis:
    """The findings, without the counts, which are tested by themselves."""
    section = pack().diagnosis
    assert section is not None
    places = pack().places
    return diagnose(pack().score(), replace(section, counts=Counts.empty()), places)


@lru_cache
def falls() -> Mapping[Cell, float]:
    """Change of every indicator, in points of its score."""
    scores = pack().score()
    values, structure = scores.values, scores.structure
    found: dict[Cell, float] = {}
    for at, code in enumerate(structure.codes):
        if not structure.is_leaf(at):
            continue
        for place_at, place in enumerate(scores.places):
            for period_at, period in enumerate(scores.periods[1:], 1):
                for comparison, before in (("base", 0), ("year", period_at - 1)):
                    change = values[place_at, period_at, at] - values[place_at, before, at]
                    if np.isfinite(change):
                        found[place, code, period.text, comparison] = float(change)
    return found


def leaves() -> set[str]:
    structure = pack().index_section().structure
    return {code for at, code in enumerate(structure.codes) if structure.is_leaf(at)}


def test_the_generator_gives_the_bytes_that_lie_in_the_repository(tmp_path: Path) -> None:
    write(tmp_path / "pack", tmp_path / "reference")
    for folder, shipped in ((tmp_path / "pack", FOLDER), (tmp_path / "reference", REFERENCE)):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(folder)
            assert path.read_bytes() == (shipped / name).read_bytes(), f"{name}: run python -m tools.make_narae"


def test_every_file_of_the_pack_is_generated_or_known_to_be_written_by_hand() -> None:
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    assert there == pack_files().keys() | BY_HAND


def test_it_has_no_fault_and_no_warning() -> None:
    _, faults = check("example/narae")
    assert [str(fault) for fault in faults] == []


def test_it_has_the_size_that_it_is_said_to_have() -> None:
    structure = pack().index_section().structure
    parents = {node.code: node.parent for node in structure.nodes}
    areas = {code for code, parent in parents.items() if parent == "index"}
    tasks = {code for code, parent in parents.items() if parent in areas}
    districts = [place for place in pack().places if place.parent == "narae"]
    assert (len(areas), len(tasks), len(leaves()), len(districts)) == (6, 10, 50, 25)
    assert [period.text for period in pack().score().periods] == ["2021", "2022", "2023", "2024", "2025"]
    assert {parents[code] for code in leaves()} == tasks
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 2_500_000


def test_every_row_says_that_it_is_simulated() -> None:
    for path in sorted(FOLDER.glob("*.csv")):
        for row in rows_of(path):
            if "kind" in row:
                # A gap is declared; nothing is said in it.
                assert row["kind"] == "simulated" or (row["kind"] == "unknown" and row["value"] == ""), (path.name, row)
            else:
                text = " ".join(row.values())
                assert "invented" in text or "simulated" in text, (path.name, row)


def test_every_document_says_in_each_language_that_the_city_is_invented() -> None:
    manifest = pack().manifest
    assert manifest.status == "invented"
    for path in sorted([*FOLDER.rglob("*.yaml"), *FOLDER.rglob("*.md")]):
        text = path.read_text("utf-8")
        if path.suffix == ".yaml" or ".ko." in path.name:
            assert "가상" in text or "지어낸" in text or "모의 자료" in text, path.name
        if path.suffix == ".yaml" or ".en." in path.name:
            assert "invented" in text or "simulated" in text, path.name


def test_nothing_planted_stands_in_the_pack() -> None:
    for path in sorted(FOLDER.rglob("*.csv")):
        assert not {"cause", "planted", "comparison"} & rows_of(path)[0].keys()


def test_every_cause_is_planted_in_the_city_and_every_one_but_the_mix_in_districts() -> None:
    in_city = {cause for (place, *_), cause in planted().items() if place == "narae"}
    in_districts = {cause for (place, *_), cause in planted().items() if place != "narae"}
    assert in_city == CAUSES | {"undetermined"}
    assert in_districts == (CAUSES - {"mix"}) | {"undetermined"}


def test_an_indicator_falls_by_a_point_only_where_something_was_planted() -> None:
    least = 1.0
    fell = {cell for cell, change in falls().items() if change <= -least}
    assert fell == {cell for cell in planted() if cell[1] in leaves()}


def test_no_fall_is_so_near_to_the_limit_that_a_digit_decides() -> None:
    assert [cell for cell, change in falls().items() if -1.05 < change < -0.95] == []


def test_the_city_falls_although_no_district_does() -> None:
    cell = ("culture-card", "2023", "year")
    assert planted()["narae", *cell] == "mix"
    assert falls()["narae", *cell] < -5
    districts = [place.code for place in pack().places if place.parent == "narae"]
    assert min(falls()[district, *cell] for district in districts) >= 0


def test_the_two_comparisons_can_point_in_opposite_ways() -> None:
    assert falls()["narae", "digital-lessons", "2025", "year"] < -20
    assert falls()["narae", "digital-lessons", "2025", "base"] > 10
    # What was made up for in part rises on the year, and is still below its base.
    assert falls()["narae", "supported-jobs", "2024", "year"] > 10
    assert planted()["narae", "supported-jobs", "2024", "base"] == "funding"


def test_a_survey_that_was_not_held_has_no_score_and_not_zero() -> None:
    scores = pack().score()
    at = scores.structure.position["feels-low"]
    assert np.isnan(scores.values[:, 1, at]).all()
    assert np.isfinite(scores.values[:, 2, at]).all()


def test_the_diagnosis_gives_every_planted_cause_and_no_other() -> None:
    found = {
        (finding.place, finding.node, finding.period, finding.comparison): finding.cause
        for finding in diagnosis().findings
    }
    wrong = {cell: (cause, found.get(cell)) for cell, cause in planted().items() if found.get(cell) != cause}
    assert wrong == {}
    assert {cell for cell in found if cell[1] in leaves()} == {cell for cell in planted() if cell[1] in leaves()}


def test_groups_that_are_served_too_little_are_found_and_no_other() -> None:
    rows = rows_of(REFERENCE / "narae_blind_spots.csv")
    wanted = {(row["place"], row["node"], row["period"], row["group"]) for row in rows}
    found = {(spot.place, spot.node, spot.period, spot.group) for spot in diagnosis().blind_spots if spot.is_blind}
    assert found == wanted


@pytest.mark.parametrize(
    ("place", "series"),
    [
        ("narae", "aid_applications"),
        ("narae", "care_waiting"),
        ("byeori", "aid_refusals"),
        ("yeoul", "first_talks"),
        ("haesol", "visits_missed"),
    ],
)
def test_a_planted_jump_of_counts_rings_within_three_months(place: str, series: str) -> None:
    section = pack().diagnosis
    assert section is not None
    start = next(
        row["from"]
        for row in rows_of(REFERENCE / "narae_alarms.csv")
        if (row["place"], row["series"], row["jump"]) == (place, series, "own")
    )
    counts = next(one for one in section.counts.series if (one.place, one.series) == (place, series))
    watched = watch(counts, section.model.counts[series], section.model.settings)
    after = [alarm.period for alarm in watched.alarms if alarm.period >= start]
    year, part = start.split("-")
    latest = f"{year}-W{int(part[1:]) + 12:02d}" if "W" in part else f"{year}-{int(part) + 2:02d}"
    assert after
    assert after[0] <= latest


def test_the_money_that_was_voted_is_the_sum_of_the_districts_budgets() -> None:
    nodes = {"catch-up", "korean-lessons", "digital-lessons"}
    budgets = sum(
        int(row["value"])
        for row in rows_of(FOLDER / "factors.csv")
        if row["node"] in nodes and row["series"] == "budget" and row["period"] == "2025"
    )
    voted = sum(
        int(row["amount"])
        for row in rows_of(FOLDER / "budget_lines.csv")
        if (row["year"], row["programme"], row["phase"]) == ("2025", "lessons", "voted")
    )
    assert voted == budgets * 1000


def test_money_that_was_not_spent_shows_in_the_books() -> None:
    amounts: dict[str, int] = {}
    for row in rows_of(FOLDER / "budget_lines.csv"):
        if (row["year"], row["programme"]) == ("2025", "home-care"):
            amounts[row["phase"]] = amounts.get(row["phase"], 0) + int(row["amount"])
    assert amounts["executed"] < 0.75 * amounts["voted"]
