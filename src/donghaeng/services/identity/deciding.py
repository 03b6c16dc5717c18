"""Deciding a visit with what the institution's own records say, and deciding again what a late report changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from donghaeng.services.identity.history import History, Presented, Visit
from donghaeng.services.identity.policy import Policy, Ruling

Place = tuple[str, str]


@dataclass(frozen=True)
class Known:
    """What a visit is decided with.

    Attributes:
        facts: all facts, in the form of JSON.
        memory: those of them that come from the institution's own records.
    """

    facts: Mapping[str, Any]
    memory: Mapping[str, Any]


def known_facts(
    policy: Policy,
    history: History,
    own: Mapping[str, Any],
    *,
    place: Place,
    on: date,
    complete: bool,
) -> Known:
    """Put what was told of a visit beside what the records say of the time before it.

    The records win over what was told where they know something. Where they know of no check, the fact stays as it was
    told; it is a known absence only if the institution says that its records are complete.

    Args:
        policy: names of the facts.
        history: the records.
        own: what was told of the visit.
        place: where the visit stands among others: its moment and key.
        on: its day.
        complete: whether all earlier checks of the institution stand in the records.
    """
    names, codes = policy.settings.facts, policy.settings.stay
    memory: dict[str, Any] = {}
    day = _last_check(policy, history, place)
    if day is not None:
        told = own.get(names.last_check)
        memory[names.checked_before] = True
        # A check that stands in older books may be later than those recorded here, though not after the visit.
        memory[names.last_check] = max(day, told) if told and told <= on.isoformat() else day
    elif complete:
        memory[names.checked_before] = False
    stay = next((one for one in reversed(history.stays()) if one.day <= on), None)
    if stay is not None:
        memory[names.stay] = codes.now if stay.event == "admitted" else codes.discharged
        if stay.event != "admitted":
            memory[names.discharge] = stay.day.isoformat()
    elif complete and names.stay not in own:
        memory[names.stay] = codes.never
    for name in names.kept:
        if name not in own:
            value = _kept(history, name, place)
            if value is not None:
                memory[name] = value
    return Known({**own, **memory}, memory)


def _last_check(policy: Policy, history: History, place: Place) -> str | None:
    days = [
        day
        for visit in history.visits.values()
        for check, day in checks_of(policy, history, visit)
        if check < place and day <= _day_of(history, place)
    ]
    return max(days, default=None)


def _day_of(history: History, place: Place) -> str:
    return datetime.fromisoformat(place[0]).astimezone(history.zone).date().isoformat()


def checks_of(policy: Policy, history: History, visit: Visit) -> list[tuple[Place, str]]:
    """Give when identity and eligibility were checked at a visit and after it: the place of each check, and its day."""
    found = [(visit.place, visit.on(history.zone).isoformat())] if visit.ruling.checked else []
    if visit.presented:
        lookup = history.clear_fact(visit, policy.settings.facts.lookup)
        if lookup in policy.settings.lookup.eligible:
            found += [((one.at, one.key), one.on.isoformat()) for one in visit.presented if one.accepted]
    return found


def _kept(history: History, name: str, place: Place) -> Any:
    """Give a fact that does not change from the nearest visit before."""
    for visit in reversed(history.in_order()):
        if visit.place < place:
            facts = history.facts(visit)
            if facts and name in facts:
                return facts[name]
    return None


def known_of(policy: Policy, history: History, visit: Visit) -> Known | None:
    """Give what a recorded visit is decided with; None where facts of it were erased."""
    own = history.facts(visit)
    if own is None:
        return None
    on = visit.on(history.zone)
    return known_facts(policy, history, own, place=visit.place, on=on, complete=visit.complete)


def refund_facts(policy: Policy, history: History, visit: Visit, shown: Presented) -> dict[str, Any]:
    """Give the facts of the table of refunds for what was shown after a visit."""
    names = policy.settings.refund
    lookup = history.clear_fact(visit, policy.settings.facts.lookup)
    given = {
        names.visit_date: visit.on(history.zone).isoformat(),
        names.lookup: lookup,
        names.accepted: shown.accepted,
        names.receipt: shown.receipt,
        names.total: shown.total,
        names.share: shown.share,
    }
    return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True)
class Changed:
    """A visit that has another answer now; `shown` names what was shown where the refund has it."""

    visit: Visit
    before: Ruling
    after: Ruling
    shown: Presented | None = None


def decided_again(policy: Policy, history: History, since: Place | None = None) -> list[Changed]:
    """Decide every visit and refund again; give those with another answer than the one recorded last.

    `history` is not changed beyond whether visits were checks. Visits of which facts were erased keep their answer.

    Args:
        policy: the tables.
        history: what is recorded, with the report that came in.
        since: only visits that come after this place are decided again, since nothing else can have changed.
    """
    recorded = {visit.id: visit.ruling for visit in history.visits.values()}
    # Whether a visit was a check rests on its own facts only; so this comes first, and what rests on it after.
    for visit in history.visits.values():
        own = history.facts(visit) if since is None else None
        if own is not None:
            checked = policy.checks(visit.on(history.zone), own)
            visit.ruling = replace(visit.ruling, checked=checked)
    found: list[Changed] = []
    for visit in history.in_order():
        known = known_of(policy, history, visit) if since is None or visit.place > since else None
        if known is None:
            continue
        before = replace(recorded[visit.id], reason=history.reason(visit) or "")
        after = policy.rule_visit(visit.on(history.zone), known.facts)
        if not after.says_the_same(before):
            found.append(Changed(visit, before, after))
        for shown in visit.shown:
            refund = policy.ruling(policy.refund(shown.on, refund_facts(policy, history, visit, shown)))
            if not refund.says_the_same(shown.ruling):
                found.append(Changed(visit, shown.ruling, refund, shown))
    return found
