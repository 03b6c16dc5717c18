"""How scores are formed: worked examples, with the input beside the answer."""

import pytest

from donghaeng.errors import InputError
from donghaeng.index.changes import changes_table
from donghaeng.index.contributions import contributions
from donghaeng.index.published import conflicts_table, published_table
from tests.index.building import recipe, row_of, scored, value

TWO = "r,\na,r,higher\nb,r,lower\n"


def test_a_score_is_the_ratio_to_the_base_period_times_100() -> None:
    scores = scored(TWO, "a,2022,40\na,2023,50\nb,2022,8\nb,2023,10\n")
    assert (value(scores, "a", "2022"), value(scores, "a", "2023")) == (100.0, 125.0)


@pytest.mark.parametrize(
    ("treatment", "score_of_lower"), [("inverted_ratio", 100 * 8 / 10), ("mirror", 200 - 100 * 10 / 8)]
)
def test_lower_is_better_by_a_stated_choice(treatment: str, score_of_lower: float) -> None:
    method = recipe(lower_is_better=treatment)
    scores = scored(TWO, "a,2022,40\na,2023,50\nb,2022,8\nb,2023,10\n", method)
    assert value(scores, "b", "2023") == pytest.approx(score_of_lower)
    assert value(scores, "a", "2023") == 125.0
    assert value(scores, "r", "2023") == pytest.approx((125 + score_of_lower) / 2)


def test_a_mirror_may_go_below_zero_and_an_inverted_ratio_never_does() -> None:
    observations = "a,2022,1\na,2023,1\nb,2022,1\nb,2023,5\n"
    assert value(scored(TWO, observations, recipe(lower_is_better="mirror")), "b", "2023") == -300.0
    assert value(scored(TWO, observations, recipe(lower_is_better="inverted_ratio")), "b", "2023") == 20.0


def test_a_cap_holds_indicators_and_so_their_mean() -> None:
    scores = scored(TWO, "a,2022,1\na,2023,9\nb,2022,1\nb,2023,1\n", recipe(cap=200))
    assert [value(scores, node, "2023") for node in "abr"] == [200.0, 100.0, 150.0]


def test_the_base_value_is_a_choice() -> None:
    scores = scored(TWO, "a,2022,4\na,2023,5\nb,2022,1\nb,2023,1\n", recipe(base_value=1))
    assert value(scores, "r", "2023") == 1.125
    assert row_of(scores, "r", "2023")["change_from_base"] == 0.125


def test_a_mean_says_how_many_of_how_many_it_stands_on() -> None:
    scores = scored(TWO, "a,2022,4\na,2023,5\nb,2022,1\n")
    row = row_of(scores, "r", "2023")
    assert (row["value"], row["available"], row["of"]) == (125.0, 1, 2)


def test_an_indicator_without_a_base_value_has_no_score() -> None:
    scores = scored(TWO, "a,2022,4\na,2023,5\nb,2023,3\n")
    row = row_of(scores, "b", "2023")
    assert (row["value"], row["kind"], row["available"], row["of"]) == (None, None, 0, 1)


LOPSIDED = "r,\nbig,r\nsmall,r\na,big,higher\nb,big,higher\nc,big,higher\nd,small,higher\n"
RISING = "a,2022,1\nb,2022,1\nc,2022,1\nd,2022,1\na,2023,2\nb,2023,2\nc,2023,2\nd,2023,6\n"


@pytest.mark.parametrize(("over", "total"), [("indicators", (3 * 200 + 600) / 4), ("children", (200 + 600) / 2)])
def test_the_recipe_says_what_a_mean_runs_over(over: str, total: float) -> None:
    assert value(scored(LOPSIDED, RISING, recipe(over)), "r", "2023") == total


def test_over_indicators_a_gap_takes_weight_from_its_area() -> None:
    """Without c the area `big` stands on two indicators, and so counts two in the total."""
    scores = scored(LOPSIDED, RISING.replace("c,2023,2\n", ""))
    assert value(scores, "r", "2023") == pytest.approx((2 * 200 + 600) / 3)
    assert row_of(scores, "r", "2023")["available"] == 3


def test_weights_are_relative_to_siblings() -> None:
    scores = scored("r,\na,r,higher,3\nb,r,higher,1\n", "a,2022,1\nb,2022,1\na,2023,2\nb,2023,1\n")
    assert value(scores, "r", "2023") == pytest.approx((3 * 200 + 100) / 4)


def test_a_weight_of_zero_takes_no_part() -> None:
    scores = scored("r,\na,r,higher,0\nb,r,higher,1\n", "a,2022,1\nb,2022,1\na,2023,2\nb,2023,3\n")
    assert (value(scores, "a", "2023"), value(scores, "r", "2023")) == (200.0, 300.0)
    assert row_of(scores, "r", "2023")["available"] == 1


