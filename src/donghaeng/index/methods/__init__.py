"""The methods of an index as functions over arrays."""

from __future__ import annotations


class MethodError(ValueError):
    """A method cannot be applied to what it was given.

    Attributes:
        what: what is wrong, as a phrase.
        expected: what was expected, as a phrase.
        remedy: what to do.
        column: position of the indicator it concerns; None when it concerns no single one.
        row: position of the unit it concerns; None when it concerns no single one.
    """

    def __init__(
        self, what: str, expected: str = "", remedy: str = "", column: int | None = None, row: int | None = None
    ) -> None:
        """Keep the parts, so that a caller who knows the names can add the place."""
        super().__init__("; ".join(part for part in (what, expected and f"expected {expected}", remedy) if part))
        self.what = what
        self.expected = expected
        self.remedy = remedy
        self.column = column
        self.row = row
