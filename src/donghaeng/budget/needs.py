"""``needs.csv``: need and what of it was met, by indicator, place and year; and the need of the budget year."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import exp, isfinite, log, nan, sqrt
from pathlib import Path

import pyarrow as pa

from donghaeng.budget.cells import EVIDENCE, Context, evidence, node, place, positive, year
from donghaeng.places import Place
from donghaeng.sources import Kind
from donghaeng.table import Row, read_rows

REQUIRED = ("node", "place", "period", "need", "delivered", "unit", *EVIDENCE)
OPTIONAL = ("people", "standard_error")


@dataclass(frozen=True)
class Need:
    """Need and what of it was met, in one place and year.

    Attributes:
        node: the indicator.
        place: the place.
        year: the year.
        need: units needed.
        delivered: units delivered.
        unit: what is counted.
        people: persons behind the need; the need itself where nothing else is stated.
        standard_error: of the need, in its unit; NaN where not stated.
        kind: how it is known.
        source: ids of sources, separated by semicolons.
        note: what else is known.
    """

    node: str
    place: str
    year: str
    need: float
    delivered: float
    unit: str
    people: float
    standard_error: float
    kind: Kind
    source: str
    note: str


@dataclass(frozen=True)
class Projection:
    """The need of a later year.

    Attributes:
        need: units needed, the middle of the interval.
        low: lower end; NaN where too few years are known to say.
        high: upper end; NaN likewise.
        error: standard error of the logarithm of the need; NaN likewise.
        years: how many years of need it rests on.
    """

    need: float
    low: float
    high: float
    error: float
    years: int


@dataclass(frozen=True)
class Needs:
    """All needs of a pack, in the order of the file."""

    rows: tuple[Need, ...] = ()

    def nodes(self) -> tuple[str, ...]:
        """Give the indicators with a need, in the order of the file."""
        return tuple(dict.fromkeys(row.node for row in self.rows))

    def series(self, code: str, where: str) -> Mapping[str, Need]:
        """Give the needs of an indicator in a place by year, in order."""
        found = {row.year: row for row in self.rows if (row.node, row.place) == (code, where)}
        return dict(sorted(found.items()))

    def cells(self, when: str, above: Mapping[str, str]) -> tuple[Need, ...]:
        """Give the needs of a year at the finest places of each indicator, in the order of the file.

        Args:
            when: the year.
            above: the place that each place is part of.
        """
        rows = [row for row in self.rows if row.year == when]
        inner = {(row.node, higher) for row in rows for higher in _chain(row.place, above)}
        return tuple(row for row in rows if (row.node, row.place) not in inner)

    def table(self) -> pa.Table:
        """Give the needs as a table, in the order of the file."""
        texts = ("node", "place", "year", "unit", "source", "note")
        numbers = ("need", "delivered", "people", "standard_error")
        columns = {name: pa.array([getattr(row, name) for row in self.rows], pa.string()) for name in texts}
        columns |= {
            name: pa.array([getattr(row, name) for row in self.rows], pa.float64(), from_pandas=True)
            for name in numbers
        }
        columns["kind"] = pa.array([row.kind.word for row in self.rows], pa.string())
        order = ("node", "place", "year", "need", "delivered", "unit", "people", "standard_error")
        return pa.table({name: columns[name] for name in (*order, "kind", "source", "note")})


def _chain(code: str, above: Mapping[str, str]) -> list[str]:
    found: list[str] = []
    while (code := above.get(code, "")) and code not in found:
        found.append(code)
    return found


def parents(places: Collection[Place]) -> dict[str, str]:
    """Give the place that each place is part of; places that are part of none are left out."""
    return {one.code: one.parent for one in places if one.parent}


def project(series: Mapping[str, Need], budget_year: str, interval: float) -> Projection:
    """Carry a series of need forward to a later year.

    A random walk with drift on logarithms: the need grows on by the mean yearly growth seen so far, and the interval
    widens with the years ahead and with the few years that the growth was measured on (Hyndman and Athanasopoulos,
    Forecasting: Principles and Practice, 3rd ed., 5.2 and 5.5; Student's t, because the spread is itself estimated).
    With fewer than three years, or a need of 0, the newest value is kept and there is no interval.

    Args:
        series: needs by year, in order; at least one.
        budget_year: the year wanted.
        interval: probability of the interval.
    """
    years = [int(when) for when in series]
    values = [row.need for row in series.values()]
    newest = list(series.values())[-1]
    measured = newest.standard_error / newest.need if newest.need > 0 else nan
    ahead = int(budget_year) - years[-1]
    if len(values) < 3 or min(values) <= 0:
        if not isfinite(measured):
            return Projection(values[-1], nan, nan, nan, len(values))
        return _interval(values[-1], measured, interval, None, len(values))
    steps = [
        (log(after) - log(before)) / (then - when)
        for before, after, when, then in zip(values, values[1:], years, years[1:], strict=False)
    ]
    drift = (log(values[-1]) - log(values[0])) / (years[-1] - years[0])
    spread = sqrt(sum((step - drift) ** 2 for step in steps) / (len(steps) - 1))
    error = spread * sqrt(ahead * (1 + ahead / len(steps)))
    if isfinite(measured):
        error = sqrt(error**2 + measured**2)
    return _interval(values[-1] * exp(drift * ahead), error, interval, len(steps) - 1, len(values))


def _interval(need: float, error: float, interval: float, freedom: int | None, years: int) -> Projection:
    from scipy.special import ndtri, stdtrit

    quantile = float(ndtri(0.5 + interval / 2) if freedom is None else stdtrit(freedom, 0.5 + interval / 2))
    return Projection(need, need * exp(-quantile * error), need * exp(quantile * error), error, years)


def read_needs(path: Path, label: str, evidence_year: str, context: Context) -> Needs:
    """Read ``needs.csv``.

    Args:
        path: the file.
        label: how faults name it.
        evidence_year: newest year with results; every series reaches it.
        context: what cells are checked against, and where faults go.
    """
    faults, needs = context.faults, []
    first: dict[tuple[str, str, str], int] = {}
    units: dict[str, str] = {}
    last: dict[tuple[str, str], Row] = {}
    for row in read_rows(path, label, REQUIRED, OPTIONAL, faults):
        before = len(faults.errors)
        code, where, when = node(row, context), place(row, context), year(row, "period", faults)
        need = positive(row, "need", faults)
        delivered = positive(row, "delivered", faults, zero=True)
        people = positive(row, "people", faults) if row["people"] else need
        error = positive(row, "standard_error", faults, zero=True) if row["standard_error"] else nan
        kind = evidence(row, context)
        if not row["unit"]:
            row.fault(faults, "unit", "the unit is missing", "what is counted", "write persons, say", "missing-value")
        elif units.setdefault(code, row["unit"]) != row["unit"]:
            what = f'{code} is counted in "{row["unit"]}" here and in "{units[code]}" above'
            row.fault(faults, "unit", what, "one unit for an indicator", "convert the numbers", "unit")
        if when > evidence_year:
            what = f"a need of {when}, after the newest results ({evidence_year})"
            row.fault(faults, "period", what, "years with results", "later needs are projected", "wrong-value")
        key = (code, where, when)
        if key in first:
            what = f"a second need for {', '.join(key)}; the first is in line {first[key]}"
            row.fault(faults, "need", what, "one row for each", "remove one", "duplicate")
        first.setdefault(key, row.line)
        if len(faults.errors) > before or need is None or delivered is None or people is None or error is None:
            continue
        if delivered > need:
            what = f"{row['delivered']} delivered of {row['need']} needed"
            row.warn(faults, "delivered", what, "no more than the need", "check both, or the unit", "implausible")
        needs.append(
            Need(code, where, when, need, delivered, row["unit"], people, error, kind, row["source"], row["note"])
        )
        if (code, where) not in last or when > last[code, where]["period"]:
            last[code, where] = row
    for (code, where), row in last.items():
        if row["period"] != evidence_year:
            what = f"the newest need of {code} in {where} is of {row['period']}"
            remedy = "add the year, or correct evidence_year"
            row.fault(faults, "period", what, f"a row for {evidence_year}", remedy, "missing-value")
    return Needs(tuple(needs))
