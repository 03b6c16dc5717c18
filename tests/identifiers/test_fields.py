"""Values of fields, plain and nested: numbers of persons are refused, money, times and barcodes pass."""

from __future__ import annotations

import math
import random
from collections import OrderedDict
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from donghaeng import identifiers
from donghaeng.errors import InputError, UsageError
from donghaeng.identifiers import (
    FIELD_TYPES,
    KINDS,
    NUMERIC,
    check_value,
    find_identifiers,
    kind_of_name,
    refuse_identifiers,
)
from tests.identifiers.numbers import registrations, some_digits, writings

EXAMPLES = settings(max_examples=300, deadline=None)
THIRTEEN_DIGITS = st.integers(10**12, 10**13 - 1)
POSSIBLE = registrations().map("".join)
#: Written with a dash, so that no field can take it for a number.
DASHED = registrations().map("-".join)
RESIDENT = "90" + "0101-1" + 6 * "2"


@EXAMPLES
@given(st.one_of(THIRTEEN_DIGITS, POSSIBLE.map(int)), st.sampled_from(NUMERIC))
def test_money_counts_and_times_of_thirteen_digits_pass(number: int, field_type: Any) -> None:
    for value in (number, -number, float(number), Decimal(number), str(number), f"{number:,}", f" {number} "):
        assert check_value(value, field_type) is None


@EXAMPLES
@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_times_pass_in_a_field_of_times(moment: datetime) -> None:
    milliseconds = int(moment.timestamp() * 1000)
    for value in (
        milliseconds,
        str(milliseconds),
        milliseconds * 1000,
        milliseconds / 1000,
        moment,
        moment.isoformat(),
        moment.strftime("%Y%m%dT%H%M%S.%f0Z"),
    ):
        assert check_value(value, "timestamp") is None


@pytest.mark.parametrize("instant", ["2024-01-01T00:00:00Z", "2024-03-15T09:30:00Z", "2026-11-23T00:00:00Z"])
def test_a_time_in_milliseconds_needs_its_field(instant: str) -> None:
    milliseconds = int(datetime.fromisoformat(instant).timestamp() * 1000)
    assert check_value(milliseconds, "timestamp") is None
    digits = str(milliseconds)
    looks_like_one = 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) <= 28
    assert (check_value(milliseconds) is not None) == looks_like_one


def with_check_digit(digits: str) -> str:
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


@EXAMPLES
@given(st.one_of(some_digits(12), some_digits(9).map(lambda rest: "880" + rest), POSSIBLE.map(lambda all: all[:12])))
def test_a_barcode_passes_in_a_field_of_barcodes(front: str) -> None:
    code = with_check_digit(front)
    assert check_value(code, "barcode") is None
    assert check_value(f"{code[0]} {code[1:7]} {code[7:]}", "barcode") is None
    if not code.startswith("0"):
        assert check_value(int(code), "barcode") is None


def test_a_korean_barcode_is_refused_where_no_barcode_is_expected() -> None:
    code = with_check_digit("8801" + "12" + 6 * "3")
    assert check_value(code, "barcode") is None
    assert check_value(code, "text") == "resident_registration_number"


@EXAMPLES
@given(POSSIBLE.filter(lambda digits: with_check_digit(digits[:12]) != digits))
def test_a_registration_number_is_no_barcode(digits: str) -> None:
    assert check_value(digits, "barcode") is not None


@pytest.mark.parametrize(
    "phone", ["+821012345678", "+82-10-1234-5678", "010 1234 5678", "1-2125551234", "02)123-4567", "0505-1234-5678"]
)
def test_telephone_numbers_pass_in_their_field(phone: str) -> None:
    assert check_value(phone, "phone") is None


@EXAMPLES
@given(st.integers(10**7, 10**15 - 1))
def test_any_international_number_passes_in_a_field_of_telephones(number: int) -> None:
    assert check_value(f"+{number}", "phone") is None


@EXAMPLES
@given(DASHED, st.sampled_from(FIELD_TYPES))
def test_with_its_dash_it_is_refused_in_every_field(number: str, field_type: Any) -> None:
    assert check_value(number, field_type) is not None
    assert check_value(f"x {number}", field_type) is not None
    assert check_value(number.encode(), field_type) is not None