@pytest.mark.parametrize(("over", "weighed"), [("indicators", 4), ("children", 2)])
def test_the_weight_of_an_area_multiplies_what_it_stands_for(over: str, weighed: float) -> None:
    structure = "r,\narea,r,,2\nc,r,higher\na,area,higher\nb,area,higher\n"
    observations = "a,2022,1\nb,2022,1\nc,2022,1\na,2023,2\nb,2023,2\nc,2023,1\n"
    scores = scored(structure, observations, recipe(over))
    assert value(scores, "r", "2023") == pytest.approx((weighed * 200 + 100) / (weighed + 1))


def test_levels_are_derived_from_the_leaves_up() -> None:
    scores = scored("r,\na,r\nb,a\nc,b,higher\nd,r,higher\n", "c,2022,1\nd,2022,1\n")
    assert {node: row_of(scores, node)["level"] for node in "rabcd"} == {"c": 1, "d": 1, "b": 2, "a": 3, "r": 4}


def test_a_deep_tree_is_computed() -> None:
    depth = 200
    structure = "n0,\n" + "".join(f"n{i},n{i - 1}\n" for i in range(1, depth)) + f"leaf,n{depth - 1},higher\n"
    scores = scored(structure, "leaf,2022,4\nleaf,2023,5\n")
    assert value(scores, "n0", "2023") == 125.0
    assert row_of(scores, "n0", "2023")["level"] == depth + 1


GIVEN = "r,\narea,r,3\na,area,higher\nb,area,higher\nc,r,higher\n"


def test_a_given_area_wins_with_its_count_over_its_children() -> None:
    observations = "a,2022,1\na,2023,2\nb,2022,1\nb,2023,2\nc,2022,1\nc,2023,1\narea,2022,100,3\narea,2023,130.5,3\n"
    scores = scored(GIVEN, observations)
    assert value(scores, "r", "2023") == pytest.approx((3 * 130.5 + 100) / 4)
    area = row_of(scores, "area", "2023")
    assert (area["value"], area["available"], area["of"], area["kind"]) == (130.5, 3, 3, "published")
    assert value(scores, "a", "2023") == 200.0
    assert {row["part"] for row in contributions(scores).to_pylist()} == {"area", "c"}


def test_a_given_area_needs_a_count_when_means_run_over_indicators() -> None:
    with pytest.raises(InputError) as raised:
        scored(GIVEN, "c,2022,1\narea,2023,130.5\n")
    (fault,) = raised.value.faults
    assert (fault.line, fault.what) == (3, "the given value of area has no count")
    assert scored(GIVEN, "c,2022,1\nc,2023,1\narea,2023,130\n", recipe("children")) is not None


@pytest.mark.parametrize("count", ["0", "4"])
def test_a_count_is_at_most_the_stated_number_of_indicators(count: str) -> None:
    with pytest.raises(InputError) as raised:
        scored(GIVEN, f"c,2022,1\narea,2023,130.5,{count}\n")
    (fault,) = raised.value.faults
    assert (fault.what, fault.expected) == (f"a count of {count} for area", "1 to 3 indicators")


@pytest.mark.parametrize("kind", ["second_hand", "inferred", "unknown"])
def test_a_value_that_is_not_firm_has_a_score_and_no_part_in_a_total(kind: str) -> None:
    scores = scored(TWO, f"a,2022,1\na,2023,2\nb,2022,1\nb,2023,4,,{kind}\n")
    assert (value(scores, "b", "2023"), value(scores, "r", "2023")) == (25.0, 200.0)
    assert row_of(scores, "b", "2023")["kind"] == kind
    assert (row_of(scores, "r", "2023")["kind"], row_of(scores, "r", "2023")["available"]) == ("derived", 1)


def test_a_ratio_is_as_firm_as_the_less_firm_of_its_two_values() -> None:
    scores = scored(TWO, "a,2022,1,,second_hand\na,2023,2\nb,2022,1\nb,2023,1\n")
    assert row_of(scores, "a", "2023")["kind"] == "second_hand"
    assert row_of(scores, "b", "2023")["kind"] == "derived"
    assert value(scores, "r", "2023") == 100.0


def test_simulated_values_average_among_themselves_and_stay_simulated() -> None:
    scores = scored(TWO, "a,2022,1,,simulated\na,2023,2,,simulated\nb,2022,1,,simulated\nb,2023,1,,simulated\n")
    assert (value(scores, "r", "2023"), row_of(scores, "r", "2023")["kind"]) == (150.0, "simulated")


def test_simulated_and_other_values_never_meet_in_an_average() -> None:
    with pytest.raises(InputError) as raised:
        scored(TWO, "a,2022,1\na,2023,2\nb,2022,1,,simulated\nb,2023,1,,simulated\n")
    assert [(fault.line, fault.what) for fault in raised.value.faults] == [
        (4, "simulated and other values meet in the average of r, x, 2022"),
        (5, "simulated and other values meet in the average of r, x, 2023"),
    ]


