"""A file that is far too large is told quickly, in little memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.small_pack import SmallPack

CHECK = """
import json, resource, sys
from donghaeng.catalogue.check import check
import donghaeng.index.score  # what is loaded anyway is not counted
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
_, faults = check(sys.argv[1])
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"megabytes": (after - before) / 1024, "faults": [str(fault) for fault in faults.errors]}))
"""


def checked(folder: Path) -> tuple[float, list[str]]:
    """Check a pack in a process of its own: megabytes that it took, and the errors."""
    done = subprocess.run([sys.executable, "-c", CHECK, str(folder)], capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    return result["megabytes"], result["faults"]


def fill(path: Path, line: bytes, megabytes: int) -> None:
    """Write a line again and again behind the header of a table."""
    header = path.read_bytes().splitlines(keepends=True)[0]
    block = line * (1_000_000 // len(line) + 1)
    with path.open("wb") as file:
        file.write(header)
        for _ in range(megabytes):
            file.write(block)


@pytest.mark.parametrize("name", ["observations.csv", "pack.yaml", "articles/what-it-is.en.md"])
def test_a_file_of_1_gb_is_not_read(pack: SmallPack, name: str) -> None:
    with pack.path(name).open("r+b") as file:
        file.truncate(1 << 30)
    megabytes, faults = checked(pack.folder)
    assert f"{pack.folder}/{name}:1:1: the file has 1,073,741,824 bytes" in faults[0]
    assert megabytes < 50


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"junk;with;semicolons\n", "1 cells in this row"),
        (b"nobody,nowhere,never,much,,perhaps,heard,somewhere,\n", 'unknown node "nobody"'),
        (b",,,,,,,,\n", "the file has only its header"),
        (b'"an open quote,\n', "not readable as CSV"),
        (b'"a\n",', "not readable as CSV: a record of more than 1,000,000 characters"),
        (b"no line end at all, ", "a line of more than 1,000,000 bytes"),
        (b"\xb5\xbf\xc7\xe0,\n", "the text is CP949"),
    ],
    ids=["junk", "unknown", "empty", "quotes", "record", "line", "encoding"],
)
def test_200_mb_of_junk_are_told_in_little_memory(pack: SmallPack, line: bytes, fault: str) -> None:
    # Empty rows are passed over, so all of them are read; the others are given up early.
    fill(pack.path("observations.csv"), line, 8 if line.startswith(b",,") else 200)
    megabytes, faults = checked(pack.folder)
    assert fault in "\n".join(faults)
    assert len(faults) <= 1_000
    assert megabytes < 100


def test_a_document_of_the_largest_size_is_read_in_little_memory(pack: SmallPack) -> None:
    pack.write("recipe.yaml", "[" * 999_999)
    megabytes, faults = checked(pack.folder)
    assert faults == [f"{pack.folder}/recipe.yaml:1:42: more than 40 levels; expected a flat document; remove levels"]
    assert megabytes < 100
