"""What is still open at an institution: documents to be brought, lookups to be made, visits to be looked at by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import bindparam, select

from donghaeng.ledger.statement import Statement
from donghaeng.ledger.store import Store
from donghaeng.services.identity.projection import REVIEW
from donghaeng.services.identity.schema import deadlines, visits

MOST_LISTED = 1_000

_DEADLINES = Statement(
    select(deadlines.c.visit, visits.c.on_day, deadlines.c.bring_by)
    .join_from(deadlines, visits, visits.c.visit == deadlines.c.visit)
    .where(deadlines.c.institution == bindparam("institution"))
    .order_by(deadlines.c.bring_by, deadlines.c.visit)
    .limit(MOST_LISTED)
)
_LOOKUPS = Statement(
    select(visits.c.visit, visits.c.on_day)
    .where(visits.c.institution == bindparam("institution"), visits.c.lookup_pending == 1)
    .order_by(visits.c.on_day, visits.c.visit)
    .limit(MOST_LISTED)
)
_REVIEW = Statement(
    select(visits.c.visit, visits.c.on_day, visits.c.result)
    .where(visits.c.institution == bindparam("institution"), visits.c.state == REVIEW)
    .order_by(visits.c.on_day, visits.c.visit)
    .limit(MOST_LISTED)
)


def open_visits(store: Store, institution: str, today: date) -> dict[str, list[dict[str, Any]]]:
    """List what is open, the oldest first, each list up to `MOST_LISTED`.

    Args:
        store: where the tables are.
        institution: whose visits.
        today: deadlines before this day are marked as over.
    """
    ours = {"institution": institution}
    return {
        "deadlines": [
            {"visit": visit, "on": on, "bring_by": by, "over": by < today.isoformat()}
            for visit, on, by in store.query(_DEADLINES, ours)
        ],
        "lookups": [{"visit": visit, "on": on} for visit, on in store.query(_LOOKUPS, ours)],
        "review": [{"visit": visit, "on": on, "result": result} for visit, on, result in store.query(_REVIEW, ours)],
    }
