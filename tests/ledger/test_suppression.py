"""No small count is published, and none can be computed from what is."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from donghaeng.ledger.suppression import THRESHOLD, Cell, Key, bounds, suppress


def with_totals(parts: Mapping[Key, int]) -> dict[Key, int]:
    """A table with the sums over each of its dimensions and all of them."""
    found: dict[Key, int] = {}
    for key, count in parts.items():
        for choice in itertools.product(*((category, "") for category in key)):
            found[choice] = found.get(choice, 0) + count
    return found


def published(cells: Mapping[Key, Cell]) -> dict[Key, int | None]:
    return {key: cell.count for key, cell in cells.items()}


def test_a_small_count_goes_with_the_smallest_of_the_others() -> None:
    cells = suppress({("referral",): 4, ("emergency",): 15, ("under 19",): 90, ("",): 109})
    assert {key[0]: (cell.count, cell.why) for key, cell in cells.items()} == {
        "referral": (None, "small"),
        "emergency": (None, "complement"),
        "under 19": (90, "published"),
        "": (109, "published"),
    }
    assert bounds(("referral",), published(cells)) == (0, 19)


def test_two_small_counts_that_give_each_other_away_need_a_third() -> None:
    """0 + 0 = 0: the sum that is left over says what both are."""
    cells = suppress({("a",): 0, ("b",): 0, ("c",): 50, ("d",): 60, ("",): 110})
    assert cells["c",].why == "complement"
    low, high = bounds(("a",), published(cells))
    assert high - low >= THRESHOLD - 1


def test_a_table_of_two_dimensions_keeps_its_sums() -> None:
    """By hand: the 3 needs another cell in its row and in its column, and those two one that closes the square."""
    parts = {
        ("clinic", "jan"): 20,
        ("clinic", "feb"): 50,
        ("clinic", "mar"): 80,
        ("hospital", "jan"): 40,
        ("hospital", "feb"): 3,
        ("hospital", "mar"): 60,
        ("pharmacy", "jan"): 70,
        ("pharmacy", "feb"): 90,
        ("pharmacy", "mar"): 30,
    }
    cells = suppress(with_totals(parts))
    hidden = {key for key, cell in cells.items() if cell.count is None}
    assert hidden == {("hospital", "feb"), ("hospital", "jan"), ("clinic", "feb"), ("clinic", "jan")}


def test_what_is_large_enough_is_all_published() -> None:
    counts = with_totals({("a", "x"): 10, ("a", "y"): 11, ("b", "x"): 12, ("b", "y"): 13})
    assert all(cell == Cell(counts[key], "published") for key, cell in suppress(counts).items())


def test_counts_without_a_sum_need_no_complement() -> None:
    cells = suppress({("a",): 4, ("b",): 15})
    assert [cell.count for cell in cells.values()] == [None, 15]


def test_a_total_alone_with_a_small_part_hides_both() -> None:
    cells = suppress({("a",): 4, ("",): 4})
    assert [cell.count for cell in cells.values()] == [None, None]


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ({("a",): -1}, "below zero"),
        ({("a",): 1, ("a", "b"): 1}, "one length"),
        ({("a",): 1, ("",): 2}, "not the sum"),
    ],
)
def test_a_table_that_does_not_add_up_is_refused(counts: dict[Key, int], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        suppress(counts)


@given(
    st.integers(1, 4).flatmap(
        lambda rows: st.integers(1, 4).flatmap(
            lambda columns: st.lists(st.integers(0, 40), min_size=rows * columns, max_size=rows * columns).map(
                lambda counts: {(f"r{at // columns}", f"c{at % columns}"): count for at, count in enumerate(counts)}
            )
        )
    )
)
@settings(max_examples=60, deadline=None)
def test_no_small_count_can_be_bounded_closely(parts: dict[Key, int]) -> None:
    counts = with_totals(parts)
    cells = suppress(counts)
    shown = published(cells)
    for key, count in counts.items():
        if count < THRESHOLD:
            assert shown[key] is None
            low, high = bounds(key, shown)
            assert low - 1e-6 <= count <= high + 1e-6
            assert high - low >= THRESHOLD - 1 - 1e-6 or all(value is None for value in _beside(key, shown))
        else:
            assert shown[key] in {None, count}


def _beside(key: Key, shown: Mapping[Key, int | None]) -> list[int | None]:
    """All counts that share a sum with a cell."""
    found = []
    for at in range(len(key)):
        found += [
            value
            for other, value in shown.items()
            if other[:at] + other[at + 1 :] == key[:at] + key[at + 1 :] and other != key
        ]
    return found
