"""``donghaeng serve``: a site, the API of decisions, and with a ledger the services, on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from donghaeng.cli.output import console, working

if TYPE_CHECKING:
    from donghaeng.api.live import Live
    from donghaeng.catalogue.pack import Pack


def serve(
    folder: Annotated[
        Path | None, typer.Argument(metavar="SITE", help="Folder of a site; without it the API alone is served.")
    ] = None,
    packs: Annotated[
        list[str] | None,
        typer.Option(
            "--packs",
            metavar="PACK",
            help="Folder of a pack whose tables decide, or id of a shipped one; may be repeated. "
            "Default: the shipped packs that have tables.",
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
    ledger: Annotated[
        str,
        typer.Option(
            "--ledger",
            metavar="URL",
            help="Run the services on this ledger, for holders of keys: sqlite:///FILE or postgresql://... "
            "Default, with --master-key: $DONGHAENG_DATABASE_URL, or sqlite:///donghaeng.db.",
            show_default=False,
        ),
    ] = "",
    master_key: Annotated[
        Path | None,
        typer.Option(
            "--master-key",
            metavar="FILE",
            help="File of the master key of the ledger's persons; needed to run services.",
            show_default=False,
        ),
    ] = None,
    days: Annotated[
        Path | None,
        typer.Option(
            "--days",
            metavar="FOLDER",
            help="Folder of day files, for taps of gates. Default: beside the file of the ledger.",
            show_default=False,
        ),
    ] = None,
    gate_key: Annotated[
        Path | None,
        typer.Option(
            "--gate-key", metavar="FILE", help="Key that signs media and lists for gates.", show_default=False
        ),
    ] = None,
    rate: Annotated[
        float, typer.Option(metavar="NUMBER", help="Requests a second for one key; twice as many at once.", min=0.1)
    ] = 100.0,
    log: Annotated[bool, typer.Option("--log", help="Write a line of JSON for each request to stderr.")] = False,
) -> None:
    """Serve a site, and decisions and services under /v1, until interrupted."""
    from donghaeng.api.app import PREFIX, create_app
    from donghaeng.api.limits import Limits
    from donghaeng.api.live import live_routers
    from donghaeng.api.serve import address_of, listen
    from donghaeng.api.serve import serve as serve_app
    from donghaeng.site.serve import site_files

    site = site_files(folder) if folder else None
    limits = Limits(rate=rate, burst=max(1, round(2 * rate)))
    # What is opened last is closed first: requests that have begun are answered, and then the ledger is closed.
    with _opened(ledger, master_key, days, gate_key) as live, listen(host, port) as listening:
        with working("Reading packs"):
            served = _packs(packs)
            routers = live_routers(live, served) if live else []
            keys = live.keys if live else None
            app = create_app(served, site=site, limits=limits, routers=routers, keys=keys)
        address = address_of(listening)
        what = [f"{folder} at {address}/"] if folder else []
        what += [f"decisions at {address}{PREFIX}/packs"]
        what += ["services for holders of keys"] if live else []
        what += ["Ctrl+C stops"]
        _log_to_stderr(everything=log)
        console().print(f"Serving {', '.join(what[:-1])} ({what[-1]})", soft_wrap=True, markup=False)
        serve_app(app, listening)
    console().print("Stopped.")


@contextmanager
def _opened(url: str, master_key: Path | None, days: Path | None, gate_key: Path | None) -> Iterator[Live | None]:
    """Open a ledger if one is given; it is closed when nobody works on it any longer."""
    import time

    from donghaeng.api.live import open_live
    from donghaeng.api.observe import utc_now
    from donghaeng.cli.ledger import DEFAULT_URL, _private_key
    from donghaeng.cli.ledger import _secret as secret_of
    from donghaeng.errors import InputError, UsageError
    from donghaeng.ledger.faults import LedgerError
    from donghaeng.ledger.open import files_path, sqlite_path

    if master_key is None:
        if url or days or gate_key:
            raise UsageError("services need --master-key FILE, too; `donghaeng ledger keygen` makes one")
        yield None
        return
    # An address with a password is better kept out of the list of processes.
    url = url or os.environ.get("DONGHAENG_DATABASE_URL", DEFAULT_URL)
    secret = secret_of(master_key)
    if days is None and (path := sqlite_path(url)) is not None:
        days = files_path(path)
    key = _private_key(gate_key) if gate_key is not None else None
    try:
        live = open_live(
            url, secret, clock=utc_now, chance=os.urandom, timer=time.monotonic, day_files=days, gate_key=key
        )
    except LedgerError as error:
        raise InputError(str(error)) from error
    try:
        yield live
    finally:
        live.close()


def _packs(given: list[str] | None) -> list[Pack]:
    from donghaeng.catalogue.find import shipped_folder, shipped_ids
    from donghaeng.catalogue.read import load

    with_tables = [name for name in shipped_ids() if any((shipped_folder() / name / "rules").glob("*.yaml"))]
    return [load(reference) for reference in given or with_tables]


def _log_to_stderr(*, everything: bool) -> None:
    """Write lines as they are; our own failures always."""
    import logging

    from donghaeng.api.observe import LOG

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO if everything else logging.ERROR)
    LOG.propagate = False
