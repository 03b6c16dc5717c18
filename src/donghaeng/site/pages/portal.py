"""The first page: every pack of the release, an index with its newest result."""

from __future__ import annotations

from collections.abc import Sequence

from donghaeng.release.read import Row
from donghaeng.site.pack_view import PackView
from donghaeng.site.page import Page, phrase
from donghaeng.site.pages.result import Result, result_of
from donghaeng.site.pages.standing import Ranking, ranking
from donghaeng.site.view import IndexView
from donghaeng.wording import LANGUAGES, Language

#: So many questions of a pack stand on the page.
MOST_QUESTIONS = 5


def portal(views: Sequence[PackView], languages: tuple[Language, ...]) -> Page:
    """Give the page that lists the packs."""
    indices = [view for view in views if isinstance(view, IndexView)]
    only_indices = len(indices) == len(views)
    tables: dict[str, Sequence[Row]] = {}
    if indices or only_indices:
        tables["scores"] = [row for view in indices for row in ({"pack": view.id, **row} for row in _root_rows(view))]
    if not only_indices:
        tables["packs"] = [_pack_row(view) for view in views]
    return Page(
        path="index.html",
        template="portal.html.j2",
        title=phrase("portal.title") if only_indices else phrase("portal.title_policies"),
        languages=languages,
        tables=tables,
        context={"results": [_entry(view) for view in views], "most_questions": MOST_QUESTIONS},
    )


def _entry(view: PackView) -> tuple[PackView, Result | None, Ranking | None]:
    """Give a pack with the newest result and the ranking of its index, where it has one."""
    if not isinstance(view, IndexView):
        return view, None, None
    return view, result_of(view, view.root, view.lead_place), ranking(view, view.root)


def _pack_row(view: PackView) -> Row:
    titles = {f"title_{language}": view.description["title"].get(language, "") for language in LANGUAGES}
    return {"pack": view.id, **{name: view.description[name] for name in ("version", "date", "status")}, **titles}


def _root_rows(view: IndexView) -> list[dict[str, object]]:
    period = view.newest_period
    return [dict(row) for row in view.rows("scores") if row["node"] == view.root and row["period"] == period]
