"""What a city gives as files when it settles: who runs which line, and how far places are from one another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from donghaeng.errors import Faults, listed, nearest
from donghaeng.services.passes.fare_section import Fares
from donghaeng.services.passes.fares import RouteOf
from donghaeng.services.passes.rating import Distances
from donghaeng.table import Row, read_rows

ROUTE_COLUMNS = ("line", "fare", "operator", "share")
DISTANCE_COLUMNS = ("from", "to", "metres")
LONGEST_NAME = 64
MOST_METRES = 2_000_000


def read_routes(path: Path, label: str, fares: Fares) -> Mapping[str, RouteOf]:
    """Read a file of lines: CSV with `ROUTE_COLUMNS`, one row for each operator of a line.

    Args:
        path: the file.
        label: how faults name it.
        fares: what the pack says of fares, which knows the kinds of lines.

    Returns:
        Each line with its kind and the shares of its operators, in whole parts; no operator is one that is not known.

    Raises:
        InputError: with all faults of the file.
    """
    faults = Faults()
    kinds: dict[str, str] = {}
    shares: dict[str, dict[str, int]] = {}
    for row in read_rows(path, label, ROUTE_COLUMNS, (), faults):
        line, fare, operator = row["line"], row["fare"], row["operator"]
        for column in ("line", "operator"):
            if len(row[column]) > LONGEST_NAME or (column == "line" and not line):
                row.fault(faults, column, "no name", f"1 to {LONGEST_NAME} characters", "correct it", "wrong-value")
        if fare not in fares.kinds:
            remedy = nearest(fare, fares.kinds) or "correct it, or add the kind to the pack"
            row.fault(faults, "fare", f'no kind of line "{fare[:40]}"', listed(fares.kinds), remedy, "unknown-code")
        if kinds.setdefault(line, fare) != fare:
            what = f"{line} is {kinds[line]} in another row"
            row.fault(faults, "fare", what, "one kind for a line", "correct one of them", "difference")
        own = shares.setdefault(line, {})
        share = _whole(row, "share", 10**6, faults) if operator or row["share"] else 1
        if operator in own:
            row.fault(faults, "operator", f"{operator} has {line} twice", "one row each", "add them up", "duplicate")
        elif operator and share:
            own[operator] = share
        elif operator and share == 0:
            row.fault(faults, "share", "a share of 0", "a whole number from 1 on", "remove the row", "wrong-value")
    faults.raise_errors()
    return {line: RouteOf(kind, shares[line]) for line, kind in kinds.items()}


def read_distances(path: Path, label: str) -> Distances:
    """Read a file of distances: CSV with `DISTANCE_COLUMNS`; a row holds both ways unless the other is named.

    Raises:
        InputError: with all faults of the file.
    """
    faults = Faults()
    found: dict[tuple[str, str], int] = {}
    for row in read_rows(path, label, DISTANCE_COLUMNS, (), faults):
        pair = row["from"], row["to"]
        metres = _whole(row, "metres", MOST_METRES, faults)
        if metres is not None and found.setdefault(pair, metres) != metres:
            what = f"{pair[0]} to {pair[1]} has two distances"
            row.fault(faults, "metres", what, "one distance", "correct one of them", "difference")
    faults.raise_errors()
    return {(end, start): metres for (start, end), metres in found.items()} | found


def _whole(row: Row, column: str, most: int, faults: Faults) -> int | None:
    text = row[column]
    if text.isascii() and text.isdecimal() and len(text) < 15 and int(text) <= most:
        return int(text)
    row.fault(
        faults, column, f'"{text[:40]}" is no number', f"a whole number from 0 to {most:,}", "correct it", "wrong-value"
    )
    return None
