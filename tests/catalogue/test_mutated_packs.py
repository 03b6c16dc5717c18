"""Hypothesis breaks valid packs: the result is valid and can be released, or its faults are located."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from donghaeng.catalogue.find import Found
from donghaeng.catalogue.outcome import outcome
from donghaeng.catalogue.read import read_pack
from donghaeng.errors import Fault, Faults
from donghaeng.index import plausibility
from donghaeng.release.content import Label
from donghaeng.release.write import release_files
from tests.small_pack import SmallPack

Files = dict[str, bytes]
Mutation = Callable[[Files], None]

STATEMENTS = """\
id,type,node,period,by_ko,by_en,said_on,said_ko,said_en,source,printed,corrected,status,outcome_ko,outcome_en,outcome_on,outcome_source
a,promise,total,2024,시,City,2024-02,"약속, 하나","One ""promise""
in two lines",report,,,kept,지킴,Kept,2024-06-19,report;made-up
b,figure,,,시,City,2024,값,Figure,made-up,5 of 6,5 of 5,,,,,
"""
REPORT = """\
  report:
    title: {ko: 보도, en: Report}
    publisher: {ko: 신문, en: Daily}
    url: https://example.org/a
    date: 2024-06
    read_on: 2026-01-01
    extent: part
    licence: not stated
    grade: report
    note: {ko: 참고, en: Note}
"""
VALUES = """\
health,my-city,2024,104.5,2,yes,simulated,made-up,"given, with a count"
total,my-city,2024,101.1,,yes,simulated,made-up,
total,my-city,2024,101.2,,no,simulated,report,
homes,north,2022,5,,yes,simulated,made-up,
homes,north,2023-Q1,5.5,,yes,simulated,made-up,
"""


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The files of a pack that has every kind of section."""
    pack = SmallPack(tmp_path_factory.mktemp("valid") / "pack")
    pack.write("statements.csv", STATEMENTS)
    pack.append("sources.yaml", REPORT)
    pack.append("observations.csv", VALUES)
    pack.append("places.csv", "north,my-city,북구,North\n")
    pack.append("recipe.yaml", "")
    assert [fault for fault in pack.faults() if fault.severity == "error"] == []
    return {
        path.relative_to(pack.folder).as_posix(): path.read_bytes()
        for path in sorted(pack.folder.rglob("*"))
        if path.is_file() and ".schemas" not in path.parts
    }


NAMES = (
    "pack.yaml",
    "sources.yaml",
    "places.csv",
    "structure.csv",
    "recipe.yaml",
    "observations.csv",
    "statements.csv",
    "wording/en.yaml",
    "articles/what-it-is.en.md",
)
TABLES = tuple(name for name in NAMES if name.endswith(".csv"))
DOCUMENTS = tuple(name for name in NAMES if name.endswith(".yaml"))

POSITION = st.floats(0, 1, exclude_max=True)  # as a share of what there is, so that it fits every file
ODD_NUMBERS = ["0", "-0", "1e999", "1e-999", "1e100", "1e-100", "NaN", "-inf", "1,5", "12%", "9" * 400, "1" * 5000]
ODD_WORDS = [
    *("", " ", "-", "yes", "no", "NO", "null", "~", "true", "total", "homes", "homes;made-up", ";", "a;b"),
    *("2022", "2024-W53", "0000", "9999-12-31", "2024-02-30", "published", "unknown", "lower", "higher"),
    *("mirror", "children", "root", "x" * 200, "0." + "0" * 400),
]
ODD_CHARACTERS = [
    *('"', '""', '"a', "\r", "\n", "\x0b", "\x1c", "\x85", "\u2028", "\ufeff", "\0", "\x7f", "\u202e", "한", "🙂"),
    *("](http://[x)", "](../../x)", "[@", "# ", "[/b]", "[red]"),
]
ODD_YAML = [
    *("{", "[", "&a", "*a", "!!python/object:os.system", "!!binary aGk=", "<<: 1", "? a", "---", "...", "| x"),
    *("%YAML 1.1\n---", "%TAG ! x\n---", '"\\ud800"', '"\\UFFFFFFFF"', '"\\x"', "'", "@", "`", "- a", "a: b: c"),
    *("[a, [b]]", "{a: {b: c}}", "0x1F", "0o17", "1_000", "1:30", ".inf", ".nan", "+.5e3"),
]
ODD_TEXT = st.sampled_from([*ODD_NUMBERS, *ODD_WORDS, *ODD_CHARACTERS, *ODD_YAML])
WORD = st.one_of(ODD_TEXT, st.text(max_size=12).filter(str.isprintable), st.integers().map(str), st.floats().map(repr))


def at(items: list[bytes], position: float) -> int:
    return int(position * len(items))


def flip_byte(name: str, position: float, byte: int) -> Mutation:
    def mutate(files: Files) -> None:
        content = bytearray(files[name] or b"\n")
        content[int(position * len(content))] = byte
        files[name] = bytes(content)

    return mutate


def insert(name: str, position: float, text: str) -> Mutation:
    def mutate(files: Files) -> None:
        place = int(position * len(files[name]))
        files[name] = files[name][:place] + text.encode("utf-8", "surrogatepass") + files[name][place:]

    return mutate


