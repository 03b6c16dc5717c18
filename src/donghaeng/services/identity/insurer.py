"""What the insurer may ask and record: fines, what follows a breach, and recovery. No desk reaches this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import msgspec

from donghaeng.ledger.entry import Entry, NewEntry
from donghaeng.ledger.faults import KeyReusedError
from donghaeng.ledger.store import BY_KEY
from donghaeng.rules.decision import Decision
from donghaeng.services.identity.recording import MOST_MONEY, plain_facts
from donghaeng.services.identity.refusal import IdentityRefusedError
from donghaeng.services.identity.service import IdentityService, Who, ledger_key

#: What the names of the streams of institutions begin with.
PREFIX = "institution/"
Json = dict[str, Any]


@dataclass(frozen=True)
class Fine:
    """The fine for a breach, and what is known of how breaches are counted.

    Attributes:
        decision: what the table says; undetermined where it is not known how many earlier breaches count.
        counting: the dated value that says in what period breaches are counted: value, kind, statements and note.
    """

    decision: Decision
    counting: Json


def fine(service: IdentityService, on: date, facts: Mapping[str, Any]) -> Fine:
    """Say what the fine for a breach is.

    Args:
        service: the service.
        on: day of the breach.
        facts: by the inputs of the table of fines. How many earlier breaches count is never filled in from the records:
            the period in which they are counted has to be known for that.

    Raises:
        InputError: facts that the table does not take.
    """
    table = service.policy.tables["fine"]
    decision: Decision = table.decide(on, **table.facts_from_json(facts))
    return Fine(decision, _counting(service, on))


def consequences(service: IdentityService, on: date, facts: Mapping[str, Any]) -> Decision:
    """Say what follows a breach, and for whom.

    Raises:
        InputError: facts that the table does not take.
    """
    table = service.policy.tables["consequences"]
    decision: Decision = table.decide(on, **table.facts_from_json(facts))
    return decision


def record_breach(
    service: IdentityService,
    who: Who,
    key: str,
    institution: str,
    *,
    at: datetime,
    on: date,
    facts: Mapping[str, Any],
) -> tuple[str, Fine]:
    """Record that an institution gave benefits without the check, with the fine that follows.

    Args:
        service: the service.
        who: the insurer.
        key: names the request.
        institution: which institution.
        at: when it was found.
        on: day of the breach.
        facts: by the inputs of the table of fines.

    Returns:
        Its id, and the fine.

    Raises:
        InputError: facts that the table does not take.
        ConflictError: the key stands for another request.
    """
    plain = plain_facts(service.policy.tables["fine"], facts)
    found = fine(service, on, plain)
    ruling = service.policy.ruling(found.decision)
    body = {
        **ruling.clear(),
        "institution": institution,
        "on": on,
        "facts": plain,
        "amount": service.policy.amount(ruling.outcome),
        "key": who.key,
    }
    return _recorded(service, who, key, f"{PREFIX}{institution}", "breach-recorded", "breach", body, at), found


def record_recovery(
    service: IdentityService,
    who: Who,
    key: str,
    institution: str,
    *,
    at: datetime,
    amount: int,
    liable: Sequence[str],
) -> str:
    """Record that a benefit is to be paid back; gives the id of the order.

    Args:
        service: the service.
        who: the insurer.
        key: names the request.
        institution: where the benefit was given.
        at: when it was ordered.
        amount: in whole units.
        liable: who is to pay, by codes of the table of consequences.

    Raises:
        IdentityRefusedError: an unknown code, or an impossible amount.
        ConflictError: the key stands for another request.
    """
    if not 0 <= amount <= MOST_MONEY:
        raise IdentityRefusedError("amount", "an amount is a whole number of 0 or more", 422)
    roles = service.policy.tables["consequences"].table.all_inputs
    known = {code for one in roles.values() if one.type.kind == "code" for code in one.type.codes}
    if not liable or not known.issuperset(liable):
        raise IdentityRefusedError("liable", "name who is to pay by codes of the table of consequences", 422)
    body = {"institution": institution, "amount": amount, "liable": tuple(sorted(set(liable))), "key": who.key}
    return _recorded(service, who, key, f"{PREFIX}{institution}", "recovery-recorded", "recovery", body, at)


def _recorded(
    service: IdentityService,
    who: Who,
    key: str,
    stream: str,
    kind: str,
    id_name: str,
    body: Mapping[str, Any],
    at: datetime,
) -> str:
    """Record an entry with an id of its own; the same request made again gives the same id."""
    name = ledger_key(service, who, key)
    known = _by_key(service, name)
    if known is None:
        made = {**body, id_name: service.new_id()}
        entry = NewEntry(stream=stream, kind=kind, body=made, effective_at=at, idempotency_key=name)
        try:
            service.ledger.append(entry)
        except KeyReusedError:
            known = _by_key(service, name)
            if known is None:
                raise
        else:
            return cast("str", made[id_name])
    before = msgspec.json.decode(known.body)
    asked = msgspec.json.decode(msgspec.json.encode(body))
    # The version of the pack may have changed between a request and its repetition.
    same = {part: before.get(part) for part in asked if part != "version"} == {
        part: value for part, value in asked.items() if part != "version"
    }
    if known.kind != kind or known.stream != stream or not same or known.effective_at != at.isoformat():
        raise KeyReusedError(key)
    return cast("str", before[id_name])


def _by_key(service: IdentityService, name: str) -> Entry | None:
    return next(map(Entry._make, list(service.ledger.store.query(BY_KEY, {"idempotency_key": name}))), None)


def _counting(service: IdentityService, on: date) -> Json:
    value = service.policy.values[service.policy.settings.counting].at(on)
    if value is None:
        return {"value": None, "kind": "unknown", "statements": [], "note": None}
    return {
        "value": value.value,
        "kind": value.kind,
        "statements": [one.model_dump(mode="json", exclude_none=True) for one in value.statements],
        "note": dict(value.note) if value.note else None,
    }
