"""``donghaeng site``: static pages from a release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from donghaeng.cli.output import JsonOption, console, print_json, working


def site(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the release.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Folder of the site.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Build the public site of a release; the release is verified first."""
    from dataclasses import asdict

    from donghaeng.release.read import read_release
    from donghaeng.site.build import build_site

    with working("Building the site"):
        report = build_site(read_release(folder), out)
    if as_json:
        print_json({"folder": str(out), **asdict(report)})
    else:
        console().print(f"{report.pages} pages are in {out}; open {out / 'index.html'}", soft_wrap=True, markup=False)
