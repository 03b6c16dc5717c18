"""Tables of raw values beside the observations."""

from __future__ import annotations

from pathlib import Path

import pytest

from donghaeng.catalogue.check import check
from donghaeng.catalogue.start import start


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The small pack with its values in a long table and nothing observed."""
    folder = start("index", "my-city/my-index", tmp_path / "pack")
    rows = (folder / "observations.csv").read_text().splitlines()[1:]
    cells = [row.split(",") for row in rows]
    lines = [f"{place},{period},{node},{value}" for node, place, period, value, *_ in cells]
    (folder / "values.csv").write_text("\n".join(["place,period,node,value", *lines]) + "\n")
    (folder / "observations.csv").unlink()
    (folder / "tables.yaml").write_text(
        "values:\n  - {file: values.csv, layout: long, kind: simulated, source: [made-up]}\n"
    )
    return folder


def faults_of(folder: Path) -> list[str]:
    _, faults = check(folder)
    return [str(fault).removeprefix(f"{folder}/") for fault in faults.errors]


def test_a_table_alone_makes_an_index(pack: Path) -> None:
    read, faults = check(pack)

    assert not faults.errors
    assert read is not None
    assert read.score().values[0, :, 0] == pytest.approx([100.0, 105.59, 113.22], abs=0.01)


def test_a_wide_table_says_the_same_as_a_long_one(pack: Path) -> None:
    (pack / "values.csv").write_text(
        "place,period,homes,burden,visits,smoking\n"
        "my-city,2022,12000,20.0,800,18.4\nmy-city,2023,12600,21.5,950,\nmy-city,2024,13500,19.0,1010,16.9\n"
    )
    (pack / "tables.yaml").write_text(
        "values:\n  - {file: values.csv, layout: wide, kind: simulated, source: [made-up]}\n"
    )

    read, _ = check(pack)

    assert read is not None
    assert read.score().values[0, :, 0] == pytest.approx([100.0, 105.59, 113.22], abs=0.01)


def test_a_cell_stands_once_in_all_tables(pack: Path) -> None:
    text = (pack / "values.csv").read_text()
    (pack / "values.csv").write_text(text + "my-city,2022,homes,1\n")

    (fault,) = faults_of(pack)

    assert fault.startswith("values.csv:13:1: a second value for homes, my-city, 2022; the first is at")
    assert "remove one" in fault


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("file: values.csv", "file: ../values.csv", 'tables.yaml:2:12: the path "../values.csv" leads out of the pack'),
        ("file: values.csv", "file: value.csv", "value.csv:1:1: the file is missing"),
        ("layout: long", "layout: tall", 'tables.yaml:2:32: "tall" is not known here'),
        ("source: [made-up]", "source: [nobody]", 'tables.yaml:2:63: unknown source "nobody"'),
        ("kind: simulated", "kind: measured", 'tables.yaml:2:44: "measured" is not known here'),
    ],
)
def test_faults_of_tables_yaml_are_located(pack: Path, old: str, new: str, fault: str) -> None:
    text = (pack / "tables.yaml").read_text()
    (pack / "tables.yaml").write_text(text.replace(old, new))

    assert any(line.startswith(fault) for line in faults_of(pack)), faults_of(pack)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("my-city,2022,house,1", 'values.csv:13:14: unknown node "house"'),
        ("your-city,2022,homes,1", 'values.csv:13:1: unknown place "your-city"'),
        ("my-city,soon,homes,1", 'values.csv:13:9: "soon" is not a period'),
        ('my-city,2021,homes,"1,000"', 'values.csv:13:20: "1,000" is not a number'),
    ],
)
def test_faults_of_values_are_located(pack: Path, row: str, fault: str) -> None:
    text = (pack / "values.csv").read_text()
    (pack / "values.csv").write_text(f"{text}{row}\n")

    assert any(line.startswith(fault) for line in faults_of(pack)), faults_of(pack)


@pytest.mark.parametrize(
    ("addition", "fault"),
    [
        ('  levels: {"9": {method: geometric}}', 'no composite has the level "9"; expected 2 to 3'),
        ("  nodes: {housin: {method: geometric}}", 'no composite has the code "housin"'),
    ],
)
def test_levels_and_nodes_of_a_recipe_are_those_of_the_tree(pack: Path, addition: str, fault: str) -> None:
    text = (pack / "recipe.yaml").read_text()
    (pack / "recipe.yaml").write_text(text.replace("  method: arithmetic", f"  method: arithmetic\n{addition}"))

    (found,) = faults_of(pack)

    assert fault in found
    assert found.startswith("recipe.yaml:1")
