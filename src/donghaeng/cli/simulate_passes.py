"""``donghaeng simulate`` of a pack that sells passes: a made-up month, its books, and what is counted of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from donghaeng.cli.output import console, plain, progress_bar

if TYPE_CHECKING:
    from donghaeng.catalogue.pack import Pack
    from donghaeng.ledger.ledger import Ledger
    from donghaeng.services.passes.simulation import PassSimulation
    from donghaeng.services.passes.use_figures import UseFigures

DISTANCES = "simulated-distances.csv"
#: What the engine of the day files may use; it goes to disk beyond.
MEMORY = "640MB"


def pass_mix(pack: Pack) -> PassSimulation:
    """Read what the pack says is to be made up, before anything is recorded.

    Raises:
        UsageError: the pack does not say it.
        InputError: it has faults.
    """
    from donghaeng.errors import Faults, UsageError
    from donghaeng.services.passes.simulation import FILE, read_pass_simulation

    if not (pack.folder / FILE).exists():
        raise UsageError(f"{pack.id} does not say what to make up; it needs {FILE}")
    faults = Faults()
    model = read_pass_simulation(pack.folder, pack.id, pack.passes_section(), faults, pack.sources)
    faults.raise_errors()
    if model is None:  # pragma: no cover - it has a fault then
        raise UsageError(f"{pack.id} cannot be played")
    return model


def day_folder(url: str, given: Path | None) -> Path:
    """Give the folder of day files of a ledger: the one that is given, or one beside its file.

    Raises:
        UsageError: the ledger is on a server and none is given, or files lie there already.
    """
    from donghaeng.errors import UsageError
    from donghaeng.ledger.open import files_path, sqlite_path

    folder = given
    if folder is None:
        path = sqlite_path(url)
        if path is None:
            raise UsageError("a ledger on a server needs --day-files FOLDER, where day files go")
        folder = files_path(path)
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty; day files of made-up taps go into a folder of their own")
    return folder


def play_passes(
    pack: Pack,
    model: PassSimulation,
    ledger: Ledger,
    chance: Callable[[int], bytes],
    set_clock: Callable[[datetime], object],
    *,
    cards: int,
    days: int,
    last_day: date,
    seed: int,
    folder: Path,
) -> dict[str, Any]:
    """Play a month and close its books.

    Args:
        pack: a pack that sells passes.
        model: what is drawn.
        ledger: an empty ledger that begins by saying so.
        chance: for ids.
        set_clock: sets the clock of the ledger.
        cards: how many cards are sold.
        days: how many service days.
        last_day: the last one.
        seed: the same seed plays the same.
        folder: of day files.
    """
    from tempfile import TemporaryDirectory

    from donghaeng.services.passes.day_files import DayFiles
    from donghaeng.services.passes.service import PassService
    from donghaeng.services.passes.simulation_books import close_books
    from donghaeng.services.passes.simulation_play import PassPlay
    from donghaeng.services.passes.use_figures import use_figures

    section = pack.passes_section()
    service = PassService(section, ledger, ledger.clock, chance)
    files = DayFiles(folder, ledger.store, section.days, memory=MEMORY)
    with TemporaryDirectory(prefix="donghaeng-simulated-") as name:
        on_the_way = Path(name)
        play = PassPlay(model, service, files, on_the_way, seed=seed, last_day=last_day, days=days, set_clock=set_clock)
        with progress_bar("Playing days") as progress:
            played = play.run(cards, progress)
        books = close_books(play, on_the_way, seed)
        _write_distances(folder / DISTANCES, play.distances)
        figures = use_figures(files, section, play.fares, play.first, play.last, play.distances)
    files.close()
    taps = played.counts["boarding taps"]
    return {
        "first_day": play.first.isoformat(),
        "last_day": play.last.isoformat(),
        "days": days,
        "cards": cards,
        "calibrated": {
            name: {"title": dict(one.title), "value": one.value, "sources": [cited.source for cited in one.cite]}
            for name, one in sorted(model.calibrated.items())
        },
        "counts": dict(sorted(played.counts.items())),
        "answers": dict(sorted(played.answers.items())),
        "refused": dict(sorted(played.refused.items())),
        "wrong_per_million": {
            "list_minutes": model.trouble.list_minutes,
            "refusals": round(1e6 * played.counts["wrong refusals"] / taps, 2) if taps else None,
            "acceptances": round(1e6 * played.counts["wrong acceptances"] / taps, 2) if taps else None,
        },
        "use": _use(figures),
        **books,
        "day_files": str(folder),
    }


def statistics_of(pack: Pack, ledger: Ledger, url: str, extract_key: Path, folder: Path) -> list[dict[str, Any]]:
    """Give the numbers of the measures of the pack, as they are published: rows of the table ``statistics``.

    Args:
        pack: the pack.
        ledger: the ledger that was played.
        url: its address.
        extract_key: file of the key of extracts.
        folder: of day files.
    """
    from donghaeng.cli.ledger_measures import measured_passes
    from donghaeng.cli.output import table_rows, working
    from donghaeng.measures.publish import statistics_table

    with working("Measuring"):
        computed = measured_passes(pack, ledger, url, extract_key, folder, folder / DISTANCES)
        rows = table_rows(statistics_table(computed)) if computed is not None else []
    titles = {one.id: one.said for one in pack.measures.measures.values()} if pack.measures is not None else {}
    return [
        {"title": dict(titles[row["measure"]].title), "unit": dict(titles[row["measure"]].unit), **row} for row in rows
    ]


def _print_statistics(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the last number of each measure, of all groups together."""
    from donghaeng.cli.measure import number_of

    say = console().print
    last = {
        row["measure"]: row for row in rows if all(row[name] in (None, "_T") for name in row if name.startswith("by_"))
    }
    if last:
        say("Measures of the last month, simulated, as they may be published:")
    for row in last.values():
        shown = number_of(row) or ("left out" if row["suppressed"] else "none")
        say(f"  {plain(row['title']['en'])}, {row['period']}: {shown} {plain(row['unit']['en'])}", soft_wrap=True)


