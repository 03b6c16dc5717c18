"""What was planted: which factor of which indicator changed, where, when and for how long, and so what the cause is."""

from __future__ import annotations

from dataclasses import dataclass, field

from tools.narae.chance import between, draw
from tools.narae.shapes import factor_of
from tools.narae.words import AREA_OF, AREAS, BY_CODE, CITY, DISTRICT_CODES, INDICATORS, LARGE, PERIODS

EVERYWHERE = "*"


@dataclass(frozen=True)
class Plant:
    """One planted change.

    Attributes:
        node: code of the indicator.
        place: code of a district, or ``*`` for all districts.
        kind: a cause, or why it cannot be told: ``two`` (two causes of one size), ``gap`` (a series is no longer
            known), ``error`` (a series is a rough estimate), ``unlinked`` (measured differently, with no figure by both
            measures); ``rise`` for what went well.
        moves: for each factor its level in each period, 1 for the level without the plant; below 1 is worse,
            whatever the direction of the indicator. ``value`` stands for the value of a survey.
        start: the first period in which it shows.
        about: what the pack says of it, where it says something (Korean, English).
    """

    node: str
    place: str
    kind: str
    moves: dict[str, dict[str, float]]
    start: str
    about: tuple[str, str] = ("", "")
    what: str = ""
    series: str = ""
    shares: dict[str, float] = field(default_factory=dict)

    def level(self, period: str) -> float:
        """Give by how much the value is better (above 1) or worse in a period, all factors together."""
        total = 1.0
        for levels in self.moves.values():
            total *= levels[period]
        return total


def path(start: str, size: float, how: str) -> dict[str, float]:
    """Give levels by period of a change.

    Args:
        start: first period of the change.
        size: by how much the level changes, such as -0.3.
        how: ``lasting``, ``half`` (half of it is made up in the next period) or ``once``.
    """
    after = {"lasting": size, "half": size / 2, "once": 0.0}[how]
    at = PERIODS.index(start)
    return {period: 1.0 + (0.0 if i < at else size if i == at else after) for i, period in enumerate(PERIODS)}


def _through(node: str, place: str, cause: str, start: str, size: float, how: str) -> Plant:
    return Plant(node, place, cause, {factor_of(BY_CODE[node].shape, cause): path(start, size, how)}, start)


def city_wide() -> tuple[Plant, ...]:
    """Give what was planted in all districts alike: one story a task, and what went well."""
    everywhere = EVERYWHERE
    stories = [
        _through("urgent-aid", everywhere, "demand", "2024", -0.28, "lasting"),
        _through("supported-jobs", everywhere, "funding", "2023", -0.30, "half"),
        _through("nursery", everywhere, "take_up", "2025", -0.22, "lasting"),
        _through("home-care", everywhere, "execution", "2025", -0.30, "lasting"),
        _through("repair", everywhere, "productivity", "2024", -0.30, "lasting"),
        _through("nurse-visit", everywhere, "quality", "2022", -0.28, "once"),
        Plant(
            "home-advice",
            everywhere,
            "two",
            {"budget": path("2022", -0.14, "once"), "need": path("2022", -0.14, "once")},
            "2022",
        ),
        Plant(
            "digital-lessons",
            everywhere,
            "funding",
            {"budget": dict(zip(PERIODS, (1.0, 1.0, 1.45, 1.45, 1.16), strict=True))},
            "2023",
        ),
        Plant(
            "counselling",
            everywhere,
            "measurement",
            {"need": path("2023", -0.24, "lasting")},
            "2023",
            (
                "2023년부터 정신건강 조사를 새로 하여 필요 인원을 더 넓게 셈(가상).",
                "From 2023 on need is counted from a new survey, which finds more people (invented).",
            ),
            "source",
            "need",
        ),
        Plant(
            "korean-lessons",
            everywhere,
            "unlinked",
            {"need": path("2024", -0.25, "lasting")},
            "2024",
            (
                "2024년부터 필요한 학생의 뜻이 바뀜. 두 기준으로 함께 센 해가 없음(가상).",
                "From 2024 on other pupils count as in need; no year was counted both ways (invented).",
            ),
            "definition",
            "need",
        ),
        Plant("culture-card", everywhere, "mix", {}, "2023"),
        Plant("volunteers", everywhere, "outside", {"value": path("2023", -0.20, "lasting")}, "2023"),
        Plant("trust", everywhere, "outside", {"value": path("2024", -0.16, "half")}, "2024"),
        Plant(
            "saw-a-show",
            everywhere,
            "measurement",
            {"value": path("2025", -0.18, "lasting")},
            "2025",
            (
                "2025년부터 온라인 관람은 세지 않음(가상).",
                "From 2025 on shows seen online no longer count (invented).",
            ),
            "definition",
        ),
    ]
    rises = [
        ("check-in", "funding", "2023", 0.32),
        ("debt-advice", "funding", "2022", 0.25),
        ("sheltered-work", "execution", "2022", 0.08),
        ("sitter-wait", "productivity", "2024", 0.22),
        ("rent-help", "take_up", "2023", 0.12),
        ("lonely-check", "funding", "2023", 0.40),
        ("dementia-care", "productivity", "2022", 0.18),
        ("catch-up", "funding", "2024", 0.30),
        ("library", "take_up", "2022", 0.10),
        ("chronic-care", "funding", "2022", 0.20),
    ]
    for node, cause, start, size in rises:
        factor = factor_of(BY_CODE[node].shape, cause)
        stories.append(Plant(node, everywhere, "rise", {factor: path(start, size, "lasting")}, start))
    return tuple(stories)


