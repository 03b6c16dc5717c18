"""One patient after the other at the desk: how many keys it takes, and what is asked, shown and recorded."""

from __future__ import annotations

import pytest

from tests.desk.clinic import CARD, NOW, PREFIX, Clerk, Clinic

pytestmark = pytest.mark.browser

KNOWN = {**CARD, "birth_date": "1985-03-14"}


def test_a_patient_known_here_takes_one_key_after_the_scan(clerk: Clerk, clinic: Clinic) -> None:
    clinic.came("A-17", CARD)
    clerk.patient("A-17")
    assert clerk.result() == "covered_exempt"
    assert clerk.page.get_attribute(".verdict", "data-reason") == "checked_within_six_months"
    clerk.press("Enter")
    assert clerk.presses == 1
    assert (clerk.recorded(), "covered_exempt", "settled") in clinic.visits()


def test_a_document_takes_its_key_and_enter(clerk: Clerk, clinic: Clinic) -> None:
    clinic.came("A-18", KNOWN, days_ago=300)
    clerk.patient("A-18").press("2")
    assert clerk.result() == "covered_verified"
    clerk.press("Enter")
    assert clerk.presses == 2
    assert (clerk.recorded(), "covered_verified", "settled") in clinic.visits()


def test_only_what_is_still_needed_is_asked_in_the_order_of_the_service(clerk: Clerk, clinic: Clinic) -> None:
    facts = {name: value for name, value in CARD.items() if name != "identity_means"} | {"facility": "clinic"}
    asked = {"at": NOW.isoformat(), "chart_number": "N-1", "memory_is_complete": True}
    known = facts | {
        "identity_means": "none",
        "emergency": False,
        "referral_or_return": False,
        "on_prescription": False,
    }
    for name in ("medium", "validity_date_printed"):
        del known[name]
    order = []
    while missing := clinic.call("POST", "/v1/identity/preview", asked | {"facts": known})["missing"]:
        order.append(missing[0]["name"])
        known[missing[0]["name"]] = {"birth_date": "1985-03-14", "patient_status": []}[order[-1]]
    clerk.patient("N-1").press("6")
    for name in order:
        clerk.page.wait_for_selector(f"[data-input={name}]")
        if name == "birth_date":
            clerk.page.keyboard.type("19850314", delay=80)
        clerk.press("Enter")
    assert clerk.result() == "self_pay_refundable"
    assert "2026년 12월 7일" in clerk.page.inner_text(".by")


def test_what_is_not_known_leaves_the_answer_open_with_what_to_ask_next(clerk: Clerk, clinic: Clinic) -> None:
    clerk.patient("N-2").press("2")
    clerk.page.wait_for_selector("[data-input=birth_date]")
    while clerk.page.locator("[data-input]").count():
        with clerk.page.expect_response("**/v1/identity/preview"):
            clerk.page.click("[data-key='0']")
        clerk.page.wait_for_timeout(100)
    assert clerk.result() == "undetermined"
    assert "환자의 생년월일은 언제입니까?" in clerk.page.inner_text(".verdict")
    clerk.press("Enter")
    assert clinic.visits() == []


def test_the_answer_has_a_word_a_shape_the_reason_and_where_the_rule_stands(clerk: Clerk, clinic: Clinic) -> None:
    clinic.came("A-19", CARD)
    clerk.patient("A-19")
    shown = clerk.page.inner_text(".verdict")
    assert "건강보험으로 됩니다" in shown
    assert "6개월 안에 본인과 자격을 확인했으므로" in shown
    assert "제3조제2호" in shown
    assert "[object" not in shown
    assert clerk.page.locator(".verdict svg path").count() == 1


def test_what_to_look_at_stands_beside_the_document(clerk: Clerk) -> None:
    clerk.patient("N-3").press("d")
    clerk.page.click("[data-code=mobile_nhi_card]")
    assert "본인의 전화인지" in clerk.page.inner_text(".look")


def test_a_barcode_of_somebody_else_is_refused_and_presses_nothing(clerk: Clerk, clinic: Clinic) -> None:
    clinic.came("A-20", CARD)
    clerk.patient("A-20")
    clerk.scan("880126")
    clerk.page.wait_for_selector("#told:has-text('이 기관의 바코드가 아니어서')")
    assert len(clinic.visits()) == 1


def test_a_scan_begins_the_next_patient_wherever_the_clerk_is(clerk: Clerk, clinic: Clinic) -> None:
    clinic.came("A-21", CARD)
    clerk.patient("A-21")
    clerk.result()
    clerk.press("F8")
    clerk.patient("A-22")
    assert "A-22" in clerk.page.inner_text(".patient-bar")
    assert "앞의 환자는 기록하지 않았습니다." in clerk.page.inner_text("#told")
    assert len(clinic.visits()) == 1


def test_keys_work_while_a_korean_input_method_is_on(clerk: Clerk) -> None:
    clerk.patient("N-4")
    clerk.page.evaluate(
        "document.dispatchEvent(new KeyboardEvent('keydown', {key: 'ㅇ', code: 'KeyD', bubbles: true}))"
    )
    clerk.page.wait_for_selector("[data-code=resident_card]")


def test_single_keys_can_be_turned_off(clerk: Clerk) -> None:
    clerk.page.click("summary")
    clerk.page.uncheck("#single-keys")
    clerk.patient("N-5").press("d")
    assert clerk.page.locator("[data-code]").count() == 0


def test_a_number_is_typed_where_there_is_no_scanner(clerk: Clerk) -> None:
    clerk.page.keyboard.type("A-30", delay=80)
    clerk.page.keyboard.press("Enter")
    clerk.page.wait_for_selector("[data-case]")
    assert PREFIX not in clerk.page.inner_text(".patient-bar")
