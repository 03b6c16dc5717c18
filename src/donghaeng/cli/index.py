"""``donghaeng index``: the scores of a pack, beside what was published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from donghaeng.cli.output import JsonOption, PackArgument, console, plain, print_json, print_table, table_rows, working

if TYPE_CHECKING:
    from donghaeng.catalogue.pack import Pack
    from donghaeng.index.scores import Scores

#: More places than this are not listed to a person; `--json` gives all of them.
MOST_PLACES = 20
MOST_ROWS = 60
#: More areas than this do not stand beside each other on a screen.
MOST_AREAS = 8


def index(
    pack: PackArgument,
    as_json: JsonOption = False,
    contributions: Annotated[bool, typer.Option(help="Add how many points each node brings.")] = False,
    changes: Annotated[bool, typer.Option(help="Add changes, split into value and coverage.")] = False,
) -> None:
    """Compute the index of a pack and compare it with published figures."""
    from donghaeng.catalogue.read import load

    with working(f"Computing {pack}"):
        loaded = load(pack)
        scores = loaded.score()
        document = _document(loaded, scores, contributions, changes)
    if as_json:
        print_json(document)
    else:
        _print(loaded, scores, document)


def _document(pack: Pack, scores: Scores, contributions: bool, changes: bool) -> dict[str, Any]:
    from math import isnan

    from donghaeng.index.changes import changes_table
    from donghaeng.index.contributions import contributions as contributions_table
    from donghaeng.index.published import conflicts_table, published_table
    from donghaeng.index.weights import consistencies

    document: dict[str, Any] = {
        "pack": pack.id,
        "version": pack.version,
        "inputs": dict(pack.files),
        "recipe": scores.recipe.model_dump(mode="json"),
        "scores": table_rows(scores.table()),
        "published": table_rows(published_table(scores)),
        "conflicts": table_rows(conflicts_table(scores)),
        "without_score": without_score(pack, scores),
    }
    consistent = [
        {
            "node": scores.structure.codes[one.composite],
            "index": one.index,
            "ratio": None if isnan(one.ratio) else one.ratio,
        }
        for one in consistencies(scores.structure, scores.recipe.weigh)
    ]
    if consistent:
        document["consistency"] = consistent
    if contributions:
        document["contributions"] = table_rows(contributions_table(scores))
    if changes:
        document["changes"] = table_rows(changes_table(scores))
    return document


def _print(pack: Pack, scores: Scores, document: dict[str, Any]) -> None:
    from donghaeng.catalogue.outcome import STATUS_NOTES

    screen = console()
    title = pack.manifest.title.get("en") or next(iter(pack.manifest.title.values()))
    note = STATUS_NOTES[pack.manifest.status]["en"]
    screen.print(f"[bold]{plain(title)}[/bold] ({pack.id} {pack.version})\n[dim]{note}[/dim]\n")
    if len(scores.places) == 1:
        _print_composites(scores)
    else:
        _print_ranking(scores)
    _print_without_score(document["without_score"], scores)
    _print_published(document)
    for one in document.get("consistency", ()):
        ratio = "not defined for so few" if one["ratio"] is None else f"{one['ratio']:.3f} (0.1 is the usual limit)"
        screen.print(f"Comparisons in pairs below {plain(one['node'])}: consistency ratio {ratio}")
    _print_rows("Contributions", document.get("contributions"), ("place", "period", "node", "part", "share", "points"))
    names = ("place", "period", "comparison", "node", "change", "value_change", "coverage_change", "comparable")
    _print_rows("Changes", document.get("changes"), names)


def without_score(pack: Pack, scores: Scores) -> list[dict[str, str]]:
    """Name the places of a pack that have no score in the newest period, and say what they have in place of it."""
    import numpy as np

    newest, tree = scores.newest_period(), scores.structure
    leaves = [index for index in range(len(tree.nodes)) if tree.is_leaf(index)]
    rows = []
    for place in pack.places:
        if place.code not in scores.places:
            rows.append({"place": place.code, "reason": "no values"})
            continue
        at = scores.places.index(place.code)
        if np.isfinite(scores.values[at, newest, tree.root]):
            continue
        had = int(np.isfinite(scores.panel.values[at, newest][leaves]).sum())
        left = int(np.isfinite(scores.scaled.values[at, newest][leaves]).sum())
        reason = f"{had} of {len(leaves)} indicators have a value"
        if at in scores.parts:
            reason = "no part has a score"
        elif not had:
            reason = "no values of this period"
        elif left < had:
            reason += f", {left} are left after the steps before the means"
        rows.append({"place": place.code, "reason": reason})
    return rows


def _print_without_score(rows: list[dict[str, str]], scores: Scores) -> None:
    if not rows:
        return
    shown = "; ".join(f"{plain(row['place'])} ({row['reason']})" for row in rows[:MOST_PLACES])
    more = f" and {len(rows) - MOST_PLACES} more" if len(rows) > MOST_PLACES else ""
    period = scores.periods[scores.newest_period()]
    console().print(f"Without a score in {period}: {shown}{more}.\n", soft_wrap=True)


def _print_rows(title: str, rows: list[dict[str, Any]] | None, columns: tuple[str, ...]) -> None:
    """Print the telling columns of a table; `--json` has all of them."""
    if rows is None:
        return
    numbers = {"share", "points", "change", "value_change", "coverage_change"}
    newest = sorted(rows, key=lambda row: str(row["period"]), reverse=True)[:MOST_ROWS]
    print_table(
        title,
        [(name.replace("_", " "), "right" if name in numbers else "left") for name in columns],
        [
            [f"{row[name]:.3f}" if name in numbers else _cell(row[name]) for name in columns]
            for row in newest[:MOST_ROWS]
        ],
    )
    if len(rows) > MOST_ROWS:
        console().print(f"[dim]{len(rows) - MOST_ROWS} more rows: --json gives all of them[/dim]\n")


def _print_composites(scores: Scores) -> None:
    import numpy as np

    decimals = scores.recipe.decimals
    columns = [("node", "left"), ("name", "left"), *((period.text, "right") for period in scores.periods)]
    rows = []
    for index, node in enumerate(scores.structure.nodes):
        if scores.structure.is_leaf(index):
            continue
        name = node.names.get("en") or node.names.get("ko", "")
        cells = []
        for period in range(len(scores.periods)):
            value, count = scores.values[0, period, index], scores.available[0, period, index]
            of = scores.structure.stated_counts[index]
            cells.append("–" if np.isnan(value) else f"{value:.{decimals}f} [dim]({count:.0f}/{of})[/dim]")
        rows.append([plain(node.code), plain(name), *cells])
    place = scores.places[0]
    print_table(f"Scores of {plain(place)}, and how many of how many indicators they stand on", columns, rows)


def _print_ranking(scores: Scores) -> None:
    """Print the newest period: every place with its rank, its composites and how much they stand on."""
    import numpy as np

    newest, root = scores.newest_period(), scores.structure.root
    values, ranks = scores.values[:, newest], scores.ranks()[:, newest, root]
    labels = [scores.attributes.breakdowns.get(place, "") for place in scores.places]
    several = len(set(labels)) > 1  # places of one breakdown are ranked among themselves
    order = [place for place in np.argsort(ranks, kind="stable") if np.isfinite(ranks[place])]
    breakdowns = list(dict.fromkeys(sorted(labels, key=bool)))  # the main one first
    order.sort(key=lambda place: breakdowns.index(labels[place]))
    order += [place for place in scores.parts if np.isfinite(values[place, root])]
    decimals = scores.recipe.decimals + 1  # one more, so that neighbours can be told apart
    below = [child for child in scores.structure.children[root] if not scores.structure.is_leaf(child)]
    below = below if len(below) <= MOST_AREAS else []
    rows = []
    for place in order[:MOST_PLACES]:
        count, of = scores.available[place, newest, root], scores.structure.stated_counts[root]
        cells = [_number(values[place, node], decimals) for node in (root, *below)]
        rank = f"{ranks[place]:.0f}" if np.isfinite(ranks[place]) else "–"
        name = plain(scores.places[place])
        rows.append([*([plain(labels[place])] if several else []), rank, name, *cells, f"{count:.0f}/{of}"])
    names = [plain(scores.structure.codes[node]) for node in below]
    columns = [*([("breakdown", "left")] if several else []), ("rank", "right"), ("place", "left"), ("score", "right")]
    columns += [(name, "right") for name in names]
    title = f"{plain(scores.structure.codes[root])} in {scores.periods[newest]}, {len(order)} places"
    print_table(title, [*columns, ("indicators", "right")], rows)
    if len(order) > MOST_PLACES:
        console().print(f"[dim]{len(order) - MOST_PLACES} more places: --json gives all of them[/dim]\n")


def _number(value: float, decimals: int) -> str:
    from math import isnan

    return "–" if isnan(value) else f"{value:.{decimals}f}"


def _print_published(document: dict[str, Any]) -> None:
    rows = document["published"]
    if not rows:
        return
    words = {True: "[green]agrees[/green]", False: "[red]differs[/red]", None: "[yellow]cannot be computed[/yellow]"}
    shown = rows if len(rows) <= MOST_PLACES else [row for row in rows if row["agrees"] is False][:MOST_PLACES]
    if shown:
        _print_verdicts(shown, words)
    verdicts = [row["agrees"] for row in rows]
    console().print(
        f"{verdicts.count(True)} of {len(rows)} published figures agree, {verdicts.count(False)} differ, "
        f"{verdicts.count(None)} cannot be computed; {len(document['conflicts'])} conflicting statements are kept.\n"
    )


def _print_verdicts(rows: list[dict[str, Any]], words: dict[bool | None, str]) -> None:
    print_table(
        "Published beside computed",
        [
            *(("node", "left"), ("place", "left"), ("period", "left"), ("published", "right"), ("computed", "right")),
            *(("", "left"), ("kind", "left")),
        ],
        [
            [
                plain(row["node"]),
                plain(row["place"]),
                row["period"],
                row["printed"],
                _cell(row["computed"]),
                words[row["agrees"]],
                row["kind"],
            ]
            for row in rows
        ],
    )


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4f}"
    return "–" if value is None else plain(value)
