"""Cells that several tables of the section have: amounts, codes, shares, evidence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from donghaeng.errors import Faults, listed, nearest
from donghaeng.index.observations import source_fault
from donghaeng.sources import KIND_WORDS, Kind, Source, source_ids
from donghaeng.table import Row, number

#: Columns that every row of the section has.
EVIDENCE = ("kind", "source", "note")
#: More than this is not money of a city: the budget of the Republic of Korea has fewer digits.
LARGEST_AMOUNT = 10**16


@dataclass(frozen=True)
class Context:
    """What cells are checked against.

    Attributes:
        sources: the sources of the pack; None when they could not be read, then any id will do.
        nodes: codes of indicators; None when there is no index, then any code will do.
        places: codes of places; None when the pack lists none, then any code will do.
        is_invented: whether the pack is about nobody real; every row is then simulated.
        faults: where faults go.
    """

    sources: Mapping[str, Source] | None
    nodes: Collection[str] | None
    places: Collection[str] | None
    is_invented: bool
    faults: Faults


def amount(row: Row, column: str, faults: Faults, negative: bool = False) -> int | None:
    """Read a cell as money: a whole number of units of the currency; None, with a fault, for anything else.

    Args:
        row: the row.
        column: the column.
        faults: where faults go.
        negative: whether less than nothing is possible.
    """
    value = number(row, column, faults)
    if value is None:
        return None
    if value != value.to_integral_value() or abs(value) > LARGEST_AMOUNT:
        what = f"{row[column]} is not an amount of money"
        expected = "whole units of the currency" if abs(value) <= LARGEST_AMOUNT else f"at most {LARGEST_AMOUNT:,}"
        row.fault(faults, column, what, expected, "write the amount to the won", "not-money")
        return None
    if value < 0 and not negative:
        what, expected = f"{row[column]} is less than nothing", "0 or more"
        row.fault(faults, column, what, expected, "correct the sign", "not-money")
        return None
    return int(value)


def optional_amount(row: Row, column: str, faults: Faults) -> int | None:
    """Read a cell as money where it is not empty."""
    return amount(row, column, faults) if row[column] else None


def positive(row: Row, column: str, faults: Faults, zero: bool = False, most: Decimal | None = None) -> float | None:
    """Read a cell as a number above 0; None, with a fault, when it is not one.

    Args:
        row: the row.
        column: the column.
        faults: where faults go.
        zero: whether 0 is possible too.
        most: the largest possible number; None for no limit.
    """
    value = number(row, column, faults)
    if value is None:
        return None
    if value < 0 or (value == 0 and not zero) or (most is not None and value > most):
        limit = "" if most is None else f" and at most {most}"
        expected = f"{'0 or more' if zero else 'more than 0'}{limit}"
        what = f"{row[column]} is no {column.replace('_', ' ')}"
        row.fault(faults, column, what, expected, "correct it", "wrong-value")
        return None
    return float(value)


def known_code(row: Row, column: str, known: Collection[str], where: str, faults: Faults) -> str:
    """Read a cell as one of some codes; a fault where it is none of them.

    Args:
        row: the row.
        column: the column.
        known: the codes.
        where: where they are defined, such as ``options.csv``.
        faults: where faults go.
    """
    if row[column] not in known:
        remedy = nearest(row[column], known) or f"correct it, or add it to {where}"
        what = f'unknown {column} "{row[column]}"'
        row.fault(faults, column, what, f"a code of {where}", remedy, "unknown-code")
    return row[column]


def word(row: Row, column: str, words: Collection[str], faults: Faults) -> str:
    """Read a cell as one of some words; a fault where it is none of them."""
    if row[column] not in words:
        remedy = nearest(row[column], words) or "choose one of them"
        what = f'"{row[column]}" is no {column.replace("_", " ")}'
        row.fault(faults, column, what, f"one of {listed(words)}", remedy, "wrong-value")
    return row[column]


def yes(row: Row, column: str, faults: Faults) -> bool:
    """Read a cell as yes or no; empty is no."""
    if row[column] not in {"yes", "no", ""}:
        what = f'"{row[column]}" is neither yes nor no'
        row.fault(faults, column, what, "yes or no", "choose", "wrong-value")
    return row[column] == "yes"


def year(row: Row, column: str, faults: Faults) -> str:
    """Read a cell as a year."""
    if not (row[column].isascii() and row[column].isdigit() and len(row[column]) == 4 and int(row[column]) > 0):
        what = f'"{row[column]}" is not a year'
        row.fault(faults, column, what, "four digits, such as 2025", "correct it", "not-a-period")
    return row[column]


def node(row: Row, context: Context, required: bool = True) -> str:
    """Read the cell ``node`` as the code of an indicator."""
    if not row["node"] and required:
        row.fault(
            context.faults, "node", "the node is missing", "a code of structure.csv", "write one", "missing-value"
        )
    elif row["node"] and context.nodes is not None:
        known_code(row, "node", context.nodes, "structure.csv (an indicator)", context.faults)
    return row["node"]


def place(row: Row, context: Context, required: bool = True) -> str:
    """Read the cell ``place`` as the code of a place."""
    if not row["place"] and required:
        row.fault(context.faults, "place", "the place is missing", "a code", "write one", "missing-value")
    elif row["place"] and context.places is not None:
        known_code(row, "place", context.places, "places.csv", context.faults)
    return row["place"]


def evidence(row: Row, context: Context) -> Kind:
    """Read how a row is known, and check that its sources carry that; ``unknown`` where the word is none."""
    kind = KIND_WORDS.get(word(row, "kind", KIND_WORDS, context.faults), Kind.UNKNOWN)
    if context.is_invented and kind is not Kind.SIMULATED:
        what, remedy = f"a row of kind {row['kind']} in an invented pack", "write simulated, or change the status"
        row.fault(context.faults, "kind", what, "simulated", remedy, "evidence")
    if fault := source_fault(source_ids(row["source"]), kind, True, context.sources):
        row.fault(context.faults, "source", *fault)
    return kind


def shares(row: Row, column: str, known: Collection[str], where: str, faults: Faults) -> dict[str, float]:
    """Read a cell such as ``children:0.6;older:0.3``: codes with shares that sum to at most 1.

    Args:
        row: the row.
        column: the column; empty for no shares.
        known: the codes.
        where: where they are defined.
        faults: where faults go.
    """
    found: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in row[column].split(";"))):
        code, _, text = part.partition(":")
        code, text = code.strip(), text.strip()
        good = text.replace(".", "", 1).isdigit() and text.isascii() and 0 < float(text) <= 1
        if code not in known or code in found or not good:
            remedy = nearest(code, known) or "correct it"
            what, expected = f'"{part}" is no share', f"a code of {where} once, a colon and a number up to 1"
            row.fault(faults, column, what, expected, remedy, "wrong-value")
        else:
            found[code] = float(text)
    if sum(found.values()) > 1 + 1e-9:
        what = f"the shares sum to {sum(found.values()):g}"
        row.fault(faults, column, what, "1 at most", "nobody is counted twice", "double-count")
    return found
