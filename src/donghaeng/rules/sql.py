"""Decision tables as SQL for DuckDB and Spark, printed from the checked trees.

A query gives one small integer for each row of data, the code of its answer, and the values of those fields that are
formulas; what a code stands for is told by `Query.answers`. The work is laid out in layers, each a SELECT over the
one before: the facts, the derived facts one after the other (a table that is looked up is decided on the way), then

- ``code0``: the first row that holds, or `OPEN` where a row before it is unknown. Rows of data whose facts are all
  known take a shorter chain of conditions, which looks for unknowns only where a dated value may be unknown;
- for open rows only: which rule certainly holds, whether all candidates say the same, and else what is missing.

This is `donghaeng.rules.decide` line by line; tests hold the two together.

Numbers are whole numbers of their smallest decimal place, so that both engines compute exactly: BIGINT where static
bounds allow it, else HUGEINT (DuckDB) or DECIMAL(38, 0) (Spark). Every text that is put into SQL is a name of our
own, a code of the restricted form of packs, or quoted by `text_literal`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from donghaeng.civil_calendar import sql as calendar_sql
from donghaeng.civil_calendar.jurisdictions import calendar_of
from donghaeng.civil_calendar.sql import Dialect
from donghaeng.errors import UsageError
from donghaeng.rules import tree
from donghaeng.rules.table import (
    ENGINE_REASONS,
    MISSING_FACTS,
    NO_RULE,
    ON,
    UNDETERMINED,
    UNKNOWN_RULE,
    UNKNOWN_VALUE,
    Calculation,
    Calendar,
    ChoiceOf,
    FormulaOf,
    LookupOf,
    RowInForce,
    Segment,
    ShareOf,
    Table,
    calculation_expressions,
    direct_reads,
    field_type,
)
from donghaeng.rules.tree import (
    And,
    Arithmetic,
    Compare,
    Constant,
    Contains,
    Expression,
    Name,
    Not,
    OneOf,
    Or,
)
from donghaeng.rules.types import FIRST_DAY, LAST_DAY, Type

TRUE_WORDS, FALSE_WORDS = frozenset({"yes", "true", "y", "1", "예"}), frozenset({"no", "false", "n", "0", "아니오"})

#: Codes of answers that no row gives, in the order of `ENGINE_REASONS`; the answers of rows follow.
FIRST_ANSWER = len(ENGINE_REASONS)
OPEN, REFUSED = -1, -2

#: Name of the table of rows with unknown facts.
GAPS = "rows_with_gaps"

LARGEST_BIGINT = 2**63 - 1
_LARGEST_WIDE = 10**37
_BITS_OF_WORD = 62

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Term:
    """A piece of SQL and what is known of its values.

    Attributes:
        sql: the expression.
        kind: ``boolean``, ``number``, ``date``, ``code`` or ``codes``.
        places: a number is ``sql / 10**places``.
        low: smallest value of the whole number in `sql`.
        high: largest value of the whole number in `sql`.
        doubt: whether it may be unknown although all facts are known.
        literal: whether it is a constant.
        absent: whether it is a fact that the data does not have.
    """

    sql: str
    kind: str
    places: int = 0
    low: int = 0
    high: int = 0
    doubt: bool = False
    literal: bool = False
    absent: bool = False

    @property
    def is_wide(self) -> bool:
        """Whether it may not fit 64 bits."""
        return max(abs(self.low), abs(self.high)) > LARGEST_BIGINT


@dataclass(frozen=True)
class Target:
    """What is printed for.

    Attributes:
        name: the dialect.
        numbers: in DuckDB a number for each code of the rules. Small whole numbers are compared many times faster
            than texts, and DuckDB looks the number of a text up once for each entry of a dictionary of Parquet. Spark
            computes with the texts; there it is empty.
    """

    name: Dialect
    numbers: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Table, name: Dialect) -> Target:
        """Number the codes of a table, and of those it reads."""
        numbers: dict[str, int] = {}
        if name == "duckdb":
            for kind in _code_types(table):
                for code in kind.codes:
                    numbers.setdefault(code, len(numbers) + 1)
            numbers.setdefault(UNDETERMINED, len(numbers) + 1)
        return cls(name, numbers)

    @property
    def words(self) -> tuple[str, ...]:
        """The codes in the order of their numbers, from 1."""
        return tuple(self.numbers)

    def code(self, text: str) -> str:
        """Print a code."""
        return str(self.numbers[text]) if self.numbers else text_literal(text, self.name)

    @property
    def code_type(self) -> str:
        """Give the SQL type of a code."""
        return "INTEGER" if self.numbers else "STRING"


def _code_types(table: Table) -> Iterator[Type]:
    for item in table.inputs.values():
        yield item.type
    for outcome in table.outcomes.values():
        yield outcome.type
    for series in table.values.values():
        yield series.type
    for other in table.tables.values():
        yield from _code_types(other)


@dataclass(frozen=True, slots=True)
class Given:
    """A fact as a column of the data.

    Attributes:
        value: SQL of the fact: BOOLEAN, a whole number of its smallest decimal place, DATE, text or list of texts.
        accepted: SQL that is false where a value is refused; empty where every value that can stand there is taken.
        absent: whether the data has no such column.
        refused_is_null: whether the value is NULL where it is refused, so that only NULLs need a second look.
        column: SQL of the column itself, where an empty cell is NULL and nothing else is an unknown fact.
        filled: whether no cell of the column is empty.
    """

    value: str
    accepted: str = ""
    absent: bool = False
    refused_is_null: bool = False
    column: str = ""
    filled: bool = False


@dataclass(frozen=True, slots=True)
class AnswerOfRow:
    """An answer that a code stands for.

    Attributes:
        reason: id of the row, or ``no_rule`` where a table that collects has nothing to collect.
        values: value by field, of the fields that are constants; absent fields are empty.
    """

    reason: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Query:
    """A printed query.

    Attributes:
        sql: gives the columns ``code``, ``missing_0`` and on (where asked), the fields of `printed` and what is kept.
        answers: what the codes from `FIRST_ANSWER` on stand for.
        printed: the fields that the query itself gives, as ``field_NAME``; the others are constants of `answers`.
        inputs: names of the inputs in the order of the bits of ``missing_N``.
        words: number of columns ``missing_N``.
        fast: a query that gives only ``code``, `OPEN` where a fact is unknown or refused; empty where there is none.
        gaps: a query for the rows that have an unknown fact, to be put into a table `GAPS`.
        slow: the first query, of that table. Where it gives as many rows as `fast` leaves open, no code was refused
            and its answers fill the gaps in order.
    """

    sql: str
    answers: tuple[AnswerOfRow, ...]
    printed: tuple[str, ...]
    inputs: tuple[str, ...]
    words: int
    fast: str = ""
    gaps: str = ""
    slow: str = ""


def query(
    segments: Sequence[Segment],
    given: Mapping[str, Given],
    on: date | str,
    source_sql: str,
    target: Target,
    *,
    on_accepted: str = "",
    keep: Sequence[str] = (),
    missing: bool = False,
    constants: bool = False,
) -> Query:
    """Print the query that decides every row of a source.

    Args:
        segments: what is in force, one stretch of time after the other; they cover every day of the data.
        given: the facts by name, every input of the table.
        on: the day of the decision, or SQL of it.
        source_sql: what stands after FROM.
        target: what is printed for.
        on_accepted: SQL that is true where the day of the decision is one.
        keep: SQL of further columns of the result, with their names.
        missing: whether to give the missing facts as bits.
        constants: whether to print the fields that are constants, and the reason, too.

    Raises:
        UsageError: a number of the table may have more than 37 digits.
    """
    table = segments[0].table
    inputs = tuple(table.all_inputs)
    builder = _Builder(target, tuple(segment.first for segment in segments[1:]), -(-len(inputs) // _BITS_OF_WORD))
    scope: dict[str, Term] = {ON: Term("k_on", "date")}
    builder.base("k_on", day_literal(on) if isinstance(on, date) else on)
    masks: dict[str, Mask] = {ON: builder.no_mask}
    accepted: dict[str, bool] = {}
    if on_accepted:
        builder.base("accepted_on", f"COALESCE({on_accepted}, FALSE)")
        accepted[ON] = False
    for number, name in enumerate(inputs):
        kind, fact = table.all_inputs[name].type, given[name]
        column = f"f_{name}"
        builder.base(column, fact.value)
        scope[name] = replace(_term_of_type(column, kind), doubt=fact.absent, absent=fact.absent)
        bit = 1 << number % _BITS_OF_WORD
        word = str(bit) if fact.absent else f"CASE WHEN {column} IS NULL THEN {bit} ELSE 0 END"
        masks[name] = tuple(word if at == number // _BITS_OF_WORD else "0" for at in range(builder.words))
        if fact.accepted:
            builder.base(f"accepted_{name}", fact.accepted)
            accepted[name] = fact.refused_is_null
    filled = {name for name, fact in given.items() if fact.filled and not fact.refused_is_null}
    decided = _decided(builder, segments, scope, masks, "", accepted, filled)
    columns = [f"CAST({decided.code} AS {_code_type(len(decided.answers))}) AS code"]
    if missing:
        columns += [f"COALESCE({word}, 0) AS missing_{at}" for at, word in enumerate(decided.missing)]
    printed = tuple(name for name, one in decided.fields.items() if one.printed or constants)
    columns += [f"{_for_output(decided.fields[name], table, name, target)} AS field_{name}" for name in printed]
    if constants:
        columns.append(f"{_reason_sql(decided, target)} AS reason")
    columns += [one.rpartition(" AS ")[2] for one in keep]
    sql = f"SELECT {', '.join(columns)} FROM {builder.source(source_sql, keep, ' '.join(columns))}"  # noqa: S608
    found = Query(sql, decided.answers, printed, inputs, builder.words)
    columns_read = [given[name].column for name in decided.looked_at if not given[name].filled] or ["FALSE"]
    if missing or printed or keep or not decided.fast or not columns_read or not all(columns_read):
        return found
    empty = " OR ".join(column if column == "FALSE" else f"{column} IS NULL" for column in columns_read)
    read = [one.column for one in given.values() if one.column] + ([on] if isinstance(on, str) else [])
    code_type = _code_type(len(decided.answers))
    return replace(
        found,
        fast=f"SELECT CAST({decided.fast} AS {code_type}) AS code FROM {builder.source(source_sql, (), decided.fast)}",  # noqa: S608
        gaps=f"SELECT {', '.join(dict.fromkeys(read))} FROM {source_sql} WHERE {empty}",  # noqa: S608
        slow=f"SELECT CAST({decided.code} AS {code_type}) AS code FROM {builder.source(GAPS, (), decided.code)}",  # noqa: S608
    )


def facts_query(
    kinds: Mapping[str, Type],
    names: Sequence[str],
    given: Mapping[str, Given],
    on: date | str,
    source_sql: str,
    *,
    on_accepted: str = "",
    keep: Sequence[str] = (),
) -> str:
    """Print a query of DuckDB that gives facts as whole numbers, as ``f_NAME``, and whether a value is ``refused``.

    Args:
        kinds: type of each fact.
        names: the facts that are wanted; all are held to their types.
        given: the facts by name.
        on: the day of the decision, or SQL of it, which is given as days since 1970-01-01 in ``k_on``.
        source_sql: what stands after FROM.
        on_accepted: SQL that is true where the day of the decision is one.
        keep: SQL of further columns of the result, with their names.
    """
    days = "date_diff('day', DATE '1970-01-01', {})"
    columns = [f"{days.format(day_literal(on) if isinstance(on, date) else on)} AS k_on"]
    for name in names:
        value = given[name].value
        columns.append(f"CAST({days.format(value) if kinds[name].kind == 'date' else value} AS BIGINT) AS f_{name}")
    accepted = [f"({one.accepted})" for one in given.values() if one.accepted]
    if on_accepted:
        accepted.append(f"COALESCE({on_accepted}, FALSE)")
    columns.append(f"({' AND '.join(accepted) or 'TRUE'}) IS FALSE AS refused")
    return f"SELECT {', '.join([*columns, *keep])} FROM {source_sql}"  # noqa: S608


def text_literal(text: str, dialect: Dialect) -> str:
    """Quote a text."""
    quoted = text.replace("\\", "\\\\") if dialect == "spark" else text
    return "'" + quoted.replace("'", "\\'" if dialect == "spark" else "''") + "'"


def day_literal(day: date) -> str:
    """Write a day."""
    return f"DATE '{day.isoformat()}'"


def identifier(name: str, dialect: Dialect) -> str:
    """Quote the name of a column."""
    mark = "`" if dialect == "spark" else '"'
    return mark + name.replace(mark, mark * 2) + mark


def scaled(value: int | Decimal, places: int) -> int:
    """Give a number as a whole number of a decimal place that it has."""
    if isinstance(value, int):
        return value * int(10**places)
    return int(value.scaleb(places))


def number_type(term: Term, target: Target) -> str:
    """Give the SQL type of the whole number that stands for a number."""
    if not term.is_wide:
        return "BIGINT"
    return "HUGEINT" if target.name == "duckdb" else "DECIMAL(38, 0)"


def term_of_fact(kind: Type, sql: str) -> Term:
    """Give a fact of a type, with the bounds of its numbers."""
    return _term_of_type(sql, kind)


Mask = tuple[str, ...]
"""SQL of the words whose bits say which inputs are missing."""


@dataclass
class _Field:
    """A field of a decided table: SQL over its code column."""

    term: Term
    printed: bool


@dataclass
class _Decided:
    code: str
    answers: tuple[AnswerOfRow, ...]
    missing: Mask
    fields: dict[str, _Field]
    looked_at: tuple[str, ...] = ()
    fast: str = ""


@dataclass
class _Builder:
    """Collects columns, each in the layer after what it reads."""

    target: Target
    boundaries: tuple[date, ...]
    words: int
    columns: list[dict[str, str]] = field(default_factory=lambda: [{}])
    layer: dict[str, int] = field(default_factory=dict)

    @property
    def no_mask(self) -> Mask:
        return ("0",) * self.words

    def base(self, name: str, sql: str) -> None:
        self.columns[0][name] = sql
        self.layer[name] = 0

    def add(self, name: str, sql: str) -> str:
        reads = [self.layer[word] for word in set(_IDENTIFIER.findall(sql)) if word in self.layer]
        layer = 1 + max(reads, default=0)
        while len(self.columns) <= layer:
            self.columns.append({})
        self.columns[layer][name] = sql
        self.layer[name] = layer
        return name

    def dispatch(self, texts: Sequence[str]) -> str:
        """Choose between the segments by the day of the decision."""
        parts = []
        for index, text in enumerate(texts[:-1]):
            if text != texts[index + 1]:
                parts.append(f"WHEN k_on < {day_literal(self.boundaries[index])} THEN {text}")
        return f"CASE {' '.join(parts)} ELSE {texts[-1]} END" if parts else texts[-1]

    def source(self, source_sql: str, keep: Sequence[str], wanted: str) -> str:
        """Lay out the columns on which an expression rests, and what is kept."""
        needed: set[str] = set()
        waiting = [word for word in _IDENTIFIER.findall(wanted) if word in self.layer]
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                text = self.columns[self.layer[name]][name]
                # The first layer reads the data, whose columns may have the names of ours.
                waiting += (
                    [word for word in _IDENTIFIER.findall(text) if word in self.layer] if self.layer[name] else []
                )
        layers = [[f"{sql} AS {name}" for name, sql in layer.items() if name in needed] for layer in self.columns]
        text = f"(SELECT {', '.join([*keep, *layers[0]]) or '0 AS nothing'} FROM {source_sql}) AS layer_0"  # noqa: S608
        for number, layer in enumerate(layers[1:], 1):
            if layer:
                text = f"(SELECT *, {', '.join(layer)} FROM {text}) AS layer_{number}"  # noqa: S608
        return text


def _code_type(answers: int) -> str:
    return "TINYINT" if answers + FIRST_ANSWER <= 127 else "SMALLINT" if answers + FIRST_ANSWER <= 32_767 else "INTEGER"


def _term_of_type(sql: str, kind: Type) -> Term:
    if not kind.is_number:
        return Term(sql, kind.kind)
    places = kind.places if kind.kind == "decimal" else 0
    return Term(sql, "number", places, scaled(_number(kind.lowest), places), scaled(_number(kind.highest), places))


def _number(value: int | float | Decimal) -> int | Decimal:
    return value if isinstance(value, int | Decimal) else Decimal(repr(value))


# --- expressions ------------------------------------------------------------------------------------------------


def _print(node: Expression, scope: Mapping[str, Term], target: Target) -> Term:
    """Print a checked tree."""
    if isinstance(node, Name):
        return scope[node.name]
    if isinstance(node, Constant):
        return _constant(node, target)
    if isinstance(node, And | Or):
        parts = [_print(part, scope, target) for part in node.parts]
        if not parts:
            return Term("TRUE" if isinstance(node, And) else "FALSE", "boolean", literal=True)
        word = " AND " if isinstance(node, And) else " OR "
        return Term(f"({word.join(part.sql for part in parts)})", "boolean", doubt=any(part.doubt for part in parts))
    if isinstance(node, Not):
        part = _print(node.part, scope, target)
        return Term(f"(NOT {part.sql})", "boolean", doubt=part.doubt)
    if isinstance(node, Compare):
        left, right = _aligned([_print(node.left, scope, target), _print(node.right, scope, target)], target)
        return Term(f"({left.sql} {node.operator} {right.sql})", "boolean", doubt=left.doubt or right.doubt)
    if isinstance(node, OneOf):
        item, *options = _aligned([_print(part, scope, target) for part in (node.item, *node.options)], target)
        # In an empty list nothing is, but it is unknown whether something unknown is in it.
        texts = ", ".join(option.sql for option in options)
        if not options:
            return Term(f"({item.sql} <> {item.sql})", "boolean", doubt=item.doubt)
        if item.kind == "code" and target.numbers and len(options) >= _MANY_CODES:
            wanted = {option.sql for option in options}
            flags = ", ".join(str(str(number) in wanted).lower() for number in target.numbers.values())
            return Term(f"list_extract(CAST([{flags}] AS BOOLEAN[]), {item.sql})", "boolean", doubt=item.doubt)
        return Term(f"({item.sql} IN ({texts}))", "boolean", doubt=item.doubt)
    if isinstance(node, Contains):
        codes = _print(node.codes, scope, target)
        function = "list_contains" if target.name == "duckdb" else "array_contains"
        return Term(f"{function}({codes.sql}, {text_literal(node.code, target.name)})", "boolean", doubt=codes.doubt)
    if not isinstance(node, Arithmetic):
        raise TypeError(f"{type(node).__name__} is not printed: segments have constants in its place")
    return _arithmetic(node, _print(node.left, scope, target), _print(node.right, scope, target), target)


def _constant(node: Constant, target: Target) -> Term:
    value, kind = node.value, node.type
    if value is None:
        term = Term("", "number") if kind.is_number else Term("", kind.kind)
        return replace(term, sql=f"CAST(NULL AS {_sql_type(term, target)})", doubt=True, literal=True)
    if isinstance(value, bool):
        return Term("TRUE" if value else "FALSE", "boolean", literal=True)
    if isinstance(value, int | Decimal):
        places = 0 if isinstance(value, int) else max(0, -int(value.as_tuple().exponent))
        whole = scaled(value, places)
        return Term(_number_literal(whole), "number", places, whole, whole, literal=True)
    if isinstance(value, date):
        return Term(day_literal(value), "date", literal=True)
    if isinstance(value, frozenset):
        return Term(_list_literal(sorted(value), target), "codes", literal=True)
    return Term(target.code(value), "code", literal=True)


def _list_literal(texts: Iterable[str], target: Target) -> str:
    items = ", ".join(text_literal(text, target.name) for text in texts)
    if target.name == "duckdb":
        return f"CAST([{items}] AS VARCHAR[])"
    return f"CAST(array({items}) AS ARRAY<STRING>)"


def _number_literal(value: int) -> str:
    return str(value) if value >= 0 else f"({value})"


def _sql_type(term: Term, target: Target) -> str:
    if term.kind == "number":
        return number_type(term, target)
    if term.kind == "codes":
        return "VARCHAR[]" if target.name == "duckdb" else "ARRAY<STRING>"
    if term.kind == "code":
        return target.code_type
    return term.kind.upper()


def _aligned(terms: Sequence[Term], target: Target) -> list[Term]:
    """Bring numbers to the same decimal place."""
    places = max((term.places for term in terms), default=0)
    return [_rescaled(term, places, target) for term in terms]


def _rescaled(term: Term, places: int, target: Target) -> Term:
    if term.kind != "number" or term.places == places:
        return term
    factor = 10 ** (places - term.places)
    result = replace(term, places=places, low=term.low * factor, high=term.high * factor)
    if term.literal and term.low == term.high and not term.doubt:
        return replace(result, sql=_number_literal(result.low))
    return replace(result, sql=f"({_cast_number(term, result, target)} * {factor})", literal=False)


def _cast_number(term: Term, result: Term, target: Target) -> str:
    """Give a number in the type in which the result is computed."""
    if max(abs(result.low), abs(result.high)) > _LARGEST_WIDE:
        raise UsageError(
            "a number of the table may have more than 37 digits: give least and most to the facts it is made of"
        )
    return f"CAST({term.sql} AS {number_type(result, target)})"


def _arithmetic(node: Arithmetic, left: Term, right: Term, target: Target) -> Term:
    if node.operator == "*":
        products = [one * other for one in (left.low, left.high) for other in (right.low, right.high)]
        places, low, high = left.places + right.places, min(products), max(products)
    else:
        left, right = _aligned([left, right], target)
        places = left.places
        low = left.low + right.low if node.operator == "+" else left.low - right.high
        high = left.high + right.high if node.operator == "+" else left.high - right.low
    result = Term("", "number", places, low, high, left.doubt or right.doubt)
    sides = f"{_cast_number(left, result, target)} {node.operator} {_cast_number(right, result, target)}"
    return replace(result, sql=f"({sides})")


# --- derived facts ----------------------------------------------------------------------------------------------


def _calculated(segment: Segment, calculation: Calculation, scope: Mapping[str, Term], target: Target) -> Term:
    """Print a calculation that reads no other table."""
    if isinstance(calculation, Calendar):
        return _calendar(segment, calculation, scope, target)
    terms = [_print(node, scope, target) for node in calculation_expressions(calculation)]
    if isinstance(calculation, FormulaOf):
        return terms[0]
    doubt = any(term.doubt for term in terms)
    if isinstance(calculation, ChoiceOf):
        terms = _aligned(terms, target)
        # Both engines leave NULL out of least and greatest; here it makes the choice unknown.
        unknown = " OR ".join(f"{term.sql} IS NULL" for term in terms if not term.literal or term.doubt) or "FALSE"
        chosen = f"{calculation.which}({', '.join(term.sql for term in terms)})"
        bound = min if calculation.which == "least" else max
        low, high = bound(term.low for term in terms), bound(term.high for term in terms)
        first = terms[0]
        sql = f"CASE WHEN NOT ({unknown}) THEN {chosen} END"
        return Term(sql, first.kind, first.places, low, high, doubt)
    if isinstance(calculation, ShareOf):
        return _share(terms, calculation, target)
    raise TypeError(f"a calculation of another kind: {type(calculation).__name__}")


def _share(terms: Sequence[Term], calculation: ShareOf, target: Target) -> Term:
    of, part, whole = terms
    product = _arithmetic(Arithmetic("*", calculation.of, calculation.part, Type("integer")), of, part, target)
    most = max(abs(product.low), abs(product.high))
    wide = replace(product, low=-max(most, abs(whole.low), abs(whole.high)), high=most)
    dividend, divisor = _cast_number(product, wide, target), _cast_number(whole, wide, target)
    size = f"abs({dividend})", f"abs({divisor})"
    rest = f"({size[0]} % {size[1]})"
    if target.name == "duckdb":
        quotient = f"({size[0]} // {size[1]})"
    elif wide.is_wide:  # `div` of decimals gives 64 bits only
        quotient = f"CAST(({size[0]} - {rest}) / {size[1]} AS DECIMAL(38, 0))"
    else:
        quotient = f"({size[0]} div {size[1]})"
    negative = f"(({product.sql} < 0) <> ({whole.sql} < 0))"
    more = {
        "half_up": f"{rest} >= {size[1]} - {rest}",
        "up": f"{rest} > 0 AND NOT {negative}",
        "down": f"{rest} > 0 AND {negative}",
    }[calculation.round]
    rounded = f"({quotient} + CASE WHEN {more} THEN 1 ELSE 0 END)"
    sql = f"CASE WHEN {whole.sql} <> 0 THEN CASE WHEN {negative} THEN -{rounded} ELSE {rounded} END END"
    zero = whole.low <= 0 <= whole.high
    doubt = zero or any(term.doubt for term in terms)
    return Term(sql, "number", 0, -most - 1, most + 1, doubt)


def _calendar(segment: Segment, calculation: Calendar, scope: Mapping[str, Term], target: Target) -> Term:
    days = [scope[name] if name in scope else _value_in_force(segment, name, target) for name in calculation.days]
    texts = [day.sql for day in days]
    doubt = any(day.doubt for day in days)
    function = calculation.function
    if function == "year":
        return Term(calendar_sql.year_sql(texts[0], target.name), "number", 0, 0, 10_000, doubt)
    if function == "month":
        return Term(f"month({texts[0]})", "number", 0, 1, 12, doubt)
    if function == "days_in_month":
        end = calendar_sql.month_end_sql(texts[0], target.name)
        return Term(f"day({end})", "number", 0, 28, 31, doubt)
    if function == "age":
        return Term(calendar_sql.age_sql(texts[0], texts[1], target.name), "number", 0, -1_000, 1_000, doubt)
    if function == "days_between":
        between = calendar_sql.days_between_sql(texts[0], texts[1], target.name)
        return Term(between, "number", 0, -(10**7), 10**7, doubt)
    length = calculation.length.value if isinstance(calculation.length, Constant) else None
    kind = "date" if function == "last_day" else "boolean"
    if not isinstance(length, int):
        return Term(f"CAST(NULL AS {kind.upper()})", kind, doubt=True)
    length_of: dict[str, Any] = {str(calculation.unit): length, "first_day": calculation.first_day}
    last = calendar_sql.last_day_sql(texts[0], target.name, **length_of)
    if calculation.holidays == "move":
        last = _moved(segment.table.jurisdiction, last, target)
    # Beyond the days of the civil calendar the last day is unknown; it never lies before them.
    last = f"CASE WHEN {last} <= {day_literal(LAST_DAY)} THEN {last} END"
    if function == "last_day":
        return Term(last, "date", doubt=True)
    # A comparison with an unknown last day may be false; the plain meaning calls it unknown.
    inside = f"{texts[1]} BETWEEN {texts[0]} AND {last}"
    return Term(f"CASE WHEN {last} IS NOT NULL THEN {inside} END", "boolean", doubt=True)


def _value_in_force(segment: Segment, name: str, target: Target) -> Term:
    """Print a dated value that is a day."""
    found = segment.constants.get(name)
    return _constant(Constant(None if found is None else found.value, segment.table.values[name].type), target)


def _moved(jurisdiction: str, last: str, target: Target) -> str:
    """Move a day to the next working day; unknown where the holidays are."""
    calendar = calendar_of(jurisdiction)
    if calendar.known_from is None:
        return "CAST(NULL AS DATE)"
    if not calendar.holidays_of and not calendar.added:
        weekday = f"isodow({last})" if target.name == "duckdb" else f"(weekday({last}) + 1)"
        plus = {6: 2, 7: 1}
        moves = " ".join(f"WHEN {weekday} = {at} THEN {_later(last, str(days), target)}" for at, days in plus.items())
        covered = f"{last} BETWEEN {day_literal(FIRST_DAY)} AND {day_literal(LAST_DAY)}"
        return f"CASE WHEN {covered} THEN CASE {moves} ELSE {last} END END"
    first, final, shifts = _shifts(jurisdiction)
    texts = ",".join(map(str, shifts))
    covered = f"{last} BETWEEN {day_literal(first)} AND {day_literal(final)}"
    place = f"{calendar_sql.days_between_sql(day_literal(first), last, target.name)} + 1"
    if target.name == "duckdb":
        shift = f"CAST(list_extract(CAST([{texts}] AS UTINYINT[]), {place}) AS INTEGER)"
    else:
        shift = f"CAST(element_at(split('{texts}', ','), {place}) AS INT)"
    return f"CASE WHEN {covered} THEN {_later(last, shift, target)} END"


def _later(day: str, days: str, target: Target) -> str:
    return f"date_add({day}, {days})" if target.name == "spark" else f"(({day}) + {days})"


@lru_cache(maxsize=32)
def _shifts(jurisdiction: str) -> tuple[date, date, tuple[int, ...]]:
    """Days from each day to the next working day, as far as holidays are known."""
    calendar = calendar_of(jurisdiction)
    known_from, known_to = calendar.known_from or FIRST_DAY, calendar.known_to or LAST_DAY
    moved = calendar.moved_days(known_from.year, known_to.year)
    first = max(moved.first, known_from)
    days = [first + timedelta(days=number) for number in range((moved.last - first).days + 1)]
    return first, moved.last, tuple((moved.to.get(day, day) - day).days for day in days)


# --- what is missing --------------------------------------------------------------------------------------------


def _mask(node: Expression, scope: Mapping[str, Term], masks: Mapping[str, Mask], target: Target, none: Mask) -> Mask:
    """Print which inputs the unknown parts of a tree read, where the tree is unknown."""
    if isinstance(node, Name):
        return masks[node.name]
    if isinstance(node, Constant):
        return none
    found = none
    for part in tree.children(node):
        inner = _mask(part, scope, masks, target, none)
        if not isinstance(part, Name):
            inner = _where(f"{_print(part, scope, target).sql} IS NULL", inner)
        found = _either(found, inner)
    return found


def _where(condition: str, mask: Mask) -> Mask:
    return tuple("0" if word == "0" else f"CASE WHEN {condition} THEN {word} ELSE 0 END" for word in mask)


def _either(one: Mask, other: Mask) -> Mask:
    return tuple(
        right if left == "0" else left if right in {"0", left} else f"({left} | {right})"
        for left, right in zip(one, other, strict=True)
    )


# --- tables -----------------------------------------------------------------------------------------------------


@dataclass
class _Rule:
    """A rule in one segment, printed.

    Attributes:
        row: the rule.
        place: its place in the table, from 1.
        condition: when it applies.
        mask: the missing inputs where the condition is unknown.
        then: its answer by field; the numbers of a field have the same decimal place in all rules.
        then_masks: for what is no constant in the answer, its SQL and the missing inputs where it is unknown.
        answer: the code of its answer.
        said: number of what it says in the fields that are constants.
        reads: whether the condition reads anything.
    """

    row: RowInForce
    place: int
    condition: Term
    mask: Mask
    then: dict[str, Term]
    then_masks: list[tuple[str, Mask]]
    answer: int
    said: int
    reads: bool

    @property
    def certain(self) -> bool:
        return self.row.row.certain

    @property
    def perhaps(self) -> str:
        """SQL: it may hold."""
        return "TRUE" if self.condition.sql == "TRUE" else f"{self.condition.sql} IS NOT FALSE"

    def known(self, all_facts: bool) -> str:
        """SQL: its answer is known; empty where it always is."""
        doubtful = [one for one in self.then.values() if one.doubt or not (all_facts or one.literal)]
        return " AND ".join(f"{one.sql} IS NOT NULL" for one in doubtful)


Rules = Sequence[_Rule]
"""The rules of a segment, in order."""


def _decided(
    builder: _Builder,
    segments: Sequence[Segment],
    outer: Mapping[str, Term],
    outer_masks: Mapping[str, Mask],
    prefix: str,
    accepted: Mapping[str, bool] | None = None,
    filled: Set[str] = frozenset(),
) -> _Decided:
    """Add the columns that decide a table, and say where its answer stands.

    Args:
        builder: where the columns go.
        segments: what is in force, one stretch of time after the other.
        outer: the facts by name.
        outer_masks: which inputs are missing where a fact is unknown, by name.
        prefix: what the names of its columns begin with; empty for the table in question.
        accepted: the facts that may be refused, and whether they are NULL then.
        filled: the facts that are never NULL.
    """
    table = segments[0].table
    scope = {name: replace(outer[name], doubt=outer[name].absent) for name in table.all_inputs} | {ON: outer[ON]}
    masks = {name: outer_masks[name] for name in table.all_inputs} | {ON: builder.no_mask}
    inner: dict[str, _Decided] = {}
    for name in table.derived:
        _derive(builder, segments, name, scope, masks, prefix, inner)
    gathers = table.hit in {"collect", "sum"}
    constant = {} if gathers else _constant_fields(segments)
    told: list[AnswerOfRow] = []
    rules = _rules(builder, segments, scope, masks, constant, told)
    code0, holding, rule, settled_, code = (
        f"{prefix}{name}" for name in ("code0", "holding", "rule", "settled", "code")
    )
    chains = [str(OPEN)] * len(rules)
    looked_at: set[str] = set()
    fast = ""
    if table.hit == "first":
        needed = _facts_read(table, segments)
        looked_at = {name for name in table.all_inputs if name in needed and not scope[name].absent}
        # A refused code is NULL: only where something is unknown is it asked whether it was refused.
        second_look = [f"accepted_{name}" for name, null in (accepted or {}).items() if null and name in looked_at]
        reads = [scope[name].sql for name in table.all_inputs if name in looked_at and name not in filled]
        unknown = " OR ".join(f"{sql} IS NULL" for sql in dict.fromkeys(reads))
        code_type = _code_type(len(told))
        chains = [_chains(own, unknown, second_look, code_type) for own in rules]
        if unknown and all(_only_facts_are_unknown(own) for own in rules):
            fast = builder.dispatch([_chain(own, True, code_type) for own in rules])
            fast = f"CASE WHEN {unknown} THEN CAST({OPEN} AS {code_type}) ELSE {fast} END"
    chosen = builder.dispatch(chains)
    first_look = [f"accepted_{name}" for name, null in (accepted or {}).items() if not (null and name in looked_at)]
    if first_look:
        refused = f"({' AND '.join(first_look)}) IS FALSE"
        chosen = f"CASE WHEN {refused} THEN {REFUSED} ELSE {chosen} END"
        fast = fast and f"CASE WHEN {refused} THEN {REFUSED} ELSE {fast} END"
    builder.add(code0, chosen)
    is_open = f"{code0} = {OPEN}"
    if table.hit == "unique":
        builder.add(holding, f"CASE WHEN {is_open} THEN {builder.dispatch([_holding(own) for own in rules])} END")
    if gathers:
        empty = len(told) + FIRST_ANSWER
        told.append(AnswerOfRow(NO_RULE, {}))
        settled = [_all_settled(own) for own in rules]
        answers = [_first_holding(own, empty) for own in rules]
    else:
        builder.add(rule, f"CASE WHEN {is_open} THEN {builder.dispatch([_first_certain(own) for own in rules])} END")
        for name in (name for name, plain in constant.items() if not plain):
            value = _field_of(builder, rules, rule, name, lambda one: one.place)
            builder.add(f"{prefix}v_{name}", f"CASE WHEN {is_open} THEN {value} END")
        settled = [_settled(own, table.hit, constant, prefix) for own in rules]
        answers = [_choice_of(rule, [(one.place, str(one.answer)) for one in own], str(OPEN)) for own in rules]
    builder.add(settled_, f"CASE WHEN {is_open} THEN {builder.dispatch(settled)} END")
    candidates = [[_is_candidate(one, table.hit, rule, holding) for one in own] for own in rules]
    missing = []
    for word in range(builder.words):
        texts = [_missing_word(own, hold, word) for own, hold in zip(rules, candidates, strict=True)]
        text = f"CASE WHEN {is_open} AND NOT {settled_} THEN {builder.dispatch(texts)} ELSE 0 END"
        missing.append(builder.add(f"{prefix}missing_{word}", text))
    reasons = [
        str(ENGINE_REASONS.index(MISSING_FACTS))
        if not prefix and table.hit == "first" and _only_facts_are_unknown(own)
        else _reason_code(own, hold, missing)
        for own, hold in zip(rules, candidates, strict=True)
    ]
    builder.add(
        code,
        f"CASE WHEN {code0} <> {OPEN} THEN {code0} WHEN {settled_} THEN {builder.dispatch(answers)} "
        f"ELSE {builder.dispatch(reasons)} END",
    )
    if table.hit == "sum":
        only = next(iter(table.outcomes["result"].type.codes))
        told = [replace(one, values={"result": only}) for one in told]
        constant["result"] = True
    fields = {
        name: _Field(
            _gathered(builder, table, rules, name, code)
            if gathers and name not in constant
            else _by_answer(builder, table, rules, told, name, code, constant.get(name, True)),
            not constant.get(name, not gathers),
        )
        for name in segments[0].fields
    }
    return _Decided(code, tuple(told), tuple(missing), fields, tuple(sorted(looked_at)), fast)


def _constant_fields(segments: Sequence[Segment]) -> dict[str, bool]:
    """Say of every field that a row gives whether all rows give constants."""
    constant: dict[str, bool] = {}
    for segment in segments:
        for row in segment.rows:
            for name, node in row.then.items():
                plain = isinstance(node, Constant) and node.value is not None
                constant[name] = constant.get(name, True) and plain
    return constant


def _derive(
    builder: _Builder,
    segments: Sequence[Segment],
    name: str,
    scope: dict[str, Term],
    masks: dict[str, Mask],
    prefix: str,
    inner: dict[str, _Decided],
) -> None:
    """Add the columns of a derived fact: its value, and which inputs are missing where it is unknown."""
    terms, words = [], []
    for segment in segments:
        calculation = segment.derived[name].calculation
        if isinstance(calculation, LookupOf):
            if calculation.table not in inner:
                others = [one.lookups[calculation.table] for one in segments]
                inner[calculation.table] = _decided(builder, others, scope, masks, f"{prefix}l{len(inner)}_")
            other = inner[calculation.table]
            terms.append(replace(other.fields[calculation.outcome].term, doubt=True))
            words.append(other.missing)
        else:
            terms.append(_calculated(segment, calculation, scope, builder.target))
            words.append(_mask_of_calculation(builder, calculation, scope, masks))
    column = f"{prefix}d_{name}"
    merged = _merged(builder, terms)
    builder.add(column, merged.sql)
    scope[name] = replace(merged, sql=column, absent=False)
    own_words = []
    for at in range(builder.words):
        text = builder.dispatch([word[at] for word in words])
        if text != "0":
            text = builder.add(f"{prefix}m{at}_{name}", f"CASE WHEN {column} IS NULL THEN {text} ELSE 0 END")
        own_words.append(text)
    masks[name] = tuple(own_words)


def _mask_of_calculation(
    builder: _Builder, calculation: Calculation, scope: Mapping[str, Term], masks: Mapping[str, Mask]
) -> Mask:
    found = builder.no_mask
    for node in calculation_expressions(calculation):
        own = _mask(node, scope, masks, builder.target, builder.no_mask)
        if not isinstance(node, Name):
            own = _where(f"{_print(node, scope, builder.target).sql} IS NULL", own)
        found = _either(found, own)
    if isinstance(calculation, Calendar):
        for read in direct_reads(calculation):
            found = _either(found, masks.get(read, builder.no_mask))
    return found


def _merged(builder: _Builder, terms: Sequence[Term]) -> Term:
    """Bring the same fact of several segments together."""
    terms = _aligned(terms, builder.target)
    return replace(
        terms[0],
        sql=builder.dispatch([term.sql for term in terms]),
        low=min(term.low for term in terms),
        high=max(term.high for term in terms),
        doubt=any(term.doubt for term in terms),
        literal=False,
    )


def _rules(
    builder: _Builder,
    segments: Sequence[Segment],
    scope: Mapping[str, Term],
    masks: Mapping[str, Mask],
    constant: Mapping[str, bool],
    told: list[AnswerOfRow],
) -> list[list[_Rule]]:
    """Print the rules of every segment, and number their answers."""
    target = builder.target
    codes: dict[Any, int] = {}
    saying: dict[Any, int] = {}
    places = _places_of_fields(segments, scope, target)
    found = []
    for segment in segments:
        own = []
        for row in segment.rows:
            values = {
                name: node.value for name, node in row.then.items() if constant.get(name) and isinstance(node, Constant)
            }
            key = (row.index, *sorted(values.items()))
            if key not in codes:
                codes[key] = len(told) + FIRST_ANSWER
                told.append(AnswerOfRow(row.row.id, values))
            then = {
                name: _rescaled(_print(node, scope, target), places[name], target) for name, node in row.then.items()
            }
            then_masks = [
                (then[name].sql, _mask(node, scope, masks, target, builder.no_mask))
                for name, node in row.then.items()
                if not isinstance(node, Constant)
            ]
            own.append(
                _Rule(
                    row,
                    row.index + 1,
                    _print(row.condition, scope, target),
                    _mask(row.condition, scope, masks, target, builder.no_mask),
                    then,
                    then_masks,
                    codes[key],
                    saying.setdefault(tuple(sorted(values.items())), len(saying) + 1),
                    bool(tree.names(row.condition)),
                )
            )
        found.append(own)
    return found


def _places_of_fields(segments: Sequence[Segment], scope: Mapping[str, Term], target: Target) -> dict[str, int]:
    """Give the decimal places in which the numbers of each field are computed."""
    places: dict[str, int] = {}
    for segment in segments:
        for row in segment.rows:
            for name, node in row.then.items():
                places[name] = max(places.get(name, 0), _print(node, scope, target).places)
    return places


def _facts_read(table: Table, segments: Sequence[Segment]) -> set[str]:
    """Give the names on which the rules in force rest."""
    waiting = {
        name
        for segment in segments
        for row in segment.rows
        for node in (row.condition, *row.then.values())
        for name in tree.names(node)
    }
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        if name in table.derived:
            for segment in segments:
                calculation = segment.derived[name].calculation
                if isinstance(calculation, LookupOf):
                    waiting.update(table.tables[calculation.table].all_inputs)
                else:
                    waiting.update(direct_reads(calculation))
    return found


def _chains(rules: Rules, unknown: str, second_look: Sequence[str], code_type: str) -> str:
    fast, slow = _chain(rules, True, code_type), _chain(rules, False, code_type)
    if second_look:
        slow = f"CASE WHEN ({' AND '.join(second_look)}) IS FALSE THEN {REFUSED} ELSE {slow} END"
    return fast if fast == slow or not unknown else f"CASE WHEN {unknown} THEN {slow} ELSE {fast} END"


def _chain(rules: Rules, all_facts: bool, code_type: str) -> str:
    """Print the first rule that holds; `OPEN` where one before it is unknown."""
    parts: list[str] = []
    last = f"CAST({ENGINE_REASONS.index(NO_RULE)} AS {code_type})"
    still_open = f"CAST({OPEN} AS {code_type})"
    for rule in rules:
        sql = rule.condition.sql
        doubt = rule.condition.doubt or (rule.reads and not all_facts)
        known = rule.known(all_facts)
        answer = f"CAST({rule.answer} AS {code_type})"
        if not rule.certain:
            answer = still_open
        elif known:
            answer = f"CASE WHEN {known} THEN {answer} ELSE {still_open} END"
        if sql == "TRUE":
            last = answer
            break
        if rule.certain:
            parts.append(f"WHEN {sql} THEN {answer}")
            if doubt:
                parts.append(f"WHEN {sql} IS NULL THEN {still_open}")
        else:
            parts.append(f"WHEN {sql}{' IS NOT FALSE' if doubt else ''} THEN {still_open}")
    return f"CASE {' '.join(parts)} ELSE {last} END" if parts else last


def _first_certain(rules: Rules) -> str:
    """Print the place of the first rule that certainly holds, 0 for none."""
    parts = [f"WHEN {rule.condition.sql} THEN {rule.place}" for rule in rules if rule.certain]
    return f"CASE {' '.join(parts)} ELSE 0 END" if parts else "0"


def _holding(rules: Rules) -> str:
    """Print how many rules certainly hold."""
    return " + ".join(f"CASE WHEN {rule.condition.sql} THEN 1 ELSE 0 END" for rule in rules if rule.certain) or "0"


def _choice_of(column: str, choices: Sequence[tuple[int, str]], otherwise: str) -> str:
    """Print a choice by the number in a column."""
    parts = [f"WHEN {number} THEN {text}" for number, text in choices]
    return f"CASE {column} {' '.join(parts)} ELSE {otherwise} END" if parts else otherwise


def _field_of(builder: _Builder, rules: Sequence[Rules], column: str, name: str, number: Callable[[_Rule], int]) -> str:
    """Print what the rule whose number stands in a column gives in a field."""
    terms = [one.then[name] for own in rules for one in own if name in one.then]
    low, high = min(term.low for term in terms), max(term.high for term in terms)
    nothing = f"CAST(NULL AS {_sql_type(replace(terms[0], low=low, high=high), builder.target)})"
    return builder.dispatch(
        [
            _choice_of(column, [(number(one), one.then[name].sql) for one in own if name in one.then], nothing)
            for own in rules
        ]
    )


def _settled(rules: Rules, hit: str, constant: Mapping[str, bool], prefix: str) -> str:
    """Print whether all candidates say the same as the rule that certainly holds."""
    formulas = [name for name, plain in constant.items() if not plain]
    against: dict[int, list[str]] = {}
    parts = [f"{prefix}holding = 1" if hit == "unique" else f"{prefix}rule > 0"]
    for rule in rules:
        known = rule.known(False)
        if known and rule.certain:
            parts.append(f"NOT ({prefix}rule = {rule.place} AND NOT ({known}))")
        if hit == "unique" and rule.certain:
            continue
        before = "" if hit == "unique" else f"{prefix}rule > {rule.place} AND "
        if not formulas:
            against.setdefault(rule.said, []).append(f"({before}{rule.perhaps})")
            continue
        same = [f"{prefix}rule IN ({_places_of(rules, rule.said)})", *([known] if known else [])]
        for name in formulas:
            value = rule.then[name].sql if name in rule.then else "NULL"
            same.append(
                f"{prefix}v_{name} IS NOT DISTINCT FROM {value}" if name in rule.then else f"{prefix}v_{name} IS NULL"
            )
        parts.append(f"NOT ({before}{rule.perhaps} AND NOT ({' AND '.join(same)}))")
    for said, texts in against.items():
        parts.append(f"NOT ({prefix}rule NOT IN ({_places_of(rules, said)}) AND ({' OR '.join(texts)}))")
    return " AND ".join(parts)


def _places_of(rules: Rules, said: int) -> str:
    return ", ".join(str(rule.place) for rule in rules if rule.said == said)


def _all_settled(rules: Rules) -> str:
    """Print whether every rule of a table that collects is known to hold or not, with what it gives."""
    parts = []
    for rule in rules:
        if not rule.certain:
            parts.append(f"COALESCE(NOT {rule.condition.sql}, FALSE)")
            continue
        if rule.reads or rule.condition.doubt:
            parts.append(f"{rule.condition.sql} IS NOT NULL")
        if known := rule.known(False):
            parts.append(f"NOT ({rule.perhaps} AND NOT ({known}))")
    return " AND ".join(parts) or "TRUE"


def _first_holding(rules: Rules, empty: int) -> str:
    parts = [f"WHEN {rule.condition.sql} THEN {rule.answer}" for rule in rules if rule.certain]
    return f"CASE {' '.join(parts)} ELSE {empty} END" if parts else str(empty)


def _is_candidate(rule: _Rule, hit: str, place: str, holding: str) -> str:
    """Print whether a rule is a candidate, where the table is undetermined."""
    if hit == "first":
        return f"(({place} = 0 OR {place} >= {rule.place}) AND {rule.perhaps})"
    if hit == "unique" and rule.certain:
        return f"(CASE WHEN {holding} = 1 THEN COALESCE({rule.condition.sql}, FALSE) ELSE {rule.perhaps} END)"
    return f"({rule.perhaps})"


def _missing_word(rules: Rules, candidates: Sequence[str], word: int) -> str:
    """Print the inputs that the unknown parts of the candidates read."""
    found = []
    for rule, candidate in zip(rules, candidates, strict=True):
        parts = []
        if rule.mask[word] != "0":
            parts.append(f"CASE WHEN {rule.condition.sql} IS NULL THEN {rule.mask[word]} ELSE 0 END")
        for sql, mask in rule.then_masks:
            if mask[word] != "0":
                parts.append(f"CASE WHEN {sql} IS NULL THEN {mask[word]} ELSE 0 END")
        if parts:
            found.append(f"CASE WHEN {candidate} THEN {' | '.join(parts)} ELSE 0 END")
    return " | ".join(found) or "0"


def _only_facts_are_unknown(rules: Rules) -> bool:
    """Say whether all is known once the facts are, so that what is open misses facts."""
    return all(
        rule.certain and not rule.condition.doubt and not any(one.doubt for one in rule.then.values()) for rule in rules
    )


def _reason_code(rules: Rules, candidates: Sequence[str], missing: Sequence[str]) -> str:
    """Print why a table is undetermined."""
    unknown = []
    for rule, candidate in zip(rules, candidates, strict=True):
        parts = [f"{rule.condition.sql} IS NULL"] if rule.reads or rule.condition.doubt else []
        if known := rule.known(False):
            parts.append(f"NOT ({known})")
        if parts:
            unknown.append(f"({candidate} AND ({' OR '.join(parts)}))")
    doubtful = [candidate for rule, candidate in zip(rules, candidates, strict=True) if not rule.certain]
    told = [
        (" OR ".join(f"{word} <> 0" for word in missing), MISSING_FACTS),
        (f"NOT ({' OR '.join(candidates) or 'FALSE'})", NO_RULE),
        (" OR ".join(doubtful), UNKNOWN_RULE),
        (" OR ".join(unknown), UNKNOWN_VALUE),
    ]
    whens = " ".join(f"WHEN {text} THEN {ENGINE_REASONS.index(reason)}" for text, reason in told if text)
    return f"CASE {whens} ELSE {ENGINE_REASONS.index(NO_RULE)} END"


# --- answers ----------------------------------------------------------------------------------------------------


def _by_answer(
    builder: _Builder,
    table: Table,
    rules: Sequence[Rules],
    told: Sequence[AnswerOfRow],
    name: str,
    code: str,
    constant: bool,
) -> Term:
    """Print a field by the code of the answer; unknown where the table is undetermined."""
    kind = field_type(table, name)
    terms = [one.then[name] for own in rules for one in own if name in one.then]
    if not terms:
        empty = _constant(Constant(None, kind), builder.target)
        return replace(empty, literal=False)
    low, high = min(term.low for term in terms), max(term.high for term in terms)
    term = replace(terms[0], low=low, high=high, doubt=True, literal=False, absent=False)
    if not constant:
        return replace(term, sql=_field_of(builder, rules, code, name, lambda one: one.answer))
    values = [
        (number, _rescaled(_constant(Constant(one.values[name], kind), builder.target), term.places, builder.target))
        for number, one in enumerate(told, FIRST_ANSWER)
        if name in one.values
    ]
    return replace(term, sql=_choice_of(code, [(number, value.sql) for number, value in values], "NULL"))


def _gathered(builder: _Builder, table: Table, rules: Sequence[Rules], name: str, code: str) -> Term:
    """Print a field of a table that collects or sums."""
    kind, target = field_type(table, name), builder.target
    answered = f"{code} >= {FIRST_ANSWER}"
    if table.hit == "sum":
        terms = [one.then[name] for own in rules for one in own if name in one.then]
        total = max((sum(max(abs(term.low), abs(term.high)) for term in terms)), 0)
        term = Term("", "number", terms[0].places if terms else 0, -total, total, True)
        texts = [
            " + ".join(
                f"CASE WHEN {one.condition.sql} THEN {_cast_number(one.then[name], term, target)} ELSE 0 END"
                for one in own
                if name in one.then and one.certain
            )
            or "0"
            for own in rules
        ]
        return replace(term, sql=f"CASE WHEN {answered} THEN {builder.dispatch(texts)} END")
    texts = []
    for own in rules:
        items = []
        for one in own:
            value = _shown(one.then[name], kind, target) if name in one.then else "NULL"
            item = f"[CAST({value} AS {_shown_type(kind, rules, name, target)})]"
            empty = f"CAST([] AS {_shown_type(kind, rules, name, target)}[])"
            if target.name == "spark":
                item = f"array(CAST({value} AS {_shown_type(kind, rules, name, target)}))"
                empty = f"CAST(array() AS ARRAY<{_shown_type(kind, rules, name, target)}>)"
            if one.certain:
                items.append(f"CASE WHEN {one.condition.sql} THEN {item} ELSE {empty} END")
        nothing = (
            f"CAST([] AS {_shown_type(kind, rules, name, target)}[])"
            if target.name == "duckdb"
            else f"CAST(array() AS ARRAY<{_shown_type(kind, rules, name, target)}>)"
        )
        texts.append(
            (" || ".join(items) if target.name == "duckdb" else f"concat({', '.join(items)})") if items else nothing
        )
    return Term(f"CASE WHEN {answered} THEN {builder.dispatch(texts)} END", "list", doubt=True)


def _shown_type(kind: Type, rules: Sequence[Rules], name: str, target: Target) -> str:
    """Give the SQL type in which a value leaves the query."""
    terms = [one.then[name] for own in rules for one in own if name in one.then]
    if not kind.is_number:
        return _sql_type(Term("", kind.kind), target)
    places = terms[0].places if terms else 0
    wide = any(term.is_wide for term in terms)
    if places == 0 and kind.kind != "decimal":
        return "DECIMAL(38, 0)" if wide else "BIGINT"
    return f"DECIMAL(38, {places})"


def _shown(term: Term, kind: Type, target: Target) -> str:
    """Print a value as it leaves the query: a decimal as DECIMAL."""
    if term.kind != "number":
        return term.sql
    if kind.kind != "decimal":
        return f"CAST({term.sql} AS {'DECIMAL(38, 0)' if term.is_wide else 'BIGINT'})"
    digits = len(str(max(abs(term.low), abs(term.high), 1)))
    if not term.places:
        return f"CAST({term.sql} AS DECIMAL(38, 0))"
    if digits + term.places + 2 <= 38:
        part = f"0.{'0' * (term.places - 1)}1"
        unit = f"CAST('{part}' AS DECIMAL({term.places + 1}, {term.places}))"
        return f"CAST(CAST({term.sql} AS DECIMAL({digits}, 0)) * {unit} AS DECIMAL(38, {term.places}))"
    whole = "//" if target.name == "duckdb" else "div"
    text = "VARCHAR" if target.name == "duckdb" else "STRING"
    factor = 10**term.places
    size = f"abs({term.sql})"
    pieces = (
        f"CASE WHEN {term.sql} < 0 THEN '-' ELSE '' END",
        f"CAST({size} {whole} {factor} AS {text})",
        "'.'",
        f"lpad(CAST({size} % {factor} AS {text}), {term.places}, '0')",
    )
    # concat leaves NULL out in one of the engines
    return f"CASE WHEN {term.sql} IS NOT NULL THEN CAST(concat({', '.join(pieces)}) AS DECIMAL(38, {term.places})) END"


def _for_output(one: _Field, table: Table, name: str, target: Target) -> str:
    """Print a field as it leaves the query; ``result`` says where the table is undetermined."""
    if one.term.kind == "list":
        code = target.code(UNDETERMINED)
        undetermined = f"[{code}]" if target.name == "duckdb" else f"array({code})"
        return f"COALESCE({one.term.sql}, {undetermined})" if name == "result" else one.term.sql
    sql = _shown(one.term, field_type(table, name), target)
    return f"COALESCE({sql}, {target.code(UNDETERMINED)})" if name == "result" else sql


def _reason_sql(decided: _Decided, target: Target) -> str:
    reasons = [*ENGINE_REASONS, *(one.reason for one in decided.answers)]
    choices = [(number, text_literal(reason, target.name)) for number, reason in enumerate(reasons)]
    return _choice_of(decided.code, choices, "NULL")


# --- facts in columns -------------------------------------------------------------------------------------------

#: What `str.strip` takes off, as one text.
_SPACE = "".join(map(chr, [*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B)])) + (
    "\u2028\u2029\u202f\u205f\u3000"
)
_WHOLE = "[-+]?[0-9]{1,18}"
_FRACTION = r"[-+]?([0-9]{1,18}([.][0-9]{0,18})?|[.][0-9]{1,18})"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DECIMAL = re.compile(r"DECIMAL\((\d+), ?(\d+)\)")
_WHOLE_TYPES = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "INT", "BIGINT", "HUGEINT"}
    | {"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
_TEXT_TYPES = frozenset({"VARCHAR", "STRING"})
_LIST_TYPES = frozenset({"VARCHAR[]", "ARRAY<STRING>"})


def nothing_given(kind: Type, target: Target) -> Given:
    """Give a fact that the data does not have."""
    return Given(f"CAST(NULL AS {_sql_type(_term_of_type('', kind), target)})", absent=True)


def given_by_column(kind: Type, column: str, sql_type: str, target: Target) -> Given | None:
    """Read a fact from a column; None when the type of the column is not that of the fact.

    Args:
        kind: the type of the fact.
        column: SQL of the column.
        sql_type: its SQL type, in capitals.
        target: what is printed for.
    """
    given = _given_by_column(kind, column, sql_type, target)
    return given and replace(given, column=column)


def _given_by_column(kind: Type, column: str, sql_type: str, target: Target) -> Given | None:
    if kind.kind == "boolean":
        return Given(column) if sql_type == "BOOLEAN" else None
    if kind.kind == "date":
        return Given(column, _days_accepted(column)) if sql_type == "DATE" else None
    if kind.kind == "code":
        if sql_type.startswith("ENUM("):
            column, sql_type = f"CAST({column} AS VARCHAR)", "VARCHAR"
        return _given_by_code(kind, column, target) if sql_type in _TEXT_TYPES else None
    if kind.kind == "codes":
        return Given(column, _sets_accepted(column, kind, target)) if sql_type in _LIST_TYPES else None
    term = _term_of_type(column, kind)
    if sql_type in _WHOLE_TYPES:
        factor = 10**term.places
        least, most = -(-term.low // factor), term.high // factor
        accepted = f"{column} BETWEEN {_number_literal(least)} AND {_number_literal(most)}"
        value = f"CAST({column} AS {number_type(term, target)}) * {factor}" if term.places else column
        return Given(value, accepted)
    if kind.kind != "decimal":
        return None
    if _DECIMAL.fullmatch(sql_type):
        return _given_by_decimal(term, column, target)
    if sql_type in {"DOUBLE", "FLOAT"}:
        return _given_by_double(term, f"CAST({column} AS DOUBLE)", target)
    return None


def _given_by_decimal(term: Term, column: str, target: Target) -> Given:
    low, high = (_decimal_literal(value, term.places) for value in (term.low, term.high))
    rounded = f"TRY_CAST({column} AS DECIMAL(22, {term.places}))"
    value = f"CAST({rounded} * {10**term.places} AS {number_type(term, target)})"
    return Given(value, f"({column} BETWEEN {low} AND {high} AND {rounded} = {column})")


def _given_by_double(term: Term, column: str, target: Target) -> Given:
    """Take a binary number for the decimal by which Python shows it: the shortest that gives it back.

    Of at most 15 digits there is one such decimal, and dividing the whole number by the power of ten gives the
    binary number back exactly where it is the one. Beyond, DuckDB goes by the digits as text; Spark, whose text may
    have more digits than are needed, refuses.
    """
    factor = f"CAST({10**term.places} AS DOUBLE)"
    low, high = (f"CAST({_decimal_literal(value, term.places)} AS DOUBLE)" for value in (term.low, term.high))
    small = f"abs({column}) < CAST({10 ** (15 - term.places)} AS DOUBLE)"
    kind = number_type(term, target)
    value = f"TRY_CAST(round({column} * {factor}) AS {kind})"
    exact = f"round({column} * {factor}) / {factor} = {column}"
    if target.name == "duckdb":
        text = f"TRY_CAST(CAST({column} AS VARCHAR) AS DECIMAL(38, 18))"
        rounded = f"TRY_CAST({text} AS DECIMAL(22, {term.places}))"
        value = f"CASE WHEN {small} THEN {value} ELSE CAST({rounded} * {10**term.places} AS {kind}) END"
        exact = f"CASE WHEN {small} THEN {exact} ELSE COALESCE({rounded} = {text}, FALSE) END"
        finite = f"isfinite({column})"
    else:
        finite = f"NOT isnan({column}) AND {small}"
    return Given(value, f"({finite} AND {column} BETWEEN {low} AND {high} AND {exact})")


def given_by_text(kind: Type, column: str, target: Target) -> Given:
    """Read a fact from a column of text as `Type.from_text` does; an empty text is an unknown fact."""
    space = text_literal(_SPACE, target.name)
    text = f"trim({column}, {space})" if target.name == "duckdb" else f"trim(BOTH {space} FROM {column})"
    text = f"NULLIF({text}, '')"
    if kind.kind == "boolean":
        word = f"lower({text})"
        yes, no = (_listed(sorted(words), target) for words in (TRUE_WORDS, FALSE_WORDS))
        return Given(
            f"CASE WHEN {word} IN ({yes}) THEN TRUE WHEN {word} IN ({no}) THEN FALSE END", f"{word} IN ({yes}, {no})"
        )
    if kind.kind == "date":
        day = f"TRY_CAST({text} AS DATE)"
        accepted = f"({_matches(text, _DAY, target)} AND COALESCE({_days_accepted(day)}, FALSE))"
        return Given(day, f"CASE WHEN {text} IS NOT NULL THEN {accepted} END")
    if kind.kind == "code":
        return _given_by_code(kind, text, target)
    if kind.kind == "codes":
        if target.name == "duckdb":
            items = f"list_transform(string_split({text}, ','), lambda item: trim(item, {space}))"
        else:
            items = f"transform(split({text}, ','), item -> trim(BOTH {space} FROM item))"
        value = f"CASE WHEN {text} = 'none' THEN {_list_literal([], target)} ELSE {items} END"
        return Given(value, _sets_accepted(value, kind, target))
    term = _term_of_type(text, kind)
    number = f"TRY_CAST(ltrim({text}, '+') AS DECIMAL(38, 18))"
    if target.name == "spark":
        number = f"TRY_CAST(ltrim('+', {text}) AS DECIMAL(38, 18))"
    given = _given_by_decimal(term, number, target)
    pattern = _FRACTION if kind.kind == "decimal" else _WHOLE
    accepted = f"({_matches(text, pattern, target)} AND COALESCE({given.accepted}, FALSE))"
    return Given(given.value, f"CASE WHEN {text} IS NOT NULL THEN {accepted} END")


def _listed(texts: Iterable[str], target: Target) -> str:
    return ", ".join(text_literal(text, target.name) for text in texts)


def _matches(text: str, pattern: str, target: Target) -> str:
    if target.name == "duckdb":
        return f"regexp_full_match({text}, '{pattern}')"
    return f"({text} RLIKE '^(?:{pattern})$')"


def _decimal_literal(value: int, places: int) -> str:
    digits = f"{abs(value):0{places + 1}d}"
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"CAST('{'-' if value < 0 else ''}{text}' AS DECIMAL(38, {places}))"


def _days_accepted(column: str) -> str:
    return f"({column} BETWEEN {day_literal(FIRST_DAY)} AND {day_literal(LAST_DAY)})"


#: From so many codes on, DuckDB finds the number of a text by hashing it.
_MANY_CODES = 16


def _given_by_code(kind: Type, column: str, target: Target) -> Given:
    """Take a code, in DuckDB as its number."""
    codes = _listed(kind.codes, target)
    if not target.numbers:
        return Given(column, f"{column} IN ({codes})")
    numbers = [target.numbers[code] for code in kind.codes]
    if len(numbers) < _MANY_CODES:
        place = f"list_position([{codes}], {column})"
    else:
        place = f"(enum_code(TRY_CAST({column} AS ENUM({codes}))) + 1)"
    offset = numbers[0] - 1
    if numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        value = f"{place} + {offset}" if offset else place
    else:
        value = f"list_extract({numbers}, {place})"
    return Given(f"CAST({value} AS INTEGER)", f"({column} IS NULL OR {place} IS NOT NULL)", refused_is_null=True)


def _sets_accepted(column: str, kind: Type, target: Target) -> str:
    codes = _listed(kind.codes, target)
    if target.name == "duckdb":
        return f"len(list_filter({column}, lambda item: item IN ({codes}))) = len({column})"
    return (
        f"(CASE WHEN {column} IS NOT NULL THEN size(filter({column}, item -> item IN ({codes}))) = size({column}) END)"
    )
