"""Pages of areas (composites) and indicators (leaves)."""

from __future__ import annotations

from collections.abc import Sequence

from donghaeng import periods
from donghaeng.release.read import Row
from donghaeng.site.diagnosed import diagnosed
from donghaeng.site.page import Crumb, Page, node_name, pack_title
from donghaeng.site.pages.result import result_of, result_pictures, result_rows
from donghaeng.site.pages.standing import ranking, ranking_rows, times
from donghaeng.site.pictures import places_compared, scores_over_time
from donghaeng.site.view import IndexView

#: With many places a page shows the observations of the newest periods only; all stand in the files beside it.
MOST_ROWS = 60


def node_trail(view: IndexView, code: str) -> tuple[Crumb, ...]:
    """Give the way to a node: the front page stands for the root."""
    above = [Crumb(view.node_path(parent), node_name(view, parent)) for parent in view.ancestors(code)[1:]]
    return (Crumb(view.path("index.html"), pack_title(view)), *above)


def area(view: IndexView, code: str) -> Page:
    """Give the page of a composite."""
    result = result_of(view, code, view.lead_place)
    pictures = result_pictures(view, result)
    standing = ranking(view, code)
    shown, total = shown_observations(view, code)
    tables = dict(result_rows(view, result))
    if not view.is_single:
        tables["scores"] = ranking_rows(view, code)
        if view.newest_period:
            pictures |= places_compared(view, code, view.newest_period)
    return Page(
        path=view.node_path(code),
        template="area.html.j2",
        title=node_name(view, code),
        languages=view.languages,
        tables=tables | {"observations": view.observations.get(code, ())},
        context={
            "code": code,
            "node": view.nodes[code],
            "fell_path": fall_path(view, code),
            "result": result,
            "ranking": standing,
            "times": times(view, standing),
            "observations": shown,
            "observations_total": total,
            "conflicts": view.conflicts.get(code, ()),
            "statements": view.statements.get(code, ()),
        },
        pictures=pictures,
        trail=node_trail(view, code),
        view=view,
        section="front",
    )


def indicator(view: IndexView, code: str) -> Page:
    """Give the page of an indicator."""
    result = result_of(view, code, view.lead_place)
    pictures = {} if view.lead_place is None else scores_over_time(view, code, view.lead_place)
    if not view.is_single and view.newest_period:
        pictures |= places_compared(view, code, view.newest_period)
    shown, total = shown_observations(view, code)
    return Page(
        path=view.node_path(code),
        template="indicator.html.j2",
        title=node_name(view, code),
        languages=view.languages,
        tables={
            "observations": view.observations.get(code, ()),
            "scores": ranking_rows(view, code),
            "conflicts": view.conflicts.get(code, ()),
            "quality": [row for row in view.rows("quality") if row["node"] == code],
        },
        context={
            "code": code,
            "node": view.nodes[code],
            "fell_path": fall_path(view, code),
            "result": result,
            "ranking": ranking(view, code),
            "observations": shown,
            "observations_total": total,
            "conflicts": view.conflicts.get(code, ()),
            "statements": view.statements.get(code, ()),
            "quality": view.quality.get(code),
        },
        pictures=pictures,
        trail=node_trail(view, code),
        view=view,
        section="front",
    )


def fall_path(view: IndexView, code: str) -> str | None:
    """Give the path of the page that says why a node fell; None where it did not, or nothing is said."""
    d = diagnosed(view)
    return d.node_path(code) if d and code in d.nodes else None


def shown_observations(view: IndexView, code: str) -> tuple[Sequence[Row], int]:
    """Give the observations that a page shows, newest first, and how many there are in all."""
    order = {place: at for at, place in enumerate(view.scored_places)}
    rows = sorted(
        view.observations.get(code, ()),
        key=lambda row: (-periods.parse(row["period"]).first_day.toordinal(), order.get(str(row["place"]), 0)),
    )
    if len(rows) <= MOST_ROWS:
        return rows, len(rows)
    newest = rows[0]["period"]
    return [row for row in rows if row["period"] == newest][:MOST_ROWS], len(rows)
