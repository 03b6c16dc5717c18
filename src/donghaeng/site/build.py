"""Building a site: every page of a release in every language, the files beside them, font, styles and downloads."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path

from donghaeng.civil_calendar.javascript import calendar_script
from donghaeng.errors import InputError
from donghaeng.release.read import Release
from donghaeng.release.verify import sha256_of
from donghaeng.release.write import MANIFEST, MANIFEST_DIGEST
from donghaeng.site.companions import companions
from donghaeng.site.edition import Edition
from donghaeng.site.fonts import FILE_NAME, LICENCE_NAME, licence_text, subset_font
from donghaeng.site.pack_view import PackView
from donghaeng.site.page import Page
from donghaeng.site.pages.article import articles
from donghaeng.site.pages.data import RELEASE_FOLDER, data
from donghaeng.site.pages.findings import findings
from donghaeng.site.pages.front import front
from donghaeng.site.pages.lists import changes, quality, sources, statements
from donghaeng.site.pages.measures import measures
from donghaeng.site.pages.method import method
from donghaeng.site.pages.nodes import area, indicator
from donghaeng.site.pages.places import places
from donghaeng.site.pages.plans import plans
from donghaeng.site.pages.portal import portal
from donghaeng.site.pages.published import published
from donghaeng.site.pages.robustness import robustness
from donghaeng.site.pages.rules import CALENDAR_SCRIPT, FORM_SCRIPT, RUNTIME_SCRIPT, rules
from donghaeng.site.pages.study import study
from donghaeng.site.pages.traveller import SCRIPTS as TRAVELLER_SCRIPTS
from donghaeng.site.pages.traveller import traveller
from donghaeng.site.render import STYLE_SHEET, Writer
from donghaeng.site.view import IndexView, view_of
from donghaeng.wording import LANGUAGES, Language, PageLanguage

#: Marks a folder as a site that was built, so that building again may replace it.
MARKER = ".donghaeng-site"


@dataclass(frozen=True)
class SiteReport:
    """What was built.

    Attributes:
        pages: number of HTML pages.
        files: number of all files.
        bytes: their size.
    """

    pages: int
    files: int
    bytes: int


def build_site(release: Release, out: Path) -> SiteReport:
    """Build the site of a release.

    The site is built beside its place under another name and then swapped in, so that it is there completely or
    as it was before. The same release gives the same bytes.

    Args:
        release: the release.
        out: where the site will lie; a site that was built there before is replaced.

    Raises:
        InputError: when there is something else in `out`.
    """
    _check_replaceable(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        report = _write(site_files(release), partial)
        partial.chmod(0o755)
        _swap(partial, out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return report


def site_files(release: Release) -> Iterator[tuple[str, bytes]]:
    """Give every file of the site by path, one after the other."""
    views = tuple(view_of(pack) for pack in release.packs)
    languages = languages_of(views)
    pages = site_pages(release, views, languages)
    paths = frozenset(f"{language}/{page.path}" for page in pages for language in page.languages)
    edition = Edition(release.manifest, sha256_of(release.folder / MANIFEST), views, paths)
    letters: set[str] = set()
    for page in pages:
        for language in page.languages:
            for path, content in _page_files(edition, page, language, f"{language}/{page.path}"):
                if path.endswith(".html") and language in LANGUAGES:  # other languages have the reader's own fonts
                    letters.update(content)
                yield path, content.encode("utf-8")
    for path, content in _page_files(edition, pages[0], languages[0], "index.html"):
        yield path, content.encode("utf-8")
    yield STYLE_SHEET, package_files("donghaeng.site").joinpath("assets/site.css").read_bytes()
    used = {script for page in pages for script in page.scripts}
    yield from ((path, content) for path, content in form_scripts().items() if path in used)
    yield f"assets/{FILE_NAME}", subset_font("".join(letters))
    yield f"assets/{LICENCE_NAME}", licence_text()
    for name in [*(str(entry["path"]) for entry in release.manifest["files"]), MANIFEST, MANIFEST_DIGEST]:
        yield f"{RELEASE_FOLDER}/{name}", (release.folder / name).read_bytes()
    yield MARKER, f"{release.manifest['id']}\n".encode()


def form_scripts() -> dict[str, bytes]:
    """Give the scripts that forms share, by path; each table has one of its own in the release."""
    assets = package_files("donghaeng.site")
    return {
        CALENDAR_SCRIPT: calendar_script().encode("utf-8"),
        RUNTIME_SCRIPT: package_files("donghaeng.rules").joinpath("runtime.js").read_bytes(),
        **{path: assets.joinpath(path).read_bytes() for path in (FORM_SCRIPT, *TRAVELLER_SCRIPTS)},
    }


def languages_of(views: Sequence[PackView]) -> tuple[Language, ...]:
    """Give the languages of a release: those of its first pack first."""
    found = dict.fromkeys(language for view in views for language in view.languages)
    return tuple(found) or LANGUAGES


def site_pages(release: Release, views: Sequence[PackView], languages: tuple[Language, ...]) -> list[Page]:
    """Give every page of the site, the portal first."""
    return [portal(views, languages), *(page for view in views for page in pack_pages(view, release))]


def pack_pages(view: PackView, release: Release) -> list[Page]:
    """Give the pages of a pack: its front page, those of each section that it has, and those that every pack has."""
    pages = [front(view)]
    if isinstance(view, IndexView):
        pages += index_pages(view)
    return [*pages, *common_pages(view, release)]


def index_pages(view: IndexView) -> list[Page]:
    """Give the pages of an index beside its front page."""
    return [
        *(area(view, code) for code in view.inner),
        *(indicator(view, code) for code in view.leaves),
        *places(view),
        *findings(view),
        *plans(view),
        method(view),
        *robustness(view),
        *study(view),
        quality(view),
        changes(view),
    ]


def common_pages(view: PackView, release: Release) -> list[Page]:
    """Give the pages that a pack has whatever it describes."""
    return [
        *traveller(view, release),
        *rules(view, release),
        *measures(view),
        *published(view),
        *([statements(view)] if view.rows("statements") else []),
        sources(view),
        data(view, release),
        *articles(view),
    ]


def _page_files(edition: Edition, page: Page, language: PageLanguage, path: str) -> Iterator[tuple[str, str]]:
    writer = Writer(edition, page, language, path)
    yield path, _squeezed(writer.html())
    yield from companions(edition, page, path).items()
    for picture in page.pictures.values():
        yield writer.image_path(picture), writer.image(picture)


def _squeezed(html: str) -> str:
    """Take the indentation and empty lines of the templates out of a page."""
    return re.sub(r"\n\s+", "\n", html).strip() + "\n"


def _write(content: Iterator[tuple[str, bytes]], folder: Path) -> SiteReport:
    pages, total, size = 0, 0, 0
    for path, given in content:
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(given)
        pages += path.endswith(".html")
        total += 1
        size += len(given)
    return SiteReport(pages, total, size)


def _check_replaceable(out: Path) -> None:
    if not out.exists() and not out.is_symlink():
        return
    if out.is_symlink() or not out.is_dir():
        raise InputError(f"{out} is not a folder; give a folder for the site that is new, empty or an earlier site")
    if any(out.iterdir()) and not (out / MARKER).is_file():
        raise InputError(
            f"{out} holds something that is not a site of ours (no {MARKER}); give a new folder, or empty this one"
        )


def _swap(new: Path, out: Path) -> None:
    """Put the new site in its place; the old one steps aside first, since a folder cannot replace a full one."""
    if not out.exists():
        new.rename(out)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{out.name}-old-", dir=out.parent))
    out.rename(aside / out.name)
    try:
        new.rename(out)
    except BaseException:
        (aside / out.name).rename(out)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
