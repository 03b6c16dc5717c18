"""What a release says of how an index hangs together: effective weights, correlations, consistency."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from donghaeng.catalogue.study_report import study_report
from donghaeng.index.plots import effective_shares
from donghaeng.index.scores import Scores
from donghaeng.sources import Kind

#: With fewer places a correlation says nothing.
FEWEST_PLACES = 8

_WEIGHTS = pa.schema(
    [("node", pa.string()), ("period", pa.string()), ("share", pa.float64()), ("kind", pa.string())],
)
_CORRELATIONS = pa.schema(
    [
        *((name, pa.string()) for name in ("group", "first", "second", "of", "period")),
        ("value", pa.float64()),
        ("p_value", pa.float64()),
        ("count", pa.int64()),
        *((name, pa.string()) for name in ("flag", "kind")),
    ]
)
_CONSISTENCY = pa.schema(
    [
        ("node", pa.string()),
        ("period", pa.string()),
        ("indicators", pa.int64()),
        ("places", pa.int64()),
        ("alpha", pa.float64()),
        ("reason", pa.string()),
        ("kind", pa.string()),
    ]
)


def study_tables(scores: Scores) -> dict[str, pa.Table]:
    """Give ``weights``, and for an index of several places ``correlations`` and ``consistency``.

    All are of the newest period in which the index has a score. A correlation stands between the children of one
    group (`of` says whether of scaled indicators or of scores), and between each node and its group (`group` is then
    `second`), and between any two groups of indicators (`group` is then empty).
    """
    at = scores.newest_period()
    root = scores.kinds[:, at, scores.structure.root]
    common: dict[str, Any] = {
        "period": scores.periods[at].text,
        "kind": Kind(int(root.max(initial=int(Kind.DERIVED)))).word,
    }
    shares = effective_shares(scores, at)
    weights = [{"node": code, "share": float(shares[index])} for index, code in enumerate(scores.structure.codes)]
    tables = {"weights": pa.Table.from_pylist([row | common for row in weights], _WEIGHTS)}
    report = study_report(scores, sections=("correlations", "consistency"))
    if report["places"] < FEWEST_PLACES:
        return tables
    found = report["sections"]
    pairs = [row | common for row in found["correlations"]["within_groups"]]
    for row in found["correlations"]["with_parents"]:
        ends = {"group": row["parent"], "first": row["node"], "second": row["parent"]}
        numbers = {name: row[name] for name in ("value", "p_value", "count")}
        pairs.append(ends | {"of": "scores", "flag": None} | numbers | common)
    for row in found["correlations"]["across_groups"]:
        pairs.append({"group": "", "of": "scores", "flag": None} | row | common)
    rows = [
        {
            "node": row["node"],
            "indicators": len(row["indicators"]),
            "places": row.get("fewest_places"),
            "alpha": row["alpha"],
            "reason": row.get("reason"),
        }
        | common
        for row in found["consistency"]["rows"]
    ]
    tables["correlations"] = pa.Table.from_pylist(pairs, _CORRELATIONS)
    tables["consistency"] = pa.Table.from_pylist(rows, _CONSISTENCY)
    return tables
