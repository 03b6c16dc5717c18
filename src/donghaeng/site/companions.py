"""The ``.csv`` and ``.json`` beside every page: the numbers it shows, as they stand in the release."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from donghaeng.release.read import Row
from donghaeng.site.edition import Edition
from donghaeng.site.links import stem
from donghaeng.site.page import Page
from donghaeng.site.view import SIMULATED


def companion_paths(page: Page, path: str) -> list[str]:
    """Give the paths of the files beside a page.

    Simulated rows go to files of their own with ``simulated`` in their name.
    """
    endings = [""]
    if any(row.get("kind") == SIMULATED for rows in page.tables.values() for row in rows):
        endings.append(f"-{SIMULATED}")
    return [f"{stem(path)}{ending}.{form}" for ending in endings for form in ("csv", "json")]


def companions(edition: Edition, page: Page, path: str) -> dict[str, str]:
    """Give the files beside a page by path."""
    result = {}
    for ending, is_simulated in (("", False), (f"-{SIMULATED}", True)):
        tables = {
            name: [row for row in rows if (row.get("kind") == SIMULATED) is is_simulated]
            for name, rows in page.tables.items()
        }
        if is_simulated and not any(tables.values()):
            continue
        result[f"{stem(path)}{ending}.json"] = _envelope(edition, page, path, tables)
        first = next(iter(tables))
        columns = list(dict.fromkeys(column for row in page.tables[first] for column in row))
        result[f"{stem(path)}{ending}.csv"] = _csv(columns, tables[first])
    return result


def _envelope(edition: Edition, page: Page, path: str, tables: Mapping[str, Sequence[Row]]) -> str:
    manifest = edition.manifest
    about: dict[str, Any] = {"page": path}
    views = [page.view] if page.view else list(edition.views)
    about["packs"] = [
        {
            "id": view.id,
            "version": view.description["version"],
            "status": view.description["status"],
            "status_note": view.description["status_note"],
            "licence": view.description["licence"],
        }
        for view in views
    ]
    about["release"] = {name: manifest[name] for name in ("id", "date", "state", "replaces", "reason")}
    head = json.dumps(about, ensure_ascii=False, indent=1)[:-2]
    bodies = []
    for name, rows in tables.items():
        lines = ",\n   ".join(json.dumps(dict(row), ensure_ascii=False) for row in rows)
        bodies.append(f"  {json.dumps(name)}: [\n   {lines}\n  ]" if rows else f"  {json.dumps(name)}: []")
    return f'{head},\n "tables": {{\n' + ",\n".join(bodies) + "\n }\n}\n"


def _csv(columns: Sequence[str], rows: Sequence[Row]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else repr(value) if isinstance(value, float) else value
