"""Settling service days: out of prices, beyond them, and again when something changed."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from donghaeng.errors import UsageError
from donghaeng.ledger.faults import UnavailableError
from donghaeng.services.passes.accounts import balances, bookings, prove
from donghaeng.services.passes.cards import stop_medium
from donghaeng.services.passes.charging import place_order, receive_payment
from donghaeng.services.passes.claims import fix_rule
from donghaeng.services.passes.fares import FareRules, RouteOf
from donghaeng.services.passes.refunds import ask_refund, pay_refund
from donghaeng.services.passes.service import Who
from donghaeng.services.passes.settlement import (
    Settled,
    close,
    operator_file,
    settle,
    settled_day,
    settlement_stream,
)
from donghaeng.services.passes.settlement_due import days_to_settle, settle_what_changed
from donghaeng.services.passes.use import use_by_rides
from donghaeng.services.passes.waivers import waive
from tests.passes.riding import DAY, WHO, Riding, Tap, at

NEXT = DAY + timedelta(days=1)
KNOWN = {("one", "two"): 8_000, ("two", "one"): 8_000}
METRO = RouteOf("subway", {"metro": 1})


@pytest.fixture
def riding(tmp_path: Path) -> Iterator[Riding]:
    found = Riding(tmp_path)
    yield found
    found.close()


def ride(riding: Riding, medium: int, boarded: str, alighted: str, line: str = "line_2", day: date = DAY) -> list[Tap]:
    """Two taps."""
    riding.count = getattr(riding, "count", -1) + 2  # type: ignore[attr-defined]
    number = riding.count  # type: ignore[attr-defined]
    return [
        Tap("gate", number, medium, "board", at(boarded, day), "one", line),
        Tap("gate", number + 1, medium, "alight", at(alighted, day), "two", line),
    ]


def many(riding: Riding, medium: int, rides: int, line: str = "line_2", day: date = DAY) -> list[Tap]:
    """So many rides on a day, no two of them one journey."""
    found: list[Tap] = []
    for number in range(rides):
        minute = 7 * 60 + number * 16
        found += ride(
            riding,
            medium,
            f"{minute // 60}:{minute % 60:02}",
            f"{(minute + 8) // 60}:{(minute + 8) % 60:02}",
            line,
            day,
        )
    return found


def settled(riding: Riding, first: date = DAY, last: date = DAY, **more: Any) -> list[Settled]:
    riding.settle(at("09:00", last + timedelta(days=1)))
    return settle(riding.service, riding.files, first, last, distances=more.pop("distances", KNOWN), **more)


def proven(riding: Riding) -> None:
    assert [one for one in prove(riding.service) if one.unexplained] == []


def test_a_day_is_paid_out_of_prices_and_the_file_says_by_line(riding: Riding) -> None:
    _, medium = riding.card()
    riding.receive([*ride(riding, medium, "08:00", "08:20"), *ride(riding, medium, "18:00", "18:20", "trunk")])
    (day,) = settled(riding)
    assert day.is_new
    assert [(one["operator"], one["value"], one["from_price"]) for one in day.body["shares"]] == [
        ("line:line_2", 1_550, 1_550),
        ("line:trunk", 1_500, 1_500),
    ]
    rows = list(csv.DictReader(day.files["line:line_2"].decode().splitlines()))
    assert [(row["rides"], row["value"], row["paid"], row["known"]) for row in rows] == [
        ("1", "1550", "1550", "unknown")
    ]
    found = balances(bookings(riding.ledger, riding.service.section.days))
    assert found["held"] == -(62_000 - 3_050)
    assert found["operator/line:trunk"] == -1_500
    proven(riding)


def test_use_above_the_price_is_shared_half_and_half(riding: Riding) -> None:
    _, medium = riding.card("short_1", start=None, category="any")
    riding.receive(many(riding, medium, 5))
    (day,) = settled(riding, rules=FareRules(riding.service.policy, {"line_2": METRO}))
    (share,) = day.body["shares"]
    # 7,750 won of rides on a pass of 5,000 won: 2,750 beyond it.
    assert (share["operator"], share["value"], share["from_price"]) == ("metro", 7_750, 5_000)
    assert (share["city"], share["borne"]) == (1_375, 1_375)
    found = balances(bookings(riding.ledger, riding.service.section.days))
    assert (found["held"], found["city"], found["operator/metro"]) == (0, 1_375, -6_375)
    proven(riding)


def test_shares_of_a_line_are_divided_to_the_won(riding: Riding) -> None:
    _, medium = riding.card("short_1", start=None, category="any")
    riding.receive(many(riding, medium, 5))
    three = RouteOf("subway", {"metro": 1, "rail": 1, "third": 1})
    (day,) = settled(riding, rules=FareRules(riding.service.policy, {"line_2": three}))
    shares = day.body["shares"]
    assert [one["from_price"] for one in shares] == [1_667, 1_667, 1_666]
    assert sum(one["value"] for one in shares) == 7_750
    assert sum(one["city"] + one["borne"] for one in shares) == 2_750
    proven(riding)


def test_what_was_not_used_is_kept_apart_when_a_pass_is_over(riding: Riding) -> None:
    _, medium = riding.card("short_1", start=None, category="any")
    riding.receive(ride(riding, medium, "08:00", "08:20"))
    (day,) = settled(riding)
    assert day.body["unused"] == 5_000 - 1_550
    assert balances(bookings(riding.ledger, riding.service.section.days))["held"] == 0
    proven(riding)


def test_settling_again_changes_nothing_and_gives_the_same_files(riding: Riding) -> None:
    _, medium = riding.card()
    riding.receive(ride(riding, medium, "08:00", "08:20"))
    (first,) = settled(riding)
    (again,) = settled(riding)
    assert (again.is_new, again.number, again.files) == (False, 1, first.files)
    assert riding.service.position(settlement_stream(DAY)) == 1


def test_late_taps_post_the_difference_only(riding: Riding) -> None:
    _, medium = riding.card()
    riding.receive(ride(riding, medium, "08:00", "08:20"))
    settled(riding)
    riding.receive(ride(riding, medium, "18:00", "18:20"))
    (day,) = settled(riding)
    assert day.number == 2
    assert day.body["postings"] == [{"debit": "held", "credit": "operator/line:line_2", "amount": 1_550}]
    assert day.body["shares"][0]["value"] == 3_100
    proven(riding)


def test_a_distance_that_becomes_known_posts_what_it_adds(riding: Riding) -> None:
    _, medium = riding.card()
    riding.receive(ride(riding, medium, "08:00", "08:20"))
    (day,) = settled(riding, distances={})
    (share,) = day.body["shares"]
    assert (share["value"], share["below"], share["above"]) == (1_550, 0, 600)
    (day,) = settled(riding, distances={("one", "two"): 12_000})
    assert day.body["postings"] == [{"debit": "held", "credit": "operator/line:line_2", "amount": 100}]
    assert day.body["shares"][0]["above"] == 0
    proven(riding)


def test_an_operator_who_becomes_known_takes_over_what_was_kept_by_line(riding: Riding) -> None:
    _, medium = riding.card()
    riding.receive(ride(riding, medium, "08:00", "08:20"))
    settled(riding)
    settled(riding, rules=FareRules(riding.service.policy, {"line_2": METRO}))
    found = balances(bookings(riding.ledger, riding.service.section.days))
    assert (found["operator/metro"], found["operator/line:line_2"]) == (-1_550, 0)


def test_a_closed_month_gets_differences_on_the_day_they_are_found(riding: Riding) -> None:
    _, medium = riding.card()
    riding.receive(ride(riding, medium, "08:00", "08:20"))
    settled(riding)
    close(riding.service, DAY, "head of accounts")
    riding.receive(ride(riding, medium, "18:00", "18:20"))
    riding.clock.now = at("09:00", DAY + timedelta(days=30))
    (day,) = settle(riding.service, riding.files, DAY, DAY, distances=KNOWN)
    assert day.number == 1
    riding.settle(at("09:00", DAY + timedelta(days=30)))
    (day,) = settle(riding.service, riding.files, DAY, DAY, distances=KNOWN)
    assert day.body["after_close"]
    assert day.body["booked_on"] == (DAY + timedelta(days=30)).isoformat()
    assert sum(one["amount"] for one in day.body["postings"]) == 1_550
    with pytest.raises(UsageError, match="they stay so"):
        close(riding.service, DAY - timedelta(days=1), "head of accounts")
    proven(riding)


def test_a_refund_leaves_its_fee_behind_and_nothing_unexplained(riding: Riding) -> None:
    card, medium = riding.card("short_1", start=None, category="any")
    riding.receive(ride(riding, medium, "08:00", "08:20"))
    (charge,) = riding.service.state.charges_of(card)
    service = riding.service
    fix_rule(
        service, WHO, "fix", setting="refund/short_pass_rule_unknown", choose="least", fixed_by="head", reason="trial"
    )
    asked = ask_refund(service, WHO, "ask", charge=charge.period.charge, cause="lost", used_transit=1_550, bike_days=0)
    paid = pay_refund(service, Who("desk", "another key"), "pay", refund=asked.refund)
    (day,) = settled(riding)
    assert (day.body["unused"], day.body["fees"]) == (0, 5_000 - 1_550 - (paid.paid or 0))
    assert balances(bookings(riding.ledger, service.section.days))["held"] == 0
    proven(riding)


def test_rides_without_a_pass_are_counted_and_paid_by_nobody(riding: Riding) -> None:
    riding.receive(ride(riding, 999, "08:00", "08:20"))
    (day,) = settled(riding)
    assert (day.body["rides"], day.body["shares"]) == ({"no_pass": 1}, [])


def test_a_day_that_is_not_over_is_not_settled(riding: Riding) -> None:
    riding.clock.now = at("09:00")
    with pytest.raises(UsageError, match="is not over"):
        settle(riding.service, riding.files, DAY, DAY)
    with pytest.raises(UsageError, match="no days from"):
        settle(riding.service, riding.files, NEXT, DAY)


def test_the_result_says_what_of_it_is_not_published(riding: Riding) -> None:
    _, medium = riding.card()
    riding.receive(ride(riding, medium, "08:00", "08:20"))
    (day,) = settled(riding)
    assert {"split: unknown", "booking: unknown", "transfers: second_hand", "distance: inferred"} <= set(
        day.body["rests_on"]
    )
    assert day.body["known"] == "unknown"


def test_what_is_to_be_settled_follows_from_what_changed(riding: Riding) -> None:
    card, medium = riding.card()
    riding.receive([*ride(riding, medium, "08:00", "08:20"), *ride(riding, medium, "08:00", "08:20", day=NEXT)])
    riding.settle(at("09:00", NEXT + timedelta(days=1)))
    assert days_to_settle(riding.service, riding.files) == (DAY, NEXT)
    settle(riding.service, riding.files, DAY, NEXT, distances=KNOWN)
    assert days_to_settle(riding.service, riding.files) is None
    riding.receive(ride(riding, medium, "18:00", "18:20", day=NEXT))
    riding.settle()
    assert days_to_settle(riding.service, riding.files) == (NEXT, NEXT)
    settle(riding.service, riding.files, NEXT, NEXT, distances=KNOWN)
    stop_medium(riding.service, WHO, "lost", card=card, cause="lost")
    assert days_to_settle(riding.service, riding.files) == (DAY, NEXT)


def test_days_that_were_valued_are_not_read_again_and_late_taps_read_their_day_alone(riding: Riding) -> None:
    days = [DAY + timedelta(days=number) for number in range(4)]
    _, medium = riding.card("short_3", start=None, category="any")
    # Two rides a day on a pass of 10,000 won, and a journey over the turn of the second day.
    for day in days[:3]:
        riding.receive(
            [*ride(riding, medium, "08:00", "08:20", day=day), *ride(riding, medium, "18:00", "18:20", day=day)]
        )
    riding.receive([*ride(riding, medium, "27:30", "27:50"), *ride(riding, medium, "28:05", "28:20", "trunk")])
    found = settled(riding, days[0], days[2])
    assert [one.is_read for one in found] == [True, True, True]
    assert not any(one.is_read for one in settled(riding, days[0], days[2]))
    riding.receive(ride(riding, medium, "12:00", "12:20", day=days[1]))
    late = settled(riding, days[0], days[2])
    assert [one.is_read for one in late] == [False, True, False]
    # The third day has the same rides, but less of the price is left for them.
    assert late[2].body["shares"] != found[2].body["shares"]
    shutil.rmtree(riding.files.folder / ".values")
    assert [(one.is_read, one.is_new, one.files) for one in settled(riding, days[0], days[2])] == [
        (True, False, one.files) for one in late
    ]
    proven(riding)


@settings(
    max_examples=6, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(
    rides=st.lists(
        st.tuples(
            st.integers(0, 1),
            st.sampled_from([0, 5, 20, 23.4, 23.7, 24.1, 24.3, 30, 47.6, 47.8, 48.2, 60]),
            st.sampled_from(["line_2", "trunk", "branch"]),
        ),
        max_size=14,
    ),
    late=st.integers(0, 14),
)
def test_day_by_day_late_and_in_any_split_comes_to_the_same_as_all_at_once(
    tmp_path_factory: pytest.TempPathFactory, rides: list[tuple[int, float, str]], late: int
) -> None:
    bodies = []
    for is_split in (False, True):
        riding = Riding(tmp_path_factory.mktemp("split"))
        media = [riding.card(product, start=None, category="any")[1] for product in ("short_3", "short_2")]
        taps = []
        for number, (card, hour, line) in enumerate(rides):
            boarded = at("04:00") + timedelta(hours=hour, minutes=11 * number % 13, seconds=number)
            ends = (
                (2 * number, "board", boarded, "one"),
                (2 * number + 1, "alight", boarded + timedelta(minutes=9), "two"),
            )
            taps.append([Tap("gate", at_, media[card], way, when, place, line) for at_, way, when, place in ends])
        last = DAY + timedelta(days=2)
        if is_split:
            riding.clock.now = at("09:00", last + timedelta(days=1))
            riding.receive([tap for pair in taps[late:] for tap in pair])
            for day in (DAY, NEXT, last):
                settled(riding, day, last)
            riding.receive([tap for pair in taps[:late] for tap in pair])
            riding.settle(at("09:00", last + timedelta(days=1)))
            settle_what_changed(riding.service, riding.files, distances=KNOWN)
            assert days_to_settle(riding.service, riding.files, distances=KNOWN) is None
        else:
            riding.receive([tap for pair in taps for tap in pair])
            settled(riding, DAY, last)
        found = [settled_day(riding.service, DAY + timedelta(days=number)) or {} for number in range(3)]
        names = ("rides", "shares", "unused", "fees", "rests_on")
        bodies.append([{name: body[name] for name in names} for body in found])
        balance = balances(bookings(riding.ledger, riding.service.section.days))
        assert balance.get("held", 0) == 0
        proven(riding)
        riding.close()
    assert bodies[0] == bodies[1]


def test_a_pass_that_follows_a_refunded_one_on_the_same_day_shares_no_ride_with_it(riding: Riding) -> None:
    card, medium = riding.card("short_1", start=None, category="any")
    riding.receive(ride(riding, medium, "08:00", "08:20"))
    riding.clock.now = at("10:00")
    stop_medium(riding.service, WHO, "stop", card=card, cause="refund")
    riding.clock.now = at("11:00")
    asked = {"card": card, "product": "short_1", "channel": "station_machine", "payment": "cash", "category": "any"}
    order, _ = place_order(riding.service, WHO, "again", told={"line": "lines_1_to_8"}, **asked)  # type: ignore[arg-type]
    paid = receive_payment(riding.service, WHO, payment="again", order=order.order_id, amount=order.amount)
    assert paid.charge is not None
    riding.receive(ride(riding, medium, "12:00", "12:20"))
    (day,) = settled(riding)
    assert day.body["rides"] == {"rated": 2}
    assert sum(share["value"] for share in day.body["shares"]) == 2 * 1_550
    assert day.body["unused"] == 2 * (5_000 - 1_550)
    rules = FareRules(riding.service.policy)
    use = use_by_rides(riding.files, rules, KNOWN)(paid.charge, riding.service.clock())
    assert use is not None
    assert use.transit == 1_550
    proven(riding)


def test_a_crash_between_file_and_entry_leaves_nothing_that_counts(
    riding: Riding, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, medium = riding.card()
    riding.receive([*ride(riding, medium, "08:00", "08:20"), *ride(riding, medium, "08:00", "08:20", day=NEXT)])
    append, calls = riding.ledger.append, []

    def failing(*given: Any) -> Any:
        calls.append(given)
        if len(calls) == 2:
            raise UnavailableError("the store failed")
        return append(*given)

    monkeypatch.setattr(riding.ledger, "append", failing)
    with pytest.raises(UnavailableError):
        settled(riding, DAY, NEXT)
    assert operator_file(riding.service, riding.files, NEXT, "line:line_2") is None
    monkeypatch.undo()
    found = settled(riding, DAY, NEXT)
    assert [(one.is_new, one.number) for one in found] == [(False, 1), (True, 1)]
    for one in found:
        assert operator_file(riding.service, riding.files, one.day, "line:line_2") == one.files["line:line_2"]
    kept = riding.files.folder / ".values" / str(NEXT) / f"{found[1].body['shares'][0]['file']}.csv"
    kept.write_bytes(b"altered")
    with pytest.raises(UsageError, match="settle the day again"):
        operator_file(riding.service, riding.files, NEXT, "line:line_2")
    settled(riding, DAY, NEXT)
    assert operator_file(riding.service, riding.files, NEXT, "line:line_2") == found[1].files["line:line_2"]
    proven(riding)


def test_two_who_settle_the_same_days_at_once_post_every_won_once(tmp_path: Path, url: str) -> None:
    riding = Riding(tmp_path, url)
    _, medium = riding.card()
    riding.receive([*ride(riding, medium, "08:00", "08:20"), *ride(riding, medium, "08:00", "08:20", day=NEXT)])
    riding.settle(at("09:00", NEXT + timedelta(days=1)))
    other = Riding(tmp_path, url)
    other.clock.now = riding.clock.now
    with ThreadPoolExecutor(2) as threads:
        runs = [threads.submit(settle, one.service, one.files, DAY, NEXT, distances=KNOWN) for one in (riding, other)]
        bodies = [[day.files for day in run.result()] for run in runs]
    assert bodies[0] == bodies[1]
    assert [riding.service.position(settlement_stream(day)) for day in (DAY, NEXT)] == [1, 1]
    proven(riding)
    other.close()
    riding.close()


def test_a_waiver_and_a_refund_after_the_settlement_post_differences_only(riding: Riding) -> None:
    card, medium = riding.card("short_1", start=None, category="any")
    # The second ride has no alighting tag; what it is worth does not hang on whether that is held against the rider.
    riding.receive([*ride(riding, medium, "08:00", "08:20"), ride(riding, medium, "12:00", "12:20")[0]])
    (before,) = settled(riding)
    waive(riding.service, "w", at("11:00"), at("13:00"), reason="gates open", granted_by="operator", line="line_2")
    assert not settled(riding)[0].is_new
    service = riding.service
    rule = "refund/short_pass_rule_unknown"
    fix_rule(service, WHO, "fix", setting=rule, choose="least", fixed_by="head", reason="trial")
    (charge,) = service.state.charges_of(card)
    asked = ask_refund(service, WHO, "ask", charge=charge.period.charge, cause="lost", used_transit=3_100, bike_days=0)
    paid = pay_refund(service, Who("desk", "another key"), "pay", refund=asked.refund).paid or 0
    (after,) = settled(riding)
    assert after.body["fees"] == before.body["unused"] - paid
    assert sum(one["amount"] for one in after.body["postings"]) == before.body["unused"] + after.body["fees"]
    proven(riding)


def test_another_table_of_operators_moves_what_is_owed_and_no_sum(riding: Riding) -> None:
    _, medium = riding.card("short_1", start=None, category="any")
    riding.receive(many(riding, medium, 5))
    riding.settle(at("09:00", NEXT))
    sums = []
    for operators in ({}, {"metro": 1}, {"metro": 1, "rail": 2}, {"rail": 1}):
        rules = FareRules(riding.service.policy, {"line_2": RouteOf("subway", operators)})
        (day,) = settle_what_changed(riding.service, riding.files, rules=rules, distances=KNOWN)
        sums.append({name: sum(one[name] for one in day.body["shares"]) for name in ("value", "from_price")})
        found = balances(bookings(riding.ledger, riding.service.section.days))
        owed = {name: -amount for name, amount in found.items() if name.startswith("operator/") and amount}
        assert set(owed) == {f"operator/{name}" for name in operators or {"line:line_2": 1}}
        proven(riding)
    assert sums == [{"value": 7_750, "from_price": 5_000}] * 4
