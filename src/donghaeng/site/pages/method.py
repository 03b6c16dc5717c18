"""How the index is computed, and whether the result agrees with what was published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from donghaeng.release.read import Row
from donghaeng.site.page import Crumb, Page, index_title, phrase
from donghaeng.site.pages.nodes import MOST_ROWS
from donghaeng.site.view import IndexView

#: The verbs of a recipe in the order in which they are carried out.
VERBS = ("link", "denominate", "impute", "screen", "treat", "normalise", "weigh", "aggregate", "freeze", "places")


@dataclass(frozen=True)
class Step:
    """A step of the method.

    Attributes:
        verb: which step it is.
        method: the method it uses; empty where there is only one.
        settings: what else is set, as (name, value).
    """

    verb: str
    method: str
    settings: tuple[tuple[str, str], ...]


def steps_of(recipe: Mapping[str, Any]) -> list[Step]:
    """Give the steps that a recipe takes."""
    steps: list[Step] = []
    for verb in [*VERBS, *(key for key in recipe if key not in {*VERBS, "format", "compare"})]:
        given = recipe.get(verb)
        for entry in given if isinstance(given, list) else [given]:
            if isinstance(entry, Mapping):
                settings = tuple(
                    (name, _setting(value)) for name, value in _set_only(entry).items() if name != "method"
                )
                steps.append(Step(verb, str(entry.get("method") or ""), settings))
            elif entry is not None:
                steps.append(Step(verb, "", ((verb, _setting(entry)),)))
    return steps


def _differing_first(rows: Sequence[Row]) -> list[Row]:
    """Put values that do not agree before those that cannot be compared, and these before those that agree."""
    if len(rows) <= MOST_ROWS:
        return list(rows)
    return sorted(rows, key=lambda row: 1 if row["agrees"] is None else 2 * row["agrees"])


def _set_only(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if value is not None and value not in ({}, [], ())}


def _setting(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_setting(inner)}" for name, inner in _set_only(value).items())
    if isinstance(value, list):
        return ", ".join(map(_setting, value))
    return f"{value:g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)


def method(view: IndexView) -> Page:
    """Give the page of the method."""
    given = [row for row in view.rows("observations") if not view.nodes[row["node"]].is_leaf and row["used"]]
    counted = [row for row in given if row["count"] is not None]
    lower = tuple(code for code in view.leaves if view.nodes[code].row["direction"] == "lower")
    weights = {float(node.row["weight"] or 1.0) for node in view.nodes.values()}
    return Page(
        path=view.path("method.html"),
        template="method.html.j2",
        title=phrase("method.title"),
        languages=view.languages,
        tables={
            "published": view.rows("published"),
            "conflicts": view.rows("conflicts"),
            "observations": counted,
            "structure": view.rows("structure"),
        },
        context={
            "recipe": view.pack.recipe,
            "steps": steps_of(view.pack.recipe),
            "published": _differing_first(view.rows("published"))[:MOST_ROWS],
            "published_total": len(view.rows("published")),
            "conflicts": view.rows("conflicts")[:MOST_ROWS],
            "conflicts_total": len(view.rows("conflicts")),
            "counted": counted[:MOST_ROWS],
            "counted_total": len(counted),
            "lower": lower,
            "lower_scored": tuple(code for code in lower if view.quality.get(code, {}).get("values")),
            "given": tuple(dict.fromkeys(str(row["node"]) for row in counted)),
            "weighted": len(weights) > 1,
        },
        trail=(Crumb(view.path("index.html"), index_title(view)),),
        view=view,
        section="method",
    )
