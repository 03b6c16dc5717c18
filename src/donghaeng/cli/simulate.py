"""``donghaeng simulate``: made-up days through the real services, in a ledger of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from donghaeng.cli.ledger import DEFAULT_URL, LedgerOption
from donghaeng.cli.output import JsonOption, PackArgument, console, plain, print_json, progress_bar

if TYPE_CHECKING:
    from donghaeng.catalogue.pack import Pack
    from donghaeng.ledger.ledger import Ledger
    from donghaeng.services.identity.policy import Policy
    from donghaeng.services.identity.simulation import SimulationModel

DEFAULT_KEYS = Path("simulated-keys")
LABEL_FILE = "THROW-AWAY"
LABEL_TEXT = "Keys of a simulation, made to be thrown away. Never use them for anything real.\n"
SEAL_FILE = "simulation.seal.json"


def simulate(
    pack: PackArgument,
    visits: Annotated[int, typer.Option(min=1, max=10_000_000, help="Visits, for an identity check.")] = 10_000,
    cards: Annotated[
        int | None,
        typer.Option(min=1, max=1_000_000, help="Cards, for passes. Default: as the pack says.", show_default=False),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=3_660, help="Days played. Default: as the pack says.", show_default=False)
    ] = None,
    until: Annotated[
        str, typer.Option(metavar="DATE", help="Last day played. Default: as the pack says, or the date of the pack.")
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="The same seed plays the same.")] = 1,
    url: LedgerOption = DEFAULT_URL,
    keys: Annotated[
        Path,
        typer.Option("--keys", metavar="DIR", help="Folder of keys; throw-away ones are made where there is none."),
    ] = DEFAULT_KEYS,
    day_files: Annotated[
        Path | None,
        typer.Option("--day-files", metavar="DIR", help="For passes: day files of taps. Default: beside the ledger."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Play made-up days through the real service of a pack, in a new ledger, and seal it. Everything is simulated."""
    from donghaeng.catalogue.read import load
    from donghaeng.errors import UsageError

    loaded = load(pack)
    if loaded.passes is not None:
        _simulate_passes(loaded, cards, days, _day(until), seed, url, keys, day_files, as_json)
        return
    last_day = _day(until) or loaded.manifest.date
    if loaded.identity is None or loaded.rules is None:
        files = "service/identity.yaml or service/passes.yaml"
        raise UsageError(f"{loaded.id} has no service that can be played; give a pack with {files}")
    policy, model = _mix(loaded)
    made = _prepared(keys, seed)
    clock = _Clock(datetime.combine(last_day, datetime.min.time(), UTC))
    with _new_ledger(url, keys, clock, loaded, f"{visits} visits", seed) as (ledger, chance):
        result = _play_identity(policy, model, ledger, chance, clock, visits, days or model.days, last_day, seed)
        sealed = _sealed(ledger, keys, clock())
    document = {"pack": loaded.id, "made_up": True, "seed": seed, **result, **sealed, "keys": str(keys)}
    if as_json:
        print_json(document)
        return
    _print(document, made)


def _simulate_passes(
    pack: Pack,
    cards: int | None,
    days: int | None,
    until: date | None,
    seed: int,
    url: str,
    keys: Path,
    day_files: Path | None,
    as_json: bool,
) -> None:
    from donghaeng.cli.ledger import EXTRACT_KEY
    from donghaeng.cli.simulate_passes import day_folder, pass_mix, play_passes, print_passes, statistics_of

    model = pass_mix(pack)
    folder = day_folder(url, day_files)
    cards, days, last_day = cards or model.cards, days or model.days, until or model.last_day
    made = _prepared(keys, seed)
    clock = _Clock(datetime.combine(last_day, datetime.min.time(), UTC) - timedelta(days=days))
    # All that is recorded are codes of the pack and drawn letters: there is no number of a person to be looked for.
    with _new_ledger(url, keys, clock, pack, f"{cards} cards, {days} days", seed, checked=False) as (ledger, chance):
        result = play_passes(
            *(pack, model, ledger, chance, clock.set),
            cards=cards,
            days=days,
            last_day=last_day,
            seed=seed,
            folder=folder,
        )
        result["statistics"] = statistics_of(pack, ledger, url, keys / EXTRACT_KEY, folder)
        sealed = _sealed(ledger, keys, clock())
    document = {"pack": pack.id, "made_up": True, "seed": seed, **result, **sealed, "keys": str(keys)}
    if as_json:
        print_json(document)
        return
    print_passes(document)
    _print_end(document, made)


def _day(text: str) -> date | None:
    from donghaeng.cli.decide import day_of

    return day_of(text, "--until")


