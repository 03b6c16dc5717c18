"""Small counts are not published, nor what they can be computed from.

A count below the threshold is suppressed (primary suppression). Where it is the only one left out of a sum that is
published, the difference would give it back, so another cell of that sum is suppressed too (complementary
suppression), the smallest that does it, until no sum has just one gap. Then each suppressed small count is bounded by
linear programming from all that is published: where the bounds lie closer together than asked for, more is
suppressed.

Sources: L. Willenborg, T. de Waal, Elements of Statistical Disclosure Control, Springer 2001, chapters 4 and 5;
A. Hundepool and others, Statistical Disclosure Control, Wiley 2012, chapter 4 (bounds by linear programming).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

THRESHOLD = 10
#: Stands in a key for all categories together.
TOTAL = ""

Key = tuple[str, ...]
Why = Literal["published", "small", "complement"]


@dataclass(frozen=True)
class Cell:
    """A count as it may be published.

    Attributes:
        count: the count, or None where it is suppressed.
        why: ``published``, ``small`` or ``complement``. It is not published itself: that a cell is only a complement
            tells that its count is not small.
    """

    count: int | None
    why: Why


def suppress(counts: Mapping[Key, int], threshold: int = THRESHOLD, width: int | None = None) -> dict[Key, Cell]:
    """Suppress small counts of a table and their complements.

    Args:
        counts: a count for each combination of categories, one part of the key for each dimension; `TOTAL` stands for
            the sum over a dimension. Sums that are not given are taken as not published. A combination that is not
            given counts 0 where its sums are given.
        threshold: counts below it are small; 0 is small too.
        width: how far apart the bounds of a small count must lie, computed from all that is published; None is the
            threshold less one, the width that its smallness alone leaves.

    Returns:
        A cell for each count, in the order given.

    Raises:
        ValueError: a count is negative, keys differ in length, or a total is not the sum of its parts.

    >>> cells = suppress({("a",): 4, ("b",): 15, ("c",): 90, ("",): 109})
    >>> [(key[0], cell.count) for key, cell in cells.items()]
    [('a', None), ('b', None), ('c', 90), ('', 109)]
    """
    lines = _lines(counts)
    small = {key for key, count in counts.items() if count < threshold}
    hidden = set(small)
    wanted = threshold - 1 if width is None else width
    while True:
        _fill_lines(counts, lines, hidden)
        loose = [key for key in sorted(small) if _distance(key, counts, lines, hidden) < wanted]
        added = {more for key in loose if (more := _smallest_beside(key, counts, lines, hidden)) is not None}
        if not added:
            break
        hidden |= added
    return {
        key: Cell(count, "published") if key not in hidden else Cell(None, "small" if key in small else "complement")
        for key, count in counts.items()
    }


def _lines(counts: Mapping[Key, int]) -> list[tuple[Key, ...]]:
    """Give the sums of a table: each total, followed by its parts."""
    if len({len(key) for key in counts}) > 1:
        raise ValueError("keys of one table have one length")
    if any(count < 0 for count in counts.values()):
        raise ValueError("a count below zero")
    parts: dict[tuple[int, Key], list[Key]] = {}
    for key in counts:
        for at, category in enumerate(key):
            if category != TOTAL:
                parts.setdefault((at, (*key[:at], TOTAL, *key[at + 1 :])), []).append(key)
    lines = []
    for (_, total), own in parts.items():
        if total in counts:
            if sum(counts[key] for key in own) != counts[total]:
                raise ValueError(f"the total {total} is not the sum of its parts")
            lines.append((total, *own))
    return lines


def _fill_lines(counts: Mapping[Key, int], lines: Sequence[tuple[Key, ...]], hidden: set[Key]) -> None:
    """Suppress a second cell in each sum with one gap, until there is none."""
    changed = True
    while changed:
        changed = False
        for line in lines:
            if len(hidden.intersection(line)) == 1 and (more := _smallest(line, counts, hidden)) is not None:
                hidden.add(more)
                changed = True


def _smallest(line: tuple[Key, ...], counts: Mapping[Key, int], hidden: set[Key]) -> Key | None:
    """The published cell of a sum whose loss tells least: a part rather than the total, the smallest first."""
    left = [key for key in line[1:] if key not in hidden] or [key for key in line[:1] if key not in hidden]
    return min(left, key=lambda key: (counts[key], key), default=None)


def _smallest_beside(
    key: Key, counts: Mapping[Key, int], lines: Sequence[tuple[Key, ...]], hidden: set[Key]
) -> Key | None:
    found = (_smallest(line, counts, hidden) for line in lines if key in line)
    return min((more for more in found if more is not None), key=lambda more: (counts[more], more), default=None)


def _distance(key: Key, counts: Mapping[Key, int], lines: Sequence[tuple[Key, ...]], hidden: set[Key]) -> float:
    """How far apart the least and the greatest value lie that a suppressed count can have."""
    if not any(key in line for line in lines):
        return float("inf")
    low, high = bounds(key, {one: None if one in hidden else count for one, count in counts.items()})
    return high - low


def bounds(key: Key, published: Mapping[Key, int | None]) -> tuple[float, float]:
    """Give the least and the greatest value that a suppressed count can have, from all that is published.

    Args:
        key: the cell.
        published: the counts of a table, None where suppressed; keys as for `suppress`.
    """
    from scipy.optimize import linprog

    count = published[key]
    if count is not None:
        return float(count), float(count)
    parts: dict[tuple[int, Key], list[Key]] = {}
    for one in published:
        for at, category in enumerate(one):
            if category != TOTAL:
                parts.setdefault((at, (*one[:at], TOTAL, *one[at + 1 :])), []).append(one)
    unknown = {one: at for at, one in enumerate(one for one, given in published.items() if given is None)}
    rows, right = [], []
    for (_, total), own in parts.items():
        if total in published and any(one in unknown for one in (total, *own)):
            row = [0.0] * len(unknown)
            known = 0.0
            for one, sign in _signed(total, own):
                given = published[one]
                if given is None:
                    row[unknown[one]] += sign
                else:
                    known += sign * given
            rows.append(row)
            right.append(-known)
    if not rows:
        return 0.0, float("inf")
    aim = [0.0] * len(unknown)
    aim[unknown[key]] = 1.0
    low = linprog(aim, A_eq=rows, b_eq=right, bounds=(0, None), method="highs")
    high = linprog([-weight for weight in aim], A_eq=rows, b_eq=right, bounds=(0, None), method="highs")
    return float(low.fun), -float(high.fun) if high.status == 0 else float("inf")


def _signed(total: Key, own: Sequence[Key]) -> Iterator[tuple[Key, int]]:
    yield total, -1
    for one in own:
        yield one, 1
