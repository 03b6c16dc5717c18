"""Which charts a page has: the question each answers, and the released values that may stand in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from donghaeng import periods
from donghaeng.rounding import largest_remainder
from donghaeng.site.charts import Bar, Dot, Drawing, Point, from_base, over_time, spread
from donghaeng.site.figures import Figures
from donghaeng.site.page import Picture, Saying
from donghaeng.site.view import KINDS_OF, SIMULATED, IndexView, Stream

STREAMS: tuple[Stream, ...] = ("public", "simulated")

#: Draws a chart in a language at a width in pixels.
Draw = Callable[[Figures, int], Drawing]


def scores_over_time(view: IndexView, node: str, place: str) -> dict[str, Picture]:
    """How has the score of a node moved? One chart for each stream that has two scores or more."""
    found = {}
    for stream in STREAMS:
        series = view.series(node, place, stream)
        if sum(value is not None for _, value in series) < 2:
            continue
        found[slug_of("time", stream)] = Picture(
            slug_of("time", stream),
            stream,
            marked(_time_question(view, node), stream),
            marked(_time_description(series), stream),
            _time_drawing(view, series, stream),
        )
    return found


def areas_against_base(view: IndexView, node: str, place: str, period: str) -> dict[str, Picture]:
    """Which children are below their base level? One chart for each stream."""
    base = view.base_value
    found: dict[str, Picture] = {}
    if base is None:
        return found
    for stream in STREAMS:
        values = [(child, view.value(child, place, period, stream)) for child in view.nodes[node].children]
        present = [(child, value) for child, value in values if value is not None]
        if not present:
            continue
        present.sort(key=lambda item: -item[1])
        found[slug_of("areas", stream)] = Picture(
            slug_of("areas", stream),
            stream,
            marked(_areas_question(view, period), stream),
            marked(_areas_description(view, present), stream),
            _areas_drawing(view, present, base, stream),
        )
    return found


def moved_by(view: IndexView, node: str, place: str, period: str, parts: Sequence[MovedPart]) -> dict[str, Picture]:
    """What moved the score on the year before? One chart, of the stream that the score is of."""
    row = view.change.get((place, period, node, "year"))
    stream = next((stream for stream in STREAMS if row is not None and row["kind"] in KINDS_OF[stream]), None)
    if row is None or stream is None or len(parts) < 2:
        return {}
    slug = slug_of("moved", stream)

    def question(figures: Figures) -> str:
        before, after = figures.plain_period(row["before"]), figures.plain_period(period)
        return figures.words.text("chart.moved_question", before=before, after=after)

    def description(figures: Figures) -> str:
        return "; ".join(f"{part.name(figures)} {figures.plain_signed(part.printed)}" for part in parts)

    def draw(figures: Figures, width: int) -> Drawing:
        bars = [
            Bar(
                part.name(figures),
                part.printed,
                _stamped(figures, figures.plain_signed(part.printed), stream),
                part.printed < 0,
            )
            for part in parts
        ]
        return from_base(bars, 0.0, figures.words.text("chart.no_change"), width)

    return {slug: Picture(slug, stream, marked(question, stream), marked(description, stream), draw)}


def places_compared(view: IndexView, node: str, period: str) -> dict[str, Picture]:
    """How do the places compare? Bars for a few places, a dot for each of many."""
    found = {}
    for stream in STREAMS:
        values = [(place, view.value(node, place, period, stream)) for place in view.scored_places]
        present = [(place, value) for place, value in values if value is not None]
        # Places made of others have no rank; they do not stand among their own parts.
        ranked = [item for item in present if view.score[item[0], period, node]["rank"] is not None]
        present = ranked or present
        if len(present) < 2:
            continue
        present.sort(key=lambda item: -item[1])
        found[slug_of("places", stream)] = Picture(
            slug_of("places", stream),
            stream,
            marked(_places_question(view, node, period), stream),
            marked(_places_description(view, present), stream),
            _places_drawing(view, present, stream),
        )
    return found


class MovedPart:
    """One part of a change: a child, or what the coverage did.

    Attributes:
        node: code of the child; None for the coverage term and what is left unexplained.
        points: points of the score, unrounded.
        printed: points as printed; all parts add up to the printed change.
        name: its name.
    """

    def __init__(self, node: str | None, points: float, printed: float, name: Saying) -> None:
        """Take the values."""
        self.node, self.points, self.printed, self.name = node, points, printed, name


def moved_parts(view: IndexView, node: str, place: str, period: str) -> list[MovedPart]:
    """Split the change of a score on the year before into its children and the coverage term.

    The table ``changes`` gives points of the root; for another composite they are scaled by its own share, so that
    its children add up to its value change.
    """
    row = view.change.get((place, period, node, "year"))
    if row is None or row["change"] is None:
        return []
    children = [view.change.get((place, period, child, "year")) for child in view.nodes[node].children]
    present = [child for child in children if child is not None]
    total_points = sum(child["points"] or 0.0 for child in present)
    if not present or abs(total_points) < 1e-12:
        return []
    factor = (row["value_change"] or 0.0) / total_points
    points = [(child["points"] or 0.0) * factor for child in present]
    rest = row["change"] - sum(points)
    names: list[tuple[str | None, float, Saying]] = [
        (str(child["node"]), value, _name_of(view, str(child["node"])))
        for child, value in zip(present, points, strict=True)
    ]
    names.sort(key=lambda item: -abs(item[1]))
    if abs(rest) > 1e-9:
        names.append((None, rest, lambda figures: figures.words.text("chart.coverage_term")))
    before = view.score.get((place, str(row["before"]), node))
    printed_total = row["change"]
    if before is not None and before["value"] is not None:
        digits = view.decimals
        printed_total = round(view.score[place, period, node]["value"], digits) - round(before["value"], digits)
    printed = largest_remainder([value for _, value, _ in names], printed_total, view.decimals)
    return [MovedPart(code, value, shown, name) for (code, value, name), shown in zip(names, printed, strict=True)]


# ── sayings ──────────────────────────────────────────────────────────────────────────────────────


def slug_of(name: str, stream: Stream) -> str:
    """Name a chart, so that one of simulated values says so in its file name."""
    return name if stream == "public" else f"{name}-{SIMULATED}"


def marked(saying: Saying, stream: Stream) -> Saying:
    """Say of simulated values that they are."""
    if stream == "public":
        return saying
    return lambda figures: figures.words.text("chart.simulated", text=saying(figures))


def _stamped(figures: Figures, label: str, stream: Stream) -> str:
    return label if stream == "public" else figures.words.text("chart.simulated_value", value=label)


def _name_of(view: IndexView, code: str) -> Saying:
    return lambda figures: view.name(code, figures.words.language)


def base_label(view: IndexView, figures: Figures) -> str:
    """Say what the base line stands for: the base period and its value."""
    if view.base_period is None or view.base_value is None:
        return ""
    period = figures.plain_period(view.base_period)
    return figures.words.text("chart.base", period=period, value=figures.plain(view.base_value, 0))


def _time_question(view: IndexView, node: str) -> Saying:
    def say(figures: Figures) -> str:
        name = view.name(node, figures.words.language)
        if view.base_period is None:
            return figures.words.text("chart.time_question", name=name)
        period = figures.plain_period(view.base_period)
        return figures.words.text("chart.time_question_base", name=name, period=period)

    return say


def _time_description(series: Sequence[tuple[str, float | None]]) -> Saying:
    def say(figures: Figures) -> str:
        gap = figures.words.text("chart.gap")
        parts = [
            f"{figures.plain_period(period)} {gap if value is None else figures.plain(value)}"
            for period, value in series
        ]
        return ", ".join(parts)

    return say


def _time_drawing(view: IndexView, series: Sequence[tuple[str, float | None]], stream: Stream) -> Draw:
    def draw(figures: Figures, width: int) -> Drawing:
        base = view.base_value
        points = []
        for period, value in series:
            below = value is not None and base is not None and value < base
            text = "" if value is None else f"▼ {figures.plain(value)}" if below else figures.plain(value)
            label = figures.plain_period(period)
            points.append(Point(_moment(period), value, label, text))
        label = _stamped(figures, base_label(view, figures), stream) if base is not None else ""
        return over_time(points, base, label, width)

    return draw


def _moment(period: str) -> float:
    day = periods.parse(period).first_day
    return round(day.year + (day.timetuple().tm_yday - 1) / 366, 4)


def _areas_question(view: IndexView, period: str) -> Saying:
    def say(figures: Figures) -> str:
        base = figures.plain_period(view.base_period or "")
        return figures.words.text("chart.areas_question", base=base, period=figures.plain_period(period))

    return say


def _areas_description(view: IndexView, present: Sequence[tuple[str, float]]) -> Saying:
    def say(figures: Figures) -> str:
        return ", ".join(f"{view.name(code, figures.words.language)} {figures.plain(value)}" for code, value in present)

    return say


def _areas_drawing(view: IndexView, present: Sequence[tuple[str, float]], base: float, stream: Stream) -> Draw:
    def draw(figures: Figures, width: int) -> Drawing:
        bars = []
        for code, value in present:
            label = _stamped(figures, figures.plain(value), stream)
            if value < base:
                period = figures.plain_period(view.base_period or "")
                label = figures.words.text("chart.below", value=label, period=period)
            bars.append(Bar(view.name(code, figures.words.language), value, label, value < base))
        return from_base(bars, base, base_label(view, figures), width)

    return draw


def _places_question(view: IndexView, node: str, period: str) -> Saying:
    def say(figures: Figures) -> str:
        name = view.name(node, figures.words.language)
        return figures.words.text("chart.places_question", name=name, period=figures.plain_period(period))

    return say


def _places_description(view: IndexView, present: Sequence[tuple[str, float]]) -> Saying:
    def say(figures: Figures) -> str:
        first, last = present[0], present[-1]
        return figures.words.text(
            "chart.places_text",
            count=len(present),
            highest=view.place_name(first[0], figures.words.language),
            highest_value=figures.plain(first[1]),
            lowest=view.place_name(last[0], figures.words.language),
            lowest_value=figures.plain(last[1]),
        )

    return say


#: Up to so many places each gets a bar with its name; beyond, a dot.
MOST_BARS = 12


def _places_drawing(view: IndexView, present: Sequence[tuple[str, float]], stream: Stream) -> Draw:
    def draw(figures: Figures, width: int) -> Drawing:
        language, base = figures.words.language, view.base_value
        if len(present) <= MOST_BARS:
            start = base if base is not None else min(0.0, present[-1][1])
            bars = [
                Bar(
                    view.place_name(code, language),
                    value,
                    _stamped(figures, figures.plain(value), stream),
                    base is not None and value < base,
                )
                for code, value in present
            ]
            return from_base(bars, start, base_label(view, figures), width)
        dots = [Dot(view.place_name(code, language), value) for code, value in present]
        labels = {dot.name: figures.plain(dot.value) for dot in dots}
        return spread(dots, base, base_label(view, figures), labels, width)

    return draw
