"""Plausibility: values that are well formed and still look wrong. Warnings only; a person decides."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from donghaeng.errors import Faults
from donghaeng.index.aggregate import taking_part
from donghaeng.index.recipe import Ratio
from donghaeng.index.scores import Scores

#: From one period to the next a value seldom changes by more than this factor.
JUMP = 3.0
#: A ratio this close to a power of ten (relative) looks like a change of unit.
SLIP_WIDTH = 0.1
SLIPS = (10.0, 100.0, 1000.0)
MOST_OF_A_SORT = 20


def warn(scores: Scores, faults: Faults) -> None:
    """Report implausible observations.

    Jumps by more than a factor of `JUMP`, ratios near 10, 100 or 1000 (a slip of the unit), shares above
    100 %, base values that are not the base value of the scale, given values beside scores of another scale,
    indicators without a value in the base period, pasts that were printed differently, indicators that tell no
    place from another or have no value, and an index without any score. Of each sort the first `MOST_OF_A_SORT` are
    named and the rest counted.
    """
    found = [
        *_steps(scores),
        *_shares_above_one(scores),
        *_given_bases(scores),
        *_given_scales(scores),
        *_missing_bases(scores),
        *_revised_pasts(scores),
        *_constants(scores),
        *_empty(scores),
    ]
    for sort in dict.fromkeys(code for *_, code in found):
        of_sort = sorted(warning for warning in found if warning[-1] == sort)
        for row, what, expected, remedy, code in of_sort[:MOST_OF_A_SORT]:
            file, line = scores.observations.location(row)
            faults.add(file, line, 1, what, expected, remedy, code, "warning")
        if len(of_sort) > MOST_OF_A_SORT:
            file, line = scores.observations.location(of_sort[MOST_OF_A_SORT][0])
            what = f"{len(of_sort) - MOST_OF_A_SORT} more of this sort ({sort}) from here on"
            faults.add(file, line, 1, what, "few", "look at the first ones; the data may be like that", sort, "warning")


_Warning = tuple[int, str, str, str, str]


def _steps(scores: Scores) -> Iterator[_Warning]:
    panel = scores.panel
    for place in range(len(panel.places)):
        for node in range(len(panel.nodes)):
            present = np.flatnonzero(np.isfinite(panel.values[place, :, node]))
            for before, after in pairwise(present):
                old, new = panel.values[place, before, node], panel.values[place, after, node]
                if old > 0 and new > 0:
                    ratio = max(new / old, old / new)
                    row = _row(scores, place, int(after), node)
                    step = f"{panel.nodes[node]} goes from {old:g} to {new:g} in {panel.places[place]}"
                    slip = next((power for power in SLIPS if abs(ratio / power - 1) <= SLIP_WIDTH), None)
                    if slip:
                        what = f"{step}, about a factor of {slip:g}"
                        yield row, what, "one unit in all periods", "check the unit", "unit-slip"
                    elif ratio > JUMP:
                        what = f"{step}, more than a factor of {JUMP:g}"
                        yield row, what, "a smaller change", "check the value, or say why in note", "jump"


def _shares_above_one(scores: Scores) -> Iterator[_Warning]:
    percent = [index for index, node in enumerate(scores.structure.nodes) if node.unit == "%"]
    for place, period, at in np.argwhere(scores.panel.values[:, :, percent] > 100):
        node = percent[at]
        what = f"{scores.panel.nodes[node]} is {scores.panel.values[place, period, node]:g} %"
        yield _row(scores, place, period, node), what, "at most 100 %", "check value and unit", "above-100"


def _given_bases(scores: Scores) -> Iterator[_Warning]:
    base_value = scores.recipe.base_value
    if scores.base is None or base_value is None:
        return
    at_base = scores.given.values[:, scores.base]
    for place, node in np.argwhere(np.isfinite(at_base) & (at_base != base_value)):
        what = f"{scores.panel.nodes[node]} is {at_base[place, node]:g} in the base period"
        yield _row(scores, place, scores.base, node), what, f"{base_value:g}", "check the value", "base"


def _given_scales(scores: Scores) -> Iterator[_Warning]:
    """A given value is taken as a score; beside scores that are no ratios to a base that is seldom meant."""
    if scores.base_is_constant or scores.recipe.normalise.method == "none":
        return
    for place, period, node in np.argwhere(np.isfinite(scores.given.values)):
        value = f"{scores.panel.nodes[node]} is given as {scores.given.values[place, period, node]:g}"
        what = f"{value} among scores of {scores.recipe.normalise.method}"
        remedy = "leave the row out, or name the node under compare in recipe.yaml"
        yield _row(scores, place, period, node), what, "a value on the scale of the scores", remedy, "given-scale"


def _missing_bases(scores: Scores) -> Iterator[_Warning]:
    if scores.base is None or not scores.base_is_constant:
        return
    at_base = scores.panel.values[:, scores.base]
    for node in range(len(scores.structure.nodes)):
        if not scores.structure.is_leaf(node):
            continue
        for place in np.flatnonzero(np.isnan(at_base[:, node])):
            there = np.flatnonzero(np.isfinite(scores.panel.values[place, :, node]))
            if there.size:
                base = scores.periods[scores.base].text
                what = f"{scores.panel.nodes[node]} has no value in the base period {base} ({scores.places[place]})"
                remedy = "add it; until then the indicator has no score here"
                yield (
                    _row(scores, int(place), int(there[0]), node),
                    what,
                    f"a value for {base}",
                    remedy,
                    "no-base-value",
                )


def _revised_pasts(scores: Scores) -> Iterator[_Warning]:
    columns = scores.observations.columns
    used = {
        (columns["node"][row], columns["place"][row], columns["period"][row]): row
        for row, is_used in enumerate(columns["used"])
        if is_used
    }
    for row, is_used in enumerate(columns["used"]):
        if not is_used:
            cell = (columns["node"][row], columns["place"][row], columns["period"][row])
            other = used[cell]
            if columns["value"][row] != columns["value"][other]:
                printed = f"{columns['printed'][row]} and {columns['printed'][other]}"
                what = f"{', '.join(cell)} was printed as {printed}; both are kept, the second is used"
                yield row, what, "one figure for a period", "say in note which came first and why", "revised"


#: With these methods an indicator that is the same everywhere is no fault, and moves nobody.
_OF_ORDER = {"rank", "percentile_rank", "borda", "categorical", "fraction_of_best", "around_mean"}


def _constants(scores: Scores) -> Iterator[_Warning]:
    """Name indicators with one value in all places and periods, where the method compares places."""
    normalise = scores.recipe.normalise
    for node, code in enumerate(scores.panel.nodes):
        method = normalise.indicators.get(code, normalise)
        against = method.to if isinstance(method, Ratio) else ""
        if not scores.structure.is_leaf(node) or (method.method not in _OF_ORDER and against in {"", "target"}):
            continue
        cells = np.argwhere(np.isfinite(scores.panel.values[..., node]))
        values = scores.panel.values[..., node][tuple(cells.T)]
        if len(values) > 1 and (values == values[0]).all():
            what = f"all {len(values)} values of {code} are {values[0]:g}"
            remedy = "check them, or leave the indicator out"
            yield _row(scores, int(cells[0][0]), int(cells[0][1]), node), what, "values that differ", remedy, "constant"


def _empty(scores: Scores) -> Iterator[_Warning]:
    """Name indicators without any value that no step refused, and an index in which nobody has a score."""
    normalise, tree = scores.recipe.normalise, scores.structure
    leaves = [node for node in range(len(tree.nodes)) if tree.is_leaf(node)]
    some = np.isfinite(scores.prepared.values[..., leaves]).any()
    raw, prepared = np.isfinite(scores.panel.values), np.isfinite(scores.prepared.values)
    for node in leaves if some else ():
        if raw[..., node].any() and not prepared[..., node].any() and node not in scores.prepared.screened:
            what = f"{tree.codes[node]} has values, and none is left before normalising"
            yield -1, what, "at least one value", "look at its denominator, and at the places screened out", "no-values"
            continue
        method = normalise.indicators.get(tree.codes[node], normalise).method
        if method in {"none", "cyclical", "annual_change"} and np.isnan(scores.prepared.values[..., node]).all():
            remedy = "add values, or take it out of structure.csv"
            yield -1, f"{tree.codes[node]} has no value at all", "at least one value", remedy, "no-values"
    # Values that may not stand in a total leave none, and say so themselves by their kind.
    shown = np.isfinite(scores.values[..., leaves]).any() and not taking_part(scores.aggregated)[..., leaves].any()
    if np.isnan(scores.values[..., tree.root]).all() and not shown:
        what = f"{tree.codes[tree.root]} has no score in any place and period"
        yield -1, what, "a score", "see which steps of recipe.yaml leave nothing, or add values", "no-score"


def _row(scores: Scores, place: int, period: int, node: int) -> int:
    return int(scores.panel.rows[place, period, node])
