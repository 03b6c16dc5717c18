"""Which replications are run: every combination, points at random, points as given, or a design for Sobol indices."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from donghaeng.errors import UsageError
from donghaeng.index.robustness import noise
from donghaeng.index.robustness.factors import Choice, Column, Points, Space

#: Largest number of combinations that are enumerated.
MOST_COMBINATIONS = 5_000_000

#: A probability p is counted as round(p * 2**60): whole numbers, so that sums do not depend on their order.
_MASS = 2.0**60

#: An excluded point is drawn again at most this often.
_MOST_DRAWS = 1_000


@dataclass(frozen=True)
class Batch:
    """Some replications of a design.

    Attributes:
        points: their points, with the rules applied.
        mass: how much each counts; 0 for an excluded combination, which is not run.
    """

    points: Points
    mass: npt.NDArray[np.int64]


class Design(Protocol):
    """A list of replications that are made as they are needed."""

    @property
    def space(self) -> Space:
        """The factors."""
        ...

    @property
    def size(self) -> int:
        """Number of replications."""
        ...

    def batch(self, numbers: npt.NDArray[np.int64]) -> Batch:
        """Make the replications with these numbers."""
        ...


@dataclass(frozen=True)
class Enumeration:
    """Every combination of choices once, weighted by its probability; the last factor varies fastest.

    Attributes:
        space: choices only.
    """

    space: Space

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            UsageError: a factor that is not a choice, too many combinations, or none left.
        """
        if not self.space.discrete:
            raise UsageError("only choices can be enumerated; use Random or Saltelli with continuous factors or noise")
        if self.size > MOST_COMBINATIONS:
            raise UsageError(
                f"{self.size:,} combinations are more than {MOST_COMBINATIONS:,}; use Random or Saltelli, or fewer"
            )

    @property
    def size(self) -> int:
        """Number of combinations, excluded ones among them."""
        return math.prod(self.space.shape)

    @property
    def alike(self) -> bool:
        """Whether all combinations count the same."""
        return all(isinstance(factor, Choice) and factor.alike for factor in self.space.factors)

    def batch(self, numbers: npt.NDArray[np.int64]) -> Batch:
        """Make the replications with these numbers."""
        positions = np.unravel_index(numbers, self.space.shape)
        points, allowed = self.space.applied(dict(zip(self.space.names, positions, strict=True)))
        if self.alike:
            return Batch(points, allowed.astype(np.int64))
        share = np.ones(len(numbers))
        for factor, column in zip(self.space.factors, positions, strict=True):
            if isinstance(factor, Choice):
                share = share * factor.shares[column]
        return Batch(points, np.where(allowed, np.rint(share * _MASS), 0).astype(np.int64))


@dataclass(frozen=True)
class Random:
    """Independent points (Monte Carlo). Replication r is the same whatever the number of replications.

    Attributes:
        space: the factors.
        size: number of replications.
        seed: any whole number, 0 too; None for a random one, which `used_seed` then tells.
    """

    space: Space
    size: int
    seed: int | None = None

    @cached_property
    def used_seed(self) -> int:
        """The seed itself, or the random one drawn for None."""
        return noise.seed_or_random(self.seed)

    def __getstate__(self) -> dict[str, Any]:
        """Take the seed that was drawn along to another process."""
        return {**self.__dict__, "used_seed": self.used_seed}

    def batch(self, numbers: npt.NDArray[np.int64]) -> Batch:
        """Make the replications with these numbers; excluded points are drawn again.

        Raises:
            UsageError: the rules exclude (nearly) everything.
        """
        keys = noise.keys_of(self.used_seed, numbers)
        points, allowed = self._drawn(keys, 0)
        for attempt in range(1, _MOST_DRAWS):
            again = np.flatnonzero(~allowed)
            if not len(again):
                return Batch(points, np.ones(len(numbers), np.int64))
            fresh, good = self._drawn(keys[again], attempt)
            for name, column in fresh.items():
                points[name][again] = column
            allowed[again] = good
        raise UsageError("the rules exclude nearly every combination; give alternatives or fewer rules")

    def _drawn(self, keys: noise.Keys, attempt: int) -> tuple[Points, Column]:
        count = len(self.space.factors)
        uniform = np.empty((count, len(keys)))
        for at in range(count):
            uniform[at] = noise.uniform(keys, attempt * count + at)
        return self.space.applied(self.space.points(uniform.T))


