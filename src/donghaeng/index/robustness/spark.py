"""Replications on Spark: each task runs a range of them with the same kernel, and the driver puts the parts together.

Replications are drawn by number (`noise`), counts are whole numbers, and sums of scores are added chunk by chunk in
order: so a run on Spark gives the bytes that a run on one machine gives for the same seed. The same version of
donghaeng must be installed where the tasks run.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Any, TypeVar

from donghaeng.errors import UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Tasks:
    """Spark as a `run.Spread`.

    Attributes:
        session: the session; a classic one, since Spark Connect has no RDDs.
        tasks: tasks that are given at once; a few for each core keep all of them busy.
    """

    session: SparkSession
    tasks: int = 32

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            UsageError: no task, or a session of Spark Connect.
        """
        if self.tasks < 1:
            raise UsageError(f"{self.tasks} tasks; give 1 or more")
        if ".connect." in type(self.session).__module__:
            raise UsageError("a session of Spark Connect cannot run replications; start a classic one (master)")

    def map(self, work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
        """Do the work on each item, in at most `tasks` tasks; results stand in the order of the items.

        Raises:
            py4j.protocol.Py4JJavaError: a task failed, with its trace; also where it found another version of
                donghaeng.
        """
        from pyspark.cloudpickle import dumps

        # Targets and quantiles may be functions without a name: Spark's own pickle takes them along by value.
        sent = self.session.sparkContext.broadcast(dumps((work, list(items))))  # type: ignore[no-untyped-call]
        version = version_of("donghaeng")
        try:
            numbers = self.session.sparkContext.parallelize(range(len(items)), min(self.tasks, max(1, len(items))))
            made = numbers.mapPartitions(lambda part: results(part, sent.value, version)).collect()
        finally:
            sent.unpersist()
        return [pickle.loads(one) for one in made]  # noqa: S301  results of our own tasks


def results(numbers: Iterable[int], sent: bytes, version: str) -> Iterator[bytes]:
    """Do the work of one task.

    Args:
        numbers: numbers of its items.
        sent: the work and all items, pickled.
        version: version of donghaeng that sent them.

    Yields:
        The result of each item, pickled.

    Raises:
        RuntimeError: another version of donghaeng is installed here.
    """
    if version != version_of("donghaeng"):
        raise RuntimeError(
            f"donghaeng {version_of('donghaeng')} is installed where Spark's tasks run, and {version} where they come "
            "from; install the same version on all machines"
        )
    work: Callable[[Any], Any]
    work, items = pickle.loads(sent)  # noqa: S301  sent by `Tasks.map`
    for number in numbers:
        yield pickle.dumps(work(items[number]), pickle.HIGHEST_PROTOCOL)
