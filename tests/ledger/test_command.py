"""`donghaeng ledger`: what it prints, and its exit codes."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from donghaeng import cli
from donghaeng.cli import ledger as command
from donghaeng.identifiers import refuse_identifiers
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.open import open_persons, open_store
from donghaeng.ledger.persons import Persons
from tests.command import Done, run
from tests.ledger.ledgers import KINDS, Clock, bytes_in_a_row, charged, visit


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with no address in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DONGHAENG_DATABASE_URL", raising=False)
    if all(group.name != "ledger" for group in cli.app.registered_groups):
        cli.app.add_typer(command.app, name="ledger")
    return tmp_path


def well(*arguments: object) -> str:
    done = run("ledger", *arguments)
    assert (done.code, done.err) == (0, ""), done
    return done.out


def document(*arguments: object) -> Any:
    return json.loads(well(*arguments, "--json"))


def wrong(*arguments: object) -> Done:
    done = run("ledger", *arguments)
    assert done.code == 1, done
    return done


def filled(url: str = "sqlite:///donghaeng.db") -> str:
    """A ledger with a person, a visit and some charges; gives the pseudonym."""
    well("migrate", "--ledger", url)
    well("keygen", "keys")
    master = bytes.fromhex(Path("keys/master.key").read_text())
    persons = Persons(open_persons(url), master, bytes_in_a_row(), Clock())
    ledger = Ledger(open_store(url), KINDS, Clock(), persons=persons, check=refuse_identifiers)
    person = persons.person("clinic/1", "chart 17")
    ledger.append([visit(person, 1, pregnant=True), *(charged(number) for number in range(10))])
    ledger.append(charged(10, won=2_000, corrects=3))
    ledger.close()
    return person


def test_a_ledger_is_sealed_and_verified_and_a_change_is_named() -> None:
    filled()
    assert "12 entries, root" in well(
        "seal", "--key", "keys/seal.key", "--out", "seal.json", "--at", "2026-05-21T00:00:00Z"
    )
    report = document("verify", "--seal", "seal.json", "--public-key", "keys/seal.pub")
    assert report == {
        "ledger": "donghaeng.db",
        "holds": True,
        "entries": 12,
        "sealed": 12,
        "not_yet_sealed": 0,
        "seals": 1,
        "findings": [],
        "more": 0,
        "day_files": 0,
        "day_files_checked": False,
        "day_files_of_nobody": [],
    }
    assert "holds; 12 entries, compared with no seal, 12 not yet sealed" in well("verify")

    connection = sqlite3.connect("donghaeng.db")
    connection.execute("DROP TRIGGER entries_stay_on_UPDATE")
    connection.execute("UPDATE entries SET body = replace(body, '1000', '9000') WHERE sequence = 5")
    connection.commit()
    connection.close()
    done = wrong("verify", "--seal", "seal.json", "--public-key", "keys/seal.pub")
    assert "stream card/1, entry 4 (sequence 5): its fields do not give its hash" in done.out
    assert "was altered" in done.out


def test_a_seal_is_checked_against_the_key_that_is_held() -> None:
    filled()
    well("seal", "--key", "keys/seal.key", "--out", "seal.json")
    well("keygen", "others")
    assert "not signed with the key" in wrong("verify", "--seal", "seal.json", "--public-key", "others/seal.pub").err
    assert run("ledger", "verify", "--seal", "seal.json").code == 2
    assert "not a public key" in wrong("verify", "--seal", "seal.json", "--public-key", "keys/seal.key").err
    assert "not a private key" in wrong("seal", "--key", "keys/seal.pub", "--out", "other.json").err
    assert run("ledger", "seal", "--key", "keys/seal.key", "--out", "seal.json").code == 2


def test_an_entry_is_proved_to_who_has_no_ledger() -> None:
    filled()
    assert "not sealed yet" in wrong("prove", "card/1", 4, "--out", "proof.json").err
    well("seal", "--key", "keys/seal.key", "--out", "seal.json")
    well("prove", "card/1", 4, "--out", "proof.json")
    Path("donghaeng.db").unlink()
    seal = ("--seal", "seal.json", "--public-key", "keys/seal.pub")
    assert "entry 4 of card/1 is under the seal" in well("check-proof", "proof.json", *seal)
    Path("proof.json").write_text(Path("proof.json").read_text().replace("1000", "9000"))
    assert "is not shown" in wrong("check-proof", "proof.json", *seal).out


def test_a_stream_is_shown_as_it_stood() -> None:
    filled()
    shown = document("show", "card/1")["entries"]
    assert [entry["position"] for entry in shown] == list(range(1, 12))
    assert shown[10]["corrects"] == 3
    assert shown[0]["body"] == {"card": "card/1", "won": 1_000}
    assert len(shown[0]["hash"]) == 64
    assert len(document("show", "card/1", "--at", "2026-05-20T09:00:01+09:00")["entries"]) == 10
    text = well("show", "card/1")
    assert "card/1: 11 entries" in text
    assert "corrects 3" in text
    assert "pregnant" not in well("show", "visits/1")
    assert "no stream card/2" in wrong("show", "card/2").err
    assert run("ledger", "show", "card/1", "--at", "yesterday").code == 2


def test_the_drill_of_backup_and_restore() -> None:
    person = filled()
    well("seal", "--key", "keys/seal.key", "--out", "seal.json")
    assert "12 entries as of" in well("backup", "backup")
    erase = ("erase-person", person, "--reason", "asked for", "--master-key", "keys/master.key")
    assert "1 number" in well(*erase, "--dry-run")
    assert document("verify")["entries"] == 12
    assert "erased" in well(*erase)
    assert document("show", "persons")["entries"][0]["body"] == {"person": person, "reason": "asked for"}
    for file in Path().glob("donghaeng.*db*"):
        file.unlink()

    assert run("ledger", "restore", "backup", "--erasures", "none").code == 2
    assert "1 erasures to do again" in well("restore", "backup", "--dry-run")
    seal = ("--seal", "seal.json", "--public-key", "keys/seal.pub")
    assert "12 entries as of" in well("restore", "backup", *seal)
    persons = Persons(
        open_persons("sqlite:///donghaeng.db"), bytes.fromhex(Path("keys/master.key").read_text()), bytes, Clock()
    )
    assert persons.was_erased(person)
    assert persons.find("clinic/1", "chart 17") is None
    persons.close()
    assert run("ledger", "restore", "backup").code == 2
    assert wrong("restore", "nowhere", "--ledger", "sqlite:///other.db").code == 1


def test_who_is_erased_is_erased_in_backups_that_can_be_reached() -> None:
    person = filled()
    well("backup", "backup")
    well("erase-person", person, "--reason", "asked for", "--master-key", "keys/master.key", "--backup", "backup")
    well("restore", "backup", "--ledger", "sqlite:///again.db", "--no-erasures")
    with sqlite3.connect("again.persons.db") as connection:
        assert connection.execute("SELECT count(*) FROM persons").fetchone() == (0,)
        assert connection.execute("SELECT pseudonym FROM erasures").fetchone() == (person,)
    connection.close()


def test_facts_past_their_period_are_erased_on_the_day() -> None:
    filled()
    Path("retention.yaml").write_text(
        "retention:\n  - {kind: visit, months: 60, from: 2024-05-20, source: claims are kept five years}\n"
    )
    due = ("erase-due", "--retention", "retention.yaml", "--master-key", "keys/master.key")
    assert "0 keys due on 2031-05-20" in well(*due, "--at", "2031-05-20T12:00:00+09:00")
    assert "facts of visit on 2026-05-20" in well(*due, "--at", "2031-05-21T12:00:00+09:00", "--dry-run")
    assert "1 key due on 2031-05-21 destroyed" in well(*due, "--at", "2031-05-21T12:00:00+09:00")
    assert "0 keys due" in well(*due, "--at", "2031-05-21T12:00:00+09:00")
    assert document("verify")["holds"]


def test_a_ledger_on_a_server_is_the_same_to_the_command(new_url: Any) -> None:
    url = new_url("postgresql")
    filled(url)
    well("seal", "--ledger", url, "--key", "keys/seal.key", "--out", "seal.json")
    report = document("verify", "--ledger", url, "--seal", "seal.json", "--public-key", "keys/seal.pub")
    assert (report["holds"], report["not_yet_sealed"]) == (True, 0)
    assert url not in json.dumps(report)
    well("backup", "backup", "--ledger", url)
    assert "12 entries" in well("restore", "backup", "--no-erasures")


def test_the_address_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DONGHAENG_DATABASE_URL", "sqlite:///elsewhere.db")
    filled("sqlite:///elsewhere.db")
    assert document("verify")["ledger"] == "elsewhere.db"


def test_what_is_not_there_or_not_a_ledger_is_told() -> None:
    assert "donghaeng.db" in wrong("verify").err
    assert not Path("donghaeng.db").exists()
    Path("donghaeng.db").write_bytes(b"x" * 5_000)
    assert "damaged" in wrong("verify").err
    assert run("ledger", "verify", "--ledger", "mysql://x").code == 2
    well("keygen", "keys")
    assert run("ledger", "keygen", "keys").code == 2
    assert Path("keys/master.key").stat().st_mode & 0o077 == 0
    assert "not a key" in wrong("extract", "out", "--key", "keys/seal.pub").err


def test_an_extract_of_own_entries() -> None:
    person = filled()
    well("erase-person", person, "--reason", "asked for", "--master-key", "keys/master.key")
    # The services register their kinds here; those of this test are nobody's.
    assert "no kind" in wrong("extract", "out", "--key", "keys/extract.key").err
