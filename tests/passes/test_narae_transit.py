"""Another city's passes are only a pack: other names, prices, zones, lengths and hours, and no code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from donghaeng.services.passes.cards import status, verify_category
from donghaeng.services.passes.charging import place_order, receive_payment
from donghaeng.services.passes.refunds import ask_refund, pay_refund
from tests.passes.counters import DESK, PAYER, SELLER, Counter, moment

SHOP = {"channel": "kiosk", "payment": "bank_card"}


@pytest.fixture
def narae(url: str) -> Iterator[Counter]:
    counter = Counter(url, "example/narae-transit")
    counter.time = moment("2026-06-20 12:00")
    yield counter
    counter.close()


def test_a_month_pass_of_two_zones_is_sold_used_bought_on_and_refunded(narae: Counter) -> None:
    card = _issue(narae)
    order, quote = place_order(
        narae.service, SELLER, "o", card=card, product="month_all", start=date(2026, 6, 25), **SHOP
    )
    assert quote is not None
    assert (order.amount, quote.rights, str(quote.ends)) == (7_400, "zone_2", "2026-07-24")
    paid = receive_payment(narae.service, SELLER, payment="p", order=order.order_id, amount=7_400)
    assert paid.charge is not None
    lisbon = status(narae.service, card, moment("2026-06-25 11:30"))  # 03:30 in Lisbon
    assert (lisbon.usable, status(narae.service, card, moment("2026-06-25 11:29")).reason) == (True, "not_started")
    narae.time = moment("2026-07-20 12:00")
    again, quote = place_order(narae.service, SELLER, "o2", card=card, product="month_all", **SHOP)
    assert quote is not None
    assert (quote.extends, str(quote.starts), str(quote.ends)) == (True, "2026-07-25", "2026-08-24")
    refund = ask_refund(narae.service, DESK, "r", charge=paid.charge.period.charge, used_transit=5_000)
    assert pay_refund(narae.service, PAYER, "pay", refund=refund.refund).paid == 2_400
    assert again.state == "open"


def test_a_student_pays_half_once_enrolment_is_shown(narae: Counter) -> None:
    from donghaeng.services.passes.cards import register_card

    card = _issue(narae)
    register_card(narae.service, DESK, "reg", card=card, namespace="passes/account", account="ana")
    ask = {"card": card, "category": "student"}
    no = lambda: verify_category(narae.service, DESK, narae.key(), facts={"enrolled": False}, **ask)  # noqa: E731
    assert narae.refused(no) == "not-eligible"
    verify_category(narae.service, DESK, "yes", facts={"enrolled": True}, **ask)
    order, _ = place_order(narae.service, SELLER, "o", card=card, product="month_1", **SHOP)
    assert (order.category, order.amount) == ("student", 2_450)
    narae.time = moment("2026-07-01 12:00")
    order, _ = place_order(narae.service, SELLER, "o2", card=card, product="month_1", **SHOP)
    assert order.amount == 2_600
    day, _ = place_order(narae.service, SELLER, "o3", card=card, product="day_1", **SHOP)
    assert (day.category, day.amount) == ("adult", 500)


def _issue(narae: Counter) -> str:
    from donghaeng.services.passes.cards import issue_card

    return issue_card(narae.service, SELLER, narae.key(), medium="card", channel="kiosk").card
