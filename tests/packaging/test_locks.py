"""The committed locks: complete, hashed, true to pyproject.toml, and free of any one index's address."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
RUNTIME, DEV = "requirements.txt", "requirements-dev.txt"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = [requirement for extra in PROJECT["project"]["optional-dependencies"].values() for requirement in extra]


def pins(lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    """For every pinned package its version and hashes."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / lock).read_text(), flags=re.MULTILINE)
    found = {}
    for line in text.replace("\\\n", " ").splitlines():
        match = re.fullmatch(r"([\w.-]+)==(\S+)( ; .*?)?((?: +--hash=sha256:[0-9a-f]{64})+)", line.rstrip())
        assert match, f"{lock}: not a pin with hashes: {line[:80]}"
        found[canonicalize_name(match[1])] = (match[2], frozenset(match[4].split()))
    return found


@pytest.mark.parametrize("lock", [RUNTIME, DEV])
def test_a_lock_names_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert not re.search(r"https?:|file:|(^|\s)--?(i|f|index-url|extra-index-url|find-links|trusted-host)\b", text)


@pytest.mark.parametrize("lock", [RUNTIME, DEV])
def test_every_pin_has_hashes(lock: str) -> None:
    assert len(pins(lock)) > 20


def test_the_dev_lock_holds_the_whole_runtime_lock() -> None:
    assert pins(RUNTIME).items() <= pins(DEV).items()


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        (RUNTIME, PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["build"]),
        (DEV, [*PROJECT["dependency-groups"]["dev"], *EXTRAS]),
    ],
)
def test_a_lock_fits_pyproject(lock: str, wanted: list[str]) -> None:
    locked = pins(lock)
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        assert name in locked, f"{name} is not in {lock}: run make lock"
        assert requirement.specifier.contains(locked[name][0]), f"{name} {locked[name][0]} in {lock}: run make lock"
