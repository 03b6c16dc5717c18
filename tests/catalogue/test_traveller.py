"""What a pack says to travellers is held to its passes and tables, with the place of each fault."""

from __future__ import annotations

from pathlib import Path

import pytest

import donghaeng
from donghaeng.catalogue.pack import Pack
from donghaeng.catalogue.traveller_section import FILE, read_traveller
from donghaeng.errors import Faults


@pytest.fixture(scope="module")
def pack() -> Pack:
    return donghaeng.load("example/narae-transit")


@pytest.mark.parametrize(
    ("old", "new", "line_of", "told"),
    [
        ("resident: month_1", "resident: month_2", "resident: month_2", 'no products "month_2"'),
        ("languages: [ko, en, ja, zh]", "languages: [en, ja, zh]", "languages:", "leave out ko"),
        (
            '    phone: {ja: "スマートフォン", zh: "手机"}',
            '    phone: {ja: "スマートフォン"}',
            "    phone:",
            "missing in zh",
        ),
        ("  inner: {zone: zone_1}", "  inner: {zone: zone_9}", "  inner: {zone: zone_9}", 'no zone "zone_9"'),
        ("  inner: {zone: zone_1}", "  inner: {zones: zone_1}", "  inner: {zones", "no input zones"),
        ("  student: [student, adult]", "  student: [student, adults]", "  student: [student, adults]", '"adults"'),
        ("most_days: 40", "most_days: 400", "most_days: 400", "400 is not possible"),
        ("most_days: 40", "most_days: 40\ndistances_km: [5]", "distances_km", "do not grow with distance"),
    ],
)
def test_a_fault_has_its_line_and_says_what_is_wrong(
    pack: Pack, tmp_path: Path, old: str, new: str, line_of: str, told: str
) -> None:
    shipped = (pack.folder / FILE).read_text("utf-8")
    assert shipped.count(old) == 1
    text = shipped.replace(old, new)
    (tmp_path / "service").mkdir()
    (tmp_path / FILE).write_text(text, "utf-8")
    faults = Faults()
    assert read_traveller(tmp_path, "pack", ("ko", "en"), pack.passes, faults) is None
    line = next(number for number, one in enumerate(text.splitlines(), start=1) if one.startswith(line_of))
    assert [(fault.line, told in str(fault)) for fault in faults.errors] == [(line, True)], list(map(str, faults))


def test_the_shipped_section_is_read(pack: Pack) -> None:
    assert pack.traveller is not None
    assert pack.traveller.name("products", "day_1") == {
        "ko": "1일권, 1구역(가상)",
        "en": "Day pass, zone 1 (invented)",
        "ja": "1日券、ゾーン1(架空)",
        "zh": "1日票，1区(虚构)",
    }
