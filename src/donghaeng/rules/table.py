"""A checked decision table, and what of it is in force on a day.

`Table` is what was read; a `Segment` is the part of it that holds on a day, with the dated values of that day in
the place of their names. Every engine (one case, SQL, JavaScript, proofs) works on segments, so all of them see the
same rules.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Literal

from donghaeng.dated import Dates, change_days, knowledge_days, only_in_force
from donghaeng.rules import tree
from donghaeng.rules.document import Citation, Saying
from donghaeng.rules.tree import Constant, Expression
from donghaeng.rules.types import Type
from donghaeng.sources import KIND_WORDS
from donghaeng.wording import Text

UNDETERMINED = "undetermined"
#: Reasons of a decision that no row gave.
MISSING_FACTS, UNKNOWN_RULE, UNKNOWN_VALUE, NO_RULE = "missing_facts", "unknown_rule", "unknown_value", "no_rule"
ENGINE_REASONS = (MISSING_FACTS, UNKNOWN_RULE, UNKNOWN_VALUE, NO_RULE)

#: The name of the day of the decision among the facts.
ON = "on"

Hit = Literal["first", "unique", "collect", "sum"]
Unit = Literal["days", "months", "years"]


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calculation with days; unknown when a day or the length is unknown.

    Attributes:
        function: what is calculated.
        days: names of the days it reads: of ``age`` birth and day, of ``days_between`` both, of ``last_day`` the day
            after which the period runs, of ``within`` that day and the day in question, else the day.
        unit: unit of the length of a period.
        length: length of a period.
        first_day: whether the period counts its first day.
        holidays: whether a period that ends on a holiday ends on the next working day.
    """

    function: Literal["age", "year", "month", "days_in_month", "days_between", "last_day", "within"]
    days: tuple[str, ...]
    unit: Unit | None = None
    length: Expression | None = None
    first_day: Literal["excluded", "included"] = "excluded"
    holidays: Literal["stay", "move"] = "stay"


@dataclass(frozen=True, slots=True)
class FormulaOf:
    """The value of a formula or condition."""

    formula: Expression


@dataclass(frozen=True, slots=True)
class ChoiceOf:
    """The least or the greatest of several values; unknown when one is unknown."""

    which: Literal["least", "greatest"]
    of: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class ShareOf:
    """``of * part / whole`` rounded to a whole number; unknown when ``whole`` is 0 or anything is unknown."""

    of: Expression
    part: Expression
    whole: Expression
    round: Literal["down", "up", "half_up"]


@dataclass(frozen=True, slots=True)
class LookupOf:
    """An outcome of another table, on the same day and facts; unknown where that table is undetermined."""

    table: str
    outcome: str


Calculation = Calendar | FormulaOf | ChoiceOf | ShareOf | LookupOf


def calculation_expressions(calculation: Calculation) -> tuple[Expression, ...]:
    """Give the trees that a calculation reads."""
    if isinstance(calculation, Calendar):
        return () if calculation.length is None else (calculation.length,)
    if isinstance(calculation, FormulaOf):
        return (calculation.formula,)
    if isinstance(calculation, ChoiceOf):
        return calculation.of
    if isinstance(calculation, ShareOf):
        return (calculation.of, calculation.part, calculation.whole)
    return ()


@dataclass(frozen=True)
class Input:
    """A fact that is asked.

    Attributes:
        name: its name.
        type: its type.
        question: the question by language.
        help: how to find the answer, by language.
        unit: unit of a number, by language.
        personal: ``health`` or ``social`` where it is kept encrypted.
    """

    name: str
    type: Type
    question: Text
    help: Text | None = None
    unit: Text | None = None
    personal: str | None = None


@dataclass(frozen=True)
class Derived:
    """A fact out of facts."""

    name: str
    type: Type
    calculation: Calculation


@dataclass(frozen=True)
class Outcome:
    """A field of the answer."""

    name: str
    type: Type
    title: Text | None = None
    unit: Text | None = None


