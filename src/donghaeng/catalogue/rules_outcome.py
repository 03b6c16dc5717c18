"""From the rules of a pack to what a release says of them: a document, a script and flat tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from donghaeng.dated import Dates
from donghaeng.rules.decision import DecisionTable
from donghaeng.rules.document import Citation, Saying
from donghaeng.rules.examples import Tried, try_examples
from donghaeng.rules.javascript import table_script
from donghaeng.rules.reading import RulesSection
from donghaeng.rules.table import (
    AmountRange,
    Calculation,
    Calendar,
    ChoiceOf,
    DatedConstant,
    DatedSeries,
    FormulaOf,
    LookupOf,
    Row,
    ShareOf,
    Table,
    answer_fields,
    direct_reads,
)
from donghaeng.rules.tree import (
    And,
    Arithmetic,
    Compare,
    Constant,
    Contains,
    Expression,
    Member,
    Name,
    Not,
    OneOf,
    Or,
)
from donghaeng.rules.tree import names as names_of
from donghaeng.rules.types import Type, as_json
from donghaeng.wording import Text

Plain = dict[str, Any]

#: Where a table stands in the folder of its pack, without the ending.
RULES_FOLDER = "rules"
VALUES = "values.json"


@dataclass(frozen=True)
class RulesContent:
    """What a release says of the rules of a pack.

    Attributes:
        documents: ``rules/TABLE.json`` for each table, and ``values.json``.
        texts: ``rules/TABLE.js`` for each table.
        tables: ``rules`` (one row a rule), ``values`` (one row an entry of a dated value) and ``examples``.
    """

    documents: Mapping[str, Any]
    texts: Mapping[str, str]
    tables: Mapping[str, pa.Table]


def rules_content(section: RulesSection) -> RulesContent:
    """Put together what a release says of rules: every table with its examples tried, and the dated values."""
    tried, _ = try_examples(section)
    documents: dict[str, Any] = {}
    texts = {}
    for table in section.tables.values():
        own = [one for one in tried if one.example.table == table.id]
        documents[f"{RULES_FOLDER}/{table.id}.json"] = table_document(table, own)
        texts[f"{RULES_FOLDER}/{table.id}.js"] = table_script(table)
    documents[VALUES] = {name: _series(series) for name, series in section.values.items()}
    return RulesContent(documents, texts, flat_tables(section, tried))


# ── one table as a document ──────────────────────────────────────────────────────────────────────────


def table_document(table: Table, tried: Sequence[Tried] = ()) -> Plain:
    """Give everything that a page of a table needs, as plain values.

    Conditions and formulas are given as they are written and as trees: ``{"all": […]}``, ``{"any": […]}``,
    ``{"not": …}``, ``{"compare": "<", "left": …, "right": …}``, ``{"item": …, "in": [codes]}``,
    ``{"item": …, "in_value": name}``, ``{"codes": …, "has": code}``, ``{"name": …}``, ``{"value": …}`` and
    ``{"operator": "+", "left": …, "right": …}``.

    Args:
        table: the table.
        tried: its examples, each with the decision.
    """
    described = DecisionTable(table).describe()
    inputs = described["inputs"]
    for name, item in table.all_inputs.items():
        inputs[name]["personal"] = item.personal
    reads = _values_behind(table)
    return {
        **{name: described[name] for name in ("pack", "table", "version", "title", "question", "about", "reviewed")},
        "jurisdiction": table.jurisdiction,
        "hit": table.hit,
        "inputs": inputs,
        "derived": {
            name: {"type": one.type.kind, **_calculation(one.calculation)} for name, one in table.derived.items()
        },
        "outcomes": described["outcomes"],
        "fields": list(answer_fields(table)),
        "rows": [_row(row, reads) for row in table.rows],
        "values": {name: _series(series) for name, series in table.values.items()},
        "tables": list(table.tables),
        "change_days": [day.isoformat() for day in table.change_days()],
        "knowledge_days": [day.isoformat() for day in table.knowledge_days],
        "examples": [_example(one) for one in tried],
    }


def _row(row: Row, reads: Mapping[str, tuple[str, ...]]) -> Plain:
    trees = [row.condition]
    for given in row.then.values():
        trees += [given.least, given.most] if isinstance(given, AmountRange) else [given]
    values = [value for node in trees for name in names_of(node) for value in reads.get(name, ())]
    return {
        "id": row.id,
        **_dates(row.dates),
        "when": row.when,
        "condition": _tree(row.condition),
        "then": {name: _given(given) for name, given in row.then.items()},
        "kind": row.kind,
        "because": dict(row.because),
        "citations": _citations(row.cite),
        "statements": _statements(row.statements),
        "note": _text(row.note),
        "values": list(dict.fromkeys(values)),
    }


def _given(given: Expression | AmountRange) -> Plain:
    if isinstance(given, AmountRange):
        return {"from": _given(given.least), "to": _given(given.most)}
    if isinstance(given, Constant):
        return {"value": as_json(given.value)}
    return {"formula": written(given), "tree": _tree(given)}


def _series(series: DatedSeries) -> Plain:
    return {
        **_type(series.type),
        "title": dict(series.title),
        "unit": _text(series.unit),
        "dated": [_dated(one) for one in series.dated],
    }


def _dated(one: DatedConstant) -> Plain:
    return {
        **_dates(one.dates),
        "value": as_json(one.value),
        "kind": one.kind,
        "citations": _citations(one.cite),
        "statements": _statements(one.statements),
        "note": _text(one.note),
    }


def _example(one: Tried) -> Plain:
    example, decision = one.example.example, one.decision
    explained = [item for item in decision.explain() if item.in_force is not None]
    read = {name: value for item in explained for name, value in item.facts.items()}
    derived = {name: value for name, value in read.items() if name not in decision.facts and value is not None}
    return {
        "id": example.id,
        "about": _text(example.about),
        "on": example.on.isoformat(),
        "known_on": example.known_on.isoformat() if example.known_on else None,
        "common": one.example.example.common,
        "facts": {name: as_json(value) for name, value in decision.facts.items()},
        "expected": {
            "outcome": {name: as_json(value) for name, value in example.outcome.items()},
            "reason": example.reason,
            "missing": None if example.missing is None else list(example.missing),
        },
        "citations": _citations(example.cite),
        "passed": one.passed,
        "decision": decision.as_json(),
        # What each rule says, and where it stands, is among the rows; here only what came of it in this case.
        "explanation": {
            "derived": {name: as_json(value) for name, value in derived.items()},
            "rows": {item.row.id: "unknown" if item.holds is None else item.holds for item in explained},
        },
    }


def _dates(dates: Dates) -> Plain:
    return {
        "from": dates.start.isoformat() if dates.start else None,
        "to": dates.end.isoformat() if dates.end else None,
        "announced": dates.announced.isoformat() if dates.announced else None,
        "withdrawn": dates.withdrawn.isoformat() if dates.withdrawn else None,
    }


def _citations(given: Sequence[Citation]) -> list[Plain]:
    return [one.model_dump(mode="json") for one in given]


def _statements(given: Sequence[Saying]) -> list[Plain]:
    return [{"says": dict(one.says), "citations": _citations(one.cite)} for one in given]


def _text(given: Text | None) -> Plain | None:
    return {str(language): text for language, text in given.items()} if given else None


def _type(kind: Type) -> Plain:
    codes = {code: dict(text) for code, text in kind.codes.items()}
    return {"type": kind.kind, **({"codes": codes} if codes else {})}


# ── conditions, formulas and calculations ────────────────────────────────────────────────────────────


def _tree(node: Expression) -> Plain:
    """Give a tree as plain values."""
    if isinstance(node, Name):
        return {"name": node.name}
    if isinstance(node, Constant):
        return {"value": as_json(node.value)}
    if isinstance(node, And | Or):
        return {"all" if isinstance(node, And) else "any": [_tree(part) for part in node.parts]}
    if isinstance(node, Not):
        return {"not": _tree(node.part)}
    if isinstance(node, OneOf):
        return {"item": _tree(node.item), "in": [as_json(option.value) for option in node.options]}
    if isinstance(node, Member):
        return {"item": _tree(node.item), "in_value": node.codes.name}
    if isinstance(node, Contains):
        return {"codes": _tree(node.codes), "has": node.code}
    key = "compare" if isinstance(node, Compare) else "operator"
    return {key: node.operator, "left": _tree(node.left), "right": _tree(node.right)}


def written(node: Expression) -> str:
    """Write a number or day out of facts in the words of the language, parts of sums in brackets where needed."""
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Constant):
        value = as_json(node.value)
        return f"'{value}'" if isinstance(value, str) else json.dumps(value)
    if not isinstance(node, Arithmetic):
        return json.dumps(_tree(node), ensure_ascii=False)
    sides = [written(side) for side in (node.left, node.right)]
    for at, side in enumerate((node.left, node.right)):
        if isinstance(side, Arithmetic) and (node.operator == "*" or at) and side.operator != "*":
            sides[at] = f"({sides[at]})"
    return f"{sides[0]} {node.operator} {sides[1]}"


def _calculation(calculation: Calculation) -> Plain:
    """Give a calculation as plain values, with its name under ``calculate``."""
    if isinstance(calculation, Calendar):
        found: Plain = {"calculate": calculation.function, "days": list(calculation.days)}
        if calculation.length is not None:
            found |= {
                "unit": calculation.unit,
                "length": _tree(calculation.length),
                "first_day": calculation.first_day,
                "holidays": calculation.holidays,
            }
        return found
    if isinstance(calculation, FormulaOf):
        return {"calculate": "formula", "of": [_tree(calculation.formula)]}
    if isinstance(calculation, ChoiceOf):
        return {"calculate": calculation.which, "of": [_tree(node) for node in calculation.of]}
    if isinstance(calculation, ShareOf):
        parts = [calculation.of, calculation.part, calculation.whole]
        return {"calculate": "share", "of": [_tree(node) for node in parts], "round": calculation.round}
    return {"calculate": "table", "table": calculation.table, "outcome": calculation.outcome}


def _values_behind(table: Table) -> Mapping[str, tuple[str, ...]]:
    """Give, for every name of a table, the dated values that it rests on."""
    behind: dict[str, tuple[str, ...]] = dict.fromkeys(table.all_inputs, ())
    behind |= {name: (name,) for name in table.values}
    for name, one in table.derived.items():
        reads = () if isinstance(one.calculation, LookupOf) else direct_reads(one.calculation)
        behind[name] = tuple(dict.fromkeys(value for read in reads for value in behind.get(read, ())))
    return behind


# ── flat tables ──────────────────────────────────────────────────────────────────────────────────────

_DATE_COLUMNS = ("from", "to", "announced", "withdrawn")
_BASIS_COLUMNS = ("kind", "source", "at", "reviewed", "note_ko", "note_en")


def flat_tables(section: RulesSection, tried: Sequence[Tried]) -> dict[str, pa.Table]:
    """Give the rules, the dated values and the examples as tables.

    ``rules``: table, place, row, from, to, announced, withdrawn, when, then (JSON), because_ko, because_en, kind,
    source (ids), at (one for each source), reviewed (earliest), note_ko, note_en. ``values``: value, title_ko,
    title_en, type, unit_ko, unit_en, dates, content (JSON), kind and the rest as of rules. ``examples``: table,
    example, about_ko, about_en, on, known_on, facts, expected (JSON), result, reason, missing, passed.
    """
    rules = [
        {
            "table": table.id,
            "place": place,
            "row": row.id,
            **_dates(row.dates),
            "when": row.when,
            "then": _json(_flat_then(row)),
            **_by_language("because", row.because),
            **_basis(row),
        }
        for table in section.tables.values()
        for place, row in enumerate(table.rows, start=1)
    ]
    values = [
        {
            "value": series.name,
            **_by_language("title", series.title),
            "type": series.type.kind,
            **_by_language("unit", series.unit),
            **_dates(one.dates),
            "content": None if one.value is None else _json(as_json(one.value)),
            **_basis(one),
        }
        for series in section.values.values()
        for one in series.dated
    ]
    texts = ("because_ko", "because_en")
    titles = ("title_ko", "title_en", "type", "unit_ko", "unit_en")
    return {
        "rules": _flat(rules, ("table", "place", "row", *_DATE_COLUMNS, "when", "then", *texts, *_BASIS_COLUMNS)),
        "values": _flat(values, ("value", *titles, *_DATE_COLUMNS, "content", *_BASIS_COLUMNS)),
        "examples": _flat([_flat_example(one) for one in tried], _EXAMPLE_COLUMNS),
    }


_EXAMPLE_COLUMNS = (
    *("table", "example", "about_ko", "about_en", "on", "known_on", "facts", "expected", "result", "reason"),
    *("missing", "passed"),
)


def _flat_example(one: Tried) -> Plain:
    example, decision = one.example.example, one.decision
    return {
        "table": one.example.table,
        "example": example.id,
        **_by_language("about", example.about),
        "on": example.on.isoformat(),
        "known_on": example.known_on.isoformat() if example.known_on else None,
        "facts": _json({name: as_json(value) for name, value in decision.facts.items()}),
        "expected": _json({name: as_json(value) for name, value in example.outcome.items()}),
        "result": _codes(decision.result),
        "reason": decision.reason,
        "missing": ";".join(decision.missing),
        "passed": one.passed,
    }


def _codes(result: Any) -> str:
    return ";".join(map(str, result)) if isinstance(result, tuple) else str(result)


def _flat_then(row: Row) -> Plain:
    def flat(given: Expression | AmountRange) -> Any:
        if isinstance(given, AmountRange):
            return {"from": flat(given.least), "to": flat(given.most)}
        return as_json(given.value) if isinstance(given, Constant) else written(given)

    return {name: flat(given) for name, given in row.then.items()}


def _basis(one: Row | DatedConstant) -> Plain:
    reviewed = [cite.reviewed for cite in one.cite if cite.reviewed]
    return {
        "kind": one.kind,
        "source": ";".join(cite.source for cite in one.cite),
        "at": ";".join((cite.at or "").replace(";", ",") for cite in one.cite) if one.cite else "",
        "reviewed": min(reviewed).isoformat() if reviewed else None,
        **_by_language("note", one.note),
    }


def _by_language(column: str, text: Text | None) -> Plain:
    return {f"{column}_ko": (text or {}).get("ko", ""), f"{column}_en": (text or {}).get("en", "")}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _flat(rows: list[Plain], columns: Sequence[str]) -> pa.Table:
    types = {"place": pa.int64(), "passed": pa.bool_()}
    return pa.Table.from_pylist(rows, pa.schema([(name, types.get(name, pa.string())) for name in columns]))
