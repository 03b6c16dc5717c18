"""Charts: three forms, each answering one question, drawn without a browser.

A chart is drawn twice, for a wide and for a narrow page, so that its letters keep their size on a phone. Layout is
fixed by us (no automatic sizes), so the same numbers give the same drawing on every machine, whatever fonts it
has. Colours are drawn as marks of their own (`SENTINELS`) and replaced: by custom properties of the style sheet in
a page, by fixed colours in an image that is passed on.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from markupsafe import Markup, escape

Width = Literal["wide", "narrow"]
WIDTHS: Mapping[Width, int] = {"wide": 660, "narrow": 320}

INK, MUTED, ACCENT, WARNING, LINE = "#010101", "#020202", "#030303", "#040404", "#050505"
#: Fill of what lies below: a hatching, so that it shows without colour.
HATCH = "#060606"
SENTINELS: Mapping[str, str] = {INK: "ink", MUTED: "muted", ACCENT: "accent", WARNING: "warning", LINE: "line"}
#: Colours of an image that is passed on, on white.
FIXED: Mapping[str, str] = {
    "ink": "#1b1f24",
    "muted": "#454c55",
    "accent": "#0b4f7d",
    "warning": "#8a3a00",
    "line": "#767d86",
}

FONT_SIZE = 15
SMALL_SIZE = 14
_ROW = 50
_STACK = "Pretendard, 'Noto Sans KR', 'Apple SD Gothic Neo', 'Malgun Gothic', sans-serif"


@dataclass(frozen=True)
class Point:
    """A score in a series: its place on the axis of time, its value (None for a gap) and its words."""

    at: float
    value: float | None
    period: str
    label: str


@dataclass(frozen=True)
class Bar:
    """A bar that starts at the base: its name, its value, its label, and whether it is to be hatched."""

    name: str
    value: float
    label: str
    hatched: bool


@dataclass(frozen=True)
class Dot:
    """One of many places: its name and its value."""

    name: str
    value: float


@dataclass(frozen=True)
class Drawing:
    """A chart as it was drawn, with sentinel colours.

    Attributes:
        body: SVG elements.
        width: width in pixels.
        height: height in pixels.
    """

    body: str
    width: int
    height: int


# ── forms ────────────────────────────────────────────────────────────────────────────────────────
#
# Building a chart with altair takes longer than drawing it, so each form is built once for each size, with names
# in place of its data and of the ends of its scales, and filled for each chart.

_TIME_HEIGHT = 230
_TIME_EDGES = {"left": 34, "right": 34, "top": 30, "bottom": 34}
_SHAPES = (("above", ACCENT, "circle"), ("below", WARNING, "triangle-down"))


def over_time(points: Sequence[Point], base: float | None, base_label: str, width: int) -> Drawing:
    """Draw scores over time: a line with gaps where there is no score, the base as a line, values as labels."""
    inner = width - _TIME_EDGES["left"] - _TIME_EDGES["right"]
    present = [point for point in points if point.value is not None]
    values = [float(point.value or 0.0) for point in present] + ([] if base is None else [base])
    low, high = padded(min(values), max(values))
    first, last = points[0].at, points[-1].at
    is_clear = base is not None and abs(float(present[-1].value or 0.0) - base) > 0.25 * (high - low)
    values_room = max(width_of(point.label) for point in present) * FONT_SIZE + 12
    periods_room = max(width_of(point.period) for point in points) * SMALL_SIZE + 16
    rows = [{"at": point.at, "value": point.value} for point in points]
    data: dict[str, Sequence[Mapping[str, Any]]] = {
        "line": rows,
        "above": [row for row, point in zip(rows, points, strict=True) if _is_below(point.value, base) is False],
        "below": [row for row, point in zip(rows, points, strict=True) if _is_below(point.value, base)],
        "labels": [
            {"at": point.at, "value": point.value, "label": point.label}
            for point in thinned(present, values_room, inner)
        ],
        "ticks": [
            {"at": point.at, "value": low, "label": point.period} for point in thinned(points, periods_room, inner)
        ],
        "base": [] if base is None else [{"value": base, "at": first, "end": last, "label": base_label}],
    }
    ends = {"@first": first, "@last": last, "@low": low, "@high": high}
    return draw_form(_time_form(width, is_clear), data, ends, width, _TIME_HEIGHT)


@lru_cache
def _time_form(width: int, is_clear: bool) -> str:
    import altair as alt

    x_scale = alt.Scale(domain=["@first", "@last"], nice=False, zero=False)
    x = alt.X("at:Q", axis=None, scale=x_scale)
    x_end = alt.X("end:Q", axis=None, scale=x_scale)
    y = alt.Y("value:Q", axis=None, scale=alt.Scale(domain=["@low", "@high"], nice=False, zero=False))
    base, line = named_data("base"), named_data("line")
    layers = [
        base.mark_rule(color=LINE, strokeDash=[5, 4], strokeWidth=1.5).encode(x=x, x2="end:Q", y=y),
        base.mark_text(
            color=MUTED, align="right", dx=_TIME_EDGES["right"] - 2, dy=-10 if is_clear else 16, fontSize=SMALL_SIZE
        ).encode(x=x_end, y=y, text="label:N"),
        line.mark_line(color=ACCENT, strokeWidth=2.5, invalid="break-paths-show-path-domains").encode(x=x, y=y),
    ]
    for name, colour, shape in _SHAPES:
        marks = named_data(name).mark_point(filled=True, size=90, color=colour, shape=shape, opacity=1)
        layers.append(marks.encode(x=x, y=y))
    values = named_data("labels").mark_text(color=INK, dy=-16, fontSize=FONT_SIZE, fontWeight=700)
    ticks = named_data("ticks").mark_text(color=MUTED, dy=20, fontSize=SMALL_SIZE, baseline="middle")
    layers += [values.encode(x=x, y=y, text="label:N"), ticks.encode(x=x, y=y, text="label:N")]
    return form_of(layers, width, _TIME_HEIGHT, _TIME_EDGES)


_BARS_TOP = 30


def from_base(bars: Sequence[Bar], base: float, base_label: str, width: int) -> Drawing:
    """Draw horizontal bars that start at the base, each under its name; the label says the value."""
    scale = _bar_scale(bars, base, width)
    rows = []
    for at, bar in enumerate(bars):
        upper = at * _ROW
        rows.append(
            {
                "name": shortened(bar.name, width / FONT_SIZE),
                "label": bar.label,
                "base": scale(base),
                "end": scale(bar.value),
                "text_at": max(scale(bar.value), scale(base)) + 8,
                "name_at": upper + 9,
                "top": upper + 21,
                "middle": upper + 31,
                "bottom": upper + 41,
                "rule_top": upper + 17,
                "rule_bottom": upper + 45,
                "fill": HATCH if bar.hatched else ACCENT,
                "edge": WARNING if bar.hatched else ACCENT,
            }
        )
    height = len(bars) * _ROW + _BARS_TOP
    side = side_of(scale(base), base_label, width)
    data = {"bars": rows, "base": [{"base": scale(base), "top": 0, "label": base_label}]}
    return draw_form(_bars_form(width, height, side), data, {}, width, height)


@lru_cache
def _bars_form(width: int, height: int, side: str) -> str:
    import altair as alt

    x, y = pixels(width, height - _BARS_TOP)
    bars = named_data("bars")
    name = bars.mark_text(color=INK, align="left", baseline="middle", fontSize=FONT_SIZE)
    value = bars.mark_text(color=INK, align="left", baseline="middle", fontSize=FONT_SIZE, fontWeight=700)
    base = named_data("base").mark_text(color=MUTED, align=side, baseline="bottom", dy=-8, fontSize=SMALL_SIZE)
    layers = [
        bars.mark_rect(strokeWidth=1).encode(
            x=x("base"),
            x2="end:Q",
            y=y("top"),
            y2="bottom:Q",
            fill=alt.Fill("fill:N", scale=None),
            stroke=alt.Stroke("edge:N", scale=None),
        ),
        bars.mark_rule(color=INK, strokeWidth=1.5).encode(x=x("base"), y=y("rule_top"), y2="rule_bottom:Q"),
        name.encode(x=alt.value(0), y=y("name_at"), text="name:N"),
        value.encode(x=x("text_at"), y=y("middle"), text="label:N"),
        base.encode(x=x("base"), y=y("top"), text="label:N"),
    ]
    return form_of(layers, width, height, {"left": 0, "right": 0, "top": _BARS_TOP, "bottom": 0})


_DOT = 9.0
_DOTS_EDGES = {"left": 0, "right": 0, "top": 28, "bottom": 44}


def spread(dots: Sequence[Dot], base: float | None, base_label: str, labels: Mapping[str, str], width: int) -> Drawing:
    """Draw one dot for each of many places along the scale, stacked where they meet.

    The lowest and the highest have their names and values; `labels` gives the value of a place as it is written.
    """
    side = 12
    values = [dot.value for dot in dots] + ([] if base is None else [base])
    low, high = min(values), max(values)
    columns = max(1, int((width - 2 * side) // _DOT))

    def place(value: float) -> float:
        return (value - low) / ((high - low) or 1.0) * (columns - 1)

    heights: dict[int, int] = {}
    rows: dict[str, list[dict[str, Any]]] = {"above": [], "below": []}
    for dot in sorted(dots, key=lambda dot: (dot.value, dot.name)):
        column = round(place(dot.value))
        heights[column] = heights.get(column, 0) + 1
        row = {"x": side + (column + 0.5) * _DOT, "y": heights[column] - 0.5}
        rows["below" if _is_below(dot.value, base) else "above"].append(row)
    tallest = max(heights.values())
    height = int(tallest * _DOT) + _DOTS_EDGES["top"] + _DOTS_EDGES["bottom"]
    in_order = sorted(dots, key=lambda dot: dot.value)
    lowest, highest = (
        f"{shortened(dot.name, width / 2 / SMALL_SIZE - width_of(labels[dot.name]) - 1)} {labels[dot.name]}"
        for dot in (in_order[0], in_order[-1])
    )
    base_at = 0.0 if base is None else side + (place(base) + 0.5) * _DOT
    data = {
        **rows,
        "lowest": [{"x": 0, "y": 0, "label": lowest}],
        "highest": [{"x": width, "y": 0, "label": highest}],
        "base": [] if base is None else [{"x": base_at, "y": 0, "end": tallest, "label": base_label}],
    }
    return draw_form(
        _dots_form(width, height, side_of(base_at, base_label, width)), data, {"@tallest": tallest}, width, height
    )


@lru_cache
def _dots_form(width: int, height: int, side: str) -> str:
    import altair as alt

    y_scale = alt.Scale(domain=[0, "@tallest"], nice=False, zero=False)
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, width], nice=False, zero=False))
    y = alt.Y("y:Q", axis=None, scale=y_scale)
    layers = []
    for name, colour, shape in _SHAPES:
        marks = named_data(name).mark_point(filled=True, size=52, color=colour, shape=shape, opacity=1)
        layers.append(marks.encode(x=x, y=y))
    for name, align in (("lowest", "left"), ("highest", "right")):
        label = named_data(name).mark_text(color=INK, dy=22, fontSize=SMALL_SIZE, align=align, baseline="middle")
        layers.append(label.encode(x=x, y=y, text="label:N"))
    rule = named_data("base").mark_rule(color=INK, strokeWidth=1.5).encode(x=x, y=y, y2="end:Q")
    label = named_data("base").mark_text(color=MUTED, align=side, dy=-12, fontSize=SMALL_SIZE)
    layers += [rule, label.encode(x=x, y=alt.Y("end:Q", axis=None, scale=y_scale), text="label:N")]
    return form_of(layers, width, height, _DOTS_EDGES)


# ── drawing ──────────────────────────────────────────────────────────────────────────────────────


def named_data(name: str) -> Any:
    """Give a chart of data that are filled in later under a name."""
    import altair as alt

    return alt.Chart(alt.NamedData(name=name))


def pixels(width: int, height: int) -> tuple[Callable[[str], Any], Callable[[str], Any]]:
    """Give channels for fields that are places in pixels already: from the left, and from the top."""
    import altair as alt

    x_scale = alt.Scale(domain=[0, width], nice=False, zero=False)
    y_scale = alt.Scale(domain=[height, 0], nice=False, zero=False)

    def x(field: str) -> alt.X:
        return alt.X(f"{field}:Q", axis=None, scale=x_scale)

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", axis=None, scale=y_scale)

    return x, y


def form_of(layers: Sequence[Any], width: int, height: int, edges: Mapping[str, int]) -> str:
    """Give a specification of a fixed size, as text to be filled."""
    import altair as alt

    sized = (
        alt.layer(*layers)
        .properties(
            width=width - edges["left"] - edges["right"],
            height=height - edges["top"] - edges["bottom"],
            autosize=alt.AutoSizeParams(type="none"),
            padding=dict(edges),
        )
        .configure_view(stroke=None)
        .configure(background="transparent", aria=False)
    )
    return json.dumps(sized.to_dict(validate=False), sort_keys=True)


def draw_form(
    form: str, data: Mapping[str, Sequence[Mapping[str, Any]]], ends: Mapping[str, float], width: int, height: int
) -> Drawing:
    """Fill a form with data and with the ends of its scales, and draw it."""
    for name, value in ends.items():
        form = form.replace(f'"{name}"', json.dumps(value))
    specification = form[:-1] + f', "datasets": {json.dumps(data, sort_keys=True)}}}'
    return Drawing(_cleaned(_svg(specification)), width, height)


def _svg(specification: str) -> str:
    import vl_convert

    return vl_convert.vegalite_to_svg(specification)


def _cleaned(svg: str) -> str:
    """Keep what is drawn: no roles (the image has one as a whole), classes, fonts or invisible marks."""
    body = re.sub(r"^<svg[^>]*>|</svg>$", "", svg.strip())
    body = re.sub(r'<path class="(?:background|foreground)"[^>]*/>', "", body)
    body = re.sub(r' (?:class|role|aria-[a-z]+|font-family|style)="[^"]*"', "", body)
    # Positions need two decimals; what stands between the tags is written for readers and stays as it is.
    return re.sub(r'"[^"<>]*"', lambda part: re.sub(r"(\d+\.\d{2})\d+", r"\1", part[0]), body)


def in_page(drawing: Drawing, width: Width, chart_id: str, title: str, description: str) -> Markup:
    """Give a drawing as inline SVG with the colours of the style sheet."""
    body = _coloured(drawing.body, {name: f"var(--{name})" for name in FIXED}, f"{chart_id}-hatch")
    head = (
        f'<svg class="chart-{width}" xmlns="http://www.w3.org/2000/svg" role="img" '
        f'aria-labelledby="{chart_id}-title {chart_id}-text" viewBox="0 0 {drawing.width} {drawing.height}" '
        f'width="{drawing.width}" height="{drawing.height}">'
        f'<title id="{chart_id}-title">{escape(title)}</title><desc id="{chart_id}-text">{escape(description)}</desc>'
    )
    return Markup(head + body + "</svg>")  # noqa: S704 - drawn by us from escaped texts


def as_image(drawing: Drawing, title: str, lines: Sequence[str]) -> str:
    """Give a drawing as a file of its own, with its question above and what it is below.

    Args:
        drawing: the chart.
        title: the question that it answers.
        lines: status, release, source and licence, which travel with the image.
    """
    edge = 28
    heading = _wrapped(title, drawing.width / 20)
    notes = [part for line in lines for part in _wrapped(line, drawing.width / 13)]
    top = edge + 26 * len(heading) + 12
    height = top + drawing.height + 24 + 19 * len(notes) + edge - 6
    width = drawing.width + 2 * edge
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" font-family="{_STACK}"><title>{escape(title)}</title><desc>{escape(" ".join(lines))}</desc>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for at, line in enumerate(heading):
        y = edge + 18 + 26 * at
        parts.append(
            f'<text x="{edge}" y="{y}" font-size="20" font-weight="700" fill="{FIXED["ink"]}">{escape(line)}</text>'
        )
    rim = '<text paint-order="stroke" stroke="#ffffff" stroke-width="4" stroke-linejoin="round" '
    body = _coloured(drawing.body, FIXED, "hatch").replace("<text ", rim)
    parts.append(f'<g transform="translate({edge},{top})">{body}</g>')
    for at, line in enumerate(notes):
        y = top + drawing.height + 30 + 19 * at
        parts.append(f'<text x="{edge}" y="{y}" font-size="13" fill="{FIXED["muted"]}">{escape(line)}</text>')
    return "".join([*parts, "</svg>\n"])


def _coloured(body: str, colours: Mapping[str, str], hatch_id: str) -> str:
    for sentinel, name in SENTINELS.items():
        body = body.replace(f'"{sentinel}"', f'"{colours[name]}"')
    if f'"{HATCH}"' not in body:
        return body
    pattern = (
        f'<defs><pattern id="{hatch_id}" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate(45)"><path d="M0,0V6" stroke="{colours["warning"]}" stroke-width="5"/>'
        "</pattern></defs>"
    )
    return pattern + body.replace(f'"{HATCH}"', f'"url(#{hatch_id})"')


# ── measures ─────────────────────────────────────────────────────────────────────────────────────


def _is_below(value: float | None, base: float | None) -> bool | None:
    return None if value is None else base is not None and value < base


def padded(low: float, high: float) -> tuple[float, float]:
    """Give a range with some room on both sides."""
    room = (high - low) * 0.12 or abs(high) * 0.05 or 1.0
    return low - room, high + room


def _bar_scale(bars: Sequence[Bar], base: float, width: int) -> _Scale:
    """Place values so that every bar ends where its label still has room beside it."""
    start = 2.0
    low = min([base, *(bar.value for bar in bars)])
    factors = []
    for bar in bars:
        length = max(bar.value, base) - low
        room = width - start - 10 - width_of(bar.label) * FONT_SIZE
        if length > 0:
            factors.append(max(room, width * 0.2) / length)
    return _Scale(low, min(factors, default=1.0), start)


@dataclass(frozen=True)
class _Scale:
    low: float
    factor: float
    start: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) * self.factor


def side_of(at: float, label: str, width: int) -> Any:
    """Write a label from its place to the right, or to the left where it would leave the chart."""
    return "right" if at + width_of(label) * SMALL_SIZE > width else "left"


def thinned(points: Sequence[Point], room: float, width: float) -> list[Point]:
    """Keep as many points as their labels have room for, counted back from the last."""
    if len(points) < 2:
        return list(points)
    most = max(2, int(width // room) + 1)
    step = math.ceil((len(points) - 1) / (most - 1)) if most > 1 else len(points)
    return [point for at, point in enumerate(points) if (len(points) - 1 - at) % step == 0]


def width_of(text: str) -> float:
    """Estimate the width of a text in ems: Hangul and other wide letters count one, others a little over half."""
    return sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else 0.56 for letter in text)


def shortened(text: str, ems: float) -> str:
    """Cut a text to a width in ems."""
    if width_of(text) <= ems:
        return text
    kept = ""
    for letter in text:
        if width_of(kept + letter) > ems - 1:
            break
        kept += letter
    return kept.rstrip() + "…"


def _wrapped(text: str, ems: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(joined) <= ems:
            lines[-1] = joined
        elif lines:
            lines.append(word)
        else:
            lines = [word]
    return lines
