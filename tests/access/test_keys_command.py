"""`donghaeng keys`: a secret is printed once, and a key does what the command said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from donghaeng.access.keys import holds_key, read_key
from donghaeng.access.scopes import SCOPES
from tests.command import Done, run

AT = "2026-05-20T09:00:00+09:00"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with no address in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DONGHAENG_DATABASE_URL", raising=False)
    return tmp_path


def create(*more: object) -> Done:
    return run("keys", "create", "--scope", "identity:desk", "--organisation", "clinic-1", "--at", AT, *more)


def document(*arguments: object) -> Any:
    done = run("keys", *arguments, "--json")
    assert (done.code, done.err) == (0, ""), done
    return json.loads(done.out)


def test_a_key_is_the_only_line_on_stdout_so_that_it_can_be_kept_in_a_file() -> None:
    done = create()
    assert done.code == 0
    key = read_key(done.out.removesuffix("\n"))
    assert key is not None
    assert done.err == (
        f"{key.id}: identity:desk for clinic-1, until 2027-05-20 00:00Z. The key above is not shown again.\n"
    )


def test_a_secret_is_shown_once(folder: Path) -> None:
    key = read_key(create().out.strip())
    assert key is not None
    printed = [run("keys", "list"), run("keys", "list", "--json"), run("ledger", "show", f"keys/{key.id}")]
    printed += [run("keys", "revoke", key.id), run("keys", "revoke", key.id, "--json")]
    assert all(done.code == 0 and key.id in done.out and not holds_key(done.out + done.err) for done in printed)
    assert all(key.secret.encode() not in file.read_bytes() for file in folder.iterdir())


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        ("90d", "2026-08-18T00:00:00+00:00"),
        ("2026-12-31", "2027-01-01T00:00:00+00:00"),
        ("2026-12-31T18:00:00+09:00", "2026-12-31T09:00:00+00:00"),
        ("never", None),
    ],
)
def test_a_key_ends_when_it_is_said(given: str, ends: str | None) -> None:
    made = json.loads(create("--expires", given, "--json").out)
    assert made["expires_at"] == ends
    (listed,) = document("list", "--at", AT)["keys"]
    assert listed == {name: value for name, value in made.items() if name != "key"}
    if ends:
        assert document("list", "--at", ends)["keys"][0]["state"] == "expired"


@pytest.mark.parametrize("given", ["soon", "90", "2026-02-30", "2026-12-31T18:00:00", "", "9" * 6 + "d", "99999999d"])
def test_an_end_that_is_none_is_told(given: str) -> None:
    done = create("--expires", given)
    assert (done.code, done.out) == (2, "")
    assert "write 90d" in done.err


def test_wrong_scopes_and_organisations_are_told_and_make_no_ledger(folder: Path) -> None:
    done = run("keys", "create", "--scope", "identity:desks", "--organisation", "clinic-1")
    assert (done.code, done.err) == (2, 'there is no scope "identity:desks"; did you mean "identity:desk"?\n')
    assert list(folder.iterdir()) == []
    assert run("keys", "create", "--scope", "admin", "--organisation", "Clinic").code == 2


def test_all_scopes_can_be_given() -> None:
    options = [part for scope in reversed(SCOPES) for part in ("--scope", scope)]
    made = json.loads(run("keys", "create", *options, "--organisation", "city", "--json").out)
    assert made["scopes"] == list(SCOPES)


def test_a_revoked_key_says_so_and_why() -> None:
    key_id = json.loads(create("--note", "front desk", "--json").out)["id"]
    done = run("keys", "revoke", key_id, "--reason", "lost", "--at", "2026-06-01T00:00:00Z")
    assert done.out == f"{key_id}: revoked at 2026-06-01 00:00Z; servers refuse it within 5 seconds\n"
    table = run("keys", "list").out
    assert "revoked" in table
    assert "front desk" in table
    shown = json.loads(run("ledger", "show", f"keys/{key_id}", "--json").out)["entries"]
    assert shown[1]["body"] == {"key": key_id, "organisation": "clinic-1", "reason": "lost"}
    assert run("ledger", "verify").code == 0


def test_what_is_not_there_is_told(folder: Path) -> None:
    assert run("keys", "list").code == 1  # no ledger
    assert list(folder.iterdir()) == []
    create()
    done = run("keys", "revoke", "nobody")
    assert (done.code, done.out) == (1, "")
    assert "`donghaeng keys list`" in done.err


def test_a_ledger_that_was_made_before_there_were_keys_gets_them() -> None:
    from donghaeng.ledger.open import open_store

    open_store("sqlite:///old.db", create=True).close()
    assert document("list", "--ledger", "sqlite:///old.db") == {"keys": []}
    assert create("--ledger", "sqlite:///old.db").code == 0
