"""Starting a pack: a small one that checks and computes at once."""

from __future__ import annotations

import os
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from donghaeng.catalogue.manifest import PACK_ID
from donghaeng.catalogue.schemas import write_schemas
from donghaeng.errors import InputError, UsageError, listed, nearest

KINDS = ("index", "rules")

_ID_OF_TEMPLATE = "my-city/my-index"


def start(kind: str, pack_id: str, out: Path | None = None) -> Path:
    """Write a new pack.

    Args:
        kind: what it describes, one of `KINDS`.
        pack_id: its id, ``owner/name``.
        out: its folder; default, the id below the working directory.

    Returns:
        The folder.

    Raises:
        UsageError: an unknown kind, or an id that is not one.
        InputError: when the folder exists.
    """
    if kind not in KINDS:
        raise UsageError(
            f'"{kind}" is not a kind of pack; expected {listed(KINDS)}; {nearest(kind, KINDS)}'.rstrip("; ")
        )
    if not re.fullmatch(PACK_ID, pack_id):
        raise UsageError(
            f'"{pack_id}" is not the id of a pack; write OWNER/NAME in small letters, such as my-city/my-index'
        )
    folder = out or Path(pack_id)
    if os.path.lexists(folder):
        raise InputError(f"{folder} exists; give another id, or another folder with --out")
    _copy(files("donghaeng.catalogue") / "templates" / kind, folder, pack_id)
    write_schemas(folder / ".schemas")
    return folder


def _copy(source: Traversable, target: Path, pack_id: str) -> None:
    target.mkdir(parents=True)
    for entry in source.iterdir():
        if entry.is_dir():
            _copy(entry, target / entry.name, pack_id)
        else:
            text = entry.read_text(encoding="utf-8").replace(_ID_OF_TEMPLATE, pack_id)
            (target / entry.name).write_text(text, encoding="utf-8")
