"""What a plan is made for: each objective as programmes, solved one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from donghaeng.budget.leximin import Levels, Leximin, leximin
from donghaeng.budget.problem import Problem
from donghaeng.budget.program import Program, Solution, assemble, solve
from donghaeng.budget.settings import Objective
from donghaeng.errors import InputError
from donghaeng.panel import Floats, Rows


@dataclass(frozen=True, eq=False)
class Points:
    """How index points follow from covered need: proportional, all else unchanged.

    Attributes:
        nodes: indicators with a score.
        per_share: points of each that a fully covered need gives (its score over its covered share now).
        weights: share of each in the index.
        base: what a score is compared with.
    """

    nodes: tuple[str, ...]
    per_share: Floats
    weights: Floats
    base: float

    def rows(self, problem: Problem) -> Floats:
        """Give points of each node for each covered cell, shape nodes x cells."""
        matrix = np.zeros((len(self.nodes), len(problem.cells)))
        for at, node in enumerate(self.nodes):
            cells = [cell for cell, (code, _) in enumerate(problem.cells) if code == node]
            matrix[at, cells] = self.per_share[at] * problem.need[cells] / problem.need[cells].sum()
        return matrix


@dataclass(frozen=True, eq=False)
class Answer:
    """An allocation before it is rounded to whole won.

    Attributes:
        objective: what it was made for.
        amounts: money of each option.
        last: the linear programme whose prices are shown.
        levels: what was raised worst-off first, with its stages; None for other objectives.
        level_names: what each level belongs to: a cell, a node or a place.
        program: the matrices.
        whole_fixed: whether prices hold for the all-or-nothing options as chosen.
    """

    objective: Objective
    amounts: Floats
    last: Solution
    levels: Leximin | None
    level_names: tuple[str, ...]
    program: Program
    whole_fixed: bool


def best(problem: Problem, objective: Objective, points: Points) -> Answer:
    """Give the best allocation under an objective.

    - ``least_unmet_need``: the covered share of the need of each person, worst-off cell first.
    - ``lift_below_base``: the index points of what is below the base, lowest first, then the most people covered.
    - ``smallest_worst_loss``: what a person in need loses against now, in the place that loses most first; then the
      most people covered.
    - ``equity_weights``: the most people covered, each counted by the weight of the groups that an option serves.
    - ``index``: the most index points, whoever gains them.

    Raises:
        InputError: the limits cannot be met together.
    """
    program = assemble(problem)
    if objective == "least_unmet_need":
        found = leximin(program, Levels(program.reach, program.base, 1.0))
        names = tuple(f"{node}@{place}" for node, place in problem.cells)
        amounts = program.amounts(_trimmed(program, found.pieces, found.levels))
        return Answer(objective, amounts, found.stages[-1].solution, found, names, program, bool(problem.whole.any()))
    if objective == "equity_weights":
        return _most_people(program, objective, weighted=True)
    if objective == "index":
        gain = points.weights @ points.rows(problem)
        return _most(program, objective, np.zeros(len(program.unit)), gain)
    if objective == "lift_below_base":
        rows, constant, cap = points.rows(problem) / points.base, np.zeros(len(points.nodes)), 1.0
        names = points.nodes
    else:
        rows, constant, names = place_losses(problem)
        cap = np.inf
    return _layered(program, objective, rows, constant, cap, names)


def place_losses(problem: Problem) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Give, for each place, the change in covered need a person against the current money, as rows over cells.

    Returns:
        Rows (places x cells), constants, and the places in the order of cells.
    """
    places = tuple(dict.fromkeys(place for _, place in problem.cells))
    now = np.clip(problem.delivered / problem.need, 0.0, 1.0)
    rows = np.zeros((len(places), len(problem.cells)))
    for at, place in enumerate(places):
        cells = [cell for cell, (_, code) in enumerate(problem.cells) if code == place]
        rows[at, cells] = problem.people[cells] / problem.people[cells].sum()
    return rows, -(rows @ now), places


