"""A request gets in with a valid key that has the scope and is not used too often, and not otherwise."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from donghaeng.access.keys import make_key
from donghaeng.access.ring import REMEMBERED
from donghaeng.api.access import Caller, KeyedRoute, authorise, needs
from donghaeng.api.app import PREFIX, create_app
from donghaeng.api.limits import Limits
from donghaeng.api.live import Live, live_routers
from tests.access.rings import CHANCE, Timer, bearer, opened
from tests.api.calling import JSON, Answer, call
from tests.api.conftest import DECIDE, FACTS, ON, small_pack
from tests.api.test_errors import assert_problem
from tests.ledger.ledgers import Clock

DESK = f"{PREFIX}/desk-work"


def service() -> APIRouter:
    """A service of which nothing is known but who may call it."""
    router = APIRouter(prefix=PREFIX, route_class=KeyedRoute)

    @router.post("/desk-work", operation_id="desk_work")
    async def work(
        body: dict[str, Any], caller: Annotated[Caller, Depends(needs("identity:desk", "identity:insurer"))]
    ) -> dict[str, Any]:
        return {"organisation": caller.organisation, "key": caller.key_id, "members": len(body)}

    @router.post("/desk-work/batch", operation_id="desk_works")
    async def works(body: list[Any], _caller: Annotated[Caller, Depends(needs("identity:desk"))]) -> int:
        return len(body)

    return router


class Setting:
    """A ledger with keys, an app on it, a clock and a timer."""

    def __init__(self, url: str, **limits: Any) -> None:
        self.clock, self.timer = Clock(), Timer()
        self.live: Live = opened(url, self.clock, self.timer)
        self.app = create_app(
            [small_pack()],
            routers=[*live_routers(self.live, []), service()],
            keys=self.live.keys,
            limits=Limits(**limits),
            timer=self.timer,
        )

    def key(self, *scopes: str, organisation: str = "clinic-1", **more: Any) -> dict[str, str]:
        """The headers of a request with a new key."""
        return bearer(self.live.keys.create(organisation, scopes, **more)[0])

    def work(self, headers: dict[str, str], body: Any = None) -> Answer:
        return call(self.app, "POST", DESK, {} if body is None else body, headers)

    def count(self, reason: str) -> float:
        registry = self.app.state.access.metrics.registry
        return registry.get_sample_value("donghaeng_access_refusals_total", {"reason": reason}) or 0.0


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    setting = Setting(f"sqlite:///{tmp_path}/a.db")
    yield setting
    setting.live.close()


def test_a_key_with_one_of_the_scopes_gets_in_and_the_route_knows_whose_it_is(setting: Setting) -> None:
    for scope in ("identity:desk", "identity:insurer"):
        key, _ = setting.live.keys.create(f"of-{scope[9:]}", [scope, "passes:gate"])
        answer = setting.work(bearer(key))
        assert (answer.status, answer.json()) == (200, {"organisation": f"of-{scope[9:]}", "key": key.id, "members": 0})


def test_without_a_key_it_is_401_and_says_how(setting: Setting) -> None:
    key = setting.key("identity:desk")["authorization"].removeprefix("Bearer ")
    for given in ({}, {"authorization": ""}, {"authorization": key}, {"authorization": f"Basic {key}"}, {"x-key": key}):
        answer = setting.work({**JSON, **given})
        assert answer.status == 401
        assert_problem(answer, "no-key")
        assert answer.headers["www-authenticate"] == 'Bearer realm="donghaeng"'
    assert setting.count("no-key") == 5


@pytest.mark.parametrize("word", ["bearer", "BEARER", "Bearer "])
def test_the_word_before_the_key_may_be_written_as_http_has_it(setting: Setting, word: str) -> None:
    headers = setting.key("identity:desk")
    assert setting.work({**headers, "authorization": headers["authorization"].replace("Bearer", word)}).status == 200


def test_two_keys_in_one_request_are_none(setting: Setting) -> None:
    headers = setting.key("identity:desk")
    assert setting.work({**headers, "Authorization": headers["authorization"]}).status == 200

    class Twice(dict[str, str]):
        def items(self) -> Any:
            return [*super().items(), ("authorization", headers["authorization"])]

    assert setting.work(Twice(headers)).status == 401


@pytest.mark.parametrize("text", ["", "x", "dh_a_b", "dh_" + "a" * 12 + "_" + "b" * 56, "\u00ff" * 100, "a" * 10_000])
def test_a_wrong_key_is_401(setting: Setting, text: str) -> None:
    setting.key("identity:desk")
    answer = setting.work({**JSON, "authorization": f"Bearer {text}"})
    assert_problem(answer, "key")
    assert answer.headers["www-authenticate"].startswith('Bearer realm="donghaeng", error="invalid_token"')
    assert setting.count("key-unknown") == 1


def test_an_expired_or_revoked_key_is_401_and_says_which(setting: Setting) -> None:
    ends = setting.clock.time + timedelta(minutes=1)
    expires = setting.key("identity:desk", expires_at=ends)
    key, _ = setting.live.keys.create("clinic-1", ["identity:desk"])
    assert setting.work(expires).status == setting.work(bearer(key)).status == 200

    setting.clock.time = ends
    setting.live.keys.revoke(key.id)

    for headers, why in ((expires, "expired"), (bearer(key), "revoked")):
        answer = setting.work(headers)
        assert_problem(answer, "key")
        assert why in answer.json()["detail"]
        assert setting.count(f"key-{why}") == 1


def test_a_key_revoked_by_another_process_ends_in_seconds(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    setting, elsewhere = Setting(url), opened(url)
    key, _ = setting.live.keys.create("clinic-1", ["identity:desk"])
    assert setting.work(bearer(key)).status == 200
    elsewhere.keys.revoke(key.id)
    setting.timer.now += REMEMBERED
    assert setting.work(bearer(key)).status == 401
    elsewhere.close()
    setting.live.close()


def test_a_key_without_the_scope_is_403_and_says_which_it_needs(setting: Setting) -> None:
    answer = setting.work(setting.key("admin", "auditor", "passes:desk"))
    assert answer.status == 403
    assert_problem(answer, "scope")
    assert answer.headers["www-authenticate"].endswith(
        'error="insufficient_scope", scope="identity:desk identity:insurer"'
    )
    assert setting.count("scope") == 1


def test_a_key_that_is_used_too_often_is_429_and_says_how_long(tmp_path: Path) -> None:
    setting = Setting(f"sqlite:///{tmp_path}/a.db", rate=0.25, burst=3)
    mine, other = setting.key("identity:desk"), setting.key("identity:desk")

    assert [setting.work(mine).status for _ in range(4)] == [200, 200, 200, 429]

    answer = setting.work(mine)
    assert_problem(answer, "rate")
    assert answer.headers["retry-after"] == "4"
    assert setting.work(other).status == 200
    setting.timer.now += 4
    assert [setting.work(mine).status for _ in range(2)] == [200, 429]
    assert setting.count("rate") == 3
    # Requests that are refused otherwise are counted too: scopes cannot be tried out endlessly.
    wrong = setting.key("auditor")
    assert [setting.work(wrong).status for _ in range(4)] == [403, 403, 403, 429]
    setting.live.close()


def test_one_request_counts_once_however_many_checks_it_passes(tmp_path: Path) -> None:
    setting = Setting(f"sqlite:///{tmp_path}/a.db", rate=1, burst=2)
    headers = setting.key("identity:desk")
    assert [setting.work(headers).status for _ in range(3)] == [200, 200, 429]
    setting.live.close()


def test_a_strangers_body_is_not_read(setting: Setting) -> None:
    for headers, status in ((JSON, 401), (setting.key("auditor"), 403)):
        assert setting.work(headers, b"{").status == status
        assert call(setting.app, "POST", DESK, chunks=[b"{"], headers=headers, stalls=True).status == status
    assert setting.work(setting.key("identity:desk"), b"{").status == 422


def test_a_key_in_the_address_is_refused_and_repeated_nowhere(
    setting: Setting, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    headers = setting.key("identity:desk")
    key = headers["authorization"].removeprefix("Bearer ")
    escaped = key.replace("_", "%5F")
    for path, query, given in (
        (DESK, f"access_token={key}", {}),
        (DESK, f"k={escaped}", headers),
        (f"{DESK}/{key}", "", headers),
        (f"{PREFIX}/packs", f"key={key}", {}),
        (f"/{key.upper()}", "", {}),
    ):
        answer = call(setting.app, "GET", path, headers=given, query=query.encode())
        assert_problem(answer, "key-in-address")
        assert key.encode() not in answer.body
    assert key.lower() not in caplog.text.lower()


def test_a_key_is_in_no_log_no_metric_and_no_error(
    setting: Setting, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    key, _ = setting.live.keys.create("clinic-1", ["identity:desk", "auditor"])
    wrong = make_key(CHANCE)
    answers = []
    for text in (key.text, wrong.text):
        headers = {**JSON, "authorization": f"Bearer {text}"}
        facts = {**FACTS, text: text, "school": text}
        answers += [
            setting.work(headers),
            setting.work(headers, {text: text}),
            setting.work(headers, [text]),
            call(setting.app, "POST", DECIDE, {"on": ON, "facts": facts, text: text}, headers),
            call(setting.app, "POST", DECIDE, {"on": text, "facts": {}}, headers),
            call(setting.app, "GET", f"{PREFIX}/ledger/heads/{text}", headers=headers),
            call(setting.app, "POST", f"{PREFIX}/persons/map-reads", {text: text, "person": text}, headers),
        ]
    metrics = call(setting.app, "GET", f"{PREFIX}/metrics", headers=bearer(key)).body.decode()
    printed = capfd.readouterr()
    records = [repr(vars(record)) for record in caplog.records]
    bodies = [answer.body.decode() + repr(answer.headers) for answer in answers]
    everything = "\n".join([metrics, printed.out, printed.err, caplog.text, *records, *bodies])
    assert "donghaeng_access_refusals_total" in metrics
    for secret in (key.secret, wrong.secret):
        assert secret not in everything


def test_bodies_of_services_have_the_bounds_of_decisions(tmp_path: Path) -> None:
    setting = Setting(f"sqlite:///{tmp_path}/a.db", body_bytes=100, batch_bytes=1_000, seconds=0.05)
    headers = setting.key("identity:desk")
    large = json.dumps(["x" * 100]).encode()
    for answer in (
        setting.work(headers, large),
        call(setting.app, "POST", DESK, chunks=[b"[" * 60, b"]" * 60], headers=headers),
        call(setting.app, "POST", DESK, headers={**headers, "content-length": "101"}, stalls=True),
    ):
        assert answer.status == 413
        assert_problem(answer, "too-large")
    assert call(setting.app, "POST", f"{DESK}/batch", large, headers).status == 200
    assert_problem(call(setting.app, "POST", f"{DESK}/batch", large * 10, headers), "too-large")
    assert_problem(call(setting.app, "POST", DESK, chunks=[b"{"], headers=headers, stalls=True), "slow-body")
    setting.live.close()


def test_all_bodies_together_have_a_bound_and_what_is_read_is_let_go(tmp_path: Path) -> None:
    setting = Setting(f"sqlite:///{tmp_path}/a.db", held_bytes=50)
    headers = setting.key("identity:desk")
    for _ in range(5):
        assert setting.work(headers, {"a": 1}).status == 200
        assert_problem(setting.work(headers, {"a": "x" * 50}), "busy")
    setting.live.close()


def test_metrics_of_services_are_not_for_everybody(setting: Setting, app: Any) -> None:
    for headers, status in (
        ({}, 401),
        (setting.key("identity:desk"), 403),
        (setting.key("auditor"), 200),
        (setting.key("admin"), 200),
    ):
        assert call(setting.app, "GET", f"{PREFIX}/metrics", headers=headers).status == status
    # Without a ledger they tell of nobody, and there are no keys.
    assert call(app, "GET", f"{PREFIX}/metrics").status == 200


def test_decisions_and_health_need_no_key_and_a_wrong_one_does_no_harm(setting: Setting) -> None:
    for headers in (JSON, {**JSON, "authorization": "Bearer nothing"}):
        assert call(setting.app, "POST", DECIDE, {"on": ON, "facts": FACTS}, headers).status == 200
        assert call(setting.app, "GET", f"{PREFIX}/health", headers=headers).status == 200


def test_where_there_are_no_keys_nobody_gets_in(setting: Setting) -> None:
    app = create_app([], routers=[service()])
    assert_problem(call(app, "POST", DESK, {}, setting.key("identity:desk")), "no-key")


def test_a_plain_endpoint_checks_keys_too(setting: Setting) -> None:
    class Plain:
        scopes = frozenset({"passes:gate"})

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            caller = await authorise(scope, self.scopes)
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": caller.organisation.encode()})

    setting.app.router.routes.append(Route(f"{PREFIX}/plain", Plain(), methods=["GET"]))
    for headers, status in (({}, 401), (setting.key("admin"), 403), (setting.key("passes:gate"), 200)):
        assert call(setting.app, "GET", f"{PREFIX}/plain", headers=headers).status == status


@pytest.mark.parametrize("scopes", [(), ("everything",), ("auditor", "audit")])
def test_a_route_cannot_need_a_scope_that_does_not_exist(scopes: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="no scopes"):
        needs(*scopes)