@dataclass(frozen=True)
class Given:
    """Replications somebody else drew.

    Attributes:
        space: the factors.
        points: one column a factor; see `factors.Points`.
    """

    space: Space
    points: Points

    @classmethod
    def of(cls, space: Space, columns: Mapping[str, Sequence[Hashable]]) -> Given:
        """Take columns with the names of alternatives.

        Raises:
            UsageError: a factor without a column, or an unknown alternative.
        """
        points: Points = {}
        for factor in space.factors:
            if factor.name not in columns:
                raise UsageError(f"the replications say nothing about {factor.name}")
            column = columns[factor.name]
            if isinstance(factor, Choice):
                points[factor.name] = np.array([factor.position(one) for one in column], np.int64)
            else:
                points[factor.name] = np.asarray(column)
        return cls(space, points)

    @property
    def size(self) -> int:
        """Number of replications."""
        return len(next(iter(self.points.values())))

    def batch(self, numbers: npt.NDArray[np.int64]) -> Batch:
        """Make the replications with these numbers."""
        points, allowed = self.space.applied({name: column[numbers] for name, column in self.points.items()})
        return Batch(points, allowed.astype(np.int64))


@dataclass(frozen=True)
class Saltelli:
    """The design for Sobol indices: A, B, and for each factor A with its column of B (and B with that of A).

    Rows lie as in `SALib.sample.sobol.sample`: for each base point A, AB_1 ... AB_F, (BA_1 ... BA_F,) B. Base points
    are those of SALib too (scrambled Sobol' sequence), or independent ones.

    Attributes:
        space: the factors; complete.
        base: number of base points; a power of 2 for the Sobol' sequence.
        seed: any whole number, 0 too; None for a random one.
        second_order: also BA, for indices of the second order.
        sequence: use the Sobol' sequence instead of independent points.
    """

    space: Space
    base: int
    seed: int | None = None
    second_order: bool = True
    sequence: bool = True

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            UsageError: the rules exclude combinations, or the number of base points is not a power of 2.
        """
        require_complete(self.space)
        if self.sequence and (self.base < 1 or self.base & (self.base - 1)):
            raise UsageError(f"a Sobol' sequence is balanced for powers of 2; {self.base} is none")

    @cached_property
    def used_seed(self) -> int:
        """The seed itself, or the random one drawn for None."""
        return noise.seed_or_random(self.seed)

    def __getstate__(self) -> dict[str, Any]:
        """Take the seed that was drawn along to another process."""
        return {**self.__dict__, "used_seed": self.used_seed}

    @property
    def rows(self) -> int:
        """Replications of one base point."""
        return (2 if self.second_order else 1) * len(self.space.factors) + 2

    @property
    def size(self) -> int:
        """Number of replications."""
        return self.base * self.rows

    @cached_property
    def _points(self) -> npt.NDArray[np.float64]:
        """Base points, base x 2 factors."""
        count = 2 * len(self.space.factors)
        if self.sequence:
            from scipy.stats import qmc

            # By `seed`, as SALib gives it; the same number by `rng` is another sequence.
            return np.asarray(qmc.Sobol(count, scramble=True, seed=self.used_seed).random(self.base))
        keys = noise.keys_of(self.used_seed, np.arange(self.base))
        return np.stack([noise.uniform(keys, at) for at in range(count)], axis=1)

    def batch(self, numbers: npt.NDArray[np.int64]) -> Batch:
        """Make the replications with these numbers."""
        point, row = np.divmod(numbers, self.rows)
        count = len(self.space.factors)
        from_b = np.empty((len(numbers), count), bool)
        for at in range(count):
            # Rows of A take their own factor from B, rows of B theirs from A; the last row is B itself.
            from_b[:, at] = np.where(row <= count, row == 1 + at, row != 1 + at + count)
        from_b[row == self.rows - 1] = True
        uniform = np.where(from_b, self._points[point, count:], self._points[point, :count])
        points, _ = self.space.applied(self.space.points(uniform))
        return Batch(points, np.ones(len(numbers), np.int64))


def require_complete(space: Space) -> None:
    """Refuse a space on which Sobol indices are not defined.

    Raises:
        UsageError: rules exclude combinations.
    """
    if not space.complete:
        raise UsageError(
            "Sobol indices need independent factors on a complete space, and a rule excludes combinations; "
            "give an alternative in its place (instead), or drop the rule"
        )
