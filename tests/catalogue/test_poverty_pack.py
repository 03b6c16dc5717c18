"""Packs with household tables: alone, beside an index, and as values of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import ruamel.yaml

import donghaeng
from donghaeng.catalogue.outcome import outcome
from donghaeng.catalogue.schemas import schemas
from donghaeng.cli import app
from donghaeng.errors import InputError, UsageError
from donghaeng.index.poverty.report import poverty_report
from donghaeng.index.standard_errors import standard_errors
from tests.index import packs
from tests.index.building import PACK, SOURCES

POVERTY = """format: 1
tables:
  - {file: people.csv, period: "2024", kind: published, source: [s]}
indicators:
  - {code: schooling, dimension: education, deprived: {below: 6}}
  - {code: floor, dimension: living, deprived: {one_of: earth}, weight: null}
cutoffs: [1/2]
groups: [district]
"""
PEOPLE = "household,district,schooling,floor\n" + "".join(
    f"{at},{'north' if at < 6 else 'south'},{schooling},{floor}\n"
    for at, (schooling, floor) in enumerate(
        [(3, "earth"), (9, "wood"), (2, "wood"), (8, "wood"), (7, "earth"), (9, "wood")] * 2
    )
)
STRUCTURE = """code,parent,name_ko,name_en,unit,direction,weight,lower,upper
t,,,T,,,,,
poor,t,,Poor,%,lower,,0,100
parks,t,,Parks,%,higher,,0,100
"""
PLACES = "place,parent,name_ko,name_en\nnorth,,,North\nsouth,,,South\n"
OBSERVATIONS = """node,place,period,value,count,used,kind,source,note
parks,north,2024,60,,yes,published,s,
parks,south,2024,40,,yes,published,s,
"""
RECIPE: dict[str, Any] = {"normalise": {"method": "goalposts"}, "aggregate": {"method": "arithmetic"}}
INDEX = "index:\n  - {node: poor, measure: headcount, group: district, scale: 100}\n"


def write(folder: Path, poverty: str = POVERTY, **files: str) -> Path:
    for name, text in {
        "pack.yaml": PACK,
        "sources.yaml": SOURCES,
        "poverty.yaml": poverty,
        "people.csv": PEOPLE,
    }.items():
        (folder / name).write_text(text, "utf-8")
    return packs.write(folder, RECIPE, **files) if files else folder


def test_a_pack_of_household_tables_alone_is_read_and_measured(tmp_path: Path) -> None:
    pack = donghaeng.load(write(tmp_path))
    assert pack.index is None
    report = poverty_report(pack.poverty_section())
    rows = {(row["by"], row["group"], row["measure"], row["part"]): row for row in report.table().to_pylist()}
    assert rows["", "", "headcount", ""]["value"] == 0.5
    assert rows["district", "north", "headcount", ""]["cases"] == 6
    assert {"poverty.yaml", "people.csv"} <= set(pack.files)
    assert outcome(pack).tables["poverty"].num_rows == len(rows)


def test_measures_are_values_of_the_index_with_standard_errors(tmp_path: Path) -> None:
    files = {"structure": STRUCTURE, "places": PLACES, "observations": OBSERVATIONS}
    pack = donghaeng.load(write(tmp_path, POVERTY + INDEX, **files))
    assert packs.scores_of(pack, "poor") == {("north", "2024"): 0.5, ("south", "2024"): 0.5}
    found = standard_errors(pack.score())
    report = poverty_report(pack.poverty_section())
    (north,) = (
        row
        for row in report.table().to_pylist()
        if (row["by"], row["group"], row["measure"]) == ("district", "north", "headcount")
    )
    assert found.values[0, 0, 1] == pytest.approx(north["standard_error"])
    assert found.cases[0, 0, 0] == 6
    tables = outcome(pack).tables
    assert tables["accuracy"].num_rows == 4
    assert "standard_error" in tables["observations"].column_names


def test_an_index_may_have_no_other_values(tmp_path: Path) -> None:
    structure = "\n".join(STRUCTURE.splitlines()[:3]) + "\n"
    pack = donghaeng.load(write(tmp_path, POVERTY + INDEX, structure=structure, places=PLACES))
    assert packs.scores_of(pack, "t") == {("north", "2024"): 0.5, ("south", "2024"): 0.5}


def test_groups_that_are_no_places_are_told(tmp_path: Path) -> None:
    files = {"structure": STRUCTURE, "places": PLACES.replace("south,", "sooth,"), "observations": ""}
    files["observations"] = OBSERVATIONS.replace("south", "sooth")
    with pytest.raises(InputError, match=r'poverty.yaml:10:12: the district "south" is no place.*did you mean "sooth"'):
        donghaeng.load(write(tmp_path, POVERTY + INDEX, **files))


def test_a_pack_without_household_tables_says_so() -> None:
    with pytest.raises(UsageError, match=r"has no household tables; give a pack that has poverty\.yaml"):
        donghaeng.load("undp/hdi").poverty_section()


def test_the_definition_fits_its_schema() -> None:
    validator = jsonschema.Draft202012Validator(schemas()["poverty"])
    document = ruamel.yaml.YAML(typ="safe").load(POVERTY + INDEX)
    assert [error.message for error in validator.iter_errors(document)] == []
    document["cutoffs"] = [2]
    assert list(validator.iter_errors(document))


def test_the_command_prints_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path)
    app(["poverty", str(folder), "--json"], standalone_mode=False)
    document = json.loads(capsys.readouterr().out)
    assert document["surveys"][0]["rows"] == 12
    assert document["surveys"][0]["degrees_of_freedom"] == 11
    assert {row["measure"] for row in document["estimates"]} >= {"headcount", "contributions_of_dimensions"}
    app(["poverty", str(folder)], standalone_mode=False)
    assert "2024: 12 households, 12 clusters in 1 stratum; poor from 0.5 of the weights on." in capsys.readouterr().out
    with pytest.raises(UsageError, match="has no survey of 2020; expected one of 2024"):
        app(["poverty", str(folder), "--period", "2020"], standalone_mode=False)


def test_judgements_on_unknown_nodes_are_told(tmp_path: Path) -> None:
    weigh = {"weigh": {"method": "ahp", "comparisons": [["poor", "parks", 2], ["poor", "park", 2]]}}
    (fault,) = packs.faults(
        tmp_path,
        RECIPE | weigh,
        structure=STRUCTURE,
        places=PLACES,
        observations=OBSERVATIONS + "poor,north,2024,10,,yes,published,s,\n",
    )
    assert 'unknown node "park"; expected a code of structure.csv; did you mean "parks"?' in fault
