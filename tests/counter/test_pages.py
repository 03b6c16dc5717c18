"""The page of the counter as it goes out, its settings, and what the API says to it in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from donghaeng.api.counter import mount
from donghaeng.api.counter.settings import read_settings
from donghaeng.api.live_pages import pages
from donghaeng.errors import InputError
from donghaeng.services.passes.refusal import KOREAN, STATUS
from donghaeng.services.passes.service import PassService
from tests.counter.booth import Booth
from tests.passes.counters import Counter, pack

FOLDERS = [Path(one.__file__).parent for one in (mount, pages)]


@pytest.mark.parametrize("path", ["/counter", "/counter/en"])
def test_the_page_runs_nothing_of_its_own_and_names_its_pack(here: Booth, path: str) -> None:
    answer = httpx.get(here.address + path)
    assert answer.headers.get_list("content-security-policy") == [pages.POLICY]
    assert not re.search(r"https?://|\son\w+=|\sstyle=|<style|javascript:", answer.text)
    assert re.findall(r"<script(?! type=\"application/json\")(?![^>]* src=)", answer.text) == []
    assert "seoul/climate-card" in answer.text


def test_the_page_of_an_invented_pack_says_so_everywhere() -> None:
    drawn = mount._pages(pack("example/narae-transit"))
    assert "지어낸 자료이며 실제 이용권이 아닙니다" in drawn[""].body.decode()
    assert "Invented; no real pass" in drawn["/en"].body.decode()


def test_every_word_is_there_in_both_languages_and_used() -> None:
    korean, english = (pages.words_of(mount.PACKAGE, language) for language in pages.LANGUAGES)
    assert korean.keys() == english.keys()
    for key, text in korean.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", english[key])), key
    files = [file for folder in FOLDERS for part in ("assets/*.js", "templates/*.j2") for file in folder.glob(part)]
    used = set(re.findall(r"\b(\w+)\b", "".join(file.read_text("utf-8") for file in files)))
    families = ("view_", "cause_", "kind_", "medium_", "state_", "way_", "claim_state_", "agent_state_", "receipt_")
    others = ("evidence_", "invented", "shared", *pages.words_of("donghaeng.api.live_pages", "ko"))
    assert {key for key in korean if key not in used and not key.startswith((*families, *others))} == set()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PassService]:
    counter = Counter(f"sqlite:///{tmp_path_factory.mktemp('service')}/a.db")
    yield counter.service
    counter.close()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("organisations:\n  a: {channl: x}\n", 2, "channel"),
        ("organisations:\n  a: {channel: station_machin}\n", 2, "station_machine"),
        ("organisations:\n  a: {facts: {line: line_10}}\n", 2, "line_9"),
        ("organisations:\n  a:\n    facts: {lin: line_9}\n", 3, "is no fact"),
    ],
)
def test_faults_of_the_settings_are_named_with_their_place(
    tmp_path: Path, service: PassService, text: str, line: int, said: str
) -> None:
    file = tmp_path / "counter.yaml"
    file.write_text(text)
    with pytest.raises(InputError) as raised:
        read_settings(file, service)
    assert f"counter.yaml:{line}:" in str(raised.value)
    assert said in str(raised.value)


def test_every_refusal_has_words_in_korean(here: Booth) -> None:
    assert KOREAN.keys() == STATUS.keys()
    headers = {"authorization": f"Bearer {here.key}"}
    answer = httpx.get(f"{here.address}/v1/passes/cards/nobody", headers=headers).json()
    assert {one["name"]: one["what"] for one in answer["errors"]}["ko"] == KOREAN["unknown-card"]
    card = here.card()
    here.charged(card)
    quote = here.call("POST", "/quotes", {"product": "d30_transit", "card": card})
    assert quote["refused"]["words"]["ko"] == "재충전은 만료 5일 전부터입니다."
    assert quote["refused"]["opens"] == "2026-12-17"
