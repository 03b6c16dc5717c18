"""The pages as they go out: nothing of anybody in them, nothing from elsewhere, the same words in each language."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from donghaeng import load
from donghaeng.api.desk import pages
from donghaeng.api.desk.settings import InstitutionSettings, read_settings
from donghaeng.api.live_pages import pages as shared
from donghaeng.errors import InputError
from tests.desk.clinic import BARE, CARD, PACK, Clerk, Clinic, Town
from tests.site.browsing import violations

FOLDER = Path(pages.__file__).parent
PATHS = ("/desk", "/desk/en", "/desk/kiosk")


@pytest.mark.parametrize("path", PATHS)
def test_a_page_runs_nothing_of_its_own_and_asks_nobody_else(here: Town, path: str) -> None:
    answer = httpx.get(here.address + path)
    policy = answer.headers.get_list("content-security-policy")
    assert policy == [shared.POLICY]
    assert "unsafe" not in policy[0]
    assert "frame-ancestors 'none'" in policy[0]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"https?://", answer.text)
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", answer.text)
    assert re.findall(r"<script(?! type=\"application/json\")(?![^>]* src=)", answer.text) == []


def test_what_did_not_change_is_not_sent_again(here: Town) -> None:
    first = httpx.get(here.address + "/desk")
    again = httpx.get(here.address + "/desk", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_part_that_is_not_there_is_a_problem_document(here: Town) -> None:
    answer = httpx.get(here.address + "/desk/assets/nothing.js")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_the_font_of_the_pages_comes_with_its_licence(here: Town) -> None:
    assert httpx.get(here.address + "/desk/assets/donghaeng-sans.woff2").content[:4] == b"wOF2"
    assert "Pretendard" in httpx.get(here.address + "/desk/assets/donghaeng-sans-OFL.txt").text


def test_every_word_is_there_in_each_language_and_used() -> None:
    korean, english = pages.words_of("ko"), pages.words_of("en")
    assert korean.keys() == english.keys()
    assert len({frozenset(pages.words_of(f"kiosk.{language}")) for language in pages.SPOKEN}) == 1
    folders = (FOLDER, Path(shared.__file__).parent)
    scripts = "".join(file.read_text("utf-8") for folder in folders for file in (folder / "assets").glob("*.js"))
    template = "".join(file.read_text("utf-8") for folder in folders for file in (folder / "templates").glob("*.j2"))
    used = set(re.findall(r"\b(\w+)\b", scripts + template)) | set(re.findall(r'"(\w+?_)"', template))
    families = {"verdict_", "refund_", "kind_", "bring_", "message_", "slip_visit_", "view_"}
    unused = {key for key in korean if key not in used and not any(key.startswith(one) for one in families)}
    assert unused == set()


def test_placeholders_are_the_same_in_both_languages() -> None:
    korean, english = pages.words_of("ko"), pages.words_of("en")
    for key, text in korean.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", english[key])), key


def test_settings_are_those_of_the_institution_of_the_key(here: Town) -> None:
    own = here.clinic().call("GET", "/v1/desk/settings")["institution"]
    assert own["barcode_prefix"] == "HD-"
    bare = here.clinic(BARE).call("GET", "/v1/desk/settings")["institution"]
    assert bare == {"name": BARE, **InstitutionSettings().model_dump()}


def test_open_visits_of_a_patient_are_found_only_at_the_own_institution(here: Town) -> None:
    clinic, other = here.clinic(), here.clinic()
    facts = CARD | {"identity_means": "none", "birth_date": "1985-03-14", "emergency": False, "facility": "clinic"}
    facts |= {"on_prescription": False, "referral_or_return": False, "patient_status": []}
    for name in ("medium", "validity_date_printed"):
        del facts[name]
    visit = clinic.came("P-1", facts, days_ago=20)["visit"]
    asked = {"chart_number": "P-1"}
    found = clinic.call("POST", "/v1/desk/open", asked)
    assert found["deadlines"] == [{"visit": visit, "on": "2026-11-03", "bring_by": "2026-11-17", "over": True}]
    assert other.call("POST", "/v1/desk/open", asked) == {"deadlines": [], "lookups": []}
    number = "85" + "0314-" + "1" + "23" * 3
    headers = {"authorization": f"Bearer {clinic.key}"}
    refused = httpx.post(f"{here.address}/v1/desk/open", json={"chart_number": number}, headers=headers)
    assert refused.status_code == 422
    assert number not in refused.text


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("institutions:\n  a: {barcode_prefx: X}\n", "2:7", "barcode_prefix"),
        ("institutions:\n  a: {facts: {facilty: clinic}}\n", "2:15", "is no fact"),
        ("institutions:\n  a: {facts: {facility: hotel}}\n", "2:15", "the code is not known"),
        ("institutions:\n  a: {idle_seconds: 1}\n", "2:7", "30"),
    ],
)
def test_faults_of_the_settings_are_named_with_their_place(tmp_path: Path, text: str, place: str, said: str) -> None:
    file = tmp_path / "desk.yaml"
    file.write_text(text)
    with pytest.raises(InputError) as raised:
        read_settings(file, load(PACK))
    assert f"desk.yaml:{place.split(':')[0]}:" in str(raised.value)
    assert said in str(raised.value)


SCREENS = {
    "wide": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
    "narrow": {"viewport": {"width": 320, "height": 640}},
    # 1280 by 800 at 200 per cent.
    "zoomed": {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
}


@pytest.mark.browser
@pytest.mark.parametrize("screen", SCREENS)
def test_every_view_is_fit_for_everybody(sit: Callable[..., Clerk], clinic: Clinic, screen: str) -> None:
    clinic.came("Q-1", CARD)
    clerk = sit("/desk/en" if screen == "wide" else "/desk", **SCREENS[screen])
    wrong: list[str] = []

    def look(name: str) -> None:
        clerk.page.wait_for_timeout(30)
        if screen in {"wide", "dark"}:  # what is on the page is the same on a small screen
            wrong.extend(f"{name}: {one}" for one in violations(clerk.page))
        if clerk.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong.append(f"{name} scrolls sideways")

    look("sign in")
    clerk.sign_in()
    look("reception")
    clerk.patient("Q-1")
    look("known")
    clerk.press("c")
    look("cases")
    clerk.press("2")
    clerk.page.wait_for_selector("[data-input]")
    look("question")
    clerk.press("Escape", "F4")
    clerk.page.wait_for_selector("#later-stage h2")
    look("later")
    clerk.press("F8")
    clerk.page.fill("#expected", "Q-1 09:30\nQ-2")
    clerk.page.click("#appointments button")
    clerk.page.wait_for_selector("#tomorrow tbody tr")
    look("tomorrow")
    clerk.press("F9")
    look("paper")
    assert wrong == []


@pytest.mark.browser
def test_the_whole_page_can_be_reached_by_tab_in_the_order_in_which_it_stands(clerk: Clerk) -> None:
    clerk.page.evaluate("document.activeElement.blur()")
    order = []
    for _ in range(12):
        clerk.page.keyboard.press("Tab")
        order.append(
            clerk.page.evaluate(
                "document.activeElement.id || document.activeElement.dataset.view || document.activeElement.localName"
            )
        )
    wanted = ["lock", "check", "later", "tomorrow", "paper", "chart"]
    assert [one for one in order if one in wanted][: len(wanted)] == wanted
