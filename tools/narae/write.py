"""The generated files of the pack and of its reference, as texts by name.

Written by hand, in the pack itself, are ``pack.yaml``, ``sources.yaml``, ``recipe.yaml``, articles and wording.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from tools.narae import early, money, sections, statements
from tools.narae.plan import EVERYWHERE, Plant, all_plants
from tools.narae.shapes import ERROR, SERIES, series_of
from tools.narae.truth import ROOT, planted
from tools.narae.words import AREAS, CITY, DISTRICT_CODES, DISTRICTS, INDICATORS, PERIODS, SOURCE, TASKS
from tools.narae.world import plants_of, world

MADE = ("simulated", SOURCE)
#: Relative standard error of a series that is a rough estimate.
ROUGH = 0.35


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _places() -> Iterator[tuple[str, ...]]:
    yield (CITY, "", "나래시(가상)", "Narae (invented)", "")
    for code, ko, en in DISTRICTS:
        yield (code, CITY, f"{ko}(가상)", f"{en} (invented)", "district")


_UNITS = {"%": "%", "days": "일"}


def _structure() -> Iterator[tuple[str, ...]]:
    composite = ("", "", "", "", "", "", "simulated", SOURCE)
    about = ("지어낸 도시의 모의 자료.", "Simulated data of an invented city.")
    yield (ROOT, "", "나래 동행지수(가상)", "Companion index of Narae (invented)", *composite, *about)
    for code, ko, en in AREAS:
        yield (code, ROOT, f"{ko}(가상)", f"{en} (invented)", *composite, *about)
    for code, area, ko, en in TASKS:
        yield (code, area, f"{ko}(가상)", f"{en} (invented)", *composite, *about)
    for one in INDICATORS:
        unit = "days" if one.shape == "queue" else "%"
        who = (f"{one.who_ko}. 모의 자료.", f"{one.who_en[0].upper()}{one.who_en[1:]}. Simulated.")
        kinds = ("simulated", "simulated", "simulated")
        names = (f"{one.ko}(가상)", f"{one.en} (invented)")
        yield (one.code, one.task, *names, unit, one.direction, "", _UNITS[unit], *kinds[:2], kinds[2], SOURCE, *who)


def _observations() -> Iterator[tuple[str, ...]]:
    for one in INDICATORS:
        decimals = 2 if one.shape == "survey" else 3
        for place in (CITY, *DISTRICT_CODES):
            for period in PERIODS:
                value = world().values.get((one.code, place, period))
                if value is not None:
                    yield (one.code, place, period, f"{value:.{decimals}f}", "", "yes", *MADE, "")


def _rough(plants: tuple[Plant, ...], place: str, series: str) -> bool:
    return any(plant.kind == "error" and plant.place == place and plant.series == series for plant in plants)


def _lost(plants: tuple[Plant, ...], place: str, series: str, period: str) -> bool:
    return any(
        plant.kind == "gap" and plant.place == place and plant.series == series and period >= plant.start
        for plant in plants
    )


def _factors() -> Iterator[tuple[str, ...]]:
    for one in INDICATORS:
        if one.shape == "survey":
            continue
        plants = plants_of().get(one.code, ())
        for series in series_of(one.shape):
            for place in DISTRICT_CODES:
                for period in PERIODS:
                    if _lost(plants, place, series, period):
                        yield (one.code, series, place, period, "", "unknown", SOURCE, "")
                        continue
                    value = world().series[one.code, series, place, period]
                    relative = ROUGH if _rough(plants, place, series) else ERROR.get(series, 0.0)
                    error = f"{value * relative:.1f}" if relative else ""
                    yield (one.code, series, place, period, f"{value:.{SERIES[series].decimals}f}", *MADE, error)


def _revisions() -> Iterator[tuple[str, ...]]:
    for plant in all_plants():
        if not plant.what:
            continue
        link = ""
        if plant.kind == "measurement":
            level = next(iter(plant.moves.values()))[plant.start]
            # A series below the line counts more by the new measure where the value is lower by it.
            link = f"{1.0 / level:.4f}" if plant.series else f"{level:.4f}"
        place = "" if plant.place == EVERYWHERE else plant.place
        yield (plant.node, plant.start, plant.what, *MADE, place, plant.series, link, "", *plant.about)


def pack_files() -> dict[str, str]:
    """Give the generated files of the pack, by their names in its folder."""
    return {
        "identities.yaml": sections.identities(),
        "budget.yaml": sections.budget(),
        "places.csv": _table(("place", "parent", "name_ko", "name_en", "breakdown"), _places()),
        "structure.csv": _table(
            (
                *("code", "parent", "name_ko", "name_en", "unit", "direction", "weight", "unit_ko", "unit_kind"),
                *("direction_kind", "name_kind", "source", "definition_ko", "definition_en"),
            ),
            _structure(),
        ),
        "observations.csv": _table(
            ("node", "place", "period", "value", "count", "used", "kind", "source", "note"), _observations()
        ),
        "factors.csv": _table(
            ("node", "series", "place", "period", "value", "kind", "source", "standard_error"), _factors()
        ),
        "revisions.csv": _table(
            (
                *("node", "period", "what", "kind", "source", "place", "series", "link", "link_error"),
                *("note_ko", "note_en"),
            ),
            _revisions(),
        ),
        "counts.csv": _table(("series", "place", "period", "value", "kind", "source"), early.count_rows()),
        "groups.csv": _table(
            (
                *("place", "period", "group", "served", "need", "kind", "source", "node", "served_error"),
                "need_error",
            ),
            early.group_rows(),
        ),
        "budget_lines.csv": _table(
            ("year", "programme", "phase", "fund", "purpose", "amount", "kind", "source", "note"), money.line_rows()
        ),
        "programme_links.csv": _table(
            ("programme", "node", "share", "joint", "kind", "source", "note"), money.link_rows()
        ),
        "needs.csv": _table(
            (
                *("node", "place", "period", "need", "delivered", "unit", "people", "standard_error"),
                *("kind", "source", "note"),
            ),
            money.need_rows(),
        ),
        "options.csv": _table(money.OPTION_COLUMNS, money.option_rows()),
        "decisions.csv": _table(money.DECISION_COLUMNS, money.decision_rows()),
        "statements.csv": _table(statements.COLUMNS, statements.rows()),
    }


def reference_files() -> dict[str, str]:
    """Give what was planted, by the names of its files."""
    return {
        "narae_causes.csv": _table(("place", "node", "period", "comparison", "cause"), planted()),
        "narae_alarms.csv": _table(("place", "series", "from", "jump"), early.alarm_rows()),
        "narae_blind_spots.csv": _table(("place", "node", "period", "group"), early.blind_rows()),
    }
