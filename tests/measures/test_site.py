"""The page of statistics: every number of the release, simulated ones marked and in charts of their own."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from donghaeng.catalogue.measures_outcome import measure_extract
from donghaeng.catalogue.outcome import outcome
from donghaeng.catalogue.read import load
from donghaeng.measures.compute import Computed
from donghaeng.release.content import Label
from donghaeng.release.read import read_release
from donghaeng.release.write import write_release
from donghaeng.site.build import build_site
from donghaeng.site.pack_view import PackView
from donghaeng.site.pages.measures import measures
from tests.measures.clinic import KINDS, RICH, clinic_pack, extracted, four_months, record
from tests.site.sites import Html, Site

PAGE = "riverton/clinic/statistics.html"


def built(folder: Path, simulated: bool, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Build the site of a clinic from its ledger."""
    monkeypatch.setattr("donghaeng.services.registry.KINDS", KINDS)
    url = f"sqlite:///{folder / 'ledger.db'}"
    record(url, four_months(), simulated=simulated, persons=60)
    pack = load(clinic_pack(folder / "pack", RICH))
    computed: Computed = measure_extract(pack.measures_section(), extracted(url, folder / "extract", facts=True))
    content = outcome(pack, computed=computed)
    write_release(folder / "release", Label("2026-06", "2026-07-01", "draft"), [content], "0.0.0")
    release = read_release(folder / "release")
    build_site(release, folder / "site")
    return Site(folder / "site", release)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Site:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return built(tmp_path_factory.mktemp("simulated"), True, monkeypatch)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Site:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return built(tmp_path_factory.mktemp("real"), False, monkeypatch)


def pictures_of(site: Site) -> list[str]:
    """The charts of the page of statistics."""
    return [path for path in site.paths(".svg") if "/statistics-" in path]


def test_every_chart_of_a_simulation_says_so_in_its_name_and_inside(simulated: Site) -> None:
    assert len(pictures_of(simulated)) >= 2 * 6
    for path in pictures_of(simulated):
        assert path.endswith("-simulated.svg")
        source = (simulated.folder / path).read_text("utf-8")
        drawing = source[source.index("<g transform") : source.rindex("</g>")]
        assert ("simulated" if path.startswith("en/") else "모의") in drawing, path


def test_every_table_and_heading_of_a_simulation_says_so(simulated: Site) -> None:
    for language, word in (("en", "simulated"), ("ko", "모의")):
        page = simulated.pages[f"{language}/{PAGE}"]
        assert page.unclosed == []
        captions = [one.text for one in page.all("caption")]
        assert len(captions) == 6
        assert all(word in text for text in captions)
        statistics = [one.text for one in page.all("h2") if one.attributes["id"] != "beside"]
        assert all(word in text for text in statistics)
        assert word in page.with_class("aside")[0].text


def test_published_statistics_are_not_called_simulated(real: Site) -> None:
    assert len(pictures_of(real)) >= 2 * 6
    assert not any("simulated" in path for path in pictures_of(real))
    page = real.pages[f"en/{PAGE}"]
    assert "simulated" not in " ".join(one.text for one in page.all("caption"))
    assert page.with_class("stamp") == []


def test_both_languages_show_the_numbers_of_the_release(real: Site) -> None:
    rows = [row for row in real.release.packs[0].tables["statistics"] if not row["suppressed"]]
    wanted = {str(row["value"]) if row["ratio"] is None else str(row["ratio"]) for row in rows}
    for language in ("ko", "en"):
        shown = re.findall(r'<data value="([^"]*)">', real.pages[f"{language}/{PAGE}"].source)
        assert wanted <= set(shown)
        assert set(shown) == wanted | {"10"}


def test_what_is_left_out_is_said_and_not_shown(real: Site) -> None:
    suppressed = [row for row in real.release.packs[0].tables["statistics"] if row["suppressed"]]
    assert suppressed
    assert real.pages[f"en/{PAGE}"].source.count('<span class="none">withheld</span>') == len(suppressed)
    assert all(row["value"] is None and row["ratio"] is None for row in suppressed)


def test_simulated_and_published_numbers_never_share_a_chart(simulated: Site, real: Site) -> None:
    """Even in a release that had both, which no ledger gives."""
    both = replace(
        real.release.packs[0],
        tables={
            **real.release.packs[0].tables,
            "statistics": (
                *real.release.packs[0].tables["statistics"],
                *simulated.release.packs[0].tables["statistics"],
            ),
        },
    )
    [page] = measures(PackView(both))
    assert len({one.stream for one in page.pictures.values()}) == 2
    for slug, picture in page.pictures.items():
        assert slug.endswith("-simulated") == (picture.stream == "simulated")
    shown = [(one.id, one.stream) for one in page.context["statistics"]]
    assert len(set(shown)) == len(shown) == 12
    for one in page.context["statistics"]:
        kinds = {row["kind"] for cells in one.numbers.values() for row in cells.values()}
        assert kinds == ({"simulated"} if one.stream == "simulated" else {"published"})


def test_the_page_is_in_the_navigation_and_only_where_there_are_numbers(
    real: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Statistics" in [one.text for one in real.pages["en/riverton/clinic/index.html"].all("a")]
    monkeypatch.setattr("donghaeng.services.registry.KINDS", KINDS)
    content = outcome(load(clinic_pack(tmp_path / "pack", RICH)))
    write_release(tmp_path / "release", Label("1", "2026-07-01", "draft"), [content], "0.0.0")
    build_site(read_release(tmp_path / "release"), tmp_path / "site")
    assert not (tmp_path / "site" / "en" / PAGE).exists()
    assert "Statistics" not in [one.text for one in Html.read(tmp_path / "site/en/riverton/clinic/index.html").all("a")]
