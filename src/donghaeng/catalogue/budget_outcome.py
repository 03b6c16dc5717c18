"""What a release says of a budget: money as it is, plans, and one page a programme."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from donghaeng.budget.amounts import read_rate
from donghaeng.budget.decisions import decisions_table
from donghaeng.budget.document import plan_document, plan_tables
from donghaeng.budget.evidence import WITHOUT_A_SECTION
from donghaeng.budget.options import options_table
from donghaeng.budget.page import page_document, programme_page
from donghaeng.budget.plan import Plan, Refused, Request, make_plan
from donghaeng.budget.section import BudgetSection
from donghaeng.budget.settings import Published
from donghaeng.budget.words import LOWER, MEASURE, OBJECTIVE, PLANS, UPPER
from donghaeng.catalogue.budget_plan import wanted_by
from donghaeng.catalogue.pack import Pack
from donghaeng.diagnosis.diagnose import Diagnosis, diagnose
from donghaeng.diagnosis.finding import Finding
from donghaeng.index.scores import Scores

#: Name of the document beside the tables.
DOCUMENT = "budget.json"


def budget_content(
    pack: Pack, section: BudgetSection, diagnosis: Diagnosis | None, scores: Scores | None
) -> tuple[dict[str, pa.Table], dict[str, Any]]:
    """Give the tables of a budget by name, and the document that they are read with.

    Args:
        pack: the pack.
        section: its budget.
        diagnosis: what was found in its index; None where it says nothing of causes.
        scores: the scores of its index; None without one.

    Raises:
        InputError: limits of a plan that contradict each other, each named.
    """
    if diagnosis is None and scores is not None:
        diagnosis = diagnose(scores, pack.diagnosis, pack.places, pack.statements)
    findings = diagnosis.findings if diagnosis else ()
    plans = [make_plan(section, _request(one), findings, scores) for one in section.settings.publish]
    tables = {
        "budget_lines": section.lines.table(),
        "programme_links": section.links.table(),
        "needs": section.needs.table(),
        "options": options_table(section.options),
        "decisions": decisions_table(section.decisions),
    }
    made = [one for one in plans if isinstance(one, Plan)]
    return tables | _joined(made), _document(section, plans, made)


def without_a_budget(findings: Sequence[Finding]) -> dict[str, Any]:
    """Give the document of a real body whose pack says nothing of a budget: what has to be collected for a plan.

    Args:
        findings: what was diagnosed in its index.
    """
    missing = (*WITHOUT_A_SECTION, *wanted_by(findings))
    return {
        "settings": None,
        "plans": [],
        "missing": [{"what": one.what, "where": one.where, "words": one.words} for one in missing],
        "pages": [],
        "words": {},
    }


def _request(one: Published) -> Request:
    cut = None if one.cut is None else read_rate(one.cut)
    return Request(one.amount, one.objective, cut, one.supplementary, one.robust)


def _joined(plans: Sequence[Plan]) -> dict[str, pa.Table]:
    """Put the same tables of several plans below each other, with the number of the plan."""
    tables: dict[str, list[pa.Table]] = {}
    for number, plan in enumerate(plans, 1):
        for name, table in plan_tables(plan).items():
            numbers = pa.array([number] * table.num_rows, pa.int64())
            tables.setdefault(name, []).append(table.add_column(0, "plan_number", numbers))
    return {name: pa.concat_tables(parts, promote_options="permissive") for name, parts in tables.items()}


def _document(section: BudgetSection, plans: Sequence[Plan | Refused], made: Sequence[Plan]) -> dict[str, Any]:
    refused = next((one for one in plans if isinstance(one, Refused)), None)
    return {
        "settings": section.settings.model_dump(mode="json"),
        "plans": [{"plan_number": number, **plan_document(plan)} for number, plan in enumerate(made, 1)],
        "missing": plan_document(refused)["missing"] if refused else [],
        "pages": [page_document(programme_page(made[0], code)) for code in section.settings.programmes] if made else [],
        "words": {
            "lower": LOWER,
            "upper": UPPER,
            "objective": OBJECTIVE,
            "plan": PLANS,
            "measure": MEASURE,
        },
    }
