"""Solutions: every limit to the won, and the best by brute force."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from donghaeng.budget.draws import ParameterDraws, measured, robust
from donghaeng.budget.objectives import Points, _trimmed, best
from donghaeng.budget.problem import Limit, Problem
from donghaeng.budget.program import assemble
from donghaeng.budget.settings import OBJECTIVES
from donghaeng.budget.whole_won import whole_won
from donghaeng.errors import InputError
from tests.budget.building import problem_of

NO_POINTS = Points((), np.zeros(0), np.zeros(0), 100.0)


def points(problem: Problem) -> Points:
    nodes = tuple(node for node, _ in problem.cells)
    return Points(nodes, np.linspace(100, 300, len(nodes)), np.full(len(nodes), 1 / len(nodes)), 100.0)


@st.composite
def problems(draw: st.DrawFn, largest: int = 6) -> Problem:
    """Budgets that can be met: up to six options and cells, links across, bureaus, another fund, projects."""
    count = draw(st.integers(2, largest))
    lower = draw(st.lists(st.integers(0, 10**9), min_size=count, max_size=count))
    rooms = draw(st.lists(st.integers(0, 10**9), min_size=count, max_size=count))
    whole = [draw(st.booleans()) and draw(st.booleans()) for _ in range(count)]
    lower = [0 if at_once else low for low, at_once in zip(lower, whole, strict=True)]
    upper = [low + room for low, room in zip(lower, rooms, strict=True)]
    amount = sum(lower) + draw(st.integers(0, sum(rooms) + 1000))
    prices = draw(st.lists(st.integers(1000, 10**6), min_size=count, max_size=count))
    needs = draw(st.lists(st.integers(1, 10**5), min_size=count, max_size=count))
    delivered = [draw(st.integers(0, need)) for need in needs]
    links = [(at, at, 1.0) for at in range(count)]
    links += [(at, (at + 1) % count, draw(st.sampled_from([0.25, 0.5]))) for at in range(count) if draw(st.booleans())]
    limits = []
    members = tuple(at for at in range(count) if draw(st.booleans()))
    if members:
        base = sum(lower[at] for at in members)
        room = sum(rooms[at] for at in members)
        ones = (Fraction(1),) * len(members)
        limits.append(Limit("bureau", "b", members, ones, base + draw(st.integers(0, room))))
        weights = tuple(Fraction(draw(st.integers(1, 7)), draw(st.integers(1, 7))) for _ in members)
        used = sum((weight * lower[at] for weight, at in zip(weights, members, strict=True)), Fraction(0))
        limits.append(Limit("fund", "f", members, weights, -(-used.numerator // used.denominator) + room))
    return problem_of(amount, lower, upper, prices, needs, links, delivered, whole, limits)


@settings(max_examples=60, deadline=None)
@given(problems(), st.sampled_from(OBJECTIVES))
def test_a_plan_respects_every_limit_to_the_won(problem: Problem, objective: str) -> None:
    answer = best(problem, objective, points(problem))  # type: ignore[arg-type]
    amounts = whole_won(problem, answer.amounts)
    assert problem.broken(amounts.tolist()) == []
    assert np.abs(amounts - answer.amounts).max() <= 1e-5 * problem.amount + 10


@settings(max_examples=30, deadline=None)
@given(problems(largest=4), st.integers(0, 5))
def test_a_robust_plan_respects_every_limit_to_the_won(problem: Problem, seed: int) -> None:
    generator = np.random.default_rng(seed)
    count, cells = len(problem.options), len(problem.cells)
    draws = ParameterDraws(
        np.exp(0.2 * generator.standard_normal((5, count))),
        problem.need * np.exp(0.1 * generator.standard_normal((5, cells))),
        np.ones((5, count)),
    )
    assert problem.broken(robust(problem, NO_POINTS, draws, by_index=False).tolist()) == []


def sorted_levels(problem: Problem, amounts: np.ndarray) -> list[float]:
    return np.sort(problem.coverage(np.asarray(amounts, np.float64))).tolist()


def better(one: list[float], other: list[float]) -> bool:
    """Whether one is worst-off first better than another, beyond the steps of the grid."""
    for a, b in zip(one, other, strict=True):
        if abs(a - b) > 1e-6:
            return a > b
    return False


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 5), min_size=3, max_size=3),
    st.lists(st.integers(4, 40), min_size=3, max_size=3),
    st.lists(st.integers(0, 6), min_size=3, max_size=3),
    st.integers(0, 24),
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.booleans(),
)
def test_worst_off_first_is_what_no_allocation_on_a_grid_beats(
    prices: list[int], needs: list[int], delivered: list[int], amount: int, whole: list[bool], across: bool
) -> None:
    """Three options of up to eight steps of money each: every allocation in whole steps is looked at."""
    step = 1_000_000
    links = [(0, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0)] + ([(0, 1, 0.5), (2, 0, 0.25)] if across else [])
    met = [min(have, need) for have, need in zip(delivered, needs, strict=True)]
    problem = problem_of(
        amount * step, [0, 0, 0], [8 * step] * 3, [price * step / 4 for price in prices], needs, links, met, whole
    )
    found = sorted_levels(problem, whole_won(problem, best(problem, "least_unmet_need", NO_POINTS).amounts))
    for steps in product(range(9), repeat=3):
        halves = [at for at in range(3) if whole[at] and steps[at] not in (0, 8)]
        if sum(steps) <= amount and not halves:
            assert not better(sorted_levels(problem, np.array(steps) * step), found)


@settings(max_examples=25, deadline=None)
@given(problems(largest=3))
def test_most_people_is_what_no_corner_beats(problem: Problem) -> None:
    amounts = whole_won(problem, best(problem, "equity_weights", NO_POINTS).amounts)
    found = float(problem.coverage(amounts.astype(np.float64)) @ problem.people)
    grid = [
        [low, high] if whole else np.linspace(low, high, 7).astype(np.int64).tolist()
        for low, high, whole in zip(problem.lower, problem.upper, problem.whole, strict=True)
    ]
    for steps in product(*grid):
        if not problem.broken([int(one) for one in steps]):
            other = float(problem.coverage(np.array(steps, np.float64)) @ problem.people)
            assert other <= found + 1e-5 * problem.people.sum()


def test_two_equal_needs_are_met_alike_and_the_last_won_is_spent() -> None:
    problem = problem_of(1_000_000_001, [0, 0], [10**9, 10**9], [1000, 1000], [10**6, 10**6])
    amounts = whole_won(problem, best(problem, "least_unmet_need", NO_POINTS).amounts)
    assert sorted(amounts.tolist()) == [500_000_000, 500_000_001]


def test_money_that_brings_nothing_is_not_spent() -> None:
    problem = problem_of(10**9, [0, 0], [10**9, 10**9], [1000, 1000], [1000, 5000])
    for objective in OBJECTIVES:
        amounts = whole_won(problem, best(problem, objective, points(problem)).amounts)
        assert amounts.tolist() == [1_000_000, 5_000_000]


def test_what_is_all_or_nothing_is_not_begun_by_half() -> None:
    problem = problem_of(10**9, [0, 0], [900_000_000, 900_000_000], [1000, 1000], [10**6, 10**6], whole=[True, False])
    amounts = whole_won(problem, best(problem, "least_unmet_need", NO_POINTS).amounts)
    # 900 million for one leaves 10 % for the other; without it one has nothing at all.
    assert amounts.tolist() == [900_000_000, 100_000_000]


def test_a_person_who_is_served_twice_counts_once() -> None:
    """Two options serve one cell of 1,000: what the second adds beyond the need brings nothing."""
    problem = problem_of(
        3_000_000, [0, 0, 0], [10**6] * 3, [1000] * 3, [1000, 5000], [(0, 0, 1.0), (1, 0, 1.0), (2, 1, 1.0)]
    )
    amounts = whole_won(problem, best(problem, "equity_weights", NO_POINTS).amounts)
    assert amounts[:2].sum() == 1_000_000
    assert amounts[2] == 1_000_000


def test_weights_send_money_to_whom_they_favour() -> None:
    plain = problem_of(10**6, [0, 0], [10**6, 10**6], [1000, 1100], [5000, 5000])
    weighted = problem_of(10**6, [0, 0], [10**6, 10**6], [1000, 1100], [5000, 5000], weights=[1.0, 2.0])
    assert best(plain, "equity_weights", NO_POINTS).amounts.round().tolist() == [10**6, 0]
    assert best(weighted, "equity_weights", NO_POINTS).amounts.round().tolist() == [0, 10**6]


def test_the_index_goes_where_a_little_makes_many_points_and_need_does_not() -> None:
    problem = problem_of(10**6, [0, 0], [10**6, 10**6], [1000, 1000], [1000, 9000])
    many = Points(("n0", "n1"), np.array([5000.0, 100.0]), np.array([0.5, 0.5]), 100.0)
    assert best(problem, "index", many).amounts.round().tolist() == [10**6, 0]
    assert best(problem, "least_unmet_need", many).amounts.round().tolist() == [100_000, 900_000]


def test_what_is_below_the_base_is_lifted_first() -> None:
    """n0 stands at 50 points and n1 at 150; all money goes to n0 until it is at 100."""
    problem = problem_of(10**6, [0, 0], [10**6, 10**6], [1000, 1000], [1000, 1000], delivered=[300, 600])
    lifted = Points(("n0", "n1"), np.array([50 / 0.3, 150 / 0.6]), np.array([0.5, 0.5]), 100.0)
    amounts = best(problem, "lift_below_base", lifted).amounts.round()
    assert amounts[0] >= 300_000 - 1
    assert problem.coverage(amounts)[0] * 50 / 0.3 >= 100 - 1e-6


def test_of_projects_that_lift_alike_the_one_for_more_people_is_chosen() -> None:
    """Both indicators are above the base whatever is built: then the larger project serves more people."""
    problem = problem_of(
        3_000_000, [0, 0], [2_000_000, 3_000_000], [1.0, 0.5], [4e6, 8e6], None, [3e6, 2e6], [True, True]
    )
    high = Points(("n0", "n1"), np.array([900.0, 900.0]), np.array([0.5, 0.5]), 100.0)
    for objective in ("lift_below_base", "equity_weights"):
        amounts = whole_won(problem, best(problem, objective, high).amounts)
        assert amounts.tolist() == [0, 3_000_000], objective


def test_money_goes_into_the_piece_that_brings_more_first() -> None:
    """Need for 8 units, 8 a million at first and 4 later: money enough, and no more of it spent than a million."""
    problem = problem_of(9_000_000, [0], [3_000_000], [1.0], [8.0])
    problem = replace(
        problem,
        piece_options=np.array([0, 0]),
        piece_widths=np.array([2e6, 1e6]),
        piece_units=np.array([8e-6, 4e-6]),
    )
    program = assemble(problem)
    later_first = np.array([0.5e6, 1e6]) / program.unit
    assert program.amounts(_trimmed(program, later_first, np.ones(1))).tolist() == pytest.approx([1_000_000])


def test_the_worst_loss_of_a_place_is_the_smallest_that_there_is() -> None:
    """A cut of 1,000,000 over two places with 1,000 and 3,000 persons: both lose a quarter of a person's share."""
    problem = problem_of(3_000_000, [0, 0], [10**6, 3 * 10**6], [1000, 1000], [1000, 3000], places=["east", "west"])
    problem = type(problem)(
        **{**vars(problem), "current": problem.upper, "delivered": problem.need.copy(), "at_lower": -problem.need}
    )
    answer = best(problem, "smallest_worst_loss", NO_POINTS)
    assert answer.amounts.round().tolist() == [750_000, 2_250_000]


