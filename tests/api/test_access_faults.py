"""What happens to requests with keys when the database goes, when the server stops, and when all come at once."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import pytest
from fastapi import APIRouter, Depends

from donghaeng.access.ring import REMEMBERED
from donghaeng.api.access import Caller, KeyedRoute, needs
from donghaeng.api.app import PREFIX, create_app
from donghaeng.api.limits import Limits
from donghaeng.api.live import Live, live_routers
from donghaeng.api.serve import in_background
from donghaeng.ledger.faults import PositionError
from donghaeng.ledger.open import sqlite_path
from donghaeng.ledger.verify import verify
from tests.access.rings import Timer, bearer, opened
from tests.api.calling import call
from tests.api.test_errors import assert_problem
from tests.command import run
from tests.ledger.conftest import execute


@contextmanager
def gone(url: str, request: pytest.FixtureRequest) -> Iterator[None]:
    """Take the database away for a while: the file, or every way to it on the server."""
    path = sqlite_path(url)
    if path is not None:
        away = path.with_suffix(".away")
        path.rename(away)
        yield
        away.rename(path)
        return
    server: Any = request.getfixturevalue("server")
    name = urlsplit(url).path.removeprefix("/")
    execute(server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    execute(server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    yield
    execute(server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def test_a_database_that_is_gone_is_503_and_nothing_is_lost_when_it_is_back(
    url: str,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    timer = Timer()
    live = opened(url, timer=timer)
    app = create_app([], routers=live_routers(live, []), keys=live.keys)
    auditor, admin = live.keys.create("city", ["auditor"])[0], live.keys.create("clinic-1", ["admin"])[0]
    persons: Any = live.ledger.persons
    asked = {"person": persons.person("clinic-1", "C-17"), "reason": "a mix-up"}

    def answers() -> list[Any]:
        return [
            call(app, "GET", f"{PREFIX}/ledger/head", headers=bearer(auditor)),
            call(app, "POST", f"{PREFIX}/persons/map-reads", asked, bearer(admin)),
            call(app, "GET", f"{PREFIX}/health"),
        ]

    assert [answer.status for answer in answers()] == [200, 200, 200]
    timer.now += REMEMBERED
    with gone(url, request):
        caplog.clear()
        for answer in answers():
            assert answer.status == 503
            assert_problem(answer, "unavailable")
            assert answer.headers["retry-after"] == "1"
            assert b"C-17" not in answer.body
        lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == "donghaeng.api"]
        assert len(lines) == 3
        assert all(line["failure"].startswith("UnavailableError at ") for line in lines)
        # What is told neither names the address of the database nor repeats what was sent.
        assert "C-17" not in caplog.text
        assert url.partition("://")[2] not in caplog.text
        # A stranger learns nothing new.
        assert call(app, "GET", f"{PREFIX}/ledger/head").status == 401
        assert call(app, "GET", f"{PREFIX}/ledger/head", headers={"authorization": "Bearer x"}).status == 401

    assert [answer.status for answer in answers()] == [200, 200, 200]
    assert verify(live.ledger.store).holds
    assert [entry.kind for entry in live.ledger.entries()] == ["key-created"] * 2 + ["person-map-read"] * 2
    live.close()


def test_what_a_service_leaves_of_a_conflict_is_409(tmp_path: Path) -> None:
    live = opened(f"sqlite:///{tmp_path}/a.db")
    router = APIRouter(prefix=PREFIX, route_class=KeyedRoute)

    @router.get("/late")
    def late(_caller: Annotated[Caller, Depends(needs("auditor"))]) -> None:
        raise PositionError("visit/secret", 1, 2)

    app = create_app([], routers=[router], keys=live.keys)
    answer = call(app, "GET", f"{PREFIX}/late", headers=bearer(live.keys.create("city", ["auditor"])[0]))
    assert_problem(answer, "conflict")
    assert b"secret" not in answer.body
    live.close()


def test_many_at_once_with_their_own_keys_get_their_own_answers(tmp_path: Path) -> None:
    live = opened(f"sqlite:///{tmp_path}/a.db")
    persons: Any = live.ledger.persons
    clinics = [f"clinic-{number}" for number in range(6)]
    keys = {clinic: live.keys.create(clinic, ["admin"])[0] for clinic in clinics}
    people = {clinic: persons.person(clinic, f"chart of {clinic}") for clinic in clinics}
    app = create_app([], routers=live_routers(live, []), keys=live.keys, limits=Limits(rate=1e6, burst=10**6))
    with in_background(app) as address:

        def read(number: int) -> tuple[str, int, Any]:
            mine, theirs = clinics[number % 6], clinics[number // 6 % 6]
            connection = HTTPConnection(address.removeprefix("http://"), timeout=20)
            body = json.dumps({"person": people[theirs], "reason": "r"})
            connection.request("POST", f"{PREFIX}/persons/map-reads", body, bearer(keys[mine]))
            response = connection.getresponse()
            answer = json.load(response)
            connection.close()
            return (mine if mine == theirs else ""), response.status, answer

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(read, range(72)))
    for mine, status, answer in answers:
        assert status == (200 if mine else 404)
        if mine:
            assert answer["numbers"] == [{"namespace": mine, "number": f"chart of {mine}"}]
    assert len(list(live.ledger.stream("persons"))) == 12
    assert verify(live.ledger.store).holds
    live.close()


def started(folder: Path, *more: str) -> subprocess.Popen[str]:
    """Start a server with a ledger as the command does, in a folder with its keys."""
    run("ledger", "keygen", folder / "keys")
    command = [str(Path(sys.executable).with_name("donghaeng")), "serve", "--port", "0", "--log"]
    command += ["--packs", "seoul/international-residents", "--master-key", "keys/master.key", *more]
    environment = {name: value for name, value in os.environ.items() if name != "DONGHAENG_DATABASE_URL"}
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    return line.partition("http://")[2].partition("/")[0]


def test_a_server_that_is_asked_to_stop_answers_what_has_begun_and_leaves_a_whole_ledger(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/donghaeng.db"
    key = json.loads(
        run("keys", "create", "--scope", "admin", "--organisation", "clinic-1", "--ledger", url, "--json").out
    )["key"]
    process = started(tmp_path, "--rate", "5000")
    address = address_of(process)
    master = bytes.fromhex((tmp_path / "keys" / "master.key").read_text())
    live = _live(url, master)
    persons: Any = live.ledger.persons
    person = persons.person("clinic-1", "C-17")
    acknowledged: list[int] = []
    stopped = threading.Event()

    def ask() -> None:
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        body = json.dumps({"person": person, "reason": "r"})
        while not stopped.is_set():
            connection = HTTPConnection(address, timeout=10)
            try:
                connection.request("POST", f"{PREFIX}/persons/map-reads", body, headers)
                response = connection.getresponse()
                answer = json.load(response)
            except (OSError, HTTPException):
                return  # not begun: nobody listens any longer
            finally:
                connection.close()
            assert response.status == 200, answer
            acknowledged.append(answer["position"])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 20
    while len(acknowledged) < 20 and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    stopped.set()
    for thread in threads:
        thread.join()

    assert process.returncode == 0, err
    assert out.endswith("Stopped.\n")
    assert len(acknowledged) >= 20
    recorded = {entry.position for entry in live.ledger.stream("persons")}
    assert set(acknowledged) <= recorded
    lines = [json.loads(line) for line in err.splitlines()]
    assert all("failure" not in line and line["status"] == 200 for line in lines)
    assert key not in err + out
    assert person not in err + out
    assert verify(live.ledger.store).holds
    live.close()


def _live(url: str, master: bytes) -> Live:
    from datetime import UTC, datetime

    from donghaeng.api.live import open_live

    return open_live(url, master, clock=lambda: datetime.now(UTC), chance=os.urandom, timer=time.monotonic)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--ledger", "sqlite:///a.db"], 2, "--master-key FILE"),
        (["--ledger", "mysql://a", "--master-key", "keys/master.key"], 2, "sqlite:///FILE or postgresql://"),
        (["--ledger", "sqlite:///no/such/a.db", "--master-key", "keys/master.key"], 1, "cannot be used"),
        (["--master-key", "keys/seal.pub"], 1, "64 hexadecimal digits"),
        (["--master-key", "nothing"], 1, "no such file"),
    ],
)
def test_a_server_that_cannot_open_its_ledger_says_why_and_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DONGHAENG_DATABASE_URL", raising=False)
    run("ledger", "keygen", "keys")
    done = run("serve", "--packs", "seoul/international-residents", "--port", "0", *options)
    assert done.code == code
    assert said in done.err.lower() or said in done.err
    assert len(done.err.splitlines()) == 1
