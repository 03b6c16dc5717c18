"""The forms of rules in a real browser: the same answers as Python, by keyboard, quiet, accessible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from donghaeng.catalogue.find import find, shipped_ids
from donghaeng.site.build import build_site
from tests.site.browsing import Visitor, violations
from tests.site.sites import Site, release_of

pytestmark = pytest.mark.browser

RULES = "riverton/night-rules"
SHIPPED = [pack for pack in shipped_ids() if any((find(pack).folder / "rules").glob("*.yaml"))]

#: Answers the questions of a page as the facts say, and what they do not say with "I do not know"; gives the answer
#: that is shown, and the facts that were asked for.
WALK = """
([day, facts]) => {
  const stage = document.getElementById("form-stage");
  document.getElementById("form").dataset.day = day;
  document.getElementById("form-restart").click();
  const asked = [];
  for (let turn = 0; turn < 200; turn += 1) {
    const form = stage.querySelector("form");
    if (!form) break;
    const name = form.querySelector("legend").id.replace("legend-", "");
    const { type } = document.getElementById(`ask-${name}`).dataset;
    if (!(name in facts)) {
      form.querySelector(".unknown").click();
      continue;
    }
    asked.push(name);
    const value = facts[name];
    const controls = [...form.elements].filter((one) => one.name === "answer");
    for (const one of controls) {
      if (one.type === "checkbox") one.checked = value.length ? value.includes(one.value) : one.value === "";
      else if (one.type === "radio") one.checked = one.value === String(value);
      else one.value = String(value);
    }
    form.querySelector(".main").click();
    const left = stage.querySelector("form .error:not([hidden])");
    if (left) throw new Error(`${name} (${type}): ${left.textContent}`);
  }
  return { answer: JSON.parse(stage.querySelector(".outcome").dataset.answer), asked };
}
"""


def examples_of(site: Site) -> Iterator[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    """Every table of a site: the path of its page, its document, its examples."""
    for pack in site.release.packs:
        for name, document in pack.documents.items():
            if name.startswith("rules/"):
                file = "index-2" if document["table"] == "index" else document["table"]
                yield f"en/{pack.id}/rules/{file}.html", document, document["examples"]


def hold_against_python(site: Site, visitor: Visitor) -> int:
    """Decide every example by the script of its page, and by its form where that can be asked."""
    differences = []
    count = 0
    for path, document, examples in examples_of(site):
        page = visitor.open(site.folder / path)
        key = f"{document['pack']}/{document['table']}"
        for one in examples:
            count += 1
            decision = one["decision"]
            script = page.evaluate(
                "([key, on, facts, known]) => donghaengRules[key].decide(on, facts, known)",
                [key, one["on"], one["facts"], one["known_on"]],
            )
            if (difference := compared(script, decision)) is not None:
                differences.append(f"{key} {one['id']} by script: {difference}")
            if one["known_on"]:
                continue
            walked = page.evaluate(WALK, [one["on"], one["facts"]])
            # Who answers less because less was asked may be told another rule, but never another answer.
            whole = set(walked["asked"]) == set(one["facts"])
            if (difference := compared(walked["answer"], decision, whole)) is not None:
                differences.append(f"{key} {one['id']} by form: {difference}")
    assert not differences, "\n".join(differences[:20])
    assert not visitor.complaints, "\n".join(visitor.complaints[:20])
    return count


def compared(answer: dict[str, Any], decision: dict[str, Any], whole: bool = True) -> str | None:
    """Say how an answer of the browser differs from a decision of Python."""
    names = ("outcome", "reason", "missing") if whole else ("outcome",)
    for name in names:
        if answer[name] != decision[name]:
            return f"{name} is {answer[name]}, not {decision[name]}"
    return None


def test_every_example_has_the_same_answer_in_the_form(ruled: Site, wide: Visitor) -> None:
    assert hold_against_python(ruled, wide) == 18


@pytest.mark.parametrize("pack", SHIPPED)
def test_every_example_of_a_shipped_pack_has_the_same_answer_in_the_form(
    pack: str, tmp_path_factory: pytest.TempPathFactory, wide: Visitor
) -> None:
    folder = tmp_path_factory.mktemp("shipped")
    release = release_of(folder / "release", pack)
    build_site(release, folder / "site")
    assert hold_against_python(Site(folder / "site", release), wide) > 0


def open_form(visitor: Visitor, site: Site, table: str, language: str = "en") -> Any:
    return visitor.open(site.folder / f"{language}/{RULES}/rules/{table}.html")


def legend(page: Any) -> str:
    return str(page.inner_text("#form-stage legend"))


def result(page: Any) -> str:
    return str(page.inner_text("#form-stage h3"))


def test_the_form_is_walked_by_keyboard(ruled: Site, wide: Visitor) -> None:
    page = open_form(wide, ruled, "penalties")
    page.fill("#form-day", "2024-10-01")
    page.focus("#form-today")
    press = page.keyboard.press
    press("Tab")
    press("ArrowDown")  # from yes to no
    press("Enter")
    assert legend(page) == "Is it the second time?"
    assert page.evaluate("document.activeElement.id") == "answer-again-1"
    press("Space")
    press("Enter")
    assert result(page) == "Answer: Surcharge, Ban"
    assert page.evaluate("document.activeElement.localName") == "h3"
    assert page.inner_text("#form-status") == "Answer: Surcharge, Ban"
    press("Tab")
    assert page.evaluate("document.activeElement.localName") == "a"


def test_a_question_may_be_left_open_and_answered_later(ruled: Site, wide: Visitor) -> None:
    page = open_form(wide, ruled, "penalties")
    page.fill("#form-day", "2024-10-01")
    page.check("#answer-paid-2")
    page.click("#form-stage .main")
    page.click("#form-stage .unknown")
    assert result(page) == "Answer: Not determined"
    outcome = page.inner_text("#form-stage")
    for said in ("Needed for an answer", "Is it the second time?", "Rules that may apply", "there is a ban"):
        assert said in outcome, said
    assert "Is it the second time? not known" in page.inner_text("#form-given")
    page.click("#form-given li:nth-child(2) button")
    assert page.evaluate("document.activeElement.id") == "answer-again-1"
    page.check("#answer-again-2")
    page.click("#form-stage .main")
    assert result(page) == "Answer: Surcharge"
    assert "20,000 won" in page.inner_text("#form-stage")


def test_an_answer_can_be_changed(ruled: Site, wide: Visitor) -> None:
    page = open_form(wide, ruled, "ticket")
    page.check("#answer-has_pass-1")
    page.click("#form-stage .main")
    assert result(page) == "Answer: Free"
    page.click("#form-given button:has-text('Change')")
    assert page.is_checked("#answer-has_pass-1")
    page.check("#answer-has_pass-2")
    page.click("#form-stage .main")
    assert result(page) == "Answer: Paid"
    page.click("#form-restart")
    assert legend(page) == "Is there a pass?"
    assert not page.is_visible("#form-given")


def test_the_day_of_the_decision_decides(ruled: Site, wide: Visitor) -> None:
    page = open_form(wide, ruled, "ticket")
    assert page.input_value("#form-day") == "2024-05-01"
    page.check("#answer-has_pass-2")
    page.click("#form-stage .main")
    assert "2,150 won" in page.inner_text("#form-stage")
    page.fill("#form-day", "2025-01-01")
    assert "2,300 won" in page.inner_text("#form-stage")
    assert "By the rules of 1 January 2025." in page.inner_text("#form-stage")
    page.fill("#form-day", "1899-01-01")
    assert page.is_visible("#form-day-error")
    page.fill("#form-day", "2024-12-31")
    assert not page.is_visible("#form-day-error")
    assert "2,150 won" in page.inner_text("#form-stage")


def test_today_is_read_from_the_clock_of_the_reader(ruled: Site, wide: Visitor) -> None:
    wide.page.clock.set_fixed_time("2025-03-04T12:00:00")
    page = open_form(wide, ruled, "ticket")
    assert page.input_value("#form-day") == "2024-05-01"
    page.click("#form-today")
    assert page.input_value("#form-day") == "2025-03-04"


def answered(page: Any, facts: dict[str, Any], day: str = "2024-05-03") -> str:
    page.evaluate(WALK, [day, facts])
    return str(page.inner_text("#form-stage"))


KNOWN = {"birth_date": "1990-01-01", "stop": "river", "has_pass": False, "bags": 0, "weight": 0}


def test_amounts_days_and_reasons_are_told_in_the_language_of_the_page(ruled: Site, wide: Visitor) -> None:
    facts = {**KNOWN, "has_pass": True, "pass_from": "2024-05-01"}
    english = answered(open_form(wide, ruled, "index-2"), facts)
    for said in ("Ride: Rides free", "Fare\n0 won", "17 May 2024", "Pass holders ride free.", "City of Riverton"):
        assert said in english, said
    korean = answered(open_form(wide, ruled, "index-2", "ko"), facts)
    for said in ("탈 수 있나: 무료로 탐", "요금\n0원", "2024년 5월 17일", "정기권이 있으면 무료입니다.", "강변시"):
        assert said in korean, said


def test_a_dispute_is_told_with_both_statements(ruled: Site, wide: Visitor) -> None:
    page = open_form(wide, ruled, "index-2")
    text = answered(page, {**KNOWN, "line": "line_2", "needs": ["wheelchair"]})
    for said in ("Not determined", "not known or is disputed", "The leaflet says free.", "The by-law does not say so."):
        assert said in text, said


def test_an_amount_that_is_not_certain_is_a_range_with_its_kind(ruled: Site, wide: Visitor) -> None:
    text = answered(open_form(wide, ruled, "index-2"), {**KNOWN, "line": "line_14", "needs": []})
    assert "1,000 won to 3,000 won" in text
    assert "second hand" in text


def test_a_value_that_nobody_knows_is_told_with_both_statements(ruled: Site, wide: Visitor) -> None:
    text = answered(open_form(wide, ruled, "refund"), {"has_pass": False, "late": False})
    for said in ("Not determined", "Rebate", "The city says 500 won.", "A paper says 700 won."):
        assert said in text, said


def ask_for(page: Any, name: str) -> None:
    """Leave questions open until one is asked."""
    for _ in range(20):
        if page.locator(f"#legend-{name}").count():
            return
        page.click("#form-stage .unknown")
    raise AssertionError(f"{name} is not asked")


@pytest.mark.parametrize(
    ("name", "given", "complaint"),
    [
        ("bags", "", "Choose or enter an answer"),
        ("bags", "two", "Enter a number."),
        ("bags", "1.5", "Enter a whole number."),
        ("bags", "41", "Enter a number from 0 to 40."),
        ("weight", "3.25", "Enter at most 1 decimal places."),
        ("birth_date", "", "Enter a day between 1900 and 2100."),
        ("line", None, "Choose or enter an answer"),
        ("needs", None, "Choose or enter an answer"),
        ("has_pass", None, "Choose or enter an answer"),
    ],
)
def test_what_is_no_answer_is_refused_where_it_stands(
    name: str, given: str | None, complaint: str, ruled: Site, wide: Visitor
) -> None:
    page = open_form(wide, ruled, "index-2")
    ask_for(page, name)
    if given is not None:
        page.fill("#form-stage [name=answer]", given)
    page.click("#form-stage .main")
    assert complaint in page.inner_text("#form-stage .error")
    assert page.evaluate("document.activeElement.name") == "answer"
    assert page.evaluate("document.activeElement.getAttribute('aria-describedby')") == "form-error"
    page.click("#form-stage .unknown")
    assert not page.locator("#form-error:visible").count()


def test_numbers_may_have_separators(ruled: Site, wide: Visitor) -> None:
    page = open_form(wide, ruled, "index-2")
    ask_for(page, "bags")
    page.fill("#form-stage input", " 12 ")
    page.click("#form-stage .main")
    assert "How many bags? 12" in page.inner_text("#form-given")


def test_none_of_these_and_the_others_exclude_each_other(ruled: Site, wide: Visitor) -> None:
    page = open_form(wide, ruled, "index-2")
    ask_for(page, "needs")
    page.check("#answer-needs-1")
    page.check("#answer-needs-0")
    assert not page.is_checked("#answer-needs-1")
    page.check("#answer-needs-2")
    assert not page.is_checked("#answer-needs-0")
    page.click("#form-stage .main")
    assert "Does any of these apply? Stroller" in page.inner_text("#form-given")


def test_the_answer_so_far_is_shown_on_request(ruled: Site, wide: Visitor) -> None:
    page = open_form(wide, ruled, "index-2")
    ask_for(page, "stop")
    page.check("#form-stage input[value=river]")
    page.click("#form-stage .main")
    page.click("button:has-text('See the answer so far')")
    assert result(page) == "Ride: Not determined"


def test_nothing_is_sent_and_nothing_is_kept(ruled: Site, wide: Visitor) -> None:
    page = open_form(wide, ruled, "index-2")
    answered(page, KNOWN)
    kept = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie, location.search]")
    assert kept == [0, 0, "", ""]
    assert not wide.complaints
    page.reload()
    assert not page.is_visible("#form-given")


def test_question_and_answer_are_accessible(ruled: Site, wide: Visitor) -> None:
    page = open_form(wide, ruled, "index-2", "ko")
    for name in ("birth_date", "stop", "needs", "bags", "line"):
        page.click("#form-restart") if page.is_visible("#form-restart") else None
        ask_for(page, name)
        page.click("#form-stage .main")  # with a complaint
        assert not violations(page), name
    answered(page, {**KNOWN, "line": "line_2", "needs": ["wheelchair"]})
    assert not violations(page)


def test_question_and_answer_fit_a_phone(ruled: Site, narrow: Visitor) -> None:
    for language in ("ko", "en"):
        page = open_form(narrow, ruled, "index-2", language)
        for name in ("line", "needs"):
            page.click("#form-restart") if page.is_visible("#form-restart") else None
            ask_for(page, name)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        answered(page, {**KNOWN, "line": "line_2", "needs": ["wheelchair"]})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_page_whose_script_is_gone_still_shows_the_table(ruled: Site, tmp_path: Path, wide: Visitor) -> None:
    import shutil

    shutil.copytree(ruled.folder, tmp_path / "site")
    (tmp_path / "site/release" / RULES / "rules/index.js").write_text("", "utf-8")
    page = wide.open(tmp_path / f"site/en/{RULES}/rules/index-2.html")
    assert page.is_visible("#form-absent")
    assert not page.is_visible("#form")
    assert page.is_visible("#rule-fare")
