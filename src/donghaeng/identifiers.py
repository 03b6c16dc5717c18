"""Numbers that identify a person: found in what comes in, refused, and kept out of logs.

Resident registration numbers may be processed only where an Act or Decree names the purpose (Personal Information
Protection Act, article 24-2; article 24 for passport, licence and foreigner numbers,
https://www.law.go.kr/법령/개인정보보호법). A rules engine is not named there: these numbers stop at every edge.

Five kinds are known:

- Resident and foreigner registration numbers: YYMMDD, a digit for sex and century (5 to 8 for foreigners), six
  digits. A date that can exist is all that is asked: numbers given since 2020-10-05 carry no check digit
  (http://www.dyjachinews.co.kr/news/articleView.html?idxno=3654), and the rule of foreigners' is not published.
- Passport numbers: M, S, R, G or D with eight digits (http://passport.go.kr/board/story.php?idx=187&sel=1), since
  2021-12-21 with a letter as the fifth character (https://www.busanjin.go.kr/index.busanjin?menuCd=DOM_000000104005007000).
  Eight digits that read as a day are taken for a version such as R20240301. That, older passports and those of
  other countries are found beside the word passport or 여권.
- Driver's licence numbers: region (11 to 28, or its name), year, six digits, two digits
  (https://learn.microsoft.com/purview/sit-defn-south-korea-drivers-license-number). Twelve digits without
  separators are found beside the word licence or 면허.
- Health insurance card numbers: a digit, a hyphen, ten digits. Eleven digits without a hyphen are found beside a
  word such as 보험증, since money and telephone numbers look the same.

All are found with full-width and other digits, any dash, blanks, dots and invisible characters in them.
Not found: a number that touches further digits, one broken over lines or fields, one spelt out or encoded.

The same 13 digits can be money, a time in milliseconds or a barcode. Digits cannot tell; the field can:

- In a numeric field (`NUMERIC`) a plain number passes, as a number or a text. A text in another writing, such as
  with a hyphen, is searched.
- In a ``barcode`` field digits with a valid GS1 check digit pass. One registration number in ten has one too.
- In a ``phone`` field a number in the form +821012345678 passes, and eleven digits are no card.
- In a ``token`` field a text of at least 32 hexadecimal digits passes.
- Elsewhere, and where the field is not known, 13 digits with a date that can exist are refused, as a text or as a
  number. One 13-digit number in 27 has such a date; corporate registration numbers have one often.
- Where the type or the name of a field is one of the kinds, all is refused but yes, no and nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Literal, cast

from donghaeng.errors import Faults, InputError, UsageError, listed, nearest

Kind = Literal[
    "resident_registration_number",
    "foreigner_registration_number",
    "passport_number",
    "drivers_licence_number",
    "health_insurance_card_number",
]
FieldType = Literal[
    "text",
    "code",
    "boolean",
    "date",
    "integer",
    "decimal",
    "money",
    "timestamp",
    "barcode",
    "phone",
    "token",
    "resident_registration_number",
    "foreigner_registration_number",
    "passport_number",
    "drivers_licence_number",
    "health_insurance_card_number",
]

#: Each kind in words, for messages.
KINDS: dict[Kind, str] = {
    "resident_registration_number": "a resident registration number",
    "foreigner_registration_number": "a foreigner registration number",
    "passport_number": "a passport number",
    "drivers_licence_number": "a driver's licence number",
    "health_insurance_card_number": "a health insurance card number",
}
#: Types of fields in which a plain number is one.
NUMERIC = ("integer", "decimal", "money", "timestamp")
FIELD_TYPES = ("text", "code", "boolean", "date", *NUMERIC, "barcode", "phone", "token", *KINDS)

#: Deeper or larger values are refused unread. Characters are counted over all texts of a value.
DEEPEST = 64
MOST_VALUES = 1_000_000
MOST_CHARACTERS = 64_000_000

#: What stands in a log in place of a number.
REMOVED = "[identifier removed]"

#: Names of fields that hold such a number, with case, spaces, hyphens and underscores left out.
_NAMES: dict[str, Kind] = {
    **dict.fromkeys(
        (
            *("rrn", "rrno", "residentnumber", "residentno", "residentregistrationnumber", "residentregistrationno"),
            *("juminno", "juminnumber", "주민번호", "주민등록번호"),
        ),
        "resident_registration_number",
    ),
    **dict.fromkeys(
        (
            *("foreignernumber", "foreignerno", "foreignerregistrationnumber", "foreignerregistrationno"),
            *("alienregistrationnumber", "alienregistrationno", "외국인번호", "외국인등록번호", "거소신고번호"),
        ),
        "foreigner_registration_number",
    ),
    **dict.fromkeys(("passportnumber", "passportno", "여권번호"), "passport_number"),
    **dict.fromkeys(
        (
            *("driverslicencenumber", "driverslicensenumber", "driverlicencenumber", "driverlicensenumber"),
            *("driverslicenceno", "driverslicenseno", "driverlicenceno", "driverlicenseno"),
            *("면허번호", "운전면허번호", "운전면허증번호"),
        ),
        "drivers_licence_number",
    ),
    **dict.fromkeys(
        (
            *("healthinsurancecardnumber", "healthinsurancecardno", "healthinsurancenumber", "healthinsuranceno"),
            *("nhicardnumber", "nhicardno", "보험증번호", "건강보험증번호", "건강보험번호"),
        ),
        "health_insurance_card_number",
    ),
}

# A text is read character by character before it is searched, so that places stay the same: a digit of any script
# becomes that digit, a Latin letter of any width its capital, a dash "-", another separator ".", a blank " ", the end
# of a line "\n", and what cannot be seen "\0".
_DASHES = "_\u2212\u30fc\u3161\u4e00\u2500\u2501\u2043"
_OTHER_SEPARATORS = "~\u223c\uff5e\u00b7\u2022\u2219\u22c5\u2027\u318d\u30fb\uff65\uff0e\u3002\uff61"
_UNSEEN_LETTERS = "\u115f\u1160\u3164\uffa0\u2800"
_UNSEEN = ("Cf", "Mn", "Me", "Cc", "Cs", "Co", "Cn")
_ENDS_OF_LINES = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


class _Reading(dict[int, str]):
    """What each character is read as, found when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = read = _read_as(chr(code))
        return read


