"""Do the parts of an index hang together: correlations and consistency, where there are places enough to tell."""

from __future__ import annotations

from donghaeng.release.read import Row
from donghaeng.site.page import Crumb, Page, pack_title, phrase
from donghaeng.site.pages.nodes import MOST_ROWS
from donghaeng.site.pictures_structure import correlations_drawn
from donghaeng.site.view import IndexView

#: Name of the page.
FILE = "study.html"


def study(view: IndexView) -> list[Page]:
    """Give the page, where the release has correlations."""
    pairs = view.rows("correlations")
    if not pairs:
        return []
    flagged = [row for row in pairs if row["flag"] and row["group"]]
    with_groups = [row for row in pairs if row["group"] == row["second"] and row["value"] is not None]
    weak = sorted((row for row in with_groups if row["value"] < 0), key=lambda row: float(row["value"]))
    page = Page(
        path=view.path(FILE),
        template="study.html.j2",
        title=phrase("study.title"),
        languages=view.languages,
        tables={"correlations": pairs, "consistency": view.rows("consistency")},
        context={
            "when": pairs[0]["period"],
            "kind": pairs[0]["kind"],
            "high": _strongest([row for row in flagged if row["flag"] == "high"]),
            "high_total": sum(row["flag"] == "high" for row in flagged),
            "against": _strongest([row for row in flagged if row["flag"] == "against"]),
            "against_total": sum(row["flag"] == "against" for row in flagged),
            "weak": weak[:MOST_ROWS],
            "weak_total": len(weak),
            "consistency": view.rows("consistency"),
            "across": [row for row in pairs if not row["group"] and row["value"] is not None],
        },
        pictures=correlations_drawn(view, pairs),
        trail=(Crumb(view.path("index.html"), pack_title(view)),),
        view=view,
        section="study",
    )
    return [page]


def _strongest(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: -abs(float(row["value"])))[:MOST_ROWS]
