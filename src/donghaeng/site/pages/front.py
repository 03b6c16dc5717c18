"""The front page of an index: the newest result, what moved it, what is weak."""

from __future__ import annotations

from dataclasses import dataclass

from donghaeng.site.page import Page, index_title
from donghaeng.site.pages.result import result_of, result_pictures, result_rows
from donghaeng.site.pages.standing import ranking, ranking_rows
from donghaeng.site.pictures import places_compared
from donghaeng.site.view import CITABLE_WORDS, SIMULATED, IndexView
from donghaeng.sources import Kind


@dataclass(frozen=True)
class Coverage:
    """How much of the index is known.

    Attributes:
        stated: number of indicators that the index is said to have.
        named: indicators known by name.
        tentative: of these, tentative ones.
        valued: indicators with at least one public value.
        uncertain: indicators whose values are second hand, inferred or unknown, by kind.
    """

    stated: int
    named: int
    tentative: int
    valued: int
    uncertain: dict[str, tuple[str, ...]]


def front(view: IndexView) -> Page:
    """Give the front page of an index."""
    result = result_of(view, view.root, view.lead_place)
    pictures = result_pictures(view, result)
    tables = dict(result_rows(view, result))
    if not view.is_single:
        tables["scores"] = ranking_rows(view, view.root)
        if view.newest_period:
            pictures |= places_compared(view, view.root, view.newest_period)
    return Page(
        path=view.path("index.html"),
        template="front.html.j2",
        title=index_title(view),
        languages=view.languages,
        tables=tables,
        context={
            "result": result,
            "coverage": coverage(view),
            "ranking": ranking(view, view.root),
            "articles": sorted({slug for slug, _ in view.pack.articles}),
        },
        pictures=pictures,
        view=view,
        section="front",
    )


def coverage(view: IndexView) -> Coverage:
    """Count what is known of the indicators."""
    uncertain: dict[str, list[str]] = {}
    valued = 0
    for leaf in view.leaves:
        rows = [row for row in view.observations.get(leaf, ()) if row["used"] and row["value"] is not None]
        valued += bool(rows)
        kinds = {str(row["kind"]) for row in rows} - CITABLE_WORDS - {SIMULATED}
        if kinds:
            worst = max(kinds, key=lambda word: Kind[word.upper()])
            uncertain.setdefault(worst, []).append(leaf)
    tentative = sum(view.nodes[leaf].row.get("status") == "tentative" for leaf in view.leaves)
    stated = int(view.nodes[view.root].row["indicators"] or len(view.leaves))
    by_kind = {kind: tuple(leaves) for kind, leaves in sorted(uncertain.items())}
    return Coverage(stated, len(view.leaves), tentative, valued, by_kind)
