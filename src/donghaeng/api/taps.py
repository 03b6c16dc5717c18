"""The routes of gates and operators under ``/v1/passes``: taps, one by one and many; lists, reports and waivers.

The route of one tap is the hot one. It is described as any other, but reads its body with msgspec and answers bytes;
deciding and recording run in threads, whose commits are shared.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import anyio
import anyio.to_thread
import msgspec
from fastapi import APIRouter, Depends, Query
from fastapi import Path as InPath
from pydantic import AwareDatetime, Field
from starlette.requests import Request
from starlette.responses import Response

from donghaeng.api.access import Caller, KeyedRoute, needs
from donghaeng.api.pass_bodies import Closed, Day, Facts, Line
from donghaeng.api.passes import told
from donghaeng.api.problems import Refused, Wrong, invalid, refused
from donghaeng.api.service_routes import request_key, wrong_values
from donghaeng.errors import InputError, UsageError
from donghaeng.identifiers import find_identifier
from donghaeng.services.passes.day_files import DayFiles
from donghaeng.services.passes.lists import ListKind
from donghaeng.services.passes.medium import medium_number
from donghaeng.services.passes.missing_alights import count_missing
from donghaeng.services.passes.places import MOST_DAYS, Places
from donghaeng.services.passes.rides import RideSettings, update_rides
from donghaeng.services.passes.rollout import GateLists
from donghaeng.services.passes.service import LONGEST_KEY, PassService, Who
from donghaeng.services.passes.tap_reading import LARGEST_AMOUNT, LONGEST_NAME
from donghaeng.services.passes.tapping import AskedTap, TapAnswer, TapConflictError, Tapping, collect_online
from donghaeng.services.passes.taps import Taps
from donghaeng.services.passes.waivers import waive

T = TypeVar("T")

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME, pattern=r"^[ -~]+$")]
Number = Annotated[int, Field(ge=0, lt=2**63)]
Key = Annotated[str, request_key(LONGEST_KEY)]
Gatekeeper = Annotated[Caller, Depends(needs("passes:gate"))]
Sender = Annotated[Caller, Depends(needs("passes:gate", "passes:operator"))]
Operator = Annotated[Caller, Depends(needs("passes:operator"))]
#: Taps that are decided at a time. A committed group is shared, so more threads than cores help.
THREADS = 16
MOST_TAPS = 10_000


class TapAsked(Closed):
    """A tap at a connected gate; `facts` describe its place, and may be left out once they were told.

    Attributes:
        device: the gate.
        sequence: its own count of taps, never used twice.
        medium: id of the medium, or its number.
        direction: boarding or alighting.
        tapped_at: when, by the clock of the gate.
        place: where.
        line: line or route.
        facts: what the table of coverage asks of the place.
        list: number of the list that the gate runs.
        rules: version of its rules.
    """

    device: Name
    sequence: Number
    medium: Name | Number
    direction: Literal["board", "alight"]
    tapped_at: AwareDatetime
    place: Name
    line: Annotated[str, Field(max_length=LONGEST_NAME)] = ""
    facts: Facts | None = None
    list: Annotated[int, Field(ge=0)] | None = None
    rules: Annotated[str, Field(max_length=LONGEST_NAME)] | None = None


class TapAnswered(Closed):
    """What the gate does and shows; see `donghaeng.services.passes.gate.GateAnswer`."""

    open: bool
    reason: str
    colour: str
    sound: str
    words: dict[str, str]
    remaining_days: int | None
    repeated: bool
    known: bool


class TapGiven(Closed):
    """A tap that a gate decided about by itself."""

    device: Name
    sequence: Number
    medium: Number
    direction: Literal["board", "alight"]
    tapped_at: AwareDatetime
    place: Name
    line: Annotated[str, Field(max_length=LONGEST_NAME)] = ""
    answer: Name
    opened: bool
    amount: Annotated[int, Field(ge=0, le=LARGEST_AMOUNT)] | None = None


class TapsGiven(Closed):
    """Many of them."""

    source: Name
    taps: Annotated[list[TapGiven], Field(min_length=1, max_length=MOST_TAPS)]


class TapsTaken(Closed):
    """What became of them; see `donghaeng.services.passes.taps.Received`."""

    file: str
    rows: int
    new: int
    repeated: int
    disputed: int
    held: int
    known: bool


class RidesMade(Closed):
    """Service days whose rides were made anew, and cards whose blocks changed."""

    days: list[str]
    cards: list[str]


class ListAsked(Closed):
    """A list to be issued, for a share of gates in hundredths."""

    kind: ListKind
    rules: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    share: Annotated[int, Field(ge=0, le=100)] = 100


class ListShown(Closed):
    """A list; see `donghaeng.services.passes.rollout.Issued`."""

    kind: ListKind
    number: int
    rules: str
    issued_at: str
    file: str
    media: int
    share: int
    withdrawn: bool


class ShareAsked(Closed):
    """Another share of gates."""

    share: Annotated[int, Field(ge=0, le=100)]


class ReasonGiven(Closed):
    """Why."""

    reason: Line


class GateSaid(Closed):
    """What a gate says of itself."""

    place: Name
    list: Annotated[int, Field(ge=0, lt=2**31)]
    rules: Name


class GateShown(Closed):
    """What a gate runs; see `donghaeng.services.passes.rollout.GateReport`."""

    device: str
    place: str
    list: int
    rules: str
    reported_at: str
    stale: bool
    behind: int


class PlaceDays(Closed):
    """Service days of a place; see `donghaeng.services.passes.places.Places.set_days`."""

    reason: Line
    opens: Day | None = None
    closes: Day | None = None
    closed: Annotated[list[Day], Field(default_factory=list, max_length=MOST_DAYS)]


class ClockFound(Closed):
    """How far the clock of a device was ahead over a run of its taps; behind, where it is negative."""

    first_sequence: Number
    last_sequence: Number
    ahead_seconds: Annotated[int, Field(ge=-(10**10), le=10**10)]
    found_by: Line


class DaysChanged(Closed):
    """Service days whose taps changed; ``held`` stands for those that waited."""

    days: list[str]


class WaiverAsked(Closed):
    """An interval whose missing tags do not count; see `donghaeng.services.passes.waivers.waive`."""

    waiver: Name
    starts: AwareDatetime
    ends: AwareDatetime
    reason: Line
    granted_by: Line
    place: Name | None = None
    line: Name | None = None
    match: Literal["boarded", "under_way"] = "under_way"


class WaiverGranted(Closed):
    """How many missing tags that are known by now are lifted."""

    lifted: int


#: Outside the class below, in which `list` is the number of a list.
_Facts = dict[str, bool | int | float | str | list[str] | None]


class _Tap(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A tap as the hot route reads it; the same as `TapAsked`."""

    device: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME, pattern="^[ -~]+$")]
    sequence: Annotated[int, msgspec.Meta(ge=0)]
    medium: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)] | Annotated[int, msgspec.Meta(ge=0)]
    direction: Literal["board", "alight"]
    tapped_at: Annotated[datetime, msgspec.Meta(tz=True)]
    place: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME, pattern="^[ -~]+$")]
    line: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)] = ""
    facts: _Facts | None = None
    list: Annotated[int, msgspec.Meta(ge=0)] | None = None
    rules: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)] | None = None


