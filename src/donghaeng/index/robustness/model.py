"""How the choices of a replication become numbers: states of the data, weights, means, noise.

Choices act on an index in few places. For each place a `Part` says which factors matter there and computes the input
for one combination of them; every combination is computed once, before the replications run. That is the stage cache:
a replication is then a row of each table.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from donghaeng.errors import DonghaengError, UsageError, listed
from donghaeng.index.robustness import noise
from donghaeng.index.robustness.design import Batch
from donghaeng.index.robustness.factors import Amount, Choice, Noise, Space
from donghaeng.index.robustness.tables import (
    MIN_MAX,
    Z_SCORE,
    Array,
    Measured,
    Runs,
    Tables,
    merging,
    method_codes,
    padded,
)
from donghaeng.index.robustness.tree import MEANS, Tree

Precision = Literal["single", "double"]

#: What a part may raise for a combination that cannot be computed; it then fails with the message as its reason.
#: A `UsageError` is a mistake of the caller and goes through.
_FAILURES = (DonghaengError, ArithmeticError, ValueError)


@dataclass(frozen=True)
class Part:
    """One input of the aggregation, as a function of some choices.

    Attributes:
        make: called with one alternative of each factor, in their order. It may raise `DonghaengError`, `ValueError`
            or `ArithmeticError` where there is no result; replications that need it fail with that reason.
        factors: names of choices; none for an input that does not vary.
    """

    make: Callable[..., Any]
    factors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Treatment:
    """How measured data are prepared, anew in every replication.

    Attributes:
        impute: fill by the mean of the unit's group.
        winsorise: most points to Winsorise before a logarithm is taken; None for no treatment.
        normalise: ``min-max`` or ``z-score``.
        low: lower end of the scale; for z-scores, the mean.
        high: upper end; for z-scores, the standard deviation.
    """

    impute: bool = False
    winsorise: int | None = None
    normalise: Literal["min-max", "z-score"] = "min-max"
    low: float = 0.0
    high: float = 100.0

    @property
    def settings(self) -> tuple[float, ...]:
        """The numbers that `tables.Measured` wants."""
        most = -1 if self.winsorise is None else self.winsorise
        kind = MIN_MAX if self.normalise == "min-max" else Z_SCORE
        return float(self.impute), float(most), float(kind), self.low, self.high


@dataclass(frozen=True)
class WeightNoise:
    """Noise of the weights: weight x (1 + scale x amplitude x u), u uniform between -1 and 1.

    Attributes:
        factor: name of the noise.
        amplitude: largest relative change by code of the node; nodes that are not named keep their weight.
        scale: a number, or the name of an amount.
    """

    factor: str
    amplitude: Mapping[str, float]
    scale: float | str = 1.0


@dataclass(frozen=True, eq=False)
class DataNoise:
    """Measured values with errors; they are imputed, treated and normalised in every replication.

    Attributes:
        values: units x indicators, in the order of the tree; NaN where missing.
        errors: standard error of each value, or half a unit of its last published digit; same shape.
        factor: name of the noise.
        rounding: errors are uniform within +- the half digit; else nearly normal (tails end at 4.06 deviations).
        directions: 1 or -1 for each indicator; -1 turns it around before normalisation.
        groups: group of each unit, counted from 0, for imputation; none for one group.
        scale: a number, or the name of an amount.
    """

    values: npt.NDArray[np.float64]
    errors: npt.NDArray[np.float64]
    factor: str
    rounding: bool = False
    directions: Sequence[float] = ()
    groups: Sequence[int] = ()
    scale: float | str = 1.0


@dataclass(frozen=True)
class Reason:
    """Why replications failed.

    Attributes:
        part: which input could not be made (``data``, ``weights``, ``kept``, ``means``) or ``mean``.
        choices: the choices that it depends on, where known.
        what: the reason.
    """

    part: str
    choices: tuple[tuple[str, Any], ...]
    what: str

    def __str__(self) -> str:
        """Give it in one line."""
        said = ", ".join(f"{name} = {value}" for name, value in self.choices)
        return f"{self.what} ({said})" if said else self.what


@dataclass(frozen=True)
class Made:
    """All combinations of one part: what came out of each, or why nothing did."""

    factors: tuple[str, ...]
    shape: tuple[int, ...]
    results: list[Any]
    reasons: list[Reason | None]

    def rows(self, batch: Batch) -> npt.NDArray[np.int64]:
        """Give the combination of each replication."""
        if not self.factors:
            return np.zeros(len(batch.mass), np.int64)
        return np.ravel_multi_index([batch.points[name] for name in self.factors], self.shape)

    @property
    def failed(self) -> npt.NDArray[np.bool_]:
        """Which combinations have no result."""
        return np.array([reason is not None for reason in self.reasons])


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """An index and what may vary in it.

    Attributes:
        space: the factors and rules.
        tree: the tree; matrices and vectors follow its order of indicators and nodes.
        units: codes of the units, in order.
        data: gives normalised values, units x indicators, NaN where missing; with `measured`, a `Treatment`.
        weights: gives the weight of every node (that of the root is not used), or a mapping by code.
        means: gives the means: one a level from the lowest, or one for all, of `tree.MEANS`.
        kept: gives codes of nodes that are left out; None to leave out nothing.
        weight_noise: noise on the weights.
        measured: errors of the data.
        groups: sizes of groups of units that are ranked among themselves (periods, say); none for one group.
    """

    space: Space
    tree: Tree
    units: tuple[str, ...]
    data: Part
    weights: Part
    means: Part = field(default_factory=lambda: Part(lambda: ("arithmetic",)))
    kept: Part | None = None
    weight_noise: WeightNoise | None = None
    measured: DataNoise | None = None
    groups: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            UsageError: sizes that do not fit, or factors that nothing uses.
        """
        if self.groups and sum(self.groups) != len(self.units):
            raise UsageError(f"groups of {sum(self.groups)} units in all, but there are {len(self.units)}")
        parts = [self.data, self.weights, self.means, *([self.kept] if self.kept else [])]
        used = {name for part in parts for name in part.factors}
        for name in used:
            self.space.choice(name)
        for source in (self.weight_noise, self.measured):
            if source is not None:
                self._check_noise(source)
                used |= {source.factor} | ({source.scale} if isinstance(source.scale, str) else set())
        if idle := [name for name in self.space.names if name not in used]:
            raise UsageError(f"the factor {listed(idle)} changes nothing: no part of the model uses it")

    def _check_noise(self, source: WeightNoise | DataNoise) -> None:
        if not isinstance(self.space.factor(source.factor), Noise):
            raise UsageError(f"{source.factor} is to be Noise, to carry random numbers")
        if isinstance(source.scale, str) and not isinstance(self.space.factor(source.scale), Amount):
            raise UsageError(f"{source.scale} is to be an Amount, to scale {source.factor}")
        if isinstance(source, DataNoise):
            shape = (len(self.units), self.tree.indicators)
            if source.values.shape != shape or source.errors.shape != shape:
                raise UsageError(f"measured values and errors are to be {shape[0]} units x {shape[1]} indicators")
        elif unknown := [code for code in source.amplitude if code not in self.tree.codes]:
            raise UsageError(f"noise on unknown nodes {listed(unknown)}")

    @cached_property
    def prepared(self) -> Prepared:
        """Everything that replications need, computed once."""
        return Prepared(self)

    def __getstate__(self) -> dict[str, Any]:
        """Give what another process needs: the tables, made now; the functions that made them stay here."""
        parts = {"data": self.data, "weights": self.weights, "means": self.means, "kept": self.kept}
        left_here = {name: Part(_left_behind, part.factors) for name, part in parts.items() if part}
        return {**self.__dict__, **left_here, "prepared": self.prepared}


