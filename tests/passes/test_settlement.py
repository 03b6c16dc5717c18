"""Settling service days: out of prices, beyond them, and again when something changed."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from donghaeng.errors import UsageError
from donghaeng.services.passes.accounts import balances, bookings, prove
from donghaeng.services.passes.cards import stop_medium
from donghaeng.services.passes.claims import fix_rule
from donghaeng.services.passes.fares import FareRules, RouteOf
from donghaeng.services.passes.refunds import ask_refund, pay_refund
from donghaeng.services.passes.service import Who
from donghaeng.services.passes.settlement import Settled, close, days_to_settle, settle, settlement_stream
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
