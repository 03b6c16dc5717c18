"""Who is deprived in what: values and cut-offs to a matrix of deprivations, and its weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from donghaeng.index.methods import MethodError
from donghaeng.panel import Floats, Mask

When = Literal["below", "at_or_below", "above", "at_or_above", "one_of", "none_of"]


@dataclass(frozen=True)
class Cutoff:
    """When a household counts as deprived in an indicator.

    Attributes:
        when: how its value compares with the cut-off: ``below``, ``at_or_below``, ``above`` or ``at_or_above`` one
            number, or ``one_of`` or ``none_of`` several (codes of categories).
        values: the cut-off in the unit of the indicator; one number, or the codes.
    """

    when: When
    values: tuple[float, ...]


def deprivation_matrix(values: npt.ArrayLike, cutoffs: Sequence[Cutoff]) -> Floats:
    """Compare each value with its deprivation cut-off (the first of the two cut-offs of Alkire and Foster 2011).

    Args:
        values: achievements, shape households x indicators; NaN where missing. Infinite values are compared too.
        cutoffs: one for each indicator.

    Returns:
        1 for deprived, 0 for not deprived, NaN for unknown; shape households x indicators.

    Raises:
        MethodError: another shape, or a cut-off that cannot be used, with its column.
    """
    table = np.asarray(values, np.float64)
    if table.ndim != 2 or table.shape[1] != len(cutoffs) or not table.size:
        what = f"values have the shape {table.shape}, and there are {len(cutoffs)} cut-offs"
        raise MethodError(what, "households x indicators and a cut-off for each indicator", "add what is missing")
    result = np.full(table.shape, np.nan)
    for column, cutoff in enumerate(cutoffs):
        given = ~np.isnan(table[:, column])
        result[given, column] = _deprived(table[given, column], cutoff, column)
    return result


def _deprived(values: Floats, cutoff: Cutoff, column: int) -> Mask:
    several = cutoff.when in ("one_of", "none_of")
    if cutoff.when not in _COMPARED or not cutoff.values or (len(cutoff.values) > 1 and not several):
        what = f'the cut-off "{cutoff.when}" with {len(cutoff.values)} numbers'
        expected = "below, at_or_below, above or at_or_above one number, one_of or none_of several"
        raise MethodError(what, expected, "correct the cut-off", column=column)
    if np.isnan(cutoff.values).any():
        raise MethodError("a cut-off is missing", "a number", "state it", column=column)
    if several:
        found: Mask = np.isin(values, cutoff.values)
        return found if cutoff.when == "one_of" else ~found
    compared: Mask = _COMPARED[cutoff.when](values, cutoff.values[0])
    return compared


_COMPARED = {
    "below": np.less,
    "at_or_below": np.less_equal,
    "above": np.greater,
    "at_or_above": np.greater_equal,
    "one_of": np.equal,
    "none_of": np.not_equal,
}


def nested_weights(dimensions: Sequence[str]) -> Floats:
    """Give equal weights to dimensions, and within each to its indicators, as the global MPI does.

    Args:
        dimensions: dimension of each indicator.

    Returns:
        Weights that sum to 1, shape indicators.

    Raises:
        MethodError: no indicator at all.

    >>> nested_weights(["health", "health", "education"]).tolist()
    [0.25, 0.25, 0.5]
    """
    if not dimensions:
        raise MethodError("no indicators", "at least one", "add indicators")
    names = list(dimensions)
    return np.array([1.0 / len(set(names)) / names.count(name) for name in names])
