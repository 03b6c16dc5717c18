"""A release is written all at once, the same bytes each time, and never over another."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from donghaeng.errors import InputError, UsageError
from donghaeng.release.content import Label
from donghaeng.release.write import split_simulated
from tests.release.writing import LABEL, release_of
from tests.small_pack import SmallPack


def contents(folder: Path) -> Mapping[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_input_gives_the_same_bytes(invented: Path, tmp_path: Path) -> None:
    release_of(tmp_path / "again", SmallPack(tmp_path / "pack").folder)
    assert contents(tmp_path / "again") == contents(invented)


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Seoul", "LC_ALL": "C.UTF-8"},
        {"PYTHONHASHSEED": "2", "TZ": "America/New_York", "LC_ALL": "C", "PYTHONUTF8": "1"},
    ],
    ids=["Seoul", "New York"],
)
def test_another_process_gives_the_same_bytes(seoul: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.release.writing import release_of; "
        "release_of(Path(sys.argv[1]), 'seoul/gtsn-index')"
    )
    again = tmp_path / "again"
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code, again], env=os.environ | environment, cwd=root, check=True)
    assert contents(again) == contents(seoul)


def test_a_fault_while_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = SmallPack(tmp_path / "pack").folder
    written: list[int] = []

    def full(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) == 5:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (tmp_path / "releases").mkdir()
    with pytest.raises(OSError, match="No space left"):
        release_of(tmp_path / "releases" / "r1", pack)
    assert len(written) == 5
    assert list((tmp_path / "releases").iterdir()) == []


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = SmallPack(tmp_path / "pack").folder

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", interrupt)
    (tmp_path / "releases").mkdir()
    with pytest.raises(KeyboardInterrupt):
        release_of(tmp_path / "releases" / "r1", pack)
    assert list((tmp_path / "releases").iterdir()) == []


@pytest.mark.parametrize("make", ["folder", "file", "link"])
def test_what_exists_is_never_overwritten(tmp_path: Path, make: str) -> None:
    pack, out = SmallPack(tmp_path / "pack").folder, tmp_path / "out"
    if make == "folder":
        out.mkdir()
    elif make == "file":
        out.write_text("mine")
    else:
        out.symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="a release is never overwritten"):
        release_of(out, pack)
    assert make != "file" or out.read_text() == "mine"
    assert make != "folder" or list(out.iterdir()) == []


def test_every_row_of_an_invented_pack_is_in_a_file_that_says_so(invented: Path) -> None:
    tables = invented / "my-city/my-index/tables"
    for name in ("scores", "contributions", "changes", "observations"):
        simulated = json.loads((tables / f"{name}-simulated.json").read_bytes())
        others = json.loads((tables / f"{name}.json").read_bytes())
        assert simulated
        assert {row["kind"] for row in simulated} == {"simulated"}
        # What is left has no value at all.
        assert {row["kind"] for row in others} <= {None}


def test_no_simulated_row_is_in_a_release_of_published_values(seoul: Path) -> None:
    assert list(seoul.rglob("*simulated*")) == []


def test_simulated_rows_are_parted_from_the_others() -> None:
    table = pa.table({"value": [1, 2, 3, 4], "kind": ["published", "simulated", None, "unknown"]})
    parts = split_simulated(table)
    assert {name: part["value"].to_pylist() for name, part in parts.items()} == {"": [1, 3, 4], "-simulated": [2]}


def test_a_table_without_simulated_rows_is_one_file() -> None:
    assert list(split_simulated(pa.table({"value": [1], "kind": ["published"]}))) == [""]
    assert list(split_simulated(pa.table({"value": [1]}))) == [""]


def test_unofficial_packs_say_so_in_the_release(seoul: Path) -> None:
    assert "Unofficial, compiled from public reports" in (seoul / "README.txt").read_text("utf-8")
    note = json.loads((seoul / "seoul/gtsn-index/pack.json").read_bytes())["status_note"]
    assert note["en"].startswith("Unofficial, compiled from public reports")
    assert note["ko"].startswith("비공식 자료")


def test_the_manifest_names_versions_inputs_and_every_file(seoul: Path) -> None:
    manifest = json.loads((seoul / "manifest.json").read_bytes())
    assert (manifest["id"], manifest["date"], manifest["state"]) == ("2026-11", "2026-11-23", "published")
    assert manifest["software"]["name"] == "donghaeng"
    (pack,) = manifest["packs"]
    assert (pack["id"], pack["status"]) == ("seoul/gtsn-index", "unofficial")
    assert {"pack.yaml", "observations.csv", "recipe.yaml", "structure.csv"} <= {row["path"] for row in pack["inputs"]}
    listed = {row["path"] for row in manifest["files"]}
    assert listed == set(contents(seoul)) - {"manifest.json", "manifest.sha256"}


@pytest.mark.parametrize(
    "label",
    [
        Label("r", "2026-01-01", "corrected"),
        Label("r", "2026-01-01", "corrected", replaces="q"),
        Label("r", "2026-01-01", "corrected", reason="a wrong unit"),
        Label("r", "2026-01-01", "published", replaces="q"),
        Label("r", "2026-01-01", "draft", reason="a wrong unit"),
    ],
)
def test_only_a_correction_names_what_it_replaces_and_why(tmp_path: Path, label: Label) -> None:
    with pytest.raises(UsageError, match="--replaces and --reason"):
        release_of(tmp_path / "out", SmallPack(tmp_path / "pack").folder, label=label)
    assert not (tmp_path / "out").exists()


def test_a_correction_says_what_it_replaces_and_why(tmp_path: Path) -> None:
    label = Label("r2", "2026-01-02", "corrected", "r1", "a unit was wrong")
    release_of(tmp_path / "out", SmallPack(tmp_path / "pack").folder, label=label)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_bytes())
    assert (manifest["replaces"], manifest["reason"]) == ("r1", "a unit was wrong")
    assert "It replaces release r1: a unit was wrong" in (tmp_path / "out" / "README.txt").read_text("utf-8")


def test_a_pack_is_in_a_release_once(tmp_path: Path) -> None:
    pack = SmallPack(tmp_path / "pack").folder
    with pytest.raises(UsageError, match="a pack is given twice"):
        release_of(tmp_path / "out", pack, pack)


def revisions(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    tables = folder / "my-city/my-index/tables"
    rows = [row for path in tables.glob("revisions*.json") for row in json.loads(path.read_bytes())]
    return {(row["node"], row["period"]): row for row in rows}


def test_a_first_release_has_no_revisions(invented: Path) -> None:
    assert revisions(invented) == {}


def test_revisions_say_what_changed_since_the_release_before(invented: Path, tmp_path: Path) -> None:
    pack = SmallPack(tmp_path / "pack")
    pack.replace("observations.csv", "13500", "13200")
    pack.replace("observations.csv", "visits,my-city,2023,950,,yes,simulated,made-up,\n", "")
    pack.append("observations.csv", "smoking,my-city,2023,18.4,,yes,simulated,made-up,\n")
    release_of(tmp_path / "out", pack.folder, previous=invented)
    rows = revisions(tmp_path / "out")
    changed = rows["homes", "2024"]
    assert (changed["what"], changed["before"]) == ("changed", 112.5)
    assert changed["after"] == pytest.approx(110.0)
    assert changed["change"] == pytest.approx(-2.5)
    assert (rows["visits", "2023"]["what"], rows["visits", "2023"]["after"]) == ("removed", None)
    assert (rows["smoking", "2023"]["what"], rows["smoking", "2023"]["before"]) == ("added", None)
    assert ("burden", "2024") not in rows
    assert {row["kind"] for row in rows.values()} == {"simulated"}


def test_the_same_data_again_make_no_revision(invented: Path, tmp_path: Path) -> None:
    release_of(tmp_path / "out", SmallPack(tmp_path / "pack").folder, previous=invented)
    assert revisions(tmp_path / "out") == {}
    assert LABEL.replaces == ""
