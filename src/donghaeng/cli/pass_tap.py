"""``donghaeng pass tap`` and ``pass taps``: what a gate answers, and taking files of taps in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from donghaeng.cli.decide import given_facts
from donghaeng.cli.ledger import DEFAULT_URL, LedgerOption
from donghaeng.cli.output import JsonOption, console, counted, plain, print_json
from donghaeng.cli.pass_ import AtOption, PackOption, _opened, _told, app

if TYPE_CHECKING:
    from datetime import datetime

    from donghaeng.services.passes.day_files import DayFiles
    from donghaeng.services.passes.service import PassService
    from donghaeng.services.passes.station_rights import Coverage
    from donghaeng.services.passes.taps import Received

DaysOption = Annotated[
    Path | None,
    typer.Option("--days", metavar="FOLDER", help="Folder of day files. Default: beside the file of the ledger."),
]


@app.command("tap")
def tap(
    pack: PackOption,
    card: Annotated[str, typer.Option("--card", metavar="ID", help="Id of the card.")] = "",
    medium: Annotated[
        int | None, typer.Option("--medium", metavar="NUMBER", help="Number of the medium, instead of --card.")
    ] = None,
    direction: Annotated[str, typer.Option(help="board or alight.")] = "board",
    place: Annotated[str, typer.Option(help="Name of the place.")] = "here",
    line: Annotated[str, typer.Option(help="Name of the line or route.")] = "",
    fact: Annotated[
        list[str], typer.Option("--fact", metavar="NAME=VALUE", help="What the coverage asks of a place; repeatable.")
    ] = [],  # noqa: B006, typer copies it
    device: Annotated[str, typer.Option(metavar="ID", help="Id of the gate. Default: that of the place.")] = "",
    sequence: Annotated[
        int | None, typer.Option(metavar="N", help="The gate's own count of taps. Default: made of the time.")
    ] = None,
    url: LedgerOption = DEFAULT_URL,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Hold a card to a connected gate: open or not, why, in which words; the tap is recorded."""
    from donghaeng.errors import UsageError
    from donghaeng.services.passes.gate import addon_sets, code_book, gate_rules
    from donghaeng.services.passes.medium import medium_number
    from donghaeng.services.passes.station_rights import Place, coverage_of, place_rights
    from donghaeng.services.passes.tapping import AskedTap, TapConflictError, Tapping

    if direction not in {"board", "alight"}:
        raise UsageError(f"a direction {direction} is none; give board or alight")
    if bool(card) == (medium is not None):
        raise UsageError("give the card by --card, or its medium by --medium")
    with _opened(pack, url, at) as service, _told():
        section, now = service.section, service.clock()
        number = medium if medium is not None else medium_number(service.state.card(card).medium)
        coverage = coverage_of(service.policy)
        facts = _place_facts(coverage, given_facts(fact), line)
        day = section.days.day(now)
        rights = place_rights(coverage, Place(place, facts), code_book(section), addon_sets(section), day, 1)
        rules = gate_rules(section, rights, {})
        tapping = Tapping(service, lambda _: rules, all_connected=True)
        asked = AskedTap(
            device or f"gate-of-{place}",
            _sequence(now, number, direction) if sequence is None else sequence,
            number,
            "board" if direction == "board" else "alight",
            now,
            place,
            line,
            rules=rules.version,
        )
        try:
            answered = tapping.tap(asked)
        except TapConflictError as error:
            raise UsageError(str(error)) from error
        missing: tuple[str, ...] = ()
        if answered.answer.reason == "right_unknown" and coverage is not None:
            known = {**facts, **({coverage.addons: ()} if coverage.addons else {})}
            missing = coverage.table.decide(day, **known).missing
    answer = answered.answer
    shown: dict[str, Any] = {
        "open": answer.open,
        "reason": answer.reason,
        "colour": answer.colour,
        "sound": answer.sound,
        "words": dict(answer.words),
        "remaining_days": answer.remaining_days,
        "repeated": answer.repeated,
        "known": answered.known,
        "missing": list(missing),
        "device": asked.device,
        "sequence": asked.sequence,
        "medium": str(number),
        "direction": direction,
        "at": now.isoformat(),
        "day": day.isoformat(),
        "place": place,
        "rules": rules.version,
    }
    if as_json:
        print_json(shown)
        return
    screen = console()
    left = f", {counted(answer.remaining_days, 'day')} left" if answer.remaining_days is not None else ""
    again = ", the same answer again" if answer.repeated or answered.known else ""
    screen.print(f"[bold]{'open' if answer.open else 'closed'}[/bold], {answer.colour}: {answer.reason}{left}{again}")
    for language, words in answer.words.items():
        screen.print(f"  {language}: {plain(words)}", soft_wrap=True)
    if missing:
        screen.print(f"  not known of the place: {', '.join(missing)}; give --fact NAME=VALUE", soft_wrap=True)


