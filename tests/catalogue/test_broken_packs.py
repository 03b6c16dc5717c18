"""Each way to break a pack gives a fault that names its place and what to do, and never a traceback."""
# ruff: noqa: E501 - one mistake a line

import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.command import run, run_installed
from tests.small_pack import SmallPack


class Broken(NamedTuple):
    """One mistake in one file, and the fault that tells it."""

    mistake: str
    file: str
    old: str
    new: str
    line: int
    column: int
    what: str
    expected: str
    remedy: str


BROKEN = [
    # pack.yaml
    Broken("unknown key", "pack.yaml", "licence:", "license: MIT\nlicence:", 14, 1, 'unknown key "license"', "licence", '"licence"?'),
    Broken("missing key", "pack.yaml", "status: invented", "", 3, 1, 'key "status" is missing', "status", "add it"),
    Broken("wrong type", "pack.yaml", "format: 1", "format: one", 3, 9, '"one"', "1", "choose one"),
    Broken("wrong type", "pack.yaml", "version: 0.1.0", "version: 0.1", 5, 10, "0.1 has the wrong type", "text", ""),
    Broken("wrong type", "pack.yaml", "languages: [ko, en]", "languages: ko", 13, 12, '"ko"', "a list", ""),
    Broken("not a day", "pack.yaml", "2026-01-01", "2026-02-30", 6, 7, '"2026-02-30" is not a day', "2024-03-01", ""),
    Broken("not a day", "pack.yaml", "date: 2026-01-01", "date: 2026", 6, 7, "2026", "2024-03-01", ""),
    Broken("near word", "pack.yaml", "status: invented", "status: offical", 17, 9, '"offical"', "official", '"official"?'),
    Broken("one segment", "pack.yaml", "id: my-city/my-index", "id: my-index", 4, 5, '"my-index"', "", ""),
    Broken("a language short", "pack.yaml", ", en: My City}", "}", 11, 1, "owner is missing in en", "every", "write it"),
    Broken("unknown language", "pack.yaml", "[ko, en]", "[ko, fr]", 13, 17, '"fr"', "'en'", ""),
    # sources.yaml
    Broken("unknown key", "sources.yaml", "extent:", "extend: part\n    extent:", 10, 5, 'unknown key "extend"', "extent", '"extent"?'),
    Broken("unknown grade", "sources.yaml", "grade: publisher", "grade: pubisher", 14, 12, '"pubisher"', "", '"publisher"?'),
    Broken("not a date", "sources.yaml", "# date: 2025-03-31", "date: 2024-13", 8, 11, '"2024-13"', "day", ""),
    Broken("no address", "sources.yaml", "# url: https:", "url: javascript:", 7, 10, '"javascript:', "", ""),
    Broken("a language short", "sources.yaml", "publisher: {ko: 우리 시, en: My City}", "publisher: {ko: 우리 시}", 6, 5, "publisher is missing in en", "every", "write it"),
    # recipe.yaml
    Broken("unknown key", "recipe.yaml", "base_value:", "base_valeu:", 7, 3, '"base_valeu"', "base_value", '"base_value"?'),
    Broken("not a period", "recipe.yaml", '"2022"', '"2022-13"', 6, 16, '"2022-13" is not a period', "quarter", ""),
    Broken("not positive", "recipe.yaml", "base_value: 100", "base_value: -1", 7, 15, "-1", "greater than 0", ""),
    Broken("wrong type", "recipe.yaml", "base_value: 100", "base_value: '100'", 7, 15, '"100"', "a number", ""),
    Broken("unknown node", "recipe.yaml", "[root]", "[totl]", 15, 11, 'unknown node "totl"', "root, inner", '"total"?'),
        Broken("cap below base", "recipe.yaml", "# cap: 200", "cap: 50", 10, 8, "50", "at least the base_value", ""),
    # structure.csv
    Broken("unknown column", "structure.csv", "weight", "weight,wieght", 1, 51, 'unknown column "wieght"', "", '"weight"?'),
    Broken("level written", "structure.csv", "weight", "weight,level", 1, 51, 'unknown column "level"', "", "remove it"),
    Broken("column twice", "structure.csv", "weight", "weight,unit", 1, 51, '"unit" stands twice', "each once", "remove"),
    Broken("duplicate code", "structure.csv", "smoking,health", "visits,health", 8, 1, '"visits" stands already in line 7', "each code once", "rename"),
    Broken("orphan", "structure.csv", "homes,housing", "homes,hosing", 5, 7, 'unknown parent "hosing"', "code", '"housing"?'),
    Broken("second root", "structure.csv", "health,total", "health,", 4, 8, "second node without a parent", "total", "parent"),
    Broken("no unit", "structure.csv", "rental homes,homes", "rental homes,", 5, 54, 'the unit of "homes" is missing', "unit", '"unknown"'),
    Broken("no direction", "structure.csv", "homes,higher", "homes,", 5, 60, 'direction of "homes" is missing', "higher or lower", ""),
    Broken("wrong direction", "structure.csv", "rate,%,lower", "rate,%,lowr", 8, 35, '"lowr"', "higher, lower", '"lower"?'),
    Broken("no name", "structure.csv", "Smoking rate", "", 8, 20, "the name is missing", "a name", "write it"),
    Broken("weight", "structure.csv", "homes,higher,1", 'homes,higher,"1,5"', 5, 67, '"1,5" is not a number', "1234.5", "write 1.5 if the comma is a decimal sign"),
    Broken("weight", "structure.csv", "homes,higher,1", "homes,higher,-1", 5, 67, "negative", "0 or more", "correct"),
    Broken("weight", "structure.csv", "homes,higher,1", "homes,higher,1e101", 5, 67, '"1e101" is out of range', "1e100", "check"),
    Broken("unit of an area", "structure.csv", "Housing,,,", "Housing,%,,", 3, 26, "has children and a unit", "no unit", "empty"),
    # observations.csv
    Broken("unknown node", "observations.csv", "homes,my-city,2022", "homs,my-city,2022", 2, 1, 'unknown node "homs"', "", '"homes"?'),
    Broken("unknown place", "observations.csv", "homes,my-city,2022", "homes,mycity,2022", 2, 7, 'unknown place "mycity"', "", '"my-city"?'),
    Broken("not a period", "observations.csv", "homes,my-city,2022", "homes,my-city,22", 2, 15, '"22" is not a period', "a year (2024)", ""),
    Broken("not a month", "observations.csv", "homes,my-city,2023", "homes,my-city,2023-13", 3, 15, '"2023-13" is not a period', "a year (2024)", ""),
    Broken("thousands", "observations.csv", "12000", '"12,000"', 2, 20, '"12,000" is not a number', "1234.5", "write 12000"),
    Broken("percent", "observations.csv", "20.0", "20.0%", 5, 21, '"20.0%" is not a number', "1234.5", "write 20.0"),
    Broken("NaN", "observations.csv", "20.0", "NaN", 5, 21, '"NaN" is not a number', "1234.5", "leave the row out"),
    Broken("empty", "observations.csv", "20.0", "", 5, 21, '"" is not a number', "1234.5", "leave the row out"),
    Broken("infinite", "observations.csv", "20.0", "1e999", 5, 21, '"1e999" is out of range', "1e100", "check the unit"),
    Broken("a word", "observations.csv", "20.0", "twenty", 5, 21, '"twenty" is not a number', "1234.5", "digits"),
    Broken("full width", "observations.csv", "20.0", "２０", 5, 21, '"２０" is not a number', "1234.5", "digits"),
    Broken("unknown source", "observations.csv", "18.4,,yes,simulated,made-up", "18.4,,yes,simulated,made-upp", 11, 42, 'unknown source "made-upp"', "", '"made-up"?'),
    Broken("no source", "observations.csv", "18.4,,yes,simulated,made-up", "18.4,,yes,simulated,", 11, 42, "the source is missing", "sources.yaml", "say where"),
    Broken("no used", "observations.csv", "18.4,,yes", "18.4,,no", 11, 28, "no used statement for smoking, my-city, 2022", "yes", "choose"),
    Broken("two used", "observations.csv", "smoking,my-city,2024", "smoking,my-city,2022", 12, 28, "a second used statement", "one row", "write no"),
    Broken("used", "observations.csv", "18.4,,yes", "18.4,,Yes", 11, 28, '"Yes" is not yes or no', "yes or no", "choose"),
    Broken("kind", "observations.csv", "18.4,,yes,simulated", "18.4,,yes,simulatd", 11, 32, '"simulatd"', "published", '"simulated"?'),
    Broken("count of a leaf", "observations.csv", "18.4,,yes", "18.4,1,yes", 11, 27, 'a count for the indicator "smoking"', "composites", "empty"),
    Broken("row too wide", "observations.csv", "12000", "12,000", 2, 42, "10 cells in this row", "9 as in the header", "quote"),
    Broken("row too short", "observations.csv", "12000,,yes,simulated,made-up,", "12000", 2, 20, "4 cells in this row", "9 as in the header", "add"),
    Broken("open quotes", "observations.csv", "12000", '"12000', 2, 1, "not readable as CSV", "RFC 4180", "close the quotes"),
    # places.csv
    Broken("place twice", "places.csv", "My City\n", "My City\nmy-city,,둘,Two\n", 3, 1, '"my-city" stands twice', "each once", "remove"),
    Broken("orphan", "places.csv", "my-city,,", "my-city,country,", 2, 9, 'unknown place "country"', "a place of this file", "add it"),
    # wording and articles
    Broken("unknown key", "wording/en.yaml", "reading:", "readings:", 5, 1, 'unknown key "readings"', "reading", '"reading"?'),
    Broken("no title", "articles/what-it-is.en.md", "# What", "What", 1, 1, "the title is missing", "# Title", "write it"),
    Broken("unknown source", "articles/what-it-is.en.md", "@made-up", "@mad-up", 3, 79, 'unknown source "mad-up"', "", '"made-up"?'),
    Broken("link out", "articles/what-it-is.en.md", "An article", "[An article](../../secret.txt)", 3, 14, "leaves the pack", "inside", ""),
    Broken("file link", "articles/what-it-is.en.md", "An article", "[An article](file:///etc/passwd)", 3, 14, "leaves the pack", "web", ""),
    Broken("script link", "articles/what-it-is.en.md", "An article", "[An article](javascript:alert(1))", 3, 14, "leaves", "web", ""),
    Broken("half an address", "articles/what-it-is.en.md", "An article", "[An article](http://[x)", 3, 14, "http://[x", "", ""),
    Broken("link below", "articles/what-it-is.en.md", "An article", "An [article]\n\n[article]: ../../secret.txt\n", 5, 12, "leaves", "inside", ""),
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken.file}: {broken.mistake}: {broken.new[:25]}")
def test_a_mistake_is_told_at_its_place_with_what_to_do(pack: SmallPack, broken: Broken) -> None:
    pack.replace(broken.file, broken.old, broken.new)
    fault = pack.fault()
    assert (fault.file, fault.line, fault.column, fault.severity) == (broken.file, broken.line, broken.column, "error")
    assert broken.what in fault.what
    assert broken.expected in fault.expected
    assert broken.remedy in fault.remedy
    assert fault.expected
    assert fault.remedy

    done = run("check", pack.folder)
    assert done.code == 1
    place = f"{pack.folder}/{fault.file}:{fault.line}:{fault.column}: "
    assert f"{place}{fault.what}; expected {fault.expected}; {fault.remedy}\n" in done.out
    assert "Traceback" not in done.out + done.err


