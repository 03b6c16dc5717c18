"""Comparison of two versions of an index, and the effect of taking each element out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from donghaeng.index.methods import MethodError
from donghaeng.index.study.correlation import correlate
from donghaeng.index.study.values import checked, ranked, same_shape
from donghaeng.panel import Floats


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two versions of an index; arrays have one entry for each unit.

    Attributes:
        first: ranks in the first version, 1 is best; NaN for a unit that is not compared.
        second: ranks in the second version.
        change: first - second: positive where a unit stands better in the second.
        mean_absolute_change: mean of the size of the changes over the units compared; NaN without any.
        largest_change: largest size of a change.
        unchanged: number of units compared that keep their rank.
        kendall: tau-b between the two scores; NaN where one is constant.
        compared: number of units with both scores.
        only_first: number of units that only the first version scores.
        only_second: number of units that only the second version scores.
    """

    first: Floats
    second: Floats
    change: Floats
    mean_absolute_change: float
    largest_change: float
    unchanged: int
    kendall: float
    compared: int
    only_first: int
    only_second: int


def compare(first: npt.ArrayLike, second: npt.ArrayLike, ranks_over: Literal["common", "own"] = "common") -> Comparison:
    """Compare the scores of the same units in two versions of an index.

    Args:
        first: scores in the first version, shape units, higher is better; NaN where missing.
        second: scores in the second version.
        ranks_over: rank each version over the units that both score, so that nobody moves because another unit
            came or went; or over its own units, as each was published.

    Raises:
        MethodError: scores of other shapes, or an infinite one.
    """
    one, other = checked(first, "scores", 1), checked(second, "scores", 1)
    same_shape(one, other, "the two versions")
    both = np.isfinite(one) & np.isfinite(other)
    among = both if ranks_over == "common" else None
    ranks = ranked(one, among), ranked(other, among)
    change = ranks[0] - ranks[1]
    size = np.abs(change[both])
    return Comparison(
        *ranks,
        change,
        float(size.mean()) if len(size) else float("nan"),
        float(size.max()) if len(size) else float("nan"),
        int((size == 0).sum()),
        float(correlate(one[:, None], other[:, None], "kendall").values[0, 0]),
        int(both.sum()),
        int((np.isfinite(one) & ~both).sum()),
        int((np.isfinite(other) & ~both).sum()),
    )


@dataclass(frozen=True, eq=False)
class Removal:
    """What happens to an index without one element.

    Attributes:
        element: position of the element among the weights.
        scores: scores without it, shape units; NaN where nothing is left to score.
        comparison: nominal ranks (first) against ranks without the element (second).
    """

    element: int
    scores: Floats
    comparison: Comparison


def effect_of_removal(
    score: Callable[[Floats], Floats], weights: npt.ArrayLike, elements: Iterable[int]
) -> tuple[Removal, ...]:
    """Take each element out of an index in turn, by setting its weight to zero.

    The index itself is passed in as a function, so that any normalisation, any mean and any tree can be asked;
    the others of a group share the weight of the element, as the mean of the group does. A large mean absolute
    change of rank says that much hangs on the element (Becker et al. 2022, COINr, `remove_elements`).

    Args:
        score: from weights, shape nodes, to the scores of the index, shape units.
        weights: nominal weights of all nodes of the tree, in the order that ``score`` takes.
        elements: positions of the elements to take out; indicators and composites alike.

    Returns:
        One result for each element, in their order. Units that lose their score are left out of the comparison
        and counted in its ``only_first``.

    Raises:
        MethodError: an element that is no position of the weights, or scores of a changing shape; and whatever
            ``score`` raises.
    """
    nominal_weights = checked(weights, "weights", 1)
    nominal = checked(score(nominal_weights.copy()), "scores", 1)
    results = []
    for element in elements:
        if not 0 <= element < len(nominal_weights):
            raise MethodError(f"element {element} of {len(nominal_weights)}", "a position of the weights", "correct it")
        changed = nominal_weights.copy()
        changed[element] = 0.0
        scores = checked(score(changed), "scores", 1)
        results.append(Removal(element, scores, compare(nominal, scores)))
    return tuple(results)