def _read_as(character: str) -> str:
    category = unicodedata.category(character)
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    if character in _ENDS_OF_LINES:
        return "\n"
    if category == "Pd" or character in _DASHES:
        return "-"
    if character in _OTHER_SEPARATORS:
        return "."
    if category == "Zs" or character == "\t":
        return " "
    if category in _UNSEEN or character in _UNSEEN_LETTERS:
        return "\0"
    plain = unicodedata.normalize("NFKC", character).upper()
    # A raised or circled digit is a footnote or a list mark beside a number, not a digit of it.
    return plain if len(plain) == 1 and plain.isascii() and not plain.isdigit() else character


_READING = _Reading()

#: Symbols of the forms below. After each may stand what cannot be seen.
_SYMBOLS = {
    "#": "[0-9]",
    "@": "[A-Z]",
    "~": "-",
    "_": " ",
    "%": "[-.]",
    "=": "[-. ]",
}


def _form(form: str, before: str = "(?<![0-9])", after: str = "(?![0-9])") -> re.Pattern[str]:
    """Compile a form. It is looked for at every place, so that digits before a number do not hide it."""
    expanded = "".join(rf"(?:{_SYMBOLS[symbol]}\x00*)" if symbol in _SYMBOLS else symbol for symbol in form)
    return re.compile(rf"{before}(?=(?P<whole>{expanded}){after})")


_ALONE = {"before": "(?<![A-Z0-9])", "after": "(?![A-Z0-9])"}

