"""What a diagnosed fall asks of a budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from donghaeng.budget.options import Option

#: Causes that say something is wrong with the programme itself: it is mended before it grows.
FAULTS = frozenset({"productivity", "quality", "take_up"})
#: Causes that change what may be given.
BINDING = FAULTS | {"demand", "execution"}


class Finding(Protocol):
    """A fall and its cause, as the diagnosis gives it."""

    @property
    def place(self) -> str:
        """Where."""

    @property
    def node(self) -> str:
        """What fell."""

    @property
    def period(self) -> str:
        """When."""

    @property
    def comparison(self) -> str:
        """Against what: ``base`` or ``year``."""

    @property
    def points(self) -> float:
        """By how many index points."""

    @property
    def cause(self) -> str:
        """Why."""

    @property
    def share(self) -> float | None:
        """Part of the fall that the cause explains; None where nothing is said."""

    @property
    def stability(self) -> float | None:
        """Part of the draws in which the cause stayed the same; None where nothing is said."""


def binding(
    findings: Iterable[Finding], option: Option, nodes: Iterable[str], evidence_year: str, above: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Give the findings that bind an option: of the evidence year, of what it moves, where it works.

    A finding of a whole binds the options in its parts; a finding of a part binds only the options there.

    Args:
        findings: all findings.
        option: the option.
        nodes: the indicators that it moves.
        evidence_year: the newest year with results.
        above: the place that each place is part of.
    """
    moved = set(nodes)
    wheres = {option.place}
    at = option.place
    while at in above and above[at] not in wheres:
        at = above[at]
        wheres.add(at)
    return tuple(
        one
        for one in findings
        if one.cause in BINDING
        and one.period == evidence_year
        and one.node in moved
        and (one.place in wheres or (not option.place and one.place not in above))
    )
