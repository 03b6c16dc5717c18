"""What is seen of a request: an id, a line of a log, counts. Never a body, a path, a query, a header or an address.

A line of the log and a metric name the route by its template, such as ``/v1/decide/{owner}/{pack}/{table}``. Of our own
failures the log has the type and the place in the code, not the message, which may quote a fact.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from donghaeng.api.problems import FAILURE, REQUEST_ID, Problem, answer_of, place_of

LOG = logging.getLogger("donghaeng.api")

#: A part of the app that has no route of its own says here what it is.
PART = "donghaeng.part"
UNMATCHED = "unmatched"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
#: The client had gone before it was answered; nginx counts these as 499, too.
CLIENT_GONE = 499

_EVERYWHERE = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
_API_ONLY = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


def utc_now() -> datetime:
    """Give the time; the clock is read at the edge only."""
    return datetime.now(UTC)


class Metrics:
    """Counts of requests, in a registry of their own."""

    def __init__(self) -> None:
        """Count nothing yet."""
        self.registry = CollectorRegistry()
        labels = ["method", "route", "status"]
        self._requests = Counter(
            "donghaeng_http_requests_total", "Requests that were answered.", labels, registry=self.registry
        )
        self._seconds = Histogram(
            "donghaeng_http_request_duration_seconds",
            "Time from the headers of a request to the end of its answer.",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._open = Gauge("donghaeng_http_requests_open", "Requests that are worked on.", registry=self.registry)
        self._refusals = Counter(
            "donghaeng_access_refusals_total",
            "Requests that were refused for their key: none, unknown, expired, revoked, its scopes, its rate.",
            ["reason"],
            registry=self.registry,
        )
        self._kept: dict[tuple[str, str, int], tuple[Any, Any]] = {}

    def begin(self) -> None:
        """Count a request that has come."""
        self._open.inc()

    def refuse(self, reason: str) -> None:
        """Count a request that was refused for its key, by a word of ours."""
        self._refusals.labels(reason).inc()

    def end(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._open.dec()
        kept = self._kept.get((method, route, status))
        if kept is None:
            kept = (self._requests.labels(method, route, str(status)), self._seconds.labels(route))
            self._kept[method, route, status] = kept
        kept[0].inc()
        kept[1].observe(seconds)


class Observed:
    """Gives every request its id and every answer its headers, logs and counts it, and tells our own failures."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        clock: Callable[[], datetime] = utc_now,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Stand around an app."""
        self._app, self._metrics, self._clock, self._timer = app, metrics, clock, timer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Always our own: one that a client chooses could carry anything into the log.
        request_id = secrets.token_hex(16)
        scope[REQUEST_ID] = request_id
        status, failure = 0, ""

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), *_EVERYWHERE, (b"x-request-id", request_id.encode())]
                if PART not in scope:
                    headers += _API_ONLY
                message = {**message, "headers": headers}
            await send(message)

        began = self._timer()
        self._metrics.begin()
        try:
            await self._app(scope, receive, send_marked)
        except ClientDisconnect:
            status = status or CLIENT_GONE
        except Exception as error:
            failure = place_of(error)
            if not status:
                problem = Problem("failure", "it is logged under the request id; nothing was decided")
                await answer_of(problem, scope)(scope, receive, send_marked)
        finally:
            seconds = self._timer() - began
            failure = failure or scope.get(FAILURE, "")
            method = scope["method"] if scope["method"] in METHODS else "other"
            route = str(scope.get(PART) or getattr(scope.get("route"), "path", UNMATCHED))
            self._metrics.end(method, route, status or CLIENT_GONE, seconds)
            self._log(request_id, method, route, status or CLIENT_GONE, seconds, failure)

    def _log(self, request_id: str, method: str, route: str, status: int, seconds: float, failure: str) -> None:
        level = logging.ERROR if failure else logging.INFO
        if not LOG.isEnabledFor(level):
            return
        line = {
            "time": self._clock().isoformat(timespec="milliseconds"),
            "level": "error" if failure else "info",
            "request_id": request_id,
            "method": method,
            "route": route,
            "status": status,
            "duration_ms": round(seconds * 1000, 3),
        }
        if failure:
            line["failure"] = failure
        LOG.log(level, json.dumps(line))
