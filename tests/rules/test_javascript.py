"""The rules in a browser decide what they decide in Python."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

import donghaeng
from donghaeng.catalogue.find import shipped_folder, shipped_ids
from donghaeng.civil_calendar.javascript import calendar_script
from donghaeng.rules.decide import answer
from donghaeng.rules.decision import DecisionTable
from donghaeng.rules.javascript import runtime_script, table_script
from donghaeng.rules.partition import samples
from donghaeng.rules.table import Table
from donghaeng.rules.tree import Constant, Name, OneOf
from donghaeng.rules.types import LAST_DAY, Type, as_json
from tests.rules.packs import HEAD, table_of
from tests.rules.random_tables import random_cases, random_fact, random_table

pytestmark = pytest.mark.browser

Case = tuple[date, dict[str, Any], date | None]

CASES = 10_000
#: Cases whose missing inputs are compared in their order too, which takes Python long; of others the set is compared.
ONE_IN = 10

DECIDE_ALL = """
([id, cases]) => cases.map(([on, facts, knownOn]) => {
  try {
    return donghaengRules[id].decide(on, facts, knownOn);
  } catch (error) {
    return error.name + ": " + error.message;
  }
})
"""


@lru_cache
def shipped_tables() -> dict[str, Table]:
    """Every shipped table by pack and id."""
    packs = [pack_id for pack_id in shipped_ids() if (shipped_folder() / pack_id / "rules").is_dir()]
    tables = [table for pack_id in packs for table in donghaeng.load(pack_id).rules.tables.values()]
    return {f"{table.pack}/{table.id}": table for table in tables}


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(timezone_id="America/Sao_Paulo")  # a day must not depend on the reader's clock
    page = context.new_page()
    page.goto("data:text/html,<!doctype html><title>rules</title>")
    page.add_script_tag(content=calendar_script())
    page.add_script_tag(content=runtime_script())
    for table in shipped_tables().values():
        page.add_script_tag(content=table_script(table))
    yield page
    context.close()


def in_javascript(page: Any, table: Table, cases: Sequence[Case]) -> list[Any]:
    sent = [
        [
            on.isoformat(),
            {name: as_json(value) for name, value in facts.items()},
            known_on and known_on.isoformat(),
        ]
        for on, facts, known_on in cases
    ]
    answers: list[Any] = page.evaluate(DECIDE_ALL, [f"{table.pack}/{table.id}", sent])
    return answers


def in_python(table: DecisionTable, case: Case, ordered: bool) -> dict[str, Any]:
    on, facts, known_on = case
    decision = table.decide(on, known_on, **facts)
    outcome = {
        name: [as_json(one) for one in value] if isinstance(value, tuple) else as_json(value)
        for name, value in decision.outcome.items()
    }
    missing: Any = list(decision.missing) if ordered else None
    if not ordered:
        missing = set(answer(table.table.segment(on, known_on), on, facts).missing)
    return {"outcome": outcome, "reason": decision.reason, "rows": list(decision.rows), "missing": missing}


def differences(page: Any, table: Table, cases: Sequence[Case], one_in: int = 1) -> list[Any]:
    """The cases, the first few of them, that are answered otherwise."""
    decisions = DecisionTable(table)
    found = []
    for number, (case, given) in enumerate(zip(cases, in_javascript(page, table, cases), strict=True)):
        ordered = number % one_in == 0
        expected = in_python(decisions, case, ordered)
        if isinstance(given, dict) and not ordered:
            given = {**given, "missing": set(given["missing"])}
        if given != expected:
            found.append((f"{table.pack}/{table.id}", case, given, expected))
    return found[:3]


def cases_of(seed: int, table: Table, number: int) -> list[Case]:
    """Cases near what the rules compare, with gaps from none to all, on days on which something changes."""
    chance = random.Random(seed)
    near_by_day: dict[tuple[date, date | None], dict[str, tuple[Any, ...]]] = {}
    days = [*table.change_days(), *table.knowledge_days, date(2026, 11, 23)]
    known = [day + timedelta(days=step) for day in table.knowledge_days for step in (-1, 0)]
    found: list[Case] = []
    for _ in range(number):
        on = chance.choice(days) + timedelta(days=chance.choice([-400, -1, 0, 0, 1, 30, 365]))
        known_on = chance.choice(known) if chance.random() < 0.3 and known else None
        near = near_by_day.get((on, known_on)) or samples(table.segment(on, known_on), on)
        near_by_day[on, known_on] = near
        gaps = chance.choice([0, 0, 0.05, 0.2, 0.6])
        facts = {
            name: chance.choice(near[name]) if chance.random() < 0.7 else random_fact(chance, item.type)
            for name, item in table.all_inputs.items()
            if chance.random() >= gaps
        }
        found.append((on, facts, known_on))
    return found


def test_ten_thousand_random_cases_of_the_shipped_tables_are_decided_as_in_python(page: Any) -> None:
    tables = shipped_tables().values()
    each = -(-CASES // len(tables))
    assert [one for table in tables for one in differences(page, table, cases_of(7, table, each), ONE_IN)] == []


@pytest.mark.parametrize("hit", ["first", "unique", "collect", "sum"])
def test_random_tables_are_decided_as_in_python(hit: str, page: Any, tmp_path: Path) -> None:
    wrong = []
    for seed in range(20):
        table = replace(random_table(seed, tmp_path, hit), pack=f"test/{hit}-{seed}")
        page.add_script_tag(content=table_script(table))
        chance = random.Random(seed)
        known = [None, None, *table.knowledge_days, date(2024, 5, 19)]
        cases = [(on, facts, chance.choice(known)) for on, facts in random_cases(seed, table, 60)]
        wrong += differences(page, table, cases, one_in=3)
    assert wrong[:3] == []


def test_every_example_of_the_shipped_packs_is_answered_and_asked_in_the_same_order(page: Any) -> None:
    wrong = []
    for pack_id in shipped_ids():
        if not (shipped_folder() / pack_id / "rules").is_dir():
            continue
        rules = donghaeng.load(pack_id).rules
        for table in rules.tables.values():
            decisions = DecisionTable(table)
            examples = [one.example for one in rules.examples if one.table == table.id]
            assert examples
            cases = [(one.on, decisions.facts_from_json(one.facts), one.known_on) for one in examples]
            wrong += differences(page, table, cases)
    assert wrong[:3] == []


def test_what_is_asked_first_does_not_follow_the_table_alone(page: Any) -> None:
    """The comparison of orders would show nothing if every order were that of the table."""
    table = shipped_tables()["kr/nhi-id-check/identity"]
    (given,) = in_javascript(page, table, [(date(2025, 8, 1), {}, None)])
    assert set(given["missing"]) <= set(table.all_inputs)
    assert given["missing"] != [name for name in table.all_inputs if name in given["missing"]]


LIMIT = (
    HEAD
    + """
