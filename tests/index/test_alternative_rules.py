"""Combinations of choices that make no sense: excluded, or given an alternative by rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from donghaeng.errors import InputError
from donghaeng.index import replications
from donghaeng.index.alternatives import Alternatives
from donghaeng.index.uncertainty import uncertainty
from tests.index import packs
from tests.index.test_left_out import FILES, SCALE, scores_of

LABEL = {"en": "a"}
FROM_0 = {"name": "from_0", "label": LABEL, "set": {"normalise": {"method": "min_max", "to": [0, 10]}}}
FROM_1 = {"name": "from_1", "label": LABEL, "set": {"normalise": {"method": "min_max", "to": [1, 10]}}}
GEOMETRIC = {"label": LABEL, "set": {"aggregate.method": "geometric"}}
FACTORS = [
    {"name": "scale", "label": LABEL, "choices": [FROM_0, FROM_1]},
    {"name": "mean", "label": LABEL, "choices": [{"label": LABEL}, GEOMETRIC]},
]
WHEN = {"scale": "from_0", "mean": 2}


def tried(*rules: dict[str, Any], **keys: Any) -> Alternatives:
    return Alternatives.model_validate({"format": 1, "factors": FACTORS, "rules": rules} | keys)


def test_an_excluded_combination_is_not_run_and_leaves_no_complete_design(tmp_path: Path) -> None:
    scores = scores_of(tmp_path, aggregate={"method": "arithmetic"})

    result = uncertainty(scores, tried({"when": WHEN}))

    assert (result.runs.chosen.tolist(), result.runs.excluded) == ([[0, 0], [1, 0], [1, 1]], 1)
    assert result.runs.probabilities.tolist() == pytest.approx([1 / 3] * 3)
    assert (result.failures, result.sensitivity) == ([], [])
    drawn = uncertainty(scores, tried({"when": WHEN}), sample=50, seed=0)
    assert len(drawn.runs.chosen) == 50
    assert [0, 1] not in drawn.runs.chosen.tolist()


def test_a_failure_is_told_by_files_of_the_pack_wherever_it_lies(tmp_path: Path) -> None:
    scores = scores_of(tmp_path, aggregate={"method": "arithmetic"})

    (failure,) = uncertainty(scores, tried()).failures

    assert failure["choices"] == "scale=a, mean=a"
    assert failure["reason"].startswith("observations.csv:2:1: the mean of p fails at a, x, 2024: the value is 0")


def test_an_alternative_takes_its_place_and_the_design_stays_complete(tmp_path: Path) -> None:
    scores = scores_of(tmp_path, aggregate={"method": "arithmetic"})

    result = uncertainty(scores, tried({"when": WHEN, "instead": {"scale": "from_1"}}))

    runs = result.runs.scores[:, :, 0]
    assert (runs[1] == runs[3]).all()
    rows = [row for row in result.sensitivity if (row["target"], row["place"]) == ("score", "x")]
    of_x = {(row["factor"], name): row[name] for row in rows for name in ("first", "total")}
    grid = runs[:, 0].reshape(2, 2)
    variance = grid.var()
    assert of_x["scale", "first"] == pytest.approx(grid.mean(axis=1).var() / variance)
    assert of_x["mean", "total"] == pytest.approx(grid.var(axis=1).mean() / variance)
    (both,) = [row["second"] for row in result.interactions if row["target"] == "score" and row["place"] == "x"]
    assert both == pytest.approx(1 - of_x["scale", "first"] - of_x["mean", "first"])


def test_drawn_recipes_follow_the_same_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replications, "HALF_WIDTH", 1.0)
    scores = scores_of(tmp_path, aggregate={"method": "arithmetic"})
    replaced = tried({"when": WHEN, "instead": {"scale": "from_1"}})
    exact = uncertainty(scores, replaced)

    one, other, plain = (
        replications.replicate(scores, choices, 400, seed=1, engine="numpy", second_order=True).document()
        for choices in (replaced, tried({"when": WHEN}), tried())
    )

    assert (one["failures"], one["refused"]) == ([], "")
    for row in one["interactions"]:
        expected = next(e for e in exact.interactions if (e["target"], e["place"]) == (row["target"], row["place"]))
        assert row["second"] == pytest.approx(expected["second"], abs=0.05)
    assert (other["failures"], other["sensitivity"]) == ([], [])
    assert "a rule excludes combinations" in other["refused"]
    assert plain["refused"] == "replications failed"
    assert np.isclose(sum(failure["count"] for failure in plain["failures"]) / 400, 0.25, atol=0.1)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{when: {scael: from_0}}", 'no factor scael with choices; expected one of scale, mean; did you mean "scale"?'),
        ("{when: {scale: from0}}", 'scale has no choice from0; expected one of from_0, from_1; did you mean "from_0"?'),
        ("{when: {mean: 2}, instead: {mean: 3}}", "mean has no choice 3; expected one of 1, 2"),
    ],
)
def test_a_rule_that_names_nothing_is_told_at_its_place(tmp_path: Path, rule: str, message: str) -> None:
    text = f"""format: 1
factors:
  - name: scale
    label: {{en: S}}
    choices:
      - {{name: from_0, label: {{en: A}}}}
      - {{name: from_1, label: {{en: B}}, set: {{decimals: 2}}}}
  - name: mean
    label: {{en: M}}
    choices: [{{label: {{en: A}}}}, {{label: {{en: B}}, set: {{aggregate.method: median}}}}]
rules:
  - {rule}
"""
    method = SCALE | {"aggregate": {"method": "arithmetic"}}
    assert packs.faults(tmp_path, method, **FILES, robustness__yaml=text) == [f"robustness.yaml:12:5: {message}"]


def test_an_interrupted_run_keeps_what_is_done(tmp_path: Path) -> None:
    scores = scores_of(tmp_path, aggregate={"method": "arithmetic"})
    noise = {"name": "noise", "label": LABEL, "noise": {"of": "weights", "share": 0.5, "draws": 100}}
    choices = Alternatives.model_validate({"format": 1, "factors": [noise]})

    def stop(done: int, wanted: int) -> None:
        assert wanted == 100
        if done:
            raise KeyboardInterrupt

    result = uncertainty(scores, choices, progress=stop)

    assert (result.runs.interrupted, result.runs.complete) == (True, False)
    assert np.isfinite(result.runs.scores).all()
    assert result.runs.probabilities.tolist() == [0.02] * 50
    assert result.sensitivity == []


def test_rules_that_leave_nothing_are_refused(tmp_path: Path) -> None:
    scores = scores_of(tmp_path, aggregate={"method": "arithmetic"})
    with pytest.raises(InputError, match="its rules exclude every combination"):
        uncertainty(scores, tried({"when": {"mean": [1, 2]}}))
