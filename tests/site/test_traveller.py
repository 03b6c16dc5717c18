"""The page for travellers: the same totals as the tables in Python, in four languages, by keyboard, on a phone."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import donghaeng
from donghaeng.catalogue.outcome import outcome
from donghaeng.catalogue.pack import Pack
from donghaeng.release.content import Label
from donghaeng.release.read import read_release
from donghaeng.release.write import write_release
from donghaeng.services.passes.policy import Policy
from donghaeng.services.passes.quotes import quote
from donghaeng.site.build import _page_files, form_scripts
from donghaeng.site.edition import Edition
from donghaeng.site.fonts import FILE_NAME, subset_font
from donghaeng.site.pages.traveller import traveller
from donghaeng.site.render import STYLE_SHEET
from donghaeng.site.view import view_of
from tests.site.browsing import Visitor, violations
from tests.site.sites import Html
from tests.site.trips import Reckoner, Trip, random_trips

CARD, NARAE = "seoul/climate-card", "example/narae-transit"
DAY = "2026-11-23"
LANGUAGES = ("ko", "en", "ja", "zh")
COMPARE = """
(trips) => {
  const given = JSON.parse(document.getElementById("trips").dataset.document);
  return trips.map((trip) => globalThis.donghaengTraveller.compare(given, trip));
}
"""


@cache
def loaded(name: str) -> Pack:
    return donghaeng.load(name)


@pytest.fixture(scope="session")
def trips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages for travellers of two packs with what they load; not the rest of their site."""
    folder = tmp_path_factory.mktemp("trips")
    write_release(
        folder / "release", Label("2026-11", DAY, "draft"), [outcome(loaded(one)) for one in (CARD, NARAE)], "0"
    )
    release = read_release(folder / "release")
    views = tuple(view_of(pack) for pack in release.packs)
    pages = [page for view in views for page in traveller(view, release)]
    paths = frozenset(f"{language}/{page.path}" for page in pages for language in page.languages)
    edition = Edition(release.manifest, "0" * 64, views, paths)
    assets = Path(donghaeng.__file__).parent / "site/assets/site.css"
    files = {STYLE_SHEET: assets.read_bytes(), f"assets/{FILE_NAME}": subset_font(""), **form_scripts()}
    for page in pages:
        for language in page.languages:
            made = _page_files(edition, page, language, f"{language}/{page.path}")
            files |= {path: content.encode() for path, content in made}
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def page_of(language: str, pack: str) -> str:
    return f"{language}/{pack}/traveller.html"


def compared(trips: Path, visitor: Visitor, pack: str, asked: list[Trip]) -> list[Any]:
    page = visitor.open(trips / page_of("en", pack))
    found: list[Any] = page.evaluate(COMPARE, [trip.as_json() for trip in asked])
    assert not visitor.complaints
    return found


def totals_of(found: Any) -> dict[str, tuple[int, int, int] | None]:
    return {
        one["id"]: one["total"] and (one["total"]["least"], one["total"]["most"], one["total"]["open"])
        for one in found["options"]
    }


# ── the same as in Python ──


@pytest.mark.browser
@pytest.mark.parametrize(
    ("name", "days"),
    [
        (CARD, [date(2024, 7, 1), date(2025, 6, 28), date(2025, 9, 18), date(2026, 11, 23), date(2028, 2, 27)]),
        (NARAE, [date(2026, 1, 1), date(2026, 7, 1), date(2026, 11, 23)]),
    ],
)
def test_totals_are_those_of_the_tables_in_python(name: str, days: list[date], trips: Path, wide: Visitor) -> None:
    reckoner = Reckoner(loaded(name))
    asked = random_trips(loaded(name), 6, 40, days)
    differences = []
    for trip, found in zip(asked, compared(trips, wide, name, asked), strict=True):
        shown, expected = totals_of(found), reckoner.totals(trip)
        wrong = {one: (total, expected.get(one)) for one, total in shown.items() if total != expected.get(one)}
        best = min((most, least, unknown) for least, most, unknown in filter(None, expected.values()))
        listed = min((most, least, unknown) for least, most, unknown in filter(None, shown.values()))
        if wrong or best[:2] != listed[:2]:
            differences.append((trip, wrong, best, listed))
    assert not differences, differences[:3]


@pytest.mark.browser
def test_every_price_is_that_of_a_quote_on_its_day(trips: Path, wide: Visitor) -> None:
    policy = Policy(_passes(loaded(CARD)))
    asked = random_trips(loaded(CARD), 7, 20, [date(2024, 7, 1), date(2025, 9, 14), date(2026, 11, 23)])
    pieces = [
        piece for found in compared(trips, wide, CARD, asked) for one in found["options"] for piece in one["pieces"]
    ]
    assert len(pieces) > 100
    for piece in pieces:
        asked_on = date.fromisoformat(piece["from"])
        found = quote(policy, piece["product"], piece["category"], asked_on)
        assert (piece["price"]["least"], piece["price"]["most"]) == (found.least, found.most), piece
        assert piece["to"] == str(found.ends), piece
        assert piece["row"].endswith(f"/{found.price.decision.reason}")


