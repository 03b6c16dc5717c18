"""A segment of a table as a Python function: microseconds a case.

The function is printed from the checked tree and compiled once. Names of facts come from a pattern of small letters
and constants are bound, not printed, so nothing of a pack is ever run as code. A case that the function cannot settle,
because a rule before the first that certainly applies may apply, goes to `donghaeng.rules.decide.answer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from keyword import iskeyword
from typing import Any, Protocol

from donghaeng.civil_calendar.jurisdictions import calendar_of
from donghaeng.rules import tree
from donghaeng.rules.decide import answer, period_end, share
from donghaeng.rules.table import (
    ON,
    UNDETERMINED,
    Calculation,
    Calendar,
    FormulaOf,
    LookupOf,
    Segment,
    ShareOf,
    Table,
    direct_reads,
)
from donghaeng.rules.tree import And, Arithmetic, Compare, Constant, Contains, Expression, Name, Not, OneOf, Or
from donghaeng.rules.types import FIRST_DAY, LAST_DAY, FactError, Type

#: What a function gives for a case that it cannot settle.
UNSETTLED = -1

#: Takes the day and the inputs in the order of the table; gives the index of the rule in force that decides, with the
#: values of its formulas behind it in a tuple where it has any, or `UNSETTLED`.
LeafFunction = Callable[..., Any]


@dataclass(frozen=True)
class Compiled:
    """The functions of a segment.

    Attributes:
        inputs: names of the inputs, in the order of the arguments after the day.
        leaf: settles a case.
        examine: gives the truth of every rule in force, in order (True, False or None for unknown), and the values
            of the derived facts, in order.
        source: the printed code.
    """

    inputs: tuple[str, ...]
    leaf: LeafFunction
    examine: Callable[..., tuple[tuple[bool | None, ...], tuple[Any, ...]]]
    source: str


def compiled(segment: Segment) -> Compiled:
    """Give the functions of a segment, compiled on first use."""
    found: Compiled | None = segment.compiled.get("closure")
    if found is None:
        found = segment.compiled["closure"] = _compile(segment)
    return found


def _compile(segment: Segment) -> Compiled:
    printer = _Printer(segment)
    inputs = tuple(segment.table.all_inputs)
    source = "\n".join([*printer.leaf(), *printer.examine()])
    names: dict[str, Any] = dict(printer.constants)
    exec(compile(source, f"<{segment.table.pack}/{segment.table.id}>", "exec"), names)  # noqa: S102 - see above
    return Compiled(inputs, names["leaf"], names["examine"], source)


@dataclass
class _Printer:
    segment: Segment
    constants: dict[str, Any] = field(default_factory=dict)
    #: Names that may be unknown where the code stands.
    nullable: set[str] = field(default_factory=set)

    def leaf(self) -> list[str]:
        """Print the function that settles a case."""
        inputs = list(self.segment.table.all_inputs)
        arguments = ", ".join([_variable(ON), *(_variable(name) for name in inputs)])
        lines = [f"def leaf({arguments}):"]
        if self.segment.table.hit not in {"first", "unique"}:
            return [*lines, f"    return {UNSETTLED}"]
        read = [name for name in inputs if name in self._read()]
        if read and self.segment.table.hit == "first":
            lines.append(f"    if {' and '.join(f'{_variable(name)} is not None' for name in read)}:")
            self.nullable = set()
            lines += self._rows("        ")
        self.nullable = set(inputs)
        return lines + self._rows("    ")

    def examine(self) -> list[str]:
        """Print the function that gives the truth of every rule and the values of the derived facts."""
        inputs = list(self.segment.table.all_inputs)
        self.nullable = set(inputs)
        arguments = ", ".join([_variable(ON), *(_variable(name) for name in inputs)])
        lines = [f"def examine({arguments}):"]
        for name in self.segment.derived:
            lines += self._derive(name, "    ")
        values = []
        for row in self.segment.rows:
            holds, may = self.true(row.condition), self.possible(row.condition)
            certain = holds if row.row.certain else "False"
            values.append(f"True if {certain} else None if {may} else False")
        derived = " ".join(f"{_variable(name)}," for name in self.segment.derived)
        return [*lines, f"    return ({' '.join(f'{value},' for value in values)}), ({derived})"]

    def _read(self) -> set[str]:
        found: set[str] = set()
        for row in self.segment.rows:
            for node in (row.condition, *row.then.values()):
                found.update(tree.names(node))
        for name in reversed(list(self.segment.derived)):
            if name in found:
                calculation = self.segment.derived[name].calculation
                found.update(direct_reads(calculation))
                if isinstance(calculation, LookupOf):
                    found.update(self.segment.lookups[calculation.table].table.all_inputs)
        return found

    def _rows(self, indent: str) -> list[str]:
        """Print the rules in order; derived facts are calculated before the first rule that reads them."""
        lines: list[str] = []
        done: set[str] = set()
        unique = self.segment.table.hit == "unique"
        if unique:
            for name in self.segment.derived:
                lines += self._derive(name, indent)
            done = set(self.segment.derived)
            # Rules that exclude one another are settled by one only when none of the others may apply.
            for row in self.segment.rows:
                lines.append(f"{indent}may_{row.index} = {self.possible(row.condition)}")
        for position, row in enumerate(self.segment.rows):
            for name in tree.names(row.condition):
                lines += self._needed(name, indent, done)
            if unique:
                others = [f"may_{other.index}" for other in self.segment.rows if other is not row]
                alone = " or ".join(others) or "False"
                lines.append(f"{indent}if may_{row.index} and not ({alone}):")
            else:
                lines.append(f"{indent}if {self.possible(row.condition)}:")
            inner = indent + "    "
            if not row.row.certain:
                lines.append(f"{inner}return {UNSETTLED}")
                continue
            for node in row.then.values():
                for name in tree.names(node):
                    lines += self._needed(name, inner, set(done))
            found = self._found(position)
            holds = self.true(row.condition)
            if unique or holds != self.possible(row.condition):
                found = f"{found} if {holds} else {UNSETTLED}"
            lines.append(f"{inner}return {found}")
        return [*lines, f"{indent}return {UNSETTLED}"]

    def _found(self, position: int) -> str:
        """Print what a rule that applies gives."""
        row = self.segment.rows[position]
        formulas = [node for node in row.then.values() if not isinstance(node, Constant)]
        if any(isinstance(node, Constant) and node.value is None for node in row.then.values()):
            return str(UNSETTLED)
        if not formulas:
            return str(position)
        values = [self.value(node) for node in formulas]
        unknown = [
            f"({value}) is None" for value, node in zip(values, formulas, strict=True) if self._may_be_none(node)
        ]
        found = f"({position}, {' '.join(f'{value},' for value in values)})"
        return f"({UNSETTLED} if {' or '.join(unknown)} else {found})" if unknown else found

    def _needed(self, name: str, indent: str, done: set[str]) -> list[str]:
        if name not in self.segment.derived or name in done:
            return []
        lines: list[str] = []
        for read in self._derived_reads(name):
            lines += self._needed(read, indent, done)
        done.add(name)
        return lines + self._derive(name, indent)

    def _derived_reads(self, name: str) -> tuple[str, ...]:
        calculation = self.segment.derived[name].calculation
        if isinstance(calculation, LookupOf):
            return tuple(self.segment.lookups[calculation.table].table.all_inputs)
        return direct_reads(calculation)

    def _derive(self, name: str, indent: str) -> list[str]:
        calculation = self.segment.derived[name].calculation
        code, nullable = self._calculation(calculation)
        self.nullable.discard(name)
        if nullable:
            self.nullable.add(name)
        return [f"{indent}{_variable(name)} = {code}"]

    def _calculation(self, calculation: Calculation) -> tuple[str, bool]:
        if isinstance(calculation, FormulaOf):
            node = calculation.formula
            if _is_condition(node):
                holds, may = self.true(node), self.possible(node)
                return (holds, False) if holds == may else (f"True if {holds} else None if {may} else False", True)
            return self.value(node), self._may_be_none(node)
        if isinstance(calculation, Calendar):
            return self._calendar(calculation)
        if isinstance(calculation, LookupOf):
            other = self.segment.lookups[calculation.table]
            look = self._bound(_lookup(other, calculation.outcome))
            facts = ", ".join(f"{name!r}: {_variable(name)}" for name in other.table.all_inputs)
            return f"{look}({_variable(ON)}, {{{facts}}})", True
        nodes: tuple[Expression, ...]
        if isinstance(calculation, ShareOf):
            nodes = (calculation.of, calculation.part, calculation.whole)
            divide = self._bound(share)
            values = ", ".join(self.value(node) for node in nodes)
            code, nullable = f"{divide}({values}, {self._bound(calculation)})", True
        else:
            nodes = calculation.of
            word = "min" if calculation.which == "least" else "max"
            code, nullable = f"{word}({', '.join(self.value(node) for node in nodes)})", False
        unknown = [f"({self.value(node)}) is None" for node in nodes if self._may_be_none(node)]
        return (f"None if {' or '.join(unknown)} else {code}", True) if unknown else (code, nullable)

    def _calendar(self, calculation: Calendar) -> tuple[str, bool]:
        values = self.segment.table.values
        if any(name in values and self._dated_day(name) is None for name in calculation.days):
            return "None", True
        days = [self._bound(self._dated_day(name)) if name in values else _variable(name) for name in calculation.days]
        unknown = [f"{_variable(name)} is None" for name in calculation.days if name in self.nullable]
        calendar = calendar_of(self.segment.table.jurisdiction)
        function = calculation.function
        if function in {"year", "month"}:
            code = f"{days[0]}.{function}"
        elif function == "days_in_month":
            code = f"{self._bound(calendar.month_end)}({days[0]}).day"
        elif function == "days_between":
            code = f"({days[1]} - {days[0]}).days"
        elif function == "age":
            code = f"{self._bound(calendar.age)}({days[0]}, {days[1]})"
        else:
            length = calculation.length
            if length is None or (isinstance(length, Constant) and length.value is None):
                return "None", True
            ends = self._bound(partial(period_end, calendar, calculation))
            code = f"{ends}({days[0]}, {self.value(length)})"
            if function == "within":
                end = f"end_{len(self.constants)}"
                code = f"None if ({end} := {code}) is None else {days[0]} <= {days[1]} <= {end}"
            return (f"None if {' or '.join(unknown)} else {code}" if unknown else code), True
        return (f"None if {' or '.join(unknown)} else {code}", True) if unknown else (code, False)

    def _dated_day(self, name: str) -> date | None:
        """Give the day that a dated value has."""
        constant = self.segment.constants.get(name)
        return None if constant is None else constant.value

    def _bound(self, value: Any) -> str:
        # The same constant under the same name, so that equal conditions print alike.
        for name, known in self.constants.items():
            if type(known) is type(value) and known == value:
                return name
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def _may_be_none(self, node: Expression) -> bool:
        return any(
            (isinstance(part, Name) and part.name in self.nullable)
            or (isinstance(part, Constant) and part.value is None)
            for part in tree.walk(node)
        )

    def _guards(self, *nodes: Expression) -> list[str]:
        """Print what must be known for a comparison."""
        found: dict[str, None] = {}
        for node in nodes:
            for part in tree.walk(node):
                if isinstance(part, Name) and part.name in self.nullable:
                    found[f"{_variable(part.name)} is None"] = None
                if isinstance(part, Constant) and part.value is None:
                    found["True"] = None
        return list(found)

    def true(self, node: Expression) -> str:
        """Print an expression that says whether a condition certainly holds."""
        if isinstance(node, And | Or):
            return self._joined(node, self.true)
        if isinstance(node, Not):
            return f"not ({self.possible(node.part)})"
        plain, guards = self._plain(node)
        if not guards:
            return plain
        return f"({' and '.join(_negated(guard) for guard in guards)} and {plain})"

    def possible(self, node: Expression) -> str:
        """Print an expression that says whether a condition holds or may hold."""
        if isinstance(node, And | Or):
            return self._joined(node, self.possible)
        if isinstance(node, Not):
            return f"not ({self.true(node.part)})"
        plain, guards = self._plain(node)
        return f"({' or '.join(guards)} or {plain})" if guards else plain

    def _joined(self, node: And | Or, printed: Callable[[Expression], str]) -> str:
        if not node.parts:
            return str(isinstance(node, And))
        joint = " and " if isinstance(node, And) else " or "
        return f"({joint.join(printed(part) for part in node.parts)})"

    def _plain(self, node: Expression) -> tuple[str, list[str]]:
        """Print a comparison of known values, and what must be known for it."""
        if isinstance(node, Compare):
            operator = {"=": "==", "<>": "!="}.get(node.operator, node.operator)
            code = f"{self.value(node.left)} {operator} {self.value(node.right)}"
            return code, self._guards(node.left, node.right)
        if isinstance(node, OneOf):
            options = self._bound(frozenset(option.value for option in node.options))
            return f"{self.value(node.item)} in {options}", self._guards(node.item)
        if isinstance(node, Contains):
            return f"{self._bound(node.code)} in {self.value(node.codes)}", self._guards(node.codes)
        if isinstance(node, Constant):
            return str(node.value), ["True"] if node.value is None else []
        if not isinstance(node, Name):  # pragma: no cover - the language admits nothing else
            raise TypeError(type(node).__name__)
        return _variable(node.name), self._guards(node)

    def _kleene(self, node: Expression) -> str:
        """Print the truth of a condition as True, False or None."""
        if isinstance(node, Name):
            return _variable(node.name)
        if isinstance(node, Constant):
            return str(node.value)
        holds, may = self.true(node), self.possible(node)
        return holds if holds == may else f"True if {holds} else None if {may} else False"

    def value(self, node: Expression) -> str:
        """Print the value of a formula; None where a part of it is unknown."""
        if isinstance(node, Name):
            return _variable(node.name)
        if isinstance(node, Constant):
            if node.value is None or isinstance(node.value, bool | int):
                return f"({node.value})" if isinstance(node.value, int) and node.value < 0 else str(node.value)
            return self._bound(node.value)
        if _is_condition(node):
            return f"({self._kleene(node)})"
        code = f"({self.plain_value(node)})"
        guards = self._guards(node)
        return f"(None if {' or '.join(guards)} else {code})" if guards else code

    def plain_value(self, node: Expression) -> str:
        """Print the value of a formula whose parts are known."""
        if not isinstance(node, Arithmetic):
            return self.value(node)
        left, right = self.plain_value(node.left), self.plain_value(node.right)
        # Python reads from the left, so a long sum needs no brackets; it takes no more than 200 inside one another.
        if node.operator == "*" and isinstance(node.left, Arithmetic) and node.left.operator != "*":
            left = f"({left})"
        if isinstance(node.right, Arithmetic):
            right = f"({right})"
        return f"{left} {node.operator} {right}"


def _is_condition(node: Expression) -> bool:
    if isinstance(node, Name | Constant | Arithmetic):
        return not isinstance(node, Arithmetic) and node.type.kind == "boolean" and isinstance(node, Name | Constant)
    return True


def _negated(guard: str) -> str:
    if guard == "True":
        return "False"
    if guard.endswith(" is None"):
        return f"{guard.removesuffix(' is None')} is not None"
    return f"not {guard}"


def _variable(name: str) -> str:
    # The prefix keeps facts apart from words of Python.
    return f"f_{name}"


class DecideFunction(Protocol):
    """Decides one case; see `donghaeng.rules.decision.DecisionTable.decide`."""

    def __call__(self, on: date, known_on: date | None = None, **facts: Any) -> Any:
        """Decide one case."""


def compile_decide(table: Table, names: Mapping[str, Any]) -> DecideFunction:
    """Give the function that checks the facts of a case and decides it.

    It takes the facts by name, so that Python itself puts them in their places; a name that is no input, and a value
    that is not of its type, are left to the functions that refuse.

    Args:
        table: the table.
        names: the functions it calls: ``states`` (a dict from a day to the leaf function, the answers and the segment),
            ``find`` (gives these for a day and a state of knowledge), ``Decision``, ``finish`` (decides what the leaf
            function does not settle), ``refuse`` (refuses values) and ``refuse_names``.
    """
    inputs = list(table.all_inputs)
    # A name that is a word of Python cannot be a parameter; it comes among the others.
    parameters = [name for name in inputs if not iskeyword(name)]
    star = ", *, " if parameters else ", "
    bound: dict[str, Any] = {f"_{name}": value for name, value in names.items()} | {"_FactError": FactError}
    checks = []
    for number, (name, item) in enumerate(table.all_inputs.items()):
        checks += _check(number, _variable(name), item.type, bound)
    # What is no parameter begins with a stroke or with f_, so that an input may have any name.
    lines = [
        f"def decide(on, known_on=None{star}{''.join(f'{name}=None, ' for name in parameters)}**_unknown):",
        *(f"    {_variable(name)} = {name}" for name in parameters),
        *(f"    {_variable(name)} = _unknown.pop({name!r}, None)" for name in inputs if iskeyword(name)),
        "    if _unknown: _refuse_names(_unknown)",
        "    _state = _states.get(on) if known_on is None else None",
        "    if _state is None: _state = _find(on, known_on)",
        "    try:",
        *(f"        {check}" for check in checks or ["pass"]),
        f"    except _FactError: _refuse({{{', '.join(f'{name!r}: {_variable(name)}' for name in inputs)}}})",
        f"    _found = _state[0]({', '.join(['on', *map(_variable, inputs)])})",
        f"    _checked = ({' '.join(f'{_variable(name)},' for name in inputs)})",
        "    if _found.__class__ is int and _found >= 0:",
        "        return _Decision((_state[2], on, known_on, _checked, _state[1][_found], ()))",
        "    return _finish(_state[2], on, known_on, _checked, _found)",
    ]
    exec(compile("\n".join(lines), f"<{table.pack}/{table.id}>", "exec"), bound)  # noqa: S102 - as above
    function: DecideFunction = bound["decide"]
    return function


def _check(number: int, variable: str, kind: Type, bound: dict[str, Any]) -> list[str]:
    """Print what holds one fact to its type; only what looks wrong goes through the slower check of the type."""
    bound[f"_c{number}"], bound[f"_a{number}"], bound[f"_b{number}"] = kind.check, kind.lowest, kind.highest
    wrong = "True"
    if kind.kind == "boolean":
        wrong = f"{variable} is not True and {variable} is not False"
    elif kind.kind in {"integer", "money"}:
        wrong = f"type({variable}) is not int or not _a{number} <= {variable} <= _b{number}"
    elif kind.kind == "date":
        bound[f"_a{number}"], bound[f"_b{number}"], bound["_date"] = FIRST_DAY, LAST_DAY, date
        wrong = f"type({variable}) is not _date or not _a{number} <= {variable} <= _b{number}"
    elif kind.kind == "code":
        bound[f"_a{number}"] = frozenset(kind.codes)
        wrong = f"type({variable}) is not str or {variable} not in _a{number}"
    return [f"if {variable} is not None and ({wrong}): {variable} = _c{number}({variable})"]


def _lookup(segment: Segment, outcome: str) -> Callable[[date, dict[str, Any]], Any]:
    def look(on: date, facts: dict[str, Any]) -> Any:
        found = answer(segment, on, facts)
        return None if found.outcome["result"] == UNDETERMINED else found.outcome[outcome]

    return look
