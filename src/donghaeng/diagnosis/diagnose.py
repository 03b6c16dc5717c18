"""Diagnose: all falls of an index, each with its cause or with what is missing to know it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from donghaeng.diagnosis.alarms import Alarms, alarms
from donghaeng.diagnosis.attribution import Attribution, Drawn, attributions, drawn_indicators
from donghaeng.diagnosis.blind_spots import BlindSpot, blind_spots
from donghaeng.diagnosis.causes import (
    ADVICE,
    BOOKKEEPING,
    CAUSES,
    REASONS,
    UNDETERMINED,
    Cause,
    Reason,
)
from donghaeng.diagnosis.classify import Answers, classify, grouped
from donghaeng.diagnosis.document import Settings
from donghaeng.diagnosis.evidence import collected, evidence_rows, factor_points, parts_below
from donghaeng.diagnosis.finding import Check, Finding
from donghaeng.diagnosis.indicator import BREAK, MISSING, Grouping, Way
from donghaeng.diagnosis.section import DiagnosisSection, nothing_known
from donghaeng.diagnosis.slope import yardstick_moves
from donghaeng.index.changes import Change
from donghaeng.index.scores import Scores
from donghaeng.places import Place
from donghaeng.sources import CITABLE, Kind
from donghaeng.statements import Statements
from donghaeng.wording import Text

#: A fall is counted in these other ways as well.
CHECKS: tuple[tuple[str, Way, Grouping], ...] = (
    ("lmdi", "lmdi", "pack"),
    ("split", "shapley", "split"),
    ("merged", "shapley", "merged"),
)
#: Values from which findings are made: those that may head a page, and all of an invented pack.
FINDABLE = CITABLE | {Kind.SIMULATED}

#: Points that are the rounding of floating-point numbers.
NOTHING = 1e-9

NO_EARLY_SIGNAL: Text = {
    "ko": "연간 자료로는 조기 경보를 낼 수 없습니다. 월별이나 주별 건수(counts.csv)가 있어야 합니다.",
    "en": "Yearly data give no early signal: monthly or weekly counts (counts.csv) are needed.",
}


@dataclass(frozen=True)
class Split:
    """What another way of counting does to all answers.

    Attributes:
        compared: number of findings with a cause that were counted in this way too.
        changed: how many of them have another answer then.
        most: the largest difference of the share of a leading cause, 0 to 1, where the same cause leads.
    """

    compared: int
    changed: int
    most: float


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """What came of a diagnosis.

    Attributes:
        scores: the index.
        section: what is known of causes.
        findings: all falls, by period (newest first), comparison, place and node.
        alarms: alarms on monthly or weekly counts.
        blind_spots: groups that are served less than their need.
        early_signal: why there are no alarms; empty where there are counts.
    """

    scores: Scores
    section: DiagnosisSection
    findings: tuple[Finding, ...]
    alarms: Alarms
    blind_spots: tuple[BlindSpot, ...]
    early_signal: Text

    def __repr__(self) -> str:
        """Say in a line what it is."""
        answered = sum(finding.cause != "undetermined" for finding in self.findings)
        return f"Diagnosis({len(self.findings)} findings, {answered} with a cause)"

    @property
    def settings(self) -> Settings:
        """The thresholds."""
        return self.section.model.settings

    @property
    def warning(self) -> Text:
        """What must be said beside every answer."""
        return BOOKKEEPING

    def of(
        self,
        place: str | None = None,
        node: str | None = None,
        period: str | None = None,
        comparison: str | None = None,
    ) -> tuple[Finding, ...]:
        """Give the findings of a place, node, period or comparison."""
        wanted = {"place": place, "node": node, "period": period, "comparison": comparison}
        return tuple(
            finding
            for finding in self.findings
            if all(value is None or getattr(finding, name) == value for name, value in wanted.items())
        )

    @property
    def splits(self) -> dict[str, Split]:
        """How far answers depend on how the factors are grouped and counted, by way."""
        return {name: _split(name, self.findings) for name, _, _ in CHECKS}

    def table(self) -> Any:
        """Give the findings as an Arrow table; columns as in `donghaeng.diagnosis.tables.findings_table`."""
        from donghaeng.diagnosis.tables import findings_table

        return findings_table(self.findings)


def diagnose(
    scores: Scores,
    section: DiagnosisSection | None = None,
    places: Sequence[Place] = (),
    statements: Statements | None = None,
) -> Diagnosis:
    """Find all falls of an index and their causes.

    Args:
        scores: the index.
        section: what is known of causes; default, nothing.
        places: places with their tree.
        statements: what officials said, which stands beside findings.
    """
    section = section or nothing_known()
    settings = section.model.settings
    drawn = drawn_indicators(scores, section, places, settings.draws, settings.seed)
    plain = drawn_indicators(scores, section, places, 0, settings.seed)
    said = statements or Statements(())
    findings: list[Finding] = []
    ways = (attributions(drawn), *(attributions(plain, way, grouping) for _, way, grouping in CHECKS))
    for attribution, *others in zip(*ways, strict=True):
        if _falls(scores, attribution.change, settings).any():
            checked = dict(zip((name for name, _, _ in CHECKS), others, strict=True))
            findings += _of_change(drawn, attribution, checked, said)
    order = {text: at for at, text in enumerate(period.text for period in scores.periods)}
    findings.sort(key=lambda finding: (-order[finding.period], finding.comparison))
    has_counts = bool(section.counts.series)
    return Diagnosis(
        scores,
        section,
        tuple(findings),
        alarms(section.counts, section.model.counts, settings),
        blind_spots(section.groups, settings),
        {} if has_counts else NO_EARLY_SIGNAL,
    )


def _split(way: str, findings: Sequence[Finding]) -> Split:
    pairs = [
        (finding, check)
        for finding in findings
        for check in finding.checks
        if check.way == way and finding.cause != "undetermined"
    ]
    apart = [abs(check.share - (finding.share or 0.0)) for finding, check in pairs if check.share is not None]
    return Split(len(pairs), sum(check.cause != one.cause for one, check in pairs), max(apart, default=0.0))


def _falls(scores: Scores, change: Change, settings: Settings) -> np.ndarray:
    """Say which nodes fell by enough, places x nodes."""
    leaves = np.array([scores.structure.is_leaf(node) for node in range(len(scores.structure.nodes))])
    least = np.where(leaves, settings.least_points.indicators, settings.least_points.composites)
    with np.errstate(invalid="ignore"):
        fell = (change.total <= -least) & (change.total < 0)
    kinds = np.maximum(scores.kinds[:, change.before], scores.kinds[:, change.period])
    if change.before == scores.base and scores.base_is_constant:
        kinds = scores.kinds[:, change.period]
    return np.asarray(fell & np.isin(kinds, [int(kind) for kind in FINDABLE]))


def _of_change(
    drawn: Drawn, attribution: Attribution, others: dict[str, Attribution], statements: Statements
) -> list[Finding]:
    """Give the findings of one comparison, by place and node."""
    settings = drawn.section.model.settings
    falls = _falls(drawn.scores, attribution.change, settings)
    nodes = np.flatnonzero(falls.any(axis=0))
    answers = {int(node): classify(attribution.causes[node], settings) for node in nodes}
    checked = {
        int(node): {name: classify(other.causes[node], settings) for name, other in others.items()} for node in nodes
    }
    return [
        _finding(drawn, attribution, int(node), int(place), answers[int(node)], checked[int(node)], statements)
        for place, node in np.argwhere(falls)
    ]


def _finding(
    drawn: Drawn,
    attribution: Attribution,
    node: int,
    place: int,
    answers: Answers,
    checked: dict[str, Answers],
    statements: Statements,
) -> Finding:
    scores, change, settings = drawn.scores, attribution.change, drawn.section.model.settings
    before, period = change.before, change.period
    code, leaf = scores.structure.codes[node], scores.structure.is_leaf(node)
    raw = attribution.causes[node, :, 0, place]
    points = grouped(raw)
    leading = int(answers.leading[place])
    reason = _reason(answers, place, raw, settings)
    if reason == "no_series" and _is_relative(drawn, node):
        reason = "moving_yardstick"
    cause: Cause = "undetermined" if reason else CAUSES[leading]
    divided = leading != UNDETERMINED
    kinds = [int(scores.kinds[place, at, node]) for at in (before, period)]
    return Finding(
        place=scores.places[place],
        node=code,
        period=scores.periods[period].text,
        comparison=change.comparison,
        before=scores.periods[before].text,
        points=float(change.total[place, node]),
        root_points=_root_points(attribution, scores, place, node),
        cause=cause,
        share=float(answers.share[place]) if divided else None,
        stability=float(answers.stability[place]) if divided else None,
        leading=CAUSES[leading],
        reason=reason,
        causes={name: float(value) for name, value in zip(CAUSES, points, strict=True) if abs(value) > NOTHING},
        factors=factor_points(drawn, attribution, node, place) if leaf else (),
        checks=tuple(_check(name, other, place, leading, settings) for name, other in checked.items())
        if divided
        else (),
        below=parts_below(drawn, attribution, node, place),
        evidence=evidence_rows(drawn, attribution, node, place, before, period),
        collect=collected(drawn, attribution, node, place, reason, before, period) if reason else (),
        advice=ADVICE[cause],
        note=_note(drawn, change, node, place, reason),
        statements=_said(statements, code, scores.periods[period].text),
        kind=Kind(max(kind for kind in kinds if kind >= 0)).word,
    )


def _reason(answers: Answers, place: int, raw: np.ndarray, settings: Settings) -> Reason:
    """Say why there is no answer; empty where there is one."""
    if answers.answered[place]:
        return ""
    if answers.leading[place] == UNDETERMINED:
        reasons: dict[int, Reason] = {UNDETERMINED: "no_series", MISSING: "missing_series", BREAK: "not_like_for_like"}
        return reasons[min(reasons, key=lambda row: raw[row])]
    if answers.falls[place] < settings.stability:
        return "within_error"
    return "mixed" if answers.share[place] < settings.share else "unstable"


def _is_relative(drawn: Drawn, node: int) -> bool:
    """Say whether an indicator with an identity, or one below a composite, is scored by a yardstick that moves."""
    scores, waiting = drawn.scores, [node]
    while waiting:
        at = waiting.pop()
        waiting += scores.structure.children[at]
        if at in drawn.indicators and drawn.indicators[at].identity is not None and yardstick_moves(scores, at):
            return True
    return False


def _check(name: str, answers: Answers, place: int, leading: int, settings: Settings) -> Check:
    """Give the same fall in another way, by share alone."""
    found, share = int(answers.leading[place]), float(answers.share[place])
    enough = share >= settings.share and found != UNDETERMINED
    return Check(name, CAUSES[found] if enough else "undetermined", share if found == leading else None)


def _root_points(attribution: Attribution, scores: Scores, place: int, node: int) -> float | None:
    """Multiply the shares on the way up to the root."""
    if place in scores.parts:
        return None
    parents = {scores.structure.position[one.code]: one.parent for one in scores.structure.nodes}
    result, at = float(attribution.change.total[place, node]), node
    while parents[at]:
        result *= float(attribution.shares[place, at])
        at = scores.structure.position[parents[at]]
    return result


_COUNTS_EN = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ORDINALS_EN = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def _note(drawn: Drawn, change: Change, node: int, place: int, reason: Reason) -> Text:
    """Say what a reader must know of a comparison: that it is not like for like, and how."""
    scores = drawn.scores
    if scores.structure.is_leaf(node):
        texts = _breaks(drawn, change, node, place)
    else:
        texts = _other_indicators(scores, change, node, place)
    if reason and not texts:
        return REASONS[reason]
    return {"ko": " ".join(one["ko"] for one in texts), "en": " ".join(one["en"] for one in texts)} if texts else {}


def _other_indicators(scores: Scores, change: Change, node: int, place: int) -> list[dict[str, str]]:
    """Say of a composite that it stands on other indicators than before."""
    counts = [scores.available[place, at, node] for at in (change.before, change.period)]
    if change.comparable[place, node] or not np.isfinite(counts).all():
        return []
    old, new = (int(count) for count in counts)
    years = (scores.periods[change.before].text, scores.periods[change.period].text)
    shown = [_COUNTS_EN[count] if 0 < count < len(_COUNTS_EN) else str(count) for count in (old, new)]
    ko = f"같은 기준의 비교가 아닙니다: {years[0]}년에는 지표 {old}개, {years[1]}년에는 {new}개입니다"
    en = f"Not like for like: {shown[0]} indicators in {years[0]}, {shown[1]} in {years[1]}"
    came = change.newcomers[place, node]
    if np.isfinite(came):
        is_one = new - old == 1 and new < len(_ORDINALS_EN)
        what = f"a {_ORDINALS_EN[new]}" if is_one else f"new ones ({new - old})"
        ko += f". 늘어난 지표 {new - old}개가 {came:.0f} 안팎이면 그것만으로 이 변화가 설명됩니다"
        en += f"; {what} near {came:.0f} alone would give the change"
    return [{"ko": f"{ko}.", "en": f"{en}."}]


def _breaks(drawn: Drawn, change: Change, node: int, place: int) -> list[dict[str, str]]:
    """Give the breaks of an indicator that a comparison goes across, in words."""
    scores, texts = drawn.scores, []
    for revision in drawn.indicators[node].revisions:
        here = revision.place in ("", scores.places[place])
        if here and revision.lies_between(scores.periods[change.before], scores.periods[change.period]):
            ko = f"같은 기준의 비교가 아닙니다: {revision.period}년부터 재는 방식이 다릅니다."
            en = f"Not like for like: measured differently from {revision.period} on ({revision.what})."
            texts.append(
                {"ko": " ".join(filter(None, (ko, revision.note_ko))), "en": f"{en} {revision.note_en}".strip()}
            )
    return texts


def _said(statements: Statements, node: str, period: str) -> tuple[str, ...]:
    """Give the ids of what was said of a node and period."""
    return tuple(
        row["id"]
        for row in statements.rows
        if row["type"] == "claim" and row["node"] == node and row["period"] == period
    )
