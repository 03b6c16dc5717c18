"""An invented town with a small budget, and problems in numbers drawn at random."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from donghaeng.budget.problem import Limit, Problem
from donghaeng.budget.section import BudgetSection, Surroundings, read_budget
from donghaeng.errors import Fault, Faults
from donghaeng.places import Place
from donghaeng.sources import Source

SETTINGS: dict[str, Any] = {
    "format": 1,
    "currency": "KRW",
    "evidence_year": "2025",
    "submission": "2026-05-31",
    "budget_year": "2027",
    "own_fund": "city",
    "funds": {"city": {"ko": "시비", "en": "City"}, "state": {"ko": "국비", "en": "State"}},
    "bureaus": {
        "welfare": {"name": {"ko": "복지과", "en": "Welfare"}},
        "health": {"name": {"ko": "보건과", "en": "Health"}},
    },
    "groups": {"children": {"name": {"ko": "아동", "en": "Children"}, "weight": 2.0}},
    "programmes": {
        "meals": {"bureau": "welfare", "name": {"ko": "급식", "en": "Meals"}, "funding": {"city": 1}},
        "visits": {"bureau": "health", "name": {"ko": "방문", "en": "Visits"}, "funding": {"city": 1, "state": 1}},
    },
    "draws": {"number": 20, "seed": 7},
}
LINES = """\
year,programme,phase,fund,purpose,amount,kind,source,note
2024,meals,executed,city,current,90000000,simulated,made-up,
2025,meals,voted,city,current,100000000,simulated,made-up,
2025,meals,executed,city,current,95000000,simulated,made-up,
2024,visits,executed,city,current,40000000,simulated,made-up,
2025,visits,executed,city,current,50000000,simulated,made-up,
2025,visits,executed,state,current,50000000,simulated,made-up,
"""
LINKS = """\
programme,node,share,joint,kind,source,note
meals,A01,1,no,simulated,made-up,
visits,B01,1,no,simulated,made-up,
"""
NEEDS = """\
node,place,period,need,delivered,unit,kind,source,note
A01,town,2024,2000,900,persons,simulated,made-up,
A01,town,2025,2000,1000,persons,simulated,made-up,
B01,town,2024,1000,700,persons,simulated,made-up,
B01,town,2025,1000,800,persons,simulated,made-up,
"""
COLUMNS = (
    "option,programme,node,place,type,name_ko,name_en,unit,unit_cost,cost_basis,unit_cost_error,steps,current,floor,"
    "ceiling,absorption,capacity,committed,mandatory,whole,running_cost,benefits,grade,kind,source,note"
)
#: 1,000 of 2,000 persons are served for 100 million won of the town, 800 of 1,000 for 50 million.
MORE_MEALS: dict[str, object] = {
    "option": "more-meals",
    "programme": "meals",
    "node": "A01",
    "type": "expand",
    "name_ko": "급식 확대",
    "name_en": "More meals",
    "unit": "persons",
    "unit_cost": 100000,
    "cost_basis": "marginal",
    "current": 100000000,
    "floor": 80000000,
    "ceiling": 200000000,
    "absorption": 180000000,
    "mandatory": "no",
    "whole": "no",
    "grade": "A",
    "kind": "simulated",
    "source": "made-up",
}
MORE_VISITS = MORE_MEALS | {
    "option": "more-visits",
    "programme": "visits",
    "node": "B01",
    "name_ko": "방문 확대",
    "name_en": "More visits",
    "unit_cost": 200000,
    "current": 50000000,
    "floor": 40000000,
    "ceiling": 90000000,
    "absorption": "",
    "benefits": "children:0.5",
}


@dataclass(frozen=True)
class Fall:
    """A finding, as a diagnosis gives it."""

    node: str
    cause: str
    place: str = "town"
    period: str = "2025"
    comparison: str = "year"
    points: float = -8.0
    share: float | None = 0.9
    stability: float | None = 0.95
    advice: Mapping[str, str] = None  # type: ignore[assignment]
    note: Mapping[str, str] = None  # type: ignore[assignment]


SOURCE = Source(
    title={"ko": "지어낸 자료", "en": "Made up"},
    publisher={"ko": "아무도", "en": "Nobody"},
    read_on=date(2026, 1, 2),
    extent="whole",
    licence="CC0-1.0",
    grade="publisher",
)


def options_csv(*options: Mapping[str, object]) -> str:
    names = COLUMNS.split(",")
    return "\n".join([COLUMNS, *(",".join(str(one.get(name, "")) for name in names) for one in options)]) + "\n"


def write_files(folder: Path, settings: Mapping[str, Any] | None = None, **files: str) -> Path:
    """Write the section; keywords name tables, settings are put over those above."""
    texts = {
        "budget_lines": LINES,
        "programme_links": LINKS,
        "needs": NEEDS,
        "options": options_csv(MORE_MEALS, MORE_VISITS),
    } | files
    folder.mkdir(exist_ok=True, parents=True)
    (folder / "budget.yaml").write_text(json.dumps(SETTINGS | dict(settings or {}), ensure_ascii=False), "utf-8")
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    return folder


def read(
    folder: Path, settings: Mapping[str, Any] | None = None, invented: bool = True, **files: str
) -> tuple[BudgetSection | None, Faults]:
    write_files(folder, settings, **files)
    faults = Faults()
    places = (
        Place("town", "", "마을", "Town"),
        Place("east", "town", "동쪽", "East"),
        Place("west", "town", "서쪽", "West"),
    )
    around = Surroundings(("ko", "en"), ("A01", "B01", "C01"), places, {"made-up": SOURCE}, invented)
    return read_budget(folder, "pack", around, faults), faults


def section_of(
    folder: Path, settings: Mapping[str, Any] | None = None, invented: bool = True, **files: str
) -> BudgetSection:
    section, faults = read(folder, settings, invented, **files)
    assert section is not None, "\n".join(map(str, faults))
    return section


def the_fault(folder: Path, settings: Mapping[str, Any] | None = None, invented: bool = True, **files: str) -> Fault:
    _, faults = read(folder, settings, invented, **files)
    assert len(faults.errors) == 1, "\n".join(map(str, faults))
    return faults.errors[0]


def problem_of(
    amount: int,
    lower: Sequence[int],
    upper: Sequence[int],
    prices: Sequence[float],
    needs: Sequence[float],
    links: Sequence[tuple[int, int, float]] | None = None,
    delivered: Sequence[float] | None = None,
    whole: Sequence[bool] | None = None,
    limits: Sequence[Limit] = (),
    weights: Sequence[float] | None = None,
    places: Sequence[str] | None = None,
) -> Problem:
    """A budget in numbers: option ``n`` serves cell ``n`` unless links say otherwise; money now is the least money."""
    count = len(lower)
    links = links or [(at, at, 1.0) for at in range(count)]
    wide = [at for at in range(count) if upper[at] > lower[at]]
    low = np.array(lower, np.int64)
    return Problem(
        options=tuple(f"o{at}" for at in range(count)),
        lower=low,
        upper=np.array(upper, np.int64),
        current=low.copy(),
        whole=np.array(whole or [False] * count, bool),
        weights=np.array(weights or [1.0] * count, np.float64),
        piece_options=np.array(wide, np.int64),
        piece_widths=np.array([upper[at] - lower[at] for at in wide], np.float64),
        piece_units=np.array([1 / prices[at] for at in wide], np.float64),
        cells=tuple((f"n{at}", places[at] if places else "town") for at in range(len(needs))),
        need=np.array(needs, np.float64),
        delivered=np.array(delivered or [0.0] * len(needs), np.float64),
        people=np.array(needs, np.float64),
        link_options=np.array([option for option, _, _ in links], np.int64),
        link_cells=np.array([cell for _, cell, _ in links], np.int64),
        link_shares=np.array([share for _, _, share in links], np.float64),
        at_lower=np.zeros(count),
        limits=(Limit("total", "", tuple(range(count)), (Fraction(1),) * count, amount), *limits),
    )
