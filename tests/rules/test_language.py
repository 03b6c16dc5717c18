"""The language of conditions: what it takes, and what it refuses with a reason."""

from datetime import date

import pytest

from donghaeng.rules.language import parse_condition
from donghaeng.rules.tree import evaluate, names
from donghaeng.rules.types import Type

CODES = Type("code", {"nhi": {"en": "n"}, "other": {"en": "o"}})
SCOPE = {
    "age": Type("integer"),
    "ratio": Type("decimal"),
    "charge": Type("money"),
    "born": Type("date"),
    "frail": Type("boolean"),
    "payer": CODES,
    "status": Type("codes", {"severe": {"en": "s"}, "care": {"en": "c"}}),
}


@pytest.mark.parametrize(
    ("text", "facts", "holds"),
    [
        ("age < 19", {"age": 18}, True),
        ("age < 19", {}, None),
        ("NOT age < 19", {}, None),
        ("age < 19 AND frail", {"age": 20}, False),
        ("age < 19 OR frail", {"frail": True}, True),
        ("age BETWEEN 13 AND 18", {"age": 18}, True),
        ("age NOT BETWEEN 13 AND 18", {"age": 18}, False),
        ("payer IN ('nhi')", {"payer": "other"}, False),
        ("payer NOT IN ('nhi', 'other')", {}, None),
        ("payer <> 'nhi'", {"payer": "other"}, True),
        ("payer != 'nhi'", {"payer": "nhi"}, False),
        ("'severe' IN status", {"status": frozenset({"care"})}, False),
        ("'severe' NOT IN status", {"status": frozenset()}, True),
        ("born >= '2006-01-01'", {"born": date(2006, 1, 1)}, True),
        ("born = DATE '2006-01-01'", {"born": date(2006, 1, 2)}, False),
        ("frail = true", {"frail": False}, False),
        ("charge - 2 * age >= -5", {"charge": 0, "age": 2}, True),
        ("ratio <= 1.00", {"ratio": 1}, True),
        ("age < 19 AND (frail OR charge > 3)", {"age": 1, "frail": False, "charge": 4}, True),
    ],
)
def test_a_condition_is_three_valued(text: str, facts: dict[str, object], holds: bool | None) -> None:
    node, problems = parse_condition(text, SCOPE)
    assert not problems
    assert node is not None
    assert evaluate(node, facts) is holds


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("age IS NULL", "IS is outside the language"),
        ("coalesce(age, 0) < 19", "function"),
        ("lower(payer) = 'nhi'", "function"),
        ("age < (SELECT 1)", "a query is outside"),
        ("payer IN (SELECT 'nhi')", "outside the language"),
        ("age < 19 -- young", "a comment is outside"),
        ("/* young */ age < 19", "a comment is outside"),
        ("CASE WHEN frail THEN true END", "CASE is outside"),
        ("age / 0 > 1", "a division by zero is outside"),
        ("age / 2 > 1", "a division is outside"),
        ("age < 19; DROP TABLE x", "outside the language"),
        ("CAST(age AS TEXT) = 'x'", "a conversion is outside"),
        ("t.age < 19", "outside the language"),
        ('"age" < 19', "outside the language"),
        ("age || 'x' = 'y'", "outside the language"),
        ("payer LIKE 'n%'", "outside the language"),
        ("agee < 19", 'unknown name "agee"'),
        ("payer = 'nhs'", 'unknown code "nhs"'),
        ("'sever' IN status", 'unknown code "sever"'),
        ("age = '19'", "a text in quotes"),
        ("payer = 1", "compared with"),
        ("born > 2006", "compared with"),
        ("payer > 'nhi'", "has no order"),
        ("age AND frail", "yes or no"),
        ("charge", "a condition is yes or no"),
        ("charge * charge > 1", "money is multiplied by money"),
        ("born + 1 > '2006-01-01'", "in a calculation"),
        ("status = 'severe'", "a set is compared"),
        ("", "empty"),
        ("age <", "not readable"),
        ("(" * 21 + "frail" + ")" * 21, "more than 20 brackets"),
        ("NOT " * 400 + "frail", ""),
        (" OR ".join(["frail"] * 400), "longer than"),
    ],
)
def test_what_is_not_in_the_language_is_refused_with_a_reason(text: str, what: str) -> None:
    node, problems = parse_condition(text, SCOPE)
    if not what:  # deep, but a person could mean it: it is read or refused, never a crash
        assert (node is None) == bool(problems)
        return
    assert node is None
    assert problems
    assert what in " ".join(problem.what for problem in problems)
    assert all(problem.expected for problem in problems)


def test_a_mistyped_name_gets_the_nearest_and_its_place() -> None:
    _, problems = parse_condition("frail AND agee < 19", SCOPE)
    assert (problems[0].offset, problems[0].remedy) == (10, 'did you mean "age"?')


def test_every_problem_of_a_condition_is_told() -> None:
    _, problems = parse_condition("agee < 19 AND payer = 'nhs' AND born > 3", SCOPE)
    assert len(problems) == 3


def test_a_condition_knows_what_it_reads() -> None:
    node, _ = parse_condition("age < 19 OR (frail AND age > 3)", SCOPE)
    assert node is not None
    assert names(node) == ("age", "frail")
