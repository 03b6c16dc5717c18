"""Made-up days through the real service: marked from the first entry to the last file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import run

PACK = "kr/nhi-id-check"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("played")
    play(folder)
    return folder


def play(folder: Path, *more: str) -> dict[str, object]:
    url, keys = f"sqlite:///{folder}/ledger.db", str(folder / "keys")
    made = run("simulate", PACK, "--visits", "120", "--seed", "7", "--ledger", url, "--keys", keys, "--json", *more)
    assert made.code == 0, made.err
    (folder / "played.json").write_text(made.out, "utf-8")
    found: dict[str, object] = json.loads(made.out)
    return found


def test_everything_played_is_under_a_seal_and_holds(played: Path) -> None:
    document = json.loads((played / "played.json").read_text("utf-8"))
    url = f"sqlite:///{played}/ledger.db"
    seal, public = str(played / "keys/simulation.seal.json"), str(played / "keys/seal.pub")
    verified = run("ledger", "verify", "--ledger", url, "--seal", seal, "--public-key", public, "--json")
    report = json.loads(verified.out)
    assert (report["holds"], report["not_yet_sealed"], report["entries"]) == (True, 0, document["entries"])
    assert document["visits"] == 120
    assert sum(document["results"].values()) == 120
    assert document["made_up"] is True


def test_throw_away_keys_say_so(played: Path) -> None:
    assert "thrown away" in (played / "keys/THROW-AWAY").read_text("utf-8")


def test_the_first_entry_says_that_all_is_made_up(played: Path) -> None:
    shown = run("ledger", "show", "simulation", "--ledger", f"sqlite:///{played}/ledger.db", "--json")
    (entry,) = json.loads(shown.out)["entries"]
    assert entry["sequence"] == 1
    assert entry["body"]["made_up"] is True
    assert entry["body"]["seed"] == 7


def test_the_same_seed_plays_the_same(played: Path, tmp_path: Path) -> None:
    first = json.loads((played / "played.json").read_text("utf-8"))
    again = play(tmp_path)
    differing = {"keys", "seal"}
    # Throw-away keys differ from run to run, what is played does not: even the root over all entries is the same.
    assert {name: first[name] for name in first.keys() - differing} == {
        name: again[name] for name in again.keys() - differing
    }


def test_made_up_entries_never_join_others(played: Path) -> None:
    url, keys = f"sqlite:///{played}/ledger.db", str(played / "keys")
    refused = run("simulate", PACK, "--visits", "1", "--ledger", url, "--keys", keys)
    assert refused.code == 2
    assert "has entries already" in refused.err


def test_real_desks_are_not_opened_on_a_made_up_ledger(played: Path) -> None:
    url, key = f"sqlite:///{played}/ledger.db", str(played / "keys/master.key")
    refused = run("serve", "--ledger", url, "--master-key", key, "--port", "0")
    assert refused.code == 2
    assert "made up" in refused.err


def test_what_is_released_is_marked_in_every_row_and_file_name(played: Path, tmp_path: Path) -> None:
    url, key = f"sqlite:///{played}/ledger.db", str(played / "keys/extract.key")
    made = run("release", PACK, "--ledger", url, "--extract-key", key, "--out", str(tmp_path / "release"))
    assert made.code == 0, made.err
    tables = {
        path.name: json.loads(path.read_text("utf-8")) for path in (tmp_path / "release").rglob("statistics*.json")
    }
    marked = {name: rows for name, rows in tables.items() if "-simulated" in name}
    assert any(row["value"] for row in marked["statistics-simulated.json"])
    assert {row["kind"] for rows in marked.values() for row in rows} == {"simulated"}
    assert not any(rows for name, rows in tables.items() if name not in marked)


def test_a_pack_without_a_service_cannot_be_played(tmp_path: Path) -> None:
    refused = run(
        "simulate", "undp/hdi", "--ledger", f"sqlite:///{tmp_path}/ledger.db", "--keys", str(tmp_path / "keys")
    )
    assert refused.code == 2
    assert "no service that can be played" in refused.err
    assert not (tmp_path / "ledger.db").exists()
