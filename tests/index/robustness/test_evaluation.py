"""The compiled kernel and NumPy give the same; threads, order and interruption change nothing."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from donghaeng.errors import InputError, UsageError
from donghaeng.index.robustness import noise
from donghaeng.index.robustness.design import Enumeration, Random
from donghaeng.index.robustness.factors import Choice, Rule, Space
from donghaeng.index.robustness.indices import exact_indices, score_of_units
from donghaeng.index.robustness.model import Model, Part
from donghaeng.index.robustness.oracle import rank
from donghaeng.index.robustness.run import Collect, Outcome, run
from donghaeng.index.robustness.summary import Summary
from donghaeng.index.robustness.tree import Tree
from tests.index.robustness.building import PARENTS, TREE, UNITS, measured, model, values

EVERYTHING = Collect(bins=64, ahead=True, replications=True)
MIXES = (
    (("arithmetic",), ("geometric",)),
    (("harmonic",), ("arithmetic", "geometric", "harmonic")),
    (("geometric", "arithmetic", "geometric"), ("harmonic", "geometric", "arithmetic")),
)


def same(one: Outcome, other: Outcome, rtol: float = 1e-12) -> None:
    np.testing.assert_allclose(one.scores, other.scores, rtol=rtol)
    np.testing.assert_array_equal(one.ranks, other.ranks)
    for name in ("ranks", "ahead", "scored"):
        np.testing.assert_array_equal(getattr(one.totals, name), getattr(other.totals, name))
    np.testing.assert_allclose(one.totals.extremes, other.totals.extremes, rtol=rtol)
    np.testing.assert_allclose(one.sums, other.sums, rtol=rtol)
    assert one.failures == other.failures


@pytest.mark.parametrize("means", MIXES)
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_the_kernel_gives_what_numpy_gives(missing: float, means: tuple[tuple[str, ...], ...]) -> None:
    index = model(missing=missing, means=means, scale=True)
    design = Random(index.space, 400, seed=0)

    compiled = run(index, design, collect=EVERYTHING, engine="numba")

    same(compiled, run(index, design, collect=EVERYTHING, engine="numpy"))
    assert compiled.done == 400


@pytest.mark.parametrize("rounding", [False, True])
@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("mean", ["arithmetic", "geometric"])
def test_the_kernel_recomputes_data_as_numpy_does(missing: float, rounding: bool, mean: str) -> None:
    index = measured(missing=missing, rounding=rounding, mean=mean)
    design = Random(index.space, 150, seed=7)

    compiled = run(index, design, collect=EVERYTHING, engine="numba")

    same(compiled, run(index, design, collect=EVERYTHING, engine="numpy"), rtol=1e-9)


def test_single_precision_gives_the_same_to_seven_digits() -> None:
    index = model(missing=0.2, means=MIXES[1])
    design = Random(index.space, 500, seed=3)

    single = run(index, design, collect=EVERYTHING, precision="single")

    np.testing.assert_allclose(single.scores, run(index, design, collect=EVERYTHING).scores, rtol=5e-6)


def test_units_without_any_value_have_no_score_and_no_rank() -> None:
    def holes(seed: int) -> np.ndarray:
        made = values(seed)
        made[3] = np.nan
        return made

    index = model(data=Part(holes, ("data",)))

    for engine in ("numba", "numpy"):
        outcome = run(index, Random(index.space, 50, seed=0), collect=EVERYTHING, engine=engine)

        assert np.isnan(outcome.scores[:, 3]).all()
        assert (outcome.ranks[:, 3] == 0).all()
        assert outcome.ranks.max() == len(UNITS) - 1
        assert outcome.totals.scored[3] == 0
        assert np.isnan(Summary(outcome).ranks()[3].mean)


@pytest.mark.parametrize("units", [1, 15, 16, 17, 33, 750])
def test_ranks_are_right_for_any_number_of_units_ties_too(units: int) -> None:
    rng = np.random.default_rng(units)
    made = np.round(rng.uniform(1, 9, (units, TREE.indicators)))
    made[:, 1:] = made[:, :1]
    index = Model(
        space=Space((Choice("data", (0, 1)),)),
        tree=TREE,
        units=tuple(str(at) for at in range(units)),
        data=Part(lambda at: made + at, ("data",)),
        weights=Part(lambda: np.ones(len(TREE.codes))),
    )

    outcome = run(index, Enumeration(index.space), collect=EVERYTHING, engine="numba")

    higher = (made[:, 0][None, :] > made[:, 0][:, None]).sum(axis=1)
    np.testing.assert_array_equal(outcome.ranks, np.tile(higher + 1, (2, 1)))


def test_groups_are_ranked_among_themselves() -> None:
    index = model(groups=(5, 8))

    for engine in ("numba", "numpy"):
        outcome = run(index, Random(index.space, 40, seed=1), collect=EVERYTHING, engine=engine)

        np.testing.assert_array_equal(outcome.ranks, rank(outcome.scores, np.array([0, 5, 13])))
        assert outcome.ranks[:, :5].max() == 5
        assert outcome.totals.ranks.shape == (13, 8)


@pytest.mark.parametrize("precision", ["single", "double"])
def test_the_number_of_threads_changes_nothing(precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("donghaeng.index.robustness.run._CHUNK_CELLS", 1_000)
    index = model(missing=0.1)
    design = Random(index.space, 3_000, seed=5)

    alone = run(index, design, threads=1, precision=precision, collect=EVERYTHING)
    others = run(index, design, threads=4, precision=precision, collect=EVERYTHING)

    same(alone, others, rtol=0)
    np.testing.assert_array_equal(alone.totals.histogram, others.totals.histogram)


def test_an_interrupted_run_keeps_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("donghaeng.index.robustness.run._CHUNK_CELLS", 1_000)
    index = model()
    seen = []

    def stop(done: int, total: int) -> None:
        seen.append((done, total))
        if len(seen) == 3:
            raise KeyboardInterrupt

    outcome = run(index, Random(index.space, 50_000, seed=5), threads=2, collect=EVERYTHING, progress=stop)

    assert outcome.interrupted
    assert 3 * 76 <= outcome.done < 50_000
    assert outcome.mass == outcome.done == int(outcome.totals.scored[0])
    whole = run(index, Random(index.space, outcome.done, seed=5), collect=EVERYTHING)
    np.testing.assert_array_equal(outcome.scores, whole.scores)


def test_replications_are_not_kept_unless_asked() -> None:
    index = model()

    outcome = run(index, Random(index.space, 100, seed=5))

    assert outcome.scores.size == outcome.ranks.size == 0


def test_a_value_that_a_geometric_mean_cannot_take_is_named() -> None:
    def with_zero(seed: int) -> np.ndarray:
        made = values(seed)
        if seed == 1:
            made[4, list(TREE.codes).index("i2")] = 0.0
        return made

    index = model(data=Part(with_zero, ("data",)))
    for engine in ("numba", "numpy"):
        outcome = run(index, Random(index.space, 300, seed=2), collect=EVERYTHING, engine=engine)

        (failure,) = outcome.failures
        assert "i2 of e is zero or negative" in str(failure.reason)
        assert dict(failure.reason.choices) == {"data": 1, "means": 1}
        assert failure.count == int(np.isnan(outcome.scores).all(axis=1).sum())
        assert outcome.mass == 300 - failure.count


def test_a_negative_composite_under_a_geometric_mean_is_named() -> None:
    def negative(seed: int) -> np.ndarray:
        made = values(seed)
        made[2, [list(TREE.codes).index(code) for code in ("i4", "i5")]] = -50.0
        return made

    index = model(data=Part(negative, ("data",)), means=(("arithmetic", "geometric", "geometric"),))
    for engine in ("numba", "numpy"):
        (failure, *_) = run(index, Random(index.space, 20, seed=2), engine=engine).failures

        assert "p2 of c is zero or negative" in str(failure.reason)


def test_a_node_without_weight_takes_no_part_even_if_it_could_not() -> None:
    def zero(seed: int) -> np.ndarray:
        made = values(seed)
        made[:, list(TREE.codes).index("i6")] = 0.0
        return made

    index = model(data=Part(zero, ("data",)), means=(("geometric",),))
    design = Random(index.space, 200, seed=2)

    one, other = (run(index, design, collect=EVERYTHING, engine=engine) for engine in ("numba", "numpy"))

    same(one, other)
    out = design.batch(np.arange(200)).points["left out"] == 2
    assert not np.isnan(one.scores[out]).any()
    assert np.isnan(one.scores[~out]).all()


def test_a_state_that_cannot_be_made_fails_with_its_reason_and_sensitivity_is_refused() -> None:
    def stage(seed: int) -> np.ndarray:
        if seed == 2:
            raise InputError("i3 is constant")
        return values(seed)

    index = Model(
        space=Space((Choice("data", (0, 1, 2)),)),
        tree=TREE,
        units=UNITS,
        data=Part(stage, ("data",)),
        weights=Part(lambda: np.ones(len(TREE.codes))),
    )

    outcome = run(index, Enumeration(index.space))

    assert [str(failure.reason) for failure in outcome.failures] == ["i3 is constant (data = 2)"]
    assert outcome.failures[0].first == (2,)
    with pytest.raises(InputError, match=r"1 replications failed(.|\n)*i3 is constant \(data = 2\)"):
        exact_indices(index, [score_of_units(UNITS)])


def test_all_weights_zero_is_a_failure_with_a_reason() -> None:
    index = Model(
        space=Space((Choice("left out", ("index's parts", "none")),)),
        tree=TREE,
        units=UNITS,
        data=Part(lambda: values()),
        weights=Part(lambda: np.ones(len(TREE.codes))),
        kept=Part(lambda which: [] if which == "none" else ["i7", "p3", "s1"], ("left out",)),
    )
    for engine in ("numba", "numpy"):
        (failure,) = run(index, Enumeration(index.space), engine=engine).failures
        assert "all weights are zero" in str(failure.reason)


def test_excluded_combinations_are_left_out_and_counted() -> None:
    rule = Rule({"data": 1, "means": 1}, reason="makes no sense")
    index = Model(
        space=Space((Choice("data", (0, 1), (0.25, 0.75)), Choice("means", (0, 1))), (rule,)),
        tree=TREE,
        units=UNITS,
        data=Part(values, ("data",)),
        weights=Part(lambda: np.ones(len(TREE.codes))),
        means=Part(lambda at: ("arithmetic", "geometric")[at], ("means",)),
    )

    outcome = run(index, Enumeration(index.space), collect=EVERYTHING)

    assert outcome.excluded == 1
    # 0.125 + 0.125 + 0.375 of the probability is left; one mass is 2**60.
    assert outcome.mass == round(0.625 * 2**60)
    expected = outcome.scores[[0, 1, 2]].T @ [0.2, 0.2, 0.6]
    np.testing.assert_allclose([one.mean for one in Summary(outcome).scores()], expected, rtol=1e-12)
    with pytest.raises(UsageError, match="complete space"):
        exact_indices(index, [score_of_units(UNITS)])


def test_numpy_stands_in_where_numba_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    index = model()
    design = Random(index.space, 60, seed=0)
    compiled = run(index, design, collect=EVERYTHING)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    same(compiled, run(index, design, collect=EVERYTHING))
    with pytest.raises(UsageError, match="numba is not installed"):
        run(index, design, engine="numba")


def test_noise_is_what_it_says() -> None:
    keys = noise.keys_of(0, np.arange(200_000))
    low, high = (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32), (keys >> np.uint64(32)).astype(np.uint32)
    draws = np.stack([noise.bits(low, high, np.full(len(keys), at, np.uint32)) for at in range(3)])
    even = noise.symmetric(draws) / 2.0**23

    assert np.abs(even).max() < 1
    np.testing.assert_allclose(even.mean(axis=1), 0, atol=0.006)
    np.testing.assert_allclose(even.var(axis=1), 1 / 3, atol=0.003)
    assert np.abs(np.corrcoef(even) - np.eye(3)).max() < 0.01
    z = noise.four_halves(draws[0], draws[1]) * noise.NORMAL_SCALE
    normal = z * (noise.NORMAL_LINEAR + noise.NORMAL_CUBIC * z * z)
    np.testing.assert_allclose([normal.mean(), normal.std(), (normal**4).mean()], [0, 1, 3], atol=0.04)
    assert len(np.unique(noise.keys_of(0, np.arange(1_000)))) == 1_000
    assert not np.array_equal(noise.keys_of(0, np.arange(5)), noise.keys_of(1, np.arange(5)))


def test_a_factor_that_nothing_uses_is_refused() -> None:
    with pytest.raises(UsageError, match="changes nothing"):
        Model(
            space=Space((Choice("idle", (1, 2)),)),
            tree=TREE,
            units=UNITS,
            data=Part(values),
            weights=Part(lambda: np.ones(len(TREE.codes))),
        )


def test_children_of_a_node_stand_together() -> None:
    assert TREE.codes[-1] == "index"
    assert {code: TREE.codes[TREE.parents[at]] for at, code in enumerate(TREE.codes[:-1])} == {
        code: parent for code, parent in PARENTS.items() if parent
    }
    for at in TREE.composites:
        assert all(child < at for child in TREE.children[at])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": Part(lambda: values(units=3))}, "is needed, units x indicators"),
        ({"data": Part(lambda: np.full((13, 7), np.inf))}, "i7 of a is infinite"),
        ({"weights": Part(lambda: -np.ones(len(TREE.codes)))}, "weight of i7 is negative"),
        ({"weights": Part(lambda: np.ones(3))}, "3 weights for 12 nodes"),
        ({"weights": Part(lambda: {"i1": 1.0})}, "no weight for"),
        ({"weights": Part(lambda: {"ghost": 1.0})}, "unknown nodes ghost"),
        ({"kept": Part(lambda: ["ghost"])}, "unknown nodes to leave out: ghost"),
        ({"means": Part(lambda: "median")}, "no mean median"),
        ({"means": Part(lambda: ("arithmetic", "geometric"))}, "2 means for 3 levels"),
        ({"groups": (3, 4)}, "7 units in all"),
    ],
)
def test_an_input_that_does_not_fit_is_refused(change: dict[str, object], message: str) -> None:
    given: dict[str, object] = {
        "space": Space((Choice("data", (0, 1)),)),
        "tree": TREE,
        "units": UNITS,
        "data": Part(values, ("data",)),
        "weights": Part(lambda: np.ones(len(TREE.codes))),
        "kept": Part(lambda _: [], ("data",)),
    }
    with pytest.raises(UsageError, match=message):
        run(Model(**(given | change)), Enumeration(given["space"]))  # type: ignore[arg-type]


@pytest.mark.parametrize("precision", ["single", "double"])
def test_scores_that_differ_in_the_last_digits_only_are_ranked_by_them(precision: str) -> None:
    # One unit far away: all others fall on one key of the sort.
    near = 1 + np.random.default_rng(1).permutation(600) * (2.0**-20 if precision == "single" else 2.0**-50)
    made = np.append(near, 1e6)
    index = Model(
        space=Space((Choice("weights", (1, 2)),)),
        tree=Tree.of({"only": "index", "index": ""}),
        units=tuple(str(at) for at in range(601)),
        data=Part(lambda: made[:, None]),
        weights=Part(lambda _: np.ones(2), ("weights",)),
    )

    outcome = run(index, Enumeration(index.space), collect=EVERYTHING, precision=precision, engine="numba")

    np.testing.assert_array_equal(outcome.ranks, np.tile(np.argsort(np.argsort(-made)) + 1, (2, 1)))
    np.testing.assert_array_equal(outcome.totals.ranks.sum(axis=0), np.full(601, 2))
