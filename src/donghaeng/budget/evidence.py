"""What is not known well enough to divide money by it: a plan for a real body is not made from assumptions."""

from __future__ import annotations

from dataclasses import dataclass

from donghaeng.budget.options import Option
from donghaeng.budget.section import NEEDS_FILE, OPTIONS_FILE, BudgetSection
from donghaeng.sources import Kind
from donghaeng.wording import Text

#: Kinds of value that a plan for a real body may rest on.
ENOUGH = frozenset({Kind.PUBLISHED, Kind.DERIVED, Kind.SECOND_HAND})


@dataclass(frozen=True)
class Missing:
    """Evidence that has to be collected before a plan is made.

    Attributes:
        what: code of the option or indicator, or the file that is not there.
        where: the file it belongs into.
        words: what to collect, by language.
    """

    what: str
    where: str
    words: Text


#: What a pack without the section has to collect, in the order of the work.
WITHOUT_A_SECTION: tuple[Missing, ...] = (
    Missing(
        "needs",
        NEEDS_FILE,
        {
            "ko": "지표별·연도별 수요와 실적(가능하면 자치구별), 단위와 출처",
            "en": "need and deliveries by indicator and year (by district where possible), with unit and source",
        },
    ),
    Missing(
        "budget_lines",
        "budget_lines.csv",
        {
            "ko": "사업별 요구·조정·편성·추경·집행·이월액과 재원(시비·국비·구비)",
            "en": "money requested, adjusted, voted, supplementary, executed and carried over by programme and fund",
        },
    ),
    Missing(
        "programme_links",
        "programme_links.csv",
        {
            "ko": "사업과 지표의 연결과 그 비중",
            "en": "which programme serves which indicator, in what shares",
        },
    ),
    Missing(
        "unit_cost",
        OPTIONS_FILE,
        {
            "ko": "한 단위를 더 제공하는 데 드는 비용(한계 단가, 없으면 평균 단가)과 그 근거, 수용 능력, 하한과 상한",
            "en": "the cost of one more unit (marginal, else average) with its source, capacity, floor and ceiling",
        },
    ),
)


def kinds_behind(section: BudgetSection, option: Option) -> set[Kind]:
    """Give the kinds of the values that a unit cost stands on: its row, and what an average was computed from."""
    kinds = {option.kind}
    if option.is_computed:
        when = section.settings.evidence_year
        kinds |= {
            line.kind
            for line in section.lines.rows
            if (line.programme, line.year, line.phase) == (option.programme, when, "executed")
        }
        kinds |= {link.kind for link in section.links.of_programme(option.programme) if link.node == option.node}
        kinds |= {need.kind for need in section.needs.cells(when, section.above) if need.node == option.node}
    return kinds


def _cost_of_mending(option: Option) -> Text:
    return {
        "ko": f"{option.names['ko'] or option.code}: 결함을 고치는 비용의 근거와 출처. 지금은 가정 또는 추정",
        "en": f"{option.names['en'] or option.code}: what mending the fault costs, with its source; the present "
        "amount is assumed or inferred",
    }


def missing_evidence(section: BudgetSection) -> tuple[Missing, ...]:
    """Give what a plan for a real body lacks: measured unit costs, and needs that somebody stated.

    An invented body needs none: everything about it is simulated.
    """
    if section.is_invented:
        return ()
    found = []
    for option in section.options:
        if option.type == "mend" and option.unit_cost != option.unit_cost:
            if option.kind not in ENOUGH:  # the plan pays for it in full before anything else
                found.append(Missing(option.code, OPTIONS_FILE, _cost_of_mending(option)))
            continue
        if option.cost_basis == "assumed" or not ENOUGH.issuperset(kinds_behind(section, option)):
            words: Text = {
                "ko": f"{option.names['ko'] or option.code}: 실측 단가(한계 또는 평균)와 출처. 지금은 가정 또는 추정",
                "en": f"{option.names['en'] or option.code}: a measured unit cost (marginal or average) with its "
                "source; the present one is assumed or inferred",
            }
            found.append(Missing(option.code, OPTIONS_FILE, words))
    for need in section.needs.cells(section.settings.evidence_year, section.above):
        if need.kind not in ENOUGH:
            words = {
                "ko": f"{need.node}({need.place}): {need.year}년 수요와 실적의 출처. 지금 값은 확인되지 않음",
                "en": f"{need.node} in {need.place}: need and deliveries of {need.year} with a source; the present "
                "ones are not confirmed",
            }
            found.append(Missing(f"{need.node}@{need.place}", NEEDS_FILE, words))
    return tuple(found)
