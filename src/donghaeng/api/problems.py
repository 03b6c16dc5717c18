"""Every error has one shape: a problem document of RFC 9457.

Its members are ``type`` (a URN), ``title``, ``status``, ``detail``, ``request_id`` and ``errors``, a list of what is
wrong with the values given: ``name``, ``what``, ``expected``, ``remedy`` and ``code``. Nothing that was given is
repeated but names of facts, and those without what looks like a number of a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from donghaeng.access.keys import redact_keys
from donghaeng.identifiers import redact
from donghaeng.ledger.faults import ConflictError, ErasedError, UnavailableError

MEDIA_TYPE = "application/problem+json"
#: So many faults of one request are shown.
MOST_SHOWN = 100
LONGEST_NAME = 80

#: The key of the id of a request in its scope; `donghaeng.api.observe` sets it.
REQUEST_ID = "donghaeng.request_id"

#: The key of the place of a failure that was answered, for the log; a handler sets it.
FAILURE = "donghaeng.failure"

#: What can go wrong, by the last part of its ``type``: status and title.
KINDS: dict[str, tuple[int, str]] = {
    "malformed-json": (400, "The body is not JSON"),
    "duplicate-name": (400, "A name stands twice in one object"),
    "too-deep": (400, "The body is nested too deeply"),
    "query": (400, "The address takes no query"),
    "key-in-address": (400, "A key stands in the address"),
    "no-key": (401, "A key is needed"),
    "key": (401, "The key is not valid"),
    "scope": (403, "The key is not for this"),
    "not-found": (404, "There is nothing at this address"),
    "unknown-pack": (404, "There is no such pack here"),
    "unknown-table": (404, "The pack has no such table"),
    "unknown-person": (404, "No number of yours leads to this person"),
    "no-proof": (404, "There is no such entry or seal to prove"),
    "method": (405, "The address does not take this method"),
    "slow-body": (408, "The body took too long to arrive"),
    "conflict": (409, "It does not fit what is recorded"),
    "too-large": (413, "The body is too large"),
    "media-type": (415, "The body is not declared as JSON"),
    "invalid": (422, "The request has faults"),
    "rate": (429, "The key is used too often"),
    "failure": (500, "Our own failure"),
    "busy": (503, "There is too much to do"),
    "time": (503, "The decision took too long"),
    "unavailable": (503, "The ledger cannot be reached"),
}
_OF_STATUS = {
    **{400: "malformed-json", 404: "not-found", 405: "method", 408: "slow-body", 413: "too-large", 415: "media-type"},
    503: "busy",
}


@dataclass(frozen=True)
class Wrong:
    """One fault of what was given.

    Attributes:
        name: the fact, or the member of the body, that is wrong.
        what: what is wrong, as a phrase.
        expected: what was expected, as a phrase.
        remedy: what to do; may be empty.
        code: a word for programs: ``fact``, ``unknown-fact``, ``member``, ``unknown-member`` or
            ``identifier-of-a-person``.
    """

    name: str
    what: str
    expected: str
    remedy: str
    code: str

    def as_json(self) -> dict[str, str]:
        """Give it in the form of JSON, without numbers of persons."""
        return {
            "name": shown_name(self.name),
            "what": self.what,
            "expected": self.expected,
            "remedy": self.remedy,
            "code": self.code,
        }


@dataclass(frozen=True)
class Problem:
    """What is told of an error.

    Attributes:
        kind: one of `KINDS`.
        detail: what happened and what to do, in a sentence or two.
        errors: the faults of what was given.
        headers: headers of the answer.
        status: status where it is another than that of the kind.
    """

    kind: str
    detail: str
    errors: Sequence[Wrong] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    other_status: int | None = None

    @property
    def status(self) -> int:
        """The status of the answer."""
        return self.other_status or KINDS[self.kind][0]

    def as_json(self, request_id: str) -> dict[str, Any]:
        """Give the problem document."""
        return {
            "type": f"urn:donghaeng:problem:{self.kind}",
            "title": KINDS[self.kind][1],
            "status": self.status,
            "detail": self.detail,
            "request_id": request_id,
            "errors": [one.as_json() for one in self.errors[:MOST_SHOWN]],
        }


class Refused(Exception):  # noqa: N818 - it says what happened to the request
    """A request that gets a problem for an answer."""

    def __init__(self, problem: Problem) -> None:
        """Take the problem."""
        super().__init__(problem.kind)
        self.problem = problem


def shown_name(name: str) -> str:
    """Give the name of a fact as it may be repeated: short, and without numbers of persons and keys."""
    # They are looked for in more than is shown, so that none is cut in half and shown.
    return redact_keys(redact(name[: 5 * LONGEST_NAME]))[:LONGEST_NAME]


def refused(kind: str, detail: str, **headers: str) -> Refused:
    """Make the refusal of a request without faults of values."""
    return Refused(Problem(kind, detail, headers={name.replace("_", "-"): value for name, value in headers.items()}))


def invalid(errors: Sequence[Wrong]) -> Problem:
    """Make the problem of values that are wrong; all of them together."""
    number = len(errors)
    more = f"; the first {MOST_SHOWN} are shown" if number > MOST_SHOWN else ""
    return Problem("invalid", f"{number} {'fault' if number == 1 else 'faults'}{more}: see errors", tuple(errors))


def request_id_of(scope: Scope) -> str:
    """Give the id of a request; empty where nobody has given it one."""
    return str(scope.get(REQUEST_ID, ""))


def place_of(error: BaseException) -> str:
    """Say what kind of failure it is and where in the code, without its message."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"


