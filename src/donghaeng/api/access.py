"""Who calls: the key in ``Authorization: Bearer KEY``, its scopes, and how often it is used.

A route says by `needs` which scopes it takes. A router made with ``route_class=KeyedRoute`` checks the key before the
body is read, so that a stranger's body is not even parsed. A plain ASGI endpoint calls `authorise`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

import anyio
import anyio.to_thread
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from donghaeng.access.keys import LONGEST_KEY, holds_key
from donghaeng.access.rates import Rates
from donghaeng.access.ring import KeyRecord, KeyRejectedError, KeyRing
from donghaeng.access.scopes import SCOPES
from donghaeng.api.observe import Metrics
from donghaeng.api.problems import Problem, Refused, answer_of, refused

#: The key of the caller in the scope of a request.
CALLER = "donghaeng.caller"
#: So many keys are looked up at a time: who tries out keys takes no threads from those who have one.
MOST_CHECKS = 4
REALM = 'Bearer realm="donghaeng"'


@dataclass(frozen=True)
class Caller:
    """Whose key a request has.

    Attributes:
        key_id: id of the key, as it is recorded.
        organisation: whose it is: only what belongs to them is shown or changed.
        scopes: what it may be used for.
    """

    key_id: str
    organisation: str
    scopes: frozenset[str]


class Access:
    """What keys are checked with; an app has it as ``app.state.access``."""

    def __init__(self, keys: KeyRing, rates: Rates, metrics: Metrics) -> None:
        """Take the keys, how often each may be used, and what counts refusals."""
        self.keys, self.rates, self.metrics = keys, rates, metrics
        self._threads: anyio.CapacityLimiter | None = None

    async def check(self, presented: str) -> KeyRecord:
        """Give the record of a key; raises as `KeyRing.check` does."""
        found = self.keys.remembered(presented)
        if found is not None:
            return found
        if self._threads is None:  # made in the loop that runs
            self._threads = anyio.CapacityLimiter(MOST_CHECKS)
        # The store is asked beside the loop, which goes on answering, and in threads that are not those of the routes.
        return await anyio.to_thread.run_sync(self.keys.check, presented, limiter=self._threads)


class Needs:
    """A dependency of FastAPI: the caller, if the key has one of the scopes; see `needs`.

    Attributes:
        scopes: any one of them suffices.
    """

    def __init__(self, *scopes: str) -> None:
        """Take the scopes."""
        if not scopes or set(scopes) - SCOPES.keys():
            raise ValueError(f"{scopes} are no scopes; they are {list(SCOPES)}")
        self.scopes = frozenset(scopes)

    async def __call__(self, request: Request) -> Caller:
        """Give the caller; raises as `authorise` does."""
        return await authorise(request.scope, self.scopes)


def needs(*scopes: str) -> Needs:
    """Let a route take only keys with one of these scopes: ``caller: Annotated[Caller, Depends(needs("auditor"))]``.

    Args:
        scopes: any one of them suffices. None implies another.

    Raises:
        ValueError: none is given, or one is not known.
    """
    return Needs(*scopes)


class KeyedRoute(APIRoute):
    """A route that checks the key before it reads the body. It is otherwise as any other."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Give the handler, with the check before it."""
        handle = super().get_route_handler()
        wanted = tuple(_needs_of(self.dependant))

        async def checked(request: Request) -> Response:
            for one in wanted:
                await authorise(request.scope, one.scopes)
            return await handle(request)

        return checked


async def authorise(scope: Scope, scopes: frozenset[str]) -> Caller:
    """Give who calls.

    Args:
        scope: of the request.
        scopes: any one of them suffices.

    Raises:
        Refused: 401 without a valid key, 403 without one of the scopes, 429 where the key is used too often.
        UnavailableError: keys cannot be checked now.
    """
    access: Access | None = getattr(scope["app"].state, "access", None)
    caller: Caller | None = scope.get(CALLER)
    if caller is None:
        if access is None:
            raise _no_key()
        caller = scope[CALLER] = await _caller(scope, access)
    if not caller.scopes & scopes:
        if access is not None:
            access.metrics.refuse("scope")
        wanted = " ".join(name for name in SCOPES if name in scopes)
        raise refused(
            "scope",
            f"the key has none of the scopes {wanted}; use a key that has one",
            WWW_Authenticate=f'{REALM}, error="insufficient_scope", scope="{wanted}"',
        )
    return caller


async def _caller(scope: Scope, access: Access) -> Caller:
    """Check the key of a request, and count its use."""
    presented = _presented(scope)
    if presented is None:
        access.metrics.refuse("no-key")
        raise _no_key()
    try:
        record = await access.check(presented)
    except KeyRejectedError as error:
        access.metrics.refuse(f"key-{error.why}")
        raise refused(
            "key",
            f"{error}; ask who gave it to you for another",
            WWW_Authenticate=f'{REALM}, error="invalid_token", error_description="{error}"',
        ) from None
    wait = access.rates.take(record.id)
    if wait:
        access.metrics.refuse("rate")
        raise refused(
            "rate",
            "the key is used more often than it may be; wait, or send several things in one request",
            Retry_After=str(math.ceil(wait)),
        )
    return _caller_of(record)


def _caller_of(record: KeyRecord) -> Caller:
    return Caller(record.id, record.organisation, record.scopes)


def _presented(scope: Scope) -> str | None:
    """Give the key in the header, None where there is none or where two contradict each other."""
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(given) != 1:
        return None
    kind, _, key = given[0].decode("latin-1").strip().partition(" ")
    # What is longer than any key is not even hashed.
    return key.strip()[: LONGEST_KEY + 1] if kind.lower() == "bearer" else None


def _no_key() -> Refused:
    return refused("no-key", "send the header Authorization: Bearer KEY", WWW_Authenticate=REALM)


class NoKeyInAddress:
    """Refuses requests with a key in their address, which proxies and browsers write down."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand around an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and (scope["query_string"] or "dh_" in scope["path"].lower()):
            query = unquote_to_bytes(scope["query_string"]).decode("latin-1")
            if holds_key(query) or holds_key(scope["path"]):
                detail = (
                    "a key belongs into the header Authorization; this one may now stand in a log, so have it revoked"
                )
                await answer_of(Problem("key-in-address", detail), scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def needs_of_route(route: Any) -> tuple[frozenset[str], ...]:
    """Give what a route needs: a set of scopes for each check, of which one suffices; empty for an open route.

    Args:
        route: a route, or what `fastapi.routing.iter_route_contexts` gives for one. A plain endpoint that calls
            `authorise` has the attribute ``scopes``.
    """
    dependant = getattr(route, "dependant", None)
    if isinstance(dependant, Dependant):
        return tuple(dict.fromkeys(one.scopes for one in _needs_of(dependant)))
    scopes = getattr(getattr(route, "endpoint", None), "scopes", None)
    return () if scopes is None else (frozenset(scopes),)


def needs_of_routes(routes: list[BaseRoute]) -> dict[tuple[str, str], tuple[frozenset[str], ...]]:
    """Give what each method and path template of an app needs; see `needs_of_route`."""
    return {
        (method, str(route.path_format)): needs_of_route(route)
        for route in iter_route_contexts(routes)
        for method in sorted(route.methods or ())
    }


def _needs_of(dependant: Dependant) -> Iterator[Needs]:
    if isinstance(dependant.call, Needs):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _needs_of(inner)