@dataclass(frozen=True)
class DatedConstant:
    """A value and when it holds.

    Attributes:
        dates: when it is in force and was known.
        value: the value; None where nobody knows it.
        kind: how it is known.
        cite: where it stands.
        statements: what the sources say where they differ.
        note: what a reader should know.
    """

    dates: Dates
    value: Any
    kind: str
    cite: tuple[Citation, ...]
    statements: tuple[Saying, ...]
    note: Text | None


@dataclass(frozen=True)
class DatedSeries:
    """A dated value: its constants, one after the other."""

    name: str
    type: Type
    title: Text
    unit: Text | None
    dated: tuple[DatedConstant, ...]

    def at(self, on: date, known_on: date | None = None) -> DatedConstant | None:
        """Give the constant in force on a day; None when there is none."""
        index = only_in_force([one.dates for one in self.dated], on, known_on)
        return None if index is None else self.dated[index]


@dataclass(frozen=True)
class AmountRange:
    """An amount that is known only between two limits."""

    least: Expression
    most: Expression


@dataclass(frozen=True)
class Row:
    """A rule.

    Attributes:
        id: its name and reason code.
        dates: when it is in force and was known.
        condition: when it applies.
        then: answer by field; fields that are absent are empty.
        kind: how the rule is known.
        because: the reason by language.
        cite: where it stands.
        statements: what the sources say where they differ.
        note: what a reader should know.
        when: the condition as it is written; empty for always.
        line: line of the file.
    """

    id: str
    dates: Dates
    condition: Expression
    then: Mapping[str, Expression | AmountRange]
    kind: str
    because: Text
    cite: tuple[Citation, ...]
    statements: tuple[Saying, ...]
    note: Text | None
    when: str
    line: int

    @property
    def certain(self) -> bool:
        """Whether the rule's own text is known."""
        return self.kind != "unknown"


def then_fields(then: Mapping[str, Expression | AmountRange]) -> dict[str, Expression]:
    """Give the answer field by field, a range as ``NAME_from`` and ``NAME_to``."""
    fields: dict[str, Expression] = {}
    for name, given in then.items():
        if isinstance(given, AmountRange):
            fields[f"{name}_from"], fields[f"{name}_to"] = given.least, given.most
        else:
            fields[name] = given
    return fields


