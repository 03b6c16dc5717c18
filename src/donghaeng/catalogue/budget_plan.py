"""From a pack to a plan: its budget, what was diagnosed, and what is missing where there is no budget."""

from __future__ import annotations

from collections.abc import Sequence

from donghaeng.budget.evidence import WITHOUT_A_SECTION, Missing
from donghaeng.budget.plan import Plan, Refused, Request, make_plan
from donghaeng.budget.section import BudgetSection
from donghaeng.diagnosis.finding import Finding
from donghaeng.errors import UsageError
from donghaeng.index.scores import Scores
from donghaeng.wording import Text


def plan_of(
    pack_id: str,
    section: BudgetSection | None,
    is_invented: bool,
    request: Request,
    findings: Sequence[Finding],
    scores: Scores | None,
) -> Plan | Refused:
    """Divide the money of a pack.

    Args:
        pack_id: id of the pack, for messages.
        section: its budget; None where it says nothing.
        is_invented: whether it is about nobody real.
        request: what is asked for.
        findings: what was diagnosed.
        scores: the scores of its index; None without one.

    Returns:
        The plan, or what has to be collected first: for a real body without a budget section everything that a plan
        needs, and what the newest findings ask for.

    Raises:
        UsageError: an invented pack without a budget, or a request that is none.
        InputError: limits that contradict each other, each named.
    """
    if section is None:
        request.mode()
        if is_invented:
            raise UsageError(f"{pack_id} describes no budget; give a pack that has budget.yaml and options.csv")
        return Refused((*WITHOUT_A_SECTION, *wanted_by(findings)))
    return make_plan(section, request, findings, scores)


def wanted_by(findings: Sequence[Finding]) -> tuple[Missing, ...]:
    """Give what the findings of the newest period ask to collect, each series once."""
    newest = max((one.period for one in findings), default="")
    found: dict[tuple[str, str], Missing] = {}
    for one in findings:
        for item in one.collect if one.period == newest else ():
            words: Text = {
                "ko": f"{item.node}: {item.label.get('ko', item.series)}",
                "en": f"{item.node}: {item.label.get('en', item.series)}",
            }
            found.setdefault((item.node, item.series), Missing(f"{item.node}: {item.series}", "factors.csv", words))
    return tuple(found.values())
