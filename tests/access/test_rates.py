"""A key may be used so often, and no more, over any time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donghaeng.access import rates
from donghaeng.access.rates import Rates
from tests.access.rings import Timer


def test_a_full_bucket_gives_its_burst_and_then_its_rate() -> None:
    timer = Timer()
    bucket = Rates(2.0, 3, timer)
    assert [bucket.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    timer.now += 0.5
    assert [bucket.take("a") for _ in range(2)] == [0, 0.5]
    timer.now += 1_000
    assert [bucket.take("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_one_key_takes_nothing_from_another() -> None:
    bucket = Rates(1.0, 1, Timer())
    assert [bucket.take(name) for name in "abab"] == [0, 0, 1, 1]


@given(
    rate=st.floats(0.5, 50),
    burst=st.integers(1, 20),
    steps=st.lists(st.floats(0, 2), max_size=80),
)
def test_in_no_time_more_pass_than_the_burst_and_what_flowed_in(rate: float, burst: int, steps: list[float]) -> None:
    timer = Timer()
    bucket = Rates(rate, burst, timer)
    passed: list[float] = []
    for step in steps:
        timer.now += step
        if not bucket.take("a"):
            passed.append(timer.now)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            assert last - first + 1 <= burst + rate * (passed[last] - passed[first]) + 1e-6


@given(rate=st.floats(0.5, 50), burst=st.integers(1, 20), uses=st.integers(1, 60))
def test_who_waits_as_told_is_let_pass(rate: float, burst: int, uses: int) -> None:
    timer = Timer()
    bucket = Rates(rate, burst, timer)
    for _ in range(uses):
        wait = bucket.take("a")
        if wait:
            timer.now += wait * (1 + 1e-9) + 1e-9
            assert bucket.take("a") == 0


def test_a_clock_that_goes_back_gives_no_tokens() -> None:
    timer = Timer()
    bucket = Rates(1.0, 1, timer)
    assert bucket.take("a") == 0
    timer.now -= 100
    assert bucket.take("a") == 1


def test_buckets_do_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MOST_BUCKETS", 100)
    timer = Timer()
    bucket = Rates(1.0, 2, timer)
    for number in range(1_000):
        timer.now += 0.01
        bucket.take(str(number))
    assert len(bucket._buckets) <= 100
    assert bucket.take("999") == 0
    assert bucket.take("999") > 0


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (1, 0)])
def test_a_bucket_that_never_gives_is_refused(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="above zero"):
        Rates(rate, burst, Timer())
