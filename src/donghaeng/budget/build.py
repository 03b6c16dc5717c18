"""From the section of a pack to a problem in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isnan

import numpy as np

from donghaeng.budget.bounds import Allowance, Mode, allowances, unit_price, works_in
from donghaeng.budget.findings import Finding
from donghaeng.budget.needs import Need, Projection, project
from donghaeng.budget.problem import Limit, Problem
from donghaeng.budget.section import BudgetSection
from donghaeng.panel import Floats


@dataclass(frozen=True, eq=False)
class Built:
    """A problem, and what its numbers stand for.

    Attributes:
        problem: the numbers.
        allowances: least and most of each option, and why.
        needs: need of each cell in the evidence year.
        projections: need of each cell in the budget year.
        unserved: needs that no option moves.
        prices: own money that one more unit of each option costs about its current money; NaN for none known.
    """

    problem: Problem
    allowances: tuple[Allowance, ...]
    needs: tuple[Need, ...]
    projections: tuple[Projection, ...]
    unserved: tuple[Need, ...]
    prices: Floats


def build(section: BudgetSection, findings: Sequence[Finding], mode: Mode, amount: int) -> Built:
    """Give a budget as numbers.

    Args:
        section: the budget of a pack.
        findings: what was diagnosed.
        mode: dividing an amount, a cut, or a supplementary budget.
        amount: own money to divide.
    """
    settings = section.settings
    all_needs = section.needs.cells(settings.evidence_year, section.above)
    projected = [
        (need, project(section.needs.series(need.node, need.place), settings.budget_year, settings.interval))
        for need in all_needs
    ]
    bounds = allowances(section, projected, findings, mode, amount)
    links = [_links(section, one, projected) for one in bounds]
    served = sorted({cell for shares in links for cell, _ in shares})
    position = {cell: at for at, cell in enumerate(served)}
    pieces = [_pieces(section, one) for one in bounds]
    needs = tuple(projected[cell][0] for cell in served)
    later = tuple(projected[cell][1] for cell in served)
    growth = [one.need / need.need for need, one in zip(needs, later, strict=True)]
    problem = Problem(
        options=tuple(one.option.code for one in bounds),
        lower=np.array([one.lower for one in bounds], np.int64),
        upper=np.array([one.upper for one in bounds], np.int64),
        current=np.array([one.option.current for one in bounds], np.int64),
        whole=np.array([one.option.whole for one in bounds], bool),
        weights=np.array([_weight(section, one) for one in bounds]),
        piece_options=np.array([at for at, some in enumerate(pieces) for _ in some], np.int64),
        piece_widths=np.array([width for some in pieces for width, _ in some], np.float64),
        piece_units=np.array([units for some in pieces for _, units in some], np.float64),
        cells=tuple((need.node, need.place) for need in needs),
        need=np.array([one.need for one in later], np.float64),
        delivered=np.array([need.delivered for need in needs], np.float64),
        people=np.array([need.people * more for need, more in zip(needs, growth, strict=True)], np.float64),
        link_options=np.array([at for at, shares in enumerate(links) for _ in shares], np.int64),
        link_cells=np.array([position[cell] for shares in links for cell, _ in shares], np.int64),
        link_shares=np.array([share for shares in links for _, share in shares], np.float64),
        at_lower=np.array([units_between(section, one, one.lower) for one in bounds], np.float64),
        limits=_limits(section, bounds, amount),
    )
    unserved = tuple(need for at, (need, _) in enumerate(projected) if at not in position)
    prices = np.array([unit_price(section, one.option)[0][1] for one in bounds], np.float64)
    return Built(problem, bounds, needs, later, unserved, prices)


def _links(
    section: BudgetSection, allowance: Allowance, projected: Sequence[tuple[Need, Projection]]
) -> list[tuple[int, float]]:
    """Give the cells that an option moves, with the units there for each of its own: shared out by need."""
    option = allowance.option
    if isnan(option.unit_cost):
        return []
    found: list[tuple[int, float]] = []
    for code, share in allowance.nodes:
        there = [
            at for at, (need, _) in enumerate(projected) if need.node == code and works_in(section, option, need.place)
        ]
        total = sum(projected[at][1].need for at in there)
        found += [(at, share * projected[at][1].need / total) for at in there]
    return found


def _pieces(section: BudgetSection, allowance: Allowance) -> list[tuple[float, float]]:
    """Give the money of an option above its least as widths, with the units that a won of each brings."""
    option, lower, upper = allowance.option, allowance.lower, allowance.upper
    if upper <= lower:
        return []
    if isnan(option.unit_cost):
        return [(float(upper - lower), 0.0)]
    steps = unit_price(section, option)
    ends = [allowance.anchor + start for start, _ in steps[1:]] + [upper]
    pieces, at = [], lower
    for (_, price), end in zip(steps, ends, strict=True):
        stop = min(end, upper)
        if stop > at:
            pieces.append((float(stop - at), 1 / price))
            at = stop
    return pieces


def units_between(section: BudgetSection, allowance: Allowance, money: int) -> float:
    """Give the units that an option brings with some money, against what is delivered now."""
    option = allowance.option
    if isnan(option.unit_cost):
        return 0.0
    steps = unit_price(section, option)
    above = money - allowance.anchor
    if above <= 0:
        return above / steps[0][1]
    units = 0.0
    for at, (start, price) in enumerate(steps):
        end = steps[at + 1][0] if at + 1 < len(steps) else above
        if above > start:
            units += (min(above, end) - start) / price
    return units


def _weight(section: BudgetSection, allowance: Allowance) -> float:
    """Give what a met need counts by who benefits: the mean weight of the people served."""
    groups, option = section.settings.groups, allowance.option
    named = sum(option.benefits.values())
    return sum(share * groups[group].weight for group, share in option.benefits.items()) + (1 - named)


def _limits(section: BudgetSection, bounds: Sequence[Allowance], amount: int) -> tuple[Limit, ...]:
    settings = section.settings
    everything = tuple(range(len(bounds)))
    ones = (Fraction(1),) * len(bounds)
    limits = [Limit("total", "", everything, ones, amount)]
    for code, bureau in settings.bureaus.items():
        members = tuple(at for at in everything if settings.programmes[bounds[at].option.programme].bureau == code)
        if members and (bureau.most is not None or bureau.least):
            limits.append(Limit("bureau", code, members, ones[: len(members)], bureau.most, bureau.least or None))
    for fund, most in settings.fund_limits.items():
        weights = {}
        for at in everything:
            funding = settings.programmes[bounds[at].option.programme].funding
            if fund in funding:
                weights[at] = Fraction(funding[fund], funding[settings.own_fund])
        if weights:
            limits.append(Limit("fund", fund, tuple(weights), tuple(weights.values()), most))
    if settings.running_limit is not None:
        running = {
            at: Fraction(one.option.running_cost, one.option.ceiling)
            for at, one in enumerate(bounds)
            if one.option.running_cost and one.option.ceiling and not one.option.current  # what runs now is no new cost
        }
        if running:
            limits.append(Limit("running", "", tuple(running), tuple(running.values()), settings.running_limit))
    return tuple(limits)
