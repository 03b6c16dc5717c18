"""The study of an index: what `donghaeng.index.study` says of its places and indicators, by code and in sections.

Numbers of a section are plain values: codes, floats, None where there is no number. A section, or a row of one, that
cannot be computed says why in ``reason``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from donghaeng.errors import UsageError, listed, nearest
from donghaeng.index import study
from donghaeng.index.aggregate import AggregationError, aggregate, left_out
from donghaeng.index.methods import MethodError
from donghaeng.index.normalise import Scaled
from donghaeng.index.recipe import Weigh
from donghaeng.index.scores import Scores
from donghaeng.index.structure import Structure
from donghaeng.index.weights import weigher
from donghaeng.panel import Floats

Stage = Literal["raw", "prepared", "scaled"]
STAGES: tuple[Stage, ...] = get_args(Stage)

#: Flags for correlations within a group, and of raw indicators with denominators.
HIGH, LOW, SIZE = 0.9, -0.4, 0.6
NEIGHBOURS = STANDINGS = 5

Section = dict[str, Any]
Rows = list[dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Studied:
    """What is studied: the places with scores of their own, in one period.

    Attributes:
        scores: the index.
        period: position of the period.
        stage: stage of the values that was asked for; None for the natural one of each section.
        places: positions of the places: those that are no means of their parts.
        leaves: positions of the indicators.
    """

    scores: Scores
    period: int
    stage: Stage | None
    places: tuple[int, ...]
    leaves: tuple[int, ...]

    @classmethod
    def of(cls, scores: Scores, period: str | None = None, stage: str | None = None) -> Studied:
        """Choose a period and a stage.

        Args:
            scores: the index.
            period: the period; default, the newest in which the index has a score.
            stage: ``raw``, ``prepared`` or ``scaled``; default, the natural one of each section.

        Raises:
            UsageError: a period that the pack has not, or an unknown stage.
        """
        texts = [one.text for one in scores.periods]
        if period is not None and period not in texts:
            raise UsageError(f'--period "{period}" is none of the pack; expected {listed(texts)}')
        chosen = next((known for known in STAGES if known == stage), None)
        if stage is not None and chosen is None:
            raise UsageError(f'--stage "{stage}" is not known; expected {listed(STAGES)}')
        return cls(
            scores,
            scores.newest_period() if period is None else texts.index(period),
            chosen,
            tuple(place for place in range(len(scores.places)) if place not in scores.parts),
            tuple(index for index in range(len(scores.structure.nodes)) if scores.structure.is_leaf(index)),
        )

    @property
    def structure(self) -> Structure:
        """The tree."""
        return self.scores.structure

    @property
    def has_several(self) -> bool:
        """Whether there are places to compare."""
        return len(self.places) > 1

    @property
    def composites(self) -> tuple[int, ...]:
        """Positions of the composites."""
        return tuple(index for index in range(len(self.structure.nodes)) if not self.structure.is_leaf(index))

    def values(self, stage: Stage, nodes: Sequence[int], period: int | None = None) -> Floats:
        """Give values of a stage in a period, shape places x nodes."""
        arrays: dict[Stage, Floats] = {
            "raw": self.scores.panel.values,
            "prepared": self.scores.prepared.values,
            "scaled": self.scores.scaled.values,
        }
        return self._cut(arrays[stage], nodes, self.period if period is None else period)

    def alike(self, stage: Stage, nodes: Sequence[int]) -> Floats:
        """Give values in which more is better: before scaling, indicators with lower is better are turned round."""
        found = self.values(stage, nodes)
        return found if stage == "scaled" else found * np.where(self.lower(nodes), -1.0, 1.0)

    def lower(self, nodes: Sequence[int]) -> list[bool]:
        """Say of each indicator whether lower is better."""
        return [self.structure.nodes[node].direction == "lower" for node in nodes]

    def outcomes(self, nodes: Sequence[int]) -> Floats:
        """Give scores, shape places x nodes."""
        return self._cut(self.scores.values, nodes, self.period)

    def _cut(self, array: Floats, nodes: Sequence[int], period: int) -> Floats:
        table: Floats = array[np.ix_(self.places, [period], nodes)][:, 0]
        return table

    def group(self, composite: int, stage: Stage) -> tuple[Floats, str]:
        """Give the values of the children of a composite, more is better, and what they are.

        Areas have no values before scaling, so the scores are taken where a child is one.
        """
        children = self.structure.children[composite]
        if all(self.structure.is_leaf(child) for child in children):
            return self.alike(stage, children), stage
        return self.outcomes(children), "scores"

    @property
    def top_down(self) -> tuple[int, ...]:
        """Positions of all nodes, each before those below it, groups together."""
        waiting, found = [self.structure.root], []
        while waiting:
            index = waiting.pop()
            found.append(index)
            waiting.extend(reversed(self.structure.children[index]))
        return tuple(found)

    def below(self, node: int) -> tuple[int, ...]:
        """Give the positions of the indicators below a node."""
        waiting, found = [node], []
        while waiting:
            index = waiting.pop()
            if self.structure.is_leaf(index):
                found.append(index)
            waiting.extend(reversed(self.structure.children[index]))
        return tuple(found)

    def code(self, node: int) -> str:
        """Give the code of a node."""
        return self.structure.codes[node]

    def name(self, node: int) -> str:
        """Give the name of a node, in English where it has one."""
        names = self.structure.nodes[node].names
        return names.get("en") or names.get("ko") or ""

    def place(self, row: int) -> str:
        """Give the code of the place in a row of the tables."""
        return self.scores.places[self.places[row]]

    def row_of(self, code: str) -> int:
        """Find the row of a place.

        Raises:
            UsageError: when there is no such place with values of its own.
        """
        codes = [self.scores.places[place] for place in self.places]
        if code not in codes:
            hint = nearest(code, codes) or f"expected one of {listed(codes)}"
            raise UsageError(f'--place "{code}" is no place with values of its own; {hint}')
        return codes.index(code)


def study_report(
    scores: Scores,
    period: str | None = None,
    stage: str | None = None,
    place: str | None = None,
    sections: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Study an index.

    Args:
        scores: the index.
        period: the period; default, the newest in which the index has a score.
        stage: stage of the values for statistics, correlations, consistency and components; default, raw values
            for statistics and scaled ones for the others.
        place: a place to look at; default, none.
        sections: names of the sections wanted, out of `SECTIONS`; default, all.

    Returns:
        ``period``, ``places`` and ``indicators`` (their numbers), and ``sections`` by name.

    Raises:
        UsageError: an unknown period, stage, place or section.
    """
    chosen = tuple(SECTIONS) if sections is None else tuple(sections)
    for name in chosen:
        if name not in SECTIONS:
            hint = nearest(name, SECTIONS)
            raise UsageError(f'--section "{name}" is not known; expected {listed(SECTIONS)}{hint and "; " + hint}')
    studied = Studied.of(scores, period, stage)
    if place is not None:
        studied.row_of(place)
    found = {name: _section(name, studied, place) for name in chosen}
    return {
        "period": scores.periods[studied.period].text,
        "places": len(studied.places),
        "indicators": len(studied.leaves),
        "sections": {name: _plain(section) for name, section in found.items()},
    }


