"""The small server shows pages, lists nothing, says so in headers, and decides; it stops when it is asked to."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from donghaeng.api.app import create_app
from donghaeng.api.serve import in_background, listen
from donghaeng.errors import InputError
from donghaeng.site.serve import site_files

PACK = "seoul/international-residents"
DECIDE = f"/v1/decide/{PACK}/education-grant"


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "site" / "data").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("<p>hello", "utf-8")
    (tmp_path / "site" / "data" / "a.csv").write_text("가,나\n", "utf-8")
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "site" / "a.woff2").write_bytes(b"font")
    (tmp_path / "site" / "link.txt").symlink_to(tmp_path / "secret.txt")
    with in_background(create_app([], site=site_files(tmp_path / "site"))) as address:
        yield int(address.rpartition(":")[2])


def get(port: int, path: str, method: str = "GET", body: str | None = None) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    return response, answer


def test_a_page_is_answered(port: int) -> None:
    response, body = get(port, "/")
    assert (response.status, body) == (200, b"<p>hello")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "Content-Security-Policy" not in response.headers
    assert "Server" not in response.headers


def test_fonts_have_their_type(port: int) -> None:
    assert get(port, "/a.woff2")[0].headers["Content-Type"] == "font/woff2"


def test_tables_are_utf_8(port: int) -> None:
    response, body = get(port, "/data/a.csv")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert body.decode("utf-8") == "가,나\n"


@pytest.mark.parametrize(
    "path",
    [
        *("/data/", "/data", "/nothing.html", "/../secret.txt", "/%2e%2e/secret.txt", "/link.txt"),
        *("/%00", "//secret.txt", "/..%2fsecret.txt", "/a/%2e%2e/%2e%2e/secret.txt", f"/{'a' * 5_000}"),
    ],
)
def test_listings_and_what_is_not_in_the_site_are_404(port: int, path: str) -> None:
    response, body = get(port, path)
    assert response.status == 404
    assert b"secret" not in body.replace(path.encode(), b"")


def test_a_site_takes_nothing_and_hides_no_route_of_the_api(port: int) -> None:
    assert get(port, "/", "POST", "{}")[0].status == 405
    assert get(port, "/v1/health")[0].status == 200
    assert get(port, "/v1/nothing")[0].headers["Content-Type"] == "application/problem+json"
    assert get(port, DECIDE)[0].status == 405


def test_answers_leave_without_delay(port: int) -> None:
    """Without TCP_NODELAY the second part of every answer waits some 40 ms for the client's acknowledgement."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    times = []
    for _ in range(15):
        start = time.perf_counter()
        connection.request("GET", "/v1/health")
        connection.getresponse().read()
        times.append(time.perf_counter() - start)
    connection.close()
    assert sorted(times)[5] < 0.03


def test_a_port_that_is_taken_is_told(port: int) -> None:
    with pytest.raises(InputError, match=f"cannot listen on 127.0.0.1:{port}: .*; give another --port"):
        listen("127.0.0.1", port)


def test_an_address_of_no_machine_is_told() -> None:
    with pytest.raises(InputError, match=r"cannot listen on no.such.host.invalid:0: "):
        listen("no.such.host.invalid", 0)


def test_a_folder_that_is_no_site_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is not a site: it has no index\.html"):
        site_files(tmp_path)


def started(*arguments: object) -> tuple["subprocess.Popen[str]", int, str]:
    command = [str(Path(sys.executable).with_name("donghaeng")), "serve", *map(str, arguments), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--packs", PACK],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
    if found is None:
        process.kill()
        raise AssertionError(line + process.communicate()[1])
    return process, int(found[1]), line


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_site_and_decisions_are_served_until_it_is_stopped(tmp_path: Path, how: signal.Signals) -> None:
    (tmp_path / "index.html").write_text("<p>hello", "utf-8")
    process, port, line = started(tmp_path, "--log")
    body = json.dumps({"on": "2024-06-01", "facts": {"school": "elementary"}})

    assert line.startswith(f"Serving {tmp_path} at http://127.0.0.1:{port}/, decisions at ")
    assert get(port, "/")[1] == b"<p>hello"
    assert json.loads(get(port, DECIDE, "POST", body)[1])["outcome"]["result"] == "undetermined"
    process.send_signal(how)
    out, err = process.communicate(timeout=30)

    assert (process.returncode, out) == (0, "Stopped.\n")
    lines = [json.loads(one) for one in err.splitlines()]
    assert [(one["route"], one["status"]) for one in lines] == [
        ("site", 200),
        ("/v1/decide/{owner}/{pack}/{table}", 200),
    ]
    assert "elementary" not in err


def test_a_request_that_has_begun_is_answered_before_it_stops() -> None:
    process, port, _ = started()
    cases = [{"facts": {}}] * 2_000
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    body = json.dumps({"on": "2024-06-01", "cases": cases})
    connection.request("POST", f"{DECIDE}/batch", body, {"Content-Type": "application/json"})
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    response = connection.getresponse()
    results = json.loads(response.read())["results"]
    connection.close()
    _, err = process.communicate(timeout=30)

    assert len(results) == len(cases)
    assert (process.returncode, err) == (0, "")
