"""Screen: how much of each unit and indicator is there, and which of them to keep.

`checked` is the gate of all methods of this folder: a float64 array with NaN for missing and nothing infinite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from donghaeng.errors import listed, nearest
from donghaeng.index.methods import MethodError
from donghaeng.panel import Floats, Mask

Counts = npt.NDArray[np.int64]
Criterion = Literal["missing", "zeros", "missing_or_zeros"]

#: Defaults of COINr's Screen.
LEAST_AVAILABLE = 2 / 3
LEAST_NONZERO = 0.05


@dataclass(frozen=True, eq=False)
class Availability:
    """What is there of each unit (or of each indicator); arrays of one number each.

    Attributes:
        missing: number of missing cells.
        zeros: number of zeros.
        available: share of cells with a value, in [0, 1].
        nonzero: share of the cells with a value that are not zero, in [0, 1]; NaN where there is no value.
    """

    missing: Counts
    zeros: Counts
    available: Floats
    nonzero: Floats


def checked(x: npt.ArrayLike, dimensions: int = 2) -> Floats:
    """Take an array of numbers, as float64, after looking for what no method can take.

    Args:
        x: units x indicators, or places x periods x indicators; NaN is missing.
        dimensions: how many dimensions it must have.

    Raises:
        MethodError: on another number of dimensions, no cells, or an infinite value (its row is the unit or place).
    """
    values = np.asarray(x, dtype=np.float64)
    if values.ndim != dimensions or values.size == 0:
        shape = " x ".join(str(length) for length in values.shape) or "a single number"
        names = {1: "one number each", 2: "units x indicators", 3: "places x periods x indicators"}
        remedy = "give at least one of each, in that order"
        raise MethodError(f"the table is {shape}", f"a table of {names[dimensions]}", remedy)
    if np.isinf(values).any():
        cell = tuple(int(position) for position in np.argwhere(np.isinf(values))[0])
        when = f" in the period at position {cell[1]}" if dimensions == 3 else ""
        what = f"the value is infinite{when}"
        remedy = "correct it, or leave the cell empty if it is not known"
        raise MethodError(what, "a finite number or a missing value", remedy, column=cell[-1], row=cell[0])
    return values


def one_of(word: str, known: tuple[str, ...], name: str) -> None:
    """Hold a parameter to its words.

    Raises:
        MethodError: when the word is not among them.
    """
    if word not in known:
        remedy = nearest(str(word), known) or "choose one of them"
        raise MethodError(f'{name} "{word}" is not known', f"one of {listed(known)}", remedy)


def unit_availability(x: npt.ArrayLike) -> Availability:
    """Count what is there of each unit.

    Args:
        x: units x indicators; NaN is missing.

    Returns:
        Counts and shares of length units. For the availability within a group of indicators give its columns.

    Raises:
        MethodError: as `checked`.
    """
    return _availability(checked(x), axis=1)


def indicator_availability(x: npt.ArrayLike) -> Availability:
    """Count what is there of each indicator: as `unit_availability`, of length indicators."""
    return _availability(checked(x), axis=0)


def _availability(values: Floats, axis: int) -> Availability:
    missing = np.isnan(values).sum(axis=axis)
    zeros = (values == 0).sum(axis=axis)
    size = values.shape[axis]
    present = size - missing
    nonzero = np.full(present.shape, np.nan)
    np.divide(present - zeros, present, out=nonzero, where=present > 0)
    return Availability(missing, zeros, present / size, nonzero)


def kept(
    availability: Availability,
    by: Criterion = "missing",
    least_available: float = LEAST_AVAILABLE,
    least_nonzero: float = LEAST_NONZERO,
    include: Mask | None = None,
    exclude: Mask | None = None,
) -> Mask:
    """Say which units (or indicators) are kept.

    Kept is what reaches the threshold, equality included; shares are divisions of whole numbers, so that nine of
    ten reach 0.9 exactly. Where nothing is available, the share of non-zeros does not exist and fails.

    Args:
        availability: counts and shares of the units or of the indicators.
        by: ``missing`` looks at `least_available`, ``zeros`` at `least_nonzero`, ``missing_or_zeros`` at both
            (COINr: byNA, byzeros, byNAandzeros, which too drops what fails either).
        least_available: least share of cells with a value, in [0, 1].
        least_nonzero: least share of non-zeros among the values, in [0, 1].
        include: kept whatever the data say.
        exclude: left out whatever the data say.

    Returns:
        A mask of the length of the shares.

    Raises:
        MethodError: on an unknown criterion, a threshold outside [0, 1], or a unit both included and excluded.

    Source: COINr 1.1.14, Screen.
    """
    one_of(by, get_args(Criterion), "the criterion")
    for name, threshold in (("least_available", least_available), ("least_nonzero", least_nonzero)):
        if not 0 <= threshold <= 1:
            raise MethodError(f"{name} is {threshold:g}", "a share between 0 and 1", "write 0.9 for 90 %")
    keep = np.ones(availability.available.shape, dtype=np.bool_)
    if by != "zeros":
        keep &= availability.available >= least_available
    if by != "missing":
        keep &= availability.nonzero >= least_nonzero
    return _forced(keep, include, exclude)


def _forced(keep: Mask, include: Mask | None, exclude: Mask | None) -> Mask:
    none = np.zeros(keep.shape, dtype=np.bool_)
    wanted = none if include is None else np.asarray(include, dtype=np.bool_)
    unwanted = none if exclude is None else np.asarray(exclude, dtype=np.bool_)
    if wanted.shape != keep.shape or unwanted.shape != keep.shape:
        raise MethodError("the lists to include and exclude have another length", f"{len(keep)} marks", "mark each")
    both = np.flatnonzero(wanted & unwanted)
    if len(both):
        raise MethodError("it is both included and excluded", "one of the two", "remove one", row=int(both[0]))
    return (keep | wanted) & ~unwanted
