"""Reading a release back: what the site and later releases are made from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from donghaeng.errors import InputError
from donghaeng.release.verify import read_manifest
from donghaeng.release.write import DESCRIPTION, RECIPE, SIMULATED, WORDING

Row = Mapping[str, Any]


@dataclass(frozen=True)
class ReleasedPack:
    """The results of one pack as they were released.

    Attributes:
        id: id of the pack.
        description: ``pack.json``.
        recipe: ``recipe.json``; None for a pack without an index.
        wording: ``wording.json``.
        tables: rows by table name, published and simulated together; a row of kind ``simulated`` says so.
        articles: Markdown by (slug, language).
        documents: further plain values by file name, such as ``rules/identity.json``.
    """

    id: str
    description: Mapping[str, Any]
    recipe: Mapping[str, Any] | None
    wording: Mapping[str, Any]
    tables: Mapping[str, tuple[Row, ...]]
    articles: Mapping[tuple[str, str], str]
    documents: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Release:
    """A verified release.

    Attributes:
        folder: where it lies.
        manifest: ``manifest.json``.
        packs: its packs in the order of the manifest.
    """

    folder: Path
    manifest: Mapping[str, Any]
    packs: tuple[ReleasedPack, ...]


def read_release(folder: Path) -> Release:
    """Verify and read a release.

    Raises:
        InputError: when the folder is not a release or any byte of it was changed.
    """
    manifest = read_manifest(folder)
    paths = [str(entry["path"]) for entry in manifest["files"]]
    packs = tuple(_read_pack(folder, str(pack["id"]), paths) for pack in manifest["packs"])
    return Release(folder, manifest, packs)


def _read_pack(folder: Path, pack_id: str, paths: list[str]) -> ReleasedPack:
    def plain(name: str) -> Any:
        if f"{pack_id}/{name}" not in paths:
            raise InputError(f"{folder} has no {pack_id}/{name}; take the release from its publisher again")
        return json.loads((folder / pack_id / name).read_bytes())

    tables: dict[str, tuple[Row, ...]] = {}
    articles: dict[tuple[str, str], str] = {}
    documents: dict[str, Any] = {}
    for path in paths:
        name = path.removeprefix(f"{pack_id}/")
        if name == path:  # of another pack, or of the whole release
            continue
        if name.startswith("tables/"):
            if name.endswith(".json"):
                table = name.removeprefix("tables/").removesuffix(".json").removesuffix(f"-{SIMULATED}")
                tables[table] = (*tables.get(table, ()), *plain(name))
        elif name.startswith("articles/"):
            slug, _, language = name.removeprefix("articles/").removesuffix(".md").rpartition(".")
            articles[slug, language] = (folder / path).read_text("utf-8")
        elif name.endswith(".json") and name not in {DESCRIPTION, RECIPE, WORDING}:
            documents[name] = plain(name)
    # A tree of indicators without a method would be shown as if the method were empty.
    recipe = plain(RECIPE) if f"{pack_id}/{RECIPE}" in paths or "structure" in tables else None
    return ReleasedPack(pack_id, plain(DESCRIPTION), recipe, plain(WORDING), tables, articles, documents)