def _use(figures: UseFigures) -> dict[str, Any]:
    """Give figures of use in plain values, each by its own name."""
    days_of_use, boardings = sum(figures.users.values()), sum(figures.boardings.values())
    return {
        "holders": figures.holders,
        "users_by_day": dict(figures.users),
        "boardings_by_day": dict(figures.boardings),
        "journeys_by_day": dict(figures.journeys or {}),
        "boardings_by_line": dict(figures.boardings_by_line),
        "boardings_by_product": dict(figures.boardings_by_product),
        "days_of_use_by_product": dict(figures.users_by_product),
        "pass_days_by_product": dict(figures.pass_days_by_product),
        "rides_on_a_day_of_use": round(boardings / days_of_use, 3) if days_of_use else None,
        "in_30_pass_days": {
            product: {
                "days_of_use": round(30 * figures.users_by_product.get(product, 0) / days, 2),
                "rides": round(30 * figures.boardings_by_product.get(product, 0) / days, 2),
            }
            for product, days in figures.pass_days_by_product.items()
            if days
        },
    }


def _write_distances(path: Path, distances: Any) -> None:
    """Write the made-up distances, with which the days were settled, as `donghaeng pass settle` reads them."""
    import csv

    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("from", "to", "metres"))
        writer.writerows((start, end, metres) for (start, end), metres in sorted(distances.items()))


def print_passes(document: dict[str, Any]) -> None:
    """Print what was played."""
    say = console().print
    say(
        f"SIMULATED: {document['cards']:,} made-up cards, {document['days']} service days to {document['last_day']}, "
        f"seed {document['seed']}.",
        soft_wrap=True,
    )
    if document["calibrated"]:
        say("Made to look like these published figures, which it therefore neither confirms nor can be compared with:")
    for one in document["calibrated"].values():
        say(f"  {plain(one['title']['en'])}: {one['value']:g} ({', '.join(one['sources'])})", soft_wrap=True)
    say("Lines have made-up places, distances and readers; values of use rest on them.")
    use = document["use"]
    say(f"  holders of a pass: {use['holders']:,}; days of use: {sum(use['users_by_day'].values()):,}")
    say(f"  boardings: {sum(use['boardings_by_day'].values()):,}; journeys: {sum(use['journeys_by_day'].values()):,}")
    say(f"  rides on a day of use: {use['rides_on_a_day_of_use']}")
    for product, one in use["in_30_pass_days"].items():
        say(f"  {plain(product)}: {one['days_of_use']} days of use and {one['rides']} rides in 30 days of a pass")
    for name, count in document["counts"].items():
        say(f"  {plain(name)}: {count:,}")
    wrong = document["wrong_per_million"]
    say(
        f"  per million boarding taps, with lists every {wrong['list_minutes']} minutes: "
        f"{wrong['refusals']} wrong refusals, {wrong['acceptances']} wrong acceptances",
        soft_wrap=True,
    )
    _print_statistics(document["statistics"])
    settled = document["settled"]
    say(
        f"Settled: {settled['rides']:,} rides worth {settled['value']:,}, {settled['from_price']:,} out of prices, "
        f"city {settled['city']:,}, operators bear {settled['borne']:,}, unshared {settled['unshared']:,}",
        soft_wrap=True,
    )
    say(f"Not explained: {document['unexplained']:,}")
