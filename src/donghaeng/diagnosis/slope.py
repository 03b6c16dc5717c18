"""How the score of an indicator follows from its value: points for a unit of the value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from donghaeng.index.recipe import AnnualChange, BasePeriodRatio
from donghaeng.index.scores import Scores
from donghaeng.panel import Floats

#: Scores of a period lie on a straight line over their values where none is further off it than this part of their
#: range: what rounding of floating-point numbers leaves.
STRAIGHT = 1e-9


def change_of_score(scores: Scores, node: int, before: int, period: int) -> Floats:
    """Give the change of the score of an indicator in every place; NaN where one of the two is missing."""
    old, new = scores.values[:, before, node], scores.values[:, period, node]
    if before == scores.base and scores.recipe.base_value is not None:
        old = np.where(np.isnan(old), scores.recipe.base_value, old)
    return np.asarray(new - old)


def yardstick_moves(scores: Scores, node: int) -> bool:
    """Say whether the score of an indicator can change though its value stays.

    That is so where each period is scaled by the values of that period (``over: period``), where a score is the change
    on the year before, and where values are divided by the size of the place.
    """
    recipe, one = scores.recipe, scores.structure.nodes[node]
    method = recipe.normalise.indicators.get(one.code, recipe.normalise)
    is_divided = recipe.denominate is not None and bool(one.details.get("denominator"))
    return getattr(method, "over", "pooled") == "period" or isinstance(method, AnnualChange) or is_divided


@dataclass(frozen=True, eq=False)
class Slope:
    """How the score of an indicator follows from its value, between two periods.

    Attributes:
        scores: the index.
        node: position of the indicator.
        before: position of the earlier period.
        period: position of the later period.
    """

    scores: Scores
    node: int
    before: int
    period: int

    @property
    def ratio(self) -> BasePeriodRatio | None:
        """The method, where the score is a plain ratio to the value of the base period."""
        recipe = self.scores.recipe
        method = recipe.normalise.indicators.get(self.scores.structure.codes[self.node], recipe.normalise)
        plain = isinstance(method, BasePeriodRatio) and method.cap is None and self.scores.base is not None
        # Of chained and rebased series the score is not the ratio any more, nor is it of values that were treated.
        plain = plain and self.scores.unlinked is None and not self.scores.prepared.treated[..., self.node].any()
        return method if plain and isinstance(method, BasePeriodRatio) else None

    @property
    def is_inverted(self) -> bool:
        """Whether the score is base / value."""
        lower = self.scores.structure.nodes[self.node].direction == "lower"
        return self.ratio is not None and lower and self.ratio.lower_is_better == "inverted_ratio"

    def values(self) -> Floats:
        """Give the values that were stated, places x periods; where none was, the one that was filled in."""
        stated = self.scores.panel.values[..., self.node]
        return np.where(np.isfinite(stated), stated, self.scores.prepared.values[..., self.node])

    def secant(self) -> Floats:
        """Give change of score / change of value by place, as stated; 0 where the value does not change."""
        values = self.values()
        change = values[:, self.period] - values[:, self.before]
        total = change_of_score(self.scores, self.node, self.before, self.period)
        moved = np.abs(change) > 1e-12 * np.abs(values[:, self.period])
        return np.asarray(np.divide(total, change, out=np.zeros_like(total), where=moved & np.isfinite(change)))

    def own(self) -> Floats:
        """Give points for a unit of the value while the yardstick rests, by place.

        Where the yardstick moves, a score may fall though its value rises. What the value itself brings is then the
        mean of the slopes of both periods times its change, and the rest belongs to no factor. A slope is known where
        the scores of a period are a straight line of its values; 0 where they are not.
        """
        if not yardstick_moves(self.scores, self.node):
            return self.secant()
        slopes = [self._straight(at) for at in (self.before, self.period)]
        return np.full(len(self.scores.places), 0.0 if None in slopes else float(np.mean(np.array(slopes, float))))

    def _straight(self, at: int) -> float | None:
        x, y = self.values()[:, at], self.scores.scaled.values[:, at, self.node]
        there = np.isfinite(x) & np.isfinite(y)
        x, y = x[there], y[there]
        if len(np.unique(x)) < 3:  # a line goes through any two
            return None
        x = x - x.mean()
        slope = float((x * y).sum() / (x * x).sum())
        off = np.abs(y - y.mean() - slope * x).max()
        return slope if off <= STRAIGHT * max(float(np.ptp(y)), STRAIGHT) else None

    def of_value(self, base: Floats, old: Floats, new: Floats) -> Floats:
        """Give points for a unit of the value.

        Args:
            base: drawn values of the base period, draws x places.
            old: drawn values of the earlier period.
            new: drawn values of the later period.
        """
        method = self.ratio
        if method is None:
            return np.broadcast_to(self.own(), new.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.is_inverted:
                return np.asarray(-method.base_value * base / (old * new))
            sign = -1.0 if self.scores.structure.nodes[self.node].direction == "lower" else 1.0
            return np.asarray(sign * method.base_value / base)
