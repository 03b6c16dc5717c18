"""When the insurer's lookup or the service itself does not answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk.clinic import CARD, PREFIX, Clerk, Clinic

pytestmark = pytest.mark.browser


def without_failed_requests(clerk: Clerk) -> None:
    """Forget what the browser says of the requests that the test broke."""
    clerk.complaints[:] = [one for one in clerk.complaints if "ERR_FAILED" not in one and "503" not in one]


def test_while_the_lookup_is_down_visits_wait_for_it(clerk: Clerk, clinic: Clinic) -> None:
    clinic.came("O-1", CARD | {"birth_date": "1985-03-14"}, days_ago=300)
    clerk.page.click("summary")
    clerk.page.check("#lookup-down")
    clerk.patient("O-1").press("2")
    assert clerk.result() == "undetermined"
    assert "공단 이사장이 정하는 방법으로 자격을 확인해야 함" in clerk.page.inner_text(".verdict")
    clerk.press("Enter")
    visit = clerk.recorded()
    assert "자격 조회가 남았습니다" in clerk.page.inner_text(".verdict")
    clerk.press("F4")
    clerk.page.click(f"li:has-text('{visit}') button")
    clerk.page.wait_for_selector("#later .verdict")
    clerk.press("l")
    clerk.page.click("[data-code=not_insured]")
    clerk.page.wait_for_selector("#later .verdict.no")
    assert (visit, "not_covered", "settled") in clinic.visits()


def test_a_service_that_is_down_is_said_with_the_way_to_the_paper_form(clerk: Clerk) -> None:
    clerk.page.route("**/v1/**", lambda route: route.abort())
    clerk.scan(PREFIX + "O-2")
    clerk.page.wait_for_selector("#down:visible")
    clerk.page.click("#to-paper")
    form = clerk.page.inner_text(".form-on-paper")
    assert "주민등록번호는 적지 마십시오." in form
    assert "☐ 주민등록증 원본" in form
    assert clerk.page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
    clerk.page.unroute("**/v1/**")
    clerk.page.click("#retry")
    clerk.page.wait_for_selector("#down", state="hidden")
    without_failed_requests(clerk)


def test_what_was_recorded_without_an_answer_is_recorded_once(clerk: Clerk, clinic: Clinic) -> None:
    clinic.came("O-3", CARD)

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    clerk.patient("O-3")
    clerk.result()
    clerk.page.route("**/v1/identity/visits", lose)
    clerk.press("Enter")
    clerk.page.wait_for_selector("#down:visible")
    assert len(clinic.visits()) == 2
    clerk.page.unroute("**/v1/identity/visits")
    clerk.press("Enter")
    clerk.recorded()
    assert len(clinic.visits()) == 2
    without_failed_requests(clerk)


def test_a_service_that_says_it_cannot_now_counts_as_down(clerk: Clerk) -> None:
    clerk.page.route("**/v1/identity/preview", lambda route: route.fulfill(status=503, json={"title": "busy"}))
    clerk.scan(PREFIX + "O-4")
    clerk.page.wait_for_selector("#down:visible")
    without_failed_requests(clerk)


def test_a_paper_form_is_entered_with_the_time_of_the_visit(clerk: Clerk, clinic: Clinic) -> None:
    clinic.came("O-5", CARD)
    clerk.page.click("summary")
    clerk.page.fill("#at", "2026-11-20T09:15")
    clerk.patient("O-5")
    clerk.result()
    clerk.press("Enter")
    visit = clinic.call("GET", f"/v1/identity/visits/{clerk.recorded()}")
    assert visit["on"] == "2026-11-20"
    clerk.press("Enter")
    assert clerk.page.input_value("#at") == ""
