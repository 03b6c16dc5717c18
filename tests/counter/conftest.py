"""One booth for all tests of the counter; each test has cards of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.counter.booth import AGENT, Booth, Seller, booth


@pytest.fixture(scope="session")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Booth]:
    with pytest.MonkeyPatch.context() as patch, booth(tmp_path_factory.mktemp("booth"), patch) as found:
        found.call("POST", "/agents", {"agent": AGENT, "per_mille": 10, "per_card": 100}, found.key)
        found.call("POST", f"/agents/{AGENT}/stock", {"cards": 50}, found.key)
        yield found


@pytest.fixture
def sit(browser: Any, here: Booth) -> Iterator[Callable[..., Seller]]:
    """Seat a seller at the booth."""
    sellers: list[Seller] = []

    def seat(path: str = "/counter", **settings: Any) -> Seller:
        sellers.append(Seller(browser, here, path, **settings))
        return sellers[-1]

    yield seat
    for seller in sellers:
        seller.close()
        assert seller.complaints == []


@pytest.fixture
def seller(sit: Callable[..., Seller]) -> Seller:
    return sit().sign_in()
