"""``options.csv``: what money can be given to, what it brings, and how much of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from itertools import pairwise
from math import nan
from pathlib import Path
from typing import Literal, get_args

import pyarrow as pa

from donghaeng.budget.cells import (
    EVIDENCE,
    Context,
    amount,
    evidence,
    known_code,
    node,
    optional_amount,
    place,
    positive,
    shares,
    word,
    yes,
)
from donghaeng.budget.lines import Lines
from donghaeng.budget.links import Links
from donghaeng.budget.needs import Needs
from donghaeng.budget.settings import GRADES, BudgetSettings
from donghaeng.sources import Kind
from donghaeng.table import Row, is_number, read_rows

Type = Literal["expand", "project", "mend"]
TYPES: tuple[Type, ...] = get_args(Type)
Basis = Literal["marginal", "average", "assumed"]
BASES: tuple[Basis, ...] = get_args(Basis)
REQUIRED = (
    *("option", "programme", "node", "place", "type", "name_ko", "name_en", "unit", "unit_cost", "cost_basis"),
    *("current", "floor", "ceiling", "committed", "mandatory", "whole", "grade", *EVIDENCE),
)
OPTIONAL = ("unit_cost_error", "steps", "absorption", "capacity", "running_cost", "benefits")


@dataclass(frozen=True)
class Option:
    """Something that money can be given to. Amounts are the body's own money, in whole units of the currency.

    Attributes:
        code: its code.
        programme: the programme that it belongs to.
        node: the indicator that it moves; empty for all that the programme is linked to, in their shares.
        place: where; empty for wherever the need is.
        type: ``expand`` (more of what is there), ``project`` (something new) or ``mend`` (cost of mending a fault).
        names: name by language.
        unit: what is delivered.
        unit_cost: cost of one more unit, all funds together; NaN for none known, which only a mend may have.
        cost_basis: ``marginal``, ``average`` (all money over all units, marked) or ``assumed``.
        unit_cost_error: relative standard error of the unit cost; NaN where not stated.
        steps: beyond so much own money above the current amount, a unit costs so much; both rise.
        current: money in the newest budget.
        floor: least money.
        ceiling: most money; None for no limit.
        absorption: most money that can be spent; None where not stated.
        capacity: most units beyond those delivered now; NaN for no limit.
        committed: money bound by law or contract.
        mandatory: whether it never gets less than now.
        whole: whether it is all (the ceiling) or nothing.
        running_cost: own money a year that it costs once it is finished.
        benefits: share of the people served by group.
        grade: grade of the evidence for the unit cost, A to D.
        kind: how the row is known.
        source: ids of sources, separated by semicolons.
        note: what else is known.
        line: line in the file.
        is_computed: whether the unit cost was computed from executed money and deliveries.
    """

    code: str
    programme: str
    node: str
    place: str
    type: str
    names: Mapping[str, str]
    unit: str
    unit_cost: float
    cost_basis: str
    unit_cost_error: float
    steps: tuple[tuple[int, float], ...]
    current: int
    floor: int
    ceiling: int | None
    absorption: int | None
    capacity: float
    committed: int
    mandatory: bool
    whole: bool
    running_cost: int
    benefits: Mapping[str, float]
    grade: str
    kind: Kind
    source: str
    note: str
    line: int
    is_computed: bool = False


_ASIDE = {"names", "line", "is_computed"}


def options_table(options: tuple[Option, ...]) -> pa.Table:
    """Give the options as a table, in the order of the file; steps and benefits as they are written there."""
    rows = []
    for option in options:
        row = {one.name: getattr(option, one.name) for one in fields(option) if one.name not in _ASIDE}
        row |= {f"name_{language}": option.names[language] for language in ("ko", "en")}
        row["steps"] = ";".join(f"{above}:{cost:g}" for above, cost in option.steps)
        row["benefits"] = ";".join(f"{group}:{share:g}" for group, share in option.benefits.items())
        row["kind"] = option.kind.word
        rows.append({name: None if value != value else value for name, value in row.items()})
    texts = ("programme", "node", "place", "type", "name_ko", "name_en", "unit", "cost_basis", "steps", "benefits")
    money = ("current", "floor", "ceiling", "absorption", "committed", "running_cost")
    schema = [("code", pa.string()), *((name, pa.string()) for name in texts)]
    schema += [(name, pa.float64()) for name in ("unit_cost", "unit_cost_error", "capacity")]
    schema += [(name, pa.int64()) for name in money]
    schema += [(name, pa.bool_()) for name in ("mandatory", "whole")]
    schema += [(name, pa.string()) for name in ("grade", "kind", "source", "note")]
    return pa.Table.from_pylist(rows, pa.schema(schema))


@dataclass(frozen=True)
class Beside:
    """What options are checked against: the other tables of the section."""

    settings: BudgetSettings
    lines: Lines
    links: Links
    needs: Needs


def read_options(
    path: Path, label: str, languages: tuple[str, ...], beside: Beside, context: Context
) -> tuple[Option, ...]:
    """Read ``options.csv``.

    Args:
        path: the file.
        label: how faults name it.
        languages: languages in which every option has a name.
        beside: the other tables of the section.
        context: what cells are checked against, and where faults go.
    """
    options: dict[str, Option] = {}
    for row in read_rows(path, label, REQUIRED, OPTIONAL, context.faults):
        before = len(context.faults.errors)
        option = _option(row, languages, beside, context)
        if option.code in options:
            what = f'the option "{option.code}" stands twice'
            row.fault(context.faults, "option", what, "each once", "rename one", "duplicate")
        if len(context.faults.errors) == before:
            options[option.code] = option
    return tuple(options.values())


def _option(row: Row, languages: tuple[str, ...], beside: Beside, context: Context) -> Option:
    faults, settings = context.faults, beside.settings
    if not row["option"]:
        row.fault(faults, "option", "the code is missing", "a code", "write one", "missing-value")
    for language in languages:
        if not row[f"name_{language}"]:
            row.fault(faults, f"name_{language}", "the name is missing", "a name", "write it", "missing-value")
    programme = known_code(row, "programme", settings.programmes, "budget.yaml (programmes)", faults)
    code = _moved(row, programme, beside, context)
    kind_of_option = word(row, "type", TYPES, faults)
    basis = word(row, "cost_basis", BASES, faults)
    unit_cost = _unit_cost(row, programme, code, basis, beside, context)
    most_error = Decimal(3)
    error = positive(row, "unit_cost_error", faults, zero=True, most=most_error) if row["unit_cost_error"] else nan
    capacity = positive(row, "capacity", faults, zero=True) if row["capacity"] else nan
    option = Option(
        code=row["option"],
        programme=programme,
        node=code,
        place=place(row, context, required=False),
        type=kind_of_option,
        names={language: row[f"name_{language}"] for language in ("ko", "en")},
        unit=row["unit"],
        unit_cost=unit_cost,
        cost_basis=basis,
        unit_cost_error=nan if error is None else error,
        steps=_steps(row, unit_cost, faults=context),
        current=amount(row, "current", faults) or 0,
        floor=optional_amount(row, "floor", faults) or 0,
        ceiling=optional_amount(row, "ceiling", faults),
        absorption=optional_amount(row, "absorption", faults),
        capacity=nan if capacity is None else capacity,
        committed=optional_amount(row, "committed", faults) or 0,
        mandatory=yes(row, "mandatory", faults),
        whole=yes(row, "whole", faults),
        running_cost=optional_amount(row, "running_cost", faults) or 0,
        benefits=shares(row, "benefits", settings.groups, "budget.yaml (groups)", faults),
        grade=word(row, "grade", GRADES, faults),
        kind=evidence(row, context),
        source=row["source"],
        note=row["note"],
        line=row.line,
        is_computed=not row["unit_cost"] and unit_cost == unit_cost,
    )
    _check_whole(row, option, context)
    return option


def _moved(row: Row, programme: str, beside: Beside, context: Context) -> str:
    """Read what an option moves, and check that it is linked and that its need is known."""
    code = node(row, context, required=row["type"] == "mend")
    linked = [link.node for link in beside.links.of_programme(programme)]
    if code and programme in beside.settings.programmes and code not in linked:
        what, expected = f"{programme} is not linked to {code}", "a row of programme_links.csv"
        row.fault(context.faults, "node", what, expected, "add the link, or correct one of them", "unknown-code")
    elif not code and not linked:
        what = f"{programme} is linked to no indicator"
        row.fault(context.faults, "node", what, "a row of programme_links.csv", "add the link", "missing-value")
    if row["type"] == "mend":
        return code
    for one in [code] if code else linked:
        rows = [need for need in beside.needs.rows if need.node == one]
        if not rows:
            what = f"no need is known of {one}, so nobody can say what money brings"
            row.fault(context.faults, "node", what, "rows of needs.csv", "add them", "missing-value")
        elif row["unit"] and row["unit"] != rows[0].unit:
            what = f'{one} is needed in "{rows[0].unit}" and delivered in "{row["unit"]}"'
            remedy = "give the cost of a unit of the need"
            row.fault(context.faults, "unit", what, "one unit", remedy, "unit")
    return code


def _unit_cost(row: Row, programme: str, code: str, basis: str, beside: Beside, context: Context) -> float:
    """Read a unit cost; an average one that is not written is computed from executed money and delivered units."""
    if row["unit_cost"]:
        return positive(row, "unit_cost", context.faults) or nan
    if basis != "average" or not code or row["type"] == "mend":  # what mending brings is not what a unit costs
        if row["type"] != "mend":
            what, remedy = "the unit cost is missing", "write it, or average to have it computed for the node"
            row.fault(context.faults, "unit_cost", what, "more than 0", remedy, "missing-value")
        return nan
    when = beside.settings.evidence_year
    spent = beside.lines.total(programme, when, "executed")
    share = sum(link.share for link in beside.links.of_programme(programme) if link.node == code)
    cells = [need for need in beside.needs.cells(when, {}) if need.node == code]
    inner = [need for need in cells if context.places is None or need.place == row["place"]] if row["place"] else cells
    delivered = sum(need.delivered for need in inner)
    if not spent or not delivered or not share or row["place"]:
        what = f"an average cost cannot be computed: {programme} has no executed money or no deliveries in {when}"
        remedy = "write the unit cost, or add the rows that it is computed from"
        row.fault(context.faults, "unit_cost", what, "executed lines and a need for the whole", remedy, "missing-value")
        return nan
    return spent * share / delivered


def _steps(row: Row, unit_cost: float, faults: Context) -> tuple[tuple[int, float], ...]:
    """Read the steps of a concave response: both numbers of each rise."""
    found: list[tuple[int, float]] = []
    for part in filter(None, (part.strip() for part in row["steps"].split(";"))):
        above, _, cost = (piece.strip() for piece in part.partition(":"))
        if not (above.isascii() and above.isdigit() and len(above) <= 16 and is_number(cost) and float(cost) > 0):
            what, expected = f'"{part}" is no step', "won above the current amount, a colon and a unit cost"
            row.fault(faults.faults, "steps", what, expected, "write 1000000000:1200000, say", "wrong-value")
            return ()
        found.append((int(above), float(cost)))
    whole = [(-1, unit_cost), *found]
    if found and any(after[0] <= before[0] or after[1] < before[1] for before, after in pairwise(whole)):
        what, expected = "the steps do not rise", "amounts that rise and units that cost no less than before"
        remedy = "each further unit costs as much or more; for one that costs less write an option of its own"
        row.fault(faults.faults, "steps", what, expected, remedy, "not-concave")
    return tuple(found)


def _check_whole(row: Row, option: Option, context: Context) -> None:
    if (option.whole or option.type == "mend") and not option.ceiling:
        what = f"what {option.code} costs is not known"
        row.fault(context.faults, "ceiling", what, "its cost as the ceiling", "write it", "missing-value")
    if option.whole and option.ceiling and (option.current not in (0, option.ceiling) or option.steps):
        what = f"{option.code} is all or nothing, and has a part now"
        remedy = "write 0 or the whole cost, and no steps"
        row.fault(context.faults, "current", what, "0 or the ceiling", remedy, "wrong-value")
