"""Articles of a pack."""

from __future__ import annotations

from donghaeng.site.figures import Figures
from donghaeng.site.pack_view import PackView
from donghaeng.site.page import Crumb, Page, Saying, pack_title
from donghaeng.site.prose import CITATION


def articles(view: PackView) -> list[Page]:
    """Give a page for each article, in the languages that it is written in."""
    pages = []
    for slug in view.articles:
        languages = tuple(language for language in view.languages if (slug, language) in view.pack.articles)
        text = {language: view.pack.articles[slug, language] for language in languages}
        cited = sorted({source for words in text.values() for source in CITATION.findall(words)})
        pages.append(
            Page(
                path=article_path(view, slug),
                template="article.html.j2",
                title=article_title(view, slug),
                languages=languages,
                tables={"sources": [view.sources[source] for source in cited if source in view.sources]},
                context={"texts": text, "slug": slug},
                trail=(Crumb(view.path("index.html"), pack_title(view)),),
                view=view,
                section="articles",
            )
        )
    return pages


def article_path(view: PackView, slug: str) -> str:
    """Give the path of the page of an article."""
    return view.path(f"articles/{slug}.html")


def article_title(view: PackView, slug: str) -> Saying:
    """Give a saying that is the title of an article."""

    def say(figures: Figures) -> str:
        text = view.pack.articles.get((slug, figures.words.language)) or next(
            text for (other, _), text in sorted(view.pack.articles.items()) if other == slug
        )
        return text.partition("\n")[0].removeprefix("#").strip()

    return say
