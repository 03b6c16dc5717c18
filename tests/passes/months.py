"""Made-up months, played once for all tests that look at them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.command import run

SEOUL, NARAE = "seoul/climate-card", "example/narae-transit"


def play(folder: Path, pack: str, *more: str) -> dict[str, Any]:
    """Play some days of a pack into a folder; what is printed is kept as ``played.json``."""
    url, keys = f"sqlite:///{folder}/ledger.db", str(folder / "keys")
    given = ("--cards", "200", "--days", "10", "--seed", "7", "--ledger", url, "--keys", keys, "--json")
    made = run("simulate", pack, *given, *more)
    assert made.code == 0, made.err
    (folder / "played.json").write_text(made.out, "utf-8")
    found: dict[str, Any] = json.loads(made.out)
    return found
