"""Identity checks over HTTP: a visit decided and durably recorded, to a bare durable insert behind the same HTTP stack.

Both run in one server process: the same app, the same check of the key, the same reading of the body, a thread for each
request, a file of SQLite with synchronous=FULL. The base line does one prepared INSERT and COMMIT of a row as long as
the entry of a visit. Ours finds the patient, reads what the institution recorded, decides, and records the visit with
its state and proof of order. Clients are threads of another process with connections that stay open. Each visit is of
another patient in the first block, and of patients who came before in the second.
"""

import http.client
import json
import multiprocessing
import os
import shutil
import sqlite3
import tempfile
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from benchmarks import Row, main

PACK = "kr/nhi-id-check"
REQUESTS = 600
CONNECTIONS = (1, 16)
MASTER_KEY = bytes(range(32))
START = datetime(2026, 5, 20, 9, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "payer": "nhi",
    "service_covered": True,
    "eligibility_lookup": "eligible",
    "identity_means": "resident_card",
    "medium": "original",
    "validity_date_printed": False,
}


def bare_router(path: Path) -> Any:
    """Make the route of the base line."""
    from fastapi import APIRouter, Depends, Header
    from pydantic import BaseModel

    from donghaeng.api.access import Caller, KeyedRoute, needs

    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE bare (number INTEGER PRIMARY KEY, name TEXT UNIQUE, body TEXT, hash BLOB)")
    lock = threading.Lock()
    text, digest = "x" * 900, bytes(32)

    class Body(BaseModel):
        """The body of a visit."""

        chart_number: str
        at: datetime
        facts: dict[str, Any]
        memory_is_complete: bool

    router = APIRouter(prefix="/v1/bare", route_class=KeyedRoute)

    @router.post("/visits", status_code=201)
    def insert(
        asked: Body,  # noqa: ARG001, read and checked as ours is
        caller: Annotated[Caller, Depends(needs("identity:desk"))],  # noqa: ARG001
        key: Annotated[str, Header(alias="Idempotency-Key")],
    ) -> dict[str, str]:
        with lock:
            connection.execute("INSERT INTO bare (name, body, hash) VALUES (?, ?, ?)", (key, text, digest))
        return {"visit": key}

    # Types stand in this function, so they are given as values.
    return router


def serve(folder: str, ready: Any, done: Any) -> None:
    """Run the server until it is told to stop; runs in a process of its own."""
    from donghaeng import load
    from donghaeng.api.app import create_app
    from donghaeng.api.limits import Limits
    from donghaeng.api.live import live_routers, open_live
    from donghaeng.api.serve import in_background

    path = Path(folder)
    live = open_live(
        f"sqlite:///{path}/ledger.db",
        MASTER_KEY,
        clock=lambda: datetime.now(UTC),
        chance=os.urandom,
        timer=time.monotonic,
    )
    key = live.keys.create("clinic", ["identity:desk"])[0].text
    pack = load(PACK)
    routers = [*live_routers(live, [pack]), bare_router(path / "bare.db")]
    limits = Limits(rate=1e6, burst=1_000_000)
    with in_background(create_app([pack], routers=routers, keys=live.keys, limits=limits)) as address:
        ready.put((address, key))
        done.wait()
    live.close()


@contextmanager
def server() -> Any:
    """Give the address of a server in another process, and a key for it."""
    folder = tempfile.mkdtemp(prefix="identity-")
    context = multiprocessing.get_context("spawn")
    ready, done = context.Queue(), context.Event()
    process = context.Process(target=serve, args=(folder, ready, done))
    process.start()
    try:
        yield ready.get(timeout=120)
    finally:
        done.set()
        process.join()
        shutil.rmtree(folder, ignore_errors=True)


def burst(address: str, key: str, path: str, name: str, patients: int, connections: int) -> tuple[float, list[float]]:
    """Send visits over several connections; gives requests a second and the time of each, in order of length."""
    taken: list[float] = []
    share = REQUESTS // connections

    def send(number: int) -> None:
        connection = http.client.HTTPConnection(urlsplit(address).netloc)
        for turn in range(share):
            at = number * share + turn
            body = json.dumps(
                {
                    "chart_number": f"{name}-{at % patients}",
                    "at": (START + timedelta(seconds=at)).isoformat(),
                    "facts": FACTS,
                    "memory_is_complete": True,
                }
            )
            headers = {
                "Authorization": f"Bearer {key}",
                "Idempotency-Key": f"{name}-{at}",
                "Content-Type": "application/json",
            }
            start = time.perf_counter()
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            answer = response.read()
            taken.append(time.perf_counter() - start)
            if response.status != 201:
                raise RuntimeError(answer.decode())
        connection.close()

    threads = [threading.Thread(target=send, args=(number,)) for number in range(connections)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = share * connections / (time.perf_counter() - start)
    if len(taken) != share * connections:
        raise RuntimeError("a client failed")
    return rate, sorted(taken)


def measure() -> list[Row]:
    """Rates and times of both, by turns; the best of three each."""
    rows = []
    with server() as (address, key):
        for connections in CONNECTIONS:
            best: dict[str, tuple[float, list[float]]] = {}
            for turn in range(3):
                for what, path, patients in (
                    ("bare durable insert", "/v1/bare/visits", REQUESTS),
                    ("visit of a new patient", "/v1/identity/visits", REQUESTS),
                    ("visit of a patient who came before", "/v1/identity/visits", 60),
                ):
                    # Who came before has the same chart number in each turn.
                    name = f"{connections}-{turn}-{what[:5]}-{patients}"
                    found = burst(address, key, path, name, patients, connections)
                    if what not in best or found[0] > best[what][0]:
                        best[what] = found
            base = best["bare durable insert"][0]
            many = f"{connections} connection{'s' if connections > 1 else ''}"
            for what, (rate, taken) in best.items():
                is_base = what.startswith("bare")
                rows.append(
                    Row(
                        case=f"{what}, {many}",
                        value=rate,
                        unit="1/s",
                        ratio=None if is_base else rate / base,
                        target=None if is_base else 0.5,
                        at_least=True,
                    )
                )
                for percent in (50, 99):
                    value = taken[min(len(taken) - 1, len(taken) * percent // 100)]
                    rows.append(Row(case=f"  p{percent}", value=value * 1e3, unit="ms"))
    return rows


if __name__ == "__main__":
    main(__doc__, measure)
