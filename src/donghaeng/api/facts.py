"""From the members of a body to days and facts, with all faults together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, cast

from donghaeng.api.problems import Wrong
from donghaeng.errors import listed, nearest
from donghaeng.identifiers import KINDS, FieldType, Kind, check_value, find_identifier, kind_of_name
from donghaeng.rules.decision import DecisionTable
from donghaeng.rules.types import DATE, FactError

#: A suggestion takes its time, so only so many names of a request get one.
MOST_SUGGESTIONS = 20
LONGEST_WORD = 100
#: So much of a wrong value is searched for a number of a person; it is refused in any case.
MOST_SEARCHED = 1_000


def read_members(document: Any, known: Collection[str], wrong: list[Wrong], where: str) -> Mapping[str, Any] | None:
    """Give the members of an object, None where it is none; add to `wrong` what it may not have."""
    if not isinstance(document, dict):
        wrong.append(Wrong(where, "it is no object", f"an object with {listed(known)}", "see the docs", "member"))
        return None
    for number, name in enumerate(name for name in document if name not in known):
        hint = nearest(name[:LONGEST_WORD], known) if number < MOST_SUGGESTIONS else ""
        wrong.append(
            Wrong(name, "the body has no such member", listed(known), hint or "leave it out", "unknown-member")
        )
    return document


def read_day(members: Mapping[str, Any], name: str, wrong: list[Wrong]) -> date | None:
    """Read a day; None where there is none, or a wrong one, which is added to `wrong`."""
    given = members.get(name)
    if given is None:
        return None
    try:
        day: date = DATE.from_json(given)
    except FactError as error:
        wrong.append(_wrong(name, given, error, "date", "member"))
        return None
    return day


def read_facts(table: DecisionTable, given: Any, wrong: list[Wrong], longest: int) -> dict[str, Any]:
    """Read facts by their declared types; null is unknown.

    Args:
        table: the table that asks for them.
        given: the object of facts.
        wrong: faults are added here, all of them.
        longest: length of a text in characters.
    """
    if not isinstance(given, dict):
        wrong.append(Wrong("facts", "it is no object", "an object of facts by name", "{} for none", "member"))
        return {}
    inputs = table.table.all_inputs
    facts: dict[str, Any] = {}
    unknown = 0
    for name, value in given.items():
        item = inputs.get(name)
        if item is None:
            unknown += 1
            wrong.append(_unknown(name, inputs, unknown <= MOST_SUGGESTIONS))
            continue
        if value is None:
            continue
        if isinstance(value, str) and len(value) > longest:
            wrong.append(Wrong(name, f"the text is longer than {longest} characters", item.type.phrase, "", "fact"))
            continue
        try:
            facts[name] = item.type.from_json(value)
        except FactError as error:
            # Whatever is accepted is a number, a day, yes, no or a known code: what may be of a person is found here.
            wrong.append(_wrong(name, value, error, item.type.kind, "fact"))
    return facts


def _unknown(name: str, inputs: Collection[str], suggest: bool) -> Wrong:
    kind = kind_of_name(name[:LONGEST_WORD]) or find_identifier(name[:MOST_SEARCHED])
    if kind:
        return _of_a_person(name, kind, listed(inputs, 40))
    hint = nearest(name[:LONGEST_WORD], inputs) if suggest else ""
    return Wrong(name, "the table has no such input", listed(inputs, 40), hint or "leave it out", "unknown-fact")


def _wrong(name: str, value: Any, error: FactError, kind: str, code: str) -> Wrong:
    # A set of codes has a list, whose items may be anything.
    field_type = cast(FieldType, "code" if kind == "codes" else kind)
    values = value[:MOST_SEARCHED] if isinstance(value, list) else [value]
    for one in values:
        if isinstance(one, str):
            one = one[:MOST_SEARCHED]
        if isinstance(one, str | int | Decimal) and (person := check_value(one, field_type)):
            return _of_a_person(name, person, error.expected)
    return Wrong(name, error.what, error.expected, error.remedy, code)


def _of_a_person(name: str, kind: Kind, expected: str) -> Wrong:
    what = f"it holds what looks like {KINDS[kind]}"
    return Wrong(name, what, expected, "never send what identifies a person", "identifier-of-a-person")
