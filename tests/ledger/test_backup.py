"""A backup taken while the ledger runs, and the drill of bringing it back."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, select

from donghaeng.errors import InputError, UsageError
from donghaeng.ledger.backup import LEDGER_FILE, MANIFEST, PERSONS_FILE, back_up, check_backup, erase_in, restore
from donghaeng.ledger.faults import DamagedError, ErasedError, UnavailableError
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.migrate import TableSet
from donghaeng.ledger.open import make_tables, open_store
from donghaeng.ledger.persons import Persons
from donghaeng.ledger.seals import seal
from donghaeng.ledger.statement import Statement
from donghaeng.ledger.verify import verify
from tests.ledger.conftest import STORES
from tests.ledger.ledgers import charged, opened, visit

NOW = "2026-05-20T12:00:00.000000Z"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


def persons_of(ledger: Ledger) -> Persons:
    assert ledger.persons is not None
    return ledger.persons


@pytest.mark.parametrize("target", STORES)
def test_the_drill(url: str, target: str, new_url: Callable[[str], str], tmp_path: Path) -> None:
    """Back up while somebody writes, lose everything, bring it back into either store, and go on."""
    ledger = opened(url)
    person = persons_of(ledger).person("clinic/1", "chart 17")
    ledger.append([visit(person, 1, pregnant=True), *(charged(number) for number in range(500))])
    held = seal(ledger.store, KEY, NOON)
    stop = threading.Event()

    def go_on() -> None:
        number = 1_000
        while not stop.is_set():
            ledger.append([charged(number), charged(number + 1, "card/2")])
            number += 2

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        made = back_up(url, tmp_path / "backup", NOW)
    finally:
        stop.set()
        thread.join()
    entries = list(ledger.entries())
    ledger.close()

    there = new_url(target)
    report = restore(tmp_path / "backup", there, seals=[held])

    assert (report.holds, report.entries, report.sealed) == (True, made.entries, 501)
    again = opened(there)
    assert list(again.entries()) == entries[: made.entries]
    assert (made.entries - 501) % 2 == 0, "a request came by half"
    assert persons_of(again).find("clinic/1", "chart 17") == person
    assert again.body(next(again.entries())).model_dump()["pregnant"] is True
    (more,) = again.append(charged(99_999, "card/2"))
    assert more.sequence > entries[made.entries - 1].sequence
    assert seal(again.store, KEY, NOW, since_last=True).previous_root == held.root
    assert verify(again.store, [held]).holds
    again.close()


NOON = "2026-05-20T03:00:00.000000Z"


def test_who_was_erased_after_the_backup_is_erased_again_by_the_restore(
    url: str, new_url: Callable[[str], str], tmp_path: Path
) -> None:
    ledger = opened(url)
    persons = persons_of(ledger)
    gone, here = persons.person("clinic/1", "17"), persons.person("clinic/1", "18")
    ledger.append([visit(gone, 1, pregnant=True), visit(here, 2, pregnant=False)])
    back_up(url, tmp_path / "backup", NOW)
    persons.erase(gone, "asked for")
    listed = persons.erasures()
    ledger.close()

    there = new_url("sqlite")
    restore(tmp_path / "backup", there, listed)
    again = opened(there)
    first, second = again.entries()
    with pytest.raises(ErasedError):
        again.body(first)
    assert again.body(second).model_dump()["pregnant"] is False
    assert persons_of(again).find("clinic/1", "17") is None
    assert persons_of(again).was_erased(gone)
    again.close()


def test_who_is_erased_in_a_backup_is_no_longer_in_its_files(new_url: Callable[[str], str], tmp_path: Path) -> None:
    url = new_url("sqlite")
    ledger = opened(url)
    persons = persons_of(ledger)
    gone, here = persons.person("clinic/1", "17"), persons.person("clinic/1", "18")
    ledger.append([visit(gone, 1, pregnant=True), visit(here, 2, pregnant=False)])
    back_up(url, tmp_path / "backup", NOW)
    with sqlite3.connect(tmp_path / "backup" / PERSONS_FILE) as connection:
        secrets = connection.execute(
            "SELECT wrapped_key FROM fact_keys WHERE pseudonym = :who UNION ALL "
            "SELECT number FROM person_maps WHERE pseudonym = :who",
            {"who": gone},
        ).fetchall()
    connection.close()
    persons.erase(gone, "asked for")

    erase_in(tmp_path / "backup", persons.erasures())

    assert len(secrets) == 2
    for file in (tmp_path / "backup").iterdir():
        assert all(secret not in file.read_bytes() for (secret,) in secrets)
    names = sorted(file.name for file in (tmp_path / "backup").iterdir())
    assert names == sorted([LEDGER_FILE, PERSONS_FILE, MANIFEST])
    there = new_url("sqlite")
    restore(tmp_path / "backup", there)
    again = opened(there)
    assert persons_of(again).find("clinic/1", "17") is None
    assert persons_of(again).find("clinic/1", "18") == here
    again.close()
    ledger.close()


CARDS_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "cards_1"
down_revision = None


def upgrade():
    op.create_table("cards", sa.Column("card", sa.Text, primary_key=True), sa.Column("won", sa.Integer))
"""


