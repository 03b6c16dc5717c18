"""``datapackage.json``: the release as a Frictionless data package (version 1 of the specification)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from donghaeng.release.content import Label, PackContent

_TYPES = {pa.string(): "string", pa.float64(): "number", pa.int64(): "integer", pa.bool_(): "boolean"}


def data_package(
    label: Label, packs: list[PackContent], tables: Mapping[str, pa.Table], files: Mapping[str, bytes]
) -> dict[str, Any]:
    """Describe the CSV tables of a release.

    Args:
        label: name and date of the release.
        packs: what it is made of.
        tables: table by path of its CSV file.
        files: bytes of every file by path.
    """
    return {
        "profile": "tabular-data-package",
        "name": _name(label.id),
        "id": label.id,
        "title": " / ".join(_text(pack.description["title"]) for pack in packs),
        "created": f"{label.date}T00:00:00Z",
        "version": label.id,
        "licenses": [_licence(name) for name in sorted({pack.description["licence"] for pack in packs})],
        "sources": [source for pack in packs for source in _sources(pack)],
        "resources": [_resource(path, table, files[path]) for path, table in sorted(tables.items())],
    }


def _licence(name: str) -> dict[str, str]:
    known = {"path": f"https://spdx.org/licenses/{name}.html"} if " " not in name else {}
    return {"name": name.replace(" ", "-")} | known


def _sources(pack: PackContent) -> list[dict[str, str]]:
    found = []
    for row in pack.tables["sources"].to_pylist():
        source = {"title": row["title_en"] or row["title_ko"]}
        found.append(source | ({"path": row["url"]} if row["url"] else {}))
    return found


def _resource(path: str, table: pa.Table, content: bytes) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "name": _name(path.removesuffix(".csv")),
        "path": path,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "schema": {
            "fields": [{"name": field.name, "type": _TYPES.get(field.type, "any")} for field in table.schema],
            "missingValues": [""],
        },
    }


def _name(text: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower())


def _text(by_language: Mapping[str, str]) -> str:
    return by_language.get("en") or next(iter(by_language.values()))
