"""An invented town of three districts whose indicators are products of series that a test may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from donghaeng.catalogue.check import check
from donghaeng.catalogue.pack import Pack
from donghaeng.catalogue.read import load
from donghaeng.diagnosis.diagnose import Diagnosis
from donghaeng.errors import Fault

YEARS = ("2021", "2022", "2023")
DISTRICTS = ("north", "south", "west")

PACK = """format: 1
id: invented/town
version: 1.0.0
date: 2024-06-01
title: {ko: 가상 도시, en: Invented town}
summary: {ko: 시험을 위해 지어낸 자료입니다., en: Made up for tests.}
owner: {ko: 없음, en: Nobody}
jurisdiction: none
languages: [ko, en]
licence: CC0-1.0
status: invented
"""
SOURCES = """sources:
  made-up:
    title: {ko: 지어낸 값, en: Made-up values}
    publisher: {ko: 없음, en: Nobody}
    read_on: 2024-06-01
    extent: whole
    licence: CC0-1.0
    grade: publisher
"""
STRUCTURE = """code,parent,name_ko,name_en,unit,direction,weight
town,,도시,Town,,,
care,town,돌봄,Care,,,
trust,town,신뢰,Trust,,,
meals,care,급식,Meals,%,higher,
visits,care,방문,Visits,%,higher,
giving,trust,기부,Giving,%,higher,
waiting,trust,대기,Waiting,days,lower,
"""
RECIPE = """format: 1
normalise: {method: base_period_ratio, base_period: "2021", base_value: 100, lower_is_better: inverted_ratio}
aggregate: {method: arithmetic, over: children}
"""
IDENTITIES = """format: 1
settings: {draws: 100, seed: 7, least_points: {indicators: 2, composites: 1}}
series:
  voted:     {unit: KRW, label: {ko: 편성 예산, en: Budget voted}}
  spent:     {unit: KRW, label: {ko: 집행액, en: Spent}}
  served:    {unit: persons, label: {ko: 지원 인원, en: Persons served}}
  quality:   {unit: "1", label: {ko: 충족률, en: Share to standard}}
  need:      {unit: persons, label: {ko: 필요 인원, en: Persons in need}}
  eligible:  {unit: persons, label: {ko: 대상자, en: Entitled}}
  applied:   {unit: persons, label: {ko: 신청자, en: Applied}}
  approved:  {unit: persons, label: {ko: 승인자, en: Approved}}
  delivered: {unit: persons, label: {ko: 수급자, en: Delivered}}
identities:
  meals:
    places: need
    factors:
      budget:    {formula: voted, cause: funding, label: {ko: 예산, en: Budget}}
      execution: {formula: spent / voted, cause: execution}
      output:    {formula: served / spent, cause: productivity}
      quality:   {formula: quality, cause: quality}
      need:      {formula: 1 / need, cause: demand}
  visits:
    places: eligible
    factors:
      take_up:  {formula: applied / eligible, cause: take_up}
      approval: {formula: approved / applied, cause: execution}
      delivery: {formula: delivered / approved, cause: quality}
