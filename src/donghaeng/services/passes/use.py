"""What one pass was used for, by the rides that have arrived: what a refund is counted from."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from sqlalchemy import bindparam, select

from donghaeng.ledger.statement import Statement
from donghaeng.services.passes.day_files import DayFiles, timestamp
from donghaeng.services.passes.fares import FareRules, Ride, Value, rate
from donghaeng.services.passes.medium import medium_number
from donghaeng.services.passes.rating import Distances
from donghaeng.services.passes.schema import periods
from donghaeng.services.passes.service import Use, UseOf
from donghaeng.services.passes.state import Charge

_OWN = select(periods.c.sequence).where(periods.c.charge == bindparam("charge")).scalar_subquery()
_STOPPED_BEFORE = Statement(
    select(periods.c.stopped_at).where(
        periods.c.card == bindparam("card"),
        periods.c.medium == bindparam("medium"),
        periods.c.sequence < _OWN,
        periods.c.stopped_at.is_not(None),
    )
)
_COLUMNS = (
    "day, medium, device, sequence, boarded_at, board_place, board_line, alighted_at, alight_place, state, amount"
)


def rides_of_pass(files: DayFiles, charge: Charge, until: datetime) -> list[Ride]:
    """Give the rides of a pass that began before a moment, in the order of the day files.

    Args:
        files: the day files.
        charge: the period.
        until: the moment, with zone.

    Raises:
        DayFileError: a day file is missing.
    """
    period = charge.period
    end = min(until, datetime.fromisoformat(charge.stopped_at)) if charge.stopped_at else until
    # Rides before an earlier period of the medium was stopped belong to that one, on the same day too.
    own = {"card": period.card, "medium": period.medium, "charge": period.charge}
    before = [stopped_at for (stopped_at,) in files.store.query(_STOPPED_BEFORE, own) if stopped_at]
    begin = max(map(datetime.fromisoformat, before), default=files.days.start(period.starts))
    query = (
        f"SELECT {_COLUMNS} FROM ({files.rides(period.starts, period.ends)}) "  # noqa: S608, names of own files
        f"WHERE medium = ? AND coalesce(boarded_at, alighted_at) >= {timestamp(begin)} "
        f"AND coalesce(boarded_at, alighted_at) < {timestamp(end)} ORDER BY ALL"
    )
    with files.engine() as engine:
        rows = engine.execute(query, [medium_number(period.medium)]).fetchall()
    return [
        Ride(day, medium, device, sequence, _utc(boarded), place, line, _utc(alighted), other, state, amount)
        for day, medium, device, sequence, boarded, place, line, alighted, other, state, amount in rows
    ]


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def values_of_pass(
    files: DayFiles, rules: FareRules, distances: Distances, charge: Charge, until: datetime
) -> list[Value]:
    """Value the rides of a pass that began before a moment; arguments as of `rides_of_pass` and `rating.rate_all`."""
    rides = rides_of_pass(files, charge, until)
    return rate(rules, charge.period.category, rides, lambda start, end: distances.get((start, end)))


def _use(files: DayFiles, rules: FareRules, distances: Distances, charge: Charge, until: datetime) -> Use:
    values = values_of_pass(files, rules, distances, charge, until)
    least, most = sum(one.least for one in values), sum(one.most for one in values)
    bikes = {one.ride.day for one in values if one.rated == "by_day"}
    return Use(least, len(bikes), most)


def use_by_rides(files: DayFiles, rules: FareRules, distances: Distances | None = None) -> UseOf:
    """Give what refunds ask for the use of a pass, counted from the rides that have arrived.

    Args:
        files: the day files.
        rules: the fares.
        distances: distances between places, in metres.
    """
    return partial(_use, files, rules, distances or {})
