"""What fell and why: every answer with its warning, its share and how firmly it holds."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from donghaeng.site.diagnosed import Diagnosed, diagnosed
from donghaeng.site.figures import Figures
from donghaeng.site.finding_charts import Range, Step, ranges, waterfall
from donghaeng.site.signals import watched
from donghaeng.site.words import words_of
from tests.site.narae import view_of_city
from tests.site.sites import Html, Site

BOOKKEEPING = {"ko": "계산상의 분해이며 인과관계의 증명이 아닙니다.", "en": "Bookkeeping, not proof of cause."}


@pytest.fixture(scope="session")
def city(narae: Site) -> Diagnosed:
    found = diagnosed(view_of_city(narae.release))
    assert found is not None
    return found


def page(site: Site, language: str, path: str) -> Html:
    pack = site.release.packs[0].id
    return site.pages[f"{language}/{pack}/findings/{path}.html"]


def spaced(words: str) -> str:
    """Words as the text of a page has them, where spaces that do not break are spaces."""
    return words.replace("\N{NO-BREAK SPACE}", " ")


def numbers(line: str) -> list[float]:
    return [float(number.replace("−", "-")) for number in re.findall(r"[−+]?[0-9]+\.[0-9]+", line)]


# ── the index of Seoul: what the public numbers allow ────────────────────────────────────────────


def test_the_falls_of_seoul_are_four_and_none_has_a_cause(seoul: Site) -> None:
    view = view_of_city(seoul.release)
    found = diagnosed(view)
    assert found is not None
    falls = {(fall.node, fall.period): fall for fall in found.falls}
    assert set(falls) == {
        ("education", "2023"),
        ("integration", "2023"),
        ("integration", "2024"),
        ("housing", "2024"),
    }
    assert {row["cause"] for fall in found.falls for row in fall.rows} == {"undetermined"}


@pytest.mark.parametrize("language", ["ko", "en"])
def test_each_fall_of_seoul_stands_with_what_to_collect_and_what_the_city_said(seoul: Site, language: str) -> None:
    text = page(seoul, language, "index").text
    wanted = seoul.release.packs[0].tables["finding_collect"]
    assert wanted
    for row in wanted:
        assert row[f"label_{language}"] in text
    said = {row["id"]: row for row in seoul.release.packs[0].tables["statements"]}
    for finding in seoul.release.packs[0].tables["findings"]:
        assert said[finding["statements"]][f"said_{language}"] in text


def test_housing_of_2024_is_not_like_for_like(seoul: Site) -> None:
    text = page(seoul, "en", "housing").text
    assert "five indicators in 2023, six in 2024; a sixth near 96 alone would give the change" in text


def test_yearly_data_give_no_early_signal_and_the_page_says_so(seoul: Site) -> None:
    assert "Yearly data give no early signal" in page(seoul, "en", "index").text
    assert "en/seoul/gtsn-index/findings/signals.html" not in seoul.pages


def test_a_comparison_that_is_both_is_shown_once(seoul: Site) -> None:
    education = page(seoul, "en", "education")
    assert "Against 2022, the year before" in education.text
    assert "On the year before" not in education.text


def test_the_page_of_a_node_that_fell_is_linked_from_its_own(seoul: Site) -> None:
    for code in ("integration", "housing", "education"):
        links = [link.attributes["href"] for link in seoul.pages[f"en/seoul/gtsn-index/areas/{code}.html"].all("a")]
        assert f"../findings/{code}.html" in links


def test_a_pack_without_a_diagnosis_has_no_such_pages(invented: Site) -> None:
    assert not [path for path in invented.pages if "/findings/" in path or "/budget/" in path]


# ── the invented city: causes, splits, districts ─────────────────────────────────────────────────


def test_the_warning_stands_with_every_answer(narae: Site, seoul: Site) -> None:
    for site in (narae, seoul):
        pages = {path: found for path, found in site.pages.items() if "/findings/" in path and "signals" not in path}
        assert pages
        for path, found in pages.items():
            assert BOOKKEEPING[path[:2]] in found.text, path


def test_every_node_that_fell_and_every_district_with_a_fall_has_a_page(narae: Site, city: Diagnosed) -> None:
    for language in ("ko", "en"):
        for code in city.nodes:
            assert f"{language}/{city.node_path(code)}" in narae.pages
        for place in city.places:
            assert f"{language}/{city.place_path(place)}" in narae.pages
    assert len(city.places) == 25
    assert city.leads == ("narae",)


def test_both_comparisons_stand_beside_each_other_with_cause_share_and_stability(narae: Site, city: Diagnosed) -> None:
    figures = Figures(words_of("en"))
    for fall in city.of(city.leads, city.periods[0]):
        text = page(narae, "en", fall.node).text
        for row in fall.rows:
            assert figures.plain_signed(row["points"]) in text
            assert city.cause(row["cause"], "en") in text
            if row["cause"] != "undetermined":
                assert spaced(f"share {figures.plain_share(row['share'])}") in text
                assert spaced(f"held in {figures.plain_share(row['stability'])} of draws") in text
            else:
                assert city.reason(row["reason"], "en") in text


def test_the_parts_of_a_fall_add_up_to_it(city: Diagnosed) -> None:
    looked_at = 0
    for fall in city.falls:
        for row in fall.rows:
            steps = city.steps(row)
            assert sum(float(step["points"]) for step in steps) == pytest.approx(row["points"], abs=0.02)
            looked_at += len(steps) > 1
    assert looked_at > 500


def test_the_printed_steps_of_a_waterfall_add_up_to_the_printed_fall(narae: Site, city: Diagnosed) -> None:
    image = narae.folder / "en/example/narae/findings/home-care-fall-base-simulated.svg"
    labels = re.findall(r">([−+][0-9.]+)<", image.read_text("utf-8"))
    fall = next(fall for fall in city.of(["narae"], "2025") if fall.node == "home-care")
    assert fall.base is not None
    assert round(sum(numbers(" ".join(labels))), 1) == round(fall.base["points"], 1)


def test_an_explanation_that_differs_from_the_data_stands_beside_them(narae: Site) -> None:
    text = page(narae, "en", "repair").text
    assert "It is put down to more homes in need of repair" in text
    assert "By the data: less for the same money" in text


def test_a_fall_of_the_city_without_a_falling_district_is_named_as_mix(narae: Site, city: Diagnosed) -> None:
    falls = [fall for fall in city.of_node("culture-card") if fall.period == "2025"]
    assert [fall.place for fall in falls] == ["narae"]
    assert "weights of places shifted" in page(narae, "en", "culture-card").text


def test_simulated_findings_are_marked_and_go_to_files_of_their_own(narae: Site) -> None:
    for path in narae.paths(".html"):
        if "/findings/" not in path:
            continue
        stem = path.removesuffix(".html")
        public = json.loads((narae.folder / f"{stem}.json").read_text("utf-8"))["tables"]
        assert not any(public.get("findings", ())), path
        assert narae.pages[path].with_class("stamp") or narae.pages[path].with_class("soft"), path
    beside = narae.folder / "ko/example/narae/findings/nursery-simulated.csv"
    rows = list(csv.DictReader(beside.read_text("utf-8").splitlines()))
    assert rows
    assert {row["kind"] for row in rows} == {"simulated"}


def test_pages_stay_small_and_well_formed(narae: Site) -> None:
    for path, found in narae.pages.items():
        assert len(found.source.encode()) < 200_000, path
        assert not found.unclosed, path
        assert len(found.ids) == len(set(found.ids)), path
        assert not found.all("script"), path


# ── signals ──────────────────────────────────────────────────────────────────────────────────────


def alarm(period: str, rule: str = "limit", last: str = "2025-12") -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(("value", "expected", "false_alarms", "delay"))
    return row | {
        "series": "calls",
        "place": "a",
        "node": "x",
        "worse": "higher",
        "rule": rule,
        "period": period,
        "last": last,
        "kind": "simulated",
    }


def test_an_alarm_stands_while_its_run_reaches_the_newest_period() -> None:
    run = ["2025-03", "2025-10", "2025-11", "2025-12"]
    found = watched([alarm(""), *map(alarm, run)])[0]
    assert found.stands
    assert found.since == "2025-10"


def test_an_alarm_that_went_out_does_not_stand() -> None:
    found = watched([alarm(""), alarm("2024-12"), alarm("2025-01")])[0]
    assert not found.stands
    assert found.since == "2024-12"


def test_weeks_follow_each_other_across_the_end_of_a_year() -> None:
    found = watched([alarm(week, last="2026-W01") for week in ("2025-W51", "2025-W52", "2026-W01")])[0]
    assert found.since == "2025-W51"


def test_blind_spots_are_named_with_their_intervals(narae: Site) -> None:
    text = page(narae, "en", "signals").text
    figures = Figures(words_of("en"))
    for row in narae.release.packs[0].tables["blind_spots"]:
        if row["period"] == "2025":
            assert spaced(f"{figures.plain_share(row['low'])} – {figures.plain_share(row['high'])}") in text
    assert "blind spot" in text


# ── charts ───────────────────────────────────────────────────────────────────────────────────────


def test_a_waterfall_hatches_falls_only() -> None:
    drawing = waterfall(
        Step("before", 100, "100"), [Step("a", 3, "+3"), Step("b", -5, "−5")], Step("now", 98, "98"), 320
    )
    assert drawing.body.count('fill="#060606"') == 1
    assert (drawing.width, drawing.height) == (320, 208)


def test_intervals_mark_blind_spots_otherwise_than_by_colour_alone() -> None:
    rows = [Range("a", 0.5, 0.4, 0.6, "50 %", True), Range("b", 1.1, 0.9, 1.3, "110 %", False)]
    plain = ranges([rows[1]], 1.0, "equal", 320).body
    marked = ranges(rows, 1.0, "equal", 320).body
    assert '"#040404"' in marked
    assert '"#040404"' not in plain


# ── in a browser ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path", ["findings/index", "findings/signals", "findings/home-care", "findings/places/haram", "budget/index"]
)
def test_nothing_is_wrong_for_those_who_do_not_see_or_use_a_phone(
    narae: Site, wide: object, dark: object, path: str
) -> None:
    from tests.site.browsing import violations

    for visitor, language in ((wide, "ko"), (dark, "en")):
        opened = visitor.open(Path(narae.folder / f"{language}/example/narae/{path}.html"))  # type: ignore[attr-defined]
        assert violations(opened) == []
        assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
