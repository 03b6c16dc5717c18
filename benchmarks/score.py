"""Scoring a panel: time and memory grow with units x indicators."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np

from benchmarks import Row, main
from donghaeng.index.recipe import Recipe
from donghaeng.index.score import score_panel
from donghaeng.index.structure import Node, Structure
from donghaeng.panel import Panel
from donghaeng.periods import parse

INDICATORS = 49
SIZES = (1_000, 10_000, 100_000, 1_000_000)

RECIPE = Recipe.model_validate(
    {
        "format": 1,
        "normalise": {"method": "min_max", "to": [1, 100]},
        "aggregate": {"method": "arithmetic", "levels": {"3": {"method": "geometric"}}},
        "compare": [],
    }
)


def structure() -> Structure:
    """Make a tree of 49 indicators in seven groups."""
    groups = [Node(f"g{group}", "total", {"en": ""}, "", "", 1.0, None, {}) for group in range(7)]
    leaves = [Node(f"i{at}", f"g{at % 7}", {"en": ""}, "unit", "higher", 1.0, None, {}) for at in range(INDICATORS)]
    return Structure((Node("total", "", {"en": ""}, "", "", 1.0, None, {}), *groups, *leaves))


def panel(tree: Structure, units: int) -> Panel:
    """Fill a panel with seeded numbers, one in fifty missing."""
    generator = np.random.default_rng(1)
    made = Panel.empty(tuple(f"p{unit}" for unit in range(units)), (parse("2024"),), tree.codes)
    values = generator.lognormal(size=(units, INDICATORS))
    values[generator.random(values.shape) < 0.02] = np.nan
    made.values[:, 0, -INDICATORS:] = values
    made.kinds[np.isfinite(made.values)] = 0
    return made


def measure() -> list[Row]:
    """Time `score_panel` for growing numbers of units; each row gives nanoseconds a cell."""
    tree = structure()
    rows = []
    for units in SIZES:
        given = panel(tree, units)
        best = float("inf")
        for _ in range(3 if units <= 100_000 else 1):
            start = time.perf_counter()
            score_panel(tree, RECIPE, given)
            best = min(best, time.perf_counter() - start)
        rows.append(
            Row(case=f"{units:,} units x {INDICATORS}", value=best / (units * INDICATORS) * 1e9, unit="ns a cell")
        )
    tracemalloc.start()
    given = panel(tree, 100_000)
    score_panel(tree, RECIPE, given)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    rows.append(Row(case="peak memory, 100,000 units", value=peak / (100_000 * INDICATORS), unit="bytes a cell"))
    return rows


if __name__ == "__main__":
    main(__doc__, measure)
