"""A difference counted over a population: how many cases change, who wins, who loses, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from donghaeng.rules.bulk import decide_bulk
from donghaeng.rules.difference import State
from donghaeng.rules.table import UNDETERMINED, answer_fields

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class PopulationDifferences:
    """What changes in a population.

    Attributes:
        cases: number of cases.
        sums: names of the amounts.
        changes: for each pair of results before and after, with their reasons: how many cases, how many of them gain
            and lose in each amount, and the sum of the differences.
        redo: the cases that change, in the order of the population: what is kept of them, result, reason and amounts
            before and after.
    """

    cases: int
    sums: tuple[str, ...]
    changes: tuple[Mapping[str, Any], ...]
    redo: pa.Table

    @property
    def changed(self) -> int:
        """Number of cases that change."""
        return int(self.redo.num_rows)

    def as_json(self) -> dict[str, Any]:
        """Give it in the form of JSON, the single cases left out."""
        changes = [dict(one) for one in self.changes]
        return {"cases": self.cases, "changed": self.changed, "sums": list(self.sums), "changes": changes}


def population_differences(
    before: State, after: State, data: Any, keep: Sequence[str] = (), on: str = ""
) -> PopulationDifferences:
    """Decide a population before and after, and say what changes: another answer or reason.

    An amount that a determined answer does not give is none; a case that is undetermined on one side has no difference
    of amounts.

    Args:
        before: the table before.
        after: the table after.
        data: a file or data frame of facts, as `donghaeng.rules.bulk.decide_bulk` takes it.
        keep: columns that name a case in `PopulationDifferences.redo`.
        on: name of a column of days, on each of which its case is decided before and after; empty for the days of the
            two states.
    """
    import duckdb
    import pyarrow as pa

    money = [name for name, one in before.table.outcomes.items() if one.type.kind == "money"]
    sums = [name for name in money if name in after.table.outcomes]
    both = [name for name in answer_fields(before.table) if name in answer_fields(after.table)]
    columns: dict[str, Any] = {}
    for side, state in (("was", before), ("now", after)):
        frame = decide_bulk(state.table, data, on=on or state.on, known_on=state.known_on, keep=keep)
        found = frame if isinstance(frame, pa.Table) else pa.table(frame)
        columns |= {name: found[name] for name in keep}
        columns |= {f"{side}_{name}": found[name] for name in ("reason", *both)}
    joined = pa.table(columns)
    known = f"was_result <> '{UNDETERMINED}' AND now_result <> '{UNDETERMINED}'"
    amounts = "".join(
        f", SUM({difference}) AS {name}, COUNT(*) FILTER ({difference} > 0) AS {name}_gain, "
        f"COUNT(*) FILTER ({difference} < 0) AS {name}_lose"
        for name in sums
        for difference in [f"CASE WHEN {known} THEN COALESCE(now_{name}, 0) - COALESCE(was_{name}, 0) END"]
    )
    changed = " OR ".join(f"was_{name} IS DISTINCT FROM now_{name}" for name in ("reason", *both))
    with duckdb.connect() as connection:
        connection.register("joined", joined)
        # Names of outcomes come from a pattern of small letters, digits and underscores.
        rows = connection.execute(
            f"SELECT was_result, was_reason, now_result, now_reason, COUNT(*) AS cases{amounts} FROM joined "  # noqa: S608
            f"WHERE {changed} GROUP BY ALL ORDER BY cases DESC, was_result, was_reason, now_result, now_reason"
        ).fetchall()
        redo = connection.sql(f"SELECT * FROM joined WHERE {changed}").to_arrow_table()  # noqa: S608
    changes = []
    for was, was_reason, now, now_reason, cases, *given in rows:
        one: dict[str, Any] = {"before": was, "before_reason": was_reason, "after": now, "after_reason": now_reason}
        one["cases"] = cases
        for place, name in enumerate(sums):
            total, gain, lose = given[3 * place : 3 * place + 3]
            one |= {name: int(total or 0), f"{name}_gain": gain, f"{name}_lose": lose}
        changes.append(one)
    return PopulationDifferences(joined.num_rows, tuple(sums), tuple(changes), redo)
