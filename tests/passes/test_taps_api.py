"""The routes of gates and operators: who may do what, stated answers, taps made twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from donghaeng.api.access import needs_of_routes
from donghaeng.api.app import create_app
from donghaeng.api.limits import Limits
from donghaeng.api.taps import GateDesk, make_tap_router
from donghaeng.services.passes.lists import take
from donghaeng.services.passes.medium import seconds
from donghaeng.services.passes.rollout import GateLists, Signer
from tests.access.rings import Timer, bearer, opened
from tests.api.calling import Answer, call
from tests.ledger.ledgers import Clock
from tests.passes.gates import KEY, KEYS, RULES
from tests.passes.riding import Riding, at

PLACE = {"mode": "rail", "line": "line_2"}


class Api:
    """The app with the routes of gates, and a key of each scope."""

    def __init__(self, folder: Path) -> None:
        self.riding = Riding(folder)
        self.live = opened(f"sqlite:///{folder / 'keys.db'}", Clock("2026-05-19T00:00:00+00:00"), Timer())
        lists = GateLists(self.riding.service, folder / "lists", Signer(1, KEY))
        desk = GateDesk(self.riding.service, self.riding.files, lists=lists)
        keys = self.live.keys
        limits = Limits(rate=1e6, burst=10**6)
        self.app = create_app([], routers=[make_tap_router(desk)], keys=keys, limits=limits)
        scopes = ("passes:gate", "passes:operator", "passes:seller")
        self.keys = {scope: bearer(keys.create("city", [scope])[0]) for scope in scopes}

    def post(self, path: str, body: Any, who: str = "passes:gate") -> Answer:
        return call(self.app, "POST", f"/v1/passes{path}", body, self.keys[who])

    def get(self, path: str, who: str = "passes:gate") -> Answer:
        path, _, query = path.partition("?")
        return call(self.app, "GET", f"/v1/passes{path}", b"", self.keys[who], query.encode())

    def close(self) -> None:
        self.riding.close()
        self.live.close()


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    found = Api(tmp_path)
    yield found
    found.close()


def a_tap(medium: int, sequence: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "device": "gate-1",
        "sequence": sequence,
        "medium": medium,
        "direction": "board",
        "tapped_at": "2026-05-20T08:00:00+09:00",
        "place": "one",
        "line": "line_2",
        "facts": PLACE,
    } | more


def test_a_gate_asks_and_is_answered_in_four_languages(api: Api) -> None:
    _, medium = api.riding.card()
    answer = api.post("/taps", a_tap(medium))
    assert answer.status == 200
    found = answer.json()
    assert (found["open"], found["reason"], found["remaining_days"], found["known"]) == (True, "ok", 30, False)
    assert set(found["words"]) == {"ko", "en", "ja", "zh"}
    assert api.post("/taps", a_tap(medium)).json()["known"]
    # The place was described once.
    again = a_tap(medium, 1, direction="alight")
    del again["facts"]
    assert api.post("/taps", again).json()["reason"] == "ok_alight"
    assert api.post("/taps", a_tap(medium, 2, place="two", facts=None)).json()["reason"] == "unknown_place"
    assert api.post("/taps", a_tap(5, 3)).json()["reason"] == "unknown_medium"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sequence": -1}, "member"),
        ({"sequence": 2**63}, "member"),
        ({"medium": -5}, "member"),
        ({"direction": "sideways"}, "member"),
        ({"tapped_at": "2026-05-20T08:00:00"}, "member"),
        ({"device": ""}, "member"),
        ({"device": "a\nb"}, "member"),
        ({"line": "a\tb"}, "member"),
        ({"colour": "red"}, "member"),
        ({"place": "900101-1234568"}, "member"),
        ({"facts": {"line": "line_99"}}, ""),
    ],
)
def test_what_is_no_tap_is_refused_and_not_recorded(api: Api, change: dict[str, Any], code: str) -> None:
    _, medium = api.riding.card()
    answer = api.post("/taps", a_tap(medium) | change)
    assert answer.status == 422, answer.body
    assert not code or answer.json()["errors"][0]["code"] == code
    assert [one for one in api.riding.ledger.entries() if one.kind == "tapped"] == []


def test_broken_json_is_refused(api: Api) -> None:
    for body in (b"", b"[", b"[]", b"null", b"\xff"):
        assert api.post("/taps", body).status == 422


def test_a_number_given_to_another_tap_is_a_conflict(api: Api) -> None:
    _, medium = api.riding.card()
    assert api.post("/taps", a_tap(medium)).status == 200
    assert api.post("/taps", a_tap(medium, direction="alight")).status == 409


def test_only_keys_of_gates_and_operators_are_taken(api: Api) -> None:
    _, medium = api.riding.card()
    for who in ("passes:seller", "passes:operator"):
        assert api.post("/taps", a_tap(medium), who).status == 403
    assert call(api.app, "POST", "/v1/passes/taps", a_tap(medium), {}).status == 401
    own = {path: needs for (_, path), needs in needs_of_routes(api.app.routes).items() if "/passes/" in path}
    assert own
    assert all(own.values())


def test_many_taps_are_taken_once_and_become_rides(api: Api) -> None:
    _, medium = api.riding.card()
    ways = [("board", "08:00", "ok"), ("alight", "08:30", "ok_alight")]
    taps = [
        {
            "device": "gate-7",
            "sequence": number,
            "medium": medium,
            "direction": way,
            "tapped_at": at(when).isoformat(),
            "place": "one",
            "answer": answer,
            "opened": True,
        }
        for number, (way, when, answer) in enumerate(ways)
    ]
    api.riding.clock.now = at("09:00")
    taken = api.post("/taps/batch", {"source": "line-2", "taps": taps}).json()
    assert (taken["new"], taken["repeated"]) == (2, 0)
    assert api.post("/taps/batch", {"source": "line-2", "taps": taps}).json()["known"]
    assert api.post("/rides", {}, "passes:operator").json() == {"days": ["2026-05-20"], "cards": []}
    assert [row[-2] for row in api.riding.rides()] == ["complete"]
    assert api.post("/taps/batch", {"source": "x", "taps": [taps[0] | {"amount": -1}]}).status == 422


def test_a_list_is_issued_fetched_reported_and_taken_back(api: Api) -> None:
    issued = api.post("/gate-lists", {"kind": "deny", "rules": RULES}, "passes:operator")
    assert (issued.status, issued.json()["number"]) == (201, 1)
    answer = api.get("/gate-lists/deny?device=gate-1")
    held = take(None, answer.body, KEYS, seconds(api.riding.clock()))
    assert held.number == 1
    assert api.get("/gate-lists/deny?device=gate-1&held=1").status == 204
    assert api.post("/gates/gate-1", {"place": "one", "list": 1, "rules": RULES}).status == 204
    (gate,) = api.get("/gates", "passes:operator").json()
    assert (gate["device"], gate["list"], gate["stale"]) == ("gate-1", 1, False)
    assert api.post("/gate-lists", {"kind": "deny", "rules": RULES, "share": 0}, "passes:operator").status == 201
    back = api.post("/gate-lists/deny/2/withdrawal", {"reason": "the wrong rules"}, "passes:operator")
    assert back.json()["number"] == 3
    assert api.post("/gate-lists/deny/2/share", {"share": 9}, "passes:operator").status == 422
    assert json.loads(api.get("/gates", "passes:operator").body)[0]["behind"] == 2


def test_a_waiver_is_granted(api: Api) -> None:
    asked = {"waiver": "w-1", "starts": "2026-05-20T08:00:00+09:00", "ends": "2026-05-20T09:00:00+09:00"}
    why = {"reason": "gates stood open", "granted_by": "simulated control room"}
    assert api.post("/waivers", asked | why, "passes:operator").json() == {"lifted": 0}
    wrong = asked | why | {"waiver": "w-2", "ends": "2026-05-20T07:00:00+09:00"}
    assert api.post("/waivers", wrong, "passes:operator").status == 422