class GateDesk:
    """What the routes share: the service with its taps, places and lists."""

    def __init__(
        self,
        service: PassService,
        files: DayFiles,
        *,
        lists: GateLists | None = None,
        places: Places | None = None,
        all_connected: bool = False,
    ) -> None:
        """Put it together.

        Args:
            service: the pass service.
            files: the day files.
            lists: the lists of gates; without them gates are given none.
            places: rules of places; None for those that the requests describe.
            all_connected: whether every tap comes one by one; see `Tapping`.
        """
        self.service, self.files, self.lists = service, files, lists
        section = service.section
        tolerance = timedelta(minutes=section.setting("clock_tolerance_minutes", 10))
        self.places = places or Places(service)
        self.tapping = Tapping(service, self.places.rules_of, all_connected=all_connected, tolerance=tolerance)
        self.taps = Taps(service.ledger, files, tolerance=tolerance)
        self.rides = RideSettings(longest=timedelta(hours=section.setting("longest_ride_hours", 5)))
        self._threads: anyio.CapacityLimiter | None = None

    async def aside(self, work: Callable[[], T]) -> T:
        """Run what waits for the store beside the loop."""
        if self._threads is None:  # made in the loop that runs
            self._threads = anyio.CapacityLimiter(THREADS)
        return await anyio.to_thread.run_sync(work, limiter=self._threads)

    def tap(self, asked: _Tap) -> TapAnswer:
        """Answer a tap."""
        if asked.facts is not None:
            self.places.learn(asked.place, asked.facts)
        number = asked.medium if isinstance(asked.medium, int) else medium_number(asked.medium)
        return self.tapping.tap(
            AskedTap(
                asked.device,
                asked.sequence,
                number,
                asked.direction,
                asked.tapped_at,
                asked.place,
                asked.line,
                asked.list,
                asked.rules,
            )
        )


