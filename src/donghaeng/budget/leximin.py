"""Worst-off first: raise the smallest of several levels, then the next smallest, and so on.

Successive linear programmes. In each one the smallest free level is raised as far as it goes; levels whose rows
have a price at the optimum are the same in every optimum, so they are fixed, and the rest goes on (Nace and Orlin,
Lexicographically minimum and maximum load linear programming problems, Operations Research 55, 2007; the theorem of
strict complementarity lies behind it). Where options are all or nothing, branch and bound over them with the same
programmes: a relaxation is at least as good, in the order of levels, as everything below it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from donghaeng.budget.program import Program, Solution, check, solve
from donghaeng.panel import Floats

#: Levels nearer than this are the same; the solver's own tolerance is smaller.
SAME = 1e-7
#: How far a level that was reached may fall while others are raised: as little as the solver can tell apart.
SLACKS = (1e-8, 1e-7, 1e-6)
#: A price below this is none.
NO_PRICE = 1e-9


@dataclass(frozen=True, eq=False)
class Levels:
    """What is raised: levels that are linear in the columns.

    Attributes:
        rows: coefficients over pieces and further columns.
        constant: what is added to each.
        cap: a level above this is no better; infinite for none.
        further_bounds: least and most of further columns.
        links: rows that further columns obey, and what each is at most; None without further columns.
    """

    rows: Any
    constant: Floats
    cap: float
    further_bounds: tuple[Floats, Floats] | None = None
    links: tuple[Any, Floats] | None = None


@dataclass(frozen=True, eq=False)
class Stage:
    """One of the successive programmes.

    Attributes:
        level: how far the smallest free level went.
        fixed: positions of the levels that were fixed at it.
        price: how much higher it would go with one more won of the total.
        solution: the solution, with all prices.
    """

    level: float
    fixed: tuple[int, ...]
    price: float
    solution: Solution


@dataclass(frozen=True, eq=False)
class Leximin:
    """The best allocation in the order of levels.

    Attributes:
        levels: the levels that are reached; capped.
        stages: the programmes that were solved.
        pieces: steps of each piece.
        low, high: least and most steps of each piece that all-or-nothing options were fixed to.
        tried: how many choices of all-or-nothing options were looked at.
    """

    levels: Floats
    stages: tuple[Stage, ...]
    pieces: Floats
    low: Floats
    high: Floats
    tried: int


def leximin(program: Program, levels: Levels) -> Leximin:
    """Raise the smallest level first, all-or-nothing options included.

    Raises:
        InputError: the limits cannot be met together.
    """
    low, high = np.zeros(len(program.unit)), program.steps.copy()
    whole = np.flatnonzero(program.integral)
    best: Leximin | None = None
    waiting = [(low, high, np.full(len(levels.constant), np.inf))]
    tried = 0
    while waiting:
        low, high, at_best = waiting.pop()
        if best is not None and _is_behind(at_best, np.sort(best.levels), done=True):
            continue
        found = _continuous(program, levels, low, high, None if best is None else np.sort(best.levels))
        tried += 1
        if found is None:
            continue
        parts = found.pieces[whole] / np.where(high[whole] > 0, high[whole], 1.0)
        open_ = whole[(low[whole] < high[whole]) & (parts > SAME) & (parts < 1 - SAME)]
        if not len(open_):
            rounded = found.pieces.copy()
            rounded[whole] = np.round(rounded[whole])
            best = Leximin(found.levels, found.stages, rounded, *_fixed(program, low, high, rounded), tried)
            continue
        at = open_[np.argmax(found.pieces[open_])]
        without, with_ = high.copy(), low.copy()
        without[at], with_[at] = 0.0, high[at]
        relaxed = np.sort(found.levels)
        waiting += [(low, without, relaxed), (with_, high, relaxed)]  # the one with it is looked at first
    if best is None:
        # The relaxation was told apart by `check`; here the parts of all-or-nothing options cannot be whole.
        solve(program, np.zeros(len(program.unit)), integral=True)
        raise AssertionError("a programme with a solution was left without one")
    return Leximin(best.levels, best.stages, best.pieces, best.low, best.high, tried)


def _fixed(program: Program, low: Floats, high: Floats, pieces: Floats) -> tuple[Floats, Floats]:
    low, high = low.copy(), high.copy()
    low[program.integral] = high[program.integral] = pieces[program.integral]
    return low, high


def _continuous(
    program: Program, levels: Levels, low: Floats, high: Floats, incumbent: Floats | None
) -> Leximin | None:
    """Raise the levels with parts of everything; None when that is infeasible or no better than the incumbent."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, hstack, vstack

    count, pieces = len(levels.constant), len(program.unit)
    columns = levels.rows.shape[1]
    further = columns - pieces
    matrix = hstack((program.limits, csr_array((program.limits.shape[0], further + 1))), format="csr")
    most = program.room
    if levels.links is not None:
        links = hstack((levels.links[0], csr_array((levels.links[0].shape[0], 1))), format="csr")
        matrix, most = vstack((matrix, links), format="csr"), np.concatenate((most, levels.links[1]))
    before = matrix.shape[0]
    least, bounds_high = np.append(low, 0.0), np.append(high, 0.0)
    if levels.further_bounds is not None:
        least = np.concatenate((low, levels.further_bounds[0], [0.0]))
        bounds_high = np.concatenate((high, levels.further_bounds[1], [0.0]))
    least[-1], bounds_high[-1] = -np.inf, levels.cap
    cost = np.zeros(columns + 1)
    cost[-1] = -1.0
    free = np.ones(count, bool)
    reached = np.full(count, np.nan)
    stages: list[Stage] = []
    found: Any = None
    scale = program.scale
    highest = _highest(levels, high)
    while free.any():
        rising = csr_array(free.astype(np.float64).reshape(-1, 1))
        rows = hstack((-levels.rows, rising), format="csr")
        stacked = vstack((matrix, rows), format="csr")
        for slack in SLACKS:
            floor = np.where(free, 0.0, reached - slack)
            found = linprog(
                cost,
                A_ub=stacked,
                b_ub=np.concatenate((most, levels.constant - floor)),
                bounds=np.column_stack((least, bounds_high)),
                method="highs",
            )
            if found.status == 0 or not stages:
                break
        if found.status == 2 and incumbent is not None:
            return None
        if (
            found.status == 2
            and not stages
            and program.integral.any()
            and (low > 0).any() | (high < program.steps).any()
        ):
            return None
        check(found)
        level = float(found.x[-1])
        prices = -found.ineqlin.marginals
        bound = free & ((prices[before:] > NO_PRICE) | (highest <= level + SAME))
        if level >= levels.cap - SAME:
            bound = free.copy()
        if not bound.any():  # no price above the noise: fix the smallest, which can go no further
            values = np.where(free, levels.rows @ found.x[:columns] + levels.constant, np.inf)
            bound = free & (values <= values.min() + SAME)
        reached[bound] = np.minimum(level, levels.cap)
        free &= ~bound
        limits = prices[: len(program.room)]
        solution = Solution(
            found.x[:pieces],
            level,
            np.maximum(0.0, limits) / scale,
            _by_option(program, np.maximum(0.0, -found.upper.marginals[:pieces])),
            _by_option(program, np.maximum(0.0, found.lower.marginals[:pieces])),
            found.x[pieces:columns],
            prices[before:],
        )
        stages.append(Stage(level, tuple(np.flatnonzero(bound).tolist()), float(limits[0]) / scale, solution))
        if incumbent is not None and _is_behind(np.sort(reached[~free]), incumbent, done=not free.any()):
            return None
    return Leximin(reached, tuple(stages), found.x[:pieces], low, high, 1)


def _highest(levels: Levels, high: Floats) -> Floats:
    """Give how high each level could be if no limit bound the options together."""
    at_most = high
    if levels.further_bounds is not None:
        at_most = np.concatenate((high, levels.further_bounds[1]))
    positive = levels.rows.maximum(0)
    highest: Floats = positive @ at_most + levels.constant
    return highest


def _by_option(program: Program, prices: Floats) -> Floats:
    result = np.zeros(len(program.problem.options))
    np.maximum.at(result, program.problem.piece_options, prices / program.unit)
    return result


def _is_behind(reached: Floats, incumbent: Floats, done: bool) -> bool:
    """Say whether the levels so far are no better than those of the best allocation so far.

    Stages go upwards, so the levels that are fixed are the smallest of all.
    """
    compared = incumbent[: len(reached)]
    different = np.flatnonzero(np.abs(reached - compared) > 10 * SAME)
    if not len(different):
        return done
    return bool(reached[different[0]] < compared[different[0]])
