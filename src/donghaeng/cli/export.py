"""``donghaeng export``: packs in the forms of other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from donghaeng.cli.output import JsonOption, PackArgument, console, counted, print_json, working

app = typer.Typer(
    name="export", help="Write a pack in the form of another tool.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def forms() -> None:
    """Write a pack in the form of another tool."""


@app.command("coin")
def coin(
    pack: PackArgument,
    out: Annotated[
        Path, typer.Option(help="Workbook (.xlsx), or folder for two CSV files; must not exist.", show_default=False)
    ],
    language: Annotated[str, typer.Option(help="Language of the names. Default: en where the pack has it.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Write the raw values and the tree of a pack as iData and iMeta, for the EC COIN Tool and COINr."""
    from donghaeng.catalogue.coin.export_pack import export_pack
    from donghaeng.catalogue.read import load

    with working(f"Exporting {pack}"):
        loaded = load(pack)
        made = export_pack(loaded, out, language)
    if as_json:
        print_json(
            {
                "pack": loaded.id,
                "files": [str(file) for file in made.files],
                "places": made.places,
                "periods": made.periods,
                "indicators": made.indicators,
                "notes": list(made.notes),
            }
        )
        return
    console().print(
        f"iData and iMeta of {loaded.id} are in {out}: {counted(made.indicators, 'indicator')}, "
        f"{counted(made.places, 'place')}, {counted(made.periods, 'period')}.\n"
        + "".join(f"Note: {note}\n" for note in made.notes).rstrip("\n"),
        soft_wrap=True,
        markup=False,
    )
