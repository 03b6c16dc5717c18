"""A made-up month of passes through the real service: marked, sealed, proved, and the same for the same seed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import donghaeng
from donghaeng.errors import Faults
from donghaeng.services.passes.simulation import FILE, read_pass_simulation
from tests.command import run
from tests.passes.months import NARAE, SEOUL, play

#: What differs from run to run: where files are, and keys that are thrown away.
WHERE = {"keys", "seal", "day_files"}


@pytest.fixture(scope="module", params=[SEOUL, NARAE])
def played(request: pytest.FixtureRequest, month: Callable[[str], Path]) -> Path:
    return month(request.param)


@pytest.fixture(scope="module")
def document(played: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((played / "played.json").read_text("utf-8"))
    return found


def test_everything_played_is_under_a_seal_and_holds(played: Path, document: dict[str, Any]) -> None:
    url = f"sqlite:///{played}/ledger.db"
    seal, public = str(played / "keys/simulation.seal.json"), str(played / "keys/seal.pub")
    report = json.loads(run("ledger", "verify", "--ledger", url, "--seal", seal, "--public-key", public, "--json").out)
    assert (report["holds"], report["not_yet_sealed"], report["entries"]) == (True, 0, document["entries"])


def test_the_first_entry_says_that_all_is_made_up(played: Path, document: dict[str, Any]) -> None:
    shown = run("ledger", "show", "simulation", "--ledger", f"sqlite:///{played}/ledger.db", "--json")
    (entry,) = json.loads(shown.out)["entries"]
    assert (entry["sequence"], entry["body"]["made_up"], entry["body"]["seed"]) == (1, True, 7)
    assert document["made_up"] is True


def test_the_books_of_the_month_prove_to_the_smallest_unit(document: dict[str, Any]) -> None:
    assert document["unexplained"] == 0
    assert set(document["proofs"].values()) == {0}
    assert document["reconciled"]["unexplained"] == [0, 0]
    settled = document["settled"]
    assert settled["value"] == sum(settled[name] for name in ("from_price", "city", "borne", "unshared"))


def test_every_ride_that_gates_let_begin_is_counted_once(document: dict[str, Any]) -> None:
    use, counts = document["use"], document["counts"]
    assert sum(use["boardings_by_day"].values()) == document["answers"]["ok"]
    assert sum(use["boardings_by_line"].values()) == sum(use["boardings_by_day"].values())
    assert sum(use["users_by_day"].values()) <= sum(use["journeys_by_day"].values())
    assert sum(use["journeys_by_day"].values()) <= sum(use["boardings_by_day"].values())
    assert counts["taps"] == sum(document["answers"].values())


def test_late_and_double_files_change_no_count(document: dict[str, Any]) -> None:
    counts = document["counts"]
    assert counts["taps repeated"] > 0
    assert counts["tap files received before"] > 0
    assert (counts["taps disputed"], counts["taps refused"]) == (0, 0)


def test_a_real_gate_answers_as_gates_are_played_in_bulk(document: dict[str, Any]) -> None:
    assert document["counts"]["gates asked"] > 50
    assert document["counts"]["gates answered otherwise"] == 0


def test_what_the_month_was_made_to_look_like_is_named_with_its_source(document: dict[str, Any]) -> None:
    pack = donghaeng.load(document["pack"])
    for one in document["calibrated"].values():
        assert one["sources"]
        assert set(one["sources"]) <= set(pack.sources)
    assert bool(document["calibrated"]) == (document["pack"] == SEOUL)


def test_made_up_places_and_readers_say_so(played: Path) -> None:
    distances = (played / "ledger.days/simulated-distances.csv").read_text("utf-8").splitlines()
    assert all(line.startswith("simulated-") for line in distances[1:])


def test_the_same_seed_plays_the_same_and_another_one_does_not(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two", "three")]
    for folder in folders:
        folder.mkdir()
    small = ("--cards", "40", "--days", "6")
    one, two = (play(folder, NARAE, *small) for folder in folders[:2])
    other = play(folders[2], NARAE, *small, "--seed", "8")
    # Even the root over all entries is the same, and with it the hash of every file of taps.
    assert {name: one[name] for name in one.keys() - WHERE} == {name: two[name] for name in two.keys() - WHERE}
    assert one["root"] != other["root"]


def test_what_is_released_is_marked_in_every_row_and_file_name(
    played: Path, document: dict[str, Any], tmp_path: Path
) -> None:
    url, key = f"sqlite:///{played}/ledger.db", str(played / "keys/extract.key")
    made = run("release", document["pack"], "--ledger", url, "--extract-key", key, "--out", str(tmp_path / "release"))
    assert made.code == 0, made.err
    tables = {
        path.name: json.loads(path.read_text("utf-8")) for path in (tmp_path / "release").rglob("statistics*.json")
    }
    marked = {name: rows for name, rows in tables.items() if "-simulated" in name}
    assert any(row["value"] for row in marked["statistics-simulated.json"])
    assert {row["kind"] for rows in marked.values() for row in rows} == {"simulated"}
    assert not any(rows for name, rows in tables.items() if name not in marked)


@pytest.mark.parametrize("played", [NARAE], indirect=True)
def test_made_up_cards_never_join_others(played: Path, tmp_path: Path) -> None:
    given = ("--cards", "1", "--ledger", f"sqlite:///{played}/ledger.db", "--keys", str(played / "keys"))
    beside = run("simulate", NARAE, *given)
    assert beside.code == 2
    assert "not empty" in beside.err
    joined = run("simulate", NARAE, *given, "--day-files", str(tmp_path / "days"))
    assert joined.code == 2
    assert "has entries already" in joined.err


BROKEN = [
    ("product: month_all", "product: month_al", 'no product "month_al"'),
    ("category: student", "category: pupil", 'no category "pupil"'),
    ("facts: {enrolled: true}, registered: true", "facts: {enrolled: true}", "must be verified"),
    ("facts: {enrolled: true}", "facts: {enroled: true}", 'unknown fact "enroled"'),
    ("facts: {zone: zone_1}", "facts: {zone: zone_9}", "zone_1, zone_2, outside"),
    ("  bus_1: {", "  bus_2: {", 'no line "bus_2"'),
    ("stuck_line: tram_1", "stuck_line: tram_9", 'no line "tram_9"'),
    ("rides: [10, 50, 20, 15, 0, 5]", "rides: [0, 0]", "all weights are 0"),
    ("missing: 0.02", "missing: 1.2", "1.2 is not possible"),
]


@pytest.mark.parametrize(("right", "wrong", "what"), BROKEN, ids=[wrong for _, wrong, _ in BROKEN])
def test_a_mix_with_a_fault_says_where_it_is(right: str, wrong: str, what: str, tmp_path: Path) -> None:
    pack = donghaeng.load(NARAE)
    text = (pack.folder / FILE).read_text("utf-8")
    assert right in text
    (tmp_path / "service").mkdir()
    (tmp_path / FILE).write_text(text.replace(right, wrong), "utf-8")
    faults = Faults()
    assert read_pass_simulation(tmp_path, "mine", pack.passes_section(), faults, pack.sources) is None
    assert any(what in str(error) for error in faults.errors)
    assert all(str(error).startswith(f"mine/{FILE}:") for error in faults.errors)


def test_a_figure_without_its_source_in_the_pack_is_a_fault(tmp_path: Path) -> None:
    pack = donghaeng.load(SEOUL)
    (tmp_path / "service").mkdir()
    text = (pack.folder / FILE).read_text("utf-8").replace("source: newspim-2024-10-10", "source: newspim-2024-10-11")
    (tmp_path / FILE).write_text(text, "utf-8")
    faults = Faults()
    assert read_pass_simulation(tmp_path, "mine", pack.passes_section(), faults, pack.sources) is None
    assert all('no source "newspim-2024-10-11"' in str(error) for error in faults.errors)
