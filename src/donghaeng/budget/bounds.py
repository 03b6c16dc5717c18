"""Between which amounts each option may lie, and what says so: its own limits, what was absorbed, and findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, isnan
from typing import Literal

from donghaeng.budget.findings import FAULTS, Finding, binding
from donghaeng.budget.needs import Need, Projection
from donghaeng.budget.options import Option
from donghaeng.budget.section import BudgetSection
from donghaeng.panel import Floats

Mode = Literal["amount", "cut", "supplementary"]


@dataclass(frozen=True)
class Allowance:
    """Least and most own money of an option.

    Attributes:
        option: the option.
        nodes: the indicators that it moves, with the units it brings each for one of its own.
        lower: least money.
        upper: most money.
        lower_because: ``floor``, ``committed``, ``mandatory``, ``current``, ``mend`` or ``nothing``.
        upper_because: ``ceiling``, ``absorption``, ``capacity``, ``executed``, ``fault``, ``demand``, ``cut``,
            ``year_left``, ``too_dear`` (all or nothing, and the whole is above what is possible) or ``total``.
        findings: the findings that bind it.
        anchor: money that buys what is delivered now: the current amount, and with poor execution only what was
            executed, because what was voted above it bought nothing.
    """

    option: Option
    nodes: tuple[tuple[str, float], ...]
    lower: int
    upper: int
    lower_because: str
    upper_because: str
    findings: tuple[Finding, ...]
    anchor: int


def own_share(section: BudgetSection, programme: str) -> float:
    """Give the part of a programme's money that is the body's own."""
    funding = section.settings.programmes[programme].funding
    return funding[section.settings.own_fund] / sum(funding.values())


def unit_price(section: BudgetSection, option: Option) -> list[tuple[int, float]]:
    """Give own money a unit, from so much above the current money on."""
    share = own_share(section, option.programme)
    return [(0, option.unit_cost * share), *((above, cost * share) for above, cost in option.steps)]


def money_for_units(section: BudgetSection, option: Option, units: float) -> float:
    """Give the own money above the current one that brings so many more units."""
    steps = unit_price(section, option)
    money = 0.0
    for at, (start, price) in enumerate(steps):
        width = steps[at + 1][0] - start if at + 1 < len(steps) else float("inf")
        if units * price <= width:
            return money + units * price
        money, units = money + width, units - width / price
    return money


def moved_nodes(section: BudgetSection, option: Option) -> tuple[tuple[str, float], ...]:
    """Give the indicators that an option moves, with the units it brings each for one of its own."""
    if option.node:
        return ((option.node, 1.0),)
    return tuple((link.node, link.share) for link in section.links.of_programme(option.programme))


def allowances(
    section: BudgetSection,
    cells: Sequence[tuple[Need, Projection]],
    findings: Sequence[Finding],
    mode: Mode,
    amount: int,
) -> tuple[Allowance, ...]:
    """Give least and most money of every option, in the order of the options.

    Args:
        section: the budget.
        cells: needs of the evidence year at the finest places, with their projections.
        findings: what was diagnosed.
        mode: dividing an amount, a cut, or a supplementary budget.
        amount: the money to divide.
    """
    shares = _shares_of_programmes(section)
    return tuple(_allowance(section, option, cells, findings, mode, amount, shares) for option in section.options)


def _shares_of_programmes(section: BudgetSection) -> dict[str, float]:
    """Give the part of its programme's current money that each option has; none for what is new."""
    totals: dict[str, int] = {}
    for option in section.options:
        totals[option.programme] = totals.get(option.programme, 0) + option.current
    return {option.code: option.current / totals[option.programme] for option in section.options if option.current}