def test_a_column_that_is_renamed_is_missing_and_unknown(pack: SmallPack) -> None:
    pack.replace("structure.csv", "weight", "wieght")
    missing, unknown = pack.faults()
    assert missing.what == 'the column "weight" is missing'
    assert (unknown.column, unknown.remedy) == (44, 'did you mean "weight"?')


def test_a_circle_of_parents_is_shown(pack: SmallPack) -> None:
    pack.replace("structure.csv", "housing,total", "housing,homes")
    pack.replace("structure.csv", "rental homes,homes,higher", "rental homes,,")
    circle = pack.fault()
    assert str(circle) == (
        "structure.csv:3:9: a circle of parents: housing -> homes -> housing; expected a tree; "
        "correct one of the parents"
    )


def test_a_node_is_not_its_own_parent(pack: SmallPack) -> None:
    pack.replace("structure.csv", "smoking,health,흡연율,Smoking rate,%,lower", "smoking,smoking,흡연율,Smoking rate,,")
    assert pack.fault().what == "a circle of parents: smoking -> smoking"


def test_a_tree_without_a_root_is_told(pack: SmallPack) -> None:
    pack.replace("structure.csv", "total,,", "total,housing,")
    assert [fault.what for fault in pack.faults()] == [
        "a circle of parents: total -> housing -> total",
        "no node is the root",
    ]


