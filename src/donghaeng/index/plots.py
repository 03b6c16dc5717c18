"""Pictures of an index for those who study it: its framework, its correlations, the profile of a place.

Each function gives an Altair chart, to be shown in a notebook, changed, or saved; `save` writes SVG or PNG without a
browser. Pictures of the public site are drawn by the site itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from donghaeng.errors import UsageError, listed, nearest
from donghaeng.index.scores import Scores
from donghaeng.index.study import correlate
from donghaeng.panel import Floats
from donghaeng.wording import Language

if TYPE_CHECKING:
    import altair as alt

# Altair takes half a second to load, so each picture loads it when it is drawn.

ROW_HEIGHT = 18
LEVEL_WIDTH = 190
#: Names longer than this are cut.
LONGEST_NAME = 34

_INK, _LINE, _ACCENT, _MUTED = "#1f2933", "#c3ccd5", "#0b5cad", "#7b8794"


def framework_tree(scores: Scores, language: Language = "en", period: str | None = None) -> alt.LayerChart:
    """Draw the tree of an index from the root on the left to the indicators, each with its share in the root.

    The area of a mark is the effective weight of the node: the product of its shares on the way up, as the mean over
    the places in the period.

    Args:
        scores: the index.
        language: language of the names; codes stand where there is none.
        period: the period of the shares; default, the newest in which the index has a score.

    Raises:
        UsageError: a period that the index has not.
    """
    import altair as alt

    structure, at = scores.structure, _period(scores, period)
    share = effective_shares(scores, at)
    rows, links = [], []
    height: dict[int, float] = {}
    for row, index in enumerate(_leaves_in_order(scores)):
        height[index] = float(row)
    for index in structure.bottom_up:
        if structure.children[index]:
            height[index] = float(np.mean([height[child] for child in structure.children[index]]))
    depth = _depths(scores)
    for index, node in enumerate(structure.nodes):
        rows.append(
            {
                "code": node.code,
                "name": _name(scores, index, language),
                "depth": depth[index],
                "row": height[index],
                "share": float(share[index]),
                "side": "leaf" if structure.is_leaf(index) else "inner",
            }
        )
        if node.parent:
            parent = structure.position[node.parent]
            ends = {"depth": depth[parent], "row": height[parent]}, {"depth": depth[index], "row": height[index]}
            links += [{"link": node.code, "order": order, **end} for order, end in enumerate(ends)]
    deepest, count = max(depth), sum(structure.is_leaf(index) for index in range(len(structure.nodes)))
    x = alt.X("depth:Q", axis=None, scale=alt.Scale(domain=[-0.1, deepest + 1.1], nice=False))
    y = alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[count - 0.4, -0.6], nice=False))
    nodes = _chart(rows)
    layers = [
        _chart(links)
        .mark_line(color=_LINE, strokeWidth=1, interpolate="monotone")
        .encode(x=x, y=y, detail="link:N", order="order:Q"),
        nodes.mark_circle(color=_ACCENT, opacity=0.9).encode(
            x=x,
            y=y,
            size=alt.Size("share:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[12, 700])),
            tooltip=["code:N", "name:N", alt.Tooltip("share:Q", format=".2%")],
        ),
        nodes.mark_text(color=_INK, align="left", dx=8, fontSize=11)
        .encode(x=x, y=y, text="name:N")
        .transform_filter("datum.side == 'leaf'"),
        nodes.mark_text(color=_INK, align="center", dy=-13, fontSize=11, fontWeight="bold")
        .encode(x=x, y=y, text="name:N")
        .transform_filter("datum.side == 'inner'"),
    ]
    return _finished(layers, (deepest + 1) * LEVEL_WIDTH, max(count * ROW_HEIGHT, 120))


def correlation_map(
    scores: Scores, level: int = 1, coefficient: str = "pearson", period: str | None = None
) -> alt.LayerChart:
    """Draw the correlations between the nodes of one level over the places, as a map of colours.

    Args:
        scores: the index.
        level: level of the nodes; 1 for the indicators.
        coefficient: ``pearson``, ``spearman`` or ``kendall``.
        period: the period; default, the newest in which the index has a score.

    Raises:
        UsageError: no two places, no such level or coefficient, or a period that the index has not.
    """
    import altair as alt

    at, structure = _period(scores, period), scores.structure
    nodes = [index for index, known in enumerate(structure.levels) if known == level]
    places = [place for place in range(len(scores.places)) if place not in scores.parts]
    if not nodes:
        highest = structure.levels[structure.root]
        raise UsageError(f"no node has the level {level}; expected 1 to {highest}")
    if len(places) < 2:
        raise UsageError("correlations need at least two places; the index has one")
    known: Mapping[str, Any] = {"pearson": "pearson", "spearman": "spearman", "kendall": "kendall"}
    if coefficient not in known:
        raise UsageError(f'unknown correlation "{coefficient}"; expected {listed(known)}')
    found = correlate(scores.values[np.ix_(places, [at], nodes)][:, 0], coefficient=known[coefficient])
    codes = [structure.codes[node] for node in nodes]
    rows = [
        {
            "first": codes[row],
            "second": codes[column],
            "value": None if np.isnan(found.values[row, column]) else float(found.values[row, column]),
            "places": int(found.counts[row, column]),
        }
        for row in range(len(nodes))
        for column in range(len(nodes))
    ]
    chart = _chart(rows)
    axis = alt.Axis(title=None, labelLimit=160, ticks=False, domain=False)
    x = alt.X("second:N", sort=codes, axis=axis)
    y = alt.Y("first:N", sort=codes, axis=axis)
    colour = alt.Color(
        "value:Q",
        scale=alt.Scale(domain=[-1, 0, 1], range=["#b4431c", "#f7f7f7", _ACCENT]),
        legend=alt.Legend(title=coefficient.capitalize()),
    )
    tips = ["first:N", "second:N", alt.Tooltip("value:Q", format=".3f"), "places:Q"]
    layers = [chart.mark_rect().encode(x=x, y=y, color=colour, tooltip=tips)]
    if len(nodes) <= 20:
        # More cells are too small for numbers; the tool tip has them.
        ink = alt.condition("abs(datum.value) > 0.6", alt.value("white"), alt.value(_INK))
        number = alt.Text("value:Q", format=".2f")
        layers.append(chart.mark_text(fontSize=9).encode(x=x, y=y, text=number, color=ink))
    return _finished(layers, max(22 * len(nodes), 120), max(22 * len(nodes), 120))


def place_profile(
    scores: Scores, place: str, language: Language = "en", period: str | None = None, level: int | None = None
) -> alt.LayerChart:
    """Draw the scores of a place among those of all places: range, middle half, median, and where it stands.

    Args:
        scores: the index.
        place: code of the place.
        language: language of the names.
        period: the period; default, the newest in which the index has a score.
        level: only nodes of this level; default, all, the root first.

    Raises:
        UsageError: an unknown place or period, no such level, or a place without scores in the period.
    """
    import altair as alt

    if place not in scores.places:
        hint = nearest(place, scores.places)
        raise UsageError(f'unknown place "{place}"; expected one of {listed(scores.places)}; {hint}'.rstrip("; "))
    at, structure = _period(scores, period), scores.structure
    own = scores.values[scores.places.index(place), at]
    breakdowns = scores.attributes.breakdowns
    others = [
        one
        for one, code in enumerate(scores.places)
        if one not in scores.parts and breakdowns.get(code, "") == breakdowns.get(place, "")
    ]
    table: Floats = scores.values[others, at]
    order = [index for index in _top_down(scores) if level is None or structure.levels[index] == level]
    ranks, depth = scores.ranks()[scores.places.index(place), at], _depths(scores)
    rows: list[dict[str, Any]] = []
    for index in order:
        known = table[np.isfinite(table[:, index]), index]
        if not known.size or np.isnan(own[index]):
            continue
        low, first, middle, third, high = (float(value) for value in np.percentile(known, [0, 25, 50, 75, 100]))
        length = high - low
        # Levels and methods have scales of their own; every line runs from its lowest to its highest score.
        line = {
            name: (value - low) / length if length > 0 else 0.5
            for name, value in (("first", first), ("middle", middle), ("third", third), ("own", float(own[index])))
        }
        rank = "" if np.isnan(ranks[index]) else f" ({ranks[index]:.0f} of {known.size})"
        rows.append(
            {
                "name": _name(scores, index, language),
                "row": len(rows),
                # A name stands further in the deeper its node lies.
                "name_at": -1.0 + 0.04 * depth[index],
                "start": 0.0,
                "end": 1.0,
                **line,
                "score": f"{own[index]:.{scores.recipe.decimals}f}{rank}",
                "at": 1.05,
            }
        )
    if not rows:
        raise UsageError(f"{place} has no scores in {scores.periods[at].text}; expected a place or period with scores")
    chart = _chart(rows)
    y = alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[len(rows) - 0.4, -0.6], nice=False))

    def x(field: str) -> alt.X:
        return alt.X(f"{field}:Q", axis=None, scale=alt.Scale(domain=[-1, 1.35], nice=False))

    layers = [
        chart.mark_rule(color=_LINE, strokeWidth=2).encode(x=x("start"), x2="end:Q", y=y),
        chart.mark_bar(color=_LINE, height=8).encode(x=x("first"), x2="third:Q", y=y),
        chart.mark_tick(color=_MUTED, thickness=2, height=12).encode(x=x("middle"), y=y),
        chart.mark_point(color=_ACCENT, filled=True, size=80, opacity=1).encode(x=x("own"), y=y),
        chart.mark_text(color=_INK, align="left", fontSize=11).encode(x=x("at"), y=y, text="score:N"),
        chart.mark_text(color=_INK, align="left", fontSize=11).encode(x=x("name_at"), y=y, text="name:N"),
    ]
    return _finished(layers, 640, max(len(rows) * ROW_HEIGHT, 60))


def effective_shares(scores: Scores, period: int) -> Floats:
    """Give the effective weight of each node in the root: the mean over the places of its shares multiplied upwards.

    Args:
        scores: the index.
        period: position of the period.

    Returns:
        Shape nodes; 1 for the root, 0 for a node that is in no score. Of means without shares (ranks, ratios), all
        below them is 0.
    """
    structure = scores.structure
    with_score = np.isfinite(scores.values[:, period, structure.root])
    shares = np.abs(scores.shares[with_score, period]) if with_score.any() else np.zeros((1, len(structure.nodes)))
    down = np.zeros(shares.shape)
    down[:, structure.root] = 1.0
    for index in reversed(structure.bottom_up):
        children = list(structure.children[index])
        if children:
            # Partial derivatives of a mean that is not linear need not sum to 1; parts of a whole do.
            total = shares[:, children].sum(axis=1, keepdims=True)
            part = np.divide(shares[:, children], total, out=np.zeros((len(shares), len(children))), where=total > 0)
            down[:, children] = down[:, [index]] * part
    result: Floats = down.mean(axis=0)
    return result


def save(chart: Any, path: Path, scale: float = 2.0) -> Path:
    """Write a chart as SVG or PNG, by the ending of the path; no browser and no network is used.

    Args:
        chart: an Altair chart.
        path: where it goes; folders are made.
        scale: pixels of a PNG for each point.

    Raises:
        UsageError: another ending.
    """
    import vl_convert

    if path.suffix not in (".svg", ".png"):
        raise UsageError(f'a picture cannot be written as "{path.suffix or path.name}"; expected .svg or .png')
    path.parent.mkdir(parents=True, exist_ok=True)
    specification = chart.to_json()
    if path.suffix == ".svg":
        path.write_text(vl_convert.vegalite_to_svg(specification), encoding="utf-8")
    else:
        path.write_bytes(vl_convert.vegalite_to_png(specification, scale=scale))
    return path


def save_all(scores: Scores, folder: Path, place: str | None = None, period: str | None = None) -> list[Path]:
    """Write the pictures of an index as SVG: framework, correlations of each level, profile of a place.

    Args:
        scores: the index.
        folder: where they go.
        place: the place of the profile; default, none is drawn.
        period: the period; default, the newest in which the index has a score.

    Returns:
        The files, in the order of drawing. Correlations need two places, and levels with two nodes.

    Raises:
        UsageError: an unknown place or period.
    """
    structure = scores.structure
    written = [save(framework_tree(scores, period=period), folder / "framework.svg")]
    several = sum(place not in scores.parts for place in range(len(scores.places))) > 1
    for level in range(1, structure.levels[structure.root]):
        if several and structure.levels.count(level) > 1:
            chart = correlation_map(scores, level, period=period)
            written.append(save(chart, folder / f"correlations-{level}.svg"))
    if place is not None:
        written.append(save(place_profile(scores, place, period=period), folder / f"profile-{place}.svg"))
    return written


def _chart(rows: list[dict[str, Any]]) -> alt.Chart:
    import altair as alt

    inline: Any = alt.InlineData  # a generated class without types
    return alt.Chart(inline(values=rows))


def _finished(layers: list[alt.Chart], width: float, height: float) -> alt.LayerChart:
    import altair as alt

    chart: alt.LayerChart = (
        alt.layer(*layers)
        .properties(width=width, height=height, padding=12, background="white")
        .configure_view(stroke=None)
        .configure_axis(labelColor=_INK, labelFontSize=11)
    )
    return chart


def _period(scores: Scores, period: str | None) -> int:
    texts = [one.text for one in scores.periods]
    if period is None:
        return scores.newest_period()
    if period not in texts:
        raise UsageError(f"the index has no period {period}; expected one of {listed(texts)}")
    return texts.index(period)


def _name(scores: Scores, index: int, language: Language) -> str:
    node = scores.structure.nodes[index]
    name = node.names.get(language) or node.names.get("en") or node.names.get("ko") or node.code
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _top_down(scores: Scores) -> list[int]:
    """Give the nodes from the root down, each before its children."""
    order: list[int] = []
    waiting = [scores.structure.root]
    while waiting:
        index = waiting.pop()
        order.append(index)
        waiting += reversed(scores.structure.children[index])
    return order


def _leaves_in_order(scores: Scores) -> list[int]:
    return [index for index in _top_down(scores) if scores.structure.is_leaf(index)]


def _depths(scores: Scores) -> list[int]:
    depth = [0] * len(scores.structure.nodes)
    for index in _top_down(scores):
        for child in scores.structure.children[index]:
            depth[child] = depth[index] + 1
    return depth
