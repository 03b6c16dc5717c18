"""From a ledger to the measures of packs: an extract that is thrown away when they are computed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

#: What the engine of the day files may use for an extract; it goes to disk beyond.
MEMORY = "640MB"

if TYPE_CHECKING:
    from donghaeng.catalogue.pack import Pack
    from donghaeng.ledger.ledger import Ledger
    from donghaeng.ledger.service_tables import ServiceTables
    from donghaeng.measures.compute import Computed


def measured(
    packs: Sequence[Pack],
    ledger: str,
    extract_key: Path | None,
    master_key: Path | None,
    days: Path | None = None,
    distances: Path | None = None,
) -> dict[str, Computed]:
    """Extract a ledger and compute the measures of packs, by id of the pack.

    Args:
        packs: the packs; those without measures are passed over.
        ledger: address of the ledger; empty for none.
        extract_key: file of the key of extracts.
        master_key: file of the master key, where measures read facts about persons.
        days: folder of day files, where measures read tables of passes; beside the file of the ledger unless given.
        distances: file of distances between places, for the value of rides.

    Raises:
        UsageError: an option is given without the others, or a measure needs one that is not given.
        InputError: no pack declares measures, or the ledger cannot be read.
    """
    from donghaeng.catalogue.measures_outcome import measure_extract
    from donghaeng.errors import UsageError
    from donghaeng.measures.shape import PERIODS

    if not ledger:
        if extract_key or master_key or days or distances:
            raise UsageError("--extract-key, --master-key, --days and --distances belong to a ledger: give --ledger")
        return {}
    if extract_key is None:
        raise UsageError("entries are extracted with a key: give --extract-key FILE")
    sections = {pack.id: pack.measures for pack in packs if pack.measures is not None}
    if not sections:
        raise UsageError("none of these packs declares measures of a ledger; leave --ledger out")
    period = max((section.names_hold for section in sections.values()), key=PERIODS.index)
    facts = any(section.needs_facts for section in sections.values())
    if facts and master_key is None:
        raise UsageError("measures read facts about persons, which are encrypted: give --master-key FILE")
    reading = [pack for pack in packs if pack.passes is not None and pack.measures and pack.measures.of_services]
    if len(reading) > 1:
        what = f"{reading[0].id} and {reading[1].id} both read tables of passes, and a ledger has those of one pack"
        raise UsageError(f"{what}; release them apart")
    if not reading and (days or distances):
        raise UsageError("no measure of these packs reads tables of passes; leave --days and --distances out")
    with TemporaryDirectory(prefix="donghaeng-extract-") as name:
        _extract(
            *(ledger, Path(name) / "extract", extract_key, master_key if facts else None, period),
            *(reading[0] if reading else None, days, distances),
        )
        return {pack_id: measure_extract(section, Path(name) / "extract") for pack_id, section in sections.items()}


def _extract(
    url: str,
    folder: Path,
    extract_key: Path,
    master_key: Path | None,
    period: str,
    pack: Pack | None,
    days: Path | None,
    distances: Path | None,
) -> None:
    from datetime import UTC, datetime

    from donghaeng.cli.ledger import _secret, _told
    from donghaeng.ledger.extract import extract
    from donghaeng.ledger.ledger import Ledger
    from donghaeng.ledger.open import open_persons, open_store
    from donghaeng.ledger.persons import Persons
    from donghaeng.services.registry import all_kinds

    def clock() -> datetime:
        return datetime.now(UTC)

    secret = _secret(extract_key)
    with _told(), ExitStack() as closing:
        store = open_store(url)
        closing.callback(store.close)
        persons = None
        if master_key is not None:
            persons = Persons(open_persons(url), _secret(master_key), os.urandom, clock)
            closing.callback(persons.close)
        own = Ledger(store, all_kinds(), clock, persons=persons)
        tables = None
        if pack is not None:
            tables, close = pass_tables(pack, own, url, days, distances)
            closing.callback(close)
        extract(own, folder, secret, period=period, facts=persons is not None, tables=tables)  # type: ignore[arg-type]


def measured_passes(
    pack: Pack, ledger: Ledger, url: str, extract_key: Path, days: Path, distances: Path
) -> Computed | None:
    """Compute the measures of a pack that sells passes over a ledger that is open; None where it declares none.

    Args:
        pack: the pack.
        ledger: the ledger.
        url: its address.
        extract_key: file of the key of extracts.
        days: folder of day files.
        distances: file of distances between places.
    """
    from donghaeng.catalogue.measures_outcome import measure_extract
    from donghaeng.cli.ledger import _secret
    from donghaeng.ledger.extract import extract

    if pack.measures is None:
        return None
    with TemporaryDirectory(prefix="donghaeng-extract-") as name:
        tables, close = pass_tables(pack, ledger, url, days, distances)
        folder = Path(name) / "extract"
        try:
            extract(ledger, folder, _secret(extract_key), period=pack.measures.names_hold, tables=tables)
        finally:
            close()
        return measure_extract(pack.measures, folder)


def pass_tables(
    pack: Pack, ledger: Ledger, url: str, days: Path | None, distances: Path | None
) -> tuple[ServiceTables, Callable[[], None]]:
    """Give the tables of the passes of a pack for an extract, and what closes their files.

    Args:
        pack: a pack that sells passes and says what rides are worth.
        ledger: the ledger.
        url: its address.
        days: folder of day files; beside the file of the ledger unless given.
        distances: file of distances between places; without it values of rides are ranges.

    Raises:
        UsageError: the folder is not there, or the pack does not say what rides are worth.
        InputError: the file of distances has faults.
    """
    from donghaeng.errors import UsageError
    from donghaeng.ledger.open import files_path, sqlite_path
    from donghaeng.services.passes.day_files import DayFiles
    from donghaeng.services.passes.extract_tables import tables_of
    from donghaeng.services.passes.money_files import read_distances
    from donghaeng.services.passes.service import PassService

    path = sqlite_path(url)
    folder = days or (files_path(path) if path is not None else None)
    if folder is None or not folder.is_dir():
        what = f"{folder} is not there" if folder is not None else "the ledger is on a server"
        raise UsageError(f"rides of passes stand in day files, and {what}; give their folder with --days")
    known = read_distances(distances, str(distances)) if distances is not None else None
    section = pack.passes_section()
    service = PassService(section, ledger, ledger.clock, os.urandom)
    files = DayFiles(folder, ledger.store, section.days, memory=MEMORY)
    return tables_of(service, files, distances=known), files.close
