"""Published figures of a pack that belong to no index: each with its definition, its values and their sources."""

from __future__ import annotations

from dataclasses import dataclass

from donghaeng import periods
from donghaeng.release.read import Row
from donghaeng.site.pack_view import PackView
from donghaeng.site.page import Crumb, Page, pack_title, phrase

#: File name of the page.
FILE = "figures.html"


@dataclass(frozen=True)
class Published:
    """A figure with what was said of it.

    Attributes:
        definition: its row of ``figures``.
        used: its rows of ``figure_values`` that are used, oldest first.
        others: for each of these, the rows that say otherwise.
        has_places: whether they are about more than one place.
    """

    definition: Row
    used: tuple[Row, ...]
    others: tuple[tuple[Row, ...], ...]
    has_places: bool


def published(view: PackView) -> list[Page]:
    """Give the page, where the pack has such figures."""
    groups: dict[str, tuple[Row, list[Published]]] = {}
    for definition in view.rows("figures"):
        own = [row for row in view.rows("figure_values") if row["node"] == definition["node"]]
        own.sort(key=lambda row: (periods.parse(str(row["period"])), str(row["place"])))
        used = tuple(row for row in own if row["used"])
        others = tuple(tuple(row for row in own if not row["used"] and _cell(row) == _cell(one)) for one in used)
        has_places = len({row["place"] for row in used}) > 1
        _, found = groups.setdefault(str(definition["group"]), (definition, []))
        found.append(Published(definition, used, others, has_places))
    if not groups:
        return []
    page = Page(
        path=view.path(FILE),
        template="published.html.j2",
        title=phrase("figures.title"),
        languages=view.languages,
        tables={name: view.rows(name) for name in ("figure_values", "figures")},
        context={"groups": list(groups.values())},
        trail=(Crumb(view.path("index.html"), pack_title(view)),),
        view=view,
        section="figures",
    )
    return [page]


def _cell(row: Row) -> tuple[str, str]:
    return str(row["place"]), str(row["period"])
