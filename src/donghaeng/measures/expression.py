"""Measures as expressions of ibis, which print themselves for DuckDB, PostgreSQL or Spark.

Conditions keep their three-valued meaning: a comparison with an absent value is unknown, and a row of which the
condition is unknown does not count. That is the meaning of ``WHERE`` too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

from donghaeng.measures.measure import RowMeasure
from donghaeng.measures.shape import CORRECTS, EFFECTIVE, SEQUENCE, Column, Period, TableShape
from donghaeng.rules.tree import And, Arithmetic, Compare, Constant, Contains, Expression, Name, Not, OneOf, Or

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: Stands for a value that is absent or not in the list of its column.
UNKNOWN = "_U"
#: Table of the entries that were corrected, which do not count.
SUPERSEDED = "superseded entries"

_FORMS: Mapping[Period, str] = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}
_TYPES = {"boolean": "boolean", "integer": "int64", "money": "int64", "date": "date"}


def counted_rows(shape: TableShape) -> ir.Table:
    """Give the rows of a table that count; of entries, of a chain of corrections and of one thing the last one."""
    import ibis

    rows = ibis.table(column_types(shape), name=shape.name)
    if not shape.is_entries:
        return rows
    superseded = ibis.table({SEQUENCE: "int64"}, name=SUPERSEDED)
    rows = rows.anti_join(superseded, SEQUENCE)
    if not shape.last_of:
        return rows
    thing = rows[shape.last_of]
    last = rows[SEQUENCE].max().over(ibis.window(group_by=thing))
    return rows.filter(thing.isnull() | (rows[SEQUENCE] == last))


def column_types(shape: TableShape) -> dict[str, str]:
    """Give the columns of a table with their types as ibis has them; of entries, their numbers too."""
    columns = {SEQUENCE: "int64", EFFECTIVE: "date", CORRECTS: "int64"} if shape.is_entries else {}
    for column in shape.columns.values():
        columns.setdefault(column.name, type_name(column))
    return columns


def type_name(column: Column) -> str:
    """Give the type of a column as ibis and the files have it: lists of codes are JSON text."""
    return _TYPES.get(column.type.kind, "string") if column.type is not None else "string"


def aggregate(measure: RowMeasure, shape: TableShape, groups: Sequence[Column]) -> ir.Table:
    """Compute a measure for each period and each combination of values of some of its groups.

    Args:
        measure: the measure.
        shape: its table.
        groups: the columns to tell apart by.

    Returns:
        Columns ``period``, ``group_0``…, ``rows`` (that the condition holds of), ``known`` (of these, with a value in
        the column of the measure), ``value`` and ``persons`` (whom the rows are about; null where the table does not
        tell).
    """
    import ibis

    rows = counted_rows(shape)
    if measure.filter is not None:
        rows = rows.filter(condition(measure.filter, rows))
    keys = _keys(rows, shape, measure.period, groups)
    column = rows[measure.column.name] if measure.column is not None else None
    value = rows.count() if column is None else column.nunique() if measure.calculate == "distinct" else column.sum()
    known = rows.count() if column is None else column.count()
    persons = rows[shape.person].nunique() if shape.person else ibis.null("int64")
    return rows.group_by(**keys).aggregate(rows=rows.count(), known=known, value=value, persons=persons)


def unknowns(shape: TableShape, columns: Sequence[Column]) -> ir.Table:
    """Count the entries of a table without a known value in some columns, one ``column_0``… each.

    Args:
        shape: the table.
        columns: columns with a list of values.
    """
    rows = counted_rows(shape)
    flags = ((_code(rows[column.name], column) == UNKNOWN).cast("int64") for column in columns)
    return rows.aggregate(**{f"column_{number}": flag.sum() for number, flag in enumerate(flags)})


def _keys(rows: ir.Table, shape: TableShape, period: Period, groups: Sequence[Column]) -> dict[str, Any]:
    keys: dict[str, Any] = {"period": rows[shape.day].strftime(_FORMS[period])}
    return keys | {f"group_{number}": _code(rows[column.name], column) for number, column in enumerate(groups)}


def _code(value: Any, column: Column) -> Any:
    """Give the code of a value; what is absent or not in the list is unknown."""
    import ibis

    if column.type is not None and column.type.kind == "boolean":
        return ibis.cases((value, "true"), (~value, "false"), else_=UNKNOWN)
    return ibis.cases((value.isin(list(column.codes)), value), else_=UNKNOWN)


def condition(node: Expression, rows: ir.Table) -> Any:
    """Give a condition or formula over the columns of a table.

    Args:
        node: the checked tree.
        rows: the table whose columns its names are.

    Raises:
        TypeError: the tree has a dated list; measures know none.
    """
    import ibis

    if isinstance(node, Name):
        return rows[node.name]
    if isinstance(node, Constant):
        return ibis.literal(node.value)
    if isinstance(node, And):
        return reduce(lambda left, right: left & right, _parts(node, rows), ibis.literal(True))
    if isinstance(node, Or):
        return reduce(lambda left, right: left | right, _parts(node, rows), ibis.literal(False))
    if isinstance(node, Not):
        return ~condition(node.part, rows)
    if isinstance(node, OneOf):
        return condition(node.item, rows).isin([option.value for option in node.options])
    if isinstance(node, Contains):
        # A list of codes is JSON text, and a code has no quotation mark.
        return condition(node.codes, rows).contains(f'"{node.code}"')
    if isinstance(node, Compare | Arithmetic):
        return _OPERATORS[node.operator](condition(node.left, rows), condition(node.right, rows))
    raise TypeError(f"{type(node).__name__} in a measure")


def _parts(node: And | Or, rows: ir.Table) -> list[Any]:
    return [condition(part, rows) for part in node.parts]


_OPERATORS: Mapping[str, Any] = {
    "=": lambda left, right: left == right,
    "<>": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
}