def _section(name: str, studied: Studied, place: str | None) -> Section:
    if name in _NEED_PLACES and not studied.has_several:
        return {"reason": "needs several places to compare; this pack has one"}
    try:
        return SECTIONS[name](studied, place)
    except MethodError as error:
        return {"reason": _reason(error, ())}


def _plain(value: Any) -> Any:
    """Give plain values: no NaN, no infinity, no array types."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _reason(error: MethodError, codes: Sequence[str]) -> str:
    """Say why something cannot be computed, with codes in place of positions."""

    def named(match: re.Match[str]) -> str:
        at = int(match[1])
        return codes[at] if at < len(codes) else match[0]

    return re.sub(r"\bindicator (\d+)", named, error.what)


def _statistics(studied: Studied, _: str | None) -> Section:
    stage = studied.stage or "raw"
    columns = study.describe(studied.values(stage, studied.leaves)).columns()
    rows: Rows = []
    for at, node in enumerate(studied.leaves):
        numbers = {name: float(values[at]) for name, values in columns.items() if not name.startswith("flag_")}
        flags = [name.removeprefix("flag_") for name in columns if name.startswith("flag_") and columns[name][at]]
        unit = studied.structure.nodes[node].unit
        rows.append({"node": studied.code(node), "name": studied.name(node), "unit": unit} | numbers | {"flags": flags})
    return {"stage": stage, "rows": rows}


def _availability(studied: Studied, _: str | None) -> Section:
    raw = studied.values("raw", studied.leaves)
    found = study.availability_of_units(raw)
    places = [
        {
            "place": studied.place(row),
            "missing": int(found.missing[row]),
            "zero": int(found.zero[row]),
            "share_available": found.share_available[row],
            "share_non_zero": found.share_non_zero[row],
        }
        for row in range(len(studied.places))
    ]
    column = {node: at for at, node in enumerate(studied.leaves)}
    members = [[column[leaf] for leaf in studied.below(node)] for node in studied.composites]
    shares = study.availability_of_groups(raw, members)
    groups = [
        {"place": studied.place(row), "node": studied.code(node), "share_available": shares[row, at]}
        for row in range(len(studied.places))
        for at, node in enumerate(studied.composites)
    ]
    return {"stage": "raw", "places": places, "groups": groups}


def _correlations(studied: Studied, _: str | None) -> Section:
    stage = studied.stage or "scaled"
    pairs: Rows = []
    for composite in studied.composites:
        children = studied.structure.children[composite]
        if len(children) > 1:
            table, of = studied.group(composite, stage)
            pairs += _pairs(studied, composite, children, table, of)
    return {
        "stage": stage,
        "flags": {"high": HIGH, "against": LOW},
        "within_groups": pairs,
        "with_parents": _with_parents(studied),
        "across_groups": _across_groups(studied),
    }


def _across_groups(studied: Studied) -> Rows:
    """Correlations between the scores of all groups of indicators, and of indicators that stand beside groups."""
    tree = studied.structure
    lowest = {index for index in studied.composites if all(map(tree.is_leaf, tree.children[index]))}
    beside = {
        child
        for index in studied.composites
        if index not in lowest
        for child in tree.children[index]
        if tree.is_leaf(child)
    }
    nodes = [index for index in studied.top_down if index in lowest | beside]
    found = study.correlate(studied.outcomes(nodes))
    return [
        {
            "first": studied.code(nodes[first]),
            "second": studied.code(nodes[second]),
            "value": float(found.values[first, second]),
            "p_value": float(found.p_values[first, second]),
            "count": int(found.counts[first, second]),
        }
        for first in range(len(nodes))
        for second in range(first + 1, len(nodes))
    ]


def _pairs(studied: Studied, group: int, members: Sequence[int], table: Floats, stage: str) -> Rows:
    found = study.correlate(table)
    high = study.flagged_within_groups(found, ["group"] * len(members), HIGH, LOW)
    flagged = {(pair.first, pair.second) for pair in high}
    rows = []
    for first in range(len(members)):
        for second in range(first + 1, len(members)):
            value = float(found.values[first, second])
            flag = ("high" if value > 0 else "against") if (first, second) in flagged else None
            rows.append(
                {
                    "group": studied.code(group),
                    "first": studied.code(members[first]),
                    "second": studied.code(members[second]),
                    "of": stage,
                    "value": value,
                    "p_value": found.p_values[first, second],
                    "count": int(found.counts[first, second]),
                    "flag": flag,
                }
            )
    return rows


def _with_parents(studied: Studied) -> Rows:
    tree = studied.structure
    parents = [tree.position[node.parent] if node.parent else None for node in tree.nodes]
    pairs = study.correlate_with_parents(studied.outcomes(range(len(tree.nodes))), parents)
    return [
        {
            "node": studied.code(pair.first),
            "parent": studied.code(pair.second),
            "value": pair.value,
            "p_value": pair.p_value,
            "count": pair.count,
        }
        for pair in pairs
    ]


def _consistency(studied: Studied, _: str | None) -> Section:
    stage = studied.stage or "scaled"
    rows: Rows = []
    for composite in studied.composites:
        members = studied.below(composite)
        codes = [studied.code(node) for node in members]
        row: dict[str, Any] = {"node": studied.code(composite), "name": studied.name(composite), "indicators": codes}
        try:
            found = study.cronbach_alpha(studied.alike(stage, members))
        except MethodError as error:
            rows.append(row | {"alpha": None, "reason": _reason(error, codes)})
            continue
        without = dict(zip(codes, found.without.tolist(), strict=True))
        rows.append(row | {"alpha": found.alpha, "fewest_places": found.fewest_units, "alpha_without": without})
    return {"stage": stage, "rows": rows}


def _components(studied: Studied, _: str | None) -> Section:
    stage = studied.stage or "scaled"
    rows: Rows = []
    for composite in studied.composites:
        children = studied.structure.children[composite]
        codes = [studied.code(node) for node in children]
        row: dict[str, Any] = {"node": studied.code(composite), "name": studied.name(composite), "children": codes}
        if len(children) < 2:
            rows.append(row | {"reason": "a group of one element"})
            continue
        table, row["of"] = studied.group(composite, stage)
        try:
            found = study.principal_components(table)
        except MethodError as error:
            rows.append(row | {"reason": _reason(error, codes)})
            continue
        row |= {"deviations": found.deviations.tolist(), "shares": found.shares.tolist()}
        row |= {"cumulative": found.cumulative.tolist(), "above_one": int((found.deviations > 1).sum())}
        row["loadings"] = dict(zip(codes, found.loadings.tolist(), strict=True))
        rows.append(row | {"places": found.units, "left_out": found.left_out})
    return {"stage": stage, "rows": rows}


def _of_place(studied: Studied, place: str | None) -> Section:
    if place is None:
        return {"reason": "name a place with --place"}
    row = studied.row_of(place)
    raw = studied.values("raw", studied.leaves)
    found = study.strengths_and_weaknesses(raw, row, studied.lower(studied.leaves), STANDINGS)
    nodes = range(len(studied.structure.nodes))
    shares = _effective_shares(studied)
    section: Section = {"place": place, "scores": _scores_of(studied, row, nodes)}
    for name, standings in (("strengths", found.strengths), ("weaknesses", found.weaknesses)):
        section[name] = [
            {
                "node": studied.code(studied.leaves[one.column]),
                "name": studied.name(studied.leaves[one.column]),
                "unit": studied.structure.nodes[studied.leaves[one.column]].unit,
                "value": one.value,
                "rank": one.rank,
                "of": one.of,
            }
            for one in standings
        ]
    near = study.similar_units(studied.values("scaled", studied.leaves), row, NEIGHBOURS, weights=shares)
    section["similar"] = [
        {"place": studied.place(one.unit), "distance": one.distance, "common": one.common} for one in near
    ]
    return section


def _effective_shares(studied: Studied) -> Floats:
    """Give the weight of each indicator at the top: the product of its shares among siblings on the way."""
    tree, weights = studied.structure, studied.scores.aggregated.weights
    shares = np.ones(len(tree.nodes))
    for index in reversed(tree.bottom_up):
        children = list(tree.children[index])
        total = weights[children].sum() if children else 0.0
        if total > 0:
            shares[children] = shares[index] * weights[children] / total
    chosen = shares[list(studied.leaves)]
    return chosen if (chosen >= 0).all() and chosen.sum() > 0 else np.ones(len(studied.leaves))


def _scores_of(studied: Studied, row: int, nodes: Sequence[int]) -> Rows:
    ranks = studied.scores.ranks()[studied.places[row], studied.period]
    scores = studied.outcomes(nodes)[row]
    return [
        {"node": studied.code(node), "name": studied.name(node), "score": scores[node], "rank": _whole(ranks[node])}
        for node in nodes
        if not studied.structure.is_leaf(node)
    ]


def _whole(value: float) -> int | None:
    return int(value) if math.isfinite(value) else None


def _removal(studied: Studied, _: str | None) -> Section:
    tree = studied.structure
    elements = [index for index in range(len(tree.nodes)) if index != tree.root]
    score, weights = _scorer(studied), studied.scores.aggregated.weights
    rows: Rows = []
    for element in elements:
        named = {"node": studied.code(element), "name": studied.name(element), "level": tree.levels[element]}
        try:
            (one,) = study.effect_of_removal(score, weights, [element])
        except AggregationError as error:
            said = re.sub(r" in row \d+, column \d+", "", error.error.what)
            reason = f"{studied.code(error.composite)} has no mean without it: {said}"
            empty = dict.fromkeys(("mean_change_of_rank", "largest_change", "unchanged", "kendall", "without_score"))
            rows.append(named | empty | {"places": [], "reason": reason})
            continue
        found = one.comparison
        places = [
            {
                "place": studied.place(row),
                "score": one.scores[row],
                "rank": _whole(found.second[row]),
                "change": _whole(found.change[row]),
            }
            for row in range(len(studied.places))
        ]
        rows.append(
            named
            | {
                "mean_change_of_rank": found.mean_absolute_change,
                "largest_change": _whole(found.largest_change),
                "unchanged": found.unchanged,
                "kendall": found.kendall,
                "without_score": found.only_first,
                "places": places,
            }
        )
    return {"of": studied.code(tree.root), "rows": rows}


def _scorer(studied: Studied) -> Callable[[Floats], Floats]:
    """Give the function from weights of all nodes to the scores of the index.

    The weights are those that were used, whatever method found them, so that taking an element out leaves the
    others as they are. Values before the means do not depend on weights, so only the means are formed again.
    """
    scores, recipe = studied.scores, studied.scores.recipe
    # A frozen composite looks at the period before; everything else is a matter of one period.
    first, last = (0, len(scores.periods)) if recipe.freeze else (studied.period, studied.period + 1)
    cut = np.s_[list(studied.places), first:last]
    scaled = Scaled(*(_cut(scores.scaled, cut)))
    given = replace(scores.given, **{name: array[cut] for name, array in vars(scores.given).items()})
    observed = (np.isfinite(scores.panel.values) & ~scores.prepared.imputed)[cut]
    used = scores.aggregated.weights

    def score(weights: Floats) -> Floats:
        nodes = tuple(
            replace(node, weight=float(weight)) for node, weight in zip(scores.structure.nodes, weights, strict=True)
        )
        tree = Structure(nodes)
        rule = weigher(tree, Weigh(method="given"))
        # An element whose weight was taken away is left out: nobody lacks it.
        out = left_out(tree, np.flatnonzero((weights == 0) & (used > 0)).tolist(), scores.prepared.screened, given)
        result = aggregate(scaled, given, tree, recipe.aggregate, rule, None, recipe.freeze, observed, out)
        return result.values[:, studied.period - first, tree.root]

    return score


def _cut(scaled: Scaled, cut: Any) -> tuple[Any, Any, Any]:
    return scaled.values[cut], scaled.kinds[cut], scaled.half_digits[cut]


def _targets(studied: Studied, place: str | None) -> Section:
    targets = {
        node: float(text)
        for node in studied.leaves
        if (text := studied.structure.nodes[node].details.get("target", ""))
    }
    if not targets:
        return {"reason": "no indicator has a target in structure.csv"}
    nodes = list(targets)
    values = studied.values("raw", nodes)
    starts = studied.values("raw", nodes, 0) if studied.period > 0 else None
    lower = studied.lower(nodes)
    found = study.progress_to_targets(values, list(targets.values()), starts, lower)
    of_places: Rows = []
    rows: Rows = []
    for at, node in enumerate(nodes):
        has_value = np.isfinite(values[:, at])
        covered = found.covered[:, at]
        rows.append(
            {
                "node": studied.code(node),
                "name": studied.name(node),
                "unit": studied.structure.nodes[node].unit,
                "target": targets[node],
                "lower_is_better": lower[at],
                "with_value": int(has_value.sum()),
                "met": int(found.met[:, at].sum()),
                "median_gap": float(np.median(found.gap[has_value, at])) if has_value.any() else None,
                "median_covered": float(np.nanmedian(covered)) if np.isfinite(covered).any() else None,
            }
        )
        of_places += [
            {
                "place": studied.place(row),
                "node": studied.code(node),
                "value": values[row, at],
                "target": targets[node],
                "gap": found.gap[row, at],
                "met": bool(found.met[row, at]) if has_value[row] else None,
                "covered": covered[row],
            }
            for row in range(len(studied.places))
            if place is None or studied.place(row) == place
        ]
    start = studied.scores.periods[0].text if starts is not None else None
    return {"stage": "raw", "from": start, "rows": rows, "places": of_places}


def _growth(studied: Studied, place: str | None) -> Section:
    scores = studied.scores
    if len(scores.periods) < 2:
        return {"reason": "needs several periods; this pack has one"}
    times = [period.first_day.year + (period.first_day.timetuple().tm_yday - 1) / 366 for period in scores.periods]
    rows: Rows = []
    of_places: Rows = []
    for node in range(len(studied.structure.nodes)):
        source = scores.panel if studied.structure.is_leaf(node) else scores
        found = study.compound_growth(source.values[list(studied.places), :, node], times)
        known = found.rate[np.isfinite(found.rate)]
        rows.append(
            {
                "node": studied.code(node),
                "name": studied.name(node),
                "of": "raw values" if studied.structure.is_leaf(node) else "scores",
                "places": len(known),
                "median": float(np.median(known)) if len(known) else None,
                "lowest": float(known.min()) if len(known) else None,
                "highest": float(known.max()) if len(known) else None,
                "undefined": int(found.undefined.sum()),
            }
        )
        of_places += [
            {
                "place": studied.place(row),
                "node": studied.code(node),
                "rate": found.rate[row],
                "first": _period_at(scores, times, found.first[row]),
                "latest": _period_at(scores, times, found.latest[row]),
                "share_available": found.available[row],
                "undefined": bool(found.undefined[row]),
            }
            for row in range(len(studied.places))
            if place is None or studied.place(row) == place
        ]
    return {"rows": rows, "places": of_places}


def _period_at(scores: Scores, times: Sequence[float], wanted: float) -> str | None:
    return scores.periods[times.index(wanted)].text if wanted in times else None


def _denominators(studied: Studied, _: str | None) -> Section:
    sizes = _sizes(studied)
    if not sizes:
        return {"reason": "no attribute of the places is a number"}
    names = list(sizes)
    table = np.stack([sizes[name] for name in names], axis=1)
    found = study.correlate(studied.values("raw", studied.leaves), table)
    flagged = {(pair.first, pair.second) for pair in study.flagged_denominators(found, SIZE)}
    rows: Rows = []
    for at, node in enumerate(studied.leaves):
        divided = studied.structure.nodes[node].details.get("denominator", "")
        rows += [
            {
                "node": studied.code(node),
                "denominator": name,
                "value": found.values[at, size],
                "p_value": found.p_values[at, size],
                "count": int(found.counts[at, size]),
                "flag": (at, size) in flagged,
                "divided_by": divided or None,
            }
            for size, name in enumerate(names)
        ]
    return {"stage": "raw", "threshold": SIZE, "rows": rows}


def _sizes(studied: Studied) -> dict[str, Floats]:
    """Give the attributes that are numbers, shape places."""
    scores = studied.scores
    codes = [scores.places[place] for place in studied.places]
    found: dict[str, Floats] = {}
    for name in scores.attributes.values:
        try:
            numbers = scores.attributes.numbers(name, codes, [scores.periods[studied.period]])[:, 0]
        except ValueError:
            continue
        if np.isfinite(numbers).any() and not np.isinf(numbers).any():
            found[name] = numbers
    return found


#: The sections in the order in which they are told.
SECTIONS: dict[str, Callable[[Studied, str | None], Section]] = {
    "statistics": _statistics,
    "availability": _availability,
    "correlations": _correlations,
    "consistency": _consistency,
    "components": _components,
    "denominators": _denominators,
    "removal": _removal,
    "targets": _targets,
    "growth": _growth,
    "place": _of_place,
}
_NEED_PLACES = frozenset(
    {"statistics", "correlations", "consistency", "components", "denominators", "removal", "place"}
)
