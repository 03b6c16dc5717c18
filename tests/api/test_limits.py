"""Sizes, depth, time and how much is done at once have limits."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from donghaeng.api.app import create_app
from donghaeng.api.limits import Limits
from tests.api.calling import JSON, apart, call
from tests.api.conftest import DECIDE, FACTS, ON, small_pack

BATCH = f"{DECIDE}/batch"
BODY = json.dumps({"on": ON, "facts": FACTS}).encode()
MANY = json.dumps({"on": ON, "cases": [{"facts": FACTS}] * 3}).encode()


def limited(**limits: Any) -> Any:
    return create_app([small_pack()], limits=Limits(**limits))


def kind(answer: Any) -> str:
    return str(answer.json()["type"]).removeprefix("urn:donghaeng:problem:")


def test_the_limits_are_those_that_are_described() -> None:
    assert Limits() == Limits(1_000_000, 20_000_000, 200_000_000, 10_000, 16, 10_000, 200, 10.0, 4, 100.0, 200)


@pytest.mark.parametrize(("path", "body"), [(DECIDE, BODY), (BATCH, MANY)])
def test_a_body_of_the_size_is_taken_and_a_larger_one_is_413(path: str, body: bytes) -> None:
    app = limited(body_bytes=len(body), batch_bytes=len(body))

    assert call(app, "POST", path, body).status == 200
    for answer in (
        call(app, "POST", path, body + b" "),
        call(app, "POST", path, chunks=[body[:10], body[10:], b" "]),
        call(app, "POST", path, headers={**JSON, "content-length": str(len(body) + 1)}, stalls=True),
    ):
        assert (answer.status, kind(answer)) == (413, "too-large")


def test_a_body_in_parts_is_put_together() -> None:
    assert call(limited(), "POST", DECIDE, chunks=[BODY[:7], b"", BODY[7:30], BODY[30:]]).status == 200


def test_more_cases_than_the_limit_are_413() -> None:
    assert call(limited(cases=3), "POST", BATCH, MANY).status == 200
    assert call(limited(cases=2), "POST", BATCH, MANY).status == 413


@pytest.mark.parametrize("body", [b"[" + b"[]," * 30_000 + b"1]", b"[" + b"1," * 30_000 + b"1]", b'["' + b"," * 20_000])
def test_more_values_than_a_decision_can_need_are_413(body: bytes) -> None:
    """Ten million empty lists in 20 MB would fill some 500 MB of memory."""
    assert call(limited(), "POST", DECIDE, body).status == 413


@pytest.mark.parametrize("part", [b"[", b'{"a":', b'[{"facts":'])
def test_deep_nesting_is_refused_and_exhausts_nothing(part: bytes) -> None:
    app = limited(values=10**7)
    for times in (17, 900, 100_000):
        answer = call(app, "POST", DECIDE, part * times)
        assert answer.status in {400, 413}


def test_a_body_that_takes_too_long_is_408() -> None:
    answer = call(limited(seconds=0.05), "POST", DECIDE, chunks=[BODY[:5]], stalls=True)

    assert (answer.status, kind(answer)) == (408, "slow-body")


def test_a_batch_that_takes_too_long_is_503() -> None:
    body = json.dumps({"on": ON, "cases": [{"facts": {}}] * 10_000}).encode()
    began = time.perf_counter()
    answer = call(limited(seconds=0.05), "POST", BATCH, body)

    assert (answer.status, kind(answer)) == (503, "time")
    assert answer.headers["retry-after"] == "1"
    assert time.perf_counter() - began < 5


def test_more_than_can_be_held_is_503_and_what_is_done_is_let_go() -> None:
    app = limited(held_bytes=len(BODY))

    for _ in range(3):
        assert call(app, "POST", DECIDE, BODY).status == 200
        assert call(app, "POST", DECIDE, BODY + b" ").status == 503


def test_long_texts_are_no_facts() -> None:
    answer = call(limited(), "POST", DECIDE, {"on": ON, "facts": {"school": "x" * 201}})

    assert answer.status == 422
    assert answer.json()["errors"][0]["what"] == "the text is longer than 200 characters"


@pytest.mark.parametrize(
    "body",
    [
        {"on": "x" * 900_000, "facts": {}},
        {"on": ON, "facts": {"0123456789" * 90_000: 1}},
        {"on": ON, "facts": {f"a{number}": 1 for number in range(9_000)}},
        {"on": ON, "facts": {"school": ["9" * 99] * 8_000}},
        {"on": ON, "facts": {"income_ratio": 10**4000}},
        {"on": ON, "facts": {}, "9" * 900_000: 1},
    ],
    ids=["long day", "long name", "many names", "many texts", "long number", "long member"],
)
def test_bodies_made_to_be_slow_are_refused_at_once(body: Any) -> None:
    app = limited()
    began = time.process_time()

    assert call(app, "POST", DECIDE, body).status in {400, 422}
    assert time.process_time() - began < 2


def test_decisions_go_on_while_a_batch_is_worked_on() -> None:
    """A batch works beside the loop: a single decision does not wait for its end."""
    app = limited(seconds=30)
    large = json.dumps({"on": ON, "cases": [{"facts": {}}] * 3_000}).encode()
    order: list[str] = []

    async def post(name: str, path: str, body: bytes) -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body":
                order.append(name)

        scope = {"type": "http", "method": "POST", "path": path, "query_string": b""}
        await app({**scope, "headers": [(b"content-type", b"application/json")]}, receive, send)

    async def both() -> None:
        batch = asyncio.create_task(post("batch", f"{DECIDE}/batch", large))
        await asyncio.sleep(0.01)
        await post("one", DECIDE, BODY)
        await batch

    apart(both)
    assert order == ["one", "batch"]


def test_threads_that_meet_in_a_table_get_the_same_answers() -> None:
    """Tables keep what they compile when it is first needed; here many threads need it at once."""
    from donghaeng import load

    table = load("seoul/international-residents").table("education-grant")
    days = [f"{year}-{month:02}-15" for year in range(2023, 2026) for month in range(1, 13)]
    facts = table.facts_from_json(FACTS)
    start = threading.Barrier(4)

    def work(_: int) -> list[Any]:
        from datetime import date

        start.wait()
        return [table.decide(on=date.fromisoformat(day), **facts).as_json() for day in days * 20]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(work, range(4)))
    assert all(one == answers[0] for one in answers)
