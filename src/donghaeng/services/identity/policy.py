"""The tables of a pack as the service asks them: what is asked, what comes of it, and what of it is personal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from donghaeng.rules import tree
from donghaeng.rules.decision import Decision, DecisionTable
from donghaeng.rules.reading import RulesSection
from donghaeng.rules.table import DatedSeries, Table, inputs_behind
from donghaeng.rules.types import as_json
from donghaeng.services.identity.kinds import Facts, FactValue
from donghaeng.services.identity.section import IdentityModel, IdentitySection, Role, tables_of


@dataclass(frozen=True)
class Ruling:
    """A decision as it is recorded.

    Attributes:
        result: code of the answer, or ``undetermined``.
        reason: row that decided, or a reason of the engine.
        missing: facts that are still needed, without those of which it tells something personal that they are missing.
        certainty: how firmly the answer is known.
        outcome: the other fields of the answer, in the form of JSON.
        version: version of the pack.
        personal: whether the reason rests on a personal fact.
        checked: whether identity and eligibility were checked now.
    """

    result: str
    reason: str
    missing: tuple[str, ...]
    certainty: str
    outcome: Facts
    version: str
    personal: bool
    checked: bool = False

    def clear(self) -> dict[str, Any]:
        """Give what is kept in clear text; see `donghaeng.services.identity.kinds.Ruled`."""
        return {
            "result": self.result,
            "reason": None if self.personal else self.reason,
            "missing": self.missing,
            "certainty": self.certainty,
            "outcome": self.outcome,
            "version": self.version,
        }

    def says_the_same(self, other: Ruling) -> bool:
        """Whether another ruling gives the same answer for the same reason; the version of the pack may differ."""
        return (self.result, self.reason, self.missing, self.outcome, self.checked) == (
            other.result,
            other.reason,
            other.missing,
            other.outcome,
            other.checked,
        )


@dataclass(frozen=True)
class Policy:
    """The identity check of one pack.

    Attributes:
        section: its settings.
        tables: the table of each role.
        values: its dated values.
    """

    section: IdentitySection
    tables: Mapping[Role, DecisionTable]
    values: Mapping[str, DatedSeries]

    @classmethod
    def of(cls, section: IdentitySection, rules: RulesSection) -> Policy:
        """Make it from what a pack has."""
        return cls(section, tables_of(section.settings, rules), rules.values)

    @property
    def settings(self) -> IdentityModel:
        """What the section says."""
        return self.section.settings

    @cached_property
    def personal_facts(self) -> frozenset[str]:
        """Facts of the table of visits that are kept encrypted."""
        inputs = self.tables["visit"].table.all_inputs
        return frozenset([*(name for name, one in inputs.items() if one.personal), *self.settings.facts.sealed])

    @cached_property
    def personal_rows(self) -> frozenset[str]:
        """Rows of the table of visits whose condition rests on what the table calls personal."""
        table = self.tables["visit"].table
        read = _inputs_of_rows(table)
        return frozenset(row for row, names in read.items() if any(table.all_inputs[name].personal for name in names))

    @cached_property
    def _read(self) -> Mapping[Role, Mapping[str, frozenset[str]]]:
        """For each row of the tables of visits and documents, the facts that it reads."""
        roles: tuple[Role, ...] = ("visit", "document")
        return {role: _inputs_of_rows(self.tables[role].table) for role in roles}

    def split(self, facts: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """Give what is kept in clear text, and what is kept encrypted; None for nothing."""
        sealed = {name: value for name, value in facts.items() if self._is_sealed(name, value)}
        clear = {name: value for name, value in facts.items() if name not in sealed}
        return clear, sealed or None

    def _is_sealed(self, name: str, value: Any) -> bool:
        return name in self.personal_facts or self._has_telling_code(name, value)

    def _has_telling_code(self, name: str, value: Any) -> bool:
        plain = self.settings.facts.plain_codes.get(name)
        return plain is not None and value is not None and value not in plain

    def tells(self, role: Role, reason: str, facts: Mapping[str, Any]) -> bool:
        """Say whether a reason tells what is kept encrypted: its row is personal, or reads a code that is."""
        if role == "visit" and reason in self.personal_rows:
            return True
        return any(self._has_telling_code(name, facts.get(name)) for name in self._read[role].get(reason, ()))

    @cached_property
    def document_facts(self) -> frozenset[str]:
        """Inputs of the table of documents."""
        return frozenset(self.tables["document"].table.all_inputs)

    def visit(self, on: date, facts: Mapping[str, FactValue]) -> Decision:
        """Decide a visit by facts in the form of JSON."""
        table = self.tables["visit"]
        decision: Decision = table.decide(on, **table.facts_from_json(facts))
        return decision

    def rule_visit(self, on: date, facts: Mapping[str, FactValue]) -> Ruling:
        """Decide a visit, and say whether identity and eligibility were checked."""
        return self.visit_ruling(on, facts, self.visit(on, facts))

    def visit_ruling(self, on: date, facts: Mapping[str, FactValue], decision: Decision) -> Ruling:
        """Give the decision of a visit as it is recorded."""
        ruling = self.ruling(decision, personal=self.tells("visit", decision.reason, facts))
        missing = tuple(name for name in ruling.missing if not self._missing_tells(name, facts))
        return replace(ruling, missing=missing, checked=self.checks(on, facts))

    def _missing_tells(self, name: str, facts: Mapping[str, Any]) -> bool:
        """Say whether it tells a personal fact that another is missing: only of a stay that ended is the day asked."""
        inputs = self.tables["visit"].table.all_inputs
        beside = frozenset[str]().union(*(read for read in self._read["visit"].values() if name in read)) - {name}
        return inputs[name].personal is not None and any(
            inputs[one].personal and facts.get(one) is not None for one in beside
        )

    def checks(self, on: date, facts: Mapping[str, FactValue]) -> bool:
        """Say whether a visit with these facts is itself a check of identity and eligibility."""
        eligible = facts.get(self.settings.facts.lookup) in self.settings.lookup.eligible
        return eligible and self.accepts(on, facts) is True

    def document(self, on: date, facts: Mapping[str, FactValue]) -> Decision:
        """Decide whether what was shown is accepted."""
        table = self.tables["document"]
        known = {name: value for name, value in facts.items() if name in self.document_facts}
        decision: Decision = table.decide(on, **table.facts_from_json(known))
        return decision

    def accepts(self, on: date, facts: Mapping[str, FactValue]) -> bool | None:
        """Say whether what was shown is accepted; None where that is not known."""
        means = facts.get(self.settings.facts.means)
        if means is None or means == self.settings.facts.nothing:
            return False
        result = self.document(on, facts).result
        if result in self.settings.results.accepted:
            return True
        return False if result in self.settings.results.refused else None

    def refund(self, on: date, facts: Mapping[str, FactValue]) -> Decision:
        """Decide what is paid back."""
        table = self.tables["refund"]
        decision: Decision = table.decide(on, **table.facts_from_json(facts))
        return decision

    def ruling(self, decision: Decision, *, personal: bool = False) -> Ruling:
        """Give a decision as it is recorded."""
        outcome = {name: _kept(value) for name, value in decision.outcome.items() if name != "result"}
        return Ruling(
            result=str(decision.result),
            reason=decision.reason,
            missing=decision.missing_in_order_of_table,
            certainty=decision.kind,
            outcome=outcome,
            version=self.section.version,
            personal=personal,
        )

    def amount(self, outcome: Mapping[str, FactValue]) -> int | None:
        """Give the amount in the answer of the table of refunds or fines; None where it has none."""
        value = outcome.get(self.settings.outcomes.amount)
        return value if isinstance(value, int) else None

    def contact(self, language: str, on: date) -> str:
        """Give the telephone number of whom to ask in a language; empty where it is not known on a day."""
        name = self.settings.contacts[language]  # type: ignore[index]
        value = self.values[name].at(on)
        return "" if value is None or value.value is None else str(value.value)


def _inputs_of_rows(table: Table) -> dict[str, frozenset[str]]:
    behind = inputs_behind(table)
    return {
        row.id: frozenset(
            item for name in tree.names(row.condition) for item in behind.get(name, ()) if item in table.all_inputs
        )
        for row in table.rows
    }


def _kept(value: Any) -> FactValue:
    plain = as_json(value)
    if isinstance(plain, list):
        return tuple(str(one) for one in plain)
    return str(plain) if isinstance(plain, float) else plain
