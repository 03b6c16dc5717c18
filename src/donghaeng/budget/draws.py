"""What a plan depends on: unit costs, needs and limits of absorption drawn anew, and a plan for the worst of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from donghaeng.budget.build import Built
from donghaeng.budget.objectives import Points
from donghaeng.budget.problem import Problem
from donghaeng.budget.program import Program, assemble, solve
from donghaeng.budget.whole_won import whole_won
from donghaeng.panel import Floats, Rows

#: What plans are compared by; for all but the points, less is better.
MEASURES = ("people_unmet", "worst_unmet", "index_points")


@dataclass(frozen=True, eq=False)
class ParameterDraws:
    """Parameters, drawn so many times.

    Attributes:
        costs: what unit costs are multiplied by, draws x options.
        needs: need of each cell, draws x cells.
        limits: what the most money of each option is multiplied by, draws x options.
    """

    costs: Floats
    needs: Floats
    limits: Floats


def draw(built: Built, errors: Floats, number: int, seed: int) -> ParameterDraws:
    """Draw parameters: log-normal, independent of each other, with their middle at what is stated.

    Args:
        built: the budget.
        errors: relative standard error of the unit cost of each option; what can be absorbed gets half of it.
        number: how many draws.
        seed: where the generator starts.
    """
    spread = np.nan_to_num(np.array([one.error for one in built.projections]))
    return draw_arrays(built.problem, errors, spread, number, seed)


def draw_arrays(problem: Problem, errors: Floats, spread: Floats, number: int, seed: int) -> ParameterDraws:
    """Draw parameters from their errors.

    Args:
        problem: the budget.
        errors: relative standard error of the unit cost of each option.
        spread: standard error of the logarithm of each cell's need.
        number: how many draws.
        seed: where the generator starts.
    """
    generator = np.random.default_rng(seed)
    costs = np.exp(errors * generator.standard_normal((number, len(errors))))
    needs = problem.need * np.exp(spread * generator.standard_normal((number, len(spread))))
    limits = np.exp(errors / 2 * generator.standard_normal((number, len(errors))))
    return ParameterDraws(costs, needs, limits)


def measured(
    problem: Problem, points: Points, amounts: Rows, draws: ParameterDraws | None = None
) -> Mapping[str, Floats]:
    """Give what an allocation brings, by `MEASURES`.

    Args:
        problem: the budget.
        points: how index points follow.
        amounts: whole won of each option.
        draws: drawn parameters; None for those that are stated.

    Returns:
        For each measure one number, or one for each draw: persons whose need is unmet, the unmet share of the
        worst-off cell, and index points of the indicators that plans move.
    """
    given = amounts.astype(np.float64)
    if draws is None:
        coverage = problem.coverage(given)
        people = problem.people
    else:
        # Money above what can be absorbed in a draw brings nothing; what is spent now is known to be absorbed.
        most = np.maximum(problem.upper * draws.limits, np.minimum(problem.current, problem.upper))
        spent = np.maximum(np.minimum(given, most), problem.lower)
        coverage = problem.coverage(spent, draws.costs, draws.needs)
        people = problem.people * draws.needs / problem.need
    rows = points.rows(problem)
    return {
        "people_unmet": np.sum((1 - coverage) * people, axis=-1),
        "worst_unmet": np.max(1 - coverage, axis=-1, initial=0.0),
        "index_points": coverage @ (points.weights @ rows),
    }


@dataclass(frozen=True)
class Compared:
    """A way to divide the money, by one measure.

    Attributes:
        plan: ``plan``, ``robust`` or a rival.
        measure: one of `MEASURES`.
        value: with the parameters as stated.
        low: lower end of the interval over draws.
        middle: the median over draws.
        high: upper end.
        plan_better: share of draws in which the plan is better than this one, ties as a half; None for the plan.
    """

    plan: str
    measure: str
    value: float
    low: float
    middle: float
    high: float
    plan_better: float | None


def compare(
    problem: Problem, points: Points, plans: Mapping[str, Rows], draws: ParameterDraws, interval: float
) -> tuple[Compared, ...]:
    """Put ways to divide the money next to each other; the first is the plan.

    Args:
        problem: the budget.
        points: how index points follow.
        plans: whole won of each option by name.
        draws: drawn parameters.
        interval: probability of the intervals.
    """
    ends = ((1 - interval) / 2, 0.5, (1 + interval) / 2)
    stated = {name: measured(problem, points, amounts) for name, amounts in plans.items()}
    drawn = {name: measured(problem, points, amounts, draws) for name, amounts in plans.items()}
    first = next(iter(plans))
    rows = []
    for name in plans:
        for measure in MEASURES:
            if measure == "index_points" and not points.nodes:
                continue
            low, middle, high = np.quantile(drawn[name][measure], ends).tolist()
            gain = drawn[name][measure] - drawn[first][measure]
            gain = -gain if measure == "index_points" else gain
            noise = 1e-9 * np.maximum(1.0, np.abs(drawn[name][measure]))
            better = float(np.mean(np.where(np.abs(gain) <= noise, 0.5, gain > 0)))
            value = float(stated[name][measure])
            rows.append(Compared(name, measure, value, low, middle, high, None if name == first else better))
    return tuple(rows)


def robust(problem: Problem, points: Points, draws: ParameterDraws, by_index: bool) -> Rows:
    """Give the plan whose worst draw is best, in whole won: one linear programme over all draws.

    Maximises the smallest, over draws, of the part of all persons whose need is covered (or of the index points).
    Limits of absorption are those that are stated.

    Args:
        problem: the budget.
        points: how index points follow.
        draws: drawn parameters.
        by_index: whether index points are counted, and not persons.
    """
    from scipy.sparse import csr_array, hstack, vstack

    program = assemble(problem)
    number, cells, pieces = len(draws.costs), len(problem.cells), len(program.unit)
    reach, base = _drawn(program, draws)
    columns = number * cells
    covered = csr_array((np.ones(columns), (np.arange(columns), np.arange(columns))), shape=(columns, columns))
    held = hstack((-reach, covered, csr_array((columns, 1))), format="csr")
    if by_index:
        worth = np.tile(points.weights @ points.rows(problem), (number, 1))
        worth = worth / max(1.0, float(np.abs(worth).max()))
    else:
        people = problem.people * draws.needs / problem.need
        worth = people / people.sum(axis=1, keepdims=True)
    at = (np.repeat(np.arange(number), cells), np.arange(columns))
    sums = csr_array((-worth.ravel(), at), shape=(number, columns))
    worst = hstack((csr_array((number, pieces)), sums, csr_array(np.ones((number, 1)))), format="csr")
    rows = vstack((held, worst), format="csr")
    solution = solve(
        program,
        np.zeros(pieces),
        np.append(np.zeros(columns), 1.0),
        (np.append(np.full(columns, -np.inf), -np.inf), np.append(np.ones(columns), np.inf)),
        (rows, np.concatenate((base, np.zeros(number)))),
        integral=True,
    )
    return whole_won(problem, program.amounts(np.clip(solution.pieces, 0.0, program.steps)))


def _drawn(program: Program, draws: ParameterDraws) -> tuple[Any, Floats]:
    """Give what pieces bring in each draw, rows draws x cells, and what is covered with the least money."""
    from scipy.sparse import csr_array

    problem = program.problem
    number, cells = len(draws.costs), len(problem.cells)
    reach = program.reach.tocoo()
    scale = (problem.need / draws.needs)[:, reach.row] / draws.costs[:, problem.piece_options[reach.col]]
    data = (scale * reach.data).ravel()
    rows = (np.arange(number)[:, None] * cells + reach.row).ravel()
    columns = np.tile(reach.col, number)
    matrix = csr_array((data, (rows, columns)), shape=(number * cells, len(program.unit)))
    base = problem.delivered / draws.needs
    brought = problem.link_shares * problem.at_lower[problem.link_options] / draws.costs[:, problem.link_options]
    np.add.at(base.T, problem.link_cells, (brought / draws.needs[:, problem.link_cells]).T)
    return matrix, base.ravel()
