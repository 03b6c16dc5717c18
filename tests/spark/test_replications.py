"""Replications on Spark are those of one machine, byte by byte."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from donghaeng.catalogue.read import load
from donghaeng.errors import InputError, UsageError
from donghaeng.index.replications import replicate
from donghaeng.index.robustness import run as running
from donghaeng.index.robustness.design import Design, Enumeration, Random, Saltelli
from donghaeng.index.robustness.factors import Choice, Space
from donghaeng.index.robustness.indices import Indices, estimated_indices, score_of_units
from donghaeng.index.robustness.model import Model, Part
from donghaeng.index.robustness.run import Collect, Outcome, run
from donghaeng.index.robustness.spark import Tasks, results
from tests.command import run as run_command
from tests.index.robustness.building import UNITS, measured, model

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EVERYTHING = Collect(bins=64, ahead=True, replications=True)
RANKS = Collect(bins=0)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small that a test has many: their length is fixed where the run starts, and travels with it."""
    monkeypatch.setattr(running, "_CHUNK_CELLS", 2_000)
    monkeypatch.setattr(running, "_LANES_OF_A_KIND", 0)
    monkeypatch.setattr(running, "_MOST_CHUNKS", 3)


def bytes_of(outcome: Outcome) -> dict[str, bytes]:
    arrays = {**outcome.totals._asdict(), "sums": outcome.sums, "scores": outcome.scores, "place": outcome.ranks}
    return {name: array.tobytes() for name, array in arrays.items()}


def same(one: Outcome, other: Outcome) -> None:
    assert bytes_of(one) == bytes_of(other)
    assert (one.done, one.mass, one.excluded, one.failures) == (other.done, other.mass, other.excluded, other.failures)


@pytest.mark.parametrize("engine", ["numba", "numpy"])
@pytest.mark.parametrize("tasks", [1, 3])
def test_spark_gives_the_bytes_of_one_machine(spark: SparkSession, tasks: int, engine: running.Engine) -> None:
    index = model(missing=0.2, scale=True)
    design = Random(index.space, 1_500, seed=0)

    spread = run(index, design, collect=EVERYTHING, engine=engine, spread=Tasks(spark, tasks))

    same(spread, run(index, design, collect=EVERYTHING, engine=engine))
    assert spread.done == 1_500


def test_combinations_with_probabilities_are_counted_alike(spark: SparkSession) -> None:
    space = Space((Choice("a", (1.0, 2.0, 7.0), (0.2, 0.3, 0.5)), Choice("b", (1.0, 3.0, 5.0, 9.0))))
    index = Model(
        space=space,
        tree=model().tree,
        units=UNITS,
        data=Part(lambda a, b: np.linspace(a, b, len(UNITS))[:, None] ** np.arange(1, 8), ("a", "b")),
        weights=Part(lambda: np.ones(len(model().tree.codes))),
    )
    design = Enumeration(space)

    same(run(index, design, spread=Tasks(spark)), run(index, design))


def test_errors_of_the_data_are_drawn_alike(spark: SparkSession) -> None:
    index = measured(missing=0.1)
    design = Random(index.space, 600, seed=5)

    same(
        run(index, design, collect=EVERYTHING, precision="single", spread=Tasks(spark, 2)),
        run(index, design, collect=EVERYTHING, precision="single"),
    )


def test_a_seed_that_was_drawn_goes_to_every_task(spark: SparkSession) -> None:
    index = model()
    design = Random(index.space, 600)

    spread = run(index, design, collect=Collect(bins=0, replications=True), spread=Tasks(spark, 4))

    again = Random(index.space, 600, design.used_seed)
    same(spread, run(index, again, collect=Collect(bins=0, replications=True)))


def test_failed_replications_come_back_with_their_numbers_and_reasons(spark: SparkSession) -> None:
    def values(which: int) -> np.ndarray:
        if which == 2:
            raise InputError("no data of that kind")
        made = np.ones((len(UNITS), 7)) + np.arange(len(UNITS))[:, None]
        made[3, 2] = 0.0 if which == 1 else made[3, 2]
        return made

    index = model(data=Part(values, ("data",)))
    design = Random(index.space, 900, seed=2)

    spread = run(index, design, spread=Tasks(spark, 3))

    same(spread, run(index, design))
    assert {failure.reason.what.split(" (")[0] for failure in spread.failures} >= {"no data of that kind"}
    assert 300 < spread.failed < 900


def equal(one: Indices, other: Indices) -> None:
    for name in ("first", "total", "second", "mean", "variance", "half_first", "half_total"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name


def test_sobol_indices_are_the_same_bytes_too(spark: SparkSession) -> None:
    index = model()
    targets = [score_of_units(UNITS)]

    def estimated(spread: Tasks | None) -> Indices:
        return estimated_indices(index, targets, base=512, seed=3, spread=spread)[0]

    equal(estimated(Tasks(spark, 3)), estimated(None))


def test_progress_goes_wave_by_wave_and_an_interruption_keeps_the_waves_before(spark: SparkSession) -> None:
    index = model()
    length = 2_000 // len(UNITS)
    design = Random(index.space, 20 * length, seed=1)
    seen: list[int] = []

    class InterruptedLater(Tasks):
        def map(self, work, items):  # type: ignore[no-untyped-def]
            if seen:
                raise KeyboardInterrupt
            return super().map(work, items)

    outcome = run(
        index, design, spread=InterruptedLater(spark, 2), progress=lambda done, of: seen.append(done), collect=RANKS
    )

    assert seen == [length * at for at in range(1, 7)]  # two tasks of three chunks
    assert outcome.interrupted
    same(outcome, run(index, Random(index.space, outcome.done, seed=1), collect=RANKS))


def test_a_pack_gives_one_document_on_spark_and_here(spark: SparkSession) -> None:
    pack = load("eu/asem-connectivity")
    assert pack.index is not None
    assert pack.index.alternatives is not None
    scores = pack.score()

    spread = replicate(scores, pack.index.alternatives, 500, 4, spread=Tasks(spark, 4))

    here = replicate(scores, pack.index.alternatives, 500, 4)
    assert json.dumps(spread.document()) == json.dumps(here.document())


def test_the_command_prints_the_same_on_spark(spark: SparkSession) -> None:
    def printed(*more: str) -> str:
        return run_command("robustness", "eu/asem-connectivity", "-n", "300", "--json", *more).out

    assert printed("--engine", "spark") == printed()


def test_another_version_on_the_machines_of_the_tasks_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"and 0\.0\.0 where they come from; install the same version"):
        list(results([0], b"", "0.0.0"))


def test_no_task_is_refused(spark: SparkSession) -> None:
    with pytest.raises(UsageError, match="0 tasks"):
        Tasks(spark, 0)


def test_a_design_that_travels_draws_the_same(spark: SparkSession) -> None:
    space = model().space
    designs: list[Design] = [Random(space, 50), Saltelli(space, 8)]
    numbers = np.arange(50)

    for design, points in zip(
        designs, Tasks(spark, 2).map(lambda one: one.batch(numbers).points, designs), strict=True
    ):
        for name, column in design.batch(numbers).points.items():
            np.testing.assert_array_equal(points[name], column)
