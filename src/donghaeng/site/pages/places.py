"""Pages of places, where an index has several."""

from __future__ import annotations

from donghaeng.site.page import Crumb, Page, pack_title, phrase, place_name
from donghaeng.site.pages.result import result_of, result_pictures, result_rows
from donghaeng.site.pages.standing import ranking, ranking_rows
from donghaeng.site.pictures import places_compared
from donghaeng.site.pictures_structure import profile_drawn
from donghaeng.site.view import IndexView


def places(view: IndexView) -> list[Page]:
    """Give the list of places and a page for each; nothing for an index of one place."""
    if view.is_single:
        return []
    return [_all_places(view), *(_place(view, code) for code in view.scored_places)]


def _all_places(view: IndexView) -> Page:
    pictures = places_compared(view, view.root, view.newest_period) if view.newest_period else {}
    return Page(
        path=view.path("places/index.html"),
        template="places.html.j2",
        title=phrase("places.title"),
        languages=view.languages,
        tables={"scores": ranking_rows(view, view.root)},
        context={"ranking": ranking(view, view.root)},
        pictures=pictures,
        trail=(Crumb(view.path("index.html"), pack_title(view)),),
        view=view,
        section="places",
    )


def _place(view: IndexView, code: str) -> Page:
    result = result_of(view, view.root, code)
    return Page(
        path=view.place_path(code),
        template="place.html.j2",
        title=place_name(view, code),
        languages=view.languages,
        tables=result_rows(view, result),
        context={"place": code, "result": result, "count": len(view.scored_places)},
        pictures=result_pictures(view, result) | profile_drawn(view, code),
        trail=(
            Crumb(view.path("index.html"), pack_title(view)),
            Crumb(view.path("places/index.html"), phrase("places.title")),
        ),
        view=view,
        section="places",
    )
