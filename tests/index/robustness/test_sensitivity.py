"""Designs, Sobol indices against known answers and SALib, and what readers are told."""

from __future__ import annotations

import numpy as np
import pytest
from SALib.analyze import sobol as salib_analyze
from SALib.sample import sobol as salib_sample

from donghaeng.errors import InputError, UsageError
from donghaeng.index.robustness.design import Enumeration, Given, Random, Saltelli
from donghaeng.index.robustness.factors import Amount, Choice, Noise, Rule, Space
from donghaeng.index.robustness.indices import (
    Indices,
    Target,
    _Sums,
    below,
    change,
    estimate,
    estimated_indices,
    exact_indices,
    indices_of_grid,
    level,
    mean_rank_change,
    rank_of_units,
    score_of_units,
    sign,
)
from donghaeng.index.robustness.model import Model, Part
from donghaeng.index.robustness.run import Collect, run
from donghaeng.index.robustness.summary import Summary, sentence, sentence_apart
from tests.index.robustness.building import TREE, UNITS, model, values

CUBE = Space((Amount("a"), Amount("b"), Amount("c")))


@pytest.mark.parametrize("second_order", [True, False])
@pytest.mark.parametrize("seed", [0, 17])
def test_the_design_is_salibs(second_order: bool, seed: int) -> None:
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0, 1]] * 3}
    design = Saltelli(CUBE, 16, seed, second_order)

    points = design.batch(np.arange(design.size)).points

    expected = salib_sample.sample(problem, 16, calc_second_order=second_order, seed=seed)
    np.testing.assert_array_equal(np.stack([points[name] for name in "abc"], axis=1), expected)


def test_estimates_are_salibs() -> None:
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[0, 1]] * 3}
    design = Saltelli(CUBE, 256, 0)
    a, b, c = (design.batch(np.arange(design.size)).points[name] for name in "abc")
    y = 40 + 3 * a + 2 * b * c + np.sin(5 * a * c)
    sums = _Sums(design, [Target("y", ("",), lambda scores, _: scores)])
    sums.shift = np.array([41.0])
    sums.blocks = [sums.block(y[:, None])]

    (found,) = sums.indices()

    expected = salib_analyze.analyze(problem, y, seed=1)
    np.testing.assert_allclose(found.first[:, 0], expected["S1"], atol=1e-10)
    np.testing.assert_allclose(found.total[:, 0], expected["ST"], atol=1e-10)
    np.testing.assert_allclose(found.second[:, 0], [expected["S2"][pair] for pair in found.pairs], atol=1e-10)
    rows = y.reshape(256, 8)
    first, total = estimate(rows[:, 0], rows[:, 7], rows[:, 1:4].T)
    assert np.isfinite(first).all()
    np.testing.assert_allclose(total, expected["ST"], atol=1e-10)


def grid(f: object, *factors: Choice) -> Indices:
    design = Enumeration(Space(factors))
    batch = design.batch(np.arange(design.size))
    y = f(*(batch.points[factor.name].astype(float) for factor in factors))  # type: ignore[operator]
    return indices_of_grid(design, "y", ("",), y[:, None])


def test_exact_indices_of_a_sum_are_its_shares_of_variance() -> None:
    two, weighted = Choice("x", (0, 1)), Choice("z", (0, 1), (0.2, 0.8))

    found = grid(lambda x, z: x + 2 * z, two, weighted)

    parts = np.array([0.25, 4 * 0.16])
    np.testing.assert_allclose(found.first[:, 0], parts / parts.sum())
    np.testing.assert_allclose(found.total[:, 0], parts / parts.sum())
    np.testing.assert_allclose(found.second, 0, atol=1e-12)
    np.testing.assert_allclose(found.variance, parts.sum())


def test_exact_indices_of_a_pure_interaction_are_all_second_order() -> None:
    found = grid(lambda x, y, z: (2 * x - 1) * (2 * y - 1) + 0 * z, *(Choice(name, (0, 1)) for name in "xyz"))

    np.testing.assert_allclose(found.first, 0, atol=1e-12)
    np.testing.assert_allclose(found.total[:, 0], [1, 1, 0], atol=1e-12)
    np.testing.assert_allclose(found.second[:, 0], [1, 0, 0], atol=1e-12)


def test_a_target_that_never_varies_has_no_index() -> None:
    found = grid(lambda x, z: 0 * x + 3.7, Choice("x", (0, 1)), Choice("z", (0, 1, 2)))

    assert np.isnan(found.first).all()
    assert np.isnan(found.total).all()


