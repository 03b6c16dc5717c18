"""``donghaeng diff``: for which cases the answer of a table changes, and for how many people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from donghaeng.cli.decide import LanguageOption, TableArgument, day_of, language_of, open_table, phrase, today
from donghaeng.cli.output import JsonOption, console, plain, print_json, print_table, working

if TYPE_CHECKING:
    from donghaeng.rules.decide import Answer
    from donghaeng.rules.difference import Differences, State
    from donghaeng.rules.population import PopulationDifferences


def diff(
    table: TableArgument,
    start: Annotated[str, typer.Option("--from", metavar="DATE", help="Day before the change.")] = "",
    to: Annotated[str, typer.Option("--to", metavar="DATE", help="Day after the change.")] = "",
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="One day, for the other comparisons.")] = "",
    known_from: Annotated[str, typer.Option("--known-from", metavar="DATE", help="As it was known on this day.")] = "",
    known_to: Annotated[str, typer.Option("--known-to", metavar="DATE", help="As it was known on that day.")] = "",
    against: Annotated[str, typer.Option("--with", metavar="PACK/TABLE", help="Another version of the table.")] = "",
    what_if: Annotated[Path | None, typer.Option("--what-if", help="A file of changed values and rows.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="A population: how many of its cases change, and by how much money.")
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option("--keep", help="With --file: a column that names a case; may be repeated.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="With --file: where the cases that change, to be redone, are written.")
    ] = None,
    language: LanguageOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say for which cases the answer changes: between two days, two states of knowledge, versions, or by a what-if."""
    before, after, title, spoken = _states(table, start, to, on, known_from, known_to, against, what_if, language)
    from donghaeng.errors import UsageError
    from donghaeng.rules.difference import differences

    if (out or keep) and not file:
        raise UsageError("--out and --keep belong to --file: the cases of a population that change")
    with working("Going through every case"):
        found = differences(before, after)
        counted = _counted(before, after, file, out, tuple(keep or ()), bool(start or to)) if file else None
    if as_json:
        print_json(_document(before, after, title, found) | ({"population": counted.as_json()} if counted else {}))
        return
    _show(before, found, title, spoken)
    if counted:
        _show_population(counted, out, spoken)


def _states(
    table: str,
    start: str,
    to: str,
    on: str,
    known_from: str,
    known_to: str,
    against: str,
    what_if: Path | None,
    language: str,
) -> tuple[State, State, str, str]:
    """Give the two sides, what is compared in words, and the language of these words."""
    from donghaeng.errors import UsageError
    from donghaeng.rules.difference import State
    from donghaeng.rules.what_if import read_what_if

    opened = open_table(table).table
    spoken = language_of(opened.title, language)
    korean = spoken == "ko"
    chosen = [bool(start or to), bool(known_from or known_to), bool(against), what_if is not None]
    if sum(chosen) != 1:
        raise UsageError("give one comparison: --from and --to, --known-from and --known-to, --with, or --what-if")
    if chosen[0]:
        if not (start and to) or on:
            raise UsageError("--from and --to belong together, without --on")
        first, last = day_of(start, "--from"), day_of(to, "--to")
        if first is None or last is None:  # pragma: no cover - both were given
            raise UsageError("--from and --to are days")
        title = f"{first}에서 {last}로" if korean else f"{first} to {last}"
        return State(opened, first), State(opened, last), title, spoken
    day = day_of(on, "--on") or today()
    if chosen[1]:
        if not (known_from and known_to):
            raise UsageError("--known-from and --known-to belong together")
        known = day_of(known_from, "--known-from"), day_of(known_to, "--known-to")
        title = f"{day}, as known on {known[0]} and on {known[1]}"
        if korean:
            title = f"{day}, {known[0]}과 {known[1]}에 알려진 바에 따라"
        return State(opened, day, known[0]), State(opened, day, known[1]), title, spoken
    if against:
        other = open_table(against).table
        both = f"{opened.pack} {opened.version}", f"{other.pack} {other.version}"
        title = f"{day}, {' / '.join(both) if korean else ' and '.join(both)}"
        return State(opened, day), State(other, day), title, spoken
    if what_if is None:  # pragma: no cover - the last of the four
        raise UsageError("--what-if is a file")
    tried = read_what_if(what_if, str(what_if), opened)
    titles = tried.title
    name = next((text for code, text in titles.items() if code == spoken), next(iter(titles.values())))
    return State(opened, day), State(tried.table, day), f"{day}, {name}", spoken


def _answer(answer: Answer) -> dict[str, Any]:
    from donghaeng.rules.types import as_json

    return {
        "outcome": {name: as_json(value) for name, value in answer.outcome.items()},
        "reason": answer.reason,
        "missing": list(answer.missing),
    }


def _document(before: State, after: State, title: str, found: Differences) -> dict[str, Any]:
    from donghaeng.rules.types import as_json

    return {
        "pack": before.table.pack,
        "table": before.table.id,
        "compared": title,
        "complete": found.complete,
        "rows_added": list(found.rows_added),
        "rows_removed": list(found.rows_removed),
        "values_changed": {
            name: {"before": as_json(was), "after": as_json(now)} for name, (was, now) in found.values_changed.items()
        },
        "changes": [
            {
                "before": _answer(one.before),
                "after": _answer(one.after),
                "example": {name: as_json(value) for name, value in one.facts.items()},
                "on": after.on.isoformat(),
            }
            for one in found.found
        ],
    }


