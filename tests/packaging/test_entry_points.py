"""The commands that a newcomer and a build server start from."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from benchmarks import Row

ROOT = Path(__file__).resolve().parents[2]


def test_the_build_servers_script_is_executable_and_runs_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().rstrip().endswith("exec make test")


def test_make_lists_its_targets() -> None:
    done = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = re.findall(r"^make ([a-z-]+) +\S", done.stdout, flags=re.MULTILINE)
    assert {"help", "install", "demo", "test", "check-site", "lint", "docs", "bench", "lock", "clean"} <= set(listed)


def test_a_benchmark_prints_json() -> None:
    command = [sys.executable, "-m", "benchmarks.startup", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    rows = json.loads(done.stdout)["rows"]
    assert all({"case", "value", "unit"} <= row.keys() for row in rows)
    assert [row for row in rows if {"ratio", "target", "met"} <= row.keys()]


def test_a_row_knows_whether_its_target_is_met() -> None:
    assert Row(case="a", value=1, unit="s").met is None
    assert Row(case="a", value=1, unit="s", ratio=2.0, target=2.0).met is True
    assert Row(case="a", value=1, unit="s", ratio=2.1, target=2.0).met is False
    assert Row(case="a", value=1, unit="s", ratio=2.1, target=2.0, at_least=True).met is True
    assert "met" not in Row(case="a", value=1, unit="s", ratio=2.1).fields()