@EXAMPLES
@given(writings(registrations()), st.sampled_from([None, "text", "code", "boolean", "date", "phone"]))
def test_in_every_writing_it_is_refused_where_no_number_is_expected(number: str, field_type: Any) -> None:
    assert check_value(number, field_type) is not None


@EXAMPLES
@given(POSSIBLE)
def test_as_a_number_it_is_refused_where_the_field_is_not_known(digits: str) -> None:
    number = int(digits)
    assert check_value(number, "text") is not None or number < 10**9
    if number >= 10**12:
        for value in (number, float(number), Decimal(number), -number):
            assert check_value(value) is not None
    else:
        assert check_value(number) is None  # it may be money of fewer digits


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -1,
        3.5,
        math.nan,
        math.inf,
        -math.inf,
        1e300,
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        Decimal("1E+999999"),
        date(2024, 1, 1),
        time(4),
        "",
        b"",
        b"\xff\xfe",
        "\ud800",
    ],
)
@pytest.mark.parametrize("field_type", [None, "text", "money", "barcode", "phone", "token"])
def test_odd_values_are_let_be(value: Any, field_type: Any) -> None:
    assert check_value(value, field_type) is None


def test_a_number_too_long_to_be_written_is_let_be() -> None:
    assert check_value(10**5000) is None
    assert check_value(10**5000, "text") is None
    assert find_identifiers({10**5000: 10**5000}) == []
    assert len(find_identifiers({10**5000: RESIDENT})) == 1


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_field_of_such_numbers_takes_nothing_but_yes_no_and_nothing(kind: Any) -> None:
    for value in ("x", "12", 12, 1.5, Decimal(3), date(2024, 1, 1), b"x"):
        assert check_value(value, kind) == kind
    for value in (None, "", "  ", True, False):
        assert check_value(value, kind) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rrn", "resident_registration_number"),
        ("Resident-Registration No.", "resident_registration_number"),
        ("주민등록번호", "resident_registration_number"),
        ("외국인 등록번호", "foreigner_registration_number"),
        ("passport_no", "passport_number"),
        ("ｐａｓｓｐｏｒｔ＿ｎｏ", "passport_number"),
        ("여권번호", "passport_number"),
        ("driver's license number", "drivers_licence_number"),
        ("운전면허번호", "drivers_licence_number"),
        ("nhi_card_no", "health_insurance_card_number"),
        ("건강보험증 번호", "health_insurance_card_number"),
    ],
)
def test_the_name_of_a_field_tells_too(name: str, kind: str) -> None:
    assert kind_of_name(name) == kind
    assert [finding.kind for finding in find_identifiers({name: "?"})] == [kind]
    assert [finding.kind for finding in find_identifiers({name: {"value": ["?"]}})] == [kind]
    assert find_identifiers({name: True}) == []


