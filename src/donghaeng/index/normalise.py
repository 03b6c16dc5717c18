"""Normalise: raw values of indicators to scores on one scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from donghaeng.index.recipe import BasePeriodRatio
from donghaeng.index.structure import Structure
from donghaeng.panel import NO_KIND, Floats, Kinds, Mask, Panel
from donghaeng.sources import Kind


@dataclass(frozen=True, eq=False)
class Scaled:
    """Scores of indicators, shape places x periods x nodes; composites are missing.

    Attributes:
        values: the scores; NaN where there is none.
        kinds: kind of each score: the least firm of its inputs, and never firmer than ``derived``.
        half_digits: half-width of the score that the rounding of its inputs allows, to first order.
    """

    values: Floats
    kinds: Kinds
    half_digits: Floats


@dataclass(frozen=True)
class CellProblem:
    """A value that cannot be scaled: position in the panel, and what to say about it."""

    place: int
    period: int
    node: int
    what: str
    expected: str
    remedy: str


def base_period_ratio(
    panel: Panel, structure: Structure, method: BasePeriodRatio
) -> tuple[Scaled, tuple[CellProblem, ...]]:
    """Scale indicators by their value in the base period (`BasePeriodRatio` gives the formulas).

    An indicator without a value in the base period has no score in any period. Values that a ratio cannot be
    formed with are reported and left out.

    Args:
        panel: raw values; observations of composites are passed over.
        structure: the tree, for leaves and directions.
        method: base period, base value, treatment of direction, cap.

    Returns:
        The scores, and the cells that could not be scaled.
    """
    leaves = np.array([structure.is_leaf(index) for index in range(len(structure.nodes))])
    lower = np.array([node.direction == "lower" for node in structure.nodes])
    texts = [period.text for period in panel.periods]
    values = np.where(leaves, panel.values, np.nan)
    result = Scaled(np.full(values.shape, np.nan), np.full(values.shape, NO_KIND, np.int8), np.zeros(values.shape))
    if method.base_period not in texts:
        return result, ()
    at = texts.index(method.base_period)
    base = values[:, at : at + 1, :]
    inverted = lower & (method.lower_is_better == "inverted_ratio")
    problems = _problems(panel, values, base, at, inverted)
    usable = np.isfinite(values) & (base > 0) & ~(inverted & (values <= 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(inverted, base / values, values / base)
        relative = panel.half_digits / np.abs(values) + panel.half_digits[:, at : at + 1, :] / base
        half = np.where(inverted, ratio * relative, (panel.half_digits + np.abs(ratio) * _base_half(panel, at)) / base)
    score = method.base_value * ratio
    if method.lower_is_better == "mirror":
        score = np.where(lower, 2 * method.base_value - score, score)
    if method.cap is not None:
        score = np.minimum(score, method.cap)
    kinds = np.maximum(np.maximum(panel.kinds, panel.kinds[:, at : at + 1, :]), np.int8(Kind.DERIVED))
    # The base period is base_value by definition, whatever the rounding of the value.
    half[:, at, :] = 0.0
    result.values[usable] = score[usable]
    result.kinds[usable] = kinds[usable]
    result.half_digits[usable] = (method.base_value * half)[usable]
    return result, problems


def _base_half(panel: Panel, at: int) -> Floats:
    return panel.half_digits[:, at : at + 1, :]


def _problems(panel: Panel, values: Floats, base: Floats, at: int, inverted: Mask) -> tuple[CellProblem, ...]:
    problems: list[CellProblem] = []
    base_text = panel.periods[at].text
    for place, node in np.argwhere(base[:, 0, :] <= 0):
        what = f"the base value of {panel.nodes[node]} in {base_text} is {base[place, 0, node]:g}"
        remedy = "choose another base period, or another normalise method for this indicator"
        problems.append(CellProblem(int(place), at, int(node), what, "a base above 0 to form a ratio", remedy))
    for place, period, node in np.argwhere(inverted & (values <= 0) & (base > 0)):
        what = f"{panel.nodes[node]} is {values[place, period, node]:g} and lower is better"
        remedy = "use lower_is_better: mirror, or another unit"
        problems.append(
            CellProblem(int(place), int(period), int(node), what, "a value above 0 for an inverted ratio", remedy)
        )
    return tuple(problems)
