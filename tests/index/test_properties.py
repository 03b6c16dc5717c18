"""What holds for every index, tried on random trees with gaps, weights and given values."""

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from donghaeng.index.changes import changes_table
from donghaeng.index.contributions import contributions
from donghaeng.index.score import Scores
from donghaeng.rounding import largest_remainder
from tests.index.building import scored
from tests.index.random_trees import COUNTED, PERIODS, Tree, plain, trees

FEW = settings(max_examples=50, deadline=None)


def score_of(tree: Tree) -> Scores:
    return scored(tree.structure, tree.observations, tree.recipe)


def by_node(scores: Scores) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["node"], row["period"]): row for row in scores.table().to_pylist()}


@settings(max_examples=150, deadline=None)
@given(trees())
def test_scores_are_those_of_a_plain_recursive_computation(tree: Tree) -> None:
    rows = by_node(score_of(tree))
    for node in range(len(tree.parents)):
        for period in {period for _, period in [*tree.values, *tree.given]}:
            row, expected = rows[f"n{node}", period], plain(tree, node, period)
            if expected is None:
                assert (row["value"], row["kind"], row["available"]) == (None, None, 0)
            else:
                assert row["value"] == pytest.approx(expected.score, rel=1e-12)
                assert (row["kind"], row["available"]) == (expected.kind, expected.available)


@FEW
@given(trees())
def test_contributions_to_every_composite_sum_to_its_score(tree: Tree) -> None:
    scores = score_of(tree)
    rows = by_node(scores)
    points: dict[tuple[str, str], float] = defaultdict(float)
    leaf_points: dict[tuple[str, str], float] = defaultdict(float)
    for row in contributions(scores).to_pylist():
        part = int(row["part"].removeprefix("n"))
        if f"n{tree.parents[part]}" == row["node"]:
            points[row["node"], row["period"]] += row["points"]
        ends = not tree.children(part) or (part, row["period"]) in tree.given
        leaf_points[row["node"], row["period"]] += row["points"] if ends else 0
    computed = {
        (f"n{node}", period)
        for node in tree.composites
        for period in PERIODS
        if (node, period) not in tree.given and plain(tree, node, period)
    }
    assert set(points) == computed
    for cell in computed:
        assert points[cell] == pytest.approx(rows[cell]["value"], abs=1e-9, rel=1e-12)
        assert leaf_points[cell] == pytest.approx(rows[cell]["value"], abs=1e-9, rel=1e-12)


@FEW
@given(trees())
def test_value_change_and_coverage_term_sum_to_the_change(tree: Tree) -> None:
    scores = score_of(tree)
    rows = by_node(scores)
    for row in changes_table(scores).to_pylist():
        new, old = rows[row["node"], row["period"]]["value"], rows[row["node"], row["before"]]["value"]
        old = 100.0 if old is None and row["before"] == "2022" else old
        assert row["change"] == pytest.approx(new - old, abs=1e-9)
        assert row["value_change"] + row["coverage_change"] == pytest.approx(row["change"], abs=1e-9)


@FEW
@given(trees(missing=False, given=False, kinds=("published",)))
def test_there_is_no_coverage_term_where_every_indicator_is_present(tree: Tree) -> None:
    for row in changes_table(score_of(tree)).to_pylist():
        assert row["comparable"] is True
        assert row["coverage_change"] == pytest.approx(0, abs=1e-9)
        assert row["common_change"] == pytest.approx(row["change"], abs=1e-9)


@FEW
@given(trees())
def test_what_is_comparable_stands_on_the_same_indicators(tree: Tree) -> None:
    """Atoms are the indicators and given composites that a score stands on, with the count of the latter."""

    def atoms(node: int, period: str) -> set[tuple[int, int]]:
        result = plain(tree, node, period)
        if result is None:
            return set()
        if not tree.children(node) or (node, period) in tree.given:
            return {(node, result.available)}
        in_use = [child for child in tree.children(node) if tree.weights[child] > 0]
        parts = [(child, plain(tree, child, period)) for child in in_use]
        return {
            atom
            for child, part in parts
            if part and part.kind in {"published", "derived"}
            for atom in atoms(child, period)
        }

    for row in changes_table(score_of(tree)).to_pylist():
        if row["comparison"] == "year" and row["before"] != "2022":
            node = int(row["node"].removeprefix("n"))
            same = atoms(node, row["before"]) == atoms(node, row["period"])
            assert row["comparable"] is same, row


