"""The ASEM example and COINr's results for it; tests/reference/asem_study/README.md tells what is what."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np

from donghaeng.panel import Floats

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "asem_study"


@cache
def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number(text: str) -> float:
    return float(text) if text not in ("", "NA") else float("nan")


def table(name: str, columns: list[str], units: list[str] | None = None) -> Floats:
    by_unit = {row["uCode"]: row for row in rows(name)}
    return np.array([[number(by_unit[unit][column]) for column in columns] for unit in units or by_unit])


def units(name: str = "iData") -> list[str]:
    return [row["uCode"] for row in rows(name)]


def nodes() -> list[dict[str, str]]:
    """Indicators and composites in the order of the tree's table."""
    return [row for row in rows("iMeta") if row["Type"] in ("Indicator", "Aggregate")]


def indicators() -> list[str]:
    return [row["iCode"] for row in nodes() if row["Type"] == "Indicator"]


def ancestors() -> dict[str, list[str]]:
    """For each node, itself and all nodes above it."""
    parents = {row["iCode"]: row["Parent"] for row in nodes()}
    lines = {}
    for code in parents:
        line, at = [code], code
        while parents[at]:
            at = parents[at]
            line.append(at)
        lines[code] = line
    return lines


def below(node: str) -> list[str]:
    """Codes of the indicators below a node."""
    lines = ancestors()
    return [code for code in indicators() if node in lines[code]]
