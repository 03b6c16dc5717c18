"""The shipped packs that have tables, read once; and a small app of one of them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest

from donghaeng import load
from donghaeng.api.app import create_app
from donghaeng.catalogue.find import shipped_folder, shipped_ids
from donghaeng.catalogue.pack import Pack
from tests.ledger.conftest import new_url, server, url

#: Both stores, as the tests of the ledger have them.
__all__ = ["new_url", "server", "url"]

#: A pack that is small, and its table.
PACK, TABLE = "seoul/international-residents", "education-grant"
DECIDE = f"/v1/decide/{PACK}/{TABLE}"
#: A case that is decided by its facts.
FACTS = {
    "multicultural_family": True,
    "birth_date": "2012-03-02",
    "income_ratio": 0.8,
    "receives_education_benefit": False,
    "school": "elementary",
}
ON = "2024-06-01"


@lru_cache
def shipped_packs() -> tuple[Pack, ...]:
    """The shipped packs that have tables."""
    return tuple(load(name) for name in shipped_ids() if any((shipped_folder() / name / "rules").glob("*.yaml")))


@lru_cache
def small_pack() -> Pack:
    """The small pack."""
    return load(PACK)


@pytest.fixture(scope="session")
def everything() -> Any:
    """An app of all shipped tables."""
    return create_app(shipped_packs())


@pytest.fixture
def app() -> Any:
    """An app of the small pack, new for each test."""
    return create_app([small_pack()])