#: How far levels may fall when something else is made best with them kept: what the solver needs, no more.
_SLACKS = (1e-7, 1e-6, 1e-5)


def _layered(
    program: Program, objective: Objective, rows: Floats, constant: Floats, cap: float, names: tuple[str, ...]
) -> Answer:
    """Raise levels that are linear in covered shares, then cover the most people with the levels kept."""
    from scipy.sparse import csr_array, hstack

    pieces, cells = len(program.unit), len(program.base)
    covered = hstack((csr_array((len(constant), pieces)), csr_array(rows)), format="csr")
    bounds, links = _covered(program)
    found = leximin(program, Levels(covered, constant, cap, bounds, links))
    people = program.problem.people / program.problem.people.sum()
    solution = found.stages[-1].solution  # it keeps the levels, if nothing better can be told from it
    low, high = found.low, found.high
    for slack in _SLACKS:
        kept = _stacked(links, (-covered, constant - found.levels + slack))
        try:
            if program.integral.any():
                # Other projects may reach the same levels and cover more people.
                chosen = solve(program, np.zeros(pieces), people, bounds, kept, integral=True)
                low, high = low.copy(), high.copy()
                low[program.integral] = high[program.integral] = np.round(chosen.pieces[program.integral])
            solution = solve(program, np.zeros(pieces), people, bounds, kept, low, high)
            break
        except InputError:
            continue
    amounts = program.amounts(_trimmed(program, solution.pieces, solution.further[:cells]))
    return Answer(objective, amounts, solution, found, names, program, bool(program.integral.any()))


def _most_people(program: Program, objective: Objective, weighted: bool) -> Answer:
    problem = program.problem
    weights = problem.weights if weighted else np.ones(len(problem.options))
    highest = np.ones(len(problem.cells))
    np.maximum.at(highest, problem.link_cells, weights[problem.link_options])
    # What is covered counts with the highest weight of those who serve the cell; an option of lower weight gives
    # the difference back for each unit, so that need covered twice counts once.
    reach = program.reach.tocoo()
    short = highest[reach.row] - weights[problem.piece_options[reach.col]]
    back = np.zeros(len(program.unit))
    np.add.at(back, reach.col, problem.people[reach.row] * short * reach.data)
    total = problem.people.sum()
    return _most(program, objective, -back / total, problem.people * highest / total)


def _most(program: Program, objective: Objective, gain: Floats, covered_gain: Floats) -> Answer:
    bounds, links = _covered(program)
    # In units of what a step of money brings at most, so that the solver's absolute tolerances are small against it.
    per_step = (program.reach.T @ covered_gain)[program.steps > 0]
    of_parts = per_step[~program.integral[program.steps > 0]]
    size = float(of_parts.max(initial=0.0) or per_step.max(initial=0.0) or np.abs(covered_gain).max()) or 1.0
    solution = solve(program, gain / size, covered_gain / size, bounds, links, integral=True)
    low, high = np.zeros(len(program.unit)), program.steps.copy()
    is_whole = bool(program.integral.any())
    if is_whole:  # prices hold for the projects as chosen
        low[program.integral] = high[program.integral] = np.round(solution.pieces[program.integral])
        solution = solve(program, gain / size, covered_gain / size, bounds, links, low, high)
    amounts = program.amounts(_trimmed(program, solution.pieces, solution.further))
    priced = Solution(
        solution.pieces,
        solution.value * size,
        solution.limit_prices * size,
        solution.most_prices * size,
        solution.least_prices * size,
        solution.further,
        solution.row_prices * size,
    )
    return Answer(objective, amounts, priced, None, (), program, is_whole)


def _covered(program: Program) -> tuple[tuple[Floats, Floats], tuple[object, Floats]]:
    """Give the columns of covered shares: their bounds, and rows that hold them to what pieces bring."""
    from scipy.sparse import eye_array, hstack

    cells = len(program.base)
    bounds = (np.full(cells, -np.inf), np.ones(cells))
    return bounds, (hstack((-program.reach, eye_array(cells)), format="csr"), program.base)


