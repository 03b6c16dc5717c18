"""Every error of every route has the one shape of RFC 9457."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import APIRouter
from starlette.routing import Route

from donghaeng.api.app import PREFIX, create_app
from donghaeng.api.problems import KINDS
from tests.api.calling import Answer, call
from tests.api.conftest import DECIDE, FACTS, ON, PACK, TABLE, small_pack

BATCH = f"{DECIDE}/batch"
SECRET = "the-fact-of-a-person"


def assert_problem(answer: Answer, kind: str) -> None:
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert list(document) == ["type", "title", "status", "detail", "request_id", "errors"]
    assert document["type"] == f"urn:donghaeng:problem:{kind}"
    assert (document["status"], document["title"]) == (answer.status, KINDS[kind][1])
    assert document["request_id"] == answer.headers["x-request-id"]
    assert document["detail"]
    for one in document["errors"]:
        assert list(one) == ["name", "what", "expected", "remedy", "code"]
        assert all(isinstance(text, str) for text in one.values())


def paths(app: Any) -> dict[str, set[str]]:
    """The methods of every route by its template, with the description's own."""
    return {path: {method.upper() for method in operations} for path, operations in app.openapi()["paths"].items()} | {
        f"{PREFIX}/openapi.json": {"GET"}
    }


def filled(template: str, pack: str = PACK, table: str = TABLE) -> str:
    owner, name = pack.split("/")
    return template.format(owner=owner, pack=name, table=table)


def test_every_route_is_described(app: Any) -> None:
    plain = {route.path for route in app.router.routes if isinstance(route, Route)}
    assert plain <= set(paths(app))
    assert set(paths(app)) == {
        *(f"{PREFIX}/{name}" for name in ("packs", "health", "metrics", "openapi.json", "packs/{owner}/{pack}")),
        f"{PREFIX}/tables/{{owner}}/{{pack}}/{{table}}",
        f"{PREFIX}/decide/{{owner}}/{{pack}}/{{table}}",
        f"{PREFIX}/decide/{{owner}}/{{pack}}/{{table}}/batch",
    }


def test_another_method_is_405_on_every_route(app: Any) -> None:
    for template, methods in paths(app).items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"} - methods:
            answer = call(app, method, filled(template))
            assert answer.status == 405, (method, template)
            assert_problem(answer, "method")
            assert answer.headers["allow"] == ", ".join(methods)


def test_an_unknown_pack_or_table_is_404_on_every_route_with_the_likely_one(app: Any) -> None:
    for template, methods in paths(app).items():
        body = {"on": ON, "facts": {}, "cases": []}
        for method in methods:
            if "{pack}" in template:
                answer = call(app, method, filled(template, pack="seoul/international-resident"), body)
                assert_problem(answer, "unknown-pack")
                assert f'did you mean "{PACK}"?' in answer.json()["detail"]
            if "{table}" in template:
                answer = call(app, method, filled(template, table="education-grants"), body)
                assert_problem(answer, "unknown-table")
                assert f'did you mean "{TABLE}"?' in answer.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/", "/v2/packs", "/v1/packs/", "/v1/decide", "/docs", "/v1/\x00", "//"]
)
def test_an_unknown_address_is_404(app: Any, path: str) -> None:
    assert_problem(call(app, "GET", path), "not-found")


@pytest.mark.parametrize("path", [DECIDE, BATCH])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "malformed-json"),
        (b"{", "malformed-json"),
        (b'{"on": "2024-06-01" "facts": {}}', "malformed-json"),
        (b'{"on": "2024-06-01", "facts": {"income_ratio": NaN}}', "malformed-json"),
        (b'{"on": "2024-06-01", "facts": {"income_ratio": -Infinity}}', "malformed-json"),
        (b'{"on": "2024-06-01", "facts": {"income_ratio": 080}}', "malformed-json"),
        (b"{'on': '2024-06-01'}", "malformed-json"),
        (b'{"on": "2024-06-01"} {}', "malformed-json"),
        (b'\xef\xbb\xbf{"on": "2024-06-01"}', "malformed-json"),
        (b'{"on": "\xff"}', "malformed-json"),
        (b'{"on": "\\ud800"}', "malformed-json"),
        ('{"on": "2024-06-01"}'.encode("utf-16"), "malformed-json"),
        (b'{"on": "2024-06-01", "on": "2025-06-01", "facts": {}}', "duplicate-name"),
        (b'{"on": "2024-06-01", "facts": {"school": "high", "school": "middle"}}', "duplicate-name"),
        (b'{"on": "2024-06-01", "facts": {"school": "high", "scho\\u006fl": "middle"}}', "duplicate-name"),
        (b'{"on": "2024-06-01", "facts": {"school": "a:b", "a": 1, "a": 1}}', "duplicate-name"),
        (b'{"cases": [{"facts": {"a": {"b": 1, "b": 2}}}]}', "duplicate-name"),
        (b"[" * 20 + b"]" * 20, "too-deep"),
        (b'{"a":' * 20 + b"1" + b"}" * 20, "too-deep"),
    ],
)
def test_what_is_no_json_is_400(app: Any, path: str, body: bytes, kind: str) -> None:
    answer = call(app, "POST", path, body)
    assert answer.status == 400
    assert_problem(answer, kind)


