"""The ASEM example of COINr, built by hand from its data, to be reproduced replication by replication."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np

from donghaeng.index.robustness.factors import Choice, Space
from donghaeng.index.robustness.model import DataNoise, Model, Part, Treatment
from donghaeng.index.robustness.oracle import normalised_column, treated
from donghaeng.index.robustness.tree import Tree

FOLDER = Path(__file__).parents[2] / "reference" / "asem_robustness"
NORMALISATIONS = {"n_minmax": (0, 1.0, 100.0), "n_zscore": (1, 10.0, 2.0)}


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def structure() -> dict[str, dict[str, str]]:
    return {row["iCode"]: row for row in rows("structure.csv")}


def tree() -> Tree:
    return Tree.of({code: row["Parent"] for code, row in structure().items()})


def units() -> tuple[str, ...]:
    return tuple(row["uCode"] for row in rows("screened.csv"))


@cache
def screened(name: str = "screened.csv") -> np.ndarray:
    codes = tree().codes[: tree().indicators]
    return np.array([[float(row[code]) if row[code] else np.nan for code in codes] for row in rows(name)])


def directions() -> list[float]:
    found = structure()
    return [float(found[code]["Direction"]) for code in tree().codes[: tree().indicators]]


def stage(winmax: int, normalisation: str) -> np.ndarray:
    kind, first, second = NORMALISATIONS[normalisation]
    columns = [
        normalised_column(treated(column, winmax), direction, kind, first, second)
        for column, direction in zip(screened().T, directions(), strict=True)
    ]
    return np.array(columns).T


@cache
def weight_sets() -> dict[int, dict[str, float]]:
    sets: dict[int, dict[str, float]] = {}
    for row in rows("noisy_weights_100.csv"):
        sets.setdefault(int(row["weight_set"]), dict.fromkeys(tree().codes, 1.0))[row["iCode"]] = float(row["Weight"])
    return sets


def means(aggregation: str) -> tuple[str, ...]:
    return ("arithmetic",) if aggregation == "a_amean" else ("geometric",)


def space() -> Space:
    return Space(
        (
            Choice("winmax", (1, 2, 3, 4, 5)),
            Choice("normalisation", ("n_minmax", "n_zscore")),
            Choice("weight_set", tuple(range(1, 101))),
            Choice("aggregation", ("a_amean", "a_gmean")),
        )
    )


@cache
def model() -> Model:
    return Model(
        space=space(),
        tree=tree(),
        units=units(),
        data=Part(stage, ("winmax", "normalisation")),
        weights=Part(lambda number: weight_sets()[number], ("weight_set",)),
        means=Part(means, ("aggregation",)),
    )


@cache
def recomputing() -> Model:
    """The same index, with imputation, treatment and normalisation inside every replication."""

    def treatment(winmax: int, normalisation: str) -> Treatment:
        kind, first, second = NORMALISATIONS[normalisation]
        return Treatment(True, winmax, ("min-max", "z-score")[kind], first, second)

    from donghaeng.index.robustness.factors import Noise

    groups = [row["EurAsia_group"] for row in rows("denominated.csv")]
    values = screened("denominated.csv")
    return Model(
        space=Space((*space().factors, Noise("errors"))),
        tree=tree(),
        units=units(),
        data=Part(treatment, ("winmax", "normalisation")),
        weights=Part(lambda number: weight_sets()[number], ("weight_set",)),
        means=Part(means, ("aggregation",)),
        measured=DataNoise(
            values,
            np.abs(np.nan_to_num(values)) * 0.01,
            "errors",
            directions=directions(),
            groups=[sorted(set(groups)).index(group) for group in groups],
            scale=0.0,
        ),
    )


def drawn(name: str) -> dict[str, list[object]]:
    found = rows(name)
    return {
        "winmax": [int(row["winmax"]) for row in found],
        "normalisation": [row["normalisation"] for row in found],
        "weight_set": [int(row["weight_set"]) for row in found],
        "aggregation": [row["aggregation"] for row in found],
    }


def published(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Scores and ranks, replications x units."""
    position = {unit: at for at, unit in enumerate(units())}
    found = rows(name)
    last = max(int(row["rep"]) for row in found)
    scores, ranks = np.full((last, len(position)), np.nan), np.zeros((last, len(position)))
    for row in found:
        at = int(row["rep"]) - 1, position[row["uCode"]]
        scores[at], ranks[at] = float(row["score"]), float(row["rank"])
    return scores, ranks


def nominal() -> np.ndarray:
    rank = {row["uCode"]: float(row["Nominal"]) for row in rows("ua_exact_rankstats.csv")}
    return np.array([rank[unit] for unit in units()])
