"""What a pass was used for, as refunds ask it of the rides that have arrived."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from donghaeng.services.passes.cards import issue_card
from donghaeng.services.passes.charging import place_order, receive_payment
from donghaeng.services.passes.claims import fix_rule
from donghaeng.services.passes.fares import FareRules
from donghaeng.services.passes.medium import medium_number
from donghaeng.services.passes.refunds import ask_refund, pay_refund, quote_refund
from donghaeng.services.passes.service import Who
from donghaeng.services.passes.settlement import settle
from donghaeng.services.passes.use import use_by_rides
from tests.passes.riding import DAY, WHO, Riding, Tap, at

KNOWN = {("one", "two"): 8_000}


@pytest.fixture
def riding(tmp_path: Path) -> Iterator[Riding]:
    found = Riding(tmp_path)
    yield found
    found.close()


def sold(riding: Riding) -> tuple[str, int]:
    """A 30-day pass on a phone: its charge, and the number of its medium."""
    card = issue_card(riding.service, WHO, "sale", medium="mobile", channel="mobile_app")
    order, _ = place_order(
        riding.service,
        WHO,
        "sale",
        card=card.card,
        product="d30_transit",
        channel="mobile_app",
        payment="bank_transfer",
    )
    receive_payment(riding.service, WHO, payment="sale", order=order.order_id, amount=order.amount)
    return order.order_id, medium_number(card.medium)


def ride(riding: Riding, medium: int, line: str = "line_2") -> None:
    riding.receive(
        [
            Tap("gate", 0, medium, "board", at("09:00"), "one", line),
            Tap("gate", 1, medium, "alight", at("09:20"), "two", line),
        ]
    )
    riding.settle(at("10:00"))


def test_a_refund_is_counted_from_the_rides_of_the_pass(riding: Riding) -> None:
    charge, medium = sold(riding)
    ride(riding, medium)
    riding.service.use_of = use_by_rides(riding.files, FareRules(riding.service.policy), KNOWN)
    made = quote_refund(riding.service, charge=charge)
    assert made.use is not None
    assert (made.use.transit, made.use.most) == (1_550, 1_550)
    assert (made.least, made.most) == (62_000 - 1_550 - 500, 62_000 - 1_550 - 500)


def test_a_distance_that_is_not_known_makes_the_refund_a_range_that_a_role_settles(riding: Riding) -> None:
    charge, medium = sold(riding)
    ride(riding, medium)
    service = riding.service
    service.use_of = use_by_rides(riding.files, FareRules(service.policy))
    made = quote_refund(service, charge=charge)
    assert (made.least, made.most) == (59_950 - 600, 59_950)
    asked = ask_refund(service, WHO, "ask", charge=charge)
    fix_rule(service, WHO, "fix", setting=made.setting, choose="most", fixed_by="head", reason="trial")
    paid = pay_refund(service, Who(WHO.organisation, "payer"), "pay", refund=asked.refund)
    assert paid.paid == 59_950
    riding.settle(at("10:00", DAY + timedelta(days=1)))
    (day,) = settle(service, riding.files, DAY, DAY)
    assert day.body["shares"][0]["from_price"] == 1_550


def test_days_with_a_bike_are_counted_and_have_no_fare(riding: Riding) -> None:
    charge, medium = sold(riding)
    ride(riding, medium, "bike")
    use_of = use_by_rides(riding.files, FareRules(riding.service.policy), KNOWN)
    use = use_of(riding.service.state.charge(charge), at("12:00"))
    assert use is not None
    assert (use.transit, use.bike_days) == (0, 1)
    before = use_of(riding.service.state.charge(charge), at("08:30"))
    assert before is not None
    assert before.bike_days == 0
