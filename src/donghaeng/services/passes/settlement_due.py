"""Which service days are to be settled, or settled again, and settling just these.

How far the ledger was looked through is noted beside the values of rides; without the note all of it is looked through
again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import bindparam, func, or_, select

from donghaeng.ledger.schema import entries
from donghaeng.ledger.statement import Statement
from donghaeng.services.passes.day_files import DayFiles
from donghaeng.services.passes.day_values import FOLDER, digest_of, distances_digest
from donghaeng.services.passes.fares import FareRules
from donghaeng.services.passes.rating import Distances
from donghaeng.services.passes.schema import periods
from donghaeng.services.passes.service import PassService
from donghaeng.services.passes.settlement import LONGEST_SPAN, Settled, settle, settlement_stream
from donghaeng.services.passes.state import Charge

NOTE = "settled.json"
#: Kinds of entry that change what rides are paid from, beside charges, which are made before them.
CHANGING = (
    "postpaid-billed", "refund-paid", "medium-stopped", "medium-reinstated", "medium-replaced", "rule-fixed"
)  # fmt: skip
#: Tables whose rules settlements follow, by role.
ROLES = ("fare", "distance_step", "excess_share")

_FIRST_START = Statement(select(func.min(periods.c.starts)))
_CHANGES = Statement(
    select(entries.c.sequence, entries.c.kind, entries.c.body)
    .where(entries.c.sequence > bindparam("after"), or_(*(entries.c.kind == kind for kind in CHANGING)))
    .order_by(entries.c.sequence)
)
_LAST = Statement(select(entries.c.sequence, entries.c.hash).order_by(entries.c.sequence.desc()).limit(1))
_HASH = Statement(select(entries.c.hash).where(entries.c.sequence == bindparam("sequence")))


def settle_what_changed(
    service: PassService,
    files: DayFiles,
    *,
    rules: FareRules | None = None,
    distances: Distances | None = None,
    bills: Mapping[str, int] | None = None,
) -> list[Settled]:
    """Settle the days of `days_to_settle`, and note how far the ledger was looked through.

    Arguments and faults are those of `settlement.settle`.
    """
    rules = rules or FareRules(service.policy)
    head = next(iter(service.ledger.store.query(_LAST)), None)
    span = days_to_settle(service, files, rules=rules, distances=distances)
    found: list[Settled] = []
    while span is not None:
        first, last = span
        until = min(last, first + LONGEST_SPAN)
        found += settle(service, files, first, until, rules=rules, distances=distances, bills=bills)
        span = (until + timedelta(days=1), last) if until < last else None
    if head is not None:
        note = {"sequence": head[0], "hash": bytes(head[1]).hex(), "given": _given(service, rules, distances or {})}
        folder = files.folder / FOLDER
        folder.mkdir(exist_ok=True)
        half = folder / f".{NOTE}.half"
        half.write_bytes(msgspec.json.encode(note))
        half.replace(folder / NOTE)
    return found


def days_to_settle(
    service: PassService,
    files: DayFiles,
    *,
    rules: FareRules | None = None,
    distances: Distances | None = None,
) -> tuple[date, date] | None:
    """Say which service days are to be settled, or settled again; None for none.

    That is from the first day that was never settled, whose rides have changed since, on which a pass began that was
    paid back, billed, stopped or taken up again since, or from which on a fare was fixed; up to yesterday, as the rides
    of a day change what is left for later ones. With other distances, lines or another version of the pack than
    `settle_what_changed` had the last time, that is every day.

    Args:
        service: the service.
        files: the day files.
        rules: the fares; those of the pack if None.
        distances: distances between places in metres.
    """
    last = service.day() - timedelta(days=1)
    parts: dict[date, set[str]] = {}
    for part in files.parts("rides", "0000", last.isoformat()):
        parts.setdefault(date.fromisoformat(part.day), set()).add(part.part)
    ((start,),) = service.ledger.store.query(_FIRST_START)
    begins = [*parts, *([date.fromisoformat(start)] if start else [])]
    if not begins or min(begins) > last:
        return None
    days = [min(begins) + timedelta(days=number) for number in range((last - min(begins)).days + 1)]
    note = _note(service, files)
    if note and note["given"] != _given(service, rules or FareRules(service.policy), distances or {}):
        return days[0], last
    settled: dict[date, int] = {}
    first = None
    for day in days:
        for entry in service.ledger.stream(settlement_stream(day)):
            settled[day] = entry.sequence
            rides_of = set(msgspec.json.decode(entry.body)["rides_of"])
        if day not in settled or rides_of != parts.get(day, set()):
            first = day
            break
    # What came while days were settled was not seen by it, though the entries of the days stand after it.
    seen = int(note["sequence"]) if note else min(settled.values(), default=0)
    for begin in _changed(service, seen, dict.fromkeys(settled, 0) if note else settled):
        if first is None or begin < first:
            first = max(begin, days[0])
    return None if first is None or first > last else (first, last)


def _changed(service: PassService, seen: int, settled: Mapping[date, int]) -> Iterator[date]:
    """Give the first day of what was changed by entries after one, of days that were settled before the change."""
    for sequence, kind, text in service.ledger.store.query(_CHANGES, {"after": seen}):
        body = msgspec.json.decode(text)
        if kind == "rule-fixed":
            if body["setting"].partition("/")[0] in ROLES:
                yield date.fromisoformat(body["starts"])
            continue
        for charge in _charges(service, kind, body):
            period = charge.period
            if any(number < sequence and period.covers(day) for day, number in settled.items()):
                yield period.starts


def _charges(service: PassService, kind: str, body: Mapping[str, Any]) -> list[Charge]:
    """Give the periods that an entry changes."""
    if kind == "postpaid-billed":
        return [service.state.charge(body["charge"])]
    if kind == "refund-paid":
        return [service.state.charge(body["charge"])] if body["kind"] != "later" else []
    found = [one for one in service.state.charges_of(body["card"]) if one.period.medium == body["medium"]]
    # What a medium did before it was stopped may have come to count again; else only what was not over yet changes.
    return found if kind == "medium-reinstated" else [one for one in found if one.period.ends.isoformat() >= body["on"]]


def _given(service: PassService, rules: FareRules, distances: Distances) -> str:
    """Name what settlements follow from beside the ledger and the day files."""
    section = service.section
    lines = [(name, route.fare, sorted(route.operators.items())) for name, route in sorted(rules.routes.items())]
    return digest_of((section.pack, section.version, distances_digest(distances), *lines))


def _note(service: PassService, files: DayFiles) -> dict[str, Any] | None:
    """Read how far the ledger was looked through; None where that is not known, or was another ledger."""
    try:
        found: dict[str, Any] = msgspec.json.decode((files.folder / FOLDER / NOTE).read_bytes())
        row = next(iter(service.ledger.store.query(_HASH, {"sequence": int(found["sequence"])})), None)
        is_same = row is not None and bytes(row[0]).hex() == found["hash"] and isinstance(found["given"], str)
    except (OSError, msgspec.DecodeError, KeyError, TypeError, ValueError):
        return None
    return found if is_same else None
