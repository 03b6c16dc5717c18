"""Rides, passes and fares for the tests of money."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import donghaeng
from donghaeng.services.passes.fares import FareRules, Ride, Value
from donghaeng.services.passes.pass_periods import Pass
from donghaeng.services.passes.policy import Policy
from donghaeng.services.passes.rating import Distances, rate_all

SEOUL = ZoneInfo("Asia/Seoul")
#: A Wednesday after the subway fare of 1,550 won came in force.
DAY = date(2026, 5, 20)
MEDIUM = 7


@cache
def fare_rules(pack: str = "seoul/climate-card") -> FareRules:
    return FareRules(Policy(donghaeng.load(pack).passes_section()))


def at(text: str, day: date = DAY, zone: ZoneInfo = SEOUL) -> datetime:
    """A local time of a day in UTC: "08:00", or of the days after it: "25:30"."""
    hour, minute = map(int, text.split(":"))
    return (datetime.combine(day, time(0), zone) + timedelta(hours=hour, minutes=minute)).astimezone(UTC)


class Rider:
    """Makes the rides of one medium."""

    def __init__(self, medium: int = MEDIUM, day: date = DAY) -> None:
        self.medium, self.day, self.rides = medium, day, list[Ride]()

    def __call__(
        self,
        line: str,
        boarded: str,
        alighted: str | None = None,
        start: str = "one",
        end: str = "two",
        *,
        state: str = "",
        day: date | None = None,
        amount: int | None = None,
    ) -> Ride:
        on = day or self.day
        ride = Ride(
            day=on,
            medium=self.medium,
            device=f"gate of {line}",
            sequence=len(self.rides),
            boarded_at=at(boarded, on),
            board_place=start,
            board_line=line,
            alighted_at=None if alighted is None else at(alighted, on),
            alight_place=None if alighted is None else end,
            state=state or ("missing" if alighted is None else "complete"),
            amount=amount,
        )
        self.rides.append(ride)
        return ride


def a_pass(
    charge: str = "charge",
    medium: int = MEDIUM,
    limit: int | None = 62_000,
    category: str = "general",
    starts: date = DAY,
    days: int = 30,
    **more: Any,
) -> Pass:
    """A period that was paid."""
    given = {
        "product": "d30_transit",
        "stopped": None,
        "price": limit or 0,
        "refunded": 0,
        "state": "active",
        "ends": starts + timedelta(days=days - 1),
    }
    return Pass(charge=charge, medium=medium, category=category, starts=starts, limit=limit, **(given | more))


def insert_rides(engine: Any, rides: list[Ride]) -> str:
    """Put rides into an engine; gives the query for them."""
    engine.execute(
        "CREATE OR REPLACE TEMP TABLE given_rides (day DATE, medium BIGINT, device VARCHAR, sequence BIGINT, "
        "boarded_at TIMESTAMP, board_place VARCHAR, board_line VARCHAR, alighted_at TIMESTAMP, alight_place VARCHAR, "
        "alight_line VARCHAR, state VARCHAR, amount BIGINT)"
    )
    rows = [
        (
            *(one.day, one.medium, one.device, one.sequence, one.boarded_at and one.boarded_at.replace(tzinfo=None)),
            *(one.board_place, one.board_line, one.alighted_at and one.alighted_at.replace(tzinfo=None)),
            *(one.alight_place, one.board_line, one.state, one.amount),
        )
        for one in rides
    ]
    if rows:
        engine.executemany(f"INSERT INTO given_rides VALUES ({', '.join('?' * 12)})", rows)
    return "SELECT * FROM given_rides"


def rated_in_bulk(
    engine: Any, rules: FareRules, rides: list[Ride], passes: list[Pass], distances: Distances | None = None
) -> dict[tuple[str, int], tuple[Any, ...]]:
    """Values by ride, as the queries find them: rated, journey, least, most, within, excess."""
    rate_all(engine, rules, insert_rides(engine, rides), passes, distances)
    rows = engine.execute(
        "SELECT device, sequence, rated, journey, least, most, within, excess FROM all_rated ORDER BY ALL"
    ).fetchall()
    return {(device, sequence): tuple(rest) for device, sequence, *rest in rows}


def told(values: list[Value]) -> list[tuple[int, int]]:
    """Least and most of each ride."""
    return [(one.least, one.most) for one in values]
