"""What the replications say, for readers: intervals, shares of the recipes tried, ranks that cannot be told apart.

A share is one of the recipes that were tried: of choices somebody made. It is no probability, and the words say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from donghaeng.errors import UsageError
from donghaeng.index.robustness.indices import Indices
from donghaeng.index.robustness.run import Outcome

Language = Literal["ko", "en"]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """Range of one unit over the recipes tried.

    Attributes:
        unit: its code.
        mean: mean.
        low: lower quantile asked for (5 % unless told).
        median: median.
        high: upper quantile.
        least: lowest value seen.
        most: highest value seen.
    """

    unit: str
    mean: float
    low: float
    median: float
    high: float
    least: float
    most: float


@dataclass(frozen=True)
class Summary:
    """Intervals and shares from the counts of a run.

    Attributes:
        outcome: the run.
    """

    outcome: Outcome

    @cached_property
    def share_of_ranks(self) -> Floats:
        """Share of the recipes tried in which a unit has each rank, units x ranks; of those that give it a score."""
        return _shares(self.outcome.totals.ranks, self.outcome.totals.scored)

    def share_in_top(self, k: int) -> Floats:
        """Share of the recipes tried in which each unit is among the first k.

        Raises:
            UsageError: k is below 1.
        """
        if k < 1:
            raise UsageError(f"the first {k} ranks; give 1 or more")
        return np.asarray(self.share_of_ranks[:, :k].sum(axis=1))

    @property
    def share_ahead(self) -> Floats:
        """Share of the recipes tried in which the row's unit is ahead of the column's (inside its group).

        Raises:
            UsageError: the run did not count it.
        """
        ahead = self.outcome.totals.ahead
        if not ahead.size:
            raise UsageError("the run did not count who is ahead of whom; run with Collect(ahead=True)")
        return np.asarray(ahead / max(self.outcome.mass, 1))

    def ranks(self, low: float = 0.05, high: float = 0.95) -> tuple[Interval, ...]:
        """Give the interval of each unit's rank; quantiles interpolate as NumPy's and R's type 7."""
        table, scored = self.outcome.totals.ranks, self.outcome.totals.scored
        values = np.arange(1.0, table.shape[1] + 1)
        equal = table.dtype != np.int64
        found = []
        for at, unit in enumerate(self.outcome.model.units):
            if scored[at] == 0:
                found.append(Interval(unit, *[float("nan")] * 6))
                continue
            seen = np.flatnonzero(table[at])
            first, median, last = (_quantile(values, table[at], cut, equal) for cut in (low, 0.5, high))
            mean = float(values @ (table[at] / float(scored[at])))
            found.append(Interval(unit, mean, first, median, last, float(values[seen[0]]), float(values[seen[-1]])))
        return tuple(found)

    def scores(self, low: float = 0.05, high: float = 0.95) -> tuple[Interval, ...]:
        """Give the interval of each unit's score; quantiles to the width of a bin, ends exact.

        With the replications kept, and alike, quantiles are exact (type 7).

        Raises:
            UsageError: the run counted no scores.
        """
        totals = self.outcome.totals
        if not totals.histogram.size:
            raise UsageError("the run counted no scores; run with Collect(bins=1024)")
        alike = totals.ranks.dtype != np.int64
        kept = self.outcome.scores if alike and self.outcome.collect.replications else None
        found = []
        for at, unit in enumerate(self.outcome.model.units):
            if totals.scored[at] == 0:
                found.append(Interval(unit, *[float("nan")] * 6))
                continue
            least, most = (float(value) for value in totals.extremes[at])
            if kept is not None:
                known = kept[:, at][~np.isnan(kept[:, at])]
                first, median, last = (float(value) for value in np.quantile(known, [low, 0.5, high]))
            else:
                first, median, last = (self._score_quantile(at, cut, least, most) for cut in (low, 0.5, high))
            mean = float(self.outcome.sums[at, 0] / float(totals.scored[at]))
            found.append(Interval(unit, mean, first, median, last, least, most))
        return tuple(found)

    def _score_quantile(self, unit: int, cut: float, least: float, most: float) -> float:
        """A quantile from the histogram, even inside a bin; the outermost bins end at the extremes."""
        counts = self.outcome.totals.histogram[unit].astype(np.float64)
        start, per_point = self.outcome.totals.bounds[unit]
        reached = np.cumsum(counts)
        wanted = cut * reached[-1]
        at = int(np.searchsorted(reached, wanted))
        before = reached[at] - counts[at]
        lower = max(least, start + at / per_point) if at else least
        upper = min(most, start + (at + 1) / per_point) if at < len(counts) - 1 else most
        inside = (wanted - before) / counts[at] if counts[at] else 0.0
        return float(lower + inside * (upper - lower))

    def not_told_apart(self, share: float = 0.95) -> tuple[tuple[str, str], ...]:
        """Give pairs of units of which neither is ahead of the other in at least this share of the recipes tried.

        Raises:
            UsageError: the run did not count who is ahead of whom.
        """
        ahead, units = self.share_ahead, self.outcome.model.units
        bounds = self.outcome.model.prepared.groups
        pairs = []
        for start, stop in pairwise(bounds.tolist()):
            own = ahead[start:stop, : stop - start]
            for i, j in np.argwhere(np.triu(np.maximum(own, own.T) < share, 1)):
                pairs.append((units[start + i], units[start + j]))
        return tuple(pairs)

    def told_apart(self, low: float = 0.05, high: float = 0.95) -> tuple[tuple[str, ...], ...]:
        """Group units whose intervals of ranks overlap in a chain; ranks inside a group are not to be compared.

        Needs no counts of pairs. Groups come in the order of mean ranks.
        """
        bounds = self.outcome.model.prepared.groups
        intervals = self.ranks(low, high)
        chains: list[tuple[str, ...]] = []
        for start, stop in pairwise(bounds.tolist()):
            chain: list[str] = []
            end = -np.inf
            for one in sorted(intervals[start:stop], key=lambda interval: (interval.low, interval.mean)):
                if chain and one.low > end:
                    chains.append(tuple(chain))
                    chain = []
                chain.append(one.unit)
                end = max(end, one.high)
            chains.append(tuple(chain))
        return tuple(chains)


