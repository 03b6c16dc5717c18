"""A release of a pack without an index has what there is: no scores, no recipe, every byte verified all the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from donghaeng.catalogue.outcome import outcome
from donghaeng.catalogue.read import load
from donghaeng.errors import InputError
from donghaeng.release.read import read_release
from donghaeng.release.verify import verify
from donghaeng.release.write import release_files, write_files, write_release
from tests.policy_pack import bare_pack, policy_pack
from tests.release.writing import LABEL, release_of
from tests.small_pack import SmallPack

ID = "riverton/night-bus"


@pytest.fixture
def release(tmp_path: Path) -> Path:
    release_of(tmp_path / "release", policy_pack(tmp_path / "pack"), bare_pack(tmp_path / "bare"))
    return tmp_path / "release"


def test_it_has_the_files_that_make_sense(release: Path) -> None:
    files = {path.relative_to(release / ID).as_posix() for path in (release / ID).rglob("*") if path.is_file()}
    tables = {f"tables/{name}.{form}" for name in ("sources", "statements", "places") for form in _FORMS}
    assert files == {"pack.json", "wording.json", "articles/the-line.ko.md", "articles/the-line.en.md", *tables}


_FORMS = ("csv", "json", "parquet")


def test_it_is_intact_and_reads_back(release: Path) -> None:
    assert not len(verify(release)[1])
    first, second = read_release(release).packs
    assert (first.id, first.recipe, first.documents) == (ID, None, {})
    assert [row["id"] for row in first.tables["sources"]] == ["notice"]
    assert [row["said_en"] for row in first.tables["statements"]] == ["The night bus will run by summer."]
    assert first.articles["the-line", "en"].startswith("# The line\n")
    assert second.tables == {"sources": (), "statements": ()}


def test_its_data_package_lists_its_tables(release: Path) -> None:
    package = json.loads((release / "datapackage.json").read_text("utf-8"))
    paths = [resource["path"] for resource in package["resources"]]
    assert f"{ID}/tables/sources.csv" in paths
    assert all((release / path).is_file() for path in paths)
    assert package["sources"] == [{"title": "Notice on the night bus", "path": "https://example.org/night-bus"}]


def test_a_later_release_names_the_version_before(release: Path, tmp_path: Path) -> None:
    release_of(tmp_path / "later", tmp_path / "pack", previous=release)
    assert read_release(tmp_path / "later").packs[0].description["previous_version"] == "0.2.0"


def test_a_pack_that_has_become_an_index_has_no_revisions_yet(tmp_path: Path) -> None:
    policy = policy_pack(tmp_path / "policy", "my-city/my-index")
    release_of(tmp_path / "first", policy)
    release_of(tmp_path / "second", SmallPack(tmp_path / "index").folder, previous=tmp_path / "first")
    assert read_release(tmp_path / "second").packs[0].tables["revisions"] == ()


def test_documents_come_back_as_they_were_given(tmp_path: Path) -> None:
    table = {"inputs": ["age"], "rows": [{"when": "age >= 65", "then": {"fare": 0}, "because": "어르신"}]}
    content = replace(outcome(load(policy_pack(tmp_path / "pack"))), documents={"rules/fare.json": table})
    write_release(tmp_path / "release", LABEL, [content], "0")
    (read,) = read_release(tmp_path / "release").packs
    assert read.documents == {"rules/fare.json": table}
    assert not {"rules", "fare"} & read.tables.keys()


def test_an_index_whose_recipe_is_not_listed_is_refused(tmp_path: Path) -> None:
    content = replace(outcome(load(SmallPack(tmp_path / "pack").folder)), recipe=None)
    write_files(tmp_path / "release", release_files(LABEL, [content], "0"))
    with pytest.raises(InputError, match=r"has no my-city/my-index/recipe\.json"):
        read_release(tmp_path / "release")
