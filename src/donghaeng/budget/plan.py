"""A plan: an allocation of money to the won, with what it rests on, what binds it and what stands next to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from donghaeng.budget.bounds import Mode, relative_errors
from donghaeng.budget.build import Built, build
from donghaeng.budget.conflicts import check_conflicts
from donghaeng.budget.draws import Compared, compare, draw, robust
from donghaeng.budget.evidence import Missing, missing_evidence
from donghaeng.budget.findings import FAULTS, Finding
from donghaeng.budget.objectives import Answer, Points, best, money_to_smallest_bases
from donghaeng.budget.points import points_of
from donghaeng.budget.rivals import fallen_nodes, rivals
from donghaeng.budget.section import BudgetSection
from donghaeng.budget.settings import OBJECTIVES, Objective
from donghaeng.budget.whole_won import whole_won
from donghaeng.errors import InputError, UsageError, listed, nearest
from donghaeng.index.scores import Scores
from donghaeng.panel import Floats, Mask, Rows
from donghaeng.wording import Language, Text


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        amount: own money to divide, in whole units of the currency; None for the current total.
        objective: what the plan is made for; None for that of the pack.
        cut: part of the current total that is to be saved; None for no cut.
        supplementary: own money of a supplementary budget, on top of the current total; None for none.
        robust: whether the plan is made for the worst of the parameter draws.
    """

    amount: int | None = None
    objective: Objective | None = None
    cut: Fraction | None = None
    supplementary: int | None = None
    robust: bool = False

    def mode(self) -> Mode:
        """Say which kind of budget it is.

        Raises:
            UsageError: it is two kinds at once.
        """
        given = [self.amount is not None, self.cut is not None, self.supplementary is not None]
        if sum(given) > 1:
            raise UsageError("an amount, a cut and a supplementary budget are three questions; ask one at a time")
        if self.cut is not None:
            return "cut"
        return "supplementary" if self.supplementary is not None else "amount"


@dataclass(frozen=True, eq=False)
class Plan:
    """An allocation of own money, in whole units of the currency.

    Attributes:
        section: the budget of the pack.
        request: what was asked for.
        mode: dividing an amount, a cut, or a supplementary budget.
        objective: what it was made for.
        amount: own money that could be divided.
        built: the problem in numbers, with the reasons of every limit.
        points: how index points follow.
        answer: the solution before rounding, with prices.
        amounts: money of each option.
        others: other ways to divide the same money, by name.
        comparison: all of them next to each other, over the parameter draws.
        findings: what was diagnosed for the evidence year.
        node_names: name of each indicator by language, where an index gives them.
        smallest_bases: under the objective ``index``: share of new money that goes to the indicators where a little
            coverage makes many points, and these indicators; None otherwise.
    """

    section: BudgetSection
    request: Request
    mode: Mode
    objective: Objective
    amount: int
    built: Built
    points: Points
    answer: Answer
    amounts: Rows
    others: Mapping[str, Rows]
    comparison: tuple[Compared, ...]
    findings: tuple[Finding, ...]
    node_names: Mapping[str, Text]
    smallest_bases: tuple[float, tuple[str, ...]] | None

    def __repr__(self) -> str:
        """Say in a line what it is."""
        return f"Plan({self.objective}, {int(self.amounts.sum()):,} of {self.amount:,} for {len(self.amounts)} options)"

    @property
    def coverage(self) -> Floats:
        """Covered share of the need of each cell in the budget year."""
        return self.built.problem.coverage(self.amounts.astype(np.float64))

    @property
    def coverage_now(self) -> Floats:
        """Covered share of the need of the budget year with what is delivered now."""
        return np.clip(self.built.problem.delivered / self.built.problem.need, 0.0, 1.0)

    @property
    def reachable(self) -> Mask:
        """Whether some option that serves a cell can get more than now."""
        problem = self.built.problem
        result = np.zeros(len(problem.cells), bool)
        movable = problem.upper > np.clip(problem.current, problem.lower, problem.upper)
        result[problem.link_cells[movable[problem.link_options]]] = True
        return result

    @property
    def unmended(self) -> tuple[str, ...]:
        """Indicators with a fault whose mending no option pays for: its cost has to be found out."""
        faulty = [finding.node for one in self.built.allowances for finding in one.findings if finding.cause in FAULTS]
        mended = {one.option.node for one in self.built.allowances if one.option.type == "mend"}
        return tuple(node for node in dict.fromkeys(faulty) if node not in mended)

    def node_name(self, code: str, language: Language) -> str:
        """Give the name of an indicator; its code where there is none."""
        return self.node_names.get(code, {}).get(language) or code

    def place_name(self, code: str, language: Language) -> str:
        """Give the name of a place; its code where there is none."""
        return self.section.place_names.get(code, {}).get(language) or code

    def matched(self, option: int) -> dict[str, Fraction]:
        """Give what each other fund adds to an option's own money; a part of a won is left to the funds' own rules."""
        settings = self.section.settings
        funding = settings.programmes[self.built.allowances[option].option.programme].funding
        own = int(self.amounts[option])
        return {
            fund: Fraction(own * parts, funding[settings.own_fund])
            for fund, parts in funding.items()
            if fund != settings.own_fund
        }