def _passes(pack: Pack) -> Any:
    assert pack.passes is not None
    return pack.passes


@pytest.mark.browser
def test_known_answers(trips: Path, wide: Visitor) -> None:
    rides = dict.fromkeys(loaded(CARD).traveller.model.rides, 0)  # type: ignore[union-attr]
    visit = Trip(date(2026, 11, 1), 9, {**rides, "subway": 4}, (0, 10), "general", "physical", False)
    nine, short, youth, teen = compared(
        trips,
        wide,
        CARD,
        [
            visit,
            Trip(date(2026, 11, 1), 1, {**rides, "subway": 3}, (0, 10), "general", "physical", True),
            Trip(date(2024, 4, 1), None, {**rides, "subway": 60}, (0, 10), "youth", "mobile", False),
            Trip(date(2026, 11, 1), 2, {**rides, "subway": 2, "night": 1}, (0, 10), "teen", "physical", False),
        ],
    )
    # Nine days: a pass of 7 days for 20,000 won and one of 2 days for 8,000, against 36 rides of 1,550 won.
    options = {one["id"]: one for one in nine["options"]}
    assert [piece["product"] for piece in options["mix"]["pieces"]] == ["short_7", "short_2"]
    assert options["mix"]["total"] == {"least": 28_000, "most": 28_000, "open": 0}
    assert options["single"]["total"]["most"] == 55_800
    assert options["mix"]["saves"] == {"least": 27_800, "most": 27_800}
    # 5,000 won are less than four rides of 1,550 and more than three; a new card costs 3,000 more.
    options = {one["id"]: one for one in short["options"]}
    assert options["short_1"]["breakEven"] == {"kind": "subway", "days": 1, "from": 4, "surely": 4}
    assert options["short_1"]["total"]["most"] == 8_000
    assert short["options"][0]["id"] == "single"
    # In 2024 the youth discount came back later.
    options = {one["id"]: one for one in youth["options"]}
    assert options["d30_transit"]["pieces"][0]["back"] == 7_000
    # Teens pay 900 won on the subway; what they pay on night buses is not known. Postpaid is sold as to anybody.
    options = {one["id"]: one for one in teen["options"]}
    assert options["single"]["total"] == {"least": 3_600, "most": 3_600, "open": 2}
    assert options["postpaid_month"]["rows"] == ["postpaid-bill/general_30_first_month"]


# ── the page ──


@pytest.mark.browser
@pytest.mark.parametrize(
    ("language", "told"),
    [("ko", "합계 13,000원, 1회 운임보다 950원 적습니다"), ("ja", "合計13,000ウォンで、1回運賃より950ウォン安く")],
)
def test_the_page_is_walked_by_keyboard_and_fits_a_phone(
    language: str, told: str, trips: Path, narrow: Visitor
) -> None:
    page = narrow.open(trips / page_of(language, CARD))
    assert page.get_attribute("html", "lang") == language
    page.focus("#trips-days")
    page.keyboard.press("Control+A")
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    assert page.is_visible("#trips-days-error")
    assert page.evaluate("document.activeElement.id") == "trips-days"
    page.keyboard.press("Control+A")
    page.keyboard.type("3")
    page.focus("#trips-distance")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.focus("#trips-days")
    page.keyboard.press("Enter")
    assert told in page.inner_text("#trips-answer h3")
    assert page.evaluate("document.activeElement.localName") == "h3"
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    row = page.locator('[data-option="short_3"]')
    row.locator("summary").click()
    assert row.locator("details a").count() >= 1
    assert not violations(page)
    assert not narrow.complaints


def test_without_scripts_the_prices_of_the_day_stand_there(trips: Path) -> None:
    for language, amount in {"ko": "20,000원", "en": "20,000 won", "ja": "20,000ウォン", "zh": "20,000韩元"}.items():
        page = Html.read(trips / page_of(language, CARD))
        assert amount in page.text
        assert not page.unclosed
        assert "hidden" in page.all("form")[0].attributes
        assert "hidden" not in page.all("p", id="trips-absent")[0].attributes


def test_pages_in_other_languages_lead_to_themselves_and_to_the_other_languages(trips: Path) -> None:
    for language in LANGUAGES:
        page = Html.read(trips / page_of(language, CARD))
        assert page.all("html")[0].attributes["lang"] == language
        shown = {link.attributes["hreflang"] for link in page.all("link", rel="alternate")}
        assert shown == set(LANGUAGES)
    foreign = Html.read(trips / page_of("zh", CARD))
    sections = [a for a in foreign.all("a") if a.attributes.get("aria-current") == "page"]
    assert [a.attributes["href"] for a in sections] == ["traveller.html"]


def test_an_invented_pack_says_so_in_every_language(trips: Path) -> None:
    for language, word in {"ko": "가상", "en": "Invented", "ja": "架空", "zh": "虚构"}.items():
        assert word in Html.read(trips / page_of(language, NARAE)).text
    assert (trips / "en" / NARAE / "traveller-simulated.csv").is_file()
