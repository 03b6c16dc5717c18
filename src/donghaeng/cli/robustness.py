"""``donghaeng robustness``: how far the method drives the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from donghaeng.cli.output import JsonOption, PackArgument, console, print_json, print_table, progress_bar, working

if TYPE_CHECKING:
    from donghaeng.catalogue.pack import Pack
    from donghaeng.index.alternatives import Alternatives
    from donghaeng.index.uncertainty import Uncertainty

MOST_ROWS = 25


def robustness(
    pack: PackArgument,
    number: Annotated[
        int | None, typer.Option("-n", "--n", min=10, max=100_000_000, help="Draw so many recipes instead of all.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the draw; default, that of robustness.yaml.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compute the index under every combination of choices that the pack names."""
    from donghaeng.catalogue.read import load
    from donghaeng.errors import InputError
    from donghaeng.index.uncertainty import uncertainty

    loaded = load(pack)
    if loaded.index.alternatives is None:
        raise InputError(f"{pack} names nothing that could have been done differently; add robustness.yaml")
    if number is not None:
        _replicate(loaded, loaded.index.alternatives, number, seed, as_json)
        return
    with working("Trying the combinations"):
        result = uncertainty(loaded.score(), loaded.index.alternatives)
    if as_json:
        print_json({"pack": loaded.id, "version": loaded.version, **document(result)})
    else:
        _print(result, loaded.index.recipe.decimals)


def _replicate(pack: Pack, alternatives: Alternatives, number: int, seed: int | None, as_json: bool) -> None:
    from donghaeng.index.replications import replicate

    with progress_bar("Replications") as progress:
        result = replicate(pack.score(), alternatives, number, alternatives.seed if seed is None else seed, 2, progress)
    found = result.document()
    if as_json:
        print_json({"pack": pack.id, "version": pack.version, **found})
        return
    screen = console()
    stopped = ", then stopped" if found["interrupted"] else ""
    screen.print(f"{found['replications']:,} recipes drawn{stopped}.\n")
    rows = [row | {"below": None} for row in found["intervals"]]
    _print_intervals(found["period"], rows, pack.index.recipe.decimals)
    rows = [row for row in found["sensitivity"] if row["target"] == "mean rank change"]
    if rows:
        print_table(
            "Share of the variance of the mean rank change that each choice explains",
            [("choice", "left"), ("alone", "right"), ("with interactions", "right")],
            [
                (row["factor"], *(f"{row[name]:.3f} ± {row[name + '_half_width']:.3f}" for name in ("first", "total")))
                for row in rows
            ],
        )
    if sentence := found["sentences"].get("en"):
        screen.print(sentence, soft_wrap=True)
    for failure in found["failures"]:
        screen.print(f"[red]{failure['count']:,} failed[/red]: {failure['reason']}", soft_wrap=True)


def document(result: Uncertainty) -> dict[str, Any]:
    """Give a result as plain values."""
    names = ("intervals", "changes", "ranks", "ahead", "sensitivity", "tried", "failures")
    tables = {name: getattr(result, name) for name in names}
    counts = {"combinations": len(result.runs.chosen), "complete": result.runs.complete}
    return counts | tables | {"sentences": dict(result.sentences)}


def _print(result: Uncertainty, decimals: int) -> None:
    screen = console()
    how = "every combination" if result.runs.complete else "a sample of the combinations"
    screen.print(f"{len(result.runs.chosen):,} recipes tried, {how} of these choices:")
    factors: dict[str, list[str]] = {}
    for row in result.tried:
        choice = f"{row['choice_en']} draws" if row["what"] == "draws" else row["choice_en"]
        factors.setdefault(row["label_en"] or row["factor"], []).append(choice)
    for label, choices in factors.items():
        screen.print(f"  {label}: {'; '.join(choices)}", soft_wrap=True)
    screen.print()
    periods = list(dict.fromkeys(row["period"] for row in result.intervals))
    one_place = len({row["place"] for row in result.intervals}) == 1
    for period in periods if one_place else periods[-1:]:
        rows = [row for row in result.intervals if row["period"] == period]
        _print_intervals(period, rows, decimals)
    _print_sensitivity(result)
    if sentence := result.sentences.get("en"):
        screen.print(sentence, soft_wrap=True)
    if result.failures:
        screen.print(f"[red]{len(result.failures)} recipes could not be computed[/red], so no indices are given:")
        for row in result.failures[:MOST_ROWS]:
            screen.print(f"  {row['choices']}: {row['reason']}", soft_wrap=True)


def _print_intervals(period: str, rows: list[dict[str, Any]], decimals: int) -> None:
    def shown(value: float | None) -> str:
        return "–" if value is None else f"{value:.{decimals}f}"

    ranked = any(row["rank"] is not None for row in rows)
    ordered = sorted(rows, key=lambda row: (row["rank"] is None, row["rank"] or 0))[:MOST_ROWS]
    columns = [("place", "left"), ("nominal", "right"), ("5 %", "right"), ("median", "right"), ("95 %", "right")]
    if ranked:
        columns += [("rank", "right"), ("rank 5 % to 95 %", "right")]
    else:
        columns += [("below the base", "right")]
    table = []
    for row in ordered:
        cells = [row["place"], *(shown(row[name]) for name in ("nominal", "low", "median", "high"))]
        if ranked:
            cells += [str(row["rank"] or "–"), f"{_rank(row['rank_low'])} to {_rank(row['rank_high'])}"]
        else:
            cells.append("–" if row["below"] is None else f"{100 * row['below']:.0f} % of the recipes")
        table.append(cells)
    print_table(f"{period}: the result, and where it lies in the recipes tried", columns, table)


def _rank(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"


def _print_sensitivity(result: Uncertainty) -> None:
    # Ranks that never change have no variance to explain; then the score of the first place is told.
    varies = {row["target"] for row in result.sensitivity if row["total"] is not None}
    chosen = next((target for target in ("mean rank change", "score") if target in varies), "score")
    rows = [row for row in result.sensitivity if row["target"] == chosen]
    places = list(dict.fromkeys(row["place"] for row in rows))[:1]
    rows = [row for row in rows if row["place"] in places]
    if rows:
        print_table(
            f"Share of the variance of the {chosen}{' of ' + rows[0]['place'] if rows[0]['place'] else ''} "
            f"that each choice explains, {rows[0]['period']}",
            [("choice", "left"), ("alone", "right"), ("with interactions", "right")],
            [
                (row["factor"], *("–" if row[name] is None else f"{row[name]:.3f}" for name in ("first", "total")))
                for row in rows
            ],
        )