@pytest.mark.parametrize("base", ["0", "-2"])
def test_a_base_of_zero_or_less_makes_no_ratio(base: str) -> None:
    with pytest.raises(InputError) as raised:
        scored(TWO, f"a,2022,{base}\na,2023,2\nb,2022,1\n")
    (fault,) = raised.value.faults
    assert (fault.line, fault.expected) == (2, "a base above 0 to form a ratio")


def test_a_zero_is_a_score_of_zero_where_higher_is_better() -> None:
    assert value(scored(TWO, "a,2022,2\na,2023,0\nb,2022,1\n"), "a", "2023") == 0.0


def test_a_zero_makes_no_inverted_ratio_but_a_mirror() -> None:
    observations = "a,2022,1\nb,2022,2\nb,2023,0\n"
    with pytest.raises(InputError) as raised:
        scored(TWO, observations)
    (fault,) = raised.value.faults
    assert (fault.line, fault.expected) == (4, "a value above 0 for an inverted ratio")
    assert value(scored(TWO, observations, recipe(lower_is_better="mirror")), "b", "2023") == 200.0


def test_places_are_ranked_by_score_and_ties_share_the_smaller_rank() -> None:
    now = {"w": 3, "x": 5, "y": 5, "z": 3}
    rows = "".join(f"a,2022,1,,,,{place}\na,2023,{value},,,,{place}\n" for place, value in now.items())
    scores = scored("r,\na,r,higher\n", rows, places="w x y z")
    assert [row_of(scores, "r", "2023", place)["rank"] for place in "wxyz"] == [3, 1, 1, 3]
    assert [row_of(scores, "r", "2022", place)["rank"] for place in "wxyz"] == [1, 1, 1, 1]


def test_a_place_without_a_score_has_no_rank() -> None:
    scores = scored("r,\na,r,higher\n", "a,2022,1,,,,x\na,2023,2,,,,x\na,2022,1,,,,y\n")
    assert [row_of(scores, "r", "2023", place)["rank"] for place in "xy"] == [1, None]


def test_a_single_place_has_no_rank() -> None:
    assert row_of(scored(TWO, "a,2022,1\nb,2022,1\n"), "r")["rank"] is None


def test_places_are_given_in_the_order_of_their_table() -> None:
    scores = scored("r,\na,r,higher\n", "a,2022,1,,,,x\na,2022,1,,,,y\n", places="z y x")
    assert scores.places == ("y", "x")


def test_the_year_before_is_the_same_period_a_year_earlier() -> None:
    scores = scored("r,\na,r,higher\n", "a,2022,1\na,2022-Q3,2\na,2023-Q3,3\na,2023,4\n")
    assert row_of(scores, "r", "2023-Q3")["change_on_year"] == 100.0
    assert row_of(scores, "r", "2023")["change_on_year"] == 300.0
    assert row_of(scores, "r", "2022-Q3")["change_on_year"] is None


@pytest.mark.parametrize(
    ("printed", "agrees"),
    [
        ("125.0", True),
        ("125.05", False),
        ("125.1", False),
        ("124.9", False),
        ("125", True),
        ("124.5", False),
        ("126", False),
        ("1.3e2", True),
        ("1.2e2", True),
        ("1.1e2", False),
    ],
)
def test_agreement_is_within_half_the_last_printed_digit(printed: str, agrees: bool) -> None:
    """Values of 1,000,000.000 and 1,250,000.000 carry next to no rounding: the computed total is 125."""
    observations = f"a,2022,1000000.000\na,2023,1250000.000\nr,2023,{printed}\n"
    (row,) = published_table(scored("r,\na,r,higher\n", observations, recipe(compare=["root"]))).to_pylist()
    assert (row["computed"], row["agrees"]) == (pytest.approx(125.0), agrees)


@pytest.mark.parametrize(("printed", "agrees"), [("126.5", True), ("127.6", True), ("127.9", False), ("122.3", True)])
def test_agreement_makes_room_for_the_rounding_of_the_inputs(printed: str, agrees: bool) -> None:
    """4.0 and 5.0 are each rounded to half a tenth: 125 x (0.05/5 + 0.05/4) = 2.8 to either side."""
    observations = f"a,2022,4.0\na,2023,5.0\nr,2023,{printed}\n"
    (row,) = published_table(scored("r,\na,r,higher\n", observations, recipe(compare=["root"]))).to_pylist()
    assert row["tolerance"] == pytest.approx(0.05 + 125 * (0.05 / 5 + 0.05 / 4))
    assert row["agrees"] is agrees


