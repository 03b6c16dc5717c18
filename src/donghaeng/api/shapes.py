"""The shapes of what is sent and answered, for the description of the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Words = dict[str, str]
Day = Annotated[str, Field(json_schema_extra={"format": "date"}, examples=["2024-06-01"])]
FactValue = bool | int | float | str | list[str] | None
Facts = Annotated[
    dict[str, FactValue],
    Field(
        description="Facts by the names that the table's description gives. One that is absent or null is unknown.",
    ),
]


class _Shape(BaseModel):
    """A closed shape."""

    model_config = ConfigDict(extra="forbid")


class DecideRequest(_Shape):
    """One case.

    Attributes:
        on: the day of the decision; the API reads no clock, so it is always given.
        known_on: decide with what was known on this day; null or absent for all that is known.
        facts: the facts of the case.
        explain: whether every rule is explained.
    """

    on: Day
    known_on: Day | None = None
    facts: Facts
    explain: bool | None = None


class Case(_Shape):
    """One case of a batch.

    Attributes:
        id: a text by which the client knows the case again; no two are the same.
        on: the day of the decision, where it is another than that of the batch.
        facts: the facts of the case.
    """

    id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    on: Day | None = None
    facts: Facts


class BatchRequest(_Shape):
    """Many cases.

    Attributes:
        on: the day of the decisions of the cases that have none of their own.
        known_on: as for one case.
        cases: the cases.
    """

    on: Day | None = None
    known_on: Day | None = None
    cases: list[Case]


class Cited(_Shape):
    """Where a rule or value stands."""

    source: str
    at: str | None = None
    reviewed: str | None = None


class Said(BaseModel):
    """What a source says where the text of a rule is not known, or sources differ."""

    model_config = ConfigDict(extra="allow")


class Explained(_Shape):
    """What a rule did in a decision."""

    row: str
    in_force: bool
    holds: bool | Literal["unknown"] | None
    when: str
    facts: dict[str, FactValue]
    from_: Annotated[str | None, Field(alias="from")]
    to: str | None
    announced: str | None
    withdrawn: str | None
    known: bool
    kind: str
    because: Words
    citations: list[Cited]
    statements: list[Said]
    values: dict[str, Any]


class Decided(_Shape):
    """A decision.

    Attributes:
        outcome: value by field; ``result`` is the code of the answer or ``undetermined``.
        reason: id of the row that decided, or ``missing_facts``, ``unknown_rule``, ``unknown_value``, ``no_rule``.
        rows: the rows that decided; all that may apply where it is undetermined.
        missing: the facts that are still needed, that first whose answer settles most cases.
        citations: where the rules and values stand.
        on: the day of the decision.
        known_on: the day whose knowledge was used; null for all.
        kind: how firmly the answer is known.
        statements: what the sources say where they differ.
        pack: id of the pack.
        table: id of the table.
        version: version of the pack.
        explanation: every rule, where it was asked for.
    """

    outcome: dict[str, Any]
    reason: str
    rows: list[str]
    missing: list[str]
    citations: list[Cited]
    on: Day
    known_on: Day | None
    kind: str
    statements: list[Said]
    pack: str
    table: str
    version: str
    explanation: list[Explained] | None = None


class Fault(_Shape):
    """One fault of what was given."""

    name: str
    what: str
    expected: str
    remedy: str
    code: str


class ProblemDocument(_Shape):
    """An error, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[Fault]


class Result(_Shape):
    """What became of a case: a decision, or a problem where it has faults.

    Attributes:
        id: as it was given.
        decision: the decision; its missing facts stand in the order of the table.
        problem: what is wrong with the case.
    """

    id: str | None
    decision: Decided | None = None
    problem: ProblemDocument | None = None


class BatchAnswer(_Shape):
    """What became of the cases, in their order."""

    results: list[Result]


class TableSummary(_Shape):
    """A decision table in a list."""

    id: str
    title: Words
    question: Words
    reviewed: Day


class PackSummary(_Shape):
    """A pack in a list."""

    id: str
    version: str
    date: Day
    title: Words
    summary: Words
    owner: Words
    jurisdiction: str
    languages: list[str]
    licence: str
    status: Literal["official", "unofficial", "invented"]
    tables: list[TableSummary]


class Packs(_Shape):
    """The packs that are served."""

    packs: list[PackSummary]


class PackAnswer(PackSummary):
    """A pack.

    Attributes:
        files: SHA-256 of each of its files by path.
    """

    files: dict[str, str]


class Asked(BaseModel):
    """An input or an outcome: its type, with codes, limits, unit and question where it has them."""

    model_config = ConfigDict(extra="allow")

    type: Literal["boolean", "integer", "decimal", "money", "date", "code", "codes"]


class TableAnswer(_Shape):
    """What a table asks and answers."""

    pack: str
    table: str
    version: str
    title: Words
    question: Words
    about: Words | None
    reviewed: Day
    hit: Literal["first", "unique", "collect", "sum"]
    inputs: dict[str, Asked]
    outcomes: dict[str, Asked]
    reasons: list[str]


class Health(_Shape):
    """That the server answers, and with what."""

    status: Literal["ok"]
    version: str
    packs: Words
