"""What binds a plan and what one more won would do, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from donghaeng.budget.amounts import in_words, step
from donghaeng.budget.plan import Plan
from donghaeng.panel import Floats
from donghaeng.wording import Language, Text

#: What the least money of an option is called.
LOWER: dict[str, Text] = {
    "floor": {"ko": "하한", "en": "its floor"},
    "committed": {"ko": "법정·계약 의무액", "en": "money bound by law or contract"},
    "mandatory": {"ko": "의무 지출(현액 유지)", "en": "mandatory: never below the current amount"},
    "current": {"ko": "추경에서는 기정액 유지", "en": "a supplementary budget keeps current amounts"},
    "mend": {"ko": "결함을 먼저 고치는 비용", "en": "the cost of mending a fault comes first"},
    "nothing": {"ko": "없음", "en": "none"},
}
#: What the most money of an option is called.
UPPER: dict[str, Text] = {
    "ceiling": {"ko": "상한", "en": "its ceiling"},
    "absorption": {"ko": "집행할 수 있는 한도", "en": "what can be absorbed"},
    "capacity": {"ko": "공급 능력", "en": "what can be delivered"},
    "executed": {"ko": "집행 부진: 실제 집행액까지", "en": "poor execution: no more than was executed"},
    "fault": {"ko": "결함을 고치기 전에는 늘리지 않음", "en": "no growth until its fault is mended"},
    "demand": {"ko": "수요 증가로 올린 상한", "en": "a ceiling raised because need grew"},
    "cut": {"ko": "감액 편성에서는 늘리지 않음", "en": "nothing grows in a cut"},
    "year_left": {"ko": "남은 기간에 집행할 수 있는 한도", "en": "what the rest of the year can absorb"},
    "too_dear": {"ko": "전액을 담을 수 없음(전부 아니면 전무)", "en": "all or nothing, and the whole does not fit"},
    "total": {"ko": "총액", "en": "the total"},
}
OBJECTIVE: dict[str, Text] = {
    "least_unmet_need": {
        "ko": "1인당 미충족 수요를 가장 심한 곳부터 줄임",
        "en": "least unmet need per person, worst-off first",
    },
    "lift_below_base": {
        "ko": "기준(100) 아래 지표부터 끌어올림",
        "en": "lift what is below the base first",
    },
    "smallest_worst_loss": {
        "ko": "가장 많이 잃는 지역의 손실을 가장 작게",
        "en": "smallest loss for the place that loses most",
    },
    "equity_weights": {
        "ko": "대상 집단의 가중치를 곱한 수혜 인원을 가장 많게",
        "en": "most people served, weighted by group",
    },
    "index": {"ko": "지수를 가장 높게", "en": "the highest index"},
}
PLANS: dict[str, Text] = {
    "plan": {"ko": "이 계획", "en": "this plan"},
    "status_quo": {"ko": "현행 유지", "en": "status quo"},
    "proportional_to_need": {"ko": "수요에 비례", "en": "proportional to need"},
    "expand_what_fell": {"ko": "떨어진 곳 증액", "en": "expand whatever fell"},
}
MEASURE: dict[str, Text] = {
    "people_unmet": {"ko": "미충족 인원(명)", "en": "people whose need is unmet"},
    "worst_unmet": {"ko": "가장 심한 곳의 미충족 비율", "en": "unmet share of the worst-off"},
    "index_points": {"ko": "해당 지표의 지수 점수", "en": "index points of the indicators moved"},
}


def bound_words(row: Mapping[str, Any], language: Language) -> str:
    """Say what binds a row of `document.plan_rows`; empty for an amount between its limits."""
    if row["at"] == "between":
        return ""
    lower, upper = LOWER[row["lower_because"]][language], UPPER[row["upper_because"]][language]
    if row["at"] == "fixed":
        return lower if row["lower_because"] == "mend" or not row["upper"] < row["current"] else upper
    return lower if row["at"] == "lower" else upper


@dataclass(frozen=True)
class Price:
    """A limit that binds, and what one more step of money there would bring.

    Attributes:
        limit: ``total``, ``bureau``, ``fund``, ``running``, ``most`` or ``least`` (of an option).
        code: code of the bureau, fund or option; empty for the total.
        because: why the option has that limit; empty for the others.
        step: money that the price is for.
        gain: what the objective gains with that much more (for ``least``: less) room; the total stays as it is for
            limits other than the total.
        unit: ``share`` (of the need of the worst-off), ``people``, ``weighted_people`` or ``points``.
        words: the same as a sentence, by language.
    """

    limit: str
    code: str
    because: str
    step: int
    gain: float
    unit: str
    words: Text


def prices(plan: Plan) -> tuple[Price, ...]:
    """Give the limits that bind, with their prices: the total first, then the dearest.

    Prices hold for small changes. Under an objective that raises the worst-off first they are those of the first
    step in which the limit counted; where projects are all or nothing they hold for the projects as chosen. A plan
    for the worst of the draws has none: what binds it differs from draw to draw.
    """
    if plan.request.robust:
        return ()
    unit = _unit(plan)
    found = []
    for limit, side, gain in _limit_gains(plan):
        one = plan.built.problem.limits[limit]
        words = _limit_words(plan, limit, side, gain, unit)
        found.append(Price(one.kind, one.code, "least" if side < 0 else "", step(_currency(plan)), gain, unit, words))
    for option, kind, gain in _option_gains(plan):
        allowance = plan.built.allowances[option]
        because = allowance.upper_because if kind == "most" else allowance.lower_because
        words = _option_words(plan, option, kind, because, gain, unit)
        found.append(Price(kind, allowance.option.code, because, step(_currency(plan)), gain, unit, words))
    found.sort(key=lambda one: (one.limit != "total", -one.gain, one.code))
    return tuple(found)


def _currency(plan: Plan) -> str:
    return plan.section.settings.currency


def _unit(plan: Plan) -> str:
    return {
        "least_unmet_need": "share",
        "equity_weights": "weighted_people",
        "index": "points",
    }.get(plan.objective, "people")


def _scale(plan: Plan) -> float:
    """What the solver's objective is multiplied by to be in the unit of prices."""
    return float(plan.built.problem.people.sum()) if _unit(plan) in {"people", "weighted_people"} else 1.0