def make_tap_router(desk: GateDesk, prefix: str = "/v1") -> APIRouter:
    """Make the routes.

    Args:
        desk: what they share.
        prefix: what every path begins with.
    """
    router = APIRouter(prefix=f"{prefix}/passes", route_class=KeyedRoute, tags=["passes"])
    _taps(router, desk)
    _gates(router, desk)
    if desk.lists is not None:
        _lists(router, desk, desk.lists)
    return router


def _said(work: Callable[[], T]) -> T:
    """Run what the service does; what it refuses becomes a problem."""
    try:
        return told(work)
    except UsageError as error:
        raise Refused(invalid([Wrong("request", str(error), "", "", "refused")])) from None
    except TapConflictError as error:
        raise refused("conflict", str(error)) from None


def _answering(desk: GateDesk) -> Callable[[bytes], bytes]:
    """Give what answers the body of a tap."""
    decode = msgspec.json.Decoder(_Tap).decode
    encode = msgspec.json.Encoder().encode

    def work(body: bytes) -> bytes:
        try:
            asked = decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Refused(invalid([Wrong("body", _without_values(error), "a tap", "", "member")])) from None
        sequence, number = asked.sequence, asked.medium
        if sequence >= 2**63 or (isinstance(number, int) and number >= 2**63):
            raise Refused(invalid([Wrong("body", "a number is too large", "less than 2^63", "", "member")]))
        if not all(text.isprintable() for text in (asked.line, asked.rules or "", str(number))):
            raise Refused(invalid([Wrong("body", "a text has signs that are not printable", "", "", "member")]))
        if any(find_identifier(text) for text in (asked.device, asked.place, asked.line)):
            raise Refused(invalid([Wrong("body", "it holds what looks like a number of a person", "", "", "member")]))
        try:
            found = _said(lambda: desk.tap(asked))
        except InputError as error:
            raise wrong_values(error, "facts") from None
        answer = found.answer
        return encode(
            {
                "open": answer.open,
                "reason": answer.reason,
                "colour": answer.colour,
                "sound": answer.sound,
                "words": answer.words,
                "remaining_days": answer.remaining_days,
                "repeated": answer.repeated,
                "known": found.known,
            }
        )

    return work


def _without_values(error: Exception) -> str:
    # msgspec says what was expected and where, not what was given; what it says of broken JSON holds only places.
    return str(error)[:200]


def _taps(router: APIRouter, desk: GateDesk) -> None:
    answer = _answering(desk)
    body_of_a_tap = {"required": True, "content": {"application/json": {"schema": TapAsked.model_json_schema()}}}

    # The model only describes the body; msgspec reads it.
    @router.post(
        "/taps",
        operation_id="pass_tap",
        response_model=TapAnswered,
        openapi_extra={"requestBody": body_of_a_tap},
    )
    async def tap(request: Request, _caller: Gatekeeper) -> Response:
        """Answer a tap of a connected gate, and record it; durable when it is answered."""
        body = await request.body()
        return Response(await desk.aside(lambda: answer(body)), media_type="application/json")

    @router.post("/taps/batch", operation_id="pass_taps")
    def taps(caller: Sender, given: TapsGiven) -> TapsTaken:
        """Take taps in that gates decided about by themselves; each counts once, however often it comes."""
        with tempfile.TemporaryDirectory(prefix="taps-") as folder:
            path = _parquet(Path(folder), given.taps)
            found = _said(lambda: desk.taps.receive(path, f"{caller.organisation}/{given.source}"[:LONGEST_NAME]))
        names = ("file", "rows", "new", "repeated", "disputed", "held", "known")
        return TapsTaken(**{name: getattr(found, name) for name in names})

    @router.post("/rides", operation_id="pass_rides")
    def rides(_caller: Operator) -> RidesMade:
        """Make the rides that taps came to since the last time, and count missing alight tags."""

        def work() -> RidesMade:
            collect_online(desk.service, desk.taps, desk.files.folder / ".online")
            days = update_rides(desk.files, desk.service.clock(), desk.rides)
            cards = count_missing(desk.service, desk.files)
            return RidesMade(days=[str(day) for day in days], cards=cards)

        return _said(work)

    @router.post("/waivers", operation_id="pass_waiver")
    def waiver(_caller: Operator, asked: WaiverAsked) -> WaiverGranted:
        """Lift the missing tags of an interval, those that arrive later too, and the blocks that rested on them."""
        values = asked.model_dump()
        return WaiverGranted(lifted=_said(lambda: waive(desk.service, **values)))

    @router.post("/devices/{device}/clock", operation_id="pass_device_clock")
    def clock(_caller: Operator, device: Annotated[Name, InPath()], found: ClockFound) -> DaysChanged:
        """Tell how far a clock was off: taps that were held, or stand at a wrong time, go to their true one."""
        ahead = timedelta(seconds=found.ahead_seconds)
        work = lambda: desk.taps.correct_clock(  # noqa: E731
            device, found.first_sequence, found.last_sequence, ahead, found_by=found.found_by
        )
        return DaysChanged(days=list(_said(work)))

    @router.post("/places/{place}/days", operation_id="pass_place_days", status_code=204)
    def place_days(caller: Operator, place: Annotated[Name, InPath()], told_: PlaceDays, key: Key) -> None:
        """Tell on which service days a place serves; what was told of it before no longer holds."""
        who = Who(caller.organisation, caller.key_id)
        _said(lambda: desk.places.set_days(who, key, place=place, **told_.model_dump()))


