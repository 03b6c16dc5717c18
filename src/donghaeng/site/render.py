"""Pages to HTML, in one language at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from donghaeng.release.read import Row
from donghaeng.site import prose
from donghaeng.site.charts import WIDTHS, Drawing, Width, as_image, in_page
from donghaeng.site.companions import companion_paths
from donghaeng.site.edition import Edition
from donghaeng.site.figures import Figures
from donghaeng.site.links import relative, stem
from donghaeng.site.pack_view import PackView, in_language, named
from donghaeng.site.page import Page, Picture
from donghaeng.site.pages.article import article_path, article_title
from donghaeng.site.pages.data import RELEASE_FOLDER
from donghaeng.site.pages.rules import table_documents, table_pages
from donghaeng.site.pictures import base_label
from donghaeng.site.rule_words import RuleWords
from donghaeng.site.view import CITABLE_WORDS, SIMULATED, IndexView
from donghaeng.site.words import words_of
from donghaeng.sources import source_ids
from donghaeng.wording import LANGUAGES, PAGE_LANGUAGES, PageLanguage

STYLE_SHEET = "assets/site.css"
#: So many sources are named where a fact has more.
MOST_CITED = 6
LANGUAGE_NAMES: Mapping[PageLanguage, str] = {"ko": "한국어", "en": "English", "ja": "日本語", "zh": "中文"}
#: The parts of a pack that its pages link to, each with its first page; those that a pack does not have are left out.
NAVIGATION = (
    ("front", "index.html"),
    ("traveller", "traveller.html"),
    ("rules", "rules/index.html"),
    ("statistics", "statistics.html"),
    ("figures", "figures.html"),
    ("places", "places/index.html"),
    ("findings", "findings/index.html"),
    ("plans", "budget/index.html"),
    ("method", "method.html"),
    ("robustness", "robustness.html"),
    ("study", "study.html"),
    ("quality", "quality.html"),
    ("statements", "statements.html"),
    ("sources", "sources.html"),
    ("changes", "changes.html"),
    ("data", "data.html"),
)


class Writer:
    """Writes one page in one language: what its template may ask for."""

    def __init__(self, edition: Edition, page: Page, language: PageLanguage, path: str) -> None:
        """Take the page and where it will stand."""
        self.edition, self.page, self.language, self.path = edition, page, language, path
        self.words = words_of(language)
        self.view = page.view
        self.link_language = self._link_language()
        self.figures = self._figures()
        self._drawings: dict[tuple[str, Width], Drawing] = {}

    @property
    def index(self) -> IndexView | None:
        """The index that the pack describes; None on the portal, and where the pack describes none."""
        return self.view if isinstance(self.view, IndexView) else None

    def about(self, view: PackView) -> Writer:
        """Give a writer of the same page that speaks about a pack, for pages that show several."""
        other = Writer(self.edition, self.page, self.language, self.path)
        other.view = view
        other.link_language = other._link_language()
        other.figures = other._figures()
        return other

    def _link_language(self) -> PageLanguage:
        """Give the language of linked pages: that of the page, else of what pages of the pack there are."""
        if self.view is None or self.language in self.view.languages:
            return self.language
        return "en" if "en" in self.view.languages else self.view.languages[0]

    def _figures(self) -> Figures:
        return Figures(self.words, self.index.decimals if self.index else 1)

    def navigation(self) -> list[tuple[str, str]]:
        """Give the parts of the pack, each with the path of its first page."""
        if self.view is None:
            return []
        entries = [(section, self.view.path(page)) for section, page in NAVIGATION]
        return [(section, path) for section, path in entries if f"{self.language}/{path}" in self.edition.paths]

    # ── links ────────────────────────────────────────────────────────────────────────────────────

    def to(self, path: str) -> str:
        """Link to a page of the same language, where there is one."""
        own = f"{self.language}/{path}"
        return relative(self.path, own if own in self.edition.paths else f"{self.link_language}/{path}")

    def elsewhere(self, path: str) -> list[tuple[PageLanguage, str]]:
        """Give the languages, each with its name, that a page exists in beside those of the pack."""
        own = self.view.languages if self.view else ()
        others = [language for language in PAGE_LANGUAGES if language not in own]
        return [(other, LANGUAGE_NAMES[other]) for other in others if f"{other}/{path}" in self.edition.paths]

    def top(self, path: str) -> str:
        """Link to a file by its path from the top of the site."""
        return relative(self.path, path)

    def node_link(self, code: str) -> Markup:
        """Link to the page of a node or to a published figure, by its name; the code alone where it is neither."""
        if self.index is None or code not in self.index.nodes:
            figures = self.view.rows("figures") if self.view is not None else ()
            figure = next((row for row in figures if row["node"] == code), None)
            if self.view is None or figure is None:
                return escape(code)
            return self._link(
                self.to(self.view.path("figures.html")) + f"#{code}", named(figure, "title", self.language)
            )
        return self._link(self.to(self.index.node_path(code)), self.index.name(code, self.language))

    def place_link(self, code: str) -> Markup:
        """Link to the page of a place; its name alone where it has none."""
        if self.view is None:
            return escape(code)
        name = self.view.place_name(code, self.language)
        if self.index is None or code not in self.index.scored_places:
            return escape(name)
        return self._link(self.to(self.index.place_path(code)), name)

    def cite(self, ids: str) -> Markup:
        """Link each source of a cell to its entry in the list of sources."""
        found = source_ids(ids or "")
        if not found:
            return Markup('<span class="none">{}</span>').format(self.words("common.none"))
        return Markup('<span class="cites">{}</span>').format(Markup(" ").join(map(self.cite_one, found)))

    def cite_all(self, ids: Sequence[str]) -> Markup:
        """Link the first few of some sources, and say how many there are where there are more."""
        if len(ids) <= MOST_CITED or self.view is None:
            return self.cite(";".join(ids))
        count = self.words("facts.documents", shown=self.figures.whole(len(ids)))
        all_of_them = self._link(self.to(self.view.path("sources.html")), count)
        return Markup("{} … {}").format(self.cite(";".join(ids[:MOST_CITED])), all_of_them)

    def cite_one(self, source_id: str) -> Markup:
        """Link a source to its entry in the list of sources, by publisher and date."""
        if self.view is None or source_id not in self.view.sources:
            return escape(source_id)
        row = self.view.sources[source_id]
        label = " ".join(filter(None, [named(row, "publisher", self.language), row["date"]]))
        href = self.to(self.view.path(f"sources.html#source-{source_id}"))
        return Markup('<a class="cite" href="{}">{}</a>').format(href, label)

    def _link(self, href: str, text: str) -> Markup:
        return Markup('<a href="{}">{}</a>').format(href, text)

    # ── words of the pack ────────────────────────────────────────────────────────────────────────

    def text(self, row: Row, column: str) -> str:
        """Give a text column of a row in the language of the page."""
        return named(row, column, self.language)

    def local(self, text: Mapping[str, str]) -> str:
        """Give a text in the language of the page."""
        return in_language(text, self.language)

    def note(self, text: str | None) -> str:
        """Give the half of a note that is in the language of the page."""
        return prose.own_half(text or "", self.language)

    def own_words(self, key: str) -> Markup:
        """Give a text that the pack itself has for the site, as HTML; empty where it has none."""
        if self.view is None:
            return Markup()
        words = self.view.pack.wording.get(self.language) or {}
        return prose.html(words.get(key) or "", lambda source: str(self.cite_one(source)))

    def article(self, text: str) -> Markup:
        """Give the body of an article as HTML."""
        return prose.article(text, lambda source: str(self.cite_one(source))).body

    def article_link(self, slug: str) -> Markup:
        """Link to an article; to the other language where it is not written in this."""
        if self.view is None:
            return escape(slug)
        path = article_path(self.view, slug)
        title = article_title(self.view, slug)(self.figures)
        if f"{self.language}/{path}" in self.edition.paths:
            return self._link(self.to(path), title)
        other = next(language for language in LANGUAGES if f"{language}/{path}" in self.edition.paths)
        link = Markup('<a href="{}" lang="{}" hreflang="{}">{}</a> ({})')
        return link.format(self.top(f"{other}/{path}"), other, other, title, LANGUAGE_NAMES[other])

    # ── rules ────────────────────────────────────────────────────────────────────────────────────

    def rule_words(self, table: Mapping[str, Any]) -> RuleWords:
        """Say the parts of a decision table of the pack; values are linked to their entries on the same page."""
        return RuleWords(self.figures, table, self.rule_tables(), str(self.edition.manifest["date"]))

    def value_words(self, values: Mapping[str, Any]) -> RuleWords:
        """Say dated values."""
        table = {"inputs": {}, "derived": {}, "outcomes": {}, "values": values}
        return RuleWords(self.figures, table, {}, str(self.edition.manifest["date"]))

    def rule_tables(self) -> dict[str, Mapping[str, Any]]:
        """Give the documents of the decision tables of the pack by id."""
        return table_documents(self.view) if self.view else {}

    def table_link(self, table_id: str, fragment: str = "") -> Markup:
        """Link to the page of a decision table, with its title; the id alone where it is none of the pack."""
        if self.view is None or table_id not in self.rule_tables():
            return escape(table_id)
        title = self.local(self.rule_tables()[table_id]["title"])
        return self._link(self.to(table_pages(self.view)[table_id] + fragment), title)

    # ── figures ──────────────────────────────────────────────────────────────────────────────────

    def kind(self, word: str | None) -> Markup:
        """Say how a value is known; what may not head a page is marked."""
        if not word:
            return Markup('<span class="none">{}</span>').format(self.words("common.none"))
        firm = "firm" if word in CITABLE_WORDS else "soft"
        return Markup('<span class="kind {}">{}</span>').format(firm, self.words(f"kind.{word}"))

    def level(self, value: float | None) -> Markup:
        """Say in words and by a shape whether a score is above or below its base level."""
        index = self.index
        base = index.base_value if index else None
        if value is None or base is None or index is None or index.base_period is None:
            return Markup()
        period = self.figures.plain_period(index.base_period)
        rounded = round(value, self.figures.decimals)
        word = "below" if rounded < base else "above" if rounded > base else "at"
        shape = {"below": "▼", "above": "▲", "at": "●"}[word]
        inner = self.words(f"level.{word}", period=period)
        return Markup('<span class="level {}"><span aria-hidden="true">{}</span> {}</span>').format(word, shape, inner)

    def base_label(self) -> str:
        """Say what the base is."""
        return base_label(self.index, self.figures) if self.index else ""

    # ── charts ───────────────────────────────────────────────────────────────────────────────────

    def picture(self, slug: str) -> Markup:
        """Give a chart as two inline drawings, of which the style sheet shows the one that fits."""
        picture = self.page.pictures[slug]
        parts = []
        width: Width
        for width in ("wide", "narrow"):
            drawing = self._drawing(picture, width)
            title, description = picture.question(self.figures), picture.description(self.figures)
            parts.append(in_page(drawing, width, f"chart-{slug}-{width}", title, description))
        return Markup("").join(parts)

    def _drawing(self, picture: Picture, width: Width) -> Drawing:
        key = picture.slug, width
        if key not in self._drawings:
            self._drawings[key] = picture.draw(self.figures, WIDTHS[width])
        return self._drawings[key]

    def image_path(self, picture: Picture) -> str:
        """Give the path of the image of a chart, from the top of the site."""
        return f"{stem(self.path)}-{picture.slug}.svg"

    def image(self, picture: Picture) -> str:
        """Give a chart as an image of its own that says what it is."""
        drawing = self._drawing(picture, "wide")
        return as_image(drawing, picture.question(self.figures), self.image_lines(picture))

    def image_lines(self, picture: Picture) -> list[str]:
        """Give what an image says of itself: status, release, licence."""
        view, manifest, say = self.view, self.edition.manifest, self.words.text
        if view is None:
            return []
        state = say(f"state.{manifest['state']}")
        lines = [picture.key(self.figures)] if picture.key else []
        lines.append(self.local(view.description["status_note"]))
        if picture.stream == SIMULATED:
            lines.append(say("chart.simulated_note"))
        lines.append(say("chart.from_release", title=view.title(self.language), id=manifest["id"], state=state))
        lines.append(say("chart.licence", licence=view.description["licence"]))
        return lines

    # ── the page ─────────────────────────────────────────────────────────────────────────────────

    def standing(self) -> list[str]:
        """Say what the data are: the status note of the pack, or of every pack on the portal."""
        views = [self.view] if self.view else self.edition.views
        return list(dict.fromkeys(self.status_of(view) for view in views))

    def status_of(self, view: PackView) -> str:
        """Say what the data of a pack are; in the words of the site where the pack is not in the language."""
        note = view.description["status_note"]
        return note.get(self.language) or self.words.text(f"nature.{view.description['status']}")

    def beside(self) -> list[str]:
        """Give the paths of the data files beside the page."""
        return companion_paths(self.page, self.path)

    def title(self) -> str:
        """Give the title of the page."""
        return self.page.title(self.figures)

    def html(self) -> str:
        """Write the page."""
        figures = self.figures
        template = _environment().get_template(self.page.template)
        return template.render(
            {
                **self.page.context,
                "w": self,
                "t": self.words,
                "page": self.page,
                "view": self.view,
                "edition": self.edition,
                "manifest": self.edition.manifest,
                "language": self.language,
                "language_names": LANGUAGE_NAMES,
                "release_folder": RELEASE_FOLDER,
                "style_sheet": STYLE_SHEET,
                "number": figures.number,
                "signed": figures.signed,
                "share": figures.share,
                "bare_share": figures.bare_share,
                "finer": figures.finer,
                "whole": figures.whole,
                "printed": figures.printed,
                "day": figures.day,
                "period": figures.period,
                "size": figures.size,
            }
        )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("donghaeng.site", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
