"""The screen for patients: a scan says whether ID is needed, in four languages, and the screen goes back by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.desk.clinic import CARD, KIOSK, PREFIX, Clerk, Clinic
from tests.site.browsing import violations

pytestmark = pytest.mark.browser


@pytest.fixture
def kiosk(clerk: Clerk) -> Clerk:
    clerk.page.goto(clerk.clinic.address + "/desk/kiosk")
    clerk.page.wait_for_selector("#start:visible")
    clerk.page.wait_for_timeout(200)
    return clerk


def scan(kiosk: Clerk, chart: str) -> None:
    kiosk.scan(PREFIX + chart)


def test_who_is_known_here_need_not_show_id(kiosk: Clerk, clinic: Clinic) -> None:
    clinic.came("K-1", CARD)
    scan(kiosk, "K-1")
    kiosk.page.wait_for_selector(".verdict.free")
    shown = kiosk.page.inner_text("main")
    assert "신분증을 보이지 않아도 됩니다." in shown
    assert "K-1" not in shown
    assert "6개월" not in shown
    assert len(clinic.visits()) == 1


def test_who_is_not_known_is_asked_at_the_desk(kiosk: Clerk) -> None:
    scan(kiosk, "K-2")
    kiosk.page.wait_for_selector(".verdict.unknown")
    assert "접수창구에서 알려 드립니다." in kiosk.page.inner_text("main")


def test_the_answer_is_given_in_the_language_of_the_patient(kiosk: Clerk, clinic: Clinic) -> None:
    clinic.came("K-3", CARD)
    scan(kiosk, "K-3")
    kiosk.page.wait_for_selector(".verdict.free")
    texts = set()
    for language in ("ko", "en", "zh", "vi"):
        kiosk.page.click(f"#languages [lang={language}]")
        assert kiosk.page.get_attribute("html", "lang") == language
        texts.add(kiosk.page.inner_text(".verdict"))
    assert len(texts) == 4
    assert violations(kiosk.page) == []


def test_it_goes_back_to_its_start_by_itself(kiosk: Clerk, clinic: Clinic) -> None:
    clinic.came("K-4", CARD)
    scan(kiosk, "K-4")
    kiosk.page.wait_for_selector(".verdict")
    kiosk.page.click("#languages [lang=vi]")
    kiosk.page.clock.fast_forward((KIOSK + 2) * 1000)
    kiosk.page.wait_for_selector("#start:visible")
    assert kiosk.page.get_attribute("html", "lang") == "ko"
    assert kiosk.page.locator(".verdict").count() == 0


def test_it_shows_which_documents_do_by_themselves(kiosk: Clerk) -> None:
    kiosk.page.click("#papers")
    kiosk.page.wait_for_selector("#answer li")
    listed = kiosk.page.locator("#answer li").all_inner_texts()
    assert "주민등록증" in listed
    assert "모바일 건강보험증" in listed
    assert "자격증" not in listed
    assert not [one for one in listed if "뒷자리가 없는" in one]


def test_it_has_nothing_for_staff_and_takes_no_typing(kiosk: Clerk) -> None:
    assert kiosk.page.locator("input, textarea, select").count() == 0
    assert kiosk.page.locator("a:visible").count() == 0
    kiosk.press("F4", "d", "1", "Enter")
    assert kiosk.page.is_visible("#start")


def test_targets_are_large(kiosk: Clerk) -> None:
    heights = kiosk.page.locator("button:visible").evaluate_all("all => all.map(one => one.offsetHeight)")
    assert min(heights) >= 64


def test_another_card_is_not_read(kiosk: Clerk) -> None:
    before = len(kiosk.asked)
    kiosk.scan("XX-12345")
    kiosk.page.wait_for_selector("#answer:has-text('읽지 않았습니다')")
    assert len(kiosk.asked) == before


def test_without_a_key_it_shows_only_the_way_to_the_desk(sit: Callable[..., Clerk]) -> None:
    kiosk = sit("/desk/kiosk")
    kiosk.page.wait_for_selector("#closed:visible")
    assert not kiosk.page.is_visible("#start")


def test_a_service_that_is_down_sends_the_patient_to_the_desk(kiosk: Clerk) -> None:
    kiosk.page.route("**/v1/**", lambda route: route.abort())
    scan(kiosk, "K-9")
    kiosk.page.wait_for_selector("#answer:has-text('접수창구로 가십시오')")
    kiosk.complaints[:] = [one for one in kiosk.complaints if "ERR_FAILED" not in one]
