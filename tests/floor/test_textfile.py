"""Text files are UTF-8, read line by line, and a wrong encoding is named."""

from pathlib import Path

import pytest

from donghaeng.errors import Faults
from donghaeng.textfile import LONGEST_LINE, lines, size_fault


def read(folder: Path, content: bytes) -> tuple[list[str], list[str]]:
    """The lines before a fault, and the faults."""
    path = folder / "a.csv"
    path.write_bytes(content)
    faults = Faults()
    return list(lines(path, "pack/a.csv", faults)), [str(fault) for fault in faults]


def test_lines_keep_their_ends(tmp_path: Path) -> None:
    assert read(tmp_path, "가\r\n나\n\n다".encode()) == (["가\r\n", "나\n", "\n", "다"], [])


def test_a_byte_order_mark_is_dropped_at_the_start_only(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeffa\n\ufeffb\n".encode()) == (["a\n", "\ufeffb\n"], [])


def test_cp949_is_named_at_the_first_byte_that_is_not_utf_8(tmp_path: Path) -> None:
    found, faults = read(tmp_path, b"code,name\nab," + "동행".encode("cp949") + b"\n")
    assert found == ["code,name\n"]
    assert faults == [
        "pack/a.csv:2:4: the text is CP949; expected UTF-8; convert it: "
        "iconv -f CP949 -t UTF-8 'pack/a.csv' > 'a.csv.utf8' && mv 'a.csv.utf8' 'pack/a.csv'"
    ]


def test_the_named_command_converts_the_file(tmp_path: Path) -> None:
    import subprocess

    _, (fault,) = read(tmp_path, "이름,동행\n".encode("cp949"))
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "a.csv").write_bytes("이름,동행\n".encode("cp949"))
    subprocess.run(["sh", "-c", fault.partition("convert it: ")[2]], cwd=tmp_path, check=True)
    assert (tmp_path / "pack" / "a.csv").read_text("utf-8") == "이름,동행\n"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_named(tmp_path: Path, encoding: str) -> None:
    _, (fault,) = read(tmp_path, "\ufeff동행\n".encode(encoding))
    assert fault.startswith("pack/a.csv:1:1: the text is UTF-16; expected UTF-8; convert it: iconv -f UTF-16 ")


def test_utf_16_without_a_mark_is_found_by_its_nul_characters(tmp_path: Path) -> None:
    _, (fault,) = read(tmp_path, "code\n".encode("utf-16-le"))
    assert fault == "pack/a.csv:1:2: a NUL character; expected text; save the file as UTF-8 text"


def test_bytes_that_are_nothing_known_are_told(tmp_path: Path) -> None:
    _, faults = read(tmp_path, b"caf\xe9 \xff\xff\n")
    assert faults == ["pack/a.csv:1:4: the bytes are not UTF-8; expected UTF-8; save the file as UTF-8"]


def test_the_column_does_not_count_a_byte_order_mark(tmp_path: Path) -> None:
    _, (fault,) = read(tmp_path, b"\xef\xbb\xbfab\xff\n")
    assert fault.startswith("pack/a.csv:1:3: ")


def test_a_line_without_end_is_given_up(tmp_path: Path) -> None:
    found, (fault,) = read(tmp_path, b"a\n" + b"x" * (LONGEST_LINE + 1))
    assert found == ["a\n"]
    assert fault.startswith("pack/a.csv:2:1: a line of more than 1,000,000 bytes")


def test_the_longest_line_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, b"x" * LONGEST_LINE) == (["x" * LONGEST_LINE], [])


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda path: None, "the file is missing"),
        (lambda path: path.mkdir(), "this is not a file"),
        (lambda path: path.write_bytes(b"123456"), "the file has 6 bytes"),
    ],
)
def test_a_file_that_should_not_be_read_is_told(tmp_path: Path, make: object, what: str) -> None:
    assert callable(make)
    make(tmp_path / "a.csv")
    faults = Faults()
    assert size_fault(tmp_path / "a.csv", "a.csv", 5, faults, "cut it")
    assert [fault.what for fault in faults] == [what]


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"12345")
    faults = Faults()
    assert not size_fault(tmp_path / "a.csv", "a.csv", 5, faults, "cut it")
    assert len(faults) == 0
