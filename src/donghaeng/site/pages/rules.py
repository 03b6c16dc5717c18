"""Pages of the rules of a pack: an overview, the dated values, each table with its form, and its examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from donghaeng.release.read import Release, Row
from donghaeng.site.figures import Figures
from donghaeng.site.links import file_names
from donghaeng.site.pack_view import PackView, in_language
from donghaeng.site.page import Crumb, Page, Saying, pack_title, phrase
from donghaeng.site.pages.data import RELEASE_FOLDER
from donghaeng.site.rule_dates import STANDINGS, current, standing

Plain = Mapping[str, Any]

VALUES = "values.json"
#: What the form of every table needs, in the order of loading; the script of the table comes before the last.
CALENDAR_SCRIPT, RUNTIME_SCRIPT, FORM_SCRIPT = "assets/calendar.js", "assets/rules.js", "assets/form.js"
#: So many cases stand at the head of a table.
MOST_COMMON = 6
#: So many rules stand on a page at most; the files beside it have all. Examples go on to further pages.
MOST_ROWS, MOST_EXAMPLES = 80, 60
#: Names of pages that are no table.
_TAKEN = ("index", "values", "examples")


@dataclass(frozen=True)
class Turn:
    """What changes on a day.

    Attributes:
        day: the day.
        begins: rules in force from it.
        ends: rules in force until the day before.
        values: names of dated values of which another entry holds from it.
        known: days later than it on which one of these was announced: the change reached back.
    """

    day: str
    begins: tuple[Plain, ...]
    ends: tuple[Plain, ...]
    values: tuple[str, ...]
    known: tuple[str, ...]


@dataclass(frozen=True)
class RuleTable:
    """A released table, as its pages need it.

    Attributes:
        id: id of the table.
        document: what the release says of it.
        path: path of its page below the language.
        examples_path: path of the page of its examples.
        groups: rules by standing, in order.
        shown: those of them that stand on its page.
        common: examples that hold today, one for each answer first.
        turns: what changes and when, newest first.
        scripts: the scripts of its form by path from the top of the site; none where the release has no script.
    """

    id: str
    document: Plain
    path: str
    examples_path: str
    groups: Mapping[str, tuple[Plain, ...]]
    shown: Mapping[str, tuple[Plain, ...]]
    common: tuple[Plain, ...]
    turns: tuple[Turn, ...]
    scripts: tuple[str, ...]

    @property
    def shown_count(self) -> int:
        """Number of rules that stand on its page."""
        return sum(map(len, self.shown.values()))

    @property
    def numbers(self) -> Mapping[str, int]:
        """The place of each rule in the table, by id, counted from 1."""
        return {row["id"]: place for place, row in enumerate(self.document["rows"], start=1)}

    def next_turn(self, day: str) -> str:
        """Give the first day after a day on which something changes; empty where none is known."""
        return next((turn for turn in self.document["change_days"] if turn > day), "")


def has_rules(view: PackView) -> bool:
    """Say whether the pack has decision tables or dated values."""
    return bool(table_documents(view) or dated_values(view))


def dated_values(view: PackView) -> Mapping[str, Plain]:
    """Give the dated values of a pack by name."""
    found: Mapping[str, Plain] = view.pack.documents.get(VALUES) or {}
    return found


def table_documents(view: PackView) -> dict[str, Plain]:
    """Give the documents of the tables of a pack by id, those with most rules first."""
    found = sorted(_documents(view), key=lambda document: (-len(document["rows"]), document["table"]))
    return {str(document["table"]): document for document in found}


def _documents(view: PackView) -> list[Plain]:
    return [document for name, document in view.pack.documents.items() if name.startswith("rules/")]


def table_pages(view: PackView) -> dict[str, str]:
    """Give the path of the page of each table below the language, by id."""
    names = file_names(table_documents(view), _TAKEN)
    return {table: view.path(f"rules/{name}.html") for table, name in names.items()}


def rules(view: PackView, release: Release) -> list[Page]:
    """Give the pages of the rules of a pack; none where it has no rules."""
    if not has_rules(view):
        return []
    day = str(release.manifest["date"])
    files = {str(entry["path"]) for entry in release.manifest["files"]}
    tables = rule_tables(view, day, files)
    values = dated_values(view)
    pages = [_overview(view, day, tables, values)]
    if values:
        pages.append(_values(view, day, tables, values))
    for table in tables:
        pages.append(_table(view, day, table))
        pages += _examples(view, table)
    return pages


def rule_tables(view: PackView, day: str, files: set[str]) -> tuple[RuleTable, ...]:
    """Give the tables of a pack as they stand on a day."""
    paths = table_pages(view)
    documents = table_documents(view)
    tables = []
    for table_id, document in documents.items():
        groups: dict[str, list[Plain]] = {name: [] for name in STANDINGS}
        for place, row in enumerate(document["rows"], start=1):
            groups[standing(row, day)].append({**row, "place": place})
        tables.append(
            RuleTable(
                table_id,
                document,
                paths[table_id],
                paths[table_id].replace("/rules/", "/rules/examples/"),
                {name: tuple(rows) for name, rows in groups.items()},
                _shown(groups),
                _common(document, day),
                _turns(document),
                _scripts(view.id, table_id, files),
            )
        )
    return tuple(tables)


def _shown(groups: Mapping[str, Sequence[Plain]]) -> dict[str, tuple[Plain, ...]]:
    """Give the rules that stand on a page, those in force first."""
    room = MOST_ROWS
    shown = {}
    for name, rows in groups.items():
        shown[name] = tuple(rows[:room])
        room -= len(shown[name])
    return shown


def _scripts(pack: str, table_id: str, files: set[str]) -> tuple[str, ...]:
    """Give the scripts of a form in the order of loading; that of a table holds the tables that it reads."""
    script = f"{pack}/rules/{table_id}.js"
    return (CALENDAR_SCRIPT, RUNTIME_SCRIPT, f"{RELEASE_FOLDER}/{script}", FORM_SCRIPT) if script in files else ()


def _common(document: Plain, day: str) -> tuple[Plain, ...]:
    """Choose examples that still hold on the day: those that the pack calls common, else one for each answer and rule.

    Those that rest on firm rules come first.
    """
    before = [turn for turn in document["change_days"] if turn <= day]
    since = before[-1] if before else ""
    until = next((turn for turn in document["change_days"] if turn > day), "9999")
    valid = [
        one
        for one in document["examples"]
        if since <= one["on"] < until
        and not one["known_on"]
        and one["passed"]
        and one["decision"]["reason"] not in {"missing_facts", "no_rule"}
    ]
    places = {row["id"]: place for place, row in enumerate(document["rows"])}
    last = len(places)
    valid.sort(
        key=lambda one: (
            not one["common"],
            one["decision"]["kind"] not in {"published", "derived"},
            places.get(one["decision"]["reason"], last),
            len(one["facts"]),
        )
    )
    chosen: dict[str, Plain] = {one["id"]: one for one in [one for one in valid if one["common"]][:MOST_COMMON]}
    for key in () if chosen else ("result", "reason"):
        seen = {_key(one, key) for one in chosen.values()}
        for one in valid:
            if len(chosen) < MOST_COMMON and one["id"] not in chosen and _key(one, key) not in seen:
                seen.add(_key(one, key))
                chosen[one["id"]] = one
    return tuple(one for one in valid if one["id"] in chosen)


def _key(example: Plain, key: str) -> str:
    decision = example["decision"]
    return str(decision["outcome"]["result"] if key == "result" else decision["reason"])


def _turns(document: Plain) -> tuple[Turn, ...]:
    """Say what changes on each day, newest first; what was replaced by another text is left out."""
    rows = [row for row in document["rows"] if not row["withdrawn"]]
    turns = []
    for day in reversed(document["change_days"]):
        begins = tuple(row for row in rows if row["from"] == day)
        ends = tuple(row for row in rows if row["to"] and _day_after(row["to"]) == day)
        dated = {
            name: [one for one in value["dated"] if one["from"] == day and not one["withdrawn"]]
            for name, value in document["values"].items()
        }
        values = tuple(name for name, entries in dated.items() if entries)
        told = [*begins, *(one for entries in dated.values() for one in entries)]
        known = sorted({one["announced"] for one in told if one["announced"] and one["announced"] > day})
        if begins or ends or values:
            turns.append(Turn(day, begins, ends, values, tuple(known)))
    return tuple(turns)


def _day_after(day: str) -> str:
    from datetime import date, timedelta

    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────


def _trail(view: PackView, *more: Crumb) -> tuple[Crumb, ...]:
    return (Crumb(view.path("index.html"), pack_title(view)), *more)


def _rules_crumb(view: PackView) -> Crumb:
    return Crumb(view.path("rules/index.html"), phrase("rules.title"))


def _overview(view: PackView, day: str, tables: Sequence[RuleTable], values: Plain) -> Page:
    return Page(
        path=view.path("rules/index.html"),
        template="rules.html.j2",
        title=phrase("rules.title"),
        languages=view.languages,
        tables={name: view.rows(name) for name in ("rules", "values", "examples") if view.rows(name)},
        context={"rule_tables": tables, "values": values, "on": day, "current": current},
        trail=_trail(view),
        view=view,
        section="rules",
    )


def _values(view: PackView, day: str, tables: Sequence[RuleTable], values: Plain) -> Page:
    used = {name: [table for table in tables if name in table.document["values"]] for name in values}
    return Page(
        path=view.path("rules/values.html"),
        template="values.html.j2",
        title=phrase("values.title"),
        languages=view.languages,
        tables={"values": view.rows("values")},
        context={"values": values, "used": used, "on": day, "standing": standing},
        trail=_trail(view, _rules_crumb(view)),
        view=view,
        section="rules",
    )


def _table(view: PackView, day: str, table: RuleTable) -> Page:
    names = set(table.document["values"])
    return Page(
        path=table.path,
        template="rule.html.j2",
        title=_title(table),
        languages=view.languages,
        tables={
            "rules": _rows_of(view, "rules", table),
            "values": [row for row in view.rows("values") if row["value"] in names],
            "examples": _rows_of(view, "examples", table),
        },
        context={"table": table, "on": day, "standing": standing},
        trail=_trail(view, _rules_crumb(view)),
        view=view,
        section="rules",
        scripts=table.scripts,
    )


def _examples(view: PackView, table: RuleTable) -> list[Page]:
    """Give the pages of the examples of a table, as many as they need."""
    given = table.document["examples"]
    parts = [given[start : start + MOST_EXAMPLES] for start in range(0, len(given), MOST_EXAMPLES)]
    paths = [table.examples_path, *(_part_path(table, number) for number in range(2, len(parts) + 1))]
    return [_examples_part(view, table, paths, number, part) for number, part in enumerate(parts, start=1)]


def _part_path(table: RuleTable, number: int) -> str:
    return f"{table.examples_path.removesuffix('.html')}/{number}.html"


def _examples_part(
    view: PackView, table: RuleTable, paths: Sequence[str], number: int, examples: Sequence[Plain]
) -> Page:
    title = _title(table)
    shown = {one["id"] for one in examples}
    total = len(paths)

    def say(figures: Figures) -> str:
        key = "examples.title_of" if total == 1 else "examples.title_part"
        return figures.words.text(key, title=title(figures), number=number, total=total)

    return Page(
        path=paths[number - 1],
        template="rule_examples.html.j2",
        title=say,
        languages=view.languages,
        tables={"examples": [row for row in _rows_of(view, "examples", table) if row["example"] in shown]},
        context={
            "table": table,
            "examples": examples,
            "parts": paths,
            "all_passed": all(one["passed"] for one in table.document["examples"]),
        },
        trail=_trail(view, _rules_crumb(view), Crumb(table.path, title)),
        view=view,
        section="rules",
    )


def _rows_of(view: PackView, name: str, table: RuleTable) -> list[Row]:
    return [row for row in view.rows(name) if row["table"] == table.id]


def _title(table: RuleTable) -> Saying:
    return lambda figures: in_language(table.document["title"], figures.words.language)
