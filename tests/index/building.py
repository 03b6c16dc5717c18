"""Makes small indices from text, by way of the files of a pack."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import donghaeng
from donghaeng.index.scores import Scores

PACK = """\
format: 1
id: test/test
version: 1.0.0
date: 2026-01-01
title: {en: Test}
summary: {en: Test}
owner: {en: Test}
jurisdiction: none
languages: [en]
licence: CC0-1.0
status: official
"""
SOURCES = """\
sources:
  s: {title: {en: S}, publisher: {en: S}, read_on: 2026-01-01, extent: whole, licence: none, grade: publisher}
"""
RECIPE: Mapping[str, Any] = {
    "format": 1,
    "normalise": {"method": "base_period_ratio", "base_period": "2022", "lower_is_better": "inverted_ratio"},
    "aggregate": {"method": "arithmetic", "over": "indicators"},
    "compare": [],
}


def recipe(over: str = "indicators", compare: Sequence[str] = (), **normalise: Any) -> dict[str, Any]:
    """A recipe of base-period ratios and arithmetic means."""
    return {
        **RECIPE,
        "normalise": {**RECIPE["normalise"], **normalise},
        "aggregate": {"method": "arithmetic", "over": over},
        "compare": list(compare),
    }


def scored(structure: str, observations: str, method: Mapping[str, Any] = RECIPE, places: str = "") -> Scores:
    """Compute an index.

    Args:
        structure: a line a node: code, parent, and for leaves direction and, where it is not 1, weight; a number
            in the third cell of a composite is its stated count of indicators, in the fourth its weight.
        observations: a line a statement: node, period, value, and where it is not empty, published, yes and x:
            count, kind, used, place.
        method: the recipe.
        places: codes of the places in their order; default, as they appear.
    """
    with tempfile.TemporaryDirectory() as folder:
        write_pack(Path(folder), structure, observations, method, places)
        return donghaeng.load(folder).score()


def write_pack(
    folder: Path, structure: str, observations: str, method: Mapping[str, Any] = RECIPE, places: str = ""
) -> None:
    """Write the files of a pack."""
    nodes = ["code,parent,name_ko,name_en,unit,direction,weight,indicators"]
    for line in structure.split("\n"):
        if line.strip():
            code, parent, third, weight = _cells(line, ["", "", "", ""])
            leaf = third in {"higher", "lower"}
            unit, direction, indicators = ("x", third, "") if leaf else ("", "", third)
            nodes.append(f"{code},{parent},,{code},{unit},{direction},{weight},{indicators}")
    rows = ["node,place,period,value,count,used,kind,source,note"]
    for line in observations.split("\n"):
        if line.strip():
            node, period, value, count, kind, used, place = _cells(line, ["", "", "", "", "published", "yes", "x"])
            rows.append(f"{node},{place},{period},{value},{count},{used},{kind},s,")
    texts = {
        "pack.yaml": PACK,
        "sources.yaml": SOURCES,
        "recipe.yaml": json.dumps(method),
        "structure.csv": "\n".join(nodes),
        "observations.csv": "\n".join(rows),
    }
    if places:
        texts["places.csv"] = "place,parent,name_ko,name_en\n" + "".join(
            f"{code},,,{code}\n" for code in places.split()
        )
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")


def _cells(line: str, defaults: list[str]) -> list[str]:
    given = [cell.strip() for cell in line.split(",")]
    return [cell or default for cell, default in zip(given + [""] * len(defaults), defaults, strict=False)]


def value(scores: Scores, node: str, period: str = "2022", place: str = "x") -> float | None:
    """The score of a node."""
    row = row_of(scores, node, period, place)
    return None if row["value"] is None else float(row["value"])


def row_of(scores: Scores, node: str, period: str = "2022", place: str = "x") -> dict[str, Any]:
    """The row of a node in the table of scores."""
    (row,) = (
        row for row in scores.table().to_pylist() if (row["node"], row["period"], row["place"]) == (node, period, place)
    )
    return dict(row)
