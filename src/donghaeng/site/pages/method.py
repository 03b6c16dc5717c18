"""How the index is computed, and whether the result agrees with what was published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from donghaeng.release.read import Row
from donghaeng.site.page import Crumb, Page, pack_title, phrase
from donghaeng.site.pages.nodes import MOST_ROWS
from donghaeng.site.pictures_structure import framework_drawn
from donghaeng.site.view import IndexView

#: The verbs of a recipe in the order in which they are carried out.
VERBS = (
    *("breakdown", "small_numbers", "link", "denominate", "impute", "screen", "treat", "normalise", "weigh"),
    *("aggregate", "freeze", "chain", "places", "rebase"),
)


#: Settings that only some means use; the others ignore them.
MEAN_SETTINGS: Mapping[str, tuple[str, ...]] = {
    "generalised": ("power",),
    "mazziotta_pareto": ("penalty",),
    "adjusted_mazziotta_pareto": ("penalty",),
    "ordered_weighted": ("position_weights",),
    "benefit_of_the_doubt": ("least_share", "most_share"),
}
#: Means that weights enter.
WEIGHTED_MEANS = frozenset(
    {
        *("arithmetic", "geometric", "harmonic", "generalised", "median"),
        *("mazziotta_pareto", "adjusted_mazziotta_pareto", "copeland", "kemeny_young"),
    }
)


@dataclass(frozen=True)
class MeanLine:
    """How some composites are made from their children.

    Attributes:
        level: their level, where each level has its own mean; empty where all have the same or for single nodes.
        codes: the composites.
        method: the mean.
        over: ``indicators`` or ``children``, for means that weights enter; else empty.
        weighted: whether weights differ among the children of any of them.
        settings: what else is set and used, as (name, value).
    """

    level: str
    codes: tuple[str, ...]
    method: str
    over: str
    weighted: bool
    settings: tuple[tuple[str, str], ...]


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
    for verb in [*VERBS, *(key for key in recipe if key not in {*VERBS, "format", "compare", "decimals"})]:
        given = recipe.get(verb)
        for entry in given if isinstance(given, list) else [given]:
            if isinstance(entry, Mapping) and verb == "aggregate":
                steps.append(Step(verb, "", ()))  # each level and node has a mean of its own: `means_of`
            elif isinstance(entry, Mapping):
                settings = tuple(
                    (name, _setting(value)) for name, value in _set_only(entry).items() if name != "method"
                )
                steps.append(Step(verb, str(entry.get("method") or ""), settings))
            elif entry is not None:
                steps.append(Step(verb, "", ((verb, _setting(entry)),)))
    return steps


def means_of(view: IndexView) -> list[MeanLine]:
    """Give the mean of each level, the highest first, and those of single nodes; one line where all have the same."""
    recipe = view.recipe
    base = dict(recipe.get("aggregate") or {})
    levels, nodes = base.pop("levels", None) or {}, base.pop("nodes", None) or {}
    groups: dict[str, list[str]] = {}
    for code in view.inner:
        if code not in nodes:
            groups.setdefault(str(view.nodes[code].row["level"]), []).append(code)
    found = [(level, groups[level], levels.get(level) or base) for level in sorted(groups, key=int, reverse=True)]
    lines = [_mean_line(view, level, codes, mean) for level, codes, mean in found]
    lines += [_mean_line(view, "", [code], nodes[code]) for code in view.inner if code in nodes]
    if lines and not nodes and len({(line.method, line.over, line.settings) for line in lines}) == 1:
        first = lines[0]
        weighted = any(line.weighted for line in lines)
        return [MeanLine("", view.inner, first.method, first.over, weighted, first.settings)]
    return lines


def _mean_line(view: IndexView, level: str, codes: Sequence[str], mean: Mapping[str, Any]) -> MeanLine:
    method = str(mean.get("method") or "")
    names = [*MEAN_SETTINGS.get(method, ()), "rescale_around"]
    if (mean.get("least_available") or 0) > 0:
        names.append("least_available")
    settings = tuple((name, _setting(mean[name])) for name in names if mean.get(name) is not None)
    over = str(mean.get("over") or "children") if method in WEIGHTED_MEANS else ""
    return MeanLine(level, tuple(codes), method, over, any(_weights_differ(view, code) for code in codes), settings)


def _weights_differ(view: IndexView, code: str) -> bool:
    """Say whether the children of a composite have different weights, given or computed."""
    weigh = view.recipe.get("weigh") or {}
    weigh = (weigh.get("levels") or {}).get(str(view.nodes[code].row["level"])) or weigh
    children = view.nodes[code].children
    if weigh.get("method", "given") != "given":
        return weigh["method"] != "equal" and len(children) > 1
    return len({_weight(view, child) for child in children}) > 1


def _weight(view: IndexView, code: str) -> float:
    weight = view.nodes[code].row["weight"]
    return 1.0 if weight is None else float(weight)


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
            "weights": view.rows("weights"),
        },
        context={
            "recipe": view.recipe,
            "steps": steps_of(view.recipe),
            "published": _differing_first(view.rows("published"))[:MOST_ROWS],
            "published_total": len(view.rows("published")),
            "conflicts": view.rows("conflicts")[:MOST_ROWS],
            "conflicts_total": len(view.rows("conflicts")),
            "counted": counted[:MOST_ROWS],
            "counted_total": len(counted),
            "lower": lower,
            "lower_scored": tuple(code for code in lower if view.quality.get(code, {}).get("values")),
            "given": tuple(dict.fromkeys(str(row["node"]) for row in counted)),
            "means": means_of(view),
            "weighted": any(_weights_differ(view, code) for code in view.inner),
            "weights": [row for row in view.rows("weights") if row["share"]],
        },
        pictures=framework_drawn(view, view.rows("weights")),
        trail=(Crumb(view.path("index.html"), pack_title(view)),),
        view=view,
        section="method",
    )
