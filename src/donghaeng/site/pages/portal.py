"""The first page: every index of the release with its newest result."""

from __future__ import annotations

from collections.abc import Sequence

from donghaeng.site.page import Page, phrase
from donghaeng.site.pages.result import result_of
from donghaeng.site.pages.standing import ranking
from donghaeng.site.view import IndexView
from donghaeng.wording import Language


def portal(views: Sequence[IndexView], languages: tuple[Language, ...]) -> Page:
    """Give the page that lists the indices."""
    results = [(view, result_of(view, view.root, view.lead_place), ranking(view, view.root)) for view in views]
    rows = [row for view in views for row in ({"pack": view.id, **row} for row in _root_rows(view))]
    return Page(
        path="index.html",
        template="portal.html.j2",
        title=phrase("portal.title"),
        languages=languages,
        tables={"scores": rows},
        context={"results": results},
    )


def _root_rows(view: IndexView) -> list[dict[str, object]]:
    period = view.newest_period
    return [dict(row) for row in view.rows("scores") if row["node"] == view.root and row["period"] == period]
