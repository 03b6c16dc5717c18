"""Measures as they were read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from donghaeng.measures.shape import PERIODS, Bound, Column, Period, TableShape
from donghaeng.rules.tree import Expression
from donghaeng.wording import Text


@dataclass(frozen=True)
class Said:
    """What a measure is called.

    Attributes:
        title: what it is, by language.
        unit: what is counted, by language.
        description: what counts and what does not; empty where nothing is said.
    """

    title: Text
    unit: Text
    description: Text


@dataclass(frozen=True)
class RowMeasure:
    """A count, a count of distinct values or a sum.

    Attributes:
        id: its name.
        said: what it is called.
        calculate: what is computed.
        table: its table.
        column: the column that is summed, or whose values are counted; None for a count of rows.
        filter: which rows count; None for all.
        filter_text: the condition as it was written; empty for none.
        groups: columns by which it is told apart.
        period: length of its periods.
    """

    id: str
    said: Said
    calculate: Literal["count", "distinct", "sum"]
    table: str
    column: Column | None
    filter: Expression | None
    filter_text: str
    groups: tuple[Column, ...]
    period: Period

    @property
    def bound(self) -> Bound:
        """The end of a range that its numbers are; empty for the numbers themselves."""
        return self.column.bound if self.column is not None else ""


@dataclass(frozen=True)
class RatioMeasure:
    """One measure over another, for each group of the one above the line.

    Attributes:
        id: its name.
        said: what it is called.
        of: the measure above the line.
        to: the measure below the line.
    """

    id: str
    said: Said
    of: RowMeasure
    to: RowMeasure

    @property
    def groups(self) -> tuple[Column, ...]:
        """Columns by which it is told apart."""
        return self.of.groups

    @property
    def period(self) -> Period:
        """Length of its periods."""
        return self.of.period

    @property
    def bound(self) -> Bound:
        """The end of a range that its numbers are: that of the measure above the line, which alone may be one."""
        return self.of.bound


Measure = RowMeasure | RatioMeasure


@dataclass(frozen=True)
class Labels:
    """What a column and its values are called.

    Attributes:
        title: the column, by language.
        codes: label of each value, by language.
        unknown: what it means that there is none, by language.
    """

    title: Text
    codes: Mapping[str, Text]
    unknown: Text


@dataclass(frozen=True)
class MeasuresSection:
    """The measures of a pack.

    Attributes:
        measures: measures by id, in the order of the file.
        tables: the tables that they read.
        labels: by table and column, what the columns are called that measures are grouped by.
    """

    measures: Mapping[str, Measure]
    tables: Mapping[str, TableShape]
    labels: Mapping[tuple[str, str], Labels]

    @property
    def of_rows(self) -> tuple[RowMeasure, ...]:
        """The measures that are computed from rows, in the order of the file."""
        return tuple(measure for measure in self.measures.values() if isinstance(measure, RowMeasure))

    @property
    def needs_facts(self) -> bool:
        """Whether a measure reads facts about persons, which are encrypted in a ledger."""
        return any(column.is_fact for measure in self.of_rows for column in self.columns_of(measure))

    @property
    def of_services(self) -> tuple[str, ...]:
        """The tables of services that measures read, each once."""
        shapes = (shape for shape in self.tables.values() if not shape.is_entries)
        return tuple(dict.fromkeys(source for shape in shapes for source in shape.sources))

    @property
    def names_hold(self) -> Period:
        """The shortest period within which persons must keep their names."""
        lengths = [
            PERIODS.index(measure.period)
            for measure in self.of_rows
            if self.tables[measure.table].person
            or (measure.calculate == "distinct" and measure.column is not None and measure.column.is_name)
        ]
        return PERIODS[max(lengths, default=PERIODS.index("month"))]

    def columns_of(self, measure: RowMeasure) -> tuple[Column, ...]:
        """Give the columns that a measure reads."""
        from donghaeng.rules.tree import names

        read = names(measure.filter) if measure.filter is not None else ()
        shape = self.tables[measure.table]
        named = (*read, shape.day, shape.last_of, shape.person)
        own = [shape.columns[name] for name in named if name in shape.columns]
        return (*own, *measure.groups, *((measure.column,) if measure.column else ()))
