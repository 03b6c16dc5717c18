"""``donghaeng schema``: JSON Schemas of the sections of a pack, for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from donghaeng.cli.output import console, print_json


def schema(
    out: Annotated[Path | None, typer.Option(help="Folder to write a file a section to. Default: print all.")] = None,
) -> None:
    """Give the JSON Schemas of the sections of a pack."""
    from donghaeng.catalogue.schemas import schemas, write_schemas

    if out is None:
        print_json(schemas())
        return
    names = write_schemas(out)
    console().print(f"{len(names)} schemas are in {out}", soft_wrap=True, markup=False)
