"""What goes wrong between gates, machines and payment providers: each fault over HTTP, with its stated answer."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from donghaeng.api.app import create_app
from donghaeng.api.limits import Limits
from donghaeng.api.passes import make_router
from donghaeng.api.taps import GateDesk, make_tap_router
from donghaeng.ledger.faults import UnavailableError
from donghaeng.services.passes import charging
from donghaeng.services.passes.cards import block_card, stop_medium
from donghaeng.services.passes.lists import ListError, take, write_whole
from donghaeng.services.passes.medium import seconds
from donghaeng.services.passes.rollout import GateLists, Signer
from tests.access.rings import Timer, bearer, opened
from tests.api.calling import Answer, call
from tests.ledger.ledgers import Clock
from tests.passes.counters import Counter, pack
from tests.passes.gates import KEY, KEYS, OTHER_KEY, RULES, a_list
from tests.passes.riding import DAY, WHO, Riding, at

SCOPES = ["passes:seller", "passes:gate", "passes:desk", "passes:operator"]
NEXT_YEAR = at("08:00") + timedelta(days=365)
PLACE = {"mode": "rail", "line": "line_2"}


class Api:
    """An app with all routes of passes, and one key for them."""

    def __init__(self, folder: Path, service: Any, *more: Any) -> None:
        self.live = opened(f"sqlite:///{folder}/keys.db", Clock("2026-05-19T00:00:00+00:00"), Timer())
        limits = Limits(rate=1e6, burst=10**6)
        self.app = create_app([], routers=[make_router(service), *more], keys=self.live.keys, limits=limits)
        self.headers = bearer(self.live.keys.create("city", SCOPES)[0])
        self.numbers = count()

    def post(self, path: str, body: Any, key: str = "") -> Answer:
        headers = self.headers | {"idempotency-key": key or f"request {next(self.numbers)}"}
        return call(self.app, "POST", f"/v1/passes{path}", body, headers)

    def get(self, path: str) -> Answer:
        path, _, query = path.partition("?")
        return call(self.app, "GET", f"/v1/passes{path}", b"", self.headers, query.encode())

    def order(self, card: str, product: str, **more: Any) -> dict[str, Any]:
        asked = {"card": card, "product": product, "channel": "mobile_app", "payment": "bank_transfer"} | more
        answer = self.post("/orders", asked)
        assert answer.status == 201, answer.body
        order: dict[str, Any] = answer.json()["order"]
        return {"payment": f"p-{order['order']}", "order": order["order"], "amount": order["amount"]}


@pytest.fixture(scope="module")
def riding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Riding]:
    found = Riding(tmp_path_factory.mktemp("faults"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def api(riding: Riding) -> Iterator[Api]:
    lists = GateLists(riding.service, riding.folder / "lists", Signer(1, KEY))
    desk = GateDesk(riding.service, riding.files, lists=lists)
    found = Api(riding.folder, riding.service, make_tap_router(desk))
    yield found
    found.live.close()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[tuple[Api, Counter]]:
    """A counter whose clock is set by hand, and its routes."""
    counter = Counter(f"sqlite:///{tmp_path}/a.db")
    api = Api(tmp_path, counter.service)
    yield api, counter
    counter.close()
    api.live.close()


def a_tap(medium: int, sequence: int, **more: Any) -> dict[str, Any]:
    usual = {"device": "gate-1", "sequence": sequence, "medium": medium, "direction": "board", "facts": PLACE}
    return usual | {"tapped_at": at("08:00").isoformat(), "place": "one", "line": "line_2"} | more


def blocked(riding: Riding) -> int:
    card, medium = riding.card()
    block_card(riding.service, WHO, "block", card=card, cause="misuse", starts=at("07:00"), ends=at("12:00"))
    return medium


def stopped(riding: Riding) -> int:
    card, medium = riding.card()
    stop_medium(riding.service, WHO, "stop", card=card, cause="stolen")
    return medium


#: Medium, what is else about the tap, whether the gate opens, and the reason that it gives.
TAPS: dict[str, tuple[Callable[[Riding], int], dict[str, Any], bool, str]] = {
    "an unknown medium": (lambda _: 5, {}, False, "unknown_medium"),
    "a blocked card": (blocked, {}, False, "blocked"),
    "a stopped medium": (stopped, {}, False, "stopped"),
    "a pass that is over": (
        lambda riding: riding.card("short_1", None)[1],
        {"tapped_at": (at("08:00") + timedelta(days=2)).isoformat()},
        False,
        "expired",
    ),
    "a pass that has not started": (
        lambda riding: riding.card(start=DAY + timedelta(days=3))[1],
        {},
        False,
        "not_started",
    ),
    "a place that nobody described": (
        lambda riding: riding.card()[1],
        {"place": "nowhere", "facts": None},
        False,
        "unknown_place",
    ),
    "a closed station, to board": (lambda riding: riding.card()[1], {"place": "closed"}, False, "closed"),
    "a closed station, to alight": (
        lambda riding: riding.card()[1],
        {"place": "closed", "direction": "alight"},
        True,
        "ok_alight",
    ),
    "a clock a year ahead": (lambda riding: riding.card()[1], {"tapped_at": NEXT_YEAR.isoformat()}, True, "ok"),
}


@pytest.mark.parametrize("fault", TAPS)
def test_a_tap_that_is_not_as_it_should_be_is_answered_and_recorded(api: Api, riding: Riding, fault: str) -> None:
    make, more, opens, reason = TAPS[fault]
    riding.clock.now = at("08:00")
    medium, sequence = make(riding), list(TAPS).index(fault)
    if more.get("place") == "closed":
        told = {"reason": "works on the track", "closed": [DAY.isoformat()]}
        assert api.post("/places/closed/days", told, "works").status == 204
    if reason == "expired":
        riding.clock.now += timedelta(days=2)
    answer = api.post("/taps", a_tap(medium, sequence, **more))
    assert answer.status == 200, answer.body
    assert (answer.json()["open"], answer.json()["reason"]) == (opens, reason)
    tapped = [entry for entry in riding.ledger.entries() if entry.idempotency_key == f"tap/gate-1/{sequence}"]
    assert [riding.ledger.clear(entry)["answer"] for entry in tapped] == [reason]


def test_a_tap_from_next_year_in_a_batch_is_held_until_the_clock_is_found(api: Api, riding: Riding) -> None:
    riding.clock.now = at("09:00")
    taps = [
        {key: value for key, value in a_tap(7, number, device="bus-1").items() if key != "facts"}
        | {"answer": "ok", "opened": True}
        for number in (0, 1)
    ]
    taps[1]["tapped_at"] = NEXT_YEAR.isoformat()
    taken = api.post("/taps/batch", {"source": "simulated", "taps": taps}).json()
    assert (taken["new"], taken["held"]) == (2, 1)
    found = {"first_sequence": 1, "last_sequence": 9, "ahead_seconds": 365 * 86_400, "found_by": "workshop"}
    assert api.post("/devices/bus-1/clock", found).json() == {"days": [DAY.isoformat(), "held"]}
    assert api.post("/devices/bus-1/clock", found | {"last_sequence": 0}).status == 422


def test_a_list_that_is_stale_or_altered_is_told_and_never_handed_out(api: Api, riding: Riding) -> None:
    riding.clock.now = at("08:00")
    issued = api.post("/gate-lists", {"kind": "deny", "rules": RULES}).json()
    said = {"place": "one", "rules": RULES}
    assert api.post("/gates/gate-1", said | {"list": issued["number"]}).status == 204
    assert api.post("/gates/gate-2", said | {"list": 99}).status == 204  # nobody issued it
    assert [gate["stale"] for gate in api.get("/gates").json()] == [False, True]
    riding.clock.now += timedelta(hours=25)
    assert [gate["stale"] for gate in api.get("/gates").json()] == [True, True]

    # A gate that holds what nobody issued gets the whole list; what another key signed it does not take.
    whole = api.get("/gate-lists/deny?device=gate-2&held=99").body
    held = take(None, whole, KEYS, seconds(riding.clock()))
    forged = write_whole(a_list("deny", {}, number=50), 1, OTHER_KEY)
    with pytest.raises(ListError) as refused:
        take(held, forged, KEYS, seconds(riding.clock()))
    assert refused.value.reason == "forged"

    path = riding.folder / "lists" / f"{issued['file']}.list"
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    answer = api.get("/gate-lists/deny?device=gate-1")
    assert (answer.status, answer.json()["type"]) == (503, "urn:donghaeng:problem:unavailable")
    path.unlink()
    assert api.get("/gate-lists/deny?device=gate-1").status == 503


def test_negative_and_huge_amounts_are_refused_and_leave_nothing_behind(api: Api, riding: Riding) -> None:
    riding.clock.now = at("08:00")
    card, _ = riding.card()
    charge = riding.service.state.charges_of(card)[0].period.charge
    given = {key: value for key, value in a_tap(5, 0, answer="ok", opened=True).items() if key != "facts"}
    amounts = [
        ("/payments", {"payment": "x", "order": charge, "amount": -1}),
        ("/payments", {"payment": "x", "order": charge, "amount": 10**12}),
        ("/refunds", {"charge": charge, "used_transit": -1}),
        ("/refunds", {"charge": charge, "used_transit": 10**16}),
        ("/surcharges", {"card": card, "misuse": "card_sharing", "fares": -1, "proven": True}),
        ("/agents/x/stock", {"cards": 10**9}),
        ("/agents", {"agent": "x", "per_mille": -1}),
        ("/taps/batch", {"source": "x", "taps": [given | {"amount": 10**10}]}),
        ("/taps/batch", {"source": "x", "taps": [given | {"amount": -1}]}),
    ]
    before = sum(1 for _ in riding.ledger.entries())
    answers = [api.post(path, body) for path, body in amounts]
    assert [answer.status for answer in answers] == [422] * len(amounts), [answer.body for answer in answers]
    assert sum(1 for _ in riding.ledger.entries()) == before


@pytest.mark.parametrize("recorded", [False, True], ids=["before the commit", "after it"])
def test_a_callback_whose_answer_was_lost_is_told_again_and_charges_once(
    here: tuple[Api, Counter], recorded: bool
) -> None:
    api, counter = here
    told = api.order(counter.issue().card, "d30_transit")
    store, append = counter.ledger.store, counter.ledger.store.append

    def fails(*given: Any, **more: Any) -> Any:
        if recorded:
            append(*given, **more)
        raise UnavailableError("the connection was lost")

    store.append = fails  # type: ignore[method-assign]
    answer = api.post("/payments", told)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    store.append = append  # type: ignore[method-assign]
    again, third = api.post("/payments", told).json(), api.post("/payments", told).json()
    assert (again["disposition"], again["repeated"], third["repeated"]) == ("charged", recorded, True)
    assert again["period"] == third["period"]
    kinds = [entry.kind for entry in counter.ledger.entries()]
    assert kinds.count("payment-received") == 1


def test_two_machines_that_charge_one_card_at_once_charge_it_once(
    here: tuple[Api, Counter], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, counter = here
    card = counter.issue().card
    told = [api.order(card, "d30_transit") for _ in range(2)]
    decide, together, calls = charging._what_it_pays, Barrier(2, timeout=20), count()

    def decide_together(*given: Any) -> Any:
        made = decide(*given)
        if next(calls) < 2:
            together.wait()
        return made

    monkeypatch.setattr(charging, "_what_it_pays", decide_together)
    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(lambda body: api.post("/payments", body).json(), told))
    found = sorted((one["disposition"], one["reason"] or "") for one in answers)
    assert [one[0] for one in found] == ["charged", "held"]
    assert found[1] == ("held", "too-early")


def test_a_product_withdrawn_between_choice_and_payment_is_not_charged(tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    shutil.copytree(pack("example/narae-transit").folder, folder)
    table = folder / "rules" / "fares.yaml"
    row = "  - id: day_1\n    from: 2026-01-01\n"
    table.write_text(table.read_text("utf-8").replace(row, f"{row}    to: 2026-06-30\n"), "utf-8")
    counter = Counter(f"sqlite:///{tmp_path}/a.db", str(folder))
    counter.time = datetime.fromisoformat("2026-07-01T03:25:00+01:00")  # five minutes before the service day turns
    api = Api(tmp_path, counter.service)
    card = api.post("/cards", {"medium": "card", "channel": "kiosk"}).json()["card"]
    told = api.order(card, "day_1", channel="kiosk", payment="cash")
    counter.time += timedelta(minutes=10)
    paid = api.post("/payments", told).json()
    assert (paid["disposition"], paid["reason"], paid["period"]) == ("held", "not-sold", None)
    asked = {"card": card, "product": "day_1", "channel": "kiosk", "payment": "cash"}
    answer = api.post("/orders", asked)
    assert (answer.status, answer.json()["errors"][0]["code"]) == (409, "not-sold")
    counter.close()
    api.live.close()
