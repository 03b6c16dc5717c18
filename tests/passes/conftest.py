"""The pass service of a shipped pack on both stores, with a clock that is set by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.ledger.conftest import new_url, server, url
from tests.passes.counters import Counter
from tests.passes.months import play

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


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives the folder of a made-up month of a pack: ledger, day files, keys and what was printed."""

    @cache
    def played(pack: str) -> Path:
        folder = tmp_path_factory.mktemp("month")
        play(folder, pack)
        return folder

    return played
