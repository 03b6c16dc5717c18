"""``donghaeng verify``: is a release as it was written?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from donghaeng.cli.output import JsonOption, fault_dict, print_json


def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the release.", show_default=False)],
    expect: Annotated[str | None, typer.Option(help="SHA-256 of the manifest as it was kept elsewhere.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Find any changed, missing or added byte of a release."""
    from donghaeng.release.verify import verify as verify_release

    digest, faults = verify_release(folder, expect)
    if as_json:
        faults_ = [fault_dict(fault) for fault in faults]
        print_json({"folder": str(folder), "manifest_sha256": digest, "intact": not faults_, "faults": faults_})
    else:
        for fault in faults:
            typer.secho(str(fault), fg="red")
        verdict = "altered" if len(faults) else "intact"
        typer.secho(f"{folder}: {verdict}, SHA-256 of the manifest {digest}", bold=True)
    if len(faults):
        raise typer.Exit(1)
