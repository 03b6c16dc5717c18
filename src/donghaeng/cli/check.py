"""``donghaeng check``: all faults of packs, each with its place."""

from __future__ import annotations

import typer

from donghaeng.cli.output import JsonOption, PacksArgument, counted, fault_dict, print_json


def check(packs: PacksArgument, as_json: JsonOption = False) -> None:
    """Report all faults of packs as file:line:column: what, expected, what to do."""
    from donghaeng.catalogue.check import check as check_pack
    from donghaeng.errors import Faults, InputError

    results = []
    for reference in packs:
        try:
            pack, faults = check_pack(reference)
        except InputError as error:
            pack, faults = None, Faults()
            faults.add(reference, 1, 1, str(error), code="no-pack")
        results.append((reference, pack, faults))
    if as_json:
        print_json(
            {
                "packs": [
                    {
                        "pack": pack.id if pack else None,
                        "given": reference,
                        "valid": not faults.errors,
                        "faults": [fault_dict(fault) for fault in faults],
                    }
                    for reference, pack, faults in results
                ]
            }
        )
    else:
        for reference, pack, faults in results:
            for fault in faults:
                typer.secho(str(fault), fg="red" if fault.severity == "error" else "yellow")
            verdict = "well" if pack else "faulty"
            errors, warnings = counted(len(faults.errors), "error"), counted(len(faults.warnings), "warning")
            typer.secho(f"{reference}: {verdict}, {errors}, {warnings}", bold=True)
    if any(faults.errors for _, _, faults in results):
        raise typer.Exit(1)
