"""The command, Python use and releases, on the small town as a pack."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import donghaeng
from donghaeng.budget.plan import Plan, Refused
from donghaeng.catalogue.outcome import outcome
from donghaeng.cli import app
from donghaeng.errors import InputError, UsageError
from tests.budget.building import MORE_MEALS, MORE_VISITS, options_csv, write_files

PACK = """\
format: 1
id: town/budget
version: 1.0.0
date: 2026-05-01
title: {ko: 마을 예산(가상), en: Budget of a town (invented)}
summary: {ko: 지어낸 마을의 예산, en: The budget of an invented town}
owner: {ko: 마을(가상), en: The town (invented)}
jurisdiction: none
languages: [ko, en]
licence: CC0-1.0
status: invented
"""
SOURCES = """\
sources:
  made-up:
    title: {ko: 지어낸 자료, en: Made up}
    publisher: {ko: 아무도, en: Nobody}
    read_on: 2026-01-02
    extent: whole
    licence: CC0-1.0
    grade: publisher
"""


@pytest.fixture
def town(tmp_path: Path) -> Path:
    folder = write_files(tmp_path / "town")
    (folder / "pack.yaml").write_text(PACK, "utf-8")
    (folder / "sources.yaml").write_text(SOURCES, "utf-8")
    (folder / "places.csv").write_text("place,parent,name_ko,name_en\ntown,,마을,Town\n", "utf-8")
    return folder


def run(*words: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["budget", *words])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.exit_code, found.output


def test_the_command_gives_one_document_for_machines(town: Path) -> None:
    code, output = run(str(town), "--amount", "2e8", "--json")
    document = json.loads(output)
    assert code == 0
    assert [row["amount"] for row in document["plan"]] == [153_333_333, 46_666_667]
    assert document["status_note"]["en"].startswith("Invented")


def test_people_see_the_plan_its_limits_and_the_simple_rules(town: Path) -> None:
    code, output = run(str(town), "--amount", "2억")
    assert code == 0
    for words in ("153,333,333", "status quo", "proportional to need", "expand whatever fell", "Invented example"):
        assert words in output


def test_the_page_of_a_programme_is_printed_in_korean(town: Path) -> None:
    _, output = run(str(town), "--amount", "2억", "--programme", "meals", "--language", "ko")
    assert output.startswith("# 급식 (복지과)")
    assert "가상 자료" in output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--amount", "a lot"), "not an amount of money"),
        (("--objective", "idnex"), 'did you mean "index"'),
        (("--cut", "5"), "not a rate"),
        (("--cut", "5%", "--amount", "2e8"), "ask one at a time"),
        (("--programme", "meal", "--amount", "2e8"), 'did you mean "meals"'),
        (("--language", "fr"), "expected one of ko, en"),
    ],
)
def test_what_cannot_be_asked_is_refused(town: Path, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run(str(town), *words)


def test_a_real_body_without_evidence_gets_a_list_and_no_plan() -> None:
    code, output = run("seoul/gtsn-index", "--amount", "500e8", "--json")
    document = json.loads(output)
    assert code == 1
    assert document["plan"] is None
    assert {"unit_cost", "needs"} <= {row["what"] for row in document["missing"]}
    assert isinstance(donghaeng.plan("seoul/gtsn-index"), Refused)


def test_python_gives_the_same_plan(town: Path) -> None:
    plan = donghaeng.plan(town, 200_000_000)
    assert isinstance(plan, Plan)
    assert plan.amounts.tolist() == [153_333_333, 46_666_667]
    cut = donghaeng.plan(donghaeng.load(town), cut="10%")
    assert isinstance(cut, Plan)
    assert cut.amount == 135_000_000
    with pytest.raises(UsageError, match="not an amount"):
        donghaeng.plan(town, 1.5)  # type: ignore[arg-type]


def test_a_release_holds_the_money_the_plans_and_a_page_for_each_programme(town: Path) -> None:
    settings = json.loads((town / "budget.yaml").read_text("utf-8"))
    settings["publish"] = [{"amount": 200_000_000}, {"cut": "5%"}]
    (town / "budget.yaml").write_text(json.dumps(settings, ensure_ascii=False), "utf-8")
    content = outcome(donghaeng.load(town))
    document = content.documents["budget.json"]
    assert [plan["amount"] for plan in document["plans"]] == [200_000_000, 142_500_000]
    assert [page["programme"] for page in document["pages"]] == ["meals", "visits"]
    assert content.tables["plan"]["plan_number"].to_pylist() == [1, 1, 2, 2]
    assert {"budget_lines", "needs", "options", "decisions", "programme_links"} <= content.tables.keys()
    json.dumps(document, allow_nan=False)


def test_a_conflict_stops_a_release(town: Path) -> None:
    (town / "options.csv").write_text(options_csv(MORE_MEALS | {"floor": 190_000_000}, MORE_VISITS), "utf-8")
    with pytest.raises(InputError, match="above what can be absorbed"):
        outcome(donghaeng.load(town))


def test_budget_tables_without_their_settings_are_a_fault(town: Path) -> None:
    (town / "budget.yaml").unlink()
    with pytest.raises(InputError, match=r"budget\.yaml"):
        donghaeng.load(town)


def test_a_pack_about_nobody_real_without_a_budget_is_told_what_to_add(town: Path) -> None:
    for name in ("budget.yaml", "budget_lines.csv", "programme_links.csv", "needs.csv", "options.csv"):
        (town / name).unlink()
    (town / "articles").mkdir()
    for language in ("ko", "en"):
        (town / "articles" / f"the-town.{language}.md").write_text("# Town\n\nText.\n", "utf-8")
    with pytest.raises(UsageError, match=r"budget\.yaml"):
        donghaeng.plan(town)