def answer_of(problem: Problem, scope: Scope) -> Response:
    """Give the answer that tells a problem."""
    body = msgspec.json.encode(problem.as_json(request_id_of(scope)))
    return Response(body, problem.status, dict(problem.headers), MEDIA_TYPE)


async def tell_refusal(request: Request, error: Exception) -> Response:
    """Answer a `Refused`."""
    assert isinstance(error, Refused)  # noqa: S101 - registered for nothing else
    return answer_of(error.problem, request.scope)


async def tell_http_error(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses: unknown addresses, methods."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    kind = _OF_STATUS.get(error.status_code, "invalid" if error.status_code < 500 else "failure")
    headers = dict(error.headers or {})
    details = {
        "not-found": "GET /v1/packs lists what is served; GET /v1/openapi.json describes every address",
        "method": f"use {headers.get('Allow', 'another method')}",
    }
    problem = Problem(kind, details.get(kind, KINDS[kind][1]), (), headers, error.status_code)
    return answer_of(problem, request.scope)


async def tell_unavailable(request: Request, error: Exception) -> Response:
    """Answer where the ledger cannot be reached: nothing was acknowledged, so the request may be made again."""
    assert isinstance(error, UnavailableError)  # noqa: S101 - registered for nothing else
    request.scope[FAILURE] = place_of(error)
    detail = "nothing was acknowledged; make the same request again, with the same idempotency key if it has one"
    return answer_of(Problem("unavailable", detail, headers={"Retry-After": "1"}), request.scope)


async def tell_conflict(request: Request, error: Exception) -> Response:
    """Answer what a service has left of conflicts with what is recorded."""
    assert isinstance(error, ConflictError)  # noqa: S101 - registered for nothing else
    return answer_of(Problem("conflict", "read what is recorded, decide anew, and send it again"), request.scope)


async def tell_erased(request: Request, error: Exception) -> Response:
    """Answer that a person was erased; nothing is repeated."""
    assert isinstance(error, ErasedError)  # noqa: S101 - registered for nothing else
    detail = "facts about this person were erased; nothing that rests on them can be recorded or shown"
    return answer_of(Problem("conflict", detail, (Wrong("request", detail, "", "", "erased"),)), request.scope)


async def tell_invalid(request: Request, error: Exception) -> Response:
    """Answer what the framework finds wrong with parameters; their values are not repeated."""
    found = [
        Wrong(str(one["loc"][-1]), str(one["type"]), str(one["msg"]), "correct it", "member")
        for one in getattr(error, "errors", list)()
    ]
    return answer_of(invalid(found), request.scope)
