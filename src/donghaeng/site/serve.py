"""A small server for looking at a site; a public site is better served by a web server made for it."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from donghaeng.errors import InputError


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012 - as in the base class
        **SimpleHTTPRequestHandler.extensions_map,
        ".woff2": "font/woff2",
        ".csv": "text/csv; charset=utf-8",
    }

    def end_headers(self) -> None:
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        super().end_headers()

    def list_directory(self, path: Any) -> None:  # noqa: ARG002 - the name belongs to the library
        """Answer 404 where there is no page: a site has no listings."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: addresses of readers are nobody's business."""


def make_server(folder: Path, host: str, port: int) -> ThreadingHTTPServer:
    """Make a server for the files of a site.

    Raises:
        InputError: when the folder has no ``index.html``, or the port is taken.
    """
    if not (folder / "index.html").is_file():
        raise InputError(f"{folder} is not a site: it has no index.html; build one with donghaeng site")
    try:
        return ThreadingHTTPServer((host, port), partial(_Handler, directory=str(folder)))
    except OSError as error:
        raise InputError(f"cannot listen on {host}:{port}: {error.strerror}; give another --port") from None
