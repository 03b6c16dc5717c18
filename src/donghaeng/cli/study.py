"""``donghaeng study``: what the data and the structure of an index are like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from donghaeng.cli.output import JsonOption, PackArgument, console, counted, plain, print_json, print_table, working

if TYPE_CHECKING:
    from donghaeng.catalogue.pack import Pack

#: Rows of a section that are shown when all sections are.
FEW = 5

Rows = list[dict[str, Any]]


def study(
    pack: PackArgument,
    period: Annotated[str | None, typer.Option(help="Period. Default: the newest with a score.")] = None,
    stage: Annotated[
        str | None,
        typer.Option(help="Values to look at: raw, prepared or scaled. Default: raw for statistics, else scaled."),
    ] = None,
    place: Annotated[str | None, typer.Option(help="A place to look at: strengths, weaknesses, similar ones.")] = None,
    section: Annotated[str | None, typer.Option(help="All rows of one section, such as removal.")] = None,
    plots: Annotated[
        Path | None,
        typer.Option(help="Folder for pictures as SVG: framework, correlations, and with --place its profile."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Study an index: statistics, gaps, correlations, consistency, and what each element does to the ranks."""
    from donghaeng.catalogue.read import load
    from donghaeng.catalogue.study_report import study_report

    with working(f"Studying {pack}"):
        loaded = load(pack)
        report = study_report(loaded.score(), period, stage, place, None if section is None else [section])
        drawn = _drawn(loaded, plots, place, period) if plots is not None else []
    if as_json:
        names = {"plots": [path.as_posix() for path in drawn]} if plots is not None else {}
        print_json({"pack": loaded.id, "version": loaded.version} | report | names)
        return
    _print(loaded, report, None if section else FEW)
    if drawn:
        console().print(f"Drawn: {plain(', '.join(path.as_posix() for path in drawn))}", soft_wrap=True)


def _drawn(pack: Pack, folder: Path, place: str | None, period: str | None) -> list[Path]:
    from donghaeng.index.plots import save_all

    return save_all(pack.score(), folder, place, period)


def _print(pack: Pack, report: dict[str, Any], most: int | None) -> None:
    screen = console()
    title = pack.manifest.title.get("en") or next(iter(pack.manifest.title.values()))
    size = f"{counted(report['places'], 'place')}, {counted(report['indicators'], 'indicator')}, {report['period']}"
    screen.print(f"[bold]{plain(title)}[/bold] ({pack.id} {pack.version}): {size}\n", soft_wrap=True)
    for name, content in report["sections"].items():
        if "reason" in content:
            if name != "place" or most is None:
                screen.print(f"[bold]{name.capitalize()}[/bold]: {content['reason']}.\n", soft_wrap=True)
            continue
        _PRINTERS[name](content, most)
    if most is not None:
        screen.print("[dim]All rows of one section: --section NAME. Everything: --json.[/dim]")


@dataclass(frozen=True)
class _Column:
    """A column of a table for people.

    Attributes:
        heading: its heading.
        key: key of the value in a row.
        form: how numbers are written.
    """

    heading: str
    key: str
    form: str = ""


def _cell(value: Any, form: str) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return format(value, form) if form and not isinstance(value, str) else str(value)


def _show(title: str, columns: Sequence[_Column], rows: Rows, most: int | None, what: str = "") -> None:
    """Print the first rows, and say how many more there are."""
    shown = rows if most is None else rows[:most]
    columns = [column for column in columns if column.key != "reason" or any(row.get("reason") for row in shown)]
    headings = [(column.heading, "right" if column.form else "left") for column in columns]
    cells = [[plain(_cell(row.get(column.key), column.form)) for column in columns] for row in shown]
    if not cells:
        console().print(f"[bold]{title}[/bold]: none\n", soft_wrap=True)
        return
    more = f" (first {len(shown)} of {len(rows)})" if len(shown) < len(rows) else ""
    print_table(f"{title}{more}" + (f" [dim]{what}[/dim]" if what else ""), headings, cells)


