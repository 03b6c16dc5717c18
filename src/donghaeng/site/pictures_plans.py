"""Charts of a plan: which there are, and what each asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from donghaeng.site.charts import Drawing
from donghaeng.site.figures import Figures
from donghaeng.site.finding_charts import Grant, allocation
from donghaeng.site.money import Money
from donghaeng.site.page import Picture, Saying, phrase
from donghaeng.site.pictures import marked, slug_of
from donghaeng.site.planned import Planned, PlanView
from donghaeng.site.view import stream_of
from donghaeng.wording import PageLanguage


class _Line(NamedTuple):
    names: dict[PageLanguage, str]
    now: int
    planned: int


def programmes_drawn(budget: Planned, plan: PlanView) -> dict[str, Picture]:
    """What would each programme get, beside what it has now?"""
    lines = [
        _Line(_names(budget, one.programme), one.current, one.ways["plan"])
        for one in sorted(plan.shares, key=lambda one: -one.ways["plan"])
    ]
    question = phrase("plan.chart_programmes", year=plan.document["budget_year"])
    return _drawn(budget, plan, "allocation", lines, question)


def options_drawn(budget: Planned, plan: PlanView, programme: str) -> dict[str, Picture]:
    """What would each part of a programme get, beside what it has now?"""
    lines = [
        _Line({"ko": str(row["name_ko"]), "en": str(row["name_en"])}, int(row["current"]), int(row["amount"]))
        for row in plan.rows
        if row["programme"] == programme
    ]

    def question(figures: Figures) -> str:
        name = budget.programme_name(programme, figures.words.language)
        return figures.words.text("plan.chart_options", year=plan.document["budget_year"], name=name)

    return _drawn(budget, plan, "allocation", lines, question)


def _names(budget: Planned, programme: str) -> dict[PageLanguage, str]:
    return {"ko": budget.programme_name(programme, "ko"), "en": budget.programme_name(programme, "en")}


def _drawn(
    budget: Planned, plan: PlanView, slug_part: str, lines: Sequence[_Line], question: Saying
) -> dict[str, Picture]:
    stream = stream_of(plan.kind)
    if stream is None or not lines:
        return {}

    def label(line: _Line, figures: Figures) -> str:
        money = Money(figures, budget.currency)
        change = line.planned - line.now
        text = money.plain(line.planned)
        return f"{text} ({money.plain_change(change)})" if change else text

    def description(figures: Figures) -> str:
        return ", ".join(f"{line.names[figures.words.language]} {label(line, figures)}" for line in lines)

    def draw(figures: Figures, width: int) -> Drawing:
        grants = [
            Grant(line.names[figures.words.language], line.now, line.planned, label(line, figures)) for line in lines
        ]
        return allocation(grants, figures.words.text("plan.chart_now"), width)

    slug = slug_of(slug_part, stream)
    key = phrase("plan.chart_key")
    return {slug: Picture(slug, stream, marked(question, stream), marked(description, stream), draw, key)}