def test_the_price_of_the_total_is_what_one_more_won_brings() -> None:
    low = problem_of(10**6, [0, 0], [10**6, 10**6], [1000, 2000], [5000, 5000])
    high = problem_of(10**6 + 1000, [0, 0], [10**6, 10**6], [1000, 2000], [5000, 5000])
    one, other = best(low, "least_unmet_need", NO_POINTS), best(high, "least_unmet_need", NO_POINTS)
    assert one.levels is not None
    assert other.levels is not None
    gained = other.levels.levels.min() - one.levels.levels.min()
    assert one.levels.stages[0].price * 1000 == pytest.approx(gained, rel=1e-3)


def test_each_further_piece_of_money_brings_less() -> None:
    from dataclasses import replace

    problem = problem_of(3 * 10**6, [0], [4 * 10**6], [1000], [10_000])
    problem = replace(
        problem,
        piece_options=np.array([0, 0]),
        piece_widths=np.array([1e6, 3e6]),
        piece_units=np.array([1 / 1000, 1 / 2000]),
    )
    assert problem.units(np.array([0.0])).tolist() == [0]
    assert problem.units(np.array([3e6])).tolist() == [2000]
    assert best(problem, "least_unmet_need", NO_POINTS).levels.levels.tolist() == [pytest.approx(0.2)]  # type: ignore[union-attr]