def _sorted(rows: Rows, key: str, descending: bool = False) -> Rows:
    """Sort rows by a number, those without one last."""
    known = sorted((row for row in rows if row[key] is not None), key=lambda row: row[key], reverse=descending)
    return known + [row for row in rows if row[key] is None]


_NODE = (_Column("node", "node"), _Column("name", "name"))


def _statistics(content: dict[str, Any], most: int | None) -> None:
    flagged = [row for row in content["rows"] if row["flags"]]
    columns = [
        _Column("node", "node"),
        *(_Column(name, name, ".4g") for name in ("minimum", "median", "maximum", "mean", "deviation")),
        *(_Column(name, name, ".2f") for name in ("skew", "kurtosis")),
        *(_Column("values", "available", ".0f"), _Column("flags", "flags")),
    ]
    title = f"Statistics of {content['stage']} values, {len(flagged)} of {len(content['rows'])} indicators flagged"
    rows = content["rows"] if most is None else _sorted(flagged, "skew", descending=True)
    _show(title, columns, rows, most)


def _availability(content: dict[str, Any], most: int | None) -> None:
    columns = [
        *(_Column("place", "place"), _Column("missing", "missing", ".0f"), _Column("zero", "zero", ".0f")),
        _Column("available", "share_available", ".1%"),
    ]
    places = _sorted(content["places"], "share_available")
    complete = sum(row["missing"] == 0 for row in places)
    title = f"Availability: {complete} of {len(places)} places have every indicator"
    lacking = [row for row in places if row["missing"]]
    if lacking or most is None:
        _show(title, columns, places if most is None else lacking, most)
    else:
        console().print(f"[bold]{title}[/bold]\n", soft_wrap=True)
    groups = [row for row in _sorted(content["groups"], "share_available") if row["share_available"] < 1]
    if groups:
        columns = [_Column("place", "place"), _Column("group", "node"), _Column("available", "share_available", ".1%")]
        _show("Groups with the least data", columns, groups, most)


def _correlations(content: dict[str, Any], most: int | None) -> None:
    pairs = content["within_groups"]
    flagged = sorted((row for row in pairs if row["flag"]), key=lambda row: -abs(row["value"]))
    columns = [
        *(_Column("group", "group"), _Column("first", "first"), _Column("second", "second"), _Column("of", "of")),
        *(_Column("r", "value", "+.3f"), _Column("p", "p_value", ".2g"), _Column("places", "count", ".0f")),
        _Column("flag", "flag"),
    ]
    limits = content["flags"]
    title = f"Correlations within groups: {len(flagged)} of {len(pairs)} above {limits['high']} or below "
    _show(f"{title}{limits['against']}", columns, pairs if most is None else flagged, most)
    columns = [
        *(_Column("node", "node"), _Column("parent", "parent"), _Column("r", "value", "+.3f")),
        *(_Column("p", "p_value", ".2g"), _Column("places", "count", ".0f")),
    ]
    _show(
        "Correlations of scores with the parent, weakest first",
        columns,
        _sorted(content["with_parents"], "value"),
        most,
    )


def _consistency(content: dict[str, Any], most: int | None) -> None:
    rows = [row | {"count": len(row["indicators"]), "best_without": _best_without(row)} for row in content["rows"]]
    columns = [
        *_NODE,
        *(_Column("indicators", "count", ".0f"), _Column("alpha", "alpha", ".3f")),
        *(_Column("highest without", "best_without"), _Column("", "reason")),
    ]
    _show(f"Cronbach's alpha of {content['stage']} values, lowest first", columns, _sorted(rows, "alpha"), most)


def _best_without(row: dict[str, Any]) -> str:
    """Name the indicator without which alpha is highest, where it is higher than with all."""
    known = {code: alpha for code, alpha in row.get("alpha_without", {}).items() if alpha is not None}
    if not known or row["alpha"] is None:
        return ""
    code = max(known, key=lambda one: known[one])
    return f"{code}: {known[code]:.3f}" if known[code] > row["alpha"] else ""