def discrete() -> Model:
    return Model(
        space=Space(
            (Choice("data", (0, 1, 2)), Choice("weights", tuple(range(8))), Choice("mean", ("arithmetic", "geometric")))
        ),
        tree=TREE,
        units=UNITS,
        data=Part(lambda seed: values(7) + seed, ("data",)),
        weights=Part(lambda at: np.random.default_rng(at).uniform(0.5, 1.5, len(TREE.codes)), ("weights",)),
        means=Part(lambda mean: (mean,), ("mean",)),
    )


def test_estimates_lie_within_their_own_error_of_the_exact_indices() -> None:
    index = discrete()
    targets = [score_of_units(UNITS), mean_rank_change(np.arange(1, 14)), change(0, 5), level(2), below(3, 60.0)]

    exact = exact_indices(index, targets)
    for sequence in (True, False):
        estimates = estimated_indices(
            index, targets, base=8_192, seed=0, sequence=sequence, threads=2, precision="double"
        )
        for known, guess in zip(exact, estimates, strict=True):
            assert guess.target == known.target
            assert not guess.exact
            for name in ("first", "total", "second"):
                error = np.abs(getattr(guess, name) - getattr(known, name))
                half = getattr(guess, f"half_{name}")
                seen = ~np.isnan(error)
                # The jackknife knows nothing of the sequence's evenness, so most errors are far inside.
                assert (error[seen] < 2.5 * half[seen] + 1e-3).all(), (known.target, name)
                assert (half[seen] < 0.2).all()


def test_the_half_width_asked_for_is_reached_and_threads_change_nothing() -> None:
    index = discrete()
    targets = [score_of_units(UNITS)]

    one = estimated_indices(index, targets, base=256, seed=0, half_width=0.05, threads=1)[0]
    two = estimated_indices(index, targets, base=256, seed=0, half_width=0.05, threads=2)[0]

    assert one.widest <= 0.05
    assert one.replications > 256 * 8
    np.testing.assert_array_equal(one.first, two.first)
    np.testing.assert_array_equal(one.half_second, two.half_second)


def test_noise_of_one_source_is_one_factor() -> None:
    index = model(scale=True)

    (found,) = estimated_indices(index, [score_of_units(UNITS)], base=1_024, seed=0)

    assert found.factors == ("data", "means", "left out", "noise", "scale")
    assert (found.total[3] > 0.001).any()
    # The noise does nothing alone on average over its scale's sign: its scale acts only together with it.
    assert (found.first[4] < found.total[4] + 0.05).all()


def test_targets_over_time() -> None:
    scores = np.array([[90.0, 110.0], [101.0, 100.0]])
    ranks = np.array([[2, 1], [1, 2]])

    assert level(1).of(scores, ranks).ravel().tolist() == [110, 100]
    assert change(0, 1).of(scores, ranks).ravel().tolist() == [20, -1]
    assert sign(0, 1).of(scores, ranks).ravel().tolist() == [1, -1]
    assert below(0).of(scores, ranks).ravel().tolist() == [1, 0]
    assert rank_of_units("ab").of(scores, ranks).tolist() == [[2, 1], [1, 2]]


def test_sensitivity_is_refused_when_a_replication_fails() -> None:
    def stage(seed: int) -> np.ndarray:
        if seed == 1:
            raise InputError("no such year")
        return values(seed)

    index = model(data=Part(stage, ("data",)))

    with pytest.raises(InputError, match="no such year"):
        estimated_indices(index, [score_of_units(UNITS)], base=64, seed=0)


def test_a_rule_gives_an_alternative_in_place() -> None:
    rule = Rule({"data": [1, 2], "mean": "geometric"}, {"mean": "arithmetic"})
    space = Space(discrete().space.factors, (rule,))
    design = Enumeration(space)

    points = design.batch(np.arange(design.size)).points

    assert space.complete
    assert (points["mean"][points["data"] > 0] == 0).all()
    assert (points["mean"][points["data"] == 0] == 1).any()


def test_random_points_leave_out_what_rules_exclude() -> None:
    rule = Rule({"data": 1, "mean": "geometric"})
    space = Space(discrete().space.factors, (rule,))

    batch = Random(space, 2_000, seed=0).batch(np.arange(2_000))

    assert (batch.mass == 1).all()
    assert not ((batch.points["data"] == 1) & (batch.points["mean"] == 1)).any()