#: What is printed in Korean.
KOREAN = {
    "new rows": "새로 시행되는 행",
    "rows no longer in force": "더 시행되지 않는 행",
    "No case gets another answer.": "답이 달라지는 경우가 없습니다.",
    "No other answer was found; not every value was tried.": "달라지는 답이 없으나 모든 값을 살펴보지는 않았습니다.",
    "before": "이전",
    "after": "이후",
    "for example": "예",
    "cases": "건수",
    "Kinds of cases with another answer": "답이 달라지는 경우의 종류",
    "There are too many cases to go through all of them; more may change.": (
        "경우가 너무 많아 모두 살피지 못했습니다. 더 달라질 수 있습니다."
    ),
}


def _phrase(text: str, language: str) -> str:
    return KOREAN.get(text, text) if language == "ko" else text


def _show(before: State, found: Differences, title: str, language: str) -> None:
    screen = console()
    screen.print(f"[bold]{plain(before.table.pack)}/{plain(before.table.id)}[/bold], {plain(title)}", soft_wrap=True)
    for name, (was, now) in found.values_changed.items():
        screen.print(f"  {plain(name)}: {_shown(was, language)} → {_shown(now, language)}", soft_wrap=True)
    for word, ids in (("new rows", found.rows_added), ("rows no longer in force", found.rows_removed)):
        if ids:
            screen.print(f"  {_phrase(word, language)}: {plain(', '.join(ids))}", soft_wrap=True)
    if not found.found:
        nothing = (
            "No case gets another answer."
            if found.complete
            else "No other answer was found; not every value was tried."
        )
        screen.print(_phrase(nothing, language))
        return
    rows = [
        (
            _shown_answer(one.before, one.after, language),
            _shown_answer(one.after, one.before, language),
            plain(", ".join(f"{name}={_shown(value, language)}" for name, value in one.facts.items())),
        )
        for one in found.found
    ]
    columns = [(_phrase(heading, language), "left") for heading in ("before", "after", "for example")]
    print_table(f"{_phrase('Kinds of cases with another answer', language)}: {len(rows)}", columns, rows)
    if not found.complete:
        screen.print(_phrase("There are too many cases to go through all of them; more may change.", language))


def _shown_answer(answer: Answer, other: Answer, language: str) -> str:
    """Show result and reason, and the other fields that differ."""
    differ = [
        f"{name} {f'{value:,}' if type(value) is int else _shown(value, language)}"
        for name, value in answer.outcome.items()
        if name != "result" and value is not None and value != other.outcome.get(name)
    ]
    return plain(", ".join([f"{_shown(answer.outcome['result'], language)} ({answer.reason})", *differ]))


def _shown(value: Any, language: str) -> str:
    from donghaeng.rules.types import as_json

    given = as_json(value)
    if isinstance(given, bool):
        return phrase("yes" if given else "no", language)
    if isinstance(given, list):
        return ",".join(str(one) for one in given) or phrase("none", language)
    return phrase("undetermined", language) if given == "undetermined" else str(given)


def _counted(
    before: State, after: State, file: Path, out: Path | None, keep: tuple[str, ...], two_days: bool
) -> PopulationDifferences:
    """Count a population; where the two states have one day, a column ``on`` gives the day of each case."""
    from donghaeng.errors import InputError
    from donghaeng.rules.bulk import columns_of
    from donghaeng.rules.case_files import write_frame
    from donghaeng.rules.population import population_differences

    if out is not None and out.exists() and out.samefile(file):
        raise InputError(f"{out} is the population itself; give another file")
    by_case = not two_days and "on" in columns_of(file)
    found = population_differences(before, after, file, keep, "on" if by_case else "")
    if out is not None:
        write_frame(found.redo, out)
    return found


def _show_population(counted: PopulationDifferences, out: Path | None, language: str) -> None:
    rows = [
        (
            f"{plain(one['before'])} ({plain(one['before_reason'])})",
            f"{plain(one['after'])} ({plain(one['after_reason'])})",
            f"{one['cases']:,}",
            *(f"{one[name]:+,}" for name in counted.sums),
        )
        for one in counted.changes
    ]
    headings = [("before", "left"), ("after", "left"), ("cases", "right")]
    headings = [(_phrase(heading, language), justify) for heading, justify in headings]
    headings += [(name, "right") for name in counted.sums]
    korean = language == "ko"
    changed = f"Of {counted.cases:,} cases, {counted.changed:,} change"
    print_table(f"{counted.cases:,}건 가운데 {counted.changed:,}건이 달라짐" if korean else changed, headings, rows)
    if out is not None:
        redone = f"다시 결정할 건을 {plain(out)}에 적음" if korean else f"The cases to be redone are in {plain(out)}"
        console().print(redone, soft_wrap=True)
