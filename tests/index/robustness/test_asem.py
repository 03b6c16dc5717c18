"""The reference run of COINr: every replication, the estimator, and the exact indices."""

from __future__ import annotations

import numpy as np
import pytest

from donghaeng.index.robustness.design import Enumeration, Given
from donghaeng.index.robustness.indices import estimate, exact_indices, mean_rank_change, rank_of_units, score_of_units
from donghaeng.index.robustness.model import Model
from donghaeng.index.robustness.run import Collect, run
from donghaeng.index.robustness.summary import Summary, sentence
from tests.index.robustness import asem


# The oracle recomputes one replication at a time; 100 of them are enough for it.
@pytest.mark.parametrize(
    ("name", "build", "engine"),
    [
        ("ua_n100", asem.model, "numba"),
        ("ua_n100", asem.model, "numpy"),
        ("ua_n100", asem.recomputing, "numba"),
        ("ua_n100", asem.recomputing, "numpy"),
        ("sa_n100", asem.model, "numba"),
        ("sa_n100", asem.model, "numpy"),
        ("sa_n100", asem.recomputing, "numba"),
    ],
)
def test_every_replication_of_coinr_comes_out(name: str, build: object, engine: str) -> None:
    model: Model = build()  # type: ignore[operator]
    columns = asem.drawn(f"{name}_replications.csv")
    if build is asem.recomputing:
        columns["errors"] = np.zeros(len(columns["winmax"]), np.uint64)  # type: ignore[assignment]
    scores, ranks = asem.published(f"{name}_scores.csv")

    outcome = run(model, Given.of(model.space, columns), collect=Collect(replications=True), engine=engine)

    assert outcome.failures == ()
    np.testing.assert_allclose(outcome.scores, scores, rtol=1e-9)
    np.testing.assert_array_equal(outcome.ranks, ranks)


def test_the_estimator_gives_coinrs_indices_from_the_values_of_its_design() -> None:
    changes = np.array([float(row["mean_abs_rank_change"]) for row in asem.rows("sa_n100_replications.csv")])
    blocks = changes.reshape(6, 100)

    first, total = estimate(blocks[0], blocks[1], blocks[2:], centred=False, ddof=1)

    expected = asem.rows("sa_n100_indices.csv")
    np.testing.assert_allclose(first, [float(row["Si"]) for row in expected], rtol=1e-12)
    np.testing.assert_allclose(total, [float(row["STi"]) for row in expected], rtol=1e-12)


def test_enumeration_gives_the_exact_indices() -> None:
    model = asem.model()

    (change,) = exact_indices(model, [mean_rank_change(asem.nominal())], threads=2)

    expected = asem.rows("sa_exact_indices.csv")
    np.testing.assert_allclose(change.first[:, 0], [float(row["Si_exact"]) for row in expected], rtol=1e-9)
    np.testing.assert_allclose(change.total[:, 0], [float(row["STi_exact"]) for row in expected], rtol=1e-9)
    assert change.exact
    assert change.widest == 0
    assert sentence(change, "", "en") == (
        "In the 2,000 recipes tried, the ranking depends most on aggregation: "
        "70 % of its variance, computed over every combination."
    )
    assert "aggregation" in sentence(change, "", "ko")


def test_enumeration_gives_the_exact_rank_statistics() -> None:
    model = asem.model()

    intervals = Summary(run(model, Enumeration(model.space), threads=2)).ranks()

    for interval, row in zip(intervals, asem.rows("ua_exact_rankstats.csv"), strict=True):
        assert interval.unit == row["uCode"]
        assert interval.mean == pytest.approx(float(row["Mean"]), rel=1e-12)
        assert (interval.low, interval.median, interval.high) == tuple(
            pytest.approx(float(row[name]), abs=1e-9) for name in ("Q5", "Median", "Q95")
        )


def test_indices_of_every_unit_add_up_to_at_most_one() -> None:
    model = asem.model()

    score, rank = exact_indices(model, [score_of_units(model.units), rank_of_units(model.units)], threads=2)

    for indices in (score, rank):
        known = ~np.isnan(indices.first[0])
        assert known.any()
        explained = (indices.first.sum(axis=0) + indices.second.sum(axis=0))[known]
        assert (explained <= 1 + 1e-9).all()
        assert (indices.total[:, known] >= indices.first[:, known] - 1e-9).all()


def test_columns_in_blocks_give_the_same_indices(monkeypatch: pytest.MonkeyPatch) -> None:
    model = asem.model()
    targets = [score_of_units(model.units), mean_rank_change(asem.nominal())]
    whole = exact_indices(model, targets)
    monkeypatch.setattr("donghaeng.index.robustness.indices._HELD", 2_000 * 20)

    parts = exact_indices(model, targets)

    for one, other in zip(whole, parts, strict=True):
        assert one.labels == other.labels
        np.testing.assert_allclose(one.first, other.first, rtol=1e-9)
        np.testing.assert_allclose(one.second, other.second, atol=1e-12)
