"""Taps of gates that are connected: decided from the tables as they are now, and recorded one by one.

The answer is that of an offline gate with a list of this moment (`gate`). What is recorded is an entry of the card;
from time to time the entries are taken over into the day files like a file of an operator, so that rides have one
source. A gate that also sends its file later does no harm: a tap is known by device and number.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import and_, bindparam, func, or_, select

from donghaeng.errors import DonghaengError
from donghaeng.ledger.canonical import moment
from donghaeng.ledger.entry import Entry, NewEntry
from donghaeng.ledger.faults import KeyReusedError
from donghaeng.ledger.schema import entries
from donghaeng.ledger.statement import Statement, Transaction
from donghaeng.ledger.store import BY_KEY, LAST_SEQUENCE
from donghaeng.services.passes.gate import Direction, Gate, GateAnswer, GateRules
from donghaeng.services.passes.medium import Carried, seconds
from donghaeng.services.passes.missing_alights import (
    MissingAlight,
    Overlay,
    add_missing,
    block_entries,
    count_settings,
    record,
    waivers_in_force,
)
from donghaeng.services.passes.postpaid import renew_postpaid
from donghaeng.services.passes.schema import blocks, media, periods
from donghaeng.services.passes.service import PassService, Who
from donghaeng.services.passes.service_day import BETWEEN_RIGHTS
from donghaeng.services.passes.tap_schema import tap_files
from donghaeng.services.passes.taps import Received, Taps

#: Who renews a card at a gate.
RENEWAL = Who("service", "renewal")
#: Gates whose memory of repeated taps is kept here.
MOST_GATES = 50_000
#: Before the name of a source of taps that were entries; the last sequence follows.
ONLINE = "online/"

_KNOWN = Statement(
    select(
        media.c.card,
        media.c.cause,
        media.c.denied_at,
        periods.c.product,
        periods.c.category,
        periods.c.rights,
        periods.c.starts,
        periods.c.ends,
        periods.c.charged_at,
        select(func.count())
        .select_from(blocks)
        .where(
            blocks.c.card == media.c.card,
            or_(blocks.c.medium.is_(None), blocks.c.medium == media.c.medium),
            blocks.c.lifted_at.is_(None),
            blocks.c.starts <= bindparam("at"),
            or_(blocks.c.ends.is_(None), blocks.c.ends > bindparam("at")),
        )
        .scalar_subquery()
        .label("blocks"),
    )
    .select_from(
        media.outerjoin(
            periods,
            and_(
                periods.c.card == media.c.card,
                periods.c.medium == media.c.medium,
                periods.c.state == "active",
                periods.c.ends >= bindparam("since"),
            ),
        )
    )
    .where(media.c.number == bindparam("number"))
)
_LAST_PERIOD = Statement(
    select(
        periods.c.product, periods.c.category, periods.c.rights, periods.c.starts, periods.c.ends, periods.c.charged_at
    )
    .where(
        periods.c.card == bindparam("card"),
        periods.c.medium == select(media.c.medium).where(media.c.number == bindparam("number")).scalar_subquery(),
        periods.c.state == "active",
    )
    .order_by(periods.c.ends.desc())
    .limit(1)
)
_TAPPED = Statement(
    select(entries.c.body)
    .where(entries.c.kind == "tapped", entries.c.sequence > bindparam("after"), entries.c.sequence <= bindparam("last"))
    .order_by(entries.c.sequence)
)
_LAST_TAPS = Statement(
    select(entries.c.body)
    .where(entries.c.stream == bindparam("stream"), entries.c.kind == "tapped")
    .order_by(entries.c.position.desc())
    .limit(20)
)
_SOURCES = Statement(select(tap_files.c.source).where(tap_files.c.source.like(f"{ONLINE}%")))


class TapConflictError(DonghaengError):
    """A device gave a number to a tap that it had given to another one; look at the device."""


@dataclass(frozen=True, slots=True)
class AskedTap:
    """A tap that a connected gate asks about.

    Attributes:
        device: the gate.
        sequence: its own count of taps.
        medium: number of the medium.
        direction: boarding or alighting.
        at: when, with zone, by the clock of the gate.
        place: where.
        line: line or route.
        list: number of the list that the gate runs; None if it does not say.
        rules: version of its rules.
    """

    device: str
    sequence: int
    medium: int
    direction: Direction
    at: datetime
    place: str
    line: str = ""
    list: int | None = None
    rules: str | None = None


@dataclass(frozen=True, slots=True)
class TapAnswer:
    """What is answered to a tap.

    Attributes:
        answer: open or not, and why.
        known: whether the same tap had been asked about before; this is the answer of then.
    """

    answer: GateAnswer
    known: bool


class _Due(NamedTuple):
    """Whether a block holds now, its entries, and what else changes."""

    blocks: bool
    entries: list[NewEntry]
    change: Callable[[Transaction], object]


class Tapping:
    """Decides and records taps of connected gates. Open to many threads."""

    def __init__(
        self,
        service: PassService,
        rules_of: Callable[[str], GateRules],
        *,
        all_connected: bool = False,
        tolerance: timedelta = timedelta(minutes=10),
    ) -> None:
        """Put it together.

        Args:
            service: the pass service.
            rules_of: gives the rules of a place, the same object each time; those of an unknown place have no rights.
            all_connected: whether every tap comes this way. Then what did not come did not happen, and who boards
                again without having tagged out is counted, and blocked, at once; otherwise when all files are there.
            tolerance: how far the clock of a gate may be from that of the service. A tap from further off is decided
                by the clock of the service.
        """
        self._service, self._rules_of, self._tolerance = service, rules_of, tolerance
        self._all_connected = all_connected
        self._gates: dict[str, Gate] = {}
        self._deciding = threading.Lock()

    def tap(self, asked: AskedTap) -> TapAnswer:
        """Decide about a tap and record it; durable when this returns.

        Raises:
            TapConflictError: the device gave this number to another tap.
            UnavailableError: the store failed; nothing was recorded, so ask again.
        """
        now = self._service.clock()
        is_near = abs(asked.at - now) <= self._tolerance
        at = asked.at if is_near else now
        answer, card = self._decide(asked, at)
        if answer.reason in {"expired", "no_pass"} and card is not None and self._renewed(card):
            with self._deciding:
                self._gate(asked).forget(asked.medium)
            answer, card = self._decide(asked, at)
        body: dict[str, Any] = {
            "device": asked.device,
            "sequence": asked.sequence,
            "medium": asked.medium,
            "direction": asked.direction,
            "at": moment(asked.at),
            "place": asked.place,
            "line": asked.line,
            "answer": "repeated" if answer.repeated else answer.reason,
            "opened": answer.open,
            "list": asked.list,
            "rules": asked.rules,
        }
        key = f"tap/{asked.device}/{asked.sequence}"
        entry = NewEntry(
            stream=f"card/{card}" if card else f"medium/{asked.medium}",
            kind="tapped",
            body=body,
            effective_at=asked.at,
            idempotency_key=key,
        )
        try:
            if answer.open and card and not answer.repeated and self._all_connected:
                before = self._before(asked, card)
                due = None
                if before is not None and self._is_repeat(asked, before):
                    # The gate itself does not remember the first tap: it was started anew since.
                    answer = answer._replace(repeated=True)
                    entry = replace(entry, body=body | {"answer": "repeated"})
                elif before is not None and before["direction"] == asked.direction == "board":
                    due = self._known_now(before, at)
                if due is not None:
                    if due.blocks:
                        answer = self._rules_of(asked.place).refusals["blocked"]
                        entry = replace(entry, body=body | {"answer": "blocked", "opened": False})
                        with self._deciding:
                            self._gate(asked).forget(asked.medium)
                    record(self._service, [entry, *due.entries], due.change)
                    return TapAnswer(answer, False)
            self._service.ledger.append(entry)
        except KeyReusedError:
            return self._earlier(key, body)
        return TapAnswer(answer, False)

    def _renewed(self, card: str) -> bool:
        """Renew a card that is paid after use, whose month is over and was not renewed yet; say whether it was."""
        if self._service.state.card(card).pays != "postpaid":
            return False
        return bool(renew_postpaid(self._service, RENEWAL, card=card))

    def _before(self, asked: AskedTap, card: str) -> Mapping[str, Any] | None:
        """Give the last tap of a card that opened, repeated ones left out; None for none, or where it is this one."""
        for (text,) in list(self._service.ledger.store.query(_LAST_TAPS, {"stream": f"card/{card}"})):
            before: dict[str, Any] = msgspec.json.decode(text)
            if (before["device"], before["sequence"]) == (asked.device, asked.sequence):
                return None
            if before["opened"] and before["answer"] != "repeated":
                return before
        return None

    def _is_repeat(self, asked: AskedTap, before: Mapping[str, Any]) -> bool:
        """Say whether a tap is the one before it again: the same reader and direction, and hardly later."""
        since = asked.at - datetime.fromisoformat(before["at"])
        is_same = (before["device"], before["direction"]) == (asked.device, asked.direction)
        return is_same and timedelta() <= since < timedelta(seconds=self._rules_of(asked.place).settings.repeat)

    def _known_now(self, before: Mapping[str, Any], at: datetime) -> _Due | None:
        """Give what a boarding makes known: that the boarding before it was never tagged out, and a block by that."""
        store = self._service.ledger.store
        boarded = datetime.fromisoformat(before["at"])
        day = self._service.section.days.day(boarded).isoformat()
        ride = MissingAlight(
            before["device"], before["sequence"], before["medium"], before["at"], day, before["place"], before["line"]
        )
        settings = count_settings(self._service)
        waivers = waivers_in_force(store)
        if any(waiver.lifts(ride, settings.longest) for waiver in waivers):
            return None
        follows = block_entries(self._service, [ride.medium], Overlay(set(), [ride]), settings)
        bodies = [one.body for one in follows if one.kind == "card-blocked" and isinstance(one.body, dict)]
        blocks = any(body["starts"] <= moment(at) < body["ends"] for body in bodies)
        return _Due(blocks, follows, lambda transaction: add_missing(transaction, ride))

    def _decide(self, asked: AskedTap, at: datetime) -> tuple[GateAnswer, str | None]:
        book, days = self._rules_of(asked.place).book, self._service.section.days
        day = days.day(at)
        # Who boarded inside a period may alight a little after it, so yesterday's is asked for too.
        values = {"number": asked.medium, "at": moment(at), "since": (day - timedelta(days=1)).isoformat()}
        rows = list(self._service.ledger.store.query(_KNOWN, values))
        if not rows:
            return self._rules_of(asked.place).refusals["unknown_medium"], None
        card, cause, denied_at, *_, blocked = rows[0]
        found: Iterable[tuple[Any, ...]] = [row[3:9] for row in rows if row[3] is not None]
        is_denied = denied_at is not None and (cause != "refund" or not found)
        if not found and not is_denied:
            # What is over for longer is still on the medium; offline a gate says so, too.
            found = self._service.ledger.store.query(_LAST_PERIOD, {"card": card, "number": asked.medium})
        carried = [
            Carried(
                0,
                asked.medium,
                book.product(product),
                book.category(category),
                book.bits(rights.split(BETWEEN_RIGHTS) if rights else ()),
                seconds(days.start(date.fromisoformat(starts))),
                seconds(days.end(date.fromisoformat(ends))),
                seconds(datetime.fromisoformat(charged_at)),
            )
            for product, category, rights, starts, ends, charged_at in found
        ]
        denied: Literal["", "stopped", "blocked"] = ""
        if is_denied:
            denied = "stopped"
        elif blocked:
            denied = "blocked"
        with self._deciding:
            return self._gate(asked).decide(asked.medium, carried, asked.direction, seconds(at), denied), card

    def _gate(self, asked: AskedTap) -> Gate:
        gate = self._gates.get(asked.device)
        rules = self._rules_of(asked.place)
        if gate is None or gate.rules is not rules:
            if len(self._gates) >= MOST_GATES:
                self._gates.clear()
            gate = self._gates[asked.device] = Gate(rules)
        return gate

    def _earlier(self, key: str, body: Mapping[str, Any]) -> TapAnswer:
        row = next(iter(list(self._service.ledger.store.query(BY_KEY, {"idempotency_key": key}))))
        before = msgspec.json.decode(Entry._make(row).body)
        for name in ("medium", "direction", "at", "place", "line"):
            if before[name] != body[name]:
                raise TapConflictError(
                    f"{body['device']} gave the number {body['sequence']} to another tap; have its counter looked at"
                )
        rules = self._rules_of(before["place"])
        reason = before["answer"]
        if before["opened"]:
            way: Direction = before["direction"]
            answer = rules.openings[way, 0]
        else:
            answer = rules.refusals[reason if reason in rules.refusals else "no_pass"]
        return TapAnswer(answer._replace(repeated=reason == "repeated"), True)


def collect_online(service: PassService, taps: Taps, folder: Path) -> Received | None:
    """Take taps that were recorded one by one over into the day files; None when there are none since the last time.

    Args:
        service: the pass service.
        taps: where to.
        folder: for the file that is made of them; the file is taken away afterwards.
    """
    store = service.ledger.store
    # Alone, so that no entry with a smaller sequence is still being written.
    last = store.write(lambda transaction: transaction.execute(LAST_SEQUENCE)[0][0] or 0, alone=True)
    after = max((int(source.removeprefix(ONLINE)) for (source,) in store.query(_SOURCES)), default=0)
    rows = [msgspec.json.decode(body) for (body,) in store.query(_TAPPED, {"after": after, "last": last})]
    if not rows:
        return None
    path = folder / f"online-{after}-{last}.parquet"
    folder.mkdir(parents=True, exist_ok=True)
    _write(path, rows)
    try:
        return taps.receive(path, f"{ONLINE}{last}")
    finally:
        path.unlink(missing_ok=True)


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    times = [datetime.fromisoformat(row["at"]).astimezone(UTC) for row in rows]
    names = {"device": pa.string(), "sequence": pa.int64(), "medium": pa.int64(), "direction": pa.string()}
    more = {
        "place": pa.string(),
        "line": pa.string(),
        "answer": pa.string(),
        "opened": pa.bool_(),
        "amount": pa.int64(),
    }
    columns = {name: pa.array([row[name] for row in rows], kind) for name, kind in (names | more).items()}
    pq.write_table(pa.table(columns | {"tapped_at": pa.array(times, pa.timestamp("us", "UTC"))}), path)
