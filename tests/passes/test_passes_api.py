"""The routes of the pass service: who may do what, stated answers, requests made twice, and nothing of a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from donghaeng.api.access import needs_of_routes
from donghaeng.api.app import create_app
from donghaeng.api.limits import Limits
from donghaeng.api.passes import make_router
from donghaeng.services.passes.service import PassService
from tests.access.rings import Timer, bearer, opened
from tests.api.calling import Answer, call
from tests.ledger.ledgers import Clock, bytes_in_a_row
from tests.passes.counters import pack

SCOPES = ("passes:seller", "passes:desk", "passes:operator", "passes:gate", "passes:analyst")


class Api:
    """The app with the pass service, and a key of each scope."""

    def __init__(self, url: str) -> None:
        self.clock = Clock("2024-08-01T01:00:00+00:00")
        self.live = opened(url, self.clock, Timer())
        service = PassService(pack().passes_section(), self.live.ledger, self.clock, bytes_in_a_row())
        routers = [make_router(service)]
        self.app = create_app([], routers=routers, keys=self.live.keys, limits=Limits(rate=1e6, burst=10**6))
        self.keys = {scope: bearer(self.live.keys.create("city", [scope])[0]) for scope in SCOPES}
        self.keys["till"] = bearer(self.live.keys.create("city", ["passes:desk"])[0])
        self.keys["other"] = bearer(self.live.keys.create("another", ["passes:seller"])[0])
        self.numbers = 0

    def post(self, path: str, body: Any, who: str = "passes:desk", key: str = "") -> Answer:
        """Send a request, with a new idempotency key unless one is given."""
        self.numbers += 1
        headers = self.keys[who] | {"idempotency-key": key or f"request {self.numbers}"}
        return call(self.app, "POST", f"/v1/passes{path}", body, headers)

    def get(self, path: str, who: str = "passes:desk") -> Answer:
        """Read something."""
        path, _, query = path.partition("?")
        return call(self.app, "GET", f"/v1/passes{path}", b"", self.keys[who], query.encode())

    def well(self, path: str, body: Any, who: str = "passes:desk", key: str = "") -> Any:
        """Send a request that is done."""
        answer = self.post(path, body, who, key)
        assert answer.status in {200, 201}, answer.body
        return answer.json()

    def code(self, path: str, body: Any, who: str = "passes:desk", key: str = "") -> tuple[int, str]:
        """Status and code of a refusal."""
        answer = self.post(path, body, who, key)
        return answer.status, answer.json()["errors"][0]["code"]

    def card(self) -> str:
        """Give out a card."""
        asked = {"medium": "mobile", "channel": "mobile_app"}
        return str(self.well("/cards", asked, "passes:seller")["card"])

    def order(self, card: str, product: str = "d30_transit") -> dict[str, Any]:
        """Place an order."""
        asked = {"card": card, "product": product, "channel": "mobile_app", "payment": "bank_transfer"}
        found: dict[str, Any] = self.well("/orders", asked, "passes:seller")["order"]
        return found

    def charge(self, card: str, product: str = "d30_transit") -> str:
        """Place an order and pay it."""
        order = self.order(card, product)
        told = {"payment": f"p-{order['order']}", "order": order["order"], "amount": order["amount"]}
        assert self.well("/payments", told, "passes:seller")["disposition"] == "charged"
        return str(order["order"])


@pytest.fixture
def api(url: str) -> Iterator[Api]:
    api = Api(url)
    yield api
    api.live.close()


@pytest.fixture
def here(tmp_path: Any) -> Iterator[Api]:
    api = Api(f"sqlite:///{tmp_path}/a.db")
    yield api
    api.live.close()


def test_a_pass_is_quoted_ordered_paid_and_shown(api: Api) -> None:
    card = api.card()
    quote = api.well("/quotes", {"product": "d30_transit", "card": card}, "passes:seller")
    assert (quote["amount"], quote["valid_from"], quote["refused"]) == (62_000, "2024-01-23", None)
    charge = api.charge(card)
    now = api.get(f"/cards/{card}").json()
    assert (now["usable"], now["period"]["charge"], now["days_left"]) == (True, charge, 30)
    shown = api.get(f"/orders/{charge}").json()
    assert (shown["state"], len(shown["payments"])) == ("paid", 1)


def test_prices_and_cards_are_asked_for_another_day(here: Api) -> None:
    asked = {"product": "d30_transit", "category": "youth"}
    amounts = [here.well("/quotes", asked | at)["amount"] for at in ({"on": "2024-06-30"}, {"on": "2024-07-01"})]
    moments = [here.well("/quotes", asked | {"at": f"2024-07-01T0{at}:00+09:00"})["on"] for at in ("3:59", "4:00")]
    assert (amounts, moments) == ([62_000, 55_000], ["2024-06-30", "2024-07-01"])
    card = here.card()
    here.charge(card)
    assert here.get(f"/cards/{card}?at=2024-08-30T19:00:00Z").json()["reason"] == "expired"
    assert here.get(f"/cards/{card}?at=2024-08-30T18:59:59Z").json()["days_left"] == 1


def test_the_same_request_answers_the_same_and_another_one_is_a_conflict(api: Api) -> None:
    asked = {"medium": "mobile", "channel": "mobile_app"}
    first, again = api.well("/cards", asked, key="k"), api.well("/cards", asked, key="k")
    assert first == again
    assert api.code("/cards", asked | {"medium": "physical"}, key="k") == (409, "key-reused")
    assert api.well("/cards", asked, "passes:seller", key="k") == first


def test_a_callback_told_twice_charges_once(api: Api) -> None:
    order = api.order(api.card())
    told = {"payment": "p-1", "order": order["order"], "amount": order["amount"]}
    first, again = (api.well("/payments", told, "passes:seller") for _ in range(2))
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert first["period"] == again["period"]
    assert api.code("/payments", told | {"amount": 1}, "passes:seller") == (409, "key-reused")
    assert api.code("/payments", told | {"payment": "q", "amount": -5}, "passes:seller")[1] == "amount-out-of-range"
    assert api.code("/payments", told | {"payment": "q", "amount": 10**12}, "passes:seller")[0] == 422


def test_a_refund_is_paid_by_another_key_than_asked(api: Api) -> None:
    charge = api.charge(api.card())
    of = {"charge": charge, "used_transit": 20_000}
    assert api.well("/refunds/quote", of)["amount"] == 41_500
    refund = api.well("/refunds", of)["refund"]
    assert api.code(f"/refunds/{refund}/payment", b"") == (409, "same-key")
    assert api.well(f"/refunds/{refund}/payment", b"", "till")["paid"] == 41_500
    assert api.get(f"/refunds/{refund}").json()["state"] == "paid"


def test_a_range_is_paid_once_an_operator_has_fixed_it(api: Api) -> None:
    charge = api.charge(api.card())
    asked = api.well("/refunds", {"charge": charge, "cause": "lost", "used_transit": 20_000})
    answer = api.post(f"/refunds/{asked['refund']}/payment", b"", "till")
    errors = {one["name"]: one for one in answer.json()["errors"]}
    assert (answer.status, errors["request"]["code"]) == (409, "setting-needed")
    assert errors["setting"]["what"] == asked["rule"]
    fix = {"setting": asked["rule"], "choose": "most", "fixed_by": "head of passes", "reason": "no fee"}
    assert api.well("/settings", fix, "passes:operator")["settings"][0]["fixed_by"] == "head of passes"
    assert api.well(f"/refunds/{asked['refund']}/payment", b"", "till")["paid"] == 42_000


def test_what_belongs_to_another_organisation_is_not_there(here: Api) -> None:
    order = here.order(here.card())
    assert here.get(f"/orders/{order['order']}", "other").status == 404
    told = {"payment": "p", "order": order["order"], "amount": order["amount"]}
    assert here.well("/payments", told, "other")["reason"] == "unknown-order"
    assert here.well("/payments", told, "passes:seller")["disposition"] == "charged"


def test_nothing_of_a_person_is_answered_or_kept(here: Api) -> None:
    card = here.card()
    asked = {"account": "hong-at-the-portal"}
    registered = here.well(f"/cards/{card}/registration", asked)
    verified = here.well(f"/cards/{card}/category", {"category": "youth", "facts": {"birth_year": 1991}})
    evidence = here.get(f"/cards/{card}/evidence").json()
    texts = json.dumps([registered, verified, evidence])
    assert (verified["category"], verified["decision"]["meaning"]) == ("youth", "eligible")
    assert "hong" not in texts
    assert "1991" not in texts
    number = {"cause": "lost", "place": "seen by 900101-1234568"}
    answer = here.post(f"/cards/{card}/stop", number)
    assert answer.status == 422
    assert b"900101" not in answer.body


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/quotes", {"product": "d30"}, 422, "unknown-code"),
        ("/quotes", {"product": "d30_transit", "card": "nobody"}, 404, "unknown-card"),
        ("/cards/nobody/stop", {"cause": "lost"}, 404, "unknown-card"),
        ("/refunds/quote", {"charge": "nothing"}, 404, "unknown-period"),
        ("/claims", {"card": "nobody", "subject": "x"}, 404, "unknown-card"),
        ("/facilities", {"card": "nobody", "facility": "painters"}, 404, "unknown-card"),
        ("/quotes", {"product": "d30_transit", "colour": "red"}, 422, "member"),
        ("/quotes", {}, 422, "member"),
    ],
)
def test_bad_input_has_stated_answers(here: Api, path: str, body: Any, status: int, code: str) -> None:
    assert here.code(path, body) == (status, code)


def test_a_request_without_an_idempotency_key_is_refused(here: Api) -> None:
    asked = {"medium": "mobile", "channel": "mobile_app"}
    answer = call(here.app, "POST", "/v1/passes/cards", asked, here.keys["passes:desk"])
    assert answer.status == 422
    assert answer.json()["errors"][0]["name"] == "Idempotency-Key"


def test_every_route_asks_for_a_scope_of_passes(here: Api) -> None:
    routes = {route: needed for route, needed in needs_of_routes(here.app.routes).items() if "/v1/passes" in route[1]}
    assert len(routes) > 35
    assert all(len(needed) == 1 and needed[0] <= set(SCOPES) for needed in routes.values())
    for scope in ("passes:gate", "passes:analyst"):
        assert here.post("/cards", {"medium": "mobile", "channel": "mobile_app"}, scope).status == 403


def test_the_routes_are_described(here: Api) -> None:
    document = here.app.openapi()
    assert document["paths"]["/v1/passes/orders"]["post"]["operationId"] == "place_pass_order"
    assert all(one.get("description") for path in document["paths"].values() for one in path.values())


def test_claims_agents_and_surcharges_go_through_the_desk(api: Api) -> None:
    card = api.card()
    charge = api.charge(card)
    claim = api.well("/claims", {"card": card, "subject": "gate refused", "charge": charge})["claim"]
    decided = api.well(f"/claims/{claim}/decision", {"upheld": True, "reason": "it did", "amount": 2_000})
    assert api.well(f"/refunds/{decided['refund']}/payment", b"", "till")["paid"] == 2_000
    assert api.get(f"/claims/{claim}").json()["state"] == "upheld"
    misuse = {"card": card, "misuse": "card_sharing", "fares": 1_500, "proven": True}
    assert api.well("/surcharges", misuse)["amount_to"] == 46_500
    facility = {"card": card, "facility": "seoul_grand_park"}
    assert api.well("/facilities", facility, "passes:gate")["percent"] == 50
    api.well("/agents", {"agent": "kiosk", "per_mille": 10}, "passes:seller")
    assert api.well("/agents/kiosk/stock", {"cards": 5}, "passes:seller")["stock"] == 5
    assert api.get("/agents/kiosk", "other").status == 404
