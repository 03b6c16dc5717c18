"""What a medium carries, signed when it was charged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donghaeng.errors import UsageError
from donghaeng.services.passes.medium import (
    SLOT,
    Carried,
    CodeBook,
    MediumError,
    VerifyKey,
    check_slot,
    medium_number,
    read_slot,
    replace_slot,
    seconds,
    slots,
    write_slot,
)
from tests.passes.gates import BOOK, KEY, KEYS, MEDIUM, OTHER_KEY, carried, slot
from tests.passes.riding import at

NOW = seconds(at("08:00"))


def test_a_slot_is_ninety_bytes_and_reads_as_it_was_written() -> None:
    one = carried()
    data = slot(one)
    assert len(data) == SLOT == 90
    assert check_slot(data, MEDIUM, KEYS, NOW) == one
    assert read_slot(data) == one


@given(
    st.tuples(*(st.integers(0, 2**bits - 1) for bits in (8, 63, 8, 8, 16))),
    st.tuples(*(st.integers(0, 2**32 - 1) for _ in range(3))),
)
def test_every_period_that_fits_comes_back(codes: tuple[int, ...], times: tuple[int, ...]) -> None:
    starts, ends, charged = [*sorted(times[:2]), times[2]]
    one = Carried(*codes, starts, ends, charged)
    if starts == ends:
        with pytest.raises(UsageError, match="ends after it starts"):
            write_slot(one, KEY)
    else:
        assert read_slot(write_slot(one, KEY)) == one


@given(st.integers(0, SLOT * 8 - 1))
def test_a_slot_of_which_one_bit_was_changed_is_refused(bit: int) -> None:
    data = bytearray(slot(carried()))
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(MediumError) as refused:
        check_slot(bytes(data), MEDIUM, KEYS, NOW)
    assert refused.value.reason in {"unreadable", "copied", "forged", "unknown_key"}


@pytest.mark.parametrize(
    ("data", "medium", "keys", "now", "reason"),
    [
        (slot(carried()), MEDIUM + 1, KEYS, NOW, "copied"),
        (write_slot(carried(), OTHER_KEY), MEDIUM, KEYS, NOW, "forged"),
        (slot(carried()._replace(key=2)), MEDIUM, KEYS, NOW, "unknown_key"),
        (slot(carried()), MEDIUM, {1: VerifyKey(KEY.public_key(), NOW)}, NOW, "expired_key"),
        (slot(carried())[:-1], MEDIUM, KEYS, NOW, "unreadable"),
        (b"\x02" + slot(carried())[1:], MEDIUM, KEYS, NOW, "unreadable"),
    ],
    ids=["copied", "forged", "unknown_key", "expired_key", "short", "other_layout"],
)
def test_what_was_not_signed_for_the_medium_by_a_trusted_key_is_refused(
    data: bytes, medium: int, keys: dict[int, VerifyKey], now: int, reason: str
) -> None:
    with pytest.raises(MediumError) as refused:
        check_slot(data, medium, keys, now)
    assert refused.value.reason == reason


def test_a_recharge_before_the_end_keeps_the_running_period() -> None:
    running, coming, later = slot(carried(last=3)), slot(carried(first=4)), slot(carried(first=34, last=60))
    held = replace_slot(replace_slot(b"", running, NOW), coming, NOW)
    assert slots(held) == (running, coming)
    assert slots(replace_slot(held, coming, NOW)) == (running, coming)
    afterwards = seconds(at("08:00")) + 10 * 86_400
    assert slots(replace_slot(held, later, afterwards)) == (coming, later)


def test_a_medium_that_is_torn_is_unreadable() -> None:
    for data in (b"", b"\0" * (SLOT - 1), slot(carried()) + b"\0"):
        with pytest.raises(MediumError, match="whole number of slots"):
            slots(data)
    assert slots(b"\0" * 2 * SLOT) == ()


def test_a_number_of_a_medium_fits_a_signed_column() -> None:
    assert medium_number("abc") == 6718257250126850037
    assert all(0 <= medium_number(str(number)) < 2**63 for number in range(1_000))


def test_a_code_book_keeps_the_order_of_the_pack_and_refuses_what_it_does_not_know() -> None:
    assert BOOK.products[BOOK.product("short_3")] == "short_3"
    assert BOOK.names(BOOK.bits(["river", "bike"])) == ("bike", "river")
    with pytest.raises(UsageError, match='did you mean "short_3"'):
        BOOK.product("short3")
    with pytest.raises(UsageError, match="twice"):
        CodeBook(("a", "a"), ("b",))
    with pytest.raises(UsageError, match="at most 16 addons"):
        CodeBook(("a",), ("b",), tuple(str(number) for number in range(17)))
