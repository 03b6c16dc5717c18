"""``factors.csv``: yearly values of the series that identities name, at the lowest level of places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from donghaeng.diagnosis.cells import Cells
from donghaeng.diagnosis.document import Identities
from donghaeng.diagnosis.identity import Identity
from donghaeng.diagnosis.units import FORM, parse_unit, scale_between
from donghaeng.panel import Floats, Mask, Rows
from donghaeng.periods import Period
from donghaeng.sources import Kind, source_ids
from donghaeng.table import Row, decimals, number, read_rows

REQUIRED = ("node", "series", "place", "period", "value", "kind", "source")
OPTIONAL = ("standard_error", "unit", "note")


@dataclass(frozen=True, eq=False)
class Factors:
    """All values of series, column by column.

    Attributes:
        label: how faults name the file.
        columns: node, series, place, period, value (NaN for a declared gap), half_digit, standard_error (NaN where none
            is stated), kind (`Kind`), source, note, line.
    """

    label: str
    columns: Mapping[str, list[Any]]

    def __len__(self) -> int:
        """Count the values."""
        return len(self.columns["node"])

    def __repr__(self) -> str:
        """Say in a line what it is."""
        return f"Factors({self.label}: {len(self)} values)"

    @staticmethod
    def empty(label: str = "factors.csv") -> Factors:
        """Give no values."""
        names = ("node", "series", "place", "period", "value", "half_digit", "standard_error")
        return Factors(label, {name: [] for name in (*names, "kind", "source", "note", "line")})


@dataclass(frozen=True, eq=False)
class FactorPanel:
    """The series of one identity, shape series x places x periods.

    Attributes:
        values: the values in the units of ``identities.yaml``; NaN where there is none.
        half_digits: half a unit of the last printed digit; 0 for whole numbers, which are counts.
        standard_errors: as stated; 0 where none is.
        rows: row in `Factors`; -1 where there is none.
    """

    values: Floats
    half_digits: Floats
    standard_errors: Floats
    rows: Rows

    @property
    def declared(self) -> Mask:
        """Where there is a row, if only to say that the value is not known."""
        return np.asarray(self.rows >= 0)

    @property
    def complete(self) -> Mask:
        """Places and periods in which every series has a value."""
        return np.asarray(np.isfinite(self.values).all(axis=0))


def read_factors(
    path: Path, label: str, model: Identities, identities: Mapping[str, Identity], cells: Cells
) -> Factors:
    """Read ``factors.csv``.

    Args:
        path: the file.
        label: how faults name it.
        model: ``identities.yaml``, for series and their units.
        identities: the identities that are sound.
        cells: what places and sources there are, and where faults go.
    """
    factors = Factors.empty(label)
    first: dict[tuple[str, str, str, str], int] = {}
    for row in read_rows(path, label, REQUIRED, OPTIONAL, cells.faults):
        before = len(cells.faults)
        node = cells.code(row, "node", model.identities, "identities of identities.yaml")
        series = row["series"]
        if node in identities:
            cells.code(row, "series", identities[node].series, f"the formulas of {node}")
        elif series not in model.series:
            cells.code(row, "series", model.series, "series of identities.yaml")
        key = (node, series, cells.place(row), cells.period(row))
        if key in first:
            what = f"a second value for {', '.join(key)}; the first is in line {first[key]}"
            row.fault(cells.faults, "value", what, "one value for a cell", "remove one", "duplicate")
        first.setdefault(key, row.line)
        kind = cells.kind(row)
        values = _value(row, kind, model, cells)
        if len(cells.faults) > before or kind is None:
            continue
        for name, cell in zip(("node", "series", "place", "period"), key, strict=True):
            factors.columns[name].append(cell)
        for name, of_row in values.items():
            factors.columns[name].append(of_row)
        factors.columns["kind"].append(int(kind))
        factors.columns["source"].append(";".join(source_ids(row["source"])))
        factors.columns["note"].append(row["note"])
        factors.columns["line"].append(row.line)
    return factors


def _value(row: Row, kind: Kind | None, model: Identities, cells: Cells) -> dict[str, float]:
    """Read the value of a row and its accuracy, in the unit of the series."""
    nothing = float("nan")
    if not row["value"] and kind is Kind.UNKNOWN:
        return {"value": nothing, "half_digit": 0.0, "standard_error": nothing}
    value = cells.amount(row, "value", "a factor above 0")
    scale = _unit_scale(row, model, cells)
    printed = number(row, "value", cells.faults) if np.isfinite(value) else None
    half = 0.0 if printed is None else 0.5 * 10.0 ** -decimals(printed)
    error = cells.optional_amount(row, "standard_error")
    return {"value": value * scale, "half_digit": half * scale, "standard_error": error * scale}


def _unit_scale(row: Row, model: Identities, cells: Cells) -> float:
    series = model.series.get(row["series"])
    if not row["unit"] or series is None:
        return 1.0
    try:
        scale = scale_between(parse_unit(row["unit"]), series.parsed)
    except ValueError as error:
        row.fault(cells.faults, "unit", str(error), FORM, "correct it", "unit")
        return 1.0
    if scale is None:
        what = f'"{row["unit"]}" does not measure what {row["series"]} is in'
        remedy = "correct the unit here or in identities.yaml"
        row.fault(cells.faults, "unit", what, f"{series.unit}, or a multiple of it", remedy, "unit")
        return 1.0
    return float(scale)


def factor_panels(
    factors: Factors, identities: Mapping[str, Identity], places: Sequence[str], times: Sequence[Period]
) -> dict[str, FactorPanel]:
    """Give the series of each identity as arrays over the places and periods of an index.

    Values of other places and periods are left out.
    """
    place_at = {code: at for at, code in enumerate(places)}
    period_at = {period.text: at for at, period in enumerate(times)}
    shape = (len(places), len(times))
    panels = {
        code: FactorPanel(
            np.full((len(identity.series), *shape), np.nan),
            np.zeros((len(identity.series), *shape)),
            np.zeros((len(identity.series), *shape)),
            np.full((len(identity.series), *shape), -1, np.int64),
        )
        for code, identity in identities.items()
    }
    rows_of: dict[str, list[int]] = {code: [] for code in identities}
    columns = factors.columns
    for row, node in enumerate(columns["node"]):
        if node in rows_of and columns["place"][row] in place_at and columns["period"][row] in period_at:
            rows_of[node].append(row)
    for code, rows in rows_of.items():
        series_at = {name: at for at, name in enumerate(identities[code].series)}
        at = (
            np.array([series_at[columns["series"][row]] for row in rows], np.int64),
            np.array([place_at[columns["place"][row]] for row in rows], np.int64),
            np.array([period_at[columns["period"][row]] for row in rows], np.int64),
        )
        panel = panels[code]
        panel.values[at] = [columns["value"][row] for row in rows]
        panel.half_digits[at] = [columns["half_digit"][row] for row in rows]
        panel.standard_errors[at] = np.nan_to_num([columns["standard_error"][row] for row in rows])
        panel.rows[at] = rows
    for code, panel in panels.items():
        # A series with a unit that was printed in whole numbers throughout is a count.
        printed = np.where(np.isfinite(panel.values), panel.half_digits, 0.5)
        panel.half_digits[(printed == 0.5).all(axis=(1, 2)) & np.array(identities[code].counted)] = 0.0
    return panels
