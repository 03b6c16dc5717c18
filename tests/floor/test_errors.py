"""Faults say where, what, what was expected and what to do, in one line and in order."""

import pytest

from donghaeng.errors import (
    MOST_FAULTS_PER_FILE,
    DonghaengError,
    Fault,
    Faults,
    InputError,
    UsageError,
    listed,
    nearest,
)


def test_a_fault_is_one_line_with_its_place() -> None:
    fault = Fault("a.csv", 3, 7, 'unknown unit "meter"', "metre", "correct it")
    assert str(fault) == 'a.csv:3:7: unknown unit "meter"; expected metre; correct it'


def test_a_warning_says_so() -> None:
    assert str(Fault("a.csv", 3, 7, "a jump", severity="warning")) == "a.csv:3:7: warning: a jump"


def test_what_a_terminal_would_act_on_is_escaped() -> None:
    assert str(Fault("a\n.csv", 1, 1, "\x1b[31mred\r\ud800 한글")) == "a\\n.csv:1:1: \\x1b[31mred\\r\\ud800 한글"


def test_a_fault_does_not_repeat_a_whole_file() -> None:
    faults = Faults()
    faults.add("a.csv", 1, 1, "x" * 1_000_000)
    assert len(str(next(iter(faults)))) < 1_100


def test_faults_are_given_in_the_order_of_file_line_and_column() -> None:
    faults = Faults()
    for file, line, column in [("b", 1, 1), ("a", 10, 1), ("a", 2, 9), ("a", 2, 1)]:
        faults.add(file, line, column, "wrong")
    assert [(fault.file, fault.line, fault.column) for fault in faults] == [
        ("a", 2, 1),
        ("a", 2, 9),
        ("a", 10, 1),
        ("b", 1, 1),
    ]


def test_errors_are_raised_together_and_warnings_are_not() -> None:
    faults = Faults()
    faults.add("a", 1, 1, "odd", severity="warning")
    faults.raise_errors()
    faults.add("a", 2, 1, "wrong")
    faults.add("b", 3, 1, "wrong too")
    with pytest.raises(InputError) as raised:
        faults.raise_errors()
    assert [fault.file for fault in raised.value.faults] == ["a", "b"]
    assert str(raised.value) == "a:2:1: wrong\nb:3:1: wrong too"


def test_faults_are_limited_by_file() -> None:
    faults = Faults()
    for line in range(1, 3 * MOST_FAULTS_PER_FILE):
        faults.add("a", line, 1, "wrong")
    faults.add("b", 1, 1, "wrong")
    assert faults.is_full("a")
    assert not faults.is_full("b")
    assert sum(fault.file == "a" for fault in faults) == MOST_FAULTS_PER_FILE


def test_warnings_never_hide_an_error_or_become_one() -> None:
    faults = Faults()
    for line in range(1, 3 * MOST_FAULTS_PER_FILE):
        faults.add("a", line, 1, "odd", severity="warning")
    assert faults.errors == ()
    assert not faults.is_full("a")
    faults.add("a", 1, 1, "wrong")
    assert [fault.what for fault in faults.errors] == ["wrong"]


def test_faults_of_others_are_kept_as_they_are() -> None:
    one, other = Faults(), Faults()
    other.add("a", 1, 2, "what", "expected", "remedy", "code", "warning")
    one.extend(other)
    assert list(one) == list(other)


def test_the_family_has_one_base() -> None:
    assert issubclass(InputError, DonghaengError)
    assert issubclass(UsageError, DonghaengError)
    assert InputError("no pack").faults == ()


@pytest.mark.parametrize(
    ("word", "known", "phrase"),
    [
        ("weigth", ["weight", "unit"], 'did you mean "weight"?'),
        ("시도", ["시군구", "시도군"], 'did you mean "시도군"?'),
        ("xyz", ["weight", "unit"], ""),
        ("", ["weight"], ""),
        ("weight", [], ""),
    ],
)
def test_the_nearest_word_is_offered(word: str, known: list[str], phrase: str) -> None:
    assert nearest(word, known) == phrase


def test_long_lists_are_cut() -> None:
    assert listed("abc") == "a, b, c"
    assert listed("abcde", 3) == "a, b, c and 2 more"
