"""Alarms on counts and blind spots: what rings, how often for nothing, how late."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from donghaeng import periods
from donghaeng.diagnosis.alarms import Watch, watch
from donghaeng.diagnosis.blind_spots import blind_spots
from donghaeng.diagnosis.counts import CountSeries, next_period
from donghaeng.diagnosis.document import CountModel, Settings
from donghaeng.diagnosis.groups import Group, Groups
from donghaeng.diagnosis.surveillance import cusum, expected, fit, limit, roots, standardised
from donghaeng.sources import Kind
from tests.diagnosis.worlds import World

SETTINGS = Settings()


def series(values: np.ndarray, per_year: int = 12, name: str = "calls") -> CountSeries:
    day, found = date(2020, 1, 6) if per_year == 52 else date(2020, 1, 1), []
    for _ in values:
        iso = day.isocalendar()
        found.append(periods.parse(f"{iso[0]}-W{iso[1]:02d}" if per_year == 52 else f"{day:%Y-%m}"))
        day = next_period(day, per_year)
    return CountSeries(name, "town", tuple(found), values.astype(float), per_year, Kind.SIMULATED, "made-up", 2)


def counts(years: int, mean: float = 200.0, per_year: int = 12, seed: int = 1, dispersion: float = 1.0) -> np.ndarray:
    """Counts with a season and nothing else."""
    generator = np.random.default_rng(seed)
    time = np.arange(years * per_year) / per_year
    rates = mean * (1 + 0.2 * np.sin(2 * np.pi * time))
    if dispersion > 1:
        rates = generator.gamma(rates / (dispersion - 1), dispersion - 1)
    return generator.poisson(rates)


def model(worse: str = "higher") -> CountModel:
    return CountModel.model_validate({"label": {"ko": "전화", "en": "Calls"}, "worse": worse})


def rings(of: Watch, rule: str) -> list[str]:
    return [alarm.period for alarm in of.alarms if alarm.rule == rule]


def test_a_season_rings_no_more_than_it_was_set_to() -> None:
    """Forty quiet series of four watched years: about half an alarm a year from each rule."""
    quiet = [watch(series(counts(6, seed=seed), name=f"s{seed}"), model(), SETTINGS) for seed in range(40)]
    for rule in ("limit", "cusum"):
        a_year = sum(len(rings(one, rule)) for one in quiet) / (40 * 4)
        assert 0.25 < a_year < 0.9
    told = [one.performance[0].false_alarms for one in quiet]
    assert np.mean(told) == pytest.approx(0.5, abs=0.1)


def test_a_jump_rings_in_its_month_or_the_next() -> None:
    values = counts(5)
    values[50:] = values[50:] * 1.5
    found = watch(series(values), model(), SETTINGS)
    assert {"2024-03", "2024-04"} & set(rings(found, "limit"))
    assert {"2024-03", "2024-04"} & set(rings(found, "cusum"))


def test_a_fall_rings_where_less_is_worse_and_not_where_more_is() -> None:
    values = counts(5)
    values[50:] = values[50:] * 0.6
    assert set(rings(watch(series(values), model("lower"), SETTINGS), "limit")) & {"2024-03", "2024-04"}
    after = [
        period for period in rings(watch(series(values), model("higher"), SETTINGS), "limit") if period > "2024-02"
    ]
    assert after == []


def test_weeks_ring_sooner_than_months() -> None:
    month = watch(series(counts(5, mean=400)), model(), SETTINGS)
    week = watch(series(counts(5, mean=400 / 4.35, per_year=52), per_year=52), model(), SETTINGS)
    of_month, of_week = month.performance[1].delay, week.performance[1].delay
    assert of_month is not None
    assert of_week is not None
    assert of_week < of_month


def test_noisier_counts_ring_later() -> None:
    calm = watch(series(counts(5)), model(), SETTINGS).performance[1]
    wild = watch(series(counts(5, dispersion=15.0)), model(), SETTINGS).performance[1]
    assert calm.detected >= wild.detected
    assert wild.delay is None or (calm.delay is not None and calm.delay <= wild.delay)


def test_too_few_counts_are_not_watched_and_it_says_so() -> None:
    found = watch(series(counts(2)), model(), SETTINGS)
    assert found.alarms == ()
    assert found.note == "24 counts; at least 36 are needed"


def test_the_same_counts_give_the_same_alarms() -> None:
    assert watch(series(counts(5)), model(), SETTINGS) == watch(series(counts(5)), model(), SETTINGS)


def test_what_is_expected_is_the_season_and_not_the_latest_rise() -> None:
    values = counts(5, mean=1000)[None].astype(float)
    plain = expected(values, 12)
    assert plain.count == pytest.approx(1000 * (1 + 0.2 * np.sin(np.pi / 6 * np.arange(24, 60)))[None], rel=0.12)
    risen = values.copy()
    risen[:, 57:] *= 2
    assert expected(risen, 12).count[0, -3] == pytest.approx(plain.count[0, -3], rel=1e-9)


def test_a_past_peak_counts_for_little() -> None:
    values = counts(5, mean=1000)[None].astype(float)
    peak = values.copy()
    peak[:, 30] *= 4
    assert expected(peak, 12).count[0, -1] == pytest.approx(expected(values, 12).count[0, -1], rel=0.12)


def test_the_limit_is_where_the_deviation_is() -> None:
    values = counts(5)[None].astype(float)
    of = expected(values, 12)
    at_limit = np.concatenate([values[:, :24], limit(of, 2.5)], axis=1)
    assert standardised(at_limit[:, 24:], of) == pytest.approx(2.5, abs=1e-9)


def test_roots_of_poisson_counts_have_variance_a_quarter() -> None:
    """Anscombe, 1948."""
    generator = np.random.default_rng(5)
    for mean in (5, 50, 500):
        assert roots(generator.poisson(mean, 200_000)).var() == pytest.approx(0.25, abs=0.02)


def test_a_regression_gives_back_what_it_was_made_of() -> None:
    terms = np.stack([np.ones(30), np.linspace(-1, 1, 30)], axis=1)
    coefficients, deviation = fit((terms @ [10.0, 2.0])[None], terms)
    assert coefficients[0] == pytest.approx([10.0, 2.0])
    assert deviation[0] == 0.5  # never surer than Poisson counts


def test_a_cumulative_sum_by_hand() -> None:
    sums, raised = cusum(np.array([[1.0, 0.0, 2.0, 2.0, -3.0]]), 0.5, 2.5)
    assert sums[0].tolist() == [0.5, 0.0, 1.5, 3.0, 0.0]
    assert raised[0].tolist() == [0, 0, 0, 1, 0]


def test_counts_of_a_pack_end_the_notice_that_there_is_no_early_signal(tmp_path: Path) -> None:
    world = World(tmp_path / "town")
    assert "Yearly data give no early signal" in world.diagnose().early_signal["en"]
    added = "format: 1\ncounts: {calls: {label: {ko: 전화, en: Calls}, worse: higher, node: meals}}\n"
    world.replaced["identities.yaml"] = ("format: 1\n", added)
    one = series(counts(4))
    rows = [
        f"calls,town,{period},{value:.0f},simulated,made-up"
        for period, value in zip(one.periods, one.values, strict=True)
    ]
    world.files["counts.csv"] = "\n".join(["series,place,period,value,kind,source", *rows]) + "\n"
    result = world.diagnose()
    assert result.early_signal == {}
    (found,) = result.alarms.watched
    assert (found.series, found.node, found.first) == ("calls", "meals", "2022-01")


def group(name: str, served: float, need: float, served_error: float = float("nan")) -> Group:
    nan = float("nan")
    return Group("", "town", "2023", name, served, need, served_error, nan, Kind.SIMULATED, "made-up", "", 2)


def test_a_group_served_half_of_its_need_is_a_blind_spot() -> None:
    spots = blind_spots(Groups((group("a", 900, 1000), group("b", 50, 100), group("c", 500, 500))), SETTINGS)
    by_name = {spot.group: spot for spot in spots}
    assert by_name["b"].ratio == pytest.approx((50 / 1450) / (100 / 1600))
    assert [spot.group for spot in spots if spot.is_blind] == ["b"]
    assert by_name["b"].low < by_name["b"].ratio < by_name["b"].high < 0.8


def test_few_persons_are_no_proof_of_a_blind_spot() -> None:
    spots = blind_spots(Groups((group("a", 90, 100), group("b", 5, 10))), SETTINGS)
    assert not any(spot.is_blind for spot in spots)
    assert spots[1].high > 0.8


def test_a_group_that_nobody_serves_has_an_interval() -> None:
    spots = blind_spots(Groups((group("a", 900, 1000), group("b", 0, 100))), SETTINGS)
    assert spots[1].ratio == 0
    assert 0 < spots[1].low < spots[1].high < 0.8
    assert spots[1].is_blind


def test_the_interval_of_a_share_covers_as_often_as_it_says() -> None:
    """2,000 samples of counts with a true ratio of 0.7."""
    generator = np.random.default_rng(2)
    held = 0
    for _ in range(2000):
        served = generator.poisson([93.0, 7.0])
        spot = blind_spots(Groups((group("a", *(served[0], 900)), group("b", *(served[1], 100)))), SETTINGS)[1]
        held += spot.low <= 0.7 <= spot.high
    assert held / 2000 == pytest.approx(0.95, abs=0.02)


def test_groups_of_a_pack_are_checked_and_compared(tmp_path: Path) -> None:
    world = World(tmp_path / "town")
    world.replaced["identities.yaml"] = ("format: 1\n", "format: 1\ngroups: {young: {ko: 청년, en: Young}}\n")
    head = "place,period,group,served,need,kind,source,node\n"
    world.files["groups.csv"] = (
        f"{head}town,2023,young,10,100,simulated,made-up,\ntown,2023,west,90,100,simulated,made-up,\n"
    )
    spots = world.diagnose().blind_spots
    assert [(spot.group, spot.is_blind) for spot in spots] == [("young", True), ("west", False)]
    world.files["groups.csv"] = f"{head}town,2023,yung,10,0,simulated,made-up,\n"
    assert [fault.what for fault in world.faults()] == ['unknown group "yung"', "0 is zero"]
