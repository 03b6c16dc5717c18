"""All faults of the two tables, each with its cell; nothing is written then."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.coin.workbooks import Rows, copies, tables, workbook
from tests.command import Done, run

CODE, LEVEL, DIRECTION, WEIGHT, DENOMINATOR, PARENT, TYPE = 0, 2, 3, 4, 6, 7, 8


def refused(tmp_path: Path, *arguments: object) -> list[str]:
    """Import, which must fail and leave nothing; gives the faults without the name of the file."""
    out = tmp_path / "new" / "pack"
    done = run("import", "coin", *arguments, "--out", out)
    assert (done.code, done.out) == (1, ""), done
    assert not out.parent.exists()
    return done.err.replace(f"{tmp_path}/", "").splitlines()


def cell(table: int, row: int, column: int, value: Any) -> Callable[[Rows, Rows], None]:
    """Change one cell."""

    def change(data: Rows, meta: Rows) -> None:
        (data, meta)[table][row][column] = value

    return change


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (cell(1, 1, CODE, None), "book.xlsx:2:1: iMeta!A2: the code is missing"),
        (cell(1, 2, CODE, "clinics"), 'iMeta!A3: the code "clinics" stands already in row 2'),
        (cell(1, 2, CODE, "two words"), 'iMeta!A3: "two words" is no code for a pack'),
        (cell(1, 2, CODE, "period"), 'iMeta!A3: "period" is no code for a pack'),
        (cell(1, 1, TYPE, "Indicater"), 'iMeta!I2: "Indicater" is not a type'),
        (cell(1, 1, PARENT, "caer"), 'iMeta!H2: unknown parent "caer"'),
        (cell(1, 1, PARENT, "waiting"), 'iMeta!H2: the parent "waiting" is of type Indicator'),
        (cell(1, 4, PARENT, None), 'iMeta!H6: "index" is a second element without a parent'),
        (cell(1, 5, PARENT, "care"), "iMeta!H6: no element is at the top"),
        (cell(1, 5, PARENT, "care"), "a circle of parents: care, index, care"),
        (cell(1, 4, LEVEL, 3), 'iMeta!C5: the level of "care" is 3, and the parents say 2'),
        (cell(1, 1, DIRECTION, 2), 'iMeta!D2: "2" is not a direction'),
        (cell(1, 1, DIRECTION, None), "iMeta!D2: the direction is missing"),
        (cell(1, 4, DIRECTION, -1), 'iMeta!D5: the direction of the aggregate "care" is -1'),
        (cell(1, 1, WEIGHT, -1), "iMeta!E2: the weight -1 cannot be used"),
        (cell(1, 1, WEIGHT, None), "iMeta!E2: the weight is missing"),
        (cell(1, 1, DENOMINATOR, "Popu"), 'iMeta!G2: unknown denominator "Popu"'),
        (cell(0, 0, 5, "clinic"), 'iData!F1: the column "clinic" has no row in iMeta'),
        (cell(0, 0, 5, "clinic"), 'iMeta!A2: "clinics" has no column in iData'),
        (cell(0, 0, 5, "school"), 'iData!H1: the column "school" stands twice'),
        (cell(0, 0, 0, "code"), 'iData!A1: the column "uCode" is missing'),
        (cell(0, 0, 5, "care"), 'iData!F1: the column "care" is an aggregate'),
        (cell(0, 0, 5, None), "iData!F2: a value in a column without a name"),
        (cell(0, 1, 0, None), "iData!A2: the code of the place is missing"),
        (cell(0, 2, 0, "AA"), "iData!A3: AA in 2023 stands already in row 2"),
        (cell(0, 1, 2, "last year"), 'iData!C2: "last year" is not a period'),
        (cell(0, 1, 2, None), "iData!C2: the time is missing"),
        (cell(0, 1, 5, "ten"), 'iData!F2: the text "ten" in a column of numbers'),
        (cell(0, 1, 5, "10"), 'iData!F2: the text "10" in a column of numbers'),
        (cell(0, 1, 5, "#N/A"), "iData!F2: the error value #N/A"),
        (cell(0, 1, 5, True), 'iData!F2: "TRUE" is not a number'),
        (cell(0, 1, 5, 1e300), 'iData!F2: "1e+300" is out of range'),
        (cell(0, 1, 5, "=5*2"), "iData!F2: a formula without a value"),
        (cell(0, 1, 4, "many"), 'iData!E2: the text "many" in a column of numbers'),
        (cell(0, 1, 4, 0), "book.xlsx:2:1: denominate of clinics, AA, 2023: the denominator is 0"),
    ],
)
def test_a_fault_names_its_cell(tmp_path: Path, change: Callable[[Rows, Rows], None], wanted: str) -> None:
    data, meta = copies()
    change(data, meta)
    faults = refused(tmp_path, workbook(tmp_path / "book.xlsx", data, meta))
    assert any(wanted in fault for fault in faults), faults
    assert all(fault.startswith("book.xlsx:") for fault in faults)


def test_all_faults_are_told_together(tmp_path: Path) -> None:
    data, meta = copies()
    data[1][5], data[2][0], data[3][2] = "ten", None, "soon"
    meta[1][DIRECTION], meta[2][WEIGHT], meta[3][PARENT] = 0, "x", "nobody"
    faults = refused(tmp_path, workbook(tmp_path / "book.xlsx", data, meta))
    cells = [fault.split(": ")[1] for fault in faults]
    assert cells == ["iMeta!D2", "iData!F2", "iData!A3", "iMeta!E3", "iData!C4", "iMeta!H4"]


def test_faults_of_csv_files_have_line_and_column(tmp_path: Path) -> None:
    data, meta = copies()
    data[1][5], meta[2][DIRECTION] = "ten", "down"
    faults = refused(tmp_path, *tables(tmp_path, data, meta))
    assert faults[0].startswith('iData.csv:2:25: "ten" is not a number; expected')
    assert faults[1].startswith('iMeta.csv:3:24: "down" is not a direction; expected 1 (higher is better)')


def test_row_names_of_r_are_recognised(tmp_path: Path) -> None:
    data, _ = copies()
    data = [["" if number == 0 else number, *row] for number, row in enumerate(data)]
    faults = refused(tmp_path, *tables(tmp_path, data))
    assert ["row.names = FALSE" in fault for fault in faults] == [True]


def test_a_table_without_values_is_no_index(tmp_path: Path) -> None:
    data, _ = copies()
    for row in data[1:]:
        row[5:] = [None, None, None]
    assert "no value of any indicator" in refused(tmp_path, workbook(tmp_path / "book.xlsx", data))[0]
    assert "only its header" in refused(tmp_path, workbook(tmp_path / "book.xlsx", data[:1]))[0]


def test_a_missing_sheet_is_named_with_those_there_are(tmp_path: Path) -> None:
    faults = refused(tmp_path, workbook(tmp_path / "book.xlsx", iMeta="iMetta"))
    assert faults == [
        'book.xlsx:1:1: the sheet iMeta is missing; expected a sheet iMeta beside iData, iMetta; did you mean "iMetta"?'
    ]


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", "no workbook"),
        (b"not a workbook", "no workbook"),
        (b"\xd0\xcf\x11\xe0 an old or protected one", "without a password"),
    ],
)
def test_another_file_is_no_workbook(tmp_path: Path, content: bytes, wanted: str) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    assert wanted in refused(tmp_path, path)[0]


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"])
@pytest.mark.parametrize("content", [b"<broken", b"", None])
def test_a_broken_workbook_is_a_fault_and_no_crash(tmp_path: Path, part: str, content: bytes | None) -> None:
    path = workbook(tmp_path / "book.xlsx")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != part}
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (parts if content is None else parts | {part: content}).items():
            archive.writestr(name, text)
    assert refused(tmp_path, path)[0].startswith("book.xlsx:1:1: ")


def test_entities_do_not_grow(tmp_path: Path) -> None:
    path = workbook(tmp_path / "book.xlsx")
    names = "".join(f'<!ENTITY e{at} "{f"&e{at - 1};" * 10 if at else "x" * 50}">' for at in range(10))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].replace(b"<v>10</v>", b"<v>&e9;</v>")
    parts["xl/worksheets/sheet1.xml"] = f"<!DOCTYPE worksheet [{names}]>".encode() + sheet
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    assert "not readable as a workbook" in refused(tmp_path, path)[0]


def test_limits_on_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from donghaeng.catalogue.coin import sheets

    book, files = workbook(tmp_path / "book.xlsx"), tables(tmp_path)
    monkeypatch.setattr(sheets, "MOST_CELLS", 10)
    assert "more than 10 cells" in refused(tmp_path, book)[0]
    assert "more than 10 cells" in refused(tmp_path, *files)[0]
    monkeypatch.setattr(sheets, "LARGEST_UNPACKED", 1_000)
    assert "the workbook unpacks to" in refused(tmp_path, book)[0]
    monkeypatch.setattr(sheets, "LARGEST_WORKBOOK", 1_000)
    assert "at most 1,000 bytes" in refused(tmp_path, book)[0]


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    assert "the file is missing" in refused(tmp_path, tmp_path / "book.xlsx")[0]
    assert len(refused(tmp_path, tmp_path / "iData.csv", tmp_path / "iMeta.csv")) == 2


def test_an_indicator_that_the_plain_method_cannot_scale_is_named(tmp_path: Path) -> None:
    data, _ = copies()
    for row in data[1:]:
        row[7] = 0.5
    faults = refused(tmp_path, workbook(tmp_path / "book.xlsx", data))
    assert faults[0].startswith("book.xlsx:1:1: the plain method fails at normalise of school: all values")
    assert "--recipe" in faults[0]


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_changed_it_is_a_pack_or_a_fault(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    words = [
        None,
        "",
        "NA",
        "x",
        0,
        -1,
        2.5,
        1e308,
        "#REF!",
        True,
        "=A1",
        "AA",
        "care",
        "index",
        "Time",
        "a\nb",
        '"',
        ",",
    ]
    data, meta = copies()
    for _ in range(random.choice([1, 1, 3])):
        row = random.choice(random.choice([data, meta]))
        row[random.randrange(len(row))] = random.choice(words)
    files = [workbook(tmp_path / "book.xlsx", data, meta)] if seed % 2 else tables(tmp_path, data, meta)
    done = run("import", "coin", *files, "--out", tmp_path / "pack")
    assert done.code in {0, 1}, done.err
    assert (tmp_path / "pack").exists() == (done.code == 0) == (done.err == "")


def test_a_recipe_that_does_not_fit_is_told_by_its_own_name(tmp_path: Path) -> None:
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("format: 1\nnormalise: {method: min_maks}\n", "utf-8")
    faults = refused(tmp_path, workbook(tmp_path / "book.xlsx"), "--recipe", recipe)
    assert {fault.split(":")[0] for fault in faults} == {"mine.yaml"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["book.xlsx", "other.xlsx"],
        ["iData.csv"],
        ["book.xlsx", "--status", "officially"],
        ["book.xlsx", "--kind", "sure"],
        ["book.xlsx", "--status", "invented", "--kind", "published"],
        ["book.xlsx", "--id", "One"],
        ["book.xlsx", "--language", "fr"],
        ["book.xlsx", "--url", "example.org"],
        ["book.xlsx", "--title", "two\nlines"],
        ["book.xlsx", "--period", "soon"],
        ["book.xlsx", "--date", "today"],
        ["book.xlsx", "--recipe", "absent.yaml"],
    ],
)
def test_impossible_options_are_usage(tmp_path: Path, arguments: list[str]) -> None:
    assert run("import", "coin", *arguments, "--out", tmp_path / "pack").code == 2


def test_a_period_beside_time_is_refused(tmp_path: Path) -> None:
    faults = refused(tmp_path, workbook(tmp_path / "book.xlsx"), "--period", "2024")
    assert "iData!C1: a column Time, and --period too" in faults[0]


def test_an_existing_folder_is_left_alone(tmp_path: Path) -> None:
    done: Done = run("import", "coin", workbook(tmp_path / "book.xlsx"), "--out", tmp_path)
    assert (done.code, f"{tmp_path} exists" in done.err) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["book.xlsx"]
