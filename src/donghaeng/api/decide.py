"""The hot path: decisions, as plain ASGI endpoints with msgspec."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any, TypeVar

import anyio
import msgspec
from starlette.types import Receive, Scope, Send

from donghaeng.api.bodies import Bodies, parse
from donghaeng.api.facts import read_day, read_facts, read_members
from donghaeng.api.limits import Limits
from donghaeng.api.problems import Problem, Refused, Wrong, invalid, refused, request_id_of
from donghaeng.api.served import Served
from donghaeng.api.writing import Writer
from donghaeng.identifiers import find_identifier
from donghaeng.rules.decision import Decision, DecisionTable

LONGEST_ID = 64
#: A batch may hold so many values for each of its cases.
VALUES_OF_A_CASE = 100

_ENCODER = msgspec.json.Encoder()
_Answer = TypeVar("_Answer")


class Deciding:
    """What the endpoints share."""

    def __init__(self, served: Served, limits: Limits, timer: Callable[[], float] = time.monotonic) -> None:
        """Take what is served and its limits."""
        self.served, self.limits, self.timer = served, limits, timer
        self.bodies, self.writer = Bodies(limits), Writer()
        self._threads: anyio.CapacityLimiter | None = None

    async def aside(self, work: Callable[[], _Answer]) -> _Answer:
        """Run what takes more than a moment beside the loop, which goes on answering.

        Raises:
            Refused: it takes too long, or its turn does not come in time.
        """
        if self._threads is None:  # made in the loop that runs
            self._threads = anyio.CapacityLimiter(self.limits.threads)
        try:
            with anyio.fail_after(self.limits.seconds):
                return await anyio.to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._threads)
        except TimeoutError:
            raise _too_long(self.limits) from None


class DecideOne:
    """``POST /v1/decide/{owner}/{pack}/{table}``."""

    def __init__(self, deciding: Deciding) -> None:
        """Take what the endpoints share."""
        self._shared = deciding

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        shared, limits = self._shared, self._shared.limits
        served = shared.served.table(**scope["path_params"])
        async with shared.bodies.read(scope, receive, limits.body_bytes) as body:
            decision, known_on, explain = self._decide(served, body)
            if decision.determined and not explain:
                answer = _ENCODER.encode(shared.writer.write(decision, known_on))
            else:
                answer = await shared.aside(partial(self._write, decision, known_on, explain))
        await _send(send, answer)

    def _decide(self, served: DecisionTable, body: bytes) -> tuple[Decision, date | None, bool]:
        limits = self._shared.limits
        wrong: list[Wrong] = []
        document = parse(body, limits.depth, limits.values)
        members = read_members(document, ("on", "known_on", "facts", "explain"), wrong, "body")
        if members is None:
            raise Refused(invalid(wrong))
        on, known_on = read_day(members, "on", wrong), read_day(members, "known_on", wrong)
        facts = read_facts(served, members.get("facts"), wrong, limits.text)
        explain = members.get("explain")
        if not (explain is None or isinstance(explain, bool)):
            wrong.append(Wrong("explain", "it is neither true nor false", "true or false", "", "member"))
        if members.get("on") is None:
            wrong.append(_no_day())
        if wrong or on is None:
            raise Refused(invalid(wrong))
        return served.decide(on, known_on, **facts), known_on, bool(explain)

    def _write(self, decision: Decision, known_on: date | None, explain: bool) -> bytes:
        found = self._shared.writer.write(decision, known_on)
        if explain:
            found["explanation"] = [row.as_json() for row in decision.explain()]
        return _ENCODER.encode(found)


class DecideMany:
    """``POST /v1/decide/{owner}/{pack}/{table}/batch``."""

    def __init__(self, deciding: Deciding) -> None:
        """Take what the endpoints share."""
        self._shared = deciding

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        shared, limits = self._shared, self._shared.limits
        served = shared.served.table(**scope["path_params"])
        async with shared.bodies.read(scope, receive, limits.batch_bytes) as body:
            until = shared.timer() + limits.seconds
            answer = await shared.aside(partial(self._decide, served, body, until, request_id_of(scope)))
        await _send(send, answer)

    def _decide(self, served: DecisionTable, body: bytes, until: float, request_id: str) -> bytes:
        limits = self._shared.limits
        wrong: list[Wrong] = []
        document = parse(body, limits.depth, limits.cases * VALUES_OF_A_CASE)
        members = read_members(document, ("on", "known_on", "cases"), wrong, "body")
        if members is None:
            raise Refused(invalid(wrong))
        on, known_on = read_day(members, "on", wrong), read_day(members, "known_on", wrong)
        cases = members.get("cases")
        if not isinstance(cases, list):
            wrong.append(Wrong("cases", "it is no list", "a list of cases, each with its facts", "", "member"))
        if wrong or not isinstance(cases, list):
            raise Refused(invalid(wrong))
        if len(cases) > limits.cases:
            raise refused("too-large", f"a batch may have {limits.cases:,} cases at most; send several")
        seen: set[str] = set()
        results: list[dict[str, Any]] = []
        for case in cases:
            if self._shared.timer() > until:
                raise _too_long(limits)
            results.append(self._one(served, case, on, known_on, seen, request_id))
        return _ENCODER.encode({"results": results})

    def _one(
        self,
        served: DecisionTable,
        case: Any,
        on: date | None,
        known_on: date | None,
        seen: set[str],
        request_id: str,
    ) -> dict[str, Any]:
        """Decide a case, or say what is wrong with it."""
        wrong: list[Wrong] = []
        members = read_members(case, ("id", "on", "facts"), wrong, "case")
        if members is None:
            return {"id": None, "problem": invalid(wrong).as_json(request_id)}
        name = _id(members, seen, wrong)
        if members.get("on") is not None:
            on = read_day(members, "on", wrong)
        elif on is None:
            wrong.append(_no_day())
        facts = read_facts(served, members.get("facts"), wrong, self._shared.limits.text)
        if wrong or on is None:
            return {"id": name, "problem": invalid(wrong).as_json(request_id)}
        decision = served.decide(on, known_on, **facts)
        return {"id": name, "decision": self._shared.writer.write(decision, known_on, order=False)}


def _id(members: Mapping[str, Any], seen: set[str], wrong: list[Wrong]) -> str | None:
    """Read the id of a case; None where it has none, or one that may not be repeated."""
    given = members.get("id")
    if given is None:
        return None
    expected = f"a text of 1 to {LONGEST_ID} characters"
    if not isinstance(given, str) or not 1 <= len(given) <= LONGEST_ID:
        wrong.append(Wrong("id", "it is no such text", expected, "number the cases", "member"))
        return None
    if find_identifier(given):
        what = "it holds what looks like a number of a person"
        wrong.append(Wrong("id", what, expected, "number the cases", "identifier-of-a-person"))
        return None
    if given in seen:
        wrong.append(Wrong("id", "another case has the same id", expected, "give each case its own", "member"))
    seen.add(given)
    return given


def _no_day() -> Wrong:
    return Wrong(
        "on", "the day of the decision is missing", "a day such as 2024-03-01", "the API reads no clock", "member"
    )


def _too_long(limits: Limits) -> Refused:
    problem = Problem(
        "time",
        f"a request is worked on for {limits.seconds:g} seconds at most; send fewer cases, or try again",
        headers={"Retry-After": "1"},
    )
    return Refused(problem)


async def _send(send: Send, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
