"""`donghaeng diagnose`, Python, releases, and the findings on Seoul's public numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import donghaeng
from donghaeng.catalogue.outcome import outcome
from donghaeng.diagnosis.causes import ADVICE, CAUSES, LABELS, REASONS
from donghaeng.diagnosis.finding import Finding
from tests.command import run
from tests.diagnosis.worlds import World

SEOUL = "seoul/gtsn-index"


def test_seoul_has_the_findings_that_public_numbers_allow_and_no_others() -> None:
    findings = {(one.node, one.period, one.comparison): one for one in donghaeng.diagnose(SEOUL).findings}
    assert {key: round(one.points, 1) for key, one in findings.items()} == {
        ("education", "2023", "base"): -1.6,
        ("education", "2023", "year"): -1.6,
        ("integration", "2023", "base"): -2.1,
        ("integration", "2023", "year"): -2.1,
        ("integration", "2024", "base"): -4.4,
        ("integration", "2024", "year"): -2.3,
        ("housing", "2024", "year"): -4.8,
    }
    for one in findings.values():
        assert one.cause == "undetermined"
        assert one.share is None
        assert one.collect
        assert one.evidence


def test_the_fall_of_housing_is_not_like_for_like() -> None:
    (housing,) = donghaeng.diagnose(SEOUL).of(node="housing")
    assert housing.reason == "not_like_for_like"
    sentence = "Not like for like: five indicators in 2023, six in 2024; a sixth near 96 alone would give the change."
    assert housing.note["en"] == sentence
    assert "96 안팎" in housing.note["ko"]
    assert housing.statements == ("why-housing-2024",)


def test_reasons_that_the_city_gave_stand_beside_as_statements() -> None:
    result = donghaeng.diagnose(SEOUL)
    said = {(one.node, one.period): one.statements for one in result.findings}
    assert said == {
        ("education", "2023"): ("why-education-2023",),
        ("integration", "2023"): ("why-integration-2023",),
        ("integration", "2024"): ("why-integration-2024",),
        ("housing", "2024"): ("why-housing-2024",),
    }


def test_second_hand_values_make_no_finding() -> None:
    """The fall of H02 was read in one report only."""
    assert not donghaeng.diagnose(SEOUL).of(node="H02")


def test_json_has_what_programs_ask_for() -> None:
    done = run("diagnose", SEOUL, "--json")
    assert done.code == 0
    document = json.loads(done.out)
    wanted = {"place", "node", "period", "comparison", "points", "cause", "share", "stability", "collect"}
    assert all(wanted <= finding.keys() for finding in document["findings"])
    assert all(finding["warning"]["en"] == "Bookkeeping, not proof of cause." for finding in document["findings"])
    assert document["settings"]["share"] == 0.6
    assert {finding["comparison"] for finding in document["findings"]} == {"base", "year"}


def test_falls_can_be_chosen() -> None:
    document = json.loads(run("diagnose", SEOUL, "--period", "2024", "--comparison", "year", "--json").out)
    assert [finding["node"] for finding in document["findings"]] == ["housing", "integration"]
    done = run("diagnose", SEOUL, "--node", "husing")
    assert done.code == 2
    assert 'did you mean "housing"?' in done.err


def test_people_are_told_the_limits_of_what_is_said(tmp_path: Path) -> None:
    text = run("diagnose", SEOUL).out
    assert "Bookkeeping, not proof of cause." in text
    assert "Yearly data give no early signal" in text
    assert "Unofficial" in text
    world = World(tmp_path / "town")
    world.cut_budget(0.7)
    text = run("diagnose", world.write()).out
    assert "funding" in text
    assert "Invented example" in text
    assert "restore it, or accept the cut openly" in text


def test_a_pack_without_index_is_refused() -> None:
    done = run("diagnose", "kr/nhi-id-check")
    assert done.code == 2
    assert "describes no index" in done.err


def test_python_takes_a_pack_or_its_name(tmp_path: Path) -> None:
    world = World(tmp_path / "town")
    world.cut_budget(0.7)
    pack = world.load()
    result = donghaeng.diagnose(pack)
    assert result.table().num_rows == len(result.findings)
    assert len(donghaeng.diagnose(world.folder).findings) == len(result.findings)
    assert isinstance(result.findings[0], Finding)


def test_every_cause_and_reason_has_its_words_in_both_languages() -> None:
    assert LABELS.keys() == ADVICE.keys() == set(CAUSES)
    for text in (*LABELS.values(), *ADVICE.values(), *REASONS.values()):
        assert text.keys() == {"ko", "en"}


def test_a_release_holds_the_same_findings(tmp_path: Path) -> None:
    world = World(tmp_path / "town")
    world.cut_budget(0.7)
    pack = world.load()
    content = outcome(pack)
    findings = content.tables["findings"].to_pylist()
    assert len(findings) == len(pack.diagnose().findings)
    causes = content.tables["finding_causes"].to_pylist()
    keys = ("place", "node", "period", "comparison")
    for finding in findings:
        own = [row for row in causes if not row["factor"] and all(row[key] == finding[key] for key in keys)]
        assert sum(row["points"] for row in own) == pytest.approx(finding["points"], abs=1e-9)
    assert content.documents["diagnosis.json"]["warning"]["en"] == "Bookkeeping, not proof of cause."
    assert content.documents["diagnosis.json"]["status"] == "invented"
    assert {row["kind"] for row in findings} == {"simulated"}


def test_a_release_of_a_pack_that_says_nothing_of_causes_has_no_findings() -> None:
    assert "findings" not in outcome(donghaeng.load("undp/hdi")).tables
