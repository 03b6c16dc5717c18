"""What every study needs: checked tables of values, and ranks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from donghaeng.index.methods import MethodError
from donghaeng.panel import Floats, Mask


def checked(values: npt.ArrayLike, what: str = "values", dimensions: int = 2) -> Floats:
    """Give values as a float64 array of the expected number of dimensions.

    Args:
        values: the values; NaN where one is missing.
        what: how to call them in a message.
        dimensions: number of dimensions: 1 for units, 2 for units x indicators.

    Raises:
        MethodError: another number of dimensions, no cell at all, or an infinite value, with its row and column.
    """
    array = np.asarray(values, np.float64)
    if array.ndim != dimensions or array.size == 0:
        form = "one number for each unit" if dimensions == 1 else "a table of units x indicators"
        raise MethodError(f"{what} have the shape {array.shape}", f"{form}, not empty", "check what was selected")
    infinite = np.argwhere(np.isinf(array))
    if len(infinite):
        row, column = int(infinite[0][0]), int(infinite[0][-1]) if dimensions == 2 else None
        remedy = "correct it or mark it as missing"
        raise MethodError(f"one of the {what} is infinite", "finite numbers", remedy, column=column, row=row)
    return array


def same_shape(first: Floats, second: Floats, what: str) -> None:
    """Refuse two arrays that do not belong together.

    Raises:
        MethodError: the shapes differ.
    """
    if first.shape != second.shape:
        raise MethodError(
            f"{what} have the shapes {first.shape} and {second.shape}", "one shape", "select the same units for both"
        )


def ranked(values: Floats, among: Mask | None = None) -> Floats:
    """Rank along the first axis: the highest value is 1, ties share the smallest rank, missing stays missing.

    Args:
        values: shape units, or units x columns; NaN where missing.
        among: units that are ranked, shape units; the others get NaN. Default, all.

    Returns:
        Ranks in the shape of the values.

    >>> ranked(np.array([3.0, 5.0, np.nan, 5.0, 1.0])).tolist()
    [3.0, 1.0, nan, 1.0, 4.0]
    """
    columns = values.reshape(len(values), -1)
    result = np.full(columns.shape, np.nan)
    for column in range(columns.shape[1]):
        taken = np.isfinite(columns[:, column])
        if among is not None:
            taken = taken & among
        scores = -columns[taken, column]
        result[taken, column] = np.searchsorted(np.sort(scores), scores, side="left") + 1.0
    return result.reshape(values.shape)