def _limit_gains(plan: Plan) -> list[tuple[int, int, float]]:
    size = step(_currency(plan))
    found = []
    for row, (limit, side) in enumerate(plan.answer.program.limit_rows):
        if plan.answer.levels is not None and plan.objective == "least_unmet_need":
            raised = [stage.solution.limit_prices[row] for stage in plan.answer.levels.stages]
            gain = next((float(price) for price in raised if price > _NOISE / size), 0.0)
        else:
            gain = float(plan.answer.last.limit_prices[row])
        gain *= _scale(plan) * size
        if gain > _NOISE:
            found.append((limit, side, gain))
    return found


#: A gain below this for a whole step of money is the solver's noise.
_NOISE = 1e-9


def _option_gains(plan: Plan) -> list[tuple[int, str, float]]:
    problem, size = plan.built.problem, step(_currency(plan))
    found = []
    for option in range(len(problem.options)):
        for kind, at in (("most", problem.upper), ("least", problem.lower)):
            if plan.amounts[option] != at[option] or problem.whole[option]:
                continue
            name = "most_prices" if kind == "most" else "least_prices"
            if plan.answer.levels is not None and plan.objective == "least_unmet_need":
                raised = [getattr(stage.solution, name)[option] for stage in plan.answer.levels.stages]
                gain = next((float(price) for price in raised if price > _NOISE / size), 0.0)
            else:
                gain = float(getattr(plan.answer.last, name)[option])
            gain *= _scale(plan) * size
            if gain > _NOISE:
                found.append((option, kind, gain))
    return found


def _gain_words(gain: float, unit: str) -> Text:
    if unit == "share":
        return {
            "ko": f"돈으로 도울 수 있는 곳 가운데 가장 어려운 곳의 수요 충족률이 {gain * 100:.3g}%p 높아집니다",
            "en": f"raises the covered share of the worst-off that money can reach by {gain * 100:.3g} "
            "percentage points",
        }
    if unit == "points":
        return {"ko": f"지수가 {gain:.3g}점 높아집니다", "en": f"raises the index by {gain:.3g} points"}
    weighted = unit == "weighted_people"
    return {
        "ko": f"{'가중 ' if weighted else ''}수혜 인원이 {_count(gain)}명 늘어납니다",
        "en": f"serves {_count(gain)} more {'weighted ' if weighted else ''}people",
    }


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _limit_words(plan: Plan, limit: int, side: int, gain: float, unit: str) -> Text:
    one, settings = plan.built.problem.limits[limit], plan.section.settings
    money = {language: in_words(step(settings.currency), settings.currency, language) for language in ("ko", "en")}
    does = _gain_words(gain, unit)
    if one.kind == "total":
        return {"ko": f"총액이 {money['ko']} 늘면 {does['ko']}.", "en": f"{money['en']} more in all {does['en']}."}
    if one.kind == "running":
        ko, en = "신규 사업의 운영비 한도", "the limit on running cost of new projects"
    else:
        named = settings.bureaus[one.code].name if one.kind == "bureau" else settings.funds[one.code]
        ko, en = named.get("ko", one.code), named.get("en", one.code)
    ends = ("최소액을", "lowering the least amount of") if side < 0 else ("한도를", "raising the limit of")
    verb = "낮추면" if side < 0 else "높이면"
    return {
        "ko": f"{ko} {ends[0]} {money['ko']} {verb} {does['ko']}.",
        "en": f"{ends[1].capitalize()} {en} by {money['en']} {does['en']}.",
    }


