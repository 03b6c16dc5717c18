"""Decisions, and the table that gives them: the public face of the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from donghaeng.errors import Fault, InputError, UsageError, listed, nearest
from donghaeng.identifiers import find_identifier, redact
from donghaeng.rules import tree
from donghaeng.rules.asking import in_order_of_asking
from donghaeng.rules.closure import DecideFunction, compile_decide, compiled
from donghaeng.rules.decide import answer, derive
from donghaeng.rules.document import Citation, Saying
from donghaeng.rules.table import (
    NO_RULE,
    UNDETERMINED,
    DatedConstant,
    LookupOf,
    Row,
    RowInForce,
    Segment,
    Table,
    direct_reads,
    weakest,
)
from donghaeng.rules.tree import Constant
from donghaeng.rules.types import DATE, FactError, as_json

#: Value by field, the reason, and the rows that decided.
AnswerState = tuple[Mapping[str, Any], str, tuple[RowInForce, ...]]
#: Segment, day, day of knowledge, checked facts in the order of the inputs, answer, missing inputs in that order.
State = tuple[Segment, date, date | None, tuple[Any, ...], AnswerState, tuple[str, ...]]

#: For so many days a table keeps at hand what is in force.
MOST_DAYS = 4_000


class Decision:
    """What a table says of a case, with its reasons.

    Its state is one tuple: it is made a million times a second where many cases are decided.
    """

    __slots__ = ("__dict__", "_state")

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def segment(self) -> Segment:
        """What of the table was in force."""
        return self._state[0]

    @property
    def on(self) -> date:
        """Day of the decision."""
        return self._state[1]

    @property
    def known_on(self) -> date | None:
        """The day whose knowledge was used; None for all."""
        return self._state[2]

    def __repr__(self) -> str:
        """Say what was decided; facts are not repeated."""
        return f"Decision({self.segment.table.pack}/{self.segment.table.id} on {self.on}: {self.result}, {self.reason})"

    @property
    def outcome(self) -> Mapping[str, Any]:
        """Value by field; the fields beside ``result`` are None where it is ``undetermined``."""
        return self._state[4][0]

    @property
    def reason(self) -> str:
        """Id of the row that decided, or a reason of the engine."""
        return self._state[4][1]

    @property
    def in_force(self) -> tuple[RowInForce, ...]:
        """The rows that decided; all that may apply where it is undetermined."""
        return self._state[4][2]

    @property
    def facts(self) -> Mapping[str, Any]:
        """The known facts of the case."""
        names = self.segment.table.all_inputs
        return {name: value for name, value in zip(names, self._state[3], strict=True) if value is not None}

    @property
    def result(self) -> Any:
        """The code of the answer."""
        return self.outcome["result"]

    @property
    def determined(self) -> bool:
        """Whether the table could say."""
        return bool(self.result != UNDETERMINED)

    @property
    def rows(self) -> tuple[str, ...]:
        """The ids of the rows that decided; of all that may apply where it is undetermined."""
        return tuple(row.row.id for row in self.in_force)

    @property
    def missing(self) -> tuple[str, ...]:
        """The inputs that are still needed, that one first whose answer settles most cases."""
        missing = self._state[5]
        return in_order_of_asking(self.segment, self.on, self.facts, missing) if len(missing) > 1 else missing

    @property
    def missing_in_order_of_table(self) -> tuple[str, ...]:
        """The inputs that are still needed, in the order of the table, which is at hand at once."""
        return self._state[5]

    @cached_property
    def _basis(self) -> tuple[tuple[Segment, RowInForce], ...]:
        """The rows that the answer rests on: those that decided, and those of other tables whose outcome they read."""
        segment, on, _, checked, answer_state, _ = self._state
        rows = [(segment, row) for row in answer_state[2]]
        if any(isinstance(one.calculation, LookupOf) for one in segment.derived.values()):
            facts = dict(zip(segment.table.all_inputs, checked, strict=True))
            known = derive(segment, on, facts)
            names = [name for row in answer_state[2] for name in _reads(row, segment)]
            for name in dict.fromkeys(names):
                calculation = segment.derived[name].calculation if name in segment.derived else None
                if isinstance(calculation, LookupOf):
                    other = segment.lookups[calculation.table]
                    rows += [(other, row) for row in answer(other, on, known).rows]
        return tuple(rows)

    @property
    def values(self) -> Mapping[str, DatedConstant]:
        """The dated values that the answer rests on, by name."""
        found = {}
        for segment, row in self._basis:
            found.update({name: segment.constants[name] for name in row.values if name in segment.constants})
        return found

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Where the rows that decided, and the values they read, stand."""
        found = [one for _, row in self._basis for one in row.row.cite]
        found += [one for _, row in self._basis for saying in row.row.statements for one in saying.cite]
        found += [one for value in self.values.values() for one in value.cite]
        return tuple(dict.fromkeys(found))

    @property
    def statements(self) -> tuple[Saying, ...]:
        """What the sources say where the text of a rule or a value is not known, or they differ."""
        found = [saying for _, row in self._basis for saying in row.row.statements]
        found += [saying for value in self.values.values() for saying in value.statements]
        return tuple(found)

    @property
    def kind(self) -> str:
        """How firmly the answer is known: the weakest kind of the rows and values it rests on."""
        if not self.in_force:
            return "unknown" if self.reason == NO_RULE and not self.determined else "published"
        return weakest([row.kind for _, row in self._basis])

    def as_json(self) -> dict[str, Any]:
        """Give the decision in the form of JSON."""
        table = self.segment.table
        found: dict[str, Any] = {
            "outcome": {name: as_json(value) for name, value in self.outcome.items()},
            "reason": self.reason,
            "rows": list(self.rows),
            "missing": list(self.missing),
            "citations": [one.model_dump(mode="json", exclude_none=True) for one in self.citations],
            "on": self.on.isoformat(),
            "known_on": self.known_on.isoformat() if self.known_on else None,
            "kind": self.kind,
            "statements": [one.model_dump(mode="json", exclude_none=True) for one in self.statements],
            "pack": table.pack,
            "table": table.id,
            "version": table.version,
        }
        return found

    def explain(self) -> tuple[Explained, ...]:
        """Give every row of the table: whether it is in force and applies, what it read and where it stands."""
        segment, on, _, checked, _, _ = self._state
        found = compiled(segment)
        truths, derived = found.examine(on, *checked)
        known = dict(zip(found.inputs, checked, strict=True))
        if derived:
            known.update(zip(segment.derived, derived, strict=True))
        return tuple(
            Explained(row, None, None, {}, segment)
            if place is None
            else Explained(row, segment.rows[place], truths[place], {name: known[name] for name in reads}, segment)
            for row, place, reads in _examined(segment)
        )


