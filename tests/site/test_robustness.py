"""What the recipes tried say: the numbers of the tables, linked where a reader asks, never said too strongly."""

from __future__ import annotations

import csv
import json
import re

import pytest

from donghaeng.release.read import ReleasedPack
from donghaeng.site.build import build_site
from donghaeng.site.figures import Figures
from donghaeng.site.words import phrases_of, words_of
from tests.site.sites import Site, release_of

SEOUL = "en/seoul/gtsn-index/robustness.html"


@pytest.fixture(scope="module")
def hdi(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("hdi")
    release = release_of(folder / "release", "undp/hdi")
    build_site(release, folder / "site")
    return Site(folder / "site", release)


def pages_of(site: Site) -> list[tuple[str, ReleasedPack]]:
    """Robustness pages with their packs, every language."""
    packs = {pack.id: pack for pack in site.release.packs}
    return [(path, packs["/".join(path.split("/")[1:3])]) for path in site.pages if path.endswith("/robustness.html")]


def test_every_pack_with_alternatives_has_the_page_in_each_language(site: Site) -> None:
    wanted = {
        f"{language}/{pack.id}/robustness.html"
        for pack in site.release.packs
        for language in pack.description["languages"]
        if "robustness_tried" in pack.tables
    }
    assert wanted
    assert {path for path, _ in pages_of(site)} == wanted


def test_it_stands_between_method_and_quality_on_every_page_of_the_pack(seoul: Site) -> None:
    for path, page in seoul.pages.items():
        if path.count("/") < 3:
            continue
        nav = next(element for element in page.all("nav") if element.attributes.get("class") == "sections")
        names = [name for name in nav.text.split("\n") if name.strip()]
        language = path.split("/")[0]
        said = phrases_of("ko" if language == "ko" else "en")
        wanted = [said[f"section.{name}"] for name in ("method", "robustness", "quality")]
        start = names.index(wanted[0])
        assert names[start : start + 3] == wanted, path


def test_a_pack_without_alternatives_has_neither_page_nor_entry(invented: Site) -> None:
    assert "en/test/empty/robustness.html" not in invented.pages
    assert "robustness.html" not in invented.pages["en/test/empty/index.html"].source


def test_the_page_has_every_row_beside_it(site: Site) -> None:
    for path, pack in pages_of(site):
        tables: dict[str, list[dict[str, object]]] = {}
        for ending in ("", "-simulated"):
            file = site.folder / path.replace(".html", f"{ending}.json")
            if file.exists():
                for name, rows in json.loads(file.read_text("utf-8"))["tables"].items():
                    tables.setdefault(name, []).extend(rows)
        for name, rows in pack.tables.items():
            if name.startswith("robustness_"):
                assert tables[name] == [dict(row) for row in rows], f"{path}: {name}"


def test_the_tables_of_one_place_hold_the_released_numbers(seoul: Site) -> None:
    pack = seoul.release.packs[0]
    for language in ("en", "ko"):
        source = seoul.pages[SEOUL.replace("en/", f"{language}/", 1)].source
        for name, table, columns in (
            ("scores-table", "intervals", ("nominal", "low", "median", "high", "least", "most", "below")),
            ("changes-table", "changes", ("nominal", "low", "median", "high", "falls")),
        ):
            shown = body_of(source, name)
            released = [row[column] for row in pack.tables[f"robustness_{table}"] for column in columns]
            assert [value for value, _ in shown] == list(map(str, released)), name


def body_of(source: str, table: str) -> list[tuple[str, str]]:
    """Exact and printed numbers in the body of a table."""
    rest = source[source.index(f'<caption id="{table}">') :]
    rest = rest[rest.index("<tbody>") : rest.index("</tbody>")]
    return re.findall(r'<data value="([^"]*)">([^<]*)</data>', rest)


def test_ranks_are_the_released_ones_and_complete(many: Site, hdi: Site) -> None:
    for site in (many, hdi):
        for path, pack in pages_of(site):
            newest = max(row["period"] for row in pack.tables["robustness_intervals"])
            rows = [row for row in pack.tables["robustness_intervals"] if row["period"] == newest and row["rank"]]
            ahead = {row["place"]: row["share"] for row in pack.tables["robustness_ahead"] if row["period"] == newest}
            wanted = []
            for row in rows:
                numbers = [row[f"rank{name}"] for name in ("", "_low", "_median", "_high")]
                wanted.append([*map(str, numbers), *([str(ahead[row["place"]])] if row["place"] in ahead else [])])
            shown = [
                [value for value, _ in re.findall(r'<data value="([^"]*)">([^<]*)</data>', line)]
                for line in rows_of(site.pages[path].source, "ranks-table")
            ]
            assert sorted(shown) == sorted(wanted), path
            ranks = [int(line[0]) for line in shown]
            assert ranks == sorted(ranks)
            unclear = sum(share < 0.95 for share in ahead.values())
            marked = ["caution" in line for line in rows_of(site.pages[path].source, "ranks-table")]
            assert sum(marked) == unclear, path


def rows_of(source: str, table: str) -> list[str]:
    """Rows of the body of a table."""
    rest = source[source.index(f'<caption id="{table}">') :]
    return re.findall(r"<tr>.*?</tr>", rest[rest.index("<tbody>") : rest.index("</tbody>")], re.S)


def test_the_front_page_says_how_far_the_method_drives_the_result(seoul: Site, hdi: Site) -> None:
    facts = seoul.pages["en/seoul/gtsn-index/index.html"].with_class("facts")[0].text
    row = seoul.release.packs[0].tables["robustness_intervals"][-1]
    assert f"In 2,240 recipes tried, the value lies between {row['low']:.1f} and {row['high']:.1f}" in one_line(facts)
    front = hdi.pages["en/undp/hdi/index.html"]
    assert "pairs of neighbours in the ranking cannot be told apart" in one_line(front.with_class("facts")[0].text)
    assert "Rank in recipes tried" in front.all("table")[0].text
    for site, path in ((seoul, "en/seoul/gtsn-index/index.html"), (hdi, "en/undp/hdi/index.html")):
        assert "robustness.html" in [a.attributes["href"] for a in site.pages[path].all("a")][5:]
    place = one_line(hdi.pages["en/undp/hdi/places/NOR.html"].with_class("facts")[0].text)
    interval = next(
        row
        for row in hdi.release.packs[0].tables["robustness_intervals"]
        if (row["place"], row["period"]) == ("NOR", "2022")
    )
    assert f"the rank lies between {interval['rank_low']} and {interval['rank_high']}" in place


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_what_was_tried_is_on_the_same_page(site: Site) -> None:
    for path, pack in pages_of(site):
        language = path.split("/")[0]
        text = one_line(site.pages[path].text)
        for row in pack.tables["robustness_tried"]:
            assert one_line(row[f"label_{language}"]) in text, path
            if row["what"] == "choice":
                assert one_line(row[f"choice_{language}"]) in text, path


def test_shares_are_never_said_to_be_probabilities(site: Site) -> None:
    for path, page in site.pages.items():
        text = page.text.lower()
        assert "probability that" not in text, path
        if path.endswith("/robustness.html"):
            assert "probabilit" not in text, path
            assert "확률" not in text, path
            assert ("recipes tried" in text) or ("시도한" in text), path


def test_the_sentence_names_what_the_result_depends_on_most(seoul: Site) -> None:
    rows = [row for row in seoul.release.packs[0].tables["robustness_sensitivity"] if row["target"] == "score"]
    most = max(rows, key=lambda row: row["total"])
    assert most["factor"] == "left_out"
    assert "depends most on: One area left out" in one_line(seoul.pages[SEOUL].text)
    shown = body_of(seoul.pages[SEOUL].source, "influences-table")
    assert str(most["first"]) in [value for value, _ in shown]
    assert str(most["total"]) in [value for value, _ in shown]


def test_charts_of_simulated_values_say_so(many: Site, invented: Site) -> None:
    for site in (many, invented):
        names = [path for path in site.paths(".svg") if "/robustness-" in path]
        assert names
        for path in names:
            assert path.endswith("-simulated.svg")
            assert re.search("simulated|모의", (site.folder / path).read_text("utf-8")), path


def test_the_csv_beside_the_page_holds_the_intervals(seoul: Site) -> None:
    with (seoul.folder / SEOUL.replace(".html", ".csv")).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    released = seoul.release.packs[0].tables["robustness_intervals"]
    assert [(row["period"], float(row["low"])) for row in rows] == [(row["period"], row["low"]) for row in released]


def test_none_and_all_are_told_from_nearly() -> None:
    figures = Figures(words_of("ko"))
    assert [figures.plain_share(value) for value in (0.0, 0.0004, 0.5, 0.9996, 1.0)] == [
        "0%",
        "0.0%",
        "50.0%",
        "100.0%",
        "100%",
    ]
