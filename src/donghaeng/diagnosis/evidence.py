"""The rows that a finding rests on, what stands below it, and what would have to be collected to know more."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from donghaeng.diagnosis.attribution import Attribution, Drawn
from donghaeng.diagnosis.causes import CAUSES, LABELS, Reason
from donghaeng.diagnosis.classify import grouped
from donghaeng.diagnosis.finding import Collect, Evidence, FactorPoints, Part
from donghaeng.diagnosis.indicator import BREAK, MISSING, Indicator
from donghaeng.panel import Floats
from donghaeng.sources import Kind
from donghaeng.wording import Text

#: More parts than this are not named below a finding, and no more series asked for.
MOST_PARTS, MOST_COLLECTED = 10, 8
#: Evidence is given of so many indicators of a composite, and parts of a place.
MOST_BELOW = 3

#: No series of a pack stands behind these.
_APPARENT = ("measurement", "mix")

_PRECISE: Text = {
    "ko": "답이 이 값의 오차에 달려 있음",
    "en": "the answer depends on the error of this value",
}
_MISSING: Text = {"ko": "원인을 나누는 데 필요한 값이 없음", "en": "needed to divide the change, and not there"}
_EARLIER: Text = {
    "ko": "이전 방식으로 잰 값이 있으면 측정 변경분을 떼어 낼 수 있음",
    "en": "a value by the earlier measure would part the change of measure from the rest",
}
_SAME_SET: Text = {
    "ko": "두 해를 같은 지표로 견주어야 하락인지 알 수 있음",
    "en": "whether there is a fall shows only on the same indicators in both years",
}
_MIXED: Text = {
    "ko": "여러 원인이 섞여 있음. 분기나 기관별 값이 있으면 무엇이 먼저인지 알 수 있음",
    "en": "several causes share the fall: values by quarter or provider would tell which came first",
}


def evidence_rows(
    drawn: Drawn, attribution: Attribution, node: int, place: int, before: int, period: int
) -> tuple[Evidence, ...]:
    """Give the rows of the pack that a finding rests on.

    Of an indicator its values, the series of its factors and its breaks; of a composite the same of the indicators that
    fell most; of a place made of parts those of the parts that fell most.
    """
    structure = drawn.scores.structure
    found = [*observation_rows(drawn, node, place, before, period)]
    if structure.is_leaf(node):
        found += _rows_of_indicator(drawn, attribution, node, place, before, period)
    else:
        for leaf, points in _leaves(drawn, attribution, node, place)[:MOST_BELOW]:
            if points < 0:
                found += observation_rows(drawn, leaf, place, before, period)
                found += _rows_of_indicator(drawn, attribution, leaf, place, before, period)
    return tuple(dict.fromkeys(found))


def _rows_of_indicator(
    drawn: Drawn, attribution: Attribution, node: int, place: int, before: int, period: int
) -> Iterator[Evidence]:
    one, places = drawn.indicators[node], [place]
    if one.panel is not None and not one.panel.declared[:, place].any() and place in drawn.parts:
        codes = [part.place for part in parts_below(drawn, attribution, node, place)[:MOST_BELOW]]
        places = [drawn.scores.places.index(code) for code in codes]
    for at in places:
        yield from factor_rows(drawn, one, at, before, period)
    yield from revision_rows(drawn, one, place, before, period)


def observation_rows(drawn: Drawn, node: int, place: int, before: int, period: int) -> Iterator[Evidence]:
    """Yield the statements behind the two values of a node that are compared."""
    scores = drawn.scores
    columns = scores.observations.columns
    for at in (before, period):
        row = int(scores.panel.rows[place, at, node])
        if row >= 0:
            value = float(columns["value"][row])
            yield Evidence(
                file=str(columns["file"][row]).rpartition("/")[2],
                line=int(columns["line"][row]),
                node=scores.structure.codes[node],
                place=scores.places[place],
                period=scores.periods[at].text,
                series="",
                value=None if np.isnan(value) else value,
                unit=scores.structure.nodes[node].unit,
                kind=Kind(columns["kind"][row]).word,
                source=str(columns["source"][row]),
            )


def factor_rows(drawn: Drawn, one: Indicator, place: int, before: int, period: int) -> Iterator[Evidence]:
    """Yield the values of series behind a change of an indicator."""
    if one.identity is None or one.panel is None:
        return
    columns, series_of = drawn.section.factors.columns, drawn.section.model.series
    for name, rows in zip(one.identity.series, one.panel.rows, strict=True):
        for at in (before, period):
            row = int(rows[place, at])
            if row >= 0:
                value = float(columns["value"][row])
                yield Evidence(
                    file=drawn.section.factors.label.rpartition("/")[2],
                    line=int(columns["line"][row]),
                    node=one.identity.node,
                    place=drawn.scores.places[place],
                    period=drawn.scores.periods[at].text,
                    series=name,
                    value=None if np.isnan(value) else value,
                    unit=series_of[name].unit,
                    kind=Kind(columns["kind"][row]).word,
                    source=str(columns["source"][row]),
                )


def revision_rows(drawn: Drawn, one: Indicator, place: int, before: int, period: int) -> Iterator[Evidence]:
    """Yield the breaks that a comparison goes across."""
    scores = drawn.scores
    for revision in one.revisions:
        here = revision.place in ("", scores.places[place])
        if here and revision.lies_between(scores.periods[before], scores.periods[period]):
            yield Evidence(
                file="revisions.csv",
                line=revision.line,
                node=revision.node,
                place=revision.place,
                period=revision.period.text,
                series=revision.series,
                value=revision.link if revision.is_linked else None,
                unit="1",
                kind=revision.kind.word,
                source=revision.source,
            )


def factor_points(drawn: Drawn, attribution: Attribution, node: int, place: int) -> tuple[FactorPoints, ...]:
    """Give what each factor of an indicator brings in a place; nothing where it is not divided."""
    division, one = attribution.divisions[node], drawn.indicators[node]
    if one.identity is None or not len(division.factors) or np.isnan(division.factors[:, place]).any():
        return ()
    causes = [*(player.cause for player in one.identity.players), *map(CAUSES.index, ("measurement", "mix"))]
    found = []
    own = len(one.identity.players)
    for at, (name, cause) in enumerate(zip(division.names, causes, strict=True)):
        points = float(division.factors[at, place])
        if at < own:
            label: Text = one.identity.labels.get(name) or {"ko": name, "en": name}
            found.append(FactorPoints(name, label, CAUSES[cause], points))
        elif points:
            found.append(FactorPoints(name, LABELS[name], CAUSES[cause], points))
    return tuple(found)


def parts_below(drawn: Drawn, attribution: Attribution, node: int, place: int) -> tuple[Part, ...]:
    """Give the nodes below a composite with what they bring, or the parts of a place with their own change."""
    scores, change = drawn.scores, attribution.change
    children = scores.structure.children[node]
    codes = scores.structure.codes
    found: list[Part] = []
    if children and place not in scores.parts:
        points = attribution.shares[place] * attribution.causes[:, :, 0, place].sum(axis=1)
        found = [Part(codes[child], scores.places[place], float(points[child])) for child in children if points[child]]
    elif place in drawn.parts:
        total = change.total[drawn.parts[place], node]
        members = drawn.parts[place].tolist()
        found = [
            Part(codes[node], scores.places[member], float(points))
            for member, points in zip(members, total, strict=True)
            if np.isfinite(points)
        ]
    return tuple(sorted(found, key=lambda part: part.points)[:MOST_PARTS])


def collected(
    drawn: Drawn, attribution: Attribution, node: int, place: int, reason: Reason, before: int, period: int
) -> tuple[Collect, ...]:
    """Give what to collect where there is no answer.

    Args:
        drawn: the indicators.
        attribution: the change, divided.
        node: position of the node that fell.
        place: position of the place.
        reason: why there is no answer.
        before: position of the earlier period.
        period: position of the later period.
    """
    found = [*_wanted(drawn, node), *_of_node(drawn, attribution, node, place, reason, before, period)]
    kept: dict[tuple[str, str, str], Collect] = {}
    for one in found:
        kept.setdefault((one.node, one.place, one.series), one)
    return tuple(kept.values())[:MOST_COLLECTED]


def _wanted(drawn: Drawn, node: int) -> Iterator[Collect]:
    """Yield what the pack asks for of a node and of those below it."""
    structure, model = drawn.scores.structure, drawn.section.model
    waiting = [node]
    while waiting:
        at = waiting.pop(0)
        code = structure.codes[at]
        for one in model.wanted.get(code, ()):
            yield Collect(one.series, one.unit, one.label, one.why or {}, code)
        waiting += structure.children[at]


def _of_node(
    drawn: Drawn, attribution: Attribution, node: int, place: int, reason: Reason, before: int, period: int
) -> Iterator[Collect]:
    structure, scores = drawn.scores.structure, drawn.scores
    if structure.is_leaf(node):
        yield from _of_indicator(drawn, attribution, node, place, reason, before, period)
        return
    if scores.aggregated.given[place, period, node]:
        if reason == "not_like_for_like":
            name = structure.nodes[node].names
            label: Text = {
                "ko": f"같은 지표로 다시 계산한 {name.get('ko', structure.codes[node])} 값",
                "en": f"{name.get('en', structure.codes[node])} on the same indicators in both years",
            }
            texts = (scores.periods[before].text, scores.periods[period].text)
            yield Collect("same_indicators", "", label, _SAME_SET, structure.codes[node], scores.places[place], texts)
        return
    for leaf, points in _leaves(drawn, attribution, node, place):
        if points < 0:
            yield from _of_indicator(drawn, attribution, leaf, place, reason, before, period)


def _leaves(drawn: Drawn, attribution: Attribution, node: int, place: int) -> list[tuple[int, float]]:
    """Give the indicators below a composite with the points they bring to it, the largest falls first."""
    structure, shares = drawn.scores.structure, attribution.shares[place]
    found: list[tuple[int, float]] = []
    waiting = [(child, float(shares[child])) for child in structure.children[node]]
    while waiting:
        at, share = waiting.pop()
        if structure.is_leaf(at):
            found.append((at, share * float(attribution.causes[at, :, 0, place].sum())))
        else:
            waiting += [(child, share * float(shares[child])) for child in structure.children[at]]
    return sorted(found, key=lambda one: one[1])


def _of_indicator(
    drawn: Drawn, attribution: Attribution, node: int, place: int, reason: Reason, before: int, period: int
) -> Iterator[Collect]:
    one = drawn.indicators[node]
    points = attribution.causes[node, :, 0, place]
    if points[BREAK]:
        yield from _earlier_measure(drawn, one, place, before, period)
    if points[MISSING]:
        yield from _missing(drawn, one, place, before, period)
    if reason in {"unstable", "within_error"}:
        yield from _imprecise(drawn, one, place, period)
    if reason == "mixed" and one.identity is not None and _is_mixed(points, drawn.section.model.settings.share):
        of_factors = sorted(factor_points(drawn, attribution, node, place), key=lambda factor: factor.points)
        for factor in [of for of in of_factors if of.points < 0 and of.cause not in _APPARENT][:2]:
            where = (one.identity.node, drawn.scores.places[place], (drawn.scores.periods[period].text,))
            yield Collect(factor.name, "", factor.label, _MIXED, *where)


def _is_mixed(points: Floats, share: float) -> bool:
    """Say of the points of an indicator whether no cause has the share that is asked for."""
    negative = np.maximum(-grouped(points), 0.0)
    return bool(negative.max() < share * negative.sum())


def _earlier_measure(drawn: Drawn, one: Indicator, place: int, before: int, period: int) -> Iterator[Collect]:
    scores = drawn.scores
    node = scores.structure.nodes[one.node]
    for revision in one.revisions:
        here = revision.place in ("", scores.places[place])
        if revision.is_linked or not here:
            continue
        if revision.lies_between(scores.periods[before], scores.periods[period]):
            series = drawn.section.model.series.get(revision.series)
            name = series.label if series else node.names
            label: Text = {
                "ko": f"{revision.period}년 {name.get('ko') or node.code}, 이전 방식으로 잰 값",
                "en": f"{name.get('en') or node.code} of {revision.period} by the earlier measure",
            }
            unit = series.unit if series else node.unit
            yield Collect(
                revision.series or "value", unit, label, _EARLIER, node.code, revision.place, (revision.period.text,)
            )


def _missing(drawn: Drawn, one: Indicator, place: int, before: int, period: int) -> Iterator[Collect]:
    """Yield the series without a value in a place, or in its parts where it has none of its own."""
    if one.identity is None or one.panel is None:
        return
    scores, members = drawn.scores, [place]
    if not one.panel.declared[:, place].any() and place in drawn.parts:
        members = drawn.parts[place].tolist()
    ends = (before, period)
    if np.isfinite(one.panel.values[:, members][..., list(ends)]).all():
        members = [place]  # the parts are known, and nothing says how they make up the whole
    for member in members:
        gaps = {at: np.isnan(one.panel.values[:, member, at]) for at in ends}
        for position, name in enumerate(one.identity.series):
            texts = tuple(scores.periods[at].text for at, gap in gaps.items() if gap[position])
            if texts:
                series = drawn.section.model.series[name]
                node = one.identity.node
                yield Collect(name, series.unit, series.label, _MISSING, node, scores.places[member], texts)


def _imprecise(drawn: Drawn, one: Indicator, place: int, period: int) -> Iterator[Collect]:
    """Yield the series with the largest errors for their size, at most two."""
    scores = drawn.scores
    where = (scores.structure.codes[one.node], scores.places[place], (scores.periods[period].text,))
    found: list[tuple[float, Collect]] = []
    if one.identity is not None and one.panel is not None and one.panel.declared[:, place].any():
        errors = _relative(one.panel.standard_errors, one.panel.half_digits, one.panel.values)[:, place, period]
        for name, error in zip(one.identity.series, errors, strict=True):
            series = drawn.section.model.series[name]
            found.append((float(error), Collect(name, series.unit, series.label, _PRECISE, *where)))
    elif one.identity is None:
        node = scores.structure.nodes[one.node]
        label: Text = {"ko": node.names.get("ko") or node.code, "en": node.names.get("en") or node.code}
        found.append((1.0, Collect("value", node.unit, label, _PRECISE, *where)))
    found.sort(key=lambda pair: -pair[0])
    yield from (collect for error, collect in found[:2] if error > 0)


def _relative(errors: Floats, halves: Floats, values: Floats) -> Floats:
    return np.nan_to_num((errors + halves) / values)
