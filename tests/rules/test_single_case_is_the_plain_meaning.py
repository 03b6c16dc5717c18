"""The compiled function of a table answers every case as its plain meaning does."""

from collections import Counter
from pathlib import Path

import pytest

import donghaeng
from donghaeng.catalogue.find import shipped_ids
from donghaeng.rules.closure import compiled
from donghaeng.rules.decide import answer, derive, truth
from donghaeng.rules.decision import DecisionTable
from donghaeng.rules.table import Table
from tests.rules.random_tables import random_cases, random_table

SHIPPED = [
    table
    for pack_id in shipped_ids()
    for rules in [donghaeng.load(pack_id).rules]
    if rules
    for table in rules.tables.values()
]


def assert_alike(table: Table, seed: int, number: int) -> Counter[str]:
    public = DecisionTable(table)
    results: Counter[str] = Counter()
    for place, (on, facts) in enumerate(random_cases(seed, table, number)):
        known_on = (None, None, *table.knowledge_days)[place % (2 + len(table.knowledge_days))]
        segment = table.segment(on, known_on)
        plain = answer(segment, on, {name: value for name, value in facts.items() if value is not None})
        fast = public.decide(on, known_on, **facts)
        assert fast.outcome == plain.outcome
        assert (fast.reason, fast.in_force) == (plain.reason, plain.rows)
        assert set(fast.missing) == set(plain.missing)
        known = derive(segment, on, facts)
        truths, derived = compiled(segment).examine(on, *(facts.get(name) for name in table.all_inputs))
        assert truths == tuple(truth(row, known) for row in segment.rows)
        assert derived == tuple(known[name] for name in segment.derived)
        results[fast.result if isinstance(fast.result, str) else "collected"] += 1
    return results


@pytest.mark.parametrize("table", SHIPPED, ids=lambda table: f"{table.pack}/{table.id}")
def test_of_shipped_tables(table: Table) -> None:
    assert assert_alike(table, 1, 100).total() == 100


@pytest.mark.parametrize("seed", range(30))
def test_of_random_tables(tmp_path: Path, seed: int) -> None:
    assert_alike(random_table(seed, tmp_path), seed, 40)


def test_the_random_cases_meet_every_kind_of_answer(tmp_path: Path) -> None:
    met: Counter[str] = Counter()
    for seed in range(8):
        met += assert_alike(random_table(seed, tmp_path / str(seed), "first"), seed, 30)
    assert {"undetermined", "r0", "r1", "r2"} <= met.keys()
