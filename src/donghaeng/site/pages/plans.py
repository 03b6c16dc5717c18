"""What is advised and at what price: the plans of a budget, one page a programme, or what is missing for a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from donghaeng.release.read import Row
from donghaeng.site.diagnosed import Diagnosed, Fall, diagnosed
from donghaeng.site.figures import Figures
from donghaeng.site.money import Money
from donghaeng.site.page import Crumb, Page, pack_title, phrase
from donghaeng.site.pictures_plans import options_drawn, programmes_drawn
from donghaeng.site.planned import Planned, planned
from donghaeng.site.view import IndexView

#: The page of the plan.
INDEX = "budget/index.html"
#: Indicators and places with unmet need that a page lists; the files beside it have all.
MOST_NEEDS = 20
#: Years of money that fit on a sheet.
MOST_YEARS = 3
PHASES = ("requested", "adjusted", "voted", "supplementary", "executed", "carried_over")


@dataclass(frozen=True)
class Served:
    """An indicator that a programme serves and that fell.

    Attributes:
        node: its code.
        fall: its fall in the place that heads the pages; None where it fell only in parts of it.
        alike: how many other places it fell in, in the same period.
    """

    node: str
    fall: Fall | None
    alike: int


def plans(view: IndexView) -> list[Page]:
    """Give the pages, where the release says something of a budget."""
    budget = planned(view)
    if budget is None:
        return []
    if not budget.plans:
        return [_without(budget)]
    d = diagnosed(view)
    return [_overview(budget), *(_programme(budget, d, page) for page in budget.pages)]


def _without(budget: Planned) -> Page:
    view = budget.view
    missing = [
        {
            "what": one["what"],
            "where": one["where"],
            **{f"words_{language}": one["words"].get(language, "") for language in view.languages},
        }
        for one in budget.missing
    ]
    return Page(
        path=view.path(INDEX),
        template="no_plan.html.j2",
        title=phrase("plan.title"),
        languages=view.languages,
        tables={"missing": missing},
        context={"missing": missing},
        trail=(Crumb(view.path("index.html"), pack_title(view)),),
        view=view,
        section="plans",
    )


def _overview(budget: Planned) -> Page:
    view, plan = budget.view, budget.plans[0]
    return Page(
        path=view.path(INDEX),
        template="plans.html.j2",
        title=phrase("plan.title"),
        languages=view.languages,
        tables={
            name: view.rows(name)
            for name in ("plan", "plan_comparison", "plan_prices", "plan_needs", "options", "needs", "decisions")
        },
        context={
            "b": budget,
            "plan": plan,
            "others": budget.plans[1:],
            "money": money_of(budget),
            "unmet": sorted(plan.needs, key=lambda row: -float(row["unmet"]))[:MOST_NEEDS],
            "decisions": view.rows("decisions"),
        },
        pictures=programmes_drawn(budget, plan),
        trail=(Crumb(view.path("index.html"), pack_title(view)),),
        view=view,
        section="plans",
    )


def _programme(budget: Planned, d: Diagnosed | None, page: Mapping[str, Any]) -> Page:
    view, plan, code = budget.view, budget.plans[0], str(page["programme"])
    rows = [row for row in plan.rows if row["programme"] == code]
    return Page(
        path=budget.path(code),
        template="programme.html.j2",
        title=lambda figures: budget.programme_name(code, figures.words.language),
        languages=view.languages,
        tables={
            "plan": rows,
            "findings": [{**row, "kind": page["kind"]} for row in page["fell"]],
            "budget_lines": [row for row in view.rows("budget_lines") if row["programme"] == code],
        },
        context={
            "b": budget,
            "d": d,
            "plan": plan,
            "page_of": page,
            "rows": rows,
            "served": served_by(d, page),
            "refused": refused_by_node(page),
            "money": money_of(budget),
            "years": money_by_year(page["money"]),
            "phases": [phase for phase in PHASES if any(row["phase"] == phase for row in page["money"])],
            "mends": any(row["type"] == "mend" and row["amount"] for row in rows),
        },
        pictures=options_drawn(budget, plan, code),
        trail=(Crumb(view.path("index.html"), pack_title(view)), Crumb(view.path(INDEX), phrase("plan.title"))),
        view=view,
        section="plans",
    )


def money_of(budget: Planned) -> Any:
    """Give what writes the money of a budget in the language of some figures."""

    def written(figures: Figures) -> Money:
        return Money(figures, budget.currency)

    return written


def served_by(d: Diagnosed | None, page: Mapping[str, Any]) -> list[Served]:
    """Give the indicators of a programme that fell in the year its evidence is from, the deepest first."""
    if d is None:
        return []
    found: dict[str, Served] = {}
    periods = {str(row["period"]) for row in page["fell"]}
    for node in dict.fromkeys(str(row["node"]) for row in page["fell"]):
        falls = [fall for fall in d.of_node(node) if fall.period in periods]
        head = next((fall for fall in falls if fall.place in d.leads), None)
        found[node] = Served(node, head, sum(fall.place not in d.leads for fall in falls))
    return sorted(found.values(), key=lambda one: one.fall.deepest if one.fall else 0.0)


def refused_by_node(page: Mapping[str, Any]) -> list[Row]:
    """Give what would not be delivered by indicator, if the programme got no more than now."""
    found: dict[str, dict[str, Any]] = {}
    for row in page["refused"]:
        one = found.setdefault(
            str(row["node"]), {"node": row["node"], "unit": row["unit"], "units": 0.0, "people": 0.0}
        )
        one["units"] += float(row["units"])
        one["people"] += float(row["people"])
    return list(found.values())


def money_by_year(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Give the money of the newest years by year and phase."""
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(str(row["year"]), {})[str(row["phase"])] = int(row["amount"])
    return {year: found[year] for year in sorted(found)[-MOST_YEARS:]}
