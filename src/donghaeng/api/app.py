"""The app is put together here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from donghaeng import __version__
from donghaeng.access.rates import Rates
from donghaeng.access.ring import KeyRing
from donghaeng.api import description
from donghaeng.api.access import Access, NoKeyInAddress
from donghaeng.api.bodies import Bounded
from donghaeng.api.decide import DecideMany, DecideOne, Deciding
from donghaeng.api.limits import Limits
from donghaeng.api.observe import PART, Metrics, Observed, utc_now
from donghaeng.api.problems import (
    Refused,
    tell_conflict,
    tell_erased,
    tell_http_error,
    tell_invalid,
    tell_refusal,
    tell_unavailable,
)
from donghaeng.api.reading import make_router
from donghaeng.api.served import Served
from donghaeng.catalogue.pack import Pack
from donghaeng.ledger.faults import ConflictError, ErasedError, UnavailableError

PREFIX = "/v1"
TITLE = "Donghaeng: decisions with reasons"


class App(FastAPI):
    """An app whose description holds the decisions, too.

    Attributes:
        described: gives the OpenAPI document; it is made when it is first asked for.
    """

    described: Callable[[], dict[str, Any]]

    def openapi(self) -> dict[str, Any]:
        """Give the OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = self.described()
        return self.openapi_schema


class _Endpoint(Route):
    """A plain endpoint that is known by its template, as those of the framework are."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, more = super().matches(scope)
        if match is not Match.NONE:
            more["route"] = self
        return match, more


def create_app(
    packs: Sequence[Pack],
    *,
    clock: Callable[[], datetime] = utc_now,
    limits: Limits | None = None,
    site: ASGIApp | None = None,
    routers: Iterable[APIRouter] = (),
    keys: KeyRing | None = None,
    timer: Callable[[], float] = time.monotonic,
) -> App:
    """Make the app.

    Args:
        packs: the packs whose tables decide.
        clock: gives the time for the lines of the log. No decision reads a clock: it has its day.
        limits: what a request may ask for; None for the usual limits.
        site: an app that answers what lies outside ``/v1``; None for nothing.
        routers: further services, made with the prefix `PREFIX`; they get the same errors, log and metrics.
        keys: what the keys of callers are checked with. Without it whatever needs a key answers 401.
        timer: gives seconds that never go back, for the rates of keys.

    Raises:
        UsageError: two packs have the same id.
    """
    served, metrics, limits = Served(packs), Metrics(), limits or Limits()
    app = App(
        title=TITLE,
        version=__version__,
        openapi_url=None,  # the router that reads has it; the usual pages beside it fetch scripts from other hosts
        redirect_slashes=False,
        # By itself the framework sends traces wherever the environment says.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    deciding = Deciding(served, limits)
    path = f"{PREFIX}/decide/{{owner}}/{{pack}}/{{table}}"
    app.router.routes += [
        _Endpoint(path, DecideOne(deciding), methods=["POST"]),
        _Endpoint(f"{path}/batch", DecideMany(deciding), methods=["POST"]),
    ]
    store = keys.ledger.store if keys is not None else None
    for router in (make_router(PREFIX, served, metrics, app.openapi, store), *routers):
        app.include_router(router)
    app.state.access = Access(keys, Rates(limits.rate, limits.burst, timer), metrics) if keys is not None else None
    app.add_exception_handler(Refused, tell_refusal)
    app.add_exception_handler(HTTPException, tell_http_error)
    app.add_exception_handler(RequestValidationError, tell_invalid)
    app.add_exception_handler(UnavailableError, tell_unavailable)
    app.add_exception_handler(ConflictError, tell_conflict)
    app.add_exception_handler(ErasedError, tell_erased)
    # What is added last stands outermost. Decisions have bounds of their own.
    app.add_middleware(Bounded, bodies=deciding.bodies, limits=limits, but=f"{PREFIX}/decide/")
    if keys is not None:
        app.add_middleware(NoKeyInAddress)
    app.add_middleware(Observed, metrics=metrics, clock=clock)
    app.router.default = _outside(site)

    app.described = lambda: description.describe(TITLE, __version__, app.routes, served, PREFIX)
    return app


def _outside(site: ASGIApp | None) -> ASGIApp:
    """Answer what no route takes: by the site, if there is one and it is not the API that was meant."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        path = scope["path"]
        if site is None or path == PREFIX or path.startswith(f"{PREFIX}/"):
            raise HTTPException(404)
        scope[PART] = "site"
        await site(scope, receive, send)

    return answer
