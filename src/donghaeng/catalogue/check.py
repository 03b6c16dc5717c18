"""Checking packs: all faults and warnings of each."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from donghaeng import periods
from donghaeng.catalogue.find import find
from donghaeng.catalogue.pack import Pack
from donghaeng.catalogue.read import read_pack
from donghaeng.errors import Faults
from donghaeng.index import plausibility
from donghaeng.index.observations import Observations
from donghaeng.rules.proofs import check_table


def check(reference: str | Path) -> tuple[Pack | None, Faults]:
    """Check a pack.

    Args:
        reference: path of its folder, or the id of a shipped pack.

    Returns:
        The pack, or None when it has errors; and all errors and warnings.

    Raises:
        InputError: when the pack is not found.
    """
    pack, faults = read_pack(find(reference))
    if pack and pack.index:
        plausibility.warn(pack.index.scores, faults)
        _warn_of_later_periods(pack.index.observations, pack.manifest.date, faults)
    if pack and pack.rules:
        for table in pack.rules.tables.values():
            check_table(table, faults)
    return (None if faults.errors else pack), faults


def _warn_of_later_periods(observations: Observations, day: date, faults: Faults) -> None:
    """Report statements about periods that begin after the day of the pack: most likely a slip of a digit."""
    told: set[str] = set()
    for row, text in enumerate(observations.columns["period"]):
        if text not in told and periods.parse(text).first_day > day:
            told.add(text)
            file, line = observations.location(row)
            what = f"the period {text} begins after {day}, the date of the pack"
            remedy = "check the period, or the date in pack.yaml"
            faults.add(file, line, 1, what, "a period that has begun", remedy, "later-period", "warning")
