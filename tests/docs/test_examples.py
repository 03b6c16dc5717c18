"""Everything that the documentation shows is so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.docs.pages import MADE, PAGES, ROOT, blocks, fits, try_page


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of a test run have in common."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_shows_holds(page: Path, tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    wrong = try_page(page, tmp_path, shared)

    assert not wrong, "\n\n".join(wrong)


def test_the_pages_that_teach_have_something_to_try() -> None:
    tried = {
        page.relative_to(ROOT).as_posix()
        for page in PAGES
        if any(block.language in {"console", "python"} or block.title for block in blocks(page))
    }
    taught = {"README.md", "docs/start.md", "docs/write-a-pack.md", "docs/reference/python.md"}
    taught |= {"docs/rules/use.md", "docs/rules/write.md"}
    assert taught <= tried


def test_make_runs_what_the_pages_are_tried_with() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert all(command.replace("donghaeng", "\t$(BIN)/donghaeng", 1) in makefile for command in MADE.values())


@pytest.mark.parametrize(
    ("shown", "printed", "fit"),
    [
        ("a\nb", "a  \nb\n\n", True),
        ("a\nb", "a\nb\nc", False),
        ("a\n...", "a\nb\nc", True),
        ("a\n...\nc", "a\nc", True),
        ("sum: ...!", "sum: 12!", True),
        ("sum: ...!", "sum: 12!\nmore", False),
        ("a.c", "abc", False),
    ],
)
def test_a_shown_output_stands_for_a_printed_one(shown: str, printed: str, fit: bool) -> None:
    assert fits(shown, printed) is fit
