"""Places that are made of others: a region, a country. Their scores are weighted means of those of their parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from donghaeng.index.aggregate import Aggregated
from donghaeng.panel import Floats
from donghaeng.places import Place


class ZeroWeightsError(ValueError):
    """The weights of all parts with a score are 0; positions of the place that they are parts of, and of the period."""

    def __init__(self, place: int, period: int) -> None:
        """Keep the positions."""
        super().__init__(f"the weights of the parts of place {place} sum to 0 in period {period}")
        self.place = place
        self.period = period


class MissingWeightError(ValueError):
    """A part with a score has no weight; positions of place and period."""

    def __init__(self, place: int, period: int) -> None:
        """Keep the positions."""
        super().__init__(f"place {place} has no weight in period {period}")
        self.place = place
        self.period = period


#: Positions of the parts of each place that has any.
Parts = dict[int, npt.NDArray[np.int64]]


def parts_of(codes: Sequence[str], places: Sequence[Place], breakdown: str = "") -> Parts:
    """Give the parts of each place that has any: positions of the places below it that have none themselves.

    Args:
        codes: codes of the places of a panel.
        places: all places with their parents.
        breakdown: only places of this breakdown are parts, so that nobody is added up twice.
    """
    position = {code: index for index, code in enumerate(codes)}
    parents = {place.code: place.parent for place in places}
    of = {place.code: place.breakdown for place in places}
    members = [code for code in codes if of.get(code, "") == breakdown]
    with_parts = {parents[code] for code in members if parents.get(code)}
    below: dict[int, list[int]] = {}
    for code in members:
        if code in with_parts:
            continue
        above = parents.get(code, "")
        while above:
            if above in position:
                below.setdefault(position[above], []).append(position[code])
            above = parents.get(above, "")
    return {index: np.array(parts, np.int64) for index, parts in sorted(below.items())}


def mean_of_parts(result: Aggregated, parts: Parts, weights: Floats) -> Aggregated:
    """Fill in the scores of places with parts.

    score of a place = sum over its parts of weight x score / sum of weight, for every node and period, over the
    parts that have a score. The shares of nodes are such that share x score sums as in the parts; the number of
    available indicators is the least among the parts.

    Args:
        result: scores; places with parts have none yet.
        parts: from `parts_of`.
        weights: weight of each place in each period, shape places x periods; NaN where not known.

    Raises:
        MissingWeightError: a part with a score has no weight.
        ZeroWeightsError: no part with a score has a weight above 0.
    """
    values, kinds = result.values.copy(), result.kinds.copy()
    half, available, shares = result.half_digits.copy(), result.available.copy(), result.shares.copy()
    for place, members in parts.items():
        of_parts = result.values[members]
        there = np.isfinite(of_parts)
        weight = np.where(there, weights[members][..., None], 0.0)
        unknown = np.argwhere(np.isnan(weight))
        if len(unknown):
            part_at, period, _ = (int(position) for position in unknown[0])
            raise MissingWeightError(int(members[part_at]), period)
        total = weight.sum(axis=0)
        nothing = np.argwhere(there.any(axis=0) & (total == 0))
        if len(nothing):
            raise ZeroWeightsError(place, int(nothing[0][0]))
        part = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
        mean = (part * np.nan_to_num(of_parts)).sum(axis=0)
        values[place] = np.where(total > 0, mean, np.nan)
        kinds[place] = np.where(total > 0, result.kinds[members].max(axis=0), kinds[place])
        half[place] = (part * result.half_digits[members]).sum(axis=0)
        fewest = np.where(there, result.available[members], np.inf).min(axis=0)
        available[place] = np.where(np.isfinite(fewest), fewest, 0.0)
        points = (part * result.shares[members] * np.nan_to_num(of_parts)).sum(axis=0)
        average = (part * result.shares[members]).sum(axis=0)
        shares[place] = np.divide(points, values[place], out=average, where=np.abs(np.nan_to_num(values[place])) > 0)
    return replace(result, values=values, kinds=kinds, half_digits=half, available=available, shares=shares)
