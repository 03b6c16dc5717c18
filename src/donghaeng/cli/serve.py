"""``donghaeng serve``: a site and the API of decisions, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from donghaeng.cli.output import console, working

if TYPE_CHECKING:
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
    log: Annotated[bool, typer.Option("--log", help="Write a line of JSON for each request to stderr.")] = False,
) -> None:
    """Serve a site, and decisions under /v1, until interrupted."""
    from donghaeng.api.app import PREFIX, create_app
    from donghaeng.api.serve import address_of, listen
    from donghaeng.api.serve import serve as serve_app
    from donghaeng.site.serve import site_files

    site = site_files(folder) if folder else None
    _log_to_stderr(everything=log)
    with listen(host, port) as listening:
        with working("Reading packs"):
            app = create_app(_packs(packs), site=site)
        address = address_of(listening)
        what = [f"{folder} at {address}/"] if folder else []
        what += [f"decisions at {address}{PREFIX}/packs", "Ctrl+C stops"]
        console().print(f"Serving {', '.join(what[:-1])} ({what[-1]})", soft_wrap=True, markup=False)
        serve_app(app, listening)
    console().print("Stopped.")


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
