"""How the value of an indicator comes about: the factors of its identity and the series that books would hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Factor:
    """One factor of an identity.

    Attributes:
        name: its name in the identity.
        formula: what it is made of.
        cause: cause that a fall through it has.
        ko: name in Korean.
        en: name in English.
    """

    name: str
    formula: str
    cause: str
    ko: str
    en: str


@dataclass(frozen=True)
class Series:
    """One series of a shape.

    Attributes:
        name: its name; series of the same name mean the same in all shapes.
        unit: unit as factors are checked in.
        decimals: decimals with which it is written.
        ko: name in Korean.
        en: name in English.
    """

    name: str
    unit: str
    decimals: int
    ko: str
    en: str


SERIES = {
    series.name: series
    for series in (
        Series("budget", "thousand KRW", 0, "편성 예산(가상)", "Budget voted (invented)"),
        Series("spent", "thousand KRW", 0, "집행액(가상)", "Spent (invented)"),
        Series("delivered", "persons", 0, "제공 인원(가상)", "Persons or households served (invented)"),
        Series("standard", "persons", 0, "기준을 지킨 제공 인원(가상)", "Of these, served to the standard (invented)"),
        Series("need", "persons", 0, "필요 인원(가상)", "Persons or households in need (invented)"),
        Series("eligible", "persons", 0, "대상 인원(가상)", "Entitled (invented)"),
        Series("applied", "persons", 0, "신청 인원(가상)", "Applied (invented)"),
        Series("approved", "persons", 0, "승인 인원(가상)", "Approved (invented)"),
        Series("received", "persons", 0, "받은 인원(가상)", "Received it (invented)"),
        Series("funded", "places", 0, "예산이 있는 자리(가상)", "Places funded (invented)"),
        Series("open", "places", 0, "문을 연 자리(가상)", "Places open (invented)"),
        Series("used", "persons", 0, "이용 인원(가상)", "Persons who use them (invented)"),
        Series("waiting", "persons", 0, "기다리는 인원(가상)", "Persons waiting (invented)"),
        Series("planned", "hours/days", 1, "하루 편성 시간(가상)", "Hours planned a day (invented)"),
        Series("worked", "hours/days", 1, "하루 근무 시간(가상)", "Hours worked a day (invented)"),
        Series("seen", "persons/days", 3, "하루 처리 인원(가상)", "Persons seen a day (invented)"),
    )
}

#: The factors of each shape. Their product is the value of the indicator.
FACTORS: dict[str, tuple[Factor, ...]] = {
    "service": (
        Factor("budget", "budget", "funding", "예산", "Budget"),
        Factor("execution", "spent / budget", "execution", "집행", "Execution"),
        Factor("output", "delivered / spent", "productivity", "예산 대비 제공량", "Output for the money"),
        Factor("quality", "standard / delivered", "quality", "기준 준수", "Quality"),
        Factor("need", "1 / need", "demand", "수요", "Need"),
    ),
    "steps": (
        Factor("take_up", "applied / eligible", "take_up", "신청", "Take-up"),
        Factor("approval", "approved / applied", "execution", "승인", "Approval"),
        Factor("receipt", "received / approved", "quality", "이행", "Receipt"),
    ),
    "places": (
        Factor("funded", "funded", "funding", "예산이 있는 자리", "Places funded"),
        Factor("opened", "open / funded", "execution", "문을 연 비율", "Places opened"),
        Factor("filled", "used / open", "take_up", "이용", "Use"),
        Factor("need", "1 / need", "demand", "수요", "Need"),
    ),
    "queue": (
        Factor("waiting", "waiting", "demand", "대기", "Persons waiting"),
        Factor("planned", "1 / planned", "funding", "편성 시간", "Hours planned"),
        Factor("worked", "planned / worked", "execution", "근무", "Hours worked"),
        Factor("pace", "worked / seen", "productivity", "처리 속도", "Pace"),
    ),
}
#: Series that stand below the line: what weighs districts in the value of the city.
WEIGHT = {"service": "need", "steps": "eligible", "places": "need", "queue": "seen"}
ABOVE = {"service": "standard", "steps": "received", "places": "used", "queue": "waiting"}
#: Series whose values are estimates, and their relative standard error.
ERROR = {"need": 0.015}


def series_of(shape: str) -> tuple[str, ...]:
    """Give the names of the series of a shape, in the order of its factors."""
    names: list[str] = []
    for factor in FACTORS[shape]:
        names += [name for name in factor.formula.replace("*", "/").split(" / ") if name != "1"]
    return tuple(dict.fromkeys(names))


def factor_of(shape: str, cause: str) -> str:
    """Give the factor of a shape through which a cause works.

    Raises:
        KeyError: the shape has no such factor.
    """
    for factor in FACTORS[shape]:
        if factor.cause == cause:
            return factor.name
    raise KeyError(cause)


def series_values(shape: str, factors: dict[str, float], scale: float) -> dict[str, float]:
    """Give the values of the series from levels of the factors, rounded as they are written.

    Args:
        shape: the shape.
        factors: level of each factor, with need, eligible and waiting as numbers of persons.
        scale: persons entitled, for the shape ``steps``.
    """
    if shape == "service":
        spent = factors["budget"] * factors["execution"]
        delivered = spent * factors["output"]
        raw = {
            "budget": factors["budget"],
            "spent": spent,
            "delivered": delivered,
            "standard": delivered * factors["quality"],
            "need": factors["need"],
        }
    elif shape == "steps":
        applied = scale * factors["take_up"]
        approved = applied * factors["approval"]
        raw = {
            "eligible": scale,
            "applied": applied,
            "approved": approved,
            "received": approved * factors["receipt"],
        }
    elif shape == "places":
        opened = factors["funded"] * factors["opened"]
        raw = {
            "funded": factors["funded"],
            "open": opened,
            "used": opened * factors["filled"],
            "need": factors["need"],
        }
    else:
        worked = factors["planned"] * factors["worked"]
        raw = {
            "waiting": factors["waiting"],
            "planned": factors["planned"],
            "worked": worked,
            "seen": worked * factors["pace"],
        }
    return {name: round(raw[name], SERIES[name].decimals) for name in series_of(shape)}
