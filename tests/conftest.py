"""What several rooms' tests start from."""

from pathlib import Path

import pytest

from tests.small_pack import SmallPack


@pytest.fixture
def pack(tmp_path: Path) -> SmallPack:
    """A small valid pack of which each test gets its own copy."""
    return SmallPack(tmp_path / "pack")