def _parquet(folder: Path, taps: list[TapGiven]) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [tap.model_dump() for tap in taps]
    kinds = {"device": pa.string(), "sequence": pa.int64(), "medium": pa.int64(), "direction": pa.string()}
    kinds |= {"place": pa.string(), "line": pa.string(), "answer": pa.string(), "opened": pa.bool_()}
    columns = {name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()}
    columns["amount"] = pa.array([row["amount"] for row in rows], pa.int64())
    times = [row["tapped_at"].astimezone(UTC) for row in rows]
    columns["tapped_at"] = pa.array(times, pa.timestamp("us", "UTC"))
    path = folder / "taps.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def _gates(router: APIRouter, desk: GateDesk) -> None:
    lists = desk.lists
    if lists is None:
        return

    @router.post("/gates/{device}", operation_id="gate_report", status_code=204)
    def report(_caller: Gatekeeper, device: Annotated[Name, InPath()], said: GateSaid) -> None:
        """Note which list and rules a gate runs."""
        _said(lambda: lists.report(device, said.place, said.list, said.rules))

    @router.get("/gates", operation_id="gates")
    def gates(_caller: Operator) -> list[GateShown]:
        """Say what each gate runs, and which must be looked after."""
        names = ("device", "place", "list", "rules", "reported_at", "stale", "behind")
        return [GateShown(**{name: getattr(one, name) for name in names}) for one in _said(lists.fleet)]


def _lists(router: APIRouter, desk: GateDesk, lists: GateLists) -> None:  # noqa: ARG001, each takes both
    @router.get("/gate-lists/{kind}", operation_id="gate_list", response_class=Response)
    def gate_list(
        _caller: Gatekeeper,
        kind: ListKind,
        device: Annotated[Name, Query()],
        held: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    ) -> Response:
        """Give the signed file that brings a gate to the list it should run; nothing (204) where it runs it."""
        data = _said(lambda: lists.file_for(kind, device, held))
        if data is None:
            return Response(status_code=204)
        return Response(data, media_type="application/octet-stream")

    @router.post("/gate-lists", operation_id="gate_list_issue", status_code=201)
    def issue(_caller: Operator, asked: ListAsked) -> ListShown:
        """Issue a list of what holds now, to a share of gates."""
        return _shown(_said(lambda: lists.issue(asked.kind, asked.rules, share=asked.share)))

    @router.post("/gate-lists/{kind}/{number}/share", operation_id="gate_list_share", status_code=204)
    def share(
        caller: Operator, kind: ListKind, number: Annotated[int, InPath(ge=1, lt=2**31)], asked: ShareAsked
    ) -> None:
        """Give a list to another share of gates."""
        _said(lambda: lists.stage(kind, number, asked.share, staged_by=caller.key_id))

    @router.post("/gate-lists/{kind}/{number}/withdrawal", operation_id="gate_list_withdrawal")
    def withdrawal(
        caller: Operator, kind: ListKind, number: Annotated[int, InPath(ge=1, lt=2**31)], given: ReasonGiven
    ) -> ListShown | None:
        """Take a list back: what held before it is issued again under a new number."""
        found = _said(lambda: lists.withdraw(kind, number, reason=given.reason, withdrawn_by=caller.key_id))
        return None if found is None else _shown(found)


def _shown(one: Any) -> ListShown:
    names = ("kind", "number", "rules", "issued_at", "file", "media", "share")
    return ListShown(**{name: getattr(one, name) for name in names}, withdrawn=bool(one.withdrawn))
