"""Tables of many rows: the rules as bits instead of text.

The constants with which a fact is compared cut its values into cells, in each of which every condition has one truth.
For each cell of each fact a row of bits says which rules it allows; the rules that hold of a case are the bits that all
its facts allow. A fact that is unknown has two rows of bits: the rules that certainly hold, and those that may. What a
table says follows from the lowest bits, as `donghaeng.rules.decide.candidates_of` has it.

It takes tables with hit first whose conditions are joined by AND from parts that read one fact each, and whose answers
are constants; nothing in them may be unknown but facts. Every other table is printed as CASE.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from donghaeng.rules import tree
from donghaeng.rules.sql import AnswerOfRow, scaled
from donghaeng.rules.table import ENGINE_REASONS, MISSING_FACTS, NO_RULE, Segment
from donghaeng.rules.tree import And, Compare, Constant, Expression, Name, Not, OneOf, Or
from donghaeng.rules.types import Type

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: From so many rules for each fact that they read. The cost of bits grows with the facts, that of CASE with the
#: rules; measured with ``benchmarks/rules.py`` (10 rules of 9 facts: CASE; 10 rules of 3 facts: bits).
RULES_PER_FACT = 3

_EPOCH = date(1970, 1, 1)
_UNKNOWN = -1
#: Twice a number must fit 64 bits.
_WIDE = 2**62


@dataclass(frozen=True)
class Part:
    """What of a condition reads one fact."""

    name: str
    nodes: tuple[Expression, ...]


@dataclass(frozen=True)
class RulesAsBits:
    """The rules of a stretch of time.

    Attributes:
        names: the facts that are read.
        cuts: for each fact, the whole numbers at which its values are cut, in order.
        bits: rows of bits; those of a fact begin at its place in `starts`: certainly and perhaps where it is unknown,
            then its cells.
        starts: first row of bits of each fact.
        said: number of the answer of each rule.
        told: the answer of each rule.
    """

    names: tuple[str, ...]
    cuts: tuple[NDArray[np.int64], ...]
    bits: NDArray[np.uint64]
    starts: NDArray[np.int64]
    said: NDArray[np.int64]
    told: tuple[AnswerOfRow, ...]

    def decide(
        self, columns: Mapping[str, tuple[NDArray[np.int64], NDArray[np.bool_]]], first_code: int, threads: int
    ) -> Any:
        """Give the code of each row.

        Args:
            columns: by fact its whole numbers, and where it is unknown.
            first_code: code of the answer of the first rule; those of the others follow.
            threads: how many threads.
        """
        count = len(next(iter(columns.values()))[0])
        cells = np.empty((len(self.names), count), np.int32)
        for at, name in enumerate(self.names):
            values, unknown = columns[name]
            cells[at] = _cells(values, self.cuts[at])
            cells[at][unknown] = _UNKNOWN
        found = np.empty(count, np.int32)
        kernel = _kernel()
        edges = np.linspace(0, count, threads + 1).astype(int)

        def part(start: int, stop: int) -> None:
            kernel(cells[:, start:stop], self.bits, self.starts, self.said, first_code, found[start:stop])

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(part, edges[:-1].tolist(), edges[1:].tolist()))
        return found


def parts_of(condition: Expression, types: Mapping[str, Type]) -> tuple[Part, ...] | None:
    """Split a condition into what reads one fact each; None where it cannot be split so.

    Args:
        condition: the condition.
        types: type of the facts; names that are no facts split nothing.
    """
    found: dict[str, list[Expression]] = {}
    for node in condition.parts if isinstance(condition, And) else (condition,):
        read = tree.names(node)
        if len(read) != 1 or read[0] not in types or types[read[0]].kind == "codes" or not _is_plain(node):
            return None
        found.setdefault(read[0], []).append(node)
    return tuple(Part(name, tuple(nodes)) for name, nodes in found.items())


def _is_plain(node: Expression) -> bool:
    if isinstance(node, And | Or | Not):
        return all(_is_plain(part) for part in tree.children(node))
    if isinstance(node, Compare):
        sides = (node.left, node.right)
        return all(isinstance(side, Name) or (isinstance(side, Constant) and side.value is not None) for side in sides)
    if isinstance(node, OneOf):
        return isinstance(node.item, Name)
    return isinstance(node, Name)


def as_bits(segment: Segment, numbers: Mapping[str, int]) -> RulesAsBits | None:
    """Bring the rules of a stretch of time into bits; None where they are not of that kind.

    Args:
        segment: the rules.
        numbers: number of each code.
    """
    if "bits" not in segment.compiled:
        segment.compiled["bits"] = _as_bits(segment, numbers)
    found: RulesAsBits | None = segment.compiled["bits"]
    return found


def _as_bits(segment: Segment, numbers: Mapping[str, int]) -> RulesAsBits | None:
    table = segment.table
    types = {name: item.type for name, item in table.all_inputs.items()}
    places = {name: kind.places if kind.kind == "decimal" else 0 for name, kind in types.items()}
    if table.hit != "first" or not segment.rows:
        return None
    split: list[tuple[Part, ...]] = []
    for row in segment.rows:
        parts = parts_of(row.condition, types) if row.condition != tree.TRUE else ()
        constants = all(isinstance(node, Constant) and node.value is not None for node in row.then.values())
        if parts is None or not row.row.certain or not constants:
            return None
        split.append(parts)
    names = tuple(dict.fromkeys(part.name for parts in split for part in parts))
    if not names or any(_is_wide(types[name], places[name]) for name in names):
        return None
    constants_of: dict[str, set[int]] = {name: set() for name in names}
    for parts in split:
        for part in parts:
            for node in part.nodes:
                constants_of[part.name].update(
                    _whole(value, types[part.name], places[part.name], numbers) for value in _constants(node)
                )
    words = -(-len(split) // 64)
    cuts, blocks, starts = [], [], [0]
    for name in names:
        own, block = _block(name, types[name], constants_of[name], split, words, places[name], numbers)
        cuts.append(own)
        blocks.append(block)
        starts.append(starts[-1] + len(block))
    said: dict[Any, int] = {}
    told = []
    for row in segment.rows:
        values = {name: node.value for name, node in row.then.items() if isinstance(node, Constant)}
        said.setdefault(tuple(sorted(values.items())), len(said))
        told.append(AnswerOfRow(row.row.id, values))
    numbers_said = [
        said[tuple(sorted((name, node.value) for name, node in row.then.items() if isinstance(node, Constant)))]
        for row in segment.rows
    ]
    return RulesAsBits(
        names,
        tuple(cuts),
        np.concatenate(blocks),
        np.array(starts[:-1], np.int64),
        np.array(numbers_said, np.int64),
        tuple(told),
    )


def _is_wide(kind: Type, places: int) -> bool:
    limits = (kind.lowest, kind.highest) if kind.is_number else (0,)
    return any(abs(scaled(limit, places)) >= _WIDE for limit in limits)


def _constants(node: Expression) -> list[Any]:
    found = [part.value for part in tree.walk(node) if isinstance(part, Constant)]
    found += [option.value for part in tree.walk(node) if isinstance(part, OneOf) for option in part.options]
    return found


def _whole(value: Any, kind: Type, places: int, numbers: Mapping[str, int]) -> int:
    """Give a constant as the whole number that the facts are compared with.

    A constant finer than the fact lies between two of its values; it is given twice as fine, see `_block`.
    """
    if isinstance(value, bool):
        return 2 * int(value)
    if isinstance(value, str):
        return 2 * numbers[value]
    if isinstance(value, date):
        return 2 * (value - _EPOCH).days
    if isinstance(value, int | Decimal):
        factor = Decimal(10) ** places
        whole = int((Decimal(value) * factor).to_integral_value(rounding="ROUND_FLOOR"))
        return 2 * whole + (Decimal(value) * factor != whole)
    raise TypeError(f"a {kind.kind} is not compared")


def _block(
    name: str,
    kind: Type,
    constants: set[int],
    split: Sequence[tuple[Part, ...]],
    words: int,
    places: int,
    numbers: Mapping[str, int],
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Give the cuts of a fact, doubled, and its rows of bits."""
    if kind.kind == "boolean":
        constants = {0, 2}
    cuts = np.array(sorted(constants), np.int64)
    # Below the first cut, on it, between it and the next, and so on.
    samples = np.empty(2 * len(cuts) + 1, np.int64)
    samples[1::2] = cuts
    samples[2::2] = cuts + 1
    samples[0] = cuts[0] - 1 if len(cuts) else 0
    bits = np.zeros((len(samples) + 2, words), np.uint64)
    for at, parts in enumerate(split):
        bit = np.uint64(1 << at % 64)
        own = [part for part in parts if part.name == name]
        nodes = own[0].nodes if own else ()
        holds = np.ones(len(samples), bool)
        for node in nodes:
            holds &= _holds(node, samples, kind, places, numbers)
        truth = tree.evaluate(And(nodes), {})
        bits[0, at // 64] |= bit * np.uint64(truth is True)
        bits[1, at // 64] |= bit * np.uint64(truth is not False)
        bits[2:, at // 64] |= np.where(holds, bit, np.uint64(0))
    return cuts, bits


def _holds(
    node: Expression, samples: NDArray[np.int64], kind: Type, places: int, numbers: Mapping[str, int]
) -> NDArray[np.bool_]:
    """Say of each sample whether a part of a condition holds."""
    if isinstance(node, And | Or):
        join = np.logical_and if isinstance(node, And) else np.logical_or
        return join.reduce([_holds(part, samples, kind, places, numbers) for part in node.parts])  # type: ignore[no-any-return]
    if isinstance(node, Not):
        return ~_holds(node.part, samples, kind, places, numbers)
    if isinstance(node, Name):
        return np.equal(samples, 2)
    if isinstance(node, OneOf):
        return np.isin(samples, [_whole(option.value, kind, places, numbers) for option in node.options])
    if not isinstance(node, Compare):
        raise TypeError(f"{type(node).__name__} does not read one fact")
    left, right = (
        samples if isinstance(side, Name) else _whole(_value(side), kind, places, numbers)
        for side in (node.left, node.right)
    )
    found = tree.OPERATIONS[node.operator](left, right)
    return np.broadcast_to(np.asarray(found, bool), samples.shape)


def _value(side: Expression) -> Any:
    return side.value if isinstance(side, Constant) else None


def _cells(values: NDArray[np.int64], cuts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the place of values among the samples of their cuts."""
    if not len(cuts):
        return np.zeros(len(values), np.int64)
    low, high = int(cuts[0]) // 2 - 1, int(cuts[-1]) // 2 + 2
    if high - low <= max(4 * len(values), 1_000):
        table = _searched(2 * np.arange(low, high + 1), cuts)
        return table[np.clip(values, low, high) - low]
    return _searched(2 * values, cuts)


def _searched(doubled: NDArray[np.int64], cuts: NDArray[np.int64]) -> NDArray[np.int64]:
    left = np.searchsorted(cuts, doubled)
    on_cut = cuts[np.minimum(left, len(cuts) - 1)] == doubled
    return np.asarray(2 * left + (on_cut & (left < len(cuts))), np.int64)


_MISSING, _NO_RULE = ENGINE_REASONS.index(MISSING_FACTS), ENGINE_REASONS.index(NO_RULE)
_compiled: list[Any] = []


def _kernel() -> Any:
    if not _compiled:
        from numba import njit

        _compiled.append(njit(_decide, nogil=True, cache=True))
    return _compiled[0]


def _decide(cells: Any, bits: Any, starts: Any, said: Any, first_code: Any, found: Any) -> None:
    """Find the answer of each case among the lowest bits."""
    words = bits.shape[1]
    facts = cells.shape[0]
    for case in range(cells.shape[1]):
        answer = -1
        first = -1
        for word in range(words):
            certain = ~np.uint64(0)
            perhaps = ~np.uint64(0)
            for fact in range(facts):
                cell = cells[fact, case]
                if cell < 0:
                    certain &= bits[starts[fact], word]
                    perhaps &= bits[starts[fact] + 1, word]
                else:
                    own = bits[starts[fact] + 2 + cell, word]
                    certain &= own
                    perhaps &= own
                if perhaps == 0:
                    break
            place = 64 * word
            while perhaps != 0:
                if perhaps & np.uint64(1):
                    if first >= 0 and said[place] != first:
                        answer = _MISSING
                        break
                    first = said[place]
                    if certain & np.uint64(1):
                        answer = first_code + place
                        break
                perhaps >>= np.uint64(1)
                certain >>= np.uint64(1)
                place += 1
            if answer >= 0:
                break
        if answer < 0:
            answer = _MISSING if first >= 0 else _NO_RULE
        found[case] = answer