def test_the_robust_plan_is_best_in_the_worst_draw() -> None:
    """Costs of one option may double: in the worst draw the safe one brings more, though less as stated."""
    problem = problem_of(10**6, [0, 0], [10**6, 10**6], [1000, 1200], [5000, 5000])
    draws = ParameterDraws(np.array([[1.0, 1.0], [2.0, 1.0]]), np.tile(problem.need, (2, 1)), np.ones((2, 2)))
    stated = whole_won(problem, best(problem, "equity_weights", NO_POINTS).amounts)
    safe = robust(problem, NO_POINTS, draws, by_index=False)
    worst = [measured(problem, NO_POINTS, one, draws)["people_unmet"].max() for one in (stated, safe)]
    assert stated.tolist() == [10**6, 0]
    assert safe.tolist() == [0, 10**6]
    assert worst[1] < worst[0]


def test_limits_without_an_allocation_are_an_error_and_not_a_plan() -> None:
    limit = Limit("bureau", "b", (0,), (Fraction(1),), None, 2 * 10**6)
    problem = problem_of(10**6, [0], [10**6], [1000], [5000], limits=[limit])
    with pytest.raises(InputError, match="no allocation meets all limits"):
        best(problem, "least_unmet_need", NO_POINTS)


def test_an_objective_without_a_bound_is_an_error() -> None:
    from donghaeng.budget.program import assemble, solve

    problem = problem_of(10**6, [0], [10**6], [1000], [5000])
    with pytest.raises(InputError, match="no bound"):
        solve(assemble(problem), np.zeros(1), np.ones(1), (np.zeros(1), np.array([np.inf])))
