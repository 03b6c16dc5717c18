"""Which measures and groups an entry can count in: every combination of values of the columns that they read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from donghaeng.measures.expression import UNKNOWN
from donghaeng.measures.measure import RowMeasure
from donghaeng.measures.shape import Column
from donghaeng.rules.tree import Compare, Contains, Expression, Member, Name, OneOf, evaluate, rebuilt, walk
from donghaeng.rules.types import BOOLEAN

#: Combinations of values that the measures of one table may tell apart.
MOST_COMBINATIONS = 50_000
#: Stands for a text that is not in the list of its column; no code has such a character.
_OTHER = "?"
_TRUTHS = (True, False, None)


@dataclass(frozen=True)
class Pattern:
    """What entries have in common that count in the same measures and groups.

    Attributes:
        measures: ids of the measures they count in.
        groups: their code by column, for every column that a measure of the table is told apart by; sorted.
    """

    measures: frozenset[str]
    groups: tuple[tuple[str, str], ...]


def combinations(measures: Sequence[RowMeasure]) -> int:
    """Count the combinations of values that the measures of one table tell apart."""
    count = 1
    for values in _domains(measures, _simplified(measures)).values():
        count *= len(values)
    return count


def possible_patterns(measures: Sequence[RowMeasure], always_known: Collection[str] = ()) -> tuple[Pattern, ...]:
    """Give every pattern that an entry can have.

    Columns with a list of values take each of them, another one, and none; a comparison of other columns is taken to
    hold or not, whatever else is known. So some patterns may not be possible in fact, which readers are not assumed to
    know.

    Args:
        measures: the measures of one table.
        always_known: columns with a list of values in which every entry has one of them.
    """
    filters = _simplified(measures)
    domains = _domains(measures, filters)
    groups = {column.name: column for measure in measures for column in measure.groups}
    for name in domains.keys() & set(always_known):
        domains[name] = tuple(value for value in domains[name] if value not in (None, _OTHER))
    found: dict[Pattern, None] = {}
    for values in product(*domains.values()):
        facts = dict(zip(domains, values, strict=True))
        inside = frozenset(
            measure_id for measure_id, node in filters.items() if node is None or evaluate(node, facts) is True
        )
        codes = tuple((name, _code(facts[name], groups[name])) for name in sorted(groups))
        found[Pattern(inside, codes)] = None
    return tuple(found)


def _code(value: object, column: Column) -> str:
    code = str(value).lower() if isinstance(value, bool) else str(value)
    return code if code in column.codes else UNKNOWN


def _simplified(measures: Sequence[RowMeasure]) -> dict[str, Expression | None]:
    """Give the filters, with a name for each comparison of a column that has no list of values."""
    known: list[Expression] = []

    def named(node: Expression) -> Expression:
        if not isinstance(node, Compare | OneOf | Contains | Member) or not any(map(_is_endless, _names(node))):
            return node
        if node not in known:
            known.append(node)
        return Name(f"{_OTHER}{known.index(node)}", BOOLEAN)

    return {measure.id: None if measure.filter is None else rebuilt(measure.filter, named) for measure in measures}


def _names(node: Expression) -> Iterator[Name]:
    yield from (part for part in walk(node) if isinstance(part, Name))


def _is_endless(name: Name) -> bool:
    return name.type.kind not in {"boolean", "code"}


def _domains(measures: Sequence[RowMeasure], filters: dict[str, Expression | None]) -> dict[str, tuple[object, ...]]:
    """Give the values of each column that a filter or a group reads."""
    found: dict[str, tuple[object, ...]] = {}
    for node in filters.values():
        for part in _names(node) if node is not None else ():
            found[part.name] = _TRUTHS if part.type.kind == "boolean" else (*part.type.codes, _OTHER, None)
    for measure in measures:
        for column in measure.groups:
            is_truth = column.type is not None and column.type.kind == "boolean"
            found[column.name] = _TRUTHS if is_truth else (*column.codes, _OTHER, None)
    return found
