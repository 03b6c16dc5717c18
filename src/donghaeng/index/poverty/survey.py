"""Tables of households or persons, as ``poverty.yaml`` describes them, read with the place of every fault."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from donghaeng import periods
from donghaeng.documents import Document, read_model
from donghaeng.errors import Faults, nearest
from donghaeng.index.methods import MethodError
from donghaeng.index.poverty.definition import HouseholdTable, PovertyDefinition, PovertyIndicator
from donghaeng.index.poverty.deprivation import Cutoff, deprivation_matrix
from donghaeng.index.poverty.design import SurveyDesign, survey_design
from donghaeng.index.tables import check_sources, is_inside
from donghaeng.panel import Floats
from donghaeng.periods import Period
from donghaeng.sources import KIND_WORDS, Kind, Source
from donghaeng.table import Row, is_number, number, read_rows
from donghaeng.textfile import lines


@dataclass(frozen=True, eq=False)
class Survey:
    """The rows of one period: households or persons.

    Attributes:
        period: the period.
        deprivations: 1 deprived, 0 not, NaN unknown; shape rows x indicators.
        design: weights, strata and clusters.
        groups: group of each row by column of the definition's `groups`; empty text for none.
        kind: the least firm kind of its tables.
        sources: ids of their sources.
        file, line: where each row stands.
    """

    period: Period
    deprivations: Floats
    design: SurveyDesign
    groups: Mapping[str, tuple[str, ...]]
    kind: Kind
    sources: tuple[str, ...]
    file: tuple[str, ...]
    line: tuple[int, ...]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.line)


@dataclass(frozen=True, eq=False)
class PovertySection:
    """The section on poverty of a pack.

    Attributes:
        definition: ``poverty.yaml``.
        surveys: one for each period, in the order of time.
        index_at: line and column of each entry of ``index``.
    """

    definition: PovertyDefinition
    surveys: tuple[Survey, ...]
    index_at: tuple[tuple[int, int], ...] = ()


def read_poverty(
    folder: Path,
    label: str,
    sources: Mapping[str, Source] | None,
    faults: Faults,
    is_invented: bool = False,
) -> PovertySection | None:
    """Read ``poverty.yaml`` and the tables that it names.

    Args:
        folder: the pack.
        label: how faults name it.
        sources: the sources of the pack; None when they could not be read, then any id will do.
        faults: where faults go.
        is_invented: whether the pack is about nobody real; all its tables are then simulated.

    Returns:
        The section, or None when it has faults.
    """
    before = len(faults.errors)
    definition, document = read_model(folder / "poverty.yaml", f"{label}/poverty.yaml", PovertyDefinition, faults)
    if definition is None:
        return None
    collected: dict[str, _Rows] = {}
    for index, table in enumerate(definition.tables):
        path = ("tables", index)
        if not is_inside(folder, table.file, document, (*path, "file"), faults):
            continue
        check_sources(table.source, KIND_WORDS[table.kind], document, (*path, "source"), sources, faults)
        if is_invented and table.kind != "simulated":
            line, column = document.place((*path, "kind"))
            what = f"answers of kind {table.kind} in an invented pack"
            remedy = "write simulated, or change status in pack.yaml once the answers are real"
            faults.add(document.label, line, column, what, "simulated", remedy, "evidence")
        _read_table(folder, label, definition, table, document, collected, faults)
    if len(faults.errors) > before:
        return None
    ordered = sorted((periods.parse(text), rows) for text, rows in collected.items())
    surveys = [_survey(definition, period, rows, document, faults) for period, rows in ordered]
    if len(faults.errors) > before:
        return None
    index_at = tuple(document.place(("index", at, "node")) for at in range(len(definition.index)))
    return PovertySection(definition, tuple(survey for survey in surveys if survey is not None), index_at)


@dataclass(eq=False)
class _Rows:
    """What was read of one period, row by row."""

    kind: Kind = Kind.PUBLISHED
    sources: dict[str, None] = field(default_factory=dict)
    deprivations: list[list[float]] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    strata: list[str] = field(default_factory=list)
    clusters: list[str] = field(default_factory=list)
    groups: list[tuple[str, ...]] = field(default_factory=list)
    file: list[str] = field(default_factory=list)
    line: list[int] = field(default_factory=list)

    def __lt__(self, _: _Rows) -> bool:  # periods differ, so rows are never compared; sorted asks for an order
        return False


def _read_table(
    folder: Path,
    label: str,
    definition: PovertyDefinition,
    table: HouseholdTable,
    document: Document,
    collected: dict[str, _Rows],
    faults: Faults,
) -> None:
    shown = f"{label}/{table.file}"
    path = folder / table.file
    there = _header(path)
    if there and not _has_columns(definition, table, there, document, faults):
        return
    wanted = [one for one in definition.columns if not (one == definition.period and table.period)]
    readers = [_Answer(indicator) for indicator in definition.indicators]
    for row in read_rows(path, shown, wanted, None, faults):
        before = len(faults)
        period = _period(row, definition, table, faults)
        weight = _amount(row, definition.weight, faults) * _amount(row, definition.size, faults)
        answers = [reader.read(row, faults) for reader in readers]
        for column, what in ((definition.stratum, "stratum"), (definition.cluster, "cluster")):
            if column and not row[column]:
                remedy = 'write it, or "unknown"'
                row.fault(faults, column, f"a row without a {what}", "one for each row", remedy, "missing-value")
        if len(faults) > before:
            continue
        rows = collected.setdefault(period, _Rows())
        rows.kind = max(rows.kind, KIND_WORDS[table.kind])
        rows.sources |= dict.fromkeys(table.source)
        rows.deprivations.append(answers)
        rows.weights.append(weight)
        rows.strata.append(row[definition.stratum] if definition.stratum else "")
        rows.clusters.append(row[definition.cluster] if definition.cluster else "")
        rows.groups.append(tuple(row[column] for column in definition.groups))
        rows.file.append(shown)
        rows.line.append(row.line)


def _header(path: Path) -> tuple[str, ...]:
    """Give the columns of a table; none where it cannot be read, which is told when its rows are."""
    if not path.is_file():
        return ()
    first = next(lines(path, path.name, Faults()), "")
    return tuple(cell.strip() for cell in next(csv.reader([first]), []))


def _has_columns(
    definition: PovertyDefinition, table: HouseholdTable, there: Collection[str], document: Document, faults: Faults
) -> bool:
    """Report the columns of the definition that a table does not have, where the definition names them."""
    named: list[tuple[str, tuple[str | int, ...]]] = [
        (column, (key,))
        for key in ("period", "weight", "size", "stratum", "cluster")
        if (column := getattr(definition, key)) and not (key == "period" and table.period)
    ]
    named += [(column, ("groups", at)) for at, column in enumerate(definition.groups)]
    named += [
        (one.source_column, ("indicators", at, "column" if one.column else "code"))
        for at, one in enumerate(definition.indicators)
    ]
    missing = [(column, path) for column, path in named if column not in there]
    for column, path in missing:
        line, at = document.place(path)
        what, remedy = f'{table.file} has no column "{column}"', nearest(column, there) or "add it, or correct the name"
        faults.add(document.label, line, at, what, "a column of the table", remedy, "unknown-key")
    return not missing


def _period(row: Row, definition: PovertyDefinition, table: HouseholdTable, faults: Faults) -> str:
    if table.period or not definition.period:
        return table.period or ""
    text = row[definition.period]
    try:
        periods.parse(text)
    except ValueError as error:
        row.fault(faults, definition.period, str(error), periods.FORMS, "correct it", "not-a-period")
    return text


def _amount(row: Row, column: str | None, faults: Faults) -> float:
    """Read a weight or a size, 1 where there is no column for it."""
    if column is None:
        return 1.0
    value = number(row, column, faults)
    if value is not None and value < 0:
        row.fault(faults, column, f"{value} is negative", "0 or more", "correct it", "wrong-value")
    return float(value) if value is not None else 0.0


class _Answer:
    """Says of a row whether it is deprived in one indicator: 1, 0, or NaN for unknown."""

    def __init__(self, indicator: PovertyIndicator) -> None:
        self.column = indicator.source_column
        rule = indicator.deprived
        self.words = rule.when in ("one_of", "none_of") and any(isinstance(one, str) for one in rule.categories)
        self.when = rule.when
        self.known_words = {str(one) for one in rule.categories}
        self.cutoff = Cutoff(rule.when, () if self.words else tuple(float(one) for one in rule.categories))
        self.unknown_words = {str(one) for one in indicator.unknown}
        self.unknown = {float(one) for one in self.unknown_words if is_number(one)}

    def read(self, row: Row, faults: Faults) -> float:
        text = row[self.column]
        if not text or text in self.unknown_words:
            return float("nan")
        if self.words:
            return float((text in self.known_words) == (self.when == "one_of"))
        value = number(row, self.column, faults)
        if value is None or float(value) in self.unknown:
            return float("nan")
        return float(deprivation_matrix([[float(value)]], [self.cutoff])[0, 0])


def _survey(
    definition: PovertyDefinition, period: Period, rows: _Rows, document: Document, faults: Faults
) -> Survey | None:
    try:
        design = survey_design(
            len(rows.line),
            rows.weights,
            rows.strata if definition.stratum else None,
            rows.clusters if definition.cluster else None,
            lone_clusters=definition.lone_clusters,
            level=definition.level,
            interval=definition.interval,
        )
    except MethodError as error:
        line, column = document.place(("weight",))
        what = f"{period}: {error.what}"
        faults.add(document.label, line, column, what, error.expected, error.remedy, "no-step")
        return None
    groups = {column: tuple(of_row[at] for of_row in rows.groups) for at, column in enumerate(definition.groups)}
    return Survey(
        period,
        np.array(rows.deprivations),
        design,
        groups,
        rows.kind,
        tuple(rows.sources),
        tuple(rows.file),
        tuple(rows.line),
    )
