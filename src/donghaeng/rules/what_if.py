"""What-ifs: named changes of values and rows on a copy of a table; the table itself stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from donghaeng.dated import Dates
from donghaeng.documents import Document, Model, read_model
from donghaeng.errors import Faults, listed, nearest
from donghaeng.rules.bounds import is_reversed, overflows, type_of_series
from donghaeng.rules.document import CodeList, Name, Range, Scalar
from donghaeng.rules.language import Problem, fitted_to, parse_condition, parse_formula
from donghaeng.rules.table import AmountRange, DatedConstant, DatedSeries, Row, Table
from donghaeng.rules.tree import TRUE, Arithmetic, Constant, Expression, walk
from donghaeng.rules.types import FactError, Type
from donghaeng.wording import Text

#: How a value or row of a what-if is known.
SIMULATED = "simulated"


class RowChange(Model):
    """What is different in a row; what is absent stays.

    Attributes:
        when: the condition.
        then: fields of the answer.
    """

    when: str | bool | None = None
    then: dict[Name, Scalar | Range | CodeList] | None = None


class WhatIf(Model):
    """The content of a what-if file.

    Attributes:
        title: what is tried, by language.
        values: new values of dated values, for every day.
        rows: changed rows by id; a row without a change is taken out.
    """

    title: Text
    values: dict[Name, Scalar | CodeList] = Field(default_factory=dict)
    rows: dict[str, Annotated[RowChange | None, Field()]] = Field(default_factory=dict)


@dataclass(frozen=True)
class Tried:
    """A what-if and the table that comes of it.

    Attributes:
        title: what is tried.
        table: the changed copy.
    """

    title: Text
    table: Table


def read_what_if(path: Path, label: str, table: Table) -> Tried:
    """Read a what-if and apply it to a copy of a table.

    Args:
        path: the file.
        label: how faults name it.
        table: the table that is changed.

    Raises:
        InputError: faults of the file, all together.
    """
    faults = Faults()
    model, document = read_model(path, label, WhatIf, faults)
    changed = changed_copy(table, model, document, faults) if model else None
    faults.raise_errors()
    if model is None or changed is None:  # pragma: no cover - a fault was raised
        raise AssertionError("a what-if without faults was not read")
    return Tried(model.title, changed)


def changed_copy(table: Table, model: WhatIf, document: Document, faults: Faults) -> Table:
    """Apply a what-if to a copy of a table, its faults at their places of the document."""

    def fault(path: tuple[str | int, ...], what: str, expected: str, remedy: str, code: str, offset: int = 0) -> None:
        line, column = document.place(path)
        faults.add(document.label, line, column + offset, what, expected, remedy, code)

    values = dict(table.values)
    for name, given in model.values.items():
        series = values.get(name)
        if series is None:
            remedy = nearest(name, values) or "correct the name"
            fault(("values", name), f'unknown value "{name}"', f"one of {listed(values)}", remedy, "unknown-name")
            continue
        try:
            value = series.type.from_json(list(given) if isinstance(given, tuple) else given)
        except FactError as error:
            fault(("values", name), error.what, error.expected, error.remedy or "correct it", "wrong-type")
            continue
        constant = DatedConstant(Dates(), value, SIMULATED, (), (), None)
        values[name] = DatedSeries(name, series.type, series.title, series.unit, (constant,))
    ids = [row.id for row in table.rows]
    for name in model.rows:
        if name not in ids:
            remedy = nearest(name, ids) or "correct the id"
            fault(("rows", name), f'unknown row "{name}"', f"one of {listed(ids)}", remedy, "unknown-name")
    scope = _scope(table, values)
    rows = []
    for row in table.rows:
        if row.id not in model.rows:
            rows.append(row)
        elif (change := model.rows[row.id]) is not None:
            rows.append(_changed(table, row, change, scope, fault))
    return replace(table, rows=tuple(rows), values=values, _segments={}, _days={}, _last={})


def _scope(table: Table, values: Mapping[str, DatedSeries]) -> dict[str, Type]:
    return {
        **{name: type_of_series(series) for name, series in values.items()},
        **{name: item.type for name, item in table.all_inputs.items()},
        **{name: one.type for name, one in table.derived.items()},
    }


def _changed(table: Table, row: Row, change: RowChange, scope: Mapping[str, Type], fault: Any) -> Row:
    condition, text = row.condition, row.when
    if change.when is not None:
        text = "" if change.when is True else str(change.when)
        read: Expression | None = TRUE
        if text:
            read, problems = parse_condition(text, scope, table.values)
            _tell(problems, ("rows", row.id, "when"), fault)
        condition = read or condition
    then = dict(row.then)
    for name, given in (change.then or {}).items():
        path = ("rows", row.id, "then", name)
        outcome = table.outcomes.get(name)
        if outcome is None:
            remedy = nearest(name, table.outcomes) or "correct the name"
            fault(path, f'unknown outcome "{name}"', f"one of {listed(table.outcomes)}", remedy, "unknown-name")
            continue
        if isinstance(given, Range):
            ends = [
                _answer(end, outcome.type, scope, table, (*path, key), fault)
                for key, end in (("from", given.least), ("to", given.most))
            ]
            if table.hit == "sum":
                expected = "exact amounts: a table that sums gives exact amounts"
                fault(path, "a range in a table that sums", expected, "give one amount", "wrong-type")
            elif ends[0] is not None and ends[1] is not None:
                if is_reversed(ends[0], ends[1]):
                    what = f"the range ends below its start: from {given.least} to {given.most}"
                    fault((*path, "to"), what, "a range from the smaller to the larger", "correct it", "wrong-value")
                then[name] = AmountRange(ends[0], ends[1])
            continue
        node = _answer(given, outcome.type, scope, table, path, fault)
        if node is not None:
            then[name] = node
    return replace(row, condition=condition, then=then, kind=SIMULATED, when=text, cite=(), statements=())


def _answer(
    given: Any, kind: Type, scope: Mapping[str, Type], table: Table, path: tuple[str | int, ...], fault: Any
) -> Expression | None:
    if isinstance(given, str) and (kind.is_number or given in scope):
        node, problems = parse_formula(given, scope, kind, table.values)
        _tell(problems, path, fault)
        if node is not None and any(isinstance(part, Arithmetic) and overflows(part) for part in walk(node)):
            what = "the result may have more than 15 digits"
            fault(path, what, "smaller numbers", "give least and most to its facts", "too-large")
            return None
        return node
    try:
        constant = Constant(kind.from_json(list(given) if isinstance(given, tuple) else given), kind)
    except FactError as error:
        fault(path, error.what, error.expected, error.remedy or "correct it", "wrong-type")
        return None
    fitted = fitted_to(constant, kind)
    return None if isinstance(fitted, Problem) else fitted


def _tell(problems: list[Problem], path: tuple[str | int, ...], fault: Any) -> None:
    for problem in problems:
        fault(path, problem.what, problem.expected, problem.remedy, problem.code, problem.offset)
