"""The sites in a real browser: accessible, quiet, narrow, by keyboard."""

from __future__ import annotations

import pytest

from donghaeng.catalogue.find import shipped_ids
from donghaeng.site.build import build_site
from tests.site.browsing import Visitor, violations
from tests.site.sites import Site, release_of
from tests.site.test_pages import LARGEST_PAGE

pytestmark = pytest.mark.browser

#: So many parts that several workers share the pages of a site.
PARTS = 4


def check_pages(visitor: Visitor, site: Site, paths: list[str]) -> None:
    """Hold pages against axe, and see that they neither complain nor call anybody."""
    problems = []
    for path in paths:
        page = visitor.open(site.folder / path)
        problems += [f"{path}: {violation}" for violation in violations(page)]
    assert not problems, "\n".join(problems[:20])
    assert not visitor.complaints, "\n".join(visitor.complaints[:20])


def one_of_each_kind(site: Site) -> list[str]:
    """One page of each template and language."""
    chosen: dict[tuple[str, ...], str] = {}
    for path in site.pages:
        parts = path.split("/")
        kind = (parts[0], *parts[3:-1], parts[-1] if len(parts) == 4 else "")
        chosen.setdefault(kind, path)
    return sorted(chosen.values())


def pages_of_rules(site: Site) -> list[str]:
    """Every kind of page of rules, one of each table."""
    folder = "riverton/night-rules/rules"
    names = ("index", "values", "index-2", "penalties", "examples/index-2")
    return [f"en/{folder}/{name}.html" for name in names] + [f"ko/{folder}/refund.html", f"ko/{folder}/index-2.html"]


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_accessible(part: int, seoul: Site, wide: Visitor) -> None:
    check_pages(wide, seoul, sorted(seoul.pages)[part::PARTS])


def test_every_kind_of_page_is_accessible_in_the_dark_and_on_a_phone(seoul: Site, dark: Visitor) -> None:
    check_pages(dark, seoul, one_of_each_kind(seoul))


def test_extreme_content_is_accessible(invented: Site, wide: Visitor) -> None:
    check_pages(wide, invented, one_of_each_kind(invented))


def test_packs_without_an_index_are_accessible(policies: Site, wide: Visitor) -> None:
    check_pages(wide, policies, one_of_each_kind(policies))


def test_many_places_are_accessible(many: Site, wide: Visitor) -> None:
    check_pages(wide, many, one_of_each_kind(many))


def test_rules_are_accessible(ruled: Site, wide: Visitor) -> None:
    check_pages(wide, ruled, pages_of_rules(ruled))


@pytest.mark.parametrize("name", ["seoul", "invented", "many", "policies", "ruled"])
def test_no_page_is_wider_than_a_phone(name: str, narrow: Visitor, request: pytest.FixtureRequest) -> None:
    site: Site = request.getfixturevalue(name)
    some = pages_of_rules(site) if name == "ruled" else one_of_each_kind(site)
    paths = sorted(site.pages) if name == "seoul" else some
    too_wide = []
    for path in paths:
        page = narrow.open(site.folder / path)
        if (width := page.evaluate("document.documentElement.scrollWidth")) > 320:
            too_wide.append(f"{path}: {width}")
    assert not too_wide, "\n".join(too_wide)


def test_the_first_stop_of_the_keyboard_is_the_skip_link(seoul: Site, wide: Visitor) -> None:
    for path in one_of_each_kind(seoul):
        page = wide.open(seoul.folder / path)
        page.keyboard.press("Tab")
        focused = page.evaluate("[document.activeElement.className, document.activeElement.getAttribute('href')]")
        assert focused == ["skip", "#content"], path
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content", path


def test_every_stop_of_the_keyboard_shows_its_focus(seoul: Site, wide: Visitor) -> None:
    page = wide.open(seoul.folder / "en/seoul/gtsn-index/index.html")
    for _ in range(25):
        page.keyboard.press("Tab")
        style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert style == "solid"


def test_the_page_font_is_ours(seoul: Site, wide: Visitor) -> None:
    page = wide.open(seoul.folder / "ko/seoul/gtsn-index/index.html")
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('16px \"Donghaeng Sans\"', '약자'))")
    loaded = page.evaluate("document.fonts.ready.then(() => [...document.fonts].map(font => font.status))")
    assert loaded == ["loaded"]


@pytest.mark.walk
@pytest.mark.parametrize("pack", shipped_ids())
def test_walk_over_every_page_of_a_pack(
    pack: str, tmp_path_factory: pytest.TempPathFactory, wide: Visitor, narrow: Visitor
) -> None:
    folder = tmp_path_factory.mktemp("walk")
    release = release_of(folder / "release", pack)
    build_site(release, folder / "site")
    site = Site(folder / "site", release)
    check_pages(wide, site, sorted(site.pages))
    for path in sorted(site.pages):
        page = narrow.open(site.folder / path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    assert max((site.folder / path).stat().st_size for path in site.pages) < LARGEST_PAGE
