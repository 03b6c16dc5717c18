"""Texts of packs as HTML: Markdown without raw HTML or images, with ``[@source-id]`` linked to the list of sources."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

#: How a text cites a source.
CITATION = re.compile(r"\[@([a-z0-9][a-z0-9-]*)\]")


@dataclass(frozen=True)
class Article:
    """An article ready for a page.

    Attributes:
        title: its first heading.
        body: the rest as HTML.
        cited: ids of the sources it cites, in order.
    """

    title: str
    body: Markup
    cited: tuple[str, ...]


def article(text: str, cite: Callable[[str], str]) -> Article:
    """Turn an article into HTML.

    Args:
        text: Markdown that begins with a heading of level 1.
        cite: gives the HTML of a citation by the id of its source.
    """
    title, _, rest = text.partition("\n")
    cited = tuple(dict.fromkeys(CITATION.findall(rest)))
    return Article(title.removeprefix("#").strip(), html(rest, cite), cited)


def html(text: str, cite: Callable[[str], str]) -> Markup:
    """Turn Markdown into HTML; headings are of level 2 and below."""
    parser = MarkdownIt("commonmark", {"html": False}).disable("image").enable("table")
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"} and token.tag == "h1":
            token.tag = "h2"
        if token.children:
            token.children = _with_citations(token.children, cite)
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704 - rendered with raw HTML off


def paragraphs(text: str) -> list[str]:
    """Split a plain text at its empty lines."""
    return [part.strip() for part in text.split("\n\n") if part.strip()]


def own_half(text: str, language: str) -> str:
    """Give the part of a note in one language, where it is written as Korean, slash, English.

    >>> own_half("기준연도 / Base year", "en")
    'Base year'
    >>> own_half("km / h", "en")
    'km / h'
    """
    korean, slash, english = text.partition(" / ")
    if slash and _has_hangul(korean) and not _has_hangul(english):
        return korean if language == "ko" else english
    return text


def _has_hangul(text: str) -> bool:
    return any("가" <= letter <= "힣" for letter in text)


def _with_citations(children: Sequence[Token], cite: Callable[[str], str]) -> list[Token]:
    result: list[Token] = []
    for child in children:
        if child.type != "text":
            result.append(child)
            continue
        for at, part in enumerate(CITATION.split(child.content)):
            token = Token("html_inline" if at % 2 else "text", "", 0)
            token.content = cite(part) if at % 2 else part
            result.append(token)
    return result
