"""A plan as tables and as one document of plain values, for machines, releases and pages."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np
import pyarrow as pa

from donghaeng.budget.bounds import Allowance
from donghaeng.budget.plan import Plan, Refused
from donghaeng.budget.words import headline, prices, timing
from donghaeng.panel import Floats
from donghaeng.sources import Kind

#: What every plan says of itself.
CAUTION = {
    "ko": "계획은 계산에 쓴 단가와 수요 전망을 그대로 따릅니다. 결정은 사람이 합니다.",
    "en": "A plan is as good as its unit costs and its projected need. People decide.",
}


def kind_of(plan: Plan) -> Kind:
    """Give the least firm kind of what a plan rests on; never firmer than derived."""
    kinds = [one.option.kind for one in plan.built.allowances] + [need.kind for need in plan.built.needs]
    return max(Kind.DERIVED, *kinds)


def plan_rows(plan: Plan) -> list[dict[str, Any]]:
    """Give a row for each option, in the order of options.csv.

    Keys: option, programme, bureau, node, place, type, name_ko, name_en, current, amount, change, matched (money of
    other funds, rounded down to whole units), units (against what is delivered now), people (served because
    of the change: against this option alone keeping its money), lower, lower_because,
    upper, upper_because, at (``lower``, ``upper``, ``fixed`` where both are the same, or ``between``), causes,
    unit_cost, cost_basis, grade, running_cost, running_from (the year after which it is paid), status_quo,
    proportional_to_need, expand_what_fell, kind.
    """
    problem, settings = plan.built.problem, plan.section.settings
    units = problem.units(plan.amounts.astype(np.float64))
    people = _people_by_option(plan)
    kind = kind_of(plan).word
    rows = []
    for at, one in enumerate(plan.built.allowances):
        option, amount = one.option, int(plan.amounts[at])
        matched = {fund: int(money.numerator // money.denominator) for fund, money in plan.matched(at).items()}
        begun = option.type == "project" and amount > option.current
        rows.append(
            {
                "option": option.code,
                "programme": option.programme,
                "bureau": settings.programmes[option.programme].bureau,
                "node": ";".join(node for node, _ in one.nodes),
                "place": option.place,
                "type": option.type,
                "name_ko": option.names["ko"],
                "name_en": option.names["en"],
                "current": option.current,
                "amount": amount,
                "change": amount - option.current,
                "matched": matched,
                "units": float(units[at]),
                "people": float(people[at]),
                "lower": one.lower,
                "lower_because": one.lower_because,
                "upper": one.upper,
                "upper_because": one.upper_because,
                "at": _at(one, amount),
                "causes": sorted({finding.cause for finding in one.findings}),
                "unit_cost": option.unit_cost if isfinite(option.unit_cost) else None,
                "cost_basis": option.cost_basis,
                "grade": option.grade,
                "running_cost": option.running_cost if begun else 0,
                "running_from": str(int(settings.budget_year) + 1) if begun and option.running_cost else "",
                **{name: int(amounts[at]) for name, amounts in plan.others.items()},
                "kind": kind,
            }
        )
    return rows


def _people_by_option(plan: Plan) -> Floats:
    """Give the people served because of each change: the plan against the plan with that option as it is now."""
    problem = plan.built.problem
    units = problem.units(plan.amounts.astype(np.float64))
    served = plan.coverage @ problem.people
    result = np.zeros(len(units))
    for at in np.flatnonzero(plan.amounts != problem.current):
        # As it is now is what is delivered now, though the current money may lie outside of what the plan may give.
        others = units.copy()
        others[at] = 0.0
        met = problem.delivered.copy()
        np.add.at(met, problem.link_cells, others[problem.link_options] * problem.link_shares)
        result[at] = served - np.clip(met / problem.need, 0.0, 1.0) @ problem.people
    return result


def _at(allowance: Allowance, amount: int) -> str:
    if allowance.lower == allowance.upper:
        return "fixed"
    return "upper" if amount == allowance.upper else "lower" if amount == allowance.lower else "between"


def cell_rows(plan: Plan) -> list[dict[str, Any]]:
    """Give a row for each indicator and place that options serve.

    Keys: node, place, unit, need (of the evidence year), projected, low, high (of the budget year; null where too few
    years are known), delivered, unmet_now and unmet (shares of the projected need, with what is delivered now and
    with the plan), met (units with the plan), people, kind.
    """
    problem = plan.built.problem
    now, then = plan.coverage_now, plan.coverage
    kind = kind_of(plan).word
    return [
        {
            "node": need.node,
            "place": need.place,
            "unit": need.unit,
            "need": need.need,
            "projected": later.need,
            "low": later.low if isfinite(later.low) else None,
            "high": later.high if isfinite(later.high) else None,
            "delivered": need.delivered,
            "unmet_now": float(1 - now[at]),
            "unmet": float(1 - then[at]),
            "met": float(then[at] * later.need),
            "people": float(problem.people[at]),
            "kind": kind,
        }
        for at, (need, later) in enumerate(zip(plan.built.needs, plan.built.projections, strict=True))
    ]


def comparison_rows(plan: Plan) -> list[dict[str, Any]]:
    """Give a row for each way to divide the money and each measure.

    Keys: plan, measure, spent, value, low, middle, high, plan_better, kind.
    """
    spent = {"plan": int(plan.amounts.sum()), **{name: int(amounts.sum()) for name, amounts in plan.others.items()}}
    return [{**vars(one), "spent": spent[one.plan], "kind": kind_of(plan).word} for one in plan.comparison]


def price_rows(plan: Plan) -> list[dict[str, Any]]:
    """Give a row for each limit that binds: limit, code, because, step, gain, unit, words_ko, words_en, kind."""
    return [
        {
            "limit": one.limit,
            "code": one.code,
            "because": one.because,
            "step": one.step,
            "gain": one.gain,
            "unit": one.unit,
            "words_ko": one.words["ko"],
            "words_en": one.words["en"],
            "kind": kind_of(plan).word,
        }
        for one in prices(plan)
    ]


def finding_rows(plan: Plan) -> list[dict[str, Any]]:
    """Give a row for each finding of the evidence year that binds an option."""
    rows = []
    for one in plan.built.allowances:
        for finding in one.findings:
            rows.append(
                {
                    "option": one.option.code,
                    "place": finding.place,
                    "node": finding.node,
                    "period": finding.period,
                    "comparison": finding.comparison,
                    "points": finding.points,
                    "cause": finding.cause,
                    "share": finding.share,
                    "stability": finding.stability,
                }
            )
    return rows


def plan_document(plan: Plan | Refused) -> dict[str, Any]:
    """Give all of a plan as plain values; without a plan, what has to be collected first."""
    if isinstance(plan, Refused):
        missing = [{"what": one.what, "where": one.where, "words": one.words} for one in plan.missing]
        return {"plan": None, "missing": missing}
    settings, problem = plan.section.settings, plan.built.problem
    levels = plan.answer.levels
    return {
        "currency": settings.currency,
        "evidence_year": settings.evidence_year,
        "submission": settings.submission.isoformat(),
        "budget_year": settings.budget_year,
        "timing": timing(plan),
        "mode": plan.mode,
        "objective": plan.objective,
        "robust": plan.request.robust,
        "amount": plan.amount,
        "current": int(problem.current.sum()),
        "spent": int(plan.amounts.sum()),
        "unspent": plan.amount - int(plan.amounts.sum()),
        "headline": headline(plan),
        "caution": CAUTION,
        "plan": plan_rows(plan),
        "cells": cell_rows(plan),
        "bound_by": finding_rows(plan),
        "prices": price_rows(plan),
        "prices_for_projects_as_chosen": plan.answer.whole_fixed,
        "levels": [
            {
                "level": stage.level * (plan.points.base if plan.objective == "lift_below_base" else 1.0),
                "of": [plan.answer.level_names[at] for at in stage.fixed],
                "price": stage.price,
            }
            for stage in (levels.stages if levels else ())
        ],
        "comparison": comparison_rows(plan),
        "draws": settings.draws.model_dump(),
        "interval": settings.interval,
        "smallest_bases": None
        if plan.smallest_bases is None
        else {"share_of_new_money": plan.smallest_bases[0], "nodes": list(plan.smallest_bases[1])},
        "assumed": [one.option.code for one in plan.built.allowances if one.option.cost_basis != "marginal"],
        "unmended": list(plan.unmended),
        "unserved": [f"{need.node}@{need.place}" for need in plan.built.unserved],
        "missing": [],
    }


def plan_tables(plan: Plan) -> Mapping[str, pa.Table]:
    """Give the tables of a plan by name: ``plan``, ``plan_needs``, ``plan_comparison``, ``plan_prices``."""
    rows = [{**row, "matched": _funds(row["matched"]), "causes": ";".join(row["causes"])} for row in plan_rows(plan)]
    return {
        "plan": pa.Table.from_pylist(rows, _PLAN),
        "plan_needs": pa.Table.from_pylist(cell_rows(plan), _NEEDS),
        "plan_comparison": pa.Table.from_pylist(comparison_rows(plan), _COMPARISON),
        "plan_prices": pa.Table.from_pylist(price_rows(plan), _PRICES),
    }


def _schema(**columns: str) -> pa.Schema:
    """Give a schema from names of columns by type, in the order written."""
    types = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64()}
    return pa.schema([(name, types[kind]) for name, kind in columns.items()])


#: Written out, because a column without any value would have no type.
_PLAN = _schema(
    **dict.fromkeys(("option", "programme", "bureau", "node", "place", "type", "name_ko", "name_en"), "text"),
    **dict.fromkeys(("current", "amount", "change"), "whole"),
    matched="text",
    units="number",
    people="number",
    lower="whole",
    lower_because="text",
    upper="whole",
    **dict.fromkeys(("upper_because", "at", "causes"), "text"),
    unit_cost="number",
    cost_basis="text",
    grade="text",
    running_cost="whole",
    running_from="text",
    **dict.fromkeys(("status_quo", "proportional_to_need", "expand_what_fell"), "whole"),
    kind="text",
)
_NEEDS = _schema(
    **dict.fromkeys(("node", "place", "unit"), "text"),
    **dict.fromkeys(("need", "projected", "low", "high", "delivered", "unmet_now", "unmet", "met", "people"), "number"),
    kind="text",
)
_COMPARISON = _schema(
    plan="text",
    measure="text",
    **dict.fromkeys(("value", "low", "middle", "high", "plan_better"), "number"),
    spent="whole",
    kind="text",
)
_PRICES = _schema(
    **dict.fromkeys(("limit", "code", "because"), "text"),
    step="whole",
    gain="number",
    **dict.fromkeys(("unit", "words_ko", "words_en", "kind"), "text"),
)


def _funds(matched: Mapping[str, int]) -> str:
    return ";".join(f"{fund}:{money}" for fund, money in matched.items())
