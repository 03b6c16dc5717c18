"""How an index is built and hangs together: the tree with its weights, correlations, and where a place stands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from donghaeng.site.build import build_site
from donghaeng.site.view import IndexView
from tests.site.sites import Site, release_of
from tests.site.test_same_numbers import _chart_numbers

AREAS = ("Physical", "ConEcFin", "Political", "Instit", "P2P", "Environ", "Social", "SusEcFin")


@pytest.fixture(scope="module")
def asem(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("asem")
    release = release_of(folder / "release", "eu/asem-connectivity")
    build_site(release, folder / "site")
    return Site(folder / "site", release)


@pytest.fixture(scope="module")
def view(asem: Site) -> IndexView:
    return IndexView(asem.release.packs[0])


def test_the_shares_of_the_indicators_add_up_to_the_whole(view: IndexView) -> None:
    share = {row["node"]: row["share"] for row in view.rows("weights")}
    assert share[view.root] == 1
    assert sum(share[leaf] for leaf in view.leaves) == pytest.approx(1)
    for code in view.inner:
        assert share[code] == pytest.approx(sum(share[child] for child in view.nodes[code].children))


def test_the_map_holds_every_pair_of_areas_as_computed_from_the_released_scores(asem: Site, view: IndexView) -> None:
    pairs = {(row["first"], row["second"]): row["value"] for row in view.rows("correlations") if not row["group"]}
    assert {code for pair in pairs for code in pair} == set(AREAS)
    assert len(pairs) == 28
    scores = {
        code: [view.score[place, view.newest_period or "", code]["value"] for place in view.scored_places]
        for code in AREAS
    }
    for (first, second), value in pairs.items():
        assert value == pytest.approx(np.corrcoef(scores[first], scores[second])[0, 1], abs=1e-12)
    for language in ("ko", "en"):
        page = asem.pages[f"{language}/eu/asem-connectivity/study.html"]
        shown = {element.text for element in page.all("data")}
        drawn = set(_chart_numbers(page.source))
        assert len(drawn) > 10
        # A minus stands apart from the digits in the search for numbers of a chart.
        assert drawn <= shown | {number.removeprefix("−") for number in shown}


def test_an_element_that_goes_against_its_group_is_named(asem: Site) -> None:
    text = asem.pages["en/eu/asem-connectivity/study.html"].text
    assert "Elements with a negative correlation with their group" in text
    assert "Technical barriers to trade" in text


def test_the_page_of_a_place_says_where_it_stands_in_each_area(asem: Site) -> None:
    page = asem.pages["en/eu/asem-connectivity/places/AUT.html"]
    assert "in what is it ahead, and in what behind?" in page.text
    assert "all places" in page.source


def test_an_index_of_one_place_has_no_correlations(seoul: Site) -> None:
    assert not [path for path in seoul.pages if path.endswith("study.html")]
    assert "What is GTSN Index made of" in seoul.pages["en/seoul/gtsn-index/method.html"].text


def test_below_a_given_value_nothing_is_drawn(seoul: Site) -> None:
    rows = {row["node"]: row["share"] for row in IndexView(seoul.release.packs[0]).rows("weights")}
    page = seoul.pages["en/seoul/gtsn-index/method.html"]
    assert sum(1 for share in rows.values() if share) == 7
    assert page.source.count('class="chart-wide"') == 1
    assert "0.0 %" not in page.source.split('class="chart-wide"')[1].split("</svg>")[0]
