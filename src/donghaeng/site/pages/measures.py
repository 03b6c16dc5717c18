"""Statistics of a pack: what its services recorded, counted."""

from __future__ import annotations

from donghaeng.site.pack_view import PackView
from donghaeng.site.page import Crumb, Page, Picture, pack_title, phrase
from donghaeng.site.pictures_measured import over_groups, over_periods
from donghaeng.site.statistics import statistics_of

#: File name of the page.
FILE = "statistics.html"


def measures(view: PackView) -> list[Page]:
    """Give the page, where the release has statistics of the pack."""
    statistics = statistics_of(view)
    if not statistics:
        return []
    pictures: dict[str, Picture] = {}
    for one in statistics:
        pictures |= over_periods(one) | over_groups(one)
    page = Page(
        path=view.path(FILE),
        template="measures.html.j2",
        title=phrase("measured.title"),
        languages=view.languages,
        tables={name: view.rows(name) for name in ("statistics", "statistics_entries", "measures", "measure_codes")},
        context={"statistics": statistics, "entries": view.rows("statistics_entries")},
        pictures=pictures,
        trail=(Crumb(view.path("index.html"), pack_title(view)),),
        view=view,
        section="statistics",
    )
    return [page]
