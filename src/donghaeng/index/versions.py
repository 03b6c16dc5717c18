"""Two versions of an index: what was revised in the data, and what data and method did to the scores."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from donghaeng.errors import InputError
from donghaeng.index.score import score as compute
from donghaeng.index.scores import Scores
from donghaeng.index.structure import Node, Structure
from donghaeng.index.study import compare
from donghaeng.panel import Floats
from donghaeng.places import Place


@dataclass(frozen=True)
class Versions:
    """The comparison of two versions.

    Attributes:
        scores: one row for each place, period and node of either: first, second, difference, rank_first,
            rank_second; null where a version has none. Sorted by the first version's order.
        revisions: inputs that differ: node, place, period, first, second, what (``added``, ``removed``,
            ``changed``).
        effects: for the root of each place and period that both have: difference, of which by the data (the first
            method on the second data) and by the method (the rest); null where the first method does not fit.
        recipe: keys of the recipe that differ, each with both values as text.
        structure: cells of the structure that differ, by node and column such as ``health.weight``, each with both
            values as text; a node that only one version has stands by its code, with its parent. Names and notes are
            passed over.
        ranks: one row a period with both roots: places compared, mean and largest change of rank, how many keep
            theirs, Kendall's tau-b. Places are compared with those of the main breakdown only.
        inputs: `revisions` in short, one row a node: changed, added, removed, mean_change and largest_change (that of
            the largest size) over what changed, and its place and period; null where nothing changed. Largest first.
        moved: one row for each node and period that both have: places with both scores, changed (by more than half of
            the last decimal that the second version prints), mean_change over all of them, largest_change and its
            place.
    """

    scores: list[dict[str, Any]]
    revisions: list[dict[str, Any]]
    effects: list[dict[str, Any]]
    recipe: dict[str, tuple[str, str]]
    ranks: list[dict[str, Any]]
    structure: dict[str, tuple[str, str]]
    inputs: list[dict[str, Any]]
    moved: list[dict[str, Any]]


def compare_versions(first: Scores, second: Scores, places: tuple[Place, ...]) -> Versions:
    """Compare two results of the same or similar indices.

    Args:
        first: the earlier version.
        second: the later version.
        places: places of the second version, with their tree.
    """
    crossed = _first_method_on_second_data(first, second, places)
    scores, revisions = _score_rows(first, second), _revision_rows(first, second)
    return Versions(
        scores,
        revisions,
        _effect_rows(first, second, crossed),
        _recipe_differences(first.recipe.model_dump(mode="json"), second.recipe.model_dump(mode="json")),
        _rank_rows(first, second),
        _structure_differences(first.structure, second.structure),
        _input_rows(revisions),
        _moved_rows(scores, second),
    )


def _first_method_on_second_data(first: Scores, second: Scores, places: tuple[Place, ...]) -> Scores | None:
    if not set(second.observations.columns["node"]) <= set(first.structure.codes):
        return None
    try:
        return compute(first.structure, first.recipe, second.observations, second.attributes, places)
    except InputError:  # the first structure or recipe does not fit the second data
        return None


Cells = dict[tuple[str, str, str], float]


def _cells(scores: Scores, values: Floats) -> Cells:
    """Give the values that are there by place, period and node."""
    return {
        (scores.places[place], scores.periods[period].text, scores.structure.codes[node]): float(
            values[place, period, node]
        )
        for place, period, node in np.argwhere(np.isfinite(values))
    }


def _score_rows(first: Scores, second: Scores) -> list[dict[str, Any]]:
    one, other = _cells(first, first.values), _cells(second, second.values)
    one_rank, other_rank = _cells(first, first.ranks()), _cells(second, second.ranks())
    rows = []
    for key in [*one, *(key for key in other if key not in one)]:
        before, after = one.get(key), other.get(key)
        place, period, node = key
        rows.append(
            {
                "place": place,
                "period": period,
                "node": node,
                "first": before,
                "second": after,
                "difference": after - before if before is not None and after is not None else None,
                "rank_first": _whole(one_rank.get(key)),
                "rank_second": _whole(other_rank.get(key)),
            }
        )
    return rows


def _revision_rows(first: Scores, second: Scores) -> list[dict[str, Any]]:
    one, other = _cells(first, first.panel.values), _cells(second, second.panel.values)
    rows = []
    for key in [*one, *(key for key in other if key not in one)]:
        before, after = one.get(key), other.get(key)
        if before != after:
            place, period, node = key
            what = "added" if before is None else "removed" if after is None else "changed"
            rows.append(
                {"place": place, "period": period, "node": node, "first": before, "second": after, "what": what}
            )
    return rows


def _input_rows(revisions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by_node: dict[str, list[dict[str, Any]]] = {}
    for row in revisions:
        by_node.setdefault(row["node"], []).append(row)
    rows = []
    for node, own in by_node.items():
        changed = [(row["second"] - row["first"], row) for row in own if row["what"] == "changed"]
        largest, where = max(changed, key=lambda pair: abs(pair[0]), default=(None, None))
        rows.append(
            {
                "node": node,
                **{what: sum(row["what"] == what for row in own) for what in ("changed", "added", "removed")},
                "mean_change": float(np.mean([change for change, _ in changed])) if changed else None,
                "largest_change": largest,
                "place": where and where["place"],
                "period": where and where["period"],
            }
        )
    return sorted(rows, key=lambda row: -abs(row["largest_change"] or 0.0))


def _moved_rows(scores: list[dict[str, Any]], second: Scores) -> list[dict[str, Any]]:
    main = {place for place in second.places if not second.attributes.breakdowns.get(place)}
    composite = {second.places[place] for place in second.parts}
    cells: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in scores:
        if row["difference"] is not None and row["place"] in main - composite:
            cells.setdefault((row["node"], row["period"]), []).append(row)
    least = 0.5 * 10.0**-second.recipe.decimals
    rows = []
    for (node, period), own in cells.items():
        changes = np.array([row["difference"] for row in own])
        at = int(np.abs(changes).argmax())
        rows.append(
            {
                "node": node,
                "period": period,
                "places": len(own),
                "changed": int((np.abs(changes) > least).sum()),
                "mean_change": float(changes.mean()),
                "largest_change": float(changes[at]),
                "place": own[at]["place"],
            }
        )
    order = {code: at for at, code in enumerate(second.structure.codes)}
    return sorted(rows, key=lambda row: (order.get(row["node"], len(order)), row["period"]))


def _recipe_differences(first: Any, second: Any, path: str = "") -> dict[str, tuple[str, str]]:
    """Give the keys at which two recipes differ, with points between levels."""
    if not (isinstance(first, dict) and isinstance(second, dict)):
        return {} if first == second else {path: (_text(first), _text(second))}
    found: dict[str, tuple[str, str]] = {}
    for key in [*first, *(key for key in second if key not in first)]:
        found |= _recipe_differences(first.get(key), second.get(key), f"{path}.{key}".lstrip("."))
    return found


#: Optional columns of the structure that are part of the method; the others are words.
_OF_METHOD = ("indicators", "denominator", "treat", "target", "lower", "upper", "rescale", "same_as")


def _structure_differences(first: Structure, second: Structure) -> dict[str, tuple[str, str]]:
    one, other = ({node.code: _cells_of(node) for node in structure.nodes} for structure in (first, second))
    found: dict[str, tuple[str, str]] = {}
    for code in [*one, *(code for code in other if code not in one)]:
        if code in one and code in other:
            before, after = one[code], other[code]
            found |= {
                f"{code}.{column}": (before[column] or "none", after[column] or "none")
                for column in before
                if before[column] != after[column]
            }
        else:
            below = f"below {(one.get(code) or other[code])['parent'] or 'nothing'}"
            found[code] = (below, "none") if code in one else ("none", below)
    return found


def _cells_of(node: Node) -> dict[str, str]:
    cells = {"parent": node.parent, "unit": node.unit, "direction": node.direction, "weight": f"{node.weight:g}"}
    return cells | {column: node.details.get(column, "") for column in _OF_METHOD}


def _text(value: Any) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)


def _effect_rows(first: Scores, second: Scores, crossed: Scores | None) -> list[dict[str, Any]]:
    one, other = _roots(first), _roots(second)
    between = _roots(crossed) if crossed else {}
    rows = []
    for key, before in one.items():
        if key not in other:
            continue
        by_data = between[key] - before if key in between else None
        rows.append(
            {
                "place": key[0],
                "period": key[1],
                "difference": other[key] - before,
                "by_data": by_data,
                "by_method": other[key] - between[key] if key in between else None,
            }
        )
    return rows


def _roots(scores: Scores) -> dict[tuple[str, str], float]:
    root = scores.structure.root
    return {
        (scores.places[place], scores.periods[period].text): float(scores.values[place, period, root])
        for place, period in np.argwhere(np.isfinite(scores.values[..., root]))
    }


def _rank_rows(first: Scores, second: Scores) -> list[dict[str, Any]]:
    one, other = _roots(first), _roots(second)
    others = {scores.places[place] for scores in (first, second) for place in scores.parts}
    others |= {place for scores in (first, second) for place, name in scores.attributes.breakdowns.items() if name}
    rows = []
    for period in [period.text for period in first.periods]:
        places = [place for place, when in one if when == period and (place, when) in other and place not in others]
        if len(places) > 1:
            before = np.array([one[place, period] for place in places])
            after = np.array([other[place, period] for place in places])
            result = compare(before, after)
            rows.append(
                {
                    "period": period,
                    "places": result.compared,
                    "mean_rank_change": result.mean_absolute_change,
                    "largest_rank_change": _whole(result.largest_change),
                    "same_rank": result.unchanged,
                    "kendall": None if np.isnan(result.kendall) else result.kendall,
                }
            )
    return rows


def _whole(value: float | None) -> int | None:
    return None if value is None or np.isnan(value) else int(value)