class _Clock:
    """The time that is played."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def set(self, at: datetime) -> None:
        self.at = at


def _prepared(keys: Path, seed: int) -> bool:
    """Make throw-away keys where there are none; says whether it made them."""
    import numpy as np

    from donghaeng.cli.ledger import SEAL_KEY, make_keys
    from donghaeng.errors import UsageError

    if not keys.exists():
        # They guard made-up data only. Names in entries follow from them, and the same seed plays the same.
        make_keys(keys, np.random.default_rng([seed, 1]).bytes)
        (keys / LABEL_FILE).write_text(LABEL_TEXT, "utf-8")
        return True
    if not (keys / SEAL_KEY).exists():
        raise UsageError(f"{keys} holds no {SEAL_KEY}; give a folder made by `donghaeng ledger keygen`, or a new one")
    return False


@contextmanager
def _new_ledger(
    url: str, keys: Path, clock: Callable[[], datetime], pack: Pack, what: str, seed: int, *, checked: bool = True
) -> Iterator[tuple[Ledger, Callable[[int], bytes]]]:
    """Open a ledger that is empty, and say in its first entry that all of it is made up."""
    import numpy as np

    from donghaeng.cli.ledger import MASTER_KEY, _secret, _told
    from donghaeng.errors import UsageError
    from donghaeng.identifiers import refuse_identifiers
    from donghaeng.ledger.entry import NewEntry
    from donghaeng.ledger.ledger import Ledger
    from donghaeng.ledger.open import open_persons, open_store
    from donghaeng.ledger.own_kinds import SIMULATION_STARTED, SIMULATION_STREAM
    from donghaeng.ledger.persons import Persons
    from donghaeng.ledger.store import LAST_SEQUENCE
    from donghaeng.services.registry import TABLE_SETS, all_kinds

    chance: Callable[[int], bytes] = np.random.default_rng([seed, 0]).bytes
    with _told():
        store = open_store(url, create=True, more=TABLE_SETS)
        if next(iter(list(store.query(LAST_SEQUENCE))))[0]:
            store.close()
            raise UsageError(
                "the ledger has entries already; made-up ones stand in a ledger of their own: --ledger URL"
            )
        persons = Persons(open_persons(url, create=True), _secret(keys / MASTER_KEY), chance, clock)
        check = refuse_identifiers if checked else None
        ledger = Ledger(store, all_kinds(), clock, persons=persons, check=check)
        try:
            body = {"seed": seed, "what": what, "pack": pack.id}
            ledger.append(
                NewEntry(
                    stream=SIMULATION_STREAM,
                    kind=SIMULATION_STARTED,
                    body=body,
                    effective_at=clock(),
                    idempotency_key="simulation started",
                )
            )
            yield ledger, chance
        finally:
            ledger.close()


def _mix(pack: Pack) -> tuple[Policy, SimulationModel]:
    """Read what the pack says is to be made up, before anything is recorded."""
    from donghaeng.errors import Faults, UsageError
    from donghaeng.services.identity.policy import Policy
    from donghaeng.services.identity.simulation import FILE, read_simulation

    if pack.identity is None or pack.rules is None:  # pragma: no cover - checked before
        raise UsageError(f"{pack.id} has no identity check")
    if not (pack.folder / FILE).exists():
        raise UsageError(f"{pack.id} does not say what to make up; it needs {FILE}")
    policy, faults = Policy.of(pack.identity, pack.rules), Faults()
    model = read_simulation(pack.folder, pack.id, policy, faults)
    faults.raise_errors()
    if model is None:  # pragma: no cover - it has a fault then
        raise UsageError(f"{pack.id} cannot be played")
    return policy, model


def _play_identity(
    policy: Policy,
    model: SimulationModel,
    ledger: Ledger,
    chance: Callable[[int], bytes],
    clock: _Clock,
    visits: int,
    days: int,
    last_day: date,
    seed: int,
) -> dict[str, Any]:
    from concurrent.futures import ThreadPoolExecutor
    from dataclasses import asdict

    from donghaeng.services.identity.service import IdentityService
    from donghaeng.services.identity.simulation import OutageLookup, Play, stand_in

    with ThreadPoolExecutor(1) as threads, progress_bar("Playing visits") as progress:
        play: Play
        lookup = OutageLookup(stand_in(model, seed), lambda: play.is_down())
        service = IdentityService(policy, ledger, chance, threads, lookup)
        play = Play(model, service, seed=seed, last_day=last_day, days=days, set_clock=clock.set)
        played = play.run(visits, progress)
    return {"days": days, **(asdict(played) | {"last": played.last.isoformat()})}


def _sealed(ledger: Ledger, keys: Path, at: datetime) -> dict[str, Any]:
    from donghaeng.cli.ledger import SEAL_KEY, _private_key
    from donghaeng.ledger.canonical import moment
    from donghaeng.ledger.seals import seal

    made = seal(ledger.store, _private_key(keys / SEAL_KEY), moment(at))
    path = keys / SEAL_FILE
    path.write_text(made.text(), "utf-8")
    return {"entries": made.size, "root": made.root, "seal": str(path)}


def _print(document: dict[str, Any], made: bool) -> None:
    say = console().print
    say(f"SIMULATED: {document['visits']:,} made-up visits over {document['days']} days, seed {document['seed']}.")
    for name, count in document["results"].items():
        say(f"  {plain(name)}: {count:,}")
    follow = ("settled", "mended", "completed", "stays", "recoveries")
    say("  then " + ", ".join(f"{name} {document[name]:,}" for name in follow))
    _print_end(document, made)


def _print_end(document: dict[str, Any], made: bool) -> None:
    say = console().print
    say(f"{document['entries']:,} entries, sealed in {document['seal']}", soft_wrap=True, markup=False)
    if made:
        say(f"Keys to be thrown away are in {document['keys']}.", soft_wrap=True, markup=False)
