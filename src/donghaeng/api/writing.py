"""Decisions as JSON, as `Decision.as_json` gives them, with citations encoded once."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from donghaeng.rules.decision import Decision
from donghaeng.rules.table import RowInForce
from donghaeng.rules.types import as_json


class Writer:
    """Writes decisions; keeps what is the same whenever one row decides: a pack has a limited number of rows."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        # By identity: the objects belong to the tables that are served, and live as long as they do.
        self._encoded: dict[int, tuple[Any, msgspec.Raw]] = {}
        self._of_rows: dict[int, tuple[RowInForce, dict[str, Any]]] = {}

    def write(self, decision: Decision, known_on: date | None, *, order: bool = True) -> dict[str, Any]:
        """Give what `msgspec.json.encode` makes the JSON of a decision of.

        Args:
            decision: the decision.
            known_on: the day whose knowledge was asked for.
            order: whether the missing facts stand in the order of asking, which takes time; else in that of the table.
        """
        table = decision.segment.table
        reasons = self._reasons(decision)
        return {
            "outcome": {name: as_json(value) for name, value in decision.outcome.items()},
            "reason": decision.reason,
            "rows": reasons["rows"],
            "missing": decision.missing if order or decision.determined else decision.missing_in_order_of_table,
            "citations": reasons["citations"],
            "on": decision.on.isoformat(),
            "known_on": known_on.isoformat() if known_on else None,
            "kind": reasons["kind"],
            "statements": reasons["statements"],
            "pack": table.pack,
            "table": table.id,
            "version": table.version,
        }

    def _reasons(self, decision: Decision) -> dict[str, Any]:
        """Give what rests on the rows that decided, and not on the facts."""
        row = decision.in_force[0] if len(decision.in_force) == 1 else None
        kept = self._of_rows.get(id(row))
        if kept is not None:
            return kept[1]
        reasons = {
            "rows": decision.rows,
            "citations": [self._one(model) for model in decision.citations],
            "kind": decision.kind,
            "statements": [self._one(model) for model in decision.statements],
        }
        if row is not None:
            self._of_rows[id(row)] = (row, reasons)
        return reasons

    def _one(self, model: Any) -> msgspec.Raw:
        kept = self._encoded.get(id(model))
        if kept is None:
            encoded = msgspec.Raw(msgspec.json.encode(model.model_dump(mode="json", exclude_none=True)))
            kept = self._encoded[id(model)] = (model, encoded)
        return kept[1]