def _components(content: dict[str, Any], most: int | None) -> None:
    rows = [row | {"count": len(row["children"]), "first": (row.get("shares") or [None])[0]} for row in content["rows"]]
    columns = [
        *_NODE,
        *(_Column("children", "count", ".0f"), _Column("first component", "first", ".1%")),
        *(_Column("above 1", "above_one", ".0f"), _Column("places", "places", ".0f"), _Column("", "reason")),
    ]
    what = "share of the variance of the children; components with a variance above 1"
    _show("Principal components, weakest first", columns, _sorted(rows, "first"), most, what)
    if most is None:
        loadings = [
            {"group": row["node"], "child": code, "weight": weights[0]}
            for row in content["rows"]
            for code, weights in row.get("loadings", {}).items()
        ]
        columns = [_Column("group", "group"), _Column("child", "child"), _Column("weight", "weight", "+.3f")]
        _show("Weights in the first component", columns, loadings, most)


def _denominators(content: dict[str, Any], most: int | None) -> None:
    flagged = sorted((row for row in content["rows"] if row["flag"]), key=lambda row: -abs(row["value"]))
    columns = [
        *(_Column("indicator", "node"), _Column("size", "denominator"), _Column("r", "value", "+.3f")),
        *(_Column("places", "count", ".0f"), _Column("divided by", "divided_by")),
    ]
    title = f"Raw indicators that follow a size: {len(flagged)} beyond {content['threshold']}"
    _show(title, columns, content["rows"] if most is None else flagged, most)


def _removal(content: dict[str, Any], most: int | None) -> None:
    rows = _sorted(content["rows"], "mean_change_of_rank", descending=True)
    columns = [
        *_NODE,
        *(_Column("level", "level", ".0f"), _Column("mean change", "mean_change_of_rank", ".2f")),
        *(_Column("largest", "largest_change", ".0f"), _Column("same rank", "unchanged", ".0f")),
        *(_Column("Kendall", "kendall", ".3f"), _Column("", "reason")),
    ]
    title = f"What taking an element out does to the ranks of {content['of']}, most first"
    _show(title, columns, rows, most)


def _targets(content: dict[str, Any], most: int | None) -> None:
    columns = [
        *_NODE,
        *(_Column("target", "target", ".4g"), _Column("met", "met", ".0f"), _Column("of", "with_value", ".0f")),
        *(_Column("median gap", "median_gap", ".4g"), _Column("way covered", "median_covered", ".0%")),
    ]
    _show("Targets that the fewest places meet", columns, _sorted(content["rows"], "met"), most)


def _growth(content: dict[str, Any], most: int | None) -> None:
    columns = [
        *_NODE,
        *(_Column("of", "of"), _Column("places", "places", ".0f")),
        *(_Column(name, name, "+.1%") for name in ("lowest", "median", "highest")),
        _Column("undefined", "undefined", ".0f"),
    ]
    rows = sorted(content["rows"], key=lambda row: -abs(row["median"] or 0.0))
    _show("Growth a year between first and latest value, largest first", columns, rows, most)


def _place(content: dict[str, Any], most: int | None) -> None:
    place = content["place"]
    columns = [*_NODE, _Column("score", "score", ".2f"), _Column("rank", "rank", ".0f")]
    _show(f"Scores of {place}", columns, content["scores"], None)
    columns = [
        *_NODE,
        *(_Column("unit", "unit"), _Column("value", "value", ".4g")),
        *(_Column("rank", "rank", ".0f"), _Column("of", "of", ".0f")),
    ]
    _show(f"Where {place} ranks best", columns, content["strengths"], most)
    _show(f"Where {place} ranks worst", columns, content["weaknesses"], most)
    columns = [
        *(_Column("place", "place"), _Column("distance", "distance", ".2f")),
        _Column("indicators in common", "common", ".0f"),
    ]
    _show(f"Places most like {place}", columns, content["similar"], most)


_PRINTERS: dict[str, Callable[[dict[str, Any], int | None], None]] = {
    "statistics": _statistics,
    "availability": _availability,
    "correlations": _correlations,
    "consistency": _consistency,
    "components": _components,
    "denominators": _denominators,
    "removal": _removal,
    "targets": _targets,
    "growth": _growth,
    "place": _place,
}
