"""Contributions: how many points of a score each node below it brings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from donghaeng.index.scores import Scores
from donghaeng.panel import Floats
from donghaeng.sources import Kind


def points_of(scores: Scores, target: int) -> Iterator[tuple[int, Floats, Floats]]:
    """Yield each node that takes part in a composite, with its share and its points.

    The points of a node are the product of the shares on the way up to the target, times its score. The points
    of the children of a node sum to the points of the node, so those of the target's children sum to its score.

    Args:
        scores: the result.
        target: position of the composite.

    Yields:
        Position, share and points (both places x periods).
    """
    waiting = [(child, scores.shares[..., child]) for child in reversed(scores.structure.children[target])]
    while waiting:
        index, share = waiting.pop()
        yield index, share, share * np.nan_to_num(scores.values[..., index])
        below = reversed(scores.structure.children[index])
        waiting += [(child, share * scores.shares[..., child]) for child in below]


def contributions(scores: Scores) -> pa.Table:
    """Give the contributions to every composite score as a table.

    Columns: place, period, node (the score that is explained), part (a node below it), part_level, share,
    points, kind (of the score that is explained). Only nodes that take part have rows.
    """
    rows: dict[str, list[object]] = {name: [] for name in ("place", "period", "node", "part", "part_level")}
    shares: list[float] = []
    points: list[float] = []
    kinds: list[str] = []
    structure = scores.structure
    parts = [
        (target, index, share, point)
        for target in range(len(structure.nodes))
        for index, share, point in points_of(scores, target)
    ]
    for place, place_code in enumerate(scores.places):
        for period, name in enumerate(scores.periods):
            for target, index, share, point in parts:
                if share[place, period] > 0:
                    rows["place"].append(place_code)
                    rows["period"].append(name.text)
                    rows["node"].append(structure.codes[target])
                    rows["part"].append(structure.codes[index])
                    rows["part_level"].append(structure.levels[index])
                    shares.append(float(share[place, period]))
                    points.append(float(point[place, period]))
                    kinds.append(Kind(scores.kinds[place, period, target]).word)
    texts = {name: pa.array(rows[name], pa.string()) for name in rows if name != "part_level"}
    return pa.table(
        {
            **texts,
            "part_level": pa.array(rows["part_level"], pa.int64()),
            "share": pa.array(shares, pa.float64()),
            "points": pa.array(points, pa.float64()),
            "kind": pa.array(kinds, pa.string()),
        }
    )
