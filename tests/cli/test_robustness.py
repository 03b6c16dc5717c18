"""The command that tries recipes: how many are drawn, and what evaluates them."""

from __future__ import annotations

import json
import sys

import pytest

from donghaeng.index import replications
from tests.command import run

PACK = "eu/asem-connectivity"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--engine", "spark"], "--engine spark evaluates recipes that are drawn; say how many with -n"),
        (["-n", "100", "--master", "local[2]"], "--master says where Spark runs; add --engine spark"),
    ],
)
def test_options_that_would_do_nothing_are_refused(options: list[str], message: str) -> None:
    done = run("robustness", PACK, *options)

    assert done.code != 0
    assert message in done.err


def test_an_unknown_engine_is_refused_with_those_there_are() -> None:
    done = run("robustness", PACK, "-n", "100", "--engine", "fortran")

    assert done.code == 2
    assert all(name in done.err for name in ("auto", "numba", "numpy", "spark"))


def test_numpy_gives_what_the_compiled_kernel_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replications, "HALF_WIDTH", 1.0)  # the first estimate of the indices will do
    compiled, plain = (
        json.loads(run("robustness", PACK, "-n", "50", "--json", "--engine", engine).out)
        for engine in ("numba", "numpy")
    )

    assert compiled["ranks"] == plain["ranks"]
    for one, other in zip(compiled["intervals"], plain["intervals"], strict=True):
        assert one["mean"] == pytest.approx(other["mean"], rel=1e-12)


def test_without_spark_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyspark"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyspark", None)

    done = run("robustness", PACK, "-n", "100", "--engine", "spark")

    assert done.code != 0
    assert "install donghaeng[spark], and Java 17 or newer" in done.err
