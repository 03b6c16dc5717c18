"""What is advised and at what price: the plan beside its rivals and what binds it; or what is missing for one."""

from __future__ import annotations

import pytest

from donghaeng.site.figures import Figures
from donghaeng.site.finding_charts import Grant, allocation
from donghaeng.site.money import Money
from donghaeng.site.pages.plans import plans
from donghaeng.site.planned import WAYS, Planned, planned
from donghaeng.site.words import words_of
from tests.site.narae import view_of_city
from tests.site.sites import Html, Site


@pytest.fixture(scope="module")
def budget(narae: Site) -> Planned:
    found = planned(view_of_city(narae.release))
    assert found is not None
    return found


def page(site: Site, language: str, name: str = "index") -> Html:
    return site.pages[f"{language}/{site.release.packs[0].id}/budget/{name}.html"]


# ── a real body: no plan from assumptions ────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["ko", "en"])
def test_for_seoul_there_is_no_plan_but_what_is_missing(seoul: Site, language: str) -> None:
    document = seoul.release.packs[0].documents["budget.json"]
    assert document["plans"] == []
    assert document["pages"] == []
    found = page(seoul, language)
    for one in document["missing"]:
        assert one["words"][language].partition(": ")[2] in found.text
        assert one["where"] in found.text
    assert [path for path in seoul.pages if "/budget/" in path] == [
        "en/seoul/gtsn-index/budget/index.html",
        "ko/seoul/gtsn-index/budget/index.html",
    ]


def test_the_missing_evidence_of_seoul_names_unit_costs_and_the_series_of_its_findings(seoul: Site) -> None:
    text = page(seoul, "en").text
    assert "the cost of one more unit" in text
    assert "Names and values of the five social integration indicators by year" in text


# ── the invented city ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_plan_says_when_for_what_and_what_it_rests_on(narae: Site, budget: Planned, language: str) -> None:
    document = budget.plans[0].document
    text = page(narae, language).text
    for key in ("headline", "timing", "caution"):
        assert document[key][language] in text
    assert budget.word("objective", document["objective"], language) in text


def test_the_money_of_the_programmes_is_the_money_of_the_plan(budget: Planned) -> None:
    for plan in budget.plans:
        assert sum(one.ways["plan"] for one in plan.shares) == plan.document["spent"]
        assert sum(one.current for one in plan.shares) == plan.document["current"]
        assert sum(one.change for one in plan.shares) == plan.document["spent"] - plan.document["current"]


def test_the_plan_stands_beside_three_simpler_ways_under_the_same_draws(narae: Site, budget: Planned) -> None:
    plan = budget.plans[0]
    assert plan.ways == WAYS
    found = page(narae, "en")
    for way in WAYS:
        assert budget.word("plan", way, "en") in found.text
    assert f"{plan.document['draws']['number']} times" in found.text


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_limit_that_binds_is_said_in_words(narae: Site, budget: Planned, language: str) -> None:
    text = page(narae, language).text
    prices = budget.plans[0].prices
    assert prices
    for row in prices:
        assert row[f"words_{language}"] in text


def test_an_option_without_a_marginal_cost_is_marked(narae: Site, budget: Planned) -> None:
    rows = budget.plans[0].rows
    average = sum(row["cost_basis"] != "marginal" for row in rows)
    marked = [one.text for one in page(narae, "en").with_class("caution") if one.text in ("average", "assumed")]
    assert len(marked) >= average > 0


def test_every_programme_has_one_page_in_each_language(narae: Site, budget: Planned) -> None:
    assert len(budget.pages) == len(budget.programmes)
    for code in budget.programmes:
        for language in ("ko", "en"):
            found = page(narae, language, code)
            heads = [element.text for element in found.all("h2")]
            said = words_of(language)
            for key in ("fell.title", "plan.asked_title", "plan.refused_title"):
                assert said.text(key) in heads


def test_a_programme_page_gives_the_falls_it_is_asked_for_and_what_refusing_costs(narae: Site, budget: Planned) -> None:
    text = page(narae, "en", "hardship-aid").text
    one = next(found for found in budget.pages if found["programme"] == "hardship-aid")
    assert one["timing"]["en"] in text
    assert "demand grew" in text
    assert "Bookkeeping, not proof of cause." in text
    assert f"{Figures(words_of('en')).plain(one['people_lost'], 0)} people would not be met" in text


def test_what_came_of_earlier_advice_stands_on_the_page(narae: Site) -> None:
    text = page(narae, "en").text
    rows = narae.release.packs[0].tables["decisions"]
    assert rows
    for row in rows:
        assert row["reason_en"] in text


def test_further_plans_of_a_release_have_sections_of_their_own(narae: Site, budget: Planned) -> None:
    overview = plans(view_of_city(narae.release))[0]
    assert list(overview.context["others"]) == list(budget.plans[1:])
    for plan in budget.plans[1:]:
        assert plan.document["headline"]["en"] in page(narae, "en").text


# ── money ────────────────────────────────────────────────────────────────────────────────────────


def test_money_is_written_as_readers_of_each_language_write_it() -> None:
    korean, english = (Money(Figures(words_of(language)), "KRW") for language in ("ko", "en"))
    assert korean.plain(4_728_893_595) == "47.3억 원"
    assert english.plain(4_728_893_595) == "KRW 4,729 m"
    assert korean.plain_change(285_556_405) == "+2.9억 원"
    assert str(english.bare(4_728_893_595)) == '<data value="4728893595">4,729</data>'
    assert Money(Figures(words_of("ko")), "EUR").plain(2_000_000) == "2백만 EUR"


def test_a_grant_below_what_it_has_now_is_hatched() -> None:
    grants = [Grant("a", 10, 12, "12"), Grant("b", 10, 7, "7"), Grant("c", 0, 0, "0")]
    assert allocation(grants, "now", 320).body.count('fill="#060606"') == 1
