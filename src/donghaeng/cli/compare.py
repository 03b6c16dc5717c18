"""``donghaeng compare``: two versions of an index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from donghaeng.cli.output import JsonOption, console, counted, plain, print_json, print_table, working

if TYPE_CHECKING:
    from donghaeng.index.versions import Versions

#: More rows than this are not listed to a person; `--json` gives all of them.
MOST_ROWS = 15


def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="Folder or id of the first pack.", show_default=False)],
    second: Annotated[str, typer.Argument(metavar="B", help="Folder or id of the second pack.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Say what was revised between two packs, and what data and method did to scores and ranks."""
    from dataclasses import asdict

    from donghaeng.catalogue.read import load
    from donghaeng.index.versions import compare_versions

    with working("Comparing"):
        one, other = load(first), load(second)
        result = compare_versions(one.score(), other.score(), other.places)
    if as_json:
        named = {"first": f"{one.id} {one.version}", "second": f"{other.id} {other.version}"}
        print_json(named | asdict(result))
        return
    console().print(f"[bold]{one.id} {one.version}[/bold] and [bold]{other.id} {other.version}[/bold]\n")
    _print(result)


def _print(result: Versions) -> None:
    screen = console()
    counts = {what: sum(row["what"] == what for row in result.revisions) for what in ("changed", "added", "removed")}
    shown = ", ".join(f"{number} {what}" for what, number in counts.items())
    screen.print(f"Inputs: {shown}.")
    if len(result.revisions) > MOST_ROWS:
        _print_inputs(result)
    else:
        for row in result.revisions:
            before, after = (("none" if row[name] is None else f"{row[name]:g}") for name in ("first", "second"))
            screen.print(f"  {plain(row['node'])}, {plain(row['place'])}, {row['period']}: {before} -> {after}")
    for key, (before, after) in result.recipe.items():
        screen.print(f"Recipe, {key}: {plain(before)} -> {plain(after)}", soft_wrap=True)
    for number, (key, (before, after)) in enumerate(result.structure.items()):
        if number == MOST_ROWS:
            screen.print(f"[dim]{len(result.structure) - MOST_ROWS} more cells of the structure: --json[/dim]")
            break
        screen.print(f"Structure, {plain(key)}: {plain(before)} -> {plain(after)}", soft_wrap=True)
    common = [row for row in result.scores if row["difference"] is not None]
    if not common:
        screen.print("The two have no place, period and node in common.")
        return
    moved = [row for row in common if abs(row["difference"]) > 1e-12]
    screen.print(f"Scores: {counted(len(moved), 'score')} of {len(common)} in common moved.\n")
    if result.ranks:
        print_table(
            "Ranks of the places that both have, and how far they moved",
            [("period", "left"), *((name, "right") for name in ("places", "same rank", "mean", "largest", "Kendall"))],
            [
                (
                    row["period"],
                    str(row["places"]),
                    str(row["same_rank"]),
                    f"{row['mean_rank_change']:.2f}",
                    str(row["largest_rank_change"]),
                    "–" if row["kendall"] is None else f"{row['kendall']:.3f}",
                )
                for row in result.ranks
            ],
        )
    effects = [row for row in result.effects if abs(row["difference"]) > 1e-12]
    effects = sorted(effects, key=lambda row: -abs(row["difference"]))[:MOST_ROWS]
    if effects:
        print_table(
            "Largest changes of the index, by data and by method",
            [("place", "left"), ("period", "left"), ("change", "right"), ("by data", "right"), ("by method", "right")],
            [
                (row["place"], row["period"], *(_signed(row[name]) for name in ("difference", "by_data", "by_method")))
                for row in effects
            ],
        )


def _print_inputs(result: Versions) -> None:
    columns = [("node", "left"), *((name, "right") for name in ("changed", "added", "removed", "mean", "largest"))]
    rows = [
        (
            plain(row["node"]),
            *(str(row[name]) for name in ("changed", "added", "removed")),
            *(_signed(row[name]) for name in ("mean_change", "largest_change")),
            "" if row["place"] is None else f"{plain(row['place'])}, {row['period']}",
        )
        for row in result.inputs[:MOST_ROWS]
    ]
    print_table("Inputs that changed most, by indicator", [*columns, ("where", "left")], rows)
    screen = console()
    rest = f"{len(result.inputs) - MOST_ROWS} more indicators; " if len(result.inputs) > MOST_ROWS else ""
    screen.print(f"[dim]{rest}--json gives every input[/dim]\n")


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3f}"
