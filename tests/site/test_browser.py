"""The sites in a real browser: accessible, quiet, narrow, by keyboard."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from donghaeng.catalogue.find import shipped_ids
from donghaeng.site.build import build_site
from tests.site.sites import Site, release_of
from tests.site.test_pages import LARGEST_PAGE

pytestmark = pytest.mark.browser

CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: So many parts that several workers share the pages of a site.
PARTS = 4


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    executable = next((found for name in CANDIDATES if (found := shutil.which(name))), None)
    if executable is None:
        reason = "no Chromium here: install it, or let tools/system-packages do so"
        pytest.fail(reason) if os.environ.get("CI", "").lower() == "true" else pytest.skip(reason)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, args=QUIET)
        yield running
        running.close()


class Visitor:
    """A page of the browser that notes what it should not see."""

    def __init__(self, browser: Any, **settings: Any) -> None:
        self.context = browser.new_context(**settings)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        self.page.on("request", self._request)

    def _request(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            self.complaints.append(f"left the site: {request.url}")

    def open(self, path: Path) -> Any:
        self.page.goto(path.as_uri())
        return self.page

    def close(self) -> None:
        self.context.close()


@pytest.fixture
def wide(browser: Any) -> Iterator[Visitor]:
    visitor = Visitor(browser, viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield visitor
    visitor.close()


@pytest.fixture
def dark(browser: Any) -> Iterator[Visitor]:
    visitor = Visitor(browser, viewport={"width": 390, "height": 844}, color_scheme="dark")
    yield visitor
    visitor.close()


@pytest.fixture
def narrow(browser: Any) -> Iterator[Visitor]:
    visitor = Visitor(browser, viewport={"width": 320, "height": 640})
    yield visitor
    visitor.close()


def violations(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(
        page, options={"runOnly": {"type": "tag", "values": TAGS}, "preload": False, "resultTypes": ["violations"]}
    )
    return [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in found.response["violations"]]


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


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_accessible(part: int, seoul: Site, wide: Visitor) -> None:
    check_pages(wide, seoul, sorted(seoul.pages)[part::PARTS])


def test_every_kind_of_page_is_accessible_in_the_dark_and_on_a_phone(seoul: Site, dark: Visitor) -> None:
    check_pages(dark, seoul, one_of_each_kind(seoul))


def test_extreme_content_is_accessible(invented: Site, wide: Visitor) -> None:
    check_pages(wide, invented, one_of_each_kind(invented))


def test_many_places_are_accessible(many: Site, wide: Visitor) -> None:
    check_pages(wide, many, one_of_each_kind(many))


@pytest.mark.parametrize("name", ["seoul", "invented", "many"])
def test_no_page_is_wider_than_a_phone(name: str, narrow: Visitor, request: pytest.FixtureRequest) -> None:
    site: Site = request.getfixturevalue(name)
    paths = sorted(site.pages) if name == "seoul" else one_of_each_kind(site)
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
