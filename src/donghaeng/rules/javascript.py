"""Decision tables as JavaScript, printed from the checked trees: for forms that decide in the reader's browser.

A script holds, for a table and the tables it looks up, the rows and derived facts that are ever in force, each text
once, and timelines that say which of them hold from which day on, one for every state of what was known. Conditions
and formulas are calls of ``runtime.js``, which knows three truths, exact decimals and the order of asking; days are
reckoned by ``calendar.js``. Both are loaded before.

Nothing of a pack becomes part of the script but names, numbers and texts written as JSON, ``<`` and whatever is not
ASCII escaped, so that no text of a pack ends a text or a script. Tests hold the scripts to `donghaeng.rules.decide`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any

from donghaeng.civil_calendar.arithmetic import EARLIEST
from donghaeng.civil_calendar.jurisdictions import calendar_of
from donghaeng.rules import tree
from donghaeng.rules.partition import MONOTONE as MONOTONE
from donghaeng.rules.partition import Boundaries, boundaries, samples
from donghaeng.rules.table import (
    Calculation,
    Calendar,
    ChoiceOf,
    FormulaOf,
    Input,
    LookupOf,
    RowInForce,
    Segment,
    ShareOf,
    Table,
    answer_fields,
)
from donghaeng.rules.tree import And, Arithmetic, Compare, Constant, Contains, Expression, Name, Not, OneOf, Or
from donghaeng.rules.types import Type

#: Whole numbers up to this one are numbers of JavaScript; others are written as texts of digits.
_LARGEST_SAFE = 2**53 - 1

_CALLS: Mapping[str, str] = {
    **{"=": "equal", "<>": "differ", "<": "less", "<=": "atMost", ">": "more", ">=": "atLeast"},
    **{"+": "plus", "-": "minus", "*": "times"},
}
_DAY_CALLS: Mapping[str, str] = {
    **{"age": "age", "year": "year", "month": "month", "days_in_month": "daysInMonth"},
    **{"days_between": "daysBetween", "last_day": "lastDay", "within": "within"},
}
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


def runtime_script() -> str:
    """Give the text of ``runtime.js``: a plain script that defines the object ``donghaengRuntime``."""
    return files("donghaeng.rules").joinpath("runtime.js").read_text("utf-8")


def table_script(table: Table) -> str:
    """Print a table as a plain script that registers it as ``donghaengRules["PACK/TABLE"]``.

    The registered object has the names of the ``inputs`` and ``decide(on, facts, knownOn = null)``, which gives
    ``{outcome, reason, rows, missing}`` as `donghaeng.rules.decision.Decision` does. Numbers of any size are
    computed exactly; an answer of more than 15 digits is given as the nearest number that JavaScript has.

    Args:
        table: a checked table.

    Returns:
        The script; the same table gives the same bytes.
    """
    script = _Script()
    main = script.table(table)
    register = f"{script.call('register')}({_json(f'{table.pack}/{table.id}')}, {main});"
    used = ", ".join(sorted(script.used))
    head = ["((runtime) => {", '"use strict";', f"const {{ {used} }} = runtime;"]
    return "\n".join([*head, *script.lines, register, "})(donghaengRuntime);", ""])


@dataclass
class _Pool:
    """Texts, each once, with its place."""

    places: dict[str, int] = field(default_factory=dict)

    def place(self, text: str) -> int:
        return self.places.setdefault(text, len(self.places))

    def listed(self, name: str) -> list[str]:
        return [f"  {name}: [", *(f"    {text}," for text in self.places), "  ],"]


@dataclass
class _Script:
    """The lines before the one that registers the table.

    Attributes:
        lines: the lines.
        used: what of the runtime they call.
        variables: the names of the tables and of the list of holidays.
    """

    lines: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    variables: dict[str, str] = field(default_factory=dict)

    def call(self, name: str) -> str:
        """Name something of the runtime."""
        self.used.add(name)
        return name

    def table(self, table: Table) -> str:
        """Print a table after those that it looks up, and give the name of its variable."""
        if table.id not in self.variables:
            tables = [self.table(other) for other in table.tables.values()]
            variable = f"table{len(self.variables)}"
            lines = _TableLines(self, table).all(variable, tables)
            self.variables[table.id] = variable
            self.lines += lines
        return self.variables[table.id]

    def moved(self, jurisdiction: str) -> str:
        """Print the days that are no working days, and give the name of the variable."""
        key = f"holidays of {jurisdiction}"  # no table has blanks in its id
        if key not in self.variables:
            self.variables[key] = f"moved{len(self.variables)}"
            self.lines.append(f"const {self.variables[key]} = {self.call('movedDays')}({_holidays(jurisdiction)});")
        return self.variables[key]

    def constant(self, value: Any) -> str:
        """Print a value; None is one that nobody knows."""
        if value is None:
            return self.call("nobodyKnows")
        if isinstance(value, frozenset):
            return _json(sorted(value))
        if isinstance(value, date):
            return _json(value.isoformat())
        if isinstance(value, bool | str):
            return _json(value)
        if value == int(value) and abs(value) <= _LARGEST_SAFE:
            return str(int(value))
        return f"{self.call('decimal')}({_json(f'{value:f}' if isinstance(value, Decimal) else str(value))})"

    def constants(self, values: Iterable[Any]) -> str:
        """Print a list of values."""
        return f"[{', '.join(self.constant(value) for value in values)}]"


@dataclass
class _TableLines:
    """Prints one table.

    Attributes:
        script: where the names of the runtime and of other tables are kept.
        source: the table.
    """

    script: _Script
    source: Table
    facts: _Pool = field(default_factory=_Pool)
    rows: _Pool = field(default_factory=_Pool)
    asking: _Pool = field(default_factory=_Pool)
    segments: _Pool = field(default_factory=_Pool)
    timelines: _Pool = field(default_factory=_Pool)

    def all(self, variable: str, tables: list[str]) -> list[str]:
        """Print the table.

        Args:
            variable: the name it gets.
            tables: the variables of the tables that it looks up.
        """
        days = self.source.knowledge_days
        before = days[0] - timedelta(days=1) if days else EARLIEST
        known = _changes([("", self._timeline(before)), *((str(day), self._timeline(day)) for day in days)])
        now = self._timeline(None)
        inputs = self.source.all_inputs.items()
        result = next(iter(self.source.outcomes["result"].type.codes))
        return [
            f"const {variable} = {{",
            f"  hit: {_json(self.source.hit)},",
            f"  result: {_json(result)},",
            f"  fields: {_json(answer_fields(self.source))},",
            f"  tables: [{', '.join(tables)}],",
            "  inputs: {",
            *(f"    {_key(name)}: {self._input(item)}," for name, item in inputs),
            "  },",
            *self.facts.listed("facts"),
            *self.rows.listed("rows"),
            *self.asking.listed("asking"),
            *self.segments.listed("segments"),
            *self.timelines.listed("timelines"),
            f"  known: {_json(known)},",
            f"  now: {now},",
            "};",
        ]

    def _timeline(self, known_on: date | None) -> int:
        segments = self.source.segments(known_on)
        starts = ["", *(one.first.isoformat() for one in segments[1:])]
        places = [self._segment(one) for one in segments]
        return self.timelines.place(_json(_changes(zip(starts, places, strict=True))))

    def _segment(self, segment: Segment) -> int:
        facts = [self.facts.place(self._fact(name, segment)) for name in segment.derived]
        rows = [self.rows.place(self._row(row)) for row in segment.rows]
        asking = self.asking.place(self._asking(segment))
        return self.segments.place(f"{{ facts: {_json(facts)}, rows: {_json(rows)}, asking: {asking} }}")

    def _input(self, item: Input) -> str:
        kind = item.type
        parts = [f"kind: {_json(kind.kind)}"]
        if kind.codes:
            parts.append(f"codes: {_json(list(kind.codes))}")
        if kind.kind == "decimal":
            parts.append(f"places: {kind.places}")
        for name, limit in (("least", kind.least), ("most", kind.most)):
            if limit is not None:
                parts.append(f"{name}: {self.script.constant(limit)}")
        if item.personal is not None:
            parts.append("personal: true")
        return f"{{ {', '.join(parts)} }}"

    # --- Rows and derived facts

    def _row(self, row: RowInForce) -> str:
        then = ", ".join(f"{_key(name)}: {self.value(node)}" for name, node in row.then.items())
        call = self.script.call("row" if row.row.certain else "disputed")
        return f"{call}({_json(row.row.id)}, (f) => {self.value(row.condition)}, (f) => ({{ {then} }}))"

    def _fact(self, name: str, segment: Segment) -> str:
        calculation = segment.derived[name].calculation
        get = f"{_json(name)}, (f) => {self._calculation(calculation, segment)}"
        if not isinstance(calculation, Calendar) or calculation.function not in MONOTONE:
            return f"{self.script.call('fact')}({get})"
        call = self.script.call("period" if calculation.function == "within" else "fact")
        return f"{call}({get}, {_json(calculation.days)})"

    def _calculation(self, calculation: Calculation, segment: Segment) -> str:
        if isinstance(calculation, FormulaOf):
            return self.value(calculation.formula)
        if isinstance(calculation, ChoiceOf):
            return f"{self.script.call(calculation.which)}({self._values(calculation.of)})"
        if isinstance(calculation, ShareOf):
            values = self._values([calculation.of, calculation.part, calculation.whole])
            return f"{self.script.call('share')}({values}, {_json(calculation.round)})"
        if isinstance(calculation, LookupOf):
            other = self.script.variables[calculation.table]
            return f"{self.script.call('lookup')}({other}, {_json(calculation.outcome)}, f)"
        call = self.script.call(_DAY_CALLS[calculation.function])
        arguments = [self._day(name, segment) for name in calculation.days]
        if calculation.length is not None:
            period = [f"{calculation.unit}: {self.value(calculation.length)}"]
            if calculation.first_day != "excluded":
                period.append(f"firstDay: {_json(calculation.first_day)}")
            if calculation.holidays == "move":
                period += ['holidays: "move"', f"moved: {self.script.moved(self.source.jurisdiction)}"]
            arguments.append(f"{{ {', '.join(period)} }}")
        return f"{call}({', '.join(arguments)})"

    def _day(self, name: str, segment: Segment) -> str:
        if name not in self.source.values:
            return _read(name)
        found = segment.constants.get(name)
        return self.script.constant(found.value if found else None)

    def value(self, node: Expression) -> str:
        """Print a condition or formula."""
        if isinstance(node, Name):
            return _read(node.name)
        if isinstance(node, Constant):
            return self.script.constant(node.value)
        if isinstance(node, And | Or):
            if not node.parts:
                return _json(isinstance(node, And))
            return f"{self.script.call('and' if isinstance(node, And) else 'or')}({self._values(node.parts)})"
        if isinstance(node, Not):
            return f"{self.script.call('not')}({self.value(node.part)})"
        if isinstance(node, Compare | Arithmetic):
            return f"{self.script.call(_CALLS[node.operator])}({self._values([node.left, node.right])})"
        if isinstance(node, OneOf):
            options = self.script.constants(option.value for option in node.options)
            return f"{self.script.call('oneOf')}({self.value(node.item)}, {options})"
        if isinstance(node, Contains):
            return f"{self.script.call('has')}({self.value(node.codes)}, {_json(node.code)})"
        raise TypeError(type(node).__name__)  # a segment has its dated lists in the place of `Member`

    def _values(self, nodes: Iterable[Expression]) -> str:
        return ", ".join(self.value(node) for node in nodes)

    # --- The order of asking

    def _asking(self, segment: Segment) -> str:
        """Print what the runtime must know to try values of each input: `donghaeng.rules.partition.samples`.

        Codes stand here as they are tried. Of numbers and days only those stand here that conditions compare with;
        the runtime adds those at which a calculation comes to its constant, which the day and the known facts decide.
        """
        found = boundaries(segment)
        tried = []
        of_inputs = samples(segment, EARLIEST)  # codes are the same on every day
        for name, item in segment.table.all_inputs.items():
            if item.type.kind in {"code", "codes"}:
                tried.append(f"{_key(name)}: {self.script.constants(of_inputs[name])}")
            elif item.type.kind != "boolean":
                at, reach = _compared(found, name, item.type)
                if at or reach > 1:
                    tried.append(f"{_key(name)}: {{ at: {self.script.constants(at)}, reach: {reach} }}")
        crossed = []
        for name in dict.fromkeys(name for part in (segment, *segment.lookups.values()) for name in part.derived):
            constants = found.constants.get(name, ())
            parts = [part.derived[name] for part in (segment, *segment.lookups.values()) if name in part.derived]
            if constants and any(_has_crossings(one.calculation) for one in parts):
                crossed.append(f"{_key(name)}: {self.script.constants(constants)}")
        solved = []
        for node, constant in found.calculations:
            names = _json(tree.names(node))
            get = f"(f) => {self.value(node)}"
            solved.append(f"{{ names: {names}, get: {get}, at: {self.script.constant(constant)} }}")
        lists = f"crossed: {{ {', '.join(crossed)} }}, solved: [{', '.join(solved)}]"
        return f"{{ tried: {{ {', '.join(tried)} }}, {lists} }}"


def _has_crossings(calculation: Calculation) -> bool:
    return isinstance(calculation, Calendar) and calculation.function in MONOTONE and calculation.function != "within"


def _compared(found: Boundaries, name: str, kind: Type) -> tuple[list[Any], int]:
    """Give the days or numbers that an input is compared with, and how many around each are tried."""
    constants = set(found.constants.get(name, ()))
    reach = 1
    for group in found.together:
        if name in group:
            constants.update(value for other in group for value in found.constants.get(other, ()))
            reach = max(reach, len(group))
    if kind.kind == "date":
        return sorted(value for value in constants if isinstance(value, date)), reach
    numbers = (value for value in constants if value is not None and not isinstance(value, date | str))
    return sorted(int(value) if isinstance(value, bool) else value for value in numbers), reach


def _changes(pairs: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Leave out what is the same as the one before."""
    found: list[tuple[str, int]] = []
    for day, place in pairs:
        if not found or found[-1][1] != place:
            found.append((day, place))
    return found


