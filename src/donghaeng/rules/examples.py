"""The examples of a pack: cases with the expected answer, which are the pack's own tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from donghaeng.rules.decision import Decision, DecisionTable
from donghaeng.rules.reading import RulesSection
from donghaeng.rules.reading_examples import ReadExample
from donghaeng.rules.table import UNKNOWN_VALUE, Row, field_type
from donghaeng.rules.types import as_json


@dataclass(frozen=True)
class Tried:
    """An example and what came of it.

    Attributes:
        example: the example.
        decision: the decision.
        differences: for each part that is not as expected, what was expected and what came.
    """

    example: ReadExample
    decision: Decision
    differences: Mapping[str, tuple[Any, Any]]

    @property
    def passed(self) -> bool:
        """Whether everything is as expected."""
        return not self.differences


@dataclass(frozen=True)
class Coverage:
    """Which rows of a table an example shows.

    Attributes:
        table: id of the table.
        shown: rows that decide an example.
        not_shown: rows that decide none.
    """

    table: str
    shown: tuple[Row, ...]
    not_shown: tuple[Row, ...]


def try_examples(section: RulesSection) -> tuple[tuple[Tried, ...], tuple[Coverage, ...]]:
    """Decide every example, and say which rows they show.

    A row of unknown text, or one that reads an unknown value, can only be among those that may decide; it is shown
    where it is.
    """
    tried = tuple(_try(section, example) for example in section.examples)
    coverage = []
    for table in section.tables.values():
        deciding: set[str] = set()
        for one in tried:
            if one.example.table == table.id:
                determined = one.decision.determined or table.hit in {"collect", "sum"}
                rows = one.decision.in_force
                told = determined or one.decision.reason == UNKNOWN_VALUE
                deciding.update(row.row.id for row in rows if told or not row.row.certain)
        shown = tuple(row for row in table.rows if row.id in deciding)
        coverage.append(Coverage(table.id, shown, tuple(row for row in table.rows if row.id not in deciding)))
    return tried, tuple(coverage)


def _try(section: RulesSection, read: ReadExample) -> Tried:
    table = DecisionTable(section.tables[read.table])
    example = read.example
    facts = table.facts_from_json(example.facts)
    decision = table.decide(example.on, example.known_on, **facts)
    differences: dict[str, tuple[Any, Any]] = {}
    for name, expected in example.outcome.items():
        given = decision.outcome.get(name)
        wanted = _value(table, name, expected)
        if given != wanted:
            differences[name] = (
                as_json(wanted),
                as_json(given),
            )
    if example.reason is not None and example.reason != decision.reason:
        differences["reason"] = (example.reason, decision.reason)
    if example.missing is not None and set(example.missing) != set(decision.missing):
        differences["missing"] = (list(example.missing), list(decision.missing))
    return Tried(read, decision, differences)


def _value(table: DecisionTable, name: str, expected: Any) -> Any:
    """Read an expected value as the type of its field; what is not of it stays as it is and differs."""
    if expected is None or name == "result":
        return tuple(expected) if isinstance(expected, list) else expected
    kind = field_type(table.table, name)
    try:
        if isinstance(expected, list) and kind.kind != "codes":
            return tuple(None if one is None else kind.from_json(one) for one in expected)
        return kind.from_json(expected)
    except ValueError:
        return Decimal(str(expected)) if isinstance(expected, float) else expected
