"""Names of the invented city: districts, areas, tasks, indicators. No real place or body is meant.

The indicators stand in ``indicators.csv`` beside this file, with the attributes of `Indicator` as columns.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

CITY = "narae"
PERIODS = ("2021", "2022", "2023", "2024", "2025")
BASE = PERIODS[0]
SOURCE = "made-up"

#: Code, name in Korean and in English of the 25 districts. None of them exists.
DISTRICTS = (
    ("naru", "나루구", "Naru"),
    ("dasol", "다솔구", "Dasol"),
    ("raon", "라온구", "Raon"),
    ("maru", "마루구", "Maru"),
    ("mirinae", "미리내구", "Mirinae"),
    ("byeori", "벼리구", "Byeori"),
    ("byeolha", "별하구", "Byeolha"),
    ("saegil", "새길구", "Saegil"),
    ("saeam", "새암구", "Saeam"),
    ("solbit", "솔빛구", "Solbit"),
    ("aran", "아란구", "Aran"),
    ("yeoul", "여울구", "Yeoul"),
    ("yegrin", "예그린구", "Yegrin"),
    ("onsae", "온새구", "Onsae"),
    ("yunseul", "윤슬구", "Yunseul"),
    ("ideun", "이든구", "Ideun"),
    ("ipsae", "잎새구", "Ipsae"),
    ("chorong", "초롱구", "Chorong"),
    ("keunsol", "큰솔구", "Keunsol"),
    ("pureunnae", "푸른내구", "Pureunnae"),
    ("haram", "하람구", "Haram"),
    ("hanbyeol", "한별구", "Hanbyeol"),
    ("haesol", "해솔구", "Haesol"),
    ("hyean", "혜안구", "Hyean"),
    ("huindol", "흰돌구", "Huindol"),
)
DISTRICT_CODES = tuple(code for code, _, _ in DISTRICTS)
#: Districts with many people in need. They are the ones to which people move in the case of the mix.
LARGE = ("mirinae", "solbit", "onsae", "keunsol", "haram", "hanbyeol")

#: Code, name in Korean and in English of the areas.
AREAS = (
    ("living", "생계·일", "Income and work"),
    ("care", "돌봄", "Care"),
    ("homes", "주거", "Homes"),
    ("health", "건강", "Health"),
    ("learning", "배움·문화", "Learning and culture"),
    ("safety", "안전·이웃", "Safety and neighbours"),
)
#: Code, area, name in Korean and in English of the tasks.
TASKS = (
    ("hardship", "living", "급할 때의 생계", "Help in hardship"),
    ("work", "living", "일과 자립", "Work and independence"),
    ("children", "care", "아이 돌봄", "Care for children"),
    ("elders", "care", "어르신·장애인 돌봄", "Care for older and disabled people"),
    ("home", "homes", "살 만한 집", "A home to live in"),
    ("body", "health", "몸 건강", "Bodily health"),
    ("mind", "health", "마음 건강", "Mental health"),
    ("lessons", "learning", "배움", "Learning"),
    ("culture", "learning", "문화·체육", "Culture and sport"),
    ("street", "safety", "안전한 동네와 이웃", "A safe street and neighbours"),
)


@dataclass(frozen=True)
class Indicator:
    """One of the fifty indicators.

    Attributes:
        code: its code.
        task: code of the task that it belongs to.
        ko: name in Korean.
        en: name in English.
        shape: how its value comes about: ``service``, ``steps``, ``places`` or ``queue`` (see `world`), or
            ``survey`` where it is asked of people and no identity is known.
        direction: ``higher`` or ``lower`` is better.
        who_ko: whose need it is, in Korean; for a survey, what is asked.
        who_en: the same in English.
        level: the value around which districts lie in the base year, in the unit of the indicator.
        rate: people in need among all who live in a district.
    """

    code: str
    task: str
    ko: str
    en: str
    shape: str
    direction: str
    who_ko: str
    who_en: str
    level: float
    rate: float = 0.0


def _indicators() -> tuple[Indicator, ...]:
    with Path(__file__).with_name("indicators.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    numbers = [(float(row.pop("level")), float(row.pop("rate") or 0)) for row in rows]
    return tuple(Indicator(**row, level=level, rate=rate) for row, (level, rate) in zip(rows, numbers, strict=True))


INDICATORS = _indicators()
BY_CODE = {indicator.code: indicator for indicator in INDICATORS}
AREA_OF = {code: area for code, area, _, _ in TASKS}