@lru_cache(maxsize=16)
def _holidays(jurisdiction: str) -> str:
    """Print the working days of a jurisdiction, as far as they are known: the week, and the days unlike it."""
    calendar = calendar_of(jurisdiction)
    first, last = calendar.known_from, calendar.known_to
    if first is None or last is None:
        return '{ first: "9999-12-31", last: "0001-01-01", weekend: [], closed: [], open: [] }'
    while not calendar.is_working_day(last):
        last -= timedelta(days=1)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    closed = {day for day in days if not calendar.is_working_day(day)}
    of_week = {number: [day for day in days if day.isoweekday() % 7 == number] for number in range(7)}
    weekend = [number for number, same in of_week.items() if 2 * sum(day in closed for day in same) > len(same)]
    unlike = {
        "closed": [day for day in days if day in closed and day.isoweekday() % 7 not in weekend],
        "open": [day for day in days if day not in closed and day.isoweekday() % 7 in weekend],
    }
    lists = ", ".join(f"{key}: {_json([day.isoformat() for day in found])}" for key, found in unlike.items())
    return f"{{ first: {_json(first.isoformat())}, last: {_json(last.isoformat())}, weekend: {weekend}, {lists} }}"


def _json(value: Any) -> str:
    """Write a value as JSON that neither ends a script nor holds anything but ASCII."""
    return json.dumps(value).replace("<", "\\u003c")


def _key(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else f"[{_json(name)}]"


def _read(name: str) -> str:
    return f"f.{name}" if _PLAIN_NAME.fullmatch(name) else f"f[{_json(name)}]"
