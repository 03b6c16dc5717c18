"""Reading text files that somebody wrote by hand: bounded, UTF-8, with the place of each fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from donghaeng.errors import Faults

#: A line longer than this is not a line of a table or a document.
LONGEST_LINE = 1_000_000

BYTE_ORDER_MARK = "\ufeff"


def size_fault(path: Path, label: str, most_bytes: int, faults: Faults, remedy: str) -> bool:
    """Report a file that is missing, not a file, or too large to be what it should be.

    Args:
        path: the file.
        label: how faults name it.
        most_bytes: the largest size that is read.
        faults: where the fault goes.
        remedy: what to do about a file that is too large.

    Returns:
        True when there is a fault and the file should not be read.
    """
    if not path.exists():
        faults.add(label, 1, 1, "the file is missing", f"a file {path.name}", "add it", "missing-file")
        return True
    if not path.is_file():
        faults.add(label, 1, 1, "this is not a file", f"a file {path.name}", "replace it by a file", "missing-file")
        return True
    size = path.stat().st_size
    if size > most_bytes:
        faults.add(
            label,
            1,
            1,
            f"the file has {size:,} bytes",
            f"at most {most_bytes:,} bytes",
            remedy,
            "too-large",
        )
        return True
    return False


def lines(path: Path, label: str, faults: Faults) -> Iterator[str]:
    """Yield the lines of a UTF-8 file with their line ends, one in memory at a time.

    A byte order mark is dropped. Reading stops at the first line that is not UTF-8 or is too long, with a fault.
    """
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(LONGEST_LINE + 1):
            number += 1
            if number == 1 and raw.startswith((b"\xff\xfe", b"\xfe\xff")):
                _wrong_encoding(label, number, 1, "UTF-16", faults)
                return
            if len(raw) > LONGEST_LINE:
                faults.add(
                    label,
                    number,
                    1,
                    f"a line of more than {LONGEST_LINE:,} bytes",
                    "lines of a table or a document",
                    "check that this is the right file",
                    "too-large",
                )
                return
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError as error:
                column = len(raw[: error.start].decode("utf-8").removeprefix(BYTE_ORDER_MARK)) + 1
                _wrong_encoding(label, number, column, _encoding_of(raw + file.read(LONGEST_LINE)), faults)
                return
            if number == 1:
                text = text.removeprefix(BYTE_ORDER_MARK)
            if "\0" in text:
                column = text.index("\0") + 1
                faults.add(label, number, column, "a NUL character", "text", "save the file as UTF-8 text", "encoding")
                return
            yield text


def _encoding_of(raw: bytes) -> str | None:
    try:
        raw.decode("cp949")
    except UnicodeDecodeError as error:
        # The sample may end in the middle of a two-byte character.
        return "CP949" if error.start >= len(raw) - 1 else None
    return "CP949"


def _wrong_encoding(label: str, line: int, column: int, encoding: str | None, faults: Faults) -> None:
    name = label.rsplit("/", 1)[-1]
    if encoding:
        what = f"the text is {encoding}"
        remedy = f"convert it: iconv -f {encoding} -t UTF-8 '{label}' > '{name}.utf8' && mv '{name}.utf8' '{label}'"
    else:
        what, remedy = "the bytes are not UTF-8", "save the file as UTF-8"
    faults.add(label, line, column, what, "UTF-8", remedy, "encoding")
