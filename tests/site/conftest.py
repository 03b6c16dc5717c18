"""The sites: the shipped pack of Seoul, invented packs with extreme content, and packs without an index."""

from __future__ import annotations

import pytest

from donghaeng.release.content import Label
from donghaeng.site.build import build_site
from tests.policy_pack import bare_pack, policy_pack
from tests.site.browsing import dark, narrow, wide
from tests.site.invented import empty_pack, long_pack, places_pack
from tests.site.narae import PACK, write_pages
from tests.site.rules_pack import DAY, rules_pack, values_pack, with_rules
from tests.site.sites import Site, release_of

__all__ = ["dark", "narrow", "wide"]


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


@pytest.fixture(scope="session")
def policies(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("policies")
    index = places_pack(folder / "few", "test/few", 4, ["en", "ko"], 2)
    packs = [policy_pack(folder / "bus"), index, bare_pack(folder / "bare")]
    release = release_of(folder / "release", *packs)
    build_site(release, folder / "site")
    return Site(folder / "site", release)


@pytest.fixture(scope="session")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site of packs of rules, of dated values and of an index with rules, as they stand on the day of its release."""
    folder = tmp_path_factory.mktemp("ruled")
    label = Label("2024-05", DAY, "draft")
    both = with_rules(places_pack(folder / "both", "test/both", 2, ["en", "ko"], 1), "one")
    packs = [rules_pack(folder / "rules"), values_pack(folder / "values"), both]
    release = release_of(folder / "release", *packs, label=label)
    build_site(release, folder / "site")
    return Site(folder / "site", release)


@pytest.fixture(scope="session")
def narae(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The pages of falls and plans of the invented city; not the rest of its site."""
    folder = tmp_path_factory.mktemp("narae")
    release = release_of(folder / "release", PACK)
    write_pages(release, folder / "site")
    return Site(folder / "site", release)


@pytest.fixture(params=["seoul", "invented", "many", "policies", "ruled"])
def site(request: pytest.FixtureRequest) -> Site:
    """Each of the sites in turn."""
    found: Site = request.getfixturevalue(request.param)
    return found
