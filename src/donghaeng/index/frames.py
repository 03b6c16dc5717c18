"""Data frames in: pandas, polars and pyarrow tables to the values of an index (through narwhals)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import narwhals as nw
import numpy as np

from donghaeng import periods
from donghaeng.documents import Document, validated
from donghaeng.errors import Faults, InputError, listed, nearest
from donghaeng.index.recipe import Recipe
from donghaeng.index.recipe_names import unknown_names
from donghaeng.index.score import score_panel
from donghaeng.index.scores import Scores
from donghaeng.index.structure import (
    DIRECTIONS,
    NUMBERS,
    OPTIONAL,
    REQUIRED,
    TRANSFORMS,
    Node,
    Structure,
    completed,
    tree_faults,
)
from donghaeng.index.tables import Attributes
from donghaeng.panel import Panel
from donghaeng.sources import KIND_WORDS
from donghaeng.table import is_number


def compute(
    values: Any,
    structure: Any,
    recipe: Recipe | Mapping[str, Any],
    attributes: Any = None,
    kind: str = "published",
) -> Scores:
    """Compute an index from data frames.

    Args:
        values: frame with a column ``place``, a column ``period`` (left out for a single one) and a column of
            numbers for each indicator; null or NaN is missing.
        structure: frame with the columns ``code`` and ``parent``, and any of the other columns of ``structure.csv``.
        recipe: the method, as `Recipe` or as the content of ``recipe.yaml``.
        attributes: frame with a column ``place``, perhaps ``period``, and a column for each attribute.
        kind: how the values are known.

    Raises:
        InputError: frames that do not fit, a recipe that is none, or values that it cannot be applied to.
    """
    tree = structure_of(structure)
    method = recipe if isinstance(recipe, Recipe) else recipe_of(recipe)
    panel, known = panel_of(values, tree, kind), attributes_of(attributes)
    unknown = unknown_names(method, tree, known.values.keys(), panel.places)
    if unknown:
        raise InputError(
            "\n".join(f"{one.path[0]}: {one.what}; expected {one.expected}; {one.remedy}" for one in unknown)
        )
    return score_panel(tree, method, panel, known)


def recipe_of(content: Mapping[str, Any]) -> Recipe:
    """Read a recipe from plain values, the content of ``recipe.yaml``.

    Raises:
        InputError: what is wrong with it, fault by fault.
    """
    faults = Faults()
    plain = json.loads(json.dumps(content))
    recipe = validated(plain, Recipe, Document("the recipe", plain), faults)
    faults.raise_errors()
    if recipe is None:  # pragma: no cover - a recipe without faults is read
        raise InputError("the recipe cannot be read")
    return recipe


def structure_of(frame: Any) -> Structure:
    """Read the tree of an index from a frame.

    Raises:
        InputError: columns are missing or unknown, cells that are not what they have to be, or rows that are no tree.
    """
    rows = _frame(frame).rows(named=True)
    if not rows or not {"code", "parent"} <= set(rows[0]):
        raise InputError("the structure has no columns code and parent; expected one row for each node")
    for name in rows[0]:
        if name not in {*REQUIRED, *OPTIONAL}:
            hint = nearest(name, [*REQUIRED, *OPTIONAL]) or "remove it"
            raise InputError(f'unknown column "{name}" of the structure; expected those of structure.csv; {hint}')
    nodes = []
    for row in rows:
        cells = {name: "" if _is_missing(cell) else str(cell) for name, cell in row.items()}
        _check_cells(cells)
        nodes.append(
            Node(
                code=cells["code"],
                parent=cells["parent"],
                names={"ko": cells.get("name_ko", ""), "en": cells.get("name_en", "") or cells["code"]},
                unit=cells.get("unit", ""),
                direction=cells.get("direction", ""),
                weight=float(cells.get("weight") or 1),
                indicators=int(float(cells["indicators"])) if cells.get("indicators") else None,
                details={name: cells.get(name, "") for name in OPTIONAL},
            )
        )
    parents = {node.parent for node in nodes}
    wrong = [
        node.code
        for node in nodes
        if node.code not in parents and not node.details["same_as"] and node.direction not in DIRECTIONS
    ]
    if wrong:
        raise InputError(f"no direction for {listed(wrong)}; expected higher or lower for each indicator")
    if fault := tree_faults(nodes):
        raise InputError(fault)
    tree = Structure(completed(nodes))
    for index, children in enumerate(tree.children):
        if children and not any(tree.nodes[child].weight for child in children):
            raise InputError(f"all weights below {tree.codes[index]} are 0; expected a sum above 0")
    return tree


def _check_cells(cells: Mapping[str, str]) -> None:
    """Refuse cells of a node that are no numbers, or numbers that mean nothing."""
    code, numbers = cells["code"], {}
    for name in ("weight", "indicators", *NUMBERS):
        text = cells.get(name, "")
        if text:
            if not is_number(text):
                raise InputError(f'the {name} of {code} is "{text}"; expected a number')
            numbers[name] = float(text)
    if numbers.get("weight", 1.0) < 0:
        raise InputError(f"the weight of {code} is {numbers['weight']:g}; expected 0 or more")
    if {"lower", "upper"} <= numbers.keys() and numbers["lower"] >= numbers["upper"]:
        goalposts = f"{numbers['lower']:g} and {numbers['upper']:g}"
        raise InputError(
            f"the goalposts of {code} are {goalposts}; expected the lower one first, whatever the direction"
        )
    if cells.get("treat") and cells["treat"] not in TRANSFORMS:
        raise InputError(f'treat of {code} is "{cells["treat"]}"; expected one of {listed(TRANSFORMS)}')


def panel_of(frame: Any, structure: Structure, kind: str = "published") -> Panel:
    """Read values from a wide frame.

    Args:
        frame: columns ``place``, ``period`` (may be missing) and one for each node with values.
        structure: the tree.
        kind: how the values are known, a word such as ``published``.

    Raises:
        InputError: no column place, unknown columns, text in place of numbers, infinite values, a place twice in a
            period, or a period that is none.
    """
    data = _frame(frame)
    if not len(data):
        raise InputError("the values have no rows; expected one row for each place and period")
    if "place" not in data.columns:
        raise InputError(f"no column place among {listed(data.columns)}; expected place, period and one a node")
    codes = [name for name in data.columns if name not in {"place", "period"}]
    unknown = [code for code in codes if code not in structure.position]
    if unknown:
        raise InputError(f"unknown columns {listed(unknown)}; expected codes of the structure")
    if kind not in KIND_WORDS:
        raise InputError(f'"{kind}" is not a kind of value; expected one of {listed(KIND_WORDS)}')
    named = data["place"].to_list()
    if missing := [row for row, place in enumerate(named) if _is_missing(place)]:
        raise InputError(f"row {missing[0]} of the values has no place; expected a place in every row")
    places = [str(place) for place in named]
    whens = (
        [_period_text(when) for when in data["period"].to_list()]
        if "period" in data.columns
        else ["2000"] * len(places)
    )
    place_at = {place: index for index, place in enumerate(dict.fromkeys(places))}
    try:
        ordered = sorted({periods.parse(when) for when in whens})
    except ValueError as error:
        raise InputError(f"{error}; expected {periods.FORMS}") from None
    period_at = {period.text: index for index, period in enumerate(ordered)}
    if len(set(zip(places, whens, strict=True))) < len(places):
        hint = "" if "period" in data.columns else "; is a column period missing?"
        raise InputError(f"a place stands twice in a period; expected one row for each place and period{hint}")
    panel = Panel.empty(tuple(place_at), tuple(ordered), structure.codes)
    rows = np.array([place_at[place] for place in places])
    columns = np.array([period_at[when] for when in whens])
    for code in codes:
        numbers = _numbers(data[code], code)
        panel.values[rows, columns, structure.position[code]] = numbers
    panel.kinds[np.isfinite(panel.values)] = KIND_WORDS[kind]
    return panel


def attributes_of(frame: Any) -> Attributes:
    """Read attributes of places from a wide frame; None gives none."""
    if frame is None:
        return Attributes()
    values: dict[str, dict[tuple[str, str], str]] = {}
    for row in _frame(frame).rows(named=True):
        key = (str(row["place"]), str(row.get("period") or ""))
        for name, cell in row.items():
            if name not in {"place", "period"} and not _is_missing(cell):
                values.setdefault(name, {})[key] = str(cell)
    return Attributes(values)


def _frame(frame: Any) -> nw.DataFrame[Any]:
    try:
        return nw.from_native(frame, eager_only=True)
    except TypeError:
        what = f"a {type(frame).__name__} is no data frame"
        raise InputError(f"{what}; expected a frame of pandas or polars, or a pyarrow table") from None


def _period_text(cell: object) -> str:
    """Give a period as text; pandas turns years into 2023.0 once a cell is empty."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _numbers(series: Any, code: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if not series.dtype.is_numeric():
        raise InputError(f'the column "{code}" holds {series.dtype}; expected numbers')
    numbers = np.asarray(series.cast(nw.Float64).to_numpy(), dtype=np.float64)
    if np.isinf(numbers).any():
        row = int(np.flatnonzero(np.isinf(numbers))[0])
        raise InputError(f'row {row} of the column "{code}" is infinite; expected a finite number, or none')
    return numbers


def _is_missing(cell: object) -> bool:
    return cell is None or (isinstance(cell, float) and np.isnan(cell))