def test_weights_that_multiply_out_of_the_numbers_are_told(pack: SmallPack) -> None:
    pack.replace("structure.csv", "Housing,,,", "Housing,,,1e60")
    pack.replace("structure.csv", "homes,higher,1", "homes,higher,1e60")
    assert pack.fault().what == "the weights from the root to homes multiply to 1e+120"


def test_a_pack_without_values_for_the_base_period_is_told(pack: SmallPack) -> None:
    pack.replace("recipe.yaml", '"2022"', '"2021"')
    fault = pack.fault()
    assert (fault.file, fault.what) == ("observations.csv", "no observation in the base period 2021")
    assert "base_period in recipe.yaml" in fault.remedy


@pytest.mark.parametrize(
    ("old", "new", "line", "what", "remedy"),
    [
        ("12000", "0", 2, "the base value of homes in 2022 is 0 (my-city)", "choose another base period"),
        ("12000", "-4", 2, "the base value of homes in 2022 is -4 (my-city)", "choose another base period"),
        ("21.5", "0", 6, "burden is 0 and lower is better (my-city)", "mirror"),
        ("13500", "1e100", 4, "the score of homes (1e+100 against 12000) is out of range (my-city)", "check the units"),
    ],
)
def test_a_value_that_no_ratio_can_be_formed_with_is_told_at_its_line(
    pack: SmallPack, old: str, new: str, line: int, what: str, remedy: str
) -> None:
    pack.replace("observations.csv", old, new)
    if new == "1e100":
        pack.replace("recipe.yaml", "base_value: 100", "base_value: 1e9")
    fault = next(fault for fault in pack.faults() if fault.severity == "error")
    assert (fault.file, fault.line, fault.what) == ("observations.csv", line, what)
    assert remedy in fault.remedy


