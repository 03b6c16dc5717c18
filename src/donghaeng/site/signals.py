"""Alarms of monthly or weekly counts as pages need them: which stand now, since when, and what the rules cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from donghaeng import periods
from donghaeng.release.read import Row


@dataclass(frozen=True)
class Watched:
    """A series of counts in a place.

    Attributes:
        series: its name.
        place: place code.
        node: the node that it warns of; empty for none.
        worse: which way is bad.
        rules: what each rule costs: rows of ``alarms`` without a period.
        alarms: its alarms, oldest first.
        last: its newest period.
        kind: how its counts are known.
    """

    series: str
    place: str
    node: str
    worse: str
    rules: Mapping[str, Row]
    alarms: tuple[Row, ...]
    last: str
    kind: str

    @property
    def alarmed(self) -> tuple[str, ...]:
        """Periods with an alarm of any rule, oldest first."""
        return tuple(sorted({str(row["period"]) for row in self.alarms}, key=periods.parse))

    @property
    def stands(self) -> bool:
        """Say whether there is an alarm in the newest period."""
        return bool(self.alarms) and self.alarmed[-1] == self.last

    @property
    def since(self) -> str:
        """The first period of the unbroken run of alarms that the newest alarm ends; empty without any."""
        found = self.alarmed
        if not found:
            return ""
        at = len(found) - 1
        while at and _number(found[at]) - _number(found[at - 1]) == 1:
            at -= 1
        return found[at]

    @property
    def newest(self) -> Row | None:
        """The newest alarm: the one with an expected value, where both rules have one."""
        found = [row for row in self.alarms if row["period"] == self.alarmed[-1]] if self.alarms else []
        return next((row for row in found if row["expected"] is not None), found[0] if found else None)


def watched(rows: Iterable[Row]) -> tuple[Watched, ...]:
    """Give the series that are watched, in the order of the release."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        found[str(row["series"]), str(row["place"])].append(row)
    result = []
    for (series, place), own in found.items():
        first = own[0]
        rules = {str(row["rule"]): row for row in own if not row["period"]}
        alarms = sorted((row for row in own if row["period"]), key=lambda row: periods.parse(row["period"]))
        words = str(first["node"] or ""), str(first["worse"])
        result.append(
            Watched(series, place, *words, rules, tuple(alarms), str(first["last"]), str(first["kind"] or ""))
        )
    return tuple(result)


def _number(period: str) -> int:
    """Number months and ISO weeks, so that neighbours differ by one."""
    day = periods.parse(period).first_day
    return day.toordinal() // 7 if "W" in period else day.year * 12 + day.month