def _stacked(*rows: tuple[object, Floats]) -> tuple[object, Floats]:
    from scipy.sparse import vstack

    matrices = [matrix for matrix, _ in rows]
    return vstack(matrices, format="csr"), np.concatenate([most for _, most in rows])


def _trimmed(program: Program, pieces: Floats, wanted: Floats) -> Floats:
    """Take back money that brings nothing: what covers a cell beyond what is wanted of it.

    Args:
        program: the matrices.
        pieces: steps of each piece.
        wanted: covered share of each cell that must stay.

    Money that a least amount of a bureau asks for stays.
    """
    given = _in_order(program, np.clip(pieces, 0.0, program.steps))
    held = {option for limit in program.problem.limits if limit.least for option in limit.options}
    spare = program.base + program.reach @ given - np.minimum(wanted, 1.0)
    columns = program.reach.tocsc()
    if not (spare > 1e-12).any():
        return given
    # Only what has room to spare in every cell that it serves is looked at.
    tight = np.zeros(len(given))
    np.add.at(tight, np.repeat(np.arange(len(given)), np.diff(columns.indptr)), spare[columns.indices] <= 1e-12)
    loose = (given > 0) & (tight == 0)
    # The last piece of an option first: it brings the least for its money.
    for piece in np.flatnonzero(loose)[::-1]:
        if int(program.problem.piece_options[piece]) in held:
            continue
        start, end = columns.indptr[piece], columns.indptr[piece + 1]
        cells, brought = columns.indices[start:end], columns.data[start:end]
        useful = brought > 0
        if not useful.any():
            given[piece] = 0.0
            continue
        cut = min(float(given[piece]), float((spare[cells[useful]] / brought[useful]).min()))
        if program.integral[piece] and cut < given[piece]:
            continue
        if cut > 1e-9 * max(1.0, float(given[piece])):
            given[piece] -= cut
            spare[cells] -= brought * cut
    return given


def _in_order(program: Program, given: Floats) -> Floats:
    """Put the money of each option into its pieces from the first on.

    Where money is not what is short, nothing makes the solver take the piece that brings more first.
    """
    options, result = program.problem.piece_options, given.copy()
    for at in np.flatnonzero(options[1:] == options[:-1]) + 1 if len(options) > 1 else ():
        first = int(np.searchsorted(options, options[at]))
        # Fill the pieces before this one from it; all of them have steps of the same money.
        for earlier in range(first, int(at)):
            moved = min(float(result[at]), float(program.steps[earlier] - result[earlier]))
            if moved > 0:
                result[earlier] += moved
                result[at] -= moved
    return result


def people_covered(problem: Problem, coverage: Floats) -> Floats:
    """Give the persons whose need is met, from covered shares of shape … x cells."""
    people: Floats = coverage @ problem.people
    return people


def money_to_smallest_bases(
    problem: Problem, points: Points, amounts: Rows, links: Mapping[str, tuple[int, ...]]
) -> tuple[float, tuple[str, ...]] | None:
    """Give the share of new money that goes to the fifth of indicators where a little coverage makes many points.

    Args:
        problem: the budget.
        points: how points follow from coverage: a small base makes many.
        amounts: the plan.
        links: options that move each indicator.

    Returns:
        The share, and the indicators; None when no money is new.
    """
    order = sorted(range(len(points.nodes)), key=lambda at: (-points.per_share[at], points.nodes[at]))
    smallest = tuple(points.nodes[at] for at in order[: max(1, round(len(order) / 5))])
    rises = np.maximum(0, amounts - problem.current)
    if not rises.sum():
        return None
    chosen = sorted({option for node in smallest for option in links.get(node, ())})
    return float(rises[chosen].sum() / rises.sum()), smallest
