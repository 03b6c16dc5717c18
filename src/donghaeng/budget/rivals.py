"""Other ways to divide the same money, to stand next to a plan: simple rules, each within the same least and most."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from donghaeng.budget.build import Built
from donghaeng.budget.problem import Problem
from donghaeng.panel import Floats, Rows
from donghaeng.rounding import largest_remainder

#: Names of the rules in the order shown.
RIVALS = ("status_quo", "proportional_to_need", "expand_what_fell")


def rivals(built: Built, fallen: Collection[str]) -> dict[str, Rows]:
    """Divide the money by simple rules.

    - ``status_quo``: every option keeps its amount; where the total is less, all lose the same part. What the total
      has more than now is not spent.
    - ``proportional_to_need``: money in proportion to what it costs to meet the need that an option serves.
    - ``expand_what_fell``: everything keeps its amount, and what the total has more goes to the options whose
      indicator fell, in proportion to their money; where the total is less, the others lose it.

    Each keeps to the least and most of every option and to the total; limits of bureaus and funds bind plans only.
    An all-or-nothing option that is not there now is not begun, unless it must be.

    Args:
        built: the budget.
        fallen: indicators that fell.
    """
    problem = built.problem
    now = np.clip(problem.current, problem.lower, problem.upper).astype(np.float64)
    fell = np.array([any(node in fallen for node, _ in one.nodes) for one in built.allowances], bool)
    return {
        "status_quo": _fitted(problem, now, now, spend=False),
        "proportional_to_need": _fitted(problem, _cost_of_need(built), now, spend=True),
        "expand_what_fell": _expanded(problem, now, fell),
    }


def _expanded(problem: Problem, now: Floats, fell: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Rows:
    left = problem.amount - now.sum()
    chosen = fell if left >= 0 else ~fell
    share = np.where(chosen, np.maximum(now, 1.0), 0.0)
    if not chosen.any():
        return _fitted(problem, now, now, spend=False)
    wanted = _filled(problem, now, share, left)
    return _fitted(problem, wanted, now, spend=False)


def _filled(problem: Problem, start: Floats, share: Floats, left: float) -> Floats:
    """Add money in proportion to shares until it is gone or every option is at its limit."""
    given = start.copy()
    low, high = problem.lower.astype(np.float64), _most(problem, start)
    for _ in range(len(given) + 1):
        room = np.where(share > 0, high - given if left > 0 else given - low, 0.0)
        open_ = (room > 0.5) & (share > 0)
        if abs(left) < 1 or not open_.any():
            break
        move = np.where(open_, share, 0.0) / share[open_].sum() * abs(left)
        move = np.minimum(move, room) * np.sign(left)
        given += move
        left -= move.sum()
    return given


def _most(problem: Problem, now: Floats) -> Floats:
    """Give the most of each option under a rule: what is all or nothing stays as it is."""
    return np.where(problem.whole, now, problem.upper.astype(np.float64))


def _fitted(problem: Problem, wanted: Floats, now: Floats, spend: bool) -> Rows:
    """Scale amounts to the total within least and most, in whole won.

    Args:
        problem: the limits.
        wanted: amounts in the proportions wanted.
        now: the current amounts within least and most.
        spend: whether the whole total is spent where there is room; otherwise no more than is wanted.
    """
    low, high = problem.lower.astype(np.float64), _most(problem, now)
    low = np.where(problem.whole, now, low)
    scale_high = 1.0
    if spend or np.clip(wanted, low, high).sum() > problem.amount:
        # The sum rises with the scale, so the right scale lies between two that are halved.
        scale_low, scale_high = 0.0, 1.0
        while np.clip(wanted * scale_high, low, high).sum() < problem.amount and scale_high < 1e12:
            scale_high *= 2
        for _ in range(200):
            middle = (scale_low + scale_high) / 2
            if np.clip(wanted * middle, low, high).sum() > problem.amount:
                scale_high = middle
            else:
                scale_low = middle
        scale_high = scale_low
    return _whole(problem, np.clip(wanted * scale_high, low, high), high)


def _whole(problem: Problem, amounts: Floats, high: Floats) -> Rows:
    """Round by largest remainders to the won, no more than the total."""
    total = min(float(problem.amount), float(np.floor(amounts.sum() + 0.5)))
    rounded = np.array(largest_remainder(amounts.tolist(), total, 0)).astype(np.int64)
    rounded = np.clip(rounded, problem.lower, np.floor(high).astype(np.int64))
    over = int(rounded.sum()) - problem.amount
    for at in np.argsort(-(rounded - problem.lower), kind="stable"):
        if over <= 0:
            break
        cut = 0 if problem.whole[at] else min(over, int(rounded[at] - problem.lower[at]))
        rounded[at] -= cut
        over -= cut
    return rounded


def _cost_of_need(built: Built) -> Floats:
    """Give the own money that would meet all the need that each option serves."""
    problem = built.problem
    served = np.zeros(len(problem.options))
    np.add.at(served, problem.link_options, problem.link_shares * problem.need[problem.link_cells])
    prices = np.nan_to_num(built.prices)
    return np.where(np.isfinite(built.prices), served * prices, problem.lower.astype(np.float64))


def fallen_nodes(findings: Sequence[object], evidence_year: str) -> frozenset[str]:
    """Give the indicators with a finding in the evidence year."""
    return frozenset(str(getattr(one, "node", "")) for one in findings if getattr(one, "period", "") == evidence_year)