inputs:
  age: {type: integer, least: 0, most: 120, question: {en: q}}
  resident: {type: boolean, question: {en: q}}
outcomes:
  result: {type: code, codes: {found: {en: f}}}
  limit: {type: money}
rows:
  - {id: young, when: age < 19, then: {result: found, limit: 100}, because: {en: b}}
  - {id: resident, when: resident, then: {result: found, limit: 200}, because: {en: b}}
"""
)
BILL = (
    HEAD
    + """
inputs:
  birth_date: {type: date, question: {en: q}, personal: social}
  resident: {type: boolean, question: {en: q}, personal: social}
  charge: {type: money, least: 0, question: {en: q}}
derived:
  age: {calculate: age, of: birth_date}
  limit: {calculate: table, table: limit, outcome: limit}
  rest: {calculate: formula, is: "charge - free * 2"}
outcomes:
  result: {type: code, codes: {pays: {en: p}, free_of_charge: {en: f}}}
rows:
  - {id: above, when: charge > limit AND rest > 50, then: {result: pays}, because: {en: b}}
  - {id: below, when: charge <= limit OR rest <= 50, then: {result: free_of_charge}, because: {en: b}}
"""
)
BILL_VALUES = """
values:
  free: {type: money, title: {en: t}, dated: [{value: 5, kind: inferred}, {from: 2025-01-01, value: 7, kind: inferred}]}