def test_a_value_said_to_be_real_in_an_invented_pack_is_told(pack: SmallPack) -> None:
    pack.replace("observations.csv", "18.4,,yes,simulated", "18.4,,yes,published")
    assert "a value of kind published in an invented pack" in [fault.what for fault in pack.faults()]


def test_simulated_and_published_values_in_one_average_are_told(pack: SmallPack) -> None:
    pack.replace("pack.yaml", "status: invented", "status: unofficial")
    text = pack.path("observations.csv").read_text("utf-8")
    pack.write("observations.csv", text.replace("simulated", "published").replace("18.4,,yes,published", "18.4,,yes,simulated"))  # fmt: skip
    fault = next(fault for fault in pack.faults() if "average of health, my-city, 2022" in fault.what)
    assert (fault.line, fault.severity) == (11, "error")
    assert fault.what == "simulated and other values meet in the average of health, my-city, 2022"
    assert (fault.expected, fault.remedy) == ("one or the other", "keep them in different nodes")


@pytest.mark.parametrize("name", ["pack.yaml", "sources.yaml", "structure.csv", "recipe.yaml", "observations.csv"])
def test_a_missing_file_is_told(pack: SmallPack, name: str) -> None:
    pack.path(name).unlink()
    assert (name, 1, 1, "the file is missing") in [
        (fault.file, fault.line, fault.column, fault.what) for fault in pack.faults()
    ]


