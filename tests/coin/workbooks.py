"""Small workbooks in the two-table form, made in the test that reads them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from openpyxl import Workbook

DATA: list[list[Any]] = [
    ["uCode", "uName", "Time", "Region", "Pop", "clinics", "waiting", "school"],
    ["AA", "Alpha", 2023, "north", 100, 10, 30, 0.25],
    ["BB", "Beta", 2023, "north", 200, 30, 20, 0.5],
    ["CC", "Gamma", 2023, "south", 400, 20, None, 0.75],
]
META: list[list[Any]] = [
    ["iCode", "iName", "Level", "Direction", "Weight", "Unit", "Denominator", "Parent", "Type"],
    ["clinics", "Clinics", 1, 1, 2, "clinics", "Pop", "care", "Indicator"],
    ["waiting", "Waiting time", 1, -1, 1, "days", None, "care", "Indicator"],
    ["school", "Enrolment", 1, 1, 1, None, None, "index", "Indicator"],
    ["care", "Health care", 2, 1, 1, "Score", None, "index", "Aggregate"],
    ["index", "Well-being", 3, 1, 1, "Score", None, None, "Aggregate"],
    ["Region", "Region", None, None, None, None, None, None, "Group"],
    ["Pop", "Population", None, None, None, "thousands", None, None, "Denominator"],
]

Rows = list[list[Any]]


def copies() -> tuple[Rows, Rows]:
    """The two tables, to be changed."""
    return [list(row) for row in DATA], [list(row) for row in META]


def workbook(path: Path, data: Rows | None = None, meta: Rows | None = None, **names: str) -> Path:
    """Write a workbook; `names` give other names to its sheets."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in (("iData", data or DATA), ("iMeta", meta or META)):
        sheet = book.create_sheet(names.get(name, name))
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def tables(folder: Path, data: Rows | None = None, meta: Rows | None = None) -> list[Path]:
    """Write two CSV files."""
    paths = []
    for name, rows in (("iData", data or DATA), ("iMeta", meta or META)):
        path = folder / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
        paths.append(path)
    return paths
