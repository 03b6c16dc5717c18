"""The pages of falls and plans of the invented city, built without the rest of its site."""

from __future__ import annotations

from importlib.resources import files as package_files
from pathlib import Path

from donghaeng.release.read import Release
from donghaeng.site.build import _page_files, languages_of
from donghaeng.site.edition import Edition
from donghaeng.site.page import Page
from donghaeng.site.pages.findings import findings
from donghaeng.site.pages.plans import plans
from donghaeng.site.render import STYLE_SHEET
from donghaeng.site.view import IndexView, view_of

PACK = "example/narae"


def view_of_city(release: Release) -> IndexView:
    view = view_of(release.packs[0])
    assert isinstance(view, IndexView)
    return view


def write_pages(release: Release, out: Path) -> list[Page]:
    """Write the pages of falls and plans with the files beside them."""
    view = view_of_city(release)
    pages = [*findings(view), *plans(view)]
    paths = frozenset(f"{language}/{page.path}" for page in pages for language in page.languages)
    edition = Edition(release.manifest, "0" * 64, (view,), paths)
    for page in pages:
        for language in languages_of([view]):
            for path, content in _page_files(edition, page, language, f"{language}/{page.path}"):
                target = out / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(content, "utf-8")
    style = out / STYLE_SHEET
    style.parent.mkdir()
    style.write_bytes(package_files("donghaeng.site").joinpath("assets/site.css").read_bytes())
    return pages
