"""Published beside computed: does the result agree with what its owner printed?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from donghaeng.index.scores import Scores
from donghaeng.sources import Kind

#: Room for the error of floating-point sums when a difference is held against a rounding.
SLACK = 1e-9


def published_table(scores: Scores) -> pa.Table:
    """Compare each used statement of a computed node with the computed score.

    Columns: node, place, period, published (number), printed (its text), computed, tolerance, agrees, kind,
    source, line. `agrees` is true within half a unit of the last printed digit plus what the rounding of the
    inputs allows, and null where nothing can be computed. A value that was given as input is not compared
    with itself.
    """
    rows: list[dict[str, Any]] = []
    columns = scores.observations.columns
    place_at = {code: index for index, code in enumerate(scores.places)}
    period_at = {period.text: index for index, period in enumerate(scores.periods)}
    for row in _statement_rows(scores, used=True):
        if columns["node"][row] not in scores.compared:
            continue
        node = scores.structure.position[columns["node"][row]]
        place, period = place_at[columns["place"][row]], period_at[columns["period"][row]]
        computed = float(scores.values[place, period, node])
        tolerance = columns["half_digit"][row] + float(scores.aggregated.half_digits[place, period, node])
        known = not np.isnan(computed)
        rows.append(
            {
                "node": columns["node"][row],
                "place": columns["place"][row],
                "period": columns["period"][row],
                "published": columns["value"][row],
                "printed": columns["printed"][row],
                "computed": computed if known else None,
                "tolerance": tolerance if known else None,
                "agrees": bool(abs(computed - columns["value"][row]) <= tolerance + SLACK) if known else None,
                "kind": Kind(columns["kind"][row]).word,
                "source": columns["source"][row],
                "line": columns["line"][row],
            }
        )
    schema = pa.schema(
        [
            ("node", pa.string()),
            ("place", pa.string()),
            ("period", pa.string()),
            ("published", pa.float64()),
            ("printed", pa.string()),
            ("computed", pa.float64()),
            ("tolerance", pa.float64()),
            ("agrees", pa.bool_()),
            ("kind", pa.string()),
            ("source", pa.string()),
            ("line", pa.int64()),
        ]
    )
    return pa.Table.from_pylist(rows, schema)


def conflicts_table(scores: Scores) -> pa.Table:
    """List the statements that were not used, beside the one that was.

    Columns: node, place, period, used (text of the used value), variant, difference, count, kind, source,
    used_source, note, line.
    """
    columns = scores.observations.columns
    used_row = {_key(scores, row): row for row in _statement_rows(scores, used=True)}
    rows: list[dict[str, Any]] = []
    for row in _statement_rows(scores, used=False):
        other = used_row[_key(scores, row)]
        count = columns["count"][row]
        rows.append(
            {
                "node": columns["node"][row],
                "place": columns["place"][row],
                "period": columns["period"][row],
                "used": columns["printed"][other],
                "variant": columns["printed"][row],
                "difference": columns["value"][row] - columns["value"][other],
                "count": None if np.isnan(count) else int(count),
                "kind": Kind(columns["kind"][row]).word,
                "source": columns["source"][row],
                "used_source": columns["source"][other],
                "note": columns["note"][row],
                "line": columns["line"][row],
            }
        )
    names = ("node", "place", "period", "used", "variant")
    schema = pa.schema(
        [
            *((name, pa.string()) for name in names),
            ("difference", pa.float64()),
            ("count", pa.int64()),
            *((name, pa.string()) for name in ("kind", "source", "used_source", "note")),
            ("line", pa.int64()),
        ]
    )
    return pa.Table.from_pylist(rows, schema)


def _statement_rows(scores: Scores, used: bool) -> list[int]:
    """Give the statements of ``observations.csv`` that are used, or those that are not."""
    columns = scores.observations.columns
    return [
        row
        for row, (is_used, is_raw) in enumerate(zip(columns["used"], columns["is_raw"], strict=True))
        if is_used is used and not is_raw
    ]


def _key(scores: Scores, row: int) -> tuple[str, str, str]:
    columns = scores.observations.columns
    return columns["node"][row], columns["place"][row], columns["period"][row]
