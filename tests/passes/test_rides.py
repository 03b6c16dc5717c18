"""Rides, missing alight tags, and the blocks that follow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from donghaeng.services.passes.cards import lift_block
from donghaeng.services.passes.gate import GateRules
from donghaeng.services.passes.medium import seconds
from donghaeng.services.passes.rides import RideSettings, days_to_ride
from donghaeng.services.passes.rollout import GateLists, Signer
from donghaeng.services.passes.station_rights import BOTH, PlaceRights
from donghaeng.services.passes.tapping import AskedTap, TapConflictError, Tapping, collect_online
from tests.passes.gates import BOOK, KEY, RULES, signals
from tests.passes.riding import DAY, DAYS, WHO, Riding, Tap, at

NEXT = DAY + timedelta(days=1)


@pytest.fixture
def riding(tmp_path: Path, url: str) -> Iterator[Riding]:
    found = Riding(tmp_path, url)
    yield found
    found.close()


class Device:
    """Gives its taps their numbers."""

    def __init__(self) -> None:
        self.count = -1

    def __call__(self, medium: int, direction: str, when: str, place: str = "one", **more: object) -> Tap:
        self.count += 1
        return Tap("gate-1", self.count, medium, direction, at(when), place, **more)  # type: ignore[arg-type]


def states(riding: Riding, *days: object) -> list[tuple[object, object]]:
    first, last = (days[0], days[-1]) if days else (DAY, DAY)
    with riding.files.engine() as engine:
        return engine.execute(
            "SELECT strftime(coalesce(boarded_at, alighted_at) + INTERVAL 9 HOUR, '%H:%M'), state "
            f"FROM ({riding.files.rides(str(first), str(last))}) ORDER BY coalesce(boarded_at, alighted_at)"
        ).fetchall()


def test_a_boarding_and_the_next_alighting_are_a_ride(riding: Riding) -> None:
    tap = Device()
    riding.receive([tap(5, "board", "08:00"), tap(5, "alight", "08:30", "two"), tap(6, "board", "08:10")])
    riding.settle(at("09:00"))
    with riding.files.engine() as engine:
        query = f"SELECT medium, board_place, alight_place, state FROM ({riding.files.rides(DAY, DAY)}) ORDER BY medium"
        assert engine.execute(query).fetchall() == [(5, "one", "two", "complete"), (6, "one", None, "open")]


def test_a_ride_without_a_tag_is_missing_at_the_next_boarding_or_when_it_cannot_last_longer(riding: Riding) -> None:
    tap = Device()
    riding.receive([tap(5, "board", "08:00"), tap(5, "board", "09:00"), tap(5, "alight", "14:01")])
    riding.settle(at("12:00"))
    assert states(riding)[0] == ("08:00", "missing")
    riding.settle(at("15:00"))
    assert states(riding) == [("08:00", "missing"), ("09:00", "missing"), ("14:01", "no_boarding")]


def test_an_alighting_at_the_time_of_a_boarding_comes_before_it(riding: Riding) -> None:
    tap = Device()
    riding.receive(
        [tap(5, "board", "08:00"), tap(5, "board", "08:30"), tap(5, "alight", "08:30"), tap(5, "alight", "9:00")]
    )
    riding.settle(at("10:00"))
    assert states(riding) == [("08:00", "complete"), ("08:30", "complete")]


def test_a_ride_over_the_turn_of_the_service_day_belongs_to_the_day_of_its_boarding(riding: Riding) -> None:
    tap = Device()
    riding.receive([tap(5, "board", "27:30")])
    riding.settle(at("27:45"))
    assert states(riding) == [("03:30", "open")]
    riding.receive([tap(5, "alight", "28:20")])
    riding.settle(at("32:00"))
    assert states(riding, DAY, NEXT) == [("03:30", "complete")]
    assert days_to_ride(riding.files, at("33:00"), riding.settings) == [DAY, NEXT]  # a ride may still last
    riding.settle(at("60:00"))
    assert days_to_ride(riding.files, at("99:00"), riding.settings) == []


def test_refused_and_repeated_taps_are_no_rides(riding: Riding) -> None:
    tap = Device()
    riding.receive(
        [
            tap(5, "board", "08:00", answer="expired", opened=False),
            tap(5, "board", "08:01", answer="forged", opened=False),
            tap(5, "board", "08:02"),
            tap(5, "board", "08:02", answer="repeated"),
            tap(5, "alight", "08:30", answer="blocked", opened=False),
        ]
    )
    riding.settle(at("20:00"))
    # Who is refused on the way out has tagged all the same.
    assert states(riding) == [("08:02", "complete")]


def test_lines_on_which_nobody_tags_when_alighting_miss_no_tag(riding: Riding) -> None:
    riding.settings = RideSettings(untagged=("bike",))
    tap = Device()
    riding.receive([tap(5, "board", "08:00", line="bike"), tap(5, "board", "09:00", line="bike")])
    riding.settle(at("20:00"))
    assert states(riding) == [("08:00", "complete"), ("09:00", "complete")]


def two_missing(riding: Riding, medium: int) -> Device:
    tap = Device()
    taps = [tap(medium, "board", "08:00"), tap(medium, "board", "12:00"), tap(medium, "board", "18:00")]
    riding.receive([*taps, tap(medium, "alight", "18:30")])
    return tap


def test_two_missing_tags_block_a_card_for_a_day_from_the_second_boarding(riding: Riding) -> None:
    card, medium = riding.card()
    two_missing(riding, medium)
    assert riding.settle(at("19:00")) == [card]
    assert riding.blocks(card) == [
        ("missing-alight/gate-1/1", "2026-05-20T03:00:00.000000Z", "2026-05-21T03:00:00.000000Z")
    ]
    (entry,) = [one for one in riding.ledger.stream(f"card/{card}") if one.kind == "card-blocked"]
    assert json.loads(entry.body)["rides"] == ["gate-1/0", "gate-1/1"]
    assert json.loads(entry.body)["rows"] == ["two"]
    assert "missing-alight" in str(entry.decision_id)
    assert riding.settle(at("19:01")) == []


def test_one_missing_tag_blocks_nobody_and_each_period_counts_for_itself(riding: Riding) -> None:
    card, medium = riding.card()
    short, short_medium = riding.card("short_3", start=None)
    tap = Device()
    riding.receive([tap(medium, "board", "08:00"), tap(medium, "board", "12:00")])
    riding.receive([tap(short_medium, "board", hour) for hour in ("08:00", "09:00", "10:00", "11:00")])
    riding.settle(at("13:00"))
    assert riding.blocks(card) == []
    # Short passes are not blocked.
    riding.settle(at("24:00"))
    assert riding.blocks(short) == []
    assert len(riding.blocks(card)) == 1


def test_after_a_block_the_count_begins_afresh(riding: Riding) -> None:
    card, medium = riding.card()
    tap = Device()
    riding.receive([tap(medium, "board", f"{hour}:00") for hour in (8, 9, 10, 11, 12)])
    riding.settle(at("12:30"))
    assert [block[0] for block in riding.blocks(card)] == ["missing-alight/gate-1/1", "missing-alight/gate-1/3"]


def test_a_late_tap_lifts_the_block_that_rested_on_its_absence(riding: Riding) -> None:
    card, medium = riding.card()
    two_missing(riding, medium)
    riding.settle(at("19:00"))
    riding.receive([Tap("gate-9", 0, medium, "alight", at("12:40"))])
    assert riding.settle(at("19:10")) == [card]
    assert riding.blocks(card) == []
    kinds = [entry.kind for entry in riding.ledger.stream(f"card/{card}")]
    assert kinds[-2:] == ["card-blocked", "card-block-lifted"]


def test_a_block_that_a_desk_lifted_does_not_come_back(riding: Riding) -> None:
    card, medium = riding.card()
    tap = two_missing(riding, medium)
    riding.settle(at("19:00"))
    ((block, *_),) = riding.blocks(card)
    lift_block(riding.service, WHO, "1", card=card, block=str(block), reason="the gate was broken")
    riding.receive([tap(medium, "board", "20:00"), tap(medium, "alight", "20:30")])
    riding.settle(at("21:00"))
    assert riding.blocks(card) == []


def test_a_block_comes_back_when_the_tap_that_lifted_it_is_disputed(riding: Riding) -> None:
    card, medium = riding.card()
    two_missing(riding, medium)
    late = Tap("gate-9", 0, medium, "alight", at("12:40"))
    riding.receive([late])
    riding.settle(at("19:00"))
    assert riding.blocks(card) == []
    riding.receive([Tap("gate-9", 0, 77, "alight", at("12:40"))])
    riding.settle(at("19:10"))
    assert [block[0] for block in riding.blocks(card)] == ["missing-alight/gate-1/1"]


def test_who_alights_outside_the_coverage_counts_as_missing_a_tag(riding: Riding) -> None:
    card, medium = riding.card()
    tap = Device()
    riding.receive(
        [
            tap(medium, "board", "08:00"),
            tap(medium, "alight", "09:00", answer="out_of_area", opened=False, amount=2_150),
            tap(medium, "board", "10:00"),
            tap(medium, "board", "12:00"),
        ]
    )
    riding.settle(at("12:30"))
    assert riding.rides()[0][-2:] == ("outside", 2_150)
    assert [block[0] for block in riding.blocks(card)] == ["missing-alight/gate-1/2"]


def test_taps_of_an_unknown_medium_are_rides_and_block_nobody(riding: Riding) -> None:
    two_missing(riding, 424_242)
    assert riding.settle(at("19:00")) == []
    assert ("08:00", "missing") in states(riding)


# Gates that are connected.


def tapping(riding: Riding) -> Tapping:
    sets = dict.fromkeys(range(1 << len(BOOK.addons)), BOTH)
    known = GateRules(RULES, DAYS, BOOK, PlaceRights("one", DAY, (sets,) * 60, (BOTH,) * 60), signals())
    unknown = GateRules(RULES, DAYS, BOOK, None, signals())
    return Tapping(riding.service, lambda place: known if place == "one" else unknown)


def test_a_connected_gate_is_answered_from_the_tables_of_this_moment(riding: Riding) -> None:
    card, medium = riding.card()
    _, later = riding.card(start=DAY + timedelta(days=2))
    online = tapping(riding)
    riding.clock.now = at("08:00")
    ask = AskedTap("gate-1", 0, medium, "board", at("08:00"), "one", "line_2")
    answer = online.tap(ask).answer
    assert (answer.open, answer.reason, answer.remaining_days) == (True, "ok", 30)
    (entry,) = [one for one in riding.ledger.stream(f"card/{card}") if one.kind == "tapped"]
    assert json.loads(entry.body)["answer"] == "ok"
    assert online.tap(AskedTap("gate-1", 1, 99, "board", at("08:00"), "one")).answer.reason == "unknown_medium"
    assert online.tap(AskedTap("gate-1", 2, later, "board", at("08:00"), "one")).answer.reason == "not_started"
    assert online.tap(AskedTap("gate-2", 0, medium, "board", at("08:00"), "two")).answer.reason == "unknown_place"
    two_missing(riding, medium)
    riding.settle(at("19:00"))
    riding.clock.now = at("20:00")
    assert online.tap(AskedTap("gate-3", 0, medium, "board", at("20:00"), "one")).answer.reason == "blocked"
    # The gate's clock shows next year: what counts is the clock of the service.
    assert online.tap(
        AskedTap("gate-3", 1, later, "board", at("20:00") + timedelta(days=365), "one")
    ).answer.reason == ("not_started")


def test_the_same_question_again_gets_the_first_answer_and_another_with_its_number_is_refused(riding: Riding) -> None:
    _, medium = riding.card()
    online = tapping(riding)
    ask = AskedTap("gate-1", 0, medium, "board", at("08:00"), "one", "line_2")
    first = online.tap(ask)
    riding.clock.now = at("08:09")
    again = online.tap(ask)
    assert (first.known, again.known, again.answer.open) == (False, True, True)
    with pytest.raises(TapConflictError, match="gave the number 0 to another tap"):
        online.tap(AskedTap("gate-1", 0, medium, "alight", at("08:00"), "one", "line_2"))
    assert len([one for one in riding.ledger.entries() if one.kind == "tapped"]) == 1


def test_taps_recorded_one_by_one_become_rides_once_though_the_gate_sends_its_file_too(riding: Riding) -> None:
    _, medium = riding.card()
    online = tapping(riding)
    for sequence, (way, when) in enumerate([("board", "08:00"), ("alight", "08:40")]):
        riding.clock.now = at(when)
        online.tap(AskedTap("gate-1", sequence, medium, way, at(when), "one", "line_2"))  # type: ignore[arg-type]
    received = collect_online(riding.service, riding.taps, riding.folder / "online")
    assert received is not None
    assert (received.new, received.source.partition("/")[0]) == (2, "online")
    assert collect_online(riding.service, riding.taps, riding.folder / "online") is None
    again = riding.receive(
        [
            Tap("gate-1", 0, medium, "board", at("08:00"), "one"),
            Tap("gate-1", 1, medium, "alight", at("08:40"), "one", answer="ok_alight"),
        ]
    )
    assert (again.new, again.repeated) == (0, 2)
    riding.settle(at("09:00"))
    assert states(riding) == [("08:00", "complete")]


def test_a_block_reaches_gates_with_the_next_list(riding: Riding) -> None:
    card, medium = riding.card()
    two_missing(riding, medium)
    riding.settle(at("19:00"))
    lists = GateLists(riding.service, riding.folder / "lists", Signer(1, KEY))
    assert lists.issue("deny", RULES).media == 1
    assert riding.blocks(card)
    assert seconds(at("19:00")) > 0


def test_where_all_gates_are_connected_the_second_missing_tag_blocks_at_the_next_boarding(riding: Riding) -> None:
    card, medium = riding.card()
    sets = dict.fromkeys(range(1 << len(BOOK.addons)), BOTH)
    rules = GateRules(RULES, DAYS, BOOK, PlaceRights("one", DAY, (sets,) * 60, (BOTH,) * 60), signals())
    online = Tapping(riding.service, lambda _: rules, all_connected=True)
    reasons = []
    for sequence, hour in enumerate(["08:00", "09:00", "10:00", "11:00", "33:30"]):
        riding.clock.now = at(hour)
        reasons.append(online.tap(AskedTap("gate-1", sequence, medium, "board", at(hour), "one")).answer.reason)
    assert reasons == ["ok", "ok", "blocked", "blocked", "ok"]
    assert riding.blocks(card) == [
        ("missing-alight/gate-1/1", "2026-05-20T00:00:00.000000Z", "2026-05-21T00:00:00.000000Z")
    ]
    collect_online(riding.service, riding.taps, riding.folder / "online")
    assert riding.settle(at("34:00")) == []
    assert states(riding) == [("08:00", "missing"), ("09:00", "missing")]
    assert len(riding.blocks(card)) == 1
