"""Rides: what taps come to. A boarding and the alighting after it are a ride; a boarding without one misses it.

The taps of a medium are put in the order of their true times; at one time an alighting comes before a boarding, and
then device and number decide. A boarding is paired with the next tap of its medium, if that is an alighting within the
longest time that a ride may take. What a ride is depends on no other tap, so the rides of a service day are made anew
from the taps of that day and those around midnight of the service, whenever one of them is added or taken off. A ride
that may still end is open: it is looked at again once it cannot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from donghaeng.errors import UsageError
from donghaeng.ledger.canonical import moment
from donghaeng.ledger.faults import ConflictError
from donghaeng.ledger.statement import Statement
from donghaeng.services.passes.day_files import HELD, DayFiles, Part, quoted, timestamp
from donghaeng.services.passes.tap_schema import tap_parts

if TYPE_CHECKING:
    import duckdb

#: Answers of gates with which a tap is none: nothing could be read, or it is the answer to the tap before again.
NO_TAPS = ("unreadable", "forged", "unknown_medium", "repeated")
#: The answer to who alights where the pass does not reach: the ride is over, and counts as one missing tag.
OUTSIDE = "out_of_area"
#: The answer to a boarding that shows that the ride before it is over, though it begins none itself.
ENDS_A_RIDE = "blocked"
MOST_ROUNDS = 8

_TAP_DAYS = Statement(
    select(tap_parts.c.kind, tap_parts.c.day, tap_parts.c.number, tap_parts.c.as_of)
    .where(tap_parts.c.ended.is_(None), tap_parts.c.day != bindparam("held"))
    .order_by(tap_parts.c.day)
)


@dataclass(frozen=True)
class RideSettings:
    """What makes a ride.

    Attributes:
        longest: a boarding that has no alighting tap within this has none.
        untagged: lines on which nobody tags when alighting.
    """

    longest: timedelta = timedelta(hours=5)
    untagged: tuple[str, ...] = ()


def days_to_ride(files: DayFiles, as_of: datetime, settings: RideSettings) -> list[date]:
    """Give the service days whose rides are not those of the taps that are there, or were looked at while some ran.

    Args:
        files: the day files.
        as_of: the time now, with zone.
        settings: what makes a ride.
    """
    taps: dict[date, int] = {}
    rides: dict[date, tuple[int, str]] = {}
    for kind, day, number, looked in files.store.query(_TAP_DAYS, {"held": HELD}):
        on = date.fromisoformat(day)
        if kind == "rides":
            rides[on] = (number, looked or "")
        else:
            taps[on] = max(taps.get(on, 0), number)
    found = set()
    for on, number in taps.items():
        # A tap soon after the turn of the day may end a ride of the day before, and one before it may begin one.
        for other in (on - timedelta(days=1), on, on + timedelta(days=1)):
            if other in taps and rides.get(other, (0, ""))[0] < number:
                found.add(other)
    for on, (_, looked) in rides.items():
        closes = moment(files.days.end(on) + settings.longest)
        if on in taps and looked < closes and looked < moment(as_of):
            found.add(on)
    return sorted(found)


def update_rides(files: DayFiles, as_of: datetime, settings: RideSettings, *, days: Iterable[date] = ()) -> list[date]:
    """Make the rides of the service days anew that need it.

    Args:
        files: the day files.
        as_of: the time now, with zone; a boarding whose longest ride is over by then, without a tag, is missing it.
        settings: what makes a ride.
        days: service days that are made anew in any case.

    Returns:
        The service days that were made anew.

    Raises:
        DayFileError: a day file is missing.
        UsageError: others change the day files all the time.
    """
    for _ in range(MOST_ROUNDS):
        wanted = sorted({*days_to_ride(files, as_of, settings), *days})
        if not wanted:
            return []
        number = files.last_change() + 1
        made = []
        with files.engine() as engine:
            for day in wanted:
                engine.execute(f"CREATE OR REPLACE TEMP TABLE rides AS {rides_of(files, day, as_of, settings)}")
                part = files.write(
                    engine, "SELECT * FROM rides ORDER BY medium, boarded_at, alighted_at", "rides", str(day)
                )
                made.append(part or _none(files, engine, day))
        made = [replace(part, as_of=moment(as_of)) for part in made]
        files.settle(made)
        try:
            files.store.write(lambda transaction: files.add(transaction, number, moment(as_of), made))  # noqa: B023
        except ConflictError:
            continue
        return wanted
    raise UsageError("others were faster each time; make the rides again later")


def _none(files: DayFiles, engine: duckdb.DuckDBPyConnection, day: date) -> Part:
    """Give a part of no rides: a day all of whose taps were refused has been looked at all the same."""
    part = files.write(engine, "SELECT * FROM rides", "rides", str(day), empty=True)
    if part is None:
        raise UsageError(f"the rides of {day} could not be written")
    return part


def rides_of(files: DayFiles, day: date, as_of: datetime, settings: RideSettings) -> str:
    """Give the text of a query for the rides of a service day, made from taps; columns as in `tap_schema`.

    Args:
        files: the day files.
        day: the service day.
        as_of: the time now, with zone.
        settings: what makes a ride.
    """
    start, end = files.days.start(day).astimezone(UTC), files.days.end(day).astimezone(UTC)
    before, after = start - settings.longest, end + settings.longest
    taps = files.taps(day - timedelta(days=1), day + timedelta(days=1))
    refused = ", ".join(map(quoted, NO_TAPS))
    longest = f"INTERVAL {quoted(f'{settings.longest // timedelta(seconds=1)} seconds')}"
    untagged = ", ".join(map(quoted, settings.untagged)) or "NULL"
    latest = f"least({timestamp(as_of)}, {timestamp(after)})"
    return f"""
