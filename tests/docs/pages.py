"""Takes a page of the documentation apart into what can be tried, and tries it.

In a page, in order, all in one empty folder:

- a block of ``console`` shows commands and what they print. Run are those of donghaeng, ``make demo``, which is one,
  ``rm FILE`` and ``cp FILE… FOLDER``. ``$ echo $?`` shows the exit code of the one before, which is 0 where none is
  shown. In what is printed ``...`` stands for some part of a line, and alone on a line for any lines.
- a block of any language with ``title="path/of/file"`` is written to that file.
- a block of ``python`` is executed; with ``>>>`` its output is compared too.
"""

from __future__ import annotations

import contextlib
import doctest
import fcntl
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]

#: What a target of the Makefile runs, once everything is installed.
MADE = {"make demo": "donghaeng demo --out build"}

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w+)(?P<options>[^\n]*)\n(?P<body>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, the file it is (or empty), its text and the line it starts in."""

    language: str
    title: str
    body: str
    line: int


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page."""
    text = page.read_text("utf-8")
    return [
        Block(
            match["language"],
            title[1] if (title := re.search(r'title="([^"]+)"', match["options"])) else "",
            textwrap.dedent(match["body"]),
            text.count("\n", 0, match.start()) + 1,
        )
        for match in _FENCE.finditer(text)
    ]


def steps(body: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what it prints."""
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, _, printed = part.partition("\n")
        yield command.strip(), printed


def run(command: str, folder: Path) -> tuple[int, str]:
    """Run a command of donghaeng: its exit code, and what it prints to both streams."""
    arguments = shlex.split(command)
    arguments[0] = str(Path(sys.executable).with_name("donghaeng"))
    wanted = {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT"}
    environment = {name: value for name, value in os.environ.items() if name in wanted} | {"NO_COLOR": "1"}
    done = subprocess.run(
        arguments, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )
    return done.returncode, done.stdout


def make(target: str, shared: Path) -> tuple[int, str]:
    """Run what a target of the Makefile does, once for all pages and workers: the pages show only what it prints."""
    kept = shared / f"{target.replace(' ', '-')}.json"
    with (shared / f"{kept.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            with tempfile.TemporaryDirectory() as folder:
                kept.write_text(json.dumps(run(MADE[target], Path(folder))), "utf-8")
        code, printed = json.loads(kept.read_text("utf-8"))
    return code, printed


def tidy(printed: str) -> str:
    """Without spaces at the ends of lines and empty lines at both ends."""
    return "\n".join(line.rstrip() for line in printed.splitlines()).strip("\n")


def fits(shown: str, printed: str) -> bool:
    """Whether what a page shows is what a command printed.

    >>> fits("a\\n...\\nz ... .", "a\\nb\\nc\\nz 12 .")
    True
    >>> fits("a\\nz", "a\\nb\\nz")
    False
    """
    lines = tidy(shown).split("\n")
    patterns = (
        r"(?:[^\n]*\n)*" if line.strip() == "..." else re.escape(line).replace(r"\.\.\.", "[^\n]*") + "\n"
        for line in lines
    )
    return re.fullmatch("".join(patterns), tidy(printed) + "\n") is not None


def try_page(page: Path, folder: Path, shared: Path) -> list[str]:
    """Try everything in a page.

    Args:
        page: the page.
        folder: an empty folder, which must be the working folder.
        shared: a folder for what is made once for all pages.

    Returns:
        What does not hold.
    """
    wrong: list[str] = []
    names: dict[str, Any] = {"__name__": "__page__"}
    for block in blocks(page):
        where = f"{page.relative_to(ROOT)}:{block.line}"
        if block.title:
            file = folder / block.title
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.body, "utf-8")
        elif block.language == "console":
            wrong += [f"{where}: {what}" for what in _try_console(block.body, folder, shared)]
        elif block.language == "python":
            wrong += [f"{where}: {what}" for what in _try_python(block.body, names)]
    return wrong


def _try_console(body: str, folder: Path, shared: Path) -> Iterator[str]:
    code, last = 0, ""
    for command, shown in steps(body):
        if command == "echo $?":
            if shown.strip() != str(code):
                yield f"{last}: exit code {code}, shown {shown.strip()}"
            code = 0
            continue
        if code:
            yield f"{last}: exit code {code}, and no `echo $?` shows it"
            code = 0
        if command.startswith("rm "):
            (folder / command.removeprefix("rm ")).unlink()
        if command.startswith("cp "):
            *files, target = command.split()[1:]
            for file in files:
                shutil.copy(folder / file, folder / target)
        if command in MADE or command.startswith("donghaeng"):
            last = command
            code, printed = make(command, shared) if command in MADE else run(command, folder)
            if not fits(shown, printed):
                yield f"{command} printed\n{tidy(printed)}\n\nand the page shows\n{tidy(shown)}"
    if code:
        yield f"{last}: exit code {code}, and no `echo $?` shows it"


def _try_python(body: str, names: dict[str, Any]) -> Iterator[str]:
    if ">>>" not in body:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(body, "<page>", "exec"), names)
        return
    said: list[str] = []
    example = doctest.DocTestParser().get_doctest(body, names, "page", None, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE, verbose=False)
    runner.run(example, out=said.append, clear_globs=False)
    names.update(example.globs)
    if runner.failures:
        yield "".join(said)
