"""Uncertainty: what the combinations of choices that were tried say about scores, ranks and changes.

Every share is a share of the recipes tried, which somebody made up: it is no probability that something is true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from donghaeng.index.alternatives import Alternatives, Progress, Runs, run
from donghaeng.index.robustness.design import Enumeration
from donghaeng.index.robustness.factors import Choice, Space
from donghaeng.index.robustness.indices import Indices, indices_of_grid
from donghaeng.index.robustness.summary import sentence
from donghaeng.index.scores import Scores, nodes_named, without_noise
from donghaeng.panel import Floats
from donghaeng.wording import LANGUAGES

#: Scores and ranks are given from the first to the second of these quantiles.
INTERVAL = (0.05, 0.95)

#: Below this a difference is the rounding of floating-point sums.
_NOISE = 1e-9

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """What was tried, and what came of it; each table is a list of plain rows.

    Attributes:
        runs: the combinations.
        intervals: place, period, nominal score and rank, and for scores and ranks over all combinations low (5 %),
            median, high (95 %), least and most; below: share of the combinations with a score below the base value.
        changes: place, period, nominal change on the year before, low, median, high, and the share of the
            combinations in which it is a fall.
        ranks: place, period, rank, share of the combinations in which the place has it.
        ahead: period, place and the place behind it by nominal rank, share of the combinations in which it is ahead.
        sensitivity: target, place, period, factor, first-order and total Sobol index; none where not every
            combination was tried, one failed or one is excluded; none of a place that some combination leaves without
            a score, and none of ranks where there is such a place.
        interactions: target, place, period, factor, other factor, and the second-order index of the two.
        tried: factor, choice, their labels and probability.
        failures: factor choices of runs that could not be computed, and why.
        without_score: place, period, and the number and share of the combinations that could be computed and leave it
            without a score, with the choices of the first of them.
        sentences: what the newest result depends on most, by language.
    """

    runs: Runs
    intervals: list[Row]
    changes: list[Row]
    ranks: list[Row]
    ahead: list[Row]
    sensitivity: list[Row]
    interactions: list[Row]
    tried: list[Row]
    failures: list[Row]
    without_score: list[Row]
    sentences: Mapping[str, str]


def uncertainty(
    scores: Scores,
    alternatives: Alternatives,
    sample: int | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Uncertainty:
    """Try all combinations of choices and say what they mean for the index.

    Args:
        scores: the index by the recipe as it is.
        alternatives: the factors.
        sample: number of combinations to draw instead of trying all.
        seed: seed of the draw.
        progress: called with combinations done and wanted.

    Raises:
        InputError: a choice that does not fit the pack.
    """
    runs = run(scores, alternatives, sample, seed, progress)
    ranks = _ranks(runs.scores, scores)
    indices = _indices(runs, ranks, scores)
    return Uncertainty(
        runs,
        _intervals(runs, ranks, scores),
        _changes(runs, scores),
        _rank_shares(runs, ranks, scores),
        _ahead(runs, ranks, scores),
        [row for one in indices for row in _sensitivity_rows(one)],
        [row for one in indices for row in _interaction_rows(one)],
        _tried(runs, alternatives),
        _failures(runs),
        _without_score(runs, scores),
        _sentences(indices, alternatives, scores),
    )


def _ranks(values: Floats, scores: Scores) -> Floats:
    """Rank the places of each run and period as `Scores.ranks` does: highest is 1, ties share the smallest."""
    result = np.full(values.shape, np.nan)
    root = scores.structure.codes[scores.structure.root]
    sign = -1.0 if root in nodes_named(scores.structure, scores.recipe.lowest_first) else 1.0
    labels = [scores.attributes.breakdowns.get(place, "") for place in scores.places]
    for name in dict.fromkeys(labels):
        ranked = [place for place, label in enumerate(labels) if label == name and place not in scores.parts]
        if len(ranked) > 1:
            result[:, ranked] = _ranks_down(sign * without_noise(values[:, ranked]))
    return result


def _ranks_down(values: Floats) -> Floats:
    """Rank along the second axis, the highest first; NaN for no value."""
    order = np.argsort(-values, axis=1, kind="stable")  # no value comes last
    sorted_values = np.take_along_axis(values, order, axis=1)
    position = np.broadcast_to(np.arange(values.shape[1]).reshape(1, -1, 1), values.shape)
    starts = np.where(sorted_values[:, 1:] == sorted_values[:, :-1], 0, position[:, 1:])
    first = np.maximum.accumulate(np.concatenate([position[:, :1], starts], axis=1), axis=1)
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, first + 1.0, axis=1)
    return np.where(np.isnan(values), np.nan, ranks)


def _quantiles(values: Floats, weights: Floats, cuts: tuple[float, ...]) -> list[float | None]:
    """Give the lowest values at which the summed weight reaches each share of the whole."""
    there = np.isfinite(values)
    if not there.any():
        return [None] * len(cuts)
    order = np.argsort(values[there], kind="stable")
    mass = np.cumsum(weights[there][order])
    at = np.searchsorted(mass, np.array(cuts) * mass[-1] * (1 - 1e-12))
    return [float(values[there][order][min(place, len(order) - 1)]) for place in at]


_CUTS = (0.0, INTERVAL[0], 0.5, INTERVAL[1], 1.0)
_NAMES = ("least", "low", "median", "high", "most")


def _intervals(runs: Runs, ranks: Floats, scores: Scores) -> list[Row]:
    base = scores.recipe.base_value
    nominal_ranks = scores.ranks()[..., scores.structure.root]
    rows = []
    for place, period in np.argwhere(np.isfinite(runs.nominal)):
        values = runs.scores[:, place, period]
        of_score = _quantiles(values, runs.probabilities, _CUTS)
        of_rank = _quantiles(ranks[:, place, period], runs.probabilities, _CUTS)
        rows.append(
            {
                "place": scores.places[place],
                "period": scores.periods[period].text,
                "nominal": float(runs.nominal[place, period]),
                **dict(zip(_NAMES, of_score, strict=True)),
                "below": None if base is None else _share(values < base - _NOISE, values, runs.probabilities),
                "rank": _whole(nominal_ranks[place, period]),
                **{f"rank_{name}": _whole(rank) for name, rank in zip(_NAMES, of_rank, strict=True)},
            }
        )
    return rows


def _share(holds: np.ndarray[Any, np.dtype[np.bool_]], values: Floats, weights: Floats) -> float | None:
    there = np.isfinite(values)
    return float(weights[holds & there].sum() / weights[there].sum()) if there.any() else None


def _changes(runs: Runs, scores: Scores) -> list[Row]:
    rows = []
    for period in range(len(scores.periods)):
        before = scores.year_before(period)
        if before is None:
            continue
        for place in range(len(scores.places)):
            nominal = runs.nominal[place, period] - runs.nominal[place, before]
            if np.isnan(nominal):
                continue
            values = runs.scores[:, place, period] - runs.scores[:, place, before]
            of_change = _quantiles(values, runs.probabilities, _CUTS)
            rows.append(
                {
                    "place": scores.places[place],
                    "period": scores.periods[period].text,
                    "nominal": float(nominal),
                    **dict(zip(_NAMES, of_change, strict=True)),
                    "falls": _share(values < -_NOISE, values, runs.probabilities),
                }
            )
    return rows


def _rank_shares(runs: Runs, ranks: Floats, scores: Scores) -> list[Row]:
    rows = []
    for place, period in np.argwhere(np.isfinite(ranks).any(axis=0)):
        of_place = ranks[:, place, period]
        there = np.isfinite(of_place)
        total = runs.probabilities[there].sum()
        for rank in np.unique(of_place[there]):
            share = runs.probabilities[of_place == rank].sum() / total
            key = {"place": scores.places[place], "period": scores.periods[period].text}
            rows.append(key | {"rank": int(rank), "share": float(share)})
    return rows


def _ahead(runs: Runs, ranks: Floats, scores: Scores) -> list[Row]:
    rows = []
    of_root = scores.ranks()[..., scores.structure.root]
    labels = [scores.attributes.breakdowns.get(place, "") for place in scores.places]
    for period in range(len(scores.periods)):
        nominal = of_root[:, period]
        # Neighbours in rank are of the same breakdown.
        order = [int(place) for place in np.argsort(nominal, kind="stable") if np.isfinite(nominal[place])]
        pairs = [
            pair
            for name in dict.fromkeys(labels)
            for pair in pairwise([place for place in order if labels[place] == name])
        ]
        for first, second in pairs:
            both = np.isfinite(ranks[:, first, period]) & np.isfinite(ranks[:, second, period])
            wins = both & (ranks[:, first, period] < ranks[:, second, period])
            if not both.any():
                continue
            share = runs.probabilities[wins].sum() / runs.probabilities[both].sum()
            key = {"period": scores.periods[period].text, "place": scores.places[first]}
            rows.append(key | {"behind": scores.places[second], "share": float(share)})
    return rows


def _indices(runs: Runs, ranks: Floats, scores: Scores) -> list[tuple[str, Indices]]:
    """Give exact Sobol indices of the newest period, with the period they are for; none after a failure."""
    if not runs.complete or runs.failures or runs.excluded:
        return []
    space = Space(
        tuple(
            Choice(name, tuple(range(len(choices))), tuple(choice.probability for choice in choices))
            for name, choices in zip(runs.names, runs.variants, strict=True)
        )
    )
    design = Enumeration(space)
    newest = scores.newest_period()
    name = scores.periods[newest].text
    # A place that some recipe leaves without a score has no indices: what is left of its runs is no complete design.
    told = np.isfinite(runs.scores[:, :, newest]).all(axis=0) & np.isfinite(runs.nominal[:, newest])
    places = np.flatnonzero(told).tolist()
    if not places:
        return []
    labels = tuple(scores.places[place] for place in places)
    values = runs.scores[:, places, newest]
    found = [(name, indices_of_grid(design, "score", labels, values))]
    of_root = scores.ranks()[:, newest, scores.structure.root]
    ranked = np.flatnonzero(np.isfinite(of_root)).tolist()
    # Ranks among fewer places are other ranks, so there are indices of ranks only where each place has one always.
    if ranked and np.isfinite(ranks[:, ranked, newest]).all():
        of_ranks = ranks[:, ranked, newest]
        found.append((name, indices_of_grid(design, "rank", tuple(scores.places[place] for place in ranked), of_ranks)))
        nominal = of_root[ranked]
        moved = np.abs(of_ranks - nominal).mean(axis=1, keepdims=True)
        found.append((name, indices_of_grid(design, "mean rank change", ("",), moved)))
    before = scores.year_before(newest)
    if before is not None:
        change = values - runs.scores[:, places, before]
        both = np.flatnonzero(np.isfinite(change).all(axis=0)).tolist()
        if both:
            of_both = tuple(labels[at] for at in both)
            found.append((name, indices_of_grid(design, "change", of_both, change[:, both])))
            found.append((name, indices_of_grid(design, "sign", of_both, _signs(change[:, both]))))
    if scores.recipe.base_value is not None:
        found.append(
            (
                name,
                indices_of_grid(
                    design, "below", labels, np.where(values < scores.recipe.base_value - _NOISE, 1.0, 0.0)
                ),
            )
        )
    return found


def _signs(change: Floats) -> Floats:
    """Give -1, 0 or 1; what is within the rounding of sums is no change."""
    return np.where(np.abs(change) <= _NOISE, 0.0, np.sign(change))


def _sensitivity_rows(found: tuple[str, Indices]) -> list[Row]:
    period, indices = found
    return [
        {
            "target": indices.target,
            "place": label,
            "period": period,
            "factor": factor,
            "first": _number(indices.first[at, column]),
            "total": _number(indices.total[at, column]),
        }
        for column, label in enumerate(indices.labels)
        for at, factor in enumerate(indices.factors)
    ]


def _interaction_rows(found: tuple[str, Indices]) -> list[Row]:
    period, indices = found
    return [
        {
            "target": indices.target,
            "place": label,
            "period": period,
            "factor": indices.factors[first],
            "other": indices.factors[second],
            "second": _number(indices.second[at, column]),
        }
        for column, label in enumerate(indices.labels)
        for at, (first, second) in enumerate(indices.pairs)
    ]


def _tried(runs: Runs, alternatives: Alternatives) -> list[Row]:
    rows = []
    for factor, choices in zip(alternatives.factors, runs.variants, strict=True):
        if factor.noise:
            label = {f"choice_{language}": f"{factor.noise.draws}" for language in LANGUAGES}
            rows.append(_tried_row(factor.name, factor.label, label, 1.0, "draws"))
            continue
        for choice in choices:
            label = {f"choice_{language}": choice.label.get(language, "") for language in LANGUAGES}
            rows.append(_tried_row(factor.name, factor.label, label, choice.probability, "choice"))
    return rows


def _tried_row(name: str, label: Mapping[Any, str], choice: Mapping[str, str], probability: float, what: str) -> Row:
    labels = {f"label_{language}": label.get(language, "") for language in LANGUAGES}
    return {"factor": name, **labels, "what": what, **choice, "probability": probability}


def _failures(runs: Runs) -> list[Row]:
    return [
        {"run": number, "choices": _choices(runs, number), "reason": reason}
        for number, reason in sorted(runs.failures.items())
    ]


def _choices(runs: Runs, number: int) -> str:
    """Say which choice of each factor a run has."""
    said = []
    for at, name in enumerate(runs.names):
        label = runs.variants[at][runs.chosen[number, at]].label
        said.append(f"{name}={label.get('en') or label.get('ko') or ''}")
    return ", ".join(said)


def _without_score(runs: Runs, scores: Scores) -> list[Row]:
    """Name the places that have a score by the recipe as it is and none in some run that could be computed."""
    computed = np.array([number not in runs.failures for number in range(len(runs.chosen))], bool)
    lost = np.isfinite(runs.nominal) & np.isnan(runs.scores) & computed[:, None, None]
    rows = []
    for place, period in np.argwhere(lost.any(axis=0)):
        of_place = np.flatnonzero(lost[:, place, period])
        rows.append(
            {
                "place": scores.places[place],
                "period": scores.periods[period].text,
                "runs": len(of_place),
                "share": float(runs.probabilities[of_place].sum()),
                "choices": _choices(runs, int(of_place[0])),
            }
        )
    return rows


def _sentences(found: list[tuple[str, Indices]], alternatives: Alternatives, scores: Scores) -> dict[str, str]:
    targets = {indices.target: indices for _, indices in found}
    indices = targets.get("mean rank change") or targets.get("score")
    if indices is None or not indices.labels:
        return {}
    label = "" if indices.target == "mean rank change" else indices.labels[0]
    root = scores.structure.nodes[scores.structure.root]
    return {
        language: sentence(
            indices,
            label,
            language,
            {factor.name: factor.label.get(language, factor.name) for factor in alternatives.factors},
            root.names.get(language) or root.code,
        )
        for language in LANGUAGES
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _whole(value: float | None) -> int | None:
    return None if value is None or np.isnan(value) else int(value)
