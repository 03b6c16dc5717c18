"""Classify: from points by cause to an answer, or to none.

The leading cause is the one with the largest part of what is negative. It is the answer where that part reaches the
share that is asked for, where it does so in enough draws of the data's own error, and where as many of them show a
fall at all; elsewhere nothing is answered.

What is no change of anything real comes first: measurement and mix are set against the rest taken together. Where the
rest does not fall, no demand that grew along with its budget hides that only the weights of places have shifted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from donghaeng.diagnosis.causes import CAUSES, MEASUREMENT, MIX, UNDETERMINED
from donghaeng.diagnosis.document import Settings
from donghaeng.diagnosis.indicator import BREAK, MISSING
from donghaeng.panel import Floats, Mask


@dataclass(frozen=True, eq=False)
class Answers:
    """What the points of a node say in every place; arrays are over places.

    Attributes:
        leading: position of the cause with the largest negative part.
        share: its share of the negative part; 0 where nothing is negative.
        stability: share of the draws in which it leads with enough of what is negative; 1 where nothing is drawn.
        falls: share of the draws in which there is a fall at all.
        second: position of the cause with the next largest part.
        answered: whether its share suffices, in enough draws, and enough draws fall at all.
    """

    leading: npt.NDArray[np.int64]
    share: Floats
    stability: Floats
    falls: Floats
    second: npt.NDArray[np.int64]
    answered: Mask


def grouped(causes: Floats) -> Floats:
    """Give points by the causes that results name, from those by `donghaeng.diagnosis.indicator.ROWS`.

    Args:
        causes: rows first, any shape behind.
    """
    result = causes[: len(CAUSES)].copy()
    result[UNDETERMINED] += causes[MISSING] + causes[BREAK]
    return result


def classify(causes: Floats, settings: Settings) -> Answers:
    """Say what leads in every place.

    Args:
        causes: points by `donghaeng.diagnosis.indicator.ROWS` x (1 + draws) x places; the first draw is the data as
            stated.
        settings: thresholds.
    """
    points = grouped(causes)
    total = points.sum(axis=0)
    shares = _shares(points, total, settings.share)
    order = np.argsort(-shares[:, 0], axis=0, kind="stable")
    leading, second = order[0], order[1]
    places = np.arange(points.shape[2])
    share = shares[leading, 0, places]
    # Only one cause can have more than half; where less is asked for, the larger one counts.
    largest = (shares >= settings.share) & (shares == shares.max(axis=0))
    holds = largest[leading, :, places].T.copy()
    holds[:, leading == UNDETERMINED] = False
    drawn = holds[1:] if len(holds) > 1 else holds
    falls = (total[1:] < 0).mean(axis=0) if len(total) > 1 else np.ones(len(places))
    stability = drawn.mean(axis=0)
    answered = holds[0] & (total[0] < 0) & (stability >= settings.stability) & (falls >= settings.stability)
    return Answers(leading, share, stability, falls, second, answered)


def _shares(points: Floats, total: Floats, enough: float) -> Floats:
    """Give the share of each cause in what is negative, causes x draws x places; 0 where nothing is."""
    negative = np.maximum(-points, 0.0)
    shares = _divided(negative, negative.sum(axis=0))
    apparent = negative[[MEASUREMENT, MIX]]
    if apparent.any():
        rest = np.maximum(points[MEASUREMENT] + points[MIX] - total, 0.0)
        of_apparent = _divided(apparent, apparent.sum(axis=0) + rest)
        decided = (of_apparent >= enough).any(axis=0)
        plain = np.zeros(shares.shape)
        plain[[MEASUREMENT, MIX]] = of_apparent
        shares = np.where(decided, plain, shares)
    return shares


def _divided(parts: Floats, whole: Floats) -> Floats:
    return np.asarray(np.divide(parts, whole, out=np.zeros_like(parts), where=whole > 0))
