"""What is found in an invented town where it is known what happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from donghaeng.diagnosis.attribution import attribution_between, drawn_indicators
from donghaeng.diagnosis.causes import CAUSES
from donghaeng.diagnosis.diagnose import Diagnosis
from donghaeng.diagnosis.finding import Finding
from tests.diagnosis.worlds import DISTRICTS, YEARS, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "town")


def one(result: Diagnosis, **wanted: str) -> Finding:
    found = result.of(**wanted)
    assert len(found) == 1, found
    return found[0]


def last_year(result: Diagnosis, node: str, place: str) -> Finding:
    return one(result, node=node, place=place, period="2023", comparison="year")


def test_where_nothing_falls_nothing_is_found(world: World) -> None:
    assert world.diagnose().findings == ()


@pytest.mark.parametrize(
    ("node", "series", "by", "cause"),
    [
        ("meals", ("voted", "spent", "served"), 0.7, "funding"),
        ("meals", ("spent", "served"), 0.7, "execution"),
        ("meals", ("served",), 0.7, "productivity"),
        ("meals", ("quality",), 0.7, "quality"),
        ("meals", ("need",), 1.4, "demand"),
        ("visits", ("applied", "approved", "delivered"), 0.7, "take_up"),
        ("visits", ("approved", "delivered"), 0.7, "execution"),
        ("visits", ("delivered",), 0.7, "quality"),
    ],
)
def test_each_planted_cause_is_named_at_every_level(
    world: World, node: str, series: tuple[str, ...], by: float, cause: str
) -> None:
    for name in series:
        world.change(node, name, by)
    result = world.diagnose()
    for place in (*DISTRICTS, "town"):
        for code in (node, "care", "town"):
            finding = last_year(result, code, place)
            assert (finding.cause, finding.reason) == (cause, "")
            assert finding.share == pytest.approx(1.0)
            assert finding.stability == pytest.approx(1.0)
            assert {check.cause for check in finding.checks} == {cause}


def test_a_fall_is_measured_in_points_of_its_own_score_and_of_the_root(world: World) -> None:
    world.cut_budget(0.7)
    result = world.diagnose()
    assert last_year(result, "meals", "south").points == pytest.approx(-30.0)
    assert last_year(result, "care", "south").points == pytest.approx(-15.0)
    assert last_year(result, "town", "south").points == pytest.approx(-7.5)
    assert last_year(result, "meals", "south").root_points == pytest.approx(-7.5)


def test_points_by_cause_and_by_factor_sum_to_the_fall(world: World) -> None:
    world.cut_budget(0.8)
    world.change("meals", "need", {"south": 1.3, "west": 0.9, "north": 1.05})
    world.change("visits", "applied", 0.95)
    result = world.diagnose()
    assert result.findings
    for finding in result.findings:
        assert sum(finding.causes.values()) == pytest.approx(finding.points, abs=1e-9)
        if finding.factors:
            assert sum(factor.points for factor in finding.factors) == pytest.approx(finding.points, abs=1e-9)


def test_a_town_falls_though_no_district_does_when_weight_moves_to_the_weaker(world: World) -> None:
    """A Simpson case: the west is served badly all the time, and grows."""
    for year in YEARS:
        world.values["meals"]["served"]["west"][year] *= 0.3
    for series in ("voted", "spent", "served", "need"):
        world.change("meals", series, {"west": 5.0})
    result = world.diagnose()
    assert {finding.place for finding in result.findings} == {"town"}
    finding = last_year(result, "meals", "town")
    assert finding.cause == "mix"
    assert finding.causes["mix"] == pytest.approx(finding.points)
    assert all(part.points == pytest.approx(0.0, abs=1e-9) for part in finding.below)


def test_the_mix_of_a_mean_over_places_comes_from_its_weights(tmp_path: Path) -> None:
    """The same where the score of the town is a mean of those of its districts, weighted by people."""
    world = World(tmp_path / "town", town_has_values=False)
    world.change("meals", "quality", {"west": 0.5}, ("2022", "2023"))
    people = {"2021": (1000, 2000, 500), "2022": (1000, 2000, 500), "2023": (1000, 2000, 5000)}
    rows = ["place,period,people"]
    rows += [f"{place},{year},{n}" for year, of in people.items() for place, n in zip(DISTRICTS, of, strict=True)]
    world.files["people.csv"] = "\n".join(rows) + "\n"
    world.files["tables.yaml"] = "attributes:\n  - {file: people.csv, layout: wide, source: [made-up]}\n"
    world.replaced["recipe.yaml"] = ("aggregate:", "places: {weights: people}\naggregate:")
    result = world.diagnose()
    finding = last_year(result, "meals", "town")
    assert finding.cause == "mix"
    assert sum(finding.causes.values()) == pytest.approx(finding.points, abs=1e-9)
    assert one(result, node="meals", place="town", period="2022", comparison="year").cause == "quality"


def test_the_two_comparisons_are_read_apart_and_may_differ_in_sign(world: World) -> None:
    world.change("meals", "quality", 1.1, ("2022",))
    world.change("meals", "quality", 1.05, ("2023",))
    result = world.diagnose()
    assert {finding.comparison for finding in result.findings} == {"year"}
    assert last_year(result, "meals", "town").before == "2022"


def test_an_indicator_without_identity_is_never_diagnosed(world: World) -> None:
    for place in (*DISTRICTS, "town"):
        world.others["giving", place, "2023"] = 24.0
    finding = last_year(world.diagnose(), "giving", "town")
    assert finding.cause == "outside"
    assert finding.factors == ()


def test_of_less_is_better_the_score_falls_when_the_value_rises(world: World) -> None:
    for place in (*DISTRICTS, "town"):
        world.others["waiting", place, "2023"] = 25.0
    finding = last_year(world.diagnose(), "waiting", "north")
    assert finding.points == pytest.approx(-20.0)
    assert finding.cause == "outside"


def test_a_factor_of_a_rate_where_less_is_better_works_the_other_way_round(world: World) -> None:
    world.replaced["structure.csv"] = ("visits,care,방문,Visits,%,higher", "visits,care,방문,Visits,%,lower")
    world.change("visits", "applied", 1.25)
    world.change("visits", "approved", 1.25)
    world.change("visits", "delivered", 1.25)
    result = world.diagnose()
    for place in (*DISTRICTS, "town"):
        finding = last_year(result, "visits", place)
        assert finding.points == pytest.approx(-20.0)
        assert finding.causes == pytest.approx({"take_up": -20.0})


def test_two_causes_of_equal_size_give_no_answer_and_say_what_to_collect(world: World) -> None:
    world.change("meals", "quality", 0.8)
    world.change("meals", "need", 1.25)
    finding = last_year(world.diagnose(), "meals", "north")
    assert (finding.cause, finding.reason) == ("undetermined", "mixed")
    assert finding.share == pytest.approx(0.5, abs=0.02)
    assert {collect.series for collect in finding.collect} == {"quality", "need"}


def test_the_share_that_is_asked_for_is_a_setting(world: World) -> None:
    world.change("meals", "quality", 0.8)
    world.change("meals", "need", 1.15)
    world.replaced["identities.yaml"] = ("draws: 100", "share: 0.55, draws: 100")
    assert last_year(world.diagnose(), "meals", "north").cause == "quality"
    world.replaced["identities.yaml"] = ("draws: 100", "share: 0.7, draws: 100")
    assert last_year(world.diagnose(), "meals", "north").cause == "undetermined"


def test_an_answer_that_the_error_of_the_data_may_change_is_none(world: World) -> None:
    world.change("meals", "need", 1.08)
    result = world.diagnose()
    assert last_year(result, "meals", "north").cause == "demand"
    world.errors = {"need": 0.05, "served": 0.05}
    unsure = last_year(world.diagnose(), "meals", "north")
    assert unsure.cause == "undetermined"
    assert unsure.reason in {"unstable", "within_error"}
    assert unsure.leading == "demand"
    assert unsure.stability is not None
    assert unsure.stability < 0.8
    assert {collect.series for collect in unsure.collect} == {"need", "served"}


def test_a_declared_gap_is_named_where_it_is_needed(world: World) -> None:
    world.change("meals", "need", 1.4)
    old = "meals,need,west,2023,700,simulated,made-up,"
    world.replaced["factors.csv"] = (old, "meals,need,west,2023,,unknown,made-up,")
    result = world.diagnose()
    finding = last_year(result, "meals", "west")
    assert (finding.cause, finding.reason) == ("undetermined", "missing_series")
    assert [(collect.series, collect.place, collect.periods) for collect in finding.collect] == [
        ("need", "west", ("2023",))
    ]
    assert last_year(result, "meals", "north").cause == "demand"
    assert last_year(result, "meals", "town").reason == "missing_series"


HEADER = "node,period,what,kind,source,place,series,link,link_error,note_ko,note_en\n"


def test_a_new_way_of_counting_need_is_measurement_where_the_link_is_known(world: World) -> None:
    world.change("meals", "need", 1.25)
    world.files["revisions.csv"] = f"{HEADER}meals,2023,definition,simulated,made-up,,need,1.25,,,wider\n"
    result = world.diagnose()
    for place in ("south", "town"):
        finding = last_year(result, "meals", place)
        assert finding.cause == "measurement"
        assert finding.causes["measurement"] == pytest.approx(-20.0)
        assert finding.note["en"] == "Not like for like: measured differently from 2023 on (definition). wider"


def test_what_a_link_does_not_explain_stays_with_its_cause(world: World) -> None:
    world.change("meals", "need", 1.5)
    world.files["revisions.csv"] = f"{HEADER}meals,2023,definition,simulated,made-up,,need,1.05,,,\n"
    finding = last_year(world.diagnose(), "meals", "south")
    assert finding.cause == "demand"
    assert 0 > finding.causes["measurement"] > -5


def test_without_link_a_break_is_not_like_for_like_and_asks_for_the_earlier_measure(world: World) -> None:
    world.change("meals", "need", 1.25)
    world.files["revisions.csv"] = f"{HEADER}meals,2023,source,simulated,made-up,south,need,,,,\n"
    result = world.diagnose()
    finding = last_year(result, "meals", "south")
    assert (finding.cause, finding.reason) == ("undetermined", "not_like_for_like")
    assert [collect.series for collect in finding.collect] == ["need"]
    assert last_year(result, "meals", "north").cause == "demand"


def test_a_break_of_an_indicator_without_identity_is_parted_from_what_lies_outside(world: World) -> None:
    for place in (*DISTRICTS, "town"):
        world.others["giving", place, "2023"] = 24.0
    world.files["revisions.csv"] = f"{HEADER}giving,2023,source,simulated,made-up,,,0.8,,,\n"
    finding = last_year(world.diagnose(), "giving", "town")
    assert finding.cause == "measurement"
    assert finding.causes == pytest.approx({"measurement": -20.0})


def test_a_change_of_coverage_is_measurement_where_its_size_is_known(world: World) -> None:
    """One indicator has no value in the last year: the composite falls for that reason alone."""
    for node, factor in (("meals", 1.5),):
        world.change(node, "quality", factor, ("2022", "2023"))
    world.write()
    kept = [
        row
        for row in (world.folder / "observations.csv").read_text().splitlines()
        if not row.startswith(tuple(f"meals,{place},2023" for place in (*DISTRICTS, "town")))
    ]
    world.files["observations.csv"] = "\n".join(kept) + "\n"
    rows = [
        row
        for row in (world.folder / "factors.csv").read_text().splitlines()
        if not (row.startswith("meals") and ",2023," in row)
    ]
    world.files["factors.csv"] = "\n".join(rows) + "\n"
    finding = last_year(world.diagnose(), "care", "north")
    assert finding.cause == "measurement"
    assert finding.note["en"] == "Not like for like: two indicators in 2022, one in 2023."


def test_small_falls_are_no_findings(world: World) -> None:
    world.change("meals", "quality", 0.985)
    assert world.diagnose().findings == ()


def test_evidence_leads_to_lines_of_files(world: World) -> None:
    world.cut_budget(0.7)
    finding = last_year(world.diagnose(), "meals", "south")
    for row in finding.evidence:
        line = (world.folder / row.file).read_text().splitlines()[row.line - 1]
        assert line.startswith(f"{row.node},")
        assert f",{row.period}," in line
        if row.series:
            assert float(line.split(",")[4]) == row.value
    assert {row.series for row in finding.evidence} == {"", "voted", "spent", "served", "quality", "need"}


def test_what_was_said_of_a_node_and_period_stands_beside_it(world: World) -> None:
    from donghaeng.statements import COLUMNS

    cells = dict.fromkeys(COLUMNS, "") | {"id": "why-meals", "type": "claim", "node": "meals", "period": "2023"}
    cells |= {"by_ko": "복지실", "by_en": "Welfare", "said_ko": "예산", "said_en": "Budget", "source": "made-up"}
    world.files["statements.csv"] = f"{','.join(COLUMNS)}\n{','.join(cells.values())}\n"
    world.cut_budget(0.7)
    result = world.diagnose()
    assert last_year(result, "meals", "town").statements == ("why-meals",)
    assert last_year(result, "care", "town").statements == ()


def test_splitting_a_factor_is_tried_and_told(world: World) -> None:
    """Where a budget grows and is not spent, a ratio of both is not the same as both apart."""
    world.change("meals", "voted", 2.0)
    world.change("meals", "spent", 1.3)
    world.change("meals", "served", 1.3)
    world.change("meals", "quality", 0.5)
    finding = last_year(world.diagnose(), "meals", "north")
    shares = {check.way: check.share for check in finding.checks}
    assert shares["split"] != pytest.approx(finding.share, abs=1e-3)
    assert shares["merged"] == pytest.approx(finding.share)


def test_the_same_input_gives_the_same_findings(world: World) -> None:
    world.cut_budget(0.8)
    world.change("meals", "need", 1.1)
    world.errors = {"need": 0.03, "served": 0.02}
    pack = world.load()
    assert [one.as_json() for one in pack.diagnose().findings] == [one.as_json() for one in pack.diagnose().findings]


def test_draws_of_one_indicator_do_not_depend_on_the_others(world: World) -> None:
    world.change("meals", "need", 1.12)
    world.errors = {"need": 0.05, "served": 0.03}
    before = last_year(world.diagnose(), "meals", "south").stability
    world.change("visits", "applied", 0.5, ("2022",))
    world.errors["applied"] = 0.1
    assert last_year(world.diagnose(), "meals", "south").stability == before


changes = st.dictionaries(
    st.sampled_from(["voted", "spent", "served", "quality", "need"]),
    st.dictionaries(st.sampled_from(DISTRICTS), st.floats(0.4, 2.0), min_size=1),
    min_size=1,
)


@given(changes, st.sampled_from(["higher", "lower"]), st.booleans())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_all_sums_are_exact_whatever_changes(
    tmp_path_factory: pytest.TempPathFactory, changed: dict[str, Any], direction: str, town_has_values: bool
) -> None:
    """Points by cause sum to the change of every score, in every place, at every node, in every draw's mean."""
    world = World(tmp_path_factory.mktemp("town") / "town", town_has_values=town_has_values)
    for series, by in changed.items():
        world.change("meals", series, by)
    if direction == "lower":
        world.replaced["structure.csv"] = ("meals,care,급식,Meals,%,higher", "meals,care,급식,Meals,%,lower")
    if not town_has_values:
        world.replaced["recipe.yaml"] = ("aggregate:", "places: {}\naggregate:")
    pack = world.load()
    scores = pack.score()
    assert pack.diagnosis is not None
    drawn = drawn_indicators(scores, pack.diagnosis, pack.places, 0, 1)
    there = attribution_between(drawn, 1, 2)
    back = attribution_between(drawn, 2, 1)
    points = there.points()
    total = np.nan_to_num(there.change.total.T)
    assert points.sum(axis=1) == pytest.approx(total, abs=1e-9)
    assert back.points() == pytest.approx(-points, abs=1e-7)
    undetermined = points[:, len(CAUSES) - 1 :]
    assert np.abs(undetermined).max() < 1e-5  # values are printed to 12 digits


