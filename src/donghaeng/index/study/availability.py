"""Availability of data: by unit, and by unit and group of indicators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from donghaeng.index.methods import MethodError
from donghaeng.index.study.values import checked
from donghaeng.panel import Floats


@dataclass(frozen=True, eq=False)
class Availability:
    """What each unit has; every array has one entry for each unit.

    Attributes:
        missing: number of indicators without a value.
        zero: number of indicators that are zero.
        missing_or_zero: their sum.
        share_available: share of indicators with a value.
        share_non_zero: share of the values that are not zero; NaN for a unit without any value.
    """

    missing: Floats
    zero: Floats
    missing_or_zero: Floats
    share_available: Floats
    share_non_zero: Floats


def availability_of_units(values: npt.ArrayLike) -> Availability:
    """Count what each unit lacks.

    Args:
        values: raw values, shape units x indicators; NaN where missing.

    Raises:
        MethodError: a table of another shape, or an infinite value.
    """
    table = checked(values)
    missing = np.isnan(table).sum(axis=1).astype(np.float64)
    zero = (table == 0).sum(axis=1).astype(np.float64)
    given = table.shape[1] - missing
    share_non_zero = np.divide(given - zero, given, out=np.full(len(table), np.nan), where=given > 0)
    return Availability(missing, zero, missing + zero, given / table.shape[1], share_non_zero)


def availability_of_groups(values: npt.ArrayLike, members: Sequence[Sequence[int]]) -> Floats:
    """Give the share of indicators with a value, by unit and group.

    Args:
        values: raw values, shape units x indicators; NaN where missing.
        members: for each group (a node of the tree), the columns of all indicators below it.

    Returns:
        Shares from 0 to 1, shape units x groups.

    Raises:
        MethodError: a table of another shape, an infinite value, or a group without indicators.
    """
    given = np.isfinite(checked(values))
    result = np.empty((len(given), len(members)))
    for group, columns in enumerate(members):
        if not len(columns):
            raise MethodError(f"group {group} has no indicators", "at least one", "leave the group out", column=group)
        result[:, group] = given[:, list(columns)].mean(axis=1)
    return result
