"""What pages say of a pack with several places, of its means and of what it does not give."""

from __future__ import annotations

from pathlib import Path

import pytest

from donghaeng.site.build import build_site
from donghaeng.site.pages.front import places_weak
from donghaeng.site.pages.method import means_of, steps_of
from donghaeng.site.view import IndexView
from tests.site.sites import Site, release_of


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("shipped")
    release = release_of(folder / "release", "undp/hdi", "eu/asem-connectivity")
    build_site(release, folder / "site")
    return Site(folder / "site", release)


def _view(site: Site, pack: str) -> IndexView:
    return IndexView(next(found for found in site.release.packs if found.id == pack))


def test_each_level_has_its_own_mean_and_formula(shipped: Site) -> None:
    text = shipped.pages["en/undp/hdi/method.html"].text
    assert "Level 3: geometric mean." in text
    assert "each to the power of its share of the weight" in text
    assert "Level 2: arithmetic mean." in text
    for unused in ("penalty", "least_share", "most_share"):
        assert unused not in text


def test_nodes_go_before_levels_and_only_used_settings_are_told(shipped: Site) -> None:
    view = _view(shipped, "undp/hdi")
    plain = {"over": "children", "penalty": "up", "least_share": 0.0, "most_share": 1.0, "least_available": 0.0}
    view.pack.recipe["aggregate"] = {
        **plain,
        "method": "mazziotta_pareto",
        "levels": {"3": {**plain, "method": "geometric"}},
        "nodes": {"hdi": {**plain, "method": "complement_of_ratio"}},
    }
    lines = [(line.level, line.codes, line.method, line.over, line.settings) for line in means_of(view)]
    assert lines == [
        ("2", ("health", "education", "income"), "mazziotta_pareto", "children", (("penalty", "up"),)),
        ("", ("hdi",), "complement_of_ratio", "", ()),
    ]
    assert not [step for step in steps_of({**view.pack.recipe, "decimals": 2}) if step.verb == "decimals"]


def test_scores_have_the_decimals_of_the_recipe(shipped: Site) -> None:
    assert _view(shipped, "undp/hdi").decimals == 3
    assert _view(shipped, "eu/asem-connectivity").decimals == 1


def test_what_is_weak_is_looked_for_at_all_places(shipped: Site) -> None:
    found = places_weak(_view(shipped, "eu/asem-connectivity"))
    assert found is not None
    assert (found.count, found.imputed) == (51, 20)
    assert "20 of 51 places have values that were filled in" in shipped.pages["en/eu/asem-connectivity/index.html"].text
    assert all("No area below" not in page.text for page in shipped.pages.values())


def test_what_a_pack_does_not_give_is_not_made_up(shipped: Site) -> None:
    text = shipped.pages["en/undp/hdi/indicators/le.html"].text
    assert "confirmed" not in text
    assert "No definition is public" not in text
    assert "Sources none" not in text
    assert "United Nations Development Programme 2024" in text
    assert "en/undp/hdi/statements.html" not in shipped.pages
    assert "Promises and claims" not in text


def test_areas_have_a_table_of_places_and_periods(shipped: Site) -> None:
    page = shipped.pages["en/undp/hdi/areas/education.html"]
    assert "Education: places by period" in page.text
    one_period = shipped.pages["en/eu/asem-connectivity/areas/Conn.html"]
    assert "places by period" not in one_period.text


def test_a_composite_has_the_sources_of_all_its_inputs(shipped: Site) -> None:
    view = _view(shipped, "eu/asem-connectivity")
    place, period = view.scored_places[0], str(view.newest_period)
    below = {source for leaf in view.leaves for source in view.evidence(leaf, place, period)}
    assert set(view.evidence(view.root, place, period)) == below