def _option_words(plan: Plan, option: int, kind: str, because: str, gain: float, unit: str) -> Text:
    settings = plan.section.settings
    names = plan.built.allowances[option].option.names
    money = {language: in_words(step(settings.currency), settings.currency, language) for language in ("ko", "en")}
    does = _gain_words(gain, unit)
    if unit == "share" and kind == "most":
        does = {
            "ko": f"여기서 돕는 가장 어려운 곳의 수요 충족률이 {gain * 100:.3g}%p 높아집니다",
            "en": f"raises the covered share of the worst-off it serves by {gain * 100:.3g} percentage points",
        }
    reason = (UPPER if kind == "most" else LOWER)[because]
    name = {language: names.get(language) or plan.built.problem.options[option] for language in ("ko", "en")}
    if kind == "most":
        return {
            "ko": f"{name['ko']}: 더 줄 수 없습니다({reason['ko']}). 다른 곳의 {money['ko']}을 여기로 옮기면 "
            f"{does['ko']}.",
            "en": f"{name['en']} can get no more ({reason['en']}). {money['en']} moved here from elsewhere "
            f"{does['en']}.",
        }
    return {
        "ko": f"{name['ko']}: 더 줄일 수 없습니다({reason['ko']}). 여기서 {money['ko']}을 옮기면 {does['ko']}.",
        "en": f"{name['en']} can get no less ({reason['en']}). {money['en']} moved from here to elsewhere "
        f"{does['en']}.",
    }


def headline(plan: Plan) -> Text:
    """Say in a sentence what the plan does with the money, against what is delivered now."""
    settings, problem = plan.section.settings, plan.built.problem
    now, then = plan.coverage_now, plan.coverage
    more = float((then - now) @ problem.people)
    spent = int(plan.amounts.sum())
    ko = f"{settings.budget_year}년 {in_words(spent, settings.currency, 'ko')}: 수혜 인원이 {_count(abs(more))}명 "
    en = f"{settings.budget_year}, {in_words(spent, settings.currency, 'en')}: {_count(abs(more))} "
    ko += "늘어납니다." if more >= 0 else "줄어듭니다."
    en += "more people are served." if more >= 0 else "fewer people are served."
    reachable = np.flatnonzero(plan.reachable)
    if len(reachable):
        before, after = (int(reachable[np.argmin(shares[reachable])]) for shares in (now, then))
        ko += (
            f" 돈으로 도울 수 있는 곳 가운데 가장 높은 미충족 비율은 {_unmet(now, before)}%"
            f"({_cell(plan, before, 'ko')})에서 {_unmet(then, after)}%({_cell(plan, after, 'ko')})로 바뀝니다."
        )
        en += (
            f" Where money can help, the largest unmet share goes from {_unmet(now, before)} % "
            f"({_cell(plan, before, 'en')}) to {_unmet(then, after)} % ({_cell(plan, after, 'en')})."
        )
    return {"ko": ko, "en": en}


def _unmet(coverage: Floats, cell: int) -> str:
    return f"{(1 - coverage[cell]) * 100:.1f}"


def _cell(plan: Plan, cell: int, language: Language) -> str:
    node, place = plan.built.problem.cells[cell]
    return f"{plan.node_name(node, language)}, {plan.place_name(place, language)}"


def timing(plan: Plan) -> Text:
    """Name the evidence year, the budget year and the day of submission."""
    one = plan.section.settings
    day = one.submission
    return {
        "ko": f"근거는 {one.evidence_year}년 실적, 요구는 {day.year}년 {day.month}월 {day.day}일까지, 편성은 "
        f"{one.budget_year}년 예산입니다. 수요는 {one.years_ahead}년 뒤로 내다본 값입니다.",
        "en": f"Results of {one.evidence_year}, handed in by {day.isoformat()}, for the budget of {one.budget_year}. "
        f"Need is projected {one.years_ahead} years ahead.",
    }