def test_colons_in_texts_are_no_second_names(app: Any) -> None:
    answer = call(app, "POST", BATCH, {"on": ON, "cases": [{"id": '12:30 \\" : {', "facts": FACTS}]})
    assert answer.json()["results"][0]["decision"]


@pytest.mark.parametrize("path", [DECIDE, BATCH])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json; charset=euc-kr"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
def test_what_is_not_declared_as_json_is_415(app: Any, path: str, headers: dict[str, str]) -> None:
    answer = call(app, "POST", path, {"on": ON, "facts": {}}, headers=headers)
    assert answer.status == 415
    assert_problem(answer, "media-type")


def test_json_in_utf_8_may_say_so(app: Any) -> None:
    headers = {"content-type": 'Application/JSON; charset="UTF-8"'}
    assert call(app, "POST", DECIDE, {"on": ON, "facts": {}}, headers=headers).status == 200


@pytest.mark.parametrize("path", [DECIDE, BATCH])
def test_facts_in_the_address_are_refused(app: Any, path: str) -> None:
    answer = call(app, "POST", path, {"on": ON, "facts": {}}, query=b"school=high")
    assert answer.status == 400
    assert_problem(answer, "query")


@pytest.mark.parametrize("path", [DECIDE, BATCH])
def test_faults_of_a_body_have_the_shape(app: Any, path: str) -> None:
    answer = call(app, "POST", path, {"on": 3, "facts": {"a": 1}})
    assert answer.status == 422
    assert_problem(answer, "invalid")


def failing() -> APIRouter:
    router = APIRouter(prefix=PREFIX)

    @router.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError(SECRET)

    @router.get("/number/{number}")
    async def number(number: int) -> int:
        return number

    return router


def test_our_own_failure_is_500_without_detail() -> None:
    answer = call(create_app([small_pack()], routers=[failing()]), "GET", "/v1/broken")

    assert answer.status == 500
    assert_problem(answer, "failure")
    assert SECRET not in answer.body.decode()
    assert "ZeroDivision" not in answer.body.decode()


def test_a_failure_of_a_decision_is_500_without_detail(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **facts: Any) -> None:
        raise RuntimeError(str(facts))

    monkeypatch.setattr("donghaeng.rules.decision.DecisionTable.decide", fails)
    for path, body in ((DECIDE, {"on": ON, "facts": FACTS}), (BATCH, {"on": ON, "cases": [{"facts": FACTS}]})):
        answer = call(app, "POST", path, body)
        assert answer.status == 500
        assert_problem(answer, "failure")
        assert "2012" not in answer.body.decode()


def test_wrong_parameters_of_a_further_service_have_the_shape() -> None:
    answer = call(create_app([small_pack()], routers=[failing()]), "GET", f"/v1/number/{SECRET}")

    assert answer.status == 422
    assert_problem(answer, "invalid")
    assert SECRET not in answer.body.decode()


def test_many_faults_are_counted_and_the_first_are_shown(app: Any) -> None:
    answer = call(app, "POST", DECIDE, {"on": ON, "facts": {f"name_{number}": 1 for number in range(5_000)}})

    assert answer.status == 422
    assert len(answer.json()["errors"]) == 100
    assert answer.json()["detail"] == "5000 faults; the first 100 are shown: see errors"


def test_no_answer_allows_other_origins_or_is_kept(app: Any) -> None:
    headers = {"origin": "https://example.org", "content-type": "application/json"}
    for answer in (
        call(app, "POST", DECIDE, {"on": ON, "facts": FACTS}, headers=headers),
        call(app, "OPTIONS", DECIDE, headers=headers | {"access-control-request-method": "POST"}),
        call(app, "GET", "/v1/packs", headers=headers),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_client_that_goes_away_gets_nothing_and_breaks_nothing(app: Any) -> None:
    assert call(app, "POST", DECIDE, chunks=[b'{"on"'], leaves=True).status == 0
    assert 'status="499"' in call(app, "GET", "/v1/metrics").body.decode()


def test_documents_of_problems_are_small(app: Any) -> None:
    answer = call(app, "POST", DECIDE, {"on": ON, "facts": {"x" * 100_000: 1}})
    assert len(answer.body) < 1_000
    assert json.loads(answer.body)["errors"][0]["name"] == "x" * 80
