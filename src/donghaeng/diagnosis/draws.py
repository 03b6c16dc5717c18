"""Draws of the data's own error: what else the values could have been, given their rounding and standard errors."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np

from donghaeng.panel import Floats

#: A value above 0 is drawn no smaller than this share of itself: a factor of 0 or less means something else.
LEAST_SHARE = 1e-3


def drawn(
    values: Floats,
    standard_errors: Floats,
    half_digits: Floats,
    names: Sequence[str],
    draws: int,
    seed: int,
) -> Floats:
    """Give values as stated and as they could have been.

    Every series has draws of its own, which do not depend on what else is drawn: the same seed and name give the same
    errors. Errors are normal with the standard error, plus uniform within half of the last printed digit.

    Args:
        values: series x places x periods.
        standard_errors: the same shape; 0 for none.
        half_digits: the same shape; 0 for exact values.
        names: a name for each series.
        draws: how many.
        seed: seed of the draws.

    Returns:
        Shape series x (1 + draws) x places x periods; the first is as stated.
    """
    result = np.repeat(values[:, None], 1 + draws, axis=1)
    if not draws:
        return result
    for at, name in enumerate(names):
        generator = np.random.default_rng([seed, crc32(name.encode())])
        shape = (draws, *values.shape[1:])
        if standard_errors[at].any():
            result[at, 1:] += generator.standard_normal(shape) * standard_errors[at]
        if half_digits[at].any():
            result[at, 1:] += generator.uniform(-1.0, 1.0, shape) * half_digits[at]
    positive = (values > 0)[:, None]
    return np.where(positive, np.maximum(result, LEAST_SHARE * values[:, None]), result)
