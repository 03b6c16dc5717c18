"""Panels: values by place, period and node, with what is known about each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from donghaeng.periods import Period

Floats = npt.NDArray[np.float64]
Kinds = npt.NDArray[np.int8]
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

#: The kind of a cell that has no value.
NO_KIND = -1


@dataclass(frozen=True, eq=False)
class Panel:
    """Values of shape places x periods x nodes, and arrays of the same shape beside them.

    Attributes:
        places: place codes.
        periods: periods in the order of time.
        nodes: node codes.
        values: the values; NaN where there is none.
        counts: number of indicators behind a value of an inner node; NaN where not stated.
        kinds: `donghaeng.sources.Kind` of each value; `NO_KIND` where there is none.
        half_digits: half a unit of the last printed digit, which is the rounding a value carries.
        rows: row of each value in the table of observations; -1 where there is none.
    """

    places: tuple[str, ...]
    periods: tuple[Period, ...]
    nodes: tuple[str, ...]
    values: Floats
    counts: Floats
    kinds: Kinds
    half_digits: Floats
    rows: Rows

    @classmethod
    def empty(cls, places: tuple[str, ...], periods: tuple[Period, ...], nodes: tuple[str, ...]) -> Panel:
        """Make a panel without any value."""
        shape = (len(places), len(periods), len(nodes))
        return cls(
            places,
            periods,
            nodes,
            values=np.full(shape, np.nan),
            counts=np.full(shape, np.nan),
            kinds=np.full(shape, NO_KIND, dtype=np.int8),
            half_digits=np.zeros(shape),
            rows=np.full(shape, -1, dtype=np.int64),
        )