@dataclass(frozen=True, eq=False)
class Table:
    """A decision table.

    Attributes:
        id: its id in the pack.
        pack: id of the pack.
        version: version of the pack.
        jurisdiction: code of the place whose calendar holds.
        title: what it decides.
        question: the question it answers.
        about: what a reader should know before.
        reviewed: day of the last review.
        hit: which rows count.
        inputs: the facts that are asked, by name.
        derived: facts out of facts, by name, each from those before it.
        outcomes: fields of the answer, by name.
        rows: the rules in order.
        values: the dated values that it reads, by name.
        tables: the tables whose outcomes it reads, by id.
        label: how faults name its file.
    """

    id: str
    pack: str
    version: str
    jurisdiction: str
    title: Text
    question: Text
    about: Text | None
    reviewed: date
    hit: Hit
    inputs: Mapping[str, Input]
    derived: Mapping[str, Derived]
    outcomes: Mapping[str, Outcome]
    rows: tuple[Row, ...]
    values: Mapping[str, DatedSeries]
    tables: Mapping[str, Table]
    label: str
    _segments: dict[tuple[date, date | None], Segment] = field(default_factory=dict, repr=False)
    _days: dict[date | None, tuple[date, ...]] = field(default_factory=dict, repr=False)
    _last: dict[date | None, Segment] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        """Say in a line what it is."""
        return f"Table({self.pack}/{self.id} {self.version}, {len(self.rows)} rows)"

    @cached_property
    def all_inputs(self) -> Mapping[str, Input]:
        """The inputs of the table, with those of the tables it reads."""
        found = dict(self.inputs)
        for table in self.tables.values():
            given = {*found, *self.derived}
            found |= {name: item for name, item in table.all_inputs.items() if name not in given}
        return found

    def _all_dates(self) -> Iterator[Dates]:
        yield from (row.dates for row in self.rows)
        for value in self.values.values():
            yield from (one.dates for one in value.dated)
        for table in self.tables.values():
            yield from table._all_dates()

    def change_days(self, known_on: date | None = None) -> tuple[date, ...]:
        """Give the days on which what is in force changes, those of the tables it reads included."""
        if known_on not in self._days:
            self._days[known_on] = change_days(self._all_dates(), known_on)
        return self._days[known_on]

    @cached_property
    def knowledge_days(self) -> tuple[date, ...]:
        """Give the days on which what is known changes."""
        return knowledge_days(self._all_dates())

    def segment(self, on: date, known_on: date | None = None) -> Segment:
        """Give what is in force on a day."""
        known_on = self._last_knowledge(known_on)
        last = self._last.get(known_on)
        if last is not None and last.first <= on and (last.after is None or on < last.after):
            return last
        days = self.change_days(known_on)
        index = bisect_right(days, on)
        first = days[index - 1] if index else date.min
        key = (first, known_on)
        found = self._segments.get(key)
        if found is None:
            after = days[index] if index < len(days) else None
            found = self._segments[key] = Segment.of(self, first, after, known_on)
        self._last[known_on] = found
        return found

    def _last_knowledge(self, known_on: date | None) -> date | None:
        """Give the last day on which something became known: between two of them nothing did."""
        if known_on is None:
            return None
        days = self.knowledge_days
        index = bisect_right(days, known_on)
        return days[index - 1] if index else date.min

    def segments(self, known_on: date | None = None) -> tuple[Segment, ...]:
        """Give every segment, in order of time; the first reaches back without limit."""
        days = self.change_days(known_on)
        return tuple(self.segment(day, known_on) for day in (date.min, *days))


@dataclass(frozen=True)
class RowInForce:
    """A rule with the dated values of its segment in the place of their names.

    Attributes:
        row: the rule.
        index: its place in the table.
        condition: when it applies.
        then: answer field by field.
        values: names of the dated values that it reads.
        kind: the weakest kind among the rule and the values that it reads.
    """

    row: Row
    index: int
    condition: Expression
    then: Mapping[str, Expression]
    values: tuple[str, ...]
    kind: str


