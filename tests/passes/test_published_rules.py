"""Every published rule of the Climate Card is shown by the pack: ``tests/reference/climate_card_rules.csv`` lists them.

A row names a rule, and where the pack shows it: an ``example`` of a table with its day, some of its facts and the
published answer; a dated ``value``; a place of ``service/passes.yaml`` (``section``); a ``statement``; or a ``test``.
The answers were copied from the publications and not from the pack, so a change of either is found.
"""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path
from typing import Any

from donghaeng.catalogue.find import shipped_folder
from donghaeng.rules.decision import DecisionTable
from donghaeng.services.passes.fares import FareRules
from donghaeng.services.passes.policy import Policy
from tests.passes.counters import PACK, pack

ROOT = Path(__file__).parents[2]
LIST = ROOT / "tests/reference/climate_card_rules.csv"
#: So many rules were collected. One that is taken off the list is to be taken off here, too.
RULES = 295
#: Tables that answer no published rule by themselves: what they say was found nowhere.
WITHOUT_RULES: set[str] = {"distance-step"}


def rows(proof: str = "") -> list[dict[str, str]]:
    """The rows of the list with a kind of proof; all for none."""
    with LIST.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if proof in {"", row["proof"]}]


def told(value: Any) -> str:
    """A value as the list writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "+".join(map(told, value))
    return "" if value is None else str(value)


def named(text: str) -> dict[str, str]:
    """``name=value`` pairs of a cell."""
    return dict(pair.split("=", 1) for pair in text.split())


def rules() -> Any:
    """Tables, values and examples of the pack."""
    found = pack().rules
    assert found is not None
    return found


def test_every_rule_is_listed_once_and_with_a_proof() -> None:
    listed = [tuple(row.values()) for row in rows()]
    assert len(listed) == len(set(listed))
    assert len({row["rule"] for row in rows()}) == RULES
    assert {row["proof"] for row in rows()} == {"example", "value", "section", "statement", "test"}
    of = {row["where"].split("/")[0] for row in rows("example")}
    assert of == set(rules().tables) - WITHOUT_RULES


def test_the_example_of_a_rule_gives_the_published_answer() -> None:
    examples = {f"{one.table}/{one.example.id}": one.example for one in rules().examples}
    wrong = []
    for row in rows("example"):
        found = examples.get(row["where"])
        if found is None:
            wrong.append(f"{row['rule']}: no example {row['where']}")
            continue
        facts = {name: told(value) for name, value in found.facts.items()}
        answer = {name: told(value) for name, value in found.outcome.items()}
        if (
            str(found.on) != row["on"]
            or not named(row["facts"]).items() <= facts.items()
            or not named(row["expects"]).items() <= answer.items()
        ):
            wrong.append(f"{row['rule']}: {row['where']} on {found.on}: {facts} {answer}")
    assert wrong == []


def test_the_values_and_settings_of_a_rule_are_the_published_ones() -> None:
    wrong = []
    for row in rows("value"):
        on = date.fromisoformat(row["on"])
        dated = [one for one in rules().values[row["where"]].dated if one.dates.in_force(on)]
        value = told(dated[-1].value) if dated and dated[-1].value is not None else "unknown"
        wrong += [row["rule"]] if value != row["expects"] else []
    section = pack().passes_section().model.model_dump()
    for row in rows("section"):
        place: Any = section
        for key in row["where"].split("."):
            place = place[key]
        wrong += [row["rule"]] if told(place) != row["expects"] else []
    with (shipped_folder() / PACK / "statements.csv").open(encoding="utf-8", newline="") as file:
        statements = {one["id"]: " ".join(map(str, one.values())) for one in csv.DictReader(file)}
    wrong += [row["rule"] for row in rows("statement") if row["expects"] not in statements.get(row["where"], "")]
    assert wrong == []


def test_the_tests_of_a_rule_are_there() -> None:
    for row in rows("test"):
        path, _, name = row["where"].partition("::")
        assert re.search(rf"^def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE), row["rule"]


def test_distances_and_transfers_are_counted_as_their_tables_say() -> None:
    fares = FareRules(Policy(pack().passes_section()))
    on = date(2025, 1, 10)
    day, tables = fares.on(on), {name: DecisionTable(rules().tables[name]) for name in ("distance-fare", "transfer")}
    for metres in range(0, 90_001, 500):
        for alone in (True, False):
            said = tables["distance-fare"].decide(on, metres=metres, subway_alone=alone, age="adult").outcome
            amount = said["amount_to"] if said.get("amount") is None else said["amount"]
            assert amount == day.steps(metres, alone) * 100, (metres, alone)
    facts = {"alight_tag": True, "same_route": False, "transfers_before": 0}
    for night, window in ((False, day.window), (True, day.night_window)):
        assert window is not None
        for minutes in (window // 60, window // 60 + 1):
            said = tables["transfer"].decide(on, **facts, night=night, minutes=minutes)
            assert (said.result == "transfer") == (minutes * 60 <= window)
    full = tables["transfer"].decide(on, **(facts | {"transfers_before": day.most_transfers}), night=False, minutes=1)
    assert full.result == "new_journey"