_REGISTRATION = (
    # Six and seven digits, thirteen in a row, or six, one and six.
    _form("(?P<day>######)={0,6}(?P<sex>#)~?######"),
    # Blanks between digits, around a dash.
    _form("(?P<day>#_?#_?#_?#_?#_?#)_{0,3}~{1,3}_{0,3}(?P<sex>#)_?~?_?#_?#_?#_?#_?#_?#"),
    # Every digit apart.
    _form("(?P<day>#_#_#_#_#_#)_(?P<sex>#)_#_#_#_#_#_#"),
    # A date with separators, and one with a year of four digits.
    _form("(?P<century>(?:##)?)(?P<day>##%##%##)_?~{1,3}_?(?P<sex>#)######"),
    _form("(?P<century>##)(?P<day>######)_?~{1,3}_?(?P<sex>#)######"),
)
_CENTURIES = {**dict.fromkeys("1256", "19"), **dict.fromkeys("3478", "20"), **dict.fromkeys("90", "18")}
_DAYS_OF_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_PASSPORT = _form("[MSRGD]\\x00*(?P<number>########)", **_ALONE)
_PASSPORT_SINCE_2021 = _form("[MSRGD]\\x00*###@####", **_ALONE)
_LICENCE = _form("(?P<region>##)={1,3}##={1,3}######={1,3}##")
_LICENCE_OF_A_NAMED_REGION = _form(
    "(?:서울|부산|대구|인천|광주|대전|울산|세종|경기|경기남부|경기북부|강원|충북|충남|전북|전남|경북|경남|제주)"
    "={0,3}##={1,3}######={0,3}##",
    before="",
)
_CARD = _form("[1-9]\\x00*~##########", before="(?<![0-9+])")

# What is too common to be found by itself, but not beside a word. Words are looked for in the line, before the number.
_WORD_BEFORE = 24
_BESIDE_A_WORD: tuple[tuple[Kind, re.Pattern[str], re.Pattern[str]], ...] = (
    ("passport_number", re.compile("PASSPORT|여권"), _form("@{1,2}={0,3}#(?:[0-9A-Z]\\x00*){5,8}", **_ALONE)),
    ("drivers_licence_number", re.compile("LICEN[CS]E|면허"), _form("(?:##={0,3}##={0,3}|##={1,3})######={0,3}##")),
    (
        "health_insurance_card_number",
        re.compile("보험증|건강보험번호|INSURANCE (?:CARD|N)"),
        _form("[1-9]\\x00*={0,3}##########", after="(?![0-9])(?! ?원)"),
    ),
)

#: No number of a person has fewer digits.
_SIX_DIGITS = re.compile("(?:[0-9][^0-9]*){6}")