"""


def test_a_table_that_looks_another_up_misses_what_lies_behind_its_own_facts(page: Any, tmp_path: Path) -> None:
    table = replace(table_of(tmp_path, BILL, BILL_VALUES, limit=LIMIT).table, pack="test/bill")
    page.add_script_tag(content=table_script(table))
    (given,) = in_javascript(page, table, [(date(2026, 1, 1), {"charge": 150}, None)])
    assert set(given["missing"]) == {"birth_date", "resident"}  # the other table asks for the age
    assert differences(page, table, cases_of(3, table, 600)) == []


ASKING = (
    HEAD
    + """
inputs:
  count: {type: integer, least: 0, most: 100, question: {en: q}}
  pieces: {type: integer, least: 0, most: 100, question: {en: q}, personal: social}
  rate: {type: decimal, places: 2, least: 0, most: 100, question: {en: q}}
  born: {type: date, question: {en: q}}
  start: {type: date, question: {en: q}}
  ended: {type: date, question: {en: q}}
  late: {type: boolean, question: {en: q}, personal: health}
derived:
  age: {calculate: age, of: born}
  month: {calculate: month, of: start}
  spell: {calculate: days_between, from: start, to: ended}
  last: {calculate: last_day, days: 20, after: start, holidays: move}
  inside: {calculate: within, months: 2, after: start, day: ended}
outcomes:
  result: {type: code, codes: {a: {en: a}, b: {en: b}, c: {en: c}}}
rows:
  - {id: r1, when: 3 * count - pieces > 17 AND NOT late, then: {result: a}, because: {en: b}}
  - {id: r2, when: rate * 2 + count <= 9 OR count - rate * 2 > 40, then: {result: b}, because: {en: b}}
  - {id: r3, when: age < 19 AND inside, then: {result: a}, because: {en: b}}
  - {id: r4, when: spell > 30 AND last < '2027-12-20' AND late, then: {result: c}, because: {en: b}}
  - {id: r5, when: month > 6 AND inside, then: {result: b}, because: {en: b}}
  - {id: r6, when: count < pieces OR start <= ended, then: {result: c}, because: {en: b}}
  - {id: r7, then: {result: a}, because: {en: b}}
"""
)


def test_numbers_and_days_are_asked_in_the_same_order(page: Any, tmp_path: Path) -> None:
    """With two or three facts unknown the order hangs on every value that is tried."""
    table = replace(table_of(tmp_path, ASKING).table, pack="test/asking")
    page.add_script_tag(content=table_script(table))
    chance = random.Random(11)

    def fact(name: str, kind: Type) -> Any:
        if kind.kind in {"integer", "decimal"}:
            return chance.randrange(0, 60) if chance.random() < 0.8 else 0
        if name == "born":
            return date(chance.randrange(2000, 2012), chance.randrange(1, 13), 2)
        return (
            random_fact(chance, kind) if kind.kind == "boolean" else date(2027, 11, 1) + timedelta(chance.randrange(90))
        )

    cases: list[Case] = []
    for _ in range(150):
        unknown = chance.sample(list(table.inputs), chance.randrange(2, 6))
        facts = {name: fact(name, item.type) for name, item in table.inputs.items() if name not in unknown}
        cases.append((date(2027, 12, 1), facts, None))
    assert differences(page, table, cases) == []
    orders = {tuple(given["missing"]) for given in in_javascript(page, table, cases)}
    assert len(orders) > 40


# --- Numbers

NUMBERS = (
    HEAD
    + """
inputs:
  one: {type: decimal, places: 6, question: {en: q}}
  other: {type: decimal, places: 6, question: {en: q}}
  count: {type: integer, question: {en: q}}
  part: {type: integer, question: {en: q}}
  whole: {type: integer, question: {en: q}}
