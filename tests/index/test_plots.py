"""Pictures of an index: what they show, and that they are written without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import donghaeng
from donghaeng.errors import UsageError
from donghaeng.index import plots
from donghaeng.index.scores import Scores

TREE = pd.DataFrame(
    {
        "code": ["t", "g", "a", "b", "c"],
        "parent": ["", "t", "g", "g", "t"],
        "direction": ["", "", *["higher"] * 3],
        "weight": [1, 3, 1, 1, 1],
        "name_en": ["Total", "Group", "Alpha", "Beta", "Gamma"],
    }
)
VALUES = pd.DataFrame({"place": list("xyz"), "a": [1.0, 2, 4], "b": [3.0, 2, 1], "c": [5.0, 6, 9]})


@pytest.fixture(scope="module")
def scores() -> Scores:
    recipe = {"format": 1, "normalise": {"method": "none"}, "aggregate": {"method": "arithmetic"}}
    return donghaeng.compute(VALUES, TREE, recipe)


def data_of(chart: Any, layer: int) -> list[dict[str, Any]]:
    drawn = chart.to_dict()
    # Altair keeps each set of rows once, and moves what all layers share to the top.
    source = drawn["layer"][layer].get("data") or drawn["data"]
    values: list[dict[str, Any]] = source.get("values") or drawn["datasets"][source["name"]]
    return values


def test_the_framework_has_every_node_with_its_effective_weight(scores: Scores) -> None:
    nodes = {row["code"]: row for row in data_of(plots.framework_tree(scores), 1)}
    assert {code: row["share"] for code, row in nodes.items()} == pytest.approx(
        {"t": 1, "g": 0.75, "a": 0.375, "b": 0.375, "c": 0.25}
    )
    assert [nodes[code]["depth"] for code in "tgabc"] == [0, 1, 2, 2, 1]
    assert nodes["a"]["name"] == "Alpha"
    assert len({nodes[code]["row"] for code in "abc"}) == 3


def test_shares_of_a_geometric_mean_sum_to_1_too() -> None:
    recipe = {"format": 1, "normalise": {"method": "none"}, "aggregate": {"method": "geometric"}}
    shares = plots.effective_shares(donghaeng.compute(VALUES, TREE, recipe), 0)
    leaves = [TREE["code"].tolist().index(code) for code in "abc"]
    assert shares[leaves].sum() == pytest.approx(1)


def test_the_map_shows_the_correlations_of_a_level(scores: Scores) -> None:
    cells = {(row["first"], row["second"]): row["value"] for row in data_of(plots.correlation_map(scores), 0)}
    assert cells["a", "b"] == pytest.approx(np.corrcoef(VALUES["a"], VALUES["b"])[0, 1])
    assert cells["c", "c"] == pytest.approx(1)
    ranks = data_of(plots.correlation_map(scores, coefficient="spearman"), 0)
    assert {row["value"] for row in ranks if row["first"] == "a" and row["second"] == "c"} == {1.0}


def test_a_profile_shows_where_a_place_stands(scores: Scores) -> None:
    rows = {row["name"]: row for row in data_of(plots.place_profile(scores, "y"), 0)}
    assert list(rows) == ["Total", "Group", "Alpha", "Beta", "Gamma"]
    assert rows["Alpha"]["own"] == pytest.approx(1 / 3)
    assert rows["Alpha"]["score"] == "2.0 (2 of 3)"
    assert rows["Gamma"]["middle"] == pytest.approx(0.25)


def test_all_pictures_are_written(scores: Scores, tmp_path: Path) -> None:
    written = plots.save_all(scores, tmp_path / "new", place="x")
    assert [path.name for path in written] == ["framework.svg", "correlations-1.svg", "profile-x.svg"]
    for path in written:
        assert path.read_text("utf-8").startswith("<svg")
    assert "Alpha" in (tmp_path / "new" / "framework.svg").read_text("utf-8")
    picture = plots.save(plots.correlation_map(scores), tmp_path / "map.png", scale=1)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_same_index_gives_the_same_picture(scores: Scores, tmp_path: Path) -> None:
    first, second = (plots.save_all(scores, tmp_path / name)[0].read_bytes() for name in ("a", "b"))
    assert first == second


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda scores: plots.framework_tree(scores, period="1999"), "the index has no period 1999"),
        (lambda scores: plots.correlation_map(scores, 9), "no node has the level 9; expected 1 to 3"),
        (lambda scores: plots.correlation_map(scores, coefficient="r"), 'unknown correlation "r"'),
        (lambda scores: plots.place_profile(scores, "w"), 'unknown place "w"; expected one of x, y, z'),
        (lambda scores: plots.place_profile(scores, "x", level=9), "x has no scores"),
        (lambda scores: plots.save(plots.framework_tree(scores), Path("a.jpg")), 'cannot be written as ".jpg"'),
    ],
)
def test_what_cannot_be_drawn_is_told(scores: Scores, draw: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        draw(scores)


def test_correlations_need_two_places() -> None:
    recipe = {"format": 1, "normalise": {"method": "none"}, "aggregate": {"method": "arithmetic"}}
    alone = donghaeng.compute(VALUES.head(1), TREE, recipe)
    with pytest.raises(UsageError, match="at least two places"):
        plots.correlation_map(alone)
    assert [row["code"] for row in data_of(plots.framework_tree(alone), 1)] == list("tgabc")
