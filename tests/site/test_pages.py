"""What holds for every page of every site."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import PurePosixPath
from posixpath import normpath
from urllib.parse import unquote, urlsplit

from tests.site.sites import Html, Site

LARGEST_PAGE = 200_000


def test_every_link_leads_to_something_that_is_there(site: Site) -> None:
    broken = []
    for path, page in site.pages.items():
        for element in page.elements:
            for name in ("href", "src"):
                target = element.attributes.get(name)
                if target is not None and not _resolves(site, path, page, target):
                    broken.append(f"{path}: {target}")
    assert not broken, "\n".join(broken[:20])


def _resolves(site: Site, path: str, page: Html, target: str) -> bool:
    parts = urlsplit(target)
    if parts.scheme in {"http", "https", "data"}:
        return True
    file = path if not parts.path else normpath((PurePosixPath(path).parent / unquote(parts.path)).as_posix())
    if parts.fragment:
        return parts.fragment in site.pages[file].ids
    return (site.folder / file).is_file()


def test_only_links_that_a_reader_follows_leave_the_site(site: Site) -> None:
    for path, page in site.pages.items():
        for element in page.elements:
            for name in ("href", "src", "srcset", "action"):
                target = element.attributes.get(name, "")
                if re.match(r"(https?:)?//", target):
                    assert element.tag == "a", f"{path}: <{element.tag} {name}={target}>"
            assert not [name for name in element.attributes if name.startswith("on") or name == "style"], path
        assert not page.all("iframe")


def test_only_forms_have_scripts_and_all_of_them_are_files_of_the_site(site: Site) -> None:
    for path, page in site.pages.items():
        policy = page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0].attributes["content"]
        scripts = page.all("script")
        assert bool(scripts) is bool(page.all("template")), path
        assert ("script-src 'self'" in policy) is bool(scripts), path
        assert "unsafe" not in policy, path
        for script in scripts:
            assert not script.text.strip(), path
            assert (site.folder / path).parent.joinpath(script.attributes["src"]).resolve().is_file(), path


def test_pages_are_well_formed_and_ids_are_unique(site: Site) -> None:
    for path, page in site.pages.items():
        assert not page.unclosed, path
        assert len(page.ids) == len(set(page.ids)), path


def test_headings_come_in_order(site: Site) -> None:
    for path, page in site.pages.items():
        levels = [int(element.tag[1]) for element in page.elements if re.fullmatch(r"h[1-6]", element.tag)]
        assert levels.count(1) == 1, path
        assert levels[0] == 1, path
        assert all(after <= before + 1 for before, after in pairwise(levels)), path


def test_pages_stay_small(site: Site) -> None:
    sizes = {path: (site.folder / path).stat().st_size for path in site.pages}
    assert max(sizes.values()) < LARGEST_PAGE, max(sizes.items(), key=lambda item: item[1])


def test_tables_have_captions_and_scoped_headers(site: Site) -> None:
    for path, page in site.pages.items():
        tables = page.all("table")
        captions = page.all("caption")
        regions = [element for element in page.all("div") if element.attributes.get("role") == "region"]
        assert len(captions) == len(regions), path
        assert len(tables) >= len(captions), path
        assert all(region.attributes["tabindex"] == "0" for region in regions), path


def test_every_page_says_what_the_data_are(site: Site) -> None:
    notes = [note for pack in site.release.packs for note in pack.description["status_note"].values()]
    for path, page in site.pages.items():
        assert any(note in page.text for note in notes), path
        assert site.release.manifest["id"] in page.all("footer")[0].text, path


def test_every_image_says_what_the_data_are(site: Site) -> None:
    images = site.paths(".svg")
    for path in images:
        text = (site.folder / path).read_text("utf-8")
        language = path.split("/")[0]
        pack = next(pack for pack in site.release.packs if f"/{pack.id}/" in path)
        first = pack.description["status_note"][language].split()[:3]
        assert all(word in text for word in first), path
        assert pack.description["licence"] in text, path


def test_every_page_has_its_numbers_beside_it(site: Site) -> None:
    for path, page in site.pages.items():
        stem = path.removesuffix(".html")
        beside = json.loads((site.folder / f"{stem}.json").read_text("utf-8"))
        assert beside["tables"], path
        assert all(pack["status_note"] for pack in beside["packs"]), path
        links = {element.attributes.get("href") for element in page.all("a")}
        name = stem.rpartition("/")[2]
        assert {f"{name}.csv", f"{name}.json"} <= links, path


def test_every_page_is_in_its_language_and_links_to_the_other(site: Site) -> None:
    for path, page in site.pages.items():
        language = page.all("html")[0].attributes["lang"]
        if "/" in path:
            assert path.startswith(f"{language}/")
        alternates = page.all("link", rel="alternate")
        shown = {element.attributes["hreflang"] for element in alternates}
        assert language in shown
        if len(shown) > 1:
            switch = [a for a in page.all("a") if "hreflang" in a.attributes and "lang" in a.attributes]
            assert switch, path


def test_a_page_is_reached_from_the_portal(site: Site) -> None:
    seen = {"index.html"}
    waiting = ["index.html"]
    while waiting:
        path = waiting.pop()
        for element in site.pages[path].all("a"):
            parts = urlsplit(element.attributes["href"])
            if parts.scheme or not parts.path.endswith(".html"):
                continue
            target = normpath((PurePosixPath(path).parent / unquote(parts.path)).as_posix())
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    assert set(site.pages) <= seen


def test_text_of_a_pack_is_never_markup(invented: Site) -> None:
    for path, page in invented.pages.items():
        assert "<script>alert" not in page.source, path
        assert "<img" not in page.source, path
        assert "<b>굵게" not in page.source, path
