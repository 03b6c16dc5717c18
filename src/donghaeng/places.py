"""Places: what values are for, read from ``places.csv``; places may form a tree."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from donghaeng.errors import Faults, nearest
from donghaeng.table import Row, read_rows

COLUMNS = ("place", "parent", "name_ko", "name_en")
OPTIONAL = ("breakdown",)


@dataclass(frozen=True)
class Place:
    """A city, district, country or other place.

    Attributes:
        code: its code.
        parent: code of the place it is part of; empty for none.
        name_ko: name in Korean; may be empty when the pack is not in Korean.
        name_en: name in English; may be empty when the pack is not in English.
        breakdown: by what the population is told apart here, such as ``sex``; empty for the main one. Groups of people
            are places of a breakdown of their own, so that nobody is added up twice.
    """

    code: str
    parent: str
    name_ko: str
    name_en: str
    breakdown: str = ""


def places_table(places: Collection[Place]) -> pa.Table:
    """Give places as a table, in their order; with a column breakdown where there is any."""
    columns = {
        "place": [place.code for place in places],
        "parent": [place.parent for place in places],
        "name_ko": [place.name_ko for place in places],
        "name_en": [place.name_en for place in places],
    }
    if any(place.breakdown for place in places):
        columns["breakdown"] = [place.breakdown for place in places]
    return pa.table(columns)


def read_places(path: Path, label: str, languages: Collection[str], faults: Faults) -> tuple[Place, ...]:
    """Read ``places.csv``.

    Args:
        path: the file.
        label: how faults name it.
        languages: languages in which every place needs a name.
        faults: where faults go.
    """
    places: dict[str, Place] = {}
    rows: list[Row] = []
    for row in read_rows(path, label, COLUMNS, OPTIONAL, faults):
        code = row["place"]
        if not code:
            row.fault(faults, "place", "the place is missing", "a code", "write one", "missing-value")
        elif code in places:
            row.fault(faults, "place", f'the place "{code}" stands twice', "each once", "remove one", "duplicate")
        for language in languages:
            if not row[f"name_{language}"]:
                row.fault(faults, f"name_{language}", "the name is missing", "a name", "write it", "missing-value")
        places.setdefault(code, Place(code, row["parent"], row["name_ko"], row["name_en"], row["breakdown"]))
        rows.append(row)
    for row in rows:
        if row["parent"] and row["parent"] not in places:
            remedy = nearest(row["parent"], places) or "add it"
            row.fault(faults, "parent", f'unknown place "{row["parent"]}"', "a place of this file", remedy, "orphan")
    circles = {code for code in places if _in_circle(code, places)}
    for row in rows:
        if row["place"] in circles:
            what = f'"{row["place"]}" is part of itself'
            row.fault(faults, "parent", what, "a tree of places", "correct one of the parents", "cycle")
    # Whoever walks up the tree would never arrive: the rest of the pack is read as if these were part of nothing.
    return tuple(replace(place, parent="") if place.code in circles else place for place in places.values())


def _in_circle(code: str, places: Mapping[str, Place]) -> bool:
    above, seen = places[code].parent if code in places else "", {code}
    while above in places and above not in seen:
        seen.add(above)
        above = places[above].parent
    return above == code
