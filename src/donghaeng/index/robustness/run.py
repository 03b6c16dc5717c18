"""Run the replications of a design: in chunks, on threads, with progress, keeping counts and not replications.

A chunk has a fixed number of replications, whatever the number of threads; counts are whole numbers and sums of scores
are added chunk by chunk in order. So the result is the same on any number of threads, and of machines (`Spread`).
"""

from __future__ import annotations

import importlib.util
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from donghaeng.errors import InputError, UsageError
from donghaeng.index.robustness.design import Design, Enumeration
from donghaeng.index.robustness.model import Made, Model, Precision, Prepared, Reason
from donghaeng.index.robustness.tables import (
    CONSTANT,
    LANES,
    NO_WEIGHT,
    NOT_RUN,
    Array,
    Output,
    Room,
    Totals,
    cell_of,
    room_for,
)

Engine = Literal["auto", "numba", "numpy"]
Progress = Callable[[int, int], object]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Spread(Protocol):
    """Other machines or processes: they do the same work on many items."""

    @property
    def tasks(self) -> int:
        """Number of items that are worth giving it at once."""
        ...

    def map(self, work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
        """Do the work on each item and give the results in the order of the items.

        `work` and items travel by value (pickle); what the work changes in itself is lost.
        """
        ...


#: Cells (replications x units) of one chunk.
_CHUNK_CELLS = 400_000

#: Replications with the same data and means run side by side: a chunk is longer where there are many such kinds, so
#: that each fills the lanes about so many times, but not longer than by this factor.
_LANES_OF_A_KIND, _LONGER = 4, 8

#: Replications looked at first to find the range of the scores, for the histograms.
_PILOT = 2_000

#: Chunks that go elsewhere in one task at most: progress is shown, and work kept, after so many in every task.
_MOST_CHUNKS = 50

#: Bytes of counts that come back from elsewhere at once.
_RETURNED = 2**29

#: Failed replications that are kept by number; all are counted.
_NAMED_FAILURES = 1_000


@dataclass(frozen=True)
class Collect:
    """What is counted.

    Attributes:
        bins: bins of the histogram of each unit's score; 0 for none (no quantiles of scores then).
        ahead: count for every two units of a group how often one is ahead; units x units.
        replications: keep score and rank of every unit in every replication.
    """

    bins: int = 1_024
    ahead: bool = False
    replications: bool = False


@dataclass(frozen=True)
class Failure:
    """Replications that failed for one reason.

    Attributes:
        reason: why.
        count: how many.
        first: numbers of the first of them.
    """

    reason: Reason
    count: int
    first: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the replications gave, and what they were.

    Attributes:
        model: the index and what varied.
        design: the replications; run again with the same arguments it gives the same.
        precision: of the scores.
        collect: what was counted.
        done: number of replications run, from the first on; fewer than the design's after an interruption.
        excluded: how many of them a rule excludes.
        failures: replications that failed, by reason.
        mass: mass of the replications that count: their number, or 2**60 x their probability.
        sums: sum of mass x score and of mass x score squared, units x 2.
        totals: counts.
        scores: replications x units where asked for, NaN where failed or missing.
        ranks: the same; 0 where failed or missing.
    """

    model: Model
    design: Design
    precision: Precision
    collect: Collect
    done: int
    excluded: int
    failures: tuple[Failure, ...]
    mass: int
    sums: Array
    totals: Totals
    scores: Array
    ranks: Array

    @property
    def interrupted(self) -> bool:
        """Whether the run was stopped before its end."""
        return self.done < self.design.size

    @property
    def failed(self) -> int:
        """Number of failed replications."""
        return sum(failure.count for failure in self.failures)


def settled(engine: Engine) -> Literal["numba", "numpy"]:
    """Give the engine itself, or the one that is here for ``auto``.

    Raises:
        UsageError: numba is asked for and missing.
    """
    if engine not in ("auto", "numba", "numpy"):
        raise UsageError(f"no engine {engine}; there are auto, numba, numpy")
    there = importlib.util.find_spec("numba") is not None
    if engine == "numba" and not there:
        raise UsageError("numba is not installed; install it, or take the engine numpy")
    return "numba" if there and engine != "numpy" else "numpy"


def engine_for(engine: Engine) -> Callable[..., None]:
    """Give the compiled kernel, or NumPy's where numba is missing.

    Raises:
        UsageError: numba is asked for and missing.
    """
    if settled(engine) == "numpy":
        from donghaeng.index.robustness.oracle import run as in_numpy

        return in_numpy
    from donghaeng.index.robustness.kernel import run as compiled

    return compiled  # type: ignore[no-any-return,unused-ignore]


def run(
    model: Model,
    design: Design,
    *,
    threads: int = 1,
    precision: Precision = "double",
    collect: Collect | None = None,
    engine: Engine = "auto",
    progress: Progress | None = None,
    spread: Spread | None = None,
) -> Outcome:
    """Run the replications of a design.

    Args:
        model: the index and what varies.
        design: the replications, on the model's space.
        threads: how many to use; the result does not depend on it.
        precision: ``double`` for what is published; ``single`` is faster, and may tie or swap two units whose scores
            differ in the seventh digit.
        collect: what to count.
        engine: ``numba``, ``numpy``, or ``auto`` for the first that is there.
        progress: called after every chunk with the replications done and in all.
        spread: where to run them instead of on threads here; the result is the same, byte by byte, on processors
            of one kind.

    Returns:
        What they gave. Ctrl-C (KeyboardInterrupt) stops after the running chunks and keeps what is done.

    Raises:
        UsageError: a design on another space, or no thread.
    """
    if design.space is not model.space and design.space != model.space:
        raise UsageError("the design is made for other factors than the model's")
    if threads < 1:
        raise UsageError(f"{threads} threads; give 1 or more")
    collect = collect or Collect()
    work = _Work(model.prepared, design, precision, collect, settled(engine))
    done = 0
    kept: list[_Done] = []
    for finished in _finished_elsewhere(work, spread) if spread else _finished(work, threads):
        kept.append(finished)
        done += finished.size
        if progress is not None:
            try:
                progress(done, design.size)
            except KeyboardInterrupt:
                work.stopped = True
    return work.outcome(kept, done)


def replicate(
    model: Model,
    design: Design,
    numbers: npt.NDArray[np.int64],
    *,
    precision: Precision = "double",
    engine: Engine = "auto",
) -> tuple[Array, Array, dict[int, Reason]]:
    """Run some replications of a design and give them one by one.

    Returns:
        Scores and ranks, replications x units (NaN and 0 where failed), and the reasons of the failures by position.
    """
    work = _Work(model.prepared, design, precision, Collect(bins=0, replications=True), settled(engine))
    found = work.chunk(numbers, count=False)
    return found.scores, found.ranks, found.reasons


@dataclass(frozen=True, eq=False)
class _Done:
    """One chunk that is finished."""

    size: int
    mass: int
    excluded: int
    sums: Array
    scores: Array
    ranks: Array
    reasons: dict[int, Reason]


class _Work:
    """One run: what its chunks share."""

    def __init__(
        self,
        prepared: Prepared,
        design: Design,
        precision: Precision,
        collect: Collect,
        engine: Engine,
        bounds: Array | None = None,
        length: int | None = None,
    ) -> None:
        self.prepared = prepared
        self.design = design
        self.precision: Precision = precision
        self.collect = collect
        self.engine = engine
        self.kernel = engine_for(engine)
        self.tables, self.measured = prepared.tables(precision)
        self.units = self.tables.units
        self.largest = int(np.diff(self.tables.groups).max())
        self.length = self._length() if length is None else length
        self.stopped = False
        # One set of counts and one room a thread, handed around.
        self.free: SimpleQueue[tuple[Totals, Room]] = SimpleQueue()
        self.made: list[Totals] = []
        self._bounds = bounds

    def _length(self) -> int:
        """Replications of a chunk: enough of each kind to fill the lanes of the kernel."""
        kinds = len(self.prepared.data.results) * len(self.prepared.means.results)
        length = max(64, _CHUNK_CELLS // self.units)
        return max(length, min(_LANES_OF_A_KIND * LANES * kinds, _LONGER * length))

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return -(-self.design.size // self.length)

    def span(self, chunk: int) -> npt.NDArray[np.int64]:
        """Numbers of the replications of a chunk."""
        start = chunk * self.length
        return np.arange(start, min(start + self.length, self.design.size))

    def spans(self) -> Iterator[npt.NDArray[np.int64]]:
        """Numbers of the replications of each chunk, until stopped."""
        for chunk in range(self.chunks):
            if self.stopped:
                return
            yield self.span(chunk)

    def bounds(self) -> Array:
        """Lower end and bins per point of each unit's histogram, from replications spread over the design."""
        if self._bounds is None:
            step = max(1, self.design.size // _PILOT)
            found = self.chunk(np.arange(0, self.design.size, step), count=False)
            scores = np.where(np.isnan(found.scores), np.nan, found.scores)
            seen = ~np.isnan(scores).all(axis=0)
            low, high = np.zeros(self.units), np.ones(self.units)
            low[seen], high[seen] = np.nanmin(scores[:, seen], axis=0), np.nanmax(scores[:, seen], axis=0)
            margin = np.maximum((high - low) * 0.25, 1e-9 * np.maximum(1.0, np.abs(high)))
            self._bounds = np.stack([low - margin, self.collect.bins / (high - low + 2 * margin)], axis=1)
        return self._bounds

    def new_totals(self) -> Totals:
        """Make empty counts for one thread."""
        # Probabilities are counted in parts of 2**60; numbers of replications fit 32 bits: half the memory to go over.
        weighted = isinstance(self.design, Enumeration) and not self.design.alike
        kind = np.int64 if weighted or self.design.size >= 2**32 else np.uint32
        bins = self.collect.bins
        return Totals(
            ranks=np.zeros((self.units, self.largest), kind),
            ahead=np.zeros((self.units, self.largest) if self.collect.ahead else (0, 0), kind),
            histogram=np.zeros((self.units, bins) if bins else (0, 0), kind),
            bounds=self.bounds() if bins else np.zeros((self.units, 2)),
            extremes=np.tile([np.inf, -np.inf], (self.units, 1)),
            scored=np.zeros(self.units, kind),
        )

    def no_totals(self) -> Totals:
        """Make counts that count nothing."""
        none = np.zeros((0, 0), np.uint32)
        return Totals(none, none, none, np.zeros((0, 2)), np.zeros((0, 2)), none[0:0].ravel())

    def chunk(self, numbers: npt.NDArray[np.int64], *, count: bool = True) -> _Done:
        """Run one chunk."""
        batch = self.design.batch(numbers)
        runs, reasons = self.prepared.runs(batch)
        size = len(numbers)
        shape = (size, self.units) if self.collect.replications or not count else (0, 0)
        output = Output(
            status=np.zeros(size, np.int64),
            sums=np.zeros((self.units, 2)),
            scores=np.full(shape, np.nan),
            positions=np.zeros(shape, np.int32),
        )
        totals, room = self._borrowed() if count else (self.no_totals(), room_for(self.tables, self.measured))
        try:
            self.kernel(self.tables, self.measured, runs, totals, output, room)
        finally:
            if count:
                self.free.put((totals, room))
        for at in np.flatnonzero((output.status != 0) & (output.status != NOT_RUN)):
            reasons[int(at)] = self._reason(int(output.status[at]), batch.points, int(at))
        well = output.status == 0
        return _Done(
            size,
            int(batch.mass[well].sum()),
            int((batch.mass == 0).sum()),
            output.sums,
            output.scores,
            output.positions,
            reasons,
        )

    def _borrowed(self) -> tuple[Totals, Room]:
        if self.free.empty():
            totals = self.new_totals()
            self.made.append(totals)
            return totals, room_for(self.tables, self.measured)
        return self.free.get()

    def _reason(self, status: int, points: dict[str, Array], at: int) -> Reason:
        tree, model = self.prepared.model.tree, self.prepared.model
        parts: tuple[Made, ...] = (self.prepared.data, self.prepared.means)
        if status == NO_WEIGHT:
            parts = (self.prepared.weights, self.prepared.kept)
        said = model.space.described(points, at)
        choices = tuple((name, said[name]) for part in parts for name in part.factors)
        if status == NO_WEIGHT:
            return Reason("weights", choices, "all weights are zero; keep at least one indicator with a weight")
        if status <= CONSTANT:
            indicator = tree.codes[CONSTANT - status]
            return Reason("data", choices, f"{indicator} is constant and cannot be normalised; leave it out")
        node, unit = cell_of(status, self.units)
        what = (
            f"{tree.codes[node]} of {model.units[unit]} is zero or negative, which a geometric or harmonic mean cannot "
            "take; shift the scale (min-max from 1, say), or take an arithmetic mean there"
        )
        return Reason("mean", choices, what)

    def outcome(self, kept: list[_Done], done: int) -> Outcome:
        """Put the chunks together, in their order."""
        totals = self._merged()
        sums = np.zeros((self.units, 2))
        for finished in kept:
            sums += finished.sums
        none: Array = np.zeros((0, self.units))
        return Outcome(
            model=self.prepared.model,
            design=self.design,
            precision=self.precision,
            collect=self.collect,
            done=done,
            excluded=sum(finished.excluded for finished in kept),
            failures=_gathered(kept),
            mass=sum(finished.mass for finished in kept),
            sums=sums,
            totals=totals,
            scores=np.concatenate([none, *(one.scores for one in kept)]) if self.collect.replications else none,
            ranks=np.concatenate([none.astype(np.int32), *(one.ranks for one in kept)])
            if self.collect.replications
            else none.astype(np.int32),
        )

    def _merged(self) -> Totals:
        first, *others = self.made or [self.new_totals()]
        for other in others:
            _add(first, other)
        return first


def _add(totals: Totals, other: Totals) -> None:
    """Add counts to others: whole numbers and extremes, so the order does not matter."""
    for name in ("ranks", "ahead", "histogram", "scored"):
        getattr(totals, name)[...] += getattr(other, name)
    totals.extremes[:, 0] = np.minimum(totals.extremes[:, 0], other.extremes[:, 0])
    totals.extremes[:, 1] = np.maximum(totals.extremes[:, 1], other.extremes[:, 1])


@dataclass(frozen=True, eq=False)
class _Elsewhere:
    """The work of one run as it travels: what its chunks share, counts not among it."""

    model: Model
    design: Design
    precision: Precision
    collect: Collect
    engine: Engine
    bounds: Array | None
    length: int

    def __call__(self, chunks: range) -> tuple[list[_Done], Totals]:
        prepared = self.model.prepared
        work = _Work(prepared, self.design, self.precision, self.collect, self.engine, self.bounds, self.length)
        done = [work.chunk(work.span(chunk)) for chunk in chunks]
        return done, work._merged()


def _finished_elsewhere(work: _Work, spread: Spread) -> Iterator[_Done]:
    """Chunks in their order, computed elsewhere; after Ctrl-C what was asked for last is dropped."""
    counted = work.new_totals()
    work.made.append(counted)
    travelling = _Elsewhere(
        work.prepared.model,
        work.design,
        work.precision,
        work.collect,
        work.engine,  # settled here: the two differ in the last digit
        work.bounds() if work.collect.bins else None,
        work.length,
    )
    size = sum(array.nbytes for array in counted)
    tasks = max(1, min(spread.tasks, _RETURNED // max(size, 1), work.chunks))
    each = min(_MOST_CHUNKS, -(-work.chunks // tasks))
    spans = [range(start, min(start + each, work.chunks)) for start in range(0, work.chunks, each)]
    for first in range(0, len(spans), tasks):
        if work.stopped:
            return
        try:
            found = spread.map(travelling, spans[first : first + tasks])
        except KeyboardInterrupt:
            return
        for done, totals in found:
            _add(counted, totals)
            yield from done


def _finished(work: _Work, threads: int) -> Iterator[_Done]:
    """Chunks in their order, computed on threads; after Ctrl-C only those that are running."""
    if work.collect.bins:
        work.bounds()
    spans = work.spans()
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Any]] = deque()
        while True:
            try:
                while len(waiting) < 2 * threads:
                    numbers = next(spans, None)
                    if numbers is None:
                        break
                    waiting.append(pool.submit(work.chunk, numbers))
                if not waiting:
                    return
                waiting[0].exception()
            except KeyboardInterrupt:
                work.stopped = True
                continue
            yield waiting.popleft().result()


def _gathered(kept: list[_Done]) -> tuple[Failure, ...]:
    counts: dict[Reason, int] = {}
    first: dict[Reason, list[int]] = {}
    start = 0
    for finished in kept:
        for at in sorted(finished.reasons):
            reason = finished.reasons[at]
            counts[reason] = counts.get(reason, 0) + 1
            if counts[reason] <= _NAMED_FAILURES:
                first.setdefault(reason, []).append(start + at)
        start += finished.size
    return tuple(Failure(reason, counts[reason], tuple(first[reason])) for reason in counts)


def require_no_failures(failures: tuple[Failure, ...]) -> None:
    """Refuse to go on with replications that failed.

    Raises:
        InputError: there are any; all reasons are listed.
    """
    if failures:
        count = sum(failure.count for failure in failures)
        lines = [f"  {failure.count:,} x {failure.reason}; first: {failure.first[0]}" for failure in failures]
        raise InputError(
            f"{count:,} replications failed, so sensitivity indices are not estimated; exclude the combination, "
            "or give it an alternative by a rule:\n" + "\n".join(lines)
        )