def _left_behind(*_: Any) -> Any:
    raise UsageError("the parts of this model were made where it comes from; make a new model to change them")


class Prepared:
    """The tables of a model: every combination of every part, computed once."""

    def __init__(self, model: Model) -> None:
        """Compute all parts."""
        self.model = model
        kept = model.kept or Part(lambda: ())
        self.data = _make("data", model.data, model.space, self._checked_data)
        self.weights = _make("weights", model.weights, model.space, self._checked_weights)
        self.kept = _make("kept", kept, model.space, self._checked_kept)
        self.means = _make("means", model.means, model.space, self._checked_means)
        self._tables: dict[Precision, tuple[Tables, Measured]] = {}

    @property
    def groups(self) -> Array:
        """Bounds of the groups of units."""
        sizes = self.model.groups or (len(self.model.units),)
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)

    def _checked_data(self, made: Any) -> Any:
        if self.model.measured is not None:
            if not isinstance(made, Treatment):
                raise UsageError("with measured data the part `data` is to give a Treatment")
            return made
        values = np.asarray(made, np.float64)
        shape = (len(self.model.units), self.model.tree.indicators)
        if values.shape != shape:
            raise UsageError(f"a state of the data has shape {values.shape}; {shape} is needed, units x indicators")
        if np.isinf(values).any():
            unit, indicator = np.argwhere(np.isinf(values))[0]
            raise UsageError(f"{self.model.tree.codes[indicator]} of {self.model.units[unit]} is infinite")
        return values

    def _checked_weights(self, made: Any) -> Any:
        codes = self.model.tree.codes
        if isinstance(made, Mapping):
            if unknown := [code for code in made if code not in codes]:
                raise UsageError(f"weights of unknown nodes {listed(unknown)}")
            if lacking := [code for code in codes[:-1] if code not in made]:
                raise UsageError(f"no weight for {listed(lacking)}")
            made = [made.get(code, 1.0) for code in codes]
        vector = np.asarray(made, np.float64)
        if vector.shape != (len(codes),):
            raise UsageError(f"{vector.size} weights for {len(codes)} nodes")
        if not np.isfinite(vector).all() or (vector < 0).any():
            bad = codes[int(np.flatnonzero(~np.isfinite(vector) | (vector < 0))[0])]
            raise UsageError(f"the weight of {bad} is negative or not a number")
        return vector

    def _checked_kept(self, left_out: Any) -> Any:
        codes = self.model.tree.codes
        if unknown := [code for code in left_out if code not in codes]:
            raise UsageError(f"unknown nodes to leave out: {listed(unknown)}")
        return np.array([float(code not in left_out) for code in codes])

    def _checked_means(self, made: Any) -> Any:
        means = (made,) if isinstance(made, str) else tuple(made)
        if unknown := [mean for mean in means if mean not in MEANS]:
            raise UsageError(f"the fast evaluation has no mean {listed(unknown)}; it has {listed(MEANS)}")
        return method_codes(self.model.tree.means_by_level(means))

    def tables(self, precision: Precision) -> tuple[Tables, Measured]:
        """Give the tables in single or double precision."""
        if precision not in self._tables:
            self._tables[precision] = self._built(np.dtype(np.float32 if precision == "single" else np.float64))
        return self._tables[precision]

    def _built(self, kind: np.dtype[Any]) -> tuple[Tables, Measured]:
        tree, units = self.model.tree, len(self.model.units)
        methods = np.array([codes or [0] * len(tree.composites) for codes in self.means.results], np.int8)
        methods = methods.reshape(-1, len(tree.composites))
        measured = self._measured(kind)
        values = self._states()
        there = np.isfinite(values)
        missing = ~there.all(axis=(0, 2)) if measured.values.size == 0 else self._ever_missing()
        partial = np.zeros(len(tree.codes), np.uint8)
        partial[: tree.indicators] = missing
        for node, parent in enumerate(tree.parents[:-1]):
            partial[parent] |= partial[node]
        filled = np.where(there, values, 0.0)
        positive = filled > 0
        blocked = np.where((there & ~positive).any(axis=2), (there & ~positive).argmax(axis=2) + 1, 0)
        safe = np.where(positive, filled, 1.0)
        none = np.zeros((0, *values.shape[1:]))

        def in_kind(array: Array) -> Array:
            return np.ascontiguousarray(array, kind)

        merged = merging(tree, methods, partial)
        return Tables(
            values=in_kind(filled),
            logs=in_kind(np.log(safe) if (methods == 1).any() else none),
            inverses=in_kind(np.where(positive, 1 / safe, 0.0) if (methods == 2).any() else none),
            present=in_kind(there if missing.any() else none),
            blocked=blocked.astype(np.int32),
            partial=partial,
            parents=np.maximum(np.array(tree.parents) - tree.indicators, 0).astype(np.uint32),
            methods=methods,
            passed=merged.passed,
            children=merged.children,
            rows=merged.rows,
            nodes=merged.nodes,
            starts=merged.starts,
            weights=in_kind(_stacked(self.weights.results, len(tree.codes))),
            kept=in_kind(_stacked(self.kept.results, len(tree.codes))),
            amplitude=in_kind(self._amplitude()),
            groups=self.groups,
            units=units,
        ), measured

    def _states(self) -> Array:
        """Normalised values, states x indicators x width; beyond the last unit 1."""
        units, leaves = len(self.model.units), self.model.tree.indicators
        if self.model.measured is not None:
            return np.ones((1, leaves, padded(units)))
        states = np.ones((len(self.data.results), leaves, padded(units)))
        for state, values in enumerate(self.data.results):
            if values is not None:
                states[state, :, :units] = values.T
        return states

    def _ever_missing(self) -> Array:
        """Which indicators have missing cells in any treatment."""
        measured = self.model.measured
        if measured is None:
            return np.zeros(self.model.tree.indicators, bool)
        missing: Array = np.isnan(measured.values)
        always = all(made is None or made.impute for made in self.data.results)
        return np.asarray(missing.all(axis=0) if always else missing.any(axis=0))

    def _measured(self, kind: np.dtype[Any]) -> Measured:
        source, units = self.model.measured, len(self.model.units)
        if source is None:
            none = np.zeros((0, 0), kind)
            return Measured(none, none, none, none[0:0].ravel(), np.zeros(0, np.int32), np.zeros((0, 5)), False)
        width, leaves = padded(units), self.model.tree.indicators

        def wide(array: Array, filler: float) -> Array:
            result = np.full((leaves, width), filler, kind)
            result[:, :units] = array.T
            return result

        known = np.isfinite(source.values)
        settings = [(made or Treatment()).settings for made in self.data.results]
        return Measured(
            values=wide(np.where(known, source.values, 0.0), 1.0),
            present=wide(known, 1.0),
            errors=wide(np.where(known, np.nan_to_num(source.errors), 0.0), 0.0),
            directions=np.array(list(source.directions) or [1.0] * leaves, kind),
            groups=np.array(list(source.groups) or [0] * units, np.int32),
            settings=np.array(settings, float),
            rounding=source.rounding,
        )

    def _amplitude(self) -> Array:
        source = self.model.weight_noise
        given = source.amplitude if source else {}
        return np.array([given.get(code, 0.0) for code in self.model.tree.codes])

    def runs(self, batch: Batch) -> tuple[Runs, dict[int, Reason]]:
        """Translate replications into rows of the tables.

        Returns:
            The rows, and the reason of each replication that cannot be run, by its position. What the rules
            exclude is not run and has no reason.
        """
        size = len(batch.mass)
        rows = {name: made.rows(batch) for name, made in self._parts.items()}
        state = rows["data"].astype(np.int32)
        reasons: dict[int, Reason] = {}
        for name, made in self._parts.items():
            if made.failed.any():
                for at in np.flatnonzero(made.failed[rows[name]] & (batch.mass > 0)):
                    reason = made.reasons[rows[name][at]]
                    if reason is not None:
                        reasons.setdefault(int(at), reason)
                state[made.failed[rows[name]]] = -1
        state[batch.mass == 0] = -1
        weight_key, weight_scale = _noise_of(self.model.weight_noise, batch, size)
        data_key, data_scale = _noise_of(self.model.measured, batch, size)
        return Runs(
            state=state,
            weights=rows["weights"].astype(np.int32),
            kept=rows["kept"].astype(np.int32),
            means=rows["means"].astype(np.int32),
            weight_key=weight_key,
            weight_scale=weight_scale,
            data_key=data_key,
            data_scale=data_scale,
            mass=batch.mass,
            order=_together(state, rows["means"], len(self.means.results)),
        ), reasons

    @property
    def _parts(self) -> dict[str, Made]:
        return {"data": self.data, "weights": self.weights, "kept": self.kept, "means": self.means}

    @property
    def failures(self) -> tuple[Reason, ...]:
        """Every combination of a part that has no result."""
        return tuple(reason for made in self._parts.values() for reason in made.reasons if reason is not None)


