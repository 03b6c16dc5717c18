"""From a solution in fractions to whole won that respect every limit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from donghaeng.budget.problem import Problem
from donghaeng.errors import InputError
from donghaeng.panel import Floats, Rows

#: Amounts this near to each other, as a part of the money that can move, are the same to the solver.
NEAR = 2e-7


def whole_won(problem: Problem, amounts: Floats) -> Rows:
    """Round an allocation to whole units of the currency by largest remainders, within every limit.

    Each amount is rounded down, within its own least and most. What the solver's tolerance put above a limit is taken
    back; what rounding left is given, a won each, to those with the largest remainders, as long as no limit breaks.

    Args:
        problem: the limits.
        amounts: money of each option, from a solution that respects them to the solver's tolerance.

    Raises:
        InputError: no whole amounts respect all limits, which takes limits that leave less than a won of room.
    """
    near = NEAR * problem.movable
    lower, upper = problem.lower.tolist(), problem.upper.tolist()
    given: list[int] = []
    remainders: list[float] = []
    kept: list[bool] = []
    for at, value in enumerate(amounts.tolist()):
        whole = round(value) if abs(value - round(value)) < 1e-4 else int(np.floor(value))
        if problem.whole[at]:
            whole = upper[at] if value > (lower[at] + upper[at]) / 2 else lower[at]
        # At a limit, or where it was, to the solver's tolerance: such an amount is meant.
        meant = [one for one in (lower[at], upper[at], int(problem.current[at])) if abs(value - one) <= near]
        kept.append(bool(meant))
        given.append(min(max(meant[0] if meant else whole, lower[at]), upper[at]))
        remainders.append(value - whole)
    # What must move is moved first where the solution lies between limits.
    order = sorted(range(len(given)), key=lambda at: (kept[at], -remainders[at], at))
    takers = sorted(range(len(given)), key=lambda at: (kept[at], remainders[at], at))
    total = _target(problem, amounts)
    _take_back(problem, given, lower, takers)
    _reach_least(problem, given, upper, order)
    left = total - sum(given)
    for chosen in ([at for at in order if not kept[at]], [at for at in order if kept[at]]):
        left = _hand_out(problem, given, upper, chosen, left)
    if broken := problem.broken(given):
        raise InputError(f"no whole amounts respect every limit: {'; '.join(broken)}; leave more room")
    return np.array(given, np.int64)


def _target(problem: Problem, amounts: Floats) -> int:
    wanted = float(amounts.sum())
    if abs(wanted - problem.amount) <= len(amounts) * NEAR * problem.movable + 1:
        return problem.amount
    return min(problem.amount, int(np.floor(wanted + 1e-4)))


def _take_back(problem: Problem, given: list[int], lower: Sequence[int], order: Sequence[int]) -> None:
    """Bring limits that are passed back, from the options with the smallest remainders."""
    for limit in problem.limits:
        if limit.most is None:
            continue
        weights = limit.weight_of
        for at in order:
            over = limit.used(given) - limit.most
            if over <= 0:
                break
            weight = weights.get(at, 0)
            if weight > 0 and not problem.whole[at]:
                needed = -(-over.numerator * weight.denominator // (over.denominator * weight.numerator))
                given[at] -= min(needed, given[at] - lower[at])


def _reach_least(problem: Problem, given: list[int], upper: Sequence[int], order: Sequence[int]) -> None:
    """Bring limits that are not reached up to their least amount."""
    for limit in problem.limits:
        if limit.least is None:
            continue
        members = set(limit.options)
        for at in order:
            short = limit.least - limit.used(given)
            if short <= 0:
                break
            if at in members and not problem.whole[at]:
                given[at] += min(-(-short.numerator // short.denominator), _room(problem, given, upper, at))


def _hand_out(problem: Problem, given: list[int], upper: Sequence[int], order: Sequence[int], left: int) -> int:
    """Give what is left, a won to each in the order of remainders, and the rest to whom still has room."""
    for most in (1, None):
        for at in order:
            if left <= 0:
                return 0
            if problem.whole[at]:
                continue
            step = min(left, _room(problem, given, upper, at))
            step = step if most is None else min(step, most)
            given[at] += step
            left -= step
    return left


def _room(problem: Problem, given: list[int], upper: Sequence[int], at: int) -> int:
    """Give how many more won an option can have within every limit."""
    room = upper[at] - given[at]
    for limit in problem.limits:
        weight = limit.weight_of.get(at, 0)
        if limit.most is not None and weight > 0:
            left = (limit.most - limit.used(given)) / weight
            room = min(room, left.numerator // left.denominator)
    return max(0, room)
