"""Articles of a pack: Markdown in ``articles/SLUG.LANGUAGE.md``, first line ``# Title``.

A source is cited as ``[@source-id]``. HTML is not passed through.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from donghaeng.errors import Faults, nearest
from donghaeng.textfile import lines, size_fault
from donghaeng.wording import LANGUAGES, Language

LARGEST_ARTICLE = 200_000

CITATION = re.compile(r"\[@([A-Za-z0-9-]+)\]")
#: The target of a link or image, inline or in a definition below.
_LINK = re.compile(r"(?:\]\(|^ {0,3}\[[^\]]+\]:)\s*<?([^)\s>]+)")
_NAME = re.compile(r"(?P<slug>[a-z0-9][a-z0-9-]*)\.(?P<language>[a-z]{2})\.md")


@dataclass(frozen=True, order=True)
class Article:
    """One article in one language.

    Attributes:
        slug: name in addresses, shared by its languages.
        language: language of the text.
        title: first heading.
        body: Markdown after the title.
    """

    slug: str
    language: Language
    title: str
    body: str


def read_articles(
    folder: Path, label: str, languages: Collection[Language], sources: Collection[str] | None, faults: Faults
) -> tuple[Article, ...]:
    """Read the articles of a pack.

    Args:
        folder: the folder ``articles``; it may be missing.
        label: how faults name it.
        languages: languages that each article must have.
        sources: known source ids; None when the sources could not be read, then any id will do.
        faults: where faults go.
    """
    if not folder.is_dir():
        return ()
    articles: list[Article] = []
    found: set[tuple[str, str]] = set()
    for path in sorted(path for path in folder.iterdir() if not path.name.startswith(".")):
        match = _NAME.fullmatch(path.name)
        place = f"{label}/{path.name}"
        if not match or match["language"] not in LANGUAGES:
            expected = "SLUG.ko.md or SLUG.en.md, in small letters"
            faults.add(place, 1, 1, "not the name of an article", expected, "rename it", "wrong-name")
            continue
        found.add((match["slug"], match["language"]))
        article = _read(path, place, match["slug"], sources, faults)
        if article:
            articles.append(article)
    for slug in sorted({slug for slug, _ in found}):
        for language in languages:
            if (slug, language) not in found:
                file = f"{label}/{slug}.{language}.md"
                faults.add(file, 1, 1, "the file is missing", f"the article in {language}", "write it", "missing-file")
    return tuple(sorted(articles))


def _read(path: Path, label: str, slug: str, sources: Collection[str] | None, faults: Faults) -> Article | None:
    if size_fault(path, label, LARGEST_ARTICLE, faults, "split the article"):
        return None
    before = len(faults)
    text = list(lines(path, label, faults))
    if len(faults) > before:
        return None
    if not text or not text[0].startswith("# "):
        faults.add(label, 1, 1, "the title is missing", "a first line such as # Title", "write it", "missing-value")
        return None
    for number, line in enumerate(text, start=1):
        for citation in CITATION.finditer(line):
            if sources is not None and citation[1] not in sources:
                remedy = nearest(citation[1], sources) or "add it to sources.yaml"
                what = f'unknown source "{citation[1]}"'
                column = citation.start(1) + 1
                faults.add(label, number, column, what, "an id of sources.yaml", remedy, "unknown-source")
        for link in _LINK.finditer(line):
            if leaves_pack(link[1]):
                what = f'the link "{link[1]}" leaves the pack'
                expected = "an address on the web, or a path inside the pack"
                faults.add(label, number, link.start(1) + 1, what, expected, "correct it", "outside")
    language: Language = "ko" if path.name.endswith(".ko.md") else "en"
    return Article(slug, language, text[0][2:].strip(), "".join(text[1:]).strip() + "\n")


def leaves_pack(target: str) -> bool:
    """Say whether a link of an article points outside its pack without being an address on the web.

    >>> leaves_pack("../../secret.png"), leaves_pack("https://example.org"), leaves_pack("#top")
    (True, False, False)
    """
    try:
        address = urlsplit(target)
    except ValueError:  # not an address at all, such as http://[x
        return True
    if address.scheme in {"http", "https", "mailto"}:
        return False
    if address.scheme or address.netloc or target.startswith("/"):
        return True
    depth = 1  # articles lie one folder below the pack
    for part in PurePosixPath(unquote(address.path)).parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return True
    return False
