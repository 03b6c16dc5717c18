"""Charts of how an index is built and hangs together: which there are, and what each asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from donghaeng.release.read import Row
from donghaeng.site.charts import Drawing
from donghaeng.site.figures import Figures
from donghaeng.site.page import Picture, phrase
from donghaeng.site.pictures import marked, slug_of
from donghaeng.site.structure_charts import Branch, Standing, correlation_map, profile, tree
from donghaeng.site.view import IndexView, stream_of

#: A tree with more nodes is drawn without its indicators, and one with more composites without the lower ones.
MOST_BRANCHES = 80
#: A map with more elements cannot be read.
MOST_IN_MAP = 16


def framework_drawn(view: IndexView, weights: Sequence[Row]) -> dict[str, Picture]:
    """What is the index made of, and how much does each part weigh?"""
    stream = stream_of(str(weights[0]["kind"])) if weights else None
    if stream is None:
        return {}
    share = {str(row["node"]): float(row["share"] or 0.0) for row in weights}
    shown = _branches(view, share)

    def question(figures: Figures) -> str:
        return figures.words.text("structure.tree_question", name=view.name(view.root, figures.words.language))

    def description(figures: Figures) -> str:
        parts = [
            f"{view.name(code, figures.words.language)} {figures.plain_share(share[code])}"
            for code in view.nodes[view.root].children
        ]
        return ", ".join(parts)

    def draw(figures: Figures, width: int) -> Drawing:
        branches = [
            Branch(depth, view.name(code, figures.words.language), share[code], figures.plain_share(share[code]))
            for code, depth in shown
        ]
        return tree(branches, width)

    slug = slug_of("framework", stream)

    def key(figures: Figures) -> str:
        return figures.words.text("structure.tree_key", root=view.name(view.root, figures.words.language))

    return {slug: Picture(slug, stream, marked(question, stream), marked(description, stream), draw, key)}


def _branches(view: IndexView, share: Mapping[str, float]) -> list[tuple[str, int]]:
    """Give nodes from the root down with their depth: all that count, or so many levels as can be drawn.

    Below a composite whose value is given nothing has a share, so nothing is drawn.
    """
    found: list[tuple[str, int]] = []
    waiting = [(view.root, 0)]
    while waiting:
        code, depth = waiting.pop()
        found.append((code, depth))
        children = view.nodes[code].children
        if any(share[child] for child in children):
            waiting.extend((child, depth + 1) for child in reversed(children))
    deepest = max(depth for _, depth in found)
    while len(found) > MOST_BRANCHES and deepest > 1:
        deepest -= 1
        found = [(code, depth) for code, depth in found if depth <= deepest]
    return found


def correlations_drawn(view: IndexView, pairs: Sequence[Row]) -> dict[str, Picture]:
    """Do the areas move together? A map of the groups of indicators."""
    stream = stream_of(str(pairs[0]["kind"])) if pairs else None
    across = [row for row in pairs if not row["group"] and row["value"] is not None]
    children = list(dict.fromkeys(str(row[end]) for row in across for end in ("first", "second")))
    if stream is None or not 2 < len(children) <= MOST_IN_MAP:
        return {}
    position = {code: at for at, code in enumerate(children)}
    values = {(position[str(row["first"])], position[str(row["second"])]): float(row["value"]) for row in across}

    def question(figures: Figures) -> str:
        period = figures.plain_period(str(pairs[0]["period"]))
        return figures.words.text("structure.map_question", period=period)

    def description(figures: Figures) -> str:
        (one, two), most = max(values.items(), key=lambda item: abs(item[1]))
        names = [view.name(children[at], figures.words.language) for at in (one, two)]
        return figures.words.text("structure.map_text", first=names[0], second=names[1], value=figures.plain(most, 2))

    def draw(figures: Figures, width: int) -> Drawing:
        names = [view.name(code, figures.words.language) for code in children]
        labels = {pair: figures.plain(value, 2) for pair, value in values.items()}
        return correlation_map(names, values, labels, width)

    slug = slug_of("correlations", stream)
    key = phrase("structure.map_key")
    return {slug: Picture(slug, stream, marked(question, stream), marked(description, stream), draw, key)}


def profile_drawn(view: IndexView, place: str) -> dict[str, Picture]:
    """In what is a place ahead, and in what behind? Its areas within the range of all places."""
    period = view.newest_period
    stream = view.stream
    if period is None:
        return {}
    found: list[tuple[str, float, list[float]]] = []
    for code in view.nodes[view.root].children:
        own = view.value(code, place, period, stream)
        others = [view.value(code, other, period, stream) for other in view.scored_places]
        given = [value for value in others if value is not None]
        if own is not None and len(given) > 2:
            found.append((code, own, given))
    if len(found) < 2:
        return {}

    def question(figures: Figures) -> str:
        name = view.place_name(place, figures.words.language)
        return figures.words.text("structure.profile_question", name=name, period=figures.plain_period(period))

    def standings(figures: Figures) -> list[Standing]:
        return [
            Standing(
                view.name(code, figures.words.language), own, min(given), median(given), max(given), figures.plain(own)
            )
            for code, own, given in found
        ]

    def description(figures: Figures) -> str:
        return "; ".join(
            figures.words.text(
                "structure.profile_text",
                name=one.name,
                value=one.label,
                low=figures.plain(one.low),
                middle=figures.plain(one.middle),
                high=figures.plain(one.high),
            )
            for one in standings(figures)
        )

    def draw(figures: Figures, width: int) -> Drawing:
        return profile(standings(figures), width)

    slug = slug_of("profile", stream)
    key = phrase("structure.profile_key")
    return {slug: Picture(slug, stream, marked(question, stream), marked(description, stream), draw, key)}
