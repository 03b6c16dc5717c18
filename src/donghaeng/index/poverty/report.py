"""The poverty of a pack: every measure of every survey, for all and by group, with standard errors."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from donghaeng.errors import Faults, InputError, nearest
from donghaeng.index.methods import MethodError
from donghaeng.index.observations import Observations
from donghaeng.index.poverty.definition import IndexValue, PovertyDefinition
from donghaeng.index.poverty.measures import Poverty, count_deprivations, measure
from donghaeng.index.poverty.survey import PovertySection, Survey
from donghaeng.index.structure import Structure
from donghaeng.sources import Kind

#: The name of the whole population in the column ``group``.
ALL = ""


@dataclass(frozen=True, eq=False)
class Measured:
    """Poverty in one survey.

    Attributes:
        survey: the rows.
        dropped: number of rows that were left out for an unknown indicator.
        dropped_share: their share of the survey weights.
        reweighted: number of rows with an unknown indicator that are in use.
        overall: measures at each cut-off.
        groups: measures at each cut-off by column and group, groups in the order of their names.
    """

    survey: Survey
    dropped: int
    dropped_share: float
    reweighted: int
    overall: tuple[Poverty, ...]
    groups: Mapping[str, Mapping[str, tuple[Poverty, ...]]]


@dataclass(frozen=True, eq=False)
class PovertyReport:
    """The poverty of a pack.

    Attributes:
        definition: ``poverty.yaml``.
        periods: what was measured in each period, in the order of time.
        index_at: line and column in ``poverty.yaml`` of each entry of ``index``.
    """

    definition: PovertyDefinition
    periods: tuple[Measured, ...]
    index_at: tuple[tuple[int, int], ...]

    def __repr__(self) -> str:
        """Say in a line what it is; `table` has the numbers."""
        counts = f"{len(self.periods)} periods, {len(self.definition.indicators)} indicators"
        return f"PovertyReport({counts}, cut-offs {', '.join(f'{k:g}' for k in self.definition.cutoffs)})"

    def table(self) -> pa.Table:
        """Give every estimate as a row.

        Columns: period, by (column of the groups; empty for all), group, cutoff, measure (``headcount``,
        ``intensity``, ``adjusted_headcount``, ``uncensored``, ``censored``, ``contributions``,
        ``contributions_of_dimensions``; for groups also ``population_share`` and ``contribution``), part (code of the
        indicator or name of the dimension, else empty), value, standard_error, lower, upper (null where there is
        none), cases (rows that it rests on; of the poor, for what is about them), clusters, withheld (it rests on
        fewer than ``least_cases``; its value is null), kind, source.
        """
        rows = [
            row
            for measured in self.periods
            for by, groups in {"": {ALL: measured.overall}, **measured.groups}.items()
            for group, found in groups.items()
            for poverty in found
            for row in self._rows(measured, by, group, poverty)
        ]
        return pa.Table.from_pylist(rows, _SCHEMA)

    def _rows(self, measured: Measured, by: str, group: str, poverty: Poverty) -> list[dict[str, Any]]:
        rows = []
        for name, part, estimate in poverty.rows():
            if not by and name in ("population_share", "contribution"):
                continue  # 1 for the whole population
            # What is a mean over the poor, or a share of their deprivations, rests on the poor alone.
            of_poor = name in ("intensity", "contributions", "contributions_of_dimensions")
            cases = poverty.poor_households if of_poor else poverty.households
            withheld = cases < self.definition.least_cases
            numbers = (estimate.value, estimate.standard_error, estimate.lower, estimate.upper)
            known = [None if withheld or np.isnan(value) else float(value) for value in numbers]
            kind = Kind(max(measured.survey.kind, Kind.DERIVED)).word
            rows.append(
                {
                    "period": measured.survey.period.text,
                    "by": by,
                    "group": group,
                    "cutoff": poverty.cutoff,
                    "measure": name,
                    "part": self.definition.indicators[int(part)].code if part.isdigit() and name in _PARTS else part,
                    **dict(zip(("value", "standard_error", "lower", "upper"), known, strict=True)),
                    "cases": None if withheld else cases,
                    "clusters": poverty.clusters,
                    "withheld": withheld,
                    "kind": kind,
                    "source": ";".join(measured.survey.sources),
                }
            )
        return rows

    def to_pandas(self) -> Any:
        """Give `table` as a pandas data frame; needs pandas."""
        return self.table().to_pandas()


_PARTS = ("uncensored", "censored", "contributions")
_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("period", "by", "group")),
        ("cutoff", pa.float64()),
        *((name, pa.string()) for name in ("measure", "part")),
        *((name, pa.float64()) for name in ("value", "standard_error", "lower", "upper")),
        *((name, pa.int64()) for name in ("cases", "clusters")),
        ("withheld", pa.bool_()),
        *((name, pa.string()) for name in ("kind", "source")),
    ]
)


def poverty_report(section: PovertySection) -> PovertyReport:
    """Measure the poverty of a pack.

    Args:
        section: what ``poverty.yaml`` describes.

    Raises:
        InputError: a measure that cannot be formed, such as a stratum with a single cluster where these are refused;
            says the period.
    """
    found = []
    for survey in section.surveys:
        try:
            found.append(_measured(section.definition, survey))
        except MethodError as error:
            raise InputError(f"poverty.yaml: {survey.period}: {error}") from None
    return PovertyReport(section.definition, tuple(found), section.index_at)


def _measured(definition: PovertyDefinition, survey: Survey) -> Measured:
    counted = count_deprivations(survey.deprivations, definition.weights, survey.design, definition.missing)

    def at_cutoffs(domain: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] | None) -> tuple[Poverty, ...]:
        return tuple(
            measure(counted, survey.design, cutoff, definition.dimensions, domain) for cutoff in definition.cutoffs
        )

    groups = {
        column: {name: at_cutoffs(np.array(labels) == name) for name in sorted(set(labels) - {""})}
        for column, labels in survey.groups.items()
    }
    return Measured(survey, counted.dropped, counted.dropped_share, counted.reweighted, at_cutoffs(None), groups)


def index_values(
    report: PovertyReport,
    structure: Structure,
    label: str,
    faults: Faults,
    places: Collection[str] | None = None,
) -> Observations:
    """Give the measures that ``index`` of ``poverty.yaml`` names as statements for the index of the pack.

    Each has its standard error and the number of rows it rests on. What is withheld is left out.

    Args:
        report: what was measured.
        structure: the tree, for the nodes.
        label: how faults name ``poverty.yaml``.
        faults: where faults go.
        places: known place codes; None when the pack lists no places, then any code will do.
    """
    columns = Observations.empty_columns()
    for value, place_of_fault in zip(report.definition.index, report.index_at, strict=True):
        position = structure.position.get(value.node)
        if position is None or not structure.is_leaf(position):
            leaves = [code for at, code in enumerate(structure.codes) if structure.is_leaf(at)]
            remedy = nearest(value.node, leaves) or "add it to structure.csv"
            what = f'no indicator has the code "{value.node}"'
            faults.add(label, *place_of_fault, what, "an indicator of structure.csv", remedy, "unknown-code")
            continue
        named = {place: None for measured in report.periods for place, _ in _of_places(value, measured)}
        unknown = [place for place in named if places is not None and place not in places]
        for place in unknown:
            remedy = nearest(place, places or ()) or "add it to places.csv"
            what = f'the {value.group or "place"} "{place}" is no place'
            faults.add(label, *place_of_fault, what, "a code of places.csv", remedy, "unknown-code")
        for measured in report.periods:
            for place, found in _of_places(value, measured):
                if place not in unknown:
                    _add_statement(columns, report.definition, value, measured, place, found, label)
    return Observations(label, columns)


def _of_places(value: IndexValue, measured: Measured) -> list[tuple[str, tuple[Poverty, ...]]]:
    if value.place is not None:
        return [(value.place, measured.overall)]
    return list(measured.groups[value.group or ""].items())


def _add_statement(
    columns: dict[str, list[Any]],
    definition: PovertyDefinition,
    value: IndexValue,
    measured: Measured,
    place: str,
    found: tuple[Poverty, ...],
    label: str,
) -> None:
    cutoff = definition.cutoffs[0] if value.cutoff is None else value.cutoff
    poverty = found[definition.cutoffs.index(cutoff)]
    given = getattr(poverty, value.measure)
    if value.indicator is not None:
        given = given[[one.code for one in definition.indicators].index(value.indicator)]
    cases = poverty.poor_households if value.measure == "intensity" else poverty.households
    if np.isnan(given.value) or cases < definition.least_cases:
        return
    cells = {
        "node": value.node,
        "place": place,
        "period": measured.survey.period.text,
        "printed": f"{value.scale * given.value:.12g}",
        "value": value.scale * given.value,
        "half_digit": 0.0,
        "count": float("nan"),
        "used": True,
        "kind": int(max(measured.survey.kind, Kind.DERIVED)),
        "source": ";".join(measured.survey.sources),
        "note": "",
        "count_kind": "",
        "standard_error": value.scale * given.standard_error,
        "cases": float(cases),
        "imputed": False,
        "file": label,
        "line": 1,
        "is_raw": True,
    }
    for name, cell in cells.items():
        columns[name].append(cell)
