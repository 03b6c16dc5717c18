"""A service day among those it is owed to: rides divided among operators, and use above prices with the city.

Amounts are divided by largest remainders, so that every sum stays what it was, and the same day gives the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from donghaeng.services.passes.fares import FareRules, largest_remainder

FILE_COLUMNS = (
    *("day", "operator", "line", "product", "category", "rides", "value", "below", "above", "from_price"),
    *("from_bills", "excess", "city", "borne", "unshared", "paid", "known", "label"),
)


@dataclass(frozen=True)
class Line:
    """What the rides of one line came to on a day, for one operator, product and category.

    Attributes:
        operator: who ran it; ``line:NAME`` where that is not known.
        line: the line.
        kind: its kind.
        product: product of the passes.
        category: category of the passes.
        rides: number of rides.
        value: what is settled.
        below: how much less it may be.
        above: how much more it may be.
        from_price: of the value, out of prices.
        from_bills: of the value, out of what is billed after use.
        city: of the rest, paid by the city.
        borne: of the rest, borne by the operator.
        unshared: of the rest, where the share is not known.
    """

    operator: str
    line: str
    kind: str
    product: str
    category: str
    rides: int
    value: int
    below: int
    above: int
    from_price: int
    from_bills: int
    city: int = 0
    borne: int = 0
    unshared: int = 0

    @property
    def excess(self) -> int:
        """The part of the value beyond prices."""
        return self.value - self.from_price - self.from_bills


def share_lines(rules: FareRules, day: date, rows: Iterable[Sequence[Any]]) -> tuple[list[Line], list[str]]:
    """Divide the rides of lines among operators, and use above prices between city and operators.

    Amounts are divided by largest remainders, so that every sum stays what it was.

    Args:
        rules: the fares, with the lines.
        day: the service day.
        rows: line, kind, product, category, whether it is billed after use, rides, value, below, above, within.

    Returns:
        The lines in order of operator and line, and what the sharing rests on that is not published.
    """
    lines: list[Line] = []
    for line, kind, product, category, after, rides, value, below, above, within in rows:
        route = rules.routes[line]
        operators = dict(sorted(route.operators.items())) or {f"line:{line}": 1}
        weights = list(operators.values())
        amounts = [largest_remainder(one, weights) for one in (rides, within, value - within, below, above)]
        for operator, count, inside, beyond, low, high in zip(operators, *amounts, strict=True):
            paid = (0, inside) if after else (inside, 0)
            lines.append(Line(operator, line, kind, product, category, count, inside + beyond, low, high, *paid))
    lines.sort(key=lambda one: (one.operator, one.line, one.product, one.category))
    found: list[Line] = []
    basis: set[str] = set()
    groups: dict[tuple[str, int | None], list[Line]] = {}
    for one in lines:
        percent = None
        if one.excess and rules.policy.has("excess_share"):
            ruling = rules.policy.rule("excess_share", day, operator=one.operator, kind=one.kind)
            percent = ruling.outcome.get("percent") if not ruling.is_open else None
            if ruling.decision.kind != "published":
                basis.add(f"{ruling.setting}: {ruling.decision.kind}")
        groups.setdefault((one.operator, percent), []).append(one)
    for (_, percent), group in groups.items():
        beyond = [one.excess for one in group]
        whole = sum(beyond)
        if percent is None:
            found += [replace(one, unshared=one.excess) for one in group]
            continue
        city, _ = largest_remainder(whole, [percent, 100 - percent])
        for one, part in zip(group, largest_remainder(city, beyond) if whole else [0] * len(group), strict=True):
            found.append(replace(one, city=part, borne=one.excess - part))
    found.sort(key=lambda one: (one.operator, one.line, one.product, one.category))
    return found, sorted(basis)


def operator_files(day: date, lines: Iterable[Line], known: str, label: str) -> dict[str, bytes]:
    """Write the file of each operator: CSV in UTF-8, the same lines giving the same bytes.

    Args:
        day: the service day.
        lines: its lines, in order.
        known: how firmly the values are known.
        label: what every row says of itself, such as ``simulated``; empty for nothing.
    """
    by_operator: dict[str, list[Line]] = {}
    for line in lines:
        by_operator.setdefault(line.operator, []).append(line)
    found = {}
    for operator, own in sorted(by_operator.items()):
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(FILE_COLUMNS)
        for one in own:
            paid = one.from_price + one.from_bills + one.city
            writer.writerow(
                [
                    *(day.isoformat(), one.operator, one.line, one.product, one.category, one.rides, one.value),
                    *(one.below, one.above, one.from_price, one.from_bills, one.excess, one.city, one.borne),
                    *(one.unshared, paid, known, label),
                ]
            )
        found[operator] = text.getvalue().encode()
    return found


def sums_of_operators(lines: Iterable[Line], files: Mapping[str, bytes]) -> tuple[dict[str, Any], ...]:
    """Sum the lines of each operator, with the SHA-256 of its file."""
    names = ("rides", "value", "below", "above", "from_price", "from_bills", "city", "borne", "unshared")
    sums: dict[str, dict[str, int]] = {}
    for line in lines:
        own = sums.setdefault(line.operator, dict.fromkeys(names, 0))
        for name in names:
            own[name] += getattr(line, name)
    return tuple(
        {"operator": operator, **own, "file": hashlib.sha256(files[operator]).hexdigest()}
        for operator, own in sorted(sums.items())
    )
