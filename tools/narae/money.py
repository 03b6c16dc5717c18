"""The books of the invented city: programmes, budget lines, needs, options and a log of decisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tools.narae.chance import between
from tools.narae.plan import EVERYWHERE
from tools.narae.shapes import ABOVE, WEIGHT
from tools.narae.words import BY_CODE, CITY, DISTRICT_CODES, PERIODS, SOURCE
from tools.narae.world import plants_of, world

EVIDENCE, VOTED = "2025", "2026"
Cells = tuple[str, ...]
MADE = ("simulated", SOURCE)

#: Code, name in Korean and in English of bureaus.
BUREAUS = (
    ("welfare", "복지실(가상)", "Welfare bureau (invented)"),
    ("family", "가족실(가상)", "Family bureau (invented)"),
    ("housing", "주택실(가상)", "Housing bureau (invented)"),
    ("health", "건강실(가상)", "Health bureau (invented)"),
    ("learning", "배움실(가상)", "Learning bureau (invented)"),
    ("safety", "안전실(가상)", "Safety bureau (invented)"),
)


@dataclass(frozen=True)
class Programme:
    """One programme.

    Attributes:
        code: its code.
        bureau: who runs it.
        ko: name in Korean.
        en: name in English.
        nodes: indicators that its money and output serve.
        funding: parts of its money from the city, the state and the districts.
    """

    code: str
    bureau: str
    ko: str
    en: str
    nodes: tuple[str, ...]
    funding: tuple[int, int, int]


PROGRAMMES = (
    Programme(
        "hardship-aid", "welfare", "긴급 생계", "Help in hardship", ("urgent-aid", "meals", "debt-advice"), (30, 50, 20)
    ),
    Programme("jobs", "welfare", "일자리와 가게", "Jobs and shops", ("supported-jobs", "small-shops"), (40, 40, 20)),
    Programme("home-care", "welfare", "방문 돌봄", "Care at home", ("home-care", "carer-rest"), (30, 50, 20)),
    Programme("check-in", "welfare", "안부 확인", "Check-in", ("check-in",), (70, 0, 30)),
    Programme("nursery", "family", "공공 어린이집", "Public nurseries", ("nursery",), (30, 50, 20)),
    Programme("repair", "housing", "집수리와 상담", "Repairs and advice", ("repair", "home-advice"), (60, 20, 20)),
    Programme(
        "visiting-health", "health", "찾아가는 건강", "Visiting health", ("nurse-visit", "chronic-care"), (40, 40, 20)
    ),
    Programme("mind", "health", "마음건강", "Mental health", ("counselling", "dementia-care"), (40, 40, 20)),
    Programme(
        "lessons", "learning", "배움", "Lessons", ("catch-up", "korean-lessons", "digital-lessons"), (60, 20, 20)
    ),
    Programme("street", "safety", "안전한 동네", "A safe street", ("home-safety", "lonely-check"), (70, 0, 30)),
)
FUNDS = ("city", "national", "district")
#: What a nursery place costs a year, in won; it has no money among its factors.
PLACE_COST = 295_000
#: Services that another programme gives on the same visit: programme, indicator and share.
JOINT = (("check-in", "lonely-check", "0.2"),)
#: Indicators whose need is told by district.
BY_DISTRICT = ("home-care", "repair", "counselling", "nursery")


def split(amount: int, parts: tuple[int, int, int]) -> tuple[int, ...]:
    """Divide an amount by parts, to the won, by largest remainder."""
    whole = sum(parts)
    shares = [amount * part // whole for part in parts]
    rest = sorted(range(len(parts)), key=lambda at: (-(amount * parts[at] % whole), at))
    for at in rest[: amount - sum(shares)]:
        shares[at] += 1
    return tuple(shares)


def _sum(node: str, name: str, period: str) -> float:
    return sum(world().series[node, name, place, period] for place in DISTRICT_CODES)


def voted(node: str, period: str) -> int:
    """Give what was voted for an indicator, in won, from all funds."""
    if period == VOTED:
        return round(voted(node, EVIDENCE) * 1.02 / 10_000) * 10_000
    if BY_CODE[node].shape == "places":
        return round(_sum(node, "funded", period)) * PLACE_COST
    return round(_sum(node, "budget", period)) * 1000


def executed(node: str, period: str) -> int:
    """Give what was spent for an indicator, in won, from all funds."""
    if BY_CODE[node].shape == "places":
        return round(_sum(node, "open", period)) * PLACE_COST
    return round(_sum(node, "spent", period)) * 1000


def line_rows() -> Iterator[Cells]:
    """Give the rows of ``budget_lines.csv``: year, programme, phase, fund, purpose, amount, kind, source, note."""
    for programme in PROGRAMMES:
        for year in (*PERIODS[1:], VOTED):
            final = sum(voted(node, year) for node in programme.nodes)
            more = round(final * 0.04 / 10_000) * 10_000 if (programme.code, year) in {("hardship-aid", "2024")} else 0
            asked = round((final - more) * between(1.04, 1.12, "asked", programme.code, year) / 1_000_000) * 1_000_000
            phases = {"requested": asked, "adjusted": final - more - asked, "voted": final - more}
            if more:
                phases["supplementary"] = more
            if year != VOTED:
                spent = sum(executed(node, year) for node in programme.nodes)
                phases["executed"] = spent
                phases["carried_over"] = (final - spent) // 4
            for phase, amount in phases.items():
                parts = split(abs(amount), programme.funding)
                for fund, part in zip(FUNDS, parts, strict=True):
                    if part:
                        signed = str(part if amount >= 0 else -part)
                        yield (year, programme.code, phase, fund, "current", signed, *MADE, "")


def shares(programme: Programme) -> dict[str, str]:
    """Give the share of each indicator in the money of a programme, in thousandths, rounded down."""
    total = sum(voted(node, VOTED) for node in programme.nodes)
    return {node: f"{voted(node, VOTED) * 1000 // total / 1000:.3f}" for node in programme.nodes}


def link_rows() -> Iterator[Cells]:
    """Give the rows of ``programme_links.csv``: programme, node, share, joint, kind, source, note."""
    for programme in PROGRAMMES:
        for node, share in shares(programme).items():
            yield (programme.code, node, share, "no", *MADE, "")
    for code, node, share in JOINT:
        yield (code, node, share, "yes", *MADE, "같은 방문으로 함께 확인(가상) / on the same visit (invented)")


def _measured_now(node: str, period: str) -> float | None:
    """Give the factor that brings need of a period to the newest measure; None where no year has both measures."""
    factor = 1.0
    for plant in plants_of().get(node, ()):
        if plant.place == EVERYWHERE and plant.series in {"need", "eligible"} and period < plant.start:
            if plant.kind == "unlinked":
                return None
            factor /= next(iter(plant.moves.values()))[plant.start]
    return factor


def need_rows() -> Iterator[Cells]:
    """Give the rows of ``needs.csv``, as its columns stand in `write`."""
    for node in (node for programme in PROGRAMMES for node in programme.nodes):
        shape = BY_CODE[node].shape
        for place in DISTRICT_CODES if node in BY_DISTRICT else (CITY,):
            of = (place,) if place != CITY else DISTRICT_CODES
            for period in PERIODS:
                factor = _measured_now(node, period)
                if factor is None:
                    continue
                need = factor * sum(world().series[node, WEIGHT[shape], code, period] for code in of)
                served = sum(world().series[node, ABOVE[shape], code, period] for code in of)
                error = str(round(need * 0.015 / len(of) ** 0.5))
                note = "새 기준으로 고쳐 셈(가상) / by the new measure (invented)" if factor != 1.0 else ""
                yield (node, place, period, str(round(need)), str(round(served)), "persons", "", error, *MADE, note)


#: Basis, grade and error of the unit cost of each indicator, how far its money may grow, and for whom it is.
_KNOWN = {
    "urgent-aid": ("marginal", "B", "0.08", 1.06, "poor:0.8;older:0.1"),
    "meals": ("average", "B", "0.10", 1.30, "poor:0.6;older:0.4"),
    "debt-advice": ("average", "C", "", 1.25, "poor:0.5"),
    "supported-jobs": ("marginal", "B", "0.09", 1.35, "disabled:1"),
    "small-shops": ("average", "C", "", 1.20, "poor:0.2"),
    "home-care": ("marginal", "A", "0.05", 1.40, "older:0.8;disabled:0.2"),
    "carer-rest": ("average", "C", "", 1.40, "older:0.3"),
    "check-in": ("average", "A", "0.04", 1.10, "older:1"),
    "nursery": ("average", "B", "0.08", 1.15, "children:1"),
    "repair": ("marginal", "B", "0.10", 1.30, "poor:0.7;older:0.3"),
    "home-advice": ("average", "C", "", 1.30, "poor:0.6"),
    "nurse-visit": ("marginal", "B", "0.07", 1.30, "older:0.7"),
    "chronic-care": ("average", "B", "0.08", 1.15, "older:0.6"),
    "counselling": ("marginal", "B", "0.09", 1.50, ""),
    "dementia-care": ("average", "A", "0.05", 1.20, "older:1"),
    "catch-up": ("average", "B", "0.08", 1.20, "children:1"),
    "korean-lessons": ("average", "C", "", 1.30, "children:1"),
    "digital-lessons": ("average", "C", "", 1.30, "older:1"),
    "home-safety": ("average", "B", "0.08", 1.25, "poor:0.4;older:0.4"),
    "lonely-check": ("average", "B", "0.07", 1.25, "poor:0.5;older:0.3"),
}
_MANDATORY = ("urgent-aid", "dementia-care", "check-in")
_MENDS = (
    ("repair-prices", "repair", "집수리 단가 정비", "Mend the prices of repairs", 420_000_000),
    ("nursery-outreach", "nursery", "어린이집 찾아가는 안내", "Outreach for nurseries", 350_000_000),
)
_PROJECTS = (
    (
        "rest-house-saegil",
        "carer-rest",
        "saegil",
        "새길구 쉼의 집(가상)",
        "Rest house in Saegil (invented)",
        250_000_000,
        60_000_000,
    ),
    (
        "nursery-haram",
        "nursery",
        "haram",
        "하람구 어린이집(가상)",
        "Nursery in Haram (invented)",
        1_200_000_000,
        380_000_000,
    ),
    (
        "talk-rooms-yeoul",
        "counselling",
        "yeoul",
        "여울구 상담실(가상)",
        "Talk rooms in Yeoul (invented)",
        300_000_000,
        90_000_000,
    ),
)


def own(programme: Programme, amount: int) -> int:
    """Give the part of an amount that is the city's own money."""
    return split(amount, programme.funding)[0]


