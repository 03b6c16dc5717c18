"""A pack from the two tables: what it holds, and what it says of itself."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from donghaeng.catalogue.check import check
from donghaeng.catalogue.read import load
from tests.coin.workbooks import copies, tables, workbook
from tests.command import run


def imported(tmp_path: Path, *arguments: object) -> Path:
    """Import and give the folder of the pack, which must be free of errors."""
    out = tmp_path / "packs" / "mine"
    done = run("import", "coin", *arguments, "--out", out)
    assert (done.code, done.err) == (0, "")
    pack, faults = check(out)
    assert pack is not None
    assert not faults.errors
    return out


def test_a_workbook_becomes_a_pack_that_computes(tmp_path: Path) -> None:
    pack = load(imported(tmp_path, workbook(tmp_path / "book.xlsx")))
    scores = pack.score()
    assert scores.structure.codes == ("index", "school", "care", "clinics", "waiting")
    found = dict(zip(scores.structure.codes, scores.values[:, 0].T.tolist(), strict=True))
    # Clinics a head: 0.1, 0.15, 0.05. Waiting is turned round, and CC has none.
    assert found["clinics"] == pytest.approx([50, 100, 0])
    assert found["care"] == pytest.approx([100 / 3, 100, 0])
    assert found["index"] == pytest.approx([100 / 6, 75, 50])
    assert [place.name_en for place in pack.places] == ["Alpha", "Beta", "Gamma"]
    assert scores.structure.nodes[1].unit == "unknown"
    assert pack.index.attributes.text("Region", "BB", "2023") == "north"


def test_a_workbook_and_its_csv_files_make_the_same_pack(tmp_path: Path) -> None:
    same = ("--date", "2026-01-02", "--source-title", "Tables")
    one = imported(tmp_path / "a", workbook(tmp_path / "book.xlsx"), *same)
    other = imported(tmp_path / "b", *tables(tmp_path), *same)
    for path in sorted(one.iterdir()):
        if path.name not in {"pack.yaml", "sources.yaml"}:  # these name the files they came from
            assert path.read_bytes() == (other / path.name).read_bytes()


def test_what_is_not_known_is_said(tmp_path: Path) -> None:
    out = tmp_path / "pack"
    done = run("import", "coin", workbook(tmp_path / "book.xlsx"), "--out", out, "--json")
    document = json.loads(done.out)
    assert (document["pack_id"], document["places"], document["indicators"]) == ("imported/pack", 3, 3)
    assert (document["aggregates"], document["periods"], document["missing"]) == (2, ["2023"], 1)
    assert any("nobody is named as publisher" in note for note in document["notes"])
    pack = load(out)
    source = pack.sources["imported-file"]
    assert source.publisher == {"en": "Not stated (given by the person who imported the file)"}
    assert pack.manifest.status == "unofficial"


def test_options_say_what_the_tables_do_not(tmp_path: Path) -> None:
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(
        "format: 1\nnormalise: {method: z_score}\naggregate: {method: arithmetic}\ncompare: []\n", "utf-8"
    )
    out = imported(
        tmp_path, workbook(tmp_path / "book.xlsx"), "--id", "our-city/well-being", "--title", 'The "index": ours',
        "--publisher", "Our City", "--source-title", "Yearbook", "--url", "https://example.org/book",
        "--licence", "CC-BY-4.0", "--date", "2026-01-02", "--recipe", recipe,
    )  # fmt: skip
    pack = load(out)
    assert (pack.id, pack.manifest.title, pack.manifest.owner) == (
        "our-city/well-being",
        {"en": 'The "index": ours'},
        {"en": "Our City"},
    )
    assert pack.sources["imported-file"].url == "https://example.org/book"
    assert (out / "recipe.yaml").read_bytes() == recipe.read_bytes()


def test_invented_values_are_simulated_and_names_may_be_korean(tmp_path: Path) -> None:
    pack = load(imported(tmp_path, workbook(tmp_path / "book.xlsx"), "--status", "invented", "--language", "ko"))
    assert set(pack.index.observations.columns["kind"]) == {4}
    assert pack.places[0].name_ko == "Alpha"
    assert pack.manifest.languages == ("ko",)


def test_values_that_are_not_firm_keep_out_of_means_and_the_import_says_so(tmp_path: Path) -> None:
    out = tmp_path / "pack"
    done = run("import", "coin", workbook(tmp_path / "book.xlsx"), "--out", out, "--kind", "second_hand")
    assert "take no part in means" in done.out
    assert load(out).sources["imported-file"].grade == "copy"


def test_a_period_is_asked_for_where_there_is_no_time(tmp_path: Path) -> None:
    data = [row[:2] + row[3:] for row in copies()[0]]
    book = workbook(tmp_path / "book.xlsx", data)
    done = run("import", "coin", book, "--out", tmp_path / "pack")
    assert (done.code, "iData!A1: no column Time" in done.err, "--period 2024" in done.err) == (1, True, True)
    pack = load(imported(tmp_path, book, "--period", "2024-Q1"))
    assert [period.text for period in pack.score().periods] == ["2024-Q1"]


def test_attributes_that_change_over_time_keep_their_periods(tmp_path: Path) -> None:
    data, _ = copies()
    data += [[*row[:2], 2024, row[3], row[4] * 2, *row[5:]] for row in data[1:]]
    out = imported(tmp_path, workbook(tmp_path / "book.xlsx", data))
    assert (out / "attributes.csv").read_text("utf-8").splitlines()[:2] == [
        "place,period,Region,Pop",
        "AA,2023,north,100",
    ]
    assert load(out).score().prepared.values[0, :, 3].tolist() == [0.1, 0.05]


def test_sheets_are_found_in_any_case_and_dates_are_periods(tmp_path: Path) -> None:
    data, _ = copies()
    for row in data[1:]:
        row[2] = datetime(2023, 5, 1)
    out = imported(tmp_path, workbook(tmp_path / "book.xlsx", data, iData="IDATA", iMeta="imeta"))
    assert load(out).score().periods[0].text == "2023-05-01"


def test_what_r_writes_for_missing_is_missing(tmp_path: Path) -> None:
    data, meta = copies()
    data[3][6] = "NA"
    meta = [["NA" if cell is None else cell for cell in row] for row in meta]
    meta[3][5] = ""  # the unit of school
    plain = load(imported(tmp_path / "a", *tables(tmp_path)))
    assert load(imported(tmp_path / "b", *tables(tmp_path, data, meta))).score().table() == plain.score().table()


def test_a_code_may_be_called_na(tmp_path: Path) -> None:
    data, _ = copies()
    data[1][0] = "NA"
    assert load(imported(tmp_path, *tables(tmp_path, data))).score().places[0] == "NA"


def test_formulas_count_with_the_value_they_had(tmp_path: Path) -> None:
    """A workbook as a spreadsheet program saves it: the formula, and the value beside it."""
    book = workbook(tmp_path / "book.xlsx")
    with_formula(book, '<c r="F2" t="n"><v>10</v></c>', '<c r="F2"><f>5*2</f><v>10</v></c>')
    assert load(imported(tmp_path, book)).score().panel.values[0, 0, 3] == 10


def test_a_formula_with_an_empty_result_is_an_empty_cell(tmp_path: Path) -> None:
    book = workbook(tmp_path / "book.xlsx")
    with_formula(book, '<c r="F2" t="n"><v>10</v></c>', '<c r="F2" t="str"><f>""</f><v></v></c>')
    assert load(imported(tmp_path, book)).score().available[0, 0, 3] == 0


def with_formula(book: Path, old: str, new: str) -> None:
    """Replace the text of a cell inside a workbook."""
    import zipfile

    with zipfile.ZipFile(book) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    assert sheet.count(old) == 1, sheet
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(old, new).encode()
    with zipfile.ZipFile(book, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    load_workbook(book).close()
