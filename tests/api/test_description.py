"""The description of the API is complete, and what the server does is what it says."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from fastapi import APIRouter
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from donghaeng.api.app import PREFIX, create_app
from tests.api.calling import call
from tests.api.conftest import DECIDE, FACTS, ON, PACK, TABLE, shipped_packs, small_pack

APP = create_app([small_pack()])
SCHEMA = schemathesis.openapi.from_asgi("/v1/openapi.json", APP)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OWNER, NAME = PACK.split("/")
REAL = {"owner": OWNER, "pack": NAME, "table": TABLE}

bounded = settings(
    max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@SCHEMA.parametrize()
@bounded
def test_no_request_of_any_form_meets_a_failure(case: Any) -> None:
    case.call_and_validate(checks=CHECKS)


@SCHEMA.include(path_regex="{owner}").parametrize()
@bounded
def test_no_request_to_what_exists_meets_a_failure(case: Any) -> None:
    case.path_parameters = {name: REAL[name] for name in case.path_parameters}
    if isinstance(case.body, dict) and isinstance(case.body.get("facts"), dict):
        # Names that the table knows, with the values that were made up.
        values = list(case.body["facts"].values())
        case.body["facts"] = dict(zip(FACTS, values, strict=False)) or FACTS
    case.call_and_validate(checks=CHECKS)


def test_the_search_finds_a_failure_that_is_there() -> None:
    router = APIRouter(prefix=PREFIX)

    @router.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError

    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", create_app([small_pack()], routers=[router]))
    with pytest.raises(FailureGroup, match="Server error"):
        schema["/v1/broken"]["GET"].Case().call_and_validate(checks=CHECKS)


def test_it_is_openapi_3_1_and_names_no_other_host() -> None:
    document = call(APP, "GET", "/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert "servers" not in document
    assert "http" not in str(document["paths"])


def test_every_reference_leads_somewhere_and_every_shape_is_used() -> None:
    document = call(APP, "GET", "/v1/openapi.json").json()
    schemas = document["components"]["schemas"]
    used = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                used.add(node["$ref"].removeprefix("#/components/schemas/"))
            for part in node.values():
                walk(part)
        elif isinstance(node, list):
            for part in node:
                walk(part)

    walk(document)
    assert used == set(schemas)


def test_every_member_of_a_decision_is_described() -> None:
    schemas = call(APP, "GET", "/v1/openapi.json").json()["components"]["schemas"]
    answer = call(APP, "POST", DECIDE, {"on": ON, "facts": FACTS, "explain": True}).json()
    assert set(schemas["Decided"]["properties"]) == set(answer)
    assert set(schemas["Explained"]["properties"]) == set(answer["explanation"][0])


def test_the_answers_of_every_shipped_table_have_the_described_shapes(everything: Any) -> None:
    import jsonschema

    document = call(everything, "GET", "/v1/openapi.json").json()
    decided = jsonschema.Draft202012Validator({**document, "$ref": "#/components/schemas/Decided"})
    for pack in shipped_packs():
        assert call(everything, "GET", f"/v1/packs/{pack.id}").status == 200
        for name in pack.rules.tables if pack.rules else ():
            assert call(everything, "GET", f"/v1/tables/{pack.id}/{name}").status == 200
            answer = call(everything, "POST", f"/v1/decide/{pack.id}/{name}", {"on": ON, "facts": {}, "explain": True})
            decided.validate(answer.json())
