"""Reading bodies: bounded in size, time, depth and number of values, and exact.

Decimals keep their digits, a name that stands twice in an object is refused, and so is what JSON (RFC 8259) does not
know, such as NaN.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from donghaeng.api.limits import Limits
from donghaeng.api.problems import Refused, answer_of, refused, shown_name


class Bodies:
    """Reads bodies, and knows how much of them is held."""

    def __init__(self, limits: Limits) -> None:
        """Hold nothing yet."""
        self._limits = limits
        self._held = 0

    @asynccontextmanager
    async def read(self, scope: Scope, receive: Receive, most: int) -> AsyncIterator[bytes]:
        """Read the body of a request, and hold it for as long as it is worked on.

        Args:
            scope: of the request.
            receive: of the request.
            most: its largest size in bytes.

        Raises:
            Refused: it is not declared as JSON, too large or too slow, or too much is held already.
            ClientDisconnect: the client has gone.
        """
        _check_declared(scope, most)
        parts: list[bytes] = []
        try:
            try:
                async with asyncio.timeout(self._limits.seconds):
                    await self._receive(receive, most, parts)
            except TimeoutError:
                seconds = self._limits.seconds
                raise refused(
                    "slow-body", f"a body has to arrive within {seconds:g} seconds", Connection="close"
                ) from None
            yield parts[0] if len(parts) == 1 else b"".join(parts)
        finally:
            self._held -= sum(map(len, parts))

    def hold(self, size: int) -> None:
        """Count bytes that somebody else reads and holds; a negative number lets go of them."""
        self._held += size

    @property
    def is_full(self) -> bool:
        """Whether more is held than may be."""
        return self._held > self._limits.held_bytes

    async def _receive(self, receive: Receive, most: int, parts: list[bytes]) -> None:
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part = message.get("body", b"")
            more = message.get("more_body", False)
            parts.append(part)
            size += len(part)
            self._held += len(part)
            if size > most:
                raise _too_large(most)
            if self.is_full:
                raise _busy()


class Bounded:
    """Bounds the bodies of the routes that leave reading them to the framework, in size, time and over all requests.

    A path that ends in ``/batch`` may have the size of a batch.
    """

    def __init__(self, app: ASGIApp, bodies: Bodies, limits: Limits, but: str) -> None:
        """Stand around an app.

        Args:
            app: the app.
            bodies: what is held already.
            limits: the bounds.
            but: paths that begin so read their bodies themselves.
        """
        self._app, self._bodies, self._limits, self._but = app, bodies, limits, but

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["path"].startswith(self._but):
            await self._app(scope, receive, send)
            return
        limits = self._limits
        most = limits.batch_bytes if scope["path"].endswith("/batch") else limits.body_bytes
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        if length.isdigit() and int(length[:18]) > most:
            await answer_of(_too_large(most).problem, scope)(scope, receive, send)
            return
        size, is_read = 0, False

        async def receive_bounded() -> Message:
            nonlocal size, is_read
            if is_read:  # what comes after the body is only that the client has gone, whenever that is
                return await receive()
            try:
                async with asyncio.timeout(limits.seconds):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, headers={"Connection": "close"}) from None
            if message["type"] == "http.request":
                part = len(message.get("body", b""))
                is_read = not message.get("more_body", False)
                size += part
                self._bodies.hold(part)
                # Of what is raised here the framework lets only its own exceptions through.
                if size > most:
                    raise HTTPException(413)
                if self._bodies.is_full:
                    raise HTTPException(503, headers={"Retry-After": "1"})
            return message

        try:
            await self._app(scope, receive_bounded, send)
        finally:
            self._bodies.hold(-size)


def _check_declared(scope: Scope, most: int) -> None:
    """Refuse by the headers what need not be read."""
    kind, length = "", ""
    for name, value in scope["headers"]:
        if name == b"content-type":
            kind = value.decode("latin-1").lower()
        elif name == b"content-length":
            length = value.decode("latin-1")
        elif name == b"content-encoding" and value.lower() != b"identity":
            raise refused("media-type", "send the body as it is, without a Content-Encoding")
    if scope["query_string"]:
        raise refused("query", "facts and days belong into the body, where no log shows them")
    media, _, parameters = kind.partition(";")
    if media.strip() != "application/json" or parameters.replace(" ", "").replace('"', "") not in ("", "charset=utf-8"):
        raise refused("media-type", "send the header Content-Type: application/json and JSON in UTF-8")
    if length.isdecimal() and int(length[:18]) > most:
        raise _too_large(most)


def _busy() -> Refused:
    return refused("busy", "many large requests are worked on; try again", Retry_After="1")


def _too_large(most: int) -> Refused:
    return refused("too-large", f"the body may have {most:,} bytes at most; cut it into several requests")


def _exact(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent beyond all bounds; no fact takes what is not finite
        return Decimal("Infinity")


_DECODER = msgspec.json.Decoder(float_hook=_exact)


def parse(body: bytes, depth: int, values: int) -> Any:
    """Read JSON.

    Args:
        body: the text.
        depth: how deep arrays and objects may lie in one another.
        values: how many values it may hold.

    Raises:
        Refused: it is no JSON, a name stands twice in an object, it is too deep, or has too many values.
    """
    # Signs in texts are counted too: no fact needs that many of them.
    if body.count(b",") + body.count(b"[") + body.count(b"{") > values:
        raise refused("too-large", f"the body may hold {values:,} values at most; cut it into several requests")
    too_deep = refused("too-deep", f"arrays and objects may lie {depth} deep in one another at most")
    try:
        document = _DECODER.decode(body)
    except RecursionError:
        raise too_deep from None
    except UnicodeDecodeError:
        raise refused("malformed-json", "the text is not UTF-8") from None
    except msgspec.DecodeError as error:
        raise refused("malformed-json", str(error)) from None
    members, deepest = _members_and_depth(document)
    if deepest > depth:
        raise too_deep
    # Every member of an object has its colon. With as many colons as members that are left, none stood twice.
    if body.count(b":") != members:
        json.loads(body, object_pairs_hook=_each_once, parse_int=str, parse_float=str)
    return document


def _members_and_depth(document: Any) -> tuple[int, int]:
    members = deepest = 0
    waiting = [(document, 1)] if type(document) in (dict, list) else []
    while waiting:
        item, depth = waiting.pop()
        deepest = max(deepest, depth)
        if type(item) is dict:
            members += len(item)
            item = item.values()
        waiting += [(part, depth + 1) for part in item if type(part) in (dict, list)]
    return members, deepest


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise refused("duplicate-name", f'"{shown_name(name)}" is given twice; give each name once')
        seen.add(name)
