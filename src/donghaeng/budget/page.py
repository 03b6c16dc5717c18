"""One page a programme: what fell, why, how sure, what is asked, what if it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from donghaeng.budget.amounts import in_words
from donghaeng.budget.document import kind_of, plan_rows
from donghaeng.budget.findings import Finding
from donghaeng.budget.plan import Plan
from donghaeng.budget.words import bound_words, timing
from donghaeng.errors import UsageError, listed, nearest
from donghaeng.wording import Language, Text

#: Falls that a page lists where none of them is of a whole.
MOST_FALLS = 8
#: Years of money that fit on a page.
MOST_YEARS = 3


@dataclass(frozen=True)
class ProgrammePage:
    """What a page of a programme shows. Money is own money unless it says otherwise.

    Attributes:
        programme: its code.
        names: its name by language.
        bureau: name of the bureau by language.
        money: executed, voted and requested money by year and phase, all funds.
        fell: the findings of the evidence year for the indicators that it serves.
        wholes: places that are part of no other.
        node_names: name of each indicator by language.
        asked: rows of the plan for its options.
        current: money of its options now.
        amount: money of its options in the plan.
        matched: what other funds would add, by fund.
        fund_names: name of each of these funds by language.
        refused: units and persons that would not be served, by cell, if it got no more than now; for a programme that
            the plan cuts, what keeping its money would take from others.
        people_lost: persons in all that would not be served.
        decisions: earlier advice for its options and what came of it.
        timing: evidence year, submission and budget year.
        kind: how firm all of it is.
    """

    programme: str
    names: Text
    bureau: Text
    money: tuple[Mapping[str, Any], ...]
    fell: tuple[Finding, ...]
    wholes: frozenset[str]
    node_names: Mapping[str, Text]
    asked: tuple[Mapping[str, Any], ...]
    current: int
    amount: int
    matched: Mapping[str, int]
    fund_names: Mapping[str, Text]
    refused: tuple[Mapping[str, Any], ...]
    people_lost: float
    decisions: tuple[Mapping[str, Any], ...]
    timing: Text
    kind: str


def programme_page(plan: Plan, programme: str) -> ProgrammePage:
    """Give the page of a programme.

    Raises:
        UsageError: the budget has no such programme.
    """
    settings = plan.section.settings
    if programme not in settings.programmes:
        hint = nearest(programme, settings.programmes)
        expected = f"one of {listed(settings.programmes)}"
        raise UsageError(f'no programme "{programme}"; expected {expected}{"; " + hint if hint else ""}')
    own = [at for at, one in enumerate(plan.built.allowances) if one.option.programme == programme]
    nodes = {link.node for link in plan.section.links.of_programme(programme)}
    rows = [row for row in plan_rows(plan) if row["programme"] == programme]
    refused, lost = _refused(plan, own)
    matched: dict[str, int] = {}
    for row in rows:
        for fund, money in row["matched"].items():
            matched[fund] = matched.get(fund, 0) + money
    known = {plan.built.allowances[at].option.code for at in own}
    lines = plan.section.lines
    money = [
        {"year": year, "phase": phase, "amount": total}
        for year in lines.years()
        for phase in ("requested", "adjusted", "voted", "supplementary", "executed", "carried_over")
        if (total := lines.total(programme, year, phase)) is not None
    ]
    return ProgrammePage(
        programme,
        settings.programmes[programme].name,
        settings.bureaus[settings.programmes[programme].bureau].name,
        tuple(money),
        tuple(one for one in plan.findings if one.node in nodes),
        frozenset(one.place for one in plan.findings if one.place not in plan.section.above),
        {node: plan.node_names.get(node, {}) for node in sorted(nodes)},
        tuple(rows),
        sum(row["current"] for row in rows),
        sum(row["amount"] for row in rows),
        matched,
        {fund: settings.funds[fund] for fund in matched},
        refused,
        lost,
        tuple(
            {
                "budget_year": one.budget_year,
                "option": one.option,
                "advised": one.advised,
                "decided": one.decided,
                "outcome": one.outcome,
                "reason_ko": one.reasons[0],
                "reason_en": one.reasons[1],
                "expected": one.expected if one.expected == one.expected else None,
                "actual": one.actual if one.actual == one.actual else None,
            }
            for one in plan.section.decisions
            if one.option in known
        ),
        timing(plan),
        kind_of(plan).word,
    )


def _refused(plan: Plan, own: list[int]) -> tuple[tuple[Mapping[str, Any], ...], float]:
    """Give what is not met, by cell, when the options of a programme get no more than now."""
    problem = plan.built.problem
    without = plan.amounts.copy()
    kept = np.clip(problem.current[own], problem.lower[own], problem.upper[own])
    without[own] = np.minimum(without[own], kept)
    lost = plan.coverage - problem.coverage(without.astype(np.float64))
    rows = tuple(
        {
            "node": problem.cells[at][0],
            "place": problem.cells[at][1],
            "unit": plan.built.needs[at].unit,
            "units": float(lost[at] * problem.need[at]),
            "people": float(lost[at] * problem.people[at]),
        }
        for at in np.flatnonzero(lost > 1e-9)
    )
    return rows, float(lost @ problem.people)


def page_document(page: ProgrammePage) -> dict[str, Any]:
    """Give a page as plain values."""
    fell = [
        {
            "place": one.place,
            "node": one.node,
            "period": one.period,
            "comparison": one.comparison,
            "points": one.points,
            "cause": one.cause,
            "share": one.share,
            "stability": one.stability,
        }
        for one in page.fell
    ]
    return {**vars(page), "fell": fell, "wholes": sorted(page.wholes)}


def page_markdown(page: ProgrammePage, language: Language, currency: str) -> str:
    """Give a page as Markdown in one language, to be printed on one sheet."""
    words = _WORDS[language]

    def money(amount: float) -> str:
        return in_words(amount, currency, language)

    lines = [f"# {page.names.get(language, page.programme)} ({page.bureau.get(language, '')})", ""]
    lines += [page.timing[language], "", f"## {words['fell']}", ""]
    wholes = [one for one in page.fell if one.place in page.wholes]
    for one in wholes or page.fell[:MOST_FALLS]:
        sure = "" if one.stability is None else f", {words['sure']} {one.stability:.0%}"
        parts = sum(
            (other.node, other.comparison, other.cause) == (one.node, one.comparison, one.cause)
            for other in page.fell
            if other.place not in page.wholes
        )
        also = f"; {words['parts'].format(parts=parts)}" if parts and wholes else ""
        name = page.node_names.get(one.node, {}).get(language) or one.node
        lines.append(
            f"- {name} ({one.period}, {words[one.comparison]}): {one.points:+.1f}; "
            f"{words['cause']}: {words.get(one.cause, one.cause)}{sure}{also}"
        )
    lines += [words["nothing fell"]] if not page.fell else ["", words["bookkeeping"]]
    lines += ["", f"## {words['money']}", ""]
    for year in sorted({str(row["year"]) for row in page.money})[-MOST_YEARS:]:
        phases = [f"{words[str(row['phase'])]} {money(row['amount'])}" for row in page.money if row["year"] == year]
        lines.append(f"- {year}: {', '.join(phases)}")
    lines += ["", f"## {words['asked']}", ""]
    lines.append(f"{money(page.current)} → {money(page.amount)} ({money(page.amount - page.current)})")
    if page.matched:
        funds = [
            f"{page.fund_names[fund].get(language) or fund} {money(total)}" for fund, total in page.matched.items()
        ]
        lines.append(f"{words['matched']}: {', '.join(funds)}")
    lines.append("")
    for row in page.asked:
        reason = bound_words(row, language)
        because = f" ({words['bound']}: {reason})" if reason else ""
        lines.append(f"- {row[f'name_{language}'] or row['option']}: {money(row['amount'])}{because}")
    lines += ["", f"## {words['refused']}", ""]
    by_node: dict[str, float] = {}
    for cell in page.refused:
        by_node[cell["node"]] = by_node.get(cell["node"], 0.0) + cell["units"]
    for node, units in by_node.items():
        unit = next(cell["unit"] for cell in page.refused if cell["node"] == node)
        lines.append(f"- {page.node_names.get(node, {}).get(language) or node}: {units:,.0f} {unit}")
    lines.append(words["lost"].format(people=page.people_lost) if page.refused else words["nothing lost"])
    lines += [words["stays"]] * any(row["type"] == "mend" and row["amount"] for row in page.asked)
    if page.decisions:
        lines += ["", f"## {words['decisions']}", ""]
        for row in page.decisions:
            actual = "–" if row["actual"] is None else f"{row['actual']:,.0f}"
            expected = "–" if row["expected"] is None else f"{row['expected']:,.0f}"
            lines.append(
                f"- {row['budget_year']} {row['option']}: {money(row['advised'])} → "
                f"{'–' if row['decided'] is None else money(row['decided'])}. {row[f'reason_{language}']} "
                f"({words['expected']} {expected}, {words['actual']} {actual})"
            )
    return "\n".join(lines) + "\n"


_WORDS: dict[str, dict[str, str]] = {
    "ko": {
        "fell": "무엇이 왜 떨어졌나",
        "sure": "재계산에서 같은 답",
        "base": "기준 대비",
        "year": "전년 대비",
        "cause": "원인",
        "demand": "수요 증가",
        "funding": "예산",
        "execution": "집행",
        "productivity": "단가(생산성)",
        "quality": "품질",
        "take_up": "이용률",
        "measurement": "측정 방식",
        "mix": "구성 변화",
        "outside": "외부 여건",
        "undetermined": "판단 보류",
        "parts": "같은 판단을 받은 하위 지역 {parts}곳",
        "stays": "결함을 고치는 비용이 빠지면 떨어진 원인이 남고, 다음에도 늘릴 수 없습니다.",
        "nothing fell": "이 사업이 맡은 지표 가운데 떨어진 것으로 판단한 것이 없습니다.",
        "bookkeeping": "계산상의 분해이며 인과관계의 증명이 아닙니다.",
        "money": "지금까지의 예산(모든 재원)",
        "requested": "요구",
        "adjusted": "조정",
        "voted": "편성",
        "supplementary": "추경",
        "executed": "집행",
        "carried_over": "이월",
        "asked": "무엇을 요구하나(자체 재원)",
        "matched": "함께 들어오는 재원",
        "bound": "한도",
        "refused": "반영되지 않으면",
        "lost": "모두 {people:,.0f}명의 수요가 충족되지 않습니다.",
        "nothing lost": "현액을 유지해도 계획보다 줄어드는 수혜 인원이 없습니다.",
        "decisions": "지난 결정과 결과",
        "expected": "예상",
        "actual": "실제",
    },
    "en": {
        "fell": "What fell, and why",
        "sure": "same answer when recomputed",
        "base": "against the base",
        "year": "on the year before",
        "cause": "cause",
        "take_up": "take-up",
        "parts": "the same in {parts} of its parts",
        "stays": "Without the cost of mending, what made it fall stays, and it cannot grow next time either.",
        "nothing fell": "Nothing that this programme serves was found to have fallen.",
        "bookkeeping": "Bookkeeping, not proof of cause.",
        "money": "Money so far, all funds",
        "requested": "requested",
        "adjusted": "adjusted by",
        "voted": "voted",
        "supplementary": "supplementary",
        "executed": "executed",
        "carried_over": "carried over",
        "asked": "What is asked, own money",
        "matched": "Other funds that come with it",
        "bound": "bound by",
        "refused": "If it is refused",
        "lost": "In all the need of {people:,.0f} people would not be met.",
        "nothing lost": "With its current money nobody would be served less than under the plan.",
        "decisions": "Earlier decisions and what came of them",
        "expected": "expected",
        "actual": "actual",
    },
}
