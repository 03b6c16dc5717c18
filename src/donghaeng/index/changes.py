"""Changes: what part of a change is a change of values, and what part a change of coverage.

The change of a composite is split exactly in two. The value change sums, over the indicators (and given
composites) that both periods have on the same coverage, the mean of the two shares times the change of the
score (Bennet, 1920: symmetric in time). The coverage term is the rest: what came, went, changed its weight, or
stands on another number of indicators than before. The change on the common set re-computes both periods from
what both have, with the same weights; where the mean of a composite is not arithmetic, that is its value change.

In the base period every indicator has the base value by definition, so the average of any set of them has too:
against the base a score always stands on like for like, and the coverage term is zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa

from donghaeng.index.aggregate import Aggregated, Given, aggregate, taking_part
from donghaeng.index.normalise import Scaled
from donghaeng.index.scores import Scores
from donghaeng.panel import Floats, Mask
from donghaeng.sources import Kind

Comparison = Literal["base", "year"]


@dataclass(frozen=True, eq=False)
class Change:
    """The change of every score between two periods; arrays are places x nodes.

    Attributes:
        comparison: against the base period, or on the year before.
        period: position of the later period.
        before: position of the earlier period.
        total: change of the score; NaN where one of the two is missing.
        value: value change.
        coverage: coverage term; value + coverage = total.
        common: change on the common set; NaN where both periods have nothing in common.
        comparable: both periods stand on exactly the same indicators.
        newcomers: where a given composite stands on more indicators than before, the mean score of those that
            came that would give the whole change; NaN elsewhere.
        points: share of the root's value change that each node brings, in points of the root.
        shares: how far a point of each node moved its parent, mean of both periods; 0 for what is in one only.
    """

    comparison: Comparison
    period: int
    before: int
    total: Floats
    value: Floats
    coverage: Floats
    common: Floats
    comparable: Mask
    newcomers: Floats
    points: Floats
    shares: Floats


def changes(scores: Scores) -> list[Change]:
    """Split all changes of a result: each period against the base, and on the year before where there is one."""
    result: list[Change] = []
    for period in range(len(scores.periods)):
        if scores.base is not None and scores.base != period:
            result.append(change_between(scores, scores.base, period, "base"))
        before = scores.year_before(period)
        if before is not None:
            result.append(change_between(scores, before, period, "year"))
    return result


def change_between(scores: Scores, before: int, period: int, comparison: Comparison) -> Change:
    """Split the change between two periods (positions) for every place and node.

    Of series that are rebased, the parts of the change before rebasing are scaled with it. A chained series moves only
    with what two periods have in common, so that all of its change is one of values.
    """
    if scores.unlinked is not None:
        plain = replace(scores, aggregated=scores.unlinked, unlinked=None)
        return _linked(scores, change_between(plain, before, period, comparison))
    structure = scores.structure
    values = scores.values
    old, new = values[:, before], values[:, period]
    base_value = scores.recipe.base_value if before == scores.base else None
    from_base = base_value is not None
    if base_value is not None:
        old = np.where(np.isnan(old), base_value, old)
    total = new - old
    moves = _moves(scores)
    share = moves[:, period].copy()
    part = taking_part(scores.aggregated)
    part_before, part_after = part[:, before], part[:, period]
    if from_base:
        part_before = part_after
    else:
        share = 0.5 * (moves[:, before] + share)
    both, either = part_before & part_after, part_before | part_after
    same = _same_atoms(scores, before, period)
    # A node that takes part in one of the two periods only brings no change of value, though it has a score in both.
    common = total if from_base else np.where(same, total, _common_change(scores, before, period, same & both))
    value = np.where(same, total, 0.0)
    comparable = same.copy()
    for index in structure.bottom_up:
        children = list(structure.children[index])
        if not children:
            comparable[:, index] = same[:, index] | (np.isnan(old[:, index]) & np.isnan(new[:, index]))
            continue
        given = scores.aggregated.given[:, period, index]
        if not from_base:
            given = given | scores.aggregated.given[:, before, index]
        # Nor does what lies below a given value, or one that is held, in what stands above it.
        alone = given if scores.aggregated.held is None else given | scores.aggregated.held[:, period, index]
        share[:, children] = np.where(alone[:, None] | ~both[:, children], 0.0, share[:, children])
        below = (share[:, children] * value[:, children]).sum(axis=-1)
        if scores.recipe.aggregate.of(structure.codes[index], structure.levels[index]).method != "arithmetic":
            # Shares of a mean that is not linear hold for small changes only.
            below = np.nan_to_num(common[:, index])
        value[:, index] = np.where(given, value[:, index], below)
        child_same = np.where(either, both & comparable, True)[:, children].all(axis=-1)
        comparable[:, index] = np.where(given, same[:, index], child_same)
    known = np.isfinite(total)
    comparable &= known
    value = np.where(known, np.where(comparable, total, value), np.nan)
    return Change(
        comparison,
        period,
        before,
        total,
        value,
        total - value,
        np.where(known, common, np.nan),
        comparable,
        _newcomers(scores, before, period),
        _points(scores, share, value),
        share,
    )


def _moves(scores: Scores) -> Floats:
    """Give how much a point of each node moves its parent.

    That is its share, but for a stretched mean, around + K x (mean - around), whose shares sum to the stretched score.
    """
    result = scores.shares.copy()
    for index, node in enumerate(scores.structure.nodes):
        around = scores.recipe.aggregate.of(node.code, scores.structure.levels[index]).rescale_around
        children = list(scores.structure.children[index])
        if around is None or not children:
            continue
        stretched, factor = scores.values[..., index], float(node.details.get("rescale") or 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = factor * (around + (stretched - around) / factor) / stretched
        result[..., children] *= np.nan_to_num(slope, posinf=0.0, neginf=0.0)[..., None]
    return result


def _linked(scores: Scores, plain: Change) -> Change:
    """Give the change of chained or rebased series from that of the series before."""
    total = scores.values[:, plain.period] - scores.values[:, plain.before]
    if scores.recipe.chain is not None:
        # Over more than one period what both ends have in common is not what the links had.
        value, common = total.copy(), total.copy()
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = scores.values[:, plain.period] / _values_before_linking(scores)[:, plain.period]
        value, common = plain.value * factor, plain.common * factor
    root = scores.structure.root
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.nan_to_num(value[:, root] / plain.value[:, root], posinf=0.0, neginf=0.0)
    return replace(
        plain,
        total=total,
        value=value,
        coverage=total - value,
        common=common,
        newcomers=np.full(total.shape, np.nan),
        points=plain.points * scale[:, None],
    )


def _values_before_linking(scores: Scores) -> Floats:
    return scores.values if scores.unlinked is None else scores.unlinked.values


def _same_atoms(scores: Scores, before: int, period: int) -> Mask:
    """Find the nodes that bring their own value in both periods on the same coverage.

    A leaf does when it has a score in both periods; a composite when it is given in both, with the same count.
    """
    if before == scores.base and scores.base_is_constant:
        before = period
    both = np.isfinite(scores.values[:, before]) & np.isfinite(scores.values[:, period])
    leaves = np.array([scores.structure.is_leaf(index) for index in range(len(scores.structure.nodes))])
    given = scores.aggregated.given[:, before] & scores.aggregated.given[:, period]
    counts = scores.given.counts
    same_count = counts[:, before] == counts[:, period]
    same: Mask = both & (leaves | (given & same_count))
    return same


def _common_change(scores: Scores, before: int, period: int, same: Mask) -> Floats:
    pair = [before, period]
    inner_given = scores.aggregated.given[:, before] | scores.aggregated.given[:, period]
    leaves = np.array([scores.structure.is_leaf(index) for index in range(len(scores.structure.nodes))])
    withheld = np.repeat((~same & (leaves | inner_given))[:, None, :], 2, axis=1)
    scaled = Scaled(scores.scaled.values[:, pair], scores.scaled.kinds[:, pair], scores.scaled.half_digits[:, pair])
    published = scores.given
    given = Given(
        published.values[:, pair], published.counts[:, pair], published.kinds[:, pair], published.half_digits[:, pair]
    )
    # The weights of the result, so that a re-estimated weight is no change of values.
    weights = scores.aggregated.weights

    def as_before(composite: int, _: Floats) -> Floats:
        return weights[list(scores.structure.children[composite])]

    common: Aggregated = aggregate(scaled, given, scores.structure, scores.recipe.aggregate, as_before, withheld)
    return common.values[:, 1] - common.values[:, 0]


def _newcomers(scores: Scores, before: int, period: int) -> Floats:
    old, new = scores.given.counts[:, before], scores.given.counts[:, period]
    given = scores.aggregated.given[:, before] & scores.aggregated.given[:, period]
    more = given & (new > old) & (before != scores.base or not scores.base_is_constant)
    with np.errstate(divide="ignore", invalid="ignore"):
        implied = (new * scores.values[:, period] - old * scores.values[:, before]) / (new - old)
    return np.where(more, implied, np.nan)


def _points(scores: Scores, share: Floats, value: Floats) -> Floats:
    """Multiply the mean shares down from the root, times the value change of each node."""
    down = np.zeros(share.shape)
    root = scores.structure.root
    down[:, root] = 1.0
    for index in reversed(scores.structure.bottom_up):
        for child in scores.structure.children[index]:
            down[:, child] = down[:, index] * share[:, child]
    return down * np.nan_to_num(value)


_COLUMNS = {
    "place": pa.string(),
    "period": pa.string(),
    "comparison": pa.string(),
    "before": pa.string(),
    "node": pa.string(),
    "change": pa.float64(),
    "value_change": pa.float64(),
    "coverage_change": pa.float64(),
    "common_change": pa.float64(),
    "comparable": pa.bool_(),
    "available_before": pa.int64(),
    "available": pa.int64(),
    "newcomers": pa.float64(),
    "points": pa.float64(),
    "kind": pa.string(),
}


def changes_table(scores: Scores) -> pa.Table:
    """Give all changes as a table.

    Columns: place, period, comparison (base, year), before (the earlier period), node, change, value_change,
    coverage_change, common_change, comparable, available_before, available, newcomers, points (of the root), kind.
    Only nodes with a change have rows.
    """
    names = list(_COLUMNS)
    columns: dict[str, list[object]] = {name: [] for name in names}
    codes = scores.structure.codes
    for change in changes(scores):
        for place, node in np.argwhere(np.isfinite(change.total)):
            numbers = (change.total, change.value, change.coverage, change.common)
            counts = (scores.available[place, change.before, node], scores.available[place, change.period, node])
            row = (
                scores.places[place],
                scores.periods[change.period].text,
                change.comparison,
                scores.periods[change.before].text,
                codes[node],
                *(_number(array[place, node]) for array in numbers),
                bool(change.comparable[place, node]),
                *(None if np.isnan(count) else int(count) for count in counts),
                _number(change.newcomers[place, node]),
                float(change.points[place, node]),
                Kind(max(scores.kinds[place, [change.before, change.period], node])).word,
            )
            for name, cell in zip(names, row, strict=True):
                columns[name].append(cell)
    return pa.table({name: pa.array(columns[name], type_) for name, type_ in _COLUMNS.items()})


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
