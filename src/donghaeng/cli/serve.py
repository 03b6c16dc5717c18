"""``donghaeng serve``: show a site to a browser on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from donghaeng.cli.output import console


def serve(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the site.", show_default=False)],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
) -> None:
    """Serve the static files of a site until interrupted."""
    from donghaeng.site.serve import make_server

    with make_server(folder, host, port) as server:
        console().print(
            f"Serving {folder} at http://{host}:{server.server_address[1]}/ (Ctrl+C stops)",
            soft_wrap=True,
            markup=False,
        )
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            console().print("Stopped.")
