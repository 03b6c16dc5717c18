"""Charts of how an index is built and hangs together: its tree with weights, a map of correlations, a profile.

Drawn like the others (`donghaeng.site.charts`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from donghaeng.site.charts import (
    ACCENT,
    FONT_SIZE,
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
    width_of,
)


@dataclass(frozen=True)
class Branch:
    """A node of a tree: its depth from 0, its name, its share of the root and this share as it is written."""

    depth: int
    name: str
    share: float
    label: str


_BRANCH, _INDENT = 26, 16


def tree(branches: Sequence[Branch], width: int) -> Drawing:
    """Draw a tree as indented lines from the root down, each with a bar as long as its share of the root."""
    most = max((branch.share for branch in branches[1:]), default=1.0) or 1.0
    labels = max(width_of(branch.label) for branch in branches) * SMALL_SIZE + 8
    bars = 0.4 * width
    start = width - bars
    rows = []
    for at, branch in enumerate(branches):
        left = branch.depth * _INDENT
        y = at * _BRANCH
        # The whole is no bar: beside it, its parts would be too short to compare.
        end = start if at == 0 else start + branch.share / most * max(bars - labels, 20)
        rows.append(
            {
                "left": left,
                "name": shortened(branch.name, (start - left - 8) / (FONT_SIZE if branch.depth < 2 else SMALL_SIZE)),
                "weight": 700 if branch.depth < 2 else 400,
                "y": y + _BRANCH / 2,
                "top": y + 7,
                "bottom": y + _BRANCH - 7,
                "start": start,
                "end": end,
                "label": branch.label,
                "label_at": end + 6,
                "opacity": 1.0 if branch.depth < 2 else 0.55,
            }
        )
    height = len(branches) * _BRANCH + 4
    parents: dict[int, int] = {}
    stems = []
    for at, branch in enumerate(branches):
        parents[branch.depth] = at
        if branch.depth:
            above = parents[branch.depth - 1]
            x = (branch.depth - 1) * _INDENT + 5
            stems.append(
                {"x": x, "end": branch.depth * _INDENT - 3, "y": (at + 0.5) * _BRANCH, "up": (above + 1) * _BRANCH}
            )
    return draw_form(_tree_form(width, height), {"rows": rows, "stems": stems}, {}, width, height)


@lru_cache
def _tree_form(width: int, height: int) -> str:
    import altair as alt

    x, y = pixels(width, height)
    rows, stems = named_data("rows"), named_data("stems")
    layers = [
        stems.mark_rule(color=LINE, strokeWidth=1).encode(x=x("x"), y=y("up"), y2="y:Q"),
        stems.mark_rule(color=LINE, strokeWidth=1).encode(x=x("x"), x2="end:Q", y=y("y")),
        rows.mark_rect(fill=ACCENT).encode(
            x=x("start"), x2="end:Q", y=y("top"), y2="bottom:Q", opacity=alt.Opacity("opacity:Q", scale=None)
        ),
    ]
    for weight, size in ((700, FONT_SIZE), (400, SMALL_SIZE)):
        text = rows.transform_filter(f"datum.weight == {weight}")
        layers.append(
            text.mark_text(color=INK, align="left", baseline="middle", fontSize=size, fontWeight=weight).encode(
                x=x("left"), y=y("y"), text="name:N"
            )
        )
    layers.append(
        rows.mark_text(color=INK, align="left", baseline="middle", fontSize=SMALL_SIZE).encode(
            x=x("label_at"), y=y("y"), text="label:N"
        )
    )
    return form_of(layers, width, height, {"left": 0, "right": 0, "top": 0, "bottom": 0})


_NUMBERED = 22


def correlation_map(
    names: Sequence[str], values: Mapping[tuple[int, int], float], labels: Mapping[tuple[int, int], str], width: int
) -> Drawing:
    """Draw a triangle of cells, one for each pair of elements, darker for a closer relation.

    Args:
        names: the elements in order; they stand at the rows, numbers at the columns.
        values: correlation by pair of positions, the smaller first.
        labels: the same as they are written.
        width: width in pixels.
    """
    room = min(0.46 * width, max(width_of(name) for name in names) * SMALL_SIZE + _NUMBERED + 12)
    cell = min(56.0, (width - room) / max(len(names) - 1, 1))
    tall = max(0.72 * cell, 24.0)
    cells, texts, rows, columns = [], [], [], []
    for at, name in enumerate(names):
        y = at * tall
        rows.append(
            {"x": 0, "y": y + 0.5 * tall, "name": shortened(f"{at + 1}  {name}", (room - 6) / SMALL_SIZE)},
        )
        if at < len(names) - 1:
            columns.append({"x": room + (at + 0.5) * cell, "y": len(names) * tall + 12, "name": str(at + 1)})
        for before in range(at):
            value = values.get((before, at))
            if value is None:
                continue
            x = room + before * cell
            place = {"x": x + 1, "end": x + cell - 1, "y": y + 1, "bottom": y + tall - 1}
            cells.append(
                place | {"fill": ACCENT if value >= 0 else WARNING, "opacity": round(0.06 + 0.6 * abs(value), 3)}
            )
            if cell >= 34:
                texts.append({"x": x + 0.5 * cell, "y": y + 0.5 * tall, "name": labels[before, at]})
    height = int(len(names) * tall + 26)
    data = {"cells": cells, "texts": texts, "rows": rows, "columns": columns}
    return draw_form(_map_form(width, height), data, {}, width, height)


@lru_cache
def _map_form(width: int, height: int) -> str:
    import altair as alt

    place_x, place_y = pixels(width, height)
    x, y = place_x("x"), place_y("y")
    layers = [
        named_data("cells")
        .mark_rect(strokeWidth=0)
        .encode(
            x=x,
            x2="end:Q",
            y=y,
            y2="bottom:Q",
            fill=alt.Fill("fill:N", scale=None),
            fillOpacity=alt.FillOpacity("opacity:Q", scale=None),
        ),
    ]
    for name, align, colour, size in (
        ("texts", "center", INK, 13),
        ("rows", "left", INK, SMALL_SIZE),
        ("columns", "center", MUTED, SMALL_SIZE),
    ):
        text = named_data(name).mark_text(color=colour, align=align, baseline="middle", fontSize=size)
        layers.append(text.encode(x=x, y=y, text="name:N"))
    return form_of(layers, width, height, {"left": 0, "right": 0, "top": 0, "bottom": 0})


@dataclass(frozen=True)
class Standing:
    """Where a place stands in one area: its score, the lowest, middle and highest of all places, and its label."""

    name: str
    value: float
    low: float
    middle: float
    high: float
    label: str


_STANDING = 46


def profile(standings: Sequence[Standing], width: int) -> Drawing:
    """Draw for each area the range of all places as a line, the middle as a mark across it, the place as a point."""
    low = min(one.low for one in standings)
    high = max(one.high for one in standings)
    room = max(width_of(one.label) for one in standings) * FONT_SIZE + 14
    left = 6

    def at(value: float) -> float:
        return left + (value - low) / ((high - low) or 1.0) * (width - left - room)

    rows = [
        {
            "name": shortened(one.name, width / FONT_SIZE),
            "name_y": row * _STANDING + 11,
            "y": row * _STANDING + 32,
            "top": row * _STANDING + 25,
            "bottom": row * _STANDING + 39,
            "low": at(one.low),
            "high": at(one.high),
            "middle": at(one.middle),
            "own": at(one.value),
            "end": width,
            "label": one.label,
        }
        for row, one in enumerate(standings)
    ]
    height = len(standings) * _STANDING + 4
    return draw_form(_profile_form(width, height), {"rows": rows}, {}, width, height)


@lru_cache
def _profile_form(width: int, height: int) -> str:
    import altair as alt

    x, y = pixels(width, height)
    rows = named_data("rows")
    layers = [
        rows.mark_rule(color=LINE, strokeWidth=2).encode(x=x("low"), x2="high:Q", y=y("y")),
        rows.mark_rule(color=MUTED, strokeWidth=2).encode(x=x("middle"), y=y("top"), y2="bottom:Q"),
        rows.mark_point(filled=True, size=110, color=ACCENT, shape="circle", opacity=1).encode(x=x("own"), y=y("y")),
        rows.mark_text(color=INK, align="left", baseline="middle", fontSize=FONT_SIZE).encode(
            x=alt.value(0), y=y("name_y"), text="name:N"
        ),
        rows.mark_text(color=INK, align="right", baseline="middle", fontSize=FONT_SIZE, fontWeight=700).encode(
            x=x("end"), y=y("y"), text="label:N"
        ),
    ]
    return form_of(layers, width, height, {"left": 0, "right": 0, "top": 0, "bottom": 0})
