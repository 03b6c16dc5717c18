"""What is varied: choices with alternatives, noise of one source, continuous amounts, and rules between choices."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from donghaeng.errors import UsageError, listed, nearest
from donghaeng.index.robustness import noise

Column = npt.NDArray[Any]

#: One column a factor, as long as there are replications: positions of alternatives (int64) for a choice, numbers for
#: an amount (float64), keys for noise (uint64).
Points = dict[str, Column]

#: How far probabilities may be from a sum of 1.
_SUM_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Choice:
    """A factor with a list of alternatives. A set of weight vectors is one choice: its vectors are the alternatives.

    Attributes:
        name: its name.
        alternatives: names or numbers of the alternatives.
        probabilities: of each; empty for all alike.
    """

    name: str
    alternatives: Sequence[Hashable]
    probabilities: Sequence[float] = ()

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            UsageError: no alternative, one twice, or probabilities that are negative or do not sum to 1.
        """
        if not self.alternatives or len(set(self.alternatives)) != len(self.alternatives):
            raise UsageError(f"{self.name}: give at least one alternative, each once")
        if self.probabilities:
            good = len(self.probabilities) == len(self.alternatives) and min(self.probabilities) >= 0
            if not good or abs(math.fsum(self.probabilities) - 1) > _SUM_TOLERANCE:
                raise UsageError(f"{self.name}: give one probability for each alternative, 0 or more, that sum to 1")

    @cached_property
    def shares(self) -> npt.NDArray[np.float64]:
        """Probability of each alternative."""
        count = len(self.alternatives)
        return np.array(self.probabilities, float) if self.probabilities else np.full(count, 1 / count)

    @property
    def alike(self) -> bool:
        """Whether all alternatives are equally likely."""
        return not self.probabilities or len(set(self.probabilities)) == 1

    def position(self, alternative: Hashable) -> int:
        """Give the position of an alternative.

        Raises:
            UsageError: there is no such alternative.
        """
        if alternative not in self.alternatives:
            hint = nearest(str(alternative), [str(known) for known in self.alternatives])
            known = listed(str(known) for known in self.alternatives)
            raise UsageError(
                f"{self.name}: no alternative {alternative}; it has {known}" + (f"; {hint}" if hint else "")
            )
        return list(self.alternatives).index(alternative)

    def column(self, uniform: npt.NDArray[np.float64]) -> Column:
        """Map points of [0, 1) to positions of alternatives."""
        if self.alike:
            return (uniform * len(self.alternatives)).astype(np.int64)
        found = np.searchsorted(np.cumsum(self.shares), uniform, side="right")
        return np.minimum(found, int(np.flatnonzero(self.shares)[-1]))


@dataclass(frozen=True)
class Noise:
    """All random numbers of one source (noise of the weights, errors of the data) as one grouped factor.

    Attributes:
        name: its name.
    """

    name: str

    def column(self, uniform: npt.NDArray[np.float64]) -> Column:
        """Map points of [0, 1) to keys: equal points give the same random numbers."""
        return noise.keys_from_uniform(uniform)


@dataclass(frozen=True)
class Amount:
    """A continuous factor.

    Attributes:
        name: its name.
        low: lower end.
        high: upper end.
        quantile: maps points of [0, 1) to values for another distribution than the uniform one.
    """

    name: str
    low: float = 0.0
    high: float = 1.0
    quantile: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]] | None = None

    def column(self, uniform: npt.NDArray[np.float64]) -> Column:
        """Map points of [0, 1) to values."""
        if self.quantile is not None:
            return np.asarray(self.quantile(uniform), np.float64)
        return self.low + uniform * (self.high - self.low)


Factor = Choice | Noise | Amount


@dataclass(frozen=True)
class Rule:
    """What to do with a combination of choices that makes no sense.

    Attributes:
        when: alternatives by choice; all must hold. One alternative, or a list of which any will do.
        instead: alternatives that take their place; empty to exclude the combination.
        reason: why, for the reader.
    """

    when: Mapping[str, Hashable | list[Hashable]]
    instead: Mapping[str, Hashable] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class Space:
    """Independent factors and the rules between them.

    Attributes:
        factors: the factors.
        rules: applied one after the other.
    """

    factors: tuple[Factor, ...]
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            UsageError: no factor, a name twice, or a rule that names what is not there.
        """
        if not self.factors or len(set(self.names)) != len(self.factors):
            raise UsageError(f"give at least one factor, each name once; given are {listed(self.names) or 'none'}")
        for rule in self.rules:
            for name, wanted in [*rule.when.items(), *rule.instead.items()]:
                for alternative in wanted if isinstance(wanted, list) else [wanted]:
                    self.choice(name).position(alternative)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the factors."""
        return tuple(factor.name for factor in self.factors)

    def factor(self, name: str) -> Factor:
        """Give a factor by name.

        Raises:
            UsageError: there is none.
        """
        for factor in self.factors:
            if factor.name == name:
                return factor
        hint = nearest(name, self.names)
        raise UsageError(f"no factor {name}; there are {listed(self.names)}" + (f"; {hint}" if hint else ""))

    def choice(self, name: str) -> Choice:
        """Give a choice by name.

        Raises:
            UsageError: there is none, or the factor is not a choice.
        """
        factor = self.factor(name)
        if not isinstance(factor, Choice):
            raise UsageError(f"{name} has no alternatives: it is continuous or noise")
        return factor

    @property
    def discrete(self) -> bool:
        """Whether all factors are choices, so that the space can be enumerated."""
        return all(isinstance(factor, Choice) for factor in self.factors)

    @property
    def complete(self) -> bool:
        """Whether no rule excludes a combination: what Sobol indices need."""
        return all(rule.instead for rule in self.rules)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of alternatives of each choice, in the order of the factors."""
        return tuple(len(factor.alternatives) for factor in self.factors if isinstance(factor, Choice))

    def points(self, uniform: npt.NDArray[np.float64]) -> Points:
        """Map points of the unit cube, replications x factors, to points of the space, before rules."""
        return {factor.name: factor.column(uniform[:, at]) for at, factor in enumerate(self.factors)}

    def applied(self, points: Points) -> tuple[Points, Column]:
        """Apply the rules.

        Returns:
            The points with alternatives replaced, and which of them no rule excludes.
        """
        points = dict(points)
        size = len(next(iter(points.values())))
        allowed = np.ones(size, bool)
        for rule in self.rules:
            met = np.ones(size, bool)
            for name, wanted in rule.when.items():
                choice = self.choice(name)
                hit = np.zeros(len(choice.alternatives), bool)
                hit[[choice.position(one) for one in (wanted if isinstance(wanted, list) else [wanted])]] = True
                met &= hit[points[name]]
            for name, alternative in rule.instead.items():
                points[name] = np.where(met, self.choice(name).position(alternative), points[name])
            if not rule.instead:
                allowed &= ~met
        return points, allowed

    def described(self, points: Points, at: int) -> dict[str, Hashable]:
        """Write one point with the names of its alternatives."""
        said: dict[str, Hashable] = {}
        for factor in self.factors:
            value = points[factor.name][at]
            said[factor.name] = factor.alternatives[int(value)] if isinstance(factor, Choice) else value.item()
        return said
