"""Selling at the counter: how many keys a recharge takes, what is said before paying, and each sale once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.counter.booth import AGENT, Booth, Seller

pytestmark = pytest.mark.browser

ORDERS, PAYMENTS = "**/v1/passes/orders", "**/v1/passes/payments"


def test_a_known_card_is_recharged_with_two_keys_after_the_scan(seller: Seller, here: Booth) -> None:
    card = here.card()
    here.charged(card, days_ago=27)
    seller.card(card)
    assert "3일 남음" in seller.shown("#card-stage .verdict")
    seller.press("Enter")
    assert "62,000원 받고 충전" in seller.shown("#take")
    seller.press("Enter")
    shown = seller.shown("[data-charged]")
    assert seller.presses == 2
    assert "2026년 11월 26일 (목) ~ 2026년 12월 25일 (금)" in shown
    assert "한국금융신문" in shown
    assert len(here.periods(card)) == 2


def test_a_recharge_that_is_too_early_says_from_when_on_it_can_be_had(seller: Seller, here: Booth) -> None:
    card = here.card()
    here.charged(card)
    seller.card(card)
    shown = seller.shown("[data-refused=too-early]")
    assert "재충전은 만료 5일 전부터입니다." in shown
    assert "2026년 12월 17일 (목)부터 충전할 수 있습니다." in shown
    assert seller.page.locator("[data-product]").count() == 0


def test_a_new_card_is_sold_from_the_agent_s_stock_with_a_receipt(seller: Seller, here: Booth) -> None:
    stock = here.call("GET", f"/agents/{AGENT}", key=here.key)["stock"]
    seller.press("F7", "1")
    seller.page.click("[data-code=short_3]")
    assert "단기권의 환불 규칙은 공표된 것을 찾지 못했습니다." in seller.shown(".warnings")
    assert "13,000원" in seller.shown("#take")
    seller.press("Enter")
    seller.page.wait_for_selector("[data-charged]")
    card = seller.page.inner_text(".card-number")
    seller.press("p", "2")
    receipt = seller.shown("dialog[open] .paper")
    for text in ("3-day pass", "23 November 2026", "10,000 won", "3,000 won", "13,000 won", card, "Cash"):
        assert text in receipt
    assert here.call("GET", f"/agents/{AGENT}", key=here.key)["stock"] == stock - 1
    assert [one["product"] for one in here.periods(card)] == ["short_3"]


@pytest.mark.parametrize("lost", [ORDERS, PAYMENTS])
def test_a_sale_whose_answer_is_lost_is_sold_once(seller: Seller, here: Booth, lost: str) -> None:
    card = here.card()
    seller.card(card).press("Enter")
    seller.page.wait_for_selector("#take")

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    seller.page.route(lost, lose)
    seller.press("Enter")
    assert "두 번 처리되지 않습니다" in seller.shown("#down")
    seller.page.unroute(lost)
    seller.press("Enter")
    charge = str(seller.page.wait_for_selector("[data-charged]").get_attribute("data-charged"))
    assert [one["charge"] for one in here.periods(card)] == [charge]
    assert len(here.call("GET", f"/orders/{charge}", key=here.key)["payments"]) == 1
    seller.complaints[:] = [one for one in seller.complaints if "ERR_FAILED" not in one]


def test_pressing_twice_sells_once(seller: Seller, here: Booth) -> None:
    card = here.card()
    seller.card(card).press("Enter")
    seller.page.wait_for_selector("#take")
    seller.page.evaluate("(() => { const take = document.querySelector('#take'); take.click(); take.click(); })()")
    seller.page.wait_for_selector("[data-charged]")
    assert len(here.periods(card)) == 1
    assert sum(url.endswith("/payments") for _, url, _ in seller.asked) == 1


def test_who_leaves_a_sale_without_an_answer_is_told_to_look_at_the_card_again(seller: Seller, here: Booth) -> None:
    card = here.card()
    seller.card(card).press("Enter")
    seller.page.wait_for_selector("#take")
    seller.page.route(PAYMENTS, lambda route: route.abort())
    seller.press("Enter")
    seller.page.wait_for_selector("#down:visible")
    seller.page.unroute(PAYMENTS)
    seller.card(here.card())
    assert "결제가 확인되지 않은 판매" in seller.shown("#told.alert")
    seller.complaints[:] = [one for one in seller.complaints if "ERR_FAILED" not in one]


def test_money_that_came_too_late_is_given_back(seller: Seller, here: Booth) -> None:
    card = here.card()
    seller.card(card).press("Enter")
    seller.page.wait_for_selector("#take")

    def charged_elsewhere_first(route: Any) -> None:
        here.charged(card)
        route.continue_()

    seller.page.route(PAYMENTS, charged_elsewhere_first)
    seller.press("Enter")
    assert "받은 돈을 돌려주십시오" in seller.shown("#card-stage .verdict.no")
    seller.press("Enter")
    assert "돌려준 것으로 기록했습니다" in seller.shown("#told:visible")
    assert len(here.periods(card)) == 1


def test_what_is_refused_is_said_in_words_with_what_to_do(sit: Callable[..., Seller], here: Booth) -> None:
    seller = sit("/counter/en").sign_in()
    seller.card(here.card()).press("Enter")
    seller.page.wait_for_selector("#take")
    seller.page.click("[data-code=overseas_card]")
    seller.page.wait_for_selector("#card-stage [data-refused]")
    assert seller.page.locator("#take").count() == 0
    seller.press("a")
    seller.page.wait_for_selector("#take")
    seller.scan("PC-nobody")
    assert "There is no card of this id" in seller.shown("#told.alert")
    seller.complaints[:] = [one for one in seller.complaints if "404" not in one]
