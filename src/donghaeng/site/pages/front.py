"""The front page of a pack; of an index: the newest result, what moved it, what is weak."""

from __future__ import annotations

from dataclasses import dataclass

from donghaeng.release.read import Row
from donghaeng.site.pack_view import PackView
from donghaeng.site.page import Page, pack_title
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


@dataclass(frozen=True)
class PlacesWeak:
    """What is weak among the places of the newest period, as numbers of places.

    Attributes:
        period: the newest period.
        count: places with a score that may stand here.
        below: of these, places below the base level.
        unlike: places whose change on the year before does not compare like with like.
        fewer: places with fewer indicators than the index has.
        imputed: places with values that were filled in.
    """

    period: str
    count: int
    below: int
    unlike: int
    fewer: int
    imputed: int

    @property
    def is_any(self) -> bool:
        """Say whether there is something to tell."""
        return bool(self.below or self.unlike or self.fewer or self.imputed)


def places_weak(view: IndexView) -> PlacesWeak | None:
    """Look for what is weak at all places of the newest period; None for an index of one place."""
    standing = ranking(view, view.root)
    if standing is None:
        return None
    lines = [*standing.lines, *standing.wholes]
    base = view.base_value
    return PlacesWeak(
        standing.period,
        len(lines),
        sum(base is not None and round(line.score["value"], view.decimals) < base for line in lines),
        sum(_is_unlike(line.year_change) for line in lines),
        sum((line.score["available"] or 0) < (line.score["of"] or 0) for line in lines),
        sum(bool(line.score["imputed"]) for line in lines),
    )


def _is_unlike(change: Row | None) -> bool:
    return change is not None and change["change"] is not None and not change["comparable"]


def front(view: PackView) -> Page:
    """Give the front page of a pack: the result of its index where it has one, else what it describes."""
    return _of_index(view) if isinstance(view, IndexView) else _of_pack(view)


def _of_pack(view: PackView) -> Page:
    return Page(
        path=view.path("index.html"),
        template="pack.html.j2",
        title=pack_title(view),
        languages=view.languages,
        tables={name: rows for name in ("statements", "sources") if (rows := view.rows(name)) or name == "sources"},
        view=view,
        section="front",
    )


def _of_index(view: IndexView) -> Page:
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
        title=pack_title(view),
        languages=view.languages,
        tables=tables,
        context={
            "result": result,
            "coverage": coverage(view),
            "places_weak": places_weak(view),
            "ranking": ranking(view, view.root),
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
