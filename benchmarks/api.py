"""Decisions over HTTP: the plain route of the API against one made the usual way.

Both decide the same case of the same table. The usual way is FastAPI with a pydantic body, without limits, log and
metrics. First the apps alone, called in this process; then under uvicorn on loopback, where client and server share the
processor and reading HTTP takes most of the time; then a batch, to the same cases one by one.
"""

import asyncio
import http.client
import json
import time
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks import Row, main
from donghaeng import load
from donghaeng.api.app import create_app
from donghaeng.api.serve import in_background

PACK, TABLE = "seoul/international-residents", "education-grant"
CASE: dict[str, Any] = {
    "on": "2024-06-01",
    "facts": {
        "multicultural_family": True,
        "birth_date": "2012-03-02",
        "income_ratio": 0.8,
        "receives_education_benefit": False,
        "school": "elementary",
    },
}
REQUESTS = 1_000
CASES = 5_000


class Body(BaseModel):
    """The body of a decision as a pydantic model."""

    on: date
    facts: dict[str, bool | int | float | str]


def usual() -> FastAPI:
    """Make an app the usual way."""
    table, app = load(PACK).table(TABLE), FastAPI()

    @app.post("/v1/decide/{owner}/{pack}/{table_id}")
    async def decide(owner: str, pack: str, table_id: str, body: Body) -> dict[str, Any]:  # noqa: ARG001
        return table.decide(body.on, **table.facts_from_json(body.facts)).as_json()

    return app


def post(connection: http.client.HTTPConnection, path: str, body: bytes) -> None:
    """Post a body and read the answer."""
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    if response.status != 200:
        raise RuntimeError(answer.decode())


def median(address: str, path: str, body: bytes, times: int = REQUESTS) -> float:
    """Give the median time of a request in seconds, on a connection that stays open."""
    taken = []
    connection = http.client.HTTPConnection(urlsplit(address).netloc)
    for _ in range(times):
        start = time.perf_counter()
        post(connection, path, body)
        taken.append(time.perf_counter() - start)
    connection.close()
    return sorted(taken)[times // 2]


def alone(app: Any, path: str, body: bytes) -> float:
    """Give the median time of a request in seconds, without a server."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message.get("status", 200) != 200:
            raise RuntimeError(str(message))

    async def run() -> float:
        taken = []
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        plain = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
        for _ in range(REQUESTS):
            start = time.perf_counter()
            await app(dict(plain), receive, send)
            taken.append(time.perf_counter() - start)
        return sorted(taken)[REQUESTS // 2]

    return asyncio.run(run())


def measure() -> list[Row]:
    """Time single requests, by turns, and a batch; the best of three each."""
    path = f"/v1/decide/{PACK}/{TABLE}"
    one = json.dumps(CASE).encode()
    many = json.dumps({"on": CASE["on"], "cases": [{"facts": CASE["facts"]}] * CASES}).encode()
    app, peer = create_app([load(PACK)]), usual()
    bare = min(alone(app, path, one) for _ in range(3))
    bare_peer = min(alone(peer, path, one) for _ in range(3))
    first = second = batch = float("inf")
    with in_background(app) as ours, in_background(peer) as theirs:
        for _ in range(3):
            first = min(first, median(ours, path, one))
            second = min(second, median(theirs, path, one))
            batch = min(batch, median(ours, f"{path}/batch", many, times=1))
    return [
        Row(case="FastAPI with a pydantic body, alone", value=bare_peer * 1e6, unit="µs a request"),
        Row(case="plain route, alone", value=bare * 1e6, unit="µs a request", ratio=bare / bare_peer, target=0.6),
        Row(case="FastAPI with a pydantic body, loopback", value=second * 1e6, unit="µs a request"),
        Row(case="plain route, loopback", value=first * 1e6, unit="µs a request", ratio=first / second, target=1.0),
        Row(
            case=f"batch of {CASES:,}, to one by one",
            value=batch / CASES * 1e6,
            unit="µs a case",
            ratio=batch / CASES / first,
            target=0.5,
        ),
    ]


if __name__ == "__main__":
    main(__doc__, measure)