def test_a_missing_translation_of_an_article_is_told(pack: SmallPack) -> None:
    pack.path("articles/what-it-is.ko.md").unlink()
    assert str(pack.fault()) == (
        "articles/what-it-is.ko.md:1:1: the file is missing; expected the article in ko; write it"
    )


@pytest.mark.parametrize("name", ["structure.csv", "observations.csv", "places.csv"])
def test_a_table_with_only_its_header_is_told(pack: SmallPack, name: str) -> None:
    header = pack.path(name).read_text("utf-8").splitlines(keepends=True)[0]
    pack.write(name, header)
    assert f"{name}:1:1: the file has only its header; expected at least one row; add rows" in map(str, pack.faults())


@pytest.mark.parametrize("name", ["pack.yaml", "structure.csv", "articles/what-it-is.en.md"])
def test_an_empty_file_is_told(pack: SmallPack, name: str) -> None:
    pack.write(name, "")
    assert (name, 1, 1) in [(fault.file, fault.line, fault.column) for fault in pack.faults()]


@pytest.mark.parametrize("name", ["observations.csv", "recipe.yaml", "articles/what-it-is.en.md"])
def test_a_byte_order_mark_is_read(pack: SmallPack, name: str) -> None:
    pack.write(name, b"\xef\xbb\xbf" + pack.path(name).read_bytes())
    assert pack.faults() == []


def test_windows_line_ends_are_read(pack: SmallPack) -> None:
    for path in (path for path in pack.folder.rglob("*") if path.is_file()):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert pack.faults() == []


@pytest.mark.parametrize(
    ("name", "line", "column"), [("structure.csv", 2, 8), ("pack.yaml", 7, 13), ("articles/what-it-is.ko.md", 1, 3)]
)
def test_cp949_is_named_with_the_command_that_converts_it(pack: SmallPack, name: str, line: int, column: int) -> None:
    pack.write(name, pack.path(name).read_text("utf-8").encode("cp949"))
    fault = next(fault for fault in pack.faults() if fault.code == "encoding")
    assert (fault.file, fault.line, fault.column, fault.what) == (name, line, column, "the text is CP949")
    subprocess.run(["sh", "-c", fault.remedy.removeprefix("convert it: ")], cwd=pack.folder.parent, check=True)
    assert not [fault for fault in pack.faults() if fault.code == "encoding"]


def test_a_yaml_bomb_is_refused_at_its_first_anchor(pack: SmallPack) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    pack.write("recipe.yaml", bomb)
    assert str(pack.fault()) == (
        "recipe.yaml:1:4: an anchor or alias; expected plain values; write the value out where it is needed"
    )


