"""The types of facts: what a value may be, and how it is read from text and from JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from donghaeng.errors import listed, nearest
from donghaeng.wording import Text

Kind = Literal["boolean", "integer", "decimal", "money", "date", "code", "codes"]

#: Numbers are held to what every engine, JavaScript included, computes exactly.
LARGEST_NUMBER = 10**15
MOST_PLACES = 6
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2100, 12, 31)

NUMBERS: frozenset[str] = frozenset({"integer", "decimal", "money"})

_TRUE, _FALSE = {"yes", "true", "y", "1", "예"}, {"no", "false", "n", "0", "아니오"}


class FactError(ValueError):
    """A value that a fact cannot have: what is wrong and what was expected.

    Attributes:
        what: what is wrong, as a phrase.
        expected: what was expected, as a phrase.
        remedy: what to do; may be empty.
    """

    def __init__(self, what: str, expected: str, remedy: str = "") -> None:
        """Take the phrases of a fault."""
        self.what, self.expected, self.remedy = what, expected, remedy
        super().__init__("; ".join(part for part in (what, f"expected {expected}", remedy) if part))


@dataclass(frozen=True)
class Type:
    """The type of a fact, a dated value or an outcome.

    Attributes:
        kind: its name.
        codes: the codes of a code list, in order, with their labels; empty for other types.
        places: decimal places that a decimal may have.
        least: smallest number; None for the limit of all numbers.
        most: largest number.
    """

    kind: Kind
    codes: Mapping[str, Text] = field(default_factory=dict)
    places: int = 4
    least: int | Decimal | None = None
    most: int | Decimal | None = None

    @property
    def is_number(self) -> bool:
        """Whether arithmetic is possible."""
        return self.kind in NUMBERS

    @property
    def lowest(self) -> int | Decimal:
        """The smallest number of the type."""
        return -LARGEST_NUMBER if self.least is None else self.least

    @property
    def highest(self) -> int | Decimal:
        """The largest number of the type."""
        return LARGEST_NUMBER if self.most is None else self.most

    @property
    def phrase(self) -> str:
        """Say what is expected of a value."""
        if self.kind in {"code", "codes"}:
            codes = listed(self.codes, 20)
            return f"one of {codes}" if self.kind == "code" else f"a set of {codes}"
        limits = ""
        if self.least is not None or self.most is not None:
            limits = f" from {self.lowest} to {self.highest}"
        return {
            "boolean": "yes or no",
            "integer": f"a whole number{limits}",
            "money": f"an amount in whole units of money{limits}",
            "decimal": f"a number with at most {self.places} decimal places{limits}",
            "date": f"a day such as 2024-03-01, from {FIRST_DAY.year} to {LAST_DAY.year}",
        }[self.kind]

    def check(self, value: Any) -> Any:
        """Give a Python value in the form the engine computes with.

        Booleans stay booleans, integers and money are ``int``, decimals ``Decimal``, dates ``date``, codes ``str``
        and sets of codes ``frozenset``. A ``float`` is taken for a decimal by the digits that Python shows of it.

        Raises:
            FactError: the value has another type, is out of range or no known code. ``"12"`` is not 12.
        """
        return getattr(self, f"_check_{self.kind}")(value)

    def _wrong(self, value: object) -> FactError:
        # The value itself is not repeated: it may be a person's.
        return FactError(f"a value of type {_type_name(value)} was given", self.phrase)

    def _check_boolean(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        raise self._wrong(value)

    def _in_range(self, value: Any) -> Any:
        if self.lowest <= value <= self.highest:
            return value
        raise FactError("the number is out of range", f"{self.phrase}, from {self.lowest} to {self.highest}")

    def _check_integer(self, value: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            return int(self._in_range(value))
        raise self._wrong(value)

    _check_money = _check_integer

    def _check_decimal(self, value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise self._wrong(value)
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        if not number.is_finite():
            raise FactError("the number is not finite", self.phrase)
        self._in_range(number)
        if number != round(number, self.places):
            raise FactError(f"the number has more than {self.places} decimal places", self.phrase, "round it first")
        return number

    def _check_date(self, value: Any) -> date:
        if isinstance(value, datetime) or not isinstance(value, date):
            raise self._wrong(value)
        if not FIRST_DAY <= value <= LAST_DAY:
            raise FactError("the day is out of range", self.phrase)
        return value

    def _check_code(self, value: Any) -> str:
        if not isinstance(value, str):
            raise self._wrong(value)
        if value not in self.codes:
            raise FactError("the code is not known", self.phrase, nearest(value, self.codes))
        return value

    def _check_codes(self, value: Any) -> frozenset[str]:
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise self._wrong(value)
        items = list(value)
        for item in items:
            self._check_code(item)
        return frozenset(items)

    def from_text(self, text: str) -> Any:
        """Read a value from text as a person types it: ``yes``, ``62000``, ``0.9``, ``2024-03-01``, ``a,b``.

        An empty set of codes is written ``none``.

        Raises:
            FactError: the text is not of the type.
        """
        text = text.strip()
        if self.kind == "boolean":
            word = text.lower()
            if word in _TRUE or word in _FALSE:
                return word in _TRUE
            raise FactError("the answer is neither yes nor no", self.phrase)
        if self.kind in {"integer", "money"}:
            if not re.fullmatch(r"[-+]?[0-9]{1,18}", text, re.ASCII):
                raise FactError("the text is not a whole number", self.phrase, "write it without separators")
            return self.check(int(text))
        if self.kind == "decimal":
            if not re.fullmatch(r"[-+]?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})", text, re.ASCII):
                raise FactError("the text is not a number", self.phrase, "write it without separators")
            return self.check(Decimal(text))
        if self.kind == "date":
            return self.check(_day(text, self.phrase))
        if self.kind == "codes":
            return self.check([] if text == "none" else [part.strip() for part in text.split(",")])
        return self.check(text)

    def from_json(self, value: Any) -> Any:
        """Read a value from JSON or YAML: a day is a text there, a set a list, a decimal a number or ``Decimal``.

        Raises:
            FactError: the value is not of the type.
        """
        if self.kind == "date" and isinstance(value, str):
            return self.check(_day(value, self.phrase))
        if self.kind == "codes" and not isinstance(value, list | tuple | frozenset | set):
            raise self._wrong(value)
        if self.kind == "decimal" and isinstance(value, str):
            raise self._wrong(value)
        return self.check(value)


def as_json(value: Any) -> Any:
    """Give a value in the form of JSON: a day as text, a set as a sorted list, a decimal as a number.

    What a table collects, one value a row, is a list of them.
    """
    if isinstance(value, tuple):
        return [as_json(one) for one in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _day(text: str, phrase: str) -> date:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise FactError("the text is not a day", phrase)


def _type_name(value: object) -> str:
    names = {bool: "yes/no", int: "whole number", float: "number", Decimal: "number", str: "text", date: "day"}
    return names.get(type(value), type(value).__name__)


BOOLEAN, INTEGER, MONEY, DATE = Type("boolean"), Type("integer"), Type("money"), Type("date")