def _examined(segment: Segment) -> tuple[tuple[Row, int | None, tuple[str, ...]], ...]:
    """Give, for every row, its place among those in force and the facts that its condition reads."""
    found: tuple[tuple[Row, int | None, tuple[str, ...]], ...] | None = segment.compiled.get("examined")
    if found is None:
        places = {row.index: place for place, row in enumerate(segment.rows)}
        found = segment.compiled["examined"] = tuple(
            (row, places.get(index), _reads(segment.rows[places[index]], segment) if index in places else ())
            for index, row in enumerate(segment.table.rows)
        )
    return found


def _reads(row: RowInForce, segment: Segment) -> tuple[str, ...]:
    """Give the facts that a condition reads, and those behind the derived ones."""
    names = list(tree.names(row.condition))
    for name in names:
        if name in segment.derived:
            names += [read for read in direct_reads(segment.derived[name].calculation) if read not in names]
    known = segment.table.all_inputs.keys() | segment.derived.keys()
    return tuple(name for name in names if name in known)


class Explained(NamedTuple):
    """What a row did in a decision.

    Attributes:
        row: the row.
        in_force: the row with the dated values of the day; None where it is not in force.
        holds: whether it applies; None where that is unknown or it is not in force.
        facts: what its condition read, by name; None is unknown.
        segment: what of the table was in force.
    """

    row: Row
    in_force: RowInForce | None
    holds: bool | None
    facts: Mapping[str, Any]
    segment: Segment

    def as_json(self) -> dict[str, Any]:
        """Give it in the form of JSON."""
        row, dates = self.row, self.row.dates
        values = self.in_force.values if self.in_force else ()
        constants = {name: self.segment.constants[name] for name in values if name in self.segment.constants}
        return {
            "row": row.id,
            "in_force": self.in_force is not None,
            "holds": ("unknown" if self.holds is None else self.holds) if self.in_force else None,
            "when": row.when,
            "facts": {name: as_json(value) for name, value in self.facts.items()},
            "from": dates.start.isoformat() if dates.start else None,
            "to": dates.end.isoformat() if dates.end else None,
            "announced": dates.announced.isoformat() if dates.announced else None,
            "withdrawn": dates.withdrawn.isoformat() if dates.withdrawn else None,
            "known": dates.known(self.segment.known_on),
            "kind": row.kind,
            "because": dict(row.because),
            "citations": [one.model_dump(mode="json", exclude_none=True) for one in row.cite],
            "statements": [one.model_dump(mode="json", exclude_none=True) for one in row.statements],
            "values": {
                name: {
                    "value": as_json(one.value),
                    "kind": one.kind,
                    "citations": [cite.model_dump(mode="json", exclude_none=True) for cite in one.cite],
                }
                for name, one in constants.items()
            },
        }


