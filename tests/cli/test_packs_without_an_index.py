"""The whole way of a pack without an index on the command line, and what commands about an index say of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import run
from tests.policy_pack import policy_pack
from tests.small_pack import SmallPack


@pytest.fixture
def pack(tmp_path: Path) -> str:
    return str(policy_pack(tmp_path / "pack"))


def test_it_is_checked_released_verified_and_published(pack: str, tmp_path: Path) -> None:
    release, site = tmp_path / "release", tmp_path / "site"
    for arguments in (
        ["check", pack],
        ["release", pack, "--out", release],
        ["verify", release],
        ["site", release, "--out", site],
    ):
        done = run(*arguments)
        assert (done.code, done.err) == (0, ""), arguments
    assert "Riverton night bus" in (site / "en/riverton/night-bus/index.html").read_text("utf-8")


def test_check_counts_its_faults(pack: str) -> None:
    document = json.loads(run("check", pack, "--json").out)
    assert document == {"packs": [{"pack": "riverton/night-bus", "given": pack, "valid": True, "faults": []}]}


@pytest.mark.parametrize(
    "command",
    [["index"], ["index", "--json"], ["study"], ["robustness"], ["robustness", "-n", "10"], ["export", "coin"]],
    ids=" ".join,
)
def test_a_command_about_an_index_says_in_one_line_that_there_is_none(
    command: list[str], pack: str, tmp_path: Path
) -> None:
    out = ["--out", str(tmp_path / "out")] if command[0] == "export" else []
    done = run(*command, pack, *out)
    assert (done.code, done.out) == (2, "")
    assert done.err == "riverton/night-bus describes no index; give a pack that has structure.csv and recipe.yaml\n"
    assert not (tmp_path / "out").exists()


def test_compare_names_the_one_without_an_index(pack: str, tmp_path: Path) -> None:
    index = str(SmallPack(tmp_path / "index").folder)
    for arguments in ([pack, index], [index, pack]):
        done = run("compare", *arguments)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("riverton/night-bus describes no index;")
