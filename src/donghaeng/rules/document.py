"""The content of ``values.yaml``, ``rules/*.yaml`` and ``examples/*.yaml``, as it is written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from donghaeng.dated import Dates
from donghaeng.documents import Day, Model, formed
from donghaeng.wording import Text

NAME = r"^[a-z][a-z0-9_]{0,59}$"
Name = Annotated[str, formed(NAME, "a name in small letters, digits and underscores, such as birth_date")]
Code = Annotated[str, formed(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$", "a code of letters, digits, _ . and -")]
TableId = Annotated[str, formed(r"^[a-z0-9][a-z0-9-]{0,59}$", "small letters, digits and hyphens")]

KindWord = Literal["published", "derived", "second_hand", "inferred", "simulated", "unknown"]

#: Kinds on which no exact amount of money may rest.
WEAK_KINDS: frozenset[str] = frozenset({"second_hand", "inferred", "unknown"})

Scalar = bool | int | float | str
CodeList = Annotated[tuple[str, ...], Field(strict=False)]


class DatedModel(Model):
    """What is in force between days, and known between days.

    Attributes:
        start: (``from``) first day in force; absent for always.
        to: last day in force; absent for no known end.
        announced: first day it was known; absent for the first day in force.
        withdrawn: first day another text had taken its place for all its days.
    """

    start: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None
    announced: Day | None = None
    withdrawn: Day | None = None

    @property
    def dates(self) -> Dates:
        """The two times together."""
        return Dates(self.start, self.to, self.announced, self.withdrawn)


class Citation(Model):
    """Where a rule or value stands.

    Attributes:
        source: id in ``sources.yaml``.
        at: article, clause or page; absent where the source is one page.
        reviewed: day on which the text was last read there.
    """

    source: str
    at: str | None = None
    reviewed: Day | None = None


class Saying(Model):
    """What one source says where sources differ, or where the text is not known.

    Attributes:
        says: the statement by language.
        cite: where it stands.
    """

    says: Text
    cite: Annotated[tuple[Citation, ...], Field(strict=False, min_length=1)]


class DatedValue(DatedModel):
    """One value from a day on.

    Attributes:
        value: the value; absent where it is not known.
        kind: how it is known.
        cite: where it stands.
        statements: what the sources say, where they differ or nothing certain is known.
        note: what a reader should know.
    """

    value: Scalar | CodeList | None = None
    kind: KindWord = "published"
    cite: Annotated[tuple[Citation, ...], Field(strict=False)] = ()
    statements: Annotated[tuple[Saying, ...], Field(strict=False)] = ()
    note: Text | None = None


class TypeModel(Model):
    """A type.

    Attributes:
        type: its name.
        codes: for code and codes, label by code and language.
        codes_of: for code and codes, the dated value or input, declared before, whose list is meant.
        places: for decimal, how many decimal places a value may have.
        least: for numbers, the smallest.
        most: for numbers, the largest.
        unit: unit of a number, by language.
    """

    type: Literal["boolean", "integer", "decimal", "money", "date", "code", "codes"]
    codes: dict[Code, Text] | None = None
    codes_of: Name | None = None
    places: Annotated[int, Field(ge=0, le=6)] = 4
    least: int | float | None = None
    most: int | float | None = None
    unit: Text | None = None


class ValueModel(TypeModel):
    """A dated value.

    Attributes:
        title: what it is, by language.
        dated: the values, one after the other.
    """

    title: Text
    dated: Annotated[tuple[DatedValue, ...], Field(strict=False, min_length=1)]


class Values(Model):
    """The content of ``values.yaml``."""

    values: dict[Name, ValueModel]


class InputModel(TypeModel):
    """A fact that is asked.

    Attributes:
        question: the question, by language.
        help: how to find the answer, by language.
        personal: whether it says something about a person that is kept encrypted: ``health`` or ``social``.
    """

    question: Text
    help: Text | None = None
    personal: Literal["health", "social"] | None = None


class Age(Model):
    """Full years between a day of birth and a day (Korea: Civil Act article 158)."""

    calculate: Literal["age"]
    of: Name
    day: Name = "on"


class DatePart(Model):
    """The year, the month, or the number of days in the month of a day."""

    calculate: Literal["year", "month", "days_in_month"]
    of: Name = "on"


class DaysBetween(Model):
    """Days from one day to another; negative when the second is earlier."""

    calculate: Literal["days_between"]
    start: Annotated[Name, Field(alias="from")]
    to: Name = "on"


class Term(Model):
    """A period of days, months or years; give one of them, as a number or the name of a dated value."""

    days: int | Name | None = None
    months: int | Name | None = None
    years: int | Name | None = None
    after: Name
    first_day: Literal["excluded", "included"] = "excluded"
    holidays: Literal["stay", "move"] = "stay"


class LastDay(Term):
    """The last day of a period after a day (Korea: Civil Act articles 157, 159 to 161)."""

    calculate: Literal["last_day"]


class Within(Term):
    """Whether a day lies in a period after another day."""

    calculate: Literal["within"]
    day: Name = "on"


class Formula(Model):
    """A number or a condition out of other facts."""

    calculate: Literal["formula"]
    formula: Annotated[str | int | float | bool, Field(alias="is")]


class Choice(Model):
    """The least or the greatest of several numbers, or the earliest or latest of several days."""

    calculate: Literal["least", "greatest"]
    of: Annotated[tuple[str | int | float, ...], Field(strict=False, min_length=2)]


class Share(Model):
    """``of`` times ``part`` divided by ``whole``, rounded to a whole number."""

    calculate: Literal["share"]
    of: str | int
    part: str | int
    whole: str | int
    round: Literal["down", "up", "half_up"]


class FromTable(Model):
    """An outcome of another table of the pack; unknown where that table is undetermined."""

    calculate: Literal["table"]
    table: TableId
    outcome: Name = "result"


Derivation = Annotated[
    Age | DatePart | DaysBetween | LastDay | Within | Formula | Choice | Share | FromTable,
    Field(discriminator="calculate"),
]


class OutcomeModel(TypeModel):
    """A field of the answer.

    Attributes:
        title: what it is, by language.
    """

    title: Text | None = None


class Range(Model):
    """An amount that is known only between two limits."""

    least: Annotated[str | int | float, Field(alias="from")]
    most: Annotated[str | int | float, Field(alias="to")]


class RowModel(DatedModel):
    """A row of a table.

    Attributes:
        id: its name, which is the reason code of a decision.
        when: the condition; absent for always.
        then: the answer: a constant, a formula, or a range of amounts, by field.
        kind: how the rule is known. A row of kind ``unknown`` applies to nobody for certain.
        because: the reason by language, as it is told to the person.
        cite: where the rule stands.
        statements: what the sources say, where they differ or nothing certain is known.
        note: what a reader should know.
    """

    id: Code
    when: str | bool | None = None
    then: dict[Name, Scalar | Range | CodeList]
    kind: KindWord = "published"
    because: Text
    cite: Annotated[tuple[Citation, ...], Field(strict=False)] = ()
    statements: Annotated[tuple[Saying, ...], Field(strict=False)] = ()
    note: Text | None = None


class TableModel(Model):
    """The content of a file of ``rules/``.

    Attributes:
        title: what it decides, by language.
        question: the question it answers, by language.
        about: what a reader should know before, by language.
        reviewed: day on which the whole table was last held against its sources.
        hit: which rows count: the first that holds, the only one, all of them, or the sum of their amounts.
        inputs: the facts that are asked.
        derived: facts out of facts, each from those before it.
        outcomes: the fields of the answer; ``result`` is one of them.
        rows: the rules, in order.
    """

    title: Text
    question: Text
    about: Text | None = None
    reviewed: Day
    hit: Literal["first", "unique", "collect", "sum"] = "first"
    inputs: dict[Name, InputModel]
    derived: dict[Name, Derivation] = Field(default_factory=dict)
    outcomes: dict[Name, OutcomeModel]
    rows: Annotated[tuple[RowModel, ...], Field(strict=False, min_length=1)]


class Example(Model):
    """A case with its expected answer.

    Attributes:
        id: its name.
        about: what it shows, by language.
        common: whether it is one of the commonest cases, which a reader sees first.
        on: the day of the decision.
        known_on: the day whose knowledge is used; absent for all.
        facts: the facts of the case; absent ones are unknown.
        outcome: the expected answer; the fields that are named are compared. ``result: undetermined`` is an answer.
        reason: the expected reason code; absent when it does not matter.
        missing: the facts that must be missing; absent when it does not matter.
        cite: where the case stands.
    """

    id: Code
    about: Text | None = None
    common: bool = False
    on: Day
    known_on: Day | None = None
    facts: dict[str, Any] = Field(default_factory=dict)
    outcome: dict[str, Any]
    reason: str | None = None
    missing: Annotated[tuple[str, ...], Field(strict=False)] | None = None
    cite: Annotated[tuple[Citation, ...], Field(strict=False)] = ()


class Examples(Model):
    """The content of a file of ``examples/``.

    Attributes:
        table: id of the table.
        examples: the cases.
    """

    table: TableId
    examples: Annotated[tuple[Example, ...], Field(strict=False, min_length=1)]
