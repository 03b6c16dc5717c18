"""The pass service of a shipped pack on both stores, with a clock that is set by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ledger.conftest import new_url, server, url
from tests.passes.counters import Counter

#: Both stores, as the tests of the ledger have them.
__all__ = ["new_url", "server", "url"]


@pytest.fixture
def counter(url: str) -> Iterator[Counter]:
    """A counter on a new ledger in each store."""
    counter = Counter(url)
    yield counter
    counter.close()


@pytest.fixture
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """A counter on a new ledger in a file, where the store makes no difference."""
    counter = Counter(f"sqlite:///{tmp_path_factory.mktemp('counter')}/a.db")
    yield counter
    counter.close()
