"""``counts.csv``: monthly or weekly counts from records, in which a change shows before the year is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from donghaeng import periods
from donghaeng.diagnosis.cells import Cells
from donghaeng.diagnosis.document import Identities
from donghaeng.errors import Faults
from donghaeng.panel import Floats
from donghaeng.periods import Period
from donghaeng.sources import Kind, source_ids
from donghaeng.table import Row, number, read_rows

REQUIRED = ("series", "place", "period", "value", "kind", "source")
OPTIONAL = ("note",)

#: Counts a year, by the form of the period.
MONTHS, WEEKS = 12, 52
LARGEST_COUNT = 10**9


@dataclass(frozen=True, eq=False)
class CountSeries:
    """Counts of one series in one place, one after the other without gaps.

    Attributes:
        series: its name.
        place: the place.
        periods: the months or weeks.
        values: the counts.
        per_year: 12 or 52.
        kind: the least firm kind among them.
        source: ids of sources.
        line: line of the first of them.
    """

    series: str
    place: str
    periods: tuple[Period, ...]
    values: Floats
    per_year: int
    kind: Kind
    source: str
    line: int

    def __repr__(self) -> str:
        """Say in a line what it is."""
        return f"CountSeries({self.series}, {self.place}: {len(self.periods)} counts)"

    @property
    def days(self) -> float:
        """Mean length of a period in days."""
        return 365.25 / self.per_year if self.per_year == MONTHS else 7.0


@dataclass(frozen=True)
class Counts:
    """All series of counts."""

    series: tuple[CountSeries, ...]

    @staticmethod
    def empty() -> Counts:
        """Give none."""
        return Counts(())


@dataclass
class _Collected:
    rows: list[tuple[Period, float, int]] = field(default_factory=list)
    kind: Kind = Kind.PUBLISHED
    sources: dict[str, None] = field(default_factory=dict)


def read_counts(path: Path, label: str, model: Identities, cells: Cells) -> Counts:
    """Read ``counts.csv``.

    Args:
        path: the file.
        label: how faults name it.
        model: ``identities.yaml``, for the names of series.
        cells: what places and sources there are, and where faults go.
    """
    collected: dict[tuple[str, str], _Collected] = {}
    for row in read_rows(path, label, REQUIRED, OPTIONAL, cells.faults):
        before = len(cells.faults.errors)
        series = cells.code(row, "series", model.counts, "counts of identities.yaml")
        place, kind = cells.place(row), cells.kind(row)
        period, value = _period(row, cells), _count(row, cells)
        if len(cells.faults.errors) > before or kind is None or period is None:
            continue
        one = collected.setdefault((series, place), _Collected())
        one.rows.append((period, value, row.line))
        one.kind = max(one.kind, kind)
        one.sources |= dict.fromkeys(source_ids(row["source"]))
    return Counts(tuple(_series(key, one, label, cells.faults) for key, one in collected.items()))


def _period(row: Row, cells: Cells) -> Period | None:
    try:
        period = periods.parse(row["period"])
    except ValueError:
        period = None
    if period is None or _per_year(period) == 0:
        what = f'"{row["period"]}" is neither a month nor a week'
        remedy = "leave yearly values out: they give no early signal"
        row.fault(cells.faults, "period", what, "2024-03 or 2024-W09", remedy, "not-a-period")
        return None
    return period


def _per_year(period: Period) -> int:
    rest = period.text[5:]
    return WEEKS if rest.startswith("W") else MONTHS if len(rest) == 2 and rest.isdigit() else 0


def _count(row: Row, cells: Cells) -> float:
    value = number(row, "value", cells.faults)
    if value is None:
        return float("nan")
    if value < 0 or value != value.to_integral_value() or value > LARGEST_COUNT:
        what = f"{row['value']} is not a count"
        row.fault(cells.faults, "value", what, "a whole number of 0 or more", "correct it", "not-a-number")
    return float(value)


def _series(key: tuple[str, str], one: _Collected, label: str, faults: Faults) -> CountSeries:
    """Put counts in the order of time and report what is missing, doubled or of another length."""
    one.rows.sort(key=lambda row: row[0].first_day)
    per_year = _per_year(one.rows[0][0])
    for (earlier, _, _), (period, _, line) in zip(one.rows, one.rows[1:], strict=False):
        if _per_year(period) != per_year:
            what, remedy = f"{period} among months", "use another name for the series"
            faults.add(label, line, 1, what, "months or weeks, not both", remedy, "not-a-period")
        elif earlier.text == period.text:
            what = f"a second count of {', '.join(key)} for {period}"
            faults.add(label, line, 1, what, "one for a period", "remove one", "duplicate")
        elif period.first_day != (wanted := next_period(earlier.first_day, per_year)):
            what, remedy = f"no count of {', '.join(key)} from {wanted} on", "add the periods between, with 0 if so"
            faults.add(label, line, 1, what, f"the period after {earlier}", remedy, "missing-value")
    values = np.array([value for _, value, _ in one.rows])
    found = tuple(period for period, _, _ in one.rows)
    return CountSeries(*key, found, values, per_year, one.kind, ";".join(one.sources), one.rows[0][2])


def next_period(day: date, per_year: int) -> date:
    """Give the first day of the month or week after that which begins on a day.

    >>> next_period(date(2024, 12, 1), 12)
    datetime.date(2025, 1, 1)
    """
    if per_year == WEEKS:
        return day + timedelta(days=7)
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def by_series(counts: Counts) -> Mapping[str, tuple[CountSeries, ...]]:
    """Give the series of each name, in the order of the file."""
    found: dict[str, list[CountSeries]] = {}
    for one in counts.series:
        found.setdefault(one.series, []).append(one)
    return {name: tuple(of_name) for name, of_name in found.items()}
