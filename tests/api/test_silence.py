"""Nothing of a request is found in a log, a metric, a trace, or the text of an error."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import APIRouter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from donghaeng.api.app import PREFIX, create_app
from donghaeng.identifiers import find_identifier
from tests.api.calling import JSON, call, wrong_names
from tests.api.conftest import DECIDE, FACTS, ON, TABLE, small_pack
from tests.identifiers.numbers import registrations, writings

BATCH = f"{DECIDE}/batch"
#: Made when the test runs: no such number stands in a file.
REGISTRATION = "920229" + "-" + "1" + "234567"
PASSPORT = "M" + "8765" * 2
LICENCE = "-".join(("13", "07", "123456", "78"))
CARD = "7" + "-" + "12345" * 2
FOREIGNER = "880101" + "-" + "5" + "234567"
PLANTED = (REGISTRATION, PASSPORT, LICENCE, CARD, FOREIGNER)
#: Facts that are no numbers of persons, and nobody's business either.
MARKS = ("severe-illness-of-a-person", "2011-11-11", "elementary")


def everything_that_is_sent(app: Any) -> list[Any]:
    """Plant numbers and facts wherever a request has room for them."""
    answers = []
    for planted in (*PLANTED, *MARKS):
        facts = {**FACTS, "school": planted}
        body = {"on": ON, "facts": facts}
        answers += [
            call(app, "POST", DECIDE, body),
            call(app, "POST", DECIDE, {**body, "explain": True}),
            call(app, "POST", DECIDE, {"on": planted, "facts": {planted: planted}, planted: planted}),
            call(app, "POST", DECIDE, {"on": ON, "facts": {**FACTS, "birth_date": planted}}),
            call(app, "POST", DECIDE, {"on": ON, "facts": {**FACTS, "income_ratio": [planted]}}),
            call(app, "POST", BATCH, {"on": ON, "cases": [{"id": planted, "facts": facts}, {"facts": planted}]}),
            call(app, "POST", DECIDE, f'{{"{planted}": 1, "{planted}": 2}}'.encode()),
            call(app, "POST", DECIDE, f"{planted}".encode()),
            call(app, "POST", DECIDE, body, query=f"fact={planted}".encode()),
            call(app, "POST", DECIDE, body, headers={**JSON, "x-request-id": planted, "user-agent": planted}),
            call(app, "POST", DECIDE, body, headers={"content-type": planted}),
            call(app, "POST", f"/v1/decide/{planted}/{planted}/{planted}", body),
            call(app, "GET", f"/v1/packs/{planted}/{planted}"),
            call(app, "GET", f"/v1/{planted}"),
            call(app, "GET", f"/{planted}"),
            call(app, planted, DECIDE, body),
            call(app, "GET", f"/v1/number/{planted}"),
            call(app, "POST", "/v1/broken", body),
        ]
    return answers


def breaking() -> APIRouter:
    router = APIRouter(prefix=PREFIX)

    @router.post("/broken")
    async def broken(body: dict[str, Any]) -> None:
        raise ValueError(f"cannot do {body}")

    @router.get("/number/{number}")
    async def number(number: int) -> int:
        return number

    return router


def test_planted_facts_and_numbers_are_in_no_log_no_metric_and_no_error(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    app = create_app([small_pack()], routers=[breaking()])

    answers = everything_that_is_sent(app)

    metrics = call(app, "GET", "/v1/metrics").body.decode()
    printed = capfd.readouterr()
    kept = "\n".join(
        [caplog.text, *(repr(vars(record)) for record in caplog.records), printed.out, printed.err, metrics]
    )
    assert len([record for record in caplog.records if record.name == "donghaeng.api"]) == len(answers) + 1
    for planted in (*PLANTED, *MARKS):
        assert planted not in kept
    errors = "\n".join(answer.body.decode() for answer in answers if answer.status != 200)
    errors += "\n".join(repr(answer.headers) for answer in answers)
    for planted in PLANTED:
        assert planted not in errors
    assert find_identifier(errors) is None
    # Names of facts that do not exist are repeated, values never.
    for as_a_name in (f'"name":"{MARKS[0]}"', f'"\\"{MARKS[0]}\\" is given twice'):
        errors = errors.replace(as_a_name, "")
    assert MARKS[0] not in errors


def test_a_line_of_the_log_has_these_parts(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    app = create_app([small_pack()], clock=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    answer = call(app, "POST", DECIDE, {"on": ON, "facts": FACTS})

    (record,) = caplog.records
    line = json.loads(record.getMessage())
    assert line.pop("duration_ms") >= 0
    assert line == {
        "time": "2026-01-02T03:04:05.000+00:00",
        "level": "info",
        "request_id": answer.headers["x-request-id"],
        "method": "POST",
        "route": "/v1/decide/{owner}/{pack}/{table}",
        "status": 200,
    }


def test_a_failure_is_logged_by_its_kind_and_place_and_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    app = create_app([small_pack()], routers=[breaking()])
    answer = call(app, "POST", "/v1/broken", {"school": "elementary"})

    (record,) = caplog.records
    line = json.loads(record.getMessage())
    assert (record.levelname, line["level"], line["request_id"]) == ("ERROR", "error", answer.headers["x-request-id"])
    assert line["failure"].startswith("ValueError at test_silence.py:")
    assert record.exc_info is None


def test_metrics_count_by_route_and_status(app: Any) -> None:
    for body in ({"on": ON, "facts": FACTS}, {"on": ON, "facts": {}}, {"on": ON}):
        call(app, "POST", DECIDE, body)
    call(app, "GET", "/v1/nothing")
    call(app, "GET", f"/v1/tables/{small_pack().id}/{TABLE}")

    answer = call(app, "GET", "/v1/metrics")

    counted = answer.body.decode()
    assert answer.headers["content-type"].startswith("text/plain")
    route = "/v1/decide/{owner}/{pack}/{table}"
    name = "donghaeng_http_requests_total"
    assert f'{name}{{method="POST",route="{route}",status="200"}} 2.0' in counted
    assert f'{name}{{method="POST",route="{route}",status="422"}} 1.0' in counted
    assert f'{name}{{method="GET",route="unmatched",status="404"}} 1.0' in counted
    assert f'{name}{{method="GET",route="/v1/tables/{{owner}}/{{pack}}/{{table}}",status="200"}} 1.0' in counted
    assert f'donghaeng_http_request_duration_seconds_count{{route="{route}"}} 3.0' in counted
    assert "donghaeng_http_requests_open 1.0" in counted


def test_each_request_has_its_own_id(app: Any) -> None:
    ids = {call(app, "GET", "/v1/health", headers={"x-request-id": "mine"}).headers["x-request-id"] for _ in range(20)}
    assert len(ids) == 20
    assert all(len(one) == 32 for one in ids)


def test_traces_are_sent_nowhere_whatever_the_environment_says(app: Any) -> None:
    """FastAPI has tracing of its own, on unless it is switched off."""
    assert not app._native_telemetry.enabled()
    assert app._telemetry["auto_configure"] is False


@given(number=st.one_of(writings(registrations()), st.sampled_from(PLANTED)), data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_numbers_of_persons_are_refused_wherever_they_stand(number: str, data: st.DataObject) -> None:
    app = APP
    name = data.draw(st.sampled_from([name for name in FACTS if name != "income_ratio"]))
    answer = call(app, "POST", DECIDE, {"on": ON, "facts": {**FACTS, name: number}})

    assert answer.status == 422
    assert wrong_names(answer) == {name: "identifier-of-a-person"}
    assert find_identifier(answer.body.decode()) is None


APP = create_app([small_pack()])


@pytest.mark.parametrize("name", ["passport_no", "주민등록번호", REGISTRATION, "note " + PASSPORT])
def test_names_of_such_numbers_are_refused_as_such(app: Any, name: str) -> None:
    answer = call(app, "POST", DECIDE, {"on": ON, "facts": {name: "?"}})

    assert [one["code"] for one in answer.json()["errors"]] == ["identifier-of-a-person"]
    assert find_identifier(answer.body.decode()) is None


def test_a_number_as_an_integer_is_refused_where_no_number_belongs(app: Any) -> None:
    answer = call(app, "POST", DECIDE, {"on": ON, "facts": {"school": int(REGISTRATION.replace("-", ""))}})
    assert wrong_names(answer) == {"school": "identifier-of-a-person"}


@pytest.mark.parametrize("amount", [1_704_067_200_000, 9_202_291_234_567, 999_999_999_999_999])
def test_money_of_thirteen_digits_and_moments_pass(everything: Any, amount: int) -> None:
    path = "/v1/decide/kr/nhi-id-check/refund"
    described = call(everything, "GET", "/v1/tables/kr/nhi-id-check/refund").json()
    money = [
        name
        for name, item in described["inputs"].items()
        if item["type"] in {"money", "integer"} and item.get("most", 10**15) >= amount
    ]
    assert money
    answer = call(everything, "POST", path, {"on": ON, "facts": {money[0]: amount}})
    assert answer.status == 200


def test_an_id_of_a_case_that_looks_like_a_person_is_not_repeated(app: Any) -> None:
    results = call(app, "POST", BATCH, {"on": ON, "cases": [{"id": REGISTRATION, "facts": FACTS}]}).json()["results"]

    assert results[0]["id"] is None
    assert results[0]["problem"]["errors"][0]["code"] == "identifier-of-a-person"
