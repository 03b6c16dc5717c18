"""Keys are recorded in the ledger, found by their hash, and end when they should."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from donghaeng.access.keys import make_key
from donghaeng.access.ring import REMEMBERED, KeyRejectedError
from donghaeng.access.schema import TABLE_SET, access_keys
from donghaeng.access.scopes import SCOPES
from donghaeng.api.live import Live
from donghaeng.errors import InputError, UsageError
from donghaeng.ledger.faults import ConflictError, UnavailableError
from donghaeng.ledger.open import sqlalchemy_url
from donghaeng.ledger.statement import Statement, Transaction
from donghaeng.ledger.verify import verify
from tests.access.rings import CHANCE, Timer, opened
from tests.ledger.ledgers import Clock


@pytest.fixture
def live(url: str) -> Iterator[Live]:
    live = opened(url)
    yield live
    live.close()


def why(live: Live, presented: str) -> str:
    with pytest.raises(KeyRejectedError) as caught:
        live.keys.check(presented)
    assert not presented or presented not in str(caught.value)
    return caught.value.why


def test_a_key_is_known_by_its_text_and_by_nothing_else(live: Live) -> None:
    key, record = live.keys.create("clinic-1", ["identity:desk", "auditor"], note="front desk")
    other, _ = live.keys.create("clinic-2", ["identity:desk"])

    assert live.keys.check(key.text) == record
    assert (record.organisation, record.scopes) == ("clinic-1", frozenset({"identity:desk", "auditor"}))
    assert live.keys.check(other.text).organisation == "clinic-2"
    for wrong in (
        f"dh_{key.id}_{other.secret}",
        f"dh_{other.id}_{key.secret}",
        make_key(CHANCE).text,
        key.id,
        "",
        "\ud800",
    ):
        assert why(live, wrong) == "unknown"


def test_what_is_made_and_revoked_stands_in_the_ledger_without_the_secret_or_its_hash(live: Live) -> None:
    key, record = live.keys.create("clinic-1", ["admin"], expires_at=live.ledger.clock() + timedelta(days=1))
    live.keys.revoke(key.id, "lost")

    made, revoked = live.ledger.stream(f"keys/{key.id}")
    assert (made.kind, revoked.kind) == ("key-created", "key-revoked")
    body: Any = live.ledger.body(made)
    assert (body.key, body.organisation, body.scopes, body.expires_at) == (
        *(key.id, "clinic-1", ("admin",)),
        record.expires_at,
    )
    assert live.ledger.clear(revoked) == {"key": key.id, "organisation": "clinic-1", "reason": "lost"}
    for entry in (made, revoked):
        assert key.secret not in str(entry.shown())
        assert key.hash.hex() not in str(entry.shown())
    assert verify(live.ledger.store).holds


def test_the_secret_is_in_no_file_of_the_store(tmp_path: Path) -> None:
    live = opened(f"sqlite:///{tmp_path}/a.db")
    keys = [live.keys.create("clinic-1", ["identity:desk"])[0] for _ in range(3)]
    live.keys.revoke(keys[0].id)
    live.close()
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for key in keys:
        assert key.id.encode() in stored
        assert key.hash in stored
        assert key.secret.encode() not in stored


def test_the_entry_and_the_row_come_together_or_not_at_all(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    key, _ = live.keys.create("clinic-1", ["auditor"])
    before = [entry.idempotency_key for entry in live.ledger.entries()]

    # A second key of the same id: its entry is refused by its stream, and its row by the table.
    monkeypatch.setattr("donghaeng.access.ring.make_key", lambda _: key)
    with pytest.raises(ConflictError):
        live.keys.create("clinic-2", ["admin"])

    def fail(self: Any, statement: Statement, parameters: Any = None) -> Any:
        raise UnavailableError("the table is gone")

    monkeypatch.setattr("donghaeng.access.ring.make_key", make_key)
    writer: type[Transaction] = _transaction_of(live)
    monkeypatch.setattr(writer, "execute", fail)
    with pytest.raises(UnavailableError):
        live.keys.create("clinic-3", ["admin"])
    with pytest.raises(UnavailableError):
        live.keys.revoke(key.id)
    monkeypatch.undo()

    assert [entry.idempotency_key for entry in live.ledger.entries()] == before
    assert [record.organisation for record in live.keys.records()] == ["clinic-1"]
    assert live.keys.check(key.text).revoked_at is None


def _transaction_of(live: Live) -> Any:
    if live.ledger.store.dialect == "sqlite":
        from donghaeng.ledger.sqlite import _Transaction

        return _Transaction
    from donghaeng.ledger.postgresql import _Transaction as _OnServer

    return _OnServer


def test_a_revoked_key_ends_at_once_here_and_in_seconds_elsewhere(url: str) -> None:
    timer = Timer()
    live, elsewhere = opened(url), opened(url, timer=timer)
    key, _ = live.keys.create("clinic-1", ["auditor"])
    assert live.keys.check(key.text)
    assert elsewhere.keys.check(key.text)

    assert live.keys.revoke(key.id).revoked_at is not None

    assert why(live, key.text) == "revoked"
    timer.now += REMEMBERED - 0.001
    assert elsewhere.keys.check(key.text)
    timer.now += 0.001
    assert why(elsewhere, key.text) == "revoked"
    live.close()
    elsewhere.close()


def test_a_key_that_is_revoked_while_it_is_checked_is_not_remembered(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, _ = live.keys.create("clinic-1", ["auditor"])
    query = live.ledger.store.query

    def revoked_meanwhile(statement: Statement, parameters: Any = None) -> Any:
        rows = list(query(statement, parameters))
        monkeypatch.setattr(live.ledger.store, "query", query)
        live.keys.revoke(key.id)
        return iter(rows)

    monkeypatch.setattr(live.ledger.store, "query", revoked_meanwhile)
    assert live.keys.check(key.text)  # it was valid when it was read
    assert why(live, key.text) == "revoked"


def test_who_revokes_again_or_at_once_changes_nothing(live: Live) -> None:
    key, _ = live.keys.create("clinic-1", ["auditor"])
    revoked: list[Any] = []
    threads = [threading.Thread(target=lambda: revoked.append(live.keys.revoke(key.id))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(revoked) == 4
    assert len({record.revoked_at for record in [*revoked, live.keys.revoke(key.id)]}) == 1
    assert [entry.kind for entry in live.ledger.stream(f"keys/{key.id}")] == ["key-created", "key-revoked"]


def test_a_key_ends_to_the_second_even_when_it_is_remembered(url: str) -> None:
    clock = Clock()
    live = opened(url, clock)
    key, record = live.keys.create("clinic-1", ["auditor"], expires_at=clock.time + timedelta(hours=1))
    assert record.expires_at is not None
    clock.time = record.expires_at - timedelta(seconds=2)
    assert live.keys.check(key.text)
    assert why(live, key.text) == "expired"  # the clock goes on by a second at each look
    assert [one.state(clock()) for one in live.keys.records()] == ["expired"]
    live.close()


def test_a_key_without_end_does_not_end(url: str) -> None:
    clock = Clock()
    live = opened(url, clock)
    key, _ = live.keys.create("clinic-1", ["auditor"])
    clock.time += timedelta(days=36_500)
    assert live.keys.check(key.text).expires_at is None
    live.close()


def test_that_a_key_is_not_there_is_never_remembered(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    key = make_key(CHANCE)
    assert why(live, key.text) == "unknown"
    monkeypatch.setattr("donghaeng.access.ring.make_key", lambda _: key)
    live.keys.create("clinic-1", ["auditor"])
    assert live.keys.check(key.text)


def test_no_more_is_remembered_than_it_should(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("donghaeng.access.ring.MOST_REMEMBERED", 2)
    for _ in range(5):
        key, _ = live.keys.create("clinic-1", ["auditor"])
        assert live.keys.check(key.text)
        assert len(live.keys._remembered) <= 2
    assert all(key.text.encode() not in digest for digest in live.keys._remembered)


REGISTRATION = "920229" + "-" + "1" + "234567"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"organisation": "Clinic 1"}, "lower-case"),
        ({"organisation": ""}, "lower-case"),
        ({"organisation": "a" * 65}, "64"),
        ({"organisation": REGISTRATION}, "number of a person"),
        ({"scopes": []}, "needs a scope"),
        ({"scopes": ["audit"]}, 'did you mean "auditor"'),
        ({"scopes": ["everything-there-is"]}, "the scopes are"),
        ({"note": "two\nlines"}, "one line"),
        ({"note": "n" * 201}, "200"),
        ({"note": REGISTRATION}, "numbers of persons"),
    ],
)
def test_what_is_not_fit_makes_no_key(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    live = opened(f"sqlite:///{tmp_path}/a.db")
    wanted: dict[str, Any] = {"organisation": "clinic-1", "scopes": ["auditor"], "note": ""} | given
    with pytest.raises(UsageError, match=said) as caught:
        live.keys.create(wanted.pop("organisation"), wanted.pop("scopes"), **wanted)
    assert REGISTRATION not in str(caught.value)
    with pytest.raises(UsageError, match="later end"):
        live.keys.create("clinic-1", ["auditor"], expires_at=live.ledger.clock())
    assert live.keys.records() == []
    assert list(live.ledger.entries()) == []
    live.close()


def test_a_key_that_is_not_there_cannot_be_revoked(live: Live) -> None:
    with pytest.raises(InputError, match="keys list"):
        live.keys.revoke("nobody")


def test_all_scopes_are_taken_and_none_implies_another(live: Live) -> None:
    for scope in SCOPES:
        key, _ = live.keys.create("clinic-1", [scope])
        assert live.keys.check(key.text).scopes == {scope}


def test_the_migrations_make_the_table_that_the_code_knows(live: Live) -> None:
    engine = create_engine(sqlalchemy_url(live.ledger.store.url), poolclass=NullPool)
    columns = {column["name"]: column["nullable"] for column in inspect(engine).get_columns("access_keys")}
    with engine.connect() as connection:
        version = connection.execute(text(f"SELECT version_num FROM {TABLE_SET.version_table}")).scalar()
    engine.dispose()
    wanted = {column.name: bool(column.nullable) for column in access_keys.columns}
    assert list(columns) == list(wanted)
    assert {name: nullable for name, nullable in columns.items() if name != "id"} == {
        name: nullable for name, nullable in wanted.items() if name != "id"
    }
    assert version == TABLE_SET.newest
