"""``donghaeng robustness``: how far the method drives the result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from donghaeng.cli.output import (
    JsonOption,
    PackArgument,
    console,
    counted,
    plain,
    print_json,
    print_table,
    progress_bar,
)

if TYPE_CHECKING:
    from donghaeng.catalogue.pack import Pack
    from donghaeng.index.alternatives import Alternatives
    from donghaeng.index.replications import Replications
    from donghaeng.index.robustness.spark import Tasks
    from donghaeng.index.uncertainty import Uncertainty

MOST_ROWS = 25


class EngineName(StrEnum):
    """What evaluates drawn recipes."""

    AUTO = "auto"
    NUMBA = "numba"
    NUMPY = "numpy"
    SPARK = "spark"


def robustness(
    pack: PackArgument,
    number: Annotated[
        int | None, typer.Option("-n", "--n", min=10, max=100_000_000, help="Draw so many recipes instead of all.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of the draw; default, that of robustness.yaml.")] = None,
    engine: Annotated[
        EngineName, typer.Option(help="What evaluates them; spark spreads them over machines, with the same result.")
    ] = EngineName.AUTO,
    master: Annotated[
        str | None,
        typer.Option(metavar="URL", help="For spark: where; default, what Spark is set to, else this machine."),
    ] = None,
    second_order: Annotated[
        bool, typer.Option("--second-order", help="With -n: interactions of two choices too; takes twice as long.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Compute the index under every combination of choices that the pack names."""
    from donghaeng.catalogue.read import load
    from donghaeng.errors import InputError, UsageError
    from donghaeng.index.uncertainty import uncertainty

    if number is None and engine != EngineName.AUTO:
        raise UsageError(f"--engine {engine} evaluates recipes that are drawn; say how many with -n")
    if master is not None and engine != EngineName.SPARK:
        raise UsageError("--master says where Spark runs; add --engine spark")
    loaded = load(pack)
    section = loaded.index_section()
    if section.alternatives is None:
        raise InputError(f"{pack} names nothing that could have been done differently; add robustness.yaml")
    if number is not None:
        _replicate(loaded, section.alternatives, number, seed, engine, master, second_order, as_json)
        return
    with progress_bar("Combinations") as progress:
        result = uncertainty(section.scores, section.alternatives, seed=seed, progress=progress)
    if as_json:
        print_json({"pack": loaded.id, "version": loaded.version, **document(result)})
        return
    _print(result, section.recipe.decimals)
    _print_untried(loaded)


def _replicate(
    pack: Pack,
    alternatives: Alternatives,
    number: int,
    seed: int | None,
    engine: EngineName,
    master: str | None,
    second_order: bool,
    as_json: bool,
) -> None:
    if engine == EngineName.SPARK:
        with _spark(master) as tasks:
            result = _drawn(pack, alternatives, number, seed, "auto", tasks, second_order)
    else:
        result = _drawn(pack, alternatives, number, seed, _kernel(engine), None, second_order)
    found = result.document()
    if as_json:
        print_json({"pack": pack.id, "version": pack.version, **found})
        return
    screen = console()
    stopped = ", then stopped" if found["interrupted"] else ""
    screen.print(f"{found['replications']:,} recipes drawn{stopped}.\n")
    rows = [row | {"below": None} for row in found["intervals"]]
    _print_intervals(found["period"], rows, pack.score().recipe.decimals)
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
    if found["refused"] and not found["failures"]:
        screen.print(f"No sensitivities: {plain(found['refused'])}", soft_wrap=True)
    for failure in found["failures"]:
        screen.print(f"[red]{failure['count']:,} failed[/red]: {plain(failure['reason'])}", soft_wrap=True)
    _print_untried(pack)


def _print_untried(pack: Pack) -> None:
    """Name the places that have no score by the recipe as it is, so that nothing was tried for them."""
    from donghaeng.cli.index import without_score

    rows = without_score(pack, pack.score())
    if rows:
        more = f" and {len(rows) - MOST_ROWS} more" if len(rows) > MOST_ROWS else ""
        names = ", ".join(plain(row["place"]) for row in rows[:MOST_ROWS])
        console().print(f"Without a score by the recipe as it is, and so not told: {names}{more}.", soft_wrap=True)


