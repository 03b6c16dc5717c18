"""Waivers: missing alight tags that nobody is held to, because gates stood open, failed or were left in a hurry.

A waiver covers a place, a line or everything, for an interval. It lifts what was counted already and what will still
arrive of that interval, and the blocks that rested on it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, insert, select, update

from donghaeng.errors import UsageError
from donghaeng.ledger.canonical import moment
from donghaeng.ledger.entry import NewEntry
from donghaeng.ledger.statement import Statement, Transaction
from donghaeng.services.passes.missing_alights import (
    MissingAlight,
    Overlay,
    Waiver,
    block_entries,
    count_settings,
    record,
)
from donghaeng.services.passes.service import PassService
from donghaeng.services.passes.tap_schema import missing_alights, tap_waivers

_BETWEEN = Statement(
    select(missing_alights)
    .where(
        missing_alights.c.boarded_at >= bindparam("first"),
        missing_alights.c.boarded_at <= bindparam("last"),
        missing_alights.c.waived.is_(None),
    )
    .order_by(missing_alights.c.device, missing_alights.c.sequence)
)
_WAIVE = Statement(
    update(missing_alights)
    .where(missing_alights.c.device == bindparam("of_device"), missing_alights.c.sequence == bindparam("of_sequence"))
    .values(waived=bindparam("new_waived"))
)
_ADD = Statement(insert(tap_waivers).values({column.name: bindparam(column.name) for column in tap_waivers.columns}))
_KNOWN = Statement(select(tap_waivers).where(tap_waivers.c.waiver == bindparam("waiver")))


def waive(
    service: PassService,
    waiver: str,
    starts: datetime,
    ends: datetime,
    *,
    reason: str,
    granted_by: str,
    place: str | None = None,
    line: str | None = None,
    match: Literal["boarded", "under_way"] = "under_way",
) -> int:
    """Grant a waiver.

    Args:
        service: the pass service.
        waiver: its id; the same one again changes nothing.
        starts: first moment of the interval, with zone.
        ends: last moment.
        reason: why, for who asks later.
        granted_by: the role of who grants it.
        place: only rides that began there.
        line: only rides on that line.
        match: ``boarded`` for rides that began in the interval, ``under_way`` for those that may have ended in it too.

    Returns:
        How many missing tags that are known by now are lifted; those that arrive later are lifted then.

    Raises:
        UsageError: the interval ends before it starts, or the id stands for another waiver.
    """
    if ends < starts:
        raise UsageError("the interval of a waiver ends before it starts; give its first moment first")
    store, settings = service.ledger.store, count_settings(service)
    granted = Waiver(waiver, place, line, moment(starts), moment(ends), match)
    for row in store.query(_KNOWN, {"waiver": waiver}):
        if Waiver(*row) != granted:
            raise UsageError(f"the waiver {waiver} is for something else; give this one another id")
        return 0
    first = moment(starts - settings.longest)
    rows = store.query(_BETWEEN, {"first": first, "last": granted.ends})
    lifted = [one for one in (MissingAlight(*row) for row in rows) if granted.lifts(one, settings.longest)]
    overlay = Overlay(set(), [replace(one, waived=waiver) for one in lifted])
    entries = block_entries(service, {one.medium for one in lifted}, overlay, settings)
    body = {
        "waiver": waiver,
        "place": place,
        "line": line,
        "starts": granted.starts,
        "ends": granted.ends,
        "match": match,
        "reason": reason,
        "granted_by": granted_by,
    }
    entry = NewEntry(
        stream=f"waiver/{waiver}",
        kind="missing-alights-waived",
        body=body,
        effective_at=service.clock(),
        idempotency_key=f"waiver/{waiver}",
    )

    def change(transaction: Transaction) -> None:
        names = ("waiver", "place", "line", "starts", "ends", "match")
        transaction.execute(_ADD, {name: body[name] for name in names})
        for one in lifted:
            transaction.execute(_WAIVE, {"of_device": one.device, "of_sequence": one.sequence, "new_waived": waiver})

    record(service, [entry, *entries], change)
    return len(lifted)
