"""Numbers, days and periods as a reader of a language expects them, with the exact value beside in the markup."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from donghaeng.site.words import Words
from donghaeng.wording import PageLanguage

MINUS = "−"
_LOCALES: Mapping[PageLanguage, str] = {"ko": "ko_KR", "en": "en_GB", "ja": "ja_JP", "zh": "zh_CN"}


class Figures:
    """Writes figures in one language.

    Those for pages come as ``<data>`` and ``<time>`` elements, so that a program (and the test that compares
    the languages) reads the same value in each.
    """

    def __init__(self, words: Words, decimals: int = 1) -> None:
        """Take the words of the language, and how many decimals a score has."""
        self.words = words
        self.decimals = decimals
        self.locale = Locale.parse(_LOCALES[words.language])

    def plain(self, value: float, decimals: int | None = None) -> str:
        """Write a number with a fixed number of decimals (those of a score), as plain text."""
        decimals = self.decimals if decimals is None else decimals
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        rounded = round(value, decimals) + 0.0  # no minus before a zero
        return str(format_decimal(rounded, pattern, locale=self.locale)).replace("-", MINUS)

    def plain_signed(self, value: float, decimals: int | None = None) -> str:
        """Write a change with its sign, as plain text; no change has none."""
        decimals = self.decimals if decimals is None else decimals
        text = self.plain(value, decimals)
        return f"+{text}" if round(value, decimals) > 0 else text

    def number(self, value: float | None, decimals: int | None = None) -> Markup:
        """Write a score."""
        return self._none() if value is None else _data(value, self.plain(value, decimals))

    def signed(self, value: float | None, decimals: int | None = None) -> Markup:
        """Write a change."""
        return self._none() if value is None else _data(value, self.plain_signed(value, decimals))

    def plain_share(self, value: float) -> str:
        """Write a share in percent, as plain text; none and all without decimals, so that "100.0" is nearly all."""
        return self.words.text("common.percent", value=self._percent(value))

    def share(self, value: float | None) -> Markup:
        """Write a share in percent."""
        if value is None:
            return self._none()
        return self.words("common.percent", value=_data(value, self._percent(value)))

    def bare_share(self, value: float) -> Markup:
        """Write a share in percent without the sign, for a table that says so in its caption."""
        return _data(value, self._percent(value))

    def _percent(self, value: float) -> str:
        is_whole = abs(value) < 1e-9 or abs(value - 1) < 1e-9
        return self.plain(100 * value, 0 if is_whole else 1)

    def finer(self, value: float | None, more: int = 1) -> Markup:
        """Write a score with more decimals than usual."""
        return self.number(value, self.decimals + more)

    def whole(self, value: float | None) -> Markup:
        """Write a count."""
        return self._none() if value is None else _data(int(value), self.plain(value, 0))

    def printed(self, text: str | None) -> Markup:
        """Write a value with the digits its source printed, grouped by thousands."""
        if not text:
            return self._none()
        if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
            return escape(text)
        decimals = len(text.partition(".")[2])
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        shown = str(format_decimal(Decimal(text), pattern, locale=self.locale)).replace("-", MINUS)
        return _data(text, shown)

    def day(self, text: str | None) -> Markup:
        """Write a day, month or year given in ISO form."""
        if not text:
            return self._none()
        parts = [int(part) for part in text.split("-")]
        if len(parts) == 3:
            shown = format_date(date(parts[0], parts[1], parts[2]), "long", locale=self.locale)
        elif len(parts) == 2:
            shown = format_date(date(parts[0], parts[1], 1), str(self.words.text("period.month_form")), self.locale)
        else:
            shown = self.words.text("period.year", year=text)
        return Markup('<time datetime="{}">{}</time>').format(text, shown)

    def plain_period(self, text: str) -> str:
        """Write a period as plain text: ``2024-Q3`` as the third quarter of 2024 in the reader's words."""
        year, _, rest = text.partition("-")
        if not rest:
            return self.words.text("period.year", year=year)
        for letter, key in (("H", "period.half"), ("Q", "period.quarter"), ("W", "period.week")):
            if rest.startswith(letter):
                return self.words.text(key, year=year, number=int(rest[1:]))
        return self.day(text).striptags()

    def period(self, text: str | None) -> Markup:
        """Write a period."""
        return self._none() if not text else escape(self.plain_period(text))

    def size(self, count: int) -> str:
        """Write the size of a file."""
        if count < 1000:
            return self.words.text("size.bytes", size=self.plain(count, 0))
        return self.words.text("size.kilobytes", size=self.plain(count / 1000, 1))

    def _none(self) -> Markup:
        return Markup('<span class="none">{}</span>').format(self.words("common.none"))


def _data(value: object, shown: str) -> Markup:
    return Markup('<data value="{}">{}</data>').format(value, shown)
