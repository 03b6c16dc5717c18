"""For random cases of every shipped table the API answers what Python answers, one by one and in a batch."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from donghaeng.rules.decide import answer
from donghaeng.rules.types import as_json
from tests.api.calling import call
from tests.api.conftest import shipped_packs
from tests.rules.random_tables import random_cases

CASES = 12
TABLES = [f"{pack.id}/{name}" for pack in shipped_packs() for name in (pack.rules.tables if pack.rules else ())]


def written(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: float(value) if isinstance(value, Decimal) else as_json(value) for name, value in facts.items()}


@pytest.mark.parametrize("name", TABLES)
def test_random_cases(everything: Any, name: str) -> None:
    pack_id, _, table_id = name.rpartition("/")
    table = next(pack for pack in shipped_packs() if pack.id == pack_id).table(table_id)
    known_on = date(2024, 6, 30)
    # Most of the cases have no gaps: putting twenty missing facts in the order of asking takes a twentieth of a second.
    cases = [*random_cases(5, table.table, CASES, gaps=0.05), *random_cases(6, table.table, 2, gaps=0.5)]
    expected = []
    for number, (on, facts) in enumerate(cases):
        known = known_on if number % 3 == 0 else None
        decision = table.decide(on=on, known_on=known, **facts)
        body = {"on": on.isoformat(), "known_on": known and known.isoformat(), "facts": written(facts)}
        if number % 4 == 0:
            explained = call(everything, "POST", f"/v1/decide/{name}", {**body, "explain": True}).json()
            assert explained.pop("explanation") == plain([row.as_json() for row in decision.explain()])
        else:
            explained = call(everything, "POST", f"/v1/decide/{name}", body).json()
        assert explained == plain(decision.as_json())
        now = table.decide(on=on, **facts)
        # A batch gives missing facts in the order of the table.
        expected.append({**plain(now.as_json()), "missing": list(answer(now.segment, on, now.facts).missing)})

    many = [{"id": str(at), "on": on.isoformat(), "facts": written(facts)} for at, (on, facts) in enumerate(cases)]
    results = call(everything, "POST", f"/v1/decide/{name}/batch", {"cases": many}).json()["results"]
    assert [one["decision"] for one in results] == expected


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))