def test_a_link_that_leaves_the_pack_is_refused_and_not_read(pack: SmallPack, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("top secret")
    for name in ("observations.csv", "wording/en.yaml", "articles/what-it-is.en.md"):
        pack.path(name).unlink()
        pack.path(name).symlink_to(secret)
    faults = pack.faults()
    assert [(fault.file, fault.what) for fault in faults] == [
        ("articles/what-it-is.en.md", "the path leads out of the pack"),
        ("observations.csv", "the path leads out of the pack"),
        ("wording/en.yaml", "the path leads out of the pack"),
    ]
    assert "top secret" not in "".join(map(str, faults))


def test_a_folder_that_leaves_the_pack_is_refused(pack: SmallPack, tmp_path: Path) -> None:
    pack.path("articles").rename(tmp_path / "elsewhere")
    pack.path("articles").symlink_to(tmp_path / "elsewhere")
    assert str(pack.fault()) == (
        "articles:1:1: the path leads out of the pack; expected files inside the pack; copy the file into the pack"
    )


def test_a_link_in_a_circle_is_refused(pack: SmallPack) -> None:
    pack.path("places.csv").unlink()
    pack.path("places.csv").symlink_to("places.csv")
    assert (pack.fault().file, pack.fault().code) == ("places.csv", "outside")


def test_a_link_inside_the_pack_is_followed(pack: SmallPack) -> None:
    pack.path("places.csv").rename(pack.path("README.places"))
    pack.path("places.csv").symlink_to("README.places")
    assert pack.faults() == []


def test_a_folder_in_the_place_of_a_file_is_told(pack: SmallPack) -> None:
    pack.path("places.csv").unlink()
    pack.path("places.csv").mkdir()
    assert "places.csv:1:1: this is not a file; expected a file places.csv; replace it by a file" in map(
        str, pack.faults()
    )


def test_an_unknown_file_is_a_warning_with_the_likely_name(pack: SmallPack) -> None:
    pack.write("recipes.yaml", "format: 1\n")
    fault = pack.fault()
    assert (fault.severity, fault.remedy) == ("warning", 'did you mean "recipe.yaml"?')
    assert run("check", pack.folder).code == 0


def test_a_file_name_that_is_no_text_is_told_as_one_line(pack: SmallPack) -> None:
    (pack.folder / "two\nlines.md").touch()
    Path(str(pack.folder) + "/caf\udce9.md").touch()
    done = run("check", pack.folder)
    assert (done.code, done.err) == (0, "")
    done.out.encode("utf-8")
    assert f"{pack.folder}/two\\nlines.md:1:1: warning: unknown file" in done.out


def test_hidden_files_are_passed_over(pack: SmallPack) -> None:
    pack.write(".DS_Store", b"\x00\xff")
    pack.write("articles/.DS_Store", b"\x00\xff")
    pack.write(".git/config", "x")
    assert pack.faults() == []


def test_faults_of_several_files_are_told_together(pack: SmallPack) -> None:
    pack.replace("pack.yaml", "version: 0.1.0", "version: 1")
    pack.replace("sources.yaml", "extent: whole", "extent: hole")
    pack.replace("recipe.yaml", "format: 1", "format: 2")
    pack.replace("structure.csv", "homes,housing", "homes,hosing")
    pack.replace("observations.csv", "12000", "NaN")
    pack.replace("observations.csv", "800,,yes", "800,,maybe")
    pack.replace("wording/ko.yaml", "about:", "abuot:")
    pack.replace("articles/what-it-is.en.md", "# What", "What")
    pack.write("statements.csv", "id,type\nx,promise\n")
    assert {(fault.file, fault.line) for fault in pack.faults() if fault.severity == "error"} >= {
        ("pack.yaml", 5),
        ("sources.yaml", 10),
        ("recipe.yaml", 3),
        ("structure.csv", 5),
        ("observations.csv", 2),
        ("observations.csv", 8),
        ("wording/ko.yaml", 3),
        ("articles/what-it-is.en.md", 1),
        ("statements.csv", 1),
    }


def test_a_faulty_row_makes_no_second_fault_of_its_cell(pack: SmallPack) -> None:
    """The used statement is faulty; that the other is not used is no fault of its own."""
    pack.replace("observations.csv", "18.4,,yes,simulated,made-up,\n", "18.x,,yes,simulated,made-up,\nsmoking,my-city,2022,18.5,,no,simulated,made-up,\n")  # fmt: skip
    assert pack.fault().what == '"18.x" is not a number'


def test_the_installed_command_reports_and_exits_with_1(pack: SmallPack) -> None:
    pack.replace("observations.csv", "12000", '"12,000"')
    pack.replace("structure.csv", "homes,housing", "homes,hosing")
    done = run_installed("check", pack.folder)
    assert (done.code, done.err) == (1, "")
    assert done.out.splitlines() == [
        f'{pack.folder}/observations.csv:2:20: "12,000" is not a number; expected a number such as 1234.5; write 12000',
        f'{pack.folder}/structure.csv:5:7: unknown parent "hosing"; expected a code of this file; '
        'did you mean "housing"?',
        f"{pack.folder}: faulty, 2 errors, 0 warnings",
    ]


def test_no_pack_is_told_with_the_likely_id() -> None:
    done = run("check", "seoul/gtsn-indx")
    assert done.code == 1
    assert 'no pack "seoul/gtsn-indx"' in done.out
    assert 'did you mean "seoul/gtsn-index"?' in done.out
