"""Only values that may be cited head a page or stand in a chart; simulated ones stand apart and say so."""

from __future__ import annotations

import json
import re
from pathlib import Path

from donghaeng.release.content import Label
from donghaeng.site.build import build_site
from tests.site.invented import empty_pack
from tests.site.sites import Site, release_of

FRONT = "en/seoul/gtsn-index/index.html"


def test_no_headline_is_second_hand(site: Site) -> None:
    for path, page in site.pages.items():
        for element in page.with_class("headline"):
            assert element.attributes["data-kind"] in {"published", "derived", "simulated"}, path
            if element.attributes["data-kind"] == "simulated":
                assert {"simulated", "모의"} & set(element.text.split()), path


def test_the_second_hand_total_of_2025_is_a_note(seoul: Site) -> None:
    for path, page in seoul.pages.items():
        assert all("150.7" not in element.text for element in page.with_class("headline")), path
        assert all("150.7" not in text for text in re.findall(r"<svg.*?</svg>", page.source, re.S)), path
    for path in seoul.paths(".svg"):
        assert "150.7" not in (seoul.folder / path).read_text("utf-8"), path
    aside = seoul.pages[FRONT].with_class("aside")
    assert ["second hand" in element.text and "150.7" in element.text for element in aside] == [True]


def test_the_headline_says_number_meaning_sureness_and_source(seoul: Site) -> None:
    page = seoul.pages[FRONT]
    headline = page.with_class("headline")[0].text
    assert "130.6" in headline
    assert "50 of 50 indicators stand 30.6 points above their 2022 level" in headline
    facts = page.with_class("facts")[0].text
    assert "agrees with the published 130.6" in facts
    assert "+19.6" in facts
    assert "49 indicators" in facts
    assert "Seoul Metropolitan Government" in facts


def test_below_the_base_is_said_in_words_with_the_count(seoul: Site) -> None:
    page = seoul.pages["en/seoul/gtsn-index/areas/integration.html"]
    text = page.with_class("headline")[0].text
    assert "▼" in text
    assert "5 of 5 indicators stand 4.4 points below the 2022 level of these indicators" in text
    assert all("worse off" not in other.text for other in seoul.pages.values())


def test_housing_2024_is_not_like_for_like(seoul: Site) -> None:
    text = seoul.pages["en/seoul/gtsn-index/areas/housing.html"].text
    assert "Not like for like" in text
    assert "2023 rests on 5 indicators, 2024 on 6" in text
    assert "One further indicator near 96.3 would by itself give the whole change of −4.8" in text


def test_printed_contributions_and_changes_add_up(seoul: Site) -> None:
    page = seoul.pages[FRONT].source
    for table in ("children", "moved-table"):
        body = page[page.index(f'<caption id="{table}">') :]
        body = body[: body.index("</table>")]
        rows = re.findall(r"<tr>.*?</tr>", body, re.S)[1:]
        column = 3 if table == "children" else 0
        figures = [re.findall(r'<td class="num">(.*?)</td>', row, re.S) for row in rows]
        numbers = [_number(cells[2 if table == "children" else column]) for cells in figures]
        assert round(sum(numbers[:-1]), 1) == numbers[-1], table


def _number(cell: str) -> float:
    found = re.search(r"<data [^>]*>([^<]*)</data>", cell)
    assert found, cell
    return float(found[1].replace("−", "-"))


def test_the_inferred_count_of_49_is_marked(seoul: Site) -> None:
    page = seoul.pages["en/seoul/gtsn-index/method.html"].source
    body = page[page.index('<caption id="totals">') :]
    row = next(row for row in re.findall(r"<tr>.*?</tr>", body, re.S) if ">49<" in row)
    assert "inferred" in row


def test_unsafe_sources_are_not_linked(seoul: Site) -> None:
    page = seoul.pages["en/seoul/gtsn-index/sources.html"].source
    for row in seoul.release.packs[0].tables["sources"]:
        entry = page[page.index(f'id="source-{row["id"]}"') :]
        heading = entry[: entry.index("</h3>")]
        assert ("<a " in heading) == bool(row["url"] and row["grade"] != "unsafe")


def test_conflicting_statements_are_both_shown(seoul: Site) -> None:
    text = seoul.pages["en/seoul/gtsn-index/areas/integration.html"].text
    assert "97.9" in text
    assert "97.6" in text


def test_simulated_values_have_files_and_charts_of_their_own(many: Site) -> None:
    for path in many.paths(".svg"):
        assert path.endswith("-simulated.svg")
        text = (many.folder / path).read_text("utf-8")
        assert "simulated" in text or "모의" in text
    for path in many.paths(".json"):
        kinds = set(re.findall(r'"kind": "(\w+)"', (many.folder / path).read_text("utf-8")))
        assert ("simulated" in kinds) == path.endswith("-simulated.json"), path
        json.loads((many.folder / path).read_text("utf-8"))


def test_what_changed_and_why_stands_on_every_page_of_a_correction(tmp_path: Path) -> None:
    label = Label("2", "2024-06-01", "corrected", "1", "A value was mistyped.")
    release = release_of(tmp_path / "release", empty_pack(tmp_path / "pack"), label=label)
    build_site(release, tmp_path / "site")
    for page in Site(tmp_path / "site", release).pages.values():
        assert "A value was mistyped." in page.all("footer")[0].text
        assert "release 1" in page.all("footer")[0].text


def test_a_scale_from_0_to_1_keeps_its_digits_in_charts_too(tmp_path: Path) -> None:
    release = release_of(tmp_path / "release", "undp/hdi")
    build_site(release, tmp_path / "site")
    page = Site(tmp_path / "site", release).pages["en/undp/hdi/places/BRA.html"]
    assert "0.760" in page.with_class("headline")[0].text
    assert ">0.760</text>" in page.source
    assert "agrees with the published 0.760" in page.text
