"""Robustness: replications of an index a second, against a NumPy loop and batched NumPy.

Three ways to run the same replications of an index of three levels (indicators, 8 pillars, 2 sub-indices), with new
weights on all levels each time, to scores, ranks and a table of how often each unit has each rank:

- the loop: plain NumPy in double precision that imputes, treats, normalises, weighs, averages and ranks anew each time;
- batched NumPy: stages cached, thousands of replications in one matrix product, ranks by argsort, single precision;
- ours: everything anew (double precision), or stages cached (single), on two threads.

"Geometric" is arithmetic within pillars and geometric above, the dearest mix. Ratios are to the loop, and to batched
NumPy where it says so. All ways take turns in short windows, and the best window of each counts, so that on a busy
machine a ratio compares quiet moments. `--full` adds longer runs.
"""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from benchmarks import Row, best_of, main
from donghaeng.index.robustness.design import Random
from donghaeng.index.robustness.factors import Choice, Noise, Space
from donghaeng.index.robustness.indices import estimated_indices, exact_indices, mean_rank_change, score_of_units
from donghaeng.index.robustness.model import DataNoise, Model, Part, Treatment, WeightNoise
from donghaeng.index.robustness.oracle import normalised_column, treated
from donghaeng.index.robustness.run import Collect, run
from donghaeng.index.robustness.tree import Tree

THREADS = 2
PILLARS, SUB_INDICES = 8, 2
AMPLITUDE = 0.25
WINSORISE = (1, 2, 3, 4, 5)
SCALES = {"min-max": (1.0, 100.0), "z-score": (10.0, 2.0)}
MEANS = {"arithmetic": ("arithmetic",), "geometric": ("arithmetic", "geometric", "geometric")}


@dataclass(frozen=True)
class Case:
    """One size, and everything that is made of it."""

    units: int
    indicators: int
    periods: int = 1
    missing: bool = False

    def __str__(self) -> str:
        """Give it as it stands in the table."""
        over = f" x {self.periods} periods" if self.periods > 1 else ""
        return f"{self.units:,} x {self.indicators}{over}{', missing cells' if self.missing else ''}"

    @property
    def rows(self) -> int:
        """Units of all periods."""
        return self.units * self.periods

    @cached_property
    def raw(self) -> np.ndarray:
        """Measured values with some long tails and, where wanted, holes; units x indicators."""
        rng = np.random.default_rng(1)
        common = rng.normal(size=(self.rows, 1))
        values = common + rng.normal(size=(self.rows, self.indicators))
        tails = np.arange(self.indicators) % 4 == 0
        values[:, tails] = np.exp(1.5 * values[:, tails])
        if self.missing:
            values[rng.random(values.shape) < 0.025] = np.nan
        return values

    @cached_property
    def groups(self) -> np.ndarray:
        """Group of each unit for imputation."""
        return np.arange(self.rows) % 2

    @cached_property
    def parents(self) -> list[np.ndarray]:
        """Parent of each indicator, of each pillar and of each sub-index."""
        return [
            np.arange(self.indicators) * PILLARS // self.indicators,
            np.arange(PILLARS) * SUB_INDICES // PILLARS,
            np.zeros(SUB_INDICES, int),
        ]

    @cached_property
    def tree(self) -> Tree:
        """The same as a tree."""
        low, middle, _ = self.parents
        parents = {f"i{at}": f"p{pillar}" for at, pillar in enumerate(low)}
        parents |= {f"p{at}": f"s{part}" for at, part in enumerate(middle)}
        return Tree.of(parents | {f"s{at}": "index" for at in range(SUB_INDICES)} | {"index": ""})

    @cached_property
    def states(self) -> dict[tuple[int, str], np.ndarray]:
        """Treated and normalised values of each combination of choices."""
        made = {}
        for most in WINSORISE:
            columns = [column[~np.isnan(column)] for column in self.raw.T]
            done = [treated(column, most) for column in columns]
            for kind, name in enumerate(SCALES):
                values = np.full(self.raw.shape, np.nan)
                for at, column in enumerate(done):
                    values[~np.isnan(self.raw[:, at]), at] = normalised_column(column, 1.0, kind, *SCALES[name])
                made[most, name] = values
        return made

    def model(self, mean: str, *, anew: bool = False, noisy: bool = False) -> Model:
        """The index with what varies in the comparison."""
        choices = (Choice("winsorise", WINSORISE), Choice("normalise", tuple(SCALES)))
        sources = (Noise("weights"), *((Noise("errors"),) if anew else ()))
        amplitude = dict.fromkeys(self.tree.codes[:-1], AMPLITUDE)
        measured = DataNoise(
            self.raw, np.abs(np.nan_to_num(self.raw)) * 0.05, "errors", groups=self.groups, scale=float(noisy)
        )
        return Model(
            space=Space((*choices, *sources)),
            tree=self.tree,
            units=tuple(f"u{at}" for at in range(self.rows)),
            data=Part(
                lambda most, name: Treatment(True, most, name, *SCALES[name]) if anew else self.states[most, name],
                ("winsorise", "normalise"),
            ),
            weights=Part(lambda: np.ones(len(self.tree.codes))),
            means=Part(lambda: MEANS[mean]),
            weight_noise=WeightNoise("weights", amplitude),
            measured=measured if anew else None,
            groups=(self.units,) * self.periods,
        )