@dataclass(frozen=True)
class Common:
    """A score in two periods on what takes part in both; `firm` where it may go into a total."""

    scores: tuple[float, float]
    reach: float
    firm: bool


def common(tree: Tree, node: int, before: str, after: str) -> Common | None:
    """Compute the scores of two periods on what both have, by recursion."""
    given_in = [(node, period) in tree.given for period in (before, after)]
    if not tree.children(node) or any(given_in):
        old, new = plain(tree, node, before), plain(tree, node, after)
        if not (old and new) or (tree.children(node) and not all(given_in)) or old.available != new.available:
            return None
        return Common((old.score, new.score), old.reach, {old.kind, new.kind} <= COUNTED)
    parts = [(tree.weights[child], common(tree, child, before, after)) for child in tree.children(node)]
    used = [(weight, part) for weight, part in parts if weight > 0 and part and part.firm]
    masses = [weight * (part.reach if tree.over == "indicators" else 1) for weight, part in used]
    if not used:
        return None
    old_mean, new_mean = (
        sum(mass * part.scores[period] for mass, (_, part) in zip(masses, used, strict=True)) / sum(masses)
        for period in (0, 1)
    )
    return Common((old_mean, new_mean), sum(masses), True)


@FEW
@given(trees())
def test_the_common_change_is_that_on_what_takes_part_in_both_periods(tree: Tree) -> None:
    for row in changes_table(score_of(tree)).to_pylist():
        if row["comparison"] == "year" and row["before"] != "2022":
            expected = common(tree, int(row["node"].removeprefix("n")), row["before"], row["period"])
            assert (row["common_change"] is None) == (expected is None)
            if expected:
                change = expected.scores[1] - expected.scores[0]
                assert row["common_change"] == pytest.approx(change, abs=1e-9, rel=1e-9)


@FEW
@given(trees())
def test_points_of_children_sum_to_the_points_of_their_parent(tree: Tree) -> None:
    scores = score_of(tree)
    changes: dict[tuple[str, str], dict[int, dict[str, Any]]] = defaultdict(dict)
    for row in changes_table(scores).to_pylist():
        changes[row["comparison"], row["period"]][int(row["node"].removeprefix("n"))] = row
    for nodes in changes.values():
        for node in tree.composites:
            if node in nodes and nodes[node]["comparison"] == "year":
                row = nodes[node]
                stated = (node, row["period"]) in tree.given
                # In the base period everything is 100, given or not.
                stated = stated or (row["before"] != "2022" and (node, row["before"]) in tree.given)
                below = sum(nodes[child]["points"] for child in tree.children(node) if child in nodes)
                assert below == pytest.approx(0.0 if stated else row["points"], abs=1e-6)


@FEW
@given(trees(), st.data())
def test_scores_do_not_depend_on_the_unit_of_an_indicator(tree: Tree, data: st.DataObject) -> None:
    leaf = data.draw(st.sampled_from(tree.leaves(0)))
    factor = data.draw(st.sampled_from([0.001, 0.5, 3.7, 1e6]))
    values = {
        (node, period): (value * factor if node == leaf else value, kind)
        for (node, period), (value, kind) in tree.values.items()
    }
    before, after = score_of(tree), score_of(replace(tree, values=values))
    np.testing.assert_allclose(after.values, before.values, rtol=1e-12)


