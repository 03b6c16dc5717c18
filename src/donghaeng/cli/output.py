"""What commands print: people get tables and colour on a terminal, machines get one JSON document."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from donghaeng.errors import Fault

PackArgument = Annotated[
    str, typer.Argument(metavar="PACK", help="Folder of a pack, or id of a shipped pack.", show_default=False)
]
PacksArgument = Annotated[
    list[str], typer.Argument(metavar="PACK...", help="Folders of packs, or ids of shipped packs.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document for machines.")]

#: Ids up to so many characters stay in one line of a table.
LONGEST_WHOLE_ID = 40
#: Words up to so many characters are not broken.
LONGEST_WHOLE_WORD = 20


def print_json(value: Any) -> None:
    """Print one document; NaN never leaves, a missing number is null."""
    # A document stays one in any encoding: JSON has its own escapes.
    is_unicode = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    sys.stdout.write(json.dumps(value, ensure_ascii=not is_unicode, allow_nan=False, indent=2) + "\n")


def console() -> Console:
    """Give the console for people: colour on a terminal, plain text elsewhere."""
    from rich.console import Console

    # Without a terminal rich would cut tables at 80 columns; a pipe has no width.
    return Console(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else 120)


def plain(text: object) -> str:
    """Escape words that are not ours, so that square brackets in them are no markup."""
    from rich.markup import escape

    return escape(str(text))


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on a terminal that something takes a while."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], object] | None]:
    """Show on a terminal how far something is; gives what is to be called with done and total."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def print_table(title: str, columns: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]]) -> None:
    """Print a table.

    Args:
        title: what it shows.
        columns: heading and justification of each column: ``left``, ``right``, or ``id`` for short ids at the left,
            which are not broken into lines.
        rows: cells as text, which may hold rich markup.

    Numbers and ids are never cut: a table that is wider than the terminal goes on beyond its edge.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    cells = list(rows)
    needed = 0
    for place, (heading, justify) in enumerate(columns):
        # A long word goes on in the next line: an id that is cut off cannot be looked up.
        right = justify == "right"
        whole = right or (justify == "id" and max((len(row[place]) for row in cells), default=0) <= LONGEST_WHOLE_ID)
        texts = [Text.from_markup(text) for text in (heading, *(row[place] for row in cells))]
        if whole:
            least = max(text.cell_len for text in texts)
        else:
            least = min(LONGEST_WHOLE_WORD, max(Text(word).cell_len for text in texts for word in text.plain.split()))
        needed += least + 3  # with the space between columns
        table.add_column(heading, justify="right" if right else "left", no_wrap=whole, overflow="fold", min_width=least)
    for row in cells:
        table.add_row(*row)
    screen = console()
    # Beside the table and not as its title, which would be wrapped to the width of the columns.
    screen.print(f"[bold]{title}[/bold]", soft_wrap=True)
    screen.width = max(needed, screen.width)
    screen.print(table)


def fault_dict(fault: Fault) -> dict[str, Any]:
    """Give a fault as plain values."""
    from dataclasses import asdict

    return asdict(fault)


def counted(number: int, word: str) -> str:
    """Give a number with its noun.

    >>> counted(2, "error")
    '2 errors'
    """
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def table_rows(table: Any) -> list[dict[str, Any]]:
    """Give an Arrow table as plain rows without NaN."""
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows
