"""The evidence of one visit: what was decided, by which rule of that day, who checked what, and how to check it."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from donghaeng.ledger.entry import Entry
from donghaeng.ledger.faults import RefusedError
from donghaeng.ledger.seals import InclusionProof, prove_inclusion
from donghaeng.rules.decision import Explained
from donghaeng.services.identity.deciding import known_of
from donghaeng.services.identity.history import History, Visit
from donghaeng.services.identity.kinds import PERSONAL_PART
from donghaeng.services.identity.recording import Recorded
from donghaeng.services.identity.service import IdentityService, Who
from donghaeng.services.identity.views import Views

FORMAT = "donghaeng evidence of a visit 1"
Json = dict[str, Any]

HOW_TO_CHECK = (
    "1. Recompute the hash of each entry from its fields: docs/ledger.md of Donghaeng says over what.",
    "2. Each entry has in previous_hash the hash of the entry before it in its stream.",
    "3. Each proof is for `donghaeng ledger check-proof`: take the seal and the key that you hold, not copies from "
    "whoever gave you this file.",
    "4. Entries without a proof were recorded after the last seal; a later seal covers them.",
    "5. Decide the facts again by the rules below, or by the pack of the version named: the answer must be the same.",
)


def evidence(service: IdentityService, views: Views, who: Who, visit: str, *, personal: bool) -> Json:
    """Put together the evidence of a visit.

    Args:
        service: the service.
        views: writes answers.
        who: who asks; the visit must be theirs.
        visit: id of the visit.
        personal: whether facts about the person are shown; without them the reason is left out where it rests on one.

    Raises:
        IdentityRefusedError: the visit is not the institution's.
    """
    history = service.of_visit(who.institution, visit)
    return evidence_of(service, views, history, history.visits[visit], personal=personal)


def evidence_of(service: IdentityService, views: Views, history: History, visit: Visit, *, personal: bool) -> Json:
    """Put together the evidence of a visit from its history; see `evidence`."""
    own = _entries_of(history, visit)
    on = visit.on(history.zone)
    known = known_of(service.policy, history, visit) if personal else None
    shown = views.of(history, visit, known)
    if not personal and visit.ruling.personal:
        shown["ruling"] |= {"reason": None, "because": None, "citations": [], "statements": []}
    proofs = [_proof(service, entry) for entry in own]
    unsealed = [entry.position for entry, proof in zip(own, proofs, strict=True) if proof is None]
    found: Json = {
        "format": FORMAT,
        "unofficial": service.policy.section.unofficial,
        "pack": {"id": service.policy.section.pack, "version": service.policy.section.version},
        **shown,
        "facts": None if known is None else {name: _plain(value) for name, value in known.facts.items()},
        "checked_by": sorted({key for entry in own if (key := _body(entry).get("key"))}),
        "rules": _rules(service, on, visit, known.facts if known else None, shown["ruling"]["reason"]),
        "entries": [_shown(entry) for entry in own],
        "proofs": [msgspec.json.decode(proof.text()) for proof in proofs if proof is not None],
        "unsealed": unsealed,
        "how_to_check": list(HOW_TO_CHECK),
    }
    return {**found, "text": _text(found)}


def recorded_visit(service: IdentityService, who: Who, visit: str) -> Recorded:
    """Give a visit of an institution as it stands.

    Raises:
        IdentityRefusedError: the visit is not there, or not the institution's.
    """
    history = service.of_visit(who.institution, visit)
    found = history.visits[visit]
    return Recorded(history, found, known_of(service.policy, history, found))


def _entries_of(history: History, visit: Visit) -> list[Entry]:
    """Give the entries of a visit, each with its personal part before it."""
    own: list[Entry] = []
    part: Entry | None = None
    for entry in history.entries:
        if entry.kind == PERSONAL_PART:
            part = entry
            continue
        if _body(entry).get("visit") == visit.id:
            own += [part, entry] if part is not None else [entry]
        part = None
    return own


def _body(entry: Entry) -> Any:
    return msgspec.json.decode(entry.body)


def _shown(entry: Entry) -> Json:
    return entry.shown()


def _proof(service: IdentityService, entry: Entry) -> InclusionProof | None:
    try:
        return prove_inclusion(service.ledger.store, entry.stream, entry.position)
    except RefusedError:
        return None  # not sealed yet


def _rules(service: IdentityService, on: date, visit: Visit, facts: Any, reason: str | None) -> list[Json]:
    """Give the rules of the day that decided, and those read before them, as they were written."""
    policy = service.policy
    if facts is not None and visit.ruling.version == policy.section.version:
        decision = policy.visit(on, facts)
        return [_rule(one, decision.rows) for one in decision.explain() if one.in_force is not None]
    table = policy.tables["visit"].table
    return [
        {"row": row.id, "when": row.when, "because": dict(row.because), "decided": True}
        for row in table.rows
        if row.id == reason
    ]


def _rule(one: Explained, decided: tuple[str, ...]) -> Json:
    plain = one.as_json()
    # What the row read of the case stands once, under facts.
    return {**{name: value for name, value in plain.items() if name != "facts"}, "decided": one.row.id in decided}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _text(found: Json) -> str:
    """Write the evidence for people to read."""
    ruling = found["ruling"]
    lines = [
        f"Visit {found['visit']} at {found['institution']} on {found['on']}",
        f"Answer: {ruling['result']} ({ruling['reason'] or 'reason kept encrypted'}), {ruling['kind']}",
    ]
    lines += [f"  {language}: {text}" for language, text in (ruling["because"] or {}).items()]
    lines += [f"Rules: {found['pack']['id']} {ruling['version']}, in force on {found['on']}"]
    for rule in found["rules"]:
        if rule["decided"]:
            lines += [f"  {rule['row']}: when {rule['when'] or 'always'}"]
            lines += [f"    {cite['source']} {cite.get('at', '')}".rstrip() for cite in rule.get("citations", ())]
    lines += [f"Checked by: {', '.join(found['checked_by'])}", "Entries:"]
    lines += [f"  {one['stream']} {one['position']} {one['kind']} {one['hash']}" for one in found["entries"]]
    sealed = len(found["entries"]) - len(found["unsealed"])
    lines += [f"Sealed: {sealed} of {len(found['entries'])}", "How to check:"]
    lines += [f"  {line}" for line in found["how_to_check"]]
    if found["unofficial"]:
        lines += ["Unofficial: the rules were compiled from public reports and are no legal advice."]
    return "\n".join(lines) + "\n"
