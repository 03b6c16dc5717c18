"""Random decision tables and cases, by seed: every type, every hit policy, two times, unknown rules and values.

`random_rules` writes a pack's ``values.yaml`` and ``rules/*.yaml`` and reads them as any pack is read, so that what
the tests decide is what a pack could hold. `random_cases` gives facts near the numbers and days of the table, with
gaps.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from donghaeng.errors import Faults
from donghaeng.rules.placing import PackFacts
from donghaeng.rules.reading import RulesSection, read_rules
from donghaeng.rules.table import Table
from donghaeng.rules.types import Type

DAYS = [
    *(date(2024, 1, 1), date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1), date(2024, 5, 20), date(2024, 8, 30)),
    *(date(2024, 8, 31), date(2024, 12, 31), date(2025, 1, 1), date(2025, 2, 28), date(2025, 6, 2), date(2025, 10, 2)),
]
CODES = ("alpha", "beta", "gamma", "delta")
RESULTS = ("r0", "r1", "r2")
HITS = ("first", "first", "first", "unique", "collect", "sum")
PACK = PackFacts("test/random", "1", "KR-11", ("en",), None)


def text(words: str) -> dict[str, str]:
    return {"en": words}


@dataclass
class Writer:
    """Writes the parts of a table; `scope` is what a condition may read: kind of fact by name."""

    rng: random.Random
    scope: dict[str, dict[str, Any]] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def names(self, *kinds: str) -> list[str]:
        return [name for name, one in self.scope.items() if one["type"] in kinds]

    # --- types and values

    def type(self) -> dict[str, Any]:
        kind = self.rng.choice(["boolean", "integer", "integer", "decimal", "money", "date", "code", "codes"])
        model: dict[str, Any] = {"type": kind}
        if kind in {"integer", "money"} and self.chance(0.7):
            model |= {"least": self.rng.choice([-20, 0, 1]), "most": self.rng.choice([9, 30, 1_000_000])}
        if kind == "decimal":
            model["places"] = self.rng.randrange(0, 5)
            if self.chance(0.5):
                model |= {"least": -1_000, "most": 1_000}
        if kind in {"code", "codes"}:
            model["codes"] = {code: text(code) for code in CODES}
        return model

    def value(self, model: Mapping[str, Any]) -> Any:
        """A value of a type as YAML has it."""
        kind = model["type"]
        if kind == "boolean":
            return self.chance(0.5)
        if kind in {"integer", "money"}:
            return min(max(self.rng.randrange(-3, 12), model.get("least", -99)), model.get("most", 99))
        if kind == "decimal":
            places = model.get("places", 4)
            return round(self.rng.randrange(-30, 120) / 10 ** self.rng.randrange(0, places + 1), places)
        if kind == "date":
            return self.rng.choice(DAYS).isoformat()
        if kind == "code":
            return self.rng.choice(CODES)
        return sorted(self.rng.sample(CODES, self.rng.randrange(0, 3)))

    def literal(self, model: Mapping[str, Any]) -> str:
        value = self.value(model)
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, float):
            return f"{value:.4f}".rstrip("0").rstrip(".") or "0"
        return f"'{value}'" if isinstance(value, str) else str(value)

    # --- expressions

    def number(self, depth: int = 2) -> str:
        known = list(self.names("integer", "money", "decimal"))
        if depth == 0 or self.chance(0.4):
            if known and self.chance(0.8):
                return self.rng.choice(known)
            return str(self.rng.choice([0, 1, 3, 10, "0.5", "2.25"]))
        if self.chance(0.1):
            return f"(- {self.number(depth - 1)})"
        return f"({self.number(depth - 1)} {self.rng.choice('+-*')} {self.number(depth - 1)})"

    def whole(self) -> str:
        known = self.names("integer", "money")
        return self.rng.choice(known) if known and self.chance(0.8) else str(self.rng.randrange(1, 12))

    def atom(self) -> str:
        if self.lists and self.chance(0.2):
            codes = self.names("code")
            if codes:
                return f"{self.rng.choice(codes)} IN {self.rng.choice(sorted(self.lists))}"
        if self.chance(0.15):
            return f"{self.number()} {self.rng.choice(['<', '<=', '>', '>=', '=', '<>'])} {self.number()}"
        name = self.rng.choice(list(self.scope))
        model = self.scope[name]
        kind = model["type"]
        if kind == "boolean":
            return self.rng.choice([name, f"NOT {name}", f"{name} = {self.literal(model)}"])
        if kind == "codes":
            return f"'{self.rng.choice(CODES)}' IN {name}"
        if self.chance(0.3):
            options = ", ".join(self.literal(model) for _ in range(self.rng.randrange(1, 4)))
            return f"{name} IN ({options})"
        if kind == "code":
            same = [other for other in self.names("code") if other != name]
            if same and self.chance(0.3):
                return f"{name} = {self.rng.choice(same)}"
            return f"{name} {self.rng.choice(['=', '<>'])} {self.literal(model)}"
        if self.chance(0.25):
            return f"{name} BETWEEN {self.literal(model)} AND {self.literal(model)}"
        others = [other for other in self.names(kind) if other != name]
        right = self.rng.choice(others) if others and self.chance(0.3) else self.literal(model)
        return f"{name} {self.rng.choice(['<', '<=', '>', '>=', '=', '<>'])} {right}"

    def condition(self, depth: int = 2) -> str:
        if depth == 0 or self.chance(0.4):
            return self.atom()
        if self.chance(0.2):
            return f"NOT ({self.condition(depth - 1)})"
        word = self.rng.choice([" AND ", " OR "])
        return "(" + word.join(self.condition(depth - 1) for _ in range(self.rng.randrange(2, 4))) + ")"

    # --- parts of a pack

    def dates(self) -> dict[str, str]:
        found = {}
        if self.chance(0.35):
            found["from"] = self.rng.choice(DAYS).isoformat()
        if self.chance(0.2):
            start = date.fromisoformat(found.get("from", "2024-01-01"))
            found["to"] = (start + timedelta(days=self.rng.randrange(0, 300))).isoformat()
        if self.chance(0.1):
            found["announced"] = self.rng.choice(DAYS).isoformat()
        return found

    def dated_value(self) -> dict[str, Any]:
        model = self.type()
        days = sorted(self.rng.sample(DAYS, self.rng.randrange(0, 3)))
        dated: list[dict[str, Any]] = []
        for start in [None, *days] if self.chance(0.8) or not days else days:
            one: dict[str, Any] = {} if start is None else {"from": start.isoformat()}
            if self.chance(0.2):
                one |= {"kind": "unknown", "note": text("not published")}
            else:
                one["value"] = self.value(model)
            dated.append(one)
        for one, following in itertools.pairwise(dated):
            if self.chance(0.3):
                one["to"] = (date.fromisoformat(following["from"]) - timedelta(days=2)).isoformat()
        return {**model, "title": text("value"), "dated": dated}

    def derived(
        self, lengths: list[str], table: str, outcomes: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """A derived fact and its type."""
        days = ["on", *(name for name in self.names("date") if name not in self.values)]
        day = self.rng.choice(days)
        integer = {"type": "integer"}
        kinds = ["age", "part", "days_between", "last_day", "last_day", "within", "within", "formula", "condition"]
        kinds += ["choice", "choice", "share", "share", "dates", *(["table"] * 3 if table else [])]
        kind = self.rng.choice(kinds)
        if kind == "age":
            return {"calculate": "age", "of": day, "day": self.rng.choice(days)}, integer
        if kind == "part":
            return {"calculate": self.rng.choice(["year", "month", "days_in_month"]), "of": day}, integer
        if kind == "days_between":
            return {"calculate": kind, "from": day, "to": self.rng.choice(days)}, integer
        if kind in {"last_day", "within"}:
            unit, most = self.rng.choice([("days", 400), ("months", 14), ("years", 3)])
            length: Any = self.rng.randrange(1, most)
            if lengths and self.chance(0.4):
                unit, length = "months", self.rng.choice(lengths)
            one = {"calculate": kind, unit: length, "after": day}
            one |= {"first_day": self.rng.choice(["excluded", "included"])}
            one |= {"holidays": self.rng.choice(["stay", "stay", "move"])}
            if kind == "within":
                return one | {"day": self.rng.choice(days)}, {"type": "boolean"}
            return one, {"type": "date"}
        if kind == "formula":
            return {"calculate": "formula", "is": self.number()}, {"type": "decimal"}
        if kind == "condition":
            return {"calculate": "formula", "is": self.condition()}, {"type": "boolean"}
        if kind == "choice":
            of = [self.number(1) for _ in range(self.rng.randrange(2, 4))]
            return {"calculate": self.rng.choice(["least", "greatest"]), "of": of}, {"type": "decimal"}
        if kind == "dates" and len(days) > 2:
            return {"calculate": self.rng.choice(["least", "greatest"]), "of": days[1:3]}, {"type": "date"}
        if kind == "table":
            outcome = self.rng.choice(list(outcomes))
            return {"calculate": "table", "table": table, "outcome": outcome}, outcomes[outcome]
        round_ = self.rng.choice(["down", "up", "half_up"])
        whole = {"of": self.whole(), "part": self.whole(), "whole": self.whole()}
        return {"calculate": "share", **whole, "round": round_}, integer

    def outcomes(self, hit: str) -> dict[str, Any]:
        codes = RESULTS[:1] if hit == "sum" else RESULTS
        found: dict[str, Any] = {"result": {"type": "code", "codes": {code: text(code) for code in codes}}}
        more: dict[str, Any] = {
            "amount": {"type": "money"},
            "rate": {"type": "decimal"},
            "count": {"type": "integer"},
            "day": {"type": "date"},
            "flag": {"type": "boolean"},
            "word": {"type": "code", "codes": {code: text(code) for code in CODES}},
            "tags": {"type": "codes", "codes": {code: text(code) for code in CODES}},
        }
        names = ["amount", "rate", "count"] if hit == "sum" else list(more)
        return found | {name: more[name] for name in names if self.chance(0.4)}

    def answer(self, outcomes: Mapping[str, Any], formulas: bool) -> dict[str, Any]:
        found: dict[str, Any] = {"result": self.rng.choice(list(outcomes["result"]["codes"]))}
        for name, model in outcomes.items():
            if name == "result" or self.chance(0.25):
                continue
            found[name] = self.value(model)
            if not formulas or self.chance(0.4):
                continue
            known = [one for one in self.names(model["type"]) if one not in self.lists]
            if model["type"] in {"money", "integer", "decimal"}:
                found[name] = self.number(1)
                if self.chance(0.3):
                    found[name] = {"from": self.number(1), "to": self.number(1)}
            elif known and model["type"] != "codes":
                found[name] = self.rng.choice(known)
        return found

    def table(self, hit: str, inputs: dict[str, Any], lengths: list[str], other: str, others: Any) -> dict[str, Any]:
        self.scope |= inputs
        derived = {}
        for number in range(self.rng.randrange(0, 5)):
            name = f"{other or 'own'}_{number}"
            one, model = self.derived(lengths, other, others)
            derived[name] = one
            self.scope[name] = model
        outcomes = self.outcomes(hit)
        formulas = self.chance(0.5)
        rows = []
        for number in range(self.rng.randrange(1, 8)):
            row: dict[str, Any] = {"id": f"row_{number}", "because": text("so it is"), **self.dates()}
            if not (number and self.chance(0.1)):
                row["when"] = self.condition()
            if self.chance(0.12):
                row |= {"kind": "unknown", "note": text("disputed")}
            rows.append({**row, "then": self.answer(outcomes, formulas)})
        return {
            "title": text("table"),
            "question": text("what holds?"),
            "reviewed": "2026-11-23",
            "hit": hit,
            "inputs": {name: {**model, "question": text(name)} for name, model in inputs.items()},
            "derived": derived,
            "outcomes": outcomes,
            "rows": rows,
        }


def _tried(rng: random.Random, folder: Path, hit: str) -> RulesSection | None:
    writer = Writer(rng)
    values = {f"value_{number}": writer.dated_value() for number in range(rng.randrange(1, 5))}
    lengths = [name for name, one in values.items() if one["type"] == "integer" and one.get("least", 0) >= 1]
    inputs = {f"fact_{number}": writer.type() for number in range(rng.randrange(2, 7))}
    scope = {name: {key: one[key] for key in one if key not in {"title", "dated"}} for name, one in values.items()}
    lists = {name for name, one in values.items() if one["type"] == "codes"}
    tables = {}
    other, others = "", {}
    for name in ["first", "main"] if rng.random() < 0.5 else ["main"]:
        own = Writer(rng, dict(scope), lists, set(values))
        own_hit = hit if name == "main" else rng.choice(["first", "first", "unique"])
        tables[name] = own.table(own_hit, inputs, lengths, other, others)
        other, others = name, tables[name]["outcomes"]
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    for path in (folder / "rules").glob("*.yaml"):
        path.unlink()
    (folder / "values.yaml").write_text(json.dumps({"values": values}), "utf-8")
    for name, table in tables.items():
        (folder / "rules" / f"{name}.yaml").write_text(json.dumps(table), "utf-8")
    faults = Faults()
    section = read_rules(folder, "random", PACK, faults)
    return None if faults.errors else section


def random_rules(seed: int, folder: Path, hit: str = "") -> RulesSection:
    """Write and read the rules of a seed; the table in question is ``main``, which may use ``first``.

    Args:
        seed: the same seed gives the same rules.
        folder: where they are written.
        hit: the hit policy of ``main``; a random one where it is empty.
    """
    rng = random.Random(seed)
    while True:  # what a random formula makes too large, or of the wrong type, is drawn again
        section = _tried(rng, folder, hit or rng.choice(HITS))
        if section is not None:
            return section


def random_table(seed: int, folder: Path, hit: str = "") -> Table:
    """Give the table ``main`` of `random_rules`."""
    return random_rules(seed, folder, hit).tables["main"]


def random_fact(rng: random.Random, kind: Type) -> Any:
    """A value that a fact may have, often one that the table speaks of."""
    if kind.kind == "boolean":
        return rng.random() < 0.5
    if kind.kind in {"integer", "money"}:
        wild = [int(kind.lowest), int(kind.highest)] if rng.random() < 0.05 else range(-3, 13)
        return min(max(rng.choice(wild), int(kind.lowest)), int(kind.highest))
    if kind.kind == "decimal":
        places = rng.randrange(0, kind.places + 1)
        number = Decimal(rng.randrange(-30, 121)).scaleb(-places)
        if rng.random() < 0.05:
            number = Decimal(rng.randrange(10**9, 10**12)).scaleb(-kind.places)
        return min(max(number, Decimal(kind.lowest)), Decimal(kind.highest))
    if kind.kind == "date":
        if rng.random() < 0.05:
            return rng.choice([date(1900, 1, 1), date(2004, 2, 29), date(2027, 12, 30), date(2100, 12, 31)])
        return rng.choice(DAYS) + timedelta(days=rng.choice([-366, -180, -1, 0, 0, 0, 1, 31, 365]))
    if kind.kind == "code":
        return rng.choice(list(kind.codes))
    return frozenset(rng.sample(list(kind.codes), rng.randrange(0, len(kind.codes) + 1)))


def random_day(rng: random.Random) -> date:
    """A day near those on which the table changes."""
    return rng.choice(DAYS) + timedelta(days=rng.choice([-400, -1, 0, 0, 1, 45, 700]))


def random_cases(seed: int, table: Table, number: int, gaps: float = 0.15) -> list[tuple[date, dict[str, Any]]]:
    """Days and facts; a fact that is None is unknown.

    Args:
        seed: the same seed gives the same cases.
        table: whose facts they are.
        number: how many.
        gaps: share of unknown facts.
    """
    rng = random.Random(f"cases {seed}")
    return [
        (
            random_day(rng),
            {
                name: None if rng.random() < gaps else random_fact(rng, item.type)
                for name, item in table.all_inputs.items()
            },
        )
        for _ in range(number)
    ]
