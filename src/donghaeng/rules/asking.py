"""What to ask next, and what would have to be different for another answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations, product
from typing import Any

from donghaeng.rules.closure import compiled
from donghaeng.rules.decide import answer
from donghaeng.rules.partition import samples
from donghaeng.rules.table import UNDETERMINED, Segment
from donghaeng.rules.tree import Constant

#: So many cases are tried for a change of facts, before the search gives up.
MOST_CASES = 200_000


def in_order_of_asking(
    segment: Segment,
    on: date,
    facts: Mapping[str, Any],
    missing: Sequence[str],
    population: Sequence[Mapping[str, Any]] = (),
) -> tuple[str, ...]:
    """Order missing inputs so that the one whose answer settles most cases comes first.

    Each possible answer to a question, one of every stretch that the rules tell apart, counts alike; or, where a
    population is given, as often as it occurs there. Among equals, what says nothing personal comes first, then what
    leaves fewer questions, then the order of the table.

    Args:
        segment: what is in force.
        on: the day of the decision.
        facts: what is known.
        missing: the inputs to order.
        population: facts of many cases, whose answers are counted in the place of the samples.
    """
    found = samples(segment, on, facts)
    order = {name: place for place, name in enumerate(segment.table.all_inputs)}
    ranks = {}
    for name in missing:
        given = [case[name] for case in population if case.get(name) is not None] or list(found[name])
        settled = left = 0
        for value in given:
            then = answer(segment, on, {**facts, name: value})
            settled += then.outcome["result"] != UNDETERMINED
            left += len(then.missing)
        personal = segment.table.all_inputs[name].personal is not None
        ranks[name] = (-settled / len(given), personal, left / len(given), order[name])
    return tuple(sorted(missing, key=lambda name: ranks[name]))


@dataclass(frozen=True)
class Change:
    """A smallest change of facts that changes the answer.

    Attributes:
        facts: the new values, by input.
        outcome: the answer with them.
        reason: the row that gives it.
    """

    facts: Mapping[str, Any]
    outcome: Mapping[str, Any]
    reason: str


def smallest_changes(
    segment: Segment, on: date, facts: Mapping[str, Any], wanted: str | None = None, most: int = 3
) -> tuple[Change, ...]:
    """Find the changes of fewest facts that give another result.

    Args:
        segment: what is in force.
        on: the day of the decision.
        facts: the facts of the case.
        wanted: the result that is wanted; None for any other one that is determined.
        most: so many facts are changed at most.

    Returns:
        The changes of the least number of facts, of each kind that with the nearest values; none when there is none.
    """
    found = samples(segment, on, {})
    table = segment.table
    names = list(table.all_inputs)
    leaf = compiled(segment).leaf
    values = [facts.get(name) for name in names]

    def decided(changed: Mapping[str, Any]) -> tuple[Mapping[str, Any], str] | None:
        """Give outcome and reason, quickly where the case settles; None where the result is not another one."""
        case = [changed.get(name, value) for name, value in zip(names, values, strict=True)]
        settled = leaf(on, *case)
        if isinstance(settled, int) and settled >= 0 and results[settled] == now:
            return None
        then = answer(segment, on, dict(zip(names, case, strict=True)))
        result = then.outcome["result"]
        is_other = result not in (now, UNDETERMINED) and wanted in (None, result)
        return (then.outcome, then.reason) if is_other else None

    now = answer(segment, on, facts).outcome["result"]
    constants = [row.then["result"] for row in segment.rows]
    results = [node.value if isinstance(node, Constant) else None for node in constants]
    inputs = [name for name in names if facts.get(name) is not None]
    tried = 0
    for number in range(1, most + 1):
        changes: list[Change] = []
        for chosen in combinations(inputs, number):
            for given in product(*([value for value in found[name] if value != facts[name]] for name in chosen)):
                tried += 1
                if tried > MOST_CASES:
                    return _nearest_of_each(changes, facts)
                change = dict(zip(chosen, given, strict=True))
                then = decided(change)
                if then is not None:
                    changes.append(Change(change, *then))
        if changes:
            return _nearest_of_each(changes, facts)
    return ()


def _nearest_of_each(changes: Sequence[Change], facts: Mapping[str, Any]) -> tuple[Change, ...]:
    """Of changes of the same facts with the same answer give the one with the nearest values."""

    def distance(change: Change) -> float:
        total = 0.0
        for name, value in change.facts.items():
            if isinstance(value, date):
                total += abs((value - facts[name]).days)
            elif isinstance(value, int | Decimal) and not isinstance(value, bool):
                total += float(abs(value - facts[name]))
            elif isinstance(value, frozenset):
                total += len(value ^ facts[name])
        return total

    found: dict[tuple[Any, ...], Change] = {}
    for change in changes:
        texts = [value for value in change.facts.values() if isinstance(value, str | bool)]
        key = (tuple(change.facts), tuple(texts), change.outcome["result"], change.reason)
        if key not in found or distance(change) < distance(found[key]):
            found[key] = change
    return tuple(found.values())
