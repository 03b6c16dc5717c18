"""What the tests of the identity check start from: the shipped pack, its service on a ledger, a clinic's desk."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import lru_cache
from typing import Any

from donghaeng import load
from donghaeng.catalogue.pack import Pack
from donghaeng.errors import Faults
from donghaeng.identifiers import refuse_identifiers
from donghaeng.ledger.kinds import Kinds
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.open import open_persons, open_store
from donghaeng.ledger.own_kinds import OWN_KINDS
from donghaeng.ledger.persons import Persons
from donghaeng.services.identity.kinds import KINDS
from donghaeng.services.identity.lookup import EligibilityLookup
from donghaeng.services.identity.policy import Policy
from donghaeng.services.identity.recording import Recorded, record_visit
from donghaeng.services.identity.schema import TABLE_SET
from donghaeng.services.identity.section import read_identity
from donghaeng.services.identity.service import IdentityService, Patient, Who
from tests.ledger.ledgers import MASTER_KEY, Clock, bytes_in_a_row

PACK = "kr/nhi-id-check"
CLINIC = Who("clinic-a", "desk-1")
OTHER = Who("clinic-b", "desk-9")
THREADS = ThreadPoolExecutor(2)

#: Facts of a covered visit for which nothing was shown, as far as they are not in the records.
NO_ID: dict[str, Any] = {
    "payer": "nhi",
    "service_covered": True,
    "eligibility_lookup": "eligible",
    "birth_date": "1985-03-14",
    "identity_means": "none",
    "emergency": False,
    "facility": "clinic",
    "on_prescription": False,
    "referral_or_return": False,
    "patient_status": [],
}
#: The same with a resident card.
CARD: dict[str, Any] = {
    "payer": "nhi",
    "service_covered": True,
    "eligibility_lookup": "eligible",
    "birth_date": "1985-03-14",
    "identity_means": "resident_card",
    "medium": "original",
    "validity_date_printed": False,
}
#: What is shown later.
SHOWN: dict[str, Any] = {"identity_means": "resident_card", "medium": "original", "validity_date_printed": False}


@lru_cache
def pack() -> Pack:
    return load(PACK)


@lru_cache
def policy() -> Policy:
    found, faults = pack(), Faults()
    assert found.rules is not None
    section = read_identity(
        found.folder,
        PACK,
        pack=found.id,
        version=found.version,
        languages=tuple(found.manifest.languages),
        unofficial=found.manifest.status != "official",
        rules=found.rules,
        faults=faults,
    )
    faults.raise_errors()
    assert section is not None
    return Policy.of(section, found.rules)


def opened(
    url: str,
    lookup: EligibilityLookup | None = None,
    clock: Clock | None = None,
    chance: Callable[[int], bytes] | None = None,
) -> IdentityService:
    """Open a ledger with the service on it; tables are made if needed."""
    clock, chance = clock or Clock(), chance or bytes_in_a_row()
    store = open_store(url, create=True, more=(TABLE_SET,))
    persons = Persons(open_persons(url, create=True), MASTER_KEY, chance, clock)
    ledger = Ledger(store, Kinds((*OWN_KINDS, *KINDS)), clock, persons=persons, check=refuse_identifiers)
    return IdentityService(policy(), ledger, chance, THREADS, lookup)


def at(day: str, hour: int = 10, minute: int = 0) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02}:{minute:02}:00+09:00")


def came(service: IdentityService, key: str, day: str, facts: dict[str, Any], **more: Any) -> Recorded:
    """Record a visit of one patient to the clinic."""
    who, chart = more.pop("who", CLINIC), more.pop("chart", "A-1")
    hour, patient = more.pop("hour", 10), more.pop("patient", Patient(chart))
    return record_visit(service, who, key, patient, at=at(day, hour), facts=facts, complete=True, **more)
