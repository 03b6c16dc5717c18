"""What entries come to in the tables of the identity check.

The same function writes them in the transaction of an entry and when they are made anew, so that the tables never say
what the entries do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import TextClause, bindparam, delete, text

from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.statement import Statement, Transaction
from donghaeng.services.identity.deciding import checks_of
from donghaeng.services.identity.history import History, Visit, streams_of
from donghaeng.services.identity.policy import Policy
from donghaeng.services.identity.schema import TABLES, checks, deadlines, visits


def _upsert(name: str, key: str, columns: Iterable[str]) -> Statement:
    names = list(columns)
    places = ", ".join(f":{column}" for column in names)
    # Both stores know ON CONFLICT; Core has it only for one or the other.
    then = ", ".join(f"{column} = excluded.{column}" for column in names if column not in key.split(", "))
    what = f"DO UPDATE SET {then}" if then else "DO NOTHING"
    clause: TextClause = text(
        f"INSERT INTO {name} ({', '.join(names)}) VALUES ({places}) ON CONFLICT ({key}) {what}"  # noqa: S608, constants
    )
    return Statement(clause)


_PUT_VISIT = _upsert("identity_visits", "visit", (column.name for column in visits.columns))
_PUT_CHECK = _upsert("identity_checks", "visit, day", (column.name for column in checks.columns))
_PUT_DEADLINE = _upsert("identity_deadlines", "visit", (column.name for column in deadlines.columns))
_DROP_CHECKS = Statement(delete(checks).where(checks.c.visit == bindparam("visit")))
_DROP_DEADLINE = Statement(delete(deadlines).where(deadlines.c.visit == bindparam("visit")))
_CLEAR = tuple(Statement(delete(table)) for table in TABLES)

OPEN, SETTLED, UNDETERMINED, REVIEW = "open", "settled", "undetermined", "review"


def state_of(policy: Policy, visit: Visit) -> str:
    """Say how a visit stands.

    Returns:
        ``open`` while a document may be brought, ``undetermined``, ``review`` where it was to be paid in full and later
        got another answer, of which no table says what is paid back, or ``settled``.
    """
    results = policy.settings.results
    if visit.ruling.result == UNDETERMINED:
        return UNDETERMINED
    if any(one.ruling.result in (*results.refunded, *results.closed) for one in visit.presented):
        return SETTLED
    if visit.ruling.result in results.open:
        return OPEN
    was_paid = visit.first_result in results.open and visit.total is not None
    return REVIEW if was_paid and visit.ruling.result in results.free else SETTLED


def refund_of(policy: Policy, visit: Visit) -> int | None:
    """Give what is paid back for a visit, None while that is not known."""
    ended = (*policy.settings.results.refunded, *policy.settings.results.closed)
    amounts = [policy.amount(one.ruling.outcome) for one in visit.shown if one.ruling.result in ended]
    return next((one for one in reversed(amounts) if one is not None), None)


def lookup_pending(policy: Policy, history: History, visit: Visit) -> bool:
    """Say whether the eligibility is still to be looked up."""
    answer = history.clear_fact(visit, policy.settings.facts.lookup)
    return answer is None or answer == policy.settings.lookup.no_answer


def bring_by_of(policy: Policy, visit: Visit) -> str | None:
    """Give the last day on which a document can be brought, None where the answer has none."""
    value = visit.ruling.outcome.get(policy.settings.outcomes.bring_by)
    return str(value) if value is not None else None


def project(transaction: Transaction, policy: Policy, history: History, ids: Iterable[str], *, new: bool) -> None:
    """Write visits as they stand.

    Args:
        transaction: where.
        policy: what results mean.
        history: the visits.
        ids: which of them.
        new: whether they are written for the first time.
    """
    for visit in (history.visits[one] for one in ids):
        ours = {"visit": visit.id, "institution": visit.institution}
        state = state_of(policy, visit)
        transaction.execute(
            _PUT_VISIT,
            {
                **ours,
                "person": visit.person,
                "on_day": visit.on(history.zone).isoformat(),
                "at": visit.at,
                "result": visit.ruling.result,
                "reason": None if visit.ruling.personal else visit.ruling.reason,
                "state": state,
                "lookup_pending": int(lookup_pending(policy, history, visit)),
                "refund": refund_of(policy, visit),
                "redecided": visit.redecided,
            },
        )
        if not new:
            transaction.execute(_DROP_CHECKS, {"visit": visit.id})
            transaction.execute(_DROP_DEADLINE, {"visit": visit.id})
        for _, day in checks_of(policy, history, visit):
            transaction.execute(_PUT_CHECK, {**ours, "day": day, "person": visit.person})
        bring_by = bring_by_of(policy, visit)
        if state == OPEN and bring_by is not None:
            transaction.execute(_PUT_DEADLINE, {**ours, "bring_by": bring_by})


def rebuild(ledger: Ledger, policy: Policy, prefix: str, read: Callable[[str], History]) -> int:
    """Make the tables anew from the entries; nobody may record meanwhile.

    Args:
        ledger: the entries.
        policy: what results mean.
        prefix: what the names of the streams begin with.
        read: gives the history of a stream.

    Returns:
        How many visits there are.
    """
    histories = (read(stream) for stream in streams_of(ledger.entries(), prefix))

    def write(transaction: Transaction) -> int:
        for clear in _CLEAR:
            transaction.execute(clear)
        number = 0
        for history in histories:
            project(transaction, policy, history, history.visits, new=True)
            number += len(history.visits)
        return number

    return ledger.store.write(write, alone=True)
