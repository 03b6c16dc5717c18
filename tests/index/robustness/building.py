"""Small models for the tests of robustness."""

from __future__ import annotations

import numpy as np

from donghaeng.index.robustness.factors import Amount, Choice, Factor, Noise, Space
from donghaeng.index.robustness.model import DataNoise, Model, Part, Treatment, WeightNoise
from donghaeng.index.robustness.tree import Tree

UNITS = tuple("abcdefghijklm")
PARENTS = {
    "i1": "p1", "i2": "p1", "i3": "p1", "i4": "p2", "i5": "p2", "i6": "p3", "i7": "index",
    "p1": "s1", "p2": "s1", "p3": "index", "s1": "index", "index": "",
}  # fmt: skip
TREE = Tree.of(PARENTS)


def values(seed: int = 0, missing: float = 0.0, units: int = len(UNITS)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    made = rng.uniform(1, 100, (units, TREE.indicators))
    made[rng.random(made.shape) < missing] = np.nan
    return made


def model(
    *,
    missing: float = 0.0,
    means: tuple[tuple[str, ...], ...] = (("arithmetic",), ("geometric",)),
    groups: tuple[int, ...] = (),
    scale: bool = False,
    data: Part | None = None,
    rules: tuple = (),
) -> Model:
    """An index with choices of data, means, a node left out, and noise of the weights."""
    factors: list[Factor] = [
        Choice("data", (0, 1, 2)),
        Choice("means", tuple(range(len(means)))),
        Choice("left out", ("none", "i1", "p3")),
        Noise("noise"),
    ]
    if scale:
        factors.append(Amount("scale", 0.0, 2.0))
    return Model(
        space=Space(tuple(factors), rules),
        tree=TREE,
        units=UNITS,
        data=data or Part(lambda seed: values(seed, missing), ("data",)),
        weights=Part(lambda: {code: 1.0 + position / 10 for position, code in enumerate(TREE.codes)}),
        means=Part(lambda at: means[at], ("means",)),
        kept=Part(lambda node: [] if node == "none" else [node], ("left out",)),
        weight_noise=WeightNoise("noise", dict.fromkeys(TREE.codes[:-1], 0.4), "scale" if scale else 1.0),
        groups=groups,
    )


def measured(*, missing: float = 0.0, rounding: bool = False, mean: str = "arithmetic") -> Model:
    """An index whose data have errors, treated and normalised in every replication."""
    raw = np.exp(2 * np.random.default_rng(3).normal(size=(len(UNITS), TREE.indicators)))
    raw[np.random.default_rng(4).random(raw.shape) < missing] = np.nan
    return Model(
        space=Space((Choice("impute", (True, False)), Choice("winsorise", (None, 0, 2)), Noise("errors"))),
        tree=TREE,
        units=UNITS,
        data=Part(lambda impute, most: Treatment(impute, most, "min-max", 1.0, 100.0), ("impute", "winsorise")),
        weights=Part(lambda: np.ones(len(TREE.codes))),
        means=Part(lambda: (mean,)),
        measured=DataNoise(
            raw, np.nan_to_num(raw) * 0.02, "errors", rounding, [1, -1, 1, 1, 1, 1, 1], [0, 1] * 6 + [0]
        ),
    )
