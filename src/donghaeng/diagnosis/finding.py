"""Findings: falls of an index, each with its cause or with what would have to be collected to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from donghaeng.diagnosis.causes import BOOKKEEPING, Cause, Reason
from donghaeng.index.changes import Comparison
from donghaeng.wording import Text


@dataclass(frozen=True)
class Collect:
    """Something to be collected before a cause can be named.

    Attributes:
        series: short name of the series.
        unit: its unit; empty where it is that of the indicator.
        label: its name for readers.
        why: what it would decide.
        node: code of the node that it is for.
        place: place that it is for; empty for all.
        periods: periods that it is for; empty for all.
    """

    series: str
    unit: str
    label: Text
    why: Text
    node: str
    place: str = ""
    periods: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "series": self.series,
            "unit": self.unit,
            "label": dict(self.label),
            "why": dict(self.why),
            "node": self.node,
            "place": self.place,
            "periods": list(self.periods),
        }


@dataclass(frozen=True)
class Evidence:
    """A value that an answer rests on.

    Attributes:
        file: file of the pack.
        line: line in it.
        node: code of the node.
        place: the place.
        period: the period.
        series: name of the series; empty for the value of the node itself.
        value: the value; None for one that is declared not to be known.
        unit: its unit.
        kind: how it is known.
        source: ids of sources.
    """

    file: str
    line: int
    node: str
    place: str
    period: str
    series: str
    value: float | None
    unit: str
    kind: str
    source: str

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return dict(vars(self))


@dataclass(frozen=True)
class Part:
    """What stands below a fall.

    Attributes:
        node: code of the node.
        place: the place.
        points: points of the fallen score that a node below brings; of a place, the change of its own score.
    """

    node: str
    place: str
    points: float


@dataclass(frozen=True)
class FactorPoints:
    """What a factor brings.

    Attributes:
        name: name of the factor.
        label: its name for readers.
        cause: what it stands for.
        points: points of the score.
    """

    name: str
    label: Text
    cause: Cause
    points: float


@dataclass(frozen=True)
class Check:
    """The same fall counted in another way.

    Attributes:
        way: ``lmdi`` (log-mean Divisia), ``split`` (every series a factor) or ``merged`` (one factor a cause).
        cause: the answer by share alone.
        share: share of the leading cause of the finding.
    """

    way: str
    cause: Cause
    share: float | None


@dataclass(frozen=True)
class Finding:
    """A fall of a score, and its cause where the data give one.

    Attributes:
        place: the place.
        node: code of the indicator or composite that fell.
        period: the period it fell in.
        comparison: against the base, or on the year before.
        before: the period it is compared with.
        points: size in points of the node's own score, below 0.
        root_points: the same in points of the root; None for what does not reach it.
        cause: the cause, or ``undetermined``.
        share: share of the leading cause in what is negative, 0 to 1; None where nothing is divided.
        stability: share of the draws of the data's own error in which it is the answer; None where nothing is divided.
        leading: the cause with the largest part, answered or not.
        reason: why there is no answer; empty where there is one.
        causes: points by cause; they sum to `points`.
        factors: points by factor of an indicator, in the order of the pack.
        checks: the same fall counted in other ways.
        below: what stands below it, the largest falls first.
        evidence: the values it rests on.
        collect: what to collect.
        advice: what the cause asks for.
        note: what a reader must know, such as that it is not like for like; empty for nothing.
        statements: ids of the statements of officials about the same node and period.
        kind: the least firm kind of value among the two scores.
    """

    place: str
    node: str
    period: str
    comparison: Comparison
    before: str
    points: float
    root_points: float | None
    cause: Cause
    share: float | None
    stability: float | None
    leading: Cause
    reason: Reason
    causes: Mapping[str, float]
    factors: tuple[FactorPoints, ...]
    checks: tuple[Check, ...]
    below: tuple[Part, ...]
    evidence: tuple[Evidence, ...]
    collect: tuple[Collect, ...]
    advice: Text
    note: Text
    statements: tuple[str, ...]
    kind: str

    def __repr__(self) -> str:
        """Say in a line what it is."""
        return f"Finding({self.node}, {self.place}, {self.period}, {self.comparison}: {self.points:.1f}, {self.cause})"

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "place": self.place,
            "node": self.node,
            "period": self.period,
            "comparison": self.comparison,
            "before": self.before,
            "points": self.points,
            "root_points": self.root_points,
            "cause": self.cause,
            "share": self.share,
            "stability": self.stability,
            "leading": self.leading,
            "reason": self.reason,
            "causes": dict(self.causes),
            "factors": [dict(vars(factor)) for factor in self.factors],
            "checks": [dict(vars(check)) for check in self.checks],
            "below": [dict(vars(part)) for part in self.below],
            "collect": [one.as_json() for one in self.collect],
            "advice": dict(self.advice),
            "note": dict(self.note),
            "warning": dict(BOOKKEEPING),
            "statements": list(self.statements),
            "evidence": [one.as_json() for one in self.evidence],
            "kind": self.kind,
        }
