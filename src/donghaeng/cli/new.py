"""``donghaeng new``: a small pack to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from donghaeng.cli.output import console


def new(
    what: Annotated[
        str, typer.Argument(metavar="KIND", help="What the pack describes: index or rules.", show_default=False)
    ],
    pack_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the pack, OWNER/NAME.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="Folder of the pack. Default: the id, below this folder.")] = None,
) -> None:
    """Write a small pack that checks and computes at once, with comments that teach."""
    from donghaeng.catalogue.start import start

    folder = start(what, pack_id, out)
    use = f"donghaeng index {folder}" if what == "index" else f"donghaeng test {folder}\n  donghaeng ask {folder}/entry"
    console().print(
        f"A new pack is in {folder}. Every value in it is invented: replace them with your own.\n"
        f"  donghaeng check {folder}\n  {use}\n"
        f"  donghaeng release {folder} --out release\n  donghaeng site release --out site",
        soft_wrap=True,
        markup=False,
    )