derived:
  total: {calculate: formula, is: "one + other"}
  twice: {calculate: formula, is: "count + count - part"}
  down: {calculate: share, of: count, part: part, whole: whole, round: down}
  up: {calculate: share, of: count, part: part, whole: whole, round: up}
  half: {calculate: share, of: count, part: part, whole: whole, round: half_up}
  least_one: {calculate: least, of: [one, other, count]}
outcomes:
  result: {type: code, codes: {three_tenths: {en: t}, something_else: {en: o}}}
  total: {type: decimal, places: 6}
  twice: {type: integer}
  down: {type: integer}
  up: {type: integer}
  half: {type: integer}
  least_one: {type: decimal, places: 6}
rows:
  - id: exact
    when: total = 0.3
    then: {result: three_tenths, total: total, twice: twice, down: down, up: up, half: half, least_one: least_one}
    because: {en: b}
  - id: other
    then: {result: something_else, total: total, twice: twice, down: down, up: up, half: half, least_one: least_one}
    because: {en: b}
"""
)


@pytest.fixture(scope="module")
def numbers(page: Any, tmp_path_factory: pytest.TempPathFactory) -> DecisionTable:
    table = table_of(tmp_path_factory.mktemp("numbers"), NUMBERS)
    page.add_script_tag(content=table_script(table.table))
    return table


def test_a_tenth_and_two_tenths_are_three_tenths(page: Any, numbers: DecisionTable) -> None:
    facts = {"one": 0.1, "other": 0.2, "count": 7, "part": 1, "whole": 2}
    (given,) = in_javascript(page, numbers.table, [(date(2026, 1, 1), facts, None)])
    wanted = {"total": 0.3, "twice": 13, "down": 3, "up": 4, "half": 4, "least_one": 0.1}
    assert given["outcome"] == {"result": "three_tenths"} | wanted


def test_numbers_of_every_size_are_computed_as_in_python(page: Any, numbers: DecisionTable) -> None:
    chance = random.Random(1)

    def number(kind: str) -> Any:
        size = 10 ** chance.randrange(0, 16)
        whole = chance.choice([0, 1, -1, size, -size, chance.randint(-size, size)])
        return whole if kind == "integer" else Decimal(whole).scaleb(-chance.randrange(0, 7))

    cases: list[Case] = [
        (date(2026, 1, 1), {name: number(item.type.kind) for name, item in numbers.table.inputs.items()}, None)
        for _ in range(1_000)
    ]
    answers = page.evaluate(
        DECIDE_ALL, ["test/pack/table", [[str(on), in_texts(facts), None] for on, facts, _ in cases]]
    )
    for (on, facts, _), given in zip(cases, answers, strict=True):
        expected = numbers.decide(on, **facts)
        outcome = {name: as_json(value) for name, value in expected.outcome.items()}
        # Both are the nearest number with a fraction in base two.
        wanted = {name: float(value) if type(value) is int else value for name, value in outcome.items()}
        got = {name: float(value) if type(value) is int else value for name, value in given["outcome"].items()}
        assert (got, given["reason"]) == (wanted, expected.reason), facts


def test_sums_beyond_two_to_the_53_are_told_apart(page: Any, tmp_path: Path) -> None:
    read = table_of(
        tmp_path, NUMBERS.replace("when: total = 0.3", "when: count * 10 + part = count * 10 + whole")
    ).table
    table = replace(read, pack="test/large")
    page.add_script_tag(content=table_script(table))
    on, facts = date(2026, 1, 1), {"one": 0, "other": 0, "count": 10**15 - 1, "part": 1}
    given = in_javascript(page, table, [(on, facts | {"whole": whole}, None) for whole in (1, 2)])
    assert [one["reason"] for one in given] == ["exact", "other"]


def in_texts(facts: dict[str, Any]) -> dict[str, Any]:
    """Decimals as texts, as a form sends them."""
    return {name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in facts.items()}


# --- Days

TERM = (
    HEAD
    + """
