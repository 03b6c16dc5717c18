"""Money as a reader of a language expects it, with the exact amount in the markup."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from donghaeng.site.figures import Figures


class Money:
    """Writes amounts of one currency: won in 억 in Korean, millions otherwise."""

    def __init__(self, figures: Figures, currency: str) -> None:
        """Take the figures of the language and the ISO code of the currency."""
        self.figures, self.currency = figures, currency
        is_korean = figures.words.language == "ko" and currency == "KRW"
        self.step, self.decimals = (1e8, 1) if is_korean else (1e6, 0)

    @property
    def unit(self) -> str:
        """The unit that bare amounts are in."""
        if self.step == 1e8:
            return self.figures.words.text("money.won")
        return self.figures.words.text("money.million", currency=self.currency)

    def bare(self, amount: float | None) -> Markup:
        """Write an amount without its unit, for a table that says it in its caption."""
        return self._written(amount, self.figures.plain)

    def change(self, amount: float | None) -> Markup:
        """Write a change with its sign and without its unit."""
        return self._written(amount, self.figures.plain_signed)

    def plain(self, amount: float) -> str:
        """Write an amount with its unit as plain text."""
        number = self.figures.plain(amount / self.step, self.decimals)
        if self.step == 1e8:
            return self.figures.words.text("money.in_won", number=number)
        return self.figures.words.text("money.in_millions", number=number, currency=self.currency)

    def plain_change(self, amount: float) -> str:
        """Write a change with its sign and unit as plain text."""
        text = self.plain(amount)
        return f"+{text}" if round(amount / self.step, self.decimals) > 0 else text

    def full(self, amount: float | None) -> Markup:
        """Write an amount with its unit."""
        if amount is None:
            return self.figures.number(None)
        return Markup('<data value="{}">{}</data>').format(int(amount), self.plain(amount))

    def _written(self, amount: float | None, write: Callable[[float, int], str]) -> Markup:
        if amount is None:
            return self.figures.number(None)
        return Markup('<data value="{}">{}</data>').format(int(amount), write(amount / self.step, self.decimals))
