"""The live side: a ledger that is open, its keys, and the routes of the services on it.

A service is mounted by a function in `SERVICES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from donghaeng.access.ring import KeyRing
from donghaeng.api.app import PREFIX
from donghaeng.api.ledger import make_ledger_router
from donghaeng.errors import UsageError, listed
from donghaeng.identifiers import refuse_identifiers
from donghaeng.ledger.ledger import Ledger
from donghaeng.ledger.open import open_persons, open_store
from donghaeng.ledger.own_kinds import is_simulated
from donghaeng.ledger.persons import Persons
from donghaeng.services.registry import TABLE_SETS, all_kinds

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from fastapi import APIRouter

    from donghaeng.catalogue.pack import Pack


@dataclass(frozen=True)
class Live:
    """What services run on.

    Attributes:
        ledger: entries, their kinds and persons.
        keys: the keys of callers.
        chance: gives so many random bytes, fit for keys.
        day_files: folder of the taps of gates, which are too many for the ledger itself; None where none are taken.
        gate_key: signs what gates believe; None where that is done elsewhere.
    """

    ledger: Ledger
    keys: KeyRing
    chance: Callable[[int], bytes]
    day_files: Path | None = None
    gate_key: Ed25519PrivateKey | None = None

    def close(self) -> None:
        """Close the stores; what is being committed is committed first."""
        self.ledger.close()


#: Number by which gates know the key of `Live.gate_key`.
FIRST_KEY = 1

#: Makes the routes of a service; it imports the service inside, so that others do not wait for it.
Mount = Callable[[Live, Sequence["Pack"]], "list[APIRouter]"]


def _of_the_ledger(live: Live, packs: Sequence[Pack]) -> list[APIRouter]:  # noqa: ARG001, each takes both
    return [make_ledger_router(PREFIX, live.ledger, live.chance)]


def _of_identity(live: Live, packs: Sequence[Pack]) -> list[APIRouter]:
    from concurrent.futures import ThreadPoolExecutor

    from donghaeng.api.desk.mount import desk_routers
    from donghaeng.api.identity import MOST_LOOKUPS, make_identity_router
    from donghaeng.services.identity.policy import Policy
    from donghaeng.services.identity.service import IdentityService

    pack = _only([pack for pack in packs if pack.identity is not None and pack.rules is not None], "an identity check")
    if pack is None:
        return []
    assert pack.identity is not None  # noqa: S101, looked at above
    assert pack.rules is not None  # noqa: S101, looked at above
    policy = Policy.of(pack.identity, pack.rules)
    # No interface to an insurer's system is known: desks tell what the lookup said, and visits wait for it otherwise.
    threads = ThreadPoolExecutor(MOST_LOOKUPS, "eligibility")
    service = IdentityService(policy, live.ledger, live.chance, threads)
    return [make_identity_router(service, PREFIX), *desk_routers(live.ledger, pack, PREFIX)]


def _of_passes(live: Live, packs: Sequence[Pack]) -> list[APIRouter]:
    from donghaeng.api.counter.mount import counter_routers
    from donghaeng.api.pass_money import MoneyDesk, make_money_router
    from donghaeng.api.passes import make_router
    from donghaeng.api.taps import GateDesk, make_tap_router
    from donghaeng.services.passes.day_files import DayFiles
    from donghaeng.services.passes.rollout import GateLists, Signer
    from donghaeng.services.passes.service import PassService

    pack = _only([pack for pack in packs if pack.passes is not None], "passes")
    if pack is None:
        return []
    service = PassService(pack.passes_section(), live.ledger, live.ledger.clock, live.chance)
    signer = Signer(FIRST_KEY, live.gate_key) if live.gate_key is not None else None
    routers = [make_router(service, PREFIX, signer), *counter_routers(service, pack, PREFIX)]
    if live.day_files is not None:
        files = DayFiles(live.day_files, live.ledger.store, service.section.days)
        lists = GateLists(service, live.day_files / "lists", signer) if signer is not None else None
        routers.append(make_tap_router(GateDesk(service, files, lists=lists), PREFIX))
        if pack.passes_section().model.fares is not None:
            routers.append(make_money_router(MoneyDesk(service, files), PREFIX))
    return routers


def _only(packs: Sequence[Pack], what: str) -> Pack | None:
    """Give the pack of a service; of several, the one that is not invented.

    Raises:
        UsageError: several packs have it.
    """
    found = [pack for pack in packs if pack.manifest.status != "invented"] if len(packs) > 1 else packs
    if len(found) > 1:
        raise UsageError(f"two of the packs have {what}: {listed([pack.id for pack in found])}; serve one of them")
    return found[0] if found else None


#: The services, in the order of their routes.
SERVICES: tuple[Mount, ...] = (_of_the_ledger, _of_identity, _of_passes)


def open_live(
    url: str,
    master_key: bytes,
    *,
    clock: Callable[[], datetime],
    chance: Callable[[int], bytes],
    timer: Callable[[], float],
    day_files: Path | None = None,
    gate_key: Ed25519PrivateKey | None = None,
) -> Live:
    """Open a ledger with its persons and keys; tables are made if needed, and old ones brought up to date.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql://…``.
        master_key: opens what leads to persons; 32 bytes.
        clock: gives the time now, with zone.
        chance: gives so many random bytes, fit for keys.
        timer: gives seconds that never go back.
        day_files: see `Live`.
        gate_key: see `Live`.

    Raises:
        UsageError: the address is of no store, or of a simulation, which real entries must not join.
        LedgerError: it cannot be reached, or holds something else; or the master key has another length.
    """
    store = open_store(url, create=True, more=TABLE_SETS)
    if is_simulated(store):
        store.close()
        raise UsageError("this ledger is made up by `donghaeng simulate`; real entries need a ledger of their own")
    try:
        persons = Persons(open_persons(url, create=True), master_key, chance, clock)
    except BaseException:
        store.close()
        raise
    ledger = Ledger(store, all_kinds(), clock, persons=persons, check=refuse_identifiers)
    return Live(ledger, KeyRing(ledger, chance, timer), chance, day_files, gate_key)


def live_routers(live: Live, packs: Sequence[Pack]) -> list[APIRouter]:
    """Make the routes of all services, for `donghaeng.api.app.create_app`.

    Args:
        live: what they run on.
        packs: the packs that are served; a service takes its tables and settings from those that have them.
    """
    return [router for mount in SERVICES for router in mount(live, packs)]