inputs:
  start: {type: date, question: {en: q}}
  day: {type: date, question: {en: q}}
derived:
  last: {calculate: last_day, days: 14, after: start, holidays: move}
  inside: {calculate: within, months: 1, after: start, day: day, holidays: move}
outcomes:
  result: {type: code, codes: {in_time: {en: i}, too_late: {en: o}}}
  last: {type: date}
rows:
  - {id: inside, when: inside, then: {result: in_time, last: last}, because: {en: b}}
  - {id: outside, when: NOT inside, then: {result: too_late, last: last}, because: {en: b}}
"""
)


@pytest.mark.parametrize("jurisdiction", ["KR-11", "US-CA", "CN", "AE", "none", "XX"])
def test_a_period_that_ends_on_a_holiday_moves_as_in_python(jurisdiction: str, page: Any, tmp_path: Path) -> None:
    read = table_of(tmp_path, TERM).table
    table = replace(read, jurisdiction=jurisdiction, pack=f"test/{jurisdiction}")
    page.add_script_tag(content=table_script(table))
    chance = random.Random(jurisdiction)

    def day() -> date:
        first = date(1900, 1, 1) if chance.random() < 0.2 else date(2020, 1, 1)
        last = date(2100, 12, 31) if chance.random() < 0.2 else date(2027, 12, 31)
        return first + timedelta(days=chance.randrange((last - first).days))

    starts = [day() for _ in range(400)]
    cases: list[Case] = [
        (
            date(2026, 1, 1),
            {"start": start, "day": min(start + timedelta(days=chance.randrange(25, 40)), LAST_DAY)},
            None,
        )
        for start in starts
    ]
    assert differences(page, table, cases) == []
    assert len(table_script(table)) < 20_000


def test_a_period_that_ends_after_the_last_day_of_the_calendar_is_unknown(page: Any, tmp_path: Path) -> None:
    table = replace(table_of(tmp_path, TERM.replace("holidays: move", "holidays: stay")).table, pack="test/last")
    page.add_script_tag(content=table_script(table))
    cases: list[Case] = [
        (date(2026, 1, 1), {"start": LAST_DAY - timedelta(days=days), "day": LAST_DAY}, None) for days in range(10, 40)
    ]
    assert differences(page, table, cases) == []
    assert {given["reason"] for given in in_javascript(page, table, cases)} == {"inside", "unknown_value", "outside"}


def test_a_day_whose_holidays_nobody_knows_yet_is_unknown(page: Any, tmp_path: Path) -> None:
    table = replace(table_of(tmp_path, TERM).table, pack="test/holidays")
    page.add_script_tag(content=table_script(table))
    facts = {"start": date(2025, 9, 19), "day": date(2025, 10, 13)}
    beyond = {"start": date(2027, 12, 20), "day": date(2027, 12, 31)}
    cases = [(date(2026, 1, 1), facts, None), (date(2026, 1, 1), beyond, None)]
    known, unknown = in_javascript(page, table, cases)
    assert known["outcome"] == {
        "result": "in_time",
        "last": "2025-10-10",
    }  # Friday 3 October is a holiday; Chuseok follows
    assert (unknown["outcome"]["result"], unknown["reason"]) == ("undetermined", "unknown_value")


# --- What is given

EDGES = (
    HEAD
    + """
inputs:
  flag: {type: boolean, question: {en: q}}
  count: {type: integer, least: 0, most: 10, question: {en: q}}
  rate: {type: decimal, places: 2, question: {en: q}}
  day: {type: date, question: {en: q}}
  word: {type: code, codes: {a: {en: A}, b: {en: B}}, question: {en: q}}
  tags: {type: codes, codes: {a: {en: A}, b: {en: B}}, question: {en: q}}
  constructor: {type: boolean, question: {en: q}}
outcomes:
  result: {type: code, codes: {x: {en: X}}}
rows:
  - id: row
    when: >-
      flag AND count = 1 AND rate = 0.5 AND day = '2024-02-29' AND word = 'a' AND 'b' IN tags AND constructor
    then: {result: x}
    because: {en: b}
