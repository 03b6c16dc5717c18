"""Charts of statistics: one for the periods, one for the values of the first group. No chart has two streams."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from donghaeng.release.read import Row
from donghaeng.site.charts import Bar, Drawing, from_base
from donghaeng.site.columns import TimeColumn, columns_over_time
from donghaeng.site.figures import Figures
from donghaeng.site.page import Picture, Saying, phrase
from donghaeng.site.pictures import marked, slug_of
from donghaeng.site.statistics import TOTAL, Statistic, amount
from donghaeng.site.view import Stream

#: Bars of one chart; the table has the rest.
MOST_BARS = 12


def written(figures: Figures, statistic: Statistic, value: float) -> str:
    """Write a number of a measure: a share in percent, another ratio with two decimals, else a whole number.

    The end of a range says which end it is, wherever it stands.
    """
    if statistic.is_share:
        return figures.plain_share(value)
    plain = figures.plain(value, 2 if statistic.definition["calculate"] == "ratio" else 0)
    return figures.words.text(f"measured.bound_{statistic.bound}", value=plain) if statistic.bound else plain


def over_periods(statistic: Statistic) -> dict[str, Picture]:
    """How did it change from period to period? Of all values together; none with fewer than two numbers."""
    cells = statistic.numbers.get((TOTAL,) * len(statistic.groups), {})
    rows = [(period, amount(cells[period])) for period in statistic.shown if period in cells]
    numbers = [value for _, value in rows if value is not None]
    # All together are all of them: the share of everything is no news.
    if len(numbers) < 2 or (statistic.is_share and set(numbers) == {1.0}):
        return {}

    def question(figures: Figures) -> str:
        return figures.words.text("measured.period_question", title=statistic.name(figures.words.language))

    def description(figures: Figures) -> str:
        return ", ".join(f"{figures.plain_period(period)} {_said(figures, statistic, value)}" for period, value in rows)

    def draw(figures: Figures, width: int) -> Drawing:
        columns = [
            TimeColumn(value, figures.plain_period(period), "" if value is None else written(figures, statistic, value))
            for period, value in rows
        ]
        return columns_over_time(columns, _stamp(figures, statistic.stream), width)

    slug = slug_of(f"{statistic.id}-time", statistic.stream)
    key = phrase("measured.gaps") if len(numbers) < len(rows) else None
    return {slug: _picture(slug, statistic, question, description, draw, key)}


def over_groups(statistic: Statistic) -> dict[str, Picture]:
    """How does it differ by the first group? Of the last period that has two numbers to show."""
    if not statistic.groups:
        return {}
    first, rest = statistic.groups[0], (TOTAL,) * (len(statistic.groups) - 1)
    by_code = {codes[0]: cells for codes, cells in statistic.numbers.items() if codes[1:] == rest and codes[0] != TOTAL}
    period, shown = next(
        ((period, rows) for period in reversed(statistic.shown) if len(rows := _amounts(by_code, period)) > 1),
        ("", []),
    )
    if not shown:
        return {}
    shown = sorted(shown, key=lambda item: -item[1])[:MOST_BARS]
    is_whole = len(shown) == len(by_code)

    def question(figures: Figures) -> str:
        language = figures.words.language
        words = {"title": statistic.name(language), "group": first.title(language)}
        return figures.words.text("measured.group_question", period=figures.plain_period(period), **words)

    def labelled(figures: Figures) -> list[tuple[str, float, str]]:
        return [
            (first.label(code, figures.words.language), value, written(figures, statistic, value))
            for code, value in shown
        ]

    def description(figures: Figures) -> str:
        return ", ".join(f"{name} {label}" for name, _, label in labelled(figures))

    def draw(figures: Figures, width: int) -> Drawing:
        bars = [Bar(name, value, label, False) for name, value, label in labelled(figures)]
        return from_base(bars, 0.0, _stamp(figures, statistic.stream), width)

    slug = slug_of(f"{statistic.id}-groups", statistic.stream)
    key = None if is_whole else phrase("measured.not_all")
    return {slug: _picture(slug, statistic, question, description, draw, key)}


def _amounts(by_code: Mapping[str, Mapping[str, Row]], period: str) -> list[tuple[str, float]]:
    found = [(code, amount(cells[period])) for code, cells in by_code.items() if period in cells]
    return [(code, value) for code, value in found if value is not None]


def _picture(
    slug: str,
    statistic: Statistic,
    question: Saying,
    description: Saying,
    draw: Callable[[Figures, int], Drawing],
    key: Saying | None,
) -> Picture:
    stream = statistic.stream
    return Picture(slug, stream, marked(question, stream), marked(description, stream), draw, key)


def _said(figures: Figures, statistic: Statistic, value: float | None) -> str:
    return figures.words.text("measured.withheld") if value is None else written(figures, statistic, value)


def _stamp(figures: Figures, stream: Stream) -> str:
    return figures.words.text("chart.simulated_note") if stream == "simulated" else ""
