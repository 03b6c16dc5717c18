"""Serving holders of cards: refunds that another key pays, discounts, blocks, claims; and pages that fit everybody."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.counter.booth import Booth, Seller
from tests.site.browsing import violations

pytestmark = pytest.mark.browser


def without(seller: Seller, *statuses: str) -> None:
    """Forget what the browser says of answers that the test wanted."""
    seller.complaints[:] = [one for one in seller.complaints if not any(status in one for status in statuses)]


def test_a_refund_is_asked_with_one_key_and_paid_with_another(sit: Callable[..., Seller], here: Booth) -> None:
    card = here.card("physical")
    here.call("POST", f"/cards/{card}/registration", {"account": "rider"})
    charge = here.charged(card)
    asks = sit().sign_in()
    asks.card(card).press("r", "1")
    asks.page.wait_for_selector("[data-input=used_transit]")
    asks.page.fill("[data-input] input", "20,000")
    asks.press("Enter")
    assert "정지" in asks.shown("[data-result=stop-first]")
    asks.press("Enter")
    assert "돌려줄 금액 41,500원" in asks.shown("[data-result=refundable]")
    asks.press("Enter")
    refund = str(asks.page.wait_for_selector("[data-refund]").get_attribute("data-refund"))
    asks.press("F4")
    asks.page.click(f"#pay-stage [data-refund={refund}]")
    assert "신청한 열쇠로는 지급할 수 없습니다" in asks.shown("#pay-stage .verdict.no")
    asks.press("Enter")
    assert here.call("GET", f"/refunds/{refund}", key=here.other)["state"] == "asked"

    pays = sit().sign_in(here.other)
    pays.press("F4")
    pays.page.click(f"#pay-stage [data-refund={refund}]")
    pays.page.wait_for_selector("#pay-stage .verdict.open")
    pays.press("Enter")
    assert "41,500원 지급을 기록했습니다" in pays.shown("#told:visible")
    assert here.periods(card)[0]["refunded"] == 41_500
    assert here.periods(card)[0]["charge"] == charge


def test_a_category_is_proved_and_nothing_that_was_shown_is_left_behind(seller: Seller, here: Booth) -> None:
    card = here.card()
    before = seller.page.evaluate("history.length")
    seller.card(card).press("g")
    seller.page.wait_for_selector("#card-stage input")
    seller.page.fill("#card-stage input", "85" + "0314-" + "1" + "23" * 3)
    assert seller.page.input_value("#card-stage input") == ""
    seller.page.fill("#card-stage input", "SECRET-account")
    seller.press("Enter")
    seller.page.wait_for_selector("#told:has-text('카드를 등록했습니다')")
    seller.press("c")
    seller.page.click("[data-code=youth]")
    seller.page.wait_for_selector("[data-input=birth_year]")
    seller.page.fill("[data-input] input", "1999")
    seller.press("Enter")
    seller.page.wait_for_selector("#told:has-text('할인 자격을 확인했습니다: 청년')")
    assert "55,000원" in seller.shown("[data-product]")
    left = seller.page.evaluate(
        """() => [document.documentElement.outerHTML, location.href, document.cookie, localStorage.length,
          ...[...document.querySelectorAll("input")].map((one) => one.value)].join(" ")"""
    )
    assert "SECRET" not in left
    assert "1999" not in left
    assert card not in seller.page.url
    assert seller.page.evaluate("[Object.keys(sessionStorage).join(), history.length]") == ["donghaeng.key", before]
    assert not [url for _, url, _ in seller.asked if "SECRET" in url or "1999" in url or here.key in url]
    recorded = [one["body"] for one in here.call("GET", f"/cards/{card}/evidence")["entries"]]
    assert "1999" not in json.dumps(recorded)
    seller.press("Escape")
    assert card not in seller.page.content()
    without(seller, "422")


def test_a_card_is_blocked_lifted_stopped_and_replaced(seller: Seller, here: Booth) -> None:
    card = here.card()
    here.charged(card)
    seller.card(card).press("b")
    seller.page.get_by_label("까닭").fill("확인 중")
    seller.page.get_by_label("며칠 동안").fill("2")
    seller.press("Enter")
    assert "2026. 11. 25." in seller.shown("[data-reason=blocked]")
    seller.press("l")
    seller.page.get_by_label("까닭").fill("확인함")
    seller.press("Enter")
    seller.page.wait_for_selector("[data-reason=ok]")
    seller.press("x", "1")
    seller.page.wait_for_selector("[data-reason=stopped]")
    seller.press("m", "1", "2")
    seller.page.wait_for_selector("[data-reason=no_pass]")


def test_a_claim_is_decided_by_the_evidence_of_the_card(seller: Seller, here: Booth) -> None:
    card = here.card()
    charge = here.charged(card)
    seller.card(card).press("e")
    assert "card-issued" in seller.shown("#card-stage table")
    with seller.page.expect_download() as download:
        seller.press("e")
    assert json.loads(download.value.path().read_text())["card"] == card
    seller.press("n")
    seller.page.get_by_label("무엇이 잘못되었습니까?").fill("개찰구가 열리지 않음")
    seller.page.select_option("#claim-period", charge)
    seller.page.click("#card-stage form .main")
    seller.page.click("#card-stage .rows button")
    seller.page.get_by_label("까닭").fill("기록과 같음")
    seller.page.get_by_label("돌려줄 금액").fill("2,000")
    seller.page.click("#card-stage .actions .main")
    assert "받아들임" in seller.shown("#card-stage .rows:has-text('받아들임')")
    evidence = here.call("GET", f"/cards/{card}/evidence")
    assert [(one["state"], one["amount"]) for one in evidence["claims"]] == [("upheld", 2_000)]
    assert [one["kind"] for one in evidence["refunds"]] == ["part"]


def test_a_counter_that_is_left_locks_itself(seller: Seller, here: Booth) -> None:
    card = here.card()
    seller.card(card)
    seller.page.clock.fast_forward(125_000)
    seller.page.wait_for_selector("#signin:visible")
    assert card not in seller.page.content()
    assert seller.page.evaluate("sessionStorage.length") == 0


@pytest.mark.parametrize("screen", ["wide", "narrow"])
def test_every_view_is_fit_for_everybody(sit: Callable[..., Seller], here: Booth, screen: str) -> None:
    narrow = {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"}
    seller = sit("/counter", **(narrow if screen == "narrow" else {})).sign_in()
    card = here.card()
    here.charged(card)
    wrong: list[str] = []

    def look(selector: str) -> None:
        seller.page.wait_for_selector(selector)
        if screen == "wide":  # what is on the page is the same on a small screen
            wrong.extend(f"{selector}: {one}" for one in violations(seller.page))
        if seller.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong.append(f"{selector} scrolls sideways")

    look("#number")
    seller.card(card)
    look("[data-refused]")
    seller.press("r", "2")
    seller.page.fill("[data-input] input", "20000")
    seller.press("Enter")
    look("[data-result]")
    seller.press("Escape", "F7", "1")
    look(".priced")
    seller.press("1")
    look("#take")
    seller.press("F8")
    look("#agent-stage .verdict")
    assert wrong == []
