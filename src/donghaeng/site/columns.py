"""A chart of columns over time: amounts from zero up, gaps where a number is not shown."""

from __future__ import annotations

from collections.abc import Sequence
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
    WARNING,
    Drawing,
    Point,
    draw_form,
    form_of,
    named_data,
    pixels,
    thinned,
    width_of,
)

_HEIGHT = 240
#: From the upper edge to the tallest column: a line for the stamp and one for its label.
_TOP = 52
_BOTTOM = 34
_GAP = "–"


@dataclass(frozen=True)
class TimeColumn:
    """A column: its amount (None where it is not shown), the words of its period and of its amount."""

    value: float | None
    period: str
    label: str


def columns_over_time(columns: Sequence[TimeColumn], stamp: str, width: int) -> Drawing:
    """Draw amounts over time.

    Args:
        columns: in the order of time; at least one has an amount, and none is below zero.
        stamp: words that stand in the picture, such as that it is simulated; empty for none.
        width: width in pixels.
    """
    slot = width / len(columns)
    half = min(slot * 0.36, 30)
    highest = max(column.value or 0.0 for column in columns) or 1.0
    floor = _HEIGHT - _BOTTOM

    def top(column: TimeColumn) -> float:
        return floor - (column.value or 0.0) / highest * (floor - _TOP)

    middles = [(at + 0.5) * slot for at in range(len(columns))]
    points = [Point(x, column.value, column.period, column.label) for x, column in zip(middles, columns, strict=True)]
    present = [point for point in points if point.value is not None]
    amounts = {id(point): top(column) for point, column in zip(points, columns, strict=True)}
    labelled = thinned(present, _room([point.label for point in present], FONT_SIZE), width - slot)
    ticked = thinned(points, _room([point.period for point in points], SMALL_SIZE), width - slot)
    data: dict[str, list[dict[str, Any]]] = {
        "columns": [
            {"x": point.at - half, "x2": point.at + half, "y": amounts[id(point)], "y2": floor} for point in present
        ],
        "labels": [
            {"x": _inside(point.at, point.label, FONT_SIZE, width), "y": amounts[id(point)], "label": point.label}
            for point in labelled
        ],
        "gaps": [{"x": point.at, "y": floor, "label": _GAP} for point in points if point.value is None],
        "ticks": [
            {"x": _inside(point.at, point.period, SMALL_SIZE, width), "y": floor, "label": point.period}
            for point in ticked
        ],
        "floor": [{"x": 0, "x2": width, "y": floor}],
        "stamp": [{"x": 0, "y": 0, "label": stamp}] if stamp else [],
    }
    return draw_form(_form(width), data, {}, width, _HEIGHT)


def _room(labels: Sequence[str], size: int) -> float:
    return max(width_of(label) for label in labels) * size + 12


def _inside(at: float, label: str, size: int, width: int) -> float:
    """Move the middle of a label so that it does not leave the picture."""
    half = width_of(label) * size / 2
    return min(max(at, half), max(width - half, half))


@lru_cache
def _form(width: int) -> str:
    place_x, place_y = pixels(width, _HEIGHT)
    x, y = place_x("x"), place_y("y")

    def text(name: str, **how: Any) -> Any:
        return named_data(name).mark_text(**how).encode(x=x, y=y, text="label:N")

    layers = [
        named_data("columns").mark_rect(color=ACCENT).encode(x=x, x2="x2:Q", y=y, y2="y2:Q"),
        named_data("floor").mark_rule(color=LINE, strokeWidth=1.5).encode(x=x, x2="x2:Q", y=y),
        text("labels", color=INK, dy=-8, fontSize=FONT_SIZE, fontWeight=700, baseline="bottom"),
        text("gaps", color=MUTED, dy=-8, fontSize=FONT_SIZE, baseline="bottom"),
        text("ticks", color=MUTED, dy=20, fontSize=SMALL_SIZE, baseline="middle"),
        text("stamp", color=WARNING, dy=4, fontSize=SMALL_SIZE, fontWeight=700, align="left", baseline="top"),
    ]
    return form_of(layers, width, _HEIGHT, {"left": 0, "right": 0, "top": 0, "bottom": 0})
