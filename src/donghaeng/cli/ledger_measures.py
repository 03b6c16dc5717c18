"""From a ledger to the measures of packs: an extract that is thrown away when they are computed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from donghaeng.catalogue.pack import Pack
    from donghaeng.measures.compute import Computed


def measured(
    packs: Sequence[Pack], ledger: str, extract_key: Path | None, master_key: Path | None
) -> dict[str, Computed]:
    """Extract a ledger and compute the measures of packs, by id of the pack.

    Args:
        packs: the packs; those without measures are passed over.
        ledger: address of the ledger; empty for none.
        extract_key: file of the key of extracts.
        master_key: file of the master key, where measures read facts about persons.

    Raises:
        UsageError: an option is given without the others, or a measure needs one that is not given.
        InputError: no pack declares measures, or the ledger cannot be read.
    """
    from donghaeng.catalogue.measures_outcome import measure_extract
    from donghaeng.errors import UsageError
    from donghaeng.measures.shape import PERIODS

    if not ledger:
        if extract_key or master_key:
            raise UsageError("--extract-key and --master-key belong to a ledger: give --ledger")
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
    with TemporaryDirectory(prefix="donghaeng-extract-") as name:
        _extract(ledger, Path(name) / "extract", extract_key, master_key if facts else None, period)
        return {pack_id: measure_extract(section, Path(name) / "extract") for pack_id, section in sections.items()}


def _extract(url: str, folder: Path, extract_key: Path, master_key: Path | None, period: str) -> None:
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
        extract(own, folder, secret, period=period, facts=persons is not None)  # type: ignore[arg-type]
