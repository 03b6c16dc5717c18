"""A service of the shipped pack on each store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from donghaeng.services.identity.service import IdentityService
from tests.identity.desks import opened
from tests.ledger.conftest import new_url, server, url

__all__ = ["new_url", "server", "url"]


@pytest.fixture
def service(url: str) -> Iterator[IdentityService]:
    service = opened(url)
    yield service
    service.ledger.close()
