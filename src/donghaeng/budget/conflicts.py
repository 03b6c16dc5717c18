"""Limits that contradict each other, found and named before anything is solved."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from donghaeng.budget.build import Built
from donghaeng.budget.options import Option
from donghaeng.budget.problem import Limit
from donghaeng.budget.program import Program, assemble
from donghaeng.budget.section import OPTIONS_FILE, SETTINGS_FILE, BudgetSection
from donghaeng.errors import Fault, InputError, listed

_LOWER = {
    "floor": "the floor",
    "committed": "money bound by law or contract",
    "mandatory": "the current amount of a mandatory option",
    "current": "the current amount, which a supplementary budget keeps",
    "mend": "the cost of mending a fault",
    "nothing": "nothing",
}
_UPPER = {
    "ceiling": "the ceiling",
    "absorption": "what can be absorbed",
    "capacity": "what can be delivered",
    "executed": "what was executed",
    "fault": "the current amount, until a fault is mended",
    "demand": "the ceiling that demand raised",
    "cut": "the current amount, which a cut does not raise",
    "year_left": "what the rest of the year can absorb",
    "too_dear": "nothing, because the whole does not fit",
    "total": "the total",
}


def check_conflicts(section: BudgetSection, built: Built) -> None:
    """Name limits that contradict each other: of an option, of a bureau, a fund, running cost or the total.

    An option that works where nothing is needed is named too.

    Raises:
        InputError: they do; each conflict with the options that are part of it.
    """
    faults = [
        _fault(
            section,
            one.option,
            f"{one.option.code}: {_LOWER[one.lower_because]} ({one.lower:,}) is above "
            f"{_UPPER[one.upper_because]} ({one.upper:,})",
            "raise what is too low, or lower what is too high",
        )
        for one in built.allowances
        if one.lower > one.upper
    ]
    moving = set(built.problem.link_options.tolist())
    for at, one in enumerate(built.allowances):
        if at not in moving and one.option.unit_cost == one.option.unit_cost:
            what = f"{one.option.code}: nothing of what it moves is needed in {one.option.place}"
            label = f"{section.label}/{OPTIONS_FILE}"
            remedy = "correct the place, or add the need to needs.csv"
            faults.append(Fault(label, one.option.line, 1, what, "a need there", remedy, "missing-value"))
    if not faults:
        lower = [int(amount) for amount in built.problem.lower]
        upper = [int(amount) for amount in built.problem.upper]
        for limit in built.problem.limits:
            faults += _limit_faults(section, built, limit, lower, upper)
    if not faults:
        faults = _together(section, built)
    if faults:
        raise InputError(sorted(faults))


def _limit_faults(
    section: BudgetSection, built: Built, limit: Limit, lower: Sequence[int], upper: Sequence[int]
) -> list[Fault]:
    faults = []
    least, reachable = limit.used(lower), limit.used(upper)
    if limit.most is not None and least > limit.most:
        largest = sorted(limit.options, key=lambda at: (-limit.weights[limit.options.index(at)] * lower[at], at))
        parts = [
            f"{built.problem.options[at]} {lower[at]:,} ({_LOWER[built.allowances[at].lower_because]})"
            for at in largest
            if lower[at]
        ]
        what = f"{_name(limit)}: the least amounts need {_whole(least)}, and there is {limit.most:,}"
        remedy = f"short by {_whole(least - limit.most)}; the largest are {listed(parts, 5)}"
        faults.append(Fault(*_place(section, limit), what, "least amounts that fit", remedy, "conflict"))
    if limit.least is not None and reachable < limit.least:
        what = f"{_name(limit)}: at least {limit.least:,} is asked for, and its options can take {_whole(reachable)}"
        remedy = "lower the least amount, or raise what the options can take"
        faults.append(Fault(*_place(section, limit), what, "an amount that can be spent", remedy, "conflict"))
    return faults


def _together(section: BudgetSection, built: Built) -> list[Fault]:
    """Find limits that hold each alone but not all together: those that give way in the smallest violation."""
    if all(limit.holds([int(amount) for amount in built.problem.lower]) for limit in built.problem.limits):
        return []
    program = assemble(built.problem)
    broken = _smallest_violation(program)
    names = [
        f"{_name(built.problem.limits[limit])} ({'at least' if side < 0 else 'at most'} "
        f"{(built.problem.limits[limit].least if side < 0 else built.problem.limits[limit].most):,})"
        for limit, side in broken
    ]
    if not names:
        return []
    what = f"these limits cannot be met together: {listed(names)}"
    label = f"{section.label}/{SETTINGS_FILE}"
    return [Fault(label, 1, 1, what, "limits that leave room for each other", "change one of them", "conflict")]


def _smallest_violation(program: Program) -> list[tuple[int, int]]:
    import numpy as np
    from scipy.optimize import LinearConstraint, milp
    from scipy.sparse import eye_array, hstack

    rows, pieces = program.limits.shape
    matrix = hstack((program.limits, -eye_array(rows)), format="csr")
    cost = np.concatenate((np.zeros(pieces), np.ones(rows)))
    high = np.concatenate((program.steps, np.full(rows, np.inf)))
    found = milp(
        cost,
        integrality=np.concatenate((program.integral, np.zeros(rows, bool))).astype(np.int64),
        bounds=(np.zeros(pieces + rows), high),
        constraints=LinearConstraint(matrix, -np.inf, program.room),
    )
    if found.x is None or found.fun < 1e-6:
        return []
    # The limits that give way, and those that are full, are what stands against each other.
    slack = found.x[pieces:]
    full = program.room - program.limits @ found.x[:pieces] < 1e-6
    return [program.limit_rows[row] for row in range(rows) if slack[row] > 1e-7 or full[row]]


def _name(limit: Limit) -> str:
    words = {
        "total": "the total",
        "bureau": "the bureau",
        "fund": "the fund",
        "running": "running cost of new projects",
    }
    return f"{words[limit.kind]} {limit.code}".strip()


def _whole(amount: Fraction) -> str:
    return f"{-(-amount.numerator // amount.denominator):,}"


def _place(section: BudgetSection, limit: Limit) -> tuple[str, int, int]:
    name = OPTIONS_FILE if limit.kind == "total" else SETTINGS_FILE
    return f"{section.label}/{name}", 1, 1


def _fault(section: BudgetSection, option: Option, what: str, remedy: str) -> Fault:
    label = f"{section.label}/{OPTIONS_FILE}"
    return Fault(label, option.line, 1, what, "a least amount that is possible", remedy, "conflict")
