"""Pages that are lists: sources, statements, quality, changes since the last release."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from donghaeng.release.read import Row
from donghaeng.site.pack_view import PackView
from donghaeng.site.page import Crumb, Page, pack_title, phrase
from donghaeng.site.pages.rules import dated_values, table_documents
from donghaeng.site.prose import CITATION
from donghaeng.site.view import IndexView
from donghaeng.sources import source_ids

STATEMENT_TYPES = ("promise", "target", "claim", "figure")
#: Revisions that a page shows; all of them stand in the files beside it.
MOST_REVISIONS = 300


def sources(view: PackView) -> Page:
    """Give the list of sources."""
    return Page(
        path=view.path("sources.html"),
        template="sources.html.j2",
        title=phrase("sources.title"),
        languages=view.languages,
        tables={"sources": view.rows("sources")},
        context={"sources": view.rows("sources"), "uses": uses_of_sources(view), "in_rules": rules_of_sources(view)},
        trail=(Crumb(view.path("index.html"), pack_title(view)),),
        view=view,
        section="sources",
    )


def rules_of_sources(view: PackView) -> Mapping[str, int]:
    """Say how many rules and entries of dated values cite each source."""
    counts: dict[str, int] = defaultdict(int)
    entries = [row for table in table_documents(view).values() for row in table["rows"]]
    entries += [one for value in dated_values(view).values() for one in value["dated"]]
    for entry in entries:
        cited = [*entry["citations"], *(cite for said in entry["statements"] for cite in said["citations"])]
        for source in {cite["source"] for cite in cited}:
            counts[source] += 1
    return {source: counts[source] for source in view.sources}


def uses_of_sources(view: PackView) -> Mapping[str, tuple[tuple[str, ...], int, tuple[str, ...]]]:
    """Say where each source is used: nodes, number of statements, articles."""
    nodes: dict[str, dict[str, None]] = defaultdict(dict)
    for table in ("observations", "structure", "conflicts"):
        for row in view.rows(table):
            for source in source_ids(row.get("source") or ""):
                nodes[source][str(row.get("node") or row.get("code"))] = None
    counts: dict[str, int] = defaultdict(int)
    for row in (*view.rows("statements"), *view.rows("figure_values")):
        for source in {*source_ids(row["source"] or ""), *source_ids(row.get("outcome_source") or "")}:
            counts[source] += 1
    articles: dict[str, dict[str, None]] = defaultdict(dict)
    for (slug, _), text in sorted(view.pack.articles.items()):
        for source in CITATION.findall(text):
            articles[source][slug] = None
    return {source: (tuple(nodes[source]), counts[source], tuple(articles[source])) for source in view.sources}


def statements(view: PackView) -> Page:
    """Give the list of promises, targets, claims and figures."""
    groups: dict[str, list[Row]] = {name: [] for name in STATEMENT_TYPES}
    for row in view.rows("statements"):
        groups[str(row["type"])].append(row)
    return Page(
        path=view.path("statements.html"),
        template="statements.html.j2",
        title=phrase("statements.title"),
        languages=view.languages,
        tables={"statements": view.rows("statements")},
        context={"groups": groups, "total": len(view.rows("statements"))},
        trail=(Crumb(view.path("index.html"), pack_title(view)),),
        view=view,
        section="statements",
    )


def quality(view: IndexView) -> Page:
    """Give the quality note of every indicator."""
    return Page(
        path=view.path("quality.html"),
        template="quality.html.j2",
        title=phrase("quality.title"),
        languages=view.languages,
        tables={"quality": view.rows("quality")},
        context={"quality": view.rows("quality")},
        trail=(Crumb(view.path("index.html"), pack_title(view)),),
        view=view,
        section="quality",
    )


def changes(view: IndexView) -> Page:
    """Give what changed since the release before."""
    return Page(
        path=view.path("changes.html"),
        template="changes.html.j2",
        title=phrase("changes.title"),
        languages=view.languages,
        tables={"revisions": view.revisions},
        context={
            "revisions": view.revisions[:MOST_REVISIONS],
            "total": len(view.revisions),
            "previous": view.description.get("previous_version"),
        },
        trail=(Crumb(view.path("index.html"), pack_title(view)),),
        view=view,
        section="changes",
    )
