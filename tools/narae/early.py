"""Monthly and weekly counts with planted jumps, and groups of people with planted blind spots."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tools.narae.chance import between, count
from tools.narae.shapes import ABOVE, WEIGHT
from tools.narae.words import BY_CODE, CITY, DISTRICT_CODES, PERIODS, SOURCE
from tools.narae.world import world

MONTHS = tuple(f"{year}-{month:02d}" for year in PERIODS for month in range(1, 13))
WEEKS = tuple(f"{year}-W{week:02d}" for year in ("2023", "2024", "2025") for week in range(1, 53))


@dataclass(frozen=True)
class Counted:
    """One series of counts.

    Attributes:
        code: its code.
        node: the indicator that it runs ahead of.
        worse: whether ``higher`` or ``lower`` is worse.
        ko: name in Korean.
        en: name in English.
        mean: least and most expected count of a month or week in a district.
        places: districts whose counts are in the pack.
        weekly: whether it is counted by week, in these districts only; else by month, and for the city too, which is
            the sum of all districts.
        planted: place (``*`` for all), first month or week, and factor of the planted jump.
    """

    code: str
    node: str
    worse: str
    ko: str
    en: str
    mean: tuple[float, float]
    places: tuple[str, ...] = DISTRICT_CODES
    weekly: bool = False
    planted: tuple[str, str, float] | None = None


#: Districts that count by themselves; of the others only the sum is known.
_SOME = ("byeori", "haesol", "naru", "solbit", "yegrin", "yeoul")

COUNTED = (
    Counted(
        "aid_applications",
        "urgent-aid",
        "higher",
        "긴급 생계지원 신청 건수(가상)",
        "Applications for help in sudden hardship (invented)",
        (40, 110),
        planted=("*", "2024-03", 1.4),
    ),
    Counted(
        "aid_refusals",
        "urgent-aid",
        "higher",
        "긴급 생계지원 거절 건수(가상)",
        "Refusals of help in sudden hardship (invented)",
        (5, 12),
        _SOME,
        planted=("byeori", "2025-04", 2.4),
    ),
    Counted(
        "care_waiting",
        "home-care",
        "higher",
        "방문 돌봄을 기다리는 인원(가상)",
        "People waiting for care at home (invented)",
        (18, 50),
        _SOME,
        planted=("*", "2025-02", 1.5),
    ),
    Counted(
        "first_talks",
        "counselling",
        "lower",
        "마음건강 첫 상담 건수(가상)",
        "First counselling talks (invented)",
        (25, 60),
        _SOME,
        planted=("yeoul", "2025-06", 0.5),
    ),
    Counted(
        "visits_missed",
        "check-in",
        "higher",
        "거른 안부 확인 건수(가상)",
        "Check-in visits missed (invented)",
        (6, 14),
        ("haesol", "naru", "solbit", "yegrin"),
        weekly=True,
        planted=("haesol", "2025-W10", 2.5),
    ),
)


def count_rows() -> Iterator[tuple[str, ...]]:
    """Give the rows of ``counts.csv``: series, place, period, value, kind, source."""
    for counted in COUNTED:
        periods, year = (WEEKS, 52) if counted.weekly else (MONTHS, 12)
        sums = dict.fromkeys(periods, 0)
        for place in counted.places if counted.weekly else DISTRICT_CODES:
            mean = between(*counted.mean, "count", counted.code, place)
            for at, period in enumerate(periods):
                season = 1.0 + 0.12 * math.cos(2.0 * math.pi * (at % year) / year)
                jump = 1.0
                if counted.planted and counted.planted[0] in {"*", place} and period >= counted.planted[1]:
                    jump = counted.planted[2]
                number = count(mean * season * jump, "count", counted.code, place, period)
                sums[period] += number
                if place in counted.places:
                    yield (counted.code, place, period, str(number), "simulated", SOURCE)
        if not counted.weekly:
            for period in periods:
                yield (counted.code, CITY, period, str(sums[period]), "simulated", SOURCE)


def alarm_rows() -> Iterator[tuple[str, str, str, str]]:
    """Give what was planted in the counts: place, series, first month or week, and whether the jump is the place's own.

    The city is marked ``part`` where one district alone jumps: it may be found there as well, later.
    """
    for counted in COUNTED:
        if counted.planted is None:
            continue
        place, start, _ = counted.planted
        if place == "*":
            for code in (CITY, *counted.places):
                yield (code, counted.code, start, "own")
        else:
            yield (place, counted.code, start, "own")
            if not counted.weekly:
                yield (CITY, counted.code, start, "part")


@dataclass(frozen=True)
class Group:
    """A group of people within an indicator.

    Attributes:
        node: the indicator.
        code: its code.
        ko: name in Korean.
        en: name in English.
        part: its share of all need.
        reach: how well it is served against all, 1 for as well as all.
        error: relative standard error of its need.
    """

    node: str
    code: str
    ko: str
    en: str
    part: float
    reach: float
    error: float


GROUPS = (
    Group("counselling", "young", "청년(가상)", "Young adults (invented)", 0.27, 1.10, 0.04),
    Group("counselling", "women-mid", "중장년 여성(가상)", "Women in middle age (invented)", 0.26, 1.22, 0.04),
    Group("counselling", "men-mid", "중장년 남성(가상)", "Men in middle age (invented)", 0.28, 0.55, 0.05),
    Group("counselling", "older", "어르신(가상)", "Older people (invented)", 0.19, 1.20, 0.05),
    Group(
        "learning-card",
        "early-leavers",
        "학교를 일찍 떠난 사람(가상)",
        "Early school leavers (invented)",
        0.24,
        0.95,
        0.05,
    ),
    Group("learning-card", "newcomers", "이주민(가상)", "Newcomers to the country (invented)", 0.22, 0.58, 0.06),
    Group("learning-card", "disabled", "장애인(가상)", "Disabled people (invented)", 0.08, 0.74, 0.25),
    Group("learning-card", "others", "그 밖의 대상자(가상)", "Others entitled (invented)", 0.46, 1.24, 0.04),
    Group("home-care", "alone", "혼자 사는 어르신(가상)", "Older people alone (invented)", 0.41, 1.04, 0.04),
    Group("home-care", "couple", "부부만 사는 어르신(가상)", "Older couples (invented)", 0.33, 0.96, 0.04),
    Group("home-care", "family", "가족과 사는 어르신(가상)", "Older people with family (invented)", 0.26, 0.99, 0.05),
)
#: Below this the group is a planted blind spot, if its need is well enough known.
BLIND, WELL_KNOWN = 0.7, 0.1


def group_rows() -> Iterator[tuple[str, ...]]:
    """Give the rows of ``groups.csv``, as its columns stand in `write`."""
    for period in PERIODS[-2:]:
        for node in dict.fromkeys(group.node for group in GROUPS):
            members = [group for group in GROUPS if group.node == node]
            shape = BY_CODE[node].shape
            served, need = (
                sum(world().series[node, name, place, period] for place in DISTRICT_CODES)
                for name in (ABOVE[shape], WEIGHT[shape])
            )
            reach = [
                group.part * group.reach * between(0.98, 1.02, "group", group.code, node, period) for group in members
            ]
            for group, weight in zip(members, reach, strict=True):
                yield (
                    CITY,
                    period,
                    group.code,
                    str(round(served * weight / sum(reach))),
                    str(round(need * group.part)),
                    "simulated",
                    SOURCE,
                    node,
                    "",
                    str(round(need * group.part * group.error)),
                )


def blind_rows() -> Iterator[tuple[str, str, str, str]]:
    """Give the planted blind spots: place, node, period and group."""
    for period in PERIODS[-2:]:
        for group in GROUPS:
            if group.reach < BLIND and group.error < WELL_KNOWN:
                yield (CITY, group.node, period, group.code)
