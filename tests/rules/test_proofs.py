"""What `check` proves of a table, and the case it shows."""

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from donghaeng.errors import Faults
from donghaeng.rules.decide import answer
from donghaeng.rules.difference import State, differences
from donghaeng.rules.proofs import check_table, days_of, prove
from donghaeng.rules.search import cases
from donghaeng.rules.table import Table
from tests.rules.packs import VISIT, row, simple, table_of
from tests.rules.random_tables import random_table

NUMBER = "number: {type: integer, question: {en: q}}"
DAY = date(2024, 6, 1)


def told(table: Table) -> list[str]:
    faults = Faults()
    check_table(table, faults)
    return [f"{fault.severity} {fault.code}: {fault.what}" for fault in faults]


def of(folder: Path, rows: str, inputs: str = NUMBER, **more: str) -> Table:
    return table_of(folder, simple(inputs, rows, **more)).table


def test_a_table_that_answers_every_case_is_well(tmp_path: Path) -> None:
    assert told(of(tmp_path, row("a", "result: yes", "number > 5") + row("b", "result: no"))) == []


def test_a_gap_is_shown_by_a_case(tmp_path: Path) -> None:
    found = told(of(tmp_path, row("a", "result: yes", "number > 5") + row("b", "result: no", "number < 5")))
    assert found == ["error gap: no row decides the case number=5 on 2026-01-01"]


def test_a_row_that_an_earlier_one_always_takes_is_dead(tmp_path: Path) -> None:
    rows = row("a", "result: yes", "number > 5") + row("b", "result: maybe", "number > 7") + row("c", "result: no")
    assert told(of(tmp_path, rows)) == ['error dead-row: the row "b" can never apply']


def test_a_condition_that_contradicts_itself_is_dead(tmp_path: Path) -> None:
    rows = row("a", "result: yes", "number > 5 AND number < 5") + row("b", "result: no")
    assert told(of(tmp_path, rows)) == ['error dead-row: the row "a" can never apply']


def test_two_rows_of_a_unique_table_that_meet_are_shown(tmp_path: Path) -> None:
    rows = row("a", "result: yes", "number >= 5") + row("b", "result: no", "number <= 5")
    assert told(of(tmp_path, rows, hit="unique")) == [
        "error overlap: a and b both decide the case number=5 on 2026-01-01"
    ]


def test_days_without_a_row_are_told(tmp_path: Path) -> None:
    rows = row("a", "result: yes", more="from: 2024-01-01, to: 2024-01-31")
    rows += row("b", "result: no", more="from: 2024-03-01")
    assert told(of(tmp_path, rows)) == ["warning no-row: no row is in force from 2024-02-01 to 2024-02-29"]


def test_ages_and_birth_years_are_proved_on_real_days_of_birth(tmp_path: Path) -> None:
    """Somebody of 19 in 2024 was born in 2004 or 2005: the third row can decide nobody."""
    inputs = "born: {type: date, question: {en: q}}"
    derived = "age: {calculate: age, of: born}\n  year: {calculate: year, of: born}"
    rows = row("a", "result: yes", "age <> 19", "from: 2024-06-01, to: 2024-06-30")
    rows += row("b", "result: no", "year IN (2004, 2005)", "from: 2024-06-01, to: 2024-06-30")
    rows += row("c", "result: maybe", more="from: 2024-06-01, to: 2024-06-30")
    assert told(of(tmp_path, rows, inputs, derived=derived)) == ['error dead-row: the row "c" can never apply']


def test_two_facts_that_are_compared_are_tried_in_every_order(tmp_path: Path) -> None:
    inputs = "share: {type: money, least: 0, question: {en: q}}\n  total: {type: money, least: 0, question: {en: q}}"
    rows = row("a", "result: yes", "share < total") + row("b", "result: no", "share > total")
    found = told(of(tmp_path, rows, inputs))
    assert len(found) == 1
    assert found[0].startswith("error gap: no row decides the case share=")


def test_a_gap_only_of_a_rule_of_unknown_text_is_meant(tmp_path: Path) -> None:
    rows = row("a", "result: yes", "number > 5") + row("b", "result: no", "number <= 5", "kind: unknown, note: {en: n}")
    assert told(of(tmp_path, rows)) == []


@pytest.mark.parametrize("seed", range(20))
def test_what_was_proved_holds_in_every_case_tried(tmp_path: Path, seed: int) -> None:
    """Where the search found no gap no case is without a row, and every row met in a case was found to be reached."""
    table = random_table(seed, tmp_path, "first")
    for segment in table.segments()[:2]:
        on = days_of(segment)[0]
        proof = prove(segment, on)
        for facts in cases(segment, on, 300):
            found = answer(segment, on, facts)
            if proof.gap is None and proof.complete:
                assert found.reason != "no_rule"
            if found.outcome["result"] != "undetermined" and proof.complete:
                assert found.reason in proof.reached


def test_a_change_between_two_days_is_shown_by_a_case_that_changes(tmp_path: Path) -> None:
    rows = row("child", "result: yes", "number < 7", "to: 2024-12-31")
    rows += row("pupil", "result: yes", "number < 9", "from: 2025-01-01") + row("rest", "result: no")
    table = of(tmp_path, rows)
    found = differences(State(table, date(2024, 12, 31)), State(table, date(2025, 1, 1)))
    kinds = [(one.before.outcome["result"], one.after.outcome["result"]) for one in found.found]
    assert (found.rows_added, found.rows_removed, found.complete) == (("pupil",), ("child",), True)
    changed = [one for one in found.found if one.before.outcome != one.after.outcome]
    assert ("no", "yes") in kinds
    assert {dict(one.facts)["number"] for one in changed} <= {7, 8}


def test_nothing_changes_between_days_with_the_same_rules_though_people_grow_older(tmp_path: Path) -> None:
    table = table_of(tmp_path, VISIT).table
    assert differences(State(table, DAY), State(table, date(2025, 6, 1))).found == ()


@pytest.mark.parametrize("seed", range(10))
def test_where_no_difference_was_found_no_case_differs(tmp_path: Path, seed: int) -> None:
    table = random_table(seed, tmp_path, "first")
    days = table.change_days()
    for first, second in list(pairwise(days))[:3]:
        found = differences(State(table, first), State(table, second))
        before, after = table.segment(first), table.segment(second)
        differ = [
            facts
            for facts in cases(after, second, 200)
            if answer(before, second, facts) != answer(after, second, facts)
        ]
        differ = [
            facts for facts in differ if answer(before, second, facts).outcome != answer(after, second, facts).outcome
        ]
        if found.complete and not found.found:
            assert differ == []
