"""Calls an app in this process, with what no well-behaved client sends if need be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Answer:
    """What came back; no status where nothing did."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def apart(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run in a thread of its own: a browser that is open in this process has a loop in this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(lambda: asyncio.run(work())).result()


def call(
    app: Any,
    method: str,
    path: str,
    body: Any = b"",
    headers: dict[str, str] | None = None,
    query: bytes = b"",
    chunks: Sequence[bytes] | None = None,
    stalls: bool = False,
    leaves: bool = False,
) -> Answer:
    """Send a request.

    A body that is no bytes is sent as JSON. With `chunks` the body comes in parts; with `stalls` nothing comes after
    them; with `leaves` the client goes away.
    """
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = JSON if headers is None and method == "POST" else headers or {}
    parts = [content] if chunks is None else list(chunks)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "root_path": "",
        "query_string": query,
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent: list[dict[str, Any]] = []
    waiting = iter(parts)

    async def receive() -> dict[str, Any]:
        part = next(waiting, None)
        if part is None:
            if leaves:
                return {"type": "http.disconnect"}
            await asyncio.sleep(60)
        more = stalls or leaves or (chunks is not None and part is not parts[-1])
        return {"type": "http.request", "body": part, "more_body": more}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def ask() -> None:
        await app(scope, receive, send)

    apart(ask)
    if not sent:
        return Answer(0, {}, b"")
    return Answer(
        sent[0]["status"],
        {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]},
        b"".join(message.get("body", b"") for message in sent[1:]),
    )


def wrong_names(answer: Answer) -> dict[str, str]:
    """The code of each fault by the name of what is wrong."""
    return {one["name"]: one["code"] for one in answer.json()["errors"]}