def _shares(table: npt.NDArray[np.uint32] | npt.NDArray[np.int64], scored: npt.NDArray[np.int64]) -> Floats:
    return np.asarray(np.divide(table, scored[:, None], out=np.zeros(table.shape), where=scored[:, None] > 0))


def _quantile(values: Floats, counts: npt.NDArray[np.int64], cut: float, equal: bool) -> float:
    """Quantile of values that occur so many times.

    Counts of replications give type 7: between two neighbours in order it interpolates. Masses (parts of 2**60) have
    no neighbours; the quantile is then the first value that reaches the share.
    """
    reached = np.cumsum(counts.astype(np.int64))
    if not equal:
        return float(values[np.searchsorted(reached, cut * float(reached[-1]))])
    position = cut * float(reached[-1] - 1)
    below = int(position)
    lower, upper = (float(values[np.searchsorted(reached, at, side="right")]) for at in (below, np.ceil(position)))
    return lower + (position - below) * (upper - lower)


#: Indices that differ by less than this are named together.
_CLOSE = 0.05

_SENTENCES = {
    "en": {
        "most": "In the {n} recipes tried, {target} depends most on {factor}: {share} of its variance{error}.",
        "tie": "In the {n} recipes tried, {target} depends about equally on {factor}: {share} of its variance{error}.",
        "none": "In the {n} recipes tried, {target} is always the same.",
        "error": " (give or take {half} points)",
        "exact": ", computed over every combination",
        "and": " and ",
        "apart": "{a} and {b} change places: neither is ahead in {share} of the recipes tried or more.",
        "mean rank change": "the ranking",
        "score": "the score of {label}",
        "rank": "the rank of {label}",
        "level": "the level",
        "change": "the change",
        "sign": "the direction of the change",
        "below": "whether it lies below the threshold",
    },
    "ko": {
        "most": "시도한 {n}가지 산출 방법에서 {target} 가장 크게 좌우한 선택: {factor}. 분산의 {share}{error}.",
        "tie": "시도한 {n}가지 산출 방법에서 {target} 비슷한 크기로 좌우한 선택: {factor}. 각각 분산의 {share}{error}.",
        "none": "시도한 {n}가지 산출 방법 모두에서 결과가 같습니다: {target}",
        "error": " (오차 ±{half}%p)",
        "exact": ", 모든 조합을 계산한 값",
        "and": ", ",
        "apart": "{a}, {b}: 어느 쪽도 시도한 산출 방법의 {share} 이상에서 앞서지 못하므로 순위를 구별할 수 없습니다.",
        "mean rank change": "순위를",
        "score": "{label}의 점수를",
        "rank": "{label}의 순위를",
        "level": "수준을",
        "change": "변화를",
        "sign": "변화의 방향을",
        "below": "기준 미달 여부를",
    },
}


def sentence(
    indices: Indices,
    label: str,
    language: Language,
    names: dict[str, str] | None = None,
    label_name: str | None = None,
) -> str:
    """Say in one sentence what a result depends on most.

    Args:
        indices: Sobol indices of the target.
        label: which of its columns; "" for a target with one.
        language: ``ko`` or ``en``.
        names: names of factors for the reader, by name of the factor.
        label_name: name of the unit for the reader.

    Returns:
        The sentence; it names the factors with the largest total index, which counts interactions.
    """
    words = _SENTENCES[language]
    column = indices.labels.index(label)
    target = words.get(indices.target, indices.target).format(label=label_name or label)
    total = indices.total[:, column]
    count = f"{indices.replications:,}"
    if np.isnan(total).all():
        plain = target[:-1] if language == "ko" and target.endswith(("를", "을")) else target
        return words["none"].format(n=count, target=plain)
    largest = float(np.nanmax(total))
    leaders = [at for at in np.argsort(-total, kind="stable") if largest - total[at] < _CLOSE]
    factor = words["and"].join((names or {}).get(indices.factors[at], indices.factors[at]) for at in leaders)
    half = float(indices.half_total[leaders, column].max())
    error = words["exact"] if indices.exact else words["error"].format(half=f"{100 * half:.0f}")
    share = f"{100 * largest:.0f} %" if language == "en" else f"{100 * largest:.0f}%"
    return words["most" if len(leaders) == 1 else "tie"].format(
        n=count, target=target, factor=factor, share=share, error=error
    )


def sentence_apart(a: str, b: str, language: Language, share: float = 0.95) -> str:
    """Say that two units cannot be told apart."""
    shown = f"{100 * share:.0f} %" if language == "en" else f"{100 * share:.0f}%"
    return _SENTENCES[language]["apart"].format(a=a, b=b, share=shown)
