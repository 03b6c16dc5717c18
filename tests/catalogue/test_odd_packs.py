"""Packs that are odd and well formed, or wrong in ways that once led to silence or a crash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from donghaeng.errors import InputError
from donghaeng.release.read import read_release
from donghaeng.release.verify import verify
from tests.command import run
from tests.small_pack import SmallPack


@pytest.fixture
def pack(tmp_path: Path) -> SmallPack:
    return SmallPack(tmp_path / "pack")


def only(pack: SmallPack, *rows: str) -> None:
    pack.write("observations.csv", "\n".join(["node,place,period,value,count,used,kind,source,note", *rows, ""]))


def test_places_in_a_circle_are_told(pack: SmallPack) -> None:
    pack.write("places.csv", "place,parent,name_ko,name_en\nmy-city,b,가,A\nb,my-city,나,B\n")

    faults = [fault for fault in pack.faults() if fault.code == "cycle"]

    assert [(fault.file, fault.line, fault.column) for fault in faults] == [("places.csv", 2, 9), ("places.csv", 3, 3)]


def test_a_circle_above_a_place_with_values_is_told_and_does_not_hold_up_the_check(pack: SmallPack) -> None:
    pack.write("places.csv", "place,parent,name_ko,name_en\nland,north,가,A\nnorth,land,나,B\nmy-city,north,다,C\n")

    assert {(fault.line, fault.code) for fault in pack.faults() if fault.file == "places.csv"} == {
        (2, "cycle"),
        (3, "cycle"),
    }


def test_a_faulty_tree_beside_tables_asks_for_no_observations(pack: SmallPack) -> None:
    pack.path("observations.csv").unlink()
    pack.write("values.csv", "place,period,homes\nmy-city,2022,12\n")
    pack.write("tables.yaml", "values:\n  - {file: values.csv, layout: wide, kind: simulated, source: [made-up]}\n")
    text = pack.path("structure.csv").read_text("utf-8")
    pack.write("structure.csv", text.replace("homes,", "burden,", 1))

    assert {fault.file for fault in pack.faults()} == {"structure.csv"}


def test_a_screen_that_no_place_passes_is_told(pack: SmallPack) -> None:
    pack.path("observations.csv").unlink()
    pack.write("values.csv", "place,period,homes\nmy-city,2022,12\n")
    pack.write("tables.yaml", "values:\n  - {file: values.csv, layout: wide, kind: simulated, source: [made-up]}\n")
    recipe = pack.path("recipe.yaml").read_text("utf-8")
    pack.write("recipe.yaml", recipe + "screen: {places_available: 1.0}\n")

    assert "screen: no place has enough data" in pack.fault().what


def test_a_pack_without_any_value_is_faulty(pack: SmallPack) -> None:
    pack.path("observations.csv").unlink()
    pack.write("values.csv", "place,period,homes\nmy-city,2022,\n")
    pack.write("tables.yaml", "values:\n  - {file: values.csv, layout: wide, kind: simulated, source: [made-up]}\n")

    assert "the pack has no value" in pack.fault().what


def test_a_total_alone_can_be_checked_released_and_verified(pack: SmallPack, tmp_path: Path) -> None:
    only(pack, "total,my-city,2022,100,,yes,simulated,made-up,", "total,my-city,2023,104,,yes,simulated,made-up,")

    assert run("check", str(pack.folder)).code == 0
    assert run("release", str(pack.folder), "--out", str(tmp_path / "release")).code == 0
    assert not verify(tmp_path / "release")[1].errors


def test_weights_that_sum_to_nothing_are_a_fault(pack: SmallPack) -> None:
    text = pack.path("structure.csv").read_text("utf-8")
    pack.write(
        "structure.csv",
        text.replace("homes,higher,1", "homes,higher,0").replace("%,lower,1\nvisits", "%,lower,0\nvisits"),
    )

    assert pack.fault().what == "all weights below housing are 0"


def test_values_of_a_place_that_is_the_mean_of_its_parts_are_not_lost_in_silence(pack: SmallPack) -> None:
    pack.write("places.csv", "place,parent,name_ko,name_en\nmy-city,,가,A\neast,my-city,나,B\n")
    pack.append(
        "observations.csv", "homes,east,2022,1,,yes,simulated,made-up,\nhomes,east,2023,2,,yes,simulated,made-up,\n"
    )
    pack.append("recipe.yaml", "places: {}\n")

    assert "my-city has parts and 11 values of its own" in pack.fault().what


@pytest.mark.parametrize("word", ["inf", "1_0", "１２", "many"])
def test_an_attribute_that_is_no_number_is_told(pack: SmallPack, word: str) -> None:
    pack.write("people.csv", f"place,period,people\nmy-city,,{word}\n")
    pack.write("tables.yaml", "attributes:\n  - {file: people.csv, layout: wide, source: [made-up]}\n")
    text = pack.path("structure.csv").read_text("utf-8").splitlines()
    pack.write(
        "structure.csv",
        "\n".join(
            [text[0] + ",denominator", *(f"{row},people" if "homes," in row else f"{row}," for row in text[1:]), ""]
        ),
    )
    pack.append("recipe.yaml", "denominate: {by: column}\n")

    assert f'"{word}" of my-city is not a number' in pack.fault().what


def test_an_attribute_of_an_unknown_place_is_told(pack: SmallPack) -> None:
    pack.write("people.csv", "place,period,people\nmy-town,,5\n")
    pack.write("tables.yaml", "attributes:\n  - {file: people.csv, layout: wide, source: [made-up]}\n")

    assert str(pack.fault()).startswith('people.csv:2:1: unknown place "my-town"')


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("choices: [{label: {ko: 가, en: a}, set: {agregate.over: children}}]", 'unknown key "agregate"'),
        ("choices: [{label: {ko: 가, en: a}, set: {aggregate.over: childs}}]", '"childs" is not known here'),
        ("choices: [{label: {ko: 가, en: a}, leave_out: [total]}]", "total is the whole index"),
        ("leave_out_each: indicators\n    noise: {of: weights}", "exactly one of choices"),
    ],
)
def test_a_choice_that_does_not_fit_is_found_by_check(pack: SmallPack, content: str, what: str) -> None:
    pack.write("robustness.yaml", f"format: 1\nfactors:\n  - name: one\n    label: {{ko: 가, en: a}}\n    {content}\n")

    fault = pack.fault()

    assert (fault.file, fault.line >= 3) == ("robustness.yaml", True)
    assert what in str(fault)


def test_more_combinations_than_numbers_hold_are_sampled_and_not_tried(pack: SmallPack) -> None:
    factor = "  - {{name: f{}, label: {{ko: 가, en: a}}, noise: {{of: weights, draws: 16, seed: {}}}}}\n"
    factors = "".join(factor.format(at, at) for at in range(16))
    pack.write("robustness.yaml", f"format: 1\nsample: 20\nfactors:\n{factors}")

    result = run("robustness", str(pack.folder), "--json")

    assert result.code == 0
    assert json.loads(result.out)["combinations"] == 20


def released(pack: SmallPack, tmp_path: Path) -> Path:
    folder = tmp_path / "release"
    assert run("release", str(pack.folder), "--out", str(folder)).code == 0
    return folder


def rewritten(folder: Path, change: Any) -> None:
    """Change the manifest and its digest together, as somebody would who means harm."""
    import hashlib

    manifest = json.loads((folder / "manifest.json").read_bytes())
    change(manifest)
    content = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(content)
    (folder / "manifest.sha256").write_text(f"{hashlib.sha256(content).hexdigest()}  manifest.json\n")


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest["packs"][0].update(id="../../evil"),
        lambda manifest: manifest.pop("packs"),
        lambda manifest: manifest.update(packs=5),
        lambda manifest: manifest["files"][0].update(path="../secret"),
        lambda manifest: manifest["files"][0].update(path="/etc/passwd"),
    ],
    ids=["id leads out", "no packs", "packs is a number", "path leads out", "absolute path"],
)
def test_a_manifest_that_is_none_opens_nothing(pack: SmallPack, tmp_path: Path, change: Any) -> None:
    folder = released(pack, tmp_path)
    rewritten(folder, change)

    assert verify(folder)[1].errors
    with pytest.raises(InputError):
        read_release(folder)


def test_a_link_in_a_release_is_an_alteration(pack: SmallPack, tmp_path: Path) -> None:
    folder = released(pack, tmp_path)
    content = (folder / "README.txt").read_bytes()
    (tmp_path / "elsewhere.txt").write_bytes(content)
    (folder / "README.txt").unlink()
    (folder / "README.txt").symlink_to(tmp_path / "elsewhere.txt")

    (fault,) = verify(folder)[1].errors

    assert fault.what == "the path is a link"