"""
)
WELL = {
    "flag": True,
    "count": 1,
    "rate": 0.5,
    "day": "2024-02-29",
    "word": "a",
    "tags": ["b", "b"],
    "constructor": True,
}


@pytest.fixture(scope="module")
def edges(page: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    table = replace(table_of(tmp_path_factory.mktemp("edges"), EDGES).table, pack="test/edges")
    page.add_script_tag(content=table_script(table))
    return "test/edges/table"


def decided(page: Any, table: str, facts: Any, on: Any = "2026-01-01", known_on: Any = None) -> Any:
    return page.evaluate(DECIDE_ALL, [table, [[on, facts, known_on]]])[0]


@pytest.mark.parametrize("rate", [0.5, "0.5", ".5", "+0.50", "0.5000"])
def test_facts_are_taken_as_the_form_gives_them(rate: Any, page: Any, edges: str) -> None:
    assert decided(page, edges, WELL | {"rate": rate})["reason"] == "row"


@pytest.mark.parametrize("name", WELL)
def test_null_and_absent_are_unknown(name: str, page: Any, edges: str) -> None:
    absent = {key: value for key, value in WELL.items() if key != name}
    for facts in (absent, WELL | {name: None}):
        given = decided(page, edges, facts)
        assert (given["outcome"]["result"], given["missing"]) == ("undetermined", [name])


@pytest.mark.parametrize(
    ("name", "values", "error"),
    [
        ("flag", [1, 0, "true", "", [], {}], "TypeError"),
        ("count", ["1", 1.5, True, [1], {}], "TypeError"),
        ("count", [-1, 11, 10**15], "RangeError"),
        ("rate", [True, [], {}], "TypeError"),
        (
            "rate",
            ["", " 1", "1\n", "1e2", "0x10", "1,5", ".", "-", 0.123, "0.123", 1e21, 1e-7, "9" * 19, 10**15 + 1],
            "RangeError",
        ),
        ("day", [20240229, True, ["2024-02-29"]], "TypeError"),
        ("day", ["2023-02-29", "2024-2-29", "1899-12-31", "2101-01-01", "2024-02-29\n", ""], "RangeError"),
        ("word", [1, True, ["a"], {}], "TypeError"),
        ("word", ["c", "A", "", "constructor", "__proto__"], "RangeError"),
        ("tags", ["a", "", True, {"a": True}, [1], [["a"]]], "TypeError"),
        ("tags", [["c"], ["a", "c"]], "RangeError"),
        ("constructor", ["true", 1], "TypeError"),
    ],
)
def test_a_fact_of_another_type_is_refused_and_not_repeated(
    name: str, values: list[Any], error: str, page: Any, edges: str
) -> None:
    for value in values:
        told = decided(page, edges, WELL | {name: value})
        assert str(told).startswith(f"{error}: {name}: "), (value, told)
        assert "2023" not in told


@pytest.mark.parametrize("facts", [{"900101-1234567": True}, {"toString": True}, [], "facts", 1, None])
def test_a_name_that_is_no_input_is_refused_and_not_repeated(facts: Any, page: Any, edges: str) -> None:
    told = decided(page, edges, facts)
    assert told.startswith("TypeError: facts: ")
    assert "1234567" not in told


@pytest.mark.parametrize(("on", "known_on"), [("2023-02-29", None), (None, None), (5, None), ("2026-01-01", "now")])
def test_a_day_that_is_none_is_refused(on: Any, known_on: Any, page: Any, edges: str) -> None:
    assert decided(page, edges, WELL, on, known_on).split(":")[0] in {"RangeError", "TypeError"}


def test_the_facts_that_are_given_stay_as_they_are(page: Any, edges: str) -> None:
    frozen = "(facts) => { const before = JSON.stringify(facts); Object.freeze(facts);"
    run = f"{frozen} donghaengRules['{edges}'].decide('2026-01-01', facts); return JSON.stringify(facts) === before; }}"
    assert page.evaluate(run, WELL)


# --- The script itself

HOSTILE = [
    "</script><script>window.broken = true</script>",
    '"); window.broken = true; ("',
    '\\"; window.broken = true; //',
    "'; window.broken = true; '",
    "\u2028window.broken = true;\u2029",
    "*/ window.broken = true; /*",
    "${window.broken = true}",
    "`; window.broken = true; `",
    "<!--<script>",
    "__proto__",
    "\x00\U0001f600\n\r",
]


def hostile_table(folder: Path, words: str) -> Table:
    """A table whose every text, code and id is hostile, past what reading would refuse."""
    read = table_of(folder, EDGES).table
    code = Type("code", {words: {"en": words}})
    text = {"en": words}
    row = replace(
        read.rows[0],
        id=words,
        condition=OneOf(Name("word", code), (Constant(words, code),)),
        then={"result": Constant(words, code)},
        because=text,
        note=text,
        when=words,
    )
    return replace(
        read,
        id=words,
        title=text,
        question=text,
        about=text,
        version=words,
        label=words,
        inputs={"word": replace(read.inputs["word"], type=code, question=text, help=text, unit=text)},
        outcomes={"result": replace(read.outcomes["result"], type=code, title=text)},
        rows=(row,),
    )


@pytest.mark.parametrize("words", HOSTILE)
def test_no_text_of_a_pack_breaks_out_of_the_script(words: str, browser: Any, tmp_path: Path) -> None:
    table = hostile_table(tmp_path, words)
    script = table_script(table)
    assert script.isascii()
    assert "<" not in script
    scripts = [calendar_script(), runtime_script(), script]
    policy = "default-src 'none'; script-src 'nonce-a'"  # no eval, and no script that broke out of another
    html = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    html += "".join(f'<script nonce="a">{one}</script>' for one in scripts)
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_content(f"<!doctype html><title>rules</title>{html}")
    assert page.evaluate("Object.keys(donghaengRules)") == [f"test/pack/{words}"]
    given = decided(page, f"test/pack/{words}", {"word": words})
    broken = page.evaluate("[window.broken, document.scripts.length]")
    page.close()
    assert (given["outcome"], given["reason"], given["rows"]) == ({"result": words}, words, [words])
    assert (broken, complaints) == ([None, len(scripts)], [])


@pytest.mark.parametrize("words", HOSTILE)
def test_names_of_facts_are_no_code_either(words: str, page: Any, tmp_path: Path) -> None:
    """Reading admits no such names; printing does not lean on that."""
    read = hostile_table(tmp_path, "plain")
    kind = read.inputs["word"].type
    table = replace(
        read,
        id="named",
        inputs={words: replace(read.inputs["word"], name=words)},
        rows=(replace(read.rows[0], condition=OneOf(Name(words, kind), (Constant("plain", kind),))),),
    )
    page.add_script_tag(content=table_script(table))
    assert page.evaluate("donghaengRules['test/pack/named'].inputs") == [words]
    facts = f"JSON.parse({json.dumps(json.dumps({words: 'plain'}))})"
    assert page.evaluate(f"donghaengRules['test/pack/named'].decide('2026-01-01', {facts}).reason") == "plain"
    assert page.evaluate("window.broken") is None


def test_scripts_are_small_and_the_same_each_time() -> None:
    again = {name: table_script(replace(table)) for name, table in shipped_tables().items()}
    assert again == {name: table_script(table) for name, table in shipped_tables().items()}
    assert max(len(script) for script in again.values()) < 60_000
    assert len(runtime_script().encode()) < 30_000


def test_texts_for_people_are_left_to_the_document(page: Any) -> None:
    assert all(script.isascii() for script in map(table_script, shipped_tables().values()))


def test_the_registered_object_is_what_the_form_expects(page: Any) -> None:
    for name, table in shipped_tables().items():
        assert page.evaluate("(id) => donghaengRules[id].inputs", name) == list(table.all_inputs)
        assert page.evaluate("(id) => Object.isFrozen(donghaengRules[id])", name)