def cut(name: str, position: float) -> Mutation:
    def mutate(files: Files) -> None:
        files[name] = files[name][: int(position * len(files[name]))]

    return mutate


def on_lines(change: str, name: str, one: float, other: float) -> Mutation:
    def mutate(files: Files) -> None:
        lines = files[name].splitlines(keepends=True)
        if not lines:
            return
        first, second = at(lines, one), at(lines, other)
        if change == "drop":
            del lines[first]
        elif change == "double":
            lines.insert(second, lines[first])
        else:
            lines[first], lines[second] = lines[second], lines[first]
        files[name] = b"".join(lines)

    return mutate


def replace_cell(name: str, line: float, cell: float, text: str) -> Mutation:
    def mutate(files: Files) -> None:
        lines = files[name].splitlines(keepends=True)
        if not lines:
            return
        number = at(lines, line)
        cells = lines[number].split(b",")
        cells[at(cells, cell)] = text.encode("utf-8", "surrogatepass")
        lines[number] = b",".join(cells)
        files[name] = b"".join(lines)

    return mutate


def replace_key(name: str, line: float, text: str) -> Mutation:
    """Rename the key of a line of a document."""

    def mutate(files: Files) -> None:
        lines = files[name].splitlines(keepends=True)
        keys = [number for number, content in enumerate(lines) if b": " in content]
        if keys:
            number = keys[int(line * len(keys))]
            indent = len(lines[number]) - len(lines[number].lstrip())
            value = lines[number].split(b": ", 1)[1]
            lines[number] = b" " * indent + text.encode("utf-8", "surrogatepass") + b": " + value
            files[name] = b"".join(lines)

    return mutate


def replace_value(name: str, line: float, text: str) -> Mutation:
    """Replace the value of a line of a document."""

    def mutate(files: Files) -> None:
        lines = files[name].splitlines(keepends=True)
        keys = [number for number, content in enumerate(lines) if b": " in content]
        if keys:
            number = keys[int(line * len(keys))]
            key = lines[number].split(b": ", 1)[0]
            lines[number] = key + b": " + text.encode("utf-8", "surrogatepass") + b"\n"
            files[name] = b"".join(lines)

    return mutate


def remove(name: str) -> Mutation:
    def mutate(files: Files) -> None:
        files.pop(name, None)
        files.setdefault(name, b"")

    return mutate


def exchange(name: str, other: str) -> Mutation:
    def mutate(files: Files) -> None:
        files[name], files[other] = files[other], files[name]

    return mutate


ANY = st.sampled_from(NAMES)
MUTATIONS = st.one_of(
    st.builds(flip_byte, ANY, POSITION, st.integers(0, 255)),
    st.builds(insert, ANY, POSITION, WORD),
    st.builds(cut, ANY, POSITION),
    st.builds(on_lines, st.sampled_from(["drop", "double", "swap"]), ANY, POSITION, POSITION),
    st.builds(replace_cell, st.sampled_from(TABLES), POSITION, POSITION, WORD),
    st.builds(replace_cell, st.just("observations.csv"), POSITION, POSITION, WORD),
    st.builds(replace_cell, st.just("structure.csv"), POSITION, POSITION, WORD),
    st.builds(replace_key, st.sampled_from(DOCUMENTS), POSITION, WORD),
    st.builds(replace_value, st.sampled_from(DOCUMENTS), POSITION, WORD),
    st.builds(remove, ANY),
    st.builds(exchange, ANY, ANY),
)


def located(fault: Fault, files: Files) -> bool:
    """Say whether a fault points into a file of the pack (one line and column beyond the end is its end)."""
    name = fault.file.removeprefix("pack/")
    if fault.code == "missing-file":
        return (fault.line, fault.column) == (1, 1)
    lines = files[name].decode("utf-8-sig", "replace").split("\n")
    longest = max(len(line) for line in lines)
    return 1 <= fault.line <= len(lines) + 1 and 1 <= fault.column <= longest + 2


def read(files: Files) -> Faults:
    """Read a pack of these files; what is valid is also computed and made into the files of a release."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        pack, faults = read_pack(Found(Path(folder), "pack"))
    assert (pack is None) == bool(faults.errors)
    if pack:
        scores = pack.score()
        plausibility.warn(scores, faults)
        label = Label("r", "2026-01-01", "draft")
        assert release_files(label, [outcome(pack, scores)], "0")
        assert scores._repr_html_()
    return faults


@settings(max_examples=200, deadline=None)
@given(mutations=st.lists(MUTATIONS, min_size=1, max_size=3))
@example([replace_value("pack.yaml", 0.4, '"\\UFFFFFFFF"')])
@example([replace_value("pack.yaml", 0.4, '"\\ud800"')])
@example([insert("articles/what-it-is.en.md", 0.9, "](http://[x)")])
def test_a_mutated_pack_is_valid_or_has_located_faults(valid: Files, mutations: list[Mutation]) -> None:
    files = dict(valid)
    for mutate in mutations:
        mutate(files)
    faults = read(files)
    for fault in faults:
        assert located(fault, files), fault
        assert "\n" not in str(fault)
        assert fault.what
        assert fault.expected, fault
        assert fault.remedy, fault
        str(fault).encode("utf-8")


def test_the_pack_that_is_mutated_is_valid(valid: Files) -> None:
    assert read(valid).errors == ()