_PLAIN_NUMBER = re.compile(
    r"[+-]?(?:0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII
)
_ISO_TIME = re.compile(
    r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}[T ][0-9:]{4,8}(?:[.,][0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?", re.ASCII
)
_BARCODE = re.compile(r"[0-9]{8}|[0-9]{12,14}|[0-9] [0-9]{6} [0-9]{6}", re.ASCII)
_INTERNATIONAL_PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{32,}", re.ASCII)
#: The name of a file by its SHA-256, such as those of day files: words, a day, and the digest.
_NAMED_BY_DIGEST = re.compile(r"(?:[a-z]+-)+(?:[0-9]{4}-[0-9]{2}-[0-9]{2}-)?([0-9a-f]{64})", re.ASCII)
#: Lengths of MD5, SHA-1, SHA-256 and SHA-512 in hexadecimal digits.
_LENGTHS_OF_DIGESTS = (32, 40, 64, 128)


@dataclass(frozen=True)
class Finding:
    """Where a value holds a number of a person. The number itself is not kept.

    Attributes:
        path: names and positions that lead to it, such as "visits[2].note"; empty for the value itself.
        kind: which number it seems to be.
    """

    path: str
    kind: Kind


def find_identifier(text: str) -> Kind | None:
    """Say which number of a person a text seems to hold, the first kind found, or None.

    Args:
        text: any text.

    >>> find_identifier("visit on 2024-05-20, 1,234,567 won, phone 010-1234-5678") is None
    True
    >>> find_identifier("document M" + 2 * "1234")
    'passport_number'
    """
    return next((kind for kind, _, _ in _found(text)), None)


def redact(text: str) -> str:
    """Put `REMOVED` in place of every number of a person that a text seems to hold.

    The last line of defence of a log: what is refused at the edge should not reach it.

    Args:
        text: a line of a log, or any text.

    >>> redact("document M" + 2 * "1234" + ".")
    'document [identifier removed].'
    """
    parts, reached = [], 0
    for start, end in sorted((start, end) for _, start, end in _found(text)):
        if start >= reached:
            parts += [text[reached:start], REMOVED]
        reached = max(reached, end)
    return "".join([*parts, text[reached:]])


def check_value(value: object, field_type: FieldType | None = None) -> Kind | None:
    """Say which number of a person the plain value of a field seems to be or to hold, or None.

    Args:
        value: a text, a number, a day, a time, yes or no, or nothing (None). Anything else is read as its text.
        field_type: the type of the field; None when it is not known.

    Raises:
        UsageError: the field type is none of `FIELD_TYPES`.

    >>> check_value(1_704_067_200_000, "timestamp"), check_value(True, "passport_number")
    (None, None)
    >>> check_value(1_704_067_200_000)  # 17-04-06, 7
    'foreigner_registration_number'
    """
    if field_type is not None and field_type not in FIELD_TYPES:
        hint = nearest(str(field_type), FIELD_TYPES)
        raise UsageError(f'"{field_type}" is not a field type: expected {listed(FIELD_TYPES, 20)}; {hint}')
    if value is None or isinstance(value, bool):
        return None
    if field_type in KINDS:
        return None if isinstance(value, str | bytes) and not value.strip() else field_type
    if isinstance(value, date | time):
        return None
    if isinstance(value, int | float | Decimal):
        return _in_number(value, field_type)
    if isinstance(value, bytes | bytearray | memoryview):
        value = bytes(value).decode("utf-8", "replace")
    return _in_text(str(value), field_type)


def find_identifiers(value: object, field_types: Mapping[str, FieldType] | FieldType | None = None) -> list[Finding]:
    """List where a value, however nested, holds a number of a person. Names of fields are searched too.

    Args:
        value: a plain value, or a mapping, list, tuple or set of such, nested.
        field_types: the types of fields by name, at any depth; or one type for the value itself.

    Returns:
        Findings in the order in which the value is read.

    Raises:
        InputError: the value is nested deeper than `DEEPEST`, or has more than `MOST_VALUES` values or
            `MOST_CHARACTERS` characters.
        UsageError: a field type is none of `FIELD_TYPES`.

    >>> find_identifiers({"amounts": [1_704_067_200_000], "note": "none"}, {"amounts": "money"})
    []
    >>> find_identifiers({"person": {"passport_no": "?"}})
    [Finding(path='person.passport_no', kind='passport_number')]
    """
    return list(_walk(value, field_types))


def refuse_identifiers(
    value: object,
    where: str,
    field_types: Mapping[str, FieldType] | FieldType | None = None,
    *,
    line: int = 1,
    column: int = 1,
) -> None:
    """Refuse a value that holds a number of a person. The number is in no message.

    Args:
        value: as for `find_identifiers`.
        where: the file, request or field that it comes from, for the message.
        field_types: as for `find_identifiers`.
        line: line of the file, counted from 1.
        column: column of the file, counted from 1.

    Raises:
        InputError: with a fault of the code ``identifier-of-a-person`` for each place; or because the value is too
            deep or too large to be searched.
        UsageError: a field type is none of `FIELD_TYPES`.
    """
    faults = Faults()
    for finding in _walk(value, field_types):
        faults.add(
            redact(where),
            line,
            column,
            f"{finding.path or 'the value'} holds what looks like {KINDS[finding.kind]}",
            "nothing that identifies a person",
            "leave it out; if it is money, a time, a barcode or a token, declare the field so",
            "identifier-of-a-person",
        )
    faults.raise_errors()


def kind_of_name(name: str) -> Kind | None:
    """Say which number of a person a field of this name holds, or None.

    Args:
        name: name of a field, a column or an input.

    >>> kind_of_name("Passport-No"), kind_of_name("passport")
    ('passport_number', None)
    """
    return _NAMES.get(re.sub(r"[\s_\-.'’]", "", unicodedata.normalize("NFKC", name)).casefold())


def _walk(value: object, field_types: Mapping[str, FieldType] | FieldType | None) -> Iterator[Finding]:
    """Search a value without recursion, so that its depth cannot exhaust the stack."""
    types: Mapping[str, FieldType] = field_types if isinstance(field_types, Mapping) else {}
    whole = None if isinstance(field_types, Mapping) else field_types
    values = characters = 0
    waiting: list[tuple[object, str, FieldType | None, int]] = [(value, "", whole, 0)]
    while waiting:
        item, path, field_type, depth = waiting.pop()
        values += 1
        shape = _shape(item)
        names: Mapping[object, object] = cast(Mapping[object, object], item) if shape == "mapping" else {}
        held_items: Collection[object] = cast(Collection[object], item) if shape == "list" else ()
        characters += len(item) if isinstance(item, str | bytes | bytearray) else 0
        characters += sum(len(name) for name in names if isinstance(name, str))
        size = len(names) + len(held_items)
        if depth > DEEPEST or values + len(waiting) + size > MOST_VALUES or characters > MOST_CHARACTERS:
            raise InputError(
                f"a value is too deep or too large to be searched for numbers of persons: expected at most {DEEPEST} "
                f"levels, {MOST_VALUES} values and {MOST_CHARACTERS} characters; send it in parts"
            )
        inner: list[tuple[object, str, FieldType | None, int]] = []
        if shape == "mapping":
            for key, held in names.items():
                name = key if isinstance(key, str) else f"({type(key).__name__})"
                found, of_name, below = _name_of_field(key, name)
                if found:
                    yield Finding(f"a name in {path or 'the value'}", found)
                declared = types.get(name) or of_name or (field_type if field_type in KINDS else None)
                inner.append((held, f"{path}.{below}" if path else below, declared, depth + 1))
        elif shape == "list":
            in_order = held_items if isinstance(held_items, list | tuple) else sorted(held_items, key=str)
            inner = [(held, f"{path}[{number}]", field_type, depth + 1) for number, held in enumerate(in_order)]
        elif kind := check_value(item, field_type):
            yield Finding(path, kind)
        waiting += reversed(inner)


def _shape(item: object) -> Literal["mapping", "list", "leaf"]:
    """Say how a value is searched; the usual types are told at once, since asking abstract types takes long."""
    if type(item) in _LEAVES:
        return "leaf"
    if isinstance(item, Mapping):
        return "mapping"
    return "list" if isinstance(item, list | tuple | set | frozenset) else "leaf"


_LEAVES = frozenset({str, int, bool, float, Decimal, date, type(None)})


def _name_of_field(key: object, name: str) -> tuple[Kind | None, Kind | None, str]:
    """Give what number a name itself holds, what number a field of that name holds, and how the name may be shown."""
    known = _KNOWN_NAMES.get(name) if key is name else None
    if known is None:
        known = (check_value(key), kind_of_name(name), redact(name))
        # Names of fields come again and again. One that holds a number is not kept.
        if key is name and known[0] is None and len(name) <= 64 and len(_KNOWN_NAMES) < _MOST_KNOWN_NAMES:
            _KNOWN_NAMES[name] = known
    return known


_MOST_KNOWN_NAMES = 4_096
_KNOWN_NAMES: dict[str, tuple[Kind | None, Kind | None, str]] = {}


def _in_number(value: int | float | Decimal, field_type: FieldType | None) -> Kind | None:
    """Search a number: thirteen digits; where a text was expected, also fewer, since zeros in front were lost."""
    if field_type in NUMERIC or (isinstance(value, Decimal) and not value.is_finite()):
        return None
    if not (10**9 <= value < 10**13 or -(10**13) < value <= -(10**9)) or value != int(value):
        return None
    digits = str(abs(int(value)))
    return _in_text(digits.rjust(13, "0") if field_type in ("text", "code") else digits, field_type)


def _in_text(text: str, field_type: FieldType | None) -> Kind | None:
    plain = text.strip()
    if field_type in NUMERIC and (_PLAIN_NUMBER.fullmatch(plain) or _ISO_TIME.fullmatch(plain)):
        return None
    if field_type == "barcode" and _BARCODE.fullmatch(plain) and _has_check_digit(plain.replace(" ", "")):
        return None
    if field_type == "phone" and _INTERNATIONAL_PHONE.fullmatch(plain):
        return None
    # A digest has thirteen digits with a date in a row once in 1,700 times.
    if _HEXADECIMAL.fullmatch(plain) and (
        field_type == "token" or (len(plain) in _LENGTHS_OF_DIGESTS and not plain.isdigit())
    ):
        return None
    if (named := _NAMED_BY_DIGEST.fullmatch(plain)) and not named[1].isdigit():
        return None
    kind = find_identifier(text)
    return None if field_type == "phone" and kind == "health_insurance_card_number" else kind


def _has_check_digit(digits: str) -> bool:
    """Say whether the last digit is the check digit of GS1: weights 1 and 3 from the right, a sum that ends in 0."""
    return sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(reversed(digits))) % 10 == 0


