"""``donghaeng test``: the examples of packs, which are their own tests."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from donghaeng.cli.output import JsonOption, PacksArgument, console, counted, plain, print_json


def examples(
    packs: PacksArgument,
    language: Annotated[str, typer.Option("--language", help="Of the report: en or ko.")] = "en",
    as_json: JsonOption = False,
) -> None:
    """Decide the examples of packs and say which differ; show which rows no example decides."""
    from donghaeng.catalogue.read import load
    from donghaeng.errors import UsageError
    from donghaeng.rules.examples import try_examples

    if language not in {"en", "ko"}:
        raise UsageError(f'--language "{language}" is not known; expected en or ko')
    korean = language == "ko"
    failed = False
    documents: list[dict[str, Any]] = []
    screen = console()
    for reference in packs:
        pack = load(reference)
        if pack.rules is None or not pack.rules.tables:
            raise UsageError(f"{pack.id} has no decision tables; give a pack with files under rules/")
        tried, coverage = try_examples(pack.rules)
        wrong = [one for one in tried if not one.passed]
        failed |= bool(wrong)
        rows = sum(len(one.shown) + len(one.not_shown) for one in coverage)
        shown = sum(len(one.shown) for one in coverage)
        documents.append(
            {
                "pack": pack.id,
                "examples": len(tried),
                "failed": [
                    {
                        "table": one.example.table,
                        "example": one.example.example.id,
                        "file": one.example.label,
                        "line": one.example.line,
                        "differences": {
                            name: {"expected": expected, "given": given}
                            for name, (expected, given) in one.differences.items()
                        },
                    }
                    for one in wrong
                ],
                "rows": rows,
                "rows_shown": shown,
                "rows_without_example": [
                    {"table": one.table, "row": row.id} for one in coverage for row in one.not_shown
                ],
            }
        )
        if as_json:
            continue
        for one in wrong:
            for name, (expected, given) in one.differences.items():
                place = f"{one.example.label}:{one.example.line}:1"
                what = f"{one.example.example.id}: {name} is {given}, expected {expected}"
                if korean:
                    what = f"{one.example.example.id}: {name}: {expected}이어야 하나 {given}임"
                typer.secho(f"{place}: {what}", fg="red")
        for covered in coverage:
            if covered.not_shown:
                names = ", ".join(row.id for row in covered.not_shown)
                told = "예가 없는 행:" if korean else "no example decides"
                screen.print(f"{plain(covered.table)}: {told} {plain(names)}", soft_wrap=True)
        passed = len(tried) - len(wrong)
        told = f"{counted(passed, 'example')} of {len(tried)} as expected, {shown} of {rows} rows shown"
        if korean:
            told = f"예 {len(tried)}개 가운데 {passed}개가 맞음, 행 {rows}개 가운데 {shown}개에 예가 있음"
        typer.secho(f"{pack.id}: {told}", bold=True)
    if as_json:
        print_json({"packs": documents})
    if failed:
        raise typer.Exit(1)
