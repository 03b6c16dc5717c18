"""Charts of what the recipes tried say: ranges over time, ranges of ranks, what the result depends on.

Drawn like the others (`donghaeng.site.charts`). Marks that come by the hundred are drawn as one path, so that a page
with many places stays small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from donghaeng.site.charts import (
    ACCENT,
    FONT_SIZE,
    INK,
    LINE,
    MUTED,
    SMALL_SIZE,
    Drawing,
    Point,
    draw_form,
    form_of,
    named_data,
    padded,
    pixels,
    shortened,
    thinned,
    width_of,
)


@dataclass(frozen=True)
class Span:
    """A score with its range over the recipes tried.

    Attributes:
        at: place on the axis of time.
        period: the period, in words.
        value: the score by the recipe as it is.
        low, median, high: its range.
        label, low_label, high_label: numbers as they are written; the ends are empty where they equal the score.
    """

    at: float
    period: str
    value: float
    low: float
    median: float
    high: float
    label: str
    low_label: str
    high_label: str


@dataclass(frozen=True)
class RankSpan:
    """A place with its rank by the recipe as it is, and the range of its rank over the recipes tried."""

    name: str
    rank: float
    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Influence:
    """How much of the variance a choice accounts for, alone and with interactions, with both as they are written."""

    name: str
    first: float
    total: float
    first_label: str
    total_label: str


_TIME_HEIGHT = 290
_TIME_EDGES = {"left": 38, "right": 38, "top": 34, "bottom": 40}


def spans_over_time(spans: Sequence[Span], base: float | None, base_label: str, width: int) -> Drawing:
    """Draw the range of a score in each period, with the score itself as a point and the base as a line."""
    inner = width - _TIME_EDGES["left"] - _TIME_EDGES["right"]
    ends = [value for span in spans for value in (span.low, span.high, span.value)]
    low, high = padded(*_extremes([*ends, *([] if base is None else [base])]))
    first, last = spans[0].at, spans[-1].at
    if first == last:
        first, last = first - 1, last + 1
    label_room = 2 * (max(width_of(span.label) for span in spans) * FONT_SIZE + 14) + 8
    period_room = max(width_of(span.period) for span in spans) * SMALL_SIZE + 16
    points = [Point(span.at, span.value, span.period, span.label) for span in spans]
    labelled = {point.at for point in thinned(points, label_room, inner)}
    rows = [{"at": span.at, "value": span.value, "low": span.low, "high": span.high} for span in spans]
    wide = [span for span in spans if span.low_label or span.high_label]
    sides: dict[str, list[dict[str, Any]]] = {"right": [], "left": [], "tops": [], "bottoms": []}
    for span in spans:
        if span.at in labelled:
            side = "left" if span is spans[-1] and len(spans) > 1 else "right"
            sides[side].append({"at": span.at, "value": span.value, "label": span.label})
            sides["tops"].append({"at": span.at, "value": max(span.high, span.value), "label": span.high_label})
            sides["bottoms"].append({"at": span.at, "value": min(span.low, span.value), "label": span.low_label})
    data: dict[str, Sequence[Mapping[str, Any]]] = {
        **sides,
        "spans": rows,
        "caps": [{"at": span.at, "value": end} for span in wide for end in (span.low, span.high)],
        "medians": [{"at": span.at, "value": span.median} for span in wide],
        "ticks": [
            {"at": point.at, "value": low, "label": point.period} for point in thinned(points, period_room, inner)
        ],
        "base": [] if base is None else [{"value": base, "at": first, "end": last, "label": base_label}],
    }
    bounds = {"@first": first, "@last": last, "@low": low, "@high": high}
    return draw_form(_time_form(width), data, bounds, width, _TIME_HEIGHT)


@lru_cache
def _time_form(width: int) -> str:
    import altair as alt

    x_scale = alt.Scale(domain=["@first", "@last"], nice=False, zero=False)
    y_scale = alt.Scale(domain=["@low", "@high"], nice=False, zero=False)
    x = alt.X("at:Q", axis=None, scale=x_scale)
    x_end = alt.X("end:Q", axis=None, scale=x_scale)
    y = alt.Y("value:Q", axis=None, scale=y_scale)
    base, spans = named_data("base"), named_data("spans")
    layers = [
        base.mark_rule(color=LINE, strokeDash=[5, 4], strokeWidth=1.5).encode(x=x, x2="end:Q", y=y),
        base.mark_text(color=MUTED, align="right", dx=_TIME_EDGES["right"] - 2, dy=16, fontSize=SMALL_SIZE).encode(
            x=x_end, y=y, text="label:N"
        ),
        spans.mark_line(color=LINE, strokeWidth=1.5).encode(x=x, y=y),
        spans.mark_rule(color=ACCENT, strokeWidth=2.5).encode(
            x=x, y=alt.Y("low:Q", axis=None, scale=y_scale), y2="high:Q"
        ),
        named_data("caps").mark_point(shape="stroke", color=ACCENT, size=120, strokeWidth=2.5).encode(x=x, y=y),
        named_data("medians").mark_point(shape="stroke", color=INK, size=420, strokeWidth=2.5).encode(x=x, y=y),
        spans.mark_point(filled=True, size=90, color=ACCENT, shape="circle", opacity=1).encode(x=x, y=y),
    ]
    for side, align, shift in (("right", "left", 13), ("left", "right", -13)):
        label = named_data(side).mark_text(
            color=INK, align=align, dx=shift, baseline="middle", fontSize=FONT_SIZE, fontWeight=700
        )
        layers.append(label.encode(x=x, y=y, text="label:N"))
    for end, shift in (("tops", -13), ("bottoms", 15)):
        label = named_data(end).mark_text(color=MUTED, dy=shift, baseline="middle", fontSize=SMALL_SIZE)
        layers.append(label.encode(x=x, y=y, text="label:N"))
    ticks = named_data("ticks").mark_text(color=MUTED, dy=24, fontSize=SMALL_SIZE, baseline="middle")
    layers.append(ticks.encode(x=x, y=y, text="label:N"))
    return form_of(layers, width, _TIME_HEIGHT, _TIME_EDGES)


#: Up to so many places each has a row with its name; beyond, they stand side by side without.
MOST_ROWS = 60
_TOP = 26


def rank_spans(spans: Sequence[RankSpan], width: int) -> Drawing:
    """Draw the range of the rank of each place, in the order of the recipe as it is."""
    return _in_rows(spans, width) if len(spans) <= MOST_ROWS else _side_by_side(spans, width)


def _in_rows(spans: Sequence[RankSpan], width: int) -> Drawing:
    row = 26 if len(spans) <= 20 else 21
    most_ems = width * 0.36 / SMALL_SIZE
    names = [shortened(span.name, most_ems) for span in spans]
    left = max(width_of(name) for name in names) * SMALL_SIZE + 18
    worst = _worst(spans)
    height = _TOP + row * len(spans) + 8

    def x(rank: float) -> float:
        return left + (rank - 1) / max(worst - 1, 1) * (width - left - 12)

    def y(at: int) -> float:
        return _TOP + row * (at + 0.5)

    ticks = _ticks(int(worst), int((width - left) // 36))
    data = {
        "grid": _joined([((x(tick), _TOP), (x(tick), height - 4)) for tick in ticks]),
        "ticks": [{"x": x(tick), "y": 10, "label": str(tick)} for tick in ticks],
        "names": [{"x": 0, "y": y(at), "label": name} for at, name in enumerate(names)],
        "spans": _joined([((x(span.low), y(at)), (x(span.high), y(at))) for at, span in enumerate(spans)]),
        "medians": _joined(
            [((x(span.median), y(at) - 7), (x(span.median), y(at) + 7)) for at, span in enumerate(spans)]
        ),
        "points": _joined([((x(span.rank), y(at)), (x(span.rank) + 0.1, y(at))) for at, span in enumerate(spans)]),
    }
    return draw_form(_plain_form(width, height, 9, 2), data, {}, width, height)


def _side_by_side(spans: Sequence[RankSpan], width: int) -> Drawing:
    left, top, below = 34.0, 34.0, 34.0
    height = 380
    worst = _worst(spans)

    def x(at: int) -> float:
        return left + 6 + at / max(len(spans) - 1, 1) * (width - left - 14)

    def y(rank: float) -> float:
        return top + (rank - 1) / max(worst - 1, 1) * (height - top - below)

    ticks = _ticks(int(worst), 6)
    first, last = (shortened(spans[at].name, (width - left) / SMALL_SIZE) for at in (0, -1))
    data: dict[str, Sequence[Mapping[str, Any]]] = {
        "grid": _joined([((left, y(tick)), (width, y(tick))) for tick in ticks]),
        "ticks": [{"x": 12, "y": y(tick), "label": str(tick)} for tick in ticks],
        "names": [{"x": left, "y": 12, "label": first}],
        "ends": [{"x": width, "y": height - 12, "label": last}],
        "spans": _joined([((x(at), y(span.low)), (x(at), y(span.high))) for at, span in enumerate(spans)]),
        "points": _joined([((x(at), y(span.rank)), (x(at), y(span.rank) + 0.1)) for at, span in enumerate(spans)]),
    }
    return draw_form(
        _plain_form(width, height, 5 if width > 400 else 3, 1.5 if width > 400 else 1), data, {}, width, height
    )


@lru_cache
def _plain_form(width: int, height: int, dot: float, line: float) -> str:
    """Lines, points and letters at places given in pixels."""
    import altair as alt

    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False, zero=False))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[height, 0], nice=False, zero=False))
    order = alt.Order("order:Q")

    def lines(name: str, **look: Any) -> Any:
        marks = named_data(name).mark_line(invalid="break-paths-show-path-domains", **look)
        return marks.encode(x=x, y=y, order=order)

    def letters(name: str, **look: Any) -> Any:
        return (
            named_data(name).mark_text(baseline="middle", fontSize=SMALL_SIZE, **look).encode(x=x, y=y, text="label:N")
        )

    layers = [
        lines("grid", color=LINE, strokeWidth=0.5),
        lines("spans", color=ACCENT, strokeWidth=line),
        lines("medians", color=INK, strokeWidth=2),
        lines("points", color=ACCENT, strokeWidth=dot, strokeCap="round"),
        letters("ticks", color=MUTED),
        letters("names", color=INK, align="left"),
        letters("ends", color=INK, align="right"),
    ]
    return form_of(layers, width, height, {"left": 0, "right": 0, "top": 0, "bottom": 0})


_INFLUENCE_ROW = 72


def influence_bars(influences: Sequence[Influence], width: int) -> Drawing:
    """Draw two bars for each choice, under its name: what it does alone, and with interactions."""
    widest = max(width_of(label) for one in influences for label in (one.first_label, one.total_label))
    room = max(width - widest * SMALL_SIZE - 16, width * 0.2)
    longest = max([*(max(one.first, one.total) for one in influences), 1e-9])
    rows: list[dict[str, Any]] = []
    names = []
    for at, one in enumerate(influences):
        upper = at * _INFLUENCE_ROW
        names.append({"x": 0, "y": upper + 11, "label": shortened(one.name, width / FONT_SIZE)})
        for line, (value, label) in enumerate(((one.first, one.first_label), (one.total, one.total_label))):
            end = 1 + max(value, 0.0) / longest * room
            top = upper + 24 + 20 * line
            look = {"fill": "none" if line else ACCENT, "edge": ACCENT}
            rows.append({"x": 1, "end": end, "top": top, "bottom": top + 13, "label": label, "at": end + 8, **look})
    for row in rows:
        row["middle"] = row["top"] + 6.5
    height = len(influences) * _INFLUENCE_ROW
    return draw_form(_influence_form(width, height), {"bars": rows, "names": names}, {}, width, height)


@lru_cache
def _influence_form(width: int, height: int) -> str:
    import altair as alt

    x, y = pixels(width, height)
    bars = named_data("bars")
    names = named_data("names").mark_text(color=INK, align="left", baseline="middle", fontSize=FONT_SIZE)
    labels = bars.mark_text(color=INK, align="left", baseline="middle", fontSize=SMALL_SIZE)
    layers = [
        bars.mark_rect(strokeWidth=1.5).encode(
            x=x("x"),
            x2="end:Q",
            y=y("top"),
            y2="bottom:Q",
            fill=alt.Fill("fill:N", scale=None),
            stroke=alt.Stroke("edge:N", scale=None),
        ),
        names.encode(x=x("x"), y=y("y"), text="label:N"),
        labels.encode(x=x("at"), y=y("middle"), text="label:N"),
    ]
    return form_of(layers, width, height, {"left": 0, "right": 0, "top": 0, "bottom": 0})


# ── measures ─────────────────────────────────────────────────────────────────────────────────────

_End = tuple[float, float]


def _joined(segments: Sequence[tuple[_End, _End]]) -> list[dict[str, Any]]:
    """Give separate segments as the points of one line with breaks."""
    rows: list[dict[str, Any]] = []
    for start, stop in segments:
        for place in (start, stop, None):
            x, y = place or (None, None)
            rows.append({"order": len(rows), "x": x, "y": y})
    return rows


def _extremes(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)


def _worst(spans: Sequence[RankSpan]) -> float:
    return max(max(span.high, span.rank) for span in spans)


def _ticks(worst: int, most: int) -> list[int]:
    """Give ranks to write at an axis: the first, and every so many."""
    step = next(step for step in (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 10**6) if worst / step <= max(most, 1))
    return [1, *range(step if step > 1 else 2, worst + 1, step)]