def _unit_cost(node: str) -> int:
    shape = BY_CODE[node].shape
    mean = executed(node, EVIDENCE) / _sum(node, ABOVE[shape], EVIDENCE)
    factor = between(0.96, 1.12, "marginal", node) if _KNOWN[node][0] == "marginal" else 1.0
    return round(mean * factor / 100) * 100


def option_rows() -> Iterator[Cells]:
    """Give the rows of ``options.csv``, in the order of `OPTION_COLUMNS`."""
    for programme in PROGRAMMES:
        for node in programme.nodes:
            basis, grade, error, most, benefits = _KNOWN[node]
            current = own(programme, voted(node, VOTED)) // 10_000 * 10_000
            mandatory = "yes" if node in _MANDATORY else "no"
            committed = round(current * between(0.35, 0.6, "committed", node) / 1_000_000) * 1_000_000
            floor = round(current * 0.7 / 1_000_000) * 1_000_000
            ceiling = round(current * most / 1_000_000) * 1_000_000
            # What could be spent in a year is stated, save where what was spent last says it better.
            able = f"{round(current * between(1.08, 1.25, 'able', node) / 1_000_000) * 1_000_000}"
            absorption = "" if node == "home-care" else able
            cost = _unit_cost(node)
            steps = ""
            if node in {"counselling", "catch-up", "meals"}:
                # One more is dearer the more there are: the first third at this cost, then a quarter more.
                first = round(current * (most - 1) / 3 / 1_000_000) * 1_000_000
                steps = f"{first}:{cost};{3 * first}:{round(cost * 1.25 / 100) * 100}"
            name = BY_CODE[node]
            yield (
                *(f"{node}-more", programme.code, node, "", "expand"),
                *(
                    f"{name.ko} 늘리기(가상)",
                    f"Expand: {name.en} (invented)",
                    "persons",
                    str(cost),
                    basis,
                    error,
                    steps,
                ),
                *(
                    str(current),
                    str(floor),
                    str(ceiling),
                    absorption,
                    "",
                    str(committed),
                    mandatory,
                    "no",
                    "",
                    benefits,
                    grade,
                ),
                *(*MADE, ""),
            )
    by_node = {node: programme for programme in PROGRAMMES for node in programme.nodes}
    for code, node, ko, en, amount in _MENDS:
        yield (
            *(
                code,
                by_node[node].code,
                node,
                "",
                "mend",
                f"{ko}(가상)",
                f"{en} (invented)",
                "persons",
                "",
                "average",
                "",
            ),
            *("", "0", "0", str(amount), "", "", "0", "no", "no", "", "", "C", *MADE, ""),
        )
    for code, node, place, ko, en, amount, running in _PROJECTS:
        cost = round(_unit_cost(node) * 1.15 / 100) * 100
        yield (
            *(code, by_node[node].code, node, place, "project", ko, en, "persons", str(cost), "average", "0.12", ""),
            *("0", "0", str(amount), "", "", "0", "no", "yes", str(running), _KNOWN[node][4], "C", *MADE, ""),
        )


