"""Sites for the tests, and what stands in their pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

from donghaeng.catalogue.check import check
from donghaeng.catalogue.outcome import outcome
from donghaeng.release.content import Label
from donghaeng.release.read import Release, read_release
from donghaeng.release.write import write_release

#: Elements without an end tag.
_VOID = {"meta", "link", "br", "img", "hr", "input"}


def release_of(folder: Path, *packs: str | Path, label: Label | None = None) -> Release:
    """Write and read back a release of packs."""
    contents = []
    for reference in packs:
        pack, faults = check(reference)
        assert pack is not None, "\n".join(map(str, faults.errors))
        contents.append(outcome(pack))
    write_release(folder, label or Label("2024-05", "2024-05-01", "draft"), contents, "0.0.0")
    return read_release(folder)


@dataclass
class Site:
    """A site on disk."""

    folder: Path
    release: Release

    @cached_property
    def pages(self) -> dict[str, Html]:
        """Every page by path."""
        return {path: Html.read(self.folder / path) for path in self.paths(".html")}

    def paths(self, ending: str) -> list[str]:
        """Paths of files with an ending, without the copy of the release."""
        found = (path.relative_to(self.folder).as_posix() for path in self.folder.rglob(f"*{ending}"))
        return sorted(path for path in found if not path.startswith("release/"))


@dataclass
class Element:
    """An element with its attributes and all the text below it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Html(HTMLParser):
    """A page taken apart."""

    source: str
    elements: list[Element] = field(default_factory=list)
    unclosed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[Element] = []
        self.feed(self.source)
        self.unclosed += [element.tag for element in self._open]

    @staticmethod
    def read(path: Path) -> Html:
        return Html(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1].tag == tag:
            self._open.pop()
        else:
            self.unclosed.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Elements with a tag and, where given, attributes."""
        return [
            element
            for element in self.elements
            if element.tag == tag and all(element.attributes.get(name) == value for name, value in attributes.items())
        ]

    def with_class(self, name: str) -> list[Element]:
        return [element for element in self.elements if name in element.attributes.get("class", "").split()]

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", self.all("body")[0].text)

    @property
    def ids(self) -> list[str]:
        return [element.attributes["id"] for element in self.elements if "id" in element.attributes]
