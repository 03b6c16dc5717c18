"""Where released rules and dated values stand on the day of the release: in force, coming or former."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Plain = Mapping[str, Any]

#: Standing of a rule or value on the day of the release.
STANDINGS = ("now", "coming", "former", "replaced")


def standing(dates: Plain, day: str) -> str:
    """Say where a rule or value stands on a day: in force, coming, former, or replaced by another text."""
    if dates["withdrawn"]:
        return "replaced"
    if dates["from"] and dates["from"] > day:
        return "coming"
    return "former" if dates["to"] and dates["to"] < day else "now"


def current(value: Plain, day: str) -> Plain | None:
    """Give the entry of a dated value in force on a day; the later in the list wins. None when there is none."""
    return next((one for one in reversed(value["dated"]) if standing(one, day) == "now"), None)
