"""Charts of a fall and of a plan: a waterfall, shares with their intervals, and money now beside money planned.

Drawn like the others (`donghaeng.site.charts`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from donghaeng.site.charts import (
    ACCENT,
    FONT_SIZE,
    HATCH,
    INK,
    LINE,
    MUTED,
    SMALL_SIZE,
    WARNING,
    Drawing,
    draw_form,
    form_of,
    named_data,
    pixels,
    shortened,
    side_of,
    width_of,
)


@dataclass(frozen=True)
class Step:
    """A step of a waterfall: its name, its points and its label."""

    name: str
    points: float
    label: str


_ROW = 50
_TOP = 8


def waterfall(start: Step, steps: Sequence[Step], end: Step, width: int) -> Drawing:
    """Draw how a score came from one value to another: each step begins where the one before it ended.

    Args:
        start: the score before; its points are the score.
        steps: what it is made of; falls are hatched.
        end: the score after.
        width: width in pixels.
    """
    levels = [start.points]
    for step in steps:
        levels.append(levels[-1] + step.points)
    low, high = min(*levels, end.points), max(*levels, end.points)
    room = max(width_of(one.label) for one in (start, *steps, end)) * FONT_SIZE + 14
    scale = (width - room - 8) / ((high - low) or 1.0)

    def at(value: float) -> float:
        return 4 + (value - low) * scale

    rows, marks, stems = [], [], []
    for turn, (step, before) in enumerate(zip(steps, levels, strict=False), 1):
        left, right = sorted((at(before), at(before + step.points)))
        is_fall = step.points < 0
        rows.append(
            _line(step, turn, width)
            | {
                "left": left,
                "right": max(right, left + 1.5),
                "text_at": right + 8,
                "fill": HATCH if is_fall else ACCENT,
                "edge": WARNING if is_fall else ACCENT,
            }
        )
    for turn, one in ((0, start), (len(steps) + 1, end)):
        marks.append(_line(one, turn, width) | {"x": at(one.points), "text_at": at(one.points) + 9})
    for turn, level in enumerate(levels):
        upper = turn * _ROW + _TOP
        stems.append({"x": at(level), "top": upper + 41, "bottom": upper + _ROW + 21})
    height = (len(steps) + 2) * _ROW + _TOP
    return draw_form(_waterfall_form(width, height), {"steps": rows, "marks": marks, "stems": stems}, {}, width, height)


def _line(step: Step, turn: int, width: int) -> dict[str, object]:
    upper = turn * _ROW + _TOP
    return {
        "name": shortened(step.name, width / FONT_SIZE),
        "label": step.label,
        "name_at": upper + 9,
        "top": upper + 21,
        "middle": upper + 31,
        "bottom": upper + 41,
    }


@lru_cache
def _waterfall_form(width: int, height: int) -> str:
    import altair as alt

    x, y = pixels(width, height)
    steps, marks = named_data("steps"), named_data("marks")
    layers = [
        named_data("stems").mark_rule(color=LINE, strokeWidth=1).encode(x=x("x"), y=y("top"), y2="bottom:Q"),
        steps.mark_rect(strokeWidth=1).encode(
            x=x("left"),
            x2="right:Q",
            y=y("top"),
            y2="bottom:Q",
            fill=alt.Fill("fill:N", scale=None),
            stroke=alt.Stroke("edge:N", scale=None),
        ),
        marks.mark_rule(color=INK, strokeWidth=4).encode(x=x("x"), y=y("top"), y2="bottom:Q"),
    ]
    for rows, weight in ((steps, 400), (marks, 700)):
        name = rows.mark_text(color=INK, align="left", baseline="middle", fontSize=FONT_SIZE, fontWeight=weight)
        value = rows.mark_text(color=INK, align="left", baseline="middle", fontSize=FONT_SIZE, fontWeight=700)
        layers.append(name.encode(x=alt.value(0), y=y("name_at"), text="name:N"))
        layers.append(value.encode(x=x("text_at"), y=y("middle"), text="label:N"))
    return form_of(layers, width, height, {"left": 0, "right": 0, "top": 0, "bottom": 0})


@dataclass(frozen=True)
class Range:
    """A value with its interval: its name, the ends, its label, and whether it is a blind spot."""

    name: str
    value: float
    low: float
    high: float
    label: str
    is_marked: bool


_RANGES_TOP = 30


def ranges(rows: Sequence[Range], line: float, line_label: str, width: int) -> Drawing:
    """Draw values with their intervals against a line, which stands for an equal share.

    Args:
        rows: the values in order; marked ones are triangles.
        line: where the line is.
        line_label: what it stands for.
        width: width in pixels.
    """
    low, high = min(line, *(row.low for row in rows)), max(line, *(row.high for row in rows))
    room = max(width_of(row.label) for row in rows) * FONT_SIZE + 14

    def at(value: float) -> float:
        return 8 + (value - low) / ((high - low) or 1.0) * (width - room - 12)

    lines = [
        {
            "name": shortened(row.name, width / FONT_SIZE),
            "name_at": turn * _ROW + 9,
            "y": turn * _ROW + 31,
            "low": at(row.low),
            "high": at(row.high),
            "own": at(row.value),
            "label": row.label,
            "text_at": at(row.high) + 9,
        }
        for turn, row in enumerate(rows)
    ]
    height = len(rows) * _ROW + _RANGES_TOP
    data: dict[str, Sequence[Mapping[str, Any]]] = {
        "rows": lines,
        "marked": [one for one, row in zip(lines, rows, strict=True) if row.is_marked],
        "others": [one for one, row in zip(lines, rows, strict=True) if not row.is_marked],
        "line": [{"x": at(line), "top": turn * _ROW + 21, "bottom": turn * _ROW + 41} for turn in range(len(rows))],
        "caption": [{"x": at(line), "top": 0, "label": line_label}],
    }
    side = side_of(at(line), line_label, width)
    return draw_form(_ranges_form(width, height, side), data, {}, width, height)


@lru_cache
def _ranges_form(width: int, height: int, side: str) -> str:
    import altair as alt

    x, y = pixels(width, height - _RANGES_TOP)
    rows = named_data("rows")
    layers = [
        named_data("line").mark_rule(color=INK, strokeWidth=1.5).encode(x=x("x"), y=y("top"), y2="bottom:Q"),
        rows.mark_rule(color=MUTED, strokeWidth=2.5).encode(x=x("low"), x2="high:Q", y=y("y")),
    ]
    for name, colour, shape in (("others", ACCENT, "circle"), ("marked", WARNING, "triangle-down")):
        points = named_data(name).mark_point(filled=True, size=110, color=colour, shape=shape, opacity=1)
        layers.append(points.encode(x=x("own"), y=y("y")))
    name = rows.mark_text(color=INK, align="left", baseline="middle", fontSize=FONT_SIZE)
    value = rows.mark_text(color=INK, align="left", baseline="middle", fontSize=FONT_SIZE, fontWeight=700)
    caption = named_data("caption").mark_text(color=MUTED, align=side, baseline="bottom", dy=-8, fontSize=SMALL_SIZE)
    layers += [
        name.encode(x=alt.value(0), y=y("name_at"), text="name:N"),
        value.encode(x=x("text_at"), y=y("y"), text="label:N"),
        caption.encode(x=x("x"), y=y("top"), text="label:N"),
    ]
    return form_of(layers, width, height, {"left": 0, "right": 0, "top": _RANGES_TOP, "bottom": 0})


@dataclass(frozen=True)
class Grant:
    """Money of one receiver: its name, what it has now, what the plan gives it, and its label."""

    name: str
    now: float
    planned: float
    label: str


_KEY = 30


def allocation(grants: Sequence[Grant], now_label: str, width: int) -> Drawing:
    """Draw a bar for the money that a plan gives each receiver, with a mark across it for what it has now.

    Args:
        grants: the receivers in order; a bar that stays below its mark is hatched.
        now_label: what the mark stands for, said once above the first of them.
        width: width in pixels.
    """
    most = max((max(one.now, one.planned) for one in grants), default=1.0) or 1.0
    room = max(width_of(one.label) for one in grants) * FONT_SIZE + 16

    def at(value: float) -> float:
        return 2 + value / most * max(width - room - 4, width * 0.25)

    rows = []
    for turn, one in enumerate(grants):
        upper = turn * _ROW
        is_less = one.planned < one.now
        rows.append(
            {
                "name": shortened(one.name, width / FONT_SIZE),
                "name_at": upper + 9,
                "top": upper + 21,
                "middle": upper + 31,
                "bottom": upper + 41,
                "mark_top": upper + 17,
                "mark_bottom": upper + 45,
                "start": 2,
                "end": at(one.planned),
                "now": at(one.now),
                "text_at": max(at(one.planned), at(one.now)) + 9,
                "label": one.label,
                "fill": HATCH if is_less else ACCENT,
                "edge": WARNING if is_less else ACCENT,
            }
        )
    height = len(grants) * _ROW + _KEY
    first = float(at(grants[0].now)) if grants else 0.0
    data = {"rows": rows, "key": [{"x": first, "top": 0, "label": now_label}]}
    return draw_form(_allocation_form(width, height, side_of(first, now_label, width)), data, {}, width, height)


@lru_cache
def _allocation_form(width: int, height: int, side: str) -> str:
    import altair as alt

    x, y = pixels(width, height - _KEY)
    rows = named_data("rows")
    name = rows.mark_text(color=INK, align="left", baseline="middle", fontSize=FONT_SIZE)
    value = rows.mark_text(color=INK, align="left", baseline="middle", fontSize=FONT_SIZE, fontWeight=700)
    key = named_data("key").mark_text(color=MUTED, align=side, baseline="bottom", dy=-8, fontSize=SMALL_SIZE)
    layers = [
        rows.mark_rect(strokeWidth=1).encode(
            x=x("start"),
            x2="end:Q",
            y=y("top"),
            y2="bottom:Q",
            fill=alt.Fill("fill:N", scale=None),
            stroke=alt.Stroke("edge:N", scale=None),
        ),
        rows.mark_rule(color=INK, strokeWidth=2.5).encode(x=x("now"), y=y("mark_top"), y2="mark_bottom:Q"),
        name.encode(x=alt.value(0), y=y("name_at"), text="name:N"),
        value.encode(x=x("text_at"), y=y("middle"), text="label:N"),
        key.encode(x=x("x"), y=y("top"), text="label:N"),
    ]
    return form_of(layers, width, height, {"left": 0, "right": 0, "top": _KEY, "bottom": 0})