def test_seed_zero_is_a_seed_and_none_is_random() -> None:
    space = discrete().space
    numbers = np.arange(50)

    first, again = (Random(space, 50, seed=0).batch(numbers).points["weights"] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert Random(space, 50).used_seed != Random(space, 50).used_seed
    one, two = (Saltelli(CUBE, 8, seed).batch(numbers[:8]).points["a"] for seed in (0, 1))
    assert not np.array_equal(one, two)


def test_probabilities_are_kept() -> None:
    space = Space((Choice("x", ("a", "b", "c"), (0.5, 0.0, 0.5)), Noise("n")))

    points = Random(space, 20_000, seed=0).batch(np.arange(20_000)).points

    np.testing.assert_allclose(np.bincount(points["x"], minlength=3) / 20_000, [0.5, 0, 0.5], atol=0.015)
    assert len(np.unique(points["n"])) == 20_000


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Choice("x", ()), "at least one"),
        (lambda: Choice("x", (1, 1)), "each once"),
        (lambda: Choice("x", (1, 2), (0.5, 0.6)), "sum to 1"),
        (lambda: Space(()), "at least one factor"),
        (lambda: Space((Choice("x", (1, 2)),), (Rule({"y": 1}),)), "no factor y"),
        (lambda: Space((Choice("x", ("mean", "sum")),), (Rule({"x": "maen"}),)), "did you mean"),
        (lambda: Enumeration(CUBE), "only choices"),
        (lambda: Enumeration(Space(tuple(Choice(str(at), tuple(range(10))) for at in range(8)))), "more than"),
        (lambda: Saltelli(CUBE, 100), "powers of 2"),
        (lambda: Given.of(CUBE, {"a": [0.1]}), "nothing about b"),
        (lambda: estimate([1, 2], [1], [[1, 2]]), "do not fit"),
    ],
)
def test_what_makes_no_sense_is_refused(make: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()  # type: ignore[operator]


def test_the_summary_tells_intervals_shares_and_ties() -> None:
    index = discrete()
    outcome = run(index, Enumeration(index.space), collect=Collect(ahead=True, replications=True))
    summary = Summary(outcome)

    ranks = outcome.ranks
    np.testing.assert_allclose(summary.share_of_ranks.sum(axis=1), 1)
    np.testing.assert_allclose(summary.share_in_top(3), (ranks <= 3).mean(axis=0))
    np.testing.assert_allclose(summary.share_ahead[2, 5], (outcome.scores[:, 2] > outcome.scores[:, 5]).mean())
    for at, interval in enumerate(summary.ranks()):
        assert (interval.low, interval.median, interval.high) == pytest.approx(
            np.quantile(ranks[:, at], [0.05, 0.5, 0.95])
        )
        assert (interval.least, interval.most) == (ranks[:, at].min(), ranks[:, at].max())
    exact = summary.scores()
    for at, interval in enumerate(Summary(run(index, Enumeration(index.space))).scores()):
        width = interval.most - interval.least
        assert interval.mean == pytest.approx(exact[at].mean)
        assert interval.low == pytest.approx(exact[at].low, abs=0.1 * width)
        assert (interval.least, interval.most) == (outcome.scores[:, at].min(), outcome.scores[:, at].max())
    apart = summary.not_told_apart()
    assert all(0.05 < summary.share_ahead[UNITS.index(a), UNITS.index(b)] < 0.95 for a, b in apart)
    assert sorted(unit for chain in summary.told_apart() for unit in chain) == sorted(UNITS)
    with pytest.raises(UsageError, match="ahead=True"):
        Summary(run(index, Enumeration(index.space))).not_told_apart()
    with pytest.raises(UsageError, match="give 1 or more"):
        summary.share_in_top(0)


def test_the_sentence_names_what_matters_most_in_both_languages() -> None:
    score, change_of_ranks = exact_indices(discrete(), [score_of_units(UNITS), mean_rank_change(np.arange(1, 14))])

    said = sentence(score, "c", "en", {"data": "the year"}, "Cairo")
    assert said.startswith("In the 48 recipes tried, the score of Cairo depends")
    assert "점수를" in sentence(score, "c", "ko", label_name="카이로")
    assert "48" in sentence(change_of_ranks, "", "ko")
    still = grid(lambda x: 0 * x + 1.0, Choice("x", (0, 1)))
    assert sentence(still, "", "en") == "In the 2 recipes tried, y is always the same."
    assert sentence(still, "", "ko").endswith(": y")
    assert "neither is ahead in 95 %" in sentence_apart("A", "B", "en")
    assert "95%" in sentence_apart("가", "나", "ko")