def _allowance(
    section: BudgetSection,
    option: Option,
    cells: Sequence[tuple[Need, Projection]],
    findings: Sequence[Finding],
    mode: Mode,
    amount: int,
    shares: dict[str, float],
) -> Allowance:
    nodes = moved_nodes(section, option)
    settings = section.settings
    bound = binding(findings, option, [code for code, _ in nodes], settings.evidence_year, section.above)
    causes = {one.cause for one in bound}
    anchor = option.current
    leasts = [("floor", option.floor), ("committed", option.committed)]
    leasts += [("mandatory", option.current)] * option.mandatory + [("current", option.current)] * (
        mode == "supplementary"
    )
    lower_because, lower = max(leasts, key=lambda one: one[1])
    lower_because = lower_because if lower else "nothing"
    uppers: list[tuple[str, int]] = [("total", max(amount, lower))]
    if option.ceiling is not None:
        ceiling = ("ceiling", option.ceiling)
        if "demand" in causes and option.type == "expand" and not isnan(option.unit_cost):
            wanted = option.current + money_for_units(section, option, _missing(section, option, nodes, cells))
            ceiling = ("demand", int(wanted)) if wanted > option.ceiling else ceiling
        uppers.append(ceiling)
    part = shares.get(option.code)
    absorbed = option.absorption
    if absorbed is None and part is not None:
        seen = section.lines.absorbed(option.programme, settings.own_fund, settings.years_ahead)
        absorbed = None if seen is None else int(seen * part)
    if absorbed is not None:
        # What was computed from execution limits growth; only what somebody stated takes money away.
        stated = option.absorption is not None
        uppers.append(("absorption", absorbed if stated else max(absorbed, lower, option.current)))
    if isfinite(option.capacity) and not isnan(option.unit_cost):
        uppers.append(("capacity", option.current + int(money_for_units(section, option, option.capacity))))
    if "execution" in causes and option.type == "expand":
        executed = section.lines.executed(option.programme, settings.own_fund).get(settings.evidence_year)
        cap = option.current if executed is None or part is None else int(executed * part)
        uppers.append(("executed", max(cap, lower)))
        anchor = max(min(cap, option.current), lower)
    if causes & FAULTS and option.type != "mend":
        uppers.append(("fault", max(option.current, lower)))
    if mode == "cut" and option.type != "mend":
        uppers.append(("cut", max(option.current, lower)))
    # Of limits that are the same, what was found wrong says more than what is merely full.
    upper_because, upper = min(uppers, key=lambda one: (one[1], one[0] not in {"fault", "executed"}))
    if mode == "supplementary" and option.type != "mend" and not option.whole and upper > option.current:
        growth = int((upper - option.current) * settings.supplementary.year_left)
        if growth < min(upper, amount) - option.current:
            upper_because, upper = "year_left", option.current + growth
    if option.type == "mend" and causes & FAULTS and option.ceiling is not None:
        lower_because, lower = "mend", max(lower, option.ceiling)
    if option.whole and option.ceiling is not None:
        lower = option.ceiling if lower else 0
        if upper < option.ceiling and not lower:
            upper, upper_because = 0, upper_because if upper_because in {"fault", "cut"} else "too_dear"
    return Allowance(option, nodes, lower, upper, lower_because, upper_because, bound, min(anchor, option.current))


def _missing(
    section: BudgetSection,
    option: Option,
    nodes: Sequence[tuple[str, float]],
    cells: Sequence[tuple[Need, Projection]],
) -> float:
    """Give the units that would meet what is projected to be unmet where the option works."""
    wanted = 0.0
    for code, share in nodes:
        there = [(need, later) for need, later in cells if need.node == code and works_in(section, option, need.place)]
        wanted = max(wanted, sum(max(0.0, later.need - need.delivered) for need, later in there) / share)
    return wanted


def works_in(section: BudgetSection, option: Option, place: str) -> bool:
    """Say whether an option reaches a place: everywhere, there, or in a place that one of the two is part of."""
    if not option.place:
        return True
    return option.place in _line_up(section, place) or place in _line_up(section, option.place)


def _line_up(section: BudgetSection, place: str) -> list[str]:
    found = [place]
    while (place := section.above.get(place, "")) and place not in found:
        found.append(place)
    return found


def relative_errors(section: BudgetSection) -> Floats:
    """Give the relative standard error of each option's unit cost: as stated, or by the grade of its evidence."""
    import numpy as np

    return np.array(
        [
            option.unit_cost_error
            if isfinite(option.unit_cost_error)
            else section.settings.unit_cost_error(option.grade)
            for option in section.options
        ]
    )
