"""What several rooms' tests start from."""

from pathlib import Path

import pytest

from tests.site.browsing import browser
from tests.small_pack import SmallPack

#: One browser for all: two at a time do not get along in one process.
__all__ = ["browser", "pack"]


@pytest.fixture
def pack(tmp_path: Path) -> SmallPack:
    """A small valid pack of which each test gets its own copy."""
    return SmallPack(tmp_path / "pack")
