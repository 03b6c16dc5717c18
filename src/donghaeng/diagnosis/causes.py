"""Causes: the classes of a fall, what each asks for, and what must be said beside every answer.

The founding document of the method knows two causes (demand has grown, or the programme is at fault). Chains of
effective coverage (T. Tanahashi, Bulletin of the WHO 56(2), 1978) tell the second one apart into execution,
productivity, quality and take-up; funding, measurement, mix and outside are needed beside them.
"""

from __future__ import annotations

from typing import Literal

from donghaeng.wording import Text

Cause = Literal[
    "demand",
    "funding",
    "execution",
    "productivity",
    "quality",
    "take_up",
    "measurement",
    "mix",
    "outside",
    "undetermined",
]

#: In the order of tables.
CAUSES: tuple[Cause, ...] = (
    "demand",
    "funding",
    "execution",
    "productivity",
    "quality",
    "take_up",
    "measurement",
    "mix",
    "outside",
    "undetermined",
)

#: Position of each cause.
POSITION: dict[str, int] = {cause: at for at, cause in enumerate(CAUSES)}

MEASUREMENT, MIX = POSITION["measurement"], POSITION["mix"]
OUTSIDE, UNDETERMINED = POSITION["outside"], POSITION["undetermined"]

#: Why there is no answer.
Reason = Literal[
    "", "no_series", "moving_yardstick", "missing_series", "not_like_for_like", "mixed", "unstable", "within_error"
]

#: Printed with every answer.
BOOKKEEPING: Text = {
    "ko": "계산상의 분해이며 인과관계의 증명이 아닙니다.",
    "en": "Bookkeeping, not proof of cause.",
}

#: What each cause is called.
LABELS: dict[str, Text] = {
    "demand": {"ko": "수요 증가", "en": "demand grew"},
    "funding": {"ko": "예산 감소", "en": "less funding"},
    "execution": {"ko": "집행 부진", "en": "money or places not used"},
    "productivity": {"ko": "단위당 실적 감소", "en": "less for the same money"},
    "quality": {"ko": "질 저하", "en": "poorer quality"},
    "take_up": {"ko": "신청·이용 감소", "en": "fewer take it up"},
    "measurement": {"ko": "측정 방식 변경", "en": "measured differently"},
    "mix": {"ko": "지역 구성 변화", "en": "weights of places shifted"},
    "outside": {"ko": "사업 밖의 요인", "en": "outside the programmes"},
    "undetermined": {"ko": "판단 보류", "en": "undetermined"},
}

#: What each cause asks for.
ADVICE: dict[str, Text] = {
    "demand": {
        "ko": "지원이 필요한 사람이 늘었습니다. 필요량에 맞추어 사업을 늘리는 방안을 검토합니다.",
        "en": "Need has grown: consider expanding the programme up to the need.",
    },
    "funding": {
        "ko": "예산이 줄었습니다. 감액을 되돌리거나, 줄인 결정을 공개하고 받아들입니다.",
        "en": "The budget was cut: restore it, or accept the cut openly and name the decision.",
    },
    "execution": {
        "ko": "편성한 예산이나 자리가 쓰이지 않았습니다. 증액에 앞서 집행이 늦은 까닭부터 고칩니다.",
        "en": "Money or places were not used: mend what holds them up before giving more.",
    },
    "productivity": {
        "ko": "같은 돈으로 한 일이 줄었습니다. 단가와 중도 이탈을 살피고 사업 방식을 고칩니다.",
        "en": "The same money brought less: look at unit cost and drop-outs, and redesign.",
    },
    "quality": {
        "ko": "기준을 채운 비율이 낮아졌습니다. 물량보다 질을 먼저 바로잡습니다.",
        "en": "Less of it met the standard: mend quality before quantity.",
    },
    "take_up": {
        "ko": "대상자의 신청이나 이용이 줄었습니다. 알리고 찾아가며 절차를 줄입니다.",
        "en": "Fewer of those entitled came: reach out, and make the procedure shorter.",
    },
    "measurement": {
        "ko": "재는 방식이 달라졌습니다. 같은 기준으로 시계열을 다시 이은 뒤에 판단합니다.",
        "en": "It was measured differently: chain the series anew before judging. No change of the budget follows.",
    },
    "mix": {
        "ko": "지역별 비중이 옮겨 간 결과입니다. 비중이 커진 지역의 낮은 수준을 살핍니다.",
        "en": "Weight moved to places with lower values: look at the level of the places that grew.",
    },
    "outside": {
        "ko": "사업의 투입과 실적으로 나눌 수 없는 지표입니다. 자동으로 판단하지 않으며 따로 평가합니다.",
        "en": "No identity ties this to what programmes deliver: evaluate it, do not diagnose it automatically.",
    },
    "undetermined": {
        "ko": "공개된 자료로는 원인을 가릴 수 없습니다. 아래 자료를 모은 뒤에 다시 봅니다.",
        "en": "The data do not decide the cause: collect what is listed, then look again.",
    },
}

#: Why there is no answer, in words.
REASONS: dict[str, Text] = {
    "no_series": {"ko": "원인을 나눌 자료가 없음", "en": "no series to divide the change by"},
    "moving_yardstick": {
        "ko": "점수의 잣대(다른 지역의 값이나 지난해 값)가 함께 움직여 원인을 나눌 수 없음",
        "en": "the score is relative, and what it is compared with moved: no factor of its own made the fall",
    },
    "missing_series": {"ko": "필요한 값이 빠져 있음", "en": "a value that is needed is missing"},
    "not_like_for_like": {"ko": "같은 기준의 비교가 아님", "en": "not like for like"},
    "mixed": {
        "ko": "여러 원인이 섞여 어느 하나의 몫도 기준에 이르지 않음",
        "en": "several causes share the fall, and none has the share that is asked for",
    },
    "unstable": {"ko": "자료의 오차 안에서 답이 바뀜", "en": "the answer changes within the error of the data"},
    "within_error": {
        "ko": "하락 자체가 자료의 오차 안에 있음",
        "en": "the fall itself lies within the error of the data",
    },
}
