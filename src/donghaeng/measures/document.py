"""The content of ``measures.yaml``, as it is written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from donghaeng.documents import Model, formed
from donghaeng.measures.shape import Period
from donghaeng.rules.document import Code, Name
from donghaeng.wording import Text

#: Columns by which one measure is grouped at most: each doubles the number of its tables.
MOST_GROUPS = 3

TableName = Annotated[str, formed(r"^[a-z0-9][a-z0-9.-]{0,99}$", "the name of a kind of entry, such as card-charged")]
ListName = Annotated[
    str, formed(r"^[a-z0-9][a-z0-9-]*\.[a-z][a-z0-9_]*$", "a decision table and its input or outcome: identity.result")
]


class ColumnModel(Model):
    """A column that measures are grouped by.

    Attributes:
        title: what it is, by language.
        codes: label of each value by language.
        codes_of: the input or outcome of a decision table of the pack whose codes and labels are meant; those under
            `codes` come after them.
        unknown: what it means that an entry has no value here, or one that is not listed; "not known" unless given.
    """

    title: Text
    codes: dict[Code, Text] | None = None
    codes_of: ListName | None = None
    unknown: Text | None = None


class TableModel(Model):
    """A table: a kind of entry with names for its values, or several kinds together.

    Attributes:
        kinds: kinds of entry that are counted together; the kind of the table's name unless given.
        last_of: column that says which thing an entry is about; of each thing the last recorded entry counts.
        day: column with the day by which an entry falls into a period; the day it is effective unless given.
        columns: the columns that measures are grouped by.
    """

    kinds: Annotated[tuple[TableName, ...], Field(strict=False)] = ()
    last_of: Name | None = None
    day: Name | None = None
    columns: Annotated[dict[Name, ColumnModel], Field(default_factory=dict)]


class MeasureModel(Model):
    """What every measure has.

    Attributes:
        title: what it is, by language.
        description: what counts and what does not.
        unit: what is counted.
    """

    title: Text
    description: Text | None = None
    unit: Text


class RowsModel(MeasureModel):
    """A measure of rows.

    Attributes:
        table: table of this file, or kind of entry.
        filter: condition on the columns, in the language of rules; rows of which it is unknown do not count.
        groups: columns by which it is told apart.
        period: length of the periods.
    """

    table: TableName
    filter: str | None = None
    groups: Annotated[tuple[Name, ...], Field(strict=False, max_length=MOST_GROUPS)] = ()
    period: Period = "month"


class CountModel(RowsModel):
    """How many rows there are."""

    calculate: Literal["count"]


class DistinctModel(RowsModel):
    """How many different values a column has.

    Attributes:
        column: the column.
    """

    calculate: Literal["distinct"]
    column: Name


class SumModel(RowsModel):
    """The sum of a column of whole numbers.

    Attributes:
        column: the column.
    """

    calculate: Literal["sum"]
    column: Name


class RatioModel(MeasureModel):
    """One measure over another.

    Attributes:
        of: measure above the line.
        to: measure below the line; it has the groups of the other, or some of them.
    """

    calculate: Literal["ratio"]
    of: Name
    to: Name


AnyMeasure = Annotated[CountModel | DistinctModel | SumModel | RatioModel, Field(discriminator="calculate")]


class Measures(Model):
    """The content of ``measures.yaml``.

    Attributes:
        format: version of this form.
        tables: tables by name; a kind of entry that needs nothing said is a table by itself.
        measures: the measures by id.
    """

    format: Literal[1]
    tables: Annotated[dict[TableName, TableModel], Field(default_factory=dict)]
    measures: Annotated[dict[Name, AnyMeasure], Field(min_length=1)]
