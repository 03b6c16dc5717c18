"""A desk that is killed at any moment: every visit that was answered is there, whole and once, on both stores."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from donghaeng.ledger.statement import Statement
from donghaeng.ledger.verify import verify
from donghaeng.services.identity.kinds import PERSONAL_PART
from donghaeng.services.identity.schema import TABLES
from donghaeng.services.identity.service import IdentityService, ledger_key
from tests.identity.desk_writer import request, write
from tests.identity.desks import CLINIC, opened

KILLS = 100 if os.environ.get("DONGHAENG_FAULTS") == "full" else 20
WRITER = Path(__file__).with_name("desk_writer.py")


def told(notes: Path) -> list[int]:
    """Give the numbers of the requests that were answered; a last line without its end was not."""
    return [int(line) for line in notes.read_text().splitlines()] if notes.exists() else []


@pytest.fixture
def desk() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, str(WRITER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield process
    assert process.stdin
    assert process.stdout
    process.stdin.close()
    process.wait(10)
    process.stdout.close()


def rows(service: IdentityService) -> list[list[tuple[object, ...]]]:
    return [sorted(map(tuple, service.ledger.store.query(Statement(select(table))))) for table in TABLES]


def check(service: IdentityService, answered: list[int]) -> int:
    """Check that what was answered is there, whole and once, and that the tables are what the entries come to."""
    entries = list(service.ledger.entries())
    assert max(Counter(entry.idempotency_key for entry in entries).values()) == 1
    keys = {entry.idempotency_key for entry in entries}
    wanted = {ledger_key(service, CLINIC, f"v{number}") for number in answered}
    wanted |= {ledger_key(service, CLINIC, f"c{number}") for number in answered if number % 3 == 0}
    assert wanted <= keys, "answered and not there"
    for number, entry in enumerate(entries):
        body = msgspec.json.decode(entry.body)
        if entry.kind == PERSONAL_PART:
            after = next(one for one in entries[number + 1 :] if one.stream == entry.stream)
            assert (after.idempotency_key, after.position) == (body["of"], entry.position + 1)
        elif body.get("personal"):
            assert f"part of {entry.idempotency_key}" in keys
    report = verify(service.ledger.store)
    assert report.holds, report.findings
    live = rows(service)
    assert len(live[0]) == sum(entry.kind == "visit-recorded" for entry in entries)
    service.rebuild()
    assert rows(service) == live, "entries and tables differ"
    return len(entries)


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_desk_that_is_killed_at_any_moment_loses_nothing_and_doubles_nothing(
    store: str, new_url: Callable[[str], str], desk: subprocess.Popen[str], tmp_path: Path
) -> None:
    url, notes, chance = new_url(store), tmp_path / "answered", random.Random(11)
    opened(url).ledger.close()
    assert desk.stdin
    assert desk.stdout
    for _ in range(KILLS):
        before = told(notes)
        print(url, notes, max(before, default=-1) + 1, file=desk.stdin, flush=True)
        child = int(desk.stdout.readline())
        until = time.monotonic() + 20
        while len(told(notes)) == len(before) and time.monotonic() < until:
            time.sleep(0.002)
        time.sleep(chance.random() * 0.05)
        os.kill(child, signal.SIGKILL)
    answered = told(notes)
    assert len(answered) >= KILLS
    service = opened(url, chance=os.urandom)
    check(service, answered)
    # Who does not know what became of a request makes it again, whether it was the last or an old one.
    write(url, notes, max(answered) + 1, max(answered) + 3)
    count = check(service, told(notes))
    for number in told(notes)[-12:]:
        request(service, number)
    assert check(service, told(notes)) == count
    service.ledger.close()
