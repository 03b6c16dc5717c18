"""What routes with keys do is what the description says, for holders of keys and for strangers."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
)

from donghaeng.access.scopes import SCOPES
from donghaeng.api.app import create_app
from donghaeng.api.limits import Limits
from donghaeng.api.live import live_routers
from tests.access.rings import Timer, bearer, opened
from tests.api.conftest import shipped_packs

CHECKS = [
    *(not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance),
    ignored_auth,
]


#: Schemathesis makes tests from the description when the module is read, so the ledger is there from then on.
FOLDER = tempfile.mkdtemp()
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
LIVE = opened(f"sqlite:///{FOLDER}/a.db", timer=Timer())
KEY, _ = LIVE.keys.create("clinic-1", SCOPES)
SCHEMA = schemathesis.openapi.from_asgi(
    "/v1/openapi.json",
    create_app([], routers=live_routers(LIVE, shipped_packs()), keys=LIVE.keys, limits=Limits(rate=1e6, burst=10**6)),
)


@pytest.fixture(scope="module", autouse=True)
def _closed_at_the_end() -> Iterator[None]:
    yield
    LIVE.close()


@SCHEMA.parametrize()
@settings(max_examples=25, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_no_request_of_any_form_to_a_service_meets_a_failure(case: Any) -> None:
    case.call_and_validate(checks=CHECKS, headers={"Authorization": bearer(KEY)["authorization"]})