@dataclass(frozen=True)
class Refused:
    """Why there is no plan: the evidence that has to be collected first.

    Attributes:
        missing: what to collect.
    """

    missing: tuple[Missing, ...]


def make_plan(
    section: BudgetSection,
    request: Request,
    findings: Sequence[Finding] = (),
    scores: Scores | None = None,
) -> Plan | Refused:
    """Divide money.

    Args:
        section: the budget of a pack.
        request: what is asked for.
        findings: what was diagnosed; those of the evidence year bind the plan.
        scores: scores of the pack's index; None without one.

    Returns:
        The plan; for a real body without measured unit costs what has to be collected instead.

    Raises:
        UsageError: an objective that is none, or two questions at once.
        InputError: limits that contradict each other, each named.
    """
    mode = request.mode()
    objective = request.objective or section.settings.objective
    if objective not in OBJECTIVES:
        hint = nearest(objective, OBJECTIVES)
        raise UsageError(
            f'"{objective}" is no objective; expected one of {listed(OBJECTIVES)}{"; " + hint if hint else ""}'
        )
    if missing := missing_evidence(section):
        return Refused(missing)
    amount = amount_of(section, request)
    findings = tuple(one for one in findings if one.period == section.settings.evidence_year)
    built = build(section, findings, mode, amount)
    if not built.problem.cells:
        raise InputError(f"{section.label}: no option moves a need; add unit costs to options.csv")
    check_conflicts(section, built)
    points = points_of(section, built, scores)
    problem, settings = built.problem, section.settings
    answer = best(problem, objective, points)
    parameters = draw(built, relative_errors(section), settings.draws.number, settings.draws.seed)
    amounts = whole_won(problem, answer.amounts)
    if request.robust:
        amounts = robust(problem, points, parameters, objective == "index")
    others = rivals(built, fallen_nodes(findings, settings.evidence_year))
    compared = compare(problem, points, {"plan": amounts, **others}, parameters, settings.interval)
    return Plan(
        section,
        request,
        mode,
        objective,
        amount,
        built,
        points,
        answer,
        amounts,
        others,
        compared,
        findings,
        {} if scores is None else {node.code: dict(node.names) for node in scores.structure.nodes},
        money_to_smallest_bases(problem, points, amounts, _options_by_node(built)) if objective == "index" else None,
    )


def amount_of(section: BudgetSection, request: Request) -> int:
    """Give the own money that a request divides."""
    current = sum(option.current for option in section.options)
    if request.cut is not None:
        left = current * (1 - request.cut)
        return left.numerator // left.denominator
    if request.supplementary is not None:
        return current + request.supplementary
    return current if request.amount is None else request.amount


def _options_by_node(built: Built) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for at, one in enumerate(built.allowances):
        for node, _ in one.nodes:
            found.setdefault(node, []).append(at)
    return {node: tuple(options) for node, options in found.items()}
