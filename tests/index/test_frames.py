"""An index from data frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import donghaeng
from donghaeng.errors import InputError

STRUCTURE = {
    "code": ["total", "a", "b"],
    "parent": ["", "total", "total"],
    "direction": ["", "higher", "lower"],
    "weight": [1.0, 1.0, 3.0],
}
VALUES = {"place": ["x", "y", "z"], "a": [1.0, 2.0, 3.0], "b": [10.0, 20.0, None]}
RECIPE = {
    "format": 1,
    "normalise": {"method": "min_max", "to": [0, 100]},
    "aggregate": {"method": "arithmetic"},
}


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, pa.table], ids=["pandas", "polars", "pyarrow"])
def test_an_index_comes_out_of_any_data_frame(frame: Callable[[Any], Any]) -> None:
    scores = donghaeng.compute(frame(VALUES), frame(STRUCTURE), RECIPE)

    total = scores.values[:, 0, scores.structure.root]
    # x: a 0, b 100 (lower is better); y: a 50, b 0; z: only a.
    assert total == pytest.approx([(0 + 3 * 100) / 4, (50 + 0) / 4, 100.0])
    assert scores.available[:, 0, scores.structure.root].tolist() == [2, 2, 1]
    assert scores.ranks()[:, 0, scores.structure.root].tolist() == [2, 3, 1]


def test_periods_of_a_frame_are_put_in_order() -> None:
    values = pd.DataFrame({"place": ["x", "x"], "period": [2024, 2023], "a": [110.0, 100.0], "b": [5.0, 10.0]})
    base = {"method": "base_period_ratio", "base_period": "2023", "lower_is_better": "inverted_ratio"}

    scores = donghaeng.compute(values, pd.DataFrame(STRUCTURE), RECIPE | {"normalise": base})

    assert [period.text for period in scores.periods] == ["2023", "2024"]
    assert scores.values[0, :, scores.structure.root] == pytest.approx([100, (110 + 3 * 200) / 4])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"c": [1.0, 2.0, 3.0]}, "unknown columns c"),
        ({"a": ["1", "2", "3"]}, 'the column "a" holds'),
        ({"a": [1.0, np.inf, 3.0]}, 'row 1 of the column "a" is infinite'),
        ({"place": ["x", "x", "z"]}, "a place stands twice"),
        ({"period": ["2024", "soon", "2024"]}, '"soon" is not a period'),
        ({"a": [2.0, 2.0, 2.0]}, "all values of the reference are 2"),
    ],
)
def test_a_frame_that_does_not_fit_is_refused_in_words(change: dict[str, list[Any]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        donghaeng.compute(pd.DataFrame(VALUES | change), pd.DataFrame(STRUCTURE), RECIPE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parent": ["", "", "total"]}, "2 nodes have no parent"),
        ({"parent": ["", "total", "nowhere"]}, "unknown parents of b"),
        ({"code": ["total", "a", "a"]}, "a code stands twice"),
        ({"direction": ["", "higher", ""]}, "no direction for b"),
    ],
)
def test_a_structure_that_is_no_tree_is_refused_in_words(change: dict[str, list[Any]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        donghaeng.compute(pd.DataFrame(VALUES), pd.DataFrame(STRUCTURE | change), RECIPE)


@pytest.mark.parametrize(
    ("column", "cells", "message"),
    [
        ("weight", [1, -2, 1], "the weight of work is -2; expected 0 or more"),
        ("weight", [1, 0, 0], "all weights below index are 0; expected a sum above 0"),
        ("weight", ["1", "much", "1"], 'the weight of work is "much"; expected a number'),
        ("wieght", [1, 1, 1], 'unknown column "wieght" of the structure; .*did you mean "weight"'),
        ("treat", ["", "lg", ""], 'treat of work is "lg"; expected one of none, log'),
        ("upper", ["", 0, 9], "the goalposts of work are 1 and 0; expected the lower one first"),
    ],
)
def test_cells_of_a_structure_that_mean_nothing_are_refused_by_name(
    column: str, cells: list[Any], message: str
) -> None:
    structure = {"code": ["index", "work", "noise"], "parent": ["", "index", "index"], column: cells}
    structure |= {"direction": ["", "higher", "lower"]} | ({"lower": ["", 1, 0]} if column == "upper" else {})
    values = pd.DataFrame({"place": ["a", "b"], "work": [1.0, 2.0], "noise": [2.0, 3.0]})
    recipe = {"format": 1, "normalise": {"method": "min_max"}, "aggregate": {"method": "arithmetic"}}

    with pytest.raises(InputError, match=message):
        donghaeng.compute(values, pd.DataFrame(structure), recipe)


def test_frames_without_rows_or_places_and_names_of_nothing_are_refused() -> None:
    structure = pd.DataFrame({"code": ["index", "work"], "parent": ["", "index"], "direction": ["", "higher"]})
    values = pd.DataFrame({"place": ["a", None], "work": [1.0, 2.0]})
    recipe = {"format": 1, "normalise": {"method": "min_max"}, "aggregate": {"method": "arithmetic"}}
    levels = recipe | {"aggregate": {"method": "arithmetic", "levels": {"7": {"method": "median"}}}}

    with pytest.raises(InputError, match="row 1 of the values has no place"):
        donghaeng.compute(values, structure, recipe)
    with pytest.raises(InputError, match="the values have no rows"):
        donghaeng.compute(values[:0], structure, recipe)
    with pytest.raises(InputError, match=r'aggregate: no composite has the level "7"; expected 2 to 2'):
        donghaeng.compute(values.assign(place=["a", "b"]), structure, levels)