WITH counted AS (
    SELECT medium, true_at, direction = 'board' AS boards, opened, device, sequence, place, line, answer, amount
    FROM ({taps}) WHERE true_at >= {timestamp(before)} AND true_at < {timestamp(after)}
        AND (opened OR direction = 'alight' OR answer = {quoted(ENDS_A_RIDE)}) AND answer NOT IN ({refused})
), paired AS (
    SELECT *, lag(struct_pack(boards := boards AND opened, true_at := true_at)) OVER w AS previous,
        lead(struct_pack(boards, true_at, place, line, answer, amount)) OVER w AS next
    FROM counted WINDOW w AS (PARTITION BY medium ORDER BY true_at, boards, device, sequence)
), judged AS (
    SELECT *, boards AND next IS NOT NULL AND NOT next.boards AND next.true_at <= true_at + {longest} AS ends,
        NOT boards AND previous IS NOT NULL AND previous.boards AND true_at <= previous.true_at + {longest} AS ended
    FROM paired WHERE true_at >= {timestamp(start)} AND true_at < {timestamp(end)}
)
SELECT DATE {quoted(str(day))} AS day, medium, device, sequence,
    CASE WHEN boards THEN true_at END AS boarded_at,
    CASE WHEN boards THEN place END AS board_place,
    CASE WHEN boards THEN line END AS board_line,
    CASE WHEN NOT boards THEN true_at WHEN ends THEN next.true_at END AS alighted_at,
    CASE WHEN NOT boards THEN place WHEN ends THEN next.place END AS alight_place,
    CASE WHEN NOT boards THEN line WHEN ends THEN next.line END AS alight_line,
    CASE WHEN NOT boards THEN 'no_boarding'
        WHEN ends AND next.answer = {quoted(OUTSIDE)} THEN 'outside'
        WHEN ends OR line IN ({untagged}) THEN 'complete'
        WHEN next IS NOT NULL AND next.true_at <= {latest} OR true_at + {longest} <= {latest} THEN 'missing'
        ELSE 'open' END AS state,
    CASE WHEN ends AND (amount IS NOT NULL OR next.amount IS NOT NULL)
        THEN coalesce(amount, 0) + coalesce(next.amount, 0) ELSE amount END AS amount
FROM judged WHERE CASE WHEN boards THEN opened ELSE NOT ended END
"""  # noqa: S608, own text
