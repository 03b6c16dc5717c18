"""Benchmarks, one module a subject.

A subject's module has a docstring, whose first line is the title of its table, and a function `measure` that gives
its rows, and ends with

    if __name__ == "__main__":
        main(__doc__, measure)

`python -m benchmarks.NAME` prints its table, or with --json the same rows; `python -m benchmarks` runs them all.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measured case.

    Absolute numbers belong to one machine, so a target is set for a ratio: to a base line measured in the same run.
    """

    case: str
    value: float
    unit: str
    ratio: float | None = None
    target: float | None = None
    at_least: bool = False  # the ratio must reach the target; otherwise it must not pass it

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.ratio is None or self.target is None:
            return None
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target

    def fields(self) -> dict[str, object]:
        """What --json shows: without the fields that do not apply."""
        names = ("case", "value", "unit", "ratio", "target", "met")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def cells(self) -> tuple[str, ...]:
        """What the table shows."""
        return (
            self.case,
            f"{self.value:,.4g}" if abs(self.value) < 10_000 else f"{self.value:,.0f}",
            self.unit,
            "" if self.ratio is None else f"{self.ratio:.2f}",
            "" if self.target is None else f"{'>=' if self.at_least else '<='} {self.target:g}",
            "" if self.met is None else "yes" if self.met else "NO",
        )


HEADINGS = ("case", "value", "unit", "ratio", "target", "met")


def table(title: str, rows: list[Row]) -> str:
    """The rows as lines of text; numbers to the right."""
    lines = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    texts = (
        "  ".join(
            cell.rjust(width) if heading in {"value", "ratio", "target"} else cell.ljust(width)
            for cell, width, heading in zip(line, widths, HEADINGS, strict=True)
        ).rstrip()
        for line in lines
    )
    return "\n".join([title, *texts])


def best_of(times: int, *works: Callable[[], object]) -> list[float]:
    """The shortest time of each work in seconds; they take turns, so that a busy moment meets all of them."""
    best = [float("inf")] * len(works)
    for _ in range(times):
        for number, work in enumerate(works):
            start = time.perf_counter()
            work()
            best[number] = min(best[number], time.perf_counter() - start)
    return best


def title_of(doc: str | None) -> str:
    """The first line of a subject's docstring."""
    return (doc or "").strip().partition("\n")[0].rstrip(".")


def main(doc: str | None, measure: Callable[[], list[Row]]) -> None:
    """Runs one subject from the command line."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    as_json = parser.parse_args().json
    rows = measure()
    print(json.dumps({"rows": [row.fields() for row in rows]}, indent=2) if as_json else table(title_of(doc), rows))
