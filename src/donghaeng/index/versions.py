"""Two versions of an index: what was revised in the data, and what data and method did to the scores."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from donghaeng.errors import InputError
from donghaeng.index.score import score as compute
from donghaeng.index.scores import Scores
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
        ranks: one row a period with both roots: places compared, mean and largest change of rank, how many keep
            theirs, Kendall's tau-b.
    """

    scores: list[dict[str, Any]]
    revisions: list[dict[str, Any]]
    effects: list[dict[str, Any]]
    recipe: dict[str, tuple[str, str]]
    ranks: list[dict[str, Any]]


def compare_versions(first: Scores, second: Scores, places: tuple[Place, ...]) -> Versions:
    """Compare two results of the same or similar indices.

    Args:
        first: the earlier version.
        second: the later version.
        places: places of the second version, with their tree.
    """
    crossed = _first_method_on_second_data(first, second, places)
    return Versions(
        _score_rows(first, second),
        _revision_rows(first, second),
        _effect_rows(first, second, crossed),
        _recipe_differences(first.recipe.model_dump(mode="json"), second.recipe.model_dump(mode="json")),
        _rank_rows(first, second),
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


def _recipe_differences(first: Any, second: Any, path: str = "") -> dict[str, tuple[str, str]]:
    """Give the keys at which two recipes differ, with points between levels."""
    if not (isinstance(first, dict) and isinstance(second, dict)):
        return {} if first == second else {path: (_text(first), _text(second))}
    found: dict[str, tuple[str, str]] = {}
    for key in [*first, *(key for key in second if key not in first)]:
        found |= _recipe_differences(first.get(key), second.get(key), f"{path}.{key}".lstrip("."))
    return found


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
    composite = {scores.places[place] for scores in (first, second) for place in scores.parts}
    rows = []
    for period in [period.text for period in first.periods]:
        places = [place for place, when in one if when == period and (place, when) in other and place not in composite]
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
