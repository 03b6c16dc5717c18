"""How far the method drives the result: what the recipes that were tried instead say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from donghaeng.release.read import Row
from donghaeng.site.page import Crumb, Page, pack_title, phrase
from donghaeng.site.pictures_tried import influences_drawn, ranks_drawn, scores_drawn
from donghaeng.site.tried import CLEAR, Tried, leading
from donghaeng.site.view import IndexView

#: File name of the page.
FILE = "robustness.html"
#: So many places and ranks the table of shares shows.
FIRST = 10
#: For one place: further questions that the choices are held against.
FURTHER = ("change", "sign", "below")

Verdict = Literal["clear", "open", "rare"]


@dataclass(frozen=True)
class RankLine:
    """A place in the table of ranks.

    Attributes:
        interval: its row of ``robustness_intervals``.
        share: share of the recipes tried in which it is ahead of the next; None for the last.
        verdict: whether it is told apart from the next.
    """

    interval: Row
    share: float | None
    verdict: Verdict | None


@dataclass(frozen=True)
class ShareLine:
    """A place in the table of shares: of each of the first ranks, and of all further ones (None without any)."""

    place: str
    shares: tuple[float, ...]
    rest: float | None


def robustness(view: IndexView) -> list[Page]:
    """Give the page, where the pack names alternatives."""
    tried = view.tried
    if tried is None:
        return []
    place = view.lead_place
    times = tried.over_time(place) if place else []
    ranks = rank_lines(tried)
    target, label = ("mean rank change", "") if ranks else ("score", place or "")
    influences = tried.influences(target, label)
    pictures = scores_drawn(view, tried, times) | ranks_drawn(view, tried, [line.interval for line in ranks])
    pictures |= influences_drawn(view, tried, influences, target)
    changes = [
        tried.changes[row["place"], row["period"]] for row in times if (row["place"], row["period"]) in tried.changes
    ]
    further = {} if ranks else {name: tried.influences(name, label) for name in FURTHER}
    page = Page(
        path=view.path(FILE),
        template="robustness.html.j2",
        title=phrase("tried.title"),
        languages=view.languages,
        tables=tried.tables,
        context={
            "tried": tried,
            "place": place,
            "times": times,
            "changes": changes,
            "ranks": ranks,
            "shares": share_lines(tried, ranks),
            "columns": list(range(1, min(FIRST, len(ranks)) + 1)),
            "target": target,
            "influences": influences,
            "leading": leading(influences),
            "constant": tried.is_constant(target, label),
            "further": further,
            "further_constant": {name: tried.is_constant(name, label) for name in further},
        },
        pictures=pictures,
        trail=(Crumb(view.path("index.html"), pack_title(view)),),
        view=view,
        section="robustness",
    )
    return [page]


def rank_lines(tried: Tried) -> list[RankLine]:
    """Give the places with a rank in the newest period, and whether each is told apart from the next."""
    lines = []
    for row in tried.ranked():
        ahead = tried.ahead.get((row["place"], row["period"]))
        share = ahead["share"] if ahead else None
        lines.append(RankLine(row, share, None if share is None else verdict_of(share)))
    return lines


def verdict_of(share: float) -> Verdict:
    """Say what a share of recipes in which a place is ahead of the next tells."""
    return "clear" if share >= CLEAR else "rare" if share <= 1 - CLEAR else "open"


def share_lines(tried: Tried, ranks: Sequence[RankLine]) -> list[ShareLine]:
    """Give how the first places spread over the first ranks."""
    lines = []
    for line in ranks[:FIRST]:
        shares = tried.shares.get((line.interval["place"], line.interval["period"]), {})
        first = tuple(shares.get(rank, 0.0) for rank in range(1, min(FIRST, len(ranks)) + 1))
        rest = sum(share for rank, share in shares.items() if rank > FIRST) if len(ranks) > FIRST else None
        lines.append(ShareLine(str(line.interval["place"]), first, rest))
    return lines
