"""Chained and rebased series, by hand and by what must hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import donghaeng
from donghaeng.errors import InputError
from donghaeng.index.changes import changes, changes_table
from donghaeng.index.contributions import contributions
from tests.index import packs

NAN = float("nan")
TREE = pd.DataFrame(
    {"code": ["t", "g", "a", "b", "c"], "parent": ["", "t", "g", "g", "t"], "direction": ["", "", *["higher"] * 3]}
)
PLAIN: dict[str, Any] = {"format": 1, "normalise": {"method": "none"}, "aggregate": {"method": "arithmetic"}}


def frame(**columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"place": ["x"] * 4, "period": [2021, 2022, 2023, 2024]} | columns)


def compute(values: pd.DataFrame, **steps: Any) -> Any:
    return donghaeng.compute(values, TREE, PLAIN | steps)


def column(scores: Any, code: str) -> list[float]:
    return [float(value) for value in scores.values[0, :, scores.structure.position[code]]]


#: b comes in 2023, twice as high as a.
NEWCOMER = frame(a=[10, 12, 12, 15], b=[NAN, NAN, 24, 24], c=[10, 10, 10, 10])


def test_what_comes_or_goes_does_not_move_a_chained_series() -> None:
    """g is 10, 12, 18, 19.5 as a mean; on what both periods have 12/10, 12/12 and 19.5/18."""
    direct, chained = compute(NEWCOMER), compute(NEWCOMER, chain={"at": "2021"})

    assert column(direct, "g") == [10, 12, 18, 19.5]
    assert column(chained, "g") == pytest.approx([10, 12, 12, 13])
    assert column(chained, "a") == [10, 12, 12, 15]
    # The root: (10 + 10) / 2, (12 + 10) / 2 on both; from 2023 on (18 + 10) / 2 to (19.5 + 10) / 2.
    assert column(chained, "t") == pytest.approx([10, 11, 11, 11 * 14.75 / 14])


def test_a_chain_goes_backwards_too() -> None:
    chained = compute(NEWCOMER, chain={"at": "2024"})
    assert column(chained, "g") == pytest.approx([19.5 / 13 * 10, 19.5 / 13 * 12, 19.5 / 13 * 12, 19.5])


def test_a_series_with_a_gap_is_linked_over_it_and_starts_anew_where_nothing_is_in_common() -> None:
    gap = compute(frame(a=[10, NAN, 15, 30], b=[10, NAN, 15, 15], c=[1, 1, 1, 1]), chain={"at": "2021"})
    assert column(gap, "g") == pytest.approx([10, NAN, 15, 22.5], nan_ok=True)
    apart = compute(frame(a=[10, 10, NAN, NAN], b=[NAN, NAN, 5, 5], c=[1, 1, 1, 1]), chain={"at": "2021"})
    # The root goes on with c alone, 5.5 as before, where its direct score is 3; g stands on that scale.
    assert column(apart, "t") == pytest.approx([5.5] * 4)
    assert column(apart, "g") == pytest.approx([10, 10, 5 * 5.5 / 3, 5 * 5.5 / 3])
    ends = compute(frame(a=[10, 10, NAN, NAN], b=[NAN, NAN, 5, 5], c=[NAN] * 4), chain={"at": "2021"})
    assert column(ends, "t") == pytest.approx([10, 10, NAN, NAN], nan_ok=True)
    assert ends.table().to_pandas().query("node == 't' and period == '2024'")["available"].tolist() == [0]


def test_a_rebased_series_has_its_value_in_the_base_period() -> None:
    rebased = compute(NEWCOMER, rebase={"period": "2022"})

    assert column(rebased, "t") == pytest.approx([100 * 10 / 11, 100, 100 * 14 / 11, 100 * 14.75 / 11])
    assert column(rebased, "g") == pytest.approx([100 * 10 / 12, 100, 150, 162.5])
    # b has no score in the base period, and takes the factor of its parent.
    assert column(rebased, "b") == pytest.approx([NAN, NAN, 200, 200], nan_ok=True)
    assert rebased.recipe.base_period == "2022"
    assert rebased.change_from_base()[0, :, 0] == pytest.approx(np.array(column(rebased, "t")) - 100)


def test_the_base_may_be_another_place() -> None:
    values = pd.DataFrame({"place": ["x", "y"], "period": [2022, 2022], "a": [10, 20], "b": [10, 20], "c": [10, 30]})
    rebased = donghaeng.compute(values, TREE, PLAIN | {"rebase": {"period": "2022", "value": 1, "place": "y"}})
    assert rebased.values[:, 0, 0] == pytest.approx([0.4, 1])


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ({"chain": {"at": "2019"}}, "chain: no values in 2019"),
        ({"rebase": {"period": "2019"}}, "rebase: no values in 2019"),
        ({"rebase": {"period": "2022", "place": "z"}}, 'rebase: unknown place "z"'),
    ],
)
def test_a_period_or_place_that_is_not_there_is_told(steps: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        compute(NEWCOMER, **steps)


def test_scores_of_0_or_less_have_no_ratio() -> None:
    below = frame(a=[10, -40, 10, 10], b=[NAN] * 4, c=[10] * 4)
    with pytest.raises(InputError, match="chain of t, x, 2022: the score on what both periods have is -15"):
        compute(below, chain={"at": "2021"})
    with pytest.raises(InputError, match="rebase of t, x, 2022: the score is -15; expected a score above 0"):
        compute(below, rebase={"period": "2022"})


def test_rebased_changes_are_those_before_scaled() -> None:
    plain, rebased = compute(NEWCOMER), compute(NEWCOMER, rebase={"period": "2022"})
    for before, after in zip(
        changes(plain), (one for one in changes(rebased) if one.comparison == "year"), strict=True
    ):
        for name in ("total", "value", "coverage", "common"):
            root = getattr(after, name)[:, 0]
            assert root == pytest.approx(getattr(before, name)[:, 0] * 100 / 11, nan_ok=True)
        assert after.value + after.coverage == pytest.approx(after.total, nan_ok=True)


def test_all_of_the_change_of_a_chained_series_is_one_of_values() -> None:
    for change in changes(compute(NEWCOMER, chain={"at": "2021"})):
        assert change.coverage[:, 0] == pytest.approx(0)
    assert changes_table(compute(NEWCOMER, chain={"at": "2021"})).num_rows


numbers = st.lists(st.one_of(st.none(), st.floats(0.5, 50)), min_size=12, max_size=12)


@settings(max_examples=60, deadline=None)
@given(cells=numbers, at=st.sampled_from(["2021", "2023"]), rebase=st.booleans())
def test_contributions_sum_to_linked_scores(cells: list[float | None], at: str, rebase: bool) -> None:
    values = [NAN if cell is None else cell for cell in cells]
    values[0] = values[2] = 7.0  # something is there in both periods that are asked for
    table = frame(a=values[:4], b=values[4:8], c=values[8:])
    steps: dict[str, Any] = {"chain": {"at": at}} | ({"rebase": {"period": at}} if rebase else {})
    scores = compute(table, **steps)

    parents = dict(zip(TREE["code"], TREE["parent"], strict=True))
    sums: dict[tuple[str, str], float] = {}
    for row in contributions(scores).to_pylist():
        if parents[row["part"]] == row["node"]:
            sums[row["period"], row["node"]] = sums.get((row["period"], row["node"]), 0) + row["points"]
    for (period, node), total in sums.items():
        position = [one.text for one in scores.periods].index(period)
        assert total == pytest.approx(column(scores, node)[position])
    if rebase:
        assert column(scores, "t")[[one.text for one in scores.periods].index(at)] == pytest.approx(100)


@settings(max_examples=40, deadline=None)
@given(cells=st.lists(st.floats(0.5, 50), min_size=12, max_size=12))
def test_a_chain_over_complete_data_changes_nothing(cells: list[float]) -> None:
    table = frame(a=cells[:4], b=cells[4:8], c=cells[8:])
    assert compute(table, chain={"at": "2022"}).values == pytest.approx(compute(table).values)


def test_a_pack_says_its_base_and_regions_follow(tmp_path: Path) -> None:
    structure = "code,parent,name_ko,name_en,unit,direction,weight\nt,,,T,,,\na,t,,A,x,higher,\n"
    places = "place,parent,name_ko,name_en\nland,,,Land\nx,land,,X\ny,land,,Y\n"
    rows = "".join(
        f"a,{place},{year},{value},,yes,published,s,\n"
        for place, year, value in [("x", 2022, 10), ("x", 2023, 20), ("y", 2022, 30), ("y", 2023, 30)]
    )
    recipe = {
        "normalise": {"method": "none"},
        "aggregate": {"method": "arithmetic"},
        "places": {},
        "rebase": {"period": "2022", "place": "land"},
    }
    header = "node,place,period,value,count,used,kind,source,note\n"
    pack = packs.load(tmp_path, recipe, structure=structure, places=places, observations=header + rows)
    assert packs.scores_of(pack, "t") == {
        ("land", "2022"): 100,
        ("land", "2023"): 125,
        ("x", "2022"): 50,
        ("x", "2023"): 100,
        ("y", "2022"): 150,
        ("y", "2023"): 150,
    }
