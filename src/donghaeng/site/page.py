"""What a page is made of before it is written in a language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from donghaeng.release.read import Row
from donghaeng.site.charts import Drawing
from donghaeng.site.figures import Figures
from donghaeng.site.pack_view import PackView
from donghaeng.site.view import IndexView, Stream
from donghaeng.wording import PageLanguage

#: Something that is said in the language of the figures.
Saying = Callable[[Figures], str]


@dataclass(frozen=True)
class Picture:
    """A chart of a page.

    Attributes:
        slug: its name in the page and in the file name of its image.
        stream: what it shows: published and derived values, or simulated ones.
        question: the question it answers, which is its title.
        description: what it shows, for those who do not see it.
        draw: draws it in a language at a width in pixels.
        key: what its marks stand for, where they need saying.
    """

    slug: str
    stream: Stream
    question: Saying
    description: Saying
    draw: Callable[[Figures, int], Drawing]
    key: Saying | None = None


@dataclass(frozen=True)
class Crumb:
    """A step on the way to a page: its path below the language and its name."""

    path: str
    name: Saying


@dataclass(frozen=True)
class Page:
    """A page, to be written once for each of its languages.

    Attributes:
        path: path below the folder of the language.
        template: file name of its template.
        title: its title.
        languages: languages it is written in.
        context: values for its template, the same in each language.
        tables: the numbers it shows, by name; the first is the ``.csv`` beside it.
        pictures: its charts by slug.
        trail: the pages above it.
        view: the pack it belongs to; None for the portal.
        section: which entry of the navigation it belongs to.
        scripts: scripts that it loads, in order, as paths from the top of the site.
    """

    path: str
    template: str
    title: Saying
    languages: tuple[PageLanguage, ...]
    tables: Mapping[str, Sequence[Row]]
    context: Mapping[str, Any] = field(default_factory=dict)
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    trail: tuple[Crumb, ...] = ()
    view: PackView | None = None
    section: str = ""
    scripts: tuple[str, ...] = ()


def phrase(key: str, **values: object) -> Saying:
    """Give a saying that is a phrase of the site."""
    return lambda figures: figures.words.text(key, **values)


def node_name(view: IndexView, code: str) -> Saying:
    """Give a saying that is the name of a node."""
    return lambda figures: view.name(code, figures.words.language)


def place_name(view: PackView, code: str) -> Saying:
    """Give a saying that is the name of a place."""
    return lambda figures: view.place_name(code, figures.words.language)


def pack_title(view: PackView) -> Saying:
    """Give a saying that is the title of a pack."""
    return lambda figures: view.title(figures.words.language)


__all__ = [
    "Crumb",
    "Page",
    "Picture",
    "Saying",
    "node_name",
    "pack_title",
    "phrase",
    "place_name",
]
