"""Numbers of persons in texts are found in every writing, and other numbers are let be."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from donghaeng.identifiers import KINDS, REMOVED, check_value, find_identifier, redact
from tests.identifiers.numbers import (
    DIGITS,
    impossible_registrations,
    registrations,
    some_digits,
    writings,
)

EXAMPLES = settings(max_examples=500, deadline=None)
ANY_TEXT = st.text(max_size=40)
#: A text that does not end, or begin, with a digit.
NO_DIGIT_LAST = ANY_TEXT.filter(lambda text: not text or unicodedata.decimal(text[-1], None) is None)
NO_DIGIT_FIRST = ANY_TEXT.filter(lambda text: not text or unicodedata.decimal(text[0], None) is None)


@EXAMPLES
@given(NO_DIGIT_LAST, writings(registrations()), NO_DIGIT_FIRST)
@example("① ", "90" + "0101-1" + 6 * "2", "")
@example("", "90" + "0101-1" + 6 * "2", "²")
@example("⑦", "90" + "0101-1" + 6 * "2", "")
@example("7 ", "90" + "0101 1" + 6 * "2", " 7")
@example("010-1234-5678,", "90" + "0101-1" + 6 * "2", ",3.14")
def test_a_registration_number_is_found_in_any_text(before: str, number: str, after: str) -> None:
    found = find_identifier(before + number + after)
    assert found in ("resident_registration_number", "foreigner_registration_number")


@EXAMPLES
@given(NO_DIGIT_LAST, writings(registrations()), NO_DIGIT_FIRST)
def test_a_log_keeps_nothing_of_it(before: str, number: str, after: str) -> None:
    kept = redact(before + number + after)
    assert number not in kept
    assert REMOVED in kept
    assert find_identifier(kept) is None or find_identifier(before + REMOVED + after) is not None


@given(st.lists(registrations().map("-".join), min_size=1, max_size=4))
def test_only_the_numbers_are_taken_out_of_a_log(numbers: list[str]) -> None:
    line = " and ".join(f"person {number}," for number in numbers)
    assert redact(line) == " and ".join(f"person {REMOVED}," for _ in numbers)
    assert redact("nothing here") == "nothing here"


@EXAMPLES
@given(registrations("123490").map("-".join), registrations("5678").map("-".join))
def test_foreigners_are_told_by_the_seventh_digit(resident: str, foreigner: str) -> None:
    assert find_identifier(resident) == "resident_registration_number"
    assert find_identifier(foreigner) == "foreigner_registration_number"


@EXAMPLES
@given(impossible_registrations(), st.sampled_from(["", "-", " "]))
def test_thirteen_digits_without_a_day_that_can_exist_pass(parts: tuple[str, str], between: str) -> None:
    assert find_identifier(f"no. {between.join(parts)}.") is None


def test_29_february_is_a_day_of_leap_years_only() -> None:
    tail = "1" + 6 * "3"
    assert find_identifier(f"{'96' + '0229'}-{tail}") == "resident_registration_number"
    assert find_identifier(f"{'97' + '0229'}-{tail}") is None


@EXAMPLES
@given(registrations().map("".join), st.text(st.sampled_from(DIGITS), min_size=1, max_size=8), st.booleans())
def test_a_longer_run_of_digits_passes(number: str, more: str, behind: bool) -> None:
    assert find_identifier(number + more if behind else more + number) is None


def test_a_year_of_four_digits_must_agree_with_the_digit_for_the_century() -> None:
    serial = 6 * "4"
    assert find_identifier(f"{'20050107'}-3{serial}") == "resident_registration_number"
    assert find_identifier(f"{'20050107'}-1{serial}") is None  # an order of that day
    assert find_identifier(f"{'20050107'}-0{serial}") is None


PASSPORTS = st.one_of(
    st.builds("{}{}".format, st.sampled_from("MSRGD"), some_digits(8)).filter(lambda one: one[1:3] not in ("19", "20")),
    st.builds("{}{}{}{}".format, st.sampled_from("MSRGD"), some_digits(3), st.sampled_from("ABCXYZ"), some_digits(4)),
)
CARDS = st.builds("{}-{}".format, st.sampled_from("123456789"), some_digits(10))
REGIONS = st.one_of(st.integers(11, 28).map(str), st.sampled_from(["서울", "부산", "경기", "제주", "경기남부"]))
LICENCES = st.builds(
    "{1}{0}{2}{0}{3}{0}{4}".format,
    st.sampled_from(["-", " ", "–", " - ", "."]),
    REGIONS,
    some_digits(2),
    some_digits(6),
    some_digits(2),
)
WIDE = str.maketrans({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
SPACE_AROUND = st.sampled_from(["{}", "번호는 {}입니다", "({})", "a {} b", "no:{}", '"{}"', "가{}나", "{}."])


@EXAMPLES
@given(PASSPORTS, SPACE_AROUND, st.sampled_from([str, str.lower, lambda text: text.translate(WIDE)]))
def test_a_passport_number_is_found(number: str, around: str, written: type[str]) -> None:
    assert find_identifier(around.format(written(number))) == "passport_number"


@EXAMPLES
@given(LICENCES, SPACE_AROUND, st.booleans())
def test_a_drivers_licence_number_is_found(number: str, around: str, wide: bool) -> None:
    assert find_identifier(around.format(number.translate(WIDE) if wide else number)) == "drivers_licence_number"


@EXAMPLES
@given(CARDS, SPACE_AROUND, st.booleans())
def test_a_health_insurance_card_number_is_found(number: str, around: str, wide: bool) -> None:
    assert find_identifier(around.format(number.translate(WIDE) if wide else number)) == "health_insurance_card_number"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("여권번호 " + "JR" + 7 * "1", "passport_number"),
        ("Passport no. " + "X" + 7 * "2", "passport_number"),
        ("passport: R" + "2024" + "0301", "passport_number"),
        ("운전면허 " + "11" + 10 * "3", "drivers_licence_number"),
        ("driver's license number " + "11" + 10 * "3", "drivers_licence_number"),
        ("면허번호: " + "91-" + 6 * "3" + "-12", "drivers_licence_number"),
        ("건강보험증 번호 " + "1" + 10 * "4", "health_insurance_card_number"),
        ("health insurance card " + "2" + 10 * "4", "health_insurance_card_number"),
    ],
)
def test_what_is_too_common_by_itself_is_found_beside_a_word(text: str, kind: str) -> None:
    assert find_identifier(text) == kind
    number = text.split(" ", 1)[1].split()[-1]
    assert find_identifier(number) is None
    assert find_identifier(f"여권, 면허, 보험증\n{number}") is None  # the word stands in another line


@pytest.mark.parametrize(
    "text",
    [
        "",
        "010-1234-5678",
        "02-123-4567",
        "+82-10-1234-5678",
        "+1-2125551234",
        "1588-1234",
        "2024-05-20T04:00:00.123456+09:00",
        "20240520093015123",
        "1,234,567,890,123원",
        "건강보험 재정 78000000000원",
        "보험증 재발급에 든 78000000000원",
        "123-45-67890",
        "37.5665351, 126.9779692",
        "8f14e45f-ceea-467f-a0e6-b3d5b3b5d5a1",
        "R20240301",
        "KR2024001",
        "BIT-2024-000123",
        "Apache License 2.0",
        "면허 문의 02-1234-5678",
        "여권 사진 3장",
        "900101-1******",
        "2024-03-01 1500000",
        "2024-03-01 12:30:00 1500000",
        "0.1234567890",
        "1~1000000000",
        "1.0000000001",
        "10.0.0.1",
        "2024.11.23.",
    ],
)
def test_other_numbers_pass(text: str) -> None:
    assert find_identifier(text) is None
    assert redact(text) == text


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)), st.sampled_from(["T", " "]))
def test_times_pass_in_texts(moment: datetime, between: str) -> None:
    assert (
        find_identifier(f"at {moment.isoformat(between)} and {moment.replace(tzinfo=UTC).isoformat(between)}") is None
    )


@given(st.integers(0, 10**12 - 1))
def test_money_with_commas_passes_in_texts(amount: int) -> None:
    assert find_identifier(f"{amount:,}원") is None


@given(st.text(st.sampled_from("0123456789abcdef"), min_size=64, max_size=64))
def test_a_digest_rarely_looks_like_a_number_and_is_let_be_where_it_is_a_value(digest: str) -> None:
    assume(not digest.isdigit())
    assert check_value(digest) is None
    assert check_value(digest, "token") is None


def test_any_text_can_be_searched() -> None:
    everything = "".join(map(chr, range(0x110000)))
    assert find_identifier(everything) is None
    assert redact(everything) == everything


def test_a_file_that_is_named_by_its_digest_is_let_be() -> None:
    digest = "9001011" + 6 * "2" + 51 * "a"
    assert check_value(f"taps-2026-05-20-{digest}") is None
    assert check_value(f"taps-held-{digest}") is None
    assert check_value(f"taps-held-{digest[:-1]}") is not None
    assert check_value(f"taps of {digest[:13]} {digest}") is not None


def test_every_kind_has_words_for_messages() -> None:
    assert all(words.startswith("a ") for words in KINDS.values())
