"""Blind spots: groups whose share of the served is far below their share of those in need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from donghaeng.diagnosis.document import Settings
from donghaeng.diagnosis.groups import Group, Groups
from donghaeng.panel import Floats

#: Deviations on either side of an interval of 95 %.
DEVIATIONS = 1.959963984540054
#: Half the width of an interval on the logarithm, at most.
WIDEST = 20.0


@dataclass(frozen=True)
class BlindSpot:
    """How far a group is served in proportion to its need.

    Attributes:
        node: node that it is about; empty for the programmes as a whole.
        place: the place.
        period: the period.
        group: the group.
        served_share: its share of the served.
        need_share: its share of those in need.
        ratio: served share / need share.
        low: lower end of the interval of 95 % of the ratio.
        high: upper end.
        is_blind: whether the whole interval lies below the limit.
        kind: how the numbers are known.
        source: ids of sources.
    """

    node: str
    place: str
    period: str
    group: str
    served_share: float
    need_share: float
    ratio: float
    low: float
    high: float
    is_blind: bool
    kind: str
    source: str

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return dict(vars(self))


def blind_spots(groups: Groups, settings: Settings) -> tuple[BlindSpot, ...]:
    """Compare shares of the served with shares of need in every node, place and period.

    Args:
        groups: who is served and who is in need.
        settings: the limit.

    Returns:
        All groups, in the order of the file; `BlindSpot.is_blind` says which are served too little.
    """
    wholes: dict[tuple[str, str, str], list[Group]] = {}
    for group in groups.rows:
        wholes.setdefault((group.node, group.place, group.period), []).append(group)
    return tuple(spot for members in wholes.values() for spot in _of_whole(members, settings.blind_spot))


def _of_whole(members: Sequence[Group], least: float) -> list[BlindSpot]:
    """Give the ratio of each group with its interval.

    The interval is one of the logarithm, by the delta method. The variance of a share p = x / sum x is
    ((1 - p)^2 var(x) + p^2 sum of the other variances) / (sum x)^2; a count without stated error has the variance of
    a Poisson count. Nothing served is counted as half a person, so that it has an interval.
    """
    served = np.array([member.served for member in members])
    need = np.array([member.need for member in members])
    served_variance = np.array(
        [max(one.served, 0.5) if np.isnan(one.served_error) else one.served_error**2 for one in members]
    )
    need_variance = np.array([0.0 if np.isnan(one.need_error) else one.need_error**2 for one in members])
    if served.sum() == 0 or len(members) < 2:
        return []
    shown_share, need_share = served / served.sum(), need / need.sum()
    share = np.maximum(served, 0.5) / np.maximum(served, 0.5).sum()
    variance = _relative(share, served_variance, served.sum()) + _relative(need_share, need_variance, need.sum())
    ratio = shown_share / need_share
    # An error far above the number itself says nothing; its interval is wide, and stays a number.
    spread = np.exp(np.minimum(DEVIATIONS * np.sqrt(variance), WIDEST))
    low, high = share / need_share / spread, share / need_share * spread
    return [
        BlindSpot(
            node=member.node,
            place=member.place,
            period=member.period,
            group=member.group,
            served_share=float(shown_share[at]),
            need_share=float(need_share[at]),
            ratio=float(ratio[at]),
            low=float(low[at]),
            high=float(high[at]),
            is_blind=bool(high[at] < least),
            kind=member.kind.word,
            source=member.source,
        )
        for at, member in enumerate(members)
    ]


def _relative(share: Floats, variance: Floats, total: float) -> Floats:
    """Give the variance of a share divided by its square."""
    others = variance.sum() - variance
    return np.asarray(((1 - share) ** 2 * variance + share**2 * others) / total**2 / share**2)