def moments(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Adjusted skewness and excess kurtosis of each column."""
    n = len(x)
    d = x - x.mean(axis=0)
    squares = d * d
    variance = squares.sum(axis=0) / (n - 1)
    skew = (squares * d).sum(axis=0) / variance**1.5 * (n / ((n - 1) * (n - 2)))
    kurtosis = (squares * squares).sum(axis=0) / variance**2 * (n * (n + 1) / ((n - 1) * (n - 2) * (n - 3)))
    return skew, kurtosis - 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))


class Loop:
    """The base line: one replication after the other, everything anew, in double precision, as one would write it."""

    def __init__(self, case: Case, mean: str) -> None:
        """Keep what does not change."""
        self.case = case
        self.means = MEANS[mean] * (3 // len(MEANS[mean]))
        self.hole = np.isnan(case.raw)
        self.filled = np.where(self.hole, 0.0, case.raw)
        self.member = (case.groups == np.arange(2)[:, None]).astype(float)
        self.table = np.zeros((case.rows, case.units), np.int64)

    def run(self, replications: int) -> None:
        """Run so many."""
        rng = np.random.default_rng(0)
        names = list(SCALES)
        for _ in range(replications):
            x = self._treated(self._imputed(), int(rng.integers(1, 6)))
            x = self._normalised(x, names[rng.integers(2)])
            for parents, mean in zip(self.case.parents, self.means, strict=True):
                x = self._mean(x, 1 + AMPLITUDE * rng.uniform(-1, 1, x.shape[1]), parents, mean == "geometric")
            self._rank(x[:, 0])

    def _imputed(self) -> np.ndarray:
        means = self.member @ self.filled / (self.member @ ~self.hole)
        return np.where(self.hole, means[self.case.groups], self.filled)

    def _treated(self, x: np.ndarray, most: int) -> np.ndarray:
        original = x
        for step in range(most + 1):
            skew, kurtosis = moments(x)
            bad = (np.abs(skew) >= 2) & (kurtosis >= 3.5)
            if not bad.any():
                return x
            if step < most:
                z = x * np.where(skew > 0, 1.0, -1.0)
                following = np.where(z < z.max(axis=0), z, -np.inf).max(axis=0)
                x = np.where(bad, np.minimum(z, following) * np.where(skew > 0, 1.0, -1.0), x)
        low, high = original.min(axis=0), original.max(axis=0)
        return np.where(bad, np.log(original - low + 0.01 * (high - low)), x)

    def _normalised(self, x: np.ndarray, name: str) -> np.ndarray:
        first, second = SCALES[name]
        if name == "min-max":
            low = x.min(axis=0)
            return (x - low) / (x.max(axis=0) - low) * (second - first) + first
        return (x - x.mean(axis=0)) / x.std(axis=0, ddof=1) * second + first

    def _mean(self, x: np.ndarray, w: np.ndarray, parents: np.ndarray, geometric: bool) -> np.ndarray:
        found = []
        for parent in range(parents[-1] + 1):
            inside = parents == parent
            own = x[:, inside]
            total = (np.log(own) if geometric else own) @ w[inside] / w[inside].sum()
            found.append(np.exp(total) if geometric else total)
        return np.stack(found, axis=1)

    def _rank(self, score: np.ndarray) -> None:
        units = np.arange(self.case.units)
        for start in range(0, self.case.rows, self.case.units):
            own = -score[start : start + self.case.units]
            ranks = np.searchsorted(np.sort(own), own)
            self.table[start + units, ranks] += 1


class Batched:
    """The rival: stages cached, a batch of replications in one matrix product, in single precision."""

    def __init__(self, case: Case, mean: str) -> None:
        """Keep the states."""
        self.case = case
        self.mean = mean
        states = [values.T for values in case.states.values()]
        self.values = np.nan_to_num(np.array(states)).astype(np.float32)
        self.there = (~np.isnan(states[0])).astype(np.float32)
        self.starts = [np.flatnonzero(np.diff(parents, prepend=-1)) for parents in case.parents]
        self.table = np.zeros(case.rows * case.units, np.int64)
        self.size = max(32, 50_000 // case.rows)

    def run(self, replications: int) -> None:
        """Run so many; every batch has one state, which costs the others nothing."""
        rng = np.random.default_rng(0)
        for start in range(0, replications, self.size):
            x = self.values[rng.integers(len(self.values))]
            weights = [
                1 + AMPLITUDE * (2 * rng.random((self.size, len(parents)), np.float32) - 1)
                for parents in self.case.parents
            ]
            size = min(self.size, replications - start)
            whole = self._flat if self.mean == "arithmetic" else self._geometric
            scores = (self._levels if self.case.missing else whole)(x, weights)
            self._rank(scores[:size])

    def _shares(self, weights: list[np.ndarray], lowest: int) -> np.ndarray:
        """Product of the shares along each path from the root down to a level."""
        share = np.ones((len(weights[0]), 1), np.float32)
        for level in range(2, lowest - 1, -1):
            w, parents = weights[level], self.case.parents[level]
            share = w / np.add.reduceat(w, self.starts[level], axis=1)[:, parents] * share[:, parents]
        return share

    def _flat(self, x: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
        return self._shares(weights, 0) @ x

    def _geometric(self, x: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
        """Arithmetic in pillars; above, one weighted sum of logarithms."""
        shares = self._shares(weights, 1)
        own = weights[0] / np.add.reduceat(weights[0], self.starts[0], axis=1)[:, self.case.parents[0]]
        total = np.zeros((len(own), x.shape[1]), np.float32)
        part = np.empty_like(total)
        bounds = [*self.starts[0], len(x)]
        for pillar in range(PILLARS):
            inside = slice(bounds[pillar], bounds[pillar + 1])
            np.matmul(own[:, inside], x[inside], out=part)
            np.log(part, out=part)
            part *= shares[:, pillar, None]
            total += part
        return np.exp(total, out=total)

    def _levels(self, x: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
        parts, there = [], []
        for start, stop in zip(self.starts[0], [*self.starts[0][1:], len(x)], strict=True):
            w = weights[0][:, start:stop]
            if self.case.missing:
                mass = w @ self.there[start:stop]
                there.append(mass > 0)
                parts.append(w @ x[start:stop] / np.maximum(mass, 1e-9))
            else:
                parts.append(w @ x[start:stop] / w.sum(axis=1, keepdims=True))
        for level in (1, 2):
            geometric = self.mean == "geometric"
            scaled = [np.log(np.maximum(part, 1e-9)) for part in parts] if geometric else parts
            above, above_there = [], []
            for start, stop in zip(self.starts[level], [*self.starts[level][1:], len(parts)], strict=True):
                total, mass = 0.0, 0.0
                for at in range(start, stop):
                    w = weights[level][:, at, None] * there[at] if self.case.missing else weights[level][:, at, None]
                    total, mass = total + w * scaled[at], mass + w
                above.append(np.exp(total / mass) if geometric else total / mass)
                above_there.append(mass > 0)
            parts, there = above, above_there
        return parts[0]

    def _rank(self, scores: np.ndarray) -> None:
        units = self.case.units
        for start in range(0, self.case.rows, units):
            order = np.argsort(-scores[:, start : start + units], axis=1)
            cells = (order + start) * units + np.arange(units)
            if self.case.rows > 1_000:
                np.add.at(self.table, cells.ravel(), 1)
            else:
                self.table += np.bincount(cells.ravel(), minlength=len(self.table))


def together(turns: int, window: float, works: dict[str, Callable[[int], object]]) -> dict[str, float]:
    """Replications a second of several works, the best of some turns; in each turn every work lasts about `window` s.

    The windows are short, so that on a busy machine some of them meet a quiet moment.
    """
    counts = [_count(work, window) for work in works.values()]
    seconds = best_of(
        turns, *(lambda work=work, count=count: work(count) for work, count in zip(works.values(), counts, strict=True))
    )
    return {name: count / own for name, count, own in zip(works, counts, seconds, strict=True)}


def _count(work: Callable[[int], object], window: float) -> int:
    """How many replications last so long; the first call compiles and fills caches."""
    count = 16
    work(count)
    while True:
        took = best_of(3, partial(work, count))[0]
        if took > window / 4:
            return max(1, int(count * window / took))
        count *= 4


def ours(model: Model, *, precision: str = "single", threads: int = THREADS, bins: int = 0) -> Callable[[int], object]:
    """Run our replications."""
    return lambda count: run(
        model, Random(model.space, count, seed=0), threads=threads, precision=precision, collect=Collect(bins=bins)
    )


def measure_case(case: Case, turns: int, window: float, *, targets: bool = False) -> list[Row]:
    """All ways to run one size."""
    rows = []
    for mean in MEANS:
        found = together(
            turns,
            window,
            {
                "loop": Loop(case, mean).run,
                "batched": Batched(case, mean).run,
                "cached": ours(case.model(mean)),
                "anew": ours(case.model(mean, anew=True), precision="double"),
            },
        )
        base = found["loop"]
        rows += [
            Row(case=f"{case}, {mean}: NumPy loop", value=base, unit="1/s"),
            Row(
                case=f"{case}, {mean}: batched NumPy", value=found["batched"], unit="1/s", ratio=found["batched"] / base
            ),
        ]
        rows.append(
            Row(
                case=f"{case}, {mean}: all anew, to the loop",
                value=found["anew"],
                unit="1/s",
                ratio=found["anew"] / base,
                target=20 if targets else None,
                at_least=True,
            )
        )
        least = {"arithmetic": (800, 2.5), "geometric": (500, 2.0)}[mean] if targets else (None, None)
        for to, other, target in (("the loop", base, least[0]), ("batched NumPy", found["batched"], least[1])):
            rows.append(
                Row(
                    case=f"{case}, {mean}: stages cached, to {to}",
                    value=found["cached"],
                    unit="1/s",
                    ratio=found["cached"] / other,
                    target=target,
                    at_least=True,
                )
            )
    return rows


def extras(case: Case) -> list[Row]:
    """What more counting, errors of the data, precision and threads cost, on the main size."""
    cached, noisy = case.model("arithmetic"), case.model("arithmetic", anew=True, noisy=True)
    found = together(
        10,
        0.06,
        {
            "two threads": ours(cached),
            "one thread": ours(cached, threads=1),
            "score histograms too": ours(cached, bins=1_024),
            "double precision": ours(cached, precision="double"),
            "all anew, errors of the data, double precision": ours(noisy, precision="double"),
            "all anew, errors of the data, single precision": ours(noisy),
        },
    )
    base = found["two threads"]
    return [
        Row(case=f"{case}: {name}, to two threads", value=own, unit="1/s", ratio=own / base)
        for name, own in found.items()
    ]


def peak_memory() -> Row:
    """Largest memory of a process that runs a million replications of 51 x 49."""
    code = "from benchmarks import robustness; robustness.million()"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    gib = float(done.stdout) / 2**30
    return Row(case="a million replications of 51 x 49: memory, to 1 GiB", value=gib, unit="GiB", ratio=gib, target=1.0)


def million() -> None:
    """Run a million replications with everything counted, and print the bytes used at most."""
    model = Case(51, 49).model("arithmetic")
    run(model, Random(model.space, 1_000_000, seed=0), threads=THREADS, collect=Collect(ahead=True))
    status = Path("/proc/self/status")
    if status.exists():  # on Linux the other number starts from the parent's
        print(int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024)
    else:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def eight_factors(case: Case, *, sampled: bool) -> Model:
    """An analysis with eight factors: choices only, or two of them continuous or noise."""
    rng = np.random.default_rng(5)
    codes = case.tree.codes
    vectors = [1 + AMPLITUDE * rng.uniform(-1, 1, len(codes)) for _ in range(10)]
    left_out = ("none", *codes[:5])
    space = Space(
        (
            Choice("winsorise", WINSORISE),
            Choice("normalise", tuple(SCALES)),
            Choice("weights", tuple(range(10))),
            Choice("mean in pillars", ("arithmetic", "geometric")),
            Choice("mean of pillars", ("arithmetic", "geometric")),
            Choice("mean of sub-indices", ("arithmetic", "geometric")),
            Choice("left out", left_out),
            Noise("noise of the weights") if sampled else Choice("pillar left out", ("none", *codes[-11:-8])),
        )
    )
    return Model(
        space=space,
        tree=case.tree,
        units=tuple(f"u{at}" for at in range(case.rows)),
        data=Part(lambda most, name: np.maximum(case.states[most, name], 0.5), ("winsorise", "normalise")),
        weights=Part(lambda at: vectors[at], ("weights",)),
        means=Part(lambda *means: means, ("mean in pillars", "mean of pillars", "mean of sub-indices")),
        kept=Part(
            lambda *nodes: [node for node in nodes if node != "none"],
            ("left out",) if sampled else ("left out", "pillar left out"),
        ),
        weight_noise=WeightNoise("noise of the weights", dict.fromkeys(codes[:-1], AMPLITUDE)) if sampled else None,
    )


def analysis() -> list[Row]:
    """Seconds until every index of an eight-factor analysis is known to 0.02."""
    case = Case(51, 49)
    nominal = np.arange(1, 52)
    rows = []
    model = eight_factors(case, sampled=True)
    targets = [mean_rank_change(nominal), score_of_units(model.units)]
    estimated_indices(model, targets, base=64, seed=0, threads=THREADS)
    for name, second in (("first-order and total", False), ("and second-order", True)):
        start = time.perf_counter()
        found = estimated_indices(
            model, targets, base=8_192, seed=0, half_width=0.02, threads=THREADS, second_order=second
        )
        seconds = time.perf_counter() - start
        count = sum(one.first.size + one.total.size + one.second.size for one in found)
        widest = max(one.widest for one in found)
        rows.append(
            Row(
                case=f"eight factors, {count:,} indices ({name}) to +-{widest:.3f}, "
                f"{found[0].replications:,} replications",
                value=seconds,
                unit="s",
            )
        )
    discrete = eight_factors(case, sampled=False)
    start = time.perf_counter()
    exact = exact_indices(discrete, [mean_rank_change(nominal), score_of_units(discrete.units)], threads=THREADS)
    rows.append(
        Row(
            case=f"eight choices, all indices exact, {exact[0].replications:,} combinations",
            value=time.perf_counter() - start,
            unit="s",
        )
    )
    return rows


def measure(*, full: bool = False) -> list[Row]:
    """The table; a minute or two, with `full` some minutes."""
    turns = 60 if full else 15
    rows = measure_case(Case(51, 49), turns, 0.06, targets=True)
    rows += measure_case(Case(51, 49, missing=True), turns // 2, 0.06)
    for units, indicators, periods, window in (
        (424, 50, 1, 0.06),
        (25, 50, 5, 0.06),
        (5_000, 49, 1, 0.8),
    ):  # the last has 100 MB of counts a thread to make first
        for missing in (False, True):
            rows += measure_case(Case(units, indicators, periods, missing), turns // 4, window)
    return [*rows, *extras(Case(51, 49)), peak_memory(), *analysis()]


if __name__ == "__main__":
    full_run = "--full" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--full"]
    os.environ.setdefault("OMP_NUM_THREADS", str(THREADS))
    main(__doc__, lambda: measure(full=full_run))
