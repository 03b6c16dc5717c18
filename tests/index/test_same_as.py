"""An indicator that stands in the tree twice, and the indices of the UNDP that need it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import donghaeng
from donghaeng.errors import InputError
from tests.docs.pages import DOCS, blocks
from tests.index import packs

STRUCTURE = """code,parent,name_ko,name_en,unit,direction,weight,target,same_as
t,,,T,,,,,
g,t,,G,,,,,
a,g,,A,x,lower,,10,
b,g,,B,x,higher,,20,
h,t,,H,,,,,
a2,h,,A again,,,3,,a
c,h,,C,x,higher,,5,
"""
OBSERVATIONS = """node,place,period,value,count,used,kind,source,note
a,x,2024,20,,yes,published,s,
b,x,2024,10,,yes,published,s,
c,x,2024,5,,yes,published,s,
"""
RECIPE: dict[str, Any] = {
    "normalise": {
        "method": "ratio",
        "to": "target",
        "lower_is_better": "inverted_ratio",
        "indicators": {"a": {"method": "ratio", "to": "target", "lower_is_better": "mirror", "size": 2}},
    },
    "aggregate": {"method": "arithmetic"},
    "screen": {"places_available": 1.0},
}


def test_it_has_the_score_of_the_other_row_and_a_weight_of_its_own(tmp_path: Path) -> None:
    """a: mirrored, 2 x 2 - 2 x 20 / 10 = 0, and so is a2; h = (3 x 0 + 1) / 4."""
    pack = packs.load(tmp_path, RECIPE, structure=STRUCTURE, observations=OBSERVATIONS)
    scores = {code: packs.scores_of(pack, code)["x", "2024"] for code in ("a", "a2", "g", "h")}
    assert scores == {"a": 0, "a2": 0, "g": 0.25, "h": 0.25}
    assert pack.score().available[0, 0, 0] == 4
    row = next(row for row in pack.score().structure.table().to_pylist() if row["code"] == "a2")
    assert (row["unit"], row["direction"], row["target"], row["same_as"]) == ("x", "lower", "10", "a")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("3,,a", "3,,z", '"z" is no indicator with values of its own; expected another indicator of this file'),
        ("3,,a", "3,,g", '"g" is no indicator with values of its own'),
        ("3,,a", "3,,a2", '"a2" is no indicator with values of its own'),
        ("A again,,,3", "A again,x,,3", '"a2" stands for a and has a unit of its own'),
        ("g,t,,G,,,,,", "g,t,,G,,,,,a", '"g" has children and a same_as'),
    ],
)
def test_a_wrong_same_as_is_told(tmp_path: Path, old: str, new: str, fault: str) -> None:
    found = packs.faults(tmp_path, RECIPE, structure=STRUCTURE.replace(old, new), observations=OBSERVATIONS)
    assert any(fault in line for line in found), found


def test_frames_know_it_too() -> None:
    tree = pd.DataFrame({"code": ["t", "a", "b"], "parent": ["", "t", "t"], "direction": ["", "higher", ""],
                         "same_as": ["", "", "a"]})  # fmt: skip
    recipe = {"format": 1, "normalise": {"method": "none"}, "aggregate": {"method": "product"}}
    values = pd.DataFrame({"place": ["x"], "a": [3.0]})
    assert donghaeng.compute(values, tree, recipe).values[0, 0, 0] == 9
    with pytest.raises(InputError, match="same_as of b names no indicator with values of its own"):
        donghaeng.compute(values, tree.assign(same_as=["", "", "z"]), recipe)


def write_example(name: str, folder: Path) -> Path:
    """Write a pack of the page of examples."""
    for block in blocks(DOCS / "examples.md"):
        if block.title.startswith(f"{name}/"):
            path = folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.body, "utf-8")
    return folder / name


def test_the_gender_inequality_index_of_two_countries_is_as_published(tmp_path: Path) -> None:
    """HDR 2023/24: Afghanistan 0.665, Albania 0.116, whose maternal mortality of 8 counts as 10."""
    scores = donghaeng.load(write_example("gii", tmp_path)).score()
    assert np.round(scores.values[:, 0, 0], 3).tolist() == [0.665, 0.116]
    mortality = scores.values[:, 0, scores.structure.position["mmr"]]
    assert mortality == pytest.approx([10 / 620.4075, 1])


def test_the_inequality_adjusted_index_of_two_countries_is_as_published(tmp_path: Path) -> None:
    """HDR 2023/24: IHDI of 0.300 and 0.687, losses of 35.1 % and 12.9 % of HDI values of 0.462 and 0.789."""
    scores = donghaeng.load(write_example("ihdi", tmp_path)).score()
    assert np.round(scores.values[:, 0, 0], 3).tolist() == [0.3, 0.687]
    at = scores.structure.position
    plain = [scores.values[:, 0, at[code]] for code in ("life", "schooling", "income")]
    hdi = np.prod(plain, axis=0) ** (1 / 3)
    assert np.round(hdi, 3).tolist() == [0.462, 0.789]
    assert np.round(100 * (1 - np.round(scores.values[:, 0, 0], 3) / np.round(hdi, 3)), 1).tolist() == [35.1, 12.9]
