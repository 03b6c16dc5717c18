"""Conditions and formulas that a person hardly writes: each is read for what it says, or refused where it stands."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donghaeng.rules.closure import compiled
from donghaeng.rules.language import LONGEST_TEXT, MOST_OPERATIONS, parse_any, parse_condition
from donghaeng.rules.tree import evaluate
from donghaeng.rules.types import Type
from tests.rules.packs import row, simple, table_of

DAY = date(2024, 6, 1)
SCOPE = {
    "age": Type("integer", least=0, most=200),
    "years": Type("integer", least=0, most=200),
    "frail": Type("boolean"),
    "alone": Type("boolean"),
    "payer": Type("code", {"nhi": {"en": "n"}, "other": {"en": "o"}}),
}


def refused(text: str) -> tuple[int, str]:
    """Give where and why a condition is refused."""
    node, problems = parse_condition(text, SCOPE)
    assert node is None
    assert problems[0].expected
    assert problems[0].remedy
    return problems[0].offset, problems[0].what


@pytest.mark.parametrize("word", ["SYMMETRIC", "ASYMMETRIC"])
def test_what_sql_says_beside_a_known_word_is_refused_and_never_left_out(word: str) -> None:
    text = f"age BETWEEN {word} 5 AND 1"
    assert refused(text) == (0, f'"{text}" is outside the language')


@pytest.mark.parametrize(
    ("text", "at", "what"),
    [
        ("frail AND age % 2 = 0", 10, '"age % 2" is outside'),
        ("frail AND payer || 'x' = 'y'", 10, "\"payer || 'x'\" is outside"),
        ("frail AND t.age < 19", 10, '"t.age" is outside'),
        ("frail AND age / 0 > 1", 10, "a division by zero"),
        ("frail AND 5 / 0 > 1", 10, "a division by zero"),
        ("frail AND 19 > payer", 10, "compared with"),
        ("frail AND lower(payer) = 'nhi'", 10, "the function lower is outside"),
    ],
)
def test_what_is_outside_the_language_is_quoted_as_written_and_told_where_it_stands(
    text: str, at: int, what: str
) -> None:
    place, told = refused(text)
    assert place == at
    assert what in told


@pytest.mark.parametrize(
    "text",
    [
        " = ".join(["frail"] * 11),
        "(age < 19) = frail",
        "frail <> (NOT alone)",
        "(age < 19) IN (true)",
        "(age < 19) = (years < 3)",
    ],
)
def test_a_condition_is_compared_with_nothing(text: str) -> None:
    assert refused(text)[1] == "a condition is compared"


@pytest.mark.parametrize(
    ("text", "facts", "holds"),
    [
        ("frail = alone", {"frail": True, "alone": True}, True),
        ("frail <> alone", {"frail": True}, None),
        ("frail = false", {"frail": False}, True),
        ("frail IN (true)", {"frail": False}, False),
        ("NOT NOT NOT frail", {"frail": False}, True),
    ],
)
def test_yes_no_facts_are_compared_with_one_another(text: str, facts: dict[str, object], holds: bool | None) -> None:
    node, problems = parse_condition(text, SCOPE)
    assert not problems
    assert node is not None
    assert evaluate(node, facts) is holds


@pytest.mark.parametrize("joint", [" + ", " - ", " * "])
def test_too_many_operations_are_refused_where_they_become_too_many(joint: str) -> None:
    node, problems = parse_any(joint.join(["age"] * (MOST_OPERATIONS + 2)), SCOPE)
    assert node is None
    assert problems[0].what == f"more than {MOST_OPERATIONS} operations in one text"
    assert problems[0].offset == (MOST_OPERATIONS + 1) * len(f"age{joint}")


def test_negative_constants_are_no_operations() -> None:
    node, problems = parse_condition(f"age IN ({', '.join(['-5'] * 60)})", SCOPE)
    assert not problems
    assert node is not None


def test_a_long_chain_of_conditions_is_read() -> None:
    text = " OR ".join(["frail"] * 221)
    assert len(text) <= LONGEST_TEXT
    node, problems = parse_condition(text, SCOPE)
    assert not problems
    assert node is not None
    assert evaluate(node, {"frail": True}) is True


NUMBERS = "number: {type: integer, least: -9, most: 9, question: {en: q}}"


@pytest.mark.parametrize(
    "formula",
    [
        " + ".join(["number"] * 51),
        " - ".join(["number"] * 51),
        "number" + " + (number" * 19 + ")" * 19,
        " * ".join(["number"] * 12),
    ],
)
def test_the_longest_formulas_are_decided_as_they_are_meant(tmp_path: Path, formula: str) -> None:
    rows = row("a", f"result: yes, count: {formula}", f"{formula} <> 7") + row("b", "result: no")
    table = table_of(tmp_path, simple(NUMBERS, rows, outcomes="count: {type: integer}"))
    for number in (-9, 0, 1, 3):
        meant = eval(formula, {"number": number})
        assert table.decide(DAY, number=number).outcome["count"] == meant
    assert table.decide(DAY).result == "undetermined"


@given(st.lists(st.sampled_from("+-*"), min_size=1, max_size=6), st.data())
def test_brackets_that_are_left_out_change_no_value(operators: list[str], data: st.DataObject) -> None:
    text = str(data.draw(st.integers(0, 9)))
    for operator in operators:
        other = data.draw(st.sampled_from(["number", "3", "(number - 2)", "(2 * number)"]))
        text = f"({text}) {operator} {other}" if data.draw(st.booleans()) else f"{text} {operator} {other}"
    node, problems = parse_any(text, {"number": Type("integer", least=-9, most=9)})
    assert not problems
    assert node is not None
    assert evaluate(node, {"number": 4}) == eval(text, {"number": 4})
    assert eval(printed(node), {"f_number": 4}) == evaluate(node, {"number": 4})


def printed(node: object) -> str:
    """Print a formula as the function of one case has it."""
    from donghaeng.rules.closure import _Printer

    return _Printer(None).plain_value(node)  # type: ignore[arg-type]


def test_a_condition_is_printed_in_proportion_to_its_text(tmp_path: Path) -> None:
    inputs = "frail: {type: boolean, question: {en: q}}\n  alone: {type: boolean, question: {en: q}}"
    condition = "frail = alone"
    for _ in range(15):
        condition = f"NOT ({condition} OR frail <> alone)"
    table = table_of(tmp_path, simple(inputs, row("a", "result: yes", condition) + row("b", "result: no")))
    assert len(compiled(table.table.segment(DAY)).source) < 60 * len(condition)
