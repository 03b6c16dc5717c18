"""The rules of a pack as the pass service asks them: by role, with what a city fixed where a rule is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from donghaeng.errors import InputError, listed, nearest
from donghaeng.identifiers import redact
from donghaeng.rules.decide import derive, outcome_of
from donghaeng.rules.decision import Decision, DecisionTable
from donghaeng.rules.table import UNDETERMINED, RowInForce, Table
from donghaeng.services.passes.refusal import PassRefusedError
from donghaeng.services.passes.roles import FACTS, RESULTS, Role
from donghaeng.services.passes.section import Medium, PassesSection, Product


@dataclass(frozen=True)
class Fixed:
    """What a named role fixed where a rule is open.

    Attributes:
        setting: role of the table and id of the row, such as ``refund/short_pass_rule_unknown``.
        choose: ``least`` or ``most`` of a range, ``amount`` for the amount, or the code of a result.
        amount: the amount, for ``amount``.
        fixed_by: the role of who fixed it.
    """

    setting: str
    choose: str
    amount: int | None
    fixed_by: str


#: Gives what was fixed for a setting, on a service day; None for nothing.
FixedOn = Callable[[str, date], Fixed | None]


def nothing_fixed(setting: str, on: date) -> Fixed | None:  # noqa: ARG001
    """Give nothing: the rules alone."""
    return None


@dataclass(frozen=True)
class Ruling:
    """What a table of the pack says, in the words of the service.

    Attributes:
        role: what was asked.
        decision: the decision of the table.
        meaning: meaning of the result; ``undetermined`` where the rule is open and nothing was fixed.
        outcome: value by field; of an open rule, what its own row says.
        least: lower end of the amount; None where there is no amount.
        most: upper end of the amount.
        fixed: what a role fixed, where that made the answer.
        row: the row that the answer rests on; None where none applies.
    """

    role: Role
    decision: Decision
    meaning: str
    outcome: Mapping[str, Any]
    least: int | None
    most: int | None
    fixed: Fixed | None
    row: RowInForce | None

    @property
    def amount(self) -> int | None:
        """The amount, where it is exact."""
        return self.least if self.least == self.most else None

    @property
    def is_open(self) -> bool:
        """Whether the rule is unknown and nothing was fixed."""
        return self.meaning == UNDETERMINED

    @property
    def setting(self) -> str:
        """What may be fixed to settle it: role and id of the row."""
        return f"{self.role}/{self.row.row.id if self.row else self.decision.reason}"

    @property
    def because(self) -> Mapping[str, str]:
        """The words of the row to the person, by language; empty where none applies."""
        return {str(language): text for language, text in self.row.row.because.items()} if self.row else {}

    @property
    def name(self) -> str:
        """Name of the decision, as an entry refers to it."""
        table = self.decision.segment.table
        return f"{table.pack}/{table.id}@{table.version}#{self.decision.reason} {self.decision.on}"[:200]

    @property
    def basis(self) -> dict[str, Any]:
        """What an entry that follows from it keeps."""
        table = self.decision.segment.table
        return {
            "role": self.role,
            "table": f"{table.pack}/{table.id}",
            "version": table.version,
            "on": self.decision.on,
            "result": str(self.decision.result),
            "reason": self.decision.reason,
            "rows": tuple(self.decision.rows),
            "kind": self.decision.kind,
            "setting": self.fixed.setting if self.fixed else None,
            "choose": self.fixed.choose if self.fixed else None,
        }


#: How a refusal names one of a group.
_SINGULAR: Mapping[str, str] = {
    "categories": "category",
    "channels": "channel",
    "payments": "means of payment",
}


class Policy:
    """The passes of one pack: section, tables, and what was fixed.

    Attributes:
        section: what the pack says of its passes.
        fixed_on: gives what was fixed.
    """

    def __init__(self, section: PassesSection, fixed_on: FixedOn = nothing_fixed) -> None:
        """Take the section of a pack and what was fixed for it."""
        self.section = section
        self.fixed_on = fixed_on

    @cached_property
    def tables(self) -> Mapping[Role, DecisionTable]:
        """The decision tables by role."""
        found = self.section.rules.tables
        return {role: DecisionTable(found[bound.table]) for role, bound in self.section.model.tables.items()}

    def has(self, role: Role) -> bool:
        """Say whether the pack has a table for a role."""
        return role in self.section.model.tables

    def product(self, code: str) -> Product:
        """Give a product.

        Raises:
            PassRefusedError: there is none of this code.
        """
        found: Product = _found(self.section.model.products, code, "product")
        return found

    def medium(self, code: str) -> Medium:
        """Give a kind of medium; raises as `product` does."""
        found: Medium = _found(self.section.model.media, code, "medium")
        return found

    def check_code(self, group: str, code: str) -> None:
        """Refuse a code of a category, channel, means of payment or facility that the pack does not have."""
        _found(getattr(self.section.model, group), code, _SINGULAR.get(group, group))

    def asked(self, role: Role) -> tuple[str, ...]:
        """Give the inputs of a table that the service does not know and must be told."""
        table = self.tables[role].table
        bound = self.section.model.tables[role]
        own = {bound.facts.get(name, name) for name in FACTS[role]}
        return tuple(name for name in table.all_inputs if name not in own)

    def rule(self, role: Role, on: date, told: Mapping[str, Any] | None = None, **known: Any) -> Ruling:
        """Ask a table.

        Args:
            role: what is asked.
            on: service day of the decision.
            told: facts of who asks, by the names of the table, as JSON gives them.
            **known: facts that the service knows, by its own names; those that the table does not ask are left out.

        Raises:
            PassRefusedError: a fact is not of the type of the table, or identifies a person.
        """
        table = self.tables[role]
        bound = self.section.model.tables[role]
        inputs = table.table.all_inputs
        allowed = self.asked(role)
        if unknown := sorted((told or {}).keys() - set(allowed)):
            hint = nearest(unknown[0], allowed)
            text = f"{role} asks no {redact(listed(unknown))}; expected {listed(allowed) or 'nothing'}"
            raise PassRefusedError("fact", f"{text}{'; ' + hint if hint else ''}")
        try:
            facts = table.facts_from_json(dict(told or {}))
        except InputError as error:
            raise PassRefusedError("fact", "; ".join(str(fault) for fault in error.faults)) from None
        for name, value in known.items():
            name = bound.facts.get(name, name)
            codes = inputs[name].type.codes if name in inputs else {}
            # A code that the table does not know is a fact that it cannot take; no rule speaks of it.
            if name in inputs and value is not None and not (codes and value not in codes):
                facts[name] = value
        return self._ruling(role, table.decide(on, **facts))

    def _ruling(self, role: Role, decision: Decision) -> Ruling:
        open_row = None if decision.determined else self._open_row(decision)
        row = open_row or (decision.in_force[0] if decision.determined and decision.in_force else None)
        outcome: Mapping[str, Any] = decision.outcome
        meaning = self._meaning(role, str(decision.result))
        if open_row is not None:
            said = _said(decision, open_row)
            outcome = outcome if said is None else said
        names = {theirs: own for own, theirs in self.section.model.tables[role].outcomes.items()}
        outcome = {names.get(field, field): value for field, value in outcome.items()}
        least, most = _amounts(outcome)
        fixed = self.fixed_on(f"{role}/{row.row.id}", decision.on) if row is not None else None
        if fixed is not None and not (open_row is None and least == most):
            if fixed.choose in {"least", "most", "amount"}:
                if open_row is not None:
                    meaning = self._meaning(role, str(outcome["result"]))
                if least is not None and most is not None:
                    chosen = {"least": least, "most": most}.get(fixed.choose, fixed.amount)
                    amount = min(max(chosen if chosen is not None else least, least), most)
                    least = most = amount
            elif open_row is not None:
                meaning = self._meaning(role, fixed.choose)
            else:
                fixed = None
        else:
            fixed = None
        return Ruling(role, decision, meaning, outcome, least, most, fixed, row)

    def _open_row(self, decision: Decision) -> RowInForce | None:
        """Give the row whose own text is unknown, where that alone leaves a case open."""
        if decision.missing_in_order_of_table:
            return None
        return next((row for row in decision.in_force if not row.row.certain), None)

    def _meaning(self, role: Role, result: str) -> str:
        return self.section.model.tables[role].results.get(result, result)

    def medium_price(self, code: str, on: date) -> int:
        """Give what a medium costs on a service day."""
        price = self.medium(code).price
        return price if isinstance(price, int) else int(self.value(price, on))

    def value(self, name: str, on: date) -> Any:
        """Give a dated value of the pack; before its first day, the first."""
        dated = self.section.rules.values[name].dated
        in_force = [one for one in dated if one.dates.in_force(on) and one.dates.known(None)]
        return (in_force[-1] if in_force else dated[0]).value

    def meanings(self, role: Role) -> tuple[str, ...]:
        """Give what the results of a role may mean."""
        return RESULTS[role]

    def table(self, role: Role) -> Table:
        """Give the checked table of a role."""
        return self.tables[role].table


def _found(items: Mapping[str, Any], code: str, what: str) -> Any:
    if code not in items:
        hint = nearest(code, items)
        text = f'no {what} "{code[:80]}"; expected one of {listed(items)}{"; " + hint if hint else ""}'
        raise PassRefusedError("unknown-code", text)
    return items[code]


def _said(decision: Decision, row: RowInForce) -> Mapping[str, Any] | None:
    """Give what a row of unknown text would answer."""
    segment = decision.segment
    facts = dict.fromkeys(segment.table.all_inputs) | dict(decision.facts)
    return outcome_of(segment, row, derive(segment, decision.on, facts))


def _amounts(outcome: Mapping[str, Any]) -> tuple[int | None, int | None]:
    amount = outcome.get("amount")
    if amount is not None:
        return int(amount), int(amount)
    least, most = outcome.get("amount_from"), outcome.get("amount_to")
    return (None, None) if least is None or most is None else (int(least), int(most))


def sources_of(ruling: Ruling, titles: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Give where a ruling stands, as plain values.

    Args:
        ruling: the ruling.
        titles: source by id, for titles and addresses; None for ids alone.
    """
    found = []
    for cited in ruling.decision.citations:
        one: dict[str, Any] = {"source": cited.source}
        if cited.at:
            one["at"] = cited.at
        if titles and cited.source in titles:
            source = titles[cited.source]
            one |= {"title": dict(source.title), "publisher": dict(source.publisher), "url": source.url}
        found.append(one)
    return found
