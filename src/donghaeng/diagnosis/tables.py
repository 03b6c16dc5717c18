"""Findings, alarms and blind spots as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from donghaeng.diagnosis.alarms import Alarms
from donghaeng.diagnosis.blind_spots import BlindSpot
from donghaeng.diagnosis.causes import CAUSES
from donghaeng.diagnosis.finding import Finding

_FINDINGS = pa.schema(
    [
        *((name, pa.string()) for name in ("place", "node", "period", "comparison", "before")),
        *((name, pa.float64()) for name in ("points", "root_points")),
        ("cause", pa.string()),
        *((name, pa.float64()) for name in ("share", "stability")),
        *((name, pa.string()) for name in ("leading", "reason", "note_ko", "note_en")),
        ("statements", pa.string()),
        ("kind", pa.string()),
    ]
)


def findings_table(findings: Sequence[Finding]) -> pa.Table:
    """Give findings as a table, one row each.

    Columns: place, node, period, comparison, before, points, root_points, cause, share, stability, leading, reason,
    note_ko, note_en, statements (ids, separated by semicolons), kind.
    """
    rows = [
        {name: getattr(finding, name) for name in _FINDINGS.names if hasattr(finding, name)}
        | {f"note_{language}": finding.note.get(language, "") for language in ("ko", "en")}
        | {"statements": ";".join(finding.statements)}
        for finding in findings
    ]
    return pa.Table.from_pylist(rows, _FINDINGS)


def causes_table(findings: Sequence[Finding]) -> pa.Table:
    """Give the points of each finding by cause, and by factor for indicators.

    Columns: place, node, period, comparison, cause, factor (empty for the sum of a cause), label_ko, label_en, points,
    kind.
    """
    rows: list[dict[str, Any]] = []
    for finding in findings:
        own = {name: getattr(finding, name) for name in ("place", "node", "period", "comparison", "kind")}
        for cause in CAUSES:
            if cause in finding.causes:
                rows.append(own | {"cause": cause, "factor": "", "points": finding.causes[cause]})
        for factor in finding.factors:
            labels = {f"label_{language}": factor.label.get(language, "") for language in ("ko", "en")}
            rows.append(own | {"cause": factor.cause, "factor": factor.name, "points": factor.points} | labels)
    names = ("place", "node", "period", "comparison", "cause", "factor", "label_ko", "label_en")
    schema = pa.schema([*((name, pa.string()) for name in names), ("points", pa.float64()), ("kind", pa.string())])
    return pa.Table.from_pylist(rows, schema)


def collect_table(findings: Sequence[Finding]) -> pa.Table:
    """Give what is to be collected for findings without an answer.

    Columns: place, node, period, comparison (of the finding), series, unit, label_ko, label_en, why_ko, why_en,
    for_node, for_place, for_periods (separated by semicolons), kind.
    """
    rows = []
    for finding in findings:
        own = {name: getattr(finding, name) for name in ("place", "node", "period", "comparison", "kind")}
        for one in finding.collect:
            texts = {f"label_{language}": one.label.get(language, "") for language in ("ko", "en")}
            texts |= {f"why_{language}": one.why.get(language, "") for language in ("ko", "en")}
            where = {"for_node": one.node, "for_place": one.place, "for_periods": ";".join(one.periods)}
            rows.append(own | {"series": one.series, "unit": one.unit} | texts | where)
    of_finding, of_series = ("place", "node", "period", "comparison"), ("series", "unit", "label_ko", "label_en")
    names = (*of_finding, *of_series, "why_ko", "why_en", "for_node", "for_place", "for_periods", "kind")
    return pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in names]))


def alarms_table(alarms: Alarms) -> pa.Table:
    """Give alarms as a table: one row for each alarm, and one without a period for each rule that is watched.

    Columns: series, place, node, worse, rule, period (empty for the rule itself), value, expected, threshold, reached,
    false_alarms (a year), delay (days), detected, shift, first, last, kind.
    """
    rows: list[dict[str, Any]] = []
    for watch in alarms.watched:
        own = {name: getattr(watch, name) for name in ("series", "place", "node", "worse", "first", "last", "kind")}
        for performance in watch.performance:
            rows.append(own | vars(performance) | {"period": ""})
        for alarm in watch.alarms:
            rows.append(own | vars(alarm))
    texts = ("series", "place", "node", "worse", "rule", "period")
    numbers = ("value", "expected", "threshold", "reached", "false_alarms", "delay", "detected", "shift")
    schema = pa.schema(
        [
            *((name, pa.string()) for name in texts),
            *((name, pa.float64()) for name in numbers),
            *((name, pa.string()) for name in ("first", "last", "kind")),
        ]
    )
    return pa.Table.from_pylist(rows, schema)


def blind_spots_table(spots: Sequence[BlindSpot]) -> pa.Table:
    """Give groups with their shares as a table.

    Columns: node, place, period, group, served_share, need_share, ratio, low, high, is_blind, kind, source.
    """
    texts = [(name, pa.string()) for name in ("node", "place", "period", "group")]
    numbers = [(name, pa.float64()) for name in ("served_share", "need_share", "ratio", "low", "high")]
    schema = pa.schema([*texts, *numbers, ("is_blind", pa.bool_()), ("kind", pa.string()), ("source", pa.string())])
    return pa.Table.from_pylist([spot.as_json() for spot in spots], schema)


_KEY = ("place", "node", "period", "comparison")


def checks_table(findings: Sequence[Finding]) -> pa.Table:
    """Give how each finding comes out when it is counted otherwise.

    Columns: place, node, period, comparison, way (``lmdi``, ``split``, ``merged``), cause, share (of the leading cause
    of the finding; null where another leads), kind.
    """
    rows = [
        {name: getattr(finding, name) for name in (*_KEY, "kind")} | vars(check)
        for finding in findings
        for check in finding.checks
    ]
    texts = [(name, pa.string()) for name in (*_KEY, "way", "cause")]
    return pa.Table.from_pylist(rows, pa.schema([*texts, ("share", pa.float64()), ("kind", pa.string())]))


def parts_table(findings: Sequence[Finding]) -> pa.Table:
    """Give what stands below each finding, the largest falls first.

    Columns: place, node, period, comparison, part_node, part_place, points (of a node below, what it brings to the
    score that fell; of a place, the change of its own score), kind.
    """
    rows = [
        {name: getattr(finding, name) for name in (*_KEY, "kind")}
        | {"part_node": part.node, "part_place": part.place, "points": part.points}
        for finding in findings
        for part in finding.below
    ]
    texts = [(name, pa.string()) for name in (*_KEY, "part_node", "part_place")]
    return pa.Table.from_pylist(rows, pa.schema([*texts, ("points", pa.float64()), ("kind", pa.string())]))


def evidence_table(findings: Sequence[Finding]) -> pa.Table:
    """Give the rows of the pack that findings rest on, each once.

    Columns: node, place, period, series (empty for the value of the node itself), value (null for one that is declared
    not to be known), unit, file, line, kind, source.
    """
    rows = {(one.file, one.line): one.as_json() for finding in findings for one in finding.evidence}
    texts = [(name, pa.string()) for name in ("node", "place", "period", "series")]
    schema = pa.schema(
        [
            *texts,
            ("value", pa.float64()),
            *((name, pa.string()) for name in ("unit", "file")),
            ("line", pa.int64()),
            *((name, pa.string()) for name in ("kind", "source")),
        ]
    )
    return pa.Table.from_pylist([rows[key] for key in sorted(rows)], schema)
