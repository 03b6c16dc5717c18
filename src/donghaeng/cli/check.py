"""``donghaeng check``: all faults of packs, each with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from donghaeng.cli.output import JsonOption, PacksArgument, counted, fault_dict, print_json

if TYPE_CHECKING:
    from donghaeng.errors import Faults


#: Of faults that differ only in their place, so many are printed; `--json` has all.
MOST_ALIKE = 10


def _print_faults(faults: Faults) -> None:
    from collections import Counter

    alike: Counter[tuple[str, str]] = Counter()
    for fault in faults:
        alike[fault.file, fault.what] += 1
        if alike[fault.file, fault.what] <= MOST_ALIKE:
            typer.secho(str(fault), fg="red" if fault.severity == "error" else "yellow")
    for (file, what), count in alike.items():
        if count > MOST_ALIKE:
            typer.echo(f"{file}: {count - MOST_ALIKE} more: {what}")


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
            _print_faults(faults)
            verdict = "well" if pack else "faulty"
            errors, warnings = counted(len(faults.errors), "error"), counted(len(faults.warnings), "warning")
            typer.secho(f"{reference}: {verdict}, {errors}, {warnings}", bold=True)
    if any(pack is None for _, pack, _ in results):
        raise typer.Exit(1)
