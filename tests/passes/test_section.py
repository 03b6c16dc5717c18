"""``service/passes.yaml``: every fault has its place, all of them come together, and a near name is offered."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from donghaeng.catalogue.find import find
from donghaeng.catalogue.read import read_pack
from donghaeng.services.passes.fare_section import Fares
from donghaeng.services.passes.gate import REASONS
from donghaeng.services.passes.section import PassesModel
from tests.docs.pages import DOCS
from tests.docs.test_complete import coded, keys, words
from tests.passes.counters import pack

PACKS = ("seoul/climate-card", "example/narae-transit")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the small pack, to be broken."""
    shutil.copytree(pack("example/narae-transit").folder, tmp_path / "pack")
    return tmp_path / "pack"


def faults(folder: Path, *changes: tuple[str, str]) -> list[str]:
    """What is wrong with the pack after some replacements in its section."""
    path = folder / "service" / "passes.yaml"
    text = path.read_text("utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")
    _, found = read_pack(find(folder))
    return [str(fault).partition("service/passes.yaml:")[2] for fault in found.errors]


@pytest.mark.parametrize("name", PACKS)
def test_the_shipped_packs_have_words_for_every_reason_of_a_gate(name: str) -> None:
    words = pack(name).passes_section().model.gates.words
    assert set(REASONS) <= words.keys()
    assert all(set(spoken) == {"ko", "en", "ja", "zh"} for spoken in words.values())


def test_every_key_and_word_of_the_section_is_described() -> None:
    text = coded((DOCS / "passes.md").read_text("utf-8"))
    of_use = {*keys(Fares), *words(Fares)}  # the value of use is described on a page of its own
    assert {*keys(PassesModel), *words(PassesModel)} - of_use - text == set()


@pytest.mark.parametrize("name", PACKS)
def test_every_setting_says_how_it_is_known(name: str) -> None:
    for setting in pack(name).passes_section().model.settings.values():
        assert setting.cite or setting.note or setting.kind == "simulated"


@pytest.mark.parametrize(
    ("change", "what", "offered"),
    [
        (("table: fares", "table: fars"), 'the pack has no table "fars"', 'did you mean "fares"?'),
        (("outcomes: {amount: price}", "outcomes: {amount: prise}"), "fares has no outcome prise of type money", ""),
        (("{amount: price}", "{amont: price}"), "the service reads no field amont of price", '"amount"'),
        (('"no": not_sold}', '"no": notsold}'), "the result no of fares means nothing", 'did you mean "not_sold"?'),
        (("{start_day: begins}", "{start_dai: begins}"), "the service knows no fact start_dai", '"start_day"'),
        (("{start_day: begins}", "{start_day: begin}"), "length has no input begin", '"begins"'),
        (("rights: [zone_2]", "rights: [zone_3]"), 'no "zone_3" under rights', '"zone_2"'),
        (("media: [card, phone]", "media: [card, fone]"), 'no "fone" under media', '"phone"'),
        (("timezone: Europe/Lisbon", "timezone: Europe/Lisboa"), 'no time zone "Europe/Lisboa"', ""),
        (('value: "03:30"', 'value: "25:30"'), '"25:30" is no time of day', ""),
        (('value: "03:30"', "value: 3"), "3 has the wrong type", ""),
        (("price: card_price", "price: card_prize"), 'no dated value "card_prize" of type money', '"card_price"'),
        (("  day_1:\n", "  day_9:\n"), "does not know the product day_9", 'did you mean "day_1"?'),
        (("label: student", "label: pupil"), 'no signal "pupil"', ""),
        (("  adult: {title", "  adult: {verified: true, title"), "the usual category, adult, must be verified", ""),
        (("kind: simulated}\n  block_hours", "kind: unknown}\n  block_hours"), "of kind unknown without a note", ""),
        (("kind: simulated}\n  block_hours", "kind: published}\n  block_hours"), "cites no source", ""),
        (('{ko: "1일권, 1구역(가상)", en', "{en"), "title is missing in ko", ""),
        (('zh: "请通行"', 'ja: "x"'), "stands twice", ""),
        (("commission_back_percent: {value: 50", "commission_back_percent: {value: 150"), "150 is no percentage", ""),
        (("again: false", "agian: false"), 'unknown key "agian"', 'did you mean "again"?'),
        (("tables:\n  price:", "tables:\n  prise:"), "", ""),
    ],
)
def test_a_fault_is_told_with_its_place(folder: Path, change: tuple[str, str], what: str, offered: str) -> None:
    found = faults(folder, change)
    assert found
    assert any(what in one and offered in one for one in found), found
    assert all(one[0].isdigit() for one in found if one)


def test_all_faults_come_together(folder: Path) -> None:
    found = faults(folder, ("table: fares", "table: fars"), ("rights: [zone_2]", "rights: [zone_3]"))
    assert len(found) == 2


def test_a_service_day_that_contradicts_a_dated_value_is_told(tmp_path: Path) -> None:
    shutil.copytree(pack().folder, tmp_path / "pack")
    found = faults(tmp_path / "pack", ('value: "04:00"', 'value: "05:00"'))
    assert len(found) == 1
    assert "service_day_starts says 4 o'clock" in found[0]


def test_a_pack_whose_tables_are_broken_says_so_and_not_more(folder: Path) -> None:
    table = folder / "rules" / "fares.yaml"
    table.write_text(table.read_text("utf-8").replace("hit: first", "hit: furst"), "utf-8")
    _, found = read_pack(find(folder))
    assert [fault.file.rpartition("/")[2] for fault in found.errors] == ["fares.yaml"]
