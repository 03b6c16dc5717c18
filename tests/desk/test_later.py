"""What follows a visit: the document is brought, a lookup made up for, a stay; tomorrow's list; slips and evidence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.desk.clinic import CARD, Clerk, Clinic

pytestmark = pytest.mark.browser

NO_ID = {
    "payer": "nhi",
    "service_covered": True,
    "eligibility_lookup": "eligible",
    "identity_means": "none",
    "birth_date": "1985-03-14",
    "emergency": False,
    "facility": "clinic",
    "on_prescription": False,
    "referral_or_return": False,
    "patient_status": [],
}


def test_who_brings_the_document_is_paid_back_to_the_won(clerk: Clerk, clinic: Clinic) -> None:
    visit = clinic.came("B-1", NO_ID, days_ago=3, total_charge=52_310, insurer_share=36_617)["visit"]
    clerk.press("F4")
    clerk.page.fill("#visit-of", "B-1")
    clerk.press("Enter")
    clerk.page.wait_for_selector(f".known:has-text('{visit}')")
    clerk.press("i", "2")
    clerk.page.wait_for_selector("h2:has-text('영수증')")
    clerk.press("1")
    clerk.page.wait_for_selector(".verdict[data-amount='36617']")
    assert "36,617원 돌려줍니다" in clerk.page.inner_text(".verdict")
    assert "15,693원" in clerk.page.inner_text(".verdict")
    assert clinic.call("GET", f"/v1/identity/visits/{visit}")["refund"]["amount"] == 36_617


def test_the_slip_prints_on_its_own_page_in_four_languages(clerk: Clerk, clinic: Clinic) -> None:
    visit = clinic.came("B-2", NO_ID, days_ago=1, total_charge=20_000)["visit"]
    clerk.page.evaluate("window.print = () => { window.printed = document.body.dataset.print; }")
    clerk.press("F4")
    clerk.page.fill("#visit-of", visit)
    clerk.press("Enter")
    clerk.page.wait_for_selector(".verdict")
    clerk.press("p")
    clerk.page.wait_for_selector("dialog[open] .paper")
    titles = []
    for key in "1234":
        clerk.press(key)
        titles.append(clerk.page.inner_text(".paper h1"))
        assert visit in clerk.page.inner_text(".paper")
    assert len(set(titles)) == 4
    clerk.press("Enter")
    assert clerk.page.evaluate("window.printed") == "slip"
    a6 = clerk.page.pdf(prefer_css_page_size=True)
    clerk.press("8", "Enter")
    receipt = clerk.page.pdf(prefer_css_page_size=True)
    assert [pages(one) for one in (a6, receipt)] == [[(298, 420)], [(227, 567)]]
    clerk.press("Escape")
    assert clerk.page.locator("dialog[open]").count() == 0


def pages(pdf: bytes) -> list[tuple[int, int]]:
    """Width and height of each page in points."""
    import re

    found = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", pdf)
    return [(round(float(width)), round(float(height))) for width, height in found]


def test_the_evidence_of_a_visit_is_saved_as_a_file(clerk: Clerk, clinic: Clinic, tmp_path: Path) -> None:
    visit = clinic.came("SECRET-3", CARD | {"birth_date": "1985-03-14"}, days_ago=1)["visit"]
    clerk.press("F4")
    clerk.page.fill("#visit-of", visit)
    clerk.press("Enter")
    clerk.page.wait_for_selector(".verdict")
    with clerk.page.expect_download() as download:
        clerk.press("e")
    download.value.save_as(tmp_path / "evidence.json")
    saved = json.loads((tmp_path / "evidence.json").read_text())
    assert saved["visit"] == visit
    assert saved["entries"]
    assert "SECRET-3" not in json.dumps(saved)


def test_a_correction_decides_the_visit_again_and_says_so(clerk: Clerk, clinic: Clinic) -> None:
    visit = clinic.came("B-4", NO_ID, days_ago=1)["visit"]
    clerk.press("F4")
    clerk.page.fill("#visit-of", visit)
    clerk.press("Enter")
    clerk.page.wait_for_selector(".verdict.open")
    clerk.press("x")
    clerk.page.click("[data-code=patient_status]")
    clerk.page.get_by_label("바로잡는 까닭").fill("산모수첩을 나중에 봄")
    clerk.page.click("[data-code=pregnant_or_postpartum]")
    clerk.page.click(".question button.main")
    clerk.page.wait_for_selector(".verdict.free")
    assert "1번 다시 판단했습니다" in clerk.page.inner_text(".verdict")
    assert (visit, "covered_exempt", "settled") in clinic.visits()


def test_a_stay_that_is_reported_late_says_what_it_changed(clerk: Clerk, clinic: Clinic) -> None:
    clinic.came("B-5", CARD | {"birth_date": "1985-03-14"}, days_ago=300)
    clinic.came("B-5", NO_ID, days_ago=2)
    clerk.press("F4")
    clerk.page.click("#later > details summary")
    clerk.page.fill("#stay-chart", "B-5")
    clerk.page.fill("#stay-day", "20261030")
    clerk.page.check("#stay-out")
    clerk.page.click("#stay button")
    clerk.page.wait_for_selector("#told:has-text('다시 판단한 접수는 1건')")
    assert clerk.page.input_value("#stay-chart") == ""


def test_tomorrow_s_list_says_who_must_bring_id_and_what_to_send_them(clerk: Clerk, clinic: Clinic) -> None:
    clinic.came("C-1", CARD)
    clerk.press("F8")
    clerk.page.fill("#expected", "C-1 9:30\nC-2, 10:00\n\nC-3")
    clerk.page.click("#appointments button")
    clerk.page.wait_for_selector("#tomorrow tbody tr")
    rows = clerk.page.locator("#tomorrow tbody tr").all_inner_texts()
    assert [row.split()[:2] for row in rows[:2]] == [["09:30", "C-1"], ["10:00", "C-2"]]
    assert clerk.page.locator("td[data-bring=no]").count() == 1
    messages = clerk.page.locator("textarea[data-message]").evaluate_all("all => all.map(one => [one.lang, one.value])")
    assert [language for language, _ in messages] == ["ko", "en", "zh", "vi"]
    assert all("2026-11-24" in text and "C-" not in text for _, text in messages)


def test_another_clinic_s_visit_is_not_there(clerk: Clerk, clinic: Clinic) -> None:
    from dataclasses import replace

    key, _ = clinic.live.keys.create("elsewhere", ["identity:desk"])
    visit = replace(clinic, key=key.text, name="elsewhere").came("D-1", NO_ID, days_ago=1)["visit"]
    clerk.press("F4")
    clerk.page.fill("#visit-of", visit)
    clerk.press("Enter")
    clerk.page.wait_for_selector("#told.alert")
    assert clerk.page.locator("#later .verdict").count() == 0
    clerk.complaints[:] = [one for one in clerk.complaints if "404" not in one]
