"""Finding packs: by path, or by id among those that are shipped."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from donghaeng.catalogue.manifest import PACK_ID
from donghaeng.errors import InputError, listed, nearest


@dataclass(frozen=True)
class Found:
    """Where a pack lies, and how it is called in messages."""

    folder: Path
    label: str


def shipped_folder() -> Path:
    """Give the folder of the packs that come with Donghaeng: inside the wheel, or ``packs/`` of a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "shipped_packs"
    return inside if inside.is_dir() else package.parents[1] / "packs"


def shipped_ids() -> tuple[str, ...]:
    """Give the ids of the shipped packs, sorted."""
    return tuple(
        sorted(f"{path.parent.parent.name}/{path.parent.name}" for path in shipped_folder().glob("*/*/pack.yaml"))
    )


def find(reference: str | Path) -> Found:
    """Find a pack.

    Args:
        reference: path of a folder, or the id of a shipped pack.

    Raises:
        InputError: when there is neither such a folder nor such a pack.
    """
    text = str(reference)
    folder = Path(reference)
    if folder.is_dir():
        return Found(folder, text.rstrip("/") or text)
    if folder.exists():
        raise InputError(f'"{text}" is a file; give the folder of the pack')
    ids = shipped_ids()
    if re.match(PACK_ID, text) and text in ids:
        return Found(shipped_folder() / text, text)
    hint = nearest(text, ids)
    shipped = f"shipped packs: {listed(ids)}" if ids else "no packs are shipped"
    raise InputError(f'no pack "{text}": neither a folder nor a shipped pack; {hint + " " if hint else ""}{shipped}')
