"""Missing alight tags and the blocks that follow: counted within one period, by the table of the pack.

What is counted are rides (`rides`), so the count does not depend on the order in which taps arrived. When a late tap
ends a ride, its missing tag is gone and a block that rested on it is lifted. Which rides miss their tag is a small
table; the day files stay out of the question whether a card is blocked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import bindparam, delete, insert, select, update

from donghaeng.ledger.canonical import moment
from donghaeng.ledger.entry import NewEntry
from donghaeng.ledger.statement import Statement, Transaction
from donghaeng.services.passes.day_files import DayFiles, Part
from donghaeng.services.passes.policy import Policy
from donghaeng.services.passes.projection import project
from donghaeng.services.passes.service import PassService
from donghaeng.services.passes.state import Block, Charge, State
from donghaeng.services.passes.tap_schema import missing_alights, tap_parts, tap_waivers

CAUSE = "missing-alight"
#: Reasons for which a block is lifted here; any other is that of a desk, and such a block does not come back.
TAG_ARRIVED = "a later tap ended a ride, or the ride was waived"

_UNCOUNTED = Statement(
    select(tap_parts.c.part, tap_parts.c.day, tap_parts.c.rows, tap_parts.c.number)
    .where(tap_parts.c.kind == "rides", tap_parts.c.ended.is_(None), tap_parts.c.counted.is_(None))
    .order_by(tap_parts.c.day)
)
_COUNTED = Statement(
    update(tap_parts)
    .where(tap_parts.c.part == bindparam("of_part"), tap_parts.c.number == bindparam("of_number"))
    .values(counted=1)
)
_OF_DAY = Statement(select(missing_alights).where(missing_alights.c.day == bindparam("day")))
_OF_MEDIUM = Statement(select(missing_alights).where(missing_alights.c.medium == bindparam("medium")))
_ADD = Statement(insert(missing_alights).values({c.name: bindparam(c.name) for c in missing_alights.columns}))
_REMOVE = Statement(
    delete(missing_alights).where(
        missing_alights.c.device == bindparam("device"), missing_alights.c.sequence == bindparam("sequence")
    )
)
_WAIVERS = Statement(select(tap_waivers).order_by(tap_waivers.c.waiver))


@dataclass(frozen=True, slots=True)
class MissingAlight:
    """A ride without an alighting tap, or out of the coverage, which counts the same.

    Attributes:
        device: what read the boarding.
        sequence: its number of that tap.
        medium: number of the medium.
        boarded_at: when, UTC with microseconds, as the ledger writes moments.
        day: service day of the boarding.
        place: where.
        line: on which line.
        waived: the waiver that lifts it; None for none.
    """

    device: str
    sequence: int
    medium: int
    boarded_at: str
    day: str
    place: str
    line: str
    waived: str | None = None

    @property
    def ride(self) -> str:
        """The ride, by its boarding."""
        return f"{self.device}/{self.sequence}"


@dataclass(frozen=True, slots=True)
class DueBlock:
    """A block that the missing tags of a card come to.

    Attributes:
        block: its name, from the ride that made it.
        starts: boarding of that ride.
        ends: when it lifts by itself.
        rides: the rides that were counted for it.
        rows: rows of the table that decided.
        decision: name of the decision.
    """

    block: str
    starts: datetime
    ends: datetime
    rides: tuple[str, ...]
    rows: tuple[str, ...]
    decision: str


@dataclass(frozen=True, slots=True)
class Waiver:
    """An interval whose missing tags do not count; see `waivers`.

    Attributes:
        waiver: its id.
        place: only boardings there; None for all.
        line: only on that line; None for all.
        starts: first moment, UTC as the ledger writes moments.
        ends: last moment.
        match: ``boarded`` or ``under_way``.
    """

    waiver: str
    place: str | None
    line: str | None
    starts: str
    ends: str
    match: str

    def lifts(self, ride: MissingAlight, longest: timedelta) -> bool:
        """Say whether it lifts a missing tag, of a ride that may have taken so long at most."""
        if (self.line is not None and ride.line != self.line) or (self.place is not None and ride.place != self.place):
            return False
        if self.match == "boarded":
            return self.starts <= ride.boarded_at <= self.ends
        latest = moment(datetime.fromisoformat(ride.boarded_at) + longest)
        return ride.boarded_at <= self.ends and self.starts <= latest


@dataclass(frozen=True, slots=True)
class CountSettings:
    """What counting needs beside the table.

    Attributes:
        hours: length of a block.
        restarts: whether the count begins afresh after a block.
        longest: time that a ride may take.
    """

    hours: int = 24
    restarts: bool = True
    longest: timedelta = timedelta(hours=5)


def count_settings(service: PassService) -> CountSettings:
    """Give the settings of a pack."""
    section = service.section
    return CountSettings(
        section.setting("block_hours", 24),
        bool(section.setting("count_restarts_after_block", 1)),
        timedelta(hours=section.setting("longest_ride_hours", 5)),
    )


def waivers_in_force(store: Any) -> list[Waiver]:
    """Give the waivers that were granted."""
    return [Waiver(*row) for row in store.query(_WAIVERS)]


def due_blocks(
    missing: Iterable[MissingAlight],
    charges: Sequence[Charge],
    media: Mapping[int, str],
    policy: Policy,
    settings: CountSettings,
) -> list[DueBlock]:
    """Give the blocks that the missing tags of a card come to, whenever and in whatever order they became known.

    Args:
        missing: missing tags of all media of the card.
        charges: periods of the card.
        media: ids of its media by number.
        policy: the rules of the pack.
        settings: what counting needs beside them.
    """
    found = []
    counting = [one for one in missing if one.waived is None]
    counting.sort(key=lambda one: (one.boarded_at, one.device, one.sequence))
    for charge in charges:
        period = charge.period
        counted: list[MissingAlight] = []
        for ride in counting:
            on = date.fromisoformat(ride.day)
            if media.get(ride.medium) != period.medium or not period.covers(on):
                continue
            counted.append(ride)
            ruling = policy.rule(
                "missing_alight", on, product=period.product, missing_tags=len(counted), stopped_before=False
            )
            if ruling.meaning != "blocked":
                continue
            starts = datetime.fromisoformat(ride.boarded_at)
            found.append(
                DueBlock(
                    f"{CAUSE}/{ride.ride}",
                    starts,
                    starts + timedelta(hours=settings.hours),
                    tuple(one.ride for one in counted),
                    tuple(ruling.decision.rows),
                    ruling.name,
                )
            )
            if settings.restarts:
                counted = []
    return found


def count_missing(service: PassService, files: DayFiles) -> list[str]:
    """Count the missing tags of all rides that were made since, and block and unblock what follows.

    Returns:
        The cards whose blocks changed.
    """
    changed: list[str] = []
    for name, day, rows, number in list(service.ledger.store.query(_UNCOUNTED)):
        changed += _count_day(service, files, Part(name, "rides", day, rows, number))
    return changed


def _count_day(service: PassService, files: DayFiles, part: Part) -> list[str]:
    store, settings = service.ledger.store, count_settings(service)
    waivers = waivers_in_force(store)
    now = _missing_rides(files, part, waivers, settings)
    before = {
        (one.device, one.sequence): one
        for one in (MissingAlight(*row) for row in store.query(_OF_DAY, {"day": part.day}))
    }
    gone = [one for key, one in before.items() if key not in now]
    new = [one for key, one in now.items() if key not in before]
    media = {one.medium for one in (*gone, *new)}
    overlay = Overlay({(one.device, one.sequence) for one in gone}, new)
    entries = block_entries(service, media, overlay, settings)

    def change(transaction: Transaction) -> None:
        for one in gone:
            transaction.execute(_REMOVE, {"device": one.device, "sequence": one.sequence})
        for one in new:
            transaction.execute(_ADD, {name: getattr(one, name) for name in missing_alights.columns.keys()})  # noqa: SIM118
        transaction.execute(_COUNTED, {"of_part": part.part, "of_number": part.number})

    record(service, entries, change)
    return sorted({str(entry.body["card"]) for entry in entries if isinstance(entry.body, dict)})


def record(service: PassService, entries: Sequence[NewEntry], change: Any) -> None:
    """Append entries with their projections and another change of tables; without entries, the change alone."""
    if not entries:
        service.ledger.store.write(change)
        return

    def both(transaction: Transaction) -> None:
        project(transaction)
        change(transaction)

    service.ledger.append(list(entries), both)


def _missing_rides(
    files: DayFiles, part: Part, waivers: Sequence[Waiver], settings: CountSettings
) -> dict[tuple[str, int], MissingAlight]:
    with files.engine() as engine:
        rows = engine.execute(
            "SELECT device, sequence, medium, boarded_at, board_place, board_line "  # noqa: S608, an own file
            f"FROM {files.relation([part], 'rides')} WHERE state IN ('missing', 'outside') ORDER BY device, sequence"
        ).fetchall()
    found = {}
    for device, sequence, medium, boarded_at, place, line in rows:
        one = MissingAlight(device, sequence, medium, moment(boarded_at.replace(tzinfo=UTC)), part.day, place, line)
        waived = next((waiver.waiver for waiver in waivers if waiver.lifts(one, settings.longest)), None)
        found[device, sequence] = one if waived is None else _waived(one, waived)
    return found


def _waived(ride: MissingAlight, waiver: str) -> MissingAlight:
    return MissingAlight(
        ride.device, ride.sequence, ride.medium, ride.boarded_at, ride.day, ride.place, ride.line, waiver
    )


def add_missing(transaction: Transaction, ride: MissingAlight) -> None:
    """Write a missing tag into the table; the rides of its day, made later, say the same or take it out again."""
    transaction.execute(_REMOVE, {"device": ride.device, "sequence": ride.sequence})
    transaction.execute(_ADD, {name: getattr(ride, name) for name in missing_alights.columns.keys()})  # noqa: SIM118


class Overlay:
    """What the table of missing tags will say after a change that is not made yet."""

    def __init__(self, gone: set[tuple[str, int]], new: Sequence[MissingAlight]) -> None:
        """Take what goes, by device and number, and what comes or changes."""
        self.gone = gone
        self.new: dict[int, list[MissingAlight]] = defaultdict(list)
        for one in new:
            self.new[one.medium].append(one)

    def of(self, store: Any, medium: int) -> list[MissingAlight]:
        """Give the missing tags of a medium."""
        rows = (MissingAlight(*row) for row in store.query(_OF_MEDIUM, {"medium": medium}))
        new = self.new[medium]
        replaced = {(one.device, one.sequence) for one in new} | self.gone
        return [one for one in rows if (one.device, one.sequence) not in replaced] + new


def block_entries(
    service: PassService, media: Iterable[int], overlay: Overlay, settings: CountSettings
) -> list[NewEntry]:
    """Give the entries that bring the blocks of cards to what their missing tags come to.

    Args:
        service: the pass service.
        media: numbers of media whose missing tags change; those of no card are left out.
        overlay: the change.
        settings: what counting needs.
    """
    state = State(service.ledger.store)
    cards = sorted({found.card for number in media if (found := state.medium_by_number(number)) is not None})
    entries: list[NewEntry] = []
    at = service.clock()
    for card in cards:
        own = {one.number: one.medium for one in state.media_of(card)}
        missing = [one for number in own for one in overlay.of(service.ledger.store, number)]
        due = due_blocks(missing, state.charges_of(card), own, service.policy, settings)
        blocks = [one for one in state.blocks_of(card) if one.cause == CAUSE]
        entries += _difference(service, card, due, blocks, at)
    return entries


def _difference(
    service: PassService, card: str, due: Sequence[DueBlock], blocks: Sequence[Block], at: datetime
) -> list[NewEntry]:
    wanted = {one.block: one for one in due}
    entries = []
    standing: set[str] = set()
    times: dict[str, int] = defaultdict(int)
    for block in blocks:
        name = block.block.partition("#")[0]
        times[name] += 1
        if block.lifted_at is None:
            standing.add(name)
            if name not in wanted:
                body: dict[str, Any] = {"card": card, "block": block.block, "reason": TAG_ARRIVED}
                entries.append(_entry(card, "card-block-lifted", body, at, f"lift/{block.block}", None))
        elif name in wanted and not _lifted_here(service, card, block.block):
            standing.add(name)
    for name, one in wanted.items():
        if name in standing:
            continue
        block_id = name if not times[name] else f"{name}#{times[name] + 1}"
        body = {
            "card": card,
            "block": block_id,
            "cause": CAUSE,
            "starts": moment(one.starts),
            "ends": moment(one.ends),
            "rides": one.rides,
            "rows": one.rows,
        }
        entries.append(_entry(card, "card-blocked", body, at, block_id, one.decision))
    return entries


def _entry(card: str, kind: str, body: dict[str, Any], at: datetime, key: str, decision: str | None) -> NewEntry:
    return NewEntry(
        stream=f"card/{card}", kind=kind, body=body, effective_at=at, idempotency_key=key, decision_id=decision
    )


def _lifted_here(service: PassService, card: str, block: str) -> bool:
    """Say whether a block was lifted for want of a reason, and not by a desk: then it may come back."""
    for entry in service.ledger.stream(f"card/{card}"):
        if entry.kind == "card-block-lifted":
            body = msgspec.json.decode(entry.body)
            if body["block"] == block:
                return bool(body["reason"] == TAG_ARRIVED)
    return False