OPTION_COLUMNS = (
    *("option", "programme", "node", "place", "type", "name_ko", "name_en", "unit", "unit_cost", "cost_basis"),
    *("unit_cost_error", "steps", "current", "floor", "ceiling", "absorption", "capacity", "committed", "mandatory"),
    *("whole", "running_cost", "benefits", "grade", "kind", "source", "note"),
)
DECISION_COLUMNS = (
    *("id", "budget_year", "option", "advised", "decided", "outcome", "reason_ko", "reason_en", "role_ko", "role_en"),
    *("decided_on", "node", "place", "expected", "actual", "kind", "source", "note"),
)


#: Indicator, advised change of its money for the evidence year, what came of the advice, and the reason given.
_TOLD = (
    ("check-in", None, "followed", "필요가 확인됨(가상).", "The need was plain (invented)."),
    (
        "home-care",
        0.06,
        "partly",
        "인력을 다 구하지 못할 것으로 봄(가상).",
        "Staff was thought hard to find (invented).",
    ),
    ("digital-lessons", 0.0, "not_followed", "다른 사업에 먼저 씀(가상).", "Other programmes came first (invented)."),
    ("repair", -0.03, "not_followed", "신청이 많다는 요청이 있었음(가상).", "Many had applied (invented)."),
)


def decision_rows() -> Iterator[Cells]:
    """Give the log of decisions on the budget of the evidence year; what was decided is what was voted."""
    programmes = {node: programme for programme in PROGRAMMES for node in programme.nodes}
    for number, (node, advised, outcome, ko, en) in enumerate(_TOLD, 1):
        before, decided = (own(programmes[node], voted(node, year)) for year in ("2024", EVIDENCE))
        asked = decided if advised is None else round(before * (1.0 + advised) / 1_000_000) * 1_000_000
        served = _sum(node, "standard", "2024")
        yield (
            *(f"2025-{number}", EVIDENCE, f"{node}-more", str(asked), str(decided)),
            *(outcome, ko, en, "예산 담당(가상)", "Budget officer (invented)", "2024-11-15", node, CITY),
            *(str(round(served * decided / before)), str(round(_sum(node, "standard", EVIDENCE))), *MADE, ""),
        )
