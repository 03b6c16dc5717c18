"""Dividing a budget: assembly, solution and prices beside the solver alone on the finished matrices.

1,000 options in 200 cells, 20 bureaus and one other fund; every option has two pieces (a further unit costs more).
The base line is `scipy.optimize.linprog` (HiGHS) on matrices that were made before; it gives prices too. Objectives
that raise the worst-off first are a row of such programmes: each of them is timed beside the same programmes alone.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any
from unittest import mock

import numpy as np
from scipy import optimize

from benchmarks import Row, best_of, main
from donghaeng.budget.draws import draw_arrays, robust
from donghaeng.budget.objectives import Points, best
from donghaeng.budget.problem import Limit, Problem
from donghaeng.budget.whole_won import whole_won

OPTIONS, CELLS, BUREAUS = 1_000, 200, 20
NO_POINTS = Points((), np.zeros(0), np.zeros(0), 100.0)


def problem(options: int = OPTIONS, cells: int = CELLS) -> Problem:
    """Make a budget with seeded numbers."""
    generator = np.random.default_rng(1)
    current = generator.integers(10**8, 10**9, options)
    lower, upper = (current * 8) // 10, (current * 13) // 10
    price = generator.lognormal(12, 0.5, options)
    need = generator.integers(1_000, 50_000, cells).astype(np.float64)
    served = np.concatenate([np.arange(cells), generator.integers(0, cells, options - cells)])
    bureau = generator.integers(0, BUREAUS, options)
    everything = tuple(range(options))
    ones = (Fraction(1),) * options
    limits = [Limit("total", "", everything, ones, int(current.sum() * 1.03))]
    for code in range(BUREAUS):
        members = tuple(np.flatnonzero(bureau == code).tolist())
        most = int(current[list(members)].sum() * 1.1)
        limits.append(Limit("bureau", f"b{code}", members, ones[: len(members)], most))
    weights = tuple(Fraction(int(part), 3) for part in generator.integers(1, 6, options))
    limits.append(Limit("fund", "state", everything, weights, int(current.sum() * 1.1)))
    first = (current - lower).astype(np.float64)
    widths = np.column_stack((first, (upper - lower) - first)).ravel()
    units = np.column_stack((1 / price, 0.8 / price)).ravel()
    return Problem(
        options=tuple(f"o{at}" for at in range(options)),
        lower=lower,
        upper=upper,
        current=current,
        whole=np.zeros(options, bool),
        weights=generator.choice([1.0, 1.5], options),
        piece_options=np.repeat(np.arange(options), 2),
        piece_widths=widths,
        piece_units=units,
        cells=tuple((f"n{at}", f"p{at % 25}") for at in range(cells)),
        need=need,
        delivered=need * generator.uniform(0.2, 0.7, cells),
        people=need,
        link_options=np.arange(options),
        link_cells=served,
        link_shares=np.ones(options),
        at_lower=-first / price,
        limits=tuple(limits),
    )


def recorded(given: Problem, objective: Any) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Give the calls of the solver that an objective makes, with their finished matrices."""
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    original = optimize.linprog

    def keep(*arguments: Any, **settings: Any) -> Any:
        calls.append((arguments, settings))
        return original(*arguments, **settings)

    with mock.patch.object(optimize, "linprog", keep):
        best(given, objective, NO_POINTS)
    return calls


def measure() -> list[Row]:
    """Time objectives beside the solver alone, rounding to whole won, and the robust plan."""
    given = problem()
    rows = []
    for objective, times in (("equity_weights", 15), ("least_unmet_need", 2)):
        calls = recorded(given, objective)

        def alone(calls: Any = calls) -> None:
            for arguments, settings in calls:
                optimize.linprog(*arguments, **settings)

        def ours(objective: Any = objective) -> None:
            best(given, objective, NO_POINTS)

        whole, solver = best_of(times, ours, alone)
        words = f"{OPTIONS:,} options, {objective}: {len(calls)} linear programme{'s' * (len(calls) > 1)}"
        rows.append(Row(case=f"{words}, solver alone", value=solver * 1e3, unit="ms"))
        rows.append(
            Row(
                case=f"{words}, assembly, solution and prices",
                value=whole * 1e3,
                unit="ms",
                ratio=whole / solver,
                target=1.5,
            )
        )
    answer = best(given, "equity_weights", NO_POINTS)
    (rounding,) = best_of(3, lambda: whole_won(given, answer.amounts))
    rows.append(Row(case="rounding to whole won within every limit", value=rounding * 1e3, unit="ms"))
    small = problem(100, 50)
    draws = draw_arrays(small, np.full(100, 0.2), np.full(50, 0.05), 50, 1)
    (worst,) = best_of(2, lambda: robust(small, NO_POINTS, draws, by_index=False))
    rows.append(Row(case="robust plan, 100 options, 50 draws", value=worst * 1e3, unit="ms"))
    return rows


if __name__ == "__main__":
    main(__doc__, measure)
