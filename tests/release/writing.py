"""Writes releases of packs, as ``donghaeng release`` does."""

from pathlib import Path

import donghaeng
from donghaeng.cli.release import write
from donghaeng.release.content import Label

LABEL = Label("2026-11", "2026-11-23", "published")


def release_of(folder: Path, *packs: str | Path, label: Label = LABEL, previous: Path | None = None) -> str:
    """Write a release of packs; gives the SHA-256 of its manifest."""
    return write([donghaeng.load(pack) for pack in packs], label, folder, previous)
