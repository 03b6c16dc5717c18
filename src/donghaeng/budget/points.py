"""How index points follow from covered need."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from donghaeng.budget.build import Built
from donghaeng.budget.objectives import Points
from donghaeng.budget.section import BudgetSection
from donghaeng.index.scores import Scores


def points_of(section: BudgetSection, built: Built, scores: Scores | None) -> Points:
    """Give the points that covered need makes, by indicator.

    The score of an indicator is taken to rise in proportion to the covered share of its need, all else (quality, what
    is measured) unchanged: points for full coverage are the score of the evidence year over the share covered then.
    Without a score it is the base value over the share covered in the first year that is known.

    Args:
        section: the budget of a pack.
        built: its problem.
        scores: the scores of the pack's index; None without one.
    """
    nodes = tuple(dict.fromkeys(node for node, _ in built.problem.cells))
    base = 100.0 if scores is None or scores.recipe.base_value is None else float(scores.recipe.base_value)
    known: list[str] = []
    per_share: list[float] = []
    weights: list[float] = []
    for node in nodes:
        rows = [need for need in built.needs if need.node == node]
        covered = sum(need.delivered for need in rows) / sum(need.need for need in rows)
        score, weight = (None, 1.0) if scores is None else _score(section, scores, node, rows[0].place)
        if score is None or covered <= 0:
            score, covered = base, _first_covered(section, node, [need.place for need in rows])
        if covered > 0:
            known.append(node)
            per_share.append(score / covered)
            weights.append(weight)
    shares = np.array(weights) if scores is not None else np.full(len(known), 1 / max(1, len(known)))
    return Points(tuple(known), np.array(per_share), shares, base)


def _score(section: BudgetSection, scores: Scores, node: str, place: str) -> tuple[float | None, float]:
    """Give the score of an indicator in the evidence year where the whole is scored, and its share in the index."""
    position = scores.structure.position.get(node)
    period = next((at for at, one in enumerate(scores.periods) if one.text == section.settings.evidence_year), None)
    where = _whole(scores, section.above, place)
    if position is None or period is None or where is None:
        return None, 0.0
    value = float(scores.values[where, period, position])
    parents = {scores.structure.position[one.code]: one.parent for one in scores.structure.nodes}
    weight, at = 1.0, position
    while parents[at]:
        weight *= float(np.nan_to_num(scores.shares[where, period, at]))
        at = scores.structure.position[parents[at]]
    return (value if np.isfinite(value) and value > 0 else None), weight


def _whole(scores: Scores, above: Mapping[str, str], place: str) -> int | None:
    """Give the position of the largest place with scores that a place is part of."""
    found, seen = None, {place}
    while True:
        found = scores.places.index(place) if place in scores.places else found
        place = above.get(place, "")
        if not place or place in seen:
            return found
        seen.add(place)


def _first_covered(section: BudgetSection, node: str, places: list[str]) -> float:
    """Give the share that was covered in the first year of all the places."""
    series = [list(section.needs.series(node, place).values()) for place in places]
    return sum(one[0].delivered for one in series) / sum(one[0].need for one in series)
