"""``donghaeng measure``: the measures of a pack over an extract of a ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from donghaeng.cli.output import JsonOption, PackArgument, console, plain, print_json, print_table, table_rows, working

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from donghaeng.measures.compute import Computed
    from donghaeng.measures.measure import Measure


def measure(
    pack: PackArgument,
    extract: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the extract.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Compute the measures of a pack over an extract of a ledger; small counts are left out."""
    from donghaeng.catalogue.measures_outcome import measure_extract
    from donghaeng.catalogue.read import load
    from donghaeng.measures.publish import entries_table, statistics_table

    loaded = load(pack)
    section = loaded.measures_section()
    with working("Measuring"):
        computed = measure_extract(section, extract)
        rows = table_rows(statistics_table(computed))
    about = table_rows(entries_table(computed))[0]
    if as_json:
        print_json({"pack": loaded.id, "entries": about, "statistics": rows})
        return
    days = f"{about['first_day']} to {about['last_day']}" if about["first_day"] else "no entries"
    console().print(f"{loaded.id}: {days}, {about['kind']}", soft_wrap=True, markup=False)
    for one in section.measures.values():
        _print(one, [row for row in rows if row["measure"] == one.id], computed)


def _print(one: Measure, rows: Sequence[Mapping[str, Any]], computed: Computed) -> None:
    title = one.said.title.get("en") or next(iter(one.said.title.values()))
    unit = one.said.unit.get("en") or next(iter(one.said.unit.values()))
    groups = [column.name for column in one.groups]
    columns = [("period", "left"), *((name, "left") for name in groups), (unit, "right"), ("", "left")]
    cells = [
        [row["period"], *(plain(row[f"by_{name}"]) for name in groups), number_of(row), _notes(row, computed)]
        for row in rows
    ]
    print_table(f"{plain(title)} ({one.id})", [(plain(heading), side) for heading, side in columns], cells)


def number_of(row: Mapping[str, Any]) -> str:
    """Write the number of a row of the table ``statistics``; the end of a range says which; empty for none."""
    side = {"least": "at least ", "most": "at most "}.get(row["bound"], "")
    if row["ratio"] is not None:
        return f"{side}{row['ratio']:,.4f}"
    return "" if row["value"] is None else f"{side}{row['value']:,}"


def _notes(row: Mapping[str, Any], computed: Computed) -> str:
    said = ["left out"] if row["suppressed"] else []
    said += ["incomplete"] if row["incomplete"] else []
    return ", ".join([*said, *(["simulated"] if computed.simulated else [])])
