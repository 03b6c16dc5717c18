"""What a diagnosis should answer: every fall of an indicator with its planted cause, and clear falls of composites."""

from __future__ import annotations

from collections import defaultdict

from tools.narae.plan import cause_of
from tools.narae.words import AREA_OF, AREAS, BASE, CITY, DISTRICT_CODES, INDICATORS, PERIODS, TASKS
from tools.narae.world import plants_of, score

#: Falls from which on there is a finding, in points, for indicators and for composites.
LEAST, LEAST_COMPOSITE = 1.0, 0.5
#: Nothing falls by an amount this near to the limit, so that the last digit decides nothing.
CLEAR = 0.1
#: A composite falls by so much more than the limit that the error of its indicators does not hide it.
CLEAR_COMPOSITE = 0.5
#: Share of the falls of its indicators from which on the cause of a composite is clear.
CLEAR_SHARE = 0.8
#: What is left of these falls, after what rose, is at least this share of them.
CLEAR_NET = 0.2
ROOT = "index"

Row = tuple[str, str, str, str, str]


def comparisons(period: str) -> tuple[tuple[str, str], ...]:
    """Give the comparisons of a period, each with the period that it is held against."""
    if period == BASE:
        return ()
    return (("base", BASE), ("year", PERIODS[PERIODS.index(period) - 1]))


def planted() -> list[Row]:
    """Give place, node, period, comparison and cause of every fall.

    Raises:
        ValueError: an indicator falls although nothing was planted, or by an amount so near to the limit that
            rounding decides.
    """
    rows: list[Row] = []
    for place in (CITY, *DISTRICT_CODES):
        for period in PERIODS[1:]:
            for comparison, before in comparisons(period):
                falls: dict[str, tuple[float, str]] = {}
                unclear: set[str] = set()
                for indicator in INDICATORS:
                    now, then = score(indicator, place, period), score(indicator, place, before)
                    if now is None or then is None:
                        unclear |= {indicator.task, AREA_OF[indicator.task], ROOT}
                        continue
                    change = now - then
                    cause = cause_of(plants_of().get(indicator.code, ()), place, before, period) if change < 0 else ""
                    if -LEAST - CLEAR < change < -LEAST + CLEAR:
                        raise ValueError(f"{indicator.code}, {place}, {period}, {comparison} falls by {-change:.2f}")
                    if change <= -LEAST:
                        if not cause:
                            raise ValueError(f"{indicator.code}, {place}, {period} falls by {-change:.2f} unplanned")
                        rows.append((place, indicator.code, period, comparison, cause))
                    if _is_rough(indicator.code, place):
                        unclear |= {indicator.task, AREA_OF[indicator.task], ROOT}
                    falls[indicator.code] = (change, cause)
                rows += [row for row in _composites(place, period, comparison, falls) if row[1] not in unclear]
    return rows


def _is_rough(node: str, place: str) -> bool:
    """Say whether a series of an indicator is so rough an estimate that nothing above it is clear."""
    return any(plant.kind == "error" and plant.place == place for plant in plants_of().get(node, ()))


def _composites(place: str, period: str, comparison: str, falls: dict[str, tuple[float, str]]) -> list[Row]:
    """Give the falls of composites whose cause is clear: those of one kind in nearly all of what falls below them."""
    below: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    for indicator in INDICATORS:
        if indicator.code in falls:
            for node in (indicator.task, AREA_OF[indicator.task], ROOT):
                below[node].append(falls[indicator.code])
    rows: list[Row] = []
    for node in (ROOT, *(code for code, _, _ in AREAS), *(task[0] for task in TASKS)):
        parts = below[node]
        change, falling = sum(part for part, _ in parts), sum(part for part, _ in parts if part < 0)
        if change > (-LEAST_COMPOSITE - CLEAR_COMPOSITE) * len(parts) or change > CLEAR_NET * falling:
            continue
        by_cause: defaultdict[str, float] = defaultdict(float)
        for part, cause in parts:
            if part < 0:
                by_cause[cause] += part
        cause = min(by_cause, key=lambda word: by_cause[word])
        if cause and by_cause[cause] <= CLEAR_SHARE * falling:
            rows.append((place, node, period, comparison, cause))
    return rows
