"""Reads the reference tables of this folder into arrays."""

import csv
from functools import cache
from pathlib import Path

import numpy as np

from donghaeng.panel import Floats

HERE = Path(__file__).parent
DENOMINATORS = ("Area", "Energy", "GDP", "Population")


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def number(text: str) -> float:
    return float(text) if text else float("nan")


@cache
def indicators() -> tuple[str, ...]:
    return tuple(row["iCode"] for row in rows("iMeta.csv") if row["Type"] == "Indicator")


@cache
def units() -> tuple[str, ...]:
    return tuple(row["uCode"] for row in rows("iData.csv"))


def of_indicators(column: str) -> list[str]:
    return [row[column] for row in rows("iMeta.csv") if row["Type"] == "Indicator"]


def directions() -> Floats:
    return np.array([float(text) for text in of_indicators("Direction")])


def wide(name: str, columns: tuple[str, ...]) -> Floats:
    return np.array([[number(row[column]) for column in columns] for row in rows(name)])


def long(name: str, columns: tuple[str, ...], places: tuple[str, ...] | None = None, **where: str) -> Floats:
    """Units x columns of the rows of a long table that match."""
    order = places or units()
    result = np.full((len(order), len(columns)), np.nan)
    at = {code: row for row, code in enumerate(order)}
    to = {code: column for column, code in enumerate(columns)}
    for row in rows(name):
        if row["iCode"] in to and row["uCode"] in at and all(row[key] == value for key, value in where.items()):
            result[at[row["uCode"]], to[row["iCode"]]] = number(row["value"])
    return result


def step(name: str) -> Floats:
    return long("steps.csv", indicators(), dset=name)


def largest_error(got: Floats, expected: Floats) -> float:
    """The largest relative difference (of a number near 0: to a millionth of the largest of its column).

    Infinite where one of the two is missing and the other not.
    """
    if got.shape != expected.shape or (np.isnan(got) != np.isnan(expected)).any():
        return float("inf")
    scale = np.maximum(np.abs(expected), 1e-6 * np.nanmax(np.abs(expected), axis=0))
    return float(np.nanmax(np.abs(got - expected) / np.where(scale > 0, scale, 1.0)))
