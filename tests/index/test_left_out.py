"""What is left out by choice is no missing datum, and what a recipe leaves without a score is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from donghaeng.catalogue.study_report import study_report
from donghaeng.errors import InputError
from donghaeng.index.alternatives import Alternatives
from donghaeng.index.replications import replicate
from donghaeng.index.score import score_variant
from donghaeng.index.scores import Scores
from donghaeng.index.uncertainty import uncertainty
from tests.command import run
from tests.index import packs

STRUCTURE = """code,parent,name_ko,name_en,unit,direction,weight
t,,,T,,,
p,t,,P,,,
q,t,,Q,,,
a,p,,A,x,higher,2
b,p,,B,x,higher,1
c,q,,C,x,higher,1
"""
HEAD = "node,place,period,value,count,used,kind,source,note\n"
VALUES = {"a": (1, 2, 4), "b": (5, 3, 1), "c": (2, 8, 6)}
OBSERVATIONS = HEAD + "".join(
    f"{node},{place},2024,{value},,yes,published,s,\n"
    for node, values in VALUES.items()
    for place, value in zip("xyz", values, strict=True)
)
SCALE = {"normalise": {"method": "none"}, "compare": []}
FILES = {"structure": STRUCTURE, "observations": OBSERVATIONS}
LABEL = {"en": "a"}


def scores_of(folder: Path, observations: str = OBSERVATIONS, **recipe: Any) -> Scores:
    return packs.load(folder, SCALE | recipe, structure=STRUCTURE, observations=observations).score()


def of_root(scores: Scores, left_out: str) -> list[float]:
    tree = scores.structure
    variant = score_variant(scores, scores.recipe, scores.observations, [tree.position[left_out]])
    return [round(float(value), 9) for value in variant.values[:, 0, tree.root]]


@pytest.mark.parametrize("least", [0.0, 1.0])
def test_the_weight_of_what_is_left_out_is_taken_away_and_not_missed(tmp_path: Path, least: float) -> None:
    scores = scores_of(tmp_path, aggregate={"method": "arithmetic", "least_available": least})

    assert of_root(scores, "a") == [3.5, 5.5, 3.5]  # (b + c) / 2
    assert of_root(scores, "q") == pytest.approx([7 / 3, 7 / 3, 3])  # (2a + b) / 3
    assert of_root(scores, "c") == of_root(scores, "q")  # an area of which nothing is left is left out


def test_weights_from_data_are_estimated_from_what_is_left(tmp_path: Path) -> None:
    scores = scores_of(tmp_path, weigh={"method": "entropy"}, aggregate={"method": "arithmetic"})

    def entropy(values: tuple[int, ...]) -> float:
        shares = np.array(values) / sum(values)
        return float(1 + (shares * np.log(shares)).sum() / np.log(3))

    p, q = (np.array(VALUES[code]) for code in "bc")
    expected = (entropy(VALUES["b"]) * p + entropy(VALUES["c"]) * q) / (entropy(VALUES["b"]) + entropy(VALUES["c"]))
    assert of_root(scores, "a") == pytest.approx(expected.tolist())


def test_an_element_that_the_study_removes_is_not_missed_either(tmp_path: Path) -> None:
    scores = scores_of(tmp_path, aggregate={"method": "arithmetic", "least_available": 1.0})

    rows = study_report(scores, sections=["removal"])["sections"]["removal"]["rows"]

    assert {row["node"]: row["without_score"] for row in rows} == dict.fromkeys("pqabc", 0)


def test_an_element_without_which_no_mean_is_formed_has_a_reason(tmp_path: Path) -> None:
    zero = OBSERVATIONS.replace("b,x,2024,5", "b,x,2024,0")
    levels = {"3": {"method": "geometric"}}
    scores = scores_of(tmp_path, zero, aggregate={"method": "arithmetic", "levels": levels})

    rows = study_report(scores, sections=["removal"])["sections"]["removal"]["rows"]

    (reason,) = [row["reason"] for row in rows if "reason" in row]
    assert reason == "t has no mean without it: the value is 0, which a geometric mean cannot take"
    assert run("study", tmp_path, "--section", "removal").code == 0


def tried(*factors: dict[str, Any]) -> Alternatives:
    return Alternatives.model_validate({"format": 1, "factors": [{"label": LABEL} | one for one in factors]})


LEFT_OUT = {"name": "without", "leave_out_each": "indicators"}
MEANS = {"label": LABEL, "set": {"aggregate.method": "geometric"}}


def test_leaving_indicators_out_gives_indices_where_everything_has_to_be_there(tmp_path: Path) -> None:
    scores = scores_of(tmp_path, aggregate={"method": "arithmetic", "least_available": 1.0})

    result = uncertainty(scores, tried(LEFT_OUT, {"name": "mean", "choices": [{"label": LABEL}, MEANS]}))

    assert (result.failures, result.without_score) == ([], [])
    assert {row["target"] for row in result.sensitivity} == {"score", "rank", "mean rank change"}


def test_a_recipe_that_gives_nobody_a_score_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    scores = scores_of(tmp_path, aggregate={"method": "arithmetic"})
    nothing = {"name": "area", "choices": [{"label": LABEL}, {"label": {"en": "no p"}, "leave_out": ["p"]}]}
    other = {"name": "rest", "choices": [{"label": LABEL}, {"label": {"en": "no q"}, "leave_out": ["q"]}]}

    result = uncertainty(scores, tried(nothing, other))

    assert [(row["choices"], row["reason"]) for row in result.failures] == [
        ("area=no p, rest=no q", "no place has a score: too little data by this recipe")
    ]
    assert result.sensitivity == []


def test_a_place_that_some_recipes_leave_without_a_score_is_named_and_has_no_indices(tmp_path: Path) -> None:
    gap = OBSERVATIONS.replace("c,z,2024,6,,yes,published,s,\n", "")
    scores = scores_of(tmp_path, gap, aggregate={"method": "arithmetic"})
    strict = {"label": {"en": "all of it"}, "set": {"aggregate.least_available": 1.0}}
    choices = tried({"name": "least", "choices": [{"label": LABEL}, strict]})

    result = uncertainty(scores, choices)

    (row,) = result.without_score
    assert row == {"place": "z", "period": "2024", "runs": 1, "share": 0.5, "choices": "least=all of it"}
    assert {(row["target"], row["place"]) for row in result.sensitivity} == {("score", "x"), ("score", "y")}
    with pytest.raises(InputError, match="means that need a share of their data"):
        replicate(scores, choices, 100)


def test_a_place_without_a_score_in_drawn_recipes_is_a_failure_too(tmp_path: Path) -> None:
    gap = "".join(line for line in OBSERVATIONS.splitlines(True) if not line.startswith(("a,z", "b,z")))
    scores = scores_of(tmp_path, gap, aggregate={"method": "arithmetic"})
    noise = {"name": "weights", "noise": {"of": "weights", "share": 0.2}}

    result = replicate(scores, tried(LEFT_OUT, noise), 200, seed=1, engine="numpy").document()

    assert [row["reason"] for row in result["failures"]] == [
        "no score of z: too little data by this recipe (without = 3)"
    ]
    assert result["sensitivity"] == []


def test_the_commands_name_places_without_a_score(tmp_path: Path) -> None:
    text = "format: 1\nfactors:\n  - {name: without, label: {en: W}, leave_out_each: indicators}\n"
    places = "place,parent,name_ko,name_en\n" + "".join(f"{code},,,{code}\n" for code in ("x", "y", "z", "far"))
    gap = OBSERVATIONS + "a,x,2023,1,,yes,published,s,\na,far,2023,1,,yes,published,s,\n"
    files = {"structure": STRUCTURE, "observations": gap, "places": places, "robustness__yaml": text}
    folder = packs.write(tmp_path / "pack", SCALE | {"aggregate": {"method": "arithmetic"}}, **files)

    assert "Without a score in 2024: far (no values of this period)." in run("index", folder).out
    assert "Without a score by the recipe as it is, and so not told: far." in run("robustness", folder).out