@pytest.mark.parametrize("name", ["passport", "licence", "card", "number_on_document", "means", "amount", ""])
def test_names_of_facts_about_documents_are_no_such_names(name: str) -> None:
    assert kind_of_name(name) is None


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-1000, 1000), st.text(st.sampled_from("ab 가나"), max_size=5))
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(st.sampled_from("abc"), max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@EXAMPLES
@given(NESTED, DASHED, st.lists(st.sampled_from(["list", "value", "key", "tuple", "set"]), max_size=8))
def test_it_is_found_at_any_place_of_a_nested_value(beside: Any, number: str, wraps: list[str]) -> None:
    assert find_identifiers(beside) == []
    value: Any = number
    for wrap in wraps:
        if wrap == "set" and isinstance(value, str):
            value = {value}
        elif wrap == "key" and isinstance(value, str):
            value = OrderedDict({value: beside})
        elif wrap == "value":
            value = {"beside": beside, "held": value}
        else:
            value = (beside, value) if wrap == "tuple" else [value, beside]
    findings = find_identifiers(value)
    assert len(findings) == 1
    assert number not in findings[0].path
    with pytest.raises(InputError) as refused:
        refuse_identifiers(value, "request")
    assert number not in str(refused.value)
    assert number[:6] not in str(refused.value)


def test_all_places_are_told_together_and_no_number() -> None:
    body = {
        "note": f"call {RESIDENT}",
        "visits": [{"memo": ""}, {"memo": RESIDENT}],
        RESIDENT: 1,
        "paid": 1_704_067_200_000,
        "passport_no": "?",
    }
    with pytest.raises(InputError) as refused:
        refuse_identifiers(body, "request", {"paid": "money"}, line=3, column=7)
    told = [(fault.file, fault.line, fault.column, fault.what, fault.code) for fault in refused.value.faults]
    code = "identifier-of-a-person"
    resident = "holds what looks like a resident registration number"
    assert sorted(told) == [
        ("request", 3, 7, f"a name in the value {resident}", code),
        ("request", 3, 7, f"note {resident}", code),
        ("request", 3, 7, "passport_no holds what looks like a passport number", code),
        ("request", 3, 7, f"visits[1].memo {resident}", code),
    ]
    assert RESIDENT not in str(refused.value)
    refuse_identifiers({"note": "", "visits": [{"memo": ""}], "paid": body["paid"]}, "request", {"paid": "money"})


def test_the_place_in_the_message_is_searched_as_well() -> None:
    with pytest.raises(InputError) as refused:
        refuse_identifiers(RESIDENT, f"note={RESIDENT}")
    assert RESIDENT not in str(refused.value)


def test_types_of_fields_hold_at_any_depth_and_in_lists() -> None:
    number = int("1704" + "06" + 7 * "7")
    types: Any = {"amounts": "money", "code": "barcode"}
    assert find_identifiers({"year": {"amounts": [number, [number]]}}, types) == []
    assert len(find_identifiers({"year": {"others": [number, [number]]}}, types)) == 2
    assert find_identifiers([number, str(number)], "money") == []
    assert len(find_identifiers([number], "text")) == 1


def test_a_declared_type_is_stronger_than_a_name() -> None:
    assert find_identifiers({"면허번호": "제12호"}) != []
    assert find_identifiers({"면허번호": "제12호"}, {"면허번호": "text"}) == []
    assert find_identifiers({"면허번호": RESIDENT}, {"면허번호": "text"}) != []


def test_an_unknown_type_of_a_field_is_refused() -> None:
    with pytest.raises(UsageError, match='did you mean "money"'):
        check_value(1, "mony")  # type: ignore[arg-type]


def test_what_is_too_deep_is_refused_without_exhausting_the_stack() -> None:
    value: Any = RESIDENT
    for _ in range(100_000):
        value = [value]
    with pytest.raises(InputError, match="too deep or too large"):
        refuse_identifiers(value, "request")
    while isinstance(value, list):  # taken apart by hand: freeing it at once would recurse
        value = value[0]
    around: list[Any] = []
    around.append(around)
    with pytest.raises(InputError, match="too deep"):
        find_identifiers(around)


def test_the_deepest_value_that_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    value: Any = RESIDENT
    for _ in range(identifiers.DEEPEST):
        value = {"in": value}
    assert len(find_identifiers(value)) == 1
    with pytest.raises(InputError, match="too deep"):
        find_identifiers([value])
    monkeypatch.setattr(identifiers, "MOST_VALUES", 10)
    assert find_identifiers([0] * 9) == []
    with pytest.raises(InputError, match="too large"):
        find_identifiers([0] * 10)
    monkeypatch.setattr(identifiers, "MOST_CHARACTERS", 5)
    with pytest.raises(InputError, match="too large"):
        find_identifiers(["abc", "def"])
    with pytest.raises(InputError, match="too large"):
        find_identifiers({"abcdef": 1})


def test_one_thirteen_digit_number_in_27_looks_like_a_persons() -> None:
    chance = random.Random(9)
    found = sum(check_value(chance.randrange(10**12, 10**13)) is not None for _ in range(20_000))
    assert 1 / 27 * 0.85 < found / 20_000 < 1 / 27 * 1.15