@dataclass(frozen=True, eq=False)
class Segment:
    """What of a table is in force in a stretch of time.

    Attributes:
        table: the table.
        first: first day of the stretch; ``date.min`` where it has none.
        after: first day after it; None where it has none.
        known_on: the day whose knowledge is used; None for all.
        rows: the rules in force, in order.
        derived: the derived facts by name.
        constants: the dated values in force, by name; absent where there is none.
        lookups: the segments of the tables it reads, by id.
    """

    table: Table
    first: date
    after: date | None
    known_on: date | None
    rows: tuple[RowInForce, ...]
    derived: Mapping[str, Derived]
    constants: Mapping[str, DatedConstant]
    lookups: Mapping[str, Segment]
    compiled: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, table: Table, first: date, after: date | None, known_on: date | None) -> Segment:
        """Cut a segment out of a table; nothing changes from `first` to the day before `after`."""
        found = {name: series.at(first, known_on) for name, series in table.values.items()}
        in_force = {name: one for name, one in found.items() if one is not None}
        constants = {
            name: Constant(in_force[name].value if name in in_force else None, series.type)
            for name, series in table.values.items()
        }
        derived = {
            name: Derived(name, one.type, _substituted(one.calculation, constants))
            for name, one in table.derived.items()
        }
        reads = _values_behind(table)
        rows = []
        for index, row in enumerate(table.rows):
            if not (row.dates.in_force(first) and row.dates.known(known_on)):
                continue
            fields = then_fields(row.then)
            trees = [row.condition, *fields.values()]
            values = tuple(dict.fromkeys(value for node in trees for value in _read_values(node, reads)))
            kinds = [row.kind, *(in_force[value].kind if value in in_force else "unknown" for value in values)]
            rows.append(
                RowInForce(
                    row,
                    index,
                    tree.substituted(row.condition, constants),
                    {name: tree.substituted(node, constants) for name, node in fields.items()},
                    values,
                    weakest(kinds),
                )
            )
        lookups = {name: other.segment(first, known_on) for name, other in table.tables.items()}
        return cls(table, first, after, known_on, tuple(rows), derived, in_force, lookups)

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields of an answer, ranges included, in the order of the table."""
        return answer_fields(self.table)


def answer_fields(table: Table) -> tuple[str, ...]:
    """Give the fields of an answer: the outcomes in order, with ``_from`` and ``_to`` where a row gives a range."""
    ranged = {name for row in table.rows for name, given in row.then.items() if isinstance(given, AmountRange)}
    fields: list[str] = []
    for name in table.outcomes:
        fields.append(name)
        if name in ranged:
            fields += [f"{name}_from", f"{name}_to"]
    return tuple(fields)


def field_type(table: Table, name: str) -> Type:
    """Give the type of a field of an answer."""
    if name in table.outcomes:
        return table.outcomes[name].type
    return table.outcomes[name.rsplit("_", 1)[0]].type


def weakest(kinds: Sequence[str]) -> str:
    """Give the least firm of several kinds."""
    return max(kinds, key=lambda kind: KIND_WORDS[kind])


def _substituted(calculation: Calculation, constants: Mapping[str, Constant]) -> Calculation:
    if isinstance(calculation, Calendar):
        if calculation.length is None:
            return calculation
        length = tree.substituted(calculation.length, constants)
        return Calendar(
            calculation.function,
            calculation.days,
            calculation.unit,
            length,
            calculation.first_day,
            calculation.holidays,
        )
    if isinstance(calculation, FormulaOf):
        return FormulaOf(tree.substituted(calculation.formula, constants))
    if isinstance(calculation, ChoiceOf):
        return ChoiceOf(calculation.which, tuple(tree.substituted(part, constants) for part in calculation.of))
    if isinstance(calculation, ShareOf):
        return ShareOf(
            tree.substituted(calculation.of, constants),
            tree.substituted(calculation.part, constants),
            tree.substituted(calculation.whole, constants),
            calculation.round,
        )
    return calculation


def direct_reads(calculation: Calculation) -> tuple[str, ...]:
    """Give the names that a calculation reads itself, `ON` included."""
    found: list[str] = list(calculation.days) if isinstance(calculation, Calendar) else []
    for node in calculation_expressions(calculation):
        found.extend(tree.names(node))
    return tuple(dict.fromkeys(found))


def _values_behind(table: Table) -> dict[str, tuple[str, ...]]:
    """Give, for every name, the dated values that it rests on."""
    behind: dict[str, tuple[str, ...]] = {name: (name,) for name in table.values}
    for name, one in table.derived.items():
        reads = direct_reads(one.calculation)
        behind[name] = tuple(dict.fromkeys(value for read in reads for value in behind.get(read, ())))
    return behind


def _read_values(node: Expression, behind: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [value for name in tree.names(node) for value in behind.get(name, ())]


def inputs_behind(table: Table) -> dict[str, tuple[str, ...]]:
    """Give, for every input and derived fact, the inputs that it rests on, in order."""
    behind: dict[str, tuple[str, ...]] = {name: (name,) for name in table.all_inputs}
    for name, one in table.derived.items():
        if isinstance(one.calculation, LookupOf):
            reads = tuple(table.tables[one.calculation.table].all_inputs)
            behind[name] = tuple(dict.fromkeys(item for read in reads for item in behind.get(read, (read,))))
        else:
            reads = direct_reads(one.calculation)
            behind[name] = tuple(dict.fromkeys(item for read in reads for item in behind.get(read, ())))
    return behind


def day_or_nothing(day: date | None) -> str:
    """Give a day as text, nothing for none."""
    return day.isoformat() if day else ""
