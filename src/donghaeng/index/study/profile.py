"""Profile of one unit: where it is strong and weak, and which units are like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from donghaeng.index.methods import MethodError
from donghaeng.index.study.values import checked, ranked
from donghaeng.panel import Floats, Mask


@dataclass(frozen=True)
class Standing:
    """How a unit stands in one indicator.

    Attributes:
        column: the indicator.
        rank: rank of the unit, 1 is best; ties share the smallest.
        of: number of units with a value.
        value: value of the unit, as it was given.
    """

    column: int
    rank: int
    of: int
    value: float


@dataclass(frozen=True)
class Profile:
    """Strengths and weaknesses of a unit.

    Attributes:
        strengths: the best ranks, best first.
        weaknesses: the worst ranks, worst first.
    """

    strengths: tuple[Standing, ...]
    weaknesses: tuple[Standing, ...]


def strengths_and_weaknesses(
    values: npt.ArrayLike,
    unit: int,
    lower_is_better: Sequence[bool] | None = None,
    count: int = 5,
    least_unique: float = 0.0,
    among: Mask | None = None,
) -> Profile:
    """Find the indicators in which a unit ranks best and worst.

    A rank that nobody else is below is no strength, however small the number: where half of the units share a
    zero, their common rank is in the middle. Such indicators are kept out of the strengths and stay among the
    weaknesses. (COINr 1.1 keeps them out of both, so that a last place is never a weakness.) Ties are broken by
    the order of the columns, taken from the front for strengths and from the back for weaknesses. An indicator is
    never in both lists, and one that is the same for all in neither.

    Args:
        values: shape units x indicators; NaN where missing.
        unit: row of the unit.
        lower_is_better: for each indicator; default, none. Leave out for normalised scores.
        count: length of each list at most.
        least_unique: pass over indicators whose share of different values is not above this; 0.2 keeps answers
            of yes or no out.
        among: units to rank among, shape units; default, all.

    Raises:
        MethodError: a table of another shape, an infinite value, or an unknown unit.
    """
    table = checked(values)
    _check_unit(table, unit)
    peers = np.ones(len(table), bool) if among is None else among | (np.arange(len(table)) == unit)
    signs = np.ones(table.shape[1]) if lower_is_better is None else np.where(lower_is_better, -1.0, 1.0)
    ranks = ranked(table * signs, peers)
    columns = [column for column in range(table.shape[1]) if _varied(table[peers, column], least_unique)]
    columns = [column for column in columns if np.isfinite(ranks[unit, column])]
    of = np.isfinite(ranks).sum(axis=0)
    last = [column for column in columns if ranks[unit, column] == np.nanmax(ranks[:, column])]
    by_rank = sorted(columns, key=lambda column: ranks[unit, column])
    best = [column for column in by_rank if column not in last][:count]
    worst = [column for column in by_rank[::-1] if column not in best][:count]

    def standing(column: int) -> Standing:
        return Standing(column, int(ranks[unit, column]), int(of[column]), float(table[unit, column]))

    return Profile(tuple(map(standing, best)), tuple(map(standing, worst)))


def _varied(column: Floats, least: float) -> bool:
    given = column[np.isfinite(column)]
    different = len(np.unique(given))
    return different > 1 and different / len(given) > least


@dataclass(frozen=True)
class Neighbour:
    """A unit that is like another.

    Attributes:
        unit: its row.
        distance: distance for each indicator, in the unit of the values (points, or ranks).
        common: number of indicators that both have.
    """

    unit: int
    distance: float
    common: int


def similar_units(
    values: npt.ArrayLike,
    unit: int,
    count: int = 5,
    by: Literal["values", "ranks"] = "values",
    metric: Literal["euclidean", "manhattan"] = "euclidean",
    weights: npt.ArrayLike | None = None,
    least_common: float = 0.5,
) -> tuple[Neighbour, ...]:
    """Find the units nearest to one.

    The distance is a mean over the indicators that both units have, so that missing values neither bring units
    together nor set them apart: sqrt(sum w (x - y)^2 / sum w) or sum w |x - y| / sum w (Gower 1971, Biometrics
    27(4), for the treatment of missing values).

    Args:
        values: normalised scores on one scale, shape units x indicators; NaN where missing.
        unit: row of the unit.
        count: number of neighbours at most.
        by: compare the values, or the ranks of the units in each indicator.
        metric: euclidean or manhattan.
        weights: weight of each indicator, not negative; default, equal.
        least_common: least share of indicators that both must have.

    Returns:
        The nearest first; ties in the order of the units.

    Raises:
        MethodError: a table of another shape, an infinite value, an unknown unit or word, unusable weights.
    """
    table = checked(values)
    _check_unit(table, unit)
    if by not in ("values", "ranks") or metric not in ("euclidean", "manhattan"):
        raise MethodError(f'unknown comparison "{by}", "{metric}"', "values or ranks, euclidean or manhattan", "choose")
    mass = np.ones(table.shape[1]) if weights is None else checked(weights, "weights", 1)
    if mass.shape != table.shape[1:] or not (mass >= 0).all() or mass.sum() <= 0:
        raise MethodError("the weights do not fit", "one for each indicator, not negative, not all 0", "correct them")
    compared = ranked(table) if by == "ranks" else table
    both = np.isfinite(compared) & np.isfinite(compared[unit])
    apart = np.where(both, np.abs(compared - compared[unit]), 0.0)
    total = both @ mass
    power = 2 if metric == "euclidean" else 1
    mean = np.divide(apart**power @ mass, total, out=np.full(len(table), np.nan), where=total > 0)
    distance = mean ** (1 / power)
    common = both.sum(axis=1)
    enough = (common >= least_common * table.shape[1]) & np.isfinite(distance)
    others = [row for row in range(len(table)) if row != unit and enough[row]]
    others.sort(key=lambda row: distance[row])
    return tuple(Neighbour(row, float(distance[row]), int(common[row])) for row in others[:count])


def _check_unit(table: Floats, unit: int) -> None:
    if not 0 <= unit < len(table):
        raise MethodError(f"unit {unit} of {len(table)}", "the row of a unit", "name one of the units", row=unit)
