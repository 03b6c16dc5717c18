"""Rounding numbers that are shown together."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal


def largest_remainder(values: Sequence[float], total: float, decimals: int = 1) -> list[float]:
    """Round numbers so that the rounded ones sum to the rounded total.

    Each is rounded down to a unit of the last decimal, and the units that are left go to those with the
    largest remainders; ties go to the earlier one (method of largest remainder, as in apportionment).

    Args:
        values: the numbers.
        total: what they sum to.
        decimals: decimals of the rounded numbers.

    >>> largest_remainder([33.333, 33.333, 33.334], 100.0, 0)
    [33.0, 33.0, 34.0]
    """
    unit = Decimal(1).scaleb(-decimals)
    exact = [Decimal(repr(float(value))) for value in values]
    floors = [(value / unit).to_integral_value("ROUND_FLOOR") for value in exact]
    left = int(round(Decimal(repr(float(total))), decimals) / unit - sum(floors))
    order = sorted(range(len(exact)), key=lambda at: (floors[at] * unit - exact[at], at))
    for turn in range(abs(left)):
        at = order[turn % len(order)] if left > 0 else order[-1 - turn % len(order)]
        floors[at] += 1 if left > 0 else -1
    return [float(value * unit) for value in floors]
