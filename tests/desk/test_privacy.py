"""Numbers of persons stay out, a patient is forgotten, and nothing of anybody is left in the browser."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from donghaeng import identifiers
from tests.desk.clinic import CARD, IDLE, PREFIX, Clerk, Clinic
from tests.identifiers.numbers import registrations, writings

pytestmark = pytest.mark.browser


def numbers() -> dict[str, str]:
    """One number of each kind, made here: none stands in a file."""
    return {
        "resident": "85" + "0314-" + "1" + "23" * 3,
        "resident in a row": "85" + "0314" + "2" + "34" * 3,
        "foreigner": "90" + "0101-" + "5" + "12" * 3,
        "passport": "M" + "1234" * 2,
        "licence": "11-" + "12-" + "345" * 2 + "-67",
        "card": "7-" + "12345" * 2,
    }


def test_a_number_of_a_person_is_gone_before_it_is_sent(clerk: Clerk) -> None:
    for number in numbers().values():
        clerk.page.fill("#chart", number)
        assert clerk.page.input_value("#chart") == ""
        assert clerk.page.locator("#told.alert").is_visible()
        clerk.press("Enter")
    clerk.page.keyboard.type(numbers()["resident"], delay=65)
    clerk.press("Enter")
    sent = " ".join(f"{url} {body}" for _, url, body in clerk.asked)
    for number in numbers().values():
        assert number not in sent
        assert re.sub(r"\D", "", number) not in sent


def test_a_scanned_card_of_the_state_is_refused_even_behind_the_prefix(clerk: Clerk) -> None:
    before = len(clerk.asked)
    clerk.scan(PREFIX + numbers()["resident"])
    clerk.page.wait_for_selector("#told.alert")
    clerk.page.wait_for_timeout(150)
    assert len(clerk.asked) == before


def test_what_slipped_past_the_fields_is_not_sent_either(clerk: Clerk) -> None:
    said = clerk.page.evaluate(
        """async (number) => {
          const { ask, Identifier } = await import("/desk/assets/service.js");
          try { await ask("POST", "/v1/identity/preview", { facts: { provider: [number] } }); return "sent"; }
          catch (error) { return error instanceof Identifier ? "refused" : String(error); }
        }""",
        numbers()["resident"],
    )
    assert said == "refused"


def test_the_page_looks_for_the_same_forms_as_the_service(clerk: Clerk) -> None:
    here = clerk.page.evaluate("import('/desk/assets/identifiers.js').then(({ sources }) => sources)")
    patterns = [
        *identifiers._REGISTRATION,
        identifiers._PASSPORT,
        identifiers._PASSPORT_SINCE_2021,
        identifiers._LICENCE,
        identifiers._LICENCE_OF_A_NAMED_REGION,
        identifiers._CARD,
        *(form for _, _, form in identifiers._BESIDE_A_WORD),
    ]
    assert here == [one.pattern.replace("(?P<", "(?<") for one in patterns]


def test_the_page_and_the_service_agree_on_planted_numbers(clerk: Clerk) -> None:
    texts: list[str] = [
        *numbers().values(),
        "2026-11-23T09:10:00+09:00",
        "A-17",
        "1,234,567",
        "R20240301",
        "010-1234-5678",
    ]

    @settings(max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(
        st.one_of(writings(registrations()), st.text(st.sampled_from("0123456789-. MRS여권면허보험증１٣"), max_size=24))
    )
    def plant(text: str) -> None:
        texts.append(text)

    plant()
    here = clerk.page.evaluate(
        "(texts) => import('/desk/assets/identifiers.js').then((one) => texts.map(one.holdsIdentifier))", texts
    )
    service = [identifiers.find_identifier(text) is not None for text in texts]
    assert sum(service) > 100
    assert [text for text, one, other in zip(texts, here, service, strict=True) if one != other] == []


def left_behind(clerk: Clerk) -> dict[str, Any]:
    """What the tab holds."""
    found: dict[str, Any] = clerk.page.evaluate(
        """() => ({
          session: Object.keys(sessionStorage), local: localStorage.length, cookies: document.cookie,
          address: location.href, history: history.length,
          page: document.documentElement.outerHTML,
          fields: [...document.querySelectorAll("input, textarea")].map((one) => one.value).join(" "),
        })"""
    )
    return found


def test_a_patient_is_forgotten_when_the_next_one_comes(clerk: Clerk, clinic: Clinic) -> None:
    clinic.came("SECRET-17", CARD)
    before = left_behind(clerk)
    clerk.patient("SECRET-17").press("Enter")
    clerk.recorded()
    clerk.press("Enter")
    after = left_behind(clerk)
    assert "SECRET" not in after["page"] + after["fields"] + after["address"]
    assert after["session"] == ["donghaeng.key"]
    assert (after["local"], after["cookies"], after["history"]) == (0, "", before["history"])
    assert not [url for _, url, _ in clerk.asked if "SECRET" in url or clinic.key in url]


def test_a_desk_that_is_left_locks_itself(clerk: Clerk, clinic: Clinic) -> None:
    clinic.came("SECRET-18", CARD)
    clerk.patient("SECRET-18")
    clerk.page.clock.fast_forward((IDLE - 20) * 1000)
    clerk.page.wait_for_selector("#idle:visible")
    clerk.page.clock.fast_forward(21_000)
    clerk.page.wait_for_selector("#signin:visible")
    after = left_behind(clerk)
    assert "SECRET" not in after["page"] + after["fields"]
    assert after["session"] == []
    clerk.page.reload()
    clerk.page.wait_for_selector("#signin:visible")


def test_whoever_presses_a_key_stays(clerk: Clerk) -> None:
    clerk.page.clock.fast_forward((IDLE - 20) * 1000)
    clerk.page.wait_for_selector("#idle:visible")
    clerk.press("Shift")
    assert not clerk.page.is_visible("#idle")
    clerk.page.clock.fast_forward(30_000)
    assert clerk.page.is_visible("#patient")


def test_a_key_that_is_taken_away_closes_the_desk(clerk: Clerk, clinic: Clinic) -> None:
    from donghaeng.access.keys import read_key

    key = read_key(clinic.key)
    assert key is not None
    clinic.live.keys.revoke(key.id)
    clerk.scan(PREFIX + "A-1")
    clerk.page.wait_for_selector("#signin:visible")
    assert "열쇠가 맞지 않거나" in clerk.page.inner_text("#told")
    clerk.complaints[:] = [one for one in clerk.complaints if "401" not in one]


def test_no_field_is_remembered_by_the_browser(clerk: Clerk) -> None:
    off = clerk.page.locator("input:not([type=checkbox]):not([type=radio]), textarea")
    assert set(off.evaluate_all("all => all.map((one) => one.autocomplete)")) == {"off"}
