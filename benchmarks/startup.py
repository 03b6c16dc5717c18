"""Start-up: what a user waits for before the command line answers.

Everything heavy (Arrow, charts, templates) is to be imported only by the commands that need it.
"""

import subprocess
import sys
from functools import partial
from pathlib import Path

from benchmarks import Row, best_of, main

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "python -c 'import typer, rich'": [sys.executable, "-c", "import typer, rich"],
    "donghaeng --help": [str(Path(sys.executable).with_name("donghaeng")), "--help"],
}


def measure() -> list[Row]:
    """The help text's time, against an interpreter alone and one with the command-line libraries."""
    works = (partial(subprocess.run, command, check=True, stdout=subprocess.DEVNULL) for command in COMMANDS.values())
    bare, libraries, command = (seconds * 1000 for seconds in best_of(7, *works))
    names = list(COMMANDS)
    return [
        Row(case=names[0], value=bare, unit="ms"),
        Row(case=names[1], value=libraries, unit="ms", ratio=libraries / bare),
        Row(case=f"{names[2]}, to bare Python", value=command, unit="ms", ratio=command / bare),
        Row(case=f"{names[2]}, to the libraries", value=command, unit="ms", ratio=command / libraries, target=2.0),
    ]


if __name__ == "__main__":
    main(__doc__, measure)
