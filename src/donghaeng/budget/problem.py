"""A budget as numbers: what can be given to each option, what it brings, and what binds all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from operator import mul

import numpy as np

from donghaeng.panel import Floats, Mask, Rows


@dataclass(frozen=True, eq=False)
class Limit:
    """A limit on several options together.

    Attributes:
        kind: ``total``, ``bureau``, ``fund`` or ``running``.
        code: code of the bureau or fund; empty for the others.
        options: positions of the options.
        weights: how much of each option's own money counts; all 0 or more.
        most: the most; None for no limit above.
        least: the least; None for no limit below.
    """

    kind: str
    code: str
    options: tuple[int, ...]
    weights: tuple[Fraction, ...]
    most: int | None
    least: int | None = None

    @cached_property
    def parts(self) -> tuple[tuple[int, ...], int]:
        """The weights as whole numbers over one denominator."""
        denominator = lcm(*(weight.denominator for weight in self.weights))
        return tuple(weight.numerator * (denominator // weight.denominator) for weight in self.weights), denominator

    @cached_property
    def arrays(self) -> tuple[Rows, Floats]:
        """The options and their weights as arrays."""
        parts, denominator = self.parts
        return np.array(self.options, np.int64), np.array(parts, np.float64) / denominator

    @cached_property
    def weight_of(self) -> dict[int, Fraction]:
        """The weight of each option that counts."""
        return dict(zip(self.options, self.weights, strict=True))

    def used(self, amounts: Sequence[int]) -> Fraction:
        """Give what an allocation uses of it, exactly."""
        parts, denominator = self.parts
        return Fraction(sum(map(mul, parts, map(amounts.__getitem__, self.options))), denominator)

    def holds(self, amounts: Sequence[int]) -> bool:
        """Say whether an allocation respects it, exactly."""
        used = self.used(amounts)
        return (self.most is None or used <= self.most) and (self.least is None or used >= self.least)


@dataclass(frozen=True, eq=False)
class Problem:
    """A budget to divide. Amounts are whole units of the currency; need is in units of each indicator.

    Money above `lower` is divided into pieces, each with so many units a won, fewer in each further piece.

    Attributes:
        options: code of each option.
        lower: least money of each.
        upper: most money of each.
        current: money of each now.
        whole: whether an option is all or nothing.
        weights: what a met need counts by who benefits from the option; 1 for everybody alike.
        piece_options: option of each piece, in the order of options and then of money.
        piece_widths: money of each piece.
        piece_units: units that a won of each piece brings.
        cells: node and place of each cell.
        need: need of each cell in the budget year.
        delivered: what would be delivered in each cell with the current money.
        people: persons behind the need of each cell.
        link_options: option of each link.
        link_cells: cell of each link.
        link_shares: units in the cell for each unit of the option.
        at_lower: units that each option brings at `lower`, against those at the current money; 0 or less below it.
        limits: what binds several options together; the first is the total.
    """

    options: tuple[str, ...]
    lower: Rows
    upper: Rows
    current: Rows
    whole: Mask
    weights: Floats
    piece_options: Rows
    piece_widths: Floats
    piece_units: Floats
    cells: tuple[tuple[str, str], ...]
    need: Floats
    delivered: Floats
    people: Floats
    link_options: Rows
    link_cells: Rows
    link_shares: Floats
    at_lower: Floats
    limits: tuple[Limit, ...]

    @cached_property
    def movable(self) -> float:
        """Money that can go one way or another: what is left above the least amounts, or all the room there is."""
        return max(0.0, min(self.amount - float(self.lower.sum()), float(self.piece_widths.sum())))

    @property
    def amount(self) -> int:
        """The money to divide."""
        most = self.limits[0].most
        return 0 if most is None else most

    def units(self, amounts: Floats) -> Floats:
        """Give the units that options bring against their current money.

        Args:
            amounts: money, shape … x options, each between `lower` and `upper`.

        Returns:
            Units of the same shape.
        """
        starts = self.piece_starts()
        given = np.clip(amounts[..., self.piece_options] - starts, 0.0, self.piece_widths) * self.piece_units
        result = np.broadcast_to(self.at_lower, amounts.shape).copy()
        np.add.at(np.moveaxis(result, -1, 0), self.piece_options, np.moveaxis(given, -1, 0))
        return result

    def piece_starts(self) -> Floats:
        """Give the money at which each piece begins."""
        before = np.zeros(len(self.piece_widths))
        for at in range(1, len(before)):
            if self.piece_options[at] == self.piece_options[at - 1]:
                before[at] = before[at - 1] + self.piece_widths[at - 1]
        return before + self.lower[self.piece_options]

    def coverage(self, amounts: Floats, cost_factors: Floats | None = None, need: Floats | None = None) -> Floats:
        """Give the share of the need of each cell that an allocation meets, between 0 and 1.

        Args:
            amounts: money, shape … x options.
            cost_factors: what unit costs are multiplied by, shape … x options; None for 1.
            need: another need, shape … x cells; None for that of the problem.

        Returns:
            Shares, shape … x cells.
        """
        units = self.units(amounts)
        if cost_factors is not None:
            units = units / cost_factors
        given = units[..., self.link_options] * self.link_shares
        met = np.broadcast_to(self.delivered, (*given.shape[:-1], len(self.cells))).copy()
        np.add.at(np.moveaxis(met, -1, 0), self.link_cells, np.moveaxis(given, -1, 0))
        shares: Floats = np.clip(met / (self.need if need is None else need), 0.0, 1.0)
        return shares

    def broken(self, amounts: Sequence[int]) -> list[str]:
        """Name everything that an allocation breaks; empty when it respects each limit to the won."""
        found = [
            f"{code}: {given} outside {low} to {high}"
            for code, given, low, high in zip(self.options, amounts, self.lower, self.upper, strict=True)
            if not low <= given <= high
        ]
        found += [
            f"{code}: {given} is a part of all or nothing"
            for code, given, low, high, whole in zip(
                self.options, amounts, self.lower, self.upper, self.whole, strict=True
            )
            if whole and given not in (low, high)
        ]
        return found + [f"{limit.kind} {limit.code}".strip() for limit in self.limits if not limit.holds(amounts)]
