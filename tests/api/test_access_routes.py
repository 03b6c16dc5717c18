"""Every route of the app, as it is with all services, asks for a key, save a short list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends

from donghaeng.access.scopes import SCOPES
from donghaeng.api.access import Caller, needs, needs_of_routes
from donghaeng.api.app import PREFIX, create_app
from donghaeng.api.limits import Limits
from donghaeng.api.live import Live, live_routers
from tests.access.rings import Timer, bearer, opened
from tests.api.calling import JSON, call
from tests.api.conftest import shipped_packs
from tests.ledger.ledgers import Clock

#: What is open: decisions of public rules, of which nothing is kept, what describes them, and whether we are there.
#: Pages of the live side without any data may be added.
OPEN = {
    ("GET", "/v1/packs"),
    ("GET", "/v1/packs/{owner}/{pack}"),
    ("GET", "/v1/tables/{owner}/{pack}/{table}"),
    ("POST", "/v1/decide/{owner}/{pack}/{table}"),
    ("POST", "/v1/decide/{owner}/{pack}/{table}/batch"),
    ("GET", "/v1/health"),
    ("GET", "/v1/openapi.json"),
    ("GET", "/desk"),
    ("GET", "/desk/en"),
    ("GET", "/desk/kiosk"),
    ("GET", "/desk/assets/{name}"),
    ("GET", "/counter"),
    ("GET", "/counter/en"),
    ("GET", "/counter/assets/{name}"),
}


class Everything:
    """The app with all routes on a new ledger, and keys of each scope."""

    def __init__(self, url: str) -> None:
        self.clock = Clock()
        self.live: Live = opened(url, self.clock, Timer())
        routers = live_routers(self.live, shipped_packs())
        self.app = create_app(
            shipped_packs(), routers=routers, keys=self.live.keys, limits=Limits(rate=1e6, burst=10**6)
        )
        self.keys = {scope: bearer(self.live.keys.create("clinic-1", [scope])[0]) for scope in SCOPES}

    def status(self, method: str, template: str, headers: dict[str, str]) -> int:
        """Call a route with what it cannot read, so that nothing is done where it lets us in."""
        body = b"{" if method in {"POST", "PUT", "PATCH"} else b""
        return call(self.app, method, re.sub(r"\{[^}]*\}", "1", template), body, headers).status


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    everything = Everything(f"sqlite:///{tmp_path_factory.mktemp('walk')}/a.db")
    yield everything
    everything.live.close()


def walk(everything: Everything) -> list[str]:
    """Call every route that the app has with no key and with all kinds of them; gives what is wrong."""
    wrong = []
    ended, _ = everything.live.keys.create(
        "clinic-1", SCOPES, expires_at=everything.clock.time + timedelta(seconds=100)
    )
    taken, _ = everything.live.keys.create("clinic-1", SCOPES)
    everything.live.keys.revoke(taken.id)
    everything.clock.time += timedelta(seconds=200)
    for (method, template), needed in needs_of_routes(everything.app.routes).items():
        if (method, template) in OPEN:
            if needed or everything.status(method, template, JSON) in {401, 403}:
                wrong.append(f"{method} {template} is not open")
            continue
        refused = {"no key": JSON, "an expired key": bearer(ended), "a revoked key": bearer(taken)}
        for what, headers in refused.items():
            if (status := everything.status(method, template, headers)) != 401:
                wrong.append(f"{method} {template} answers {status} to {what}")
        for scope, headers in everything.keys.items():
            fits = all(scope in one for one in needed)
            if ((status := everything.status(method, template, headers)) in {401, 403}) == fits:
                wrong.append(f"{method} {template} answers {status} to {scope}")
            if status == 500:
                wrong.append(f"{method} {template} fails for {scope}")
    return wrong


def test_every_route_needs_a_key_of_its_scopes_save_those_that_are_open(everything: Everything) -> None:
    routes = needs_of_routes(everything.app.routes)
    assert routes.keys() >= OPEN
    assert len(routes) > len(OPEN) + 5
    assert walk(everything) == []


def test_every_route_that_needs_a_key_is_described_with_its_scopes(everything: Everything) -> None:
    document = call(everything.app, "GET", f"{PREFIX}/openapi.json").json()
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for (method, path), needed in needs_of_routes(everything.app.routes).items():
        operation = document["paths"].get(path, {}).get(method.lower())
        if operation is None:
            continue  # pages and the description itself are not in it
        scopes = {scope for alternative in operation.get("security", []) for scope in alternative["key"]}
        assert scopes == {scope for one in needed for scope in one}
        assert {"401", "403", "429"} <= operation["responses"].keys() or not needed


@pytest.mark.parametrize("forgotten", ["key", "order", "scope"])
def test_the_walk_finds_a_route_that_forgot_its_key(tmp_path: Path, forgotten: str) -> None:
    everything = Everything(f"sqlite:///{tmp_path}/a.db")
    router = APIRouter(prefix=PREFIX)

    if forgotten == "key":

        @router.get("/forgotten")
        def without() -> int:
            return 1

    elif forgotten == "order":  # the body is read before the key is checked

        @router.post("/forgotten")
        def late(body: dict[str, Any], _caller: Annotated[Caller, Depends(needs("auditor"))]) -> int:
            return len(body)

    else:

        @router.get("/forgotten", dependencies=[Depends(needs("auditor"))])
        def hidden() -> int:
            raise PermissionError

    everything.app.include_router(router)
    found = walk(everything)
    assert found
    assert all("/v1/forgotten" in line for line in found)
    everything.live.close()
