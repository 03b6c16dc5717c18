"""Pages of packs that describe no index; what holds for every page is tested on them in test_pages too."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from donghaeng.site.build import build_site
from tests.policy_pack import policy_pack
from tests.site.sites import Site, release_of

BUS = "riverton/night-bus"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site of nothing but such a pack."""
    folder = tmp_path_factory.mktemp("alone")
    release = release_of(folder / "release", policy_pack(folder / "pack"))
    build_site(release, folder / "site")
    return Site(folder / "site", release)


def test_it_has_the_pages_that_make_sense(policies: Site) -> None:
    folder = policies.folder / "en" / BUS
    pages = {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}
    assert pages == {"index.html", "statements.html", "sources.html", "data.html", "articles/the-line.html"}


def test_its_front_page_says_what_it_is(policies: Site) -> None:
    page = policies.pages[f"en/{BUS}/index.html"]
    assert page.all("h1")[0].text == "Riverton night bus"
    for said in (
        "A policy of one bus line that runs at night.",
        "A bus for those who work at night",
        "City of Riverton",
        "Invented example",
        "1 statement",
        "1 document.",
        "The line",
    ):
        assert said in page.text, said


def test_its_front_page_in_korean(policies: Site) -> None:
    page = policies.pages[f"ko/{BUS}/index.html"]
    assert page.all("h1")[0].text == "강변시 밤 버스"
    assert "지수" not in page.text
    assert "이 정책에 대하여" in page.text


def test_a_pack_without_sources_or_words_says_its_summary_once(policies: Site) -> None:
    page = policies.pages["en/riverton/one-article/index.html"]
    assert page.text.count("A policy of one bus line that runs at night.") == 1
    assert "No sources are listed." in policies.pages["en/riverton/one-article/sources.html"].text
    assert not (policies.folder / "en/riverton/one-article/statements.html").exists()


def test_the_navigation_leads_to_its_own_pages_only(policies: Site) -> None:
    def entries(path: str) -> list[str]:
        return policies.pages[path].with_class("sections")[0].text.split("\n")

    bus = [name for name in entries(f"en/{BUS}/sources.html") if name]
    few = [name for name in entries("en/test/few/sources.html") if name]
    assert bus == ["Overview", "Promises and claims", "Sources", "Downloads"]
    assert few[:3] == ["Result", "Places", "Method"]


def test_the_portal_lists_it_beside_an_index(policies: Site) -> None:
    page = policies.pages["en/index.html"]
    assert page.all("h1")[0].text == "Policy library"
    headings = [element.text for element in page.all("h2")]
    assert "Riverton night bus" in headings
    assert "Responsible: City of Riverton" in page.text
    beside = json.loads((policies.folder / "en/index.json").read_text("utf-8"))
    assert [row["pack"] for row in beside["tables"]["packs"]] == [BUS, "test/few", "riverton/one-article"]
    assert {row["pack"] for row in beside["tables"]["scores"]} == {"test/few"}


def test_a_site_without_any_index_speaks_of_none(alone: Site) -> None:
    for path, page in alone.pages.items():
        assert "지수" not in page.text, path
        assert "index" not in re.sub(r"index\.(csv|json)", "", page.text).lower(), path
    beside = json.loads((alone.folder / "en/index.json").read_text("utf-8"))
    assert set(beside["tables"]) == {"packs"}


def test_a_site_of_indices_is_called_as_before(invented: Site) -> None:
    assert invented.pages["en/index.html"].all("h1")[0].text == "Index library"
    beside = json.loads((invented.folder / "en/index.json").read_text("utf-8"))
    assert set(beside["tables"]) == {"scores"}


def test_an_earlier_site_of_it_is_replaced_by_the_same_bytes(alone: Site, tmp_path: Path) -> None:
    build_site(alone.release, tmp_path / "site")
    for path in alone.folder.rglob("*"):
        if path.is_file():
            assert (tmp_path / "site" / path.relative_to(alone.folder)).read_bytes() == path.read_bytes(), path
