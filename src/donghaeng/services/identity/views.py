"""Answers and visits in the form of JSON, with the words of the pack."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from donghaeng.ledger.entry import Entry
from donghaeng.ledger.faults import ErasedError
from donghaeng.rules.decision import Decision
from donghaeng.rules.table import Row, RowInForce, Table
from donghaeng.rules.types import as_json
from donghaeng.services.identity.deciding import Known
from donghaeng.services.identity.history import History, Presented, Visit
from donghaeng.services.identity.policy import Policy, Ruling
from donghaeng.services.identity.projection import (
    UNDETERMINED,
    lookup_pending,
    refund_of,
    state_of,
)
from donghaeng.services.identity.recording import Recorded
from donghaeng.services.identity.section import SPOKEN, Role

Json = dict[str, Any]

_UNDETERMINED = {"ko": "미정(더 알아야 함)", "en": "Undetermined"}


class Views:
    """Writes answers; keeps what is the same whenever one row decides: a pack has a limited number of rows."""

    def __init__(self, policy: Policy) -> None:
        """Keep nothing yet."""
        self.policy = policy
        # By identity: the rows belong to the tables of the pack, and are kept alive here.
        self._of_rows: dict[int, tuple[RowInForce, Json]] = {}

    def decision(self, role: Role, decision: Decision, memory: Mapping[str, Any] | None = None) -> Json:
        """Give a decision with its reasons."""
        table = self.policy.tables[role].table
        row = decision.in_force[0] if decision.determined and len(decision.in_force) == 1 else None
        kept = self._of_rows.get(id(row)) if row is not None else None
        if kept is not None:
            words = kept[1]
        else:
            words = {
                "because": dict(row.row.because) if row is not None else None,
                "citations": [_model(one) for one in decision.citations],
                "statements": [_model(one) for one in decision.statements],
                "kind": decision.kind,
            }
            if row is not None:
                self._of_rows[id(row)] = (row, words)
        outcome = {name: as_json(value) for name, value in decision.outcome.items() if name != "result"}
        return {
            "result": as_json(decision.result),
            "title": _title(table, decision.result),
            "reason": decision.reason,
            **words,
            "missing": [_question(table, name) for name in decision.missing],
            "bring_by": outcome.get(self.policy.settings.outcomes.bring_by),
            "outcome": outcome,
            "memory": {name: as_json(value) for name, value in (memory or {}).items()},
            "pack": table.pack,
            "table": table.id,
            "version": table.version,
            "on": decision.on.isoformat(),
        }

    def known(self, known: Known, on: date) -> Json:
        """Decide by what is known, and give the decision with its reasons."""
        return self.decision("visit", self.policy.visit(on, known.facts), known.memory)

    def visit(self, recorded: Recorded) -> Json:
        """Give a visit as it stands."""
        return self.of(recorded.history, recorded.visit, recorded.known, recorded.decision)

    def of(self, history: History, visit: Visit, known: Known | None, decision: Decision | None = None) -> Json:
        """Give a visit as it stands, with the answer that was recorded last.

        Args:
            history: what it was read from.
            visit: the visit.
            known: what it is decided with; None where facts were erased.
            decision: its decision, where it was just made.
        """
        on = visit.on(history.zone)
        return {
            "visit": visit.id,
            "person": visit.person,
            "institution": visit.institution,
            "on": on.isoformat(),
            "at": visit.at,
            "ruling": self._recorded(history, visit, known, on, decision),
            "state": state_of(self.policy, visit),
            "lookup_pending": lookup_pending(self.policy, history, visit),
            "lookup_by": visit.lookup_by,
            "total_charge": visit.total,
            "insurer_share": visit.share,
            "refund": self._refund(visit),
            "redecided": visit.redecided,
        }

    def shown(self, recorded: Recorded, shown: Presented) -> Json:
        """Give what came of showing identity after a visit."""
        facts = recorded.history.shown_facts(shown)
        if facts is None:
            raise ErasedError("what was shown was erased")
        return {
            "document": self.decision("document", self.policy.document(shown.on, facts)),
            "refund": self.ruling("refund", shown.ruling, shown.on),
            "visit": self.visit(recorded),
        }

    def ruling(self, role: Role, ruling: Ruling, on: date) -> Json:
        """Give an answer as it was recorded, with the words of its row in the pack of today."""
        table = self.policy.tables[role].table
        row = _row(table, ruling.reason)
        return {
            "result": ruling.result,
            "title": _title(table, ruling.result),
            "reason": ruling.reason or None,
            "because": dict(row.because) if row else None,
            "citations": [_model(one) for one in row.cite] if row else [],
            "statements": [_model(one) for one in row.statements] if row else [],
            "kind": ruling.certainty,
            "missing": [_question(table, name) for name in ruling.missing],
            "bring_by": ruling.outcome.get(self.policy.settings.outcomes.bring_by),
            "outcome": dict(ruling.outcome),
            "memory": {},
            "pack": table.pack,
            "table": table.id,
            "version": ruling.version,
            "on": on.isoformat(),
        }

    def desk(self) -> Json:
        """Give what a desk page is made from: tables, questions, the commonest cases, what to look at."""
        settings, tables = self.policy.settings, self.policy.tables
        described = tables["visit"].describe()
        codes = tables["visit"].table.all_inputs[settings.facts.means].type.codes
        return {
            "pack": self.policy.section.pack,
            "version": self.policy.section.version,
            "unofficial": self.policy.section.unofficial,
            "title": described["title"],
            "tables": dict(settings.tables),
            "inputs": described["inputs"],
            "from_records": [
                settings.facts.checked_before,
                settings.facts.last_check,
                settings.facts.stay,
                settings.facts.discharge,
                *settings.facts.kept,
            ],
            "refund_inputs": tables["refund"].describe()["inputs"],
            "document_inputs": tables["document"].describe()["inputs"],
            "cases": [
                {"id": one.id, "key": one.key, "title": dict(one.title), "facts": dict(one.facts)}
                for one in settings.cases
            ],
            "documents": [
                {
                    "code": code,
                    "title": dict(title),
                    "look_at": [dict(settings.looks[name]) for name in settings.look_at.get(code, ())],
                }
                for code, title in codes.items()
            ],
            "languages": list(SPOKEN),
        }

    def timeline(self, history: History, visit: Visit) -> list[Json]:
        """Give what was recorded of a visit, in order, without what is personal save why it was corrected."""
        found = []
        for entry in history.entries:
            body = msgspec.json.decode(entry.body)
            if body.get("visit") == visit.id:
                found.append(
                    {
                        "position": entry.position,
                        "kind": entry.kind,
                        "at": entry.effective_at,
                        "recorded_at": entry.recorded_at or None,
                        "hash": entry.hash.hex() or None,
                        "key": body.get("key"),
                        "result": body.get("result") or body.get("answer"),
                        "reason": body.get("reason"),
                        "before": body.get("before"),
                        "why": _why(history, entry),
                    }
                )
        return found

    def _recorded(
        self, history: History, visit: Visit, known: Known | None, on: date, decision: Decision | None
    ) -> Json:
        if known is not None:
            decision = decision or self.policy.visit(on, known.facts)
            if (str(decision.result), self.policy.section.version) == (visit.ruling.result, visit.ruling.version):
                return self.decision("visit", decision, known.memory)
        # Facts were erased, or the pack has changed since: what was recorded stands.
        reason = history.reason(visit) or ""
        return self.ruling("visit", Ruling(**{**vars(visit.ruling), "reason": reason}), on)

    def _refund(self, visit: Visit) -> Json | None:
        if not visit.presented:
            return None
        ruling = visit.shown[-1].ruling
        return {
            **ruling.outcome,
            "result": ruling.result,
            "reason": ruling.reason,
            "amount": refund_of(self.policy, visit),
        }


def _why(history: History, entry: Entry) -> str | None:
    """Give why a correction was made; None for other entries, and where it was erased."""
    part = history.part(entry.idempotency_key) if entry.kind == "visit-corrected" else None
    return None if part is None else part.get("why")


def _title(table: Table, result: Any) -> dict[str, str]:
    if isinstance(result, str):
        words = table.outcomes["result"].type.codes.get(result)
        return {str(language): text for language, text in (words or _UNDETERMINED).items()}
    return dict(_UNDETERMINED) if result == UNDETERMINED else {}


def _question(table: Table, name: str) -> Json:
    return {"name": name, "question": dict(table.all_inputs[name].question)}


def _row(table: Table, reason: str) -> Row | None:
    return next((row for row in table.rows if row.id == reason), None)


def _model(model: Any) -> Json:
    plain: Json = model.model_dump(mode="json", exclude_none=True)
    return plain
