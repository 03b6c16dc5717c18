"""``donghaeng pass tap`` and ``pass taps``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from donghaeng.cli import pass_
from tests.command import run
from tests.passes.counters import pack
from tests.passes.riding import Tap, at, write_csv

PACK = ("--pack", "seoul/climate-card")
RAIL = ("--fact", "mode=rail", "--fact", "line=line_2")


@pytest.fixture(autouse=True)
def _read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the pack anew in each command is what takes time, and is tested elsewhere."""
    monkeypatch.setattr(pass_, "_pack", pack)


class Station:
    """A charged card, and the commands at a time that is set."""

    def __init__(self, folder: Path) -> None:
        self.ledger = ("--ledger", f"sqlite:///{folder}/passes.db")
        self.medium = self.at("08:00", "issue", "--card", "card-1", "--medium", "mobile", "--channel", "mobile_app")
        pay = ("--channel", "mobile_app", "--payment", "bank_transfer", "--start", "2026-05-20")
        self.at("08:01", "charge", "--card", "card-1", "--product", "d30_transit", *pay)

    def at(self, time: str, command: str, *arguments: object) -> Any:
        """Run a command and read its JSON."""
        done = run("pass", command, *arguments, *PACK, *self.ledger, "--at", at(time).isoformat(), "--json")
        assert (done.code, done.err) == (0, "")
        return json.loads(done.out)

    def tap(self, time: str, *more: object) -> Any:
        return self.at(time, "tap", "--card", "card-1", *(RAIL if "--fact" not in more else ()), *more)


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


def test_a_tap_says_open_or_not_and_why(station: Station) -> None:
    found = station.tap("09:00")
    assert (found["open"], found["reason"], found["remaining_days"], found["colour"]) == (True, "ok", 30, "green")
    assert found["words"]["en"] == "Go ahead"
    out = station.tap("09:30", "--direction", "alight")
    assert (out["open"], out["reason"]) == (True, "ok_alight")
    closed = station.tap("10:00", "--fact", "mode=rail", "--fact", "line=sinbundang")
    assert (closed["open"], closed["reason"]) == (False, "no_boarding_here")
    unknown = station.tap("10:10", "--fact", "mode=rail")
    assert (unknown["reason"], unknown["missing"]) == ("right_unknown", ["line", "station_group"])


def test_the_second_missing_tag_blocks_for_a_day_and_status_says_so(station: Station) -> None:
    assert [station.tap(time)["reason"] for time in ("09:00", "10:00", "11:00")] == ["ok", "ok", "blocked"]
    status = station.at("12:00", "status", "--card", "card-1")
    assert (status["usable"], status["reason"]) == (False, "blocked")
    assert station.tap("34:00")["reason"] == "ok"


def test_a_card_held_twice_to_one_reader_is_one_boarding(station: Station) -> None:
    first, again = station.tap("09:00"), station.at("09:00", "tap", "--card", "card-1", *RAIL, "--sequence", "7")
    assert ((first["repeated"], again["repeated"]), again["reason"]) == ((False, True), "ok")
    # One boarding misses its tag, not two; a refused tap in between hides nothing.
    refused = ("--fact", "mode=rail", "--fact", "line=sinbundang")
    assert [station.tap("10:00")["reason"], station.tap("10:30", *refused)["reason"]] == ["ok", "no_boarding_here"]
    assert station.tap("11:00")["reason"] == "blocked"
    block = station.at("11:01", "status", "--card", "card-1")["blocks"]
    assert [one["starts"][11:16] for one in block] in (["10:00"], ["01:00"])


def test_the_line_is_told_once_and_two_cards_may_come_in_the_same_second(station: Station) -> None:
    station.at("08:30", "issue", "--card", "card-2", "--medium", "mobile", "--channel", "mobile_app")
    one = station.tap("09:00", "--line", "line_2", "--fact", "mode=rail")
    other = station.at("09:00", "tap", "--card", "card-2", "--line", "line_2", "--fact", "mode=rail")
    assert (one["reason"], other["reason"]) == ("ok", "no_pass")


def test_files_of_taps_are_taken_in_once_and_a_late_tap_lifts_a_block(station: Station, tmp_path: Path) -> None:
    medium = int(station.tap("08:30", "--fact", "mode=rail", "--fact", "line=sinbundang")["medium"])
    boardings = [Tap("gate-1", number, medium, "board", at(f"{hour}:00")) for number, hour in enumerate((9, 11, 13))]
    path = write_csv(tmp_path / "taps.csv", boardings)
    found = station.at("14:00", "taps", path, "--source", "simulated line 2")
    assert [(one["rows"], one["new"], one["known"]) for one in found["files"]] == [(3, 3, False)]
    assert found["cards_blocked_or_unblocked"] == ["card-1"]
    assert station.at("14:01", "taps", path)["files"][0]["known"]
    late = write_csv(tmp_path / "late.csv", [Tap("gate-2", 0, medium, "alight", at("11:20"))])
    assert station.at("14:10", "taps", late)["cards_blocked_or_unblocked"] == ["card-1"]
    assert station.at("14:11", "status", "--card", "card-1")["usable"]


def test_what_cannot_be_asked_is_refused(station: Station, tmp_path: Path) -> None:
    usual = (*PACK, *station.ledger, "--at", at("09:00").isoformat())
    assert run("pass", "tap", "--card", "card-1", "--direction", "up", *usual).code == 2
    assert run("pass", "tap", *usual).code == 2
    assert "unknown-card" in run("pass", "tap", "--card", "another", *usual).err
    wrong = run("pass", "tap", "--card", "card-1", "--fact", "line=line_99", *usual)
    assert (wrong.code, wrong.out) == (1, "")
    assert "line" in wrong.err
    empty = tmp_path / "empty.csv"
    empty.write_text("device\n")
    assert "no column sequence" in run("pass", "taps", empty, *usual).err
