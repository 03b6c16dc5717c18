"""``donghaeng poverty``: how many are poor in several things at once, and in what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from donghaeng.cli.output import (
    JsonOption,
    PackArgument,
    console,
    counted,
    plain,
    print_json,
    print_table,
    table_rows,
    working,
)

if TYPE_CHECKING:
    from donghaeng.catalogue.pack import Pack
    from donghaeng.index.poverty.report import PovertyReport

_TITLES = (
    ("headcount", "poor H"),
    ("intensity", "intensity A"),
    ("adjusted_headcount", "adjusted M0"),
)


def poverty(
    pack: PackArgument,
    as_json: JsonOption = False,
    period: Annotated[str | None, typer.Option(help="Period to show. Default: the newest.")] = None,
    cutoff: Annotated[
        float | None, typer.Option(help="Poverty cut-off to show. Default: the first of the pack.")
    ] = None,
) -> None:
    """Count the poor from the household tables of a pack, with standard errors and by group."""
    from donghaeng.catalogue.read import load
    from donghaeng.index.poverty.report import poverty_report

    with working(f"Measuring {pack}"):
        loaded = load(pack)
        report = poverty_report(loaded.poverty_section())
        rows = table_rows(report.table())
    if as_json:
        print_json(_document(loaded, report, rows))
    else:
        _print(loaded, report, rows, period, cutoff)


def _document(pack: Pack, report: PovertyReport, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "pack": pack.id,
        "version": pack.version,
        "inputs": dict(pack.files),
        "definition": report.definition.model_dump(mode="json"),
        "surveys": [
            {
                "period": measured.survey.period.text,
                "rows": len(measured.survey),
                "strata": measured.survey.design.strata,
                "clusters": measured.survey.design.clusters,
                "lone_strata": measured.survey.design.lone,
                "degrees_of_freedom": measured.survey.design.degrees_of_freedom,
                "dropped": measured.dropped,
                "dropped_share": measured.dropped_share,
                "reweighted": measured.reweighted,
            }
            for measured in report.periods
        ],
        "estimates": rows,
    }


def _print(
    pack: Pack, report: PovertyReport, rows: list[dict[str, Any]], period: str | None, cutoff: float | None
) -> None:
    from donghaeng.catalogue.outcome import STATUS_NOTES
    from donghaeng.errors import UsageError, listed

    periods = [measured.survey.period.text for measured in report.periods]
    shown, least = period or periods[-1], report.definition.cutoffs[0] if cutoff is None else cutoff
    if shown not in periods:
        raise UsageError(f"{pack.id} has no survey of {shown}; expected one of {listed(periods)}")
    if not any(abs(least - known) < 1e-6 for known in report.definition.cutoffs):
        known = listed(f"{one:g}" for one in report.definition.cutoffs)
        raise UsageError(f"{pack.id} measures no poverty at {least:g}; expected one of {known}")
    chosen = [row for row in rows if row["period"] == shown and abs(row["cutoff"] - least) < 1e-6]
    measured = report.periods[periods.index(shown)]
    screen, design = console(), measured.survey.design
    title = pack.manifest.title.get("en") or next(iter(pack.manifest.title.values()))
    note = STATUS_NOTES[pack.manifest.status]["en"]
    screen.print(f"[bold]{plain(title)}[/bold] ({pack.id} {pack.version})\n[dim]{note}[/dim]\n", soft_wrap=True)
    screen.print(
        f"{shown}: {len(measured.survey):,} {report.definition.rows}, {counted(design.clusters, 'cluster')} in "
        f"{design.strata} {'stratum' if design.strata == 1 else 'strata'}; poor from {least:.3g} of the weights on.",
        soft_wrap=True,
    )
    if measured.dropped:
        share = f"{measured.dropped_share:.1%} of the weights"
        screen.print(f"{measured.dropped} rows with unknown indicators are left out ({share}).", soft_wrap=True)
    screen.print()
    _print_measures(chosen)
    _print_parts(chosen, report)
    if any(row["withheld"] for row in chosen):
        screen.print(f"[dim]* withheld: fewer than {report.definition.least_cases} rows.[/dim]\n", soft_wrap=True)


def _print_measures(rows: list[dict[str, Any]]) -> None:
    """Print H, A and M0 of the whole population and of every group."""
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in rows:
        if not row["part"]:
            found.setdefault((row["by"], row["group"]), {})[row["measure"]] = row
    columns = [("by", "left"), ("group", "left"), *((title, "right") for _, title in _TITLES)]
    cells = [
        [
            plain(by),
            plain(group or "all"),
            *(_cell(measures[name]) for name, _ in _TITLES),
            _share(measures.get("population_share")),
            _share(measures.get("contribution")),
            "*" if measures["headcount"]["withheld"] else f"{measures['headcount']['cases']:,}",
        ]
        for (by, group), measures in found.items()
    ]
    columns += [("people", "right"), ("of M0", "right"), ("rows", "right")]
    print_table("Poverty, with standard errors", columns, cells)


def _print_parts(rows: list[dict[str, Any]], report: PovertyReport) -> None:
    """Print what the poor are deprived in, for the whole population."""
    whole = {(row["measure"], row["part"]): row for row in rows if not row["by"]}
    weights = dict(zip((one.code for one in report.definition.indicators), report.definition.weights, strict=True))
    cells = [
        [
            plain(one.dimension),
            plain(one.code),
            f"{weights[one.code]:.4f}",
            *(_cell(whole[name, one.code]) for name in ("uncensored", "censored")),
            _share(whole["contributions", one.code]),
        ]
        for one in report.definition.indicators
    ]
    columns = [("dimension", "left"), ("indicator", "left"), ("weight", "right")]
    columns += [("deprived", "right"), ("poor and deprived", "right"), ("of M0", "right")]
    print_table("Deprivations", columns, cells)


def _cell(row: Mapping[str, Any]) -> str:
    if row["withheld"]:
        return "*"
    if row["value"] is None:
        return "–"
    error = "" if row["standard_error"] is None else f" ({row['standard_error']:.3f})"
    return f"{row['value']:.3f}{error}"


def _share(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    return "*" if row["withheld"] else "–" if row["value"] is None else f"{row['value']:.1%}"