"""

Values = dict[str, dict[str, dict[str, dict[str, float]]]]


def steady() -> Values:
    """The series by node, series, district and year, the same every year."""
    size = {"north": 1000.0, "south": 2000.0, "west": 500.0}
    meals = {
        "voted": {place: 40_000.0 * n for place, n in size.items()},
        "spent": {place: 36_000.0 * n for place, n in size.items()},
        "served": {place: 0.6 * n for place, n in size.items()},
        "quality": dict.fromkeys(size, 0.9),
        "need": dict(size),
    }
    visits = {
        "eligible": {place: 0.5 * n for place, n in size.items()},
        "applied": {place: 0.4 * n for place, n in size.items()},
        "approved": {place: 0.3 * n for place, n in size.items()},
        "delivered": {place: 0.27 * n for place, n in size.items()},
    }
    return {
        node: {name: {place: dict.fromkeys(YEARS, value) for place, value in of.items()} for name, of in series.items()}
        for node, series in (("meals", meals), ("visits", visits))
    }


def value_of(values: Values, node: str, place: str, year: str) -> float:
    """The value of an indicator in percent."""
    at = {name: of[place][year] for name, of in values[node].items()}
    if node == "meals":
        return 100 * at["served"] * at["quality"] / at["need"]
    return 100 * at["delivered"] / at["eligible"]


@dataclass
class World:
    """The town, its values, and what a test adds to its files."""

    folder: Path
    values: Values = field(default_factory=steady)
    others: dict[tuple[str, str, str], float] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)  # relative standard error of a series
    files: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, tuple[str, str]] = field(default_factory=dict)
    town_has_values: bool = True

    def change(
        self, node: str, series: str, by: float | Mapping[str, float], years: tuple[str, ...] = ("2023",)
    ) -> None:
        """Multiply a series in some years, everywhere or by district."""
        for place in DISTRICTS:
            factor = by if isinstance(by, float) else by.get(place, 1.0)
            for year in years:
                self.values[node][series][place][year] *= factor

    def cut_budget(self, by: float, years: tuple[str, ...] = ("2023",)) -> None:
        """Cut the budget with all that follows from it."""
        for series in ("voted", "spent", "served"):
            self.change("meals", series, by, years)

    def write(self) -> Path:
        """Write the pack."""
        self.folder.mkdir(parents=True, exist_ok=True)
        files = {
            "pack.yaml": PACK,
            "sources.yaml": SOURCES,
            "structure.csv": STRUCTURE,
            "recipe.yaml": RECIPE,
            "identities.yaml": IDENTITIES,
            "places.csv": self._places(),
            "observations.csv": self._observations(),
            "factors.csv": self._factors(),
            **self.files,
        }
        for name, (old, new) in self.replaced.items():
            assert files[name].count(old) == 1, f"{old!r} in {name}: {files[name].count(old)}"
            files[name] = files[name].replace(old, new)
        for name, text in files.items():
            (self.folder / name).write_text(text, "utf-8")
        return self.folder

    def load(self) -> Pack:
        """Write and read the pack."""
        return load(self.write())

    def diagnose(self) -> Diagnosis:
        """Write, read and diagnose the pack."""
        return self.load().diagnose()

    def faults(self) -> list[Fault]:
        """All faults of the pack."""
        _, faults = check(self.write())
        return list(faults.errors)

    def fault(self) -> str:
        """The one fault, its file named from the pack's own folder."""
        faults = self.faults()
        assert len(faults) == 1, "\n".join(map(str, faults))
        return str(faults[0]).removeprefix(f"{self.folder}/")

    def _places(self) -> str:
        rows = ["place,parent,name_ko,name_en", "town,,도시,Town", *(f"{one},town,{one},{one}" for one in DISTRICTS)]
        return "\n".join(rows) + "\n"

    def _observations(self) -> str:
        rows = ["node,place,period,value,count,used,kind,source,note"]
        for year in YEARS:
            for node, weight in (("meals", "need"), ("visits", "eligible")):
                of_districts = np.array([value_of(self.values, node, place, year) for place in DISTRICTS])
                weights = np.array([self.values[node][weight][place][year] for place in DISTRICTS])
                for place, value in zip(DISTRICTS, of_districts, strict=True):
                    rows.append(f"{node},{place},{year},{value:.12f},,yes,simulated,made-up,")
                if self.town_has_values:
                    town = float((weights * of_districts).sum() / weights.sum())
                    rows.append(f"{node},town,{year},{town:.12f},,yes,simulated,made-up,")
            for node, plain in (("giving", 30.0), ("waiting", 20.0)):
                for place in (*DISTRICTS, *(("town",) if self.town_has_values else ())):
                    value = self.others.get((node, place, year), plain)
                    rows.append(f"{node},{place},{year},{value},,yes,simulated,made-up,")
        return "\n".join(rows) + "\n"

    def _factors(self) -> str:
        rows = ["node,series,place,period,value,kind,source,standard_error"]
        for node, series in self.values.items():
            for name, of in series.items():
                for place in DISTRICTS:
                    for year in YEARS:
                        value = of[place][year]
                        error = f"{value * self.errors[name]:.6f}" if name in self.errors else ""
                        # A share is given to more digits than one, so that its rounding is no error to speak of.
                        printed = f"{value:.9f}" if name == "quality" else f"{value:.12g}"
                        rows.append(f"{node},{name},{place},{year},{printed},simulated,made-up,{error}")
        return "\n".join(rows) + "\n"
