"""A pack describes what it has files for; an index is one of several things."""

from __future__ import annotations

from pathlib import Path

import pytest

from donghaeng.catalogue.check import check
from donghaeng.catalogue.files import list_files, warn_of_unknown_files
from donghaeng.catalogue.find import Found
from donghaeng.catalogue.outcome import outcome
from donghaeng.catalogue.read import KNOWN_FILES, load
from donghaeng.errors import Fault, Faults, UsageError
from donghaeng.index.recipe import Recipe
from tests.policy_pack import bare_pack, policy_pack
from tests.small_pack import SmallPack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return policy_pack(tmp_path / "pack")


def faults_of(folder: Path) -> list[Fault]:
    return list(check(folder)[1])


def test_it_is_read_with_all_that_it_has(folder: Path) -> None:
    pack = load(folder)
    assert pack.index is None
    assert [source.title["en"] for source in pack.sources.values()] == ["Notice on the night bus"]
    assert [row["said_en"] for row in pack.statements.rows] == ["The night bus will run by summer."]
    assert [(article.slug, article.language) for article in pack.articles] == [("the-line", "en"), ("the-line", "ko")]
    assert [place.name_en for place in pack.places] == ["Riverton"]
    assert set(pack.wording) == {"ko", "en"}
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(pack.files) == written


def test_it_has_no_fault_and_no_warning(folder: Path, tmp_path: Path) -> None:
    assert faults_of(folder) == []
    assert faults_of(bare_pack(tmp_path / "bare")) == []


def test_its_scores_cannot_be_asked_for(folder: Path) -> None:
    pack = load(folder)
    recipe = load(SmallPack(folder.parent / "index").folder).index_section().recipe
    assert isinstance(recipe, Recipe)
    for ask in (pack.index_section, pack.score, lambda: pack.score_with(recipe)):
        with pytest.raises(UsageError, match=r"^riverton/night-bus describes no index; give a pack that has"):
            ask()


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("structure.csv", {"recipe.yaml"}),
        ("recipe.yaml", {"structure.csv"}),
        ("observations.csv", {"structure.csv", "recipe.yaml"}),
        ("tables.yaml", {"structure.csv", "recipe.yaml"}),
        ("robustness.yaml", {"structure.csv", "recipe.yaml"}),
    ],
)
def test_a_single_file_of_an_index_asks_for_the_others(folder: Path, name: str, others: set[str]) -> None:
    """Values that nothing could read are never passed over in silence."""
    content = SmallPack(folder.parent / "index").path(name)
    (folder / name).write_text(content.read_text("utf-8") if content.exists() else "{}\n", "utf-8")

    pack, faults = check(folder)
    missing = {fault.file.removeprefix(f"{folder}/") for fault in faults if fault.what == "the file is missing"}

    assert pack is None
    assert missing >= others
    assert name not in missing


def test_a_pack_that_describes_nothing_is_faulty(folder: Path) -> None:
    for name in ("statements.csv", "articles/the-line.ko.md", "articles/the-line.en.md"):
        (folder / name).unlink()

    (fault,) = faults_of(folder)

    assert (fault.file, fault.line, fault.column) == (f"{folder}/pack.yaml", 1, 1)
    assert (fault.what, fault.code) == ("the pack describes nothing", "empty-pack")
    assert fault.expected.startswith("a section: an index (structure.csv and recipe.yaml), decision tables")


def test_a_statement_about_a_node_needs_an_index(folder: Path) -> None:
    path = folder / "statements.csv"
    path.write_text(path.read_text("utf-8").replace("s1,promise,,", "s1,promise,total,"), "utf-8")

    (fault,) = faults_of(folder)

    assert (fault.what, fault.expected) == ('unknown node "total"', "a code of structure.csv")


def test_faults_outside_the_index_are_told_as_ever(folder: Path) -> None:
    (folder / "articles/the-line.en.md").write_text("# The line\n\nIt follows [@notise].\n", "utf-8")
    (folder / "wording/ko.yaml").write_text("abot: 밤 버스\n", "utf-8")
    (folder / "values.txt").touch()

    found = {(fault.file.removeprefix(f"{folder}/"), fault.line, fault.severity) for fault in faults_of(folder)}

    assert found == {
        ("articles/the-line.en.md", 3, "error"),
        ("wording/ko.yaml", 1, "error"),
        ("values.txt", 1, "warning"),
    }


@pytest.mark.parametrize(
    ("name", "is_known"),
    [
        ("values.yaml", True),
        ("rules/fare.yaml", True),
        ("examples/fare.yaml", True),
        ("rules/old/fare.yaml", False),
        ("rules/fare.yml", False),
        ("deep/values.yaml", False),
        ("rules/README.md", True),
    ],
)
def test_files_of_decision_tables_are_known(folder: Path, name: str, is_known: bool) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    faults = Faults()
    files = list_files(Found(folder, "pack"), faults)
    assert files is not None

    warn_of_unknown_files(files, KNOWN_FILES, (), faults)

    assert [fault.file for fault in faults] == ([] if is_known else [f"pack/{name}"])


def test_what_is_released_of_it(folder: Path, tmp_path: Path) -> None:
    content = outcome(load(folder))
    assert content.recipe is None
    assert set(content.tables) == {"sources", "statements", "places"}
    assert "newest_period" not in content.description
    assert content.description["status_note"]["en"].startswith("Invented")

    bare = outcome(load(bare_pack(tmp_path / "bare")))
    assert {name: table.num_rows for name, table in bare.tables.items()} == {"sources": 0, "statements": 0}
    assert bare.tables["sources"].column_names == content.tables["sources"].column_names


def test_a_pack_with_an_index_may_have_everything_else_too(tmp_path: Path) -> None:
    pack = SmallPack(policy_pack(tmp_path / "other").parent / "pack")
    text = (tmp_path / "other/statements.csv").read_text("utf-8").replace(",notice,", ",made-up,")
    pack.write("statements.csv", text.replace("s1,promise,,", "s1,promise,total,"))
    assert pack.faults() == []