def test_points_sum_in_a_geometric_mean_too(world: World) -> None:
    world.replaced["recipe.yaml"] = ("method: arithmetic", "method: geometric")
    world.change("meals", "quality", 0.6)
    world.change("visits", "applied", 1.1)
    world.change("visits", "approved", 1.1)
    world.change("visits", "delivered", 1.1)
    finding = last_year(world.diagnose(), "town", "north")
    assert finding.cause == "quality"
    assert sum(finding.causes.values()) == pytest.approx(finding.points, abs=1e-9)
    assert finding.causes.keys() == {"quality", "take_up"}
    below = last_year(world.diagnose(), "care", "north").below
    assert sum(part.points for part in below) == pytest.approx(last_year(world.diagnose(), "care", "north").points)


def test_what_shares_do_not_divide_stays_undetermined(world: World) -> None:
    """In a harmonic mean shares hold for small changes only; the sum is exact all the same."""
    world.replaced["recipe.yaml"] = ("method: arithmetic", "method: harmonic")
    world.change("meals", "quality", 0.6)
    finding = last_year(world.diagnose(), "town", "north")
    assert sum(finding.causes.values()) == pytest.approx(finding.points, abs=1e-9)
    assert finding.causes["quality"] < -5


def test_a_city_that_nothing_says_how_to_add_up_asks_for_its_own_series(world: World) -> None:
    world.replaced["identities.yaml"] = ("  meals:\n    places: need\n", "  meals:\n")
    world.change("meals", "need", 1.4)
    result = world.diagnose()
    assert last_year(result, "meals", "north").cause == "demand"
    town = last_year(result, "meals", "town")
    assert town.reason == "missing_series"
    assert {collect.place for collect in town.collect} == {"town"}
    assert {collect.series for collect in town.collect} == {"voted", "spent", "served", "quality", "need"}
