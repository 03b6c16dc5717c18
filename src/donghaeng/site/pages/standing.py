"""How places stand beside each other: the newest score of a node for each, highest first."""

from __future__ import annotations

from dataclasses import dataclass

from donghaeng.release.read import Row
from donghaeng.site.view import KINDS_OF, IndexView

#: What a table of places and periods shows at most; the files beside the page hold all.
MOST_PERIODS = 6
MOST_PLACES = 60


@dataclass(frozen=True)
class Standing:
    """A line of a ranking.

    Attributes:
        place: place code.
        score: its row of ``scores``.
        year_change: its row of ``changes`` on the year before.
        interval: its row of ``robustness_intervals``; None where there is none that may stand here.
    """

    place: str
    score: Row
    year_change: Row | None
    interval: Row | None


@dataclass(frozen=True)
class Ranking:
    """The scores of a node in one period.

    Attributes:
        node: its code.
        period: the period.
        lines: places with a rank, highest first.
        wholes: places with a score but no rank, since they are made of others.
        without: places that have none that may stand here.
    """

    node: str
    period: str
    lines: tuple[Standing, ...]
    wholes: tuple[Standing, ...]
    without: tuple[str, ...]

    @property
    def has_intervals(self) -> bool:
        """Say whether ranks have an interval."""
        return any(line.interval is not None and line.interval["rank_low"] is not None for line in self.lines)


def ranking(view: IndexView, node: str) -> Ranking | None:
    """Rank the places in the newest period; None for an index of one place."""
    period = view.newest_period
    if view.is_single or period is None:
        return None
    kinds = KINDS_OF[view.stream]
    lines = []
    without = []
    for place in view.scored_places:
        row = view.score.get((place, period, node))
        if row is not None and row["value"] is not None and row["kind"] in kinds:
            lines.append(
                Standing(
                    place,
                    row,
                    view.change.get((place, period, node, "year")),
                    view.interval(node, place, period, view.stream),
                )
            )
        else:
            without.append(place)
    lines.sort(key=lambda line: (line.score["rank"] or 0, -line.score["value"]))
    ranked = [line for line in lines if line.score["rank"] is not None]
    wholes = [line for line in lines if line.score["rank"] is None] if ranked else []
    return Ranking(node, period, tuple(ranked or lines), tuple(wholes), tuple(without))


@dataclass(frozen=True)
class Times:
    """Scores of a node by place and period.

    Attributes:
        periods: the newest periods, oldest first.
        rows: places with the value of each period; None where none may stand here.
        total: number of places that have any.
    """

    periods: tuple[str, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]
    total: int


def times(view: IndexView, standing: Ranking | None) -> Times | None:
    """Give the newest periods of the places of a ranking, in its order; None where there is only one period."""
    if standing is None:
        return None
    lines = [*standing.lines, *standing.wholes]
    values = {
        (line.place, period): view.value(standing.node, line.place, period, view.stream)
        for line in lines
        for period in view.periods
    }
    kept = [period for period in view.periods if any(values[line.place, period] is not None for line in lines)]
    kept = kept[-MOST_PERIODS:]
    if len(kept) < 2:
        return None
    rows = tuple((line.place, tuple(values[line.place, period] for period in kept)) for line in lines)
    return Times(tuple(kept), rows[:MOST_PLACES], len(rows))


def ranking_rows(view: IndexView, node: str) -> list[Row]:
    """Give all score rows of a node, every place and period."""
    return [row for row in view.rows("scores") if row["node"] == node and row["value"] is not None]