def test_exactly_half_a_digit_agrees() -> None:
    """Two given areas of 100.0 average 100 with a rounding of 0.05, and 100.1 has a rounding of 0.05 too."""
    structure = "r,\na,r\nb,r\nc,a,higher\nd,b,higher\n"
    observations = "c,2022,1\nd,2022,1\na,2023,100.0,1\nb,2023,100.0,1\nr,2023,{}\n"
    for printed, agrees in [("100.1", True), ("99.9", True), ("100.11", False), ("100.2", False), ("99.8", False)]:
        scores = scored(structure, observations.format(printed), recipe(compare=["root"]))
        (row,) = published_table(scores).to_pylist()
        assert (printed, row["agrees"]) == (printed, agrees)


def test_what_cannot_be_computed_neither_agrees_nor_differs() -> None:
    scores = scored(TWO, "a,2022,1\nb,2022,1\nr,2023,150.7,,second_hand\n", recipe(compare=["root"]))
    (row,) = published_table(scores).to_pylist()
    assert (row["published"], row["computed"], row["tolerance"], row["agrees"]) == (150.7, None, None, None)


def test_a_variant_is_a_conflict_and_no_input() -> None:
    scores = scored(TWO, "a,2022,1\na,2023,2\na,2023,3,,,no\nb,2022,1\nb,2023,1\n")
    assert value(scores, "a", "2023") == 200.0
    (row,) = conflicts_table(scores).to_pylist()
    assert (row["node"], row["period"], row["used"], row["variant"], row["difference"]) == ("a", "2023", "2", "3", 1.0)


@pytest.mark.parametrize(
    ("compare", "compared"), [(["root"], {"r"}), (["inner"], {"r", "area"}), (["area"], {"area"}), ([], set())]
)
def test_only_nodes_to_compare_are_compared(compare: list[str], compared: set[str]) -> None:
    observations = "a,2022,1\nb,2022,1\nc,2022,1\na,2023,2\nc,2023,1\narea,2023,190,2\nr,2023,150,3\n"
    scores = scored(GIVEN, observations, recipe(compare=compare))
    assert {row["node"] for row in published_table(scores).to_pylist()} == compared
    assert value(scores, "area", "2023") == (200.0 if "area" in compared else 190.0)


def test_the_coverage_term_is_what_came_and_went() -> None:
    """In 2023 only a; in 2024 a unchanged and b at 300: nothing rose, all of the change is b's arrival."""
    scores = scored("r,\na,r,higher\nb,r,higher\n", "a,2022,1\nb,2022,1\na,2023,2\na,2024,2\nb,2024,3\n")
    (row,) = (
        row
        for row in changes_table(scores).to_pylist()
        if (row["node"], row["period"], row["comparison"]) == ("r", "2024", "year")
    )
    assert (row["change"], row["value_change"], row["coverage_change"]) == (50.0, 0.0, 50.0)
    assert (row["common_change"], row["comparable"]) == (0.0, False)
    assert (row["available_before"], row["available"]) == (1, 2)


def test_an_indicator_that_becomes_less_firm_leaves_the_total_and_is_coverage() -> None:
    """b takes part in 2023; in 2024 it is second hand, so the total no longer stands on it."""
    observations = "a,2022,1\nb,2022,1\na,2023,1\nb,2023,3\na,2024,1\nb,2024,5,,second_hand\n"
    scores = scored("r,\na,r,higher\nb,r,higher\n", observations)
    rows = {
        row["node"]: row
        for row in changes_table(scores).to_pylist()
        if (row["period"], row["comparison"]) == ("2024", "year")
    }
    assert (rows["r"]["change"], rows["r"]["value_change"], rows["r"]["coverage_change"]) == (-100.0, 0.0, -100.0)
    assert (rows["r"]["common_change"], rows["r"]["comparable"]) == (0.0, False)
    assert (rows["b"]["change"], rows["b"]["common_change"], rows["b"]["points"]) == (200.0, 200.0, 0.0)


def test_points_of_a_change_are_told_in_points_of_the_root() -> None:
    scores = scored(LOPSIDED, RISING)
    points = {row["node"]: row["points"] for row in changes_table(scores).to_pylist() if row["comparison"] == "year"}
    assert points == pytest.approx({"r": 200, "big": 75, "small": 125, "a": 25, "b": 25, "c": 25, "d": 125})


def test_a_given_base_that_is_missing_is_the_base_value() -> None:
    """The area is given in 2023 only; against the base it has the change that its level says."""
    scores = scored(GIVEN, "c,2022,1\nc,2023,1\narea,2023,130,3\n")
    rows = {row["node"]: row for row in changes_table(scores).to_pylist() if row["comparison"] == "base"}
    assert rows["area"]["change"] == row_of(scores, "area", "2023")["change_from_base"] == 30.0
    assert rows["r"]["value_change"] == rows["area"]["points"] == pytest.approx(22.5)
