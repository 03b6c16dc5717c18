"""``donghaeng decide``, ``ask`` and ``describe``: one case with reasons, many cases, and what a table wants to know."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from donghaeng.cli.output import JsonOption, console, plain, print_json, print_table, working

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from donghaeng.rules.decision import Decision, DecisionTable, Explained
    from donghaeng.rules.document import Citation
    from donghaeng.rules.types import Type
    from donghaeng.wording import Text

#: What is printed around the words of a pack, in the languages other than English.
KOREAN = {
    "yes": "예",
    "no": "아니오",
    "unknown": "알 수 없음",
    "not in force": "시행되지 않음",
    "not known": "당시 알려지지 않음",
    "none": "없음",
    "undetermined": "미정",
    "no row applies": "해당하는 행 없음",
    "Facts still needed, in the order of asking": "더 필요한 사실 (물을 순서)",
    "Rests on what is not firmly known": "확실하지 않은 근거",
    "published": "공표",
    "derived": "계산",
    "second hand": "간접 확인",
    "inferred": "추정",
    "simulated": "가정",
    "Every row of the table": "표의 모든 행",
    "when": "조건",
    "facts read": "읽은 사실",
    "in force": "시행 기간",
    "source": "출처",
    "Dated values that rows read": "행이 읽은, 날짜가 있는 값",
    "value": "이름",
    "is": "값",
    "kind": "확인 정도",
    "Smallest changes that give another answer": "답이 달라지는 가장 작은 변화",
    "if": "바꿀 사실",
    "then": "그때의 답",
    "by row": "근거가 되는 행",
    "Inputs": "묻는 사실",
    "Outcomes": "답",
    "boolean": "예/아니오",
    "integer": "정수",
    "decimal": "소수",
    "money": "금액",
    "date": "날짜",
    "code": "코드 하나",
    "codes": "코드 여럿",
    "to": "~",
    "at least": "최소",
    "at most": "최대",
}


def phrase(text: str, language: str) -> str:
    """Give words that are printed around those of a pack; English where there are no others."""
    return KOREAN.get(text, text) if language == "ko" else text


TableArgument = Annotated[
    str,
    typer.Argument(
        metavar="PACK/TABLE", help="A table, such as kr/nhi-id-check/identity or FOLDER/identity.", show_default=False
    ),
]
FactsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME=VALUE]...", help="Facts; one that is not given is unknown.", show_default=False),
]
OnOption = Annotated[str, typer.Option("--on", metavar="DATE", help="Day of the decision. Default: today.")]
KnownOnOption = Annotated[
    str, typer.Option("--known-on", metavar="DATE", help="Decide with what was known on this day. Default: all.")
]
LanguageOption = Annotated[str, typer.Option("--language", help="ko or en. Default: the first of the pack.")]


def open_table(reference: str) -> DecisionTable:
    """Give the table of ``PACK/TABLE``.

    Raises:
        UsageError: the reference has not this form, or the pack has no such table.
    """
    from donghaeng.catalogue.read import load
    from donghaeng.errors import UsageError

    pack, slash, table = reference.rstrip("/").rpartition("/")
    if not slash or not pack:
        raise UsageError(f'"{reference}" is not a table; write PACK/TABLE, such as kr/nhi-id-check/identity')
    return load(pack).table(table)


def day_of(text: str, option: str) -> date | None:
    """Read a day that was given as an option; None for none."""
    from donghaeng.errors import UsageError
    from donghaeng.rules.types import DATE, FactError

    if not text:
        return None
    try:
        day: date = DATE.from_text(text)
    except FactError as error:
        raise UsageError(f"{option}: {error}") from None
    return day


def today() -> date:
    """Give the day of the decision where none was given: the clock is read here and nowhere deeper."""
    from datetime import datetime

    return datetime.now().astimezone().date()


def given_facts(given: list[str]) -> dict[str, str]:
    """Split ``name=value`` arguments."""
    from donghaeng.errors import UsageError
    from donghaeng.identifiers import redact

    facts: dict[str, str] = {}
    for place, one in enumerate(given, 1):
        name, equals, value = one.partition("=")
        if not equals:
            # The text is not repeated: without its name it may be anything, such as a day of birth.
            raise UsageError(f"number {place} of the facts has no name; write name=value")
        if name in facts:
            raise UsageError(f'"{redact(name)}" is given twice; give each fact once')
        facts[name] = value
    return facts


def read_facts(table: DecisionTable, given: list[str]) -> dict[str, Any]:
    """Read ``name=value`` arguments; a fact without a value is unknown, as one that is not given.

    Raises:
        UsageError: an argument without a name, a name given twice, or an unknown name.
        InputError: texts that are not of the declared types.
    """
    names = table.table.all_inputs
    texts = given_facts(given)
    return table.facts_from_text({name: text for name, text in texts.items() if text.strip() or name not in names})


def decide(
    table: TableArgument,
    facts: FactsArgument = None,
    on: OnOption = "",
    known_on: KnownOnOption = "",
    explain: Annotated[bool, typer.Option("--explain", help="Show every row that was looked at.")] = False,
    changes: Annotated[
        bool, typer.Option("--changes", help="Show the smallest changes of facts that give another answer.")
    ] = False,
    file: Annotated[
        Path | None, typer.Option("--file", help="Decide every row of a Parquet, CSV or Arrow file.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="With --file: where the decisions are written.")] = None,
    engine: Annotated[str, typer.Option("--engine", help="With --file: duckdb or spark.")] = "duckdb",
    keep: Annotated[
        list[str] | None, typer.Option("--keep", help="With --file: a column that is copied; may be repeated.")
    ] = None,
    missing: Annotated[bool, typer.Option("--missing", help="With --file: add a column of missing facts.")] = False,
    language: LanguageOption = "",
    as_json: JsonOption = False,
) -> None:
    """Decide a case, or every row of a file, with reasons. An answer "undetermined" names the facts still needed."""
    from donghaeng.errors import UsageError

    opened = open_table(table)
    if file is not None or out is not None:
        if file is None or out is None or facts:
            raise UsageError("--file and --out belong together, and facts then come from the file")
        _decide_file(opened, file, out, on, known_on, engine, tuple(keep or ()), missing, as_json)
        return
    day = day_of(on, "--on") or today()
    decision = opened.decide(day, day_of(known_on, "--known-on"), **read_facts(opened, facts or []))
    if as_json:
        found = decision.as_json()
        if explain:
            found["explanation"] = [row.as_json() for row in decision.explain()]
        if changes:
            found["changes"] = _changes(decision)
        print_json(found)
        return
    words = _Words(opened, language)
    words.show(decision)
    if explain:
        words.explain(decision)
    if changes:
        words.changes(decision)


def _changes(decision: Decision) -> list[dict[str, Any]]:
    from donghaeng.rules.asking import smallest_changes
    from donghaeng.rules.types import as_json

    return [
        {
            "facts": {name: as_json(value) for name, value in change.facts.items()},
            "outcome": {name: as_json(value) for name, value in change.outcome.items()},
            "reason": change.reason,
        }
        for change in smallest_changes(decision.segment, decision.on, decision.facts)
    ]


def _decide_file(
    table: DecisionTable,
    file: Path,
    out: Path,
    on: str,
    known_on: str,
    engine: str,
    keep: tuple[str, ...],
    missing: bool,
    as_json: bool,
) -> None:
    from donghaeng.errors import UsageError
    from donghaeng.rules.bulk import decide_file

    chosen: Literal["duckdb", "spark"] = "spark" if engine == "spark" else "duckdb"
    if engine != chosen:
        raise UsageError(f'--engine "{engine}" is not known; expected duckdb or spark')
    with working("Deciding"):
        counts = decide_file(
            table.table,
            file,
            out,
            on=day_of(on, "--on") or "on",
            known_on=day_of(known_on, "--known-on"),
            engine=chosen,
            keep=keep,
            missing=missing,
        )
    if as_json:
        print_json({"file": str(out), "rows": sum(counts.values()), "results": counts})
        return
    print_table(
        f"Decisions in {out}",
        [("result", "left"), ("rows", "right")],
        [(plain(result), f"{number:,}") for result, number in counts.items()],
    )


def language_of(text: Text, language: str) -> str:
    """Give the language that was asked for, or the first of a pack.

    Raises:
        UsageError: the pack has not this language.
    """
    from donghaeng.errors import UsageError

    languages: list[str] = list(text)
    if language and language not in languages:
        raise UsageError(f'--language "{language}" is not one of the pack: {", ".join(languages)}')
    return language or languages[0]


class _Words:
    """Writes decisions for people."""

    def __init__(self, table: DecisionTable, language: str) -> None:
        self.table = table
        self.language = language_of(table.table.title, language)

    def phrase(self, text: str) -> str:
        return phrase(text, self.language)

    def columns(self, *given: tuple[str, str]) -> list[tuple[str, str]]:
        return [(self.phrase(heading), justify) for heading, justify in given]

    def text(self, text: Any) -> str:
        return plain(text.get(self.language) or next(iter(text.values()))) if text else ""

    def value(self, name: str, value: Any) -> str:
        from donghaeng.rules.table import field_type

        if value is None:
            return ""
        table = self.table.table
        item = table.all_inputs.get(name)
        kind = item.type if item else field_type(table, name)
        if isinstance(value, tuple):
            return ", ".join(self.value(name, one) for one in value)
        if isinstance(value, bool):
            return self.phrase("yes" if value else "no")
        if kind.kind == "codes":
            return ", ".join(sorted(value)) or self.phrase("none")
        if kind.kind == "code" and value in kind.codes:
            return f"{self.text(kind.codes[value])} ({plain(value)})"
        # A year is a whole number too: only money gets separators.
        return f"{value:,}" if kind.kind == "money" else plain(value)

    def show(self, decision: Decision) -> None:
        from donghaeng.rules.table import UNKNOWN_RULE

        table = self.table.table
        screen = console()
        screen.print(f"[bold]{self.text(table.question)}[/bold]", soft_wrap=True)
        shown = self.phrase("undetermined")
        if decision.determined:
            # A table that collects has an answer too on a day on which it lists nothing.
            shown = self.value("result", decision.result) or self.phrase("no row applies")
        screen.print(f"{decision.on}: [bold]{shown}[/bold]  \\[{decision.reason}]", soft_wrap=True)
        for name, value in decision.outcome.items():
            if name != "result" and value is not None:
                base = table.outcomes.get(name) or table.outcomes[name.rsplit("_", 1)[0]]
                title = self.text(base.title) or base.name
                ending = {"_from": " ≥", "_to": " ≤"}.get(name[-5:] if name.endswith("_from") else name[-3:], "")
                unit = f" {self.text(base.unit)}" if base.unit else ""
                title = title if name in table.outcomes else title + ending
                screen.print(f"  {title}: {self.value(name, value)}{unit}", soft_wrap=True)
        told = decision.determined or decision.reason == UNKNOWN_RULE
        for row in decision.in_force if told else ():
            if not decision.determined and row.row.certain:
                continue
            screen.print(f"  {self.text(row.row.because)}", soft_wrap=True)
        if decision.missing:
            screen.print(f"{self.phrase('Facts still needed, in the order of asking')}:")
            for name in decision.missing:
                screen.print(f"  {name}: {self.text(table.all_inputs[name].question)}", soft_wrap=True)
        if decision.reason == "missing_facts":
            return
        for saying in decision.statements:
            cited = ", ".join(plain(one.source) for one in saying.cite)
            screen.print(f"  – {self.text(saying.says)} \\[{cited}]", soft_wrap=True)
        for one in decision.citations:
            screen.print(f"  § {plain(one.source)}{', ' + plain(one.at) if one.at else ''}", soft_wrap=True)
        if decision.in_force and decision.kind not in {"published", "derived"}:
            screen.print(f"  {self.phrase('Rests on what is not firmly known')}: {self.kind(decision.kind)}")

    def kind(self, kind: str) -> str:
        return self.phrase(kind.replace("_", " "))

    def explain(self, decision: Decision) -> None:
        from donghaeng.rules.table import day_or_nothing

        marks = {True: "yes", False: "no", None: "unknown"}
        screen = console()
        explained = decision.explain()
        # Not a table: conditions are long, and a name that is broken into lines can be neither read nor searched.
        screen.print(f"[bold]{self.phrase('Every row of the table')}[/bold]")
        for one in explained:
            in_force = "not known" if one.row.dates.in_force(decision.on) else "not in force"
            holds = marks[one.holds] if one.in_force else in_force
            facts = ", ".join(
                f"{name} = {'?' if value is None else self.value_of_any(value)}" for name, value in one.facts.items()
            )
            dates = one.row.dates
            span = f"{day_or_nothing(dates.start)} – {day_or_nothing(dates.end)}" if dates.start or dates.end else ""
            screen.print(f"  [bold]{plain(one.row.id)}[/bold]: {self.phrase(holds)}", soft_wrap=True)
            told = {
                "when": plain(one.row.when or ""),
                "facts read": plain(facts),
                "in force": span.strip(),
                "source": _cited(one.row.cite),
            }
            for heading, text in told.items():
                if text:
                    screen.print(f"    {self.phrase(heading)}: {text}", soft_wrap=True)
        self.values_read(explained)

    def values_read(self, explained: tuple[Explained, ...]) -> None:
        """Show the dated values that the rows in force read."""
        read = {
            name: one.segment.constants[name]
            for one in explained
            if one.in_force
            for name in one.in_force.values
            if name in one.segment.constants
        }
        if not read:
            return
        rows = [
            (plain(name), self.dated_value(name, constant.value), self.kind(constant.kind), _cited(constant.cite))
            for name, constant in read.items()
        ]
        columns = self.columns(("value", "id"), ("is", "left"), ("kind", "left"), ("source", "left"))
        print_table(self.phrase("Dated values that rows read"), columns, rows)

    def dated_value(self, name: str, value: Any) -> str:
        """Write a dated value with its unit."""
        if value is None:
            return "?"
        series = self.table.table.values[name]
        shown = f"{value:,}" if series.type.kind == "money" else self.value_of_any(value)
        return f"{shown} {self.text(series.unit)}".strip()

    def value_of_any(self, value: Any) -> str:
        """Write a value without its label."""
        from donghaeng.rules.types import as_json

        shown = as_json(value)
        if isinstance(shown, bool):
            return self.phrase("yes" if shown else "no")
        return plain((", ".join(shown) or self.phrase("none")) if isinstance(shown, list) else shown)

    def changes(self, decision: Decision) -> None:
        from donghaeng.rules.asking import smallest_changes

        found = smallest_changes(decision.segment, decision.on, decision.facts)
        rows = [
            (
                ", ".join(f"{name} = {self.value(name, value)}" for name, value in change.facts.items()),
                self.value("result", change.outcome["result"]),
                plain(change.reason),
            )
            for change in found[:20]
        ]
        columns = self.columns(("if", "left"), ("then", "left"), ("by row", "id"))
        print_table(f"{self.phrase('Smallest changes that give another answer')}: {len(found)}", columns, rows)

    def type_and_limits(self, kind: Type, unit: str) -> str:
        """Write a type with the limits that are declared of it, and its unit."""
        least, most = (None if limit is None else f"{limit:,}" for limit in (kind.least, kind.most))
        limits = ""
        if least is not None and most is not None:
            limits = f"{least} {self.phrase('to')} {most}"
        elif least is not None or most is not None:
            limits = f"{self.phrase('at least' if most is None else 'at most')} {least or most}"
        return ", ".join(filter(None, (self.phrase(kind.kind), " ".join(filter(None, (limits, unit))))))

    def describe(self, name: str, kind: Type, unit: str, title: str) -> None:
        """Print what is asked or answered, with one line for each code."""
        screen = console()
        told = f": {title}" if title else ""
        screen.print(f"  [bold]{plain(name)}[/bold] ({self.type_and_limits(kind, unit)}){told}", soft_wrap=True)
        for code, label in kind.codes.items():
            screen.print(f"    {plain(code)}: {self.text(label)}", soft_wrap=True)


def _cited(citations: Sequence[Citation]) -> str:
    return plain("; ".join(f"{one.source}{' ' + one.at if one.at else ''}" for one in citations))


def ask(
    table: TableArgument,
    facts: FactsArgument = None,
    on: OnOption = "",
    known_on: KnownOnOption = "",
    language: LanguageOption = "",
) -> None:
    """Ask for facts, only those still needed, until the answer is certain.

    An empty answer means: not known. The end of input (Ctrl+D) shows the decision so far.
    """
    opened = open_table(table)
    words = _Words(opened, language)
    day = day_of(on, "--on") or today()
    known = read_facts(opened, facts or [])
    asked: set[str] = set()
    while True:
        decision = opened.decide(day, day_of(known_on, "--known-on"), **known)
        open_questions = [name for name in decision.missing if name not in asked]
        if decision.determined or not open_questions:
            break
        name = open_questions[0]
        asked.add(name)
        try:
            answer = _ask_one(opened, words, name)
        except EOFError:
            # Whoever stops answering is told what is decided so far, and what is still needed.
            console().print()
            break
        if answer is not None:
            known[name] = answer
    words.show(decision)


def _ask_one(table: DecisionTable, words: _Words, name: str) -> Any:
    """Ask for one fact until the answer is of its type; None where it is not known."""
    from donghaeng.errors import InputError

    item = table.table.all_inputs[name]
    screen = console()
    screen.print(f"[bold]{words.text(item.question)}[/bold]", soft_wrap=True)
    if item.help:
        screen.print(f"  {words.text(item.help)}", soft_wrap=True)
    for code, label in item.type.codes.items():
        screen.print(f"  {plain(code)}: {words.text(label)}", soft_wrap=True)
    while True:
        # Not typer's prompt, which ends the command at the end of input.
        text = input(f"  {name}: ").strip()
        if not text:
            return None
        try:
            return table.facts_from_text({name: text})[name]
        except InputError as error:
            screen.print(f"  {plain(error.faults[0].what)}; {plain(error.faults[0].expected)}", soft_wrap=True)


def describe(table: TableArgument, language: LanguageOption = "", as_json: JsonOption = False) -> None:
    """Say what a table asks and answers: inputs with type, codes and question, and outcomes."""
    opened = open_table(table)
    if as_json:
        print_json(opened.describe())
        return
    words = _Words(opened, language)
    found = opened.table
    screen = console()
    screen.print(f"[bold]{words.text(found.title)}[/bold]: {words.text(found.question)}", soft_wrap=True)
    screen.print(f"[bold]{words.phrase('Inputs')}[/bold]")
    for name, item in found.all_inputs.items():
        words.describe(name, item.type, words.text(item.unit), words.text(item.question))
    screen.print(f"[bold]{words.phrase('Outcomes')}[/bold]")
    for name, one in found.outcomes.items():
        words.describe(name, one.type, words.text(one.unit), words.text(one.title))
