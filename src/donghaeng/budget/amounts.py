"""Amounts and rates that people type, and how amounts are written in words."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from donghaeng.budget.cells import LARGEST_AMOUNT
from donghaeng.errors import UsageError

FORMS = "an amount such as 50000000000, 50,000,000,000, 500e8 or 500억"
_PLAIN = re.compile(r"[0-9]{1,3}(,[0-9]{3})+|[0-9]+(\.[0-9]+)?([eE]\+?[0-9]{1,2})?", re.ASCII)
#: Digits, in groups of three or without commas, maybe with decimals: "1,5억" is neither 1.5 nor 15.
_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
_KOREAN = re.compile(
    rf"(?:(?P<jo>{_DIGITS})\s*조)?\s*(?:(?P<eok>{_DIGITS})\s*억)?\s*(?:(?P<man>{_DIGITS})\s*만)?\s*원?", re.ASCII
)
_RATE = re.compile(r"[0-9]{1,2}(\.[0-9]{1,6})?%", re.ASCII)


def read_amount(text: str) -> int:
    """Read an amount of money.

    Args:
        text: one of the forms in `FORMS`.

    Raises:
        UsageError: it is not money: no number, less than nothing, parts of a won, or more than any city has.

    >>> read_amount("500e8"), read_amount("1조 2,000억원"), read_amount("50,000,000,000")
    (50000000000, 1200000000000, 50000000000)
    """
    value: Decimal | None = None
    if _PLAIN.fullmatch(text.strip()):
        value = Decimal(text.strip().replace(",", ""))
    elif (match := _KOREAN.fullmatch(text.strip())) and any(match.groupdict().values()):
        value = sum(
            (
                Decimal(match[name].replace(",", "")) * 10**size
                for name, size in (("jo", 12), ("eok", 8), ("man", 4))
                if match[name]
            ),
            Decimal(0),
        )
    if value is None or value != value.to_integral_value() or value > LARGEST_AMOUNT:
        raise UsageError(f'"{text}" is not an amount of money; expected {FORMS}, in whole units of the currency')
    return int(value)


def read_rate(text: str) -> Fraction:
    """Read a rate of a cut.

    Raises:
        UsageError: it is not a rate above 0 and below 100 %.

    >>> read_rate("5%")
    Fraction(1, 20)
    """
    if not _RATE.fullmatch(text.strip()) or not Decimal(text.strip()[:-1]):
        raise UsageError(f'"{text}" is not a rate; expected a rate such as 5% or 2.5%, above 0 and below 100')
    return Fraction(Decimal(text.strip()[:-1])) / 100


def in_words(amount: int | float, currency: str, language: str) -> str:
    """Write an amount for reading: in 억 for won in Korean, in millions otherwise.

    >>> in_words(50_123_000_000, "KRW", "ko"), in_words(50_123_000_000, "KRW", "en")
    ('501.2억 원', 'KRW 50,123 m')
    """
    if language == "ko" and currency == "KRW":
        return f"{amount / 1e8:,.1f}".removesuffix(".0") + "억 원"
    return f"{currency} {amount / 1e6:,.0f} m" if abs(amount) >= 1e6 else f"{currency} {amount:,.0f}"


def step(currency: str) -> int:
    """Give the amount that prices are quoted for: a hundred million won, a hundred thousand of anything else."""
    return 10**8 if currency == "KRW" else 10**5
