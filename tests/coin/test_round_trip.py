"""Whatever goes out comes in again, and the reference data give the reference scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from openpyxl import load_workbook

from donghaeng.catalogue.find import shipped_folder
from donghaeng.catalogue.read import load
from donghaeng.index.scores import Scores
from tests.coin.workbooks import DATA, META, copies, workbook
from tests.command import run
from tests.small_pack import SmallPack

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "asem"


def well(*arguments: object) -> str:
    done = run(*arguments)
    assert (done.code, done.err) == (0, ""), done
    return done.out


def assert_same(one: Scores, other: Scores) -> None:
    assert one.places == other.places
    assert one.periods == other.periods
    assert one.structure.codes == other.structure.codes
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.ranks(), other.ranks())
    np.testing.assert_array_equal(one.imputed(), other.imputed())


@pytest.mark.parametrize("form", ["tables.xlsx", "tables"])
@pytest.mark.parametrize("pack", ["eu/asem-connectivity", "eu/asem-panel"])
def test_what_is_exported_and_imported_has_the_same_scores(tmp_path: Path, pack: str, form: str) -> None:
    out = tmp_path / form
    well("export", "coin", pack, "--out", out)
    files = [out] if out.is_file() else [out / "iData.csv", out / "iMeta.csv"]
    recipe = shipped_folder() / pack / "recipe.yaml"
    well("import", "coin", *files, "--out", tmp_path / "pack", "--recipe", recipe)
    assert_same(load(pack).score(), load(tmp_path / "pack").score())


def test_the_reference_tables_with_the_nominal_recipe_give_the_scores_of_the_pack(tmp_path: Path) -> None:
    recipe = shipped_folder() / "eu/asem-connectivity" / "recipe.yaml"
    files = (REFERENCE / "iData.csv", REFERENCE / "iMeta.csv")
    well("import", "coin", *files, "--out", tmp_path / "pack", "--recipe", recipe)
    assert_same(load("eu/asem-connectivity").score(), load(tmp_path / "pack").score())


def test_an_imported_workbook_is_exported_as_it_was(tmp_path: Path) -> None:
    well("import", "coin", workbook(tmp_path / "book.xlsx"), "--out", tmp_path / "pack")
    well("export", "coin", tmp_path / "pack", "--out", tmp_path / "again.xlsx")
    book = load_workbook(tmp_path / "again.xlsx")
    data, meta = ([list(row) for row in book[name].iter_rows(values_only=True)] for name in ("iData", "iMeta"))
    # Columns follow the tree.
    assert [dict(zip(data[0], row, strict=True)) for row in data] == [
        dict(zip(DATA[0], row, strict=True)) for row in DATA
    ]
    place = meta[0].index
    for row in META[1:]:
        found = next(line for line in meta if line[0] == row[0])
        for name, cell in zip(META[0], row, strict=True):
            if name not in {"Unit", "iName"} or row[-1] in {"Indicator", "Aggregate"}:
                assert found[place(name)] == ("unknown" if (row[0], name) == ("school", "Unit") else cell)


def test_the_same_pack_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.xlsx", "two.xlsx"):
        well("export", "coin", "eu/asem-connectivity", "--out", tmp_path / name)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_texts_stay_texts(tmp_path: Path, pack: SmallPack) -> None:
    text = pack.path("structure.csv").read_text("utf-8")
    first = next(line for line in text.splitlines()[1:] if ",higher," in line or ",lower," in line)
    cells = first.split(",")
    pack.replace("structure.csv", first, ",".join([*cells[:3], "=1+1", *cells[4:]]))
    well("export", "coin", pack.folder, "--out", tmp_path / "book.xlsx")
    sheet = load_workbook(tmp_path / "book.xlsx")["iMeta"]
    cell = next(row[1] for row in sheet.iter_rows() if row[0].value == cells[0])
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_an_export_says_what_it_leaves_out(tmp_path: Path) -> None:
    assert "values that are given for composites were left out: 18" in well(
        "export", "coin", "seoul/gtsn-index", "--out", tmp_path / "seoul"
    )
    assert "columns of structure.csv that were left out: lower, upper" in well(
        "export", "coin", "undp/hdi", "--out", tmp_path / "hdi", "--language", "ko"
    )
    assert "노르웨이" in (tmp_path / "hdi" / "iData.csv").read_text("utf-8")


def test_an_export_overwrites_nothing_and_refuses_other_forms(tmp_path: Path) -> None:
    (tmp_path / "book.xlsx").write_text("mine", "utf-8")
    assert run("export", "coin", "undp/hdi", "--out", tmp_path / "book.xlsx").code == 1
    assert run("export", "coin", "undp/hdi", "--out", tmp_path / "book.ods").code == 2
    assert run("export", "coin", "undp/hdi", "--out", tmp_path / "new", "--language", "fr").code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["book.xlsx"]
    assert (tmp_path / "book.xlsx").read_text("utf-8") == "mine"


def test_attributes_that_only_look_like_numbers_stay_words(tmp_path: Path) -> None:
    data, meta = copies()
    data[0][3] = meta[6][0] = "Note"
    meta[6][-1] = "Other"
    for row, word in zip(data[1:], ("1e400", "nan", "１２"), strict=True):
        row[3] = word
    well("import", "coin", workbook(tmp_path / "book.xlsx", data, meta), "--out", tmp_path / "pack")
    well("export", "coin", tmp_path / "pack", "--out", tmp_path / "again.xlsx")
    well("import", "coin", tmp_path / "again.xlsx", "--out", tmp_path / "second")
    assert load(tmp_path / "second").index.attributes.labels("Note", ["AA", "BB", "CC"], "2023") == [
        "1e400",
        "nan",
        "１２",
    ]
