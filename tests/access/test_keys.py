"""A key has one form, is drawn from enough, and is known by its hash alone."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from donghaeng.access.keys import (
    ID_LENGTH,
    LETTERS,
    LONGEST_KEY,
    REMOVED,
    SECRET_LENGTH,
    Key,
    holds_key,
    make_key,
    random_letters,
    read_key,
    redact_keys,
)
from donghaeng.api.problems import LONGEST_NAME, shown_name
from donghaeng.identifiers import find_identifier
from tests.ledger.ledgers import bytes_in_a_row

KEYS = st.builds(
    Key,
    st.text(LETTERS, min_size=ID_LENGTH, max_size=ID_LENGTH),
    st.text(LETTERS, min_size=SECRET_LENGTH, max_size=SECRET_LENGTH),
)


def test_a_secret_is_drawn_from_at_least_256_bits() -> None:
    assert 26**SECRET_LENGTH > 2**256


@given(KEYS)
def test_what_is_written_is_read_and_is_no_number_of_a_person(key: Key) -> None:
    assert read_key(key.text) == key
    assert len(key.text) == LONGEST_KEY
    assert find_identifier(key.text) is None


@given(st.text(max_size=100))
def test_other_texts_are_no_keys(text: str) -> None:
    assert read_key(text) is None


@pytest.mark.parametrize(
    "change", [str.upper, lambda text: text + "a", lambda text: text[:-1], lambda text: f" {text}"]
)
def test_a_key_that_was_changed_is_none(change: object) -> None:
    assert read_key(change(make_key(bytes_in_a_row()).text)) is None  # type: ignore[operator]


def test_keys_are_never_the_same_and_all_letters_are_as_likely() -> None:
    drawn = random_letters(os.urandom, 26_000)
    counts = Counter(drawn)
    assert set(counts) == set(LETTERS)
    # Six standard deviations about 1,000.
    assert all(abs(count - 1_000) < 190 for count in counts.values())
    assert len({make_key(os.urandom).id for _ in range(1_000)}) == 1_000


def test_a_hash_fits_its_secret_only_and_neither_shows_in_the_text_of_a_key() -> None:
    key, other = make_key(bytes_in_a_row()), make_key(os.urandom)
    assert key.has(key.hash)
    assert not other.has(key.hash)
    assert len(key.hash) == 32
    assert key.secret not in repr(key)
    # The id is not hashed with it: it is public.
    assert replace(key, id=other.id).hash == key.hash


@given(KEYS, st.text(max_size=30), st.text(max_size=30), st.booleans())
def test_no_secret_is_left_in_a_text(key: Key, before: str, after: str, shouted: bool) -> None:
    written = key.text.upper() if shouted else key.text
    text = f"{before} {written} {after}"
    assert holds_key(text)
    assert key.secret.lower() not in redact_keys(text).lower()
    assert REMOVED in redact_keys(text)
    assert not holds_key(redact_keys(text))


@given(KEYS, st.integers(0, 60))
def test_a_name_in_an_error_has_no_part_of_a_secret(key: Key, place: int) -> None:
    shown = shown_name("x" * place + " " + key.text)
    assert len(shown) <= LONGEST_NAME
    assert key.secret[:5] not in shown.replace("x" * place, "")
