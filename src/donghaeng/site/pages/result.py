"""The result of a node for a place: what a front page, an area page and the page of a place have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from donghaeng.release.read import Row
from donghaeng.rounding import largest_remainder
from donghaeng.site.page import Picture
from donghaeng.site.pictures import MovedPart, areas_against_base, moved_by, moved_parts, scores_over_time
from donghaeng.site.view import CITABLE_WORDS, KINDS_OF, SIMULATED, Headline, IndexView


@dataclass(frozen=True)
class ChildLine:
    """A line of the table of children.

    Attributes:
        code: code of the child.
        score: its row of ``scores`` in the period; None where there is none.
        base_change: its row of ``changes`` against the base.
        year_change: its row of ``changes`` on the year before.
        points: points it brings to the score of its parent, as printed (they add up); None where it brings none.
        observation: its own used statement in the newest period that has one.
        is_below: below the base level, which only a score that may be cited or a simulated one can show.
    """

    code: str
    score: Row | None
    base_change: Row | None
    year_change: Row | None
    points: float | None
    observation: Row | None
    is_below: bool


@dataclass(frozen=True)
class Result:
    """The newest result of a node for a place, with what explains it.

    Attributes:
        node: its code.
        place: place code; None where several places stand side by side and none of them leads.
        headline: the score that heads the page; None where none may.
        earlier: row of ``scores`` of the year before.
        published: the published value beside a computed one.
        evidence: ids of the sources of the score.
        series: periods with score rows, oldest first, of every kind.
        children: lines of the table of children, by what they contribute.
        moved: parts of the change on the year before.
        above, below: children at or above, and below, their base level.
        unlike: rows of ``changes`` of the node and its children that do not compare like with like.
        uncertain: used statements about the node itself that may not head a page.
    """

    node: str
    place: str | None
    headline: Headline | None
    earlier: Row | None
    published: Row | None
    evidence: tuple[str, ...]
    series: tuple[Row, ...]
    children: tuple[ChildLine, ...]
    moved: tuple[MovedPart, ...]
    above: tuple[str, ...]
    below: tuple[str, ...]
    unlike: tuple[Row, ...]
    uncertain: tuple[Row, ...]

    @property
    def has_points(self) -> bool:
        """Say whether any child contributes to the score."""
        return any(line.points is not None for line in self.children)


def result_of(view: IndexView, node: str, place: str | None) -> Result:
    """Put together the result of a node for a place."""
    headline = view.headline(node, place)
    if place is None:
        return Result(node, None, None, None, None, (), (), _children(view, node, None, None), (), (), (), (), ())
    uncertain = tuple(view.uncertain_scores(node, place))
    series = tuple(
        view.score[place, period, node]
        for period in view.periods
        if (place, period, node) in view.score and view.score[place, period, node]["value"] is not None
    )
    if headline is None:
        period = view.newest_period or (view.periods[-1] if view.periods else None)
        children = _children(view, node, place, period)
        return Result(node, place, None, None, None, (), series, children, (), (), (), (), uncertain)
    period = headline.period
    change = headline.year_change
    earlier = view.score.get((place, str(change["before"]), node)) if change else None
    children = _children(view, node, place, period)
    scored = [line for line in children if line.score and line.score["kind"] in KINDS_OF[headline.stream]]
    changes = [view.change.get((place, period, code, "year")) for code in (node, *view.nodes[node].children)]
    unlike = tuple(row for row in changes if row is not None and row["change"] is not None and not row["comparable"])
    return Result(
        node,
        place,
        headline,
        earlier,
        view.published_beside(node, place, period),
        view.evidence(node, place, period),
        series,
        children,
        tuple(moved_parts(view, node, place, period)),
        tuple(line.code for line in scored if not line.is_below),
        tuple(line.code for line in scored if line.is_below),
        unlike,
        uncertain,
    )


def result_pictures(view: IndexView, result: Result) -> dict[str, Picture]:
    """Give the charts of a result."""
    if result.place is None:
        return {}
    pictures = scores_over_time(view, result.node, result.place)
    if result.headline is not None and not view.nodes[result.node].is_leaf:
        period = result.headline.period
        pictures |= areas_against_base(view, result.node, result.place, period)
        pictures |= moved_by(view, result.node, result.place, period, result.moved)
    return pictures


def result_rows(view: IndexView, result: Result) -> dict[str, Sequence[Row]]:
    """Give the rows behind the numbers of a result: scores, changes, contributions, published beside computed."""
    codes = {result.node, *view.nodes[result.node].children}
    period = result.headline.period if result.headline else None
    return {
        "scores": [row for row in view.rows("scores") if row["node"] in codes and row["place"] == result.place],
        "changes": [row for row in view.rows("changes") if row["node"] in codes and row["place"] == result.place],
        "contributions": [
            row
            for row in view.rows("contributions")
            if row["node"] == result.node and row["place"] == result.place and row["period"] == period
        ],
        "published": [row for row in view.published.get(result.node, ()) if row["place"] == result.place],
        "conflicts": [row for row in view.conflicts.get(result.node, ()) if row["place"] == result.place],
    }


def _children(view: IndexView, node: str, place: str | None, period: str | None) -> tuple[ChildLine, ...]:
    points = _printed_points(view, node, place, period)
    lines = [_child_line(view, child, place, period, points) for child in view.nodes[node].children]
    order = {line.code: at for at, line in enumerate(lines)}
    return tuple(sorted(lines, key=lambda line: (line.points is None, -(line.points or 0.0), order[line.code])))


def _child_line(
    view: IndexView, child: str, place: str | None, period: str | None, points: Mapping[str, float]
) -> ChildLine:
    if place is None or period is None:
        return ChildLine(child, None, None, None, None, None, False)
    score = view.score.get((place, period, child))
    base = view.base_value
    firm = score is not None and score["value"] is not None and score["kind"] in CITABLE_WORDS | {SIMULATED}
    observed = [row for row in view.observations.get(child, ()) if row["used"] and row["place"] == place]
    newest = max(observed, key=lambda row: view.periods.index(row["period"]), default=None)
    return ChildLine(
        child,
        score,
        view.change.get((place, period, child, "base")),
        view.change.get((place, period, child, "year")),
        points.get(child),
        newest,
        bool(firm and score and base is not None and score["value"] < base),
    )


def _printed_points(view: IndexView, node: str, place: str | None, period: str | None) -> dict[str, float]:
    if place is None or period is None:
        return {}
    rows = view.parts.get((place, period, node), {})
    total = view.score.get((place, period, node))
    children = [child for child in view.nodes[node].children if child in rows]
    if not children or total is None or total["value"] is None:
        return {}
    printed = largest_remainder([rows[child]["points"] for child in children], total["value"], view.decimals)
    return dict(zip(children, printed, strict=True))
