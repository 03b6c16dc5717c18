"""Any changed byte of a release is found."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from donghaeng.errors import InputError
from donghaeng.release.read import read_release
from donghaeng.release.verify import verify
from tests.command import run


@pytest.fixture
def copy(invented: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(invented, tmp_path / "copy"))


def whats(folder: Path, expected: str | None = None) -> list[tuple[str, str]]:
    _, faults = verify(folder, expected)
    return [(fault.file.removeprefix(f"{folder}/"), fault.what) for fault in faults]


def test_a_release_as_it_was_written_is_intact(invented: Path) -> None:
    assert whats(invented) == []
    digest, _ = verify(invented)
    assert digest == hashlib.sha256((invented / "manifest.json").read_bytes()).hexdigest()


def test_a_flipped_byte_is_found_in_every_file(copy: Path) -> None:
    files = [path for path in sorted(copy.rglob("*")) if path.is_file()]
    assert len(files) > 30
    for path in files:
        content = path.read_bytes()
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        found = {name for name, _ in whats(copy)}
        name = path.relative_to(copy).as_posix()
        assert ("manifest.json" if name == "manifest.sha256" else name) in found
        path.write_bytes(content)
    assert whats(copy) == []


def test_an_added_or_cut_byte_is_found(copy: Path) -> None:
    table = copy / "my-city/my-index/tables/scores-simulated.csv"
    content = table.read_bytes()
    for changed in (content + b"\n", content[:-1], b""):
        table.write_bytes(changed)
        assert whats(copy) == [("my-city/my-index/tables/scores-simulated.csv", "the file was changed")]


@pytest.mark.parametrize("name", ["README.txt", "my-city/my-index/tables/scores.csv", "manifest.sha256"])
def test_a_missing_file_is_found(copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert whats(copy) == [(name, "the file is missing")]


@pytest.mark.parametrize("name", ["extra.txt", ".hidden", "my-city/my-index/tables/more.csv"])
def test_an_added_file_is_found(copy: Path, name: str) -> None:
    (copy / name).write_text("")
    assert whats(copy) == [(name, "the file was added")]


def test_an_added_link_is_found(copy: Path) -> None:
    (copy / "link").symlink_to("/nowhere")
    assert whats(copy) == [("link", "the file was added")]


def test_rewriting_file_and_manifest_is_found_by_the_digest_beside_it(copy: Path) -> None:
    _rewrite(copy)
    assert whats(copy) == [
        ("manifest.json", "the manifest is not the one that manifest.sha256 was written for"),
    ]


def test_rewriting_everything_is_found_by_a_digest_kept_elsewhere(copy: Path) -> None:
    before, _ = verify(copy)
    _rewrite(copy)
    digest = hashlib.sha256((copy / "manifest.json").read_bytes()).hexdigest()
    (copy / "manifest.sha256").write_text(f"{digest}  manifest.json\n")
    assert whats(copy) == []
    assert whats(copy, before) == [("manifest.json", f"the manifest has the SHA-256 {digest}, expected {before}")]
    assert whats(copy, digest.upper()) == []


def _rewrite(folder: Path) -> None:
    """Change a file, and its entry in the manifest with it."""
    name = "my-city/my-index/tables/scores-simulated.csv"
    content = (folder / name).read_bytes().replace(b"112.5", b"142.5")
    assert content != (folder / name).read_bytes()
    (folder / name).write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for entry in manifest["files"]:
        if entry["path"] == name:
            entry["sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    "manifest", [b"", b"{", b"[]", b"null", b'{"files": 1}', b'{"files": [1]}', b'{"files": [{}]}', b"\xff\xfe"]
)
def test_a_manifest_that_is_none_is_told(copy: Path, manifest: bytes) -> None:
    (copy / "manifest.json").write_bytes(manifest)
    assert [what for file, what in whats(copy) if file == "manifest.json" and "manifest.sha256" not in what]


@pytest.mark.parametrize("path", ["../secret.txt", "/etc/hostname", "a/../../b"])
def test_a_path_that_leads_out_of_the_release_is_not_followed(copy: Path, path: str) -> None:
    manifest = json.loads((copy / "manifest.json").read_bytes())
    manifest["files"].append({"path": path, "bytes": 1, "sha256": "0" * 64})
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert ("manifest.json", f'the path "{path}" leads out of the release') in whats(copy)


def test_a_folder_that_is_no_release_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is not a release: it has no manifest\.json"):
        verify(tmp_path)


def test_an_altered_release_is_not_read(copy: Path) -> None:
    (copy / "README.txt").write_text("other")
    with pytest.raises(InputError, match=r"README\.txt:1:1: the file was changed"):
        read_release(copy)


def test_the_command_exits_with_1_for_an_altered_release(copy: Path) -> None:
    intact = run("verify", copy, "--json")
    assert (intact.code, intact.err, json.loads(intact.out)["intact"]) == (0, "", True)
    (copy / "README.txt").write_text("other")
    altered = run("verify", copy, "--json")
    assert (altered.code, json.loads(altered.out)["intact"]) == (1, False)
    told = run("verify", copy)
    assert told.code == 1
    assert f"{copy}/README.txt:1:1: the file was changed; expected the release as it was written" in told.out
