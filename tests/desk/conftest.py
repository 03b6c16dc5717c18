"""One town for all tests of the desk; each test has a clinic of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.desk.clinic import Clerk, Clinic, Town, town


@pytest.fixture(scope="session")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with pytest.MonkeyPatch.context() as patch, town(tmp_path_factory.mktemp("town"), patch) as found:
        yield found


@pytest.fixture
def clinic(here: Town) -> Clinic:
    return here.clinic()


@pytest.fixture
def sit(browser: Any, clinic: Clinic) -> Iterator[Callable[..., Clerk]]:
    """Seat a clerk at a desk of the clinic."""
    clerks: list[Clerk] = []

    def seat(path: str = "/desk", **settings: Any) -> Clerk:
        clerks.append(Clerk(browser, settings.pop("at", clinic), path, **settings))
        return clerks[-1]

    yield seat
    for clerk in clerks:
        clerk.close()
        assert clerk.complaints == []


@pytest.fixture
def clerk(sit: Callable[..., Clerk]) -> Clerk:
    return sit().sign_in()
