"""Many sales in few commits come to what single sales come to, and a list that is sent again changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from donghaeng.ledger.verify import verify
from donghaeng.services.passes.bulk import Sale, sell_many
from donghaeng.services.passes.cards import status
from donghaeng.services.passes.projection import count, rebuild
from donghaeng.services.passes.schema import cards, orders, payments, periods
from tests.passes.counters import SELLER, Counter, moment

FIRST = Sale("s-0", "c-0", "m-0", "mobile", "d30_transit", "mobile_app", "bank_transfer", moment("2024-08-01 10:00"))


def sale(number: int, **more: Any) -> Sale:
    at = FIRST.at + timedelta(minutes=number)
    return replace(FIRST, **({"sale": f"s-{number}", "card": f"c-{number}", "medium": f"m-{number}", "at": at} | more))


def test_many_sales_come_to_what_single_sales_come_to(counter: Counter) -> None:
    sales = [sale(number, product=("d30_transit", "short_3")[number % 2]) for number in range(30)]
    assert sell_many(counter.service, SELLER, sales, at_once=7) == []
    single = counter.charge(counter.issue()).charge
    found = counter.state.charge("s-0")
    assert single is not None
    same = {"product": None, "starts": None, "ends": None, "price": None, "category": None, "rights": None}
    assert all(getattr(found.period, name) == getattr(single.period, name) for name in same)
    assert [count(counter.ledger, table) for table in (cards, orders, payments, periods)] == [31] * 4
    assert status(counter.service, "c-1", moment("2024-08-03 23:00")).usable
    rebuild(counter.ledger)
    assert counter.state.charge("s-29") is not None
    assert verify(counter.ledger.store, []).holds


def test_a_list_that_is_sent_again_changes_nothing(counter: Counter) -> None:
    sales = [sale(number) for number in range(9)]
    sell_many(counter.service, SELLER, sales)
    before = len(list(counter.ledger.entries()))
    assert sell_many(counter.service, SELLER, sales, at_once=2) == []
    assert len(list(counter.ledger.entries())) == before


def test_the_rules_hold_within_one_list(here: Counter) -> None:
    person = "a" * 16
    youth = {"category": "youth", "person": person, "facts": {"birth_year": 2000}}
    sales = [
        sale(0),
        sale(1, card="c-0"),  # again on the same day
        sale(2, card="c-0", at=moment("2024-08-28 10:00")),  # goes on
        sale(3, **youth),
        sale(4, category="youth"),  # nobody proved it
        sale(5, category="youth", person="b" * 16, facts={"birth_year": 1950}),
        sale(6, product="short_9"),
    ]
    refused = sell_many(here.service, SELLER, sales)
    assert [(one.sale, one.code) for one in refused] == [
        ("s-1", "too-early"),
        ("s-4", "not-eligible"),
        ("s-5", "not-eligible"),
        ("s-6", "unknown-code"),
    ]
    periods = [one.period for one in here.state.charges_of("c-0")]
    assert [(str(one.starts), str(one.ends)) for one in periods] == [
        ("2024-08-01", "2024-08-30"),
        ("2024-08-31", "2024-09-29"),
    ]
    assert here.state.charge("s-3").period.price == 55_000
    for gone in ("c-4", "c-5", "c-6"):
        assert here.refused(lambda gone=gone: here.state.card(gone)) == "unknown-card"


def test_a_second_discounted_card_of_a_person_is_refused_and_the_rest_is_sold(counter: Counter) -> None:
    youth = {"category": "youth", "person": "a" * 16, "facts": {"birth_year": 2000}}
    refused = sell_many(counter.service, SELLER, [sale(0), sale(1, **youth), sale(2, **youth), sale(3)])
    assert [(one.sale, one.code) for one in refused] == [("s-2", "discount-held")]
    assert count(counter.ledger, periods) == 3


def test_a_lapsed_verification_costs_the_usual_price(here: Counter) -> None:
    youth = {"category": "youth", "person": "a" * 16, "facts": {"birth_year": 2000}}
    sell_many(here.service, SELLER, [sale(0, **youth)])
    sell_many(here.service, SELLER, [sale(1, card="c-0", at=moment("2025-01-31 10:00"))])
    sell_many(here.service, SELLER, [sale(2, card="c-0", at=moment("2025-03-10 10:00"))])
    assert [one.period.price for one in here.state.charges_of("c-0")] == [55_000, 55_000, 62_000]


@pytest.mark.parametrize("kind", ["postpaid_bank_card", "nothing"])
def test_a_medium_that_cannot_carry_the_product_is_refused(here: Counter, kind: str) -> None:
    (refused,) = sell_many(here.service, SELLER, [sale(0, medium_kind=kind)])
    assert refused.code in {"wrong-medium", "unknown-code"}
