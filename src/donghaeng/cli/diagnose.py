"""``donghaeng diagnose``: what fell, why as far as the data say, and what is missing to say more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from donghaeng.cli.output import JsonOption, PackArgument, console, counted, plain, print_json, print_table, working

if TYPE_CHECKING:
    from donghaeng.catalogue.pack import Pack
    from donghaeng.diagnosis.diagnose import Diagnosis
    from donghaeng.diagnosis.finding import Finding, Part

#: More rows than this are not listed to a person; `--json` gives all of them.
MOST_ROWS = 40
MOST_NOTES = 20
MOST_PARTS = 4
#: Below so many columns a row of falls leaves out how stable it is, and the year it is compared with.
WIDE = 96


def diagnose(
    pack: PackArgument,
    as_json: JsonOption = False,
    period: Annotated[str | None, typer.Option(help="Only falls in this period.")] = None,
    place: Annotated[str | None, typer.Option(help="Only falls in this place.")] = None,
    node: Annotated[str | None, typer.Option(help="Only falls of this indicator or composite.")] = None,
    comparison: Annotated[str | None, typer.Option(help="base or year: only falls in this comparison.")] = None,
) -> None:
    """Find the falls of an index and divide each among its causes, as far as the data allow."""
    from donghaeng.catalogue.read import load

    with working(f"Diagnosing {pack}"):
        loaded = load(pack)
        result = loaded.diagnose()
        chosen = _chosen(loaded, result, period, place, node, comparison)
    if as_json:
        print_json(document(loaded, result, chosen))
    else:
        _print(loaded, result, chosen, place)


def _chosen(
    pack: Pack, result: Diagnosis, period: str | None, place: str | None, node: str | None, comparison: str | None
) -> tuple[Finding, ...]:
    from donghaeng.errors import UsageError, listed, nearest

    scores = result.scores
    known: dict[str, tuple[str | None, Sequence[str]]] = {
        "period": (period, [one.text for one in scores.periods]),
        "place": (place, scores.places),
        "node": (node, scores.structure.codes),
        "comparison": (comparison, ("base", "year")),
    }
    for what, (given, codes) in known.items():
        if given is not None and given not in codes:
            hint = nearest(given, codes)
            raise UsageError(
                f'{pack.id} has no {what} "{given}"; expected one of {listed(codes)}{"; " + hint if hint else ""}'
            )
    return result.of(place, node, period, comparison)


def document(pack: Pack, result: Diagnosis, findings: Sequence[Finding]) -> dict[str, Any]:
    """Give what `--json` prints.

    Args:
        pack: the pack.
        result: its diagnosis.
        findings: the findings that were asked for.
    """
    return {
        "pack": pack.id,
        "version": pack.version,
        "inputs": dict(pack.files),
        "settings": result.settings.model_dump(mode="json"),
        "warning": dict(result.warning),
        "splits": {name: dict(vars(split)) for name, split in result.splits.items()},
        "findings": [finding.as_json() for finding in findings],
        "early_signal": dict(result.early_signal),
        "alarms": [watch.as_json() for watch in result.alarms.watched],
        "blind_spots": [spot.as_json() for spot in result.blind_spots],
    }


def _print(pack: Pack, result: Diagnosis, findings: tuple[Finding, ...], place: str | None) -> None:
    from donghaeng.catalogue.outcome import STATUS_NOTES

    screen = console()
    title = pack.manifest.title.get("en") or next(iter(pack.manifest.title.values()))
    note = STATUS_NOTES[pack.manifest.status]["en"]
    screen.print(f"[bold]{plain(title)}[/bold] ({pack.id} {pack.version})\n[dim]{note}[/dim]\n", soft_wrap=True)
    settings = result.settings
    outside = sum(finding.cause == "outside" for finding in findings)
    answered = sum(finding.cause != "undetermined" for finding in findings) - outside
    screen.print(
        f"{counted(len(findings), 'fall')}, {answered} with a cause, {outside} outside what is diagnosed. A cause is "
        f"named from {settings.share:.0%} of what is negative, if it holds in {settings.stability:.0%} of "
        f"{settings.draws} draws of the data's own error.",
        soft_wrap=True,
    )
    screen.print(f"{result.warning['en']}\n", soft_wrap=True)
    if findings:
        _print_findings(pack, findings)
        _print_splits(result)
        _print_notes(pack, findings)
    _print_alarms(pack, result, place)
    _print_blind_spots(result, place)


def _print_findings(pack: Pack, findings: tuple[Finding, ...]) -> None:
    # What nobody may miss comes first: the newest period, the whole before its parts, then the tree from the top.
    newest, tops = findings[0].period, _tops(pack)
    ordered = sorted(findings, key=lambda finding: (finding.period != newest, finding.place not in tops))
    shown = sorted(ordered[:MOST_ROWS], key=findings.index)
    is_wide = console().width >= WIDE
    rows = [
        [
            plain(finding.node),
            plain(finding.place),
            finding.period,
            f"{finding.comparison} {finding.before}" if is_wide else finding.comparison,
            f"{finding.points:.1f}",
            _cause(finding),
            _percent(finding.share),
            *([_percent(finding.stability)] if is_wide else []),
        ]
        for finding in shown
    ]
    columns = [("node", "id"), ("place", "left"), ("period", "left"), ("against", "left"), ("points", "right")]
    columns += [("cause", "left"), ("share", "right"), *([("stable", "right")] if is_wide else [])]
    print_table("What fell", columns, rows)
    if len(findings) > len(shown):
        more = len(findings) - len(shown)
        console().print(f"[dim]{more} more: --json gives all, --period, --place and --node choose[/dim]\n")


def _print_splits(result: Diagnosis) -> None:
    """Say what another way of counting does to the answers: how the factors are grouped is a choice of the pack."""
    names = {"lmdi": "by log-mean weights", "split": "every series a factor", "merged": "one factor a cause"}
    told = [
        f"{names[way]}: {split.changed} of {split.compared} other answers, shares move by at most {split.most:.1%}"
        for way, split in result.splits.items()
        if split.compared
    ]
    if told:
        console().print(f"[dim]Counted otherwise: {'; '.join(told)}.[/dim]\n", soft_wrap=True)


def _tops(pack: Pack) -> set[str]:
    """Give the places that are part of no other: their falls are shown first."""
    return {place.code for place in pack.places if not place.parent}


def _cause(finding: Finding) -> str:
    if finding.cause != "undetermined":
        return finding.cause
    leading = "" if finding.leading == "undetermined" else f" [dim](most: {finding.leading})[/dim]"
    return f"[yellow]undetermined[/yellow]{leading}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _print_notes(pack: Pack, findings: tuple[Finding, ...]) -> None:
    """Print of each fall what must be known, what to collect and what officials said."""
    screen, said = console(), {row["id"]: row for row in pack.statements.rows}
    told: set[tuple[str, ...]] = set()
    lines = 0
    tops = _tops(pack)
    for finding in sorted(findings, key=lambda one: one.place not in tops):
        note = finding.note.get("en", "")
        texts = [note[:1].upper() + note[1:]]
        if finding.reason == "mixed" and finding.below:
            parts = ", ".join(f"{_of_part(part, finding)} {part.points:+.1f}" for part in finding.below[:MOST_PARTS])
            texts.append(f"Below it: {parts}.")
        if finding.collect:
            texts.append("Collect: " + ", ".join(dict.fromkeys(_label(one.label) for one in finding.collect)) + ".")
        statements = [said[statement] for statement in finding.statements if statement in said]
        texts += [f"{row['by_en']} ({row['said_on'] or 'no date'}): {row['said_en']}" for row in statements]
        if finding.cause != "undetermined":
            texts.append(finding.advice["en"])
        texts += _checks(finding)
        key = (finding.node, finding.place, finding.period, *texts)
        texts = [text for text in texts if text]
        if not texts or key in told:
            continue
        told.add(key)
        lines += 1
        if lines > MOST_NOTES:
            break
        head = f"{finding.node}, {finding.place}, {finding.period} ({finding.comparison})"
        screen.print(f"[bold]{plain(head)}[/bold]", soft_wrap=True)
        for text in texts:
            screen.print(f"  {plain(text)}", soft_wrap=True)
    screen.print()


def _of_part(part: Part, finding: Finding) -> str:
    return part.place if part.node == finding.node else part.node


def _label(label: Any) -> str:
    return str(label.get("en") or label.get("ko") or "")


def _checks(finding: Finding) -> list[str]:
    """Say what the same fall gives when it is counted otherwise, where that is another answer."""
    names = {"lmdi": "by log-mean weights", "split": "with every series a factor", "merged": "with one factor a cause"}
    differ = [check for check in finding.checks if check.cause != finding.leading]
    if finding.cause == "undetermined" or not differ:
        return []
    return ["Counted " + ", ".join(f"{names[check.way]}: {check.cause}" for check in differ) + "."]


def _print_alarms(pack: Pack, result: Diagnosis, place: str | None) -> None:
    """Print the watched counts of a place, or of those that are part of no other; one row for each rule."""
    screen = console()
    if result.early_signal:
        screen.print(f"[dim]{result.early_signal['en']}[/dim]", soft_wrap=True)
        return
    rules = {"limit": "single count", "cusum": "cumulative sum"}
    places = {place} if place else _tops(pack)
    watched = [watch for watch in result.alarms.watched if watch.place in places] or list(result.alarms.watched)
    rows = []
    for watch in watched:
        if watch.note:
            rows.append([plain(watch.series), plain(watch.place), "–", "–", "–", plain(watch.note)])
        for one in watch.performance:
            periods = [alarm.period for alarm in watch.alarms if alarm.rule == one.rule]
            newest = ", ".join(periods[-3:]) + (f" and {len(periods) - 3} before" if len(periods) > 3 else "")
            delay = "–" if one.delay is None else f"{one.delay:.0f}"
            cells = [plain(watch.series), plain(watch.place), rules[one.rule], f"{one.false_alarms:.2f}", delay]
            rows.append([*cells, newest or "none"])
    columns = [("series", "id"), ("place", "left"), ("rule", "left"), ("false a year", "right")]
    columns += [("delay, days", "right"), ("newest alarms", "left")]
    print_table("Early signals", columns, rows[:MOST_ROWS])
    others = len(result.alarms.watched) - len(watched)
    if others:
        screen.print(f"[dim]{others} more series in other places: --place or --json[/dim]", soft_wrap=True)
    shift = f"{result.settings.shift:.0%}"
    screen.print(
        f"[dim]From simulated counts; the delay is the median for a change of {shift}.[/dim]\n", soft_wrap=True
    )


def _print_blind_spots(result: Diagnosis, place: str | None) -> None:
    found = [spot for spot in result.blind_spots if spot.is_blind and place in {None, spot.place}]
    if not result.blind_spots:
        return
    limit = f"{result.settings.blind_spot:.0%}"
    if not found:
        console().print(f"[dim]No group is served below {limit} of its share of need beyond doubt.[/dim]")
        return
    rows = [
        [
            plain(spot.node or "–"),
            plain(spot.place),
            spot.period,
            plain(spot.group),
            f"{spot.served_share:.1%}",
            f"{spot.need_share:.1%}",
            f"{spot.ratio:.2f} ({spot.low:.2f}–{spot.high:.2f})",
        ]
        for spot in sorted(found, key=lambda spot: spot.ratio)[:MOST_ROWS]
    ]
    columns = [("node", "left"), ("place", "left"), ("period", "left"), ("group", "left"), ("served", "right")]
    columns += [("need", "right"), ("served / need (95 %)", "right")]
    print_table(f"Blind spots: served below {limit} of their share of need", columns, rows)
