"""Checking packs: all faults and warnings of each."""

from __future__ import annotations

from pathlib import Path

from donghaeng.catalogue.find import find
from donghaeng.catalogue.pack import Pack
from donghaeng.catalogue.read import read_pack
from donghaeng.errors import Faults
from donghaeng.index import plausibility


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
    if pack:
        plausibility.warn(pack.score(), faults)
    return pack, faults