def test_tables_of_services_go_with_the_entries(url: str, tmp_path: Path, new_url: Callable[[str], str]) -> None:
    cards = Table("cards", MetaData(), Column("card", Text, primary_key=True), Column("won", Integer))
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "v0001_cards.py").write_text(CARDS_MIGRATION, "utf-8")
    of_service = TableSet("cards", tmp_path / "migrations", "cards_1", (cards,))
    make_tables(url, of_service)
    ledger = opened(url)
    ledger.append(
        charged(1),
        lambda transaction: transaction.execute(Statement(insert(cards)), {"card": "card/1", "won": 1_000}),
    )
    back_up(url, tmp_path / "backup", NOW, more=[of_service])
    ledger.close()
    for store in STORES:
        there = new_url(store)
        restore(tmp_path / "backup", there, more=[of_service])
        again = opened(there)
        assert list(again.store.query(Statement(select(cards)))) == [("card/1", 1_000)]
        again.close()


def test_a_backup_that_was_damaged_or_altered_is_not_brought_back(
    new_url: Callable[[str], str], tmp_path: Path
) -> None:
    url = new_url("sqlite")
    ledger = opened(url)
    ledger.append([charged(number) for number in range(20)])
    held = seal(ledger.store, KEY, NOON)
    ledger.close()
    backup = tmp_path / "backup"
    back_up(url, backup, NOW)
    assert check_backup(backup).entries == 20

    whole = (backup / LEDGER_FILE).read_bytes()
    (backup / LEDGER_FILE).write_bytes(whole[:5_000] + b"x" + whole[5_001:])
    with pytest.raises(InputError, match="not as it was written"):
        restore(backup, new_url("sqlite"))
    (backup / LEDGER_FILE).write_bytes(whole)

    # Who alters the entries and writes the manifest anew is found when the ledger itself is verified.
    with sqlite3.connect(backup / LEDGER_FILE) as connection:
        connection.execute("DROP TRIGGER entries_stay_on_UPDATE")
        connection.execute("UPDATE entries SET body = replace(body, '1000', '9000') WHERE sequence = 3")
    connection.close()
    text = (backup / MANIFEST).read_text()
    import hashlib

    old, new = hashlib.sha256(whole).hexdigest(), hashlib.sha256((backup / LEDGER_FILE).read_bytes()).hexdigest()
    (backup / MANIFEST).write_text(text.replace(old, new))
    there = new_url("sqlite")
    with pytest.raises(DamagedError, match="stream card/1, entry 3"):
        restore(backup, there, seals=[held])
    with pytest.raises(UnavailableError):
        open_store(there)
    shutil.rmtree(backup)
    with pytest.raises(InputError, match="not a backup"):
        check_backup(backup)


def test_nothing_that_is_there_is_written_over(url: str, new_url: Callable[[str], str], tmp_path: Path) -> None:
    ledger = opened(url)
    ledger.append(charged(1))
    ledger.close()
    back_up(url, tmp_path / "backup", NOW)
    with pytest.raises(UsageError, match="exists"):
        back_up(url, tmp_path / "backup", NOW)
    with pytest.raises(UsageError, match=r"exists|already"):
        restore(tmp_path / "backup", url)
    with pytest.raises(UnavailableError):
        back_up(f"sqlite:///{tmp_path}/none.db", tmp_path / "other", NOW)
    assert not (tmp_path / "other").exists()
    assert new_url
