"""The small server shows pages, lists nothing, and says so in headers."""

import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from donghaeng.errors import InputError
from donghaeng.site.serve import make_server


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "site" / "data").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("<p>hello", "utf-8")
    (tmp_path / "site" / "data" / "a.csv").write_text("가,나\n", "utf-8")
    (tmp_path / "secret.txt").write_text("secret")
    with make_server(tmp_path / "site", "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()


def get(port: int, path: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def test_a_page_is_answered(port: int) -> None:
    response, body = get(port, "/")
    assert (response.status, body) == (200, b"<p>hello")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_tables_are_utf_8(port: int) -> None:
    response, body = get(port, "/data/a.csv")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert body.decode("utf-8") == "가,나\n"


@pytest.mark.parametrize("path", ["/data/", "/nothing.html", "/../secret.txt", "/%2e%2e/secret.txt"])
def test_listings_and_what_is_not_in_the_site_are_404(port: int, path: str) -> None:
    response, body = get(port, path)
    assert response.status == 404
    assert b"secret" not in body.replace(path.encode(), b"")


def test_a_port_that_is_taken_is_told(port: int, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"cannot listen on 127.0.0.1:{port}: .*; give another --port"):
        make_server(tmp_path / "site", "127.0.0.1", port)


def test_a_folder_that_is_no_site_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is not a site: it has no index\.html"):
        make_server(tmp_path, "127.0.0.1", 0)
