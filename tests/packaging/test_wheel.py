"""What a user gets from the wheel, away from the clone."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    """All the output of a command that must succeed; no setting for this test run's own Python reaches it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    done = subprocess.run(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", out, cwd=ROOT)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the package from the wheel, and the locked dependencies of the one running this."""
    place = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(place, symlinks=True)
    pip = [sys.executable, "-m", "pip", "-qq", "--disable-pip-version-check", "--python", str(place / "bin" / "python")]
    run(*pip, "install", "--no-deps", "--no-index", wheel, cwd=place)
    # A .pth file is not read in a directory that another .pth file names, so the clone's own src stays out of sight.
    here = sysconfig.get_path("purelib")
    there = sysconfig.get_path("purelib", scheme="venv", vars={"base": str(place), "platbase": str(place)})
    (Path(there) / "dependencies.pth").write_text(f"{here}\n")
    return place


def test_the_wheel_holds_the_package_and_the_packs_alone(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "donghaeng/py.typed" in names
    assert "donghaeng/shipped_packs/seoul/gtsn-index/pack.yaml" in names
    for part in ("templates/desk.html.j2", "assets/desk.js", "assets/desk.css", "words/ko.yaml"):
        assert f"donghaeng/api/desk/{part}" in names
    assert "donghaeng/api/counter/templates/counter.html.j2" in names
    for part in ("templates/frame.html.j2", "assets/shell.js", "assets/base.css", "words/ko.yaml"):
        assert f"donghaeng/api/live_pages/{part}" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"donghaeng"}
    assert not [name for name in names if "test" in Path(name).stem.split("_") or "__pycache__" in name]


def test_the_licence_is_in_the_wheel(wheel: Path) -> None:
    assert [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("licenses/LICENSE")]


def test_the_demo_runs_from_the_wheel_outside_the_clone(fresh: Path, tmp_path: Path) -> None:
    place = run(fresh / "bin" / "python", "-c", "import donghaeng; print(donghaeng.__file__)", cwd=tmp_path).strip()
    assert Path(place).is_relative_to(fresh)

    output = run(fresh / "bin" / "donghaeng", "demo", "--out", "build", cwd=tmp_path)

    assert "130.6" in output
    assert "111.0" in output
    assert (tmp_path / "build" / "site" / "index.html").is_file()