def _together(state: Array, means: Array, kinds: int) -> Array:
    """Order replications by state and means; those that are not run, of state -1, come first."""
    label = state.astype(np.int64) * kinds + means
    label[state < 0] = -1
    # Short numbers are sorted by their digits, which is much faster.
    return np.argsort(label.astype(np.int16) if label.max(initial=0) < 2**15 else label, kind="stable")


def _noise_of(source: WeightNoise | DataNoise | None, batch: Batch, size: int) -> tuple[noise.Keys, Array]:
    if source is None:
        return np.zeros(size, np.uint64), np.zeros(size)
    # Both kinds of noise may share one design: their keys are told apart by a constant.
    own = np.uint64(1 if isinstance(source, WeightNoise) else 2)
    keys = batch.points[source.factor].astype(np.uint64) ^ own
    scale = batch.points[source.scale] if isinstance(source.scale, str) else np.full(size, float(source.scale))
    return keys, np.asarray(scale, np.float64)


def _stacked(results: list[Any], nodes: int) -> Array:
    """Vectors as rows; a failed one is all 1, and no replication uses it."""
    return np.array([np.ones(nodes) if vector is None else vector for vector in results])


def _make(name: str, part: Part, space: Space, checked: Callable[[Any], Any]) -> Made:
    choices: list[Choice] = [space.choice(factor) for factor in part.factors]
    results: list[Any] = []
    reasons: list[Reason | None] = []
    for combination in itertools.product(*(choice.alternatives for choice in choices)):
        try:
            results.append(checked(part.make(*combination)))
            reasons.append(None)
        except UsageError:
            raise
        except _FAILURES as error:
            results.append(None)
            reasons.append(Reason(name, tuple(zip(part.factors, combination, strict=True)), str(error)))
    return Made(part.factors, tuple(len(choice.alternatives) for choice in choices), results, reasons)
