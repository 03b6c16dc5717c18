"""The page about keys names every scope, address and problem there is."""

from __future__ import annotations

from pathlib import Path

from donghaeng.access.keys import SECRET_LENGTH
from donghaeng.access.ring import REMEMBERED
from donghaeng.access.scopes import SCOPES
from donghaeng.api.app import create_app
from donghaeng.api.ledger import make_ledger_router
from donghaeng.api.limits import Limits
from donghaeng.api.problems import KINDS
from donghaeng.api.serve import GRACE
from tests.access.rings import CHANCE, opened

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "access.md").read_text("utf-8")


def test_every_scope_is_described() -> None:
    rows = [line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `") and line.count("|") == 3]
    assert rows[: len(SCOPES)] == list(SCOPES)


def test_every_problem_is_described() -> None:
    pages = PAGE + (DOCS / "api.md").read_text("utf-8")
    assert [kind for kind in KINDS if f"`{kind}`" not in pages] == []


def test_every_address_of_the_ledger_is_described(tmp_path: Path) -> None:
    live = opened(f"sqlite:///{tmp_path}/a.db")
    app = create_app([], routers=[make_ledger_router("/v1", live.ledger, CHANCE)], keys=live.keys)
    paths = app.openapi()["paths"].keys() - create_app([]).openapi()["paths"].keys()
    live.close()
    assert len(paths) == 5
    assert [path for path in paths if f"`{path}`" not in PAGE] == []


def test_the_numbers_are_those_of_the_code() -> None:
    limits = Limits()
    assert f"26<sup>{SECRET_LENGTH}</sup>" in PAGE
    assert f"once in {REMEMBERED:g} seconds" in PAGE
    assert f"more than {limits.rate:g} requests a second with one key (`--rate`), or {limits.burst} at once" in PAGE
    assert f"within {GRACE} seconds" in PAGE
