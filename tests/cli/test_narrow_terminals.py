"""Tables on a narrow terminal: numbers and codes are never cut, whatever the width."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from donghaeng.cli import budget, diagnose, output
from tests.diagnosis.worlds import World


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is printed on a terminal of 40 columns."""
    printed = io.StringIO()
    for module in (output, budget, diagnose):
        monkeypatch.setattr(module, "console", lambda: Console(file=printed, width=40, highlight=False))
    return printed


def test_an_amount_is_not_cut_to_another_amount(narrow: io.StringIO) -> None:
    columns = [("option", "id"), ("now", "right"), ("plan", "right"), ("bound by", "left")]
    rows = [["home-care-more", "3,332 m", "2,332,000,000", "poor execution: no more than was executed"]]
    output.print_table("Own money", columns, rows)
    lines = narrow.getvalue().splitlines()
    assert any("home-care-more   3,332 m   2,332,000,000" in line for line in lines)
    for word in ["poor", "execution:", "no", "more", "than", "was", "executed"]:
        assert any(word in line.split() for line in lines)


def test_no_column_is_lost(narrow: io.StringIO) -> None:
    columns = [("breakdown", "left"), ("place", "left"), *((f"number {at}", "right") for at in range(9))]
    output.print_table("Scores", columns, [["district", "hanbyeol", *["103.85"] * 9]])
    assert "hanbyeol" in narrow.getvalue()
    assert "breakdown" in narrow.getvalue()


def test_the_newest_falls_of_the_whole_are_seen_and_causes_are_whole_words(tmp_path: Path, narrow: io.StringIO) -> None:
    world = World(tmp_path / "pack")
    world.cut_budget(0.5, ("2022", "2023"))
    diagnose.diagnose(str(world.write()))
    table = [line.split() for line in narrow.getvalue().splitlines()]
    assert ["town", "town", "2023", "base"] in [line[:4] for line in table]
    assert any("funding" in line for line in table)


def test_what_lies_outside_is_not_counted_as_a_cause(tmp_path: Path, narrow: io.StringIO) -> None:
    world = World(tmp_path / "pack")
    world.others = {("giving", place, "2023"): 20.0 for place in ("north", "south", "west", "town")}
    diagnose.diagnose(str(world.write()), node="giving")
    assert "8 falls, 0 with a cause, 8 outside what is diagnosed" in " ".join(narrow.getvalue().split())
