"""Small counts are not published, nor what they can be computed from: across all measures of a table together.

A count below the threshold is suppressed. Measures share entries: a filter of one measure is a group of another, and
a total stands in both. So what is published of one table in one period is taken as one system of linear equations over
portions of entries that count in the same measures and groups. Each suppressed small count is bounded from all
that is published, by linear programming; where the bounds lie closer together than its smallness alone leaves, another
figure is suppressed too, the smallest that moves the bounds, until all are wide enough.

`donghaeng.ledger.suppression` does this for one table with its own totals; this is the case of linked tables.

Sources: L. Willenborg, T. de Waal, Elements of Statistical Disclosure Control, Springer 2001, chapters 4 and 5;
A. Hundepool and others, Statistical Disclosure Control, Wiley 2012, chapter 4 (linked tables: section 4.3).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import numpy as np

    Matrix = np.ndarray[Any, Any]

THRESHOLD = 10

#: What the solver says of a system without a greatest value; "unbounded or infeasible" is the same here.
_UNBOUNDED = (3, 4)

Id = TypeVar("Id", bound=Hashable)


@dataclass(frozen=True)
class Part:
    """A figure as a sum of portions.

    Attributes:
        portions: numbers of the portions that it is the sum of.
        count: their entries.
        small: whether it must not be published: its entries, or whom they are about, are few.
    """

    portions: frozenset[int]
    count: int
    small: bool


def suppressed(parts: Mapping[Id, Part], threshold: int = THRESHOLD) -> frozenset[Id]:
    """Choose the figures that are not published.

    Args:
        parts: every figure that would be published of one table in one period. A portion that could be there and is
            empty counts as one, or its figure would be known to be nothing.
        threshold: counts below it are small.

    Returns:
        The small figures, and those that would give them back.

    >>> total, one, other, third = (Part(frozenset(p), c, c < 10) for p, c in
    ...     [({0, 1, 2}, 109), ({0}, 4), ({1}, 15), ({2}, 90)])
    >>> sorted(suppressed({"total": total, "one": one, "other": other, "third": third}))
    ['one', 'other']
    """
    # Figures made of the same portions are one: what is said of it once is said.
    figures: dict[frozenset[int], Part] = {}
    for part in parts.values():
        before = figures.get(part.portions)
        is_small = part.small or (before is not None and before.small)
        figures[part.portions] = Part(part.portions, part.count, is_small)
    system = _System(list(figures.values()))
    small = [number for number, figure in enumerate(system.figures) if figure.small]
    hidden = set(small)
    # Bounds only widen as more is left out, so a figure that was made wide enough stays so.
    for number in small:
        # Few persons can stand behind many entries: then the bounds are as wide as these are many.
        while system.width(number, hidden) < max(threshold - 1, system.figures[number].count):
            more = system.helpful(number, hidden)
            if more is None:
                break
            hidden.add(more)
    gone = {system.figures[number].portions for number in hidden}
    return frozenset(name for name, part in parts.items() if part.portions in gone)


@dataclass(frozen=True)
class _Masses:
    """The portions of figures that share entries, put together where no published figure tells them apart.

    Attributes:
        published: numbers of the published figures.
        equations: which mass is in which published figure; shape (published, masses).
        mass_of: the mass of each portion.
        columns: the portions.
    """

    published: Sequence[int]
    equations: Matrix
    mass_of: Matrix
    columns: Matrix


class _System:
    """What is published of one table in one period, as equations over its portions."""

    def __init__(self, figures: Sequence[Part]) -> None:
        """Take the figures, each once; portions that are in the same figures become one unknown."""
        import numpy as np

        self.figures = figures
        inside: dict[int, list[int]] = {}
        for number, figure in enumerate(figures):
            for portion in figure.portions:
                inside.setdefault(portion, []).append(number)
        self.unknowns = sorted({tuple(numbers) for numbers in inside.values()})
        self.rows = np.zeros((len(figures), len(self.unknowns)), bool)
        for at, numbers in enumerate(self.unknowns):
            self.rows[list(numbers), at] = True
        self.linked = self._linked()
        self._masses: dict[tuple[int, ...], _Masses] = {}

    def _linked(self) -> list[set[int]]:
        """For each figure, those that share entries with it, with those, and so on."""
        of: list[set[int]] = [{number} for number in range(len(self.figures))]
        for numbers in self.unknowns:
            joined = set().union(*(of[number] for number in numbers))
            for number in joined:
                of[number] = joined
        return of

    def masses(self, number: int, hidden: set[int]) -> _Masses:
        """Give the unknowns that bound a figure: entries can move freely between portions of one mass."""
        import numpy as np

        linked = self.linked[number]
        published = tuple(sorted(linked - hidden))
        if published not in self._masses:
            columns = np.array([at for at, numbers in enumerate(self.unknowns) if numbers[0] in linked])
            own = self.rows[np.ix_(np.array(published), columns)]
            packed = np.ascontiguousarray(np.packbits(own, axis=0).T)
            _, first, mass_of = np.unique(packed, axis=0, return_index=True, return_inverse=True)
            self._masses = {published: _Masses(published, own[:, first].astype(float), mass_of.reshape(-1), columns)}
        return self._masses[published]

    def width(self, number: int, hidden: set[int]) -> float:
        """Say how far apart the least and the greatest value of a suppressed figure lie."""
        return self._bounds(number, hidden)[0]

    def helpful(self, number: int, hidden: set[int]) -> int | None:
        """Find the smallest published figure whose loss lets a suppressed one be more; else the smallest that may."""
        now, holding = self._bounds(number, hidden)
        candidates = sorted(holding, key=lambda one: (self.figures[one].count, len(self.figures[one].portions), one))
        for one in candidates:
            if self.width(number, hidden | {one}) > now + 0.5:
                return one
        rest = candidates or sorted(self.linked[number] - hidden, key=lambda one: (self.figures[one].count, one))
        return rest[0] if rest else None

    def _bounds(self, number: int, hidden: set[int]) -> tuple[float, list[int]]:
        """Give the width, and the published figures that hold the bounds: only their loss can move them."""
        import numpy as np
        from scipy.optimize import linprog

        if not self.linked[number] - hidden:
            return float("inf"), []
        masses = self.masses(number, hidden)
        count = masses.equations.shape[1]
        inside = self.rows[number, masses.columns]
        some = np.bincount(masses.mass_of, inside, count) > 0
        all_ = np.bincount(masses.mass_of, ~inside, count) == 0
        right = np.array([float(self.figures[one].count) for one in masses.published])
        ends, holding = [], set()
        # At least, what can lie elsewhere lies elsewhere; at most, what can be the figure's own is.
        for sign, own in ((1.0, all_), (-1.0, some)):
            found = linprog(sign * own, A_eq=masses.equations, b_eq=right, bounds=(0, None), method="highs")
            if sign < 0 and found.status in _UNBOUNDED:
                return float("inf"), []
            if found.status != 0:  # the counts themselves are a solution, so there is one
                raise ArithmeticError(f"the bounds of a count were not found: {found.message}")
            ends.append(sign * float(found.fun))
            # An equation of which the optimum does not depend (its dual value is 0) does not hold it.
            duals = zip(masses.published, found.eqlin.marginals, strict=True)
            holding |= {one for one, dual in duals if abs(dual) > 1e-9}
        return ends[1] - ends[0] + 1e-6, sorted(holding)