#: What is planted in single districts, in turn.
_TURN = (
    *("demand", "funding", "execution", "productivity", "quality", "take_up", "two"),
    *("demand", "take_up", "gap", "execution", "measurement", "funding", "outside"),
    *("quality", "error", "productivity", "unlinked"),
)
_SHAPES = {
    "demand": ("service", "places", "queue"),
    "funding": ("service", "places", "queue"),
    "execution": ("service", "steps", "places", "queue"),
    "productivity": ("service", "queue"),
    "quality": ("service", "steps"),
    "take_up": ("steps", "places"),
    "two": ("service", "places", "queue"),
    "gap": ("service", "steps", "places"),
    "error": ("steps", "service"),
    "measurement": ("service", "places"),
    "unlinked": ("service", "places"),
    "outside": ("survey",),
}
_GAP = {"service": "spent", "steps": "applied", "places": "open"}
_ROUGH = {"service": "need", "steps": "eligible"}


def single_districts(taken: frozenset[str]) -> tuple[Plant, ...]:
    """Give what was planted in single districts: at most one in each area of a district.

    Districts with many people are left alone, so that no single district makes the city fall.

    Args:
        taken: indicators that have a story of the whole city.
    """
    found: list[Plant] = []
    used: set[tuple[str, str]] = set()
    small = [code for code in DISTRICT_CODES if code not in LARGE]
    turn = 0
    for number, place in enumerate(small):
        for area_at, (area, _, _) in enumerate(AREAS):
            if (number + area_at) % 6 == 5:
                continue
            for step in range(len(_TURN)):
                kind = _TURN[(turn + step) % len(_TURN)]
                start = PERIODS[1 + int(4 * draw("plan year", place, area))]
                fitting = [
                    one.code
                    for one in INDICATORS
                    if AREA_OF[one.task] == area
                    and one.shape in _SHAPES[kind]
                    and one.code not in taken
                    and (one.code, start) not in used
                ]
                if fitting:
                    node = fitting[int(len(fitting) * draw("plan node", place, area))]
                    used.add((node, start))
                    found.append(_single(node, place, kind, start))
                    turn += step + 1
                    break
    return tuple(found)


def _single(node: str, place: str, kind: str, start: str) -> Plant:
    shape = BY_CODE[node].shape
    size = -between(0.22, 0.36, "plan size", node, place)
    how = ("lasting", "half", "once")[int(3 * draw("plan path", node, place))]
    if kind == "outside":
        return Plant(node, place, kind, {"value": path(start, size * 0.7, how)}, start)
    if kind == "two":
        # Money grows a little each year, so its cut has to be the larger one to weigh as much.
        halves = {"funding": size / 2 - 0.03, "demand": size / 2}
        moves = {factor_of(shape, cause): path(start, half, "once") for cause, half in halves.items()}
        return Plant(node, place, kind, moves, start)
    if kind in {"measurement", "unlinked"}:
        what = ("definition", "coverage", "source", "revision")[int(4 * draw("plan what", node, place))]
        about = (
            "이 구에서 필요 인원을 세는 방법이 바뀜(가상).",
            "In this district need is counted in another way (invented).",
        )
        return Plant(node, place, kind, {"need": path(start, size, "lasting")}, start, about, what, "need")
    if kind == "gap":
        cause = {"service": "execution", "steps": "take_up", "places": "execution"}[shape]
        return Plant(
            node, place, kind, {factor_of(shape, cause): path(start, size, "lasting")}, start, series=_GAP[shape]
        )
    if kind == "error":
        cause = {"service": "demand", "steps": "take_up"}[shape]
        moves = {factor_of(shape, cause): path(start, -0.15, "lasting")}
        return Plant(node, place, kind, moves, start, series=_ROUGH[shape])
    return _through(node, place, kind, start, size, how)


def all_plants() -> tuple[Plant, ...]:
    """Give everything that was planted."""
    stories = city_wide()
    return (*stories, *single_districts(frozenset(plant.node for plant in stories)))


def cause_of(plants: tuple[Plant, ...], place: str, before: str, period: str) -> str:
    """Give the cause that a fall from one period to another has, or an empty text where nothing was planted.

    Args:
        plants: what was planted for one indicator.
        place: code of a district or of the city.
        before: the earlier period.
        period: the later one.
    """
    words: list[str] = []
    for plant in plants:
        if plant.place not in {EVERYWHERE, place}:
            continue
        if plant.kind == "mix":
            if place == CITY and before < plant.start <= period:
                words.append("mix")
        elif plant.kind == "gap":
            if period >= plant.start and plant.level(period) < plant.level(before) + 1e-9:
                words.append("undetermined")
        elif plant.kind == "unlinked":
            if before < plant.start <= period:
                words.append("undetermined")
        elif plant.level(period) < plant.level(before) - 1e-9:
            words.append("undetermined" if plant.kind in {"two", "error"} else plant.kind)
    if not words:
        return ""
    return words[0] if len(set(words)) == 1 else "undetermined"