def _kernel(engine: EngineName) -> Literal["auto", "numba", "numpy"]:
    if engine == EngineName.NUMPY:
        return "numpy"
    return "numba" if engine == EngineName.NUMBA else "auto"


def _drawn(
    pack: Pack,
    alternatives: Alternatives,
    number: int,
    seed: int | None,
    engine: Literal["auto", "numba", "numpy"],
    tasks: Tasks | None,
    second_order: bool,
) -> Replications:
    from donghaeng.index.replications import replicate

    seed = alternatives.seed if seed is None else seed
    with progress_bar("Replications") as progress:
        return replicate(pack.score(), alternatives, number, seed, 2, progress, engine, tasks, second_order)


@contextmanager
def _spark(master: str | None) -> Iterator[Tasks]:
    """Start Spark without pages of its own, or take the session that runs; what is started here ends here."""
    import os
    import sys
    import warnings

    from donghaeng.errors import UsageError
    from donghaeng.index.robustness.spark import Tasks

    # Spark runs its tasks with this Python; without a word, with the first python3 of the path, which has no donghaeng.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with warnings.catch_warnings():
        # What it says of pandas: nothing here hands pandas to Spark.
        warnings.simplefilter("ignore", FutureWarning)
        try:
            from pyspark.errors import PySparkException
            from pyspark.sql import SparkSession
        except ImportError:
            raise UsageError("Spark is not installed; install donghaeng[spark], and Java 17 or newer") from None
        before = SparkSession.getActiveSession()
        builder = SparkSession.builder.appName("donghaeng").config("spark.log.level", "ERROR")
        builder = builder.config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
        try:
            session = (builder.master(master) if master else builder).getOrCreate()
        except (PySparkException, OSError) as error:
            raise UsageError(f"Spark does not start: {error}; it needs Java 17 or newer (java -version)") from error
    try:
        yield Tasks(session)
    finally:
        if before is None:
            session.stop()


def document(result: Uncertainty) -> dict[str, Any]:
    """Give a result as plain values."""
    names: tuple[str, ...] = ("intervals", "changes", "ranks", "ahead", "sensitivity", "interactions", "tried")
    names += ("failures", "without_score")
    tables = {name: getattr(result, name) for name in names}
    runs = result.runs
    counts = {"combinations": len(runs.chosen), "excluded": runs.excluded, "complete": runs.complete}
    counts |= {"interrupted": runs.interrupted}
    return counts | tables | {"sentences": dict(result.sentences)}


def _print(result: Uncertainty, decimals: int) -> None:
    screen = console()
    how = "every combination" if result.runs.complete else "a sample of the combinations"
    how = "then stopped; the first of the combinations" if result.runs.interrupted else how
    screen.print(f"{len(result.runs.chosen):,} recipes tried, {how} of these choices:")
    factors: dict[str, list[str]] = {}
    for row in result.tried:
        choice = f"{row['choice_en']} draws" if row["what"] == "draws" else row["choice_en"]
        factors.setdefault(row["label_en"] or row["factor"], []).append(choice)
    for label, choices in factors.items():
        screen.print(f"  {label}: {'; '.join(choices)}", soft_wrap=True)
    if result.runs.excluded:
        screen.print(f"  {result.runs.excluded:,} combinations are excluded by rules, so no indices are given.")
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
            screen.print(f"  {plain(row['choices'])}: {plain(row['reason'])}", soft_wrap=True)
        if len(result.failures) > MOST_ROWS:
            screen.print(f"[dim]{len(result.failures) - MOST_ROWS} more: --json[/dim]")
    if result.without_score:
        screen.print("[red]Places that some recipes leave without a score[/red], so no indices are given for them:")
        for row in result.without_score[:MOST_ROWS]:
            where = f"{row['place']}, {row['period']}: {counted(row['runs'], 'recipe')}"
            screen.print(f"  {plain(where)}, {100 * row['share']:.0f} %; first {plain(row['choices'])}", soft_wrap=True)
        if len(result.without_score) > MOST_ROWS:
            screen.print(f"[dim]{len(result.without_score) - MOST_ROWS} more: --json[/dim]")


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
