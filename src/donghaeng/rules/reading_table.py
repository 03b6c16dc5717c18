"""Reading a file of ``rules/``: a document to a checked table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from donghaeng.civil_calendar.arithmetic import LONGEST
from donghaeng.documents import Document
from donghaeng.errors import Faults, listed, nearest
from donghaeng.rules import document as written
from donghaeng.rules import tree
from donghaeng.rules.bounds import bounded, bounds, is_reversed, overflows, type_of_series
from donghaeng.rules.document import WEAK_KINDS, TableModel
from donghaeng.rules.language import Problem, parse_any, parse_condition, parse_formula, type_of
from donghaeng.rules.placing import PackFacts, Path_, Places, check_name, check_texts, read_type, read_value
from donghaeng.rules.table import (
    ENGINE_REASONS,
    ON,
    UNDETERMINED,
    AmountRange,
    Calculation,
    Calendar,
    ChoiceOf,
    DatedSeries,
    Derived,
    FormulaOf,
    Input,
    LookupOf,
    Outcome,
    Row,
    ShareOf,
    Table,
    direct_reads,
    then_fields,
    weakest,
)
from donghaeng.rules.tree import TRUE, Arithmetic, Constant, Expression, Name
from donghaeng.rules.types import BOOLEAN, DATE, FIRST_DAY, INTEGER, LAST_DAY, Type

#: What the calendar can give.
_DAYS = Type("integer", least=-73_500, most=73_500)
_AGES = Type("integer", least=-200, most=200)
_DATE_PARTS = {
    "year": Type("integer", least=FIRST_DAY.year, most=LAST_DAY.year),
    "month": Type("integer", least=1, most=12),
    "days_in_month": Type("integer", least=28, most=31),
}


@dataclass
class TableReading(Places):
    """Reads one table."""

    id: str = field(init=False)

    def __init__(
        self,
        table_id: str,
        model: TableModel,
        document: Document,
        pack: PackFacts,
        values: Mapping[str, DatedSeries],
        faults: Faults,
    ) -> None:
        super().__init__(document, faults)
        self.id, self.model, self.pack, self.all_values = table_id, model, pack, values
        self.scope: dict[str, Type] = {name: type_of_series(series) for name, series in values.items()}
        self.inputs: dict[str, Input] = {}
        self.derived: dict[str, Derived] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.used: set[str] = set()
        self.tables: Mapping[str, Table] = {}

    def uses(self) -> set[str]:
        """The ids of the tables whose outcomes it reads."""
        return {one.table for one in self.model.derived.values() if isinstance(one, written.FromTable)}

    def read(self, tables: Mapping[str, Table], known: Collection[str]) -> Table | None:
        """Check everything and give the table; None, with faults, when it has any."""
        before = len(self.faults.errors)
        self.known_tables = known
        self.tables = {name: tables[name] for name in sorted(self.uses()) if name in tables}
        model, languages = self.model, self.pack.languages
        check_texts(self, model, languages, (), ("title", "question", "about"))
        self._read_inputs()
        self._read_derived()
        self._read_outcomes()
        rows = self._read_rows()
        if len(self.faults.errors) > before:
            return None
        self._warn_of_unused(rows)
        return Table(
            id=self.id,
            pack=self.pack.id,
            version=self.pack.version,
            jurisdiction=self.pack.jurisdiction,
            title=model.title,
            question=model.question,
            about=model.about,
            reviewed=model.reviewed,
            hit=model.hit,
            inputs=self.inputs,
            derived=self.derived,
            outcomes=self.outcomes,
            rows=tuple(rows),
            values={name: series for name, series in self.all_values.items() if name in self.used},
            tables=self.tables,
            label=self.document.label,
        )

    def _read_inputs(self) -> None:
        for name, one in self.model.inputs.items():
            path: Path_ = ("inputs", name)
            check_name(self, name, path, self.scope)
            check_texts(self, one, self.pack.languages, path, ("question", "help", "unit"))
            kind = read_type(self, one, path, self.pack, self.scope)
            if kind is not None:
                self.scope[name] = kind
                self.inputs[name] = Input(name, kind, one.question, one.help, one.unit, one.personal)

    def _read_derived(self) -> None:
        for name, one in self.model.derived.items():
            path: Path_ = ("derived", name)
            check_name(self, name, path, self.scope)
            found = self._calculation(one, path)
            if found is not None:
                kind, calculation = found
                self.scope[name] = kind
                self.derived[name] = Derived(name, kind, calculation)

    def _calculation(self, one: Any, path: Path_) -> tuple[Type, Calculation] | None:
        if isinstance(one, written.Age):
            return self._calendar(_AGES, Calendar("age", (one.of, one.day)), path, ("of", "day"))
        if isinstance(one, written.DatePart):
            return self._calendar(_DATE_PARTS[one.calculate], Calendar(one.calculate, (one.of,)), path, ("of",))
        if isinstance(one, written.DaysBetween):
            return self._calendar(_DAYS, Calendar("days_between", (one.start, one.to)), path, ("from", "to"))
        if isinstance(one, written.Term):
            return self._term(one, path)
        if isinstance(one, written.Formula):
            text = str(one.formula).lower() if isinstance(one.formula, bool) else str(one.formula)
            node = self._formula(text, None, (*path, "is"))
            return None if node is None else (bounded(type_of(node), [node]), FormulaOf(node))
        if isinstance(one, written.Choice):
            return self._choice(one, path)
        if isinstance(one, written.Share):
            return self._share(one, path)
        return self._lookup(one, path)

    def _calendar(
        self, kind: Type, calendar: Calendar, path: Path_, keys: tuple[str, ...]
    ) -> tuple[Type, Calculation] | None:
        well = True
        for name, key in zip(calendar.days, keys, strict=True):
            well &= self._is_day(name, (*path, key))
        return (kind, calendar) if well else None

    def _is_day(self, name: str, path: Path_) -> bool:
        if name == ON:
            return True
        kind = self.scope.get(name)
        if kind is None:
            if name in self._faulty() and list(self.model.inputs).count(name):
                return False  # told where it is declared
            remedy = nearest(name, self.scope) or "declare it, or put it before this one"
            self.fault(path, f'unknown name "{name}"', "on, or a day that is known here", remedy, "unknown-name")
            return False
        self._use(name)
        if kind.kind != "date":
            self.fault(path, f'"{name}" is not a day', "on, or a fact of type date", "name a day", "wrong-type")
            return False
        return True

    def _use(self, name: str) -> None:
        if name in self.all_values:
            self.used.add(name)

    def _term(self, one: written.Term, path: Path_) -> tuple[Type, Calculation] | None:
        given = [(unit, getattr(one, unit)) for unit in ("days", "months", "years") if getattr(one, unit) is not None]
        if len(given) != 1:
            self.fault(path, "the length of the period", "exactly one of days, months, years", "give one", "term")
            return None
        unit, length = given[0]
        node: Expression | None
        if isinstance(length, int):
            node = Constant(length, INTEGER)
            lengths = [length]
        else:
            node = self._formula(length, INTEGER, (*path, unit))
            if node is not None and length not in self.all_values:
                expected = "a number or the name of a dated value"
                self.fault((*path, unit), f'"{length}" is no dated value', expected, "correct it", "wrong-type")
                return None
            lengths = [one.value for one in self.all_values[length].dated if one.value is not None] if node else []
        for number in lengths:
            if not 1 <= number <= LONGEST[unit]:
                expected = f"a length from 1 to {LONGEST[unit]:,} {unit}"
                self.fault((*path, unit), f"{number} {unit}", expected, "correct it", "wrong-value")
                return None
        days, keys = (one.after,), ("after",)
        kind, function = DATE, "last_day"
        if isinstance(one, written.Within):
            days, keys, kind, function = (one.after, one.day), ("after", "day"), BOOLEAN, "within"  # type: ignore[assignment]
        if node is None:
            return None
        calendar = Calendar(function, days, unit, node, one.first_day, one.holidays)  # type: ignore[arg-type]
        return self._calendar(kind, calendar, path, keys)

    def _choice(self, one: written.Choice, path: Path_) -> tuple[Type, Calculation] | None:
        nodes = [self._formula(str(part), None, (*path, "of", number)) for number, part in enumerate(one.of)]
        known = [node for node in nodes if node is not None]
        if len(known) < len(nodes):
            return None
        kinds = {type_of(node).kind for node in known}
        if kinds == {"date"}:
            return DATE, ChoiceOf(one.calculate, tuple(known))
        if not all(type_of(node).is_number for node in known):
            what = "what is compared has different types"
            self.fault((*path, "of"), what, "numbers, or days", "give values of one type", "wrong-type")
            return None
        widest = max(
            (type_of(node) for node in known), key=lambda kind: ("integer", "money", "decimal").index(kind.kind)
        )
        places = max((type_of(node).places for node in known if type_of(node).kind == "decimal"), default=4)
        return bounded(Type(widest.kind, places=places), known), ChoiceOf(one.calculate, tuple(known))

    def _share(self, one: written.Share, path: Path_) -> tuple[Type, Calculation] | None:
        parts = {key: self._formula(str(getattr(one, key)), None, (*path, key)) for key in ("of", "part", "whole")}
        if None in parts.values():
            return None
        for key, node in parts.items():
            if node is not None and type_of(node).kind not in {"integer", "money"}:
                self.fault((*path, key), f"{key} is no whole number", "whole numbers", "correct it", "wrong-type")
                return None
        whole = parts["whole"]
        zeros = isinstance(whole, Constant) and whole.value == 0
        if isinstance(whole, Name) and whole.name in self.all_values:
            zeros = any(item.value == 0 for item in self.all_values[whole.name].dated)
        if zeros:
            self.fault((*path, "whole"), "a division by zero", "another number", "correct it", "division-by-zero")
            return None
        money = any(node is not None and type_of(node).kind == "money" for node in (parts["of"], parts["part"]))
        return Type("money" if money else "integer"), ShareOf(parts["of"], parts["part"], parts["whole"], one.round)  # type: ignore[arg-type]

    def _lookup(self, one: written.FromTable, path: Path_) -> tuple[Type, Calculation] | None:
        if one.table not in self.known_tables:
            remedy = nearest(one.table, self.known_tables) or "correct the id"
            what = f'unknown table "{one.table}"'
            self.fault((*path, "table"), what, "another table of the pack", remedy, "unknown-table")
            return None
        table = self.tables.get(one.table)
        if table is None:
            return None
        if table.hit in {"collect", "sum"}:
            what = f"the table {one.table} collects its rows"
            self.fault((*path, "table"), what, "a table that gives one answer", "use another table", "wrong-type")
            return None
        if one.outcome not in table.outcomes:
            remedy = nearest(one.outcome, table.outcomes) or "correct the name"
            expected = f"one of {listed(table.outcomes)}"
            self.fault((*path, "outcome"), f'unknown outcome "{one.outcome}"', expected, remedy, "unknown-name")
            return None
        for name, item in table.all_inputs.items():
            mine = self.scope.get(name)
            if mine is None:
                what = f'the table {one.table} asks "{name}", which this table does not know'
                self.fault(path, what, f"an input or derived fact {name}", "declare it", "unknown-name")
                return None
            if (mine.kind, dict(mine.codes)) != (item.type.kind, dict(item.type.codes)):
                what = f'"{name}" has another type in the table {one.table}'
                place = ("inputs", name) if name in self.inputs else path
                self.fault(place, what, item.type.phrase, "make them the same", "wrong-type")
                return None
        return table.outcomes[one.outcome].type, LookupOf(one.table, one.outcome)

    def _read_outcomes(self) -> None:
        for name, one in self.model.outcomes.items():
            path: Path_ = ("outcomes", name)
            check_texts(self, one, self.pack.languages, path, ("title", "unit"))
            kind = read_type(self, one, path, self.pack, self.scope)
            if kind is None:
                continue
            self.outcomes[name] = Outcome(name, kind, one.title, one.unit)
            if name.endswith(("_from", "_to")) or name == "reason":
                what = f'the outcome "{name}" has a name that the engine gives itself'
                self.fault(path, what, "another name", "rename it", "reserved", of_key=True)
        result = self.outcomes.get("result")
        if "result" in self.model.outcomes and result is None:
            return
        if result is None or result.type.kind != "code":
            expected = "an outcome result of type code"
            self.fault(("outcomes",), "there is no result", expected, "add it", "missing-key")
            return
        if UNDETERMINED in result.type.codes:
            what = f'"{UNDETERMINED}" is listed'
            expected = "only the answers that rows give"
            self.fault(("outcomes", "result", "codes"), what, expected, "remove it: it is always possible", "reserved")
        if self.model.hit == "sum":
            odd = [name for name, one in self.outcomes.items() if name != "result" and not one.type.is_number]
            if odd or len(result.type.codes) != 1:
                what = "a table that sums has other outcomes than numbers"
                expected = "result with one code, and numbers"
                self.fault(("outcomes",), what, expected, "use hit: collect", "wrong-type")

    def _read_rows(self) -> list[Row]:
        rows: list[Row] = []
        seen: set[str] = set()
        for number, one in enumerate(self.model.rows):
            path: Path_ = ("rows", number)
            if one.id in seen:
                self.fault((*path, "id"), f'the row "{one.id}" stands twice', "each id once", "rename one", "twice")
            if one.id in ENGINE_REASONS:
                what = f'"{one.id}" is a reason that the engine gives'
                self.fault((*path, "id"), what, "another id", "rename it", "reserved")
            seen.add(one.id)
            self.check_dates(one, path)
            check_texts(self, one, self.pack.languages, path, ("because", "note"))
            self.check_cited(one, path, self.pack)
            condition: Expression | None = TRUE
            text = (
                "" if one.when is None or one.when is True else str(one.when).lower() if one.when is False else one.when
            )
            if text:
                condition = self._condition(str(text), (*path, "when"))
            then = self._then(one, condition, path)
            if condition is None or then is None:
                continue
            rows.append(
                Row(
                    one.id,
                    one.dates,
                    condition,
                    then,
                    one.kind,
                    one.because,
                    one.cite,
                    one.statements,
                    one.note,
                    str(text),
                    self.line(path),
                )
            )
        return rows

    def _then(
        self, one: written.RowModel, condition: Expression | None, path: Path_
    ) -> dict[str, Expression | AmountRange] | None:
        well = True
        then: dict[str, Expression | AmountRange] = {}
        if "result" not in one.then:
            self.fault((*path, "then"), "the answer has no result", "a result", "write it", "missing-key")
            well = False
        for name, given in one.then.items():
            here = (*path, "then", name)
            outcome = self.outcomes.get(name)
            if outcome is None:
                if name not in self.model.outcomes:
                    remedy = nearest(name, self.outcomes) or "declare it under outcomes"
                    expected = f"one of {listed(self.outcomes)}"
                    self.fault(here, f'unknown outcome "{name}"', expected, remedy, "unknown-name", of_key=True)
                well = False
                continue
            if isinstance(given, written.Range):
                if outcome.type.kind not in {"money", "integer", "decimal"}:
                    self.fault(
                        here, "a range of something that is no number", outcome.type.phrase, "give one", "wrong-type"
                    )
                    well = False
                    continue
                found = self._range(given, outcome.type, here)
                if found is None:
                    well = False
                else:
                    then[name] = found
                continue
            node = self._answer(given, outcome.type, here)
            if node is None:
                well = False
                continue
            then[name] = node
            well &= self._check_limits(node, outcome.type, here)
            if outcome.type.kind == "money":
                well &= self._check_firm(one, condition, node, here)
        return then if well else None

    def _range(self, given: written.Range, kind: Type, path: Path_) -> AmountRange | None:
        """Read an amount that is known only between two limits."""
        if self.model.hit == "sum":
            expected = "exact amounts: a table that sums gives exact amounts"
            self.fault(path, "a range in a table that sums", expected, "use hit: collect", "wrong-type")
            return None
        ends = []
        for key, text in (("from", given.least), ("to", given.most)):
            node = self._formula(str(text), kind, (*path, key))
            if node is not None and self._check_limits(node, kind, (*path, key)):
                ends.append(node)
        if len(ends) < 2:
            return None
        if is_reversed(ends[0], ends[1]):
            what = f"the range ends below its start: from {given.least} to {given.most}"
            self.fault((*path, "to"), what, "a range from the smaller to the larger", "correct it", "wrong-value")
            return None
        return AmountRange(ends[0], ends[1])

    def _check_limits(self, node: Expression, kind: Type, path: Path_) -> bool:
        """Hold an answer to the limits that its outcome declares: refuse a constant, warn of a formula."""
        if not kind.is_number or (kind.least is None and kind.most is None):
            return True
        low, high = bounds(node)
        if low is None or high is None or (kind.lowest <= low and high <= kind.highest):
            return True
        constant = isinstance(node, Constant)
        what = f"{low} is out of range" if constant else f"the formula may give from {low} to {high}"
        remedy = "correct it" if constant else "give least and most to its facts, or use calculate: least or greatest"
        severity = "error" if constant else "warning"
        self.fault(path, what, kind.phrase, remedy, "limits", severity=severity)
        return not constant

    def _answer(self, given: Any, kind: Type, path: Path_) -> Expression | None:
        """Read a constant or a formula of an answer."""
        if kind.kind == "codes" or not isinstance(given, str):
            value = read_value(self, given, kind, path)
            return None if value is None else Constant(value, kind)
        if kind.kind in {"code", "date"} and given not in self.scope:
            value = read_value(self, given, kind, path)
            return None if value is None else Constant(value, kind)
        return self._formula(given, kind, path)

    def _check_firm(self, one: written.RowModel, condition: Expression | None, node: Expression, path: Path_) -> bool:
        """No exact amount rests on a rule or value that is not firm, be it only through the condition."""
        kinds: list[str] = [one.kind]
        names = self._all_reads(node)
        for name in names:
            if name in self.all_values:
                kinds += [item.kind for item in self.all_values[name].dated if item.dates.withdrawn is None]
        asked = [] if condition is None else self._all_reads(condition)
        for name in (*names, *asked):
            if name in self.all_values:
                kinds += _firmness(self.all_values[name])
            if name in self.derived and isinstance(looked_up := self.derived[name].calculation, LookupOf):
                kinds += _firmness_of_table(self.tables[looked_up.table])
        if weakest(kinds) not in WEAK_KINDS or one.kind == "unknown":
            return True
        what = f"an exact amount rests on something that is {weakest(kinds).replace('_', ' ')}"
        self.fault(path, what, "a range: {from: …, to: …}", "give the limits and the reason", "evidence")
        return False

    def _all_reads(self, node: Expression) -> list[str]:
        """Give the names that an expression reads, those behind derived facts included."""
        names = list(tree.names(node))
        for name in names:  # grows while it is read
            if name in self.derived:
                calculation = self.derived[name].calculation
                reads = direct_reads(calculation)
                if isinstance(calculation, LookupOf):
                    reads = tuple(self.tables[calculation.table].all_inputs)
                names += [read for read in reads if read not in names]
        return names

    def _condition(self, text: str, path: Path_) -> Expression | None:
        node, problems = parse_condition(text, self.scope, self.all_values)
        return self._told(node, problems, text, path)

    def _formula(self, text: str, kind: Type | None, path: Path_) -> Expression | None:
        if kind is None:
            node, problems = parse_any(text, self.scope, self.all_values)
            return self._told(node, problems, text, path)
        node, problems = parse_formula(text, self.scope, kind, self.all_values)
        return self._told(node, problems, text, path)

    def _told(self, node: Expression | None, problems: list[Problem], text: str, path: Path_) -> Expression | None:
        for problem in problems:
            if problem.code == "unknown-name" and any(f'"{name}"' in problem.what for name in self._faulty()):
                continue  # told where it is declared
            offset = problem.offset if "\n" not in text else 0
            self.fault(path, problem.what, problem.expected, problem.remedy, problem.code, offset=offset)
        if problems or node is None:
            return None
        for name in tree.names(node):
            self._use(name)
        if any(isinstance(part, Arithmetic) and overflows(part) for part in tree.walk(node)):
            what = "the result may have more than 15 digits"
            self.fault(path, what, "smaller numbers", "give least and most to its facts", "too-large")
            return None
        return node

    def _faulty(self) -> set[str]:
        """Give the names that are declared with a fault of their own."""
        return {*self.model.inputs, *self.model.derived} - self.scope.keys()

    def _warn_of_unused(self, rows: list[Row]) -> None:
        from donghaeng.rules import tree

        read: set[str] = set()
        for row in rows:
            for node in (row.condition, *then_fields(row.then).values()):
                read.update(tree.names(node))
        for one in reversed(self.derived.values()):
            if one.name in read:
                if isinstance(one.calculation, LookupOf):
                    read.update(self.tables[one.calculation.table].all_inputs)
                read.update(direct_reads(one.calculation))
        for name in self.inputs:
            if name not in read:
                what = f'the input "{name}" is read by no row'
                remedy = "remove it, or use it"
                self.fault(("inputs", name), what, "an input that matters", remedy, "unused", True, severity="warning")
        for name in self.derived:
            if name not in read:
                what = f'the derived fact "{name}" is read by no row'
                remedy = "remove it, or use it"
                self.fault(("derived", name), what, "a fact that matters", remedy, "unused", True, severity="warning")


def _firmness(series: DatedSeries) -> list[str]:
    """Give how the values of a series are known; on what has no value nothing rests: it decides nothing."""
    return [item.kind for item in series.dated if item.value is not None and item.dates.withdrawn is None]


def _firmness_of_table(table: Table) -> list[str]:
    """Give how the rows and values of a table are known; a row of kind unknown decides nothing."""
    kinds: list[str] = [row.kind for row in table.rows if row.certain and row.dates.withdrawn is None]
    for series in table.values.values():
        kinds += _firmness(series)
    for other in table.tables.values():
        kinds += _firmness_of_table(other)
    return kinds
