"""Writes packs of an index from the texts of their files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import donghaeng
from donghaeng.catalogue.check import check
from donghaeng.catalogue.pack import Pack
from tests.index.building import PACK, SOURCES


def write(folder: Path, recipe: Mapping[str, Any], **files: str) -> Path:
    """Write a pack; a file ``structure`` is ``structure.csv``, and names with two underscores have another ending."""
    texts = {"pack.yaml": PACK, "sources.yaml": SOURCES, "recipe.yaml": json.dumps({"format": 1} | dict(recipe))}
    texts |= {name.replace("__", ".") if "__" in name else f"{name}.csv": text for name, text in files.items()}
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def load(folder: Path, recipe: Mapping[str, Any], **files: str) -> Pack:
    """Write a pack and read it."""
    return donghaeng.load(write(folder, recipe, **files))


def faults(folder: Path, recipe: Mapping[str, Any], **files: str) -> list[str]:
    """Write a pack and give its errors, files named from its folder."""
    _, found = check(write(folder, recipe, **files))
    return [str(fault).replace(f"{folder}/", "") for fault in found.errors]


def scores_of(pack: Pack, node: str) -> dict[tuple[str, str], float | None]:
    """Scores of a node by place and period."""
    return {
        (row["place"], row["period"]): row["value"] for row in pack.score().table().to_pylist() if row["node"] == node
    }
