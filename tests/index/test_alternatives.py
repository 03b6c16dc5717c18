"""The index under other choices: what is tried, and what it says."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import donghaeng
from donghaeng.errors import InputError
from donghaeng.index.alternatives import Alternatives, Runs, run
from donghaeng.index.replications import replicate
from donghaeng.index.scores import Scores
from donghaeng.index.uncertainty import uncertainty

REFERENCE = Path(__file__).parents[1] / "reference"
LABEL = {"ko": "가", "en": "a"}


def alternatives(*factors: dict[str, Any], **keys: Any) -> Alternatives:
    return Alternatives.model_validate({"format": 1, "factors": [{"label": LABEL} | one for one in factors]} | keys)


def choice(**keys: Any) -> dict[str, Any]:
    return {"label": LABEL} | keys


@pytest.fixture(scope="module")
def seoul() -> Scores:
    return donghaeng.load("seoul/gtsn-index").score()


@pytest.fixture(scope="module")
def connectivity() -> Scores:
    return donghaeng.load("eu/asem-connectivity").score()


def runs_without_failures(scores: Scores, tried: Alternatives) -> Runs:
    runs = run(scores, tried)
    if runs.failures:
        raise InputError(runs.failures[0])
    return runs


def total(runs: Runs, number: int, period: int) -> float:
    return float(runs.scores[number, 0, period])


def test_the_rival_readings_of_2023_give_the_totals_of_the_method_page(seoul: Scores) -> None:
    six = {"node": "housing", "place": "seoul", "period": "2023", "value": "125.1", "count": 6}
    other = {"node": "integration", "place": "seoul", "period": "2023", "value": "97.6"}
    tried = alternatives(
        {"name": "count", "choices": [choice(), choice(use=[six])]},
        {"name": "variant", "choices": [choice(), choice(use=[other])]},
    )

    runs = run(seoul, tried)

    # 49 indicators: 110.957; with 97.6: 110.927; 50 indicators: 111.24; with 97.6: 111.21.
    assert [total(runs, number, 1) for number in range(4)] == pytest.approx(
        [110.957, 110.927, 111.240, 111.210], abs=1e-3
    )
    assert runs.complete
    assert runs.probabilities.tolist() == [0.25] * 4


def test_six_equal_areas_give_126_7_for_2024(seoul: Scores) -> None:
    tried = alternatives({"name": "over", "choices": [choice(), choice(set={"aggregate.over": "children"})]})

    runs = run(seoul, tried)

    assert [total(runs, number, 2) for number in range(2)] == pytest.approx([130.578, 126.733], abs=1e-3)


def test_leaving_out_each_area_leaves_the_others(seoul: Scores) -> None:
    runs = run(seoul, alternatives({"name": "left_out", "leave_out_each": "children"}))

    counts, values = [12, 6, 10, 8, 9, 5], [127.8, 120.3, 156.5, 111.3, 148.9, 95.6]
    for number in range(6):
        rest = [at for at in range(6) if at != number]
        expected = sum(counts[at] * values[at] for at in rest) / sum(counts[at] for at in rest)
        assert total(runs, number + 1, 2) == pytest.approx(expected)


def test_rounding_moves_a_total_by_no_more_than_its_inputs_allow(seoul: Scores) -> None:
    tried = alternatives({"name": "rounding", "noise": {"of": "rounding", "draws": 50, "seed": 3}})

    runs = run(seoul, tried)

    spread = np.abs(runs.scores[:, 0, 1:3] - runs.nominal[0, 1:3])
    assert 0 < spread.max() <= 0.05
    assert (runs.scores[:, 0, 0] == 100).all()  # the base year is 100 by definition


def test_probabilities_weigh_the_combinations(seoul: Scores) -> None:
    over = [choice(probability=3), choice(probability=1, set={"aggregate.over": "children"})]
    result = uncertainty(seoul, alternatives({"name": "over", "choices": over}))

    assert [row["probability"] for row in result.tried] == [0.75, 0.25]
    newest = next(row for row in result.intervals if row["period"] == "2024")
    assert newest["median"] == pytest.approx(130.578)
    assert newest["least"] == pytest.approx(126.733, abs=1e-3)


def test_a_sample_is_the_same_for_the_same_seed_and_seed_zero_is_a_seed(seoul: Scores) -> None:
    tried = alternatives({"name": "left_out", "leave_out_each": "children"})

    zero, again, one = (run(seoul, tried, sample=40, seed=seed) for seed in (0, 0, 1))

    assert zero.chosen.tolist() == again.chosen.tolist()
    assert zero.chosen.tolist() != one.chosen.tolist()
    assert not zero.complete


def test_no_indices_are_given_after_a_failure_and_its_reason_is(connectivity: Scores) -> None:
    tried = alternatives(
        {"name": "scale", "choices": [choice(), choice(set={"normalise.to": [0, 100]})]},
        {"name": "mean", "choices": [choice(), choice(set={"aggregate.method": "geometric"})]},
    )

    result = uncertainty(connectivity, tried)

    assert result.sensitivity == []
    assert {row["run"] for row in result.failures} == {1, 3}  # a zero under a geometric mean
    assert all("fails at" in row["reason"] for row in result.failures)


@pytest.mark.parametrize(
    ("factor", "message"),
    [
        ({"name": "x", "choices": [choice(set={"aggregate.method": "average"})]}, "aggregate.method"),
        ({"name": "x", "choices": [choice(leave_out=["nowhere"])]}, "unknown node nowhere"),
        ({"name": "x"}, "exactly one of choices, leave_out_each and noise"),
        (
            {
                "name": "x",
                "choices": [choice(use=[{"node": "health", "place": "seoul", "period": "2023", "value": "1"}])],
            },
            "no statement 1 for health, seoul, 2023; expected one of 120.1",
        ),
    ],
)
def test_a_choice_that_does_not_fit_is_refused_in_words(seoul: Scores, factor: dict[str, Any], message: str) -> None:
    tried = alternatives(factor)

    with pytest.raises(InputError, match=message):
        runs_without_failures(seoul, tried)


def test_the_exact_indices_of_the_reference_come_out_of_the_pack(connectivity: Scores) -> None:
    """ASEM: 5 x 2 x 100 x 2 combinations with the noisy weights of the reference as one factor of 100 sets."""
    with (REFERENCE / "asem" / "noisy_weights_100.csv").open() as file:
        rows = list(csv.DictReader(file))
    columns = list(rows[0])
    number, code, weight = columns[0], columns[1], columns[-1]
    sets: dict[str, dict[str, float]] = {}
    for row in rows:
        sets.setdefault(row[number], {})[row[code]] = float(row[weight])
    structure = connectivity.structure
    given = np.array([node.weight for node in structure.nodes])
    tried = alternatives(
        {"name": "points", "choices": [choice(set={"treat.most_points": points}) for points in range(1, 6)]},
        {
            "name": "scale",
            "choices": [
                choice(set={"normalise": {"method": "min_max", "to": [1, 100]}}),
                choice(set={"normalise": {"method": "z_score", "mean": 10, "deviation": 2}}),
            ],
        },
        {"name": "weights", "noise": {"of": "weights", "draws": 100}},
        {"name": "mean", "choices": [choice(), choice(set={"aggregate.method": "geometric"})]},
    )
    from donghaeng.index import alternatives as module

    original = module.variants_of

    def with_reference_sets(factor: Any, scores: Scores) -> Any:
        if factor.name != "weights":
            return original(factor, scores)
        return tuple(
            module.Variant(
                LABEL,
                0.01,
                {},
                weights=np.array([of.get(c, g) for c, g in zip(structure.codes, given, strict=True)]) / given,
            )
            for of in sets.values()
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "variants_of", with_reference_sets)
        result = uncertainty(connectivity, tried)

    found = {row["factor"]: row for row in result.sensitivity if row["target"] == "mean rank change"}
    expected = {
        "points": (0.0321, 0.0536),
        "scale": (0.0688, 0.2500),
        "weights": (0.1520, 0.2420),
        "mean": (0.5301, 0.7026),
    }
    assert result.runs.scores.shape[0] == 2_000
    for name, (first, whole) in expected.items():
        assert found[name]["first"] == pytest.approx(first, abs=5e-5)
        assert found[name]["total"] == pytest.approx(whole, abs=5e-5)


def test_drawn_replications_agree_with_the_enumeration(connectivity: Scores) -> None:
    tried = donghaeng.load("eu/asem-connectivity").index.alternatives
    assert tried is not None

    exact = {
        row["factor"]: row
        for row in uncertainty(connectivity, tried).sensitivity
        if row["target"] == "mean rank change"
    }
    drawn = replicate(connectivity, tried, 20_000, seed=0).document()

    assert drawn["replications"] == 20_000
    assert drawn["failures"] == []
    for row in drawn["sensitivity"]:
        if row["target"] == "mean rank change":
            # The enumeration has 100 draws of the weights, the replications a new one each.
            assert row["first"] == pytest.approx(exact[row["factor"]]["first"], abs=0.05)
            assert row["total"] == pytest.approx(exact[row["factor"]]["total"], abs=0.05)


def test_what_the_fast_evaluation_does_not_know_is_refused_in_words(seoul: Scores) -> None:
    tried = alternatives({"name": "over", "choices": [choice(), choice(set={"aggregate.over": "children"})]})

    with pytest.raises(InputError, match="does not know composites that are given"):
        replicate(seoul, tried, 100)


def test_ranks_from_the_lowest_score_on_hold_in_all_recipes(connectivity: Scores) -> None:
    pack = donghaeng.load("eu/asem-connectivity")
    turned = pack.score_with(connectivity.recipe.model_copy(update={"lowest_first": ("root",)}))
    tried = alternatives({"name": "scale", "choices": [choice(), choice(set={"normalise.to": [1, 50]})]})

    rows, back = (uncertainty(scores, tried).intervals for scores in (connectivity, turned))

    places = len(rows)
    assert [row["rank"] for row in back] == [places + 1 - row["rank"] for row in rows]
    assert [row["rank_median"] for row in back] == [row["rank"] for row in back]
    inner = connectivity.structure.position["Physical"]
    assert (turned.ranks()[..., inner] == connectivity.ranks()[..., inner]).all()
    with pytest.raises(InputError, match="ranks from the lowest score on"):
        replicate(turned, tried, 100)
