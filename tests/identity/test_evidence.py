"""The evidence of a visit can be checked by who trusts nobody but the seal that they hold."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from donghaeng.ledger.canonical import moment
from donghaeng.ledger.entry import Entry
from donghaeng.ledger.seals import read_proof, seal
from donghaeng.services.identity.evidence import evidence
from donghaeng.services.identity.service import IdentityService
from donghaeng.services.identity.views import Views
from tests.identity.desks import CARD, CLINIC, NO_ID, came, pack, policy

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def given(service: IdentityService, visit: str, *, personal: bool = True) -> Any:
    return json.loads(json.dumps(evidence(service, Views(policy()), CLINIC, visit, personal=personal)))


def test_it_has_the_rule_of_that_day_who_checked_what_and_the_entries(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", CARD)
    found = given(service, recorded.visit.id)
    decided = [rule for rule in found["rules"] if rule["decided"]]
    assert [rule["row"] for rule in decided] == ["card_verified"]
    row = next(row for row in pack().table("identity").table.rows if row.id == "card_verified")
    assert decided[0]["when"] == row.when
    assert {cite["source"] for cite in decided[0]["citations"]} == {cite.source for cite in row.cite}
    assert all(rule["in_force"] for rule in found["rules"])
    assert found["checked_by"] == ["desk-1"]
    assert found["facts"]["identity_means"] == "resident_card"
    for shown in found["entries"]:
        hashes = {name: bytes.fromhex(shown[name]) for name in ("previous_hash", "hash")}
        entry = Entry(**shown | hashes)
        assert entry.recomputed_hash() == entry.hash
    assert "card_verified" in found["text"]
    assert "Sealed: 0 of 2" in found["text"]


def test_its_proofs_hold_under_a_seal_that_was_held_outside(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", NO_ID)
    held = seal(service.ledger.store, KEY, moment(service.ledger.clock()))
    came(service, "2", "2026-05-10", CARD)  # changes the answer, and is not sealed
    found = given(service, recorded.visit.id)
    proofs = [read_proof(json.dumps(one), "evidence") for one in found["proofs"]]
    assert len(proofs) == 2
    assert all(proof.holds(held) for proof in proofs)
    assert len(found["unsealed"]) == 1
    assert found["ruling"]["reason"] == "checked_within_six_months"
    assert [one["kind"] for one in found["entries"]] == ["personal-part", "visit-recorded", "visit-redecided"]


def test_without_the_right_to_personal_facts_neither_facts_nor_the_reason_are_shown(service: IdentityService) -> None:
    recorded = came(service, "1", "2026-05-20", {**NO_ID, "patient_status": ["long_term_care"]})
    assert given(service, recorded.visit.id)["ruling"]["reason"] == "long_term_care"
    found = given(service, recorded.visit.id, personal=False)
    assert found["facts"] is None
    assert found["ruling"]["reason"] is None
    assert "long_term_care" not in json.dumps(found)


def test_the_rules_are_those_of_the_day_of_the_visit(service: IdentityService) -> None:
    before = came(service, "1", "2024-05-19", NO_ID)
    found = given(service, before.visit.id)
    assert found["on"] == date(2024, 5, 19).isoformat()
    assert [rule["row"] for rule in found["rules"] if rule["decided"]] == ["duty_not_in_force"]
    assert "card_verified" not in [rule["row"] for rule in found["rules"]]
