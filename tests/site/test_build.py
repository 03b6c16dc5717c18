"""Building: the same bytes each time, all or nothing, and never over something else."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from donghaeng.errors import InputError
from donghaeng.release.verify import verify
from donghaeng.site import build
from donghaeng.site.build import MARKER, build_site, site_files
from tests.site.invented import empty_pack
from tests.site.sites import Site, release_of

ROOM = Path(build.__file__).parent
#: Of the calendar only its script, which the forms of rules load.
MAY_IMPORT = {"errors", "wording", "sources", "periods", "documents", "release", "rounding", "site", "civil_calendar"}


def test_the_same_release_gives_the_same_bytes(invented: Site) -> None:
    for path, content in site_files(invented.release):
        assert (invented.folder / path).read_bytes() == content, path


def test_an_earlier_site_is_replaced(tmp_path: Path) -> None:
    release = release_of(tmp_path / "release", empty_pack(tmp_path / "pack"))
    out = tmp_path / "site"
    first = build_site(release, out)
    (out / "stale.html").write_text("old")
    assert build_site(release, out) == first
    assert not (out / "stale.html").exists()
    assert first.files == sum(path.is_file() for path in out.rglob("*"))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_something_else_is_never_replaced(tmp_path: Path) -> None:
    release = release_of(tmp_path / "release", empty_pack(tmp_path / "pack"))
    out = tmp_path / "home"
    out.mkdir()
    (out / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match="not a site of ours"):
        build_site(release, out)
    with pytest.raises(InputError, match="not a folder"):
        build_site(release, out / "letter.txt")
    assert (out / "letter.txt").read_text() == "dear"


def test_a_failure_leaves_the_site_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = release_of(tmp_path / "release", empty_pack(tmp_path / "pack"))
    out = tmp_path / "site"
    build_site(release, out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}

    def broken(text: str) -> bytes:
        raise OSError("no room")

    monkeypatch.setattr(build, "subset_font", broken)
    with pytest.raises(OSError, match="no room"):
        build_site(release, out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert (out / MARKER).is_file()


def test_the_downloads_are_the_release_itself(seoul: Site) -> None:
    _, faults = verify(seoul.folder / "release")
    assert not len(faults)


def test_the_font_has_another_name_and_its_licence(seoul: Site) -> None:
    from fontTools.ttLib import TTFont

    font = TTFont(seoul.folder / "assets/donghaeng-sans.woff2")
    names = {entry.nameID: entry.toUnicode() for entry in font["name"].names}
    assert names[1] == "Donghaeng Sans"
    assert all("Pretendard" not in names[name_id] for name_id in (1, 3, 4, 6, 16))
    assert ord("약") in font.getBestCmap()
    assert "SIL OPEN FONT LICENSE" in (seoul.folder / "assets/donghaeng-sans-OFL.txt").read_text("utf-8")


@pytest.mark.parametrize("path", sorted(ROOM.rglob("*.py")), ids=lambda path: path.relative_to(ROOM).as_posix())
def test_the_site_reads_a_release_and_nothing_else(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            if name == "donghaeng" and isinstance(node, ast.ImportFrom):
                assert {alias.name for alias in node.names} <= MAY_IMPORT, path
            elif name.startswith("donghaeng."):
                assert name.split(".")[1] in MAY_IMPORT, f"{path}: {name}"
            elif name:
                assert find_spec(name.split(".")[0]) is not None
