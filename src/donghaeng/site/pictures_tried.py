"""Charts of the recipes tried: which there are, and what each asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from donghaeng import periods
from donghaeng.release.read import Row
from donghaeng.site.charts import Drawing
from donghaeng.site.figures import Figures
from donghaeng.site.pack_view import named
from donghaeng.site.page import Picture, phrase
from donghaeng.site.pictures import base_label, marked, slug_of
from donghaeng.site.ranges import MOST_ROWS, Influence, RankSpan, Span, influence_bars, rank_spans, spans_over_time
from donghaeng.site.tried import Tried
from donghaeng.site.view import IndexView, Stream, stream_of

#: Draws a chart in a language at a width in pixels.
Draw = Callable[[Figures, int], Drawing]


def scores_drawn(view: IndexView, tried: Tried, times: Sequence[Row]) -> dict[str, Picture]:
    """How far does the score of the leading place move? One span for each period."""
    stream = stream_of(tried.kind)
    if stream is None or not times:
        return {}

    def description(figures: Figures) -> str:
        return "; ".join(
            figures.words.text(
                "tried.span_text",
                period=figures.plain_period(row["period"]),
                value=figures.plain(row["nominal"]),
                low=figures.plain(row["low"]),
                high=figures.plain(row["high"]),
            )
            for row in times
        )

    def question(figures: Figures) -> str:
        return figures.words.text("tried.scores_question", name=view.name(view.root, figures.words.language))

    def draw(figures: Figures, width: int) -> Drawing:
        spans = [_span(row, figures) for row in times]
        return spans_over_time(spans, view.base_value, base_label(view, figures), width)

    slug = slug_of("spans", stream)
    key = phrase("tried.scores_key")
    return {slug: Picture(slug, stream, marked(question, stream), marked(description, stream), draw, key)}


def _span(row: Row, figures: Figures) -> Span:
    label = figures.plain(row["nominal"])
    ends = [figures.plain(row[end]) for end in ("low", "high")]
    return Span(
        periods.parse(row["period"]).first_day.toordinal(),
        figures.plain_period(row["period"]),
        row["nominal"],
        row["low"],
        row["median"],
        row["high"],
        label,
        *("" if end == label else end for end in ends),
    )


def ranks_drawn(view: IndexView, tried: Tried, rows: Sequence[Row]) -> dict[str, Picture]:
    """How far do the ranks move? One span for each place."""
    stream = stream_of(tried.kind)
    if stream is None or len(rows) < 2:
        return {}
    period = str(rows[0]["period"])

    def question(figures: Figures) -> str:
        return figures.words.text("tried.ranks_question", period=figures.plain_period(period))

    def description(figures: Figures) -> str:
        first, last = (view.place_name(row["place"], figures.words.language) for row in (rows[0], rows[-1]))
        return figures.words.text("tried.ranks_text", count=len(rows), first=first, last=last)

    def draw(figures: Figures, width: int) -> Drawing:
        spans = [
            RankSpan(
                view.place_name(row["place"], figures.words.language),
                row["rank"],
                row["rank_low"],
                row["rank_median"],
                row["rank_high"],
            )
            for row in rows
        ]
        return rank_spans(spans, width)

    slug = slug_of("ranks", stream)
    key = phrase("tried.ranks_key") if len(rows) <= MOST_ROWS else phrase("tried.many_ranks_key")
    return {slug: Picture(slug, stream, marked(question, stream), marked(description, stream), draw, key)}


def influences_drawn(view: IndexView, tried: Tried, influences: Sequence[Row], target: str) -> dict[str, Picture]:
    """What does the result depend on most? Two bars for each choice."""
    stream: Stream | None = stream_of(tried.kind)
    if stream is None or not influences:
        return {}

    def question(figures: Figures) -> str:
        if target == "score":
            return figures.words.text("tried.score_depends", name=view.name(view.root, figures.words.language))
        return figures.words.text("tried.ranks_depend")

    def named_influences(figures: Figures) -> list[Influence]:
        return [
            Influence(
                named(tried.factors[str(row["factor"])].row, "label", figures.words.language) or str(row["factor"]),
                row["first"],
                row["total"],
                figures.words.text("tried.alone_label", share=figures.plain_share(row["first"])),
                figures.words.text("tried.together_label", share=figures.plain_share(row["total"])),
            )
            for row in influences
        ]

    def description(figures: Figures) -> str:
        return "; ".join(f"{one.name}: {one.first_label}, {one.total_label}" for one in named_influences(figures))

    def draw(figures: Figures, width: int) -> Drawing:
        return influence_bars(named_influences(figures), width)

    slug = slug_of("influences", stream)
    key = phrase("tried.influence_key")
    return {slug: Picture(slug, stream, marked(question, stream), marked(description, stream), draw, key)}