@FEW
@given(trees(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(tree: Tree, random: Any) -> None:
    structure, observations = tree.structure.split("\n"), tree.observations.split("\n")
    random.shuffle(structure)
    random.shuffle(observations)
    shuffled = scored("\n".join(structure), "\n".join(observations), tree.recipe)
    straight, turned = by_node(score_of(tree)), by_node(shuffled)
    assert straight.keys() == turned.keys()
    for cell, row in straight.items():
        other = turned[cell]
        assert (row["kind"], row["available"], row["level"]) == (other["kind"], other["available"], other["level"])
        assert (other["value"] is None) == (row["value"] is None)
        assert row["value"] is None or other["value"] == pytest.approx(row["value"], rel=1e-12)


@FEW
@given(trees(given=False, kinds=("published",)))
def test_the_mean_of_constants_is_the_constant(tree: Tree) -> None:
    """Every indicator stands still, so every score is 100, whatever is missing."""
    steady = {(node, period): (float(node + 1), kind) for (node, period), (_, kind) in tree.values.items()}
    scores = score_of(replace(tree, values=steady))
    known = scores.values[np.isfinite(scores.values)]
    np.testing.assert_allclose(known, 100, rtol=1e-14)


@FEW
@given(trees(given=False))
def test_a_mean_lies_between_the_lowest_and_the_highest_of_its_parts(tree: Tree) -> None:
    scores = score_of(tree)
    for index, children in enumerate(scores.structure.children):
        for period in range(len(scores.periods)):
            parts = [child for child in children if scores.shares[0, period, child] > 0]
            if parts:
                values = scores.values[0, period, parts]
                slack = 1e-9 * max(1.0, np.abs(values).max())
                assert values.min() - slack <= scores.values[0, period, index] <= values.max() + slack


@FEW
@given(trees())
def test_no_score_of_an_indicator_is_above_the_cap(tree: Tree) -> None:
    assume(tree.cap is not None)
    assert tree.cap is not None
    scores = score_of(tree)
    leaves = [scores.structure.is_leaf(index) for index in range(len(scores.structure.nodes))]
    assert np.nanmax(scores.values[..., leaves], initial=0) <= tree.cap


@FEW
@given(trees(kinds=("second_hand", "inferred")))
def test_what_is_not_firm_keeps_its_score_and_is_in_no_total(tree: Tree) -> None:
    scores = score_of(tree)
    assert not scores.shares.any()
    for node in range(len(tree.parents)):
        for period in range(len(scores.periods)):
            expected = plain(tree, node, scores.periods[period].text)
            stated = not tree.children(node) or (node, scores.periods[period].text) in tree.given
            assert np.isfinite(scores.values[0, period, node]) == (expected is not None and stated)


@FEW
@given(trees(given=False), st.data())
def test_a_given_composite_wins_and_its_children_keep_their_own(tree: Tree, data: st.DataObject) -> None:
    node = data.draw(st.sampled_from(tree.composites))
    count = data.draw(st.integers(1, len(tree.leaves(node))))
    without = by_node(score_of(tree))
    with_given = by_node(score_of(replace(tree, given={(node, "2023"): (123.4, count, "published")})))
    row = with_given[f"n{node}", "2023"]
    assert (row["value"], row["available"], row["kind"]) == (123.4, count, "published")
    below = {f"n{other}" for other in range(len(tree.parents)) if other != node and _is_below(tree, other, node)}
    for cell, before in without.items():
        if cell[0] in below or cell[1] != "2023":
            assert {**with_given[cell], "change_on_year": None} == {**before, "change_on_year": None}


def _is_below(tree: Tree, node: int, ancestor: int) -> bool:
    parent = tree.parents[node]
    return parent is not None and (parent == ancestor or _is_below(tree, parent, ancestor))


@FEW
@given(trees())
def test_changes_against_base_and_on_the_year_are_differences(tree: Tree) -> None:
    rows = by_node(score_of(tree))
    for (node, period), row in rows.items():
        before = rows.get((node, str(int(period) - 1)), {"value": None})["value"]
        if row["value"] is None:
            assert (row["change_from_base"], row["change_on_year"]) == (None, None)
        else:
            assert row["change_from_base"] == pytest.approx(row["value"] - 100)
            known = before is not None
            assert row["change_on_year"] == (pytest.approx(row["value"] - before) if known else None)


@given(
    st.lists(st.floats(-1e4, 1e4, allow_nan=False), min_size=1, max_size=12),
    st.integers(0, 3),
)
def test_printed_figures_sum_to_the_printed_total(values: list[float], decimals: int) -> None:
    total = sum(values)
    printed = largest_remainder(values, total, decimals)
    # As it is written, not as it is held: 0.015 is a little less than that in binary.
    rounded = float(round(Decimal(repr(total)), decimals))
    assert sum(printed) == pytest.approx(rounded, abs=10.0 ** -(decimals + 6))
    unit = 10.0**-decimals
    assert all(abs(shown - value) < unit * 1.001 for shown, value in zip(printed, values, strict=True))
    assert all(round(shown, decimals) == shown for shown in printed)


@pytest.mark.parametrize(
    ("values", "total", "decimals", "printed"),
    [
        ([33.333, 33.333, 33.334], 100.0, 0, [33, 33, 34]),
        ([0.05, 0.05], 0.1, 1, [0.1, 0.0]),
        ([1.25, -0.25], 1.0, 1, [1.3, -0.3]),
        ([2.0], 2.0, 1, [2.0]),
        ([], 0.0, 1, []),
    ],
)
def test_units_left_over_go_to_the_largest_remainders(
    values: list[float], total: float, decimals: int, printed: list[float]
) -> None:
    assert largest_remainder(values, total, decimals) == printed
