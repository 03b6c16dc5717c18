"""Errors of measurement: stated standard errors and the rounding of printed values, as factors of robustness."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import donghaeng
from donghaeng.errors import InputError
from donghaeng.index.alternatives import Alternatives, run
from donghaeng.index.replications import model_of, replicate
from donghaeng.index.robustness.design import Random
from donghaeng.index.robustness.run import Outcome
from donghaeng.index.robustness.run import run as run_model
from donghaeng.index.scores import Scores
from donghaeng.index.uncertainty import uncertainty
from tests.command import run as run_command
from tests.index.building import write_pack

LABEL = {"en": "a", "ko": "가"}
ROUNDING = {"name": "rounding", "label": LABEL, "noise": {"of": "rounding", "draws": 200}}
MEASURED = {"name": "measured", "label": LABEL, "noise": {"of": "standard_error", "draws": 200}}
WEIGHTS = {"name": "weights", "label": LABEL, "noise": {"of": "weights", "draws": 10, "share": 0.2}}
#: Half the sum of two indicators.
PLAIN: Mapping[str, Any] = {
    "format": 1,
    "normalise": {"method": "none"},
    "aggregate": {"method": "arithmetic", "over": "children"},
    "compare": [],
}
SCALED = PLAIN | {"normalise": {"method": "min_max", "to": [0, 100]}}
STRUCTURE = "total,\na,total,higher\nb,total,lower"
PLACES = [f"p{at}" for at in range(12)]


def alternatives(*factors: dict[str, Any]) -> Alternatives:
    return Alternatives.model_validate({"format": 1, "factors": factors})


def pack(
    folder: Path, method: Mapping[str, Any], errors: Mapping[str, str], periods: tuple[str, ...] = ("2024",)
) -> Path:
    """Twelve places whose values of a and b are known to a standard error."""
    lines = [
        f"{node},{period},{10 * at + shift}.{at % 10},,,,{place}"
        for period in periods
        for at, place in enumerate(PLACES)
        for node, shift in (("a", 3), ("b", 100 - 15 * at))
    ]
    write_pack(folder, STRUCTURE, "\n".join(lines), method)
    path = folder / "observations.csv"
    head, *rows = path.read_text("utf-8").splitlines()
    stated = [f"{row},{errors.get(row.split(',')[0], '')}" for row in rows]
    path.write_text("\n".join([f"{head},standard_error", *stated]) + "\n", "utf-8")
    return folder


def scored(folder: Path, method: Mapping[str, Any] = PLAIN, errors: Mapping[str, str] | None = None) -> Scores:
    return donghaeng.load(pack(folder, method, {"a": "2.0", "b": "1.5"} if errors is None else errors)).score()


def test_standard_errors_spread_a_mean_as_the_sum_of_squares_says(tmp_path: Path) -> None:
    scores = scored(tmp_path)

    runs = run(scores, alternatives(MEASURED | {"noise": {"of": "standard_error", "draws": 1_500}}))

    # sqrt(2.0**2 + 1.5**2) / 2; the error of a standard deviation from 1,500 draws is about 2 %.
    assert runs.scores[:, :, 0].std(axis=0) == pytest.approx(1.25, rel=0.08)
    assert runs.scores[:, :, 0].mean(axis=0) == pytest.approx(runs.nominal[:, 0], abs=0.1)
    assert abs(np.corrcoef(runs.scores[:, :2, 0].T)[0, 1]) < 0.1  # errors of different cells are independent


def test_a_value_without_a_standard_error_is_taken_as_exact(tmp_path: Path) -> None:
    scores = scored(tmp_path, errors={"a": "2.0"})

    runs = run(scores, alternatives(MEASURED | {"noise": {"of": "standard_error", "draws": 1_500}}))

    assert runs.scores[:, :, 0].std(axis=0) == pytest.approx(1.0, rel=0.08)


def test_rounding_stays_within_the_half_digit_and_adds_to_standard_errors(tmp_path: Path) -> None:
    scores = scored(tmp_path, errors={"a": "0.001"})

    rounded = run(scores, alternatives(ROUNDING))
    both = run(scores, alternatives(*(one | {"noise": one["noise"] | {"draws": 20}} for one in (ROUNDING, MEASURED))))

    moved = np.abs(rounded.scores - rounded.nominal)
    assert 0.04 < moved.max() <= 0.05  # half of two half-digits of 0.05 each
    assert both.scores.std() > 0
    assert np.abs(both.scores - both.nominal).max() <= 0.05 + 0.5 * 5 * 0.001


def test_errors_without_any_stated_size_are_refused(tmp_path: Path) -> None:
    scores = scored(tmp_path, errors={})

    with pytest.raises(InputError, match="no value states its standard error; add a column standard_error"):
        run(scores, alternatives(MEASURED))
    with pytest.raises(InputError, match="no value states its standard error"):
        replicate(scores, alternatives(MEASURED), 100)


def test_one_factor_draws_each_kind_of_errors() -> None:
    with pytest.raises(ValueError, match="standard error is drawn by two factors"):
        alternatives(MEASURED, MEASURED | {"name": "again"})


@pytest.mark.parametrize("factor", [ROUNDING, MEASURED], ids=["rounding", "standard_error"])
@pytest.mark.parametrize(
    "scale", [{"method": "min_max", "to": [0, 100]}, {"method": "z_score", "mean": 5, "deviation": 2}]
)
def test_the_fast_evaluation_draws_errors_as_the_enumeration_does(
    tmp_path: Path, factor: dict[str, Any], scale: dict[str, Any]
) -> None:
    scores = scored(tmp_path, PLAIN | {"normalise": scale})
    treated = {"label": LABEL, "set": {"treat": {"method": "winsorise_then_log", "most_points": 1}}}
    tried = alternatives(
        factor | {"noise": factor["noise"] | {"draws": 500}},
        {"name": "treat", "label": LABEL, "choices": [{"label": LABEL}, treated]},
    )

    exact = {row["place"]: row for row in uncertainty(scores, tried).intervals}
    drawn = replicate(scores, tried, 20_000, seed=0).document()

    assert drawn["failures"] == []
    for row in drawn["intervals"]:
        spread = exact[row["place"]]["high"] - exact[row["place"]]["low"]
        for name in ("low", "median", "high"):
            assert row[name] == pytest.approx(exact[row["place"]][name], abs=0.15 * spread + 0.01)


def quiet(outcome: Outcome) -> np.ndarray:
    return np.asarray(outcome.sums[:, 0] / outcome.mass)


@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_without_errors_the_kernel_gives_the_index_itself(engine: Any) -> None:
    """Denominators, imputation by groups, Winsorising and min-max of the connectivity index, done by the kernel."""
    scores = donghaeng.load("eu/asem-connectivity").score()
    model = model_of(scores, alternatives(ROUNDING), 0)
    assert model.measured is not None
    assert model.measured.errors.max() > 0
    model.measured.errors[:] = 0

    outcome = run_model(model, Random(model.space, 3, 0), engine=engine)

    rows = [scores.places.index(unit) for unit in model.units]
    assert quiet(outcome) == pytest.approx(scores.values[rows, 0, scores.structure.root], rel=1e-12)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ({}, "a scale other than min_max and z_score"),
        (SCALED | {"treat": {"method": "log"}}, "a treatment other than winsorise_then_log"),
        (SCALED | {"treat": {"method": "winsorise_then_log", "skew": 1}}, "a treatment other than winsorise_then_log"),
        (SCALED | {"screen": {"places_available": 0.5}}, "screening by anything but availability"),
        (SCALED | {"impute": [{"method": "constant", "value": 1}]}, "gaps filled by anything but the mean"),
    ],
)
def test_steps_that_the_kernel_cannot_do_again_are_named(tmp_path: Path, method: dict[str, Any], message: str) -> None:
    scores = scored(tmp_path, PLAIN | method)

    with pytest.raises(InputError, match=f"with errors of the data the fast evaluation does not know {message}"):
        replicate(scores, alternatives(MEASURED), 100)


def test_two_kinds_of_errors_are_left_to_the_enumeration(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="draws one kind of errors"):
        replicate(scored(tmp_path, SCALED), alternatives(MEASURED, ROUNDING), 100)


def test_a_scale_over_all_periods_is_left_to_the_enumeration(tmp_path: Path) -> None:
    scores = donghaeng.load(pack(tmp_path, SCALED, {"a": "1"}, ("2023", "2024"))).score()

    with pytest.raises(InputError, match="a scale other than min_max and z_score of each period"):
        replicate(scores, alternatives(MEASURED), 100)


def test_the_command_says_how_far_standard_errors_move_ranks(tmp_path: Path) -> None:
    folder = pack(tmp_path, SCALED, {"a": "4", "b": "4"})
    (folder / "robustness.yaml").write_text(json.dumps({"format": 1, "factors": [MEASURED, WEIGHTS]}), "utf-8")

    every = json.loads(run_command("robustness", folder, "--json").out)
    drawn = json.loads(run_command("robustness", folder, "-n", 5_000, "--json").out)

    assert every["combinations"] == 200 * 10
    assert [row["what"] for row in every["tried"]] == ["draws", "draws"]
    by_factor = {row["factor"]: row["total"] for row in every["sensitivity"] if row["target"] == "mean rank change"}
    for row in drawn["sensitivity"]:
        if row["target"] == "mean rank change":
            assert row["total"] == pytest.approx(by_factor[row["factor"]], abs=0.1)


def test_a_bad_standard_error_is_a_fault_at_its_cell(tmp_path: Path) -> None:
    folder = pack(tmp_path, PLAIN, {"a": "-1"})

    with pytest.raises(InputError, match=r"observations\.csv:2:\d+: .*-1 is no standard error"):
        donghaeng.load(folder)
