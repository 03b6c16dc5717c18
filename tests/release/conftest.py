"""Releases that several tests read; none of them changes one."""

from pathlib import Path

import pytest

from tests.release.writing import LABEL, release_of
from tests.small_pack import SmallPack


@pytest.fixture(scope="session")
def seoul(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of a pack with published and second-hand values."""
    folder = tmp_path_factory.mktemp("seoul") / "release"
    release_of(folder, "seoul/gtsn-index")
    return folder


@pytest.fixture(scope="session")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of a pack in which every value is simulated."""
    folder = tmp_path_factory.mktemp("invented")
    release_of(folder / "release", SmallPack(folder / "pack").folder, label=LABEL)
    return folder / "release"
