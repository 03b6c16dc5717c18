"""Every shipped table decides many cases at once as it decides them one by one."""

from datetime import date

import pyarrow as pa
import pytest

import donghaeng
from donghaeng.catalogue.find import shipped_ids
from donghaeng.rules.bulk import decide_bulk
from donghaeng.rules.decision import DecisionTable
from donghaeng.rules.table import Table
from donghaeng.rules.types import Type
from tests.rules.random_tables import random_cases

SHIPPED = [
    table
    for pack_id in shipped_ids()
    for rules in [donghaeng.load(pack_id).rules]
    if rules
    for table in rules.tables.values()
]
ARROW = {"boolean": pa.bool_(), "integer": pa.int64(), "money": pa.int64(), "date": pa.date32(), "code": pa.string()}


def arrow_type(kind: Type) -> pa.DataType:
    if kind.kind == "decimal":
        return pa.decimal128(24, kind.places)
    return pa.list_(pa.string()) if kind.kind == "codes" else ARROW[kind.kind]


@pytest.mark.parametrize("table", SHIPPED, ids=lambda table: f"{table.pack}/{table.id}")
def test_with_unknown_facts_on_every_day(table: Table) -> None:
    single = DecisionTable(table)
    turns = [*table.change_days(), date(2026, 11, 23)]
    cases = [
        (turns[number % len(turns)] if number % 2 else on, facts)
        for number, (on, facts) in enumerate(random_cases(7, table, 200, gaps=0.1))
    ]
    columns = {"on": pa.array([on for on, _ in cases], pa.date32())}
    for name, item in table.all_inputs.items():
        values = [facts[name] for _, facts in cases]
        values = [sorted(value) if isinstance(value, frozenset) else value for value in values]
        columns[name] = pa.array(values, arrow_type(item.type))

    found = decide_bulk(table, pa.table(columns), missing=True).to_pylist()

    collects = table.hit == "collect"
    for (on, facts), row in zip(cases, found, strict=True):
        decision = single.decide(on, **facts)
        assert row["reason"] == decision.reason
        assert set(row["missing"] or ()) == set(decision.missing)
        if decision.determined or not collects:
            expected = {name: list(value) if collects else value for name, value in decision.outcome.items()}
            assert {name: row[name] for name in expected} == expected
