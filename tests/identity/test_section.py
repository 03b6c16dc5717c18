"""Faults of ``service/identity.yaml`` are told together, each with its place and what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from donghaeng.catalogue.find import find
from donghaeng.catalogue.read import load, read_pack
from donghaeng.errors import Faults
from donghaeng.services.identity.section import FILE, SPOKEN, read_identity
from tests.identity.desks import PACK, pack, policy


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / FILE).parent.mkdir()
    shutil.copy(pack().folder / FILE, tmp_path / FILE)
    return tmp_path


def faults(folder: Path, *changes: tuple[str, str]) -> list[str]:
    """Change the file and give its faults, without folder and column."""
    file = folder / FILE
    text = file.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file.write_text(text, "utf-8")
    found, shipped = Faults(), pack()
    read_identity(
        folder,
        "pack",
        pack=shipped.id,
        version=shipped.version,
        languages=tuple(shipped.manifest.languages),
        unofficial=True,
        rules=shipped.rules,
        faults=found,
    )
    return [f"{fault.line}: {fault.what}; {fault.remedy}" for fault in found]


def test_the_faults_of_a_section_are_faults_of_its_pack(tmp_path: Path) -> None:
    target = tmp_path / "kr" / "nhi-id-check"
    shutil.copytree(pack().folder, target)
    (target / FILE).write_text(
        (target / FILE).read_text("utf-8").replace("zone: Asia/Seoul", "zone: Asia/Seol"), "utf-8"
    )
    _, found = read_pack(find(target))
    assert [fault.line for fault in found if fault.file.endswith(FILE)] == [5]


def test_the_shipped_section_has_every_text_in_every_language() -> None:
    settings = load(PACK).identity_section().settings
    assert all(set(text) == set(SPOKEN) for text in (*settings.texts.values(), *settings.looks.values()))
    means = policy().tables["visit"].table.inputs["identity_means"].type.codes
    assert set(settings.look_at) == set(means) - {"none", "other"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("visit: identity,", "visit: identify,"), '"identify" is not known; did you mean "identity"?'),
        (("  last_check: last_check_date", "  last_check: last_check"), '"last_check" is not known'),
        (("  last_check: last_check_date", "  last_check: emergency"), "emergency is of type boolean"),
        (("no_answer: no_answer", "no_answer: silence"), '"silence" is not known'),
        (("zone: Asia/Seoul", "zone: Asia/Seol"), '"Asia/Seol" is no time zone'),
        (("open: [self_pay_refundable]", "open: [self_pay]"), '"self_pay" is not known'),
        (("Questions: {phone}", "Questions: {fone}"), 'unknown placeholder "fone"; did you mean "phone"?'),
        (("Questions: {phone}", "Questions: {phone"), "a brace stands alone"),
        (('key: "2"', 'key: "1"'), '"1" is taken'),
        (("medium: original, validity_date_printed: false}", "medium: shiny}"), "the code is not known"),
        (("nhi_card: [original, number]", "nhi_card: [originl]"), '"originl" is not known; did you mean "original"?'),
        (("counting: fine_counting_period", "counting: fine_period"), '"fine_period" is not known'),
        (("contacts: {ko: contact_insurer, ", "contacts: {"), "missing in ko"),
        (("stay: {never: none", "stay: {never: never"), '"never" is not known'),
        (("lookup: {eligible", "look_up: {eligible"), 'unknown key "look_up"; did you mean "lookup"?'),
    ],
)
def test_a_fault_says_what_is_wrong_and_what_to_do(folder: Path, change: tuple[str, str], said: str) -> None:
    found = faults(folder, change)
    assert any(said in one for one in found), found


def test_all_faults_are_told_together(folder: Path) -> None:
    found = faults(
        folder,
        ("visit: identity,", "visit: identify,"),
        ("Questions: {phone}", "Questions: {fone}"),
        ("nhi_card: [original, number]", "nhi_card: [originl]"),
        ("counting: fine_counting_period", "counting: fine_period"),
    )
    assert len(found) >= 3
