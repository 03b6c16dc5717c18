"""``donghaeng import``: packs from the forms of other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from donghaeng.cli.output import JsonOption, console, counted, print_json, working

app = typer.Typer(
    name="import", help="Make a pack from the form of another tool.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def forms() -> None:
    """Make a pack from the form of another tool."""


@app.command("coin")
def coin(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="A workbook (.xlsx) with the sheets iData and iMeta, or iData.csv and iMeta.csv.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the pack; must not exist.", show_default=False)],
    pack_id: Annotated[str, typer.Option("--id", help="Id, OWNER/NAME. Default: imported/ and the folder.")] = "",
    title: Annotated[str, typer.Option(help="Title. Default: name of the top element.")] = "",
    owner: Annotated[str, typer.Option(help="The body whose index it is. Default: the publisher.")] = "",
    status: Annotated[str, typer.Option(help="unofficial, official or invented.")] = "unofficial",
    kind: Annotated[
        str, typer.Option(help="Kind of all values. Default: published; of an invented pack, simulated.")
    ] = "",
    publisher: Annotated[str, typer.Option(help="Who published the values. Default: not stated.")] = "",
    source_title: Annotated[str, typer.Option(help="Title of the source. Default: name of the file.")] = "",
    url: Annotated[str, typer.Option(help="Address of the source.")] = "",
    licence: Annotated[str, typer.Option(help="Licence of the values and words.")] = "not stated",
    language: Annotated[str, typer.Option(help="Language of the names: en or ko.")] = "en",
    period: Annotated[str, typer.Option(help="Period of all rows, when iData has no column Time.")] = "",
    date: Annotated[str, typer.Option(help="Day of the import (YYYY-MM-DD). Default: today.")] = "",
    recipe: Annotated[Path | None, typer.Option(help="A recipe.yaml to take instead of a plain one.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a pack from the two tables of the EC COIN Tool and COINr: iData and iMeta."""
    from donghaeng.catalogue.coin.import_pack import Description, import_pack

    description = Description(
        date=_day(date),
        pack_id=pack_id,
        title=title,
        owner=owner,
        status=status,
        kind=kind,
        publisher=publisher,
        source_title=source_title,
        url=url,
        licence=licence,
        language=language,
        period=period,
        recipe=recipe,
    )
    with working(f"Importing {files[0]}"):
        made = import_pack(files, out, description)
    if as_json:
        from dataclasses import asdict

        print_json(asdict(made) | {"folder": str(made.folder)})
        return
    span = made.periods[0] if len(made.periods) == 1 else f"{made.periods[0]} to {made.periods[-1]}"
    console().print(
        f"Pack {made.pack_id} is in {made.folder}: {counted(made.indicators, 'indicator')} in "
        f"{counted(made.aggregates, 'aggregate')}, {counted(made.places, 'place')}, {span}, "
        f"{counted(made.missing, 'missing value')}.\n"
        + "".join(f"Note: {note}\n" for note in made.notes)
        + f"  donghaeng check {made.folder}\n  donghaeng index {made.folder}",
        soft_wrap=True,
        markup=False,
    )


def _day(text: str) -> str:
    """Check the day of the import; the clock is read here, and nowhere deeper."""
    from datetime import date as day

    from donghaeng.errors import UsageError

    if not text:
        return day.today().isoformat()
    try:
        return day.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(f'--date "{text}" is not a day; write it as 2024-03-01') from None
