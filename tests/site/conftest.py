"""Two sites: the shipped pack of Seoul, and invented packs with extreme content."""

from __future__ import annotations

import pytest

from donghaeng.site.build import build_site
from tests.site.invented import empty_pack, long_pack, places_pack
from tests.site.sites import Site, release_of


@pytest.fixture(scope="session")
def seoul(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("seoul")
    release = release_of(folder / "release", "seoul/gtsn-index")
    build_site(release, folder / "site")
    return Site(folder / "site", release)


@pytest.fixture(scope="session")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("invented")
    few = places_pack(folder / "few", "test/few", 4, ["en", "ko"], 12)
    lone = places_pack(folder / "lone", "test/lone", 3, ["en"], 1)
    packs = [long_pack(folder / "long"), empty_pack(folder / "empty"), few, lone]
    release = release_of(folder / "release", *packs)
    build_site(release, folder / "site")
    return Site(folder / "site", release)


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("many")
    release = release_of(folder / "release", places_pack(folder / "many", "test/many", 150, ["en"], 1))
    build_site(release, folder / "site")
    return Site(folder / "site", release)


@pytest.fixture(params=["seoul", "invented", "many"])
def site(request: pytest.FixtureRequest) -> Site:
    """Each of the sites in turn."""
    found: Site = request.getfixturevalue(request.param)
    return found
