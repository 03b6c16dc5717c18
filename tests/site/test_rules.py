"""Pages of rules; what holds for every page is tested on them in test_pages too."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from donghaeng.release.content import Label
from donghaeng.release.verify import verify
from donghaeng.site.build import build_site
from tests.site.rules_pack import DAY, rules_pack
from tests.site.sites import Html, Site, release_of

RULES = "riverton/night-rules"
TABLE = f"en/{RULES}/rules/index-2.html"


def rows(page: Html, table: str) -> list[str]:
    """The ids of the rules in one of the tables of a page, in order."""
    part = page.source.partition(f'id="{table}"')[2].partition("</table>")[0]
    return re.findall(r'<tr id="rule-([^"]+)"', part)


def test_each_table_has_a_page_in_each_language(ruled: Site) -> None:
    found = {path for path in ruled.pages if f"{RULES}/rules/" in path}
    names = {"index", "values", "index-2", "penalties", "refund", "ticket"}
    examples = {f"examples/{name}" for name in names - {"index", "values"}}
    assert found == {f"{language}/{RULES}/rules/{name}.html" for language in ("ko", "en") for name in names | examples}


def test_a_pack_of_values_alone_has_them_on_pages(ruled: Site) -> None:
    found = {path for path in ruled.pages if "/night-values/rules/" in path}
    assert {path.rpartition("/")[2] for path in found} == {"index.html", "values.html"}
    assert "no table of rules" in ruled.pages["en/riverton/night-values/rules/index.html"].text


def test_an_index_may_have_rules_beside_it(ruled: Site) -> None:
    front = ruled.pages["en/test/both/index.html"]
    assert "What does the ticket cost?" in front.text
    entries = [name for name in front.with_class("sections")[0].text.split("\n") if name]
    assert entries[:3] == ["Result", "Rules", "Places"]
    assert "The fare is paid." in ruled.pages["en/test/both/rules/ticket.html"].text


def test_the_navigation_leads_to_the_rules(ruled: Site, policies: Site) -> None:
    assert "규칙" in ruled.pages[f"ko/{RULES}/sources.html"].with_class("sections")[0].text
    assert "Rules" in ruled.pages[f"en/{RULES}/index.html"].with_class("sections")[0].text
    assert "Rules" not in policies.pages["en/riverton/night-bus/index.html"].with_class("sections")[0].text


def test_front_page_and_portal_ask_the_questions(ruled: Site) -> None:
    for path in ("en/index.html", f"en/{RULES}/index.html", f"en/{RULES}/rules/index.html"):
        page = ruled.pages[path]
        assert "May this person ride the night bus <b>tonight</b>?" in page.text, path
        hrefs = [element.attributes["href"] for element in page.all("a")]
        assert [href for href in hrefs if href.endswith("rules/index-2.html") or href == "index-2.html"], path


def test_a_page_says_question_standing_and_review(ruled: Site) -> None:
    page = ruled.pages[TABLE]
    assert page.all("h1")[0].text == "Who may ride the night bus"
    assert "Not legal advice." in page.text
    assert "Invented example" in page.with_class("aside")[0].text
    assert "Last review10 April 2024" in page.text
    assert "On 1 May 2024: 7 in force, 0 coming, 1 former." in page.text
    assert "법률 자문이 아닙니다." in ruled.pages[TABLE.replace("en/", "ko/")].text


def test_rules_stand_by_their_standing_on_the_day_of_the_release(ruled: Site) -> None:
    page = ruled.pages[TABLE]
    now = ["no_stop", "heavy", "child.under_7", "pass_holder", "wheelchair", "line_14", "fare"]
    assert rows(page, "rows-now") == now
    assert rows(page, "rows-former") == ["trial"]
    assert rows(page, "rows-replaced") == ["replaced"]
    assert rows(ruled.pages[f"en/{RULES}/rules/penalties.html"], "rows-coming") == ["ban"]


def test_another_day_of_the_release_gives_another_standing(tmp_path: Path) -> None:
    label = Label("2024-10", "2024-10-01", "draft")
    release = release_of(tmp_path / "release", rules_pack(tmp_path / "pack"), label=label)
    build_site(release, tmp_path / "site")
    page = Html.read(tmp_path / f"site/en/{RULES}/rules/penalties.html")
    assert rows(page, "rows-now") == ["fine", "ban"]
    assert rows(page, "rows-coming") == []


def test_conditions_are_said_in_words(ruled: Site) -> None:
    english = ruled.pages[TABLE]
    conditions = [re.sub(r"\s+", " ", element.text).strip() for element in english.with_class("condition")]
    assert conditions[:7] == [
        "At which stop? not on the list “Stops served at night”",
        "Any of these:How many bags? more than 4What do they weigh together? 32.5 kg or more",
        "Age in full years (born: “What is the date of birth?”): less than 7",
        "All of these:Is there a pass? YesWithin 30 days after “When was the pass bought?”: Yes",
        "Does any of these apply? Wheelchair",
        "Which line? Line 14",
        "Always",
    ]
    korean = ruled.pages[TABLE.replace("en/", "ko/")]
    assert "어디에서 탑니까? ‘밤에 서는 곳’에 없음" in re.sub(r"\s+", " ", korean.with_class("condition")[0].text)


def test_what_is_not_certain_is_said_in_words_with_both_statements(ruled: Site) -> None:
    page = ruled.pages[TABLE]
    row = next(element for element in page.all("tr", id="rule-wheelchair"))
    for said in (
        "unknown",
        "not certain: Rides free",
        "The sources differ:",
        "The leaflet says free.",
        "does not say so",
    ):
        assert said in row.text, said
    line = page.all("tr", id="rule-line_14")[0]
    assert "second hand" in line.text
    assert "Fare: 1,000 won to 3,000 won" in line.text
    assert line.attributes["data-kind"] == "second_hand"


def test_every_rule_and_value_links_to_its_sources(ruled: Site) -> None:
    for path, page in ruled.pages.items():
        for element in [*page.all("tr"), *page.all("li")]:
            if element.attributes.get("id", "").startswith("rule-") or "data-value" in element.attributes:
                publishers = ("City of Riverton", "강변시", "Publisher", "발행")
                assert any(name in element.text for name in publishers), f"{path}: {element.attributes}"
    links = [element.attributes["href"] for element in ruled.pages[TABLE].with_class("cite")]
    assert set(links) == {"../sources.html#source-notice"}


def test_the_list_of_sources_says_where_rules_use_them(ruled: Site) -> None:
    # 16 rules and 6 entries of values, one of each with nothing but statements.
    assert "22 rules and values" in ruled.pages[f"en/{RULES}/sources.html"].text


def test_values_are_told_with_their_history(ruled: Site) -> None:
    page = ruled.pages[f"en/{RULES}/rules/values.html"]
    entries = [element for element in page.all("tr") if element.attributes.get("data-value") == "fare"]
    assert [element.attributes["data-from"] for element in entries] == ["2025-01-01", "2024-01-01", ""]
    assert ["coming" in entries[0].text, "in force" in entries[1].text, "former" in entries[2].text] == [True] * 3
    assert "announced 20 April 2024" in entries[0].text
    assert "2,300 won" in entries[0].text
    rebate = next(element for element in page.all("tr") if element.attributes.get("data-value") == "rebate")
    assert "not known" in rebate.text
    assert "A paper says 700 won." in rebate.text
    assert "Used by: Who may ride the night bus, Ticket" in page.text.replace("Ticket ,", "Ticket,")


def test_changes_are_told_with_those_that_reach_back(ruled: Site) -> None:
    text = ruled.pages[TABLE].with_class("turns")[0].text
    assert text.index("1 January 2025") < text.index("1 January 2024")
    assert "Announced on 1 February 2024, with effect from this day." in text
    assert "The fare of the trial." in text


def test_common_cases_hold_on_the_day_and_say_the_answer(ruled: Site) -> None:
    page = ruled.pages[TABLE]
    part = page.source.partition('id="common-table"')[2].partition("</table>")[0]
    assert "A grown-up boards at the river." in part
    assert "2,150" in part
    assert "As known on" not in part
    assert "2023" not in part


def test_examples_stand_on_a_page_with_answer_and_rule(ruled: Site) -> None:
    page = ruled.pages[f"en/{RULES}/rules/examples/index-2.html"]
    assert "10 cases with the answer that is expected" in page.text
    assert "All answers are as expected." in page.text
    assert "Does any of these apply? Wheelchair" in page.text
    assert "As known on 15 November 2023." in page.text
    assert "../index-2.html#rule-child.under_7" in page.source


def test_many_examples_go_on_to_further_pages(tmp_path: Path) -> None:
    folder = rules_pack(tmp_path / "pack")
    cases = [
        f"  - {{id: case_{n}, on: 2024-05-01, facts: {{has_pass: true}}, outcome: {{result: free}}}}"
        for n in range(130)
    ]
    (folder / "examples/ticket.yaml").write_text("table: ticket\nexamples:\n" + "\n".join(cases) + "\n", "utf-8")
    build_site(release_of(tmp_path / "release", folder), tmp_path / "site")
    room = tmp_path / f"site/en/{RULES}/rules/examples"
    assert (room / "ticket/3.html").is_file()
    assert not (room / "ticket/4.html").exists()
    assert "page 3 of 3" in Html.read(room / "ticket/3.html").text
    beside = json.loads((room / "ticket/3.json").read_text("utf-8"))
    assert len(beside["tables"]["examples"]) == 10


def test_the_form_has_every_question_and_nothing_shows_without_scripts(ruled: Site) -> None:
    page = ruled.pages[TABLE]
    asked = [element.attributes["data-name"] for element in page.all("template") if "data-name" in element.attributes]
    assert asked == ["birth_date", "stop", "line", "needs", "has_pass", "pass_from", "bags", "weight"]
    assert "hidden" in page.all("div", id="form")[0].attributes
    assert "The questions need scripts." in page.text
    assert page.all("div", id="form")[0].attributes["data-day"] == DAY


def test_the_script_of_a_table_is_the_released_one(ruled: Site) -> None:
    sources = [element.attributes["src"] for element in ruled.pages[TABLE].all("script")]
    assert [source.rpartition("/")[2] for source in sources] == ["calendar.js", "rules.js", "index.js", "form.js"]
    released = ruled.release.folder / RULES / "rules/index.js"
    assert (ruled.folder / "release" / RULES / "rules/index.js").read_bytes() == released.read_bytes()


def test_numbers_beside_a_page_are_those_of_its_table(ruled: Site) -> None:
    beside = json.loads((ruled.folder / TABLE.replace(".html", ".json")).read_text("utf-8"))
    assert {row["table"] for row in beside["tables"]["rules"]} == {"index"}
    assert {row["value"] for row in beside["tables"]["values"]} == {"fare", "bring_days", "stops_at_night"}
    fare = next(row for row in beside["tables"]["rules"] if row["row"] == "line_14")
    assert json.loads(fare["then"]) == {"result": "paid", "amount": {"from": 1000, "to": 3000}}


def test_a_release_carries_what_a_page_needs(ruled: Site) -> None:
    pack = ruled.release.packs[0]
    document = pack.documents["rules/index.json"]
    assert document["reviewed"] == "2024-04-10"
    assert document["change_days"] == ["2024-01-01", "2025-01-01"]
    row = next(row for row in document["rows"] if row["id"] == "fare")
    assert row["then"]["amount"] == {"formula": "fare", "tree": {"name": "fare"}}
    assert row["values"] == ["fare"]
    assert document["values"]["fare"]["dated"][2]["value"] == 2300
    assert document["inputs"]["needs"]["personal"] == "social"
    example = next(one for one in document["examples"] if one["id"] == "child")
    assert example["passed"]
    assert example["decision"]["reason"] == "child.under_7"
    assert example["explanation"]["derived"] == {"age": 6}
    assert example["explanation"]["rows"]["heavy"] is False
    assert example["explanation"]["rows"]["pass_holder"] == "unknown"
    assert "trial" not in example["explanation"]["rows"]
    assert {"rules", "values", "examples"} <= pack.tables.keys()
    assert pack.documents["values.json"].keys() == {"fare", "bring_days", "stops_at_night", "rebate"}


def test_a_changed_rule_is_found(ruled: Site, tmp_path: Path) -> None:
    release = release_of(tmp_path / "release", rules_pack(tmp_path / "pack"))
    digest, faults = verify(release.folder)
    assert not faults.errors
    for name in ("rules/index.json", "rules/index.js", "tables/rules.csv"):
        path = release.folder / RULES / name
        before = path.read_bytes()
        path.write_bytes(before.replace(b"3000", b"4000"))
        assert verify(release.folder)[1].errors, name
        path.write_bytes(before)
    assert verify(release.folder)[0] == digest


def test_release_and_site_are_the_same_bytes_again(ruled: Site, tmp_path: Path) -> None:
    label = Label("2024-05", DAY, "draft")
    release = release_of(tmp_path / "release", rules_pack(tmp_path / "a"), label=label)
    again = release_of(tmp_path / "again", rules_pack(tmp_path / "b"), label=label)
    assert release.manifest == again.manifest
    build_site(release, tmp_path / "site")
    build_site(again, tmp_path / "site2")
    for path in (tmp_path / "site").rglob("*"):
        if path.is_file():
            assert (tmp_path / "site2" / path.relative_to(tmp_path / "site")).read_bytes() == path.read_bytes(), path


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ({"from": None, "to": None}, "now"),
        ({"from": "2024-05-01", "to": "2024-05-01"}, "now"),
        ({"from": "2024-05-02", "to": None}, "coming"),
        ({"from": None, "to": "2024-04-30"}, "former"),
        ({"from": None, "to": None, "withdrawn": "2025-01-01"}, "replaced"),
    ],
)
def test_first_and_last_day_count(dates: dict[str, str | None], expected: str) -> None:
    from donghaeng.site.rule_dates import standing

    assert standing({"withdrawn": None, **dates}, DAY) == expected
