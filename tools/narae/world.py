"""Five years of the invented city: the series behind every indicator in every district, and the values they give."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache

from tools.narae.chance import between
from tools.narae.plan import EVERYWHERE, Plant, all_plants
from tools.narae.shapes import ABOVE, WEIGHT, series_values
from tools.narae.words import BASE, CITY, DISTRICT_CODES, INDICATORS, LARGE, PERIODS, Indicator

#: Won for one person or household a year, by indicator: what a service costs.
UNIT_COST = {
    "urgent-aid": 155_000,
    "debt-advice": 115_000,
    "meals": 200_000,
    "supported-jobs": 445_000,
    "small-shops": 270_000,
    "home-care": 225_000,
    "check-in": 60_000,
    "carer-rest": 165_000,
    "repair": 335_000,
    "home-advice": 70_000,
    "nurse-visit": 135_000,
    "chronic-care": 50_000,
    "counselling": 150_000,
    "dementia-care": 285_000,
    "catch-up": 245_000,
    "korean-lessons": 330_000,
    "digital-lessons": 75_000,
    "home-safety": 65_000,
    "lonely-check": 85_000,
}
#: By how much people entitled to the culture card become more where few of them use it.
SHIFT = 1.6


@dataclass(frozen=True)
class World:
    """What happened.

    Attributes:
        people: residents of each district.
        series: value of a series of an indicator in a district and period.
        values: printed value of an indicator in a place and period; absent where nothing was measured.
    """

    people: dict[str, int]
    series: dict[tuple[str, str, str, str], float] = field(default_factory=dict)
    values: dict[tuple[str, str, str], float] = field(default_factory=dict)


#: Surveys that were not held in a year, and single districts in which they were not.
NO_SURVEY = {
    ("feels-low", "2022"): DISTRICT_CODES,
    ("feels-low", "2024"): DISTRICT_CODES,
    ("parent-strain", "2023"): DISTRICT_CODES,
    ("below-standard", "2022"): ("ipsae", "hyean", "saegil"),
    ("likes-school", "2024"): ("dasol", "yunseul"),
    ("work-satisfaction", "2023"): ("haesol",),
}


@cache
def plants_of() -> dict[str, tuple[Plant, ...]]:
    """Give what was planted, by indicator."""
    found: defaultdict[str, list[Plant]] = defaultdict(list)
    for plant in all_plants():
        found[plant.node].append(plant)
    return {node: tuple(plants) for node, plants in found.items()}


@cache
def world() -> World:
    """Give the five years of the city."""
    people = {
        code: round(
            between(300_000, 440_000, "people", code) if code in LARGE else between(95_000, 185_000, "people", code)
        )
        for code in DISTRICT_CODES
    }
    result = World(people)
    for indicator in INDICATORS:
        plants = plants_of().get(indicator.code, ())
        if indicator.shape == "survey":
            _survey(indicator, plants, result)
        else:
            _identity(indicator, plants, result)
    return result


def value(indicator: Indicator, series: dict[str, float]) -> float:
    """Give the value of an indicator from its series, unrounded, in its unit."""
    ratio = series[ABOVE[indicator.shape]] / series[WEIGHT[indicator.shape]]
    return ratio if indicator.shape == "queue" else 100.0 * ratio


def _moved(plants: tuple[Plant, ...], place: str, factor: str, period: str) -> float:
    level = 1.0
    for plant in plants:
        if plant.place in {EVERYWHERE, place} and factor in plant.moves:
            # What hits the whole city hits some districts harder; a new measure counts alike everywhere.
            alike = plant.what or plant.place != EVERYWHERE
            power = 1.0 if alike else between(0.75, 1.25, "hit", plant.node, place)
            level *= plant.moves[factor][period] ** power
    return level


def _lost(plants: tuple[Plant, ...], people: dict[str, int], period: str) -> float:
    """Give the share of the city that single districts lose, which the others make up for."""
    lost = 0.0
    for plant in plants:
        if plant.place != EVERYWHERE and period >= plant.start:
            lost += people[plant.place] / sum(people.values()) * (1.0 - min(plant.level(at) for at in PERIODS))
    return lost


def _survey(indicator: Indicator, plants: tuple[Plant, ...], result: World) -> None:
    better = 1.0 if indicator.direction == "higher" else -1.0
    for period_at, period in enumerate(PERIODS):
        held: list[tuple[int, float]] = []
        for place in DISTRICT_CODES:
            start = indicator.level * between(0.9, 1.1, "level", indicator.code, place)
            grown = sum(between(0.001, 0.004, "survey", indicator.code, place, at) for at in PERIODS[1 : period_at + 1])
            grown += 1.2 * _lost(plants, result.people, period)
            level = (1.0 + grown) * _moved(plants, place, "value", period)
            printed = round(start * level**better, 2)
            held.append((result.people[place], printed))
            if place not in NO_SURVEY.get((indicator.code, period), ()):
                result.values[indicator.code, place, period] = printed
        if len(NO_SURVEY.get((indicator.code, period), ())) < len(DISTRICT_CODES):
            mean = sum(weight * printed for weight, printed in held) / sum(weight for weight, _ in held)
            result.values[indicator.code, CITY, period] = round(mean, 2)


def _identity(indicator: Indicator, plants: tuple[Plant, ...], result: World) -> None:
    shape, code = indicator.shape, indicator.code
    for place in DISTRICT_CODES:
        for period in PERIODS:
            factors, scale = _quiet(indicator, plants, place, period, result)
            for factor in factors:
                moved = _moved(plants, place, factor, period)
                factors[factor] *= 1.0 / moved if factor in {"need", "waiting"} else moved
            series = series_values(shape, factors, scale)
            for name, number in series.items():
                result.series[code, name, place, period] = number
            result.values[code, place, period] = round(value(indicator, series), 3)
    for period in PERIODS:
        above, below = ABOVE[shape], WEIGHT[shape]
        sums = {
            name: sum(result.series[code, name, place, period] for place in DISTRICT_CODES) for name in (above, below)
        }
        result.values[code, CITY, period] = round(value(indicator, sums), 3)


def _quiet(
    indicator: Indicator, plants: tuple[Plant, ...], place: str, period: str, result: World
) -> tuple[dict[str, float], float]:
    """Give the factors of a period with nothing planted: the value grows a little, and little else changes."""
    code, shape = indicator.code, indicator.shape
    shift = any(plant.kind == "mix" for plant in plants)
    spread = between(0.90, 1.10, "level", code, place)
    if shift:
        spread = (
            between(0.60, 0.65, "level", code, place) if place in LARGE else between(1.08, 1.14, "level", code, place)
        )
    at = PERIODS.index(period)
    steady = (0.0008, 0.0025) if shape == "steps" else (0.001, 0.0045)
    # Some districts move on faster than others.
    tempo = between(0.7, 2.6, "tempo", place)
    grown = tempo * sum(between(*steady, "grown", code, place, year) for year in PERIODS[1 : at + 1])
    grown += 1.2 * _lost(plants, result.people, period)
    goal = indicator.level * spread * (1.0 + grown) ** (-1.0 if shape == "queue" else 1.0)
    need = result.people[place] * indicator.rate * between(0.85, 1.15, "need", code, place)
    need *= 1.0 + sum(between(-0.003, 0.003, "needs", code, place, year) for year in PERIODS[1 : at + 1])
    if shift and place in LARGE and period >= "2023":
        need *= SHIFT

    def about(name: str, least: float, most: float, wobble: float = 0.003) -> float:
        level = between(least, most, name, code, place)
        return level * between(1.0 - wobble, 1.0 + wobble, name, code, place, period)

    if shape == "service":
        factors = {
            "execution": about("execution", 0.93, 0.97),
            "output": 1000.0 / UNIT_COST[code] * about("output", 0.92, 1.09),
            "quality": about("quality", 0.88, 0.95),
            "need": need,
        }
        reach = factors["execution"] * factors["output"] * factors["quality"]
        factors["budget"] = goal / 100.0 * need / reach
    elif shape == "steps":
        factors = {"approval": about("approval", 0.91, 0.95), "receipt": about("receipt", 0.95, 0.98, 0.002)}
        factors["take_up"] = goal / 100.0 / (factors["approval"] * factors["receipt"])
    elif shape == "places":
        factors = {"opened": about("opened", 0.88, 0.93), "filled": about("filled", 0.85, 0.90), "need": need}
        factors["funded"] = goal / 100.0 * need / (factors["opened"] * factors["filled"])
    else:
        pace = between(0.28, 0.36, "pace", code, place) * between(0.997, 1.003, "pace", code, place, period)
        factors = {"waiting": need, "worked": about("worked", 0.90, 0.95), "pace": pace}
        factors["planned"] = need / goal / (factors["worked"] * pace)
    return factors, need


def score(indicator: Indicator, place: str, period: str) -> float | None:
    """Give the score of an indicator as the recipe gives it: 100 in the base period, more is better."""
    values = world().values
    now, base = values.get((indicator.code, place, period)), values.get((indicator.code, place, BASE))
    if now is None or base is None:
        return None
    return 100.0 * (now / base if indicator.direction == "higher" else base / now)