@app.command("taps")
def taps(
    pack: PackOption,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Files of taps, CSV or Parquet.", show_default=False),
    ] = None,
    source: Annotated[str, typer.Option(help="Who sent them.")] = "command-line",
    days: DaysOption = None,
    url: LedgerOption = DEFAULT_URL,
    at: AtOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take files of taps in, and those that were recorded one by one; make rides; count missing alight tags."""
    from donghaeng.services.passes.missing_alights import count_missing
    from donghaeng.services.passes.rides import RideSettings, update_rides
    from donghaeng.services.passes.tapping import collect_online
    from donghaeng.services.passes.taps import Taps

    with _opened(pack, url, at) as service, _told():
        section = service.section
        day_files = _day_files(service, url, days)
        receiving = Taps(
            service.ledger, day_files, tolerance=timedelta(minutes=section.setting("clock_tolerance_minutes", 10))
        )
        received = [receiving.receive(path, source, label=str(path)) for path in files or []]
        collected = collect_online(service, receiving, day_files.folder / ".online")
        settings = RideSettings(longest=timedelta(hours=section.setting("longest_ride_hours", 5)))
        ridden = update_rides(day_files, service.clock(), settings)
        changed = count_missing(service, day_files)
    shown = {
        "files": [_received(one) for one in received],
        "recorded": None if collected is None else _received(collected),
        "rides_of": [day.isoformat() for day in ridden],
        "cards_blocked_or_unblocked": changed,
    }
    if as_json:
        print_json(shown)
        return
    screen = console()
    for path, one in zip(files or [], received, strict=True):
        again = ", received before" if one.known else ""
        refused = sum(one.refused.values())
        screen.print(
            f"{path}: {one.rows:,} rows, {one.new:,} new, {one.repeated:,} repeated, {one.disputed:,} disputed, "
            f"{refused:,} refused, {one.held:,} held{again}",
            soft_wrap=True,
        )
        for fault in one.shown:
            screen.print(f"  {plain(str(fault))}", soft_wrap=True)
    if collected is not None:
        screen.print(f"recorded one by one: {collected.new:,} new")
    screen.print(f"rides of {', '.join(map(str, ridden)) or 'no day'}; {len(changed)} cards blocked or unblocked")


def _place_facts(coverage: Coverage | None, told: dict[str, str], line: str) -> dict[str, Any]:
    """Read the facts of a place; the line is told once where the table of coverage asks for it under that name."""
    if coverage is None:
        return {}
    asked = coverage.table.table.all_inputs.get("line")
    if line and "line" not in told and asked is not None and line in asked.type.codes:
        told = {**told, "line": line}
    return coverage.table.facts_from_text(told)


def _sequence(now: datetime, medium: int, direction: str) -> int:
    """Make a count of the time, another one for another medium or direction in the same second."""
    from donghaeng.services.passes.medium import seconds

    return seconds(now) * 1_000_000 + medium % 500_000 * 2 + (direction == "alight")


def _received(one: Received) -> dict[str, Any]:
    names = ("file", "source", "rows", "new", "repeated", "disputed", "held", "known")
    return {name: getattr(one, name) for name in names} | {"refused": dict(one.refused), "days": list(one.days)}


def _day_files(service: PassService, url: str, folder: Path | None) -> DayFiles:
    """Open the day files of a ledger."""
    from donghaeng.errors import UsageError
    from donghaeng.ledger.open import files_path, sqlite_path
    from donghaeng.services.passes.day_files import DayFiles

    if folder is None:
        path = sqlite_path(url)
        if path is None:
            raise UsageError("a ledger on a server needs --days FOLDER, where day files are")
        folder = files_path(path)
    return DayFiles(folder, service.ledger.store, service.section.days)
