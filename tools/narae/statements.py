"""What invented officials said of falls: it stands beside the findings, and need not agree with them."""

from __future__ import annotations

from collections.abc import Iterator

from tools.narae.words import SOURCE

COLUMNS = (
    *("id", "type", "node", "period", "by_ko", "by_en", "said_on", "said_ko", "said_en", "source", "printed"),
    *("corrected", "status", "outcome_ko", "outcome_en", "outcome_on", "outcome_source"),
)
_SAID = (
    (
        *("aid-need", "claim", "urgent-aid", "2024", "나래시 복지실(가상)", "Welfare bureau of Narae (invented)"),
        *("2025-04-10", "갑자기 어려워진 가구가 크게 늘었기 때문이라고 설명함(모의 자료)."),
        "It is put down to many more households in sudden hardship (simulated).",
    ),
    (
        *("care-staff", "claim", "home-care", "2025", "나래시 복지실(가상)", "Welfare bureau of Narae (invented)"),
        *("2026-04-12", "돌봄 인력을 구하지 못해 예산을 다 쓰지 못했다고 설명함(모의 자료)."),
        "The money could not all be spent because staff was not found (simulated).",
    ),
    (
        *("repair-need", "claim", "repair", "2024", "나래시 주택실(가상)", "Housing bureau of Narae (invented)"),
        *("2025-04-10", "고쳐야 할 집이 늘었기 때문이라고 설명함(모의 자료). 심은 까닭과 다름."),
        "It is put down to more homes in need of repair (simulated). The planted cause is another.",
    ),
    (
        *("card-fall", "claim", "culture-card", "2023", "나래시 배움실(가상)", "Learning bureau of Narae (invented)"),
        *("2024-04-11", "구마다 이용률은 떨어지지 않았다고 설명함(모의 자료)."),
        "It is said that use fell in no district (simulated).",
    ),
    (
        *("talks-survey", "claim", "counselling", "2023", "나래시 건강실(가상)", "Health bureau of Narae (invented)"),
        *("2024-04-11", "조사 방법이 바뀌어 앞선 해와 견줄 수 없다고 설명함(모의 자료)."),
        "The survey was changed, so the years are not said to compare (simulated).",
    ),
    (
        *("trust-fall", "claim", "trust", "2024", "나래시 안전실(가상)", "Safety bureau of Narae (invented)"),
        *("2025-04-10", "까닭을 더 알아보겠다고 함(모의 자료)."),
        "The reasons are to be looked into (simulated).",
    ),
)


def rows() -> Iterator[tuple[str, ...]]:
    """Give the rows of ``statements.csv``."""
    for said in _SAID:
        yield (*said, SOURCE, "", "", "", "", "", "", "")
