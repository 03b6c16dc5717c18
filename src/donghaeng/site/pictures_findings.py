"""Charts of falls, blind spots and plans: which there are, and what each asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from donghaeng.release.read import Row
from donghaeng.rounding import largest_remainder
from donghaeng.site.charts import Bar, Drawing, from_base
from donghaeng.site.diagnosed import Diagnosed, Fall
from donghaeng.site.figures import Figures
from donghaeng.site.finding_charts import Range, Step, ranges, waterfall
from donghaeng.site.page import Picture, phrase
from donghaeng.site.pictures import marked, slug_of
from donghaeng.site.view import stream_of

#: Bars that a chart shows at most; the table below it has all.
MOST_BARS = 15


def falls_drawn(d: Diagnosed, falls: Sequence[Fall]) -> dict[str, Picture]:
    """Which indicators fell most, and why? The deepest falls of the places that head the page."""
    leaves = [fall for fall in falls if d.view.nodes[fall.node].is_leaf]
    shown = sorted(leaves or falls, key=lambda fall: fall.deepest)[:MOST_BARS]
    stream = stream_of(str(shown[0].leading["kind"])) if shown else None
    if stream is None or any(stream_of(str(fall.leading["kind"])) != stream for fall in shown):
        return {}
    deepest = [min(fall.rows, key=lambda row: float(row["points"])) for fall in shown]
    several = len(d.leads) > 1

    def name(row: Row, figures: Figures) -> str:
        own = d.view.name(str(row["node"]), figures.words.language)
        return f"{own}, {d.view.place_name(str(row['place']), figures.words.language)}" if several else own

    def label(row: Row, figures: Figures) -> str:
        return f"{figures.plain_signed(float(row['points']))} {d.cause(str(row['cause']), figures.words.language)}"

    def question(figures: Figures) -> str:
        key = "fell.chart_indicators" if leaves else "fell.chart_areas"
        return figures.words.text(key, period=figures.plain_period(shown[0].period))

    def description(figures: Figures) -> str:
        return ", ".join(f"{name(row, figures)} {label(row, figures)}" for row in deepest)

    def draw(figures: Figures, width: int) -> Drawing:
        bars = [Bar(name(row, figures), float(row["points"]), label(row, figures), True) for row in deepest]
        return from_base(bars, 0.0, figures.words.text("fell.chart_zero"), width)

    slug = slug_of("falls", stream)
    key = phrase("fell.chart_key")
    return {slug: Picture(slug, stream, marked(question, stream), marked(description, stream), draw, key)}


def fall_drawn(d: Diagnosed, row: Row) -> dict[str, Picture]:
    """How did a score come from its earlier value to the later one? A step for each factor or cause."""
    stream = stream_of(str(row["kind"]))
    steps = d.steps(row)
    start = _score(d, row, str(row["before"]))
    if stream is None or start is None or len(steps) < 2:
        return {}
    decimals = d.view.decimals
    total = float(row["points"])
    printed = largest_remainder([float(step["points"]) for step in steps], round(total, decimals), decimals)
    shown = [(step, value) for step, value in zip(steps, printed, strict=True) if value]

    def question(figures: Figures) -> str:
        values = {
            "name": d.view.name(str(row["node"]), figures.words.language),
            "before": figures.plain_period(str(row["before"])),
            "after": figures.plain_period(str(row["period"])),
        }
        return figures.words.text("fell.waterfall", **values)

    def description(figures: Figures) -> str:
        return ", ".join(
            f"{d.step_name(step, figures.words.language)} {figures.plain_signed(value)}" for step, value in shown
        )

    def draw(figures: Figures, width: int) -> Drawing:
        first = Step(figures.plain_period(str(row["before"])), start, figures.plain(start))
        last = Step(figures.plain_period(str(row["period"])), start + total, figures.plain(start + total))
        parts = [_step(d, step, value, figures) for step, value in shown]
        return waterfall(first, parts, last, width)

    slug = slug_of(f"fall-{row['comparison']}", stream)
    key = phrase("fell.waterfall_key")
    return {slug: Picture(slug, stream, marked(question, stream), marked(description, stream), draw, key)}


def _step(d: Diagnosed, step: Row, printed: float, figures: Figures) -> Step:
    language = figures.words.language
    name, cause = d.step_name(step, language), d.cause(str(step["cause"]), language)
    return Step(name if name == cause else f"{name} – {cause}", float(step["points"]), figures.plain_signed(printed))


def _score(d: Diagnosed, row: Row, period: str) -> float | None:
    found = d.view.score.get((str(row["place"]), period, str(row["node"])))
    if found is not None and found["value"] is not None:
        return float(found["value"])
    return d.view.base_value if row["comparison"] == "base" else None


def blind_spots_drawn(d: Diagnosed, rows: Sequence[Row], slug_part: str) -> dict[str, Picture]:
    """Is each group served as much as its share of the need? One chart for an indicator and place."""
    stream = stream_of(str(rows[0]["kind"])) if rows else None
    known = [row for row in rows if row["low"] is not None and row["high"] is not None and row["ratio"] is not None]
    if stream is None or len(known) < 2:
        return {}

    def name(row: Row, figures: Figures) -> str:
        return d.group_name(str(row["group"]), figures.words.language)

    def question(figures: Figures) -> str:
        about = d.view.name(str(rows[0]["node"]), figures.words.language) if rows[0]["node"] else ""
        return figures.words.text("fell.groups_question", name=about, period=figures.plain_period(rows[0]["period"]))

    def description(figures: Figures) -> str:
        return ", ".join(f"{name(row, figures)} {figures.plain_share(float(row['ratio']))}" for row in known)

    def draw(figures: Figures, width: int) -> Drawing:
        lines = [
            Range(
                name(row, figures),
                float(row["ratio"]),
                float(row["low"]),
                float(row["high"]),
                figures.plain_share(float(row["ratio"])),
                bool(row["is_blind"]),
            )
            for row in known
        ]
        return ranges(lines, 1.0, figures.words.text("fell.groups_line"), width)

    slug = slug_of(f"groups-{slug_part}", stream)
    key = phrase("fell.groups_key")
    return {slug: Picture(slug, stream, marked(question, stream), marked(description, stream), draw, key)}


def pictures_of(pictures: Mapping[str, Picture], start: str) -> list[str]:
    """Give the slugs of the charts of a name, public before simulated."""
    return [slug for slug in pictures if slug in (start, f"{start}-simulated")]
