"""Where a pass opens a gate: the pack's table of coverage, decided beforehand for one place and a span of days.

A gate does not run the rules. It holds, for its place, what the table says of each day and each set of add-ons, as
codes; the table, and its rows, stay with the office, which can say for any tap which row opened the gate or did not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from donghaeng.errors import UsageError
from donghaeng.rules.decision import DecisionTable
from donghaeng.services.passes.medium import CodeBook
from donghaeng.services.passes.policy import Policy

#: What is allowed at a place, as small numbers: more is more.
NONE, ALIGHT, BOTH = 0, 1, 2
#: The table cannot say, the place does not serve that day, or nobody knows the place.
UNDETERMINED, CLOSED, UNKNOWN = 3, 4, 5


@dataclass(frozen=True)
class Coverage:
    """The table of coverage, and how its answers are meant.

    Attributes:
        table: decides for the facts of a place and the add-ons of a pass.
        both: results with which one boards and alights.
        alight: results with which one only alights.
        addons: input that takes the add-ons; empty where there is none.
    """

    table: DecisionTable
    both: frozenset[str]
    alight: frozenset[str]
    addons: str = ""

    def right(self, on: date, facts: Mapping[str, Any], addons: Iterable[str]) -> tuple[int, str]:
        """Give the right on a service day, and the row that gives it.

        Raises:
            InputError: a fact does not fit the table.
            UsageError: the table has no input of that name.
        """
        asked = {**facts, **({self.addons: tuple(addons)} if self.addons else {})}
        decision = self.table.decide(on, **asked)
        if not decision.determined:
            return UNDETERMINED, decision.reason
        result = decision.result
        return (BOTH if result in self.both else ALIGHT if result in self.alight else NONE), decision.reason


def coverage_of(policy: Policy) -> Coverage | None:
    """Give the coverage of a pack; None where it has no table, and its passes are valid everywhere."""
    if not policy.has("coverage"):
        return None
    bound, table = policy.section.model.tables["coverage"], policy.tables["coverage"]
    meanings = {code: bound.results.get(code, code) for code in table.table.outcomes["result"].type.codes}
    addons = bound.facts.get("addons", "addons")
    return Coverage(
        table,
        frozenset(code for code, meaning in meanings.items() if meaning == "both"),
        frozenset(code for code, meaning in meanings.items() if meaning == "alight_only"),
        addons if addons in table.table.all_inputs else "",
    )


@dataclass(frozen=True)
class Place:
    """A station, stop or route where media are read.

    Attributes:
        place: its id.
        facts: what the table of coverage asks of a place, by input.
        opens: first service day; None is always.
        closes: last service day; None is for ever.
        closed: service days on which it does not serve.
    """

    place: str
    facts: Mapping[str, Any]
    opens: date | None = None
    closes: date | None = None
    closed: frozenset[date] = frozenset()

    def serves(self, on: date) -> bool:
        """Say whether it serves on a service day."""
        early, late = self.opens is not None and on < self.opens, self.closes is not None and on > self.closes
        return not (early or late or on in self.closed)


@dataclass(frozen=True)
class PlaceRights:
    """What a gate holds of its place.

    Attributes:
        place: the id.
        first: the first service day that is decided; `days` follow one another from there.
        days: for each day, the right by the bits of the add-ons.
        fullest: for each day, the right with all add-ons: with it, a gate can say that one is missing.
    """

    place: str
    first: date
    days: tuple[Mapping[int, int], ...]
    fullest: tuple[int, ...]

    @property
    def last(self) -> date:
        """The last service day that is decided."""
        return self.first + timedelta(days=len(self.days) - 1)


def place_rights(
    coverage: Coverage | None, place: Place, book: CodeBook, addon_sets: Sequence[int], first: date, days: int
) -> PlaceRights:
    """Decide for a place, for days that follow one another.

    Args:
        coverage: the table; None where passes are valid everywhere.
        place: the place.
        book: what the bits of add-ons stand for.
        addon_sets: bits of the sets of add-ons that are sold.
        first: first service day.
        days: how many.

    Raises:
        UsageError: there is no day.
        InputError: a fact of the place does not fit the table.
    """
    if days < 1:
        raise UsageError("rights of a place need at least one day")
    everything = (1 << len(book.addons)) - 1
    sets = {bits: book.names(bits) for bits in sorted({0, everything, *addon_sets})}
    found: list[Mapping[int, int]] = []
    for number in range(days):
        on = first + timedelta(days=number)
        if place.serves(on):
            rights: Mapping[int, int] = {
                bits: BOTH if coverage is None else coverage.right(on, place.facts, names)[0]
                for bits, names in sets.items()
            }
        else:
            rights = dict.fromkeys(sets, CLOSED)
        found.append(found[-1] if found and found[-1] == rights else rights)
    return PlaceRights(place.place, first, tuple(found), tuple(one[everything] for one in found))
