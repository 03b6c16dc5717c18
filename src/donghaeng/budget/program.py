"""From a budget to the matrices of a linear programme, and its solution with prices.

Columns are the pieces of money (counted in steps of a part of the money that can move, so that sizes are near each
other), and where an
objective needs them the covered share of each cell's need. Solved by HiGHS through SciPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from donghaeng.budget.problem import Problem
from donghaeng.errors import InputError
from donghaeng.panel import Floats, Mask, Rows

if TYPE_CHECKING:
    from scipy.sparse import csr_array

#: Money that can move is counted in so many steps, so that the solver's tolerances are small against a step's worth.
STEPS = 10_000


@dataclass(frozen=True, eq=False)
class Program:
    """Matrices of a budget.

    Attributes:
        problem: what they were made from.
        limits: rows of limits, columns of pieces: ``limits @ pieces <= room``.
        room: what is left of each limit above the least money.
        limit_rows: position of the limit of each row, and -1 or 1: whether a row is a least or a most.
        reach: covered share of each cell's need that a piece brings.
        base: covered share with the least money everywhere; may be below 0 where costs and deliveries disagree.
        unit: money of one step of each piece.
        steps: how many steps each piece has.
        integral: whether a piece is taken in full or not at all.
        scale: money of one step.
    """

    problem: Problem
    limits: csr_array
    room: Floats
    limit_rows: tuple[tuple[int, int], ...]
    reach: csr_array
    base: Floats
    unit: Floats
    steps: Floats
    integral: Mask
    scale: float

    def amounts(self, pieces: Floats) -> Floats:
        """Give the money of each option from that of its pieces."""
        given = self.problem.lower.astype(np.float64)
        np.add.at(given, self.problem.piece_options, pieces * self.unit)
        return given


@dataclass(frozen=True, eq=False)
class Solution:
    """What a linear programme says.

    Attributes:
        pieces: steps of each piece.
        value: the objective.
        limit_prices: how much one more won of each row of limits raises the objective; 0 or more.
        most_prices: how much one more won in the last piece of each option would; 0 or more.
        least_prices: how much one won less at the least money of each option would; 0 or more.
        further: the columns after the pieces.
        row_prices: prices of the rows after the limits, in the order they were given.
    """

    pieces: Floats
    value: float
    limit_prices: Floats
    most_prices: Floats
    least_prices: Floats
    further: Floats
    row_prices: Floats


def assemble(problem: Problem) -> Program:
    """Give the matrices of a budget."""
    from scipy.sparse import csr_array

    scale = max(1.0, problem.movable / STEPS)
    integral = problem.whole[problem.piece_options]
    unit = np.where(integral, problem.piece_widths, scale)
    unit = np.where(unit > 0, unit, 1.0)
    steps = problem.piece_widths / unit
    counts = np.bincount(problem.piece_options, minlength=len(problem.options))
    starts = np.concatenate(([0], np.cumsum(counts)))
    limits, room, rows = _limit_rows(problem, unit, scale, counts, starts)
    links, pieces = _with_pieces(problem.link_options, counts, starts)
    cells = problem.link_cells[links]
    brought = problem.link_shares[links] * problem.piece_units[pieces] * unit[pieces] / problem.need[cells]
    shape = (len(problem.cells), len(unit))
    reach = csr_array((brought, (cells, pieces)), shape=shape)
    base = problem.delivered / problem.need
    at_lower = problem.link_shares * problem.at_lower[problem.link_options] / problem.need[problem.link_cells]
    np.add.at(base, problem.link_cells, at_lower)
    # What is all or nothing and passes a limit on its own is nothing.
    alone = limits.tocsc()
    for piece in np.flatnonzero(integral):
        start, end = alone.indptr[piece], alone.indptr[piece + 1]
        if (alone.data[start:end] > room[alone.indices[start:end]] + 1e-12).any():
            steps[piece] = 0.0
    return Program(problem, limits, room, rows, reach, base, unit, steps, integral, scale)


def _with_pieces(options: Rows, counts: Rows, starts: Rows) -> tuple[Rows, Rows]:
    """Pair each of some options with each of its pieces: positions in what was given, and pieces."""
    repeats = counts[options]
    at = np.repeat(np.arange(len(repeats)), repeats)
    within = np.arange(len(at)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return at, starts[options[at]] + within


def _limit_rows(
    problem: Problem, unit: Floats, scale: float, counts: Rows, starts: Rows
) -> tuple[csr_array, Floats, tuple[tuple[int, int], ...]]:
    from scipy.sparse import csr_array

    lower = problem.lower.tolist()
    room: list[float] = []
    rows: list[tuple[int, int]] = []
    options: list[Rows] = []
    weights: list[Floats] = []
    for at, limit in enumerate(problem.limits):
        used = limit.used(lower)
        members, shares = limit.arrays
        for side, bound in ((1, limit.most), (-1, limit.least)):
            if bound is not None:
                options.append(members)
                weights.append(side * shares)
                room.append(side * float(bound - used) / scale)
                rows.append((at, side))
    shape = (len(rows), len(unit))
    if not rows:
        return csr_array(shape), np.zeros(0), ()
    row = np.repeat(np.arange(len(rows)), [len(members) for members in options])
    at_pair, pieces = _with_pieces(np.concatenate(options), counts, starts)
    data = np.concatenate(weights)[at_pair] * unit[pieces] / scale
    return csr_array((data, (row[at_pair], pieces)), shape=shape), np.array(room), tuple(rows)


def solve(
    program: Program,
    gain: Floats,
    further_gain: Floats | None = None,
    further_bounds: tuple[Floats, Floats] | None = None,
    rows: tuple[Any, Floats] | None = None,
    low: Floats | None = None,
    high: Floats | None = None,
    integral: bool = False,
) -> Solution:
    """Maximise a linear objective.

    Args:
        program: the matrices.
        gain: what a step of each piece adds to the objective.
        further_gain: what further columns add.
        further_bounds: least and most of further columns.
        rows: further rows over pieces and further columns, and what each is at most.
        low: least steps of each piece; default 0.
        high: most steps of each piece; default all.
        integral: whether pieces of all-or-nothing options are taken in full or not at all. There are no prices then.

    Raises:
        InputError: the limits cannot be met together, or the objective has no bound; says so in words.
    """
    from scipy.optimize import LinearConstraint, linprog, milp
    from scipy.sparse import csr_array, hstack, vstack

    pieces = len(program.unit)
    more = np.zeros(0) if further_gain is None else further_gain
    cost = -np.concatenate((gain, more))
    low = np.zeros(pieces) if low is None else low
    high = program.steps if high is None else high
    if further_bounds is not None:
        low, high = np.concatenate((low, further_bounds[0])), np.concatenate((high, further_bounds[1]))
    matrix = program.limits
    if len(more):
        matrix = hstack((matrix, csr_array((matrix.shape[0], len(more)))), format="csr")
    most = program.room
    if rows is not None:
        matrix, most = vstack((matrix, rows[0]), format="csr"), np.concatenate((most, rows[1]))
    limits = program.limits.shape[0]
    if integral and program.integral.any():
        whole = np.concatenate((program.integral, np.zeros(len(more), bool))).astype(np.int64)
        found = milp(
            cost,
            integrality=whole,
            bounds=(low, high),
            constraints=LinearConstraint(matrix, -np.inf, most),
            options={"mip_rel_gap": 0.0},
        )
        check(found)
        none = np.zeros(len(program.problem.options))
        return Solution(
            found.x[:pieces], -found.fun, np.zeros(limits), none, none, found.x[pieces:], np.zeros(len(most) - limits)
        )
    found = linprog(cost, A_ub=matrix, b_ub=most, bounds=np.column_stack((low, high)), method="highs")
    check(found)
    prices = np.maximum(0.0, -found.ineqlin.marginals)
    scale = program.scale
    upper = np.maximum(0.0, -found.upper.marginals[:pieces]) / program.unit
    lower = np.maximum(0.0, found.lower.marginals[:pieces]) / program.unit
    # The last piece of an option ends at its most money, and its first begins at the least.
    last = np.flatnonzero(np.append(np.diff(program.problem.piece_options), 1)) if pieces else np.zeros(0, np.int64)
    first = np.concatenate(([0], last[:-1] + 1)) if pieces else last
    most_prices = np.zeros(len(program.problem.options))
    least_prices = np.zeros(len(program.problem.options))
    most_prices[program.problem.piece_options[last]] = upper[last]
    least_prices[program.problem.piece_options[first]] = lower[first]
    return Solution(
        pieces=found.x[:pieces],
        value=-float(found.fun),
        limit_prices=prices[:limits] / scale,
        most_prices=most_prices,
        least_prices=least_prices,
        further=found.x[pieces:],
        row_prices=prices[limits:],
    )


def check(found: Any) -> None:
    """Raise `InputError` when the solver found no best allocation."""
    if found.status == 2:
        raise InputError("no allocation meets all limits together; lower a least amount or give more money")
    if found.status == 3:
        raise InputError("the objective has no bound: some money brings without limit; state a ceiling or the need")
    if found.status != 0:
        raise InputError(f"the solver stopped without an answer: {found.message}")
