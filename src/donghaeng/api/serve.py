"""Serving an app to this machine or a network, until it is asked to stop."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from donghaeng.errors import InputError

#: So many connections are open at a time; further ones get 503 at once.
MOST_CONNECTIONS = 512
BACKLOG = 2048
#: So long requests that are worked on may take when the server is asked to stop, in seconds.
GRACE = 15


def listen(host: str, port: int) -> socket.socket:
    """Take a port; 0 takes a free one.

    Raises:
        InputError: the port is taken, or the address is not one of this machine.
    """
    listening: socket.socket | None = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With the protocol named, unlike `socket.create_server`: only then does asyncio send answers without delay.
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
        return listening
    except OSError as error:
        if listening is not None:
            listening.close()
        raise InputError(f"cannot listen on {host}:{port}: {error.strerror}; give another --port") from None


def address_of(listening: socket.socket) -> str:
    """Give the address for a browser."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: ASGIApp, listening: socket.socket) -> None:
    """Serve an app until Ctrl+C or SIGTERM; requests that have begun are answered first."""
    # uvicorn passes the signal on when it has stopped; this is how either of the two ends the program well.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _server(app).run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
        listening.close()


@contextmanager
def in_background(app: ASGIApp) -> Iterator[str]:
    """Serve an app on a free port of this machine while something else is done; gives its address."""
    listening = listen("127.0.0.1", 0)
    server = _server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield address_of(listening)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def _server(app: ASGIApp) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # it has paths and addresses; `donghaeng.api.observe` has its own
        server_header=False,
        proxy_headers=False,
        ws="none",
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=GRACE,
    )
    return uvicorn.Server(config)
