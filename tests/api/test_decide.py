"""Decisions over HTTP: one case, many cases, and what is served."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from donghaeng import __version__
from tests.api.calling import call, wrong_names
from tests.api.conftest import DECIDE, FACTS, ON, PACK, TABLE, small_pack


def test_a_case_is_decided_as_python_decides_it(app: Any) -> None:
    answer = call(app, "POST", DECIDE, {"on": ON, "facts": FACTS})

    table = small_pack().table(TABLE)
    expected = table.decide(on=date(2024, 6, 1), **table.facts_from_json(FACTS)).as_json()
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == expected
    assert list(answer.json()) == list(expected)


def test_what_cannot_be_decided_is_an_answer(app: Any) -> None:
    answer = call(app, "POST", DECIDE, {"on": ON, "known_on": None, "facts": {}, "explain": False})

    assert answer.status == 200
    assert answer.json()["outcome"]["result"] == "undetermined"
    assert set(answer.json()["missing"]) == set(FACTS)


def test_a_fact_that_is_null_is_unknown(app: Any) -> None:
    without = {name: value for name, value in FACTS.items() if name != "multicultural_family"}
    absent = call(app, "POST", DECIDE, {"on": ON, "facts": without}).json()

    assert absent["missing"] == ["multicultural_family"]
    assert call(app, "POST", DECIDE, {"on": ON, "facts": {**FACTS, "multicultural_family": None}}).json() == absent


def test_an_explanation_is_given_when_it_is_asked_for(app: Any) -> None:
    plain = call(app, "POST", DECIDE, {"on": ON, "facts": FACTS}).json()
    explained = call(app, "POST", DECIDE, {"on": ON, "facts": FACTS, "explain": True}).json()

    rows = explained.pop("explanation")
    assert explained == plain
    assert next(row["row"] for row in rows if row["holds"] is True) == plain["reason"]


def test_what_was_known_on_a_day_is_what_decides(app: Any) -> None:
    before_it_was_announced = call(app, "POST", DECIDE, {"on": ON, "known_on": "2020-01-01", "facts": FACTS}).json()

    assert before_it_was_announced["known_on"] == "2020-01-01"
    assert before_it_was_announced["outcome"]["result"] == "undetermined"


def test_days_of_knowledge_that_clients_choose_fill_no_memory(app: Any) -> None:
    table = small_pack().table(TABLE).table
    for year in range(1900, 2101):
        for month in range(1, 13):
            call(app, "POST", DECIDE, {"on": ON, "known_on": f"{year}-{month:02}-01", "facts": {}})

    assert len(table._last) <= len(table.knowledge_days) + 2


def test_the_day_of_a_decision_is_always_given(app: Any) -> None:
    answer = call(app, "POST", DECIDE, {"facts": FACTS})

    assert answer.status == 422
    assert wrong_names(answer) == {"on": "member"}


@pytest.mark.parametrize("body", [{}, [], "text", 1, None, {"on": ON}, {"on": ON, "facts": []}, {"on": 20240601}])
def test_a_body_of_another_form_is_refused(app: Any, body: Any) -> None:
    assert call(app, "POST", DECIDE, body).status == 422


def test_all_faults_are_told_together(app: Any) -> None:
    facts = {**FACTS, "income_ratio": "80", "scool": "high", "birth_date": "2012-02-30", "school": "hgih"}
    answer = call(app, "POST", DECIDE, {"onn": ON, "known_on": "yesterday", "facts": facts, "explain": 1})

    assert answer.status == 422
    assert wrong_names(answer) == {
        "onn": "unknown-member",
        "known_on": "member",
        "income_ratio": "fact",
        "scool": "unknown-fact",
        "birth_date": "fact",
        "school": "fact",
        "explain": "member",
        "on": "member",
    }
    said = {one["name"]: one for one in answer.json()["errors"]}
    assert said["scool"]["remedy"] == 'did you mean "school"?'
    assert said["school"]["remedy"] == 'did you mean "high"?'
    assert all(one["what"] and one["expected"] for one in said.values())
    assert "hgih" not in json.dumps(said)


@pytest.mark.parametrize(("given", "status"), [("0.85", 200), ("0.8500", 200), ("0.80000000000000000001", 422)])
def test_decimals_are_read_exactly(app: Any, given: str, status: int) -> None:
    """As a float 0.80000000000000000001 would be 0.8, and pass."""
    facts = json.dumps({**FACTS, "income_ratio": 0}).replace('"income_ratio": 0', f'"income_ratio": {given}')

    assert call(app, "POST", DECIDE, f'{{"on": "{ON}", "facts": {facts}}}'.encode()).status == status


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e99999999999999999999", "9" * 400, "1e-400", "9" * 5000])
def test_numbers_beyond_all_bounds_are_refused(app: Any, number: str) -> None:
    body = f'{{"on": "{ON}", "facts": {{"income_ratio": {number}}}}}'

    assert call(app, "POST", DECIDE, body.encode()).status in {400, 422}


def test_a_batch_answers_in_order_and_tells_the_faults_of_each_case(app: Any) -> None:
    cases = [
        {"id": "a", "facts": FACTS},
        {"id": "b", "facts": {"scool": "high"}},
        {"facts": {}},
        {"id": "d", "on": "2019-01-01", "facts": FACTS},
        "no case",
        {"id": "a", "facts": FACTS},
        {"id": 6, "facts": FACTS},
        {"id": "h", "on": "soon", "facts": FACTS},
        {"id": "i"},
    ]
    answer = call(app, "POST", f"{DECIDE}/batch", {"on": ON, "cases": cases})

    results = answer.json()["results"]
    assert answer.status == 200
    assert [one["id"] for one in results] == ["a", "b", None, "d", None, "a", None, "h", "i"]
    assert ["decision" in one for one in results] == [True, False, True, True, False, False, False, False, False]
    assert results[0]["decision"] == call(app, "POST", DECIDE, {"on": ON, "facts": FACTS}).json()
    assert results[3]["decision"]["on"] == "2019-01-01"
    assert results[1]["problem"]["errors"][0]["name"] == "scool"
    assert {one["problem"]["status"] for one in results if "problem" in one} == {422}
    assert [one["problem"]["errors"][0]["name"] for one in results if "problem" in one] == [
        *("scool", "case", "id", "id", "on", "facts")
    ]


def test_a_case_of_a_batch_without_any_day_is_told(app: Any) -> None:
    results = call(app, "POST", f"{DECIDE}/batch", {"cases": [{"facts": FACTS}, {"on": ON, "facts": FACTS}]}).json()

    assert results["results"][0]["problem"]["errors"][0]["name"] == "on"
    assert "decision" in results["results"][1]


@pytest.mark.parametrize("body", [{}, [], {"on": ON}, {"on": ON, "cases": {}}, {"on": "x", "cases": []}])
def test_a_batch_of_another_form_is_refused(app: Any, body: Any) -> None:
    assert call(app, "POST", f"{DECIDE}/batch", body).status == 422


def test_a_batch_of_no_cases_has_no_results(app: Any) -> None:
    assert call(app, "POST", f"{DECIDE}/batch", {"on": ON, "cases": []}).json() == {"results": []}


def test_packs_and_tables_are_described(app: Any) -> None:
    packs = call(app, "GET", "/v1/packs").json()["packs"]
    pack = call(app, "GET", f"/v1/packs/{PACK}").json()

    assert [one["id"] for one in packs] == [PACK]
    assert pack["files"] == small_pack().files
    assert {name: pack[name] for name in packs[0]} == packs[0]
    assert pack["status"] == "unofficial"
    assert call(app, "GET", f"/v1/tables/{PACK}/{TABLE}").json() == small_pack().table(TABLE).describe()


def test_the_server_says_that_it_is_well_and_what_it_has(app: Any) -> None:
    assert call(app, "GET", "/v1/health").json() == {
        "status": "ok",
        "version": __version__,
        "packs": {PACK: small_pack().version},
    }


def test_two_packs_with_the_same_id_are_not_served() -> None:
    from donghaeng.api.app import create_app
    from donghaeng.errors import UsageError

    with pytest.raises(UsageError, match="same id"):
        create_app([small_pack(), small_pack()])