def _found(text: str) -> Iterator[tuple[Kind, int, int]]:
    """Give the numbers of persons in a text, each with the places where it starts and ends."""
    # Reading changes no place, and of ASCII no digit, so most texts need not be read to see that they hold too few.
    if len(text) < 6 or (text.isascii() and not _SIX_DIGITS.search(text)):
        return
    plain = text.translate(_READING)
    if not _SIX_DIGITS.search(plain):
        return
    for pattern in _REGISTRATION:
        for match in pattern.finditer(plain):
            if _can_be_registration(match):
                foreigner = match["sex"][0] in "5678"
                kind: Kind = "foreigner_registration_number" if foreigner else "resident_registration_number"
                yield kind, *match.span("whole")
    for match in _LICENCE.finditer(plain):
        if 11 <= int(_digits(match["region"])) <= 28:
            yield "drivers_licence_number", *match.span("whole")
    for match in _LICENCE_OF_A_NAMED_REGION.finditer(plain):
        yield "drivers_licence_number", *match.span("whole")
    for match in _PASSPORT.finditer(plain):
        if not _is_day(_digits(match["number"])):
            yield "passport_number", *match.span("whole")
    for match in _PASSPORT_SINCE_2021.finditer(plain):
        yield "passport_number", *match.span("whole")
    for match in _CARD.finditer(plain):
        yield "health_insurance_card_number", *match.span("whole")
    for kind, word, form in _BESIDE_A_WORD:
        if word.search(plain):
            for match in form.finditer(plain):
                before = plain[max(0, match.start() - _WORD_BEFORE) : match.start()].rpartition("\n")[2]
                if word.search(before):
                    yield kind, *match.span("whole")


def _can_be_registration(match: re.Match[str]) -> bool:
    """Say whether the day can exist, and agrees with the century where one is written."""
    day = _digits(match["day"])
    century = _digits(match.groupdict().get("century") or "")
    year, month, of_month = int(day[:2]), int(day[2:4]), int(day[4:])
    if not 1 <= month <= 12 or not 1 <= of_month <= _DAYS_OF_MONTHS[month - 1]:
        return False
    if (month, of_month) == (2, 29) and year % 4:
        return False
    return not century or century == _CENTURIES[match["sex"][0]]


def _is_day(digits: str) -> bool:
    """Say whether eight digits read as a day from 1900 to 2099."""
    try:
        return 1900 <= date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year <= 2099
    except ValueError:
        return False


def _digits(text: str) -> str:
    return "".join(character for character in text if character in "0123456789")
