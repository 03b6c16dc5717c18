"""Writes the data of the invented city of Narae, and what was planted in it.

Run from the root of the repository: ``python -m tools.make_narae``. The same seed gives the same bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tools.narae.write import pack_files, reference_files

ROOT = Path(__file__).resolve().parents[1]


def write(pack: Path, reference: Path) -> None:
    """Write all files.

    Args:
        pack: folder of the pack.
        reference: folder for what was planted.
    """
    for folder, files in ((pack, pack_files()), (reference, reference_files())):
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the pack of the invented city of Narae.")
    parser.add_argument("--pack", type=Path, default=ROOT / "packs" / "example" / "narae")
    parser.add_argument("--reference", type=Path, default=ROOT / "tests" / "reference")
    arguments = parser.parse_args()
    write(arguments.pack, arguments.reference)