class DecisionTable:
    """A decision table that decides.

    ``donghaeng.load("kr/nhi-id-check").table("identity")`` gives one.

    Attributes:
        table: the checked table.
    """

    def __init__(self, table: Table) -> None:
        """Take a checked table."""
        self.table = table
        self._names = frozenset(table.all_inputs)

    def __repr__(self) -> str:
        """Say in a line what it is."""
        return f"DecisionTable({self.table.pack}/{self.table.id} {self.table.version})"

    @cached_property
    def decide(self) -> DecideFunction:
        """Decides one case: ``decide(on, known_on=None, **facts)``.

        Takes the day of the decision; a day whose knowledge is used, None for all that is known; and a value by input,
        of which an absent one, or None, is unknown. Gives a `Decision`.

        Raises:
            UsageError: an unknown name, or a day that is none.
            InputError: values of the wrong type, unknown codes, numbers or days out of range; all of them.
        """
        states: dict[date, tuple[Any, Any, Segment]] = {}

        def find(on: Any, known_on: date | None) -> tuple[Any, Any, Segment]:
            segment = self.table.segment(self._day(on), None if known_on is None else self._day(known_on, "known_on"))
            found = compiled(segment).leaf, _constant_answers(segment), segment
            if known_on is None:
                if len(states) >= MOST_DAYS:
                    states.clear()
                states[on] = found
            return found

        def refuse(facts: Mapping[str, Any]) -> None:
            self._facts({name: value for name, value in facts.items() if value is not None}, "check")

        functions = {"states": states, "find": find, "finish": _finish, "refuse": refuse, "Decision": Decision}
        return compile_decide(self.table, {**functions, "refuse_names": self._refuse_names})

    def _day(self, on: Any, name: str = "on") -> date:
        try:
            day: date = DATE.check(on)
        except FactError as error:
            raise UsageError(f"{name}: {error}") from None
        return day

    def _refuse_names(self, facts: Mapping[str, Any]) -> None:
        unknown = sorted(facts.keys() - self._names)
        hints = "; ".join(filter(None, (nearest(name, self.table.all_inputs) for name in unknown)))
        raise UsageError(
            f"{self.table.pack}/{self.table.id} has no input {redact(listed(unknown))}; expected one of "
            f"{listed(self.table.all_inputs, 40)}{'; ' + hints if hints else ''}"
        )

    def facts_from_text(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Read facts as a person types them; all faults together.

        Raises:
            UsageError: an unknown name.
            InputError: texts that are not of the declared types.
        """
        return self._facts(given, "from_text")

    def facts_from_json(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Read facts from JSON; null is unknown; all faults together.

        Raises:
            UsageError: an unknown name.
            InputError: values that are not of the declared types.
        """
        return self._facts({name: value for name, value in given.items() if value is not None}, "from_json")

    def _facts(self, given: Mapping[str, Any], method: str) -> dict[str, Any]:
        if not given.keys() <= self._names:
            self._refuse_names(given)
        facts, refused = {}, []
        for name, value in given.items():
            try:
                if isinstance(value, str) and find_identifier(value):
                    expected = self.table.all_inputs[name].type.phrase
                    raise FactError("a number that identifies a person was given", expected, "never enter one here")
                facts[name] = getattr(self.table.all_inputs[name].type, method)(value)
            except FactError as error:
                refused.append((name, error))
        if refused:
            raise _refused(refused)
        return facts

    def describe(self) -> dict[str, Any]:
        """Give inputs with type, unit, codes and question, and outcomes, in the form of JSON."""
        table = self.table

        def of_type(kind: Any) -> dict[str, Any]:
            found: dict[str, Any] = {"type": kind.kind}
            if kind.codes:
                found["codes"] = {code: dict(text) for code, text in kind.codes.items()}
            if kind.kind == "decimal":
                found["places"] = kind.places
            if kind.least is not None:
                found["least"] = as_json(kind.least)
            if kind.most is not None:
                found["most"] = as_json(kind.most)
            return found

        def text(given: Any) -> Any:
            return dict(given) if given else None

        return {
            "pack": table.pack,
            "table": table.id,
            "version": table.version,
            "title": dict(table.title),
            "question": dict(table.question),
            "about": text(table.about),
            "reviewed": table.reviewed.isoformat(),
            "hit": table.hit,
            "inputs": {
                name: {
                    **of_type(item.type),
                    "unit": text(item.unit),
                    "question": dict(item.question),
                    "help": text(item.help),
                }
                for name, item in table.all_inputs.items()
            },
            "outcomes": {
                name: {**of_type(one.type), "title": text(one.title), "unit": text(one.unit)}
                for name, one in table.outcomes.items()
            },
            "reasons": [row.id for row in table.rows],
        }


def _finish(segment: Segment, on: date, known_on: date | None, checked: tuple[Any, ...], found: Any) -> Decision:
    """Decide what the leaf function leaves: formulas to put in their places, or a case that it did not settle."""
    if isinstance(found, int):
        slow = answer(segment, on, dict(zip(segment.table.all_inputs, checked, strict=True)))
        return Decision((segment, on, known_on, checked, (slow.outcome, slow.reason, slow.rows), slow.missing))
    row = segment.rows[found[0]]
    outcome: dict[str, Any] = dict.fromkeys(segment.fields)
    values = iter(found[1:])
    for name, node in row.then.items():
        outcome[name] = node.value if isinstance(node, Constant) else next(values)
    return Decision((segment, on, known_on, checked, (outcome, row.row.id, (row,)), ()))


def _constant_answers(segment: Segment) -> tuple[AnswerState, ...]:
    """Give the answers of the rules in force as far as they are constants, made once."""
    known: tuple[AnswerState, ...] | None = segment.compiled.get("answers")
    if known is not None:
        return known
    answers = []
    for row in segment.rows:
        outcome: dict[str, Any] = dict.fromkeys(segment.fields)
        outcome |= {name: node.value for name, node in row.then.items() if isinstance(node, Constant)}
        # Every decision of the row gets this one answer: nobody may write into it.
        answers.append((MappingProxyType(outcome), row.row.id, (row,)))
    segment.compiled["answers"] = tuple(answers)
    return tuple(answers)


def _refused(refused: Sequence[tuple[str, FactError]]) -> InputError:
    return InputError([Fault(name, 1, 1, error.what, error.expected, error.remedy, "fact") for name, error in refused])
