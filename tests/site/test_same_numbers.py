"""The same numbers stand in both languages."""

from __future__ import annotations

import re

from tests.site.sites import Site


def test_both_languages_show_the_same_numbers(site: Site) -> None:
    compared = 0
    for path, page in site.pages.items():
        other = site.pages.get(path.replace("ko/", "en/", 1))
        if not path.startswith("ko/") or other is None:
            continue
        compared += 1
        # A place or part may stand elsewhere in the sentence, but no number may differ.
        for tag, attribute in (("data", "value"), ("time", "datetime")):
            mine = sorted(element.attributes[attribute] for element in page.all(tag))
            theirs = sorted(element.attributes[attribute] for element in other.all(tag))
            assert mine == theirs, path
        assert sorted(map(_plain, page.all("data"))) == sorted(map(_plain, other.all("data"))), path
        assert _chart_numbers(page.source) == _chart_numbers(other.source), path
    assert compared or site.release.packs[0].description["languages"] == ["en"]


def _plain(element: object) -> str:
    return element.text  # type: ignore[attr-defined, no-any-return]


def _chart_numbers(source: str) -> list[str]:
    """Numbers with decimals in the letters of charts; years stand beside words that differ."""
    texts = re.findall(r"<text [^>]*>([^<]*)</text>", source)
    return [number for text in texts for number in re.findall(r"[−+]?\d[\d,]*\.\d+", text)]


def test_files_beside_both_languages_hold_the_same_rows(seoul: Site) -> None:
    for path in seoul.paths(".csv"):
        if path.startswith("ko/"):
            other = seoul.folder / path.replace("ko/", "en/", 1)
            assert (seoul.folder / path).read_bytes() == other.read_bytes(), path


def test_every_number_of_a_chart_stands_in_the_page_as_well(site: Site) -> None:
    for path, page in site.pages.items():
        shown = {element.text for element in page.all("data")}
        for number in _chart_numbers(page.source):
            assert number in shown or number.removeprefix("+") in shown, f"{path}: {number}"
