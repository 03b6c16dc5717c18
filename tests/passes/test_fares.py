"""The value of use: what rides are worth by the fares of the day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from donghaeng.services.passes.fares import Ride, Value, largest_remainder, rate
from tests.passes.money import DAY, Rider, a_pass, at, fare_rules, rated_in_bulk, told

KNOWN = {("one", "two"): 8_000, ("one", "three"): 12_000, ("one", "far"): 60_000, ("two", "one"): 8_000}


def known(start: str, end: str) -> int | None:
    return KNOWN.get((start, end))


@pytest.fixture(scope="module")
def engine() -> Iterator[Any]:
    import duckdb

    connection = duckdb.connect(":memory:", config={"threads": 2})
    connection.execute("SET TimeZone = 'UTC'")
    yield connection
    connection.close()


def values(rider: Rider, category: str = "general") -> list[Value]:
    return rate(fare_rules(), category, rider.rides, known)


@pytest.mark.parametrize(
    ("day", "line", "fare"),
    [
        (date(2025, 6, 27), "line_2", 1_400),
        (date(2025, 6, 28), "line_2", 1_550),
        (DAY, "trunk", 1_500),
        (DAY, "branch", 1_500),
        (DAY, "circular", 1_400),
        (DAY, "village", 1_200),
        (DAY, "night", 2_500),
        (DAY, "river", 3_000),
    ],
)
def test_a_short_ride_is_worth_the_published_fare_of_its_day(day: date, line: str, fare: int) -> None:
    rider = Rider(day=day)
    rider(line, "12:00", "12:20")
    assert told(values(rider)) == [(fare, fare)]


@pytest.mark.parametrize(("line", "fare"), [("trunk", 1_200), ("circular", 1_120), ("village", 960), ("line_2", 1_240)])
def test_before_half_past_six_a_fifth_is_taken_off(line: str, fare: int) -> None:
    rider = Rider()
    rider(line, "6:29", "6:50")
    rider(line, "12:30", "12:50")
    assert told(values(rider))[0] == (fare, fare)
    assert told(values(rider))[1][0] > fare


def test_a_ride_after_midnight_is_not_early() -> None:
    rider = Rider()
    rider("line_2", "24:30", "24:50")
    assert told(values(rider)) == [(1_550, 1_550)]


def test_beyond_ten_kilometres_each_begun_step_of_five_adds_a_hundred_won() -> None:
    rider = Rider()
    rider("line_2", "12:00", "12:40", end="three")
    assert told(values(rider)) == [(1_650, 1_650)]


def test_beyond_fifty_kilometres_steps_are_longer_on_the_subway_alone() -> None:
    rider = Rider()
    rider("line_2", "12:00", "13:00", end="far")
    # 8 steps of 5 km up to 50 km, then 2 begun steps of 8 km.
    assert told(values(rider)) == [(1_550 + 1_000, 1_550 + 1_000)]


def test_a_bus_alone_costs_the_base_fare_however_far_it_goes() -> None:
    rider = Rider()
    rider("trunk", "12:00", "13:00", end="far")
    assert told(values(rider)) == [(1_500, 1_500)]


def test_a_distance_that_is_not_known_makes_a_range_by_the_time_of_the_ride() -> None:
    rider = Rider()
    rider("line_2", "12:00", "12:30", end="nobody knows")
    # At most 55 km in half an hour: 8 steps up to 50 km, 1 beyond.
    assert told(values(rider)) == [(1_550, 1_550 + 900)]


def test_a_teen_is_rated_between_the_teen_fare_and_the_adult_fare() -> None:
    rider = Rider()
    rider("line_2", "12:00", "12:20")
    rider("trunk", "15:00", "15:20")
    assert told(values(rider, "teen")) == [(900, 1_550), (900, 1_500)]


def test_a_transfer_costs_what_it_adds_to_the_dearest_fare_and_the_whole_distance() -> None:
    rider = Rider()
    rider("village", "12:00", "12:10")
    rider("line_2", "12:40", "13:00")
    found = values(rider)
    # 16 km in all: the subway fare and two steps, told to both rides by their base fares of 1,200 and 1,550.
    assert sum(one.least for one in found) == 1_750
    assert told(found) == [(764, 764), (986, 986)]
    assert [one.journey for one in found] == [1, 1]


@pytest.mark.parametrize(
    ("alighted", "boarded", "journeys"),
    [("12:10", "12:40", 1), ("12:10", "12:41", 2), ("21:00", "22:00", 1), ("20:59", "21:30", 2), ("6:59", "7:59", 1)],
)
def test_a_transfer_has_thirty_minutes_and_sixty_at_night(alighted: str, boarded: str, journeys: int) -> None:
    rider = Rider()
    start = at(alighted) - timedelta(minutes=5)
    rider("village", "4:00", alighted)
    rider.rides[0] = Ride(**{name: getattr(rider.rides[0], name) for name in Ride.__slots__} | {"boarded_at": start})
    rider("line_2", boarded, f"{int(boarded[:-3]) + 1}:00")
    assert len({one.journey for one in values(rider)}) == journeys


def test_no_transfer_without_an_alighting_tag_nor_onto_the_same_line() -> None:
    rider = Rider()
    rider("trunk", "12:00")
    rider("line_2", "12:20", "12:30")
    rider("line_2", "12:40", "12:50")
    assert [one.journey for one in values(rider)] == [1, 2, 3]


def test_the_sixth_ride_begins_another_journey() -> None:
    rider = Rider()
    lines = ["trunk", "branch"] * 4
    for number, line in enumerate(lines):
        rider(line, f"12:{number * 6:02}", f"12:{number * 6 + 4:02}", end="nobody knows")
    assert [one.journey for one in values(rider)] == [1] * 5 + [2] * 3


def test_what_is_no_use_of_the_pass_says_why() -> None:
    rider = Rider()
    rider("bike", "12:00", "12:20")
    rider("line 404", "13:00", "13:20")
    rider("line_2", "14:00", "15:00", state="outside", amount=2_750)
    rider("line_2", "16:00", state="open")
    rider("line_2", "17:00", "17:10", amount=1_550)
    assert [(one.rated, one.most) for one in values(rider)] == [
        ("by_day", 0),
        ("unknown_line", 0),
        ("paid_by_rider", 0),
        ("open", 0),
        ("paid_by_rider", 0),
    ]


def test_a_remainder_goes_to_the_largest_parts_that_were_cut() -> None:
    assert largest_remainder(10, [1, 1, 1]) == [4, 3, 3]
    assert largest_remainder(7, [0, 0]) == [4, 3]
    with pytest.raises(ValueError, match="at least one"):
        largest_remainder(7, [])


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=9))
def test_nothing_is_lost_by_rounding(total: int, weights: list[int]) -> None:
    parts = largest_remainder(total, weights)
    assert sum(parts) == total
    if any(weights):
        assert all(
            abs(part * sum(weights) - total * one) < sum(weights) for part, one in zip(parts, weights, strict=True)
        )


LINES = ["line_2", "line_1", "trunk", "branch", "village", "night", "bike", "river", "line 404"]
#: Days around the rise of the subway fare, and the first day of the river bus.
FIRST = date(2025, 6, 26)


@st.composite
def travelled(draw: st.DrawFn) -> list[Ride]:
    minute, rides = 0, list[Ride]()
    for number in range(draw(st.integers(0, 14))):
        minute += draw(st.sampled_from([0, 1, 5, 29, 30, 31, 59, 60, 61, 300, 900]))
        lasts = draw(st.sampled_from([0, 1, 7, 33, 90, 299]))
        state = draw(st.sampled_from(["complete"] * 8 + ["missing", "open", "outside", "no_boarding"]))
        boarded = at("4:00", FIRST) + timedelta(minutes=minute)
        has_end = state not in {"missing", "open"}
        ride = Ride(
            day=FIRST + timedelta(days=minute // (24 * 60)),
            medium=draw(st.sampled_from([1, 2])),
            device=draw(st.sampled_from(["a", "b"])),
            sequence=number,
            boarded_at=None if state == "no_boarding" else boarded,
            board_place="one",
            board_line=draw(st.sampled_from(LINES)),
            alighted_at=boarded + timedelta(minutes=lasts) if has_end else None,
            alight_place=draw(st.sampled_from(["two", "three", "far", "nobody knows"])) if has_end else None,
            state=state,
            amount=draw(st.sampled_from([None] * 6 + [0, 1_550])),
        )
        rides.append(ride)
        minute += draw(st.sampled_from([lasts, lasts, 0]))
    return rides


@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    rides=travelled(),
    categories=st.tuples(*[st.sampled_from(["general", "teen"])] * 2),
    limit=st.sampled_from([0, 2_000, 62_000]),
    name=st.sampled_from(["seoul/climate-card", "example/narae-transit"]),
)
def test_queries_and_the_count_by_hand_agree_on_every_ride(
    engine: Any, rides: list[Ride], categories: tuple[str, str], limit: int, name: str
) -> None:
    rules = fare_rules(name)
    if name != "seoul/climate-card":
        categories = ("adult", "student")
        rides = [
            Ride(**{n: getattr(one, n) for n in Ride.__slots__} | {"day": one.day + timedelta(days=330)})
            for one in rides
        ]
        lines = {line: list(rules.routes)[place % len(rules.routes)] for place, line in enumerate(LINES[:-1])}
        rides = [
            Ride(**{n: getattr(one, n) for n in Ride.__slots__} | {"board_line": lines.get(one.board_line or "")})
            for one in rides
        ]
    first = min((one.day for one in rides), default=DAY)
    passes = [
        a_pass(f"pass {medium}", medium, limit, categories[medium - 1], starts=first, days=40) for medium in (1, 2)
    ]
    bulk = rated_in_bulk(engine, rules, rides, passes, KNOWN)
    for one in passes:
        used = 0
        for value in rate(rules, one.category, [ride for ride in rides if ride.medium == one.medium], known):
            within = max(0, min(value.least, limit - used))
            used += value.least
            wanted = (value.rated, value.journey, value.least, value.most, within, value.least - within)
            assert bulk.pop((value.ride.device, value.ride.sequence)) == wanted
    assert not bulk
