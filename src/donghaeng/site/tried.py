"""What a release says of the recipes that were tried instead of the one that is used.

A share here is a share of choices that somebody made up; what is said of it never goes beyond that.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from donghaeng import periods
from donghaeng.release.read import Row

#: A place is told apart from the next when it is ahead in so large a share of the recipes tried.
CLEAR = 0.95
#: Influences that differ by less than this are named together.
_CLOSE = 0.05


@dataclass(frozen=True)
class Factor:
    """A choice of the recipe that was varied.

    Attributes:
        row: its first row in ``robustness_tried``, with its labels.
        choices: its rows; a single one for draws of noise.
    """

    row: Row
    choices: tuple[Row, ...]

    @property
    def draws(self) -> int | None:
        """How many times noise was drawn; None for choices."""
        return int(str(self.row["choice_en"])) if self.row["what"] == "draws" else None


class Tried:
    """The robustness tables of a pack, by place and period."""

    clear = CLEAR

    def __init__(self, tables: Mapping[str, Sequence[Row]]) -> None:
        """Take the tables of a release."""
        given = {name: tuple(tables.get(f"robustness_{name}", ())) for name in _TABLES}
        self.tables = {f"robustness_{name}": rows for name, rows in given.items()}
        self.intervals = _by_place(given["intervals"])
        self.changes = _by_place(given["changes"])
        self.ahead = _by_place(given["ahead"])
        self.sensitivity = given["sensitivity"]
        self.shares: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
        for row in given["ranks"]:
            self.shares[str(row["place"]), str(row["period"])][int(row["rank"])] = row["share"]
        factors: dict[str, list[Row]] = defaultdict(list)
        for row in given["tried"]:
            factors[str(row["factor"])].append(row)
        self.factors = {name: Factor(rows[0], tuple(rows)) for name, rows in factors.items()}
        self.kind = str(given["intervals"][0]["kind"])

    @cached_property
    def count(self) -> int | None:
        """How many recipes were tried: all combinations; None where some were not, so that there are no indices."""
        if not self.sensitivity:
            return None
        return math.prod(factor.draws or len(factor.choices) for factor in self.factors.values())

    @cached_property
    def newest_period(self) -> str:
        """The newest period of the tables."""
        return max((period for _, period in self.intervals), key=periods.parse)

    def over_time(self, place: str) -> list[Row]:
        """Give the intervals of a place, oldest first."""
        found = [row for (code, _), row in self.intervals.items() if code == place]
        return sorted(found, key=lambda row: periods.parse(row["period"]))

    def ranked(self) -> list[Row]:
        """Give the intervals of the places that have a rank in the newest period, in its order."""
        found = [row for (_, period), row in self.intervals.items() if period == self.newest_period]
        following = [row for row in self.ahead.values() if row["period"] == self.newest_period]
        order = {str(row["place"]): at for at, row in enumerate(following)}
        with_rank = [row for row in found if row["rank"] is not None and row["rank_low"] is not None]
        return sorted(with_rank, key=lambda row: (row["rank"], order.get(str(row["place"]), len(order))))

    @cached_property
    def neighbours(self) -> tuple[int, int]:
        """How many neighbours in the newest ranking are not told apart by the recipes tried, and of how many."""
        shares = [row["share"] for row in self.ahead.values() if row["period"] == self.newest_period]
        return sum(share < CLEAR for share in shares), len(shares)

    def influences(self, target: str, place: str) -> list[Row]:
        """Give the indices of a target, that with the largest total first; none where it is always the same."""
        rows = [row for row in self.sensitivity if row["target"] == target and row["place"] == place]
        if any(row["total"] is None for row in rows):
            return []
        return sorted(rows, key=lambda row: -row["total"])

    def is_constant(self, target: str, place: str) -> bool:
        """Say whether a target is the same in all recipes tried."""
        rows = [row for row in self.sensitivity if row["target"] == target and row["place"] == place]
        return bool(rows) and all(row["total"] is None for row in rows)


def leading(influences: Sequence[Row]) -> list[Row]:
    """Give the choices that a target depends on most: the first, and those about as large."""
    return [row for row in influences if influences[0]["total"] - row["total"] < _CLOSE]


_TABLES = ("intervals", "changes", "ranks", "ahead", "sensitivity", "tried")


def _by_place(rows: Sequence[Row]) -> dict[tuple[str, str], Row]:
    return {(str(row["place"]), str(row["period"])): row for row in rows}
